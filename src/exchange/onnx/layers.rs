//! The layers of our networks as nodes. Weights are found by the layer's name.

use super::graph::{Built, Graph, float, integer, integers, text};
use crate::domain::config::Norm;

/// What normalisation adds to a variance, as in Burn and PyTorch.
const EPSILON: f32 = 1e-5;

/// How a convolution moves over its input.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) stride: usize,
    /// Zeros above and left.
    pub(super) before: usize,
    /// Zeros below and right.
    pub(super) after: usize,
    pub(super) groups: usize,
}

impl Steps {
    /// A 1×1 convolution.
    pub(super) const POINTWISE: Self = Self { stride: 1, before: 0, after: 0, groups: 1 };
    /// A 3×3 convolution that keeps height and width.
    pub(super) const KEEP: Self = Self { stride: 1, before: 1, after: 1, groups: 1 };
}

impl Graph<'_> {
    /// A convolution, with its bias if it has one.
    pub(super) fn conv(&mut self, x: &str, name: &str, steps: Steps) -> Built {
        let weight = self.weight(&format!("{name}.weight"))?;
        let bias = self.weight_if_any(&format!("{name}.bias"));
        let mut inputs = vec![x, weight.name.as_str()];
        inputs.extend(bias.map(|bias| bias.name.as_str()));
        let Steps { stride, before, after, groups } = steps;
        let attributes = vec![
            integers("kernel_shape", &weight.shape[2..]),
            integers("strides", &[stride; 2]),
            integers("pads", &[before, before, after, after]),
            integer("group", groups as i64),
        ];
        Ok(self.apply("Conv", &inputs, attributes))
    }

    /// What doubles height and width. Its window tells which of both it is: 2×2 with stride 2, or 3×3 after each pixel has become four.
    pub(super) fn up(&mut self, x: &str, name: &str) -> Built {
        let weight = self.weight(&format!("{name}.weight"))?;
        if weight.shape[2..] == [3, 3] {
            let doubled = self.double_nearest(x);
            return self.conv(&doubled, name, Steps::KEEP);
        }
        let bias = self.weight(&format!("{name}.bias"))?;
        let attributes = vec![integers("kernel_shape", &weight.shape[2..]), integers("strides", &[2, 2])];
        Ok(self.apply("ConvTranspose", &[x, weight.name.as_str(), bias.name.as_str()], attributes))
    }

    /// Convolution, normalisation and ReLU, twice, of inputs that are concatenated.
    pub(super) fn block(&mut self, inputs: &[&str], name: &str) -> Built {
        let mut x = match inputs {
            [only] => (*only).to_owned(),
            several => self.apply("Concat", several, vec![integer("axis", 1)]),
        };
        for stage in ["first", "second"] {
            x = self.conv(&x, &format!("{name}.{stage}.conv"), Steps::KEEP)?;
            x = self.norm(&x, &format!("{name}.{stage}.norm"))?;
            x = self.apply("Relu", &[&x], Vec::new());
        }
        Ok(x)
    }

    /// Group norm has no running statistics.
    fn norm(&mut self, x: &str, name: &str) -> Built {
        if self.has(&format!("{name}.running_mean")) { self.batch_norm(x, name) } else { self.group_norm(x, name) }
    }

    /// Until opset 21 there is no operator for it whose scale is that of a channel. A group is normalised as one long channel, and
    /// the result scaled and shifted channel by channel.
    fn group_norm(&mut self, x: &str, name: &str) -> Built {
        let (scale, channels) = self.per_channel(&format!("{name}.weight"))?;
        let (shift, _) = self.per_channel(&format!("{name}.bias"))?;
        let groups = Norm::groups(channels);
        let grouped = self.whole_numbers(&format!("groups_{groups}"), &[0, groups as i64, -1]);
        let ones = self.constant(&format!("ones_{groups}"), &[groups], &vec![1.0; groups]);
        let zeros = self.constant(&format!("zeros_{groups}"), &[groups], &vec![0.0; groups]);
        let shape = self.apply("Shape", &[x], Vec::new());
        let long = self.apply("Reshape", &[x, &grouped], Vec::new());
        let normal = self.apply("InstanceNormalization", &[&long, &ones, &zeros], vec![float("epsilon", EPSILON)]);
        let normal = self.apply("Reshape", &[&normal, &shape], Vec::new());
        let scaled = self.apply("Mul", &[&normal, &scale], Vec::new());
        Ok(self.add(&scaled, &shift))
    }

    fn batch_norm(&mut self, x: &str, name: &str) -> Built {
        let mut inputs = vec![x];
        for part in ["weight", "bias", "running_mean", "running_var"] {
            inputs.push(self.weight(&format!("{name}.{part}"))?.name.as_str());
        }
        Ok(self.apply("BatchNormalization", &inputs, vec![float("epsilon", EPSILON)]))
    }

    /// 2×2 max-pooling with stride 2.
    pub(super) fn max_pool(&mut self, x: &str) -> String {
        self.apply("MaxPool", &[x], vec![integers("kernel_shape", &[2, 2]), integers("strides", &[2, 2])])
    }

    pub(super) fn relu6(&mut self, x: &str) -> String {
        let (least, most) = (self.constant("zero", &[], &[0.0]), self.constant("six", &[], &[6.0]));
        self.apply("Clip", &[x, &least, &most], Vec::new())
    }

    pub(super) fn add(&mut self, a: &str, b: &str) -> String {
        self.apply("Add", &[a, b], Vec::new())
    }

    /// Multiplies each band with a number and adds another one.
    pub(super) fn scale_bands(&mut self, x: &str, name: &str, scale: [f32; 3], shift: [f32; 3]) -> String {
        let scale = self.constant(&format!("{name}.scale"), &[1, 3, 1, 1], &scale);
        let shift = self.constant(&format!("{name}.shift"), &[1, 3, 1, 1], &shift);
        let scaled = self.apply("Mul", &[x, &scale], Vec::new());
        self.add(&scaled, &shift)
    }

    /// Each pixel four times.
    fn double_nearest(&mut self, x: &str) -> String {
        let scales = self.constant("double", &[4], &[1.0, 1.0, 2.0, 2.0]);
        let mode = text("coordinate_transformation_mode", "asymmetric");
        let attributes = vec![text("mode", "nearest"), mode, text("nearest_mode", "floor")];
        self.apply("Resize", &[x, "", &scales], attributes)
    }

    /// Doubles height and width, bilinear.
    pub(super) fn double(&mut self, x: &str) -> String {
        let scales = self.constant("double", &[4], &[1.0, 1.0, 2.0, 2.0]);
        let attributes = vec![text("mode", "linear"), text("coordinate_transformation_mode", "half_pixel")];
        self.apply("Resize", &[x, "", &scales], attributes)
    }
}
