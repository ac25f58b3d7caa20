//! Taking over a run that another process, which seems dead, has begun.

use std::fs;
use std::path::Path;

use super::claim::Claim;
use super::files;
use super::writer::as_text;
use crate::data::DataError;
use crate::data::files::write;
use crate::domain::RunConfig;

/// Makes a run folder this process's own. Its tables and its log become new files: should the process that began them wake up, it
/// writes into the old ones, which nobody reads. `config` takes the place of its configuration.
///
/// # Errors
/// If the run is in progress, or the folder cannot be read and written.
pub fn take_over(folder: &Path, config: &RunConfig) -> Result<(), DataError> {
    let _claim = Claim::take(folder)?;
    write::atomically(&folder.join(files::CONFIG), as_text(config)?.as_bytes())?;
    for name in [files::STEPS, files::METRICS, files::LOG] {
        let path = folder.join(name);
        let content = fs::read(&path).map_err(DataError::io("cannot read", &path))?;
        write::atomically(&path, &content)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Classes;
    use crate::train::folder::{FinishedRun, RunFolder, StepRow};

    #[test]
    fn who_had_the_run_before_writes_into_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, moved) = (dir.path().join("run"), dir.path().join("moved"));
        let mut former = RunFolder::create(&folder, &RunConfig::demo(), &Classes::deepglobe()).unwrap();
        let mut row = StepRow { step: 1, epoch: 1, loss: 0.5, lr: 0.1 };
        former.add_step(&row).unwrap();
        former.sync().unwrap();
        assert!(take_over(&folder, &RunConfig::demo()).is_err(), "it is in progress");
        fs::rename(&folder, &moved).unwrap();
        fs::remove_file(moved.join("lock")).unwrap(); // As on a file system without locks.
        let config = RunConfig { data: "/elsewhere".into(), ..RunConfig::demo() };
        take_over(&moved, &config).unwrap();
        row.step = 2;
        former.add_step(&row).and_then(|()| former.sync()).ok();
        let run = FinishedRun::open(&moved).unwrap();
        let steps: Vec<u64> = run.history().0.iter().map(|row| row.step).collect();
        assert_eq!((steps, run.config.data), (vec![1], config.data));
    }
}
