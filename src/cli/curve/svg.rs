//! A picture of scores over clicks: lines of means, bands of their 95 % intervals.

use std::fmt::Write as _;

use super::lines::{Line, Point};

/// Width and height of the picture.
const SIZE: [f64; 2] = [720.0, 440.0];
/// Left, top, right and bottom margin.
const MARGINS: [f64; 4] = [64.0, 24.0, 24.0, 56.0];
/// Colours that people with colour blindness tell apart (Okabe, Ito 2008).
const COLORS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"];
const GRAY: &str = "#666666";

/// From clicks and scores to places in the picture; clicks on a logarithmic scale.
struct Axes {
    /// Logarithms of the least and the largest number of clicks.
    clicks: [f64; 2],
    /// The largest score.
    top: f64,
}

impl Axes {
    fn around(lines: &[Line]) -> Self {
        let points = || lines.iter().flat_map(|line| &line.points);
        let least = points().map(|point| point.clicks).fold(f64::INFINITY, f64::min).max(1.0);
        let most = points().map(|point| point.clicks).fold(least, f64::max).max(2.0 * least);
        let highest = points().map(|point| point.miou.mean + point.miou.margin).fold(0.1, f64::max);
        Self { clicks: [least.ln(), most.ln()], top: ((highest * 10.0).ceil() / 10.0).min(1.0) }
    }

    fn x(&self, clicks: f64) -> f64 {
        let [left, _, right, _] = MARGINS;
        let share = (clicks.max(1.0).ln() - self.clicks[0]) / (self.clicks[1] - self.clicks[0]);
        left + share * (SIZE[0] - left - right)
    }

    fn y(&self, score: f64) -> f64 {
        let [_, top, _, bottom] = MARGINS;
        SIZE[1] - bottom - score.clamp(0.0, self.top) / self.top * (SIZE[1] - top - bottom)
    }

    fn place(&self, clicks: f64, score: f64) -> String {
        format!("{:.1},{:.1}", self.x(clicks), self.y(score))
    }
}

/// The picture as SVG.
pub(super) fn picture(lines: &[Line]) -> String {
    let ([width, height], axes) = (SIZE, Axes::around(lines));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <title>Mean IoU over clicks; bands are 95 % intervals of the mean</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    draw_grid(&mut svg, &axes);
    for (line, color) in lines.iter().zip(COLORS.iter().cycle()) {
        draw_line(&mut svg, &axes, line, color);
    }
    draw_legend(&mut svg, lines);
    svg.push_str("</svg>\n");
    svg
}

fn put(svg: &mut String, [x, y]: [f64; 2], anchor: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let end = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{GRAY}\">{text}</text>");
    debug_assert!(end.is_ok(), "a string takes everything");
}

fn rule(svg: &mut String, from: [f64; 2], to: [f64; 2]) {
    let ([x1, y1], [x2, y2]) = (from, to);
    let end = writeln!(svg, "<path d=\"M{x1:.1},{y1:.1}L{x2:.1},{y2:.1}\" stroke=\"#dddddd\"/>");
    debug_assert!(end.is_ok(), "a string takes everything");
}

fn draw_grid(svg: &mut String, axes: &Axes) {
    let ([width, height], [left, top, right, bottom]) = (SIZE, MARGINS);
    for tenth in 0..=(axes.top * 10.0).round() as u32 {
        let score = f64::from(tenth) / 10.0;
        let y = axes.y(score);
        rule(svg, [left, y], [width - right, y]);
        put(svg, [left - 8.0, y + 4.5], "end", &format!("{score:.1}"));
    }
    for clicks in ticks(axes.clicks.map(f64::exp)) {
        let x = axes.x(clicks);
        rule(svg, [x, top], [x, height - bottom]);
        put(svg, [x, height - bottom + 18.0], "middle", &clicks.to_string());
    }
    put(svg, [(left + width - right) / 2.0, height - 12.0], "middle", "clicks, all classes together");
    put(svg, [12.0, top - 8.0], "start", "mean IoU");
}

/// 1, 2, 5, 10, … between two numbers of clicks.
fn ticks([least, most]: [f64; 2]) -> Vec<f64> {
    let all = (0..9).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
    all.filter(|tick| (least - 1e-6..=most + 1e-6).contains(tick)).collect()
}

fn draw_line(svg: &mut String, axes: &Axes, Line { points, .. }: &Line, color: &str) {
    let edge = |sign: f64| move |point: &Point| axes.place(point.clicks, point.miou.mean + sign * point.miou.margin);
    let band: Vec<String> = points.iter().map(edge(1.0)).chain(points.iter().rev().map(edge(-1.0))).collect();
    let means: Vec<String> = points.iter().map(|point| axes.place(point.clicks, point.miou.mean)).collect();
    let (band, line) = (band.join(" "), means.join(" "));
    let mut drawn = format!(
        "<polygon points=\"{band}\" fill=\"{color}\" fill-opacity=\"0.15\"/>\n\
         <polyline points=\"{line}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>\n"
    );
    for mean in &means {
        let (x, y) = mean.split_once(',').unwrap_or_default();
        drawn.push_str(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"3\" fill=\"{color}\"/>\n"));
    }
    svg.push_str(&drawn);
}

fn draw_legend(svg: &mut String, lines: &[Line]) {
    for (number, (line, color)) in lines.iter().zip(COLORS.iter().cycle()).enumerate() {
        let y = MARGINS[1] + 12.0 + 18.0 * number as f64;
        svg.push_str(&format!("<rect x=\"76\" y=\"{:.1}\" width=\"16\" height=\"4\" fill=\"{color}\"/>\n", y - 6.0));
        put(svg, [98.0, y], "start", &line.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::estimate::Estimate;

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        let point = |&(clicks, mean): &(f64, f64)| Point { clicks, miou: Estimate { mean, spread: 0.1, margin: 0.05 } };
        Line { name: name.to_owned(), points: points.iter().map(point).collect() }
    }

    #[test]
    fn places_follow_the_axes() {
        let axes = Axes::around(&[line("a", &[(4.0, 0.2), (40.0, 0.5)])]);
        assert!((axes.top - 0.6).abs() < 1e-9, "room for the interval: {}", axes.top);
        assert_eq!([axes.place(4.0, 0.0), axes.place(40.0, 0.6)], ["64.0,384.0", "696.0,24.0"]);
        assert!((axes.x(4.0 * 10_f64.sqrt()) - 380.0).abs() < 1e-6, "halfway on a logarithmic scale");
        assert_eq!(ticks([4.0, 40.0]), [5.0, 10.0, 20.0]);
    }

    #[test]
    fn a_picture_has_a_line_a_band_and_a_name_for_each_method() {
        let svg = picture(&[line("one & <two>", &[(4.0, 0.2), (40.0, 0.5)]), line("b", &[(4.0, 0.3)])]);
        let count = |what: &str| svg.matches(what).count();
        assert_eq!([count("<polyline"), count("<polygon"), count("<circle")], [2, 2, 3]);
        assert!(svg.contains("one &amp; &lt;two&gt;") && !svg.contains("NaN"), "{svg}");
    }
}
