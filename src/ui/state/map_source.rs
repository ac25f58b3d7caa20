//! Which map a view shows as the prediction: the quick head's or the network's.

use crate::domain::choice::choice_enum;

choice_enum! {
    /// The map that the user wants to see.
    pub enum MapChoice, "map" {
        Auto { name: "auto", title: "Auto", help: "The better of the two, as far as that is known; the quick map until then" }
        Quick { name: "quick", title: "Quick", help: "The quick map: learned from your labels at each click, without training" }
        Network { name: "network", title: "Network", help: "The map of the network in training, or of the run that is open, which may be a saved quick map" }
    }
}

/// The map that is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapSource {
    /// The quick head's.
    Quick,
    /// The network's.
    Network,
}
