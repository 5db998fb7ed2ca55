//! So many boxes so far out that they are one picture: tessellated once, kept while nothing of it changes, moved with
//! the view. Only what is pointed at or has the focus is a box of its own then; `boxes.rs` paints that over it.

use std::sync::Arc;

use egui::epaint::{Mesh, PathStroke, Tessellator};
use egui::{Color32, Pos2, Rect, Shape as Drawn, Stroke, Ui, Vec2, pos2, vec2};

use super::look::Look;
use super::model::{Brief, Health, Model, Place, Side};
use super::paint::mix;
use super::scene::Scene;
use super::show::NodeGraph;
use super::view::View;

/// States are looked at again after so many seconds.
const AGE: f64 = 0.5;

/// What a picture is of.
#[derive(Clone, Copy, PartialEq)]
struct Key {
    revision: u64,
    zoom: f32,
    ground: [Color32; 3],
    pixels_per_point: f32,
}

/// The picture kept.
#[derive(Default)]
pub(super) struct Crowd {
    key: Option<Key>,
    /// The view it was made for, and the part of the graph it shows.
    view: View,
    part: Option<Rect>,
    made: f64,
    mesh: Arc<Mesh>,
}

impl NodeGraph {
    pub(super) fn crowd_ui(
        &mut self,
        ui: &Ui,
        model: &impl Model,
        look: &Look,
        scene: &Scene,
        rect: Rect,
    ) {
        let (now, pixels_per_point) = (ui.input(|i| i.time), ui.ctx().pixels_per_point());
        let sight = self.view.rect_to_graph(rect);
        let key = scene.revision.map(|revision| Key {
            revision,
            zoom: self.view.zoom,
            ground: [look.canvas, look.title, look.strong],
            pixels_per_point,
        });
        let kept = &self.crowd;
        let is_good = key.is_some()
            && kept.key == key
            && now - kept.made < AGE
            && kept.part.is_some_and(|part| part.contains_rect(sight));
        if !is_good {
            let part = sight.expand2(sight.size() * 0.15);
            let mesh = picture(ui, model, look, scene, &self.view, part, pixels_per_point);
            self.crowd = Crowd {
                key,
                view: self.view,
                part: Some(part),
                made: now,
                mesh: Arc::new(mesh),
            };
        }
        let kept = &self.crowd;
        let by = self.view.to_screen(Pos2::ZERO) - kept.view.to_screen(Pos2::ZERO);
        let mut mesh = Arc::clone(&kept.mesh);
        if by != Vec2::ZERO {
            Arc::make_mut(&mut mesh).translate(by);
        }
        ui.painter().add(Drawn::Mesh(mesh));
    }
}

fn picture(
    ui: &Ui,
    model: &impl Model,
    look: &Look,
    scene: &Scene,
    view: &View,
    part: Rect,
    pixels_per_point: f32,
) -> Mesh {
    let options = ui.ctx().tessellation_options(|options| *options);
    let mut pencil = Pencil {
        tessellator: Tessellator::new(pixels_per_point, options, [1, 1], vec![]),
        pixels: pixels_per_point,
        mesh: Mesh::default(),
    };
    let clip = view.rect_to_screen(part);
    pencil.tessellator.set_clip_rect(clip);
    let boxes: Vec<(&Place, Brief)> = scene
        .boxes_in(part)
        .into_iter()
        .map(|i| (&scene.places[i], model.brief(scene.places[i].id)))
        .collect();
    let kinds: std::collections::HashMap<u64, [Option<super::Kind>; 2]> = boxes
        .iter()
        .map(|(place, brief)| (place.id, brief.kinds))
        .collect();
    for (ends, curve) in scene.curves_in(view, part) {
        if !clip.intersects(curve.bounds) {
            continue;
        }
        let kind = kinds.get(&ends.from.node).and_then(|kinds| kinds[1]);
        let hue = kind.map_or(look.dim, |kind| look.kind(kind).hue);
        let colour = mix(look.canvas, hue, 0.7);
        if ends.selected {
            line(&mut pencil, &curve.points, 3.5, look.strong);
        }
        line(&mut pencil, &curve.points, 1.0, colour);
    }
    for (place, brief) in &boxes {
        block(&mut pencil, look, view, place, *brief);
    }
    pencil.mesh
}

/// What the picture is drawn into.
struct Pencil {
    tessellator: Tessellator,
    pixels: f32,
    mesh: Mesh,
}

/// A stroke along what is left of the points when those are dropped that a straight line passes: software pays for each
/// triangle, and most wires are straight from afar.
fn line(to: &mut Pencil, points: &[Pos2], width: f32, colour: Color32) {
    let points = straightened(points);
    if let [a, b] = *points
        && (a.y - b.y).abs() < 0.5
        && width <= 1.0
    {
        let top = (a.y * to.pixels).floor() / to.pixels;
        let level = Rect::from_x_y_ranges(a.x.min(b.x)..=a.x.max(b.x), top..=top + width);
        to.mesh.add_colored_rect(level, colour);
        return;
    }
    let path = egui::epaint::PathShape::line(points, PathStroke::new(width, colour));
    to.tessellator
        .tessellate_shape(Drawn::Path(path), &mut to.mesh);
}

/// The points without those that lie within a third of a pixel of the line between their neighbours that stay.
fn straightened(points: &[Pos2]) -> Vec<Pos2> {
    const NEAR: f32 = 0.3;
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else {
        return vec![];
    };
    let mut kept = vec![first];
    let mut from = 0;
    for i in 1..points.len().saturating_sub(1) {
        let (a, b) = (points[from], points[i + 1]);
        let way = (b - a).normalized();
        let strays = |at: &Pos2| (*at - a).dot(way.rot90()).abs() > NEAR;
        if points[from + 1..=i].iter().any(strays) {
            kept.push(points[i]);
            from = i;
        }
    }
    kept.push(last);
    kept
}

/// A box as a block: its health by its fill and edge, a lime bar if it runs, its pins as dots.
fn block(to: &mut Pencil, look: &Look, view: &View, place: &Place, brief: Brief) {
    let rect = view.rect_to_screen(place.rect());
    let (fill, edge) = match brief.health {
        _ if place.selected => (look.title, Stroke::new(look.selected_width, look.strong)),
        Health::Faulty => (look.error_bg, Stroke::new(2.0, look.error)),
        Health::Late => (
            mix(look.raised, look.warn, 0.2),
            Stroke::new(1.5, look.warn),
        ),
        Health::Waiting => (look.title, Stroke::new(1.5, look.warn)),
        Health::Missing => (look.canvas, Stroke::new(1.0, look.line_strong)),
        _ => (look.title, Stroke::new(1.0, look.line)),
    };
    // Two plain rectangles on whole pixels: nothing to smooth, and a fortieth of the triangles.
    let pixels = to.pixels;
    let rect = Rect::from_min_max(
        (rect.min * pixels).round() / pixels,
        (rect.max * pixels).round() / pixels,
    );
    to.mesh.add_colored_rect(rect, edge.color);
    to.mesh.add_colored_rect(rect.shrink(edge.width), fill);
    if let Some((glyph, ink)) = mark_of(look, brief.health) {
        let scale = 12.0 / 16.0;
        for points in glyph {
            let at = |p: &Pos2| rect.center() + (p.to_vec2() - Vec2::splat(8.0)) * scale;
            line(to, &points.iter().map(at).collect::<Vec<_>>(), 1.2, ink);
        }
    } else if brief.lit >= 3 {
        let size = vec2(
            4.0_f32.min(rect.width() / 3.0),
            (rect.height() - 6.0).clamp(3.0, 14.0),
        );
        let bar = Rect::from_center_size(pos2(rect.right() - 5.0, rect.center().y), size);
        to.mesh.add_colored_rect(bar, look.accent);
    }
    for (side, kind) in [Side::Input, Side::Output].into_iter().zip(brief.kinds) {
        let hue = kind.map_or(look.dim, |kind| look.kind(kind).hue);
        for index in 0..place.pins[side as usize] {
            let at = view.to_screen(place.pin_seen(side, index, view.detail()));
            to.mesh
                .add_colored_rect(Rect::from_center_size(at, Vec2::splat(3.0)), hue);
        }
    }
}

/// The mark of a health that must be seen from far away.
pub(super) fn mark_of(look: &Look, health: Health) -> Option<(super::Mark, Color32)> {
    let marks = &look.marks;
    match health {
        Health::Fine => None,
        Health::Late => Some((marks.late, look.warn)),
        Health::Faulty => Some((marks.faulty, look.error)),
        Health::Missing => Some((marks.missing, look.text)),
        Health::Bypassed => Some((marks.bypassed, look.text)),
        Health::Disabled => Some((marks.minus, look.dim)),
        Health::Waiting => Some((marks.waiting, look.warn)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_wire_is_two_points_and_a_bent_one_keeps_its_bend() {
        let level: Vec<Pos2> = (0..9).map(|i| pos2(i as f32 * 5.0, 7.0)).collect();
        assert_eq!(straightened(&level), [level[0], level[8]]);
        let bent: Vec<Pos2> = (0..9)
            .map(|i| pos2(i as f32 * 5.0, (i as f32 - 4.0).abs() * 3.0))
            .collect();
        assert_eq!(straightened(&bent), [bent[0], bent[4], bent[8]]);
        assert!(straightened(&[]).is_empty());
    }
}
