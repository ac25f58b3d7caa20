//! Lines of text about a run, in the form of the reference study's training script, so that its readers recognise them.

use std::path::Path;

use super::protocol::{Evaluation, Outcome, Summary};
use crate::domain::checkpoint::Checkpoint;
use crate::domain::weights::ClassWeights;
use crate::domain::{Choice as _, Classes, Notice};
use crate::quick::method::QuickMethod;

/// What is said before the first step on a GPU.
pub(super) const TUNING_LINE: &str = "The first step and the first prediction try GPU kernels: a minute or two for a network and input \
                                      that are new to this GPU, a moment once they are known. A stop waits for the step";

/// How the failure of a run begins whose loss is no finite number any more.
pub(super) const DIVERGED: &str = "The loss is";

/// Whether a run has failed because its loss is no finite number any more: going on in the same way would not help.
pub fn is_divergence(failure: &Notice) -> bool {
    failure.headline.starts_with(DIVERGED)
}

/// The two lines of an evaluation.
pub fn epoch_lines(evaluation: &Evaluation, epochs: u32) -> [String; 2] {
    let Evaluation { epoch, train_loss, scores, secs, .. } = evaluation;
    let ious: Vec<String> = scores.iou.iter().map(|iou| format!("'{}'", two_digits(*iou))).collect();
    [
        format!(
            "Epoch {epoch}/{epochs} — train_loss: {train_loss:.4} — val_mIoU: {} — time: {secs:.1}s",
            four_digits(scores.miou)
        ),
        format!(" per-class IoU: [{}]", ious.join(", ")),
    ]
}

/// A line for the weights without averaging, if they were scored.
pub fn raw_line(evaluation: &Evaluation) -> Option<String> {
    evaluation.raw_miou.map(|miou| format!(" val_mIoU of the weights without averaging: {}", four_digits(miou)))
}

/// The last line of a run.
pub fn closing_line(summary: &Summary) -> String {
    let how = match summary.outcome {
        Outcome::Completed => "Training complete".to_owned(),
        Outcome::Early => early_line(summary),
        Outcome::Stopped => format!("Training stopped at step {}", summary.steps),
        Outcome::Failed => format!("Training failed at step {}", summary.steps),
        Outcome::Imported => "Trained elsewhere".to_owned(),
    };
    match summary.best_miou {
        Some(miou) => format!("{how}. Best mIoU: {}", four_digits(miou)),
        None => format!("{how}. Nothing was scored"),
    }
}

fn early_line(summary: &Summary) -> String {
    let why = summary.why.as_ref().map_or(String::new(), |why| format!(", because {why}"));
    format!("Training stopped early at step {}{why}", summary.steps)
}

/// The message for a run whose last save failed.
pub fn unsaved_line(why: &str) -> String {
    format!("The last checkpoint was not written: {why}")
}

/// How a score was measured: tiles, pixels, and the ignored classes.
pub fn measured_on(classes: &Classes, tiles: usize, pixels: u64) -> String {
    if tiles == 0 {
        return "nothing: no validation tiles".to_owned();
    }
    let ignored: Vec<&str> = classes.iter().filter(|c| c.ignored).map(|c| c.name.as_str()).collect();
    let ignored = if ignored.is_empty() { String::new() } else { format!(", without {}", ignored.join(", ")) };
    let (plural, megapixels) = (if tiles == 1 { "" } else { "s" }, pixels as f64 / 1e6);
    format!("{tiles} validation tile{plural}, full masks at native resolution, {megapixels:.2} Mpx{ignored}")
}

/// What a run makes maps by: "20260101-120000-unet, best checkpoint". `quick` is what learned its quick head, if it has one; without
/// a checkpoint it is the network as trained last.
pub fn map_maker(folder: &Path, quick: Option<QuickMethod>, checkpoint: Option<Checkpoint>) -> String {
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    let part = match (quick, checkpoint) {
        (Some(method), _) => method.head(),
        (None, Some(checkpoint)) => format!("{} checkpoint", checkpoint.name()),
        (None, None) => "network".to_owned(),
    };
    format!("{name}, {part}")
}

/// The line about class weights; `None` if all classes weigh the same.
pub fn weights_line(kind: &ClassWeights, weights: &[f32]) -> Option<String> {
    let kind = match kind {
        ClassWeights::None => return None,
        ClassWeights::Inverse => "inverse-frequency",
        ClassWeights::Median => "median-frequency",
        ClassWeights::Enet => "ENet's",
        ClassWeights::Effective(_) => "effective-number",
        ClassWeights::Given(_) => "given",
    };
    let list: Vec<String> = weights.iter().map(|w| format!("{w:.4}")).collect();
    Some(format!("Using {kind} class weights: [{}]", list.join(", ")))
}

fn two_digits(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{value:.2}") }
}

fn four_digits(value: f64) -> String {
    if value.is_nan() { "nan".to_owned() } else { format!("{value:.4}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Confusion, Scores};

    #[test]
    fn the_lines_are_those_of_the_reference_study() {
        let iou = vec![0.32, 0.45, 0.27, 0.41, 0.38, 0.52, f64::NAN];
        let evaluation = Evaluation {
            step: 90,
            epoch: 1,
            train_loss: 1.8453,
            scores: Scores { miou: 0.4215, pixel_accuracy: 0.7, f1: iou.clone(), iou, pixels: 1 },
            raw_miou: Some(0.4),
            further: None,
            confusion: Confusion::new(7),
            tiles: Vec::new(),
            measured_on: String::new(),
            secs: 62.3,
            best: true,
        };
        let [first, second] = epoch_lines(&evaluation, 1);
        assert_eq!(first, "Epoch 1/1 — train_loss: 1.8453 — val_mIoU: 0.4215 — time: 62.3s");
        assert_eq!(second, " per-class IoU: ['0.32', '0.45', '0.27', '0.41', '0.38', '0.52', 'nan']");
        assert_eq!(raw_line(&evaluation).as_deref(), Some(" val_mIoU of the weights without averaging: 0.4000"));
    }

    #[test]
    fn only_a_run_that_took_all_its_steps_is_complete() {
        let last = |outcome, best_miou| closing_line(&Summary { outcome, steps: 7, best_miou, ..Summary::default() });
        assert_eq!(last(Outcome::Completed, Some(0.4215)), "Training complete. Best mIoU: 0.4215");
        assert_eq!(last(Outcome::Stopped, Some(0.4215)), "Training stopped at step 7. Best mIoU: 0.4215");
        let why = Some("the score fell".to_owned());
        let early = closing_line(&Summary { outcome: Outcome::Early, steps: 7, why, ..Summary::default() });
        assert_eq!(early, "Training stopped early at step 7, because the score fell. Nothing was scored");
        assert_eq!(last(Outcome::Stopped, None), "Training stopped at step 7. Nothing was scored");
    }
}
