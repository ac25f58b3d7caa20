//! From 8-bit colours to what networks like: ImageNet's mean and standard deviation per band, whatever the dataset, so that
//! a checkpoint never needs a dataset's statistics beside it.

/// Mean of the red, green and blue band of ImageNet, of 1.
pub const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
/// Standard deviation of the same.
pub const STD: [f32; 3] = [0.229, 0.224, 0.225];

/// The value of every 8-bit level of every band. A missing pixel is 0, the mean colour.
pub fn table() -> [[f32; 256]; 3] {
    std::array::from_fn(|band| std::array::from_fn(|level| (level as f32 / 255.0 - MEAN[band]) / STD[band]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_colour_is_zero() {
        let table = table();
        for band in 0..3 {
            let level = (MEAN[band] * 255.0).round() as usize;
            assert!(table[band][level].abs() < 0.01);
            assert!(table[band][0] < -1.5 && table[band][255] > 2.0);
        }
    }
}
