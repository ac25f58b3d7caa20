//! Our networks as graphs, from the image to the logits. They read like the modules in `model`.

use super::graph::{Built, Graph};
use super::layers::Steps;
use crate::data::feed::normalize::{MEAN, STD};
use crate::domain::config::{Arch, Colors, Encoder, ModelConfig};
use crate::pretrained;
use crate::pretrained::lite0::{self, STAGE_CHANNELS};

/// Adds a network to a graph; the result is the name of its logits.
///
/// # Errors
/// If a tensor is missing.
pub(super) fn add(graph: &mut Graph<'_>, config: &ModelConfig, image: &str) -> Built {
    let seen = match config.colors {
        Colors::ImageNet => image.to_owned(),
        Colors::Unit => graph.scale_bands(image, "colors", STD, MEAN),
    };
    match (&config.encoder, config.arch) {
        (Encoder::None, Arch::UNet) => unet(graph, config.levels, &seen),
        (Encoder::None, Arch::UNetPlusPlus) => unet_plus_plus(graph, config.levels, &seen),
        (Encoder::Lite0 | Encoder::File(_), _) => lite0_unet(graph, image),
    }
}

fn unet(graph: &mut Graph<'_>, levels: usize, image: &str) -> Built {
    let mut x = graph.block(&[image], "encoders.0")?;
    let mut skips = Vec::new();
    for level in 1..levels {
        let below = graph.max_pool(&x);
        skips.push(x);
        x = graph.block(&[&below], &format!("encoders.{level}"))?;
    }
    let x = decode(graph, skips, x)?;
    graph.conv(&x, "head", Steps::POINTWISE)
}

/// The decoder of U-Net: reads the skips from the last to the first.
fn decode(graph: &mut Graph<'_>, skips: Vec<String>, mut x: String) -> Built {
    for (step, skip) in skips.iter().rev().enumerate() {
        let up = graph.up(&x, &format!("ups.{step}"))?;
        x = graph.block(&[skip, &up], &format!("decoders.{step}"))?;
    }
    Ok(x)
}

fn unet_plus_plus(graph: &mut Graph<'_>, levels: usize, image: &str) -> Built {
    // rows[i] holds the nodes (i, 0), (i, 1), … so far.
    let mut rows = vec![vec![graph.block(&[image], "backbone.0")?]];
    for level in 1..levels {
        let below = graph.max_pool(&rows[level - 1][0]);
        rows.push(vec![graph.block(&[&below], &format!("backbone.{level}"))?]);
    }
    for column in 0..levels - 1 {
        for level in 0..levels - 1 - column {
            let name = format!("columns.{column}.{level}");
            let up = graph.up(&rows[level + 1][column], &format!("{name}.up"))?;
            let inputs: Vec<&str> = rows[level].iter().chain([&up]).map(String::as_str).collect();
            let node = graph.block(&inputs, &format!("{name}.block"))?;
            rows[level].push(node);
        }
    }
    let last = rows.swap_remove(0).pop().expect("every row has a backbone node");
    graph.conv(&last, "head", Steps::POINTWISE)
}

fn lite0_unet(graph: &mut Graph<'_>, image: &str) -> Built {
    let stages = encoder_stages(graph, image)?;
    let linear = shortcut(graph, &stages)?;
    let mut skips = vec![image.to_owned()];
    skips.extend(stages);
    let deepest = skips.pop().expect("the encoder has stages");
    let x = decode(graph, skips, deepest)?;
    let logits = graph.conv(&x, "head", Steps::POINTWISE)?;
    Ok(graph.add(&logits, &linear))
}

/// The outputs of EfficientNet-Lite0's stages at strides 2 to 32.
fn encoder_stages(graph: &mut Graph<'_>, image: &str) -> Result<Vec<String>, String> {
    let scale = STD.map(|std| std * 255.0 / 128.0);
    let shift = MEAN.map(|mean| (mean * 255.0 - 127.0) / 128.0);
    let seen = graph.scale_bands(image, "encoder.colors", scale, shift);
    let stem = graph.conv(&seen, "encoder.stem", same(3, 2, 1))?;
    let mut x = graph.relu6(&stem);
    let mut stages = Vec::new();
    for (index, block) in pretrained::built_in().blocks.iter().enumerate() {
        if block.depthwise.stride > 1 {
            stages.push(x.clone());
        }
        x = inverted_residual(graph, &x, &format!("encoder.blocks.{index}"), block)?;
    }
    stages.push(x);
    Ok(stages)
}

/// `shape` is the built-in block, whose weights do not matter here.
fn inverted_residual(graph: &mut Graph<'_>, x: &str, name: &str, shape: &lite0::InvertedResidual) -> Built {
    let mut wide = x.to_owned();
    if shape.expand.is_some() {
        let expanded = graph.conv(&wide, &format!("{name}.expand"), Steps::POINTWISE)?;
        wide = graph.relu6(&expanded);
    }
    let depthwise = &shape.depthwise;
    let steps = same(depthwise.side, depthwise.stride, depthwise.bias.len());
    let filtered = graph.conv(&wide, &format!("{name}.depthwise"), steps)?;
    let filtered = graph.relu6(&filtered);
    let projected = graph.conv(&filtered, &format!("{name}.project"), Steps::POINTWISE)?;
    Ok(if shape.residual { graph.add(&projected, x) } else { projected })
}

/// The padding that TensorFlow calls "same": where it is odd, the larger part lies right and below.
fn same(side: usize, stride: usize, groups: usize) -> Steps {
    let before = (side - stride) / 2;
    Steps { stride, before, after: side - stride - before, groups }
}

/// The linear map from the stages to logits at full resolution.
fn shortcut(graph: &mut Graph<'_>, stages: &[String]) -> Built {
    let map = |graph: &mut Graph<'_>, stage: usize| {
        graph.conv(&stages[stage], &format!("shortcut.maps.{stage}"), Steps::POINTWISE)
    };
    let coarsest = STAGE_CHANNELS.len() - 1;
    let mut total = map(graph, coarsest)?;
    for stage in (0..coarsest).rev() {
        let doubled = graph.double(&total);
        let finer = map(graph, stage)?;
        total = graph.add(&doubled, &finer);
    }
    Ok(graph.double(&total))
}
