//! Wires: registered, pointed at, painted under the boxes, with their tags.

use egui::{
    Color32, CornerRadius, Painter, Pos2, Rect, Response, Sense, Shape as Drawn, Stroke, Ui, Vec2,
    vec2,
};

use super::access;
use super::event::{Event, Geometry};
use super::gesture::WIRE_HIT;
use super::look::{Line, Look};
use super::model::{Model, Requests, Target, WireState, WireView};
use super::paint::{dashed, mark, mix};
use super::scene::Scene;
use super::show::NodeGraph;
use super::tag;
use super::view::{Detail, View};
use super::wire::Curve;

/// So many boxes in sight, and figures from afar can still be told apart.
const FEW: usize = 150;

/// A wire's brush: everything that painting it needs.
#[derive(Clone, Copy)]
pub(super) struct Brush<'a> {
    pub(super) painter: &'a Painter,
    pub(super) look: &'a Look,
    pub(super) view: View,
    pub(super) curve: &'a Curve,
    pub(super) wire: &'a WireView<'a>,
    pub(super) hue: Color32,
}

impl NodeGraph {
    #[expect(
        clippy::too_many_arguments,
        reason = "one frame's parts, each lent apart"
    )]
    pub(super) fn wires_ui(
        &mut self,
        ui: &mut Ui,
        model: &impl Model,
        look: &Look,
        scene: &Scene,
        canvas: &Response,
        hovered: &mut Option<Target>,
        events: &mut Vec<Event>,
        geometry: &mut Geometry,
    ) {
        let pointed = canvas.hovered().then(|| {
            let near = scene
                .curves
                .iter()
                .filter(|(_, curve)| curve.bounds.expand(WIRE_HIT).contains(self.last_pointer));
            near.map(|(ends, curve)| (ends.id, curve.distance_to(self.last_pointer)))
                .filter(|&(_, distance)| distance <= WIRE_HIT)
                .min_by(|a, b| a.1.total_cmp(&b.1))
                .map(|(id, _)| id)
        });
        let pointed = pointed.flatten();
        let detail = self.view.detail();
        let mut tags = Vec::new();
        // Figures that all wires have are drawn from afar too, where they can be told apart.
        let mut afar = vec![];
        let is_few = scene.seen.len() <= FEW && !scene.is_crowd;
        let written = match detail {
            Detail::Near => self.view,
            _ => View {
                zoom: 1.0,
                ..self.view
            },
        };
        for (ends, curve) in &scene.curves {
            let view = model.wire(ends.id);
            let hue = match (view.hue, view.state) {
                (_, WireState::Refused) => look.error,
                (_, WireState::EndMissing) => look.faint,
                _ if view.is_worried => look.warn,
                (Some(hue), _) => hue,
                (None, _) => look.kind(view.kind).hue,
            };
            let taken = self.gesture.replacing() == Some(ends.id);
            let mut painter = ui.painter().clone();
            if taken {
                painter.multiply_opacity(0.3);
            } else if self.hand_kind.is_some_and(|kind| kind != view.kind) {
                painter.multiply_opacity(look.dimmed);
            }
            let brush = Brush {
                painter: &painter,
                look,
                view: self.view,
                curve,
                wire: &view,
                hue,
            };
            let over = pointed == Some(ends.id) || self.onto == Some(ends.id);
            if scene.is_crowd && !over && self.focus != Some(Target::Wire(ends.id)) {
                continue;
            }
            // From afar the tag of what is pointed at keeps its size on screen.
            let tag = match detail {
                Detail::Near => brush.tag(scene, over),
                _ if over => Brush {
                    view: written,
                    ..brush
                }
                .tag(scene, true),
                _ => None,
            };
            if detail != Detail::Near && tag.is_none() && is_few {
                let forms = brush.afar();
                if !forms.is_empty() {
                    afar.push((view.is_worried, hue, forms));
                }
            }
            let handle = match &tag {
                Some(tag) => tag.own,
                None => Rect::from_center_size(curve.middle(), Vec2::splat(16.0)),
            };
            let target = Target::Wire(ends.id);
            let id = access::id(self.id, target);
            let mut response = ui.interact(handle, id, Sense::click());
            access::name_wire(&response, &view.spoken, &view.standing, ends.selected);
            if let Some(tag) = tag.as_ref().filter(|tag| tag.rect != tag.own) {
                response =
                    response.union(ui.interact(tag.rect, id.with("figures"), Sense::click()));
            }
            self.keep_keys(&response, Some(target));
            self.wire_pointer(&response, ends.id, events);
            self.key_click(&response, scene, target, events);
            let hot = response.hovered() || over;
            if hot {
                *hovered = Some(target);
            }
            let focused = self.by_key && self.focus == Some(target);
            brush.line(ends.selected || focused, hot);
            geometry.wires.push((ends.id, handle));
            if let Some(tag) = tag {
                tags.push((
                    tag,
                    hue,
                    (ends.selected || hot, hot),
                    view.tag.as_ref().and_then(|tag| tag.ticks),
                ));
            }
        }
        // Those that are worried have the first choice.
        afar.sort_by_key(|(is_worried, ..)| !is_worried);
        let seen = if afar.is_empty() { &[] } else { &*scene.seen };
        let boxes = seen.iter();
        let boxes = boxes.map(|&i| self.view.rect_to_screen(scene.places[i].rect()));
        let boxes: Vec<Rect> = boxes.collect();
        let hues: Vec<Color32> = afar.iter().map(|(_, hue, _)| *hue).collect();
        let forms = afar.into_iter().map(|(.., forms)| forms).collect();
        for (tag, hue) in tag::settle(forms, &boxes).into_iter().zip(hues) {
            if let Some(tag) = tag {
                tags.push((tag, hue, (false, false), None));
            }
        }
        // The tag that is pointed at may lie on boxes, so it lies above them.
        let above = egui::LayerId::new(egui::Order::Middle, self.id.with("tag"));
        let above = ui.ctx().layer_painter(above).with_clip_rect(ui.clip_rect());
        for (tag, hue, (bright, hot), ticks) in tags {
            let painter = if hot { &above } else { ui.painter() };
            tag.paint(painter, look, hue, bright, ticks, &written);
        }
    }
}

impl Brush<'_> {
    fn stroke(&self, width: f32, colour: Color32) {
        self.painter.add(Drawn::line(
            self.curve.points.clone(),
            Stroke::new(width, colour),
        ));
    }

    /// Width of the whole line in graph points.
    fn width(&self) -> f32 {
        match (self.look.kind(self.wire.kind).line, self.wire.state) {
            (_, WireState::Refused | WireState::EndMissing) => 2.0,
            (Line::Strands, _) => match self.wire.strands {
                0 | 1 => 2.5,
                2 => 5.5,
                _ => 8.0,
            },
            (Line::Ticks, _) => 1.5,
            _ => 2.0,
        }
    }

    fn line(&self, selected: bool, hot: bool) {
        let (look, zoom) = (self.look, self.view.zoom);
        let lit = match self.wire.state {
            WireState::Resting => 0.45,
            WireState::Refused | WireState::EndMissing => 1.0,
            _ if self.look.kind(self.wire.kind).line == Line::Strands => {
                0.55 + 0.45 * self.wire.level
            }
            _ => 1.0,
        };
        let colour = mix(look.canvas, self.hue, lit);
        let detail = self.view.detail();
        if detail != Detail::Near {
            let width = if detail == Detail::Middle { 2.0 } else { 1.0 };
            if selected || hot {
                self.stroke(
                    width + 2.5,
                    if selected {
                        look.strong
                    } else {
                        look.line_strong
                    },
                );
            }
            return match self.wire.state {
                WireState::Refused => dashed(
                    self.painter,
                    &self.curve.points,
                    Stroke::new(width, colour),
                    5.0,
                    4.0,
                ),
                WireState::EndMissing => dashed(
                    self.painter,
                    &self.curve.points,
                    Stroke::new(width, colour),
                    1.5,
                    4.0,
                ),
                _ => self.stroke(width, colour),
            };
        }
        let width = self.width() * zoom;
        if selected {
            self.stroke(width + (4.0 + 2.5) * zoom, look.strong);
        } else if hot {
            self.stroke(width + (4.0 + 2.0) * zoom, look.line_strong);
        }
        self.stroke(width + 4.0 * zoom, look.canvas);
        match self.wire.state {
            WireState::Refused => {
                dashed(
                    self.painter,
                    &self.curve.points,
                    Stroke::new(2.0 * zoom, colour),
                    8.0 * zoom,
                    6.0 * zoom,
                );
                let middle = self.curve.middle();
                self.painter.circle(
                    middle,
                    9.0 * zoom,
                    look.canvas,
                    Stroke::new(1.5 * zoom, colour),
                );
                mark(self.painter, look.marks.faulty, middle, 12.0 * zoom, colour);
            }
            WireState::EndMissing => {
                dashed(
                    self.painter,
                    &self.curve.points,
                    Stroke::new(2.0 * zoom, colour),
                    2.0 * zoom,
                    5.0 * zoom,
                );
                let middle = self.curve.middle();
                self.painter.circle_filled(middle, 8.0 * zoom, look.canvas);
                mark(
                    self.painter,
                    look.marks.missing,
                    middle,
                    13.0 * zoom,
                    look.dim,
                );
            }
            WireState::HardWired => self.hard(width, colour),
            WireState::Agreed | WireState::Resting => {
                self.pattern(width, colour);
                self.beads();
                self.chevrons();
            }
        }
    }

    fn pattern(&self, width: f32, colour: Color32) {
        let zoom = self.view.zoom;
        match self.look.kind(self.wire.kind).line {
            Line::Strands => {
                self.stroke(width, colour);
                if self.wire.strands == 2 {
                    self.stroke(1.6 * zoom, self.look.canvas);
                } else if self.wire.strands > 2 {
                    self.stroke(4.8 * zoom, self.look.canvas);
                    self.stroke(1.6 * zoom, colour);
                }
            }
            Line::Beads | Line::Diamonds => {
                self.stroke(width, colour);
                let diamonds = self.look.kind(self.wire.kind).line == Line::Diamonds;
                self.every(30.0, |at, _| {
                    let r = if diamonds { 3.6 } else { 2.5 } * zoom;
                    self.bead(at, r, colour, diamonds);
                });
            }
            Line::Ticks => {
                self.stroke(width, colour);
                self.every(14.0, |at, way| {
                    let arm = way.rot90() * 3.5 * zoom;
                    self.painter
                        .line_segment([at - arm, at + arm], Stroke::new(1.25 * zoom, colour));
                });
            }
            Line::Dots => dashed(
                self.painter,
                &self.curve.points,
                Stroke::new(width, colour),
                2.0 * zoom,
                4.5 * zoom,
            ),
            Line::None => {}
        }
    }

    fn every(&self, step: f32, mut each: impl FnMut(Pos2, Vec2)) {
        let step = step * self.view.zoom;
        let length = self.curve.length();
        let count = (length / step).floor();
        let mut at = (length - (count - 1.0).max(0.0) * step) / 2.0;
        while at < length {
            let (point, way) = self.curve.at(at);
            each(point, way);
            at += step;
        }
    }

    fn bead(&self, at: Pos2, r: f32, colour: Color32, diamond: bool) {
        if diamond {
            let points = [vec2(0.0, -r), vec2(r, 0.0), vec2(0.0, r), vec2(-r, 0.0)]
                .map(|v| at + v)
                .to_vec();
            self.painter
                .add(Drawn::convex_polygon(points, colour, Stroke::NONE));
        } else {
            self.painter.rect_filled(
                Rect::from_center_size(at, Vec2::splat(2.0 * r)),
                0.0,
                colour,
            );
        }
    }

    /// Events under way: a square of 8, a disc at 25 % behind it.
    fn beads(&self) {
        let zoom = self.view.zoom;
        let diamond = self.look.kind(self.wire.kind).line == Line::Diamonds;
        for &t in &self.wire.beads {
            let (at, _) = self.curve.at(self.curve.length() * t.clamp(0.0, 1.0));
            self.painter
                .circle_filled(at, 8.0 * zoom, self.hue.gamma_multiply(0.25));
            self.bead(at, 4.0 * zoom, self.look.strong, diamond);
        }
    }

    /// From the pin that issues towards the pin that answers, 13 % along.
    fn chevrons(&self) {
        let short = self.curve.length() < 120.0 * self.view.zoom;
        let strands = self.look.kind(self.wire.kind).line == Line::Strands;
        let (t, with) = match self.wire.requests {
            Requests::WithData => (0.13, 1.0),
            Requests::AgainstData => (0.87, -1.0),
            Requests::Hidden => return,
        };
        if strands && short && self.wire.tag.is_some() {
            return;
        }
        let zoom = self.view.zoom;
        // Never inside the bite of a pin.
        let length = self.curve.length();
        let along = (length * t).clamp(16.0 * zoom, (length - 16.0 * zoom).max(16.0 * zoom));
        let (at, way) = self.curve.at(along);
        self.chevron(at, way * with);
        if self.wire.feedback {
            let (at, way) = self
                .curve
                .at((along + 9.0 * with * zoom).clamp(0.0, length));
            self.chevron(at, way * with);
        }
    }

    fn chevron(&self, at: Pos2, way: Vec2) {
        let zoom = self.view.zoom;
        let gap = Rect::from_center_size(at, Vec2::splat(7.0 * zoom));
        if self.look.kind(self.wire.kind).line == Line::Strands {
            self.painter
                .circle_filled(gap.center(), 6.0 * zoom, self.look.canvas);
        }
        paint_chevron(self.painter, at, way, zoom, self.look.strong);
    }

    /// Hollow, with a clamp at each end and a padlock.
    fn hard(&self, width: f32, colour: Color32) {
        let zoom = self.view.zoom;
        self.stroke(width.max(5.5 * zoom), colour);
        self.stroke(width.max(5.5 * zoom) - 2.5 * zoom, self.look.canvas);
        let length = self.curve.length();
        for at in [16.0 * zoom, length - 16.0 * zoom] {
            let clamp = Rect::from_center_size(self.curve.at(at).0, vec2(6.0, 14.0) * zoom);
            let stroke = Stroke::new(1.25 * zoom, colour);
            self.painter.rect(
                clamp,
                CornerRadius::same(1),
                self.look.canvas,
                stroke,
                egui::StrokeKind::Inside,
            );
        }
        if self.wire.tag.is_none() {
            let middle = self.curve.middle();
            self.painter
                .circle_filled(middle, 9.0 * zoom, self.look.canvas);
            mark(
                self.painter,
                self.look.marks.lock,
                middle,
                12.0 * zoom,
                self.look.text,
            );
        }
    }
}

/// A chevron of 3.5 that points along `way`.
pub(super) fn paint_chevron(painter: &Painter, at: Pos2, way: Vec2, zoom: f32, colour: Color32) {
    let (ahead, aside) = (way * 2.0 * zoom, way.rot90() * 3.5 * zoom);
    let points = vec![at - ahead - aside, at + ahead, at - ahead + aside];
    painter.add(Drawn::line(points, Stroke::new(1.5 * zoom, colour)));
}
