use std::sync::atomic::{AtomicI64, AtomicU8};
use std::sync::{Mutex, PoisonError};

use super::*;
use crate::ks::{Reading, State};
use crate::portcls::{Mxf, SynthSink};

/// 480 samples at 48 kHz.
const QUANTUM: usize = 480;
const MILLISECOND: RefTime = 10_000;

/// A clock set by hand: what is heard, and what is made.
struct Hand {
    time: AtomicI64,
    made: AtomicI64,
    state: AtomicU8,
}

impl Hand {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            time: AtomicI64::new(0),
            made: AtomicI64::new(0),
            state: AtomicU8::new(State::Run as u8),
        })
    }

    fn at(&self, millis: i64) {
        self.time.store(millis * MILLISECOND, Ordering::Release);
    }
}

impl Clock for Hand {
    fn now(&self) -> RefTime {
        self.time.load(Ordering::Acquire)
    }

    fn made(&self) -> Option<RefTime> {
        Some(self.made.load(Ordering::Acquire))
    }

    fn reading(&self) -> Reading {
        Reading {
            time: self.now(),
            latency: self.made.load(Ordering::Acquire),
            state: State::from_number(self.state.load(Ordering::Acquire)),
            ..Reading::default()
        }
    }
}

/// What an output was sent, with how long before its time.
type Sent = Arc<Mutex<Vec<(Vec<u8>, RefTime)>>>;

#[derive(Clone, Default)]
struct Wire {
    sent: Sent,
    lead: RefTime,
    is_gone: Arc<AtomicBool>,
    refuses: bool,
}

impl Outlet for Wire {
    fn send(&mut self, message: &[u8], ahead: RefTime) -> Result<(), Unsent> {
        if self.refuses {
            return Err(Unsent("full".into()));
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.push((message.to_vec(), ahead));
        Ok(())
    }

    fn lead(&self) -> RefTime {
        self.lead
    }

    fn is_there(&mut self) -> bool {
        !self.is_gone.load(Ordering::Acquire)
    }
}

impl Wire {
    fn take(&self) -> Vec<Vec<u8>> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.drain(..).map(|(message, _)| message).collect()
    }
}

/// Both ends of an output, and the wire behind them.
struct Bench {
    clock: Arc<Hand>,
    outgoing: Outgoing,
    dispatch: Dispatch,
    wire: Wire,
    outlet: Option<Box<dyn Outlet>>,
    position: u64,
    elapsed: u64,
}

impl Bench {
    fn new(wire: Wire) -> Self {
        let clock = Hand::new();
        let (mut outgoing, dispatch) = line(clock.clone(), 48_000, QUANTUM);
        for state in [State::Acquire, State::Pause, State::Run] {
            outgoing.enter(state);
        }
        Self {
            clock,
            outgoing,
            dispatch,
            outlet: Some(Box::new(wire.clone())),
            wire,
            position: 0,
            elapsed: 0,
        }
    }

    /// A cycle in which messages come, by offset.
    fn cycle(&mut self, messages: &[(usize, &[u8])]) {
        self.elapsed += QUANTUM as u64;
        let made = crate::ks::time_from_sample(self.elapsed, 48_000);
        self.clock.made.store(made, Ordering::Release);
        self.outgoing.begin(self.position, QUANTUM, 0);
        for (offset, message) in messages {
            for event in KernelEvent::whole(0, message) {
                self.outgoing.put(&event, *offset);
            }
        }
        self.position += QUANTUM as u64;
    }

    fn turn(&mut self) -> Vec<Vec<u8>> {
        self.dispatch.turn(&mut self.outlet);
        self.wire.take()
    }
}

const ON: &[u8] = &[0x90, 60, 100];
const OFF: &[u8] = &[0x80, 60, 64];

#[test]
fn what_is_due_is_sent_when_it_is_heard_and_not_before() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON), (240, OFF)]);
    bench.cycle(&[(48, &[0xC0, 7])]);
    // The second is heard 5 ms later, the third 6 ms after that.
    bench.clock.at(-20);
    assert!(bench.turn().is_empty());
    bench.clock.at(0);
    assert_eq!(bench.turn(), [ON]);
    bench.clock.at(4);
    assert!(bench.turn().is_empty());
    bench.clock.at(5);
    assert_eq!(bench.turn(), [OFF]);
    bench.clock.at(10);
    assert!(bench.turn().is_empty());
    bench.clock.at(11);
    assert_eq!(bench.turn(), [[0xC0, 7]]);
    assert_eq!(bench.outgoing.line().late(), 0);
}

#[test]
fn a_sequencer_outside_stands_when_the_graph_does() {
    let (start, stop): (&[u8], &[u8]) = (&[0xFA], &[0xFC]);
    for state in [State::Pause, State::Stop] {
        let mut bench = Bench::new(Wire::default());
        bench.cycle(&[(0, start), (0, ON)]);
        bench.clock.at(0);
        assert_eq!(bench.turn(), [start, ON]);
        let steps: &[State] = match state {
            State::Stop => &[State::Pause, State::Acquire, State::Stop],
            _ => &[State::Pause],
        };
        for state in steps {
            bench.outgoing.enter(*state);
        }
        assert_eq!(bench.turn(), [OFF, stop], "{state:?}");
        assert!(bench.turn().is_empty(), "once");
    }
    // One that was told to stand already is not told again.
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, start), (1, stop)]);
    bench.clock.at(1);
    assert_eq!(bench.turn(), [start, stop]);
    bench.outgoing.enter(State::Pause);
    assert!(bench.turn().is_empty());
}

#[test]
fn stamps_are_the_clocks_wherever_the_graph_is() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[]);
    // An hour on, over the seam of a loop.
    let to = 3_600 * 48_000;
    bench.outgoing.jump(3_600 * 10_000_000 - 100_000);
    bench.position = to;
    bench.cycle(&[(0, ON)]);
    bench.clock.at(9);
    assert!(bench.turn().is_empty());
    bench.clock.at(10);
    assert_eq!(bench.turn(), [ON]);
    // And round a loop of two cycles.
    for round in 2..8 {
        if round % 2 == 0 {
            bench.position -= 2 * QUANTUM as u64;
            bench.outgoing.jump(-200_000);
        }
        bench.cycle(&[(0, ON)]);
        bench.clock.at(round * 10 - 1);
        assert!(bench.turn().is_empty(), "round {round}");
        bench.clock.at(round * 10);
        assert_eq!(bench.turn(), [ON]);
    }
}

#[test]
fn a_delay_moves_everything_and_what_is_late_goes_at_once_and_is_counted() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON)]);
    bench
        .outgoing
        .begin(bench.position, QUANTUM, 7 * MILLISECOND);
    bench.clock.at(6);
    assert!(bench.turn().is_empty());
    bench.clock.at(7);
    assert_eq!(bench.turn(), [ON]);
    bench.cycle(&[(0, OFF)]);
    bench.clock.at(400);
    assert_eq!(bench.turn(), [OFF]);
    assert_eq!(bench.outgoing.line().late(), 1);
}

#[test]
fn who_wants_messages_early_is_told_how_early() {
    let wire = Wire {
        lead: 4 * MILLISECOND,
        ..Wire::default()
    };
    let mut bench = Bench::new(wire);
    bench.cycle(&[(240, ON)]);
    bench.clock.at(0);
    assert!(bench.turn().is_empty());
    bench.clock.at(2);
    bench.dispatch.turn(&mut bench.outlet);
    let sent = bench.wire.sent.lock().unwrap().clone();
    assert_eq!(sent, [(ON.to_vec(), 3 * MILLISECOND)]);
}

#[test]
fn stop_forgets_what_waits_and_ends_what_sounds() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON), (0, &[0xB0, 64, 127]), (240, &[0x90, 61, 1])]);
    bench.clock.at(0);
    assert_eq!(bench.turn().len(), 2);
    bench.outgoing.enter(State::Pause);
    bench.outgoing.silence();
    assert_eq!(bench.turn(), [[0xB0, 64, 0], [0x80, 60, 64]]);
    // And what comes in the next run is of that.
    bench.cycle(&[(0, &[0x90, 62, 1])]);
    bench.clock.at(100);
    assert_eq!(bench.turn(), [[0x90, 62, 1]]);
}

#[test]
fn a_run_that_begins_while_messages_are_sent_ends_the_last_one_first() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON)]);
    bench.clock.at(100);
    assert_eq!(bench.turn(), [ON]);
    bench.cycle(&[(0, &[0x90, 61, 1])]);
    bench.outgoing.silence();
    bench.cycle(&[(0, &[0x90, 62, 1])]);
    assert_eq!(bench.turn(), [OFF, &[0x90, 62, 1]]);
}

#[test]
fn pause_ends_what_sounds_and_keeps_what_waits() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON), (240, &[0x90, 61, 1])]);
    bench.clock.at(0);
    assert_eq!(bench.turn(), [ON]);
    bench.outgoing.enter(State::Pause);
    bench
        .clock
        .state
        .store(State::Pause as u8, Ordering::Release);
    assert_eq!(bench.turn(), [OFF]);
    bench.outgoing.enter(State::Run);
    bench.clock.state.store(State::Run as u8, Ordering::Release);
    bench.clock.at(5);
    assert_eq!(bench.turn(), [[0x90, 61, 1]]);
}

#[test]
fn system_exclusive_goes_out_whole_and_never_in_halves() {
    let mut bench = Bench::new(Wire::default());
    let long = [&[0xF0][..], &[5; 3_000], &[0xF7]].concat();
    bench.cycle(&[(0, ON), (0, &long), (0, OFF)]);
    bench.clock.at(100);
    assert_eq!(bench.turn(), [ON, &long, OFF]);
    // What finds no room whole is left out whole, and what it hides may be the end of a note.
    let much = vec![1; 8 * ROOM];
    bench.cycle(&[(0, ON), (0, &[&[0xF0], &much[..]].concat()), (0, OFF)]);
    bench.clock.at(200);
    let sent = bench.turn();
    assert_eq!(sent.first().unwrap(), ON);
    assert!(sent.iter().all(|it| it.len() <= 3), "a part of it was sent");
    assert!(bench.outgoing.line().lost() > 0);
    assert_eq!(sent.last().unwrap(), OFF);
}

#[test]
fn what_a_full_ring_hides_leaves_no_note_hanging() {
    let mut bench = Bench::new(Wire::default());
    let ons: Vec<(usize, &[u8])> = vec![(0, ON); ROOM];
    bench.cycle(&ons);
    bench.cycle(&[(0, OFF); 10]);
    assert_eq!(bench.outgoing.line().lost(), 10);
    bench.clock.at(100);
    let sent = bench.turn();
    assert_eq!((sent.len(), &*sent[ROOM]), (ROOM + 1, OFF));
}

#[test]
fn a_second_group_of_channels_has_no_place_on_a_cable() {
    let mut bench = Bench::new(Wire::default());
    bench.cycle(&[(0, ON)]);
    let mut other = KernelEvent::new(0, &[0x90, 61, 1]).unwrap();
    other.channel_group = 2;
    bench.outgoing.put(&other, 0);
    bench.clock.at(100);
    assert_eq!(bench.turn(), [ON]);
}

#[test]
fn what_an_output_refuses_is_counted() {
    let wire = Wire {
        refuses: true,
        ..Wire::default()
    };
    let mut bench = Bench::new(wire);
    bench.cycle(&[(0, ON), (0, OFF)]);
    bench.clock.at(100);
    bench.turn();
    assert_eq!(bench.outgoing.line().unsent(), 2);
}

#[test]
fn a_device_that_comes_back_is_told_again_what_its_channels_were_told() {
    let mut bench = Bench::new(Wire::default());
    let range: [&[u8]; 3] = [&[0xB3, 101, 0], &[0xB3, 100, 0], &[0xB3, 6, 12]];
    let before: [&[u8]; 3] = [&[0xC3, 40], &[0xB3, 7, 90], &[0xB3, 64, 127]];
    let events = before.iter().chain(&range).map(|it| (0, *it));
    bench.cycle(&events.chain([(0, ON)]).collect::<Vec<_>>());
    bench.clock.at(100);
    assert_eq!(bench.turn().len(), 7);
    // It goes; what the song says meanwhile counts, and notes that begin do not.
    bench.outlet = None;
    bench.dispatch.forget();
    bench.cycle(&[(0, &[0xC3, 41]), (0, &[0xE3, 0, 96]), (0, &[0x93, 70, 1])]);
    bench.clock.at(200);
    assert!(bench.turn().is_empty());
    let mut wire = bench.wire.clone();
    bench.dispatch.greet(&mut wire);
    let mut told = bench.wire.take();
    told.sort();
    // Nothing is chosen behind the range, as the song left it chosen.
    let mut wanted: Vec<Vec<u8>> = vec![
        vec![0xC3, 41],
        vec![0xB3, 7, 90],
        vec![0xB3, 101, 0],
        vec![0xB3, 100, 0],
        vec![0xB3, 6, 12],
        vec![0xB3, 101, 0],
        vec![0xB3, 100, 0],
        vec![0xE3, 0, 96],
    ];
    wanted.sort();
    assert_eq!(told, wanted, "and no pedal, and no note");
    // With General MIDI on it begins anew.
    bench.outlet = Some(Box::new(bench.wire.clone()));
    bench.cycle(&[(0, &[0xF0, 0x7E, 0x7F, 9, 1, 0xF7])]);
    bench.clock.at(300);
    assert_eq!(bench.turn().len(), 1);
    bench.dispatch.greet(&mut wire);
    assert!(bench.wire.take().is_empty());
}

/// Outputs that come and go.
#[derive(Clone, Default)]
struct Shelf {
    there: Arc<Mutex<Vec<(String, Wire)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Outlets for Shelf {
    fn open(&mut self, wanted: &str) -> Option<(Box<dyn Outlet>, String)> {
        self.asked.lock().unwrap().push(wanted.to_owned());
        let there = self.there.lock().unwrap();
        let found = there.iter().find(|it| wanted.is_empty() || it.0 == wanted);
        found.map(|(name, wire)| (Box::new(wire.clone()) as _, name.clone()))
    }
}

/// Waits for something that another thread does, for as long as a machine may take.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..20_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("waited in vain for {what}");
}

#[test]
fn an_output_that_goes_is_taken_again_by_its_name_and_no_other_is() {
    let (shelf, clock) = (Shelf::default(), Hand::new());
    let (keys, other) = (Wire::default(), Wire::default());
    let add = |name: &str, wire: &Wire| {
        let mut there = shelf.there.lock().unwrap();
        there.push((name.to_owned(), wire.clone()));
    };
    let (mut outgoing, dispatch) = line(clock.clone(), 48_000, QUANTUM);
    let speaking = speak("", shelf.clone(), dispatch).unwrap();
    assert_eq!(
        speaking.granted(),
        "waits for the first MIDI output that comes"
    );
    add("keys", &keys);
    until("the output", || outgoing.line().is_there());
    outgoing.enter(State::Run);
    outgoing.begin(0, QUANTUM, 0);
    outgoing.put(&KernelEvent::new(0, ON).unwrap(), 0);
    until("the note", || keys.take() == [ON]);
    outgoing.put(&KernelEvent::new(0, &[0xC0, 19]).unwrap(), 0);
    until("the program", || keys.take() == [[0xC0, 19]]);

    add("other", &other);
    shelf.there.lock().unwrap().remove(0);
    keys.is_gone.store(true, Ordering::Release);
    until("the loss", || !outgoing.line().is_there());
    // What is due while nobody hears it is gone, and what it began is not ended.
    outgoing.put(&KernelEvent::new(0, &[0x90, 61, 1]).unwrap(), 0);
    let asked = shelf.asked.lock().unwrap().len();
    until("three more looks", || {
        shelf.asked.lock().unwrap().len() >= asked + 3
    });
    assert!(!outgoing.line().is_there() && other.take().is_empty());
    assert_eq!(shelf.asked.lock().unwrap().last().unwrap(), "keys");

    keys.is_gone.store(false, Ordering::Release);
    add("keys", &keys);
    until("the return", || outgoing.line().is_there());
    until("its program", || keys.take() == [[0xC0, 19]]);
    outgoing.put(&KernelEvent::new(0, &[0x90, 62, 1]).unwrap(), 0);
    until("the note", || keys.take() == [[0x90, 62, 1]]);
    // Closing ends what sounds, before it comes back.
    drop(speaking);
    assert_eq!(keys.take(), [[0x80, 62, 64]]);
    assert!(other.take().is_empty());
}
