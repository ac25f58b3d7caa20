//! How a network predicts: windows of a tile, or all of it at low resolution.

use burn::tensor::{Device, Tensor, TensorData};
use image::RgbImage;

use super::window::Window;
use super::{decision, enlarge, overview};
use crate::data::feed::augment::Symmetry;
use crate::data::feed::{crop, normalize};
use crate::domain::config::InputSize;
use crate::domain::{ClassMap, Classes, Validity};
use crate::model::{IN_CHANNELS, Net};
use crate::train::snapshot::Snapshot;

/// A network ready to predict.
#[derive(Clone)]
pub(super) struct NetworkPredictor {
    net: Net,
    device: Device,
    input: InputSize,
    window: u32,
    stride: u32,
    /// Overviews of all tiles are of one size.
    one_size: bool,
    scored: Vec<bool>,
    /// The scored classes that may be predicted.
    candidates: Vec<bool>,
    table: [[f32; 256]; 3],
}

impl NetworkPredictor {
    /// Takes a network in validation mode, trained on `input`; sides of windows are multiples of `stride`.
    pub(super) fn new(net: Net, input: InputSize, stride: u32, classes: &Classes, device: Device) -> Self {
        let window = input.window(stride);
        let scored: Vec<bool> = classes.iter().map(|class| !class.ignored).collect();
        let (candidates, table) = (scored.clone(), normalize::table());
        Self { net, device, input, window, stride, one_size: false, scored, candidates, table }
    }

    /// Whether overviews of all tiles are of one size. Those of a network with group norm never are: more padding would change the
    /// statistics of the image, and with them the map.
    pub(super) fn set_one_size(&mut self, one_size: bool) {
        self.one_size = one_size && self.net.has_running_statistics();
    }

    /// Replaces the network by another state of itself, and the classes that may be predicted.
    pub(super) fn show(&mut self, snapshot: Snapshot) {
        let Snapshot { net, predicts } = snapshot;
        self.net = net;
        let may = |(class, scored): (usize, &bool)| *scored && predicts.get(class).copied().unwrap_or(true);
        self.candidates = self.scored.iter().enumerate().map(may).collect();
    }

    pub(super) fn device(&self) -> &Device {
        &self.device
    }

    /// What it was trained on.
    pub(super) fn input(&self) -> InputSize {
        self.input
    }

    /// Side of its windows, pixels.
    pub(super) fn window(&self) -> u32 {
        self.window
    }

    /// Predicts a whole tile of `size` at low resolution, in one pass.
    pub(super) fn predict_overview(&self, overview: &RgbImage, size: [u32; 2]) -> ClassMap {
        let (width, height) = overview.dimensions();
        let window = Window::around([width, height], overview::side(overview, self.stride, self.one_size));
        let logits = self.logits(overview, &window);
        let mut small = ClassMap::unpredicted([width, height]);
        decision::write(&mut small, &logits, &self.candidates, &window, None);
        let classes = enlarge::classes(&logits, &window, &self.candidates, size);
        ClassMap { classes, ..small.resized(size) }
    }

    pub(super) fn predict_window(
        &self,
        image: &RgbImage,
        window: &Window,
        valid: Option<&Validity>,
        to: &mut ClassMap,
    ) {
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
