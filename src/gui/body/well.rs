//! The dark ground that curves are drawn on, with the few strokes that scopes, spectra and responses share.

use egui::{Align2, Color32, CornerRadius, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, pos2};

use super::Page;
use crate::gui::theme::{ThemeName, Type, radius, stroke};

/// Where a curve is drawn.
pub(super) struct Well {
    /// All of it.
    pub(super) rect: Rect,
    zoom: f32,
    grid: Color32,
    axis: Color32,
    edge: Color32,
}

impl Well {
    /// The ground of a picture.
    pub(super) fn new(ui: &Ui, page: &Page<'_>, rect: Rect) -> Self {
        let theme = page.theme;
        ui.painter()
            .rect_filled(rect, CornerRadius::same(radius::TAG), theme.field);
        Self {
            rect,
            zoom: page.zoom,
            grid: theme.line_soft,
            axis: if theme.name == ThemeName::HighContrast {
                theme.line
            } else {
                theme.line_soft.lerp_to_gamma(theme.line, 0.8)
            },
            edge: theme.line,
        }
    }

    /// The edge, above all that was drawn.
    pub(super) fn frame(&self, ui: &Ui) {
        let edge = Stroke::new(stroke::HAIR, self.edge);
        let corner = CornerRadius::same(radius::TAG);
        ui.painter()
            .rect_stroke(self.rect, corner, edge, StrokeKind::Inside);
    }

    /// The place at a share of the width and of the height, both from the lower left.
    pub(super) fn at(&self, across: f32, up: f32) -> Pos2 {
        pos2(
            self.rect.left() + self.rect.width() * across,
            self.rect.bottom() - self.rect.height() * up,
        )
    }

    fn ink(&self, is_axis: bool) -> Stroke {
        Stroke::new(stroke::HAIR, if is_axis { self.axis } else { self.grid })
    }

    /// A line of the grid across all of the width.
    pub(super) fn across(&self, ui: &Ui, up: f32, is_axis: bool) {
        let y = self.at(0.0, up).y;
        ui.painter()
            .hline(self.rect.x_range(), y, self.ink(is_axis));
    }

    /// A line of the grid over all of the height.
    pub(super) fn upright(&self, ui: &Ui, across: f32, is_axis: bool) {
        let x = self.at(across, 0.0).x;
        ui.painter()
            .vline(x, self.rect.y_range(), self.ink(is_axis));
    }

    /// A curve.
    pub(super) fn line(&self, ui: &Ui, points: Vec<Pos2>, wide: f32, ink: Color32) {
        let stroke = Stroke::new((wide * self.zoom.sqrt()).max(1.0), ink);
        let painter = ui
            .painter()
            .with_clip_rect(self.rect.intersect(ui.clip_rect()));
        painter.add(Shape::line(points, stroke));
    }

    /// The ground between a curve and a level.
    pub(super) fn fill(&self, ui: &Ui, points: &[Pos2], level: f32, ink: Color32) {
        let foot = self.at(0.0, level).y;
        let mut mesh = Mesh::default();
        for point in points {
            mesh.colored_vertex(*point, ink);
            mesh.colored_vertex(pos2(point.x, foot), ink);
        }
        for pair in 1..points.len() as u32 {
            let first = 2 * pair - 2;
            mesh.add_triangle(first, first + 1, first + 2);
            mesh.add_triangle(first + 1, first + 2, first + 3);
        }
        let painter = ui
            .painter()
            .with_clip_rect(self.rect.intersect(ui.clip_rect()));
        painter.add(Shape::mesh(mesh));
    }

    /// Small words inside.
    pub(super) fn words(&self, ui: &Ui, page: &Page<'_>, at: Pos2, align: Align2, words: &str) {
        page.text(ui, at, align, words, Type::Tick, page.theme.dim);
    }
}

/// A figure with the real minus.
pub(super) fn figure(number: f32, digits: usize) -> String {
    let words = format!("{number:.digits$}");
    let is_nothing = words.trim_matches(['-', '0', '.']).is_empty();
    if is_nothing {
        words.trim_start_matches('-').to_owned()
    } else {
        words.replace('-', "\u{2212}")
    }
}

/// A frequency in words: `80 Hz`, `1.25 kHz`.
pub(super) fn hertz(hz: f32) -> String {
    match hz {
        hz if hz < 100.0 => format!("{hz:.1} Hz"),
        hz if hz < 1000.0 => format!("{hz:.0} Hz"),
        hz if hz < 10_000.0 => format!("{:.2} kHz", hz / 1000.0),
        hz => format!("{:.1} kHz", hz / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_no_negative_nothing() {
        assert_eq!(figure(-0.04, 1), "0.0");
        assert_eq!(figure(-12.34, 1), "\u{2212}12.3");
        assert_eq!(figure(6.0, 0), "6");
    }

    #[test]
    fn frequencies_are_read_with_three_digits() {
        assert_eq!(hertz(49.96), "50.0 Hz");
        assert_eq!(hertz(440.4), "440 Hz");
        assert_eq!(hertz(1253.0), "1.25 kHz");
        assert_eq!(hertz(12_345.0), "12.3 kHz");
    }
}
