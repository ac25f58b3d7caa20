//! Keeps pointer positions correct when the interface scale or the monitor changes.
//!
//! The windowing layer reports a click at the position of the last pointer move, in the points of that time. After a
//! change of scale those points are somewhere else, and the click would land there until the pointer moves
//! (emilk/egui#5380). So positions are kept in physical pixels and converted to the points of the frame that handles
//! them.

use eframe::egui::{Context, Event, Pos2, RawInput};

/// Range of the zoom factor.
const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.5..=3.0;
/// Zoom factor per step.
const ZOOM_STEP: f32 = 0.1;

/// Tracks the pointer through changes of scale.
#[derive(Debug, Default)]
pub struct PointerScale {
    /// A zoom factor that was set but that egui applies only in the next pass.
    ahead: Option<f32>,
    /// Physical pixels per point of the last frame.
    scale: f32,
    pointer: Option<Pointer>,
}

/// Where the pointer moved last.
#[derive(Clone, Copy, Debug)]
struct Pointer {
    px: Pos2,
    /// The same position as reported, in points.
    reported: Pos2,
}

impl PointerScale {
    /// Changes the zoom factor by this many steps.
    pub fn step_zoom(&mut self, ctx: &Context, steps: i32) {
        let zoom = self.ahead.unwrap_or_else(|| ctx.zoom_factor()) + ZOOM_STEP * steps as f32;
        let zoom = (zoom / ZOOM_STEP).round() * ZOOM_STEP;
        self.set_zoom(ctx, zoom.clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end()));
    }

    /// Sets the zoom factor. Nothing else may set egui's.
    pub fn set_zoom(&mut self, ctx: &Context, zoom: f32) {
        ctx.set_zoom_factor(zoom);
        self.ahead = Some(zoom);
    }

    /// Whether egui has yet to apply a new zoom factor.
    pub fn is_scale_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    /// Converts the positions of a frame's events to its own points. Call before egui reads them.
    pub fn correct(&mut self, ctx: &Context, input: &mut RawInput) {
        let monitor = input.viewport().native_pixels_per_point.unwrap_or(1.0);
        let reported = ctx.zoom_factor() * monitor; // The scale in effect when the events arrived.
        let scale = self.ahead.take().unwrap_or_else(|| ctx.zoom_factor()) * monitor;
        let rests = self.pointer.filter(|_| self.scale != scale);
        for event in &mut input.events {
            match event {
                Event::PointerMoved(pos) => {
                    let px = *pos * reported;
                    self.pointer = Some(Pointer { px, reported: *pos });
                    *pos = px / scale;
                }
                Event::PointerButton { pos, .. } => {
                    let rests = self.pointer.filter(|pointer| pointer.reported == *pos);
                    *pos = rests.map_or(*pos * reported, |pointer| pointer.px) / scale;
                }
                Event::PointerGone => self.pointer = None,
                _ => {}
            }
        }
        if let Some(pointer) = rests {
            input.events.insert(0, Event::PointerMoved(pointer.px / scale));
        }
        self.scale = scale;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::{Modifiers, PointerButton, pos2};

    fn click(pos: Pos2) -> Event {
        Event::PointerButton { pos, button: PointerButton::Primary, pressed: true, modifiers: Modifiers::NONE }
    }

    /// Runs a frame with events as the desktop reports them; returns them as egui sees them.
    fn frame(ctx: &Context, pointer: &mut PointerScale, monitor: f32, events: Vec<Event>) -> Vec<Event> {
        let mut input = RawInput { events, ..RawInput::default() };
        input.viewports.entry(input.viewport_id).or_default().native_pixels_per_point = Some(monitor);
        pointer.correct(ctx, &mut input);
        let events = input.events.clone();
        ctx.run_ui(input, |_| ()).textures_delta.clear();
        events
    }

    #[test]
    fn a_click_in_old_points_lands_under_the_pointer() {
        let (ctx, mut pointer) = (Context::default(), PointerScale::default());
        let at = pos2(300.0, 200.0);
        frame(&ctx, &mut pointer, 1.0, vec![Event::PointerMoved(at)]);
        pointer.set_zoom(&ctx, 1.5);
        let reported = frame(&ctx, &mut pointer, 1.0, vec![click(at)]);
        assert_eq!(reported, [Event::PointerMoved(pos2(200.0, 400.0 / 3.0)), click(pos2(200.0, 400.0 / 3.0))]);
        let reported = frame(&ctx, &mut pointer, 1.0, vec![click(at)]);
        assert_eq!(reported, [click(pos2(200.0, 400.0 / 3.0))], "again, while the pointer rests");
    }

    #[test]
    fn a_move_during_a_change_of_scale_is_converted() {
        let (ctx, mut pointer) = (Context::default(), PointerScale::default());
        frame(&ctx, &mut pointer, 2.0, vec![Event::PointerMoved(pos2(10.0, 10.0))]);
        pointer.set_zoom(&ctx, 2.0);
        let reported = frame(&ctx, &mut pointer, 2.0, vec![Event::PointerMoved(pos2(40.0, 60.0))]);
        assert_eq!(reported.last(), Some(&Event::PointerMoved(pos2(20.0, 30.0))));
        let reported = frame(&ctx, &mut pointer, 2.0, vec![Event::PointerMoved(pos2(40.0, 60.0))]);
        assert_eq!(reported, [Event::PointerMoved(pos2(40.0, 60.0))], "already reported in new points");
    }

    #[test]
    fn changing_the_monitor_moves_no_click() {
        let (ctx, mut pointer) = (Context::default(), PointerScale::default());
        frame(&ctx, &mut pointer, 1.0, vec![Event::PointerMoved(pos2(300.0, 200.0))]);
        let reported = frame(&ctx, &mut pointer, 2.0, vec![click(pos2(300.0, 200.0))]);
        assert_eq!(reported.last(), Some(&click(pos2(150.0, 100.0))));
    }

    #[test]
    fn the_zoom_factor_stays_in_range() {
        let (ctx, mut pointer) = (Context::default(), PointerScale::default());
        for (steps, zoom) in [(3, 1.3), (100, 3.0), (-1, 2.9), (-100, 0.5)] {
            pointer.step_zoom(&ctx, steps);
            frame(&ctx, &mut pointer, 1.0, Vec::new());
            assert!((ctx.zoom_factor() - zoom).abs() < 1e-5, "{}", ctx.zoom_factor());
        }
    }
}
