//! The figures of the ticked runs in the window: reads the runs, and draws what is in view, on threads of their own.

use std::sync::PoisonError;

use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use super::compared;
use super::jobs::JobOutcome;
use super::opening::report_no_thread;
use super::services::Services;
use crate::charts::{Drawing, raster};
use crate::domain::panic;
use crate::engine::priority;
use crate::study::compare::figures;
use crate::ui::panels::theme;
use crate::ui::state::action::Dialog;
use crate::ui::state::app_state::AppState;
use crate::ui::state::figure_gallery::{Drawn, FigureKey, GalleryFigure, ReadFigures};
use crate::ui::state::figure_reads::FigureReading;
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

/// Reads the ticked runs, if their figures are shown in the tab in front and there is something new to read. Others are read no longer.
pub(crate) fn follow(services: &Services, state: &mut AppState) {
    let ticked = state.ticked_runs();
    state.gallery.end_others(&ticked);
    if !state.is_at_compare() {
        return;
    }
    let Some(reading) = state.gallery.begin(ticked) else { return };
    let (number, with_labels) = (reading.number, reading.with_labels);
    let result = services.jobs.spawn("read figures", move || {
        priority::lower_this_thread();
        JobOutcome::FiguresRead(read(&reading))
    });
    if let Err(error) = &result {
        let figures = Err(error.to_string());
        state.gallery.take(ReadFigures { number, with_labels, figures, notes: Vec::new() });
    }
    report_no_thread(state, result);
}

/// Takes in figures, and reads on if these are not all.
pub(crate) fn take(services: &Services, state: &mut AppState, read: ReadFigures) {
    if state.gallery.take(read) {
        follow(services, state);
    }
}

fn read(reading: &FigureReading) -> ReadFigures {
    let found = panic::caught(|| figures_of(reading)).unwrap_or_else(Err);
    let (figures, notes) = match found {
        Ok((figures, notes)) => (Ok(figures), notes),
        Err(why) => (Err(why), Vec::new()),
    };
    ReadFigures { number: reading.number, with_labels: reading.with_labels, figures, notes }
}

/// Figures, and what is to be known of them. Of a reading that nobody waits for any more there are none.
fn figures_of(reading: &FigureReading) -> Result<(Vec<GalleryFigure>, Vec<String>), String> {
    let mut comparison = compared::comparison("ticked runs", &reading.runs).map_err(|error| error.to_string())?;
    if reading.with_labels {
        let mut counter = reading.counter.lock().unwrap_or_else(PoisonError::into_inner);
        counter.keep_lasting();
        comparison.count_labels_while(&mut counter, &|_, _| (), &|| reading.goes_on());
    }
    if !reading.goes_on() {
        return Ok((Vec::new(), Vec::new()));
    }
    Ok((figures::all(&comparison).into_iter().map(GalleryFigure::new).collect(), comparison.notes))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::gate::Gate;
    use crate::ui::shell::attention::Attention;
    use crate::ui::state::action::Tab;
    use crate::ui::state::settings::Settings;

    #[test]
    fn runs_are_read_while_their_figures_are_in_front() {
        let attention = Attention::new(Box::leak(Box::new(Gate::opened())), true);
        let services = Services::start(&Context::default(), attention).unwrap();
        let mut state = AppState::new(Settings::default());
        state.runs_table.ticked = vec!["/runs/a".into()];
        state.settings.tab = Tab::Compare;
        follow(&services, &mut state);
        assert!(!state.gallery.is_reading(), "curves and bars are shown");
        state.gallery.show(true);
        state.settings.tab = Tab::Runs;
        follow(&services, &mut state);
        assert!(!state.gallery.is_reading(), "another tab is in front");
        state.settings.tab = Tab::Compare;
        follow(&services, &mut state);
        assert!(state.gallery.is_reading());
        state.runs_table.ticked.clear();
        follow(&services, &mut state);
        assert!(!state.gallery.is_reading(), "nobody waits for them any more");
    }
}
