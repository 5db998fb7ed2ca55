//! Quality by rule id: what sinks report, who is asked for less and when, and that nothing is ever asked of what is
//! rendered. The machine is simulated; nothing waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ksgraph::engine::{Message, Offline, Report};
use ksgraph::graph::Graph;
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    Property, Quality, State, Strategy, ValueSlot,
};

use super::machine::{Machine, Script};
use super::stage::{Stage, assert_same_bits, hear, path};

/// Takes as much of the machine's time in a cycle as it is told, and a quarter less for each level.
struct Burner {
    nanos: &'static AtomicU64,
    /// The level it was asked for last, and how often it was asked.
    asked: Arc<(AtomicU32, AtomicU32)>,
}

const MILLIS: Property = Property::number("millis", "Milliseconds a cycle", 0.0, 1_000.0, 0.0);
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO];
static BURNER: Descriptor = Descriptor::new("burner", "Burner", CATEGORIES, PINS, &[MILLIS])
    .degrades(
        Strategy::Computation,
        ["a quarter", "half", "three quarters"],
    );

impl Filter for Burner {
    fn descriptor(&self) -> &Descriptor {
        &BURNER
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Burning {
            millis: opening.slot(&MILLIS),
            nanos: self.nanos,
            level: 0,
            asked: Arc::clone(&self.asked),
        }))
    }
}

struct Burning {
    millis: ValueSlot,
    nanos: &'static AtomicU64,
    level: u8,
    asked: Arc<(AtomicU32, AtomicU32)>,
}

impl Processor for Burning {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let share = 1.0 - f64::from(self.level) / 4.0;
        let nanos = self.millis.get(io.values) * 1e6 * share;
        self.nanos.fetch_add(nanos as u64, Ordering::AcqRel);
        Flow::Running
    }

    fn degrade(&mut self, level: u8) {
        self.level = level;
        self.asked.0.store(level.into(), Ordering::Release);
        self.asked.1.fetch_add(1, Ordering::AcqRel);
    }
}

const CARD: Script = Script {
    name: "one",
    ppm: 0.0,
    period: 240,
    jitter: 0.0,
};
/// Five milliseconds.
const QUANTUM: usize = 240;
const ALONE: &str = "tone -> burner -> a:audio_device_out device=one";

type Asked = Arc<(AtomicU32, AtomicU32)>;

fn machine(text: &str) -> (Machine, Graph, Asked) {
    let asked = Asked::default();
    let burner = Arc::clone(&asked);
    let mut machine = Machine::with(QUANTUM, &[CARD], |nanos| {
        vec![Arc::new(Burner {
            nanos,
            asked: burner,
        })]
    });
    let graph = machine.play(text);
    machine.pass(0.5);
    machine.said.clear();
    (machine, graph, asked)
}

/// Sets the burner's cost.
fn burn(machine: &mut Machine, graph: &Graph, millis: f64) {
    let entry = machine.open[&path(graph, "burner")].entry;
    machine.engine.send(Message::Set {
        entry,
        property: 0,
        value: millis,
    });
}

/// What was said of quality since it was asked last, with the place of who said it.
fn reports(machine: &mut Machine) -> Vec<(Option<u32>, Quality, u64)> {
    let said = machine.said.iter().filter_map(|it| match it {
        Report::Quality {
            entry,
            quality,
            position,
        } => Some((*entry, *quality, *position)),
        _ => None,
    });
    said.collect()
}

/// Levels that were asked for since it was asked last.
fn levels(machine: &mut Machine) -> Vec<u8> {
    let said = machine.said.iter().filter_map(|it| match it {
        Report::Degraded { level, .. } => Some(*level),
        _ => None,
    });
    said.collect()
}

#[test]
fn quality_management() {
    let (mut machine, graph, asked) = machine(ALONE);
    assert_eq!(
        (reports(&mut machine), levels(&mut machine)),
        (vec![], vec![])
    );
    // Three times what fits.
    burn(&mut machine, &graph, 15.0);
    machine.pass(1.0);
    let said = reports(&mut machine);
    let card = machine.open[&path(&graph, "a")].entry;
    let (who, quality, _) = said[0];
    assert_eq!(who, Some(card), "the sink says it");
    assert!((250..=500).contains(&quality.proportion), "{quality:?}");
    assert!((90_000..110_000).contains(&quality.delta), "{quality:?}");
    assert_eq!(
        levels(&mut machine)[0],
        1,
        "and a filter in front of it is asked"
    );
    assert!(asked.0.load(Ordering::Acquire) >= 1);
    let entry = machine.open[&path(&graph, "burner")].entry;
    let shown = machine.engine.cells().degraded(entry);
    assert_eq!(u32::from(shown), asked.0.load(Ordering::Acquire));
}

#[test]
fn qua_5_less_is_asked_step_by_step_until_it_fits_and_taken_back_late() {
    let (mut machine, graph, asked) = machine(ALONE);
    // At level 2 half of it is left, and that fits.
    burn(&mut machine, &graph, 9.0);
    machine.pass(6.0);
    assert_eq!(levels(&mut machine), [1, 2]);
    machine.said.clear();
    machine.pass(30.0);
    assert_eq!(
        levels(&mut machine),
        [0; 0],
        "nine tenths are no room for more"
    );
    burn(&mut machine, &graph, 1.0);
    machine.pass(2.0);
    assert_eq!(levels(&mut machine), [0; 0], "not at once");
    machine.pass(8.0);
    assert_eq!(levels(&mut machine), [1, 0]);
    assert_eq!(asked.0.load(Ordering::Acquire), 0);
    let last = reports(&mut machine).last().copied();
    assert!(last.is_none_or(|it| !it.1.is_poor()), "{last:?}");
}

#[test]
fn one_late_cycle_costs_nobody_anything() {
    let (mut machine, graph, asked) = machine(ALONE);
    for _ in 0..5 {
        burn(&mut machine, &graph, 15.0);
        machine.pass(0.005);
        burn(&mut machine, &graph, 0.0);
        machine.pass(3.0);
    }
    assert!(!reports(&mut machine).is_empty(), "it is told");
    assert_eq!(asked.1.load(Ordering::Acquire), 0);
}

#[test]
fn qua_6_a_gap_is_told_at_once_and_nobody_more_often_than_ten_times_a_second() {
    let (mut machine, graph, asked) = machine(ALONE);
    let before = machine.engine.cells().position();
    machine.sleep(0.2);
    machine.pass(0.02);
    let said = reports(&mut machine);
    assert!(said.len() == 1 && said[0].1.is_poor(), "{said:?}");
    assert!(
        said[0].2 - before < 4_800,
        "within less than the usual time"
    );
    assert_eq!(
        asked.1.load(Ordering::Acquire),
        0,
        "no work, so less work is no help"
    );
    machine.pass(1.0);
    machine.said.clear();
    burn(&mut machine, &graph, 150.0);
    machine.pass(10.0);
    let count = reports(&mut machine).len();
    assert!((30..=100).contains(&count), "{count} in ten seconds");
    machine.said.clear();
    burn(&mut machine, &graph, 5.5);
    machine.pass(10.0);
    let count = reports(&mut machine).len();
    assert!(count <= 100, "{count} in ten seconds");
}

#[test]
fn qua_1_only_filters_on_the_way_to_who_complains_are_asked() {
    let stage = Stage::new();
    let graph = stage.graph(
        "tone -> c:chorus -> quality_injector fault=dropped every=2 -> null_renderer; \
         t:tone -> d:chorus -> n:null_renderer",
    );
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 480);
    for _ in 0..200 {
        offline.cycle(480).unwrap();
    }
    let mut asked = vec![];
    let mut complaints = 0;
    let open = offline.built.open.clone();
    let named = |entry| {
        open.iter()
            .find(|it| it.1.entry == entry)
            .unwrap()
            .0
            .clone()
    };
    for said in offline.reports() {
        match said {
            Report::Degraded { entry, level, .. } => asked.push((named(entry), level)),
            Report::Quality { entry, quality, .. } => {
                assert_eq!(named(entry.unwrap()), path(&graph, "quality_injector"));
                assert_eq!((quality.proportion, quality.delta), (500, 0));
                complaints += 1;
            }
            _ => {}
        }
    }
    assert_eq!(complaints, 19, "two seconds, ten times a second");
    let chorus = path(&graph, "c");
    let wanted = [1, 2, 3].map(|level| (chorus.clone(), level));
    assert_eq!(asked, wanted);
}

#[test]
fn what_is_rendered_is_never_asked_for_less_and_live_it_is_the_same_for_any_quantum() {
    let stage = Stage::new();
    let text = "tone waveform=saw -> chorus voices=8 -> quality_injector fault=late every=3 -> null_renderer";
    let graph = stage.graph(text);
    let job = stage.job(&graph);
    let sink = path(&graph, "null_renderer");
    let total = 96_000;
    let heard = |start: fn(&ksgraph::ks::Catalogue, &_, usize) -> Offline, len: usize| {
        let mut offline = start(&stage.catalogue, &job, len);
        let sound = hear(&mut offline, &sink, &vec![len; total / len]);
        let asked = offline.reports();
        let asked =
            asked.filter(|it| matches!(it, Report::Degraded { .. } | Report::Quality { .. }));
        (sound, asked.count())
    };
    let (rendered, asked) = heard(Offline::new, 480);
    assert_eq!(asked, 0);
    let (again, _) = heard(Offline::new, 1_000);
    assert_same_bits(&rendered, &again, "rendered");
    let (live, asked) = heard(Offline::rehearse, 480);
    assert!(asked > 3);
    assert!(
        rendered != live,
        "less was asked of the chorus, and that is heard"
    );
    for len in [64, 1_000, 1_500] {
        assert_same_bits(&live, &heard(Offline::rehearse, len).0, "live");
    }
}

#[test]
fn stop_begins_anew_at_full_quality_and_filters_that_come_are_asked_like_the_rest() {
    let (mut machine, graph, asked) = machine(ALONE);
    burn(&mut machine, &graph, 9.0);
    machine.pass(3.0);
    assert_eq!(asked.0.load(Ordering::Acquire), 2);
    let mut more = graph.clone();
    machine
        .stage
        .add(&mut more, "t:tone -> late:burner -> null_renderer");
    machine.play_on(&more);
    machine.pass(0.2);
    let late = machine.open[&path(&more, "late")].entry;
    assert_eq!(machine.engine.cells().degraded(late), 2);
    burn(&mut machine, &more, 0.0);
    machine.go(State::Stop);
    machine.pass(0.1);
    assert_eq!(asked.0.load(Ordering::Acquire), 0);
    assert_eq!(machine.engine.cells().degraded(late), 0);
    machine.said.clear();
    machine.go(State::Run);
    machine.pass(1.0);
    assert_eq!(levels(&mut machine), [0; 0]);
}

#[test]
fn nobody_is_asked_for_less_where_the_document_wants_all() {
    let (mut machine, graph, asked) = machine(ALONE);
    burn(&mut machine, &graph, 12.0);
    machine.pass(3.0);
    assert!(asked.0.load(Ordering::Acquire) > 0, "it is overloaded");
    let mut full = graph.clone();
    full.timing.full_quality = true;
    machine.play_on(&full);
    machine.pass(0.1);
    assert_eq!(
        asked.0.load(Ordering::Acquire),
        0,
        "at once all of it again"
    );
    let before = asked.1.load(Ordering::Acquire);
    machine.pass(5.0);
    assert_eq!(
        asked.1.load(Ordering::Acquire),
        before,
        "and never asked since"
    );
    assert!(!reports(&mut machine).is_empty(), "it is told all the same");
    machine.play_on(&graph);
    machine.pass(3.0);
    assert!(
        asked.0.load(Ordering::Acquire) > 0,
        "until it may be asked again"
    );
}
