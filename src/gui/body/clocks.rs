//! Clocks in their boxes: what a Clock Source shows and whether it drives, and what a Clock Slave has found out of the
//! clock on its wire.

use egui::{Align2, Color32, Role, Sense, Ui, WidgetInfo};

use super::{LINE, Page};
use crate::app::telemetry::clock_slave as cell;
use crate::app::{View, written};
use crate::graph::{FilterPath, PinAddress};
use crate::gui::probe;
use crate::gui::theme::Type;

/// Width and height at 100 % of a source's picture, and of a slave's.
pub(super) const SOURCE: [f32; 2] = [196.0, 2.0 * LINE];
pub(super) const SLAVE: [f32; 2] = [196.0, 3.0 * LINE];

/// Its own time, and what it is to the graph.
pub(super) fn source_ui(ui: &Ui, page: &mut Page<'_>) {
    let reading = page.view.pin_clock(&page.drawn.path);
    let time = reading.map_or_else(|| "\u{2013}".to_owned(), |it| written(it.time));
    let is_driver = page.view.master() == Some(&page.drawn.path);
    let words = if is_driver {
        "drives the graph"
    } else {
        "beside the graph"
    };
    let (strong, dim) = (page.theme.strong, page.theme.dim);
    line(ui, page, ("Own time", &time, strong));
    line(
        ui,
        page,
        ("Clock", words, if is_driver { strong } else { dim }),
    );
}

/// How far the clock on the wire drifts, how sure that is, and what becomes of the sound.
pub(super) fn slave_ui(ui: &Ui, page: &mut Page<'_>) {
    let (words, is_locked) = follows(page.view, &page.drawn.path);
    let cells = page.view.telemetry(&page.drawn.path);
    let drift = cells
        .filter(|_| is_locked)
        .map(|it| it.get(cell::DRIFT_PPM));
    let drift = drift.map_or_else(
        || "\u{2013}".to_owned(),
        |ppm| format!("{ppm:+.1}\u{a0}ppm").replace('-', "\u{2212}"),
    );
    let sound = match (has_sound(page.view, &page.drawn.path), is_locked) {
        (false, _) => "none passes",
        (true, true) => "at its speed, 20 ms later",
        (true, false) => "as it is, 20 ms later",
    };
    let (strong, dim) = (page.theme.strong, page.theme.dim);
    line(ui, page, ("Drift", &drift, strong));
    line(
        ui,
        page,
        ("Clock", words, if is_locked { strong } else { dim }),
    );
    line(ui, page, ("Sound", sound, dim));
}

/// Whether a Clock Slave follows the clock on its wire; if not, why.
pub(in crate::gui) fn follows(view: &View<'_>, path: &FilterPath) -> (&'static str, bool) {
    let cells = view.telemetry(path);
    let value = |which| cells.map_or(0.0, |cells| cells.get(which));
    match () {
        () if !is_wired(view, path, "clock") => ("no clock on its wire", false),
        () if value(cell::TICKS) == 0.0 => ("no tick has come", false),
        () if value(cell::LOCKED) == 0.0 => ("listens", false),
        () => ("locked", true),
    }
}

/// Whether sound passes a Clock Slave.
pub(in crate::gui) fn has_sound(view: &View<'_>, path: &FilterPath) -> bool {
    is_wired(view, path, "in")
}

fn is_wired(view: &View<'_>, path: &FilterPath, pin: &str) -> bool {
    let address = PinAddress {
        filter: path.clone(),
        pin: pin.into(),
        instance: 0,
    };
    let wire = view.wiring.wire_into(&address);
    wire.is_some_and(|wire| wire.outcome.is_ok())
}

fn line(ui: &Ui, page: &mut Page<'_>, (title, words, ink): (&str, &str, Color32)) {
    let line = page.row(LINE);
    let (left, right) = (line.left_center(), line.right_center());
    let dim = page.theme.dim;
    page.text(ui, left, Align2::LEFT_CENTER, title, Type::Canvas, dim);
    page.text(ui, right, Align2::RIGHT_CENTER, words, Type::Canvas, ink);
    let name = format!("{} {title}", page.drawn.node.name);
    probe::note(ui.ctx(), "clock", &name, words, line);
    let spoken = format!("{name} {words}");
    let response = ui.interact(line, page.id.with(title), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
}
