//! What the window's code costs per frame, painting left out: graphs of 100, 1 000 and 10 000 filters, at 100 % and with
//! all of it in sight. `cargo bench --bench canvas`; `cargo test --bench canvas` runs the same less optimised.
//!
//! Beside milliseconds stands the ratio to the smallest graph seen the same way: it means the same on any machine. So does
//! what is painted, in windows: how often each pixel is filled, which is what a renderer in software pays for.

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
        "{:>8} {:>12} {:>18} {:>18} {:>18} {:>16}",
        "filters", "first frame", "1:1", "pan at 1:1", "fit", "painted 1:1, fit"
    );
    let mut smallest: Option<[f64; 3]> = None;
    let count_of = |name: &str| std::env::var(name).ok()?.parse().ok();
    let most: usize = count_of("KSGRAPH_BENCH_FILTERS").unwrap_or(10_000);
    for count in [100, 1000, 10_000].into_iter().filter(|it| *it <= most) {
        let path = folder.join(format!("{count}.ron"));
        std::fs::write(&path, graph(count))?;
        let (first, now, painted) = measure(&path);
        let base = *smallest.get_or_insert(now);
        let cell = |i: usize| format!("{:.2} ({:.1} x)", now[i], now[i] / base[i].max(1e-9));
        println!(
            "{count:>8} {first:>12.1} {:>18} {:>18} {:>18} {:>9.2}, {:.2}",
            cell(0),
            cell(1),
            cell(2),
            painted[0],
            painted[1],
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
    /// How often each pixel of the window was filled in the last frame.
    painted: f64,
    counts: bool,
}

/// The area of all triangles as far as they are seen.
fn painted(primitives: &[egui::ClippedPrimitive]) -> f64 {
    let mut sum = 0.0;
    for primitive in primitives {
        let egui::epaint::Primitive::Mesh(mesh) = &primitive.primitive else {
            continue;
        };
        for triangle in mesh.triangles() {
            let corners = triangle.map(|i| mesh.vertices[i as usize].pos);
            sum += area(&clipped(corners.to_vec(), primitive.clip_rect));
        }
    }
    sum
}

/// A polygon without what lies outside.
fn clipped(mut points: Vec<Pos2>, to: Rect) -> Vec<Pos2> {
    let sides: [fn(Pos2, Rect) -> f32; 4] = [
        |at, to| at.x - to.left(),
        |at, to| to.right() - at.x,
        |at, to| at.y - to.top(),
        |at, to| to.bottom() - at.y,
    ];
    for inside in sides {
        let mut kept = vec![];
        for (i, &at) in points.iter().enumerate() {
            let before = points[(i + points.len() - 1) % points.len()];
            let (a, b) = (inside(before, to), inside(at, to));
            if (a >= 0.0) != (b >= 0.0) {
                kept.push(before + (at - before) * (a / (a - b)));
            }
            if b >= 0.0 {
                kept.push(at);
            }
        }
        points = kept;
    }
    points
}

fn area(points: &[Pos2]) -> f64 {
    let next = points.iter().cycle().skip(1);
    let twice: f64 = points
        .iter()
        .zip(next)
        .map(|(a, b)| f64::from(a.x) * f64::from(b.y) - f64::from(b.x) * f64::from(a.y))
        .sum();
    twice.abs() / 2.0
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
        if self.counts {
            let shapes = std::mem::take(&mut output.shapes);
            let primitives = self.ctx.tessellate(shapes, output.pixels_per_point);
            self.painted = painted(&primitives) / f64::from(WINDOW.x * WINDOW.y);
        }
        took
    }

    /// How often a frame fills each pixel.
    fn count(&mut self) -> f64 {
        self.counts = true;
        self.frame(vec![]);
        self.counts = false;
        self.painted
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
fn measure(path: &std::path::Path) -> (f64, [f64; 3], [f64; 2]) {
    let ctx = egui::Context::default();
    let mut app = App::new(Options::nominal(256));
    app.perform(Action::Open(path.to_owned()));
    let screen = Screen::new(&ctx, app);
    let mut stage = Stage {
        ctx,
        screen,
        seconds: 0.0,
        painted: 0.0,
        counts: false,
    };
    let first = stage.frame(vec![]);
    // The view flies to all of it.
    stage.frames(30, |_| vec![]);
    let fit = stage.frames(31, |_| vec![]);
    let painted_fit = stage.count();
    let pointer = Pos2::new(700.0, 400.0);
    stage.frame(vec![egui::Event::PointerMoved(pointer)]);
    stage.frame(key(egui::Key::Num0, egui::Modifiers::COMMAND));
    stage.frames(30, |_| vec![]);
    let near = stage.frames(31, |_| vec![]);
    let painted_near = stage.count();
    let pan = stage.frames(31, |_| {
        vec![egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: vec2(0.0, -6.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        }]
    });
    (first, [near, pan, fit], [painted_near, painted_fit])
}
