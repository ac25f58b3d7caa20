//! Networks to export: one of each architecture, one that sees colours in other terms, and what else differs. Every number of theirs is of
//! some size.

#![allow(dead_code, reason = "each test needs some of it")]

use burn::tensor::{Device, Tensor, TensorData};
use pointillist::domain::config::{Arch, Colors, Encoder, InputSize, ModelConfig, Norm, Upsampling};
use pointillist::domain::hash::Stream;
use pointillist::domain::{ClassDef, Classes, RunConfig};
use pointillist::exchange::Network;
use pointillist::model::Net;

/// Names of three classes. The second may not be predicted.
pub(crate) const CLASSES: [&str; 3] = ["water", "Straße, \"alt\"", "forest"];

include!("kinds.rs");

/// These networks, as they are exchanged.
pub(crate) fn all() -> Vec<Network> {
    kinds(4, 4).into_iter().map(network).collect()
}

fn network(model: ModelConfig) -> Network {
    let mut config = RunConfig { model, data: "/data/here".into(), ..RunConfig::default() };
    config.train.input = InputSize::Crop(96);
    let class =
        |(index, name): (usize, &&str)| ClassDef { name: (*name).to_owned(), color: [index as u8; 3], ignored: false };
    let classes = Classes::new(CLASSES.iter().enumerate().map(class).collect()).unwrap();
    let net = Net::new(&config.model, CLASSES.len(), &Device::flex());
    let mut tensors = net.tensors();
    let mut stream = Stream::new(7);
    for tensor in tensors.iter_mut().filter(|tensor| !tensor.name.starts_with("encoder.")) {
        let fan = tensor.shape.iter().skip(1).product::<usize>().max(4) as f32;
        let (middle, spread) = match tensor.name.rsplit('.').next() {
            Some("running_var") => (1.0, 1.0),
            Some("weight") if tensor.shape.len() == 1 => (1.0, 1.0),
            // Logits are to differ from pixel to pixel.
            Some("weight") if tensor.name == "head.weight" => (0.0, 20.0 / fan.sqrt()),
            _ => (0.0, 3.4 / fan.sqrt()),
        };
        tensor.values.iter_mut().for_each(|value| *value = middle + spread * (stream.unit() - 0.5));
    }
    centred(Network { config, classes, predicts: vec![true, false, true], tensors })
}

/// The network with biases by which no class is ahead of another one, so that probabilities tell logits apart.
fn centred(mut network: Network) -> Network {
    const SIDE: usize = 64;
    let logits = logits(&network, &input(&network, [SIDE; 2]), [SIDE; 2]);
    let means = logits.chunks_exact(SIDE * SIDE).map(|class| class.iter().sum::<f32>() / class.len() as f32);
    let bias = network.tensors.iter_mut().find(|tensor| tensor.name == "head.bias").unwrap();
    bias.values.iter_mut().zip(means).for_each(|(bias, mean)| *bias -= mean);
    network
}

/// An input of a network, `[1, in_channels, height, width]`.
pub(crate) fn input(network: &Network, [height, width]: [usize; 2]) -> Vec<f32> {
    let mut stream = Stream::new(11);
    (0..network.config.model.in_channels * height * width).map(|_| 4.0 * stream.unit() - 2.0).collect()
}

/// The program's own logits of an input.
pub(crate) fn logits(network: &Network, values: &[f32], size: [usize; 2]) -> Vec<f32> {
    heads(network, values, size).pop().unwrap()
}

/// Those of every head. The last one predicts.
pub(crate) fn heads(network: &Network, values: &[f32], [height, width]: [usize; 2]) -> Vec<Vec<f32>> {
    let device = Device::flex();
    let net = Net::new(&network.config.model, network.classes.len(), &device);
    let net = net.with_tensors(network.tensors.clone()).unwrap();
    let shape = [1, network.config.model.in_channels, height, width];
    let heads = net.supervised(Tensor::from_data(TensorData::new(values.to_vec(), shape), &device));
    heads.into_iter().map(|logits| logits.into_data().try_to_vec().unwrap()).collect()
}

/// The largest difference of two lists of equal length.
pub(crate) fn difference(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    ours.iter().zip(theirs).fold(0.0, |largest, (a, b)| largest.max((a - b).abs()))
}
