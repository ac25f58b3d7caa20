//! Options of network, loss and optimiser. To add a value, add a row here and handle it where the compiler points.

use crate::domain::choice::choice_enum;

choice_enum! {
    /// Network architecture.
    pub enum Arch, "network" {
        UNet { name: "unet", title: "U-Net", help: "U-Net (Ronneberger et al. 2015) with normalisation" }
        UNetPlusPlus { name: "unet++", title: "U-Net++", help: "U-Net++ (Zhou et al. 2018): nested dense skip connections" }
    }
}

choice_enum! {
    /// In which terms a network sees colours.
    #[derive(Default)]
    pub enum Colors, "colors" {
        #[default]
        ImageNet { name: "imagenet", title: "ImageNet", help: "(x / 255 − mean) / deviation of ImageNet, band by band" }
        Unit {
            name: "unit",
            title: "0 to 1",
            help: "x / 255: networks that were imported from other programs mostly expect this",
            remedy: "Choose imagenet, or the encoder none"
        }
    }
}

choice_enum! {
    /// What follows a convolution in a block.
    #[derive(Default)]
    pub enum Norm, "norm" {
        #[default]
        Batch { name: "batch", title: "Batch", help: "Batch normalisation (Ioffe, Szegedy 2015): each channel over all crops of a batch" }
        Group {
            name: "group",
            title: "Group",
            help: "Group normalisation (Wu, He 2018): up to 8 groups of channels in each crop alone, so it does not matter how small a batch is"
        }
    }
}

impl Norm {
    /// Groups of group normalisation for so many channels: the largest number up to 8 that divides them.
    pub fn groups(channels: usize) -> usize {
        (1..=8).rev().find(|groups| channels.is_multiple_of(*groups)).unwrap_or(1)
    }
}

choice_enum! {
    /// What doubles height and width in a decoder.
    #[derive(Default)]
    pub enum Upsampling, "upsampling" {
        #[default]
        Transposed { name: "transposed", title: "Transposed", help: "Transposed 2×2 convolution with stride 2" }
        Nearest {
            name: "nearest",
            title: "Nearest",
            help: "Each pixel four times, then a 3×3 convolution (Odena et al. 2016): no checkerboards, nine times the arithmetic"
        }
    }
}

choice_enum! {
    /// Which labels are learned from. Own labels always count.
    pub enum Supervision, "supervision" {
        Sparse { name: "sparse", title: "Sparse labels", help: "Sampled and own labels: partial supervision" }
        Full { name: "full", title: "Full masks", help: "Every pixel of the masks: full supervision, to compare with" }
    }
}

choice_enum! {
    /// A term of the loss. All but the gated CRF are over labelled pixels alone, so that unlabelled ones never count.
    pub enum LossTerm, "loss" {
        CrossEntropy { name: "cross-entropy", title: "Cross-entropy", help: "Weighted mean cross-entropy over labelled pixels" }
        Focal {
            name: "focal",
            title: "Focal",
            help: "Cross-entropy that counts pixels less the better they are predicted (Lin et al. 2017)"
        }
        Dice { name: "dice", title: "Dice", help: "Soft Dice, mean over the classes with labels (Milletari et al. 2016)" }
        Jaccard { name: "jaccard", title: "Jaccard", help: "Soft IoU, mean over the classes with labels (Rahman, Wang 2016)" }
        ErrorDice { name: "error-dice", title: "Error-weighted Dice", help: "Dice in which wrongly predicted pixels count five times" }
        GatedCrf {
            name: "gated-crf",
            title: "Gated CRF",
            help: "Near pixels of like colour are to be predicted alike, labelled or not (Obukhov et al. 2019); a weight of 0.1 is usual"
        }
    }
}

choice_enum! {
    /// Optimiser.
    pub enum Optimizer, "optimizer" {
        AdamW { name: "adamw", title: "AdamW", help: "Adam with decoupled weight decay (Loshchilov, Hutter 2019)" }
        Adam { name: "adam", title: "Adam", help: "Adam (Kingma, Ba 2015), weight decay added to the gradient" }
        Sgd {
            name: "sgd",
            title: "SGD",
            help: "Stochastic gradient descent with momentum; it needs a higher learning rate than Adam, such as 0.05"
        }
    }
}

choice_enum! {
    /// In which numbers a network computes while it learns. It predicts in 32 bits always.
    #[derive(Default)]
    pub enum Precision, "precision" {
        #[default]
        Auto { name: "auto", title: "Automatic", help: "Mixed on a GPU that computes in 16 bits, otherwise 32 bits" }
        F32 { name: "f32", title: "32 bits", help: "Everything in 32 bits" }
        Mixed {
            name: "mixed",
            title: "Mixed",
            help: "Convolutions in 16 bits; weights, statistics and loss in 32 (Micikevicius et al. 2018). For GPUs that compute in 16 bits"
        }
    }
}

impl Precision {
    /// That of a run in a study. `auto` is f32 there: the runs of a table are comparable whichever machines make them.
    #[must_use]
    pub fn in_study(self) -> Self {
        if self == Self::Auto { Self::F32 } else { self }
    }
}

choice_enum! {
    /// Learning rate schedule.
    pub enum Schedule, "schedule" {
        Cosine { name: "cosine", title: "Cosine", help: "Half a cosine from the learning rate down to 0" }
        Polynomial { name: "polynomial", title: "Polynomial", help: "A power of the share of the run that is left, down to 0" }
        Step { name: "step", title: "Steps", help: "Multiplied with a factor each time a number of epochs or steps has passed" }
        Constant { name: "constant", title: "Constant", help: "The learning rate stays the same" }
    }
}

choice_enum! {
    /// What the crops of a batch are drawn by.
    pub enum Batches, "batches" {
        Tiles { name: "tiles", title: "Tiles in turn", help: "Every tile by its area, each crop with a label" }
        Classes {
            name: "classes",
            title: "Classes alike",
            help: "A class that has labels, then one of its labels, then a crop that holds it, each at random"
        }
    }
}

choice_enum! {
    /// What stays together where it is drawn what validates.
    #[derive(Default)]
    pub enum SplitBy, "split by" {
        #[default]
        Scene { name: "scene", title: "Scenes", help: "Tiles of one scene stay together: a tile next to a training tile is scored too well" }
        Tile { name: "tile", title: "Tiles", help: "Each tile on its own, also where tiles of one scene touch" }
        Block {
            name: "block",
            title: "Blocks",
            help: "Scenes are divided into square blocks that train or validate as a whole, within tiles and across them"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checkpoint::Checkpoint;
    use crate::domain::choice::Choice;
    use crate::domain::config::{DeviceChoice, Encoder, Preset};
    use crate::domain::sampling::Strategy;
    use crate::domain::weights::ClassWeights;

    fn rows<T: Choice>() -> Vec<String> {
        T::ALL.iter().map(|c| format!("| {} | `{}` | {} | {} |", T::WHAT, c.name(), c.title(), c.help())).collect()
    }

    #[test]
    fn the_groups_divide_the_channels() {
        assert_eq!([1, 2, 3, 5, 7, 8, 12, 14, 16, 22].map(Norm::groups), [1, 2, 3, 5, 7, 8, 6, 7, 8, 2]);
    }

    #[test]
    fn the_documentation_lists_every_value_of_every_option() {
        let documented = include_str!("../../../docs/formats.md");
        let tables = [
            rows::<Arch>(),
            rows::<Encoder>(),
            rows::<Colors>(),
            rows::<Norm>(),
            rows::<Upsampling>(),
            rows::<Supervision>(),
            rows::<Strategy>(),
            rows::<LossTerm>(),
            rows::<ClassWeights>(),
            rows::<Optimizer>(),
            rows::<Precision>(),
            rows::<Schedule>(),
            rows::<Batches>(),
            rows::<SplitBy>(),
            rows::<Preset>(),
            rows::<DeviceChoice>(),
            rows::<Checkpoint>(),
        ];
        let missing: Vec<String> = tables.concat().into_iter().filter(|row| !documented.contains(row)).collect();
        assert!(missing.is_empty(), "docs/formats.md lacks these rows:\n{}", missing.join("\n"));
    }
}
