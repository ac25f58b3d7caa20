//! A plan as it is written. `docs/studies.md` describes it.

use serde::Deserialize;
use toml::Table;

use super::published::Published;
use crate::domain::RunConfig;

/// The content of a plan file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PlanFile {
    /// What is studied, in a sentence.
    pub(super) about: String,
    /// Seeds that every configuration is trained with; empty: that of `base`.
    pub(super) seeds: Vec<u64>,
    /// Settings that have no effect on a network are left out there, and configurations that are then equal count once.
    pub(super) drop_idle: bool,
    /// What all runs have in common.
    pub(super) base: RunConfig,
    /// Fields with the values that are combined, each with each.
    pub(super) grid: Table,
    /// Named changes of the base, one at a time; each is combined with the grid.
    pub(super) variant: Vec<Table>,
    /// Published rows to compare with.
    pub(super) published: Vec<Published>,
}
