//! What keys mean while the canvas has the keyboard. Commands of the application (undo, zoom, run) are its own.
//!
//! Arrows walk boxes, Ctrl+arrows walk pins and wires (from a pin to its wire, from there to the other end), Enter on one pin and Enter on another connects.

use std::cmp::Ordering;

use egui::{EventFilter, Key, Modifiers, Pos2, Response, Ui};

use super::access;
use super::event::{Event, How};
use super::gesture::{Gesture, by_pointer, selected_notes};
use super::model::{Model, NodeId, PinAddr, Side, Target, WireEnds, WireId};
use super::scene::Scene;
use super::show::{Goal, NodeGraph};

impl NodeGraph {
    /// Notes that something of the canvas has the focus, and keeps the keys that are ours from moving it.
    pub(super) fn keep_keys(&mut self, response: &Response, target: Option<Target>) {
        if !response.has_focus() {
            return;
        }
        if response.gained_focus()
            && !response
                .ctx
                .input(|i| i.pointer.any_down() || i.pointer.any_released())
        {
            self.by_key = true;
        }
        self.focus = target;
        let filter = EventFilter {
            tab: self.settings.tab_inserts,
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: true,
        };
        response
            .ctx
            .memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }

    pub(super) fn keys(
        &mut self,
        ui: &Ui,
        response: &Response,
        scene: &Scene,
        model: &impl Model,
        events: &mut Vec<Event>,
    ) {
        let ctx = ui.ctx();
        let has = ctx.memory(|memory| memory.focused());
        let wanted = self.focus.map(|target| access::id(self.id, target));
        if has != Some(self.id) && has != wanted && has.is_some() {
            // A panel or a body widget has it.
            self.focus = None;
            return;
        }
        if has == Some(self.id) || has.is_none() {
            self.focus = None;
        }
        self.keep_keys(response, None);
        let pressed = |modifiers, key| ctx.input_mut(|i| i.consume_key(modifiers, key));

        if pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace) {
            let (mut nodes, mut wires) = (scene.selected(), scene.selected_wires());
            let mut notes = selected_notes(model);
            if nodes.is_empty() && wires.is_empty() && notes.is_empty() {
                match self.focus {
                    Some(Target::Node(node)) => nodes.push(node),
                    Some(Target::Wire(wire)) => wires.push(wire),
                    Some(Target::Note(note)) => notes.push(note),
                    _ => {}
                }
            }
            if !(nodes.is_empty() && wires.is_empty() && notes.is_empty()) {
                events.push(Event::Delete {
                    nodes,
                    wires,
                    notes,
                });
            }
        }
        if pressed(Modifiers::COMMAND, Key::A) {
            let nodes = scene.places.iter().map(|place| place.id).collect();
            let wires = scene.wires.iter().map(|wire| wire.id).collect();
            let notes = model.notes().into_iter().map(|note| note.id).collect();
            events.push(Event::Select {
                nodes,
                wires,
                notes,
                how: How::Replace,
            });
        }
        if has.is_none() {
            return;
        }
        let (screen, at) = self.key_point(scene, response);
        if pressed(Modifiers::SHIFT, Key::F10) {
            events.push(Event::Menu {
                target: self.focus,
                at,
                screen,
            });
        }
        if self.settings.tab_inserts
            && (pressed(Modifiers::NONE, Key::Tab) || pressed(Modifiers::NONE, Key::Slash))
        {
            events.push(Event::Insert { at, screen });
        }
        if pressed(Modifiers::NONE, Key::Escape) {
            match self.focus {
                Some(Target::Pin(pin)) => self.focus(ctx, Target::Node(pin.node)),
                Some(_) => ctx.memory_mut(|memory| memory.request_focus(self.id)),
                None => events.push(Event::Select {
                    nodes: Vec::new(),
                    wires: Vec::new(),
                    notes: Vec::new(),
                    how: How::Replace,
                }),
            }
        }
        const ARROWS: [(Key, f32, f32); 4] = [
            (Key::ArrowLeft, -1.0, 0.0),
            (Key::ArrowRight, 1.0, 0.0),
            (Key::ArrowUp, 0.0, -1.0),
            (Key::ArrowDown, 0.0, 1.0),
        ];
        for (key, x, y) in ARROWS {
            let way = egui::vec2(x, y);
            if pressed(Modifiers::COMMAND, key) {
                self.walk_pins(ctx, scene, way, events);
            } else if pressed(Modifiers::SHIFT, key) {
                self.walk(ctx, scene, way, How::Add, events);
            } else if pressed(Modifiers::NONE, key) {
                self.walk(ctx, scene, way, How::Replace, events);
            }
        }
        if matches!(self.gesture, Gesture::KeyWire { .. }) {
            let over = match self.focus {
                Some(Target::Pin(pin)) if self.gesture.anchor() != Some(pin) => Some(pin),
                _ => None,
            };
            if self.over.map(|(pin, _)| pin) != over {
                self.over = over.map(|pin| (pin, ctx.input(|i| i.time)));
            }
            self.judge(scene, model);
        }
    }

    /// A click that no pointer made: Enter, or a screen reader. Space stays the transport's.
    pub(super) fn key_click(
        &mut self,
        response: &Response,
        scene: &Scene,
        target: Target,
        events: &mut Vec<Event>,
    ) {
        let (enter, space, shift) = response.ctx.input(|i| {
            (
                i.key_pressed(Key::Enter),
                i.key_pressed(Key::Space),
                i.modifiers.shift,
            )
        });
        if !response.clicked() || by_pointer(&response.ctx) || (space && !enter) {
            return;
        }
        match (target, self.gesture.anchor()) {
            (Target::Pin(pin), Some(anchor)) if pin != anchor => {
                self.last_pointer = response.rect.center();
                self.drop_wire(scene, anchor, None, Some(pin), shift, events);
                self.cancel();
            }
            (Target::Pin(_), Some(_)) => self.cancel(),
            (Target::Pin(pin), None) => self.take_wire(pin),
            (Target::Note(note), _) if enter => self.edit_note(note),
            (_, _) if enter => events.push(Event::OpenProperties { target }),
            (Target::Node(node), _) => {
                events.push(Event::Select {
                    nodes: vec![node],
                    wires: Vec::new(),
                    notes: Vec::new(),
                    how: How::Replace,
                });
            }
            (Target::Note(note), _) => {
                events.push(Event::Select {
                    nodes: Vec::new(),
                    wires: Vec::new(),
                    notes: vec![note],
                    how: How::Replace,
                });
            }
            (Target::Wire(wire), _) => {
                events.push(Event::Select {
                    nodes: Vec::new(),
                    wires: vec![wire],
                    notes: Vec::new(),
                    how: How::Replace,
                });
            }
        }
    }

    /// Where a key's menu or palette opens: at what has the focus, else at the pointer, else in the middle.
    fn key_point(&self, scene: &Scene, response: &Response) -> (Pos2, Pos2) {
        let graph = match self.focus {
            Some(Target::Node(node)) => scene.place(node).map(|place| place.rect().center()),
            Some(Target::Pin(pin)) => scene.pin(pin),
            Some(Target::Wire(wire)) => scene.wire(wire).and_then(|ends| {
                let (from, to) = (scene.pin(ends.from)?, scene.pin(ends.to)?);
                Some(from.lerp(to, 0.5))
            }),
            _ => None,
        };
        let screen = match graph {
            Some(point) => self.view.to_screen(point),
            None if response.rect.contains(self.last_pointer) => self.last_pointer,
            None => response.rect.center(),
        };
        (screen, self.view.to_graph(screen))
    }

    fn walk(
        &mut self,
        ctx: &egui::Context,
        scene: &Scene,
        way: egui::Vec2,
        how: How,
        events: &mut Vec<Event>,
    ) {
        let from = match self.focus {
            Some(Target::Node(node)) => Some(node),
            Some(Target::Pin(pin)) => Some(pin.node),
            // From a wire to the box at its end that way.
            Some(Target::Wire(wire)) => scene.wire(wire).map(|ends| {
                let (near, far) = (ends.from.node, ends.to.node);
                if way.x < 0.0 { far } else { near }
            }),
            _ => scene.selected().first().copied(),
        };
        let Some(next) = neighbour(scene, from, way) else {
            return;
        };
        self.goal = Some(Goal::Reveal(next));
        self.focus(ctx, Target::Node(next));
        events.push(Event::Select {
            nodes: vec![next],
            wires: Vec::new(),
            notes: Vec::new(),
            how,
        });
    }

    fn walk_pins(
        &mut self,
        ctx: &egui::Context,
        scene: &Scene,
        way: egui::Vec2,
        events: &mut Vec<Event>,
    ) {
        let wire = match self.focus {
            Some(Target::Pin(pin)) if is_outward(pin, way) => wire_of(scene, pin),
            Some(Target::Wire(wire)) if way.y != 0.0 => wire_beside(scene, wire, way.y > 0.0),
            _ => None,
        };
        if let Some(ends) = wire {
            self.goal = Some(Goal::Reveal(ends.from.node));
            self.focus(ctx, Target::Wire(ends.id));
            events.push(Event::Select {
                nodes: Vec::new(),
                wires: vec![ends.id],
                notes: Vec::new(),
                how: How::Replace,
            });
            return;
        }
        let next = match self.focus {
            Some(Target::Pin(pin)) => pin_beside(scene, pin, way),
            Some(Target::Wire(wire)) if way.x != 0.0 => scene
                .wire(wire)
                .map(|ends| if way.x > 0.0 { ends.to } else { ends.from }),
            Some(Target::Wire(_)) => None,
            Some(Target::Node(node)) => first_pin(
                scene,
                node,
                if way.x < 0.0 {
                    Side::Input
                } else {
                    Side::Output
                },
            ),
            _ => scene
                .selected()
                .first()
                .and_then(|&node| first_pin(scene, node, Side::Output)),
        };
        if let Some(pin) = next {
            self.goal = Some(Goal::Reveal(pin.node));
            self.focus(ctx, Target::Pin(pin));
        }
    }
}

/// The first pin of that side, or of the other if that has none.
fn first_pin(scene: &Scene, node: NodeId, side: Side) -> Option<PinAddr> {
    let place = scene.place(node)?;
    let has = |side: Side| place.pins[side as usize] > 0;
    let other = if side == Side::Input {
        Side::Output
    } else {
        Side::Input
    };
    [side, other]
        .into_iter()
        .find(|&side| has(side))
        .map(|side| PinAddr {
            node,
            side,
            index: 0,
        })
}

/// Whether that way leads out of the box.
fn is_outward(pin: PinAddr, way: egui::Vec2) -> bool {
    way.x != 0.0 && (pin.side == Side::Output) == (way.x > 0.0)
}

/// The wire that ends at a pin.
fn wire_of(scene: &Scene, pin: PinAddr) -> Option<WireEnds> {
    let ends = |wire: &&WireEnds| wire.from == pin || wire.to == pin;
    scene.wires.iter().find(ends).copied()
}

/// The wire below or above among those that leave the same box; past the last one those of the next box.
fn wire_beside(scene: &Scene, wire: WireId, below: bool) -> Option<WireEnds> {
    let ends = scene.wire(wire)?;
    let order = |it: &WireEnds| {
        let at = scene.pin(it.from).unwrap_or_default();
        (at.y, at.x, it.id)
    };
    let here = order(ends);
    let before = |a: &(f32, f32, WireId), b: &(f32, f32, WireId)| {
        a.0.total_cmp(&b.0)
            .then(a.1.total_cmp(&b.1))
            .then(a.2.cmp(&b.2))
    };
    let others = scene.wires.iter().filter(|it| {
        let way = before(&order(it), &here);
        way == if below {
            Ordering::Greater
        } else {
            Ordering::Less
        }
    });
    let by = |a: &&WireEnds, b: &&WireEnds| before(&order(a), &order(b));
    let found = if below {
        others.min_by(by)
    } else {
        others.max_by(by)
    };
    found.copied()
}

/// Up and down stay on a side; sideways goes to the other side.
fn pin_beside(scene: &Scene, pin: PinAddr, way: egui::Vec2) -> Option<PinAddr> {
    let place = scene.place(pin.node)?;
    if way.y != 0.0 {
        let count = place.pins[pin.side as usize];
        let index = if way.y > 0.0 {
            pin.index + 1
        } else {
            pin.index.checked_sub(1)?
        };
        return (index < count).then_some(PinAddr { index, ..pin });
    }
    if is_outward(pin, way) {
        return None;
    }
    let side = if pin.side == Side::Input {
        Side::Output
    } else {
        Side::Input
    };
    let count = place.pins[side as usize];
    (count > 0).then(|| PinAddr {
        side,
        index: pin.index.min(count - 1),
        ..pin
    })
}

/// The nearest box that way; without a start the first by column, then row.
fn neighbour(scene: &Scene, from: Option<NodeId>, way: egui::Vec2) -> Option<NodeId> {
    let Some(from) = from.and_then(|id| scene.place(id)) else {
        let first = scene.places.iter().min_by(|a, b| {
            a.pos
                .x
                .total_cmp(&b.pos.x)
                .then(a.pos.y.total_cmp(&b.pos.y))
        });
        return first.map(|place| place.id);
    };
    let centre = from.rect().center();
    let cost = |to: Pos2| {
        let step = to - centre;
        let (ahead, aside) = (step.dot(way), step.dot(way.rot90()).abs());
        (ahead > 1.0).then_some(ahead + 2.0 * aside)
    };
    scene
        .places
        .iter()
        .filter(|place| place.id != from.id)
        .filter_map(|place| cost(place.rect().center()).map(|cost| (place.id, cost)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(id, _)| id)
}
