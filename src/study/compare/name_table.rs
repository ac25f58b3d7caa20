//! The names of configurations that stand in words.

use super::comparison::{Comparison, Group};
use crate::study::table::sheet::Kind;
use crate::study::table::{Cell, Column, Row, Table};

/// Names by which configurations can be chosen that tables call in words; no rows where all stand by their names.
pub fn table(comparison: &Comparison) -> Table {
    let in_words = comparison.groups.iter().filter(|group| group.words != group.name);
    let row = |group: &Group| Row::new(vec![group.cell(), Cell::text(group.name.as_str())]);
    let columns =
        vec![Column::new("configuration", "words", Kind::Text), Column::new("its name", "configuration", Kind::Text)];
    Table { columns, rows: in_words.map(row).collect() }
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;

    #[test]
    fn names_of_what_stands_in_words_are_listed() {
        let mut comparison = comparison();
        let names = table(&comparison);
        let first = names.rows[0].shown(&names.columns);
        let want = ["10 % of each class · no class weights", "strategy fraction_per_class 0.1, class weights none"];
        assert_eq!(first, want);
        comparison.groups.iter_mut().for_each(|group| group.words.clone_from(&group.name));
        assert!(table(&comparison).rows.is_empty());
    }
}
