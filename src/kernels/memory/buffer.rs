//! Large buffers that are kept from one training step to the next.
//!
//! Each step needs the same few dozen tensors. The system clears fresh memory page by page, which costs as much as
//! writing it twice; a reused buffer costs nothing.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cache_lines::{LINE_VALUES, aligned_start};
use crate::kernels::raw;

/// Values aligned to a cache line. Dropping a buffer returns it to the pool.
#[derive(Debug)]
pub struct Buffer {
    values: Vec<f32>,
    start: usize,
    len: usize,
}

#[derive(Default)]
struct Pool {
    /// Returned buffers, the latest last.
    idle: Vec<Vec<f32>>,
    idle_values: usize,
    used_values: usize,
    /// The largest value of `used_values` so far.
    peak_values: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), idle_values: 0, used_values: 0, peak_values: 0 });

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// The latest returned buffer that is large enough and at most an eighth too large.
    fn take(&mut self, len: usize) -> Option<Vec<f32>> {
        let fits = |values: &Vec<f32>| values.len() >= len && values.len() <= len + len / 8 + 64;
        let at = self.idle.iter().rposition(fits)?;
        let values = self.idle.remove(at);
        self.idle_values -= values.len();
        Some(values)
    }

    fn count_used(&mut self, values: usize) {
        self.used_values += values;
        self.peak_values = self.peak_values.max(self.used_values);
        self.trim();
    }

    /// Frees idle buffers, the oldest first, while the pool holds more than the peak and an eighth. The eighth allows
    /// for sizes that do not fit exactly.
    fn trim(&mut self) {
        let most = self.peak_values + self.peak_values / 8;
        while self.idle_values + self.used_values > most && !self.idle.is_empty() {
            self.idle_values -= self.idle.remove(0).len();
        }
    }
}

impl Buffer {
    /// `len` values with undefined contents.
    pub fn new(len: usize) -> Self {
        let taken = pool().take(len + LINE_VALUES);
        let values = taken.unwrap_or_else(|| vec![0.0; len + LINE_VALUES]);
        pool().count_used(values.len());
        Self { start: aligned_start(&values), values, len }
    }

    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::new(len);
        buffer.fill(0.0);
        buffer
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[self.start..][..self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..][..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        let mut pool = pool();
        pool.used_values -= values.len();
        pool.idle_values += values.len();
        pool.idle.push(values);
        pool.trim();
    }
}

/// Returns freed memory to the system. Takes milliseconds.
pub fn give_back() {
    raw::give_back();
}

/// Frees all idle buffers, for instance when a run has ended.
pub fn release_idle() {
    let mut pool = pool();
    pool.idle.clear();
    pool.idle_values = 0;
    pool.peak_values = pool.used_values;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_buffer_is_reused() {
        // No other test uses this size: all tests share the pool.
        let first = Buffer::new(1_234_567);
        let at = first.as_ptr();
        drop(first);
        assert_eq!(Buffer::new(1_234_567).as_ptr(), at);
        assert_eq!(Buffer::new(7).len(), 7);
    }
}
