//! Which classes a checkpoint predicts. The list is a file of its own, written before its checkpoint: it names the checkpoint it
//! belongs to, and keeps the list of the one that is about to be replaced. So whatever a crash leaves, each finds its list.

use serde::{Deserialize, Serialize};

use crate::domain::{Classes, hash};

/// Content of `best.json` and `last.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Predicts {
    /// Names of the classes.
    pub(super) predicts: Vec<String>,
    /// Digest of the checkpoint; empty in runs of earlier versions.
    #[serde(skip_serializing_if = "String::is_empty")]
    of: String,
    /// The list of the checkpoint before, which stands until this one is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Box<Self>>,
}

impl Predicts {
    /// The list of a checkpoint that takes the place of another one.
    pub(super) fn new(predicts: Vec<String>, checkpoint: &[u8], before: Option<Self>) -> Self {
        let before = before.map(|before| Box::new(Self { before: None, ..before }));
        Self { predicts, of: digest(checkpoint), before }
    }

    /// The list that belongs to a checkpoint; `None` if it is another's.
    pub(super) fn of(self, checkpoint: &[u8]) -> Option<Self> {
        let digest = digest(checkpoint);
        let is_its = |list: &Self| list.of.is_empty() || list.of == digest;
        if is_its(&self) { Some(self) } else { self.before.map(|before| *before).filter(is_its) }
    }

    /// Whether each class is among them.
    pub(super) fn flags(&self, classes: &Classes) -> Vec<bool> {
        classes.iter().map(|class| self.predicts.contains(&class.name)).collect()
    }
}

/// Tells checkpoints apart. Not a protection against forgery.
fn digest(checkpoint: &[u8]) -> String {
    let (words, rest) = checkpoint.as_chunks::<8>();
    let mixed = words.iter().fold(hash::EMPTY, |digest, word| hash::mix(digest ^ u64::from_le_bytes(*word)));
    format!("{:016x}", hash::digest(mixed, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_finds_its_list_before_and_after_it_is_replaced() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let first = Predicts::new(list(&["a"]), b"first checkpoint", None);
        let second = Predicts::new(list(&["a", "b"]), b"second checkpoint", Some(first));
        let third = Predicts::new(list(&["c"]), b"3", Some(second.clone()));
        let found = |file: &Predicts, checkpoint: &[u8]| file.clone().of(checkpoint).map(|found| found.predicts);
        assert_eq!(found(&second, b"first checkpoint"), Some(list(&["a"])), "a crash before the second was written");
        assert_eq!(found(&second, b"second checkpoint"), Some(list(&["a", "b"])));
        assert_eq!(found(&third, b"first checkpoint"), None, "only the one before is kept");
        let earlier = Predicts { predicts: list(&["a"]), ..Predicts::default() };
        assert_eq!(found(&earlier, b"any"), Some(list(&["a"])), "runs of earlier versions name no checkpoint");
    }
}
