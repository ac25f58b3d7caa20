//! Runs, grouped by what they have in common.

use super::labels::LabelCounter;
use super::run::ComparedRun;
use super::settings::{self, Settings};
use crate::domain::{RunConfig, Strategy};
use crate::study::figure::Figure;
use crate::study::report_row::ReportRow;

/// Length of a name of several settings beyond which it does not help.
const LONG: usize = 80;

/// What is compared: a run, or one that a plan has and nobody made yet.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Name of its configuration; `None` to name it by what differs.
    pub configuration: Option<String>,
    /// Its configuration.
    pub config: RunConfig,
    /// The run, if it is done.
    pub run: Option<ComparedRun>,
}

impl From<ComparedRun> for Entry {
    fn from(run: ComparedRun) -> Self {
        Self { configuration: None, config: run.config.clone(), run: Some(run) }
    }
}

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
    /// The group that others are compared with.
    pub reference: usize,
    /// What could not be read, a sentence each.
    pub notes: Vec<String>,
}

/// Runs that differ in their seeds alone.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Values of [`Comparison::fields`]; several, separated, where they do not make another group.
    pub settings: Vec<String>,
    /// Which labels are learned from.
    pub strategy: Strategy,
    /// Numbers of its runs.
    pub members: Vec<usize>,
    /// Runs that there should be.
    pub planned: usize,
}

/// An entry with its settings.
struct Named {
    entry: Entry,
    settings: Settings,
}

impl Comparison {
    /// Compares runs in their order.
    pub fn of(title: &str, entries: Vec<Entry>) -> Self {
        let all: Vec<Settings> = entries.iter().map(|entry| settings::of(&entry.config)).collect();
        let (fields, common) = (settings::differing(&all), settings::common(&all));
        let mut comparison = Self { title: title.to_owned(), fields, common, ..Self::default() };
        let mut waiting: Vec<Named> =
            entries.into_iter().zip(all).map(|(entry, settings)| Named { entry, settings }).collect();
        while !waiting.is_empty() {
            let key = comparison.key(&waiting[0]);
            let (alike, rest): (Vec<Named>, Vec<Named>) =
                waiting.into_iter().partition(|named| comparison.key(named) == key);
            waiting = rest;
            comparison.add_group(alike);
        }
        comparison.name_runs();
        comparison.name_groups();
        comparison
    }

    /// What runs of a group have in common: the name of their configuration or, without one, all settings that count.
    fn key(&self, named: &Named) -> (Option<String>, Vec<Option<String>>) {
        let configuration = named.entry.configuration.clone();
        let counts = |field: &&String| configuration.is_none() && settings::tells_apart(field);
        let values = self.fields.iter().filter(counts).map(|field| named.settings.get(field).cloned()).collect();
        (configuration, values)
    }

    fn add_group(&mut self, alike: Vec<Named>) {
        let Some(first) = alike.first() else { return };
        let (name, strategy) = (first.entry.configuration.clone(), first.entry.config.label_sampling().strategy);
        let value = |field: &String| {
            let mut values: Vec<&str> =
                alike.iter().map(|named| named.settings.get(field).map_or("–", String::as_str)).collect();
            values.sort_unstable();
            values.dedup();
            values.join(" / ")
        };
        let settings = self.fields.iter().map(value).collect();
        let (planned, from) = (alike.len(), self.runs.len());
        self.runs.extend(alike.into_iter().filter_map(|named| named.entry.run));
        let members = (from..self.runs.len()).collect();
        self.groups.push(Group { name: name.unwrap_or_default(), settings, strategy, members, planned });
    }

    /// Gives runs whose folders are called alike the names of the folders above as well.
    fn name_runs(&mut self) {
        let names: Vec<String> = self.runs.iter().map(|run| run.name.clone()).collect();
        for run in &mut self.runs {
            if names.iter().filter(|name| **name == run.name).count() > 1 {
                run.name = run.folder.display().to_string();
            }
        }
    }

    /// Names groups without a name: by their run if each has one, else by what differs.
    fn name_groups(&mut self) {
        let is_single = self.groups.iter().all(|group| group.members.len() == 1);
        for number in 0..self.groups.len() {
            let group = &self.groups[number];
            if group.name.is_empty() {
                let by_settings = self.named_by_settings(group);
                let first = group.members.first().map(|index| self.runs[*index].name.clone());
                let name = if is_single || by_settings.is_empty() { first.unwrap_or_default() } else { by_settings };
                self.groups[number].name = name;
            }
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
        let (mut counter, all) = (LabelCounter::default(), self.runs.len());
        for number in 0..all {
            progress(number, all);
            match counter.of(&self.runs[number]) {
                Ok(counts) => self.runs[number].labels = Some(counts),
                Err(why) => self.notes.push(format!("{}: labels are not counted: {why}", self.runs[number].name)),
            }
        }
    }

    /// Chooses the group that others are compared with, by its name or that of one of its runs.
    ///
    /// # Errors
    /// With the names there are, if none is called so.
    pub fn compare_with(&mut self, name: &str) -> Result<(), String> {
        let is_meant = |group: &Group| group.name == name || self.members(group).any(|run| run.name == name);
        let Some(number) = self.groups.iter().position(is_meant) else {
            let names: Vec<&str> = self.groups.iter().map(|group| group.name.as_str()).collect();
            return Err(format!("nothing is called '{name}': choose among {}", names.join(", ")));
        };
        self.reference = number;
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::run::tests::run;
    use super::*;
    use crate::domain::weights::ClassWeights;

    /// A configuration with a seed, an amount of labels and class weights.
    pub(crate) fn config(seed: u64, ratio: f64, weights: ClassWeights) -> RunConfig {
        let mut config = RunConfig::demo();
        (config.seed, config.sampling.seed) = (seed, seed);
        config.sampling.strategy = Strategy::FractionPerClass(ratio);
        config.train.class_weights = weights;
        config
    }

    /// 10 % with two seeds, 1 % with one, and 10 % with weights.
    pub(crate) fn comparison() -> Comparison {
        let runs = [
            run("a-0", config(0, 0.1, ClassWeights::None), 0.4, &[0.3, 0.5]),
            run("a-1", config(1, 0.1, ClassWeights::None), 0.5, &[0.4, 0.6]),
            run("b", config(0, 0.01, ClassWeights::None), 0.2, &[0.1, f64::NAN]),
            run("c", config(0, 0.1, ClassWeights::Inverse), 0.6, &[0.5, 0.5]),
        ];
        Comparison::of("test", runs.into_iter().map(Entry::from).collect())
    }

    #[test]
    fn runs_that_differ_in_the_seed_alone_are_one_group() {
        let comparison = comparison();
        assert_eq!(comparison.fields, ["sampling.strategy", "train.class_weights"]);
        let groups: Vec<(&str, &[usize])> =
            comparison.groups.iter().map(|group| (group.name.as_str(), group.members.as_slice())).collect();
        assert_eq!(groups[0], ("strategy fraction_per_class 0.1, class weights none", [0, 1].as_slice()));
        assert_eq!((groups.len(), groups[1].1, groups[2].1), (3, [2].as_slice(), [3].as_slice()));
        let row = comparison.row(&comparison.groups[0]);
        assert_eq!((row.runs, row.final_miou.unwrap().text(3).as_str()), ([2, 2], "0.450 ± 0.071"));
        assert!((row.best_miou.unwrap().mean - 0.5).abs() < 1e-12, "the mean of .45 and .55");
    }

    #[test]
    fn single_runs_are_called_by_their_folders() {
        let runs =
            [("a", 0.1), ("b", 0.01)].map(|(name, ratio)| run(name, config(0, ratio, ClassWeights::None), 0.4, &[]));
        let comparison = Comparison::of("test", runs.into_iter().map(Entry::from).collect());
        assert_eq!(comparison.groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let twins = [1, 2].map(|seed| run("a", config(seed, 0.1, ClassWeights::None), 0.4, &[]));
        let comparison = Comparison::of("test", twins.into_iter().map(Entry::from).collect());
        assert_eq!((comparison.groups.len(), comparison.runs[1].name.as_str()), (1, "/no/such/a"));
    }

    #[test]
    fn what_is_planned_has_a_group_before_it_is_done() {
        let planned = |name: &str, ratio: f64| Entry {
            configuration: Some(name.to_owned()),
            config: config(0, ratio, ClassWeights::None),
            run: None,
        };
        let comparison = Comparison::of("test", vec![planned("x", 0.1), planned("y", 0.2)]);
        assert_eq!((comparison.groups.len(), comparison.runs.len(), comparison.groups[0].planned), (2, 0, 1));
        assert_eq!(comparison.row(&comparison.groups[0]).best_miou, None);
    }

    #[test]
    fn the_reference_is_chosen_by_a_name() {
        let mut comparison = comparison();
        comparison.compare_with("c").unwrap();
        assert_eq!(comparison.reference, 2);
        assert!(comparison.compare_with("d").unwrap_err().contains("choose among strategy"));
    }
}
