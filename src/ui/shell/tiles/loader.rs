//! The window's end of the tile threads: takes requests, hands out results.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use crossbeam_channel::Receiver;

use super::loaded::{Loaded, ResultSender};
use super::requests::{Requests, Shared};
use super::{thumbnails, view_worker};
use crate::data::Project;
use crate::data::cache::thumbnails::ThumbnailStore;
use crate::domain::Sampling;
use crate::engine::Waker;
use crate::engine::priority;

/// The window's end of the tile threads. Dropping it ends them after the current tile.
pub struct TileLoader {
    shared: Arc<Shared>,
    results: Receiver<(u64, Loaded)>,
}

impl TileLoader {
    /// Starts the threads. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(waker: Waker) -> std::io::Result<Self> {
        Self::with_store(waker, ThumbnailStore::of_user())
    }

    /// The same with another thumbnail store, for tests.
    fn with_store(waker: Waker, store: ThumbnailStore) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { requests: Mutex::default(), changed: Condvar::new(), epoch: AtomicU64::new(0) });
        let (sender, results) = crossbeam_channel::bounded(16);
        let sender = ResultSender { sender, waker };
        let (for_views, view_sender) = (Arc::clone(&shared), sender.clone());
        spawn("tile-view", move || view_worker::serve(&for_views, &view_sender))?;
        let (for_thumbnails, to_trim) = (Arc::clone(&shared), store.clone());
        spawn("thumbnail-trim", move || {
            priority::lower_this_thread();
            to_trim.trim();
        })?;
        spawn("tile-thumbnails", move || {
            // Thumbnails are less urgent than the tile in view.
            priority::lower_this_thread();
            thumbnails::serve(&for_thumbnails, &sender, &store);
        })?;
        Ok(Self { shared, results })
    }

    /// Switches to another project. Results of the previous one are dropped.
    pub fn set_project(&self, project: Arc<Project>) {
        self.request(|requests| {
            *requests = Requests { project: Some(project), sampling: requests.sampling, ..Requests::default() };
            self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        });
    }

    /// Requests a tile, replacing an earlier request.
    pub fn want_view(&self, tile: &str) {
        self.request(|requests| {
            requests.view = Some(tile.to_owned());
            requests.view_request += 1;
        });
    }

    /// Requests thumbnails in this order, replacing earlier requests that are not done.
    pub fn want_thumbnails(&self, tiles: impl IntoIterator<Item = String>) {
        self.request(|requests| {
            requests.thumbnails = tiles.into_iter().collect();
            requests.thumbnails_total = requests.thumbnails.len();
            requests.thumbnails.reverse();
        });
    }

    /// Samples the mask of the tile in view again with other settings.
    pub fn set_sampling(&self, sampling: Sampling) {
        self.request(|requests| requests.sampling = sampling);
    }

    /// The results since the last call.
    pub fn poll(&self) -> Vec<Loaded> {
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        let sampling = self.shared.requests().sampling;
        let is_wanted = |loaded: &Loaded| match loaded {
            Loaded::Sampled { sampling: drawn, .. } => *drawn == sampling,
            _ => true,
        };
        self.results
            .try_iter()
            .filter(|(of, loaded)| *of == epoch && is_wanted(loaded))
            .map(|(_, loaded)| loaded)
            .collect()
    }

    fn request(&self, change: impl FnOnce(&mut Requests)) {
        change(&mut self.shared.requests());
        self.shared.changed.notify_all();
    }
}

impl Drop for TileLoader {
    fn drop(&mut self) {
        self.request(|requests| *requests = Requests { is_over: true, ..Requests::default() });
    }
}

/// Starts a named thread.
fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use image::RgbImage;

    use super::*;
    use crate::domain::{Classes, Strategy};

    /// Tiles `a` and `b` with masks and a broken one `c`, all 200×100.
    fn project(folder: &Path) -> Arc<Project> {
        let colors: Vec<[u8; 3]> = Classes::deepglobe().iter().map(|class| class.color).collect();
        for (i, name) in ["a", "b", "c"].into_iter().enumerate() {
            RgbImage::from_pixel(200, 100, image::Rgb([i as u8 * 50; 3]))
                .save(folder.join(format!("{name}_sat.png")))
                .unwrap();
            RgbImage::from_fn(200, 100, |x, _| image::Rgb(colors[x as usize / 50]))
                .save(folder.join(format!("{name}_mask.png")))
                .unwrap();
        }
        let broken = folder.join("c_sat.png");
        let bytes = std::fs::read(&broken).unwrap();
        std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
        Arc::new(Project::open(folder).unwrap())
    }

    /// Polls until `enough` returns true for everything received so far.
    fn wait(loader: &TileLoader, enough: impl Fn(&[Loaded]) -> bool) -> Vec<Loaded> {
        let (mut all, start) = (Vec::new(), Instant::now());
        while !enough(&all) {
            assert!(start.elapsed() < Duration::from_secs(30), "timed out after {} results", all.len());
            std::thread::sleep(Duration::from_millis(2));
            all.extend(loader.poll());
        }
        all
    }

    fn loader(folder: &Path) -> TileLoader {
        let store = ThumbnailStore::at(&folder.join("thumbnails"));
        let loader = TileLoader::with_store(Arc::new(|| {}), store).unwrap();
        loader.set_project(project(folder));
        loader
    }

    fn sampled(loaded: &Loaded) -> Option<(&str, Sampling, &[u64])> {
        match loaded {
            Loaded::Sampled { tile, sampling, counts, .. } => Some((tile, *sampling, counts)),
            _ => None,
        }
    }

    #[test]
    fn a_requested_tile_comes_with_samples_and_again_when_sampling_changes() {
        let folder = tempfile::tempdir().unwrap();
        let loader = loader(folder.path());
        loader.want_view("a");
        let came = wait(&loader, |all| all.iter().any(|loaded| sampled(loaded).is_some()));
        let view = came.iter().find_map(|loaded| match loaded {
            Loaded::View(view) => Some(view),
            _ => None,
        });
        assert_eq!(view.map(|view| (view.tile.as_str(), view.size)), Some(("a", [200, 100])));
        assert_eq!(view.unwrap().mask_counts[..4], [5000; 4]);
        let five = Sampling { strategy: Strategy::PointsPerClass(5), seed: 1 };
        loader.set_sampling(five);
        let came = wait(&loader, |all| all.iter().any(|loaded| sampled(loaded).is_some()));
        let (tile, sampling, counts) = came.iter().find_map(sampled).unwrap();
        assert_eq!((tile, sampling, &counts[..5]), ("a", five, &[5, 5, 5, 5, 0][..]));
    }

    #[test]
    fn a_broken_tile_is_reported_and_the_next_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let loader = loader(folder.path());
        loader.want_view("c");
        let came = wait(&loader, |all| !all.is_empty());
        assert!(matches!(&came[0], Loaded::Fault { tile, message } if tile == "c" && message.contains("c_sat.png")));
        loader.want_view("b");
        let is_b = |loaded: &Loaded| matches!(loaded, Loaded::View(view) if view.tile == "b");
        wait(&loader, |all| all.iter().any(is_b));
    }

    #[test]
    fn thumbnails_are_small_and_their_progress_ends() {
        let folder = tempfile::tempdir().unwrap();
        let loader = loader(folder.path());
        loader.want_thumbnails(["b", "c", "a"].map(str::to_owned));
        let is_last = |loaded: &Loaded| matches!(loaded, Loaded::Progress { done: 3, total: 3 });
        let came = wait(&loader, |all| all.iter().any(is_last));
        let thumbnails: Vec<_> = came
            .iter()
            .filter_map(|loaded| match loaded {
                Loaded::Thumbnail { tile, image } => Some((tile.as_str(), image.dimensions())),
                _ => None,
            })
            .collect();
        assert_eq!(thumbnails, [("b", (96, 48)), ("a", (96, 48))]);
        assert_eq!(came.iter().filter(|loaded| matches!(loaded, Loaded::Fault { .. })).count(), 1);
    }

    #[test]
    fn results_of_the_previous_project_are_dropped() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let loader = loader(old.path());
        loader.want_view("a");
        loader.want_thumbnails(["a", "b"].map(str::to_owned));
        loader.set_project(project(new.path()));
        loader.want_view("b");
        let came = wait(&loader, |all| all.iter().any(|loaded| sampled(loaded).is_some()));
        let is_old = |loaded: &Loaded| match loaded {
            Loaded::View(view) => view.tile != "b",
            other => sampled(other).is_none_or(|(tile, ..)| tile != "b"),
        };
        assert!(!came.iter().any(is_old), "{came:?}");
    }

    #[test]
    fn a_stored_thumbnail_is_not_decoded_again() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = || ["a"].map(str::to_owned);
        let is_last = |loaded: &Loaded| matches!(loaded, Loaded::Progress { done: 1, total: 1 });
        let first = loader(folder.path());
        first.want_thumbnails(wanted());
        wait(&first, |all| all.iter().any(is_last));
        drop(first);
        // Damages the image without changing its size or time, so that only the stored thumbnail can still be shown.
        let file = folder.path().join("a_sat.png");
        let (metadata, mut bytes) = (std::fs::metadata(&file).unwrap(), std::fs::read(&file).unwrap());
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0);
        std::fs::write(&file, bytes).unwrap();
        std::fs::File::options().write(true).open(&file).unwrap().set_modified(metadata.modified().unwrap()).unwrap();
        let store = ThumbnailStore::at(&folder.path().join("thumbnails"));
        let second = TileLoader::with_store(Arc::new(|| {}), store).unwrap();
        second.set_project(Arc::new(Project::open(folder.path()).unwrap()));
        second.want_thumbnails(wanted());
        let came = wait(&second, |all| all.iter().any(is_last));
        assert!(came.iter().any(|loaded| matches!(loaded, Loaded::Thumbnail { tile, .. } if tile == "a")), "{came:?}");
    }
}
