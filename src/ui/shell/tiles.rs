//! Reads tiles for the window in the background: the tile in view, its sampled mask, and thumbnails.
//!
//! Two threads, each working on one tile at a time, so that nine large tiles never lie decoded
//! in memory together. What the window wants is a state, not a queue: the latest wish wins.

mod thumbnails;
mod work;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use image::RgbImage;

use crate::data::Project;
use crate::data::raster::thumbnail_store::ThumbnailStore;
use crate::domain::{Mask, Sampling};
use crate::engine::Waker;
use crate::engine::priority;
use crate::ui::state::pyramid::{Dots, ImagePyramid};

/// Longest side of a thumbnail.
pub const THUMBNAIL_PX: u32 = 96;

/// A tile ready to be shown.
#[derive(Debug)]
pub struct TileView {
    /// Its id.
    pub tile: String,
    /// What is sampled from its mask depends on this.
    pub short_id: String,
    /// Width and height of the image.
    pub size: [u32; 2],
    /// The image with its reductions.
    pub image: ImagePyramid,
    /// The full mask, if there is one.
    pub mask: Option<Arc<Mask>>,
    /// Pixels of each class in the mask.
    pub mask_counts: Vec<u64>,
}

/// Something that was read.
#[derive(Debug)]
pub enum Loaded {
    /// A tile at thumbnail size.
    Thumbnail {
        /// Its id.
        tile: String,
        /// At most [`THUMBNAIL_PX`] wide and high.
        image: RgbImage,
    },
    /// The wanted tile.
    View(Arc<TileView>),
    /// Labels sampled from the wanted tile's mask.
    Sampled {
        /// The tile's id.
        tile: String,
        /// How they were drawn.
        sampling: Sampling,
        /// The labels.
        mask: Arc<Dots>,
        /// Labels of each class.
        counts: Vec<u64>,
    },
    /// A tile that cannot be used.
    Fault {
        /// Its id.
        tile: String,
        /// Why, and what to do.
        message: String,
    },
    /// How far the thumbnails are.
    Progress {
        /// Tiles done.
        done: usize,
        /// Tiles in all.
        total: usize,
    },
}

/// The window's end of the background threads. Dropping it lets them end after the tile at hand.
pub struct TileLoader {
    shared: Arc<Shared>,
    results: Receiver<(u64, Loaded)>,
}

/// What both sides see.
struct Shared {
    wishes: Mutex<Wishes>,
    changed: Condvar,
    epoch: AtomicU64,
}

/// What the window wants.
#[derive(Default)]
struct Wishes {
    is_over: bool,
    project: Option<Arc<Project>>,
    view: Option<String>,
    /// Counts the wishes for a view: the same tile may be wished for again, and is to be handed over again.
    view_wish: u64,
    sampling: Sampling,
    thumbnails: Vec<String>,
    thumbnails_total: usize,
}

impl Shared {
    fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TileLoader {
    /// Starts the threads. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn new(waker: Waker) -> std::io::Result<Self> {
        Self::with_store(waker, ThumbnailStore::of_user())
    }

    /// The same, with thumbnails kept elsewhere.
    fn with_store(waker: Waker, store: ThumbnailStore) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { wishes: Mutex::default(), changed: Condvar::new(), epoch: AtomicU64::new(0) });
        let (sender, results) = crossbeam_channel::bounded(16);
        let outbox = Outbox { results: sender, waker };
        let (for_views, its_outbox) = (Arc::clone(&shared), outbox.clone());
        work::spawn("tile-view", move || work::serve_views(&for_views, &its_outbox))?;
        let (for_thumbnails, to_trim) = (Arc::clone(&shared), store.clone());
        work::spawn("thumbnail-trim", move || {
            priority::lower_this_thread();
            to_trim.trim();
        })?;
        work::spawn("tile-thumbnails", move || {
            // Nobody waits for a thumbnail as for the tile in view.
            priority::lower_this_thread();
            thumbnails::serve(&for_thumbnails, &outbox, &store);
        })?;
        Ok(Self { shared, results })
    }

    /// Turns to another project. Whatever still comes from the last one is dropped.
    pub fn set_project(&self, project: Arc<Project>) {
        self.wish(|wishes| {
            *wishes = Wishes { project: Some(project), sampling: wishes.sampling, ..Wishes::default() };
            self.shared.epoch.fetch_add(1, Ordering::AcqRel);
        });
    }

    /// Asks for a tile, in place of the one asked for before.
    pub fn want_view(&self, tile: &str) {
        self.wish(|wishes| {
            wishes.view = Some(tile.to_owned());
            wishes.view_wish += 1;
        });
    }

    /// Asks for thumbnails in this order, in place of those asked for before that have not been made.
    pub fn want_thumbnails(&self, tiles: impl IntoIterator<Item = String>) {
        self.wish(|wishes| {
            wishes.thumbnails = tiles.into_iter().collect();
            wishes.thumbnails_total = wishes.thumbnails.len();
            wishes.thumbnails.reverse();
        });
    }

    /// Draws the sampled mask of the tile in view anew.
    pub fn set_sampling(&self, sampling: Sampling) {
        self.wish(|wishes| wishes.sampling = sampling);
    }

    /// What has come since the last call.
    pub fn poll(&self) -> Vec<Loaded> {
        let epoch = self.shared.epoch.load(Ordering::Acquire);
        let sampling = self.shared.wishes().sampling;
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

    fn wish(&self, change: impl FnOnce(&mut Wishes)) {
        change(&mut self.shared.wishes());
        self.shared.changed.notify_all();
    }
}

impl Drop for TileLoader {
    fn drop(&mut self) {
        self.wish(|wishes| *wishes = Wishes { is_over: true, ..Wishes::default() });
    }
}

/// The threads' end of the results.
#[derive(Clone)]
struct Outbox {
    results: Sender<(u64, Loaded)>,
    waker: Waker,
}

impl Outbox {
    /// Hands a result over, waiting for room. `false` if nobody listens any more.
    fn send(&self, epoch: u64, loaded: Loaded) -> bool {
        let is_heard = self.results.send((epoch, loaded)).is_ok();
        (self.waker)();
        is_heard
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::domain::{Classes, Strategy};

    /// Tiles `a` and `b` with masks, a broken one `c`, all 200×100.
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

    /// Polls until `enough` says so of everything that came.
    fn wait(loader: &TileLoader, enough: impl Fn(&[Loaded]) -> bool) -> Vec<Loaded> {
        let (mut all, start) = (Vec::new(), Instant::now());
        while !enough(&all) {
            assert!(start.elapsed() < Duration::from_secs(30), "waited in vain; came so far: {}", all.len());
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
    fn the_wanted_tile_comes_with_its_samples_and_again_when_sampling_changes() {
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
    fn a_broken_tile_is_a_fault_and_the_next_one_works() {
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
    fn nothing_of_the_last_project_arrives_after_a_change() {
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
    fn a_thumbnail_seen_before_is_not_decoded_again() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = || ["a"].map(str::to_owned);
        let is_last = |loaded: &Loaded| matches!(loaded, Loaded::Progress { done: 1, total: 1 });
        let first = loader(folder.path());
        first.want_thumbnails(wanted());
        wait(&first, |all| all.iter().any(is_last));
        drop(first);
        // A picture that is damaged without a trace in size and time: only its thumbnail can still be shown.
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
