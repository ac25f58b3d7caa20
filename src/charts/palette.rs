//! Colours and dashes of series.

/// Colours that people with colour blindness tell apart (Okabe, Ito 2008), with a gray that shows on black and on white.
const COLORS: [&str; 7] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F"];
/// Dashes of those that come after: solid first.
const DASHES: [&str; 3] = ["", "6 3", "2 3"];

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    /// As CSS writes it.
    pub color: &'static str,
    /// As `stroke-dasharray`; empty for a solid line.
    pub dash: &'static str,
}

/// The pen of a series: colours first, then dashes.
pub fn pen(series: usize) -> Pen {
    let dash = DASHES[series / COLORS.len() % DASHES.len()];
    Pen { color: COLORS[series % COLORS.len()], dash }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_series_as_a_study_has_look_different() {
        let pens: Vec<Pen> = (0..21).map(pen).collect();
        assert!((0..21).all(|a| (0..a).all(|b| pens[a] != pens[b])));
    }
}
