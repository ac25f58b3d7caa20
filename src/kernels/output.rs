//! Where a gradient goes. A tensor that several operators read gets a share from each: the first writes, the others add.

/// Values to be written, or to be added to.
pub struct Destination<'a> {
    /// The values.
    pub values: &'a mut [f32],
    /// Whether what is there stays, and is added to.
    pub add: bool,
}

impl<'a> Destination<'a> {
    /// Whatever is in `values` is written over.
    pub fn fresh(values: &'a mut [f32]) -> Self {
        Self { values, add: false }
    }
}
