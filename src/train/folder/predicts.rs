//! Which classes a checkpoint predicts.

use serde::{Deserialize, Serialize};

use crate::domain::Classes;

/// Content of `best.json` and `last.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Predicts {
    /// Names of the classes.
    pub(super) predicts: Vec<String>,
}

impl Predicts {
    /// Whether each class is among them.
    pub(super) fn flags(&self, classes: &Classes) -> Vec<bool> {
        classes.iter().map(|class| self.predicts.contains(&class.name)).collect()
    }
}
