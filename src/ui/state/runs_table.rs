//! The list of runs as a table: filtered, sorted, with a column for each setting in which the listed runs differ, and those of its
//! runs that are compared.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::figures_export::FiguresExport;
use super::run_column::{Cell, RunColumn, is_trained};
use super::run_figures::RunFigures;
use crate::study::settings::{self, Settings};
use crate::train::run_list::RunEntry;

/// Columns before and after those of the settings.
static BEFORE: [RunColumn; 3] = [RunColumn::Name, RunColumn::Network, RunColumn::Labels];
static AFTER: [RunColumn; 6] =
    [RunColumn::Steps, RunColumn::BestMiou, RunColumn::Time, RunColumn::Ended, RunColumn::Tags, RunColumn::Note];

/// The table and what is chosen in it.
#[derive(Clone, Debug, Default)]
pub struct RunsTable {
    /// Only runs that contain each of these words are listed.
    pub filter: String,
    /// The column that is sorted by, and whether the highest comes first; by default the newest run is first.
    pub sort: Option<(RunColumn, bool)>,
    /// Folders of the runs that are compared, in the order in which they were ticked.
    pub ticked: Vec<PathBuf>,
    /// What they have measured, or why that cannot be read.
    pub figures: BTreeMap<PathBuf, Result<RunFigures, String>>,
    /// How the export of their figures stands.
    pub export: FiguresExport,
    /// Tags and note being edited.
    pub draft: NotesDraft,
    /// The columns.
    pub columns: Vec<RunColumn>,
    /// The rows.
    pub rows: Vec<RunRow>,
    /// Settings of the runs in the list, by their index; `None` of runs that say nothing of how they were trained.
    settings: Vec<Option<Settings>>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRow {
    /// Index of the run in the list.
    pub run: usize,
    /// What it has in each column.
    pub cells: Vec<Cell>,
}

/// Tags and note of a run while they are edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotesDraft {
    /// The run folder.
    pub folder: PathBuf,
    /// Tags, separated by commas.
    pub tags: String,
    /// The note.
    pub note: String,
}

impl RunsTable {
    /// Takes other runs, which [`Self::refresh`] lists. Their settings are worked out once, not at each key typed into the filter.
    pub fn take(&mut self, runs: &[RunEntry]) {
        let settings = |run: &RunEntry| run.config.as_ref().filter(|_| is_trained(run)).map(settings::of);
        self.settings = runs.iter().map(settings).collect();
    }

    /// Lists the runs that were taken last anew.
    pub fn refresh(&mut self, runs: &[RunEntry], has_masks: bool) {
        let listed: Vec<usize> = (0..runs.len()).filter(|run| self.passes(&runs[*run], has_masks)).collect();
        let known = |run: usize| self.settings.get(run)?.as_ref();
        let fields = differing(listed.iter().filter_map(|run| known(*run)));
        let columns = fields.iter().cloned().map(RunColumn::Setting);
        let columns = BEFORE.iter().cloned().chain(columns).chain(AFTER.iter().cloned()).collect();
        let row = |run: usize| RunRow { run, cells: cells(&runs[run], has_masks, &fields, known(run)) };
        let rows = listed.into_iter().map(row).collect();
        (self.columns, self.rows) = (columns, rows);
        self.sort_rows();
    }

    fn passes(&self, run: &RunEntry, has_masks: bool) -> bool {
        let words = BEFORE.iter().chain(&AFTER).map(|column| column.cell(run, has_masks).text);
        let text = words.collect::<Vec<_>>().join(" ").to_lowercase();
        self.filter.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }

    fn sort_rows(&mut self) {
        let Some((column, highest_first)) = &self.sort else { return };
        let Some(place) = self.columns.iter().position(|other| other == column) else { return };
        let highest_first = *highest_first;
        self.rows.sort_by(|a, b| order(&a.cells[place], &b.cells[place], highest_first));
    }

    /// Heading of a column. A setting keeps the section of its name where another column is called alike.
    pub fn title(&self, column: &RunColumn) -> String {
        let field = |column: &RunColumn| match column {
            RunColumn::Setting(field) => Some(field.clone()),
            _ => None,
        };
        let fields: Vec<String> = self.columns.iter().filter_map(field).collect();
        match column {
            RunColumn::Setting(field) => settings::title(field, &fields),
            other => other.name().to_owned(),
        }
    }

    /// Sorts by a column: the lowest first, at the second time the highest, at the third as the list is.
    pub fn sort_by(&mut self, column: RunColumn) {
        self.sort = match self.sort.take() {
            Some((of, false)) if of == column => Some((column, true)),
            Some((of, true)) if of == column => None,
            _ => Some((column, false)),
        };
    }

    /// Ticks a run for comparison, or takes it out.
    pub fn tick(&mut self, folder: &Path, is_ticked: bool) {
        self.ticked.retain(|other| other != folder);
        if is_ticked {
            self.ticked.push(folder.to_owned());
        }
        self.forget_export();
    }

    /// Compares no runs.
    pub fn tick_none(&mut self) {
        self.ticked.clear();
        self.forget_export();
    }

    /// The figures that were written last are of other runs.
    fn forget_export(&mut self) {
        if self.export != FiguresExport::Writing {
            self.export = FiguresExport::Idle;
        }
    }

    /// The ticked runs whose figures are there, with their place in the order of ticking.
    pub fn compared(&self) -> impl Iterator<Item = (usize, &Path, &RunFigures)> {
        self.ticked.iter().enumerate().filter_map(|(place, folder)| {
            self.figures.get(folder)?.as_ref().ok().map(|figures| (place, folder.as_path(), figures))
        })
    }
}

/// The settings in which runs of a project differ, seeds among them.
fn differing<'a>(known: impl Iterator<Item = &'a Settings>) -> Vec<String> {
    let all: Vec<Settings> = known.cloned().collect();
    settings::differing(&all).into_iter().filter(|field| field != settings::PLACE).collect()
}

fn cells(run: &RunEntry, has_masks: bool, fields: &[String], known: Option<&Settings>) -> Vec<Cell> {
    let setting = |field: &String| {
        let value = known.and_then(|settings| settings.get(field));
        value.map_or_else(Cell::nothing, |value| Cell::of_setting(&settings::shown(field, value)))
    };
    let fixed = |column: &RunColumn| column.cell(run, has_masks);
    BEFORE.iter().map(fixed).chain(fields.iter().map(setting)).chain(AFTER.iter().map(fixed)).collect()
}

/// Numbers by size, before words; what is missing comes last in either direction.
fn order(a: &Cell, b: &Cell, highest_first: bool) -> Ordering {
    let is_missing = |cell: &Cell| cell.number.is_none() && (cell.text.is_empty() || *cell == Cell::nothing());
    let by_value = match (a.number, b.number) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.text.cmp(&b.text),
    };
    let by_value = if highest_first { by_value.reverse() } else { by_value };
    is_missing(a).cmp(&is_missing(b)).then(by_value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RunConfig;
    use crate::train::run_list::{Left, RunEnd};
    use crate::train::run_notes::RunNotes;

    fn run(name: &str, lr: f64, best_miou: Option<f64>) -> RunEntry {
        let mut config = RunConfig::default();
        config.train.lr = lr;
        RunEntry {
            folder: PathBuf::from("/runs").join(name),
            name: name.to_owned(),
            config: Some(config),
            end: Some(RunEnd { outcome: "completed".to_owned(), best_miou, ..RunEnd::default() }),
            is_quick: false,
            quick_method: None,
            left: Left::Nothing,
            of_study: false,
            notes: Ok(RunNotes::default()),
        }
    }

    fn table(runs: &[RunEntry], change: impl FnOnce(&mut RunsTable)) -> RunsTable {
        let mut table = RunsTable::default();
        table.take(runs);
        change(&mut table);
        table.refresh(runs, true);
        table
    }

    fn names(table: &RunsTable) -> Vec<&str> {
        table.rows.iter().map(|row| row.cells[0].text.as_str()).collect()
    }

    #[test]
    fn what_differs_among_the_listed_runs_is_a_column() {
        let runs = [run("c", 1e-3, None), run("b", 1e-5, None), run("a", 1e-5, None)];
        let settings = |table: &RunsTable| -> Vec<String> {
            let is_setting = |column: &&RunColumn| matches!(column, RunColumn::Setting(_));
            table.columns.iter().filter(is_setting).map(|column| table.title(column)).collect()
        };
        let all = table(&runs, |_| {});
        assert_eq!((settings(&all), names(&all)), (vec!["lr".to_owned()], vec!["c", "b", "a"]));
        assert_eq!(all.rows[1].cells[3], Cell { text: "0.00001".to_owned(), number: Some(1e-5) });
        let mut quick = run("d", 1.0, None);
        quick.is_quick = true;
        let with_quick = table(&[runs[1].clone(), runs[2].clone(), quick], |_| {});
        assert!(settings(&with_quick).is_empty(), "the settings of a quick head say nothing");
    }

    #[test]
    fn ticking_other_runs_forgets_the_figures_of_those_before() {
        let written = || FiguresExport::Written(3, "/figures".into());
        let mut table = RunsTable { export: written(), ..RunsTable::default() };
        table.tick(Path::new("a"), true);
        assert_eq!(table.export, FiguresExport::Idle);
        table.export = FiguresExport::Writing;
        table.tick_none();
        assert_eq!(
            (table.ticked.len(), &table.export),
            (0, &FiguresExport::Writing),
            "they are being written all the same"
        );
    }

    #[test]
    fn two_seeds_have_two_names_and_two_losses_two_texts() {
        let mut runs = [run("b", 1e-3, None), run("a", 1e-3, None)];
        if let Some(config) = &mut runs[1].config {
            (config.seed, config.sampling.seed, config.train.loss.dice) = (7, 8, 0.5);
            config.data = "/elsewhere".into();
        }
        let table = table(&runs, |_| {});
        let titles: Vec<String> = table.columns[3..6].iter().map(|column| table.title(column)).collect();
        assert_eq!(titles, ["sampling.seed", "seed", "loss"], "the place of the data is no setting");
        assert_eq!(table.title(&table.columns[6]), "steps");
        let losses: Vec<&str> = table.rows.iter().map(|row| row.cells[5].text.as_str()).collect();
        assert_eq!(losses, ["cross-entropy 1", "cross-entropy 1, dice 0.5"]);
    }

    #[test]
    fn runs_are_filtered_by_words_in_any_column() {
        let mut tagged = run("b", 1e-3, None);
        tagged.notes = Ok(RunNotes::new("Baseline", "with clouds"));
        let runs = [run("c", 1e-3, None), tagged];
        assert_eq!(names(&table(&runs, |table| table.filter = " base cloud".to_owned())), ["b"]);
        assert_eq!(names(&table(&runs, |table| table.filter = "completed".to_owned())), ["c", "b"]);
        assert!(names(&table(&runs, |table| table.filter = "nothing like it".to_owned())).is_empty());
    }

    #[test]
    fn numbers_are_sorted_by_size_and_missing_ones_come_last() {
        let runs = [run("c", 1e-3, Some(0.5)), run("b", 1e-5, None), run("a", 1.0, Some(0.75))];
        let sorted = |column: &RunColumn, clicks: usize| {
            let table = table(&runs, |table| (0..clicks).for_each(|_| table.sort_by(column.clone())));
            names(&table).concat()
        };
        let lr = RunColumn::Setting("train.lr".to_owned());
        assert_eq!([1, 2, 3].map(|clicks| sorted(&RunColumn::BestMiou, clicks)), ["cab", "acb", "cba"]);
        assert_eq!([1, 2].map(|clicks| sorted(&lr, clicks)), ["bca", "acb"]);
    }

    #[test]
    fn the_first_ticked_run_is_the_one_to_compare_with() {
        let mut table = RunsTable::default();
        for folder in ["b", "a"] {
            table.tick(Path::new(folder), true);
            table.figures.insert(folder.into(), Ok(RunFigures::default()));
        }
        table.tick(Path::new("c"), true);
        let order: Vec<(usize, &Path)> = table.compared().map(|(place, folder, _)| (place, folder)).collect();
        assert_eq!(order, [(0, Path::new("b")), (1, Path::new("a"))], "c is still being read");
        table.tick(Path::new("b"), false);
        assert_eq!(table.ticked, [PathBuf::from("a"), PathBuf::from("c")]);
    }
}
