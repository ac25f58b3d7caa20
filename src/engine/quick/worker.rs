//! The quick head's thread: prepares, learns and maps.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::answer::{QuickAnswer, QuickStatus};
use super::judgement::{Judged, JudgedView, Judgement, miou};
use super::latest_map::LatestMap;
use super::prepared::{LIMIT_BYTES, Prepared};
use super::project_state::{Asked, Known, ProjectState};
use super::request::Shared;
use crate::data::cache::pictures::{Owner, PictureCache};
use crate::data::files::stamp::FileStamp;
use crate::data::{DataError, Project, Tile};
use crate::domain::geometry::PixelRect;
use crate::domain::{PatchedMap, panic};
use crate::engine::Waker;
use crate::engine::latest::Latest;
use crate::kernels::gate;
use crate::quick::head::QuickHead;

/// The part on screen is mapped first if it is less than this share of the tile.
const WORTH_MAPPING_FIRST: f64 = 0.5;

/// The window gets the cores for this long to draw what is on screen, before the rest of the tile is mapped.
const DRAWING: Duration = Duration::from_millis(50);

/// Labels that have not changed for this long are judged.
const REST: Duration = Duration::from_millis(1500);
/// Longest wait for something to do.
const LONG: Duration = Duration::from_secs(3600);

/// What to do after a turn.
enum Next {
    /// Take another turn.
    GoOn,
    /// Wait for a change, but no longer than this.
    Wait(Duration),
}

/// State of the thread.
pub(super) struct Worker {
    shared: Arc<Shared>,
    answers: Arc<Latest<(u64, QuickAnswer)>>,
    waker: Waker,
    /// Features by file, least recently used go first.
    features: PictureCache,
    owner: Owner,
    project: ProjectState,
    /// The last change of what is wanted, and when it was noticed.
    changed: (u64, Instant),
}

impl Worker {
    pub(super) fn new(shared: Arc<Shared>, answers: Arc<Latest<(u64, QuickAnswer)>>, waker: Waker) -> Self {
        let features = PictureCache::new(LIMIT_BYTES);
        let (project, changed) = (ProjectState::default(), (0, Instant::now()));
        Self { shared, answers, waker, features, owner: Owner::new(), project, changed }
    }

    /// Does what is wanted until the service is dropped.
    pub(super) fn serve(mut self) {
        loop {
            let (wanted, turns) = self.shared.snapshot();
            if wanted.is_over {
                return;
            }
            if self.changed.0 != turns {
                self.changed = (turns, Instant::now());
            }
            self.project.follow(&wanted);
            let asked = wanted.project.as_deref().zip(wanted.tile.as_ref());
            let asked = asked.and_then(|(project, tile)| Some((project, project.tile(tile)?)));
            let next = asked.map_or(Next::Wait(LONG), |(project, tile)| {
                self.guarded(&Asked { wanted: &wanted, project, tile, turns })
            });
            if let Next::Wait(limit) = next {
                self.shared.wait_for_change(turns, limit);
            }
        }
    }

    /// A turn; a panic is told as the failure of the tile, which is then left alone.
    fn guarded(&mut self, asked: &Asked<'_>) -> Next {
        panic::caught(|| self.turn(asked)).unwrap_or_else(|why| {
            rayon::broadcast(|_| gate::go_through(false));
            self.refuse(asked.tile, why);
            Next::GoOn
        })
    }

    /// Does the most urgent thing.
    fn turn(&mut self, asked: &Asked<'_>) -> Next {
        if let Some(why) = self.project.refused.get(&asked.tile.id).cloned() {
            let question = self.project.question(asked);
            if self.project.answered.replace(question).is_none() {
                self.publish(asked, QuickStatus::Failed(why), None);
            }
            return Next::Wait(LONG);
        }
        let Some(view) = self.project.view(&asked.tile.id) else {
            self.prepare_view(asked);
            return Next::GoOn;
        };
        let question = self.project.question(asked);
        if self.project.answered.as_ref() != Some(&question) {
            rayon::broadcast(|_| gate::go_through(true)); // All threads of this pool.
            let is_whole = self.answer(asked, &view);
            rayon::broadcast(|_| gate::go_through(false));
            if is_whole {
                self.project.answered = Some(self.project.question(asked)); // With the head that has been learned now.
            }
            return Next::GoOn;
        }
        if let Some(other) = self.project.next_to_study(asked) {
            self.study(asked, other);
            return Next::GoOn;
        }
        let judges = &asked.wanted.judges;
        if self.project.head.is_none() || self.project.is_judged(&question, judges) {
            return Next::Wait(LONG);
        }
        let rested = self.changed.1.elapsed();
        if rested < REST {
            return Next::Wait(REST - rested);
        }
        if let Some(judgement) = self.judge(asked) {
            let (judges, lessons) = (judges.clone(), self.project.lessons(asked));
            self.project.known = Some(Known { question, judges, lessons, judgement });
            self.repeat(asked);
        }
        Next::GoOn
    }

    /// Tells how good the head is; `None` if there was a change meanwhile.
    fn judge(&self, asked: &Asked<'_>) -> Option<Judgement> {
        let go_on = || self.shared.turns() == asked.turns;
        let samples = &self.project.samples;
        let labels = samples.values().map(|(labels, _)| labels.as_slice()).collect();
        let lessons = self.project.lessons(asked);
        let tiles = lessons.tiles();
        let course = lessons.course(&tiles, Some(&asked.tile.id));
        let judged = Judged { course, labels, classes: &asked.project.classes };
        let mut judgement = Judgement { left_out: judged.left_out(&go_on)?, ..Judgement::default() };
        if let Some(place) = samples.keys().position(|tile| *tile == asked.tile.id) {
            let view = self.project.view(&asked.tile.id);
            let exists = |x, y| view.as_ref().is_none_or(|view| view.exists(x, y));
            judgement.kept_aside =
                judged.kept_aside(&JudgedView { tile: place, size: asked.tile.size, exists: &exists });
        }
        let is_judge = |place: usize| samples.keys().nth(place).is_some_and(|tile| asked.wanted.judges.contains(tile));
        let Some(head) = judged.head_without(is_judge).filter(|_| !asked.wanted.judges.is_empty()) else {
            return Some(judgement);
        };
        for tile in asked.wanted.judges.iter().filter_map(|tile| asked.project.tile(tile)) {
            match self.score_on(asked.project, tile, &head, &go_on) {
                Ok(Some(miou)) => drop(judgement.tiles.insert(tile.id.clone(), miou)),
                Ok(None) => return None,
                Err(why) => log::warn!("The quick head is not scored on {}: {why}", tile.id),
            }
        }
        Some(judgement)
    }

    /// Mean IoU of a head's map of a tile with a mask. `None` if that is no longer wanted.
    fn score_on(
        &self,
        project: &Project,
        tile: &Tile,
        head: &QuickHead,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Option<f64>, String> {
        let truth = project.read_mask(tile).map_err(|error| error.to_string())?.ok_or("it has no mask")?;
        let kept = self.features.get::<Prepared>(self.owner, &FileStamp::of(&tile.image));
        let map = match kept {
            Some(prepared) => Some(prepared.map(head)),
            None => prepare(project, tile, go_on)?.map(|prepared| prepared.map(head)),
        };
        Ok(map.map(|map| miou(&map.classes, &truth.mask, &project.classes)))
    }

    /// Leaves a tile alone from now on.
    fn refuse(&mut self, tile: &Tile, why: String) {
        self.project.refused.insert(tile.id.clone(), why);
        self.project.answered = None;
    }

    /// Computes the features of the tile in view.
    fn prepare_view(&mut self, asked: &Asked<'_>) {
        let (tile, stamp) = (asked.tile, FileStamp::of(&asked.tile.image));
        self.project.view = None; // Two large tiles need not be in memory together.
        let mut view = self.features.get::<Prepared>(self.owner, &stamp);
        if view.is_none() {
            self.publish(asked, QuickStatus::Preparing, None);
            self.features.make_room(Prepared::bytes_of(tile.size));
            let (shared, epoch) = (Arc::clone(&self.shared), asked.wanted.epoch);
            let is_wanted = || {
                let wanted = shared.wanted();
                !wanted.is_over && wanted.epoch == epoch && wanted.tile.as_ref() == Some(&tile.id)
            };
            match prepare(asked.project, tile, &is_wanted) {
                Ok(Some(prepared)) => {
                    let (bytes, prepared) = (prepared.bytes(), Arc::new(prepared));
                    self.features.put(self.owner, stamp, Arc::clone(&prepared), bytes);
                    view = Some(prepared);
                }
                Ok(None) => return,
                Err(why) => {
                    return self.refuse(tile, why);
                }
            }
        }
        self.project.view = view.map(|prepared| (tile.id.clone(), prepared));
        self.project.map = LatestMap::default();
    }

    /// Learns from all labels and maps the tile in view. Returns whether all of it is mapped.
    fn answer(&mut self, asked: &Asked<'_>, view: &Prepared) -> bool {
        self.project.read_samples(asked, view);
        let Some(head) = self.learned(asked) else {
            let status = self.project.why_no_map(asked);
            (self.project.head, self.project.map) = (None, LatestMap::default());
            self.publish(asked, status, None);
            return true;
        };
        let head = Arc::new(head);
        self.project.head = Some(Arc::clone(&head));
        self.project.map.follow(head.classes(), asked.wanted.method);
        let status = QuickStatus::Mapped(self.project.lesson(asked, &head, view.pixel()));
        if self.map_on_screen(asked, view, &head, &status) {
            self.shared.wait_for_change(asked.turns, DRAWING);
            if self.shared.turns() != asked.turns {
                return false; // What is on screen is mapped, and there may be something newer to learn.
            }
        }
        let map = self.project.map.replaced(view.map(&head));
        self.publish(asked, status, Some(map));
        true
    }

    fn learned(&self, asked: &Asked<'_>) -> Option<QuickHead> {
        self.project.lessons(asked).learn(Some(&asked.tile.id), self.project.head.as_deref())
    }

    /// Maps what is on screen if that is a small part. Returns whether it was.
    fn map_on_screen(&mut self, asked: &Asked<'_>, view: &Prepared, head: &QuickHead, status: &QuickStatus) -> bool {
        let area = |width: u32, height: u32| f64::from(width) * f64::from(height);
        let [width, height] = asked.tile.size;
        let is_small = |part: &PixelRect| area(part.width, part.height) < WORTH_MAPPING_FIRST * area(width, height);
        let Some(part) = self.shared.wanted().part.filter(is_small) else { return false };
        let Some(patch) = view.map_part(head, part) else { return false };
        let map = self.project.map.patched(view.map_size(), patch);
        self.publish(asked, status.clone(), Some(map));
        true
    }

    /// Reads the samples of a labelled tile that is not in view.
    fn study(&mut self, asked: &Asked<'_>, tile: &Tile) {
        let Some(labels) = asked.wanted.labels.get(&tile.id) else { return };
        let stamp = FileStamp::of(&tile.image);
        let kept = self.features.get::<Prepared>(self.owner, &stamp).map(|prepared| Ok(Some(prepared)));
        let is_wanted = || self.shared.turns() == asked.turns;
        let prepared = kept.unwrap_or_else(|| Ok(prepare(asked.project, tile, &is_wanted)?.map(Arc::new)));
        let samples = match prepared {
            Ok(Some(prepared)) => prepared.samples(labels.iter(), &asked.project.classes, None),
            Ok(None) => return,
            Err(why) => {
                log::warn!("The quick head does not learn from {}: {why}", tile.id);
                return self.refuse(tile, why);
            }
        };
        self.project.samples.insert(tile.id.clone(), (Arc::clone(labels), Arc::new(samples)));
    }

    fn publish(&mut self, asked: &Asked<'_>, status: QuickStatus, map: Option<PatchedMap>) {
        let tile = asked.tile.id.clone();
        let lessons = map.is_some().then(|| Arc::new(self.project.lessons(asked)));
        self.project.said = Some(QuickAnswer { tile, status, map, lessons, judgement: None });
        self.repeat(asked);
    }

    /// Says again what was said last, with the judgement of what it was learned from.
    fn repeat(&self, asked: &Asked<'_>) {
        let Some(said) = &self.project.said else { return };
        let judgement = said.lessons.as_ref().and_then(|lessons| self.project.judgement_of(lessons, &asked.tile.id));
        let judgement = judgement.map(Arc::new);
        self.answers.put((asked.wanted.epoch, QuickAnswer { judgement, ..said.clone() }));
        (self.waker)();
    }
}

/// Features of a tile; `None` once they are no longer wanted. A decoder that panics on a broken file gives an error.
fn prepare(project: &Project, tile: &Tile, is_wanted: &dyn Fn() -> bool) -> Result<Option<Prepared>, String> {
    let computed = panic::caught(|| {
        let picture = PictureCache::shared().picture(project, tile)?;
        Ok::<_, DataError>(Prepared::new(&picture, is_wanted))
    });
    computed?.map_err(|error| error.to_string())
}
