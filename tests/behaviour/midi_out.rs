//! MIDI Device Out, through the engine, on a machine whose time and whose port are the test's own: what arrives outside,
//! when, and what ends what sounds there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ksgraph::engine::Message;
use ksgraph::filters::midi_device_out::telemetry;
use ksgraph::graph::Graph;
use ksgraph::ks::{RefTime, State};
use ksgraph::midi::{read_smf, write_smf0};
use ksgraph::portcls::speak::{Dispatch, Outlet, Speaking, Unsent};
use ksgraph::portcls::{DeviceError, Ear, Listening, MidiPorts};

use super::machine::{Machine, Script};
use super::stage::{AUDIBLE, cut, path, set};

const SONG: &str = "graphs/media/evening.mid";
/// The song on the port, and on a card what paces it.
const GRAPH: &str = "midi_file_reader path=graphs/media/evening.mid -> port:midi_device_out device=port; \
                     tone level=-60 -> one:audio_device_out device=one";

/// A port by name: what was sent to it since it was looked at.
#[derive(Clone, Default)]
struct Wire(Arc<Mutex<Vec<Vec<u8>>>>);

impl Outlet for Wire {
    fn send(&mut self, message: &[u8], _: RefTime) -> Result<(), Unsent> {
        self.0.lock().unwrap().push(message.to_vec());
        Ok(())
    }

    fn is_there(&mut self) -> bool {
        true
    }
}

/// The machine's ports: whoever speaks to one hands over what is to be sent, whoever listens what is to be told.
#[derive(Clone, Default)]
struct Ports(
    Arc<Mutex<BTreeMap<String, Dispatch>>>,
    Arc<Mutex<Option<Ear>>>,
);

struct Spoken;

struct Listened;

impl Listening for Listened {
    fn granted(&self) -> String {
        "listens to it".into()
    }
}

impl Speaking for Spoken {
    fn granted(&self) -> String {
        "plays on it".into()
    }
}

impl MidiPorts for Ports {
    fn listen(&self, _: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError> {
        ear.link().set_there(true);
        *self.1.lock().unwrap() = Some(ear);
        Ok(Box::new(Listened))
    }

    fn speak(&self, port: &str, dispatch: Dispatch) -> Result<Box<dyn Speaking>, DeviceError> {
        self.0.lock().unwrap().insert(port.to_owned(), dispatch);
        Ok(Box::new(Spoken))
    }
}

/// A message, and when it was sent, in seconds of the machine.
type Sent = (f64, Vec<u8>);

struct Bench {
    machine: Machine,
    graph: Graph,
    ports: Ports,
    wire: Wire,
    outlet: Option<Box<dyn Outlet>>,
}

impl Bench {
    fn new(quantum: usize, graph: &str) -> Self {
        let ports = Ports::default();
        let one = Script {
            name: "one",
            ppm: 0.0,
            period: 256,
            jitter: 0.0,
        };
        let mut machine = Machine::with_ports(quantum, &[one], Arc::new(ports.clone()), |_| vec![]);
        machine.set_time(0.0);
        let graph = machine.play(graph);
        // The card does not make up for the time that opening took.
        machine.freeze("one", 0.0);
        let wire = Wire::default();
        Self {
            machine,
            graph,
            ports,
            outlet: Some(Box::new(wire.clone())),
            wire,
        }
    }

    /// The port's thread looks.
    fn turn(&mut self) -> Vec<Vec<u8>> {
        if let Some(dispatch) = self.ports.0.lock().unwrap().get_mut("port") {
            dispatch.turn(&mut self.outlet);
        }
        std::mem::take(&mut *self.wire.0.lock().unwrap())
    }

    /// What is sent while so much time passes, with the port's thread looking every millisecond.
    fn pass(&mut self, seconds: f64) -> Vec<Sent> {
        let mut sent = vec![];
        for _ in 0..(seconds * 1_000.0) as usize {
            self.machine.pass(0.001);
            let now = self.machine.now;
            sent.extend(self.turn().into_iter().map(|message| (now, message)));
        }
        sent
    }

    fn published(&self, which: usize) -> f32 {
        self.machine.published(&path(&self.graph, "port"), which)
    }
}

/// Keys that are down after some messages.
fn down(sent: &[Sent]) -> Vec<(u8, u8)> {
    let mut down: BTreeMap<(u8, u8), i32> = BTreeMap::new();
    for (_, message) in sent {
        if let [status @ 0x80..=0x9F, key, velocity] = message[..] {
            let is_on = status >= 0x90 && velocity > 0;
            *down.entry((status & 15, key)).or_default() = i32::from(is_on);
        }
    }
    let held = down.into_iter().filter(|(_, is_down)| *is_down > 0);
    held.map(|(key, _)| key).collect()
}

/// The song's messages and their times in seconds.
fn song() -> Vec<Sent> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(SONG);
    let song = read_smf(&std::fs::read(file).unwrap()).unwrap();
    let messages = song.messages();
    let messages = messages.map(|(time, message)| (time as f64 / 1e7, message.to_vec()));
    messages.collect()
}

#[test]
fn the_bytes_outside_are_the_songs_in_order_and_at_its_times() {
    let song = song();
    assert!(song.len() > 500, "{} messages", song.len());
    for quantum in [64, 256, 1_024] {
        let mut bench = Bench::new(quantum, GRAPH);
        let began = bench.machine.now;
        let sent = bench.pass(song.last().unwrap().0 + 1.0);
        let bytes = |all: &[Sent]| -> Vec<Vec<u8>> { all.iter().map(|it| it.1.clone()).collect() };
        assert_eq!(bytes(&sent), bytes(&song), "at {quantum}");
        // The port's thread looks every millisecond. What the card asks for at once is learnt in the first moments.
        let behind = |(sent, song): (&Sent, &Sent)| sent.0 - began - song.0;
        let all: Vec<f64> = sent.iter().zip(&song).map(behind).collect();
        let spread = |all: &[f64]| {
            let least = all.iter().copied().fold(f64::MAX, f64::min);
            all.iter().copied().fold(f64::MIN, f64::max) - least
        };
        let later = song.partition_point(|it| it.0 < 0.5);
        let (of_all, of_later) = (spread(&all), spread(&all[later..]));
        assert!(of_all < 0.003, "at {quantum}: within {of_all} s");
        assert!(of_later < 0.0015, "at {quantum}: within {of_later} s");
        assert_eq!(bench.published(telemetry::LATE), 0.0);
        assert_eq!(bench.published(telemetry::LOST), 0.0);
    }
}

/// Into the middle of the song, where something sounds outside.
fn sounding() -> (Bench, Vec<Sent>) {
    let mut bench = Bench::new(256, GRAPH);
    let mut sent = vec![];
    for _ in 0..100 {
        sent.extend(bench.pass(0.1));
        if sent.len() > 30 && !down(&sent).is_empty() {
            return (bench, sent);
        }
    }
    panic!("nothing sounds");
}

#[test]
fn what_sounds_outside_ends_whatever_ends_it() {
    type Act = fn(&mut Bench);
    let acts: [(&str, Act); 6] = [
        ("stop", |it| it.machine.go(State::Stop)),
        ("pause", |it| it.machine.go(State::Pause)),
        ("panic", |it| {
            assert!(it.machine.engine.send(Message::Panic));
        }),
        ("a seek", |it| {
            assert!(it.machine.engine.send(Message::Seek(48_000 * 600)));
        }),
        ("a wire that goes", |it| {
            cut(&mut it.graph, "midi_file_reader", "port");
            let graph = it.graph.clone();
            it.machine.play_on(&graph);
        }),
        ("a filter that goes", |it| {
            let graph = it.machine.stage.graph(GRAPH.split("; ").last().unwrap());
            it.machine.play_on(&graph);
        }),
    ];
    for (name, act) in acts {
        let (mut bench, sent) = sounding();
        let sounds = down(&sent);
        act(&mut bench);
        let after = bench.pass(0.3);
        // A song that goes on may begin it anew, when it is over.
        for (channel, key) in sounds {
            let of_key = |it: &&Sent| {
                matches!(it.1[..], [0x80..=0x9F, number, _] if number == key)
                    && it.1[0] & 15 == channel
            };
            let first = after.iter().find(of_key).map(|it| it.1.clone());
            let is_end = first.as_ref().is_some_and(|it| it[0] < 0x90 || it[2] == 0);
            assert!(is_end, "{name}: {key} of {channel} goes on, {after:?}");
        }
    }
}

#[test]
fn after_a_stop_the_song_begins_anew() {
    let (mut bench, _) = sounding();
    bench.machine.go(State::Stop);
    bench.pass(0.1);
    bench.machine.go(State::Run);
    let again = bench.pass(0.5).into_iter();
    let first: Vec<Vec<u8>> = song().into_iter().map(|it| it.1).take(10).collect();
    // The wire lets go of what it held as well.
    let is_end = |it: &Vec<u8>| it[0] < 0x90 || matches!(it[..], [0xB0..=0xBF, 64 | 123, 0]);
    let again = again.map(|it| it.1).skip_while(is_end);
    let again: Vec<Vec<u8>> = again.take(10).collect();
    assert_eq!(again, first);
}

#[test]
fn a_delay_moves_every_message_and_is_heard_at_once() {
    let song = song();
    let mut at = vec![];
    for delay in ["", "delay=40"] {
        let graph = GRAPH.replace("device=port", &format!("device=port {delay}"));
        let mut bench = Bench::new(256, &graph);
        let sent = bench.pass(2.0);
        assert!(sent.len() > 20);
        at.push(sent[10].0 - song[10].0);
    }
    let by = at[1] - at[0];
    assert!((0.038..0.042).contains(&by), "{by} s");
}

#[test]
fn a_note_outside_and_its_sound_are_heard_together() {
    let folder = std::env::temp_dir().join(format!("ksgraph midi out {}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // A quarter note has 1 000 ticks of half a millisecond.
    let file = folder.join("one.mid");
    let note = [(2_000, &[0x90, 69, 127][..]), (4_000, &[0x80, 69, 0][..])];
    std::fs::write(&file, write_smf0(1_000, 500_000, &note)).unwrap();
    for (quantum, period) in [(64, 256), (256, 256), (1_024, 256), (128, 1_024)] {
        let ports = Ports::default();
        let one = Script {
            name: "one",
            ppm: 0.0,
            period,
            jitter: 0.0,
        };
        let machine = Machine::with_ports(quantum, &[one], Arc::new(ports.clone()), |_| vec![]);
        let wire = Wire::default();
        let mut bench = Bench {
            machine,
            graph: Graph::default(),
            ports,
            outlet: Some(Box::new(wire.clone())),
            wire,
        };
        let mut graph = bench.machine.stage.graph(
            "a:midi_file_reader -> port:midi_device_out device=port; \
             b:midi_file_reader -> tone_synth attack=0 -> one:audio_device_out device=one",
        );
        for reader in ["a", "b"] {
            set(&mut graph, reader, "path", &format!("'{}'", file.display()));
        }
        bench.machine.set_time(0.0);
        bench.machine.play_graph(&graph);
        bench.machine.freeze("one", 0.0);
        let (mut outside, mut sound) = (None, None);
        for _ in 0..2_000 {
            let sent = bench.pass(0.001);
            outside = outside.or(sent.iter().find(|it| it.1[0] == 0x90).map(|it| it.0));
            let served = bench.machine.served("one");
            let first = served.iter().position(|it| it.abs() > AUDIBLE);
            // A card plays what it takes in a call until it calls again.
            let begins = bench.machine.now;
            sound = sound.or(first.map(|at| begins + at as f64 / 48_000.0));
        }
        let (outside, sound) = (outside.unwrap(), sound.unwrap());
        let apart = (outside - sound) * 1_000.0;
        assert!(apart.abs() < 3.0, "at {quantum} and {period}: {apart} ms");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

/// From a key to the port outside, in seconds: the least and the most of fifty, at all places of a cycle.
fn from_key_to_port(timing: &str) -> (f64, f64) {
    let graph = format!(
        "midi_device_in timing={timing} -> port:midi_device_out device=port; \
         tone level=-60 -> one:audio_device_out device=one"
    );
    let mut bench = Bench::new(1_024, &graph);
    bench.pass(0.5);
    let (mut least, mut most) = (f64::MAX, 0.0_f64);
    for key in 0..50 {
        bench.pass(0.098);
        let pressed = bench.machine.now;
        let message = [0x90, key, 100];
        bench
            .ports
            .1
            .lock()
            .unwrap()
            .as_mut()
            .unwrap()
            .hear(&message);
        let sent = bench.pass(0.2);
        assert_eq!(sent.len(), 1, "{timing}");
        let took = sent[0].0 - pressed;
        (least, most) = (least.min(took), most.max(took));
    }
    (least, most)
}

#[test]
fn steady_is_even_and_earliest_is_sooner() {
    let (steady, earliest) = (from_key_to_port("steady"), from_key_to_port("earliest"));
    // The port's thread looks every millisecond.
    assert!(steady.1 - steady.0 < 0.003, "steady: {steady:?}");
    assert!(earliest.1 < steady.0 + 0.001, "{earliest:?}, {steady:?}");
    // A cycle of 21 ms.
    let uneven = earliest.1 - earliest.0;
    assert!((0.010..0.024).contains(&uneven), "earliest: {earliest:?}");
}
