//! Cuts off the rows of a table that a run wrote after its last checkpoint: it will write them again.

use std::fs;
use std::path::Path;

use crate::data::DataError;

/// Length in bytes of the part of a table that has its header and the whole rows up to step `last`; of the header alone if that is
/// `None`. The first column of a table is the step.
///
/// # Errors
/// If the table cannot be read, or has other columns.
pub(super) fn length_up_to(table: &Path, columns: &[String], last: Option<u64>) -> Result<u64, DataError> {
    let bytes = fs::read(table).map_err(DataError::io("cannot read", table))?;
    let whole = whole_lines(&bytes);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..whole]);
    if !reader.byte_headers().is_ok_and(|header| header.iter().eq(columns.iter().map(String::as_bytes))) {
        let what = "the table has not the columns of the run: restore it, or start a new run from the run's weights";
        return Err(DataError::content(what, table));
    }
    let mut row = csv::ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut row) {
        let is_kept =
            row.len() == columns.len() && step_of(&row).is_some_and(|step| last.is_some_and(|last| step <= last));
        if !is_kept {
            return Ok(row.position().map_or(0, csv::Position::byte));
        }
    }
    Ok(whole as u64)
}

/// The step of a row; `None` if the row is damaged.
fn step_of(row: &csv::ByteRecord) -> Option<u64> {
    str::from_utf8(row.as_slice()).ok()?;
    str::from_utf8(row.get(0)?).ok()?.parse().ok()
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
        let (header, columns) = ("step,\"two\nlines\"\n", ["step", "two\nlines"].map(str::to_owned));
        let kept = |rows: &str, last: Option<u64>| {
            let text = format!("{header}{rows}");
            fs::write(&table, &text).unwrap();
            text[header.len()..length_up_to(&table, &columns, last).unwrap() as usize].to_owned()
        };
        assert_eq!(kept("1,a\n5,b\n9,c\n", Some(5)), "1,a\n5,b\n");
        assert_eq!(kept("1,a\n5,b\n", Some(9)), "1,a\n5,b\n");
        assert_eq!(kept("0,a\n5,b\n", None), "", "not even the row of step 0");
        assert_eq!(kept("1,a\n5,b\n9", Some(9)), "1,a\n5,b\n", "half a row");
        assert_eq!(kept("1,a\n5\n9,c\n", Some(9)), "1,a\n", "a row that lacks a column");
        assert_eq!(kept("", Some(9)), "");
        let damaged = [header.as_bytes(), b"1,a\n5,\xff\n6,c\n"].concat();
        fs::write(&table, damaged).unwrap();
        assert_eq!(length_up_to(&table, &columns, Some(9)).unwrap(), header.len() as u64 + 4, "bytes that are no text");
    }

    #[test]
    fn a_table_without_its_header_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let table = dir.path().join("steps.csv");
        for text in ["", "1,a\n2,b\n", "step,other\n1,a\n", "step,a"] {
            fs::write(&table, text).unwrap();
            let told = length_up_to(&table, &["step", "a"].map(str::to_owned), Some(9)).unwrap_err().to_string();
            assert!(told.contains("steps.csv") && told.contains("columns"), "{text:?}: {told}");
        }
    }
}
