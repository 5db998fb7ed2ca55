//! Frames: who works in whose, where they lie, who has them, by the rules of allocators and of their negotiation.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ksgraph::engine::{Driver, Engine, Job, Message, Offline, Report};
use ksgraph::graph::{AskedFraming, FilterPath, Graph, from_ron, to_ron};
use ksgraph::ks::framing::require;
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Framing, FramingItem, Io, OpenError, Opened, Opening,
    PinFactory, Processor, SizeRange, State, flag,
};
use ksgraph::portcls;
use ksgraph::portcls::wavert::telemetry;

use super::stage::{ByHand, Stage, cut, even, hear, path};

const FLOAT: &[DataRange] = DataRange::FLOAT;

/// What a filter saw in a cycle: its key, where the frame lay, its first sample, how many there were.
type Seen = (&'static str, usize, f32, usize);

/// A filter that notes where its frames lie. Those with both pins add one to every sample, in place or not.
struct Witness {
    descriptor: Descriptor,
    is_in_place: bool,
    seen: Arc<Mutex<Vec<Seen>>>,
}

struct Noting {
    key: &'static str,
    is_in_place: bool,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Filter for Witness {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let Cow::Borrowed(key) = self.descriptor.key else {
            return Err(OpenError::Other("a key of its own".into()));
        };
        let noting = Noting {
            key,
            is_in_place: self.is_in_place,
            seen: Arc::clone(&self.seen),
        };
        Ok(Opened::processor(noting).endless())
    }
}

impl Processor for Noting {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let mut seen = self.seen.lock().unwrap();
        let mut note = |wave: &ksgraph::ks::Wave| {
            let first = wave.channel(0).first().copied().unwrap_or(0.0);
            seen.push((self.key, wave.address(), first, wave.len()));
        };
        let input = io.inputs.iter().next().and_then(|input| input.wave());
        let Some(output) = io.outputs.first_mut() else {
            input.into_iter().for_each(note);
            return Flow::Running;
        };
        match input.filter(|_| !self.is_in_place) {
            // What it gives is its own.
            Some(wave) => {
                note(wave);
                for (to, from) in output.channels_mut().zip(wave.channels()) {
                    to.copy_from_slice(from);
                }
            }
            None => output.payload.wave().into_iter().for_each(note),
        }
        for channel in output.channels_mut() {
            for (index, sample) in channel.iter_mut().enumerate() {
                // A source writes a ramp over time; the others add one.
                *sample = match self.is_in_place || input.is_some() {
                    true => *sample + 1.0,
                    false => ((io.position + index as u64) % 1000) as f32 / 1000.0,
                };
            }
        }
        Flow::Running
    }
}

const EDIT: &[PinFactory] = &[
    PinFactory::input("in", FLOAT),
    PinFactory::output("out", FLOAT).in_place_of("in"),
];
const SEE: &[PinFactory] = &[
    PinFactory::input("in", FLOAT),
    PinFactory::output("out", FLOAT).same_format_as("in"),
];
const SOURCE: &[PinFactory] = &[PinFactory::output("out", FLOAT)];
const KEEP: &[PinFactory] = &[PinFactory::output("out", FLOAT).framing(Framing::of(&[
    FramingItem {
        flags: require::SYSTEM_MEMORY | require::FRAME_INTEGRITY,
        ..FramingItem::SYSTEM
    },
]))];
const END: &[PinFactory] = &[PinFactory::input("in", FLOAT)];
const SHORT: &[PinFactory] = &[PinFactory::input("in", FLOAT).framing(Framing::of(&[
    FramingItem {
        size: SizeRange {
            min: 0,
            max: 30 * 8,
            stepping: 1,
        },
        alignment: 4095,
        ..FramingItem::SYSTEM
    },
]))];
const KINDS: &[(&str, &[PinFactory], bool)] = &[
    ("source", SOURCE, false),
    ("keep", KEEP, false),
    ("one", EDIT, true),
    ("two", EDIT, true),
    ("see", SEE, false),
    ("end", END, false),
    ("fin", END, false),
    ("short", SHORT, false),
];

fn stage_over(catalogue: ksgraph::ks::Catalogue) -> (Stage, Arc<Mutex<Vec<Seen>>>) {
    let mut stage = Stage::over(catalogue);
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    for (key, pins, is_in_place) in KINDS {
        let witness = Witness {
            descriptor: Descriptor::new(key, key, &[], pins, &[]),
            is_in_place: *is_in_place,
            seen: Arc::clone(&seen),
        };
        stage.catalogue.register(Arc::new(witness)).unwrap();
    }
    (stage, seen)
}

fn stage() -> (Stage, Arc<Mutex<Vec<Seen>>>) {
    let offline = Arc::new(portcls::Offline);
    stage_over(ksgraph::filters::catalogue(
        Arc::clone(&offline) as _,
        offline,
    ))
}

/// What every filter saw in each of some cycles of 64.
fn cycles(text: &str, count: usize) -> Vec<Vec<Seen>> {
    let (stage, seen) = stage();
    let graph = stage.graph(text);
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    (0..count)
        .map(|_| {
            offline.cycle(64).unwrap();
            std::mem::take(&mut *seen.lock().unwrap())
        })
        .collect()
}

fn of(seen: &[Seen], key: &str) -> Seen {
    *seen
        .iter()
        .find(|it| it.0 == key)
        .unwrap_or_else(|| panic!("{key} did not run"))
}

#[test]
fn neg_2_filters_in_place_share_one_frame_from_end_to_end() {
    for seen in cycles("source -> one -> two -> end", 3) {
        let place = of(&seen, "source").1;
        assert!(seen.iter().all(|it| it.1 == place), "{seen:?}");
        assert_eq!(seen.len(), 4);
        assert!(of(&seen, "end").2 >= 2.0, "both worked on it");
    }
}

#[test]
fn neg_2_what_is_not_in_place_ends_a_pipe() {
    for seen in cycles("source -> see -> one -> end", 2) {
        assert_eq!(of(&seen, "source").1, of(&seen, "see").1);
        assert_ne!(of(&seen, "see").1, of(&seen, "one").1);
        assert_eq!(of(&seen, "one").1, of(&seen, "end").1);
    }
}

#[test]
fn neg_4_a_splitter_shows_one_frame_to_all_who_only_read() {
    for seen in cycles(
        "source -> splitter -> end; splitter -> fin; splitter -> see -> null_renderer",
        2,
    ) {
        let place = of(&seen, "source").1;
        for key in ["end", "fin", "see"] {
            assert_eq!(of(&seen, key).1, place, "{key}");
        }
    }
}

#[test]
fn neg_4_the_last_reader_may_work_in_the_frame_and_others_get_copies() {
    for seen in cycles(
        "source -> splitter -> one -> see -> end; splitter -> two -> fin",
        2,
    ) {
        let place = of(&seen, "source").1;
        assert_ne!(of(&seen, "one").1, place, "the first of two gets a copy");
        assert_eq!(of(&seen, "two").1, place, "the last one does not");
        let start = of(&seen, "one").2;
        assert_eq!(of(&seen, "two").2, start, "each sees what the source made");
        assert_eq!(
            (of(&seen, "end").2, of(&seen, "fin").2),
            (start + 1.0 + 1.0, start + 1.0)
        );
    }
}

#[test]
fn neg_4_ways_that_wait_for_each_other_leave_the_others_the_one_frame() {
    for compensates in [false, true] {
        let (stage, seen) = stage();
        let text = "source -> splitter -> limiter -> mixer -> null_renderer; splitter -> mixer; \
                    splitter -> end; splitter -> fin";
        let mut graph = stage.graph(text);
        graph.timing.compensates = compensates;
        let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
        let map = &offline.built.map;
        let mut latencies = (0..map.wires().count()).filter_map(|wire| map.latency(wire));
        let waits = latencies.any(|(_, waits)| waits > 0);
        assert_eq!(waits, compensates, "one way waits");
        offline.cycle(64).unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        let place = of(&seen, "source").1;
        for key in ["end", "fin"] {
            assert_eq!(of(&seen, key).1, place, "{key}, compensated: {compensates}");
        }
    }
}

#[test]
fn neg_4_where_the_sound_ends_the_frame_stays_as_it_was_shown() {
    let (stage, _) = stage();
    let graph =
        stage.graph("source -> splitter -> n:null_renderer; splitter -> one -> m:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let heard = hear(&mut offline, &path(&graph, "n"), &even(640, 64));
    assert_eq!(heard[0][639], 0.639);
}

#[test]
fn alc_6_a_frame_that_must_stay_as_it_is_is_copied_for_who_works_in_place() {
    let all = cycles("keep -> one -> end", 3);
    for seen in &all {
        assert_ne!(of(seen, "keep").1, of(seen, "one").1);
    }
    // What the source left is still in its frame when it fills it again.
    assert_eq!(of(&all[1], "keep").2, 0.0);
    let plain = cycles("source -> one -> end", 3);
    assert!(
        of(&plain[1], "source").2 >= 1.0,
        "without it the frame is altered"
    );
}

#[test]
fn alc_10_frames_are_used_again_and_stay_where_they_are_over_plans() {
    let (stage, seen) = stage();
    let mut graph = stage.graph("source -> splitter -> see -> mixer -> end; splitter -> fin");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 64);
    let mut places = vec![];
    for turn in 0..6 {
        if turn == 3 {
            cut(&mut graph, "splitter", "fin");
            stage.add(&mut graph, "b:tone -> mixer");
            offline.change(&stage.job(&graph));
        }
        offline.cycle(64).unwrap();
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        places.push((
            of(&seen, "source").1,
            of(&seen, "see").1,
            of(&seen, "end").1,
        ));
    }
    assert!(places.iter().all(|it| *it == places[0]), "{places:?}");
}

#[test]
fn alc_3_frames_lie_where_the_masks_say() {
    for seen in cycles("source -> one -> short; b:tone -> end", 2) {
        assert_eq!(of(&seen, "source").1 % 4096, 0);
        assert_eq!(of(&seen, "end").1 % 64, 0);
    }
}

#[test]
fn frames_with_room_for_less_keep_cycles_short_and_change_no_sample() {
    let (stage, seen) = stage();
    let graph = stage.graph("source -> splitter -> short; splitter -> n:null_renderer");
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), 256);
    let heard = hear(&mut offline, &path(&graph, "n"), &even(1000, 256));
    assert!(
        heard[0]
            .iter()
            .enumerate()
            .all(|(at, it)| *it == (at % 1000) as f32 / 1000.0)
    );
    let lens: Vec<usize> = seen.lock().unwrap().iter().map(|it| it.3).collect();
    assert!(lens.iter().all(|len| *len <= 30), "{lens:?}");
}

#[test]
fn a_branch_that_fades_leaves_the_others_as_they_are() {
    let (stage, _) = stage();
    let text = "source -> splitter -> n:null_renderer; splitter -> mixer -> m:null_renderer";
    let mut graph = stage.graph(text);
    let mut offline = Offline::rehearse(&stage.catalogue, &stage.job(&graph), 64);
    let sink = path(&graph, "n");
    hear(&mut offline, &sink, &even(6400, 64));
    cut(&mut graph, "splitter", "mixer");
    stage.add(&mut graph, "splitter -> one -> mixer");
    offline.change(&stage.job(&graph));
    let heard = hear(&mut offline, &sink, &even(6400, 64));
    for (at, sample) in heard[0].iter().enumerate() {
        assert_eq!(*sample, ((6400 + at) % 1000) as f32 / 1000.0, "at {at}");
    }
}

/// The sound of a ramp behind a wire whose frames are asked to be `bytes` long.
fn asked(bytes: u32, quanta: &[usize]) -> Vec<f32> {
    let (stage, _) = stage();
    let mut graph = stage.graph("source -> one -> n:null_renderer");
    if bytes > 0 {
        let asked = AskedFraming { bytes, frames: 3 };
        graph.connections[1].chosen.framing = Some(asked);
    }
    let longest = quanta.iter().copied().max().unwrap();
    let mut offline = Offline::new(&stage.catalogue, &stage.job(&graph), longest);
    let lens: Vec<usize> = quanta.iter().copied().cycle().take(40).collect();
    let heard = hear(&mut offline, &path(&graph, "n"), &lens);
    heard[0][..2000].to_vec()
}

#[test]
fn neg_5_framing_asked_for_delays_by_one_frame_at_any_quantum_and_changes_no_sample() {
    let plain = asked(0, &[64]);
    for samples in [1, 50, 100, 256, 700] {
        let first = asked(samples * 8, &[64]);
        let delay = samples as usize;
        assert!(first[..delay].iter().all(|it| *it == 0.0), "{samples}");
        assert_eq!(first[delay..], plain[..2000 - delay], "{samples}");
        for quanta in [&[100][..], &[256], &[1000], &[1, 700, 63]] {
            assert!(
                asked(samples * 8, quanta) == first,
                "{samples} at {quanta:?}"
            );
        }
    }
}

#[test]
fn framing_asked_for_is_an_edit_that_a_file_keeps() {
    use ksgraph::graph::{Edit, apply};
    let (stage, _) = stage();
    let mut graph = stage.graph("tone -> n:null_renderer");
    let before = graph.clone();
    let mut chosen = graph.connections[0].chosen.clone();
    chosen.framing = Some(AskedFraming {
        bytes: 4096,
        frames: 4,
    });
    let undo = apply(
        &mut graph,
        Edit::Choose {
            connection: 0,
            chosen,
        },
    )
    .unwrap();
    let text = to_ron(&graph);
    assert!(text.contains("framing: (bytes:4096,frames:4)"), "{text}");
    let read: Graph = from_ron(text.as_bytes(), "a").unwrap().graph;
    assert_eq!(
        read.connections[0].chosen.framing,
        graph.connections[0].chosen.framing
    );
    apply(&mut graph, undo).unwrap();
    assert_eq!(graph, before);
}

/// A graph that plays on a card by hand.
struct Live {
    stage: Stage,
    cards: Arc<ByHand>,
    engine: Engine,
    driver: Driver,
    seen: Arc<Mutex<Vec<Seen>>>,
    built: Option<ksgraph::engine::Built>,
}

impl Live {
    fn start() -> Self {
        let cards = Arc::new(ByHand::default());
        let catalogue =
            ksgraph::filters::catalogue(Arc::clone(&cards) as _, Arc::new(portcls::Offline));
        let (stage, seen) = stage_over(catalogue);
        let (engine, driver) = Engine::by_hand(stage.catalogue.clone(), 64).unwrap();
        Self {
            stage,
            cards,
            engine,
            driver,
            seen,
            built: None,
        }
    }

    fn play(&mut self, text: &str) -> Graph {
        let graph = self.stage.graph(text);
        self.change(self.stage.job(&graph));
        assert!(self.engine.send(Message::State(State::Run)));
        graph
    }

    fn change(&mut self, job: Job) {
        self.engine.submit(job);
        for _ in 0..20_000 {
            std::thread::park_timeout(Duration::from_millis(1));
            self.turns(1, 64);
            let swapped = std::iter::from_fn(|| self.engine.report())
                .any(|it| matches!(it, Report::Swapped(..)));
            if swapped {
                self.built = std::iter::from_fn(|| self.engine.built()).last();
                return;
            }
        }
        panic!("the change never came");
    }

    /// Turns of the audio thread; the card takes so many samples after each.
    fn turns(&mut self, count: usize, takes: usize) {
        for _ in 0..count {
            assert!(self.driver.turn().is_some());
            if let Some(card) = &mut *self.cards.0.lock().unwrap() {
                card.discard(takes);
            }
        }
    }

    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn cell(&self, graph: &Graph, cell: usize) -> usize {
        let path: FilterPath = path(graph, "audio_device_out");
        let open = &self.built.as_ref().unwrap().open[&path];
        open.telemetry.as_ref().unwrap().get(cell) as usize
    }
}

#[test]
fn filter_specific_allocator_alc_8_the_last_pipe_works_in_the_frames_of_the_card_which_recur_and_are_counted()
 {
    let mut live = Live::start();
    let graph = live.play("source -> one -> two -> audio_device_out");
    live.turns(20, 64);
    live.take();
    live.turns(2000, 64);
    let seen = live.take();
    let cycles: Vec<&[Seen]> = seen.chunks(3).collect();
    assert!(cycles.len() > 1000);
    for cycle in &cycles {
        assert!(
            cycle.iter().all(|it| it.1 == cycle[0].1),
            "one frame from end to end"
        );
    }
    let mut places: Vec<usize> = cycles.iter().map(|it| it[0].1).collect();
    let used = places.len();
    places.sort_unstable();
    places.dedup();
    let frames = live.cell(&graph, telemetry::FRAMES);
    assert!(places.len() > 1, "frames of a ring, not one of a table");
    assert!(
        places.len() <= frames && used > 3 * frames,
        "they recur: {} of {frames}",
        places.len()
    );
    // The card holds what it has not played; when it takes all, it has none.
    let held = live.cell(&graph, telemetry::ALLOCATED_FRAMES);
    assert!(held > 0 && held <= frames, "{held} of {frames}");
    let queued = live
        .cards
        .0
        .lock()
        .unwrap()
        .as_ref()
        .unwrap()
        .cursor()
        .queued();
    assert!(
        held.abs_diff(queued / 64) <= 2,
        "{held} frames, {queued} samples"
    );
}

#[test]
fn alc_8_what_is_not_returned_is_counted_and_the_ring_is_capped() {
    let mut live = Live::start();
    let graph = live.play("source -> audio_device_out");
    live.turns(50, 0);
    let held = live.cell(&graph, telemetry::ALLOCATED_FRAMES);
    let frames = live.cell(&graph, telemetry::FRAMES);
    live.turns(500, 0);
    assert_eq!(
        live.cell(&graph, telemetry::ALLOCATED_FRAMES),
        held,
        "nothing is played, nothing more goes out"
    );
    assert!(held <= frames);
    let position = live.engine.cells().position();
    assert!(position > 0);
    // What comes back goes out again.
    live.turns(500, 64);
    assert!(live.engine.cells().position() > position + 20_000);
    assert_eq!(live.cell(&graph, telemetry::FRAMES), frames);
}

/// Half of full scale, with the flags that a test wants in its headers.
struct Flagged(Arc<AtomicU32>);

static FLAGGED: Descriptor = Descriptor::new("flagged", "Flagged", &[], SOURCE, &[]);

impl Filter for Flagged {
    fn descriptor(&self) -> &Descriptor {
        &FLAGGED
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Self(Arc::clone(&self.0))).endless())
    }
}

impl Processor for Flagged {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0];
        output.header.flags = self.0.load(Ordering::SeqCst);
        output.channels_mut().for_each(|channel| channel.fill(0.5));
        Flow::Running
    }
}

#[test]
fn hdr_preroll_is_not_heard_on_a_card() {
    let mut live = Live::start();
    let flags = Arc::new(AtomicU32::new(0));
    let flagged = Arc::new(Flagged(Arc::clone(&flags)));
    let mut catalogue = live.stage.catalogue.clone();
    catalogue.register(flagged).unwrap();
    (live.engine, live.driver) = Engine::by_hand(catalogue.clone(), 64).unwrap();
    live.stage.catalogue = catalogue;
    live.play("flagged -> audio_device_out");
    let mut heard = |flag: u32| {
        flags.store(flag, Ordering::SeqCst);
        live.turns(100, 64);
        let mut card = live.cards.0.lock().unwrap();
        let card = card.as_mut().unwrap();
        let mut out = vec![0.0_f32; 2 * card.cursor().queued()];
        card.interleave(&mut out, 2, |it| it);
        assert!(!out.is_empty());
        out.iter().fold(0.0_f32, |most, it| most.max(it.abs()))
    };
    assert!(heard(0) > 0.4);
    assert_eq!(heard(flag::PREROLL), 0.0);
    assert!(heard(flag::SPLICEPOINT) > 0.4, "and on it goes");
}

#[test]
fn alc_12_closing_with_frames_out_is_safe() {
    let mut live = Live::start();
    live.play("source -> one -> audio_device_out");
    live.turns(30, 16);
    let mut card = live.cards.0.lock().unwrap().take().unwrap();
    let queued = card.cursor().queued();
    assert!(queued > 0);
    drop(live);
    let mut out = vec![0.0_f32; queued * 2];
    assert_eq!(
        card.interleave(&mut out, 2, |it| it),
        queued,
        "the frames outlive who made them"
    );
    assert!(out.iter().any(|it| *it != 0.0));
    assert_eq!(card.discard(64), 0);
}

#[test]
fn neg_5_a_card_beside_other_readers_gets_a_copy_in_its_own_frames() {
    let mut live = Live::start();
    live.play("source -> splitter -> audio_device_out; splitter -> end");
    live.turns(200, 64);
    let seen = live.take();
    let last = &seen[seen.len() - 2..];
    assert_eq!(of(last, "source").1, of(last, "end").1);
    assert!(
        live.cards
            .0
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .cursor()
            .taken()
            > 1000
    );
}
