//! Lines over an axis: means, bands of their uncertainty, and levels that hold everywhere.

use super::drawing::{Anchor, Drawing};
use super::legend;
use super::palette::{self, Pen};
use super::scale::{Scale, short};

/// Left, top, right and bottom margin.
const MARGINS: [f64; 4] = [64.0, 24.0, 24.0, 56.0];
/// The pattern of a level.
const LEVEL: &str = "7 4";

/// A figure of lines.
#[derive(Clone, Debug)]
pub struct LineChart {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// What lies along the horizontal axis, with its unit.
    pub x_label: String,
    /// What lies along the vertical axis, with its unit.
    pub y_label: String,
    /// The horizontal axis is logarithmic.
    pub log_x: bool,
    /// Width and height, names of the series not counted.
    pub size: [f64; 2],
    /// What is drawn.
    pub series: Vec<Series>,
}

/// A line, or a level.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name.
    pub name: String,
    /// Number of its pen.
    pub pen: usize,
    /// How it is drawn.
    pub shape: Shape,
    /// Its points, from left to right.
    pub points: Vec<Point>,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A line.
    Line,
    /// A line with a dot at each point.
    Dots,
    /// A dashed level at the height of its first point, over the whole width.
    Level,
}

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Along the horizontal axis.
    pub x: f64,
    /// The mean.
    pub y: f64,
    /// Half the height of the band around it; 0 for none.
    pub margin: f64,
}

/// Places in the figure.
struct Axes {
    x: Scale,
    y: Scale,
    size: [f64; 2],
}

impl Axes {
    fn of(chart: &LineChart) -> Self {
        let points = || chart.series.iter().flat_map(|series| &series.points);
        let along = chart.series.iter().filter(|series| series.shape != Shape::Level);
        let xs = along.flat_map(|series| &series.points).map(|point| point.x);
        let x = if chart.log_x { Scale::log(xs.map(|x| x.max(1.0))) } else { Scale::linear(xs.chain([0.0])) };
        let ends = points().flat_map(|point| [point.y - point.margin, point.y + point.margin]);
        // Scores and losses begin at 0; a band that reaches below is cut off there.
        Self { x, y: Scale::linear(ends.map(|end| end.max(0.0)).chain([0.0, 0.1])), size: chart.size }
    }

    fn x(&self, value: f64) -> f64 {
        let [left, _, right, _] = MARGINS;
        left + self.x.share(value) * (self.size[0] - left - right)
    }

    fn y(&self, value: f64) -> f64 {
        let [_, top, _, bottom] = MARGINS;
        self.size[1] - bottom - self.y.share(value) * (self.size[1] - top - bottom)
    }

    fn place(&self, x: f64, y: f64) -> String {
        format!("{:.1},{:.1}", self.x(x), self.y(y))
    }
}

impl LineChart {
    /// The figure.
    pub fn draw(&self) -> Drawing {
        let axes = Axes::of(self);
        let mut drawing = Drawing::new(&self.title, self.size);
        self.draw_grid(&mut drawing, &axes);
        for series in &self.series {
            match series.shape {
                Shape::Level => draw_level(&mut drawing, &axes, series),
                Shape::Line | Shape::Dots => draw_line(&mut drawing, &axes, series),
            }
        }
        let names: Vec<(String, Pen)> = self.series.iter().map(entry).collect();
        legend::below(&mut drawing, &names, [MARGINS[0], self.size[0] - MARGINS[2]]);
        drawing
    }

    fn draw_grid(&self, drawing: &mut Drawing, axes: &Axes) {
        let ([width, height], [left, top, right, bottom]) = (self.size, MARGINS);
        for value in axes.y.ticks() {
            let y = axes.y(value);
            drawing.rule([left, y], [width - right, y]);
            drawing.text([left - 8.0, y + 4.5], Anchor::End, &short(value));
        }
        for value in axes.x.ticks() {
            let x = axes.x(value);
            drawing.rule([x, top], [x, height - bottom]);
            drawing.text([x, height - bottom + 18.0], Anchor::Middle, &short(value));
        }
        drawing.axis([left, height - bottom], [width - right, height - bottom]);
        drawing.text([(left + width - right) / 2.0, height - 12.0], Anchor::Middle, &self.x_label);
        drawing.text([12.0, top - 12.0], Anchor::Start, &self.y_label);
    }
}

fn entry(series: &Series) -> (String, Pen) {
    let pen = palette::pen(series.pen);
    let dash = if series.shape == Shape::Level { LEVEL } else { pen.dash };
    (series.name.clone(), Pen { dash, ..pen })
}

fn draw_line(drawing: &mut Drawing, axes: &Axes, series: &Series) {
    let Pen { color, dash } = palette::pen(series.pen);
    let points: Vec<Point> = series.points.iter().copied().filter(|point| point.y.is_finite()).collect();
    if points.iter().any(|point| point.margin > 0.0) {
        let edge = |sign: f64| move |point: &Point| axes.place(point.x, point.y + sign * point.margin);
        let band: Vec<String> = points.iter().map(edge(1.0)).chain(points.iter().rev().map(edge(-1.0))).collect();
        let band = band.join(" ");
        drawing.put(format_args!("<polygon points=\"{band}\" fill=\"{color}\" fill-opacity=\"0.15\"/>"));
    }
    let line: Vec<String> = points.iter().map(|point| axes.place(point.x, point.y)).collect();
    let line = line.join(" ");
    drawing.put(format_args!(
        "<polyline points=\"{line}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\" stroke-linejoin=\"round\"/>"
    ));
    if series.shape == Shape::Dots || points.len() == 1 {
        for point in &points {
            let (x, y) = (axes.x(point.x), axes.y(point.y));
            drawing.put(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{color}\"/>"));
        }
    }
}

fn draw_level(drawing: &mut Drawing, axes: &Axes, series: &Series) {
    let Some(Point { y, margin, .. }) = series.points.first().filter(|point| point.y.is_finite()) else { return };
    let Pen { color, .. } = palette::pen(series.pen);
    let (left, right) = (MARGINS[0], axes.size[0] - MARGINS[2]);
    let [top, middle, bottom] = [y + margin, *y, y - margin].map(|value| axes.y(value));
    if *margin > 0.0 {
        drawing.block([left, top], [right - left, bottom - top], color, 0.1);
    }
    drawing.put(format_args!(
        "<path class=\"level\" d=\"M{left:.1},{middle:.1}L{right:.1},{middle:.1}\" stroke=\"{color}\" stroke-width=\"2\" stroke-dasharray=\"{LEVEL}\" fill=\"none\"/>"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(name: &str, shape: Shape, points: &[(f64, f64)]) -> Series {
        let point = |&(x, y): &(f64, f64)| Point { x, y, margin: 0.05 };
        Series { name: name.to_owned(), pen: 0, shape, points: points.iter().map(point).collect() }
    }

    fn chart(log_x: bool, series: Vec<Series>) -> LineChart {
        let label = |text: &str| text.to_owned();
        LineChart {
            title: label("t"),
            x_label: label("clicks"),
            y_label: label("mean IoU"),
            log_x,
            size: [720.0, 440.0],
            series,
        }
    }

    #[test]
    fn places_follow_the_axes() {
        let axes = Axes::of(&chart(true, vec![series("a", Shape::Dots, &[(4.0, 0.2), (40.0, 0.5)])]));
        assert!((axes.y.ends()[1] - 0.6).abs() < 1e-9, "room for the interval: {:?}", axes.y);
        assert_eq!([axes.place(4.0, 0.0), axes.place(40.0, 0.6)], ["64.0,384.0", "696.0,24.0"]);
        assert!((axes.x(4.0 * 10_f64.sqrt()) - 380.0).abs() < 1e-6, "halfway on a logarithmic scale");
    }

    #[test]
    fn a_figure_has_a_line_a_band_and_a_name_for_each_series() {
        let svg = chart(
            true,
            vec![
                series("one & <two>", Shape::Dots, &[(4.0, 0.2), (40.0, 0.5)]),
                series("b", Shape::Dots, &[(4.0, 0.3)]),
                series("full", Shape::Level, &[(0.0, 0.55)]),
            ],
        )
        .draw()
        .file();
        let count = |what: &str| svg.matches(what).count();
        assert_eq!([count("<polyline"), count("<polygon"), count("<circle"), count("class=\"level\"")], [2, 2, 3, 1]);
        assert!(svg.contains("one &amp; &lt;two&gt;") && !svg.contains("NaN"), "{svg}");
    }

    #[test]
    fn what_is_not_a_number_is_left_out() {
        let svg =
            chart(false, vec![series("a", Shape::Line, &[(0.0, f64::NAN), (1.0, 0.5), (2.0, 0.4)])]).draw().file();
        assert!(!svg.contains("NaN") && svg.contains("<polyline"), "{svg}");
    }
}
