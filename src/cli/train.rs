//! `train`: starts a run and tells its events as lines and progress bars.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::TrainArgs;
use super::{interrupt, out};
use crate::engine::protocol::{RunInfo, StepReport, Summary};
use crate::engine::{Command, EngineHandle, EventKind, Phase, report};

pub(super) fn run(args: TrainArgs) -> anyhow::Result<ExitCode> {
    let config = args.config()?;
    let engine = EngineHandle::start(Arc::new(|| {}))?;
    interrupt::on_first(engine.stopper())?;
    engine.send(Command::Start { run: 1, config: Box::new(config), out: args.out.clone() });
    Teller::new(args.quiet, args.json).follow(&engine)
}

/// Turns events into text.
struct Teller {
    quiet: bool,
    json: bool,
    bar: ProgressBar,
    epochs: u32,
    info: Option<Box<RunInfo>>,
}

impl Teller {
    fn new(quiet: bool, json: bool) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_style(style("{spinner} {wide_msg}"));
        let teller = Self { quiet, json, bar, epochs: 0, info: None };
        if !quiet && !json && std::io::stderr().is_terminal() {
            teller.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            teller.bar.enable_steady_tick(Duration::from_millis(200));
        }
        teller
    }

    /// Tells everything until the run is over.
    fn follow(mut self, engine: &EngineHandle) -> anyhow::Result<ExitCode> {
        while let Some(event) = engine.wait_event() {
            if self.json {
                out::line(&serde_json::to_string(&event)?);
            }
            match event.kind {
                EventKind::Phase(phase) => self.phase(&phase),
                EventKind::Started(info) => self.started(info),
                EventKind::Step(step) => self.step(&step),
                EventKind::Evaluated(evaluation) => {
                    report::epoch_lines(&evaluation, self.epochs).iter().for_each(|line| self.say(line));
                }
                EventKind::Info(text) => self.say(&format!("[INFO] {text}")),
                EventKind::Warning(text) => self.bar.suspend(|| out::error(&format!("[WARNING] {text}"))),
                EventKind::PreviewReady
                | EventKind::Checkpoint { .. }
                | EventKind::LearningRate(_)
                | EventKind::Predicting(_) => {}
                EventKind::Failed(text) => {
                    self.bar.finish_and_clear();
                    anyhow::bail!("{text}");
                }
                EventKind::Cancelled => {
                    self.bar.finish_and_clear();
                    self.say_last("Stopped before the first step. Nothing was written");
                    return Ok(ExitCode::from(interrupt::CODE));
                }
                EventKind::Finished(summary) => return self.finished(&summary),
            }
        }
        anyhow::bail!("the engine ended unexpectedly")
    }

    /// The last words. A run that could not be saved is no success, however it ended.
    fn finished(&self, summary: &Summary) -> anyhow::Result<ExitCode> {
        self.bar.finish_and_clear();
        let interrupted = interrupt::asked();
        if interrupted {
            self.say_last(&format!("Stopped at step {}. The run is in {}", summary.steps, summary.folder.display()));
        } else {
            self.say_last(&report::closing_line(summary));
        }
        match &summary.unsaved {
            Some(why) => anyhow::bail!("{}", report::unsaved_line(why)),
            None if interrupted => Ok(ExitCode::from(interrupt::CODE)),
            None => Ok(ExitCode::SUCCESS),
        }
    }

    fn say(&self, line: &str) {
        if !self.quiet && !self.json {
            self.bar.suspend(|| out::line(line));
        }
    }

    /// The last line is said even by a quiet run; as JSON it was an event.
    fn say_last(&self, line: &str) {
        if !self.json {
            out::line(line);
        }
    }

    fn phase(&self, phase: &Phase) {
        let of = |done: usize, total: usize| if total > 0 { format!(" {done}/{total}") } else { String::new() };
        let message = match phase {
            Phase::Preparing { what, done, total } => format!("{what}{}", of(*done, *total)),
            Phase::Evaluating { done, total } => format!("evaluating{}", of(*done, *total)),
            Phase::Stopping => "saving".to_owned(),
            Phase::Training | Phase::Paused | Phase::Idle => String::new(),
        };
        self.bar.set_message(message);
    }

    fn started(&mut self, info: Box<RunInfo>) {
        self.epochs = info.epochs();
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

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
