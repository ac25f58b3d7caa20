//! The files that a map is written to.

use std::path::{Path, PathBuf};

use super::out;
use crate::data::DataError;
use crate::data::export::save;
use crate::domain::{Classes, Mask};

/// Endings of the files written for each image.
pub(super) const ENDINGS: [&str; 3] = ["_classes.png", "_colors.png", "_confidence.png"];

/// Writes the map of an image: one file for each of [`ENDINGS`].
pub(super) fn write_map(
    image: &Path,
    targets: &[PathBuf],
    map: &Mask,
    certainty: &[u8],
    names: &Classes,
) -> Result<(), DataError> {
    let [classes, colors, confidence] = targets else { return Ok(()) };
    if let Some(folder) = classes.parent() {
        out::create_folder(folder)?;
    }
    save::index_png(classes, map)?;
    let is_partial = map.labelled() < map.data().len() as u64;
    save::color_png(colors, map, names, is_partial)?;
    save::confidence_png(confidence, certainty, map.size())?;
    let short = classes.to_string_lossy();
    let short = short.strip_suffix(ENDINGS[0]).unwrap_or(&short);
    out::line(&format!("{} -> {short}_{{classes,colors,confidence}}.png", image.display()));
    Ok(())
}
