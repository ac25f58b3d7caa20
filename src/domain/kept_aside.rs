//! Clicks that are kept aside to compare the quick head with the network where no mask can: neither learns from them.

use super::Stroke;

/// Every how many clicks of a class on a tile one is kept aside.
const EVERY: u64 = 5;

/// Whether the click of a class on a tile with this number, from 1, is kept aside.
pub fn is_kept_aside(number: u64) -> bool {
    number.is_multiple_of(EVERY)
}

/// For each stroke on a tile, oldest first: whether it is kept aside. That is every fifth of its class; strokes of the eraser
/// never are.
pub fn kept_aside<'a>(strokes: impl IntoIterator<Item = &'a Stroke>) -> Vec<bool> {
    let mut counts = [0_u64; 256];
    let mut is_kept = |stroke: &Stroke| {
        let Some(class) = stroke.class else { return false };
        let count = &mut counts[usize::from(class)];
        *count += 1;
        is_kept_aside(*count)
    };
    strokes.into_iter().map(&mut is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fifth_click_of_a_class_is_kept_aside() {
        let stroke = |class| Stroke { tile: "t".to_owned(), class, radius: 1.0, path: vec![[1.0, 1.0]] };
        let classes = [Some(0), Some(1), None, Some(0), Some(0), Some(0), None, Some(0), Some(1), Some(0)];
        let strokes = classes.map(stroke);
        let flags = kept_aside(&strokes);
        assert_eq!(flags.iter().position(|kept| *kept), Some(7), "the fifth of class 0");
        assert_eq!(flags.iter().filter(|kept| **kept).count(), 1);
    }
}
