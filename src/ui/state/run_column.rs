//! The columns of the list of runs, and what a run has in each.

use super::format;
use crate::domain::config::Encoder;
use crate::domain::{Choice as _, RunConfig, Strategy};
use crate::quick::method::QuickMethod;
use crate::train::run_list::RunEntry;
use crate::train::run_notes::RunNotes;

/// Stands where a run has nothing to say.
pub const NOTHING: &str = "–";

/// A column of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunColumn {
    /// Name of the run folder.
    Name,
    /// Architecture and size of the network, or the kind of quick head.
    Network,
    /// Which labels it learned from.
    Labels,
    /// A setting in which the listed runs differ, by its name in `config.toml`.
    Setting(String),
    /// Steps taken.
    Steps,
    /// Best mean IoU.
    BestMiou,
    /// Seconds it took.
    Time,
    /// How it ended.
    Ended,
    /// Tags that a person gave it.
    Tags,
    /// What a person noted.
    Note,
}

/// What a run has in a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// As it is shown.
    pub text: String,
    /// By which it is sorted, if it is a number.
    pub number: Option<f64>,
}

impl RunColumn {
    /// Its name; that of a setting is the one in `config.toml`.
    pub fn name(&self) -> &str {
        match self {
            Self::Name => "run",
            Self::Network => "network",
            Self::Labels => "labels",
            Self::Setting(field) => field.as_str(),
            Self::Steps => "steps",
            Self::BestMiou => "best mIoU",
            Self::Time => "time",
            Self::Ended => "ended",
            Self::Tags => "tags",
            Self::Note => "note",
        }
    }

    /// What the column holds, for its tooltip.
    pub fn help(&self) -> String {
        match self {
            Self::Name => "Name of the run folder".to_owned(),
            Self::Network => "Architecture and size of the network, or the kind of quick head".to_owned(),
            Self::Labels => "The labels it learned from".to_owned(),
            Self::Setting(field) => format!("{field}: the listed runs differ in it"),
            Self::Steps => "Steps taken".to_owned(),
            Self::BestMiou => "Best mean IoU over the scored classes on the validation tiles".to_owned(),
            Self::Time => "Time from start to end".to_owned(),
            Self::Ended => "How it ended".to_owned(),
            Self::Tags => "Tags that you gave it".to_owned(),
            Self::Note => "What you noted".to_owned(),
        }
    }

    /// What a run has in the column. `has_masks`: the project has masks to sample from. Settings are not known here.
    pub(super) fn cell(&self, run: &RunEntry, has_masks: bool) -> Cell {
        let words = |text: String| Cell { text, number: None };
        let number = |text: String, value: f64| Cell { text, number: Some(value) };
        let end = run.end.as_ref();
        match self {
            Self::Name => words(run.name.clone()),
            Self::Network => words(network(run)),
            Self::Labels => words(labels(run, has_masks)),
            Self::Setting(_) => Cell::default(),
            Self::Steps => end
                .filter(|_| is_trained(run))
                .map_or_else(Cell::nothing, |end| number(format::count(end.steps), end.steps as f64)),
            Self::BestMiou => {
                end.and_then(|end| end.best_miou).map_or_else(Cell::nothing, |miou| number(format::score(miou), miou))
            }
            Self::Time => end
                .filter(|_| is_trained(run))
                .map_or_else(Cell::nothing, |end| number(format::duration(end.secs), end.secs)),
            Self::Ended => words(ended(run)),
            Self::Tags => words(run.notes.as_ref().map(RunNotes::tags_text).unwrap_or_default()),
            Self::Note => words(run.notes.as_ref().map(|notes| notes.note.clone()).unwrap_or_default()),
        }
    }
}

impl Cell {
    /// Of a run that has nothing in the column.
    pub(super) fn nothing() -> Self {
        Self { text: NOTHING.to_owned(), number: None }
    }

    /// A setting, which may be a number.
    pub(super) fn of_setting(text: &str) -> Self {
        match text {
            "" => Self::nothing(),
            text => Self { text: text.to_owned(), number: text.parse().ok() },
        }
    }
}

/// Whether its configuration says how it was trained.
pub(super) fn is_trained(run: &RunEntry) -> bool {
    !run.is_quick && !run.is_imported()
}

fn network(run: &RunEntry) -> String {
    match &run.config {
        _ if run.is_quick => run.quick_method.map_or("quick head".to_owned(), QuickMethod::head),
        Some(config) => architecture(config),
        None => "config.toml cannot be read".to_owned(),
    }
}

fn architecture(config: &RunConfig) -> String {
    let model = &config.model;
    let depth = match &model.encoder {
        Encoder::None => format!("{} levels", model.levels),
        pretrained => pretrained.title().to_owned(),
    };
    let more: String = model.particulars().iter().map(|phrase| format!(", {phrase}")).collect();
    format!("{}, base {}, {depth}{more}", model.arch.title(), model.base)
}

fn labels(run: &RunEntry, has_masks: bool) -> String {
    match &run.config {
        _ if run.is_quick => Strategy::OwnLabelsOnly.describe(),
        None => NOTHING.to_owned(),
        Some(_) if run.is_imported() => NOTHING.to_owned(),
        // Early versions stored a sampling strategy even if there was no mask to sample from.
        Some(_) if !has_masks => Strategy::OwnLabelsOnly.describe(),
        Some(config) => config.label_sampling().strategy.describe(),
    }
}

fn ended(run: &RunEntry) -> String {
    match &run.end {
        Some(_) if run.is_quick => "saved".to_owned(),
        Some(end) => end.outcome.clone(),
        None => "interrupted".to_owned(),
    }
}
