//! Parameters that do not learn.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Drops the gradients of these parameters: no optimiser moves them, and they have no part in the norm of all gradients.
pub fn drop_gradients<M: Module>(gradients: &mut GradientsParams, module: &M, frozen: &ParamGroup) {
    module.visit(&mut Dropping { gradients, frozen });
}

struct Dropping<'a> {
    gradients: &'a mut GradientsParams,
    frozen: &'a ParamGroup,
}

impl ModuleVisitor for Dropping<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.frozen.matches(&param.id, None) {
            self.gradients.remove::<D>(param.id);
        }
    }
}
