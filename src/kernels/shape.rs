//! Shapes of image batches.

/// `[batch, channels, height, width]`, row-major like all tensors here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Number of images.
    pub batch: usize,
    /// Planes of each image.
    pub channels: usize,
    /// Rows of each plane.
    pub height: usize,
    /// Columns of each plane.
    pub width: usize,
}

impl Shape {
    /// From dimensions in the order of Burn and PyTorch.
    pub fn new([batch, channels, height, width]: [usize; 4]) -> Self {
        Self { batch, channels, height, width }
    }

    /// The dimensions in that order.
    pub fn dims(self) -> [usize; 4] {
        [self.batch, self.channels, self.height, self.width]
    }

    /// Pixels of one plane.
    pub fn plane(self) -> usize {
        self.height * self.width
    }

    /// Number of values.
    pub fn len(self) -> usize {
        self.batch * self.channels * self.plane()
    }

    /// Whether any dimension is 0.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The same shape with another number of channels.
    pub fn with_channels(self, channels: usize) -> Self {
        Self { channels, ..self }
    }

    /// Index of the first value of `channel` of `image`.
    pub(crate) fn plane_start(self, image: usize, channel: usize) -> usize {
        (image * self.channels + channel) * self.plane()
    }
}
