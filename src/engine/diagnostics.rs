//! A report on this machine, to be pasted into an issue.

use super::device;
use crate::domain::config::DeviceChoice;

/// Versions, adapters with their limits, and the device that `auto` chooses, with the reason.
pub fn report() -> String {
    let mut lines = vec![
        format!("pointillist {} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH),
        format!("burn 0.22.1 · wgpu 30.0.1 · features: {}", if cfg!(feature = "ui") { "ui" } else { "none" }),
        format!("CPU: {} threads, {}", threads(), instructions()),
    ];
    let adapters = device::adapters();
    if adapters.is_empty() {
        lines.push("adapters: none found".to_owned());
    }
    for adapter in &adapters {
        let mebibytes = adapter.max_buffer >> 20;
        lines.push(format!(
            "adapter: {} · {} · {:?} · driver {} · largest buffer {mebibytes} MiB",
            adapter.name,
            adapter.kind_name(),
            adapter.backend,
            if adapter.driver.is_empty() { "unknown" } else { &adapter.driver },
        ));
    }
    lines.push(match device::resolve(&DeviceChoice::Auto, &adapters) {
        Ok((Some(adapter), why)) => format!("training runs on: {} ({why})", adapter.name),
        Ok((None, why)) => format!("training runs on: the CPU ({why})"),
        Err(why) => format!("training cannot run: {why}"),
    });
    lines.join("\n")
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The vector instructions that matter for speed.
#[cfg(target_arch = "x86_64")]
fn instructions() -> &'static str {
    if std::arch::is_x86_feature_detected!("avx512f") {
        "AVX-512"
    } else if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        "AVX2 and FMA"
    } else {
        "no AVX2: training will be slow"
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn instructions() -> &'static str {
    std::env::consts::ARCH
}
