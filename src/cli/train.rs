//! `train`: starts a run and tells its events as lines and progress bars.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::TrainArgs;
use super::{interrupt, out};
use crate::domain::config::Length;
use crate::engine::protocol::{RunInfo, StepReport};
use crate::engine::{Command, EngineHandle, EventKind, Phase, report};

pub(super) fn run(args: TrainArgs) -> anyhow::Result<ExitCode> {
    let config = args.config()?;
    let engine = EngineHandle::start(Arc::new(|| {}))?;
    interrupt::on_first(engine.stopper())?;
    engine.send(Command::Start { run: 1, config: Box::new(config), out: args.out.clone() });
    Teller::new(args.quiet).follow(&engine)
}

/// Turns events into text.
struct Teller {
    quiet: bool,
    bar: ProgressBar,
    epochs: u32,
    info: Option<Box<RunInfo>>,
}

impl Teller {
    fn new(quiet: bool) -> Self {
        let bar = ProgressBar::hidden();
        bar.set_style(style("{spinner} {wide_msg}"));
        let teller = Self { quiet, bar, epochs: 0, info: None };
        if !quiet && std::io::stderr().is_terminal() {
            teller.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            teller.bar.enable_steady_tick(Duration::from_millis(200));
        }
        teller
    }

    /// Tells everything until the run is over.
    fn follow(mut self, engine: &EngineHandle) -> anyhow::Result<ExitCode> {
        while let Some(event) = engine.wait_event() {
            match event.kind {
                EventKind::Phase(phase) => self.phase(&phase),
                EventKind::Started(info) => self.started(info),
                EventKind::Step(step) => self.step(&step),
                EventKind::Evaluated(evaluation) => {
                    report::epoch_lines(&evaluation, self.epochs).iter().for_each(|line| self.say(line));
                }
                EventKind::Info(text) => self.say(&format!("[INFO] {text}")),
                EventKind::Warning(text) => self.bar.suspend(|| out::error(&format!("[WARNING] {text}"))),
                EventKind::PreviewReady | EventKind::Checkpoint { .. } => {}
                EventKind::Failed(text) => {
                    self.bar.finish_and_clear();
                    anyhow::bail!("{text}");
                }
                EventKind::Finished(summary) => {
                    self.bar.finish_and_clear();
                    if interrupt::asked() {
                        out::line(&format!(
                            "Stopped at step {}. The run is in {}",
                            summary.steps,
                            summary.folder.display()
                        ));
                        return Ok(ExitCode::from(130));
                    }
                    out::line(&report::closing_line(&summary));
                    return Ok(ExitCode::SUCCESS);
                }
            }
        }
        anyhow::bail!("the engine ended unexpectedly")
    }

    fn say(&self, line: &str) {
        if !self.quiet {
            self.bar.suspend(|| out::line(line));
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
        self.epochs = match info.config.train.length {
            Length::Epochs(epochs) => epochs,
            Length::Steps(steps) => steps.div_ceil(info.steps_per_epoch) as u32,
        };
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
