//! Final mIoU over the number of labels: a line for each kind of sparse labels, full supervision as a level.

use std::collections::BTreeSet;

use super::comparison::{Comparison, Group};
use crate::charts::lines::{LineChart, Point, Series, Shape};
use crate::domain::{Choice as _, Strategy};
use crate::study::settings;

/// Size of the figure.
const SIZE: [f64; 2] = [720.0, 400.0];

/// The figure; `None` with fewer than two amounts of labels.
pub(super) fn chart(comparison: &Comparison) -> Option<LineChart> {
    let mut series: Vec<Series> = Vec::new();
    for group in comparison.complete() {
        add(&mut series, comparison, group);
    }
    give_pens(&mut series);
    series.iter_mut().for_each(|series| series.points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    let has_levels = series.iter().any(|series| series.shape == Shape::Level);
    let most = series.iter().filter(|series| series.shape == Shape::Dots).map(|series| series.points.len()).max();
    most.is_some_and(|most| most > 1 || has_levels).then(|| LineChart {
        title: "mIoU over the number of labels".to_owned(),
        x_label: "labelled pixels".to_owned(),
        y_label: "final mIoU".to_owned(),
        log_x: true,
        size: SIZE,
        series,
    })
}

/// Adds a group to the line of its kind, or a level.
fn add(series: &mut Vec<Series>, comparison: &Comparison, group: &Group) {
    let Some(point) = point(comparison, group) else { return };
    let name = labels_of(comparison, group) + &suffix(comparison, group);
    let is_full = group.strategy == Strategy::Full;
    match series.iter_mut().find(|series| series.name == name && !is_full) {
        Some(series) => series.points.push(point),
        None => {
            let shape = if is_full { Shape::Level } else { Shape::Dots };
            series.push(Series { name, pen: 0, shape, points: vec![point] });
        }
    }
}

/// Which labels a group learned from; how they are sampled only where there are several ways.
fn labels_of(comparison: &Comparison, group: &Group) -> String {
    let sparse = comparison.groups.iter().map(|group| group.strategy).filter(|strategy| *strategy != Strategy::Full);
    let kinds: BTreeSet<&str> = sparse.map(|strategy| strategy.entry().name).collect();
    match group.strategy {
        Strategy::Full => "full supervision".to_owned(),
        strategy if kinds.len() > 1 => strategy.entry().title.to_lowercase(),
        _ => "sparse labels".to_owned(),
    }
}

/// A full mask has the colour of the sparse labels that share its other settings.
fn give_pens(series: &mut [Series]) {
    let rest = |series: &Series| series.name.split_once(", ").map_or_else(String::new, |(_, rest)| rest.to_owned());
    let (mut next, mut pens) = (0, Vec::<(String, usize)>::new());
    for line in series.iter_mut().filter(|series| series.shape != Shape::Level) {
        line.pen = next;
        pens.push((rest(line), next));
        next += 1;
    }
    for level in series.iter_mut().filter(|series| series.shape == Shape::Level) {
        let known = pens.iter().find(|(name, _)| *name == rest(level)).map(|(_, pen)| *pen);
        level.pen = known.unwrap_or(next);
        next += usize::from(known.is_none());
    }
}

fn point(comparison: &Comparison, group: &Group) -> Option<Point> {
    let score = comparison.figure(group, |run| run.last().map(|last| last.miou))?;
    let labels = comparison.figure(group, |run| run.labels.as_ref().map(|labels| labels.total() as f64))?;
    // A logarithmic axis has no place for none.
    (labels.mean > 0.0).then(|| Point { x: labels.mean, y: score.mean, margin: score.spread.unwrap_or(0.0) })
}

/// What configurations with other amounts of labels have in common, after a comma.
fn suffix(comparison: &Comparison, group: &Group) -> String {
    let is_other =
        |field: &str| settings::tells_apart(field) && !field.starts_with("sampling.") && field != "train.supervision";
    let fields = comparison.fields.iter().zip(&group.phrases);
    let fields = fields.filter(|(field, phrase)| is_other(field) && !phrase.is_empty());
    fields.map(|(_, phrase)| format!(", {phrase}")).collect()
}

#[cfg(test)]
mod tests {
    use super::super::comparison::tests::comparison;
    use super::*;
    use crate::train::label_counts::LabelCounts;

    fn counted() -> Comparison {
        let mut comparison = comparison();
        for (run, labels) in comparison.runs.iter_mut().zip([4000, 4000, 400, 4000]) {
            run.labels = Some(LabelCounts { labels: vec![labels], masks: vec![40_000], tiles: 2 });
        }
        comparison
    }

    fn shapes(comparison: &Comparison) -> Vec<(String, usize, Shape, usize)> {
        let of = |series: Series| (series.name, series.pen, series.shape, series.points.len());
        chart(comparison).unwrap().series.into_iter().map(of).collect()
    }

    #[test]
    fn amounts_of_labels_form_a_line_and_full_masks_a_level() {
        let mut comparison = counted();
        let sparse = |rest: &str| format!("sparse labels, {rest}");
        let [off, on] = ["no class weights", "inverse frequency weights"].map(sparse);
        assert_eq!(
            shapes(&comparison),
            [(off, 0, Shape::Dots, 2), (on, 1, Shape::Dots, 1)],
            "10 % and 1 % are one line"
        );
        comparison.groups[2].strategy = Strategy::Full;
        let full = "full supervision, inverse frequency weights".to_owned();
        assert_eq!(shapes(&comparison)[1], (full, 1, Shape::Level, 1));
    }

    #[test]
    fn a_level_has_the_colour_of_its_like() {
        let mut comparison = counted();
        comparison.groups[1].strategy = Strategy::Full;
        let pens: Vec<usize> = shapes(&comparison).iter().map(|(_, pen, ..)| *pen).collect();
        assert_eq!(pens, [0, 0, 1], "without weights, its level, with weights");
    }

    #[test]
    fn other_ways_of_sampling_are_other_lines() {
        let mut comparison = counted();
        comparison.groups[1].strategy = Strategy::FractionOfPixels(0.01);
        assert!(chart(&comparison).is_none(), "an amount of each is no line");
        comparison.groups[2].strategy = Strategy::Full;
        let names: Vec<String> = shapes(&comparison).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(
            names[..2],
            ["fraction of each class, no class weights", "fraction of all pixels, no class weights"]
        );
    }

    #[test]
    fn labels_that_nobody_counted_have_no_figure() {
        assert!(chart(&comparison()).is_none());
    }

    #[test]
    fn no_labels_have_no_place_on_the_axis() {
        let mut comparison = counted();
        comparison.runs[2].labels = Some(LabelCounts::default());
        assert!(chart(&comparison).is_none(), "10 % alone is left");
    }

    #[test]
    fn where_a_run_computed_makes_no_other_line() {
        let mut comparison = counted();
        comparison.fields.push("device".to_owned());
        for (group, device) in comparison.groups.iter_mut().zip(["cpu", "gpu", "gpu"]) {
            group.settings.push(device.to_owned());
            group.phrases.push(format!("device {device}"));
        }
        assert_eq!(shapes(&comparison)[0].3, 2);
    }

    #[test]
    fn a_run_that_was_stopped_is_no_point() {
        let mut comparison = counted();
        comparison.runs[2].summary = None;
        assert!(chart(&comparison).is_none(), "10 % alone is left");
    }
}
