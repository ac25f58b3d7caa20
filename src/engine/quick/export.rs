//! Writes the quick head's maps of tiles, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::prepared::Prepared;
use crate::data::cache::pictures::PictureCache;
use crate::data::export::maps::MapExport;
use crate::data::export::outputs::OutputName;
use crate::data::{DataError, Project, Tile};
use crate::domain::{ClassMap, Notice, panic};
use crate::engine::Waker;
use crate::engine::latest::Latest;
use crate::engine::protocol::{ExportNews, ExportRequest};
use crate::quick::head::QuickHead;
use crate::quick::lessons::Lessons;

/// An export in progress. Dropping it lets it end on its own.
pub struct QuickExport {
    news: Arc<Latest<ExportNews>>,
    is_cancelled: Arc<AtomicBool>,
}

impl QuickExport {
    /// Starts it. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub fn start(
        request: ExportRequest,
        lessons: Arc<Lessons>,
        project: Arc<Project>,
        waker: Waker,
    ) -> std::io::Result<Self> {
        let (news, is_cancelled) = (Arc::<Latest<ExportNews>>::default(), Arc::<AtomicBool>::default());
        let (to, cancelled) = (Arc::clone(&news), Arc::clone(&is_cancelled));
        let tell = move |news| {
            to.put(news);
            waker();
        };
        let work = move || {
            let go_on = || !cancelled.load(Ordering::Relaxed);
            let end = panic::caught(|| export(&request, &lessons, &project, &go_on, &tell))
                .unwrap_or_else(|why| ExportNews::Refused(Notice::new("The export failed").cause(why)));
            tell(end);
        };
        std::thread::Builder::new().name("quick-export".to_owned()).spawn(work)?;
        Ok(Self { news, is_cancelled })
    }

    /// How it goes, if that has changed since the last call.
    pub fn poll(&self) -> Option<ExportNews> {
        self.news.take()
    }

    /// Ends it; what has been written stays.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }
}

/// Maps the tiles one after the other and tells the progress. Returns how it ended.
fn export(
    request: &ExportRequest,
    lessons: &Lessons,
    project: &Project,
    go_on: &dyn Fn() -> bool,
    tell: &dyn Fn(ExportNews),
) -> ExportNews {
    let tiles: Vec<&Tile> = request.tiles.iter().filter_map(|id| project.tile(id)).collect();
    let names: Vec<OutputName<'_>> = tiles.iter().copied().map(OutputName::of).collect();
    let mut files = match MapExport::plan(&request.folder, &names, request.by.clone(), true) {
        Ok(files) => files,
        Err(error) => return ExportNews::Refused(Notice::new("The maps cannot be written").cause(error.to_string())),
    };
    if let Some(first) = files.existing().first().filter(|_| !request.overwrite) {
        return ExportNews::Exists { count: files.existing().len(), first: (*first).to_owned() };
    }
    let Some(for_any) = lessons.learn(None, None) else {
        return ExportNews::Refused(Notice::new("There is no quick map").remedy("Label a second class"));
    };
    while let Some(next) = files.next() {
        let percent = (100 * next / tiles.len().max(1)) as u8;
        tell(ExportNews::Progress { done: next, total: tiles.len(), percent });
        let own = lessons.own_head(&tiles[next].id, &for_any);
        match map(project, tiles[next], own.as_ref().unwrap_or(&for_any), go_on).transpose() {
            Some(map) => drop(files.take(map, &project.classes)), // A map that cannot be written is in the report.
            None => break,
        }
    }
    ExportNews::Ended(files.report().clone())
}

/// The map of a tile; `None` once it is no longer wanted.
fn map(
    project: &Project,
    tile: &Tile,
    head: &QuickHead,
    go_on: &dyn Fn() -> bool,
) -> Result<Option<ClassMap>, DataError> {
    let picture = PictureCache::shared().picture(project, tile)?;
    Ok(Prepared::new(&picture, go_on).map(|prepared| prepared.whole_map(head)))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::domain::Stroke;
    use crate::quick::method::QuickMethod;

    #[test]
    fn the_maps_of_all_tiles_are_written_and_never_replaced_unasked() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a_sat.png", "b_sat.png"] {
            let image = RgbImage::from_fn(64, 32, |x, _| Rgb(if x < 32 { [220, 30, 20] } else { [20, 200, 30] }));
            image.save(dir.path().join(name)).unwrap();
        }
        let project = Project::open(dir.path()).unwrap();
        let dot = |class, x| Stroke { tile: String::new(), class: Some(class), radius: 2.0, path: vec![[x, 9.0]] };
        let picture = project.read_picture(&project.tiles[0]).unwrap();
        let strokes = [dot(1, 5.0), dot(3, 60.0)];
        let samples = Prepared::new(&picture, &|| true).unwrap().samples(strokes.iter(), &project.classes, None);
        let lessons = Lessons::new(vec![(project.tiles[0].id.clone(), Arc::new(samples))], QuickMethod::Linear);
        let tiles = project.tiles.iter().map(|tile| tile.id.clone()).collect();
        let (folder, by) = (dir.path().join("maps"), QuickMethod::Linear.head());
        let mut request = ExportRequest { tiles, folder, by, overwrite: false };
        let told = RefCell::new(Vec::new());
        let run = |request: &ExportRequest, go_on: bool| {
            export(request, &lessons, &project, &|| go_on, &|news| told.borrow_mut().push(news))
        };
        let ExportNews::Ended(report) = run(&request, true) else { panic!("it ends") };
        assert_eq!((report.written, report.total, told.borrow().len()), (2, 2, 2));
        let classes = image::open(dir.path().join("maps/b_classes.png")).unwrap().into_luma8();
        assert_eq!([classes.get_pixel(3, 3).0, classes.get_pixel(60, 3).0], [[1], [3]]);
        assert!(matches!(run(&request, true), ExportNews::Exists { count: 8, .. }));
        request.overwrite = true;
        let ExportNews::Ended(report) = run(&request, false) else { panic!("it is cancelled") };
        assert_eq!(report.written, 0);
    }
}
