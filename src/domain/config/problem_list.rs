//! A list of problems.

use crate::domain::Notice;

/// Collects what is wrong.
#[derive(Default)]
pub(super) struct Problems(pub(super) Vec<Notice>);

impl Problems {
    /// Adds a problem, if there is one.
    pub(super) fn refuse(&mut self, is_wrong: bool, headline: impl Into<String>, remedy: impl Into<String>) {
        if is_wrong {
            self.0.push(Notice::new(headline).remedy(remedy));
        }
    }
}
