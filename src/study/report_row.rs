//! A row of a study's table, in the form of the published ones.

use super::figure::Figure;
use super::published::Published;
use super::table::{Cell, Column, Row, Table, sheet::Kind};

/// A row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportRow {
    /// Name of the configuration, seeds left out.
    pub configuration: String,
    /// The configuration in words.
    pub words: String,
    /// Whether it was published by others.
    pub is_published: bool,
    /// Runs that are done, and those that the plan has; both 0 of a published row.
    pub runs: [usize; 2],
    /// Best validation mIoU.
    pub best_miou: Option<Figure>,
    /// Validation mIoU after the last step.
    pub final_miou: Option<Figure>,
    /// Pixel accuracy after the last step.
    pub final_accuracy: Option<Figure>,
    /// Minutes an epoch takes, its evaluation included.
    pub minutes_per_epoch: Option<Figure>,
    /// What a published row holds for.
    pub note: String,
}

impl ReportRow {
    /// The row of what was published about a configuration that is called so in words.
    pub(super) fn published(row: &Published, words: &str) -> Self {
        let single = |value: Option<f64>| Figure::of(value);
        Self {
            configuration: row.run.clone(),
            words: words.to_owned(),
            is_published: true,
            runs: [0, 0],
            best_miou: single(row.best_miou),
            final_miou: single(row.final_miou),
            final_accuracy: single(row.final_accuracy),
            minutes_per_epoch: single(row.minutes_per_epoch),
            note: row.note.clone(),
        }
    }

    fn row(&self) -> Row {
        let note = if self.note.is_empty() { String::new() } else { format!(" ({})", self.note) };
        let name = Cell::Text(format!("{}{note}", self.words), self.configuration.clone());
        let runs = self.runs[0].to_string();
        let (source, runs) = match self.is_published {
            true => ("published", Cell::Text("published".to_owned(), String::new())),
            false => ("ours", Cell::text(runs)),
        };
        let figures = [self.best_miou, self.final_miou, self.final_accuracy, self.minutes_per_epoch];
        let cells = [name, Cell::text(source), runs].into_iter().chain(figures.map(Cell::Figure));
        Row { cells: cells.chain([Cell::text(self.note.clone())]).collect(), is_published: self.is_published }
    }
}

/// The table of some rows.
pub(super) fn table(rows: &[ReportRow]) -> Table {
    let columns = vec![
        Column::new("configuration", "configuration", Kind::Text),
        Column::new("source", "source", Kind::DataOnly),
        Column::new("runs", "runs", Kind::Text),
        Column::new("best mIoU", "best_miou", Kind::Score(4)),
        Column::new("final mIoU", "final_miou", Kind::Score(4)),
        Column::new("final accuracy", "final_accuracy", Kind::Score(4)),
        Column::new("min/epoch", "minutes_per_epoch", Kind::Minutes),
        Column::new("note", "note", Kind::DataOnly),
    ];
    Table { columns, rows: rows.iter().map(ReportRow::row).collect() }
}
