//! Predicting tiles with a network, window by window.

use std::collections::VecDeque;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::window::{self, Window};
use crate::data::Picture;
use crate::data::feed::augment::Symmetry;
use crate::data::feed::{crop, normalize};
use crate::domain::config::InputSize;
use crate::domain::geometry::PixelRect;
use crate::domain::{Classes, Mask, Validity};
use crate::model::{IN_CHANNELS, Net};
use crate::train::snapshot::Snapshot;

/// Smallest side of a window, pixels. Small crops are trained on, but larger windows waste less on overlap.
const SMALLEST_WINDOW: u32 = 256;

/// A network ready to predict.
pub struct Predictor {
    net: Net,
    device: Device,
    input: InputSize,
    window: u32,
    scored: Vec<bool>,
    /// The scored classes that may be predicted.
    candidates: Vec<bool>,
    table: [[f32; 256]; 3],
}

/// The prediction of a tile.
#[derive(Clone, Debug)]
pub struct TilePrediction {
    /// The most probable class per pixel, never an ignored or unknown one; unlabelled where nothing is predicted yet and where the image
    /// has no pixel.
    pub classes: Mask,
    /// Its probability, 0 to 255.
    pub confidence: Vec<u8>,
}

/// A prediction in progress.
pub struct TileJob {
    picture: Arc<Picture>,
    windows: VecDeque<Window>,
    prediction: TilePrediction,
    /// Every pixel has been predicted, in this pass or an earlier one.
    whole: bool,
}

impl Predictor {
    /// Takes a network in validation mode, trained on `input`; sides of windows are multiples of `stride`.
    pub fn new(net: Net, input: InputSize, stride: u32, classes: &Classes, device: Device) -> Self {
        let window = match input {
            InputSize::Resize(size) => size,
            InputSize::Crop(size) => size.max(SMALLEST_WINDOW.next_multiple_of(stride)),
        };
        let scored: Vec<bool> = classes.iter().map(|class| !class.ignored).collect();
        Self { net, device, input, window, candidates: scored.clone(), scored, table: normalize::table() }
    }

    /// Replaces the network by another state of itself, and the classes that may be predicted.
    pub fn show(&mut self, snapshot: Snapshot) {
        let Snapshot { net, predicts } = snapshot;
        self.net = net;
        let may = |(class, scored): (usize, &bool)| *scored && predicts.get(class).copied().unwrap_or(true);
        self.candidates = self.scored.iter().enumerate().map(may).collect();
    }

    /// The device it computes on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A tile as the network sees it: resized, if the run was trained on resized tiles.
    pub fn fit(&self, picture: Arc<Picture>) -> Arc<Picture> {
        match self.input {
            InputSize::Resize(size) => Arc::new(picture.resize(size, size)),
            InputSize::Crop(_) => picture,
        }
    }

    /// Starts a tile made by [`Predictor::fit`]. The windows nearest to `first`, in pixels of the tile, come first.
    pub fn begin(&self, picture: Arc<Picture>, first: Option<PixelRect>) -> TileJob {
        let first = first.filter(|_| matches!(self.input, InputSize::Crop(_)));
        let size = picture.size();
        let windows = window::cover(size, self.window, first).into();
        let prediction = TilePrediction {
            classes: Mask::unlabelled(size[0], size[1]),
            confidence: vec![0; size[0] as usize * size[1] as usize],
        };
        TileJob { picture, windows, prediction, whole: false }
    }

    /// Predicts a whole tile, at its own size.
    pub fn predict(&self, picture: Picture) -> TilePrediction {
        let ([width, height], valid) = (picture.size(), picture.valid.clone());
        let mut job = self.begin(self.fit(Arc::new(picture)), None);
        while job.advance(self) {}
        let mut prediction = job.finish().at_size(width, height);
        prediction.take_out_missing(valid.as_ref());
        prediction
    }

    /// Logits of one window: `[classes, window, window]`.
    fn logits(&self, image: &RgbImage, corner: [i64; 2]) -> Vec<f32> {
        let mut bands = Vec::new();
        crop::cut_image(image, corner, Symmetry::default(), self.window, &self.table, &mut bands);
        let side = self.window as usize;
        let input = Tensor::from_data(TensorData::new(bands, [1, IN_CHANNELS, side, side]), &self.device);
        let data = self.net.forward(input).into_data().convert::<f32>();
        data.try_to_vec().expect("it was just converted to f32")
    }
}

impl TileJob {
    /// Predicts the next window. Returns `false` if there was none left.
    pub fn advance(&mut self, predictor: &Predictor) -> bool {
        let Some(window) = self.windows.pop_front() else { return false };
        let logits = predictor.logits(&self.picture.rgb, window.corner);
        self.prediction.write(&logits, predictor.window, &predictor.candidates, &window);
        if self.windows.is_empty() {
            self.prediction.take_out_missing(self.picture.valid.as_ref());
        }
        true
    }

    /// Starts from an earlier prediction of the same tile and overwrites it window by window.
    pub fn over(mut self, earlier: TilePrediction) -> Self {
        if earlier.classes.size() == self.prediction.classes.size() {
            self.prediction = earlier;
            self.whole = true;
        }
        self
    }

    /// Whether every pixel has been predicted, here or in the earlier prediction.
    pub fn is_whole(&self) -> bool {
        self.whole || self.windows.is_empty()
    }

    /// Whether every window has been predicted.
    pub fn is_complete(&self) -> bool {
        self.windows.is_empty()
    }

    /// The prediction so far.
    pub fn so_far(&self) -> &TilePrediction {
        &self.prediction
    }

    /// The prediction.
    pub fn finish(self) -> TilePrediction {
        self.prediction
    }
}

impl TilePrediction {
    /// Writes the kept part of a window: the class with the highest logit, and its softmax probability.
    fn write(&mut self, logits: &[f32], side: u32, candidates: &[bool], window: &Window) {
        let (side, kept) = (side as usize, window.kept);
        let plane = side * side;
        let width = self.classes.width() as usize;
        for y in kept.y..kept.y + kept.height {
            let row = (i64::from(y) - window.corner[1]) as usize * side;
            for x in kept.x..kept.x + kept.width {
                let source = row + (i64::from(x) - window.corner[0]) as usize;
                let (class, probability) = most_probable(|c| logits[c * plane + source], candidates);
                let target = y as usize * width + x as usize;
                self.classes.data_mut()[target] = class;
                self.confidence[target] = (probability * 255.0).round() as u8;
            }
        }
    }

    /// Removes the prediction where the image has no pixel.
    fn take_out_missing(&mut self, valid: Option<&Validity>) {
        let Some(valid) = valid else { return };
        valid.take_out_of(&mut self.classes);
        let missing = valid.flags().iter().map(|exists| !exists);
        self.confidence.iter_mut().zip(missing).filter(|(_, missing)| *missing).for_each(|(p, _)| *p = 0);
    }

    /// Resizes it by nearest neighbour: networks trained on resized tiles predict at that size.
    pub fn at_size(self, width: u32, height: u32) -> Self {
        if self.classes.size() == [width, height] {
            return self;
        }
        let [w, h] = self.classes.size();
        let confidence = Mask::from_vec(w, h, self.confidence).expect("one confidence per pixel");
        Self {
            classes: self.classes.resize_nearest(width, height),
            confidence: confidence.resize_nearest(width, height).data().to_vec(),
        }
    }
}

/// The candidate with the highest logit and its probability among the candidates.
fn most_probable(logit: impl Fn(usize) -> f32, is_candidate: &[bool]) -> (u8, f32) {
    let candidates = || (0..is_candidate.len()).filter(|&class| is_candidate[class]);
    let best = candidates().fold(None, |best: Option<usize>, class| match best {
        Some(other) if logit(other) >= logit(class) => best,
        _ => Some(class),
    });
    let best = best.unwrap_or(0);
    let sum: f32 = candidates().map(|class| (logit(class) - logit(best)).exp()).sum();
    (best as u8, 1.0 / sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UNLABELLED;
    use crate::domain::config::ModelConfig;

    #[test]
    fn ignored_classes_are_never_predicted() {
        let logits = [0.0, 3.0_f32.ln(), 9.0];
        let (class, probability) = most_probable(|c| logits[c], &[true, true, false]);
        assert_eq!(class, 1);
        assert!((probability - 0.75).abs() < 1e-6);
    }

    fn predictor(input: InputSize) -> Predictor {
        let device = Device::flex();
        device.seed(5);
        let config = ModelConfig { base: 2, levels: 3, ..ModelConfig::default() };
        let net = Net::new(&config, 7, &device);
        Predictor::new(net, input, config.stride(), &Classes::deepglobe(), device)
    }

    fn picture(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x ^ y) as u8]))
    }

    #[test]
    fn every_pixel_of_a_tile_of_any_size_is_predicted() {
        for input in [InputSize::Crop(32), InputSize::Resize(64)] {
            let prediction = predictor(input).predict(picture(301, 77).into());
            assert_eq!(prediction.classes.size(), [301, 77]);
            assert!(prediction.classes.data().iter().all(|&class| class < 6 && class != UNLABELLED));
            assert!(prediction.confidence.iter().all(|&p| p > 255 / 7));
        }
    }

    #[test]
    fn only_classes_that_had_a_label_are_predicted() {
        let mut predictor = predictor(InputSize::Crop(32));
        let before = predictor.predict(picture(80, 60).into());
        let mut predicts = vec![false; 7];
        let among = |predictor: &mut Predictor, predicts: &[bool]| {
            predictor.show(Snapshot { net: predictor.net.clone(), predicts: predicts.to_vec() });
            predictor.predict(picture(80, 60).into())
        };
        for class in [4, 2] {
            predicts[class] = true;
            let prediction = among(&mut predictor, &predicts);
            assert!(prediction.classes.data().iter().all(|class| predicts[usize::from(*class)]));
            let alone = predicts.iter().filter(|predicts| **predicts).count() == 1;
            assert!(
                prediction.confidence.iter().all(|p| if alone { *p == 255 } else { *p >= 127 }),
                "of candidates only"
            );
        }
        let all = among(&mut predictor, &[true; 7]);
        assert_eq!((all.classes.data(), &all.confidence), (before.classes.data(), &before.confidence));
    }

    #[test]
    fn missing_pixels_are_not_predicted() {
        for input in [InputSize::Crop(32), InputSize::Resize(64)] {
            let flags = (0..80 * 60).map(|i| i % 80 >= 20).collect();
            let whole = Picture { rgb: picture(80, 60), valid: Validity::new([80, 60], flags) };
            let prediction = predictor(input).predict(whole);
            for (i, (class, confidence)) in prediction.classes.data().iter().zip(&prediction.confidence).enumerate() {
                assert_eq!((*class == UNLABELLED, *confidence == 0), (i % 80 < 20, i % 80 < 20), "{i}");
            }
        }
    }

    #[test]
    fn the_view_changes_the_order_but_not_the_result() {
        let predictor = predictor(InputSize::Crop(32));
        let image = picture(600, 300);
        let corner = PixelRect { x: 500, y: 200, width: 50, height: 50 };
        let mut job = predictor.begin(Arc::new(image.clone().into()), Some(corner));
        job.advance(&predictor);
        assert_eq!(job.so_far().classes.get(0, 0), UNLABELLED);
        assert_ne!(job.so_far().classes.get(599, 299), UNLABELLED);
        while job.advance(&predictor) {}
        assert!(job.is_complete());
        assert_eq!(job.finish().classes, predictor.predict(image.into()).classes);
    }
}
