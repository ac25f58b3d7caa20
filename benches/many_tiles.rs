//! Frame time while scrolling through 10,000 tiles: `XDG_CACHE_HOME=$(mktemp -d) cargo bench --bench many_tiles`.
//!
//! Times every frame of the whole window, without a graphics device, while the tile list scrolls to its end: first without
//! thumbnails on disk, then with.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]
#![allow(dead_code, reason = "the tests use more of the helper")]

#[path = "../tests/harness/mod.rs"]
mod harness;

use std::path::Path;
use std::time::{Duration, Instant};

use eframe::egui::{Event, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, pos2, vec2};
use harness::{open, step_until};
use pointillist::data::Project;
use pointillist::data::export::save;

const TILES: usize = 10_000;
/// Rows turned past in a frame: the end is reached after five seconds at 60 frames a second.
const ROWS_PER_FRAME: f32 = 33.0;
const ROW: f32 = 62.0;
/// Frames are shown this often, and what they took is waited less.
const FRAME: Duration = Duration::from_micros(16_667);

fn main() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    for n in 0..TILES {
        let image = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(n % 251) as u8, x as u8 * 4, y as u8 * 4]));
        save::rgb_png(&dir.path().join(format!("{n:05}.png")), &image)?;
    }
    let start = Instant::now();
    let tiles = Project::open(dir.path())?.tiles.len();
    println!("{tiles} tiles: opened in {:.0?}", start.elapsed());
    for what in ["no thumbnails on disk", "thumbnails on disk"] {
        scroll(dir.path(), what);
    }
    Ok(())
}

fn scroll(folder: &Path, what: &str) {
    let mut harness = open(Some(folder));
    step_until(&mut harness, "the first tile is in view", |app| app.state().view.tile.is_some());
    harness.event(Event::PointerMoved(pos2(100.0, 500.0)));
    let mut taken = Vec::new();
    for _ in 0..(TILES as f32 / ROWS_PER_FRAME) as usize + 20 {
        let delta = vec2(0.0, -ROWS_PER_FRAME * ROW);
        let (unit, modifiers, phase) = (MouseWheelUnit::Point, Modifiers::NONE, TouchPhase::Move);
        let source = MouseWheelSource::Unknown;
        harness.event(Event::MouseWheel { unit, delta, phase, modifiers, source });
        let start = Instant::now();
        harness.step();
        taken.push(start.elapsed());
        std::thread::sleep(FRAME.saturating_sub(start.elapsed()));
    }
    let start = Instant::now();
    let last = format!("{:05}", TILES - 1);
    step_until(&mut harness, "the last row has its thumbnail", |app| app.state().thumbnails.get(&last).is_some());
    let waited = start.elapsed();
    taken.sort_unstable();
    let at = |share: f64| taken[((taken.len() - 1) as f64 * share) as usize];
    println!(
        "{what}: {} frames of {ROWS_PER_FRAME} rows each: median {:.1?}, 95 % below {:.1?}, longest {:.1?}; the last row has its \
         thumbnail {waited:.0?} after the list came to rest",
        taken.len(),
        at(0.5),
        at(0.95),
        at(1.0),
    );
}
