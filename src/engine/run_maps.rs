//! Maps of a tile by two finished runs, on a thread of its own: to be compared, whatever the engine does meanwhile.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::device::Devices;
use super::finished;
use super::finished_checkpoints::FinishedCheckpoints;
use super::latest::Latest;
use super::priority;
use super::waker::Waker;
use crate::data::Project;
use crate::data::cache::pictures::PictureCache;
use crate::domain::{ClassMap, Classes, UNLABELLED, panic};
use crate::infer::Predictor;
use crate::train::folder::FinishedRun;
use crate::train::run_list::RunEnd;

/// A map of each run, in the order of the runs; `None` until it is there, or why there is none.
pub type TwoMaps = [Option<Result<RunMap, String>>; 2];

/// How each run ended, as it was listed last; `None` while it has not. A run that has gone on since has another network.
pub type Ends = [Option<RunEnd>; 2];

/// The map by a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMap {
    /// The map, by the classes of the project.
    pub map: Arc<ClassMap>,
    /// Classes of the run that the project does not have. Pixels of theirs are unlabelled.
    pub lacking: Vec<String>,
}

/// What is asked for.
#[derive(Clone)]
struct Wanted {
    project: Arc<Project>,
    tile: String,
    ends: Ends,
    /// Which request this is: a later one takes its place.
    number: u64,
}

/// The thread, seen from outside. Dropping it ends the thread within a window of the tile that it predicts.
pub struct RunMaps {
    runs: [PathBuf; 2],
    wanted: Arc<Latest<Wanted>>,
    /// The number of the last request.
    number: Arc<AtomicU64>,
    wake: Sender<()>,
    answers: Arc<Latest<(String, TwoMaps)>>,
    /// Tile, classes and ends of the runs of the last request.
    asked: Option<(String, Classes, Ends)>,
}

/// What the thread works with.
struct Worker {
    runs: [PathBuf; 2],
    loaded: [Option<LoadedRun>; 2],
    /// How the runs had ended when they were loaded.
    ends: Ends,
    devices: Devices,
    number: Arc<AtomicU64>,
}

struct LoadedRun {
    predictor: Predictor,
    classes: Classes,
}

impl RunMaps {
    /// Starts the thread for these runs. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(runs: [PathBuf; 2], waker: Waker) -> std::io::Result<Self> {
        priority::start_compute_pool();
        let (wanted, answers) = (Arc::<Latest<Wanted>>::default(), Arc::<Latest<(String, TwoMaps)>>::default());
        let (wake, woken) = bounded(1);
        let number = Arc::<AtomicU64>::default();
        let worker = Worker {
            runs: runs.clone(),
            loaded: [None, None],
            ends: [None, None],
            devices: Devices::default(),
            number: Arc::clone(&number),
        };
        let (to_do, out) = (Arc::clone(&wanted), Arc::clone(&answers));
        std::thread::Builder::new().name("run-maps".to_owned()).spawn(move || {
            priority::lower_this_thread();
            worker.serve(&woken, &to_do, &|answer| {
                out.put(answer);
                waker();
            });
        })?;
        Ok(Self { runs, wanted, number, wake, answers, asked: None })
    }

    /// The run folders.
    pub fn runs(&self) -> &[PathBuf; 2] {
        &self.runs
    }

    /// Maps a tile, unless that was the last request. Runs that have ended otherwise since are loaded anew.
    pub fn want(&mut self, project: &Arc<Project>, tile: &str, ends: &Ends) {
        let asked = (tile.to_owned(), project.classes.clone(), ends.clone());
        if self.asked.as_ref() == Some(&asked) {
            return;
        }
        let number = self.number.fetch_add(1, Ordering::Relaxed) + 1;
        self.wanted.put(Wanted { project: Arc::clone(project), tile: tile.to_owned(), ends: ends.clone(), number });
        self.asked = Some(asked);
        self.wake.try_send(()).ok(); // Full: the thread has not yet looked at the request before.
    }

    /// Forgets what was asked for last: whoever has dropped the maps needs them again.
    pub fn forget(&mut self) {
        self.asked = None;
    }

    /// The maps that came since the last call, with their tile.
    pub fn poll(&self) -> Option<(String, TwoMaps)> {
        self.answers.take()
    }
}

impl Drop for RunMaps {
    fn drop(&mut self) {
        self.number.fetch_add(1, Ordering::Relaxed); // Nothing is wanted any more.
    }
}

impl Worker {
    fn serve(mut self, woken: &Receiver<()>, wanted: &Latest<Wanted>, tell: &dyn Fn((String, TwoMaps))) {
        while woken.recv().is_ok() {
            let Some(request) = wanted.take() else { continue };
            self.forget_former(&request.ends);
            let mut maps: TwoMaps = [None, None];
            for place in 0..2 {
                let made = panic::caught(|| self.map(place, &request).map_err(|error| format!("{error:#}")));
                match made.unwrap_or_else(Err).transpose() {
                    Some(map) => maps[place] = Some(map),
                    None => break, // Another tile is wanted.
                }
                tell((request.tile.clone(), maps.clone()));
            }
        }
    }

    /// Drops the networks of runs that have gone on since.
    fn forget_former(&mut self, ends: &Ends) {
        for (place, end) in ends.iter().enumerate() {
            if self.ends[place] != *end {
                (self.loaded[place], self.ends[place]) = (None, end.clone());
            }
        }
    }

    /// The map by one of the runs; `None` once it is no longer wanted.
    fn map(&mut self, place: usize, request: &Wanted) -> anyhow::Result<Option<RunMap>> {
        if self.loaded[place].is_none() {
            self.loaded[place] = Some(load(&self.runs[place], &mut self.devices)?);
        }
        let Some(LoadedRun { predictor, classes }) = &self.loaded[place] else { return Ok(None) };
        let (indices, lacking) = class_indices(classes, &request.project.classes)?;
        let tile = request.project.tile(&request.tile);
        let tile = tile.ok_or_else(|| anyhow::anyhow!("the project has no tile '{}' any more", request.tile))?;
        let picture = PictureCache::shared().picture(&request.project, tile)?;
        let mut job = predictor.begin(predictor.fit(Arc::clone(&picture)));
        while job.advance(predictor) {
            if self.number.load(Ordering::Relaxed) != request.number {
                return Ok(None);
            }
        }
        let mut map = job.finish_for(&picture);
        map.classes.data_mut().iter_mut().for_each(|class| *class = indices[usize::from(*class)]);
        Ok(Some(RunMap { map: Arc::new(map), lacking }))
    }
}

/// Loads a run with the checkpoint that it shows when it is opened.
fn load(folder: &Path, devices: &mut Devices) -> anyhow::Result<LoadedRun> {
    let run = FinishedRun::open(folder)?;
    let is_scored = run.history().1.iter().any(|row| !row.miou.is_nan());
    let (predictor, ..) = finished::load(&run, FinishedCheckpoints::default_of(is_scored), devices)?;
    Ok(LoadedRun { predictor, classes: run.classes })
}

/// The project's index of each class of a run, matched by name, and the names of those that it lacks.
///
/// # Errors
/// If it lacks all of them.
fn class_indices(run: &Classes, project: &Classes) -> anyhow::Result<([u8; 256], Vec<String>)> {
    let (mut indices, mut lacking) = ([UNLABELLED; 256], Vec::new());
    for (index, class) in indices.iter_mut().zip(run.iter()) {
        match project.iter().position(|own| own.name == class.name) {
            Some(place) => *index = place as u8,
            None => lacking.push(class.name.clone()),
        }
    }
    anyhow::ensure!(lacking.len() < run.len(), "the project has none of its classes: {}", lacking.join(", "));
    Ok((indices, lacking))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ClassDef;

    fn classes(names: &[&str]) -> Classes {
        let class = |(place, name): (usize, &&str)| ClassDef {
            name: (*name).to_owned(),
            color: [place as u8 * 40 + 10 + name.len() as u8, 0, 0],
            ignored: false,
        };
        Classes::new(names.iter().enumerate().map(class).collect()).unwrap()
    }

    #[test]
    fn classes_of_a_run_are_those_of_the_project_by_name() {
        let (run, project) = (classes(&["water", "forest"]), classes(&["road", "forest", "water"]));
        let (indices, lacking) = class_indices(&run, &project).unwrap();
        assert_eq!((indices[0], indices[1], indices[2], indices[255]), (2, 1, UNLABELLED, UNLABELLED));
        assert!(lacking.is_empty());
        let (indices, lacking) = class_indices(&project, &run).unwrap();
        assert_eq!((indices[0], indices[1], indices[2]), (UNLABELLED, 1, 0), "pixels of the road say nothing");
        assert_eq!(lacking, ["road"]);
        let why = class_indices(&classes(&["snow", "ice"]), &project).unwrap_err().to_string();
        assert!(why.contains("snow, ice"), "{why}");
    }

    #[test]
    fn folders_that_hold_no_run_are_named() {
        let dir = tempfile::tempdir().unwrap();
        image::RgbImage::new(8, 8).save(dir.path().join("a.png")).unwrap();
        let project = Arc::new(Project::open(dir.path()).unwrap());
        let runs = ["x", "y"].map(|name| dir.path().join(name));
        let (told, woken) = bounded(8);
        let waker: Waker = Arc::new(move || {
            told.try_send(()).ok(); // Full: the test knows already.
        });
        let mut maps = RunMaps::start(runs, waker).unwrap();
        let answer = |maps: &mut RunMaps, ends: &Ends| {
            maps.want(&project, "a", ends);
            loop {
                woken.recv_timeout(std::time::Duration::from_secs(60)).expect("an answer");
                if let Some((tile, [Some(Err(a)), Some(Err(b))])) = maps.poll() {
                    break (tile, a, b);
                }
            }
        };
        let both = answer(&mut maps, &[None, None]);
        assert!(both.0 == "a" && both.1.contains('x') && both.2.contains('y'), "{both:?}");
        let ended = RunEnd { steps: 7, ..RunEnd::default() };
        let ends = [None, Some(ended)];
        assert_eq!(answer(&mut maps, &ends), both, "a run that has ended since is asked for again");
        maps.forget();
        assert_eq!(answer(&mut maps, &ends), both, "so is what was forgotten");
    }
}
