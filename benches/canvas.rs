//! What the window's code costs per frame, painting left out: graphs of 100, 1 000 and 10 000 filters, at 100 % and with
//! all of it in sight. `cargo bench --bench canvas`; `cargo test --bench canvas` runs the same less optimised.
//!
//! Beside milliseconds stands the ratio to the smallest graph seen the same way: it means the same on any machine.

use std::time::Instant;

use egui::{Pos2, RawInput, Rect, vec2};
use ksgraph::app::{Action, App, Options};
use ksgraph::gui::Screen;

const WINDOW: egui::Vec2 = vec2(1600.0, 1000.0);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("ksgraph-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!("1600 x 1000, milliseconds per frame of window code on one core");
    println!(
        "{:>8} {:>12} {:>18} {:>18} {:>18}",
        "filters", "first frame", "1:1", "pan at 1:1", "fit"
    );
    let mut smallest: Option<[f64; 3]> = None;
    for count in [100, 1000, 10_000] {
        let path = folder.join(format!("{count}.ron"));
        std::fs::write(&path, graph(count))?;
        let (first, now) = measure(&path);
        let base = *smallest.get_or_insert(now);
        let cell = |i: usize| format!("{:.2} ({:.1} x)", now[i], now[i] / base[i].max(1e-9));
        println!(
            "{count:>8} {first:>12.1} {:>18} {:>18} {:>18}",
            cell(0),
            cell(1),
            cell(2)
        );
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// Chains of gains, side by side.
fn graph(count: usize) -> String {
    let rows = ((count as f64 / 1.5).sqrt() as usize).max(1);
    let mut text = format!(
        "(\n    kind: \"ksgraph\",\n    version: 1,\n    next_id: {},\n    filters: [\n",
        count + 1
    );
    for i in 0..count {
        let (x, y) = (i / rows * 240, i % rows * 192);
        let id = i + 1;
        text +=
            &format!("        (id: {id}, key: \"gain\", name: \"Gain {id}\", at: ({x}, {y})),\n");
    }
    text += "    ],\n    connections: [\n";
    for i in 1..=count.saturating_sub(rows) {
        text += &format!("        (from: \"{i}.out\", to: \"{}.in\"),\n", i + rows);
    }
    text + "    ],\n)\n"
}

struct Stage {
    ctx: egui::Context,
    screen: Screen,
    seconds: f64,
}

impl Stage {
    /// One frame; the milliseconds its code took.
    #[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
    fn frame(&mut self, events: Vec<egui::Event>) -> f64 {
        self.seconds += 1.0 / 60.0;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, WINDOW)),
            time: Some(self.seconds),
            events,
            focused: true,
            ..RawInput::default()
        };
        let began = Instant::now();
        let mut output = self.ctx.run_ui(input, |ui| self.screen.ui(ui));
        let took = began.elapsed().as_secs_f64() * 1e3;
        // A window would upload them.
        output.textures_delta.clear();
        took
    }

    /// The median of some frames.
    fn frames(&mut self, count: usize, events: impl Fn(usize) -> Vec<egui::Event>) -> f64 {
        let mut took: Vec<f64> = (0..count).map(|i| self.frame(events(i))).collect();
        took.sort_by(f64::total_cmp);
        took[count / 2]
    }
}

fn key(key: egui::Key, modifiers: egui::Modifiers) -> Vec<egui::Event> {
    let press = |pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers,
    };
    vec![
        egui::Event::ModifiersChanged(modifiers),
        press(true),
        press(false),
        egui::Event::ModifiersChanged(egui::Modifiers::NONE),
    ]
}

/// Milliseconds of the first frame, and of frames at 100 %, while panning there, and with all in sight.
fn measure(path: &std::path::Path) -> (f64, [f64; 3]) {
    let ctx = egui::Context::default();
    let mut app = App::new(Options::nominal(256));
    app.perform(Action::Open(path.to_owned()));
    let screen = Screen::new(&ctx, app);
    let mut stage = Stage {
        ctx,
        screen,
        seconds: 0.0,
    };
    let first = stage.frame(vec![]);
    // The view flies to all of it.
    stage.frames(30, |_| vec![]);
    let fit = stage.frames(31, |_| vec![]);
    let pointer = Pos2::new(700.0, 400.0);
    stage.frame(vec![egui::Event::PointerMoved(pointer)]);
    stage.frame(key(egui::Key::Num0, egui::Modifiers::COMMAND));
    stage.frames(30, |_| vec![]);
    let near = stage.frames(31, |_| vec![]);
    let pan = stage.frames(31, |_| {
        vec![egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, -6.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        }]
    });
    (first, [near, pan, fit])
}
