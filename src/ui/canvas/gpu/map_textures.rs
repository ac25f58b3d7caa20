//! Textures of the prediction: its classes and its confidence.

use std::sync::{Arc, Weak};

use super::layer_texture::{Budget, LayerTexture, Uploader};
use super::reduced::{self, Values};
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, MapPatch, PatchedMap};
use crate::ui::state::label_plane::Dirty;

/// Textures that follow a map. Of a map that is there already, a newer patch is uploaded by itself: a click changes what is on
/// screen, and a frame has no time for a whole tile. Of a patch that grows or shrinks only the difference is.
#[derive(Default)]
pub(crate) struct MapTextures {
    whole: Weak<ClassMap>,
    size: [u32; 2],
    /// The patch that is in the textures.
    patch: Option<Patched>,
    classes: Option<LayerTexture>,
    confidence: Option<LayerTexture>,
}

/// A patch that was uploaded.
#[derive(Clone)]
struct Patched {
    patch: Weak<MapPatch>,
    /// The map that holds it.
    map: Weak<ClassMap>,
    /// The part of the whole map that it covers, and where that begins in its own.
    rect: PixelRect,
    from: [u32; 2],
}

impl Patched {
    fn of(patch: &Arc<MapPatch>) -> Self {
        let rect = patch.rect();
        let from = patch.place([rect.x, rect.y]);
        Self { patch: Arc::downgrade(patch), map: Arc::downgrade(&patch.map), rect, from }
    }

    /// Whether both say the same of pixels that they share.
    fn agrees_with(&self, other: &Self) -> bool {
        let shift = |patched: &Self| {
            let along = |axis: usize, corner: u32| i64::from(patched.from[axis]) - i64::from(corner);
            [along(0, patched.rect.x), along(1, patched.rect.y)]
        };
        Weak::ptr_eq(&self.map, &other.map) && shift(self) == shift(other)
    }
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
        (self.whole, self.size, self.patch) = (Arc::downgrade(map), map.size(), None);
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

    /// Replaces the patch of before. Returns where that changes something.
    fn take_patch(&mut self, uploader: Uploader<'_>, map: &PatchedMap) -> Option<PixelRect> {
        let is_uploaded =
            |new: &Arc<MapPatch>| self.patch.as_ref().is_some_and(|old| Weak::as_ptr(&old.patch) == Arc::as_ptr(new));
        if map.patch.as_ref().map_or(self.patch.is_none(), is_uploaded) {
            return None;
        }
        let now = map.patch.as_ref().map(Patched::of);
        let before = std::mem::replace(&mut self.patch, now.clone());
        let (gone, come) = changes(before.as_ref(), now.as_ref());
        for rect in &gone {
            self.write(uploader, &map.whole, *rect, [rect.x, rect.y]);
        }
        if let Some(patch) = &map.patch {
            come.iter().for_each(|rect| self.write(uploader, &patch.map, *rect, patch.place([rect.x, rect.y])));
        }
        let reach = self.pixels_a_texel() - 1; // What a texel shows may lie at its other side.
        gone.into_iter().chain(come).reduce(PixelRect::union).map(|rect| rect.grown(reach))
    }

    /// Pixels along the side of a texel: more than 1 if the device does not take the map in full.
    fn pixels_a_texel(&self) -> u32 {
        self.classes.as_ref().map_or(1, |texture| self.size[0].div_ceil(texture.full_shape().size[0].max(1)).max(1))
    }

    /// Writes `rect` of the textures from a map in which it begins at `from`.
    fn write(&self, uploader: Uploader<'_>, map: &ClassMap, rect: PixelRect, from: [u32; 2]) {
        let width = map.size()[0];
        for (texture, data) in [(&self.classes, map.classes.data()), (&self.confidence, &map.confidence)] {
            let Some(texture) = texture else { continue };
            if texture.is_of(self.size) {
                uploader.write_dense(texture, data, width, rect, from);
                continue;
            }
            let small = texture.full_shape().size; // The device does not take it in full.
            if let Some((part, texels)) = reduced::texels(Values { data, width, from }, rect, self.size, small) {
                uploader.write_dense(texture, &texels, part.width, part, [0, 0]);
            }
        }
    }
}

/// Where the whole map comes back when a patch takes the place of another, and where the patch is new.
fn changes(before: Option<&Patched>, now: Option<&Patched>) -> (Vec<PixelRect>, Vec<PixelRect>) {
    let rest = |of: &Patched, other: Option<&Patched>| other.map_or(vec![of.rect], |other| of.rect.without(other.rect));
    let gone = before.map_or_else(Vec::new, |before| rest(before, now));
    let same = before.filter(|before| now.is_some_and(|now| before.agrees_with(now)));
    let come = now.map_or_else(Vec::new, |now| rest(now, same));
    (gone, come)
}

fn whole([width, height]: [u32; 2]) -> PixelRect {
    PixelRect { x: 0, y: 0, width, height }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(map: &Arc<ClassMap>, column: u32) -> Patched {
        Patched::of(&Arc::new(MapPatch::of_like(map, PixelRect { x: column, y: 0, width: 10 - column, height: 4 })))
    }

    #[test]
    fn of_a_handle_that_moves_only_the_columns_between_are_uploaded() {
        let map = Arc::new(ClassMap::unpredicted([10, 4]));
        let between = |x: u32, width: u32| vec![PixelRect { x, y: 0, width, height: 4 }];
        let (left, right) = (strip(&map, 3), strip(&map, 5));
        assert_eq!(changes(Some(&left), Some(&right)), (between(3, 2), Vec::new()));
        assert_eq!(changes(Some(&right), Some(&left)), (Vec::new(), between(3, 2)));
        assert_eq!(changes(None, Some(&left)), (Vec::new(), between(3, 7)));
        assert_eq!(changes(Some(&left), None), (between(3, 7), Vec::new()));
    }

    #[test]
    fn a_patch_of_another_map_is_uploaded_as_a_whole() {
        let [one, other] = [0; 2].map(|_| Arc::new(ClassMap::unpredicted([10, 4])));
        let all = |x: u32| vec![PixelRect { x, y: 0, width: 10 - x, height: 4 }];
        let (left, right) = (strip(&one, 3), strip(&other, 5));
        assert_eq!(changes(Some(&left), Some(&right)).1, all(5));
        assert_eq!(changes(Some(&right), Some(&left)), (Vec::new(), all(3)));
        let alone = Patched::of(&Arc::new(MapPatch::new([3, 0], ClassMap::unpredicted([7, 4]))));
        assert_eq!(changes(Some(&left), Some(&alone)), (Vec::new(), all(3)));
    }
}
