//! Outputs of a layer, one by one: each is a row of its weights.

use burn::Tensor;
use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::tensor::TensorData;

/// A 1×1 convolution like `fresh`, whose output `class` is that of `known` with the number `rows[class]` where there is one.
///
/// # Shapes
/// - `fresh`: weights `[classes, channels, 1, 1]`, as many as `rows`
/// - `known`: weights `[any, channels, 1, 1]`
pub(super) fn taken(fresh: &Conv2d, known: &Conv2d, rows: &[Option<usize>]) -> Conv2d {
    let mut taken = fresh.clone();
    taken.weight = mixed(&fresh.weight, &known.weight, rows);
    taken.bias = fresh.bias.as_ref().zip(known.bias.as_ref()).map(|(fresh, known)| mixed(fresh, known, rows));
    taken
}

fn mixed<const D: usize>(
    fresh: &Param<Tensor<D>>,
    known: &Param<Tensor<D>>,
    rows: &[Option<usize>],
) -> Param<Tensor<D>> {
    let (shape, device) = (fresh.val().dims(), fresh.val().device());
    let [mut values, known] = [fresh, known]
        .map(|param| -> Vec<f32> { param.val().into_data().try_to_vec().expect("networks compute in f32") });
    let width = values.len() / rows.len();
    for (to, from) in values.chunks_exact_mut(width).zip(rows) {
        if let Some(row) = from.and_then(|from| known.get(from * width..(from + 1) * width)) {
            to.copy_from_slice(row);
        }
    }
    Param::from_data(TensorData::new(values, shape), &device)
}
