//! Banks as files: each is read once for all synthesizers that play it, for as long as one of them does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use crate::dls::{Bank, Collection, Facts, ReadError, read, read_while, sheet};
use crate::ks::{BankSheet, FileFact, LoadStage, Loading, OpenError};
use crate::stream::errand::{in_time_of, patience};

/// The General MIDI bank that comes with the program.
static OWN: &[u8] = include_bytes!("../../../assets/gm.dls");
static GENERAL_MIDI: LazyLock<Found> = LazyLock::new(|| match read(own(), &Facts::default()) {
    Ok((collection, _)) => Found {
        bank: Arc::new(Bank::new(&collection)),
        sheet: Arc::new(sheet(&collection)),
        remarks: vec![],
    },
    // A test reads it; a program without it would be silent and not gone.
    Err(_) => Found::default(),
});

/// Its bytes. Whoever compiles this is kept from looking into seven million of them, which takes minutes.
pub(super) fn own() -> &'static [u8] {
    std::hint::black_box(OWN)
}

/// The most bytes of a bank.
const MOST_BYTES: u64 = 1 << 31;
/// Bytes that are read between two looks whether anybody still wants them.
const PIECE: u64 = 1 << 20;
/// Remarks that are passed on; damaged files can have thousands.
const MOST_REMARKS: usize = 5;
/// What somebody is told who gave up on a bank, and nobody reads.
const CANCELLED: &str = "nobody wants it any more";

/// A bank that is there.
#[derive(Clone, Default)]
pub(super) struct Found {
    pub(super) bank: Arc<Bank>,
    pub(super) sheet: Arc<BankSheet>,
    pub(super) remarks: Vec<String>,
}

/// What a file was when it was read.
type Stamp = (Option<SystemTime>, u64, u32);

/// A bank that was read.
struct Known {
    path: PathBuf,
    stamp: Stamp,
    bank: Weak<Bank>,
    sheet: Arc<BankSheet>,
    remarks: Vec<String>,
}

/// Banks that are in use.
static IN_USE: Mutex<Vec<Known>> = Mutex::new(vec![]);
/// Files that are being read: who wants one of them as well waits for it.
static UNDER_WAY: Mutex<BTreeMap<PathBuf, Arc<Mutex<()>>>> = Mutex::new(BTreeMap::new());

fn held<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bank at a path, waited for as long as it takes; our own without one.
///
/// # Errors
/// [`OpenError::File`] when there is none, it holds nothing that can be played, or its disk does not answer.
pub(super) fn open(path: Option<&Path>, rate_hz: u32) -> Result<Found, OpenError> {
    let Some(path) = path else {
        return Ok(GENERAL_MIDI.clone());
    };
    let (own, loading) = (path.to_owned(), Arc::new(Loading::new(path)));
    let watched = loading.clone();
    let goes_on = move || {
        let (stage, done, _) = watched.progress();
        done + ((stage as u64) << 40)
    };
    let found = in_time_of(path, patience(false), goes_on, move || {
        load(Some(&own), rate_hz, &loading)
    });
    let found = found.unwrap_or_else(|late| Err(late.to_string()));
    found.map_err(|reason| OpenError::File {
        path: path.display().to_string(),
        reason,
    })
}

/// Whether a file is a bank, going by how it begins.
pub fn is_bank(head: &[u8]) -> bool {
    let form = head.get(8..12);
    head.starts_with(b"RIFF") && (form == Some(b"DLS ") || form == Some(b"sfbk"))
}

/// What a file that begins like a bank is. Only who plays it reads it whole.
pub fn probe(_: &Path) -> FileFact {
    FileFact::Bank
}

/// Looks what is in a bank. It takes as long as the disk does.
///
/// # Errors
/// Why it cannot be played, in words.
pub fn look(path: &Path) -> Result<BankSheet, String> {
    let (all, remarks) = collection(path, &Facts::default(), &Loading::new(path))?;
    Ok(BankSheet {
        remarks,
        ..sheet(&all)
    })
}

/// The bytes of a bank.
fn bytes(path: &Path, loading: &Loading) -> Result<Vec<u8>, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its writer.
        let what = crate::media::what_it_is(&about);
        return Err(format!(
            "it is {what} and not a file; wanted a bank of sounds (.dls, .sf2)"
        ));
    }
    if about.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(format!(
            "it is larger than {most} MiB, the most a bank may have here"
        ));
    }
    let mut file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes: Vec<u8> = vec![];
    loop {
        let done = bytes.len() as u64;
        if !loading.reached(LoadStage::Reading, done, about.len().max(done)) {
            return Err(CANCELLED.to_owned());
        }
        let room = PIECE.min(MOST_BYTES.saturating_sub(done));
        let read = file.by_ref().take(room).read_to_end(&mut bytes);
        let read = read.map_err(|error| format!("at byte {}: {error}", bytes.len()))?;
        if read == 0 {
            return Ok(bytes);
        }
    }
}

/// Reads a bank, with the first of the remarks about it.
fn collection(
    path: &Path,
    facts: &Facts,
    loading: &Loading,
) -> Result<(Collection, Vec<String>), String> {
    let bytes = bytes(path, loading)?;
    loading.reached(LoadStage::Parsing, 0, 0);
    let read = read_while(&bytes, facts, &|| !loading.is_cancelled());
    let (collection, all) = read.map_err(|error| match error {
        ReadError::Cancelled => CANCELLED.to_owned(),
        error => error.to_string(),
    })?;
    if collection.instruments.is_empty() {
        return Err("it has no instruments".to_owned());
    }
    let mut remarks: Vec<String> = all
        .iter()
        .take(MOST_REMARKS)
        .map(ToString::to_string)
        .collect();
    if all.len() > MOST_REMARKS {
        remarks.push(format!("and {} remarks more", all.len() - MOST_REMARKS));
    }
    Ok((collection, remarks))
}

/// The bank at a path, or our own, told how far it is and stopped when nobody wants it any more.
///
/// # Errors
/// Why it cannot be played, in words.
pub(super) fn load(path: Option<&Path>, rate_hz: u32, loading: &Loading) -> Result<Found, String> {
    let Some(path) = path else {
        return Ok(GENERAL_MIDI.clone());
    };
    let turn = turn(path);
    let _turn = held(&turn);
    let found = load_in_turn(path, rate_hz, loading);
    held(&UNDER_WAY).retain(|_, it| Arc::strong_count(it) > 1);
    found
}

/// Held by who reads that file.
pub(super) fn turn(path: &Path) -> Arc<Mutex<()>> {
    let mut under_way = held(&UNDER_WAY);
    under_way.entry(path.to_owned()).or_default().clone()
}

fn load_in_turn(path: &Path, rate_hz: u32, loading: &Loading) -> Result<Found, String> {
    // Conditions in a bank may ask for the rate.
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    let stamp = (about.modified().ok(), about.len(), rate_hz);
    let known = held(&IN_USE).iter().find_map(|it| {
        let is_it = it.path == path && it.stamp == stamp;
        let bank = it.bank.upgrade().filter(|_| is_it)?;
        Some(Found {
            bank,
            sheet: it.sheet.clone(),
            remarks: it.remarks.clone(),
        })
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let facts = Facts {
        rate_hz,
        ..Facts::default()
    };
    let (collection, remarks) = collection(path, &facts, loading)?;
    let making =
        |done: usize, of: usize| loading.reached(LoadStage::Making, done as u64, of as u64);
    let bank = Arc::new(Bank::watched(&collection, making).ok_or(CANCELLED)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let sheet = Arc::new(BankSheet {
        remarks: remarks.clone(),
        ..sheet(&collection)
    });
    let remarks: Vec<String> = remarks.iter().map(|it| format!("{name}: {it}")).collect();
    let mut in_use = held(&IN_USE);
    in_use.retain(|it| it.bank.strong_count() > 0);
    in_use.push(Known {
        path: path.to_owned(),
        stamp,
        bank: Arc::downgrade(&bank),
        sheet: sheet.clone(),
        remarks: remarks.clone(),
    });
    Ok(Found {
        bank,
        sheet,
        remarks,
    })
}
