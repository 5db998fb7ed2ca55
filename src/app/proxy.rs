//! The raw door of the graph that is open: a filter of the document as an object that answers calls to the byte.
//!
//! A proxy is a look at the document as it is: it holds the values the graph holds and the pins its wires agreed. What a
//! call sets is handed to the program as an edit, so it can be undone and is heard; nothing else in the graph can be
//! changed through it but what the program can do by an action of its own: the state of the graph, the format of a wire.

use std::collections::BTreeMap;

use super::action::Action;
use super::view::View;
use crate::graph::{FilterPath, NodeKind, PinAddress};
use crate::ks::ids::Guid;
use crate::ks::{DataFlow, DataFormat, Descriptor, Settings, State, Status, Value};
use crate::raw::layout::Writer;
use crate::raw::{self, Host, Role, sets, verb};

/// Whom a call is about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Target {
    /// The filter.
    #[default]
    Filter,
    /// A pin factory, by its number.
    Factory(u32),
    /// A node, by its number.
    Node(u32),
    /// A pin that is open, by its place in [`Proxy::pins`].
    Pin(usize),
}

/// What is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Verb {
    /// Read.
    #[default]
    Get,
    /// Write.
    Set,
    /// Access, type, members.
    BasicSupport,
    /// The members that are defaults.
    DefaultValues,
}

impl Verb {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 4] = [
        Self::Get,
        Self::Set,
        Self::BasicSupport,
        Self::DefaultValues,
    ];

    const fn flags(self) -> u32 {
        match self {
            Self::Get => verb::GET,
            Self::Set => verb::SET,
            Self::BasicSupport => verb::BASICSUPPORT,
            Self::DefaultValues => verb::DEFAULTVALUES,
        }
    }
}

/// A call in parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// Whom it is about.
    pub target: Target,
    /// The set.
    pub set: Guid,
    /// The item.
    pub id: u32,
    /// What is done.
    pub verb: Verb,
    /// What a SET brings; behind the head of a GET otherwise.
    pub data: Vec<u8>,
    /// Room for the answer.
    pub room: usize,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// How it went.
    pub status: Status,
    /// Bytes written or needed.
    pub length: usize,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The same in words, where they say something.
    pub words: Option<String>,
}

/// A pin of the filter that a wire made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenPin {
    /// The factory's name, and the instance behind the first.
    pub name: String,
    handle: raw::Handle,
    /// Index of its wire in the agreement, and the format agreed on it.
    wire: usize,
    agreed: DataFormat,
    address: PinAddress,
    /// The state it was in when it was looked at.
    state: State,
}

/// A filter of the document as an object.
pub struct Proxy {
    host: Host,
    filter: raw::Handle,
    pins: Vec<OpenPin>,
    had_ended: bool,
}

impl View<'_> {
    /// The filter at `path` as an object; `None` where there is none that can be opened.
    pub fn proxy(&self, path: &FilterPath) -> Option<Proxy> {
        let NodeKind::Filter(node) = &self.document_graph().at(path)?.kind else {
            return None;
        };
        let mut host = Host::new(self.catalogue.clone(), self.facts.clone());
        let filter = host.open_with(&node.key, (*node.values).clone()).ok()?;
        let state = self.cells.map_or(State::Stop, |cells| cells.state());
        if let Some(clock) = self.graph_clock() {
            host.keep_time(clock.time.max(0) as u64, clock.latency - clock.time);
        }
        host.count_by(filter, self.synth(path).cloned());
        host.share_class(filter, self.class(path));
        // What does not run has no place that would last.
        host.load_into(filter, self.memory(path).cloned());
        let mut pins = vec![];
        for (index, wire) in self.wiring.wires.iter().enumerate() {
            let Ok(agreed) = &wire.outcome else { continue };
            for (end, flow) in [(&wire.from, DataFlow::Out), (&wire.to, DataFlow::In)] {
                if end.filter != *path {
                    continue;
                }
                let descriptor = host.descriptor(filter)?;
                let Some((factory, _)) = descriptor.pin(&end.pin) else {
                    continue;
                };
                let asks = agreed.is_push == (flow == DataFlow::Out);
                let role = if asks { Role::Source } else { Role::Sink };
                let values = (agreed.format.clone(), agreed.medium, agreed.interface);
                let state = self.pin_state(end).unwrap_or(state);
                let handle = host.adopt(filter, factory, role, values, state);
                let number = crate::engine::opened_number(factory, end.instance as usize);
                host.opened_before(handle, number);
                pins.push(OpenPin {
                    address: end.clone(),
                    state,
                    name: pin_name(end),
                    handle,
                    wire: index,
                    agreed: agreed.format.clone(),
                });
            }
        }
        Some(Proxy {
            host,
            filter,
            pins,
            had_ended: self.has_ended(),
        })
    }

    /// The filter of the document that a name of the registry leads to: the first of its kind.
    pub fn open_raw(&self, name: &str) -> Option<(FilterPath, Proxy)> {
        let mut host = Host::new(self.catalogue.clone(), self.facts.clone());
        let opened = host.open(name).ok()?;
        let key = host.descriptor(opened)?.key.to_string();
        let mut filters = self.wiring.filters.iter();
        let (path, _) = filters.find(|(_, it)| it.key == key)?;
        Some((path.clone(), self.proxy(path)?))
    }
}

fn pin_name(end: &PinAddress) -> String {
    match end.instance {
        0 => end.pin.clone(),
        instance => format!("{} {}", end.pin, instance + 1),
    }
}

impl Proxy {
    /// What it is.
    pub fn descriptor(&self) -> Option<&Descriptor> {
        self.host.descriptor(self.filter)
    }

    /// Its pins that are open.
    pub fn pins(&self) -> &[OpenPin] {
        &self.pins
    }

    /// The sets that a target answers, with their names.
    pub fn sets(&self, target: &Target) -> Vec<(&'static str, Guid)> {
        let own = self
            .descriptor()
            .map(|it| ("Its own", raw::set_of(&it.key)));
        let all = match target {
            Target::Pin(_) => vec![
                ("Connection", sets::CONNECTION),
                ("Stream", sets::STREAM),
                ("General", sets::GENERAL),
            ],
            Target::Factory(_) => return vec![("Pin", sets::PIN)],
            Target::Node(_) => vec![("Topology", sets::TOPOLOGY)],
            Target::Filter => vec![
                ("Pin", sets::PIN),
                ("Topology", sets::TOPOLOGY),
                ("General", sets::GENERAL),
            ],
        };
        let further = self.object(target).map(|it| self.host.further_sets(it));
        let further = further.into_iter().flatten();
        let named = further.map(|set| (sets::name(set).unwrap_or("Further"), set));
        own.into_iter().chain(all).chain(named).collect()
    }

    /// The object behind a target.
    fn object(&self, target: &Target) -> Option<raw::Handle> {
        match target {
            Target::Pin(index) => self.pins.get(*index).map(|pin| pin.handle),
            _ => Some(self.filter),
        }
    }

    /// The items of a set.
    pub fn items(&self, set: Guid) -> Vec<(u32, String)> {
        let listed = self.descriptor().map(|it| raw::items(set, it));
        let further = self.host.further_items(self.filter, set);
        listed.into_iter().flatten().chain(further).collect()
    }

    /// Asks.
    pub fn ask(&mut self, question: &Question) -> Reply {
        let object = self.object(&question.target);
        let own = self.descriptor().map(|it| raw::set_of(&it.key));
        let is_of_a_pin = matches!(question.target, Target::Pin(_)) && own != Some(question.set);
        let answer = match object {
            None => raw::Answer::status(Status::InvalidParameter),
            // Whoever made the pin gives it its allocator and its clock.
            Some(pin)
                if question.verb == Verb::Set
                    && is_of_a_pin
                    && !is_wish(question)
                    && !self.host.further_sets(pin).contains(&question.set) =>
            {
                raw::Answer::status(Status::InvalidDeviceRequest)
            }
            Some(object) => {
                let input = head(question, own);
                let is_set = question.verb == Verb::Set;
                let call = raw::Call {
                    input: &input,
                    data: if is_set { &question.data } else { &[] },
                    output: question.room,
                };
                self.host.property(object, call)
            }
        };
        let words = self.descriptor().and_then(|descriptor| {
            let flags = question.verb.flags();
            raw::read(descriptor, question.set, question.id, flags, &answer.data)
        });
        let words = answer.words.or(words);
        Reply {
            status: answer.status,
            length: answer.length,
            bytes: answer.data,
            words,
        }
    }

    /// What the calls so far have set, in respect to `values`: the edits to be made.
    pub fn changed(&self, values: &BTreeMap<String, Value>) -> Vec<(String, Value)> {
        let now = self.host.values(self.filter).into_iter().flatten();
        now.filter(|(key, value)| values.get(*key) != Some(value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// What the calls so far want of the program: the state a pin was to go to, alone where the graph is as far, with the
    /// graph where it is not; and the format it was to have, which is the whole wire's.
    pub fn wishes(&self, view: &View<'_>) -> Vec<Action> {
        let mut wishes = vec![];
        for pin in &self.pins {
            if let Some(state) = self.host.state(pin.handle).filter(|it| *it != pin.state) {
                let is_whole = state >= view.requested;
                wishes.push(Action::LimitPin {
                    pin: pin.address.clone(),
                    state: if is_whole { State::Run } else { state },
                });
                if state > view.requested {
                    wishes.push(Action::SetState(state));
                }
            }
            let format = self.host.agreed(pin.handle).map(|(format, ..)| format);
            let Some(format) = format.filter(|it| **it != pin.agreed) else {
                continue;
            };
            let wire = view.wiring.wires.get(pin.wire);
            let Some((connection, wire)) =
                wire.and_then(|wire| Some((view.connection_of(wire)?, wire)))
            else {
                continue;
            };
            let level = view.document_graph().graph_at(&wire.place);
            if let Some(drawn) = level.and_then(|it| it.connections.get(wire.index)) {
                let mut chosen = drawn.chosen.clone();
                chosen.format = Some(format.clone());
                wishes.push(Action::Choose { connection, chosen });
            }
        }
        wishes
    }

    /// The events that can be enabled: what it is called, and the object and number behind it.
    pub fn events(&self) -> Vec<(String, EventOf)> {
        const OF_A_CONNECTION: [&str; 5] = [
            "Position update",
            "Data discontinuity",
            "Time discontinuity",
            "Priority",
            "End of stream",
        ];
        let mut all = vec![("A control changed".to_owned(), EventOf { pin: None, id: 0 })];
        for (index, pin) in self.pins.iter().enumerate() {
            for (id, what) in (0..).zip(OF_A_CONNECTION) {
                let event = EventOf {
                    pin: Some(index),
                    id,
                };
                all.push((format!("{}: {what}", pin.name), event));
            }
        }
        all
    }

    /// Enables or disables an event.
    pub fn listen(&mut self, event: EventOf, on: bool) -> Status {
        let Some((object, set)) = self.object_of(event) else {
            return Status::InvalidParameter;
        };
        let tag = event.tag();
        if !on {
            return self.host.disable(object, Some(tag)).status;
        }
        let input = Writer::default().guid(set).u32(event.id).u32(1).0;
        let data = Writer::default().u64(1).u64(tag).u64(0).u64(0).0;
        let call = raw::Call {
            input: &input,
            data: &data,
            output: 0,
        };
        self.host.enable(object, call).status
    }

    fn object_of(&self, event: EventOf) -> Option<(raw::Handle, Guid)> {
        Some(match event.pin {
            None => (self.filter, sets::CONTROL_CHANGE_EVENTS),
            Some(index) => (self.pins.get(index)?.handle, sets::CONNECTION_EVENTS),
        })
    }

    /// Takes in what the document and the engine have come to since, and tells which events happened.
    pub fn follow(&mut self, view: &View<'_>, path: &FilterPath) -> Vec<EventOf> {
        const END_OF_STREAM: u32 = 4;
        if let Some(NodeKind::Filter(node)) = view.document_graph().at(path).map(|it| &it.kind)
            && let Some(descriptor) = self.descriptor()
        {
            let settings = Settings {
                values: &node.values,
                base: None,
            };
            let now: Vec<(&str, Value)> = descriptor
                .properties
                .iter()
                .map(|property| (property.key, settings.value(property)))
                .collect();
            for (key, value) in now {
                self.host.put(self.filter, key, &value);
            }
        }
        let has_ended = view.has_ended();
        if has_ended && !self.had_ended {
            for pin in self.pins.clone() {
                self.host
                    .fire(pin.handle, sets::CONNECTION_EVENTS, END_OF_STREAM);
            }
        }
        self.had_ended = has_ended;
        let fired = self.host.take_fired();
        fired.into_iter().map(|it| EventOf::of(it.tag)).collect()
    }
}

/// Whether a SET on a pin is one the program can carry out: its state, its priority, its format, or a question about one.
fn is_wish(question: &Question) -> bool {
    question.set == sets::CONNECTION && [0, 1, 2, 4].contains(&question.id)
}

/// One event of one object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EventOf {
    /// The open pin, or the filter.
    pub pin: Option<usize>,
    /// The number of the event in its set.
    pub id: u32,
}

impl EventOf {
    fn tag(self) -> u64 {
        let pin = self.pin.map_or(0, |index| index as u64 + 1);
        pin << 32 | u64::from(self.id)
    }

    fn of(tag: u64) -> Self {
        Self {
            pin: (tag >> 32).checked_sub(1).map(|index| index as usize),
            id: tag as u32,
        }
    }
}

/// Set, item, flags, and the pin or node behind them.
fn head(question: &Question, own: Option<Guid>) -> Vec<u8> {
    let is_own = own == Some(question.set);
    let of_a_node = matches!(question.target, Target::Node(_)) && is_own;
    let flags = question.verb.flags() | if of_a_node { verb::TOPOLOGY } else { 0 };
    let mut input = Writer::default()
        .guid(question.set)
        .u32(question.id)
        .u32(flags);
    if let Target::Factory(number) | Target::Node(number) = question.target {
        input = input.u32(number).u32(0);
    }
    let mut bytes = input.0;
    if question.verb != Verb::Set {
        bytes.extend(&question.data);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use crate::app::{Action, App, Options};
    use crate::graph::{FilterId, FilterPath, Position};
    use crate::ks::{State, Status, Value};
    use crate::raw;

    use super::{EventOf, Proxy, Question, Target, Verb};

    /// Two gains in a row behind a tone; the gains are filters 2 and 3.
    fn app() -> App {
        let mut app = App::new(Options::nominal(64));
        for key in ["tone", "gain", "gain"] {
            app.perform(Action::AddFilter {
                key: key.into(),
                at: Position::default(),
            });
        }
        let pin = |filter, pin: &str| crate::graph::PinAddress {
            filter: FilterPath::from(vec![FilterId(filter)]),
            pin: pin.into(),
            instance: 0,
        };
        for (from, to) in [(1, 2), (2, 3)] {
            app.perform(Action::Connect {
                from: pin(from, "out"),
                to: pin(to, "in"),
            });
        }
        app
    }

    fn first(id: u32) -> FilterPath {
        FilterPath::from(vec![FilterId(id)])
    }

    fn level(proxy: &Proxy, verb: Verb, data: Vec<u8>) -> Question {
        let set = raw::set_of(&proxy.descriptor().unwrap().key);
        Question {
            target: Target::Filter,
            set,
            id: 0,
            verb,
            data,
            room: usize::MAX,
        }
    }

    #[test]
    fn a_proxy_reads_what_the_graph_holds_and_sets_it_by_an_edit() {
        let mut app = app();
        app.perform(Action::SetProperty {
            filter: FilterId(2),
            key: "level".into(),
            value: Some(Value::Number(-6.0)),
        });
        let (reply, changed) = {
            let view = app.view();
            let mut proxy = view.proxy(&first(2)).unwrap();
            let question = level(&proxy, Verb::Get, vec![]);
            let reply = proxy.ask(&question);
            let question = level(&proxy, Verb::Set, (-12.0_f64).to_le_bytes().to_vec());
            assert_eq!(proxy.ask(&question).status, Status::Success);
            let values = [("level".to_owned(), Value::Number(-6.0))].into();
            (reply, proxy.changed(&values))
        };
        assert_eq!(reply.bytes, (-6.0_f64).to_le_bytes());
        assert_eq!(reply.words.as_deref(), Some("-6 dB"));
        assert_eq!(changed, [("level".to_owned(), Value::Number(-12.0))]);
    }

    #[test]
    fn a_name_of_the_registry_leads_to_the_filter_in_the_graph() {
        let app = app();
        let view = app.view();
        let (path, mut proxy) = view.open_raw("ks://data_transform/gain").unwrap();
        assert_eq!(path, first(2));
        assert_eq!(proxy.pins().len(), 2, "the pins its wires made");
        let state = Question {
            target: Target::Pin(0),
            set: raw::sets::CONNECTION,
            id: 2,
            verb: Verb::Get,
            data: vec![],
            room: usize::MAX,
        };
        let reply = proxy.ask(&state);
        assert_eq!(reply.words.as_deref(), Some("48\u{a0}000 Hz · 2 ch · f32"));
        let allocator = Question {
            set: raw::sets::STREAM,
            id: 0,
            verb: Verb::Set,
            data: vec![0; 8],
            ..state
        };
        assert_eq!(proxy.ask(&allocator).status, Status::InvalidDeviceRequest);
        assert!(view.open_raw("ks://render/default renderer").is_none());
        assert!(view.open_raw("ks://nowhere/nothing").is_none());
    }

    #[test]
    fn a_state_and_a_format_that_are_set_on_a_pin_become_actions() {
        let mut app = app();
        let set = |id, data: Vec<u8>| Question {
            target: Target::Pin(0),
            set: raw::sets::CONNECTION,
            id,
            verb: Verb::Set,
            data,
            room: usize::MAX,
        };
        let number = |state: State| (state as u32).to_le_bytes().to_vec();
        let slow = app.wiring.wires[0].outcome.as_ref().unwrap();
        let mut slow = slow.format.clone();
        slow.audio.as_mut().unwrap().rate_hz = 44_100;
        let wishes = {
            let view = app.view();
            let mut proxy = view.proxy(&first(2)).unwrap();
            assert_eq!(
                proxy.ask(&set(0, number(State::Stop))).status,
                Status::Success
            );
            assert!(proxy.wishes(&view).is_empty(), "it is in Stop: no news");
            let data = raw::layout::format(&slow);
            assert_eq!(proxy.ask(&set(2, data)).status, Status::Success);
            let wishes = proxy.wishes(&view);
            assert_eq!(
                proxy.ask(&set(0, number(State::Pause))).status,
                Status::Success
            );
            let states = proxy.wishes(&view);
            let is_pause = |it: &Action| matches!(it, Action::SetState(State::Pause));
            assert!(states.iter().any(is_pause), "{states:?}");
            let data = raw::layout::format(&slow);
            let above = proxy.ask(&set(2, data)).status;
            assert_eq!(above, Status::InvalidDeviceState, "ORD-4");
            wishes
        };
        for action in wishes {
            app.perform(action);
        }
        for wire in &app.wiring.wires {
            let agreed = wire.outcome.as_ref().unwrap();
            assert_eq!(agreed.format, slow, "the wire and all behind it");
        }
        app.perform(Action::Undo);
        let back = app.wiring.wires[0].outcome.as_ref().unwrap();
        assert_ne!(back.format, slow, "one step");
    }

    #[test]
    fn events_that_are_listened_to_fire_when_the_graph_changes() {
        let mut app = app();
        let mut proxy = app.view().proxy(&first(3)).unwrap();
        let event = EventOf { pin: None, id: 0 };
        let set = |app: &mut App, value| {
            app.perform(Action::SetProperty {
                filter: FilterId(3),
                key: "level".into(),
                value: Some(Value::Number(value)),
            });
        };
        set(&mut app, -3.0);
        assert_eq!(proxy.follow(&app.view(), &first(3)), [], "nobody listens");
        assert_eq!(proxy.listen(event, true), Status::Success);
        set(&mut app, -4.0);
        assert_eq!(proxy.follow(&app.view(), &first(3)), [event]);
        assert_eq!(proxy.follow(&app.view(), &first(3)), [], "once a change");
        app.perform(Action::Undo);
        assert_eq!(proxy.follow(&app.view(), &first(3)), [event], "undo too");
        assert_eq!(proxy.listen(event, false), Status::Success);
        set(&mut app, -5.0);
        assert_eq!(proxy.follow(&app.view(), &first(3)), []);
    }
}
