//! The gradients of whole networks, compared with finite differences.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use burn::Tensor;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, TensorData};
use pointillist::domain::config::{Arch, Encoder, ModelConfig, Norm, Upsampling};
use pointillist::domain::hash::Stream;
use pointillist::model::Net;
use pointillist::train::loss::{Targets, partial_cross_entropy};

const CLASSES: usize = 3;
const BATCH: usize = 2;

/// Adds `by` to one number of one parameter tensor, counted in visiting order.
struct Nudge {
    tensor: usize,
    element: usize,
    by: f32,
    seen: usize,
}

impl ModuleMapper for Nudge {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let here = self.seen == self.tensor && param.is_require_grad();
        self.seen += usize::from(param.is_require_grad());
        if !here {
            return param;
        }
        let (element, by) = (self.element, self.by);
        param.map(|tensor| {
            let (shape, device) = (tensor.shape(), tensor.device());
            let mut values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
            values[element] += by;
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

/// The gradient of every parameter tensor, in visiting order.
struct Collect<'a> {
    gradients: &'a GradientsParams,
    found: BTreeMap<usize, Vec<f32>>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let gradient = self.gradients.get::<D>(param.id).expect("every parameter has a gradient");
            self.found.insert(self.found.len(), gradient.into_data().try_to_vec().unwrap());
        }
    }
}

struct Problem {
    /// Side of the images, pixels.
    size: usize,
    images: Vec<f32>,
    labels: Vec<u8>,
    device: Device,
}

impl Problem {
    fn new(size: usize) -> Self {
        let mut random = Stream::new(3);
        let images = (0..BATCH * 3 * size * size).map(|_| random.below(2000) as f32 / 1000.0 - 1.0).collect();
        let label = |random: &mut Stream| if random.below(3) == 0 { random.below(CLASSES) as u8 } else { 255 };
        let labels = (0..BATCH * size * size).map(|_| label(&mut random)).collect();
        Self { size, images, labels, device: Device::flex().autodiff() }
    }

    fn loss(&self, net: &Net) -> Tensor<1> {
        let images = TensorData::new(self.images.clone(), [BATCH, 3, self.size, self.size]);
        let targets = Targets { indices: &self.labels, class_weights: &[1.0, 2.0, 0.5], competes: &[true; CLASSES] };
        let heads = net.supervised(Tensor::from_data(images, &self.device)).into_iter();
        let losses = heads.map(|logits| partial_cross_entropy(logits, targets));
        losses.reduce(|sum, more| sum + more).expect("a network has a head")
    }

    fn nudged(&self, net: &Net, tensor: usize, element: usize, by: f32) -> f64 {
        let nudged = net.clone().map(&mut Nudge { tensor, element, by, seen: 0 });
        f64::from(self.loss(&nudged).into_scalar::<f32>())
    }
}

/// Compares `each` gradients of every parameter tensor of a network for images of this size.
fn check(model: ModelConfig, size: usize, each: usize) {
    let problem = Problem::new(size);
    problem.device.seed(11);
    let net = Net::new(&model, CLASSES, &problem.device);
    let gradients = GradientsParams::from_grads(problem.loss(&net).backward(), &net);
    let mut collect = Collect { gradients: &gradients, found: BTreeMap::new() };
    net.visit(&mut collect);

    let (mut random, mut checked, mut off) = (Stream::new(5), 0, Vec::new());
    for (&tensor, gradient) in &collect.found {
        for _ in 0..each {
            let element = random.below(gradient.len());
            // Single precision and kinks of ReLU and max-pool limit how close a difference quotient can come, so the best of
            // three step widths counts.
            let error = [4e-3, 1e-3, 3e-4].map(|h| {
                let quotient = (problem.nudged(&net, tensor, element, h) - problem.nudged(&net, tensor, element, -h))
                    / (2.0 * f64::from(h));
                (quotient - f64::from(gradient[element])).abs() / (quotient.abs() + 0.02)
            });
            let best = error.into_iter().fold(f64::INFINITY, f64::min);
            checked += 1;
            if best > 0.1 {
                off.push(format!("tensor {tensor} element {element}: gradient {} off by {best:.2}", gradient[element]));
            }
        }
    }
    assert!(checked > 60, "{checked}");
    assert!(off.len() * 25 <= checked, "{} of {checked} gradients are off:\n{}", off.len(), off.join("\n"));
}

#[test]
fn the_unet_gradient_matches_difference_quotients() {
    check(ModelConfig { arch: Arch::UNet, base: 4, levels: 3, ..ModelConfig::default() }, 16, 4);
}

#[test]
fn the_unet_plus_plus_gradient_matches_difference_quotients() {
    check(ModelConfig { arch: Arch::UNetPlusPlus, base: 4, levels: 3, ..ModelConfig::default() }, 16, 4);
}

#[test]
fn the_gradient_of_all_heads_matches_difference_quotients() {
    let model =
        ModelConfig { arch: Arch::UNetPlusPlus, deep_supervision: true, base: 4, levels: 3, ..ModelConfig::default() };
    check(model, 16, 4);
}

#[test]
fn the_gradient_through_group_norm_matches_difference_quotients() {
    check(ModelConfig { norm: Norm::Group, base: 4, levels: 3, ..ModelConfig::default() }, 16, 4);
}

#[test]
fn the_gradient_through_nearest_up_sampling_matches_difference_quotients() {
    check(ModelConfig { upsampling: Upsampling::Nearest, base: 4, levels: 3, ..ModelConfig::default() }, 16, 4);
}

#[test]
fn the_gradient_of_a_pretrained_network_matches_difference_quotients() {
    check(ModelConfig { encoder: Encoder::Lite0, base: 4, ..ModelConfig::default() }, 64, 1);
}
