//! The voices of a synth: how many sound, of how many.

use egui::{Align2, CornerRadius, Rect, Ui, pos2, vec2};

use super::{LINE, Page};
use crate::app::telemetry::synth;
use crate::gui::theme::{Type, radius};

/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, LINE];

/// More bars cannot be told apart: then each stands for several voices.
const MOST_BARS: usize = 32;

/// A bar for each voice, lit while it sounds, and the figures.
pub(super) fn voices_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let (node, descriptor) = (page.node, page.descriptor);
    let theme = page.theme;
    let rect = page.row(LINE);
    let mut keys = ["voices", "polyphony"].into_iter();
    let most = keys
        .find_map(|key| {
            let (_, property) = descriptor.property(key)?;
            let stored = node.values.get(key).and_then(|it| property.legal(it));
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
    let bars = most.clamp(1, MOST_BARS);
    let pitch = wide / bars as f32;
    let lit = (now * bars).div_ceil(most.max(1));
    for index in 0..bars {
        let bar = Rect::from_center_size(
            pos2(left + pitch * (index as f32 + 0.5), rect.center().y),
            vec2((pitch - page.zoom).max(0.5), 8.0 * page.zoom),
        );
        let fill = if index < lit { theme.audio } else { theme.line };
        ui.painter()
            .rect_filled(bar, CornerRadius::same(radius::BAR), fill);
    }
}
