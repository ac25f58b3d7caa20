//! The export of maps: what is asked for, and how it goes.

use super::format;
use super::map_source::MapSource;
use super::message::Level;
use crate::domain::Notice;
use crate::engine::protocol::ExportNews;

/// What the dialog asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportForm {
    /// All tiles rather than the one in view.
    pub all_tiles: bool,
    /// The folder for the maps, as typed.
    pub folder: String,
}

/// An export and its dialog. Whatever predicts reports with [`ExportNews`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportState {
    /// What is asked for.
    pub form: ExportForm,
    /// Whose maps are written; `None` before anything can be exported.
    pub source: Option<MapSource>,
    /// How the last export goes or went; `None` before it begins.
    pub news: Option<ExportNews>,
}

impl ExportState {
    /// Whether maps are being written.
    pub fn is_running(&self) -> bool {
        matches!(self.news, Some(ExportNews::Progress { .. }))
    }

    /// Takes in how it goes. Returns what to tell the user, whose dialog may be closed.
    pub(super) fn apply(&mut self, news: ExportNews) -> Option<(Level, Notice)> {
        let note = match &news {
            ExportNews::Ended(report) => {
                let maps = format::counted(report.written as u64, "map");
                let written = Notice::new(match report.written {
                    0 => "No map was written".to_owned(),
                    _ => format!("{maps} written to {}", report.folder.display()),
                });
                let first = report.faults.first().map(|fault| written.clone().cause(fault.as_str()));
                Some(first.map_or((Level::Info, written), |notice| (Level::Warning, notice)))
            }
            ExportNews::Progress { .. } | ExportNews::Exists { .. } | ExportNews::Refused(_) => None,
        };
        self.news = Some(news);
        note
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::export::maps::ExportReport;

    #[test]
    fn the_end_of_an_export_names_folder_and_fault() {
        let mut export = ExportState::default();
        assert_eq!(export.apply(ExportNews::Progress { done: 1, total: 3, percent: 40 }), None);
        assert!(export.is_running());
        let report = ExportReport { folder: "/maps".into(), written: 2, total: 2, faults: Vec::new() };
        let (level, notice) = export.apply(ExportNews::Ended(report.clone())).unwrap();
        assert_eq!((level, notice.to_string().as_str()), (Level::Info, "2 maps written to /maps"));
        let report = ExportReport { faults: vec!["b.png is gone".to_owned()], total: 3, ..report };
        let (level, notice) = export.apply(ExportNews::Ended(report)).unwrap();
        assert_eq!((level, notice.cause.as_deref()), (Level::Warning, Some("b.png is gone")));
        assert!(!export.is_running());
    }
}
