//! `predict --head quick` and `--head forest`: maps the tiles of a project from own labels, without a run.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::PredictArgs;
use super::{ignoring, maps, no_effect, out};
use crate::data::export::maps::MapExport;
use crate::data::export::outputs::OutputName;
use crate::data::{DataError, Journal, Project, Tile};
use crate::domain::{Choice as _, LabelBook, RunConfig};
use crate::engine::protocol::QuickLearned;
use crate::engine::quick::Tally;
use crate::engine::quick::prepared::Prepared;
use crate::engine::quick::saved_run::QuickRun;
use crate::quick::head::QuickHead;
use crate::quick::leave_out::leave_out;
use crate::quick::lessons::Lessons;
use crate::quick::method::QuickMethod;
use crate::quick::samples::TileSamples;
use crate::train::division::Division;

pub(super) fn run(args: &PredictArgs, method: QuickMethod) -> anyhow::Result<ExitCode> {
    no_effect::refuse_for_quick_head(args.checkpoint, args.device.as_deref())?;
    let [folder] = args.images.as_slice() else {
        anyhow::bail!("--head {} learns from the labels of one folder or image: give that one", method.name());
    };
    let project = ignoring::open(folder, args.ignore.as_ref())?;
    project.told().for_each(|note| out::line(&format!("[INFO] {note}")));
    project.doubt().iter().for_each(|doubt| out::error(&format!("[WARNING] {doubt}")));
    let (_journal, replay) = Journal::open_to_follow(&project)?;
    replay.notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    let tiles: Vec<&Tile> = project.tiles.iter().filter(|tile| tile.fault.is_none()).collect();
    let names: Vec<OutputName<'_>> = tiles.iter().copied().map(OutputName::of).collect();
    let mut export = MapExport::plan(&args.out, &names, method.head(), args.overwrite)?;
    let mut prepared = LastPrepared::default();
    let lessons = Lessons::new(samples(&project, &replay.book, &mut prepared)?, method);
    let head = lessons.learn(None, None).ok_or_else(|| {
        let folder = folder.display();
        anyhow::anyhow!(
            "the quick head needs own labels of two classes: label some in the window (pointillist {folder})"
        )
    })?;
    let learned: Vec<&str> =
        head.classes().iter().filter_map(|class| project.classes.get(*class)).map(|c| c.name.as_str()).collect();
    out::line(&format!("[INFO] The {} tells apart {}; no other class is predicted", method.head(), learned.join(", ")));
    if let Some(run) = &args.save_run {
        let data = std::path::absolute(&project.root)?;
        let config = RunConfig { data, ignore: args.ignore.clone(), ..RunConfig::default() };
        save(&project, &config, &lessons, run, &head)?;
    }
    out::create_folder(&args.out)?;
    for tile in &tiles {
        let own = lessons.own_head(&tile.id, &head);
        let map = prepared.of(&project, tile).map(|prepared| prepared.whole_map(own.as_ref().unwrap_or(&head)));
        maps::tell(&tile.image, &export.take(map, &project.classes));
    }
    let failed = export.report().faults.len();
    anyhow::ensure!(failed == 0, "{failed} of {} tiles could not be mapped", tiles.len());
    Ok(ExitCode::SUCCESS)
}

/// The pixels under the own labels of all tiles.
fn samples(
    project: &Project,
    book: &LabelBook,
    prepared: &mut LastPrepared,
) -> Result<Vec<(String, Arc<TileSamples>)>, DataError> {
    let mut samples = Vec::new();
    for tile in project.tiles.iter().filter(|tile| tile.fault.is_none() && book.carries(&tile.id)) {
        let of_tile = prepared.of(project, tile)?.samples(book.standing_on(&tile.id), &project.classes, None);
        samples.push((tile.id.clone(), Arc::new(of_tile)));
    }
    Ok(samples)
}

/// Saves the head as a run, scored by leaving clicks out.
fn save(project: &Project, config: &RunConfig, lessons: &Lessons, run: &Path, head: &QuickHead) -> anyhow::Result<()> {
    let tiles = lessons.tiles();
    let votes = leave_out(&lessons.course(&tiles, None), &|| true).unwrap_or_default();
    let right = votes.iter().filter(|vote| vote.class == vote.predicted).count();
    let clicks = tiles.iter().map(|tile| tile.clicks());
    let (all, labelled) = (clicks.clone().sum(), clicks.filter(|clicks| *clicks > 0).count());
    let left_out = Some(Tally { right, of: votes.len() });
    let val = Division::of(project, config).val.iter().map(|&index| project.tiles[index].id.clone()).collect();
    let learned = QuickLearned::new(all, head.classes().len(), labelled, left_out);
    let train = lessons.taught_by().map(str::to_owned).collect();
    QuickRun { head, project, config, learned, train, val, miou: None }.save(run)?;
    out::line(&format!("[INFO] Saved as a run: {}", run.display()));
    Ok(())
}

/// The tile that was prepared last: a single tile is learned from and mapped.
#[derive(Default)]
struct LastPrepared(Option<(String, Prepared)>);

impl LastPrepared {
    fn of(&mut self, project: &Project, tile: &Tile) -> Result<&Prepared, DataError> {
        if self.0.as_ref().is_none_or(|(file, _)| *file != tile.file) {
            self.0 = None; // Two large tiles need not be in memory together.
            let picture = project.read_picture(tile)?;
            self.0 = Prepared::new(&picture, &|| true).map(|prepared| (tile.file.clone(), prepared));
        }
        Ok(&self.0.as_ref().expect("nothing stops it").1)
    }
}
