//! Panics as text: a fault of one tile, or of one run, must not take a thread with it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Does a piece of work; the error is what a panic in it said.
///
/// Whatever the work changes must be usable, or thrown away, after it was broken off.
///
/// # Errors
/// If the work panics.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| text(&*payload))
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no reason given".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_says_is_kept() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>("plain".to_owned()));
        assert_eq!(caught(|| panic!("number {}", 2)), Err::<(), _>("number 2".to_owned()));
    }
}
