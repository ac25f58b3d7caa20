//! The report of a study, in the form of the published tables: mean ± standard deviation over seeds for each configuration, and the
//! published rows beside ours.

use super::compare::{ComparedRun, Comparison, Entry, further, name_table, tables};
use super::figure::Figure;
use super::folder::DoneRun;
use super::overview::{Overview, RunState};
use super::plan::{Plan, PlannedRun};
use super::report_row;
pub use super::report_row::ReportRow;
use super::table::TableFormat;

/// The rows: each configuration of the plan, followed by what was published about it.
pub fn rows(plan: &Plan, overview: &Overview) -> Vec<ReportRow> {
    let beside = |name: &str| {
        let words = plan.words(name);
        let ours = own_row(name, words, overview);
        let published = plan.published.iter().filter(|row| row.run == name);
        let published: Vec<_> = published.map(|row| ReportRow::published(row, words)).collect();
        std::iter::once(ours).chain(published).collect::<Vec<_>>()
    };
    plan.configurations().into_iter().flat_map(beside).collect()
}

fn own_row(name: &str, words: &str, overview: &Overview) -> ReportRow {
    let planned: Vec<_> = overview.runs.iter().filter(|run| run.configuration == name).collect();
    let done: Vec<&DoneRun> = planned.iter().filter_map(|run| done(&run.state)).collect();
    let over_seeds = |value: &dyn Fn(&DoneRun) -> Option<f64>| Figure::of(done.iter().filter_map(|run| value(run)));
    let last = |run: &DoneRun| run.summary.last.as_ref().map(|last| last.scores.clone());
    ReportRow {
        configuration: name.to_owned(),
        words: words.to_owned(),
        is_published: false,
        runs: [done.len(), planned.len()],
        best_miou: over_seeds(&|run| run.summary.best_miou),
        final_miou: over_seeds(&|run| last(run).map(|scores| scores.miou)),
        final_accuracy: over_seeds(&|run| last(run).map(|scores| scores.pixel_accuracy)),
        minutes_per_epoch: over_seeds(&DoneRun::minutes_per_epoch),
        note: String::new(),
    }
}

fn done(state: &RunState) -> Option<&DoneRun> {
    match state {
        RunState::Done(done) => Some(done.as_ref()),
        RunState::Running(_) | RunState::Failed(_) | RunState::Waiting => None,
    }
}

/// The runs of a plan side by side, those that are not done as well. A run that cannot be read is noted.
pub fn comparison(plan: &Plan, overview: &Overview) -> Comparison {
    let mut notes = Vec::new();
    let mut entry = |(run, state): (&PlannedRun, &RunState)| Entry {
        configuration: Some(run.configuration.clone()),
        words: run.words.clone(),
        config: run.config.clone(),
        run: done(state).and_then(|done| {
            let opened = ComparedRun::open(&done.folder).inspect_err(|error| notes.push(error.to_string())).ok()?;
            Some(ComparedRun { name: run.name.clone(), ..opened })
        }),
    };
    let states = overview.runs.iter().map(|run| &run.state);
    let entries = plan.runs.iter().zip(states).map(&mut entry).collect();
    let mut comparison = Comparison::of(&plan.name, entries);
    comparison.about.clone_from(&plan.about);
    comparison.published = plan.published.iter().map(|row| ReportRow::published(row, plan.words(&row.run))).collect();
    comparison.notes.extend(notes);
    comparison.notes.extend(overview.uncounted());
    comparison
}

/// The whole report in Markdown: the table of scores with what is missing, the scores beside the headline, the IoU of each class with
/// its differences to the reference, what class weights do, the names of configurations that stand in words, and notes.
pub fn markdown(plan: &Plan, rows: &[ReportRow], comparison: &Comparison) -> String {
    let further = [further::table, tables::classes, tables::deltas, tables::weights, name_table::table];
    let further = further.map(|table| table(comparison));
    let further = further.iter().filter(|table| !table.rows.is_empty()).map(|table| TableFormat::Markdown.text(table));
    let text = std::iter::once(scores(plan, rows)).chain(further).collect::<Vec<_>>().join("\n");
    text + &TableFormat::Markdown.notes(&comparison.notes)
}

fn scores(plan: &Plan, rows: &[ReportRow]) -> String {
    let about = if plan.about.is_empty() { String::new() } else { format!("{}\n\n", plan.about) };
    let table = TableFormat::Markdown.text(&report_row::table(rows));
    format!("# {}\n\n{about}{table}\n{}\n", plan.name, standing(rows))
}

/// How many runs there are, how many of them are missing, and what their spread is.
pub fn standing(rows: &[ReportRow]) -> String {
    let [done, planned] = rows.iter().fold([0, 0], |[done, all], row| [done + row.runs[0], all + row.runs[1]]);
    let missing = if done < planned { format!("{} of them are missing. ", planned - done) } else { String::new() };
    let seeds = "Mean ± standard deviation over the runs of a configuration, which differ in their seed alone";
    format!("{planned} runs are planned. {missing}{seeds}.")
}

/// The table as CSV. Figures that are missing, and the spread of a single run, are empty.
pub fn csv(rows: &[ReportRow]) -> String {
    TableFormat::Csv.text(&report_row::table(rows))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::domain::RunConfig;
    use crate::engine::protocol::Summary;
    use crate::study::compare::run::tests::run as run_of;
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
            saved: 0.0,
        });
        let overview = Overview { runs: runs.collect(), left_secs: None, others: 0 };
        let rows = rows(&plan, &overview);
        (plan, rows)
    }

    #[test]
    fn published_rows_stand_beside_ours() {
        let (plan, rows) = table();
        let text = scores(&plan, &rows);
        let want = "| U-Net | 2 | 0.4500 ± 0.0707 | – | – | – |\n\
                    | U-Net (A100) | published | 0.4902 | – | – | 1.50 |\n\
                    | U-Net++ | 1 | 0.6000 | – | – | – |\n";
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
    fn differences_are_to_the_reference_that_was_chosen() {
        let (plan, rows) = table();
        let entry = |run: &PlannedRun| Entry {
            configuration: Some(run.configuration.clone()),
            words: run.words.clone(),
            config: run.config.clone(),
            run: Some(run_of(&run.name, run.config.clone(), 0.5, &[0.5])),
        };
        let mut comparison = Comparison::of("nets", plan.runs.iter().map(entry).collect());
        assert!(markdown(&plan, &rows, &comparison).contains("| against U-Net |"));
        comparison.compare_with("arch-unet++").unwrap();
        let text = markdown(&plan, &rows, &comparison);
        assert!(text.contains("| against U-Net++ |") && text.contains("4 runs are planned"), "{text}");
        assert!(text.contains("| U-Net++ | arch-unet++ |"), "the name is findable: {text}");
        comparison.notes = vec!["other tiles".to_owned()];
        assert!(markdown(&plan, &rows, &comparison).ends_with("|\n\n* other tiles\n"));
    }
}
