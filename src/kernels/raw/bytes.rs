//! Pooled memory as Burn's bytes.
//!
//! Burn accepts shared bytes without unsafe code, but copies them before it writes, as it does where it adds up the
//! gradients of a tensor that is used twice. Our own controller lets it write in place; creating one is unsafe.

use std::mem::MaybeUninit;

use burn::tensor::{AllocationProperty, Bytes};
use burn_std::{AccessError, AccessPolicy, AllocationController};

use crate::kernels::memory::Buffer;

/// Lends the buffer as bytes of 32-bit floats. Dropping them returns it to the pool.
pub(crate) fn lend(buffer: Buffer) -> Bytes {
    let len = size_of_val(&buffer[..]);
    // SAFETY: all values of a buffer are initialised, and `len` is the number of their bytes.
    unsafe { Bytes::from_controller(Box::new(Lent(buffer)), len) }
}

struct Lent(Buffer);

impl AllocationController for Lent {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Native
    }

    unsafe fn memory_mut(&mut self, _policy: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut self.0);
        // SAFETY: the same memory; the caller writes initialised values only, and any bits are a valid float.
        Ok(unsafe { std::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), bytes.len()) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.0);
        // SAFETY: the same memory; initialised bytes may be viewed as possibly uninitialised ones.
        Ok(unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len()) })
    }
}
