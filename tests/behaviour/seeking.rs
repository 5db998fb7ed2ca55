//! The graph's position: sought while it plays and while it does not, played round and round, and gone on by a step.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ksgraph::app::{Action, App, AtEnd, Options};
use ksgraph::engine::{Engine, Job, Message, Offline, Report};
use ksgraph::graph::{FilterPath, Graph};
use ksgraph::ks::{
    DataFormat, DataRange, Descriptor, FileFact, Filter, Flow, Io, KernelEvent, LoopRange,
    OpenError, Opened, Opening, PinFactory, Processor, State, flag,
};
use ksgraph::portcls;

use crate::desk::Desk;
use crate::stage::{ByHand, Stage, assert_same_bits, even, hear, path, uneven};

/// Samples of the file that is played.
const LEN: usize = 60_000;

/// Sample `n` of a channel: pseudo-random, on the grid of 16 bits.
fn sound(channel: usize, n: usize) -> f32 {
    let mixed = (n as u32 * 2 + channel as u32 + 1).wrapping_mul(2_654_435_761) >> 16;
    f32::from(mixed as u16 as i16) / 32_768.0
}

/// A wave file that goes with the test.
struct File(PathBuf);

impl File {
    fn new(rate_hz: u32, sample: impl Fn(usize, usize) -> f32) -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let name = format!("ksgraph-seek-{}-{number}.wav", std::process::id());
        let path = std::env::temp_dir().join(name);
        let spec = hound::WavSpec {
            channels: 2,
            sample_rate: rate_hz,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(&path, spec).unwrap();
        for n in 0..LEN {
            for channel in 0..2 {
                let sample = sample(channel, n) * 32_768.0;
                writer.write_sample(sample as i32 as i16).unwrap();
            }
        }
        writer.finalize().unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A stage that knows the file.
fn stage_for(file: &File, rate_hz: u32, stage: Stage) -> Stage {
    let mut stage = stage;
    let format = DataFormat::pcm(16, 2, rate_hz);
    let frames = LEN as u64;
    stage.facts.files.insert(
        file.0.clone(),
        FileFact::Wave {
            format,
            frames,
            about: Box::default(),
        },
    );
    stage
}

fn reader(file: &Path, rest: &str) -> String {
    format!("wave_reader path='{}' -> {rest}", file.display())
}

/// A graph that renders the file, and its sink.
fn offline(stage: &Stage, text: &str, max_len: usize) -> (Offline, FilterPath) {
    let graph = stage.graph(text);
    let offline = Offline::new(&stage.catalogue, &stage.job(&graph), max_len);
    assert!(offline.built.failures.is_empty());
    (offline, path(&graph, "null_renderer"))
}

/// What the file holds from `from` on: silence behind its end.
fn held(from: usize, len: usize) -> Vec<Vec<f32>> {
    let at = |channel, n| if n < LEN { sound(channel, n) } else { 0.0 };
    let of = |channel| (from..from + len).map(|n| at(channel, n)).collect();
    vec![of(0), of(1)]
}

#[test]
fn behind_a_seek_stands_the_sample_of_that_position_whatever_the_quantum() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    for quantum in [1, 64, 777, 4096] {
        let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
        hear(&mut offline, &sink, &uneven(3_000, quantum, 7));
        for to in [
            0,
            1,
            17,
            2_400,
            33_333,
            59_990,
            12,
            59_999,
            60_000,
            1 << 40,
            5_000,
        ] {
            offline.seek(to);
            assert_eq!(offline.position(), to);
            let len = 500;
            let heard = hear(&mut offline, &sink, &uneven(len, quantum, to + 1));
            let wanted = held(to.min(1 << 20) as usize, len);
            assert_same_bits(&heard, &wanted, &format!("to {to} by {quantum}"));
            assert_eq!(offline.position(), to + len as u64);
            assert_eq!(offline.has_ended(), to + len as u64 > LEN as u64);
        }
        assert_eq!(offline.cells().seeks(), 11);
        assert_eq!(offline.cells().elapsed(), 3_000 + 11 * 500);
    }
}

#[test]
fn rendering_from_a_position_is_the_tail_of_rendering_from_the_beginning() {
    // At another rate, behind a converter: once it has heard what it needs, to the last bits of its arithmetic.
    let file = File::new(44_100, |channel, n| {
        ((n + channel * 9) as f32 * 0.05).sin() * 0.5
    });
    let stage = stage_for(&file, 44_100, Stage::new());
    let text = reader(&file.0, "rate_converter -> null_renderer");
    let (mut whole, sink) = offline(&stage, &text, 480);
    let all = hear(&mut whole, &sink, &even(48_000, 480));
    for (to, quantum) in [(16_000, 480), (20_800, 333), (31_999, 64), (12_345, 1)] {
        let (mut part, sink) = offline(&stage, &text, 480);
        part.seek(to as u64);
        let heard = hear(&mut part, &sink, &uneven(9_000, quantum, 3));
        for (tail, heard) in all.iter().zip(&heard) {
            let tail = &tail[to..to + 9_000];
            let off = tail.iter().zip(heard).skip(3_000);
            let most = off.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            // Where the file's samples fall between those of the graph, the converter begins on the grid of its own: it
            // is less than one of its samples off.
            let allowed = if to % 160 == 0 { 1e-4 } else { 0.03 };
            assert!(most < allowed, "from {to}: {most}");
        }
    }
}

/// Writes down every event that comes to it.
struct Ear(Arc<Mutex<Vec<KernelEvent>>>);

const NOTES: &[PinFactory] = &[PinFactory::input("notes", DataRange::EVENTS)];
static EAR: Descriptor = Descriptor::new("ear", "Ear", &[], NOTES, &[]);

impl Filter for Ear {
    fn descriptor(&self) -> &Descriptor {
        &EAR
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Listening(Arc::clone(&self.0))))
    }
}

struct Listening(Arc<Mutex<Vec<KernelEvent>>>);

impl Processor for Listening {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let mut heard = self.0.lock().unwrap();
        heard.extend(io.inputs.iter().flat_map(|input| input.events()));
        Flow::Running
    }
}

/// A stage with an ear, and what it hears.
fn stage_with_ear() -> (Stage, Arc<Mutex<Vec<KernelEvent>>>) {
    let mut stage = Stage::new();
    let heard = Arc::new(Mutex::new(vec![]));
    stage
        .catalogue
        .register(Arc::new(Ear(Arc::clone(&heard))))
        .unwrap();
    (stage, heard)
}

fn note(sample: u64, status: u8, key: u8) -> KernelEvent {
    let time = ksgraph::ks::time_from_sample(sample, 48_000);
    KernelEvent::new(time, &[status, key, 100]).unwrap()
}

/// A job whose keyboard plays these.
fn fed(stage: &Stage, graph: &Graph, events: &[KernelEvent]) -> Job {
    let feed: Arc<[KernelEvent]> = Arc::from(events);
    Job {
        feeds: [(path(graph, "keyboard"), feed)].into(),
        ..stage.job(graph)
    }
}

#[test]
fn every_note_that_is_held_at_a_seek_gets_its_end_and_later_ones_come() {
    let (stage, heard) = stage_with_ear();
    let graph = stage.graph("keyboard -> ear");
    let events = [
        note(100, 0x90, 60),
        note(200, 0x93, 61),
        note(250, 0x90, 62),
        note(300, 0x80, 62),
        note(9_000, 0x80, 60),
        note(9_000, 0x83, 61),
        note(20_000, 0x90, 70),
        note(20_100, 0x80, 70),
    ];
    let job = fed(&stage, &graph, &events);
    for quantum in [64, 1_000] {
        heard.lock().unwrap().clear();
        let mut offline = Offline::new(&stage.catalogue, &job, quantum);
        let play = |offline: &mut Offline, len| {
            for len in uneven(len, quantum, 5) {
                offline.cycle(len).unwrap();
            }
            std::mem::take(&mut *heard.lock().unwrap())
        };
        assert_eq!(play(&mut offline, 1_000)[..], events[..4]);
        offline.seek(19_990);
        let behind = play(&mut offline, 200);
        let off = |status, key| {
            let event = note(19_990, status, key);
            KernelEvent::new(event.time, &[status, key, 64]).unwrap()
        };
        let wanted = [off(0x80, 60), off(0x83, 61), events[6], events[7]];
        assert_eq!(behind, wanted, "by {quantum}");
        // Nothing is held: nothing is said.
        offline.seek(50);
        assert_eq!(play(&mut offline, 60), [note(100, 0x90, 60)]);
    }
}

#[test]
fn the_bars_of_a_metronome_follow_the_position() {
    let (stage, heard) = stage_with_ear();
    let text = "metronome tempo=97 beats=3 subdivision=2 -> null_renderer; metronome -> ear";
    let graph = stage.graph(text);
    let notes = |offline: &mut Offline, len| {
        for len in uneven(len, 999, 11) {
            offline.cycle(len).unwrap();
        }
        let events = std::mem::take(&mut *heard.lock().unwrap());
        let on = |it: &KernelEvent| it.bytes()[0] & 0xF0 == 0x90;
        events.into_iter().filter(on).collect::<Vec<_>>()
    };
    let open = || Offline::new(&stage.catalogue, &stage.job(&graph), 999);
    let all = notes(&mut open(), 480_000);
    assert!(all.len() > 30);
    for to in [0_u64, 1, 29_690, 29_691, 100_000, 200_001, 333_333] {
        let mut offline = open();
        notes(&mut offline, 5_000);
        offline.seek(to);
        let len = 480_000 - to as usize;
        let from = ksgraph::ks::time_from_sample(to, 48_000);
        let wanted: Vec<_> = all.iter().filter(|it| it.time >= from).copied().collect();
        assert_eq!(notes(&mut offline, len), wanted, "to {to}");
    }
}

#[test]
fn a_tone_is_where_it_would_be() {
    let stage = Stage::new();
    let text = "tone frequency=1000 -> null_renderer";
    let (mut whole, sink) = offline(&stage, text, 500);
    let all = hear(&mut whole, &sink, &even(20_000, 500));
    let (mut part, sink) = offline(&stage, text, 500);
    part.seek(7_777);
    let heard = hear(&mut part, &sink, &even(1_000, 333));
    for (a, b) in all[0][7_777..].iter().zip(&heard[0]) {
        assert!((a - b).abs() < 1e-5, "{a} and {b}");
    }
}

#[test]
fn what_does_not_know_of_positions_begins_anew() {
    let stage = Stage::new();
    let (mut offline, sink) = offline(&stage, "slope -> delay time=5 -> null_renderer", 480);
    let first = hear(&mut offline, &sink, &even(2_000, 480));
    offline.seek(123_456);
    let again = hear(&mut offline, &sink, &even(2_000, 480));
    assert_same_bits(&first, &again, "forgotten");
}

#[test]
fn a_seek_holds_in_every_state_and_stop_goes_back_to_the_beginning() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), 480);
    let go = |offline: &mut Offline, state| {
        offline.send(Message::State(state));
        offline.cycle(480).unwrap();
        assert_eq!(offline.state(), state);
    };
    for state in [State::Pause, State::Acquire, State::Stop] {
        hear(&mut offline, &sink, &[480]);
        go(&mut offline, state);
        offline.seek(7_001);
        assert_eq!(offline.position(), 7_001, "{state:?}");
        offline.seek(7_003);
        offline.send(Message::State(State::Run));
        let heard = hear(&mut offline, &sink, &uneven(500, 480, 2));
        assert_same_bits(&heard, &held(7_003, 500), &format!("{state:?}"));
        go(&mut offline, State::Stop);
        assert_eq!(offline.position(), 0);
        offline.send(Message::State(State::Run));
        let heard = hear(&mut offline, &sink, &[480]);
        assert_same_bits(&heard, &held(0, 480), "from the beginning");
    }
    // Stop and a seek in one breath: whatever was asked last holds.
    offline.send(Message::State(State::Stop));
    offline.send(Message::Seek(900));
    offline.cycle(480).unwrap();
    assert_eq!((offline.state(), offline.position()), (State::Stop, 900));
    offline.send(Message::State(State::Run));
    let heard = hear(&mut offline, &sink, &[480]);
    assert_same_bits(&heard, &held(900, 480), "behind the Stop");
}

#[test]
fn a_loop_is_exact_to_the_sample_however_short_and_however_it_is_cut() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    // Shorter than a quantum, than a frame of the reader, longer, up to the end of the file and over it.
    let ranges = [
        (100, 116),
        (1_000, 1_101),
        (0, 2_400),
        (5_000, 7_401),
        (9_999, 30_000),
        (50_000, 60_000),
        (58_000, 61_000),
        (60_000, 60_100),
    ];
    for (begin, end) in ranges {
        let range = LoopRange::between(end as u64, begin as u64).unwrap();
        for quantum in [64, 1_024, 4_096] {
            let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), quantum);
            offline.send(Message::Loop(Some(range)));
            let lead = 50.min(begin);
            offline.seek((begin - lead) as u64);
            let len = 3 * (end - begin) + 77;
            let heard = hear(&mut offline, &sink, &uneven(len, quantum, 9));
            let at = |channel: usize, n: usize| {
                let place = match n < lead {
                    true => begin - lead + n,
                    false => begin + (n - lead) % (end - begin),
                };
                if place < LEN {
                    sound(channel, place)
                } else {
                    0.0
                }
            };
            let of = |channel| (0..len).map(|n| at(channel, n)).collect();
            let what = format!("{begin} to {end} by {quantum}");
            assert_same_bits(&heard, &[of(0), of(1)], &what);
            let turns = (len - lead) / (end - begin);
            assert_eq!(offline.cells().turns(), turns as u64, "{what}");
            assert!(!offline.has_ended() || end > LEN, "{what}");
            let ended = offline.reports().any(|it| matches!(it, Report::Ended));
            assert!(!ended, "{what}: a loop has no end");
            // And on, behind the range, without it.
            offline.send(Message::Loop(None));
            let position = offline.position() as usize;
            let heard = hear(&mut offline, &sink, &uneven(300, quantum, 1));
            assert_same_bits(&heard, &held(position, 300), &what);
        }
    }
}

#[test]
fn a_loop_goes_over_a_resampler_without_a_gap_and_the_same_for_any_quantum() {
    let file = File::new(44_100, |_, n| (n as f32 * 0.05).sin() * 0.5);
    let stage = stage_for(&file, 44_100, Stage::new());
    let text = reader(&file.0, "rate_converter -> null_renderer");
    // 147 samples of the file in 160 of the graph; a sine of 0.05 turns once in 125.66.
    let range = LoopRange::between(1_600, 1_600 + 16_000);
    let render = |quantum| {
        let (mut offline, sink) = offline(&stage, &text, 4_096);
        offline.send(Message::Loop(range));
        hear(&mut offline, &sink, &uneven(60_000, quantum, 4))
    };
    let one = render(480);
    assert_same_bits(&one, &render(4_096), "cut otherwise");
    assert_same_bits(&one, &render(37), "cut otherwise");
    // One round is like the one before it, the converter's own delay included.
    let (first, second) = (&one[0][20_000..36_000], &one[0][36_000..52_000]);
    let off = first.iter().zip(second).map(|(a, b)| (a - b).abs());
    assert!(off.fold(0.0, f32::max) < 1e-4);
    // Silence of a few samples would be seen as a fall of level around the seams.
    let quiet = one[0][4_000..].windows(40);
    let least = quiet
        .map(|it| it.iter().fold(0.0_f32, |most, x| most.max(x.abs())))
        .fold(1.0, f32::min);
    assert!(least > 0.2, "{least}");
}

#[test]
fn notes_end_at_the_seam_of_a_loop_and_begin_again() {
    let (stage, heard) = stage_with_ear();
    let text = "metronome tempo=60 -> null_renderer; metronome -> ear";
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 480);
    // The first beat is held for 10 ms: over the seam.
    offline.send(Message::Loop(LoopRange::between(0, 300)));
    for len in uneven(900, 480, 3) {
        offline.cycle(len).unwrap();
    }
    let events = std::mem::take(&mut *heard.lock().unwrap());
    let said: Vec<_> = events
        .iter()
        .map(|it| (it.time, it.bytes()[0] & 0xF0))
        .collect();
    let round = [(0, 0x80), (0, 0x90)];
    let wanted: Vec<_> = [(0, 0x90)].into_iter().chain(round).chain(round).collect();
    assert_eq!(said[..5], wanted[..]);
}

/// A live graph over a card that is the test's own hand.
struct Live {
    engine: Engine,
    driver: ksgraph::engine::Driver,
    cards: Arc<ByHand>,
    stage: Stage,
    quantum: usize,
    heard: Vec<f32>,
}

impl Live {
    fn start(file: &File, text: &str, quantum: usize) -> Self {
        let cards = Arc::new(ByHand::default());
        let offline = Arc::new(portcls::Offline);
        let catalogue = ksgraph::filters::catalogue(Arc::clone(&cards) as _, offline);
        let stage = stage_for(file, 48_000, Stage::over(catalogue));
        let graph = stage.graph(text);
        let (mut engine, driver) = Engine::by_hand(stage.catalogue.clone(), quantum).unwrap();
        engine.submit(stage.job(&graph));
        let mut live = Self {
            engine,
            driver,
            cards,
            stage,
            quantum,
            heard: vec![],
        };
        while !live
            .turn()
            .iter()
            .any(|it| matches!(it, Report::Swapped(..)))
        {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
        live
    }

    /// One turn of the audio thread; the card takes a quantum if it runs.
    fn turn(&mut self) -> Vec<Report> {
        assert!(self.driver.turn().is_some());
        if let Some(card) = &mut *self.cards.0.lock().unwrap() {
            let mut taken = vec![0.0_f32; self.quantum * 2];
            card.interleave(&mut taken, 2, |sample| sample);
            self.heard.extend(taken.iter().step_by(2));
        }
        std::iter::from_fn(|| self.engine.report()).collect()
    }

    fn play(&mut self, turns: usize) -> Vec<Report> {
        (0..turns).flat_map(|_| self.turn()).collect()
    }

    /// Turns until a seek is over; a worker may need its time.
    fn settle(&mut self) -> Vec<Report> {
        let mut reports = vec![];
        for _ in 0..20_000 {
            reports.extend(self.turn());
            if !self.engine.cells().is_seeking() {
                return reports;
            }
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        panic!("the seek never ends");
    }
}

/// The largest second difference: what a click is.
fn roughest(samples: &[f32]) -> f32 {
    let bends = samples
        .windows(3)
        .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs());
    bends.fold(0.0, f32::max)
}

#[test]
fn a_seek_while_it_plays_makes_no_click() {
    let file = File::new(48_000, sound);
    for quantum in [64, 480, 1_024] {
        let mut live = Live::start(
            &file,
            "tone frequency=153 level=-6 -> audio_device_out",
            quantum,
        );
        live.engine.send(Message::State(State::Run));
        live.play(2 + 9_600 / quantum);
        for to in [30_000, 10, 45_678, 20_000] {
            assert!(live.engine.seek(to));
            live.settle();
            live.play(2 + 4_800 / quantum);
            assert!(live.engine.cells().position() > to);
        }
        assert!(peak_of(&live.heard[9_600..]) > 0.4);
        assert_eq!(live.engine.cells().seeks(), 4);
        // A sine of 0.02 a sample bends by 0.0002, a fade of 10 ms by 0.002 where it turns; a jump would be up to 1.
        let bend = roughest(&live.heard);
        assert!(bend < 0.004, "by {quantum}: {bend}");
    }
}

#[test]
fn the_gate_stays_shut_until_those_who_read_have_something_to_give() {
    let file = File::new(48_000, |_, n| (n as f32 * 0.02).sin() * 0.5);
    for quantum in [64, 1_024] {
        let text = reader(&file.0, "audio_device_out");
        let mut live = Live::start(&file, &text, quantum);
        assert_eq!(live.stage.facts.files.len(), 1);
        live.engine.seek(100);
        live.engine.send(Message::State(State::Run));
        live.settle();
        for to in [30_000, 10, 45_000, 20_000] {
            live.engine.seek(to);
            let reports = live.settle();
            let starved = |it: &&Report| matches!(it, Report::Starved { .. });
            assert_eq!(reports.iter().filter(starved).count(), 0, "to {to}");
            let position = live.engine.cells().position();
            assert!(
                (to..=to + 2 * quantum as u64).contains(&position),
                "{position}"
            );
        }
        assert!(roughest(&live.heard) < 0.004);
    }
}

fn peak_of(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, it| most.max(it.abs()))
}

#[test]
fn the_frames_around_a_seek_say_so() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    let graph = stage.graph(&reader(&file.0, "gain -> null_renderer"));
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 480);
    let wire = offline.built.identities.values().copied().max();
    offline.send(Message::Tap(wire));
    for len in even(4_800, 480) {
        offline.cycle(len).unwrap();
    }
    while offline.tapped().is_some() {}
    offline.seek(20_000);
    for len in even(4_800, 480) {
        offline.cycle(len).unwrap();
    }
    let frames: Vec<_> = std::iter::from_fn(|| offline.tapped()).collect();
    let time = |sample| ksgraph::ks::time_from_sample(sample, 48_000);
    let says = |flag: u32| {
        let mut all = frames.iter().map(|it| it.header);
        let first = all.find(|it| it.flags & flag != 0).map(|it| it.time);
        assert_eq!(all.filter(|it| it.flags & flag != 0).count(), 0, "once");
        first
    };
    assert_eq!(
        says(flag::TIMEDISCONTINUITY),
        Some(time(4_800)),
        "the last before it"
    );
    assert_eq!(
        says(flag::DATADISCONTINUITY),
        Some(time(20_000)),
        "the first behind it"
    );
}

#[test]
fn so_many_steps_are_a_run() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    let (mut offline, sink) = offline(&stage, &reader(&file.0, "null_renderer"), 480);
    offline.send(Message::State(State::Pause));
    offline.cycle(480).unwrap();
    assert_eq!(offline.position(), 0);
    let mut all = vec![vec![], vec![]];
    for (number, len) in [256_u64, 1, 480, 17, 333].into_iter().enumerate() {
        offline.send(Message::Step(len));
        let before = offline.position();
        // More than a step is asked for, and no more than a step is played.
        let heard = hear(&mut offline, &sink, &[480]);
        assert_eq!(offline.position(), before + len);
        assert_eq!(offline.state(), State::Pause, "step {number}");
        for (all, heard) in all.iter_mut().zip(heard) {
            all.extend_from_slice(&heard[..len as usize]);
        }
    }
    let len = all[0].len();
    assert_same_bits(&all, &held(0, len), "steps");
    // Out of Run a step is a pause.
    offline.send(Message::State(State::Run));
    offline.cycle(100).unwrap();
    offline.send(Message::Step(10));
    offline.cycle(100).unwrap();
    assert_eq!(offline.state(), State::Pause);
}

#[test]
fn a_seek_comes_between_two_plans_and_their_fades() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    let graph = stage.graph(&reader(&file.0, "null_renderer"));
    let after = stage.graph(&reader(&file.0, "gain level=0 -> null_renderer"));
    let sink = path(&graph, "null_renderer");
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 480);
    hear(&mut offline, &sink, &even(4_800, 480));
    for to in [1_000, 30_000, 7] {
        offline.change(&stage.job(&after));
        offline.cycle(100).unwrap();
        offline.seek(to);
        for _ in 0..20 {
            offline.cycle(480).unwrap();
        }
        assert!(offline.position() > to && offline.position() < to + 20 * 480);
        let from = offline.position() as usize;
        let sink = path(&after, "null_renderer");
        let heard = hear(&mut offline, &sink, &[480]);
        assert_same_bits(&heard, &held(from, 480), &format!("to {to}"));
        offline.change(&stage.job(&graph));
        hear(&mut offline, &sink, &even(4_800, 480));
    }
}

/// Writes a graph where a script finds it.
fn write_graph(desk: &Desk, name: &str, text: &str) -> String {
    let graph = Stage::new().graph(text);
    std::fs::write(desk.path(name), ksgraph::graph::to_ron(&graph)).unwrap();
    name.to_owned()
}

fn rendered(desk: &Desk, words: &[&str]) -> Vec<f32> {
    let all = [&["render"], words, &["-o", "out.wav"]].concat();
    let did = desk.json(&all);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let mut reader = hound::WavReader::open(desk.path("out.wav")).unwrap();
    let samples: Vec<f32> = reader.samples::<f32>().map(Result::unwrap).collect();
    assert_eq!(did.json["frames"], samples.len() as u64 / 2);
    samples
}

#[test]
fn a_render_may_begin_and_end_anywhere_as_if_all_before_it_had_been_rendered() {
    let desk = Desk::new("render_part");
    let file = File::new(48_000, sound);
    // What it remembers is heard in the part as in the whole.
    let text = reader(
        &file.0,
        "delay time=30 feedback=20 -> equaliser band2_gain=6 -> null_renderer",
    );
    let text = format!("{text}; metronome tempo=120 beats=4 -> m:meter");
    let graph = write_graph(&desk, "part.ron", &text);
    let all = rendered(&desk, &[&graph, "--seconds", "1.2"]);
    for (start, end, from, to) in [
        ("0.5", "0.75", 24_000, 36_000),
        ("24001 samples", "0:00.9", 24_001, 43_200),
        ("1|2|0", "1|3|0", 24_000, 48_000),
        ("0", "0.1", 0, 4_800),
        ("1.1", "1.2", 52_800, 57_600),
    ] {
        let part = rendered(&desk, &[&graph, "--start", start, "--end", end]);
        let wanted = &all[2 * from..2 * to];
        assert_eq!(part.len(), wanted.len(), "{start} to {end}");
        let off = part.iter().zip(wanted).map(|(a, b)| (a - b).abs());
        let most = off.fold(0.0, f32::max);
        // A tail is called over where it has fallen by 90 dB.
        assert!(most < 1e-4, "{start} to {end}: {most}");
    }
    for words in [
        &["--start", "1", "--end", "0.5"][..],
        &["--start", "x", "--end", "1"],
        &["--start", "-1", "--end", "1"],
        &["--end", "1", "--seconds", "1"],
    ] {
        let did = desk.json(&[&["render", &graph, "-o", "no.wav"], words].concat());
        assert_eq!(did.code, Some(2), "{words:?}: {}", did.text);
    }
    let did = desk.json(&[
        "play",
        &graph,
        "--start",
        "5|",
        "--seconds",
        "0.1",
        "--device",
        "null",
    ]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    assert!(
        did.json["seconds"].as_f64().unwrap() < 1.0,
        "what was played counts"
    );
}

/// The program with a graph, and a while of it.
fn program(text: &str) -> App {
    let graph = Stage::new().graph(text);
    let mut app = App::new(Options::nominal(256));
    app.open_document(graph, None);
    app
}

fn until(app: &mut App, what: &str, is_so: impl Fn(&App) -> bool) {
    for _ in 0..20_000 {
        app.poll();
        if is_so(app) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("never: {what}");
}

#[test]
fn the_end_of_all_sources_stops_the_graph_or_begins_anew_when_the_user_wants_it() {
    let file = File::new(48_000, sound);
    for at_end in [AtEnd::GoOn, AtEnd::Stop, AtEnd::BeginAnew] {
        let mut app = program(&reader(&file.0, "null_renderer"));
        until(&mut app, "open", |app| {
            app.view().transport().length == Some(LEN as u64)
        });
        assert!(app.view().transport().is_seekable);
        app.perform(Action::SetAtEnd(at_end));
        app.perform(Action::Seek(LEN as u64 - 4_800));
        app.perform(Action::SetState(State::Run));
        let position = |app: &App| app.view().transport().position;
        match at_end {
            AtEnd::GoOn => {
                until(&mut app, "behind", |app| position(app) > LEN as u64 + 4_800);
                assert!(app.has_ended());
                assert_eq!(app.view().requested, State::Run);
            }
            AtEnd::Stop => {
                until(&mut app, "stopped", |app| {
                    app.view().requested == State::Stop
                });
                until(&mut app, "at zero", |app| position(app) == 0);
            }
            AtEnd::BeginAnew => {
                until(&mut app, "anew", |app| {
                    app.cells().is_some_and(|it| it.seeks() == 2)
                });
                until(&mut app, "again", |app| {
                    (1..30_000).contains(&position(app))
                });
                assert_eq!(app.view().requested, State::Run);
            }
        }
    }
}

#[test]
fn the_program_steps_and_loops_and_knows_what_cannot_be_sought() {
    let mut app = program("tone -> null_renderer");
    until(&mut app, "open", |app| app.cells().is_some());
    let now = app.view().transport();
    assert!(!now.is_seekable && now.length.is_none());
    app.perform(Action::Step);
    until(&mut app, "paused", |app| {
        app.cells().unwrap().state() == State::Pause
    });
    let lines = app.view().log.len();
    for step in 1..=5 {
        app.perform(Action::Step);
        until(&mut app, "stepped", |app| {
            let cells = app.cells().unwrap();
            cells.position() == step * 256 && cells.state() == State::Pause
        });
    }
    let said = app.view().log[lines..].iter();
    assert_eq!(said.filter(|it| it.text.starts_with("Running")).count(), 0);
    assert_eq!(app.view().requested, State::Pause);
    let range = LoopRange::between(1_000, 6_000);
    app.perform(Action::SetLoop { range, is_on: true });
    app.perform(Action::SetState(State::Run));
    until(&mut app, "three rounds", |app| {
        app.cells().unwrap().turns() >= 3
    });
    let now = app.view().transport();
    assert!(now.is_looping && now.position < 6_000 && now.range == range);
    assert!(app.view().undo.is_none(), "no part of the document");
}
