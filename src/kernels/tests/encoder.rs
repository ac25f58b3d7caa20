//! The layers of a pretrained encoder against plain loops in `f64`.

use super::reference::{dot, slope, values, wide};
use crate::kernels::inverted_residual::{self, Block, Gradients, Layer};
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;
use crate::kernels::stem;

fn assert_near(ours: &[f32], exact: &[f64], what: &str) {
    assert_eq!(ours.len(), exact.len(), "{what}");
    let scale = exact.iter().fold(1e-3f64, |scale, value| scale.max(value.abs()));
    for (index, (&ours, &exact)) in ours.iter().zip(exact).enumerate() {
        assert!((f64::from(ours) - exact).abs() <= 2e-5 * scale, "{what}: {ours} for {exact} at {index}");
    }
}

/// Depthwise or full convolution with padding as TensorFlow's "same"; weights `[outputs, inputs per group, side, side]`.
fn convolution(x: &[f64], shape: Shape, weights: &[f64], bias: &[f64], (side, stride): (usize, usize)) -> Vec<f64> {
    let each = weights.len() / bias.len() / (side * side);
    let outputs_each = bias.len() * each / shape.channels;
    let before = (side - stride) / 2;
    let mut out = Vec::new();
    for image in 0..shape.batch {
        for (output, bias) in bias.iter().enumerate() {
            let first = output / outputs_each * each;
            for (y, column) in pixels(shape.height / stride, shape.width / stride) {
                let mut sum = *bias;
                for (input, (ky, kx)) in (0..each).flat_map(|input| pixels(side, side).map(move |tap| (input, tap))) {
                    let (sy, sx) =
                        ((y * stride + ky).wrapping_sub(before), (column * stride + kx).wrapping_sub(before));
                    if sy < shape.height && sx < shape.width {
                        sum += x[shape.plane_start(image, first + input) + sy * shape.width + sx]
                            * weights[((output * each + input) * side + ky) * side + kx];
                    }
                }
                out.push(sum);
            }
        }
    }
    out
}

fn pixels(height: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}

fn relu6(values: Vec<f64>) -> Vec<f64> {
    values.into_iter().map(|value| value.clamp(0.0, 6.0)).collect()
}

struct Case {
    shape: Shape,
    x: Vec<f32>,
    expands: bool,
    /// Weights and bias of expansion, window, projection.
    parameters: [Vec<f32>; 6],
    side: usize,
    stride: usize,
}

impl Case {
    /// Values are large enough for ReLU6 to cut on both sides.
    fn new(dims: [usize; 4], expansion: usize, out: usize, side: usize, stride: usize) -> Self {
        let shape = Shape::new(dims);
        let wide = shape.channels * expansion.max(1);
        let scaled = |len, seed, by: f32| values(len, seed).into_iter().map(|value| value * by).collect::<Vec<_>>();
        let expand = if expansion > 0 { wide } else { 0 };
        let parameters = [
            scaled(expand * shape.channels, 2, 6.0),
            scaled(expand, 3, 4.0),
            scaled(wide * side * side, 4, 2.0),
            scaled(wide, 5, 4.0),
            scaled(wide * out, 6, 1.0),
            scaled(out, 7, 1.0),
        ];
        Self { shape, x: scaled(shape.len(), 1, 4.0), expands: expansion > 0, parameters, side, stride }
    }

    fn block(&self) -> Block<'_> {
        let layer = |index: usize| Layer { weights: &self.parameters[index], bias: &self.parameters[index + 1] };
        let (side, stride) = (self.side, self.stride);
        Block { expand: self.expands.then(|| layer(0)), depthwise: layer(2), project: layer(4), side, stride }
    }

    fn flat(&self) -> Vec<f64> {
        std::iter::once(&self.x).chain(&self.parameters).flat_map(|part| wide(part)).collect()
    }

    fn reference(&self, flat: &[f64]) -> Vec<f64> {
        let (x, mut rest) = flat.split_at(self.x.len());
        let [expand, expand_bias, window, window_bias, project, project_bias] =
            self.parameters.each_ref().map(|part| {
                let (own, more) = rest.split_at(part.len());
                rest = more;
                own
            });
        let wide = self.shape.with_channels(window_bias.len());
        let expanded = match self.expands {
            true => relu6(convolution(x, self.shape, expand, expand_bias, (1, 1))),
            false => x.to_vec(),
        };
        let filtered = relu6(convolution(&expanded, wide, window, window_bias, (self.side, self.stride)));
        let filtered_shape = self.block().output_shape(self.shape).with_channels(wide.channels);
        let mut out = convolution(&filtered, filtered_shape, project, project_bias, (1, 1));
        if self.block().output_shape(self.shape) == self.shape {
            out.iter_mut().zip(x).for_each(|(out, x)| *out += x);
        }
        out
    }

    fn backward(&self, upstream: &[f32]) -> (Vec<f32>, Gradients) {
        let mut of_input = vec![f32::NAN; self.x.len()];
        let output = Some(Output::overwrite(&mut of_input));
        let gradients = inverted_residual::backward(&self.x, self.shape, &self.block(), upstream, output);
        (of_input, gradients)
    }
}

/// Both windows and strides, with and without expansion and residual, widths that leave remainders, several shares.
fn cases() -> Vec<Case> {
    vec![
        Case::new([1, 2, 2, 2], 3, 2, 3, 1),
        Case::new([2, 3, 5, 7], 6, 3, 3, 1),
        Case::new([1, 4, 9, 33], 6, 4, 5, 1),
        Case::new([2, 3, 8, 6], 6, 5, 3, 2),
        Case::new([5, 2, 12, 40], 6, 3, 5, 2),
        Case::new([1, 5, 6, 9], 0, 4, 3, 1),
        Case::new([2, 40, 4, 4], 0, 40, 5, 1),
        Case::new([1, 12, 16, 16], 6, 7, 5, 2),
    ]
}

#[test]
fn a_block_matches_its_definition() {
    for case in cases() {
        let out = inverted_residual::forward(&case.x, case.shape, &case.block());
        assert_near(&out, &case.reference(&case.flat()), &format!("{:?} {} {}", case.shape, case.side, case.stride));
    }
}

#[test]
fn gradients_match_difference_quotients() {
    for case in cases() {
        let upstream = values(case.block().output_shape(case.shape).len(), 8);
        let (of_input, gradients) = case.backward(&upstream);
        let expand =
            gradients.expand.as_ref().map_or((&[][..], &[][..]), |layer| (&layer.weights[..], &layer.bias[..]));
        let ours: Vec<&[f32]> = vec![
            &of_input,
            expand.0,
            expand.1,
            &gradients.depthwise.weights,
            &gradients.depthwise.bias,
            &gradients.project.weights,
            &gradients.project.bias,
        ];
        let (at, upstream) = (case.flat(), wide(&upstream));
        let mut first = 0;
        for (part, ours) in ours.into_iter().enumerate() {
            let mut towards = vec![0.0; at.len()];
            let direction = wide(&values(ours.len(), 9 + part as u64));
            towards[first..first + ours.len()].copy_from_slice(&direction);
            first += ours.len();
            let exact = slope(&at, &towards, |flat| dot(&case.reference(flat), &upstream));
            let got = dot(&wide(ours), &direction);
            let what = format!("{:?} {} {} part {part}", case.shape, case.side, case.stride);
            assert!((got - exact).abs() <= 1e-3 * exact.abs().max(1.0), "{what}: {got} for {exact}");
        }
        assert_eq!(first, at.len());
    }
}

#[test]
fn the_gradient_of_the_input_can_be_accumulated() {
    for case in cases() {
        let upstream = values(case.block().output_shape(case.shape).len(), 8);
        let (alone, _) = case.backward(&upstream);
        let mut sum = vec![1.0; case.x.len()];
        let output = Output { values: &mut sum, accumulate: true };
        inverted_residual::backward(&case.x, case.shape, &case.block(), &upstream, Some(output));
        let expected: Vec<f64> = alone.iter().map(|&value| f64::from(value) + 1.0).collect();
        assert_near(&sum, &expected, "accumulated");
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let case = Case::new([3, 6, 16, 20], 6, 6, 5, 1);
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let out = inverted_residual::forward(&case.x, case.shape, &case.block()).to_vec();
            let (of_input, gradients) = case.backward(&out);
            (out, of_input, gradients.depthwise.weights.to_vec(), gradients.project.weights.to_vec())
        })
    };
    let one = run(1);
    assert!([2, 7].into_iter().all(|threads| run(threads) == one));
}

#[test]
fn a_stem_matches_its_definition_and_its_gradients() {
    for (dims, outputs) in [([1, 3, 2, 2], 4), ([2, 3, 6, 34], 5), ([3, 1, 4, 8], 2)] {
        let shape = Shape::new(dims);
        let scaled = |len, seed, by: f32| values(len, seed).into_iter().map(|value| value * by).collect::<Vec<_>>();
        let (x, weights) = (scaled(shape.len(), 1, 4.0), scaled(outputs * shape.channels * 9, 2, 4.0));
        let bias = scaled(outputs, 3, 4.0);
        let reference = |w: &[f64], b: &[f64]| relu6(convolution(&wide(&x), shape, w, b, (3, 2)));
        let out = stem::forward(&x, shape, &weights, &bias);
        assert_near(&out, &reference(&wide(&weights), &wide(&bias)), "stem");
        let upstream = values(out.len(), 4);
        let (of_weights, of_bias) = stem::backward(&x, shape, &out, outputs, &upstream);
        let ours: Vec<f64> = of_weights.iter().chain(&of_bias).map(|&value| f64::from(value)).collect();
        let at: Vec<f64> = weights.iter().chain(&bias).map(|&value| f64::from(value)).collect();
        let towards = wide(&values(at.len(), 5));
        let exact =
            slope(&at, &towards, |at| dot(&reference(&at[..weights.len()], &at[weights.len()..]), &wide(&upstream)));
        let got = dot(&ours, &towards);
        assert!((got - exact).abs() <= 1e-3 * exact.abs().max(1.0), "{dims:?}: {got} for {exact}");
    }
}
