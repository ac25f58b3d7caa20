//! The arguments of every command that samples.

use super::values::whole;

/// How sparse labels are drawn from the masks: at most one of these, in every command that samples.
#[derive(Debug, clap::Args)]
#[group(id = "sampling", multiple = false)]
pub struct SamplingArgs {
    /// Share of the pixels of each class that keep their label.
    #[arg(long, allow_negative_numbers = true)]
    pub keep: Option<f64>,
    /// Share of all pixels that keep their label, instead of a share of each class.
    #[arg(long, allow_negative_numbers = true)]
    pub keep_pixels: Option<f64>,
    /// Single pixels per class and tile that keep their label, instead of a share.
    #[arg(long, allow_negative_numbers = true, value_parser = whole::<u32>)]
    pub points: Option<u32>,
}
