//! MIDI ports of a JACK server: events keep their places within a period, to the sample.
//!
//! ```text
//!   JackOutlet::send ── ring ──▶ process: writes each at its frame        (a period and a little ahead of its time)
//!   process: each event with how long ago its frame was ──▶ Ear::hear_of  (a period later, always)
//! ```
//!
//! Lives here: names, inputs and outputs over the `jack` crate. Does not live here: when a message is due
//! (`portcls/speak`), what becomes of one that came (`portcls/listen.rs`), and how clients are opened and closed
//! (`jack_server.rs`). `jack:CLIENT:PORT` is a port of somebody else, `jack:virtual:NAME` one of our own that others connect to.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jack::{
    Client, Control, Frames, LatencyType, MidiIn, MidiOut, Port, PortFlags, ProcessHandler,
    ProcessScope, RawMidi,
};
use rtrb::{Consumer, Producer, RingBuffer};

use super::jack_server::{self, Member};
use super::ports::{CLIENT, VIRTUAL};
use crate::ks::{REF_TIMES_PER_SECOND, RefTime};
use crate::portcls::speak::{Outlet, Outlets, Unsent};
use crate::portcls::{DeviceError, Ear, Listening};

/// What stands before the name of a port of JACK.
pub(super) const JACK: &str = "jack:";
/// What JACK calls its MIDI.
const MIDI: &str = "8 bit raw midi";
/// Bytes between the sending thread and JACK's.
const ROOM: usize = 1 << 18;
/// Before each message on the ring: its frame, and its length.
const HEAD: usize = 8;
/// How much earlier than a period a message is wanted: the thread that sends sleeps that long, and wakes up late.
const SPARE: RefTime = 150_000;
/// How often an input is looked at; outputs are as often (`portcls/speak`).
const WATCH: Duration = Duration::from_millis(200);

/// The names of ports there are, but for those of our own clients.
fn names(client: &Client, own: &[&str], flags: PortFlags) -> Vec<String> {
    let names = client.ports(None, Some(MIDI), flags).into_iter();
    let is_own = |name: &str| {
        let mut own = own.iter().filter(|it| !it.is_empty());
        own.any(|it| name.strip_prefix(it).is_some_and(|it| it.starts_with(':')))
    };
    names
        .filter(|name| !is_own(name))
        .map(|name| format!("{JACK}{name}"))
        .collect()
}

/// Inputs and outputs there are, as they are for us.
pub(super) fn ports(client: &Client, own: &[&str]) -> (Vec<String>, Vec<String>) {
    // What is an output there is an input here.
    (
        names(client, own, PortFlags::IS_OUTPUT),
        names(client, own, PortFlags::IS_INPUT),
    )
}

/// What a name means.
#[derive(Clone)]
enum Meant {
    /// A port of our own.
    Own(String),
    /// Somebody else's, by its whole name.
    Other(String),
}

fn meant(name: &str) -> Option<Meant> {
    // What is handed to JACK ends with a zero.
    let name = name.strip_prefix(JACK).filter(|it| !it.contains('\0'))?;
    Some(match name.strip_prefix(VIRTUAL) {
        Some(own) => Meant::Own(own.to_owned()),
        None => Meant::Other(name.to_owned()),
    })
}

impl Meant {
    /// The name of our client for it.
    fn client(&self) -> String {
        match self {
            Self::Own(name) => format!("{CLIENT}-{name}"),
            Self::Other(_) => format!("{CLIENT}-MIDI"),
        }
    }

    /// Whether it can be had.
    fn is_there(&self, client: &Client) -> bool {
        match self {
            Self::Own(_) => true,
            Self::Other(name) => client.port_by_name(name).is_some(),
        }
    }
}

/// Outputs of the JACK server.
#[derive(Default)]
pub(super) struct JackOutlets;

impl Outlets for JackOutlets {
    fn open(&mut self, wanted: &str) -> Option<(Box<dyn Outlet>, String)> {
        let meant = meant(wanted)?;
        let (entry, ring) = RingBuffer::new(ROOM);
        let latency = Arc::new(AtomicU32::new(0));
        let (port_meant, way) = (meant.clone(), latency.clone());
        let member = jack_server::open(&meant.client(), move |client, beats| {
            if !port_meant.is_there(&client) {
                return Err(());
            }
            let port = client.register_port("out", MidiOut::default());
            let port = port.map_err(|_| ())?;
            let own = port.name().map_err(|_| ())?;
            let out = Out {
                port,
                ring,
                front: None,
                message: vec![0; ROOM],
                beats,
                latency: way,
            };
            let client = client.activate_async((), out).map_err(|_| ())?;
            if let Meant::Other(name) = &port_meant {
                let connected = client.as_client().connect_ports_by_name(&own, name);
                connected.map_err(|error| log::warn!("{JACK}{name}: {error}"))?;
            }
            Ok(client)
        });
        let outlet = JackOutlet {
            member: member.ok()?,
            entry,
            meant,
            latency,
            parcel: vec![],
        };
        Some((Box::new(outlet), wanted.to_owned()))
    }
}

/// An output, with a client of its own.
struct JackOutlet {
    member: Member<(), Out>,
    entry: Producer<u8>,
    meant: Meant,
    latency: Arc<AtomicU32>,
    /// What goes onto the ring next.
    parcel: Vec<u8>,
}

fn frames(time: RefTime, rate_hz: u32) -> i64 {
    (i128::from(time) * i128::from(rate_hz) / i128::from(REF_TIMES_PER_SECOND)) as i64
}

fn time(frames: i64, rate_hz: u32) -> RefTime {
    frames * REF_TIMES_PER_SECOND / RefTime::from(rate_hz.max(1))
}

impl Outlet for JackOutlet {
    fn send(&mut self, message: &[u8], ahead: RefTime) -> Result<(), Unsent> {
        let way = i64::from(self.latency.load(Ordering::Relaxed));
        let due = self.member.touch(|client| {
            let later = frames(ahead, client.sample_rate()) - way;
            client.frame_time().wrapping_add(later as u32)
        });
        let Some(frame) = due else {
            return Err(Unsent("the JACK server is gone".into()));
        };
        self.parcel.clear();
        self.parcel.extend(frame.to_ne_bytes());
        self.parcel.extend((message.len() as u32).to_ne_bytes());
        self.parcel.extend(message);
        let pushed = self.entry.push_entire_slice(&self.parcel);
        let full = |_| Unsent("JACK does not fetch what it is sent".into());
        pushed.map_err(full)
    }

    fn lead(&self) -> RefTime {
        let latency = self.latency.load(Ordering::Relaxed);
        let ahead = self.member.touch(|client| {
            let frames = client.buffer_size() + latency;
            time(i64::from(frames), client.sample_rate())
        });
        ahead.unwrap_or(0) + SPARE
    }

    fn is_there(&mut self) -> bool {
        let is_there = |client: &Client| self.meant.is_there(client);
        self.member.is_alive() && self.member.touch(is_there).unwrap_or(false)
    }
}

/// JACK's side of an output.
struct Out {
    port: Port<MidiOut>,
    ring: Consumer<u8>,
    /// Frame and length of the message that is written next.
    front: Option<(Frames, usize)>,
    /// And its bytes.
    message: Vec<u8>,
    beats: Arc<AtomicU32>,
    /// Frames between what is written and what is heard of it.
    latency: Arc<AtomicU32>,
}

/// The next message of a ring: its frame and length; its bytes go to the front of `message`.
fn next(ring: &mut Consumer<u8>, message: &mut [u8]) -> Option<(Frames, usize)> {
    let mut head = [0; HEAD];
    ring.pop_entire_slice(&mut head).ok()?;
    let [a, b, c, d, e, f, g, h] = head;
    let len = u32::from_ne_bytes([e, f, g, h]) as usize;
    // It was put there whole.
    ring.pop_entire_slice(message.get_mut(..len)?).ok()?;
    Some((Frames::from_ne_bytes([a, b, c, d]), len))
}

/// Where a message goes in a period that begins at `begin`: not before `least`; `None`: in a later one.
fn offset(frame: Frames, begin: Frames, len: Frames, least: Frames) -> Option<Frames> {
    // Frames go round; what is behind by less than half of that is late.
    let ahead = frame.wrapping_sub(begin) as i32;
    let offset = ahead.max(least as i32);
    (offset < len as i32).then_some(offset as Frames)
}

impl ProcessHandler for Out {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        let Self {
            port,
            ring,
            front,
            message,
            beats,
            latency,
        } = self;
        beats.fetch_add(1, Ordering::Relaxed);
        let (_, way) = port.get_latency_range(LatencyType::Playback);
        latency.store(way, Ordering::Relaxed);
        let (begin, len) = (scope.last_frame_time(), scope.n_frames());
        let mut writer = port.writer(scope);
        let (mut least, mut is_empty) = (0, true);
        loop {
            *front = front.or_else(|| next(ring, message));
            let Some((frame, count)) = *front else { break };
            let Some(time) = offset(frame, begin, len, least) else {
                break;
            };
            let bytes = &message[..count];
            if writer.write(&RawMidi { time, bytes }).is_err() && !is_empty {
                // The period is full. What does not fit an empty one never will.
                break;
            }
            (least, is_empty, *front) = (time, false, None);
        }
        Control::Continue
    }
}

/// Listens to an input of the JACK server, now or when it comes.
pub(super) fn listen(name: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError> {
    let unavailable = |reason: String| DeviceError::Unavailable {
        device: name.to_owned(),
        reason,
    };
    let Some(meant) = meant(name) else {
        return Err(unavailable("it is no name of a port of JACK".into()));
    };
    let ear = Arc::new(Mutex::new(ear));
    let first = Input::open(&meant, &ear);
    let granted = match &first {
        Some(_) => format!("listens to {name}"),
        None => format!("waits for the MIDI input {name:?}"),
    };
    let is_open = Arc::new(AtomicBool::new(true));
    let flag = is_open.clone();
    let keeper = std::thread::Builder::new()
        .name("midi in".into())
        .spawn(move || keep(first, &meant, &ear, &flag))
        .map_err(|error| unavailable(error.to_string()))?;
    Ok(Box::new(JackInput {
        granted,
        is_open,
        keeper: keeper.thread().clone(),
    }))
}

/// An input that is listened to.
struct JackInput {
    granted: String,
    is_open: Arc<AtomicBool>,
    keeper: std::thread::Thread,
}

impl Listening for JackInput {
    fn granted(&self) -> String {
        self.granted.clone()
    }
}

impl Drop for JackInput {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Release);
        self.keeper.unpark();
    }
}

/// The life of an input's thread.
fn keep(first: Option<Input>, meant: &Meant, ear: &Arc<Mutex<Ear>>, is_open: &AtomicBool) {
    let link = ear
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .link()
        .clone();
    let mut input = first;
    link.set_there(input.is_some());
    while is_open.load(Ordering::Acquire) {
        std::thread::park_timeout(WATCH);
        let is_there = input.as_mut().map(|input| input.is_there(meant));
        match is_there {
            Some(true) => {}
            Some(false) => {
                // Said first: to close a client may take its time.
                link.set_there(false);
                input = None;
            }
            None => input = Input::open(meant, ear),
        }
        link.set_there(input.is_some());
    }
    link.set_there(false);
}

/// An input, with a client of its own.
struct Input(Member<(), In>);

impl Input {
    fn open(meant: &Meant, ear: &Arc<Mutex<Ear>>) -> Option<Self> {
        let (port_meant, ear) = (meant.clone(), ear.clone());
        let member = jack_server::open(&meant.client(), move |client, beats| {
            if !port_meant.is_there(&client) {
                return Err(());
            }
            let port = client.register_port("in", MidiIn::default());
            let port = port.map_err(|_| ())?;
            let own = port.name().map_err(|_| ())?;
            let heard = In { port, ear, beats };
            let client = client.activate_async((), heard).map_err(|_| ())?;
            if let Meant::Other(name) = &port_meant {
                let connected = client.as_client().connect_ports_by_name(name, &own);
                connected.map_err(|error| log::warn!("{JACK}{name}: {error}"))?;
            }
            Ok(client)
        });
        member.ok().map(Self)
    }

    fn is_there(&mut self, meant: &Meant) -> bool {
        let is_there = |client: &Client| meant.is_there(client);
        self.0.is_alive() && self.0.touch(is_there).unwrap_or(false)
    }
}

/// JACK's side of an input.
struct In {
    port: Port<MidiIn>,
    /// Only ever locked by who opens and by who listens, one after the other.
    ear: Arc<Mutex<Ear>>,
    beats: Arc<AtomicU32>,
}

/// Sent now and then by what is there, and of no use to anybody.
const ACTIVE_SENSING: u8 = 0xFE;

impl ProcessHandler for In {
    fn process(&mut self, client: &Client, scope: &ProcessScope) -> Control {
        self.beats.fetch_add(1, Ordering::Relaxed);
        let Ok(mut ear) = self.ear.try_lock() else {
            return Control::Continue;
        };
        // What has a place in this period may lie ahead; a period later nothing does.
        let (rate_hz, len) = (client.sample_rate(), i64::from(scope.n_frames()));
        let now = i64::from(jack_server::into_period(client, scope)) + len;
        ear.link().set_holds(time(len, rate_hz));
        ear.attend();
        for message in self.port.iter(scope) {
            if message.bytes != [ACTIVE_SENSING] {
                let ago = time(now - i64::from(message.time), rate_hz);
                ear.hear_of(message.bytes, ago);
            }
        }
        Control::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ports_are_told_apart() {
        assert!(matches!(meant("jack:virtual:keys"), Some(Meant::Own(name)) if name == "keys"));
        let other = meant("jack:system:midi_playback_1");
        assert!(matches!(other, Some(Meant::Other(name)) if name == "system:midi_playback_1"));
        assert!(meant("Keystation 49").is_none());
        assert!(meant("jack:no\0name").is_none());
    }

    #[test]
    fn messages_stand_at_their_frames_in_order() {
        assert_eq!(offset(1_000, 900, 256, 0), Some(100));
        assert_eq!(
            offset(1_000, 900, 256, 120),
            Some(120),
            "none overtakes another"
        );
        assert_eq!(offset(1_156, 900, 256, 0), None);
        assert_eq!(offset(800, 900, 256, 0), Some(0), "late");
        assert_eq!(offset(50, u32::MAX - 49, 256, 0), Some(100), "round");
    }

    #[test]
    fn messages_come_off_the_ring_whole() {
        let (mut entry, mut ring) = RingBuffer::new(64);
        let mut message = vec![0; 64];
        assert_eq!(next(&mut ring, &mut message), None);
        for round in 0..20_u32 {
            let parcel = [
                &round.to_ne_bytes()[..],
                &3_u32.to_ne_bytes(),
                &[0x90, 1, 2],
            ]
            .concat();
            entry.push_entire_slice(&parcel).unwrap();
            assert_eq!(next(&mut ring, &mut message), Some((round, 3)));
            assert_eq!(message[..3], [0x90, 1, 2]);
        }
    }
}
