//! The thread that makes thumbnails: from the store on disk, from already decoded images, or from the files.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use image::RgbImage;

use super::guarded::guarded;
use super::loaded::{Loaded, ResultSender, THUMBNAIL_PX};
use super::requests::Shared;
use crate::data::cache::pictures::PictureCache;
use crate::data::cache::thumbnails::ThumbnailStore;
use crate::data::files::stamp::FileStamp;
use crate::data::raster::images;
use crate::data::{DataError, Project, Tile};

/// Progress is reported after this many thumbnails, and at the end.
const REPORT_EVERY: usize = 8;

/// A thumbnail to make.
struct Job {
    epoch: u64,
    project: Arc<Project>,
    tile: String,
    done: usize,
    total: usize,
}

/// Makes thumbnails until the loader is dropped.
pub(crate) fn serve(shared: &Shared, sender: &ResultSender, store: &ThumbnailStore) {
    while let Some(Job { epoch, project, tile, done, total }) = next(shared) {
        let made = project.tile(&tile).map(|found| guarded(&tile, || thumbnail(&project, found, store)));
        let made = made.map(|made| match made {
            Ok(image) => Loaded::Thumbnail { tile, image },
            Err(message) => Loaded::Fault { tile, message },
        });
        let is_reported = done == total || done.is_multiple_of(REPORT_EVERY);
        let progress = is_reported.then_some(Loaded::Progress { done, total });
        for loaded in made.into_iter().chain(progress) {
            if !sender.send(epoch, loaded) {
                return;
            }
        }
    }
}

/// Waits for the next job; `None` when the loader is dropped.
fn next(shared: &Shared) -> Option<Job> {
    let mut requests = shared.requests();
    loop {
        if requests.is_over {
            return None;
        }
        if let (Some(project), Some(tile)) = (requests.project.clone(), requests.thumbnails.pop()) {
            let total = requests.thumbnails_total;
            let done = total - requests.thumbnails.len();
            return Some(Job { epoch: shared.epoch.load(Ordering::Acquire), project, tile, done, total });
        }
        requests = shared.changed.wait(requests).unwrap_or_else(PoisonError::into_inner);
    }
}

fn thumbnail(project: &Project, tile: &Tile, store: &ThumbnailStore) -> Result<RgbImage, DataError> {
    let stamp = FileStamp::of(&tile.image);
    if let Some(kept) = store.get(&stamp, THUMBNAIL_PX) {
        return Ok(kept);
    }
    let made = match PictureCache::shared().decoded(&stamp) {
        Some(picture) => images::shrink(&picture.rgb, THUMBNAIL_PX),
        None => project.thumbnail(tile, THUMBNAIL_PX)?,
    };
    store.put(&stamp, THUMBNAIL_PX, &made);
    Ok(made)
}
