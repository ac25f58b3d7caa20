//! Whether saved moments fit a network. Burn finds them by the ids of parameters, and takes their shapes as they are.

use std::collections::BTreeMap;

use burn::module::{Module as _, ModuleVisitor, Param};
use burn::store::RecordError;
use burn::tensor::{Bytes, Shape, Tensor};
use burn_pack::Reader;

use crate::model::Net;

/// What burn-optim appends to a parameter's id where it keeps the number of dimensions.
const RANK: &str = ".__rank";

/// Refuses moments that are of another network.
///
/// # Errors
/// If they are damaged, or one belongs to no parameter or has not the shape of its own.
pub(super) fn check(net: &Net, moments: &Bytes) -> Result<(), RecordError> {
    let mut shapes = Shapes::default();
    net.visit(&mut shapes);
    let reader = Reader::from_bytes(Bytes::from_bytes_vec(moments.to_vec()))?;
    for (name, rank) in reader.scalars() {
        let Some(id) = name.strip_suffix(RANK) else { continue };
        let shape = id.parse().ok().and_then(|id: u64| shapes.0.get(&id));
        refuse(shape.map(Shape::num_dims) != usize::try_from(*rank).ok(), name)?;
    }
    for tensor in reader.into_tensors()? {
        let shape = tensor.param_id.and_then(|id| shapes.0.get(&id));
        refuse(shape != Some(&tensor.shape), &tensor.name)?;
    }
    Ok(())
}

fn refuse(is_misfit: bool, name: &str) -> Result<(), RecordError> {
    let what = || format!("the moments {name} are of another network");
    if is_misfit { Err(RecordError::Validation(what())) } else { Ok(()) }
}

/// The shape of each parameter by its id.
#[derive(Default)]
struct Shapes(BTreeMap<u64, Shape>);

impl ModuleVisitor for Shapes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.insert(param.id.val(), param.shape());
    }
}
