//! A training is the same, bit for bit, on any number of threads: loader, network, loss, clipping, optimiser, average.

use std::sync::Arc;

use super::*;
use crate::data::feed::batch_maker::BatchPlan;
use crate::data::feed::loader::Loader;
use crate::data::feed::training_set::TrainingSet;
use crate::data::feed::warp::WarpPlan;
use crate::data::{Project, demo};
use crate::domain::config::{Batches, InputSize, Norm, Upsampling};
use crate::domain::{LabelBook, Sampling, Strategy};
use crate::model::draw;

/// Steps of a training.
const STEPS: usize = 5;
/// Batches of a step.
const BATCHES: usize = 2;

/// A loader of crops with every kind of augmentation.
fn loader(project: &Arc<Project>, threads: usize) -> Loader {
    let sampling = Sampling { strategy: Strategy::FractionPerClass(0.1), seed: 1 };
    let tiles = project.tiles.len();
    let set = TrainingSet::new(
        Arc::clone(project),
        (0..tiles).collect(),
        InputSize::Crop(64),
        sampling,
        LabelBook::default(),
    );
    (0..tiles).for_each(|tile| set.count(tile));
    let plan = BatchPlan {
        count: 3,
        batches: Batches::Classes,
        scales: true,
        flips: true,
        quarter_turns: true,
        warp: WarpPlan { rotation: 90.0, probability: 0.5, shift: 0.0625, scale: 0.1, rotate: 45.0 },
        exists: true,
        jitter: 0.3,
        seed: 7,
    };
    Loader::start(Arc::new(set), plan, 0, threads, || {}).unwrap()
}

/// Every term of the loss, clipped gradients and averaged weights.
fn recipe(optimizer: Optimizer) -> TrainConfig {
    let loss = LossWeights { cross_entropy: 1.0, focal: 0.5, dice: 0.5, jaccard: 0.5, error_dice: 0.5, gated_crf: 0.1 };
    TrainConfig { loss, optimizer, label_smoothing: 0.1, clip_norm: 0.5, ema: 0.9, ..TrainConfig::default() }
}

/// The losses of a training, and the weights with and without averaging after it, as bits.
fn trained(threads: usize, net: Net, config: &TrainConfig, project: &Arc<Project>) -> [Vec<u32>; 3] {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(move || {
        let mut loader = loader(project, threads);
        let mut trainer = Trainer::new(net, config, Device::flex().autodiff());
        let weights = (1..=project.classes.len()).map(|weight| weight as f32).collect();
        let classes = ClassTerms { weights, competes: vec![true; project.classes.len()] };
        let mut step = || {
            let batches: Vec<Batch> = (0..BATCHES).map(|_| loader.next_batch().unwrap()).collect();
            trainer.step(&batches, &classes, 0.01).to_bits()
        };
        let losses = (0..STEPS).map(|_| step()).collect();
        [losses, bits(&trainer.valid()), bits(&trainer.raw().expect("they are averaged"))]
    })
}

fn bits(net: &Net) -> Vec<u32> {
    Floats::of(net).0.concat().into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_training_does_not_depend_on_the_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let project = Arc::new(Project::open(&demo::unpack(dir.path()).unwrap()).unwrap());
    let plain = ModelConfig { base: 8, levels: 3, ..ModelConfig::default() };
    let nested = ModelConfig {
        arch: Arch::UNetPlusPlus,
        norm: Norm::Group,
        upsampling: Upsampling::Nearest,
        deep_supervision: true,
        ..plain.clone()
    };
    for (model, optimizer) in [(plain, Optimizer::AdamW), (nested, Optimizer::Sgd)] {
        // Not cloned: clones share running statistics.
        let fresh = || {
            let device = Device::flex().autodiff();
            draw::seeded::<()>(&device, 1, || Ok(Net::new(&model, project.classes.len(), &device))).unwrap()
        };
        let before = bits(&fresh());
        let one = trained(1, fresh(), &recipe(optimizer), &project);
        let three = trained(3, fresh(), &recipe(optimizer), &project);
        assert!(one[0].iter().all(|loss| f32::from_bits(*loss).is_finite()), "{model:?}: {:?}", one[0]);
        assert!(one[2] != before && one[1] != one[2], "{model:?}: it has learned, and averaged");
        assert!(one == three, "{model:?}: {:?} {:?}", one[0], three[0]);
    }
}
