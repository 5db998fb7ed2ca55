//! What the audio thread keeps of its own doing: records of pins, late cycles and who they are charged to.

use ksgraph::engine::{Blamed, Message, Offline, PinFigures};
use ksgraph::graph::{Graph, PinAddress};
use ksgraph::ks::State;

use crate::machine::{Machine, Script};
use crate::stage::{Stage, cut, even, hear, path};

fn pin(graph: &Graph, filter: &str, pin: &str) -> PinAddress {
    PinAddress {
        filter: path(graph, filter),
        pin: pin.into(),
        instance: 0,
    }
}

fn figures(offline: &Offline, graph: &Graph, filter: &str, name: &str) -> PinFigures {
    let record = offline.built.map.record(&pin(graph, filter, name));
    record.unwrap().figures()
}

#[test]
fn a_pin_records_frames_fill_peak_and_samples_that_are_no_numbers() {
    let stage = Stage::new();
    for fault in ["nan", "infinity"] {
        let text =
            format!("tone level=-6 -> faulty fault={fault} at=1000 -> meter -> null_renderer");
        let graph = stage.graph(&text);
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
        let sink = path(&graph, "null_renderer");
        hear(&mut offline, &sink, &even(2_560, 256));
        let out = figures(&offline, &graph, "tone", "out");
        assert_eq!((out.frames, out.fill, out.late), (10, 256, 0));
        assert!((out.peak - 0.501).abs() < 0.001, "{out:?}");
        assert_eq!(out.non_finite, 0, "it is born behind it");
        let out = figures(&offline, &graph, "faulty", "out");
        assert_eq!((out.non_finite, out.frames), (1, 10), "{fault}");
        let passed = figures(&offline, &graph, "meter", "out");
        assert_eq!(passed.non_finite, 0, "who lets it through is not charged");
        let end = figures(&offline, &graph, "null_renderer", "in");
        assert_eq!((end.frames, end.fill), (10, 256));
    }
}

#[test]
fn a_pin_records_what_waits_at_it_between_two_cycles() {
    let stage = Stage::new();
    // Held back: what a paused sink leaves out.
    let graph = stage.graph("tone -> gain -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(2_560, 256));
    let queue = |offline: &Offline, graph: &Graph, filter: &str, pin: &str| {
        figures(offline, graph, filter, pin).queue
    };
    assert_eq!(queue(&offline, &graph, "null_renderer", "in"), 0);
    let entry = offline.built.open[&sink].entry;
    let mut hold = |state: State| {
        let (pin, entry) = (None, entry);
        offline.send(Message::Limit { entry, pin, state });
        hear(&mut offline, &sink, &even(2_560, 256));
        let ends = [("gain", "out"), ("null_renderer", "in"), ("tone", "out")];
        ends.map(|(filter, pin)| queue(&offline, &graph, filter, pin))
    };
    assert_eq!(hold(State::Pause), [960, 960, 0], "two frames of 10 ms");
    assert_eq!(hold(State::Run), [960, 960, 0], "late from then on");
    assert_eq!(hold(State::Stop), [0, 0, 0], "all frames are given back");

    // Under way in a delay line.
    let text = "tone -> mixer -> feedback_send -> null_renderer; feedback_send -> feedback_return delay=109 -> mixer";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(640, 64));
    assert_eq!(queue(&offline, &graph, "feedback_return", "return"), 109);
    offline.send(Message::State(State::Stop));
    offline.cycle(64).unwrap();
    assert_eq!(queue(&offline, &graph, "feedback_return", "return"), 0);

    // While branches wait for each other.
    let text = "noise -> splitter -> mixer -> null_renderer; splitter -> limiter -> mixer";
    let mut graph = stage.graph(text);
    graph.timing.compensates = true;
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(640, 64));
    let ahead = queue(&offline, &graph, "mixer", "in") as usize;
    let latency = offline.built.open[&path(&graph, "limiter")].latency_samples;
    assert!(latency > 0 && ahead == latency, "{ahead} of {latency}");
}

#[test]
fn what_lies_in_the_ring_of_a_card_is_recorded_at_its_pin_and_what_filters_take_at_theirs() {
    let mut machine = Machine::new(256, &[CARD]);
    let graph = machine.play(SLOW);
    machine.pass(1.1);
    let figures = |filter: &str, name: &str| machine.records[&pin(&graph, filter, name)].figures();
    let ring = figures("one", "in").queue;
    assert!((512..=1_024).contains(&ring), "three quanta: {ring}");
    // In simulated time only the slow one takes any.
    let nanos = 3 * 256 * 1_000_000_000_u64 / 48_000;
    for (name, end) in [("faulty", "in"), ("faulty", "out")] {
        assert!(u64::from(figures(name, end).cost_nanos).abs_diff(nanos) < 10);
    }
    assert_eq!(figures("gain", "out").cost_nanos, 0);
}

#[test]
fn records_outlive_plans_and_not_their_filters() {
    let stage = Stage::new();
    let mut graph = stage.graph("tone -> gain -> null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let sink = path(&graph, "null_renderer");
    hear(&mut offline, &sink, &even(2_560, 256));
    stage.add(&mut graph, "other:tone -> mixer -> second:null_renderer");
    offline.change(&stage.job(&graph));
    hear(&mut offline, &sink, &even(2_560, 256));
    assert_eq!(figures(&offline, &graph, "gain", "out").frames, 20);
    let new = figures(&offline, &graph, "mixer", "out").frames;
    assert_eq!(new, 10, "it came in between");
    cut(&mut graph, "gain", "null_renderer");
    cut(&mut graph, "tone", "gain");
    stage.add(&mut graph, "tone -> null_renderer");
    offline.change(&stage.job(&graph));
    hear(&mut offline, &sink, &even(256, 256));
    let gone = offline.built.map.record(&pin(&graph, "gain", "out"));
    assert!(gone.is_none());
    assert_eq!(figures(&offline, &graph, "tone", "out").frames, 21);
}

/// A card that is never late.
const CARD: Script = Script {
    name: "one",
    ppm: 0.0,
    period: 256,
    jitter: 0.0,
};

/// A filter takes three times its time from sample 48 000 on, for a fifth of a second: 38 cycles of 256.
const SLOW: &str = "tone -> gain -> one:audio_device_out device=one; \
                    b:tone -> faulty fault=slow at=48000 -> meter -> null_renderer";

#[test]
fn each_late_cycle_is_charged_to_the_filter_that_took_its_time() {
    let mut machine = Machine::new(256, &[CARD]);
    let graph = machine.play(SLOW);
    machine.pass(3.0);
    let entry = |name: &str| machine.open[&path(&graph, name)].entry;
    let cells = machine.engine.cells();
    assert_eq!(cells.late(), 38);
    assert_eq!(cells.blamed(entry("faulty")), 38);
    for other in ["tone", "gain", "b", "meter", "null_renderer", "one"] {
        assert_eq!(cells.blamed(entry(other)), 0, "{other}");
    }
    let quantum_nanos = 256 * 1_000_000_000 / 48_000;
    assert!(u64::from(cells.highest_nanos(entry("faulty"))).abs_diff(3 * quantum_nanos) < 10);
    let late = machine.stories.iter().filter(|it| it.xruns.is_none());
    let late: Vec<_> = late.collect();
    assert_eq!(late.len(), 38);
    for (number, story) in late.iter().enumerate() {
        let moment = &story.moment;
        assert_eq!(moment.position, (187 + number as u64) * 256, "where it is");
        assert!(
            moment.late_nanos().abs_diff(2 * quantum_nanos) < 10,
            "{moment:?}"
        );
        let Blamed::Filter { entry: who, .. } = story.blamed else {
            panic!("{story:?}");
        };
        assert_eq!(who, entry("faulty"));
        let ran: Vec<u32> = story.spans.iter().map(|it| it.entry).collect();
        assert_eq!(ran.len(), 7, "every filter once: {ran:?}");
    }
    // What was given behind the line is late, and what had been given before is not.
    let late_at = |name: &str, pin_name: &str| {
        let own = &machine.records[&pin(&graph, name, pin_name)];
        own.figures().late
    };
    assert_eq!(late_at("faulty", "out"), 38);
    assert_eq!(late_at("meter", "in"), 38, "it waited");
    assert_eq!(late_at("b", "out"), 0);
}

#[test]
fn a_card_that_had_nothing_to_play_is_told_with_the_cycle_that_it_waited_for() {
    let mut machine = Machine::new(256, &[CARD]);
    let graph = machine.play(SLOW);
    machine.pass(3.0);
    let card = machine.open[&path(&graph, "one")].entry;
    let told: Vec<(u32, u32)> = machine.stories.iter().filter_map(|it| it.xruns).collect();
    assert!(!told.is_empty());
    assert!(told.iter().all(|(entry, _)| *entry == card));
    let count: u32 = told.iter().map(|(_, count)| count).sum();
    assert_eq!(count, machine.engine.cells().xruns());
}

#[test]
fn a_card_is_told_to_have_waited_for_the_cycle_that_kept_it_waiting_and_for_no_other() {
    let mut machine = Machine::new(256, &[CARD]);
    machine.play(SLOW);
    machine.pass(3.0);
    // Every gap is put down to one of the cycles that were late, by its number.
    let late: Vec<_> = machine
        .stories
        .iter()
        .filter(|it| it.xruns.is_none())
        .collect();
    let gaps: Vec<_> = machine
        .stories
        .iter()
        .filter(|it| it.xruns.is_some())
        .collect();
    assert!(gaps.len() > 3, "{}", gaps.len());
    for gap in &gaps {
        let cause = late.iter().find(|it| it.moment == gap.moment);
        let cause = cause.unwrap_or_else(|| panic!("{:?}", gap.moment));
        assert_eq!((&cause.blamed, &cause.spans), (&gap.blamed, &gap.spans));
    }
    // Not all of them to one.
    let causes: std::collections::BTreeSet<u64> = gaps.iter().map(|it| it.moment.number).collect();
    assert!(causes.len() > 3, "{causes:?}");
}

#[test]
fn a_card_that_did_not_wait_for_a_late_cycle_is_not_put_down_to_it_however_near() {
    let mut machine = Machine::new(256, &[CARD]);
    // One cycle is late by less than the ring has.
    let graph = machine.play(&SLOW.replace("slow", "slow-once"));
    machine.pass(1.1);
    let faulty = machine.open[&path(&graph, "faulty")].entry;
    assert_eq!(machine.engine.cells().late(), 1);
    assert_eq!(machine.engine.cells().blamed(faulty), 1);
    assert_eq!(
        machine.engine.cells().xruns(),
        0,
        "the ring was full enough"
    );
    machine.stories.clear();
    // A tenth of a second later the thread sleeps, and later yet the card itself complains.
    machine.sleep(0.05);
    machine.pass(0.05);
    machine.complain("one", 3);
    machine.pass(0.05);
    let gaps: Vec<_> = machine
        .stories
        .iter()
        .filter(|it| it.xruns.is_some())
        .collect();
    assert!(gaps.len() >= 2, "{gaps:?}");
    for gap in &gaps {
        assert_eq!(gap.blamed, Blamed::Nobody, "{gap:?}");
        assert_eq!(gap.moment.late_nanos(), 0);
    }
    let (slept, said) = (gaps[0], gaps[gaps.len() - 1]);
    assert!(slept.moment.woke_late_nanos > 4_000_000, "{slept:?}");
    assert_eq!(said.xruns.map(|(_, count)| count), Some(3));
    assert_eq!(
        said.moment.woke_late_nanos, 0,
        "that is long over: {said:?}"
    );
}

#[test]
fn a_thread_that_sleeps_too_long_is_late_to_wake_and_no_filter_is_blamed() {
    let mut machine = Machine::new(256, &[CARD]);
    machine.play("tone -> gain -> one:audio_device_out device=one");
    machine.pass(1.0);
    machine.stories.clear();
    machine.sleep(0.05);
    machine.pass(0.1);
    assert_eq!(machine.engine.cells().late(), 0);
    let woken = machine.stories.iter().filter(|it| it.xruns.is_some());
    let woken: Vec<_> = woken.collect();
    assert!(!woken.is_empty());
    let is_free = woken.iter().all(|it| it.blamed == Blamed::Nobody);
    assert!(is_free, "{woken:?}");
    let cycles = machine.engine.cells().cycles_since(0);
    let latest = cycles.map(|it| it.moment.woke_late_nanos).max().unwrap();
    // As far as the card's ring shows it.
    assert!(latest > 4_000_000, "{latest}");
}

#[test]
fn a_storm_of_late_cycles_is_counted_to_the_last_though_nobody_listens() {
    let mut machine = Machine::new(64, &[Script { period: 64, ..CARD }]);
    let graph = machine.play(SLOW);
    machine.is_blocked = true;
    machine.pass(3.0);
    machine.is_blocked = false;
    machine.listen();
    let faulty = machine.open[&path(&graph, "faulty")].entry;
    let cells = machine.engine.cells();
    assert_eq!(cells.late(), 150);
    assert_eq!(cells.blamed(faulty), 150, "all of them");
    assert!(machine.stories.len() <= 64, "{}", machine.stories.len());
}

#[test]
fn every_cycle_is_kept_for_a_while_with_what_each_filter_took() {
    let mut machine = Machine::new(256, &[CARD]);
    let graph = machine.play("tone -> gain -> one:audio_device_out device=one");
    machine.pass(1.0);
    let cells = machine.engine.cells();
    let kept: Vec<_> = cells.cycles_since(0).collect();
    assert!(kept.len() > 180, "{}", kept.len());
    let names = ["tone", "gain", "one"].map(|name| machine.open[&path(&graph, name)].entry);
    for (at, cycle) in kept.iter().enumerate() {
        assert_eq!(cycle.moment.number, at as u64);
        assert_eq!(cycle.moment.position, at as u64 * 256);
        let ran: Vec<u32> = cycle.spans.iter().map(|it| it.entry).collect();
        assert_eq!(ran, names, "in the order in which they ran");
    }
    let next = cells.next_cycle();
    assert_eq!(next, kept.len() as u64);
    machine.go(State::Pause);
    machine.pass(0.5);
    let cells = machine.engine.cells();
    assert!(cells.next_cycle() - next < 20, "nothing runs in Pause");
}
