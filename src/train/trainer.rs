//! One optimiser step: forward and backward passes over one or several batches, update.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};

use super::average::Average;
use super::clipping;
use super::loss::{self, Mixture, Targets};
use super::optimizer;
use super::weighting::ClassTerms;
use crate::data::feed::batch::Batch;
use crate::domain::config::TrainConfig;
use crate::model::{IN_CHANNELS, Net};

/// A network and its optimiser.
pub struct Trainer {
    net: Net,
    /// The average of the weights, if there is to be one.
    average: Option<Average>,
    optimizer: ModuleOptimizer,
    loss: Mixture,
    /// The largest norm of the gradients together; 0 if they are not clipped.
    clip_norm: f64,
    /// Weight of pseudo-labels.
    pseudo: f64,
    device: Device,
}

impl Trainer {
    /// A trainer of this network. `device` must support autodiff.
    pub fn new(net: Net, config: &TrainConfig, device: Device) -> Self {
        let average = (config.ema > 0.0).then(|| Average::new(&net, config.ema));
        let optimizer = optimizer::build(config, net.pretrained());
        let TrainConfig { clip_norm, pseudo_labels, .. } = *config;
        let loss = loss::terms_of(config);
        Self { net, average, optimizer, loss, clip_norm, pseudo: pseudo_labels, device }
    }

    /// Takes one step on the gradients of these batches together, and returns the loss before it. Apart from batch
    /// normalisation, cross-entropy over several batches is that over one large batch: each counts as much as its labels weigh.
    /// Memory is needed for one batch at a time.
    pub fn step(&mut self, batches: &[Batch], classes: &ClassTerms, lr: f64) -> f32 {
        let (loss, mut gradients) = self.gradients(batches, classes);
        if self.clip_norm > 0.0 {
            clipping::clip(&mut gradients, &self.net, self.clip_norm);
        }
        // The optimiser consumes the network and returns the updated one; the clone shares its tensors.
        self.net = self.optimizer.step(lr, self.net.clone(), gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.net);
        }
        loss
    }

    /// The loss over all batches, and its gradients. Reading the loss waits for the device, which would otherwise run hundreds
    /// of kernels ahead of pause and stop.
    fn gradients(&self, batches: &[Batch], classes: &ClassTerms) -> (f32, GradientsParams) {
        // Class weights make up for how labels are spread over the classes: they do not concern pseudo-labels.
        let alike = ClassTerms { weights: vec![1.0; classes.weights.len()], competes: classes.competes.clone() };
        let label_shares = shares(classes, batches.iter().map(|batch| &batch.targets));
        let pseudo_shares = shares(&alike, batches.iter().map(|batch| &batch.pseudo));
        let (mut sum, mut total) = (GradientsAccumulator::new(), 0.0);
        for (batch, (share, pseudo_share)) in batches.iter().zip(label_shares.into_iter().zip(pseudo_shares)) {
            let logits = self.net.forward(images(batch, &self.device));
            let mut loss = self.loss(logits.clone(), classes.targets(&batch.targets)) * share;
            if !batch.pseudo.is_empty() {
                loss = loss + self.loss(logits, alike.targets(&batch.pseudo)) * (self.pseudo * pseudo_share);
            }
            sum.accumulate(&self.net, GradientsParams::from_grads(loss.backward(), &self.net));
            total += loss.into_scalar::<f32>();
        }
        (total, sum.grads())
    }

    fn loss(&self, logits: Tensor<4>, targets: Targets<'_>) -> Tensor<1> {
        loss::mixture(logits, targets, &self.loss)
    }

    /// The network in validation mode: running statistics, no gradients. Where weights are averaged it is their average.
    pub fn valid(&self) -> Net {
        self.average.as_ref().map_or_else(|| self.net.valid(), Average::net)
    }
}

/// The share that each batch has in a step: that of the weight of its labels, as in a mean over all of them.
fn shares<'a>(classes: &ClassTerms, batches: impl Iterator<Item = &'a Vec<u8>>) -> Vec<f64> {
    let weights: Vec<f64> = batches.map(|indices| classes.targets(indices).total_weight()).collect();
    let total: f64 = weights.iter().sum();
    // Without labels every loss is 0, whatever its share.
    weights.iter().map(|weight| if total > 0.0 { weight / total } else { 0.0 }).collect()
}

/// The images of a batch on a device.
///
/// # Shapes
/// - result: `[count, 3, size, size]`
pub fn images(batch: &Batch, device: &Device) -> Tensor<4> {
    let size = batch.size as usize;
    Tensor::from_data(TensorData::new(batch.images.clone(), [batch.count, IN_CHANNELS, size, size]), device)
}

#[cfg(test)]
mod tests;
