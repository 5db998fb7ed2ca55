//! What a MIDI file is and holds: read whole within the time a disk may take, told to observers.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::ks::{FileFact, RefTime, SongBeat, SongFact};
use crate::midi::smf::{MOST_BYTES, Song, TextKind, read_smf_song};
use crate::stream::errand::{in_time, patience};

/// Whether a file is a MIDI file, going by how it begins.
pub fn is_song(head: &[u8]) -> bool {
    let is_wrapped = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"RMID");
    head.starts_with(b"MThd") || is_wrapped
}

/// Looks what a MIDI file is. For observers: it may take as long as the disk does.
pub fn probe(path: &Path) -> FileFact {
    match read(path, None) {
        Ok(song) => FileFact::Song(Arc::new(about(&song))),
        Err(reason) => FileFact::Unusable(reason),
    }
}

pub(super) fn read(path: &Path, number: Option<usize>) -> Result<Song, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its writer.
        let what = crate::media::what_it_is(&about);
        return Err(format!("it is {what} and not a file; wanted a MIDI file"));
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = vec![];
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!(
            "it is larger than {} MiB, the most a MIDI file may have here",
            MOST_BYTES >> 20
        ));
    }
    read_smf_song(&bytes, number).map_err(|error| error.to_string())
}

/// The same, but not longer than a disk may take.
pub(super) fn read_in_time(path: &Path, number: Option<usize>, live: bool) -> Result<Song, String> {
    let own = path.to_owned();
    let song = in_time(path, patience(live), move || read(&own, number));
    song.map_err(|late| late.to_string())?
}

pub(super) fn time(time_100ns: u64) -> RefTime {
    RefTime::try_from(time_100ns).unwrap_or(RefTime::MAX)
}

/// Words that are shown: markers and cue points, and what is sung.
pub(super) fn words(song: &Song) -> [Vec<(RefTime, String)>; 2] {
    let of = |is_meant: &dyn Fn(TextKind) -> bool| -> Vec<(RefTime, String)> {
        let texts = song.texts.iter().filter(|it| is_meant(it.kind));
        texts
            .map(|it| (time(it.time_100ns), it.words.clone()))
            .collect()
    };
    let markers = of(&|kind| matches!(kind, TextKind::Marker | TextKind::Cue));
    let mut lyrics = of(&|kind| kind == TextKind::Lyric);
    if lyrics.is_empty() {
        // Karaoke files sing in plain texts, and say so in some that begin with @.
        let texts = of(&|kind| kind == TextKind::Text);
        if texts.iter().any(|(_, words)| words.starts_with('@')) {
            lyrics = texts;
            lyrics.retain(|(_, words)| !words.starts_with('@'));
        }
    }
    [markers, lyrics]
}

fn about(song: &Song) -> SongFact {
    let [markers, lyrics] = words(song);
    let tracks = (0..song.tracks.min(usize::from(u16::MAX)) as u16)
        .map(|track| song.track_name(track).unwrap_or_default().to_owned());
    SongFact {
        kind: song.format,
        duration: time(song.duration_100ns),
        events: song.events.len(),
        tracks: tracks.collect(),
        markers,
        lyrics,
        beats: beats(song),
        remarks: remarks(song),
    }
}

/// Where its bars and beats fall.
fn beats(song: &Song) -> Vec<SongBeat> {
    /// More than a song of two hours has; what is longer has no bars behind them.
    const MOST: usize = 1 << 15;
    let all = song.beats(MOST).into_iter();
    all.map(|it| SongBeat {
        time: time(it.time_100ns),
        bar: it.bar,
        beat: it.beat,
    })
    .collect()
}

/// What was odd, in words.
pub(super) fn remarks(song: &Song) -> Vec<String> {
    /// Lines that are told.
    const MOST: usize = 8;
    let mut told: Vec<String> = (song.remarks.iter().take(MOST))
        .map(ToString::to_string)
        .collect();
    let more = song.odd.saturating_sub(told.len() as u64);
    if more > 0 {
        told.push(format!("and {more} more of this kind"));
    }
    told
}
