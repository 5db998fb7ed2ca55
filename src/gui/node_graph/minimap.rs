//! All of a large graph in the lower right corner: where trouble is, and which part is seen. A drag moves the view, the
//! wheel zooms it.

use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{
    Color32, CornerRadius, Id, Pos2, Rect, Role, Sense, Shape as Drawn, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, vec2,
};

use super::look::Look;
use super::model::{Health, Model, Verdict};
use super::scene::Scene;
use super::show::NodeGraph;
use super::view::View;

const SIZE: Vec2 = vec2(196.0, 126.0);
const EDGE: f32 = 12.0;
const INSET: f32 = 8.0;
/// From so many boxes on it is there even if all of them are in sight.
const MANY: usize = 30;
/// States are looked at again after so many seconds.
const AGE: f64 = 0.5;

#[derive(Clone, PartialEq)]
struct Key {
    revision: u64,
    rect: Rect,
    world: Rect,
    ground: [Color32; 3],
    /// How many pins have been asked about for a wire in hand.
    asked: usize,
}

/// The picture kept, and where it was.
#[derive(Default)]
pub(super) struct Minimap {
    key: Option<Key>,
    made: f64,
    mesh: Arc<Mesh>,
    /// Where it is on screen, if it is shown.
    pub(super) rect: Option<Rect>,
}

/// From the graph to the map.
#[derive(Clone, Copy)]
struct Onto {
    world: Rect,
    inner: Rect,
    scale: f32,
}

impl Onto {
    fn new(world: Rect, rect: Rect) -> Self {
        let inner = rect.shrink(INSET);
        let scale =
            (inner.width() / world.width().max(1.0)).min(inner.height() / world.height().max(1.0));
        Self {
            world,
            inner,
            scale,
        }
    }

    fn point(&self, at: Pos2) -> Pos2 {
        self.inner.center() + (at - self.world.center()) * self.scale
    }

    fn back(&self, at: Pos2) -> Pos2 {
        self.world.center() + (at - self.inner.center()) / self.scale
    }

    fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }
}

impl NodeGraph {
    /// Whether the pointer is over the minimap.
    pub(super) fn is_over_minimap(&self, pointer: Pos2) -> bool {
        self.minimap.rect.is_some_and(|rect| rect.contains(pointer))
    }

    /// Shows the map where it is wanted; says whether.
    pub(super) fn minimap_ui(
        &mut self,
        ui: &mut Ui,
        model: &impl Model,
        look: &Look,
        scene: &Scene,
        canvas: Rect,
    ) -> bool {
        self.minimap.rect = None;
        let Some(world) = scene.bounds else {
            return false;
        };
        let sight = self.view.rect_to_graph(canvas);
        // What stands half a title out of sight still fits.
        let fits = sight.expand(8.0).contains_rect(world);
        // It never takes more than an eighth of what it is a map of.
        let room = canvas.width() > SIZE.x + 3.0 * EDGE + 140.0
            && canvas.height() > SIZE.y + 4.0 * EDGE
            && canvas.area() >= 8.0 * SIZE.x * SIZE.y;
        if !room || (fits && scene.places.len() < MANY) {
            return false;
        }
        let rect = Rect::from_min_size(canvas.max - SIZE - Vec2::splat(EDGE), SIZE);
        self.minimap.rect = Some(rect);
        let id: Id = self.id.with("minimap");
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "Minimap"));

        // The world of a map never shrinks under the pointer.
        let onto = Onto::new(world, rect);
        if response.is_pointer_button_down_on()
            && let Some(pointer) = response.interact_pointer_pos()
        {
            let middle = onto.back(pointer);
            let half = canvas.size() / self.view.zoom / 2.0;
            self.flight = None;
            self.view.scroll = middle.to_vec2() - half;
            ui.ctx().request_repaint();
        }
        let radius = CornerRadius::same(4);
        if look.card_shadow.color.a() > 0 {
            let mut shadow = look.shadow;
            shadow.blur = 12;
            ui.painter().add(shadow.as_shape(rect, radius));
        }
        let edge = Stroke::new(1.0, look.line);
        ui.painter()
            .rect(rect, radius, look.panel, edge, StrokeKind::Inside);
        self.map_picture(ui, model, look, scene, onto, rect);
        let frame = onto
            .rect(self.view.rect_to_graph(canvas))
            .intersect(rect.shrink(3.0));
        if frame.is_positive() {
            ui.painter().rect_stroke(
                frame,
                CornerRadius::same(1),
                Stroke::new(1.5, look.strong),
                StrokeKind::Middle,
            );
        }
        if response.has_focus() {
            super::paint::focus_ring(ui.painter(), look, rect.expand(3.0), 6.0);
        }
        true
    }

    fn map_picture(
        &mut self,
        ui: &Ui,
        model: &impl Model,
        look: &Look,
        scene: &Scene,
        onto: Onto,
        rect: Rect,
    ) {
        let now = ui.input(|i| i.time);
        let in_hand = self.gesture.anchor().is_some();
        let key = scene.revision.map(|revision| Key {
            revision,
            rect,
            world: onto.world,
            ground: [look.panel, look.line_strong, look.warn],
            asked: self.verdicts.len(),
        });
        let kept = &self.minimap;
        if key.is_none() || kept.key != key || now - kept.made >= AGE {
            let mut mesh = Mesh::default();
            let mut unwell = Vec::new();
            for place in &scene.places {
                let bar = onto.rect(place.rect());
                let bar = Rect::from_min_size(bar.min, bar.size().max(vec2(2.0, 1.5)));
                let fits = in_hand
                    && place
                        .addresses()
                        .any(|pin| self.verdicts.get(&pin).is_some_and(Verdict::fits));
                let colour = match model.brief(place.id).health {
                    Health::Late | Health::Waiting => look.warn,
                    Health::Faulty => look.error,
                    _ if fits || place.selected => look.strong,
                    Health::Missing => look.line,
                    _ if in_hand => look.line,
                    _ => look.line_strong,
                };
                if colour == look.error || colour == look.warn {
                    unwell.push((bar, colour));
                } else {
                    mesh.add_colored_rect(bar, colour);
                }
            }
            // Trouble on top, and never by its colour alone.
            for (bar, colour) in unwell {
                if colour == look.error {
                    mesh.add_colored_rect(bar.expand(2.0), colour);
                    mesh.add_colored_rect(bar.expand(1.0), look.panel);
                }
                mesh.add_colored_rect(bar, colour);
            }
            self.minimap.key = key;
            self.minimap.made = now;
            self.minimap.mesh = Arc::new(mesh);
        }
        ui.painter()
            .add(Drawn::Mesh(Arc::clone(&self.minimap.mesh)));
    }

    /// The wheel over the minimap zooms about the middle of what is seen.
    pub(super) fn zoom_by_minimap(&mut self, notches: f32, canvas: Rect) {
        let mut view: View = self.view;
        view.zoom_at(canvas.center(), view.zoom * (notches / 200.0).exp());
        self.view = view;
        self.flight = None;
    }
}
