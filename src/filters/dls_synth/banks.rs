//! Banks as files: each is read once for all synthesizers that play it, for as long as one of them does.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::SystemTime;

use crate::dls::{Bank, Collection, Facts, read};
use crate::ks::{BankFact, FileFact, InstrumentFact, OpenError};
use crate::stream::errand::{in_time, patience};

/// The General MIDI bank that comes with the program.
static OWN: &[u8] = include_bytes!("../../../assets/gm.dls");
static GENERAL_MIDI: LazyLock<Arc<Bank>> = LazyLock::new(|| match read(own(), &Facts::default()) {
    Ok((collection, _)) => Arc::new(Bank::new(&collection)),
    // A test reads it; a program without it would be silent and not gone.
    Err(_) => Arc::default(),
});

/// Its bytes. Whoever compiles this is kept from looking into seven million of them, which takes minutes.
pub(super) fn own() -> &'static [u8] {
    std::hint::black_box(OWN)
}

/// The most bytes of a bank.
const MOST_BYTES: u64 = 1 << 31;
/// Remarks that are passed on; damaged files can have thousands.
const MOST_REMARKS: usize = 5;

/// What a file was when it was read.
type Stamp = (Option<SystemTime>, u64, u32);

/// A bank that was read.
struct Known {
    path: PathBuf,
    stamp: Stamp,
    bank: Weak<Bank>,
    remarks: Vec<String>,
}

/// Banks that are in use.
static IN_USE: Mutex<Vec<Known>> = Mutex::new(vec![]);

fn in_use() -> MutexGuard<'static, Vec<Known>> {
    IN_USE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bank at a path, and what is to be said of it; our own without one.
///
/// # Errors
/// [`OpenError::File`] when there is none, or it holds nothing that can be played.
pub(super) fn open(
    path: Option<&Path>,
    rate_hz: u32,
    live: bool,
) -> Result<(Arc<Bank>, Vec<String>), OpenError> {
    let Some(path) = path else {
        return Ok((GENERAL_MIDI.clone(), vec![]));
    };
    let own = path.to_owned();
    let found = in_time(path, patience(live), move || load(&own, rate_hz));
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

/// Looks what a bank is. For observers: it may take as long as the disk does.
pub fn probe(path: &Path) -> FileFact {
    match collection(path, &Facts::default()) {
        Ok((all, remarks)) => FileFact::Bank(Arc::new(about(&all, remarks))),
        Err(reason) => FileFact::Unusable(reason),
    }
}

fn about(all: &Collection, remarks: Vec<String>) -> BankFact {
    let instruments = all.instruments.iter().map(|it| InstrumentFact {
        is_drum: it.patch.is_drum,
        bank: (it.patch.msb, it.patch.lsb),
        program: it.patch.program,
        name: it.info.name.clone(),
        regions: it.regions.len(),
    });
    BankFact {
        name: all.info.name.clone(),
        instruments: instruments.collect(),
        waves: all.waves.len(),
        samples: all.waves.iter().map(|it| it.samples.len() as u64).sum(),
        remarks,
    }
}

/// Reads a bank, with the first of the remarks about it.
fn collection(path: &Path, facts: &Facts) -> Result<(Collection, Vec<String>), String> {
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
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = vec![];
    file.take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    let (collection, all) = read(&bytes, facts).map_err(|error| error.to_string())?;
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

fn load(path: &Path, rate_hz: u32) -> Result<(Arc<Bank>, Vec<String>), String> {
    // Conditions in a bank may ask for the rate.
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    let stamp = (about.modified().ok(), about.len(), rate_hz);
    let known = in_use().iter().find_map(|it| {
        let is_it = it.path == path && it.stamp == stamp;
        let bank = it.bank.upgrade().filter(|_| is_it)?;
        Some((bank, it.remarks.clone()))
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let facts = Facts {
        rate_hz,
        ..Facts::default()
    };
    let (collection, remarks) = collection(path, &facts)?;
    let bank = Arc::new(Bank::new(&collection));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let remarks: Vec<String> = remarks.iter().map(|it| format!("{name}: {it}")).collect();
    let mut in_use = in_use();
    in_use.retain(|it| it.bank.strong_count() > 0);
    in_use.push(Known {
        path: path.to_owned(),
        stamp,
        bank: Arc::downgrade(&bank),
        remarks: remarks.clone(),
    });
    Ok((bank, remarks))
}
