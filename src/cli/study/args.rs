//! The arguments of `study` as typed.

use std::path::PathBuf;

use clap::Subcommand;

use crate::cli::outputs::OutputArgs;
use crate::cli::values::{choice, whole};
use crate::domain::config::{DeviceChoice, Precision};
use crate::study::folder::StudyFolder;
use crate::study::plan::Plan;
use crate::study::preset::StudyPreset;
use crate::study::shard::Shard;

/// Arguments of `study`.
#[derive(Debug, clap::Args)]
pub struct StudyArgs {
    /// What to do with a plan.
    #[command(subcommand)]
    pub what: StudyVerb,
}

/// What can be done with a plan.
#[derive(Debug, Subcommand)]
pub enum StudyVerb {
    /// Make the runs of a plan that are not done. The same command goes on after an interruption, and several processes may share
    /// a study.
    Run(RunArgs),
    /// List the runs of a plan: done, running, failed, waiting, and how long the rest takes.
    Status(StatusArgs),
    /// Print the tables of a study, and write them to report.md and report.csv in its folder; with --html, the whole report.
    Report(ReportArgs),
    /// Print a built-in plan, to change it.
    Plan(PlanArgs),
    /// Print a script for sbatch: an array of workers that share a study.
    Slurm(SlurmArgs),
}

/// Which plan, with which data, and where its results are.
#[derive(Debug, clap::Args)]
pub struct StudyChoice {
    /// Plan file, or the name of a built-in plan: deepglobe-pce, landcover-ai, or one of them with -small.
    pub plan: PathBuf,
    /// Folder of tiles, instead of the one that the plan names.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// In which numbers the runs compute, instead of what the plan says: f32 where nothing computes in 16 bits.
    #[arg(long, value_parser = choice::<Precision>())]
    pub precision: Option<Precision>,
    /// Folder of the study [default: named like the plan, beside its file or in the working folder].
    #[arg(long)]
    pub out: Option<PathBuf>,
}

/// Arguments of `study run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Which study.
    #[command(flatten)]
    pub study: StudyChoice,
    /// Where this worker starts looking, as k/n: it is worker k of n. Each goes through the whole queue.
    #[arg(long, value_name = "K/N", default_value_t)]
    pub shard: Shard,
    /// Where to compute, instead of where the plan says: auto, gpu, cpu, or part of an adapter's name.
    #[arg(long)]
    pub device: Option<String>,
    /// End when nothing is left to begin, even if others still make runs. Otherwise wait, and make those that others do not end.
    #[arg(long)]
    pub no_wait: bool,
    /// Print only warnings, errors and how each run ends.
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `study status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Which study.
    #[command(flatten)]
    pub study: StudyChoice,
    /// Print JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `study report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Which study.
    #[command(flatten)]
    pub study: StudyChoice,
    /// What is made of it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `study plan`.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Which plan.
    #[arg(value_parser = choice::<StudyPreset>())]
    pub name: StudyPreset,
    /// Folder of tiles to write into it.
    #[arg(long)]
    pub data: Option<PathBuf>,
}

/// Arguments of `study slurm`.
#[derive(Debug, clap::Args)]
pub struct SlurmArgs {
    /// Which study. Its folder must be one that all machines share.
    #[command(flatten)]
    pub study: StudyChoice,
    /// Workers at once; no more than there are runs.
    #[arg(long, default_value_t = 4, value_parser = whole::<usize>)]
    pub tasks: usize,
    /// Line for sbatch, such as --option=--gres=gpu:1. May be repeated.
    #[arg(long, allow_hyphen_values = true)]
    pub option: Vec<String>,
    /// Where to compute, instead of where the plan says: auto, gpu, cpu, or part of an adapter's name.
    #[arg(long)]
    pub device: Option<String>,
}

impl StudyChoice {
    /// The plan and its folder.
    pub(super) fn open(&self) -> anyhow::Result<(Plan, StudyFolder)> {
        let plan = Plan::open(&self.plan, self.data.as_deref())?.with_precision(self.precision)?;
        let folder = StudyFolder::at(self.out.as_ref().unwrap_or(&plan.home));
        Ok((plan, folder))
    }
}

impl RunArgs {
    /// Where to compute, if it was said.
    pub(super) fn device(&self) -> Option<DeviceChoice> {
        self.device.clone().map(DeviceChoice::from)
    }
}
