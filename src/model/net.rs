//! A network of any architecture.

use burn::Tensor;
use burn::module::{Module, ModuleVisitor, Param, ParamGroup};
use burn::nn::conv::Conv2d;
use burn::store::RecordError;
use burn::tensor::Device;

use super::lite0_unet::Lite0UNet;
use super::rows;
use super::shortcut::StageHead;
use super::unet::UNet;
use super::unet_plus_plus::UNetPlusPlus;
use crate::domain::config::{Arch, Encoder, ModelConfig};
use crate::pretrained::lite0;

/// A segmentation network of any architecture.
#[derive(Module, Debug)]
pub enum Net {
    /// Encoder and decoder with skip connections.
    UNet(UNet),
    /// Nested U-Net.
    UNetPlusPlus(UNetPlusPlus),
    /// U-Net with a pretrained encoder.
    Lite0UNet(Lite0UNet),
}

impl Net {
    /// A network that distinguishes `classes` classes. Its weights are random, but for a pretrained encoder's.
    pub fn new(config: &ModelConfig, classes: usize, device: &Device) -> Self {
        match (&config.encoder, config.arch) {
            (Encoder::None, Arch::UNet) => Self::UNet(UNet::new(config, classes, device)),
            (Encoder::None, Arch::UNetPlusPlus) => Self::UNetPlusPlus(UNetPlusPlus::new(config, classes, device)),
            (Encoder::Lite0 | Encoder::File(_), _) => Self::Lite0UNet(Lite0UNet::new(config, classes, device)),
        }
    }

    /// Computes the logits of every pixel, in the type of the images: in f16, the convolutions compute in f16.
    ///
    /// # Shapes
    /// - `images`: `[batch, in_channels, height, width]`, height and width multiples of the configuration's stride
    /// - result: `[batch, classes, height, width]`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        match self {
            Self::UNet(net) => net.forward(images),
            Self::UNetPlusPlus(net) => net.forward(images),
            Self::Lite0UNet(net) => net.forward(images),
        }
    }

    /// The logits of everything that learns, shaped as those of [`Net::forward`], which are the last: of all heads with deep
    /// supervision.
    pub fn supervised(&self, images: Tensor<4>) -> Vec<Tensor<4>> {
        match self {
            Self::UNet(_) | Self::Lite0UNet(_) => vec![self.forward(images)],
            Self::UNetPlusPlus(net) => net.supervised(images),
        }
    }

    /// The outputs of a pretrained encoder's stages, strides 2, 4, 8, …; `None` of a network without one.
    ///
    /// # Shapes
    /// - `images`: as in [`Net::forward`]
    /// - result: `[batch, channels, height / stride, width / stride]` each
    pub fn stages(&self, images: Tensor<4>) -> Option<Vec<Tensor<4>>> {
        match self {
            Self::UNet(_) | Self::UNetPlusPlus(_) => None,
            Self::Lite0UNet(net) => Some(net.stages(images)),
        }
    }

    /// Gives the encoder other weights. A network without a pretrained encoder stays as it is.
    pub fn set_encoder(&mut self, weights: &lite0::Encoder, device: &Device) {
        match self {
            Self::UNet(_) | Self::UNetPlusPlus(_) => {}
            Self::Lite0UNet(net) => net.set_encoder(weights, device),
        }
    }

    /// Lets a network with a pretrained encoder begin where a linear classifier on its stages is. Others begin as they are.
    pub fn start_from(&mut self, head: &StageHead, device: &Device) {
        match self {
            Self::UNet(_) | Self::UNetPlusPlus(_) => {}
            Self::Lite0UNet(net) => net.start_from(head, device),
        }
    }

    /// The network with the weights of another one, which has the same shape but for its classes. The output of a class is that of the
    /// other network with this number where there is one, else it stays as it is.
    ///
    /// # Errors
    /// If the shapes differ.
    pub fn start_as(mut self, mut other: Self, classes: &[Option<usize>]) -> Result<Self, RecordError> {
        for (known, fresh) in other.heads().into_iter().zip(self.heads()) {
            *known = rows::taken(fresh, known, classes);
        }
        self.try_load_record(other.into_record())
    }

    /// The layers that have an output for each class.
    fn heads(&mut self) -> Vec<&mut Conv2d> {
        match self {
            Self::UNet(net) => net.heads(),
            Self::UNetPlusPlus(net) => net.heads(),
            Self::Lite0UNet(net) => net.heads(),
        }
    }

    /// The parameters that were learned before the run, if there are any.
    pub fn pretrained(&self) -> Option<ParamGroup> {
        match self {
            Self::UNet(_) | Self::UNetPlusPlus(_) => None,
            Self::Lite0UNet(net) => Some(net.pretrained()),
        }
    }

    /// Whether all weights and running statistics are finite numbers.
    pub fn is_finite(&self) -> bool {
        let mut sums = Sums(Vec::new());
        self.visit(&mut sums);
        // One sum for all, because reading a value waits for the device.
        sums.0.is_empty() || Tensor::cat(sums.0, 0).sum().into_scalar::<f32>().is_finite()
    }

    /// Whether it normalises with statistics of the training. Without them it takes those of each image, with its padding (group norm).
    pub fn has_running_statistics(&self) -> bool {
        let mut running = FindRunning(false);
        self.visit(&mut running);
        running.0
    }

    /// Number of trainable parameters of a network that can be trained. The running statistics of batch norm are not among them. No
    /// weight is drawn to count it.
    pub fn parameters(&self) -> usize {
        let mut count = CountTrainable(0);
        self.visit(&mut count);
        count.0
    }
}

/// The sum of each parameter.
struct Sums(Vec<Tensor<1>>);

impl ModuleVisitor for Sums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(param.val().sum());
    }
}

/// Finds the statistics of batch norm by the name that they have in checkpoints.
struct FindRunning(bool);

impl ModuleVisitor for FindRunning {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.0 |= name == "running_mean";
    }
}

struct CountTrainable(usize);

impl ModuleVisitor for CountTrainable {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // Only weights that learn are drawn when they are first read, and asking for their gradients would read them.
        if !param.is_initialized() || param.is_require_grad() {
            self.0 += param.lazy_shape().num_elements();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::input::IN_CHANNELS;
    use super::*;
    use crate::domain::config::{Norm, Upsampling};

    fn config(arch: Arch, base: usize, levels: usize) -> ModelConfig {
        ModelConfig { arch, base, levels, ..ModelConfig::default() }
    }

    #[test]
    fn logits_have_the_size_of_the_image() {
        let device = Device::flex();
        for arch in [Arch::UNet, Arch::UNetPlusPlus] {
            for in_channels in [1, IN_CHANNELS, 5] {
                let net = Net::new(&ModelConfig { in_channels, ..config(arch, 2, 3) }, 5, &device);
                let logits = net.forward(Tensor::zeros([2, in_channels, 16, 24], &device));
                assert_eq!(logits.dims(), [2, 5, 16, 24], "{arch:?}");
            }
        }
    }

    #[test]
    fn every_node_at_full_resolution_has_a_head_and_the_last_one_predicts() {
        let device = Device::flex();
        let images = Tensor::random([1, IN_CHANNELS, 16, 24], burn::tensor::Distribution::Default, &device);
        for (deep_supervision, heads) in [(true, 3), (false, 1)] {
            let config = ModelConfig { deep_supervision, ..config(Arch::UNetPlusPlus, 2, 4) };
            let net = Net::new(&config, 5, &device);
            let logits: Vec<_> = net.supervised(images.clone()).into_iter().map(Tensor::into_data).collect();
            assert_eq!((logits.len(), logits.last()), (heads, Some(&net.forward(images.clone()).into_data())));
            assert!(logits.windows(2).all(|pair| pair[0] != pair[1]), "each is another one");
        }
    }

    #[derive(Default)]
    struct Paths {
        here: Vec<String>,
        found: Vec<String>,
    }

    impl ModuleVisitor for Paths {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.here.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.here.pop();
        }

        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            self.found.push(self.here.join("."));
        }
    }

    /// They are keys in checkpoints: a change would make earlier ones unreadable.
    #[test]
    fn parameters_have_the_paths_that_they_always_had() {
        let paths = |config: &ModelConfig| {
            let mut paths = Paths::default();
            Net::new(config, 3, &Device::flex()).visit(&mut paths);
            paths.found
        };
        let unet = paths(&config(Arch::UNet, 2, 2));
        let wanted = ["encoders.0.first.conv.weight", "encoders.0.first.norm.gamma", "encoders.0.first.norm.beta"];
        assert_eq!(unet[..3], wanted.map(|path| format!("UNet.{path}")));
        for path in ["UNet.encoders.1.second.norm.running_var", "UNet.doubles.0.weight", "UNet.doubles.0.bias"] {
            assert!(unet.iter().any(|found| found == path), "{path} in {unet:#?}");
        }
        assert_eq!(unet.last().unwrap(), "UNet.head.bias");
        let nested = paths(&config(Arch::UNetPlusPlus, 2, 3));
        assert!(nested.iter().any(|found| found == "UNetPlusPlus.columns.0.1.double.weight"), "{nested:#?}");
        assert_eq!(nested.len(), 6 * 2 * 5 + 3 * 2 + 2, "six blocks, three up-convolutions, one head");
    }

    #[test]
    fn a_pretrained_network_has_logits_of_the_image_s_size_too() {
        let device = Device::flex();
        let config = ModelConfig { encoder: Encoder::Lite0, ..config(Arch::UNet, 2, 5) };
        let logits = Net::new(&config, 5, &device).forward(Tensor::zeros([2, IN_CHANNELS, 32, 64], &device));
        assert_eq!(logits.dims(), [2, 5, 32, 64]);
    }

    #[test]
    fn a_network_starts_as_another_one_with_its_classes_in_another_order() {
        let device = Device::flex();
        let lite0 = ModelConfig { encoder: Encoder::Lite0, ..config(Arch::UNet, 2, 5) };
        let deep = ModelConfig { deep_supervision: true, ..config(Arch::UNetPlusPlus, 2, 3) };
        for config in [config(Arch::UNet, 2, 3), config(Arch::UNetPlusPlus, 2, 3), deep, lite0] {
            device.seed(1);
            let other = Net::new(&config, 3, &device);
            let fresh = Net::new(&config, 4, &device);
            let images = Tensor::random([1, IN_CHANNELS, 32, 32], burn::tensor::Distribution::Default, &device);
            let logits = |net: &Net| -> Vec<Vec<f32>> {
                let values: Vec<f32> = net.forward(images.clone()).into_data().try_to_vec().expect("f32");
                values.chunks(32 * 32).map(<[f32]>::to_vec).collect()
            };
            let of_other = logits(&other);
            let started = fresh.clone().start_as(other, &[Some(2), None, Some(0), Some(7)]).expect("one shape");
            let (started, fresh) = (logits(&started), logits(&fresh));
            assert!(started[0] == of_other[2] && started[2] == of_other[0], "{config:?}");
            assert!(started[1] != fresh[1], "a fresh output reads what the other network has learned");
            assert!(of_other.iter().all(|known| *known != started[1] && *known != started[3]), "{config:?}");
        }
        let wide = Net::new(&config(Arch::UNet, 4, 3), 3, &device);
        assert!(Net::new(&config(Arch::UNet, 2, 3), 3, &device).start_as(wide, &[Some(0); 3]).is_err());
    }

    #[test]
    fn batch_norm_alone_has_running_statistics() {
        for encoder in [Encoder::None, Encoder::Lite0] {
            let found = [Norm::Batch, Norm::Group].map(|norm| {
                let config = ModelConfig { encoder: encoder.clone(), norm, ..config(Arch::UNet, 2, 5) };
                Net::new(&config, 3, &Device::flex()).has_running_statistics()
            });
            assert_eq!(found, [true, false], "{encoder:?}");
        }
    }

    /// Group norm has no running statistics, which are there from the start.
    #[test]
    fn counting_parameters_draws_none() {
        struct Drawn(usize);
        impl ModuleVisitor for Drawn {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0 += usize::from(param.is_initialized());
            }
        }
        let drawn = |net: &Net| {
            let mut drawn = Drawn(0);
            net.visit(&mut drawn);
            drawn.0
        };
        let group = ModelConfig { norm: Norm::Group, ..config(Arch::UNet, 4, 2) };
        let net = Net::new(&group, 3, &Device::flex().autodiff());
        let count = net.parameters();
        assert_eq!(drawn(&net), 0);
        assert!(net.is_finite() && drawn(&net) > 0, "now they are");
        assert_eq!(net.parameters(), count);
    }

    /// Folded, EfficientNet-Lite0 without its classifier has 2,939,120 weights and biases.
    #[test]
    fn the_parameters_of_a_pretrained_network_are_those_of_encoder_and_decoder() {
        let block = |from: usize, to: usize| 9 * from * to + 2 * to + 9 * to * to + 2 * to;
        let step = |below: usize, skip: usize, to: usize| (4 * below * to + to) + block(skip + to, to);
        let decoder = step(320, 112, 32) + step(32, 40, 16) + step(16, 24, 8) + step(8, 16, 4) + step(4, 3, 4);
        let config = ModelConfig { encoder: Encoder::Lite0, ..config(Arch::UNet, 4, 5) };
        let net = Net::new(&config, 3, &Device::flex().autodiff());
        let shortcut = (16 + 24 + 40 + 112 + 320) * 3 + 5 * 3;
        assert_eq!(net.parameters(), 2_939_120 + decoder + (4 * 3 + 3) + shortcut);
    }

    /// A 3×3 convolution without bias has 9·in·out weights, batch norm 2·out, the transposed convolution 4·in·out +
    /// out, the head in·out + out.
    #[test]
    fn the_number_of_parameters_matches_a_count_by_hand() {
        let device = Device::flex().autodiff();
        let block = |from: usize, to: usize| 9 * from * to + 2 * to + 9 * to * to + 2 * to;
        let by_hand = block(3, 4) + block(4, 8) + (4 * 8 * 4 + 4) + block(8, 4) + (4 * 3 + 3);
        assert_eq!(Net::new(&config(Arch::UNet, 4, 2), 3, &device).parameters(), by_hand);
        let group = ModelConfig { norm: Norm::Group, ..config(Arch::UNet, 4, 2) };
        assert_eq!(Net::new(&group, 3, &device).parameters(), by_hand);
        // Nearest up-sampling has 3×3 windows.
        let nearest = ModelConfig { upsampling: Upsampling::Nearest, ..config(Arch::UNet, 4, 2) };
        assert_eq!(Net::new(&nearest, 3, &device).parameters(), by_hand + 5 * 8 * 4);
        // With two levels U-Net++ has no nested node and is the same network.
        assert_eq!(Net::new(&config(Arch::UNetPlusPlus, 4, 2), 3, &device).parameters(), by_hand);
        // With three levels, node (0,1) is added, and node (0,2) reads two skip connections.
        let nested = block(3, 4) + block(4, 8) + block(8, 16)
            + (4 * 8 * 4 + 4) + block(8, 4) // (0,1)
            + (4 * 16 * 8 + 8) + block(16, 8) // (1,1)
            + (4 * 8 * 4 + 4) + block(12, 4) // (0,2)
            + (4 * 3 + 3);
        assert_eq!(Net::new(&config(Arch::UNetPlusPlus, 4, 3), 3, &device).parameters(), nested);
        // Node (0,1) has a head too.
        let deep = ModelConfig { deep_supervision: true, ..config(Arch::UNetPlusPlus, 4, 3) };
        assert_eq!(Net::new(&deep, 3, &device).parameters(), nested + (4 * 3 + 3));
    }
}
