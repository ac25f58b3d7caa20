//! The land cover of the demo scenes: where water, fields, towns, woods, grass and soil lie.

use super::noise::{cell, fractal};

/// DeepGlobe's classes in DeepGlobe's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cover {
    /// Blocks of houses with their streets and gardens.
    Urban,
    /// Fields and the tracks between them.
    Agriculture,
    /// Grass and scattered shrubs.
    Range,
    /// Closed tree cover.
    Forest,
    /// Rivers and lakes.
    Water,
    /// Bare soil and rock.
    Barren,
    /// Clouds.
    Unknown,
}

/// Parameters of a scene. Shares are biases: 0 is neutral, 0.1 is much, −0.5 is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recipe {
    /// Name of the tile.
    pub(super) id: &'static str,
    /// Seed of all noise, which selects a part of the endless landscape.
    pub(super) seed: u64,
    /// Direction of field edges and streets as cosine and sine, from a Pythagorean triple so that both are exact.
    pub(super) axis: [f64; 2],
    /// Half the width of the river in pixels; 0 for no river.
    pub(super) river: f64,
    /// Share of lakes; 0 for none.
    pub(super) lake: f64,
    /// Share of towns.
    pub(super) urban: f64,
    /// Share of fields.
    pub(super) fields: f64,
    /// Share of woods.
    pub(super) forest: f64,
    /// Share of bare soil.
    pub(super) barren: f64,
    /// Fields are circles, as with centre-pivot irrigation.
    pub(super) pivots: bool,
    /// A cloud covers a corner.
    pub(super) cloud: bool,
}

/// The landscape at a point.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Land cover.
    pub(super) cover: Cover,
    /// Distance to the shore in pixels, negative in water.
    pub(super) shore: f64,
    /// The field or block around the point.
    pub(super) parcel: Parcel,
}

/// A field or block: a cell of a jittered grid along the recipe's axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parcel {
    /// Row and column, the key of the parcel's random numbers.
    pub(super) key: [i64; 2],
    /// Position relative to the corner of the cell in pixels.
    pub(super) inside: [f64; 2],
    /// Size of the cell in pixels.
    pub(super) size: [f64; 2],
}

impl Parcel {
    /// Distance to the nearest edge in pixels.
    pub(super) fn edge(&self) -> f64 {
        (0..2).map(|i| self.inside[i].min(self.size[i] - self.inside[i])).fold(f64::MAX, f64::min)
    }

    /// A random number in 0..1, fixed for the parcel.
    pub(super) fn number(&self, seed: u64) -> f64 {
        cell(seed, self.key[0], self.key[1])
    }
}

const ROW: f64 = 44.0;
const COLUMN: f64 = 58.0;

impl Recipe {
    /// The landscape at a point of the scene.
    pub(super) fn site(&self, x: f64, y: f64) -> Site {
        let parcel = self.parcel(x, y);
        let shore = self.shore(x, y);
        let cover = if self.cloud && self.cloud_cover(x, y) > 0.5 {
            Cover::Unknown
        } else if shore < 0.0 {
            Cover::Water
        } else {
            self.dry(x, y, shore, &parcel)
        };
        Site { cover, shore, parcel }
    }

    /// Thickness of the cloud.
    pub(super) fn cloud_cover(&self, x: f64, y: f64) -> f64 {
        let (dx, dy) = ((x - 196.0) / 58.0, (y - 52.0) / 40.0);
        (1.0 - dx * dx - dy * dy).max(-1.0) * 0.8 + (fractal(self.seed + 900, x / 30.0, y / 30.0, 5) - 0.4) * 1.6
    }

    /// Height of the ground, 0..1.
    pub(super) fn ground(&self, x: f64, y: f64) -> f64 {
        fractal(self.seed + 100, x / 95.0, y / 95.0, 5)
    }

    fn dry(&self, x: f64, y: f64, shore: f64, parcel: &Parcel) -> Cover {
        let woods = fractal(self.seed + 300, x / 64.0, y / 64.0, 4) + self.forest;
        let banks = self.river > 0.0 && shore < 3.0 + 16.0 * (fractal(self.seed + 310, x / 30.0, y / 30.0, 2) - 0.38);
        let human = self.human(parcel);
        if banks && human != Some(Cover::Urban) {
            return Cover::Forest;
        }
        if let Some(cover) = human {
            return if cover == Cover::Agriculture && woods > 0.67 { Cover::Forest } else { cover };
        }
        let soil = fractal(self.seed + 400, x / 80.0, y / 80.0, 4) + self.barren;
        if woods > 0.5 && woods > soil {
            Cover::Forest
        } else if soil > 0.5 {
            Cover::Barren
        } else {
            Cover::Range
        }
    }

    /// Whether a parcel is town or field, judged at its centre so that edges are straight.
    fn human(&self, parcel: &Parcel) -> Option<Cover> {
        let middle = self.middle_of(parcel);
        let town = fractal(self.seed + 500, middle[0] / 130.0, middle[1] / 130.0, 2) + self.urban;
        let farm = fractal(self.seed + 600, middle[0] / 110.0, middle[1] / 110.0, 2) + self.fields;
        if town > 0.5 && town > farm - 0.1 {
            return Some(Cover::Urban);
        }
        if farm <= 0.5 {
            return None;
        }
        let (dx, dy) = (parcel.inside[0] - parcel.size[0] / 2.0, parcel.inside[1] - parcel.size[1] / 2.0);
        let radius = parcel.size[0].min(parcel.size[1]) / 2.0 - 1.0;
        (!self.pivots || dx * dx + dy * dy < radius * radius).then_some(Cover::Agriculture)
    }

    /// Approximate signed distance to the shore in pixels.
    fn shore(&self, x: f64, y: f64) -> f64 {
        let warp = |salt: u64| (fractal(self.seed + salt, x / 40.0, y / 40.0, 2) - 0.5) * 14.0;
        let (wx, wy) = (x + warp(210), y + warp(220));
        let mut shore = f64::MAX;
        if self.river > 0.0 {
            let height = |x: f64, y: f64| fractal(self.seed + 200, x / 190.0, y / 190.0, 2);
            let level = height(118.0, 138.0);
            let (value, slope) = (height(wx, wy), slope(height, wx, wy));
            shore = (value - level).abs() / slope.max(0.0012) - self.river;
        }
        if self.lake > 0.0 {
            let height = |x: f64, y: f64| fractal(self.seed + 230, x / 120.0, y / 120.0, 3);
            shore = shore.min((height(wx, wy) - 0.5 + 0.35 - self.lake) / slope(height, wx, wy).max(0.003));
        }
        shore
    }

    fn parcel(&self, x: f64, y: f64) -> Parcel {
        let bend = |salt: u64| (fractal(self.seed + salt, x / 120.0, y / 120.0, 1) - 0.5) * 9.0;
        let (bx, by) = (x + bend(700), y + bend(710));
        let along = bx * self.axis[0] + by * self.axis[1];
        let across = by * self.axis[0] - bx * self.axis[1];
        let pitch = if self.pivots { [64.0, 64.0] } else { [COLUMN, ROW] };
        let jitter = if self.pivots { 0.0 } else { 0.7 };
        let (row, from_row, height) = interval(self.seed + 720, 0, across, pitch[1], jitter);
        let shift = if self.pivots { 0.0 } else { cell(self.seed + 730, row, 0) * pitch[0] };
        let (column, from_column, width) = interval(self.seed + 740, row, along + shift, pitch[0], jitter);
        Parcel { key: [row, column], inside: [from_column, from_row], size: [width, height] }
    }

    /// Approximate centre of a parcel in scene coordinates.
    fn middle_of(&self, parcel: &Parcel) -> [f64; 2] {
        let pitch = if self.pivots { [64.0, 64.0] } else { [COLUMN, ROW] };
        let shift = if self.pivots { 0.0 } else { cell(self.seed + 730, parcel.key[0], 0) * pitch[0] };
        let along = (parcel.key[1] as f64 + 0.5) * pitch[0] - shift;
        let across = (parcel.key[0] as f64 + 0.5) * pitch[1];
        [along * self.axis[0] - across * self.axis[1], along * self.axis[1] + across * self.axis[0]]
    }
}

/// Slope of a height field by finite differences.
fn slope(height: impl Fn(f64, f64) -> f64, x: f64, y: f64) -> f64 {
    let dx = (height(x + 2.0, y) - height(x - 2.0, y)) / 4.0;
    let dy = (height(x, y + 2.0) - height(x, y - 2.0)) / 4.0;
    (dx * dx + dy * dy).sqrt()
}

/// Divides a line into intervals of about `pitch`. Returns the index of the interval around `v`, the offset in it and its
/// length.
fn interval(seed: u64, salt: i64, v: f64, pitch: f64, jitter: f64) -> (i64, f64, f64) {
    let start = |i: i64| (i as f64 + (cell(seed, i, salt) - 0.5) * jitter) * pitch;
    let guess = (v / pitch).floor() as i64;
    let index = (guess - 1..=guess + 1).rev().find(|i| start(*i) <= v).unwrap_or(guess - 1);
    (index, v - start(index), start(index + 1) - start(index))
}
