//! A bench for few clicks: labels a tile as somebody would who knows its mask, and scores the map after each round.

use std::time::Instant;

use super::clicks::{self, Click, Clicker, Placement};
use super::head::QuickHead;
use super::samples::TileSamples;
use super::tile_features::TileFeatures;
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
    /// Its features.
    pub features: &'a TileFeatures,
    /// Its full mask: where clicks go, and what is scored against.
    pub truth: &'a Mask,
    /// Classes of the project.
    pub classes: &'a Classes,
}

impl OneTile<'_> {
    /// Places clicks until there are `counts[i]` of each class, and scores the map at each of them.
    pub fn rounds(&self, clicker: &mut Clicker<'_>, placement: Placement, counts: &[usize]) -> Vec<Round> {
        let (mut clicks, mut rounds, mut given) = (Vec::<Click>::new(), Vec::new(), 0);
        let (mut head, mut map): (Option<QuickHead>, Option<Mask>) = (None, None);
        for (round, &count) in counts.iter().enumerate() {
            let mut began = Instant::now();
            while given < count {
                // An error click answers the map of the clicks before it, so these come one by one.
                let step = if placement == Placement::Error { 1 } else { count - given };
                clicks.extend(clicker.place(placement, step, map.as_ref()));
                given += step;
                began = Instant::now();
                head = self.learn(&clicks, head.as_ref()).or(head);
                map = head.as_ref().map(|head| head.predict(self.features, None).classes);
            }
            let seconds = began.elapsed().as_secs_f64();
            let Some(map) = &map else { continue };
            let mut confusion = Confusion::new(self.classes.len());
            confusion.add(self.truth, map, self.classes);
            let scores = confusion.scores(self.classes);
            let (miou, accuracy) = (scores.miou, scores.pixel_accuracy);
            rounds.push(Round { round, clicks: clicks.len(), miou, accuracy, seconds });
        }
        rounds
    }

    fn learn(&self, clicks: &[Click], before: Option<&QuickHead>) -> Option<QuickHead> {
        QuickHead::learn(&[&TileSamples::new(self.features, &clicks::samples(clicks))], before)
    }
}
