//! Clipping of gradients by their global norm (Pascanu, Mikolov, Bengio, ICML 2013).

use burn::module::Module;
use burn::optim::GradientsParams;

use super::all_gradients;

/// Added to the norm, as PyTorch does, so that a gradient of 0 is not divided by 0.
const EPSILON: f64 = 1e-6;

/// Scales all gradients of a module alike so that the norm of all their values together, which is `norm`, becomes at most `limit`, as
/// PyTorch's `clip_grad_norm_` does. Smaller gradients stay as they are.
pub fn clip<M: Module>(gradients: &mut GradientsParams, module: &M, norm: f64, limit: f64) {
    let factor = limit / (norm + EPSILON);
    // A NaN is passed on, so that a diverged run is noticed.
    if factor < 1.0 || factor.is_nan() {
        all_gradients::scale(gradients, module, factor);
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Param;
    use burn::tensor::{Device, Tensor};

    use super::*;

    #[derive(Module, Debug)]
    struct Two {
        first: Param<Tensor<2>>,
        second: Param<Tensor<1>>,
    }

    /// The norm, and the gradients after clipping. `of` says where the gradients are: with tracking they are left to Burn's
    /// operators, as on other devices.
    fn clipped(limit: f64, of: &Device) -> (f64, Vec<f32>) {
        let first = Tensor::<2>::from_floats([[0.3, -0.4], [1.2, 0.0]], of);
        let second = Tensor::<1>::from_floats([-2.0, 0.5], of);
        let two =
            Two { first: Param::from_tensor(first.zeros_like()), second: Param::from_tensor(second.zeros_like()) };
        let mut gradients = GradientsParams::new();
        gradients.register(two.first.id, first);
        gradients.register(two.second.id, second);
        let norm = all_gradients::norm(&gradients, &two);
        clip(&mut gradients, &two, norm, limit);
        let first = gradients.get::<2>(two.first.id).expect("kept").reshape([4]);
        let second = gradients.get::<1>(two.second.id).expect("kept");
        (norm, Tensor::cat(vec![first, second], 0).into_data().try_to_vec().expect("f32"))
    }

    /// Reference: PyTorch 2.15, `clip_grad_norm_` in double precision.
    #[test]
    fn clipping_equals_pytorch() {
        let unchanged = [0.3, -0.4, 1.2, 0.0, -2.0, 0.5];
        let at_1 = [0.123_091_44, -0.164_121_92, 0.492_365_76, 0.0, -0.820_609_6, 0.205_152_4];
        let at_quarter = [0.030_772_86, -0.041_030_48, 0.123_091_44, 0.0, -0.205_152_4, 0.051_288_1];
        for device in [Device::flex(), Device::flex().autodiff()] {
            for (limit, want) in [(10.0, unchanged), (1.0, at_1), (0.25, at_quarter)] {
                let (norm, got) = clipped(limit, &device);
                assert!((norm - 2.437_211_521_39).abs() < 1e-6, "{norm}");
                assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-6), "{limit}: {got:?}");
            }
        }
    }

    #[test]
    fn gradients_of_zero_stay_zero() {
        let device = Device::flex();
        let two = Two {
            first: Param::from_tensor(Tensor::zeros([2, 2], &device)),
            second: Param::from_tensor(Tensor::zeros([2], &device)),
        };
        let mut gradients = GradientsParams::new();
        gradients.register(two.second.id, Tensor::<1>::zeros([2], &device));
        let norm = all_gradients::norm(&gradients, &two);
        assert!(norm == 0.0, "a parameter without a gradient does not count");
        clip(&mut gradients, &two, norm, 1e-9);
        let kept: Vec<f32> = gradients.get::<1>(two.second.id).expect("kept").into_data().try_to_vec().expect("f32");
        assert!(kept == [0.0; 2]);
    }
}
