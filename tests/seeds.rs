//! The seed alone decides which weights a network begins with. In a file of its own: tests of the same process would draw in between.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::convert::Infallible;
use std::thread;

use burn::tensor::Device;
use pointillist::domain::NamedTensor;
use pointillist::domain::config::ModelConfig;
use pointillist::model::{Net, draw};

/// The weights of a network of this seed.
fn weights(seed: u64) -> Vec<f32> {
    let (model, device) = (ModelConfig { base: 4, levels: 4, ..ModelConfig::default() }, Device::flex());
    let net = draw::seeded(&device, seed, || Ok::<_, Infallible>(Net::new(&model, 3, &device))).unwrap();
    net.tensors().into_iter().flat_map(|tensor: NamedTensor| tensor.values).collect()
}

#[test]
fn networks_made_on_two_threads_have_the_weights_of_their_seeds() {
    let alone = [1, 2].map(weights);
    assert_ne!(alone[0], alone[1]);
    for _ in 0..20 {
        thread::scope(|scope| {
            let unseeded = || {
                let device = Device::flex();
                draw::apart(|| Net::new(&ModelConfig { base: 8, ..ModelConfig::default() }, 3, &device).parameters())
            };
            let others = scope.spawn(unseeded);
            let both = [1, 2].map(|seed| scope.spawn(move || weights(seed)));
            let made = both.map(|thread| thread.join().unwrap());
            others.join().unwrap();
            assert!(made == alone, "another network took numbers of the generator");
        });
    }
}
