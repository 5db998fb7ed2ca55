//! A stage for the engine: graphs from a line of text, played by hand, and filters that tell what they saw or that
//! misbehave on purpose.
//!
//! Does not know what any built-in filter does. `tone frequency=440 -> a:gain level=-6 -> null_renderer; a -> ...`:
//! statements are parted by `;`, a filter is `name:key` or a key that is its own name, a name that was used before is
//! that filter again, and every wire takes the first free pin.

#![allow(
    dead_code,
    reason = "two test programs use this file, each a part of it"
)]

mod card;
mod doubles;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use ksgraph::engine::{Job, Offline};
use ksgraph::graph::{
    Connection, Edit, FilterId, FilterPath, Graph, NodeKind, PinRef, Position, apply, from_ron,
    negotiate,
};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    Catalogue, DataFlow, DataFormat, DataRange, Descriptor, Facts, FileFact, Filter, Flow, Io,
    KernelEvent, OpenError, Opened, Opening, PinFactory, Processor, Property, State, Value,
};
use ksgraph::portcls;

pub(crate) use card::ByHand;
pub(crate) use doubles::{Recording, Tools};

use doubles::*;

/// The rate of every graph here.
pub(crate) const RATE_HZ: u32 = 48_000;
/// -60 dBFS.
pub(crate) const AUDIBLE: f32 = 0.001;

/// Numbers that processors note down without allocating.
pub(crate) struct Ledger {
    notes: Box<[AtomicU32]>,
    count: AtomicUsize,
}

impl Ledger {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            notes: (0..1 << 16).map(|_| AtomicU32::new(0)).collect(),
            count: AtomicUsize::new(0),
        })
    }

    fn note(&self, number: u32) {
        let at = self.count.fetch_add(1, Ordering::SeqCst);
        if let Some(note) = self.notes.get(at) {
            note.store(number, Ordering::SeqCst);
        }
    }

    /// Everything noted since it was asked last.
    pub(crate) fn take(&self) -> Vec<u32> {
        let count = self.count.swap(0, Ordering::SeqCst);
        assert!(count <= self.notes.len(), "the ledger is full");
        self.notes[..count]
            .iter()
            .map(|note| note.load(Ordering::SeqCst))
            .collect()
    }
}

/// A catalogue with every built-in filter and those below, and what they noted.
pub(crate) struct Stage {
    pub(crate) catalogue: Catalogue,
    pub(crate) facts: Facts,
    /// The lengths of cycles that `probe` saw.
    pub(crate) lens: Arc<Ledger>,
    /// The steps that `probe` took, as `id * 4 + state`.
    pub(crate) steps: Arc<Ledger>,
    /// What `recorder` heard.
    pub(crate) recorded: Recording,
    /// What `faulty` works with.
    pub(crate) tools: Arc<Tools>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let offline = Arc::new(portcls::Offline);
        Self::over(ksgraph::filters::catalogue(
            Arc::clone(&offline) as _,
            offline,
        ))
    }

    pub(crate) fn over(mut catalogue: Catalogue) -> Self {
        let (lens, steps) = (Ledger::new(), Ledger::new());
        let probe = Probe {
            lens: Arc::clone(&lens),
            steps: Arc::clone(&steps),
        };
        let (recorded, tools) = (Recording::default(), Arc::new(Tools::default()));
        let own: [Arc<dyn Filter>; 7] = [
            Arc::new(probe),
            Arc::new(Count),
            Arc::new(Recorder(Arc::clone(&recorded))),
            Arc::new(Faulty(Arc::clone(&tools))),
            Arc::new(Unopenable),
            Arc::new(Pair),
            Arc::new(SlopeSource),
        ];
        for filter in own {
            catalogue.register(filter).unwrap();
        }
        Self {
            catalogue,
            facts: Facts::nominal_at(RATE_HZ),
            lens,
            steps,
            recorded,
            tools,
        }
    }

    /// A graph from text; see the top of the file.
    #[track_caller]
    pub(crate) fn graph(&self, text: &str) -> Graph {
        let mut graph = Graph {
            rate_hz: RATE_HZ,
            ..Graph::default()
        };
        self.add(&mut graph, text);
        graph
    }

    /// Adds filters and wires to a graph.
    #[track_caller]
    pub(crate) fn add(&self, graph: &mut Graph, text: &str) {
        for statement in text.split(';') {
            let mut last = None;
            for part in statement.split("->") {
                let mut words = part.split_whitespace();
                let word = words.next().expect("a filter between the arrows");
                let (name, key) = word.split_once(':').unwrap_or((word, word));
                let id = graph.find(name).unwrap_or_else(|| {
                    let edit = Edit::add_filter(graph, key, name, Position::default());
                    apply(graph, edit).unwrap();
                    graph.find(name).unwrap()
                });
                for word in words {
                    let (key, value) = word.split_once('=').expect("key=value");
                    set(graph, name, key, value);
                }
                if let Some(from) = last.replace(id) {
                    let connection = Connection {
                        from: self.free_pin(graph, from, DataFlow::Out),
                        to: self.free_pin(graph, id, DataFlow::In),
                        chosen: Default::default(),
                    };
                    apply(graph, Edit::Connect(connection)).unwrap();
                }
            }
        }
    }

    fn free_pin(&self, graph: &Graph, filter: FilterId, data_flow: DataFlow) -> PinRef {
        let key = &graph.filter(filter).unwrap().key;
        let kind = self.catalogue.get(key);
        let pins = &kind.unwrap_or_else(|| panic!("no {key}")).descriptor().pins;
        let free = pins
            .iter()
            .filter(|pin| pin.data_flow == data_flow && !pin.is_bridge())
            .find_map(|pin| {
                let possible = pin.instances.possible;
                let instance = graph.free_instance(filter, &pin.name, possible)?;
                Some(PinRef {
                    filter,
                    pin: pin.name.to_string(),
                    instance,
                })
            });
        free.unwrap_or_else(|| panic!("{key} has no free pin"))
    }

    /// What the engine is asked to play. Every wire must be agreed.
    #[track_caller]
    pub(crate) fn job(&self, graph: &Graph) -> Job {
        let wiring = negotiate(graph, &self.catalogue, &self.facts, None);
        for wire in &wiring.wires {
            if let Err(refusal) = &wire.outcome {
                panic!("{} refused: {refusal:?}", wiring.pin_text(&wire.from));
            }
        }
        Job {
            wiring,
            ..Job::default()
        }
    }

    /// What the engine is asked to play for an example: with the files it names, and a note held on its keyboards.
    /// `None` when it is not agreed.
    pub(crate) fn example_job(&self, graph: &Graph) -> Option<Job> {
        let mut facts = self.facts.clone();
        for node in graph.filters.values() {
            if let NodeKind::Filter(filter) = &node.kind
                && let Some(Value::Text(path)) = filter.values.get("path")
            {
                let path = folder().join(path);
                let Ok(file) = hound::WavReader::open(&path) else {
                    continue;
                };
                let spec = file.spec();
                let (bits, channels) = (u32::from(spec.bits_per_sample), u32::from(spec.channels));
                let format = DataFormat::pcm(bits, channels, spec.sample_rate);
                let frames = u64::from(file.duration());
                facts.files.insert(
                    path,
                    FileFact::Wave {
                        format,
                        frames,
                        about: Box::default(),
                    },
                );
            }
        }
        let wiring = negotiate(graph, &self.catalogue, &facts, Some(&folder()));
        wiring.is_agreed().then(|| Job {
            wiring,
            base: Some(folder()),
            feeds: feeds(graph, &held_note(500)),
            ..Job::default()
        })
    }

    /// What the graph sounds like at its only null renderer, cut as told.
    #[track_caller]
    pub(crate) fn render(&self, text: &str, lens: &[usize]) -> Vec<Vec<f32>> {
        let graph = self.graph(text);
        let max_len = lens.iter().copied().max().unwrap_or(1);
        let mut offline = Offline::new(&self.catalogue, &self.job(&graph), max_len);
        assert!(offline.built.failures.is_empty());
        hear(&mut offline, &path(&graph, "null_renderer"), lens)
    }
}

/// Random numbers from a seed.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below
    }

    pub(crate) fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())]
    }
}

/// The folder of the example graphs.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("graphs")
}

/// Examples that hear what the machine hears, which is nothing here; one of them writes a file.
const HEARING: [&str; 2] = ["microphone", "recorder"];

/// Every example graph that makes its own sound, by name.
pub(crate) fn examples() -> Vec<(String, Graph)> {
    let files = std::fs::read_dir(folder()).unwrap();
    let mut examples: Vec<(String, Graph)> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "ron"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let graph = from_ron(&std::fs::read(&path).unwrap(), &name)
                .unwrap()
                .graph;
            (name, graph)
        })
        .filter(|(name, _)| !HEARING.contains(&name.as_str()))
        .collect();
    examples.sort_by(|one, other| one.0.cmp(&other.0));
    examples
}

/// How many of them play as they stand; one fails on purpose.
pub(crate) const AGREED_EXAMPLES: usize = 7;

/// The path of a filter of the outermost graph.
#[track_caller]
pub(crate) fn path(graph: &Graph, name: &str) -> FilterPath {
    let id = graph.find(name);
    FilterPath::from(vec![id.unwrap_or_else(|| panic!("no filter {name}"))])
}

/// Sets a property from text: a number, `true` or `false`, or a word; in quotes always a word.
#[track_caller]
pub(crate) fn set(graph: &mut Graph, name: &str, key: &str, text: &str) {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    let number = number.map(Value::Number);
    let flag = text.parse().map(Value::Flag).ok();
    let value = number
        .or(flag)
        .unwrap_or_else(|| Value::Text(text.trim_matches('\'').to_owned()));
    let edit = Edit::SetProperty {
        filter: graph.find(name).unwrap(),
        key: key.to_owned(),
        value: Some(value),
    };
    apply(graph, edit).unwrap();
}

/// Takes away the wires between two filters.
#[track_caller]
pub(crate) fn cut(graph: &mut Graph, from: &str, to: &str) {
    let (from, to) = (graph.find(from).unwrap(), graph.find(to).unwrap());
    let wire = graph
        .connections
        .iter()
        .position(|wire| wire.from.filter == from && wire.to.filter == to);
    apply(graph, Edit::Disconnect(wire.expect("a wire to cut"))).unwrap();
}

/// Runs a cycle of each length; what the sink at `path` took, a list a channel.
#[track_caller]
pub(crate) fn hear(offline: &mut Offline, path: &FilterPath, lens: &[usize]) -> Vec<Vec<f32>> {
    let mut heard: Vec<Vec<f32>> = vec![];
    for &len in lens {
        offline.cycle(len).unwrap();
        let Some((wave, _)) = offline.heard(path) else {
            // Silence stands for a sink that is not wired.
            heard.iter_mut().for_each(|channel| {
                let until = channel.len() + len;
                channel.resize(until, 0.0);
            });
            continue;
        };
        heard.resize(heard.len().max(wave.channel_count()), vec![]);
        for (list, samples) in heard.iter_mut().zip(wave.channels()) {
            list.extend_from_slice(samples);
        }
    }
    heard
}

/// As many lengths of `len` as make `total`, the last one shorter.
pub(crate) fn even(total: usize, len: usize) -> Vec<usize> {
    let mut lens = vec![len; total / len];
    lens.extend(Some(total % len).filter(|rest| *rest > 0));
    lens
}

/// Lengths from 1 to `most` that make `total`, in an order given by `seed`.
pub(crate) fn uneven(total: usize, most: usize, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut lens = vec![];
    let mut left = total;
    while left > 0 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let len = (1 + (state >> 33) as usize % most).min(left);
        lens.push(len);
        left -= len;
    }
    lens
}

/// Bit for bit, with the first difference named.
#[track_caller]
pub(crate) fn assert_same_bits(one: &[Vec<f32>], other: &[Vec<f32>], what: &str) {
    assert_eq!(one.len(), other.len(), "{what}: channels");
    for (channel, (one, other)) in one.iter().zip(other).enumerate() {
        assert_eq!(one.len(), other.len(), "{what}: length");
        let differs = one
            .iter()
            .zip(other)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        if let Some(at) = differs {
            panic!(
                "{what}: channel {channel}, sample {at}: {} and {}",
                one[at], other[at]
            );
        }
    }
}

/// The largest absolute sample.
pub(crate) fn peak(heard: &[Vec<f32>]) -> f32 {
    let all = heard.iter().flatten();
    all.fold(0.0, |peak, sample| peak.max(sample.abs()))
}

/// The largest step from one sample to the next, and where it is.
pub(crate) fn largest_step(samples: &[f32]) -> (f32, usize) {
    let steps = samples
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .enumerate();
    steps.fold(
        (0.0, 0),
        |most, (at, step)| {
            if step > most.0 { (step, at) } else { most }
        },
    )
}

/// A feed that holds a key down from the first sample on.
pub(crate) fn held_note(millis: i64) -> Arc<[KernelEvent]> {
    let on = KernelEvent::new(0, &[0x90, 69, 100]).unwrap();
    let off = KernelEvent::new(millis * 10_000, &[0x80, 69, 0]).unwrap();
    Arc::from([on, off])
}

/// The filters of a graph that take a feed.
pub(crate) fn feeds(
    graph: &Graph,
    events: &Arc<[KernelEvent]>,
) -> BTreeMap<FilterPath, Arc<[KernelEvent]>> {
    let nodes = graph.filters.iter();
    nodes
        .filter(|(_, node)| {
            matches!(&node.kind, NodeKind::Filter(filter)
                if matches!(filter.key.as_str(), "keyboard" | "midi_device_in"))
        })
        .map(|(id, _)| (FilterPath::from(vec![*id]), Arc::clone(events)))
        .collect()
}

const TEST: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
const IN: PinFactory = PinFactory::input("in", DataRange::FLOAT);
const OUT: PinFactory = PinFactory::output("out", DataRange::FLOAT).in_place_of("in");
const THROUGH: &[PinFactory] = &[IN, OUT];
