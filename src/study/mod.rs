//! Studies: a plan is a queue of runs, worked off by one or several processes that share a folder.
//!
//! [`plan`] is read from a file or a preset and says which runs there are; [`key`] says when two runs are the same, by configuration
//! and [`fingerprint`] of the data; [`claim`] keeps two workers from one run; [`queue`] works off what is not done, going on with attempts
//! that were broken off; [`overview`] and [`report`] read what there is. [`compare`] puts runs side by side, of a study or not, by the
//! [`settings`] in which they differ; [`table`] and [`page`] write that down, [`report_files`] in a folder.
//! Training itself is the engine's.

mod attempt;
mod axis;
pub mod claim;
pub mod compare;
mod earlier;
pub mod estimate;
mod execute;
mod expand;
pub mod failure;
mod fields;
pub mod figure;
pub mod fingerprint;
pub mod folder;
pub mod grid;
pub mod hash_cache;
mod heartbeat;
pub mod key;
pub mod keys;
pub mod more_axes;
pub mod overview;
pub mod owner;
pub mod page;
mod phrases;
pub mod plan;
mod plan_file;
pub mod plans;
pub mod preset;
pub mod published;
pub mod queue;
pub mod record;
pub mod report;
pub mod report_files;
pub mod report_row;
mod saved;
pub mod session;
pub mod settings;
pub mod shard;
pub mod slurm;
pub mod standing;
pub mod startable;
pub mod table;
mod time_left;
mod worker;
mod worth;
