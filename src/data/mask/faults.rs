//! Faults of mask files that several readers report.

use crate::data::classes::classes_file::OWN_FILE;

/// The fault of a mask that does not lie over its image.
pub(crate) fn wrong_size(mask: [u32; 2], image: [u32; 2]) -> String {
    format!("the mask is {}×{} pixels, its image {}×{}: export them at one size", mask[0], mask[1], image[0], image[1])
}

/// The fault of a mask whose indices were saved as JPEG.
pub(crate) fn indices_in_jpeg() -> String {
    "class indices in a JPEG cannot be told apart, it changes every value a little: export the mask as PNG or TIFF"
        .to_owned()
}

/// The fault of masks that hold more colours or values than classes.
pub(crate) fn too_many_classes(count: usize, what: &str) -> String {
    format!(
        "the masks hold {count} {what}, more than classes: they were saved as JPEG or resized with interpolation; export \
         them anew, or name the classes and their colours in {OWN_FILE}. The first is"
    )
}
