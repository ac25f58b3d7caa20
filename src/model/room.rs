//! Whether a run fits into memory and, if it does not, what would.

use super::size as estimate;
use crate::domain::config::{InputSize, MAX_BATCH, ModelConfig, StepOffer, StepSize};

/// The smallest input that is offered, pixels.
const SMALLEST: u32 = 64;
const MIB: u64 = 1 << 20;

/// Memory that there is for a run.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Free plain memory in bytes; `None` if the system does not say.
    pub free: Option<u64>,
    /// Whether the tensors of the device are in plain memory, too.
    pub is_shared: bool,
    /// The largest buffer of the device in bytes.
    pub buffer: u64,
    /// Whether convolutions compute in f16.
    pub is_mixed: bool,
}

impl Room {
    /// Why a run does not fit.
    pub fn problem(self, model: &ModelConfig, classes: usize, step: StepSize) -> Option<String> {
        self.memory_problem(model, step).or_else(|| self.buffer_problem(model, classes, step))
    }

    fn memory_problem(self, model: &ModelConfig, step: StepSize) -> Option<String> {
        let (crops, state) = (estimate::crops_bytes(step), estimate::state_bytes(model));
        let tensors = if self.is_shared { estimate::step_memory_bytes(model, step, self.is_mixed) } else { 0 };
        let needed = crops + state + tensors;
        let free = self.free.filter(|free| needed > *free)?;
        let parts =
            [(tensors, "for the tensors of a training step"), (crops, "for its crops"), (state, "to save the run")];
        let named =
            parts.iter().filter(|(bytes, _)| *bytes >= MIB).map(|(bytes, what)| format!("{} {what}", size(*bytes)));
        let parts = named.collect::<Vec<_>>().join(", ");
        Some(format!("it needs at least {} of memory ({parts}), but only {} are free", size(needed), size(free)))
    }

    fn buffer_problem(self, model: &ModelConfig, classes: usize, step: StepSize) -> Option<String> {
        let bytes = estimate::largest_tensor_bytes(model, classes, step, self.is_mixed);
        (bytes > self.buffer).then(|| {
            let [needed, there] = [bytes, self.buffer].map(|bytes| bytes / MIB);
            format!("the largest tensor needs {needed} MiB, but a buffer of the device holds only {there} MiB")
        })
    }

    /// What fits instead, with a margin, because needs are lower bounds: as many crops a step in smaller batches and, where even the smallest is too large, of a smaller input. The
    /// largest input that fits comes first, then the largest batch. `None` if nothing fits.
    pub fn offer(self, model: &ModelConfig, classes: usize, asked: StepSize) -> Option<StepOffer> {
        let roomy = Self { free: self.free.map(|free| free / 5 * 4), ..self };
        let fits = |step: &StepSize| roomy.problem(model, classes, *step).is_none();
        let mut steps = inputs(asked.input, model.stride()).flat_map(|input| batches(asked, input));
        steps.find(fits).map(|fits| StepOffer { asked, fits })
    }
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 30 {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{:.1} GiB", bytes as f64 / (1_u64 << 30) as f64)
    }
}

/// An input and smaller ones that the network can halve as often.
fn inputs(asked: InputSize, stride: u32) -> impl Iterator<Item = InputSize> {
    let of_side = move |side| match asked {
        InputSize::Resize(_) => InputSize::Resize(side),
        InputSize::Crop(_) => InputSize::Crop(side),
    };
    let smaller = (SMALLEST.div_ceil(stride)..asked.side().div_ceil(stride)).rev();
    std::iter::once(asked).chain(smaller.map(move |strides| of_side(strides * stride)))
}

/// The ways to take the same number of crops a step, the largest batches first.
fn batches(asked: StepSize, input: InputSize) -> impl Iterator<Item = StepSize> {
    let crops = asked.crops();
    let batches =
        (1..=asked.batch).rev().filter(move |batch| crops.is_multiple_of(*batch) && crops / batch <= MAX_BATCH);
    batches.map(move |batch| StepSize { batch, accumulate: crops / batch, input })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::Arch;

    const ROOM: Room = Room { free: None, is_shared: true, buffer: u64::MAX, is_mixed: false };

    fn step(batch: usize, accumulate: usize, side: u32) -> StepSize {
        StepSize { batch, accumulate, input: InputSize::Crop(side) }
    }

    fn small() -> ModelConfig {
        ModelConfig { base: 4, levels: 3, ..ModelConfig::default() }
    }

    /// Room for this step and no more; with the margin of an offer.
    fn room_with_margin(model: &ModelConfig, step: StepSize) -> Room {
        let room = room_for(model, step);
        Room { free: room.free.map(|free| (free / 4 + 1) * 5), ..room }
    }

    /// Room for this step and no more.
    fn room_for(model: &ModelConfig, step: StepSize) -> Room {
        let tensors = estimate::step_memory_bytes(model, step, false);
        Room { free: Some(tensors + estimate::crops_bytes(step) + estimate::state_bytes(model)), ..ROOM }
    }

    #[test]
    fn only_a_run_that_cannot_fit_is_refused_and_its_parts_are_told() {
        let model = small();
        let room = room_for(&model, step(3, 4, 512));
        assert_eq!(room.problem(&model, 7, step(3, 4, 512)), None);
        let problem = room.problem(&model, 7, step(4, 3, 512)).expect("too large");
        assert!(problem.contains("for the tensors of a training step, 45 MiB for its crops)"), "{problem}");
        let wide = ModelConfig { base: 64, ..ModelConfig::default() };
        let problem = Room { free: Some(1 << 28), is_shared: false, ..ROOM }.problem(&wide, 7, step(1, 1, 64));
        assert!(problem.expect("31 million weights, four times").contains("MiB to save the run)"));
        assert_eq!(ROOM.problem(&model, 7, step(1024, 1, 8192)), None, "how much is free is not known");
        let laptop = Room { free: Some(2 << 30), ..ROOM };
        assert_eq!(laptop.problem(&ModelConfig::default(), 7, step(4, 1, 256)), None);
    }

    #[test]
    fn what_is_offered_has_as_many_crops_a_step() {
        let model = small();
        // 12 crops in batches of at most 5: 4 is the largest that divides them.
        let offer =
            room_with_margin(&model, step(5, 3, 512)).offer(&model, 7, step(12, 1, 512)).expect("something fits");
        assert_eq!(offer.fits, step(4, 3, 512));
        assert_eq!(offer.to_string(), "a batch of 4, accumulated 3 times");
        let accumulated = room_with_margin(&model, step(3, 8, 512)).offer(&model, 7, step(8, 3, 512));
        assert_eq!(accumulated.map(|offer| offer.fits), Some(step(3, 8, 512)));
    }

    #[test]
    fn a_smaller_input_is_offered_where_no_batch_is_small_enough() {
        let model = small();
        let room = room_with_margin(&model, step(1, 8, 300));
        let StepSize { batch, input, .. } = room.offer(&model, 7, step(8, 1, 512)).expect("something fits").fits;
        assert_eq!((batch, input), (1, InputSize::Crop(300)), "halved twice: 300 is a multiple of 4");
        let hopeless = Room { free: Some(1 << 20), ..ROOM };
        assert_eq!(hopeless.offer(&model, 7, step(8, 1, 512)), None);
        assert_eq!(inputs(InputSize::Resize(96), 16).count(), 3, "96, 80, 64");
        assert_eq!(inputs(InputSize::Resize(32), 16).count(), 1);
    }

    #[test]
    fn crops_of_all_batches_wait_in_plain_memory_wherever_the_tensors_are() {
        let (model, many) = (small(), step(4, 64, 1024));
        let room = Room { free: Some(2 << 30), is_shared: false, ..ROOM };
        let problem = room.problem(&model, 7, many).expect("256 crops of 15 MiB");
        assert!(problem.contains("3.8 GiB for its crops") && !problem.contains("tensors"), "{problem}");
        let StepSize { batch, accumulate, input } = room.offer(&model, 7, many).expect("something fits").fits;
        assert_eq!((batch, accumulate), (4, 64), "smaller batches would not help");
        assert!((640..=672).contains(&input.side()), "{input:?}");
    }

    #[test]
    fn a_tensor_too_large_for_a_buffer_is_refused() {
        // U-Net++ base 64, 5 levels, batch 4, 512²: 5·64 channels, 1280 MiB, too little to be taken apart.
        let model = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, ..ModelConfig::default() };
        let room = Room { is_shared: false, buffer: 1 << 30, ..ROOM };
        let problem = room.problem(&model, 7, step(4, 1, 512)).expect("too large");
        assert!(problem.contains("1280 MiB") && problem.contains("only 1024 MiB"), "{problem}");
        assert_eq!(room.problem(&model, 7, step(3, 1, 512)), None);
        assert_eq!(room.offer(&model, 7, step(4, 1, 512)).map(|offer| offer.fits), Some(step(2, 2, 512)));
        assert_eq!(Room { is_mixed: true, ..room }.problem(&model, 7, step(4, 1, 512)), None);
    }
}
