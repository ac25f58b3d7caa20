//! Pointer events on the pictures, one at a time and in the order they were made, so that each meets the tool, the camera
//! and the tile that the events before it left behind.

use eframe::egui::{self, Context, Event, Id, Key, LayerId, MouseWheelUnit, PointerButton, Pos2, Rect};

use super::gesture::{self, Button, Gesture, Hand, Pointer, StrokeEvent};
use crate::ui::canvas::Tool;
use crate::ui::canvas::view::{ViewState, in_view};

/// Zoom of one notch of the wheel.
pub(crate) const ZOOM_PER_NOTCH: f32 = 1.2;
/// Opacity of one notch.
pub(crate) const OPACITY_PER_NOTCH: f32 = 0.05;
/// What pointing devices that report points call a notch.
const POINTS_PER_NOTCH: f32 = 40.0;

/// Where a tile was drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// The view.
    pub(crate) id: Id,
    /// Its picture.
    pub(crate) rect: Rect,
    /// Size of the tile in it.
    pub(crate) image_size: [u32; 2],
    /// Physical pixels per point when it was drawn.
    pub(crate) scale: f32,
}

impl Place {
    /// A position of this frame, relative to the middle of the picture as it was drawn: the scale may be another now.
    fn offset_of(&self, ctx: &Context, pos: Pos2) -> [f32; 2] {
        in_view(self.rect, pos * (ctx.pixels_per_point() / self.scale))
    }

    fn contains(&self, ctx: &Context, pos: Pos2) -> bool {
        self.rect.contains(pos * (ctx.pixels_per_point() / self.scale))
    }
}

/// What a pointer event came to in a view.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Something was drawn.
    Stroke(StrokeEvent),
    /// The brush is to grow by so many steps.
    StepRadius(i32),
    /// The opacity of the topmost layer is to grow by this.
    StepOpacity(f32),
}

impl ViewState {
    /// Follows one event of this frame on the pictures as they were drawn last. Moves the camera; returns what else is to be
    /// done, and in which view. `image_size` is that of the tile in view, `may_begin` whether anything may be begun at all.
    pub fn follow(
        &mut self,
        ctx: &Context,
        event: &Event,
        tool: &Tool,
        image_size: Option<[u32; 2]>,
        may_begin: bool,
    ) -> Option<(Id, Vec<Deed>)> {
        match *event {
            Event::PointerMoved(pos) => {
                self.pointer = Some(pos);
                self.drag(ctx, Pointer::Move, pos, tool)
            }
            Event::PointerButton { pos, button, pressed, .. } => {
                self.pointer = Some(pos);
                let button = meant(button)?;
                if pressed {
                    if self.gesture.is_some() {
                        return None; // Another button changes nothing of what is under way.
                    }
                    let place = self.place_at(ctx, pos).filter(|_| may_begin)?;
                    let event = Pointer::Press(button, place.offset_of(ctx, pos));
                    return self.press(&place, event, tool, image_size);
                }
                self.drag(ctx, |pos| Pointer::Release(button, pos), pos, tool)
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
                let place = self.place_at(ctx, self.pointer?)?;
                self.zoom_at(place.offset_of(ctx, self.pointer?), factor);
                None
            }
            Event::MouseWheel { unit, delta, modifiers, .. } => {
                let place = self.place_at(ctx, self.pointer?)?;
                // With Shift some systems turn the wheel sideways.
                let delta = if delta.y == 0.0 && modifiers.shift { delta.x } else { delta.y };
                Some((place.id, self.wheel(place.offset_of(ctx, self.pointer?), notches(unit, delta), modifiers)?))
            }
            _ => None,
        }
    }

    /// Whether what happens at a position is the pictures' business.
    pub fn holds(&self, ctx: &Context, pos: Pos2) -> bool {
        let is_on_picture = self.places.iter().any(|place| place.contains(ctx, pos));
        self.gesture.is_some() || (is_on_picture && !is_covered(ctx, pos))
    }

    /// Ends what a button that is up holds no longer: its release may never have been seen.
    pub fn end_of_events(&mut self, ctx: &Context) -> Option<(Id, Vec<Deed>)> {
        self.is_space_held &= ctx.input(|input| input.key_down(Key::Space));
        if ctx.input(|input| input.pointer.any_down()) {
            return None;
        }
        let (owner, gesture) = self.gesture.take()?;
        let mut strokes = Vec::new();
        gesture::finish(&mut Some(gesture), &mut strokes);
        Some((owner, strokes.into_iter().map(Deed::Stroke).collect()))
    }

    /// The picture that lies open under a position. Where a menu is open a click only closes it; what is dragged already is no
    /// picture.
    fn place_at(&self, ctx: &Context, pos: Pos2) -> Option<Place> {
        let place = self.places.iter().find(|place| place.contains(ctx, pos))?;
        let is_taken = ctx.dragged_id().is_some_and(|id| id != place.id);
        (!is_covered(ctx, pos) && !is_taken && !egui::Popup::is_any_open(ctx)).then_some(*place)
    }

    fn press(
        &mut self,
        place: &Place,
        event: Pointer,
        tool: &Tool,
        image_size: Option<[u32; 2]>,
    ) -> Option<(Id, Vec<Deed>)> {
        // The tile may have been changed by a key since it was drawn: what was aimed at is not there any more.
        let image_size = image_size.filter(|size| *size == place.image_size)?;
        self.keep_fitted(image_size, place.rect.size().into());
        let hand = Hand { tool: *tool, is_space_held: self.is_space_held, image_size };
        let mut gesture = None;
        let strokes = gesture::follow(&mut gesture, &mut self.camera, &hand, event);
        self.gesture = gesture.map(|gesture| (place.id, gesture));
        Some((place.id, strokes.into_iter().map(Deed::Stroke).collect()))
    }

    /// A gesture under way goes on, wherever the pointer is.
    fn drag(
        &mut self,
        ctx: &Context,
        event: impl FnOnce([f32; 2]) -> Pointer,
        pos: Pos2,
        tool: &Tool,
    ) -> Option<(Id, Vec<Deed>)> {
        let (owner, gesture) = self.gesture?;
        let place = *self.places.iter().find(|place| place.id == owner)?;
        let hand = Hand { tool: *tool, is_space_held: self.is_space_held, image_size: place.image_size };
        let mut current = Some(gesture);
        let strokes = gesture::follow(&mut current, &mut self.camera, &hand, event(place.offset_of(ctx, pos)));
        if matches!(gesture, Gesture::Pan { .. }) {
            self.let_go_of_fit();
        }
        self.gesture = current.map(|gesture| (owner, gesture));
        Some((owner, strokes.into_iter().map(Deed::Stroke).collect()))
    }

    /// Zooms at the cursor; with Shift steps the radius, with Ctrl the opacity.
    fn wheel(&mut self, at: [f32; 2], notches: f32, modifiers: egui::Modifiers) -> Option<Vec<Deed>> {
        if modifiers.command || modifiers.ctrl {
            return Some(vec![Deed::StepOpacity(notches * OPACITY_PER_NOTCH)]);
        }
        if modifiers.shift {
            self.radius_notches += notches;
            let steps = self.radius_notches.trunc() as i32;
            self.radius_notches = self.radius_notches.fract();
            return (steps != 0).then(|| vec![Deed::StepRadius(steps)]);
        }
        self.zoom_at(at, ZOOM_PER_NOTCH.powf(notches));
        None
    }
}

/// Whether a dialog, a menu or a card lies over this position.
fn is_covered(ctx: &Context, pos: Pos2) -> bool {
    ctx.layer_id_at(pos).is_some_and(|layer| layer != LayerId::background())
}

/// The buttons that mean something here.
fn meant(button: PointerButton) -> Option<Button> {
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
