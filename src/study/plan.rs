//! A plan: which runs a study has. Read from a file, or from a preset by its name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use super::expand::PlannedRun;
use super::expand::expand;
use super::plan_file::PlanFile;
use super::preset::StudyPreset;
use super::published::Published;
use crate::data::Project;
use crate::domain::config::Precision;
use crate::domain::{Choice, Notice};
use crate::engine::refusal::Refusal;
use crate::train::division;

/// The runs of a study.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Name of the plan's file without its ending, or of the preset.
    pub name: String,
    /// What is studied, in a sentence; may be empty.
    pub about: String,
    /// The plan as it is written.
    pub text: String,
    /// Where results go unless another folder is given: beside the plan's file; for a preset, in the working folder.
    pub home: PathBuf,
    /// The runs, in the order in which they are begun.
    pub runs: Vec<PlannedRun>,
    /// Published rows to compare with.
    pub published: Vec<Published>,
}

/// The projects of a plan, by the folder that the runs name.
pub type Projects = BTreeMap<PathBuf, Project>;

impl Plan {
    /// Opens a plan: a file, or a preset by its name. `data` takes the place of the folder that the plan's base names.
    ///
    /// # Errors
    /// If it cannot be read, or a run cannot be configured so; the message names file and field.
    pub fn open(which: &Path, data: Option<&Path>) -> Result<Self, Refusal> {
        let preset = which.to_str().and_then(StudyPreset::from_name).filter(|_| !which.exists());
        if let Some(preset) = preset {
            return Self::read(preset.name(), preset.text(), Path::new(""), data);
        }
        let text = std::fs::read_to_string(which).map_err(|error| unreadable(which, &error))?;
        let name = which.file_stem().map_or_else(|| "study".to_owned(), |stem| stem.to_string_lossy().into_owned());
        let folder = which.parent().unwrap_or(Path::new(""));
        Self::read(&name, &text, folder, data).map_err(|Refusal(notice)| {
            Refusal(Notice { headline: format!("{}: {}", which.display(), notice.headline), ..notice })
        })
    }

    /// Reads a plan. Relative paths in it begin at `folder`; that of `data` at the working folder.
    ///
    /// # Errors
    /// As for [`Plan::open`].
    pub fn read(name: &str, text: &str, folder: &Path, data: Option<&Path>) -> Result<Self, Refusal> {
        let mut file: PlanFile = toml::from_str(text).map_err(|error| {
            Refusal(Notice::new("The plan cannot be read").cause(error.to_string().trim_end().to_owned()))
        })?;
        if let Some(data) = data {
            file.base.data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        }
        let mut runs = expand(&file).map_err(Refusal)?;
        for run in &mut runs {
            run.config = run.config.clone().with_absolute_paths(folder);
            run.config.train.precision = run.config.train.precision.in_study();
        }
        refuse_without_data(&runs)?;
        refuse_unknown_rows(&runs, &file.published)?;
        let PlanFile { about, published, .. } = file;
        Ok(Self { name: name.to_owned(), about, text: text.to_owned(), home: folder.join(name), runs, published })
    }

    /// The same with this precision for all runs, if one is given: those of a plan that says mixed can be made where nothing computes
    /// in 16 bits.
    ///
    /// # Errors
    /// If two runs become the same by it.
    pub fn with_precision(mut self, precision: Option<Precision>) -> Result<Self, Refusal> {
        let Some(precision) = precision.map(Precision::in_study) else { return Ok(self) };
        let before: Vec<Precision> = self.runs.iter().map(|run| run.config.train.precision).collect();
        self.runs.iter_mut().for_each(|run| run.config.train.precision = precision);
        for (index, run) in self.runs.iter().enumerate() {
            let is_twin = |other: &usize| before[*other] != before[index] && self.runs[*other].config == run.config;
            if let Some(other) = (0..index).find(is_twin) {
                return Err(Refusal(same_in(precision, &self.runs[other].name, &run.name)));
            }
        }
        Ok(self)
    }

    /// Opens the projects of all runs, and checks that every run can start.
    ///
    /// # Errors
    /// If a project cannot be opened; or with everything that keeps runs from starting, each with its remedy.
    pub fn projects(&self) -> anyhow::Result<Projects> {
        let mut projects = Projects::new();
        for run in &self.runs {
            if !projects.contains_key(&run.config.data) {
                projects.insert(run.config.data.clone(), Project::open(&run.config.data)?);
            }
        }
        let told = told_once(self.runs.iter().flat_map(|run| problems(run, &projects)));
        if told.is_empty() {
            return Ok(projects);
        }
        let notice = Notice::new(format!("The plan {} cannot be carried out", self.name)).cause(told.join("; "));
        let is_idle = |run: &PlannedRun| run.config.model.clone().without_idle() != run.config.model;
        let remedy = "drop_idle = true in the plan leaves out what has no effect on a network";
        Err(Refusal(if self.runs.iter().any(is_idle) { notice.remedy(remedy) } else { notice }).into())
    }

    /// The configuration of this name in words.
    pub fn words<'a>(&'a self, configuration: &'a str) -> &'a str {
        let run = self.runs.iter().find(|run| run.configuration == configuration);
        run.map_or(configuration, |run| run.words.as_str())
    }

    /// Names of the configurations, seeds left out, in order.
    pub fn configurations(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for run in &self.runs {
            if names.last() != Some(&run.configuration.as_str()) {
                names.push(&run.configuration);
            }
        }
        names
    }
}

/// That two runs differ in their precision alone, and one is asked for.
fn same_in(precision: Precision, one: &str, other: &str) -> Notice {
    let name = precision.name();
    Notice::new(format!("With the precision {name} for all runs, {one} and {other} are the same run"))
        .cause("the plan varies train.precision, and they differ in nothing else")
        .remedy("Leave --precision out, or take train.precision out of the plan")
}

/// What keeps a run from starting, with its name.
fn problems<'a>(run: &'a PlannedRun, projects: &Projects) -> Vec<(&'a str, Notice)> {
    let Some(project) = projects.get(&run.config.data) else { return Vec::new() };
    let found = [run.config.problems(&project.classes), division::problems(project, &run.config)].concat();
    found.into_iter().map(|notice| (run.name.as_str(), notice)).collect()
}

/// Each problem once, with the first run that has it and the number of others.
pub(super) fn told_once<'a>(problems: impl Iterator<Item = (&'a str, Notice)>) -> Vec<String> {
    let mut found: Vec<(Notice, &str, usize)> = Vec::new();
    for (run, notice) in problems {
        match found.iter_mut().find(|(other, ..)| *other == notice) {
            Some((.., more)) => *more += 1,
            None => found.push((notice, run, 0)),
        }
    }
    let line = |(notice, run, more): (Notice, &str, usize)| match more {
        0 => format!("{run}: {notice}"),
        more => format!("{run} and {more} more: {notice}"),
    };
    found.into_iter().map(line).collect()
}

fn unreadable(which: &Path, error: &std::io::Error) -> Refusal {
    let presets: Vec<&str> = StudyPreset::ALL.iter().map(Choice::name).collect();
    Refusal(
        Notice::new(format!("The plan {} cannot be read", which.display()))
            .cause(error.to_string())
            .remedy(format!("Give a file, or one of {}", presets.join(", "))),
    )
}

fn refuse_without_data(runs: &[PlannedRun]) -> Result<(), Refusal> {
    match runs.iter().find(|run| run.config.data.as_os_str().is_empty()) {
        None => Ok(()),
        Some(run) => Err(Refusal(
            Notice::new(format!("{} names no folder of tiles", run.name))
                .remedy("Give one with --data, or as data = \"…\" under [base]"),
        )),
    }
}

fn refuse_unknown_rows(runs: &[PlannedRun], published: &[Published]) -> Result<(), Refusal> {
    let configurations: BTreeSet<&str> = runs.iter().map(|run| run.configuration.as_str()).collect();
    let configurations: Vec<&str> = configurations.into_iter().collect();
    match published.iter().find(|row| !configurations.contains(&row.run.as_str())) {
        None => Ok(()),
        Some(row) => Err(Refusal(
            Notice::new(format!("[[published]] {}: no configuration of the plan is called so", row.run))
                .remedy(format!("Give the name of one, without its seed: {}", configurations.join(", "))),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::demo;

    #[test]
    fn paths_begin_at_the_folder_of_the_plan() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        std::fs::write(&file, "[base]\ndata = 'tiles'\n").unwrap();
        let plan = Plan::open(&file, None).unwrap();
        assert_eq!((plan.name.as_str(), &plan.home), ("mine", &dir.path().join("mine")));
        assert_eq!(plan.runs[0].config.data, dir.path().join("tiles"));
        let elsewhere = Plan::open(&file, Some(Path::new("D"))).unwrap();
        assert_eq!(elsewhere.runs[0].config.data, std::path::absolute("D").unwrap());
    }

    #[test]
    fn a_precision_for_all_runs_is_refused_where_it_makes_two_the_same() {
        let read = |text: &str| Plan::read("x", text, Path::new(""), Some(Path::new("D"))).unwrap();
        let varied = read("[grid]\n'train.precision' = ['f32', 'mixed']\n");
        assert!(varied.clone().with_precision(None).is_ok());
        let refusal = varied.with_precision(Some(Precision::F32)).unwrap_err().to_string();
        assert!(refusal.contains("precision-f32 and precision-mixed are the same run"), "{refusal}");
        assert!(refusal.contains("Leave --precision out"), "{refusal}");
        let mixed = read("[base.train]\nprecision = 'mixed'\n[grid]\n'train.lr' = [0.1, 0.2]\n");
        let plain = mixed.with_precision(Some(Precision::Auto)).unwrap();
        assert!(plain.runs.iter().all(|run| run.config.train.precision == Precision::F32));
    }

    #[test]
    fn a_plan_that_cannot_be_read_names_file_and_field() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("mine.toml");
        let refusal = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Plan::open(&file, None).unwrap_err().to_string()
        };
        let sede = refusal("[base]\nsede = 1\n");
        assert!(sede.contains("mine.toml") && sede.contains("sede") && sede.contains("line 2"), "{sede}");
        assert!(refusal("gird = 1\n").contains("gird"));
        assert!(refusal("").contains("--data"));
        let unknown = refusal("[base]\ndata = 'x'\n[[published]]\nrun = 'y'\n");
        assert!(unknown.contains("[[published]] y") && unknown.ends_with("its seed: base"), "{unknown}");
        let missing = Plan::open(Path::new("no-such-plan"), None).unwrap_err().to_string();
        assert!(missing.contains("no-such-plan") && missing.contains("landcover-ai"), "{missing}");
    }

    #[test]
    fn runs_that_cannot_start_are_refused_before_anything_starts() {
        let dir = tempfile::tempdir().unwrap();
        let data = demo::unpack(dir.path()).unwrap();
        let text = "[grid]\ntrain.batch = [0, 2]\ntrain.class_weights = ['none', { given = [1.0, 2.0] }]\n";
        let plan = Plan::read("x", text, Path::new(""), Some(&data)).unwrap();
        let refusal = plan.projects().unwrap_err().to_string();
        assert!(refusal.contains("batch-0_class_weights-none and 1 more: A batch of 0 trains nothing"), "{refusal}");
        assert!(refusal.contains("2 class weights for 7 classes"), "{refusal}");
        assert!(!refusal.contains("batch-2_class_weights-none") && !refusal.contains("drop_idle"), "{refusal}");
        let text = "[base]\nmodel.deep_supervision = true\n[grid]\n'model.arch' = ['unet', 'unet++']\n";
        let refusal = Plan::read("x", text, Path::new(""), Some(&data)).unwrap().projects().unwrap_err().to_string();
        assert!(
            refusal.contains("arch-unet: Deep supervision needs") && refusal.contains("drop_idle = true"),
            "{refusal}"
        );
        let text = format!("drop_idle = true\n{text}");
        assert!(Plan::read("x", &text, Path::new(""), Some(&data)).unwrap().projects().is_ok());
        assert_eq!(Plan::read("x", "", Path::new(""), Some(&data)).unwrap().projects().unwrap().len(), 1);
    }
}
