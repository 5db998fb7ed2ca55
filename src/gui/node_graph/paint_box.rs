//! The picture of a box in three levels of detail. Its pins and its body are in `boxes.rs`.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    Color32, CornerRadius, FontFamily, FontId, Galley, Painter, Rect, Stroke, StrokeKind, Vec2,
    pos2, vec2,
};

use super::look::Look;
use super::model::{Footer, Health, NodeView, Place};
use super::paint::{dashed, mark, mix, outline, pips};
use super::view::{Detail, View};

/// One box being painted.
pub(super) struct Brush<'a> {
    pub(super) painter: &'a Painter,
    pub(super) look: &'a Look,
    pub(super) view: View,
    pub(super) place: &'a Place,
    pub(super) node: &'a NodeView<'a>,
    pub(super) rect: Rect,
    pub(super) hot: bool,
}

/// The shadow under a box, without the part that the box hides: that would be most of what there is to paint.
fn shadow(shadow: egui::Shadow, rect: Rect, corner: f32) -> Mesh {
    const STEPS: usize = 4;
    let mut mesh = Mesh::default();
    let shift = vec2(f32::from(shadow.offset[0]), f32::from(shadow.offset[1]));
    let (spread, half) = (f32::from(shadow.spread), f32::from(shadow.blur) / 2.0);
    let cast = rect.translate(shift).expand(spread);
    // A ring: full at its inner edge, nothing at its outer one.
    for (out, colour) in [(-half, shadow.color), (half, Color32::TRANSPARENT)] {
        let rect = cast.expand(out);
        let round = (corner + spread + half + out).clamp(0.0, rect.size().min_elem() / 2.0);
        let corners = [
            (rect.right_bottom() + vec2(-round, -round), 0.0),
            (rect.left_bottom() + vec2(round, -round), 0.25),
            (rect.left_top() + vec2(round, round), 0.5),
            (rect.right_top() + vec2(-round, round), 0.75),
        ];
        for (middle, turn) in corners {
            for step in 0..=STEPS {
                let turn = turn + 0.25 * step as f32 / STEPS as f32;
                let way = Vec2::angled(turn * std::f32::consts::TAU);
                mesh.colored_vertex(middle + way * round, colour);
            }
        }
    }
    let count = (mesh.vertices.len() / 2) as u32;
    for i in 0..count {
        let next = (i + 1) % count;
        mesh.add_triangle(i, next, count + i);
        mesh.add_triangle(next, count + next, count + i);
    }
    mesh
}

fn radius(points: f32) -> u8 {
    points.round().clamp(1.0, 40.0) as u8
}

impl Brush<'_> {
    fn edge(&self) -> Stroke {
        let look = self.look;
        match self.node.health {
            _ if self.place.selected => Stroke::new(look.selected_width, look.strong),
            Health::Late => Stroke::new(1.5, look.warn),
            Health::Faulty => Stroke::new(2.0, look.error),
            _ if self.hot => Stroke::new(1.0, look.line_strong),
            _ => Stroke::new(1.0, look.line),
        }
    }

    /// Rounded rectangle, shadow, edge; what selection adds.
    fn shell(&self, fill: Color32, corner: f32) {
        let (look, painter, rect) = (self.look, self.painter, self.rect);
        let r = CornerRadius::same(radius(corner));
        if let Some(inside) = &self.node.inside {
            let behind = Rect::from_min_max(
                rect.min + vec2(4.0, -4.0),
                rect.right_top() + vec2(-4.0, 8.0),
            );
            painter.rect(
                behind,
                r,
                look.title,
                Stroke::new(1.0, look.line),
                StrokeKind::Inside,
            );
            if self.view.detail() == Detail::Near {
                let font = FontId::new(self.view.font_size(10.5), look.ui.clone());
                let galley = painter.layout_no_wrap(inside.to_string(), font, look.dim);
                painter.galley(
                    rect.left_top() - vec2(-4.0, galley.size().y + 6.0),
                    galley,
                    look.dim,
                );
            }
        }
        if look.shadow.color.a() > 0 && self.view.detail() != Detail::Far {
            painter.add(shadow(look.shadow, rect, f32::from(r.nw)));
        }
        if self.node.health != Health::Missing {
            painter.rect_filled(rect, r, fill);
        } else {
            painter.rect_filled(rect, r, look.canvas);
            self.hatch();
        }
    }

    fn frame(&self, corner: f32) {
        let (look, painter, rect) = (self.look, self.painter, self.rect);
        let r = CornerRadius::same(radius(corner));
        match self.node.health {
            Health::Missing => dashed(
                painter,
                &outline(rect, corner),
                Stroke::new(1.0, look.line_strong),
                5.0,
                4.0,
            ),
            Health::Waiting => dashed(
                painter,
                &outline(rect, corner),
                Stroke::new(2.0, look.warn),
                2.0,
                4.0,
            ),
            health => {
                // Selection lies outside, so health keeps its edge beneath it.
                let stroke = self.edge();
                let kind = if self.place.selected {
                    StrokeKind::Outside
                } else {
                    StrokeKind::Inside
                };
                if self.place.selected && health != Health::Fine {
                    let health = Stroke::new(
                        2.0,
                        if health == Health::Faulty {
                            look.error
                        } else {
                            look.warn
                        },
                    );
                    painter.rect_stroke(rect, r, health, StrokeKind::Inside);
                }
                painter.rect_stroke(rect, r, stroke, kind);
            }
        }
        if self.place.selected {
            if matches!(self.node.health, Health::Missing | Health::Waiting) {
                painter.rect_stroke(rect, r, self.edge(), StrokeKind::Outside);
            }
            let out = rect.expand(look.selected_width);
            for at in [
                out.left_top(),
                out.right_top(),
                out.left_bottom(),
                out.right_bottom(),
            ] {
                let square = Rect::from_center_size(at, Vec2::splat(6.5));
                painter.rect_filled(square, 0.0, look.canvas);
                painter.rect_filled(square.shrink(0.75), 0.0, look.strong);
            }
        }
        if let Some((colour, word)) = &self.node.ring {
            let ring = rect.expand(7.0);
            painter.rect_stroke(
                ring,
                CornerRadius::same(10),
                Stroke::new(2.0, *colour),
                StrokeKind::Inside,
            );
            if !word.is_empty() {
                let font = FontId::new(11.0, look.ui_strong.clone());
                let galley = painter.layout_no_wrap(word.to_string(), font, look.accent_ink);
                let size = vec2((galley.size().x + 12.0).max(20.0), 20.0);
                let badge = Rect::from_center_size(
                    ring.right_top() + vec2(-6.0 - size.x / 2.0 + 10.0, -4.0),
                    size,
                );
                painter.rect_filled(badge, CornerRadius::same(10), *colour);
                painter.galley(
                    badge.center() - galley.size() / 2.0,
                    galley,
                    look.accent_ink,
                );
            }
        }
    }

    fn hatch(&self) {
        let rect = self.rect;
        let painter = self
            .painter
            .with_clip_rect(rect.shrink(1.0).intersect(self.painter.clip_rect()));
        let (high, step) = (rect.height(), 7.0 * self.view.zoom.max(0.6));
        let mut x = rect.left() - high;
        while x < rect.right() {
            let ends = [pos2(x, rect.bottom()), pos2(x + high, rect.top())];
            painter.line_segment(ends, Stroke::new(1.0, self.look.line_soft));
            x += step;
        }
    }

    /// The mark of its health, if it has one.
    fn badge(&self) -> Option<(super::Mark, Color32)> {
        super::crowd::mark_of(self.look, self.node.health)
    }

    fn one_line(
        &self,
        text: &str,
        size: f32,
        family: &FontFamily,
        ink: Color32,
        width: f32,
        rows: usize,
    ) -> Arc<Galley> {
        let format = TextFormat::simple(FontId::new(size, family.clone()), ink);
        let mut job = LayoutJob::single_section(text.to_owned(), format);
        job.wrap = TextWrapping {
            max_width: width,
            max_rows: rows,
            break_anywhere: rows == 1,
            ..Default::default()
        };
        self.painter.layout_job(job)
    }

    pub(super) fn near(&self) {
        let (look, painter, zoom) = (self.look, self.painter, self.view.zoom);
        let rect = self.rect;
        let corner = 6.0 * zoom;
        self.shell(look.raised, corner);
        let bar = Rect::from_min_size(rect.min, vec2(rect.width(), Place::TITLE * zoom));
        let missing = self.node.health == Health::Missing;
        if !missing {
            let fill = match self.node.health {
                Health::Faulty => look.error_bg,
                _ if self.hot => look.hover,
                _ => look.title,
            };
            let r = radius(corner);
            painter.rect_filled(
                bar,
                CornerRadius {
                    nw: r,
                    ne: r,
                    sw: 0,
                    se: 0,
                },
                fill,
            );
            painter.hline(
                bar.x_range(),
                bar.bottom(),
                Stroke::new(1.0, look.line_soft),
            );
        }
        // From the right: pips, then the badge; a failed or missing box has no pips.
        let mut right = bar.right() - 8.0 * zoom;
        let middle = bar.center().y;
        let pipless = matches!(self.node.health, Health::Faulty | Health::Missing);
        if let Some((badge, ink)) = self.badge() {
            mark(
                painter,
                badge,
                pos2(right - 7.0 * zoom, middle),
                14.0 * zoom,
                ink,
            );
            right -= 20.0 * zoom;
        }
        if !pipless {
            pips(
                painter,
                look,
                pos2(right - 5.0 * zoom, middle),
                self.node.lit,
                false,
                zoom,
            );
            right -= 16.0 * zoom;
        }
        let mut left = bar.left() + 8.0 * zoom;
        if let Some(icon) = self.node.mark {
            mark(
                painter,
                icon,
                pos2(left + 8.0 * zoom, middle),
                16.0 * zoom,
                look.dim,
            );
            left += 22.0 * zoom;
        }
        let is_off = missing || self.node.health == Health::Disabled;
        let ink = if is_off { look.dim } else { look.strong };
        let size = self.view.font_size(12.5);
        let name = self.one_line(
            &self.node.name,
            size,
            &look.ui_strong,
            ink,
            (right - left).max(8.0),
            1,
        );
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, ink);
        self.footer();
        self.frame(corner);
    }

    fn footer(&self) {
        let (look, painter, zoom) = (self.look, self.painter, self.view.zoom);
        let Some(footer) = self.node.footer.as_ref().filter(|_| self.place.footer) else {
            return;
        };
        let band = Rect::from_min_max(
            pos2(self.rect.left(), self.rect.bottom() - Place::FOOTER * zoom),
            self.rect.max,
        );
        painter.hline(
            band.x_range().shrink(1.0),
            band.top(),
            Stroke::new(1.0, look.line_soft),
        );
        let inset = Place::PAD * zoom;
        let font = FontId::new(self.view.font_size(10.5), look.ui.clone());
        match footer {
            Footer::Cost { left, share, right } => {
                let left = painter.layout_no_wrap(left.to_string(), font.clone(), look.dim);
                let right = painter.layout_no_wrap(right.to_string(), font, look.dim);
                let y = band.center().y;
                let from = band.left() + inset + left.size().x + 8.0 * zoom;
                let to = band.right() - inset - right.size().x - 8.0 * zoom;
                painter.galley(
                    pos2(band.left() + inset, y - left.size().y / 2.0),
                    left,
                    look.dim,
                );
                painter.galley(
                    pos2(
                        band.right() - inset - right.size().x,
                        y - right.size().y / 2.0,
                    ),
                    right,
                    look.dim,
                );
                let length = (to - from).min(40.0 * zoom);
                if length > 6.0 {
                    let bar =
                        Rect::from_min_size(pos2(from, y - 1.25 * zoom), vec2(length, 2.5 * zoom));
                    painter.rect_filled(bar, 0.0, look.line_soft);
                    let filled = vec2((length * share.clamp(0.0, 1.0)).max(2.0), bar.height());
                    painter.rect_filled(Rect::from_min_size(bar.min, filled), 0.0, look.dim);
                }
            }
            Footer::Words(words) => {
                let ink = match self.node.health {
                    Health::Late | Health::Waiting => look.warn,
                    Health::Faulty => look.error,
                    _ => look.text,
                };
                let width = band.width() - 2.0 * inset;
                let words = self.one_line(words, font.size, &look.ui, ink, width, 1);
                painter.galley(
                    pos2(band.left() + inset, band.center().y - words.size().y / 2.0),
                    words,
                    ink,
                );
            }
        }
    }

    pub(super) fn middle(&self) {
        let (look, painter, rect) = (self.look, self.painter, self.rect);
        self.shell(
            if self.node.health == Health::Faulty {
                look.error_bg
            } else {
                look.raised
            },
            4.0,
        );
        let mut right = rect.right() - 5.0;
        let badge = self.badge();
        if let Some((badge, ink)) = badge {
            mark(
                painter,
                badge,
                pos2(right - 6.0, rect.top() + 11.0),
                12.0,
                ink,
            );
            right -= 16.0;
        } else {
            pips(
                painter,
                look,
                pos2(right - 3.5, rect.top() + 11.0),
                self.node.lit,
                false,
                0.8,
            );
            right -= 8.0;
        }
        let room = vec2((right - rect.left() - 6.0).max(8.0), rect.height() - 6.0);
        // A word is never cut in two for a second row.
        let words = self.node.name.split_whitespace().count();
        let rows = if room.y > 26.0 && words > 1 { 2 } else { 1 };
        let ink = if self.node.health == Health::Missing {
            look.dim
        } else {
            look.strong
        };
        let name = self.one_line(&self.node.name, 10.5, &look.ui_strong, ink, room.x, rows);
        painter
            .with_clip_rect(rect.intersect(painter.clip_rect()))
            .galley(rect.min + vec2(6.0, 4.0), name, ink);
        if let Some(Footer::Cost { share, .. }) = &self.node.footer
            && rect.height() > 28.0
        {
            let whole = rect.width() - 16.0;
            let bar = Rect::from_min_size(
                pos2(rect.left() + 8.0, rect.bottom() - 7.0),
                vec2(whole, 3.0),
            );
            painter.rect_filled(bar, 0.0, look.line_soft);
            let filled = vec2((whole * share.clamp(0.0, 1.0)).max(2.0), 3.0);
            let ink = if self.node.health == Health::Late {
                look.warn
            } else {
                look.dim
            };
            painter.rect_filled(Rect::from_min_size(bar.min, filled), 0.0, ink);
        }
        self.frame(4.0);
    }

    pub(super) fn far(&self) {
        let (look, painter, rect) = (self.look, self.painter, self.rect);
        let fill = match self.node.health {
            Health::Faulty => look.error_bg,
            Health::Late => mix(look.raised, look.warn, 0.2),
            _ => look.title,
        };
        self.shell(fill, 2.0);
        if let Some((badge, ink)) = self.badge() {
            mark(painter, badge, rect.center(), 12.0, ink);
        } else if self.node.lit >= 3 {
            let size = vec2(
                4.0_f32.min(rect.width() / 3.0),
                (rect.height() - 6.0).clamp(3.0, 14.0),
            );
            let bar = Rect::from_center_size(pos2(rect.right() - 5.0, rect.center().y), size);
            painter.rect_filled(bar, 0.0, look.accent);
        }
        self.frame(2.0);
    }
}
