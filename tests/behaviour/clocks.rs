//! Clocks by rule id: the graph's own and those of its cards, marks in time, the master, the latency clock. The machine
//! is simulated; nothing waits.

use ksgraph::engine::{ClockRefusal, Fired, Mark, Report};
use ksgraph::graph::{Graph, Master};
use ksgraph::ks::{Clock, Reading, RefTime, State, Status, time_from_sample};
use ksgraph::portcls::wavert::telemetry;

use super::machine::{Machine, Script};
use super::stage::path;

const ONE: Script = Script {
    name: "one",
    ppm: 100.0,
    period: 240,
    jitter: 0.001,
};
const TWO: Script = Script {
    name: "two",
    ppm: -150.0,
    period: 240,
    jitter: 0.001,
};
const ALONE: &str = "tone -> a:audio_device_out device=one";
const PAIR: &str = "tone -> splitter; splitter -> a:audio_device_out device=one; \
                    splitter -> b:audio_device_out device=two";
/// No card is on the shelf for it: the system's timer drives.
const TIMED: &str = "tone -> null_renderer";
const QUANTUM: usize = 240;
const MILLI: RefTime = 10_000;

fn machine(text: &str) -> (Machine, Graph) {
    let mut machine = Machine::new(QUANTUM, &[ONE, TWO]);
    let graph = machine.play(text);
    (machine, graph)
}

fn reading(machine: &Machine) -> Reading {
    machine.engine.clock().reading()
}

fn pin(machine: &Machine, graph: &Graph, name: &str) -> Reading {
    let clock = machine.open[&path(graph, name)].clock.as_ref();
    clock.unwrap().0.reading()
}

/// Marks that fired since it was asked last.
fn fired(machine: &mut Machine) -> Vec<Fired> {
    let said = std::mem::take(&mut machine.said).into_iter();
    let marks = said.filter_map(|report| match report {
        Report::Marked(fired) => Some(fired),
        _ => None,
    });
    marks.collect()
}

fn close(a: RefTime, b: RefTime, within: RefTime) -> bool {
    (a - b).abs() <= within
}

#[test]
fn on_board_clock_as_object() {
    let (mut machine, graph) = machine(ALONE);
    machine.pass(1.0);
    let clock = pin(&machine, &graph, "a");
    assert!(close(clock.physical, 10_000_000, 60 * MILLI), "{clock:?}");
    assert!(
        clock.time > 9_000_000 && clock.time < 10_010_000,
        "{clock:?}"
    );
    assert_eq!((clock.granularity, clock.state), (209, State::Run));
    assert_eq!(clock.error, time_from_sample(240, 48_000), "one period");
    let id = machine.engine.mark(Mark::At(15_000_000)).unwrap();
    machine.pass(1.0);
    let said = fired(&mut machine);
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].id, said[0].sample), (id, 72_000));
}

#[test]
fn clk_1_all_clocks_count_the_systems_time_from_one_moment_and_sample_it_with_their_own() {
    let (mut machine, graph) = machine(PAIR);
    machine.pass(2.0);
    let all = [
        reading(&machine),
        pin(&machine, &graph, "a"),
        pin(&machine, &graph, "b"),
    ];
    let now = 10_000_000 + (machine.now * 1e7) as RefTime;
    assert!(all.iter().all(|it| close(it.system, now, 10)), "{all:?}");
    // Correlated: how much later the system is, so much later is the clock.
    for _ in 0..50 {
        let before = reading(&machine);
        machine.set_time(machine.now + 0.000_5);
        let after = reading(&machine);
        assert!(close(after.system - before.system, 5_000, 1));
        // It may stand for a moment rather than go back.
        assert!((0..=5_001).contains(&(after.time - before.time)));
        let passed = after.physical - before.physical;
        assert!(close(passed, 5_000, 1), "{passed}");
        machine.pass(0.01);
    }
}

#[test]
fn clk_2_the_finest_step_is_a_sample_and_the_error_a_cycle() {
    let (mut machine, _) = machine(ALONE);
    machine.pass(0.5);
    let it = reading(&machine);
    assert_eq!((it.granularity, it.error), (209, 50_000));
}

#[test]
fn clk_3_time_stands_in_pause_and_begins_anew_after_stop_and_physical_time_goes_on() {
    for text in [ALONE, TIMED] {
        let (mut machine, graph) = machine(text);
        machine.pass(1.0);
        let pins = |machine: &Machine| match text {
            ALONE => vec![reading(machine), pin(machine, &graph, "a")],
            _ => vec![reading(machine)],
        };
        let ran = pins(&machine);
        assert!(ran.iter().all(|it| it.time > 8_000_000), "{ran:?}");
        machine.go(State::Pause);
        // The gate closes first.
        machine.pass(0.1);
        let paused = pins(&machine);
        machine.pass(1.0);
        let later = pins(&machine);
        for (paused, later) in paused.iter().zip(&later) {
            assert_eq!(later.state, State::Pause, "{text}");
            assert_eq!(later.time, paused.time, "{text}: it stands");
            let passed = later.physical - paused.physical;
            assert!(close(passed, 10_000_000, 200 * MILLI), "{text}: {passed}");
        }
        machine.go(State::Run);
        machine.pass(1.0);
        let resumed = pins(&machine);
        for (paused, resumed) in paused.iter().zip(&resumed) {
            assert!(resumed.time > paused.time + 8_000_000, "{text}: it goes on");
        }
        machine.go(State::Stop);
        machine.pass(0.1);
        let stopped = pins(&machine);
        machine.pass(1.0);
        for (stopped, later) in stopped.iter().zip(&pins(&machine)) {
            assert_eq!((later.state, later.time), (State::Stop, 0), "{text}");
            assert!(later.physical > stopped.physical + 8_000_000, "{text}");
        }
        machine.go(State::Run);
        machine.pass(0.5);
        for it in pins(&machine) {
            assert!(it.time > 3_000_000 && it.time < 6_000_000, "{text}: {it:?}");
        }
    }
}

#[test]
fn clk_4_time_stalls_when_no_data_pass() {
    let (mut machine, _) = machine(TIMED);
    machine.pass(1.0);
    let before = reading(&machine).time;
    // Nobody turns the graph for a second.
    machine.set_time(machine.now + 1.0);
    let after = reading(&machine).time;
    assert!(after - before <= 2 * 50_000 + 10, "{before} {after}");
}

#[test]
fn clk_5_a_rate_holds_in_pause_and_run_and_lapses_below() {
    let (mut machine, _) = machine(TIMED);
    machine.pass(1.0);
    let before = reading(&machine);
    machine.engine.set_rate(2_000).unwrap();
    machine.pass(1.0);
    let fast = reading(&machine);
    assert_eq!(fast.rate_permille, 2_000);
    let (time, physical) = (fast.time - before.time, fast.physical - before.physical);
    assert!(close(time, 20_000_000, 400 * MILLI), "{time}");
    assert!(close(physical, 10_000_000, 100 * MILLI), "{physical}");
    for rate in [0, 99, 4_001, u32::MAX] {
        let refused = machine.engine.set_rate(rate).unwrap_err();
        assert_eq!(refused, ClockRefusal::Rate(rate));
        assert_eq!(refused.status(), Status::NotSupported);
    }
    machine.go(State::Stop);
    machine.pass(0.1);
    let refused = machine.engine.set_rate(1_000).unwrap_err();
    assert_eq!(refused, ClockRefusal::State(State::Stop));
    assert_eq!(refused.status(), Status::InvalidDeviceState);
    machine.go(State::Run);
    machine.pass(0.5);
    assert_eq!(reading(&machine).rate_permille, 1_000, "it has lapsed");
    // A card goes at its own speed and no other.
    let (mut machine, _) = self::machine(ALONE);
    machine.pass(0.5);
    assert_eq!(machine.engine.set_rate(1_000), Ok(()), "always accepted");
    let refused = machine.engine.set_rate(1_001).unwrap_err();
    assert_eq!(refused, ClockRefusal::Rate(1_001));
}

#[test]
fn mcl_1_the_driver_may_be_lost_and_come_back_and_time_goes_on_without_a_jump() {
    let (mut machine, graph) = machine(ALONE);
    machine.pass(1.0);
    let (mut last, mut then) = (reading(&machine), machine.now);
    let mut steps = |machine: &mut Machine, what: &str, count: usize| {
        for _ in 0..count {
            machine.pass(0.02);
            machine.turn();
            let it = reading(machine);
            let step = it.time - last.time;
            assert!(step >= 0, "{what}: back by {step}");
            // A card takes as long to come back as whoever builds it.
            let passed = ((machine.now - then) * 1e7) as RefTime;
            assert!(step < passed + 40 * MILLI, "{what}: a jump of {step}");
            then = machine.now;
            assert!(
                it.physical >= last.physical && it.latency >= last.latency,
                "{what}"
            );
            last = it;
        }
    };
    steps(&mut machine, "driven by the card", 50);
    machine.lose("one");
    steps(&mut machine, "driven by the timer", 50);
    assert!(machine.engine.cells().is_timed());
    machine.renew(&graph, "a");
    steps(&mut machine, "driven by the card again", 50);
    assert!(!machine.engine.cells().is_timed());
    assert!(last.time > 30_000_000, "{last:?}");
}

#[test]
fn mcl_2_the_users_choice_is_before_a_card_and_a_card_before_the_timer() {
    let mut machine = Machine::new(QUANTUM, &[ONE, TWO]);
    let graph = machine.play(PAIR);
    let (a, b) = (path(&graph, "a"), path(&graph, "b"));
    let driver = |machine: &Machine| {
        let leads = |pin: &_| machine.published(pin, telemetry::STEP) == 0.0;
        (leads(&a), leads(&b), machine.engine.cells().is_timed())
    };
    for (wish, expected) in [
        (Master::Automatic, (true, false, false)),
        (Master::Filter(b.clone()), (false, true, false)),
        (Master::System, (false, false, true)),
        // A choice that cannot be had is none.
        (Master::Filter(path(&graph, "tone")), (true, false, false)),
    ] {
        machine.go(State::Stop);
        machine.pass(0.1);
        machine.drive_by(&graph, wish.clone());
        machine.go(State::Run);
        machine.pass(3.0);
        assert_eq!(driver(&machine), expected, "{wish:?}");
        for pin in [&a, &b] {
            assert_eq!(machine.published(pin, telemetry::XRUNS), 0.0, "{wish:?}");
        }
    }
}

#[test]
fn mcl_3_every_pin_is_told_who_drives_and_keeps_in_step() {
    let (mut machine, graph) = machine(PAIR);
    machine.pass(3.0);
    let b = path(&graph, "b");
    assert_eq!(machine.published(&b, telemetry::STEP), 2.0);
    machine.lose("one");
    machine.pass(5.0);
    assert_eq!(
        machine.published(&b, telemetry::STEP),
        2.0,
        "it follows the timer now"
    );
    assert_eq!(machine.published(&b, telemetry::XRUNS), 0.0);
}

#[test]
fn mcl_4_without_a_clock_time_is_nought_and_the_step_the_finest() {
    let it = Reading::default();
    assert_eq!((it.time, it.granularity, it.error), (0, 1, 0));
    let (machine, graph) = machine(TIMED);
    assert!(machine.open[&path(&graph, "tone")].clock.is_none());
}

#[test]
fn cev_1_a_mark_fires_once_at_its_time_and_one_that_is_past_at_once() {
    let (mut machine, _) = machine(TIMED);
    machine.pass(1.0);
    let ahead = machine.engine.mark(Mark::At(15_000_123)).unwrap();
    let past = machine.engine.mark(Mark::At(1_000_000)).unwrap();
    machine.pass(0.02);
    let now = fired(&mut machine);
    assert_eq!(now.len(), 1, "{now:?}");
    assert_eq!((now[0].id, now[0].time), (past, 1_000_000));
    machine.pass(0.46);
    assert_eq!(fired(&mut machine), [], "not yet");
    machine.pass(0.04);
    let due = fired(&mut machine);
    assert_eq!(due.len(), 1);
    assert_eq!((due[0].id, due[0].sample), (ahead, 72_001));
    machine.pass(1.0);
    assert_eq!(fired(&mut machine), [], "once");
    assert!(machine.engine.marks().is_empty());
}

#[test]
fn cev_2_a_row_of_marks_is_exact_and_a_stall_counts_once() {
    let (mut machine, _) = machine(TIMED);
    let row = Mark::Every {
        base: 1_000_000,
        interval: 2_500_000,
    };
    let id = machine.engine.mark(row).unwrap();
    machine.pass(1.0);
    let times: Vec<RefTime> = fired(&mut machine).iter().map(|it| it.time).collect();
    assert_eq!(times, [1_000_000, 3_500_000, 6_000_000, 8_500_000]);
    assert_eq!(
        machine.engine.mark(Mark::Every {
            base: 0,
            interval: 0
        }),
        Err(ClockRefusal::Interval(0))
    );
    assert_eq!(ClockRefusal::Interval(0).status(), Status::InvalidParameter);
    machine.engine.unmark(id);
    machine.pass(1.0);
    assert_eq!(fired(&mut machine), [], "taken back");
    // Five of them pass in every cycle: once, and the last.
    let (base, interval) = (0, MILLI);
    machine.engine.mark(Mark::Every { base, interval }).unwrap();
    machine.pass(1.0);
    let times: Vec<RefTime> = fired(&mut machine).iter().map(|it| it.time).collect();
    assert!((190..=201).contains(&times.len()), "{}", times.len());
    let apart = times.windows(2).map(|it| it[1] - it[0]);
    assert!(apart.clone().all(|it| it >= 4 * MILLI && it % MILLI == 0));
}

#[test]
fn cev_3_nothing_fires_where_time_stands() {
    let (mut machine, _) = machine(TIMED);
    machine.pass(0.5);
    machine.go(State::Pause);
    machine.pass(0.1);
    machine.engine.mark(Mark::At(0)).unwrap();
    machine.pass(1.0);
    assert_eq!(fired(&mut machine), [], "in Pause");
    machine.go(State::Stop);
    machine.pass(1.0);
    assert_eq!(fired(&mut machine), [], "in Stop");
    machine.go(State::Run);
    machine.pass(0.1);
    assert_eq!(fired(&mut machine).len(), 1, "in Run at once");
}

#[test]
fn lat_1_the_latency_clock_is_ahead_by_what_is_promised_to_the_card_and_never_goes_back() {
    let (mut machine, graph) = machine(ALONE);
    let mut last = 0;
    let promised = 3 * 50_000;
    for turn in 0..400 {
        machine.pass(0.007);
        let it = reading(&machine);
        assert!(it.latency > it.time, "{it:?}");
        assert!(it.latency >= last, "{it:?}");
        last = it.latency;
        if turn > 20 {
            let ahead = it.latency - it.time;
            assert!(
                ahead >= promised - 2 * 50_000 && ahead <= promised + 2 * 50_000,
                "{ahead}"
            );
        }
        let pin = pin(&machine, &graph, "a");
        assert!(pin.latency > pin.time, "{pin:?}");
    }
}

#[test]
fn a_slave_finds_out_how_far_the_clock_on_its_wire_drifts() {
    use ksgraph::filters::clock_slave::telemetry as cell;
    use ksgraph::ks::Kind;
    for ppm in ["250", "-120", "0"] {
        let stage = super::stage::Stage::new();
        let graph = stage.graph(&format!("clock_source speed={ppm} -> clock_slave"));
        let job = stage.job(&graph);
        let wire = job.wiring.wires[0].outcome.as_ref().unwrap();
        assert_eq!(wire.format.kind(), Kind::Clock);
        let mut offline = ksgraph::engine::Offline::rehearse(&stage.catalogue, &job, 480);
        for _ in 0..1_500 {
            offline.cycle(480).unwrap();
        }
        let cells = offline.built.open[&path(&graph, "clock_slave")]
            .telemetry
            .clone();
        let cells = cells.unwrap();
        let ppm: f32 = ppm.parse().unwrap();
        assert_eq!(cells.get(cell::LOCKED), 1.0);
        assert!((cells.get(cell::DRIFT_PPM) - ppm).abs() < 3.0, "{ppm}");
        let lead = ppm * 15.0 / 1_000.0;
        assert!((cells.get(cell::LEAD_MILLIS) - lead).abs() < 0.05, "{ppm}");
    }
}

/// A clock that is 300 ppm fast beside a card that is 100 ppm fast.
const OWN: &str =
    "tone -> a:audio_device_out device=one; c:clock_source speed=300 -> s:clock_slave";

#[test]
fn mcl_2_a_clock_source_drives_when_it_is_chosen_and_cards_keep_in_step_with_it() {
    use ksgraph::filters::clock_slave::telemetry as cell;
    let mut machine = Machine::new(QUANTUM, &[ONE, TWO]);
    let graph = machine.play(OWN);
    let (a, c, s) = (path(&graph, "a"), path(&graph, "c"), path(&graph, "s"));
    machine.pass(15.0);
    assert_eq!(
        machine.published(&a, telemetry::STEP),
        0.0,
        "the card leads"
    );
    // Its own clock runs beside the card's, and drifts.
    let (own, graphs) = (pin(&machine, &graph, "c"), reading(&machine));
    let ahead = own.time - graphs.time;
    assert!(close(ahead, graphs.time * 300 / 1_000_000, 20), "{ahead}");
    let physical = graphs.physical + graphs.physical * 300 / 1_000_000;
    assert!(close(own.physical, physical, 1_000), "{own:?} {graphs:?}");
    assert!((machine.published(&s, cell::DRIFT_PPM) - 300.0).abs() < 3.0);
    machine.go(State::Stop);
    machine.pass(0.1);
    assert_eq!(pin(&machine, &graph, "c").time, 0);
    machine.drive_by(&graph, Master::Filter(c.clone()));
    let before = reading(&machine).physical;
    let began = machine.now;
    machine.go(State::Run);
    machine.pass(0.2);
    let from = (machine.now, reading(&machine));
    machine.pass(15.0);
    let to = (machine.now, reading(&machine));
    assert!(!machine.engine.cells().is_timed(), "no timer");
    let speed = (to.1.time - from.1.time) as f64 / ((to.0 - from.0) * 1e7);
    assert!((speed - 1.000_3).abs() < 2e-5 + 0.001, "{speed}");
    let passed = (to.1.physical - before) as f64 / ((to.0 - began) * 1e7);
    assert!(
        (passed - 1.000_3).abs() < 1e-4,
        "physical time is its own: {passed}"
    );
    // The card follows: 100 ppm of its own, less 300.
    assert_eq!(machine.published(&a, telemetry::STEP), 2.0);
    let drift = machine.published(&a, telemetry::DRIFT_PPM);
    assert!((drift + 200.0).abs() < 10.0, "{drift}");
    assert_eq!(machine.published(&a, telemetry::XRUNS), 0.0);
    // The graph's time is its own now: nothing drifts from it.
    assert!(machine.published(&s, cell::DRIFT_PPM).abs() < 1.0);
    let (own, graphs) = (pin(&machine, &graph, "c"), reading(&machine));
    assert!(close(own.time, graphs.time, 1), "{own:?} {graphs:?}");
    machine.go(State::Pause);
    machine.pass(0.1);
    let paused = reading(&machine);
    machine.pass(5.0);
    assert_eq!(reading(&machine).time, paused.time, "it stands");
    machine.go(State::Run);
    machine.pass(0.05);
    let resumed = reading(&machine).time - paused.time;
    assert!(
        resumed < 120 * MILLI,
        "what was missed is not made up for: {resumed}"
    );
    machine.go(State::Stop);
    machine.pass(0.1);
    machine.go(State::Run);
    machine.pass(0.2);
    let (own, graphs) = (pin(&machine, &graph, "c"), reading(&machine));
    assert!(graphs.time < 10_000_000, "{graphs:?}");
    assert!(
        close(own.time, graphs.time, 1),
        "it begins anew: {own:?} {graphs:?}"
    );
}

#[test]
fn mcl_2_nobody_chooses_a_clock_source_unasked() {
    let mut machine = Machine::new(QUANTUM, &[ONE]);
    machine.play("tone -> null_renderer; c:clock_source speed=300 -> clock_slave");
    machine.pass(0.5);
    assert!(machine.engine.cells().is_timed());
}

#[test]
fn a_graph_that_is_driven_by_its_clock_source_renders_what_it_plays() {
    use ksgraph::filters::clock_slave::telemetry as cell;
    for drives in [false, true] {
        let stage = super::stage::Stage::new();
        let mut graph = stage.graph("c:clock_source speed=250 -> clock_slave");
        if drives {
            graph.timing.master = Master::Filter(path(&graph, "c"));
        }
        let mut offline = ksgraph::engine::Offline::new(&stage.catalogue, &stage.job(&graph), 480);
        for _ in 0..500 {
            offline.cycle(480).unwrap();
        }
        let cells = offline.built.open[&path(&graph, "clock_slave")]
            .telemetry
            .clone();
        let drift = cells.unwrap().get(cell::DRIFT_PPM);
        let wanted = if drives { 0.0 } else { 250.0 };
        assert!((drift - wanted).abs() < 3.0, "{drift}");
    }
}

/// Draws of one run of a machine: late turns, cards that stand still, go and come back, states, another driver.
struct Weather {
    machine: Machine,
    graph: Graph,
    random: u64,
    is_lost: bool,
    state: State,
    last: Reading,
    /// The mark that stands in a row, and what it told last in this run.
    row: u64,
    told: RefTime,
}

const ROW: RefTime = 1_000_000;

impl Weather {
    fn new(seed: u64) -> Self {
        let mut machine = Machine::new(QUANTUM, &[ONE, TWO]);
        let text = "tone -> splitter; splitter -> a:audio_device_out device=one; \
                    splitter -> b:audio_device_out device=two; \
                    c:clock_source speed=-300 -> clock_slave";
        let graph = machine.play(text);
        let row = Mark::Every {
            base: 0,
            interval: ROW,
        };
        let row = machine.engine.mark(row).unwrap();
        let last = reading(&machine);
        Self {
            machine,
            graph,
            random: seed,
            is_lost: false,
            state: State::Run,
            last,
            row,
            told: -ROW,
        }
    }

    fn draw(&mut self, most: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % most
    }

    fn go(&mut self, state: State) {
        self.machine.go(state);
        // The gate closes first.
        self.machine.pass(0.05);
        self.state = state;
        if state == State::Stop {
            self.last = reading(&self.machine);
            self.told = -ROW;
            let _ = fired(&mut self.machine);
        }
    }

    /// One thing that may happen; by how much time may stand behind it at once.
    fn happen(&mut self) {
        match self.draw(9) {
            0 => {
                let millis = 1 + self.draw(300);
                self.machine.sleep(millis as f64 / 1000.0);
            }
            1 => self.machine.freeze("one", 0.05),
            2 if !self.is_lost => {
                self.machine.lose("one");
                self.is_lost = true;
            }
            3 if self.is_lost && self.state == State::Run => {
                let graph = self.graph.clone();
                self.machine.renew(&graph, "a");
                self.is_lost = false;
            }
            4 => self.go(State::Pause),
            5 => self.go(State::Stop),
            6 if self.state == State::Stop => {
                let wish = match self.draw(4) {
                    0 => Master::System,
                    1 => Master::Filter(path(&self.graph, "c")),
                    2 => Master::Filter(path(&self.graph, "b")),
                    _ => Master::Automatic,
                };
                self.graph.timing.master = wish.clone();
                let graph = self.graph.clone();
                self.machine.drive_by(&graph, wish);
            }
            _ => self.go(State::Run),
        }
    }

    fn look(&mut self, what: &str) {
        let (it, last) = (reading(&self.machine), self.last);
        assert!(
            it.physical >= last.physical,
            "{what}: {it:?} after {last:?}"
        );
        assert!(
            it.system >= last.system && it.latency >= it.time,
            "{what}: {it:?}"
        );
        match (last.state, it.state) {
            (_, State::Stop | State::Acquire) => assert_eq!(it.time, 0, "{what}"),
            (State::Pause, State::Pause) => assert_eq!(it.time, last.time, "{what}: it stands"),
            _ => {
                let (passed, gone) = (it.time - last.time, it.system - last.system);
                assert!(passed >= 0, "{what}: back by {passed}");
                assert!(
                    passed <= gone + gone / 100 + 30 * MILLI,
                    "{what}: {passed} in {gone}"
                );
            }
        }
        for fired in fired(&mut self.machine) {
            assert_eq!(fired.id, self.row, "{what}");
            assert!(
                self.state >= State::Pause,
                "{what}: told in {:?}",
                self.state
            );
            assert_eq!(fired.time % ROW, 0, "{what}: on its grid");
            assert!(fired.time > self.told, "{what}: {} again", fired.time);
            assert!(
                fired.time <= it.time + 60 * MILLI,
                "{what}: not before its time"
            );
            self.told = fired.time;
        }
        self.last = it;
    }
}

#[test]
fn whatever_drives_and_however_late_time_goes_on_and_marks_come_once_on_their_grid() {
    for seed in 1..=6 {
        let mut weather = Weather::new(seed);
        for step in 0..60 {
            weather.happen();
            for _ in 0..4 {
                weather.machine.pass(0.03);
                weather.look(&format!("seed {seed}, step {step}"));
            }
        }
        weather.go(State::Run);
        let before = weather.told;
        weather.machine.pass(1.0);
        weather.look("at the end");
        assert!(weather.told >= before + 5 * ROW, "it goes on being told");
    }
}

#[test]
fn cev_2_after_a_stall_a_row_is_told_once_and_goes_on_at_its_next() {
    let (mut machine, _) = machine(ALONE);
    machine.pass(0.55);
    let row = Mark::Every {
        base: 0,
        interval: ROW,
    };
    machine.engine.mark(row).unwrap();
    machine.pass(0.2);
    let _ = fired(&mut machine);
    // Nobody turns the graph for a second; the card calls on.
    machine.sleep(1.0);
    machine.pass(0.02);
    let behind = fired(&mut machine);
    assert!(behind.len() <= 1, "once: {behind:?}");
    machine.pass(1.0);
    let after: Vec<RefTime> = fired(&mut machine).iter().map(|it| it.time).collect();
    assert!((9..=11).contains(&after.len()), "{after:?}");
    assert!(after.windows(2).all(|it| it[1] - it[0] == ROW), "{after:?}");
}
