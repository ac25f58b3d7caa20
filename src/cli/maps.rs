//! What the command line says of each map.

use std::path::{Path, PathBuf};

use super::out;
use crate::data::DataError;

/// Names the files of an image's map, or says why it is left out.
pub(super) fn tell(image: &Path, written: &Result<PathBuf, DataError>) {
    match written {
        Ok(common) => {
            let files = "_{classes,colors,confidence}.png, _legend.csv";
            out::line(&format!("{} -> {}{files}", image.display(), common.display()));
        }
        Err(error) => out::error(&format!("[WARNING] An image is skipped: {error}")),
    }
}
