//! The handle of the quick head's thread.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answer::QuickAnswer;
use super::request::{Shared, Wanted};
use super::worker::Worker;
use crate::data::Project;
use crate::domain::geometry::PixelRect;
use crate::domain::{Classes, Stroke};
use crate::engine::Waker;
use crate::engine::latest::Latest;
use crate::engine::priority;
use crate::quick::method::QuickMethod;

/// Asks for maps and hands them out. Dropping it ends the thread after its present work.
pub struct QuickService {
    shared: Arc<Shared>,
    answers: Arc<Latest<(u64, QuickAnswer)>>,
    /// Its threads end with it.
    _pool: rayon::ThreadPool,
}

impl QuickService {
    /// Starts the thread. `waker` is called whenever there is something to [`poll`](Self::poll).
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn start(waker: Waker) -> anyhow::Result<Self> {
        let (shared, answers) = (Arc::<Shared>::default(), Arc::<Latest<(u64, QuickAnswer)>>::default());
        let pool = priority::answering_pool()?;
        let worker = Worker::new(Arc::clone(&shared), Arc::clone(&answers), waker);
        pool.spawn(move || worker.serve());
        Ok(Self { shared, answers, _pool: pool })
    }

    /// Switches to another project, or to the same one with other classes. `labels`: the strokes that stand on each tile.
    pub fn set_project(&self, project: Arc<Project>, labels: impl IntoIterator<Item = (String, Vec<Stroke>)>) {
        let labels: BTreeMap<_, _> = labels
            .into_iter()
            .filter(|(_, strokes)| !strokes.is_empty())
            .map(|(tile, s)| (tile, Arc::new(s)))
            .collect();
        self.shared.change(|wanted| {
            let (epoch, method) = (wanted.epoch + 1, wanted.method);
            *wanted = Wanted { project: Some(project), epoch, labels, method, ..Wanted::default() };
        });
    }

    /// The classes from now on: what differs is which are ignored. Returns whether that is new; maps of before are then not handed
    /// out any more.
    pub fn set_classes(&self, classes: &Classes) -> bool {
        let differ = |project: &Arc<Project>| project.classes != *classes;
        let is_new = self.shared.wanted().project.as_ref().is_some_and(differ);
        if is_new {
            self.shared.change(|wanted| {
                wanted.epoch += 1;
                if let Some(project) = &mut wanted.project {
                    Arc::make_mut(project).classes = classes.clone();
                }
            });
        }
        is_new
    }

    /// Replaces the strokes that stand on a tile. Nothing happens if they stand already.
    pub fn set_labels(&self, tile: &str, strokes: Vec<Stroke>) {
        if self.shared.wanted().labels.get(tile).map_or(strokes.is_empty(), |labels| **labels == strokes) {
            return;
        }
        self.shared.change(|wanted| {
            match strokes.is_empty() {
                true => wanted.labels.remove(tile),
                false => wanted.labels.insert(tile.to_owned(), Arc::new(strokes)),
            };
            wanted.version += 1;
        });
    }

    /// What learns from now on.
    pub fn set_method(&self, method: QuickMethod) {
        if self.shared.wanted().method != method {
            self.shared.change(|wanted| wanted.method = method);
        }
    }

    /// Prepares a tile and maps it, from now on at each change of the labels.
    pub fn want_tile(&self, tile: &str) {
        self.shared.change(|wanted| {
            wanted.tile = Some(tile.to_owned());
            wanted.looks += 1;
        });
    }

    /// Scores the head on these validation tiles, once the labels rest.
    pub fn set_judges(&self, tiles: Vec<String>) {
        if self.shared.wanted().judges != tiles {
            self.shared.change(|wanted| wanted.judges = tiles);
        }
    }

    /// The part of the tile on screen: it is mapped first from now on.
    pub fn set_part(&self, part: Option<PixelRect>) {
        self.shared.wanted().part = part;
    }

    /// The answer that came since the last call.
    pub fn poll(&self) -> Option<QuickAnswer> {
        let (epoch, answer) = self.answers.take()?;
        (epoch == self.shared.wanted().epoch).then_some(answer)
    }
}

impl Drop for QuickService {
    fn drop(&mut self) {
        self.shared.change(|wanted| wanted.is_over = true);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::domain::UNLABELLED;
    use crate::engine::quick::QuickStatus;

    /// Tiles `a` and `b`, 64×48: left red, right green. `c` is broken.
    fn project(folder: &Path) -> Arc<Project> {
        for name in ["a", "b", "c"] {
            let picture = RgbImage::from_fn(64, 48, |x, y| {
                let noise = ((x * 31 + y * 17) % 13) as u8;
                if x < 32 { Rgb([200 + noise, 40, 30]) } else { Rgb([40, 180 + noise, 30]) }
            });
            picture.save(folder.join(format!("{name}_sat.png"))).unwrap();
        }
        let broken = folder.join("c_sat.png");
        let bytes = std::fs::read(&broken).unwrap();
        std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
        Arc::new(Project::open(folder).unwrap())
    }

    fn dot(tile: &str, class: u8, x: f32) -> Stroke {
        Stroke { tile: tile.to_owned(), class: Some(class), radius: 1.0, path: vec![[x, 20.0]] }
    }

    /// The first answer that is wanted.
    fn wait(service: &QuickService, is_wanted: impl Fn(&QuickAnswer) -> bool) -> QuickAnswer {
        let start = Instant::now();
        loop {
            if let Some(answer) = service.poll().filter(&is_wanted) {
                return answer;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "no answer");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn class_at(answer: &QuickAnswer, x: u32) -> Option<u8> {
        answer.map.as_ref()?.at(x, 5).map(|(class, _)| class)
    }

    fn learned(answer: &QuickAnswer) -> Option<(usize, usize, usize)> {
        match &answer.status {
            QuickStatus::Mapped(lesson) => Some((lesson.clicks, lesson.tiles, lesson.tiles_left)),
            _ => None,
        }
    }

    fn service(folder: &Path) -> QuickService {
        let service = QuickService::start(Arc::new(|| {})).unwrap();
        service.set_project(project(folder), []);
        service
    }

    #[test]
    fn each_click_is_answered_and_an_undone_one_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        service.want_tile("a");
        assert_eq!(wait(&service, |answer| answer.status == QuickStatus::NoLabels).map, None);
        let both = vec![dot("a", 2, 8.0), dot("a", 5, 56.0)];
        service.set_labels("a", both[..1].to_vec());
        assert_eq!(wait(&service, |answer| answer.status == QuickStatus::OneClass(2)).map, None);
        service.set_labels("a", both.clone());
        let answer = wait(&service, |answer| learned(answer) == Some((2, 1, 0)));
        assert_eq!([class_at(&answer, 3), class_at(&answer, 60)], [Some(2), Some(5)]);
        let mut third = both.clone();
        third.push(dot("a", 0, 57.0));
        service.set_labels("a", third);
        wait(&service, |answer| learned(answer) == Some((3, 1, 0)));
        service.set_labels("a", both);
        let answer = wait(&service, |answer| learned(answer) == Some((2, 1, 0)));
        assert_eq!(class_at(&answer, 60), Some(5), "the third class is gone");
        service.set_labels("a", Vec::new());
        assert_eq!(wait(&service, |answer| answer.status == QuickStatus::NoLabels).map, None);
    }

    #[test]
    fn labels_of_other_tiles_count_as_soon_as_they_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        let labels = [("a".to_owned(), vec![dot("a", 1, 8.0), dot("a", 3, 56.0)])];
        service.set_project(project(folder.path()), labels);
        service.set_part(Some(PixelRect { x: 9, y: 0, width: 20, height: 9 })); // A small part on screen is mapped first, the rest after it.
        service.want_tile("b");
        let is_whole = |answer: &QuickAnswer| class_at(answer, 60).is_some_and(|class| class != UNLABELLED);
        let answer = wait(&service, |answer| learned(answer) == Some((2, 1, 0)) && is_whole(answer));
        assert_eq!((answer.tile.as_str(), class_at(&answer, 3), class_at(&answer, 60)), ("b", Some(1), Some(3)));
        service.set_labels("b", vec![dot("b", 3, 5.0)]);
        assert_eq!(learned(&wait(&service, |answer| learned(answer).is_some())), Some((3, 2, 0)));
    }

    #[test]
    fn an_undone_class_is_nowhere_in_the_next_map() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        let both = vec![dot("a", 2, 8.0), dot("a", 5, 56.0)];
        let third = [both.clone(), vec![dot("a", 0, 32.0)]].concat(); // On the border of the two colours.
        service.set_labels("a", third);
        service.want_tile("a");
        let shows = |answer: &QuickAnswer, class| {
            let classes =
                |map: &crate::domain::PatchedMap| (0..64 * 48).any(|i| map.at(i % 64, i / 64).unwrap().0 == class);
            answer.map.as_ref().is_some_and(classes)
        };
        wait(&service, |answer| learned(answer) == Some((3, 1, 0)) && shows(answer, 0));
        service.set_part(Some(PixelRect { x: 2, y: 2, width: 9, height: 9 }));
        service.set_labels("a", both);
        wait(&service, |answer| {
            let is_new = learned(answer) == Some((2, 1, 0));
            assert!(!is_new || !shows(answer, 0), "neither on screen nor around it");
            is_new && answer.map.as_ref().is_some_and(|map| map.patch.is_none())
        });
    }

    #[test]
    fn ignored_classes_are_not_learned() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        service.set_labels("a", vec![dot("a", 2, 8.0), dot("a", 5, 56.0), dot("a", 0, 40.0)]);
        service.want_tile("a");
        wait(&service, |answer| learned(answer) == Some((3, 1, 0)));
        let mut classes = project(folder.path()).classes.clone();
        assert!(!service.set_classes(&classes), "nothing is new");
        let name = classes.name(0).to_owned();
        classes.ignore_only(&[name]);
        assert!(service.set_classes(&classes) && !service.set_classes(&classes));
        wait(&service, |answer| match &answer.status {
            QuickStatus::Mapped(lesson) => {
                assert_eq!(lesson.classes, [2, 5], "no answer of before comes");
                true
            }
            _ => false,
        });
    }

    #[test]
    fn another_method_is_judged_anew() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        service.set_labels("a", vec![dot("a", 2, 8.0), dot("a", 2, 18.0), dot("a", 5, 56.0), dot("a", 5, 46.0)]);
        service.want_tile("a");
        let is_by = |answer: &QuickAnswer, method| answer.lessons.as_ref().is_some_and(|l| l.method() == method);
        wait(&service, |answer| is_by(answer, QuickMethod::Linear) && answer.judgement.is_some());
        service.set_method(QuickMethod::Forest);
        let first = wait(&service, |answer| is_by(answer, QuickMethod::Forest));
        assert_eq!(first.judgement, None, "nothing decides yet");
        wait(&service, |answer| is_by(answer, QuickMethod::Forest) && answer.judgement.is_some());
    }

    #[test]
    fn a_broken_tile_is_named_and_the_next_one_works() {
        let folder = tempfile::tempdir().unwrap();
        let service = service(folder.path());
        service.want_tile("c");
        let answer = wait(&service, |answer| answer.status != QuickStatus::Preparing);
        assert!(matches!(&answer.status, QuickStatus::Failed(why) if why.contains("c_sat.png")), "{answer:?}");
        service.set_labels("a", vec![dot("a", 0, 8.0), dot("a", 1, 56.0)]);
        for _ in 0..2 {
            service.want_tile("a");
            wait(&service, |answer| learned(answer) == Some((2, 1, 0)));
            service.want_tile("c");
            wait(&service, |answer| matches!(answer.status, QuickStatus::Failed(_)));
        }
    }
}
