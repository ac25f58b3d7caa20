//! Limited-memory BFGS (Nocedal: "Updating quasi-Newton matrices with limited storage", 1980) with a backtracking line search.

use std::collections::VecDeque;

/// Pairs of steps and gradient changes that are remembered.
const MEMORY: usize = 10;

/// When the search ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    /// Iterations at most.
    pub(super) iterations: usize,
    /// The value fell by less than this share of itself.
    pub(super) tolerance: f32,
}

struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    rho: f32,
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>() as f32
}

/// Moves `at` to a minimum of a convex function. `function` returns the value and writes the gradient; iterations are counted.
pub(super) fn minimize(at: &mut Vec<f32>, stop: Stop, mut function: impl FnMut(&[f32], &mut [f32]) -> f32) -> usize {
    let mut gradient = vec![0.0; at.len()];
    let mut value = function(at, &mut gradient);
    let mut pairs: VecDeque<Pair> = VecDeque::new();
    let (mut next, mut next_gradient) = (at.clone(), gradient.clone());
    for iteration in 0..stop.iterations {
        let mut direction = descent(&gradient, &pairs);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            pairs.clear();
            direction = gradient.iter().map(|g| -g).collect();
            slope = -dot(&gradient, &gradient);
        }
        if slope == 0.0 {
            return iteration;
        }
        let mut length = if pairs.is_empty() { (1.0 / dot(&gradient, &gradient).sqrt()).min(1.0) } else { 1.0 };
        let mut next_value;
        loop {
            next.iter_mut().zip(at.iter()).zip(&direction).for_each(|((n, &a), &d)| *n = d.mul_add(length, a));
            next_value = function(&next, &mut next_gradient);
            if next_value <= value + 1e-4 * length * slope || length < 1e-6 {
                break;
            }
            length /= 2.0;
        }
        let step: Vec<f32> = next.iter().zip(at.iter()).map(|(n, a)| n - a).collect();
        let change: Vec<f32> = next_gradient.iter().zip(&gradient).map(|(n, g)| n - g).collect();
        let curvature = dot(&step, &change);
        if curvature > 1e-10 {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back(Pair { step, change, rho: 1.0 / curvature });
        }
        let fall = value - next_value;
        std::mem::swap(at, &mut next);
        std::mem::swap(&mut gradient, &mut next_gradient);
        value = next_value;
        if fall <= stop.tolerance * value.abs().max(1e-12) {
            return iteration + 1;
        }
    }
    stop.iterations
}

/// The two-loop recursion: minus the inverse Hessian's estimate times the gradient.
fn descent(gradient: &[f32], pairs: &VecDeque<Pair>) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let alpha = pair.rho * dot(&pair.step, &direction);
        direction.iter_mut().zip(&pair.change).for_each(|(d, &c)| *d -= alpha * c);
        alphas.push(alpha);
    }
    if let Some(pair) = pairs.back() {
        let scale = 1.0 / (pair.rho * dot(&pair.change, &pair.change));
        direction.iter_mut().for_each(|d| *d *= scale);
    }
    for (pair, alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * dot(&pair.change, &direction);
        direction.iter_mut().zip(&pair.step).for_each(|(d, &s)| *d += (alpha - beta) * s);
    }
    direction
}
