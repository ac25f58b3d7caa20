//! `evaluate`: scores a finished run.

mod report;
mod tiles;

use std::process::ExitCode;
use std::sync::Arc;

use super::args::EvaluateArgs;
use super::{no_effect, out};
use crate::data::Project;
use crate::domain::Choice as _;
use crate::domain::config::DeviceChoice;
use crate::engine::device::Devices;
use crate::engine::{finished, priority};
use crate::infer::evaluation::Evaluated;
use crate::infer::{EvaluationJob, Predictor};
use crate::quick::method::QuickMethod;
use crate::train::folder::FinishedRun;
use report::Measured;
use tiles::ScoredTiles;

pub(super) fn run(args: &EvaluateArgs) -> anyhow::Result<ExitCode> {
    priority::start_compute_pool();
    let mut run = FinishedRun::open(&args.run)?;
    if run.is_quick() {
        no_effect::refuse_for_quick_head(args.checkpoint, args.device.as_deref())?;
    }
    run.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    if let Some(device) = &args.device {
        run.config.device = DeviceChoice::from(device.clone());
    }
    let data = args.data.as_ref().unwrap_or(&run.config.data);
    anyhow::ensure!(
        !data.as_os_str().is_empty(),
        "the run was imported and belongs to no folder: name one with --data"
    );
    let opened = Project::open(data)?;
    let project = Arc::new(opened.adopt(&run.classes, args.data.is_some())?);
    let unknown = opened.unknown_to(&run.classes);
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        out::error(&format!("[WARNING] The run does not have these classes, and their pixels are not scored: {names}"));
    }
    let scored = tiles::scored(args, &run, &project)?;
    let blocks = scored.blocks();
    let ScoredTiles { which, tiles, held_out, learned } = scored;
    let checkpoint = run.nearest(args.checkpoint.unwrap_or_default());
    let (predictor, ..) = finished::load(&run, checkpoint, &mut Devices::default())?;
    let result = score(EvaluationJob::new(project, &tiles).of_blocks(Arc::new(held_out)), &predictor);
    for fault in &result.faults {
        out::error(&format!("[WARNING] A tile is not scored: {}", fault.what));
    }
    if result.tiles.is_empty() {
        anyhow::bail!("nothing was scored: no tile can be read");
    }
    let by = run.quick_method().map_or_else(|| format!("{} checkpoint", checkpoint.name()), QuickMethod::head);
    let checkpoint = (!run.is_quick()).then_some(checkpoint);
    let which = Measured { tiles: which, blocks, learned: &learned, checkpoint, by: &by };
    which.warning(&result).into_iter().for_each(|warning| out::error(&format!("[WARNING] {warning}")));
    out::line(&if args.json {
        report::as_json(&result, which, &run.classes)?
    } else {
        report::as_table(&result, which, &run.classes)
    });
    Ok(ExitCode::SUCCESS)
}

fn score(mut job: EvaluationJob, predictor: &Predictor) -> Evaluated {
    while job.advance(predictor) {}
    job.finish()
}
