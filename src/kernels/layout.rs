//! Matrices within slices.

/// Where a matrix lies within a slice: element (row, column) at `row · row_stride + column · column_stride`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Values from one row to the next.
    pub row_stride: usize,
    /// Values from one column to the next.
    pub column_stride: usize,
}

impl Layout {
    /// Rows one after the other.
    pub fn row_major(rows: usize, columns: usize) -> Self {
        Self { rows, columns, row_stride: columns, column_stride: 1 }
    }

    /// The same values with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        let Self { rows, columns, row_stride, column_stride } = self;
        Self { rows: columns, columns: rows, row_stride: column_stride, column_stride: row_stride }
    }

    /// Values from the first element to the last, both included.
    pub(crate) fn span(&self) -> usize {
        if self.rows == 0 || self.columns == 0 {
            return 0;
        }
        (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride + 1
    }
}
