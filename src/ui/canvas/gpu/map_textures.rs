//! Textures of the prediction: its classes and its confidence.

use std::sync::{Arc, Weak};

use super::layer_texture::{Budget, LayerTexture, Uploader};
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, MapPatch, PatchedMap};
use crate::ui::state::label_plane::Dirty;

/// Textures that follow a map. Of a map that is there already, a newer patch is uploaded by itself: a click changes what is on
/// screen, and a frame has no time for a whole tile.
#[derive(Default)]
pub(crate) struct MapTextures {
    whole: Weak<ClassMap>,
    patch: Weak<MapPatch>,
    /// Where the textures differ from the whole map.
    patched: Option<PixelRect>,
    classes: Option<LayerTexture>,
    confidence: Option<LayerTexture>,
}

impl MapTextures {
    /// Uploads what is new. Returns where the map differs from before, in its pixels.
    pub(crate) fn follow(&mut self, uploader: Uploader<'_>, map: Option<&PatchedMap>) -> Dirty {
        let Some(map) = map else {
            let before = std::mem::take(self);
            return if before.classes.is_some() { Dirty::All } else { Dirty::Nothing };
        };
        let is_new = Weak::as_ptr(&self.whole) != Arc::as_ptr(&map.whole);
        if is_new {
            self.take_whole(uploader, &map.whole);
        }
        match self.take_patch(uploader, map) {
            _ if is_new => Dirty::All,
            Some(rect) => Dirty::Rect(rect),
            None => Dirty::Nothing,
        }
    }

    /// Classes and confidence, as far as the device took them.
    pub(crate) fn planes(&self) -> [Option<&LayerTexture>; 2] {
        [self.classes.as_ref(), self.confidence.as_ref()]
    }

    fn take_whole(&mut self, uploader: Uploader<'_>, map: &Arc<ClassMap>) {
        (self.whole, self.patch, self.patched) = (Arc::downgrade(map), Weak::new(), None);
        for (texture, data) in [(&mut self.classes, map.classes.data()), (&mut self.confidence, &map.confidence)] {
            if let Some(texture) = texture.as_ref().filter(|texture| texture.is_of(map.size())) {
                uploader.write_dense(texture, data, map.size()[0], whole(map.size()), [0, 0]);
                continue;
            }
            *texture = None; // Free the old texture before the new one needs its memory.
            *texture = uploader.dense(map.size(), data);
            if let Some(texture) = texture {
                uploader.fill_dense(texture, data, &mut Budget::unlimited());
            }
        }
    }

    /// Replaces the patch of before. Returns where that changes something. A map that had to be reduced has no patches.
    fn take_patch(&mut self, uploader: Uploader<'_>, map: &PatchedMap) -> Option<PixelRect> {
        let patch = map.patch.as_ref();
        let is_same = patch.map_or(self.patched.is_none(), |new| Weak::as_ptr(&self.patch) == Arc::as_ptr(new));
        let is_whole_size = self.classes.as_ref().is_some_and(|texture| texture.is_of(map.size()));
        if is_same || !is_whole_size {
            return None;
        }
        self.patch = patch.map_or_else(Weak::new, Arc::downgrade);
        let (before, now) = (self.patched, patch.map(|patch| patch.rect()));
        self.patched = now;
        if let Some(before) = before.filter(|before| Some(*before) != now) {
            self.write(uploader, &map.whole, before, [before.x, before.y]);
        }
        if let Some((patch, rect)) = patch.zip(now) {
            self.write(uploader, &patch.map, rect, [0, 0]);
        }
        before.into_iter().chain(now).reduce(PixelRect::union)
    }

    /// Writes `rect` of the textures from a map in which it begins at `from`.
    fn write(&self, uploader: Uploader<'_>, map: &ClassMap, rect: PixelRect, from: [u32; 2]) {
        for (texture, data) in [(&self.classes, map.classes.data()), (&self.confidence, &map.confidence)] {
            texture.iter().for_each(|texture| uploader.write_dense(texture, data, map.size()[0], rect, from));
        }
    }
}

fn whole([width, height]: [u32; 2]) -> PixelRect {
    PixelRect { x: 0, y: 0, width, height }
}
