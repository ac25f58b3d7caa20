//! The average of a network's weights over the steps of a training: calmer than the last weights, and often better.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Bytes, Tensor};

use crate::kernels::flex;
use crate::model::Net;

/// An exponential moving average of all weights and running statistics (Polyak, Juditsky 1992; as in Tarvainen, Valpola,
/// NIPS 2017): `average ← α·average + (1 − α)·weights` with `α = min(1 − 1/(t + 1), keep)` at update t, from 0. Thus the
/// first weights do not linger.
pub struct Average {
    net: Net,
    keep: f64,
    updates: u64,
}

impl Average {
    /// An average that keeps at most this share of itself at each update. Until the first one it is `net` itself.
    pub fn new(net: &Net, keep: f64) -> Self {
        Self { net: net.valid(), keep, updates: 0 }
    }

    /// The average of a network as it was saved, after this many updates.
    ///
    /// # Errors
    /// If what was saved is damaged, or of another network.
    pub fn resumed(net: &Net, keep: f64, saved: Bytes, updates: u64) -> Result<Self, RecordError> {
        Ok(Self { net: net.valid().try_load_record(ModuleRecord::from_bytes(saved)?)?, keep, updates })
    }

    /// How many updates it has taken in.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Takes in the weights after a step.
    pub fn update(&mut self, net: &Net) {
        let keep = (1.0 - 1.0 / (self.updates as f64 + 1.0)).min(self.keep);
        let mut current = Weights::default();
        net.valid().visit(&mut current);
        // A fresh copy: mapping writes into running statistics, which earlier snapshots share.
        self.net = self.net.valid().map(&mut Mix { current, keep: keep as f32 });
        self.updates += 1;
    }

    /// The averaged network in validation mode.
    pub fn net(&self) -> Net {
        self.net.valid()
    }
}

/// The values of a network as vectors, by parameter.
#[derive(Default)]
struct Weights(HashMap<ParamId, Tensor<1>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let len = value.shape().num_elements();
        self.0.insert(param.id, value.reshape([len]));
    }
}

/// Moves values towards the current ones.
struct Mix {
    current: Weights,
    keep: f32,
}

impl ModuleMapper for Mix {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(current) = self.current.0.remove(&param.id) else { return param };
        param.map(|old| {
            let current = current.reshape(old.shape());
            let mixed = flex::average(&old, &current, self.keep);
            mixed.unwrap_or_else(|| old.mul_scalar(self.keep) + current.mul_scalar(1.0 - self.keep))
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::domain::config::ModelConfig;

    /// A network of which every weight and running statistic has this value.
    struct Fill(f32);

    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|old| old.zeros_like().add_scalar(self.0))
        }
    }

    fn values(net: &Net) -> Vec<f32> {
        let mut weights = Weights::default();
        net.visit(&mut weights);
        weights.0.into_values().flat_map(|value| value.into_data().try_to_vec::<f32>().expect("f32")).collect()
    }

    fn net() -> Net {
        Net::new(&ModelConfig { base: 2, levels: 2, ..ModelConfig::default() }, 3, &Device::flex().autodiff())
    }

    #[test]
    fn the_average_equals_the_one_worked_out_by_hand() {
        let net = net();
        let mut average = Average::new(&net, 0.75);
        let count = values(&average.net()).len();
        assert!(count > net.parameters(), "running statistics are averaged as well");
        // α = 0, 1/2, 2/3, 3/4, 3/4.
        for (weights, want) in [(8.0, 8.0), (4.0, 6.0), (0.0, 4.0), (8.0, 5.0), (1.0, 4.0)] {
            average.update(&net.clone().map(&mut Fill(weights)));
            let got = values(&average.net());
            assert_eq!(got.len(), count);
            assert!(got.iter().all(|value| (value - want).abs() < 1e-5), "{want}: {got:?}");
        }
    }

    #[test]
    fn a_snapshot_stays_as_it_was() {
        let net = net();
        let mut average = Average::new(&net, 0.5);
        average.update(&net.clone().map(&mut Fill(1.0)));
        let snapshot = average.net();
        average.update(&net.map(&mut Fill(3.0)));
        assert!(values(&snapshot).iter().all(|value| (value - 1.0).abs() < 1e-6));
    }

    /// Burn's operators, as on other devices: tensors with gradient tracking are left to them.
    #[test]
    fn the_fused_average_equals_burns() {
        let (old, new) = ([1.0, -2.0, 0.5], [3.0, 0.0, 0.25]);
        let of = |device: &Device| {
            let [old, new] = [old, new].map(|values| Tensor::<1>::from_floats(values, device));
            let mixed = flex::average(&old, &new, 0.9);
            mixed
                .unwrap_or_else(|| old.mul_scalar(0.9) + new.mul_scalar(0.1))
                .into_data()
                .try_to_vec::<f32>()
                .expect("f32")
        };
        let (ours, burns) = (of(&Device::flex()), of(&Device::flex().autodiff()));
        assert!(ours.iter().zip(&burns).all(|(ours, burns)| (ours - burns).abs() < 1e-6), "{ours:?} {burns:?}");
    }
}
