//! Mixed precision, on the CPU: Burn's operators compute in f16 there, too, though slowly.

use super::*;
use crate::domain::config::{Norm, Precision, Upsampling};
use crate::model::draw;

const MIXED: Precision = Precision::Mixed;

fn trainer(model: &ModelConfig, precision: Precision) -> Trainer {
    trainer_of(net(model), precision)
}

fn trainer_of(net: Net, precision: Precision) -> Trainer {
    Trainer::new(net, &TrainConfig { precision, ..TrainConfig::default() }, Device::flex().autodiff())
}

/// A network whose weights are drawn, so that its clones have the same.
fn net(model: &ModelConfig) -> Net {
    let device = Device::flex().autodiff();
    draw::seeded::<()>(&device, 1, || Ok(Net::new(model, 2, &device))).expect("nothing fails")
}

/// The loss of the tiny scene and its gradients, of which the factor of the loss is taken out.
fn gradients(net: &Net, precision: Precision) -> (f32, Vec<f32>) {
    let mut trainer = trainer_of(net.clone(), precision);
    let (losses, mut gradients) = trainer.gradients(&[tiny_scene()], &ClassTerms::equal(2));
    if let Some(scale) = &mut trainer.scale {
        assert!(matches!(scale.unscale(&mut gradients, &trainer.net), Verdict::Use { .. }));
    }
    let loss = losses.into_iter().map(Tensor::into_scalar::<f32>).sum();
    (loss, GradientFloats::of(&gradients, &trainer.net))
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// A number in f16 has 11 binary digits, so single gradients differ in their third decimal, and some pixels take another way through ReLU and
/// max-pooling; together they point the same way.
#[test]
fn gradients_are_those_of_f32_within_the_digits_of_f16() {
    let small = ModelConfig { base: 4, levels: 3, ..ModelConfig::default() };
    let nested = ModelConfig { arch: Arch::UNetPlusPlus, deep_supervision: true, ..small.clone() };
    let other = ModelConfig { norm: Norm::Group, upsampling: Upsampling::Nearest, ..small.clone() };
    let pretrained = ModelConfig { encoder: Encoder::Lite0, base: 4, ..ModelConfig::default() };
    for model in [small, nested, other, pretrained] {
        let net = net(&model);
        let ((loss, exact), (mixed_loss, mixed)) = (gradients(&net, Precision::F32), gradients(&net, MIXED));
        assert!((loss - mixed_loss).abs() < 5e-3 * loss, "{model:?}: {loss} {mixed_loss}");
        assert!(mixed != exact, "{model:?}: it computes in f16");
        let lengths = [&exact, &mixed].map(|gradient| dot(gradient, gradient).sqrt());
        let cosine = dot(&exact, &mixed) / (lengths[0] * lengths[1]);
        assert!(cosine > 0.995, "{model:?}: {cosine}");
        assert!((lengths[0] / lengths[1] - 1.0).abs() < 0.02, "{model:?}: {lengths:?}");
    }
}

/// The norm comes from the check for an overflow: with the factor of the loss in it, or the gradients of a frozen encoder, steps would
/// be much shorter.
#[test]
fn gradients_are_clipped_by_the_norm_of_those_that_are_used() {
    assert_clipped(&net(&ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }), MIXED);
    let pretrained = ModelConfig { encoder: Encoder::Lite0, base: 4, ..ModelConfig::default() };
    assert_clipped_without_the_encoder(&net(&pretrained), MIXED);
}

#[test]
fn a_tiny_scene_is_overfitted_in_mixed_precision() {
    let config = TrainConfig { precision: MIXED, ..TrainConfig::default() };
    let accuracy = overfit_with(&config, 0.01, Arch::UNet, &tiny_scene());
    assert!(accuracy > 0.95, "{accuracy}");
}

#[test]
fn a_step_that_overflows_changes_nothing_and_the_next_one_is_scaled_less() {
    let mut trainer = trainer(&ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }, MIXED);
    trainer.average = Some(Average::new(&trainer.net, 0.9));
    let learned = |trainer: &Trainer| TrainableFloats::of(&trainer.net).0.concat();
    let before = learned(&trainer);
    let step = |trainer: &mut Trainer| trainer.step(&[tiny_scene()], &ClassTerms::equal(2), 0.01);
    trainer.scale = Some(LossScale::of(1e30));
    let loss = step(&mut trainer);
    assert!(loss.is_finite(), "the loss itself is not scaled: {loss}");
    assert!(learned(&trainer) == before && trainer.average.as_ref().is_some_and(|average| average.updates() == 0));
    assert_eq!((trainer.scale.map(|scale| scale.factor()), trainer.skipped()), (Some(5e29), Some(1)));
    trainer.scale = Some(LossScale::default());
    step(&mut trainer);
    assert!(learned(&trainer) != before && trainer.skipped() == Some(0));
}

#[test]
fn gradients_that_overflow_whatever_the_factor_make_the_loss_nan() {
    let mut trainer = trainer(&ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }, MIXED);
    trainer.loss = loss::terms_of(&TrainConfig {
        loss: LossWeights { cross_entropy: 1e30, ..LossWeights::default() },
        ..TrainConfig::default()
    });
    for (factor, diverges) in [(2.0, false), (1.0, true)] {
        trainer.scale = Some(LossScale::of(factor));
        let loss = trainer.step(&[tiny_scene()], &ClassTerms::equal(2), 0.01);
        assert_eq!(loss.is_nan(), diverges, "the loss itself is a number: {loss}");
    }
}

#[test]
fn a_trainer_that_is_resumed_goes_on_as_if_it_had_never_stopped() {
    let model = ModelConfig { base: 4, levels: 3, ..ModelConfig::default() };
    let config = TrainConfig { precision: MIXED, ..TrainConfig::default() };
    let mut whole = trainer(&model, MIXED);
    whole.scale = Some(LossScale::of(1e9));
    let step = |trainer: &mut Trainer| trainer.step(&[tiny_scene()], &ClassTerms::equal(2), 0.01);
    step(&mut whole);
    let fresh = trainer(&model, MIXED).net;
    let mut resumed = Trainer::resumed(fresh, whole.state().unwrap(), &config, Device::flex().autodiff()).unwrap();
    assert_eq!(resumed.scale, whole.scale);
    let losses = [step(&mut whole), step(&mut resumed)];
    assert!(losses[0] == losses[1] && Floats::of(&whole.net).0 == Floats::of(&resumed.net).0, "{losses:?}");
    let f32s = TrainConfig { precision: Precision::F32, ..config };
    let resumed =
        Trainer::resumed(trainer(&model, MIXED).net, whole.state().unwrap(), &f32s, Device::flex().autodiff());
    assert_eq!(resumed.unwrap().scale, None, "the precision is what the configuration says");
}
