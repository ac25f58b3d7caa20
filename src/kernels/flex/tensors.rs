//! Conversions between Flex tensors, slices and pooled memory.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{Bytes, DType, Tensor};

use crate::kernels::memory::Buffer;
use crate::kernels::raw;
use crate::kernels::shape::Shape;

/// A tensor with gradient tracking.
pub(super) type Tracked = FloatTensor<Autodiff<Flex>>;

/// The primitive of an `f32` tensor on Flex with gradient tracking, else `None`.
pub(super) fn tracked<const D: usize>(tensor: &Tensor<D>) -> Option<Tracked> {
    let primitive = tensor.clone().try_into_primitive::<Autodiff<Flex>>().ok()?;
    (primitive.dtype() == DType::F32).then_some(primitive)
}

/// The row-major primitive of an `f32` tensor on Flex without gradient tracking, else `None`.
pub(super) fn plain<const D: usize>(tensor: &Tensor<D>) -> Option<FlexTensor> {
    let primitive = tensor.clone().try_into_primitive::<Flex>().ok()?;
    (primitive.dtype() == DType::F32).then(|| contiguous(primitive))
}

/// The same tensor, row-major.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() { tensor } else { tensor.to_contiguous() }
}

/// The values of a row-major tensor.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    let start = tensor.layout().start_offset();
    &tensor.storage::<f32>()[start..start + tensor.layout().num_elements()]
}

/// The same for writing. Copies the values first if another tensor shares them.
pub(super) fn values_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, len) = (tensor.layout().start_offset(), tensor.layout().num_elements());
    &mut tensor.storage_mut::<f32>()[start..start + len]
}

/// The shape of a tensor with four dimensions.
pub(super) fn shape_of(tensor: &FlexTensor) -> Shape {
    Shape::new(tensor.layout().shape().dims())
}

/// A tensor in pooled memory. Dropping the last tensor that shares it returns it to the pool.
pub(super) fn tensor(buffer: Buffer, dims: &[usize]) -> FlexTensor {
    FlexTensor::new(raw::lend(buffer), Layout::contiguous(dims.into()), DType::F32)
}

/// The same as a Burn tensor without gradient tracking.
pub(super) fn untracked<const D: usize>(buffer: Buffer, dims: &[usize]) -> Tensor<D> {
    Tensor::from_primitive::<Flex>(tensor(buffer, dims))
}

/// A gradient in pooled memory, shaped `like` its parameter.
pub(super) fn weight_gradient(gradient: Buffer, like: &FlexTensor) -> FlexTensor {
    tensor(gradient, like.layout().shape())
}

/// A gradient with one value per channel, shaped `like` its parameter.
pub(super) fn channel_gradient(gradient: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(gradient), Layout::contiguous(like.layout().shape().clone()), DType::F32)
}
