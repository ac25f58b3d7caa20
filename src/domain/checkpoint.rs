//! The two checkpoints of a run.

use super::choice::choice_enum;

choice_enum! {
    /// Which of a run's checkpoints.
    #[derive(Default)]
    pub enum Checkpoint, "checkpoint" {
        #[default]
        Best {
            name: "best",
            title: "Best",
            help: "The highest validation mIoU; without validation tiles the lowest training loss"
        }
        Last { name: "last", title: "Last", help: "The last step, with all corrections" }
    }
}
