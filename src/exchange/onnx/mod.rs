//! Networks as ONNX (opset 18): the graph with its weights, in the form that QGIS's plugin Deepness reads.
//!
//! `proto` has the messages of the file format, `graph` collects nodes, `layers` are those of our networks, `architectures` put
//! them together, and `file` adds what the plugin wants to know.

mod architectures;
mod file;
mod graph;
mod layers;
mod proto;
#[cfg(test)]
mod tests;

pub use file::{OnnxOptions, write};
