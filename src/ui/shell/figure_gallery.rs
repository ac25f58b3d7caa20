//! The figures of the ticked runs in the window: reads the runs, and draws what is in view, on threads of their own.

use std::path::PathBuf;

use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::compared;
use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::charts::{Drawing, raster};
use crate::domain::panic;
use crate::study::compare::figures;
use crate::ui::panels::theme;
use crate::ui::state::action::Dialog;
use crate::ui::state::app_state::AppState;
use crate::ui::state::figure_gallery::{Drawn, FigureKey, GalleryFigure, ReadFigures};
use crate::ui::state::gallery_action::GalleryAction;

/// Carries out an action.
pub(crate) fn act(services: &Services, state: &mut AppState, ctx: &Context, action: GalleryAction) {
    match action {
        GalleryAction::Show(is_shown) => {
            state.gallery.show(is_shown);
            follow(services, state);
        }
        GalleryAction::Draw(keys) => draw(services, state, ctx, &keys),
        GalleryAction::Enlarge(content) => {
            state.gallery.enlarge(content);
            state.dialog = Some(Dialog::Figure);
        }
    }
}

/// Reads the ticked runs, if their figures are shown.
pub(crate) fn follow(services: &Services, state: &mut AppState) {
    let runs = state.runs_table.ticked.clone();
    let Some(with_labels) = state.gallery.begin(&runs) else { return };
    let ticked = runs.clone();
    let result = services.jobs.spawn("read figures", move || JobOutcome::FiguresRead(read(runs, with_labels)));
    if let Err(error) = &result {
        let figures = Err(error.to_string());
        state.gallery.take(ReadFigures { runs: ticked.clone(), with_labels, figures }, &ticked);
    }
    report_no_thread(state, result);
}

/// Takes in figures, and reads on if these are not all.
pub(crate) fn take(services: &Services, state: &mut AppState, read: ReadFigures) {
    if state.gallery.take(read, &state.runs_table.ticked) {
        follow(services, state);
    }
}

fn read(runs: Vec<PathBuf>, with_labels: bool) -> ReadFigures {
    let figures = panic::caught(|| figures_of(&runs, with_labels)).unwrap_or_else(Err);
    ReadFigures { runs, with_labels, figures }
}

fn figures_of(runs: &[PathBuf], with_labels: bool) -> Result<Vec<GalleryFigure>, String> {
    let mut comparison = compared::comparison("ticked runs", runs).map_err(|error| error.to_string())?;
    if with_labels {
        comparison.count_labels(&|_, _| ());
    }
    Ok(figures::all(&comparison).into_iter().map(GalleryFigure::new).collect())
}

fn draw(services: &Services, state: &mut AppState, ctx: &Context, keys: &[FigureKey]) {
    let begun = state.gallery.begin_drawing(keys);
    if begun.is_empty() {
        return;
    }
    let (ctx, begun_keys) = (ctx.clone(), begun.iter().map(|(key, _)| *key).collect::<Vec<_>>());
    let picture = move |(key, drawing): (FigureKey, Drawing)| {
        (key, texture(&ctx, key, &drawing).map_or_else(Drawn::Failed, Drawn::Ready))
    };
    let work = move || JobOutcome::FiguresDrawn(begun.into_iter().map(picture).collect());
    let result = services.jobs.spawn("draw figures", work);
    if let Err(error) = &result {
        state.gallery.take_drawn(begun_keys.into_iter().map(|key| (key, Drawn::Failed(error.to_string()))).collect());
    }
    report_no_thread(state, result);
}

/// The picture of a figure in the window's memory. Egui takes textures from any thread.
fn texture(ctx: &Context, key: FigureKey, drawing: &Drawing) -> Result<TextureHandle, String> {
    let drawn = || raster::pixels(drawing, key.scale(), &theme::inks(key.is_dark));
    let pixels = panic::caught(drawn).unwrap_or_else(Err)?;
    let image = ColorImage::from_rgba_premultiplied(pixels.size.map(|side| side as usize), &pixels.rgba);
    Ok(ctx.load_texture(format!("figure {}", drawing.title), image, TextureOptions::LINEAR))
}
