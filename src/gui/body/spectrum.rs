//! The spectrum analyser's body: levels over a logarithmic axis of frequencies, the held peaks above them.

use egui::{Align2, Pos2, Ui, pos2, vec2};

use super::well::{Well, figure, hertz};
use super::{Bodies, LINE, Page};
use crate::app::spectrum::{Asked, Bins, place_of};
use crate::gui::probe;
use crate::gui::theme::Type;

const HEIGHT: f32 = 144.0;
/// Width and height at 100 %.
pub(super) const SIZE: [f32; 2] = [280.0, HEIGHT + 2.0 * LINE];
/// Points from one column to the next.
const COLUMN: f32 = 1.5;
/// What part of the hue fills the ground under the curve.
const FILL: f32 = 0.18;

/// Frequencies with a line, and the words of those that have some.
const LINES: [(f32, &str); 10] = [
    (20.0, "20"),
    (50.0, ""),
    (100.0, "100"),
    (200.0, ""),
    (500.0, ""),
    (1000.0, "1k"),
    (2000.0, ""),
    (5000.0, ""),
    (10_000.0, "10k"),
    (20_000.0, ""),
];

impl Bodies {
    /// The curve, its scales, and the loudest frequency in words.
    pub(super) fn spectrum_ui(&mut self, ui: &mut Ui, page: &mut Page<'_>) {
        let theme = page.theme;
        let asked = Asked::by(&page.node.values);
        let floor = asked.floor_db;
        let analyser = self.spectra.entry(page.drawn.path.clone()).or_default();
        match page.view.telemetry(&page.drawn.path) {
            Some(cells) => analyser.look(cells, &asked),
            None => analyser.forget(),
        }
        let (now, held) = (analyser.now(), analyser.held());
        let highest = if now.powers.is_empty() {
            page.rate_hz() / 2.0
        } else {
            now.highest_hz()
        };

        let well = Well::new(ui, page, page.peek(HEIGHT));
        page.row(HEIGHT);
        let height_of = |level: f32| (1.0 - level / floor).clamp(0.0, 1.0);
        for (hz, words) in LINES {
            let place = place_of(hz, highest);
            if (0.01..0.99).contains(&place) {
                well.upright(ui, place, !words.is_empty());
            }
        }
        let step = if floor < -110.0 { 40.0 } else { 20.0 };
        let mut level = -step;
        while level > floor + 1.0 {
            well.across(ui, height_of(level), false);
            let at = well.at(1.0, height_of(level)) - vec2(3.0, 0.0) * page.zoom;
            well.words(ui, page, at, Align2::RIGHT_CENTER, &figure(level, 0));
            level -= step;
        }
        let count = (well.rect.width() / COLUMN).clamp(16.0, 400.0) as usize;
        let points = |bins: &Bins| -> Vec<Pos2> {
            let levels = bins.columns(count).into_iter().enumerate();
            levels
                .map(|(column, level)| {
                    let across = (column as f32 + 0.5) / count as f32;
                    well.at(across, height_of(level))
                })
                .collect()
        };
        if !now.powers.is_empty() {
            let curve = points(now);
            let ground = theme.audio.gamma_multiply(FILL);
            well.fill(ui, &curve, 0.0, ground);
            if !held.powers.is_empty() {
                well.line(ui, points(&held), 1.0, theme.dim);
            }
            well.line(ui, curve, 1.25, theme.audio);
        }
        well.frame(ui);

        let scale = page.row(LINE);
        for (hz, words) in LINES {
            let place = place_of(hz, highest);
            if words.is_empty() || !(0.0..0.97).contains(&place) {
                continue;
            }
            let align = if hz < 30.0 {
                Align2::LEFT_CENTER
            } else {
                Align2::CENTER_CENTER
            };
            let at = pos2(well.at(place, 0.0).x, scale.top() + 7.0 * page.zoom);
            well.words(ui, page, at, align, words);
        }
        let at = pos2(well.rect.right(), scale.top() + 7.0 * page.zoom);
        let end = format!("{:.0}k", highest / 1000.0);
        well.words(ui, page, at, Align2::RIGHT_CENTER, &end);

        let line = page.row(LINE);
        let (left, right) = match now.peak().filter(|(_, level)| *level > floor) {
            Some((hz, level)) => (hertz(hz), format!("{} dBFS", figure(level, 1))),
            None => ("no sound".to_owned(), String::new()),
        };
        let middle = line.center().y - 3.0 * page.zoom;
        let label = pos2(line.left(), middle);
        page.text(
            ui,
            label,
            Align2::LEFT_CENTER,
            "Loudest",
            Type::Canvas,
            theme.dim,
        );
        let at = pos2(line.left() + line.width() * 0.52, middle);
        page.text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            &left,
            Type::Canvas,
            theme.strong,
        );
        let at = pos2(line.right(), middle);
        page.text(
            ui,
            at,
            Align2::RIGHT_CENTER,
            &right,
            Type::Canvas,
            theme.strong,
        );
        let words = format!("{left} {right}");
        let name = &page.drawn.node.name;
        probe::note(ui.ctx(), "spectrum", name, words.trim(), well.rect);
    }
}
