//! A table: columns, and rows of cells.

use crate::charts::scale::signed;
use crate::domain::count::count;
use crate::study::figure::{Figure, minutes};

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Its columns, from left to right.
    pub columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub rows: Vec<Row>,
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name for readers.
    pub title: String,
    /// Its name in files of data.
    pub key: String,
    /// What its cells hold.
    pub kind: Kind,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Texts.
    Text,
    /// Texts for files of data alone.
    DataOnly,
    /// Figures with so many digits; their spread is a column of its own in files of data.
    Score(usize),
    /// Signed differences of means, with so many digits.
    Gain(usize),
    /// Figures with so many digits, whose spread does not matter.
    Plain(usize),
    /// Minutes, whose spread does not matter.
    Minutes,
    /// Whole numbers.
    Count,
    /// Shares, for readers as percentages.
    Percent,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its cells.
    pub cells: Vec<Cell>,
    /// It was published by others.
    pub is_published: bool,
}

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A text for readers, and the same in files of data.
    Text(String, String),
    /// A figure; `None` if there is none.
    Figure(Option<Figure>),
}

impl Column {
    /// A column with a name for readers and one in files of data.
    pub fn new(title: impl Into<String>, key: impl Into<String>, kind: Kind) -> Self {
        Self { title: title.into(), key: key.into(), kind }
    }

    /// Whether readers see it.
    pub fn is_shown(&self) -> bool {
        self.kind != Kind::DataOnly
    }

    /// Whether its cells are numbers.
    pub fn is_number(&self) -> bool {
        !matches!(self.kind, Kind::Text | Kind::DataOnly)
    }
}

impl Cell {
    /// A text that is the same for readers and in files of data.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Text(text.clone(), text)
    }

    /// A figure of a single number.
    pub fn number(value: impl Into<Option<f64>>) -> Self {
        Self::Figure(Figure::of(value.into()))
    }

    /// What readers see in a column of this kind; a dash where there is nothing.
    pub(super) fn shown(&self, kind: Kind) -> String {
        match (self, kind) {
            (Self::Text(text, _), _) if text.is_empty() => "–".to_owned(),
            (Self::Text(text, _), _) => text.clone(),
            (Self::Figure(None), _) => "–".to_owned(),
            (Self::Figure(Some(figure)), Kind::Plain(digits)) => format!("{:.digits$}", figure.mean),
            (Self::Figure(Some(figure)), Kind::Minutes) => minutes(figure.mean),
            (Self::Figure(Some(figure)), Kind::Count) => count(figure.mean.round() as u64),
            (Self::Figure(Some(figure)), Kind::Percent) => format!("{:.3} %", 100.0 * figure.mean),
            (Self::Figure(Some(figure)), Kind::Gain(digits)) => signed(figure.mean, digits),
            (Self::Figure(Some(figure)), Kind::Score(digits)) => figure.text(digits),
            (Self::Figure(Some(figure)), Kind::Text | Kind::DataOnly) => figure.mean.to_string(),
        }
    }
}

impl Row {
    /// A row of our own.
    pub fn new(cells: Vec<Cell>) -> Self {
        Self { cells, is_published: false }
    }

    /// Its cells that readers see.
    pub(in crate::study) fn shown(&self, columns: &[Column]) -> Vec<String> {
        let pairs = self.cells.iter().zip(columns).filter(|(_, column)| column.is_shown());
        pairs.map(|(cell, column)| cell.shown(column.kind)).collect()
    }
}

impl Table {
    /// The columns that readers see.
    pub(super) fn shown(&self) -> Vec<&Column> {
        self.columns.iter().filter(|column| column.is_shown()).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Two configurations and a published row, with what is hard to write.
    pub(in crate::study::table) fn table() -> Table {
        let columns = vec![
            Column::new("run", "run", Kind::Text),
            Column::new("source", "source", Kind::DataOnly),
            Column::new("mIoU", "miou", Kind::Score(4)),
            Column::new("gain", "gain", Kind::Gain(3)),
            Column::new("min", "minutes", Kind::Minutes),
        ];
        let row = |name: &str, source: &str, miou: &[f64], gain: f64, minutes: Option<f64>| {
            let miou = Cell::Figure(Figure::of(miou.iter().copied()));
            Row::new(vec![Cell::text(name), Cell::text(source), miou, Cell::number(gain), Cell::number(minutes)])
        };
        let mut published = row("10 % & more", "published", &[0.4902], -0.02, Some(1.5));
        published.is_published = true;
        Table { columns, rows: vec![row("a_b|<c>", "ours", &[0.4, 0.5], 0.01, None), published] }
    }

    #[test]
    fn cells_are_rounded_for_reading() {
        let table = table();
        assert_eq!(table.rows[0].shown(&table.columns), ["a_b|<c>", "0.4500 ± 0.0707", "+0.010", "–"]);
        assert_eq!(table.rows[1].shown(&table.columns), ["10 % & more", "0.4902", "−0.020", "1.50"]);
        let shown = |value: f64, kind| Cell::number(value).shown(kind);
        assert_eq!([shown(12_345.4, Kind::Count), shown(0.1, Kind::Percent)], ["12\u{a0}345", "10.000 %"]);
    }
}
