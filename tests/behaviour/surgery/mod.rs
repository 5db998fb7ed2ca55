//! Surgical states: a filter or a pin held back while the rest runs. Here lives what the cases share: holding back,
//! hearing, and a source that counts what it was asked for.

mod carry_over;
mod pausing;
mod random;
mod refusing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ksgraph::engine::{Held, Limits, Message, Offline, Report};
use ksgraph::graph::{Graph, PinAddress};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    Communication, DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory,
    Processor, State, Status,
};

use crate::stage::{
    AUDIBLE, Stage, assert_same_bits, even, hear, largest_step, path, peak, uneven,
};

/// What is held back at a sample: a filter, or one of its pins, by name.
type Cut<'a> = (usize, &'a str, Option<&'a str>, State);

/// Frames of a push wire until another count is agreed, and samples of each.
const FRAMES: usize = 2;
const FRAME: usize = 480;

fn entry(offline: &Offline, graph: &Graph, name: &str) -> u32 {
    offline.built.open[&path(graph, name)].entry
}

/// Tells the engine how far a filter or its pin may go.
fn limit(offline: &mut Offline, stage: &Stage, graph: &Graph, cut: &Cut<'_>) {
    let (_, name, pin, state) = cut;
    let id = path(graph, name);
    let key = &graph.filter(*id.0.last().unwrap()).unwrap().key;
    let descriptor = stage.catalogue.get(key).unwrap().descriptor().clone();
    let pin = pin.map(|pin| {
        let (factory, instance) = pin.split_once('#').unwrap_or((pin, "0"));
        let (factory, _) = descriptor.pin(factory).unwrap();
        (factory as u16, instance.parse().unwrap())
    });
    let entry = entry(offline, graph, name);
    let state = *state;
    offline.send(Message::Limit { entry, pin, state });
}

/// Runs a graph with states changed on the way; what `sink` took.
fn play(
    offline: &mut Offline,
    stage: &Stage,
    graph: &Graph,
    sink: &str,
    cuts: &[Cut<'_>],
    lens: &[usize],
) -> Vec<Vec<f32>> {
    let sink = path(graph, sink);
    let mut heard: Vec<Vec<f32>> = vec![];
    let (mut at, mut next) = (0, 0);
    for &len in lens {
        let mut left = len;
        while left > 0 {
            while let Some(cut) = cuts.get(next).filter(|cut| cut.0 == at) {
                limit(offline, stage, graph, cut);
                next += 1;
            }
            let until = cuts.get(next).map_or(left, |cut| left.min(cut.0 - at));
            let more = hear(offline, &sink, &[until]);
            heard.resize(more.len(), vec![]);
            for (list, samples) in heard.iter_mut().zip(more) {
                list.extend(samples);
            }
            at += until;
            left -= until;
        }
    }
    assert_eq!(next, cuts.len(), "every change was made");
    heard
}

fn held(offline: &Offline, graph: &Graph, from: (&str, &str), to: (&str, &str)) -> Held {
    let pin = |(name, pin): (&str, &str)| {
        let (pin, instance) = pin.split_once('#').unwrap_or((pin, "0"));
        PinAddress {
            filter: path(graph, name),
            pin: pin.into(),
            instance: instance.parse().unwrap(),
        }
    };
    let wire = offline.built.map.wire(&pin(from), &pin(to)).unwrap();
    let states = offline.built.states.as_ref().unwrap();
    states.held(wire, offline.cells().cycles())
}

fn state(offline: &Offline, graph: &Graph, name: &str, pin: &str) -> State {
    let pin = PinAddress {
        filter: path(graph, name),
        pin: pin.into(),
        instance: 0,
    };
    let states = offline.built.states.as_ref().unwrap();
    states.state(offline.built.map.pin(&pin).unwrap())
}

/// A rising source that may say of its frames that they are dropped upon Pause.
struct Flushing(AtomicU32);

static FLUSHING: Descriptor = Descriptor::new("flushing", "Flushing", AUDIO, PUSHED, &[]);

impl Filter for Flushing {
    fn descriptor(&self) -> &Descriptor {
        &FLUSHING
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let flags = self.0.load(Ordering::SeqCst);
        Ok(Opened::processor(Rises { flags, at: 0 }).endless())
    }
}

struct Rises {
    flags: u32,
    at: usize,
}

impl Processor for Rises {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let rising = rising(self.at + 1, io.len);
        self.at += io.len;
        let output = &mut io.outputs[0];
        output.header.flags = self.flags;
        for channel in output.channels_mut() {
            channel.copy_from_slice(&rising);
        }
        Flow::Running
    }
}

/// A rising source that counts what it was asked for. `pull`: its output waits to be asked.
struct Counted {
    descriptor: Descriptor,
    made: Arc<AtomicU64>,
}

const PUSHED: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const PULLED: &[PinFactory] =
    &[PinFactory::output("out", DataRange::FLOAT).communication(Communication::Sink)];
const AUDIO: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];

impl Counted {
    fn new(key: &'static str, pins: &'static [PinFactory]) -> (Self, Arc<AtomicU64>) {
        let made = Arc::new(AtomicU64::new(0));
        let descriptor = Descriptor::new(key, key, AUDIO, pins, &[]);
        let counted = Self {
            descriptor,
            made: Arc::clone(&made),
        };
        (counted, made)
    }
}

impl Filter for Counted {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let made = Arc::clone(&self.made);
        Ok(Opened::processor(Counting { made, at: 0 }).endless())
    }
}

struct Counting {
    made: Arc<AtomicU64>,
    at: u64,
}

impl Processor for Counting {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        assert_eq!(io.position, self.at, "its time stands still while it waits");
        for channel in io.outputs[0].channels_mut() {
            for (sample, at) in channel.iter_mut().zip(self.at + 1..) {
                *sample = at as f32 * 1e-6;
            }
        }
        self.at += io.len as u64;
        self.made.store(self.at, Ordering::SeqCst);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            self.at = 0;
        }
    }
}

/// The stage with both of them, and what they made.
fn counting_stage() -> (Stage, Arc<AtomicU64>, Arc<AtomicU64>) {
    let (pushed, push) = Counted::new("pushed", PUSHED);
    let (pulled, pull) = Counted::new("pulled", PULLED);
    let mut stage = Stage::new();
    stage.catalogue.register(Arc::new(pushed)).unwrap();
    stage.catalogue.register(Arc::new(pulled)).unwrap();
    (stage, push, pull)
}

/// `1 2 3 ...` in millionths, so many, from `first` on.
fn rising(first: usize, count: usize) -> Vec<f32> {
    (first..first + count).map(|n| n as f32 * 1e-6).collect()
}
