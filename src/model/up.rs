//! What doubles height and width in a decoder.

use burn::Tensor;
use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::Device;

use super::convolve::{convolve, convolve_transposed};
use super::transparent::transparent_module;
use crate::domain::config::Upsampling;
use crate::kernels::flex;

/// Doubles height and width.
#[derive(Clone, Debug)]
pub enum Up {
    /// Transposed 2×2 convolution with stride 2.
    Transposed(ConvTranspose2d),
    /// Each pixel four times, then a 3×3 convolution with zero padding.
    Nearest(Conv2d),
}

transparent_module!(Up { Transposed, Nearest });

impl Up {
    /// With random weights, from `from` to `to` channels.
    pub fn new(kind: Upsampling, from: usize, to: usize, device: &Device) -> Self {
        match kind {
            Upsampling::Transposed => {
                Self::Transposed(ConvTranspose2dConfig::new([from, to], [2, 2]).with_stride([2, 2]).init(device))
            }
            Upsampling::Nearest => {
                let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
                Self::Nearest(Conv2dConfig::new([from, to], [3, 3]).with_padding(padding).init(device))
            }
        }
    }

    /// Doubles height and width.
    ///
    /// # Shapes
    /// - `x`: `[batch, from, height, width]`
    /// - result: `[batch, to, 2·height, 2·width]`
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.on_cpu(&x).unwrap_or_else(|| self.by_burn(x))
    }

    fn on_cpu(&self, x: &Tensor<4>) -> Option<Tensor<4>> {
        match self {
            Self::Transposed(conv) => {
                flex::transposed_conv(x, &conv.weight.val(), &conv.bias.as_ref().map(Param::val)?)
            }
            Self::Nearest(conv) => flex::nearest_conv(x, &conv.weight.val(), &conv.bias.as_ref().map(Param::val)?),
        }
    }

    fn by_burn(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Transposed(conv) => convolve_transposed(conv, x),
            Self::Nearest(conv) => convolve(conv, repeated(x)),
        }
    }
}

/// Each pixel four times. Interpolation would need a backward pass of its own on every device.
///
/// # Shapes
/// - `x`: `[batch, channels, height, width]`
/// - result: `[batch, channels, 2·height, 2·width]`
fn repeated(x: Tensor<4>) -> Tensor<4> {
    let [batch, channels, height, width] = x.dims();
    let squares: Tensor<6> = x.reshape([batch, channels, height, 1, width, 1]);
    squares.expand([batch, channels, height, 2, width, 2]).reshape([batch, channels, 2 * height, 2 * width])
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("f32")
    }

    #[test]
    fn each_pixel_is_there_four_times() {
        let x = Tensor::<4>::from_floats([[[[1.0, 2.0], [3.0, 4.0]]]], &Device::flex());
        let rows = [[1.0, 1.0, 2.0, 2.0]; 2].into_iter().chain([[3.0, 3.0, 4.0, 4.0]; 2]);
        assert_eq!(floats(repeated(x)), rows.flatten().collect::<Vec<f32>>());
    }

    /// What runs on the CPU is what runs on GPUs: values, and gradients of input, weights and bias.
    #[test]
    fn the_kernels_double_as_burn_s_operators_do() {
        let device = Device::flex().autodiff();
        device.seed(4);
        let x = Tensor::<4>::random([2, 9, 5, 6], Distribution::Default, &device);
        let factors = Tensor::<4>::random([2, 4, 10, 12], Distribution::Default, &device);
        for kind in [Upsampling::Transposed, Upsampling::Nearest] {
            let up = Up::new(kind, 9, 4, &device);
            let (Up::Transposed(ConvTranspose2d { weight, bias, .. }) | Up::Nearest(Conv2d { weight, bias, .. })) = &up;
            let pass = |out: Tensor<4>, x: &Tensor<4>| {
                let gradients = (out.clone() * factors.clone()).sum().backward();
                let of_bias = bias.as_ref().and_then(|bias| bias.val().grad(&gradients)).expect("tracked");
                let of_weights = weight.val().grad(&gradients).expect("tracked");
                [floats(out), floats(x.grad(&gradients).expect("tracked")), floats(of_weights), floats(of_bias)]
            };
            let [x, same] = [x.clone().detach().require_grad(), x.clone().detach().require_grad()];
            let ours = pass(up.on_cpu(&x).expect("on the CPU"), &x);
            let burns = pass(up.by_burn(same.clone()), &same);
            for (ours, burns) in ours.iter().flatten().zip(burns.iter().flatten()) {
                assert!((ours - burns).abs() < 1e-4 * burns.abs().max(1.0), "{kind:?}: {ours} for {burns}");
            }
        }
    }
}
