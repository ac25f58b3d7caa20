//! What a run folder records of the labels at the run's start.

use serde::{Deserialize, Serialize};

use super::label_counts::LabelCounts;

/// The labels that a run began with: `labels.json`. Own labels grow, so that nobody could tell later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum StartLabels {
    /// So many, own labels among them.
    Counted(LabelCounts),
    /// Without own labels, the masks tell them.
    OfMasks {
        /// Whether there were own labels: `false`.
        own: bool,
    },
}

impl StartLabels {
    /// Those of a run without own labels.
    pub const WITHOUT_OWN: Self = Self::OfMasks { own: false };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_that_there_were_none() {
        let text = serde_json::to_string(&StartLabels::WITHOUT_OWN).unwrap();
        assert_eq!(text, r#"{"own":false}"#);
        assert_eq!(serde_json::from_str::<StartLabels>(&text).unwrap(), StartLabels::WITHOUT_OWN);
        let counts = LabelCounts { labels: vec![7], masks: vec![0], tiles: 1 };
        let text = serde_json::to_string(&counts).unwrap();
        assert_eq!(serde_json::from_str::<StartLabels>(&text).unwrap(), StartLabels::Counted(counts));
    }
}
