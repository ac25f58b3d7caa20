//! Kinds of quick heads.

use crate::domain::Choice as _;
use crate::domain::choice::choice_enum;

choice_enum! {
    /// What learns from the clicks.
    #[derive(Default)]
    pub enum QuickMethod, "quick head" {
        #[default]
        Linear { name: "quick", title: "Linear", help: "Logistic regression on encoder and filter bank: the best maps from three clicks a class on" }
        Forest { name: "forest", title: "Random forest", help: "A random forest on the filter bank: by colour and texture alone; maps of large tiles are coarser" }
    }
}

impl QuickMethod {
    /// "quick head (random forest)": what made a map, in lists, lines of text and legends.
    pub fn head(self) -> String {
        format!("quick head ({})", self.title().to_lowercase())
    }
}
