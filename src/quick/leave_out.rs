//! Scores of clicks that the head has not seen: each is predicted by a head that learned from the others.

use super::course::Course;
use super::head::QuickHead;

/// Heads that are learned at most.
const FOLDS: usize = 10;

/// What a head that has not seen a click says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Class of the click.
    pub class: u8,
    /// The class that is most probable over its pixels.
    pub predicted: u8,
}

/// Leaves out every click once, a tenth of each class at a time (cross-validation). The only click of its class is not left
/// out, since nobody could predict its class then. `None` once `go_on` says that the scores are no longer wanted.
pub fn leave_out(course: &Course<'_>, go_on: &dyn Fn() -> bool) -> Option<Vec<Vote>> {
    let clicks = course.clicks();
    let of_class = |class: u8| clicks.iter().filter(move |click| click.class == class).count();
    let number = |place: usize| clicks[..place].iter().filter(|click| click.class == clicks[place].class).count();
    let folds: Vec<usize> = (0..clicks.len()).map(|place| number(place) % FOLDS).collect();
    let mut votes = Vec::new();
    for fold in 0..FOLDS {
        let is_left_out = |place: usize| folds[place] == fold && of_class(clicks[place].class) > 1;
        let (out, seen): (Vec<usize>, Vec<usize>) = (0..clicks.len()).partition(|&place| is_left_out(place));
        if out.is_empty() {
            continue;
        }
        if !go_on() {
            return None;
        }
        let seen: Vec<_> = seen.into_iter().map(|place| clicks[place].clone()).collect();
        let Some(head) = QuickHead::learn_from(course, &seen, None) else { continue };
        votes.extend(out.into_iter().map(|place| {
            let click = &clicks[place];
            Vote { class: click.class, predicted: head.vote(course.tiles, click) }
        }));
    }
    Some(votes)
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;
    use crate::quick::samples::{LabelledPixel, TileSamples};
    use crate::quick::tile_features::{Kinds, TileFeatures};

    /// Left red, right green.
    fn samples(pixels: &[(u32, u8)]) -> TileSamples {
        let image = RgbImage::from_fn(64, 32, |x, y| {
            let noise = ((x * 31 + y * 17) % 13) as u8;
            if x < 32 { Rgb([200 + noise, 40, 30]) } else { Rgb([40, 180 + noise, 30]) }
        });
        let features = TileFeatures::compute(&image, None, Kinds::BANK);
        let pixel = |(click, &(x, class)): (u32, &(u32, u8))| LabelledPixel { x, y: 9, class, click, weight: 50.0 };
        TileSamples::new(&features, &(0..).zip(pixels).map(pixel).collect::<Vec<_>>())
    }

    #[test]
    fn clicks_on_plain_colours_are_predicted_and_a_wrong_one_is_found_out() {
        let tile = samples(&[(3, 4), (9, 4), (15, 4), (38, 6), (44, 6), (50, 6), (56, 6), (61, 6), (47, 4)]);
        let votes = leave_out(&Course::of(&[&tile]), &|| true).unwrap();
        assert_eq!(votes.len(), 9);
        let wrong: Vec<&Vote> = votes.iter().filter(|vote| vote.class != vote.predicted).collect();
        assert!(wrong.contains(&&Vote { class: 4, predicted: 6 }), "the click of class 4 on green: {wrong:?}");
        assert!(wrong.len() <= 2, "{wrong:?}");
    }

    #[test]
    fn the_only_click_of_a_class_is_not_left_out() {
        let tile = samples(&[(3, 4), (9, 4), (40, 6)]);
        assert_eq!(leave_out(&Course::of(&[&tile]), &|| true).unwrap().len(), 2);
        assert_eq!(leave_out(&Course::of(&[&samples(&[(3, 4), (40, 6)])]), &|| true), Some(Vec::new()));
        assert_eq!(leave_out(&Course::of(&[&tile]), &|| false), None);
    }
}
