//! U-Net++ (Zhou et al.: "UNet++: A Nested U-Net Architecture for Medical Image Segmentation", DLMIA 2018).
//! Node (i, j) reads all nodes (i, 0..j) of its level and the up-sampled node (i+1, j−1).
//!
//! With deep supervision each of the nodes (0, 1), (0, 2), … has a head, and all of them learn; the last one predicts.

use burn::Tensor;
use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Device;

use super::block::{ConvBlock, apply_head, downsample, head, max_pool};
use super::colors::seen;
use super::up::Up;
use crate::domain::config::{Colors, ModelConfig};

/// The backbone (column 0) and the further columns, each with one nested node per level.
#[derive(Module, Debug)]
pub struct UNetPlusPlus {
    backbone: Vec<ConvBlock>,
    half: MaxPool2d,
    columns: Vec<Vec<Nested>>,
    /// Of the nodes (0, 1), (0, 2), … but the last; none without deep supervision.
    side_heads: Vec<Conv2d>,
    head: Conv2d,
    /// It has learned from colours on a scale of 0 to 1.
    unit_colors: bool,
}

#[derive(Module, Debug)]
struct Nested {
    double: Up,
    block: ConvBlock,
}

impl UNetPlusPlus {
    /// A network with random weights.
    pub fn new(config: &ModelConfig, classes: usize, device: &Device) -> Self {
        let width = |level| config.channels(level);
        let above = |level: usize| if level == 0 { config.in_channels } else { width(level - 1) };
        let nested = |level, column| Nested {
            double: Up::new(config.upsampling, width(level + 1), width(level), device),
            block: ConvBlock::new(config.norm, (column + 1) * width(level), width(level), device),
        };
        Self {
            backbone: (0..config.levels)
                .map(|level| ConvBlock::new(config.norm, above(level), width(level), device))
                .collect(),
            half: max_pool(),
            columns: (1..config.levels)
                .map(|column| (0..config.levels - column).map(|level| nested(level, column)).collect())
                .collect(),
            side_heads: (0..config.side_heads()).map(|_| head(width(0), classes, device)).collect(),
            head: head(width(0), classes, device),
            unit_colors: config.colors == Colors::Unit,
        }
    }

    /// Computes the logits of every pixel.
    ///
    /// # Shapes
    /// - `images`: `[batch, in_channels, height, width]`
    /// - result: `[batch, classes, height, width]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let last = self.nodes(images).pop().expect("every row has a backbone node");
        apply_head(&self.head, last)
    }

    /// The logits of every head, shaped as those of [`UNetPlusPlus::forward`], which are the last.
    pub fn supervised(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        let mut nodes = self.nodes(images);
        let last = nodes.pop().expect("every row has a backbone node");
        let beside = self.side_heads.iter().zip(nodes.into_iter().skip(1));
        let mut logits: Vec<Tensor<4>> = beside.map(|(head, node)| apply_head(head, node)).collect();
        logits.push(apply_head(&self.head, last));
        logits
    }

    /// The nodes at full resolution: (0, 0), (0, 1), ….
    fn nodes(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        // rows[i] holds the nodes (i, 0), (i, 1), … computed so far.
        let mut rows = vec![vec![self.backbone[0].forward(vec![seen(images, self.unit_colors)])]];
        for block in &self.backbone[1..] {
            let above = rows[rows.len() - 1][0].clone();
            rows.push(vec![block.forward(vec![downsample(&self.half, above)])]);
        }
        for (column, nodes) in self.columns.iter().enumerate() {
            for (level, node) in nodes.iter().enumerate() {
                let below = node.double.forward(rows[level + 1][column].clone());
                let mut inputs = rows[level].clone();
                inputs.push(below);
                let here = node.block.forward(inputs);
                rows[level].push(here);
            }
        }
        rows.swap_remove(0)
    }

    /// The layers that have an output for each class.
    pub(super) fn heads(&mut self) -> Vec<&mut Conv2d> {
        self.side_heads.iter_mut().chain([&mut self.head]).collect()
    }
}
