//! An attempt at a run: it goes on with the one before that is furthest on, or begins anew.

use super::earlier::{self, Earlier, Hindrance};
use super::execute::{self, End, Job, Means, Way};
use super::worth::Worth;
use crate::domain::Notice;
use crate::engine::{Event, EventKind};

/// Makes the run. Attempts that it can never go on with are told; they stay until the run is done. One that it cannot go on with at the
/// moment is not replaced: the run fails, and is tried again later.
///
/// # Errors
/// If the engine is gone.
pub(super) fn make(job: &Job<'_>, means: &mut Means<'_>) -> anyhow::Result<End> {
    let formers = match earlier::of(job.folder, job.key) {
        Ok(formers) => formers,
        Err(error) => return Ok(End::Failed(error.to_string())),
    };
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
    match &former.worth {
        Worth::Nothing(why) => return Ok(End::Refused(why.clone())),
        Worth::Unknown(why) => return Ok(hindered(former, means, why)),
        Worth::Complete(_) | Worth::Step(_) => {}
    }
    match former.adopt(job.out, &job.config) {
        Ok(()) => {}
        Err(Hindrance::Lasting(why)) => return Ok(End::Refused(why)),
        Err(Hindrance::Passing(why)) => return Ok(hindered(former, means, &why)),
    }
    if let Worth::Complete(summary) = &former.worth {
        return Ok(End::Done(summary.clone()));
    }
    let end = execute::run(job, Way::Resumed, means)?;
    if matches!(end, End::Refused(_))
        && let Err(error) = former.give_back(job.out)
    {
        return Ok(hindered(former, means, &error.to_string()));
    }
    Ok(end)
}

/// The end of a run that cannot go on at the moment. It may be that another worker has taken the attempt.
fn hindered(former: &Earlier, means: &Means<'_>, why: &str) -> End {
    if means.heartbeat.is_lost_now() {
        return End::Lost;
    }
    End::Failed(format!("The attempt {} cannot go on at the moment: {why}", former.name()))
}
