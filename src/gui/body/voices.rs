//! The voices of a synth: how many sound, of how many.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{LINE, Page};
use crate::app::telemetry::synth;
use crate::gui::panels::bank;
use crate::gui::probe;
use crate::gui::theme::{Type, radius};

/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, LINE];

/// More bars cannot be told apart: then each stands for several voices.
const MOST_BARS: usize = 32;

/// A bank that is on its way, or that could not be loaded, in place of the voices. Whether there is one.
fn coming_ui(ui: &Ui, page: &Page<'_>, rect: Rect) -> bool {
    let Some(desk) = page.view.bank(&page.drawn.path) else {
        return false;
    };
    let theme = page.theme;
    let (told, ink) = match (desk.loading(), desk.trouble()) {
        (Some(loading), _) => {
            ui.ctx().request_repaint_after_secs(0.1);
            let part = rect.shrink2(vec2(0.0, rect.height() * 0.38));
            let rail = part.with_min_x(rect.left() + rect.width() * 0.62);
            bank::bar_ui(ui, rail, loading.share());
            let words = format!("Loading {:.0} %", loading.share() * 100.0);
            (words, theme.strong)
        }
        (None, Some(_)) => ("Bank not loaded".to_owned(), theme.warn),
        (None, None) => return false,
    };
    page.text(
        ui,
        rect.left_center(),
        Align2::LEFT_CENTER,
        &told,
        Type::Canvas,
        ink,
    );
    probe::note(ui.ctx(), "body", &page.drawn.node.name, &told, rect);
    let response = ui.interact(rect, page.id.with("bank"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    if let Some(trouble) = desk.trouble() {
        response.on_hover_text(trouble);
    }
    true
}

/// A bar for each voice, lit while it sounds, and the figures.
pub(super) fn voices_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let (node, descriptor) = (page.node, page.descriptor);
    let theme = page.theme;
    let rect = page.row(LINE);
    if coming_ui(ui, page, rect) {
        return;
    }
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
