//! The network that a run begins with.

use burn::tensor::Device;

use super::head_start;
use super::preparation::Cancelled;
use super::refusal::Refusal;
use crate::data::feed::training_set::TrainingSet;
use crate::domain::config::Encoder;
use crate::domain::{Choice as _, Notice, RunConfig};
use crate::model::Net;
use crate::pretrained;

/// A network with random weights, those of a pretrained encoder, and what a head start gives. `device` is the plain one, without
/// autodiff. `go_on` is asked now and then, with how much is done of how much.
///
/// # Errors
/// If the encoder's file cannot be read, or once `go_on` says no.
pub(super) fn build(
    config: &RunConfig,
    set: &TrainingSet,
    device: &Device,
    go_on: &mut dyn FnMut(usize, usize) -> bool,
) -> anyhow::Result<Net> {
    let training = device.clone().autodiff();
    let mut net = Net::new(&config.model, set.classes(), &training);
    if let Encoder::File(path) = &config.model.encoder {
        let weights = pretrained::read(path).map_err(unreadable)?;
        net.set_encoder(&weights, &training);
    }
    head_start::give(&mut net, set, config, device, go_on).ok_or(Cancelled)?;
    Ok(net)
}

fn unreadable(why: String) -> Refusal {
    let notice = Notice::new("The encoder's weights cannot be read").cause(why);
    let file = "Give a .pth or .safetensors file of an EfficientNet-Lite0 with PyTorch's names";
    Refusal(notice.remedy(format!("{file}, or choose the encoder {}", Encoder::Lite0.name())))
}
