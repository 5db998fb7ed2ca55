//! So many boxes so far out that they are one picture: tessellated once, kept while nothing of it changes, moved with
//! the view. Only what is pointed at or has the focus is a box of its own then; `boxes.rs` paints that over it.

use std::sync::Arc;

use egui::epaint::{Mesh, PathStroke, RectShape, Tessellator};
use egui::{
    Color32, CornerRadius, Pos2, Rect, Shape as Drawn, Stroke, StrokeKind, Ui, Vec2, pos2, vec2,
};

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
    let mut tessellator = Tessellator::new(pixels_per_point, options, [1, 1], vec![]);
    let clip = view.rect_to_screen(part);
    tessellator.set_clip_rect(clip);
    let mut mesh = Mesh::default();
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
            line(&mut tessellator, &mut mesh, &curve.points, 3.5, look.strong);
        }
        line(&mut tessellator, &mut mesh, &curve.points, 1.0, colour);
    }
    for (place, brief) in &boxes {
        block(&mut tessellator, &mut mesh, look, view, place, *brief);
    }
    mesh
}

fn line(to: &mut Tessellator, mesh: &mut Mesh, points: &[Pos2], width: f32, colour: Color32) {
    let path = egui::epaint::PathShape::line(points.to_vec(), PathStroke::new(width, colour));
    to.tessellate_shape(Drawn::Path(path), mesh);
}

/// A box as a block: its health by its fill and edge, a lime bar if it runs, its pins as dots.
fn block(
    to: &mut Tessellator,
    mesh: &mut Mesh,
    look: &Look,
    view: &View,
    place: &Place,
    brief: Brief,
) {
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
    let shape = RectShape::new(rect, CornerRadius::same(1), fill, edge, StrokeKind::Inside);
    to.tessellate_shape(Drawn::Rect(shape), mesh);
    if let Some((glyph, ink)) = mark_of(look, brief.health) {
        let scale = 12.0 / 16.0;
        for points in glyph {
            let at = |p: &Pos2| rect.center() + (p.to_vec2() - Vec2::splat(8.0)) * scale;
            line(
                to,
                mesh,
                &points.iter().map(at).collect::<Vec<_>>(),
                1.2,
                ink,
            );
        }
    } else if brief.lit >= 3 {
        let size = vec2(
            4.0_f32.min(rect.width() / 3.0),
            (rect.height() - 6.0).clamp(3.0, 14.0),
        );
        let bar = Rect::from_center_size(pos2(rect.right() - 5.0, rect.center().y), size);
        mesh.add_colored_rect(bar, look.accent);
    }
    for (side, kind) in [Side::Input, Side::Output].into_iter().zip(brief.kinds) {
        let hue = kind.map_or(look.dim, |kind| look.kind(kind).hue);
        for index in 0..place.pins[side as usize] {
            let at = view.to_screen(place.pin_seen(side, index, view.detail()));
            mesh.add_colored_rect(Rect::from_center_size(at, Vec2::splat(3.0)), hue);
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
