//! Writes files whole or not at all: a temporary file beside the target takes its place when it is complete and on the
//! disk, so that even a power cut leaves the old file or the new one.

use std::io::Write;
use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, RgbImage};

use super::DataError;
use crate::domain::{Classes, Mask};

/// Writes a file atomically. Its folder must exist.
pub fn atomically(path: &Path, content: &[u8]) -> Result<(), DataError> {
    const DOING: &str = "cannot write (check free space and that the folder may be written)";
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".pointillist-");
    #[cfg(unix)]
    {
        // Temporary files are private by default; results are ordinary files, subject to the user's umask.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(DataError::io(DOING, path))?;
    file.as_file_mut().write_all(content).map_err(DataError::io(DOING, path))?;
    file.as_file().sync_all().map_err(DataError::io(DOING, path))?;
    file.persist(path).map_err(|error| DataError::io(DOING, path)(error.error))?;
    sync_folder(folder);
    Ok(())
}

/// Has the folder itself remember the new name. Some file systems cannot do that; the file is there all the same.
#[cfg(unix)]
fn sync_folder(folder: &Path) {
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).ok();
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) {}

/// Writes class indices as an 8-bit gray PNG; unlabelled is 255.
pub fn index_png(path: &Path, mask: &Mask) -> Result<(), DataError> {
    png(path, mask.data(), mask.size(), ExtendedColorType::L8)
}

/// Writes a mask in the classes' colours; unlabelled is black with no alpha where `transparent`, else plain black.
pub fn color_png(path: &Path, mask: &Mask, classes: &Classes, transparent: bool) -> Result<(), DataError> {
    if transparent {
        let color = |index: &u8| {
            classes.get(*index).map_or([0; 4], |class| [class.color[0], class.color[1], class.color[2], 255])
        };
        let data: Vec<u8> = mask.data().iter().flat_map(color).collect();
        png(path, &data, mask.size(), ExtendedColorType::Rgba8)
    } else {
        let color = |index: &u8| classes.get(*index).map_or([0; 3], |class| class.color);
        let data: Vec<u8> = mask.data().iter().flat_map(color).collect();
        png(path, &data, mask.size(), ExtendedColorType::Rgb8)
    }
}

/// Writes confidences (255 for certain, row by row) as an 8-bit gray PNG.
pub fn confidence_png(path: &Path, confidence: &[u8], size: [u32; 2]) -> Result<(), DataError> {
    png(path, confidence, size, ExtendedColorType::L8)
}

/// Writes a picture as PNG.
pub fn rgb_png(path: &Path, image: &RgbImage) -> Result<(), DataError> {
    png(path, image.as_raw(), [image.width(), image.height()], ExtendedColorType::Rgb8)
}

fn png(path: &Path, data: &[u8], size: [u32; 2], color: ExtendedColorType) -> Result<(), DataError> {
    let pixels = size[0] as usize * size[1] as usize;
    if data.len() * 8 != pixels * usize::from(color.bits_per_pixel()) {
        return Err(DataError::content(
            format!("{} values do not fill {}×{} pixels", data.len(), size[0], size[1]),
            path,
        ));
    }
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
        .write_image(data, size[0], size[1], color)
        .map_err(|error| DataError::content(format!("cannot encode the picture ({error})"), path))?;
    atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_come_back_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let mask = Mask::from_vec(3, 1, vec![0, 4, 255]).unwrap();
        let (index, color) = (dir.path().join("i.png"), dir.path().join("c.png"));
        index_png(&index, &mask).unwrap();
        assert_eq!(image::open(&index).unwrap().into_luma8().into_raw(), [0, 4, 255]);
        color_png(&color, &mask, &Classes::deepglobe(), false).unwrap();
        assert_eq!(image::open(&color).unwrap().into_rgb8().into_raw(), [0, 255, 255, 0, 0, 255, 0, 0, 0]);
        color_png(&color, &mask, &Classes::deepglobe(), true).unwrap();
        assert_eq!(image::open(&color).unwrap().into_rgba8().get_pixel(2, 0).0, [0; 4]);
        confidence_png(&index, &[0, 128, 255], [3, 1]).unwrap();
        assert_eq!(image::open(&index).unwrap().into_luma8().into_raw(), [0, 128, 255]);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        atomically(&path, b"old").unwrap();
        std::fs::create_dir(dir.path().join("folder")).unwrap();
        let error = atomically(&dir.path().join("folder"), b"new").unwrap_err().to_string();
        assert!(error.contains("free space") && error.contains("folder"), "{error}");
        let mut names: Vec<_> =
            dir.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["folder", "x.json"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let message = atomically(Path::new("/nowhere/x.png"), b"").unwrap_err().to_string();
        assert!(message.contains("/nowhere/x.png"), "{message}");
    }
}
