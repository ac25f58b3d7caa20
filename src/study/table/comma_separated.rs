//! A table as CSV: figures unrounded, their spreads in columns of their own, empty where something is missing.

use super::sheet::{Cell, Kind, Table};

/// The table, its header first.
pub(super) fn text(table: &Table) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = table.columns.iter().flat_map(|column| keys(&column.key, column.kind)).collect::<Vec<_>>();
    let record = |cells: &[Cell]| {
        let pairs = cells.iter().zip(&table.columns);
        pairs.flat_map(|(cell, column)| fields(cell, column.kind)).collect::<Vec<_>>()
    };
    let mut records = std::iter::once(head).chain(table.rows.iter().map(|row| record(&row.cells)));
    let written: Result<(), csv::Error> = records.try_for_each(|record| writer.write_record(record));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn has_spread(kind: Kind) -> bool {
    matches!(kind, Kind::Score(_))
}

fn keys(key: &str, kind: Kind) -> Vec<String> {
    if has_spread(kind) { vec![key.to_owned(), format!("{key}_sd")] } else { vec![key.to_owned()] }
}

fn fields(cell: &Cell, kind: Kind) -> Vec<String> {
    let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    match cell {
        // Every row has the fields of the header.
        Cell::Text(_, data) if has_spread(kind) => vec![data.clone(), String::new()],
        Cell::Text(_, data) => vec![data.clone()],
        Cell::Figure(figure) if has_spread(kind) => {
            vec![text(figure.map(|figure| figure.mean)), text(figure.and_then(|figure| figure.spread))]
        }
        Cell::Figure(figure) => vec![text(figure.map(|figure| figure.mean))],
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::table;
    use super::super::sheet::{Column, Row};
    use super::*;

    #[test]
    fn figures_are_unrounded_and_spreads_have_columns() {
        let text = text(&table());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "run,source,miou,miou_sd,gain,minutes");
        assert_eq!(lines[1], "a_b|<c>,ours,0.45,0.07071067811865474,0.01,");
        assert_eq!(lines[2], "10 % & more,published,0.4902,,-0.02,1.5");
    }

    #[test]
    fn a_text_in_a_column_of_scores_keeps_the_row_in_line() {
        let columns = vec![Column::new("a", "a", Kind::Score(2)), Column::new("b", "b", Kind::Count)];
        let rows = vec![Row::new(vec![Cell::text("+1"), Cell::number(2.0)])];
        assert_eq!(text(&Table { columns, rows }), "a,a_sd,b\n+1,,2\n");
    }
}
