//! Decoded tiles in the program's picture cache, so that returning to a tile is instant.

use std::collections::HashMap;
use std::sync::Arc;

use super::guarded::guarded;
use crate::data::cache::pictures::{Owner, PictureCache};
use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Project, Tile};
use crate::ui::state::image_pyramid::ImagePyramid;
use crate::ui::state::tile_view::TileView;

/// Tile views in the program's shared picture cache.
pub(crate) struct ViewCache {
    cache: Arc<PictureCache>,
    owner: Owner,
    /// Version of the file each view was made from, by tile id.
    read: HashMap<String, FileStamp>,
}

impl ViewCache {
    pub(crate) fn new(cache: Arc<PictureCache>) -> Self {
        Self { cache, owner: Owner::new(), read: HashMap::new() }
    }

    /// Whether the tile is cached. Does not check whether its file has changed.
    pub(crate) fn holds(&self, tile: &Tile) -> bool {
        self.read.get(&tile.id).is_some_and(|stamp| self.cache.holds(self.owner, stamp))
    }

    /// The tile, from the cache or from disk.
    pub(crate) fn get_or_read(&mut self, project: &Project, tile: &Tile) -> Result<Arc<TileView>, String> {
        let stamp = FileStamp::of(&tile.image);
        if let Some(view) = self.cache.get(self.owner, &stamp) {
            return Ok(view);
        }
        let view = guarded(&tile.id, || read_view(&self.cache, project, tile))?;
        let bytes = view.image.bytes() + view.mask.as_ref().map_or(0, |mask| mask.data().len());
        self.read.insert(tile.id.clone(), stamp.clone());
        self.cache.put(self.owner, stamp, Arc::clone(&view), bytes);
        Ok(view)
    }
}

impl Drop for ViewCache {
    fn drop(&mut self) {
        self.cache.forget(self.owner);
    }
}

/// Decodes image and mask.
fn read_view(cache: &PictureCache, project: &Project, tile: &Tile) -> Result<Arc<TileView>, DataError> {
    let picture = cache.picture(project, tile)?;
    let read = project.read_mask(tile)?;
    let mask = read.map(|mut read| {
        picture.valid.iter().for_each(|valid| valid.take_out_of(&mut read.mask));
        Arc::new(read.mask)
    });
    Ok(Arc::new(TileView {
        tile: tile.id.clone(),
        short_id: tile.short_id.clone(),
        size: picture.size(),
        image: ImagePyramid::of(picture),
        mask_counts: mask.as_ref().map_or_else(Vec::new, |mask| mask.counts(project.classes.len())),
        mask,
    }))
}
