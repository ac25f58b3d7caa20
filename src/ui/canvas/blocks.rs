//! Outlines and hatching over the parts of a tile that blocks hold out.

use eframe::egui::{Color32, Painter, Pos2, Rect, Stroke, StrokeKind, pos2};

use super::overlay::screen_from_image;
use crate::domain::blocks::HeldOut;
use crate::domain::geometry::{Camera, PixelRect};

/// Distance between the lines of the hatching, points along an edge.
const STEP: f32 = 14.0;
/// Longer side below which a block is filled, points: lines would cover it, and there may be hundreds of thousands.
const SMALL: f32 = 6.0;

/// Draws what blocks hold out of a tile in a view: what is scored is outlined and hatched; thin lines bound what is hidden from training.
/// `line` stands out from `halo`, so that one of them does from any picture.
pub fn draw_held_out(painter: &Painter, view: Rect, camera: &Camera, held: &HeldOut, [line, halo]: [Color32; 2]) {
    let thin = Stroke::new(1.0, line.gamma_multiply(0.6));
    for hidden in in_view(held.hidden.iter(), view, camera).filter(|part| !is_small(part)) {
        painter.rect_stroke(hidden, 0.0, thin, StrokeKind::Inside);
    }
    let origin = screen_from_image(view, camera, [0.0; 2]);
    for scored in in_view(held.scored.values(), view, camera) {
        if is_small(&scored) {
            painter.rect_filled(scored, 0.0, line.gamma_multiply(0.5));
        } else {
            draw_block(painter, scored, view, origin, [line, halo]);
        }
    }
}

/// Where parts of the tile are on screen, those left out that are not in view.
fn in_view<'a>(parts: impl Iterator<Item = &'a PixelRect>, view: Rect, camera: &Camera) -> impl Iterator<Item = Rect> {
    let on_screen = move |part: &PixelRect| {
        let corner = |x: u32, y: u32| screen_from_image(view, camera, [x as f32, y as f32]);
        Rect::from_min_max(corner(part.x, part.y), corner(part.x + part.width, part.y + part.height))
    };
    parts.map(on_screen).filter(move |part| part.intersects(view))
}

fn is_small(part: &Rect) -> bool {
    part.size().max_elem() < SMALL
}

fn draw_block(painter: &Painter, block: Rect, view: Rect, origin: Pos2, [line, halo]: [Color32; 2]) {
    for hatch in hatches(block.intersect(view), origin) {
        painter.line_segment(hatch, Stroke::new(2.5, halo.gamma_multiply(0.35)));
        painter.line_segment(hatch, Stroke::new(1.0, line.gamma_multiply(0.8)));
    }
    for stroke in [Stroke::new(3.0, halo), Stroke::new(1.5, line)] {
        painter.rect_stroke(block, 0.0, stroke, StrokeKind::Inside);
    }
}

/// Lines across an area on screen from lower left to upper right. They move with the picture, whose corner is `origin`, and go on from
/// one block to the next.
pub fn hatches(area: Rect, origin: Pos2) -> Vec<[Pos2; 2]> {
    if !area.is_positive() {
        return Vec::new();
    }
    // Along such a line x + y is the same.
    let sum = |pos: Pos2| pos.x + pos.y;
    let (offset, last) = (sum(origin), sum(area.max));
    let first = ((sum(area.min) - offset) / STEP).ceil();
    let count = ((last - offset) / STEP - first).ceil().max(0.0) as usize;
    let across = |place: usize| {
        let at = offset + (first + place as f32) * STEP;
        let (from, to) = (area.left().max(at - area.bottom()), area.right().min(at - area.top()));
        [pos2(from, at - from), pos2(to, at - to)]
    };
    (0..count).map(across).collect()
}

#[cfg(test)]
mod tests {
    use eframe::egui::vec2;

    use super::*;

    #[test]
    fn only_blocks_in_view_are_drawn_and_small_ones_have_no_lines() {
        let block = |x: u32| PixelRect { x, y: 0, width: 32, height: 32 };
        let (blocks, view) = ([block(0), block(500), block(900)], Rect::from_min_size(Pos2::ZERO, vec2(100.0, 100.0)));
        let shown = |zoom: f32| {
            let camera = Camera { center_in_image: [516.0, 16.0], zoom };
            in_view(blocks.iter(), view, &camera).collect::<Vec<_>>()
        };
        let near = shown(1.0);
        assert_eq!(near, [Rect::from_center_size(view.center(), vec2(32.0, 32.0))]);
        let far = shown(0.1);
        assert_eq!(far.len(), 3);
        assert!(!is_small(&near[0]) && far.iter().all(is_small));
    }

    #[test]
    fn hatching_stays_in_its_area_and_moves_with_the_picture() {
        let area = Rect::from_min_size(pos2(10.0, 20.0), vec2(70.0, 42.0));
        let lines = hatches(area, pos2(3.0, 0.0));
        assert_eq!(lines.len(), 8, "112 points of edge, a line every 14");
        for [from, to] in &lines {
            assert!(area.expand(0.01).contains(*from) && area.expand(0.01).contains(*to), "{from:?} {to:?}");
            assert!((from.x + from.y - to.x - to.y).abs() < 0.01 && from.x <= to.x);
        }
        let moved = hatches(area.translate(vec2(5.0, -2.0)), pos2(8.0, -2.0));
        let shift = |[from, to]: &[Pos2; 2]| [*from + vec2(5.0, -2.0), *to + vec2(5.0, -2.0)];
        let near = |(a, b): (&[Pos2; 2], [Pos2; 2])| (0..2).all(|end| a[end].distance(b[end]) < 0.01);
        assert!(moved.iter().zip(lines.iter().map(shift)).all(near));
        assert_eq!(hatches(Rect::from_min_max(pos2(5.0, 5.0), pos2(4.0, 9.0)), Pos2::ZERO).len(), 0, "out of view");
    }
}
