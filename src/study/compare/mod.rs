//! Runs side by side: which settings differ, what they scored, tables and figures of that.
//!
//! [`run`] reads a run folder; [`comparison`] groups runs that differ in their seeds alone; [`labels`] counts what was learned from; [`tables`] and [`figures`] show it, [`figure_files`] writes figures.

mod alike;
pub mod comparison;
mod curves;
mod entry;
mod epoch_length;
pub mod figure_files;
pub mod figures;
pub mod further;
pub mod labels;
pub mod name_table;
pub mod origins;
mod over_labels;
mod pairs;
pub mod run;
pub mod scored;
mod shades;
pub mod tables;
pub mod texts;

pub use comparison::{Comparison, Group};
pub use entry::Entry;
pub use run::ComparedRun;
