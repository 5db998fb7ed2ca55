//! When filters are asked what they do at rest: before the first cycle of a live graph, which has no time for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ksgraph::engine::{Engine, Message, Report};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Kernel, OpenError, Opened, Opening, PinFactory,
    Processor, State, Values,
};
use ksgraph::portcls;

use crate::stage::{AUDIBLE, ByHand, Stage, peak};

const QUANTUM: usize = 64;
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO];
static BEAT: Descriptor = Descriptor::new("beat", "Beat", CATEGORIES, PINS, &[]);
static ASKED: Descriptor = Descriptor::new("asked", "Asked", CATEGORIES, PINS, &[]);

/// Calls of the one, and how many there had been each time that the other was asked.
#[derive(Default)]
struct Seen {
    beats: AtomicUsize,
    asked: Mutex<Vec<usize>>,
    called: AtomicUsize,
}

/// Is called in every cycle.
struct Beat(Arc<Seen>);

impl Filter for Beat {
    fn descriptor(&self) -> &Descriptor {
        &BEAT
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Beating(Arc::clone(&self.0))))
    }
}

struct Beating(Arc<Seen>);

impl Processor for Beating {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        self.0.beats.fetch_add(1, Ordering::SeqCst);
        Flow::Running
    }
}

/// Rests always.
struct Asked(Arc<Seen>);

impl Filter for Asked {
    fn descriptor(&self) -> &Descriptor {
        &ASKED
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Answering(Arc::clone(&self.0))).multiplies())
    }
}

struct Answering(Arc<Seen>);

impl Processor for Answering {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        self.0.called.fetch_add(1, Ordering::SeqCst);
        Flow::Running
    }

    fn kernel(&mut self, _: Values<'_>, kernel: &mut Kernel) -> bool {
        let beats = self.0.beats.load(Ordering::SeqCst);
        self.0.asked.lock().unwrap().push(beats);
        kernel.multiply(1.0);
        true
    }
}

#[test]
fn filters_are_asked_once_and_before_the_first_cycle() {
    const ROW: &str = "tone level=-12 -> beat -> a:asked -> b:asked -> c:asked";
    // Where several read one frame the steps are others once nothing fades.
    let shared = "s:splitter; s -> audio_device_out; s -> null_renderer";
    for end in ["audio_device_out", shared] {
        play(&format!("{ROW} -> {end}"));
    }
}

/// Plays a graph of these filters live, from its first cycle on.
fn play(text: &str) {
    let seen = Arc::new(Seen::default());
    let cards = Arc::new(ByHand::default());
    let ports = Arc::new(portcls::Offline);
    let mut catalogue = ksgraph::filters::catalogue(Arc::clone(&cards) as _, ports);
    catalogue
        .register(Arc::new(Beat(Arc::clone(&seen))))
        .unwrap();
    catalogue
        .register(Arc::new(Asked(Arc::clone(&seen))))
        .unwrap();
    let stage = Stage::over(catalogue);
    let graph = stage.graph(text);
    let (mut engine, mut driver) = Engine::by_hand(stage.catalogue.clone(), QUANTUM).unwrap();
    engine.submit(stage.job(&graph));
    let mut is_there = false;
    while !is_there {
        assert!(driver.turn().is_some());
        is_there =
            std::iter::from_fn(|| engine.report()).any(|it| matches!(it, Report::Swapped(..)));
        std::thread::yield_now();
    }
    engine.send(Message::State(State::Run));
    let mut heard = vec![];
    while heard.len() < 100 * QUANTUM {
        assert!(driver.turn().is_some());
        if let Some(card) = &mut *cards.0.lock().unwrap() {
            let mut taken = vec![0.0_f32; QUANTUM * 2];
            card.interleave(&mut taken, 2, |sample| sample);
            heard.extend(taken.iter().step_by(2));
        }
    }
    assert!(peak(&[heard]) > AUDIBLE);
    assert!(seen.beats.load(Ordering::SeqCst) > 50);
    assert_eq!(*seen.asked.lock().unwrap(), [0, 0, 0], "{text}");
    assert_eq!(seen.called.load(Ordering::SeqCst), 0);
}
