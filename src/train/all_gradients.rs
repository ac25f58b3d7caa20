//! All gradients of a network together: their norm, and what scales them.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use crate::kernels::flex;

/// The square root of the sum of the squares of all gradients. It waits for the device.
pub(super) fn norm<M: Module>(gradients: &GradientsParams, module: &M) -> f64 {
    let mut squares = Squares { gradients, on_cpu: 0.0, elsewhere: Vec::new() };
    module.visit(&mut squares);
    let Squares { on_cpu, elsewhere, .. } = squares;
    // One sum for all, because reading a value waits for the device.
    let elsewhere = if elsewhere.is_empty() { 0.0 } else { Tensor::cat(elsewhere, 0).sum().into_scalar::<f32>() };
    (on_cpu + f64::from(elsewhere)).sqrt()
}

/// Multiplies all gradients with a number.
pub(super) fn scale<M: Module>(gradients: &mut GradientsParams, module: &M, factor: f64) {
    module.visit(&mut Scale { gradients, factor });
}

struct Squares<'a> {
    gradients: &'a GradientsParams,
    on_cpu: f64,
    /// A sum of squares for each tensor on other devices.
    elsewhere: Vec<Tensor<1>>,
}

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        match flex::squared_sum(&gradient) {
            Some(sum) => self.on_cpu += sum,
            None => self.elsewhere.push((gradient.clone() * gradient).sum()),
        }
    }
}

struct Scale<'a> {
    gradients: &'a mut GradientsParams,
    factor: f64,
}

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.gradients.register(param.id, gradient * self.factor);
        }
    }
}
