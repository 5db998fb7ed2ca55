//! Pixels and gestures. No DSP, no engine calls: the screen looks through `View` and asks by `Action`.
//!
//! `screen.rs` lays out the window, `canvas.rs` shows the document on `node_graph`, `panels/` is what stands around it.
//! This file is the window itself: it opens it and keeps its title; `pace.rs` says how often it is drawn.

mod appear;
mod body;
mod canvas;
pub mod commands;
mod controls;
mod dialog;
mod documents;
mod doze;
mod drop_down;
mod files;
mod follow;
mod ghosts;

mod soldered;

mod hands;
pub mod icons;
mod keys;
mod layout;
pub mod node_graph;
mod pace;
mod panels;
mod probe;
mod property;
mod rows;
mod screen;
mod signals;
mod starters;
pub mod theme;
mod unhurried;
mod words;

pub use screen::Screen;

use std::path::PathBuf;
use std::time::Duration;

use crate::app::{Action, App};
use crate::ks::State;
use doze::Doze;
use pace::{Found, Pace};

/// What the window is opened with.
pub struct Options {
    /// The program.
    pub app: App,
    /// A graph to open.
    pub graph: Option<PathBuf>,
    /// Whether it is set running at once.
    pub run: bool,
    /// Whether the first five minutes are shown, unless they have been before.
    pub greet: bool,
}

/// The window could not be had.
#[derive(Debug, thiserror::Error)]
pub enum GuiError {
    /// Nothing to draw on.
    #[error("there is no display: neither DISPLAY nor WAYLAND_DISPLAY leads to one")]
    NoDisplay,
    /// The display does not give a window.
    #[error("the window could not be opened: {0}")]
    Window(String),
}

/// Opens the window and stays until it is closed.
pub fn run(options: Options) -> Result<(), GuiError> {
    if !has_display() {
        return Err(GuiError::NoDisplay);
    }
    let Options {
        mut app,
        graph,
        run,
        greet,
    } = options;
    if let Some(path) = graph {
        app.perform(Action::Open(path));
    }
    if run {
        app.perform(Action::SetState(State::Run));
    }
    let viewport = egui::ViewportBuilder::default()
        .with_title("KSGraph")
        .with_app_id("ksgraph")
        .with_inner_size([1600.0, 1000.0])
        .with_min_inner_size([760.0, 480.0])
        .with_clamp_size_to_monitor_size(true)
        .with_drag_and_drop(true);
    let native = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Glow,
        // There are no gradients to smooth, and in software every pixel would pay for it.
        dithering: false,
        ..Default::default()
    };
    eframe::run_native(
        "ksgraph",
        native,
        Box::new(move |creation| Ok(Box::new(Shell::new(&creation.egui_ctx, app, greet)))),
    )
    .map_err(|error| GuiError::Window(error.to_string()))
}

/// Whether there is something to draw on; asked first, since the windowing library panics where there is nothing.
pub fn has_display() -> bool {
    if cfg!(any(target_os = "macos", windows)) {
        return true;
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET")
}

/// Between frames under reduced motion, in seconds.
const STILL: f32 = 0.25;

/// The window.
struct Shell {
    screen: Screen,
    title: String,
    pace: Pace,
    doze: Option<Doze>,
    unhurried: unhurried::Unhurried,
}

impl Shell {
    fn new(ctx: &egui::Context, app: App, greet: bool) -> Self {
        let mut screen = Screen::new(ctx, app);
        if greet {
            screen.greet();
        }
        screen.canvas.settings.ground = false;
        Self {
            screen,
            title: String::new(),
            pace: Pace::new(),
            doze: Doze::start(ctx).ok(),
            unhurried: unhurried::Unhurried::default(),
        }
    }
}

impl eframe::App for Shell {
    /// The canvas is the largest part of the window: what is cleared to its colour need not be painted once more.
    fn clear_color(&self, _: &egui::Visuals) -> [f32; 4] {
        self.screen.look.canvas.to_normalized_gamma_f32()
    }

    fn raw_input_hook(&mut self, ctx: &egui::Context, input: &mut egui::RawInput) {
        if self.unhurried.part(&mut input.events) {
            ctx.request_repaint();
        }
    }

    fn on_exit(&mut self, _: Option<&eframe::glow::Context>) {
        self.screen.app_mut().fall_silent();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        if let Some(doze) = &self.doze {
            doze.wake(self.screen.app());
        }
        if ctx.input(|i| i.viewport().close_requested()) && !self.screen.may_leave() {
            ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            self.screen.ask_to_leave();
        }
        self.screen.ui(ui);
        let title = self.screen.title();
        if title != self.title {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if self.screen.may_leave() {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        let cells = self.screen.app().cells();
        let runs = cells.is_some_and(|cells| cells.state() == State::Run);
        let found = ctx.input(|i| Found {
            now: i.time,
            is_touched: !i.events.is_empty(),
            moves: runs || self.screen.moves(),
            waits: self.screen.is_waiting(),
            looks: self.doze.is_none() || self.screen.app().is_uncopied(),
            is_behind: i.viewport().focused == Some(false),
            audio: cells
                .filter(|_| runs)
                .map_or(0.0, |cells| cells.load_mean()),
        });
        let mut pause = self.pace.next(found);
        if self.screen.is_still() && !found.is_touched {
            // Reduced motion: what only shows the signal is drawn four times a second.
            pause = pause.max(STILL);
        }
        match (Duration::try_from_secs_f32(pause), &self.doze) {
            (Ok(pause), _) => ctx.request_repaint_after(pause),
            (Err(_), Some(doze)) => doze.sleep(),
            (Err(_), None) => {}
        }
    }
}
