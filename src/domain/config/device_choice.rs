//! Where to train.

use serde::{Deserialize, Serialize};

use crate::domain::choice::{Choice, Entry};

/// Where to train.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum DeviceChoice {
    /// A GPU if there is one, otherwise the CPU.
    Auto,
    /// A GPU, or an error.
    Gpu,
    /// The CPU.
    Cpu,
    /// The first adapter whose name contains this text, in either case; software renderers included.
    Named(String),
}

impl Choice for DeviceChoice {
    const WHAT: &'static str = "device";
    /// Without [`Self::Named`], which is any other text.
    const ALL: &'static [Self] = &[Self::Auto, Self::Gpu, Self::Cpu];

    fn entry(&self) -> Entry {
        let entry = |name, title, help, remedy| Entry { name, title, help, remedy };
        let other = "Choose the device cpu or auto";
        match self {
            Self::Auto => entry("auto", "auto", "A GPU if there is one, otherwise the CPU", None),
            Self::Gpu => entry("gpu", "GPU", "A GPU, or an error", Some(other)),
            Self::Cpu => entry("cpu", "CPU", "The CPU", None),
            Self::Named(_) => entry(
                "name",
                "name",
                "Part of an adapter's name; software renderers are used only by name",
                Some(other),
            ),
        }
    }
}

impl From<String> for DeviceChoice {
    fn from(text: String) -> Self {
        match text.to_lowercase().as_str() {
            "" => Self::Auto,
            name => Self::from_name(name).unwrap_or(Self::Named(text)),
        }
    }
}

impl From<DeviceChoice> for String {
    fn from(choice: DeviceChoice) -> Self {
        match choice {
            DeviceChoice::Named(name) => name,
            fixed => fixed.name().to_owned(),
        }
    }
}
