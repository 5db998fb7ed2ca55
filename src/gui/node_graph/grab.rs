//! What a press, a click or a double click means, by what lies under the pointer. `gesture.rs` goes on with what begins
//! here.

use egui::{PointerButton, Response, Ui, Vec2};

use super::event::{Event, How};
use super::gesture::{Gesture, Grabbed, by_pointer, how};
use super::model::{NodeId, PinAddr, Target, WireEnds, WireId};
use super::scene::Scene;
use super::show::NodeGraph;

impl NodeGraph {
    /// Pointer on a box.
    pub(super) fn node_pointer(
        &mut self,
        response: &Response,
        scene: &Scene,
        node: NodeId,
        events: &mut Vec<Event>,
    ) {
        let ctx = &response.ctx;
        let target = Target::Node(node);
        self.common_pointer(response, target, events);
        if self.may_pan(response) {
            return;
        }
        let Some(place) = scene.place(node).copied() else {
            return;
        };
        let modifiers = ctx.input(|i| i.modifiers);
        let press = ctx
            .input(|i| i.pointer.press_origin())
            .unwrap_or(self.last_pointer);
        if response.drag_started_by(PointerButton::Primary) {
            if modifiers.shift
                && let Some(pin) = self.first_free_output(scene, node)
            {
                self.gesture = Gesture::Wire {
                    anchor: pin,
                    replacing: None,
                };
                return;
            }
            if !place.selected {
                events.push(Event::Select {
                    nodes: vec![node],
                    wires: Vec::new(),
                    notes: Vec::new(),
                    how: how(ctx),
                });
            }
            if modifiers.alt {
                let nodes = if place.selected {
                    scene.selected()
                } else {
                    vec![node]
                };
                events.push(Event::Duplicate { nodes });
            }
            let grip = self.view.to_graph(press);
            self.gesture = Gesture::Move {
                grabbed: Grabbed::Node(node),
                grip,
                start: place.pos,
                done: Vec2::ZERO,
                begun: false,
            };
        } else if response.clicked() && by_pointer(ctx) {
            response.request_focus();
            events.push(Event::Select {
                nodes: vec![node],
                wires: Vec::new(),
                notes: Vec::new(),
                how: how(ctx),
            });
        }
    }

    fn first_free_output(&self, scene: &Scene, node: NodeId) -> Option<PinAddr> {
        let place = scene.place(node)?;
        let mut outputs = (0..place.pins[1]).map(|index| PinAddr::output(node, index));
        let first = outputs.clone().next();
        outputs
            .find(|&pin| !scene.wires.iter().any(|wire| wire.from == pin))
            .or(first)
    }

    /// Pointer on a pin. `wired`: whether the kind of pin can take wires at all.
    pub(super) fn pin_pointer(
        &mut self,
        response: &Response,
        scene: &Scene,
        pin: PinAddr,
        wired: bool,
        events: &mut Vec<Event>,
    ) {
        self.common_pointer(response, Target::Pin(pin), events);
        if self.may_pan(response) {
            return;
        }
        if wired && response.drag_started_by(PointerButton::Primary) {
            self.verdicts.clear();
            // A connected input gives its wire into the hand; an output begins another one, unless its wire is the one
            // selected.
            let ends_here =
                |wire: &&WireEnds| wire.to == pin || (wire.selected && wire.from == pin);
            let mut held: Vec<&WireEnds> = scene.wires.iter().filter(ends_here).collect();
            held.sort_by_key(|wire| wire.selected);
            self.gesture = match held.last() {
                Some(wire) => Gesture::Wire {
                    anchor: if wire.to == pin { wire.from } else { wire.to },
                    replacing: Some(wire.id),
                },
                None => Gesture::Wire {
                    anchor: pin,
                    replacing: None,
                },
            };
            response.ctx.request_repaint();
        } else if response.clicked() && by_pointer(&response.ctx) {
            // It wears the ring: what is added next is wired to it, and commands are about it.
            self.focus(&response.ctx, Target::Pin(pin));
            events.push(Event::Select {
                nodes: vec![pin.node],
                wires: Vec::new(),
                notes: Vec::new(),
                how: how(&response.ctx),
            });
        }
    }

    /// Pointer on the handle of a wire.
    pub(super) fn wire_pointer(
        &mut self,
        response: &Response,
        wire: WireId,
        events: &mut Vec<Event>,
    ) {
        self.common_pointer(response, Target::Wire(wire), events);
        if self.may_pan(response) {
            return;
        }
        if response.clicked() && by_pointer(&response.ctx) {
            response.request_focus();
            events.push(Event::Select {
                nodes: Vec::new(),
                wires: vec![wire],
                notes: Vec::new(),
                how: how(&response.ctx),
            });
        }
    }

    fn common_pointer(&mut self, response: &Response, target: Target, events: &mut Vec<Event>) {
        if response.double_clicked() {
            events.push(Event::OpenProperties { target });
        }
        self.menu_pointer(response, target, events);
    }

    pub(super) fn menu_pointer(
        &self,
        response: &Response,
        target: Target,
        events: &mut Vec<Event>,
    ) {
        if response.secondary_clicked() {
            let screen = self.last_pointer;
            events.push(Event::Menu {
                target: Some(target),
                at: self.view.to_graph(screen),
                screen,
            });
        }
    }

    /// Middle drag and Space drag pan wherever they begin.
    pub(super) fn may_pan(&mut self, response: &Response) -> bool {
        let space = response.ctx.input(|i| i.key_down(egui::Key::Space));
        let button = if response.drag_started_by(PointerButton::Middle) {
            PointerButton::Middle
        } else if space && response.drag_started_by(PointerButton::Primary) {
            PointerButton::Primary
        } else {
            return false;
        };
        self.gesture = Gesture::Pan { button };
        true
    }

    /// Pointer on nothing, or on a wire away from its handle.
    pub(super) fn canvas_gestures(
        &mut self,
        ui: &Ui,
        response: &Response,
        hovered: Option<Target>,
        events: &mut Vec<Event>,
    ) {
        let ctx = ui.ctx();
        let press = ctx
            .input(|i| i.pointer.press_origin())
            .unwrap_or(self.last_pointer);
        let (screen, at) = (self.last_pointer, self.view.to_graph(self.last_pointer));
        if self.may_pan(response) {
            return;
        }
        if response.drag_started_by(PointerButton::Secondary) {
            self.gesture = if ctx.input(|i| i.modifiers.command) {
                Gesture::Cut { path: vec![press] }
            } else {
                Gesture::Pan {
                    button: PointerButton::Secondary,
                }
            };
        } else if response.drag_started_by(PointerButton::Primary) {
            self.gesture = Gesture::Select {
                from: self.view.to_graph(press),
                how: how(ctx),
            };
            response.request_focus();
        }
        let wire = hovered.and_then(|target| match target {
            Target::Wire(wire) => Some(wire),
            _ => None,
        });
        if response.double_clicked() {
            events.push(match wire {
                Some(wire) => Event::OpenProperties {
                    target: Target::Wire(wire),
                },
                None => Event::Insert { at, screen },
            });
        } else if response.clicked() && by_pointer(ctx) {
            response.request_focus();
            match wire {
                Some(wire) => {
                    self.focus(ctx, Target::Wire(wire));
                    self.by_key = false;
                    events.push(Event::Select {
                        nodes: Vec::new(),
                        wires: vec![wire],
                        notes: Vec::new(),
                        how: how(ctx),
                    });
                }
                None if how(ctx) == How::Replace => {
                    events.push(Event::Select {
                        nodes: Vec::new(),
                        wires: Vec::new(),
                        notes: Vec::new(),
                        how: How::Replace,
                    });
                }
                None => {}
            }
        } else if response.secondary_clicked() {
            events.push(Event::Menu {
                target: wire.map(Target::Wire),
                at,
                screen,
            });
        }
    }
}
