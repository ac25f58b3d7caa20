//! Names of series below a figure.

use super::drawing::{Anchor, Drawing, shortened, width};
use super::palette::Pen;

/// Height of a row of names, pixels.
const ROW: f64 = 19.0;
/// Width of a sample of a pen, with the gaps around it.
const SAMPLE: f64 = 30.0;
/// Longest name, characters.
const NAME: usize = 60;

/// Draws the names from left to right and from row to row, and makes room for them.
pub(super) fn below(drawing: &mut Drawing, entries: &[(String, Pen)], [left, right]: [f64; 2]) {
    let (mut x, mut y) = (left, drawing.height() + 4.0);
    for (name, pen) in entries {
        let name = shortened(name, NAME);
        let wide = SAMPLE + width(&name) + 14.0;
        if x > left && x + wide > right {
            (x, y) = (left, y + ROW);
        }
        sample(drawing, [x, y], *pen);
        drawing.text([x + SAMPLE, y + 4.5], Anchor::Start, &name);
        x += wide;
    }
    let bottom = y + ROW;
    if !entries.is_empty() {
        drawing.grow(bottom - drawing.height());
    }
}

fn sample(drawing: &mut Drawing, [x, y]: [f64; 2], Pen { color, dash }: Pen) {
    let to = x + SAMPLE - 8.0;
    drawing.put(format_args!(
        "<path d=\"M{x:.1},{y:.1}L{to:.1},{y:.1}\" stroke=\"{color}\" stroke-width=\"3\" stroke-dasharray=\"{dash}\" fill=\"none\"/>"
    ));
}
