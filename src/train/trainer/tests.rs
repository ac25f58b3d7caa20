mod mixed;
mod threads;

use std::slice;

use burn::module::{ModuleVisitor, Param, ParamGroup};

use super::*;
use crate::data::feed::pseudo_labels::Pseudo;
use crate::domain::Choice as _;
use crate::domain::UNLABELLED;
use crate::domain::config::{Arch, Encoder, LossTerm, LossWeights, ModelConfig, Optimizer};
use crate::domain::hash::Stream;

/// Quadrants of two colours in a chequer, with noise: a scene with everything to learn in 32×32 pixels.
fn tiny_scene() -> Batch {
    let size = 32_u32;
    let mut random = Stream::new(1);
    let pixels = || (0..size).flat_map(|y| (0..size).map(move |x| u8::from((x / 16 + y / 16) % 2 == 1)));
    let mut images = Vec::new();
    for band in [1.0, -0.5, 0.3] {
        images.extend(pixels().map(|class| f32::from(class) * band + random.below(1000) as f32 / 1000.0 - 0.5));
    }
    Batch::new(images, pixels().collect(), size)
}

fn accuracy(net: &Net, scene: &Batch, device: &Device) -> f64 {
    let predicted = net.forward(images(scene, device)).argmax(1).into_data().convert::<i64>();
    let predicted: Vec<i64> = predicted.try_to_vec().expect("i64");
    let right = predicted.iter().zip(&scene.targets).filter(|(p, t)| **p == i64::from(**t)).count();
    right as f64 / scene.labelled as f64
}

/// Accuracy over the labelled pixels after a short training on them.
fn overfit(arch: Arch, scene: &Batch) -> f64 {
    overfit_with(&TrainConfig::default(), 0.01, arch, scene)
}

fn overfit_with(config: &TrainConfig, lr: f64, arch: Arch, scene: &Batch) -> f64 {
    let device = Device::flex();
    device.seed(1);
    let training = device.clone().autodiff();
    let net = Net::new(&ModelConfig { arch, base: 4, levels: 3, ..ModelConfig::default() }, 2, &training);
    let mut trainer = Trainer::new(net, config, training);
    let first = trainer.step(slice::from_ref(scene), &ClassTerms::equal(2), lr);
    let last =
        (0..60).map(|_| trainer.step(slice::from_ref(scene), &ClassTerms::equal(2), lr)).last().expect("60 steps");
    assert!(last < first / 2.0, "the loss must fall: {first} -> {last}");
    accuracy(&trainer.valid(), scene, &device)
}

#[test]
fn a_tiny_scene_is_overfitted_by_both_networks() {
    for arch in [Arch::UNet, Arch::UNetPlusPlus] {
        let accuracy = overfit(arch, &tiny_scene());
        assert!(accuracy > 0.95, "{arch:?}: {accuracy}");
    }
}

#[test]
fn every_term_of_the_loss_overfits_a_tiny_scene() {
    for term in LossTerm::ALL {
        // The gated CRF teaches no class by itself.
        let (mut loss, weight) = match term {
            LossTerm::GatedCrf => (LossWeights::default(), 0.1),
            _ => (LossWeights::none(), 1.0),
        };
        *loss.of_mut(*term) = weight;
        let accuracy = overfit_with(&TrainConfig { loss, ..TrainConfig::default() }, 0.01, Arch::UNet, &tiny_scene());
        assert!(accuracy > 0.95, "{term:?}: {accuracy}");
    }
}

#[test]
fn sgd_overfits_a_tiny_scene() {
    for nesterov in [false, true] {
        let config = TrainConfig { optimizer: Optimizer::Sgd, nesterov, ..TrainConfig::default() };
        let accuracy = overfit_with(&config, 0.05, Arch::UNet, &tiny_scene());
        assert!(accuracy > 0.95, "Nesterov {nesterov}: {accuracy}");
    }
}

/// How far a step of this length moves the weights. Without momentum a step of SGD is the learning rate times the gradient, so the
/// change has the norm of the clipped gradient.
fn distance(net: &Net, config: TrainConfig, lr: f64) -> f64 {
    let config = TrainConfig { optimizer: Optimizer::Sgd, momentum: 0.0, weight_decay: 0.0, ..config };
    let mut trainer = Trainer::new(net.clone(), &config, Device::flex().autodiff());
    trainer.step(&[tiny_scene()], &ClassTerms::equal(2), lr);
    let [before, after] = [net, &trainer.net].map(|net| TrainableFloats::of(net).0.concat());
    before.iter().zip(&after).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

fn assert_clipped(net: &Net, precision: Precision) {
    let moved = |clip_norm| distance(net, TrainConfig { clip_norm, precision, ..TrainConfig::default() }, 0.5);
    let free = moved(0.0);
    assert!((moved(0.1 * free) - 0.05 * free).abs() < 1e-4 * free, "{free}");
    assert!((moved(100.0) - free).abs() < 1e-9, "a small gradient stays as it is");
}

/// A step is as long as the learning rate times the norm that gradients are clipped to, if nothing else has a part in that norm.
fn assert_clipped_without_the_encoder(net: &Net, precision: Precision) {
    let config = TrainConfig { encoder_lr: 0.0, clip_norm: 0.01, precision, ..TrainConfig::default() };
    let moved = distance(net, config, 10.0);
    assert!((moved - 0.1).abs() < 1e-3, "{moved}");
}

#[test]
fn a_step_moves_the_weights_no_further_than_clipped_gradients_do() {
    assert_clipped(&small_net(&Device::flex().autodiff()), Precision::F32);
}

/// Batch normalisation sees one batch at a time; here each has the same images, and so the same statistics as both together.
#[test]
fn several_batches_make_the_step_of_one_large_batch() {
    let scene = tiny_scene();
    let mut random = Stream::new(5);
    let mut keep = |one_in: usize| -> Vec<u8> {
        scene.targets.iter().map(|class| if random.below(one_in) == 0 { *class } else { UNLABELLED }).collect()
    };
    let parts = [(20, 200), (2, 9)].map(|(one_in, missing)| {
        let mut batch = Batch::new(scene.images.clone(), keep(one_in), 32);
        batch.pseudo = Pseudo { labels: keep(3), classes: vec![0, 1] };
        batch.exists.iter_mut().step_by(missing).for_each(|exists| *exists = false);
        batch
    });
    assert!(2 * parts[0].labelled < parts[1].labelled, "the batches must not weigh the same");
    let both = |of: fn(&Batch) -> &[u8]| [of(&parts[0]), of(&parts[1])].concat();
    let mut whole = Batch::new([&scene.images[..], &scene.images].concat(), both(|batch| &batch.targets), 32);
    whole.pseudo = Pseudo { labels: both(|batch| &batch.pseudo.labels), classes: vec![0, 1] };
    whole.exists = [&parts[0].exists[..], &parts[1].exists].concat();
    let device = Device::flex().autodiff();
    device.seed(1);
    let net = small_net(&device);
    let after = |batches: &[Batch]| {
        let (loss, optimizer) = (LossWeights { gated_crf: 0.1, ..LossWeights::default() }, Optimizer::Sgd);
        let config = TrainConfig { loss, optimizer, pseudo_labels: 0.5, crf_sigma_rgb: 0.5, ..TrainConfig::default() };
        let mut trainer = Trainer::new(net.clone(), &config, device.clone());
        let classes = ClassTerms { weights: vec![1.0, 3.0], competes: vec![true; 2] };
        (trainer.step(batches, &classes, 0.5), TrainableFloats::of(&trainer.net).0.concat())
    };
    let ((loss, weights), (want_loss, want)) = (after(&parts), after(&[whole]));
    let start = TrainableFloats::of(&net).0.concat();
    let moved = start.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let apart = weights.iter().zip(&want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!((loss - want_loss).abs() < 3e-6, "{loss} for {want_loss}");
    assert!(moved > 1e-2 && apart < 1e-4 * moved, "{apart} of {moved}");
}

#[test]
fn neighbours_have_to_agree_as_much_as_their_weight_says() {
    let (scene, device) = (tiny_scene(), Device::flex().autodiff());
    device.seed(1);
    let model =
        ModelConfig { arch: Arch::UNetPlusPlus, base: 4, levels: 3, deep_supervision: true, ..ModelConfig::default() };
    let net = Net::new(&model, 2, &device);
    let loss = |gated_crf: f64| {
        let loss = LossWeights { gated_crf, ..LossWeights::default() };
        let config = TrainConfig { loss, crf_sigma_rgb: 0.5, ..TrainConfig::default() };
        Trainer::new(net.clone(), &config, device.clone()).step(slice::from_ref(&scene), &ClassTerms::equal(2), 0.0)
    };
    let [without, one, two] = [0.0, 0.1, 0.2].map(loss);
    assert!(one - without > 1e-3, "{without} {one}");
    assert!((two - without - 2.0 * (one - without)).abs() < 1e-5, "{without} {one} {two}");
}

#[test]
fn neighbours_that_need_not_agree_yet_are_in_neither_loss_nor_gradient() {
    let (scene, device) = (tiny_scene(), Device::flex().autodiff());
    device.seed(1);
    let net = small_net(&device);
    let step = |gated_crf: f64, agree: bool| {
        let loss = LossWeights { gated_crf, ..LossWeights::default() };
        let config = TrainConfig { loss, crf_sigma_rgb: 0.5, optimizer: Optimizer::Sgd, ..TrainConfig::default() };
        let mut trainer = Trainer::new(net.clone(), &config, device.clone());
        trainer.let_neighbours_agree(agree);
        let loss = trainer.step(slice::from_ref(&scene), &ClassTerms::equal(2), 0.5);
        (loss, TrainableFloats::of(&trainer.net).0.concat())
    };
    assert!(step(0.1, false) == step(0.0, true));
    assert!(step(0.1, true) != step(0.0, true));
}

#[test]
fn batches_without_labels_add_nothing() {
    let scene = tiny_scene();
    let empty = Batch::new(scene.images.clone(), vec![UNLABELLED; scene.targets.len()], 32);
    let device = Device::flex().autodiff();
    device.seed(1);
    let net = small_net(&device);
    let trainer = Trainer::new(net.clone(), &TrainConfig::default(), device);
    let of = |batches: &[Batch]| {
        let (losses, gradients) = trainer.gradients(batches, &ClassTerms::equal(2));
        let loss: f32 = losses.into_iter().map(Tensor::into_scalar::<f32>).sum();
        (loss, GradientFloats::of(&gradients, &net))
    };
    let (nothing, none) = of(&[empty.clone(), empty.clone()]);
    assert!(nothing == 0.0 && none.iter().all(|value| *value == 0.0));
    let (with, without) = (of(&[empty, scene.clone()]), of(&[scene]));
    assert!(without.1.iter().any(|value| value.abs() > 1e-3));
    assert!(with == without, "{} {}", with.0, without.0);
}

/// Values of all gradients.
struct GradientFloats<'a> {
    gradients: &'a GradientsParams,
    values: Vec<f32>,
}

impl<'a> GradientFloats<'a> {
    fn of(gradients: &'a GradientsParams, net: &Net) -> Vec<f32> {
        let mut floats = Self { gradients, values: Vec::new() };
        net.visit(&mut floats);
        floats.values
    }
}

impl ModuleVisitor for GradientFloats<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.get::<D>(param.id) {
            self.values.extend(gradient.into_data().try_to_vec::<f32>().expect("f32"));
        }
    }
}

/// Values of the parameters that learn: running statistics are left out.
struct TrainableFloats(Vec<Vec<f32>>);

impl TrainableFloats {
    fn of(net: &Net) -> Self {
        let mut floats = Self(Vec::new());
        net.visit(&mut floats);
        floats
    }
}

impl ModuleVisitor for TrainableFloats {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.0.push(param.val().into_data().try_to_vec().expect("f32"));
        }
    }
}

/// A network with a pretrained encoder after some steps, and before.
fn pretrained_after_steps(encoder_lr: f64) -> [Net; 2] {
    let device = Device::flex().autodiff();
    device.seed(1);
    let model = ModelConfig { encoder: Encoder::Lite0, base: 4, ..ModelConfig::default() };
    let net = Net::new(&model, 2, &device);
    let config = TrainConfig { encoder_lr, ..TrainConfig::default() };
    let mut trainer = Trainer::new(net.clone(), &config, device);
    for _ in 0..2 {
        trainer.step(&[tiny_scene()], &ClassTerms::equal(2), 1e-2);
    }
    [trainer.valid(), net.valid()]
}

#[test]
fn a_frozen_encoder_has_no_part_in_the_norm_of_gradients() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let net = Net::new(&ModelConfig { encoder: Encoder::Lite0, base: 4, ..ModelConfig::default() }, 2, &device);
    assert_clipped_without_the_encoder(&net, Precision::F32);
}

/// The largest change of a parameter among those of the encoder, and among the others.
fn largest_changes([after, before]: &[Net; 2]) -> [f32; 2] {
    let encoder = before.pretrained().expect("its encoder");
    let mut found = Changes { others: Floats::of(before).0, encoder, largest: [0.0; 2] };
    after.visit(&mut found);
    found.largest
}

struct Floats(Vec<Vec<f32>>);

impl Floats {
    fn of(net: &Net) -> Self {
        let mut floats = Self(Vec::new());
        net.visit(&mut floats);
        floats.0.reverse();
        floats
    }
}

impl ModuleVisitor for Floats {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().into_data().try_to_vec().expect("f32"));
    }
}

struct Changes {
    /// Values of the other network, the next parameter last.
    others: Vec<Vec<f32>>,
    encoder: ParamGroup,
    largest: [f32; 2],
}

impl ModuleVisitor for Changes {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values: Vec<f32> = param.val().into_data().try_to_vec().expect("f32");
        let before = self.others.pop().expect("both networks have the same parameters");
        let largest = &mut self.largest[usize::from(!self.encoder.matches(&param.id, None))];
        for (value, before) in values.iter().zip(before) {
            *largest = largest.max((value - before).abs());
        }
    }
}

/// Adam moves every parameter by about the learning rate at its first step.
#[test]
fn a_pretrained_encoder_learns_at_its_own_rate() {
    let [encoder, decoder] = largest_changes(&pretrained_after_steps(0.1));
    assert!((1.5e-3..2.5e-3).contains(&encoder) && decoder > 1e-2, "{encoder} {decoder}");
    let [encoder, _] = largest_changes(&pretrained_after_steps(0.0));
    assert!(encoder == 0.0, "{encoder}");
}

#[test]
fn sparse_labels_are_fitted_where_they_are() {
    let mut random = Stream::new(2);
    let keep = |class: &u8| if random.below(20) == 0 { *class } else { UNLABELLED };
    let sparse = Batch::new(tiny_scene().images, tiny_scene().targets.iter().map(keep).collect(), 32);
    assert!((30..80).contains(&sparse.labelled), "about one pixel in twenty");
    let accuracy = overfit(Arch::UNet, &sparse);
    assert!(accuracy > 0.95, "{accuracy}");
}

#[test]
fn deep_supervision_learns_from_the_mean_loss_of_all_heads() {
    let (device, scene, classes) = (Device::flex().autodiff(), tiny_scene(), ClassTerms::equal(2));
    let model =
        ModelConfig { arch: Arch::UNetPlusPlus, deep_supervision: true, base: 4, levels: 4, ..ModelConfig::default() };
    let net = Net::new(&model, 2, &device);
    let heads = net.supervised(images(&scene, &device));
    assert_eq!(heads.len(), 3);
    let loss = |logits| loss::partial_cross_entropy(logits, classes.targets(&scene.targets)).into_scalar::<f32>();
    let losses: Vec<f32> = heads.into_iter().map(loss).collect();
    let before = TrainableFloats::of(&net).0;
    let mut trainer = Trainer::new(net, &TrainConfig { weight_decay: 0.0, ..TrainConfig::default() }, device);
    let got = trainer.step(slice::from_ref(&scene), &classes, 0.01);
    assert!((got - losses.iter().sum::<f32>() / 3.0).abs() < 1e-5, "{got} of {losses:?}");
    let after = TrainableFloats::of(&trainer.net).0;
    assert!(before.iter().zip(&after).all(|(before, after)| before != after), "every head learns");
}

#[test]
fn pseudo_labels_are_learned_as_much_as_they_weigh() {
    let scene = tiny_scene();
    let mut batch = Batch::new(scene.images.clone(), vec![UNLABELLED; scene.targets.len()], 32);
    batch.pseudo = Pseudo { labels: scene.targets.clone(), classes: vec![0, 1] };
    let device = Device::flex();
    let training = device.clone().autodiff();
    let net = small_net(&training); // One for all: tests beside this one draw from the same random numbers.
    let losses = [0.0, 1.0, 2.0].map(|pseudo_labels| {
        let config = TrainConfig { pseudo_labels, ..TrainConfig::default() };
        let mut trainer = Trainer::new(net.clone(), &config, training.clone());
        let first = trainer.step(slice::from_ref(&batch), &ClassTerms::equal(2), 0.01);
        for _ in 0..60 {
            trainer.step(slice::from_ref(&batch), &ClassTerms::equal(2), 0.01);
        }
        (first, accuracy(&trainer.valid(), &scene, &device))
    });
    let [(none, _), (once, right), (twice, _)] = losses;
    assert!(none == 0.0 && once > 0.1 && (twice - 2.0 * once).abs() < 1e-5, "{none} {once} {twice}");
    assert!(right > 0.95, "{right}");
}

/// The third class is ignored: it has no labels, but its place in the softmax. Pseudo-labels know nothing of it, so that smoothing
/// must not raise it.
#[test]
fn pseudo_labels_are_learned_as_labels_of_the_classes_that_they_tell_apart() {
    let device = Device::flex().autodiff();
    device.seed(1);
    let net = Net::new(&ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }, 3, &device);
    let scene = tiny_scene();
    let mut by_pseudo_labels = Batch::new(scene.images.clone(), vec![UNLABELLED; scene.targets.len()], 32);
    by_pseudo_labels.pseudo = Pseudo { labels: scene.targets.clone(), classes: vec![0, 1] };
    let after = |batch: Batch, competes: [bool; 3]| {
        let config = TrainConfig {
            label_smoothing: 0.2,
            pseudo_labels: 1.0,
            optimizer: Optimizer::Sgd,
            ..TrainConfig::default()
        };
        let mut trainer = Trainer::new(net.clone(), &config, device.clone());
        let classes = ClassTerms { weights: vec![1.0, 1.0, 0.0], competes: competes.to_vec() };
        (trainer.step(&[batch], &classes, 0.1), TrainableFloats::of(&trainer.net).0.concat())
    };
    let got = after(by_pseudo_labels, [true; 3]);
    assert!(got == after(scene, [true, true, false]), "the loss and every weight");
}

/// What is shown and what is trained after a few steps from the weights of `start`: logits of the scene.
fn after(steps: usize, start: &Net, ema: f64) -> [Vec<f32>; 2] {
    let (device, scene) = (Device::flex(), tiny_scene());
    let training = device.clone().autodiff();
    let net = small_net(&training).load_record(start.clone().into_record());
    let mut trainer = Trainer::new(net, &TrainConfig { ema, ..TrainConfig::default() }, training);
    for _ in 0..steps {
        trainer.step(slice::from_ref(&scene), &ClassTerms::equal(2), 0.01);
    }
    let logits = |net: &Net| net.forward(images(&scene, &device)).into_data().try_to_vec().expect("f32");
    assert_eq!(trainer.raw().is_some(), ema > 0.0);
    [logits(&trainer.valid()), logits(&trainer.raw().unwrap_or_else(|| trainer.valid()))]
}

fn small_net(device: &Device) -> Net {
    Net::new(&ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }, 2, device)
}

#[test]
fn an_average_is_shown_and_leaves_the_training_as_it_is() {
    let start = small_net(&Device::flex().autodiff());
    let [[shown, trained], [plain, _]] = [after(6, &start, 0.9), after(6, &start, 0.0)];
    assert!(trained == plain, "the weights themselves do not know of their average");
    assert!(shown != trained);
    let [shown, trained] = after(1, &start, 0.9);
    assert!(shown == trained, "the average of one step is that step");
}

#[test]
fn moments_of_another_shape_are_refused() {
    let (device, config) = (Device::flex(), TrainConfig::default());
    let training = device.autodiff();
    let mut trainer = Trainer::new(small_net(&training), &config, training.clone());
    trainer.step(slice::from_ref(&tiny_scene()), &ClassTerms::equal(2), 0.01);
    let resumed = |change: &dyn Fn(&mut burn_pack::Tensor)| {
        let state = trainer.state().unwrap();
        let mut tensors = burn_pack::Reader::from_bytes(state.moments).unwrap().into_tensors().unwrap();
        change(&mut tensors[0]);
        let moments = burn_pack::Writer::new(tensors).into_bytes().unwrap();
        let saved = TrainerState { moments, ..state };
        Trainer::resumed(small_net(&training), saved, &config, training.clone()).err().map(|error| error.to_string())
    };
    assert_eq!(resumed(&|_| ()), None);
    let told = resumed(&|tensor| {
        let length = tensor.byte_len() / 4;
        tensor.shape = [1, length].into();
    });
    assert!(told.is_some_and(|told| told.contains("of another network")));
    assert!(resumed(&|tensor| tensor.param_id = Some(7)).is_some());
    assert!(resumed(&|tensor| tensor.param_id = None).is_some());
}
