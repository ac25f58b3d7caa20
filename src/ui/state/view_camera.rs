//! The camera that both views share, and whether it shows a whole tile.

use crate::domain::geometry::Camera;

/// A camera that remembers its fit: while nobody has zoomed or panned, resizing the window keeps the whole tile in view.
#[derive(Clone, Debug)]
pub struct ViewCamera {
    /// Position and zoom.
    pub camera: Camera,
    /// Size of the tile the camera was fitted to; `None` requests a fit at the next frame.
    fitted_image: Option<[u32; 2]>,
    /// Size of the view the tile was fitted into, in points; `None` once the user has moved the camera.
    fitted_view: Option<[f32; 2]>,
}

impl Default for ViewCamera {
    fn default() -> Self {
        Self { camera: Camera { center_in_image: [0.0; 2], zoom: 1.0 }, fitted_image: None, fitted_view: None }
    }
}

impl ViewCamera {
    /// Shows the whole tile from the next frame on.
    pub fn fit(&mut self) {
        self.fitted_image = None;
    }

    /// Shows the whole tile in a view of this size (points) now.
    pub fn fit_now(&mut self, image: [u32; 2], view: [f32; 2]) {
        self.camera = Camera::fit(image, view);
        self.fitted_view = Some(view);
    }

    /// Shows one image pixel per point. The centre stays.
    pub fn actual_size(&mut self) {
        self.camera.zoom = 1.0;
        self.fitted_view = None;
    }

    /// Refits if requested, if the tile has another size, or if the view was resized while it showed a whole tile.
    pub fn keep_fitted(&mut self, image: [u32; 2], view: [f32; 2]) {
        let is_new = self.fitted_image != Some(image);
        // Linked views may differ by a rounded point; that must not move the camera.
        let is_resized = self.fitted_view.is_some_and(|old| (0..2).any(|i| (old[i] - view[i]).abs() > 2.0));
        if is_new || is_resized {
            self.fit_now(image, view);
            self.fitted_image = Some(image);
        }
    }

    /// Zooms by `factor` around a position relative to the view's centre, in points.
    pub fn zoom_at(&mut self, pos_in_view: [f32; 2], factor: f32) {
        if factor != 1.0 {
            self.camera.zoom_at(pos_in_view, factor);
            self.fitted_view = None;
        }
    }

    /// Records that the user moved the camera: the tile is no longer fitted.
    pub fn release_fit(&mut self) {
        self.fitted_view = None;
    }
}
