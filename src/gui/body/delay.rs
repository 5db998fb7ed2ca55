//! The delay's body: its echoes as they fall, over time; with ping-pong to the left above and to the right below.

use egui::{Align2, CornerRadius, Rect, Ui, pos2};

use super::Page;
use super::well::Well;
use crate::app::curves;
use crate::gui::probe;
use crate::ks::Settings;

const HEIGHT: f32 = 46.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [176.0, HEIGHT + 4.0];

/// The softest echo that is drawn, in decibels.
const FLOOR_DB: f32 = -48.0;
/// Whole seconds and parts of them that the picture may last.
const SPANS: [f32; 9] = [0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0];

/// How much time the picture shows of echoes so far apart: several of them, and a span that reads well.
fn span(first: f32) -> f32 {
    let fits = SPANS.into_iter().find(|it| *it >= first * 5.0);
    fits.unwrap_or(SPANS[SPANS.len() - 1])
}

/// The echoes, each a bar as high as it is loud.
pub(super) fn delay_ui(ui: &mut Ui, page: &mut Page<'_>) {
    let theme = page.theme;
    let settings = Settings {
        values: &page.node.values,
        base: None,
    };
    let rate_hz = f64::from(page.rate_hz());
    let echoes: Vec<curves::Echo> = curves::delay_echoes(&settings, rate_hz, 64).collect();
    let well = Well::new(ui, page, page.peek(HEIGHT));
    page.row(HEIGHT + 4.0);
    let first = echoes.get(1).map_or(0.1, |it| it.seconds as f32);
    let whole = span(first);
    let goes_round = echoes.get(2).is_some_and(|it| it.side != echoes[1].side);
    for quarter in 1..4 {
        well.upright(ui, quarter as f32 / 4.0, false);
    }
    let foot = if goes_round { 0.5 } else { 0.0 };
    if goes_round {
        well.across(ui, 0.5, true);
    }
    for (index, echo) in echoes.iter().enumerate() {
        let level = 20.0 * echo.amplitude.max(1e-9).log10() as f32;
        let share = (1.0 - level / FLOOR_DB).clamp(0.0, 1.0) * 0.92;
        let across = 0.03 + 0.97 * echo.seconds as f32 / whole;
        if share <= 0.0 || across > 1.0 {
            continue;
        }
        let (low, high) = match (goes_round, index) {
            (false, _) => (foot, foot + share),
            (true, 0) => (0.5 - share / 2.0, 0.5 + share / 2.0),
            (true, _) if echo.side == 0 => (0.5, 0.5 + share / 2.0),
            (true, _) => (0.5 - share / 2.0, 0.5),
        };
        let x = well.at(across, 0.0).x;
        let half = 1.25 * page.zoom;
        let bar = Rect::from_min_max(
            pos2(x - half, well.at(0.0, high).y),
            pos2(x + half, well.at(0.0, low).y),
        );
        let ink = if index == 0 { theme.dim } else { theme.audio };
        ui.painter()
            .rect_filled(bar.intersect(well.rect), CornerRadius::ZERO, ink);
    }
    let at = well.rect.right_top() + egui::vec2(-3.0, 2.0) * page.zoom;
    let words = if whole < 1.0 {
        format!("{:.0} ms", whole * 1000.0)
    } else {
        format!("{whole:.0} s")
    };
    well.words(ui, page, at, Align2::RIGHT_TOP, &words);
    well.frame(ui);
    let name = &page.drawn.node.name;
    probe::note(ui.ctx(), "echoes", name, &words, well.rect);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_several_echoes_or_as_much_as_there_can_be() {
        assert_eq!(span(0.35), 2.0);
        assert_eq!(span(0.001), 0.01);
        assert_eq!(span(3.0), 10.0);
    }
}
