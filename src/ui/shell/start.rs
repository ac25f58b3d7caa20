//! Opens the window.

use std::time::Instant;

use anyhow::Context as _;
use eframe::egui;

use super::app::{App, StartOptions};
use super::app_icon::app_icon;

/// Opens the window and returns when it is closed.
///
/// # Errors
/// If there is no display, or no graphics device to draw with.
pub fn run(options: StartOptions) -> anyhow::Result<()> {
    let started = Instant::now();
    let viewport = egui::ViewportBuilder::default()
        .with_title("Pointillist")
        .with_app_id("pointillist")
        .with_icon(app_icon())
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([960.0, 600.0])
        .with_drag_and_drop(true);
    let native = eframe::NativeOptions { viewport, ..Default::default() };
    let create: eframe::AppCreator<'_> = Box::new(move |cc| {
        let mut app = App::new(cc, &options)?;
        app.started_at(started);
        Ok(Box::new(app))
    });
    eframe::run_native("pointillist", native, create)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("The window could not be opened; `pointillist doctor` lists the graphics adapters, and the command line works without a window")
}
