//! The document on the canvas: how filters, pins and wires look, and what gestures mean.
//!
//! A box is a filter or a group of the graph shown; its id is the filter's, a wire's id is the index of its
//! connection, a pin's place is a row of `rows.rs`. What lasts from frame to frame is in `layout.rs`.

use std::borrow::Cow;
use std::rc::Rc;

use egui::{Color32, Rect, Ui, pos2, vec2};

use super::body::Bodies;
use super::icons::Icon;
use super::layout::{Boxed, Layout};
use super::node_graph::{
    Brief, Footer, Health, Model, NodeId, NodeView, NoteView, PinAddr, Place, Requests, Route,
    Side, Tag, Ticks, Verdict, WireEnds, WireId, WireState, WireView,
};
use super::rows::Row;
use super::screen::Command;
use super::signals::Signals;
use super::theme::Theme;
use super::words::{hue, instances_text, kind_word, mark, range_text, tag};
use crate::app::{FilterStatus, View, telling_time};
use crate::graph::{
    Connection, FilterId, FilterPath, Graph, Node, NoteKind, PinAddress, PinRef, Wire,
};
use crate::ks::{Descriptor, Kind, PinFactory, State};

/// What became of a connection.
pub(super) fn wire_of<'a>(view: &View<'a>, connection: usize) -> Option<&'a Wire> {
    view.wire(connection)
}

/// One box as it is drawn this frame.
pub(super) struct Drawn<'a> {
    pub(super) id: FilterId,
    pub(super) path: FilterPath,
    pub(super) node: &'a Node,
    /// As described; nothing for groups and filters that are not installed.
    pub(super) descriptor: Option<&'a Descriptor>,
    pub(super) place: Place,
}

/// The wire of an open refusal card.
pub(super) const NOT_MADE: WireId = WireId::MAX;

/// The document as the canvas asks for it.
pub(super) struct Scene<'a> {
    /// What the program shows of itself.
    pub(super) view: &'a View<'a>,
    layout: Rc<Layout>,
    signals: &'a Signals,
    bodies: &'a mut Bodies,
    /// A wire that was refused and is not made, while its card is open.
    refused: Option<(PinAddr, PinAddr)>,
    /// What bodies ask for.
    pub(super) commands: Vec<Command>,
    theme: &'static Theme,
}

impl<'a> Scene<'a> {
    /// Looks at everything once.
    pub(super) fn new(
        ui: &Ui,
        view: &'a View<'a>,
        signals: &'a Signals,
        bodies: &'a mut Bodies,
    ) -> Self {
        Self {
            view,
            layout: signals.layout(ui, view),
            signals,
            bodies,
            refused: None,
            commands: vec![],
            theme: Theme::of(ui.ctx()),
        }
    }

    /// Shows a wire that was tried, as one that cannot be.
    pub(super) fn show_refused(&mut self, from: &PinAddress, to: &PinAddress) {
        let (from, to) = (self.find(Side::Output, from), self.find(Side::Input, to));
        if let (Some(from), Some(to)) = (from, to) {
            self.refused = Some((from, to));
        }
    }

    /// The two pins of the wire that was tried.
    pub(super) fn refused(&self) -> Option<(PinAddr, PinAddr)> {
        self.refused
    }

    fn find(&self, side: Side, pin: &PinAddress) -> Option<PinAddr> {
        let reference = self.view.pin_ref(pin)?;
        let node = NodeId::from(reference.filter.0);
        let index = self.boxed(node)?.rows.index_of(side, &reference)?;
        Some(PinAddr { node, side, index })
    }

    fn boxed(&self, id: NodeId) -> Option<&Boxed> {
        self.layout.get(id)
    }

    /// The box of that id, with what is known of it.
    pub(super) fn get(&self, id: NodeId) -> Option<Drawn<'a>> {
        let it = self.boxed(id)?;
        Some(Drawn {
            id: it.id,
            path: it.path.clone(),
            node: self.view.graph.filters.get(&it.id)?,
            descriptor: self.view.described(&it.path),
            place: it.place,
        })
    }

    /// The row at that place.
    pub(super) fn row(&self, pin: PinAddr) -> Option<&Row> {
        self.boxed(pin.node)?.rows.side(pin.side).get(pin.index)
    }

    /// The pin at that place, as the program names it.
    pub(super) fn address(&self, pin: PinAddr) -> Option<PinAddress> {
        let row = self.row(pin)?;
        Some(PinAddress {
            filter: self.boxed(pin.node)?.path.clone(),
            pin: row.pin.clone(),
            instance: row.instance,
        })
    }

    /// The pin factory behind a pin.
    pub(super) fn factory(&self, pin: PinAddr) -> Option<&'a PinFactory> {
        let descriptor = self.get(pin.node)?.descriptor?;
        Some(descriptor.pin(&self.row(pin)?.pin)?.1)
    }

    /// The connections that end at a box, or at one pin of it.
    pub(super) fn wires_of(&self, node: NodeId, pin: Option<PinAddr>) -> Vec<usize> {
        let ends_here = |end: PinAddr| pin.map_or(end.node == node, |pin| end == pin);
        self.layout
            .wires
            .iter()
            .filter(|wire| ends_here(wire.from) || ends_here(wire.to))
            .map(|wire| wire.id as usize)
            .collect()
    }

    /// The name of a pin for screen readers.
    pub(super) fn spoken_pin(&self, pin: PinAddr) -> &str {
        self.row(pin).map_or("", |row| &row.spoken)
    }

    /// The name of a box for screen readers.
    pub(super) fn spoken_node(&self, id: NodeId) -> &str {
        self.boxed(id).map_or("", |it| &it.spoken)
    }

    /// The name of a wire for screen readers.
    pub(super) fn spoken_wire(&self, id: WireId) -> String {
        self.view
            .graph
            .connections
            .get(id as usize)
            .map_or_else(String::new, |connection| {
                wire_text(self.view.graph, connection, "Wire ", " to ")
            })
    }
}

/// `Gain out → Meter in`, with other words around.
pub(super) fn wire_text(
    graph: &Graph,
    connection: &Connection,
    before: &str,
    between: &str,
) -> String {
    let end = |pin: &PinRef| {
        let name = graph
            .filters
            .get(&pin.filter)
            .map_or("?", |node| node.name.as_str());
        format!("{name} {}", pin.pin)
    };
    format!(
        "{before}{}{between}{}",
        end(&connection.from),
        end(&connection.to)
    )
}

/// What a filter's cycle costs, in words, and its share of the cycle between 10 ns and all of it.
fn cost(view: &View<'_>, path: &FilterPath) -> Option<(String, f32, String)> {
    let (nanos, latency) = view.cost(path)?;
    let cycle = f64::from(view.quantum as u32) * 1e9 / f64::from(view.wiring.rate_hz.max(1));
    let share = (f64::from(nanos).max(10.0) / 10.0).ln() / (cycle.max(100.0) / 10.0).ln();
    Some((
        format!("{} ns", crate::ks::grouped(nanos)),
        share.clamp(0.0, 1.0) as f32,
        format!("{} smp", crate::ks::grouped(latency as u32)),
    ))
}

/// The hue that a frame's colour names; another name is the usual one.
fn named_hue(theme: &Theme, name: &str) -> Option<Color32> {
    Some(match name {
        "teal" => theme.audio,
        "violet" => theme.midi,
        "blue" => theme.events,
        "amber" => theme.clock,
        "grey" => theme.control,
        "orange" => theme.warn,
        "red" => theme.error,
        "lime" => theme.accent,
        _ => return None,
    })
}

impl Scene<'_> {
    fn status(&self, it: &Boxed) -> FilterStatus {
        match it.inside {
            Some(_) if self.view.described(&it.path).is_none() => {
                FilterStatus::Ready(self.view.requested)
            }
            _ => self.view.status(&it.path),
        }
    }

    /// By how much a box made a cycle late a moment ago.
    fn late(&self, it: &Boxed) -> Option<u64> {
        let is_filter = it.inside.is_none();
        is_filter.then(|| self.view.lately(&it.path)).flatten()
    }

    /// The queue of a wire, and its rest: what waits there, and whether nothing moves on it.
    fn show_held(&self, wire: &Wire, tag: &mut Tag<'_>, shown: &mut WireView<'_>) {
        let now = self.state();
        let states = [&wire.from, &wire.to].map(|pin| self.view.pin_state(pin));
        if self.view.is_lost(&wire.to.filter) {
            shown.state = WireState::EndMissing;
            shown.standing = lost_words(self.view, &wire.to.filter).into();
        } else if now == State::Run && states.contains(&Some(State::Stop)) {
            shown.state = WireState::Resting;
        }
        let Some(held) = self.view.held(&wire.from, &wire.to) else {
            return;
        };
        let few = |count: u32| count.min(16) as u8;
        if held.frames > 0 && (held.held > 0 || held.is_waiting) {
            tag.ticks = Some(Ticks {
                waiting: few(held.held),
                total: few(held.frames),
            });
            let words = if held.is_waiting { "waiting" } else { "late" };
            let standing = format!(
                "{}, {} of {} frames {words}",
                shown.standing, held.held, held.frames
            );
            shown.standing = standing.into();
        }
    }

    fn state(&self) -> State {
        self.view.cells.map_or(State::Stop, |cells| cells.state())
    }
}

/// How a box fares, and how many of its pips are lit.
fn health(status: &FilterStatus, now: State) -> (Health, u8) {
    match status {
        FilterStatus::Missing => (Health::Missing, 0),
        FilterStatus::Faulty(_) => (Health::Faulty, 0),
        FilterStatus::Bypassed(_) => (Health::Bypassed, now as u8),
        FilterStatus::Disabled => (Health::Disabled, 0),
        FilterStatus::Idle(_) => (Health::Fine, 0),
        FilterStatus::Ready(state) => (Health::Fine, (*state).min(now) as u8),
    }
}

/// What became of the device of a filter that has none.
fn lost_words(view: &View<'_>, path: &FilterPath) -> &'static str {
    match view.had_device(path) {
        true => "its device is gone",
        false => "waits for a device",
    }
}

/// Why a filter is not in the state of the graph.
fn held_words(view: &View<'_>, path: &FilterPath, state: State) -> String {
    if view.is_lost(path) {
        return lost_words(view, path).to_owned();
    }
    match view.limit(path) {
        State::Run => format!("its pins are held in {}", state.name()),
        _ => format!("held in {}", state.name()),
    }
}

/// What a box says of quality: that less is asked of it, or that it is in want of frames.
fn quality_words(view: &View<'_>, path: &FilterPath) -> Option<String> {
    if let Some((level @ 1.., words)) = view.degraded(path) {
        return Some(format!("under load, level {level}: {words}"));
    }
    let quality = view.quality(path).filter(|it| it.is_poor())?;
    Some(crate::app::quality_words(quality))
}

/// How a box stands, as a screen reader says it after its name.
fn standing(status: &FilterStatus, lit: u8) -> Cow<'static, str> {
    match status {
        FilterStatus::Missing => "not installed".into(),
        FilterStatus::Faulty(why) => format!("muted: {why}").into(),
        FilterStatus::Idle(why) | FilterStatus::Bypassed(why) => why.clone().into(),
        FilterStatus::Disabled => "disabled".into(),
        FilterStatus::Ready(_) => {
            ["stopped", "acquired", "paused", "running"][usize::from(lit.min(3))].into()
        }
    }
}

impl Model for Scene<'_> {
    fn nodes(&self) -> Vec<Place> {
        self.layout.places()
    }

    fn revision(&self) -> Option<u64> {
        // A wire that is not made is there as long as its card.
        self.refused.is_none().then_some(self.layout.revision)
    }

    fn brief(&self, id: NodeId) -> Brief {
        let Some(it) = self.boxed(id) else {
            return Brief::default();
        };
        let (mut health, lit) = health(&self.status(it), self.state());
        if health == Health::Fine && self.late(it).is_some() {
            health = Health::Late;
        }
        let first = |rows: &[Row]| rows.first().map(|row| row.view().kind);
        Brief {
            health,
            lit,
            kinds: [first(&it.rows.inputs), first(&it.rows.outputs)],
        }
    }

    fn node(&self, id: NodeId) -> NodeView<'_> {
        let (Some(it), Some(drawn)) = (self.boxed(id), self.get(id)) else {
            return NodeView::default();
        };
        let status = self.status(it);
        let (mut health, lit) = health(&status, self.state());
        let late = self.late(it).filter(|_| health == Health::Fine);
        if late.is_some() {
            health = Health::Late;
        }
        let state = standing(&status, lit);
        let footer = match status {
            FilterStatus::Missing => Some(Footer::Words("not installed, wires kept".into())),
            FilterStatus::Faulty(why) => Some(Footer::Words(why.into())),
            FilterStatus::Idle(why) => {
                // The box has its name above already.
                let own = why.strip_prefix(drawn.node.name.as_str());
                let words = own
                    .and_then(|rest| rest.strip_prefix(" is "))
                    .unwrap_or(&why);
                Some(Footer::Words(words.to_owned().into()))
            }
            FilterStatus::Bypassed(words) => Some(Footer::Words(words.into())),
            FilterStatus::Disabled => Some(Footer::Words("disabled".into())),
            FilterStatus::Ready(state) if state < self.state() => {
                Some(Footer::Words(held_words(self.view, &it.path, state).into()))
            }
            FilterStatus::Ready(_) if late.is_some() => late.map(|nanos| {
                let times = match self.view.worst(&it.path).map_or(1, |worst| worst.1) {
                    0 | 1 => "once".to_owned(),
                    count => format!("{} times", crate::ks::grouped(count)),
                };
                let words = format!("late by {}, {times}", telling_time(nanos));
                Footer::Words(words.into())
            }),
            FilterStatus::Ready(_) if quality_words(self.view, &it.path).is_some() => {
                let words = quality_words(self.view, &it.path);
                words.map(|words| Footer::Words(words.into()))
            }
            FilterStatus::Ready(_) => {
                cost(self.view, &it.path).map(|(left, share, right)| Footer::Cost {
                    left: left.into(),
                    share,
                    right: right.into(),
                })
            }
        };
        let plays = self.view.play_mode == Some(&it.path);
        NodeView {
            name: Cow::Borrowed(&drawn.node.name),
            spoken: Cow::Borrowed(&it.spoken),
            state,
            mark: Some(match drawn.descriptor {
                Some(descriptor) => mark(descriptor).strokes(),
                None if it.inside.is_some() => Icon::Group.strokes(),
                None => Icon::Missing.strokes(),
            }),
            lit,
            health,
            inputs: it.rows.inputs.iter().map(Row::view).collect(),
            outputs: it.rows.outputs.iter().map(Row::view).collect(),
            footer,
            inside: it.inside.as_deref().map(Cow::Borrowed),
            ring: plays.then_some((self.theme.accent, Cow::Borrowed("playing"))),
        }
    }

    fn notes(&self) -> Vec<NoteView<'_>> {
        let notes = self.view.graph.notes.iter();
        notes
            .map(|(id, note)| NoteView {
                id: NodeId::from(id.0),
                rect: Rect::from_min_size(
                    pos2(note.position.x, note.position.y),
                    vec2(note.size.width, note.size.height),
                ),
                text: Cow::Borrowed(&note.text),
                frame: note.kind != NoteKind::Comment,
                hue: match &note.kind {
                    NoteKind::Frame { colour } => named_hue(self.theme, colour),
                    NoteKind::Comment => None,
                },
                selected: self.view.selection.notes.contains(id),
            })
            .collect()
    }

    fn wires(&self) -> Vec<WireEnds> {
        let mut wires = self.layout.wires.clone();
        wires.extend(self.refused.map(|(from, to)| WireEnds {
            id: NOT_MADE,
            from,
            to,
            selected: false,
            route: Route::Curve,
        }));
        wires
    }

    fn wire(&self, id: WireId) -> WireView<'_> {
        if let Some((from, _)) = self.refused.filter(|_| id == NOT_MADE) {
            return WireView {
                spoken: Cow::Borrowed("Refused wire"),
                kind: hue(self.row(from).map_or(Kind::Control, |row| row.kind)),
                strands: 2,
                state: WireState::Refused,
                ..WireView::default()
            };
        }
        let index = id as usize;
        let Some(connection) = self.view.graph.connections.get(index) else {
            return WireView::default();
        };
        let ends = self.layout.ends(index);
        let from_kind = ends
            .and_then(|wire| self.row(wire.from))
            .map_or(Kind::Control, |row| row.kind);
        let mut shown = WireView {
            spoken: wire_text(self.view.graph, connection, "Wire ", " to ").into(),
            kind: hue(from_kind),
            strands: 2,
            feedback: ends.is_some_and(|wire| wire.route == Route::Below),
            ..WireView::default()
        };
        let at = self.layout.wire_at(index);
        let found = at.and_then(|at| Some((at, self.view.wiring.wires.get(at)?)));
        let Some((at, wire)) = found else {
            shown.state = WireState::EndMissing;
            shown.standing = "one end is missing".into();
            return shown;
        };
        match &wire.outcome {
            Err(refusal) => {
                shown.state = WireState::Refused;
                shown.standing = refusal.sentence().into();
            }
            Ok(agreement) => {
                shown.standing = agreement.format.to_string().into();
                let runs = self.state() != State::Stop;
                shown.kind = hue(agreement.format.kind());
                shown.strands = agreement
                    .format
                    .audio
                    .map_or(1, |audio| audio.channels.min(9) as u16);
                shown.state = match () {
                    () if agreement.medium.is_hard_wired() => WireState::HardWired,
                    () if !runs => WireState::Resting,
                    () => WireState::Agreed,
                };
                shown.requests = if agreement.is_push {
                    Requests::WithData
                } else {
                    Requests::AgainstData
                };
                let mut words = tag(&agreement.format);
                if let Some((latency, waits)) = self.view.latency(&wire.from, &wire.to)
                    && latency + waits > 0
                    && !self.view.preferences.glass_wires
                {
                    let rate = f64::from(self.view.wiring.rate_hz.max(1));
                    let millis = (latency + waits) as f64 * 1000.0 / rate;
                    words.aside = format!("{millis:.1} ms").into();
                }
                self.show_held(wire, &mut words, &mut shown);
                let signal = self.signals.of(self.view, at, wire);
                shown.level = signal.brightness;
                shown.beads = signal.beads;
                if self.view.preferences.glass_wires && !agreement.medium.is_hard_wired() {
                    let glass = self.signals.glass(self.view, at, wire);
                    shown.is_worried = glass.is_worried;
                    if !glass.words.is_empty() {
                        let said = glass.words.join(", ");
                        shown.standing = format!("{}, {said}", shown.standing).into();
                        words.chief = glass.chief;
                        words.figures = glass.words.into_iter().map(Cow::Owned).collect();
                    }
                }
                shown.tag = Some(words);
            }
        }
        shown
    }

    fn may_connect(&self, from: PinAddr, to: PinAddr) -> Verdict {
        let (Some(from), Some(to)) = (self.address(from), self.address(to)) else {
            return Verdict::Refused {
                line: String::new(),
            };
        };
        match self.view.would_connect(&from, &to) {
            Ok(agreement) => Verdict::Fits {
                line: agreement.format.to_string(),
            },
            Err(refusal) => Verdict::Refused {
                line: refusal.sentence(),
            },
        }
    }

    fn body_ui(&mut self, ui: &mut Ui, id: NodeId) {
        let Some(it) = self.get(id) else {
            return;
        };
        self.bodies.ui(ui, self.view, &it, &mut self.commands);
    }

    fn pin_standing(&self, pin: PinAddr) -> String {
        let wires = self.wires_of(pin.node, Some(pin));
        let carried = wires
            .first()
            .map(|&wire| self.wire(wire as WireId).standing);
        let carried = carried.filter(|it| !it.is_empty());
        let limits = |pin: PinAddress| {
            let filter = self.view.limit(&pin.filter);
            self.view.pin_limit(&pin).min(filter)
        };
        let held = self.address(pin).map(limits);
        let held = held.filter(|state| *state != State::Run);
        let held = held.map(|state| format!("held in {}", state.name()));
        let words = carried.into_iter().map(Cow::into_owned).chain(held);
        words.collect::<Vec<_>>().join(", ")
    }

    fn pin_tip(&self, pin: PinAddr) -> String {
        // A card is open: nothing more over it.
        let Some(row) = self.row(pin).filter(|_| self.refused.is_none()) else {
            return String::new();
        };
        let mut lines = vec![format!("{} ({})", row.label, kind_word(row.kind))];
        match self.factory(pin) {
            None => lines.push("known only by its wire".into()),
            Some(factory) if factory.is_bridge() => {
                lines.push("a jack: leaves the graph, takes no wire".into());
            }
            Some(factory) => {
                lines.extend(factory.ranges.iter().take(4).map(range_text));
                lines.push(format!("requests: {}", factory.communication.name()));
                lines.push(instances_text(factory));
            }
        }
        lines.join("\n")
    }
}
