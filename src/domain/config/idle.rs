//! Settings that have no effect on a network: a run is refused with them, a grid of networks leaves them out.

use super::model_config::ModelConfig;
use super::options::Colors;

impl ModelConfig {
    /// This network without what another one would need: deep supervision where there is one node at full resolution, own colours
    /// where a pretrained encoder has its.
    #[must_use]
    pub fn without_idle(self) -> Self {
        let deep_supervision = self.deep_supervision && self.is_nested();
        let colors = if self.encoder.is_pretrained() { Colors::ImageNet } else { self.colors };
        Self { deep_supervision, colors, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::config::{Arch, Encoder};

    #[test]
    fn only_what_has_no_effect_is_left_out() {
        let deep = ModelConfig { arch: Arch::UNetPlusPlus, deep_supervision: true, ..ModelConfig::default() };
        let unit = ModelConfig { colors: Colors::Unit, ..deep };
        assert_eq!(unit.clone().without_idle(), unit);
        let plain = ModelConfig { arch: Arch::UNet, ..unit.clone() }.without_idle();
        assert_eq!((plain.deep_supervision, plain.colors), (false, Colors::Unit));
        let pretrained = ModelConfig { encoder: Encoder::Lite0, ..unit }.without_idle();
        assert_eq!((pretrained.deep_supervision, pretrained.colors), (false, Colors::ImageNet));
    }
}
