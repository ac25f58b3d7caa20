//! Forward pass.

use rayon::prelude::*;

use super::expanded::{Expanded, Image};
use super::parameters::Block;
use super::planes::{add, shifted};
use super::window::Window;
use super::work::{Task, groups, tasks};
use crate::kernels::matrix::{Layout, multiply};
use crate::kernels::memory::Buffer;
use crate::kernels::shape::Shape;

/// The block's output.
///
/// # Shapes
/// - `x`: `shape`
/// - result: [`Block::output_shape`]
///
/// # Panics
/// If parameters and input do not match in size.
pub fn forward(x: &[f32], shape: Shape, block: &Block<'_>) -> Buffer {
    block.check(shape);
    let out_shape = block.output_shape(shape);
    let mut out = Buffer::new(out_shape.len());
    if out.is_empty() {
        return out;
    }
    let tasks = tasks(shape.batch, block.wide());
    let parts: Vec<Buffer> = tasks.par_iter().map(|task| project_share(x, shape, block, task)).collect();
    let (shares, plane) = (tasks.len() / shape.batch, out_shape.plane());
    out.par_chunks_mut(plane).enumerate().for_each(|(index, out)| {
        let (image, channel) = (index / out_shape.channels, index % out_shape.channels);
        let mut parts = parts[image * shares..][..shares].iter().map(|part| &part[channel * plane..][..plane]);
        shifted(parts.next().expect("an image has a share"), block.project.bias[channel], out);
        parts.for_each(|part| add(part, out, false));
        if block.is_residual(shape) {
            add(&x[index * plane..][..plane], out, false);
        }
    });
    out
}

/// What a share of the wide channels adds to the output, without bias.
fn project_share(x: &[f32], shape: Shape, block: &Block<'_>, task: &Task) -> Buffer {
    let (image, window) = (image(x, shape, task.image), window(block, shape));
    let out_shape = block.output_shape(shape);
    let layout = Layout::row_major(out_shape.channels, out_shape.plane());
    let mut out = Buffer::new(layout.rows * layout.columns);
    let most = groups(task.channels.clone(), window).map(|group| group.len()).max().unwrap_or(0);
    let mut expanded = Expanded::new(window, image.plane_len(), most);
    for group in groups(task.channels.clone(), window) {
        expanded.compute(image, block, group.clone());
        let is_first = group.start == task.channels.start;
        let weights = block.projection(group.start, group.len());
        multiply((&mut out, layout), weights, expanded.filtered(group.len()), !is_first);
    }
    out
}

/// One image of a batch.
pub(super) fn image(x: &[f32], shape: Shape, image: usize) -> Image<'_> {
    let len = shape.channels * shape.plane();
    Image { values: &x[image * len..][..len], channels: shape.channels }
}

/// The block's window over an input of this shape.
pub(super) fn window(block: &Block<'_>, shape: Shape) -> Window {
    let Shape { height, width, .. } = block.output_shape(shape);
    Window { side: block.side, stride: block.stride, height, width }
}
