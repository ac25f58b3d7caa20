//! Colours for classes that come without one.

use crate::domain::hash;

/// The colour of class `index`: one of twenty distinct colours, then derived ones.
pub(crate) fn palette(index: usize) -> [u8; 3] {
    const COLORS: [u32; 20] = [
        0x4477aa, 0xee6677, 0x228833, 0xccbb44, 0x66ccee, 0xaa3377, 0xf28e2b, 0x8cd17d, 0x7f5539, 0xb6a6e9, 0x00a087,
        0xd7263d, 0x1b3a5c, 0xf7c59f, 0x9aa600, 0x5e3c99, 0xff9da7, 0x3f6f52, 0xbdb2a7, 0x3c3c3c,
    ];
    let bits = COLORS.get(index).copied().unwrap_or_else(|| (hash::mix(index as u64) as u32) | 0x0010_1010);
    [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8]
}

/// Classes of these names for tests, coloured by their first letter.
#[cfg(test)]
pub(crate) fn example_classes(names: &[&str]) -> crate::domain::Classes {
    let class = |name: &&str| {
        let color = palette(usize::from(name.as_bytes()[0]) % 20);
        crate::domain::ClassDef { name: (*name).to_owned(), color, ignored: false }
    };
    crate::domain::Classes::new(names.iter().map(class).collect()).expect("the names differ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn palette_colours_are_distinct() {
        let colors: std::collections::BTreeSet<_> = (0..254).map(palette).collect();
        assert_eq!(colors.len(), 254);
    }
}
