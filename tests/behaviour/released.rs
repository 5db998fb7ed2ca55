//! No note on without its note off: after any row of stops, runs, seeks, edits, values that change, filters that are held back,
//! ports that are pulled and panics, what nobody holds any longer is silent.

use std::sync::{Arc, Mutex};

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{FilterPath, Graph};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, KernelEvent, OpenError, Opened, Opening, PinFactory,
    Processor, State, time_from_sample,
};
use ksgraph::portcls;
use ksgraph::portcls::capture::Capture;
use ksgraph::portcls::{Ear, Link};
use proptest::prelude::*;

use crate::stage::{AUDIBLE, Stage, cut, even, hear, path, peak};

/// Somebody who plays whatever comes to hand: notes on eight channels of two groups, their ends sooner or later, and the
/// sustain pedal. What is held when the filter stops is forgotten, as on a keyboard that is switched off.
struct Keys;

const PINS: &[PinFactory] = &[PinFactory::output("notes", DataRange::EVENTS)];
static KEYS: Descriptor = Descriptor::new(
    "keys",
    "Keys",
    &[ksgraph::ks::ids::category::DATATRANSFORM],
    PINS,
    &[],
);

impl Filter for Keys {
    fn descriptor(&self) -> &Descriptor {
        &KEYS
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Hands {
            down: vec![],
            seed: 1,
        })
        .endless())
    }
}

struct Hands {
    down: Vec<(u16, u8, u8)>,
    seed: u64,
}

impl Hands {
    fn random(&mut self, below: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }
}

impl Processor for Hands {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        for at in (0..io.len as u64).step_by(240) {
            let time = time_from_sample(io.position + at, io.rate_hz);
            let (group, channel) = (1 + self.random(2) as u16, self.random(4) as u8);
            let (group, bytes) = match self.random(8) {
                0..4 => {
                    let key = 40 + self.random(40) as u8;
                    self.down.push((group, channel, key));
                    (group, [0x90 | channel, key, 100])
                }
                4..6 if !self.down.is_empty() => {
                    let at = self.random(self.down.len() as u64) as usize;
                    let (group, channel, key) = self.down.swap_remove(at);
                    (group, [0x80 | channel, key, 0])
                }
                6 => (group, [0xB0 | channel, 64, 127 * self.random(2) as u8]),
                _ => continue,
            };
            let mut event = KernelEvent::new(time, &bytes).unwrap();
            event.channel_group = group;
            io.outputs[0].payload.push_event(event);
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.down.clear();
        }
    }
}

/// A device that can be pulled, and the hands on it. Who pulls it lets no key go first.
#[derive(Default)]
struct Device {
    link: Arc<Link>,
    /// Whoever listens, since its filter was opened.
    ear: Option<Ear>,
    hands: Vec<(u8, u8)>,
    seed: u64,
}

impl Device {
    /// As many notes as a player gets done, into a ring that has room for them.
    fn play(&mut self, count: usize) {
        let Some(ear) = self.ear.as_mut().filter(|_| self.link.is_there()) else {
            return;
        };
        for _ in 0..count {
            self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005) | 1;
            let random = (self.seed >> 33) as usize;
            let (channel, key) = ((random % 4) as u8, 40 + (random / 4 % 40) as u8);
            match random / 256 % 8 {
                0..4 => {
                    self.hands.push((channel, key));
                    ear.hear(&[0x90 | channel, key, 100]);
                }
                4..6 if !self.hands.is_empty() => {
                    let (channel, key) = self.hands.swap_remove(random % self.hands.len());
                    ear.hear(&[0x80 | channel, key, 0]);
                }
                _ => ear.hear(&[0xB0 | channel, 64, (random % 2 * 127) as u8]),
            }
        }
    }

    fn plug(&mut self, is_there: bool) {
        self.link.set_there(is_there);
        self.hands.clear();
    }
}

/// The filter of that device.
struct Port(Arc<Mutex<Device>>);

static PORT: Descriptor = Descriptor::new(
    "port",
    "Port",
    &[ksgraph::ks::ids::category::CAPTURE],
    PINS,
    &[],
);

impl Filter for Port {
    fn descriptor(&self) -> &Descriptor {
        &PORT
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let mut device = self.0.lock().unwrap();
        let link = Arc::clone(&device.link);
        let (capture, entry) = Capture::live(opening, Some(Arc::clone(&link)));
        device.ear = Some(Ear::new(entry, Arc::clone(&opening.clock) as _, link));
        device.hands.clear();
        Ok(Opened::processor(capture).endless())
    }
}

/// What feeds notes, and where to.
const SOURCES: [(&str, &str); 5] = [
    ("one", "merge"),
    ("two", "merge"),
    ("three", "router"),
    ("four", "sequencer"),
    ("five", "tone"),
];
/// Wires further down.
const BETWEEN: [(&str, &str); 7] = [
    ("port", "merge"),
    ("merge", "transform"),
    ("transform", "arpeggiator"),
    ("arpeggiator", "tone"),
    ("router", "fm"),
    ("router", "sequencer"),
    ("sequencer", "fm"),
];
const FILTERS: &str = "one:keys -> merge:midi_merge; port:port -> merge; two:keys -> merge; hush:keyboard -> merge; three:keys -> router:midi_router; \
    four:keys -> sequencer:midi_sequencer; hush_too:keyboard -> sequencer; five:keys -> tone:tone_synth sustain=0; \
    merge -> transform:midi_transform -> arpeggiator:arpeggiator -> tone; \
    router -> fm:fm_synth program=Violin channel_groups=2; router -> sequencer; sequencer -> fm; \
    tone -> out:mixer -> sink:null_renderer; fm -> out";

#[derive(Clone, Copy, Debug)]
enum Act {
    State(State),
    Seek(u64),
    Wire(usize),
    /// One of the filters that notes go through goes no further than a state.
    Hold(usize, State),
    /// A value of the filter that changes notes, or of the one that sends them elsewhere.
    Set(usize, u16, f64),
    /// The device is pulled, or put in again.
    Plug(bool),
    Panic,
    Nothing,
}

/// Filters that notes go through.
const THROUGH: [&str; 5] = ["merge", "transform", "arpeggiator", "router", "sequencer"];
/// Values that make another note of a note, or none: which filter, the property's place and range. Of the first: transpose,
/// channel, lowest key, what passes of notes and of controllers. Of the second: where the first two channels go, and by which pins.
const VALUES: [(usize, u16, f64, f64); 9] = [
    (1, 0, -12.0, 12.0),
    (1, 5, 0.0, 16.0),
    (1, 6, 0.0, 100.0),
    (1, 10, 0.0, 1.0),
    (1, 11, 0.0, 1.0),
    (3, 0, 0.0, 15.0),
    (3, 1, 0.0, 4.0),
    (3, 2, 0.0, 15.0),
    (3, 3, 0.0, 4.0),
];

fn acts() -> impl Strategy<Value = Vec<(Act, usize)>> {
    let states = [State::Stop, State::Acquire, State::Pause, State::Run];
    let state = prop::sample::select(states.to_vec());
    let act = prop_oneof![
        2 => state.clone().prop_map(Act::State),
        2 => (0..200_000_u64).prop_map(Act::Seek),
        5 => (0..SOURCES.len() + BETWEEN.len()).prop_map(Act::Wire),
        2 => (0..5_usize, state).prop_map(|(which, state)| Act::Hold(which, state)),
        3 => (0..VALUES.len(), 0.0..1.0_f64).prop_map(|(which, part)| {
            let (filter, property, least, most) = VALUES[which];
            Act::Set(filter, property, (least + part * (most - least + 1.0)).floor().min(most))
        }),
        3 => prop::bool::ANY.prop_map(Act::Plug),
        1 => Just(Act::Panic),
        3 => Just(Act::Nothing),
    ];
    prop::collection::vec((act, 1..12_000_usize), 1..16)
}

fn stage(device: &Arc<Mutex<Device>>) -> Stage {
    let offline = Arc::new(portcls::Offline);
    let mut catalogue = ksgraph::filters::catalogue(Arc::clone(&offline) as _, offline);
    catalogue.register(Arc::new(Keys)).unwrap();
    catalogue
        .register(Arc::new(Port(Arc::clone(device))))
        .unwrap();
    Stage::over(catalogue)
}

/// The graph without some of its wires.
fn job(stage: &Stage, graph: &Graph, has: impl Fn(usize) -> bool) -> Job {
    let mut graph = graph.clone();
    for (index, (from, to)) in SOURCES.iter().chain(&BETWEEN).enumerate() {
        if !has(index) {
            cut(&mut graph, from, to);
        }
    }
    stage.job(&graph)
}

/// A filter goes no further than a state; one that leads nowhere is not open.
fn hold(offline: &mut Offline, filter: &FilterPath, state: State) {
    let open = offline.built.open.get(filter);
    if let Some(entry) = open.map(|it| it.entry) {
        let pin = None;
        offline.send(Message::Limit { entry, pin, state });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn evn_no_note_on_is_without_its_note_off_whatever_happens(acts in acts()) {
        let device = Arc::new(Mutex::new(Device::default()));
        let stage = stage(&device);
        device.lock().unwrap().plug(true);
        let graph = stage.graph(FILTERS);
        let whole = job(&stage, &graph, |_| true);
        let mut offline = Offline::rehearse(&stage.catalogue, &whole, 480);
        let sink = path(&graph, "sink");
        let mut wires = [true; SOURCES.len() + BETWEEN.len()];
        let before = hear(&mut offline, &sink, &even(24_000, 480));
        prop_assert!(peak(&before) > AUDIBLE, "there is something to be heard at first");
        for (act, len) in acts {
            match act {
                Act::State(state) => offline.send(Message::State(state)),
                Act::Seek(to) => offline.send(Message::Seek(to)),
                Act::Panic => offline.send(Message::Panic),
                Act::Nothing => {}
                Act::Wire(index) => {
                    wires[index] = !wires[index];
                    offline.change(&job(&stage, &graph, |it| wires[it]));
                }
                Act::Hold(which, state) => {
                    hold(&mut offline, &path(&graph, THROUGH[which]), state);
                }
                Act::Set(which, property, value) => {
                    let open = offline.built.open.get(&path(&graph, THROUGH[which]));
                    if let Some(entry) = open.map(|it| it.entry) {
                        offline.send(Message::Set { entry, property, value });
                    }
                }
                Act::Plug(is_there) => device.lock().unwrap().plug(is_there),
            }
            for part in even(len, 2_400) {
                device.lock().unwrap().play(3);
                hear(&mut offline, &sink, &even(part, 480));
            }
        }
        // Nobody plays any longer, and everything goes on. The device is pulled while keys are down on it.
        device.lock().unwrap().plug(false);
        offline.change(&job(&stage, &graph, |it| it >= SOURCES.len() && wires[it]));
        offline.send(Message::State(State::Run));
        hear(&mut offline, &sink, &even(9_600, 480));
        for name in THROUGH {
            hold(&mut offline, &path(&graph, name), State::Run);
        }
        hear(&mut offline, &sink, &even(8 * 48_000, 480));
        let rest = hear(&mut offline, &sink, &even(9_600, 480));
        prop_assert_eq!(peak(&rest), 0.0, "a note hangs");
    }
}

/// Found by the test above: what a filter had sent to the second group sounded on when it was held in Stop.
#[test]
fn evn_3_notes_of_every_group_end_when_who_sent_them_is_held_back() {
    let stage = stage(&Arc::default());
    let graph = stage.graph(FILTERS);
    let whole = job(&stage, &graph, |it| {
        it >= SOURCES.len() || SOURCES[it].0 == "four"
    });
    let mut offline = Offline::rehearse(&stage.catalogue, &whole, 480);
    let sink = path(&graph, "sink");
    let before = hear(&mut offline, &sink, &even(24_000, 480));
    assert!(peak(&before) > AUDIBLE);
    hold(&mut offline, &path(&graph, "sequencer"), State::Stop);
    hear(&mut offline, &sink, &even(4 * 48_000, 480));
    let rest = hear(&mut offline, &sink, &even(4_800, 480));
    assert_eq!(peak(&rest), 0.0, "a note hangs");
}
