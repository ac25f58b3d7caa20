//! The series behind the plots: collected from events, smoothed, and thinned to the resolution of the screen.

use eframe::emath::Vec2;
use egui_plot::PlotPoint;

use crate::engine::protocol::{Evaluation, StepReport};

/// Weight of the past in the smoothed loss, per report.
const SMOOTHING: f64 = 0.95;
/// Longer series are thinned before drawing.
pub const DRAWN_WHOLE: usize = 4000;

/// Everything measured during a run; x is the step.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// Reported loss.
    pub loss: Vec<PlotPoint>,
    /// Exponential moving average of the loss.
    pub smoothed: Vec<PlotPoint>,
    /// Learning rate.
    pub rate: Vec<PlotPoint>,
    /// Mean IoU per evaluation.
    pub miou: Vec<PlotPoint>,
    /// The same of the weights without averaging, where they are scored.
    pub raw_miou: Vec<PlotPoint>,
    /// Pixel accuracy per evaluation.
    pub accuracy: Vec<PlotPoint>,
    /// IoU of each class per evaluation.
    pub iou: Vec<Vec<PlotPoint>>,
    average: f64,
    weight: f64,
}

impl Curves {
    /// Adds a report. A loss that is not finite leaves a gap.
    pub fn add_step(&mut self, report: &StepReport) {
        let x = report.step as f64;
        let loss = f64::from(report.loss);
        self.rate.push(PlotPoint::new(x, report.lr));
        if !loss.is_finite() {
            return;
        }
        self.loss.push(PlotPoint::new(x, loss));
        self.average = SMOOTHING * self.average + (1.0 - SMOOTHING) * loss;
        self.weight = SMOOTHING * self.weight + (1.0 - SMOOTHING); // Bias correction, as in Adam.
        self.smoothed.push(PlotPoint::new(x, self.average / self.weight));
    }

    /// Adds an evaluation. Scores that could not be measured leave no point.
    pub fn add_evaluation(&mut self, evaluation: &Evaluation) {
        let (x, scores) = (evaluation.step as f64, &evaluation.scores);
        self.iou.resize_with(scores.iou.len().max(self.iou.len()), Vec::new);
        let singles = [
            (&mut self.miou, scores.miou),
            (&mut self.raw_miou, evaluation.raw_miou.unwrap_or(f64::NAN)),
            (&mut self.accuracy, scores.pixel_accuracy),
        ];
        let classes = self.iou.iter_mut().zip(scores.iou.iter().copied());
        for (series, value) in singles.into_iter().chain(classes).filter(|(_, value)| !value.is_nan()) {
            series.push(PlotPoint::new(x, value));
        }
    }
}

/// Thins a series for a plot that shows `x` from `range[0]` to `range[1]` on `columns` pixels: keeps the lowest and
/// the highest point of each pixel column, so that no spike is lost.
pub fn thinned(points: &[PlotPoint], range: [f64; 2], columns: usize) -> Vec<PlotPoint> {
    let first = points.partition_point(|p| p.x < range[0]).saturating_sub(1);
    let last = (points.partition_point(|p| p.x <= range[1]) + 1).min(points.len());
    let seen = &points[first..last.max(first)];
    if seen.len() <= DRAWN_WHOLE || columns == 0 {
        return seen.to_vec();
    }
    let width = (range[1] - range[0]) / columns as f64;
    let column = |p: &PlotPoint| ((p.x - range[0]) / width).floor() as i64;
    let mut out = Vec::new();
    for group in seen.chunk_by(|a, b| column(a) == column(b)) {
        let by_height = |a: &&PlotPoint, b: &&PlotPoint| a.y.total_cmp(&b.y);
        let extremes = (group.iter().min_by(by_height), group.iter().max_by(by_height));
        if let (Some(low), Some(high)) = extremes {
            let (a, b) = if low.x <= high.x { (low, high) } else { (high, low) };
            out.push(*a);
            if a != b {
                out.push(*b);
            }
        }
    }
    out
}

/// The series as `log10 y`, without points that have no logarithm.
pub fn logarithmic(points: &[PlotPoint]) -> Vec<PlotPoint> {
    points.iter().filter(|p| p.y > 0.0).map(|p| PlotPoint::new(p.x, p.y.log10())).collect()
}

/// Margin of a plot as a share of its range: almost none at the sides, a little above and below.
pub const PLOT_MARGIN: Vec2 = Vec2::new(0.01, 0.08);

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64, loss: f32) -> StepReport {
        StepReport { step, epoch: 1, loss, lr: 1e-3, step_secs: 0.1, waiting: 0.0, labelled: 1 }
    }

    #[test]
    fn the_smoothed_curve_starts_at_the_loss_and_follows_it() {
        let mut curves = Curves::default();
        curves.add_step(&report(1, 2.0));
        assert!((curves.smoothed[0].y - 2.0).abs() < 1e-9);
        for step in 2..400 {
            curves.add_step(&report(step, 1.0));
        }
        assert!((curves.smoothed.last().unwrap().y - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_nan_loss_leaves_a_gap() {
        let mut curves = Curves::default();
        curves.add_step(&report(1, f32::NAN));
        curves.add_step(&report(2, 1.0));
        assert_eq!((curves.loss.len(), curves.rate.len()), (1, 2));
        assert!(curves.smoothed[0].y.is_finite());
    }

    #[test]
    fn thinning_keeps_the_spikes() {
        let mut points: Vec<_> = (0..100_000).map(|i| PlotPoint::new(f64::from(i), 1.0)).collect();
        points[54_321].y = 9.0;
        points[54_322].y = -9.0;
        let thin = thinned(&points, [0.0, 100_000.0], 500);
        assert!(thin.len() <= 2 * 502, "{}", thin.len());
        assert!(thin.contains(&PlotPoint::new(54_321, 9.0)) && thin.contains(&PlotPoint::new(54_322, -9.0)));
        assert!(thin.is_sorted_by(|a, b| a.x <= b.x));
    }

    #[test]
    fn a_short_series_is_not_thinned_and_a_zoomed_one_is_cut() {
        let points: Vec<_> = (0..100).map(|i| PlotPoint::new(f64::from(i), f64::from(i))).collect();
        assert_eq!(thinned(&points, [0.0, 100.0], 10).len(), 100);
        assert_eq!(thinned(&points, [10.0, 20.0], 10).len(), 13, "eleven in sight and a neighbour on each side");
        assert!(thinned(&[], [0.0, 1.0], 10).is_empty());
    }
}
