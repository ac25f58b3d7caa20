//! A network to predict with, as it is at some step.

use crate::domain::Classes;
use crate::model::Net;

/// A network in validation mode and what it may predict.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The network.
    pub net: Net,
    /// Whether a class may be predicted, by index: a scored class that has had no label may not.
    pub predicts: Vec<bool>,
}

impl Snapshot {
    /// Names of the scored classes that may be predicted.
    pub fn names(&self, classes: &Classes) -> Vec<String> {
        let may = |index: &usize| self.predicts.get(*index).copied().unwrap_or(true) && classes.is_scored(*index as u8);
        (0..classes.len()).filter(may).filter_map(|index| Some(classes.iter().nth(index)?.name.clone())).collect()
    }
}
