//! The look of the window: design tokens (the only place that defines colours), fonts and egui's style. Panels are
//! neutral with one accent colour, so that the picture stands out.

use std::num::NonZeroUsize;
use std::sync::Arc;

use eframe::egui::{
    Color32, Context, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Frame, Margin, Stroke, Style,
    TextStyle, Theme, Ui, UiBuilder, UiKind, UiStackInfo, Visuals, vec2,
};
use lucide_icons::LUCIDE_FONT_BYTES;

use crate::charts::fonts;
use crate::charts::inks::Inks;

/// Base of all distances, points.
pub const UNIT: f32 = 4.0;

/// The colours of a theme by purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Background of the picture.
    pub canvas: Color32,
    /// Background of panels.
    pub panel: Color32,
    /// Background of menus, dialogs and cards.
    pub raised: Color32,
    /// Background of text fields and slider rails.
    pub sunken: Color32,
    /// Buttons: at rest, hovered, pressed.
    pub button: [Color32; 3],
    /// Separators and outlines.
    pub line: Color32,
    /// Normal text.
    pub text: Color32,
    /// Secondary text.
    pub weak: Color32,
    /// Emphasised text.
    pub strong: Color32,
    /// The accent: the selection and the next thing to do.
    pub accent: Color32,
    /// Text on the accent.
    pub on_accent: Color32,
    /// Background of a selected row.
    pub selection: Color32,
    /// Success.
    pub good: Color32,
    /// Warnings.
    pub warn: Color32,
    /// Errors.
    pub error: Color32,
}

const DARK: Tokens = Tokens {
    canvas: Color32::from_rgb(17, 18, 20),
    panel: Color32::from_rgb(28, 30, 33),
    raised: Color32::from_rgb(38, 41, 45),
    sunken: Color32::from_rgb(20, 22, 24),
    button: [Color32::from_rgb(48, 51, 56), Color32::from_rgb(60, 64, 70), Color32::from_rgb(71, 76, 83)],
    line: Color32::from_rgb(50, 53, 58),
    text: Color32::from_rgb(212, 215, 220),
    weak: Color32::from_rgb(146, 152, 161),
    strong: Color32::from_rgb(243, 244, 246),
    accent: Color32::from_rgb(122, 156, 255),
    on_accent: Color32::from_rgb(13, 18, 34),
    selection: Color32::from_rgb(47, 58, 89),
    good: Color32::from_rgb(106, 196, 128),
    warn: Color32::from_rgb(228, 178, 80),
    error: Color32::from_rgb(244, 122, 115),
};

const LIGHT: Tokens = Tokens {
    canvas: Color32::from_rgb(214, 216, 219),
    panel: Color32::from_rgb(246, 246, 247),
    raised: Color32::from_rgb(255, 255, 255),
    sunken: Color32::from_rgb(236, 237, 240),
    button: [Color32::from_rgb(229, 230, 233), Color32::from_rgb(217, 219, 223), Color32::from_rgb(203, 206, 211)],
    line: Color32::from_rgb(214, 216, 220),
    text: Color32::from_rgb(46, 50, 56),
    weak: Color32::from_rgb(100, 106, 115),
    strong: Color32::from_rgb(15, 17, 20),
    accent: Color32::from_rgb(52, 90, 214),
    on_accent: Color32::from_rgb(255, 255, 255),
    selection: Color32::from_rgb(214, 223, 250),
    good: Color32::from_rgb(26, 118, 54),
    warn: Color32::from_rgb(146, 94, 0),
    error: Color32::from_rgb(194, 42, 38),
};

impl Tokens {
    /// The tokens of the current theme.
    pub fn of(ui: &Ui) -> Self {
        if ui.visuals().dark_mode { DARK } else { LIGHT }
    }
}

/// The colours of figures in a theme.
pub fn inks(is_dark: bool) -> Inks {
    let tokens = if is_dark { DARK } else { LIGHT };
    let colors = [tokens.raised, tokens.text, tokens.weak, tokens.line];
    let [paper, ink, soft, grid] = colors.map(|color| [color.r(), color.g(), color.b()]);
    Inks { paper, ink, soft, grid }
}

/// The clear colour of the window, which serves as background of the panels. Filling each panel would draw over a
/// cleared window with the same colour, which takes software adapters milliseconds.
pub fn clear_color(visuals: &Visuals) -> Color32 {
    if visuals.dark_mode { DARK.panel } else { LIGHT.panel }
}

/// Declares the panel's background to egui although nothing fills it, so that scroll areas fade into the right
/// colour.
pub fn on_panel<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let ground = Frame::NONE.fill(clear_color(ui.visuals()));
    let info = UiStackInfo::new(UiKind::Frame).with_frame(ground);
    ui.scope_builder(UiBuilder::new().ui_stack_info(info), add).inner
}

/// A class colour as an egui colour.
pub fn class_color([r, g, b]: [u8; 3]) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// Colours of things that are compared, distinguishable to most eyes and legible on both themes (after Okabe and Ito 2008).
const SERIES: [Color32; 7] = [
    Color32::from_rgb(58, 134, 214),
    Color32::from_rgb(222, 125, 20),
    Color32::from_rgb(22, 158, 115),
    Color32::from_rgb(200, 92, 152),
    Color32::from_rgb(194, 62, 40),
    Color32::from_rgb(132, 110, 214),
    Color32::from_rgb(140, 128, 96),
];

/// The colour of the thing at this place among those that are compared. They begin again after the last.
pub fn series_color(place: usize) -> Color32 {
    SERIES[place % SERIES.len()]
}

/// Font for headings and emphasis.
pub fn semibold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("semibold".into()))
}

/// Font of the icons.
pub fn icons(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("icons".into()))
}

/// Font for numbers in columns.
pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Installs fonts and both styles. Call once, before the first frame.
pub fn install(ctx: &Context) {
    ctx.set_fonts(fonts());
    // One more than egui's default: an action drawn in its own frame may add widgets that have to be measured first.
    ctx.options_mut(|options| {
        options.max_passes = NonZeroUsize::MIN.saturating_add(2);
        options.zoom_with_keyboard = false; // Handled by `pointer_scale`.
    });
    for (theme, tokens) in [(Theme::Dark, &DARK), (Theme::Light, &LIGHT)] {
        ctx.set_style_of(theme, style(tokens, theme == Theme::Dark));
    }
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    let files: [(&str, &'static [u8]); 4] = [
        ("inter", fonts::INTER),
        ("inter-semibold", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/Inter-SemiBold.ttf"))),
        ("jetbrains-mono", fonts::JETBRAINS_MONO),
        ("lucide", LUCIDE_FONT_BYTES),
    ];
    for (name, bytes) in files {
        let data = FontData::from_static(bytes);
        fonts.font_data.insert(name.to_owned(), Arc::new(data));
    }
    let families = [
        (FontFamily::Proportional, ["inter", "jetbrains-mono"]),
        (FontFamily::Monospace, ["jetbrains-mono", "inter"]),
        (FontFamily::Name("semibold".into()), ["inter-semibold", "jetbrains-mono"]),
        // A family of its own, because Inter has other glyphs at the icons' code points.
        (FontFamily::Name("icons".into()), ["lucide", "inter"]),
    ];
    for (family, names) in families {
        fonts.families.insert(family, names.map(str::to_owned).to_vec());
    }
    fonts
}

fn style(tokens: &Tokens, dark: bool) -> Style {
    let mut style = Style { visuals: visuals(tokens, dark), ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(11.0)),
        (TextStyle::Body, FontId::proportional(13.0)),
        (TextStyle::Button, FontId::proportional(13.0)),
        (TextStyle::Monospace, FontId::monospace(12.0)),
        (TextStyle::Heading, semibold(15.0)),
    ]
    .into();
    style.drag_value_text_style = TextStyle::Monospace;
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(2.0 * UNIT, 1.5 * UNIT);
    spacing.button_padding = vec2(2.0 * UNIT, 3.0);
    spacing.interact_size = vec2(8.0 * UNIT, 6.0 * UNIT);
    spacing.menu_margin = Margin::same(6);
    spacing.window_margin = Margin::same(16);
    spacing.indent = 18.0;
    spacing.slider_width = 120.0;
    spacing.slider_rail_height = UNIT;
    spacing.combo_width = 120.0;
    spacing.icon_width = 4.0 * UNIT;
    spacing.icon_spacing = 1.5 * UNIT;
    spacing.tooltip_width = 360.0;
    style.interaction.tooltip_delay = 0.4;
    style.animation_time = 0.08;
    style
}

fn visuals(tokens: &Tokens, dark: bool) -> Visuals {
    let mut visuals = if dark { Visuals::dark() } else { Visuals::light() };
    visuals.panel_fill = Color32::TRANSPARENT; // The window is cleared with the panels' colour: see `clear_color`.
    visuals.window_fill = tokens.raised;
    visuals.window_stroke = Stroke::new(1.0, tokens.line);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.extreme_bg_color = tokens.sunken;
    visuals.text_edit_bg_color = Some(tokens.sunken);
    visuals.faint_bg_color = tokens.text.gamma_multiply(0.035);
    visuals.code_bg_color = tokens.sunken;
    visuals.weak_text_color = Some(tokens.weak);
    visuals.warn_fg_color = tokens.warn;
    visuals.error_fg_color = tokens.error;
    visuals.hyperlink_color = tokens.accent;
    visuals.selection.bg_fill = tokens.selection;
    visuals.selection.stroke = Stroke::new(1.0, tokens.strong);
    visuals.slider_trailing_fill = true;
    visuals.indent_has_left_vline = false;
    let radius = CornerRadius::same(4);
    let widgets = &mut visuals.widgets;
    let states = [
        (&mut widgets.noninteractive, tokens.panel, tokens.line, tokens.text),
        (&mut widgets.inactive, tokens.button[0], Color32::TRANSPARENT, tokens.text),
        (&mut widgets.hovered, tokens.button[1], tokens.line, tokens.strong),
        (&mut widgets.active, tokens.button[2], tokens.accent, tokens.strong),
        (&mut widgets.open, tokens.button[1], tokens.line, tokens.strong),
    ];
    for (state, fill, outline, text) in states {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = Stroke::new(1.0, outline);
        state.fg_stroke = Stroke::new(1.0, text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast by relative luminance, as WCAG 2 defines them.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color: Color32| {
            let linear = |v: u8| {
                let v = f32::from(v) / 255.0;
                if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_is_legible_on_every_background() {
        for tokens in [DARK, LIGHT] {
            for ground in [tokens.panel, tokens.raised, tokens.sunken] {
                for text in [tokens.text, tokens.weak, tokens.strong, tokens.warn, tokens.error, tokens.good] {
                    assert!(contrast(text, ground) >= 4.5, "{text:?} on {ground:?}: {}", contrast(text, ground));
                }
            }
            for ground in [tokens.panel, tokens.raised] {
                assert!(contrast(tokens.sunken, ground) > 1.05, "a field is invisible on {ground:?}");
            }
            assert!(contrast(tokens.on_accent, tokens.accent) >= 4.5);
            assert!(contrast(tokens.strong, tokens.selection) >= 4.5);
        }
    }
}
