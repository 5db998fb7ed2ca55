//! What a filter takes of a quantum: its last two seconds as a line, now and the highest, and how late it makes things.

use std::collections::VecDeque;

use egui::{Align2, Pos2, Stroke, Ui, pos2, vec2};

use super::page::{fact, heading, row, section_rule};
use crate::app::View;
use crate::graph::FilterPath;
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type};
use crate::ks::grouped;

/// Seconds that are drawn.
const SECONDS: f64 = 2.0;

/// What every filter took, as far as the page needs it.
#[derive(Default)]
pub(super) struct Costs {
    /// The filter that is traced, and (time, nanoseconds) of it.
    traced: FilterPath,
    trace: VecDeque<(f64, u32)>,
}

impl Costs {
    /// Takes the figures of this moment. `path` is the filter whose page is in front.
    pub(super) fn update(&mut self, view: &View<'_>, path: Option<&FilterPath>, now: f64) {
        let Some(path) = path else {
            return;
        };
        if self.traced != *path {
            self.traced.clone_from(path);
            self.trace.clear();
        }
        if let Some((nanos, _)) = view.cost(path)
            && self.trace.back().is_none_or(|(last, _)| now > *last)
        {
            self.trace.push_back((now, nanos));
        }
        while self.trace.front().is_some_and(|(at, _)| now - at > SECONDS) {
            self.trace.pop_front();
        }
    }

    /// The section of the page.
    pub(super) fn ui(&self, ui: &mut Ui, view: &View<'_>, path: &FilterPath) {
        super::clock::section_ui(ui, view, path);
        let Some((nanos, latency)) = view.cost(path) else {
            return;
        };
        section_rule(ui);
        heading(ui, "Cost", "last 2 s");
        self.line_ui(ui, view);
        let (highest, blamed) = view.worst(path).unwrap_or_default();
        let highest = highest.max(nanos);
        let words = format!("{}, {}\u{a0}ns", grouped(nanos), grouped(highest));
        fact(ui, "Now, highest", &words);
        let rate = f64::from(view.wiring.rate_hz.max(1));
        let words = match latency {
            0 => "0 samples".to_owned(),
            _ => format!(
                "{} samples, {:.1}\u{a0}ms",
                grouped(latency as u32),
                latency as f64 * 1000.0 / rate
            ),
        };
        fact(ui, "Own latency", &words);
        fact(ui, "Late cycles of its own", &grouped(blamed));
        if let Some(cells) = view.cells {
            let cycles = u32::try_from(cells.cycles()).unwrap_or(u32::MAX);
            let words = format!("{} of {}", grouped(cells.late()), grouped(cycles));
            fact(ui, "Late cycles of the graph", &words);
        }
    }

    fn line_ui(&self, ui: &mut Ui, view: &View<'_>) {
        let theme = Theme::of(ui.ctx());
        let well = row(ui, 46.0).shrink2(vec2(0.0, 3.0));
        controls::plate(ui, well, theme.field, theme.line_soft);
        let inner = well.shrink2(vec2(4.0, 6.0));
        let cycle = view.quantum as f64 * 1e9 / f64::from(view.wiring.rate_hz.max(1));
        let Some(&(last, _)) = self.trace.back() else {
            return;
        };
        let most = self.trace.iter().map(|(_, nanos)| *nanos).max();
        let top = f64::from(most.unwrap_or(1).max(1)) * 1.15;
        let points: Vec<Pos2> = self
            .trace
            .iter()
            .map(|&(at, nanos)| {
                let x = 1.0 - ((last - at) / SECONDS) as f32;
                let y = (f64::from(nanos) / top) as f32;
                pos2(
                    inner.left() + inner.width() * x,
                    inner.bottom() - inner.height() * y,
                )
            })
            .collect();
        probe::note(ui.ctx(), "chart", "Cost", &points.len().to_string(), well);
        ui.painter()
            .add(egui::Shape::line(points, Stroke::new(1.25, theme.text)));
        // The line of the whole quantum shows only where the curve comes near it.
        if top > cycle {
            let y = inner.bottom() - inner.height() * (cycle / top) as f32;
            let dashes = egui::Shape::dashed_line(
                &[pos2(inner.left(), y), pos2(inner.right(), y)],
                Stroke::new(1.0, theme.warn),
                3.0,
                3.0,
            );
            ui.painter().extend(dashes);
            let words = format!("{} µs", grouped((cycle / 1000.0) as u32));
            let at = inner.right_top();
            controls::text(ui, at, Align2::RIGHT_TOP, words, Type::Tick, theme.warn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_keeps_two_seconds_of_one_filter() {
        let app = crate::app::App::new(crate::app::Options::nominal(64));
        let mut costs = Costs::default();
        let (one, other) = (
            FilterPath::from(vec![]),
            FilterPath::from(vec![crate::graph::FilterId(9)]),
        );
        costs.trace.push_back((0.0, 5));
        costs.update(&app.view(), Some(&one), 3.0);
        assert!(costs.trace.is_empty(), "older than two seconds");
        costs.trace.push_back((3.0, 5));
        costs.update(&app.view(), Some(&other), 3.5);
        assert!(costs.trace.is_empty(), "another filter");
    }
}
