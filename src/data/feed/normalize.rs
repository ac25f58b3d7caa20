//! Normalises 8-bit colours with ImageNet's mean and standard deviation per band. The same for every dataset, so that a
//! checkpoint needs no dataset statistics.

/// ImageNet's mean of red, green and blue on a scale of 0 to 1.
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// ImageNet's standard deviation of red, green and blue on a scale of 0 to 1.
pub const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// Normalised value by band and 8-bit level. The mean colour is 0.
pub fn table() -> [[f32; 256]; 3] {
    std::array::from_fn(|band| std::array::from_fn(|level| (level as f32 / 255.0 - MEAN[band]) / STD[band]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_colour_maps_to_zero() {
        let table = table();
        for band in 0..3 {
            let level = (MEAN[band] * 255.0).round() as usize;
            assert!(table[band][level].abs() < 0.01);
            assert!(table[band][0] < -1.5 && table[band][255] > 2.0);
        }
    }
}
