//! Scores as JSON and as a table.

use std::collections::BTreeSet;

use serde_json::json;

use crate::domain::checkpoint::Checkpoint;
use crate::domain::count::counted;
use crate::domain::{Classes, FurtherScores};
use crate::infer::evaluation::Evaluated;

/// What was scored, with which checkpoint.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) tiles: &'static str,
    /// How many blocks; 0 where whole tiles are scored.
    pub(super) blocks: usize,
    /// Ids of tiles that were learned from.
    pub(super) learned: &'a BTreeSet<String>,
    /// Absent for a quick head.
    pub(super) checkpoint: Option<Checkpoint>,
    /// The checkpoint or the quick head in words.
    pub(super) by: &'a str,
}

impl Measured<'_> {
    /// The scored tiles that were learned from.
    fn learned<'a>(&self, result: &'a Evaluated) -> Vec<&'a str> {
        let ids = result.tiles.iter().map(|(id, _)| id.as_str());
        ids.filter(|id| self.learned.contains(*id)).collect()
    }

    /// A warning where the scores are in part of tiles that were learned from.
    pub(super) fn warning(&self, result: &Evaluated) -> Option<String> {
        let learned = self.learned(result).len();
        (learned > 0).then(|| {
            format!(
                "The run learned from {learned} of {} scored, so the scores are better than on other tiles. Leave out --data to score its \
                 validation tiles alone",
                counted(result.tiles.len() as u64, "tile")
            )
        })
    }

    /// What was scored, and how much of it: "the test tiles (3)".
    fn line(&self, result: &Evaluated) -> String {
        let tiles = result.tiles.len();
        let many = match self.blocks {
            0 => tiles.to_string(),
            blocks => format!("{blocks}, in {}", counted(tiles as u64, "tile")),
        };
        let learned = match self.learned(result).len() {
            0 => String::new(),
            learned => format!("; {learned} of them learned from"),
        };
        format!("{} ({many}{learned})", self.tiles)
    }
}

/// All scores, for scripts.
pub(super) fn as_json(result: &Evaluated, which: Measured<'_>, classes: &Classes) -> anyhow::Result<String> {
    let Evaluated { scores, further, .. } = result;
    let per_class: Vec<_> = classes
        .iter()
        .enumerate()
        .map(|(i, class)| {
            json!({
                "name": class.name,
                "ignored": class.ignored,
                "iou": scores.iou[i],
                "f1": scores.f1[i],
                "precision": further.agreement.precision[i],
                "recall": further.agreement.recall[i],
                "boundary_iou": further.boundary_iou[i],
            })
        })
        .collect();
    let tiles: Vec<_> = result.tiles.iter().map(|(id, miou)| json!({ "id": id, "miou": miou })).collect();
    let value = json!({
        "checkpoint": which.checkpoint,
        "by": which.by,
        "measured_on": format!("{}, full masks at native resolution", which.tiles),
        "miou": scores.miou,
        "miou_interval": further.interval,
        "miou_interval_parts": further.parts,
        "miou_per_image": further.per_image_miou,
        "miou_with_ignored": further.agreement.miou_with_ignored,
        "miou_glnet": further.agreement.miou_glnet,
        "mean_boundary_iou": further.mean_boundary_iou,
        "pixel_accuracy": scores.pixel_accuracy,
        "mean_f1": further.agreement.mean_f1,
        "kappa": further.agreement.kappa,
        "calibration_error": further.reliability.error(),
        "reliability": reliability(further),
        "pixels": scores.pixels,
        "classes": per_class,
        "tiles": tiles,
        "tiles_learned_from": which.learned(result),
        "confusion": result.confusion,
    });
    Ok(serde_json::to_string_pretty(&value)?)
}

/// The points of a reliability diagram, without empty ones.
fn reliability(further: &FurtherScores) -> Vec<serde_json::Value> {
    let filled = further.reliability.bins.iter().filter(|bin| bin.pixels > 0);
    filled
        .map(|bin| json!({ "confidence": bin.mean_confidence(), "accuracy": bin.accuracy(), "pixels": bin.pixels }))
        .collect()
}

/// All scores, for readers.
pub(super) fn as_table(result: &Evaluated, which: Measured<'_>, classes: &Classes) -> String {
    let mut lines = class_lines(result, classes);
    lines.extend(summary_lines(result, classes));
    let megapixels = result.scores.pixels as f64 / 1e6;
    lines.push(format!(
        "{}, measured on {}, full masks at native resolution, {megapixels:.2} Mpx",
        which.by,
        which.line(result)
    ));
    lines.join("\n")
}

fn class_lines(result: &Evaluated, classes: &Classes) -> Vec<String> {
    let Evaluated { scores, further, .. } = result;
    let width = classes.iter().map(|class| class.name.chars().count()).max().unwrap_or(0).max(5);
    let mut lines = vec![format!("{:width$}     IoU      F1  precis.  recall  boundary IoU", "class")];
    for (i, class) in classes.iter().enumerate() {
        let note = if class.ignored { "  (ignored)" } else { "" };
        let cells =
            [scores.iou[i], scores.f1[i], further.agreement.precision[i], further.agreement.recall[i]].map(cell);
        let boundary = cell(further.boundary_iou[i]);
        lines.push(format!(
            "{:width$}  {}  {}   {}  {}        {boundary}{note}",
            class.name, cells[0], cells[1], cells[2], cells[3]
        ));
    }
    lines
}

fn summary_lines(result: &Evaluated, classes: &Classes) -> Vec<String> {
    let Evaluated { scores, further, .. } = result;
    let agreement = &further.agreement;
    let short = |value: f64| cell(value).trim().to_owned();
    let interval = further.interval.map_or(String::new(), |[low, high]| {
        format!(
            " (95 % with other tiles or scenes: {} to {}, bootstrap over {})",
            short(low),
            short(high),
            further.parts
        )
    });
    let mut lines = vec![
        format!("mIoU {}{interval} · pixel accuracy {}", short(scores.miou), short(scores.pixel_accuracy)),
        format!(
            "per-image mIoU {} · boundary IoU {} · F1 {} · kappa {} · calibration error {}",
            short(further.per_image_miou),
            short(further.mean_boundary_iou),
            short(agreement.mean_f1),
            short(agreement.kappa),
            short(further.reliability.error())
        ),
    ];
    if classes.iter().any(|class| class.ignored) {
        lines.push(format!(
            "as other papers count: mIoU {} with ignored classes as classes, {} as in GLNet",
            short(agreement.miou_with_ignored),
            short(agreement.miou_glnet)
        ));
    }
    lines
}

fn cell(value: f64) -> String {
    if value.is_nan() { format!("{:>6}", "nan") } else { format!("{value:>6.4}") }
}
