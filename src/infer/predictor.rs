//! Predicting tiles: with a network window by window, or at once.

use std::collections::VecDeque;
use std::sync::Arc;

use burn::tensor::Device;
use image::RgbImage;

use super::network::NetworkPredictor;
use super::overview;
use super::window::{self, Window};
use crate::data::Picture;
use crate::domain::config::InputSize;
use crate::domain::geometry::PixelRect;
use crate::domain::{ClassMap, Classes};
use crate::model::Net;
use crate::train::snapshot::Snapshot;

/// What predicts tiles. A clone is a snapshot: it keeps its network when the original gets another.
#[derive(Clone)]
pub struct Predictor(Maker);

/// A network goes over a tile in windows; anything else maps it at once.
#[derive(Clone)]
enum Maker {
    Network(Box<NetworkPredictor>),
    Whole(Arc<dyn WholeMap>),
}

/// Maps a whole tile at once, at its size.
pub trait WholeMap: Send + Sync {
    /// The map of a tile.
    fn map(&self, picture: &Picture) -> ClassMap;
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
        Self(Maker::Network(Box::new(NetworkPredictor::new(net, input, stride, classes, device))))
    }

    /// The same for a device that tries kernels for each new shape of tensors, as GPUs do: overviews are padded to one size, unless
    /// the network's normalisation sees the padding. All windows are of one size anyway.
    pub fn of_one_size(mut self, one_size: bool) -> Self {
        if let Maker::Network(network) = &mut self.0 {
            network.set_one_size(one_size);
        }
        self
    }

    /// Takes what maps whole tiles.
    pub fn whole(maker: Arc<dyn WholeMap>) -> Self {
        Self(Maker::Whole(maker))
    }

    fn network(&self) -> Option<&NetworkPredictor> {
        match &self.0 {
            Maker::Network(network) => Some(network),
            Maker::Whole(_) => None,
        }
    }

    /// Replaces the network by another state of itself, and the classes that may be predicted. Without a network nothing changes.
    pub fn show(&mut self, snapshot: Snapshot) {
        if let Maker::Network(network) = &mut self.0 {
            network.show(snapshot);
        }
    }

    /// The device the network computes on.
    pub fn device(&self) -> Option<&Device> {
        self.network().map(NetworkPredictor::device)
    }

    /// A tile as the network sees it: resized, if the run was trained on resized tiles.
    pub fn fit(&self, picture: Arc<Picture>) -> Arc<Picture> {
        match self.network().map(NetworkPredictor::input) {
            Some(InputSize::Resize(size)) => Arc::new(picture.resize(size, size)),
            Some(InputSize::Crop(_)) | None => picture,
        }
    }

    /// Starts a tile made by [`Predictor::fit`].
    pub fn begin(&self, picture: Arc<Picture>) -> TileJob {
        let size = picture.size();
        let side = self.network().map_or(size[0].max(size[1]), NetworkPredictor::window);
        let windows: VecDeque<Window> = window::cover(size, side).into();
        let total = windows.len();
        TileJob { picture, overview: None, windows, total, prediction: ClassMap::unpredicted(size) }
    }

    /// A tile made by [`Predictor::fit`] at low resolution, for [`TileJob::overview_first`]; `None` if the whole tile is
    /// predicted at once anyway.
    pub fn overview(&self, picture: &Picture) -> Option<RgbImage> {
        let side = self.network()?.window();
        let is_one_window = picture.size().into_iter().all(|length| length <= side);
        (!is_one_window).then(|| overview::shrunk(&picture.rgb))
    }

    /// Predicts a whole tile, at its own size.
    pub fn predict(&self, picture: Picture) -> ClassMap {
        let picture = Arc::new(picture);
        let mut job = self.begin(self.fit(Arc::clone(&picture)));
        while job.advance(self) {}
        job.finish_for(&picture)
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
        let network = match &predictor.0 {
            Maker::Network(network) => network,
            Maker::Whole(maker) => return self.map_whole(maker.as_ref()),
        };
        if let Some(overview) = self.overview.take() {
            self.prediction = network.predict_overview(&overview, self.picture.size());
            self.prediction.take_out_missing(self.picture.valid.as_ref());
            return true;
        }
        let Some(window) = self.windows.pop_front() else { return false };
        let Picture { rgb, valid } = &*self.picture;
        network.predict_window(rgb, &window, valid.as_ref(), &mut self.prediction);
        true
    }

    /// Maps the tile if that has not been done.
    fn map_whole(&mut self, maker: &dyn WholeMap) -> bool {
        let is_open = !self.windows.is_empty();
        if is_open {
            self.windows.clear();
            self.prediction = maker.map(&self.picture);
            self.prediction.take_out_missing(self.picture.valid.as_ref());
        }
        is_open
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
    use crate::domain::config::{ModelConfig, Norm};
    use crate::domain::{UNLABELLED, Validity};

    fn config() -> ModelConfig {
        ModelConfig { base: 2, levels: 3, ..ModelConfig::default() }
    }

    /// The same network at each call.
    fn net() -> Net {
        let device = Device::flex();
        device.seed(5);
        Net::new(&config(), 7, &device)
    }

    fn predictor(input: InputSize) -> Predictor {
        predictor_of(net(), input)
    }

    fn predictor_of(net: Net, input: InputSize) -> Predictor {
        Predictor::new(net, input, config().stride(), &Classes::deepglobe(), Device::flex())
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
        // One network: all tests draw weights from one generator, at the same time.
        let net = net();
        let mut predictor = predictor_of(net.clone(), InputSize::Crop(32));
        let before = predictor.predict(picture(80, 60).into());
        let mut predicts = vec![false; 7];
        let among = |predictor: &mut Predictor, predicts: &[bool]| {
            predictor.show(Snapshot { net: net.clone(), predicts: predicts.to_vec() });
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
    fn an_overview_by_group_norm_is_the_same_on_a_gpu() {
        let net = Net::new(&ModelConfig { norm: Norm::Group, ..config() }, 7, &Device::flex());
        let whole: Picture = picture(1400, 150).into();
        let [cpu, gpu] = [false, true].map(|one_size| {
            let predictor = predictor_of(net.clone(), InputSize::Crop(32)).of_one_size(one_size);
            let overview = predictor.overview(&whole).map(Arc::new);
            let mut job = predictor.begin(Arc::new(whole.clone())).overview_first(overview);
            assert!(job.advance(&predictor));
            job.so_far().clone()
        });
        assert!(cpu.classes == gpu.classes && cpu.confidence == gpu.confidence);
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
