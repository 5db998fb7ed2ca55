//! A graph of a few boxes for the canvas to show: applies events as an application would, and counts questions.

use std::cell::RefCell;
use std::collections::BTreeMap;

use egui::{Pos2, Rect, Vec2, pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use ksgraph::gui::node_graph::{
    Event, Geometry, How, InHand, Kind, Look, Model, NodeGraph, NodeId, NodeView, NoteView,
    PinAddr, PinView, Place, Route, Side, Verdict, View, WireEnds, WireId, WireView,
};
use ksgraph::gui::theme::{Theme, ThemeName, kind};

pub(crate) const REFUSAL: &str = "out offers 44 100 Hz, in takes 48 000 Hz only";

pub(crate) struct Box {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    kind: Kind,
}

#[derive(Default)]
pub(crate) struct Toy {
    pub(crate) boxes: Vec<Box>,
    pub(crate) wires: Vec<WireEnds>,
    pub(crate) notes: Vec<NoteView<'static>>,
    pub(crate) asked: RefCell<BTreeMap<(PinAddr, PinAddr), usize>>,
    pub(crate) bodies: RefCell<usize>,
}

impl Toy {
    pub(crate) fn with(
        mut self,
        name: &'static str,
        at: [f32; 2],
        pins: [usize; 2],
        kind: Kind,
    ) -> Self {
        let id = self.boxes.len() as u64 + 1;
        let pos = pos2(at[0], at[1]);
        let place = Place {
            id,
            pos,
            width: 128.0,
            pins,
            body: 24.0,
            footer: false,
            joins: [0, 0],
            selected: false,
        };
        self.boxes.push(Box { name, place, kind });
        self
    }

    pub(crate) fn wired(mut self, from: NodeId, to: NodeId) -> Self {
        self.add_wire(PinAddr::output(from, 0), PinAddr::input(to, 0));
        self
    }

    fn add_wire(&mut self, from: PinAddr, to: PinAddr) {
        let id = self.wires.iter().map(|wire| wire.id).max().unwrap_or(100) + 1;
        self.wires.push(WireEnds {
            id,
            from,
            to,
            selected: false,
            route: Route::default(),
        });
    }

    fn named(&self, id: NodeId) -> &Box {
        self.boxes
            .iter()
            .find(|b| b.place.id == id)
            .expect("the canvas asks for boxes it was given")
    }

    pub(crate) fn selected(&self) -> Vec<NodeId> {
        self.boxes
            .iter()
            .filter(|b| b.place.selected)
            .map(|b| b.place.id)
            .collect()
    }

    /// Puts a box elsewhere, as an undo does.
    pub(crate) fn put(&mut self, id: NodeId, pos: Pos2) {
        let found = self.boxes.iter_mut().find(|b| b.place.id == id);
        found.expect("a box of that id").place.pos = pos;
    }

    pub(crate) fn pos(&self, id: NodeId) -> Pos2 {
        self.named(id).place.pos
    }

    pub(crate) fn noted(mut self, text: &'static str, rect: Rect, frame: bool) -> Self {
        self.notes.push(NoteView {
            id: 1000 + self.notes.len() as u64,
            rect,
            text: text.into(),
            frame,
            hue: None,
            selected: false,
        });
        self
    }

    fn note(&mut self, id: u64) -> &mut NoteView<'static> {
        let mut notes = self.notes.iter_mut();
        notes
            .find(|note| note.id == id)
            .expect("the canvas speaks of notes it was given")
    }

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Select {
                nodes,
                wires,
                notes,
                how,
            } => {
                let choose = |was: bool, named: bool| match how {
                    How::Replace => named,
                    How::Add => was || named,
                    How::Toggle => was ^ named,
                };
                for b in &mut self.boxes {
                    b.place.selected = choose(b.place.selected, nodes.contains(&b.place.id));
                }
                for wire in &mut self.wires {
                    wire.selected = choose(wire.selected, wires.contains(&wire.id));
                }
                for note in &mut self.notes {
                    note.selected = choose(note.selected, notes.contains(&note.id));
                }
            }
            Event::ResizeNote { note, rect } => self.note(*note).rect = *rect,
            Event::EditNote { note, text } => self.note(*note).text = text.clone().into(),
            Event::Move {
                nodes,
                notes,
                delta,
            } => {
                for &id in notes {
                    let note = self.note(id);
                    note.rect = note.rect.translate(*delta);
                }
                for b in self
                    .boxes
                    .iter_mut()
                    .filter(|b| nodes.contains(&b.place.id))
                {
                    b.place.pos += *delta;
                }
            }
            Event::Connect {
                from,
                to,
                replacing,
                ..
            } => {
                self.wires.retain(|wire| Some(wire.id) != *replacing);
                self.add_wire(*from, *to);
            }
            Event::Disconnect { wires } => self.wires.retain(|wire| !wires.contains(&wire.id)),
            Event::Delete {
                nodes,
                wires,
                notes,
            } => {
                self.notes.retain(|note| !notes.contains(&note.id));
                self.boxes.retain(|b| !nodes.contains(&b.place.id));
                let gone = |pin: PinAddr| nodes.contains(&pin.node);
                self.wires
                    .retain(|w| !wires.contains(&w.id) && !gone(w.from) && !gone(w.to));
            }
            _ => {}
        }
    }
}

impl Model for Toy {
    fn nodes(&self) -> Vec<Place> {
        self.boxes.iter().map(|b| b.place).collect()
    }

    fn node(&self, id: NodeId) -> NodeView<'_> {
        let b = self.named(id);
        let pins = |side: Side, word: &str| -> Vec<PinView<'_>> {
            (0..b.place.pins[side as usize])
                .map(|index| {
                    let pin = PinAddr {
                        node: id,
                        side,
                        index,
                    };
                    let name = match (side, index) {
                        (Side::Input, 0) => "in".to_owned(),
                        (Side::Output, 0) => "out".to_owned(),
                        (_, index) => format!("{word} {}", index + 1),
                    };
                    PinView {
                        spoken: format!("{} {word} {name}", b.name).into(),
                        name: name.into(),
                        kind: b.kind,
                        connected: self.wires.iter().any(|w| w.from == pin || w.to == pin),
                        grows: false,
                    }
                })
                .collect()
        };
        NodeView {
            name: b.name.into(),
            spoken: format!("Filter {}", b.name).into(),
            inputs: pins(Side::Input, "input"),
            outputs: pins(Side::Output, "output"),
            ..Default::default()
        }
    }

    fn notes(&self) -> Vec<NoteView<'_>> {
        self.notes.clone()
    }

    fn wires(&self) -> Vec<WireEnds> {
        self.wires.clone()
    }

    fn wire(&self, id: WireId) -> WireView<'_> {
        let wire = self
            .wires
            .iter()
            .find(|wire| wire.id == id)
            .expect("the canvas asks for wires it was given");
        let (from, to) = (self.named(wire.from.node), self.named(wire.to.node));
        WireView {
            spoken: format!("Wire {} to {}", from.name, to.name).into(),
            ..Default::default()
        }
    }

    fn may_connect(&self, from: PinAddr, to: PinAddr) -> Verdict {
        *self.asked.borrow_mut().entry((from, to)).or_default() += 1;
        if self.named(from.node).kind == self.named(to.node).kind {
            Verdict::Fits {
                line: "48 000 Hz".to_owned(),
            }
        } else {
            Verdict::Refused {
                line: REFUSAL.to_owned(),
            }
        }
    }

    fn body_ui(&mut self, ui: &mut egui::Ui, id: NodeId) {
        *self.bodies.borrow_mut() += 1;
        ui.label(format!("body {id}"));
    }
}

/// A canvas with a toy on it, and everything it said.
pub(crate) struct Bench {
    pub(crate) toy: Toy,
    pub(crate) canvas: NodeGraph,
    pub(crate) look: Look,
    pub(crate) events: Vec<Event>,
    pub(crate) geometry: Option<Geometry>,
    pub(crate) in_hand: Option<InHand>,
}

/// Source and Sink of one kind, Alien of another; 1, 2, 3.
pub(crate) fn three() -> Toy {
    Toy::default()
        .with("Source", [32.0, 96.0], [0, 1], kind::AUDIO)
        .with("Sink", [320.0, 96.0], [1, 0], kind::AUDIO)
        .with("Alien", [320.0, 304.0], [1, 1], kind::MIDI)
}

pub(crate) fn bench(toy: Toy) -> Harness<'static, Bench> {
    let look = Look {
        fit_seconds: 0.0,
        move_seconds: 0.0,
        ..Theme::named(ThemeName::Dark).canvas_look()
    };
    let canvas = NodeGraph::new("bench");
    let bench = Bench {
        toy,
        canvas,
        look,
        events: Vec::new(),
        geometry: None,
        in_hand: None,
    };
    let mut harness = Harness::builder()
        .with_size(Vec2::new(900.0, 600.0))
        .with_step_dt(0.05)
        .with_context_setup(|ctx| Theme::install(ctx, ThemeName::Dark))
        .build_ui_state(
            |ui, bench: &mut Bench| {
                let output = bench.canvas.show(ui, &mut bench.toy, &bench.look);
                for event in &output.events {
                    bench.toy.apply(event);
                }
                bench.events.extend(output.events);
                (bench.geometry, bench.in_hand) = (Some(output.geometry), output.in_hand);
            },
            bench,
        );
    harness.run();
    // Toys are placed in screen points.
    let view = harness.state().canvas.view();
    harness.state_mut().canvas.set_view(View {
        scroll: view.origin.to_vec2(),
        ..view
    });
    harness.run();
    harness
}

/// Presses on one point, moves by several steps, holds still there.
pub(crate) fn pull(harness: &mut Harness<'static, Bench>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.step();
    harness.drag_at(from);
    harness.step();
    for i in 1..=4 {
        harness.hover_at(from.lerp(to, i as f32 / 4.0));
        harness.step();
    }
    harness.hover_at(to);
    harness.step();
}

pub(crate) fn drag(harness: &mut Harness<'static, Bench>, from: Pos2, to: Pos2) {
    pull(harness, from, to);
    harness.drop_at(to);
    harness.run();
}

pub(crate) fn rect(harness: &Harness<'static, Bench>, label: &str) -> Rect {
    harness.get_by_label(label).rect()
}

pub(crate) fn middle(harness: &Harness<'static, Bench>, label: &str) -> Pos2 {
    rect(harness, label).center()
}
