//! The role of a tile in a run: training, validation, test or none.

/// The part a tile plays in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileRole {
    /// Its labels are learned from.
    Training,
    /// Its full mask is scored against; nothing of it is learned from.
    Validation,
    /// The dataset keeps it for testing.
    Test,
    /// It plays no part: as chosen, or because it touches a tile that validates.
    Unused,
}

impl TileRole {
    /// What its badge says.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "train",
            Self::Validation => "val",
            Self::Test => "test",
            Self::Unused => "not used",
        }
    }

    /// What becomes of labels on such a tile, if they are not learned from.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Training => None,
            Self::Validation => Some("This tile validates: labels on it are not learned from"),
            Self::Test | Self::Unused => Some("This tile is not used: labels on it are not learned from"),
        }
    }
}
