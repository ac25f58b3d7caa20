//! A sheet to draw on, and the SVG that it becomes.

use std::fmt::Write as _;

use super::markup::escaped;

/// Size of text, pixels.
pub(super) const TEXT: f64 = 13.0;
/// Width of a character of it, about: SVG does not tell.
const CHARACTER: f64 = 0.56;

/// A figure.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// What it shows, in words.
    pub title: String,
    /// Width and height.
    size: [f64; 2],
    body: String,
}

/// Where a text begins, from its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The width of a text, about, pixels.
pub(super) fn width(text: &str) -> f64 {
    text.chars().count() as f64 * CHARACTER * TEXT
}

/// A text that is no longer than so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

impl Drawing {
    pub(super) fn new(title: &str, size: [f64; 2]) -> Self {
        Self { title: title.to_owned(), size, body: String::new() }
    }

    /// A document of its own, on white.
    pub fn file(&self) -> String {
        let [width, height] = self.size;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"sans-serif\" font-size=\"{TEXT}\">\n<title>{}</title>\n\
             <rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{}</svg>\n",
            escaped(&self.title),
            self.body
        )
    }

    /// A part of an HTML page, whose style may change colours by class: `ink` and `soft` are texts, `grid`, `axis` and `whisker` are lines.
    pub fn inline(&self) -> String {
        let [width, height] = self.size;
        format!(
            "<svg class=\"chart\" role=\"img\" aria-label=\"{}\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-size=\"{TEXT}\">\n{}</svg>\n",
            escaped(&self.title),
            self.body
        )
    }

    /// Width and height, pixels.
    pub fn size(&self) -> [f64; 2] {
        self.size
    }

    pub(super) fn height(&self) -> f64 {
        self.size[1]
    }

    /// Makes room below.
    pub(super) fn grow(&mut self, by: f64) {
        self.size[1] += by;
    }

    /// Adds an element as it stands. Texts from outside go through [`Drawing::text`].
    pub(super) fn put(&mut self, element: std::fmt::Arguments<'_>) {
        let end = writeln!(self.body, "{element}");
        debug_assert!(end.is_ok(), "a string takes everything");
    }

    /// A text of full ink.
    pub(super) fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.name(), escaped(text));
        self.put(format_args!(
            "<text class=\"ink\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"#444444\">{text}</text>"
        ));
    }

    /// A smaller, lighter text.
    pub(super) fn note(&mut self, [x, y]: [f64; 2], anchor: Anchor, text: &str) {
        let (anchor, text) = (anchor.name(), escaped(text));
        self.put(format_args!(
            "<text class=\"soft\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" font-size=\"11\" fill=\"#666666\">{text}</text>"
        ));
    }

    /// A thin line of the grid.
    pub(super) fn rule(&mut self, from: [f64; 2], to: [f64; 2]) {
        self.line(from, to, "grid", "#e2e2e2");
    }

    /// A line of an axis or a frame.
    pub(super) fn axis(&mut self, from: [f64; 2], to: [f64; 2]) {
        self.line(from, to, "axis", "#999999");
    }

    /// A line that shows on bars and beside them.
    pub(super) fn whisker(&mut self, from: [f64; 2], to: [f64; 2]) {
        self.line(from, to, "whisker", "#333333");
    }

    fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], class: &str, color: &str) {
        self.put(format_args!(
            "<path class=\"{class}\" d=\"M{x1:.1},{y1:.1}L{x2:.1},{y2:.1}\" stroke=\"{color}\" fill=\"none\"/>"
        ));
    }

    /// A filled box.
    pub(super) fn block(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], color: &str, opacity: f64) {
        self.put(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"{color}\" fill-opacity=\"{opacity:.2}\"/>",
            width.max(0.0)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_in_a_file_and_in_a_page() {
        let mut drawing = Drawing::new("one & <two>", [10.0, 20.0]);
        drawing.text([1.0, 2.0], Anchor::End, "</svg><script>");
        let (file, inline) = (drawing.file(), drawing.inline());
        assert!(file.starts_with("<svg xmlns=") && file.contains("<title>one &amp; &lt;two&gt;</title>"), "{file}");
        assert!(!inline.contains("http") && !inline.contains("paper"), "{inline}");
        for text in [file, inline] {
            assert_eq!(text.matches("</svg>").count(), 1, "{text}");
            assert!(text.contains("&lt;script&gt;") && text.contains("text-anchor=\"end\""), "{text}");
        }
    }

    #[test]
    fn long_names_end_in_dots() {
        assert_eq!([shortened("abc", 3), shortened("abcd", 3)], ["abc", "ab…"]);
    }
}
