//! When the window looks at the chosen study, and which answers count. A look reads every run that is done, and maybe the data: it
//! waits until the settings rest, and is not repeated for what was looked at last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::study::standing::StudyRequest;

/// How long settings must rest before a look follows them.
const REST: Duration = Duration::from_millis(200);

/// What is looked at: a study, none, or why it cannot be put together.
pub type Looked = Result<Option<StudyRequest>, String>;

/// The looks at studies.
#[derive(Clone, Debug, Default)]
pub struct StudyLooks {
    /// Number of the last look: answers to earlier ones do not count.
    number: u64,
    /// The same, for those who look: they read no more once another look is the last.
    last: Arc<AtomicU64>,
    /// The last look is not answered yet.
    is_out: bool,
    /// When to look next.
    due: Option<Instant>,
    /// What was looked at last.
    asked: Option<Looked>,
    /// The plans of the project are to be listed with the next look.
    lists_plans: bool,
}

impl StudyLooks {
    /// Settings have changed: look once they rest.
    pub fn after_rest(&mut self, now: Instant) {
        self.due = Some(now + REST);
    }

    /// Time until the look that is due; `None` if none is.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(now))
    }

    /// Whether what is shown may be out of date.
    pub fn is_looking(&self) -> bool {
        self.is_out || self.due.is_some()
    }

    /// Something has changed on the disk: the same is looked at again, and the plans are listed.
    pub fn renew(&mut self) {
        (self.asked, self.lists_plans) = (None, true);
    }

    /// Whether the plans are to be listed.
    pub fn lists_plans(&self) -> bool {
        self.lists_plans
    }

    /// The plans were listed.
    pub fn plans_are_listed(&mut self) {
        self.lists_plans = false;
    }

    /// Begins a look and returns its number; `None` if this was looked at last.
    pub fn begin(&mut self, what: &Looked) -> Option<u64> {
        self.due = None;
        if self.asked.as_ref() == Some(what) {
            return None;
        }
        (self.asked, self.is_out) = (Some(what.clone()), true);
        Some(self.next())
    }

    /// Ends all looks: what they find does not count.
    pub fn cancel(&mut self) {
        self.next();
        (self.asked, self.is_out, self.due) = (None, false, None);
    }

    /// Whether the answer to this look counts, which is there now.
    pub fn takes(&mut self, number: u64) -> bool {
        let is_last = self.number == number;
        self.is_out &= !is_last;
        is_last
    }

    /// Asks, from any thread, whether the last look is still that of now.
    pub fn goes_on(&self) -> impl Fn() -> bool + Send + Sync + use<> {
        let (last, number) = (Arc::clone(&self.last), self.number);
        move || last.load(Ordering::Relaxed) == number
    }

    fn next(&mut self) -> u64 {
        self.number += 1;
        self.last.store(self.number, Ordering::Relaxed);
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_looked_at_once() {
        let mut looks = StudyLooks::default();
        let (none, fault) = (Ok(None), Err("a name is missing".to_owned()));
        let first = looks.begin(&none).unwrap();
        assert!(looks.begin(&none).is_none() && looks.is_looking(), "it is on its way");
        assert!(looks.takes(first) && !looks.is_looking());
        assert!(looks.begin(&none).is_none(), "it is there");
        assert!(looks.begin(&fault).is_some_and(|look| look != first));
        looks.renew();
        assert!(looks.begin(&fault).is_some() && looks.lists_plans());
    }

    #[test]
    fn a_later_look_ends_those_before() {
        let mut looks = StudyLooks::default();
        let first = looks.begin(&Ok(None)).unwrap();
        let goes_on = looks.goes_on();
        assert!(goes_on());
        let second = looks.begin(&Err(String::new())).unwrap();
        assert!(!goes_on() && !looks.takes(first) && looks.is_looking());
        looks.cancel();
        assert!(!looks.takes(second) && !looks.is_looking());
    }

    #[test]
    fn a_look_waits_until_the_settings_rest() {
        let (mut looks, now) = (StudyLooks::default(), Instant::now());
        assert_eq!(looks.wait(now), None);
        looks.after_rest(now);
        looks.after_rest(now + REST / 2);
        assert_eq!(looks.wait(now + REST), Some(REST / 2), "they have changed again");
        assert_eq!(looks.wait(now + REST * 2), Some(Duration::ZERO));
        looks.begin(&Ok(None));
        assert_eq!(looks.wait(now), None);
    }
}
