//! The figures of the ticked runs: which there are, and which of them are drawn.
//!
//! Runs are read first without their labels, whose number takes as long as it takes to read the masks, then with them. Pictures are kept by what they show, so that a figure which has not changed is not drawn again.

use std::path::PathBuf;

use eframe::egui::TextureHandle;
use xxhash_rust::xxh3::xxh3_64;

use super::figure_reads::{FigureReading, FigureReads, TickedRun};
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
    /// Which reading it is.
    pub number: u64,
    /// What the runs learned from is counted.
    pub with_labels: bool,
    /// Their figures, or why they cannot be read.
    pub figures: Result<Vec<GalleryFigure>, String>,
    /// What could not be read, and what figures do not say of themselves.
    pub notes: Vec<String>,
}

/// The figures of the ticked runs.
#[derive(Default)]
pub struct FigureGallery {
    is_shown: bool,
    /// What was read, and of which runs.
    read: Option<(Vec<TickedRun>, ReadFigures)>,
    reads: FigureReads,
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

    /// Shows figures, or no longer: then nothing is read any more, and figures and pictures are dropped. Counts of labels are kept.
    pub fn show(&mut self, is_shown: bool) {
        self.is_shown = is_shown;
        if !is_shown {
            self.reads.end();
            self.read = None;
            self.drawn.clear();
        }
    }

    /// Another project is open.
    pub fn leave_project(&mut self) {
        self.reads.leave_project();
        *self = Self { reads: std::mem::take(&mut self.reads), ..Self::default() };
    }

    fn read_of(&self, runs: &[PathBuf]) -> Option<&ReadFigures> {
        let (of, read) = self.read.as_ref()?;
        of.iter().map(|run| &run.folder).eq(runs).then_some(read)
    }

    /// The figures of these runs, or why there are none; `None` until they are read.
    pub fn of(&self, runs: &[PathBuf]) -> Option<&Result<Vec<GalleryFigure>, String>> {
        self.read_of(runs).map(|read| &read.figures)
    }

    /// What is to be known of the figures of these runs.
    pub fn notes(&self, runs: &[PathBuf]) -> &[String] {
        self.read_of(runs).map_or(&[][..], |read| &read.notes)
    }

    /// Whether a thread reads runs.
    pub fn is_reading(&self) -> bool {
        self.reads.asked().is_some()
    }

    /// Reads no other runs than these any more.
    pub fn end_others(&mut self, runs: &[TickedRun]) {
        if self.reads.asked().is_some_and(|asked| asked != runs) {
            self.reads.end();
        }
    }

    /// Begins to read these runs; `None` if their figures are not shown, or if there is nothing new to read.
    pub fn begin(&mut self, runs: Vec<TickedRun>) -> Option<FigureReading> {
        let is_asked = self.reads.asked().is_some_and(|asked| asked == runs);
        if !self.is_shown || runs.is_empty() || is_asked {
            return None;
        }
        let is_all = |read: &ReadFigures| read.with_labels || read.figures.is_err();
        if self.read.as_ref().is_some_and(|(of, read)| *of == runs && is_all(read)) {
            return None;
        }
        // Something is to be seen before labels are counted.
        let is_same_run = |(run, other): (&TickedRun, &TickedRun)| run.folder == other.folder;
        let is_seen = self.read.as_ref().is_some_and(|(of, read)| {
            read.figures.is_ok() && of.len() == runs.len() && of.iter().zip(&runs).all(is_same_run)
        });
        Some(self.reads.begin(runs, is_seen))
    }

    /// Takes what was read, if it counts. Returns whether that is not all: labels are still to be counted.
    pub fn take(&mut self, read: ReadFigures) -> bool {
        let Some(of) = self.reads.takes(read.number) else { return false };
        let is_all = read.with_labels || read.figures.is_err();
        self.read = Some((of, read));
        !is_all
    }

    /// A picture, as far as somebody has asked for it.
    pub fn drawn(&self, key: FigureKey) -> Option<&Drawn> {
        self.drawn.iter().find(|(other, _)| *other == key).map(|(_, drawn)| drawn)
    }

    /// Begins to draw these pictures. Returns what is to be drawn: nothing that somebody draws already, and nothing once figures are
    /// not shown any more.
    pub fn begin_drawing(&mut self, keys: &[FigureKey]) -> Vec<(FigureKey, Drawing)> {
        if !self.is_shown {
            return Vec::new();
        }
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
        let figures = self.read.as_ref()?.1.figures.as_ref().ok()?;
        figures.iter().find(|figure| figure.content == content)
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, ColorImage, Context, TextureOptions};

    use super::*;
    use crate::study::compare::comparison::tests::comparison;
    use crate::study::compare::figures;
    use crate::train::run_list::RunEnd;

    fn read(reading: &FigureReading) -> ReadFigures {
        let figures = figures::all(&comparison()).into_iter().map(GalleryFigure::new).collect();
        let notes = vec!["labels are not counted".to_owned()];
        ReadFigures { number: reading.number, with_labels: reading.with_labels, figures: Ok(figures), notes }
    }

    fn folders(run: &str) -> Vec<PathBuf> {
        vec![PathBuf::from(run)]
    }

    fn runs(run: &str) -> Vec<TickedRun> {
        vec![TickedRun { folder: run.into(), config: None, end: None }]
    }

    fn shown() -> FigureGallery {
        FigureGallery { is_shown: true, ..FigureGallery::default() }
    }

    #[test]
    fn labels_are_counted_once_there_is_something_to_see() {
        let mut gallery = FigureGallery::default();
        assert!(gallery.begin(runs("a")).is_none(), "nobody sees them");
        gallery.show(true);
        assert!(gallery.begin(Vec::new()).is_none());
        let first = gallery.begin(runs("a")).unwrap();
        assert!(!first.with_labels && gallery.begin(runs("a")).is_none(), "a thread reads them");
        assert!(gallery.take(read(&first)) && gallery.of(&folders("a")).is_some());
        let second = gallery.begin(runs("a")).unwrap();
        assert!(second.with_labels && !gallery.take(read(&second)) && !gallery.is_reading());
        assert_eq!(gallery.notes(&folders("a")), ["labels are not counted"]);
        assert!(gallery.notes(&folders("b")).is_empty());
    }

    #[test]
    fn what_is_listed_again_without_news_is_not_read_again() {
        let mut gallery = shown();
        for _ in 0..2 {
            let reading = gallery.begin(runs("a")).unwrap();
            gallery.take(read(&reading));
        }
        assert!(gallery.begin(runs("a")).is_none(), "labels are counted");
        let ended = vec![TickedRun { end: Some(RunEnd::default()), ..runs("a").remove(0) }];
        assert!(gallery.begin(ended).is_some_and(|reading| reading.with_labels), "it has ended meanwhile");
    }

    #[test]
    fn runs_that_are_ticked_meanwhile_are_read_next() {
        let mut gallery = shown();
        let first = gallery.begin(runs("a")).unwrap();
        gallery.end_others(&runs("a"));
        assert!(first.goes_on());
        gallery.end_others(&runs("b"));
        assert!(!first.goes_on() && !gallery.is_reading());
        let second = gallery.begin(runs("b")).unwrap();
        assert!(!gallery.take(read(&first)) && gallery.of(&folders("a")).is_none(), "it does not count");
        let failed = ReadFigures { figures: Err("it is damaged".to_owned()), ..read(&second) };
        assert!(!gallery.take(failed) && gallery.begin(runs("b")).is_none(), "it is not tried again and again");
        assert!(gallery.of(&folders("b")).is_some_and(Result::is_err));
        gallery.show(false);
        gallery.show(true);
        let third = gallery.begin(runs("b")).unwrap();
        gallery.show(false);
        assert!(!third.goes_on() && !gallery.take(read(&third)));
    }

    #[test]
    fn what_is_of_the_project_before_is_not_shown() {
        let mut gallery = shown();
        let reading = gallery.begin(runs("a")).unwrap();
        gallery.take(read(&reading));
        let content = gallery.of(&folders("a")).unwrap().as_ref().unwrap()[0].content;
        gallery.enlarge(content);
        let before = gallery.begin(runs("b")).unwrap();
        gallery.leave_project();
        assert!(!before.goes_on() && !gallery.is_shown() && gallery.enlarged().is_none());
        gallery.show(true);
        let now = gallery.begin(runs("c")).unwrap();
        assert!(!gallery.take(read(&before)) && gallery.is_reading() && now.number != before.number);
    }

    #[test]
    fn what_has_not_changed_is_not_drawn_again() {
        let mut gallery = shown();
        let reading = gallery.begin(runs("a")).unwrap();
        gallery.take(read(&reading));
        let content = gallery.of(&folders("a")).unwrap().as_ref().unwrap()[0].content;
        let key = FigureKey::new(content, 1.5, true);
        assert_eq!(gallery.begin_drawing(&[key]).len(), 1);
        assert!(gallery.begin_drawing(&[key]).is_empty() && gallery.drawn(key) == Some(&Drawn::Waiting));
        let reading = gallery.begin(runs("a")).unwrap();
        gallery.take(read(&reading));
        let again = gallery.of(&folders("a")).unwrap().as_ref().unwrap()[0].content;
        assert_eq!((again, key.scale()), (content, 1.5));
        assert_eq!(gallery.begin_drawing(&[FigureKey::new(content, 1.5, false)]).len(), 1, "but in another theme");
        gallery.enlarge(content);
        assert_eq!(gallery.enlarged().map(|figure| figure.content), Some(content));
        gallery.show(false);
        assert!(gallery.drawn(key).is_none() && gallery.begin_drawing(&[key]).is_empty());
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
