//! The sections of a report.

use super::base64;
use super::gallery::Gallery;
use super::{limits, split};
use crate::charts::markup::escaped;
use crate::domain::Choice as _;
use crate::study::compare::figures::{self, Plate, Shares};
use crate::study::compare::{Comparison, Group, further, tables};
use crate::study::table::{Table, html};

/// What the scores beside the headline are.
const BESIDE: &str = "After the last step. <i>Per-image</i> is the mean over tiles of the mean IoU of each; <i>with ignored classes</i> \
                      counts them like any other; <i>as in GLNet</i> (Chen et al. 2019) predictions on ignored classes are wrong and absent \
                      classes count as 0; <i>boundary IoU</i> (Cheng et al. 2021) is of the pixels near boundaries; the <i>calibration error</i> \
                      (Guo et al. 2017) is the mean distance of confidence and accuracy.";

/// A section with its heading; nothing without content.
fn section(title: &str, body: &str) -> String {
    if body.is_empty() { String::new() } else { format!("<section>\n<h2>{title}</h2>\n{body}</section>\n") }
}

fn filled(table: &Table) -> String {
    if table.rows.is_empty() { String::new() } else { html::text(table) }
}

fn note(text: &str) -> String {
    format!("<p class=\"note\">{text}</p>\n")
}

fn figure(plate: &Plate) -> String {
    format!("<figure>{}<figcaption>{}</figcaption></figure>\n", plate.drawing.inline(), escaped(&plate.caption))
}

/// The table of scores in the form of the published ones.
pub(super) fn scores(comparison: &Comparison) -> String {
    let seeds = "Mean ± standard deviation over runs that differ in their seeds alone. <i>Best</i> is the highest evaluation of a run, \
                 <i>final</i> the one after the last step; mIoU is over the pixels of all validation tiles together, against full masks.";
    let published = if comparison.published.is_empty() {
        ""
    } else {
        " Rows marked <i>published</i> are quoted from the publication, not measured here."
    };
    let beside = filled(&further::table(comparison));
    let beside = if beside.is_empty() { beside } else { beside + &note(BESIDE) };
    section("Scores", &(html::text(&tables::scores(comparison)) + &note(&format!("{seeds}{published}")) + &beside))
}

/// Loss and mIoU over steps, and mIoU over labels.
pub(super) fn curves(comparison: &Comparison) -> String {
    let curves: String = figures::curves(comparison).iter().map(figure).collect();
    let curves = if curves.is_empty() { curves } else { format!("<div class=\"pair\">\n{curves}</div>\n") };
    let labels = figures::labels(comparison).as_ref().map(figure).unwrap_or_default();
    section("Curves", &curves) + &section("Scores over labels", &labels)
}

/// IoU of each class, differences to the reference, gains of class weights.
pub(super) fn classes(comparison: &Comparison) -> String {
    let plate = |plate: Option<Plate>| plate.as_ref().map(figure).unwrap_or_default();
    let classes = plate(figures::classes(comparison)) + &filled(&tables::classes(comparison));
    let deltas = filled(&tables::deltas(comparison));
    let weights = plate(figures::weights(comparison)) + &filled(&tables::weights(comparison));
    section("Classes", &(classes + &deltas)) + &section("Class weights off and on", &weights)
}

/// A tile, its masks and maps.
pub(super) fn pictures(gallery: &Gallery) -> String {
    let picture = |shown: &super::gallery::Shown| {
        let (png, caption) = (base64::encode(&shown.png), escaped(&shown.caption));
        format!(
            "<figure><img src=\"data:image/png;base64,{png}\" alt=\"{caption}\"><figcaption>{caption}</figcaption></figure>\n"
        )
    };
    let pictures: String = gallery.pictures.iter().map(picture).collect();
    let notes: String = gallery.notes.iter().map(|text| note(&escaped(text))).collect();
    if pictures.is_empty() {
        return section("Pictures", &notes);
    }
    let drawn = "Unlabelled pixels are hatched; labels are drawn larger than they are where they are few.";
    let about = note(&format!("{}. {drawn}", escaped(&gallery.about)));
    section("Pictures", &format!("{}<div class=\"gallery\">\n{pictures}</div>\n{about}{notes}", legend(gallery)))
}

fn legend(gallery: &Gallery) -> String {
    let entry = |class: &crate::domain::ClassDef| {
        let [red, green, blue] = class.color;
        let ignored = if class.ignored { " (ignored)" } else { "" };
        format!(
            "<li><span class=\"swatch\" style=\"background:#{red:02x}{green:02x}{blue:02x}\"></span>{}{ignored}</li>",
            escaped(&class.name)
        )
    };
    format!("<ul class=\"legend\">{}</ul>\n", gallery.classes.iter().map(entry).collect::<String>())
}

/// Confusion matrices and reliability diagrams, each configuration to unfold.
pub(super) fn confusions(comparison: &Comparison) -> String {
    let plates = |group: &Group| -> String {
        let matrices = Shares::ALL.iter().filter_map(|shares| figures::confusion(comparison, group, *shares));
        matrices.chain(figures::reliability(comparison, group)).map(|plate| figure(&plate)).collect()
    };
    let mut is_first = true;
    let mut unfold = |group: &Group| {
        let plates = plates(group);
        if plates.is_empty() {
            return String::new();
        }
        let open = if std::mem::take(&mut is_first) { " open" } else { "" };
        let (words, name) = (escaped(&group.words), escaped(&group.name));
        format!(
            "<details{open}><summary title=\"{name}\">{words}</summary>\n<div class=\"plates\">\n{plates}</div></details>\n"
        )
    };
    let all: String = comparison.groups.iter().map(&mut unfold).collect();
    let about = "Pixels of the validation tiles after the last step, summed over the runs of a configuration.";
    section("Confusion and calibration", &if all.is_empty() { all } else { note(about) + &all })
}

/// What the runs have in common: settings, split, labels.
pub(super) fn setup(comparison: &Comparison) -> String {
    let labels = filled(&tables::labels(comparison));
    let labels = if labels.is_empty() {
        labels
    } else {
        let about = "Labelled pixels of the training tiles at their own size, by class; of runs with several seeds, those of the first.";
        format!("<h3>Labels</h3>\n{labels}{}", note(about))
    };
    let split = split::text(comparison);
    let split = if split.is_empty() { split } else { format!("<h3>Split</h3>\n{split}") };
    let entry = |(name, value): &(String, String)| format!("<dt>{}</dt><dd>{}</dd>", escaped(name), escaped(value));
    let settings: String = comparison.common.iter().map(entry).collect();
    let settings = format!(
        "<h3>Settings</h3>\n<details><summary>{} settings that all runs have in common</summary>\n<dl>{settings}</dl></details>\n",
        comparison.common.len()
    );
    section("Data and settings", &(labels + &split + &settings))
}

/// What the data cannot show, and what was found on the way.
pub(super) fn limits(comparison: &Comparison) -> String {
    let item = |text: String| format!("<li>{}</li>\n", escaped(&text));
    let limits: String = limits::sentences(comparison).into_iter().map(item).collect();
    let limits = section("What these data cannot show", &format!("<ul>\n{limits}</ul>\n"));
    let notes: String = comparison.notes.iter().cloned().map(item).collect();
    let notes = if notes.is_empty() { notes } else { section("Notes", &format!("<ul>\n{notes}</ul>\n")) };
    limits + &notes
}

/// Every run by itself.
pub(super) fn runs(comparison: &Comparison) -> String {
    let table = tables::runs(comparison);
    if table.rows.is_empty() {
        return String::new();
    }
    let summary = format!("{} runs, each by itself", table.rows.len());
    section("Runs", &format!("<details><summary>{summary}</summary>\n{}</details>\n", html::text(&table)))
}
