//! Faults of devices and filters on a simulated machine, a row each: what happens, what is said of it, and that the rest
//! plays on bit for bit as if nothing had happened. Time is the machine's own, so hours pass in moments and nothing
//! depends on how busy this one is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ksgraph::engine::{Report, Watch};
use ksgraph::graph::Graph;
use ksgraph::ks::State;
use ksgraph::portcls::wavert::telemetry;

use super::machine::{Machine, Script};
use super::stage::{path, peak, set};

/// One card, and a recorder before it.
const ONE: &str = "tone frequency=997 level=-6 -> recorder -> one:audio_device_out device=one";
/// A second card beside it, on a clock of its own.
const TWO: &str = "tone frequency=997 level=-6 -> recorder -> splitter -> one:audio_device_out device=one; \
                   splitter -> two:audio_device_out device=two";
/// A filter beside it that misbehaves.
const BESIDE: &str = "tone frequency=997 level=-6 -> recorder -> one:audio_device_out device=one; \
                      b:tone frequency=300 -> faulty -> null_renderer";
/// Without any card: the system's timer drives.
const NONE: &str = "tone frequency=997 level=-6 -> recorder -> null_renderer";

/// Where filters begin to misbehave, in samples: a second in.
const AT: u64 = 48_000;
/// Samples a card may have asked for and not got by the end, and the graph be behind: a few quanta and periods.
const SLACK: usize = 4_000;

struct Row {
    name: &'static str,
    graph: &'static str,
    /// What `faulty` does.
    fault: &'static str,
    quantum: usize,
    /// What happens after the first second.
    happens: fn(&mut Machine, &Graph),
    /// What is said, but for dropouts.
    said: &'static [&'static str],
    /// Cards that are given the very samples they are given without the fault.
    exact: &'static [&'static str],
    /// Seconds of the machine in which the graph may stand still.
    stands: f64,
    /// Dropouts that cards tell of by themselves.
    declared: u32,
    /// Cycles that take longer than they last.
    late: u32,
    /// Whether calls must come short, or must not.
    is_short: Option<bool>,
}

/// Nothing happens; rows say what differs.
const ROW: Row = Row {
    name: "",
    graph: ONE,
    fault: "none",
    quantum: 256,
    happens: |machine, _| machine.pass(2.0),
    said: &[],
    exact: &["one"],
    stands: 0.0,
    declared: 0,
    late: 0,
    is_short: Some(false),
};

const ROWS: &[Row] = &[
    Row {
        name: "nothing",
        ..ROW
    },
    Row {
        name: "every call is late by up to a period",
        happens: |machine, _| {
            machine.script("one").jitter = 0.010;
            machine.pass(2.0);
        },
        ..ROW
    },
    Row {
        name: "calls are late by up to five periods, and then come at once",
        happens: |machine, _| {
            machine.script("one").jitter = 0.050;
            machine.pass(2.0);
        },
        stands: 0.3,
        is_short: Some(true),
        ..ROW
    },
    Row {
        name: "a thousand dropouts at once",
        happens: |machine, _| {
            machine.complain("one", 1_000);
            machine.pass(1.0);
        },
        declared: 1_000,
        ..ROW
    },
    Row {
        name: "a thousand dropouts one by one",
        happens: |machine, _| {
            for _ in 0..1_000 {
                machine.complain("one", 1);
                machine.pass(0.001);
            }
        },
        declared: 1_000,
        ..ROW
    },
    Row {
        name: "a storm of a million dropouts",
        happens: |machine, _| {
            for _ in 0..1_000 {
                machine.complain("one", 1_000);
                machine.pass(0.001);
            }
        },
        declared: 1_000_000,
        ..ROW
    },
    Row {
        name: "calls freeze for two seconds and go on, without a word",
        happens: |machine, _| {
            machine.freeze("one", 2.0);
            machine.pass(4.0);
        },
        stands: 2.0,
        ..ROW
    },
    Row {
        name: "calls freeze for good without a word",
        happens: |machine, _| {
            machine.freeze("one", f64::INFINITY);
            machine.pass(8.0);
        },
        said: &["lost one"],
        stands: 4.3,
        ..ROW
    },
    Row {
        name: "the calls of the second card freeze",
        graph: TWO,
        happens: |machine, _| {
            machine.freeze("two", f64::INFINITY);
            machine.pass(8.0);
        },
        said: &["lost two"],
        ..ROW
    },
    Row {
        name: "the card that drives vanishes",
        happens: |machine, _| {
            machine.lose("one");
            machine.pass(2.0);
        },
        said: &["lost one"],
        ..ROW
    },
    Row {
        name: "the card that drives vanishes, and the second one plays on",
        graph: TWO,
        happens: |machine, _| {
            machine.pass(5.0);
            machine.lose("one");
            machine.pass(3.0);
            machine.served("two");
            machine.pass(1.0);
            let goes_on = machine.served("two");
            assert!(goes_on.len() > 40_000 && peak(&[goes_on]) > 0.4);
        },
        said: &["lost one"],
        ..ROW
    },
    Row {
        name: "the second card vanishes",
        graph: TWO,
        happens: |machine, _| {
            machine.lose("two");
            machine.pass(2.0);
        },
        said: &["lost two"],
        ..ROW
    },
    Row {
        name: "the card vanishes a hundred times",
        happens: |machine, graph| {
            for _ in 0..100 {
                machine.lose("one");
                machine.pass(0.02);
                machine.renew(graph, "one");
                machine.pass(0.02);
            }
        },
        said: &["100 x lost one"],
        exact: &[],
        is_short: None,
        ..ROW
    },
    Row {
        name: "the card asks for other lengths",
        happens: |machine, _| {
            for period in [4_096, 32, 8_192, 1, 480] {
                machine.script("one").period = period;
                machine.pass(0.5);
            }
        },
        stands: 0.3,
        is_short: Some(true),
        ..ROW
    },
    Row {
        name: "the card goes at other rates",
        happens: |machine, _| {
            for rate_hz in [44_100.0, 96_000.0, 8_000.0, 48_000.0] {
                machine.script("one").ppm = (rate_hz / 48_000.0 - 1.0) * 1e6;
                machine.pass(0.5);
            }
        },
        stands: 0.6,
        is_short: None,
        ..ROW
    },
    Row {
        name: "a second card is 300 ppm fast",
        graph: TWO,
        happens: |machine, graph| drifts(machine, graph, 300.0),
        ..ROW
    },
    Row {
        name: "a second card is 300 ppm slow",
        graph: TWO,
        happens: |machine, graph| drifts(machine, graph, -300.0),
        ..ROW
    },
    Row {
        name: "the machine sleeps for an hour",
        happens: |machine, _| {
            machine.suspend(3_600.0);
            machine.pass(1.0);
        },
        stands: 3_600.0,
        ..ROW
    },
    Row {
        name: "the machine sleeps for an hour, and there is no card",
        graph: NONE,
        happens: |machine, _| {
            machine.suspend(3_600.0);
            machine.pass(1.0);
        },
        exact: &[],
        stands: 3_600.1,
        ..ROW
    },
    Row {
        name: "the machine sleeps a hundred times",
        happens: |machine, _| {
            for _ in 0..100 {
                machine.suspend(5.0);
                machine.pass(0.02);
            }
        },
        stands: 500.0,
        ..ROW
    },
    Row {
        name: "a filter takes three times as long as it may",
        graph: BESIDE,
        fault: "slow",
        stands: 0.5,
        late: 38,
        is_short: Some(true),
        ..ROW
    },
    Row {
        name: "a filter panics",
        graph: BESIDE,
        fault: "panic",
        said: &["panicked faulty"],
        ..ROW
    },
    Row {
        name: "a filter makes what is no number",
        graph: BESIDE,
        fault: "nan",
        said: &["no number faulty 48000"],
        ..ROW
    },
    Row {
        name: "nobody listens for ten seconds of dropouts, while a filter breaks and a card goes",
        graph: "tone frequency=997 level=-6 -> recorder -> splitter -> one:audio_device_out device=one; \
                splitter -> two:audio_device_out device=two; b:tone -> faulty -> null_renderer; \
                c:tone -> d:faulty fault=nan at=300000 -> e:null_renderer",
        fault: "panic",
        quantum: 64,
        happens: |machine, _| {
            machine.is_blocked = true;
            // Often enough to fill the ring of reports in the first of them.
            machine.script("one").period = 32;
            for _ in 0..5_000 {
                machine.complain("one", 1);
                machine.pass(0.001);
            }
            machine.lose("two");
            for _ in 0..5_000 {
                machine.complain("one", 1);
                machine.pass(0.001);
            }
            machine.is_blocked = false;
            machine.listen();
            machine.pass(0.5);
            assert_eq!(machine.engine.cells().lost_reports(), 0);
        },
        said: &["lost two", "no number d 300000", "panicked faulty"],
        declared: 10_000,
        ..ROW
    },
];

/// The second card is kept in step and told of, and the first one does not notice.
fn drifts(machine: &mut Machine, graph: &Graph, ppm: f64) {
    machine.script("two").ppm = ppm;
    machine.pass(8.0);
    let two = path(graph, "two");
    assert_eq!(machine.published(&two, telemetry::STEP), 2.0, "in step");
    let estimate = f64::from(machine.published(&two, telemetry::DRIFT_PPM));
    assert!((estimate - ppm).abs() < 60.0, "{estimate} ppm");
}

fn start(row: &Row, fault: &str) -> (Machine, Graph) {
    let script = |name| Script {
        name,
        ppm: 0.0,
        period: 480,
        jitter: 0.0005,
    };
    let mut machine = Machine::new(row.quantum, &[script("one"), script("two")]);
    let mut graph = machine.stage.graph(row.graph);
    if graph.find("faulty").is_some() {
        set(&mut graph, "faulty", "fault", fault);
        set(&mut graph, "faulty", "at", &AT.to_string());
    }
    machine.play_graph(&graph);
    (machine, graph)
}

/// What was said, but for states and dropouts; equal lines as one. And the dropouts, all of the first card.
fn said(machine: &Machine, graph: &Graph) -> (Vec<String>, u32) {
    let name = |entry: u32| graph.filters[&machine.names[&entry].0[0]].name.clone();
    let mut xruns = 0;
    let lines = machine.said.iter().filter_map(|report| match report {
        Report::Xruns { entry, count, .. } => {
            assert_eq!(name(*entry), "one");
            xruns += count;
            None
        }
        Report::Panicked { entry, .. } => Some(format!("panicked {}", name(*entry))),
        Report::NonFinite {
            entry, position, ..
        } => Some(format!("no number {} {position}", name(*entry))),
        Report::DeviceLost { entry } => Some(format!("lost {}", name(*entry))),
        Report::Starved { entry, .. } => Some(format!("starved {}", name(*entry))),
        Report::Reached(_) => None,
        // In `quality.rs`.
        Report::Quality { .. } | Report::Degraded { .. } => None,
        _ => Some("something else".into()),
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    let mut counted: Vec<(String, usize)> = vec![];
    for line in lines {
        match counted.last_mut() {
            Some((last, count)) if *last == line => *count += 1,
            _ => counted.push((line, 1)),
        }
    }
    let lines = counted.into_iter().map(|(line, count)| match count {
        1 => line,
        _ => format!("{count} x {line}"),
    });
    (lines.collect(), xruns)
}

/// The first sample that is another one, in what both have.
#[track_caller]
fn assert_same(row: &Row, what: &str, with: &[f32], without: &[f32]) {
    let pairs = with.iter().zip(without);
    let unlike = pairs.map(|(a, b)| a.to_bits() == b.to_bits());
    let first = unlike.enumerate().find(|(_, is_same)| !is_same);
    assert_eq!(first, None, "{}: {what}", row.name);
    assert!(peak(&[with.to_vec()]) > 0.4, "{}: {what} sounds", row.name);
}

#[test]
fn every_fault_is_contained_named_and_counted_and_the_rest_is_the_same_bit_for_bit() {
    let mut failed = vec![];
    // What is made and given without any fault, by graph and quantum; as long as the longest row.
    let mut whole: BTreeMap<(&str, usize), Heard> = BTreeMap::new();
    let rows: Vec<_> = ROWS
        .iter()
        .filter_map(|row| {
            let heard = std::panic::catch_unwind(|| run(row));
            failed.extend(heard.is_err().then_some(row.name));
            Some((row, heard.ok()?))
        })
        .collect();
    for (row, _) in &rows {
        let key = (row.graph, row.quantum);
        whole.entry(key).or_insert_with(|| {
            let rows = rows.iter().filter(|it| (it.0.graph, it.0.quantum) == key);
            let longest = rows.map(|it| it.1.made.len()).max().unwrap_or(0);
            undisturbed(row, longest)
        });
    }
    for (row, heard) in &rows {
        let whole = &whole[&(row.graph, row.quantum)];
        let compare = || {
            assert!(whole.made.len() >= heard.made.len(), "to the end");
            assert_same(row, "what was made", &heard.made, &whole.made);
            for card in row.exact {
                let (with, without) = (&heard.given[card], &whole.given[card]);
                assert!(with.len() > 40_000);
                assert_same(row, card, with, without);
            }
        };
        failed.extend(std::panic::catch_unwind(compare).err().map(|_| row.name));
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// What a recorder heard, and what cards were given.
struct Heard {
    made: Vec<f32>,
    given: BTreeMap<&'static str, Vec<f32>>,
}

fn heard(machine: &mut Machine) -> Heard {
    let given = ["one", "two"].map(|card| (card, machine.served(card)));
    Heard {
        made: machine.stage.recorded.lock().unwrap().clone(),
        given: given.into(),
    }
}

fn undisturbed(row: &Row, samples: usize) -> Heard {
    let (mut machine, _) = start(row, "none");
    machine.pass(samples as f64 / 48_000.0 + 0.2);
    assert_eq!(machine.engine.cells().xruns(), 0);
    heard(&mut machine)
}

fn run(row: &Row) -> Heard {
    let (mut machine, graph) = start(row, row.fault);
    machine.pass(1.0);
    (row.happens)(&mut machine, &graph);
    // Whatever it was, it is over, and there is time to hear of it.
    machine.script("one").jitter = 0.0005;
    machine.pass(1.0);
    let what = row.name;
    let cells = machine.engine.cells();
    assert_eq!(cells.state(), State::Run, "{what}");
    let (late, counted) = (cells.late(), cells.xruns());
    assert_eq!(late, row.late, "{what}: late cycles");
    let made = machine.stage.recorded.lock().unwrap().len();
    let least = ((machine.now - row.stands) * 48_000.0) as usize - SLACK;
    assert!(made >= least, "{what}: {made} of {least} samples were made");
    let (lines, xruns) = said(&machine, &graph);
    assert_eq!(lines, row.said, "{what}");
    let short = machine.short("one");
    if let Some(is_short) = row.is_short {
        assert_eq!(short > 0, is_short, "{what}: {short} calls came short");
        assert_eq!(xruns, short + row.declared, "{what}: dropouts told of");
    }
    assert_eq!(xruns, counted, "{what}: dropouts counted");
    heard(&mut machine)
}

#[test]
fn a_filter_that_never_returns_is_noticed_and_named_from_beside_and_not_before_its_time() {
    let row = Row {
        graph: BESIDE,
        ..ROW
    };
    let (mut machine, graph) = start(&row, "hang");
    let tools = Arc::clone(&machine.stage.tools);
    let cells = Arc::clone(machine.engine.cells());
    let faulty = machine.open[&path(&graph, "faulty")].entry;
    let mut watch = Watch::new(Arc::clone(&cells));
    // While cycles go on, however slowly they are looked at, nobody is suspected.
    for second in 0..9 {
        machine.pass(0.1);
        assert!(!watch.look(second * 1_000_000_000));
    }
    let gate = tools.gate.lock().unwrap();
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| machine.pass(1.0));
        while tools.hanging.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let at = |quarters: u64| 20_000_000_000 + quarters * 250_000_000;
        watch.look(at(0));
        // A minute without a look counts as half a second: the whole machine may have slept.
        for quarters in (1..10).chain(250..259) {
            assert!(!watch.look(at(quarters)), "{quarters}");
        }
        assert_eq!(cells.stuck(), None);
        (259..265).for_each(|quarters| _ = watch.look(at(quarters)));
        assert_eq!(cells.stuck(), Some(faulty));
        drop(gate);
        audio.join().unwrap();
    });
    // And what was made is what would have been made.
    let made = machine.stage.recorded.lock().unwrap().clone();
    let whole = undisturbed(&row, made.len());
    assert!(made.len() > 80_000);
    assert_same(&row, "behind it", &made, &whole.made);
}
