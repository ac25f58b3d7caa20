//! Where on a map an image lies, as the header of a GeoTIFF says.

use std::io::{Read, Seek};

use tiff::decoder::Decoder;
use tiff::tags::Tag;

use crate::domain::hash;

/// Where an image lies on a map whose axes are those of the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Georeference {
    /// East and north of the upper left corner, in units of the map.
    pub(crate) corner: [f64; 2],
    /// Width and height of a pixel, in units of the map.
    pub(crate) pixel: [f64; 2],
    /// Tells maps apart: a digest of what the file says of its projection.
    pub(crate) map: u64,
}

impl Georeference {
    /// Reads the tags of the current directory; `None` if they are missing, or turn the image.
    pub(crate) fn read(decoder: &mut Decoder<impl Read + Seek>) -> Option<Self> {
        let scale = decoder.get_tag_f64_vec(Tag::ModelPixelScaleTag).ok()?;
        let tie = decoder.get_tag_f64_vec(Tag::ModelTiepointTag).ok()?;
        let keys: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::GeoKeyDirectoryTag).ok().flatten().unwrap_or_default();
        let map = keys.iter().fold(hash::EMPTY, |digest, key| hash::digest(digest, &key.to_le_bytes()));
        let ([width, height], &[column, row, _, east, north, _]) = (*scale.first_chunk()?, tie.first_chunk()?);
        let is_known =
            tie.len() == 6 && [width, height, column, row, east, north].iter().all(|value| value.is_finite());
        let corner = [east - column * width, north + row * height];
        (is_known && width > 0.0 && height > 0.0).then_some(Self { corner, pixel: [width, height], map })
    }
}
