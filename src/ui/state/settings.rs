//! Settings kept between sessions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use eframe::Storage;
use serde::{Deserialize, Serialize};

use super::action::Tab;
use super::layer::LayerSet;
use super::map_source::MapChoice;
use super::preset::Preset;
use super::score_moment::ScoreMoment;
use super::theme_choice::ThemeChoice;
use crate::domain::split::Split;
use crate::domain::{RunConfig, config, stored};
use crate::quick::method::QuickMethod;
use crate::study::compare::figures::Shares;

/// Kept by eframe's storage. egui itself keeps the panel sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light, dark or system.
    pub theme: ThemeChoice,
    /// Whether the second view is shown.
    pub two_views: bool,
    /// The layers of each view, left and right.
    pub layers: [LayerSet; 2],
    /// Whether the blocks that validate are drawn.
    pub blocks: bool,
    /// Which map is shown as the prediction.
    pub map: MapChoice,
    /// What learns the quick map.
    pub quick_method: QuickMethod,
    /// Brush radius in image pixels.
    pub radius: f32,
    /// Settings of the next run.
    pub form: RunConfig,
    /// Recent project folders, newest first.
    pub recent: Vec<PathBuf>,
    /// The tab in front.
    pub tab: Tab,
    /// Whether the lower panel is open, if the user chose.
    pub lower_open: Option<bool>,
    /// Whether the loss is drawn on a logarithmic scale.
    pub log_loss: bool,
    /// Which scores of runs are compared.
    pub scores: ScoreMoment,
    /// By how many epochs a run that has ended is made longer.
    pub more_epochs: u32,
    /// What the cells of the confusion matrix are shares of.
    pub matrix: Shares,
    /// Whether the first steps were dismissed.
    pub help_dismissed: bool,
    /// Splits the user chose, by project folder and image file.
    pub splits: BTreeMap<PathBuf, BTreeMap<String, Split>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            two_views: true,
            layers: [Preset::Sampled.layers(), Preset::Prediction.layers()],
            blocks: true,
            map: MapChoice::Auto,
            quick_method: QuickMethod::Linear,
            radius: 4.0,
            form: RunConfig::demo(),
            recent: Vec::new(),
            tab: Tab::Curves,
            lower_open: None,
            log_loss: false,
            scores: ScoreMoment::Best,
            matrix: Shares::Rows,
            more_epochs: 10,
            help_dismissed: false,
            splits: BTreeMap::new(),
        }
    }
}

/// Key of the settings in eframe's storage.
const STORAGE_KEY: &str = "pointillist";
/// Recent projects kept.
const RECENT: usize = 10;
/// Range of the brush radius, image pixels.
pub const RADII: std::ops::RangeInclusive<f32> = 0.0..=256.0;

impl Settings {
    /// Loads the settings, and a sentence for each one that could not be read. A broken field does not affect the
    /// others.
    pub fn load(storage: &dyn Storage) -> (Self, Vec<String>) {
        let Some(text) = storage.get_string(STORAGE_KEY) else { return (Self::default(), Vec::new()) };
        let known = Self { form: RunConfig::every_field(), ..Self::default() };
        let read = serde_json::from_str(&text).and_then(|mut stored: serde_json::Value| {
            stored.get_mut("form").map(config::upgrade);
            stored::read(&Self::default(), &known, &stored)
        });
        match read {
            Ok((mut settings, lost)) => {
                if settings.map == MapChoice::Network {
                    settings.map = MapChoice::Auto; // There is no network at the start.
                }
                let sentence = |phrase| format!("A stored setting was ignored: {phrase}");
                (settings, lost.into_iter().map(sentence).collect())
            }
            Err(_) => match eframe::get_value(&FirstVersion(text), STORAGE_KEY) {
                Some(settings) => (settings, Vec::new()),
                None => (Self::default(), vec!["The stored settings could not be read; defaults are used".to_owned()]),
            },
        }
    }

    /// Stores the settings.
    pub fn store(&self, storage: &mut dyn Storage) {
        match serde_json::to_string(self) {
            Ok(text) => storage.set_string(STORAGE_KEY, text),
            Err(error) => log::warn!("the settings could not be stored: {error}"),
        }
    }

    /// Puts a project first among the recent ones.
    pub fn remember(&mut self, root: &Path) {
        self.recent.retain(|path| path != root);
        self.recent.insert(0, root.to_path_buf());
        self.recent.truncate(RECENT);
        self.splits.retain(|path, _| self.recent.contains(path));
    }

    /// Makes the brush smaller (negative) or larger: by a quarter per step, at least one pixel.
    pub fn step_radius(&mut self, steps: i32) {
        let step = (self.radius * 0.25).max(1.0).round();
        self.radius = (self.radius + step * steps as f32).round().clamp(*RADII.start(), *RADII.end());
    }
}

/// Settings as the first version wrote them: in RON, with values of options that have other names now.
struct FirstVersion(String);

impl Storage for FirstVersion {
    fn get_string(&self, _key: &str) -> Option<String> {
        let renamed = [
            ("loss:pce", "supervision:sparse"),
            ("loss:ce", "supervision:full"),
            ("loss:r#cross-entropy", "loss:(r#cross-entropy:1.0)"),
            ("strategy:nothing", "strategy:own_labels_only"),
        ];
        Some(renamed.iter().fold(self.0.clone(), |text, (old, new)| text.replace(old, new)))
    }

    fn set_string(&mut self, _key: &str, _value: String) {}

    fn remove_string(&mut self, _key: &str) {}

    fn flush(&mut self) {}
}

#[cfg(test)]
pub(in crate::ui) mod tests {
    use super::*;
    use crate::domain::Strategy;
    use crate::domain::config::{LossWeights, Supervision};

    #[test]
    fn recent_projects_are_limited_and_distinct() {
        let mut settings = Settings::default();
        for i in 0..20 {
            settings.remember(Path::new(&format!("/p/{}", i % 15)));
        }
        assert_eq!(settings.recent.len(), RECENT);
        assert_eq!(settings.recent[0], Path::new("/p/4"));
        settings.remember(Path::new("/p/1"));
        assert_eq!(settings.recent.iter().filter(|p| **p == Path::new("/p/1")).count(), 1);
    }

    #[test]
    fn the_brush_grows_and_shrinks_within_bounds() {
        let mut settings = Settings { radius: 0.0, ..Settings::default() };
        settings.step_radius(-1);
        assert!(settings.radius.abs() < f32::EPSILON);
        for _ in 0..100 {
            settings.step_radius(1);
        }
        assert!((settings.radius - 256.0).abs() < f32::EPSILON);
    }

    /// A storage with one entry.
    #[derive(Default)]
    pub(in crate::ui) struct Memory(pub(in crate::ui) Option<String>);

    impl Storage for Memory {
        fn get_string(&self, _key: &str) -> Option<String> {
            self.0.clone()
        }

        fn set_string(&mut self, _key: &str, value: String) {
            self.0 = Some(value);
        }

        fn remove_string(&mut self, _key: &str) {
            self.0 = None;
        }

        fn flush(&mut self) {}
    }

    fn unusual() -> Settings {
        let mut settings = Settings { two_views: false, radius: 9.0, tab: Tab::Runs, ..Settings::default() };
        settings.remember(Path::new("/p/1"));
        settings.form.train.batch = 7;
        settings.form.ignore = Some(vec!["water".to_owned()]);
        settings.layers[0][crate::ui::state::layer::Layer::Mask].opacity = 0.25;
        settings.quick_method = QuickMethod::Forest;
        settings
    }

    #[test]
    fn settings_survive_storage() {
        let mut storage = Memory::default();
        unusual().store(&mut storage);
        assert_eq!(Settings::load(&storage), (unusual(), Vec::new()));
        assert_eq!(Settings::load(&Memory::default()), (Settings::default(), Vec::new()));
    }

    #[test]
    fn missing_settings_get_defaults() {
        let stored = Memory(Some(r#"{"two_views": false}"#.to_owned()));
        assert_eq!(Settings::load(&stored), (Settings { two_views: false, ..Settings::default() }, Vec::new()));
    }

    #[test]
    fn a_form_of_an_older_version_means_the_same() {
        let form = r#"{"form": {"train": {"loss": "ce"}, "sampling": {"strategy": "nothing"}}}"#;
        let (settings, lost) = Settings::load(&Memory(Some(form.to_owned())));
        let (supervision, strategy) = (settings.form.train.supervision, settings.form.sampling.strategy);
        assert_eq!((supervision, strategy), (Supervision::Full, Strategy::OwnLabelsOnly));
        assert_eq!(lost, Vec::<String>::new());
    }

    #[test]
    fn settings_of_the_first_version_keep_their_form() {
        let later = Memory(Some("(form:(train:(loss:r#cross-entropy,batch:3)))".to_owned()));
        let (settings, lost) = Settings::load(&later);
        assert_eq!(
            (settings.form.train.batch, settings.form.train.loss, lost),
            (3, LossWeights::default(), Vec::new()),
            "as versions between the first and this one wrote it"
        );
        let ron = "(two_views:false,form:(train:(loss:ce),sampling:(strategy:nothing)))";
        let (settings, lost) = Settings::load(&Memory(Some(ron.to_owned())));
        let (supervision, strategy) = (settings.form.train.supervision, settings.form.sampling.strategy);
        assert_eq!((supervision, strategy), (Supervision::Full, Strategy::OwnLabelsOnly));
        assert_eq!((settings.two_views, lost), (false, Vec::new()));
    }

    #[test]
    fn one_broken_setting_does_not_affect_the_others() {
        let mut stored = serde_json::to_value(unusual()).unwrap();
        stored["tab"] = "Graveyard".into();
        stored["form"]["train"]["cool_down"] = 5.into();
        stored["form"]["model"]["arch"] = "transformer".into();
        stored["layers"][1] = "everything".into();
        stored["gone"] = true.into();
        let (settings, lost) = Settings::load(&Memory(Some(stored.to_string())));
        let want = Settings { tab: Tab::Curves, layers: Settings::default().layers, ..unusual() };
        assert_eq!(settings, want);
        assert_eq!(lost.len(), 5, "{lost:?}");
    }

    #[test]
    fn settings_written_as_ron_are_read() {
        let mut storage = Memory::default();
        eframe::set_value(&mut storage, STORAGE_KEY, &unusual());
        assert_eq!(Settings::load(&storage), (unusual(), Vec::new()));
        // As written by the first version: layers in order, without names.
        let styles = "((visible:true,opacity:1.0),(visible:true,opacity:0.5),(visible:false,opacity:1.0),\
                      (visible:false,opacity:0.55),(visible:false,opacity:0.7),(visible:true,opacity:1.0))";
        let first = Memory(Some(format!("(two_views:false,layers:({styles},{styles}),radius:9.0)")));
        let (settings, lost) = Settings::load(&first);
        assert_eq!((settings.two_views, settings.radius, lost.len()), (false, 9.0, 0), "{lost:?}");
        let mask = settings.layers[1][crate::ui::state::layer::Layer::Mask];
        assert!(mask.visible && (mask.opacity - 0.5).abs() < f32::EPSILON);
        let (_, lost) = Settings::load(&Memory(Some("neither [ nor".to_owned())));
        assert_eq!(lost.len(), 1);
    }
}
