//! Reads whole files of a limited size.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use crate::data::DataError;

/// The content of a file that has at most `most` bytes.
///
/// # Errors
/// If it is larger or no file, or cannot be read.
pub fn at_most(path: &Path, most: u64) -> Result<Vec<u8>, DataError> {
    let failed = || DataError::io("cannot read", path);
    let metadata = fs::metadata(path).map_err(failed())?;
    if !metadata.is_file() {
        return Err(DataError::content("not a file: give the path of one", path));
    }
    let mut content = Vec::new();
    if metadata.len() <= most {
        File::open(path).map_err(failed())?.take(most + 1).read_to_end(&mut content).map_err(failed())?;
    }
    if metadata.len().max(content.len() as u64) > most {
        return Err(DataError::content(format!("the file is larger than the {most} bytes that are read"), path));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_or_no_file_is_refused_by_its_path() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("weights.pth");
        fs::write(&file, [7; 4]).unwrap();
        assert_eq!(at_most(&file, 4).unwrap(), [7; 4]);
        let refusal = |path: &Path, most| at_most(path, most).unwrap_err().to_string();
        let large = refusal(&file, 3);
        assert!(large.contains("larger than the 3 bytes") && large.contains("weights.pth"), "{large}");
        assert!(refusal(dir.path(), 9).contains("not a file"));
        assert!(refusal(&dir.path().join("gone.pth"), 9).contains("gone.pth"));
    }
}
