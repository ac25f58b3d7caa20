//! The role of a tile in a run: training, validation, test or none.

/// The role of a tile in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileRole {
    /// The network learns from its labels.
    Training,
    /// The network is evaluated on its full mask and never learns from it.
    Validation,
    /// The network learns from its labels but for some blocks, on which it is evaluated.
    Divided,
    /// Reserved for testing by the dataset.
    Test,
    /// Not used: by the user's choice, or because it touches a validation tile.
    Unused,
}

impl TileRole {
    /// Label of the badge.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "train",
            Self::Validation => "val",
            Self::Divided => "train + val",
            Self::Test => "test",
            Self::Unused => "not used",
        }
    }

    /// Note shown over a labelled tile that the dataset reserves for testing, without a mask to test against.
    pub const LABELLED_TEST: &'static str = "Test tile without a mask: now that it has labels, runs learn from them";

    /// Warning shown over a tile whose labels the network does not learn from.
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Training => None,
            Self::Divided => Some("Parts of this tile validate: no run learns from labels there"),
            Self::Validation => Some("Validation tile: only the quick map learns from its labels, no run does"),
            Self::Test | Self::Unused => Some("Unused tile: only the quick map learns from its labels, no run does"),
        }
    }
}
