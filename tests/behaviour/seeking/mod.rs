//! The graph's position: sought while it plays and while it does not, played round and round, and gone on by a step.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use ksgraph::engine::{Job, Message, Offline};
use ksgraph::graph::{FilterPath, Graph};
use ksgraph::ks::{
    DataFormat, DataRange, Descriptor, FileFact, Filter, Flow, Io, KernelEvent, OpenError, Opened,
    Opening, PinFactory, Processor, State, flag,
};

use crate::stage::{Stage, assert_same_bits, even, hear, path, uneven};

mod live;
mod loops;
mod program;
mod speed;

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
fn the_frames_around_a_seek_say_so() {
    let file = File::new(48_000, sound);
    let stage = stage_for(&file, 48_000, Stage::new());
    let graph = stage.graph(&reader(&file.0, "gain -> null_renderer"));
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 480);
    let wire = {
        let map = &offline.built.map;
        (0..map.wires().count())
            .filter_map(|wire| map.identity(wire))
            .max()
    };
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

/// The largest second difference: what a click is.
fn roughest(samples: &[f32]) -> f32 {
    let bends = samples
        .windows(3)
        .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs());
    bends.fold(0.0, f32::max)
}
