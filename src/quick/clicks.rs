//! Simulated clicks: where somebody who knows the mask would label.

use std::ops::Range;

use super::distance::squared_depth;
use super::samples::LabelledPixel;
use crate::domain::choice::choice_enum;
use crate::domain::hash::{self, Stream};
use crate::domain::{Classes, Mask, Stroke, UNLABELLED};

/// Classes that cover less of a tile are not clicked.
const SMALLEST_SHARE: f64 = 0.005;
/// A click keeps this far from its region's border where the region is large enough.
const DEPTH: f32 = 8.0;

choice_enum! {
    /// Where simulated clicks go.
    pub enum Placement, "placement" {
        Random { name: "random", title: "Random", help: "Anywhere, whatever class is there: as many clicks as stratified places" }
        Stratified { name: "stratified", title: "Stratified", help: "The same number for each class, inside its regions" }
        Error { name: "error", title: "Largest error", help: "One for each class; then the middle of each class's largest error" }
        Missed { name: "missed", title: "Anywhere missed", help: "One for each class; then one for each, inside what is missed of it" }
    }
}

impl Placement {
    /// Whether clicks answer the map that was learned from the clicks before them.
    pub fn answers(self) -> bool {
        matches!(self, Self::Error | Self::Missed)
    }
}

/// A click: the class and the disc of pixels it labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Its class.
    pub class: u8,
    /// The pixel in its middle.
    pub at: [u32; 2],
    /// Its radius in pixels; 0 labels a single one.
    pub radius: u32,
    /// The pixels of the tile under it.
    pub pixels: Vec<[u32; 2]>,
}

/// Clicks on one tile.
pub struct Clicker<'a> {
    truth: &'a Mask,
    /// Classes that are clicked.
    classes: Vec<u8>,
    radius: u32,
    stream: Stream,
}

impl<'a> Clicker<'a> {
    /// Clicks on a tile with this mask. The same seed and tile give the same clicks.
    pub fn new(truth: &'a Mask, classes: &Classes, tile: &str, seed: u64, radius: u32) -> Self {
        let counts = truth.counts(classes.len());
        let enough = (SMALLEST_SHARE * truth.labelled() as f64).max(1.0);
        let clicked = |class: &u8| classes.is_scored(*class) && counts[usize::from(*class)] as f64 >= enough;
        let classes = (0..classes.len() as u8).filter(clicked).collect();
        Self { truth, classes, radius, stream: Stream::new(hash::key(seed, tile)) }
    }

    /// Classes that are clicked.
    pub fn classes(&self) -> &[u8] {
        &self.classes
    }

    /// `count` further clicks for each class; where `predicted` is wrong, if clicks [answer](Placement::answers) it.
    pub fn place(&mut self, placement: Placement, count: usize, predicted: Option<&Mask>) -> Vec<Click> {
        match (placement, predicted) {
            (Placement::Random, _) => self.anywhere(count * self.classes.len()),
            (Placement::Error, Some(predicted)) => {
                let classes = self.classes.clone();
                classes.into_iter().filter_map(|class| self.largest_error(class, predicted)).collect()
            }
            (Placement::Missed, Some(predicted)) => {
                let classes = self.classes.clone();
                classes.into_iter().filter_map(|class| self.any_error(class, predicted)).collect()
            }
            _ => {
                let classes = self.classes.clone();
                classes.into_iter().flat_map(|class| self.inside(class, count)).collect()
            }
        }
    }

    fn anywhere(&mut self, count: usize) -> Vec<Click> {
        let classes = self.classes.clone();
        let candidates = self.positions(|value| classes.contains(&value));
        self.draw(&candidates, count).into_iter().map(|at| self.click_at(at)).collect()
    }

    fn inside(&mut self, class: u8, count: usize) -> Vec<Click> {
        let inside = self.inner_part(class);
        let candidates: Vec<usize> = (0..inside.len()).filter(|&i| inside[i]).collect();
        self.draw(&candidates, count).into_iter().map(|at| self.click_at(at)).collect()
    }

    fn lies(&self, class: u8) -> Vec<bool> {
        self.truth.data().iter().map(|&value| value == class).collect()
    }

    /// Where a class lies and its border is not near.
    fn inner_part(&self, class: u8) -> Vec<bool> {
        let region = self.lies(class);
        let depth = squared_depth(&region, self.truth.width() as usize);
        let deepest = depth.iter().copied().fold(0.0, f32::max);
        let enough = DEPTH.powi(2).min(0.36 * deepest);
        region.into_iter().zip(depth).map(|(is_it, depth)| is_it && depth >= enough).collect()
    }

    /// The middle of the largest region where a class is missed. A class that is missed nowhere gets no click.
    fn largest_error(&self, class: u8, predicted: &Mask) -> Option<Click> {
        let region = missed(self.lies(class), class, predicted);
        let depth = squared_depth(&region, self.truth.width() as usize);
        let deepest = (0..depth.len()).max_by(|&a, &b| depth[a].total_cmp(&depth[b]).then(b.cmp(&a)))?;
        region[deepest].then(|| self.click_at(deepest))
    }

    /// Any place inside a class where it is missed.
    fn any_error(&mut self, class: u8, predicted: &Mask) -> Option<Click> {
        let region = missed(self.inner_part(class), class, predicted);
        let candidates: Vec<usize> = (0..region.len()).filter(|&i| region[i]).collect();
        self.draw(&candidates, 1).first().map(|&at| self.click_at(at))
    }

    fn positions(&self, keep: impl Fn(u8) -> bool) -> Vec<usize> {
        let data = self.truth.data();
        (0..data.len()).filter(|&i| data[i] != UNLABELLED && keep(data[i])).collect()
    }

    fn draw(&mut self, candidates: &[usize], count: usize) -> Vec<usize> {
        if candidates.is_empty() {
            return Vec::new();
        }
        (0..count).map(|_| candidates[self.stream.below(candidates.len())]).collect()
    }

    fn click_at(&self, at: usize) -> Click {
        let width = self.truth.width() as usize;
        let ([x, y], radius) = ([at % width, at / width], self.radius as usize);
        let around =
            |at: usize, end: u32| -> Range<usize> { at.saturating_sub(radius)..(at + radius + 1).min(end as usize) };
        let mut pixels = Vec::new();
        for v in around(y, self.truth.height()) {
            for u in around(x, self.truth.width()) {
                if u.abs_diff(x).pow(2) + v.abs_diff(y).pow(2) <= radius * radius {
                    pixels.push([u as u32, v as u32]);
                }
            }
        }
        Click { class: self.truth.data()[at], at: [x as u32, y as u32], radius: self.radius, pixels }
    }
}

/// What of a class's region is predicted as another class.
fn missed(mut region: Vec<bool>, class: u8, predicted: &Mask) -> Vec<bool> {
    region.iter_mut().zip(predicted.data()).for_each(|(is_it, &predicted)| *is_it &= predicted != class);
    region
}

/// The pixels of clicks on a tile, as samples.
pub fn samples(clicks: &[Click]) -> Vec<LabelledPixel> {
    let of_click = |(click, Click { class, pixels, .. }): (u32, &Click)| {
        let sample = |&[x, y]: &[u32; 2]| LabelledPixel { x, y, class: *class, click, weight: 1.0 };
        pixels.iter().map(sample).collect::<Vec<_>>()
    };
    (0..).zip(clicks).flat_map(of_click).collect()
}

impl Click {
    /// The same click made in the window, on the tile with this id.
    pub fn stroke(&self, tile: &str) -> Stroke {
        let path = vec![self.at.map(|at| at as f32 + 0.5)];
        Stroke { tile: tile.to_owned(), class: Some(self.class), radius: self.radius as f32, path }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ClassDef, Edit, LabelBook};

    fn classes(count: u8) -> Classes {
        let class = |i: u8| ClassDef { name: format!("c{i}"), color: [i; 3], ignored: i == 3 };
        Classes::new((0..count).map(class).collect()).unwrap()
    }

    /// Left half class 0, a square of class 1, some pixels of class 2, an ignored corner.
    fn truth() -> Mask {
        let mut mask = Mask::unlabelled(64, 64);
        for y in 0..64 {
            for x in 0..64 {
                let class = match (x, y) {
                    (60.., 60..) => 3,
                    (40..56, 20..36) => 1,
                    (62, 3) => 2,
                    (0..32, _) => 0,
                    _ => UNLABELLED,
                };
                mask.data_mut()[y * 64 + x] = class;
            }
        }
        mask
    }

    #[test]
    fn clicks_lie_inside_their_class_and_repeat_with_the_seed() {
        let (truth, classes) = (truth(), classes(4));
        let clicks = |seed| Clicker::new(&truth, &classes, "tile", seed, 4).place(Placement::Stratified, 3, None);
        assert_eq!(clicks(1), clicks(1));
        assert_ne!(clicks(1), clicks(2));
        assert_eq!(clicks(1).iter().map(|click| click.class).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1]);
        for click in clicks(1) {
            assert!(click.pixels.iter().all(|&[x, y]| truth.get(x, y) == click.class), "{click:?}");
        }
    }

    #[test]
    fn a_stroke_labels_the_pixels_of_its_click() {
        let (truth, classes) = (truth(), classes(4));
        for radius in [0, 1, 4, 7] {
            for click in Clicker::new(&truth, &classes, "tile", 3, radius).place(Placement::Random, 20, None) {
                let mut book = LabelBook::default();
                book.apply(Edit::Begin(click.stroke("tile")));
                let drawn = book.rasterize("tile", truth.size());
                let labelled = |[x, y]: &[u32; 2]| drawn.get(*x, *y) == click.class;
                assert!(
                    click.pixels.iter().all(labelled) && drawn.labelled() == click.pixels.len() as u64,
                    "{click:?}"
                );
            }
        }
    }

    #[test]
    fn an_error_click_is_in_the_middle_of_what_is_missed() {
        let (truth, classes) = (truth(), classes(4));
        let mut predicted = truth.clone();
        for y in 22..27 {
            predicted.data_mut()[y * 64 + 44..y * 64 + 49].fill(0);
        }
        let mut clicker = Clicker::new(&truth, &classes, "tile", 1, 0);
        let clicks = clicker.place(Placement::Error, 1, Some(&predicted));
        assert_eq!(clicks, [Click { class: 1, at: [46, 24], radius: 0, pixels: vec![[46, 24]] }]);
    }

    #[test]
    fn a_click_on_what_is_missed_keeps_away_from_the_border_of_its_class() {
        let (truth, classes) = (truth(), classes(4));
        let mut predicted = truth.clone();
        predicted.data_mut()[28 * 64..].fill(2);
        for seed in 0..20 {
            let clicks = Clicker::new(&truth, &classes, "tile", seed, 0).place(Placement::Missed, 1, Some(&predicted));
            assert_eq!(clicks.iter().map(|click| click.class).collect::<Vec<_>>(), [0, 1], "{clicks:?}");
            assert!(clicks.iter().all(|click| click.at[1] >= 28), "{clicks:?}");
            let [x, y] = clicks[1].at;
            assert!((44..52).contains(&x) && y < 32, "{clicks:?}");
        }
        assert!(Clicker::new(&truth, &classes, "tile", 1, 0).place(Placement::Missed, 1, Some(&truth)).is_empty());
    }

    #[test]
    fn random_clicks_never_meet_what_is_unlabelled_or_ignored() {
        let (truth, classes) = (truth(), classes(4));
        let clicks = Clicker::new(&truth, &classes, "tile", 5, 0).place(Placement::Random, 50, None);
        assert_eq!(clicks.len(), 100);
        assert!(clicks.iter().all(|click| click.class < 2));
    }
}
