//! A prediction over the tile in view.

use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::run_id::RunId;
use crate::domain::{ClassMap, Mask};

/// A prediction over one tile. It replaces the previous preview instead of queueing behind it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Plain", into = "Plain")]
pub struct Preview {
    /// The run whose network predicted.
    pub run: RunId,
    /// Tile id.
    pub tile: String,
    /// Steps the network had taken. All of the prediction is by that one network.
    pub step: u64,
    /// Seconds since the network was in that state.
    pub age_secs: f32,
    /// What is predicted, at the size of the tile or, in a resized run, of the network's input.
    pub map: Arc<ClassMap>,
    /// Whether every pixel is predicted at full resolution; some may still come from a pass over the tile at low resolution.
    pub complete: bool,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { run, tile, step, map, complete, .. } = self;
        write!(f, "preview of {tile}, {:?}, run {run}, step {step}, complete: {complete}", map.size())
    }
}

/// How a preview is serialised: its planes as bytes, which a binary format stores as they are and JSON as numbers.
#[derive(Serialize, Deserialize)]
struct Plain {
    run: RunId,
    tile: String,
    step: u64,
    age_secs: f32,
    size: [u32; 2],
    classes: Bytes,
    confidence: Bytes,
    complete: bool,
}

impl From<Preview> for Plain {
    fn from(preview: Preview) -> Self {
        let Preview { run, tile, step, age_secs, map, complete } = preview;
        let ClassMap { classes, confidence } = Arc::unwrap_or_clone(map);
        let (size, classes) = (classes.size(), Bytes(classes.data().to_vec()));
        Self { run, tile, step, age_secs, size, classes, confidence: Bytes(confidence), complete }
    }
}

impl TryFrom<Plain> for Preview {
    type Error = &'static str;

    fn try_from(plain: Plain) -> Result<Self, Self::Error> {
        let Plain { run, tile, step, age_secs, size: [width, height], classes, confidence, complete } = plain;
        let (Bytes(classes), Bytes(confidence)) = (classes, confidence);
        if confidence.len() != classes.len() {
            return Err("a preview has one confidence per class index");
        }
        let classes = Mask::from_vec(width, height, classes).ok_or("a preview has one class index per pixel")?;
        let map = Arc::new(ClassMap { classes, confidence });
        Ok(Self { run, tile, step, age_secs, map, complete })
    }
}

struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor).map(Self)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(numbers.size_hint().unwrap_or(0));
        while let Some(byte) = numbers.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}
