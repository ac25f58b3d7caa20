//! All the window knows. Plain data: panels read it, `execute` changes it, and [`AppState::apply`] takes in what the
//! engine says, without side effects, so that it is tested without a window.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use super::action::Dialog;
use super::check::CheckState;
use super::class_draft::ClassDraft;
use super::frame_times::FrameTimes;
use super::in_view::{InView, UnderCursor};
use super::message::{Level, Messages};
use super::open_project::OpenProject;
use super::parts::Part;
use super::room::Room;
use super::run_state::RunState;
use super::settings::Settings;
use super::thumbnails::Thumbnails;
use crate::data::{ClassEdits, Fate, Tile};
use crate::domain::weights::ClassWeights;
use crate::domain::{ClassDef, RunConfig, Stroke};
use crate::engine::protocol::Preview;
use crate::engine::{Event, EventKind, Phase};
use crate::train::run_list::RunEntry;
use crate::ui::canvas::{ToolKind, ViewState};

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
    pub(crate) parts: BTreeMap<String, Part>,
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
        self.settings.form.problems(project.classes()).iter().map(ToString::to_string).collect()
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
mod tests;
