//! What a view says of its prediction: where it comes from, or what is missing for one.

use super::app_state::AppState;
use super::format::{counted, counted_classes};
use super::map_source::{MapChoice, MapSource};
use super::verdict::Verdict;
use crate::engine::quick::{Lesson, QuickStatus, Tally};
use crate::quick::method::QuickMethod;

impl AppState {
    /// The source of the map that is shown, else what is missing for one. `None` if there is nothing to say.
    pub fn map_note(&self) -> Option<String> {
        self.view.tile.as_ref()?;
        if let Some(swipe) = &self.swipe {
            let waits = "The maps of the runs wait for the study in progress".to_owned();
            let missing = swipe.missing().map(|missing| if self.study.is_running() { waits } else { missing });
            return missing.or_else(|| Some(format!("{} | {}{}", swipe.name(0), swipe.name(1), swipe.lacking())));
        }
        match self.map_source() {
            Some(MapSource::Quick) => match self.view.quick.status.as_ref()? {
                QuickStatus::Mapped(lesson) => {
                    Some(format!("{} · {}{}", self.quick_name(), learned(lesson), left_out(self)))
                }
                _ => Some(self.quick_name().to_owned()),
            },
            Some(MapSource::Network) => Some(match (self.saved_quick_learned(), self.network_note()) {
                (Some(learned), _) => format!("{} · {learned}", self.saved_quick_name()),
                (None, Some(note)) => format!("Network · {note}"),
                (None, None) => "Network".to_owned(),
            }),
            None if self.map_choice() == MapChoice::Network && self.run.is_running() => {
                Some("The network has not mapped this tile yet".to_owned())
            }
            None if self.map_choice() == MapChoice::Network && self.saved_quick_text().is_some() => {
                Some("The saved quick map of this tile is being computed …".to_owned())
            }
            None if self.map_choice() == MapChoice::Network => {
                Some("No network has predicted this tile yet: press Start, or Q for the quick map".to_owned())
            }
            None => missing(self),
        }
    }

    fn quick_name(&self) -> &'static str {
        match self.quick_method() {
            QuickMethod::Forest => "Quick map (forest)",
            QuickMethod::Linear => "Quick map",
        }
    }

    /// What learned the quick map of the tile in view.
    pub fn quick_method(&self) -> QuickMethod {
        self.view.quick.lessons.as_ref().map_or(self.settings.quick_method, |lessons| lessons.method())
    }

    /// Why this map is shown, and how to see the other.
    pub fn map_comparison(&self) -> String {
        let why = match self.verdict() {
            Some(Verdict::Validation { quick, network, tiles }) => format!(
                "Mean IoU on {} that neither has learned from: quick {quick:.3}, network {network:.3}.",
                counted(tiles as u64, "validation tile")
            ),
            Some(Verdict::KeptAside { quick, network, clicks }) => format!(
                "Of {} kept aside from both, the quick map gets {quick} right, the network's {network}.",
                counted(clicks as u64, "click")
            ),
            None => "Nothing tells yet which map is better: that takes validation masks, or five clicks of a class, one of which is \
                     kept aside."
                .to_owned(),
        };
        let other = if self.saved_quick().is_some() { "the saved one" } else { "the network's" };
        format!("{why}\nQ goes from the better map to the quick one and to {other}.")
    }
}

/// What the map was learned from.
fn learned(lesson: &Lesson) -> String {
    let mut text = format!("{}, {}", counted(lesson.clicks as u64, "click"), counted_classes(lesson.classes.len()));
    if lesson.tiles > 1 {
        text += &format!(" on {} tiles", lesson.tiles);
    }
    if lesson.tiles_left > 0 {
        text += &format!(", {} to come", counted(lesson.tiles_left as u64, "tile"));
    }
    if lesson.pixel > 1 {
        text += &format!(" · at 1/{} size", lesson.pixel);
    }
    text
}

/// How many clicks are predicted rightly by a head that has not seen them.
fn left_out(state: &AppState) -> String {
    let tally = state.view.quick.judgement.as_ref().map(|judgement| judgement.left_out).filter(|tally| tally.of > 0);
    tally.map_or(String::new(), |Tally { right, of }| format!(" · {right} of {of} right when left out"))
}

/// What is missing for a quick map.
fn missing(state: &AppState) -> Option<String> {
    match state.view.quick.status.as_ref()? {
        QuickStatus::Preparing => Some("Preparing the quick map …".to_owned()),
        QuickStatus::NoLabels => Some("Label two classes to see a map".to_owned()),
        QuickStatus::OneClass(class) => {
            let name = state.class_list().get(usize::from(*class)).map_or("one class", |class| class.name.as_str());
            Some(format!("Only {name} is labelled: label a second class to see a map"))
        }
        QuickStatus::Failed(why) => Some(format!("No quick map: {why}")),
        QuickStatus::Mapped(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{ClassMap, Mask};
    use crate::engine::protocol::Preview;
    use crate::engine::quick::Judgement;
    use crate::ui::state::image_pyramid::ImagePyramid;
    use crate::ui::state::settings::Settings;
    use crate::ui::state::tile_view::TileView;

    fn state(status: QuickStatus) -> AppState {
        let mut state = AppState::new(Settings::default());
        state.view.tile = Some(Arc::new(TileView {
            tile: "a".to_owned(),
            size: [1, 1],
            image: ImagePyramid::new(&image::RgbImage::new(1, 1)),
            mask_counts: Vec::new(),
            mask: None,
            short_id: String::new(),
        }));
        state.view.quick.status = Some(status);
        state
    }

    fn map() -> Arc<ClassMap> {
        Arc::new(ClassMap { classes: Mask::from_vec(1, 1, vec![0]).unwrap(), confidence: vec![255] })
    }

    #[test]
    fn the_note_says_what_is_missing_and_what_is_shown() {
        assert_eq!(state(QuickStatus::NoLabels).map_note().as_deref(), Some("Label two classes to see a map"));
        let one = state(QuickStatus::OneClass(0)).map_note().unwrap();
        assert!(one.contains("label a second class"), "{one}");
        let lesson = Lesson { clicks: 11, classes: vec![0, 1, 3], tiles: 2, tiles_left: 1, pixel: 2 };
        let mut state = state(QuickStatus::Mapped(lesson));
        state.view.quick.map = Some(map().into());
        let left_out = Tally { right: 8, of: 10 };
        state.view.quick.judgement = Some(Arc::new(Judgement { left_out, ..Judgement::default() }));
        let note = state.map_note().unwrap();
        let want =
            "Quick map · 11 clicks, 3 classes on 2 tiles, 1 tile to come · at 1/2 size · 8 of 10 right when left out";
        assert_eq!(note, want);
        let (tile, step) = ("a".to_owned(), 240);
        let network = Preview { run: 0, tile, step, age_secs: 0.0, map: map(), complete: true };
        state.view.network = Some(Arc::new(network));
        state.next_map();
        assert_eq!(state.map_note().unwrap(), want, "quick");
        state.next_map();
        assert_eq!(state.map_note().as_deref(), Some("Network · step 240"));
        state.view.network = None;
        assert!(state.map_note().unwrap().contains("press Start"));
    }
}
