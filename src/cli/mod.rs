//! The command line: the same engine as the window's, with lines of text instead of panels.

mod args;
mod bench;
mod check;
mod config;
mod demo;
mod doctor;
mod evaluate;
mod interrupt;
mod labels;
mod out;
mod predict;
mod sample;
mod train;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Args, Verb};

/// Runs the program as its arguments say.
pub fn run() -> ExitCode {
    let args = Args::parse();
    let result = match args.verb {
        Some(Verb::Train(args)) => train::run(*args),
        Some(Verb::Check(args)) => check::run(&args),
        Some(Verb::Labels(args)) => labels::run(&args),
        Some(Verb::Evaluate(args)) => evaluate::run(&args),
        Some(Verb::Predict(args)) => predict::run(&args),
        Some(Verb::Sample(args)) => sample::run(&args),
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
        anyhow::bail!("there is no folder or command of this name (see --help): {}", path.display());
    }
    crate::ui::run(crate::ui::StartOptions { path, ..Default::default() })?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "ui"))]
fn window(_path: Option<std::path::PathBuf>) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build has no window: use a command (see --help), or build with the feature `ui`")
}
