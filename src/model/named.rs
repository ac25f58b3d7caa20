//! The tensors of a network by name, to be read and written by others. The names are the fields of the modules, joined by dots;
//! parameters of a layer are called as in PyTorch. `docs/weights.md` lists them.

use std::collections::BTreeMap;

use burn::Tensor;
use burn::module::{Module as _, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::TensorData;

use super::draw;
use super::net::Net;
use crate::domain::NamedTensor;

impl Net {
    /// All weights and running statistics, in the order of the layers.
    pub fn tensors(&self) -> Vec<NamedTensor> {
        let mut collect = Collect::default();
        self.visit(&mut collect);
        collect.found
    }

    /// This network with other weights and running statistics.
    ///
    /// # Errors
    /// If one is missing, has another shape, or belongs to no layer; the message names it.
    pub fn with_tensors(self, tensors: Vec<NamedTensor>) -> Result<Self, String> {
        let left = tensors.into_iter().map(|tensor| (tensor.name.clone(), tensor)).collect();
        let mut give = Give { path: Vec::new(), left, problem: None };
        // A weight is drawn before it is replaced.
        let net = draw::apart(|| self.map(&mut give));
        let unused = give.left.into_keys().next().map(|name| format!("{name} belongs to no layer of the network"));
        give.problem.or(unused).map_or(Ok(net), Err)
    }
}

#[cfg(test)]
impl Net {
    /// The tensors of a network with random weights, for layers that do not know Burn.
    pub(crate) fn fresh_tensors(config: &crate::domain::config::ModelConfig, classes: usize) -> Vec<NamedTensor> {
        Self::new(config, classes, &burn::tensor::Device::flex()).tensors()
    }
}

/// The name of a parameter. The first part of its path is the variant of [`Net`].
fn name(path: &[String]) -> String {
    let as_in_pytorch = |part: &String| match part.as_str() {
        "gamma" => "weight".to_owned(),
        "beta" => "bias".to_owned(),
        // `double` is a method of every module there.
        "double" => "up".to_owned(),
        "doubles" => "ups".to_owned(),
        same => same.to_owned(),
    };
    path.iter().skip(1).map(as_in_pytorch).collect::<Vec<_>>().join(".")
}

#[derive(Default)]
struct Collect {
    path: Vec<String>,
    found: Vec<NamedTensor>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let values = tensor.into_data().convert::<f32>().try_to_vec().expect("converted to f32");
        self.found.push(NamedTensor { name: name(&self.path), shape, values });
    }
}

struct Give {
    path: Vec<String>,
    left: BTreeMap<String, NamedTensor>,
    /// The first one.
    problem: Option<String>,
}

impl Give {
    fn take(&mut self, shape: &[usize]) -> Option<NamedTensor> {
        let name = name(&self.path);
        let found = self.left.remove(&name);
        let problem = match &found {
            None => format!("there is no tensor {name}"),
            Some(found) if found.shape != shape => {
                format!("{name} has the shape {:?} where {shape:?} belongs", found.shape)
            }
            Some(_) => return found,
        };
        self.problem.get_or_insert(problem);
        None
    }
}

impl ModuleMapper for Give {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape();
        match self.take(&shape) {
            Some(found) => param.map(|old| Tensor::from_data(TensorData::new(found.values, shape), &old.device())),
            None => param,
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::domain::config::{Arch, Encoder, ModelConfig, Norm, Upsampling};

    fn nets() -> [(ModelConfig, usize); 6] {
        let small = ModelConfig { base: 2, levels: 3, ..ModelConfig::default() };
        let nested = ModelConfig { arch: Arch::UNetPlusPlus, ..small.clone() };
        let lite0 = ModelConfig { encoder: Encoder::Lite0, ..small };
        let other = ModelConfig { upsampling: Upsampling::Nearest, ..nested.clone() };
        let deep = ModelConfig { deep_supervision: true, ..nested.clone() };
        let group = ModelConfig { norm: Norm::Group, ..small.clone() };
        [(small, 16), (nested, 16), (lite0, 32), (other, 16), (group, 16), (deep, 16)]
    }

    #[test]
    fn a_network_with_another_s_tensors_gives_its_logits() {
        let device = Device::flex();
        for (config, side) in nets() {
            let (one, other) = (Net::new(&config, 3, &device), Net::new(&config, 3, &device));
            let images = Tensor::random([1, 3, side, side], Distribution::Default, &device);
            assert_ne!(one.forward(images.clone()).into_data(), other.forward(images.clone()).into_data());
            let other = other.with_tensors(one.tensors()).unwrap();
            assert_eq!(one.forward(images.clone()).into_data(), other.forward(images).into_data(), "{config:?}");
        }
    }

    #[test]
    fn names_are_those_of_pytorch() {
        let names = |index: usize| -> Vec<String> {
            let net = Net::new(&nets()[index].0, 3, &Device::flex());
            net.tensors().into_iter().map(|tensor| tensor.name).collect()
        };
        let has = |index: usize, wanted: &[&str]| {
            let names = names(index);
            for name in wanted {
                assert!(names.iter().any(|found| found == name), "{name} in {names:#?}");
            }
        };
        has(0, &["encoders.2.first.conv.weight", "encoders.0.second.norm.running_var", "ups.1.bias", "head.weight"]);
        has(0, &["decoders.0.first.norm.weight", "decoders.1.second.norm.bias"]);
        has(1, &["backbone.0.first.conv.weight", "columns.1.0.up.weight", "columns.0.1.block.first.norm.bias"]);
        has(2, &["encoder.stem.bias", "encoder.blocks.1.expand.weight", "shortcut.maps.4.weight", "head.bias"]);
        assert_eq!(names(3), names(1), "the same layers, whatever they are");
        has(4, &["encoders.0.first.norm.weight", "decoders.1.second.norm.bias"]);
        has(5, &["side_heads.0.weight", "side_heads.0.bias", "head.bias"]);
        assert_eq!(names(4).len(), 3 * 2 * 5 + 2 * 2 + 2, "there are no running statistics");
        assert_eq!(names(0).len(), 5 * 2 * 5 + 2 * 2 + 2, "five blocks of two stages, two up-convolutions, the head");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let config = &nets()[0].0;
        let net = || Net::new(config, 3, &Device::flex());
        let refused = |change: fn(&mut Vec<NamedTensor>)| {
            let mut tensors = net().tensors();
            change(&mut tensors);
            net().with_tensors(tensors).unwrap_err()
        };
        assert_eq!(refused(|all| all.truncate(all.len() - 1)), "there is no tensor head.bias");
        let other_shape = refused(|all| all[0].shape = vec![3, 2, 3, 3]);
        assert_eq!(other_shape, "encoders.0.first.conv.weight has the shape [3, 2, 3, 3] where [2, 3, 3, 3] belongs");
        let foreign = refused(|all| all.push(NamedTensor { name: "x".to_owned(), shape: vec![], values: vec![0.0] }));
        assert_eq!(foreign, "x belongs to no layer of the network");
    }
}
