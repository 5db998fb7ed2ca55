//! MIDI File Writer: records what comes in as a MIDI file, with its timing.
//!
//! in (events, or raw MIDI). A file of type 0 is begun anew at each Run and is whole at each Stop; in between it is valid at
//! any moment (`midi/smf/write.rs`), with everything up to a quarter of a second ago. The audio thread puts events on a
//! ring, a thread of the writer's own writes. A tick is 1/24 000 of a quarter note, so that no event moves by more than
//! 1 250 µs divided by the tempo: 10.4 µs at 120 a minute, where every sample at 48 kHz has a tick of its own.

use std::fs::{File, OpenOptions};
use std::io::Seek as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rtrb::{Consumer, Producer, RingBuffer};

use super::wave_writer::no_way;
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, EVENT_CAPACITY, Filter, Flow, Held, Io, KernelEvent, Node, OpenError,
    Opened, Opening, PinFactory, Processor, Property, RefTime, Seek, State, Telemetry,
    TopologyConnection, Unit, event_flag,
};
use crate::midi::smf::write::SmfWriter;
use crate::stream::errand::{in_time, patience};

const PATH: Property = Property::path("path", "File").inline();
const TEMPO: Property = Property::number("tempo", "Tempo", 30.0, 300.0, 120.0)
    .unit(Unit::BeatsPerMinute)
    .structural()
    .inline()
    .help("The tempo that is written; it changes what bars are shown, not when events come.");
const PROPERTIES: &[Property] = &[PATH, TEMPO];
const PINS: &[PinFactory] = &[PinFactory::input("in", DataRange::NOTES)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::FILE, "Song", &["path", "tempo"])];
const INSIDE: &[TopologyConnection] = &[TopologyConnection::enter(0, 0)];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_file_writer",
    "MIDI File Writer",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Records notes into a MIDI file, with their timing. Each Run begins the file anew; notes that sound at Stop are \
     ended.",
);

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// Events that were written in this run.
    pub const EVENTS: usize = 0;
    /// Seconds that were recorded.
    pub const LENGTH: usize = 1;
    /// Events that found no room on their way.
    pub const LOST: usize = 2;
    /// How many numbers there are.
    pub const LEN: usize = 3;
}

/// Ticks of a quarter note.
const DIVISION: u16 = 24_000;
/// Events on their way to the disk.
const ROOM: usize = 16 * EVENT_CAPACITY;
/// How often the writing thread looks.
const LOOK: Duration = Duration::from_millis(20);
/// How much of what was played stays in memory at most: a quarter of a second.
const FLUSH: RefTime = 2_500_000;
/// And how many bytes.
const FLUSH_BYTES: usize = 1 << 16;

/// What the catalogue offers.
pub struct MidiFileWriter;

/// On its way from the audio thread.
enum Letter {
    /// A run begins at that time.
    Begin(RefTime),
    Event(KernelEvent),
    /// What an input held is released.
    Break(RefTime),
    /// The run ended at that time.
    End(RefTime),
}

/// What both threads look at.
#[derive(Default)]
struct Shared {
    /// Up to where the run has come.
    now: AtomicI64,
    is_closing: AtomicBool,
}

impl Filter for MidiFileWriter {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a MIDI file to write".into(),
            });
        };
        let in_file = |reason: String| OpenError::File {
            path: path.display().to_string(),
            reason,
        };
        let own = path.clone();
        let reached = in_time(&path, patience(opening.live), move || reach(&own));
        let reached = reached.map_err(|late| in_file(late.to_string()))?;
        let (file, is_new) = reached.map_err(in_file)?;
        let (letters, post) = RingBuffer::new(ROOM);
        let shared = Arc::new(Shared::default());
        let telemetry = Telemetry::new(telemetry::LEN);
        let tempo = opening.settings.number(&TEMPO);
        let mut desk = Desk {
            path: path.clone(),
            file,
            is_unused: is_new,
            micros: (60_000_000.0 / tempo).round() as u32,
            shared: shared.clone(),
            telemetry: telemetry.clone(),
            take: None,
        };
        let thread = std::thread::Builder::new()
            .name("midi writer".into())
            .spawn(move || desk.work(post))
            .map_err(|error| in_file(error.to_string()))?;
        let playing = Playing {
            letters,
            shared,
            telemetry: telemetry.clone(),
            thread: Some(thread),
            wire: 0,
            lost: 0,
            has_begun: false,
            shift: 0,
        };
        Ok(Opened::processor(playing).telemetry(telemetry).waits())
    }
}

/// Makes sure that the file can be written, without touching what is in it. Whether it was not there before.
fn reach(path: &Path) -> Result<(File, bool), String> {
    let about = path.metadata().ok();
    let is_new = about.is_none();
    if let Some(about) = about.filter(|it| !it.is_file()) {
        let what = crate::media::what_it_is(&about);
        return Err(format!("it is {what} and not a file"));
    }
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).create(true).truncate(false);
    let file = file.open(path).map_err(|error| no_way(path, &error))?;
    Ok((file, is_new))
}

/// The running half; lives on the audio thread.
struct Playing {
    letters: Producer<Letter>,
    shared: Arc<Shared>,
    telemetry: Telemetry,
    thread: Option<JoinHandle<()>>,
    wire: u64,
    lost: u32,
    has_begun: bool,
    /// From the graph's time to that of the recording, which goes on wherever the graph is sought.
    shift: RefTime,
}

impl Playing {
    fn send(&mut self, letter: Letter) {
        // Room for what ends a run is kept free.
        let keeps = if matches!(letter, Letter::Event(_)) {
            16
        } else {
            0
        };
        if self.letters.slots() <= keeps || self.letters.push(letter).is_err() {
            self.lost = self.lost.saturating_add(1);
            self.telemetry.set(telemetry::LOST, self.lost as f32);
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let time = io.time() + self.shift;
        if !std::mem::replace(&mut self.has_begun, true) {
            self.send(Letter::Begin(time));
        }
        let input = io.inputs.get(0);
        let is_broken = input.header.flags & crate::ks::flag::DATADISCONTINUITY != 0;
        let before = std::mem::replace(&mut self.wire, input.wire);
        if (before != 0 && before != input.wire) || is_broken {
            self.send(Letter::Break(time));
        }
        for event in input.events() {
            self.send(Letter::Event(event.at(event.time + self.shift)));
        }
        let end = crate::ks::time_from_sample(io.position + io.len as u64, io.rate_hz);
        self.shared.now.store(end + self.shift, Ordering::Release);
        Flow::Running
    }

    fn is_ready(&mut self, _: usize) -> bool {
        self.letters.slots() > EVENT_CAPACITY + 64
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop && std::mem::take(&mut self.has_begun) {
            self.send(Letter::End(self.shared.now.load(Ordering::Relaxed)));
            self.wire = 0;
            self.shift = 0;
        }
    }

    /// What is recorded goes on; the wire in front lets go of what it held.
    fn seek(&mut self, seek: Seek) -> bool {
        let by = |sample| crate::ks::time_from_sample(sample, seek.rate_hz);
        self.shift += by(seek.from) - by(seek.to);
        true
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        // Processors are dropped beside the audio thread.
        self.shared.is_closing.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// A file being recorded.
struct Take {
    writer: SmfWriter<File>,
    begin: RefTime,
    held: Held,
    /// What is not due yet, in order of time.
    ahead: Vec<KernelEvent>,
    /// A long message that is being put together.
    whole: Vec<u8>,
    /// Up to where the disk has it.
    flushed: RefTime,
    /// Where the run was when it was looked at last.
    seen: RefTime,
    count: u64,
}

/// The writing thread.
struct Desk {
    path: PathBuf,
    file: File,
    is_unused: bool,
    micros: u32,
    shared: Arc<Shared>,
    telemetry: Telemetry,
    take: Option<Take>,
}

impl Desk {
    fn work(&mut self, mut post: Consumer<Letter>) {
        loop {
            let is_closing = self.shared.is_closing.load(Ordering::Acquire);
            let now = self.shared.now.load(Ordering::Acquire);
            while let Ok(letter) = post.pop() {
                if let Err(error) = self.open_letter(letter) {
                    self.fail(&error);
                }
            }
            if let Err(error) = self.write_up_to(now) {
                self.fail(&error);
            }
            if is_closing {
                if let Err(error) = self.finish(now) {
                    self.fail(&error);
                }
                let is_empty = self.file.metadata().is_ok_and(|about| about.len() == 0);
                if self.is_unused && is_empty {
                    // It was only made to see that it can be made.
                    let _ = std::fs::remove_file(&self.path);
                }
                return;
            }
            std::thread::park_timeout(LOOK);
        }
    }

    /// The disk is full, perhaps: what was written so far is a whole file.
    fn fail(&mut self, error: &std::io::Error) {
        log::error!("{}: {error}", self.path.display());
        self.take = None;
    }

    fn open_letter(&mut self, letter: Letter) -> std::io::Result<()> {
        match letter {
            Letter::Begin(time) => {
                self.finish(time)?;
                self.is_unused = false;
                self.file.set_len(0)?;
                let mut file = self.file.try_clone()?;
                file.rewind()?;
                self.take = Some(Take {
                    writer: SmfWriter::create(file, DIVISION, self.micros)?,
                    begin: time,
                    held: Held::default(),
                    ahead: vec![],
                    whole: vec![],
                    flushed: time,
                    seen: time,
                    count: 0,
                });
            }
            Letter::Event(event) => {
                if let Some(take) = &mut self.take {
                    let place = take.ahead.partition_point(|it| it.time <= event.time);
                    take.ahead.insert(place, event);
                }
            }
            Letter::Break(time) => {
                let micros = self.micros;
                if let Some(take) = &mut self.take {
                    // What came by the wire and is not due yet goes with it.
                    take.ahead.clear();
                    take.release(time, micros);
                }
            }
            Letter::End(time) => self.finish(time)?,
        }
        Ok(())
    }

    /// Writes what was due before a time, and brings it to the disk now and then.
    fn write_up_to(&mut self, now: RefTime) -> std::io::Result<()> {
        let micros = self.micros;
        let Some(take) = &mut self.take else {
            return Ok(());
        };
        let mut due = take.ahead.partition_point(|event| event.time < now);
        // A long message is not cut.
        while due > 0 && take.ahead[due - 1].is_joined() && due < take.ahead.len() {
            due += 1;
        }
        let events: Vec<KernelEvent> = take.ahead.drain(..due).collect();
        for event in events {
            take.put(&event, micros);
        }
        // Where time stands nothing more is to come for a while.
        let stands = std::mem::replace(&mut take.seen, now) == now;
        if stands || now - take.flushed >= FLUSH || take.writer.pending() >= FLUSH_BYTES {
            take.writer.flush()?;
            take.flushed = now;
        }
        self.telemetry.set(telemetry::EVENTS, take.count as f32);
        let seconds = (now - take.begin).max(0) as f32 / 1e7;
        self.telemetry.set(telemetry::LENGTH, seconds);
        Ok(())
    }

    fn finish(&mut self, time: RefTime) -> std::io::Result<()> {
        self.write_up_to(time)?;
        let micros = self.micros;
        let Some(mut take) = self.take.take() else {
            return Ok(());
        };
        take.release(time, micros);
        let tick = take.tick(time, micros);
        take.writer.finish(tick)?;
        Ok(())
    }
}

impl Take {
    /// The tick nearest to a time.
    fn tick(&self, time: RefTime, micros: u32) -> u64 {
        let since = u128::try_from(time - self.begin).unwrap_or(0) * u128::from(DIVISION);
        let quarter = u128::from(micros) * 10;
        u64::try_from((since + quarter / 2) / quarter).unwrap_or(u64::MAX)
    }

    fn put(&mut self, event: &KernelEvent, micros: u32) {
        self.whole.extend(event.bytes());
        let is_piece = event.flags() & event_flag::INCOMPLETE != 0;
        if is_piece && event.is_joined() {
            return;
        }
        self.held.follow(&self.whole);
        self.count += 1;
        let tick = self.tick(event.time, micros);
        self.writer.put(tick, &self.whole);
        self.whole.clear();
    }

    fn release(&mut self, time: RefTime, micros: u32) {
        self.whole.clear();
        let tick = self.tick(time, micros);
        let Self { held, writer, .. } = self;
        held.release(|message| {
            writer.put(tick, &message);
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::wave_reader::tests::{Folder, values};
    use super::*;
    use crate::ks::rig::{RATE_HZ, Rig};
    use crate::ks::{Value, time_from_sample};
    use crate::midi::{Song, read_smf};

    fn rig(path: &Path, tempo: f64) -> Rig {
        let values = values(path, &[("tempo", Value::Number(tempo))]);
        Rig::open_with(&MidiFileWriter, values, &BTreeMap::new(), None)
    }

    fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, RATE_HZ), bytes).unwrap()
    }

    fn read(path: &Path) -> Song {
        let song = read_smf(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(song.odd, 0, "{:?}", song.remarks);
        song
    }

    /// The sample nearest to each message, and its bytes.
    fn samples(song: &Song) -> Vec<(u64, Vec<u8>)> {
        let sample = |time: u64| (time * u64::from(RATE_HZ) + 5_000_000) / 10_000_000;
        song.messages()
            .map(|(time, bytes)| (sample(time), bytes.to_vec()))
            .collect()
    }

    #[test]
    fn what_was_played_is_in_the_file_at_its_sample() {
        let folder = Folder::new();
        let path = folder.file("take.mid");
        for tempo in [120.0, 97.3] {
            let mut rig = rig(&path, tempo);
            let mut wanted = vec![];
            for cycle in 0..60_u64 {
                let at = cycle * 1_000 + cycle * 13 % 1_000;
                let note = vec![
                    if cycle % 2 == 0 { 0x90 } else { 0x80 },
                    (cycle / 2) as u8,
                    99,
                ];
                rig.cycle(1_000, &[], &[event(at, &note)]);
                wanted.push((at, note));
            }
            drop(rig);
            let song = read(&path);
            if tempo == 120.0 {
                assert_eq!(samples(&song), wanted);
            }
            assert_eq!(song.events.len(), wanted.len());
            assert_eq!(song.format, 0);
            for (event, (sample, _)) in song.events.iter().zip(&wanted) {
                let apart = event
                    .time_100ns
                    .abs_diff(time_from_sample(*sample, RATE_HZ) as u64);
                assert!(apart as f64 <= 12_500.0 / tempo + 1.0, "{apart} at {tempo}");
            }
        }
    }

    #[test]
    fn long_messages_are_whole_and_what_is_early_waits() {
        let folder = Folder::new();
        let path = folder.file("take.mid");
        let mut rig = rig(&path, 120.0);
        let long: Vec<u8> = std::iter::once(0xF0)
            .chain((0..100).map(|n| n % 128))
            .chain([0xF7])
            .collect();
        let mut events = vec![event(3_000, &[0x90, 1, 1])];
        events.extend(KernelEvent::whole(time_from_sample(10, RATE_HZ), &long));
        events.push(event(20, &[0xF8]));
        rig.cycle(1_000, &[], &events);
        rig.cycle(4_000, &[], &[event(1_500, &[0xC0, 7])]);
        drop(rig);
        let heard = samples(&read(&path));
        assert_eq!(heard[0], (10, long));
        assert_eq!(heard[1..3], [(20, vec![0xF8]), (1_500, vec![0xC0, 7])]);
        assert_eq!(heard[3], (3_000, vec![0x90, 1, 1]));
        assert_eq!(
            heard[4],
            (5_000, vec![0x80, 1, 64]),
            "ended where the recording ends"
        );
    }

    fn wait_for(path: &Path, is_there: impl Fn(&Song) -> bool) {
        for _ in 0..5_000 {
            let bytes = std::fs::read(path).unwrap();
            if read_smf(&bytes).is_ok_and(|song| is_there(&song)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the file never became what it should be");
    }

    #[test]
    fn stop_ends_what_sounds_and_run_begins_anew() {
        let folder = Folder::new();
        let path = folder.file("take.mid");
        let mut rig = rig(&path, 120.0);
        rig.cycle(
            1_000,
            &[],
            &[event(0, &[0x90, 60, 1]), event(1, &[0xB0, 64, 127])],
        );
        for state in [State::Pause, State::Acquire, State::Stop] {
            rig.processor().enter(state);
        }
        wait_for(&path, |song| song.events.len() == 4);
        let heard = samples(&read(&path));
        assert_eq!(
            heard[2..],
            [(1_000, vec![0xB0, 64, 0]), (1_000, vec![0x80, 60, 64])]
        );
        // The clock went on in between: times count from the new Run.
        rig.cycle(1_000, &[], &[event(1_500, &[0x91, 1, 1])]);
        // And while it goes on, what was played can be read: killed now, nothing is lost but the last moment.
        wait_for(&path, |song| song.events.len() == 1);
        assert_eq!(samples(&read(&path)), [(500, vec![0x91, 1, 1])]);
        rig.unplug(0);
        rig.run(1_000);
        drop(rig);
        assert_eq!(samples(&read(&path))[1], (1_000, vec![0x81, 1, 64]));
    }

    #[test]
    fn an_old_file_stays_until_something_is_recorded_and_errors_are_clear() {
        let folder = Folder::new();
        let path = folder.file("take.mid");
        std::fs::write(&path, "precious").unwrap();
        drop(rig(&path, 120.0));
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        let fresh = folder.file("fresh.mid");
        drop(rig(&fresh, 120.0));
        assert!(!fresh.exists(), "nothing was recorded, nothing is left");
        assert!(reach(&folder.0).is_err());
        assert!(reach(&folder.file("nowhere").join("take.mid")).is_err());
    }
}
