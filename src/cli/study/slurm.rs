//! `study slurm`: a script for sbatch.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::args::{SlurmArgs, StudyChoice};
use crate::cli::out;
use crate::domain::Choice as _;
use crate::study::folder::StudyFolder;
use crate::study::slurm::SlurmScript;

pub(super) fn run(args: &SlurmArgs) -> anyhow::Result<ExitCode> {
    let (plan, folder) = args.study.open()?;
    let folder = StudyFolder::at(&absolute(&folder.root));
    folder.create(&plan)?; // Slurm writes its logs there from the first moment.
    let mut command = command(&args.study, &folder)?;
    command.extend(args.device.iter().flat_map(|device| ["--device".to_owned(), device.clone()]));
    let script = SlurmScript {
        name: &plan.name,
        command: &command,
        folder: &folder.root.display().to_string(),
        tasks: args.tasks.clamp(1, plan.runs.len().max(1)),
        options: &args.option,
    };
    out::line(script.text().trim_end());
    Ok(ExitCode::SUCCESS)
}

/// The command of a worker, whatever folder it runs in.
fn command(study: &StudyChoice, folder: &StudyFolder) -> anyhow::Result<Vec<String>> {
    let plan = if study.plan.exists() { absolute(&study.plan) } else { study.plan.clone() };
    let text = |path: PathBuf| path.display().to_string();
    let mut command = vec![text(std::env::current_exe()?), "study".to_owned(), "run".to_owned(), text(plan)];
    if let Some(data) = &study.data {
        command.extend(["--data".to_owned(), text(absolute(data))]);
    }
    if let Some(precision) = study.precision {
        command.extend(["--precision".to_owned(), precision.name().to_owned()]);
    }
    command.extend(["--out".to_owned(), text(folder.root.clone()), "--no-wait".to_owned(), "--quiet".to_owned()]);
    Ok(command)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
