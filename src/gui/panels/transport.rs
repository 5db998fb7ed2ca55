//! The transport: states, time, device, load, what went wrong, Panic.
//!
//! Below its full width it drops the meter, latency, late, the clock, xruns and the sample count, in this order, and
//! states lose their words; states, time, device, load and Panic stay.

use egui::{
    Align2, Color32, CornerRadius, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::clock;
use super::devices;
use super::seek;
use crate::app::telemetry::device;
use crate::app::{Action, View};
use crate::gui::commands::PANIC;
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius, stroke};
use crate::ks::grouped;
use crate::ks::{RATE_UNITY, State};

const STATES: [(State, Icon, f32); 4] = [
    (State::Stop, Icon::Stop, 68.0),
    (State::Acquire, Icon::Acquire, 84.0),
    (State::Pause, Icon::Pause, 74.0),
    (State::Run, Icon::Run, 62.0),
];

/// Width of the master meter, and its segments.
const METER: f32 = 144.0;
const SEGMENTS: usize = 36;

/// Narrower bars have no words on the states, and no sample count.
const TIGHT: f32 = 880.0;
/// Width of a state without its word.
const BARE: f32 = 34.0;

/// What is there where there is room for it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Extras {
    xruns: bool,
    clock: bool,
    late: bool,
    latency: bool,
    meter: bool,
}

impl Extras {
    /// What fits into that width beside what is always there; what is dropped first comes last.
    fn in_room(mut room: f32) -> Self {
        let mut takes = |wide: f32| {
            let fits = room >= wide;
            // What comes after something that has no room has none either.
            room = if fits { room - wide } else { 0.0 };
            fits
        };
        Self {
            xruns: takes(52.0),
            clock: takes(CLOCK + 24.0),
            late: takes(48.0),
            latency: takes(96.0),
            meter: takes(METER + 12.0),
        }
    }
}

/// Width of the speed, and those that are offered.
const SPEED: f32 = 44.0;
const SPEEDS: [u32; 6] = [500, 750, 1000, 1250, 1500, 2000];
/// Width of the master clock.
const CLOCK: f32 = 152.0;
/// Width of the load with its bar.
const LOAD: f32 = 130.0;

/// Draws the bar.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let all = ui.max_rect();
    // The seek bar lies along the lower edge.
    let bar = all.with_max_y(all.bottom() - seek::ROOM);
    let middle = bar.center().y;
    let mut x = states_ui(ui, view, bar, commands) + 22.0;

    let rate = view.wiring.rate_hz.max(1);
    let position = view.cells.map_or(0, |cells| cells.position());
    let time = clock_text(position, rate);
    let runs = view.requested == State::Run;
    let is_tight = bar.width() < TIGHT;
    let at = pos2(x, if is_tight { middle } else { middle - 7.0 });
    let ink = if runs { theme.strong } else { theme.text };
    controls::text(ui, at, Align2::LEFT_CENTER, &time, Type::Clock, ink);
    if !is_tight {
        let place = view.transport();
        let end = match place.length {
            Some(length) => format!(" \u{b7} of {}", short_time(length, rate)),
            None => String::new(),
        };
        let samples = format!("sample {}{end}", long_grouped(position));
        let at = pos2(x, middle + 13.0);
        let (align, role) = (Align2::LEFT_CENTER, Type::Footer);
        controls::text(ui, at, align, samples, role, theme.dim);
    }
    let place = Rect::from_min_size(pos2(x, bar.top()), vec2(126.0, bar.height()));
    probe::note(ui.ctx(), "time", "Time", &time, place);
    x += if is_tight { 146.0 } else { 150.0 };
    if !is_tight && view.transport().takes_speeds {
        x = speed_ui(ui, view, pos2(x - 16.0, middle), commands);
    }
    seek::ui(ui, view, all, commands);

    x = device_ui(ui, view, bar, x, commands);
    let panic_left = bar.right() - 14.0 - 84.0;
    let extras = Extras::in_room(panic_left - 12.0 - x - LOAD);
    if extras.clock {
        x = clock_ui(ui, view, bar, x, commands);
    }
    x = load_ui(ui, view, bar, x);

    let cells = view.cells;
    let fact = |ui: &Ui, x: f32, label: &str, value: String, ink: Color32| {
        let upper = pos2(x, middle - 9.0);
        controls::text(
            ui,
            upper,
            Align2::LEFT_CENTER,
            label,
            Type::Footer,
            theme.dim,
        );
        let lower = pos2(x, middle + 9.0);
        controls::text(ui, lower, Align2::LEFT_CENTER, &value, Type::Value, ink);
        let place = Rect::from_min_size(pos2(x, bar.top()), vec2(56.0, bar.height()));
        probe::note(ui.ctx(), "figure", label, &value, place);
    };
    let worry = |count: u32| if count == 0 { theme.strong } else { theme.warn };
    let xruns = cells.map_or(0, |cells| cells.xruns());
    if extras.xruns {
        fact(ui, x, "Xruns", grouped(xruns), worry(xruns));
        x += 52.0;
    }
    let late = cells.map_or(0, |cells| cells.late());
    if extras.late {
        fact(ui, x, "Late", grouped(late), worry(late));
        x += 48.0;
    }
    if extras.latency {
        let samples = cells.map_or(0, |cells| cells.latency_samples());
        let millis = f64::from(samples) * 1000.0 / f64::from(rate);
        let words = if samples == 0 {
            "\u{2013}".to_owned()
        } else {
            format!("{millis:.1}\u{a0}ms")
        };
        fact(ui, x, "Key to ear", words, theme.strong);
        x += 96.0;
    }

    if extras.meter {
        meter_ui(ui, view, bar, x);
    }

    let rect = Rect::from_min_size(pos2(panic_left, middle - 13.0), vec2(84.0, 26.0));
    let id = ui.scope_id().with("panic");
    let response = controls::clickable(ui, id, rect, true, "Panic");
    let (fill, edge) = if response.hovered() {
        (theme.hover, theme.line_strong)
    } else {
        (theme.title, theme.line)
    };
    controls::plate(ui, rect, fill, edge);
    let icon = Rect::from_center_size(rect.left_center() + vec2(20.0, 0.0), Vec2::splat(14.0));
    Icon::Panic.paint(ui.painter(), icon, theme.strong);
    let at = rect.left_center() + vec2(34.0, 0.0);
    controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        "Panic",
        Type::Value,
        theme.strong,
    );
    if response.on_hover_text("Silence every note (F12)").clicked() {
        commands.push(Command::Run(PANIC));
    }
}

fn states_ui(ui: &mut Ui, view: &View<'_>, bar: Rect, commands: &mut Vec<Command>) -> f32 {
    let theme = Theme::of(ui.ctx());
    let is_tight = bar.width() < TIGHT;
    let wide_of = |wide: f32| if is_tight { BARE } else { wide };
    let wide: f32 = STATES.iter().map(|(_, _, wide)| wide_of(*wide)).sum();
    let frame = Rect::from_min_size(
        pos2(bar.left() + 12.0, bar.center().y - 15.0),
        vec2(wide, 30.0),
    );
    controls::plate(ui, frame, theme.field, theme.line);
    let mut x = frame.left();
    for (state, icon, wide) in STATES {
        let wide = wide_of(wide);
        let rect = Rect::from_min_size(pos2(x, frame.top()), vec2(wide, frame.height()));
        x += wide;
        let is_on = view.requested == state;
        let response = ui.interact(rect, ui.scope_id().with(state), Sense::click());
        response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_on, state.name()));
        let word = if is_on { "on" } else { "" };
        probe::note(ui.ctx(), "button", state.name(), word, rect);
        let inner = rect.shrink(2.0);
        let round = CornerRadius::same(radius::TAG);
        let (ground, ink) = match (is_on, state) {
            (true, State::Run) => (theme.accent, theme.accent_ink),
            (true, _) => (theme.hover, theme.strong),
            (false, _) if response.hovered() => (theme.title, theme.strong),
            (false, _) => (Color32::TRANSPARENT, theme.dim),
        };
        ui.painter().rect_filled(inner, round, ground);
        let square =
            Rect::from_center_size(rect.left_center() + vec2(16.5, 0.0), Vec2::splat(14.0));
        if is_on && matches!(state, State::Run | State::Stop) {
            icon.paint_filled(ui.painter(), square, ink);
        } else {
            icon.paint(ui.painter(), square, ink);
        }
        let response = if is_tight {
            response.on_hover_text(state.name())
        } else {
            let at = rect.left_center() + vec2(28.0, 0.0);
            controls::text(ui, at, Align2::LEFT_CENTER, state.name(), Type::Value, ink);
            response
        };
        controls::focus_ring(ui, &response);
        if response.clicked() {
            commands.push(Command::Do(Action::SetState(state)));
        }
    }
    frame.right()
}

/// How fast files and songs go, and others to choose from.
fn speed_ui(ui: &mut Ui, view: &View<'_>, at: Pos2, commands: &mut Vec<Command>) -> f32 {
    let theme = Theme::of(ui.ctx());
    let speed = view.transport().speed;
    let rect = Rect::from_min_size(pos2(at.x, at.y - 17.0), vec2(SPEED, 20.0));
    let id = ui.scope_id().with("speed");
    let words = speed_words(speed);
    let response = controls::clickable(ui, id, rect, true, &format!("Speed: {words}"));
    let edge = match response.hovered() {
        true => theme.line_strong,
        false => theme.line,
    };
    controls::plate(ui, rect, theme.field, edge);
    let ink = match speed {
        RATE_UNITY => theme.dim,
        _ => theme.strong,
    };
    let align = Align2::CENTER_CENTER;
    controls::text(ui, rect.center(), align, &words, Type::Footer, ink);
    controls::focus_ring(ui, &response);
    probe::note(ui.ctx(), "figure", "Speed", &words, rect);
    let is_now = view.requested >= State::Pause;
    let response = response.on_hover_text(match is_now {
        true => "How fast files and songs go, until Stop",
        false => "How fast files and songs go; set in Pause or Run, and gone with Stop",
    });
    egui::Popup::menu(&response).show(|ui| {
        for permille in SPEEDS {
            let button = egui::Button::selectable(permille == speed, speed_words(permille));
            if ui.add_enabled(is_now, button).clicked() {
                commands.push(Command::Do(Action::SetSpeed(permille)));
            }
        }
    });
    rect.right() + 22.0
}

/// A speed as it is written: `1.25×`.
fn speed_words(permille: u32) -> String {
    format!("{}\u{d7}", f64::from(permille) / f64::from(RATE_UNITY))
}

fn device_ui(ui: &mut Ui, view: &View<'_>, bar: Rect, x: f32, commands: &mut Vec<Command>) -> f32 {
    let theme = Theme::of(ui.ctx());
    let wide = if bar.width() >= 1280.0 { 224.0 } else { 168.0 };
    let middle = bar.center().y;
    divider(ui, bar, x - 12.0);
    label(ui, pos2(x, middle - 13.0), "Device");
    let rate_hz = view
        .granted
        .map_or(view.wiring.rate_hz, |granted| granted.rate_hz);
    let rate = format!("{} Hz · {}", grouped(rate_hz), grouped(view.quantum as u32));
    let at = pos2(x + wide, middle - 13.0);
    controls::text(ui, at, Align2::RIGHT_CENTER, rate, Type::Footer, theme.dim);
    let frame = Rect::from_min_size(pos2(x, middle - 4.0), vec2(wide, 22.0));
    let id = ui.scope_id().with("device");
    let response = ui.interact(frame, id, Sense::click());
    let (icon, words, ink) = match (view.device, view.device_missing()) {
        ("", Some("")) => (Icon::Clock, "Waits for a card".to_owned(), theme.warn),
        ("", Some(name)) => (Icon::Clock, format!("Waits for {name}"), theme.warn),
        ("", None) => (Icon::Clock, "Timer, no sound card".to_owned(), theme.strong),
        (name, _) => (Icon::Render, name.to_owned(), theme.strong),
    };
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Device: {words}")));
    let edge = if response.hovered() {
        theme.line_strong
    } else {
        theme.line
    };
    controls::plate(ui, frame, theme.field, edge);
    let square = Rect::from_center_size(frame.left_center() + vec2(14.0, 0.0), Vec2::splat(14.0));
    icon.paint(ui.painter(), square, theme.dim);
    let at = frame.left_center() + vec2(28.0, 0.0);
    controls::clipped(ui, at, wide - 52.0, &words, Type::Value, ink);
    let square = Rect::from_center_size(frame.right_center() - vec2(12.0, 0.0), Vec2::splat(11.0));
    Icon::Down.paint(ui.painter(), square, theme.dim);
    controls::focus_ring(ui, &response);
    probe::note(ui.ctx(), "device", "Device", &words, frame);
    let response = match view.granted {
        Some(granted) => response.on_hover_text(granted.to_string()),
        None => response,
    };
    if response.clicked() {
        // The list is never older than the hand that opens it.
        commands.push(Command::Do(Action::LookForDevices));
    }
    if ui
        .data_mut(|data| data.remove_temp::<bool>(chooser()))
        .is_some()
    {
        response.request_focus();
        egui::Popup::open_id(ui.ctx(), egui::Popup::default_response_id(&response));
        commands.push(Command::Do(Action::LookForDevices));
    }
    egui::Popup::menu(&response)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| devices::ui(ui, view, commands));
    x + wide + 24.0
}

/// Where it is noted that the chooser of devices is wanted.
fn chooser() -> egui::Id {
    egui::Id::unique("chooser of devices is wanted")
}

/// Opens the chooser of devices with the next frame.
pub(in crate::gui) fn choose_device(ctx: &egui::Context) {
    ctx.data_mut(|data| data.insert_temp(chooser(), true));
    ctx.request_repaint();
}

fn label(ui: &Ui, at: Pos2, words: &str) {
    let ink = Theme::of(ui.ctx()).dim;
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Footer, ink);
}

/// Who keeps time.
fn clock_ui(ui: &mut Ui, view: &View<'_>, bar: Rect, x: f32, commands: &mut Vec<Command>) -> f32 {
    let theme = Theme::of(ui.ctx());
    let middle = bar.center().y;
    let wide = CLOCK;
    label(ui, pos2(x, middle - 13.0), "Master clock");
    let name = view
        .driver()
        .and_then(|path| view.wiring.filters.get(path))
        .map_or("Timer", |filter| filter.name.as_str());
    let frame = Rect::from_min_size(pos2(x, middle - 4.0), vec2(wide, 22.0));
    let id = ui.scope_id().with("clock");
    let response = ui.interact(frame, id, Sense::click());
    let words = format!("Master clock: {name}");
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &words));
    let edge = if response.hovered() {
        theme.line_strong
    } else {
        theme.line
    };
    controls::plate(ui, frame, theme.field, edge);
    controls::focus_ring(ui, &response);
    egui::Popup::menu(&response)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .show(|ui| clock::ui(ui, view, commands));
    let square = Rect::from_center_size(frame.left_center() + vec2(14.0, 0.0), Vec2::splat(14.0));
    Icon::Clock.paint(ui.painter(), square, theme.dim);
    let at = frame.left_center() + vec2(28.0, 0.0);
    controls::clipped(ui, at, wide - 52.0, name, Type::Value, theme.strong);
    let square = Rect::from_center_size(frame.right_center() - vec2(12.0, 0.0), Vec2::splat(11.0));
    Icon::Down.paint(ui.painter(), square, theme.dim);
    probe::note(ui.ctx(), "figure", "Master clock", name, frame);
    x + wide + 24.0
}

/// The level of what leaves for the device that keeps time, its first two channels.
fn meter_ui(ui: &mut Ui, view: &View<'_>, bar: Rect, x: f32) {
    let theme = Theme::of(ui.ctx());
    let middle = bar.center().y;
    divider(ui, bar, x - 12.0);
    let cells = view.master().and_then(|path| view.telemetry(path));
    // What a graph that stands told last is heard no more.
    let cells = cells.filter(|_| view.state() == Ok(State::Run));
    let peaks = device::PEAKS.map(|cell| cells.map_or(0.0, |cells| cells.get(cell)));
    let db = |peak: f32| 20.0 * peak.max(1e-6).log10();
    let loudest = db(peaks[0].max(peaks[1]));
    let words = if loudest < -100.0 {
        "silent".to_owned()
    } else {
        format!("{loudest:.0} dBFS").replace('-', "\u{2212}")
    };
    label(ui, pos2(x, middle - 13.0), "Master");
    let at = pos2(x + METER, middle - 13.0);
    controls::text(
        ui,
        at,
        Align2::RIGHT_CENTER,
        &words,
        Type::Footer,
        theme.dim,
    );
    let unlit = theme.unlit(theme.window);
    for (row, peak) in peaks.into_iter().enumerate() {
        let y = middle - 3.0 + 9.0 * row as f32;
        for segment in 0..SEGMENTS {
            let low = -60.0 + 60.0 * segment as f32 / SEGMENTS as f32;
            let hue = match low {
                low if low >= -1.0 => theme.error,
                low if low >= -9.0 => theme.clock,
                _ => theme.audio,
            };
            let is_lit = db(peak) > low;
            let fill = if is_lit { hue } else { unlit };
            let at = pos2(x + METER * segment as f32 / SEGMENTS as f32, y);
            let piece = Rect::from_min_size(at, vec2(3.0, 6.0));
            ui.painter().rect_filled(piece, CornerRadius::ZERO, fill);
        }
    }
    let place = Rect::from_min_size(pos2(x, bar.top()), vec2(METER, bar.height()));
    probe::note(ui.ctx(), "figure", "Master", &words, place);
}

fn load_ui(ui: &mut Ui, view: &View<'_>, bar: Rect, x: f32) -> f32 {
    let theme = Theme::of(ui.ctx());
    let middle = bar.center().y;
    divider(ui, bar, x - 12.0);
    let runs = view.cells.is_some_and(|cells| cells.state() == State::Run);
    let load = view
        .cells
        .filter(|_| runs)
        .map_or(0.0, |cells| cells.load());
    let micros = view.quantum as f64 * 1e6 / f64::from(view.wiring.rate_hz.max(1));
    let at = pos2(x, middle - 9.0);
    controls::text(ui, at, Align2::LEFT_CENTER, "Load", Type::Footer, theme.dim);
    let of = format!("of {} µs", grouped(micros.round() as u32));
    let at = pos2(x + 54.0, middle - 9.0);
    controls::text(ui, at, Align2::LEFT_CENTER, of, Type::Footer, theme.dim);
    let ink = match load {
        load if load >= 1.0 => theme.error,
        load if load >= 0.7 => theme.warn,
        _ => theme.strong,
    };
    let words = format!("{:.1}\u{a0}%", load * 100.0);
    let at = pos2(x, middle + 9.0);
    controls::text(ui, at, Align2::LEFT_CENTER, &words, Type::Value, ink);
    let rail = Rect::from_min_size(pos2(x + 54.0, middle + 6.0), vec2(58.0, 6.0));
    let round = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(rail, round, theme.field);
    ui.painter().rect_stroke(
        rail,
        round,
        Stroke::new(stroke::HAIR, theme.line),
        StrokeKind::Inside,
    );
    let mut fill = rail.shrink(1.0);
    fill.set_width(fill.width() * load.clamp(0.0, 1.0));
    let hue = if load >= 0.7 { ink } else { theme.text };
    ui.painter().rect_filled(fill, round, hue);
    let tick = rail.left() + rail.width() * 0.7;
    ui.painter().vline(
        tick,
        rail.y_range().expand(3.0),
        Stroke::new(stroke::HAIR, theme.line_strong),
    );
    probe::note(ui.ctx(), "figure", "Load", &words, rail);
    x + LOAD
}

fn divider(ui: &Ui, bar: Rect, x: f32) {
    let theme = Theme::of(ui.ctx());
    ui.painter().vline(
        x,
        bar.y_range().shrink(9.0),
        Stroke::new(stroke::HAIR, theme.line_soft),
    );
}

/// `00:01:23.456`.
fn clock_text(samples: u64, rate_hz: u32) -> String {
    let millis = u128::from(samples) * 1000 / u128::from(rate_hz.max(1));
    super::time_words(millis as u64)
}

/// A length without its fractions: `1:23`; one of less than a second has nothing else.
fn short_time(samples: u64, rate_hz: u32) -> String {
    let words = crate::app::places::time_of(samples, rate_hz);
    if samples < u64::from(rate_hz) {
        return words;
    }
    let whole = words.split_once('.').map(|(whole, _)| whole.to_owned());
    whole.unwrap_or(words)
}

/// A count that may exceed what `grouped` takes.
fn long_grouped(number: u64) -> String {
    match u32::try_from(number) {
        Ok(number) => grouped(number),
        Err(_) => {
            let thousands = number / 1000;
            format!("{}\u{a0}{:03}", long_grouped(thousands), number % 1000)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_goes_in_order() {
        let mut last = Extras::in_room(0.0);
        assert_eq!(last, Extras::default());
        let mut came = vec![];
        for room in 0..700 {
            let now = Extras::in_room(room as f32);
            for (name, before, after) in [
                ("clock", last.clock, now.clock),
                ("xruns", last.xruns, now.xruns),
                ("late", last.late, now.late),
                ("latency", last.latency, now.latency),
                ("meter", last.meter, now.meter),
            ] {
                assert!(after || !before, "{name} went with more room");
                if after && !before {
                    came.push(name);
                }
            }
            last = now;
        }
        assert_eq!(came, ["xruns", "clock", "late", "latency", "meter"]);
    }

    #[test]
    fn time_reads_as_a_clock() {
        assert_eq!(clock_text(0, 48_000), "00:00:00.000");
        assert_eq!(clock_text(48_000 * 3_661 + 24, 48_000), "01:01:01.000");
        assert_eq!(clock_text(4_005_888, 48_000), "00:01:23.456");
        assert_eq!(long_grouped(4_005_888), "4\u{a0}005\u{a0}888");
        assert_eq!(
            long_grouped(1 << 40),
            "1\u{a0}099\u{a0}511\u{a0}627\u{a0}776"
        );
    }
}
