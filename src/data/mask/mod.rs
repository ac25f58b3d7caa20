//! What a stored mask value means: class, unlabelled or ignored.

pub mod mask_read;
pub(crate) mod masks;
pub(crate) mod picked_up;
pub(crate) mod pickup;
pub(crate) mod soft;
