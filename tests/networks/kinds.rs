// Both the library's own tests and those beside it read this list, so it is included as text.

/// One configuration of each kind: every architecture, and what else changes a graph.
fn kinds(base: usize, levels: usize) -> Vec<ModelConfig> {
    let unet = ModelConfig { base, levels, ..ModelConfig::default() };
    let nested = ModelConfig { arch: Arch::UNetPlusPlus, ..unet.clone() };
    let lite0 = ModelConfig { encoder: Encoder::Lite0, ..unet };
    let unit = ModelConfig { colors: Colors::Unit, levels: 2, ..unet.clone() };
    let nearest = |model: &ModelConfig| ModelConfig { upsampling: Upsampling::Nearest, ..model.clone() };
    let group = |model: &ModelConfig| ModelConfig { norm: Norm::Group, ..model.clone() };
    let bands = ModelConfig { in_channels: 4, ..unet.clone() };
    let other = [nearest(&unet), nearest(&nested), nearest(&lite0), group(&unet), group(&lite0)];
    let both = group(&nearest(&nested));
    let deep = ModelConfig { deep_supervision: true, ..nested.clone() };
    [unet, nested, lite0, unit, bands, both, deep].into_iter().chain(other).collect()
}
