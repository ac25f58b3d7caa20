//! Messages to the user: a log of all of them, and toasts for warnings, errors and what somebody has waited for.

use std::time::{Duration, SystemTime};

use super::format;
use crate::domain::Notice;

/// Severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the record.
    Info,
    /// Something went wrong; work continues.
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

    /// How long the message floats over the window as a toast; `None` shows no toast.
    fn toast(self) -> Option<Duration> {
        match self {
            Self::Info => None,
            Self::Warning => Some(Duration::from_secs(10)),
            Self::Error => Some(Duration::from_secs(30)),
        }
    }
}

/// How long good news float over the window.
const NEWS: Duration = Duration::from_secs(10);

/// An entry of the log.
#[derive(Clone, Debug)]
pub struct Message {
    /// When it was said first.
    pub time: SystemTime,
    /// How serious it is.
    pub level: Level,
    /// Headline, cause and remedy.
    pub notice: Notice,
    /// How many times in a row the same was said, from 1.
    pub times: u32,
    /// Time left as a toast; `None` once it is closed or expired.
    pub toast: Option<Duration>,
    /// The state it reports: a later message on the same subject replaces it.
    subject: Option<&'static str>,
}

/// All messages of this session, oldest first.
#[derive(Debug, Default)]
pub struct Messages {
    list: Vec<Message>,
}

/// Toasts shown at a time.
const SHOWN: usize = 3;

/// Messages kept. Beyond that, the oldest quarter is dropped.
const KEPT: usize = 2000;

impl Messages {
    /// Adds a message. Warnings and errors become toasts. Repeating the last message only increments its count.
    pub fn say(&mut self, time: SystemTime, level: Level, notice: impl Into<Notice>) {
        let mut notice = notice.into();
        notice.headline = capitalised(notice.headline.trim_end());
        if let Some(last) = self.list.last_mut().filter(|m| m.level == level && m.notice == notice) {
            last.times += 1;
            return;
        }
        if self.list.len() >= KEPT {
            self.list.drain(..KEPT / 4);
        }
        self.list.push(Message { time, level, notice, times: 1, toast: level.toast(), subject: None });
    }

    /// Adds good news that somebody has waited for: they become a toast.
    pub fn announce(&mut self, time: SystemTime, notice: impl Into<Notice>) {
        self.say(time, Level::Info, notice);
        if let Some(last) = self.list.last_mut() {
            last.toast = Some(NEWS);
        }
    }

    /// Adds a message in place of earlier ones on the same subject.
    pub fn say_now(&mut self, subject: &'static str, time: SystemTime, level: Level, notice: impl Into<Notice>) {
        self.list.retain(|message| message.subject != Some(subject));
        self.say(time, level, notice);
        if let Some(last) = self.list.last_mut() {
            last.subject = Some(subject);
        }
    }

    /// Ages the visible toasts. Returns when the next one expires.
    pub fn age(&mut self, passed: Duration) -> Option<Duration> {
        let visible = self.list.iter_mut().rev().filter(|message| message.toast.is_some()).take(SHOWN);
        for message in visible {
            message.toast = message.toast.and_then(|left| left.checked_sub(passed)).filter(|left| !left.is_zero());
        }
        self.toasts().filter_map(|(_, message)| message.toast).min()
    }

    /// Closes all toasts. The log keeps the messages.
    pub fn close_toasts(&mut self) {
        self.list.iter_mut().for_each(|message| message.toast = None);
    }

    /// All messages, oldest first.
    pub fn all(&self) -> &[Message] {
        &self.list
    }

    /// The visible toasts with their indices, newest first, at most three.
    pub fn toasts(&self) -> impl Iterator<Item = (usize, &Message)> {
        let floating = self.list.iter().enumerate().rev().filter(|(_, m)| m.toast.is_some());
        floating.take(SHOWN)
    }

    /// Closes the toast of message `index`. The log keeps the message.
    pub fn dismiss(&mut self, index: usize) {
        if let Some(message) = self.list.get_mut(index) {
            message.toast = None;
        }
    }

    /// The log as text, for the clipboard.
    pub fn text(&self) -> String {
        self.list.iter().map(|m| format!("{}\n", line(m))).collect()
    }
}

/// A message as a line of the log: time (UTC), level, notice, repetitions.
pub fn line(message: &Message) -> String {
    let Message { time, level, notice, times, .. } = message;
    let again = if *times > 1 { format!(" (×{times})") } else { String::new() };
    format!("{} {:7} {notice}{again}", format::clock(*time), level.name())
}

/// Error texts begin in lower case, so that they can follow a colon; a headline begins a sentence. The name of a file stays as it is.
fn capitalised(text: &str) -> String {
    if text
        .split_whitespace()
        .next()
        .is_some_and(|word| word.trim_end_matches(['.', ':', ',']).contains(['.', '_', '/']))
    {
        return text.to_owned();
    }
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[test]
    fn headlines_begin_with_a_capital() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Error, Notice::new("cannot read a.tif").cause("no such file"));
        let notice = &messages.all()[0].notice;
        assert_eq!((notice.headline.as_str(), notice.cause.as_deref()), ("Cannot read a.tif", Some("no such file")));
        assert!(messages.text().ends_with("error   Cannot read a.tif: no such file\n"), "{}", messages.text());
        messages.say(NOW, Level::Warning, "class_dict.csv is missing: DeepGlobe's own classes are used");
        assert!(messages.text().contains("class_dict.csv is missing"), "the name of a file stays as it is");
    }

    #[test]
    fn errors_float_until_dismissed_and_stay_in_the_log() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Info, "opened");
        messages.say(NOW, Level::Error, Notice::new("write failed").remedy("Free some space"));
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        messages.dismiss(1);
        assert_eq!(messages.toasts().count(), 0);
        assert!(messages.text().contains("error   Write failed. Free some space"));
        messages.say(NOW, Level::Warning, "labels are late");
        messages.close_toasts();
        assert_eq!(messages.toasts().count(), 0);
        assert!(messages.text().contains("Labels are late"));
    }

    #[test]
    fn good_news_float_for_a_while() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Info, "read");
        messages.announce(NOW, "the report is in /reports");
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        messages.age(NEWS);
        assert!(messages.toasts().next().is_none() && messages.text().contains("info    The report is in /reports"));
    }

    #[test]
    fn repeated_messages_are_shown_once_with_a_count() {
        let mut messages = Messages::default();
        for _ in 0..3 {
            messages.say(NOW, Level::Warning, "again");
        }
        assert_eq!(messages.all().len(), 1);
        assert!(messages.text().contains("×3"));
    }

    #[test]
    fn warnings_leave_after_ten_seconds_and_errors_after_thirty() {
        let mut messages = Messages::default();
        messages.say(NOW, Level::Warning, "labels are late");
        messages.say(NOW, Level::Error, "write failed");
        let after = |messages: &mut Messages, secs| messages.age(Duration::from_secs(secs));
        assert_eq!(after(&mut messages, 4), Some(Duration::from_secs(6)));
        assert_eq!(messages.toasts().count(), 2);
        assert_eq!(after(&mut messages, 6), Some(Duration::from_secs(20)));
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [1]);
        assert_eq!(after(&mut messages, 60), None);
        assert!(messages.toasts().count() == 0 && messages.text().contains("Labels are late"));
    }

    #[test]
    fn only_visible_toasts_age() {
        let mut messages = Messages::default();
        for text in ["a", "b", "c", "d"] {
            messages.say(NOW, Level::Warning, text);
        }
        messages.age(Duration::from_secs(20));
        assert_eq!(messages.toasts().map(|(i, _)| i).collect::<Vec<_>>(), [0], "the oldest had not been shown yet");
    }

    #[test]
    fn a_later_message_of_a_subject_replaces_the_earlier_one() {
        let mut messages = Messages::default();
        messages.say_now("bad tiles", NOW, Level::Warning, "2 of 14 tiles cannot be used");
        messages.say(NOW, Level::Info, "between");
        messages.say_now("bad tiles", NOW, Level::Warning, "3 of 14 tiles cannot be used");
        assert_eq!(messages.text().matches("tiles cannot be used").count(), 1);
        assert_eq!(
            messages.toasts().next().map(|(_, m)| m.notice.headline.as_str()),
            Some("3 of 14 tiles cannot be used")
        );
    }

    #[test]
    fn the_log_is_bounded() {
        let mut messages = Messages::default();
        for i in 0..2 * KEPT {
            messages.say(NOW, Level::Info, i.to_string());
        }
        assert!(messages.all().len() <= KEPT);
        assert_eq!(messages.all().last().unwrap().notice.headline, (2 * KEPT - 1).to_string());
    }
}
