//! How large a run's tensors get, worked out before anything starts.

use crate::domain::config::{Arch, ModelConfig};

/// The largest single tensor of a training step, in bytes: the widest concatenation at full resolution (the input of the
/// first level's last block), or the logits if there are very many classes.
pub fn largest_tensor_bytes(config: &ModelConfig, classes: usize, batch: usize, size: u32) -> u64 {
    let joined = match config.arch {
        Arch::UNet => 2,
        Arch::UNetPlusPlus => config.levels,
    };
    let channels = (joined * config.channels(0)).max(classes) as u64;
    batch as u64 * channels * u64::from(size) * u64::from(size) * size_of::<f32>() as u64
}

/// Why the largest tensor does not fit a device that holds at most `limit` bytes in a buffer, with what would fit.
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
        "the largest tensor of this run would have {} MiB, more than the {} MiB the device takes in one buffer: {remedy}",
        mebibytes(bytes),
        mebibytes(limit)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_measured_on_real_adapters() {
        // U-Net++ base 64, 5 levels, batch 8, 512²: 5·64 channels, 2560 MiB, past the 2 GiB many adapters take.
        let config = ModelConfig { arch: Arch::UNetPlusPlus, base: 64, levels: 5 };
        assert_eq!(largest_tensor_bytes(&config, 7, 8, 512) >> 20, 2560);
        let problem = buffer_problem(&config, 7, 8, 512, 1 << 31).expect("too large");
        assert!(problem.contains("2560 MiB") && problem.contains("batch of 6"), "{problem}");
        assert_eq!(buffer_problem(&config, 7, 6, 512, 1 << 31), None);
        let hopeless = buffer_problem(&config, 7, 1, 4096, 1 << 20).expect("too large");
        assert!(hopeless.contains("smaller crop"), "{hopeless}");
    }
}
