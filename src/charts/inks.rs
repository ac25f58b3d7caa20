//! Colours that take the place of those of a file, for figures on another ground.

/// Colours by what they are for: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inks {
    /// The ground.
    pub paper: [u8; 3],
    /// Texts, and lines on bars.
    pub ink: [u8; 3],
    /// Smaller texts, and axes.
    pub soft: [u8; 3],
    /// Lines of the grid, and frames of cells.
    pub grid: [u8; 3],
}

impl Inks {
    /// The rules for the classes of a drawing's marks.
    pub(super) fn style_sheet(&self) -> String {
        let [paper, ink, soft, grid] = [self.paper, self.ink, self.soft, self.grid].map(hex);
        format!(
            ".paper {{ fill: {paper}; }} .ink {{ fill: {ink}; }} .soft {{ fill: {soft}; }} \
             .grid, .cell {{ stroke: {grid}; }} .axis {{ stroke: {soft}; }} .whisker {{ stroke: {ink}; }}"
        )
    }
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
