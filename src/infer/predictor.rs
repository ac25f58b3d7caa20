//! Predicting tiles with a network, window by window.

use std::collections::VecDeque;
use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::window::{self, Window};
use super::{decision, enlarge, overview};
use crate::data::Picture;
use crate::data::feed::augment::Symmetry;
use crate::data::feed::{crop, normalize};
use crate::domain::config::InputSize;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, Classes, Validity};
use crate::model::{IN_CHANNELS, Net};
use crate::train::snapshot::Snapshot;

/// Smallest side of a window, pixels. Small crops are trained on, but larger windows waste less on overlap.
const SMALLEST_WINDOW: u32 = 256;

/// A network ready to predict. A clone is a snapshot: it keeps its network when the original gets another.
#[derive(Clone)]
pub struct Predictor {
    net: Net,
    device: Device,
    input: InputSize,
    window: u32,
    stride: u32,
    scored: Vec<bool>,
    /// The scored classes that may be predicted.
    candidates: Vec<bool>,
    table: [[f32; 256]; 3],
}

/// A prediction in progress.
pub struct TileJob {
    picture: Arc<Picture>,
    /// The tile at low resolution, to be predicted before the first window.
    overview: Option<Arc<RgbImage>>,
    windows: VecDeque<Window>,
    /// Windows in all.
    total: usize,
    prediction: ClassMap,
}

impl Predictor {
    /// Takes a network in validation mode, trained on `input`; sides of windows are multiples of `stride`.
    pub fn new(net: Net, input: InputSize, stride: u32, classes: &Classes, device: Device) -> Self {
        let window = match input {
            InputSize::Resize(size) => size,
            InputSize::Crop(size) => size.max(SMALLEST_WINDOW.next_multiple_of(stride)),
        };
        let scored: Vec<bool> = classes.iter().map(|class| !class.ignored).collect();
        Self { net, device, input, window, stride, candidates: scored.clone(), scored, table: normalize::table() }
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

    /// Starts a tile made by [`Predictor::fit`].
    pub fn begin(&self, picture: Arc<Picture>) -> TileJob {
        let size = picture.size();
        let windows: VecDeque<Window> = window::cover(size, self.window).into();
        let total = windows.len();
        TileJob { picture, overview: None, windows, total, prediction: ClassMap::unpredicted(size) }
    }

    /// A tile made by [`Predictor::fit`] at low resolution, for [`TileJob::overview_first`]; `None` if the whole tile is
    /// predicted at once anyway.
    pub fn overview(&self, picture: &Picture) -> Option<RgbImage> {
        let is_one_window = picture.size().into_iter().all(|side| side <= self.window);
        (!is_one_window).then(|| overview::shrunk(&picture.rgb))
    }

    /// Predicts a whole tile, at its own size.
    pub fn predict(&self, picture: Picture) -> ClassMap {
        let picture = Arc::new(picture);
        let mut job = self.begin(self.fit(Arc::clone(&picture)));
        while job.advance(self) {}
        job.finish_for(&picture)
    }

    /// Predicts a whole tile of `size` at low resolution, in one pass.
    fn predict_overview(&self, overview: &RgbImage, size: [u32; 2]) -> ClassMap {
        let (width, height) = overview.dimensions();
        let window = Window::around([width, height], overview::side(overview, self.stride));
        let logits = self.logits(overview, &window);
        let mut small = ClassMap::unpredicted([width, height]);
        decision::write(&mut small, &logits, &self.candidates, &window, None);
        let classes = enlarge::classes(&logits, &window, &self.candidates, size);
        ClassMap { classes, ..small.resized(size) }
    }

    fn predict_window(&self, image: &RgbImage, window: &Window, valid: Option<&Validity>, to: &mut ClassMap) {
        let logits = self.logits(image, window);
        decision::write(to, &logits, &self.candidates, window, valid);
    }

    /// Logits of one window: `[classes, side, side]`.
    fn logits(&self, image: &RgbImage, window: &Window) -> Vec<f32> {
        let mut bands = Vec::new();
        crop::cut_image(image, window.corner, Symmetry::default(), window.side, &self.table, &mut bands);
        let side = window.side as usize;
        let input = Tensor::from_data(TensorData::new(bands, [1, IN_CHANNELS, side, side]), &self.device);
        let data = self.net.forward(input).into_data().convert::<f32>();
        data.try_to_vec().expect("it was just converted to f32")
    }
}

impl TileJob {
    /// Predicts the whole tile at low resolution before the first window, from what [`Predictor::overview`] made of it.
    pub fn overview_first(mut self, overview: Option<Arc<RgbImage>>) -> Self {
        self.overview = overview;
        self
    }

    /// Predicts the windows nearest to the middle of `rect`, in pixels of the tile, next.
    pub fn look_at(&mut self, rect: PixelRect) {
        window::sort_by_distance(self.windows.make_contiguous(), rect);
    }

    /// Predicts the overview or the next window. Returns `false` if there was nothing left.
    pub fn advance(&mut self, predictor: &Predictor) -> bool {
        if let Some(overview) = self.overview.take() {
            self.prediction = predictor.predict_overview(&overview, self.picture.size());
            self.prediction.take_out_missing(self.picture.valid.as_ref());
            return true;
        }
        let Some(window) = self.windows.pop_front() else { return false };
        let Picture { rgb, valid } = &*self.picture;
        predictor.predict_window(rgb, &window, valid.as_ref(), &mut self.prediction);
        true
    }

    /// Whether every pixel of `rect` is predicted at full resolution; of the whole tile if there is no `rect`.
    pub fn is_sharp_in(&self, rect: Option<PixelRect>) -> bool {
        let is_open = |window: &Window| rect.is_none_or(|rect| window.kept.meets(rect));
        self.overview.is_none() && !self.windows.iter().any(is_open)
    }

    /// Share of the windows that are predicted, 0 to 1.
    pub fn share(&self) -> f32 {
        1.0 - self.windows.len() as f32 / self.total.max(1) as f32
    }

    /// Whether every window has been predicted.
    pub fn is_complete(&self) -> bool {
        self.is_sharp_in(None)
    }

    /// The prediction so far.
    pub fn so_far(&self) -> &ClassMap {
        &self.prediction
    }

    /// The prediction at the size of the picture that [`Predictor::fit`] made the tile of.
    pub fn finish_for(self, picture: &Picture) -> ClassMap {
        let mut prediction = self.finish().resized(picture.size());
        prediction.take_out_missing(picture.valid.as_ref());
        prediction
    }

    /// The prediction.
    pub fn finish(self) -> ClassMap {
        self.prediction
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::UNLABELLED;
    use crate::domain::config::ModelConfig;

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
        let mut job = predictor.begin(Arc::new(image.clone().into()));
        job.look_at(PixelRect { x: 500, y: 200, width: 50, height: 50 });
        job.advance(&predictor);
        assert_eq!(job.so_far().classes.get(0, 0), UNLABELLED);
        assert_ne!(job.so_far().classes.get(599, 299), UNLABELLED);
        while job.advance(&predictor) {}
        assert!(job.is_complete());
        assert_eq!(job.finish().classes, predictor.predict(image.into()).classes);
    }

    #[test]
    fn an_overview_shows_the_whole_tile_in_one_turn_and_windows_sharpen_it() {
        let predictor = predictor(InputSize::Crop(32));
        let flags = (0..1400 * 700).map(|i| i % 1400 >= 20).collect();
        let whole = Picture { rgb: picture(1400, 700), valid: Validity::new([1400, 700], flags) };
        let overview = predictor.overview(&whole).map(Arc::new);
        assert!(overview.is_some());
        let mut job = predictor.begin(Arc::new(whole.clone())).overview_first(overview);
        assert!(job.advance(&predictor));
        let is_predicted = |(i, class): (usize, &u8)| (*class == UNLABELLED) == (i % 1400 < 20);
        assert!(job.so_far().classes.data().iter().enumerate().all(is_predicted), "all pixels that exist");
        let looked_at = PixelRect { x: 900, y: 100, width: 100, height: 100 };
        assert!(!job.is_sharp_in(Some(looked_at)));
        job.look_at(looked_at);
        let mut turns = 0;
        while !job.is_sharp_in(Some(looked_at)) {
            job.advance(&predictor);
            turns += 1;
        }
        assert!(turns <= 4 && !job.is_complete(), "those where one looks come first: {turns}");
        while job.advance(&predictor) {}
        let (sharpened, want) = (job.finish(), predictor.predict(whole));
        assert!(sharpened.classes == want.classes && sharpened.confidence == want.confidence);
        let small = picture(256, 200).into();
        assert!(predictor.overview(&small).is_none(), "one window shows it all");
    }
}
