//! The norm of a gradient.

use rayon::prelude::*;

use super::chunk::CHUNK;
use crate::kernels::sum::sum;

/// The sum of the squared values. Its rounding does not depend on the number of threads.
pub fn squared_sum(values: &[f32]) -> f64 {
    let parts: Vec<f64> = values.par_chunks(CHUNK).map(|chunk| f64::from(sum(chunk, |value| value * value))).collect();
    parts.into_iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_are_summed_over_all_chunks_alike_on_any_number_of_threads() {
        let values: Vec<f32> = (0..2 * CHUNK + 7).map(|at| (at % 11) as f32 - 5.0).collect();
        let want: f64 = values.iter().map(|&value| f64::from(value * value)).sum();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            pool.install(|| squared_sum(&values))
        };
        assert!((on(1) - want).abs() < 1e-6 * want, "{} for {want}", on(1));
        assert_eq!(on(1).to_bits(), on(3).to_bits());
    }
}
