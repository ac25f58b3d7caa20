//! A square table of shares in shades, such as a confusion matrix.

use super::drawing::{Anchor, Drawing, shortened, width};
use super::markup::escaped;

/// Side of a cell.
const CELL: f64 = 46.0;
/// Longest name, characters.
const NAME: usize = 20;
/// Room for what the rows and columns are.
const LABEL: f64 = 24.0;
/// The shade of a share of 1.
const COLOR: &str = "#0072B2";
/// From this share on, text is white: above, ink on the shade has less contrast.
const DARK: f64 = 0.85;

/// A figure of a matrix.
#[derive(Clone, Debug)]
pub struct MatrixChart {
    /// What it shows, for those who cannot see it.
    pub title: String,
    /// Names of rows and columns.
    pub names: Vec<String>,
    /// What the rows are, and what the columns are.
    pub sides: [String; 2],
    /// Rows of cells, as many as there are names.
    pub cells: Vec<Vec<Cell>>,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Its shade, 0 to 1; NaN for none.
    pub share: f64,
    /// What stands in it.
    pub text: String,
}

impl MatrixChart {
    /// The figure.
    pub fn draw(&self) -> Drawing {
        let longest = self.names.iter().map(|name| width(&shortened(name, NAME))).fold(30.0, f64::max);
        let side = self.names.len() as f64 * CELL;
        // Names of columns are turned by 45°.
        let [left, top] = [LABEL + longest + 12.0, LABEL + longest * 0.72 + 14.0];
        let mut drawing = Drawing::new(&self.title, [left + side + longest * 0.72 + 12.0, top + side + 12.0]);
        self.draw_names(&mut drawing, [left, top]);
        for (row, cells) in self.cells.iter().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                draw_cell(&mut drawing, cell, [left + column as f64 * CELL, top + row as f64 * CELL]);
            }
        }
        drawing
    }

    fn draw_names(&self, drawing: &mut Drawing, [left, top]: [f64; 2]) {
        let side = self.names.len() as f64 * CELL;
        drawing.note([left - 10.0, top - 8.0], Anchor::End, &format!("{} ↓", self.sides[0]));
        drawing.note([left + side / 2.0, 14.0], Anchor::Middle, &format!("{} →", self.sides[1]));
        for (index, name) in self.names.iter().enumerate() {
            let (name, middle) = (shortened(name, NAME), (index as f64 + 0.5) * CELL);
            drawing.text([left - 10.0, top + middle + 4.5], Anchor::End, &name);
            let (x, y) = (left + middle, top - 8.0);
            drawing.put(format_args!("<g transform=\"rotate(-45 {x:.1} {y:.1})\">"));
            drawing.text([x, y], Anchor::Start, &name);
            drawing.put(format_args!("</g>"));
        }
    }
}

fn draw_cell(drawing: &mut Drawing, Cell { share, text }: &Cell, [x, y]: [f64; 2]) {
    let (inner, share) = (CELL - 2.0, if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 });
    drawing.put(format_args!(
        "<rect class=\"cell\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{inner}\" height=\"{inner}\" fill=\"none\" stroke=\"#e2e2e2\"/>"
    ));
    drawing.block([x, y], [inner, inner], COLOR, share);
    let class_and_color = if share >= DARK { "fill=\"#ffffff\"" } else { "class=\"ink\" fill=\"#222222\"" };
    let (x, y, text) = (x + inner / 2.0, y + inner / 2.0 + 4.0, escaped(text));
    drawing.put(format_args!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"11\" {class_and_color}>{text}</text>"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_has_its_shade_and_text() {
        let cell = |share: f64, text: &str| Cell { share, text: text.to_owned() };
        let chart = MatrixChart {
            title: "t".to_owned(),
            names: vec!["a<".to_owned(), "b".to_owned()],
            sides: ["truth".to_owned(), "prediction".to_owned()],
            cells: vec![vec![cell(0.9, "90"), cell(0.1, "10")], vec![cell(f64::NAN, "–"), cell(1.0, "100")]],
        };
        let svg = chart.draw().file();
        assert_eq!(svg.matches("class=\"cell\"").count(), 4);
        assert_eq!(svg.matches("fill=\"#ffffff\">").count(), 2, "dark cells have white text: {svg}");
        assert!(svg.contains("fill-opacity=\"0.10\"") && svg.contains("a&lt;") && !svg.contains("NaN"), "{svg}");
    }
}
