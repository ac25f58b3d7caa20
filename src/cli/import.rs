//! `import`: makes a run of a file of weights.

use std::fs;
use std::process::ExitCode;

use super::args::ImportArgs;
use super::out;
use crate::data::{DataError, Project};
use crate::domain::Choice as _;
use crate::domain::Classes;
use crate::engine::imported;
use crate::exchange::Network;
use crate::exchange::import::{self, Imported, Unsaid};
use crate::train::folder::RunFolder;

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    RunFolder::refuse_occupied(&args.out)?;
    let bytes = fs::read(&args.file).map_err(DataError::io("cannot read", &args.file))?;
    let unsaid = Unsaid { classes: classes(args)?, colors: args.colors };
    let refused = |what: String| DataError::content(format!("the file cannot be imported, because {what}"), &args.file);
    let Imported { mut network, says_all, notes } = import::read(&bytes, unsaid).map_err(refused)?;
    anyhow::ensure!(
        !says_all || (args.classes.is_empty() && args.colors.is_none()),
        "the file says itself what its classes are and how it sees colours: leave out --classes and --colors"
    );
    notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    if let Some(data) = &args.data {
        network.config.data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
    }
    let what = describe(&network);
    imported::save(network, &args.file, &args.out)?;
    out::line(&format!("[INFO] {what} is a run in {}", args.out.display()));
    Ok(ExitCode::SUCCESS)
}

/// The classes given by name, or else those of the project.
fn classes(args: &ImportArgs) -> anyhow::Result<Option<Classes>> {
    if !args.classes.is_empty() {
        return Ok(Some(import::named(&args.classes)?));
    }
    Ok(args.data.as_deref().map(Project::open).transpose()?.map(|project| project.classes))
}

fn describe(network: &Network) -> String {
    let model = &network.config.model;
    let names: Vec<&str> = network.classes.iter().map(|class| class.name.as_str()).collect();
    format!("{} with {} base channels, classes {}", model.arch.title(), model.base, names.join(", "))
}
