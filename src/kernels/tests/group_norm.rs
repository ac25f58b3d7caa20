use super::operators::{Case, EPSILON, assert_near};
use super::reference::{convolution, dot, slope, values, wide};
use crate::kernels::block::Stage;
use crate::kernels::group_block;
use crate::kernels::output::Output;
use crate::kernels::shape::Shape;

/// Cases with their groups: one group, several, as many as channels; a single pixel row; several images.
const CASES: [([usize; 4], usize, usize); 5] =
    [([1, 3, 5, 7], 4, 1), ([2, 5, 9, 16], 8, 4), ([3, 2, 4, 35], 6, 6), ([2, 11, 6, 16], 10, 5), ([2, 3, 1, 9], 4, 2)];

fn stages(case: &Case, groups: usize) -> [Stage<'_>; 2] {
    case.stages().map(|stage| Stage { groups: Some(groups), ..stage })
}

/// Group norm and ReLU as defined: over the channels of a group and all pixels of an image.
fn norm_relu(y: &[f64], shape: Shape, gamma: &[f64], beta: &[f64], groups: usize) -> Vec<f64> {
    let each = shape.channels / groups * shape.plane();
    let mut z = Vec::new();
    for (index, group) in y.chunks_exact(each).enumerate() {
        let mean = group.iter().sum::<f64>() / each as f64;
        let variance = group.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / each as f64;
        let first = index % groups * (shape.channels / groups);
        for (at, value) in group.iter().enumerate() {
            let channel = first + at / shape.plane();
            let normal = (value - mean) / (variance + f64::from(EPSILON)).sqrt();
            z.push((normal * gamma[channel] + beta[channel]).max(0.0));
        }
    }
    z
}

fn reference(case: &Case, flat: &[f64], groups: usize) -> Vec<f64> {
    let [x, w1, g1, b1, w2, g2, b2] = case.parts(flat);
    let outputs = g1.len();
    let inner = case.shape.with_channels(outputs);
    let z = norm_relu(&convolution(x, case.shape, w1, outputs, 3), inner, g1, b1, groups);
    norm_relu(&convolution(&z, inner, w2, outputs, 3), inner, g2, b2, groups)
}

#[test]
fn a_block_with_group_norm_matches_its_definition() {
    for (dims, outputs, groups) in CASES {
        let case = Case::new(dims, outputs);
        let (z, _) = group_block::forward(&[(&case.x, case.shape)], stages(&case, groups));
        assert_near(&z, &reference(&case, &case.flat(), groups), &format!("{dims:?} to {outputs} in {groups}"));
    }
}

#[test]
fn gradients_of_a_block_with_group_norm_match_difference_quotients() {
    for (dims, outputs, groups) in CASES {
        let case = Case::new(dims, outputs);
        let upstream = values(case.shape.with_channels(outputs).len(), 9);
        let inputs = [(&case.x[..], case.shape)];
        let (_, saved) = group_block::forward(&inputs, stages(&case, groups));
        let mut of_x = vec![1.0; case.x.len()];
        let to = vec![Some(Output { values: &mut of_x, accumulate: true })];
        let [first, second] = group_block::backward(&inputs, to, stages(&case, groups), &saved, &upstream);
        of_x.iter_mut().for_each(|value| *value -= 1.0);
        let parts = [
            &of_x[..],
            &first.weights,
            &first.norm.gamma,
            &first.norm.beta,
            &second.weights,
            &second.norm.gamma,
            &second.norm.beta,
        ];
        let gradient: Vec<f64> = parts.into_iter().flat_map(wide).collect();
        let flat = case.flat();
        for seed in 20..26 {
            let towards = wide(&values(flat.len(), seed));
            let exact = slope(&flat, &towards, |at| dot(&reference(&case, at, groups), &wide(&upstream)));
            let ours = dot(&gradient, &towards);
            assert!((ours - exact).abs() < 2e-3 * exact.abs().max(1.0), "{dims:?} in {groups}: {ours} for {exact}");
        }
    }
}

#[test]
fn group_norm_does_not_depend_on_the_number_of_threads_or_on_other_images() {
    let case = Case::new([3, 20, 40, 70], 24);
    let upstream = values(case.shape.with_channels(24).len(), 9);
    let inputs = [(&case.x[..], case.shape)];
    let run = |threads| {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| {
            let (z, saved) = group_block::forward(&inputs, stages(&case, 8));
            let mut of_x = vec![f32::NAN; case.x.len()];
            let to = vec![Some(Output::overwrite(&mut of_x))];
            let [first, second] = group_block::backward(&inputs, to, stages(&case, 8), &saved, &upstream);
            (z.to_vec(), of_x, first.weights.to_vec(), second.weights.to_vec())
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(7));
    let alone = Shape { batch: 1, ..case.shape };
    let (z, _) = group_block::forward(&[(&case.x[alone.len()..2 * alone.len()], alone)], stages(&case, 8));
    let each = z.len();
    assert_eq!(z[..], one.0[each..2 * each]);
}
