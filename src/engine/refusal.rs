//! Errors with a remedy.

use crate::data::DataError;
use crate::domain::Notice;

/// Something that cannot be done, with cause and remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub Notice);

impl Refusal {
    /// A run that cannot start for these reasons. With several of them, each stands beside its own remedy.
    pub(crate) fn of_start(problems: &[Notice]) -> Self {
        let (cause, remedy) = match problems {
            [only] => (only.without_remedy(), only.remedy.clone()),
            several => (several.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "), None),
        };
        Self(Notice { headline: "The run cannot start".to_owned(), cause: Some(cause), remedy })
    }

    /// A run without anything to learn from.
    pub(super) fn nothing_to_learn(cause: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self(Notice::new("There is nothing to learn from").cause(cause).remedy(remedy))
    }
}

/// A run that can never be resumed, whatever else changes: its folder is damaged, of another version, or of other classes.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresumable(pub(super) Notice);

impl Unresumable {
    /// For `map_err` on errors about the files of a run. What cannot be read or written at the moment is no reason to give the run up.
    pub(super) fn of(error: DataError) -> anyhow::Error {
        if error.is_lasting() { Self(notice(error.into())).into() } else { error.into() }
    }
}

/// The notice for an error: refusals and file errors in their parts, anything else as a headline.
pub(super) fn notice(error: anyhow::Error) -> Notice {
    let error = match error.downcast::<Unresumable>() {
        Ok(Unresumable(notice)) => return notice,
        Err(error) => error,
    };
    match error.downcast::<Refusal>() {
        Ok(Refusal(notice)) => notice,
        Err(error) => match error.downcast_ref::<DataError>() {
            // Context added around the error has no part of its own.
            Some(DataError::Io { doing, path, cause }) if error.chain().count() == 1 => {
                Notice::new(format!("{} {}", capitalized(doing), path.display())).cause(cause.to_string())
            }
            _ => Notice::new(capitalized(&format!("{error:#}"))),
        },
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_and_remedies_of_a_refused_start_are_joined() {
        let problems = [Notice::new("A batch of 0").remedy("Choose 1"), Notice::new("No class")];
        let told = |problems: &[Notice]| notice(Refusal::of_start(problems).into());
        assert_eq!(told(&problems).to_string(), "The run cannot start: A batch of 0. Choose 1; No class");
        let want = Notice::new("The run cannot start").cause("A batch of 0").remedy("Choose 1");
        assert_eq!(told(&problems[..1]), want);
        assert_eq!(notice(anyhow::anyhow!("disk full").context("cannot save")).headline, "Cannot save: disk full");
    }

    #[test]
    fn a_run_is_given_up_for_what_its_files_hold_and_not_for_a_full_disk() {
        let damaged = Unresumable::of(DataError::content("damaged", std::path::Path::new("last.state")));
        assert!(damaged.is::<Unresumable>());
        assert_eq!(notice(damaged).headline, "Damaged: last.state");
        let (path, cause) = ("last.state".into(), std::io::ErrorKind::StorageFull.into());
        let full = Unresumable::of(DataError::Io { doing: "cannot write", path, cause });
        assert!(!full.is::<Unresumable>() && notice(full).headline == "Cannot write last.state");
    }

    #[test]
    fn an_error_about_a_file_names_it_in_the_headline() {
        let path = "/no/such/file".into();
        let error = DataError::Io { doing: "cannot read", path, cause: std::io::ErrorKind::NotFound.into() };
        let told = notice(error.into());
        assert_eq!((told.headline.as_str(), told.cause.is_some()), ("Cannot read /no/such/file", true));
    }
}
