//! Memory estimates for a run, made before it starts.

use crate::domain::config::{Arch, ModelConfig};

/// Size of the largest single tensor of a training step, in bytes. That is the widest concatenation at full resolution
/// (the input of the first level's last block), or the logits if there are very many classes.
pub fn largest_tensor_bytes(config: &ModelConfig, classes: usize, batch: usize, size: u32) -> u64 {
    let concatenated = match config.arch {
        Arch::UNet => 2,
        Arch::UNetPlusPlus => config.levels,
    };
    let channels = (concatenated * config.channels(0)).max(classes) as u64;
    batch as u64 * channels * u64::from(size) * u64::from(size) * size_of::<f32>() as u64
}

/// Lower bound for the memory of a training step, in bytes: every block of a level saves about eight tensors of the
/// level's width for the backward pass. An estimate that serves to refuse hopeless runs, not a measurement.
pub fn step_memory_bytes(config: &ModelConfig, batch: usize, size: u32) -> u64 {
    const SAVED: u64 = 8;
    let blocks = |level: usize| match config.arch {
        Arch::UNet => 2 - u64::from(level + 1 == config.levels),
        Arch::UNetPlusPlus => (config.levels - level) as u64,
    };
    let level = |level: usize| {
        let side = u64::from(size) >> level;
        SAVED * blocks(level) * batch as u64 * config.channels(level) as u64 * side * side * size_of::<f32>() as u64
    };
    (0..config.levels).map(level).sum()
}

/// Why a step does not fit into `free` bytes of memory, with a remedy.
pub fn memory_problem(config: &ModelConfig, batch: usize, size: u32, free: u64) -> Option<String> {
    let bytes = step_memory_bytes(config, batch, size);
    (bytes > free).then(|| {
        let gibibytes = |n: u64| n as f64 / (1_u64 << 30) as f64;
        format!(
            "a training step needs at least {:.1} GiB of memory, but only {:.1} GiB are free: choose a smaller crop, batch \
             or base",
            gibibytes(bytes),
            gibibytes(free)
        )
    })
}

/// Why the largest tensor does not fit a device with buffers of at most `limit` bytes, with a remedy.
pub fn buffer_problem(config: &ModelConfig, classes: usize, batch: usize, size: u32, limit: u64) -> Option<String> {
    let bytes = largest_tensor_bytes(config, classes, batch, size);
    if bytes <= limit {
        return None;
    }
    let fitting = (1..batch).rev().find(|&b| largest_tensor_bytes(config, classes, b, size) <= limit);
    let remedy = match fitting {
        Some(batch) => format!("choose a batch of {batch} or less"),
        None => "choose a smaller crop or fewer base channels".to_owned(),
    };
    let mebibytes = |n: u64| n >> 20;
    Some(format!(
        "the largest tensor needs {} MiB, but a buffer of the device holds only {} MiB: {remedy}",
        mebibytes(bytes),
        mebibytes(limit)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_step_that_cannot_fit_is_refused() {
        let small = ModelConfig { arch: Arch::UNet, base: 4, levels: 3 };
        assert!(memory_problem(&small, 4, 5000, 14 << 30).is_some_and(|p| p.contains("smaller crop")));
        let laptop = ModelConfig { arch: Arch::UNet, base: 16, levels: 5 };
        assert_eq!(memory_problem(&laptop, 4, 256, 2 << 30), None);
    }

    #[test]
    fn a_tensor_too_large_for_a_buffer_is_refused() {
        // U-Net++ base 64, 5 levels, batch 8, 512²: 5·64 channels, 2560 MiB. Many adapters hold at most 2 GiB in a
        // buffer.
        let config = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, levels: 5 };
        assert_eq!(largest_tensor_bytes(&config, 7, 8, 512) >> 20, 2560);
        let problem = buffer_problem(&config, 7, 8, 512, 1 << 31).expect("too large");
        assert!(problem.contains("2560 MiB") && problem.contains("batch of 6"), "{problem}");
        assert_eq!(buffer_problem(&config, 7, 6, 512, 1 << 31), None);
        let hopeless = buffer_problem(&config, 7, 1, 4096, 1 << 20).expect("too large");
        assert!(hopeless.contains("smaller crop"), "{hopeless}");
    }
}
