//! The last ten states of every graph that was saved, as they were before each save.
//!
//! They lie among the program's own files and not beside the graph: a folder of graphs is shared, searched and kept in
//! version control, and ten more files for each would be in the way. Each graph has a folder named after it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::graph::save_atomically;

/// States that are kept of each graph.
const KEPT: usize = 10;

/// The folder of them all.
pub(super) struct Backups {
    folder: PathBuf,
}

impl Backups {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where the states of a graph are.
    pub(super) fn folder_of(folder: &Path, path: &Path) -> PathBuf {
        // Graphs of the same name in different folders have different ones. FNV-1a: short, and the same for ever.
        let bytes = path.as_os_str().as_encoded_bytes();
        let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        folder.join(format!("{} {hash:016x}", stem(path)))
    }

    /// Keeps one more state, and no more than ten.
    pub(super) fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), String> {
        let failed = |reason: String| format!("No backup of {}: {reason}", path.display());
        let folder = Self::folder_of(&self.folder, path);
        fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
        let mut states = states(&folder);
        if let Some(newest) = states.last()
            && fs::read(newest).is_ok_and(|it| it == bytes)
        {
            return Ok(());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| failed("it was no text".into()))?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let new = folder.join(format!("{} {}.ron", stem(path), stamp(now)));
        save_atomically(&new, text).map_err(|error| failed(error.to_string()))?;
        if !states.contains(&new) {
            states.push(new);
        }
        let too_many = states.len().saturating_sub(KEPT);
        for old in &states[..too_many] {
            let _ = fs::remove_file(old); // One too many does no harm.
        }
        Ok(())
    }
}

/// The states in a folder, oldest first.
pub(super) fn states(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut states: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|it| it == "ron"))
        .collect();
    states.sort();
    states
}

/// The name without its ending, short enough to leave room for more.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.chars().take(40).collect()
}

/// `2026-11-21 05.16.45.123 UTC`: sorts by time, and every system takes it as a name.
pub(super) fn stamp(since_1970: Duration) -> String {
    let seconds = since_1970.as_secs();
    let (mut year, mut days) = (1970_u64, seconds / 86_400);
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!(
        "{year}-{month:02}-{:02} {:02}.{:02}.{:02}.{:03} UTC",
        days + 1,
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60,
        since_1970.subsec_millis()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_dates() {
        let stamp = |seconds| stamp(Duration::from_secs(seconds));
        assert_eq!(stamp(0), "1970-01-01 00.00.00.000 UTC");
        assert_eq!(stamp(951_782_399), "2000-02-28 23.59.59.000 UTC");
        assert_eq!(stamp(951_782_400), "2000-02-29 00.00.00.000 UTC");
        assert_eq!(stamp(1_798_761_599), "2026-12-31 23.59.59.000 UTC");
        assert_eq!(stamp(4_107_542_400), "2100-03-01 00.00.00.000 UTC");
    }
}
