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
    pub best_miou: Option<Estimate>,
    /// Validation mIoU after the last step.
    pub final_miou: Option<Estimate>,
    /// Pixel accuracy after the last step.
    pub final_accuracy: Option<Estimate>,
    /// Minutes an epoch takes, its evaluation included.
    pub minutes_per_epoch: Option<Estimate>,
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
        estimate(&done.iter().filter_map(|run| value(run)).filter(|value| value.is_finite()).collect::<Vec<_>>())
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
    let single = |value: Option<f64>| value.map(|value| Estimate::of(&[value]));
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

fn estimate(values: &[f64]) -> Option<Estimate> {
    (!values.is_empty()).then(|| Estimate::of(values))
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
    let figures =
        [&row.best_miou, &row.final_miou, &row.final_accuracy].map(|figure| with_spread(figure.as_ref(), row));
    let minutes = row.minutes_per_epoch.map_or_else(|| "–".to_owned(), |figure| format!("{:.2}", figure.mean));
    format!("| {}{note} | {runs} | {} | {minutes} |", row.configuration, figures.join(" | "))
}

fn with_spread(figure: Option<&Estimate>, row: &ReportRow) -> String {
    match figure {
        None => "–".to_owned(),
        Some(figure) if row.runs[0] > 1 => format!("{:.4} ± {:.4}", figure.mean, figure.spread),
        Some(figure) => format!("{:.4}", figure.mean),
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
    let mean = |figure: &Option<Estimate>| figure.map_or_else(String::new, |figure| figure.mean.to_string());
    let spread = |figure: &Option<Estimate>| {
        figure.filter(|_| row.runs[0] > 1).map_or_else(String::new, |figure| figure.spread.to_string())
    };
    let (source, runs) =
        if row.is_published { ("published", String::new()) } else { ("ours", row.runs[0].to_string()) };
    [
        row.configuration.clone(),
        source.to_owned(),
        runs,
        mean(&row.best_miou),
        spread(&row.best_miou),
        mean(&row.final_miou),
        spread(&row.final_miou),
        mean(&row.final_accuracy),
        spread(&row.final_accuracy),
        mean(&row.minutes_per_epoch),
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

    const PLAN: &str = "about = 'Two nets'\nseeds = [0, 1]\n[grid]\nmodel.arch = ['unet', 'unet++']\n\
                        [[published]]\nrun = 'arch-unet'\nbest_miou = 0.4902\nminutes_per_epoch = 1.5\nnote = 'A100'\n";

    fn done(best: f64) -> RunState {
        let key = RunKey::new(&RunConfig::demo(), None, Fingerprint::default());
        let summary = Summary { best_miou: Some(best), ..Summary::default() };
        RunState::Done(Box::new(DoneRun { folder: "/no/such/run".into(), key, summary }))
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
}
