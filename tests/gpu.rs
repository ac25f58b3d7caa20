//! The GPU path without a GPU: the same Vulkan kernels on SwiftShader, a driver in software that comes with Chromium.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;

/// Where Debian's `chromium` has the driver's description.
const DRIVER: &str = "/usr/lib/chromium/vk_swiftshader_icd.json";

fn pointillist() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pointillist"));
    command.timeout(Duration::from_secs(1200)).env("VK_DRIVER_FILES", DRIVER);
    command
}

#[test]
#[ignore = "the first step tries kernels for minutes: cargo test --release --test gpu -- --ignored"]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn a_run_on_swiftshader_trains_and_its_checkpoint_scores_alike_on_the_cpu() {
    if !Path::new(DRIVER).exists() {
        eprintln!("skipped: SwiftShader is not installed ({DRIVER})");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    pointillist()
        .args(["train", "--device", "swiftshader", "--base", "4", "--levels", "2", "--crop", "32", "--batch", "1"])
        .args(["--steps", "2", "--data", concat!(env!("CARGO_MANIFEST_DIR"), "/data/demo"), "--out"])
        .arg(&run)
        .assert()
        .success();
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert_eq!((&summary["outcome"], &summary["steps"]), (&"completed".into(), &2.into()), "{summary}");
    assert_eq!(summary["device"]["is_gpu"], true, "{summary}");
    assert!(summary["device"]["name"].as_str().unwrap().contains("SwiftShader"), "{summary}");

    let on_cpu = pointillist().args(["evaluate", "--json", "--device", "cpu", "--run"]).arg(&run).output().unwrap();
    let scores: serde_json::Value = serde_json::from_slice(&on_cpu.stdout).unwrap();
    let (gpu, cpu) = (summary["best_miou"].as_f64().unwrap(), scores["miou"].as_f64().unwrap());
    assert!((gpu - cpu).abs() < 1e-3, "one network, two devices: {gpu} and {cpu}");
}
