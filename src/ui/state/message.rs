//! What the window has to say: a log of everything, and toasts for what needs attention. Each message is shown once.

use std::time::{Duration, SystemTime};

use super::format;

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Something went wrong, and work goes on.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// The word in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// How long such a message floats over the window; the log keeps it.
    fn float(self) -> Option<Duration> {
        match self {
            Self::Info => None,
            Self::Warning => Some(Duration::from_secs(10)),
            Self::Error => Some(Duration::from_secs(30)),
        }
    }
}

/// One thing said.
#[derive(Clone, Debug)]
pub struct Message {
    /// When.
    pub time: SystemTime,
    /// How serious.
    pub level: Level,
    /// What happened, in a few words.
    pub headline: String,
    /// Details and what to do; may be empty.
    pub hint: String,
    /// How often the same was said in a row.
    pub times: u32,
    /// How long it still floats over the window; no longer if absent.
    pub toast: Option<Duration>,
    /// What it tells the state of: a later message of the same takes its place.
    subject: Option<&'static str>,
}

/// All messages of this session, oldest first.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Message>,
}

/// Messages that float at a time.
const SHOWN: usize = 3;

/// Old messages are forgotten beyond this many.
const KEPT: usize = 2000;

impl Messages {
    /// Says something. Warnings and errors float as toasts; a repetition only counts up.
    pub fn say(&mut self, time: SystemTime, level: Level, text: &str) {
        let (headline, hint) = split(text);
        if let Some(last) =
            self.list.last_mut().filter(|m| m.level == level && m.headline == headline && m.hint == hint)
        {
            last.times += 1;
            return;
        }
        if self.list.len() >= KEPT {
            self.list.drain(..KEPT / 4);
        }
        let toast = level.float();
        self.list.push(Message { time, level, headline, hint, times: 1, toast, subject: None });
    }

    /// Says how something is now, in place of what was said of it before.
    pub fn say_now(&mut self, subject: &'static str, time: SystemTime, level: Level, text: &str) {
        self.list.retain(|message| message.subject != Some(subject));
        self.say(time, level, text);
        if let Some(last) = self.list.last_mut() {
            last.subject = Some(subject);
        }
    }

    /// Time goes by for what floats. Returns when to look again.
    pub fn age(&mut self, passed: Duration) -> Option<Duration> {
        let floating = self.list.iter_mut().rev().filter(|message| message.toast.is_some()).take(SHOWN);
        for message in floating {
            message.toast = message.toast.and_then(|left| left.checked_sub(passed)).filter(|left| !left.is_zero());
        }
        self.toasts().filter_map(|(_, message)| message.toast).min()
    }

    /// What floats has been dealt with; the log keeps it.
    pub fn settle(&mut self) {
        self.list.iter_mut().for_each(|message| message.toast = None);
    }

    /// All, oldest first.
    pub fn all(&self) -> &[Message] {
        &self.list
    }

    /// What floats over the window, with its index; at most the newest three.
    pub fn toasts(&self) -> impl Iterator<Item = (usize, &Message)> {
        let floating = self.list.iter().enumerate().rev().filter(|(_, m)| m.toast.is_some());
        floating.take(SHOWN)
    }

    /// Closes the toast of message `index`; the log keeps it.
    pub fn dismiss(&mut self, index: usize) {
        if let Some(message) = self.list.get_mut(index) {
            message.toast = None;
        }
    }

    /// The log as text, to be pasted into a report.
    pub fn text(&self) -> String {
        self.list.iter().map(|m| format!("{}\n", line(m))).collect()
    }
}

/// A message as a line of the log.
pub fn line(message: &Message) -> String {
    let Message { time, level, headline, hint, times, .. } = message;
    let again = if *times > 1 { format!(" (×{times})") } else { String::new() };
    let hint = if hint.is_empty() { String::new() } else { format!(": {hint}") };
    format!("{} {:7} {headline}{hint}{again}", format::clock(*time), level.name())
}

/// The first clause is the headline, the rest the hint.
fn split(text: &str) -> (String, String) {
    let text = text.trim();
    let cut = [": ", "\n"].iter().filter_map(|mark| text.find(mark).map(|at| (at, at + mark.len()))).min();
    match cut {
        Some((end, start)) if end <= 90 => (capitalised(&text[..end]), text[start..].trim().to_owned()),
        _ => (capitalised(text), String::new()),
    }
}

/// Errors of the program begin with a small letter, sentences with a large one.
fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn a_headline_is_the_first_clause() {
        assert_eq!(split("cannot read: no such file: /a/b"), ("Cannot read".into(), "no such file: /a/b".into()));
        assert_eq!(split("all is well"), ("All is well".into(), String::new()));
    }

    #[test]
    fn errors_float_until_dismissed_and_stay_in_the_log() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Info, "opened");
        messages.say(NOW, Level::Error, "it broke: mend it");
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        messages.dismiss(1);
        assert_eq!(messages.toasts().count(), 0);
        assert!(messages.text().contains("error   It broke: mend it"));
        messages.say(NOW, Level::Warning, "it creaks");
        messages.settle();
        assert_eq!(messages.toasts().count(), 0);
        assert!(messages.text().contains("It creaks"));
    }

    #[test]
    fn the_same_error_is_shown_once() {
        let mut messages = Messages::default();
        for _ in 0..3 {
            messages.say(NOW, Level::Warning, "again");
        }
        assert_eq!(messages.all().len(), 1);
        assert!(messages.text().contains("×3"));
    }

    #[test]
    fn what_floats_goes_after_a_time_errors_later() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Warning, "it creaks");
        messages.say(NOW, Level::Error, "it broke");
        let after = |messages: &mut Messages, secs| messages.age(Duration::from_secs(secs));
        assert_eq!(after(&mut messages, 4), Some(Duration::from_secs(6)));
        assert_eq!(messages.toasts().count(), 2);
        assert_eq!(after(&mut messages, 6), Some(Duration::from_secs(20)));
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        assert_eq!(after(&mut messages, 60), None);
        assert!(messages.toasts().count() == 0 && messages.text().contains("It creaks"));
    }

    #[test]
    fn only_what_can_be_seen_grows_old() {
        let mut messages = Messages::default();
        for text in ["a", "b", "c", "d"] {
            messages.say(NOW, Level::Warning, text);
        }
        messages.age(Duration::from_secs(20));
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [0], "the oldest had not been shown yet");
    }

    #[test]
    fn a_state_is_told_as_it_is_now() {
        let mut messages = Messages::default();
        messages.say_now("bad tiles", NOW, Level::Warning, "2 of 14 tiles cannot be used");
        messages.say(NOW, Level::Info, "between");
        messages.say_now("bad tiles", NOW, Level::Warning, "3 of 14 tiles cannot be used");
        assert_eq!(messages.text().matches("tiles cannot be used").count(), 1);
        assert_eq!(messages.toasts().next().map(|(_, m)| m.headline.as_str()), Some("3 of 14 tiles cannot be used"));
    }

    #[test]
    fn the_log_does_not_grow_without_limit() {
        let mut messages = Messages::default();
        for i in 0..2 * KEPT {
            messages.say(NOW, Level::Info, &i.to_string());
        }
        assert!(messages.all().len() <= KEPT);
        assert_eq!(messages.all().last().unwrap().headline, (2 * KEPT - 1).to_string());
    }
}
