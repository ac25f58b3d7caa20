//! Which of the two maps is better: the quick head's or the network's, as far as something tells.

use std::collections::BTreeSet;

use super::app_state::AppState;
use super::map_source::MapSource;
use crate::domain::ClassDef;
use crate::domain::metrics::mean_of_numbers;

/// How both maps do on the same test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Mean IoU over validation tiles that both were scored on, and their number.
    Validation {
        /// The quick head's mean.
        quick: f64,
        /// The network's mean.
        network: f64,
        /// Validation tiles.
        tiles: usize,
    },
    /// Clicks on the tile in view that neither has learned from, and how many each gets right.
    KeptAside {
        /// Right by the quick head.
        quick: usize,
        /// Right by the network.
        network: usize,
        /// All.
        clicks: usize,
    },
}

impl Verdict {
    /// The better one. The network has to be better to take over.
    pub fn better(self) -> MapSource {
        let network_is = match self {
            Self::Validation { quick, network, .. } => network > quick,
            Self::KeptAside { quick, network, .. } => network > quick,
        };
        if network_is { MapSource::Network } else { MapSource::Quick }
    }
}

impl AppState {
    /// How the two maps compare; `None` while nothing tells.
    pub fn verdict(&self) -> Option<Verdict> {
        self.validation_verdict().or_else(|| self.kept_aside_verdict())
    }

    fn validation_verdict(&self) -> Option<Verdict> {
        let judgement = self.view.quick.judgement.as_ref().filter(|judgement| !judgement.tiles.is_empty())?;
        let run = self.run.info.as_ref()?;
        if scored(&run.classes) != scored(self.classes_in_effect()?.as_slice()) {
            return None; // Means over different classes cannot be compared.
        }
        // Of a tile that is learned from as well the network was scored on blocks, and the quick head on the whole mask.
        let whole = judgement.tiles.iter().filter(|(tile, _)| !run.train_tiles.contains(tile));
        let both = whole.filter_map(|(tile, quick)| Some((*quick, *self.run.tile_scores.get(tile)?)));
        let (quick, network): (Vec<f64>, Vec<f64>) = both.filter(|(a, b)| !a.is_nan() && !b.is_nan()).unzip();
        let tiles = quick.len();
        let [quick, network] = [quick, network].map(|scores| mean_of_numbers(&scores));
        (tiles > 0).then_some(Verdict::Validation { quick, network, tiles })
    }

    fn kept_aside_verdict(&self) -> Option<Verdict> {
        let keeps_aside =
            self.run.info.as_ref().is_some_and(|info| info.config.train.keep_aside && info.val_tiles.is_empty());
        let (judgement, size) = (self.view.quick.judgement.as_ref()?, self.view.size()?);
        let map = self.view.network.as_ref().filter(|map| map.complete && keeps_aside)?;
        let kept = &judgement.kept_aside;
        let network = kept.iter().filter(|click| click.is_right_on(&map.map.classes, size)).count();
        let quick = kept.iter().filter(|click| click.is_right).count();
        (!kept.is_empty()).then_some(Verdict::KeptAside { quick, network, clicks: kept.len() })
    }
}

/// Names of the classes that are scored.
fn scored(classes: &[ClassDef]) -> BTreeSet<&str> {
    classes.iter().filter(|class| !class.ignored).map(|class| class.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::data::Project;
    use crate::domain::LabelBook;
    use crate::engine::quick::Judgement;
    use crate::ui::state::open_project::OpenProject;
    use crate::ui::state::run_state::tests::info;
    use crate::ui::state::settings::Settings;

    /// A run and a quick head that were both scored on tile `b`.
    fn both_scored() -> AppState {
        let folder = tempfile::tempdir().unwrap();
        image::RgbImage::new(4, 4).save(folder.path().join("a_sat.png")).unwrap();
        let project = Project::open(folder.path()).unwrap();
        let mut state = AppState::new(Settings::default());
        state.project = Some(OpenProject::new(project, LabelBook::default(), PathBuf::new()));
        state.run.info = Some(Box::new(info()));
        state.run.tile_scores.insert("b".to_owned(), 0.6);
        let tiles = [("b".to_owned(), 0.5)].into();
        state.view.quick.judgement = Some(Arc::new(Judgement { tiles, ..Judgement::default() }));
        state
    }

    #[test]
    fn scores_on_blocks_are_not_compared_with_those_on_whole_tiles() {
        let mut state = both_scored();
        assert!(state.verdict().is_some());
        state.run.info.as_mut().unwrap().train_tiles.push("b".to_owned());
        assert_eq!(state.verdict(), None);
    }

    #[test]
    fn mean_ious_over_different_classes_are_not_compared() {
        let mut state = both_scored();
        assert_eq!(state.verdict(), Some(Verdict::Validation { quick: 0.5, network: 0.6, tiles: 1 }));
        state.settings.form.ignore = Some(vec!["water".to_owned(), "unknown".to_owned()]);
        assert_eq!(state.verdict(), None);
        state.settings.form.ignore = Some(vec!["unknown".to_owned()]);
        assert!(state.verdict().is_some(), "as the run");
    }

    #[test]
    fn the_network_takes_over_only_when_it_is_better() {
        let kept = |quick, network| Verdict::KeptAside { quick, network, clicks: 5 }.better();
        assert_eq!([kept(3, 3), kept(3, 4), kept(4, 3)], [MapSource::Quick, MapSource::Network, MapSource::Quick]);
        let scored = |quick, network| Verdict::Validation { quick, network, tiles: 1 }.better();
        assert_eq!([scored(0.4, 0.4), scored(0.4, 0.41)], [MapSource::Quick, MapSource::Network]);
    }
}
