//! The figures of the ticked runs: which there are, and which of them are drawn.
//!
//! Runs are read by one thread at a time: first without their labels, whose number takes as long as it takes to read the masks, then
//! with them. Pictures are kept by what they show, so that a figure which has not changed is not drawn again.

use std::path::PathBuf;

use eframe::egui::TextureHandle;
use xxhash_rust::xxh3::xxh3_64;

use crate::charts::Drawing;
use crate::study::compare::figures::Plate;

/// Pixels of all pictures that are kept, at most: 96 MB, and more than a screen shows.
const KEPT: usize = 24_000_000;

/// Which picture of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureKey {
    /// Hash of what the figure shows.
    pub content: u64,
    /// Pixels for a hundred of the drawing's own.
    percent: u32,
    /// In the colours of the dark theme.
    pub is_dark: bool,
}

impl FigureKey {
    /// The picture with so many pixels for each of the drawing's own.
    pub fn new(content: u64, scale: f32, is_dark: bool) -> Self {
        Self { content, percent: (scale * 100.0).round() as u32, is_dark }
    }

    /// Pixels for each of the drawing's own.
    pub fn scale(self) -> f64 {
        f64::from(self.percent) / 100.0
    }
}

/// A figure that the runs have.
#[derive(Clone, Debug)]
pub struct GalleryFigure {
    /// The figure.
    pub plate: Plate,
    /// Hash of what it shows.
    pub content: u64,
}

impl GalleryFigure {
    /// A figure with its hash.
    pub fn new(plate: Plate) -> Self {
        let content = xxh3_64(plate.drawing.file().as_bytes());
        Self { plate, content }
    }
}

/// The picture of a figure.
#[derive(Clone, PartialEq, Eq)]
pub enum Drawn {
    /// A thread draws it.
    Waiting,
    /// It is there.
    Ready(TextureHandle),
    /// Why it cannot be drawn.
    Failed(String),
}

impl Drawn {
    fn pixels(&self) -> usize {
        match self {
            Self::Ready(texture) => texture.size().into_iter().product(),
            Self::Waiting | Self::Failed(_) => 0,
        }
    }
}

/// Figures of runs, as they were read.
#[derive(Clone, Debug)]
pub struct ReadFigures {
    /// The runs, in the order in which they were ticked.
    pub runs: Vec<PathBuf>,
    /// What they learned from is counted.
    pub with_labels: bool,
    /// Their figures, or why they cannot be read.
    pub figures: Result<Vec<GalleryFigure>, String>,
}

/// The figures of the ticked runs.
#[derive(Default)]
pub struct FigureGallery {
    is_shown: bool,
    read: Option<ReadFigures>,
    /// A thread reads runs.
    is_reading: bool,
    /// What it reads is out of date.
    is_stale: bool,
    /// Pictures, the oldest first.
    drawn: Vec<(FigureKey, Drawn)>,
    /// The figure that is shown by itself, by its content.
    enlarged: Option<u64>,
}

impl FigureGallery {
    /// Whether figures are shown in place of curves and bars.
    pub fn is_shown(&self) -> bool {
        self.is_shown
    }

    /// Shows figures, or no longer: then their pictures are dropped.
    pub fn show(&mut self, is_shown: bool) {
        self.is_shown = is_shown;
        if !is_shown {
            self.drawn.clear();
        }
    }

    /// The figures of these runs, or why there are none; `None` until they are read.
    pub fn of(&self, runs: &[PathBuf]) -> Option<&Result<Vec<GalleryFigure>, String>> {
        self.read.as_ref().filter(|read| read.runs == runs).map(|read| &read.figures)
    }

    /// Whether a thread reads runs.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// Begins to read these runs, and returns whether their labels are to be counted; `None` if their figures are not shown, or if a
    /// thread is at it: it is followed by another one.
    pub fn begin(&mut self, runs: &[PathBuf]) -> Option<bool> {
        if !self.is_shown || runs.is_empty() {
            return None;
        }
        self.is_stale = self.is_reading;
        if self.is_reading {
            return None;
        }
        self.is_reading = true;
        Some(self.of(runs).is_some_and(Result::is_ok))
    }

    /// Takes what was read. Returns whether that is not all: other runs are ticked by now, or their labels are still to be counted.
    pub fn take(&mut self, read: ReadFigures, ticked: &[PathBuf]) -> bool {
        let (is_of_these, is_final) = (read.runs == ticked, read.with_labels || read.figures.is_err());
        self.is_reading = false;
        if is_of_these {
            self.read = Some(read);
        }
        std::mem::take(&mut self.is_stale) || !is_of_these || !is_final
    }

    /// A picture, as far as somebody has asked for it.
    pub fn drawn(&self, key: FigureKey) -> Option<&Drawn> {
        self.drawn.iter().find(|(other, _)| *other == key).map(|(_, drawn)| drawn)
    }

    /// Begins to draw these pictures. Returns what is to be drawn: nothing that somebody draws already.
    pub fn begin_drawing(&mut self, keys: &[FigureKey]) -> Vec<(FigureKey, Drawing)> {
        let drawing = |key: &FigureKey| Some((*key, self.find(key.content)?.plate.drawing.clone()));
        let wanted = keys.iter().filter(|key| self.drawn(**key).is_none());
        let begun: Vec<(FigureKey, Drawing)> = wanted.filter_map(drawing).collect();
        self.drawn.extend(begun.iter().map(|(key, _)| (*key, Drawn::Waiting)));
        begun
    }

    /// Takes pictures. Beyond the limit the oldest are dropped.
    pub fn take_drawn(&mut self, drawn: Vec<(FigureKey, Drawn)>) {
        if !self.is_shown {
            return;
        }
        self.drawn.retain(|(key, _)| !drawn.iter().any(|(other, _)| other == key));
        self.drawn.extend(drawn);
        let mut pixels: usize = self.drawn.iter().map(|(_, drawn)| drawn.pixels()).sum();
        self.drawn.retain(|(_, drawn)| {
            let own = drawn.pixels();
            let goes = pixels > KEPT && own > 0;
            pixels -= if goes { own } else { 0 };
            !goes
        });
    }

    /// Shows the figure with this content by itself.
    pub fn enlarge(&mut self, content: u64) {
        self.enlarged = Some(content);
    }

    /// The figure that is shown by itself, if the runs still have it.
    pub fn enlarged(&self) -> Option<&GalleryFigure> {
        self.find(self.enlarged?)
    }

    fn find(&self, content: u64) -> Option<&GalleryFigure> {
        let figures = self.read.as_ref()?.figures.as_ref().ok()?;
        figures.iter().find(|figure| figure.content == content)
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, ColorImage, Context, TextureOptions};

    use super::*;
    use crate::study::compare::comparison::tests::comparison;
    use crate::study::compare::figures;

    fn read(run: &str, with_labels: bool) -> ReadFigures {
        let figures = figures::all(&comparison()).into_iter().map(GalleryFigure::new).collect();
        ReadFigures { runs: runs(run), with_labels, figures: Ok(figures) }
    }

    fn runs(run: &str) -> Vec<PathBuf> {
        vec![PathBuf::from(run)]
    }

    fn shown() -> FigureGallery {
        FigureGallery { is_shown: true, ..FigureGallery::default() }
    }

    #[test]
    fn labels_are_counted_once_there_is_something_to_see() {
        let mut gallery = FigureGallery::default();
        assert_eq!(gallery.begin(&runs("a")), None, "nobody sees them");
        gallery.show(true);
        assert_eq!(gallery.begin(&[]), None);
        assert_eq!(gallery.begin(&runs("a")), Some(false));
        assert!(gallery.take(read("a", false), &runs("a")) && gallery.of(&runs("a")).is_some());
        assert_eq!(gallery.begin(&runs("a")), Some(true));
        assert!(!gallery.take(read("a", true), &runs("a")) && !gallery.is_reading());
    }

    #[test]
    fn runs_that_are_ticked_meanwhile_are_read_next() {
        let mut gallery = shown();
        assert_eq!(gallery.begin(&runs("a")), Some(false));
        assert_eq!(gallery.begin(&runs("b")), None, "one thread reads");
        assert!(gallery.take(read("a", false), &runs("b")) && gallery.of(&runs("b")).is_none());
        assert_eq!(gallery.begin(&runs("b")), Some(false));
        let failed = ReadFigures { figures: Err("it is damaged".to_owned()), ..read("b", false) };
        assert!(!gallery.take(failed, &runs("b")), "it is not tried again and again");
        assert!(gallery.of(&runs("b")).is_some_and(Result::is_err));
    }

    #[test]
    fn what_has_not_changed_is_not_drawn_again() {
        let mut gallery = shown();
        gallery.take(read("a", false), &runs("a"));
        let content = gallery.of(&runs("a")).unwrap().as_ref().unwrap()[0].content;
        let key = FigureKey::new(content, 1.5, true);
        assert_eq!(gallery.begin_drawing(&[key]).len(), 1);
        assert!(gallery.begin_drawing(&[key]).is_empty() && gallery.drawn(key) == Some(&Drawn::Waiting));
        gallery.take(read("a", true), &runs("a"));
        let again = gallery.of(&runs("a")).unwrap().as_ref().unwrap()[0].content;
        assert_eq!((again, key.scale()), (content, 1.5));
        assert_eq!(gallery.begin_drawing(&[FigureKey::new(content, 1.5, false)]).len(), 1, "but in another theme");
        gallery.enlarge(content);
        assert_eq!(gallery.enlarged().map(|figure| figure.content), Some(content));
        gallery.show(false);
        assert!(gallery.drawn(key).is_none());
    }

    #[test]
    fn the_oldest_pictures_are_dropped() {
        let (ctx, mut gallery) = (Context::default(), shown());
        let picture = |content: u64| {
            let image = ColorImage::filled([2000, 2000], Color32::RED);
            let texture = ctx.load_texture("a figure", image, TextureOptions::LINEAR);
            (FigureKey::new(content, 1.0, true), Drawn::Ready(texture))
        };
        (0..8).for_each(|content| gallery.take_drawn(vec![picture(content)]));
        let kept = |content: u64| gallery.drawn(FigureKey::new(content, 1.0, true)).is_some();
        assert_eq!([0, 1, 2, 7].map(kept), [false, false, true, true]);
    }
}
