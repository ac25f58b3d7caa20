//! Sizes of a stack of pictures.

/// `[batch, channels, height, width]`, row-major, as all tensors here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Pictures.
    pub batch: usize,
    /// Planes of each picture.
    pub channels: usize,
    /// Rows of each plane.
    pub height: usize,
    /// Columns of each plane.
    pub width: usize,
}

impl Shape {
    /// From Burn's and PyTorch's order.
    pub fn new([batch, channels, height, width]: [usize; 4]) -> Self {
        Self { batch, channels, height, width }
    }

    /// Back to an array.
    pub fn dims(self) -> [usize; 4] {
        [self.batch, self.channels, self.height, self.width]
    }

    /// Pixels of one plane.
    pub fn plane(self) -> usize {
        self.height * self.width
    }

    /// Values in all.
    pub fn len(self) -> usize {
        self.batch * self.channels * self.plane()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The same pictures with another number of channels.
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Where plane `channel` of picture `picture` starts.
    pub(crate) fn at(self, picture: usize, channel: usize) -> usize {
        (picture * self.channels + channel) * self.plane()
    }
}
