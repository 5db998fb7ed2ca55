//! The chooser of the device, the rate and the quantum: what opens below the device in the transport.
//!
//! Every choice is made at once, while the graph runs. The device and the rate are the document's, so they can be taken
//! back; the quantum and whether the default device is followed are this machine's.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use crate::app::{Action, View};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius};
use crate::ks::{AudioDevice, grouped};

const WIDE: f32 = 420.0;
const ROW: f32 = 24.0;
/// Rates on offer beside the device's own.
const RATES: [u32; 4] = [44_100, 48_000, 88_200, 96_000];
/// Quanta on offer.
const QUANTA: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// Draws the chooser in a popup.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    ui.set_width(WIDE);
    ui.spacing_mut().item_spacing = vec2(0.0, 2.0);
    heading(ui, "Device");
    let asked = view.device_asked();
    let default = view.devices().find(|device| device.is_default);
    let words = default.map_or("The system's output".to_owned(), |device| {
        format!("The system's output, now {}", device.name)
    });
    let is_default = asked.as_deref() == Some("");
    if row(ui, "Default device", &words, "", is_default) {
        commands.push(Command::Do(Action::UseDevice {
            host: String::new(),
            name: String::new(),
        }));
    }
    egui::ScrollArea::vertical()
        .max_height(ROW * 9.0)
        .show(ui, |ui| {
            let mut host = "";
            for device in view.devices() {
                if device.host != host {
                    host = &device.host;
                    sub_heading(ui, host);
                }
                device_ui(ui, view, device, asked.as_deref(), commands);
            }
        });
    let follows = view.follows_default;
    let words = "Move along when the system's output changes";
    if tick(ui, words, follows) {
        commands.push(Command::Do(Action::FollowDefault(!follows)));
    }

    heading(ui, "Rate, in the graph");
    let mut rates = vec![0];
    rates.extend(RATES);
    if !rates.contains(&view.document_rate_hz()) {
        rates.push(view.document_rate_hz());
        rates.sort_unstable();
    }
    let words: Vec<String> = rates
        .iter()
        .map(|&rate| match rate {
            0 => "Device's".to_owned(),
            rate => grouped(rate),
        })
        .collect();
    let chosen = rates
        .iter()
        .position(|rate| *rate == view.document_rate_hz());
    if let Some(index) = choice(ui, "Rate", &words, chosen) {
        commands.push(Command::Do(Action::SetRate(rates[index])));
    }

    let millis = view.quantum as f64 * 1000.0 / f64::from(view.wiring.rate_hz.max(1));
    heading(ui, &format!("Quantum, on this machine: {millis:.2} ms"));
    let mut quanta = QUANTA.to_vec();
    if !quanta.contains(&view.quantum) {
        quanta.push(view.quantum);
        quanta.sort_unstable();
    }
    let words: Vec<String> = quanta.iter().map(|it| grouped(*it as u32)).collect();
    let chosen = quanta.iter().position(|it| *it == view.quantum);
    if let Some(index) = choice(ui, "Quantum", &words, chosen) {
        commands.push(Command::Do(Action::SetQuantum(quanta[index])));
    }
    if let Some(granted) = view.granted {
        let words = format!("Granted {granted}");
        let theme = Theme::of(ui.ctx());
        let (rect, _) = ui.allocate_exact_size(vec2(WIDE, ROW), Sense::hover());
        let at = rect.left_center();
        controls::clipped(ui, at, WIDE, &words, Type::Footer, theme.dim);
    }
}

fn device_ui(
    ui: &mut Ui,
    view: &View<'_>,
    device: &AudioDevice,
    asked: Option<&str>,
    commands: &mut Vec<Command>,
) {
    let whole = device.whole_name();
    let mark = if device.is_default { " · default" } else { "" };
    let rate = format!("{} Hz{mark}", grouped(device.rate_hz));
    let is_chosen = asked.is_some_and(|asked| device.is_called(asked));
    let rate = if whole == view.device {
        format!("plays · {rate}")
    } else {
        rate
    };
    if row(ui, &whole, &device.name, &rate, is_chosen) {
        commands.push(Command::Do(Action::UseDevice {
            host: device.host.clone(),
            name: device.name.clone(),
        }));
    }
}

pub(super) fn heading(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(WIDE, 24.0), Sense::hover());
    let at = rect.left_center();
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Section, theme.dim);
}

fn sub_heading(ui: &mut Ui, words: &str) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(WIDE, 18.0), Sense::hover());
    let at = rect.left_center() + vec2(8.0, 0.0);
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Footer, theme.dim);
}

/// A row that can be chosen; whether it was clicked.
pub(super) fn row(ui: &mut Ui, name: &str, words: &str, side: &str, is_chosen: bool) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(WIDE, ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, is_chosen, name));
    if ui.clip_rect().intersects(rect) {
        let state = if is_chosen { "on" } else { "" };
        probe::note(ui.ctx(), "choice", name, state, rect);
    }
    if is_chosen || response.hovered() {
        let round = CornerRadius::same(radius::TAG);
        ui.painter().rect_filled(rect, round, theme.hover);
    }
    let icon = if is_chosen { Icon::Check } else { Icon::Render };
    let square = Rect::from_center_size(rect.left_center() + vec2(14.0, 0.0), vec2(14.0, 14.0));
    let ink = if is_chosen { theme.accent } else { theme.dim };
    icon.paint(ui.painter(), square, ink);
    let taken = controls::width(ui, side, Type::Footer);
    let at = rect.left_center() + vec2(28.0, 0.0);
    let room = WIDE - 28.0 - taken - 20.0;
    controls::clipped(ui, at, room, words, Type::Value, theme.strong);
    let at = rect.right_center() - vec2(8.0, 0.0);
    controls::text(ui, at, Align2::RIGHT_CENTER, side, Type::Footer, theme.dim);
    controls::focus_ring(ui, &response);
    response.clicked()
}

/// A box with a tick and words; whether it was clicked.
pub(super) fn tick(ui: &mut Ui, words: &str, is_on: bool) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(WIDE, ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_on, words));
    let state = if is_on { "on" } else { "" };
    probe::note(ui.ctx(), "choice", words, state, rect);
    let place = Rect::from_center_size(rect.left_center() + vec2(14.0, 0.0), vec2(14.0, 14.0));
    let (fill, edge) = if is_on {
        (theme.accent, theme.accent)
    } else {
        (theme.field, theme.line_strong)
    };
    controls::plate(ui, place, fill, edge);
    if is_on {
        Icon::Check.paint(ui.painter(), place.shrink(2.0), theme.accent_ink);
    }
    let at = rect.left_center() + vec2(28.0, 0.0);
    controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Value, theme.text);
    controls::focus_ring(ui, &response);
    response.clicked()
}

/// One row of words of which one is chosen; the one clicked.
pub(super) fn choice(
    ui: &mut Ui,
    name: &str,
    words: &[String],
    chosen: Option<usize>,
) -> Option<usize> {
    let (rect, _) = ui.allocate_exact_size(vec2(WIDE, ROW), Sense::hover());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let id = ui.scope_id().with(name);
    let chosen = chosen.unwrap_or(usize::MAX);
    controls::segments(ui, id, rect, &words, chosen, name, 1.0)
}
