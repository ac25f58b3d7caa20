//! The start of a network with a pretrained encoder: a linear head is fitted to the labels and pseudo-labels on the encoder's stages, and the
//! network begins where that is.

use burn::module::Module as _;
use burn::tensor::{Device, Tensor};

use crate::data::feed::batch::Batch;
use crate::data::feed::training_set::TrainingSet;
use crate::data::feed::windows::Window;
use crate::domain::RunConfig;
use crate::domain::config::InputSize;
use crate::model::{Net, StageHead};
use crate::pretrained::lite0::Rows;
use crate::quick::course::Course;
use crate::quick::head::QuickHead;
use crate::quick::mask_clicks::{labelled_pixels, spread_pixels};
use crate::quick::samples::{LabelledPixel, TileSamples};
use crate::quick::tile_features::TileFeatures;
use crate::train::trainer::images;

/// Side of the windows that the encoder sees, pixels: wide enough for the context that a coarse stage takes in.
const SIDE: u32 = 512;
/// Windows that are looked at, at most. The encoder takes less than a tenth of a second for one.
const WINDOWS: usize = 128;
/// Labelled pixels of a class in a window that are learned from, at most.
const PIXELS: usize = 50;

/// Pixels with pseudo-labels that are learned from, at most.
const PSEUDO: usize = 4000;

/// Lets the network begin where a linear head is that has learned from the set's labels; a network without a pretrained encoder
/// begins as it is, and so does one whose configuration forgoes it. `device` is the plain one, without autodiff. `go_on` is
/// asked before each tile and window, with how many windows are done of how many. `None` once it says no.
pub(super) fn give(
    net: &mut Net,
    set: &TrainingSet,
    config: &RunConfig,
    device: &Device,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<()> {
    if !config.train.head_start || !config.model.encoder.is_pretrained() {
        return Some(());
    }
    let encoder = net.valid();
    let side = match set.frame() {
        InputSize::Crop(_) => SIDE,
        InputSize::Resize(side) => side,
    };
    let windows = Window::with_labels(set, side, WINDOWS, config.seed, &mut || go_on(0, 0))?;
    let mut samples = Vec::new();
    for (done, window) in windows.iter().enumerate() {
        if !go_on(done, windows.len()) {
            return None;
        }
        let Ok(batch) = window.cut(set) else { continue }; // The loader reports what cannot be read.
        let stages = encoder.stages(images(&batch, device)).unwrap_or_default();
        let stages: Vec<Rows> = stages.into_iter().map(rows).collect();
        let features = TileFeatures::of_stages([batch.size as usize; 2], &stages);
        samples.push(TileSamples::new(
            &features,
            &lessons(&batch, PSEUDO / windows.len(), config.train.pseudo_labels as f32),
        ));
    }
    let samples: Vec<&TileSamples> = samples.iter().collect();
    let head = QuickHead::learn(&Course::of(&samples), None);
    if let Some(head) = head.and_then(|head| for_all_classes(&head, set.classes())) {
        net.start_from(&head, &device.clone().autodiff());
    }
    Some(())
}

/// Pixels of a window with labels, and at most `pseudo` with pseudo-labels, which have this weight.
fn lessons(batch: &Batch, pseudo: usize, weight: f32) -> Vec<LabelledPixel> {
    let mut pixels = labelled_pixels(&batch.targets, batch.size, PIXELS);
    let clicks = pixels.last().map_or(0, |pixel| pixel.click + 1);
    let of_maps = spread_pixels(&batch.pseudo.labels, batch.size, pseudo);
    pixels.extend(of_maps.into_iter().map(|pixel| LabelledPixel { click: clicks + pixel.click, weight, ..pixel }));
    pixels
}

/// The values of one image's stage, row by row.
fn rows(stage: Tensor<4>) -> Rows {
    let [_, channels, height, width] = stage.dims();
    let mut rows = Rows::zeros(channels, width, height);
    let values: Vec<f32> = stage.into_data().try_to_vec().expect("networks compute in f32");
    for (from, line) in values.chunks_exact(width).enumerate() {
        let (channel, y) = (from / height, from % height);
        let to = (y * channels + channel) * width;
        rows.values[to..to + width].copy_from_slice(line);
    }
    rows
}

/// The head with an output for each class of the project. Those that it does not know get no evidence.
fn for_all_classes(head: &QuickHead, classes: usize) -> Option<StageHead> {
    let (known, intercepts) = head.linear_map()?;
    let width = known.len() / intercepts.len();
    let (mut weights, mut biases) = (vec![0.0; classes * width], vec![0.0; classes]);
    for ((&class, row), intercept) in head.classes().iter().zip(known.chunks_exact(width)).zip(intercepts) {
        let class = usize::from(class);
        weights[class * width..(class + 1) * width].copy_from_slice(row);
        biases[class] = intercept;
    }
    // Weights of an odd file can give features beyond half precision.
    let is_finite = weights.iter().chain(&biases).all(|value| value.is_finite());
    is_finite.then_some(StageHead { weights, biases })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::Project;
    use crate::data::feed::pseudo_labels::Pseudo;
    use crate::domain::config::{Encoder, ModelConfig};
    use crate::domain::{Edit, LabelBook, Sampling, Strategy, Stroke, UNLABELLED};

    /// A tile of 128×96 pixels, left red, right green, with a click of class 1 on the left and of class 0 on the right.
    fn set(folder: &std::path::Path) -> TrainingSet {
        let image = RgbImage::from_fn(128, 96, |x, y| {
            let noise = ((x * 31 + y * 17) % 13) as u8;
            if x < 64 { Rgb([200 + noise, 40, 30]) } else { Rgb([40, 180 + noise, 30]) }
        });
        image.save(folder.join("a.png")).unwrap();
        let project = Arc::new(Project::open(folder).unwrap());
        let mut book = LabelBook::default();
        for (class, x) in [(1, 30.0), (0, 100.0)] {
            let tile = project.tiles[0].id.clone();
            book.apply(Edit::Begin(Stroke { tile, class: Some(class), radius: 4.0, path: vec![[x, 50.0]] }));
        }
        let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
        TrainingSet::new(project, vec![0], InputSize::Crop(64), sampling, book)
    }

    /// The network before and after it is given a head start.
    fn nets(folder: &std::path::Path, head_start: bool, go_on: bool) -> (Option<()>, [Net; 2], TrainingSet) {
        let (set, device) = (set(folder), Device::flex());
        let model = ModelConfig { encoder: Encoder::Lite0, base: 2, ..ModelConfig::default() };
        let mut config = RunConfig { model, ..RunConfig::default() };
        config.train.head_start = head_start;
        let mut net = Net::new(&config.model, set.classes(), &device.clone().autodiff());
        let before = net.valid();
        let given = give(&mut net, &set, &config, &device, &mut |_, _| go_on);
        (given, [before, net.valid()], set)
    }

    /// Share of the tile's pixels with the right class; a band at the border of the two halves is left out.
    fn right(net: &Net, set: &TrainingSet) -> f64 {
        let classes = logits(net, set).argmax(1).into_data().convert::<i64>();
        let classes: Vec<i64> = classes.try_to_vec().unwrap();
        let judged: Vec<bool> = (0..128 * 96)
            .filter(|at| !(56..72).contains(&(at % 128)))
            .map(|at| classes[at] == i64::from(at % 128 < 64))
            .collect();
        judged.iter().filter(|right| **right).count() as f64 / judged.len() as f64
    }

    fn logits(net: &Net, set: &TrainingSet) -> Tensor<4> {
        let batch = Window::with_labels(set, 128, 1, 1, &mut || true).unwrap()[0].cut(set).unwrap();
        net.forward(images(&batch, &Device::flex()))
    }

    #[test]
    fn an_untrained_network_knows_what_two_clicks_tell() {
        let folder = tempfile::tempdir().unwrap();
        let (given, [_, net], set) = nets(folder.path(), true, true);
        assert!(given.is_some() && right(&net, &set) > 0.95, "{}", right(&net, &set));
    }

    #[test]
    fn without_a_head_start_it_stays_as_it_is_and_a_stop_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let (given, nets_without, set) = nets(folder.path(), false, true);
        let [before, after] = nets_without.map(|net| logits(&net, &set).into_data().try_to_vec::<f32>().unwrap());
        assert!(given.is_some() && before == after);
        assert!(nets(folder.path(), true, false).0.is_none());
    }

    #[test]
    fn labels_and_pseudo_labels_are_lessons_of_their_own() {
        let mut batch = Batch::new(vec![0.0; 3 * 16], [vec![5; 2], vec![UNLABELLED; 14]].concat(), 4);
        batch.pseudo = Pseudo { labels: vec![2; 16], classes: vec![2] };
        let told = |pseudo| -> Vec<_> {
            lessons(&batch, pseudo, 0.5).iter().map(|pixel| (pixel.class, pixel.click, pixel.weight)).collect()
        };
        assert_eq!(told(0), [(5, 0, 1.0), (5, 0, 1.0)], "two pixels that touch are a click");
        assert_eq!(told(3), [(5, 0, 1.0), (5, 0, 1.0), (2, 1, 0.5), (2, 2, 0.5), (2, 3, 0.5)]);
    }
}
