//! The tile list: thumbnail, id, role, own labels, score, fault. Only visible rows are drawn.

use eframe::egui::{
    Align2, Color32, CornerRadius, FontId, Image, RadioButton, Rect, RichText, Role, ScrollArea, Sense, Stroke,
    TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use lucide_icons::Icon;

use super::theme::{Tokens, icons, mono, semibold};
use super::widgets::{nothing_yet, progress};
use crate::data::Tile;
use crate::domain::split::Split;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::format;
use crate::ui::state::open_project::OpenProject;
use crate::ui::state::tile_role::TileRole;

const ROW: f32 = 60.0;
const THUMBNAIL: f32 = 52.0;
/// Width of the list without text, points.
pub const STRIP: f32 = 80.0;
/// Width of the text beside the reading progress, points.
const WORDS: f32 = 112.0;

/// Draws the panel. Returns the indices of the tiles whose rows are visible.
pub fn tile_list_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) -> Vec<usize> {
    let Some(project) = &state.project else {
        nothing_yet(ui, "Open a folder of tiles,\nor drop one here.");
        return Vec::new();
    };
    if state.layout.tiles {
        head_ui(ui, state, project, actions);
    }
    let shown = state.shown_tiles();
    if shown.is_empty() {
        nothing_yet(ui, "No tile matches the filter.");
        return Vec::new();
    }
    ui.spacing_mut().item_spacing.y = 2.0;
    let mut visible_rows = Vec::new();
    let mut area = ScrollArea::vertical().id_salt("tiles").auto_shrink(false);
    if let Some(offset) = offset_to_show(state, &shown) {
        area = area.vertical_scroll_offset((offset - ui.available_height() / 2.0 + ROW / 2.0).max(0.0));
    }
    area.show_rows(ui, ROW, shown.len(), |ui, rows| {
        for &index in &shown[rows] {
            visible_rows.push(index);
            row_ui(ui, state, &project.project.tiles[index], index, actions);
        }
    });
    visible_rows
}

/// Scroll offset that shows a tile just selected by key.
fn offset_to_show(state: &AppState, shown: &[usize]) -> Option<f32> {
    let row = shown.iter().position(|index| *index == state.selected)?;
    state.scroll_to_tile.then_some(row as f32 * (ROW + 2.0))
}

fn head_ui(ui: &mut Ui, state: &AppState, project: &OpenProject, actions: &mut Vec<UiAction>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Tiles").font(semibold(13.0)));
        ui.weak(format::count(project.project.tiles.len() as u64));
        let bad = project.project.tiles.iter().filter(|tile| tile.fault.is_some()).count();
        if bad > 0 {
            ui.colored_label(Tokens::of(ui).error, format!("{bad} unusable"));
        }
    });
    let mut filter = state.filter.clone();
    let edit = TextEdit::singleline(&mut filter).hint_text("Filter by name").desired_width(f32::INFINITY);
    if ui.add(edit).accessible_name("Filter tiles by name").changed() {
        actions.push(UiAction::SetFilter(filter));
    }
    if let Some((done, total)) = state.decoding
        && done < total
    {
        ui.horizontal(|ui| {
            let words = RichText::new(format!("reading {done} of {total}")).small().weak();
            progress(ui, done as f32 / total as f32, ui.available_width() - WORDS, words);
        });
    }
}

fn row_ui(ui: &mut Ui, state: &AppState, tile: &Tile, index: usize, actions: &mut Vec<UiAction>) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let (tokens, chosen) = (Tokens::of(ui), index == state.selected);
    let said = format!("Tile {}", tile.id);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &said));
    let ground = match (chosen, response.hovered()) {
        (true, _) => tokens.selection,
        (false, true) => tokens.button[0],
        _ => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, CornerRadius::same(4), ground);
    let square = Rect::from_min_size(rect.min + Vec2::splat(4.0), Vec2::splat(THUMBNAIL));
    thumbnail_ui(ui, state, tile, square);
    if !state.layout.tiles {
        role_dot(ui, tokens, state.role(tile), square);
    }
    let text_left = square.right() + 8.0;
    let clip = ui.painter().with_clip_rect(Rect::from_min_max(pos2(text_left, rect.top()), rect.max - vec2(4.0, 0.0)));
    let name = if chosen { semibold(13.0) } else { FontId::proportional(13.0) };
    let color = if chosen { tokens.strong } else { tokens.text };
    clip.text(pos2(text_left, rect.top() + 14.0), Align2::LEFT_CENTER, split_id(&tile.id).1, name, color);
    let second = pos2(text_left, rect.top() + 31.0);
    if tile.fault.is_some() {
        clip.text(second, Align2::LEFT_CENTER, "unusable", FontId::proportional(11.5), tokens.error);
    } else {
        let end = role_ui(&clip, tokens, state.role(tile), second);
        let score = state.run.tile_scores.get(&tile.id);
        if let Some(score) = score {
            let text = format!("mIoU {}", format::score(*score));
            clip.text(pos2(end + 8.0, second.y), Align2::LEFT_CENTER, text, mono(11.0), tokens.text);
        }
        clip.text(
            pos2(text_left, rect.top() + 47.0),
            Align2::LEFT_CENTER,
            facts(state, tile),
            FontId::proportional(11.0),
            tokens.weak,
        );
    }
    response.context_menu(|ui| role_menu_ui(ui, state, tile, index, actions));
    let response = response.on_hover_ui(|ui| tooltip_ui(ui, state, tile));
    if response.clicked() {
        actions.push(UiAction::SelectTile(index));
    }
}

/// The tooltip of a tile.
fn tooltip_ui(ui: &mut Ui, state: &AppState, tile: &Tile) {
    ui.label(&tile.id);
    if let Some(fault) = &tile.fault {
        ui.colored_label(Tokens::of(ui).error, fault);
        return;
    }
    ui.weak(format!("{} × {} px, {}", tile.size[0], tile.size[1], state.role(tile).name()));
    ui.weak(match state.chosen_split(tile) {
        Some(_) => "Role chosen by hand; right-click to change it",
        None => "Role assigned automatically; right-click to change it",
    });
}

/// The context menu that chooses the tile's role in the next run.
fn role_menu_ui(ui: &mut Ui, state: &AppState, tile: &Tile, index: usize, actions: &mut Vec<UiAction>) {
    ui.weak("Role in the next run");
    let choices = [
        (None, "Automatic: as in the dataset, or random"),
        (Some(Split::Train), "Train on it"),
        (Some(Split::Val), "Validate on it"),
        (Some(Split::Test), "Do not use it"),
    ];
    for (split, text) in choices {
        let can = !state.run.is_running() && (split != Some(Split::Val) || tile.mask.is_some());
        let chosen = state.chosen_split(tile) == split;
        if ui.add_enabled(can, RadioButton::new(chosen, text)).clicked() {
            actions.push(UiAction::SetSplit(index, split));
            ui.close();
        }
    }
}

/// Folder, mask and own labels of a tile, in a line.
fn facts(state: &AppState, tile: &Tile) -> String {
    let own = state.project.as_ref().map_or(0, |project| project.labels_on(&tile.id));
    let mask = if tile.mask.is_some() { "has mask" } else { "no mask" };
    let labels = (own > 0).then(|| format::counted(own as u64, "label"));
    let folder = Some(split_id(&tile.id).0.to_owned()).filter(|folder| !folder.is_empty());
    [folder, Some(mask.to_owned()), labels].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// Splits an id into folder and name. Only the name is shown large: it identifies the tile, and both would not fit.
fn split_id(id: &str) -> (&str, &str) {
    id.rsplit_once('/').unwrap_or(("", id))
}

/// The role as a dot on the thumbnail.
fn role_dot(ui: &Ui, tokens: Tokens, role: TileRole, square: Rect) {
    let at = square.right_bottom() - Vec2::splat(6.0);
    ui.painter().circle(at, 4.0, role_color(tokens, role), Stroke::new(1.0, tokens.panel));
}

fn role_color(tokens: Tokens, role: TileRole) -> Color32 {
    match role {
        TileRole::Training => tokens.accent,
        TileRole::Validation | TileRole::Divided => tokens.warn,
        TileRole::Test | TileRole::Unused => tokens.weak,
    }
}

/// The role as a tag. Returns its right edge.
fn role_ui(painter: &eframe::egui::Painter, tokens: Tokens, role: TileRole, at: eframe::egui::Pos2) -> f32 {
    let color = role_color(tokens, role);
    let galley = painter.layout_no_wrap(role.name().to_owned(), FontId::proportional(10.5), color);
    let rect = Rect::from_min_size(at - vec2(0.0, galley.size().y / 2.0 + 1.0), galley.size() + vec2(8.0, 2.0));
    painter.rect_filled(rect, CornerRadius::same(3), color.gamma_multiply(0.16));
    painter.galley(rect.min + vec2(4.0, 1.0), galley, color);
    rect.right()
}

fn thumbnail_ui(ui: &Ui, state: &AppState, tile: &Tile, square: Rect) {
    let tokens = Tokens::of(ui);
    if let Some(texture) = state.thumbnails.get(&tile.id) {
        let image = Image::new(texture).corner_radius(3);
        image.paint_at(ui, square);
        return;
    }
    ui.painter().rect_filled(square, CornerRadius::same(3), tokens.sunken);
    if tile.fault.is_some() {
        let icon = Icon::TriangleAlert.unicode();
        ui.painter().text(square.center(), Align2::CENTER_CENTER, icon, icons(18.0), tokens.error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_split_at_their_last_folder() {
        assert_eq!(split_id("Tile 1/image_part_001"), ("Tile 1", "image_part_001"));
        assert_eq!(split_id("a/b/c"), ("a/b", "c"));
        assert_eq!(split_id("172307"), ("", "172307"));
    }
}
