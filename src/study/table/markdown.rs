//! A table in Markdown.

use super::sheet::Table;

/// The table, lines and all.
pub(super) fn text(table: &Table) -> String {
    let columns = table.shown();
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = line(columns.iter().map(|column| escaped(&column.title)).collect());
    let rule = format!("|{}\n", "---|".repeat(columns.len()));
    let row = |cells: Vec<String>| line(cells.iter().map(|cell| escaped(cell)).collect());
    let rows: String = table.rows.iter().map(|line| row(line.shown(&table.columns))).collect();
    head + &rule + &rows
}

/// A list, after an empty line.
pub(super) fn notes(notes: &[String]) -> String {
    let list: String = notes.iter().map(|note| format!("* {}\n", escaped(note))).collect();
    if list.is_empty() { list } else { format!("\n{list}") }
}

/// A bar would end the cell, a line break the row, and `<` begin HTML; a backslash would undo the escape of what follows.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "\\<").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::table;
    use super::*;

    #[test]
    fn rows_stand_below_their_titles() {
        let want = "| run | mIoU | gain | min |\n|---|---|---|---|\n\
                    | a_b\\|\\<c> | 0.4500 ± 0.0707 | +0.010 | – |\n| 10 % & more | 0.4902 | −0.020 | 1.50 |\n";
        assert_eq!(text(&table()), want);
    }

    #[test]
    fn nothing_ends_a_cell_or_begins_a_picture() {
        assert_eq!(escaped("a\\|b"), "a\\\\\\|b");
        assert_eq!(escaped("<img src=x>"), "\\<img src=x>");
    }
}
