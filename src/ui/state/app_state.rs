//! The state of the window. Plain data: panels read it, `execute` changes it, and `apply` folds in engine events.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use eframe::egui::Color32;

use super::action::Dialog;
use super::check::CheckState;
use super::class_draft::ClassDraft;
use super::closing::{Closing, Work};
use super::export_state::ExportState;
use super::figure_gallery::FigureGallery;
use super::frame_times::FrameTimes;
use super::in_view::{InView, UnderCursor};
use super::message::{Level, Messages};
use super::network_files::NetworkFiles;
use super::open_project::OpenProject;
use super::panel_layout::PanelLayout;
use super::report_export::{ReportTask, WritingReport};
use super::run_state::RunState;
use super::runs_table::RunsTable;
use super::settings::Settings;
use super::split_state::SplitState;
use super::study_state::StudyState;
use super::swipe::Swipe;
use super::thumbnails::Thumbnails;
use super::tile_role::TileRole;
use super::tool::{Tool, ToolKind};
use super::view_camera::ViewCamera;
use crate::data::{ClassEdits, Fate, Tile};
use crate::domain::blocks::HeldOut;
use crate::domain::config::{StepOffer, StepSize};
use crate::domain::weights::ClassWeights;
use crate::domain::{ClassDef, Notice, RunConfig, Stroke};
use crate::engine::Phase;
use crate::train::run_list::RunEntry;

/// The state of the whole window.
pub struct AppState {
    /// Wall-clock time of this frame, for messages.
    pub clock: SystemTime,
    /// Settings kept between sessions.
    pub settings: Settings,
    /// The open project.
    pub project: Option<OpenProject>,
    /// The folder being opened.
    pub opening: Option<PathBuf>,
    /// Id of the tile to show once the project is open again.
    pub reopen_at: Option<String>,
    /// Index of the tile in view.
    pub selected: usize,
    /// State of the mask check.
    pub check: CheckState,
    /// What has been read of the tile in view.
    pub view: InView,
    /// Thumbnail textures by tile id.
    pub thumbnails: Thumbnails,
    /// Thumbnails done and thumbnails in all, while they are being made.
    pub decoding: Option<(usize, usize)>,
    /// Role of each tile in a run started now, by id. Missing tiles have none.
    pub(crate) roles: BTreeMap<String, TileRole>,
    /// What blocks hold out of tiles in a run started now, by id.
    pub(crate) planned_blocks: BTreeMap<String, HeldOut>,
    /// Only tiles whose id contains this text are listed.
    pub filter: String,
    /// Scroll the list to the tile in view at the next frame.
    pub scroll_to_tile: bool,
    /// The camera shared by both views.
    pub camera: ViewCamera,
    /// Index of the view that the layer panel shows.
    pub active_view: usize,
    /// The selected tool.
    pub tool: ToolKind,
    /// Index of the class to paint with.
    pub class: u8,
    /// Image position under the pointer, pixels; `None` outside the tile.
    pub hover_in_image: Option<[f32; 2]>,
    /// The current run, or the last one.
    pub run: RunState,
    /// What fits into memory where the last run that was refused does not, and the settings of that run.
    pub offer: Option<(StepOffer, RunConfig)>,
    /// The learning rate requested but not yet confirmed by the engine.
    pub requested_rate: Option<f64>,
    /// Folder for this project's new runs.
    pub runs_home: Option<PathBuf>,
    /// The project's run folders, newest first.
    pub runs: Vec<RunEntry>,
    /// The same as a table.
    pub runs_table: RunsTable,
    /// The figures of the ticked runs.
    pub gallery: FigureGallery,
    /// The report that is being written, whichever project is open by now.
    pub report: Option<WritingReport>,
    /// The report that a folder was asked for last.
    pub asked_report: Option<ReportTask>,
    /// The study that is shown.
    pub study: StudyState,
    /// Two runs swiped over the tile in view.
    pub swipe: Option<Swipe>,
    /// The export of maps.
    pub export: ExportState,
    /// Networks to files of other programs and back.
    pub network_files: NetworkFiles,
    /// The cut of scenes into patches.
    pub split: SplitState,
    /// Log and toasts.
    pub messages: Messages,
    /// The right panel is shown over the picture.
    pub side_open: bool,
    /// Which panels are shown in full.
    pub layout: PanelLayout,
    /// The pointer is over a toast, which stops its timer.
    pub pointer_over_toasts: bool,
    /// Whether the window is about to close.
    pub closing: Closing,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// The path typed so far.
    pub typed_path: String,
    /// The class list being edited.
    pub class_draft: ClassDraft,
    /// Description of the graphics adapter.
    pub graphics: String,
    /// Frame times.
    pub frames: FrameTimes,
}

impl AppState {
    /// The state at startup.
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
            roles: BTreeMap::new(),
            planned_blocks: BTreeMap::new(),
            filter: String::new(),
            scroll_to_tile: false,
            camera: ViewCamera::default(),
            active_view: 0,
            tool: ToolKind::Brush,
            class: 0,
            hover_in_image: None,
            run: RunState::default(),
            offer: None,
            requested_rate: None,
            runs_home: None,
            runs: Vec::new(),
            runs_table: RunsTable::default(),
            gallery: FigureGallery::default(),
            report: None,
            asked_report: None,
            study: StudyState::default(),
            swipe: None,
            export: ExportState::default(),
            network_files: NetworkFiles::default(),
            split: SplitState::default(),
            messages: Messages::default(),
            side_open: false,
            pointer_over_toasts: false,
            layout: PanelLayout { side: true, tiles: true, lower: true },
            closing: Closing::default(),
            dialog: None,
            typed_path: String::new(),
            class_draft: ClassDraft::default(),
            graphics: String::new(),
            frames: FrameTimes::new(Instant::now()),
        }
    }

    /// Adds a message to the log; warnings and errors also become toasts.
    pub fn say(&mut self, level: Level, notice: impl Into<Notice>) {
        self.messages.say(self.clock, level, notice);
    }

    /// Adds good news to the log that somebody has waited for, and shows them as a toast.
    pub fn announce(&mut self, notice: impl Into<Notice>) {
        self.messages.announce(self.clock, notice);
    }

    /// Reports how many tiles cannot be used, replacing an earlier count.
    pub fn say_faults(&mut self) {
        let Some(note) = self.project.as_ref().and_then(|open| open.project.fault_note()) else { return };
        self.messages.say_now("bad tiles", self.clock, Level::Warning, note);
    }

    /// The tile in view.
    pub fn tile(&self) -> Option<&Tile> {
        self.project.as_ref()?.project.tiles.get(self.selected)
    }

    /// Indices of the tiles that pass the filter.
    pub fn shown_tiles(&self) -> Vec<usize> {
        let Some(project) = &self.project else { return Vec::new() };
        let wanted = self.filter.trim().to_lowercase();
        let passes = |tile: &Tile| wanted.is_empty() || tile.id.to_lowercase().contains(&wanted);
        project.project.tiles.iter().enumerate().filter(|(_, tile)| passes(tile)).map(|(i, _)| i).collect()
    }

    /// Index of the tile `steps` further along the filtered list; stops at the ends.
    pub fn tile_after(&self, steps: i32) -> Option<usize> {
        let shown = self.shown_tiles();
        let at = shown.iter().position(|index| *index == self.selected);
        let next = at.map_or(0, |at| at.saturating_add_signed(steps as isize));
        shown.get(next.min(shown.len().checked_sub(1)?)).copied()
    }

    /// Classes of the project, or of the run if no project is open.
    pub fn class_list(&self) -> &[ClassDef] {
        match (&self.project, &self.run.info) {
            (Some(project), _) => project.classes().as_slice(),
            (None, Some(info)) => &info.classes,
            _ => &[],
        }
    }

    /// Why the settings cannot be used for a run, one sentence each with the remedy.
    pub fn problems(&self) -> Vec<String> {
        let Some(project) = &self.project else { return Vec::new() };
        self.settings.form.problems(project.classes()).iter().map(ToString::to_string).collect()
    }

    /// Why Start is disabled; `None` if it is not.
    pub fn why_no_start(&self) -> Option<String> {
        if self.project.is_none() {
            return Some("Open a project first".to_owned());
        }
        if self.study.is_running() {
            return Some("A study is in progress. Stop it first".to_owned());
        }
        self.problems().into_iter().next()
    }

    /// What fits into memory, as long as the settings ask for what did not.
    pub fn offered(&self) -> Option<StepOffer> {
        let (offer, refused) = self.offer.as_ref()?;
        let form = &self.settings.form;
        let is_same =
            offer.asked == StepSize::of(&form.train) && refused.model == form.model && refused.device == form.device;
        is_same.then_some(*offer)
    }

    /// Whether a run can be started.
    pub fn can_start(&self) -> bool {
        !self.run.is_running() && self.why_no_start().is_none()
    }

    /// What the window has in progress.
    pub fn work(&self) -> Work {
        match () {
            () if self.study.is_running() => Work::Study,
            () if self.run.is_running() => Work::Run,
            () => Work::None,
        }
    }

    /// Whether the run can be paused or resumed now.
    pub fn can_pause(&self) -> bool {
        matches!(self.run.phase, Phase::Tuning | Phase::Training | Phase::Evaluating { .. } | Phase::Paused)
    }

    /// Label of the button that starts, pauses and resumes.
    pub fn start_or_pause_name(&self) -> &'static str {
        match self.run.phase {
            Phase::Idle => "Start",
            Phase::Paused => "Resume",
            _ => "Pause",
        }
    }

    /// Whether the class list may change. Not during a run, which learns from it.
    pub fn can_edit_classes(&self) -> bool {
        self.project.is_some() && !self.run.is_running() && !self.study.is_running()
    }

    /// The learning rate in effect: requested, else reported, else configured.
    pub fn current_rate(&self) -> f64 {
        self.requested_rate.or(self.run.rate).unwrap_or(self.settings.form.train.lr)
    }

    /// The pixel under the pointer.
    pub fn under_cursor(&self) -> Option<UnderCursor> {
        self.view.under(self.hover_in_image?, self.prediction().as_ref())
    }

    /// The selected tool as the canvas needs it. Without classes there is nothing to paint, so it pans.
    pub fn active_tool(&self) -> Tool {
        let class = self.class_list().get(usize::from(self.class));
        let color = class.map_or(Color32::GRAY, |class| {
            let [r, g, b] = class.color;
            Color32::from_rgb(r, g, b)
        });
        let kind = if class.is_none() { ToolKind::Pan } else { self.tool };
        Tool { kind, color, radius_px: self.settings.radius }
    }

    /// A stroke that begins at this position with the selected class and radius; `None` for the pan tool.
    pub fn stroke_at(&self, pos_in_image: [f32; 2]) -> Option<Stroke> {
        let class = match self.tool {
            ToolKind::Brush => Some(self.class),
            ToolKind::Erase => None,
            ToolKind::Pan => return None,
        };
        let tile = self.tile()?.id.clone();
        Some(Stroke { tile, class, radius: self.settings.radius, path: vec![pos_in_image] })
    }

    /// Adjusts what refers to classes by index after an edit of the class list: the selected class and the class
    /// weights.
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

    /// Adjusts what refers to classes to the project's class count: the selected class and the class weights.
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
