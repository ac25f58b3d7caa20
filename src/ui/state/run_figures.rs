//! What is compared of runs: their curves, and the IoU of each class.

use egui_plot::PlotPoint;

use super::curves::Curves;
use super::score_moment::ScoreMoment;
use crate::domain::ClassDef;
use crate::engine::protocol::StepReport;
use crate::study::compare::ComparedRun;
use crate::train::folder::StepRow;

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
    pub best: Option<RunScores>,
    /// The evaluation after the last step, as reports have it; `None` if nothing was scored.
    pub last: Option<RunScores>,
}

/// The scores of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScores {
    /// Steps taken until then.
    pub step: u64,
    /// Mean IoU.
    pub miou: f64,
    /// IoU of each class, in the order of the classes; NaN where one does not occur.
    pub iou: Vec<f64>,
}

impl RunFigures {
    /// Takes what a run folder says.
    pub fn of(run: &ComparedRun) -> Self {
        let mut curves = Curves::default();
        for &StepRow { step, epoch, loss, lr } in &run.steps {
            curves.add_step(&StepReport { step, epoch, loss, lr, step_secs: 0.0, waiting: 0.0, labelled: 0 });
        }
        let scored = || run.metrics.iter().filter(|row| !row.miou.is_nan());
        let best = scored().max_by(|a, b| a.miou.total_cmp(&b.miou));
        let last = run.last().filter(|last| !last.miou.is_nan());
        Self {
            loss: curves.smoothed,
            miou: scored().map(|row| PlotPoint::new(row.step as f64, row.miou)).collect(),
            classes: run.classes.iter().cloned().collect(),
            best: best.map(|row| RunScores { step: row.step, miou: row.miou, iou: row.iou.clone() }),
            last: last.map(|last| RunScores { step: run.last_step(), miou: last.miou, iou: last.iou.to_vec() }),
        }
    }

    /// The scores of an evaluation; `None` if the run has none.
    pub fn scores(&self, moment: ScoreMoment) -> Option<&RunScores> {
        match moment {
            ScoreMoment::Best => self.best.as_ref(),
            ScoreMoment::Final => self.last.as_ref(),
        }
    }

    /// IoU of the class with this name at an evaluation; `None` if the run has none.
    pub fn iou_of(&self, class: &str, moment: ScoreMoment) -> Option<f64> {
        let place = self.classes.iter().position(|own| own.name == class)?;
        self.scores(moment)?.iou.get(place).copied().filter(|iou| !iou.is_nan())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::study::compare::run::tests::run;

    #[test]
    fn classes_are_compared_at_the_best_and_at_the_last_evaluation() {
        let mut run = run("a", RunConfig::demo(), 0.4, &[0.7, f64::NAN]);
        (run.metrics[0].miou, run.metrics[0].iou) = (0.5, vec![0.6, 0.4]);
        let figures = RunFigures::of(&run);
        assert_eq!((figures.miou.len(), figures.loss.len()), (2, 20));
        let names: Vec<String> = run.classes.iter().map(|class| class.name.clone()).collect();
        let iou = |moment| [0, 1, 2].map(|class: usize| figures.iou_of(&names[class], moment));
        assert_eq!(iou(ScoreMoment::Best), [Some(0.6), Some(0.4), None]);
        assert_eq!(iou(ScoreMoment::Final), [Some(0.7), None, None]);
        assert_eq!(figures.iou_of(&names[0], ScoreMoment::Final), run.iou(&names[0]), "as reports have it");
        assert_eq!(figures.iou_of("lava", ScoreMoment::Best), None);
        let steps = [ScoreMoment::Best, ScoreMoment::Final].map(|moment| figures.scores(moment).unwrap().step);
        assert_eq!(steps, [10, 20]);
    }

    #[test]
    fn what_is_not_scored_leaves_no_point() {
        let mut run = run("a", RunConfig::demo(), 0.4, &[]);
        run.metrics.iter_mut().for_each(|row| row.miou = f64::NAN);
        let figures = RunFigures::of(&run);
        assert_eq!((figures.miou.len(), figures.best, figures.last), (0, None, None));
    }
}
