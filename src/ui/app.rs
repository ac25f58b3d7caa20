//! The window itself: takes events in, draws the panels, carries out what they ask for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, CentralPanel, Context, Frame, Margin, Panel, Ui};
use eframe::{CreationContext, egui_wgpu};

use super::action::{Tab, UiAction};
use super::app_icon::app_icon;
use super::attention::Attention;
use super::canvas::CanvasGpu;
use super::closing::{Closing, Verdict};
use super::execute::execute;
use super::frame_times::FrameTimes;
use super::meshes::MeshPainter;
use super::message::Level;
use super::panels::{self, side};
use super::services::Services;
use super::settings::Settings;
use super::state::AppState;
use super::theme::{self, Tokens, on_panel};
use super::views::{drop_ui, views_ui};
use crate::engine::{Command, Waker};
use crate::kernels::gate::GATE;

/// How the window is to start.
#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// The project to open; the last one, or the demo, if absent.
    pub path: Option<PathBuf>,
    /// Open nothing by itself: for tests.
    pub empty: bool,
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// If the desktop gives no window, or the graphics system no device to draw it with.
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
        app.state.frames = FrameTimes::new(started);
        Ok(Box::new(app))
    });
    eframe::run_native("pointillist", native, create)
        .map_err(|error| anyhow::anyhow!("{error}"))
        .context("The window could not be opened; `pointillist doctor` lists the graphics adapters, and the command line works without a window")
}

/// The window.
pub struct App {
    state: AppState,
    services: Services,
    graphics_errors: Receiver<String>,
    title: String,
    closing: Closing,
}

impl App {
    /// Builds the window's state. Works without a graphics device, as tests do.
    ///
    /// # Errors
    /// If the system has no threads to give.
    pub fn new(cc: &CreationContext<'_>, options: &StartOptions) -> anyhow::Result<Self> {
        let ctx = cc.egui_ctx.clone();
        theme::install(&ctx);
        let (settings, notes) = cc.storage.map(Settings::load).unwrap_or_default();
        ctx.set_theme(settings.theme.preference());
        let waker: Waker = Arc::new(move || ctx.request_repaint());
        let (sender, graphics_errors) = crossbeam_channel::bounded(16);
        let mut state = AppState::new(settings);
        state.clock = SystemTime::now();
        notes.iter().for_each(|note| state.say(Level::Info, note));
        match &cc.wgpu_render_state {
            Some(render_state) => {
                state.graphics = adapter_name(render_state);
                CanvasGpu::install(&cc.egui_ctx, render_state);
                MeshPainter::install(&cc.egui_ctx, render_state);
                report_graphics_errors(render_state, sender, Arc::clone(&waker));
            }
            None => "no graphics device".clone_into(&mut state.graphics),
        }
        let drawn_by_cpu = cc.wgpu_render_state.as_ref().is_none_or(is_software);
        let services = Services::start(&cc.egui_ctx, Attention::new(&GATE, drawn_by_cpu))
            .context("The window's helpers could not be started")?;
        let mut app = Self { state, services, graphics_errors, title: String::new(), closing: Closing::default() };
        app.open_first(options, &cc.egui_ctx);
        Ok(app)
    }

    /// Opens what was asked for, else the last project if it is still there, else the demo.
    fn open_first(&mut self, options: &StartOptions, ctx: &Context) {
        let last = self.state.settings.recent.first().filter(|path| path.is_dir()).cloned();
        let action = match (&options.path, last) {
            _ if options.empty => return,
            (Some(path), _) => UiAction::OpenProject(path.clone()),
            (None, Some(last)) => UiAction::OpenProject(last),
            (None, None) => UiAction::OpenDemo,
        };
        self.act(ctx, action);
    }

    /// The state, to be looked at.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Carries an action out, as if a panel had asked for it.
    pub fn act(&mut self, ctx: &Context, action: UiAction) {
        execute(&mut self.services, &mut self.state, ctx, action);
    }

    /// A run is ended before the window closes; that it takes a moment is said.
    fn close_cleanly(&mut self, ctx: &Context) {
        let asked = ctx.input(|input| input.viewport().close_requested());
        match self.closing.next(asked, self.state.run.is_running(), Instant::now()) {
            Verdict::Stay => {}
            Verdict::Wait => {
                if asked {
                    ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
                }
                self.closing.told |= !self.closing.told && self.services.engine.send(Command::Stop);
                ctx.request_repaint_after(Duration::from_millis(100));
            }
            Verdict::Leave => {
                self.services.engine.hurry();
                if !asked {
                    ctx.send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
        }
    }

    /// The desktop's lists of windows say which project this one shows.
    fn name_window(&mut self, ctx: &Context) {
        let project = self.state.project.as_ref().map(|project| project.project.name.as_str());
        let title = project.map_or("Pointillist".to_owned(), |name| format!("{name} – Pointillist"));
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }

    /// The panels around the views, from the edges inwards. Returns the height of what lies at the foot.
    fn panels_ui(&mut self, ui: &mut Ui, actions: &mut Vec<UiAction>) {
        let height = ui.available_height();
        let state = &mut self.state;
        let tight = |ui: &Ui| Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(8, 2));
        Panel::top("menu").frame(tight(ui)).show(ui, |ui| panels::menu::menu_ui(ui, state, actions));
        let frame = tight(ui);
        Panel::bottom("status").frame(frame).exact_size(24.0).show(ui, |ui| panels::status::status_ui(ui, state));
        let bar = Panel::bottom("run bar").frame(frame).exact_size(44.0);
        let bar_top = bar.show(ui, |ui| panels::run_bar::run_bar_ui(ui, state, actions)).response.rect.top();
        let lower = Panel::bottom("lower").resizable(true).size_range(96.0..=height * 0.6);
        let lower = lower.default_size((height * 0.25).max(150.0));
        lower.show(ui, |ui| on_panel(ui, |ui| lower_ui(ui, state, actions)));
        let tiles = Panel::left("tiles").default_size(216.0).size_range(150.0..=420.0);
        let in_sight =
            tiles.show(ui, |ui| on_panel(ui, |ui| panels::tile_list::tile_list_ui(ui, state, actions))).inner;
        state.scroll_to_tile = false;
        self.services.want_thumbnails(state, &in_sight);
        let side_panel = Panel::right("side").default_size(336.0).size_range(336.0..=520.0);
        side_panel.show(ui, |ui| on_panel(ui, |ui| side::side_ui(ui, state, actions)));
        let viewed = CentralPanel::no_frame().show(ui, |ui| views_ui(ui, state, actions)).inner;
        self.services.set_visible(viewed.visible);
        let ctx = ui.ctx().clone();
        panels::help::help_ui(&ctx, viewed.rect, state, actions);
        panels::toasts::toasts_ui(&ctx, ctx.content_rect().bottom() - bar_top, state, actions);
        panels::dialogs::dialogs_ui(&ctx, state, actions);
        if self.closing.is_waiting() {
            panels::closing::closing_ui(&ctx, state, actions);
        }
        if !ui.input(|input| input.raw.hovered_files.is_empty()) {
            drop_ui(ui, viewed.rect);
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.state.clock = SystemTime::now();
        while let Ok(error) = self.graphics_errors.try_recv() {
            self.state.say(Level::Error, &error);
        }
        self.services.poll(&mut self.state, ctx);
        self.name_window(ctx);
        self.close_cleanly(ctx);
        if self.state.run.is_running() {
            ctx.request_repaint_after(Duration::from_secs(1)); // The time left counts down.
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if ctx.current_pass_index() == 0 {
            self.state.frames.note(Instant::now());
            self.services.attention.frame_begins(&ctx);
        }
        let mut actions = if self.state.dialog.is_none() { super::keys::pressed(&ctx) } else { Vec::new() };
        if let Some(path) = dropped_path(&ctx) {
            actions.push(UiAction::OpenProject(path));
        }
        self.panels_ui(ui, &mut actions);
        if !actions.is_empty() {
            // What they change is drawn in this frame: the panels are laid out again, which takes a tenth of drawing them.
            ctx.request_discard("an action changes what is drawn");
            if !ctx.will_discard() {
                ctx.request_repaint();
            }
        }
        for action in actions {
            self.act(&ctx, action);
        }
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::clear_color(visuals).to_normalized_gamma_f32()
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.state.settings.store(storage);
    }
}

/// The tabs under the views.
fn lower_ui(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    let errors = state.messages.all().iter().filter(|message| message.level == Level::Error).count();
    ui.horizontal(|ui| {
        for tab in Tab::ALL {
            let mut name = egui::RichText::new(tab.name());
            if tab == Tab::Log && errors > 0 {
                name = egui::RichText::new(format!("{} ({errors})", tab.name())).color(Tokens::of(ui).error);
            }
            if ui.selectable_label(state.settings.tab == tab, name).clicked() {
                actions.push(UiAction::ShowTab(tab));
            }
        }
    });
    match state.settings.tab {
        Tab::Curves => panels::curves::curves_ui(ui, state, actions),
        Tab::Scores => panels::scores::scores_ui(ui, state),
        Tab::Runs => panels::runs::runs_ui(ui, state, actions),
        Tab::Log => panels::log::log_ui(ui, state, actions),
    }
}

/// The folder, or image, dropped on the window.
fn dropped_path(ctx: &Context) -> Option<PathBuf> {
    let file = ctx.input(|input| input.raw.dropped_files.first().cloned())?;
    Some(file.path().to_path_buf())
}

fn is_software(render_state: &egui_wgpu::RenderState) -> bool {
    render_state.adapter.get_info().device_type == wgpu::DeviceType::Cpu
}

fn adapter_name(render_state: &egui_wgpu::RenderState) -> String {
    let info = render_state.adapter.get_info();
    format!("{} ({:?}, {:?}) {}", info.name, info.backend, info.device_type, info.driver_info)
}

/// What goes wrong on the graphics device becomes a message, where wgpu would end the program.
fn report_graphics_errors(render_state: &egui_wgpu::RenderState, sender: Sender<String>, waker: Waker) {
    render_state.device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
        let text = format!("The graphics device reported an error: {error}. The picture may be incomplete; labels and training are not touched");
        sender.try_send(text).ok(); // When many come at once the first ones say enough.
        waker();
    }));
}
