//! What an attempt at a run that was broken off is good for.

use std::path::Path;

use super::folder::done_run;
use super::record::Record;
use crate::data::DataError;
use crate::engine::protocol::Summary;
use crate::engine::resumable;
use crate::train::folder::FinishedRun;

/// What an attempt is good for.
#[derive(Debug)]
pub(super) enum Worth {
    /// It is complete; only moving it to what is done is left.
    Complete(Box<Summary>),
    /// The run can go on from this step.
    Step(u64),
    /// It never can, for this reason.
    Nothing(String),
    /// It cannot be told at the moment, for this reason.
    Unknown(String),
}

impl Worth {
    /// That of the attempt in this folder.
    pub(super) fn of(folder: &Path, record: &Record) -> Self {
        if let Some(done) = done_run(folder) {
            return Self::Complete(Box::new(done.summary));
        }
        match step(folder, record) {
            Ok(Some(step)) if record.has_diverged_again(step) => {
                Self::Nothing(format!("its loss has diverged twice from where it was saved, after step {step}"))
            }
            Ok(Some(step)) => Self::Step(step),
            Ok(None) => Self::Nothing("it was broken off before its state was saved".to_owned()),
            Err(error) if is_passing(&error) => Self::Unknown(error.to_string()),
            Err(error) => Self::Nothing(error.to_string()),
        }
    }

    /// How far on it is. What is unknown may be far: nothing else is begun before it is known.
    pub(super) fn rank(&self) -> Option<u64> {
        match self {
            Self::Complete(_) => Some(u64::MAX),
            Self::Unknown(_) => Some(u64::MAX - 1),
            Self::Step(step) => Some(*step),
            Self::Nothing(_) => None,
        }
    }

    /// The share of a run's steps that need not be taken again, of so many in all; none if that is unknown.
    pub(super) fn share(&self, steps: u64) -> f64 {
        match self {
            Self::Complete(_) => 1.0,
            Self::Step(step) if steps > 0 => (*step as f64 / steps as f64).min(1.0),
            Self::Step(_) | Self::Nothing(_) | Self::Unknown(_) => 0.0,
        }
    }
}

/// The step that an attempt goes on from, if it has been saved.
fn step(folder: &Path, record: &Record) -> anyhow::Result<Option<u64>> {
    let length = FinishedRun::open(folder)?.config.train.length;
    anyhow::ensure!(length == record.key.config.train.length, "it has another length than the plan says");
    resumable::step(folder)
}

fn is_passing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DataError>().is_some_and(|error| !error.is_lasting())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_goes_on_takes_the_steps_that_are_left() {
        assert_eq!(Worth::Step(150).share(200), 0.75);
        assert_eq!(Worth::Step(150).share(100), 1.0);
        assert_eq!(Worth::Step(150).share(0), 0.0, "nobody knows of how many");
        assert_eq!(Worth::Complete(Box::default()).share(200), 1.0);
        assert_eq!(Worth::Nothing(String::new()).share(200), 0.0);
        assert_eq!(Worth::Unknown(String::new()).share(200), 0.0);
    }
}
