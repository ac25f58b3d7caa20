//! Whether this machine has what runs of a plan need: the device that they name, and 16 bits on it for mixed precision.

use super::overview::{Overview, RunState};
use super::plan::{Plan, PlannedRun, told_once};
use crate::domain::config::{DeviceChoice, Precision};
use crate::domain::count::counted;
use crate::domain::{Notice, panic};
use crate::engine::device::{Devices, OpenDevice};
use crate::engine::refusal::Refusal;
use crate::train::precision::computes_in_f16;

/// Runs of a study that are left and cannot start here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unstartable {
    /// How many, at least one.
    pub runs: usize,
    /// Runs that are left, with these.
    pub left: usize,
    /// Why: each reason once, with the runs that have it.
    pub reasons: Vec<String>,
}

impl Unstartable {
    /// Those of a plan; `None` if every run that is left can start. `device` takes the place of the plan's.
    pub fn of(plan: &Plan, overview: &Overview, device: Option<&DeviceChoice>) -> Option<Self> {
        let is_left = |state: &RunState| matches!(state, RunState::Failed(_) | RunState::Waiting);
        let statuses = plan.runs.iter().zip(&overview.runs);
        let left: Vec<&PlannedRun> =
            statuses.filter(|(_, status)| is_left(&status.state)).map(|(run, _)| run).collect();
        let problems = problems(&left, device);
        let (runs, left) = (problems.len(), left.len());
        (runs > 0).then(|| Self { runs, left, reasons: told_once(problems.into_iter()) })
    }

    /// Whether no run that is left can start.
    pub fn is_all(&self) -> bool {
        self.runs == self.left
    }

    /// How many, and all reasons.
    pub fn told(&self) -> String {
        format!("{}: {}", self.number(), self.reasons.join("; "))
    }

    /// How many, and the first reason.
    pub fn in_short(&self) -> String {
        let first = self.reasons.first().map_or("", String::as_str);
        let others = match self.reasons.len().saturating_sub(1) {
            0 => String::new(),
            others => format!(" (and {})", counted(others as u64, "other reason")),
        };
        format!("{}: {first}{others}", self.number())
    }

    fn number(&self) -> String {
        match self.is_all() {
            true => "No run that is left can start here".to_owned(),
            false => format!("{} of the {} runs that are left cannot start here", self.runs, self.left),
        }
    }
}

/// What keeps some of the runs that are left from starting here, in a sentence; `None` if nothing does. `device` takes the place of the
/// plan's.
///
/// # Errors
/// If none of them can start, with the reasons.
pub fn check(plan: &Plan, overview: &Overview, device: Option<&DeviceChoice>) -> Result<Option<String>, Refusal> {
    let found = Unstartable::of(plan, overview, device);
    if let Some(all) = found.as_ref().filter(|found| found.is_all()) {
        let notice = Notice::new(format!("No run of the plan {} can start here", plan.name));
        return Err(Refusal(notice.cause(all.reasons.join("; "))));
    }
    Ok(found.as_ref().map(Unstartable::told))
}

/// What keeps each run from starting, with its name. Every device is opened once.
fn problems<'a>(runs: &[&'a PlannedRun], device: Option<&'a DeviceChoice>) -> Vec<(&'a str, Notice)> {
    let mut devices = Devices::default();
    let mut known: Vec<(&DeviceChoice, Precision, Option<Notice>)> = Vec::new();
    let mut found: Vec<(&'a str, Notice)> = Vec::new();
    for run in runs {
        let (choice, precision) = (device.unwrap_or(&run.config.device), run.config.train.precision);
        if !known.iter().any(|(other, numbers, _)| *other == choice && *numbers == precision) {
            known.push((choice, precision, problem(choice, precision, &mut devices)));
        }
        let same = known.iter().find(|(other, numbers, _)| *other == choice && *numbers == precision);
        let told = same.and_then(|(.., told)| told.clone());
        found.extend(told.map(|notice| (run.name.as_str(), notice)));
    }
    found
}

fn problem(choice: &DeviceChoice, precision: Precision, devices: &mut Devices) -> Option<Notice> {
    let is_mixed = precision == Precision::Mixed;
    if !is_mixed && matches!(choice, DeviceChoice::Auto | DeviceChoice::Cpu) {
        return None; // The CPU is always there.
    }
    match panic::caught(|| devices.open(choice)) {
        Ok(Ok(device)) if is_mixed && !computes_in_f16(&device.device) => Some(not_mixed(&device)),
        Ok(Ok(_)) => None,
        Ok(Err(Refusal(notice))) => Some(notice),
        Err(why) => Some(Notice::new("The device cannot be opened").cause(why).remedy("Choose the device cpu")),
    }
}

fn not_mixed(device: &OpenDevice) -> Notice {
    let name = &device.info.name;
    Notice::new("Mixed precision is not meant for this device")
        .cause(if device.info.is_gpu {
            format!("{name} does not compute in 16 bits")
        } else {
            format!("{name}: 16 bits take longer there than 32")
        })
        .remedy("Choose the precision f32 (--precision f32), or start a worker where there is a GPU that does")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::study::folder::StudyFolder;

    fn checked(text: &str, device: Option<&DeviceChoice>) -> Result<Option<String>, Refusal> {
        let plan = Plan::read("p", text, Path::new(""), Some(Path::new("D"))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        check(&plan, &Overview::of(&plan, None, &StudyFolder::at(folder.path())), device)
    }

    #[test]
    fn mixed_precision_on_a_cpu_is_told_for_some_runs_and_refused_for_all() {
        let cpu = Some(&DeviceChoice::Cpu);
        let both = checked("[grid]\n'train.precision' = ['f32', 'mixed']\n", cpu).unwrap().unwrap();
        let want = "1 of the 2 runs that are left cannot start here: precision-mixed: Mixed precision";
        assert!(both.starts_with(want), "{both}");
        let all = checked("[base.train]\nprecision = 'mixed'\n", cpu).unwrap_err().to_string();
        assert!(all.starts_with("No run of the plan p can start here: base: Mixed") && all.contains("--precision f32"));
        assert_eq!(checked("[base]\n", cpu).unwrap(), None);
    }

    #[test]
    fn an_adapter_that_is_not_there_is_told_before_anything_starts() {
        let named = DeviceChoice::Named("no such adapter".to_owned());
        let refusal = checked("seeds = [0, 1]\n", Some(&named)).unwrap_err().to_string();
        assert!(refusal.contains("base_seed-0 and 1 more: No adapter's name contains"), "{refusal}");
    }

    #[test]
    fn in_short_the_first_reason_stands_for_all() {
        let found = |runs: usize, reasons: &[&str]| Unstartable {
            runs,
            left: 4,
            reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        };
        let some = found(3, &["a: No GPU", "b: No 16 bits"]);
        assert_eq!(some.in_short(), "3 of the 4 runs that are left cannot start here: a: No GPU (and 1 other reason)");
        assert_eq!(some.told(), "3 of the 4 runs that are left cannot start here: a: No GPU; b: No 16 bits");
        assert_eq!(found(4, &["a: No GPU"]).in_short(), "No run that is left can start here: a: No GPU");
    }
}
