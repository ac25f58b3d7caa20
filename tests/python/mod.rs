//! Runs Python where it has what a test needs. It is no part of the build: without it the test says that it was skipped.

#![allow(dead_code, reason = "each test needs some of it")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// A Python that has these modules: `POINTILLIST_PYTHON`, or `python3`. `None` is told on standard error, which no test hides.
pub(crate) fn with(modules: &str, test: &str) -> Option<String> {
    let python = std::env::var("POINTILLIST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    if has.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let why = format!("SKIPPED: {test}: {python} does not have {modules}; POINTILLIST_PYTHON may name one that does");
    writeln!(std::io::stderr(), "{why}").ok();
    None
}

/// Runs a script with arguments and returns what it prints.
pub(crate) fn run(python: &str, script: &str, arguments: &[&str], folder: &Path) -> String {
    let file = folder.join("script.py");
    fs::write(&file, script).unwrap();
    let output = Command::new(python).arg(&file).args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes numbers as 32-bit floats, for `numpy.fromfile` and `torch.frombuffer`.
pub(crate) fn write_floats(file: &Path, values: &[f32]) {
    fs::write(file, values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
}

/// Reads numbers that were written as 32-bit floats.
pub(crate) fn read_floats(file: &Path) -> Vec<f32> {
    let bytes = fs::read(file).unwrap();
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}
