//! Options with a fixed set of values. Each option is one enum with one table, which the command line, `config.toml`, the
//! window and `docs/formats.md` all read.

/// A row of an option's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name in `config.toml` and on the command line, in lower case.
    pub name: &'static str,
    /// Label in the window.
    pub title: &'static str,
    /// One sentence without a full stop, for `--help`, tooltips and the documentation.
    pub help: &'static str,
    /// What to do when this value cannot be used; absent if it always can.
    pub remedy: Option<&'static str>,
}

/// An option with a table.
pub trait Choice: Clone + PartialEq + 'static {
    /// What is chosen, in lower case: `optimizer`.
    const WHAT: &'static str;
    /// One value of each kind, in the order shown. A value with content (a ratio, a list) holds what a user starts from.
    const ALL: &'static [Self];

    /// The row of this value.
    fn entry(&self) -> Entry;

    /// Name in `config.toml` and on the command line.
    fn name(&self) -> &'static str {
        self.entry().name
    }

    /// Label in the window.
    fn title(&self) -> &'static str {
        self.entry().title
    }

    /// One sentence about it.
    fn help(&self) -> &'static str {
        self.entry().help
    }

    /// What to do when this value is refused; empty if it never is.
    fn remedy(&self) -> &'static str {
        self.entry().remedy.unwrap_or_default()
    }

    /// Whether both are of one kind, whatever their content.
    fn is_same_kind(&self, other: &Self) -> bool {
        self.name() == other.name()
    }

    /// The value of this name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|choice| choice.name() == name).cloned()
    }
}

/// Defines an enum together with its table, so that neither can have a value that the other lacks. The names are also
/// those that serde reads and writes.
macro_rules! choice_enum {
    (
        $(#[$meta:meta])*
        $vis:vis enum $Enum:ident, $what:literal {
            $($(#[$of_variant:meta])* $Variant:ident { name: $name:literal, title: $title:literal, help: $help:literal $(, remedy: $remedy:literal)? })+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        $vis enum $Enum {
            $(
                $(#[$of_variant])*
                #[doc = $help]
                #[serde(rename = $name)]
                $Variant,
            )+
        }

        impl $crate::domain::choice::Choice for $Enum {
            const WHAT: &'static str = $what;
            const ALL: &'static [Self] = &[$(Self::$Variant),+];

            fn entry(&self) -> $crate::domain::choice::Entry {
                match self {
                    $(Self::$Variant => {
                        let remedy: &[&'static str] = &[$($remedy)?];
                        $crate::domain::choice::Entry {
                            name: $name,
                            title: $title,
                            help: $help,
                            remedy: remedy.first().copied(),
                        }
                    })+
                }
            }
        }
    };
}

pub(crate) use choice_enum;

#[cfg(test)]
mod tests {
    use super::*;

    choice_enum! {
        /// For the tests.
        enum Fruit, "fruit" {
            Apple { name: "apple", title: "Apple", help: "Grows on trees" }
            Kiwi { name: "kiwi", title: "Kiwi fruit", help: "Grows on vines", remedy: "Choose an apple" }
        }
    }

    #[test]
    fn names_lead_back_to_their_values() {
        assert_eq!(Fruit::from_name("kiwi"), Some(Fruit::Kiwi));
        assert_eq!(Fruit::from_name("Kiwi"), None);
        assert_eq!((Fruit::Kiwi.title(), Fruit::Kiwi.remedy()), ("Kiwi fruit", "Choose an apple"));
        assert_eq!((Fruit::Apple.help(), Fruit::Apple.remedy()), ("Grows on trees", ""));
    }

    #[test]
    fn names_are_what_serde_reads_and_writes() {
        for fruit in Fruit::ALL {
            let text = serde_json::to_string(fruit).unwrap();
            assert_eq!(text, format!("\"{}\"", fruit.name()));
            assert_eq!(serde_json::from_str::<Fruit>(&text).unwrap(), *fruit);
        }
        assert!(serde_json::from_str::<Fruit>("\"pear\"").unwrap_err().to_string().contains("apple"));
    }
}
