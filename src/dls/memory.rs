//! What is downloaded into a synthesizer while it plays (DLS-1 to DLS-5, DLS-9).
//!
//! ```text
//!   DOWNLOAD, UNLOAD ─▶ Table ─▶ Version ─▶ Version ─▶ Version (the last)
//!                                   ▲ Listener: walks on at the beginning of a cycle
//! ```
//!
//! What can be played is a version that never changes; each call leads on to the next one, and who plays walks there without
//! a lock. The audio thread lets go of many things and frees none: the table holds each version, instrument and region for
//! as long as somebody else does. A cycle plays one version from its beginning to its end, so what is unloaded meanwhile may
//! still begin in it: it is gone when neither that cycle nor a voice has it.

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::bank::{Bank, Playable, Sounds, Zone};
use super::collection::{Instrument, Patch, Wave};
use super::download::{Download, read};
use crate::ks::{DlsMemory, DlsRefusal, Status, Traffic, Unloaded};

/// Bytes of buffers that are held at a time.
const MOST_BYTES: u64 = 1 << 31;
/// Unloaded instruments that a call looks at, so that it does not take the longer the more there are.
const AT_A_TIME: usize = 64;
/// Calls that are kept for who looks on.
const MOST_CALLS: usize = 200;
/// Handles of all pins together.
const MOST_HANDLES: usize = 1 << 13;

/// Instruments that were downloaded, at one time.
#[derive(Debug, Default)]
struct Version {
    instruments: BTreeMap<Patch, Arc<Playable>>,
    next: OnceLock<Arc<Self>>,
}

/// What a handle stands for.
#[derive(Debug)]
struct Held {
    /// Whose it is, and how its owner calls it; a collection has no name.
    pin: u64,
    id: Option<u32>,
    bytes: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Wave {
        wave: Arc<Wave>,
        /// Its handle was given back while instruments play it.
        is_going: bool,
    },
    Instruments {
        all: Vec<(Patch, Arc<Playable>)>,
        /// Handles of the waves they play.
        waves: Vec<u32>,
    },
}

/// What was unloaded and sounded still, or may have begun to.
#[derive(Debug)]
struct Going {
    pin: u64,
    handle: u32,
    zones: Vec<Weak<Zone>>,
    /// The last version that had it.
    last: Weak<Version>,
}

impl Going {
    /// Whether a voice plays it. Its instrument holds each region once, for as long as it is here itself.
    fn sounds(&self) -> bool {
        self.zones.iter().any(|it| it.strong_count() > 1)
    }

    /// Whether somebody stands at a version that has it: one alone is the table's own.
    fn is_at_hand(&self) -> bool {
        self.last.strong_count() > 1
    }
}

#[derive(Debug, Default)]
struct Table {
    last_handle: u32,
    held: BTreeMap<u32, Held>,
    sounds: Sounds,
    now: Arc<Version>,
    /// Older ones that somebody may still play, oldest first; they are let go in that order, so that no chain hangs on the
    /// one that goes.
    before: VecDeque<Arc<Version>>,
    /// Instruments that were unloaded and may still sound.
    retired: VecDeque<Arc<Playable>>,
    /// Unloads that are not completed.
    going: Vec<Going>,
    /// The last calls.
    traffic: VecDeque<Traffic>,
}

/// What is downloaded into a synthesizer.
#[derive(Debug, Default)]
pub struct Downloads {
    table: Mutex<Table>,
    /// Synthesizers that are in a cycle.
    in_cycle: AtomicUsize,
}

impl Downloads {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a cycle goes on that began with a version before the last one, perhaps. Asked behind what leads on to another
    /// version: whoever begins a cycle later finds that one.
    fn is_in_cycle(&self) -> bool {
        self.in_cycle.load(Ordering::SeqCst) > 0
    }

    /// Instruments that can be played, and those that were unloaded and sound on.
    pub fn counts(&self) -> (usize, usize) {
        let table = self.table();
        (table.now.instruments.len(), table.retired.len())
    }
}

/// What a buffer is about, in words.
fn about(buffer: &[u8]) -> String {
    let word = |at: usize| Some(u32::from_le_bytes(*buffer.get(at..)?.first_chunk()?));
    let what = match (buffer.starts_with(b"RIFF"), word(0), word(4)) {
        (true, ..) => "collection".to_owned(),
        (_, Some(2), Some(id)) => format!("wave {id}"),
        (_, Some(1 | 3), Some(id)) => format!("instrument {id}"),
        _ => "buffer".to_owned(),
    };
    match buffer.len() {
        len if len < 10_240 => format!("{what}, {len} bytes"),
        len => format!("{what}, {} KiB", len >> 10),
    }
}

impl Table {
    /// Writes a call down for who looks on.
    fn tell(&mut self, item: &'static str, words: String, answer: Result<(), &DlsRefusal>) {
        if self.traffic.len() >= MOST_CALLS {
            self.traffic.pop_front();
        }
        self.traffic.push_back(Traffic {
            item,
            words,
            status: answer.err().map_or(Status::Success, |it| it.status),
        });
    }

    fn take(&mut self, pin: u64, buffer: &[u8]) -> Result<u32, DlsRefusal> {
        let bytes = buffer.len() as u64;
        let there: u64 = self.held.values().map(|it| it.bytes).sum();
        if there.saturating_add(bytes) > MOST_BYTES || self.held.len() >= MOST_HANDLES {
            return Err(DlsRefusal::with(
                Status::InsufficientResources,
                format!(
                    "{} downloads hold {} MiB: {MOST_HANDLES} and {} MiB are the most; UNLOAD some first",
                    self.held.len(),
                    there >> 20,
                    MOST_BYTES >> 20
                ),
            ));
        }
        let (id, download) = read(buffer)?;
        if let Some(id) = id
            && self.by_id(pin, id).is_some()
        {
            return Err(DlsRefusal::new(format!(
                "ALREADY_LOADED: id {id} is there; UNLOAD it before another takes its place"
            )));
        }
        let what = match download {
            Download::Wave(wave) => What::Wave {
                wave: Arc::new(wave),
                is_going: false,
            },
            Download::Instrument(it) => self.instrument(pin, &it)?,
            Download::Collection(all) => What::Instruments {
                all: Bank::new(&all)
                    .all()
                    .map(|(patch, it)| (patch, it.clone()))
                    .collect(),
                waves: vec![],
            },
        };
        let is_playable = matches!(what, What::Instruments { .. });
        let handle = self.free_handle();
        self.held.insert(
            handle,
            Held {
                pin,
                id,
                bytes,
                what,
            },
        );
        if is_playable {
            self.publish();
        }
        Ok(handle)
    }

    /// One that nothing has.
    fn free_handle(&mut self) -> u32 {
        loop {
            self.last_handle = self.last_handle.checked_add(1).unwrap_or(1);
            if !self.held.contains_key(&self.last_handle) {
                return self.last_handle;
            }
        }
    }

    /// What a pin calls so.
    fn by_id(&self, pin: u64, id: u32) -> Option<(u32, &Held)> {
        let mut held = self.held.iter();
        held.find(|(_, it)| it.pin == pin && it.id == Some(id))
            .map(|(handle, it)| (*handle, it))
    }

    /// An instrument with the waves that were there before it (DLS-9).
    fn instrument(&mut self, pin: u64, it: &Instrument) -> Result<What, DlsRefusal> {
        let mut waves = BTreeMap::new();
        for region in &it.regions {
            let id = region.link.cue;
            let found = self.by_id(pin, id).and_then(|(handle, it)| match &it.what {
                What::Wave { wave, .. } => Some((handle, wave.clone())),
                What::Instruments { .. } => None,
            });
            let Some(found) = found else {
                return Err(DlsRefusal::new(format!(
                    "BADWAVELINK: a region plays the wave {id}, which this pin has not downloaded; waves come before \
                     the instruments that play them"
                )));
            };
            waves.insert(id, found);
        }
        let playable = Playable::new(it, (usize::MAX, false), &mut self.sounds, |region| {
            let (handle, wave) = waves.get(&region.link.cue)?;
            Some((*handle as usize, &**wave))
        });
        Ok(What::Instruments {
            all: vec![(it.patch, Arc::new(playable))],
            waves: waves.values().map(|(handle, _)| *handle).collect(),
        })
    }

    /// Whether an instrument plays a wave.
    fn is_used(&self, wave: u32) -> bool {
        self.held
            .values()
            .any(|it| matches!(&it.what, What::Instruments { waves, .. } if waves.contains(&wave)))
    }

    fn give_back(
        &mut self,
        pin: u64,
        handle: u32,
        is_in_cycle: impl Fn() -> bool,
    ) -> Result<Unloaded, DlsRefusal> {
        let is_used = self.is_used(handle);
        let held = self.held.get_mut(&handle).filter(|it| it.pin == pin);
        match held.map(|it| &mut it.what) {
            None | Some(What::Wave { is_going: true, .. }) => Err(DlsRefusal::new(format!(
                "this pin has nothing with the handle {handle}: it was unloaded before, or is another's"
            ))),
            // It goes with the last instrument that plays it (DLS-3).
            Some(What::Wave { is_going, .. }) if is_used => {
                *is_going = true;
                Ok(Unloaded::Now)
            }
            Some(_) => {
                let going = Going {
                    pin,
                    handle,
                    zones: self.zones_of(handle),
                    last: Arc::downgrade(&self.now),
                };
                self.remove(handle);
                // In that order: what a cycle has begun is seen behind its end.
                let may_begin = is_in_cycle() && going.is_at_hand();
                if !may_begin && !going.sounds() {
                    return Ok(Unloaded::Now);
                }
                self.going.push(going);
                Ok(Unloaded::WithItsVoices)
            }
        }
    }

    /// The regions of what a handle names. A wave has none: it goes with the last instrument that plays it.
    fn zones_of(&self, handle: u32) -> Vec<Weak<Zone>> {
        let Some(What::Instruments { all, .. }) = self.held.get(&handle).map(|it| &it.what) else {
            return vec![];
        };
        let zones = all.iter().flat_map(|(_, it)| &it.regions);
        zones.map(Arc::downgrade).collect()
    }

    /// Takes it out, and waves with the last instrument that plays them.
    fn remove(&mut self, handle: u32) {
        match self.held.remove(&handle).map(|it| it.what) {
            None => {}
            Some(What::Wave { .. }) => self.sounds.forget(handle as usize),
            Some(What::Instruments { all, waves }) => {
                self.retired.extend(all.into_iter().map(|(_, it)| it));
                for wave in waves {
                    if !self.is_used(wave) {
                        self.remove(wave);
                    }
                }
                self.publish();
            }
        }
    }

    /// Takes out what was brought by pins like that.
    fn remove_all(&mut self, is_gone: impl Fn(u64) -> bool) {
        let gone = self.held.iter().filter(|(_, it)| is_gone(it.pin));
        let gone: Vec<u32> = gone.map(|(handle, _)| *handle).collect();
        gone.into_iter().for_each(|handle| self.remove(handle));
    }

    /// Leads on to what can be played now. Of one patch the latest counts.
    fn publish(&mut self) {
        let mut instruments = BTreeMap::new();
        for it in self.held.values() {
            if let What::Instruments { all, .. } = &it.what {
                instruments.extend(all.iter().cloned());
            }
        }
        let next = Arc::new(Version {
            instruments,
            next: OnceLock::new(),
        });
        // Nobody else writes here: the table is locked, and each version is led on from once.
        let _ = self.now.next.set(next.clone());
        let old = std::mem::replace(&mut self.now, next);
        self.before.push_back(old);
        self.sweep(AT_A_TIME);
    }

    /// Lets go of versions that nobody else holds.
    fn sweep_versions(&mut self) {
        while let Some(first) = self.before.front()
            && Arc::strong_count(first) == 1
        {
            self.before.pop_front();
        }
    }

    /// Frees what nobody else holds. The audio thread comes to things only by what it holds already, so what is the table's
    /// alone stays so. Of instruments it looks at so many.
    fn sweep(&mut self, most: usize) {
        self.sweep_versions();
        for _ in 0..self.retired.len().min(most) {
            let Some(it) = self.retired.pop_front() else {
                break;
            };
            let is_held = |zone| Arc::strong_count(zone) > 1;
            if Arc::strong_count(&it) > 1 || it.regions.iter().any(is_held) {
                self.retired.push_back(it);
            }
        }
    }
}

impl DlsMemory for Downloads {
    fn download(&self, pin: u64, buffer: &[u8]) -> Result<u32, DlsRefusal> {
        let mut table = self.table();
        let taken = table.take(pin, buffer);
        let words = match &taken {
            Ok(handle) => format!("{}: handle {handle}", about(buffer)),
            Err(_) => about(buffer),
        };
        table.tell("DOWNLOAD", words, taken.as_ref().map(|_| ()));
        taken
    }

    fn unload(&self, pin: u64, handle: u32) -> Result<Unloaded, DlsRefusal> {
        let mut table = self.table();
        let given = table.give_back(pin, handle, || self.is_in_cycle());
        table.tell(
            "UNLOAD",
            format!("handle {handle}"),
            given.as_ref().map(|_| ()),
        );
        given
    }

    fn completed(&self) -> Vec<(u64, u32)> {
        let mut table = self.table();
        table.sweep_versions();
        let is_in_cycle = self.is_in_cycle();
        let is_gone = |it: &mut Going| !(is_in_cycle && it.is_at_hand() || it.sounds());
        let gone = table.going.extract_if(.., is_gone);
        gone.map(|it| (it.pin, it.handle)).collect()
    }

    fn compact(&self) {
        let mut table = self.table();
        table.sweep(usize::MAX);
        let sounding = table.retired.len();
        table.tell("COMPACT", format!("{sounding} sound on"), Ok(()));
    }

    fn traffic(&self) -> Vec<Traffic> {
        self.table().traffic.iter().cloned().collect()
    }

    fn close(&self, pin: u64) {
        let mut table = self.table();
        table.remove_all(|it| it == pin);
        table.going.retain(|it| it.pin != pin);
    }

    fn close_others(&self, open: &[u64]) {
        let mut table = self.table();
        table.remove_all(|it| !open.contains(&it));
        table.going.retain(|it| open.contains(&it.pin));
    }

    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// Who plays what is downloaded.
pub(super) struct Listener {
    at: Arc<Version>,
    is_in_cycle: bool,
    /// Holds what this one lets go.
    memory: Arc<Downloads>,
}

impl Listener {
    pub(super) fn new(memory: &Arc<Downloads>) -> Self {
        Self {
            at: memory.table().now.clone(),
            is_in_cycle: false,
            memory: memory.clone(),
        }
    }

    /// A cycle begins: goes on to the last version. For the audio thread: neither waits nor frees.
    pub(super) fn follow(&mut self) {
        if !std::mem::replace(&mut self.is_in_cycle, true) {
            self.memory.in_cycle.fetch_add(1, Ordering::SeqCst);
        }
        while let Some(next) = self.at.next.get() {
            self.at = next.clone();
        }
    }

    /// The cycle is over: nothing is begun before the next one.
    pub(super) fn rest(&mut self) {
        if std::mem::take(&mut self.is_in_cycle) {
            self.memory.in_cycle.fetch_sub(1, Ordering::SeqCst);
        }
    }

    pub(super) fn get(&self, patch: Patch) -> Option<&Arc<Playable>> {
        self.at.instruments.get(&patch)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.rest();
    }
}
