//! The table of a study, in the form of the published ones: mean ± standard deviation over seeds for each configuration, and the
//! published rows beside ours.

use super::class_table;
use super::folder::DoneRun;
use super::overview::{Overview, RunState};
use super::plan::Plan;
use super::published::Published;
use crate::domain::estimate::Estimate;

/// Columns of the CSV table.
const COLUMNS: [&str; 11] = [
    "configuration",
    "source",
    "runs",
    "best_miou",
    "best_miou_sd",
    "final_miou",
    "final_miou_sd",
    "final_accuracy",
    "final_accuracy_sd",
    "minutes_per_epoch",
    "note",
];

/// A figure of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure {
    /// The mean over those runs that have the figure.
    pub mean: f64,
    /// Standard deviation; `None` of a single run.
    pub spread: Option<f64>,
}

impl Figure {
    /// `None` without values.
    fn of(values: &[f64]) -> Option<Self> {
        let Estimate { mean, spread, .. } = Estimate::of(values);
        (!values.is_empty()).then(|| Self { mean, spread: (values.len() > 1).then_some(spread) })
    }
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// Name of the configuration, seeds left out.
    pub configuration: String,
    /// Whether it was published by others.
    pub is_published: bool,
    /// Runs that are done, and those that the plan has; both 0 of a published row.
    pub runs: [usize; 2],
    /// Best validation mIoU.
    pub best_miou: Option<Figure>,
    /// Validation mIoU after the last step.
    pub final_miou: Option<Figure>,
    /// Pixel accuracy after the last step.
    pub final_accuracy: Option<Figure>,
    /// Minutes an epoch takes, its evaluation included.
    pub minutes_per_epoch: Option<Figure>,
    /// What a published row holds for.
    pub note: String,
}

/// The rows: each configuration of the plan, followed by what was published about it.
pub fn rows(plan: &Plan, overview: &Overview) -> Vec<ReportRow> {
    let beside = |name: &str| {
        let ours = own_row(name, overview);
        let published: Vec<_> = plan.published.iter().filter(|row| row.run == name).map(published_row).collect();
        std::iter::once(ours).chain(published).collect::<Vec<_>>()
    };
    plan.configurations().into_iter().flat_map(beside).collect()
}

fn own_row(name: &str, overview: &Overview) -> ReportRow {
    let planned: Vec<_> = overview.runs.iter().filter(|run| run.configuration == name).collect();
    let done: Vec<&DoneRun> = planned
        .iter()
        .filter_map(|run| match &run.state {
            RunState::Done(done) => Some(done.as_ref()),
            RunState::Running(_) | RunState::Failed(_) | RunState::Waiting => None,
        })
        .collect();
    let over_seeds = |value: &dyn Fn(&DoneRun) -> Option<f64>| {
        Figure::of(&done.iter().filter_map(|run| value(run)).filter(|value| value.is_finite()).collect::<Vec<_>>())
    };
    let last = |run: &DoneRun| run.summary.last.as_ref().map(|last| last.scores.clone());
    ReportRow {
        configuration: name.to_owned(),
        is_published: false,
        runs: [done.len(), planned.len()],
        best_miou: over_seeds(&|run| run.summary.best_miou),
        final_miou: over_seeds(&|run| last(run).map(|scores| scores.miou)),
        final_accuracy: over_seeds(&|run| last(run).map(|scores| scores.pixel_accuracy)),
        minutes_per_epoch: over_seeds(&DoneRun::minutes_per_epoch),
        note: String::new(),
    }
}

fn published_row(row: &Published) -> ReportRow {
    let single = |value: Option<f64>| value.and_then(|value| Figure::of(&[value]));
    ReportRow {
        configuration: row.run.clone(),
        is_published: true,
        runs: [0, 0],
        best_miou: single(row.best_miou),
        final_miou: single(row.final_miou),
        final_accuracy: single(row.final_accuracy),
        minutes_per_epoch: single(row.minutes_per_epoch),
        note: row.note.clone(),
    }
}

/// The whole report in Markdown: the table of scores with what is missing, and the IoU of each class.
pub fn markdown(plan: &Plan, overview: &Overview) -> String {
    let (scores, classes) = (scores(plan, &rows(plan, overview)), class_table::markdown(plan, overview));
    if classes.is_empty() { scores } else { format!("{scores}\n{classes}") }
}

fn scores(plan: &Plan, rows: &[ReportRow]) -> String {
    let mut lines = vec![format!("# {}", plan.name), String::new()];
    if !plan.about.is_empty() {
        lines.extend([plan.about.clone(), String::new()]);
    }
    lines.push("| configuration | runs | best mIoU | final mIoU | final accuracy | min/epoch |".to_owned());
    lines.push("|---|---|---|---|---|---|".to_owned());
    lines.extend(rows.iter().map(markdown_row));
    let [done, planned] = rows.iter().fold([0, 0], |[done, all], row| [done + row.runs[0], all + row.runs[1]]);
    let missing = if done < planned { format!("{} of them are missing. ", planned - done) } else { String::new() };
    let seeds = "Mean ± standard deviation over the runs of a configuration, which differ in their seed alone";
    lines.extend([String::new(), format!("{planned} runs are planned. {missing}{seeds}.")]);
    lines.join("\n") + "\n"
}

fn markdown_row(row: &ReportRow) -> String {
    let runs = if row.is_published { "published".to_owned() } else { row.runs[0].to_string() };
    let note = if row.note.is_empty() { String::new() } else { format!(" ({})", row.note) };
    let figures = [row.best_miou, row.final_miou, row.final_accuracy].map(with_spread);
    let minutes = row.minutes_per_epoch.map_or_else(|| "–".to_owned(), |figure| format!("{:.2}", figure.mean));
    format!("| {}{note} | {runs} | {} | {minutes} |", row.configuration, figures.join(" | "))
}

fn with_spread(figure: Option<Figure>) -> String {
    match figure {
        None => "–".to_owned(),
        Some(Figure { mean, spread: Some(spread) }) => format!("{mean:.4} ± {spread:.4}"),
        Some(Figure { mean, spread: None }) => format!("{mean:.4}"),
    }
}

/// The table as CSV. Figures that are missing, and the spread of a single run, are empty.
pub fn csv(rows: &[ReportRow]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut records = std::iter::once(COLUMNS.map(str::to_owned)).chain(rows.iter().map(record));
    let written: Result<(), csv::Error> = records.try_for_each(|record| writer.write_record(record));
    let bytes = written.ok().and_then(|()| writer.into_inner().ok()).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn record(row: &ReportRow) -> [String; 11] {
    let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    let mean = |figure: Option<Figure>| text(figure.map(|figure| figure.mean));
    let spread = |figure: Option<Figure>| text(figure.and_then(|figure| figure.spread));
    let (source, runs) =
        if row.is_published { ("published", String::new()) } else { ("ours", row.runs[0].to_string()) };
    [
        row.configuration.clone(),
        source.to_owned(),
        runs,
        mean(row.best_miou),
        spread(row.best_miou),
        mean(row.final_miou),
        spread(row.final_miou),
        mean(row.final_accuracy),
        spread(row.final_accuracy),
        mean(row.minutes_per_epoch),
        row.note.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::RunConfig;
    use crate::engine::protocol::Summary;
    use crate::study::fingerprint::Fingerprint;
    use crate::study::key::RunKey;
    use crate::study::overview::RunStatus;
    use crate::study::record::Record;

    const PLAN: &str = "about = 'Two nets'\nseeds = [0, 1]\n[grid]\nmodel.arch = ['unet', 'unet++']\n\
                        [[published]]\nrun = 'arch-unet'\nbest_miou = 0.4902\nminutes_per_epoch = 1.5\nnote = 'A100'\n";

    fn done(best: f64) -> RunState {
        let key = RunKey::new(&RunConfig::demo(), None, Fingerprint::default());
        let summary = Summary { best_miou: Some(best), ..Summary::default() };
        let record = Record::new("nets", "run", &key, 10);
        RunState::Done(Box::new(DoneRun { folder: "/no/such/run".into(), record, summary }))
    }

    fn table() -> (Plan, Vec<ReportRow>) {
        let plan = Plan::read("nets", PLAN, Path::new(""), Some(Path::new("D"))).unwrap();
        let states = [done(0.4), done(0.5), done(0.6), RunState::Waiting];
        let runs = plan.runs.iter().zip(states).map(|(run, state)| RunStatus {
            name: run.name.clone(),
            configuration: run.configuration.clone(),
            state,
        });
        let overview = Overview { runs: runs.collect(), left_secs: None };
        let rows = rows(&plan, &overview);
        (plan, rows)
    }

    #[test]
    fn published_rows_stand_beside_ours() {
        let (plan, rows) = table();
        let text = scores(&plan, &rows);
        let want = "| arch-unet | 2 | 0.4500 ± 0.0707 | – | – | – |\n\
                    | arch-unet (A100) | published | 0.4902 | – | – | 1.50 |\n\
                    | arch-unet++ | 1 | 0.6000 | – | – | – |\n";
        assert!(text.contains(want), "{text}");
        assert!(text.starts_with("# nets\n\nTwo nets\n") && text.contains("4 runs are planned. 1 of them"), "{text}");
    }

    #[test]
    fn the_csv_has_the_figures_unrounded() {
        let text = csv(&table().1);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].split(',').count(), 11);
        assert_eq!(lines[1], "arch-unet,ours,2,0.45,0.07071067811865474,,,,,,");
        assert_eq!(lines[2], "arch-unet,published,,0.4902,,,,,,1.5,A100");
        assert_eq!(lines[3], "arch-unet++,ours,1,0.6,,,,,,,");
    }

    #[test]
    fn a_spread_is_that_of_the_runs_that_have_the_figure() {
        assert_eq!(with_spread(Figure::of(&[])), "–");
        assert_eq!(with_spread(Figure::of(&[0.45])), "0.4500", "another run has no score");
        assert_eq!(with_spread(Figure::of(&[0.4, 0.5])), "0.4500 ± 0.0707");
    }
}
