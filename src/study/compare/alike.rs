//! Which runs are one configuration: those that differ in their seeds alone.

use std::path::PathBuf;

use super::entry::Entry;
use super::origins::{KnownFiles, Origins};
use super::run::ComparedRun;
use crate::domain::config::Precision;
use crate::study::phrases;
use crate::study::settings::{self, Settings};

/// An entry with its settings.
pub(super) struct Named {
    pub(super) entry: Entry,
    pub(super) settings: Settings,
    pub(super) phrases: Settings,
    /// Why it stands by itself has been told.
    is_told: bool,
}

/// What runs of a configuration have in common.
#[derive(PartialEq)]
enum Key {
    /// The name that a plan gives it.
    Planned(String),
    /// All settings that count, classes with whether they are ignored, and the data.
    Settings(Vec<Option<String>>, Vec<(String, bool)>, Option<String>),
    /// The folder of a run whose scores are those of a part of its training.
    Unfinished(PathBuf),
}

impl Key {
    fn of(Named { entry, settings, .. }: &Named, fields: &[String]) -> Self {
        let run = entry.run.as_ref();
        if let Some(run) = run.filter(|run| !run.is_complete()) {
            return Self::Unfinished(run.folder.clone());
        }
        if let Some(name) = &entry.configuration {
            return Self::Planned(name.clone());
        }
        let counted = fields.iter().filter(|field| settings::tells_apart(field));
        let classes = run.iter().flat_map(|run| run.classes.iter());
        Self::Settings(
            counted.map(|field| settings.get(field).cloned()).collect(),
            classes.map(|class| (class.name.clone(), class.ignored)).collect(),
            run.and_then(|run| run.digest.clone()),
        )
    }
}

/// Entries with their settings. Data that are known to be the same have one folder: that of the first run.
pub(super) fn named(entries: Vec<Entry>) -> Vec<Named> {
    let digests = |entry: &Entry| entry.run.as_ref().and_then(|run| run.digest.clone());
    let known: Vec<(Option<String>, PathBuf)> =
        entries.iter().map(|entry| (digests(entry), entry.config.data.clone())).collect();
    let origins = |entry: &Entry| entry.run.as_ref().map(|run| run.origins.clone()).unwrap_or_default();
    let all: Vec<Origins> = entries.iter().map(origins).collect();
    let files = KnownFiles::of(entries.iter().map(|entry| &entry.config).zip(&all));
    let config = |entry: &Entry| {
        let digest = digests(entry);
        let same = known.iter().find(|(other, _)| digest.is_some() && *other == digest);
        let mut config = entry.config.clone();
        same.iter().for_each(|(_, data)| config.data.clone_from(data));
        config.train.precision = precision(entry);
        files.name_in(config, &origins(entry))
    };
    let named = |entry: Entry| {
        let config = config(&entry);
        Named { settings: settings::of(&config), phrases: phrases::of(&config), entry, is_told: false }
    };
    entries.into_iter().map(named).collect()
}

/// In which numbers a run learned: what its end says, since `auto` depends on the device. Runs of earlier versions computed in f32.
fn precision(entry: &Entry) -> Precision {
    let summary = entry.run.as_ref().and_then(|run| run.summary.as_ref());
    summary.map_or(entry.config.train.precision, |summary| summary.device.precision).in_study()
}

/// Takes the entries that are one configuration with the first, each seed once, and notes why others are not.
pub(super) fn take(waiting: &mut Vec<Named>, fields: &[String], notes: &mut Vec<String>) -> Vec<Named> {
    let Some(key) = waiting.first().map(|first| Key::of(first, fields)) else { return Vec::new() };
    let (mut taken, mut rest): (Vec<Named>, Vec<Named>) = (Vec::new(), Vec::new());
    for mut named in waiting.drain(..) {
        let is_like = Key::of(&named, fields) == key;
        let twin = taken.iter().filter(|_| is_like).find(|other| is_again(&named.entry, &other.entry));
        if let Some(note) = twin.and_then(|twin| again(&named, twin)) {
            notes.push(note);
            named.is_told = true;
        }
        if is_like && twin.is_none() { taken.push(named) } else { rest.push(named) }
    }
    *waiting = rest;
    notes.extend(taken.iter().filter_map(|named| unfinished(named.entry.run.as_ref()?)));
    taken
}

/// Whether a run is another one of the same seeds. Those of a plan are what the plan says.
fn is_again(entry: &Entry, other: &Entry) -> bool {
    let seeds = |entry: &Entry| (entry.config.seed, entry.config.sampling.seed);
    entry.configuration.is_none() && seeds(entry) == seeds(other)
}

fn again(named: &Named, twin: &Named) -> Option<String> {
    let [name, other] = [named, twin].map(|named| named.entry.run.as_ref().map(|run| run.name.as_str()));
    let (name, other) = (name?, other?);
    (!named.is_told).then(|| {
        format!("{name} has the settings and the seed of {other}, so that it is no other seed: it stands by itself, and labels may differ")
    })
}

fn unfinished(run: &ComparedRun) -> Option<String> {
    (!run.is_complete()).then(|| {
        format!(
            "{} ({}, step {}) stands by itself: its scores are those of a part of its training, and no mean has them",
            run.name,
            run.ending(),
            run.last_step()
        )
    })
}
