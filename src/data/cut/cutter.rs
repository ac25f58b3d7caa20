//! Cuts scenes into patches, a row of patches at a time.

use std::path::Path;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::grid::SIDE;
use super::patch::Patch;
use super::plan::{CutPlan, Scene};
use crate::data::DataError;
use crate::data::files::write;
use crate::data::raster::tiff::rows::TiffRows;

/// How far a cut is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CutProgress {
    /// Scenes that are cut.
    pub scenes: usize,
    /// Patches written.
    pub written: usize,
    /// Patches that were there already, whole.
    pub kept: usize,
    /// It was stopped while patches were left.
    pub stopped: bool,
}

impl CutProgress {
    /// Patches dealt with so far.
    pub fn done(&self) -> usize {
        self.written + self.kept
    }
}

/// Writes the patches of all scenes. Those that are there and whole are kept unless `overwrite` is set, so a cut that was stopped
/// goes on where it was. `goes_on` is told of each row of patches and ends the cut with `false`.
///
/// # Errors
/// If a scene cannot be read or a patch not be written; the error names the file. Patches written before stay.
pub fn cut(
    plan: &CutPlan,
    overwrite: bool,
    mut goes_on: impl FnMut(CutProgress) -> bool,
) -> Result<CutProgress, DataError> {
    let making = DataError::io("cannot create the folder for the patches (check write permission)", &plan.out);
    std::fs::create_dir_all(&plan.out).map_err(making)?;
    write::remove_stale(&plan.out);
    let (mut progress, total) = (CutProgress::default(), plan.patches());
    for (index, scene) in plan.scenes.iter().enumerate() {
        let mut open = OpenScene { scene, rows: None };
        for row in 0..scene.grid.rows() {
            let patches = scene.grid.row(row).map(|place| Patch::new(&plan.out, &scene.name, place));
            let (kept, due): (Vec<Patch>, Vec<Patch>) = patches.partition(|patch| !overwrite && patch.is_complete());
            open.write(row, &due)?;
            progress.kept += kept.len();
            progress.written += due.len();
            progress.scenes = index + usize::from(row + 1 == scene.grid.rows());
            progress.stopped = !goes_on(progress) && progress.done() < total;
            if progress.stopped {
                return Ok(progress);
            }
        }
    }
    progress.scenes = plan.scenes.len();
    Ok(progress)
}

/// A scene whose files are opened once a patch is due.
struct OpenScene<'a> {
    scene: &'a Scene,
    rows: Option<[TiffRows; 2]>,
}

impl OpenScene<'_> {
    /// Writes patches of one row of the grid.
    fn write(&mut self, row: u32, patches: &[Patch]) -> Result<(), DataError> {
        if patches.is_empty() {
            return Ok(());
        }
        let [image, mask] = match &mut self.rows {
            Some(rows) => rows,
            none => none.insert([TiffRows::open(&self.scene.image)?, TiffRows::open(&self.scene.mask)?]),
        };
        let (image, mask) = (Band::read(image, row)?, Band::read(mask, row)?);
        mask.check_grays(&self.scene.mask)?;
        patches.par_iter().try_for_each(|patch| {
            let (rgb, indices) = (image.patch(patch.column, 3), mask.patch(patch.column, 1));
            patch.write(&rgb, &indices)
        })
    }
}

/// As many rows of an image as a patch has.
struct Band {
    samples: Vec<u8>,
    channels: usize,
}

impl Band {
    /// The rows of a row of the grid.
    fn read(rows: &mut TiffRows, row: u32) -> Result<Self, DataError> {
        Ok(Self { samples: rows.read((row * SIDE) as usize, SIDE as usize)?, channels: rows.channels() })
    }

    /// The patch in this column of the grid, with `wanted` channels: gray becomes three equal ones, of three the first is taken.
    fn patch(&self, column: u32, wanted: usize) -> Vec<u8> {
        let (side, stored) = (SIDE as usize, self.channels);
        let row_bytes = self.samples.len() / side;
        let left = column as usize * side * stored;
        let rows = self.samples.chunks_exact(row_bytes).map(|row| &row[left..left + side * stored]);
        rows.flat_map(|row| row.chunks_exact(stored))
            .flat_map(|pixel| (0..wanted).map(|i| pixel[i.min(stored - 1)]))
            .collect()
    }

    /// Refuses a mask of colours: what is cut are values.
    fn check_grays(&self, path: &Path) -> Result<(), DataError> {
        let is_gray = |pixel: &[u8]| pixel.iter().all(|value| *value == pixel[0]);
        if self.samples.chunks_exact(self.channels).all(is_gray) {
            return Ok(());
        }
        let what = "the mask holds colours, not values of classes: convert it to one 8-bit band with a value per class";
        Err(DataError::content(what, path))
    }
}
