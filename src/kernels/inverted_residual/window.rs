//! Where the values under a depthwise window lie.
//!
//! A plane of the input, padded with zeros, is split into `stride`² phases: even and odd rows, even and odd columns. Within a
//! phase, the values that a tap meets on its way over the output are consecutive, from row to row too, because phases and
//! output have the same pitch. So a depthwise convolution is a sum of shifted copies of one long row. The few columns between
//! the output's width and the pitch hold nothing of use.
//!
//! Padding is that which TensorFlow calls "same": with stride 2 the larger part lies right and below.

/// Values are padded to a multiple of this, so that whole vectors cover them on every instruction set.
const MULTIPLE: usize = 16;

/// A window and the size of its output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) side: usize,
    pub(super) stride: usize,
    /// Of the output.
    pub(super) height: usize,
    /// Of the output.
    pub(super) width: usize,
}

impl Window {
    /// Rows, or columns, that the last tap of a phase lies behind the first.
    fn reach(self) -> usize {
        (self.side - 1) / self.stride
    }

    /// Values from one row of a phase to the next.
    pub(super) fn pitch(self) -> usize {
        self.width + self.reach()
    }

    /// Zeros before the first row and column of the input.
    fn padding(self) -> usize {
        (self.side - self.stride) / 2
    }

    /// Number of phases.
    pub(super) fn phases(self) -> usize {
        self.stride * self.stride
    }

    /// Values of the output, at the pitch of a phase.
    pub(super) fn output_len(self) -> usize {
        (self.height * self.pitch()).next_multiple_of(MULTIPLE)
    }

    /// Values of a phase that hold input.
    pub(super) fn phase_values(self) -> usize {
        ((self.height + self.reach()) * self.pitch()).next_multiple_of(MULTIPLE)
    }

    /// The furthest shift of a tap.
    pub(super) fn lead(self) -> usize {
        self.reach() * (self.pitch() + 1)
    }

    /// Values from one phase to the next: what the last tap reaches, rounded up.
    pub(super) fn phase_len(self) -> usize {
        (self.phase_values() + self.lead()).next_multiple_of(MULTIPLE)
    }

    /// Values of all phases of a channel.
    pub(super) fn channel_len(self) -> usize {
        self.phases() * self.phase_len()
    }

    /// Values of an output's gradient with zeros around it: [`Self::lead`] before it, and rows below.
    pub(super) fn gradient_len(self) -> usize {
        (self.lead() + self.phase_values()).next_multiple_of(MULTIPLE)
    }

    /// The phase a tap reads, and by how many values its reads are shifted.
    pub(super) fn tap(self, tap: usize) -> (usize, usize) {
        let (ky, kx) = (tap / self.side, tap % self.side);
        let phase = ky % self.stride * self.stride + kx % self.stride;
        (phase, ky / self.stride * self.pitch() + kx / self.stride)
    }

    /// Number of taps.
    pub(super) fn taps(self) -> usize {
        self.side * self.side
    }

    /// The runs of an input row: for each phase that holds some of it, the first of its columns and where that one lies
    /// within a channel. The columns of a run are `stride` apart, their places are consecutive.
    pub(super) fn runs(self, row: usize) -> impl Iterator<Item = (usize, usize)> {
        let padding = self.padding();
        let (phase_row, y) = ((row + padding) % self.stride, (row + padding) / self.stride);
        (0..self.stride).map(move |column| {
            let padded = column + padding;
            let phase = phase_row * self.stride + padded % self.stride;
            (column, phase * self.phase_len() + y * self.pitch() + padded / self.stride)
        })
    }
}
