//! The application: takes events in, draws the panels, and has the actions carried out.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context as _;
use crossbeam_channel::Receiver;
use eframe::CreationContext;
use eframe::egui::{self, Context, Event, RawInput, Ui};

use super::attention::Attention;
use super::execute::execute;
use super::jobs::JobOutcome;
use super::kept_settings::KeptSettings;
use super::meshes::painter::MeshPainter;
use super::services::Services;
use super::{graphics, incoming, keys, pointer, studies, swiping};
use crate::domain::{Edit, Notice};
use crate::engine::{Command, Waker};
use crate::kernels::gate::GATE;
use crate::ui::canvas::gpu::canvas_gpu::CanvasGpu;
use crate::ui::canvas::input::canvas_input::CanvasInput;
use crate::ui::panels::theme;
use crate::ui::panels::window::window_ui;
use crate::ui::state::action::UiAction;
use crate::ui::state::app_state::AppState;
use crate::ui::state::closing::CloseDecision;
use crate::ui::state::frame_times::FrameTimes;
use crate::ui::state::message::Level;
use crate::ui::state::settings::Settings;

/// How the window starts.
#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// The project to open; by default the last one, or the demo.
    pub path: Option<PathBuf>,
    /// Opens no project. For tests.
    pub empty: bool,
}

/// The application behind the window.
pub struct App {
    state: AppState,
    services: Services,
    /// The pointer on the views.
    input: CanvasInput,
    graphics_errors: Receiver<Notice>,
    title: String,
    /// When the toasts were last aged, in egui's seconds.
    aged_at: f64,
    kept: KeptSettings,
}

impl App {
    /// Builds the application. Works without a graphics device, as in tests.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn new(cc: &CreationContext<'_>, options: &StartOptions) -> anyhow::Result<Self> {
        let ctx = cc.egui_ctx.clone();
        theme::install(&ctx);
        let (settings, notes) = cc.storage.map(Settings::load).unwrap_or_default();
        ctx.set_theme(settings.theme.preference());
        let waker: Waker = Arc::new(move || ctx.request_repaint());
        let (sender, graphics_errors) = crossbeam_channel::bounded(16);
        let kept = KeptSettings::read(&settings);
        let mut state = AppState::new(settings);
        state.clock = SystemTime::now();
        notes.into_iter().for_each(|note| state.say(Level::Info, note));
        match &cc.wgpu_render_state {
            Some(render_state) => {
                state.graphics = graphics::adapter_name(render_state);
                CanvasGpu::install(&cc.egui_ctx, render_state);
                MeshPainter::install_if_software(&cc.egui_ctx, render_state);
                graphics::report_errors(render_state, sender, Arc::clone(&waker));
            }
            None => "no graphics device".clone_into(&mut state.graphics),
        }
        let drawn_by_cpu = cc.wgpu_render_state.as_ref().is_none_or(graphics::is_software);
        let services = Services::start(&cc.egui_ctx, Attention::new(&GATE, drawn_by_cpu))
            .context("The window's background services could not be started")?;
        let mut app = Self {
            state,
            services,
            input: CanvasInput::default(),
            graphics_errors,
            title: String::new(),
            aged_at: 0.0,
            kept,
        };
        app.open_first(options, &cc.egui_ctx);
        Ok(app)
    }

    /// Opens the requested project, else the last one if it still exists, else the demo.
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

    /// Measures frame times from when the program started.
    pub(super) fn started_at(&mut self, started: Instant) {
        self.state.frames = FrameTimes::new(started);
    }

    /// The state, read-only.
    pub fn state(&self) -> &AppState {
        &self.state
    }

    /// Carries out an action as if a panel had emitted it.
    pub fn act(&mut self, ctx: &Context, action: UiAction) {
        execute(&mut self.services, &mut self.state, ctx, action);
    }

    /// Takes in what the services delivered since the last frame and carries out the actions that follow from it.
    fn take_in(&mut self, ctx: &Context) {
        let since = Instant::now();
        while let Some(outcome) = self.services.jobs.poll() {
            if matches!(outcome, JobOutcome::Opened(_)) {
                self.input = CanvasInput::default(); // A drag must not continue in another project.
            }
            for action in incoming::take_outcome(&mut self.services, &mut self.state, outcome) {
                self.act(ctx, action);
            }
        }
        if let Some(action) = incoming::take_news(&mut self.services, &mut self.state, ctx, since) {
            self.act(ctx, action);
        }
        self.services.request_prediction(&self.state, ctx);
        self.services.guide_quick(&mut self.state);
        swiping::follow(&mut self.services, &mut self.state);
        if let Some(action) = studies::take_news(&mut self.services, &mut self.state) {
            self.act(ctx, action);
        }
    }

    /// Asks before a study is stopped, ends a run before the window closes, and keeps the window open until then.
    fn close_cleanly(&mut self, ctx: &Context) {
        let asked = ctx.input(|input| input.viewport().close_requested());
        let work = self.state.work();
        let decision = self.state.closing.next(asked, work, Instant::now());
        if asked && matches!(decision, CloseDecision::Ask | CloseDecision::Wait) {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
        }
        match decision {
            CloseDecision::KeepOpen | CloseDecision::Ask => {}
            CloseDecision::Wait => {
                studies::stop(&self.services, &mut self.state);
                let closing = &mut self.state.closing;
                closing.stop_sent |= !closing.stop_sent && self.services.engine.send(Command::Stop);
                ctx.request_repaint_after(Duration::from_millis(100));
            }
            CloseDecision::Close => {
                self.services.engine.hurry();
                if !asked {
                    ctx.send_viewport_cmd(egui::ViewportCommand::Close);
                }
            }
        }
    }

    /// Carries out key and canvas events in order, before anything is drawn. A click on a panel takes effect only
    /// while the panel is drawn, so the events after it are returned, to be handled then.
    fn handle_input(&mut self, ctx: &Context) -> Vec<Event> {
        let mut events = ctx.input(|input| input.events.clone());
        if self.takes_keys(ctx) {
            // A bound key belongs to the window alone, not also to a button that happens to have the focus.
            ctx.input_mut(|input| input.events.retain(|event| keys::action(event).is_none()));
        }
        let input = &self.input;
        let is_elsewhere = |event: &Event| match event {
            Event::PointerButton { pos, pressed: false, .. } => !input.owns(ctx, *pos),
            _ => false,
        };
        let later = events.iter().position(is_elsewhere).map_or_else(Vec::new, |at| events.split_off(at));
        self.handle_events(ctx, &events);
        if later.is_empty() {
            self.end_input(ctx);
        }
        later
    }

    /// Carries out what these events ask for, in order.
    fn handle_events(&mut self, ctx: &Context, events: &[Event]) {
        let mut drawn = Vec::new();
        for event in events {
            let key = keys::action(event).filter(|_| self.takes_keys(ctx));
            for action in key.into_iter().chain(pointer::actions(ctx, &mut self.state, &mut self.input, event)) {
                match action {
                    // Collect moves into one edit: a slow frame has many.
                    UiAction::Label(Edit::Extend(path)) => drawn.extend(path),
                    action => {
                        self.continue_stroke(ctx, &mut drawn);
                        self.act(ctx, action);
                    }
                }
            }
        }
        self.continue_stroke(ctx, &mut drawn);
    }

    /// Continues the current stroke through these positions.
    fn continue_stroke(&mut self, ctx: &Context, drawn: &mut Vec<[f32; 2]>) {
        if !drawn.is_empty() {
            self.act(ctx, UiAction::Label(Edit::Extend(std::mem::take(drawn))));
        }
    }

    /// Ends what no longer has a button down, after the last event of the frame.
    fn end_input(&mut self, ctx: &Context) {
        let ended = pointer::end_frame(ctx, &self.state, &mut self.input);
        ended.into_iter().for_each(|action| self.act(ctx, action));
    }

    /// Shortcuts are off while a text field has the focus, a dialog is open, or the window is about to close.
    fn takes_keys(&self, ctx: &Context) -> bool {
        let closing = &self.state.closing;
        let is_closing = closing.is_asking() || closing.is_waiting();
        self.state.dialog.is_none() && !is_closing && !ctx.text_edit_focused()
    }

    /// Ages the toasts, unless the pointer is over one or the window has no focus.
    fn age_toasts(&mut self, ctx: &Context) {
        let (now, is_looked_at) = ctx.input(|input| (input.time, input.focused));
        let passed = Duration::try_from_secs_f64(now - self.aged_at).unwrap_or_default();
        self.aged_at = now;
        let held = self.state.pointer_over_toasts || !is_looked_at;
        if let Some(next) = self.state.messages.age(if held { Duration::ZERO } else { passed }) {
            ctx.request_repaint_after(next.min(Duration::from_secs(1)));
        }
    }

    /// Shows the project's name in the window title.
    fn update_title(&mut self, ctx: &Context) {
        let project = self.state.project.as_ref().map(|project| project.project.name.as_str());
        let title = project.map_or("Pointillist".to_owned(), |name| format!("{name} – Pointillist"));
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        self.state.clock = SystemTime::now();
        while let Ok(error) = self.graphics_errors.try_recv() {
            self.state.say(Level::Error, error);
        }
        self.take_in(ctx);
        self.age_toasts(ctx);
        self.update_title(ctx);
        self.close_cleanly(ctx);
        if self.state.run.is_running() {
            ctx.request_repaint_after(Duration::from_secs(1)); // Updates the time left.
        }
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if ctx.current_pass_index() == 0 {
            self.state.frames.note(Instant::now());
            self.services.attention.frame_begins(&ctx);
        }
        let later = if ctx.current_pass_index() == 0 { self.handle_input(&ctx) } else { Vec::new() };
        let mut actions = Vec::new();
        if let Some(path) = dropped_path(&ctx) {
            actions.push(UiAction::OpenProject(path));
        }
        let shown = window_ui(ui, &mut self.state, &mut self.input, &mut actions);
        self.services.request_thumbnails(&mut self.state, &shown.visible_rows);
        self.services.set_visible(shown.visible);
        let needs_redraw = !actions.is_empty() || !later.is_empty() || self.services.pointer.is_scale_ahead();
        actions.into_iter().for_each(|action| self.act(&ctx, action));
        if !later.is_empty() {
            self.handle_events(&ctx, &later);
            self.end_input(&ctx);
        }
        studies::look_when_due(&self.services, &mut self.state, &ctx);
        self.kept.follow(&self.state.settings, &ctx);
        if needs_redraw {
            // Draw the changes in this frame: laying out the panels again takes a tenth of the time of drawing.
            ctx.request_discard("an action changed the state");
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
        self.kept.store(&self.state.settings, storage);
    }

    fn auto_save_interval(&self) -> Duration {
        KeptSettings::INTERVAL
    }
}

/// The folder or image dropped on the window.
fn dropped_path(ctx: &Context) -> Option<PathBuf> {
    let file = ctx.input(|input| input.raw.dropped_files.first().cloned())?;
    Some(file.path().to_path_buf())
}
