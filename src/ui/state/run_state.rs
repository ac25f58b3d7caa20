//! What the window knows of the current run. Folded from engine events, without side effects.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::curves::Curves;
use super::map_source::MapChoice;
use super::message::Level;
use crate::domain::Notice;
use crate::domain::split::Split;
use crate::engine::protocol::{Evaluation, Outcome, RunInfo, StepReport, Summary};
use crate::engine::{Event, EventKind, Phase, RunId};

/// The current run, or the last one.
#[derive(Clone, Debug, Default)]
pub struct RunState {
    /// Id of the run; 0 before the first.
    pub id: RunId,
    /// What the engine is doing.
    pub phase: Phase,
    /// Details of the run, once it is ready.
    pub info: Option<Box<RunInfo>>,
    /// The latest step report.
    pub step: Option<StepReport>,
    /// The learning rate in effect.
    pub rate: Option<f64>,
    /// Seconds per step, smoothed.
    pub step_secs: f32,
    /// The series for the plots.
    pub curves: Curves,
    /// The latest evaluation.
    pub evaluation: Option<Box<Evaluation>>,
    /// Best mean IoU so far and its step.
    pub best: Option<(f64, u64)>,
    /// Mean IoU of each evaluated tile, by id.
    pub tile_scores: BTreeMap<String, f64>,
    /// Split of each tile that the run uses, by id.
    pub splits: BTreeMap<String, Split>,
    /// Ids of tiles that are learned from and of which blocks validate.
    pub divided: BTreeSet<String>,
    /// How the run ended.
    pub summary: Option<Box<Summary>>,
    /// The last checkpoint written.
    pub checkpoint: Option<PathBuf>,
    /// Number of previews announced so far.
    pub previews: u64,
    /// The run was opened from disk rather than started.
    pub opened: bool,
    /// It goes on with a run from disk.
    pub resumed: bool,
    /// The map that is shown while this run is open, whatever the setting; until somebody chooses another.
    pub map: Option<MapChoice>,
    /// The run before, until this one has begun: it comes back if this one cannot begin.
    former: Option<Box<Self>>,
}

/// A message that an event gives rise to.
pub type Note = (Level, Notice);

impl RunState {
    /// A run that was just started.
    pub fn starting(id: RunId) -> Self {
        Self { id, phase: preparing("Starting"), ..Self::default() }
    }

    /// A run that goes on where it was saved.
    pub fn resuming(id: RunId) -> Self {
        Self { id, phase: preparing("Resuming the run"), resumed: true, ..Self::default() }
    }

    /// A run that is being opened.
    pub fn opening(id: RunId) -> Self {
        Self { id, phase: preparing("Opening the run"), opened: true, ..Self::default() }
    }

    /// Puts another run in the place of this one, which comes back if that cannot begin.
    pub fn give_way_to(&mut self, next: Self) {
        let former = std::mem::replace(self, next);
        self.former = former.info.is_some().then(|| Box::new(Self { former: None, ..former }));
    }

    /// This run could not begin: the former one is back.
    pub fn give_back(&mut self) {
        *self = self.former.take().map_or_else(Self::default, |former| *former);
    }

    /// Folds in an event and returns what to tell the user. Events of earlier runs are dropped.
    pub fn apply(&mut self, event: Event) -> Option<Note> {
        if event.run != self.id {
            return None;
        }
        match event.kind {
            EventKind::Phase(phase) => self.phase = phase,
            EventKind::Started(info) => self.started(info),
            EventKind::Step(report) => self.stepped(report),
            EventKind::Evaluated(evaluation) => self.evaluated(evaluation),
            EventKind::PreviewReady => self.previews += 1,
            EventKind::WouldFit(_) => {} // It outlives a run that cannot begin: the state of the window takes it in.
            EventKind::Unresumable => {} // The refusal that follows says why.
            EventKind::Export(_) => {}   // It concerns no run: the state of the window takes it in.
            EventKind::Checkpoint { path, best } => {
                let which = if best { "Best checkpoint" } else { "Checkpoint" };
                let notice = Notice::new(format!("{which} written: {}", path.display()));
                self.checkpoint = Some(path);
                return Some((Level::Info, notice));
            }
            EventKind::Info(notice) => return Some((Level::Info, notice)),
            EventKind::Warning(notice) => return Some((Level::Warning, notice)),
            EventKind::LearningRate(rate) => self.rate = Some(rate),
            EventKind::Predicting(predicting) => {
                if let Some(info) = &mut self.info {
                    info.predicting = Some(predicting);
                }
            }
            EventKind::Finished(summary) => return Some(self.finished(summary)),
            EventKind::Failed(why) => return Some((Level::Error, self.failed(why))),
            EventKind::Cancelled => {
                self.give_back();
                return Some((Level::Info, "Run stopped before its first step; nothing was written".into()));
            }
        }
        None
    }

    fn started(&mut self, info: Box<RunInfo>) {
        let split = |ids: &[String], part| ids.iter().map(|id| (id.clone(), part)).collect::<Vec<_>>();
        self.splits = split(&info.train_tiles, Split::Train).into_iter().collect();
        let is_both = |id: &&String| self.splits.contains_key(*id);
        self.divided = info.val_tiles.iter().filter(is_both).cloned().collect();
        self.splits.extend(split(&info.val_tiles, Split::Val));
        (self.info, self.former) = (Some(info), None);
    }

    fn stepped(&mut self, report: StepReport) {
        self.curves.add_step(&report);
        let old = if self.step_secs > 0.0 { self.step_secs } else { report.step_secs };
        self.step_secs = 0.9 * old + 0.1 * report.step_secs;
        self.rate = Some(report.lr);
        self.step = Some(report);
    }

    fn evaluated(&mut self, evaluation: Box<Evaluation>) {
        self.curves.add_evaluation(&evaluation);
        self.tile_scores = evaluation.tiles.iter().cloned().collect();
        let miou = evaluation.scores.miou;
        if evaluation.best && !miou.is_nan() {
            self.best = Some((miou, evaluation.step));
        }
        self.evaluation = Some(evaluation);
    }

    fn finished(&mut self, summary: Box<Summary>) -> Note {
        self.phase = Phase::Idle;
        let what = match (&self.info, summary.outcome) {
            (_, Outcome::Imported) => Some("imported network"),
            (Some(info), _) => info.quick.as_ref().map(|_| "saved quick map"),
            (None, _) => None,
        };
        if let Some(what) = what {
            let notice = Notice::new(format!("The {what} of {} is open", summary.folder.display()));
            self.summary = Some(summary);
            return (Level::Info, notice);
        }
        let how = match summary.outcome {
            Outcome::Completed => "Training complete",
            Outcome::Early => "Training stopped early",
            Outcome::Stopped => "Training stopped",
            Outcome::Failed => "Training failed",
            Outcome::Imported => "Trained elsewhere",
        };
        let best = summary.best_miou.map_or(String::new(), |miou| format!(" Best mIoU {miou:.4}."));
        let (steps, folder) = (summary.steps, summary.folder.display());
        let note = match &summary.unsaved {
            Some(why) => {
                let notice = Notice::new(format!("{how}, but the last checkpoint could not be saved"));
                (Level::Error, notice.cause(why).remedy("Free some disk space, then press Ctrl+S to save it"))
            }
            None => {
                let headline = format!("{how} after {steps} steps.{best} Results are in {folder}");
                (Level::Info, Notice { cause: summary.why.clone(), ..Notice::new(headline) })
            }
        };
        self.summary = Some(summary);
        note
    }

    /// What failed becomes the headline, what the engine says the cause; its remedy stays.
    fn failed(&mut self, why: Notice) -> Notice {
        self.phase = Phase::Idle;
        let what = match (self.opened, &self.info) {
            (true, _) => "The run could not be opened",
            (false, None) if self.resumed => "The run could not be resumed",
            (false, None) => "The run did not start",
            (false, Some(_)) => "The run failed",
        };
        if self.info.is_none() {
            self.give_back();
        }
        Notice { headline: what.to_owned(), cause: Some(why.without_remedy()), remedy: why.remedy }
    }

    /// Whether a run is in progress: the form is locked and Start becomes Pause.
    pub fn is_running(&self) -> bool {
        self.phase.is_running()
    }

    /// Whether a network is loaded that can predict.
    pub fn can_predict(&self) -> bool {
        self.info.as_ref().is_some_and(|info| info.predicts)
    }

    /// Share of all steps done, 0 to 1; `None` while unknown.
    pub fn progress(&self) -> Option<f32> {
        let total = self.info.as_ref()?.total_steps;
        let done = self.step.map_or(0, |report| report.step);
        (total > 0).then(|| done as f32 / total as f32)
    }

    /// Seconds left at the current speed.
    pub fn seconds_left(&self) -> Option<f64> {
        let total = self.info.as_ref()?.total_steps;
        let done = self.step?.step;
        (self.step_secs > 0.0).then(|| total.saturating_sub(done) as f64 * f64::from(self.step_secs))
    }

    /// The current epoch and the number of epochs.
    pub fn epoch(&self) -> Option<(u32, u64)> {
        let info = self.info.as_ref()?;
        let epochs = info.total_steps.div_ceil(info.steps_per_epoch.max(1));
        Some((self.step.map_or(1, |report| report.epoch), epochs))
    }
}

fn preparing(what: &str) -> Phase {
    Phase::Preparing { what: what.to_owned(), done: 0, total: 0 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::domain::{Classes, Confusion, Mask, RunConfig};
    use crate::engine::protocol::DeviceInfo;

    pub(in crate::ui) fn device() -> DeviceInfo {
        let text = |text: &str| text.to_owned();
        DeviceInfo {
            name: text("2 threads"),
            backend: text("Flex"),
            is_gpu: false,
            why: text("no GPU found"),
            ..DeviceInfo::default()
        }
    }

    pub(in crate::ui) fn info() -> RunInfo {
        RunInfo {
            folder: "/runs/1".into(),
            config: RunConfig::demo(),
            classes: Classes::deepglobe().iter().cloned().collect(),
            device: device(),
            train_tiles: vec!["a".to_owned()],
            val_tiles: vec!["b".to_owned()],
            held_out: BTreeMap::new(),
            parameters: 1234,
            predicts: true,
            predicting: None,
            steps_per_epoch: 10,
            total_steps: 40,
            steps_before: 0,
            quick: None,
        }
    }

    pub(in crate::ui) fn evaluation(step: u64) -> Evaluation {
        let classes = Classes::deepglobe();
        let mut confusion = Confusion::new(classes.len());
        let mask = |data: &[u8]| Mask::from_vec(4, 1, data.to_vec()).unwrap();
        confusion.add(&mask(&[0, 0, 1, 4]), &mask(&[0, 1, 1, 4]));
        Evaluation {
            step,
            epoch: 1,
            train_loss: 1.0,
            scores: confusion.scores(&classes),
            raw_miou: None,
            further: None,
            confusion,
            tiles: vec![("b".to_owned(), 0.5)],
            measured_on: "val: 1 tile, full mask, 4 px".to_owned(),
            secs: 1.0,
            best: true,
        }
    }

    pub(in crate::ui) fn step(step: u64) -> StepReport {
        let (loss, step_secs) = (1.0 / step as f32, 0.5);
        StepReport { step, epoch: 1, loss, lr: 1e-3, step_secs, waiting: 0.0, labelled: 9 }
    }

    fn run(kinds: Vec<EventKind>) -> (RunState, Vec<Note>) {
        let mut state = RunState::starting(7);
        let notes = kinds.into_iter().filter_map(|kind| state.apply(Event { run: 7, kind })).collect();
        (state, notes)
    }

    #[test]
    fn events_of_earlier_runs_are_dropped() {
        let mut state = RunState::starting(7);
        let failed = EventKind::Failed("an earlier failure".into());
        assert_eq!(state.apply(Event { run: 6, kind: failed }), None);
        assert_eq!(state.apply(Event { run: 6, kind: EventKind::Step(step(3)) }), None);
        assert!(state.is_running() && state.step.is_none());
    }

    #[test]
    fn a_run_goes_from_preparing_to_scores() {
        let (state, notes) = run(vec![
            EventKind::Started(Box::new(info())),
            EventKind::Phase(Phase::Training),
            EventKind::Step(step(1)),
            EventKind::Step(step(10)),
            EventKind::Evaluated(Box::new(evaluation(10))),
            EventKind::PreviewReady,
        ]);
        assert!(notes.is_empty(), "no message is needed");
        assert_eq!(state.progress(), Some(0.25));
        assert_eq!(state.seconds_left(), Some(15.0));
        assert_eq!(state.epoch(), Some((1, 4)));
        assert_eq!(state.splits.get("b"), Some(&Split::Val));
        assert_eq!(state.tile_scores.get("b"), Some(&0.5));
        assert_eq!(state.best.map(|(_, step)| step), Some(10));
        assert_eq!((state.curves.loss.len(), state.curves.miou.len(), state.previews), (2, 1, 1));
        assert!(state.curves.iou[2].is_empty(), "a class without pixels leaves no point");
    }

    #[test]
    fn a_worse_evaluation_keeps_the_best_score() {
        let mut worse = evaluation(20);
        (worse.scores.miou, worse.best) = (0.01, false);
        let (state, _) =
            run(vec![EventKind::Evaluated(Box::new(evaluation(10))), EventKind::Evaluated(Box::new(worse))]);
        assert_eq!(state.best.map(|(_, step)| step), Some(10));
    }

    #[test]
    fn a_failure_ends_the_run_and_names_what_failed() {
        let failure = || EventKind::Failed("cannot write: no space".into());
        let (state, notes) = run(vec![EventKind::Phase(Phase::Training), failure()]);
        assert_eq!(notes, [(Level::Error, Notice::new("The run did not start").cause("cannot write: no space"))]);
        assert!(!state.is_running());
        let (_, notes) = run(vec![EventKind::Started(Box::new(info())), failure()]);
        assert!(notes[0].1.headline == "The run failed", "{notes:?}");
        let mut opening = RunState::opening(7);
        let note = opening.apply(Event { run: 7, kind: failure() });
        assert!(note.is_some_and(|(_, text)| text.headline == "The run could not be opened"));
    }

    #[test]
    fn a_run_that_cannot_begin_gives_its_place_back() {
        let failure = || EventKind::Failed("no tile has a label".into());
        for end in [failure(), EventKind::Cancelled] {
            let (mut state, _) = run(vec![EventKind::Started(Box::new(info())), EventKind::Phase(Phase::Idle)]);
            state.give_way_to(RunState::starting(8));
            assert!(state.info.is_none() && state.is_running());
            assert!(state.apply(Event { run: 8, kind: end }).is_some());
            assert!(state.id == 7 && state.can_predict() && !state.is_running(), "{state:?}");
        }
        let (mut state, _) = run(vec![EventKind::Started(Box::new(info()))]);
        state.give_way_to(RunState::starting(8));
        state.apply(Event { run: 8, kind: EventKind::Started(Box::new(info())) });
        state.apply(Event { run: 8, kind: failure() });
        assert_eq!(state.id, 8, "it has begun");
    }

    #[test]
    fn the_rate_is_the_one_set_until_the_next_step_reports_its_own() {
        let (mut state, _) = run(vec![EventKind::Step(step(1)), EventKind::LearningRate(0.5)]);
        assert_eq!(state.rate, Some(0.5));
        state.apply(Event { run: 7, kind: EventKind::Step(StepReport { lr: 0.4, ..step(2) }) });
        assert_eq!(state.rate, Some(0.4));
    }

    #[test]
    fn a_new_best_replaces_a_better_old_score() {
        let mut new_best = evaluation(20);
        new_best.scores.miou = 0.01;
        let (state, _) =
            run(vec![EventKind::Evaluated(Box::new(evaluation(10))), EventKind::Evaluated(Box::new(new_best))]);
        assert_eq!(state.best, Some((0.01, 20)));
    }

    #[test]
    fn a_run_that_could_not_be_saved_is_an_error() {
        let unsaved = Some("cannot write: no space".to_owned());
        let summary = Summary { outcome: Outcome::Completed, steps: 3, unsaved, ..Summary::default() };
        let (_, notes) = run(vec![EventKind::Finished(Box::new(summary))]);
        assert_eq!(notes[0].0, Level::Error);
        assert!(notes[0].1.to_string().contains("no space"), "{notes:?}");
    }

    #[test]
    fn a_run_that_ended_early_says_why() {
        let why = Some("the last 3 evaluations had no mIoU above 0.5000".to_owned());
        let summary = Summary { outcome: Outcome::Early, steps: 3, why, ..Summary::default() };
        let (_, notes) = run(vec![EventKind::Finished(Box::new(summary))]);
        let text = notes[0].1.to_string();
        assert!(text.contains("stopped early after 3 steps") && text.contains("3 evaluations"), "{text}");
    }

    #[test]
    fn an_imported_network_is_open_and_was_not_trained() {
        let summary = Summary { folder: "/runs/1".into(), outcome: Outcome::Imported, ..Summary::default() };
        let (_, notes) = run(vec![EventKind::Started(Box::new(info())), EventKind::Finished(Box::new(summary))]);
        assert_eq!(notes, [(Level::Info, "The imported network of /runs/1 is open".into())]);
    }

    #[test]
    fn a_finished_run_names_its_folder() {
        let summary = Summary { folder: "/runs/1".into(), steps: 12, best_miou: Some(0.5), ..Summary::default() };
        let (mut state, notes) =
            run(vec![EventKind::Started(Box::new(info())), EventKind::Finished(Box::new(summary))]);
        assert!(
            notes[0].1.headline.contains("stopped after 12 steps") && notes[0].1.headline.contains("/runs/1"),
            "{notes:?}"
        );
        assert!(state.can_predict() && !state.is_running(), "the network can still predict");
        state.started(Box::new(RunInfo { predicts: false, ..info() }));
        assert!(!state.can_predict(), "a run that ended before its first checkpoint");
    }
}
