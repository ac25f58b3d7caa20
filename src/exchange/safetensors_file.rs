//! Weights as safetensors, with the configuration and the classes in the file's metadata.

use std::collections::HashMap;

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};

use super::about::About;
use super::network::Network;

/// Key of the description in the metadata. There is only this one: the order of several would differ from file to file.
const KEY: &str = "pointillist";

/// The file of a network.
///
/// # Errors
/// If the configuration cannot be written.
pub fn write(network: &Network) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("cannot write safetensors ({error})");
    let about = serde_json::to_string(&About::of(network)?).map_err(|error| failed(&error))?;
    let bytes: Vec<Vec<u8>> = network
        .tensors
        .iter()
        .map(|tensor| tensor.values.iter().flat_map(|value| value.to_le_bytes()).collect())
        .collect();
    let views = network.tensors.iter().zip(&bytes).map(|(tensor, bytes)| {
        TensorView::new(Dtype::F32, tensor.shape.clone(), bytes).map(|view| (tensor.name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, _>>().map_err(|error| failed(&error))?;
    serialize(views, Some(HashMap::from([(KEY.to_owned(), about)]))).map_err(|error| failed(&error))
}

/// The description in a file; `None` if another program wrote it.
pub(super) fn about(bytes: &[u8]) -> Option<Result<About, String>> {
    let (_, metadata) = SafeTensors::read_metadata(bytes).ok()?;
    let text = metadata.metadata().as_ref()?.get(KEY)?;
    Some(serde_json::from_str(text).map_err(|error| format!("its description is damaged ({error})")))
}
