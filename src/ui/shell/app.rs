//! The window itself: takes events in, draws the panels, carries out what they ask for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use crossbeam_channel::{Receiver, Sender};
use eframe::egui::{self, CentralPanel, Context, Event, Frame, Margin, Panel, RawInput, Ui};
use eframe::{CreationContext, egui_wgpu};

use super::app_icon::app_icon;
use super::attention::Attention;
use super::execute::execute;
use super::meshes::MeshPainter;
use super::services::Services;
use crate::domain::Edit;
use crate::engine::{Command, Waker};
use crate::kernels::gate::GATE;
use crate::ui::canvas::CanvasGpu;
use crate::ui::panels::theme::{self, on_panel};
use crate::ui::panels::views::{self, drop_ui, views_ui};
use crate::ui::panels::{self, side};
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::closing::{Closing, Verdict};
use crate::ui::state::frame_times::FrameTimes;
use crate::ui::state::keys;
use crate::ui::state::message::Level;
use crate::ui::state::room::Room;
use crate::ui::state::settings::Settings;

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
    /// When toasts were made older last, in egui's seconds.
    aged_at: f64,
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
        let mut app =
            Self { state, services, graphics_errors, title: String::new(), closing: Closing::default(), aged_at: 0.0 };
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

    /// Carries out what keys and the pointer on the pictures ask for, in the order of their events and before anything is drawn.
    /// A click on a panel is understood only while the panel is drawn: returns the events after it, to be followed then.
    fn follow(&mut self, ctx: &Context) -> Vec<Event> {
        let mut events = ctx.input(|input| input.events.clone());
        if self.takes_keys(ctx) {
            // A bound key is nobody else's: not that of a button which happens to have the focus.
            ctx.input_mut(|input| input.events.retain(|event| keys::action(event).is_none()));
        }
        let camera = &self.state.camera;
        let is_elsewhere = |event: &Event| match event {
            Event::PointerButton { pos, pressed: false, .. } => !camera.holds(ctx, *pos),
            _ => false,
        };
        let later = events.iter().position(is_elsewhere).map_or_else(Vec::new, |at| events.split_off(at));
        self.carry_out(ctx, &events);
        if later.is_empty() {
            self.let_go(ctx);
        }
        later
    }

    /// Carries out what these events ask for, one after the other.
    fn carry_out(&mut self, ctx: &Context, events: &[Event]) {
        let mut drawn = Vec::new();
        for event in events {
            let key = keys::action(event).filter(|_| self.takes_keys(ctx));
            for action in key.into_iter().chain(views::pointed(ctx, &mut self.state, event)) {
                match action {
                    // Moves are written down together: a slow frame has many.
                    UiAction::Label(Edit::Extend(path)) => drawn.extend(path),
                    action => {
                        self.draw_on(ctx, &mut drawn);
                        self.act(ctx, action);
                    }
                }
            }
        }
        self.draw_on(ctx, &mut drawn);
    }

    /// The stroke under way goes on through these positions.
    fn draw_on(&mut self, ctx: &Context, drawn: &mut Vec<[f32; 2]>) {
        if !drawn.is_empty() {
            self.act(ctx, UiAction::Label(Edit::Extend(std::mem::take(drawn))));
        }
    }

    /// All events of the frame have been followed.
    fn let_go(&mut self, ctx: &Context) {
        let ended = views::pointed_last(ctx, &mut self.state);
        ended.into_iter().for_each(|action| self.act(ctx, action));
    }

    /// Keys mean nothing while somebody types into a field or answers a dialog.
    fn takes_keys(&self, ctx: &Context) -> bool {
        self.state.dialog.is_none() && !ctx.text_edit_focused()
    }

    /// What floats over the window goes after a while: not while the pointer is over it, nor while nobody looks.
    fn age_toasts(&mut self, ctx: &Context) {
        let (now, is_looked_at) = ctx.input(|input| (input.time, input.focused));
        let passed = Duration::try_from_secs_f64(now - self.aged_at).unwrap_or_default();
        self.aged_at = now;
        let held = self.state.toasts_held || !is_looked_at;
        if let Some(next) = self.state.messages.age(if held { Duration::ZERO } else { passed }) {
            ctx.request_repaint_after(next.min(Duration::from_secs(1)));
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
        let state = &mut self.state;
        state.room = Room::of(ui.ctx().content_rect().size(), state.settings.lower_open);
        let tight = |ui: &Ui| Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(8, 2));
        Panel::top("menu").frame(tight(ui)).show(ui, |ui| panels::menu::menu_ui(ui, state, actions));
        let frame = tight(ui);
        Panel::bottom("status").frame(frame).exact_size(24.0).show(ui, |ui| panels::status::status_ui(ui, state));
        let bar = Panel::bottom("run bar").frame(frame).exact_size(44.0);
        let bar_top = bar.show(ui, |ui| panels::run_bar::run_bar_ui(ui, state, actions)).response.rect.top();
        let tabs_top = panels::lower::lower_panel(ui, state, actions);
        let in_sight = tiles_panel(ui, state, actions);
        state.scroll_to_tile = false;
        self.services.want_thumbnails(state, &in_sight);
        side_panel(ui, state, actions);
        let viewed = CentralPanel::no_frame().show(ui, |ui| views_ui(ui, state, actions)).inner;
        self.services.set_visible(viewed.visible);
        let ctx = ui.ctx().clone();
        if state.side_open && !state.room.side {
            panels::strip::side_over_ui(&ctx, viewed.rect, state, actions);
        }
        panels::help::help_ui(&ctx, viewed.rect, state, actions);
        let from_foot = ctx.content_rect().bottom() - if state.room.lower { bar_top } else { tabs_top };
        state.toasts_held = panels::toasts::toasts_ui(&ctx, from_foot, state, actions);
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
        self.age_toasts(ctx);
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
        let later = if ctx.current_pass_index() == 0 { self.follow(&ctx) } else { Vec::new() };
        let mut actions = Vec::new();
        if let Some(path) = dropped_path(&ctx) {
            actions.push(UiAction::OpenProject(path));
        }
        self.panels_ui(ui, &mut actions);
        let draws_on = !actions.is_empty() || !later.is_empty() || self.services.pointer.is_scale_ahead();
        actions.into_iter().for_each(|action| self.act(&ctx, action));
        if !later.is_empty() {
            self.carry_out(&ctx, &later);
            self.let_go(&ctx);
        }
        if draws_on {
            // What they change is drawn in this frame: the panels are laid out again, which takes a tenth of drawing them.
            ctx.request_discard("an action changes what is drawn");
            if !ctx.will_discard() {
                ctx.request_repaint();
            }
        }
    }

    fn raw_input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        self.services.pointer.correct(ctx, input);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::clear_color(visuals).to_normalized_gamma_f32()
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.state.settings.store(storage);
    }
}

/// The tiles, with words or as thumbnails. Returns those in sight.
fn tiles_panel(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) -> Vec<usize> {
    let panel = match state.room.tiles {
        true => Panel::left("tiles").default_size(216.0).size_range(150.0..=420.0),
        false => Panel::left("tile strip").resizable(false).exact_size(panels::tile_list::STRIP),
    };
    panel.show(ui, |ui| on_panel(ui, |ui| panels::tile_list::tile_list_ui(ui, state, actions))).inner
}

/// Classes, layers and forms, or a strip of icons.
fn side_panel(ui: &mut Ui, state: &AppState, actions: &mut Vec<UiAction>) {
    if state.room.side {
        let panel = Panel::right("side").default_size(336.0).size_range(336.0..=520.0);
        panel.show(ui, |ui| on_panel(ui, |ui| side::side_ui(ui, state, actions)));
    } else {
        let frame = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(6, 4));
        let panel = Panel::right("strip").frame(frame).resizable(false).exact_size(panels::strip::STRIP);
        panel.show(ui, |ui| on_panel(ui, |ui| panels::strip::strip_ui(ui, state, actions)));
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
