//! What the window works with: engine, label journal, tile loader, background jobs. What they bring is taken into the
//! state here; nothing else in the window talks to them but `execute`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use eframe::egui::{ColorImage, Context, TextureOptions};

use super::attention::Attention;
use super::jobs::{Done, Jobs, Opened};
use super::pointer_scale::PointerScale;
use super::tiles::{Loaded, TileLoader};
use super::{execute, opening};
use crate::data::Journal;
use crate::data::label::journal::DiskState;
use crate::domain::geometry::PixelRect;
use crate::engine::protocol::ViewRequest;
use crate::engine::{Command, EngineHandle, RunId, Waker};
use crate::ui::canvas::ViewState;
use crate::ui::state::app_state::AppState;
use crate::ui::state::check::CheckState;
use crate::ui::state::message::Level;
use crate::ui::state::open_project::OpenProject;
use crate::ui::state::run_state::RunState;
use crate::ui::state::thumbnails;

/// Draining events stops after this long, so that a flood of them never holds up a frame.
const DRAIN: Duration = Duration::from_millis(10);
/// The part of the tile on screen is told to the engine once the camera has rested this long.
const REST: Duration = Duration::from_millis(300);

/// The window's helpers.
pub struct Services {
    /// Trains and predicts.
    pub engine: EngineHandle,
    /// Reads tiles.
    pub tiles: TileLoader,
    /// Everything else that takes time.
    pub jobs: Jobs,
    /// The labels of the open project, on disk.
    pub journal: Option<Journal>,
    /// Has a person at work answered first.
    pub attention: Attention,
    /// Knows where the pointer is, whatever the scale.
    pub pointer: PointerScale,
    /// The id of the last run asked for.
    pub last_run: RunId,
    /// The part of the tile on screen, and since when.
    visible: (Option<PixelRect>, Instant),
    /// What the engine was asked to predict, and by which network.
    asked: Option<(ViewRequest, RunId, bool)>,
    thumbnails_asked: Vec<usize>,
}

impl Services {
    /// Starts the threads.
    pub fn start(ctx: &Context, attention: Attention) -> anyhow::Result<Self> {
        let waker = ctx.clone();
        let waker: Waker = Arc::new(move || waker.request_repaint());
        Ok(Self {
            engine: EngineHandle::start(attention.news_waker(ctx.clone()))?,
            tiles: TileLoader::new(Arc::clone(&waker))?,
            jobs: Jobs::new(waker),
            journal: None,
            attention,
            pointer: PointerScale::default(),
            last_run: 0,
            visible: (None, Instant::now()),
            asked: None,
            thumbnails_asked: Vec::new(),
        })
    }

    /// Takes in what has come since the last frame. Asks for another frame if it could not take in all.
    pub fn poll(&mut self, state: &mut AppState, ctx: &Context) {
        let start = Instant::now();
        while let Some(done) = self.jobs.poll() {
            self.take_done(state, done);
        }
        for loaded in self.tiles.poll() {
            take_loaded(state, loaded, ctx);
        }
        if let Some(preview) =
            self.attention.prediction(ctx, state.view.prediction.is_some(), || self.engine.take_preview())
        {
            state.apply_preview(preview);
        }
        let (was_running, sampling) = (state.run.is_running(), state.settings.form.sampling);
        while let Some(event) = self.engine.try_event() {
            state.apply(event);
            if start.elapsed() > DRAIN {
                ctx.request_repaint();
                break;
            }
        }
        if state.settings.form.sampling != sampling {
            self.tiles.set_sampling(state.settings.form.sampling); // An opened run has filled in the form.
        }
        if was_running && !state.run.is_running() {
            opening::list_runs(self, state);
        }
        say_disk(state);
        self.ask_for_prediction(state, ctx);
    }

    fn take_done(&mut self, state: &mut AppState, done: Done) {
        match done {
            Done::Opened(opened) => self.take_project(state, *opened),
            Done::OpenFailed(path, why) => {
                (state.opening, state.reopen_at) = (None, None);
                state.settings.recent.retain(|recent| *recent != path);
                state.say(Level::Error, &why);
            }
            Done::ProjectPicked(path) => opening::open_project(self, state, path),
            Done::RunPicked(path) => opening::open_run(self, state, path),
            Done::NoFolderDialog(instead) => {
                state.say(Level::Info, "The desktop shows no folder dialog: type the path");
                state.dialog = Some(instead);
            }
            Done::Runs(runs) => state.runs = runs,
            Done::Checked(report) => {
                report.warning.iter().for_each(|warning| state.say(Level::Warning, warning));
                state.check = CheckState::Done(report);
            }
            Done::Failed(why) => {
                state.opening = None;
                state.say(Level::Error, &why);
            }
            Done::Nothing => {}
        }
    }

    fn take_project(&mut self, state: &mut AppState, opened: Opened) {
        let Opened { project, journal, replay, runs_home, runs } = opened;
        let faults = project.fault_note();
        let (root, tiles) = (project.root.clone(), project.tiles.len());
        state.messages.settle(); // What went wrong on the way to this project, or with the one before.
        state.say(Level::Info, &format!("Opened {} ({}): {tiles} tiles", root.display(), project.layout));
        for note in project.notes.iter().chain(&replay.notes).filter(|note| Some(*note) != faults.as_ref()) {
            state.say(Level::Warning, note);
        }
        state.opening = None;
        state.settings.remember(&root);
        let mut open = OpenProject::new(project, replay.book, journal.path.clone());
        open.disk = journal.disk();
        open.lost_labels = journal.unlinked(&open.book);
        state.project = Some(open);
        self.journal = Some(journal);
        (state.runs_home, state.runs) = (Some(runs_home), runs);
        state.run = RunState::default();
        state.filter.clear();
        state.thumbnails.clear();
        state.fit_to_classes();
        state.divide();
        state.say_faults();
        execute::check(self, state);
        self.engine.send(Command::View(None));
        self.asked = None;
        self.reload_tiles(state);
        let last = state.reopen_at.take();
        let first = state.project.as_ref().and_then(|open| {
            let tiles = &open.project.tiles;
            let again = tiles.iter().position(|tile| Some(&tile.id) == last.as_ref());
            again.or_else(|| tiles.iter().position(|tile| tile.fault.is_none()))
        });
        execute::select_tile(self, state, first.unwrap_or(0));
        state.camera = ViewState::default();
    }

    /// Hands the project to the tile loader, anew or changed.
    pub fn reload_tiles(&mut self, state: &AppState) {
        let Some(project) = &state.project else { return };
        self.tiles.set_project(Arc::clone(&project.project));
        self.tiles.set_sampling(state.settings.form.sampling);
        self.thumbnails_asked.clear();
        if let Some(tile) = state.tile().filter(|tile| tile.fault.is_none()) {
            self.tiles.want_view(&tile.id);
        }
    }

    /// The part of the tile on screen has changed, or not.
    pub fn set_visible(&mut self, visible: Option<PixelRect>) {
        if self.visible.0 != visible {
            self.visible = (visible, Instant::now());
        }
    }

    /// Tells the engine which tile to predict, when that has changed. A moving camera is let come to rest first.
    fn ask_for_prediction(&mut self, state: &AppState, ctx: &Context) {
        let Some(tile) = state.tile().filter(|tile| tile.fault.is_none()) else { return };
        if state.run.id == 0 {
            return;
        }
        let request = ViewRequest { tile: tile.id.clone(), visible: self.visible.0 };
        let wanted = (request, state.run.id, state.run.can_predict());
        if self.asked.as_ref() == Some(&wanted) {
            return;
        }
        let camera_only = self
            .asked
            .as_ref()
            .is_some_and(|(asked, run, ready)| asked.tile == wanted.0.tile && (*run, *ready) == (wanted.1, wanted.2));
        let rested = self.visible.1.elapsed();
        if camera_only && rested < REST {
            ctx.request_repaint_after(REST - rested);
        } else if self.engine.send(Command::View(Some(wanted.0.clone()))) {
            self.asked = Some(wanted);
        } else {
            ctx.request_repaint_after(REST);
        }
    }

    /// Asks for the thumbnails of the rows in sight first, then for those around them.
    pub fn want_thumbnails(&mut self, state: &mut AppState, in_sight: &[usize]) {
        let Some(project) = &state.project else { return };
        if in_sight.is_empty() || self.thumbnails_asked == in_sight {
            return;
        }
        let tiles = &project.project.tiles;
        state.thumbnails.note_seen(in_sight.iter().map(|index| tiles[*index].id.as_str()));
        let missing =
            |index: &usize| tiles[*index].fault.is_none() && state.thumbnails.get(&tiles[*index].id).is_none();
        let order = thumbnails::order(in_sight, tiles.len()).filter(missing);
        state.decoding = None;
        self.tiles.want_thumbnails(order.map(|index| tiles[index].id.clone()));
        self.thumbnails_asked = in_sight.to_vec();
    }
}

fn take_loaded(state: &mut AppState, loaded: Loaded, ctx: &Context) {
    let in_view = state.tile().map(|tile| tile.id.clone());
    match loaded {
        Loaded::Thumbnail { tile, image } => {
            let size = [image.width() as usize, image.height() as usize];
            let image = ColorImage::from_rgb(size, image.as_raw());
            let texture = ctx.load_texture(format!("thumbnail {tile}"), image, TextureOptions::LINEAR);
            state.thumbnails.insert(tile, texture);
        }
        Loaded::View(view) if Some(&view.tile) == in_view.as_ref() => {
            if let Some(project) = &state.project {
                state.view.redraw_labels(&project.book, &view.tile, view.size);
            }
            state.view.tile = Some(view);
        }
        Loaded::Sampled { tile, mask, counts, .. } if Some(&tile) == in_view.as_ref() => {
            (state.view.sampled, state.view.sampled_counts) = (Some(mask), counts);
        }
        Loaded::Fault { tile, message } => {
            if Some(&tile) == in_view.as_ref() {
                state.view.fault = Some(message.clone());
            }
            if let Some(project) = &mut state.project
                && project.mark_fault(&tile, &message)
            {
                state.divide();
                state.say(Level::Info, &format!("Tile {tile} cannot be used: {message}"));
                state.say_faults();
            }
        }
        Loaded::Progress { done, total } => state.decoding = Some((done, total)),
        Loaded::View(_) | Loaded::Sampled { .. } => {}
    }
}

/// A disk that refuses labels is told of once.
fn say_disk(state: &mut AppState) {
    let Some(project) = state.project.as_mut().filter(|project| !project.told_disk) else { return };
    if let DiskState::Failed(why) = project.disk.state() {
        project.told_disk = true;
        let text = format!(
            "The disk did not take the last labels ({why}): copy the file to another disk before you go on: {}",
            project.journal.display()
        );
        state.say(Level::Error, &text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Project;
    use crate::data::label::journal::Disk;
    use crate::domain::LabelBook;
    use crate::ui::state::settings::Settings;

    #[test]
    fn a_disk_that_refuses_labels_is_told_of_once_with_the_file() {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(4, 4).save(dir.path().join("a.png")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let mut state = AppState::new(Settings::default());
        let mut open = OpenProject::new(project, LabelBook::default(), dir.path().join("labels.jsonl"));
        open.disk = Disk::refused("no space left");
        state.project = Some(open);
        say_disk(&mut state);
        say_disk(&mut state);
        let text = state.messages.text();
        assert_eq!(text.matches("no space left").count(), 1, "{text}");
        assert!(text.contains("labels.jsonl"), "{text}");
    }
}
