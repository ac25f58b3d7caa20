//! Tests of crops that are turned, zoomed and shifted by any amount.

use image::{Rgb, RgbImage};

use super::*;
use crate::data::feed::normalize;
use crate::data::feed::warp::WarpPlan;
use crate::domain::hash::Stream;

/// A tile with a smooth picture and a class of every third pixel.
fn tile(width: u32, height: u32) -> (Picture, Mask) {
    let rgb = RgbImage::from_fn(width, height, |x, y| Rgb([(7 * x) as u8, (5 * y) as u8, (x * y) as u8]));
    let labels = (0..width * height).map(|at| if at % 3 == 0 { (at % 5) as u8 } else { UNLABELLED }).collect();
    (rgb.into(), Mask::from_vec(width, height, labels).expect("one label a pixel"))
}

fn cut(cut: Cut, picture: &Picture, labels: &Mask) -> (Vec<f32>, Vec<u8>) {
    let (mut bands, mut cells) = (Vec::new(), Vec::new());
    cut.image(picture, &normalize::table(), &mut bands);
    cut.labels(labels, &mut cells);
    (bands, cells)
}

fn crop(corner: [i64; 2], size: u32) -> Cut {
    Cut { corner, scale: 1, symmetry: Symmetry::default(), warp: None, size }
}

fn bits(bands: Vec<f32>) -> Vec<u32> {
    bands.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_warp_that_changes_nothing_is_none() {
    let (picture, labels) = tile(30, 20);
    let mut random = Stream::new(1);
    for scale in [1, 2] {
        let symmetry = Symmetry::draw(&mut random, true, true);
        let plain = Cut { scale, symmetry, ..crop([-3, 5], 8) };
        let warped = Cut { warp: Some(Warp::new(0.0, 1.0, [0.0; 2])), ..plain };
        let (bands, cells) = cut(plain, &picture, &labels);
        let (warped_bands, warped_cells) = cut(warped, &picture, &labels);
        assert!(bits(bands) == bits(warped_bands), "scale {scale}");
        assert!(scale > 1 || cells == warped_cells, "votes are counted in another order, so ties differ");
        assert_eq!(plain.inside([30, 20]), warped.inside([30, 20]));
    }
}

#[test]
fn a_turn_by_90_degrees_is_the_quarter_turn() {
    let (picture, labels) = tile(30, 20);
    let mut random = Stream::new(4);
    // Without flips a symmetry is a number of quarter turns; these are the other three of the four.
    for degrees in [90.0, 180.0, -90.0] {
        let warped = Cut { warp: Some(Warp::new(degrees, 1.0, [0.0; 2])), ..crop([4, -2], 9) };
        let want = cut(warped, &picture, &labels);
        let drawn = (0..40).map(|_| Cut { symmetry: Symmetry::draw(&mut random, false, true), ..crop([4, -2], 9) });
        let is_same = |turned: &Cut| {
            let (bands, cells) = cut(*turned, &picture, &labels);
            bits(bands) == bits(want.0.clone()) && cells == want.1
        };
        let same: Vec<Cut> = drawn.filter(is_same).collect();
        assert!((2..30).contains(&same.len()), "{} of 40 draws", same.len());
        // Where the pixel to the right of the middle comes from.
        let (sine, cosine) = degrees.to_radians().sin_cos();
        assert_eq!(same[0].symmetry.turned_back([1.0, 0.0]), [cosine.round(), sine.round()], "{degrees}");
    }
}

#[test]
fn labels_land_on_the_picture_they_were_given_for() {
    // A disc of class 2 is painted on its own colour.
    let is_disc = |x: u32, y: u32| (f64::from(x) - 31.0).hypot(f64::from(y) - 24.0) < 9.0;
    let rgb = RgbImage::from_fn(64, 48, |x, y| if is_disc(x, y) { Rgb([200, 0, 0]) } else { Rgb([0, 0, 100]) });
    let labels = Mask::from_vec(64, 48, (0..64 * 48).map(|at| if is_disc(at % 64, at / 64) { 2 } else { 1 }).collect());
    let (picture, labels) = (Picture::from(rgb), labels.expect("64×48"));
    let plan = WarpPlan { rotation: 180.0, probability: 1.0, shift: 0.1, scale: 0.2, rotate: 45.0 };
    let mut random = Stream::new(3);
    // A pixel has at least a quarter of the blended colour, and half of the pixels of a cell can outvote the others.
    for (scale, least) in [(1, 0.249), (2, 0.124)] {
        for _ in 0..20 {
            let symmetry = Symmetry::draw(&mut random, true, true);
            let warp = Warp::draw(&mut random, &plan);
            let size = 40 / scale;
            let cut_out = Cut { scale, symmetry, warp, ..crop([12, 4], size) };
            let (bands, cells) = cut(cut_out, &picture, &labels);
            let (red, table) = (&bands[..(size * size) as usize], normalize::table());
            for (red, label) in red.iter().zip(&cells) {
                // Colours blend at the border of the disc, labels do not.
                let share = (red - table[0][0]) / (table[0][200] - table[0][0]);
                let is_right = match label {
                    1 => share < 1.0 - least,
                    2 => share > least,
                    _ => *red == 0.0,
                };
                assert!(is_right, "{label} on {share} in {cut_out:?}");
            }
            assert!(cells.contains(&2) && cells.contains(&1));
        }
    }
}

#[test]
fn beyond_the_tile_there_is_no_label_and_no_colour() {
    let (picture, labels) =
        (Picture::from(RgbImage::from_pixel(20, 20, Rgb([9; 3]))), Mask::from_vec(20, 20, vec![1; 400]));
    let turned = Cut { warp: Some(Warp::new(45.0, 1.0, [0.0; 2])), ..crop([0, 0], 20) };
    let (bands, cells) = cut(turned, &picture, &labels.expect("20×20"));
    for at in [0, 19, 380, 399] {
        assert_eq!((cells[at], bands[at].to_bits()), (UNLABELLED, 0), "a corner at {at}");
    }
    let inside = turned.inside([20, 20]);
    let outside = inside.iter().filter(|inside| !**inside).count();
    assert!((60..80).contains(&outside), "a square turned by 45° covers 83 % of itself: {outside}");
    assert!(inside.iter().zip(&cells).all(|(inside, label)| *inside == (*label == 1)));
}

#[test]
fn missing_pixels_stay_missing() {
    let exists: Vec<bool> = (0..400).map(|at| at % 20 < 10).collect();
    let rgb = RgbImage::from_fn(20, 20, |x, _| Rgb([if x < 10 { 200 } else { 0 }; 3]));
    let picture = Picture { rgb, valid: Validity::new([20, 20], exists.clone()) };
    let labels = Mask::from_vec(20, 20, exists.iter().map(|exists| if *exists { 1 } else { UNLABELLED }).collect());
    let turned = Cut { warp: Some(Warp::new(30.0, 1.0, [0.0; 2])), ..crop([0, 0], 20) };
    let (bands, cells) = cut(turned, &picture, &labels.expect("20×20"));
    let (black, bright) = (normalize::table()[0][0], normalize::table()[0][200]);
    let mut whole = Vec::new();
    turned.existing(&picture, &mut whole);
    assert!(whole.iter().zip(&cells).all(|(exists, label)| *exists == (*label == 1)));
    let mut coarse = Vec::new();
    Cut { scale: 2, ..crop([-2, 0], 11) }.existing(&picture, &mut coarse);
    let row = [false, true, true, true, true, true, false, false, false, false, false];
    assert_eq!(coarse[..11], row, "the first cell is outside, the cells from column 10 on are missing");
    assert!(coarse[110..].iter().all(|exists| !exists), "the last row is outside");
    for (red, label) in bands[..400].iter().zip(&cells) {
        let is_expected = if *label == 1 { *red == bright } else { *red == black || *red == 0.0 }; // Missing, or outside.
        assert!(is_expected, "{red} with {label}: the border of what is missing is sharp");
    }
}

#[test]
fn a_single_label_is_held_wherever_it_is() {
    let plan = WarpPlan { rotation: 180.0, probability: 0.5, shift: 0.3, scale: 0.5, rotate: 45.0 };
    let mut random = Stream::new(7);
    for _ in 0..300 {
        let (label, corner) = ([random.below(16) as u32, random.below(16) as u32], [-(random.below(9) as i64), 0]);
        let mut labels = Mask::unlabelled(16, 16);
        labels.data_mut()[(label[1] * 16 + label[0]) as usize] = 4;
        let (symmetry, warp) = (Symmetry::draw(&mut random, true, true), Warp::draw(&mut random, &plan));
        let scale = 1 + random.below(2) as u32;
        let held = Cut { scale, symmetry, warp, ..crop(corner, 24 / scale) }.holding(label);
        let mut cells = Vec::new();
        held.labels(&labels, &mut cells);
        assert!(cells.contains(&4), "{held:?} lost {label:?}");
    }
}
