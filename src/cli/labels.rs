//! `labels`: lists tiles with own labels and labels whose tile is gone, and assigns those to a tile.

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
        anyhow::ensure!(
            is_kept,
            "there are no unassigned labels named '{name}': run pointillist labels without --relink to list the names"
        );
        journal.relink(&mut book, name, tile)?;
        out::line(&format!("The labels of {name} are on tile {tile} now"));
    } else {
        notes.iter().for_each(|note| out::error(&format!("[WARNING] {note}")));
    }
    for tile in project.tiles.iter().filter(|tile| book.carries(&tile.id)) {
        let strokes = book.standing_on(&tile.id).count();
        out::line(&format!("{}: {} ({})", tile.id, counted(strokes), tile.file));
    }
    for (name, strokes) in journal.unlinked(&book) {
        out::line(&format!("{name}: {}, on no tile", counted(strokes)));
    }
    if book.standing().is_empty() {
        out::line("There are no own labels");
    }
    Ok(ExitCode::SUCCESS)
}

fn counted(strokes: usize) -> String {
    if strokes == 1 { "1 stroke".to_owned() } else { format!("{strokes} strokes") }
}
