//! Weights are drawn for one network at a time. Flex has one random generator for the whole process: networks that were made on two threads
//! at once would take numbers from each other, and neither would have the weights of its seed.

use std::sync::{Mutex, PoisonError};

use burn::Tensor;
use burn::module::{Module as _, ModuleVisitor, Param};
use burn::tensor::Device;

use super::net::Net;

/// Held while weights are drawn.
static DRAWING: Mutex<()> = Mutex::new(());

/// Makes a network whose random weights follow from the seed alone, whatever other threads do. `make` must not draw apart again.
///
/// # Errors
/// If `make` fails.
pub fn seeded<E>(device: &Device, seed: u64, make: impl FnOnce() -> Result<Net, E>) -> Result<Net, E> {
    apart(|| {
        device.seed(seed);
        let net = make()?;
        // Burn draws a weight when it is first read.
        net.visit(&mut Drawn);
        Ok(net)
    })
}

/// Does what draws weights that follow from no seed, so that no network which has one is disturbed.
pub fn apart<T>(make: impl FnOnce() -> T) -> T {
    let _one = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    make()
}

/// Reads each weight.
struct Drawn;

impl ModuleVisitor for Drawn {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let _: Tensor<D> = param.val();
    }
}
