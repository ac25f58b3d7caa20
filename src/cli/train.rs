//! `train`: starts a run and prints its events as lines of text or JSON, with a progress bar.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};

use super::train_args::TrainArgs;
use super::{interrupt, out};
use crate::domain::Notice;
use crate::domain::config::{InputSize, StepOffer};
use crate::engine::protocol::{RunInfo, StepReport, Summary};
use crate::engine::refusal::Refusal;
use crate::engine::{Command, EngineHandle, EventKind, Phase, report};
use crate::study::record;

pub(super) fn run(args: TrainArgs) -> anyhow::Result<ExitCode> {
    let command = command(&args)?;
    let engine = EngineHandle::start(Arc::new(|| {}))?;
    interrupt::on_first(engine.stopper())?;
    engine.send(command);
    Reporter::new(args.quiet, args.json).follow(&engine)
}

/// What the engine is asked to do: to start a run, or to go on with one.
fn command(args: &TrainArgs) -> anyhow::Result<Command> {
    if let Some(folder) = &args.resume {
        refuse_run_of_study(folder)?;
        let (folder, more_epochs) = (folder.clone(), args.more_epochs.unwrap_or(0));
        let data = args.data.as_ref().map(std::path::absolute).transpose()?;
        return Ok(Command::Continue { run: 1, folder, data, more_epochs, lr: args.lr });
    }
    anyhow::ensure!(args.more_epochs.is_none(), "--more-epochs is for --resume: give --epochs for a new run");
    let out = args.out.clone().context("no run folder: name one to create with --out")?;
    Ok(Command::Start { run: 1, config: Box::new(args.config()?), out })
}

/// A study counts its runs as what its plan says, and its workers do not expect anybody else to make one: here it could become longer, or
/// learn at another rate or from other data.
fn refuse_run_of_study(folder: &Path) -> Result<(), Refusal> {
    if !folder.join(record::FILE).exists() {
        return Ok(());
    }
    let notice = Notice::new("A run of a study is not resumed by itself")
        .cause(format!("{} belongs to one, which counts it as what its plan says", folder.display()));
    Err(Refusal(notice.remedy("Go on with the study (study run), or start a new run from its weights (--init-from)")))
}

/// Prints events.
struct Reporter {
    quiet: bool,
    json: bool,
    bar: ProgressBar,
    epochs: u32,
    info: Option<Box<RunInfo>>,
    /// What would fit into memory, if the run does not.
    offer: Option<StepOffer>,
    /// What a resumed run did before is being reported.
    is_looking_back: bool,
}

impl Reporter {
    fn new(quiet: bool, json: bool) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_style(style("{spinner} {wide_msg}"));
        let reporter = Self { quiet, json, bar, epochs: 0, info: None, offer: None, is_looking_back: false };
        if !quiet && !json && std::io::stderr().is_terminal() {
            reporter.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            reporter.bar.enable_steady_tick(Duration::from_millis(200));
        }
        reporter
    }

    /// Prints events until the run is over.
    fn follow(mut self, engine: &EngineHandle) -> anyhow::Result<ExitCode> {
        while let Some(event) = engine.wait_event() {
            if self.json {
                out::line(&serde_json::to_string(&event)?);
            }
            match event.kind {
                EventKind::Phase(phase) => self.phase(&phase),
                EventKind::Started(info) => self.started(info),
                EventKind::Step(step) => self.step(&step),
                EventKind::Evaluated(_) if self.is_looking_back => {}
                EventKind::Evaluated(evaluation) => {
                    report::epoch_lines(&evaluation, self.epochs).iter().for_each(|line| self.print(line));
                }
                EventKind::Info(notice) => self.print(&format!("[INFO] {notice}")),
                EventKind::Warning(notice) => self.bar.suspend(|| out::error(&format!("[WARNING] {notice}"))),
                EventKind::PreviewReady
                | EventKind::Checkpoint { .. }
                | EventKind::LearningRate(_)
                | EventKind::Predicting(_)
                | EventKind::Export(_)
                | EventKind::Unresumable => {}
                EventKind::WouldFit(offer) => self.offer = Some(offer),
                EventKind::Failed(notice) => {
                    self.bar.finish_and_clear();
                    return Err(Refusal(self.with_options(notice)).into());
                }
                EventKind::Cancelled => {
                    self.bar.finish_and_clear();
                    self.print_last("Stopped before the first step. Nothing was written");
                    return Ok(ExitCode::from(interrupt::CODE));
                }
                EventKind::Finished(summary) => return self.finished(&summary),
            }
        }
        anyhow::bail!("the engine ended unexpectedly")
    }

    /// The same, with the options that choose what fits.
    fn with_options(&self, notice: Notice) -> Notice {
        match (&self.offer, &notice.remedy) {
            (Some(offer), Some(remedy)) => {
                let remedy = format!("{remedy}: {}", options(offer));
                notice.remedy(remedy)
            }
            _ => notice,
        }
    }

    /// Prints the last line. A run that could not be saved is a failure, however it ended.
    fn finished(&self, summary: &Summary) -> anyhow::Result<ExitCode> {
        self.bar.finish_and_clear();
        let interrupted = interrupt::asked();
        if interrupted {
            let (steps, folder) = (summary.steps, summary.folder.display());
            self.print_last(&format!(
                "Stopped at step {steps}. The run is in {folder}; train --resume {folder} goes on"
            ));
        } else {
            self.print_last(&report::closing_line(summary));
        }
        match &summary.unsaved {
            Some(why) => anyhow::bail!("{}", report::unsaved_line(why)),
            None if interrupted => Ok(ExitCode::from(interrupt::CODE)),
            None => Ok(ExitCode::SUCCESS),
        }
    }

    fn print(&self, line: &str) {
        if !self.quiet && !self.json {
            self.bar.suspend(|| out::line(line));
        }
    }

    /// Prints the last line, even with `--quiet`. With `--json` it was an event.
    fn print_last(&self, line: &str) {
        if !self.json {
            out::line(line);
        }
    }

    fn phase(&mut self, phase: &Phase) {
        self.is_looking_back &= !phase.takes_steps();
        let of = |done: usize, total: usize| if total > 0 { format!(" {done}/{total}") } else { String::new() };
        let message = match phase {
            Phase::Preparing { what, done, total } => format!("{what}{}", of(*done, *total)),
            Phase::Evaluating { done, total } => format!("evaluating{}", of(*done, *total)),
            Phase::Tuning => Phase::TUNING.to_owned(),
            Phase::Stopping => "saving".to_owned(),
            Phase::Training | Phase::Paused | Phase::Idle => String::new(),
        };
        self.bar.set_message(message);
    }

    fn started(&mut self, info: Box<RunInfo>) {
        self.epochs = info.epochs();
        self.is_looking_back = info.steps_before > 0;
        self.bar.set_length(info.total_steps);
        self.bar.set_style(style("epoch {prefix} {bar:24} {percent:>3} % {per_sec} {eta} left {wide_msg}"));
        self.info = Some(info);
    }

    fn step(&self, step: &StepReport) {
        self.bar.set_prefix(format!("{}/{}", step.epoch, self.epochs));
        self.bar.set_position(step.step);
        self.bar.set_message(format!("loss {:.4}", step.loss));
    }
}

/// The options of `train` that choose what is offered.
fn options(StepOffer { asked, fits }: &StepOffer) -> String {
    let input = match fits.input {
        input if input == asked.input => String::new(),
        InputSize::Crop(side) => format!(" --crop {side}"),
        InputSize::Resize(side) => format!(" --resize {side}"),
    };
    format!("--batch {} --accumulate {}{input}", fits.batch, fits.accumulate)
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::StepSize;

    #[test]
    fn a_refused_run_is_told_the_options_that_fit() {
        let asked = StepSize { batch: 32, accumulate: 1, input: InputSize::Resize(384) };
        let mut reporter = Reporter::new(true, false);
        let told =
            |reporter: &Reporter| reporter.with_options(Notice::new("No memory").remedy("Choose less")).to_string();
        assert_eq!(told(&reporter), "No memory. Choose less");
        reporter.offer = Some(StepOffer { asked, fits: StepSize { batch: 4, accumulate: 8, ..asked } });
        assert_eq!(told(&reporter), "No memory. Choose less: --batch 4 --accumulate 8");
        reporter.offer =
            Some(StepOffer { asked, fits: StepSize { batch: 1, accumulate: 32, input: InputSize::Resize(64) } });
        assert_eq!(told(&reporter), "No memory. Choose less: --batch 1 --accumulate 32 --resize 64");
    }
}
