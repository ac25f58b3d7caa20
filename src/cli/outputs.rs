//! What becomes of a comparison: tables on standard output, figures, a report as one HTML file.

use std::path::{Path, PathBuf};

use super::out;
use super::progress::bar;
use super::values::choice;
use crate::data::files::write;
use crate::domain::Choice as _;
use crate::engine::priority;
use crate::study::compare::figure_files::{self, FigureFormat};
use crate::study::compare::{Comparison, figures};
use crate::study::page::{self, Gallery};
use crate::study::table::TableFormat;

/// What is made of a comparison.
#[derive(Debug, clap::Args)]
pub struct OutputArgs {
    /// Form of the tables that are printed.
    #[arg(long, value_parser = choice::<TableFormat>(), default_value = TableFormat::Markdown.name())]
    pub format: TableFormat,
    /// HTML file for the whole report: tables, figures and pictures in one file that loads nothing else.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Folder for the figures.
    #[arg(long, value_name = "FOLDER")]
    pub figures: Option<PathBuf>,
    /// As what the figures are written.
    #[arg(long, value_parser = choice::<FigureFormat>(), default_value = FigureFormat::Svg.name(), requires = "figures")]
    pub figure_format: FigureFormat,
    /// Configuration or run that others are compared with [default: the first].
    #[arg(long, value_name = "NAME")]
    pub reference: Option<String>,
    /// Leave out the pictures of the report, for which a tile is predicted with each configuration.
    #[arg(long, requires = "html")]
    pub no_pictures: bool,
    /// Replace existing files.
    #[arg(long)]
    pub overwrite: bool,
}

impl OutputArgs {
    /// Whether more is asked for than tables.
    pub(super) fn wants_figures(&self) -> bool {
        self.html.is_some() || self.figures.is_some()
    }

    /// Refuses to replace a report or figures, before the work for them begins.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if let Some(path) = &self.html {
            out::create_folder_of(path)?;
            anyhow::ensure!(
                self.overwrite || !path.exists(),
                "{} exists: choose another file, or give --overwrite",
                path.display()
            );
        }
        let there = self.figures.as_ref().and_then(|folder| figure_files::any_in(folder));
        self.refuse_to_replace(there)
    }

    fn refuse_to_replace(&self, figure: Option<PathBuf>) -> anyhow::Result<()> {
        match figure.filter(|_| !self.overwrite) {
            Some(there) => anyhow::bail!("{} exists: choose another folder, or give --overwrite", there.display()),
            None => Ok(()),
        }
    }

    /// Chooses the reference and counts labels, with a progress bar.
    pub(super) fn prepare(&self, comparison: &mut Comparison) -> anyhow::Result<()> {
        if let Some(name) = &self.reference {
            comparison.compare_with(name).map_err(|why| anyhow::anyhow!("--reference: {why}"))?;
        }
        let bar = bar(false);
        bar.set_prefix("counting labels");
        comparison.count_labels(&|done, total| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        Ok(())
    }

    /// Writes figures and report, if they are asked for.
    pub(super) fn write(&self, comparison: &Comparison) -> anyhow::Result<()> {
        if let Some(folder) = &self.figures {
            let plates = self.write_figures(comparison, folder)?;
            out::error(&format!("[INFO] {plates} figures are in {}", folder.display()));
        }
        if let Some(path) = &self.html {
            let gallery = (!self.no_pictures).then(|| gather(comparison));
            write::atomically(path, page::html(comparison, gallery.as_ref()).as_bytes())?;
            out::error(&format!("[INFO] The report is {}", path.display()));
        }
        Ok(())
    }

    fn write_figures(&self, comparison: &Comparison, folder: &Path) -> anyhow::Result<usize> {
        out::create_folder(folder)?;
        let plates = figures::all(comparison);
        figure_files::write(folder, &plates, self.figure_format)?;
        let left = figure_files::left_over(folder, &plates, self.figure_format);
        if !left.is_empty() {
            let (names, folder) = (left.join(", "), folder.display());
            out::error(&format!("[WARNING] {folder} has other figures as well, which stay as they are: {names}"));
        }
        Ok(plates.len())
    }
}

fn gather(comparison: &Comparison) -> Gallery {
    priority::start_compute_pool();
    let bar = bar(false);
    bar.set_prefix("pictures");
    bar.set_length(comparison.groups.len() as u64);
    let gallery = Gallery::gather(comparison, &|name| {
        bar.set_message(name.to_owned());
        bar.inc(1);
    });
    bar.finish_and_clear();
    gallery
}
