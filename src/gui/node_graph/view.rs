//! Which part of the graph is seen, and how large.

use egui::{Pos2, Rect, Vec2};

/// Least and greatest zoom.
pub(super) const ZOOM: std::ops::RangeInclusive<f32> = 0.1..=4.0;

/// How much of a box is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Blocks and hairlines.
    Far,
    /// Names, one line per wire.
    Middle,
    /// Everything.
    Near,
}

/// A view of the graph.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Upper left corner of the canvas on screen. Follows the window.
    pub origin: Pos2,
    /// The graph point that lies there.
    pub scroll: Vec2,
    /// Screen points per graph point.
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        Self {
            origin: Pos2::ZERO,
            scroll: Vec2::ZERO,
            zoom: 1.0,
        }
    }
}

impl View {
    /// A graph point on screen.
    pub fn to_screen(&self, point: Pos2) -> Pos2 {
        self.origin + (point.to_vec2() - self.scroll) * self.zoom
    }

    /// A screen point in the graph.
    pub fn to_graph(&self, point: Pos2) -> Pos2 {
        ((point - self.origin) / self.zoom + self.scroll).to_pos2()
    }

    /// A part of the graph on screen.
    pub fn rect_to_screen(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(rect.min), self.to_screen(rect.max))
    }

    /// A part of the screen in the graph.
    pub fn rect_to_graph(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.to_graph(rect.min), self.to_graph(rect.max))
    }

    /// How much is drawn.
    pub fn detail(&self) -> Detail {
        // A hair of tolerance: wheels arrive at 0.6 by multiplication.
        if self.zoom >= 0.599 {
            Detail::Near
        } else if self.zoom >= 0.28 {
            Detail::Middle
        } else {
            Detail::Far
        }
    }

    /// Zooms, keeping the graph point under `screen` where it is.
    pub fn zoom_at(&mut self, screen: Pos2, zoom: f32) {
        let point = self.to_graph(screen).to_vec2();
        self.zoom = zoom.clamp(*ZOOM.start(), *ZOOM.end());
        self.scroll = point - (screen - self.origin) / self.zoom;
    }

    /// Moves what is seen with the pointer.
    pub fn pan(&mut self, delta: Vec2) {
        self.scroll -= delta / self.zoom;
    }

    /// The view in which `graph` fills a canvas of `size` with a margin, never above 100 %.
    pub fn fitting(&self, graph: Rect, size: Vec2) -> Self {
        const MARGIN: f32 = 48.0;
        let room = (size - Vec2::splat(2.0 * MARGIN)).max(Vec2::splat(32.0));
        let zoom = (room.x / graph.width().max(1.0)).min(room.y / graph.height().max(1.0));
        let zoom = zoom.clamp(*ZOOM.start(), 1.0);
        Self {
            zoom,
            scroll: graph.center().to_vec2() - size / zoom / 2.0,
            ..*self
        }
    }

    /// A font size on this canvas: laid out at size x zoom, rounded to half points.
    pub fn font_size(&self, size: f32) -> f32 {
        ((size * self.zoom * 2.0).round() / 2.0).max(1.0)
    }

    pub(super) fn blend(&self, to: &Self, t: f32) -> Self {
        let zoom = self.zoom + (to.zoom - self.zoom) * t;
        Self {
            zoom,
            scroll: self.scroll + (to.scroll - self.scroll) * t,
            origin: to.origin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let mut view = View {
            origin: pos2(200.0, 70.0),
            scroll: vec2(-31.0, 12.0),
            zoom: 1.0,
        };
        let pointer = pos2(613.0, 402.0);
        let before = view.to_graph(pointer);
        for zoom in [1.7, 0.4, 9.0, 0.01, 1.0] {
            view.zoom_at(pointer, zoom);
            assert!(view.to_graph(pointer).distance(before) < 1e-2, "at {zoom}");
            assert!(ZOOM.contains(&view.zoom));
        }
    }

    #[test]
    fn fitting_shows_all_of_it() {
        let size = vec2(900.0, 600.0);
        let graph = Rect::from_min_size(pos2(-400.0, 90.0), vec2(3000.0, 500.0));
        let view = View::default().fitting(graph, size);
        assert!(Rect::from_min_size(Pos2::ZERO, size).contains_rect(view.rect_to_screen(graph)));
        assert!(
            View::default()
                .fitting(Rect::from_min_size(Pos2::ZERO, vec2(10.0, 10.0)), size)
                .zoom
                <= 1.0
        );
    }

    #[test]
    fn text_is_laid_out_in_half_points() {
        let view = View {
            zoom: 0.77,
            ..View::default()
        };
        assert_eq!(view.font_size(11.5), 9.0);
    }
}
