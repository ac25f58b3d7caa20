//! Something on the graphics device and what it was made from, so that nothing is uploaded twice.

use std::sync::{Arc, Weak};

/// What was made from a source, if it could be: what the device refused is not tried again.
pub(crate) struct Slot<S, M> {
    source: Weak<S>,
    made: Option<M>,
}

impl<S, M> Default for Slot<S, M> {
    fn default() -> Self {
        Self { source: Weak::new(), made: None }
    }
}

impl<S, M> Slot<S, M> {
    /// What was made.
    pub(crate) fn made(&self) -> Option<&M> {
        self.made.as_ref()
    }

    /// What was made, to be worked on.
    pub(crate) fn made_mut(&mut self) -> Option<&mut M> {
        self.made.as_mut()
    }

    /// Follows `source`, making anew if it is another one. True if it was.
    pub(crate) fn follow(&mut self, source: Option<&Arc<S>>, make: impl FnOnce(&S) -> Option<M>) -> bool {
        let is_same = source.map_or(self.made.is_none(), |source| Weak::as_ptr(&self.source) == Arc::as_ptr(source));
        if !is_same {
            self.made = None; // The old one goes before the new one needs its room.
            self.made = source.and_then(|source| make(source));
            self.source = source.map_or_else(Weak::new, Arc::downgrade);
        }
        !is_same
    }
}
