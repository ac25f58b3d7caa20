//! In which numbers a network learns on a device.

use burn::tensor::{Device, FloatDType};

use crate::domain::config::Precision;

/// Whether mixed precision is meant for the device: it is no CPU, and computes in f16. On CPUs f16 takes longer than f32.
pub fn computes_in_f16(device: &Device) -> bool {
    *device != Device::flex() && device.supports_dtype(FloatDType::F16)
}

/// Whether convolutions compute in f16.
pub fn is_mixed(precision: Precision, device: &Device) -> bool {
    match precision {
        Precision::F32 => false,
        Precision::Mixed => true,
        Precision::Auto => computes_in_f16(device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_computes_in_f32_unless_it_is_told_otherwise() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            assert!(!computes_in_f16(&device));
            assert!(!is_mixed(Precision::Auto, &device) && !is_mixed(Precision::F32, &device));
            assert!(is_mixed(Precision::Mixed, &device));
        }
    }
}
