//! What a guard has taken out: samples that are no numbers, those too small to matter, and DC.

use egui::{Align2, Role, Sense, Ui, WidgetInfo};

use super::{LINE, Page};
use crate::app::telemetry::guard;
use crate::gui::probe;
use crate::gui::theme::Type;
use crate::ks::Telemetry;

/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, 3.0 * LINE];

/// A count as people read it: it stays at the most that is counted.
fn count_words(cells: Option<&Telemetry>, cell: usize) -> String {
    let count = cells.map_or(0.0, |cells| cells.get(cell));
    if count >= guard::MOST as f32 {
        "over 16 million".to_owned()
    } else {
        format!("{count:.0}")
    }
}

/// A line for each kind, with how much of it there was.
pub(super) fn guard_ui(ui: &Ui, page: &mut Page<'_>) {
    let theme = page.theme;
    let cells = page.view.telemetry(&page.drawn.path);
    let dc = cells.map_or(0.0, |cells| cells.get(guard::DC)) * 100.0;
    // No sign of a zero.
    let dc = if dc.abs() < 0.05 { 0.0 } else { dc };
    let dc = format!("{dc:.1}\u{a0}%").replace('-', "\u{2212}");
    let bad = count_words(cells, guard::NON_FINITE);
    for (title, words, is_bad) in [
        ("No numbers", &bad, bad != "0"),
        ("Denormal", &count_words(cells, guard::DENORMAL), false),
        ("DC", &dc, false),
    ] {
        let line = page.row(LINE);
        let ink = if is_bad { theme.error } else { theme.strong };
        let (left, right) = (line.left_center(), line.right_center());
        page.text(
            ui,
            left,
            Align2::LEFT_CENTER,
            title,
            Type::Canvas,
            theme.dim,
        );
        page.text(ui, right, Align2::RIGHT_CENTER, words, Type::Canvas, ink);
        let name = format!("{} {title}", page.drawn.node.name);
        probe::note(ui.ctx(), "guard", &name, words, line);
        let spoken = format!("{name} {words}");
        let response = ui.interact(line, page.id.with(title), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
    }
}
