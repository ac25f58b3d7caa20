//! A bench for few clicks: labels a tile as somebody would who knows its mask, and scores the map after each round.

use std::time::Instant;

use super::clicks::{Click, Clicker, Placement};
use crate::domain::{Classes, Confusion, Mask};

/// The score after a round of clicks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    /// From 0.
    pub round: usize,
    /// Clicks so far, of all classes.
    pub clicks: usize,
    /// Mean IoU over scored classes in mask or map.
    pub miou: f64,
    /// Share of correct pixels.
    pub accuracy: f64,
    /// From the last click to the map.
    pub seconds: f64,
}

/// A tile being labelled.
pub struct OneTile<'a> {
    /// Its full mask: where clicks go, and what is scored against.
    pub truth: &'a Mask,
    /// Classes of the project.
    pub classes: &'a Classes,
}

impl OneTile<'_> {
    /// Places clicks until there are `counts[i]` of each class, and scores the map at each of them. `map` learns from all
    /// clicks so far and maps the tile; `None` if they are not enough.
    ///
    /// # Errors
    /// If `map` fails.
    pub fn rounds<E>(
        &self,
        clicker: &mut Clicker<'_>,
        placement: Placement,
        counts: &[usize],
        mut map: impl FnMut(&[Click]) -> Result<Option<Mask>, E>,
    ) -> Result<Vec<Round>, E> {
        let (mut clicks, mut rounds, mut given) = (Vec::<Click>::new(), Vec::new(), 0);
        let mut mapped: Option<Mask> = None;
        for (round, &count) in counts.iter().enumerate() {
            let mut began = Instant::now();
            while given < count {
                // What answers the map of the clicks before it comes one by one.
                let step = if placement.answers() { 1 } else { count - given };
                clicks.extend(clicker.place(placement, step, mapped.as_ref()));
                given += step;
                began = Instant::now();
                mapped = map(&clicks)?.or(mapped);
            }
            let seconds = began.elapsed().as_secs_f64();
            let Some(mapped) = &mapped else { continue };
            let mut confusion = Confusion::new(self.classes.len());
            confusion.add(self.truth, mapped);
            let scores = confusion.scores(self.classes);
            let (miou, accuracy) = (scores.miou, scores.pixel_accuracy);
            rounds.push(Round { round, clicks: clicks.len(), miou, accuracy, seconds });
        }
        Ok(rounds)
    }
}
