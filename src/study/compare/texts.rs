//! The tables of a comparison as one text.

use super::comparison::Comparison;
use super::{further, name_table, tables};
use crate::study::table::{Table, TableFormat};

/// The tables in this form. CSV has one header, so that it holds the scores alone.
pub fn of(comparison: &Comparison, format: TableFormat) -> String {
    match format {
        TableFormat::Csv => format.text(&tables::scores(comparison)),
        TableFormat::Markdown => {
            format!("# {}\n\n{}{}", comparison.title, joined(comparison, format), format.notes(&comparison.notes))
        }
        TableFormat::Latex => format.notes(&comparison.notes) + &joined(comparison, format),
    }
}

fn joined(comparison: &Comparison, format: TableFormat) -> String {
    let all = [tables::scores, further::table, tables::classes, tables::deltas, tables::weights, name_table::table];
    let all = all.map(|table| table(comparison));
    let filled = all.iter().filter(|table: &&Table| !table.rows.is_empty());
    filled.map(|table| format.text(table)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;

    #[test]
    fn every_form_has_the_scores() {
        let text = |format| of(&comparison(), format);
        let (markdown, csv, latex) = (text(TableFormat::Markdown), text(TableFormat::Csv), text(TableFormat::Latex));
        assert!(markdown.starts_with("# test\n\n| configuration |") && markdown.contains("| gain of the weights |"));
        assert_eq!((csv.lines().count(), latex.matches("\\begin{tabular}").count()), (4, 5));
        assert!(latex.contains("fraction\\_per\\_class") && latex.contains("10 \\% of each class"), "{latex}");
        assert!(markdown.contains("| 10 % of each class · no class weights | strategy fraction_per_class 0.1"));
    }

    #[test]
    fn notes_stand_with_the_tables() {
        let mut comparison = comparison();
        comparison.notes.push("other\n<tiles>".to_owned());
        let text = |format| of(&comparison, format);
        assert!(text(TableFormat::Markdown).ends_with("\n* other \\<tiles>\n"), "{}", text(TableFormat::Markdown));
        assert!(text(TableFormat::Latex).starts_with("% other <tiles>\n%"), "{}", text(TableFormat::Latex));
        assert!(!text(TableFormat::Csv).contains("tiles"), "it has one header");
    }
}
