//! A reliability diagram: how often predictions of a confidence are right (Guo et al. 2017), and how many there are of them.

use super::drawing::{Anchor, Drawing};
use super::scale::short;

/// Side of the diagram, and height of the bars below it.
const SIDE: f64 = 260.0;
const SHARES: f64 = 60.0;
/// Left, top, right and bottom margin.
const MARGINS: [f64; 4] = [52.0, 26.0, 18.0, 44.0];
const RIGHT: &str = "#0072B2";
/// What is missing of the confidence, and what exceeds it.
const BELOW: &str = "#D55E00";
const ABOVE: &str = "#009E73";

/// A figure of confidence against accuracy.
#[derive(Clone, Debug)]
pub struct ReliabilityChart {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// What stands above it, on the right, such as the calibration error.
    pub headline: String,
    /// Bins that hold pixels, from the least confident on.
    pub bins: Vec<ReliabilityBin>,
    /// Number of bins, empty ones included: they have one width.
    pub of: usize,
}

/// Pixels of about the same confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReliabilityBin {
    /// Number of the bin.
    pub bin: usize,
    /// Mean confidence, 0 to 1.
    pub confidence: f64,
    /// Share of right pixels.
    pub accuracy: f64,
    /// Share of all pixels.
    pub share: f64,
}

fn x(confidence: f64) -> f64 {
    MARGINS[0] + confidence * SIDE
}

fn y(accuracy: f64) -> f64 {
    MARGINS[1] + (1.0 - accuracy) * SIDE
}

impl ReliabilityChart {
    /// The figure.
    pub fn draw(&self) -> Drawing {
        let [left, top, right, bottom] = MARGINS;
        let height = top + SIDE + 12.0 + SHARES + bottom;
        let mut drawing = Drawing::new(&self.title, [left + SIDE + right, height]);
        draw_axes(&mut drawing);
        self.bins.iter().for_each(|bin| self.draw_bin(&mut drawing, bin));
        drawing.put(format_args!(
            "<path class=\"axis\" d=\"M{:.1},{:.1}L{:.1},{:.1}\" stroke=\"#999999\" stroke-dasharray=\"4 3\" fill=\"none\"/>",
            x(0.0),
            y(0.0),
            x(1.0),
            y(1.0)
        ));
        drawing.text([12.0, 14.0], Anchor::Start, "accuracy");
        drawing.text([left + SIDE, 14.0], Anchor::End, &self.headline);
        drawing
    }

    fn draw_bin(&self, drawing: &mut Drawing, bin: &ReliabilityBin) {
        let width = SIDE / self.of.max(1) as f64;
        let from = MARGINS[0] + bin.bin as f64 * width + 0.5;
        let (high, low) = (bin.confidence.max(bin.accuracy), bin.confidence.min(bin.accuracy));
        drawing.block([from, y(low)], [width - 1.0, y(0.0) - y(low)], RIGHT, 0.75);
        let (color, opacity) = if bin.accuracy < bin.confidence { (BELOW, 0.3) } else { (ABOVE, 0.6) };
        drawing.block([from, y(high)], [width - 1.0, y(low) - y(high)], color, opacity);
        let (base, tall) = (y(0.0) + 12.0 + SHARES, bin.share * SHARES);
        drawing.block([from, base - tall], [width - 1.0, tall], "#8A8A8A", 0.75);
    }
}

fn draw_axes(drawing: &mut Drawing) {
    for tick in [0.0, 0.25, 0.5, 0.75, 1.0] {
        drawing.rule([x(0.0), y(tick)], [x(1.0), y(tick)]);
        drawing.note([x(0.0) - 7.0, y(tick) + 4.0], Anchor::End, &short(tick));
        drawing.note([x(tick), y(0.0) + SHARES + 28.0], Anchor::Middle, &short(tick));
    }
    let base = y(0.0) + 12.0 + SHARES;
    drawing.axis([x(0.0), base], [x(1.0), base]);
    drawing.note([x(0.0) - 7.0, base - SHARES / 2.0], Anchor::End, "share");
    drawing.text([x(0.5), base + 34.0], Anchor::Middle, "confidence");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_shows_accuracy_gap_and_share() {
        let bin = ReliabilityBin { bin: 9, confidence: 0.62, accuracy: 0.5, share: 1.0 };
        let chart =
            ReliabilityChart { title: "t".to_owned(), headline: "ECE 0.120".to_owned(), bins: vec![bin], of: 15 };
        let svg = chart.draw().file();
        assert_eq!([RIGHT, BELOW, ABOVE].map(|color| svg.matches(color).count()), [1, 1, 0]);
        assert!((y(0.5) - (26.0 + 130.0)).abs() < 1e-9 && svg.contains("height=\"130.0\""), "{svg}");
        assert!(svg.contains("height=\"31.2\""), "the gap of 0.12: {svg}");
        let unsure = ReliabilityBin { confidence: 0.5, accuracy: 0.62, ..bin };
        let svg = ReliabilityChart { bins: vec![unsure], ..chart }.draw().file();
        assert!(svg.contains(ABOVE) && !svg.contains(BELOW) && svg.contains("height=\"130.0\""), "{svg}");
    }
}
