//! One frame of the canvas, in order: view, scene, wires, boxes, gestures, keys, what lies on top.

use std::collections::HashMap;
use std::rc::Rc;

use egui::{Id, NumExt as _, Pos2, Rect, Sense, Ui, UiBuilder};

use super::crowd::Crowd;
use super::event::{Geometry, Output};
use super::gesture::{Gesture, Grabbed, WIRE_HIT};
use super::glide::Glide;
use super::look::{Kind, Look};
use super::minimap::Minimap;
use super::model::{Model, NodeId, NoteId, PinAddr, Place, Target, Verdict, WireId};
use super::notes::{self, Editing};
use super::scene::{Guides, Map, Scene};
use super::view::{Detail, View};
use super::{access, cluster, paint};

/// More boxes in sight than this are a crowd: far out they are one picture, and pins are no targets.
const CROWD: usize = 200;

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
    /// Whether the minimap takes the legend's place where the graph is too large to be seen at once.
    pub minimap: bool,
    /// Whether the ground is painted; not where the window is cleared to its colour anyway.
    pub ground: bool,
    /// How much of its lower edge something lies over: what shows everything keeps clear of that.
    pub covered: f32,
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
            minimap: true,
            ground: true,
            covered: 0.0,
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
    /// The view that showed everything, the window it did so in and how much of its edge was covered.
    fitted: Option<View>,
    room: (egui::Vec2, f32),
    pub(super) focus: Option<Target>,
    /// Whether the focus ring shows: only after a key was used.
    pub(super) by_key: bool,
    pub(super) hovered: Option<Target>,
    pub(super) last_pointer: Pos2,
    /// The kind of data of the wire in hand.
    pub(super) hand_kind: Option<Kind>,
    /// A bit per kind of data in sight.
    pub(super) kinds_seen: u64,
    /// Places and wires, as long as the model says that they are the same.
    pub(super) map: Option<Rc<Map>>,
    pub(super) glide: Glide,
    pub(super) crowd: Crowd,
    pub(super) minimap: Minimap,
    /// The wire into which what is dragged would go.
    pub(super) onto: Option<WireId>,
    /// What the boxes on the move line up with.
    pub(super) guides: Option<Guides>,
    /// The words of a note in hand, and the note whose words are wanted.
    pub(super) editing: Option<Editing>,
    pub(super) wants_edit: Option<NoteId>,
}

impl NodeGraph {
    /// Whether the canvas or a part of it has the keyboard, or nothing has.
    pub fn has_keyboard(&self, ctx: &egui::Context) -> bool {
        let Some(has) = ctx.memory(|memory| memory.focused()) else {
            return true;
        };
        let mine = self.focus.map(|target| access::id(self.id, target));
        has == self.id || Some(has) == mine
    }

    /// Whether it is walked by keys: the ring of the focus is seen.
    pub fn is_walked(&self) -> bool {
        self.by_key
    }

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
            fitted: None,
            room: (egui::Vec2::ZERO, 0.0),
            focus: None,
            by_key: false,
            hovered: None,
            last_pointer: Pos2::ZERO,
            hand_kind: None,
            kinds_seen: 0,
            map: None,
            glide: Glide::default(),
            crowd: Crowd::default(),
            minimap: Minimap::default(),
            onto: None,
            guides: None,
            editing: None,
            wants_edit: None,
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
        self.onto = None;
        self.guides = None;
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
        if self.settings.ground {
            ui.painter().rect_filled(rect, 0.0, look.canvas);
        }

        let mut events = Vec::new();
        self.view.origin = rect.min;
        if let Some(pointer) = ui.input(|i| i.pointer.interact_pos()) {
            self.last_pointer = pointer;
        }
        let map = Map::of(model, self.map.as_ref());
        let before = self.map.replace(Rc::clone(&map));
        let map = self.on_the_way(&ui, look, before.as_ref(), map);
        let mut scene = Scene::new(map);
        let around = notes::around(model);
        self.reach_goal(&ui, &scene, rect, look, around);
        self.keep_fit(&ui, &scene, rect, around);
        self.scroll_and_zoom(&ui, &response);
        self.auto_pan(&ui, rect);
        self.look_around(&mut scene, rect);
        self.forget_the_gone(&scene);
        self.carried_over(&ui, &response, &scene);

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
        let written = model.notes();
        self.notes_ui(&mut ui, look, &written, &scene, &mut hovered, &mut events);
        if scene.is_crowd {
            self.crowd_ui(&ui, model, look, &scene, rect);
        }
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
        let has_map = self.settings.minimap && self.minimap_ui(&mut ui, model, look, &scene, rect);
        if self.settings.legend && !has_map {
            cluster::legend(&ui, rect, look, self.kinds_seen);
        }
        if self.settings.cluster {
            cluster::zoom(self, &mut ui, rect, look);
        }
        if self.onto.is_some() && self.gesture == Gesture::None {
            hovered = self.onto.map(Target::Wire);
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

    /// What shows everything.
    fn fitting(&self, scene: &Scene, rect: Rect, notes: Option<Rect>) -> Option<View> {
        let graph = scene.bounds.into_iter().chain(notes);
        let graph = graph.reduce(|a, b| a.union(b))?;
        let size = rect.size() - egui::vec2(0.0, self.settings.covered);
        Some(self.view.fitting(graph, size))
    }

    /// What showed everything does so in a window of another size too, or when less of it is covered, unless the user has looked elsewhere since. A
    /// panel or a banner that comes moves nothing.
    fn keep_fit(&mut self, ui: &Ui, scene: &Scene, rect: Rect, notes: Option<Rect>) {
        let window = ui.ctx().content_rect().size();
        let room = (window, self.settings.covered);
        let is_same = std::mem::replace(&mut self.room, room) == room;
        let Some(fitted) = self.fitted.filter(|_| !is_same) else {
            return;
        };
        let wanted = self.flight.map_or(self.view, |(_, to, _)| to);
        if (wanted.scroll, wanted.zoom) != (fitted.scroll, fitted.zoom) {
            self.fitted = None;
        } else if let Some(view) = self.fitting(scene, rect, notes) {
            (self.view, self.flight) = (view, None);
            self.fitted = Some(view);
        }
    }

    fn reach_goal(&mut self, ui: &Ui, scene: &Scene, rect: Rect, look: &Look, notes: Option<Rect>) {
        let now = ui.input(|i| i.time);
        let around = |nodes: &mut dyn Iterator<Item = &Place>| {
            nodes.map(Place::rect).reduce(|a, b| a.union(b))
        };
        let to = match self.goal.take() {
            Some(Goal::FitAll) => {
                self.fitted = self.fitting(scene, rect, notes);
                self.fitted
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
    fn look_around(&self, scene: &mut Scene, rect: Rect) {
        let sight = self.view.rect_to_graph(rect);
        scene.seen = scene.boxes_in(sight.expand(16.0));
        scene.is_crowd = self.view.detail() == Detail::Far && scene.seen.len() > CROWD;
        let kept = match self.focus {
            Some(Target::Node(node)) => Some(node),
            Some(Target::Pin(pin)) => Some(pin.node),
            _ => None,
        };
        if let Some(kept) = kept.and_then(|node| scene.index_of(node))
            && let Err(at) = scene.seen.binary_search(&kept)
        {
            scene.seen.insert(at, kept);
        }
        // Of a crowd only the wire pointed at and the one with the focus are more than a picture.
        let part = if scene.is_crowd {
            let reach = WIRE_HIT / self.view.zoom;
            Rect::from_center_size(
                self.view.to_graph(self.last_pointer),
                egui::Vec2::splat(2.0 * reach),
            )
        } else {
            sight
        };
        scene.curves = scene.curves_in(&self.view, part);
        if let Some(Target::Wire(wire)) = self.focus
            && !scene.curves.iter().any(|(ends, _)| ends.id == wire)
        {
            let curve = scene
                .wire(wire)
                .and_then(|ends| scene.curve(&self.view, ends));
            scene.curves.extend(curve);
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
        if let Gesture::Move {
            grabbed: Grabbed::Node(grabbed),
            ..
        } = self.gesture
            && scene.place(grabbed).is_none()
        {
            self.cancel();
        }
        match self.focus {
            Some(Target::Pin(pin)) if gone(pin) => self.focus = None,
            Some(Target::Node(node)) if scene.place(node).is_none() => self.focus = None,
            Some(Target::Wire(wire)) if scene.wire(wire).is_none() => self.focus = None,
            _ => {}
        }
    }
}
