//! Small things that are painted: the grid, pins, pips, marks, rings; and what the hand draws on top.

use egui::epaint::Mesh;
use egui::{
    Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape as Drawn, Stroke, StrokeKind, Ui,
    Vec2, pos2, vec2,
};

use super::event::InHand;
use super::gesture::Gesture;
use super::look::{Kind, Look, Mark, PinFill, Shape};
use super::model::{Side, Verdict};
use super::scene::Scene;
use super::show::NodeGraph;
use super::view::View;
use super::wire::Curve;

/// A mixture of two colours.
pub(super) fn mix(a: Color32, b: Color32, t: f32) -> Color32 {
    a.lerp_to_gamma(b, t.clamp(0.0, 1.0))
}

/// Dots every 16, crosses every 128.
pub(super) fn grid(painter: &Painter, rect: Rect, view: &View, look: &Look) {
    let seen = view.rect_to_graph(rect);
    let steps = |from: f32, to: f32, step: f32| {
        let first = (from / step).floor() as i64;
        (first..=(to / step).ceil() as i64).map(move |i| i as f32 * step)
    };
    // One mesh without feathering: thousands of dots are a few triangles each.
    let mut mesh = Mesh::default();
    let pixel = 1.0 / painter.pixels_per_point();
    let snapped = |at: Pos2| {
        pos2(
            (at.x / pixel).floor() * pixel,
            (at.y / pixel).floor() * pixel,
        )
    };
    if view.zoom >= 0.6 {
        let rows: Vec<f32> = steps(seen.top(), seen.bottom(), 16.0).collect();
        for x in steps(seen.left(), seen.right(), 16.0) {
            for &y in &rows {
                let at = snapped(view.to_screen(pos2(x, y)));
                mesh.add_colored_rect(Rect::from_min_size(at, Vec2::splat(1.0)), look.dot);
            }
        }
    }
    // Far out every eighth cross stands for the rest.
    let step = if view.zoom < 0.28 { 1024.0 } else { 128.0 };
    for x in steps(seen.left(), seen.right(), step) {
        for y in steps(seen.top(), seen.bottom(), step) {
            let at = snapped(view.to_screen(pos2(x, y)));
            let upright = Rect::from_min_size(at - vec2(0.0, 3.0), vec2(1.0, 7.0));
            let level = Rect::from_min_size(at - vec2(3.0, 0.0), vec2(7.0, 1.0));
            mesh.add_colored_rect(upright, look.cross);
            mesh.add_colored_rect(level, look.cross);
        }
    }
    painter.add(Drawn::mesh(mesh));
}

/// A mark into a square.
pub(super) fn mark(painter: &Painter, mark: Mark, centre: Pos2, size: f32, colour: Color32) {
    let scale = size / 16.0;
    let stroke = Stroke::new(1.5 * (size / 16.0).clamp(0.8, 3.0), colour);
    for line in mark {
        let points: Vec<Pos2> = line
            .iter()
            .map(|p| centre + (p.to_vec2() - Vec2::splat(8.0)) * scale)
            .collect();
        painter.add(Drawn::line(points, stroke));
    }
}

/// The three pips of a state: stacked, filled from the bottom; or in a row, filled from the left.
/// `at` is their middle; `scale` 1 makes bars of 8 by 5.
pub fn pips(painter: &Painter, look: &Look, at: Pos2, lit: u8, in_a_row: bool, scale: f32) {
    let size = vec2(8.0, 5.0) * scale;
    let lit_colour = if lit >= 3 { look.accent } else { look.text };
    for i in 0..3_u8 {
        let step = f32::from(i) - 1.0;
        let offset = if in_a_row {
            vec2(step * 10.0, 0.0)
        } else {
            vec2(0.0, -step * 7.0)
        } * scale;
        let bar = Rect::from_center_size(at + offset, size);
        if i < lit {
            painter.rect_filled(bar, CornerRadius::same(1), lit_colour);
        } else {
            let stroke = Stroke::new(1.0, look.line_strong);
            painter.rect_stroke(bar, CornerRadius::same(1), stroke, StrokeKind::Inside);
        }
    }
}

fn closed(painter: &Painter, points: Vec<Pos2>, fill: Color32, stroke: Stroke) {
    painter.add(Drawn::convex_polygon(points, fill, stroke));
}

/// A pin by its kind. `scale` 1 gives the radius of 5.
pub fn paint_pin(painter: &Painter, look: &Look, at: Pos2, kind: Kind, fill: PinFill, scale: f32) {
    let kind = look.kind(kind);
    let hue = match fill {
        PinFill::Refused => look.faint,
        PinFill::Grows | PinFill::Ghost => look.line_strong,
        _ => kind.hue,
    };
    if fill == PinFill::Grows {
        painter.circle(at, 4.5 * scale, look.canvas, Stroke::new(1.25, hue));
        let arm = 2.25 * scale;
        painter.hline(at.x - arm..=at.x + arm, at.y, Stroke::new(1.25, hue));
        painter.vline(at.x, at.y - arm..=at.y + arm, Stroke::new(1.25, hue));
        return;
    }
    let filled = matches!(fill, PinFill::Connected | PinFill::Fits | PinFill::Ghost);
    let inside = if filled { hue } else { look.canvas };
    // A hollow shape keeps the outer size of a filled one.
    let width = (1.75 * scale).clamp(1.0, 3.0);
    let stroke = Stroke::new(width, hue);
    let r = 5.0 * scale - width / 2.0;
    match kind.shape {
        Shape::Circle => drop(painter.circle(at, r, inside, stroke)),
        Shape::Square => {
            let rect = Rect::from_center_size(at, Vec2::splat(2.0 * r - 0.5 * scale));
            painter.rect(
                rect,
                CornerRadius::same(1),
                inside,
                stroke,
                StrokeKind::Middle,
            );
        }
        Shape::Diamond => {
            let d = r * 1.25;
            let points = [vec2(0.0, -d), vec2(d, 0.0), vec2(0.0, d), vec2(-d, 0.0)];
            closed(painter, points.map(|v| at + v).to_vec(), inside, stroke);
        }
        Shape::Triangle => {
            let points = [
                vec2(-0.8 * r, -1.1 * r),
                vec2(1.15 * r, 0.0),
                vec2(-0.8 * r, 1.1 * r),
            ];
            closed(painter, points.map(|v| at + v).to_vec(), inside, stroke);
        }
        Shape::Capsule => {
            let rect = Rect::from_center_size(at, vec2(1.2 * r, 2.1 * r));
            let corner = CornerRadius::same((0.6 * r).round() as u8);
            painter.rect(rect, corner, inside, stroke, StrokeKind::Middle);
        }
        Shape::Jack => {
            painter.circle(at, r, look.canvas, Stroke::new(width, hue));
            painter.circle_filled(at, 1.5 * scale, hue);
        }
    }
    match fill {
        PinFill::Refused => {
            let arm = vec2(5.5, -5.5) * scale;
            painter.line_segment([at - arm, at + arm], Stroke::new(width, hue));
        }
        PinFill::Fits => drop(painter.circle_stroke(at, 10.0 * scale, Stroke::new(1.75, hue))),
        _ => {}
    }
}

/// A rectangle with round corners as a closed polyline, for dashes and dots.
pub(super) fn outline(rect: Rect, radius: f32) -> Vec<Pos2> {
    let r = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    let corners = [
        (rect.right_top() + vec2(-r, r), -0.25),
        (rect.right_bottom() + vec2(-r, -r), 0.0),
        (rect.left_bottom() + vec2(r, -r), 0.25),
        (rect.left_top() + vec2(r, r), 0.5),
    ];
    let mut points = Vec::with_capacity(25);
    for (centre, turn) in corners {
        for i in 0..=5 {
            let angle = (turn + 0.25 * i as f32 / 5.0) * std::f32::consts::TAU;
            points.push(centre + Vec2::angled(angle) * r);
        }
    }
    points.extend(points.first().copied());
    points
}

pub(super) fn dashed(painter: &Painter, path: &[Pos2], stroke: Stroke, dash: f32, gap: f32) {
    painter.extend(Drawn::dashed_line(path, stroke, dash, gap));
}

/// The keyboard's ring: dots of 2.
pub(super) fn focus_ring(painter: &Painter, look: &Look, rect: Rect, radius: f32) {
    painter.extend(Drawn::dotted_line(
        &outline(rect, radius),
        look.focus,
        4.5,
        1.0,
    ));
}

impl NodeGraph {
    /// The wire in hand, and what the pin under it says.
    pub(super) fn wire_in_hand(&mut self, ui: &Ui, look: &Look, scene: &Scene) -> Option<InHand> {
        let now = ui.input(|i| i.time);
        let hand = self.in_hand_over(now)?;
        let anchor = scene.pin(hand.pin)?;
        let zoom = self.view.zoom;
        let over = hand
            .over
            .as_ref()
            .and_then(|(pin, verdict, _)| Some((*pin, scene.pin(*pin)?, verdict)));
        let refused = over.is_some_and(|(_, _, verdict)| !verdict.fits());
        let loose = match over {
            Some((_, at, _)) => at,
            None if matches!(self.gesture, Gesture::KeyWire { .. }) => anchor,
            None => self.view.to_graph(self.last_pointer),
        };
        let (from, to) = if hand.pin.side == Side::Output {
            (anchor, loose)
        } else {
            (loose, anchor)
        };
        let curve = Curve::bezier(&self.view, from, to);
        let painter = ui.painter();
        let kind = self.hand_kind.unwrap_or_default();
        let colour = if refused {
            look.error
        } else {
            look.kind(kind).hue
        };
        let (dash, gap) = if refused { (8.0, 6.0) } else { (7.0, 5.0) };
        if curve.length() > 2.0 {
            painter.add(Drawn::line(
                curve.points.clone(),
                Stroke::new(6.5 * zoom.clamp(0.5, 1.5), look.canvas),
            ));
            dashed(
                painter,
                &curve.points,
                Stroke::new(2.5 * zoom.clamp(0.6, 1.5), colour),
                dash,
                gap,
            );
        }
        // The anchor stays bright, whatever its box does.
        let at = self.view.to_screen(anchor);
        let scale = zoom.max(0.6);
        painter.circle_filled(at, 8.5 * scale, look.canvas);
        paint_pin(painter, look, at, kind, PinFill::Fits, scale);
        if let Some((pin, at, verdict)) = over {
            let at = self.view.to_screen(at);
            if refused {
                painter.circle_stroke(at, 11.0 * scale, Stroke::new(2.0, look.error));
                let middle = curve.middle();
                painter.circle(middle, 10.0, look.canvas, Stroke::new(1.75, look.error));
                mark(painter, look.marks.faulty, middle, 14.0, look.error);
                ui.ctx().set_cursor_icon(egui::CursorIcon::NotAllowed);
            } else {
                painter.circle_stroke(at, 12.0 * scale, Stroke::new(2.0, look.strong));
                ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
            }
            let waited = self.over.map_or(0.0, |(_, since)| now - since);
            if refused || waited >= 0.25 {
                let beside = if matches!(self.gesture, Gesture::Wire { .. }) {
                    self.last_pointer
                } else {
                    at
                };
                self.say_verdict(ui, look, beside, verdict, pin.side);
            } else {
                ui.ctx().request_repaint_after_secs(0.26 - waited as f32);
            }
        } else if matches!(self.gesture, Gesture::Wire { .. }) {
            painter.circle(
                self.view.to_screen(loose),
                4.5 * scale,
                look.canvas,
                Stroke::new(1.75, colour),
            );
        }
        Some(hand)
    }

    fn say_verdict(&self, ui: &Ui, look: &Look, at: Pos2, verdict: &Verdict, side: Side) {
        if verdict.line().is_empty() {
            return;
        }
        let colour = if verdict.fits() {
            look.strong
        } else {
            look.error
        };
        // Away from the wire: below the pointer, outside its box.
        let offset = match side {
            Side::Input => vec2(14.0, 20.0),
            Side::Output => vec2(14.0, 20.0),
        };
        let area = egui::Area::new(self.id.with("verdict"))
            .order(egui::Order::Tooltip)
            .interactable(false)
            .constrain(true)
            .fixed_pos(at + offset);
        area.show(ui.ctx(), |ui| {
            egui::Frame::new()
                .fill(look.panel)
                .stroke(Stroke::new(
                    1.0,
                    if verdict.fits() {
                        look.line
                    } else {
                        look.error
                    },
                ))
                .corner_radius(CornerRadius::same(4))
                .inner_margin(egui::Margin::symmetric(8, 4))
                .show(ui, |ui| {
                    let font = FontId::new(12.0, look.ui_medium.clone());
                    ui.set_max_width(420.0);
                    ui.label(egui::RichText::new(verdict.line()).font(font).color(colour));
                });
        });
    }

    /// Box select and cuts.
    pub(super) fn rubber_band(&self, ui: &Ui, look: &Look) {
        let painter = ui.painter();
        match &self.gesture {
            Gesture::Select { from, .. } => {
                let band = Rect::from_two_pos(self.view.to_screen(*from), self.last_pointer);
                painter.rect_filled(band, 2.0, look.strong.gamma_multiply(0.06));
                dashed(
                    painter,
                    &outline(band, 2.0),
                    Stroke::new(1.0, look.strong),
                    5.0,
                    4.0,
                );
            }
            Gesture::Move { .. } => {
                let stroke = Stroke::new(1.0, look.accent);
                if let Some((x, from, to)) = self.guides.as_ref().and_then(|guides| guides.upright)
                {
                    let line = [pos2(x, from), pos2(x, to)].map(|at| self.view.to_screen(at));
                    dashed(painter, &line, stroke, 4.0, 3.0);
                }
                if let Some((y, from, to)) = self.guides.as_ref().and_then(|guides| guides.level) {
                    let line = [pos2(from, y), pos2(to, y)].map(|at| self.view.to_screen(at));
                    dashed(painter, &line, stroke, 4.0, 3.0);
                }
            }
            Gesture::Cut { path } => dashed(painter, path, Stroke::new(1.5, look.error), 6.0, 4.0),
            _ => {}
        }
    }
}
