//! The wave of a region with the part of it that is repeated.

use egui::{Mesh, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::super::page::{heading, row, sentence};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::Theme;
use crate::ks::{BankSheet, RegionSheet, WaveSheet, grouped};

const HIGH: f32 = 56.0;

fn figure(count: usize) -> String {
    grouped(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Draws it.
pub(super) fn wave_ui(ui: &mut Ui, sheet: &BankSheet, it: &RegionSheet) {
    let theme = Theme::of(ui.ctx());
    let wave = it.wave.and_then(|it| sheet.waves.get(it as usize));
    let Some(wave) = wave else {
        heading(ui, "Wave", "");
        sentence(ui, "Its wave is not in the file: it is silent.", theme.warn);
        return;
    };
    let number = it.wave.unwrap_or(0);
    let name = match wave.name.as_str() {
        "" => format!("Wave {number}"),
        name => format!("Wave {number}, {name}"),
    };
    let round = match it.repeat {
        None => "no loop".to_owned(),
        Some(round) => {
            let until = if round.is_left_on_release {
                ", until let go of"
            } else {
                ""
            };
            format!("loop {}{until}", grouped(round.length))
        }
    };
    heading(ui, &name, &round);
    let whole = row(ui, HIGH);
    controls::plate(ui, whole, theme.field, theme.line);
    let inner = whole.shrink2(vec2(1.0, 4.0));
    let painter = ui.painter();
    let share = |sample: u64| {
        let share = sample as f32 / wave.samples.max(1) as f32;
        inner.left() + inner.width() * share.clamp(0.0, 1.0)
    };
    let looped = it.repeat.map(|round| {
        let end = u64::from(round.start) + u64::from(round.length);
        share(u64::from(round.start))..=share(end)
    });
    if let Some(looped) = &looped {
        let (from, to) = (*looped.start(), *looped.end());
        let place = Rect::from_x_y_ranges(from..=to.max(from + 1.0), whole.shrink(1.0).y_range());
        painter.rect_filled(place, 0.0, theme.audio.gamma_multiply(0.14));
    }
    painter.add(Shape::mesh(outline(wave, inner, theme.audio)));
    if let Some(looped) = looped {
        let ink = Stroke::new(1.0, theme.strong);
        for x in [*looped.start(), *looped.end()] {
            painter.vline(x, whole.shrink(1.0).y_range(), ink);
        }
    }
    let told = format!(
        "{} samples at {} Hz, {round}",
        figure(wave.samples),
        grouped(wave.rate_hz)
    );
    probe::note(ui.ctx(), "map", "Wave", &told, whole);
    let spoken = ui.interact(whole, ui.scope_id().with("wave"), Sense::hover());
    spoken.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("{name}: {told}")));
    spoken.on_hover_text(told);
}

/// A column for each stretch.
fn outline(wave: &WaveSheet, rect: Rect, ink: egui::Color32) -> Mesh {
    let mut mesh = Mesh::default();
    let wide = rect.width() / wave.peaks.len().max(1) as f32;
    let middle = rect.center().y;
    let most = wave
        .peaks
        .iter()
        .flatten()
        .map(|it| it.unsigned_abs())
        .max();
    // A quiet wave is drawn as high as a loud one: its shape is what is looked for.
    let scale = rect.height() / 2.0 / f32::from(most.unwrap_or(1).max(1));
    for (index, [low, high]) in wave.peaks.iter().enumerate() {
        let x = rect.left() + wide * index as f32;
        let (top, foot) = (
            middle - f32::from(*high) * scale,
            middle - f32::from(*low) * scale,
        );
        let column = Rect::from_min_max(
            pos2(x, top.min(middle - 0.5)),
            pos2(x + wide.max(1.0), foot.max(middle + 0.5)),
        );
        mesh.add_colored_rect(column, ink);
    }
    mesh
}
