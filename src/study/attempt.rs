//! An attempt at a run: it goes on with the one before that is furthest on, or begins anew.

use super::earlier::{self, Earlier, Worth};
use super::execute::{self, End, Job, Means, Way};
use crate::domain::Notice;
use crate::engine::{Event, EventKind};

/// Makes the run. Attempts that it cannot go on with are told; they stay until the run is done.
///
/// # Errors
/// If the engine is gone.
pub(super) fn make(job: &Job<'_>, means: &mut Means<'_>) -> anyhow::Result<End> {
    let formers = earlier::of(job.folder, job.key);
    for former in &formers {
        if means.heartbeat.is_lost_now() {
            return Ok(End::Lost);
        }
        let why = match go_on(former, job, means)? {
            End::Refused(why) => why,
            end => return Ok(end),
        };
        let notice = Notice::new(format!("The attempt {} is left behind", former.name())).cause(why);
        warn(job, means, notice);
        if (means.is_asked_to_stop)() {
            return Ok(End::Stopped);
        }
    }
    if !formers.is_empty() {
        warn(job, means, Notice::new("The run begins anew"));
    }
    execute::run(job, Way::Anew, means)
}

fn warn(job: &Job<'_>, means: &mut Means<'_>, notice: Notice) {
    (means.tell)(&Event { run: job.number, kind: EventKind::Warning(notice) });
}

/// Goes on with an earlier attempt, in the folder of this one.
fn go_on(former: &Earlier, job: &Job<'_>, means: &mut Means<'_>) -> anyhow::Result<End> {
    if let Worth::Nothing(why) = &former.worth {
        return Ok(End::Refused(why.clone()));
    }
    if let Err(error) = former.adopt(job.out, &job.config) {
        return Ok(End::Refused(error.to_string()));
    }
    if let Worth::Complete(summary) = &former.worth {
        return Ok(End::Done(summary.clone()));
    }
    let end = execute::run(job, Way::Resumed, means)?;
    if matches!(end, End::Refused(_))
        && let Err(error) = former.give_back(job.out)
    {
        return Ok(End::Failed(error.to_string()));
    }
    Ok(end)
}
