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
    /// So many figures of the ticked runs are in the folder.
    Written(usize, PathBuf),
}

/// Figures that were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFigures {
    /// The runs that they compare.
    pub runs: Vec<PathBuf>,
    /// How many there are.
    pub count: usize,
    /// Where they are.
    pub folder: PathBuf,
    /// What is to be known of them: what could not be read or counted, and which other figures are beside them.
    pub notes: Vec<String>,
}
