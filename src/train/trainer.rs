//! One optimiser step: forward and backward passes over one or several batches, update.

use burn::module::{Module, ParamGroup};
use burn::optim::{GradientsAccumulator, GradientsParams, ModuleOptimizer};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};

use super::all_gradients;
use super::average::Average;
use super::clipping;
use super::frozen;
use super::loss::{self, GatedCrf, Mixture, Scene, Targets};
use super::loss_scale::{LossScale, Verdict};
use super::moments;
use super::optimizer;
use super::precision;
use super::trainer_state::TrainerState;
use super::weighting::ClassTerms;
use crate::data::feed::batch::Batch;
use crate::domain::config::{Precision, TrainConfig};
use crate::model::{IN_CHANNELS, Net};

/// A network and its optimiser.
pub struct Trainer {
    net: Net,
    /// The average of the weights, if there is to be one.
    average: Option<Average>,
    optimizer: ModuleOptimizer,
    /// Parameters that stay as they are.
    frozen: Option<ParamGroup>,
    loss: Mixture,
    /// What neighbours have to agree about, and the weight of that.
    crf: Option<(GatedCrf, f64)>,
    /// Whether neighbours have to agree yet.
    neighbours_agree: bool,
    /// The largest norm of the gradients together; 0 if they are not clipped.
    clip_norm: f64,
    /// Weight of pseudo-labels.
    pseudo: f64,
    /// The factor of the loss in mixed precision; `None` in f32.
    scale: Option<LossScale>,
    device: Device,
}

impl Trainer {
    /// A trainer of this network. `device` must support autodiff.
    pub fn new(net: Net, config: &TrainConfig, device: Device) -> Self {
        let average = (config.ema > 0.0).then(|| Average::new(&net, config.ema));
        let optimizer = optimizer::build(config, net.pretrained());
        let frozen = net.pretrained().filter(|_| config.encoder_lr == 0.0);
        let TrainConfig { clip_norm, pseudo_labels, .. } = *config;
        let (loss, crf) = (loss::terms_of(config), loss::crf_of(config));
        let scale = precision::is_mixed(config.precision, &device).then(LossScale::default);
        Self {
            net,
            average,
            optimizer,
            frozen,
            loss,
            crf,
            neighbours_agree: true,
            clip_norm,
            pseudo: pseudo_labels,
            scale,
            device,
        }
    }

    /// A trainer as it was saved. `net` is a network of the same shape.
    ///
    /// # Errors
    /// If what was saved is damaged, or of another network.
    pub fn resumed(net: Net, saved: TrainerState, config: &TrainConfig, device: Device) -> Result<Self, RecordError> {
        let TrainerState { weights, average, updates, moments: saved_moments, scale } = saved;
        // Moments and average find their parameters by the ids that are saved with the weights.
        let net = net.try_load_record(ModuleRecord::from_bytes(weights)?)?;
        moments::check(&net, &saved_moments)?;
        let mut trainer = Self::new(net, config, device);
        trainer.optimizer = trainer.optimizer.from_bytes(saved_moments)?;
        if let (Some(saved), true) = (average, config.ema > 0.0) {
            trainer.average = Some(Average::resumed(&trainer.net, config.ema, saved, updates)?);
        }
        trainer.scale = match (trainer.scale, scale.filter(LossScale::is_sound)) {
            (Some(_), Some(saved)) => Some(saved),
            // A run that was begun in f32 goes on so, unless it is to be mixed.
            (fresh, None) => fresh.filter(|_| config.precision == Precision::Mixed),
            (None, Some(_)) => None,
        };
        Ok(trainer)
    }

    /// All that the next step depends on, beside the batches.
    ///
    /// # Errors
    /// If it cannot be serialised.
    pub fn state(&self) -> Result<TrainerState, RecordError> {
        let average = self.average.as_ref().map(|average| average.net().into_record().into_bytes()).transpose()?;
        Ok(TrainerState {
            weights: self.net.valid().into_record().into_bytes()?,
            average,
            updates: self.average.as_ref().map_or(0, Average::updates),
            moments: self.optimizer.into_bytes()?,
            scale: self.scale,
        })
    }

    /// Whether neighbours have to agree from the next step on, where the loss asks that of them. At first they have to.
    pub fn let_neighbours_agree(&mut self, agree: bool) {
        self.neighbours_agree = agree;
    }

    /// Takes one step on the gradients of these batches together, and returns the loss before it. Apart from batch
    /// normalisation, cross-entropy over several batches is that over one large batch: each counts as much as its labels weigh.
    /// Memory is needed for one batch at a time.
    ///
    /// In mixed precision a step whose gradients overflow changes no weight; where they overflow whatever the loss is scaled with,
    /// the loss is NaN.
    pub fn step(&mut self, batches: &[Batch], classes: &ClassTerms, lr: f64) -> f32 {
        let (losses, mut gradients) = self.gradients(batches, classes);
        if let Some(frozen) = &self.frozen {
            frozen::drop_gradients(&mut gradients, &self.net, frozen);
        }
        let verdict = self.scale.as_mut().map(|scale| scale.unscale(&mut gradients, &self.net));
        match verdict {
            None => self.update(gradients, None, lr),
            Some(Verdict::Use { norm }) => self.update(gradients, Some(norm), lr),
            Some(Verdict::Skip) => {}
            Some(Verdict::Diverged) => return f32::NAN,
        }
        // Reading waits for the device, which would otherwise run hundreds of kernels ahead of pause and stop. It comes last: by
        // then all work of the step is queued.
        losses.into_iter().map(Tensor::into_scalar::<f32>).sum()
    }

    /// `norm` is that of the gradients, if it is known: to compute it reads them all and waits for the device.
    fn update(&mut self, mut gradients: GradientsParams, norm: Option<f64>, lr: f64) {
        if self.clip_norm > 0.0 {
            let norm = norm.unwrap_or_else(|| all_gradients::norm(&gradients, &self.net));
            clipping::clip(&mut gradients, &self.net, norm, self.clip_norm);
        }
        // The optimiser consumes the network and returns the updated one; the clone shares its tensors.
        self.net = self.optimizer.step(lr, self.net.clone(), gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.net);
        }
    }

    /// The part of the loss that each batch has, and the gradients of all together.
    fn gradients(&self, batches: &[Batch], classes: &ClassTerms) -> (Vec<Tensor<1>>, GradientsParams) {
        let told: Vec<ClassTerms> =
            batches.iter().map(|batch| classes.of_pseudo_labels(&batch.pseudo.classes)).collect();
        let labels = learned(batches.iter().map(|batch| classes.targets(&batch.targets)).collect(), 1.0);
        let pseudo = batches.iter().zip(&told).map(|(batch, told)| told.targets(&batch.pseudo.labels));
        let pseudo = learned(pseudo.collect(), self.pseudo);
        let existing: usize = batches.iter().map(|batch| self.cells(batch)).sum();
        let factor = self.scale.map_or(1.0, |scale| scale.factor());
        let (mut sum, mut losses) = (GradientsAccumulator::new(), Vec::new());
        for (batch, parts) in batches.iter().zip(labels.into_iter().zip(pseudo)) {
            let loss = self.loss(batch, parts, self.cells(batch) as f64 / existing.max(1) as f64);
            losses.push(loss.clone().detach());
            let scaled = if self.scale.is_some() { loss * factor } else { loss };
            sum.accumulate(&self.net, GradientsParams::from_grads(scaled.backward(), &self.net));
        }
        (losses, sum.grads())
    }

    /// What neighbours have to agree about in this step, and the weight of that.
    fn crf(&self) -> Option<&(GatedCrf, f64)> {
        self.crf.as_ref().filter(|_| self.neighbours_agree)
    }

    /// How many cells of a batch count where neighbours have to agree.
    fn cells(&self, batch: &Batch) -> usize {
        self.crf().map_or(0, |(crf, _)| crf.count(&batch.exists, [batch.size as usize; 2]))
    }

    /// The part of the loss that a batch has, over its labels and its pseudo-labels, and over its cells, a `share` of those of the
    /// step. Over labels it is the mean of those of the network's heads (deep supervision, Zhou et al. 2018); only of the head that
    /// predicts neighbours have to agree.
    fn loss(&self, batch: &Batch, learned: (Learned<'_>, Learned<'_>), share: f64) -> Tensor<1> {
        let heads = self.logits(batch);
        let (of_each, predicts) = (1.0 / heads.len() as f64, heads.last().expect("a network has a head").clone());
        let losses = heads.into_iter().map(|logits| self.loss_of(logits, learned));
        let loss = losses.reduce(|sum, more| sum + more).expect("a network has a head") * of_each;
        let Some((crf, weight)) = self.crf() else { return loss };
        let competes = learned.0.targets.competes;
        let scene = Scene { colours: &batch.images, exists: &batch.exists, competes };
        loss + loss::gated_crf(predicts, scene, crf) * (weight * share)
    }

    /// The logits of each head, in f32.
    fn logits(&self, batch: &Batch) -> Vec<Tensor<4>> {
        let images = images(batch, &self.device);
        let images = if self.scale.is_some() { images.cast(FloatDType::F16) } else { images };
        self.net.supervised(images).into_iter().map(|logits| logits.cast(FloatDType::F32)).collect()
    }

    fn loss_of(&self, logits: Tensor<4>, (labels, pseudo): (Learned<'_>, Learned<'_>)) -> Tensor<1> {
        let of_labels = loss::mixture(logits.clone(), labels.targets, &self.loss) * labels.weight;
        if pseudo.weight == 0.0 {
            return of_labels;
        }
        of_labels + loss::mixture(logits, pseudo.targets, &self.loss) * pseudo.weight
    }

    /// In which numbers the network learns.
    pub fn precision(&self) -> Precision {
        if self.scale.is_some() { Precision::Mixed } else { Precision::F32 }
    }

    /// Steps that changed no weight, because gradients overflowed in f16; `None` in f32.
    pub fn skipped(&self) -> Option<u64> {
        self.scale.map(|scale| scale.skipped())
    }

    /// The network in validation mode: running statistics, no gradients. Where weights are averaged it is their average.
    pub fn valid(&self) -> Net {
        self.average.as_ref().map_or_else(|| self.net.valid(), Average::net)
    }

    /// The weights without averaging, in validation mode; `None` if they are not averaged.
    pub fn raw(&self) -> Option<Net> {
        self.average.as_ref().map(|_| self.net.valid())
    }
}

/// What is learned from a batch, and how much its loss weighs in that of the step.
#[derive(Clone, Copy)]
struct Learned<'a> {
    targets: Targets<'a>,
    weight: f64,
}

/// What is learned from the batches of a step, which weighs `weight` together. Each has the share of its labels' weight, as in a
/// mean over all of them.
fn learned(batches: Vec<Targets<'_>>, weight: f64) -> Vec<Learned<'_>> {
    let weights: Vec<f64> = batches.iter().map(Targets::total_weight).collect();
    let total: f64 = weights.iter().sum();
    // Without labels every loss is 0, whatever it weighs.
    let share = |of: f64| if total > 0.0 { weight * of / total } else { 0.0 };
    batches.into_iter().zip(weights).map(|(targets, of)| Learned { targets, weight: share(of) }).collect()
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
