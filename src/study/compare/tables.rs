//! The tables of a comparison.

use std::collections::BTreeMap;

use super::comparison::{Comparison, Group};
use super::further;
use super::pairs::{self, Pair};
use super::run::ComparedRun;
use crate::charts::scale::signed;
use crate::study::figure::Figure;
use crate::study::report_row::{self, ReportRow};
use crate::study::settings;
use crate::study::table::sheet::Kind;
use crate::study::table::{Cell, Column, Row, Table};
use crate::train::label_counts::LabelCounts;

/// Scores of each configuration in the form of the published tables, published rows beside ours; then labels, and every setting that
/// differs.
pub fn scores(comparison: &Comparison) -> Table {
    let mut rows = Vec::new();
    let mut owners: Vec<&Group> = Vec::new();
    for group in &comparison.groups {
        let published = comparison.published.iter().filter(|row| row.configuration == group.name).cloned();
        let published = published.map(|row| ReportRow { words: group.words.clone(), ..row });
        let all: Vec<_> = std::iter::once(comparison.row(group)).chain(published).collect();
        owners.extend(std::iter::repeat_n(group, all.len()));
        rows.extend(all);
    }
    let mut table = report_row::table(&rows);
    table.columns.push(Column::new("labels", "labels", Kind::Count));
    table.columns.extend(comparison.fields.iter().map(|field| setting_column(comparison, field)));
    for (row, group) in table.rows.iter_mut().zip(owners) {
        let labels = comparison.figure(group, |run| run.labels.as_ref().map(|labels| labels.total() as f64));
        row.cells.push(Cell::Figure(labels.filter(|_| !row.is_published)));
        let values = comparison.fields.iter().zip(&group.settings);
        row.cells.extend(values.map(|(field, value)| Cell::Text(settings::shown(field, value), value.clone())));
    }
    table
}

fn setting_column(comparison: &Comparison, field: &str) -> Column {
    Column::new(settings::title(field, &comparison.fields), field, Kind::Text)
}

/// IoU of each class after the last step.
pub fn classes(comparison: &Comparison) -> Table {
    let classes = comparison.classes();
    let row = |group: &Group| {
        let figure = |class: &String| Cell::Figure(comparison.figure(group, |run| run.iou(class)));
        Row::new(std::iter::once(group.cell()).chain(classes.iter().map(figure)).collect())
    };
    let done = comparison.groups.iter().filter(|group| !group.members.is_empty());
    Table { columns: class_columns("IoU after the last step", &classes, Kind::Score(4)), rows: done.map(row).collect() }
}

/// Differences of the IoU of each class to the reference, over seeds that both have.
pub fn deltas(comparison: &Comparison) -> Table {
    let classes = comparison.classes();
    let Some(reference) = comparison.reference_with_runs() else { return Table::default() };
    let others = comparison.groups.iter().filter(|group| !std::ptr::eq(*group, reference) && !group.members.is_empty());
    let row = |group: &Group| {
        let cell =
            |class: &String| Cell::number(difference(comparison, Pair { with: group, without: reference }, class));
        Row::new(std::iter::once(group.cell()).chain(classes.iter().map(cell)).collect())
    };
    let title = format!("against {}", reference.words);
    Table { columns: class_columns(&title, &classes, Kind::Gain(4)), rows: others.map(row).collect() }
}

/// What class weights do for each class: IoU without, with, and the difference over seeds that both have.
pub fn weights(comparison: &Comparison) -> Table {
    let classes = comparison.classes();
    let figures = |group: &Group| -> Vec<Cell> {
        classes.iter().map(|class| Cell::Figure(comparison.figure(group, |run| run.iou(class)))).collect()
    };
    let rows = pairs::of(comparison).into_iter().flat_map(|pair| {
        let gain = classes.iter().map(|class| gain_cell(difference(comparison, pair, class))).collect();
        let named = |name: Cell, cells: Vec<Cell>| Row::new([vec![name], cells].concat());
        [
            named(pair.without.cell(), figures(pair.without)),
            named(pair.with.cell(), figures(pair.with)),
            named(Cell::text("gain of the weights"), gain),
        ]
    });
    Table { columns: class_columns("class weights off and on", &classes, Kind::Score(4)), rows: rows.collect() }
}

/// A signed number in a column of scores.
fn gain_cell(gain: Option<f64>) -> Cell {
    let text = |write: fn(f64) -> String| gain.map_or_else(String::new, write);
    Cell::Text(text(|gain| signed(gain, 4)), text(|gain| gain.to_string()))
}

/// Mean difference of the IoU of a class over the seeds that both have, `None` without one: with another seed, validation tiles may be
/// others as well.
pub(super) fn difference(comparison: &Comparison, pair: Pair<'_>, class: &str) -> Option<f64> {
    let [with, without] = [pair.with, pair.without].map(|group| by_seed(comparison, group, class));
    let both = with.iter().filter_map(|(seed, iou)| Some(iou - without.get(seed)?));
    Figure::of(both).map(|figure| figure.mean)
}

/// IoU of a class by seed; of runs of the same seed, their mean.
fn by_seed(comparison: &Comparison, group: &Group, class: &str) -> BTreeMap<u64, f64> {
    let mut runs: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for run in comparison.members(group) {
        runs.entry(run.config.seed).or_default().extend(run.iou(class));
    }
    runs.into_iter().filter_map(|(seed, values)| Some((seed, Figure::of(values)?.mean))).collect()
}

fn class_columns(first: &str, classes: &[String], kind: Kind) -> Vec<Column> {
    let class = |name: &String| Column::new(name.as_str(), format!("iou_{name}"), kind);
    std::iter::once(Column::new(first, "configuration", Kind::Text)).chain(classes.iter().map(class)).collect()
}

/// Labels that each configuration learned from, by class; configurations with the same labels share a row.
pub fn labels(comparison: &Comparison) -> Table {
    let classes = comparison.classes();
    let mut rows: Vec<Row> = Vec::new();
    let mut seen: Vec<(&ComparedRun, &LabelCounts, Vec<&Group>)> = Vec::new();
    for group in &comparison.groups {
        let Some((run, counts)) = comparison.members(group).find_map(|run| Some((run, run.labels.as_ref()?))) else {
            continue;
        };
        match seen.iter().position(|(other, same, _)| *same == counts && other.classes == run.classes) {
            Some(place) => seen[place].2.push(group),
            None => {
                seen.push((run, counts, vec![group]));
                rows.push(label_row(run, counts, &classes));
            }
        }
    }
    let joined = |groups: &[&Group], name: fn(&Group) -> &str| -> String {
        groups.iter().map(|group| name(group)).collect::<Vec<_>>().join(", ")
    };
    for (row, (_, _, groups)) in rows.iter_mut().zip(seen) {
        let cell =
            Cell::Text(joined(&groups, |group| group.words.as_str()), joined(&groups, |group| group.name.as_str()));
        row.cells.insert(0, cell);
    }
    let class = |name: &String| Column::new(name.as_str(), format!("labels_{name}"), Kind::Count);
    let columns = [
        Column::new("configuration", "configuration", Kind::Text),
        Column::new("tiles", "tiles", Kind::Count),
        Column::new("labels", "labels", Kind::Count),
        Column::new("share of the masks", "share", Kind::Percent),
    ];
    Table { columns: columns.into_iter().chain(classes.iter().map(class)).collect(), rows }
}

fn label_row(run: &ComparedRun, counts: &LabelCounts, classes: &[String]) -> Row {
    let of = |class: &String| {
        let index = run.classes.iter().position(|other| other.name == *class);
        Cell::number(index.and_then(|index| counts.labels.get(index)).map(|labels| *labels as f64))
    };
    let cells = [counts.tiles as f64, counts.total() as f64, counts.share()].map(Cell::number);
    Row::new(cells.into_iter().chain(classes.iter().map(of)).collect())
}

/// Every run by itself.
pub fn runs(comparison: &Comparison) -> Table {
    let score = |name: &'static str| Column::new(name, name.replace(' ', "_"), Kind::Plain(4));
    let columns = vec![
        Column::new("run", "run", Kind::Text),
        Column::new("seed", "seed", Kind::Count),
        score("best mIoU"),
        score("final mIoU"),
        Column::new("95 % interval", "interval", Kind::Text),
        score("accuracy"),
        Column::new("ended", "ended", Kind::Text),
        Column::new("steps", "steps", Kind::Count),
        Column::new("minutes", "minutes", Kind::Minutes),
        Column::new("min/epoch", "minutes_per_epoch", Kind::Minutes),
        Column::new("parameters", "parameters", Kind::Count),
        Column::new("device", "device", Kind::Text),
        Column::new("version", "version", Kind::Text),
        Column::new("configuration", "configuration", Kind::Text),
    ];
    let rows =
        comparison.groups.iter().flat_map(|group| comparison.members(group).map(move |run| run_row(run, group.cell())));
    Table { columns, rows: rows.collect() }
}

fn run_row(run: &ComparedRun, configuration: Cell) -> Row {
    let (summary, last) = (run.summary.as_ref(), run.last());
    let of =
        |value: fn(&crate::engine::protocol::Summary) -> String| Cell::text(summary.map(value).unwrap_or_default());
    Row::new(vec![
        Cell::text(run.name.as_str()),
        Cell::number(run.config.seed as f64),
        Cell::number(run.best_miou()),
        Cell::number(last.map(|last| last.miou)),
        Cell::text(further::interval(run)),
        Cell::number(last.map(|last| last.accuracy)),
        Cell::text(run.ending()),
        Cell::number(summary.map(|summary| summary.steps as f64)),
        Cell::number(summary.map(|summary| summary.secs / 60.0)),
        Cell::number(run.minutes_per_epoch()),
        Cell::number(summary.map(|summary| summary.parameters as f64)),
        of(|summary| summary.device.name.clone()),
        of(|summary| summary.version.clone()),
        configuration,
    ])
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;
    use crate::study::published::Published;
    use crate::study::table::TableFormat;

    #[test]
    fn settings_that_differ_are_columns_and_published_rows_stand_beside_ours() {
        let mut comparison = comparison();
        let name = comparison.groups[1].name.clone();
        let published = Published { run: name, best_miou: Some(0.3), note: "A100".to_owned(), ..Published::default() };
        comparison.published.push(ReportRow::published(&published, "so"));
        let table = scores(&comparison);
        let text = TableFormat::Csv.text(&table);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].ends_with("note,labels,sampling.strategy,train.class_weights"), "{text}");
        assert_eq!((lines.len(), table.rows[2].is_published), (5, true));
        assert_eq!(table.rows[2].shown(&table.columns)[0], "1 % of each class · no class weights (A100)");
        assert!(lines[2].starts_with("\"strategy fraction_per_class 0.01, class weights none\",ours"), "{text}");
        assert!(
            lines[3].contains(",published,,0.3,,") && lines[3].contains(",A100,,fraction_per_class 0.01,none"),
            "{text}"
        );
        assert!(lines[1].contains(",ours,2,0.5,"), "{text}");
    }

    #[test]
    fn classes_gains_and_deltas_match_hand_counts() {
        let comparison = comparison();
        let rows =
            |table: &Table| table.rows.iter().map(|row| row.shown(&table.columns)[1..3].to_vec()).collect::<Vec<_>>();
        assert_eq!(
            rows(&classes(&comparison)),
            [["0.3500 ± 0.0707", "0.5500 ± 0.0707"], ["0.1000", "–"], ["0.5000", "0.5000"]]
        );
        assert_eq!(rows(&deltas(&comparison)), [["−0.2000", "–"], ["+0.2000", "+0.0000"]]);
        assert_eq!(rows(&weights(&comparison))[2], ["+0.2000", "+0.0000"], "seed 0, which both have");
        assert_eq!(runs(&comparison).rows.len(), 4);
    }

    #[test]
    fn configurations_with_the_same_labels_share_a_row() {
        let mut comparison = comparison();
        for (run, labels) in comparison.runs.iter_mut().zip([40, 40, 4, 40]) {
            run.labels = Some(LabelCounts { labels: vec![labels, 0], masks: vec![400, 0], tiles: 2 });
        }
        let table = labels(&comparison);
        assert_eq!(table.rows.len(), 2);
        assert_eq!(table.rows[0].shown(&table.columns)[1..5], ["2", "40", "10.000 %", "40"]);
    }

    #[test]
    fn equal_counts_of_other_classes_have_a_row_of_their_own() {
        let mut comparison = comparison();
        for run in &mut comparison.runs {
            run.labels = Some(LabelCounts { labels: vec![4, 0], masks: vec![40, 0], tiles: 2 });
        }
        assert_eq!(labels(&comparison).rows.len(), 1);
        comparison.runs[3].classes.ignore_only(&["forest_land".to_owned()]);
        assert_eq!(labels(&comparison).rows.len(), 2);
    }

    #[test]
    fn differences_are_to_a_reference_that_has_runs() {
        let mut comparison = comparison();
        comparison.groups[0].members.clear();
        let table = deltas(&comparison);
        assert_eq!(table.columns[0].title, format!("against {}", comparison.groups[1].words));
        assert_eq!((table.rows.len(), table.rows[0].shown(&table.columns)[1].as_str()), (1, "+0.4000"));
        comparison.groups.iter_mut().for_each(|group| group.members.clear());
        assert!(deltas(&comparison).rows.is_empty());
    }

    #[test]
    fn without_a_seed_in_common_there_is_no_difference() {
        let mut comparison = comparison();
        comparison.runs[3].config.seed = 7;
        let table = deltas(&comparison);
        assert_eq!(table.rows[1].shown(&table.columns)[1..3], ["–", "–"]);
    }
}
