//! Cuts off the rows of a table that a run wrote after its last checkpoint: it will write them again.

use std::fs;
use std::path::Path;

use crate::data::DataError;

/// Length in bytes of the part of a table that has its header and the whole rows up to step `last`; of the header alone if that is
/// `None`. The first column of a table is the step.
pub(super) fn length_up_to(table: &Path, last: Option<u64>) -> Result<u64, DataError> {
    let bytes = fs::read(table).map_err(DataError::io("cannot read", table))?;
    let whole = whole_lines(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..whole]);
    let columns = reader.headers().map_or(0, csv::StringRecord::len);
    let mut record = csv::StringRecord::new();
    while let Ok(true) = reader.read_record(&mut record) {
        let step = record.get(0).and_then(|step| step.parse::<u64>().ok());
        let is_kept = record.len() == columns && step.is_some_and(|step| last.is_some_and(|last| step <= last));
        if !is_kept {
            return Ok(record.position().map_or(0, csv::Position::byte));
        }
    }
    Ok(whole as u64)
}

/// Length in bytes of the whole lines of a text: a killed run may have left half a line.
pub(super) fn length_of_lines(text: &Path) -> Result<u64, DataError> {
    let bytes = fs::read(text).map_err(DataError::io("cannot read", text))?;
    Ok(whole_lines(&bytes) as u64)
}

fn whole_lines(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_past_the_last_step_and_half_rows_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join("metrics.csv");
        let header = "step,\"two\nlines\"\n";
        let kept = |rows: &str, last: Option<u64>| {
            let text = format!("{header}{rows}");
            fs::write(&table, &text).unwrap();
            text[header.len()..length_up_to(&table, last).unwrap() as usize].to_owned()
        };
        assert_eq!(kept("1,a\n5,b\n9,c\n", Some(5)), "1,a\n5,b\n");
        assert_eq!(kept("1,a\n5,b\n", Some(9)), "1,a\n5,b\n");
        assert_eq!(kept("0,a\n5,b\n", None), "", "not even the row of step 0");
        assert_eq!(kept("1,a\n5,b\n9", Some(9)), "1,a\n5,b\n", "half a row");
        assert_eq!(kept("1,a\n5\n9,c\n", Some(9)), "1,a\n", "a row that lacks a column");
        assert_eq!(kept("", Some(9)), "");
    }
}
