//! Messages about mask files that more than one file of this room or of the layouts reports.

use crate::data::classes::classes_file::OWN_FILE;

/// The mask and its image differ in size.
pub(crate) fn wrong_size(mask: [u32; 2], image: [u32; 2]) -> String {
    format!(
        "the mask is {}×{} pixels, its image {}×{}: export both at the same size",
        mask[0], mask[1], image[0], image[1]
    )
}

/// Class indices were saved as JPEG.
pub(crate) fn indices_in_jpeg() -> String {
    "class indices cannot be read from a JPEG, which changes every value slightly: export the mask as PNG or TIFF"
        .to_owned()
}

/// Masks hold more colours or values than they can have classes.
pub(crate) fn too_many_classes(count: usize, what: &str) -> String {
    format!(
        "the masks hold {count} {what}, too many to be classes: they were probably saved as JPEG or resized with \
         interpolation. Export them again, or list the classes and their colours in {OWN_FILE}. The first such mask is"
    )
}
