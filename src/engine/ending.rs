//! How a run ends at its next turn.

use super::protocol::Outcome;

/// How a run ends at its next turn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ending {
    /// It has taken all its steps.
    Completed,
    /// Its score has stopped rising. A pause puts this off, and new labels call it off.
    Early {
        /// What the scores were.
        why: String,
    },
    /// The user has stopped it.
    Stopped,
}

impl Ending {
    /// What a summary says of it.
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Completed => Outcome::Completed,
            Self::Early { .. } => Outcome::Early,
            Self::Stopped => Outcome::Stopped,
        }
    }

    /// Why the run ends, where that does not go without saying.
    pub(super) fn into_why(self) -> Option<String> {
        match self {
            Self::Early { why } => Some(why),
            Self::Completed | Self::Stopped => None,
        }
    }
}
