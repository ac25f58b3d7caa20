//! Configurations of earlier versions. They are brought up to date before they are read.

use serde_json::{Map, Value, json};

use super::options::{Loss, Supervision};
use crate::domain::choice::Choice as _;

/// Earlier names of the loss, which said at once which labels are learned from and how. `--loss` still takes them.
pub const LOSS_NAMES: [(&str, Supervision, Loss, &str); 2] = [
    ("pce", Supervision::Sparse, Loss::CrossEntropy, "Partial cross-entropy: the same as --supervision sparse"),
    ("ce", Supervision::Full, Loss::CrossEntropy, "Cross-entropy over full masks: the same as --supervision full"),
];

/// Brings a configuration up to date. Returns whether anything had to be changed.
///
/// | until version 0.1 | now |
/// |---|---|
/// | `train.loss = "pce"` | `train.supervision = "sparse"`, `train.loss = "cross-entropy"` |
/// | `train.loss = "ce"` | `train.supervision = "full"`, `train.loss = "cross-entropy"` |
/// | `sampling.strategy = "nothing"` | `sampling.strategy = "own_labels_only"` |
pub fn upgrade(config: &mut Value) -> bool {
    let loss = table(config, "train").is_some_and(upgrade_loss);
    let strategy = table(config, "sampling").is_some_and(upgrade_strategy);
    loss || strategy
}

fn table<'a>(config: &'a mut Value, name: &str) -> Option<&'a mut Map<String, Value>> {
    config.get_mut(name)?.as_object_mut()
}

fn upgrade_loss(train: &mut Map<String, Value>) -> bool {
    let earlier = LOSS_NAMES.iter().find(|(name, ..)| train.get("loss") == Some(&json!(name)));
    let Some((_, supervision, loss, _)) = earlier else { return false };
    train.insert("supervision".to_owned(), json!(supervision.name()));
    train.insert("loss".to_owned(), json!(loss.name()));
    true
}

fn upgrade_strategy(sampling: &mut Map<String, Value>) -> bool {
    let is_earlier = sampling.get("strategy") == Some(&json!("nothing"));
    if is_earlier {
        sampling.insert("strategy".to_owned(), json!("own_labels_only"));
    }
    is_earlier
}
