//! Cost of the next click and of an undo after 50 to 50,000 strokes on one tile: `cargo bench --bench strokes`.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use image::RgbImage;
use pointillist::data::export::save;
use pointillist::data::feed::training_set::TrainingSet;
use pointillist::data::{Journal, Project};
use pointillist::domain::config::InputSize;
use pointillist::domain::hash::Stream;
use pointillist::domain::{Edit, LabelBook, Sampling, Strategy, Stroke};

const SIDE: u32 = 2448;
const TRIES: usize = 200;

fn main() -> anyhow::Result<()> {
    for strokes in [50, 500, 5_000, 50_000] {
        measure(strokes)?;
    }
    Ok(())
}

fn measure(strokes: usize) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    save::rgb_png(&dir.path().join("a.png"), &RgbImage::new(SIDE, SIDE))?;
    let project = Arc::new(Project::open(dir.path())?);
    let mut random = Stream::new(1);
    let (mut window, mut book) = (Journal::open(&project)?.0, LabelBook::default());
    let start = Instant::now();
    for _ in 0..strokes {
        let edit = Edit::Begin(click(&mut random));
        window.append(&edit)?;
        book.apply(edit);
    }
    let written = start.elapsed();
    let start = Instant::now();
    let (mut trainer, replay) = Journal::open_to_follow(&project)?;
    let replayed = start.elapsed();
    let sampling = Sampling { strategy: Strategy::OwnLabelsOnly, seed: 1 };
    let set = TrainingSet::new(project, vec![0], InputSize::Crop(256), sampling, replay.book);
    set.prepare(0)?;
    let mut next = |edit: Edit| -> anyhow::Result<[Duration; 3]> {
        let start = Instant::now();
        window.append(&edit)?;
        let appended = Instant::now();
        set.follow(&mut trainer)?;
        let followed = Instant::now();
        set.prepare(0)?;
        Ok([appended - start, followed - appended, followed.elapsed()])
    };
    let clicks = (0..TRIES).map(|_| next(Edit::Begin(click(&mut random)))).collect::<anyhow::Result<Vec<_>>>()?;
    let undos = (0..TRIES).map(|_| next(Edit::Undo)).collect::<anyhow::Result<Vec<_>>>()?;
    let start = Instant::now();
    (0..1000).for_each(|_| assert_eq!(book.count("a"), strokes));
    let counted = start.elapsed() / 1000;
    println!("{strokes} strokes: written {written:.1?}, replayed {replayed:.1?}, counted {counted:.1?}");
    for (name, taken) in [("next click", clicks), ("undo", undos)] {
        let [append, follow, relabel] = [0, 1, 2].map(|i| median(taken.iter().map(|times| times[i])));
        println!("  {name}: append {append:.1?}, follow {follow:.1?}, relabel the tile {relabel:.1?}");
    }
    Ok(())
}

fn click(random: &mut Stream) -> Stroke {
    let path = vec![[0; 2].map(|_| random.below(SIDE as usize) as f32 + 0.5)];
    Stroke { tile: "a".to_owned(), class: Some(random.below(2) as u8), radius: 3.0, path }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times[times.len() / 2]
}
