//! Where to compute: a GPU if there is one, otherwise the CPU, always with the reason.
//!
//! Software renderers (lavapipe, llvmpipe, WARP, SwiftShader) are GPUs in name only: Burn's kernels are very slow on them or
//! crash the driver. They are used only when chosen by name.

use std::sync::{Mutex, PoisonError};

use burn::tensor::wgpu::{WgpuBackend, wgpu};
use burn::tensor::{Device, DeviceKind};

use super::protocol::DeviceInfo;
use super::refusal::Refusal;
use crate::domain::config::{DeviceChoice, Precision, RunConfig, TrainConfig};
use crate::domain::{Choice as _, Classes, Notice};
use crate::infer::Predictor;
use crate::model::Net;
use crate::train::precision;

/// A graphics adapter of this machine.
#[derive(Clone, Debug)]
pub struct Adapter {
    /// Name, as the driver reports it.
    pub name: String,
    /// Graphics API.
    pub backend: wgpu::Backend,
    /// Discrete, integrated, virtual or software.
    pub kind: wgpu::DeviceType,
    /// Driver and its version.
    pub driver: String,
    /// Largest buffer in bytes.
    pub max_buffer: u64,
    /// Position among the adapters of its kind and API.
    index: usize,
}

impl Adapter {
    /// Whether it is a software renderer.
    pub fn is_software(&self) -> bool {
        self.kind == wgpu::DeviceType::Cpu
    }

    /// Its kind in a word.
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            wgpu::DeviceType::DiscreteGpu => "discrete",
            wgpu::DeviceType::IntegratedGpu => "integrated",
            wgpu::DeviceType::VirtualGpu => "virtual",
            wgpu::DeviceType::Cpu => "software",
            wgpu::DeviceType::Other => "other",
        }
    }

    fn selector(&self) -> DeviceKind {
        match self.kind {
            wgpu::DeviceType::DiscreteGpu => DeviceKind::DiscreteGpu(self.index),
            wgpu::DeviceType::IntegratedGpu => DeviceKind::IntegratedGpu(self.index),
            wgpu::DeviceType::VirtualGpu => DeviceKind::VirtualGpu(self.index),
            wgpu::DeviceType::Cpu => DeviceKind::Cpu,
            wgpu::DeviceType::Other => DeviceKind::DefaultDevice,
        }
    }

    fn api(&self) -> WgpuBackend {
        match self.backend {
            wgpu::Backend::Vulkan => WgpuBackend::Vulkan,
            wgpu::Backend::Metal => WgpuBackend::Metal,
            wgpu::Backend::Dx12 => WgpuBackend::Dx12,
            _ => WgpuBackend::Auto,
        }
    }
}

/// The adapters Burn could use, best first.
pub fn adapters() -> Vec<Adapter> {
    let backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12;
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut list: Vec<Adapter> = Vec::new();
    for adapter in pollster::block_on(instance.enumerate_adapters(backends)) {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        let index = list.iter().filter(|a| a.kind == info.device_type && a.backend == info.backend).count();
        list.push(Adapter {
            name: info.name,
            backend: info.backend,
            kind: info.device_type,
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            max_buffer: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
            index,
        });
    }
    list.sort_by_key(rank);
    list
}

fn rank(adapter: &Adapter) -> u8 {
    match adapter.kind {
        wgpu::DeviceType::DiscreteGpu => 0,
        wgpu::DeviceType::IntegratedGpu => 1,
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    }
}

/// What a choice means on a machine with these adapters: an adapter, or `None` for the CPU, with the reason.
///
/// # Errors
/// If there is no such device.
pub fn resolve<'a>(choice: &DeviceChoice, adapters: &'a [Adapter]) -> Result<(Option<&'a Adapter>, String), Refusal> {
    let real = adapters.iter().find(|adapter| !adapter.is_software() && adapter.kind != wgpu::DeviceType::Other);
    let listed = || match adapters {
        [] => "this machine has no graphics adapter".to_owned(),
        _ => {
            let names: Vec<String> = adapters.iter().map(|a| format!("{} ({})", a.name, a.kind_name())).collect();
            format!("the adapters here are {}", names.join(", "))
        }
    };
    let refuse = |headline: String| Refusal(Notice::new(headline).cause(listed()).remedy(choice.remedy()));
    match (choice, real) {
        (DeviceChoice::Cpu, _) => Ok((None, "the CPU was chosen".to_owned())),
        (DeviceChoice::Auto, Some(gpu)) => Ok((Some(gpu), format!("the {} GPU of this machine", gpu.kind_name()))),
        (DeviceChoice::Gpu, Some(gpu)) => Ok((Some(gpu), "a GPU was chosen".to_owned())),
        (DeviceChoice::Auto, None) if adapters.is_empty() => Ok((None, "no graphics adapter was found".to_owned())),
        (DeviceChoice::Auto, None) => {
            Ok((None, format!("{} is a software renderer, slower than the CPU itself", adapters[0].name)))
        }
        (DeviceChoice::Gpu, None) => Err(refuse("There is no GPU to train on".to_owned())),
        (DeviceChoice::Named(name), _) => {
            let wanted = name.to_lowercase();
            let found = adapters.iter().find(|adapter| adapter.name.to_lowercase().contains(&wanted));
            found
                .map(|adapter| (Some(adapter), format!("'{name}' was chosen")))
                .ok_or_else(|| refuse(format!("No adapter's name contains '{name}'")))
        }
    }
}

/// A device ready for tensors.
#[derive(Clone)]
pub struct OpenDevice {
    /// Burn's handle, without autodiff.
    pub device: Device,
    /// Name, backend and why it was chosen.
    pub info: DeviceInfo,
    /// Largest buffer in bytes.
    pub max_buffer: u64,
}

impl OpenDevice {
    /// Why it cannot compute in this precision, with the remedy for a run that is new or one that is resumed.
    pub(super) fn precision_problem(&self, wanted: Precision, is_new: bool) -> Option<Notice> {
        if wanted != Precision::Mixed || precision::computes_in_f16(&self.device) {
            return None;
        }
        let notice = match self.info.is_gpu {
            true => Notice::new("Mixed precision cannot be used")
                .cause(format!("{} does not compute in 16 bits", self.info.name)),
            false => Notice::new("Mixed precision cannot be used on a CPU").cause("16 bits take longer there than 32"),
        };
        Some(notice.remedy(match is_new {
            true => "Choose the precision f32 (--precision f32)",
            false => {
                "Resume it where it was begun, or start a new run from its weights (--init-from) with --precision f32"
            }
        }))
    }

    /// Its description, with the precision that a run has there.
    pub(super) fn info_of(&self, train: &TrainConfig) -> DeviceInfo {
        let precision = match precision::is_mixed(train.precision, &self.device) {
            true => Precision::Mixed,
            false => Precision::F32,
        };
        DeviceInfo { precision, ..self.info.clone() }
    }

    /// A network of the run's shape, ready to predict.
    pub(super) fn predictor(&self, config: &RunConfig, classes: &Classes, net: Net) -> Predictor {
        use burn::module::Module as _;
        let (input, stride) = (config.train.input, config.model.stride());
        Predictor::new(net.valid(), input, stride, classes, self.device.clone()).of_one_size(self.info.is_gpu)
    }
}

/// Adapters opened so far, by name and API. Burn opens each once in a process, whichever thread asks.
static OPENED: Mutex<Vec<(String, Device)>> = Mutex::new(Vec::new());

/// Opens devices; those that are open already are kept.
pub struct Devices {
    opened: &'static Mutex<Vec<(String, Device)>>,
}

impl Default for Devices {
    fn default() -> Self {
        Self { opened: &OPENED }
    }
}

impl Devices {
    /// Opens the device of a choice.
    ///
    /// # Errors
    /// If there is no such device, or its driver fails.
    pub fn open(&mut self, choice: &DeviceChoice) -> Result<OpenDevice, Refusal> {
        // Listing adapters loads drivers, which is slow and may fail. The CPU needs none of them.
        let found = if *choice == DeviceChoice::Cpu { Vec::new() } else { adapters() };
        let (adapter, why) = resolve(choice, &found)?;
        let Some(adapter) = adapter else { return Ok(cpu(why)) };
        let key = format!("{:?} {}", adapter.backend, adapter.name);
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let device = match opened.iter().find(|(name, _)| *name == key) {
            Some((_, device)) => device.clone(),
            None => {
                let options = Device::wgpu_options().device_kind(adapter.selector()).graphics_api(adapter.api());
                let device = options.init().map_err(|error| {
                    let notice = Notice::new(format!("{} cannot be opened", adapter.name)).cause(error.to_string());
                    Refusal(notice.remedy("Update its driver, or choose the device cpu"))
                })?;
                opened.push((key, device.clone()));
                device
            }
        };
        let info = DeviceInfo {
            name: adapter.name.clone(),
            backend: format!("{:?}", adapter.backend),
            is_gpu: true,
            why,
            ..DeviceInfo::default()
        };
        Ok(OpenDevice { device, info, max_buffer: adapter.max_buffer })
    }
}

/// Free memory in bytes, if the system reports it.
pub fn free_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kib| kib << 10)
}

fn cpu(why: String) -> OpenDevice {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let plural = if threads == 1 { "" } else { "s" };
    let info = DeviceInfo {
        name: format!("CPU, {threads} thread{plural}"),
        backend: "Flex".to_owned(),
        is_gpu: false,
        why,
        ..DeviceInfo::default()
    };
    OpenDevice { device: Device::flex(), info, max_buffer: u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adapter(name: &str, kind: wgpu::DeviceType) -> Adapter {
        Adapter {
            name: name.to_owned(),
            backend: wgpu::Backend::Vulkan,
            kind,
            driver: String::new(),
            max_buffer: 1 << 31,
            index: 0,
        }
    }

    fn named(choice: &DeviceChoice, adapters: &[Adapter]) -> Result<Option<String>, String> {
        let resolved = resolve(choice, adapters).map_err(|refusal| refusal.to_string());
        resolved.map(|(adapter, _)| adapter.map(|a| a.name.clone()))
    }

    #[test]
    fn software_is_never_trained_on_unless_named() {
        let only_software = [adapter("llvmpipe (LLVM 15)", wgpu::DeviceType::Cpu)];
        assert_eq!(named(&DeviceChoice::Auto, &only_software), Ok(None));
        assert!(named(&DeviceChoice::Gpu, &only_software).is_err_and(|e| e.contains("Choose the device cpu")));
        let by_name = DeviceChoice::Named("LLVMpipe".to_owned());
        assert_eq!(named(&by_name, &only_software), Ok(Some("llvmpipe (LLVM 15)".to_owned())));
        let (_, why) = resolve(&DeviceChoice::Auto, &only_software).unwrap();
        assert!(why.contains("software renderer"), "{why}");
    }

    #[test]
    fn mixed_precision_is_refused_on_a_cpu_and_auto_is_not_mixed_there() {
        let cpu = cpu("asked for".to_owned());
        let problem = cpu.precision_problem(Precision::Mixed, true).expect("refused").to_string();
        assert!(problem.contains("CPU") && problem.ends_with("(--precision f32)"), "{problem}");
        let problem = cpu.precision_problem(Precision::Mixed, false).expect("refused").to_string();
        assert!(problem.contains("--init-from"), "a run that is resumed keeps its settings: {problem}");
        for precision in [Precision::Auto, Precision::F32] {
            assert_eq!(cpu.precision_problem(precision, true), None);
            let train = TrainConfig { precision, ..TrainConfig::default() };
            assert_eq!(cpu.info_of(&train).precision, Precision::F32);
        }
    }

    #[test]
    fn a_real_gpu_is_used_unless_the_cpu_is_asked_for() {
        let both = [adapter("RTX", wgpu::DeviceType::DiscreteGpu), adapter("llvmpipe", wgpu::DeviceType::Cpu)];
        assert_eq!(named(&DeviceChoice::Auto, &both), Ok(Some("RTX".to_owned())));
        assert_eq!(named(&DeviceChoice::Gpu, &both), Ok(Some("RTX".to_owned())));
        assert_eq!(named(&DeviceChoice::Cpu, &both), Ok(None));
        assert!(named(&DeviceChoice::Named("radeon".to_owned()), &both).is_err_and(|e| e.contains("RTX (discrete)")));
        assert_eq!(named(&DeviceChoice::Auto, &[]), Ok(None));
    }
}
