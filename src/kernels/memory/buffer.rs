//! Large buffers, kept from one training step to the next.
//!
//! A step needs the same few dozen tensors as the one before. Fresh memory from the system must be cleared page by page,
//! which costs as much as writing it twice; a returned buffer costs nothing.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::cache_lines;
use crate::kernels::raw;

/// Values from the start of a cache line on, that go back to the pool when dropped.
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
    /// The most values in use at once.
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

    fn count(&mut self, values: usize) {
        self.used_values += values;
        self.peak_values = self.peak_values.max(self.used_values);
        self.trim();
    }

    /// Idle buffers may only take what has been in use at once before, and an eighth more: sizes never fit exactly.
    fn trim(&mut self) {
        let most = self.peak_values + self.peak_values / 8;
        while self.idle_values + self.used_values > most && !self.idle.is_empty() {
            self.idle_values -= self.idle.remove(0).len();
        }
    }
}

impl Buffer {
    /// `len` values, whatever was in them before.
    pub fn new(len: usize) -> Self {
        let taken = pool().take(len + cache_lines::SPARE);
        let values = taken.unwrap_or_else(|| vec![0.0; len + cache_lines::SPARE]);
        pool().count(values.len());
        Self { start: cache_lines::start(&values), values, len }
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

/// Gives memory that was freed back to the system. Takes milliseconds.
pub fn give_back() {
    raw::give_back();
}

/// Gives all idle buffers back to the system, for instance when a run has ended.
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
    fn a_returned_buffer_is_taken_again() {
        // A size no other test uses: the pool is shared.
        let first = Buffer::new(1_234_567);
        let at = first.as_ptr();
        drop(first);
        assert_eq!(Buffer::new(1_234_567).as_ptr(), at);
        assert_eq!(Buffer::new(7).len(), 7);
    }
}
