//! Standard MIDI Files, types 0, 1 and 2, bare or in a RIFF wrapper (RMI).
//!
//! ```text
//!   tracks ──▶ events at ticks ──▶ one list, stable by tick ──▶ times by the tempo map
//! ```
//!
//! Times are exact: ticks times microseconds add up in whole numbers and are divided once for each event. Lenient with
//! what stands in a track: a damaged message is dropped and reading goes on. Any bytes give a result or an error, and
//! no more memory is used than their number justifies.

use thiserror::Error;

use super::message::data_len;
use crate::media::riff::{self, Order};

/// Some bytes at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedBytes {
    /// From the beginning, in units of 100 ns.
    pub time_100ns: u64,
    /// One message with its status byte. What continues a divided system exclusive message begins without 0xf0.
    pub bytes: Vec<u8>,
}

/// A file, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Song {
    /// All messages of all tracks, by time; at the same time in the order of the tracks. Meta events are not in it.
    pub events: Vec<TimedBytes>,
    /// Where the last track ends.
    pub duration_100ns: u64,
    /// 0, 1 or 2 as the file says. The tracks of type 2 follow one another.
    pub format: u16,
    /// Tracks that are there, whatever the file claims.
    pub tracks: usize,
    /// Bytes that made no sense and were passed over.
    pub skipped: u64,
}

/// Why there is no song.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SmfError {
    /// The file begins like something else.
    #[error("at byte {offset}: found {}, wanted MThd", .found.escape_ascii())]
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
}

/// Microseconds of a quarter note where no tempo is set: 120 a minute.
const TEMPO: u32 = 500_000;

/// One entry of a track.
struct Entry {
    tick: u64,
    what: What,
}

enum What {
    Message(Vec<u8>),
    Tempo(u32),
}

/// Reads a whole file.
pub fn read_smf(bytes: &[u8]) -> Result<Song, SmfError> {
    let (start, file) = unwrap_rmi(bytes);
    if !file.starts_with(b"MThd") {
        return Err(SmfError::NotMidi {
            offset: start,
            found: file[..file.len().min(4)].to_vec(),
        });
    }
    let mut chunks = Chunks { file, at: 0 };
    let header = chunks.next().map_or(&[][..], |(_, data)| data);
    let number = |at| Order::Big.u16_at(header, at);
    let (Some(format), Some(division)) = (number(0), number(4)) else {
        return Err(SmfError::HeaderTooShort {
            offset: start + 8,
            found: header.len(),
        });
    };
    let scale = Scale::from_division(division).ok_or(SmfError::Division { found: division })?;

    let mut entries = Vec::new();
    let (mut tracks, mut skipped, mut end) = (0, 0, 0_u64);
    for (_, data) in chunks.filter(|(id, _)| id == b"MTrk") {
        let begin = if format == 2 { end } else { 0 };
        if format == 2 {
            // Each is a song of its own, so each begins at the usual tempo.
            entries.push(Entry {
                tick: begin,
                what: What::Tempo(TEMPO),
            });
        }
        let mut track = Track {
            data,
            tick: begin,
            running: 0,
            at_status: false,
            skipped: 0,
        };
        track.read(&mut entries);
        tracks += 1;
        skipped += track.skipped;
        end = end.max(track.tick);
    }
    if tracks == 0 {
        return Err(SmfError::NoTracks);
    }
    entries.sort_by_key(|entry| entry.tick);

    let mut clock = scale;
    let mut events = Vec::with_capacity(entries.len());
    for Entry { tick, what } in entries {
        clock.advance(tick);
        match what {
            What::Tempo(tempo) => clock.set_tempo(tempo),
            What::Message(bytes) => events.push(TimedBytes {
                time_100ns: clock.time_100ns(),
                bytes,
            }),
        }
    }
    clock.advance(end);
    Ok(Song {
        events,
        duration_100ns: clock.time_100ns(),
        format,
        tracks,
        skipped,
    })
}

/// The MIDI file inside a RIFF file, and where it begins; anything else as it is.
fn unwrap_rmi(bytes: &[u8]) -> (usize, &[u8]) {
    if let Ok((root, body)) = riff::open(bytes)
        && &root.form == b"RMID"
        && let Some(data) = riff::chunks(body, root.order).find(|chunk| &chunk.id == b"data")
    {
        return (riff::ROOT_LEN + data.offset, data.data);
    }
    (0, bytes)
}

/// Chunks as MIDI files have them: big-endian and without pad bytes.
struct Chunks<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.file.get(self.at..)?;
        let id = *rest.first_chunk::<4>()?;
        let stated = Order::Big.u32_at(rest, 4)? as usize;
        let data = &rest[8..];
        let data = &data[..stated.min(data.len())];
        self.at += 8 + data.len();
        Some((id, data))
    }
}

/// Ticks into time: a sum of ticks times the length of a tick in units of 1/`per` of 100 ns.
struct Scale {
    sum: u128,
    tick: u64,
    tick_len: u128,
    per: u128,
    /// Whether the tempo counts; it does not where ticks are parts of frames.
    musical: bool,
}

impl Scale {
    fn from_division(division: u16) -> Option<Self> {
        let (tick_len, per, musical) = if division & 0x8000 == 0 {
            (u128::from(TEMPO) * 10, u128::from(division), true)
        } else {
            let frames = (division >> 8) as u8 as i8;
            let ticks = u128::from(division & 0xff);
            match frames {
                -24 | -25 | -30 => (10_000_000, u128::from(frames.unsigned_abs()) * ticks, false),
                // 30 frames of the colour television: 30000/1001 a second.
                -29 => (10_000_000 * 1001, 30_000 * ticks, false),
                _ => return None,
            }
        };
        (per > 0).then_some(Self {
            sum: 0,
            tick: 0,
            tick_len,
            per,
            musical,
        })
    }

    fn advance(&mut self, tick: u64) {
        self.sum += u128::from(tick.saturating_sub(self.tick)) * self.tick_len;
        self.tick = self.tick.max(tick);
    }

    fn set_tempo(&mut self, micros_per_quarter: u32) {
        if self.musical {
            self.tick_len = u128::from(micros_per_quarter) * 10;
        }
    }

    fn time_100ns(&self) -> u64 {
        u64::try_from(self.sum / self.per).unwrap_or(u64::MAX)
    }
}

/// The rest of a track while it is read.
struct Track<'a> {
    data: &'a [u8],
    tick: u64,
    running: u8,
    /// Whether no delta comes before the next event.
    at_status: bool,
    skipped: u64,
}

impl<'a> Track<'a> {
    /// Reads up to the end of the track, or of the bytes.
    fn read(&mut self, entries: &mut Vec<Entry>) {
        while !self.data.is_empty() {
            if !std::mem::take(&mut self.at_status) {
                let Some(delta) = self.number() else {
                    self.skipped += self.data.len() as u64;
                    return;
                };
                self.tick += u64::from(delta);
            }
            if self.event(entries).is_none() {
                return;
            }
        }
    }

    /// Reads one event; `None` at the end of the track.
    fn event(&mut self, entries: &mut Vec<Entry>) -> Option<()> {
        let tick = self.tick;
        let mut status = *self.data.first()?;
        if status < 0x80 {
            status = self.running;
            if status == 0 {
                // Data that belongs to nothing: on to the next status.
                let lost = self.data.iter().take_while(|byte| **byte < 0x80).count();
                self.take(lost);
                self.skipped += lost as u64;
                return self.resume();
            }
        } else {
            self.take(1);
        }
        let mut add = |what| entries.push(Entry { tick, what });
        match status {
            0xff => {
                let kind = *self.take(1).first()?;
                let len = self.number()?;
                let data = self.take(len as usize);
                match (kind, data) {
                    (0x2f, _) => return None,
                    (0x51, [a, b, c, ..]) => {
                        let tempo = u32::from_be_bytes([0, *a, *b, *c]);
                        if tempo > 0 {
                            add(What::Tempo(tempo));
                        }
                    }
                    _ => {}
                }
            }
            0xf0 | 0xf7 => {
                let len = self.number()?;
                let data = self.take(len as usize);
                let mut bytes = Vec::with_capacity(data.len() + 1);
                if status == 0xf0 {
                    bytes.push(0xf0);
                }
                bytes.extend(data);
                if !bytes.is_empty() {
                    add(What::Message(bytes));
                }
            }
            _ => {
                let Some(len) = data_len(status) else {
                    self.skipped += 1;
                    return Some(());
                };
                if status < 0xf0 {
                    self.running = status;
                }
                let good = self
                    .data
                    .iter()
                    .take(len)
                    .take_while(|byte| **byte < 0x80)
                    .count();
                let data = self.take(good);
                if good < len {
                    // Broken off: what comes is the next status, or nothing.
                    self.skipped += good as u64 + 1;
                    return self.resume();
                }
                let mut bytes = Vec::with_capacity(len + 1);
                bytes.push(status);
                bytes.extend(data);
                add(What::Message(bytes));
            }
        }
        Some(())
    }

    /// After damage the next byte is a status, or the track ends: the loop reads it at the present tick.
    fn resume(&mut self) -> Option<()> {
        self.at_status = true;
        (!self.data.is_empty()).then_some(())
    }

    /// A number of variable length: up to four bytes, seven bits each.
    fn number(&mut self) -> Option<u32> {
        let mut number = 0;
        for at in 0..4 {
            let byte = *self.data.get(at)?;
            number = number << 7 | u32::from(byte & 127);
            if byte < 0x80 {
                self.data = &self.data[at + 1..];
                return Some(number);
            }
        }
        None
    }

    /// The next bytes, fewer if there are not so many.
    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.data.split_at(len.min(self.data.len()));
        self.data = rest;
        taken
    }
}

/// The bytes of a file of type 0: one tempo, and messages at absolute ticks, in order. With 500 ticks and 500 000
/// microseconds a quarter note, ticks are milliseconds.
///
/// A message is whole and begins with its status; system exclusive begins with 0xf0. Ticks that go back count as the
/// one before, and a step beyond 2^28-1 ticks is cut to that.
#[must_use]
pub fn write_smf0<B: AsRef<[u8]>>(
    ticks_per_quarter: u16,
    micros_per_quarter: u32,
    messages: &[(u64, B)],
) -> Vec<u8> {
    let [_, tempo @ ..] = micros_per_quarter.to_be_bytes();
    let mut track = vec![0, 0xff, 0x51, 3];
    track.extend(tempo);
    let mut now = 0;
    for (tick, message) in messages {
        let message = message.as_ref();
        let delta = tick.saturating_sub(now);
        now = now.max(*tick);
        push_number(&mut track, u32::try_from(delta).unwrap_or(u32::MAX));
        match message {
            [0xf0, data @ ..] => {
                track.push(0xf0);
                push_number(&mut track, u32::try_from(data.len()).unwrap_or(u32::MAX));
                track.extend(data);
            }
            _ => track.extend(message),
        }
    }
    track.extend([0, 0xff, 0x2f, 0]);

    let mut file = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    file.extend((ticks_per_quarter & 0x7fff).max(1).to_be_bytes());
    file.extend(b"MTrk");
    file.extend((track.len() as u32).to_be_bytes());
    file.extend(track);
    file
}

/// Writes a number of variable length, cut to 28 bits.
fn push_number(bytes: &mut Vec<u8>, number: u32) {
    let number = number.min((1 << 28) - 1);
    for shift in [21, 14, 7] {
        if number >> shift > 0 {
            bytes.push((number >> shift & 127) as u8 | 0x80);
        }
    }
    bytes.push((number & 127) as u8);
}

/// Reads any bytes as a MIDI file and checks what the reader promises. A body for fuzzing.
pub fn fuzz_smf(bytes: &[u8]) {
    let Ok(song) = read_smf(bytes) else {
        return;
    };
    let total: usize = song.events.iter().map(|event| event.bytes.len()).sum();
    // Running status may add one byte to each event, and each event has taken at least two from the file.
    assert!(song.events.len() * 2 <= bytes.len() && total <= bytes.len() * 2);
    assert!(song.skipped <= bytes.len() as u64);
    assert!(song.events.is_sorted_by_key(|event| event.time_100ns));
    assert!(song.events.iter().all(|event| !event.bytes.is_empty()));
    let last = song.events.last().map_or(0, |event| event.time_100ns);
    assert!(last <= song.duration_100ns);
}

#[cfg(test)]
mod tests;
