//! Weights as PyTorch's `torch.save` writes them, read without executing the pickle in them.

mod pickle;
mod storage;

use std::collections::HashMap;
use std::io::{Cursor, Read as _};

use pickle::{Id, NAME, Node, Pickle};
use storage::{Kind, Place, storage_of};
use zip::ZipArchive;

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
    tensors: HashMap<String, Place>,
}

/// Where the values lie.
enum Storages<'a> {
    /// In the archive's files `…/data/KEY`, since PyTorch 1.6.
    Zipped { bytes: &'a [u8], prefix: String },
    /// One after the other at the end of the file, before that.
    Plain(HashMap<String, &'a [u8]>),
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
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
        let name = archive.file_names().find(|name| name.ends_with("data.pkl")).map(str::to_owned);
        let prefix = name.and_then(|name| Some(name.strip_suffix("data.pkl")?.to_owned()));
        let prefix = prefix.ok_or("the archive holds no weights: it has no data.pkl")?;
        let pickled = unzipped(bytes, &format!("{prefix}data.pkl"))?;
        let (pickle, root) = Pickle::read(&mut pickled.as_slice())?;
        Ok(Self { storages: Storages::Zipped { bytes, prefix }, tensors: tensors(&pickle, root)? })
    }

    /// Four pickles (a magic number, the version, the system, the weights), one with the keys of the storages, and those.
    fn plain(mut bytes: &'a [u8]) -> Result<Self, String> {
        for _ in 0..3 {
            Pickle::read(&mut bytes)?;
        }
        let (pickle, root) = Pickle::read(&mut bytes)?;
        let tensors = tensors(&pickle, root)?;
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
        Ok(Self { storages: Storages::Plain(storages), tensors })
    }

    /// The names of all tensors.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Names and shapes of the tensors that hold floating-point numbers.
    pub(super) fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        let floats = self.tensors.iter().filter(|(_, place)| !matches!(place.kind, Kind::Integers(_)));
        floats.map(|(name, place)| (name.as_str(), place.shape.as_slice()))
    }

    /// The values of a tensor that has `count` of them.
    ///
    /// # Errors
    /// If it is missing, has another size, or its values cannot be read.
    pub(super) fn values(&self, name: &str, count: usize) -> Result<Vec<f32>, String> {
        let place = self.tensors.get(name).ok_or_else(|| format!("it has no tensor {name}"))?;
        if place.count() != Some(count) {
            return Err(format!("{name} has the shape {:?} where {count} values belong", place.shape));
        }
        let values = match &self.storages {
            Storages::Zipped { bytes, prefix } => {
                place.values(&unzipped(bytes, &format!("{prefix}data/{}", place.key))?)
            }
            Storages::Plain(storages) => place.values(storages.get(&place.key).copied().unwrap_or_default()),
        };
        values.map_err(|why| format!("{name}: {why}"))
    }
}

/// A file in the archive. PyTorch compresses none, so none is larger than the archive.
fn unzipped(bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
    let failed = |error: &dyn std::fmt::Display| format!("{name} in the archive cannot be read: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| failed(&error))?;
    let file = archive.by_name(name).map_err(|error| failed(&error))?;
    let mut content = Vec::new();
    file.take(bytes.len() as u64).read_to_end(&mut content).map_err(|error| failed(&error))?;
    Ok(content)
}

/// The tensors in dictionaries of dictionaries, with the keys that lead there joined by dots.
fn tensors(pickle: &Pickle, root: Id) -> Result<HashMap<String, Place>, String> {
    let (mut found, mut seen) = (HashMap::new(), 0);
    let mut open = vec![(String::new(), root, DEPTH)];
    while let Some((name, id, depth)) = open.pop() {
        seen += 1;
        if seen > ENTRIES {
            return Err(TOO_MANY.to_owned());
        }
        if let Some(place) = Place::of(pickle, id) {
            found.insert(name, place);
        } else if let (Node::Dict(entries), 1..) = (pickle.node(id), depth) {
            let join = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
            if seen + open.len() + entries.len() > ENTRIES {
                return Err(TOO_MANY.to_owned());
            }
            let named = |key: &Id| pickle.text(*key).filter(|key| key.len() <= NAME);
            let inner = entries.iter().filter_map(|[key, value]| Some((join(named(key)?), *value, depth - 1)));
            open.extend(inner);
        }
    }
    match found.is_empty() {
        true => Err("it holds no weights: save them with torch.save(model.state_dict(), FILE)".to_owned()),
        false => Ok(found),
    }
}

#[cfg(test)]
mod tests;
