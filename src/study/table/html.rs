//! A table as a part of an HTML page.

use super::sheet::{Cell, Column, Kind, Row, Table};
use crate::charts::markup::escaped;

/// The table. Published rows have the class `published`, numbers the class `number`.
pub(crate) fn text(table: &Table) -> String {
    let columns = table.shown();
    let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
    let title = |column: &&Column| format!("<th{}>{}</th>", class(column.is_number()), escaped(&column.title));
    let head: String = columns.iter().map(title).collect();
    let row = |row: &Row| {
        let pairs = row.cells.iter().zip(&table.columns).filter(|(_, column)| column.is_shown());
        let cell = |(cell, column): (&Cell, &Column)| {
            let (class, name) = (class(column.is_number()), name(cell, column));
            format!("<td{class}{name}>{}</td>", escaped(&cell.shown(column.kind)))
        };
        let cells: String = pairs.map(cell).collect();
        format!("<tr{}>{cells}</tr>\n", if row.is_published { " class=\"published\"" } else { "" })
    };
    let rows: String = table.rows.iter().map(row).collect();
    format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// The name in files of data of what stands in words, as a tooltip.
fn name(cell: &Cell, column: &Column) -> String {
    match cell {
        Cell::Text(text, data) if column.kind == Kind::Text && text != data && !data.is_empty() => {
            format!(" title=\"{}\"", escaped(data))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::table;
    use super::*;

    #[test]
    fn what_stands_in_words_has_its_name_as_a_tooltip() {
        let columns = vec![Column::new("a", "a", Kind::Text)];
        let row = |text: &str, data: &str| Row::new(vec![Cell::Text(text.to_owned(), data.to_owned())]);
        let text =
            text(&Table { columns, rows: vec![row("1 %", "0.01\"<"), row("same", "same"), row("published", "")] });
        assert!(text.contains("<td title=\"0.01&quot;&lt;\">1 %</td>"), "{text}");
        assert!(text.contains("<td>same</td>") && text.contains("<td>published</td>"), "{text}");
    }

    #[test]
    fn names_are_escaped_and_published_rows_marked() {
        let text = text(&table());
        assert!(text.contains("<td>a_b|&lt;c&gt;</td><td class=\"number\">0.4500 ± 0.0707</td>"), "{text}");
        assert!(text.contains("<tr class=\"published\"><td>10 % &amp; more</td>") && !text.contains("ours"), "{text}");
    }
}
