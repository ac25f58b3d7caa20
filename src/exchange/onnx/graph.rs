//! Nodes and weights of a graph, collected one after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::proto::{Attribute, Node, Tensor};
use crate::domain::NamedTensor;

/// ONNX's number for 32-bit floats.
pub(super) const FLOAT: i32 = 1;
/// ONNX's number for 64-bit integers.
const INT64: i32 = 7;

/// The name of a value; an error names the tensor that is missing.
pub(super) type Built = Result<String, String>;

/// A graph that grows.
pub(super) struct Graph<'a> {
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
    held: BTreeSet<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) weights: Vec<Tensor>,
}

impl<'a> Graph<'a> {
    pub(super) fn new(tensors: &'a [NamedTensor]) -> Self {
        let tensors = tensors.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
        Self { tensors, held: BTreeSet::new(), nodes: Vec::new(), weights: Vec::new() }
    }

    /// A tensor of the network, which becomes part of the file.
    pub(super) fn weight(&mut self, name: &str) -> Result<&'a NamedTensor, String> {
        let tensor = *self.tensors.get(name).ok_or_else(|| format!("the network has no tensor {name}"))?;
        self.constant(name, &tensor.shape, &tensor.values);
        Ok(tensor)
    }

    /// The same, if the network has it.
    pub(super) fn weight_if_any(&mut self, name: &str) -> Option<&'a NamedTensor> {
        self.weight(name).ok()
    }

    /// Whether the network has a tensor of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// A number for each channel of a tensor `[batch, channels, height, width]`, and how many there are.
    pub(super) fn per_channel(&mut self, name: &str) -> Result<(String, usize), String> {
        let tensor = *self.tensors.get(name).ok_or_else(|| format!("the network has no tensor {name}"))?;
        let count = tensor.values.len();
        Ok((self.constant(name, &[count, 1, 1], &tensor.values), count))
    }

    /// Whole numbers that become part of the file, once for each name.
    pub(super) fn whole_numbers(&mut self, name: &str, values: &[i64]) -> String {
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.hold(Tensor { dims: vec![values.len() as i64], data_type: INT64, name: name.to_owned(), raw_data })
    }

    /// Numbers that become part of the file, once for each name.
    pub(super) fn constant(&mut self, name: &str, shape: &[usize], values: &[f32]) -> String {
        let dims = shape.iter().map(|side| *side as i64).collect();
        let raw_data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.hold(Tensor { dims, data_type: FLOAT, name: name.to_owned(), raw_data })
    }

    fn hold(&mut self, tensor: Tensor) -> String {
        let name = tensor.name.clone();
        if self.held.insert(name.clone()) {
            self.weights.push(tensor);
        }
        name
    }

    /// Applies an operator; its result is named after it and counted.
    pub(super) fn apply(&mut self, operator: &str, inputs: &[&str], attributes: Vec<Attribute>) -> String {
        let name = format!("{}_{}", operator.to_lowercase(), self.nodes.len());
        self.nodes.push(Node {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![name.clone()],
            name: name.clone(),
            op_type: operator.to_owned(),
            attribute: attributes,
        });
        name
    }

    /// Gives the last node's result another name.
    pub(super) fn name_result(&mut self, name: &str) {
        if let Some(node) = self.nodes.last_mut() {
            node.output = vec![name.to_owned()];
        }
    }
}

pub(super) fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.to_owned(), f: Some(value), kind: 1, ..Attribute::default() }
}

pub(super) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { name: name.to_owned(), i: Some(value), kind: 2, ..Attribute::default() }
}

pub(super) fn text(name: &str, value: &str) -> Attribute {
    Attribute { name: name.to_owned(), s: Some(value.into()), kind: 3, ..Attribute::default() }
}

pub(super) fn integers(name: &str, values: &[usize]) -> Attribute {
    let ints = values.iter().map(|value| *value as i64).collect();
    Attribute { name: name.to_owned(), ints, kind: 7, ..Attribute::default() }
}
