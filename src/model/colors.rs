//! Colours as a network wants them. The data always delivers them normalised with ImageNet's mean and deviation; a network that
//! has learned from others converts them first, before its padding, which is 0 in its own terms.

use burn::Tensor;
use burn::tensor::TensorData;

use super::convolve::numbers;
use super::input::IN_CHANNELS;
use crate::data::feed::normalize::{MEAN, STD};

/// Multiplies each band with a number and adds another one.
///
/// # Shapes
/// - `images`, result: `[batch, 3, height, width]`
pub(super) fn scale_bands(images: Tensor<4>, scale: [f32; IN_CHANNELS], shift: [f32; IN_CHANNELS]) -> Tensor<4> {
    let (device, numbers) = (images.device(), numbers(&images));
    let per_band = |values: [f32; IN_CHANNELS]| {
        let values = Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, IN_CHANNELS, 1, 1]), &device);
        values.cast(numbers)
    };
    images * per_band(scale) + per_band(shift)
}

/// Colours on a scale of 0 to 1, if `unit` says so; otherwise as they come.
pub(super) fn seen(images: Tensor<4>, unit: bool) -> Tensor<4> {
    if unit { scale_bands(images, STD, MEAN) } else { images }
}
