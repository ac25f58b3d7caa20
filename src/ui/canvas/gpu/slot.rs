//! Remembers what a GPU resource was made from, so that nothing is uploaded twice.

use std::sync::{Arc, Weak};

/// A resource and its source. If making it failed, it is not tried again for the same source.
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
    /// The resource.
    pub(crate) fn made(&self) -> Option<&M> {
        self.made.as_ref()
    }

    /// The resource, for writing.
    pub(crate) fn made_mut(&mut self) -> Option<&mut M> {
        self.made.as_mut()
    }

    /// Follows `source`: makes the resource again if the source is another one. Returns true if it was.
    pub(crate) fn follow(&mut self, source: Option<&Arc<S>>, make: impl FnOnce(&S) -> Option<M>) -> bool {
        let is_same = source.map_or(self.made.is_none(), |source| Weak::as_ptr(&self.source) == Arc::as_ptr(source));
        if !is_same {
            self.made = None; // Free the old resource before the new one needs its memory.
            self.made = source.and_then(|source| make(source));
            self.source = source.map_or_else(Weak::new, Arc::downgrade);
        }
        !is_same
    }
}
