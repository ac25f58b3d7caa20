//! TIFF variants: more than three bands, palettes, signed and floating-point samples, "no data".

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::path::{Path, PathBuf};

use image::RgbImage;
use pointillist::data::Project;
use pointillist::data::raster::images;
use pointillist::domain::UNLABELLED;
use tiff::encoder::colortype::{ColorType, Gray8, Gray32Float, GrayI16, GrayI32};
use tiff::encoder::{DirectoryEncoder, TiffEncoder, TiffKindStandard, TiffValue};
use tiff::tags::{PhotometricInterpretation, Predictor, SampleFormat, Tag};

/// Colour types that the encoder lacks.
macro_rules! color_type {
    ($name:ident, $inner:ty, $meaning:ident, $bits:literal, $bands:literal) => {
        struct $name;
        impl ColorType for $name {
            type Inner = $inner;
            const TIFF_VALUE: PhotometricInterpretation = PhotometricInterpretation::$meaning;
            const BITS_PER_SAMPLE: &'static [u16] = &[$bits; $bands];
            const SAMPLE_FORMAT: &'static [SampleFormat] = &[SampleFormat::Uint; $bands];
            fn horizontal_predict(row: &[$inner], result: &mut Vec<$inner>) {
                let before = |i: usize| if i < $bands { 0 } else { row[i - $bands] };
                result.extend((0..row.len()).map(|i| row[i].wrapping_sub(before(i))));
            }
        }
    };
}
color_type!(FourBands8, u8, RGB, 8, 4);
color_type!(FourBands16, u16, BlackIsZero, 16, 4);
color_type!(TwoBands16, u16, BlackIsZero, 16, 2);
color_type!(Palette8, u8, RGBPalette, 8, 1);

type Tags<'a> = DirectoryEncoder<'a, File, TiffKindStandard>;

/// Writes a TIFF with additional tags.
fn write<C: ColorType>(path: &Path, size: [u32; 2], data: &[C::Inner], tags: impl FnOnce(&mut Tags<'_>))
where
    [C::Inner]: TiffValue,
{
    let mut encoder = TiffEncoder::new(File::create(path).unwrap()).unwrap();
    if matches!(C::TIFF_VALUE, PhotometricInterpretation::RGB) {
        encoder = encoder.with_predictor(Predictor::Horizontal); // As GDAL writes them.
    }
    let mut image = encoder.new_image::<C>(size[0], size[1]).unwrap();
    tags(image.encoder());
    image.write_data(data).unwrap();
}

fn none(_: &mut Tags<'_>) {}

fn no_data(text: &'static str) -> impl FnOnce(&mut Tags<'_>) {
    move |tags| tags.write_tag(Tag::GdalNodata, text).unwrap()
}

/// A palette whose colour `i` is `colors[i]`.
fn palette(colors: &[[u8; 3]]) -> impl FnOnce(&mut Tags<'_>) + '_ {
    move |tags| {
        let channel =
            |band: usize| (0..256).map(move |i| colors.get(i).map_or(0, |color| u16::from(color[band]) * 257));
        let map: Vec<u16> = (0..3).flat_map(channel).collect();
        tags.write_tag(Tag::ColorMap, &map[..]).unwrap();
    }
}

/// A folder for an image and a mask that the caller writes.
fn folder() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let (image, mask) = (dir.path().join("scene.tif"), dir.path().join("scene_mask.tif"));
    (dir, image, mask)
}

/// Opens the only tile of a folder, which must have no fault, and reads its image.
fn read(dir: &Path) -> (Project, RgbImage) {
    let project = Project::open(dir).unwrap();
    assert_eq!((project.tiles.len(), &project.tiles[0].fault), (1, &None));
    let image = project.read_image(&project.tiles[0]).unwrap();
    assert_eq!([image.width(), image.height()], project.tiles[0].size);
    (project, image)
}

fn reds(image: &RgbImage) -> Vec<u8> {
    image.pixels().map(|pixel| pixel.0[0]).collect()
}

#[test]
fn the_first_three_of_four_bands_are_used_and_noted() {
    let (dir, path, _) = folder();
    let data: Vec<u8> = (0..5 * 4 * 4).map(|i| (i * 7) as u8).collect();
    write::<FourBands8>(&path, [5, 4], &data, |tags| tags.write_tag(Tag::ExtraSamples, 0_u16).unwrap());
    let (project, image) = read(dir.path());
    let want: Vec<u8> = data.chunks(4).flat_map(|pixel| pixel[..3].to_vec()).collect();
    assert_eq!(*image.as_raw(), want, "8 bits are not stretched");
    let note = "tile scene has 4 bands: the first three are used as red, green and blue, the others are not used";
    assert!(project.notes.iter().any(|said| said == note), "{:?}", project.notes);
    assert!(images::reading_note(&path).is_some_and(|note| note.ends_with("scene.tif")));
}

#[test]
fn bands_of_16_bits_are_stretched_separately() {
    let (dir, path, _) = folder();
    let data: Vec<u16> = (0..100).flat_map(|i| [i + 1, 1000 + i, 3000 - i, 9]).collect();
    write::<FourBands16>(&path, [10, 10], &data, none);
    let (_, image) = read(dir.path());
    // The 2nd and 98th percentiles of 100 distinct values are the 2nd and the 98th value.
    assert_eq!([0, 1, 97, 99].map(|i| image.as_raw()[i * 3]), [0, 0, 255, 255]);
    assert_eq!([0, 1, 97, 99].map(|i| image.as_raw()[i * 3 + 2]), [255, 255, 3, 0]);
}

#[test]
fn the_first_of_two_bands_is_gray() {
    let (dir, path, _) = folder();
    let data: Vec<u16> = (0..100).flat_map(|i| [i + 1, 7]).collect();
    write::<TwoBands16>(&path, [10, 10], &data, none);
    let (project, image) = read(dir.path());
    assert!(image.pixels().all(|pixel| pixel.0[0] == pixel.0[1] && pixel.0[1] == pixel.0[2]));
    assert!(reds(&image).contains(&255));
    assert!(project.notes.iter().any(|note| note.contains("2 bands")), "{:?}", project.notes);
}

#[test]
fn signed_values_are_stretched_over_their_own_range() {
    let (dir, path, _) = folder();
    let mut data: Vec<i16> = (-50..50).collect();
    data[99] = i16::MIN; // No data, though nothing says so.
    write::<GrayI16>(&path, [10, 10], &data, none);
    let got = reds(&read(dir.path()).1);
    assert_eq!((got[0], got[1], got[98], got[99]), (0, 0, 255, 0));
    assert!((125..131).contains(&got[50]), "0 lies in the middle: {}", got[50]);
}

#[test]
fn declared_no_data_and_nan_are_black_and_do_not_flatten_the_rest() {
    let (dir, path, _) = folder();
    let clean: Vec<f32> = (0..100).map(|i| i as f32 / 100.0).collect();
    write::<Gray32Float>(&path, [10, 10], &clean, none);
    let want = reds(&read(dir.path()).1);
    assert!(want.iter().collect::<std::collections::BTreeSet<_>>().len() > 90, "{want:?}");
    let bad = [f32::NAN, f32::INFINITY, -3.4e38, -9999.0, f32::MIN];
    for value in bad {
        let mut data = clean.clone();
        data.extend([value; 10]);
        // The declared text has more digits than the samples: it is rounded to the sample type.
        let text = if value == -9999.0 { "-9999" } else { "-3.39999999999999996e+38" };
        write::<Gray32Float>(&path, [10, 11], &data, no_data(text));
        let got = reds(&read(dir.path()).1);
        assert_eq!((&got[..100], &got[100..]), (&want[..], &[0; 10][..]), "{value}");
    }
}

#[test]
fn a_palette_image_is_shown_in_its_colours() {
    let (dir, path, _) = folder();
    let colors = [[9, 8, 7], [200, 100, 50], [255, 255, 255]];
    write::<Palette8>(&path, [4, 1], &[2, 1, 0, 3], palette(&colors));
    let (_, image) = read(dir.path());
    assert_eq!(*image.as_raw(), [255, 255, 255, 200, 100, 50, 9, 8, 7, 0, 0, 0]);
}

#[test]
fn a_palette_mask_is_read_by_index_if_classes_have_values_else_by_colour() {
    let (dir, image, mask) = folder();
    RgbImage::new(4, 1).save(&image).unwrap();
    write::<Palette8>(&mask, [4, 1], &[2, 1, 2, 5], palette(&[[0; 3], [200, 100, 50], [1, 2, 3]]));
    let classes = |text: &str| std::fs::write(dir.path().join("pointillist.toml"), text).unwrap();
    let labels = || {
        let project = read(dir.path()).0;
        project.read_mask(&project.tiles[0]).unwrap().unwrap().mask.data().to_vec()
    };
    classes("[[class]]\nname = 'a'\ncolor = '#C86432'\n[[class]]\nname = 'b'\ncolor = '#010203'\n");
    assert_eq!(labels(), [1, 0, 1, UNLABELLED]);
    classes("[[class]]\nname = 'a'\nvalue = 5\n[[class]]\nname = 'b'\nvalue = 2\n");
    assert_eq!(labels(), [1, UNLABELLED, 1, 0]);
}

#[test]
fn integer_masks_of_any_type_are_read_by_value() {
    let (dir, image, mask) = folder();
    RgbImage::new(5, 1).save(&image).unwrap();
    let text = "[[class]]\nname = 'a'\nvalue = 1\n[[class]]\nname = 'b'\nvalue = 300\n";
    std::fs::write(dir.path().join("pointillist.toml"), text).unwrap();
    let read_mask = || {
        let project = read(dir.path()).0;
        let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
        (read.mask.data().to_vec(), read.unmatched.iter().map(|(_, count)| count).sum::<u64>())
    };
    write::<GrayI16>(&mask, [5, 1], &[1, 300, -1, 255, 4], none);
    assert_eq!(read_mask(), (vec![0, 1, UNLABELLED, UNLABELLED, UNLABELLED], 1));
    write::<GrayI32>(&mask, [5, 1], &[300, 1, -1, 70_000, 1], none);
    assert_eq!(read_mask(), (vec![1, 0, UNLABELLED, UNLABELLED, 0], 1));
    write::<Gray32Float>(&mask, [5, 1], &[1.0, 300.0, f32::NAN, 1.5, 1.0], none);
    // NaN is "no data"; a fraction matches no class.
    assert_eq!(read_mask(), (vec![0, 1, UNLABELLED, UNLABELLED, 0], 1));
}

#[test]
fn a_damaged_palette_file_is_an_error() {
    let (dir, path, _) = folder();
    write::<Palette8>(&path, [64, 64], &[1; 64 * 64], palette(&[]));
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let project = Project::open(dir.path()).unwrap();
    let message = project.read_image(&project.tiles[0]).unwrap_err().to_string();
    assert!(message.contains("scene.tif"), "{message}");
}

/// A folder of real files; `None` with a printed note if it is absent.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn fixture(name: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures")).join(name);
    if !path.exists() {
        eprintln!("skipped: fixtures absent");
        return None;
    }
    Some(path)
}

#[test]
fn a_scene_of_four_11_bit_bands_opens_with_its_mask() {
    let Some(root) = fixture("eye-in-the-sky") else { return };
    let (project, image) = read(&root);
    for band in 0..3 {
        let levels: std::collections::BTreeSet<u8> = image.pixels().map(|pixel| pixel.0[band]).collect();
        assert!(levels.len() > 200, "band {band}: {} levels", levels.len());
    }
    assert!(project.notes.iter().any(|note| note.contains("4 bands")), "{:?}", project.notes);
    let read = project.read_mask(&project.tiles[0]).unwrap().unwrap();
    assert!(read.mask.labelled() > 0);
}

#[test]
fn geotiffs_of_every_kind_are_read() {
    let Some(root) = fixture("geotiff-variants") else { return };
    // File, and the minimum number of gray or colour levels of its image.
    let mut flat = Vec::new();
    for (name, levels) in [
        ("rasterio/RGBA.uint16.tif", 1), // It holds a single value.
        ("rasterio/float_nan.tif", 2),
        ("rasterio/float_raster_with_nodata.tif", 2),
        ("rasterio/all-nodata.tif", 1),
        ("rio-tiler/cog_cmap.tif", 3),
        ("rio-tiler/cog_fullearth.tif", 100),
        ("rio-tiler/cog_nodata_nan.tif", 100),
        ("rio-tiler/cog_scale.tif", 100),
        ("rio-tiler/inverted_lat.tif", 1), // Zeros and no data.
        ("rio-tiler/scene_band1.tif", 100),
        ("rio-tiler/rgb.tif", 100),
        ("geotiff-test-data/utm.tif", 10),
        ("geotiff-test-data/GeogToWGS84GeoKey5.tif", 2),
        ("geotiff-test-data/gfw-azores.tif", 3),
        ("geotiff-test-data/nz_habitat_anticross_4326_1deg.tif", 2),
        ("geotiff-test-data/wind_direction.tif", 2), // Its no data is not declared.
        ("image-tiff/geotiff/geo-5b.tif", 1),
        ("image-tiff/images/palette-1c-8b.tiff", 100),
        ("image-tiff/images/predictor-3-gray-f32.tif", 50),
        ("image-tiff/images/seq/seq-1c-i8-f8446bbe.tiff", 50),
        ("image-tiff/images/seq/seq-1c-i16-63af2488.tiff", 50),
        ("image-tiff/images/seq/seq-1c-i32-99fddec2.tiff", 50),
        ("image-tiff/images/seq/seq-1c-2b-58b25f76.tiff", 3),
        ("image-tiff/images/seq/seq-1c-4b-fb92dcae.tiff", 8),
        ("image-tiff/images/seq/seq-1c-4b-palette-85108c5a.tiff", 3),
        ("image-tiff/images/seq/seq-1c-8b-palette-89b39bc3.tiff", 50),
        ("image-tiff/images/seq/seq-1c-64f-deflate-fpredict-afa8560e.tiff", 50),
        ("image-tiff/images/seq/seq-1c-16b-bigendian-68f373a0.tiff", 50),
        ("image-tiff/images/seq/seq-3c-i16-f7fcf423.tiff", 50),
        ("image-tiff/images/seq/seq-3c-16b-bigtiff-1b40ca6e.tiff", 50),
    ] {
        let image = images::decode(&root.join(name)).unwrap_or_else(|error| panic!("{error}"));
        let found: std::collections::BTreeSet<u8> = image.rgb.as_raw().iter().copied().collect();
        if found.len() < levels {
            flat.push(format!("{name}: {} levels", found.len()));
        }
    }
    assert!(flat.is_empty(), "{flat:?}");
}

#[test]
fn unsupported_geotiffs_say_why() {
    let Some(root) = fixture("geotiff-variants/image-tiff") else { return };
    for (name, word) in [
        ("images/int16_zstd.tif", "convert it"),
        ("images/seq/seq-1c-12b-47c39b31.tiff", "convert it"),
        ("geotiff/usda_naip_256_webp_z3.tif", "convert it"),
        ("fuzz_images/oor_panic/colormap-shl-overflow.tiff", "colormap-shl-overflow.tiff"),
    ] {
        let message = images::decode(&root.join(name)).unwrap_err().to_string();
        assert!(message.contains(word), "{name}: {message}");
    }
}

#[test]
fn georeferenced_tiles_that_touch_form_a_scene() {
    let dir = tempfile::tempdir().unwrap();
    let tile = |name: &str, corner: [f64; 2], keys: &[u16]| {
        write::<Gray8>(&dir.path().join(name), [4, 4], &[9; 16], |tags| {
            tags.write_tag(Tag::ModelPixelScaleTag, &[0.5, 0.5, 0.0][..]).unwrap();
            tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, corner[0], corner[1], 0.0][..]).unwrap();
            tags.write_tag(Tag::GeoKeyDirectoryTag, keys).unwrap();
        });
    };
    let (here, elsewhere) = ([1, 1, 0, 1, 3072, 0, 1, 32633], [1, 1, 0, 1, 3072, 0, 1, 32634]);
    tile("a.tif", [5000.0, 900.0], &here);
    tile("b.tif", [5002.0, 898.0], &here);
    tile("c.tif", [5002.0, 900.0], &elsewhere);
    tile("d.tif", [5010.0, 900.0], &here);
    write::<Gray8>(&dir.path().join("e.tif"), [4, 4], &[9; 16], none);
    let project = Project::open(dir.path()).unwrap();
    let place = |id: &str| {
        let tile = project.tile(id).unwrap();
        tile.rect_in_scene().map(|rect| (tile.scene(), [rect.x, rect.y]))
    };
    assert_eq!([place("a"), place("b")], [Some(("a", [0, 0])), Some(("a", [4, 4]))]);
    assert_eq!([place("d"), place("e")], [Some(("d", [20, 0])), None]);
    assert_eq!(place("c"), Some(("c", [0, 0])), "on another map");
    let groups: Vec<&str> = project.tiles.iter().map(|tile| tile.group.as_str()).collect();
    assert_eq!(groups, ["a", "a", "c", "d", "e"], "tiles that touch train or validate together");
}
