//! Nothing on the audio thread allocates or frees, from wake to sleep: a guard around the global allocator counts.
//!
//! Two ways of running are guarded: the driver of a live graph, turn by turn, on a card that is the test's own hand;
//! and the same runner in a plain loop, at lengths of all kinds. The first tests show that the guard trips.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::Arc;
use std::time::Duration;

use assert_no_alloc::{AllocDisabler, assert_no_alloc, permit_alloc, violation_count};
use ksgraph::engine::{Cores, Driver, Engine, Epoch, Job, Message, Offline, Report};
use ksgraph::graph::Graph;
use ksgraph::ks::{KernelEvent, LoopRange, ScoreChange, ScoreSheet, State, Status, Tape, TapeEnd};
use ksgraph::portcls;
use ksgraph::portcls::sequencer::{Arrived, Sequencer};

#[path = "realtime/capturing.rs"]
mod capturing;
#[path = "realtime/downloads.rs"]
mod downloads;
#[path = "behaviour/stage/mod.rs"]
mod stage;

use stage::{ByHand, Dice, Stage, assert_same_bits, cut, even, hear, path, peak, set, uneven};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

/// Does `work` under the guard; how often the allocator was called.
fn guarded<T>(work: impl FnOnce() -> T) -> (T, u32) {
    let before = violation_count();
    #[cfg(feature = "rtsan")]
    let _watched = rtsan_standalone::ScopedSanitizeRealtime::default();
    let done = assert_no_alloc(work);
    (done, violation_count() - before)
}

/// Writes lines nowhere, but makes them first, as a real one would.
struct Formatting;

impl log::Log for Formatting {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        assert!(!record.args().to_string().is_empty());
    }

    fn flush(&self) {}
}

#[test]
fn the_guard_trips() {
    let mut list: Vec<u32> = vec![];
    let ((), pushed) = guarded(|| list.push(1));
    assert_ne!(pushed, 0, "a push that grows");
    let kept = Box::new([0; 64]);
    let ((), dropped) = guarded(|| drop(kept));
    assert_ne!(dropped, 0, "a box that is dropped");
    // Another test may have set the same logger.
    let _ = log::set_logger(&Formatting);
    log::set_max_level(log::LevelFilter::Trace);
    let number = list[0];
    let ((), logged) = guarded(|| log::warn!("a line about {number}"));
    assert_ne!(logged, 0, "a log line");
    let (sum, quiet) = guarded(|| list.iter().sum::<u32>());
    assert_eq!((sum, quiet), (1, 0), "arithmetic is free");
}

#[test]
fn the_guard_sees_into_the_processors_of_a_graph() {
    for fault in ["push", "drop"] {
        let stage = Stage::new();
        let text = format!("tone -> faulty fault={fault} at=500 -> null_renderer");
        let graph = stage.graph(&text);
        let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 64);
        let mut run = |cycles| {
            (0..cycles)
                .map(|_| guarded(|| offline.cycle(64)).1)
                .sum::<u32>()
        };
        assert_eq!(run(7), 0, "{fault}: before the fault");
        assert_ne!(run(1), 0, "{fault}: with it");
    }
}

/// Graphs that use every plain filter.
const GRAPHS: &[&str] = &[
    "tone -> gain -> meter -> audio_device_out",
    "tone waveform=saw -> splitter -> gain -> mixer -> audio_device_out; splitter -> mixer; noise level=-40 -> mixer",
    "tone rate='44100' -> rate_converter -> audio_device_out",
    "tone -> format_converter -> null_renderer; b:tone -> channel_mapper -> audio_device_out",
    "noise level=-20 -> equaliser band1_gain=6 band4_gain=-9 -> delay time=20 ping_pong=true -> audio_device_out",
    "noise level=-20 -> guard -> compressor threshold=-30 -> chorus -> reverb -> limiter gain=20 -> audio_device_out; \
     tone -> compressor",
    "tone waveform=saw -> scope -> spectrum -> loudness_meter -> audio_device_out",
    "count samples=3000 -> pair -> one:null_renderer; pair -> audio_device_out",
];

/// A live graph whose audio thread and card are this test.
struct Live {
    stage: Stage,
    cards: Arc<ByHand>,
    engine: Engine,
    driver: Driver,
    quantum: usize,
    violations: u32,
    swaps: usize,
    /// What is kept of what cards are given.
    tapes: Vec<TapeEnd>,
}

impl Live {
    fn start(quantum: usize) -> Self {
        Self::start_at(quantum, Epoch::of_program())
    }

    /// The same with the machine's time from elsewhere.
    fn start_at(quantum: usize, epoch: Epoch) -> Self {
        let cards = Arc::new(ByHand::default());
        let catalogue =
            ksgraph::filters::catalogue(Arc::clone(&cards) as _, Arc::new(portcls::Offline));
        let stage = Stage::over(catalogue);
        let driver = Engine::by_hand_at(stage.catalogue.clone(), quantum, epoch);
        let (engine, driver) = driver.unwrap();
        Self {
            stage,
            cards,
            engine,
            driver,
            quantum,
            violations: 0,
            swaps: 0,
            tapes: vec![],
        }
    }

    /// One turn of the audio thread, under the guard.
    fn turn(&mut self) {
        let (sleep, violations) = guarded(|| self.driver.turn());
        assert!(sleep.is_some(), "nobody said quit");
        self.violations += violations;
    }

    /// Turns, with the card taking `takes` samples after each.
    fn play(&mut self, turns: usize, takes: usize) {
        for _ in 0..turns {
            self.turn();
            if let Some(card) = &mut *self.cards.0.lock().unwrap() {
                card.discard(takes);
            }
        }
    }

    /// What was said since it was asked last. What came back is dropped here.
    fn reports(&mut self) -> Vec<Report> {
        let reports: Vec<Report> = std::iter::from_fn(|| self.engine.report()).collect();
        let swaps = reports
            .iter()
            .filter(|it| matches!(it, Report::Swapped(..)));
        self.swaps += swaps.count();
        reports
    }

    /// Has a graph played, and waits until it does.
    fn change(&mut self, job: Job) {
        let swaps = self.swaps;
        self.engine.submit(job);
        for _ in 0..20_000 {
            // The builder wakes this thread.
            std::thread::park_timeout(Duration::from_millis(1));
            self.play(4, self.quantum);
            self.reports();
            if self.swaps > swaps {
                while let Some(built) = self.engine.built() {
                    let tapes = built.open.values().filter_map(|it| it.tape.as_ref());
                    self.tapes.extend(tapes.filter_map(Tape::take));
                }
                return;
            }
        }
        panic!("the change never came");
    }

    fn send(&mut self, message: Message) {
        assert!(self.engine.send(message));
    }

    fn position(&self) -> u64 {
        self.engine.cells().position()
    }
}

/// Everything a live graph goes through.
fn live_through(graph: &Graph, quantum: usize, what: &str) {
    let mut live = Live::start(quantum);
    let job = |live: &Live, graph: &Graph| live.stage.example_job(graph).unwrap();
    let first = job(&live, graph);
    live.change(first);
    live.engine.cells().hear_controls(true);
    live.send(Message::State(State::Run));
    live.play(100, quantum);
    // Those that read ahead are waited for, and cards take what they want here at once.
    for _ in 0..10_000 {
        if live.position() > 0 {
            break;
        }
        std::thread::park_timeout(Duration::from_millis(1));
        live.play(1, quantum);
    }
    assert!(live.position() > 0, "{what}: it does not run");
    // An edit with its fades: everything at the sink is cut off and something else put there.
    let mut after = graph.clone();
    live.stage
        .add(&mut after, "new:tone -> newer:gain -> newest:null_renderer");
    let mut cut = after.clone();
    cut.connections.remove(graph.connections.len() - 1);
    // Some graphs are nothing without their last wire.
    let cut = live.stage.example_job(&cut);
    let changed = cut.unwrap_or_else(|| job(&live, &after));
    live.change(changed);
    live.play(100, quantum);
    let back = job(&live, graph);
    live.change(back);
    // Every value of every filter, at both ends of what it takes.
    for (entry, properties) in (0..graph.filters.len() as u32).map(|entry| (entry, 0..8)) {
        for property in properties {
            live.send(Message::Set {
                entry,
                property,
                value: 1.0,
            });
            live.play(2, quantum / 2);
            live.send(Message::Set {
                entry,
                property,
                value: 0.0,
            });
            live.play(2, quantum + 1);
        }
    }
    live.send(Message::Panic);
    live.play(100, quantum);
    // Sought, played round and round, and gone on with by steps.
    let range = LoopRange::between(1_000, 1_000 + 3 * quantum as u64 / 2);
    for message in [
        Message::Seek(100_000),
        Message::Loop(range),
        Message::Seek(990),
        Message::Loop(None),
        Message::State(State::Pause),
        Message::Seek(5),
        Message::Step(quantum as u64),
        Message::Step(7),
        Message::State(State::Run),
    ] {
        live.send(message);
        live.play(40, quantum);
    }
    assert!(live.engine.cells().seeks() >= 4, "{what}: sought");
    for state in [State::Pause, State::Run, State::Stop, State::Run] {
        live.send(Message::State(state));
        live.play(100, quantum);
    }
    // Each filter held back alone, the card's own too, and let go.
    for entry in 0..graph.filters.len() as u32 {
        for state in [State::Pause, State::Run, State::Stop, State::Run] {
            let pin = None;
            live.send(Message::Limit { entry, pin, state });
            live.play(20, quantum);
        }
    }
    live.reports();
    assert!(live.swaps >= 3, "{what}: plans came and went");
    // And its card goes, where it has one.
    let card = live.cards.0.lock().unwrap().take();
    if let Some(card) = card {
        card.cursor().lose();
        drop(card);
        live.play(20, quantum);
        let reports = live.reports();
        let mut losses = reports.iter();
        assert!(
            losses.any(|it| matches!(it, Report::DeviceLost { .. })),
            "{what}"
        );
    }
    assert_eq!(live.violations, 0, "{what}: calls of the allocator");
    assert_eq!(live.engine.cells().state(), State::Run);
}

#[test]
fn a_live_graph_never_calls_the_allocator() {
    for text in GRAPHS {
        for quantum in [64, 256, 1000] {
            let graph = Stage::new().graph(text);
            live_through(&graph, quantum, text);
        }
    }
}

#[test]
fn a_live_example_never_calls_the_allocator() {
    let mut count = 0;
    for (name, graph) in stage::examples() {
        if Stage::new().example_job(&graph).is_some() {
            live_through(&graph, 256, &name);
            count += 1;
        }
    }
    assert!(count >= stage::AGREED_EXAMPLES, "{count} of them");
}

#[test]
fn a_thousand_seeks_never_call_the_allocator_and_end_where_the_last_one_led() {
    let mut live = Live::start(64);
    let graph = live
        .stage
        .graph("tone -> delay time=20 -> audio_device_out; metronome -> reverb -> null_renderer");
    let job = live.stage.job(&graph);
    live.change(job);
    live.send(Message::State(State::Run));
    live.play(50, 64);
    let mut dice = Dice(0x5EEC);
    let before = live.engine.cells().elapsed();
    for _ in 0..1_000 {
        let to = dice.roll(10_000_000) as u64;
        live.send(Message::Seek(to));
        let turns = dice.roll(4);
        live.play(turns, 64);
    }
    live.send(Message::Seek(4_800));
    live.play(30, 64);
    let cells = live.engine.cells();
    assert!(!cells.is_seeking());
    assert!((4_800..4_800 + 64 * 30).contains(&cells.position()));
    // Ten in a fade are one.
    assert!((10..=1_001).contains(&cells.seeks()), "{}", cells.seeks());
    assert!(cells.elapsed() > before + 64 * 500, "time goes on");
    assert_eq!(live.violations, 0);
}

#[test]
fn changes_of_the_score_never_call_the_allocator() {
    let mut sequencer = Sequencer::new(2);
    let (score, mut sheet) = (sequencer.score(), ScoreSheet::default());
    let note = |n: i64, status: u8| Arrived {
        event: KernelEvent::new(n * 10_000, &[status, (n % 100) as u8, 100]).unwrap(),
        wire: 1,
    };
    let mut dice = Dice(7);
    let mut seen = 0;
    for round in 0..200_i64 {
        for _ in 0..20 {
            let number = dice.roll(round as usize * 20 + 1) as u64;
            assert!(score.change(dice.one(&[
                ScoreChange::Delay(number, 90_000),
                ScoreChange::Delay(number, -70_000),
                ScoreChange::Mute(number, true),
                ScoreChange::Remove(number),
                ScoreChange::MuteChannel(3, round % 2 == 0),
            ])));
        }
        seen += usize::from(score.look(&mut sheet));
        let ((), calls) = guarded(|| {
            for n in 0..10 {
                sequencer.put(note(round * 10 + n + 300, 0x93));
                // Half of the ends are still to come when their beginnings are changed.
                sequencer.put(note(
                    round * 10 + n + if n % 2 == 0 { 0 } else { 350 },
                    0x83,
                ));
            }
            sequencer.attend(round as u64 * 480, 48_000);
            while sequencer.release(round as u64 * 480, 480, 48_000).is_some() {}
        });
        assert_eq!(calls, 0, "round {round}");
    }
    assert!(seen > 190 && !sheet.events.is_empty() && sheet.refused > 0);
}

/// What chance puts into a row behind a source.
const THROUGH: &[&str] = &[
    "gain",
    "gain level=-6",
    "meter",
    "delay time=7",
    "equaliser band1_gain=6",
    "compressor threshold=-30",
    "limiter",
    "chorus",
    "reverb",
    "guard",
    "envelope gate=true",
    "loudness_meter",
    "spectrum",
    "scope",
    "format_converter",
    "channel_mapper",
    "quality_injector",
    "rate_converter",
];
const SOURCES: &[&str] = &[
    "tone",
    "tone waveform=saw",
    "tone rate='44100'",
    "noise",
    "count samples=2000",
    "slope",
];

/// Rows of filters from sources into a mixer, some parted on their way, and what the mixer gives into a sink.
fn random_graph(dice: &mut Dice) -> String {
    let mut text = vec![];
    for row in 0..1 + dice.roll(3) {
        let mut chain = vec![format!("s{row}:{}", dice.one(SOURCES))];
        for at in 0..dice.roll(4) {
            chain.push(format!("f{row}_{at}:{}", dice.one(THROUGH)));
        }
        // Another rate than the mixer's.
        chain.push(format!("r{row}:rate_converter"));
        if dice.roll(3) == 0 {
            chain.push(format!("p{row}:splitter"));
            text.push(format!("{} -> mixer", chain.join(" -> ")));
            text.push(format!("p{row} -> g{row}:gain -> mixer"));
        } else {
            text.push(format!("{} -> mixer", chain.join(" -> ")));
        }
    }
    let sink = dice.one(&["audio_device_out", "null_renderer"]);
    text.push(format!("mixer -> {} -> {sink}", dice.one(THROUGH)));
    text.join("; ")
}

#[test]
fn three_hundred_random_graphs_never_call_the_allocator() {
    const SEED: u64 = 0x5EED_2026;
    println!("seed {SEED:#x}");
    let stage = Stage::new();
    let mut dice = Dice(SEED);
    let (mut tried, mut refused, mut audible) = (0, 0, 0);
    while tried < 300 {
        let text = random_graph(&mut dice);
        let graph = stage.graph(&text);
        let (Some(job), other) = (stage.example_job(&graph), random_graph(&mut dice)) else {
            refused += 1;
            continue;
        };
        // Every other one on two processors.
        let cores = [Cores::One, Cores::Two][tried % 2];
        let mut offline = Offline::rehearse_on(&stage.catalogue, &job, 256, cores);
        assert!(offline.built.failures.is_empty(), "{text}");
        let entries: Vec<u32> = offline.built.open.values().map(|it| it.entry).collect();
        let mut calls = 0;
        for cycle in 0..30 {
            // Values, limits, panic, states, and another graph with its fades, all between two cycles.
            let entry = dice.one(&entries);
            match dice.roll(8) {
                0 => offline.send(Message::Panic),
                1 => {
                    let state = dice.one(&[State::Stop, State::Pause, State::Run]);
                    let pin = None;
                    offline.send(Message::Limit { entry, pin, state });
                }
                2 => {
                    let state = dice.one(&[State::Stop, State::Acquire, State::Pause]);
                    offline.send(Message::State(state));
                    calls += guarded(|| offline.cycle(64)).1;
                    offline.send(Message::State(State::Run));
                }
                _ => {
                    let (property, value) = (dice.roll(6) as u16, dice.roll(2) as f64);
                    offline.send(Message::Set {
                        entry,
                        property,
                        value,
                    });
                }
            }
            if cycle == 12
                && let Some(job) = stage.example_job(&stage.graph(&other))
            {
                offline.change(&job);
            }
            let len = 1 + dice.roll(256);
            calls += guarded(|| offline.cycle(len)).1;
            offline.reports().for_each(drop);
        }
        assert_eq!(calls, 0, "seed {SEED:#x}, graph {tried}: {text}");
        let levels = offline.built.levels.clone().unwrap();
        let mut cells = 0..offline.built.map.wires().count();
        audible += usize::from(cells.any(|cell| levels.get(cell) > stage::AUDIBLE));
        tried += 1;
    }
    println!("{tried} tried, {refused} not agreed, {audible} heard at the end");
    assert!(refused < 300 && audible > 150, "{refused}, {audible}");
}

#[test]
fn a_card_that_is_lost_hands_over_to_the_timer_without_the_allocator() {
    let mut live = Live::start(64);
    let graph = live.stage.graph("tone -> audio_device_out");
    let job = live.stage.job(&graph);
    live.change(job);
    live.send(Message::State(State::Run));
    live.play(200, 64);
    let lost_at = live.position();
    let card = live.cards.0.lock().unwrap().take().unwrap();
    card.cursor().lose();
    drop(card);
    let mut lost = 0;
    for _ in 0..200_000 {
        live.turn();
        let reports = live.reports();
        lost += reports
            .iter()
            .filter(|report| matches!(report, Report::DeviceLost { .. }))
            .count();
        if live.position() > lost_at + 64 * 20 {
            break;
        }
        std::thread::yield_now();
    }
    assert!(live.position() > lost_at + 64 * 20, "the timer takes over");
    assert_eq!(lost, 1, "told once");
    // PWR-2: its pins go to Stop and say why; nobody else's do, and the graph runs on.
    let steps: Vec<_> = std::iter::from_fn(|| live.engine.step()).collect();
    let downs: Vec<_> = steps.iter().filter(|it| it.to < it.from).collect();
    assert_eq!(downs.len(), 3);
    let is_not_ready = |it: &&ksgraph::engine::Stepped| it.status == Status::DeviceNotReady;
    assert!(downs.iter().all(is_not_ready));
    assert_eq!(live.engine.cells().state(), State::Run);
    // It is there again.
    let mut job = live.stage.job(&graph);
    job.renew.insert(path(&graph, "audio_device_out"), 1);
    live.change(job);
    let taken = |live: &Live| {
        live.cards
            .0
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .cursor()
            .taken()
    };
    let before = taken(&live);
    live.play(100, 64);
    assert!(taken(&live) > before + 64 * 50, "the card paces again");
    assert_eq!(live.violations, 0);
}

#[test]
fn cycles_of_all_lengths_never_call_the_allocator() {
    for text in GRAPHS {
        let stage = Stage::new();
        let graph = stage.graph(text);
        run_cuttings(&stage, &stage.job(&graph), text);
    }
}

/// 200 cycles and more at several lengths, live by hand and as a render.
fn run_cuttings(stage: &Stage, job: &Job, what: &str) {
    for lens in [vec![64; 250], vec![1000; 200], uneven(200_000, 2048, 9)] {
        let max_len = lens.iter().copied().max().unwrap();
        for is_live in [false, true] {
            let start = if is_live {
                Offline::rehearse
            } else {
                Offline::new
            };
            let mut offline = start(&stage.catalogue, job, max_len);
            let entries: Vec<u32> = offline.built.open.values().map(|it| it.entry).collect();
            let mut calls = 0;
            for (cycle, &len) in lens.iter().enumerate() {
                // Every filter is held back in turn, and one of its pins; what waits for it waits.
                if cycle % 8 == 0 {
                    let turn = cycle / 8;
                    let state = |at: usize| [State::Pause, State::Run, State::Stop][at % 3];
                    for (at, &entry) in entries.iter().enumerate() {
                        let pin = [None, Some((at as u16 % 2, 0))][(at + turn) % 2];
                        let state = state(at + turn / 3);
                        offline.send(Message::Limit { entry, pin, state });
                    }
                }
                calls += guarded(|| offline.cycle(len)).1;
            }
            assert_eq!(calls, 0, "{what}, up to {max_len}, live: {is_live}");
        }
    }
}

#[test]
fn a_filter_that_panics_costs_what_unwinding_costs_and_nothing_after() {
    std::panic::set_hook(Box::new(|_| {}));
    let stage = Stage::new();
    let text = "tone -> mixer -> null_renderer; b:tone frequency=700 -> faulty -> mixer";
    let graph = stage.graph(&text.replace("faulty", "faulty fault=panic at=640"));
    let job = stage.job(&graph);
    let mut offline = Offline::rehearse(&stage.catalogue, &job, 64);
    let calls: Vec<u32> = (0..300).map(|_| guarded(|| offline.cycle(64)).1).collect();
    // The standard library's unwinding allocates the message and its exception; the runner adds nothing to that.
    let (_, of_unwinding) = guarded(|| {
        let caught = std::panic::catch_unwind(|| panic!("a planted fault"));
        // The message travels on; it is freed elsewhere.
        permit_alloc(|| drop(caught));
    });
    let _ = std::panic::take_hook();
    assert!(of_unwinding > 0);
    assert!(
        calls[10] <= of_unwinding,
        "{} and {of_unwinding}",
        calls[10]
    );
    let others = calls.iter().enumerate().filter(|(cycle, _)| *cycle != 10);
    assert_eq!(others.map(|(_, calls)| calls).sum::<u32>(), 0);
    let is_named = offline.reports().any(|report| {
        matches!(report, Report::Panicked { entry, .. }
            if entry == offline_entry(&job, &stage, &graph))
    });
    assert!(is_named, "the report names it");
    // And the rest goes on as if the faulty one were silent.
    let mut broken = Offline::new(&stage.catalogue, &job, 64);
    let sink = path(&graph, "null_renderer");
    let heard = hear(&mut broken, &sink, &even(6400, 64));
    let quiet = stage.render(
        "tone -> mixer -> null_renderer; count samples=1 -> mixer",
        &even(6400, 64),
    );
    let rest = |heard: &[Vec<f32>]| -> Vec<Vec<f32>> {
        heard.iter().map(|it| it[640..].to_vec()).collect()
    };
    assert!(peak(&rest(&heard)) > stage::AUDIBLE);
    assert_same_bits(&rest(&heard), &rest(&quiet), "after the fault");
}

#[test]
fn what_a_filter_says_when_it_panics_is_not_lost_and_not_freed_where_reports_find_no_room() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut live = Live::start(64);
    let graph = live
        .stage
        .graph("tone -> faulty fault=panic at=6400 -> null_renderer");
    let job = live.stage.job(&graph);
    live.change(job);
    // Nobody listens: every state reached is a report, until there is no room.
    while live.engine.cells().lost_reports() == 0 {
        for state in [State::Pause, State::Acquire] {
            live.send(Message::State(state));
            live.turn();
        }
    }
    assert_eq!(live.violations, 0);
    live.send(Message::State(State::Run));
    while live.position() < 12_800 {
        live.turn();
    }
    let (_, of_unwinding) = guarded(|| {
        let caught = std::panic::catch_unwind(|| panic!("a planted fault"));
        permit_alloc(|| drop(caught));
    });
    let _ = std::panic::take_hook();
    assert!(
        live.violations <= of_unwinding,
        "{} calls, unwinding alone takes {of_unwinding}",
        live.violations
    );
    let said = |live: &mut Live| {
        let reports = live.reports();
        let mut said = reports.iter().filter_map(|report| match report {
            Report::Panicked { message, .. } => message.downcast_ref::<&str>().copied(),
            _ => None,
        });
        said.next().map(str::to_owned)
    };
    assert_eq!(said(&mut live), None, "there was no room");
    live.turn();
    assert_eq!(said(&mut live).as_deref(), Some("a planted fault"));
    live.turn();
    assert_eq!(said(&mut live), None, "said once");
}

#[test]
fn a_stop_is_not_lost_when_run_follows_before_the_thread_wakes() {
    let mut live = Live::start(64);
    let graph = live.stage.graph("tone -> audio_device_out");
    let job = live.stage.job(&graph);
    live.change(job);
    live.send(Message::State(State::Run));
    live.play(200, 64);
    live.reports();
    let before = live.position();
    assert!(before >= 64 * 150);
    live.send(Message::State(State::Stop));
    live.send(Message::State(State::Run));
    // The gate closes first, within 10 ms of graph time.
    live.play(20, 64);
    assert!(live.position() < before, "the clock went back to zero");
    let reached: Vec<State> = live
        .reports()
        .iter()
        .filter_map(|report| match report {
            Report::Reached(state) => Some(*state),
            _ => None,
        })
        .collect();
    assert_eq!(reached, [State::Stop, State::Run]);
    // A Stop where everything stands already holds nothing up.
    for state in [State::Stop, State::Pause, State::Stop, State::Run] {
        live.send(Message::State(state));
    }
    live.play(60, 64);
    assert_eq!(live.engine.cells().state(), State::Run);
    assert_eq!(live.violations, 0);
}

/// Where the faulty filter stands; the same in every build of the same job.
fn offline_entry(job: &Job, stage: &Stage, graph: &Graph) -> u32 {
    let offline = Offline::new(&stage.catalogue, job, 64);
    offline.built.open[&path(graph, "faulty")].entry
}

#[test]
fn a_swap_costs_the_audio_thread_no_call_of_the_allocator_whatever_is_edited() {
    let mut live = Live::start(64);
    let before = live
        .stage
        .graph("tone -> gain -> mixer -> audio_device_out; b:tone -> mixer");
    let job = live.stage.job(&before);
    live.change(job);
    live.send(Message::State(State::Run));
    live.play(50, 64);
    let mut after = before.clone();
    cut(&mut after, "tone", "gain");
    live.stage.add(&mut after, "c:noise -> d:gain -> gain");
    set(&mut after, "b", "channels", "2");
    for graph in [&after, &before, &after, &before] {
        let job = live.stage.job(graph);
        live.change(job);
    }
    assert!(live.swaps >= 5);
    assert_eq!(live.violations, 0);
}
#[test]
fn the_examples_never_call_the_allocator() {
    let stage = Stage::new();
    let mut names = vec![];
    for (name, graph) in stage::examples() {
        if let Some(job) = stage.example_job(&graph) {
            run_cuttings(&stage, &job, &name);
            names.push(name);
        }
    }
    assert!(
        names.len() >= stage::AGREED_EXAMPLES,
        "only {names:?} could be tried"
    );
}
