//! Runs, grouped by what they have in common.

use super::alike::{self, Named};
use super::entry::{self, Entry};
use super::labels::{Counted, LabelCounter};
use super::run::ComparedRun;
use super::scored;
use crate::domain::Strategy;
use crate::study::figure::Figure;
use crate::study::phrases;
use crate::study::report_row::ReportRow;
use crate::study::settings::{self, Settings};
use crate::study::table::Cell;

/// Length of a name of several settings beyond which it does not help.
const LONG: usize = 80;

/// Runs side by side.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// What it is called.
    pub title: String,
    /// What is compared, in a sentence; may be empty.
    pub about: String,
    /// The runs, group by group.
    pub runs: Vec<ComparedRun>,
    /// Names of the settings that differ, seeds left out.
    pub fields: Vec<String>,
    /// Settings that all have in common, with their values.
    pub common: Vec<(String, String)>,
    /// Runs that differ in their seeds alone.
    pub groups: Vec<Group>,
    /// Published rows, by the name of their group.
    pub published: Vec<ReportRow>,
    /// The group that others are to be compared with; see [`Self::reference_with_runs`].
    pub reference: usize,
    /// What could not be read, and what tables and figures do not say of themselves; a sentence each.
    pub notes: Vec<String>,
}

/// Runs that differ in their seeds alone.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name, by which it can be chosen.
    pub name: String,
    /// Its name for readers: what differs, in words, unless it has a name of its own.
    pub words: String,
    /// Values of [`Comparison::fields`]; several, separated, where they do not make another group.
    pub settings: Vec<String>,
    /// The same in phrases; empty where another one says it.
    pub phrases: Vec<String>,
    /// Which labels are learned from.
    pub strategy: Strategy,
    /// Numbers of its runs.
    pub members: Vec<usize>,
    /// Runs that there should be.
    pub planned: usize,
}

impl Group {
    /// Its name in a table: in words; in files of data as it is.
    pub(super) fn cell(&self) -> Cell {
        Cell::Text(self.words.clone(), self.name.clone())
    }
}

impl Comparison {
    /// Compares runs in their order. A run that was stopped or failed, and one with the seed of another one, stand by themselves: no
    /// mean has them. [`Self::notes`] tell of them.
    pub fn of(title: &str, mut entries: Vec<Entry>) -> Self {
        entry::tell_names_apart(&mut entries);
        let mut waiting = alike::named(entries);
        let all: Vec<_> = waiting.iter().map(|named| named.settings.clone()).collect();
        let is_setting = |field: &String| !settings::is_seed(field);
        let fields = settings::differing(&all).into_iter().filter(is_setting).collect();
        let common = settings::common(&all);
        let mut comparison = Self { title: title.to_owned(), fields, common, ..Self::default() };
        while !waiting.is_empty() {
            let taken = alike::take(&mut waiting, &comparison.fields, &mut comparison.notes);
            comparison.add_group(taken);
        }
        comparison.name_groups();
        comparison.note_other_pixels();
        comparison
    }

    /// Notes where scores are those of different tiles or blocks.
    fn note_other_pixels(&mut self) {
        let groups = self.groups.iter();
        let named: Vec<(&str, Vec<&ComparedRun>)> =
            groups.map(|group| (group.words.as_str(), self.members(group).collect())).collect();
        let told = scored::notes(&named);
        self.notes.extend(told);
    }

    fn add_group(&mut self, alike: Vec<Named>) {
        let Some(first) = alike.first() else { return };
        let (name, words) = (first.entry.configuration.clone().unwrap_or_default(), first.entry.words.clone());
        let strategy = first.entry.config.label_sampling().strategy;
        let settings =
            self.fields.iter().map(|field| values(&alike, |named| text(&named.settings, field, "–"))).collect();
        let phrases = self.fields.iter().map(|field| values(&alike, |named| text(&named.phrases, field, ""))).collect();
        let (planned, from) = (alike.len(), self.runs.len());
        self.runs.extend(alike.into_iter().filter_map(|named| named.entry.run));
        let members = (from..self.runs.len()).collect();
        self.groups.push(Group { name, words, settings, phrases, strategy, members, planned });
    }

    /// Names groups without a name: by their run if each has one, else by what differs.
    fn name_groups(&mut self) {
        let is_single = self.groups.iter().all(|group| group.members.len() == 1);
        for number in 0..self.groups.len() {
            let group = &self.groups[number];
            if group.name.is_empty() {
                let by_settings = self.named_by_settings(group);
                let first = group.members.first().map(|index| self.runs[*index].name.clone());
                let by_run = is_single || by_settings.is_empty();
                let words = if by_run { String::new() } else { self.words_of(group) };
                self.groups[number].name = if by_run { first.unwrap_or_default() } else { by_settings };
                self.groups[number].words = words;
            }
            if self.groups[number].words.is_empty() {
                self.groups[number].words = self.groups[number].name.clone();
            }
            let state = self.members(&self.groups[number]).find(|run| !run.is_complete()).map(ComparedRun::ending);
            if let Some(state) = state {
                self.groups[number].name += &format!(" ({state})");
                self.groups[number].words += &format!(" ({state})");
            }
            self.tell_from_those_before(number);
        }
        self.tell_words_apart();
    }

    /// Where words do not tell groups apart, their names do.
    fn tell_words_apart(&mut self) {
        let all: Vec<String> = self.groups.iter().map(|group| group.words.clone()).collect();
        for group in &mut self.groups {
            if all.iter().filter(|words| **words == group.words).count() > 1 {
                group.words.clone_from(&group.name);
            }
        }
    }

    fn words_of(&self, group: &Group) -> String {
        let fields = self.fields.iter().zip(&group.phrases).filter(|(field, _)| settings::tells_apart(field));
        phrases::joined(fields.map(|(field, phrase)| (field.as_str(), phrase.as_str())))
    }

    /// Two groups of equal settings, as of runs with other labels, are told apart by their first runs.
    fn tell_from_those_before(&mut self, number: usize) {
        let (before, group) = (&self.groups[..number], &self.groups[number]);
        let first = group.members.first().map(|index| self.runs[*index].name.clone());
        if let Some(first) = first.filter(|_| before.iter().any(|other| other.name == group.name)) {
            self.groups[number].name += &format!(" ({first})");
            self.groups[number].words += &format!(" ({first})");
        }
    }

    fn named_by_settings(&self, group: &Group) -> String {
        let fields = self.fields.iter().zip(&group.settings).filter(|(field, _)| settings::tells_apart(field));
        let parts: Vec<String> =
            fields.map(|(field, value)| format!("{} {value}", settings::title(field, &self.fields))).collect();
        let name = parts.join(", ");
        if name.chars().count() > LONG { String::new() } else { name }
    }

    /// The runs of a group.
    pub fn members<'a>(&'a self, group: &'a Group) -> impl Iterator<Item = &'a ComparedRun> {
        group.members.iter().map(|index| &self.runs[*index])
    }

    /// Groups whose runs reached their end; only these are points of a figure or a pair.
    pub(super) fn complete(&self) -> impl Iterator<Item = &Group> {
        let is_complete = |group: &&Group| self.members(group).all(ComparedRun::is_complete);
        self.groups.iter().filter(|group| !group.members.is_empty()).filter(is_complete)
    }

    /// A figure of a group, over those of its runs that have it.
    pub fn figure(&self, group: &Group, value: impl Fn(&ComparedRun) -> Option<f64>) -> Option<Figure> {
        Figure::of(self.members(group).filter_map(value))
    }

    /// Names of all scored classes, in the order of the first run that has them.
    pub fn classes(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for class in self.runs.iter().flat_map(|run| run.classes.iter()).filter(|class| !class.ignored) {
            if !names.contains(&class.name) {
                names.push(class.name.clone());
            }
        }
        names
    }

    /// The row of a group in the form of the published tables.
    pub fn row(&self, group: &Group) -> ReportRow {
        ReportRow {
            configuration: group.name.clone(),
            words: group.words.clone(),
            is_published: false,
            runs: [group.members.len(), group.planned],
            best_miou: self.figure(group, ComparedRun::best_miou),
            final_miou: self.figure(group, |run| run.last().map(|last| last.miou)),
            final_accuracy: self.figure(group, |run| run.last().map(|last| last.accuracy)),
            minutes_per_epoch: self.figure(group, ComparedRun::minutes_per_epoch),
            note: String::new(),
        }
    }

    /// Counts what each run learned from. `progress` receives the number of runs done and of all. What cannot be counted is noted.
    pub fn count_labels(&mut self, progress: &dyn Fn(usize, usize)) {
        self.count_labels_while(&mut LabelCounter::default(), progress, &|| true);
    }

    /// The same with a counter that may know some of them, as long as `goes_on` says so: it is asked before each run and each tile.
    /// What is left of a comparison that was stopped is not to be shown.
    pub fn count_labels_while(
        &mut self,
        counter: &mut LabelCounter,
        progress: &dyn Fn(usize, usize),
        goes_on: &(dyn Fn() -> bool + Sync),
    ) {
        let all = self.runs.len();
        for number in 0..all {
            if !goes_on() {
                return;
            }
            progress(number, all);
            match counter.of_while(&self.runs[number], goes_on) {
                Ok(counted) => {
                    self.notes.extend(label_note(&self.runs[number].name, &counted));
                    self.runs[number].labels = Some(counted.labels);
                }
                Err(why) => self.notes.push(format!("{}: labels are not counted: {why}", self.runs[number].name)),
            }
        }
    }

    /// Chooses the group that others are compared with, by its name or that of one of its runs.
    ///
    /// # Errors
    /// With the names there are, if none is called so.
    pub fn compare_with(&mut self, name: &str) -> Result<(), String> {
        let is_called = |group: &Group| [&group.name, &group.words].iter().any(|called| *called == name);
        let is_meant = |group: &Group| is_called(group) || self.members(group).any(|run| run.name == name);
        let Some(number) = self.groups.iter().position(is_meant) else {
            let names: Vec<String> = self.groups.iter().map(|group| format!("'{}'", group.name)).collect();
            let run = self.runs.first().map_or_else(String::new, |run| format!(", or a run, such as '{}'", run.name));
            return Err(format!("nothing is called '{name}': choose among {}{run}", names.join(", ")));
        };
        self.reference = number;
        if let Some(used) = self.reference_with_runs().filter(|used| used.name != self.groups[number].name) {
            let note = format!("{} has no run yet: differences are to {}", self.groups[number].words, used.words);
            self.notes.push(note);
        }
        Ok(())
    }

    /// The group that differences are taken to: the chosen one or, if it has no run yet, the first that has one.
    pub fn reference_with_runs(&self) -> Option<&Group> {
        let chosen = self.groups.get(self.reference);
        chosen.into_iter().chain(&self.groups).find(|group| !group.members.is_empty())
    }
}

/// What numbers of labels do not say.
fn label_note(name: &str, counted: &Counted) -> Option<String> {
    match counted {
        Counted { labels, .. } if labels.total() == 0 => {
            Some(format!("{name}: nothing of what it learned from has a label now: it is in no figure over labels"))
        }
        Counted { are_of_now: true, .. } => Some(format!(
            "{name}: its own labels are counted as they are now, since it does not tell how many it began with"
        )),
        Counted { .. } => None,
    }
}

fn text<'a>(settings: &'a Settings, field: &str, missing: &'a str) -> &'a str {
    settings.get(field).map_or(missing, String::as_str)
}

/// Values that the runs of a group have of a setting, each once.
fn values<'a>(alike: &'a [Named], of: impl Fn(&'a Named) -> &'a str) -> String {
    let mut values: Vec<&str> = alike.iter().map(of).collect();
    values.sort_unstable();
    values.dedup();
    values.join(" / ")
}

#[cfg(test)]
pub(crate) mod tests;
