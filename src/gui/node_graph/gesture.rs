//! What the pointer does once a gesture has begun: wires in the hand, boxes on the move, box select, cuts, pans, zooms.
//!
//! A gesture begins at a response (`grab.rs`), goes on by the state of the pointer alone, and ends at the release, at Esc,
//! or when what it holds is gone. The model is untouched until an event is sent.

use egui::{Context, PointerButton, Pos2, Rect, Response, Ui, Vec2};

use super::event::{Event, How};
use super::model::{Model, NodeId, NoteId, PinAddr, Place, WireId};
use super::scene::{Scene, guides};
use super::show::NodeGraph;

/// How near to a pin counts as on it: also the half of its target, so 24 on screen.
pub(super) const PIN_HIT: f32 = 12.0;
/// How near to a wire counts as on it.
pub(super) const WIRE_HIT: f32 = 8.0;

/// How near to a wire something carried counts as on it.
const CARRIED: f32 = 16.0;
/// How near two edges line up by themselves.
const GUIDE: f32 = 5.0;

/// What the pointer is doing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Gesture {
    None,
    Pan {
        button: PointerButton,
    },
    /// Box select, from a graph point.
    Select {
        from: Pos2,
        how: How,
    },
    /// Boxes and notes on the move: the pointer in the graph and what was grabbed when it began, and what was sent so far.
    Move {
        grabbed: Grabbed,
        grip: Pos2,
        start: Pos2,
        done: Vec2,
        /// Nothing moves in the first frame: what is grabbed may only be selected by then.
        begun: bool,
    },
    /// A wire in the hand of the pointer.
    Wire {
        anchor: PinAddr,
        replacing: Option<WireId>,
    },
    /// A wire in the hand of the keyboard.
    KeyWire {
        anchor: PinAddr,
    },
    /// A note's corner in hand: its area and the pointer in the graph when it began.
    Resize {
        note: NoteId,
        rect: Rect,
        grip: Pos2,
    },
    /// A cut, screen points.
    Cut {
        path: Vec<Pos2>,
    },
}

/// What a move began at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Grabbed {
    Node(NodeId),
    Note(NoteId),
}

impl Gesture {
    pub(super) fn anchor(&self) -> Option<PinAddr> {
        match self {
            Self::Wire { anchor, .. } | Self::KeyWire { anchor } => Some(*anchor),
            _ => None,
        }
    }

    pub(super) fn replacing(&self) -> Option<WireId> {
        match self {
            Self::Wire { replacing, .. } => *replacing,
            _ => None,
        }
    }
}

pub(super) fn how(ctx: &Context) -> How {
    let modifiers = ctx.input(|i| i.modifiers);
    if modifiers.command {
        How::Toggle
    } else if modifiers.shift {
        How::Add
    } else {
        How::Replace
    }
}

/// Has every canvas leave the wheel, unless it zooms, to a widget of a box in the next frame.
pub fn keep_wheel(ctx: &egui::Context) {
    let frame = ctx.cumulative_frame_nr();
    ctx.data_mut(|data| data.insert_temp(wheel_kept(), frame));
}

fn wheel_kept() -> egui::Id {
    egui::Id::unique("a box keeps the wheel")
}

fn is_wheel_kept(ctx: &egui::Context) -> bool {
    let kept: Option<u64> = ctx.data(|data| data.get_temp(wheel_kept()));
    kept.is_some_and(|frame| frame + 1 >= ctx.cumulative_frame_nr())
}

impl NodeGraph {
    pub(super) fn scroll_and_zoom(&mut self, ui: &Ui, response: &Response) {
        if !response.contains_pointer() {
            return;
        }
        let (zoom, scroll, pointer) = ui.input(|i| {
            (
                i.zoom_delta(),
                i.smooth_scroll_delta(),
                i.pointer.latest_pos(),
            )
        });
        if pointer.is_some_and(|pointer| self.is_over_minimap(pointer)) {
            let notches = scroll.y + zoom.ln() * 200.0;
            if notches != 0.0 {
                self.zoom_by_minimap(notches, response.rect);
            }
        } else if zoom != 1.0
            && let Some(pointer) = pointer
        {
            self.flight = None;
            self.view.zoom_at(pointer, self.view.zoom * zoom);
        } else if scroll != Vec2::ZERO && !is_wheel_kept(ui.ctx()) {
            self.flight = None;
            self.view.pan(scroll);
        }
    }

    /// Near an edge the canvas follows what is dragged.
    pub(super) fn auto_pan(&mut self, ui: &Ui, rect: Rect) {
        const EDGE: f32 = 32.0;
        let dragging = matches!(
            self.gesture,
            Gesture::Wire { .. }
                | Gesture::Move { .. }
                | Gesture::Select { .. }
                | Gesture::Resize { .. }
        );
        if !dragging || rect.width() < 4.0 * EDGE || rect.height() < 4.0 * EDGE {
            return;
        }
        let inner = rect.shrink(EDGE);
        let pull = (self.last_pointer - inner.clamp(self.last_pointer))
            .clamp(Vec2::splat(-EDGE), Vec2::splat(EDGE));
        if pull != Vec2::ZERO {
            let seconds = ui.input(|i| i.stable_dt).min(0.05);
            self.view.pan(-pull * 16.0 * seconds);
            ui.ctx().request_repaint();
        }
    }

    /// Goes on with the gesture under way, and ends it.
    pub(super) fn go_on(
        &mut self,
        ui: &Ui,
        model: &impl Model,
        scene: &Scene,
        events: &mut Vec<Event>,
    ) {
        let ctx = ui.ctx();
        let pointer = self.last_pointer;
        let (now, modifiers) = ctx.input(|i| (i.time, i.modifiers));
        let down = |button| ctx.input(|i| i.pointer.button_down(button));
        // Esc ends the gesture and nothing else.
        let escape = self.gesture != Gesture::None
            && ctx.input_mut(|i| i.consume_key(egui::Modifiers::NONE, egui::Key::Escape));
        match self.gesture.clone() {
            Gesture::None | Gesture::KeyWire { .. } => {}
            Gesture::Pan { button } => {
                self.view.pan(ctx.input(|i| i.pointer.delta()));
                ctx.set_cursor_icon(egui::CursorIcon::Grabbing);
                if !down(button) {
                    self.gesture = Gesture::None;
                }
            }
            Gesture::Select { from, how } => {
                if !down(PointerButton::Primary) {
                    let band = Rect::from_two_pos(from, self.view.to_graph(pointer));
                    let touched = scene.boxes_in(band).into_iter();
                    let nodes = touched.map(|i| scene.places[i].id).collect();
                    let notes = model.notes().into_iter();
                    let notes = notes.filter(|note| {
                        // A frame is behind what is meant, unless all of it is.
                        band.contains_rect(note.rect) || (!note.frame && band.intersects(note.rect))
                    });
                    events.push(Event::Select {
                        nodes,
                        wires: Vec::new(),
                        notes: notes.map(|note| note.id).collect(),
                        how,
                    });
                    self.gesture = Gesture::None;
                }
            }
            Gesture::Move {
                grabbed,
                grip,
                start,
                done,
                begun: false,
            } => {
                self.gesture = Gesture::Move {
                    grabbed,
                    grip,
                    start,
                    done,
                    begun: true,
                };
                ctx.request_repaint();
            }
            Gesture::Move {
                grabbed,
                grip,
                start,
                done,
                begun: true,
            } => {
                let (mut nodes, mut notes) = (scene.selected(), selected_notes(model));
                if nodes.is_empty() && notes.is_empty() {
                    match grabbed {
                        Grabbed::Node(node) => nodes.push(node),
                        Grabbed::Note(note) => notes.push(note),
                    }
                }
                let wanted = start + (self.view.to_graph(pointer) - grip);
                let is_free = modifiers.alt || modifiers.command;
                let wanted = self.settle(scene, grabbed, wanted, is_free);
                let total = if escape { Vec2::ZERO } else { wanted - start };
                if total != done {
                    events.push(Event::Move {
                        nodes: nodes.clone(),
                        notes: notes.clone(),
                        delta: total - done,
                    });
                    self.gesture = Gesture::Move {
                        grabbed,
                        grip,
                        start,
                        done: total,
                        begun: true,
                    };
                }
                ctx.set_cursor_icon(egui::CursorIcon::Grabbing);
                let moved = !modifiers.alt && !escape && total != Vec2::ZERO;
                self.onto = match grabbed {
                    Grabbed::Node(node) if moved && nodes.len() == 1 && notes.is_empty() => {
                        self.wire_beneath(scene, node)
                    }
                    _ => None,
                };
                if escape || !down(PointerButton::Primary) {
                    let onto = self.onto.take();
                    self.guides = None;
                    events.push(Event::MoveFinished {
                        nodes,
                        delta: total,
                        onto,
                    });
                    self.gesture = Gesture::None;
                }
            }
            Gesture::Resize { note, rect, grip } => {
                ctx.set_cursor_icon(egui::CursorIcon::ResizeNwSe);
                let is_free = modifiers.alt || modifiers.command;
                let wanted = match escape {
                    true => rect,
                    false => self.resized(rect, grip, is_free),
                };
                let now = model.notes().into_iter().find(|it| it.id == note);
                if now.is_some_and(|now| now.rect != wanted) {
                    events.push(Event::ResizeNote { note, rect: wanted });
                }
                if escape || !down(PointerButton::Primary) {
                    events.push(Event::ResizeFinished { note });
                    self.gesture = Gesture::None;
                }
            }
            Gesture::Cut { mut path } => {
                if path.last().is_none_or(|last| last.distance(pointer) > 2.0) {
                    path.push(pointer);
                }
                if !down(PointerButton::Secondary) {
                    let cut = |curve: &super::wire::Curve| {
                        path.windows(2).any(|p| curve.crosses(p[0], p[1]))
                    };
                    let part = self.view.rect_to_graph(Rect::from_points(&path));
                    let curves = scene.curves_in(&self.view, part.expand(8.0));
                    let hit = curves.iter().filter(|(_, curve)| cut(curve));
                    let wires: Vec<WireId> = hit.map(|(wire, _)| wire.id).collect();
                    if !wires.is_empty() && !escape {
                        events.push(Event::Disconnect { wires });
                    }
                    self.gesture = Gesture::None;
                } else {
                    self.gesture = Gesture::Cut { path };
                }
            }
            Gesture::Wire { anchor, replacing } => {
                let over = self.pin_under(scene, pointer, anchor);
                if self.over.map(|(pin, _)| pin) != over {
                    self.over = over.map(|pin| (pin, now));
                }
                if !down(PointerButton::Primary) && !escape {
                    // The pin may have come into sight in this very frame.
                    self.judge(scene, model);
                    self.drop_wire(scene, anchor, replacing, over, modifiers.shift, events);
                }
                if escape || !down(PointerButton::Primary) {
                    self.cancel();
                }
            }
        }
        if escape
            && matches!(
                self.gesture,
                Gesture::Select { .. } | Gesture::KeyWire { .. }
            )
        {
            self.cancel();
        }
    }

    /// Where a box in hand comes to lie: on what it lines up with, else on the snap grid.
    fn settle(&mut self, scene: &Scene, grabbed: Grabbed, wanted: Pos2, is_free: bool) -> Pos2 {
        self.guides = None;
        let snap = self.settings.snap;
        if snap <= 0.0 || is_free {
            return wanted;
        }
        let grid = (wanted.to_vec2() / snap).round() * snap;
        let Grabbed::Node(grabbed) = grabbed else {
            return grid.to_pos2();
        };
        let Some(place) = scene.place(grabbed) else {
            return wanted;
        };
        let near = Rect::from_min_size(wanted, place.size());
        let moves = |other: &Place| other.id == grabbed || (place.selected && other.selected);
        let found = guides(scene, near, GUIDE / self.view.zoom.max(0.5), moves);
        let settled = Pos2::new(
            if found.upright.is_some() {
                wanted.x + found.shift.x
            } else {
                grid.x
            },
            if found.level.is_some() {
                wanted.y + found.shift.y
            } else {
                grid.y
            },
        );
        self.guides = Some(found);
        settled
    }

    /// The wire a box was let go on, not counting its own.
    fn wire_beneath(&self, scene: &Scene, node: NodeId) -> Option<WireId> {
        let graph = scene.place(node)?.rect();
        let rect = self.view.rect_to_screen(graph).shrink(4.0);
        let curves = scene.curves_in(&self.view, graph);
        let mut others = curves
            .iter()
            .filter(|(wire, _)| wire.from.node != node && wire.to.node != node);
        let is_over = |curve: &super::wire::Curve| {
            let steps = (curve.length() / 8.0).ceil() as usize;
            (0..=steps).any(|i| rect.contains(curve.at(i as f32 * 8.0).0))
        };
        others
            .find(|(_, curve)| is_over(curve))
            .map(|(wire, _)| wire.id)
    }

    /// Something from elsewhere is carried over the canvas: the wire it would go into lights up. Alt holds it off.
    pub(super) fn carried_over(&mut self, ui: &Ui, response: &Response, scene: &Scene) {
        if self.gesture != Gesture::None {
            return;
        }
        self.onto = None;
        if !egui::DragAndDrop::has_any_payload(ui.ctx())
            || ui.input(|i| i.modifiers.alt)
            || !response.contains_pointer()
        {
            return;
        }
        let at = self.view.to_graph(self.last_pointer);
        let reach = CARRIED / self.view.zoom;
        let curves = scene.curves_in(
            &self.view,
            Rect::from_center_size(at, Vec2::splat(2.0 * reach)),
        );
        self.onto = curves
            .iter()
            .map(|(ends, curve)| (ends.id, curve.distance_to(self.last_pointer)))
            .filter(|&(_, distance)| distance <= CARRIED)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(id, _)| id);
    }
}

/// The notes selected.
pub(super) fn selected_notes(model: &impl Model) -> Vec<NoteId> {
    let notes = model.notes().into_iter();
    notes
        .filter(|note| note.selected)
        .map(|note| note.id)
        .collect()
}

/// Whether a click came from the pointer rather than from a key or a screen reader.
pub(super) fn by_pointer(ctx: &Context) -> bool {
    ctx.input(|i| i.pointer.any_released())
}
