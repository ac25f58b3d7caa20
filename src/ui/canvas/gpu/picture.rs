//! The composed picture of a view, kept between frames. When the view pans, the visible part is moved; only what
//! comes into view or was painted on is composed again. A frame without changes composes nothing.

use eframe::wgpu;

use super::drawing::Drawing;
use crate::domain::geometry::PixelRect;
use crate::ui::state::layer::PerLayer;
use crate::ui::state::palette::Palette;

/// Tolerance for a move by whole pixels. Positions of far corners are no more precise than this.
const WHOLE: f32 = 0.05;

/// Everything a picture depends on, except own labels and position.
#[derive(Clone, PartialEq)]
pub(crate) struct Composition {
    /// What is drawn, independent of position: see [`Drawing::at_origin`].
    pub(crate) drawing: Drawing,
    /// Number of texture uploads of each layer that is shown, own labels excluded.
    pub(crate) uploads: PerLayer<u64>,
    /// Class colours.
    pub(crate) palette: Palette,
    /// Which classes count in scores.
    pub(crate) scored: Palette,
    /// Size of the view in physical pixels.
    pub(crate) size: [u32; 2],
}

/// What was painted since the last frame, in physical pixels of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Painted {
    /// Nothing visible.
    Nothing,
    /// At most this area.
    Area(PixelRect),
    /// Possibly everything.
    All,
}

/// The composed picture, in the first of two textures. Moving it copies it to the other.
#[derive(Default)]
pub(crate) struct Picture {
    textures: Vec<wgpu::Texture>,
    composed: Option<(Composition, [f32; 2])>,
}

impl Picture {
    /// The texture with the picture.
    pub(crate) fn texture(&self) -> Option<&wgpu::Texture> {
        self.textures.first()
    }

    /// Moves the valid part to `place` and returns the areas that must be composed.
    pub(crate) fn follow(
        &mut self,
        device: &wgpu::Device,
        encoder: &mut wgpu::CommandEncoder,
        format: wgpu::TextureFormat,
        composition: Composition,
        place: [f32; 2],
        painted: Painted,
    ) -> Vec<PixelRect> {
        let size = composition.size;
        if self.texture().is_none_or(|texture| [texture.width(), texture.height()] != size) {
            self.textures = vec![texture(device, format, size), texture(device, format, size)];
        }
        if let Some((old, old_place)) = &mut self.composed
            && *old == composition
            && painted != Painted::All
            && let Some(by) = whole_pixels(*old_place, place)
            && let Some(mut areas) = uncovered(size, by)
        {
            if by != [0, 0] {
                *old_place = [0, 1].map(|i| old_place[i] + by[i] as f32);
                self.shift(encoder, size, by);
            }
            if let Painted::Area(area) = painted {
                areas.push(area);
            }
            return areas;
        }
        self.composed = Some((composition, place));
        vec![PixelRect { x: 0, y: 0, width: size[0], height: size[1] }]
    }

    fn shift(&mut self, encoder: &mut wgpu::CommandEncoder, size: [u32; 2], by: [i32; 2]) {
        self.textures.swap(0, 1);
        let [to, from] = [0, 1].map(|i| {
            let [x, y] = by.map(|n| if i == 0 { n } else { -n }.max(0) as u32);
            wgpu::TexelCopyTextureInfo { origin: wgpu::Origin3d { x, y, z: 0 }, ..self.textures[i].as_image_copy() }
        });
        let [width, height] = [0, 1].map(|i| size[i] - by[i].unsigned_abs());
        encoder.copy_texture_to_texture(from, to, wgpu::Extent3d { width, height, depth_or_array_layers: 1 });
    }
}

/// The distance between two positions if it is a whole number of pixels.
fn whole_pixels(from: [f32; 2], to: [f32; 2]) -> Option<[i32; 2]> {
    let by = [0, 1].map(|i| to[i] - from[i]);
    by.iter().all(|n| (n - n.round()).abs() < WHOLE).then(|| by.map(|n| n.round() as i32))
}

/// The areas that come into view when the picture moves; `None` if nothing stays.
fn uncovered([width, height]: [u32; 2], [dx, dy]: [i32; 2]) -> Option<Vec<PixelRect>> {
    let (across, down) = (dx.unsigned_abs(), dy.unsigned_abs());
    if across >= width || down >= height {
        return None;
    }
    let column = PixelRect { x: if dx > 0 { 0 } else { width - across }, y: 0, width: across, height };
    let row = PixelRect {
        x: if dx > 0 { across } else { 0 },
        y: if dy > 0 { 0 } else { height - down },
        width: width - across,
        height: down,
    };
    Some([column, row].into_iter().filter(|area| area.width > 0 && area.height > 0).collect())
}

fn texture(device: &wgpu::Device, format: wgpu::TextureFormat, [width, height]: [u32; 2]) -> wgpu::Texture {
    device.create_texture(&wgpu::TextureDescriptor {
        label: Some("canvas: a view's picture"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC
            | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncovered_and_kept_areas_tile_the_view() {
        for by in [[0, 0], [3, 0], [-3, 0], [0, 2], [0, -2], [4, 5], [-9, 7], [8, -6], [-1, -1]] {
            let mut times = vec![0; 10 * 8];
            let areas = uncovered([10, 8], by).unwrap();
            let stays = |x: i32, y: i32| (0..10).contains(&(x - by[0])) && (0..8).contains(&(y - by[1]));
            for (x, y) in (0..8).flat_map(|y| (0..10).map(move |x| (x, y))) {
                let is_in = |area: &&PixelRect| {
                    (area.x..area.x + area.width).contains(&x) && (area.y..area.y + area.height).contains(&y)
                };
                times[(y * 10 + x) as usize] =
                    areas.iter().filter(is_in).count() + usize::from(stays(x as i32, y as i32));
            }
            assert!(times.iter().all(|n| *n == 1), "{by:?}: {times:?}");
        }
        assert_eq!(uncovered([10, 8], [10, 0]), None);
        assert_eq!(uncovered([10, 8], [0, -8]), None);
    }

    #[test]
    fn only_whole_pixel_moves_keep_the_picture() {
        assert_eq!(whole_pixels([0.25, -7.5], [3.25, -9.49]), Some([3, -2]));
        assert_eq!(whole_pixels([0.0, 0.0], [0.0, 0.3]), None);
    }
}
