//! Parts of dense values for a texture that the device takes only in a smaller size.

use crate::domain::geometry::PixelRect;
use crate::domain::mask::nearest;

/// Values in rows, of which a part is meant.
#[derive(Clone, Copy)]
pub(crate) struct Values<'a> {
    pub(crate) data: &'a [u8],
    /// Values in a row.
    pub(crate) width: u32,
    /// Column and row where the part begins.
    pub(crate) from: [u32; 2],
}

/// The texels of a texture of `small` texels that show a pixel in `rect` of the `whole`, with their values; `None` if none does.
/// `values` are those of the pixels in `rect`. Nearest neighbour, as the texture was made.
pub(crate) fn texels(
    values: Values<'_>,
    rect: PixelRect,
    whole: [u32; 2],
    small: [u32; 2],
) -> Option<(PixelRect, Vec<u8>)> {
    let (x, columns) = along(small[0], whole[0], rect.x, rect.width)?;
    let (y, rows) = along(small[1], whole[1], rect.y, rect.height)?;
    let Values { data, width, from } = values;
    let at = |column: u32, row: u32| data[(from[1] + row) as usize * width as usize + (from[0] + column) as usize];
    let mut texels = Vec::with_capacity(columns.len() * rows.len());
    rows.iter().for_each(|row| texels.extend(columns.iter().map(|column| at(*column, *row))));
    Some((PixelRect { x, y, width: columns.len() as u32, height: rows.len() as u32 }, texels))
}

/// The first of so many texels that shows a pixel from `start` on, and the places from there of the pixels that it and the next show.
fn along(small: u32, whole: u32, start: u32, len: u32) -> Option<(u32, Vec<u32>)> {
    let shown = (0..small).map(|texel| (texel, nearest(texel, small, whole)));
    let inside: Vec<(u32, u32)> = shown.filter(|(_, pixel)| (start..start + len).contains(pixel)).collect();
    let first = inside.first()?.0;
    Some((first, inside.into_iter().map(|(_, pixel)| pixel - start).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Mask;

    #[test]
    fn a_part_is_reduced_as_the_whole_is() {
        let (whole, small) = ([13, 9], [6, 4]);
        let data: Vec<u8> = (0..13 * 9).collect();
        let reduced = Mask::from_vec(13, 9, data.clone()).unwrap().resize_nearest(6, 4);
        for rect in [(0, 0, 13, 9), (5, 0, 8, 9), (4, 3, 2, 5), (12, 8, 1, 1)] {
            let (x, y, width, height) = rect;
            let rect = PixelRect { x, y, width, height };
            let Some((part, texels)) = texels(Values { data: &data, width: 13, from: [x, y] }, rect, whole, small)
            else {
                continue;
            };
            let want: Vec<u8> = part.rows(small).flat_map(|row| &reduced.data()[row]).copied().collect();
            assert_eq!(texels, want, "{rect:?}");
        }
        let all = Values { data: &data, width: 13, from: [0, 0] };
        let (part, texels) = texels(all, PixelRect { x: 0, y: 0, width: 13, height: 9 }, whole, small).unwrap();
        assert_eq!((part.area(), texels.as_slice()), (24, reduced.data()));
    }

    #[test]
    fn a_part_between_two_texels_is_not_shown() {
        let values = Values { data: &[7; 8], width: 8, from: [0, 0] };
        assert!(texels(values, PixelRect { x: 0, y: 0, width: 1, height: 1 }, [8, 1], [2, 1]).is_none());
        let (part, texels) = texels(values, PixelRect { x: 0, y: 0, width: 3, height: 1 }, [8, 1], [2, 1]).unwrap();
        assert_eq!((part.x, texels), (0, vec![7]));
    }
}
