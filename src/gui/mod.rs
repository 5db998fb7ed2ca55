//! Pixels and gestures. No DSP, no engine calls: the screen looks through `View` and asks by `Action`.
//!
//! `screen.rs` lays out the window, `canvas.rs` shows the document on `node_graph`, `panels/` is what stands around it.
//! This file is the window itself: it opens it, keeps its title, and decides how often it is drawn.

mod body;
mod canvas;
pub mod commands;
mod controls;
mod dialog;
mod documents;
mod files;
mod hands;
pub mod icons;
mod keys;
mod layout;
mod meter;
pub mod node_graph;
mod panels;
mod probe;
mod property;
mod rows;
mod screen;
mod signals;
pub mod theme;
mod words;

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
    pace: Pace,
}

/// How long a whole frame takes, painting included, and so how often one may be drawn.
///
/// The windowing library tells of the frame without its painting, which in software is nearly all of it. So now and then
/// two frames follow each other at once, and the time between their beginnings is what one takes.
struct Pace {
    /// Seconds a frame takes, smoothed.
    work: f32,
    /// When the last frame began.
    began: f64,
    frames: u32,
    /// Whether this frame was asked for at once, to be measured.
    is_measured: bool,
    /// When the user last did something.
    touched: f64,
}

/// The share of one core that drawing may take.
const SHARE: f32 = 0.25;
/// Between frames while something runs: as fast as screens are, as slow as eyes bear.
const FASTEST: f32 = 1.0 / 60.0;
const SLOWEST: f32 = 0.2;
/// A frame as short as this is drawn by a GPU, or waits for the screen.
const SHORT: f32 = 0.018;
/// So many frames go by from one measurement to the next.
const MEASURED: u32 = 16;
/// Between looks at what threads have said while nothing moves: while the user is there, and later.
const ATTENTIVE: f32 = 0.25;
const IDLE: f32 = 1.0;

impl Pace {
    fn new() -> Self {
        Self {
            work: FASTEST,
            began: 0.0,
            frames: 0,
            is_measured: false,
            touched: 0.0,
        }
    }

    /// A frame begins at `now`; says how long to wait from here to the next.
    fn next(&mut self, now: f64, is_touched: bool, moves: bool, waits: bool) -> f32 {
        let since = (now - self.began) as f32;
        if self.is_measured && since < 1.0 {
            // The first figure counts in full.
            let trust = if self.frames <= 1 { 1.0 } else { 0.4 };
            self.work += (since - self.work) * trust;
        }
        self.began = now;
        self.is_measured = false;
        if is_touched {
            self.touched = now;
        }
        if !moves {
            let attends = waits || now - self.touched < 2.0;
            return if attends { ATTENTIVE } else { IDLE };
        }
        self.frames = self.frames.wrapping_add(1);
        if self.frames % MEASURED == 1 {
            self.is_measured = true;
            return 0.0;
        }
        if self.work <= SHORT {
            FASTEST
        } else {
            (self.work / SHARE).clamp(FASTEST, SLOWEST)
        }
    }
}

impl Shell {
    fn new(ctx: &egui::Context, app: App) -> Self {
        Self {
            screen: Screen::new(ctx, app),
            title: String::new(),
            pace: Pace::new(),
        }
    }
}

impl eframe::App for Shell {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
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
        let runs = self
            .screen
            .app()
            .cells()
            .is_some_and(|cells| cells.state() == State::Run);
        let (now, is_touched) = ctx.input(|i| (i.time, !i.events.is_empty()));
        let moves = runs || self.screen.moves();
        let waits = self.screen.is_waiting();
        let pause = self.pace.next(now, is_touched, moves, waits);
        ctx.request_repaint_after(Duration::from_secs_f32(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames of a run of `seconds`, each of which takes `work`.
    fn frames(work: f32, seconds: f64, moves: bool) -> usize {
        let (mut pace, mut now, mut count) = (Pace::new(), 100.0, 0);
        while now < 100.0 + seconds {
            let pause = pace.next(now, false, moves, false);
            now += f64::from(pause.max(work));
            count += 1;
        }
        count
    }

    #[test]
    fn drawing_takes_a_quarter_of_a_core_at_most_and_no_less_than_eyes_need() {
        let fast = frames(0.004, 10.0, true);
        assert!((590..700).contains(&fast), "60 Hz on a GPU: {fast}");
        let slow = frames(0.040, 10.0, true);
        let share = slow as f32 * 0.040 / 10.0;
        assert!((0.15..0.32).contains(&share), "{slow} frames: {share}");
        let slowest = frames(0.200, 10.0, true);
        assert!((45..60).contains(&slowest), "5 Hz in the end: {slowest}");
    }

    #[test]
    fn an_idle_window_hardly_draws() {
        assert!(frames(0.040, 20.0, false) <= 21);
    }
}
