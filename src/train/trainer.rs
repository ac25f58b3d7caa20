//! One optimiser step: forward pass, loss, backward pass, update.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};

use super::average::Average;
use super::loss::{Targets, partial_cross_entropy};
use super::optimizer;
use super::weighting::ClassTerms;
use crate::data::feed::batch::Batch;
use crate::domain::config::{Loss, TrainConfig};
use crate::model::{IN_CHANNELS, Net};

/// A network and its optimiser.
pub struct Trainer {
    net: Net,
    /// The average of the weights, if there is to be one.
    average: Option<Average>,
    optimizer: ModuleOptimizer,
    loss: Loss,
    /// Weight of pseudo-labels.
    pseudo: f64,
    device: Device,
}

impl Trainer {
    /// A trainer of this network. `device` must support autodiff.
    pub fn new(net: Net, config: &TrainConfig, device: Device) -> Self {
        let average = (config.ema > 0.0).then(|| Average::new(&net, config.ema));
        let optimizer = optimizer::build(config, net.pretrained());
        Self { net, average, optimizer, loss: config.loss, pseudo: config.pseudo_labels, device }
    }

    /// Takes one step and returns the loss before it. Reading the loss waits for the device, which would otherwise run
    /// hundreds of kernels ahead of pause and stop.
    pub fn step(&mut self, batch: &Batch, classes: &ClassTerms, lr: f64) -> f32 {
        let logits = self.net.forward(images(batch, &self.device));
        let loss = self.loss(logits, batch, classes);
        let gradients = GradientsParams::from_grads(loss.backward(), &self.net);
        // The optimiser consumes the network and returns the updated one; the clone shares its tensors.
        self.net = self.optimizer.step(lr, self.net.clone(), gradients);
        if let Some(average) = &mut self.average {
            average.update(&self.net);
        }
        loss.into_scalar()
    }

    /// The loss over the labels, and over pseudo-labels where a batch has any. Class weights concern labels alone: they make up for
    /// how labels are spread over the classes. A
    /// class that pseudo-labels do not tell apart does not compete there.
    fn loss(&self, logits: Tensor<4>, batch: &Batch, classes: &ClassTerms) -> Tensor<1> {
        let of = |logits, indices: &[u8], class_weights: &[f32], competes: &[bool]| {
            let targets = Targets { indices, class_weights, competes };
            match self.loss {
                Loss::CrossEntropy => partial_cross_entropy(logits, targets),
            }
        };
        let labels = of(logits.clone(), &batch.targets, &classes.weights, &classes.competes);
        if batch.pseudo.labels.is_empty() {
            return labels;
        }
        let alike = vec![1.0; classes.weights.len()];
        let told = |(class, competes): (usize, &bool)| *competes && batch.pseudo.classes.contains(&(class as u8));
        let told: Vec<bool> = classes.competes.iter().enumerate().map(told).collect();
        labels + of(logits, &batch.pseudo.labels, &alike, &told) * self.pseudo
    }

    /// The network in validation mode: running statistics, no gradients. Where weights are averaged it is their average.
    pub fn valid(&self) -> Net {
        self.average.as_ref().map_or_else(|| self.net.valid(), Average::net)
    }
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
mod tests {
    use burn::module::{ModuleVisitor, Param, ParamGroup};

    use super::*;
    use crate::data::feed::pseudo_labels::Pseudo;
    use crate::domain::UNLABELLED;
    use crate::domain::config::{Arch, Encoder, ModelConfig, Optimizer};
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
        let first = trainer.step(scene, &ClassTerms::equal(2), lr);
        let last = (0..60).map(|_| trainer.step(scene, &ClassTerms::equal(2), lr)).last().expect("60 steps");
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
    fn sgd_overfits_a_tiny_scene() {
        for nesterov in [false, true] {
            let config = TrainConfig { optimizer: Optimizer::Sgd, nesterov, ..TrainConfig::default() };
            let accuracy = overfit_with(&config, 0.05, Arch::UNet, &tiny_scene());
            assert!(accuracy > 0.95, "Nesterov {nesterov}: {accuracy}");
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
            trainer.step(&tiny_scene(), &ClassTerms::equal(2), 1e-2);
        }
        [trainer.valid(), net.valid()]
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
    fn pseudo_labels_are_learned_as_much_as_they_weigh() {
        let scene = tiny_scene();
        let mut batch = Batch::new(scene.images.clone(), vec![UNLABELLED; scene.targets.len()], 32);
        batch.pseudo = Pseudo { labels: scene.targets.clone(), classes: vec![0, 1] };
        let device = Device::flex();
        let losses = [0.0, 1.0, 2.0].map(|pseudo_labels| {
            device.seed(1);
            let (training, config) =
                (device.clone().autodiff(), TrainConfig { pseudo_labels, ..TrainConfig::default() });
            let mut trainer = Trainer::new(small_net(&training), &config, training);
            let first = trainer.step(&batch, &ClassTerms::equal(2), 0.01);
            for _ in 0..60 {
                trainer.step(&batch, &ClassTerms::equal(2), 0.01);
            }
            (first, accuracy(&trainer.valid(), &scene, &device))
        });
        let [(none, _), (once, right), (twice, _)] = losses;
        assert!(none == 0.0 && once > 0.1 && (twice - 2.0 * once).abs() < 1e-5, "{none} {once} {twice}");
        assert!(right > 0.95, "{right}");
    }

    /// What is shown and what is trained after a few steps from the weights of `start`: logits of the scene.
    fn after(steps: usize, start: &Net, ema: f64) -> [Vec<f32>; 2] {
        let (device, scene) = (Device::flex(), tiny_scene());
        let training = device.clone().autodiff();
        let net = small_net(&training).load_record(start.clone().into_record());
        let mut trainer = Trainer::new(net, &TrainConfig { ema, ..TrainConfig::default() }, training);
        for _ in 0..steps {
            trainer.step(&scene, &ClassTerms::equal(2), 0.01);
        }
        let logits = |net: &Net| net.forward(images(&scene, &device)).into_data().try_to_vec().expect("f32");
        [logits(&trainer.valid()), logits(&trainer.net.valid())]
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
}
