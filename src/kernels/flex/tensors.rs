//! Flex tensors as slices, and pooled memory as Flex tensors.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{Bytes, DType, Tensor};

use super::super::memory::Buffer;
use super::super::raw;
use super::super::shape::Shape;

pub(super) type Tracked = FloatTensor<Autodiff<Flex>>;

/// The primitive of a 32-bit tensor on Flex with gradients.
pub(super) fn tracked<const D: usize>(tensor: &Tensor<D>) -> Option<Tracked> {
    let primitive = tensor.clone().try_into_primitive::<Autodiff<Flex>>().ok()?;
    (primitive.dtype() == DType::F32).then_some(primitive)
}

/// The primitive of a 32-bit tensor on Flex without gradients.
pub(super) fn plain<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    let primitive = tensor.clone().try_into_primitive::<Flex>().ok()?;
    (primitive.dtype() == DType::F32).then(|| whole(primitive))
}

/// The same values, row-major.
pub(super) fn whole(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The values of a row-major tensor.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<f32>()[start..start + tensor.layout().num_elements()]
}

/// The same, to be written to; copied before if another tensor shares them.
pub(super) fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, len) = (tensor.layout().start_offset(), tensor.layout().num_elements());
    &mut tensor.storage_mut::<f32>()[start..start + len]
}

pub(super) fn shape_of(tensor: &FlexTensor) -> Shape {
    Shape::new(tensor.layout().shape().dims())
}

/// Memory of the pool as a tensor: it goes back there when the last tensor that shares it is dropped.
pub(super) fn tensor(buffer: Buffer, dims: &[usize]) -> FlexTensor {
    FlexTensor::new(raw::lend(buffer), Layout::contiguous(dims.into()), DType::F32)
}

/// A parameter's gradient, shaped like the parameter.
pub(super) fn large(gradient: Buffer, like: &FlexTensor) -> FlexTensor {
    tensor(gradient, like.layout().shape())
}

/// The same for one value a channel.
pub(super) fn small(gradient: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(gradient), Layout::contiguous(like.layout().shape().clone()), DType::F32)
}

pub(super) fn untracked(buffer: Buffer, shape: Shape) -> Tensor<4> {
    Tensor::from_primitive::<Flex>(tensor(buffer, &shape.dims()))
}
