//! Every shader is valid, and the compositor matches a reference in plain Rust.
#![cfg(feature = "ui")]
#![allow(clippy::print_stderr, reason = "a test that cannot run here says so")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod offscreen;

use std::sync::Arc;

use offscreen::{BACKGROUND, Offscreen, Props, lens};
use pointillist::domain::geometry::Camera;
use pointillist::domain::{ClassMap, Classes, MapPatch, Mask, PatchedMap, Stroke, UNLABELLED, hash};
use pointillist::ui::state::label_plane::LabelPlane;
use pointillist::ui::state::layer::{Layer, LayerStyle};
use pointillist::ui::state::palette::Palette;
use pointillist::ui::state::sampled_mask::SampledMask;

const PLAIN: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

#[test]
fn every_shader_is_valid() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "wgsl") {
            let source = std::fs::read_to_string(&path).unwrap();
            let module = naga::front::wgsl::parse_str(&source).unwrap_or_else(|error| {
                panic!("{}", error.emit_to_string_with_path(&source, &path.display().to_string()))
            });
            let capabilities = naga::valid::Capabilities::empty();
            let checked = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), capabilities)
                .validate(&module)
                .map_err(|error| error.emit_to_string(&source));
            assert!(checked.is_ok(), "{}: {}", path.display(), checked.unwrap_err());
            count += 1;
        }
    }
    assert!(count > 0, "there are shaders to check");
}

/// A device; without an adapter, says that the test is skipped.
fn offscreen(size: [u32; 2], format: wgpu::TextureFormat) -> Option<Offscreen> {
    let offscreen = Offscreen::new(size, format);
    match &offscreen {
        Some(offscreen) => eprintln!("on {}", offscreen.adapter),
        None => eprintln!("skipped: no adapter"),
    }
    offscreen
}

/// All layers of an 8×8 tile, with holes in each. The prediction has half the size.
fn everything() -> Props {
    let mut props = Props::noise([8, 8]);
    let sparse = |size: u32, salt: u64, every: u64| {
        let class = |i: u32| {
            let noise = hash::mix(u64::from(i) ^ salt << 40);
            if noise.is_multiple_of(every) { (noise >> 32) as u8 % 7 } else { UNLABELLED }
        };
        Mask::from_vec(size, size, (0..size * size).map(class).collect()).unwrap()
    };
    props.sampled = Some(Arc::new(SampledMask::new(sparse(8, 1, 3))));
    let confidence = (0..16).map(|i| i * 17).collect();
    props.prediction = Some(Arc::new(ClassMap { classes: sparse(4, 2, 2), confidence }).into());
    props
}

/// The reference: each layer blended over those below.
fn reference(props: &Props, camera: &Camera, size: [u32; 2]) -> Vec<[f32; 3]> {
    let ramp = Palette::confidence();
    let pixel = |x: u32, y: u32| {
        let in_view = [x as f32 + 0.5 - size[0] as f32 / 2.0, y as f32 + 0.5 - size[1] as f32 / 2.0];
        let at = camera.image_from_view(in_view).map(|n| n.floor() as i64);
        let mut color = [f32::from(BACKGROUND); 3];
        if !(0..2).all(|i| (0..i64::from(props.view.size[i])).contains(&at[i])) {
            return color;
        }
        let [x, y] = at.map(|n| n as u32);
        let class = |mask: &Mask, shrink| props.palette.color(mask.get(x / shrink, y / shrink));
        for layer in Layer::ALL {
            let style = props.layers[layer];
            let prediction = props.prediction.as_ref();
            let [r, g, b, a] = match layer {
                _ if !style.visible => [0; 4],
                Layer::Image => props.view.image.pixel(x, y).map(|[r, g, b]| [r, g, b, 255]).unwrap(),
                Layer::Mask => class(props.view.mask.as_ref().unwrap(), 1),
                Layer::Sampled => class(props.sampled.as_ref().unwrap(), 1),
                Layer::Prediction => class(&prediction.unwrap().whole.classes, 2),
                Layer::Confidence => ramp.color(prediction.unwrap().whole.confidence[(y / 2 * 4 + x / 2) as usize]),
                Layer::Errors => error_mark(props, x, y),
                Layer::Labels => [0; 4], // Drawn with an outline; tested separately.
            };
            let alpha = f32::from(a) / 255.0 * style.opacity;
            for (below, above) in color.iter_mut().zip([r, g, b]) {
                *below += (f32::from(above) - *below) * alpha;
            }
        }
        color
    };
    (0..size[1]).flat_map(|y| (0..size[0]).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
}

/// What the error map puts over a pixel: with straight alpha.
fn error_mark(props: &Props, x: u32, y: u32) -> [u8; 4] {
    let truth = props.view.mask.as_ref().unwrap().get(x, y);
    let predicted = props.prediction.as_ref().unwrap().whole.classes.get(x / 2, y / 2);
    let counts = |class: u8| Classes::deepglobe().is_scored(class);
    let [r, g, b] = Palette::WRONG;
    match counts(truth) && counts(predicted) {
        false => [0; 4],
        true if truth == predicted => [0, 0, 0, Palette::DIM],
        true => [r, g, b, 255],
    }
}

#[test]
fn the_error_map_marks_wrong_pixels_and_leaves_alone_what_is_not_scored() {
    let Some(mut offscreen) = offscreen([4, 1], PLAIN) else { return };
    let mut props = Props::noise([4, 1]);
    let ignored = 6;
    let row = |classes: [u8; 4]| Mask::from_vec(4, 1, classes.to_vec()).unwrap();
    Arc::get_mut(&mut props.view).unwrap().mask = Some(Arc::new(row([1, 1, UNLABELLED, ignored])));
    props.layers[Layer::Image].visible = false;
    props.layers[Layer::Errors] = LayerStyle { visible: true, opacity: 1.0 };
    let lens = lens(Camera { center_in_image: [2.0, 0.5], zoom: 1.0 }, [4, 1]);
    let mut drawn = |props: &Props| {
        offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
        offscreen.pixels().iter().map(|[r, g, b, _]| [*r, *g, *b]).collect::<Vec<_>>()
    };
    let ground = [BACKGROUND; 3];
    assert_eq!(drawn(&props), [ground; 4], "without a prediction there is no error");
    let classes = row([1, 2, 1, 1]);
    props.prediction = Some(Arc::new(ClassMap { classes, confidence: vec![255; 4] }).into());
    let dimmed = (f32::from(BACKGROUND) * 0.4).round() as u8;
    assert_eq!(drawn(&props), [[dimmed; 3], Palette::WRONG, ground, ground]);
    let classes = row([UNLABELLED, 1, 1, 1]);
    props.prediction = Some(Arc::new(ClassMap { classes, confidence: vec![255; 4] }).into());
    assert_eq!(drawn(&props), [ground, [dimmed; 3], ground, ground], "another prediction is drawn at once");
}

#[test]
fn the_compositor_equals_the_reference() {
    let size = [40, 32];
    let Some(mut offscreen) = offscreen(size, PLAIN) else { return };
    let mut props = everything();
    let cameras = [
        Camera { center_in_image: [4.0, 4.0], zoom: 4.0 },
        Camera { center_in_image: [4.0, 4.0], zoom: 1.0 },
        Camera { center_in_image: [1.3, 6.1], zoom: 3.7 },
        Camera { center_in_image: [3.9, 0.2], zoom: 21.0 },
    ];
    for opacities in [
        [1.0; Layer::COUNT],
        [0.0; Layer::COUNT],
        [0.9, 0.5, 0.7, 0.3, 0.25, 0.8, 1.0],
        [0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0],
    ] {
        for (layer, opacity) in Layer::ALL.into_iter().zip(opacities) {
            props.layers[layer] = LayerStyle { visible: true, opacity };
        }
        for hidden in [None, Some(Layer::Errors), Some(Layer::Confidence), Some(Layer::Prediction), Some(Layer::Image)]
        {
            if let Some(layer) = hidden {
                props.layers[layer].visible = false;
            }
            for camera in cameras {
                let lens = lens(camera, size);
                offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
                let drawn = offscreen.pixels();
                for (i, (got, want)) in drawn.iter().zip(reference(&props, &camera, size)).enumerate() {
                    let far = (0..3).map(|c| (f32::from(got[c]) - want[c]).abs()).fold(0.0, f32::max);
                    assert!(far <= 3.0, "pixel {i}: {got:?}, not {want:?}; {camera:?} {opacities:?} {hidden:?}");
                }
            }
        }
    }
}

#[test]
fn class_colours_are_exact_on_any_target() {
    for format in [PLAIN, wgpu::TextureFormat::Rgba8UnormSrgb] {
        let Some(mut offscreen) = offscreen([8, 8], format) else { return };
        let mut props = everything();
        props.layers[Layer::Mask] = LayerStyle { visible: true, opacity: 1.0 };
        let lens = lens(Camera { center_in_image: [4.0, 4.0], zoom: 1.0 }, [8, 8]);
        offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
        let mask = props.view.mask.as_ref().unwrap();
        let want: Vec<[u8; 4]> = mask.data().iter().map(|&class| props.palette.color(class)).collect();
        assert_eq!(offscreen.pixels(), want, "{format:?}");
    }
}

#[test]
fn a_single_label_among_millions_is_visible_at_any_zoom() {
    let size = [64, 64];
    let Some(mut offscreen) = offscreen(size, PLAIN) else { return };
    for tile in [[2000, 1500], [1999, 1501]] {
        let mut props = Props::noise(tile);
        let mut dot = Mask::unlabelled(tile[0], tile[1]);
        dot.data_mut()[777 * tile[0] as usize + 1111] = 4;
        props.sampled = Some(Arc::new(SampledMask::new(dot.clone())));
        props.labels = Some(LabelPlane::new(dot));
        for zoom in [0.03, 0.1, 0.3, 0.5, 0.77, 1.0] {
            for (shown, hidden) in [(Layer::Sampled, Layer::Labels), (Layer::Labels, Layer::Sampled)] {
                props.layers[Layer::Image].visible = false;
                props.layers[shown] = LayerStyle { visible: true, opacity: 1.0 };
                props.layers[hidden].visible = false;
                let lens = lens(Camera { center_in_image: [1111.3, 777.9], zoom }, size);
                offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
                let blue = offscreen.pixels().iter().filter(|pixel| **pixel == [0, 0, 255, 255]).count();
                assert!((1..=4).contains(&blue), "{tile:?} at {zoom}, {shown:?}: {blue} pixels");
            }
        }
    }
}

#[test]
fn clicks_are_outlined_and_brushing_uploads_only_itself() {
    let size = [32, 32];
    let Some(mut offscreen) = offscreen(size, PLAIN) else { return };
    let mut props = Props::noise([8, 8]);
    props.layers[Layer::Image].visible = false;
    props.labels = Some(LabelPlane::new(Mask::unlabelled(8, 8)));
    let lens = lens(Camera { center_in_image: [4.0, 4.0], zoom: 4.0 }, size);
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    assert!(offscreen.pixels().iter().all(|pixel| pixel[0] == BACKGROUND));
    let before = offscreen.gpu.uploads();
    let click = Stroke { tile: "noise".to_owned(), class: Some(1), radius: 0.0, path: vec![[2.5, 5.5]] };
    props.labels.as_mut().unwrap().paint(&click, 0);
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    assert_eq!(offscreen.gpu.uploads(), before + 1);
    let at = |x: usize, y: usize| offscreen.pixels()[y * 32 + x];
    assert_eq!([at(8, 20), at(11, 23)], [[255, 255, 0, 255]; 2], "yellow in the whole pixel");
    assert_eq!([at(7, 20), at(12, 23), at(8, 19), at(11, 24)], [[0, 0, 0, 255]; 4], "black around it");
    assert_eq!(at(6, 20)[0], BACKGROUND);
}

#[test]
fn opacity_colours_and_visibility_upload_nothing() {
    let Some(mut offscreen) = offscreen([16, 16], PLAIN) else { return };
    let mut props = everything();
    let lens = lens(Camera { center_in_image: [4.0, 4.0], zoom: 2.0 }, [16, 16]);
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    let uploads = offscreen.gpu.uploads();
    props.layers[Layer::Image].opacity = 0.3;
    props.layers[Layer::Mask].visible = true;
    props.palette.set_visible(3, false);
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    assert_eq!(offscreen.gpu.uploads(), uploads);
}

#[test]
fn a_patch_of_the_map_is_drawn_like_a_map_that_holds_it() {
    let size = [24, 24];
    let Some(mut offscreen) = offscreen(size, PLAIN) else { return };
    let mut props = everything();
    props.layers[Layer::Prediction].visible = true;
    props.layers[Layer::Confidence].visible = true;
    let lens = lens(Camera { center_in_image: [4.0, 4.0], zoom: 3.0 }, size);
    let patch = |corner, class| {
        let map = ClassMap { classes: Mask::from_vec(2, 1, vec![class; 2]).unwrap(), confidence: vec![33; 2] };
        Some(Arc::new(MapPatch::new(corner, map)))
    };
    let whole = props.prediction.clone().unwrap().whole;
    for patch in [None, patch([1, 1], 5), patch([2, 3], 1), patch([1, 1], 3), None] {
        let map = PatchedMap { whole: Arc::clone(&whole), patch };
        let mut merged = ClassMap::clone(&whole);
        for (x, y) in (0..4).flat_map(|y| (0..4).map(move |x| (x, y))) {
            let i = (y * 4 + x) as usize;
            (merged.classes.data_mut()[i], merged.confidence[i]) = map.at(x, y).unwrap();
        }
        props.prediction = Some(map.clone());
        offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
        let patched = offscreen.pixels();
        let mut other = Offscreen::new(size, PLAIN).unwrap();
        props.prediction = Some(Arc::new(merged).into());
        other.draw(&[(0.0, &props.frame(lens), lens)]);
        assert!(patched == other.pixels(), "{map:?}");
    }
}

#[test]
fn a_layer_that_is_not_shown_composes_nothing_anew() {
    let Some(mut offscreen) = offscreen([16, 16], PLAIN) else { return };
    let mut props = everything();
    props.layers[Layer::Prediction].visible = false;
    let lens = lens(Camera { center_in_image: [4.0, 4.0], zoom: 2.0 }, [16, 16]);
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    let before = offscreen.pixels();
    props.prediction = Some(
        Arc::new(ClassMap { classes: Mask::from_vec(4, 4, vec![2; 16]).unwrap(), confidence: vec![9; 16] }).into(),
    );
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    assert!(offscreen.pixels() == before);
    props.layers[Layer::Prediction].visible = true;
    offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    assert!(offscreen.pixels() != before, "the newer map is drawn as soon as it is shown");
}

#[test]
fn a_moved_picture_equals_one_composed_in_place() {
    let size = [40, 32];
    let Some(mut moved) = offscreen(size, PLAIN) else { return };
    let mut props = everything();
    let click = Stroke { tile: "noise".to_owned(), class: Some(1), radius: 0.0, path: vec![[2.5, 5.5]] };
    props.labels = Some(LabelPlane::new(Mask::unlabelled(8, 8)));
    props.labels.as_mut().unwrap().paint(&click, 0);
    props.layers[Layer::Labels].opacity = 0.5;
    let mut camera = Camera { center_in_image: [4.0, 4.0], zoom: 6.0 };
    for by in [
        [0.0, 0.0],
        [3.0, 0.0],
        [-5.0, 7.0],
        [1.0, -2.0],
        [0.0, 0.0],
        [0.5, 0.0],
        [-39.0, 1.0],
        [90.0, 0.0],
        [-60.0, -5.0],
    ] {
        camera.pan(by);
        let lens = lens(camera, size);
        let mut fresh = offscreen(size, PLAIN).unwrap();
        for offscreen in [&mut moved, &mut fresh] {
            offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
        }
        assert!(moved.pixels() == fresh.pixels(), "after a move by {by:?}");
    }
}

#[test]
fn a_dab_on_odd_edge_pixels_is_visible_zoomed_out() {
    let size = [12, 12];
    let Some(mut painted) = offscreen(size, PLAIN) else { return };
    let mut props = Props::noise([127, 95]);
    props.labels = Some(LabelPlane::new(Mask::unlabelled(127, 95)));
    for zoom in [1.0 / 16.1, 1.0 / 31.9, 1.0 / 9.0, 1.0 / 4.1] {
        let lens = lens(Camera { center_in_image: [120.0, 90.0], zoom }, size);
        for (class, at) in [(1, [126.5, 3.5]), (2, [2.5, 94.5]), (3, [126.5, 94.5])] {
            let dab = Stroke { tile: "noise".to_owned(), class: Some(class), radius: 0.0, path: vec![at] };
            let mut fresh = offscreen(size, PLAIN).unwrap();
            painted.draw(&[(0.0, &props.frame(lens), lens)]);
            props.labels.as_mut().unwrap().paint(&dab, 0);
            for offscreen in [&mut painted, &mut fresh] {
                offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
            }
            assert!(painted.pixels() == fresh.pixels(), "class {class} at zoom {zoom}");
        }
    }
}

#[test]
fn a_painted_picture_equals_one_composed_from_scratch() {
    let size = [60, 48];
    let Some(mut painted) = offscreen(size, PLAIN) else { return };
    let mut props = everything();
    props.labels = Some(LabelPlane::new(Mask::unlabelled(8, 8)));
    for (zoom, by) in [(6.0, [0.0, 0.0]), (6.0, [2.0, -3.0]), (2.3, [0.0, 0.0]), (0.4, [0.0, 0.0]), (30.0, [1.0, 0.0])]
    {
        let mut camera = Camera { center_in_image: [4.0, 4.0], zoom };
        for (n, at) in [[2.5, 5.5], [7.9, 0.1], [4.0, 4.0], [0.2, 7.8]].into_iter().enumerate() {
            camera.pan(by);
            let (class, radius) = ((n > 0).then_some(n as u8), [0.0, 1.2][n % 2]);
            let dab = Stroke { tile: "noise".to_owned(), class, radius, path: vec![at, [at[0], 4.0]] };
            props.labels.as_mut().unwrap().paint(&dab, 0);
            let lens = lens(camera, size);
            let mut fresh = offscreen(size, PLAIN).unwrap();
            for offscreen in [&mut painted, &mut fresh] {
                offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
            }
            assert!(painted.pixels() == fresh.pixels(), "dab {n} at zoom {zoom}, moved by {by:?}");
        }
    }
}

#[test]
fn a_large_tile_is_coarse_at_first_and_complete_after_some_frames() {
    let size = [64, 64];
    let Some(mut in_time) = offscreen(size, PLAIN) else { return };
    let mut props = Props::noise([1800, 1500]);
    props.sampled = Some(Arc::new(SampledMask::new(sparse_over([1800, 1500]))));
    props.labels = Some(LabelPlane::new(Mask::unlabelled(1800, 1500)));
    for layer in [Layer::Image, Layer::Mask, Layer::Sampled, Layer::Labels] {
        props.layers[layer] = LayerStyle { visible: true, opacity: 0.7 };
    }
    let lens = lens(Camera { center_in_image: [900.0, 700.0], zoom: 1.0 }, size);
    let mut frames = 0;
    loop {
        frames += 1;
        let more = in_time.gpu.prepare_in_time(&in_time.device, &in_time.queue, 0, &props.frame(lens));
        if frames == 2 {
            // A dab while the tile is still being uploaded.
            let dab = Stroke { tile: "noise".to_owned(), class: Some(2), radius: 9.0, path: vec![[900.0, 700.0]] };
            props.labels.as_mut().unwrap().paint(&dab, 0);
        }
        if !more {
            break;
        }
    }
    assert!((4..60).contains(&frames), "{frames} frames");
    let uploads = in_time.gpu.uploads();
    let mut whole = offscreen(size, PLAIN).unwrap();
    for offscreen in [&mut in_time, &mut whole] {
        offscreen.draw(&[(0.0, &props.frame(lens), lens)]);
    }
    assert_eq!(in_time.gpu.uploads(), uploads, "nothing is left to upload");
    assert!(in_time.pixels() == whole.pixels());
}

/// A label on every 50th pixel.
fn sparse_over(size: [u32; 2]) -> Mask {
    let data = (0..size[0] * size[1]).map(|i| if i % 50 == 0 { 3 } else { 255 }).collect();
    Mask::from_vec(size[0], size[1], data).unwrap()
}
