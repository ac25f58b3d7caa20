//! Which channel of the packed texture holds which layer.

use crate::ui::state::layer::Layer;

/// Layers packed into one RGBA texture, in channel order. `shaders/indices.wgsl` and `shaders/canvas.wgsl` use this order.
pub(crate) const PACKED: [Layer; 4] = [Layer::Mask, Layer::Sampled, Layer::Prediction, Layer::Confidence];
