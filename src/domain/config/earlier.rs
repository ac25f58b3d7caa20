//! Configurations of earlier versions. They are brought up to date before they are read.

use serde_json::{Map, Value, json};

use super::options::{LossTerm, Supervision};
use crate::domain::choice::Choice as _;

/// Earlier names of the loss, which said at once which labels are learned from and how. `--loss` still takes them.
pub const LOSS_NAMES: [(&str, Supervision); 2] = [("pce", Supervision::Sparse), ("ce", Supervision::Full)];

/// Brings a configuration up to date. Returns whether anything had to be changed.
///
/// | until version 0.1 | now |
/// |---|---|
/// | `train.loss = "pce"` | `train.supervision = "sparse"`, `train.loss = { cross-entropy = 1.0 }` |
/// | `train.loss = "ce"` | `train.supervision = "full"`, `train.loss = { cross-entropy = 1.0 }` |
/// | `train.loss = "cross-entropy"` | `train.loss = { cross-entropy = 1.0 }` |
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
    let is = |name: &str| train.get("loss") == Some(&json!(name));
    let supervision = LOSS_NAMES.iter().find(|(name, _)| is(name)).map(|(_, supervision)| supervision);
    if supervision.is_none() && !is(LossTerm::CrossEntropy.name()) {
        return false;
    }
    if let Some(supervision) = supervision {
        train.insert("supervision".to_owned(), json!(supervision.name()));
    }
    train.insert("loss".to_owned(), json!({ LossTerm::CrossEntropy.name(): 1.0 }));
    true
}

fn upgrade_strategy(sampling: &mut Map<String, Value>) -> bool {
    let is_earlier = sampling.get("strategy") == Some(&json!("nothing"));
    if is_earlier {
        sampling.insert("strategy".to_owned(), json!("own_labels_only"));
    }
    is_earlier
}
