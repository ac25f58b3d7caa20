//! What is different about a network that is refused.

use crate::domain::NamedTensor;

/// Names that are shown of a file that has none of the known ones.
const SHOWN: usize = 3;

/// Why a convolution does not fit, if its window is the reason.
pub(super) fn foreign_window(shape: &[usize], wanted: &[usize]) -> Option<String> {
    let ([_, _, height, width], [_, _, side, _]) = (shape, wanted) else { return None };
    ([*height, *width] != [*side; 2])
        .then(|| format!("has windows of {height}×{width} pixels where {side}×{side} belong"))
}

/// The message for a file whose names follow no scheme.
pub(super) fn no_scheme(tensors: &[NamedTensor]) -> String {
    let layers = || tensors.iter().filter(|tensor| tensor.shape.len() == 4);
    let odd = layers().find(|layer| layer.shape[2] != layer.shape[3] || layer.shape[2] > 3);
    let doubles = layers().any(|layer| layer.shape[2..] == [2, 2]);
    let up = layers().find(|layer| layer.name.contains("up") && layer.shape[2..] == [3, 3]).filter(|_| !doubles);
    let mut differences = Vec::new();
    differences.extend(
        odd.map(|layer| format!("{} has windows of {}×{} pixels, not 3×3", layer.name, layer.shape[2], layer.shape[3])),
    );
    differences.extend(up.map(|layer| {
        format!("{} up-samples with windows of 3×3 pixels, not with a transposed convolution of 2×2", layer.name)
    }));
    if differences.is_empty() {
        let names: Vec<&str> = tensors.iter().take(SHOWN).map(|tensor| tensor.name.as_str()).collect();
        differences.push(format!("its names ({}, …) follow none of the known schemes", names.join(", ")));
    }
    format!(
        "it is no U-Net that this program builds: {} (docs/weights.md lists what can be imported)",
        differences.join("; ")
    )
}
