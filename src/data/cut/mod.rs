//! Cuts scenes with masks into patches, as LandCover.ai's own splitter does, with memory that does not grow with the scenes.
//!
//! [`plan::CutPlan`] finds and checks the scenes, [`cutter::cut`] writes their patches, and
//! [`offer::Offer`] says whether to offer that for a project. Uses [`super::raster`],
//! [`super::files`], [`super::layout`] and [`super::export`].

pub mod cutter;
pub mod grid;
pub mod lists;
pub mod offer;
mod patch;
pub mod plan;
