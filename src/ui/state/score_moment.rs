//! Which of a run's scores stand beside those of others.

use crate::domain::choice::choice_enum;

choice_enum! {
    /// The evaluation whose scores are compared.
    pub enum ScoreMoment, "scores" {
        Best { name: "best", title: "at best mIoU", help: "The evaluation of each run with the highest mIoU: optimistic, since these tiles chose it" }
        Final { name: "final", title: "after the last step", help: "The last evaluation of each run, as in reports and in tables that compare classes" }
    }
}
