//! Weights as PyTorch's `torch.save` writes them, read without executing the pickle in them.

mod archive;
mod pickle;
mod storage;

use std::collections::HashMap;

use archive::Archive;
use pickle::{Id, NAME, Node, Pickle};
use storage::{Kind, Place, storage_of, unread};

/// First byte of a pickle.
const PICKLE: u8 = 0x80;
/// Dictionaries within dictionaries that are looked into.
const DEPTH: usize = 6;
/// Entries of a file's dictionaries: any network has fewer.
const ENTRIES: usize = 100_000;
const TOO_MANY: &str = "it has more entries than any network";

/// A file of weights.
pub(super) struct Pth<'a> {
    storages: Storages<'a>,
    contents: Contents,
}

/// Where the values lie.
enum Storages<'a> {
    /// In the archive's files `…/data/KEY`, since PyTorch 1.6.
    Zipped(Archive<'a>),
    /// One after the other at the end of the file, before that.
    Plain(HashMap<String, &'a [u8]>),
}

/// The tensors of a file, by name.
#[derive(Debug, Default)]
struct Contents {
    tensors: HashMap<String, Place>,
    /// Says of a tensor that it is of a type that is not read, if there is one.
    odd: Option<String>,
}

impl<'a> Pth<'a> {
    /// Opens a file.
    ///
    /// # Errors
    /// If it is not one of weights.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        match bytes {
            [b'P', b'K', ..] => Self::zipped(bytes),
            [PICKLE, ..] => Self::plain(bytes),
            _ => Err("it begins like neither".to_owned()),
        }
    }

    fn zipped(bytes: &'a [u8]) -> Result<Self, String> {
        let archive = Archive::open(bytes)?;
        let (pickle, root) = Pickle::read(&mut archive.pickle()?.as_slice())?;
        Ok(Self { storages: Storages::Zipped(archive), contents: contents(&pickle, root)? })
    }

    /// Four pickles (a magic number, the version, the system, the weights), one with the keys of the storages, and those.
    fn plain(mut bytes: &'a [u8]) -> Result<Self, String> {
        for _ in 0..3 {
            Pickle::read(&mut bytes)?;
        }
        let (pickle, root) = Pickle::read(&mut bytes)?;
        let contents = contents(&pickle, root)?;
        let (keys, list) = Pickle::read(&mut bytes)?;
        // Also those of tensors that are no weights, such as an optimiser's.
        let kinds: HashMap<&str, Kind> = pickle.nodes().filter_map(|node| storage_of(&pickle, node)).collect();
        let mut storages = HashMap::new();
        for key in keys.items(list).iter().filter_map(|id| keys.text(*id)) {
            let count = u64::from_le_bytes(pickle::take(&mut bytes)?) as usize;
            let kind = kinds.get(key).ok_or_else(|| format!("its storage {key} belongs to no tensor"))?;
            let len = count.checked_mul(kind.size()).ok_or("a storage is too large")?;
            storages.insert(key.to_owned(), pickle::take_slice(&mut bytes, len)?);
        }
        Ok(Self { storages: Storages::Plain(storages), contents })
    }

    /// The names of all tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.contents.tensors.keys().map(String::as_str)
    }

    /// Names and shapes of all tensors, those that share a storage one after the other.
    ///
    /// # Errors
    /// If there is one of a type that is not read; the message names it.
    pub(super) fn shapes(&self) -> Result<Vec<(&str, &[usize])>, String> {
        if let Some(odd) = &self.contents.odd {
            return Err(odd.clone());
        }
        let mut all: Vec<(&String, &Place)> = self.contents.tensors.iter().collect();
        all.sort_unstable_by_key(|(name, place)| (place.key.as_str(), name.as_str()));
        Ok(all.into_iter().map(|(name, place)| (name.as_str(), place.shape.as_slice())).collect())
    }

    /// The values of a tensor that has `count` of them.
    ///
    /// # Errors
    /// If it is missing, has another size, or its values cannot be read.
    pub(super) fn values(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        let place = self.contents.tensors.get(name).ok_or_else(|| format!("it has no tensor {name}"))?;
        if place.count() != Some(count) {
            return Err(format!("{name} has the shape {:?} where {count} values belong", place.shape));
        }
        let values = match &self.storages {
            Storages::Zipped(archive) => archive.storage(&place.key, |storage| place.values(storage)),
            Storages::Plain(storages) => place.values(storages.get(&place.key).copied().unwrap_or_default()),
        };
        values.map_err(|why| format!("{name}: {why}"))
    }
}

/// The tensors in dictionaries of dictionaries, with the keys that lead there joined by dots.
fn contents(pickle: &Pickle, root: Id) -> Result<Contents, String> {
    let (mut found, mut seen) = (Contents::default(), 0);
    let mut open = vec![(String::new(), root, DEPTH)];
    while let Some((name, id, depth)) = open.pop() {
        seen += 1;
        if seen > ENTRIES {
            return Err(TOO_MANY.to_owned());
        }
        match (pickle.node(id), depth) {
            (Node::Call(..), _) => found.add(name, pickle, id)?,
            (Node::Dict(entries), 1..) => {
                let join = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
                if seen + open.len() + entries.len() > ENTRIES {
                    return Err(TOO_MANY.to_owned());
                }
                let named = |key: &Id| pickle.text(*key).filter(|key| key.len() <= NAME);
                let inner = entries.iter().filter_map(|[key, value]| Some((join(named(key)?), *value, depth - 1)));
                open.extend(inner);
            }
            _ => {}
        }
    }
    match (found.tensors.is_empty(), &found.odd) {
        (true, Some(odd)) => Err(odd.clone()),
        (true, None) => Err("it holds no weights: save them with torch.save(model.state_dict(), FILE)".to_owned()),
        (false, _) => Ok(found),
    }
}

impl Contents {
    /// Takes in the result of a call, if it is a tensor.
    fn add(&mut self, name: String, pickle: &Pickle, id: Id) -> Result<(), String> {
        let Some(place) = Place::of(pickle, id) else {
            if let Some(kind) = unread(pickle, id) {
                self.odd.get_or_insert_with(|| format!("{name} is stored as {kind}, which is not read"));
            }
            return Ok(());
        };
        match self.tensors.insert(name.clone(), place) {
            None => Ok(()),
            Some(_) => Err(format!("it holds two tensors named {name}")),
        }
    }
}

#[cfg(test)]
mod tests;
