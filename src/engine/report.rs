//! A run in words: the lines of the reference study's training script, so that its readers feel at home.

use super::protocol::{Evaluation, Outcome, Summary};

/// The lines of an evaluation.
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

/// The last line of a run.
pub fn closing_line(summary: &Summary) -> String {
    let how = match summary.outcome {
        Outcome::Completed => "Training complete".to_owned(),
        Outcome::Stopped => format!("Training stopped at step {}", summary.steps),
        Outcome::Failed => format!("Training failed at step {}", summary.steps),
    };
    match summary.best_miou {
        Some(miou) => format!("{how}. Best mIoU: {}", four_digits(miou)),
        None => format!("{how}. Nothing was scored"),
    }
}

/// `[INFO]` line about class weights.
pub fn weights_line(kind: &str, weights: &[f32]) -> String {
    let list: Vec<String> = weights.iter().map(|w| format!("{w:.4}")).collect();
    format!("Using {kind} class weights: [{}]", list.join(", "))
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
    use crate::engine::protocol::DeviceInfo;

    #[test]
    fn the_lines_are_those_of_the_reference_study() {
        let iou = vec![0.32, 0.45, 0.27, 0.41, 0.38, 0.52, f64::NAN];
        let evaluation = Evaluation {
            step: 90,
            epoch: 1,
            train_loss: 1.8453,
            scores: Scores { miou: 0.4215, pixel_accuracy: 0.7, f1: iou.clone(), iou, pixels: 1 },
            confusion: Confusion::new(7),
            tiles: Vec::new(),
            measured_on: String::new(),
            secs: 62.3,
            best: true,
        };
        let [first, second] = epoch_lines(&evaluation, 1);
        assert_eq!(first, "Epoch 1/1 — train_loss: 1.8453 — val_mIoU: 0.4215 — time: 62.3s");
        assert_eq!(second, " per-class IoU: ['0.32', '0.45', '0.27', '0.41', '0.38', '0.52', 'nan']");
    }

    #[test]
    fn only_a_run_that_came_to_its_end_is_complete() {
        let last = |outcome, best_miou| {
            let device = DeviceInfo { name: String::new(), backend: String::new(), is_gpu: false, why: String::new() };
            closing_line(&Summary {
                folder: "run".into(),
                outcome,
                why: None,
                steps: 7,
                epochs: 0,
                best_miou,
                best_step: None,
                last: None,
                secs: 1.0,
                waiting: 0.0,
                device,
                parameters: 1,
                version: String::new(),
            })
        };
        assert_eq!(last(Outcome::Completed, Some(0.4215)), "Training complete. Best mIoU: 0.4215");
        assert_eq!(last(Outcome::Stopped, Some(0.4215)), "Training stopped at step 7. Best mIoU: 0.4215");
        assert_eq!(last(Outcome::Stopped, None), "Training stopped at step 7. Nothing was scored");
    }
}
