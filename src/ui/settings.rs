//! What the window remembers from one day to the next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::action::Tab;
use super::layers::LayerSet;
use super::theme::ThemeChoice;
use crate::domain::RunConfig;
use crate::domain::split::Split;

/// Kept by eframe's storage; panel sizes are kept by egui itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Light or dark.
    pub theme: ThemeChoice,
    /// Whether the second view is shown.
    pub two_views: bool,
    /// The layers of each view.
    pub layers: [LayerSet; 2],
    /// Brush radius in image pixels.
    pub radius: f32,
    /// The form of the next run.
    pub form: RunConfig,
    /// Projects opened before, the latest first.
    pub recent: Vec<PathBuf>,
    /// The tab in front.
    pub tab: Tab,
    /// Whether the contents of the tabs are shown, if that was decided by hand.
    pub lower_open: Option<bool>,
    /// Whether the loss is drawn on a logarithmic scale.
    pub log_loss: bool,
    /// Whether the first steps were read.
    pub help_dismissed: bool,
    /// The part of single tiles, chosen by hand, by project and id.
    pub splits: BTreeMap<PathBuf, BTreeMap<String, Split>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::System,
            two_views: true,
            layers: [LayerSet::sampled(), LayerSet::prediction()],
            radius: 4.0,
            form: RunConfig::demo(),
            recent: Vec::new(),
            tab: Tab::Curves,
            lower_open: None,
            log_loss: false,
            help_dismissed: false,
            splits: BTreeMap::new(),
        }
    }
}

/// Name of the settings in eframe's storage.
pub const STORAGE_KEY: &str = "pointillist";
/// Projects remembered.
const RECENT: usize = 10;
/// Brush radii that can be chosen, image pixels.
pub const RADII: std::ops::RangeInclusive<f32> = 0.0..=256.0;

impl Settings {
    /// Puts a project at the head of the recent ones.
    pub fn remember(&mut self, root: &Path) {
        self.recent.retain(|path| path != root);
        self.recent.insert(0, root.to_path_buf());
        self.recent.truncate(RECENT);
        self.splits.retain(|path, _| self.recent.contains(path));
    }

    /// A smaller (negative) or larger brush: by a quarter, and by at least one pixel.
    pub fn step_radius(&mut self, steps: i32) {
        let step = (self.radius * 0.25).max(1.0).round();
        self.radius = (self.radius + step * steps as f32).round().clamp(*RADII.start(), *RADII.end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_projects_are_few_and_distinct() {
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

    #[test]
    fn settings_of_an_older_version_are_completed() {
        let settings: Settings = serde_json::from_str(r#"{"two_views": false}"#).unwrap();
        assert_eq!(settings, Settings { two_views: false, ..Settings::default() });
    }
}
