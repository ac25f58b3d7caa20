//! `last.state`: where a run stands, and what its trainer carries from step to step.
//!
//! As in a safetensors file, the first eight bytes are the length of a header in JSON, little-endian; then come the header and, one after
//! the other, the parts that it names with their lengths.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use burn::tensor::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::files;
use crate::data::DataError;
use crate::data::files::write;
use crate::train::loss_scale::LossScale;
use crate::train::trainer_state::TrainerState;

/// Version of the format. Files of other versions are refused.
const VERSION: u32 = 1;

/// The header.
#[derive(Serialize, Deserialize)]
struct Header<P> {
    version: u32,
    /// What the engine knows of the run.
    progress: P,
    /// Updates of the average.
    updates: u64,
    /// The factor of the loss in mixed precision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<LossScale>,
    /// Lengths of the parts in bytes.
    parts: Lengths,
}

#[derive(Serialize, Deserialize)]
struct Lengths {
    weights: usize,
    /// Absent if weights are not averaged.
    average: Option<usize>,
    moments: usize,
}

impl Lengths {
    /// Bytes of all parts; `None` of a damaged header.
    fn sum(&self) -> Option<u64> {
        let parts = [self.weights, self.average.unwrap_or(0), self.moments];
        parts.into_iter().try_fold(0_u64, |sum, part| sum.checked_add(part as u64))
    }
}

/// The version alone, whatever else the header has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// The place of the file in the folder of a run. Any thread may write it.
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(files::STATE) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes where the run stands. The previous state stays intact until the new one is on the disk.
    ///
    /// # Errors
    /// If the disk is full or the folder is gone.
    pub fn write(&self, progress: &impl Serialize, trainer: &TrainerState) -> Result<(), DataError> {
        write(&self.path, progress, trainer)
    }
}

fn write(path: &Path, progress: &impl Serialize, trainer: &TrainerState) -> Result<(), DataError> {
    let TrainerState { weights, average, updates, moments, scale } = trainer;
    let parts =
        Lengths { weights: weights.len(), average: average.as_deref().map(<[u8]>::len), moments: moments.len() };
    let header = Header { version: VERSION, progress, updates: *updates, scale: *scale, parts };
    let header = serde_json::to_vec(&header)
        .map_err(|error| DataError::Content { what: error.to_string(), path: path.to_owned() })?;
    let length = (header.len() as u64).to_le_bytes();
    let average = average.as_deref().unwrap_or_default();
    write::parts_atomically(path, &[&length, &header, weights, average, moments])
}

/// Reads the file.
///
/// # Errors
/// If it cannot be read, is damaged, or was written by another version.
pub(super) fn read<P: DeserializeOwned>(path: &Path) -> Result<(P, TrainerState), DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("cannot read", path))?;
    parse(&bytes).map_err(|why| {
        let remedy = "the run cannot be resumed; a new run can start from its checkpoints";
        DataError::Content { what: format!("{why}: {remedy}"), path: path.to_owned() }
    })
}

/// Reads where the run stands, and nothing of its trainer.
///
/// # Errors
/// Like [`read`]. What the parts hold is not looked at, only whether they are there.
pub(super) fn read_progress<P: DeserializeOwned>(path: &Path) -> Result<P, DataError> {
    let refuse = |why: String| DataError::Content { what: why, path: path.to_owned() };
    let doing = || DataError::io("cannot read", path);
    let mut file = File::open(path).map_err(doing())?;
    let size = file.metadata().map_err(doing())?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof => refuse(damaged("it is too short")),
        _ => doing()(error),
    })?;
    let length = u64::from_le_bytes(length);
    let rest = size.saturating_sub(8).checked_sub(length).ok_or_else(|| refuse(damaged("its header is cut off")))?;
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text).map_err(doing())?;
    let Header { progress, parts, .. } = header(&text).map_err(refuse)?;
    if parts.sum() == Some(rest) { Ok(progress) } else { Err(refuse(damaged("its parts are cut off"))) }
}

fn damaged(why: &str) -> String {
    format!("the file is damaged ({why})")
}

fn header<P: DeserializeOwned>(text: &[u8]) -> Result<Header<P>, String> {
    let unreadable = |error: serde_json::Error| damaged(&error.to_string());
    let Version { version } = serde_json::from_slice(text).map_err(unreadable)?;
    if version != VERSION {
        return Err(format!("the file has version {version}, and this program reads version {VERSION}"));
    }
    serde_json::from_slice(text).map_err(unreadable)
}

fn parse<P: DeserializeOwned>(bytes: &[u8]) -> Result<(P, TrainerState), String> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("it is too short"))?;
    let text = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| rest.split_at_checked(length));
    let (text, rest) = text.ok_or_else(|| damaged("its header is cut off"))?;
    let Header { progress, updates, scale, parts, .. } = header::<P>(text)?;
    let Lengths { weights, average, moments } = parts;
    let mut left = rest;
    let mut take = |length: usize| -> Result<Bytes, String> {
        let (part, others) = left.split_at_checked(length).ok_or_else(|| damaged("it is cut off"))?;
        left = others;
        Ok(Bytes::from_bytes_vec(part.to_vec()))
    };
    let (weights, average, moments) = (take(weights)?, average.map(&mut take).transpose()?, take(moments)?);
    if !left.is_empty() {
        return Err(damaged("something follows its last part"));
    }
    Ok((progress, TrainerState { weights, average, updates, moments, scale }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(average: Option<&[u8]>) -> TrainerState {
        let bytes = |bytes: &[u8]| Bytes::from_bytes_vec(bytes.to_vec());
        TrainerState {
            weights: bytes(b"weights"),
            average: average.map(bytes),
            updates: 3,
            moments: bytes(b"mom"),
            scale: Some(LossScale::default()),
        }
    }

    #[test]
    fn all_parts_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("last.state");
        for average in [None, Some(&b"average"[..]), Some(b"")] {
            write(&path, &[1, 2, 3], &state(average)).unwrap();
            let (progress, back) = read::<Vec<u8>>(&path).unwrap();
            assert_eq!((progress, back.updates, back.scale), (vec![1, 2, 3], 3, Some(LossScale::default())));
            assert_eq!([&back.weights[..], &back.moments[..]], [&b"weights"[..], b"mom"]);
            assert_eq!(back.average.as_deref(), average);
            assert_eq!(read_progress::<Vec<u8>>(&path).unwrap(), [1, 2, 3]);
        }
    }

    #[test]
    fn a_damaged_file_and_one_of_another_version_are_named_with_a_remedy() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("last.state");
        write(&path, &7, &state(Some(b"average"))).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let told = |content: &[u8]| {
            std::fs::write(&path, content).unwrap();
            assert!(read_progress::<u8>(&path).unwrap_err().to_string().ends_with("last.state"));
            read::<u8>(&path).err().unwrap().to_string()
        };
        for end in [0, 7, 8, 20, whole.len() - 1] {
            let told = told(&whole[..end]);
            assert!(told.contains("damaged") && told.ends_with("last.state"), "{end}: {told}");
        }
        assert!(told(&[&whole[..], b"x"].concat()).contains("follows"));
        let mut other = whole;
        let version = br#""version":1"#;
        let at = other.windows(version.len()).position(|bytes| bytes == version).unwrap();
        other[at + version.len() - 1] = b'2';
        assert!(told(&other).contains("version 2"));
    }
}
