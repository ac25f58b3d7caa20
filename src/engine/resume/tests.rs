//! A run that is stopped or killed, and resumed.

mod bench;
mod exact;
mod figures;
mod goes_on;
mod refusals;
