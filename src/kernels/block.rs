//! Twice convolution, batch norm, ReLU, as one operator.
//!
//! Only the convolutions' own results are written to memory. The first activation is computed while the second convolution
//! packs its input, and again on the way back; gradients through norm and ReLU likewise (see [`super::conv::source`]).

use super::conv::backward;
use super::conv::forward::{Finish, convolve};
use super::conv::source::{Input, Source, Values};
use super::conv::strips::Target;
use super::conv::weights::{Order, Weights};
use super::memory::Buffer;
use super::norm::{Fold, GradientFold, NormGradients, Statistics, activate};
use super::output::Destination;
use super::shape::Shape;

/// Taps of a 3×3 window.
const TAPS: usize = 9;

/// Parameters of a convolution without bias and the normalisation after it.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    /// `[outputs, inputs, 3, 3]`
    pub weights: &'a [f32],
    /// One for each output.
    pub gamma: &'a [f32],
    /// One for each output.
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

/// Their gradients.
pub struct StageGradients {
    /// `[outputs, inputs, 3, 3]`
    pub weights: Buffer,
    /// Of `gamma` and `beta`.
    pub norm: NormGradients,
}

impl Stage<'_> {
    fn outputs(&self) -> usize {
        self.gamma.len()
    }

    fn order(&self, inputs: usize) -> Order {
        Order::convolution(self.outputs(), inputs, TAPS)
    }

    fn fold(&self, statistics: &Statistics) -> Fold {
        Fold::new(statistics, self.gamma, self.beta, self.epsilon)
    }
}

/// A convolution's result before normalisation, and its statistics over the batch.
#[derive(Debug)]
pub struct Measured {
    y: Buffer,
    shape: Shape,
    /// Mean and variance of each channel.
    pub statistics: Statistics,
    fold: Fold,
}

impl Measured {
    fn new(input: &Input<'_>, stage: &Stage<'_>) -> Self {
        let shape = input.shape().with_channels(stage.outputs());
        let mut y = Buffer::new(shape.len());
        let weights = Weights::new(stage.weights, stage.order(input.shape().channels));
        let statistics =
            convolve(input, &weights, Target::one(&mut y, shape), Finish::Measure).expect("measuring gives statistics");
        let fold = stage.fold(&statistics);
        Self { y, shape, statistics, fold }
    }

    fn activated(&self) -> Input<'_> {
        Input::new(vec![Source { values: Values::Activated { y: &self.y, fold: &self.fold }, shape: self.shape }])
    }
}

/// A tensor read by the block; several are joined channel after channel.
pub type Part<'a> = (&'a [f32], Shape);

fn join<'a>(parts: &[Part<'a>]) -> Input<'a> {
    Input::new(parts.iter().map(|&(values, shape)| Source::plain(values, shape)).collect())
}

/// Forward with statistics of the batch. The result has the channels of the second stage; what is measured on the way is
/// kept for [`backward`].
///
/// # Panics
/// When parts and parameters do not fit together.
pub fn forward(parts: &[Part<'_>], stages: [Stage<'_>; 2]) -> (Buffer, [Measured; 2]) {
    let first = Measured::new(&join(parts), &stages[0]);
    let second = Measured::new(&first.activated(), &stages[1]);
    let mut z = Buffer::new(second.shape.len());
    activate(&second.y, second.shape, &second.fold, &mut z);
    (z, [first, second])
}

/// Forward with known statistics.
///
/// # Panics
/// When parts and parameters do not fit together.
pub fn infer(parts: &[Part<'_>], stages: [Stage<'_>; 2], statistics: [&Statistics; 2]) -> Buffer {
    let stage = |input: &Input<'_>, stage: &Stage<'_>, statistics| {
        let shape = input.shape().with_channels(stage.outputs());
        let mut z = Buffer::new(shape.len());
        let weights = Weights::new(stage.weights, stage.order(input.shape().channels));
        convolve(input, &weights, Target::one(&mut z, shape), Finish::Activate(&stage.fold(statistics)));
        (z, shape)
    };
    let (z, shape) = stage(&join(parts), &stages[0], statistics[0]);
    stage(&join(&[(&z, shape)]), &stages[1], statistics[1]).0
}

/// Gradients of all parameters, from the gradient of the result; those of the parts go to `destinations`, where there is one.
///
/// # Panics
/// When the pieces do not come from one call of [`forward`].
pub fn backward(
    parts: &[Part<'_>],
    destinations: Vec<Option<Destination<'_>>>,
    stages: [Stage<'_>; 2],
    measured: &[Measured; 2],
    upstream: &[f32],
) -> [StageGradients; 2] {
    let [first, second] = measured;
    let mut between = Buffer::new(first.shape.len());
    let inner = first.activated();
    let of_second = through(&inner, &stages[1], second, upstream, Some(Target::one(&mut between, first.shape)));
    let target = destinations
        .iter()
        .any(Option::is_some)
        .then(|| Target::Planes(destinations.into_iter().zip(parts).map(|(to, (_, shape))| (to, *shape)).collect()));
    let of_first = through(&join(parts), &stages[0], first, &between, target);
    [of_first, of_second]
}

/// Back through ReLU, norm and convolution of one stage.
fn through(
    input: &Input<'_>,
    stage: &Stage<'_>,
    measured: &Measured,
    upstream: &[f32],
    target: Option<Target<'_>>,
) -> StageGradients {
    let Measured { y, shape, statistics, fold } = measured;
    let (fold, norm) = GradientFold::new(upstream, y, *shape, statistics, stage.gamma, fold, stage.epsilon);
    let upstream = Input::new(vec![Source { values: Values::Gradient { upstream, y, fold: &fold }, shape: *shape }]);
    let order = stage.order(input.shape().channels).backward();
    let back = target.map(|target| (Weights::new(stage.weights, order), target));
    StageGradients { weights: backward::backward(input, &upstream, TAPS, back), norm }
}
