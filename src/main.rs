//! The program: see `pointillist --help`.
fn main() {}
