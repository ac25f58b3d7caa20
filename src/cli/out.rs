//! Where text goes. A reader that has gone (`| head`) is no reason to panic.

use std::io::Write as _;

/// A line for the reader, on standard output.
pub(super) fn line(text: &str) {
    writeln!(std::io::stdout().lock(), "{text}").ok();
}

/// A line about something wrong, on standard error.
pub(super) fn error(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").ok();
}
