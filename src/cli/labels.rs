//! `labels`: which tiles carry own labels, and which labels lie on no tile any more.

use std::process::ExitCode;

use super::args::LabelsArgs;
use super::out;
use crate::data::label::journal::Replay;
use crate::data::{Journal, Project};

pub(super) fn run(args: &LabelsArgs) -> anyhow::Result<ExitCode> {
    let project = Project::open(&args.data)?;
    let (mut journal, Replay { mut book, notes }) = match &args.relink {
        Some(_) => Journal::open(&project)?,
        None => Journal::open_to_follow(&project)?,
    };
    if let Some([name, tile]) = args.relink.as_deref() {
        let is_kept = journal.unlinked(&book).iter().any(|(unlinked, _)| unlinked == name);
        anyhow::ensure!(is_kept, "no labels are kept under the name '{name}': pointillist labels lists the names");
        journal.relink(&mut book, name, tile)?;
        out::line(&format!("The labels of {name} lie on {tile} now"));
    } else {
        notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    }
    for tile in project.tiles.iter().filter(|tile| book.carries(&tile.id)) {
        let strokes = book.standing_on(&tile.id).count();
        out::line(&format!("{}: {strokes} strokes ({})", tile.id, tile.file));
    }
    for (name, strokes) in journal.unlinked(&book) {
        out::line(&format!("{name}: {strokes} strokes, on no tile"));
    }
    if book.standing().is_empty() {
        out::line("There are no own labels");
    }
    Ok(ExitCode::SUCCESS)
}
