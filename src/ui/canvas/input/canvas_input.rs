//! Handles pointer events on the canvas one at a time and in order, so that each event meets the tool, the camera and the
//! tile that the events before it left behind.

use eframe::egui::{self, Context, Event, Id, Key, LayerId, MouseWheelUnit, PointerButton, Pos2};

use super::gesture::{self, Button, Gesture, Pointer, PressContext, StrokeEvent};
use super::hit::Placement;
use crate::ui::state::tool::Tool;
use crate::ui::state::view_camera::ViewCamera;

/// Zoom factor per notch of the wheel.
pub(crate) const ZOOM_PER_NOTCH: f32 = 1.2;
/// Change of opacity per notch.
pub(crate) const OPACITY_PER_NOTCH: f32 = 0.05;
/// Points per notch of devices that scroll in points.
const POINTS_PER_NOTCH: f32 = 40.0;

/// What a pointer event did in a view, besides moving the camera.
#[derive(Clone, Debug, PartialEq)]
pub enum CanvasEvent {
    /// A stroke began, continued or ended.
    Stroke(StrokeEvent),
    /// Change the brush radius by this many steps.
    StepRadius(i32),
    /// Change the opacity of the topmost layer by this.
    StepOpacity(f32),
}

/// The pointer on the linked views: the drag in progress, and where the views were drawn.
#[derive(Clone, Debug, Default)]
pub struct CanvasInput {
    /// The drag in progress and the view that owns it.
    pub(in crate::ui::canvas) gesture: Option<(Id, Gesture)>,
    /// Where the views drew their tiles in the last frame.
    pub(in crate::ui::canvas) placements: Vec<Placement>,
    /// Space is held: the left button pans with any tool.
    pub(in crate::ui::canvas) is_space_held: bool,
    /// Shift+wheel movement that is not yet a whole notch.
    radius_notches: f32,
    /// Last known position in points; `None` outside the window.
    pointer: Option<Pos2>,
}

impl CanvasInput {
    /// Handles one event of this frame against the views as drawn last. Moves the camera; returns what else happened, and
    /// in which view. `image_size` is the size of the tile in view; nothing new begins unless `may_begin`.
    pub fn handle(
        &mut self,
        camera: &mut ViewCamera,
        ctx: &Context,
        event: &Event,
        tool: &Tool,
        image_size: Option<[u32; 2]>,
        may_begin: bool,
    ) -> Option<(Id, Vec<CanvasEvent>)> {
        match *event {
            Event::PointerMoved(pos) => {
                self.pointer = Some(pos);
                self.drag(camera, ctx, Pointer::Move, pos, tool)
            }
            Event::PointerButton { pos, button, pressed, .. } => {
                self.pointer = Some(pos);
                let button = canvas_button(button)?;
                if !pressed {
                    return self.drag(camera, ctx, |pos| Pointer::Release(button, pos), pos, tool);
                }
                if self.gesture.is_some() {
                    return None; // A second button does not change the drag in progress.
                }
                let placement = self.placement_at(ctx, pos).filter(|_| may_begin)?;
                let event = Pointer::Press(button, placement.offset_of(ctx, pos));
                self.press(camera, &placement, event, tool, image_size)
            }
            Event::PointerGone => {
                self.pointer = None;
                None
            }
            Event::Key { key: Key::Space, pressed, .. } => {
                self.is_space_held = pressed && !ctx.egui_wants_keyboard_input();
                None
            }
            Event::Zoom(factor) => {
                let placement = self.placement_at(ctx, self.pointer?)?;
                camera.zoom_at(placement.offset_of(ctx, self.pointer?), factor);
                None
            }
            Event::MouseWheel { unit, delta, modifiers, .. } => {
                let placement = self.placement_at(ctx, self.pointer?)?;
                // With Shift, some systems report a horizontal wheel.
                let delta = if delta.y == 0.0 && modifiers.shift { delta.x } else { delta.y };
                let at = placement.offset_of(ctx, self.pointer?);
                Some((placement.id, self.wheel(camera, at, notches(unit, delta), modifiers)?))
            }
            _ => None,
        }
    }

    /// Whether a pointer event at this position belongs to the canvas.
    pub fn owns(&self, ctx: &Context, pos: Pos2) -> bool {
        let is_on_view = self.placements.iter().any(|placement| placement.contains(ctx, pos));
        self.gesture.is_some() || (is_on_view && !is_covered(ctx, pos))
    }

    /// Ends a drag whose button is up by now: its release may never have been seen. Call after the last event of a frame.
    pub fn end_frame(&mut self, ctx: &Context) -> Option<(Id, Vec<CanvasEvent>)> {
        self.is_space_held &= ctx.input(|input| input.key_down(Key::Space));
        if ctx.input(|input| input.pointer.any_down()) {
            return None;
        }
        let (owner, gesture) = self.gesture.take()?;
        let mut strokes = Vec::new();
        gesture::finish(&mut Some(gesture), &mut strokes);
        Some((owner, strokes.into_iter().map(CanvasEvent::Stroke).collect()))
    }

    /// The uncovered view at a position. While a popup is open a click only closes it, and while another widget is dragged
    /// the canvas gets nothing.
    fn placement_at(&self, ctx: &Context, pos: Pos2) -> Option<Placement> {
        let placement = self.placements.iter().find(|placement| placement.contains(ctx, pos))?;
        let is_taken = ctx.dragged_id().is_some_and(|id| id != placement.id);
        (!is_covered(ctx, pos) && !is_taken && !egui::Popup::is_any_open(ctx)).then_some(*placement)
    }

    fn press(
        &mut self,
        camera: &mut ViewCamera,
        placement: &Placement,
        event: Pointer,
        tool: &Tool,
        image_size: Option<[u32; 2]>,
    ) -> Option<(Id, Vec<CanvasEvent>)> {
        // A key may have changed the tile since it was drawn: the click was aimed at a tile that is gone.
        let image_size = image_size.filter(|size| *size == placement.image_size)?;
        camera.keep_fitted(image_size, placement.rect.size().into());
        let context = PressContext { tool: *tool, is_space_held: self.is_space_held, image_size };
        let mut gesture = None;
        let strokes = gesture::follow(&mut gesture, &mut camera.camera, &context, event);
        self.gesture = gesture.map(|gesture| (placement.id, gesture));
        Some((placement.id, strokes.into_iter().map(CanvasEvent::Stroke).collect()))
    }

    /// Continues the drag in progress, wherever the pointer is.
    fn drag(
        &mut self,
        camera: &mut ViewCamera,
        ctx: &Context,
        event: impl FnOnce([f32; 2]) -> Pointer,
        pos: Pos2,
        tool: &Tool,
    ) -> Option<(Id, Vec<CanvasEvent>)> {
        let (owner, gesture) = self.gesture?;
        let placement = *self.placements.iter().find(|placement| placement.id == owner)?;
        let image_size = placement.image_size;
        let context = PressContext { tool: *tool, is_space_held: self.is_space_held, image_size };
        let mut current = Some(gesture);
        let event = event(placement.offset_of(ctx, pos));
        let strokes = gesture::follow(&mut current, &mut camera.camera, &context, event);
        if matches!(gesture, Gesture::Pan { .. }) {
            camera.release_fit();
        }
        self.gesture = current.map(|gesture| (owner, gesture));
        Some((owner, strokes.into_iter().map(CanvasEvent::Stroke).collect()))
    }

    /// Zooms at the cursor; with Shift changes the radius, with Ctrl the opacity.
    fn wheel(
        &mut self,
        camera: &mut ViewCamera,
        at: [f32; 2],
        notches: f32,
        modifiers: egui::Modifiers,
    ) -> Option<Vec<CanvasEvent>> {
        if modifiers.command || modifiers.ctrl {
            return Some(vec![CanvasEvent::StepOpacity(notches * OPACITY_PER_NOTCH)]);
        }
        if modifiers.shift {
            self.radius_notches += notches;
            let steps = self.radius_notches.trunc() as i32;
            self.radius_notches = self.radius_notches.fract();
            return (steps != 0).then(|| vec![CanvasEvent::StepRadius(steps)]);
        }
        camera.zoom_at(at, ZOOM_PER_NOTCH.powf(notches));
        None
    }
}

/// Whether a dialog, menu or card covers this position.
fn is_covered(ctx: &Context, pos: Pos2) -> bool {
    ctx.layer_id_at(pos).is_some_and(|layer| layer != LayerId::background())
}

/// The buttons the canvas reacts to. The right button opens menus.
fn canvas_button(button: PointerButton) -> Option<Button> {
    match button {
        PointerButton::Primary => Some(Button::Primary),
        PointerButton::Middle => Some(Button::Middle),
        PointerButton::Secondary | PointerButton::Extra1 | PointerButton::Extra2 => None,
    }
}

fn notches(unit: MouseWheelUnit, delta: f32) -> f32 {
    match unit {
        MouseWheelUnit::Line => delta,
        MouseWheelUnit::Point => delta / POINTS_PER_NOTCH,
        MouseWheelUnit::Page => delta * 4.0,
    }
}
