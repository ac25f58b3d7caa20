//! The convolution block with group norm. Within one image, group norm is a scale and a shift for each channel, as batch norm is
//! within a batch: so the images pass through [`block`] one by one.

use super::block::{self, SavedStage, Stage, StageGradients, TensorView};
use super::memory::Buffer;
use super::output::Output;
use super::shape::Shape;

/// Forward pass of `inputs`, concatenated along the channels. Also returns what [`backward`] needs, image by image.
///
/// # Shapes
/// - `inputs`: `[batch, _, height, width]`
/// - result: `[batch, out_channels, height, width]`, with the channels of the second stage
///
/// # Panics
/// When inputs and parameters do not match in size.
pub fn forward(inputs: &[TensorView<'_>], stages: [Stage<'_>; 2]) -> (Buffer, Vec<[SavedStage; 2]>) {
    let shape = inputs[0].1.with_channels(stages[1].gamma.len());
    let mut z = Buffer::new(shape.len());
    let images = z.chunks_exact_mut(shape.len() / shape.batch).enumerate();
    let saved = images.map(|(image, z)| {
        let (of_image, saved) = block::forward(&image_of(inputs, image), stages);
        z.copy_from_slice(&of_image);
        saved
    });
    let saved = saved.collect();
    (z, saved)
}

/// Backward pass from `upstream`, the gradient of the result: returns the gradients of all parameters. Writes those of
/// the inputs to `of_inputs`, one entry per input; an input without an [`Output`] needs none.
///
/// # Panics
/// When the arguments are not those of one call of [`forward`].
pub fn backward(
    inputs: &[TensorView<'_>],
    of_inputs: Vec<Option<Output<'_>>>,
    stages: [Stage<'_>; 2],
    saved: &[[SavedStage; 2]],
    upstream: &[f32],
) -> [StageGradients; 2] {
    let of_images = by_image(of_inputs, saved.len()).into_iter();
    let images = saved.iter().zip(upstream.chunks_exact(upstream.len() / saved.len())).zip(of_images).enumerate();
    let gradients = images.map(|(image, ((saved, upstream), of_inputs))| {
        block::backward(&image_of(inputs, image), of_inputs, stages, saved, upstream)
    });
    // One after the other, so that the sums never depend on the number of threads.
    gradients.reduce(sum).expect("a batch has images")
}

/// One image of each input, as a batch of its own.
fn image_of<'a>(inputs: &[TensorView<'a>], image: usize) -> Vec<TensorView<'a>> {
    let one = |(values, shape): &TensorView<'a>| {
        let each = shape.channels * shape.plane();
        (&values[image * each..(image + 1) * each], Shape { batch: 1, ..*shape })
    };
    inputs.iter().map(one).collect()
}

/// Where the gradients of the inputs are written, image by image.
fn by_image(of_inputs: Vec<Option<Output<'_>>>, batch: usize) -> Vec<Vec<Option<Output<'_>>>> {
    let mut images: Vec<Vec<_>> = (0..batch).map(|_| Vec::new()).collect();
    for output in of_inputs {
        let Some(Output { values, accumulate }) = output else {
            images.iter_mut().for_each(|image| image.push(None));
            continue;
        };
        let each = values.len() / batch;
        for (image, values) in images.iter_mut().zip(values.chunks_exact_mut(each)) {
            image.push(Some(Output { values, accumulate }));
        }
    }
    images
}

fn sum(mut sum: [StageGradients; 2], more: [StageGradients; 2]) -> [StageGradients; 2] {
    let add = |sum: &mut [f32], more: &[f32]| sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    for (sum, more) in sum.iter_mut().zip(&more) {
        add(&mut sum.weights, &more.weights);
        add(&mut sum.norm.gamma, &more.norm.gamma);
        add(&mut sum.norm.beta, &more.norm.beta);
    }
    sum
}
