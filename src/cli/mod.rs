//! The command line: the engine of the window, with lines of text instead of panels.

mod args;
mod bench;
mod check;
mod choices;
mod compare;
mod config;
mod curve;
mod defaults;
mod demo;
mod doctor;
mod evaluate;
mod export;
mod ignoring;
mod import;
mod interrupt;
mod labels;
mod maps;
mod no_effect;
mod out;
mod outputs;
mod predict;
mod predict_quick;
mod progress;
mod sample;
mod sampling_args;
mod simulate;
mod split;
mod study;
mod train;
mod train_args;
mod values;
mod warned;
mod weights_file;

use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

pub use args::{Args, Verb};

/// Parses the arguments, runs the command and prints its error, if any.
pub fn run() -> ExitCode {
    let mut command = defaults::shown(Args::command());
    let matches = command.clone().get_matches();
    let args = Args::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit());
    if args.verb.is_some() {
        warned::hold();
    }
    let result = match args.verb {
        Some(Verb::Train(args)) => train::run(*args),
        Some(Verb::Check(args)) => check::run(&args),
        Some(Verb::Split(args)) => split::run(&args),
        Some(Verb::Study(args)) => study::run(&args),
        Some(Verb::Compare(args)) => compare::run(&args),
        Some(Verb::Labels(args)) => labels::run(&args),
        Some(Verb::Evaluate(args)) => evaluate::run(&args),
        Some(Verb::Predict(args)) => predict::run(&args),
        Some(Verb::Export(args)) => export::run(&args),
        Some(Verb::Import(args)) => import::run(&args),
        Some(Verb::Sample(args)) => sample::run(&args),
        Some(Verb::Simulate(args)) => simulate::run(&args),
        Some(Verb::Curve(args)) => curve::run(&args),
        Some(Verb::Bench(args)) => bench::run(&args),
        Some(Verb::Doctor) => doctor::run(),
        Some(Verb::GenerateDemo(args)) => demo::run(&args),
        None => window(args.path),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            out::error(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

#[cfg(feature = "ui")]
fn window(path: Option<std::path::PathBuf>) -> anyhow::Result<ExitCode> {
    if let Some(path) = path.as_ref().filter(|path| !path.exists()) {
        anyhow::bail!("no such folder or command (see --help): {}", path.display());
    }
    crate::ui::run(crate::ui::StartOptions { path, ..Default::default() })?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "ui"))]
fn window(_path: Option<std::path::PathBuf>) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build has no window: give a command (see --help), or build with the feature `ui`")
}
