//! The beat of a metronome: a dot for each beat of the bar, and the button to tap a tempo on.

use egui::{Align2, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::Page;
use crate::app::Action;
use crate::app::telemetry::metronome;
use crate::gui::screen::Command;
use crate::gui::theme::Type;
use crate::gui::{controls, probe};

const HEIGHT: f32 = 28.0;
const TAP: f32 = 44.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [208.0, HEIGHT];
/// The share of a beat for which its dot is lit.
const LIT: f32 = 0.5;

/// Dots, the one that sounds lit, and the button.
pub(super) fn beat_ui(ui: &mut Ui, page: &mut Page<'_>, commands: &mut Vec<Command>) {
    let theme = page.theme;
    let zoom = page.zoom;
    let row = page.row(HEIGHT);
    let beats = page
        .descriptor
        .property("beats")
        .map_or(4.0, |(_, property)| {
            let stored = page.node.values.get(property.key);
            let value = stored.and_then(|it| property.legal(it));
            let value = value.unwrap_or_else(|| property.default_value());
            value.number().unwrap_or(4.0)
        }) as usize;
    let cells = page.view.telemetry(&page.drawn.path);
    let read = |cell| cells.map_or(0.0, |cells| cells.get(cell));
    let (beat, phase) = (read(metronome::BEAT) as usize, read(metronome::PHASE));

    let dots = row.with_max_x(row.right() - (TAP + 8.0) * zoom);
    let pitch = (dots.width() / beats.max(1) as f32).min(16.0 * zoom);
    for index in 0..beats {
        let middle = pos2(dots.left() + pitch * (index as f32 + 0.5), dots.center().y);
        let whole = pitch * 0.36;
        // The first beat of a bar is told apart by size too, not by colour alone.
        let radius = if index == 0 { whole } else { whole * 0.72 };
        let is_lit = beat == index + 1 && phase < LIT;
        let fill = if is_lit { theme.accent } else { theme.line };
        ui.painter().circle_filled(middle, radius, fill);
        if beat == index + 1 {
            let edge = egui::Stroke::new(1.0, theme.strong);
            ui.painter().circle_stroke(middle, radius, edge);
        }
    }
    let name = &page.drawn.node.name;
    probe::note(ui.ctx(), "beat", name, &format!("{beat} of {beats}"), dots);

    let button = Rect::from_center_size(
        pos2(row.right() - TAP * zoom / 2.0, row.center().y),
        vec2(TAP, 20.0) * zoom,
    );
    let response = ui.interact(button, page.id.with("tap"), Sense::click());
    let words = format!("Tap the tempo of {name}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    probe::note(ui.ctx(), "button", &words, "", button);
    let is_down = response.is_pointer_button_down_on();
    let fill = if is_down { theme.hover } else { theme.field };
    let edge = if response.hovered() {
        theme.line_strong
    } else {
        theme.line
    };
    controls::plate(ui, button, fill, edge);
    page.text(
        ui,
        button.center(),
        Align2::CENTER_CENTER,
        "Tap",
        Type::Canvas,
        theme.strong,
    );
    controls::focus_ring(ui, &response);
    // A tap counts when the finger comes down, as a drum does; by key when the key does.
    let struck = is_down && ui.input(|i| i.pointer.any_pressed());
    if struck || (response.clicked() && !ui.input(|i| i.pointer.any_released())) {
        commands.push(Command::Do(Action::TapTempo {
            filter: page.drawn.id,
            at_seconds: ui.input(|i| i.time),
        }));
    }
}
