//! A picture of scores over clicks: lines of means, bands of their 95 % intervals.

use super::lines::{Line, Point};
use crate::charts::Drawing;
use crate::charts::lines::{self, LineChart, Series, Shape};

pub(super) fn picture(lines: &[Line]) -> Drawing {
    let chart = LineChart {
        title: "Mean IoU over clicks; bands are 95 % intervals of the mean".to_owned(),
        x_label: "clicks, all classes together".to_owned(),
        y_label: "mean IoU".to_owned(),
        log_x: true,
        size: [720.0, 440.0],
        series: lines.iter().enumerate().map(series).collect(),
    };
    chart.draw()
}

fn series((pen, line): (usize, &Line)) -> Series {
    let point = |Point { clicks, miou }: &Point| lines::Point { x: *clicks, y: miou.mean, margin: miou.margin };
    Series { name: line.name.clone(), pen, shape: Shape::Dots, points: line.points.iter().map(point).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::estimate::Estimate;

    #[test]
    fn each_method_has_a_line_and_a_band() {
        let point = |clicks: f64| Point { clicks, miou: Estimate { mean: 0.5, spread: 0.1, margin: 0.05 } };
        let line = |name: &str| Line { name: name.to_owned(), points: vec![point(4.0), point(40.0)] };
        let svg = picture(&[line("Quick head"), line("U-Net")]).file();
        let count = |what: &str| svg.matches(what).count();
        assert_eq!([count("<polyline"), count("<polygon"), count("<circle")], [2, 2, 4]);
        assert!(svg.contains("95 %") && svg.contains(">U-Net<"), "{svg}");
    }
}
