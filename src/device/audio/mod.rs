//! Sound cards over cpal and JACK: the miniport behind the WaveRT port.
//!
//! ```text
//!   open() ──▶ thread "card": builds the stream, watches it, drops it      (may be slow, may block)
//!                 └─ the host's callback: copies out of the ring, counts, wakes      (nothing else)
//! ```
//!
//! Lives here: one card. Does not live here: which cards there are (`enumerate.rs`) and what its stream is
//! called for (`stream.rs`, `jack.rs`). The stream is owned by a thread of
//! its own, so that no other thread ever waits for a device: neither the audio thread when it lets a card go, nor a
//! builder longer than [`PATIENCE`]. Buffers are of a fixed size but on JACK, where the server says; what was granted is
//! read back. Hosts differ in what they tell of a loss: an error that means it, a storm of errors, or callbacks that
//! stand still are all taken as one.
//!
//! A card that takes one stream only may still be held by our own old one when an edit opens it anew, since the old plan
//! plays until the new one is there. Then the ring is handed out at once, and the stream follows when the old one is
//! closed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use cpal::{HostId, Stream};

use crate::ks::{AudioFormat, DataFormat, Granted, Waker};
use crate::portcls::intake::IntakeRing;
use crate::portcls::ring::{CardEnd, Cursor, FrameRing, ring};
use crate::portcls::{DeviceError, MiniportWaveIn, MiniportWaveRt};

mod capture;
#[cfg(feature = "jack")]
pub(super) mod jack;
mod stream;
#[cfg(test)]
mod tests;

use capture::Capturing;
pub(super) use stream::rank;

/// How long a device may take to open.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a stream may take to ask for its first samples, before it is taken on trust.
const START: Duration = Duration::from_millis(400);
/// How often a stream is begun that breaks off at once.
const TRIES: u32 = 3;
/// How long a card that we hold ourselves is waited for, and how often it is tried.
const HANDOVER: Duration = Duration::from_secs(5);
const HANDOVER_STEP: Duration = Duration::from_millis(10);
/// How often a stream is looked at.
const WATCH: Duration = Duration::from_millis(250);
/// Callbacks that stand still for so long are lost.
const STUCK: Duration = Duration::from_secs(3);

#[expect(
    clippy::disallowed_methods,
    reason = "a watchdog over a device, which keeps the system's time"
)]
fn now() -> Instant {
    Instant::now()
}

/// Which way samples go: the ends of its ring, and how its stream is built.
trait Direction {
    type Port: Send + 'static;
    type End: Send + 'static;

    fn ring(order: &Order) -> (Self::Port, Self::End, Arc<Cursor>);

    /// Builds the stream and hands it the card's end of the ring, which stays where it is when there is none.
    fn build(
        order: &Order,
        cursor: &Arc<Cursor>,
        end: &mut Option<Self::End>,
    ) -> Result<Begun, Refused>;
}

/// To a card.
struct Playing;

impl Direction for Playing {
    type Port = FrameRing;
    type End = CardEnd;

    fn ring(order: &Order) -> (FrameRing, CardEnd, Arc<Cursor>) {
        let (ring, card) = ring(order.audio.channels as usize, order.quantum);
        let cursor = ring.cursor().clone();
        (ring, card, cursor)
    }

    fn build(
        order: &Order,
        cursor: &Arc<Cursor>,
        end: &mut Option<CardEnd>,
    ) -> Result<Begun, Refused> {
        #[cfg(feature = "jack")]
        return jack::or_system(
            order,
            jack::OUTPUT,
            end,
            |end| stream::build(order, cursor, end),
            |end| jack::play(order, cursor, end),
        );
        #[cfg(not(feature = "jack"))]
        stream::build(order, cursor, end)
    }
}

/// An open card.
pub(super) struct AudioCard<P> {
    ring: Option<P>,
    granted: Granted,
    is_open: Arc<AtomicBool>,
    keeper: std::thread::Thread,
}

impl MiniportWaveRt for AudioCard<FrameRing> {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.ring.take()
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}

impl MiniportWaveIn for AudioCard<IntakeRing> {
    fn allocate(&mut self) -> Option<IntakeRing> {
        self.ring.take()
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}

impl<P> Drop for AudioCard<P> {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Release);
        self.keeper.unpark();
    }
}

/// Opens the card called `name` to play on it.
pub(super) fn open(
    name: &str,
    format: &DataFormat,
    quantum: usize,
    waker: Waker,
) -> Result<AudioCard<FrameRing>, DeviceError> {
    open_to::<Playing>(name, format, quantum, waker)
}

/// Opens the card called `name` to hear through it.
pub(super) fn open_capture(
    name: &str,
    format: &DataFormat,
    quantum: usize,
    waker: Waker,
) -> Result<AudioCard<IntakeRing>, DeviceError> {
    open_to::<Capturing>(name, format, quantum, waker)
}

fn open_to<D: Direction>(
    name: &str,
    format: &DataFormat,
    quantum: usize,
    waker: Waker,
) -> Result<AudioCard<D::Port>, DeviceError> {
    let unavailable = |reason: String| DeviceError::Unavailable {
        device: shown(name),
        reason,
    };
    let Some(audio) = format.audio else {
        return Err(unavailable("it carries sound only".into()));
    };
    let is_open = Arc::new(AtomicBool::new(true));
    let (answer, answered) = mpsc::channel();
    let order = Order {
        name: name.to_owned(),
        audio,
        quantum,
        waker,
        is_open: is_open.clone(),
    };
    let keeper = std::thread::Builder::new()
        .name("card".into())
        .spawn(move || keep::<D>(&order, &answer))
        .map_err(|error| unavailable(error.to_string()))?;
    let keeper = keeper.thread().clone();
    match answered.recv_timeout(PATIENCE) {
        Ok(Ok((ring, granted))) => Ok(AudioCard {
            ring: Some(ring),
            granted,
            is_open,
            keeper,
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            is_open.store(false, Ordering::Release);
            Err(unavailable("it does not answer".into()))
        }
    }
}

fn shown(name: &str) -> String {
    if name.is_empty() {
        "the default device".into()
    } else {
        name.into()
    }
}

/// What the keeper of a stream is told.
struct Order {
    name: String,
    audio: AudioFormat,
    quantum: usize,
    waker: Waker,
    is_open: Arc<AtomicBool>,
}

type Answer<P> = Result<(P, Granted), DeviceError>;

/// Why a stream could not be built.
struct Refused {
    error: DeviceError,
    /// It is there, and somebody holds it.
    is_busy: bool,
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        Self {
            error,
            is_busy: false,
        }
    }
}

/// The streams this program holds, by host: only cards of the same one can stand in each other's way.
static HELD: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// What sounds as long as it is held.
trait Sounding {
    /// Whether it goes on, as far as it knows itself; asked every [`WATCH`].
    fn is_alive(&mut self) -> bool {
        true
    }
}

impl Sounding for Stream {}

/// A stream, counted as long as it is there.
struct Held {
    stream: Option<Box<dyn Sounding>>,
    host: String,
}

impl Held {
    fn new(stream: Box<dyn Sounding>, host: &str) -> Self {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(host.to_owned()).or_default() += 1;
        Self {
            stream: Some(stream),
            host: host.to_owned(),
        }
    }

    fn is_alive(&mut self) -> bool {
        let stream = self.stream.as_mut();
        stream.is_some_and(|it| it.is_alive())
    }

    fn is_any(host: &str) -> bool {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(host).is_some_and(|count| *count > 0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stream = None;
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.host) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The life of a stream's thread: open, answer, watch, close.
fn keep<D: Direction>(order: &Order, answer: &mpsc::Sender<Answer<D::Port>>) {
    let begun = match begin::<D>(order) {
        Err(refused) if refused.is_busy && Held::is_any(&host_of(&order.name)) => {
            take_over::<D>(order, answer)
        }
        Err(refused) => {
            // Nobody may be waiting any more.
            let _ = answer.send(Err(refused.error));
            None
        }
        Ok((begun, ring)) => {
            let granted = begun.granted.clone();
            answer.send(Ok((ring, granted))).is_ok().then_some(begun)
        }
    };
    let Some(mut begun) = begun else { return };
    let cursor = begun.cursor;
    let mut watchdog = Watchdog::new(cursor.calls(), now());
    let is_wanted = || order.is_open.load(Ordering::Acquire) && !order.waker.is_given_up();
    while is_wanted() && !cursor.is_lost() {
        std::thread::park_timeout(WATCH);
        if !begun.stream.is_alive() {
            log::warn!("{}: its server is gone", shown(&order.name));
            cursor.lose();
        }
        if watchdog.is_stuck(cursor.calls(), now()) {
            log::warn!(
                "{}: the card stands still and is given up",
                shown(&order.name)
            );
            cursor.lose();
        }
    }
    order.waker.wake();
    if let Ok(error) = begun.heard.try_recv() {
        log::warn!("{}: {error}", shown(&order.name));
    }
    drop(begun.stream);
}

/// Notices callbacks that stand still.
struct Watchdog {
    calls: u64,
    moved: Instant,
}

impl Watchdog {
    fn new(calls: u64, at: Instant) -> Self {
        Self { calls, moved: at }
    }

    fn is_stuck(&mut self, calls: u64, at: Instant) -> bool {
        if calls != self.calls {
            (self.calls, self.moved) = (calls, at);
        }
        at.saturating_duration_since(self.moved) > STUCK
    }
}

/// A stream that plays.
struct Begun {
    stream: Held,
    cursor: Arc<Cursor>,
    granted: Granted,
    heard: mpsc::Receiver<cpal::Error>,
}

/// Opens a stream and sees it start: a server that has just come up may break the first one off.
fn begin<D: Direction>(order: &Order) -> Result<(Begun, D::Port), Refused> {
    let mut tries = 1;
    loop {
        let (ring, end, cursor) = D::ring(order);
        cursor.set_period(order.quantum);
        let begun = D::build(order, &cursor, &mut Some(end))?;
        let start = now();
        while cursor.calls() == 0
            && !cursor.is_lost()
            && now().saturating_duration_since(start) < START
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        if !cursor.is_lost() || tries == TRIES {
            return Ok((begun, ring));
        }
        tries += 1;
        drop(begun);
        std::thread::sleep(START / 4);
    }
}

/// Hands the ring out at once, and builds the stream when the old one is closed.
fn take_over<D: Direction>(order: &Order, answer: &mpsc::Sender<Answer<D::Port>>) -> Option<Begun> {
    let (ring, end, cursor) = D::ring(order);
    cursor.set_period(order.quantum);
    let (host, name) = order.name.split_once(':').unwrap_or(("", &order.name));
    let granted = Granted {
        host: host.into(),
        name: name.into(),
        rate_hz: order.audio.rate_hz,
        channels: order.audio.channels,
        samples: "as before".into(),
        period: order.quantum,
    };
    answer.send(Ok((ring, granted))).ok()?;
    let mut end = Some(end);
    let begun = retry(&order.is_open, HANDOVER, || {
        D::build(order, &cursor, &mut end)
    });
    match begun {
        Ok(begun) => Some(begun),
        Err(error) => {
            log::warn!("{error}");
            cursor.lose();
            order.waker.wake();
            None
        }
    }
}

/// Tries as long as the card is busy and still wanted.
fn retry<T>(
    is_wanted: &AtomicBool,
    patience: Duration,
    mut build: impl FnMut() -> Result<T, Refused>,
) -> Result<T, DeviceError> {
    let start = now();
    loop {
        match build() {
            Ok(begun) => return Ok(begun),
            Err(refused) => {
                let is_late = now().saturating_duration_since(start) > patience;
                if !refused.is_busy || is_late || !is_wanted.load(Ordering::Acquire) {
                    return Err(refused.error);
                }
            }
        }
        std::thread::sleep(HANDOVER_STEP);
    }
}

/// The host of a whole name; ALSA is the one whose names are used without it.
fn host_of(name: &str) -> String {
    let host = name.split_once(':').map(|(host, _)| host);
    let known = host.filter(|host| *host == "jack" || HostId::from_str(host).is_ok());
    known.unwrap_or("alsa").to_owned()
}
