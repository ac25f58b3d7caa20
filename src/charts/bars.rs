//! Horizontal bars in groups, such as the IoU of each class in several runs.

use super::drawing::{Anchor, Drawing, shortened, width};
use super::legend;
use super::palette::{self, Pen};
use super::scale::{Scale, short};

/// Width of a figure.
const WIDTH: f64 = 720.0;
/// Height of a bar, and what lies between groups.
const BAR: f64 = 13.0;
const GAP: f64 = 12.0;
/// Room above, below for the axis, and beside the bars for their notes.
const TOP: f64 = 10.0;
const BOTTOM: f64 = 44.0;
const NOTES: f64 = 104.0;
/// Longest name of a group, characters.
const NAME: usize = 28;

/// A figure of bars.
#[derive(Clone, Debug)]
pub struct BarChart {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// What the length of a bar is, with its unit.
    pub label: String,
    /// Names of the bars of each group.
    pub series: Vec<String>,
    /// Number of the pen of each: that of its line in other figures. Beyond the colours there are, they repeat.
    pub pens: Vec<usize>,
    /// The groups, from top to bottom.
    pub groups: Vec<BarGroup>,
}

/// Bars of one name.
#[derive(Clone, Debug)]
pub struct BarGroup {
    /// Its name.
    pub name: String,
    /// A bar for each series, `None` where there is no value.
    pub bars: Vec<Option<Bar>>,
}

/// A bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Its length, to the left below 0.
    pub value: f64,
    /// Half the length of its whisker; 0 for none.
    pub spread: f64,
    /// What stands beside it.
    pub note: String,
}

struct Frame {
    left: f64,
    scale: Scale,
}

impl Frame {
    fn of(chart: &BarChart) -> Self {
        let longest = chart.groups.iter().map(|group| width(&shortened(&group.name, NAME))).fold(40.0, f64::max);
        let bars = chart.groups.iter().flat_map(|group| group.bars.iter().flatten());
        let ends = bars.flat_map(|bar| [bar.value - bar.spread, bar.value + bar.spread, bar.value]);
        let is_signed = chart.groups.iter().flat_map(|group| group.bars.iter().flatten()).any(|bar| bar.value < 0.0);
        // A whisker below 0 does not make room for itself where nothing else is there.
        let ends = ends.map(|end| if is_signed { end } else { end.max(0.0) });
        Self { left: longest + 24.0, scale: Scale::linear(ends.chain([0.0])) }
    }

    fn x(&self, value: f64) -> f64 {
        self.left + self.scale.share(value) * (WIDTH - self.left - NOTES)
    }
}

impl BarChart {
    /// The figure.
    pub fn draw(&self) -> Drawing {
        let frame = Frame::of(self);
        let height = self.groups.iter().map(BarGroup::height).sum::<f64>() + TOP + BOTTOM;
        let mut drawing = Drawing::new(&self.title, [WIDTH, height]);
        self.draw_axis(&mut drawing, &frame, height - BOTTOM);
        let mut y = TOP;
        for group in &self.groups {
            self.draw_group(&mut drawing, &frame, group, y + GAP / 2.0);
            y += group.height();
        }
        drawing.axis([frame.x(0.0), TOP], [frame.x(0.0), height - BOTTOM]);
        let names: Vec<(String, Pen)> =
            self.series.iter().enumerate().map(|(index, name)| (name.clone(), self.pen(index))).collect();
        legend::below(&mut drawing, &names, [18.0, WIDTH - 18.0]);
        drawing
    }

    /// Bars have no dashes.
    fn pen(&self, series: usize) -> Pen {
        Pen { dash: "", ..palette::pen(self.pens.get(series).copied().unwrap_or(series)) }
    }

    fn draw_axis(&self, drawing: &mut Drawing, frame: &Frame, bottom: f64) {
        for value in frame.scale.ticks() {
            let x = frame.x(value);
            drawing.rule([x, TOP], [x, bottom]);
            drawing.text([x, bottom + 16.0], Anchor::Middle, &short(value));
        }
        drawing.text([(frame.left + WIDTH - NOTES) / 2.0, bottom + 34.0], Anchor::Middle, &self.label);
    }

    fn draw_group(&self, drawing: &mut Drawing, frame: &Frame, group: &BarGroup, top: f64) {
        let middle = top + group.bars.len() as f64 * BAR / 2.0;
        drawing.text([frame.left - 10.0, middle + 4.5], Anchor::End, &shortened(&group.name, NAME));
        for (index, bar) in group.bars.iter().enumerate() {
            let y = top + index as f64 * BAR;
            match bar {
                Some(bar) => draw_bar(drawing, frame, bar, y, self.pen(index).color),
                None => drawing.note([frame.x(0.0) + 5.0, y + 10.0], Anchor::Start, "–"),
            }
        }
    }
}

impl BarGroup {
    fn height(&self) -> f64 {
        self.bars.len() as f64 * BAR + GAP
    }
}

fn draw_bar(drawing: &mut Drawing, frame: &Frame, bar: &Bar, y: f64, color: &str) {
    let (zero, end) = (frame.x(0.0), frame.x(bar.value));
    drawing.block([zero.min(end), y + 1.0], [(end - zero).abs(), BAR - 2.0], color, 0.85);
    let [low, high] = [bar.value - bar.spread, bar.value + bar.spread].map(|value| frame.x(value));
    if bar.spread > 0.0 {
        let middle = y + BAR / 2.0;
        drawing.whisker([low, middle], [high, middle]);
    }
    drawing.note([high.max(end).max(zero) + 6.0, y + 10.0], Anchor::Start, &bar.note);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(value: f64) -> Option<Bar> {
        Some(Bar { value, spread: 0.0, note: format!("{value:+.3}") })
    }

    fn chart(values: &[Option<Bar>]) -> BarChart {
        BarChart {
            title: "t".to_owned(),
            label: "IoU".to_owned(),
            series: values.iter().enumerate().map(|(index, _)| format!("run {index}")).collect(),
            pens: vec![3, 0, 9],
            groups: vec![BarGroup { name: "water <&>".to_owned(), bars: values.to_vec() }],
        }
    }

    #[test]
    fn lengths_are_proportional_and_go_left_below_zero() {
        let chart = chart(&[bar(0.4), bar(-0.2)]);
        let frame = Frame::of(&chart);
        let [zero, right, left] = [0.0, 0.4, -0.2].map(|value| frame.x(value));
        assert!(((right - zero) - 2.0 * (zero - left)).abs() < 1e-9, "{zero} {right} {left}");
        assert!(right <= WIDTH - NOTES + 1e-9);
    }

    #[test]
    fn bars_have_the_colours_of_their_pens_and_what_is_missing_has_no_bar() {
        let chart = chart(&[bar(0.4), bar(0.2), None]);
        let svg = chart.draw().file();
        assert_eq!(svg.matches("fill-opacity=\"0.85\"").count(), 2, "{svg}");
        assert!(svg.contains("water &lt;&amp;&gt;") && svg.contains("+0.400"), "{svg}");
        assert_eq!([chart.pen(0), chart.pen(1)], [palette::pen(3), palette::pen(0)]);
        assert_eq!((chart.pen(2).color, chart.pen(2).dash), (palette::pen(9).color, ""));
    }
}
