//! Where an operator writes its result.
//!
//! A tensor that several operators read receives a contribution to its gradient from each: the first one overwrites,
//! the others accumulate.

/// Values to overwrite or to accumulate into.
pub struct Output<'a> {
    /// The values; undefined before an overwrite.
    pub values: &'a mut [f32],
    /// Whether the result is added to `values` instead of replacing them.
    pub accumulate: bool,
}

impl<'a> Output<'a> {
    /// Replaces whatever is in `values`.
    pub fn overwrite(values: &'a mut [f32]) -> Self {
        Self { values, accumulate: false }
    }
}
