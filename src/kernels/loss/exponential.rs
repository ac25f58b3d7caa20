//! An exponential that compilers turn into vector instructions.

/// Below this the exponential counts as 0: what is left would be lost in a sum anyway, and products of such numbers are slow.
const LEAST: f32 = -40.0;
/// Adding and taking it away rounds to a whole number, whose bits stay the lowest ones in between.
const ROUND: f32 = 12_582_912.0;
/// ln 2 in two parts: the first has so few digits that its multiples are exact.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// Digits of the fraction of an `f32`, and the exponent of 1.
const FRACTION: u32 = 23;
const ONE: u32 = 127 << FRACTION;

/// eˣ for x up to 0, to a few units in the last place; 0 below −40. NaN stays NaN.
///
/// x = n ln 2 + r with |r| ≤ ½ ln 2, and eˣ = 2ⁿ eʳ, eʳ by its Taylor polynomial of degree 7.
#[inline(always)]
pub(super) fn exp_or_zero(x: f32) -> f32 {
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let tail = 1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0 + r * (1.0 / 5040.0)));
    let power = 1.0 + r * (1.0 + r * (0.5 + r * (1.0 / 6.0 + r * tail)));
    let scaled = power * f32::from_bits((rounded.to_bits() << FRACTION).wrapping_add(ONE));
    if x < LEAST { 0.0 } else { scaled }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_exponential_where_that_counts() {
        for step in 0..=40_000 {
            let x = -(step as f32) / 1000.0;
            let (got, want) = (f64::from(exp_or_zero(x)), f64::from(x).exp());
            assert!((got / want - 1.0).abs() < 4e-7, "{got} for {want} at {x}");
        }
        assert_eq!(
            [exp_or_zero(0.0), exp_or_zero(-40.1), exp_or_zero(-1e30), exp_or_zero(f32::NEG_INFINITY)],
            [1.0, 0.0, 0.0, 0.0]
        );
        assert!(exp_or_zero(f32::NAN).is_nan());
    }
}
