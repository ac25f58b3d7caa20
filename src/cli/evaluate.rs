//! `evaluate`: scores a finished run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::args::EvaluateArgs;
use super::{no_effect, out};
use crate::data::Project;
use crate::data::layout::tile::TileMatch;
use crate::domain::checkpoint::Checkpoint;
use crate::domain::config::DeviceChoice;
use crate::domain::{Choice as _, Classes};
use crate::engine::device::Devices;
use crate::engine::{finished, priority};
use crate::infer::evaluation::Evaluated;
use crate::infer::{EvaluationJob, Predictor};
use crate::quick::method::QuickMethod;
use crate::train::folder::{FinishedRun, SplitRecord};

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
    let (which, tiles) = scored(&run, &project, args.data.as_deref())?;
    let checkpoint = run.nearest(args.checkpoint.unwrap_or_default());
    let (predictor, ..) = finished::load(&run, checkpoint, &mut Devices::default())?;
    let result = score(EvaluationJob::new(project, &tiles), &predictor);
    for fault in &result.faults {
        out::error(&format!("[WARNING] A tile is not scored: {}", fault.what));
    }
    if result.tiles.is_empty() {
        anyhow::bail!("nothing was scored: no tile can be read");
    }
    let by = run.quick_method().map_or_else(|| format!("{} checkpoint", checkpoint.name()), QuickMethod::head);
    let which = Measured { tiles: which, checkpoint: (!run.is_quick()).then_some(checkpoint), by: &by };
    out::line(&if args.json { as_json(&result, which, &run.classes)? } else { as_table(&result, which, &run.classes) });
    Ok(ExitCode::SUCCESS)
}

/// What was scored, with which checkpoint.
#[derive(Clone, Copy)]
struct Measured<'a> {
    tiles: &'static str,
    /// Absent for a quick head.
    checkpoint: Option<Checkpoint>,
    /// The checkpoint or the quick head in words.
    by: &'a str,
}

/// The tiles to score, and what they are: those with a mask of the folder `data`, else the run's validation tiles. A quick head
/// learns from labels on these too; without one left, the others that it has not learned from are scored.
fn scored(run: &FinishedRun, project: &Project, data: Option<&Path>) -> anyhow::Result<(&'static str, Vec<usize>)> {
    if let Some(data) = data {
        let tiles = with_masks(project);
        anyhow::ensure!(!tiles.is_empty(), "no tile in {} has a mask to score against", data.display());
        return Ok(("all tiles with a mask", tiles));
    }
    let split = run.split()?;
    let tiles = recorded(project, &split);
    if !tiles.is_empty() {
        return Ok(("the run's validation tiles", tiles));
    }
    let others = if run.is_quick() { unlearned(project, &split) } else { Vec::new() };
    let missing = match (run.is_quick(), with_masks(project).is_empty()) {
        (false, _) => "the run has no validation tiles",
        (true, true) => "no tile has a mask",
        (true, false) => "every tile with a mask was learned from",
    };
    anyhow::ensure!(!others.is_empty(), "{missing}: give a folder with masks with --data");
    Ok(("the tiles with a mask that were not learned from", others))
}

/// Tiles with a mask that the run has not learned from.
fn unlearned(project: &Project, split: &SplitRecord) -> Vec<usize> {
    let mut learned = BTreeSet::new();
    for id in &split.train {
        match split.find(project, id) {
            TileMatch::One(index) => drop(learned.insert(index)),
            _ => out::error(&format!(
                "[WARNING] The run learned from tile {id}, which is not found: under another name its score says too much"
            )),
        }
    }
    with_masks(project).into_iter().filter(|index| !learned.contains(index)).collect()
}

/// The validation tiles recorded in the run folder. Those that are gone or ambiguous are reported.
fn recorded(project: &Project, split: &SplitRecord) -> Vec<usize> {
    let find = |id: &String| match split.find(project, id) {
        TileMatch::One(index) if project.tiles[index].fault.is_none() => Ok(index),
        TileMatch::Several => Err(format!("{id}, but several files have this id now")),
        TileMatch::One(_) | TileMatch::None => Err(format!("{id}, but it is gone or cannot be read")),
    };
    let found: Vec<Result<usize, String>> = split.val.iter().map(find).collect();
    for what in found.iter().filter_map(|found| found.as_ref().err()) {
        out::error(&format!("[WARNING] The run was scored on tile {what}"));
    }
    found.into_iter().flatten().collect()
}

fn with_masks(project: &Project) -> Vec<usize> {
    let scorable = |index: &usize| project.tiles[*index].mask.is_some() && project.tiles[*index].fault.is_none();
    (0..project.tiles.len()).filter(scorable).collect()
}

fn score(mut job: EvaluationJob, predictor: &Predictor) -> Evaluated {
    while job.advance(predictor) {}
    job.finish()
}

fn as_json(result: &Evaluated, which: Measured<'_>, classes: &Classes) -> anyhow::Result<String> {
    let per_class: Vec<_> = classes
        .iter()
        .zip(result.scores.iou.iter().zip(&result.scores.f1))
        .map(|(class, (iou, f1))| json!({ "name": class.name, "ignored": class.ignored, "iou": iou, "f1": f1 }))
        .collect();
    let tiles: Vec<_> = result.tiles.iter().map(|(id, miou)| json!({ "id": id, "miou": miou })).collect();
    let value = json!({
        "checkpoint": which.checkpoint,
        "by": which.by,
        "measured_on": format!("{}, full masks at native resolution", which.tiles),
        "miou": result.scores.miou,
        "pixel_accuracy": result.scores.pixel_accuracy,
        "pixels": result.scores.pixels,
        "classes": per_class,
        "tiles": tiles,
        "confusion": result.confusion,
    });
    Ok(serde_json::to_string_pretty(&value)?)
}

fn as_table(result: &Evaluated, which: Measured<'_>, classes: &Classes) -> String {
    let scores = &result.scores;
    let width = classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0).max(5);
    let mut lines = vec![format!("{:width$}     IoU      F1", "class")];
    for (class, (iou, f1)) in classes.iter().zip(scores.iou.iter().zip(&scores.f1)) {
        let note = if class.ignored { "  (ignored)" } else { "" };
        lines.push(format!("{:width$}  {}  {}{note}", class.name, cell(*iou), cell(*f1)));
    }
    lines.push(format!("mIoU {} · pixel accuracy {}", cell(scores.miou).trim(), cell(scores.pixel_accuracy).trim()));
    let megapixels = scores.pixels as f64 / 1e6;
    lines.push(format!(
        "{}, measured on {} ({}), full masks at native resolution, {megapixels:.2} Mpx",
        which.by,
        which.tiles,
        result.tiles.len()
    ));
    lines.join("\n")
}

fn cell(value: f64) -> String {
    if value.is_nan() { format!("{:>6}", "nan") } else { format!("{value:>6.4}") }
}
