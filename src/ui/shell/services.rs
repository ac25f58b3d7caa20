//! The window's background services: engine, tile loader, quick head, label journal, jobs. They know nothing of actions; what they
//! deliver is folded into the state by `incoming`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::Context;

use super::attention::Attention;
use super::jobs::Jobs;
use super::pointer_scale::PointerScale;
use super::tiles::loader::TileLoader;
use crate::data::Journal;
use crate::domain::LabelBook;
use crate::domain::geometry::PixelRect;
use crate::engine::protocol::ViewRequest;
use crate::engine::quick::{QuickExport, QuickService};
use crate::engine::run_maps::RunMaps;
use crate::engine::{Command, EngineHandle, RunId, Waker};
use crate::study::session::StudySession;
use crate::ui::state::app_state::AppState;
use crate::ui::state::in_view::QuickInView;
use crate::ui::state::thumbnails;

/// How long the camera must rest before the engine learns which part of the tile is on screen.
const REST: Duration = Duration::from_millis(300);

/// Validation tiles that the quick head is scored on at most: each is computed anew when the labels have changed.
const JUDGES: usize = 4;

/// Handles of the background services.
pub struct Services {
    /// Trains and predicts.
    pub engine: EngineHandle,
    /// Reads tiles.
    pub tiles: TileLoader,
    /// Maps the tile in view at each click.
    pub quick: QuickService,
    /// The export of quick maps in progress.
    pub quick_export: Option<QuickExport>,
    /// The study in progress.
    pub study: Option<StudySession>,
    /// Makes the maps of two runs that are swiped.
    pub run_maps: Option<RunMaps>,
    waker: Waker,
    /// Runs every other slow task.
    pub jobs: Jobs,
    /// The label journal of the open project.
    pub journal: Option<Journal>,
    /// Gives the user's input priority over training.
    pub attention: Attention,
    /// Corrects pointer positions when the scale changes.
    pub pointer: PointerScale,
    /// Id of the last run requested; 0 before the first.
    pub last_run: RunId,
    /// The part of the tile on screen, and since when.
    visible: (Option<PixelRect>, Instant),
    /// The last prediction request: tile and part, run, and whether a network was loaded.
    requested: Option<(ViewRequest, RunId, bool)>,
    /// Rows whose thumbnails were requested last.
    thumbnails_requested: Vec<usize>,
}

impl Services {
    /// Starts the threads.
    pub fn start(ctx: &Context, attention: Attention) -> anyhow::Result<Self> {
        let waker = ctx.clone();
        let waker: Waker = Arc::new(move || waker.request_repaint());
        Ok(Self {
            engine: EngineHandle::start(attention.engine_waker(ctx.clone()))?,
            tiles: TileLoader::new(Arc::clone(&waker))?,
            quick: QuickService::start(Arc::clone(&waker))?,
            quick_export: None,
            study: None,
            run_maps: None,
            waker: Arc::clone(&waker),
            jobs: Jobs::new(waker),
            journal: None,
            attention,
            pointer: PointerScale::default(),
            last_run: 0,
            visible: (None, Instant::now()),
            requested: None,
            thumbnails_requested: Vec::new(),
        })
    }

    /// Requests a frame when called, from any thread.
    pub fn waker(&self) -> Waker {
        Arc::clone(&self.waker)
    }

    /// Ends an export of quick maps, because another project or run is opened. That of a network ends with its run.
    pub fn forget_quick_export(&mut self) {
        if let Some(export) = self.quick_export.take() {
            export.cancel();
        }
    }

    /// Cancels prediction requests, because another project was opened.
    pub fn forget_view(&mut self) {
        self.engine.send(Command::View(None));
        self.requested = None;
    }

    /// Hands the project, new or changed, to the tile loader.
    pub fn reload_tiles(&mut self, state: &AppState) {
        let Some(project) = &state.project else { return };
        self.tiles.set_project(Arc::clone(&project.project));
        self.tiles.set_sampling(state.settings.form.sampling);
        self.thumbnails_requested.clear();
        let strokes = |tile: &str| (tile.to_owned(), project.book.standing_on(tile).cloned().collect());
        self.quick.set_project(Arc::clone(&project.project), project.book.tiles().map(strokes));
        if let Some(classes) = state.classes_in_effect() {
            self.quick.set_classes(&classes);
        }
        if let Some(tile) = state.tile().filter(|tile| tile.fault.is_none()) {
            self.tiles.want_view(&tile.id);
            self.quick.want_tile(&tile.id);
        }
    }

    /// Hands the labels of a tile to the quick head.
    pub fn learn_quickly(&self, book: &LabelBook, tile: &str) {
        self.quick.set_labels(tile, book.standing_on(tile).cloned().collect());
    }

    /// Records the part of the tile on screen.
    pub fn set_visible(&mut self, visible: Option<PixelRect>) {
        if self.visible.0 != visible {
            self.visible = (visible, Instant::now());
            self.quick.set_part(visible);
        }
    }

    /// Tells the engine which tile to predict when that has changed. While the camera moves, waits until it rests.
    pub fn request_prediction(&mut self, state: &AppState, ctx: &Context) {
        let Some(tile) = state.tile().filter(|tile| tile.fault.is_none()) else { return };
        if state.run.id == 0 {
            return;
        }
        let request = ViewRequest { tile: tile.id.clone(), visible: self.visible.0 };
        let wanted = (request, state.run.id, state.run.can_predict());
        if self.requested.as_ref() == Some(&wanted) {
            return;
        }
        let camera_only = self
            .requested
            .as_ref()
            .is_some_and(|(asked, run, ready)| asked.tile == wanted.0.tile && (*run, *ready) == (wanted.1, wanted.2));
        let rested = self.visible.1.elapsed();
        if camera_only && rested < REST {
            ctx.request_repaint_after(REST - rested);
        } else if self.engine.send(Command::View(Some(wanted.0.clone()))) {
            self.requested = Some(wanted);
        } else {
            ctx.request_repaint_after(REST);
        }
    }

    /// Has the quick map learned by what was chosen, from the classes that a run would not ignore, and scored on some of the tiles that the network was evaluated on, so that the two
    /// can be compared.
    pub fn guide_quick(&self, state: &mut AppState) {
        self.quick.set_method(state.settings.quick_method);
        if state.classes_in_effect().is_some_and(|classes| self.quick.set_classes(&classes)) {
            state.view.quick = QuickInView::default(); // It has learned other classes.
        }
        let scored = &state.run.tile_scores;
        let step = scored.len().div_ceil(JUDGES).max(1);
        self.quick.set_judges(scored.keys().step_by(step).cloned().collect());
    }

    /// Requests thumbnails for the visible rows first, then for their neighbours.
    pub fn request_thumbnails(&mut self, state: &mut AppState, visible_rows: &[usize]) {
        let Some(project) = &state.project else { return };
        if visible_rows.is_empty() || self.thumbnails_requested == visible_rows {
            return;
        }
        let tiles = &project.project.tiles;
        state.thumbnails.note_seen(visible_rows.iter().map(|index| tiles[*index].id.as_str()));
        let missing =
            |index: &usize| tiles[*index].fault.is_none() && state.thumbnails.get(&tiles[*index].id).is_none();
        let order = thumbnails::order(visible_rows, tiles.len()).filter(missing);
        state.decoding = None;
        self.tiles.want_thumbnails(order.map(|index| tiles[index].id.clone()));
        self.thumbnails_requested = visible_rows.to_vec();
    }
}
