//! Turns pointer events into strokes and camera moves. Works on plain events, so it is tested without a window.

use crate::domain::geometry::Camera;
use crate::ui::state::tool::{Tool, ToolKind};

/// A part of a stroke, in image pixels.
#[derive(Clone, Debug, PartialEq)]
pub enum StrokeEvent {
    /// A point, or the start of a drag.
    Begin([f32; 2]),
    /// The drag continues through these positions.
    Extend(Vec<[f32; 2]>),
    /// The button was released.
    End,
}

/// Buttons the canvas reacts to. The right button is left to menus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Button {
    /// Left button.
    Primary,
    /// Middle button or wheel.
    Middle,
}

/// A pointer event; positions in points from the centre of the view.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pointer {
    /// A button was pressed over the view.
    Press(Button, [f32; 2]),
    /// The pointer moved, over the view or not.
    Move([f32; 2]),
    /// A button was released, over the view or not.
    Release(Button, [f32; 2]),
}

/// A drag in progress.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gesture {
    /// The picture follows the pointer.
    Pan { button: Button, last_in_view: [f32; 2] },
    /// The brush follows the pointer.
    Paint { last_in_image: [f32; 2] },
}

/// What decides which gesture a press starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PressContext {
    /// The selected tool.
    pub(crate) tool: Tool,
    /// Space is held: the left button pans with any tool.
    pub(crate) is_space_held: bool,
    /// Size of the tile in pixels.
    pub(crate) image_size: [u32; 2],
}

/// Handles an event. Moves the camera and returns what was drawn.
pub(crate) fn follow(
    gesture: &mut Option<Gesture>,
    camera: &mut Camera,
    context: &PressContext,
    event: Pointer,
) -> Vec<StrokeEvent> {
    let mut strokes = Vec::new();
    match event {
        Pointer::Press(button, pos) if gesture.is_none() => {
            *gesture = begin(button, pos, camera, context);
            if let Some(Gesture::Paint { last_in_image }) = *gesture {
                strokes.push(StrokeEvent::Begin(last_in_image));
            }
        }
        Pointer::Press(..) => {}
        Pointer::Move(pos) => strokes.extend(travel(gesture, camera, pos)),
        Pointer::Release(button, pos) => {
            if gesture.is_some_and(|gesture| gesture.button() == button) {
                strokes.extend(travel(gesture, camera, pos));
                finish(gesture, &mut strokes);
            }
        }
    }
    strokes
}

/// Ends a gesture, including one whose release was never seen.
pub(crate) fn finish(gesture: &mut Option<Gesture>, strokes: &mut Vec<StrokeEvent>) {
    if let Some(Gesture::Paint { .. }) = gesture.take() {
        strokes.push(StrokeEvent::End);
    }
}

impl Gesture {
    fn button(self) -> Button {
        match self {
            Self::Pan { button, .. } => button,
            Self::Paint { .. } => Button::Primary,
        }
    }
}

/// The gesture that a press starts; none outside the tile, where there is nothing to paint.
fn begin(button: Button, pos: [f32; 2], camera: &Camera, context: &PressContext) -> Option<Gesture> {
    if button == Button::Middle || context.is_space_held || context.tool.kind == ToolKind::Pan {
        return Some(Gesture::Pan { button, last_in_view: pos });
    }
    let at = camera.image_from_view(pos);
    let reach = context.tool.radius_px.max(0.0);
    let reaches = (0..2).all(|i| at[i] > -reach && at[i] < context.image_size[i] as f32 + reach);
    reaches.then_some(Gesture::Paint { last_in_image: at })
}

/// The pointer moved to `pos`.
fn travel(gesture: &mut Option<Gesture>, camera: &mut Camera, pos: [f32; 2]) -> Option<StrokeEvent> {
    match gesture {
        Some(Gesture::Pan { last_in_view, .. }) => {
            camera.pan([pos[0] - last_in_view[0], pos[1] - last_in_view[1]]);
            *last_in_view = pos;
            None
        }
        Some(Gesture::Paint { last_in_image }) => {
            let at = camera.image_from_view(pos);
            // Finer steps change no visible pixel.
            let step = (0.5 / camera.zoom).max(0.25);
            if (at[0] - last_in_image[0]).hypot(at[1] - last_in_image[1]) < step {
                return None;
            }
            *last_in_image = at;
            Some(StrokeEvent::Extend(vec![at]))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::Color32;

    use super::*;

    fn context(kind: ToolKind) -> PressContext {
        let tool = Tool { kind, color: Color32::WHITE, radius_px: 2.0 };
        PressContext { tool, is_space_held: false, image_size: [100, 100] }
    }

    fn camera() -> Camera {
        Camera { center_in_image: [50.0, 50.0], zoom: 2.0 }
    }

    fn run(context: &PressContext, events: &[Pointer]) -> (Vec<StrokeEvent>, Camera, Option<Gesture>) {
        let (mut gesture, mut camera) = (None, camera());
        let strokes = events.iter().flat_map(|event| follow(&mut gesture, &mut camera, context, *event)).collect();
        (strokes, camera, gesture)
    }

    #[test]
    fn a_click_within_one_frame_is_a_whole_stroke() {
        let click = [Pointer::Press(Button::Primary, [10.0, 0.0]), Pointer::Release(Button::Primary, [10.0, 0.0])];
        let (strokes, moved, gesture) = run(&context(ToolKind::Brush), &click);
        assert_eq!(strokes, [StrokeEvent::Begin([55.0, 50.0]), StrokeEvent::End]);
        assert_eq!((moved, gesture), (camera(), None), "the camera never follows the brush");
    }

    #[test]
    fn a_drag_collects_moves_and_skips_jitter() {
        let drag = [
            Pointer::Press(Button::Primary, [0.0, 0.0]),
            Pointer::Move([0.1, 0.0]),
            Pointer::Move([4.0, 0.0]),
            Pointer::Move([8.0, 0.0]),
        ];
        let (strokes, _, gesture) = run(&context(ToolKind::Erase), &drag);
        let on = |x| StrokeEvent::Extend(vec![[x, 50.0]]);
        assert_eq!(strokes, [StrokeEvent::Begin([50.0, 50.0]), on(52.0), on(54.0)]);
        assert!(gesture.is_some(), "the button is still down");
    }

    #[test]
    fn space_and_the_middle_button_pan_with_any_tool() {
        let drag = |button| [Pointer::Press(button, [0.0, 0.0]), Pointer::Move([20.0, -10.0])];
        for (context, button) in [
            (PressContext { is_space_held: true, ..context(ToolKind::Brush) }, Button::Primary),
            (context(ToolKind::Brush), Button::Middle),
            (context(ToolKind::Pan), Button::Primary),
        ] {
            let (strokes, camera, _) = run(&context, &drag(button));
            assert_eq!(strokes, []);
            assert_eq!(camera.center_in_image, [40.0, 55.0]);
        }
    }

    #[test]
    fn another_button_neither_ends_nor_replaces_a_stroke() {
        let events = [
            Pointer::Press(Button::Primary, [0.0, 0.0]),
            Pointer::Press(Button::Middle, [0.0, 0.0]),
            Pointer::Release(Button::Middle, [0.0, 0.0]),
        ];
        let (strokes, _, gesture) = run(&context(ToolKind::Brush), &events);
        assert_eq!(strokes, [StrokeEvent::Begin([50.0, 50.0])]);
        assert!(matches!(gesture, Some(Gesture::Paint { .. })));
    }

    #[test]
    fn clicks_outside_the_tile_make_no_stroke() {
        let click = |x: f32| [Pointer::Press(Button::Primary, [x, 0.0]), Pointer::Release(Button::Primary, [x, 0.0])];
        assert_eq!(run(&context(ToolKind::Brush), &click(150.0)).0, []);
        assert_eq!(run(&context(ToolKind::Brush), &click(102.0)).0.len(), 2, "the brush reaches in from outside");
    }

    #[test]
    fn a_missed_release_still_ends_the_stroke() {
        let (_, _, mut gesture) = run(&context(ToolKind::Brush), &[Pointer::Press(Button::Primary, [0.0, 0.0])]);
        let mut strokes = Vec::new();
        finish(&mut gesture, &mut strokes);
        finish(&mut gesture, &mut strokes);
        assert_eq!(strokes, [StrokeEvent::End]);
    }
}
