//! Convolution forward pass, strip by strip.
//!
//! A strip is some rows of one image, few enough that their packed copy stays in the second-level cache. Register tiles
//! of 8 output channels by 3 vectors of pixels run over it; there is no im2col matrix.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::algorithm::Algorithm;
use super::depth_to_space::depth_to_space;
use super::epilogue::Epilogue;
use super::output::ConvOutput;
use super::pack::{Region, pack};
use super::pack_winograd::pack_transformed;
use super::source::ConvInput;
use super::strips::{CHANNELS_AT_ONCE, Strip, StripOutput, StripPlan, StripTask};
use super::tile::tile_channels;
use super::tile_loop::TileLoop;
use super::weights::PackedWeights;
use super::workspace::{Workspace, with_workspace};
use crate::kernels::norm::{Moments, Statistics};
use crate::kernels::output::Output;
use crate::kernels::simd::simd_fn;

/// Convolves `input` with `weights`. Returns the statistics of [`Epilogue::Measure`].
///
/// # Panics
/// When input, weights and output disagree in channels or size.
pub(crate) fn convolve(
    input: &ConvInput<'_>,
    weights: &PackedWeights,
    output: ConvOutput<'_>,
    epilogue: Epilogue<'_>,
) -> Option<Statistics> {
    assert_eq!(input.shape().channels, weights.in_channels, "input and weights differ in channels");
    let tasks = StripPlan::balanced(input.shape(), weights).tasks(output);
    let moments: Vec<(usize, Vec<Moments>)> = tasks
        .into_par_iter()
        .map(|task| (task.out_channels.start, convolve_strip(task, input, weights, epilogue)))
        .collect();
    matches!(epilogue, Epilogue::Measure).then(|| merge(weights.out_channels, &moments))
}

/// Statistics of each channel from the moments of the tasks, each of which starts with some channel.
fn merge(channels: usize, tasks: &[(usize, Vec<Moments>)]) -> Statistics {
    let mut merged = vec![Moments::default(); channels];
    for (first, moments) in tasks {
        for (channel, moments) in merged[*first..].iter_mut().zip(moments) {
            *channel = channel.merge(*moments);
        }
    }
    Statistics::from_moments(&merged)
}

/// Does one task. Returns the moments of [`Epilogue::Measure`].
pub(super) fn convolve_strip(
    mut task: StripTask<'_>,
    input: &ConvInput<'_>,
    weights: &PackedWeights,
    epilogue: Epilogue<'_>,
) -> Vec<Moments> {
    with_workspace(|workspace| run_task(&mut task, input, weights, epilogue, workspace))
}

simd_fn! {
    fn run_task<'w, 'a>(
        simd: S,
        task: &'w mut StripTask<'a>,
        input: &'w ConvInput<'w>,
        weights: &'w PackedWeights,
        epilogue: Epilogue<'w>,
        workspace: &'w mut Workspace,
    ) -> Vec<Moments> {
        match (weights.taps, tile_channels::<S>()) {
            (9, 8) => run_sized_task::<S, 8, 3>(simd, task, input, weights, epilogue, workspace),
            (9, _) => run_sized_task::<S, 4, 3>(simd, task, input, weights, epilogue, workspace),
            (_, 8) => run_sized_task::<S, 8, 1>(simd, task, input, weights, epilogue, workspace),
            (_, _) => run_sized_task::<S, 4, 1>(simd, task, input, weights, epilogue, workspace),
        }
    }
}

/// The same with `B` output channels a tile and a `K`×`K` window.
#[inline(always)]
fn run_sized_task<S: Simd, const B: usize, const K: usize>(
    simd: S,
    task: &mut StripTask<'_>,
    input: &ConvInput<'_>,
    weights: &PackedWeights,
    epilogue: Epilogue<'_>,
    workspace: &mut Workspace,
) -> Vec<Moments> {
    let Workspace { rows, input: packed, output, .. } = workspace;
    let channels = task.out_channels.clone();
    let strip = StripInput { input, strip: task.strip };
    match &mut task.output {
        StripOutput::Planes(planes) => {
            strip.convolve::<S, B, K>(simd, weights, channels.clone(), rows, packed, planes);
            epilogue.apply(planes, channels.start)
        }
        StripOutput::DepthToSpace(planes, bias) => {
            let width = input.shape().width;
            let len = task.strip.rows * width;
            output.resize(channels.len() * len, 0.0);
            let mut deep: Vec<_> = output.chunks_exact_mut(len).map(|rows| Some(Output::overwrite(rows))).collect();
            strip.convolve::<S, B, K>(simd, weights, channels.clone(), rows, packed, &mut deep);
            let deep = output.chunks_exact(4 * len);
            for (plane, (channels, bias)) in planes.iter_mut().zip(deep.zip(&bias[channels.start / 4..])) {
                depth_to_space(channels, width, *bias, plane);
            }
            Vec::new()
        }
    }
}

/// A strip of an input.
struct StripInput<'a> {
    input: &'a ConvInput<'a>,
    strip: Strip,
}

impl StripInput<'_> {
    /// Computes the strip of `channels`, whose planes are `output`.
    #[inline(always)]
    fn convolve<S: Simd, const B: usize, const K: usize>(
        &self,
        simd: S,
        weights: &PackedWeights,
        channels: Range<usize>,
        rows: &mut Vec<f32>,
        packed: &mut Vec<f32>,
        output: &mut [Option<Output<'_>>],
    ) {
        let in_channels = self.input.shape().channels;
        for first in (0..in_channels).step_by(CHANNELS_AT_ONCE) {
            let region = Region {
                first_image: self.strip.image,
                images: 1,
                first_channel: first,
                channels: CHANNELS_AT_ONCE.min(in_channels - first),
                first_row: self.strip.first_row,
                rows: self.strip.rows,
                halo: K / 2,
                padding: K / 2,
            };
            let tiles = channels.start / B..channels.end.div_ceil(B);
            let tile_loop = TileLoop { weights, first_input: first, tiles, rows: self.strip.rows };
            match weights.algorithm {
                Algorithm::Direct => {
                    let packed = pack(self.input, &region, S::F32_LANES, packed);
                    tile_loop.direct::<S, B, K>(simd, &packed, output);
                }
                Algorithm::Winograd => {
                    let packed = pack_transformed(simd, self.input, &region, rows, packed);
                    tile_loop.winograd::<S, B>(simd, &packed, output);
                }
            }
        }
    }
}
