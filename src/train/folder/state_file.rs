//! `last.state`: where a run stands, and what its trainer carries from step to step.
//!
//! As in a safetensors file, the first eight bytes are the length of a header in JSON, little-endian; then come the header and, one after
//! the other, the parts that it names with their lengths.

use std::path::Path;

use burn::tensor::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

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

/// The version alone, whatever else the header has.
#[derive(Deserialize)]
struct Version {
    version: u32,
}

/// Writes the file.
///
/// # Errors
/// If the disk is full or the folder is gone.
pub(super) fn write(path: &Path, progress: &impl Serialize, trainer: &TrainerState) -> Result<(), DataError> {
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

fn parse<P: DeserializeOwned>(bytes: &[u8]) -> Result<(P, TrainerState), String> {
    let damaged = |why: &str| format!("the file is damaged ({why})");
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("it is too short"))?;
    let header = usize::try_from(u64::from_le_bytes(*length)).ok().and_then(|length| rest.split_at_checked(length));
    let (header, rest) = header.ok_or_else(|| damaged("its header is cut off"))?;
    let unreadable = |error: serde_json::Error| damaged(&error.to_string());
    let Version { version } = serde_json::from_slice(header).map_err(unreadable)?;
    if version != VERSION {
        return Err(format!("the file has version {version}, and this program reads version {VERSION}"));
    }
    let Header { progress, updates, scale, parts, .. } =
        serde_json::from_slice::<Header<P>>(header).map_err(unreadable)?;
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
            read::<u8>(&path).err().unwrap().to_string()
        };
        for end in [0, 7, 8, 20, whole.len() - 1] {
            let told = told(&whole[..end]);
            assert!(told.contains("damaged") && told.ends_with("last.state"), "{end}: {told}");
        }
        assert!(told(&[&whole[..], b"x"].concat()).contains("follows"));
        let mut other = whole.clone();
        let version = br#""version":1"#;
        let at = other.windows(version.len()).position(|bytes| bytes == version).unwrap();
        other[at + version.len() - 1] = b'2';
        assert!(told(&other).contains("version 2"));
    }
}
