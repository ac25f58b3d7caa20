//! The file: graph, input, output, and what QGIS's plugin Deepness reads from the metadata.

use prost::Message as _;
use serde_json::{Map, Value, json};

use super::architectures;
use super::graph::{FLOAT, Graph, integer};
use super::proto::{self, Dimension, Kind, Model, OperatorSet, Shape, StringEntry, TensorKind, ValueInfo};
use crate::data::feed::normalize::{MEAN, STD};
use crate::domain::Choice as _;
use crate::exchange::about::{About, decimal};
use crate::exchange::network::Network;

/// Version of the file format that belongs to the operator set.
const IR_VERSION: i64 = 8;
/// Version of the operators.
const OPSET: i64 = 18;
/// Name of the input.
const IMAGE: &str = "image";
/// Name of the output.
const PROBABILITIES: &str = "probabilities";
/// What tiles share with their neighbours, percent, as our own windows do.
const OVERLAP: u32 = 25;

/// Bytes of weights at most: a file of Protocol Buffers holds 2 GiB, and the graph needs some of it.
const LARGEST: usize = (2 << 30) - (16 << 20);

/// What a file says beside the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OnnxOptions {
    /// Fixed height and width of the input, pixels; without it both are free.
    pub side: Option<u32>,
    /// Centimetres a pixel, if known.
    pub resolution_cm: Option<f64>,
}

/// The file of a network: normalised images in, probabilities of the classes out.
///
/// # Errors
/// If no class may be predicted, the options do not fit the network, it is too large, or the configuration cannot be written.
pub fn write(network: &Network, options: OnnxOptions) -> Result<Vec<u8>, String> {
    refuse_larger(network.tensors.iter().map(|tensor| tensor.values.len() * size_of::<f32>()).sum())?;
    if options.resolution_cm.is_some_and(|cm| !(cm.is_finite() && cm > 0.0)) {
        return Err("a resolution is given in centimetres a pixel: choose a number above 0".to_owned());
    }
    let stride = network.config.model.stride();
    if let Some(side) = options.side.filter(|side| *side == 0 || side % stride != 0) {
        return Err(format!("a side of {side} pixels does not fit the network: choose a multiple of {stride}"));
    }
    let model = Model {
        ir_version: IR_VERSION,
        producer_name: "pointillist".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph(network, options.side)?),
        opset_import: vec![OperatorSet { version: OPSET }],
        metadata_props: metadata(network, options)?,
    };
    Ok(model.encode_to_vec())
}

fn refuse_larger(bytes: usize) -> Result<(), String> {
    let (here, most) = (bytes.div_ceil(1 << 20), LARGEST >> 20);
    match bytes > LARGEST {
        true => Err(format!("its weights take {here} MiB, and an ONNX file holds {most}: export it as safetensors")),
        false => Ok(()),
    }
}

fn graph(network: &Network, side: Option<u32>) -> Result<proto::Graph, String> {
    let classes = network.classes.len();
    let mut graph = Graph::new(&network.tensors);
    let logits = architectures::add(&mut graph, &network.config.model, IMAGE)?;
    let never = graph.constant("never_predicted", &[1, classes, 1, 1], &never_predicted(network)?);
    let candidates = graph.add(&logits, &never);
    graph.apply("Softmax", &[&candidates], vec![integer("axis", 1)]);
    graph.name_result(PROBABILITIES);
    Ok(proto::Graph {
        node: graph.nodes,
        name: network.config.model.arch.name().to_owned(),
        initializer: graph.weights,
        input: vec![images(IMAGE, network.config.model.in_channels, side)],
        output: vec![images(PROBABILITIES, classes, side)],
    })
}

/// What is added to the logits: nothing, or −∞ for a class that may not be predicted. Its probability is exactly 0 then, and
/// those of the others are as if it did not exist.
fn never_predicted(network: &Network) -> Result<Vec<f32>, String> {
    if !network.predicts.contains(&true) {
        return Err("it predicts no class, because none had a label: export another checkpoint".to_owned());
    }
    Ok(network.predicts.iter().map(|predicts| if *predicts { 0.0 } else { f32::NEG_INFINITY }).collect())
}

/// A batch of images with this many channels.
fn images(name: &str, channels: usize, side: Option<u32>) -> ValueInfo {
    let free = |name: &str| Dimension { name: Some(name.to_owned()), value: None };
    let fixed = |length: i64| Dimension { value: Some(length), name: None };
    let length = |name: &str| side.map_or_else(|| free(name), |side| fixed(i64::from(side)));
    let dim = vec![free("batch"), fixed(channels as i64), length("height"), length("width")];
    let tensor = Some(TensorKind { elem_type: FLOAT, shape: Some(Shape { dim }) });
    ValueInfo { name: name.to_owned(), kind: Some(Kind { tensor }) }
}

/// Keys of the plugin, whose values are JSON, and our own description.
fn metadata(network: &Network, options: OnnxOptions) -> Result<Vec<StringEntry>, String> {
    let names: Map<String, Value> =
        network.classes.iter().enumerate().map(|(index, class)| (index.to_string(), json!(class.name))).collect();
    let tile = options.side.unwrap_or_else(|| network.tile());
    let about = serde_json::to_value(About::of(network)?).map_err(|error| error.to_string())?;
    let mut entries = vec![
        ("model_type", json!("Segmentor")),
        ("class_names", Value::Object(names)),
        ("tiles_size", json!(tile)),
        ("tile_size", json!(tile)),
        ("tiles_overlap", json!(OVERLAP)),
        // No threshold: the plugin would turn every pixel below it into the first class.
        ("seg_thresh", json!(0.0)),
        // No smoothing: the plugin would blur the numbers of the classes, and a border would get the class between two others.
        ("seg_small_segment", json!(0)),
        ("pointillist", about),
    ];
    if network.config.model.in_channels == MEAN.len() {
        entries.push(("standardization_mean", json!(MEAN.map(decimal))));
        entries.push(("standardization_std", json!(STD.map(decimal))));
    }
    entries.extend(options.resolution_cm.map(|cm| ("resolution", json!(cm))));
    Ok(entries.into_iter().map(|(key, value)| StringEntry { key: key.to_owned(), value: value.to_string() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_onnx_file_holds_is_refused_with_the_format_that_does() {
        assert_eq!(refuse_larger(LARGEST), Ok(()));
        let refusal = refuse_larger(LARGEST + 1).unwrap_err();
        assert!(
            refusal.contains("2033 MiB") && refusal.contains("holds 2032") && refusal.contains("safetensors"),
            "{refusal}"
        );
    }
}
