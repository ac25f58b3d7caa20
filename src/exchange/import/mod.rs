//! Networks from files of weights: our own exports, and U-Nets of other programs by their names.
//!
//! `schemes` lists how programs name the layers of a U-Net, `foreign` translates a file whose names follow one, and `refusal` says
//! what is different about one that none fits.

mod foreign;
mod refusal;
mod schemes;

use super::network::Network;
use super::safetensors_file;
use crate::data::classes::palette::palette;
use crate::domain::class::ClassError;
use crate::domain::config::Colors;
use crate::domain::{ClassDef, Classes, NamedTensor, RunConfig};
use crate::pretrained;

/// What a file of another program does not say about its network. A file of ours says it itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Unsaid {
    /// The classes, in the order of the logits.
    pub classes: Option<Classes>,
    /// In which terms it sees colours.
    pub colors: Option<Colors>,
}

/// A network that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The network.
    pub network: Network,
    /// The file is one of ours and says everything itself.
    pub says_all: bool,
    /// What to tell about it, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a network from the content of a file of `torch.save` or of safetensors. Nothing in it is executed.
///
/// # Errors
/// If it is damaged, or of a network that this program does not build or compute; the message names the layer.
pub fn read(bytes: &[u8], unsaid: Unsaid) -> Result<Imported, String> {
    let tensors = pretrained::tensors(bytes)?;
    tensors.iter().try_for_each(check)?;
    if let Some(about) = safetensors_file::about(bytes) {
        let (network, lost) = about?.network(tensors)?;
        let notes = lost.into_iter().map(|phrase| format!("the file is of another version: {phrase} and is ignored"));
        return Ok(Imported { network, says_all: true, notes: notes.collect() });
    }
    let (tensors, mut found) = foreign::translate(tensors)?;
    let classes = match unsaid.classes {
        Some(classes) if classes.len() == found.logits => classes,
        Some(classes) => {
            let (given, logits) = (classes.len(), found.logits);
            return Err(format!("it tells {logits} classes apart, and {given} are given: name as many as it has"));
        }
        None => {
            let numbered: Vec<String> = (0..found.logits).map(|index| format!("class {index}")).collect();
            named(&numbered).map_err(|error| error.to_string())?
        }
    };
    let mut config = RunConfig::default();
    (config.model.base, config.model.levels) = (found.base, found.levels);
    (config.model.norm, config.model.upsampling) = (found.norm, found.upsampling);
    config.model.in_channels = found.in_channels;
    config.model.colors = unsaid.colors.unwrap_or_else(|| found.assumed_colors());
    let predicts = classes.iter().map(|class| !class.ignored).collect();
    let network = Network { config, classes, predicts, tensors };
    Ok(Imported { network, says_all: false, notes: found.notes })
}

/// Classes with these names, each with a colour of its own.
///
/// # Errors
/// If there are fewer than two, or a name twice.
pub fn named(names: &[String]) -> Result<Classes, ClassError> {
    let class =
        |(index, name): (usize, &String)| ClassDef { name: name.clone(), color: palette(index), ignored: false };
    Classes::new(names.iter().enumerate().map(class).collect())
}

/// Refuses numbers that no layer computes with.
fn check(tensor: &NamedTensor) -> Result<(), String> {
    let NamedTensor { name, values, .. } = tensor;
    if !values.iter().all(|value| value.is_finite()) {
        return Err(format!("{name} has values that are no numbers"));
    }
    match name.ends_with("running_var") && values.iter().any(|value| *value < 0.0) {
        true => Err(format!("{name} has variances below 0")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_no_layer_computes_with_are_refused_by_the_tensor_s_name() {
        let tensor =
            |name: &str, value| NamedTensor { name: name.to_owned(), shape: vec![2], values: vec![1.0, value] };
        assert_eq!(check(&tensor("inc.1.running_mean", -1.0)), Ok(()));
        assert!(check(&tensor("inc.1.running_var", -1.0)).unwrap_err().starts_with("inc.1.running_var has variances"));
        for value in [f32::NAN, f32::INFINITY] {
            assert!(check(&tensor("head.bias", value)).unwrap_err().starts_with("head.bias has values"));
        }
    }
}
