//! How the export of the compared runs' figures stands.

use std::path::PathBuf;

/// The last export of figures in this session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FiguresExport {
    /// None was asked for, or it failed.
    #[default]
    Idle,
    /// Runs are read and figures drawn.
    Writing,
    /// So many figures are in the folder.
    Written(usize, PathBuf),
}
