//! One frame of the canvas, in order: view, scene, wires, boxes, gestures, keys, what lies on top.

use std::collections::HashMap;

use egui::{Id, NumExt as _, Pos2, Rect, Sense, Ui, UiBuilder};

use super::event::{Geometry, Output};
use super::gesture::Gesture;
use super::look::{Kind, Look};
use super::model::{Model, NodeId, PinAddr, Place, Target, Verdict, WireEnds};
use super::view::{Detail, View};
use super::wire::{self, Curve};
use super::{access, cluster, paint, paint_wire};

/// How the canvas behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Boxes land on multiples of this; 0 lets them lie anywhere.
    pub snap: f32,
    /// Whether Tab and `/` ask for the insert palette while the canvas has the keyboard. Off: Tab walks on.
    pub tab_inserts: bool,
    /// Whether the legend is shown.
    pub legend: bool,
    /// Whether the zoom cluster is shown.
    pub cluster: bool,
    /// Skips bodies: for a canvas in software rendering.
    pub bodies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            snap: 16.0,
            tab_inserts: true,
            legend: true,
            cluster: true,
            bodies: true,
        }
    }
}

/// An order to the view, carried out in the next frame, when places are known.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Goal {
    FitAll,
    Fit(Vec<NodeId>),
    Centre(NodeId),
    Reveal(NodeId),
    Zoom(f32),
}

/// The canvas. Owns the view and the gesture, nothing of the model.
pub struct NodeGraph {
    /// How it behaves; may be changed at any time.
    pub settings: Settings,
    pub(super) id: Id,
    pub(super) view: View,
    pub(super) gesture: Gesture,
    pub(super) verdicts: HashMap<PinAddr, Verdict>,
    /// The pin under a wire in hand, and since when.
    pub(super) over: Option<(PinAddr, f64)>,
    pub(super) goal: Option<Goal>,
    /// A view in motion: from, to, begun.
    pub(super) flight: Option<(View, View, f64)>,
    pub(super) focus: Option<Target>,
    /// Whether the focus ring shows: only after a key was used.
    pub(super) by_key: bool,
    pub(super) hovered: Option<Target>,
    pub(super) last_pointer: Pos2,
    /// The kind of data of the wire in hand.
    pub(super) hand_kind: Option<Kind>,
    /// A bit per kind of data in sight.
    pub(super) kinds_seen: u64,
}

/// What of the model one frame needs again and again.
pub(super) struct Scene {
    pub(super) places: Vec<Place>,
    index: HashMap<NodeId, usize>,
    pub(super) wires: Vec<WireEnds>,
    /// Boxes in sight, bottom first.
    pub(super) seen: Vec<usize>,
    /// Wires in sight.
    pub(super) curves: Vec<(WireEnds, Curve)>,
}

impl Scene {
    pub(super) fn place(&self, id: NodeId) -> Option<&Place> {
        self.index.get(&id).map(|&i| &self.places[i])
    }

    /// Where a pin is in the graph; of a pin the box does not have (its factory shrank), the side's last row.
    pub(super) fn pin(&self, pin: PinAddr) -> Option<Pos2> {
        self.place(pin.node)
            .map(|place| place.pin(pin.side, pin.index))
    }

    pub(super) fn selected(&self) -> Vec<NodeId> {
        self.places
            .iter()
            .filter(|place| place.selected)
            .map(|place| place.id)
            .collect()
    }

    pub(super) fn selected_wires(&self) -> Vec<u64> {
        self.wires
            .iter()
            .filter(|wire| wire.selected)
            .map(|wire| wire.id)
            .collect()
    }
}

impl NodeGraph {
    /// A canvas; `name` tells it from others in the same window.
    pub fn new(name: &str) -> Self {
        Self {
            settings: Settings::default(),
            id: Id::unique(("node graph", name)),
            view: View::default(),
            gesture: Gesture::None,
            verdicts: HashMap::new(),
            over: None,
            goal: None,
            flight: None,
            focus: None,
            by_key: false,
            hovered: None,
            last_pointer: Pos2::ZERO,
            hand_kind: None,
            kinds_seen: 0,
        }
    }

    /// The id of the canvas itself: `ctx.memory_mut(|m| m.request_focus(canvas.id()))` gives it the keyboard.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What is seen.
    pub fn view(&self) -> View {
        self.view
    }

    /// Shows another part at once.
    pub fn set_view(&mut self, view: View) {
        (self.view, self.flight) = (view, None);
    }

    /// Shows everything, as large as fits, at most at 100 %.
    pub fn fit_all(&mut self) {
        self.goal = Some(Goal::FitAll);
    }

    /// Shows these boxes.
    pub fn fit(&mut self, nodes: &[NodeId]) {
        self.goal = Some(Goal::Fit(nodes.to_vec()));
    }

    /// Brings a box to the middle.
    pub fn centre_on(&mut self, node: NodeId) {
        self.goal = Some(Goal::Centre(node));
    }

    /// Zooms about the middle of the canvas.
    pub fn zoom_to(&mut self, zoom: f32) {
        self.goal = Some(Goal::Zoom(zoom));
    }

    /// The pin a wire in hand is fixed to.
    pub fn in_hand(&self) -> Option<PinAddr> {
        self.gesture.anchor()
    }

    /// Takes a wire in hand from a pin, as Enter on it does.
    pub fn take_wire(&mut self, pin: PinAddr) {
        self.verdicts.clear();
        self.gesture = Gesture::KeyWire { anchor: pin };
    }

    /// Ends the gesture under way, as Esc does, but without an event.
    pub fn cancel(&mut self) {
        self.gesture = Gesture::None;
        self.over = None;
    }

    /// Gives the keyboard to something on the canvas.
    pub fn focus(&mut self, ctx: &egui::Context, target: Target) {
        self.focus = Some(target);
        self.by_key = true;
        ctx.memory_mut(|memory| memory.request_focus(access::id(self.id, target)));
    }

    /// Shows the model and returns what the person did with it.
    pub fn show(&mut self, ui: &mut Ui, model: &mut impl Model, look: &Look) -> Output {
        let rect = ui.available_rect_before_wrap();
        let response = ui.interact(rect, self.id, Sense::click_and_drag());
        ui.advance_cursor_after_rect(rect);
        access::name_canvas(&response);
        let mut ui = ui.new_child(UiBuilder::new().id_salt(self.id).max_rect(rect));
        ui.shrink_clip_rect(rect);
        ui.painter().rect_filled(rect, 0.0, look.canvas);

        let mut events = Vec::new();
        self.view.origin = rect.min;
        if let Some(pointer) = ui.input(|i| i.pointer.interact_pos()) {
            self.last_pointer = pointer;
        }
        let mut scene = gather(model);
        self.reach_goal(&ui, &scene, rect, look);
        self.scroll_and_zoom(&ui, &response);
        self.auto_pan(&ui, rect);
        self.look_around(&mut scene, model, rect);
        self.forget_the_gone(&scene);

        let mut geometry = Geometry {
            canvas: rect,
            nodes: Vec::new(),
            pins: Vec::new(),
            wires: Vec::new(),
        };
        let mut hovered = None;
        self.kinds_seen = 0;
        paint::grid(ui.painter(), rect, &self.view, look);
        self.judge(&scene, model);
        self.wires_ui(
            &mut ui,
            model,
            look,
            &scene,
            &response,
            &mut hovered,
            &mut events,
            &mut geometry,
        );
        self.boxes_ui(
            &mut ui,
            model,
            look,
            &scene,
            &mut hovered,
            &mut events,
            &mut geometry,
        );
        self.canvas_gestures(&ui, &response, hovered, &mut events);
        self.go_on(&ui, model, &scene, &mut events);
        self.keys(&ui, &response, &scene, model, &mut events);
        let in_hand = self.wire_in_hand(&ui, look, &scene);
        self.rubber_band(&ui, look);
        if self.settings.legend {
            cluster::legend(&ui, rect, look, self.kinds_seen);
        }
        if self.settings.cluster {
            cluster::zoom(self, &mut ui, rect, look);
        }
        self.hovered = hovered;
        Output {
            response,
            events,
            geometry,
            hovered,
            in_hand,
            focused: self.focus,
            view: self.view,
        }
    }

    fn reach_goal(&mut self, ui: &Ui, scene: &Scene, rect: Rect, look: &Look) {
        let now = ui.input(|i| i.time);
        let around = |nodes: &mut dyn Iterator<Item = &Place>| {
            nodes.map(Place::rect).reduce(|a, b| a.union(b))
        };
        let to = match self.goal.take() {
            Some(Goal::FitAll) => {
                around(&mut scene.places.iter()).map(|graph| self.view.fitting(graph, rect.size()))
            }
            Some(Goal::Fit(nodes)) => around(&mut nodes.iter().filter_map(|&id| scene.place(id)))
                .map(|graph| self.view.fitting(graph, rect.size())),
            Some(Goal::Centre(node)) => scene.place(node).map(|place| View {
                scroll: place.rect().center().to_vec2() - rect.size() / self.view.zoom / 2.0,
                ..self.view
            }),
            Some(Goal::Reveal(node)) => scene.place(node).map(|place| {
                let margin = 24.0 / self.view.zoom;
                let (wanted, seen) = (place.rect().expand(margin), self.view.rect_to_graph(rect));
                let shift = (wanted.max - seen.max).at_least(egui::Vec2::ZERO);
                let shift = shift + (wanted.min - (seen.min + shift)).at_most(egui::Vec2::ZERO);
                View {
                    scroll: self.view.scroll + shift,
                    ..self.view
                }
            }),
            Some(Goal::Zoom(zoom)) => {
                let mut view = self.view;
                view.zoom_at(rect.center(), zoom);
                Some(view)
            }
            None => None,
        };
        if let Some(to) = to.filter(|to| *to != self.view) {
            self.flight = Some((self.view, to, now));
        }
        if let Some((from, to, begun)) = self.flight {
            let to = View {
                origin: rect.min,
                ..to
            };
            let t = if look.fit_seconds > 0.0 {
                (now - begun) as f32 / look.fit_seconds
            } else {
                1.0
            };
            if t >= 1.0 {
                (self.view, self.flight) = (to, None);
            } else {
                self.view = from.blend(&to, 1.0 - (1.0 - t).powi(3));
                ui.ctx().request_repaint();
            }
        }
    }

    /// Finds out what is in sight.
    fn look_around(&self, scene: &mut Scene, model: &impl Model, rect: Rect) {
        let sight = self.view.rect_to_graph(rect);
        let wide = sight.expand(16.0);
        let kept = match self.focus {
            Some(Target::Node(node)) => Some(node),
            Some(Target::Pin(pin)) => Some(pin.node),
            _ => None,
        };
        scene.seen = (0..scene.places.len())
            .filter(|&i| {
                wide.intersects(scene.places[i].rect()) || kept == Some(scene.places[i].id)
            })
            .collect();
        for ends in &scene.wires {
            let (Some(from), Some(to)) = (scene.pin(ends.from), scene.pin(ends.to)) else {
                continue;
            };
            let span =
                Rect::from_two_pos(from, to).expand2(egui::vec2(wire::overhang(from, to), 8.0));
            if sight.intersects(span) || self.focus == Some(Target::Wire(ends.id)) {
                let curve = if self.view.detail() == Detail::Near
                    && paint_wire::is_square(model, ends.id)
                {
                    Curve::square(&self.view, from, to)
                } else {
                    Curve::bezier(&self.view, from, to)
                };
                scene.curves.push((*ends, curve));
            }
        }
    }

    /// Ends what held on to something that is no longer there.
    fn forget_the_gone(&mut self, scene: &Scene) {
        let gone = |pin: PinAddr| {
            scene
                .place(pin.node)
                .is_none_or(|place| pin.index >= place.pins[pin.side as usize])
        };
        if self.gesture.anchor().is_some_and(gone) {
            self.cancel();
        }
        if let Gesture::Move { grabbed, .. } = self.gesture
            && scene.place(grabbed).is_none()
        {
            self.cancel();
        }
        match self.focus {
            Some(Target::Pin(pin)) if gone(pin) => self.focus = None,
            Some(Target::Node(node)) if scene.place(node).is_none() => self.focus = None,
            Some(Target::Wire(wire)) if !scene.wires.iter().any(|w| w.id == wire) => {
                self.focus = None
            }
            _ => {}
        }
    }
}

fn gather(model: &impl Model) -> Scene {
    let places = model.nodes();
    let index = places
        .iter()
        .enumerate()
        .map(|(i, place)| (place.id, i))
        .collect();
    Scene {
        places,
        index,
        wires: model.wires(),
        seen: Vec::new(),
        curves: Vec::new(),
    }
}
