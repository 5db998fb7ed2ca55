//! MIDI outputs of a machine, as the DMus port in front of them sees them.
//!
//! ```text
//!   wires ─▶ DmusPort ─▶ Outgoing ── ring ──▶ Dispatch ─▶ Outlet
//!            (until due)  (stamps of           (waits until it is heard, knows what sounds)
//!                          the graph clock)
//! ```
//!
//! Lives here: the traits, what both sides know ([`Line`]), and the life of a port's own thread ([`speak`]). Does not live
//! here: any MIDI API; `device` implements [`Outlets`] over one. A port that goes away and comes back stays one line:
//! it is found again by name, and nothing else takes its place.

mod dispatch;
mod outgoing;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::thread::Thread;
use std::time::Duration;

use rtrb::RingBuffer;

pub use dispatch::Dispatch;
pub use outgoing::Outgoing;

use super::wavert::DeviceError;
use crate::ks::{Clock, KernelEvent, RefTime, raise_midi_priority};

/// Events between a cycle and the thread that sends them.
const ROOM: usize = 1 << 14;
/// How often ports that come and go are looked at.
const WATCH: Duration = Duration::from_millis(200);
/// What the thread of an output asks the system's broker for: it is never busy for longer.
const QUANTUM: usize = 256;
/// How long whoever closes an output waits for the ends of its notes.
const FAREWELL: Duration = Duration::from_millis(300);

/// An output that is open.
pub trait Outlet: Send {
    /// Sends one whole message, which is due in `ahead` (0: now). It may be early by up to [`Outlet::lead`], and then
    /// keeps that distance by itself.
    fn send(&mut self, message: &[u8], ahead: RefTime) -> Result<(), Unsent>;

    /// How long before its time it wants a message.
    fn lead(&self) -> RefTime {
        0
    }

    /// Whether the device behind it is there still.
    fn is_there(&mut self) -> bool;
}

/// A message that could not be sent.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unsent(pub String);

/// Where outputs are found.
pub trait Outlets: Send {
    /// Opens the output that `wanted` means (empty: the first there is), and says by what name it is to be found again;
    /// `None` while it is not there.
    fn open(&mut self, wanted: &str) -> Option<(Box<dyn Outlet>, String)>;
}

/// An output that is spoken to. Dropping it ends its notes and closes it.
pub trait Speaking: Send {
    /// What is spoken to, in words for the log.
    fn granted(&self) -> String;
}

/// What both sides of an output know.
#[derive(Debug, Default)]
pub struct Line {
    is_there: AtomicBool,
    is_running: AtomicBool,
    is_closing: AtomicBool,
    /// Counts Stops: what was sent before one is forgotten.
    run: AtomicU32,
    /// Counts Pauses: what sounds is released, what waits stays.
    rests: AtomicU32,
    /// How much later than what is heard of the graph.
    delay: AtomicI64,
    late: AtomicU32,
    lost: AtomicU32,
    unsent: AtomicU32,
    thread: OnceLock<Thread>,
}

impl Line {
    /// Whether the output is there now.
    pub fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Acquire)
    }

    fn set_there(&self, is_there: bool) {
        self.is_there.store(is_there, Ordering::Release);
    }

    /// Events that found no room on the ring.
    pub fn lost(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Messages that were sent after their time.
    pub fn late(&self) -> u32 {
        self.late.load(Ordering::Relaxed)
    }

    /// Messages that the output refused.
    pub fn unsent(&self) -> u32 {
        self.unsent.load(Ordering::Relaxed)
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// An event on its way to the sending thread.
#[derive(Clone, Copy)]
struct Parcel {
    /// Stamped in the time that the graph clock counts.
    event: KernelEvent,
    /// The run it belongs to.
    run: u32,
}

/// Both ends of an output: what the audio thread hands events to, and what the port's thread sends them by.
pub fn line(clock: Arc<dyn Clock>, rate_hz: u32, max_len: usize) -> (Outgoing, Dispatch) {
    let line = Arc::new(Line::default());
    let (entry, ring) = RingBuffer::new(ROOM);
    let outgoing = Outgoing::new(entry, clock.clone(), line.clone(), (rate_hz, max_len));
    (outgoing, Dispatch::new(ring, clock, line))
}

/// The hold on a port's thread.
struct Spoken {
    granted: String,
    line: Arc<Line>,
    /// Closed by the thread at its end.
    over: mpsc::Receiver<()>,
}

impl Speaking for Spoken {
    fn granted(&self) -> String {
        self.granted.clone()
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        self.line.is_closing.store(true, Ordering::Release);
        self.line.wake();
        // A program that ends takes its threads along, and what sounds outside would sound on.
        let _ = self.over.recv_timeout(FAREWELL);
    }
}

/// Speaks to the output called `name` from a thread of its own, now or when it comes.
pub fn speak(
    name: &str,
    mut outlets: impl Outlets + 'static,
    dispatch: Dispatch,
) -> Result<Box<dyn Speaking>, DeviceError> {
    let first = outlets.open(name);
    let granted = match &first {
        Some((_, there)) => format!("plays on {there}"),
        None if name.is_empty() => "waits for the first MIDI output that comes".into(),
        None => format!("waits for the MIDI output {name:?}"),
    };
    let line = dispatch.line().clone();
    line.set_there(first.is_some());
    let (running, over) = mpsc::channel::<()>();
    let wanted = name.to_owned();
    let thread = std::thread::Builder::new()
        .name("midi out".into())
        .spawn(move || {
            raise_midi_priority(QUANTUM);
            keep(&mut outlets, first, wanted, dispatch);
            drop(running);
        })
        .map_err(|error| DeviceError::Unavailable {
            device: name.to_owned(),
            reason: error.to_string(),
        })?;
    let _ = line.thread.set(thread.thread().clone());
    Ok(Box::new(Spoken {
        granted,
        line,
        over,
    }))
}

/// The life of an output's thread. What was taken once is the only one taken again.
fn keep(
    outlets: &mut dyn Outlets,
    first: Option<(Box<dyn Outlet>, String)>,
    mut wanted: String,
    mut dispatch: Dispatch,
) {
    let line = dispatch.line().clone();
    let mut open = None;
    let mut found = first;
    let mut since = Duration::ZERO;
    while !line.is_closing.load(Ordering::Acquire) {
        if let Some((mut outlet, name)) = found.take() {
            dispatch.greet(&mut *outlet);
            (open, wanted) = (Some(outlet), name);
            line.set_there(true);
        }
        if since >= WATCH {
            since = Duration::ZERO;
            if open.as_mut().is_some_and(|outlet| !outlet.is_there()) {
                open = None;
                line.set_there(false);
                dispatch.forget();
            }
            if open.is_none() {
                found = outlets.open(&wanted);
                continue;
            }
        }
        let nap = dispatch.turn(&mut open).min(WATCH);
        since += nap;
        std::thread::park_timeout(nap);
    }
    dispatch.stand(&mut open);
    line.set_there(false);
}

#[cfg(test)]
mod tests;
