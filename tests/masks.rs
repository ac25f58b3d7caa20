//! The meaning of mask and image pixels: regression tests that write each kind of file and read it back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use image::{GrayImage, ImageBuffer, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use pointillist::data::export::save;
use pointillist::data::{DecodedMask, MaskEncoding, Picture, PixelCode, Project};
use pointillist::domain::UNLABELLED;
use tempfile::TempDir;

/// A class file with colours only.
const COLORS: &str = "[[class]]\nname = 'red'\ncolor = '#C82828'\n[[class]]\nname = 'blue'\ncolor = '#283CC8'\n\
                      [[class]]\nname = 'green'\ncolor = '#28B43C'\n";

/// A class file with colours and the values 0, 1, 2.
fn values() -> String {
    let mut value = 0;
    let line = |line: &str| {
        let numbered =
            if line.starts_with("color") { format!("{line}\nvalue = {value}\n") } else { format!("{line}\n") };
        value += i32::from(line.starts_with("color"));
        numbered
    };
    COLORS.lines().map(line).collect()
}

/// A folder with one image, a mask that the caller writes, and classes.
fn folder(size: [u32; 2], classes: Option<&str>, mask: impl FnOnce(&Path)) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for name in ["images", "masks"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    RgbImage::new(size[0], size[1]).save(dir.path().join("images/a.png")).unwrap();
    mask(&dir.path().join("masks"));
    if let Some(classes) = classes {
        fs::write(dir.path().join("pointillist.toml"), classes).unwrap();
    }
    dir
}

fn read(dir: &TempDir) -> DecodedMask {
    let project = Project::open(dir.path()).unwrap();
    project.read_mask(&project.tiles[0]).unwrap().unwrap()
}

fn picture(path: &Path) -> (Project, Picture) {
    let project = Project::open(path).unwrap();
    let picture = project.read_picture(&project.tiles[0]).unwrap();
    (project, picture)
}

/// A little-endian TIFF of uncompressed 8- or 16-bit samples in strips of one row; rows in `left_out` are not written.
struct Tiff {
    size: [u32; 2],
    bits: u16,
    samples: u16,
    photometric: u16,
    rows: Vec<Vec<u8>>,
    left_out: Vec<usize>,
    no_data: Option<&'static str>,
    orientation: Option<u16>,
}

impl Tiff {
    fn gray(width: u32, photometric: u16, values: &[u8]) -> Self {
        let rows: Vec<Vec<u8>> = values.chunks(width as usize).map(<[u8]>::to_vec).collect();
        let size = [width, rows.len() as u32];
        Self { size, bits: 8, samples: 1, photometric, rows, left_out: vec![], no_data: None, orientation: None }
    }

    fn save(&self, path: &Path) {
        let mut bytes = b"II*\0\0\0\0\0".to_vec();
        let (mut offsets, mut lengths) = (Vec::new(), Vec::new());
        for (y, row) in self.rows.iter().enumerate() {
            let kept = !self.left_out.contains(&y);
            offsets.push(if kept { bytes.len() as u32 } else { 0 });
            lengths.push(if kept { row.len() as u32 } else { 0 });
            if kept {
                bytes.extend(row);
            }
        }
        let mut place = |list: &[u32]| {
            let at = bytes.len() as u32;
            bytes.extend(list.iter().flat_map(|n| n.to_le_bytes()));
            at
        };
        let (offsets_at, lengths_at) = (place(&offsets), place(&lengths));
        let bits_at = bytes.len() as u32;
        (0..self.samples).for_each(|_| bytes.extend(self.bits.to_le_bytes()));
        let no_data = self.no_data.map(|text| {
            let at = bytes.len() as u32;
            bytes.extend(format!("{text}\0\0\0\0").as_bytes());
            (42113_u16, 2_u16, text.len().max(4) as u32 + 1, at)
        });
        let one = |value: u32| (1, value);
        let rows = self.rows.len() as u32;
        let bits = if self.samples == 1 { u32::from(self.bits) } else { bits_at };
        let many = |at: u32, list: &[u32]| if rows == 1 { one(list[0]) } else { (rows, at) };
        let mut tags = vec![
            (256_u16, 4_u16, one(self.size[0])),
            (257, 4, one(self.size[1])),
            (258, 3, (u32::from(self.samples), bits)),
            (259, 3, one(1)),
            (262, 3, one(u32::from(self.photometric))),
            (273, 4, many(offsets_at, &offsets)),
            (277, 3, one(u32::from(self.samples))),
            (278, 4, one(1)),
            (279, 4, many(lengths_at, &lengths)),
        ];
        tags.extend(self.orientation.map(|turned| (274, 3, one(u32::from(turned)))));
        tags.extend(no_data.map(|(tag, kind, count, at)| (tag, kind, (count, at))));
        tags.sort_by_key(|(tag, ..)| *tag);
        let directory = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&directory.to_le_bytes());
        bytes.extend((tags.len() as u16).to_le_bytes());
        for (tag, kind, (count, value)) in tags {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(kind.to_le_bytes());
            bytes.extend(count.to_le_bytes());
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0; 4]);
        fs::write(path, bytes).unwrap();
    }
}

#[test]
fn indices_in_three_equal_channels_are_values() {
    let mask = |folder: &Path| {
        RgbImage::from_fn(4, 1, |x, _| Rgb([[0, 1, 2, 7][x as usize]; 3])).save(folder.join("a.png")).unwrap();
    };
    let read = read(&folder([4, 1], Some(COLORS), mask));
    assert_eq!((read.mask.data(), read.encoding), (&[0, 1, 2, UNLABELLED][..], MaskEncoding::Values));
    assert_eq!(read.unmatched, [(PixelCode::Value(7), 1)]);
}

#[test]
fn an_ambiguous_mask_is_read_like_the_others() {
    let classes = format!("{COLORS}[[class]]\nname = 'black'\ncolor = '#000000'\n");
    let mask = |folder: &Path| {
        let gray = |x: u32, levels: [u8; 4]| Rgb([levels[x as usize]; 3]);
        RgbImage::from_fn(4, 1, |x, _| gray(x, [0; 4])).save(folder.join("a.png")).unwrap();
        RgbImage::from_fn(4, 1, |x, _| gray(x, [0, 1, 2, 3])).save(folder.join("b.png")).unwrap();
    };
    let dir = folder([4, 1], Some(&classes), mask);
    RgbImage::new(4, 1).save(dir.path().join("images/b.png")).unwrap();
    assert_eq!(read(&dir).mask.data(), [0; 4], "indices, as in b");
    RgbImage::from_fn(4, 1, |_, _| Rgb([0xC8, 0x28, 0x28])).save(dir.path().join("masks/b.png")).unwrap();
    assert_eq!(read(&dir).mask.data(), [3; 4], "black, beside colours");
}

/// A palette PNG.
fn palette_png(path: &Path, indices: &[u8], palette: &[[u8; 3]]) {
    let mut encoder = png::Encoder::new(fs::File::create(path).unwrap(), indices.len() as u32, 1);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette.concat());
    encoder.write_header().unwrap().write_image_data(indices).unwrap();
}

#[test]
fn palettes_are_read_by_index_if_classes_have_values_else_by_colour() {
    let palette = [[0x28, 0x3C, 0xC8], [0xC8, 0x28, 0x28], [0x28, 0xB4, 0x3C]];
    let mask = |folder: &Path| palette_png(&folder.join("a.png"), &[0, 1, 2, 1], &palette);
    let by_index = read(&folder([4, 1], Some(&values()), mask));
    assert_eq!((by_index.mask.data(), by_index.encoding), (&[0, 1, 2, 1][..], MaskEncoding::Indices));
    let by_color = read(&folder([4, 1], Some(COLORS), mask));
    assert_eq!((by_color.mask.data(), by_color.encoding), (&[1, 0, 2, 0][..], MaskEncoding::Colors));
}

#[test]
fn values_above_255_are_separate_classes() {
    let codes = [111_u16, 311, 312, 523, 255, 65_535];
    let mask = |folder: &Path| {
        ImageBuffer::from_fn(6, 1, |x, _| Luma([codes[x as usize]])).save(folder.join("a.png")).unwrap();
    };
    let dir = folder([6, 1], None, mask);
    let project = Project::open(dir.path()).unwrap();
    let names: Vec<&str> = project.classes.iter().map(|class| class.name.as_str()).collect();
    assert_eq!(names, ["value 111", "value 311", "value 312", "value 523"]);
    assert!(project.notes.iter().any(|note| note.starts_with("4 classes were picked up")), "{:?}", project.notes);
    assert_eq!(read(&dir).mask.data(), [0, 1, 2, 3, UNLABELLED, UNLABELLED]);
}

#[test]
fn forty_colours_make_forty_classes() {
    let mask =
        |folder: &Path| GrayImage::from_fn(160, 4, |x, _| Luma([(x / 4) as u8])).save(folder.join("a.png")).unwrap();
    let project = Project::open(folder([160, 4], None, mask).path()).unwrap();
    assert_eq!(project.classes.len(), 40);
}

#[test]
fn white_is_zero_is_read_as_stored() {
    let mask = |folder: &Path| Tiff::gray(3, 0, &[0, 1, 2]).save(&folder.join("a.tif"));
    assert_eq!(read(&folder([3, 1], Some(&values()), mask)).mask.data(), [0, 1, 2]);
}

#[test]
fn missing_chunks_are_zero_or_no_data_in_masks_and_missing_pixels_in_images() {
    let rows = [1, 1, 1, 2, 2, 2, 0, 1, 2];
    let mask = |no_data| {
        move |folder: &Path| Tiff { left_out: vec![1], no_data, ..Tiff::gray(3, 1, &rows) }.save(&folder.join("a.tif"))
    };
    let zero = read(&folder([3, 3], Some(&values()), mask(None)));
    assert_eq!(zero.mask.data(), [1, 1, 1, 0, 0, 0, 0, 1, 2]);
    let nothing = read(&folder([3, 3], Some(&values()), mask(Some("9"))));
    assert_eq!(nothing.mask.data(), [1, 1, 1, UNLABELLED, UNLABELLED, UNLABELLED, 0, 1, 2]);
    assert_eq!((nothing.no_data, nothing.unmatched.len()), (3, 0));
    let dir = tempfile::tempdir().unwrap();
    Tiff { left_out: vec![1], ..Tiff::gray(3, 1, &rows) }.save(&dir.path().join("scene.tif"));
    let (_, picture) = picture(dir.path());
    assert_eq!(picture.valid.unwrap().flags(), [true, true, true, false, false, false, true, true, true]);
}

#[test]
fn no_data_in_a_mask_is_unlabelled_unless_a_class_has_that_value() {
    let mask = |folder: &Path| Tiff { no_data: Some("0"), ..Tiff::gray(3, 1, &[0, 1, 2]) }.save(&folder.join("a.tif"));
    assert_eq!(read(&folder([3, 1], Some(&values()), mask)).mask.data(), [0, 1, 2], "the class file lists 0");
    let unlisted = read(&folder([3, 1], Some(COLORS), mask));
    assert_eq!((unlisted.mask.data(), unlisted.no_data), (&[UNLABELLED, 1, 2][..], 1));
}

#[test]
fn transparent_mask_pixels_are_unlabelled_and_sampled_colours_round_trip() {
    let classes = "[[class]]\nname = 'black'\ncolor = '#000000'\n[[class]]\nname = 'blue'\ncolor = '#0000FF'\n";
    let mask = |folder: &Path| {
        let pixels = [[0, 0, 0, 0], [0, 0, 0, 255], [0, 0, 255, 255]];
        RgbaImage::from_fn(3, 1, |x, _| Rgba(pixels[x as usize])).save(folder.join("a.png")).unwrap();
    };
    let dir = folder([3, 1], Some(classes), mask);
    let read_once = read(&dir);
    assert_eq!((read_once.mask.data(), read_once.no_data), (&[UNLABELLED, 0, 1][..], 1));
    let project = Project::open(dir.path()).unwrap();
    save::color_png(&dir.path().join("masks/a.png"), &read_once.mask, &project.classes, true).unwrap();
    assert_eq!(read(&dir).mask, read_once.mask);
}

#[test]
fn indices_in_a_jpeg_are_refused_with_the_file_name() {
    let mask =
        |folder: &Path| GrayImage::from_fn(32, 32, |x, _| Luma([(x / 11) as u8])).save(folder.join("a.jpg")).unwrap();
    let dir = folder([32, 32], Some(&values()), mask);
    let project = Project::open(dir.path()).unwrap();
    let message = project.read_mask(&project.tiles[0]).unwrap_err().to_string();
    assert!(message.contains("JPEG") && message.ends_with("a.jpg"), "{message}");
}

#[test]
fn soft_edges_of_a_binary_mask_join_the_nearer_class() {
    let level = |x: u32, y: u32| {
        let distance = ((x as f32 - 32.0).powi(2) + (y as f32 - 32.0).powi(2)).sqrt();
        (((20.0 - distance) / 2.0 + 0.5).clamp(0.0, 1.0) * 255.0) as u8
    };
    let mask =
        |folder: &Path| GrayImage::from_fn(64, 64, |x, y| Luma([level(x, y)])).save(folder.join("a.png")).unwrap();
    let dir = folder([64, 64], None, mask);
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["value 0", "value 255"]);
    let read = read(&dir);
    assert_eq!((read.mask.labelled(), read.unmatched.len()), (64 * 64, 0));
    assert!(read.softened > 50 && read.mask.get(32, 32) == 1 && read.mask.get(0, 0) == 0);
}

#[test]
fn soft_edges_between_colours_are_refused_without_a_class_file() {
    let share = |x: u32, y: u32| {
        let distance = ((x as f32 - 32.0).powi(2) + (y as f32 - 32.0).powi(2)).sqrt();
        ((20.0 - distance) / 3.0 + 0.5).clamp(0.0, 1.0)
    };
    let color = |x: u32, y: u32| Rgb([20, 200, 30].map(|end: u8| 250 - (share(x, y) * f32::from(250 - end)) as u8));
    let mask = |folder: &Path| RgbImage::from_fn(64, 64, color).save(folder.join("a.png")).unwrap();
    let message = Project::open(folder([64, 64], None, mask).path()).unwrap_err().to_string();
    assert!(message.contains("interpolation") && message.ends_with("a.png"), "{message}");
}

#[test]
fn one_bit_masks_keep_their_ones() {
    let mask = |folder: &Path| {
        let rows = vec![vec![0b0101_0000], vec![0b1100_0000]];
        Tiff { bits: 1, size: [4, 2], rows, ..Tiff::gray(1, 1, &[0, 0]) }.save(&folder.join("a.tif"));
    };
    assert_eq!(read(&folder([4, 2], Some(&values()), mask)).mask.data(), [0, 1, 0, 1, 1, 1, 0, 0]);
}

#[test]
fn black_and_white_masks_are_not_deepglobe() {
    let dir = tempfile::tempdir().unwrap();
    RgbImage::new(4, 1).save(dir.path().join("1_sat.png")).unwrap();
    RgbImage::from_fn(4, 1, |x, _| Rgb([if x > 1 { 255 } else { 0 }; 3])).save(dir.path().join("1_mask.png")).unwrap();
    let project = Project::open(dir.path()).unwrap();
    assert_eq!(project.classes.iter().map(|class| class.name.as_str()).collect::<Vec<_>>(), ["value 0", "value 255"]);
}

#[test]
fn jpeg_colours_far_from_any_class_match_none() {
    let classes = "[[class]]\nname = 'ground'\nvalue = 0\n[[class]]\nname = 'tent'\nvalue = 255\n";
    let mask = |folder: &Path| {
        GrayImage::from_fn(48, 16, |x, _| Luma([[0, 128, 255][(x / 16) as usize]])).save(folder.join("a.jpg")).unwrap();
    };
    let read = read(&folder([48, 16], Some(classes), mask));
    assert_eq!([2, 24, 46].map(|x| read.mask.get(x, 8)), [0, UNLABELLED, 1]);
}

#[test]
fn small_values_in_colour_channels_are_not_snapped_to_black() {
    let classes = "[[class]]\nname = 'black'\ncolor = '#000000'\n[[class]]\nname = 'red'\ncolor = '#FF0000'\n";
    let mask =
        |folder: &Path| RgbImage::from_fn(4, 1, |x, _| Rgb([x as u8 + 1, 0, 0])).save(folder.join("a.png")).unwrap();
    let read = read(&folder([4, 1], Some(classes), mask));
    assert_eq!((read.mask.labelled(), read.unmatched_pixels()), (0, 4));
}

#[test]
fn derived_classes_keep_their_order_when_a_tile_is_added() {
    let fill = |path: &Path, color: [u8; 3]| RgbImage::from_pixel(4, 4, Rgb(color)).save(path).unwrap();
    let dir = folder([4, 4], None, |folder| {
        let colors = [[132, 41, 246], [226, 169, 41]];
        RgbImage::from_fn(4, 4, |x, _| Rgb(colors[usize::from(x > 1)])).save(folder.join("a.png")).unwrap();
    });
    let names = || {
        let project = Project::open(dir.path()).unwrap();
        project.keep_class_order().unwrap();
        project.classes.iter().map(|class| class.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["class #8429F6", "class #E2A929"]);
    RgbImage::new(4, 4).save(dir.path().join("images/b.png")).unwrap();
    fill(&dir.path().join("masks/b.png"), [1, 200, 3]);
    assert_eq!(names(), ["class #8429F6", "class #E2A929", "class #01C803"]);
}

#[test]
fn deepglobe_classes_are_assumed_only_for_deepglobe_colours() {
    let dir = tempfile::tempdir().unwrap();
    RgbImage::new(4, 1).save(dir.path().join("1_sat.png")).unwrap();
    fs::write(
        dir.path().join("metadata.csv"),
        "image_id,split,sat_image_path,mask_path\n1,train,1_sat.png,1_mask.png\n",
    )
    .unwrap();
    let mask = |colors: [[u8; 3]; 2]| {
        RgbImage::from_fn(4, 1, |x, _| Rgb(colors[usize::from(x > 1)])).save(dir.path().join("1_mask.png")).unwrap();
    };
    mask([[0, 255, 255], [10, 250, 3]]);
    assert_eq!(Project::open(dir.path()).unwrap().classes.name(0), "urban_land");
    mask([[226, 169, 41], [60, 16, 152]]);
    let message = Project::open(dir.path()).unwrap_err().to_string();
    assert!(message.contains("#E2A929") && message.contains("class_dict.csv"), "{message}");
}

/// CRC of a PNG chunk.
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _: u32| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

/// EXIF data with only an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0][..], &[0; 4]].concat()
}

/// An image of 4×2 pixels with a bright top-left pixel in three formats, each to be turned 90° clockwise.
fn turned(folder: &Path) -> Vec<std::path::PathBuf> {
    let bright = |x: u32, y: u32| if x == 0 && y == 0 { 250 } else { 5 };
    let paths = ["t.png", "t.jpg", "t.tif"].map(|name| folder.join(name));
    GrayImage::from_fn(4, 2, |x, y| Luma([bright(x, y)])).save(&paths[0]).unwrap();
    let png = fs::read(&paths[0]).unwrap();
    let chunk = [b"eXIf".to_vec(), exif(6)].concat();
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    let (head, rest) = png.split_at(33);
    fs::write(&paths[0], [head, &length, &chunk, &crc(&chunk).to_be_bytes(), rest].concat()).unwrap();
    RgbImage::from_fn(32, 16, |x, y| Rgb([bright(x / 8, y / 8); 3])).save(&paths[1]).unwrap();
    let jpeg = fs::read(&paths[1]).unwrap();
    let segment = [b"Exif\0\0".to_vec(), exif(6)].concat();
    let length = (segment.len() as u16 + 2).to_be_bytes();
    fs::write(&paths[1], [&jpeg[..2], b"\xff\xe1", &length, &segment, &jpeg[2..]].concat()).unwrap();
    let values: Vec<u8> = (0..8).map(|i| bright(i % 4, i / 4)).collect();
    Tiff { orientation: Some(6), ..Tiff::gray(4, 1, &values) }.save(&paths[2]);
    paths.to_vec()
}

#[test]
fn images_are_turned_upright_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    for path in turned(dir.path()) {
        let (project, picture) = picture(&path);
        let [width, height] = picture.size();
        assert_eq!(project.tiles[0].size, [width, height], "{path:?}");
        assert!(height == 2 * width, "{path:?}: {width}×{height}");
        let at = |x: u32, y: u32| picture.rgb.get_pixel(x, y).0[0];
        assert!(at(width - 1, 0) > 200 && at(0, 0) < 60 && at(0, height - 1) < 60, "{path:?}");
    }
}

#[test]
fn a_mask_is_turned_by_its_own_orientation() {
    let mask = |folder: &Path| {
        Tiff { orientation: Some(6), ..Tiff::gray(2, 1, &[0, 1, 2, 0]) }.save(&folder.join("a.tif"));
    };
    assert_eq!(read(&folder([2, 2], Some(&values()), mask)).mask.data(), [2, 0, 0, 1]);
}

#[test]
fn missing_pixels_do_not_affect_the_percentiles() {
    let dir = tempfile::tempdir().unwrap();
    let samples: Vec<u16> = (0..200).map(|i| if i < 100 { 60_000 } else { 1000 + i }).collect();
    let rows = samples.chunks(20).map(|row| row.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let tiff = Tiff { bits: 16, rows, no_data: Some("60000"), ..Tiff::gray(20, 1, &[0; 200]) };
    tiff.save(&dir.path().join("deep.tif"));
    let (_, picture) = picture(dir.path());
    let valid = picture.valid.unwrap();
    assert_eq!(valid.missing(), 100);
    let levels: Vec<u8> = picture.rgb.pixels().skip(100).map(|pixel| pixel.0[0]).collect();
    assert_eq!((levels.iter().min(), levels.iter().max()), (Some(&0), Some(&255)));
    assert!(picture.rgb.pixels().take(100).all(|pixel| pixel.0 == [0; 3]));
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn internal_masks_mark_missing_pixels() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures/geotiff-variants/rio-tiler"));
    if !folder.exists() {
        return eprintln!("skipped: fixtures absent");
    }
    // Reference count from another reader.
    for (name, missing) in [("cog_rgb_mask.tif", 2739), ("cog_uint8_rgb_mask.tif", 16_384)] {
        let (_, picture) = picture(&folder.join(name));
        assert_eq!(picture.valid.map(|valid| valid.missing()), Some(missing), "{name}");
    }
}
