//! Frame time of the canvas and upload time of a tile, offscreen: `cargo bench --bench compositor`.
//!
//! Two views of 800×1000 side by side pan over one 2448² tile.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(dead_code, reason = "the tests use more of the helper")]

#[path = "../tests/offscreen/mod.rs"]
mod offscreen;

use std::sync::Arc;
use std::time::Instant;

use offscreen::{Offscreen, Props, lens};
use pointillist::domain::geometry::Camera;
use pointillist::domain::{ClassMap, Sampling, Strategy, Stroke, sampling};
use pointillist::ui::state::label_plane::LabelPlane;
use pointillist::ui::state::layer::{Layer, LayerStyle};
use pointillist::ui::state::sampled_mask::SampledMask;

const TILE: [u32; 2] = [2448, 2448];
const VIEW: [u32; 2] = [800, 1000];

fn main() {
    sampling_speed();
    let Some(mut offscreen) = Offscreen::new([1600, 1000], wgpu::TextureFormat::Rgba8Unorm) else {
        println!("skipped: no adapter");
        return;
    };
    println!("adapter: {}", offscreen.adapter);
    let props = scene();
    upload_speed(&mut offscreen, &props);
    for zoom in [0.32, 1.0, 3.0] {
        for (name, layers) in [
            ("image", &[Layer::Image][..]),
            ("image + mask", &[Layer::Image, Layer::Mask]),
            ("image + sampled + prediction", &[Layer::Image, Layer::Sampled, Layer::Prediction]),
            ("all six layers", &SIX),
        ] {
            let [moved, composed] = [3.0, 3.5].map(|px| frame_ms(&mut offscreen, &props, zoom, layers, px));
            println!("zoom {zoom}, {name}: {moved:.1} ms/frame; {composed:.1} ms where all of it is composed");
        }
    }
}

/// Image, mask, 10 % sampled, a full prediction, and 200 clicks.
fn scene() -> Props {
    let mut props = Props::noise(TILE);
    let mask = Arc::clone(props.view.mask.as_ref().expect("the noise has a mask"));
    let pixels = mask.data().len();
    props.sampled = Some(Arc::new(SampledMask::new(sampling::sample(&mask, "noise", &Sampling::default()))));
    let map = ClassMap { classes: (*mask).clone(), confidence: vec![200; pixels] };
    props.prediction = Some(Arc::new(map).into());
    let mut labels = LabelPlane::new(pointillist::domain::Mask::unlabelled(TILE[0], TILE[1]));
    for i in 0..200_u16 {
        let at = [f32::from(i) * 12.0, f32::from(i % 17) * 140.0];
        labels.paint(&Stroke { tile: "noise".to_owned(), class: Some(1), radius: 3.0, path: vec![at] }, 0);
    }
    props.labels = Some(labels);
    props
}

fn sampling_speed() {
    let mask = Props::noise(TILE).view.mask.clone().expect("the noise has a mask");
    for strategy in [
        Strategy::FractionPerClass(0.5),
        Strategy::FractionPerClass(0.1),
        Strategy::FractionPerClass(0.01),
        Strategy::FractionOfPixels(0.1),
        Strategy::PointsPerClass(5),
    ] {
        let sampling = Sampling { strategy, seed: 42 };
        let ms = median_ms(7, || drop(sampling::sample(&mask, "noise", &sampling)));
        println!("sampling {}: {ms:.1} ms", strategy.describe());
    }
}

/// A new tile with everything, then one dab of the brush.
fn upload_speed(offscreen: &mut Offscreen, props: &Props) {
    let lens = lens(Camera::fit(TILE, [800.0, 1000.0]), VIEW);
    let Some(mut fresh) = Offscreen::new([1600, 1000], wgpu::TextureFormat::Rgba8Unorm) else { return };
    for warming in [&mut *offscreen, &mut fresh] {
        // Pipelines are built once, for the first tile.
        let small = Props { layers: props.layers.clone(), ..Props::noise([8, 8]) };
        warming.gpu.prepare(&warming.device, &warming.queue, 0, &small.frame(lens));
    }
    let start = Instant::now();
    offscreen.gpu.prepare(&offscreen.device, &offscreen.queue, 0, &props.frame(lens));
    println!("upload of a tile with all layers: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    // As the window gets it: the prediction comes later.
    let arriving = Props { labels: props.labels.clone(), prediction: None, ..scene_of(props) };
    let (mut frames, mut more) = (Vec::new(), true);
    while more {
        let start = Instant::now();
        more = fresh.gpu.prepare_in_time(&fresh.device, &fresh.queue, 0, &arriving.frame(lens));
        frames.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let longest = frames.iter().copied().fold(0.0, f64::max);
    let (count, median) = (frames.len(), median(frames));
    println!(
        "the same without prediction, in strips: {count} frames, median {median:.1} ms, the longest {longest:.1} ms"
    );
    let mut frame_props = Props { labels: props.labels.clone(), ..scene_of(props) };
    let ms = median_ms(15, || {
        let dab = Stroke { tile: "noise".to_owned(), class: Some(2), radius: 20.0, path: vec![[700.0, 900.0]] };
        if let Some(labels) = &mut frame_props.labels {
            labels.paint(&dab, 0);
        }
        offscreen.gpu.prepare(&offscreen.device, &offscreen.queue, 0, &frame_props.frame(lens));
    });
    println!("a dab of the brush, until all is handed to the device: {ms:.2} ms");
}

/// What `docs/benchmarks.md` measures.
const SIX: [Layer; 6] =
    [Layer::Image, Layer::Mask, Layer::Sampled, Layer::Prediction, Layer::Confidence, Layer::Labels];

fn scene_of(props: &Props) -> Props {
    Props {
        view: Arc::clone(&props.view),
        sampled: props.sampled.clone(),
        labels: None,
        prediction: props.prediction.clone(),
        palette: props.palette.clone(),
        scored: props.scored.clone(),
        layers: props.layers.clone(),
    }
}

/// Median time of a frame while panning by so many pixels. Whole pixels are moved, all else is composed anew.
fn frame_ms(offscreen: &mut Offscreen, props: &Props, zoom: f32, layers: &[Layer], px: f32) -> f64 {
    let mut props = Props { labels: props.labels.clone(), ..scene_of(props) };
    for layer in Layer::ALL {
        let opacity = if layer == Layer::Image { 1.0 } else { 0.6 };
        props.layers[layer] = LayerStyle { visible: layers.contains(&layer), opacity };
    }
    let mut step = 0.0;
    median_ms(25, || {
        step += px / zoom;
        let lens = lens(Camera { center_in_image: [1000.0 + step, 1200.0], zoom }, VIEW);
        let frame = props.frame(lens);
        offscreen.draw(&[(0.0, &frame, lens), (800.0, &frame, lens)]);
    })
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn median_ms(times: usize, mut work: impl FnMut()) -> f64 {
    let taken: Vec<f64> = (0..times)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    median(taken)
}
