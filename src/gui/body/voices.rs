//! The voices of a synth: how many sound, of how many.

use egui::{Align2, CornerRadius, Rect, Ui, pos2, vec2};

use super::{LINE, Page};
use crate::app::telemetry::synth;
use crate::gui::theme::{Type, radius};

/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, LINE];

/// A bar for each voice, lit while it sounds, and the figures.
pub(super) fn voices_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let (node, descriptor) = (page.node, page.descriptor);
    let theme = page.theme;
    let rect = page.row(LINE);
    let most = descriptor
        .property("voices")
        .and_then(|(_, property)| {
            let stored = node.values.get("voices").and_then(|it| property.legal(it));
            stored.unwrap_or_else(|| property.default_value()).number()
        })
        .unwrap_or(16.0) as usize;
    let now = page
        .view
        .telemetry(&page.drawn.path)
        .map_or(0, |cells| cells.get(synth::VOICES) as usize);
    page.text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        "Voices",
        Type::Canvas,
        theme.dim,
    );
    let words = format!("{now} / {most}");
    page.text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        &words,
        Type::Canvas,
        theme.strong,
    );
    let left = rect.left() + rect.width() * 0.36;
    let wide = rect.width() * 0.36;
    let pitch = wide / most.clamp(1, 32) as f32;
    for index in 0..most.min(32) {
        let bar = Rect::from_center_size(
            pos2(left + pitch * (index as f32 + 0.5), rect.center().y),
            vec2((pitch - page.zoom).max(0.5), 8.0 * page.zoom),
        );
        let fill = if index < now { theme.audio } else { theme.line };
        ui.painter()
            .rect_filled(bar, CornerRadius::same(radius::BAR), fill);
    }
}
