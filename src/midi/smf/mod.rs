//! Standard MIDI Files, types 0, 1 and 2, bare or in a RIFF wrapper (RMI).
//!
//! ```text
//!   tracks ──▶ events at ticks ──▶ one list, stable by tick ──▶ times by the tempo map
//! ```
//!
//! Times are exact. Lenient with what stands in a file: it is read as far as is sound, and every liberty taken is a
//! [`Remark`] that names track, byte and what was done. Any bytes give a song or an error, in time and memory that go
//! with their number. Writing is in [`mod@write`], how a track is read in `track`.

use std::fmt;

use thiserror::Error;

use crate::media::riff::{self, Order};

mod bars;
mod tempo;
mod text;
mod track;
pub mod write;

pub use bars::Beat;
pub use text::TextKind;
pub use write::write_smf0;

use tempo::{Scale, TEMPO, frames_a_second};
use track::{Entry, Track, What};

/// The largest file that is read, in bytes. A larger one is refused where it is opened.
pub const MOST_BYTES: u64 = 32 << 20;

/// No event lies further from the beginning than this: a day. What claims to is left out, and said.
pub const MOST_100NS: u64 = 24 * 3600 * 10_000_000;

/// The most remarks that are kept; the others are counted.
const MOST_REMARKS: usize = 50;

/// One message of a song. Its bytes are [`Song::bytes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SongEvent {
    /// From the beginning, in units of 100 ns.
    pub time_100ns: u64,
    /// From the beginning, in ticks of the file.
    pub tick: u64,
    /// The track it stands in, from 0.
    pub track: u16,
    /// The port its track is meant for, from 0: sixteen channels each.
    pub port: u8,
    at: u32,
    len: u32,
}

/// Words at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SongText {
    /// From the beginning, in units of 100 ns.
    pub time_100ns: u64,
    /// The track they stand in, from 0.
    pub track: u16,
    /// What they are for.
    pub kind: TextKind,
    /// The words.
    pub words: String,
}

/// How time or key is signed from some place on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signature {
    /// Microseconds of a quarter note.
    Tempo(u32),
    /// Beats of a bar, and the note that is a beat.
    Time {
        /// Beats of a bar.
        beats: u8,
        /// 4 for a quarter note.
        note: u32,
    },
    /// Sharps (flats below zero), and whether it is minor.
    Key {
        /// From -7 to 7.
        sharps: i8,
        /// Minor.
        is_minor: bool,
    },
}

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Song {
    /// All messages of all tracks, by time; at the same time in the order of the tracks.
    pub events: Vec<SongEvent>,
    /// All words, by time.
    pub texts: Vec<SongText>,
    /// Tempo, time and key, by time.
    pub signatures: Vec<(u64, Signature)>,
    /// Where the last track ends.
    pub duration_100ns: u64,
    /// The type the file says: 0, 1 or 2, or something else that was read as 1.
    pub format: u16,
    /// Tracks that are there, whatever the file claims.
    pub tracks: usize,
    /// What was odd, in the order of the file: the first of it.
    pub remarks: Vec<Remark>,
    /// How much was odd.
    pub odd: u64,
    /// Ticks are parts of frames of a film: no tempo and no bars count.
    pub is_timecode: bool,
    pool: Vec<u8>,
}

impl Song {
    /// The bytes of a message. It is whole and begins with its status; system exclusive begins with 0xf0 and ends with
    /// 0xf7, unless its parts came at different times: what continues begins without.
    #[must_use]
    pub fn bytes(&self, event: &SongEvent) -> &[u8] {
        self.pool
            .get(event.at as usize..event.at as usize + event.len as usize)
            .unwrap_or(&[])
    }

    /// All messages, in order: when, and what.
    pub fn messages(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let messages = self.events.iter();
        messages.map(|event| (event.time_100ns, self.bytes(event)))
    }

    /// The name of a track.
    #[must_use]
    pub fn track_name(&self, track: u16) -> Option<&str> {
        let mut names = self.texts.iter();
        let name = names.find(|it| it.track == track && it.kind == TextKind::Name)?;
        Some(name.words.as_str()).filter(|words| !words.is_empty())
    }
}

/// Something odd, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The track, from 1; `None` for what stands outside of tracks.
    pub track: Option<usize>,
    /// Where in the file.
    pub byte: usize,
    /// What was found, and what was done.
    pub words: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(track) = self.track {
            write!(f, "track {track}, ")?;
        }
        write!(f, "byte {}: {}", self.byte, self.words)
    }
}

/// Where remarks are gathered.
#[derive(Default)]
struct Remarks {
    kept: Vec<Remark>,
    count: u64,
}

impl Remarks {
    /// `words` is asked only where there is room.
    fn add(&mut self, track: Option<usize>, byte: usize, words: impl FnOnce() -> String) {
        self.count += 1;
        if self.kept.len() < MOST_REMARKS {
            let words = words();
            self.kept.push(Remark { track, byte, words });
        }
    }
}

/// Bytes in words: there may be none.
fn seen(bytes: &[u8]) -> String {
    match bytes {
        [] => "nothing".to_owned(),
        bytes => bytes.escape_ascii().to_string(),
    }
}

/// Why there is no song.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SmfError {
    /// The file begins like something else.
    #[error("at byte {offset}: found {}, wanted MThd", seen(.found))]
    NotMidi {
        /// Where the header should be.
        offset: usize,
        /// What is there.
        found: Vec<u8>,
    },
    /// The header is too short.
    #[error("at byte {offset}: the header has {found} bytes, wanted 6")]
    HeaderTooShort {
        /// Where it begins.
        offset: usize,
        /// The bytes it has.
        found: usize,
    },
    /// The division tells no time.
    #[error(
        "the division is 0x{found:04x}, wanted ticks a quarter note, or 24, 25, 29 or 30 frames a second"
    )]
    Division {
        /// The division.
        found: u16,
    },
    /// There is no track.
    #[error("the file has no track")]
    NoTracks,
    /// A song was asked for that a file of type 2 does not have.
    #[error("song {wanted} was asked for, and the file has {there}")]
    NoSuchSong {
        /// The number asked for, from 1.
        wanted: usize,
        /// How many there are.
        there: usize,
    },
}

/// How far into a file its header is looked for: some come with a wrapper of 128 bytes.
const SEARCHED: usize = 256;

/// Reads a whole file. The songs of type 2 follow one another.
pub fn read_smf(bytes: &[u8]) -> Result<Song, SmfError> {
    read_smf_song(bytes, None)
}

/// Reads a file; of one of type 2 only the song of that number, from 1.
pub fn read_smf_song(bytes: &[u8], number: Option<usize>) -> Result<Song, SmfError> {
    let mut remarks = Remarks::default();
    let (start, file) = find_header(bytes, &mut remarks)?;
    let stated = Order::Big.u32_at(file, 4).unwrap_or(0) as usize;
    let behind = file.get(8..).unwrap_or_default();
    let header = &behind[..stated.min(behind.len())];
    let word = |at| Order::Big.u16_at(header, at);
    let (Some(format), Some(claimed), Some(division)) = (word(0), word(2), word(4)) else {
        return Err(SmfError::HeaderTooShort {
            offset: start + 8,
            found: header.len(),
        });
    };
    let scale = Scale::from_division(division).ok_or(SmfError::Division { found: division })?;
    let said = start + 8;
    if header.len() > 6 {
        remarks.add(None, said + 6, || {
            let more = header.len() - 6;
            format!("the header is {more} bytes longer than is known; they were passed over")
        });
    }
    if format > 2 {
        remarks.add(None, said, || {
            format!("the type is {format}; read as type 1, all tracks at once")
        });
    }
    if division & 0x8000 != 0
        && let Some(frames) = frames_a_second(division)
        && !matches!(frames, 24 | 25 | 29 | 30)
    {
        remarks.add(None, said + 4, || {
            format!("{frames} frames a second are none of 24, 25, 29 and 30; taken as they stand")
        });
    }

    let mut entries = Vec::new();
    let mut pool = Vec::new();
    let (mut tracks, mut end) = (0_usize, 0_u64);
    let mut chunks = Chunks {
        file,
        start,
        at: 8 + header.len(),
    };
    while let Some(chunk) = chunks.next(tracks, &mut remarks) {
        if tracks >= usize::from(u16::MAX) {
            remarks.add(None, chunk.offset, || {
                "more tracks than a file can have; the rest was passed over".into()
            });
            break;
        }
        tracks += 1;
        let is_song = format == 2;
        if is_song && number.is_some_and(|number| number != tracks) {
            continue;
        }
        let begin = if is_song { end } else { 0 };
        if is_song {
            // Each is a song of its own, so each begins at the usual tempo.
            entries.push(Entry::new(begin, tracks - 1, What::Tempo(TEMPO)));
        }
        let mut track = Track::new(chunk.data, chunk.offset, tracks, begin, &mut pool);
        track.read(&mut entries, &mut remarks);
        end = end.max(track.tick());
    }
    if tracks == 0 {
        return Err(SmfError::NoTracks);
    }
    if let Some(number) = number.filter(|number| format == 2 && (*number == 0 || *number > tracks))
    {
        return Err(SmfError::NoSuchSong {
            wanted: number,
            there: tracks,
        });
    }
    if tracks != usize::from(claimed) {
        remarks.add(None, said + 2, || {
            format!("the header claims {claimed} tracks; {tracks} are there and were read")
        });
    }
    if format == 0 && tracks > 1 {
        remarks.add(None, said, || {
            "type 0 has one track only; read as type 1, all tracks at once".into()
        });
    }
    entries.sort_by_key(|entry| entry.tick);
    let mut song = timed(entries, scale, end, pool, &mut remarks);
    song.format = format;
    song.is_timecode = division & 0x8000 != 0;
    song.tracks = tracks;
    song.odd = remarks.count;
    song.remarks = remarks.kept;
    Ok(song)
}

/// Gives every entry its time.
fn timed(
    entries: Vec<Entry>,
    mut clock: Scale,
    end: u64,
    pool: Vec<u8>,
    remarks: &mut Remarks,
) -> Song {
    let mut song = Song {
        events: Vec::with_capacity(entries.len()),
        pool,
        ..Song::default()
    };
    let mut too_late = 0_u64;
    for Entry { tick, track, what } in entries {
        clock.advance(tick);
        let time_100ns = clock.time_100ns();
        if time_100ns > MOST_100NS {
            too_late += 1;
            continue;
        }
        match what {
            What::Tempo(tempo) => {
                clock.set_tempo(tempo);
                song.signatures.push((time_100ns, Signature::Tempo(tempo)));
            }
            What::Signature(signature) => song.signatures.push((time_100ns, signature)),
            What::Text(kind, words) => song.texts.push(SongText {
                time_100ns,
                track,
                kind,
                words,
            }),
            What::Message { at, len, port } => song.events.push(SongEvent {
                time_100ns,
                tick,
                track,
                port,
                at,
                len,
            }),
        }
    }
    clock.advance(end);
    song.duration_100ns = clock.time_100ns();
    if song.duration_100ns > MOST_100NS {
        song.duration_100ns = song.events.last().map_or(0, |event| event.time_100ns);
        remarks.add(None, 0, || {
            format!(
                "what lies more than a day behind the beginning was left out: {too_late} events"
            )
        });
    }
    song
}

/// Where the MIDI file begins: at once, in a RIFF wrapper, or behind some other one.
fn find_header<'a>(bytes: &'a [u8], remarks: &mut Remarks) -> Result<(usize, &'a [u8]), SmfError> {
    let (mut start, mut file) = (0, bytes);
    if let Ok((root, body)) = riff::open(bytes)
        && &root.form == b"RMID"
        && let Some(data) = riff::chunks(body, root.order).find(|chunk| &chunk.id == b"data")
    {
        start = riff::ROOT_LEN + data.offset;
        // Its own sizes count, not those of the wrapper, which are often wrong.
        file = &bytes[start..];
        if (data.stated as usize) < data.data.len() || data.data.len() < data.stated as usize {
            remarks.add(None, start - 4, || {
                let (claimed, there) = (data.stated, data.data.len());
                format!("the wrapper claims {claimed} bytes and {there} are there; they were read")
            });
        }
    }
    if file.starts_with(b"MThd") {
        return Ok((start, file));
    }
    let searched = &file[..file.len().min(SEARCHED)];
    let found = searched.windows(4).position(|four| four == b"MThd");
    // What is another kind of file for certain is not searched for one inside.
    if let Some(at) = found.filter(|_| !file.starts_with(b"RIFF")) {
        remarks.add(None, start, || {
            format!("{at} bytes stand before the header; they were passed over")
        });
        return Ok((start + at, &file[at..]));
    }
    Err(SmfError::NotMidi {
        offset: start,
        found: file[..file.len().min(4)].to_vec(),
    })
}

/// One track as it lies in the file.
struct Chunk<'a> {
    data: &'a [u8],
    /// Where its first byte is.
    offset: usize,
}

/// Chunks as MIDI files have them: big-endian and without pad bytes.
struct Chunks<'a> {
    file: &'a [u8],
    /// Where the file begins in what was given.
    start: usize,
    at: usize,
}

impl<'a> Chunks<'a> {
    /// The next track; `before` it there were so many. Other chunks are passed over.
    fn next(&mut self, before: usize, remarks: &mut Remarks) -> Option<Chunk<'a>> {
        loop {
            let rest = self.file.get(self.at..)?;
            let here = self.start + self.at;
            let (Some(id), Some(stated)) = (rest.first_chunk::<4>(), Order::Big.u32_at(rest, 4))
            else {
                if !rest.is_empty() && rest.iter().any(|byte| *byte != 0) {
                    let len = rest.len();
                    remarks.add(None, here, || {
                        format!("{len} bytes at the end are no chunk; they were passed over")
                    });
                }
                self.at = self.file.len();
                return None;
            };
            let behind = &rest[8..];
            let stated = stated as usize;
            let data = &behind[..stated.min(behind.len())];
            if id != b"MTrk" {
                if id.iter().all(|byte| matches!(byte, 0x20..0x7F)) {
                    remarks.add(None, here, || {
                        let (id, len) = (id.escape_ascii(), data.len());
                        format!(
                            "a chunk called {id} of {len} bytes is not known; it was passed over"
                        )
                    });
                    self.at += 8 + data.len();
                } else {
                    // No chunk at all: a track before it may have been longer than it claimed.
                    let next = rest.windows(4).position(|four| four == b"MTrk");
                    let len = next.unwrap_or(rest.len());
                    remarks.add(None, here, || {
                        format!("{len} bytes belong to no chunk; they were passed over")
                    });
                    self.at += len;
                }
                continue;
            }
            let track = Some(before + 1);
            if stated > behind.len() {
                remarks.add(track, here + 4, || {
                    let there = behind.len();
                    format!("the track claims {stated} bytes and {there} are left; those were read")
                });
            }
            let mut len = data.len();
            // Where what follows is no chunk the length lies, and the track goes on to the next one.
            let follows = &behind[len..];
            let is_chunk = follows
                .first_chunk::<4>()
                .is_none_or(|id| id.iter().all(|byte| matches!(byte, 0x20..0x7F)));
            if !is_chunk && !track::has_end(data) {
                let more = follows.windows(4).position(|four| four == b"MTrk");
                len += more.unwrap_or(follows.len());
                remarks.add(track, here + 4, || {
                    format!("the track claims {stated} bytes and goes on; {len} were read")
                });
            }
            self.at += 8 + len;
            return Some(Chunk {
                data: &behind[..len],
                offset: here + 8,
            });
        }
    }
}

/// Reads any bytes as a MIDI file and checks what the reader promises. A body for fuzzing.
pub fn fuzz_smf(bytes: &[u8]) {
    let Ok(song) = read_smf(bytes) else {
        return;
    };
    // An event has taken at least one byte from the file, and running status may add one to each.
    assert!(song.events.len() <= bytes.len() && song.pool.len() <= bytes.len() * 2 + 2);
    assert!(song.texts.len() + song.signatures.len() <= bytes.len());
    assert!(song.remarks.len() <= MOST_REMARKS && song.odd <= bytes.len() as u64 + 16);
    assert!(song.events.is_sorted_by_key(|event| event.time_100ns));
    assert!(song.texts.is_sorted_by_key(|text| text.time_100ns));
    for (_, message) in song.messages() {
        assert!(!message.is_empty());
        let (first, rest) = (message[0], &message[1..]);
        let inside = match rest {
            [inside @ .., 0xf7] if first == 0xf0 || first < 0x80 => inside,
            _ => rest,
        };
        assert!(inside.iter().all(|byte| *byte < 0x80), "{message:x?}");
    }
    let last = song.events.last().map_or(0, |event| event.time_100ns);
    assert!(last <= song.duration_100ns && song.duration_100ns <= MOST_100NS);
}

#[cfg(test)]
mod odd_times;
#[cfg(test)]
mod tests;
