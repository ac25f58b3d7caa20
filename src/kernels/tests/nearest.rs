use super::operators::{SHAPES, assert_near};
use super::reference::{self, dot, values, wide};
use crate::kernels::conv::{nearest, transposed};
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// Each pixel four times, then a 3×3 convolution with a bias.
fn reference(x: &[f64], shape: Shape, weights: &[f64], bias: &[f64]) -> Vec<f64> {
    let wide = transposed::output_shape(shape, shape.channels);
    let pixel = |plane: usize, y: usize, column: usize| x[plane * shape.plane() + y / 2 * shape.width + column / 2];
    let rows = (0..shape.batch * shape.channels).flat_map(|plane| (0..wide.height).map(move |y| (plane, y)));
    let doubled: Vec<f64> =
        rows.flat_map(|(plane, y)| (0..wide.width).map(move |column| pixel(plane, y, column))).collect();
    let mut out = reference::convolution(&doubled, wide, weights, bias.len(), 3);
    for (index, value) in out.iter_mut().enumerate() {
        *value += bias[index / wide.plane() % bias.len()];
    }
    out
}

#[test]
fn nearest_up_sampling_and_its_gradients_match_the_definition() {
    for dims in SHAPES {
        let (shape, outputs) = (Shape::new(dims), 3);
        let (x, weights, bias) = (values(shape.len(), 1), values(shape.channels * outputs * 9, 2), values(outputs, 3));
        let out = nearest::forward(&x, shape, &weights, &bias);
        assert_near(&out, &reference(&wide(&x), shape, &wide(&weights), &wide(&bias)), &format!("{dims:?}"));
        let upstream = values(out.len(), 4);
        let mut of_input = vec![1.0; x.len()];
        let to = Output { values: &mut of_input, accumulate: true };
        let ours = nearest::backward(&x, shape, &weights, outputs, &upstream, Some(to));
        let mut overwritten = vec![f32::NAN; x.len()];
        nearest::backward(&x, shape, &weights, outputs, &upstream, Some(Output::overwrite(&mut overwritten)));
        of_input.iter_mut().for_each(|value| *value -= 1.0);
        assert_near(&of_input, &wide(&overwritten), "accumulated");
        let (upstream, bias_towards) = (wide(&upstream), wide(&values(outputs, 5)));
        let (x_towards, towards) = (wide(&values(x.len(), 6)), wide(&values(weights.len(), 7)));
        // The operator is linear in each operand: its derivative in a direction is its value there.
        let zero = vec![0.0; outputs];
        let of_x = dot(&reference(&x_towards, shape, &wide(&weights), &zero), &upstream);
        let of_weights = dot(&reference(&wide(&x), shape, &towards, &zero), &upstream);
        let of_bias = dot(&reference(&vec![0.0; x.len()], shape, &towards, &bias_towards), &upstream);
        for (ours, towards, exact) in [
            (&overwritten[..], &x_towards, of_x),
            (&ours.weights, &towards, of_weights),
            (&ours.bias, &bias_towards, of_bias),
        ] {
            let ours = dot(&wide(ours), towards);
            assert!((ours - exact).abs() < 1e-4 * exact.abs().max(1.0), "{dims:?}: {ours} for {exact}");
        }
    }
}
