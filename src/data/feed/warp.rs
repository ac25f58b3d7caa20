//! Crops turned, zoomed and shifted by any amount: one affine map from a crop's cells to its tile, flips and quarter turns included.
//!
//! What lies beyond the crop comes from the tile. Beyond the tile there is nothing: no colour, no label.

use super::augment::Symmetry;
use crate::domain::hash::Stream;

/// Positions are rounded to one part in so many of a pixel: a turn by 90° meets every pixel at its centre.
pub(super) const PARTS: i64 = 256;
/// Binary digits behind the point of a position while it is computed.
const DIGITS: u32 = 32;
/// The digits that rounding to [`PARTS`] takes off.
const DROPPED: u32 = DIGITS - PARTS.ilog2();

/// What warps are drawn from. The default draws none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WarpPlan {
    /// Half of the crops are turned by up to this many degrees, either way; 0 for none.
    pub rotation: f64,
    /// Share of the crops that are shifted, zoomed and turned by up to the next three, either way.
    pub probability: f64,
    /// Share of the side.
    pub shift: f64,
    /// Share of the size, below 1.
    pub scale: f64,
    /// Degrees.
    pub rotate: f64,
}

/// A turn, zoom and shift. Flips and quarter turns come before it, as the crop's [`Symmetry`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warp {
    /// `(x, y)` from the middle of the warped crop is `(ax − by, bx + ay)` from that of the crop.
    a: f64,
    b: f64,
    /// Where the middle of the crop ends up, in shares of the side from the middle.
    shift: [f64; 2],
}

impl Warp {
    /// A turn by `degrees` against the clock, then a zoom (above 1 enlarges), then a shift in shares of the side.
    pub fn new(degrees: f64, zoom: f64, shift: [f64; 2]) -> Self {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        Self { a: cosine / zoom, b: sine / zoom, shift }
    }

    /// Draws a warp; `None` if this crop is not warped. A plan without warps draws no number.
    pub fn draw(random: &mut Stream, plan: &WarpPlan) -> Option<Self> {
        let (mut degrees, mut zoom, mut shift) = (0.0, 1.0, [0.0; 2]);
        let is_turned = plan.rotation > 0.0 && random.coin();
        if is_turned {
            degrees += within(random, plan.rotation);
        }
        let is_moved = plan.probability > 0.0 && f64::from(random.unit()) < plan.probability;
        if is_moved {
            shift = [0; 2].map(|_| within(random, plan.shift));
            zoom += within(random, plan.scale);
            degrees += within(random, plan.rotate);
        }
        (is_turned || is_moved).then(|| Self::new(degrees, zoom, shift))
    }

    /// The same, shifted so that the centre of a pixel of the crop is that of a pixel of the warped crop: a label of one pixel must
    /// neither leave it nor fall between its pixels. Where it would leave, it comes to lie at the border.
    ///
    /// `label` is from the middle of the crop, in pixels; flips and quarter turns are already in it.
    #[must_use]
    pub(super) fn holding(self, label: [f64; 2], side: u32) -> Self {
        let Self { a, b, shift } = self;
        let (side, [x, y]) = (f64::from(side), label);
        let turned = [a * x + b * y, a * y - b * x].map(|at| at / (a * a + b * b));
        let shift = [0, 1].map(|axis| {
            let pixel = (turned[axis] + side * (shift[axis] + 0.5)).floor().clamp(0.0, side - 1.0);
            (pixel + 0.5 - side / 2.0 - turned[axis]) / side
        });
        Self { shift, ..self }
    }
}

/// A number from −`limit` to `limit`.
fn within(random: &mut Stream, limit: f64) -> f64 {
    limit * (2.0 * f64::from(random.unit()) - 1.0)
}

/// Where the pixels of a warped crop are in its tile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// Centre of the first pixel, and the steps to its right and lower neighbours, with [`DIGITS`] binary digits.
    first: [i64; 2],
    right: [i64; 2],
    down: [i64; 2],
}

impl Grid {
    /// The grid of a crop whose first pixel is `corner` and whose side is `side` pixels of the tile.
    pub(super) fn new(corner: [i64; 2], side: u32, symmetry: Symmetry, warp: Warp) -> Self {
        let Warp { a, b, shift } = warp;
        let source = |[x, y]: [f64; 2]| symmetry.turned_back([a * x - b * y, b * x + a * y]);
        let half = f64::from(side) / 2.0;
        let first = source(shift.map(|share| 0.5 - half - share * f64::from(side)));
        let fixed = |pixels: f64| (pixels * f64::from(DIGITS).exp2()).round() as i64;
        let [right, down] = [[1.0, 0.0], [0.0, 1.0]].map(|step| source(step).map(fixed));
        let first = [0, 1].map(|axis| fixed(first[axis] + half) + (corner[axis] << DIGITS));
        Self { first, right, down }
    }

    /// The centre of a pixel, in [`PARTS`] of a pixel of the tile.
    pub(super) fn at(&self, x: u32, y: u32) -> [i64; 2] {
        let (x, y) = (i64::from(x), i64::from(y));
        [0, 1].map(|axis| {
            let exact = self.first[axis] + x * self.right[axis] + y * self.down[axis];
            (exact + (1 << (DROPPED - 1))) >> DROPPED
        })
    }

    /// The pixel of the tile in which the centre of a pixel lies. It may be outside.
    pub(super) fn nearest(&self, x: u32, y: u32) -> [i64; 2] {
        self.at(x, y).map(|at| at.div_euclid(PARTS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: u32 = 7;

    fn grid(warp: Warp) -> Grid {
        Grid::new([10, 20], SIDE, Symmetry::default(), warp)
    }

    #[test]
    fn no_turn_meets_every_pixel_where_it_is() {
        let grid = grid(Warp::new(0.0, 1.0, [0.0; 2]));
        for (x, y) in [(0, 0), (6, 0), (3, 5), (6, 6)] {
            assert_eq!(grid.nearest(x, y), [i64::from(10 + x), i64::from(20 + y)]);
            assert_eq!(grid.at(x, y).map(|at| at % PARTS), [PARTS / 2; 2], "at its centre");
        }
    }

    #[test]
    fn a_shift_moves_the_picture_that_way_and_a_zoom_enlarges_it() {
        let shifted = grid(Warp::new(0.0, 1.0, [2.0 / 7.0, -1.0 / 7.0]));
        assert_eq!(shifted.nearest(2, 0), [10, 21], "what was first is two to the right and one up");
        let zoomed = grid(Warp::new(0.0, 2.0, [0.0; 2]));
        assert_eq!([zoomed.nearest(3, 3), zoomed.nearest(5, 3)], [[13, 23], [14, 23]]);
    }

    #[test]
    fn the_middle_stays_under_every_turn() {
        for degrees in [-180.0, -31.0, 0.5, 45.0, 90.0] {
            assert_eq!(grid(Warp::new(degrees, 1.1, [0.0; 2])).nearest(3, 3), [13, 23], "{degrees}");
        }
    }

    #[test]
    fn draws_stay_within_the_limits_and_nothing_is_drawn_without_a_plan() {
        let plan = WarpPlan { probability: 0.5, shift: 0.0625, scale: 0.1, rotate: 45.0, ..WarpPlan::default() };
        let mut random = Stream::new(5);
        let warps: Vec<Warp> = (0..2000).filter_map(|_| Warp::draw(&mut random, &plan)).collect();
        assert!((900..1100).contains(&warps.len()), "half of them: {}", warps.len());
        let most = |of: fn(&Warp) -> f64| warps.iter().map(|warp| of(warp).abs()).fold(0.0, f64::max);
        let (degrees, shift) = (most(|warp| warp.b.atan2(warp.a).to_degrees()), most(|warp| warp.shift[1]));
        assert!((44.0..=45.0).contains(&degrees) && (0.06..=0.0625).contains(&shift), "{degrees} {shift}");
        let zooms = warps.iter().map(|warp| warp.a.hypot(warp.b).recip());
        assert!(zooms.clone().all(|zoom| (0.9 - 1e-9..=1.1 + 1e-9).contains(&zoom)));
        assert!(zooms.fold(0.0, f64::max) > 1.09);
        let (mut drawn, untouched) = (Stream::new(5), Stream::new(5).next_u64());
        assert_eq!(Warp::draw(&mut drawn, &WarpPlan::default()), None);
        assert_eq!(drawn.next_u64(), untouched, "runs without warps draw what they always did");
    }

    #[test]
    fn half_of_the_crops_are_turned_by_up_to_the_rotation() {
        let plan = WarpPlan { rotation: 90.0, ..WarpPlan::default() };
        let mut random = Stream::new(6);
        let warps: Vec<Warp> = (0..2000).filter_map(|_| Warp::draw(&mut random, &plan)).collect();
        assert!((900..1100).contains(&warps.len()), "{}", warps.len());
        assert!(warps.iter().all(|warp| warp.a >= -1e-9 && (warp.a.hypot(warp.b) - 1.0).abs() < 1e-9));
        assert!(warps.iter().any(|warp| warp.b > 0.99) && warps.iter().any(|warp| warp.b < -0.99));
    }

    #[test]
    fn a_pixel_to_hold_is_met_at_its_centre_wherever_it_is() {
        let mut random = Stream::new(8);
        let plan = WarpPlan { rotation: 180.0, probability: 0.5, shift: 0.5, scale: 0.5, rotate: 45.0 };
        for _ in 0..500 {
            let Some(warp) = Warp::draw(&mut random, &plan) else { continue };
            let pixel = [random.below(7) as u32, random.below(7) as u32];
            let held = warp.holding(pixel.map(|at| f64::from(at) + 0.5 - 3.5), SIDE);
            let grid = Grid::new([0, 0], SIDE, Symmetry::default(), held);
            let want = pixel.map(|at| i64::from(at) * PARTS + PARTS / 2);
            let met = (0..SIDE * SIDE).any(|at| grid.at(at % SIDE, at / SIDE) == want);
            assert!(met, "{pixel:?} {warp:?}");
        }
    }
}
