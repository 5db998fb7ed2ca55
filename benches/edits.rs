//! What a graph costs between an edit and the plan that is handed to the engine: agreed, built and swapped, from nothing
//! and after one edit, for graphs of several shapes. `cargo bench --bench edits`, or some: `-- chain fan`, `-- 1000`. And how long
//! a turn of the audio thread lasts at most when the edit comes to it while the graph plays: one in the middle of the longest of
//! several edits.
//!
//! The edit takes one gain out of the middle and joins its neighbours, or puts it back. Times are the quickest of several.

use std::time::{Duration, Instant};

use ksgraph::engine::{Driver, Engine, Job, Message, Offline, Report};
use ksgraph::graph::{
    Connection, Edit, FilterId, FilterNode, Graph, Group, GroupPin, Negotiator, Node, NodeKind,
    PinRef, Position, apply,
};
use ksgraph::ks::{Catalogue, Facts, State, Value};

const QUANTUM: usize = 64;
/// Filters of a graph.
const COUNTS: [u32; 3] = [1_000, 10_000, 30_000];
/// How deep the groups of `deep` nest.
const DEPTH: u32 = 30;

type Failed = Box<dyn std::error::Error>;
type Make = fn(u32) -> Sketch;

const SHAPES: [(&str, Make); 9] = [
    ("chain", chain),
    ("branches", branches),
    ("voices", voices),
    ("fan", fan),
    ("readers", readers),
    ("deep", deep),
    ("late", late),
    ("bypassed", bypassed),
    ("apart", apart),
];

fn main() -> Result<(), Failed> {
    let offline = std::sync::Arc::new(ksgraph::portcls::Offline);
    let catalogue = ksgraph::filters::catalogue(offline.clone(), offline);
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let shapes: Vec<&str> = SHAPES.iter().map(|it| it.0).collect();
    let is_shape = |it: &&String| shapes.contains(&it.as_str());
    let is_asked =
        |name: &str| !asked.iter().any(|it| is_shape(&it)) || asked.iter().any(|it| it == name);
    let numbers: Vec<u32> = asked.iter().filter_map(|it| it.parse().ok()).collect();
    for (name, make) in SHAPES {
        for count in COUNTS {
            if is_asked(name) && (numbers.is_empty() || numbers.contains(&count)) {
                edits(&catalogue, name, make(count))?;
            }
        }
    }
    Ok(())
}

/// A graph that is put together without asking whether it may be.
#[derive(Default)]
struct Sketch {
    graph: Graph,
    /// The gain that goes and comes again.
    gain: Option<FilterId>,
}

impl Sketch {
    fn add(&mut self, key: &str) -> FilterId {
        self.put(key, &[])
    }

    fn put(&mut self, key: &str, values: &[(&str, f64)]) -> FilterId {
        let values = values.iter();
        let values = values.map(|(key, value)| ((*key).to_owned(), Value::Number(*value)));
        let node = FilterNode {
            key: key.to_owned(),
            values: values.collect(),
            ..FilterNode::default()
        };
        self.put_in(NodeKind::Filter(node))
    }

    fn put_in(&mut self, kind: NodeKind) -> FilterId {
        let id = FilterId(self.graph.next_id + 1);
        self.graph.next_id = id.0;
        let node = Node {
            name: format!("{id}"),
            position: Position::default(),
            kind,
        };
        self.graph.filters.insert(id, node.into());
        id
    }

    fn tone(&mut self) -> FilterId {
        self.put("tone", &[("channels", 1.0)])
    }

    /// Each has a level of its own.
    fn gain(&mut self) -> FilterId {
        let level = -0.001 * f64::from(self.graph.next_id % 1_000);
        self.put("gain", &[("level", level)])
    }

    fn wire(&mut self, from: (FilterId, u32), to: (FilterId, u32)) {
        self.graph.connections.push(wire(from, to).into());
    }

    /// Filters in a row behind one.
    fn row(&mut self, first: FilterId, keys: impl Iterator<Item = &'static str>) -> FilterId {
        keys.fold(first, |last, key| {
            let next = match key {
                "gain" => self.gain(),
                key => self.add(key),
            };
            self.wire((last, 0), (next, 0));
            next
        })
    }

    /// The gain in the middle is the one that is edited.
    fn ready(mut self) -> Self {
        let is_gain = |node: &Node| matches!(&node.kind, NodeKind::Filter(it) if it.key == "gain");
        let gains = self.graph.filters.iter().filter(|it| is_gain(it.1));
        let gains: Vec<FilterId> = gains.map(|it| *it.0).collect();
        self.gain = gains.get(gains.len() / 2).copied();
        self
    }
}

fn wire((from, output): (FilterId, u32), (to, input): (FilterId, u32)) -> Connection {
    let pin = |filter, pin: &str, instance| PinRef {
        filter,
        pin: pin.into(),
        instance,
    };
    Connection {
        from: pin(from, "out", output),
        to: pin(to, "in", input),
        chosen: Default::default(),
    }
}

/// A tone through gains.
fn chain(count: u32) -> Sketch {
    let mut it = Sketch::default();
    let tone = it.tone();
    let last = it.row(tone, (2..count).map(|_| "gain"));
    it.row(last, ["null_renderer"].into_iter());
    it.ready()
}

/// Sixteen branches of a tone, a gain and equalisers into a mixer.
fn branches(count: u32) -> Sketch {
    let mut it = Sketch::default();
    let mixer = it.add("mixer");
    it.row(mixer, ["null_renderer"].into_iter());
    for branch in 0..16 {
        let tone = it.tone();
        let row = (2..count / 16).map(|_| "equaliser");
        let last = it.row(tone, std::iter::once("gain").chain(row));
        it.wire((last, 0), (mixer, branch));
    }
    it.ready()
}

/// Tones, each through a gain, into one mixer.
fn voices(count: u32) -> Sketch {
    let mut it = Sketch::default();
    let mixer = it.add("mixer");
    it.row(mixer, ["null_renderer"].into_iter());
    for voice in 0..count / 2 {
        let tone = it.tone();
        let gain = it.row(tone, ["gain"].into_iter());
        it.wire((gain, 0), (mixer, voice));
    }
    it.ready()
}

/// A splitter, a gain behind each of its outputs, and a mixer that takes them.
fn fan(count: u32) -> Sketch {
    let mut it = Sketch::default();
    let tone = it.tone();
    let splitter = it.row(tone, ["splitter"].into_iter());
    let mixer = it.add("mixer");
    it.row(mixer, ["null_renderer"].into_iter());
    for output in 0..count {
        let gain = it.gain();
        it.wire((splitter, output), (gain, 0));
        it.wire((gain, 0), (mixer, output));
    }
    it.ready()
}

/// A splitter with a renderer at each of its outputs.
fn readers(count: u32) -> Sketch {
    let mut it = Sketch::default();
    let tone = it.tone();
    let splitter = it.row(tone, ["gain", "splitter"].into_iter());
    for output in 0..count {
        let sink = it.add("null_renderer");
        it.wire((splitter, output), (sink, 0));
    }
    it.ready()
}

/// Groups in groups, the gains of each in front of the group inside it.
fn deep(count: u32) -> Sketch {
    let mut inner: Option<(Sketch, Vec<FilterId>)> = None;
    for level in (0..DEPTH).rev() {
        let mut it = Sketch::default();
        let first = match level {
            0 => it.tone(),
            _ => it.gain(),
        };
        let last = it.row(first, (0..count / DEPTH).map(|_| "gain"));
        let last = match inner.take() {
            None => last,
            Some((inner, ends)) => {
                let pin = |name: &str, at: usize| GroupPin {
                    name: name.to_owned(),
                    inner: PinRef {
                        filter: ends[at],
                        pin: name.to_owned(),
                        instance: 0,
                    },
                };
                let group = Group {
                    pins: vec![pin("in", 0), pin("out", 1)],
                    graph: inner.graph,
                    ..Group::default()
                };
                let group = it.put_in(NodeKind::Group(Box::new(group)));
                it.wire((last, 0), (group, 0));
                group
            }
        };
        if level == 0 {
            it.row(last, ["null_renderer"].into_iter());
        }
        inner = Some((it, vec![first, last]));
    }
    inner.map(|it| it.0).unwrap_or_default().ready()
}

/// Branches of which every second one is late, so that the others wait for it.
fn late(count: u32) -> Sketch {
    let mut it = Sketch::default();
    it.graph.timing.compensates = true;
    let mixer = it.add("mixer");
    it.row(mixer, ["null_renderer"].into_iter());
    for branch in 0..count / 2 {
        let tone = it.tone();
        let next = if branch % 2 == 0 { "limiter" } else { "gain" };
        let last = it.row(tone, [next].into_iter());
        it.wire((last, 0), (mixer, branch));
    }
    it.ready()
}

/// A chain in which every second gain is bypassed.
fn bypassed(count: u32) -> Sketch {
    let mut it = chain(count);
    for (id, node) in &mut it.graph.filters {
        if let NodeKind::Filter(filter) = &mut node.kind
            && filter.key == "gain"
        {
            filter.is_bypassed = id.0 % 4 == 1;
        }
    }
    it
}

/// Chains of ten that know nothing of each other.
fn apart(count: u32) -> Sketch {
    let mut it = Sketch::default();
    for _ in 0..count / 10 {
        let tone = it.tone();
        it.row(
            tone,
            [&["gain"; 8][..], &["null_renderer"]].concat().into_iter(),
        );
    }
    it.ready()
}

/// Milliseconds of the quickest of several runs.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn quickest(runs: usize, mut work: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..runs {
        let began = Instant::now();
        work();
        best = best.min(began.elapsed().as_secs_f64() * 1e3);
    }
    best
}

/// Kilobytes of the program that are in memory; 0 where that cannot be had.
fn resident() -> f64 {
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|it| it.split(' ').nth(1)?.parse::<f64>().ok());
    pages.unwrap_or_default() * 4.0
}

/// One turn of the audio thread: how many milliseconds, and whether a plan was put in place.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn turn(engine: &mut Engine, driver: &mut Driver) -> (f64, bool) {
    let began = Instant::now();
    let sleep = driver.turn();
    let took = began.elapsed().as_secs_f64() * 1e3;
    let mut reports = std::iter::from_fn(|| engine.report());
    let is_there = reports.any(|report| matches!(report, Report::Swapped(..)));
    // As long as the audio thread would, so that cycles fall due one by one; plans are looked for in each millisecond.
    std::thread::sleep(sleep.unwrap_or_default().min(Duration::from_millis(1)));
    (took, is_there)
}

/// The longest turn of the audio thread about an edit of a graph that plays: the middle one of several edits.
fn longest_turn(catalogue: &Catalogue, graphs: [&Graph; 2]) -> Result<f64, Failed> {
    let mut negotiator = Negotiator::default();
    let (mut engine, mut driver) = Engine::by_hand(catalogue.clone(), QUANTUM)?;
    let mut longest = vec![];
    for edit in 0..6 {
        negotiator.agree(graphs[edit % 2], catalogue, &Facts::nominal(), None);
        engine.submit(Job {
            wiring: (*negotiator).clone(),
            ..Job::default()
        });
        // Until it is in place, and so many turns more, in which it fades.
        let (mut left, mut most) = (None, 0.0_f64);
        while left != Some(0) {
            let (took, is_there) = turn(&mut engine, &mut driver);
            most = most.max(took);
            left = left.map(|left| left - 1).or(is_there.then_some(60));
        }
        match edit {
            // The first only begins.
            0 => {
                engine.send(Message::State(State::Run));
                for _ in 0..200 {
                    turn(&mut engine, &mut driver);
                }
            }
            _ => longest.push(most),
        }
    }
    longest.sort_by(f64::total_cmp);
    Ok(longest[longest.len() / 2])
}

fn edits(catalogue: &Catalogue, name: &str, sketch: Sketch) -> Result<(), Failed> {
    let gain = sketch.gain.ok_or("no gain to edit")?;
    let graph = sketch.graph;
    // The gain goes, and its neighbours are joined.
    let mut edited = graph.clone();
    let ends = |is_in: bool| {
        let wires = graph.connections.iter();
        let mut here = wires.filter(|it| if is_in { it.to.filter } else { it.from.filter } == gain);
        here.next().cloned().ok_or("the gain has no wire")
    };
    let (before, behind) = (ends(true)?, ends(false)?);
    apply(&mut edited, Edit::Remove(vec![gain]))?;
    let joined = wire(
        (before.from.filter, before.from.instance),
        (behind.to.filter, behind.to.instance),
    );
    apply(&mut edited, Edit::Connect(joined))?;

    let facts = Facts::nominal();
    let job = |negotiator: &Negotiator| Job {
        wiring: (**negotiator).clone(),
        ..Job::default()
    };
    let empty = resident();
    let mut kept = None;
    let mut first_built = f64::INFINITY;
    let mut first_agreed = f64::INFINITY;
    // What is short is often disturbed.
    let rounds = (24_000 / graph.filters.len().max(1)).clamp(3, 24);
    for _ in 0..rounds {
        // What was agreed before goes while nobody looks.
        kept = None;
        first_agreed = first_agreed.min(quickest(1, || {
            let mut negotiator = Negotiator::default();
            negotiator.agree(&graph, catalogue, &facts, None);
            kept = Some(negotiator);
        }));
    }
    let mut negotiator = kept.take().ok_or("nothing is agreed")?;
    let mut offline = None;
    for _ in 0..rounds {
        let first = job(&negotiator);
        offline = None;
        first_built = first_built.min(quickest(1, || {
            offline = Some(Offline::rehearse(catalogue, &first, QUANTUM));
        }));
    }
    let mut offline = offline.ok_or("nothing is built")?;
    let took = resident() - empty;
    let (mut agreed, mut built) = (f64::INFINITY, f64::INFINITY);
    for round in 0..2 * rounds.max(4) {
        let now = if round % 2 == 0 { &edited } else { &graph };
        let mut next = None;
        agreed = agreed.min(quickest(1, || {
            negotiator.agree(now, catalogue, &facts, None);
            next = Some(job(&negotiator));
        }));
        let next = next.ok_or("nothing is agreed")?;
        // Nothing runs, so what fades is over at once.
        built = built.min(quickest(1, || offline.change(&next)));
        offline.reports().for_each(drop);
    }
    let open = offline.built.open.len();
    drop(offline);
    let turn = longest_turn(catalogue, [&graph, &edited])?;
    let count = negotiator.filters.len();
    println!(
        "{name:>9} {count:>6}: from nothing {first_agreed:>7.2} agreed {first_built:>7.2} built; an edit {agreed:>7.2} agreed \
         {built:>7.2} built = {:>7.2} ms, {turn:.2} ms at most for the audio thread; {:.1} KB a filter ({open} open{})",
        agreed + built,
        took / count as f64,
        if negotiator.is_agreed() {
            ""
        } else {
            ", not all agreed"
        },
    );
    Ok(())
}
