//! The bank of a synthesizer as it is seen from outside: what is in it, how far it is loaded, which voices sound, and what
//! was downloaded. [`BankDesk`] is where a synthesizer lays that out, and where a hand may strike one of its sounds.
//!
//! Lives here: those descriptions and the way across threads. Does not live here: any bank, nor who reads one.

mod sheet;
mod voices;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use sheet::{
    BankSheet, ConnectionSheet, EnvelopeSheet, InstrumentSheet, LoopSheet, PEAKS, RegionSheet,
    WaveSheet,
};
pub use voices::{VoiceCells, VoiceSeen, VoiceStage};

use super::filter::{Bell, Hears};
use super::status::Status;

/// Strikes on their way to the synthesizer.
const STRIKES: usize = 64;

/// What is being done to a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
pub enum LoadStage {
    /// Its bytes come in.
    #[default]
    Reading,
    /// They are taken apart.
    Parsing,
    /// Instruments are made ready to be played.
    Making,
}

/// How far a file is loaded. Told by who loads it, without waiting for who looks.
#[derive(Debug, Default)]
pub struct Loading {
    path: PathBuf,
    stage: AtomicU8,
    done: AtomicU64,
    of: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Loading {
    /// Of a file of which nothing is known yet.
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// So much is done of a stage: bytes, or instruments. Whether to go on.
    pub fn reached(&self, stage: LoadStage, done: u64, of: u64) -> bool {
        self.stage.store(stage as u8, Ordering::Relaxed);
        self.of.store(of, Ordering::Relaxed);
        self.done.store(done, Ordering::Relaxed);
        !self.is_cancelled()
    }

    /// The stage, what is done of it, and all of it; 0 where that is not known.
    pub fn progress(&self) -> (LoadStage, u64, u64) {
        let stage = match self.stage.load(Ordering::Relaxed) {
            0 => LoadStage::Reading,
            1 => LoadStage::Parsing,
            _ => LoadStage::Making,
        };
        let of = self.of.load(Ordering::Relaxed);
        (stage, self.done.load(Ordering::Relaxed).min(of), of)
    }

    /// How much of everything is done, 0 to 1; the disk is most of it.
    pub fn share(&self) -> f32 {
        let (stage, done, of) = self.progress();
        let share = done as f32 / of.max(1) as f32;
        match stage {
            LoadStage::Reading => 0.7 * share,
            LoadStage::Parsing => 0.7,
            LoadStage::Making => 0.8 + 0.2 * share,
        }
    }

    /// Nobody wants it any more.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether nobody wants it any more.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

/// Something that became of a bank, for the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BankWord {
    /// It is there; what is to be said of it.
    Loaded(Vec<String>),
    /// It could not be loaded: file, place and reason. What was there before is played on.
    Failed(String),
}

/// A call that brought sounds, or took them away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traffic {
    /// The item, as KS writes it: `DOWNLOAD`, `UNLOAD`, `COMPACT`.
    pub item: &'static str,
    /// What it was about, in words.
    pub words: String,
    /// The answer.
    pub status: Status,
}

/// A sound of a bank that a hand strikes, or lets go of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Strike {
    /// Number of the bank it is of: see [`BankDesk::sheet`].
    pub serial: u8,
    /// Place of the instrument in it.
    pub instrument: u16,
    /// One region alone, by its place in the instrument; all that fit without.
    pub region: Option<u16>,
    /// The key, 0 to 127.
    pub key: u8,
    /// 1 to 127; 0 lets go of what was struck there.
    pub velocity: u8,
}

#[derive(Default)]
struct Desk {
    sheet: Mutex<(u8, Arc<BankSheet>)>,
    loading: Mutex<Option<Arc<Loading>>>,
    trouble: Mutex<Option<String>>,
    words: Mutex<Vec<BankWord>>,
    strikes: Mutex<Option<rtrb::Producer<Strike>>>,
    tend: Mutex<Option<Arc<dyn Fn() + Send + Sync>>>,
    voices: VoiceCells,
    bell: Bell,
}

/// Where a synthesizer lays out its bank. The audio thread touches [`VoiceCells`] and its end of the strikes alone.
#[derive(Clone, Default)]
pub struct BankDesk(Arc<Desk>);

impl std::fmt::Debug for BankDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BankDesk")
    }
}

/// The bank of a synthesizer that no graph runs, laid out to be looked at: nothing plays it.
pub struct BankShelf {
    /// Where it lies.
    pub desk: BankDesk,
    /// Is told the values of the synthesizer: where they name another bank, that one is read.
    pub hears: Hears,
}

fn held<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl BankDesk {
    /// A desk of a synthesizer with places for so many voices, and the end at which it hears what is struck.
    pub fn new(places: usize) -> (Self, rtrb::Consumer<Strike>) {
        let (strikes, heard) = rtrb::RingBuffer::new(STRIKES);
        let desk = Desk {
            strikes: Mutex::new(Some(strikes)),
            voices: VoiceCells::new(places),
            ..Desk::default()
        };
        (Self(Arc::new(desk)), heard)
    }

    /// What is played now, and the number that tells it from others the same synthesizer played; 0 of none at all.
    pub fn sheet(&self) -> (u8, Arc<BankSheet>) {
        held(&self.0.sheet).clone()
    }

    /// What is on its way.
    pub fn loading(&self) -> Option<Arc<Loading>> {
        held(&self.0.loading).clone()
    }

    /// Why the bank that was chosen last is not there.
    pub fn trouble(&self) -> Option<String> {
        held(&self.0.trouble).clone()
    }

    /// Its voices.
    pub fn voices(&self) -> &VoiceCells {
        &self.0.voices
    }

    /// Rung with whatever changes but voices.
    pub fn bell(&self) -> &Bell {
        &self.0.bell
    }

    /// A bank begins to be loaded, in place of one that was on its way.
    pub fn begins(&self, loading: Arc<Loading>) {
        if let Some(before) = held(&self.0.loading).replace(loading) {
            before.cancel();
        }
        *held(&self.0.trouble) = None;
        self.0.bell.ring();
    }

    /// A bank is there.
    pub fn loaded(&self, serial: u8, sheet: Arc<BankSheet>) {
        *held(&self.0.sheet) = (serial, sheet);
        self.ended(None);
    }

    /// Nothing is on its way any more; perhaps since it could not be had.
    pub fn ended(&self, trouble: Option<String>) {
        if let Some(before) = held(&self.0.loading).take() {
            before.cancel();
        }
        *held(&self.0.trouble) = trouble;
        self.0.bell.ring();
    }

    /// Says something for the log.
    pub fn say(&self, word: BankWord) {
        held(&self.0.words).push(word);
        self.0.bell.ring();
    }

    /// What was said since it was asked last.
    pub fn take_words(&self) -> Vec<BankWord> {
        std::mem::take(&mut *held(&self.0.words))
    }

    /// Strikes a sound; whether it is on its way.
    pub fn strike(&self, strike: Strike) -> bool {
        let mut strikes = held(&self.0.strikes);
        strikes.as_mut().is_some_and(|it| it.push(strike).is_ok())
    }

    /// What is to be done now and then beside the audio thread: to hand over what it was not ready for.
    pub fn on_tend(&self, tend: impl Fn() + Send + Sync + 'static) {
        *held(&self.0.tend) = Some(Arc::new(tend));
    }

    /// Does it.
    pub fn tend(&self) {
        let tend = held(&self.0.tend).clone();
        if let Some(tend) = tend {
            tend();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_bank_cancels_the_one_on_its_way() {
        let (desk, _strikes) = BankDesk::new(4);
        let rings = desk.bell().rings();
        let (first, second) = (
            Arc::new(Loading::new(Path::new("a"))),
            Arc::new(Loading::new(Path::new("b"))),
        );
        desk.begins(first.clone());
        assert!(first.reached(LoadStage::Reading, 1, 10));
        desk.begins(second.clone());
        assert!(!first.reached(LoadStage::Reading, 2, 10));
        assert_eq!(desk.loading().unwrap().path(), Path::new("b"));
        desk.ended(Some("b: it has no instruments".into()));
        assert!(second.is_cancelled() && desk.loading().is_none());
        assert!(desk.trouble().is_some());
        assert!(desk.bell().rings() != rings);
    }

    #[test]
    fn progress_goes_up_over_all_stages() {
        let loading = Loading::new(Path::new("a"));
        let mut last = loading.share();
        for (stage, done, of) in [
            (LoadStage::Reading, 5, 10),
            (LoadStage::Reading, 10, 10),
            (LoadStage::Parsing, 0, 0),
            (LoadStage::Making, 1, 4),
            (LoadStage::Making, 4, 4),
        ] {
            loading.reached(stage, done, of);
            assert!(loading.share() >= last, "{stage:?}");
            last = loading.share();
        }
        assert_eq!(last, 1.0);
    }
}
