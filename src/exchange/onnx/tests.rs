//! The file decoded again: what ONNX asks of a graph, without ONNX.

use std::collections::BTreeSet;

use prost::Message as _;

use super::proto::{Graph, Model};
use super::{OnnxOptions, write};
use crate::domain::config::{Arch, Colors, Encoder, ModelConfig, Norm, Upsampling};
use crate::domain::{Classes, RunConfig};
use crate::exchange::Network;
use crate::model::Net;

include!("../../../tests/networks/kinds.rs");

/// One network of each kind.
fn networks() -> Vec<Network> {
    kinds(2, 3).into_iter().map(network).collect()
}

fn network(model: ModelConfig) -> Network {
    let classes = Classes::deepglobe();
    let tensors = Net::fresh_tensors(&model, classes.len());
    let predicts = classes.iter().map(|class| !class.ignored).collect();
    Network { config: RunConfig { model, ..RunConfig::default() }, classes, predicts, tensors }
}

fn decoded(network: &Network) -> Model {
    let bytes = write(network, OnnxOptions::default()).unwrap();
    assert_eq!(bytes, write(network, OnnxOptions::default()).unwrap(), "the same each time");
    Model::decode(bytes.as_slice()).unwrap()
}

/// Checks that every name is given once, and before it is used.
fn assert_in_order(graph: &Graph) {
    let mut known = BTreeSet::new();
    let given = graph.input.iter().map(|input| &input.name).chain(graph.initializer.iter().map(|tensor| &tensor.name));
    given.for_each(|name| assert!(known.insert(name.clone()), "{name} is there twice"));
    for node in &graph.node {
        for input in node.input.iter().filter(|input| !input.is_empty()) {
            assert!(known.contains(input), "{} reads {input}, which nothing gives before it", node.name);
        }
        node.output.iter().for_each(|name| assert!(known.insert(name.clone()), "{name} is there twice"));
    }
    graph.output.iter().for_each(|output| assert!(known.contains(&output.name), "nothing gives {}", output.name));
}

#[test]
fn every_graph_is_whole_in_order_and_ends_in_softmax() {
    for network in networks() {
        let model = decoded(&network);
        assert_eq!((model.ir_version, model.opset_import[0].version), (8, 18));
        let graph = model.graph.unwrap();
        assert_in_order(&graph);
        let last = graph.node.last().unwrap();
        assert_eq!((last.op_type.as_str(), &last.output[0]), ("Softmax", &graph.output[0].name));
        let held: BTreeSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
        let names = network.tensors.iter().map(|tensor| tensor.name.as_str());
        // Heads that only learned with the others predict nothing.
        let predicts = names.filter(|name| !name.starts_with("side_heads."));
        let lost: Vec<&str> = predicts.filter(|name| !held.contains(name)).collect();
        assert!(lost.is_empty(), "{lost:?} are weights of the network and not of the file");
    }
}

#[test]
fn metadata_are_json_under_the_keys_of_deepness() {
    let model = decoded(&networks()[0]);
    let value = |key: &str| -> serde_json::Value {
        let entry = model.metadata_props.iter().find(|entry| entry.key == key).unwrap();
        serde_json::from_str(&entry.value).unwrap()
    };
    assert_eq!(value("model_type"), "Segmentor");
    assert_eq!(value("class_names")["1"], "agriculture_land");
    assert_eq!((value("seg_thresh"), value("seg_small_segment")), (0.0.into(), 0.into()));
    assert_eq!(value("tile_size"), value("tiles_size"));
    assert_eq!(value("standardization_mean"), serde_json::json!([0.485, 0.456, 0.406]));
    assert_eq!(value("pointillist")["std"], serde_json::json!([0.229, 0.224, 0.225]));
    assert!(model.metadata_props.iter().all(|entry| entry.key != "resolution"), "nobody has told it");
}
