//! A drawing as pixels, with the fonts that the program ships: the same on every machine.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, Tree};

use super::Drawing;
use super::fonts;
use super::inks::Inks;

/// Pixels of a picture for each of the drawing: sharp in print at half a column, and on dense screens.
pub const SCALE: u32 = 2;

/// The fonts, read once. Nothing of the system's is among them.
static FONTS: LazyLock<Arc<Database>> = LazyLock::new(|| {
    let mut database = Database::new();
    for font in [fonts::INTER, fonts::JETBRAINS_MONO] {
        database.load_font_data(font.to_vec());
    }
    database.set_sans_serif_family("Inter"); // The family that drawings ask for.
    Arc::new(database)
});

/// Pixels from left to right and from top to bottom: red, green, blue and opacity, the first three multiplied by the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// Width and height.
    pub size: [u32; 2],
    /// Four bytes for each pixel.
    pub rgba: Vec<u8>,
}

/// The drawing as a PNG file on white, with [`SCALE`] pixels for each of its own.
///
/// # Errors
/// With a sentence, if the drawing has no extent, is too large to be held in memory, or has characters that no font has: they would
/// become boxes.
pub fn png(drawing: &Drawing) -> Result<Vec<u8>, String> {
    render(drawing, f64::from(SCALE), None)?.encode_png().map_err(|error| error.to_string())
}

/// The drawing in these colours, with so many pixels for each of its own.
///
/// # Errors
/// As [`png()`].
pub fn pixels(drawing: &Drawing, scale: f64, inks: &Inks) -> Result<Pixels, String> {
    let drawn = render(drawing, scale, Some(inks))?;
    Ok(Pixels { size: [drawn.width(), drawn.height()], rgba: drawn.take() })
}

fn render(drawing: &Drawing, scale: f64, inks: Option<&Inks>) -> Result<Pixmap, String> {
    let style_sheet = inks.map(Inks::style_sheet);
    let options = Options { fontdb: Arc::clone(&FONTS), style_sheet, ..Options::default() };
    let tree = Tree::from_str(&drawing.file(), &options).map_err(|error| error.to_string())?;
    let mut lacking = BTreeSet::new();
    find_lacking(tree.root(), &mut lacking);
    if !lacking.is_empty() {
        let characters: Vec<&str> = lacking.iter().map(String::as_str).collect();
        return Err(format!("the fonts of the program have no {}", characters.join(" ")));
    }
    let [width, height] = drawing.size().map(|side| (side * scale).ceil() as u32);
    let mut pixels =
        Pixmap::new(width, height).ok_or_else(|| format!("a figure of {width} × {height} pixels cannot be drawn"))?;
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixels.as_mut());
    Ok(pixels)
}

/// Finds the texts of glyphs that no font has.
fn find_lacking(group: &Group, lacking: &mut BTreeSet<String>) {
    /// What a font draws in place of a character that it lacks.
    const NOT_DEFINED: u32 = 0;
    for node in group.children() {
        match node {
            Node::Group(inner) => find_lacking(inner, lacking),
            Node::Text(text) => {
                let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
                let undrawn = glyphs.filter(|glyph| glyph.id.0 == NOT_DEFINED);
                lacking.extend(undrawn.map(|glyph| glyph.text.clone()));
            }
            Node::Path(_) | Node::Image(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::super::drawing::Anchor;
    use super::*;

    fn picture(drawing: &Drawing) -> RgbImage {
        image::load_from_memory(&png(drawing).unwrap()).unwrap().into_rgb8()
    }

    /// Pixels that are not white.
    fn drawn(image: &RgbImage) -> usize {
        image.pixels().filter(|pixel| pixel.0 != [255; 3]).count()
    }

    fn sheet() -> Drawing {
        Drawing::new("a sheet", [120.0, 40.0])
    }

    #[test]
    fn an_empty_sheet_is_white_at_twice_its_size() {
        let image = picture(&sheet());
        assert_eq!((image.dimensions(), drawn(&image)), ((240, 80), 0));
    }

    #[test]
    fn marks_are_where_they_are_drawn() {
        let mut drawing = sheet();
        drawing.block([10.0, 5.0], [20.0, 10.0], "#ff0000", 1.0);
        let image = picture(&drawing);
        assert_eq!(drawn(&image), 40 * 20);
        assert_eq!([image.get_pixel(20, 10).0, image.get_pixel(59, 29).0], [[255, 0, 0]; 2]);
    }

    #[test]
    fn other_inks_take_the_place_of_those_of_a_file() {
        let mut drawing = sheet();
        drawing.block([10.0, 5.0], [20.0, 10.0], "#ff0000", 1.0);
        drawing.axis([60.0, 0.0], [60.0, 40.0]);
        let inks = Inks { paper: [10, 20, 30], ink: [255; 3], soft: [0, 200, 0], grid: [0; 3] };
        let drawn = pixels(&drawing, 0.5, &inks).unwrap();
        assert_eq!((drawn.size, drawn.rgba.len()), ([60, 20], 60 * 20 * 4));
        let at = |x: usize, y: usize| &drawn.rgba[4 * (60 * y + x)..][..4];
        assert_eq!(
            [at(1, 1), at(8, 5)],
            [[10, 20, 30, 255], [255, 0, 0, 255]],
            "what means something keeps its colour"
        );
        assert!(at(30, 10)[1] > 50, "an axis is green: {:?}", at(30, 10));
    }

    #[test]
    fn texts_are_drawn_in_the_fonts_of_the_program() {
        let with = |text: &str| {
            let mut drawing = sheet();
            drawing.text([60.0, 25.0], Anchor::Middle, text);
            picture(&drawing)
        };
        let one = with("mIoU ± −0.5 …");
        assert!(drawn(&one) > 200, "{}", drawn(&one));
        assert!(one != with("mIoU ± −0.6 …"), "another digit is another picture");
        let narrow = with("iiiiiiii");
        assert!(drawn(&with("WWWWWWWW")) > 2 * drawn(&narrow), "letters, not boxes of one width");
        assert!(one == with("mIoU ± −0.5 …"), "the same again");
    }

    #[test]
    fn characters_that_no_font_has_are_named() {
        let with = |text: &str| {
            let mut drawing = sheet();
            drawing.text([60.0, 25.0], Anchor::Middle, text);
            png(&drawing)
        };
        let refusal = with("class 建筑").unwrap_err();
        assert!(refusal.contains('建') && refusal.contains('筑') && !refusal.contains("class"), "{refusal}");
        for known in ["Ünïcödé", "Дорога", "δρόμος", "· – ± − × … ² → ↑"] {
            assert!(with(known).is_ok(), "{known}");
        }
    }

    #[test]
    fn figures_find_their_font_and_hold_no_pictures() {
        let file = sheet().file();
        assert!(file.contains("font-family=\"sans-serif\"") && !file.contains("<image"), "{file}");
        let family = FONTS.family_name(&resvg::usvg::fontdb::Family::SansSerif);
        assert!(FONTS.faces().any(|face| face.families.iter().any(|(name, _)| name == family)), "{family}");
    }
}
