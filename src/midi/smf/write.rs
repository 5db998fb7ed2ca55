//! Writing files of type 0: a whole one at once, or one that grows and is valid at any moment.
//!
//! ```text
//!   MThd │ MTrk length │ tempo │ events … 00 FF 2F 00 │ new events … 00 FF 2F 00
//!                 ▲ 2. patched               ▲ 3. becomes an empty text    ▲ 1. appended
//! ```
//!
//! Between any two of these steps a reader that stops at the end of a track finds a whole song: first the old one, then
//! the new one.

use std::io::{self, Seek, SeekFrom, Write};

/// The largest number of variable length.
const MOST: u64 = (1 << 28) - 1;
/// Header, chunk head: where the length of the track stands.
const LENGTH_AT: u64 = 18;
/// Where its first event stands.
const TRACK_AT: u64 = 22;
const END: [u8; 4] = [0, 0xff, 0x2f, 0];
/// The longest exclusive message that is kept together.
const LONG: usize = 1 << 20;
/// The kind of a text.
const TEXT: u8 = 1;

/// Writes a number of variable length, cut to 28 bits.
pub(super) fn push_number(bytes: &mut Vec<u8>, number: u64) {
    let number = number.min(MOST);
    for shift in [21, 14, 7] {
        if number >> shift > 0 {
            bytes.push((number >> shift & 127) as u8 | 0x80);
        }
    }
    bytes.push((number & 127) as u8);
}

/// Puts messages into the bytes of a track, with running status.
#[derive(Debug, Default)]
struct Encoder {
    tick: u64,
    running: u8,
    /// Whether a system exclusive message has begun and has no end.
    is_open: bool,
    /// What came in real time while it was open: it may not stand inside, and follows.
    held_back: Vec<u8>,
}

impl Encoder {
    /// Adds a message, or a piece of system exclusive: the first begins with 0xf0, what continues with a data byte.
    fn put(&mut self, bytes: &mut Vec<u8>, tick: u64, message: &[u8]) {
        let Some(&status) = message.first() else {
            return;
        };
        let continues = self.is_open && (status < 0x80 || status == 0xf7);
        if status < 0x80 && !continues {
            return;
        }
        if self.is_open && status >= 0xf8 {
            self.held_back.push(status);
            return;
        }
        self.go_to(bytes, tick);
        if self.is_open && !continues {
            // It broke off: what follows may not stand inside.
            bytes.extend([0xf7, 1, 0xf7]);
            self.is_open = false;
            self.release(bytes);
            bytes.push(0);
        }
        match status {
            0x80..0xf0 => {
                if status != self.running {
                    bytes.push(status);
                    self.running = status;
                }
                bytes.extend(&message[1..]);
            }
            0xf0 => {
                bytes.push(0xf0);
                push_number(bytes, message.len() as u64 - 1);
                bytes.extend(&message[1..]);
                self.is_open = message.last() != Some(&0xf7);
                self.running = 0;
            }
            _ => {
                // The rest of an exclusive message; or an escape, since the system's messages may not stand bare.
                bytes.push(0xf7);
                push_number(bytes, message.len() as u64);
                bytes.extend(message);
                if continues {
                    self.is_open = message.last() != Some(&0xf7);
                }
                self.running = 0;
            }
        }
        if !self.is_open {
            self.release(bytes);
        }
    }

    /// Writes what was held back.
    fn release(&mut self, bytes: &mut Vec<u8>) {
        for status in self.held_back.drain(..) {
            bytes.extend([0, 0xf7, 1, status]);
            self.running = 0;
        }
    }

    /// The time up to the next event. Ticks that go back count as the one before; a step that is too long for one number
    /// is made of several, over texts with nothing in them.
    fn go_to(&mut self, bytes: &mut Vec<u8>, tick: u64) {
        let mut delta = tick.saturating_sub(self.tick);
        while delta > MOST {
            push_number(bytes, MOST);
            bytes.extend([0xff, TEXT, 0]);
            self.running = 0;
            delta -= MOST;
        }
        push_number(bytes, delta);
        self.tick = self.tick.max(tick);
    }

    /// Ends what is open.
    fn end(&mut self, bytes: &mut Vec<u8>) {
        if std::mem::take(&mut self.is_open) {
            bytes.extend([0, 0xf7, 1, 0xf7]);
            self.running = 0;
            self.release(bytes);
        }
    }
}

/// Everything of a file of type 0 in front of its events: one track of unknown length, and a tempo.
fn head(ticks_per_quarter: u16, micros_per_quarter: u32) -> Vec<u8> {
    let [_, tempo @ ..] = micros_per_quarter.clamp(1, 0x00ff_ffff).to_be_bytes();
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01".to_vec();
    file.extend((ticks_per_quarter & 0x7fff).max(1).to_be_bytes());
    file.extend(b"MTrk\0\0\0\0\0\xff\x51\x03");
    file.extend(tempo);
    file
}

/// The bytes of a file of type 0: one tempo, and messages at absolute ticks, in order. With 500 ticks and 500 000
/// microseconds a quarter note, ticks are milliseconds.
///
/// A message is whole and begins with its status; system exclusive begins with 0xf0. Ticks that go back count as the
/// one before.
#[must_use]
pub fn write_smf0<B: AsRef<[u8]>>(
    ticks_per_quarter: u16,
    micros_per_quarter: u32,
    messages: &[(u64, B)],
) -> Vec<u8> {
    let mut file = head(ticks_per_quarter, micros_per_quarter);
    let mut encoder = Encoder::default();
    for (tick, message) in messages {
        encoder.put(&mut file, *tick, message.as_ref());
    }
    encoder.end(&mut file);
    file.extend(END);
    let len = (file.len() as u64 - TRACK_AT) as u32;
    file[LENGTH_AT as usize..TRACK_AT as usize].copy_from_slice(&len.to_be_bytes());
    file
}

/// Writes a song of type 0 while it is played. What was flushed is a valid file, whatever happens then.
#[derive(Debug)]
pub struct SmfWriter<F> {
    file: F,
    encoder: Encoder,
    /// What was not flushed yet.
    pending: Vec<u8>,
    /// Bytes of the file, its end included.
    len: u64,
}

impl<F: Write + Seek> SmfWriter<F> {
    /// Begins a song, which is valid and empty from here on.
    pub fn create(
        mut file: F,
        ticks_per_quarter: u16,
        micros_per_quarter: u32,
    ) -> io::Result<Self> {
        let mut bytes = head(ticks_per_quarter, micros_per_quarter);
        bytes.extend(END);
        let len = bytes.len() as u64;
        let track = (len - TRACK_AT) as u32;
        bytes[LENGTH_AT as usize..TRACK_AT as usize].copy_from_slice(&track.to_be_bytes());
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&bytes)?;
        Ok(Self {
            file,
            encoder: Encoder::default(),
            pending: Vec::new(),
            len,
        })
    }

    /// Adds a message, or a piece of an exclusive one, at an absolute tick. Ticks that go back count as the one before.
    pub fn put(&mut self, tick: u64, message: &[u8]) {
        self.encoder.put(&mut self.pending, tick, message);
    }

    /// Bytes that wait to be flushed.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Brings what was put into the file; not in the midst of an exclusive message, unless that is very long.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() || (self.encoder.is_open && self.pending.len() < LONG) {
            return Ok(());
        }
        let mut added = std::mem::take(&mut self.pending);
        self.encoder.end(&mut added);
        added.extend(END);
        let old_end = self.len;
        let len = old_end + added.len() as u64;
        let Ok(track) = u32::try_from(len - TRACK_AT) else {
            return Err(io::Error::other("a MIDI file cannot be larger than 4 GiB"));
        };
        self.file.seek(SeekFrom::Start(old_end))?;
        self.file.write_all(&added)?;
        self.file.seek(SeekFrom::Start(LENGTH_AT))?;
        self.file.write_all(&track.to_be_bytes())?;
        // One byte: the end that was becomes a text with nothing in it.
        self.file.seek(SeekFrom::Start(old_end - 2))?;
        self.file.write_all(&[TEXT])?;
        self.encoder.running = 0;
        self.len = len;
        self.file.flush()
    }

    /// Ends the song at a tick, and gives the file back.
    pub fn finish(mut self, tick: u64) -> io::Result<F> {
        if self.encoder.tick < tick {
            self.encoder.go_to(&mut self.pending, tick);
            self.pending.extend([0xff, TEXT, 0]);
        }
        let ending = &mut self.pending;
        self.encoder.end(ending);
        self.flush()?;
        Ok(self.file)
    }
}
