//! A tensor outside of any framework, as files of weights hold it.

/// Values with a name and a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Such as `head.weight`.
    pub name: String,
    /// Lengths of the dimensions; empty for a single number.
    pub shape: Vec<usize>,
    /// In row-major order.
    pub values: Vec<f32>,
}
