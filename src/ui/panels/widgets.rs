//! Widgets shared by the panels.

use eframe::egui::{
    Align, Button, CollapsingHeader, Color32, CornerRadius, Layout, ProgressBar, Response, RichText, ScrollArea, Sense,
    Slider, Stroke, StrokeKind, Ui, Vec2, WidgetText, vec2,
};
use lucide_icons::Icon;

use super::theme::{self, Tokens, UNIT};

/// Width of the labels of a form, points.
const NAME_WIDTH: f32 = 96.0;

/// An icon as text.
pub fn icon(icon: Icon, size: f32) -> RichText {
    RichText::new(icon.unicode()).font(theme::icons(size))
}

/// A button with only an icon. `name` is its tooltip and its accessible name.
pub fn icon_button(ui: &mut Ui, sign: Icon, name: &str, enabled: bool) -> Response {
    let button = Button::new(icon(sign, 15.0)).min_size(Vec2::splat(26.0));
    named(ui.add_enabled(enabled, button), name)
}

/// An icon button without a frame until it is hovered.
pub fn quiet_icon(ui: &mut Ui, sign: Icon, name: &str) -> Response {
    let button = Button::new(icon(sign, 14.0)).frame_when_inactive(false);
    named(ui.add(button.min_size(Vec2::splat(22.0))), name)
}

/// An icon button that shows whether it is selected.
pub fn icon_choice(ui: &mut Ui, chosen: bool, sign: Icon, name: &str) -> Response {
    let button = Button::selectable(chosen, icon(sign, 15.0)).min_size(Vec2::splat(26.0));
    named(ui.add(button), name)
}

/// The button for the next thing to do.
pub fn accent_button(ui: &mut Ui, sign: Icon, text: &str, enabled: bool) -> Response {
    large_button(ui, sign, text, enabled, enabled)
}

/// The same where another button is the main one.
pub fn plain_button(ui: &mut Ui, sign: Icon, text: &str, enabled: bool) -> Response {
    large_button(ui, sign, text, enabled, false)
}

fn large_button(ui: &mut Ui, sign: Icon, text: &str, enabled: bool, stands_out: bool) -> Response {
    let tokens = Tokens::of(ui);
    let (sign, label) = (icon(sign, 14.0), RichText::new(text).font(theme::semibold(13.0)));
    let button = if stands_out {
        Button::new((sign.color(tokens.on_accent), label.color(tokens.on_accent))).fill(tokens.accent)
    } else {
        Button::new((sign, label))
    };
    named(ui.add_enabled(enabled, button.min_size(vec2(88.0, 28.0))), text)
}

/// A slider whose filled part stands out from its rail.
pub fn slider(ui: &mut Ui, slider: Slider<'_>) -> Response {
    let add = |ui: &mut Ui| {
        ui.visuals_mut().selection.bg_fill = Tokens::of(ui).accent;
        ui.add(slider)
    };
    ui.scope(add).inner
}

fn named(response: Response, name: &str) -> Response {
    response.on_hover_text(name).accessible_name(name)
}

/// A section of a side panel with a title that folds it.
pub fn section<R>(ui: &mut Ui, title: &str, open: bool, add: impl FnOnce(&mut Ui) -> R) {
    let heading = RichText::new(title).font(theme::semibold(13.0)).color(Tokens::of(ui).strong);
    CollapsingHeader::new(heading).id_salt(title).default_open(open).show_unindented(ui, |ui| {
        ui.add_space(UNIT / 2.0);
        add(ui);
        ui.add_space(UNIT);
    });
    ui.separator();
}

/// A scroll area of exactly this size, so that nothing beside it moves when its content changes.
pub fn fixed(ui: &mut Ui, name: &str, size: Vec2, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui(size, |ui| {
        ui.set_min_size(size);
        ScrollArea::vertical().id_salt(name).auto_shrink(false).max_height(size.y).show(ui, add);
    });
}

/// A labelled field of a form, aligned with those above and below.
pub fn field<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let height = ui.spacing().interact_size.y;
        let label = ui
            .allocate_ui_with_layout(vec2(NAME_WIDTH, height), Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_width(NAME_WIDTH);
                ui.weak(name)
            })
            .inner;
        ui.label_inputs_by(label.id, add)
    })
    .inner
}

/// A progress bar with its text beside it; over the bar the text would have two backgrounds.
pub fn progress(ui: &mut Ui, share: f32, width: f32, words: impl Into<WidgetText>) {
    ui.add(ProgressBar::new(share).desired_width(width).desired_height(6.0).fill(Tokens::of(ui).accent));
    ui.label(words);
}

/// A small rounded tag.
pub fn badge(ui: &mut Ui, text: &str, color: Color32) -> Response {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), eframe::egui::FontId::proportional(10.5), color);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(2.0 * UNIT, UNIT / 2.0), Sense::hover());
    ui.painter().rect_filled(rect, CornerRadius::same(3), color.gamma_multiply(0.16));
    ui.painter().galley(rect.center() - galley.size() / 2.0, galley, color);
    response.widget_info(|| eframe::egui::WidgetInfo::labeled(eframe::egui::Role::Label, true, text));
    response
}

/// A square of a class's colour.
pub fn swatch(ui: &mut Ui, color: Color32, side: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::hover());
    let outline = Stroke::new(1.0, Tokens::of(ui).weak.gamma_multiply(0.7));
    ui.painter().rect(rect.shrink(1.0), CornerRadius::same(3), color, outline, StrokeKind::Inside);
    response
}

/// Text in the font for numbers.
pub fn number(text: impl Into<String>) -> RichText {
    RichText::new(text).font(theme::mono(12.0))
}

/// A hint where there is nothing to show yet.
pub fn nothing_yet(ui: &mut Ui, text: &str) {
    ui.centered_and_justified(|ui| ui.weak(text));
}
