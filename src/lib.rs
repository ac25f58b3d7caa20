//! Pointillist: label a landscape with dots, and watch a network learn it.
//!
//! The layers, each importing only what stands below it (see `tests/layering.rs`):
//! `cli` and `ui` over `study` over `engine` over `exchange` over `train` and `infer` over `model` and `quick`
//! over `pretrained` over `kernels`, `data` and `charts` over `domain`.

#![recursion_limit = "256"] // Burn's types nest deeply.

pub mod charts;
pub mod cli;
pub mod data;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod infer;
pub mod kernels;
pub mod model;
pub mod pretrained;
pub mod quick;
pub mod study;
pub mod train;
#[cfg(feature = "ui")]
pub mod ui;
