//! Reading files that another version of this program wrote: known fields are kept, the rest is reported.
//!
//! This is for run folders and remembered settings. Files written by a person are read strictly instead, because an unknown
//! name is probably a typing error there.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Reads `stored` over `start`, field by field. `known` must contain every field, optional ones included. Returns the result
/// and a phrase for each field that was not understood.
///
/// # Errors
/// If `start` cannot be written as JSON, or `stored` has no fields.
pub fn read<T: Serialize + DeserializeOwned>(
    start: &T,
    known: &T,
    stored: &Value,
) -> Result<(T, Vec<String>), serde_json::Error> {
    let Some(fields) = stored.as_object() else {
        return serde_json::from_value(stored.clone()).map(|whole| (whole, Vec::new()));
    };
    let mut reader =
        Reader { known: serde_json::to_value(known)?, kept: serde_json::to_value(start)?, lost: Vec::new() };
    reader.take::<T>("", fields);
    Ok((serde_json::from_value(reader.kept)?, reader.lost))
}

struct Reader {
    known: Value,
    kept: Value,
    lost: Vec<String>,
}

impl Reader {
    /// Takes over the fields of this table that fit, one at a time.
    fn take<T: DeserializeOwned>(&mut self, table: &str, fields: &Map<String, Value>) {
        for (name, value) in fields {
            let place = format!("{table}/{}", name.replace('~', "~0").replace('/', "~1"));
            let title = place[1..].replace('/', ".").replace("~1", "/").replace("~0", "~");
            if self.known.pointer(&place).is_none() {
                self.lost.push(format!("{title} is not known"));
                continue;
            }
            let before = self.put(table, name, Some(value.clone()));
            if T::deserialize(&self.kept).is_ok() {
                continue;
            }
            let is_table = before.as_ref().is_some_and(Value::is_object);
            self.put(table, name, before);
            match value {
                Value::Object(inner) if is_table => self.take::<T>(&place, inner),
                other => self.lost.push(format!("{title} = {other} is not understood")),
            }
        }
    }

    /// Sets a field, or removes it if `None`, and returns the previous value.
    fn put(&mut self, table: &str, name: &str, value: Option<Value>) -> Option<Value> {
        let table = self.kept.pointer_mut(table)?.as_object_mut()?;
        match value {
            Some(value) => table.insert(name.to_owned(), value),
            None => table.remove(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Outer {
        count: u32,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        inner: Inner,
    }

    #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Inner {
        sizes: [u8; 2],
        name: String,
    }

    fn read_outer(stored: &Value) -> (Outer, Vec<String>) {
        let known = Outer { note: Some(String::new()), ..Outer::default() };
        read(&Outer { count: 7, ..Outer::default() }, &known, stored).unwrap()
    }

    #[test]
    fn one_broken_field_does_not_affect_others() {
        let stored = json!({ "inner": { "sizes": [1, 2, 3], "name": "kept", "gone": true }, "old/one": 1 });
        let (outer, lost) = read_outer(&stored);
        assert_eq!((outer.count, outer.inner.name.as_str(), outer.inner.sizes), (7, "kept", [0, 0]));
        let told = ["inner.gone is not known", "inner.sizes = [1,2,3] is not understood", "old/one is not known"];
        assert_eq!(lost, told);
    }

    #[test]
    fn known_fields_are_read_silently() {
        let (outer, lost) = read_outer(&json!({ "note": "optional", "count": 3 }));
        assert_eq!((outer.count, outer.note.as_deref(), lost.len()), (3, Some("optional"), 0));
        assert_eq!(read_outer(&json!({})).0.note, None);
        assert!(read(&Outer::default(), &Outer::default(), &json!("no table")).is_err());
    }
}
