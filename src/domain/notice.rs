//! What is said to the user: what happened, why, and what to do about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A message in three parts. None of them ends in a full stop; [`fmt::Display`] joins them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What happened or what failed, naming the file concerned.
    pub headline: String,
    /// Why, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What the user can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Notice {
    /// A notice of its headline alone.
    pub fn new(headline: impl Into<String>) -> Self {
        Self { headline: headline.into(), cause: None, remedy: None }
    }

    /// Headline and cause in one line.
    pub fn without_remedy(&self) -> String {
        Self { remedy: None, ..self.clone() }.to_string()
    }

    /// Adds the cause.
    #[must_use]
    pub fn cause(self, cause: impl Into<String>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl From<&str> for Notice {
    fn from(headline: &str) -> Self {
        Self::new(headline)
    }
}

impl From<String> for Notice {
    fn from(headline: String) -> Self {
        Self::new(headline)
    }
}

/// `headline: cause. remedy`.
impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, ". {remedy}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_in_reading_order() {
        let notice = Notice::new("Cannot read a.tif").cause("permission denied").remedy("Check the file's permissions");
        assert_eq!(notice.to_string(), "Cannot read a.tif: permission denied. Check the file's permissions");
        assert_eq!(Notice::new("Nothing to do").remedy("Add a label").to_string(), "Nothing to do. Add a label");
        assert_eq!(Notice::from("Saved").to_string(), "Saved");
    }

    #[test]
    fn missing_parts_are_left_out_of_json() {
        let notice = Notice::new("Saved");
        let text = serde_json::to_string(&notice).unwrap();
        assert_eq!(text, r#"{"headline":"Saved"}"#);
        assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), notice);
    }
}
