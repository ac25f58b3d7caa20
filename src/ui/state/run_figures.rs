//! What is compared of runs: their curves, and the IoU of each class.

use egui_plot::PlotPoint;

use super::curves::Curves;
use crate::domain::{ClassDef, Classes};
use crate::engine::protocol::StepReport;
use crate::train::folder::{MetricsRow, StepRow};

/// The figures of a run that is compared with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFigures {
    /// Smoothed loss over the steps.
    pub loss: Vec<PlotPoint>,
    /// Mean IoU of each evaluation.
    pub miou: Vec<PlotPoint>,
    /// The classes of its network.
    pub classes: Vec<ClassDef>,
    /// The evaluation with the highest mean IoU; `None` if nothing was scored.
    pub best: Option<BestScores>,
}

/// The evaluation of a run with the highest mean IoU.
#[derive(Clone, Debug, PartialEq)]
pub struct BestScores {
    /// Steps taken until then.
    pub step: u64,
    /// Mean IoU.
    pub miou: f64,
    /// IoU of each class, in the order of the classes; NaN where one does not occur.
    pub iou: Vec<f64>,
}

impl RunFigures {
    /// Takes the tables of a run folder.
    pub fn of(classes: &Classes, steps: &[StepRow], rows: &[MetricsRow]) -> Self {
        let mut curves = Curves::default();
        for &StepRow { step, epoch, loss, lr } in steps {
            curves.add_step(&StepReport { step, epoch, loss, lr, step_secs: 0.0, waiting: 0.0, labelled: 0 });
        }
        let scored = || rows.iter().filter(|row| !row.miou.is_nan());
        let best = scored().max_by(|a, b| a.miou.total_cmp(&b.miou));
        Self {
            loss: curves.smoothed,
            miou: scored().map(|row| PlotPoint::new(row.step as f64, row.miou)).collect(),
            classes: classes.iter().cloned().collect(),
            best: best.map(|row| BestScores { step: row.step, miou: row.miou, iou: row.iou.clone() }),
        }
    }

    /// IoU of the class with this name at the best evaluation; `None` if the run has none.
    pub fn iou_of(&self, class: &str) -> Option<f64> {
        let place = self.classes.iter().position(|own| own.name == class)?;
        self.best.as_ref()?.iou.get(place).copied().filter(|iou| !iou.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(step: u64, miou: f64, iou: [f64; 2]) -> MetricsRow {
        let iou = iou.to_vec();
        MetricsRow {
            step,
            epoch: 1,
            train_loss: 1.0,
            miou,
            pixel_accuracy: 0.5,
            pixels: 4,
            secs: 1.0,
            iou,
            raw_miou: None,
        }
    }

    #[test]
    fn classes_are_compared_at_the_best_evaluation() {
        let classes = Classes::deepglobe();
        let rows = [row(10, 0.5, [0.6, 0.4]), row(20, f64::NAN, [0.9, 0.9]), row(30, 0.4, [0.7, f64::NAN])];
        let step = StepRow { step: 1, epoch: 1, loss: 2.0, lr: 1e-3 };
        let figures = RunFigures::of(&classes, &[step], &rows);
        assert_eq!((figures.miou.len(), figures.loss.len()), (2, 1), "what is not scored leaves no point");
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        assert_eq!((figures.iou_of(names[0]), figures.iou_of(names[1])), (Some(0.6), Some(0.4)));
        assert_eq!((figures.iou_of(names[2]), figures.iou_of("lava")), (None, None));
        assert_eq!(RunFigures::of(&classes, &[], &[]).best, None);
    }
}
