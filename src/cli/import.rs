//! `import`: makes a run of a file of weights.

use std::process::ExitCode;

use super::args::ImportArgs;
use super::out;
use crate::engine::imported::NetworkImport;

pub(super) fn run(args: &ImportArgs) -> anyhow::Result<ExitCode> {
    let import = NetworkImport {
        file: args.file.clone(),
        out: args.out.clone(),
        data: args.data.clone(),
        classes: args.classes.clone(),
        colors: args.colors,
    };
    let imported = import.carry_out()?;
    imported.notes.iter().for_each(|note| out::line(&format!("[INFO] {note}")));
    out::line(&format!("[INFO] {} is a run in {}", imported.what, args.out.display()));
    Ok(ExitCode::SUCCESS)
}
