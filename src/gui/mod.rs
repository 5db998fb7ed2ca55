//! Pixels and gestures. No DSP, no engine calls: the screen looks through `View` and asks by `Action`.
//!
//! `screen.rs` lays out the window, `canvas.rs` shows the document on `node_graph`, `panels/` is what stands around it.
//! This file is the window itself: it opens it, keeps its title, and decides how often it is drawn.

mod body;
mod canvas;
mod controls;
mod files;
pub mod icons;
mod keys;
pub mod node_graph;
mod panels;
mod probe;
mod property;
mod screen;
pub mod theme;

pub use screen::Screen;

use std::path::PathBuf;
use std::time::Duration;

use crate::app::{Action, App};
use crate::ks::State;

/// What the window is opened with.
pub struct Options {
    /// The program.
    pub app: App,
    /// A graph to open.
    pub graph: Option<PathBuf>,
    /// Whether it is set running at once.
    pub run: bool,
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
        ..Default::default()
    };
    eframe::run_native(
        "ksgraph",
        native,
        Box::new(move |creation| Ok(Box::new(Shell::new(&creation.egui_ctx, app)))),
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

/// The window.
struct Shell {
    screen: Screen,
    title: String,
    /// Seconds a frame takes, smoothed.
    frame_seconds: f32,
}

/// The share of one core that drawing may take.
const SHARE: f32 = 0.25;
/// Between frames while something runs: as fast as screens are, as slow as eyes bear.
const FASTEST: f32 = 1.0 / 60.0;
const SLOWEST: f32 = 0.2;
/// Between looks at what threads have said while nothing moves.
const IDLE: Duration = Duration::from_millis(250);

impl Shell {
    fn new(ctx: &egui::Context, app: App) -> Self {
        Self {
            screen: Screen::new(ctx, app),
            title: String::new(),
            frame_seconds: FASTEST,
        }
    }
}

impl eframe::App for Shell {
    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
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
        if let Some(seconds) = frame.info().cpu_usage {
            self.frame_seconds += (seconds - self.frame_seconds) * 0.2;
        }
        let runs = self
            .screen
            .app()
            .cells()
            .is_some_and(|cells| cells.state() == State::Run);
        let pause = if runs || self.screen.moves() {
            let wanted = (self.frame_seconds / SHARE).clamp(FASTEST, SLOWEST);
            Duration::from_secs_f32((wanted - self.frame_seconds).max(0.004))
        } else {
            IDLE
        };
        ctx.request_repaint_after(pause);
    }
}
