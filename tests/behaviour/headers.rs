//! Stream headers: times, lengths and flags of what passes on wires, as the wire probe sees them (section 13).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ksgraph::engine::{Message, Offline, TappedFrame};
use ksgraph::graph::Graph;
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    State, flag, time_from_sample,
};

use super::machine::{Machine, Script};
use super::stage::{Stage, largest_step, path, set};

/// A source whose headers say what a test wants, on the cycle with that number.
struct Telling(Arc<AtomicU32>, Arc<AtomicU32>);

const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
static TELLS: Descriptor = Descriptor::new("tells", "Tells", &[], PINS, &[]);
static TELLS_TOO: Descriptor = Descriptor::new("tells_too", "Tells Too", &[], PINS, &[]);

struct Kind(&'static Descriptor, Arc<AtomicU32>, Arc<AtomicU32>);

impl Filter for Kind {
    fn descriptor(&self) -> &Descriptor {
        self.0
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let telling = Telling(Arc::clone(&self.1), Arc::clone(&self.2));
        Ok(Opened::processor(telling))
    }
}

impl Processor for Telling {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        io.outputs[0].header.flags = self.0.load(Ordering::SeqCst);
        io.outputs[0].silence();
        match self.1.load(Ordering::SeqCst) {
            0 => Flow::Running,
            _ => Flow::Ended,
        }
    }
}

struct Bench {
    stage: Stage,
    flags: [Arc<AtomicU32>; 2],
    ends: [Arc<AtomicU32>; 2],
}

impl Bench {
    fn new() -> Self {
        let mut stage = Stage::new();
        let flags: [Arc<AtomicU32>; 2] = Default::default();
        let ends: [Arc<AtomicU32>; 2] = Default::default();
        for (index, descriptor) in [&TELLS, &TELLS_TOO].into_iter().enumerate() {
            let kind = Kind(
                descriptor,
                Arc::clone(&flags[index]),
                Arc::clone(&ends[index]),
            );
            stage.catalogue.register(Arc::new(kind)).unwrap();
        }
        Self { stage, flags, ends }
    }

    fn open(&self, text: &str) -> (Offline, Graph) {
        let graph = self.stage.graph(text);
        let offline = Offline::new(&self.stage.catalogue, &self.stage.job(&graph), 480);
        (offline, graph)
    }
}

/// Looks at the wire into a filter.
fn look(offline: &mut Offline, graph: &Graph, reader: &str) {
    let reader = path(graph, reader);
    let map = &offline.built.map;
    let wire = map.wires().position(|(_, to)| to.filter == reader);
    let id = wire.and_then(|wire| map.identity(wire));
    assert!(id.is_some(), "no wire leads there");
    offline.send(Message::Tap(id));
    while offline.tapped().is_some() {}
}

/// The frames of a wire in cycles of the given lengths.
fn frames(offline: &mut Offline, graph: &Graph, reader: &str, lens: &[usize]) -> Vec<TappedFrame> {
    look(offline, graph, reader);
    for len in lens {
        offline.cycle(*len).unwrap();
    }
    std::iter::from_fn(|| offline.tapped()).collect()
}

#[test]
fn hdr_3_and_6_used_bytes_and_durations_follow_on_without_a_gap() {
    let bench = Bench::new();
    let text = "tone rate='44100' -> rate_converter -> gain -> n:null_renderer";
    for reader in ["rate_converter", "gain", "n"] {
        let (mut offline, graph) = bench.open(text);
        let lens = [480, 1, 100, 333, 480];
        let rate = if reader == "rate_converter" {
            44_100
        } else {
            48_000
        };
        let frames = frames(&mut offline, &graph, reader, &lens);
        assert_eq!(frames.len(), lens.len(), "{reader}");
        let (mut position, mut samples) = (0, 0);
        for (frame, len) in frames.iter().zip(lens) {
            let header = frame.header;
            assert_eq!(header.time, time_from_sample(position, 48_000));
            position += len as u64;
            assert_eq!(
                header.time + header.duration,
                time_from_sample(position, 48_000)
            );
            samples += u64::from(header.data_used) / 8;
            assert_eq!(samples, position * rate / 48_000, "{reader}");
            assert!(header.data_used <= frame.extent);
            assert_eq!(u32::from(frame.shown), header.data_used.min(1024));
            assert_eq!(header.flags, flag::TIMEVALID | flag::DURATIONVALID);
        }
    }
}

#[test]
fn flags_that_no_filter_is_about_pass_every_filter() {
    let said = flag::SPLICEPOINT
        | flag::PREROLL
        | flag::LOOPEDDATA
        | flag::FLUSHONPAUSE
        | flag::METADATA
        | flag::BUFFEREDTRANSFER
        | flag::VRAM
        | flag::ENDOFPHOTO
        | flag::FRAMEINFO;
    for text in [
        "tells -> gain -> n:null_renderer",
        "tells -> splitter -> n:null_renderer; splitter -> null_renderer",
        "tells -> splitter -> gain -> n:null_renderer; splitter -> equaliser -> null_renderer",
        "tells -> mixer -> n:null_renderer",
        "tells -> format_converter -> n:null_renderer",
        "tells -> channel_mapper -> delay -> limiter -> n:null_renderer",
    ] {
        let bench = Bench::new();
        let (mut offline, graph) = bench.open(text);
        bench.flags[0].store(said, Ordering::SeqCst);
        let frames = frames(&mut offline, &graph, "n", &[100, 100]);
        let wanted = said | flag::TIMEVALID | flag::DURATIONVALID;
        assert_eq!(
            flag::words(frames[1].header.flags),
            flag::words(wanted),
            "{text}"
        );
    }
}

#[test]
fn hdr_8_a_break_on_one_input_is_a_break_of_the_mix_and_the_rest_where_all_agree() {
    let bench = Bench::new();
    let (mut offline, graph) = bench.open("tells -> mixer -> n:null_renderer; tells_too -> mixer");
    bench.flags[0].store(flag::DATADISCONTINUITY | flag::PREROLL, Ordering::SeqCst);
    bench.flags[1].store(flag::TIMEDISCONTINUITY, Ordering::SeqCst);
    let seen = frames(&mut offline, &graph, "n", &[64])[0].header.flags;
    assert_ne!(seen & flag::DATADISCONTINUITY, 0);
    assert_ne!(seen & flag::TIMEDISCONTINUITY, 0);
    assert_eq!(seen & flag::PREROLL, 0, "one of them is to be heard");
    bench.flags[0].store(flag::PREROLL, Ordering::SeqCst);
    bench.flags[1].store(flag::PREROLL, Ordering::SeqCst);
    let seen = frames(&mut offline, &graph, "n", &[64])[0].header.flags;
    assert_eq!(
        seen & (flag::PREROLL | flag::DATADISCONTINUITY),
        flag::PREROLL
    );
}

#[test]
fn hdr_10_the_end_goes_out_at_every_output_and_a_mix_ends_with_its_last_input() {
    let bench = Bench::new();
    let text = "tells -> splitter -> n:null_renderer; splitter -> mixer -> m:null_renderer; tells_too -> mixer";
    let (mut offline, graph) = bench.open(text);
    let mut ends = |reader: &str| {
        let frames = frames(&mut offline, &graph, reader, &[64]);
        frames[0].header.is_end_of_stream()
    };
    assert!(!ends("n") && !ends("m"));
    bench.ends[0].store(1, Ordering::SeqCst);
    assert!(ends("n"));
    assert!(!ends("m"), "one input goes on");
    bench.ends[1].store(1, Ordering::SeqCst);
    assert!(ends("m"));
}

#[test]
fn hdr_12_a_wire_that_changes_its_format_brings_it_in_a_packet_of_its_own_ahead_of_the_first_frame()
{
    let bench = Bench::new();
    let (mut offline, mut graph) = bench.open("tone -> gain -> n:null_renderer");
    assert_eq!(
        frames(&mut offline, &graph, "n", &[64])[0].header.flags & flag::TYPECHANGED,
        0
    );
    set(&mut graph, "tone", "channels", "1");
    offline.change(&bench.stage.job(&graph));
    let seen = frames(&mut offline, &graph, "n", &[64, 64]);
    assert_eq!(seen.len(), 3, "a packet more than frames");
    assert_ne!(seen[0].header.flags & flag::TYPECHANGED, 0);
    let format = seen[0].format.as_ref().unwrap();
    assert_eq!(**format, ksgraph::ks::DataFormat::float(1, 48_000));
    assert_eq!((seen[0].header.duration, seen[0].shown), (0, 0));
    assert_eq!(seen[1].header.time, seen[0].header.time);
    for frame in &seen[1..] {
        assert_eq!(frame.header.flags & flag::TYPECHANGED, 0);
        assert!(frame.format.is_none());
        assert_eq!(frame.header.data_used, 64 * 4, "with the new format");
    }
}

#[test]
fn a_frame_of_its_own_length_is_told_when_it_is_full_with_the_flags_of_what_is_in_it() {
    let bench = Bench::new();
    let mut graph = bench.stage.graph("tells -> n:null_renderer");
    let asked = ksgraph::graph::AskedFraming {
        bytes: 150 * 8,
        frames: 2,
    };
    graph.connections[0].chosen.framing = Some(asked);
    let mut offline = Offline::new(&bench.stage.catalogue, &bench.stage.job(&graph), 480);
    bench.flags[0].store(flag::DATADISCONTINUITY, Ordering::SeqCst);
    let seen = frames(&mut offline, &graph, "n", &[100, 100]);
    assert_eq!(seen.len(), 1, "200 samples are one frame of 150");
    assert_eq!(seen[0].header.data_used, 150 * 8);
    assert_eq!(seen[0].header.duration, time_from_sample(150, 48_000));
    assert_ne!(seen[0].header.flags & flag::DATADISCONTINUITY, 0);
}

#[test]
fn nobody_is_told_of_a_wire_that_nobody_looks_at() {
    let bench = Bench::new();
    let (mut offline, graph) = bench.open("tells -> gain -> n:null_renderer");
    look(&mut offline, &graph, "n");
    offline.send(Message::Tap(None));
    offline.cycle(64).unwrap();
    assert!(offline.tapped().is_none());
    // Somebody slow loses frames, never the sound.
    let many = vec![8; 2000];
    let seen = frames(&mut offline, &graph, "n", &many);
    assert!(seen.len() < many.len() && seen.len() > 100);
}

/// A steady level whose frames say what they are told to.
struct Steady(u32);

static STEADY: Descriptor = Descriptor::new("steady", "Steady", &[], PINS, &[]);

impl Filter for Steady {
    fn descriptor(&self) -> &Descriptor {
        &STEADY
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Steady(self.0)))
    }
}

impl Processor for Steady {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0];
        output.header.flags = self.0;
        output.channels_mut().for_each(|channel| channel.fill(0.5));
        Flow::Running
    }
}

#[test]
fn hdr_11_what_lies_in_the_ring_of_a_card_is_dropped_too_and_fades() {
    let card = Script {
        name: "one",
        ppm: 0.0,
        period: 256,
        jitter: 0.0,
    };
    // How long it sounds on, having been paused.
    let sounds_on = |flags: u32| {
        let filters = |_| vec![Arc::new(Steady(flags)) as Arc<dyn Filter>];
        let mut machine = Machine::with(2_048, &[card], filters);
        machine.play("steady -> one:audio_device_out device=one");
        machine.pass(1.0);
        machine.heard("one");
        machine.go(State::Pause);
        machine.pass(0.5);
        let heard = machine.heard("one");
        let (step, at) = largest_step(&heard);
        assert!(step < 0.5 / 200.0, "{flags:#x}: a step of {step} at {at}");
        assert!(heard[0] > 0.4);
        machine.go(State::Run);
        machine.pass(0.5);
        let again = machine.heard("one");
        assert!(again[again.len() - 1] > 0.4, "{flags:#x}: it plays again");
        assert_eq!(machine.engine.cells().xruns(), 0);
        heard.iter().rposition(|sample| *sample != 0.0).unwrap()
    };
    let (kept, dropped) = (sounds_on(0), sounds_on(flag::FLUSHONPAUSE));
    assert!(kept > 3 * 2_048, "the ring is played: {kept}");
    // Until a cycle in which the sound is closed was made.
    assert!(dropped < 2_048 + 2 * 256 + 240, "{dropped}");
}
