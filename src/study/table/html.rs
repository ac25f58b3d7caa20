//! A table as a part of an HTML page.

use super::sheet::{Column, Row, Table};
use crate::charts::markup::escaped;

/// The table. Published rows have the class `published`, numbers the class `number`.
pub(crate) fn text(table: &Table) -> String {
    let columns = table.shown();
    let class = |is_number: bool| if is_number { " class=\"number\"" } else { "" };
    let title = |column: &&Column| format!("<th{}>{}</th>", class(column.is_number()), escaped(&column.title));
    let head: String = columns.iter().map(title).collect();
    let row = |row: &Row| {
        let pairs = row.shown(&table.columns);
        let cell =
            |(text, column): (&String, &&Column)| format!("<td{}>{}</td>", class(column.is_number()), escaped(text));
        let cells: String = pairs.iter().zip(&columns).map(cell).collect();
        format!("<tr{}>{cells}</tr>\n", if row.is_published { " class=\"published\"" } else { "" })
    };
    let rows: String = table.rows.iter().map(row).collect();
    format!("<div class=\"scroll\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::table;
    use super::*;

    #[test]
    fn names_are_escaped_and_published_rows_marked() {
        let text = text(&table());
        assert!(text.contains("<td>a_b|&lt;c&gt;</td><td class=\"number\">0.4500 ± 0.0707</td>"), "{text}");
        assert!(text.contains("<tr class=\"published\"><td>10 % &amp; more</td>") && !text.contains("ours"), "{text}");
    }
}
