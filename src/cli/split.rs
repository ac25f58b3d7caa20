//! `split`: cuts scenes with masks into patches, with a progress bar.

use std::io::IsTerminal as _;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::SplitArgs;
use super::{interrupt, out};
use crate::data::cut::cutter::{CutProgress, cut};
use crate::data::cut::lists;
use crate::data::cut::plan::CutPlan;

pub(super) fn run(args: &SplitArgs) -> anyhow::Result<ExitCode> {
    let plan = CutPlan::new(&args.data, args.out.as_deref())?;
    interrupt::on_first(|| ())?;
    let (scenes, patches) = (plan.scenes.len(), plan.patches());
    out::line(&format!("[INFO] {scenes} scenes, {patches} patches of 512×512 pixels -> {}", plan.out.display()));
    let bar = bar(patches);
    let mut told = 0;
    let progress = cut(&plan, args.overwrite, |progress| {
        bar.set_position(progress.done() as u64);
        for scene in &plan.scenes[told..progress.scenes] {
            bar.suspend(|| out::line(&format!("{}: {} patches", scene.name, scene.grid.patches())));
        }
        told = progress.scenes;
        !interrupt::asked()
    })?;
    bar.finish_and_clear();
    if progress.stopped {
        out::line(&format!("Stopped: {}", stopped(&plan, progress, args.overwrite)));
        return Ok(ExitCode::from(interrupt::CODE));
    }
    finish(&plan, progress);
    Ok(ExitCode::SUCCESS)
}

/// What is there, and what to do next.
fn stopped(plan: &CutPlan, progress: CutProgress, overwrite: bool) -> String {
    let (written, total) = (progress.written, plan.patches());
    match overwrite {
        true => format!("{written} of {total} patches are cut again. With --overwrite the same command starts anew"),
        false => format!("{} of {total} patches are there. The same command goes on", plan.patches_there()),
    }
}

fn finish(plan: &CutPlan, progress: CutProgress) {
    let (written, kept) = (progress.written, progress.kept);
    out::line(&format!("{written} patches written, {kept} were there already: {}", plan.out.display()));
    for list in lists::read(plan) {
        out::line(&format!("{} names {} of them", list.file, list.found));
        if let Some(line) = list.stranger {
            out::error(&format!("[WARNING] {} also names what is no patch of these scenes, such as {line}", list.file));
        }
    }
}

/// A progress bar where there is a terminal.
fn bar(patches: usize) -> ProgressBar {
    let bar = ProgressBar::hidden();
    bar.set_length(patches as u64);
    let style = ProgressStyle::with_template("{bar:24} {pos} of {len} patches, {eta} left");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::stderr());
    }
    bar
}
