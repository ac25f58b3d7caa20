//! The figures of a comparison.

use std::collections::BTreeSet;

use super::comparison::{Comparison, Group};
pub use super::shades::Shares;
use super::{curves, over_labels, pairs, shades, tables};
use crate::charts::Drawing;
use crate::charts::bars::{Bar, BarChart, BarGroup};
use crate::charts::lines::{LineChart, Point, Series, Shape};
use crate::charts::scale::signed;
use crate::domain::Choice as _;
use crate::study::fields::folder_name;

/// Bars of one class, at most: as many as there are colours.
pub const MOST_BARS: usize = 7;
/// Size of a curve.
const SMALL: [f64; 2] = [520.0, 330.0];

/// A figure, the name of its file without ending, and what stands below it.
#[derive(Clone, Debug)]
pub struct Plate {
    /// Name of its file without ending.
    pub name: String,
    /// What it shows and how it was measured.
    pub caption: String,
    /// The figure.
    pub drawing: Drawing,
}

/// All figures that these runs have.
pub fn all(comparison: &Comparison) -> Vec<Plate> {
    let mut plates = curves(comparison);
    plates.extend([labels(comparison), classes(comparison), weights(comparison)].into_iter().flatten());
    for group in done(comparison) {
        plates.extend(Shares::ALL.iter().filter_map(|shares| confusion(comparison, group, *shares)));
        plates.extend(reliability(comparison, group));
    }
    number_equal_names(&mut plates);
    plates
}

/// Names that a file system takes may be those of several configurations; none of their figures replaces another one.
fn number_equal_names(plates: &mut [Plate]) {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    for plate in plates {
        let base = plate.name.clone();
        let numbered = (2..).map(|number| format!("{base}-{number}"));
        // File systems of some machines do not tell upper case from lower case.
        let is_free = |name: &String| !taken.contains(&name.to_lowercase());
        let free = std::iter::once(base.clone()).chain(numbered).find(is_free);
        plate.name = free.unwrap_or(base);
        taken.insert(plate.name.to_lowercase());
    }
}

/// Groups with runs.
fn done(comparison: &Comparison) -> impl Iterator<Item = &Group> {
    comparison.groups.iter().filter(|group| !group.members.is_empty())
}

/// What the marks of a spread are, if there is any.
fn spread(comparison: &Comparison, marks: &str) -> String {
    let has_seeds = comparison.groups.iter().any(|group| group.members.len() > 1);
    if has_seeds {
        format!(" {marks} are ± one standard deviation over runs that differ in their seeds.")
    } else {
        String::new()
    }
}

/// Loss and mIoU over steps, a line for each configuration.
pub fn curves(comparison: &Comparison) -> Vec<Plate> {
    let loss = curve(comparison, "training loss", curves::loss);
    let miou = curve(comparison, "validation mIoU", curves::miou);
    let plate = |name: &str, caption: &str, chart: LineChart| {
        let has_points = chart.series.iter().any(|series| !series.points.is_empty());
        let has_seeds = comparison.groups.iter().any(|group| group.members.len() > 1);
        let ends =
            if has_seeds { " A line ends at the last step that all runs of its configuration reached." } else { "" };
        let caption = format!("{caption}{}{ends}", spread(comparison, "Bands"));
        has_points.then(|| Plate { name: name.to_owned(), caption, drawing: chart.draw() })
    };
    let loss = plate("loss", "Training loss over labelled pixels, averaged within bins of steps.", loss);
    let miou = plate("miou", "Mean IoU of the validation tiles against full masks.", miou);
    [loss, miou].into_iter().flatten().collect()
}

fn curve(comparison: &Comparison, label: &str, points: fn(&Comparison, &Group) -> Vec<Point>) -> LineChart {
    let series = |(pen, group): (usize, &Group)| {
        let points = points(comparison, group);
        Series { name: group.words.clone(), pen, shape: Shape::Line, points }
    };
    LineChart {
        title: format!("{label} over steps"),
        x_label: "step".to_owned(),
        y_label: label.to_owned(),
        log_x: false,
        size: SMALL,
        series: done(comparison).enumerate().map(series).collect(),
    }
}

/// Final mIoU over the number of labels, with full supervision as a level; `None` with fewer than two amounts.
pub fn labels(comparison: &Comparison) -> Option<Plate> {
    let chart = over_labels::chart(comparison)?;
    let caption = format!(
        "Final validation mIoU over the number of labelled pixels in the training tiles, on a logarithmic axis; full supervision is a \
         level.{}",
        spread(comparison, "Bands")
    );
    Some(Plate { name: "labels".to_owned(), caption, drawing: chart.draw() })
}

/// IoU of each class with its difference to the reference, a bar for each configuration; `None` if nothing was scored.
pub fn classes(comparison: &Comparison) -> Option<Plate> {
    let reference = comparison.reference_with_runs()?;
    let others = done(comparison).filter(|group| !std::ptr::eq(*group, reference));
    let all: Vec<&Group> = std::iter::once(reference).chain(others).collect();
    let shown = &all[..all.len().min(MOST_BARS)];
    let groups = comparison.classes().into_iter().map(|class| class_bars(comparison, shown, class));
    let groups: Vec<BarGroup> = groups.filter(|group| group.bars.iter().any(Option::is_some)).collect();
    let left_out = left_out(all.len() - shown.len());
    let caption = format!(
        "IoU of each class after the last step, and its difference to {} over seeds that both have.{left_out}{}",
        reference.words,
        spread(comparison, "Whiskers")
    );
    let title = "IoU of each class".to_owned();
    let series = shown.iter().map(|group| group.words.clone()).collect();
    let chart = BarChart { title, label: "IoU".to_owned(), series, pens: pens(comparison, shown), groups };
    (!chart.groups.is_empty()).then(|| Plate { name: "classes".to_owned(), caption, drawing: chart.draw() })
}

/// The pens that groups have in curves. Beyond the colours there are it is the last one; where two would have that, all are numbered anew.
fn pens(comparison: &Comparison, groups: &[&Group]) -> Vec<usize> {
    let place = |group: &&Group| done(comparison).position(|other| std::ptr::eq(other, *group));
    let places = groups.iter().map(|group| place(group).map(|place| place.min(MOST_BARS - 1)));
    let places: Option<Vec<usize>> = places.collect();
    let differ = |places: &Vec<usize>| places.iter().collect::<BTreeSet<_>>().len() == places.len();
    places.filter(differ).unwrap_or_else(|| (0..groups.len()).collect())
}

fn left_out(number: usize) -> String {
    if number == 0 { String::new() } else { format!(" {number} more configurations stand in the table.") }
}

fn class_bars(comparison: &Comparison, groups: &[&Group], class: String) -> BarGroup {
    let figure = |group: &Group| comparison.figure(group, |run| run.iou(&class));
    let delta = |group: &Group| {
        let without = groups.first().filter(|first| !std::ptr::eq(**first, group))?;
        tables::difference(comparison, pairs::Pair { with: group, without }, &class)
    };
    let bar = |group: &&Group| {
        let figure = figure(group)?;
        let delta = delta(group).map_or_else(String::new, |delta| format!(" ({})", signed(delta, 3)));
        Some(Bar {
            value: figure.mean,
            spread: figure.spread.unwrap_or(0.0),
            note: format!("{:.3}{delta}", figure.mean),
        })
    };
    BarGroup { bars: groups.iter().map(bar).collect(), name: class }
}

/// What class weights do for each class; `None` without two configurations that differ in them alone.
pub fn weights(comparison: &Comparison) -> Option<Plate> {
    let all = pairs::of(comparison);
    let pairs = &all[..all.len().min(MOST_BARS)];
    let bars = |class: String| {
        let bar = |pair: &pairs::Pair<'_>| {
            let value = tables::difference(comparison, *pair, &class)?;
            Some(Bar { value, spread: 0.0, note: signed(value, 3) })
        };
        BarGroup { bars: pairs.iter().map(bar).collect(), name: class }
    };
    let groups = comparison.classes().into_iter().map(bars);
    let groups: Vec<BarGroup> = groups.filter(|group| group.bars.iter().any(Option::is_some)).collect();
    let series = pairs.iter().map(|pair| pair.with.words.clone()).collect();
    let (title, label) = ("Gain of class weights".to_owned(), "IoU with class weights minus IoU without".to_owned());
    let pens = pens(comparison, &pairs.iter().map(|pair| pair.with).collect::<Vec<_>>());
    let chart = BarChart { title, label, series, pens, groups };
    (!chart.groups.is_empty()).then(|| Plate {
        name: "weights".to_owned(),
        caption: format!(
            "Gain of class weights: IoU with them minus IoU without, all else equal; means over seeds that both have.{}",
            left_out(all.len() - pairs.len())
        ),
        drawing: chart.draw(),
    })
}

/// The confusion matrix of a group, summed over its runs; `None` if it has none.
pub fn confusion(comparison: &Comparison, group: &Group, shares: Shares) -> Option<Plate> {
    let drawing = shades::confusion(comparison, group, shares)?;
    let unit = match shares {
        Shares::Rows => "percent of the pixels of each true class; the diagonal is recall",
        Shares::Columns => "percent of the pixels of each predicted class; the diagonal is precision",
        Shares::Counts => "pixels, in shades by row",
    };
    let caption = format!("{}: {unit}.", group.words);
    Some(Plate { name: format!("confusion-{}-{}", folder_name(&group.name), shares.name()), caption, drawing })
}

/// The reliability diagram of a group, summed over its runs; `None` if it has none.
pub fn reliability(comparison: &Comparison, group: &Group) -> Option<Plate> {
    let drawing = shades::reliability(comparison, group)?;
    let caption = format!(
        "{}: accuracy of the pixels predicted with about one confidence. Orange is what it lacks of the confidence, green what it \
         exceeds it by, gray the share of pixels.",
        group.words
    );
    Some(Plate { name: format!("reliability-{}", folder_name(&group.name)), caption, drawing })
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

    #[test]
    fn runs_have_the_figures_that_their_settings_allow() {
        let plates = all(&counted());
        assert_eq!(
            plates.iter().map(|plate| plate.name.as_str()).collect::<Vec<_>>(),
            ["loss", "miou", "labels", "classes", "weights"]
        );
        assert!(plates.iter().all(|plate| !plate.drawing.file().contains("NaN")));
        assert!(plates[1].caption.contains("standard deviation"));
        assert!(labels(&comparison()).is_none(), "nobody counted them");
    }

    #[test]
    fn bars_tell_their_difference_to_the_reference() {
        let svg = classes(&comparison()).unwrap().drawing.file();
        assert!(svg.contains("0.350<") && svg.contains("0.500 (+0.200)") && svg.contains("0.100 (−0.200)"), "{svg}");
        let gains = weights(&comparison()).unwrap().drawing.file();
        assert!(gains.contains(">+0.200<") && gains.contains(">+0.000<"), "{gains}");
    }

    #[test]
    fn a_configuration_has_one_colour_in_bars_and_curves() {
        let comparison = comparison();
        let [first, second, third] = &comparison.groups[..] else { panic!("{:?}", comparison.groups) };
        assert_eq!(pens(&comparison, &[third, first, second]), [2, 0, 1]);
        let elsewhere = first.clone();
        assert_eq!(pens(&comparison, &[third, &elsewhere]), [0, 1], "it is in no curve");
    }

    #[test]
    fn the_caption_names_the_reference_that_is_used() {
        let mut comparison = comparison();
        comparison.groups[0].members.clear();
        let plate = classes(&comparison).unwrap();
        let used = &comparison.groups[1].words;
        assert!(plate.caption.contains(&format!("difference to {used} ")), "{}", plate.caption);
        assert!(plate.drawing.file().contains("0.500 (+0.400)"));
    }

    #[test]
    fn names_of_files_are_told_apart() {
        let first = classes(&comparison()).unwrap();
        let plate = |name: &str| Plate { name: name.to_owned(), ..first.clone() };
        let mut plates = ["a---rows", "a---rows", "A---rows", "a---rows-2"].map(plate);
        number_equal_names(&mut plates);
        assert_eq!(plates.map(|plate| plate.name), ["a---rows", "a---rows-2", "A---rows-3", "a---rows-2-2"]);
    }
}
