use super::reference::{self, dot, slope, values, wide};
use crate::kernels::block::{self, Stage};
use crate::kernels::conv::{head, transposed};
use crate::kernels::norm::Statistics;
use crate::kernels::output::Output;
use crate::kernels::pool;
use crate::kernels::shape::Shape;

/// Widths below, at and above the number of lanes; a single pixel, channel or image; odd dimensions.
pub(super) const SHAPES: [[usize; 4]; 7] =
    [[1, 1, 1, 1], [1, 3, 5, 7], [2, 5, 9, 16], [2, 16, 16, 33], [3, 7, 3, 50], [1, 130, 4, 6], [2, 1, 17, 3]];

pub(super) fn assert_near(ours: &[f32], exact: &[f64], what: &str) {
    assert_eq!(ours.len(), exact.len(), "{what}");
    let scale = exact.iter().fold(1e-3f64, |scale, value| scale.max(value.abs()));
    for (index, (&ours, &exact)) in ours.iter().zip(exact).enumerate() {
        assert!((f64::from(ours) - exact).abs() <= 2e-5 * scale, "{what}: {ours} for {exact} at {index}");
    }
}

/// A block and its input.
pub(super) struct Case {
    pub(super) shape: Shape,
    pub(super) x: Vec<f32>,
    weights: [Vec<f32>; 2],
    gamma: [Vec<f32>; 2],
    beta: [Vec<f32>; 2],
}

pub(super) const EPSILON: f32 = 1e-3;

impl Case {
    pub(super) fn new(dims: [usize; 4], outputs: usize) -> Self {
        let shape = Shape::new(dims);
        let gamma = |seed| values(outputs, seed).into_iter().map(|value| value + 1.0).collect();
        Self {
            shape,
            x: values(shape.len(), 1),
            weights: [values(outputs * shape.channels * 9, 2), values(outputs * outputs * 9, 3)],
            gamma: [gamma(4), gamma(5)],
            beta: [values(outputs, 6), values(outputs, 7)],
        }
    }

    pub(super) fn stages(&self) -> [Stage<'_>; 2] {
        [0, 1].map(|index| Stage {
            weights: &self.weights[index],
            gamma: &self.gamma[index],
            beta: &self.beta[index],
            epsilon: EPSILON,
            groups: None,
        })
    }

    /// Input and parameters, one after the other, for differences in any direction.
    pub(super) fn flat(&self) -> Vec<f64> {
        let [w1, w2] = &self.weights;
        let ([g1, g2], [b1, b2]) = (&self.gamma, &self.beta);
        [&self.x, w1, g1, b1, w2, g2, b2].into_iter().flat_map(|part| wide(part)).collect()
    }

    /// Input and parameters again: x, and weights, gamma and beta of both stages.
    pub(super) fn parts<'a>(&self, flat: &'a [f64]) -> [&'a [f64]; 7] {
        let outputs = self.gamma[0].len();
        let lengths = [self.x.len(), self.weights[0].len(), outputs, outputs, self.weights[1].len(), outputs, outputs];
        let mut rest = flat;
        lengths.map(|len| {
            let (part, more) = rest.split_at(len);
            rest = more;
            part
        })
    }

    fn reference(&self, flat: &[f64]) -> Vec<f64> {
        let [x, w1, g1, b1, w2, g2, b2] = self.parts(flat);
        let outputs = g1.len();
        let inner = self.shape.with_channels(outputs);
        let y = reference::convolution(x, self.shape, w1, outputs, 3);
        let z = reference::norm_relu(&y, inner, g1, b1, f64::from(EPSILON));
        let y = reference::convolution(&z, inner, w2, outputs, 3);
        reference::norm_relu(&y, inner, g2, b2, f64::from(EPSILON))
    }
}

#[test]
fn a_block_matches_its_definition() {
    for dims in SHAPES {
        for outputs in [1, 8, 19] {
            let case = Case::new(dims, outputs);
            let (z, _) = block::forward(&[(&case.x, case.shape)], case.stages());
            assert_near(&z, &case.reference(&case.flat()), &format!("{dims:?} to {outputs}"));
        }
    }
}

#[test]
fn gradients_of_a_block_match_difference_quotients() {
    for (dims, outputs) in [([2, 3, 5, 7], 5), ([1, 2, 4, 35], 9), ([2, 11, 6, 16], 4), ([4, 1, 2, 2], 3)] {
        let case = Case::new(dims, outputs);
        let upstream = values(case.shape.with_channels(outputs).len(), 9);
        let inputs = [(&case.x[..], case.shape)];
        let (_, saved) = block::forward(&inputs, case.stages());
        let mut of_x = vec![f32::NAN; case.x.len()];
        let to = vec![Some(Output::overwrite(&mut of_x))];
        let [first, second] = block::backward(&inputs, to, case.stages(), &saved, &upstream);
        let gradient: Vec<f64> = [
            &of_x[..],
            &first.weights,
            &first.norm.gamma,
            &first.norm.beta,
            &second.weights,
            &second.norm.gamma,
            &second.norm.beta,
        ]
        .into_iter()
        .flat_map(wide)
        .collect();
        let flat = case.flat();
        for seed in 20..26 {
            let towards = wide(&values(flat.len(), seed));
            let exact = slope(&flat, &towards, |at| dot(&case.reference(at), &wide(&upstream)));
            let ours = dot(&gradient, &towards);
            assert!((ours - exact).abs() < 2e-3 * exact.abs().max(1.0), "{dims:?}: {ours} for {exact}");
        }
    }
}

#[test]
fn several_inputs_match_their_concatenation() {
    let (a, b) = (Shape::new([2, 3, 6, 20]), Shape::new([2, 5, 6, 20]));
    let (xa, xb) = (values(a.len(), 1), values(b.len(), 2));
    let whole = a.with_channels(8);
    let mut x = Vec::new();
    for n in 0..2 {
        x.extend_from_slice(&xa[a.plane_start(n, 0)..][..3 * a.plane()]);
        x.extend_from_slice(&xb[b.plane_start(n, 0)..][..5 * b.plane()]);
    }
    let case = Case::new(whole.dims(), 6);
    let upstream = values(whole.with_channels(6).len(), 3);
    let (z, saved) = block::forward(&[(&x, whole)], case.stages());
    let mut whole_gradient = vec![f32::NAN; whole.len()];
    let to = vec![Some(Output::overwrite(&mut whole_gradient))];
    let whole_parameters = block::backward(&[(&x, whole)], to, case.stages(), &saved, &upstream);
    let inputs = [(&xa[..], a), (&xb[..], b)];
    let (z_inputs, saved) = block::forward(&inputs, case.stages());
    let [mut of_a, mut of_b] = [vec![f32::NAN; a.len()], vec![f32::NAN; b.len()]];
    let to = vec![Some(Output::overwrite(&mut of_a)), Some(Output::overwrite(&mut of_b))];
    let parameters = block::backward(&inputs, to, case.stages(), &saved, &upstream);
    assert_eq!(z[..], z_inputs[..]);
    assert_eq!(whole_parameters[0].weights[..], parameters[0].weights[..]);
    assert_eq!(whole_gradient[..3 * a.plane()], of_a[..3 * a.plane()]);
    assert_eq!(whole_gradient[3 * a.plane()..][..5 * b.plane()], of_b[..5 * b.plane()]);
    // The gradient of one input alone is the same, here accumulated.
    let mut sum = vec![1.0; b.len()];
    let to = vec![None, Some(Output { values: &mut sum, accumulate: true })];
    block::backward(&inputs, to, case.stages(), &saved, &upstream);
    assert_near(&sum, &of_b.iter().map(|value| 1.0 + f64::from(*value)).collect::<Vec<_>>(), "accumulated");
}

#[test]
fn inference_with_the_batchs_statistics_matches_training() {
    let case = Case::new([2, 3, 9, 21], 10);
    let inputs = [(&case.x[..], case.shape)];
    let (z, saved) = block::forward(&inputs, case.stages());
    let inferred = block::infer(&inputs, case.stages(), [&saved[0].statistics, &saved[1].statistics]);
    assert_near(&inferred, &wide(&z), "inference");
}

#[test]
fn statistics_are_exact_for_a_mean_far_from_zero() {
    let shape = Shape::new([2, 1, 40, 40]);
    let x: Vec<f32> = values(shape.len(), 1).into_iter().map(|value| value + 3000.0).collect();
    let mut centre = vec![0.0; 9];
    centre[4] = 1.0;
    let stage = Stage { weights: &centre, gamma: &[1.0], beta: &[0.0], epsilon: EPSILON, groups: None };
    let (_, [saved, _]) = block::forward(&[(&x, shape)], [stage, stage]);
    let Statistics { variance, .. } = &saved.statistics;
    // The variance of a uniform distribution over an interval of length 1 is 1/12.
    assert!((variance[0] - 1.0 / 12.0).abs() < 2e-3, "{variance:?}");
}

#[test]
fn transposed_convolution_and_its_gradients_match_the_definition() {
    for dims in SHAPES {
        let (shape, outputs) = (Shape::new(dims), 3);
        let (x, weights, bias) = (values(shape.len(), 1), values(shape.channels * outputs * 4, 2), values(outputs, 3));
        let out = transposed::forward(&x, shape, &weights, &bias);
        assert_near(
            &out,
            &reference::transposed_conv(&wide(&x), shape, &wide(&weights), &wide(&bias)),
            &format!("{dims:?}"),
        );
        let upstream = values(out.len(), 4);
        let mut of_input = vec![1.0; x.len()];
        let to = Output { values: &mut of_input, accumulate: true };
        let ours = transposed::backward(&x, shape, &weights, outputs, &upstream, Some(to));
        of_input.iter_mut().for_each(|value| *value -= 1.0);
        let (upstream, bias_towards) = (wide(&upstream), wide(&values(outputs, 5)));
        let (x_towards, towards) = (wide(&values(x.len(), 6)), wide(&values(weights.len(), 7)));
        // The operator is linear in each operand: its derivative in a direction is its value there.
        let zero = vec![0.0; outputs];
        let of_x = dot(&reference::transposed_conv(&x_towards, shape, &wide(&weights), &zero), &upstream);
        let of_weights = dot(&reference::transposed_conv(&wide(&x), shape, &towards, &zero), &upstream);
        let of_bias = dot(&reference::transposed_conv(&vec![0.0; x.len()], shape, &towards, &bias_towards), &upstream);
        for (ours, towards, exact) in [
            (&of_input[..], &x_towards, of_x),
            (&ours.weights, &towards, of_weights),
            (&ours.bias, &bias_towards, of_bias),
        ] {
            let ours = dot(&wide(ours), towards);
            assert!((ours - exact).abs() < 1e-4 * exact.abs().max(1.0), "{dims:?}: {ours} for {exact}");
        }
    }
}

#[test]
fn the_head_and_its_gradients_match_the_definition() {
    for dims in SHAPES {
        let (shape, outputs) = (Shape::new(dims), 7);
        let (x, weights, bias) = (values(shape.len(), 1), values(shape.channels * outputs, 2), values(outputs, 3));
        let out = head::forward(&x, shape, &weights, &bias);
        let mut exact = reference::convolution(&wide(&x), shape, &wide(&weights), outputs, 1);
        for (index, value) in exact.iter_mut().enumerate() {
            *value += f64::from(bias[index / shape.plane() % outputs]);
        }
        assert_near(&out, &exact, &format!("{dims:?}"));
        let upstream = values(out.len(), 4);
        let mut of_input = vec![1.0; x.len()];
        let to = Output { values: &mut of_input, accumulate: true };
        let ours = head::backward(&x, shape, &weights, outputs, &upstream, Some(to));
        of_input.iter_mut().for_each(|value| *value -= 1.0);
        let (x_towards, towards) = (wide(&values(x.len(), 6)), wide(&values(weights.len(), 7)));
        let of_x = dot(&reference::convolution(&x_towards, shape, &wide(&weights), outputs, 1), &wide(&upstream));
        let of_weights = dot(&reference::convolution(&wide(&x), shape, &towards, outputs, 1), &wide(&upstream));
        for (ours, towards, exact) in [(&of_input[..], &x_towards, of_x), (&ours.weights, &towards, of_weights)] {
            let ours = dot(&wide(ours), towards);
            assert!((ours - exact).abs() < 1e-4 * exact.abs().max(1.0), "{dims:?}: {ours} for {exact}");
        }
    }
}

#[test]
fn pooling_keeps_the_maximum_and_sends_the_gradient_there() {
    let shape = Shape::new([1, 1, 3, 5]);
    let x = [1.0, 2.0, 9.0, 3.0, 50.0, 4.0, 0.0, 8.0, 7.0, 50.0, 60.0, 60.0, 60.0, 60.0, 60.0];
    let (out, which) = pool::forward(&x, shape);
    assert_eq!(out[..], [4.0, 9.0]);
    assert_eq!(which, [2, 0]);
    let mut expected = [0.0; 15];
    (expected[5], expected[2]) = (10.0, 20.0);
    let mut gradient = [f32::NAN; 15];
    pool::backward(&[10.0, 20.0], &which, shape, Output::overwrite(&mut gradient));
    assert_eq!(gradient, expected);
    pool::backward(&[10.0, 20.0], &which, shape, Output { values: &mut gradient, accumulate: true });
    assert_eq!(gradient, expected.map(|value| 2.0 * value));
    assert!(pool::forward(&[1.0, f32::NAN, 2.0, 3.0], Shape::new([1, 1, 2, 2])).0[0].is_nan());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = Case::new([3, 20, 40, 70], 24);
    let upstream = values(case.shape.with_channels(24).len(), 9);
    let run = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let inputs = [(&case.x[..], case.shape)];
            let (z, saved) = block::forward(&inputs, case.stages());
            let mut of_x = vec![f32::NAN; case.x.len()];
            let to = vec![Some(Output::overwrite(&mut of_x))];
            let [first, second] = block::backward(&inputs, to, case.stages(), &saved, &upstream);
            (z.to_vec(), of_x, first.weights.to_vec(), second.weights.to_vec())
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
}

#[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
#[test]
fn narrower_instruction_sets_agree() {
    use crate::kernels::simd::{InstructionSet, with_at_most};

    // Whole vectors and remainders for every number of lanes.
    for columns in [37, 24, 16, 12, 8, 5] {
        let case = Case::new([2, 11, 9, columns], 13);
        let upstream = values(case.shape.with_channels(13).len(), 9);
        let run = || {
            let inputs = [(&case.x[..], case.shape)];
            let (z, saved) = block::forward(&inputs, case.stages());
            let mut of_x = vec![f32::NAN; case.x.len()];
            let to = vec![Some(Output::overwrite(&mut of_x))];
            let [first, second] = block::backward(&inputs, to, case.stages(), &saved, &upstream);
            [z.to_vec(), of_x, first.weights.to_vec(), second.weights.to_vec()]
        };
        let widest = run();
        for width in [InstructionSet::Scalar, InstructionSet::Avx2] {
            for (narrow, wide_one) in with_at_most(width, run).iter().zip(&widest) {
                assert_near(narrow, &wide(wide_one), &format!("{width:?}, {columns} columns"));
            }
        }
    }
}
