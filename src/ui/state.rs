//! All the window knows. Plain data: panels read it, `execute` changes it, and [`AppState::apply`] takes in what the
//! engine says, without side effects, so that it is tested without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::action::Dialog;
use super::canvas::{ToolKind, ViewState};
use super::check::CheckState;
use super::class_draft::ClassDraft;
use super::frame_times::FrameTimes;
use super::in_view::{InView, UnderCursor};
use super::message::{Level, Messages};
use super::open_project::OpenProject;
use super::parts::Part;
use super::room::Room;
use super::run_state::RunState;
use super::runs::RunEntry;
use super::settings::Settings;
use super::thumbnails::Thumbnails;
use crate::data::{ClassEdits, Fate, Tile};
use crate::domain::weights::ClassWeights;
use crate::domain::{ClassDef, RunConfig, Stroke};
use crate::engine::protocol::Preview;
use crate::engine::{Event, EventKind, Phase};

/// The state of the whole window.
pub struct AppState {
    /// The time, for messages; set at each frame.
    pub clock: SystemTime,
    /// What is remembered between sessions.
    pub settings: Settings,
    /// The open project.
    pub project: Option<OpenProject>,
    /// A project being opened.
    pub opening: Option<PathBuf>,
    /// The tile to bring into view when it is.
    pub reopen_at: Option<String>,
    /// The tile in view, by its place in the project.
    pub selected: usize,
    /// What its masks come to.
    pub check: CheckState,
    /// What of it has been read.
    pub view: InView,
    /// Small pictures of the tiles, by id.
    pub thumbnails: Thumbnails,
    /// Tiles read and tiles to read, while thumbnails are made.
    pub decoding: Option<(usize, usize)>,
    /// The part each tile would play in a run started now, by id; those that are missing play none.
    pub(super) parts: BTreeMap<String, Part>,
    /// Only tiles whose id contains this are listed.
    pub filter: String,
    /// The list is to scroll to the tile in view.
    pub scroll_to_tile: bool,
    /// The camera both views share.
    pub camera: ViewState,
    /// The view whose layers the panel shows.
    pub active_view: usize,
    /// What the pointer does on the picture.
    pub tool: ToolKind,
    /// The class painted with.
    pub class: u8,
    /// Image position under the pointer.
    pub hover_in_image: Option<[f32; 2]>,
    /// The run.
    pub run: RunState,
    /// The learning rate asked for during the run.
    pub asked_rate: Option<f64>,
    /// Where this project's runs go.
    pub runs_home: Option<PathBuf>,
    /// Its run folders.
    pub runs: Vec<RunEntry>,
    /// What was said.
    pub messages: Messages,
    /// The right panel is laid over the picture.
    pub side_open: bool,
    /// Which panels there is room for.
    pub room: Room,
    /// The pointer is over what floats.
    pub toasts_held: bool,
    /// The dialog that is open.
    pub dialog: Option<Dialog>,
    /// The path being typed.
    pub typed_path: String,
    /// The classes being edited.
    pub class_draft: ClassDraft,
    /// What draws the window.
    pub graphics: String,
    /// How long its frames take.
    pub frames: FrameTimes,
}

impl AppState {
    /// The state at start.
    pub fn new(settings: Settings) -> Self {
        Self {
            clock: SystemTime::UNIX_EPOCH,
            settings,
            project: None,
            opening: None,
            reopen_at: None,
            selected: 0,
            check: CheckState::default(),
            view: InView::default(),
            thumbnails: Thumbnails::default(),
            decoding: None,
            parts: BTreeMap::new(),
            filter: String::new(),
            scroll_to_tile: false,
            camera: ViewState::default(),
            active_view: 0,
            tool: ToolKind::Brush,
            class: 0,
            hover_in_image: None,
            run: RunState::default(),
            asked_rate: None,
            runs_home: None,
            runs: Vec::new(),
            messages: Messages::default(),
            side_open: false,
            toasts_held: false,
            room: Room { side: true, tiles: true, lower: true },
            dialog: None,
            typed_path: String::new(),
            class_draft: ClassDraft::default(),
            graphics: String::new(),
            frames: FrameTimes::new(Instant::now()),
        }
    }

    /// Takes in what the engine says.
    pub fn apply(&mut self, event: Event) {
        let is_started = matches!(event.kind, EventKind::Started(_)) && event.run == self.run.id;
        if let EventKind::LearningRate(rate) = event.kind
            && self.asked_rate.is_some_and(|asked| (asked - rate).abs() <= 1e-9 * rate)
        {
            self.asked_rate = None; // The engine has heard the last of what was asked.
        }
        if let Some((level, text)) = self.run.apply(event) {
            self.say(level, &text);
        }
        if !self.run.is_running() {
            self.asked_rate = None;
        }
        if is_started && self.run.opened {
            self.take_form();
        }
    }

    /// The form shows how the opened run was trained, its length included; the project and the device stay.
    fn take_form(&mut self) {
        let Some(info) = &self.run.info else { return };
        let form = &self.settings.form;
        let (data, device) = (form.data.clone(), form.device.clone());
        self.settings.form = RunConfig { data, device, ..info.config.clone() };
        self.divide();
        self.fit_to_classes();
    }

    /// Takes in a prediction, if it is of the tile in view by the present network.
    pub fn apply_preview(&mut self, preview: Preview) {
        if preview.run == self.run.id && self.tile().is_some_and(|tile| tile.id == preview.tile) {
            self.view.prediction = Some(Arc::new(preview));
        }
    }

    /// Says something, once.
    pub fn say(&mut self, level: Level, text: &str) {
        self.messages.say(self.clock, level, text);
    }

    /// Says how many tiles cannot be used, in place of an earlier count.
    pub fn say_faults(&mut self) {
        let Some(note) = self.project.as_ref().and_then(|open| open.project.fault_note()) else { return };
        self.messages.say_now("bad tiles", self.clock, Level::Warning, &note);
    }

    /// The tile in view.
    pub fn tile(&self) -> Option<&Tile> {
        self.project.as_ref()?.project.tiles.get(self.selected)
    }

    /// Places of the tiles that pass the filter.
    pub fn shown_tiles(&self) -> Vec<usize> {
        let Some(project) = &self.project else { return Vec::new() };
        let wanted = self.filter.trim().to_lowercase();
        let passes = |tile: &Tile| wanted.is_empty() || tile.id.to_lowercase().contains(&wanted);
        project.project.tiles.iter().enumerate().filter(|(_, tile)| passes(tile)).map(|(i, _)| i).collect()
    }

    /// The tile `steps` further on in the list as filtered.
    pub fn tile_after(&self, steps: i32) -> Option<usize> {
        let shown = self.shown_tiles();
        let at = shown.iter().position(|index| *index == self.selected);
        let next = at.map_or(0, |at| at.saturating_add_signed(steps as isize));
        shown.get(next.min(shown.len().checked_sub(1)?)).copied()
    }

    /// The classes: of the project, else of the run.
    pub fn class_list(&self) -> &[ClassDef] {
        match (&self.project, &self.run.info) {
            (Some(project), _) => project.classes().as_slice(),
            (None, Some(info)) => &info.classes,
            _ => &[],
        }
    }

    /// Why the form cannot be started, each with its remedy.
    pub fn problems(&self) -> Vec<String> {
        let Some(project) = &self.project else { return Vec::new() };
        self.settings.form.problems(project.classes())
    }

    /// Why Start is disabled.
    pub fn why_no_start(&self) -> Option<String> {
        if self.project.is_none() {
            return Some("Open a project first".to_owned());
        }
        self.problems().into_iter().next()
    }

    /// Whether a run can be started.
    pub fn can_start(&self) -> bool {
        !self.run.is_running() && self.why_no_start().is_none()
    }

    /// Whether pausing or going on means anything now.
    pub fn can_pause(&self) -> bool {
        matches!(self.run.phase, Phase::Training | Phase::Evaluating { .. } | Phase::Paused)
    }

    /// What the button that starts, pauses and goes on says.
    pub fn start_or_pause_name(&self) -> &'static str {
        match self.run.phase {
            Phase::Idle => "Start",
            Phase::Paused => "Go on",
            _ => "Pause",
        }
    }

    /// Whether the class list may change: labels are being learned from otherwise.
    pub fn can_edit_classes(&self) -> bool {
        self.project.is_some() && !self.run.is_running()
    }

    /// The learning rate in force.
    pub fn live_rate(&self) -> f64 {
        self.asked_rate.or(self.run.rate).unwrap_or(self.settings.form.train.lr)
    }

    /// What lies under the pointer.
    pub fn under_cursor(&self) -> Option<UnderCursor> {
        self.view.under(self.hover_in_image?)
    }

    /// A stroke that starts here, with the class and radius chosen.
    pub fn stroke_at(&self, pos_in_image: [f32; 2]) -> Option<Stroke> {
        let class = match self.tool {
            ToolKind::Brush => Some(self.class),
            ToolKind::Erase => None,
            ToolKind::Pan => return None,
        };
        let tile = self.tile()?.id.clone();
        Some(Stroke { tile, class, radius: self.settings.radius, path: vec![pos_in_image] })
    }

    /// What goes by class follows an edited class list: the class in hand, typed weights.
    pub fn follow_classes(&mut self, edits: &ClassEdits) {
        let place = |fate: Option<&Fate>| match fate {
            Some(Fate::Kept(new) | Fate::Merged(new)) => Some(*new),
            _ => None,
        };
        self.class = place(edits.fates.get(usize::from(self.class))).unwrap_or(0);
        if let ClassWeights::Given(weights) = &mut self.settings.form.train.class_weights {
            let mut moved = vec![1.0; edits.classes.len()];
            for (weight, fate) in weights.iter().zip(&edits.fates) {
                if let Fate::Kept(new) = fate {
                    moved[usize::from(*new)] = *weight;
                }
            }
            *weights = moved;
        }
    }

    /// Makes what depends on the project's classes fit them: the class in hand, typed weights.
    pub fn fit_to_classes(&mut self) {
        let Some(project) = &self.project else { return };
        let count = project.classes().len();
        if usize::from(self.class) >= count {
            self.class = 0;
        }
        if let ClassWeights::Given(weights) = &mut self.settings.form.train.class_weights {
            weights.resize(count, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Project, write, write_classes};
    use crate::domain::{Classes, Edit, LabelBook};

    /// A state with three tiles, nothing read of them yet.
    fn state() -> AppState {
        let root = tempfile::tempdir().unwrap();
        write_classes(root.path(), &Classes::deepglobe()).unwrap();
        for id in ["172307", "172308", "900100"] {
            let picture = image::RgbImage::new(8, 8);
            write::rgb_png(&root.path().join(format!("{id}.png")), &picture).unwrap();
        }
        let project = Project::open(root.path()).unwrap();
        assert_eq!(project.tiles.len(), 3, "{project:?}");
        let mut state = AppState::new(Settings::default());
        state.project = Some(OpenProject::new(project, LabelBook::default(), PathBuf::new()));
        state
    }

    #[test]
    fn stepping_follows_the_filter_and_stops_at_the_ends() {
        let mut state = state();
        assert_eq!((state.tile_after(1), state.tile_after(-1)), (Some(1), Some(0)));
        state.selected = 2;
        assert_eq!(state.tile_after(1), Some(2));
        state.filter = " 1723 ".to_owned();
        assert_eq!(state.shown_tiles(), [0, 1]);
        assert_eq!(state.tile_after(1), Some(0), "the tile in view is filtered away");
        state.filter = "nothing".to_owned();
        assert_eq!(state.tile_after(1), None);
    }

    #[test]
    fn a_run_that_cannot_start_says_why() {
        let nothing_open = AppState::new(Settings::default());
        assert!(nothing_open.why_no_start().unwrap().contains("project"));
        let mut state = state();
        assert!(state.can_start());
        state.settings.form.train.batch = 0;
        assert!(state.why_no_start().unwrap().contains("batch of 0"));
    }

    #[test]
    fn a_running_run_locks_the_form_and_a_failed_one_frees_it() {
        let mut state = state();
        state.run = RunState::starting(3);
        assert!(!state.can_start() && !state.can_edit_classes());
        state.asked_rate = Some(0.5);
        assert!((state.live_rate() - 0.5).abs() < 1e-12);
        state.apply(Event { run: 2, kind: EventKind::Failed("an older run".to_owned()) });
        assert!(state.messages.all().is_empty());
        state.apply(Event { run: 3, kind: EventKind::Failed("no memory: take a smaller batch".to_owned()) });
        assert!(state.can_start());
        assert_eq!(state.asked_rate, None);
        let toast = state.messages.toasts().next().unwrap().1;
        assert_eq!(
            (toast.headline.as_str(), toast.hint.as_str()),
            ("The run did not start", "no memory: take a smaller batch")
        );
    }

    #[test]
    fn the_field_shows_the_rate_asked_for_until_the_engine_has_it() {
        let mut state = state();
        state.run = RunState::starting(3);
        state.asked_rate = Some(0.5);
        state.apply(Event { run: 3, kind: EventKind::LearningRate(0.3) });
        assert!((state.live_rate() - 0.5).abs() < 1e-12, "an earlier one was answered");
        state.apply(Event { run: 3, kind: EventKind::LearningRate(0.5) });
        assert_eq!(state.asked_rate, None);
        assert!((state.live_rate() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn an_opened_run_fills_in_the_form_with_its_length() {
        let mut state = state();
        state.run = RunState::opening(3);
        let mut info = crate::ui::run_state::tests::info();
        info.config.train.length = crate::domain::config::Length::Steps(77);
        info.config.data = "/elsewhere".into();
        state.apply(Event { run: 3, kind: EventKind::Started(Box::new(info)) });
        assert_eq!(state.settings.form.train.length, crate::domain::config::Length::Steps(77));
        assert_eq!(state.settings.form.data, Settings::default().form.data);
        state.run = RunState::starting(4);
        let kind = EventKind::Started(Box::new(crate::ui::run_state::tests::info()));
        state.apply(Event { run: 4, kind });
        assert_eq!(state.settings.form.train.length, crate::domain::config::Length::Steps(77));
    }

    #[test]
    fn strokes_carry_the_class_in_hand() {
        let mut state = state();
        (state.class, state.settings.radius) = (4, 3.0);
        let stroke = state.stroke_at([1.0, 2.0]).unwrap();
        assert_eq!((stroke.tile.as_str(), stroke.class, stroke.path), ("172307", Some(4), vec![[1.0, 2.0]]));
        state.tool = ToolKind::Erase;
        assert_eq!(state.stroke_at([1.0, 2.0]).unwrap().class, None);
        state.tool = ToolKind::Pan;
        assert_eq!(state.stroke_at([1.0, 2.0]), None);
    }

    #[test]
    fn labels_are_counted_per_tile() {
        let mut state = state();
        let edit = Edit::Begin(state.stroke_at([1.0, 1.0]).unwrap());
        let project = state.project.as_mut().unwrap();
        let tile = project.book.apply(edit).unwrap();
        project.recount(&tile);
        assert_eq!((project.labels(), project.labels_on("172307"), project.labels_on("900100")), (1, 1, 0));
    }

    #[test]
    fn what_depends_on_the_classes_is_made_to_fit() {
        let mut state = state();
        state.class = 40;
        state.settings.form.train.class_weights = ClassWeights::Given(vec![2.0; 3]);
        state.fit_to_classes();
        assert_eq!(state.class, 0);
        let ClassWeights::Given(weights) = &state.settings.form.train.class_weights else { panic!("still given") };
        assert_eq!(weights.len(), 7);
        assert!(state.can_start());
    }

    #[test]
    fn a_hidden_class_stays_hidden_when_others_are_edited() {
        let mut state = state();
        let open = state.project.as_mut().unwrap();
        open.toggle_class(2);
        assert!(!open.is_class_visible(2) && open.is_class_visible(1));
        open.set_project((*open.project).clone());
        assert_eq!((open.palette.color(1)[3], open.palette.color(2)[3]), (255, 0));
        open.toggle_class(2);
        assert!(open.is_class_visible(2) && open.palette.color(2)[3] == 255);
    }

    #[test]
    fn a_tile_that_turns_out_bad_is_marked_once() {
        let mut state = state();
        let project = state.project.as_mut().unwrap();
        assert!(project.mark_fault("172308", "truncated"));
        assert!(!project.mark_fault("172308", "truncated"));
        assert_eq!(project.project.tiles[1].fault.as_deref(), Some("truncated"));
    }
}
