//! IoU of each class after the last step, a row for each configuration: what weights or more labels do for which class.

use super::folder::DoneRun;
use super::overview::{Overview, RunState};
use super::plan::Plan;
use crate::domain::metrics::mean_of_numbers;
use crate::train::folder::FinishedRun;

/// Means over the runs of a configuration, by class.
type ClassMeans = Vec<(String, f64)>;

/// The table in Markdown; empty while no run is done.
pub(super) fn markdown(plan: &Plan, overview: &Overview) -> String {
    let rows: Vec<(&str, ClassMeans)> = plan
        .configurations()
        .into_iter()
        .map(|name| (name, means(&done(name, overview))))
        .filter(|(_, means)| !means.is_empty())
        .collect();
    let Some((_, first)) = rows.first() else { return String::new() };
    let classes: Vec<&str> = first.iter().map(|(class, _)| class.as_str()).collect();
    let head =
        format!("| IoU after the last step | {} |\n|---|{}\n", classes.join(" | "), "---|".repeat(classes.len()));
    rows.iter().fold(head, |text, (name, means)| text + &row(name, &classes, means))
}

fn row(name: &str, classes: &[&str], means: &ClassMeans) -> String {
    let of = |class: &&str| means.iter().find(|(name, _)| name == class).map_or(f64::NAN, |(_, mean)| *mean);
    let cell = |mean: f64| if mean.is_nan() { "–".to_owned() } else { format!("{mean:.4}") };
    let cells: Vec<String> = classes.iter().map(|class| cell(of(class))).collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}

fn done<'a>(configuration: &str, overview: &'a Overview) -> Vec<&'a DoneRun> {
    let planned = overview.runs.iter().filter(|run| run.configuration == configuration);
    planned.filter_map(|run| if let RunState::Done(done) = &run.state { Some(done.as_ref()) } else { None }).collect()
}

/// Mean IoU of each class over runs. A run in which a class cannot be scored does not count for it.
fn means(runs: &[&DoneRun]) -> ClassMeans {
    let mut values: Vec<(String, Vec<f64>)> = Vec::new();
    for run in runs {
        let classes = FinishedRun::open(&run.folder).map(|finished| finished.classes).unwrap_or_default();
        let iou = run.summary.last.iter().flat_map(|last| &last.scores.iou);
        for (class, iou) in classes.iter().zip(iou) {
            match values.iter_mut().find(|(name, _)| *name == class.name) {
                Some((_, all)) => all.push(*iou),
                None => values.push((class.name.clone(), vec![*iou])),
            }
        }
    }
    values.into_iter().map(|(class, all)| (class, mean_of_numbers(&all))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_stand_in_one_order_and_unscored_ones_have_no_figure() {
        let means = vec![("water".to_owned(), 0.25), ("forest".to_owned(), f64::NAN)];
        assert_eq!(row("pce-10", &["forest", "water", "road"], &means), "| pce-10 | – | 0.2500 | – |\n");
    }
}
