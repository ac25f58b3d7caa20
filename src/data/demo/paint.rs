//! Paints each kind of land cover as seen from above.

use super::land::{Cover, Parcel, Recipe, Site};
use super::noise::{cell, fractal, mix, nearest_point, step, value};

/// An RGB colour, 0 to 255 per channel.
type Color = [f64; 3];

/// Diameter of a tree crown in pixels.
const CROWN: f64 = 4.6;

/// A painted sample point.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Dot {
    /// Colour in full sun.
    pub(super) color: Color,
    /// Height above ground in pixels, for shadows.
    pub(super) height: f64,
}

impl Recipe {
    /// Paints a sample point of the scene.
    pub(super) fn dot(&self, x: f64, y: f64, site: &Site) -> Dot {
        let mut dot = match site.cover {
            Cover::Urban => self.block(x, y, &site.parcel),
            Cover::Agriculture => self.field(x, y, &site.parcel),
            Cover::Range | Cover::Unknown => self.grass(x, y),
            Cover::Forest => self.trees(x, y),
            Cover::Water => self.water(x, y, site.shore),
            Cover::Barren => self.soil(x, y),
        };
        let relief = match site.cover {
            Cover::Barren => 16.0,
            Cover::Range | Cover::Unknown => 9.0,
            Cover::Forest => 6.0,
            Cover::Agriculture => 2.5,
            Cover::Urban | Cover::Water => 0.0,
        };
        let slope = self.ground(x + 1.0, y + 1.0) - self.ground(x - 1.0, y - 1.0);
        scale(&mut dot.color, 1.0 + (slope * relief).clamp(-0.35, 0.35));
        if site.shore > 0.0 && site.shore < 2.2 && site.cover != Cover::Forest {
            blend(&mut dot.color, [186.0, 172.0, 138.0], 0.7 * (1.0 - site.shore / 2.2)); // A sandy bank.
        }
        dot
    }

    fn water(&self, x: f64, y: f64, shore: f64) -> Dot {
        let depth = step(0.0, if self.lake > 0.0 { 22.0 } else { 9.0 }, -shore);
        let murk = fractal(self.seed + 40, x / 60.0, y / 60.0, 3);
        let mut color = lerp([92.0, 116.0, 104.0], [34.0, 66.0, 84.0], depth);
        blend(&mut color, [62.0, 92.0, 82.0], murk * 0.5);
        scale(&mut color, 0.97 + 0.06 * fractal(self.seed + 41, x / 3.0, y / 7.0, 2));
        Dot { color, height: 0.0 }
    }

    fn trees(&self, x: f64, y: f64) -> Dot {
        let (to, number) = nearest_point(self.seed + 51, x / CROWN, y / CROWN);
        let far = (to[0] * to[0] + to[1] * to[1]).sqrt();
        let stand = fractal(self.seed + 54, x / 45.0, y / 45.0, 3);
        let mut color = lerp([38.0, 62.0, 36.0], [74.0, 96.0, 50.0], stand * 0.55 + number * 0.45);
        // A crown is a dome: brightest where it faces the sun in the north-west.
        scale(&mut color, 1.06 + (to[0] + to[1]) * 0.34 - far * 0.42);
        Dot { color, height: (3.2 + 1.6 * number) * (1.0 - 0.55 * far) }
    }

    fn grass(&self, x: f64, y: f64) -> Dot {
        let dry = fractal(self.seed + 60, x / 38.0, y / 38.0, 5);
        let mut color = lerp([122.0, 128.0, 78.0], [176.0, 162.0, 112.0], step(0.3, 0.7, dry));
        scale(&mut color, 0.9 + 0.2 * fractal(self.seed + 61, x / 2.4, y / 2.4, 2));
        let (to, number) = nearest_point(self.seed + 62, x / 9.0, y / 9.0);
        let far = (to[0] * to[0] + to[1] * to[1]).sqrt() * 9.0;
        let bushy = 0.95 - 0.5 * step(0.4, 0.65, fractal(self.seed + 64, x / 48.0, y / 48.0, 2));
        if number > bushy
            && far < 0.5 + 1.4 * number * cell(self.seed + 65, (to[0] * 9.0 + x) as i64, (to[1] * 9.0 + y) as i64)
        {
            return Dot { color: [70.0, 84.0, 48.0], height: 1.4 }; // A shrub.
        }
        Dot { color, height: 0.0 }
    }

    fn soil(&self, x: f64, y: f64) -> Dot {
        let kind = fractal(self.seed + 70, x / 55.0, y / 55.0, 4);
        let mut color = lerp([164.0, 136.0, 106.0], [206.0, 186.0, 156.0], step(0.3, 0.7, kind));
        // Gullies: the folds of a fine noise.
        let fold = (fractal(self.seed + 71, x / 26.0, y / 26.0, 4) - 0.5).abs();
        scale(&mut color, mix(0.82, 1.02, step(0.0, 0.05, fold)));
        scale(&mut color, 0.94 + 0.12 * fractal(self.seed + 72, x / 2.0, y / 2.0, 2));
        Dot { color, height: 0.0 }
    }

    fn field(&self, x: f64, y: f64, parcel: &Parcel) -> Dot {
        const CROPS: [Color; 8] = [
            [116.0, 140.0, 72.0],
            [90.0, 118.0, 60.0],
            [142.0, 154.0, 88.0],
            [190.0, 170.0, 116.0],
            [208.0, 190.0, 142.0],
            [146.0, 118.0, 88.0],
            [166.0, 142.0, 104.0],
            [128.0, 146.0, 92.0],
        ];
        let seed = self.seed + 80;
        // Long parcels are cut into strips, each with its own crop.
        let strips = (1.0 + parcel.number(seed) * 3.4).floor();
        let strip_width = parcel.size[0] / strips;
        let strip = if self.pivots { 0.0 } else { (parcel.inside[0] / strip_width).floor() };
        let number = |salt: u64| cell(seed + salt, parcel.key[0] * 31 + strip as i64, parcel.key[1]);
        let green = if self.pivots { 3.0 } else { 8.0 };
        let mut color = CROPS[(number(1) * green) as usize % CROPS.len()];
        scale(&mut color, 0.92 + 0.16 * number(2));
        let (along, period) = (usize::from(number(3) < 0.4), 2.6 + 2.2 * number(4));
        let row = parcel.inside[along] / period;
        let furrow = (row - row.floor() - 0.5).abs() * 2.0;
        scale(&mut color, 1.0 + (furrow - 0.5) * (0.05 + 0.13 * number(5)));
        scale(&mut color, 0.93 + 0.14 * fractal(seed + 9, x / 22.0, y / 22.0, 3));
        let between = parcel.inside[0] - strip * strip_width;
        let edge = if self.pivots { 9.0 } else { parcel.edge().min(between.min(strip_width - between) + 0.7) };
        if edge < 1.1 {
            return self.field_edge(x, y, parcel, color);
        }
        Dot { color, height: if number(1) < 0.4 { 0.3 } else { 0.0 } }
    }

    /// The edge of a field: a track or a hedge.
    fn field_edge(&self, x: f64, y: f64, parcel: &Parcel, crop: Color) -> Dot {
        if parcel.edge() < 1.1
            && cell(self.seed + 90, parcel.key[0], 7) < 0.45
            && value(self.seed + 91, x / 6.0, y / 6.0) > 0.35
        {
            return Dot { color: [62.0, 84.0, 46.0], height: 2.2 };
        }
        let mut color = crop;
        blend(&mut color, [186.0, 170.0, 134.0], 0.62);
        Dot { color, height: 0.0 }
    }

    fn block(&self, x: f64, y: f64, parcel: &Parcel) -> Dot {
        let seed = self.seed + 20;
        if parcel.edge() < 1.9 {
            return self.street(x, y);
        }
        let kind = parcel.number(seed);
        if kind < 0.1 {
            return self.park(x, y);
        }
        let works = kind > 0.84;
        let wanted = if works { [24.0, 17.0] } else { [9.5, 10.5] };
        let room = [parcel.size[0] - 3.8, parcel.size[1] - 3.8];
        let at = [parcel.inside[0] - 1.9, parcel.inside[1] - 1.9];
        let lots = [0, 1].map(|i| (room[i] / wanted[i]).round().max(1.0));
        let size = [0, 1].map(|i| room[i] / lots[i]);
        let lot = [0, 1].map(|i| (at[i] / size[i]).floor());
        let number =
            |salt: u64| cell(seed + salt, parcel.key[0] * 64 + lot[0] as i64, parcel.key[1] * 64 + lot[1] as i64);
        // A side street through larger blocks.
        if !works && lots[0] >= 4.0 && (at[0] - room[0] / 2.0).abs() < 1.0 {
            return self.street(x, y);
        }
        let margin = if works { 1.6 } else { 1.5 + 1.2 * number(1) };
        let from = [0, 1].map(|i| at[i] - lot[i] * size[i] - margin - number(2 + i as u64) * 0.8);
        let house = [0, 1].map(|i| size[i] - 2.0 * margin - 1.4 * number(4 + i as u64));
        let inside = (0..2).all(|i| from[i] > 0.0 && from[i] < house[i]);
        if inside && number(6) > 0.07 {
            return roof(number(7), from, house, works);
        }
        self.yard(x, y, works)
    }

    fn street(&self, x: f64, y: f64) -> Dot {
        let mut color = [136.0, 133.0, 128.0];
        scale(&mut color, 0.95 + 0.1 * fractal(self.seed + 31, x / 8.0, y / 8.0, 2));
        Dot { color, height: 0.0 }
    }

    fn yard(&self, x: f64, y: f64, works: bool) -> Dot {
        let (to, number) = nearest_point(self.seed + 33, x / 5.0, y / 5.0);
        let near = to[0] * to[0] + to[1] * to[1] < 0.11;
        if !works && near && number > 0.5 {
            return Dot { color: [58.0, 80.0, 46.0], height: 2.6 };
        }
        let lawn = fractal(self.seed + 32, x / 9.0, y / 9.0, 3);
        let paved = if works { 0.95 } else { 0.35 };
        let mut color =
            lerp([108.0, 122.0, 76.0], [168.0, 158.0, 138.0], step(1.0 - paved - 0.15, 1.0 - paved + 0.25, lawn));
        scale(&mut color, 0.95 + 0.1 * lawn);
        Dot { color, height: 0.0 }
    }

    fn park(&self, x: f64, y: f64) -> Dot {
        if fractal(self.seed + 34, x / 12.0, y / 12.0, 2) > 0.52 {
            return self.trees(x, y);
        }
        let mut color = [112.0, 132.0, 76.0];
        scale(&mut color, 0.95 + 0.1 * value(self.seed + 35, x / 3.0, y / 3.0));
        Dot { color, height: 0.0 }
    }
}

/// A roof: ridged on houses, flat on industrial buildings.
fn roof(number: f64, from: [f64; 2], size: [f64; 2], works: bool) -> Dot {
    const TILES: [Color; 6] = [
        [170.0, 104.0, 80.0],
        [186.0, 122.0, 92.0],
        [150.0, 92.0, 76.0],
        [152.0, 150.0, 150.0],
        [104.0, 104.0, 110.0],
        [206.0, 200.0, 188.0],
    ];
    const SHEETS: [Color; 3] = [[214.0, 214.0, 210.0], [176.0, 184.0, 190.0], [150.0, 158.0, 170.0]];
    let mut color = if works { SHEETS[(number * 3.0) as usize % 3] } else { TILES[(number * 6.0) as usize % 6] };
    let across = usize::from(size[1] < size[0]);
    if works {
        let seam = from[1 - across] / 3.0;
        scale(&mut color, if seam - seam.floor() < 0.25 { 0.93 } else { 1.0 });
    } else {
        scale(&mut color, if from[across] < size[across] / 2.0 { 1.13 } else { 0.84 });
    }
    Dot { color, height: if works { 4.0 } else { 2.8 } }
}

fn lerp(a: Color, b: Color, t: f64) -> Color {
    [0, 1, 2].map(|i| mix(a[i], b[i], t.clamp(0.0, 1.0)))
}

/// Blends a colour towards another.
pub(super) fn blend(color: &mut Color, to: Color, share: f64) {
    *color = lerp(*color, to, share);
}

/// Multiplies the brightness of a colour.
pub(super) fn scale(color: &mut Color, by: f64) {
    for channel in color {
        *channel *= by;
    }
}
