//! One track, event by event. What is damaged is passed over up to where sense begins again.

use super::text::{TextKind, decode};
use super::{Remarks, Signature};
use crate::midi::Parser;
use crate::midi::message::data_len;

/// One entry of a track.
pub(super) struct Entry {
    pub(super) tick: u64,
    pub(super) track: u16,
    pub(super) what: What,
}

impl Entry {
    pub(super) fn new(tick: u64, track: usize, what: What) -> Self {
        let track = u16::try_from(track).unwrap_or(u16::MAX);
        Self { tick, track, what }
    }
}

pub(super) enum What {
    /// Bytes in the pool.
    Message {
        at: u32,
        len: u32,
        port: u8,
    },
    Tempo(u32),
    Signature(Signature),
    Text(TextKind, String),
}

/// Whether an end of track stands in these bytes, wherever.
pub(super) fn has_end(data: &[u8]) -> bool {
    data.windows(3).any(|three| three == [0xff, 0x2f, 0])
}

/// The rest of a track while it is read.
pub(super) struct Track<'a> {
    data: &'a [u8],
    /// Where the whole begins in the file, and how long it is.
    offset: usize,
    whole: usize,
    /// From 1.
    number: usize,
    tick: u64,
    running: u8,
    /// Whether something stood between the running status and what comes, that ends it by the book.
    is_interrupted: bool,
    /// That was said.
    has_said_so: bool,
    /// Whether no delta comes before the next event.
    at_status: bool,
    /// The entry that began or continued an exclusive message which has no end yet.
    open: Option<usize>,
    port: u8,
    pool: &'a mut Vec<u8>,
}

impl<'a> Track<'a> {
    pub(super) fn new(
        data: &'a [u8],
        offset: usize,
        number: usize,
        tick: u64,
        pool: &'a mut Vec<u8>,
    ) -> Self {
        Self {
            data,
            offset,
            whole: data.len(),
            number,
            tick,
            running: 0,
            is_interrupted: false,
            has_said_so: false,
            at_status: false,
            open: None,
            port: 0,
            pool,
        }
    }

    /// The tick it has come to.
    pub(super) fn tick(&self) -> u64 {
        self.tick
    }

    /// Reads up to the end of the track, or of the bytes.
    pub(super) fn read(&mut self, entries: &mut Vec<Entry>, remarks: &mut Remarks) {
        let mut has_end = false;
        while !self.data.is_empty() && !has_end {
            let begin = self.here();
            if !std::mem::take(&mut self.at_status) {
                let Some(delta) = self.number() else {
                    let left = self.data.len();
                    remarks.add(Some(self.number), begin, || {
                        format!("a time of more than four bytes; the last {left} bytes of the track were passed over")
                    });
                    self.data = &[];
                    break;
                };
                self.tick += u64::from(delta);
            }
            has_end = self.event(entries, remarks).is_none();
        }
        self.close(self.here(), entries, remarks);
        let (here, left) = (self.here(), self.data.len());
        if !has_end {
            remarks.add(Some(self.number), here, || {
                "the track has no end; it was ended where its bytes end".into()
            });
        } else if left > 0 {
            remarks.add(Some(self.number), here, || {
                format!("{left} bytes stand behind the end of the track; they were passed over")
            });
        }
    }

    /// Where in the file the next byte is.
    fn here(&self) -> usize {
        self.offset + self.whole - self.data.len()
    }

    /// Reads one event; `None` at the end of the track.
    fn event(&mut self, entries: &mut Vec<Entry>, remarks: &mut Remarks) -> Option<()> {
        let begin = self.here();
        let number = Some(self.number);
        let Some(&first) = self.data.first() else {
            remarks.add(number, begin, || {
                "a time with no event behind it; it was left out".into()
            });
            return Some(());
        };
        let mut status = first;
        if status < 0x80 {
            status = self.running;
            if status == 0 {
                let lost = self.data.iter().take_while(|byte| **byte < 0x80).count();
                self.take(lost);
                remarks.add(number, begin, || {
                    format!("{lost} data bytes belong to no message; they were passed over")
                });
                self.at_status = true;
                return Some(());
            }
            if self.is_interrupted && !std::mem::replace(&mut self.has_said_so, true) {
                remarks.add(number, begin, || {
                    "running status goes on behind a meta event or system exclusive; taken so"
                        .into()
                });
            }
        } else {
            self.take(1);
        }
        match status {
            0xff => return self.meta(begin, entries, remarks),
            0xf0 | 0xf7 => {
                self.is_interrupted = true;
                let Some(data) = self.block(begin, remarks) else {
                    return Some(());
                };
                if status == 0xf0 {
                    self.close(begin, entries, remarks);
                    self.exclusive(&[0xf0], data, begin, entries, remarks);
                } else if self.open.is_some() {
                    self.exclusive(&[], data, begin, entries, remarks);
                } else {
                    self.escape(data, begin, entries, remarks);
                }
            }
            _ => self.short(status, begin, entries, remarks),
        }
        Some(())
    }

    /// A message of a channel; or one of the system's, which by the book stands only in an escape.
    fn short(&mut self, status: u8, begin: usize, entries: &mut Vec<Entry>, remarks: &mut Remarks) {
        let number = Some(self.number);
        let Some(len) = data_len(status) else {
            remarks.add(number, begin, || {
                format!("status 0x{status:02x} means nothing; it was passed over")
            });
            return;
        };
        if status < 0xf0 {
            self.running = status;
            self.is_interrupted = false;
        } else {
            remarks.add(number, begin, || {
                format!("a system message, 0x{status:02x}, stands bare; taken so")
            });
        }
        let data = self.data.iter().take(len);
        let good = data.take_while(|byte| **byte < 0x80).count();
        let data = self.take(good);
        if good < len {
            remarks.add(number, begin, || {
                format!("message 0x{status:02x} has {good} of {len} data bytes; it was left out")
            });
            // What comes is the next status, without a time of its own.
            self.at_status = true;
            return;
        }
        if status < 0xf8 {
            self.close(begin, entries, remarks);
        }
        self.add(entries, &[status], data);
    }

    fn meta(
        &mut self,
        begin: usize,
        entries: &mut Vec<Entry>,
        remarks: &mut Remarks,
    ) -> Option<()> {
        self.is_interrupted = true;
        let number = Some(self.number);
        let Some(&kind) = self.take(1).first() else {
            remarks.add(number, begin, || {
                "a meta event without a kind; it was left out".into()
            });
            return Some(());
        };
        let Some(data) = self.block(begin, remarks) else {
            return Some(());
        };
        let mut odd = |words: &'static str| remarks.add(number, begin, || words.into());
        let what = match (kind, data) {
            (0x2f, _) => return None,
            (0x51, [a, b, c, more @ ..]) => match u32::from_be_bytes([0, *a, *b, *c]) {
                0 => {
                    odd("a tempo of 0; the tempo before it stays");
                    return Some(());
                }
                tempo => {
                    if !more.is_empty() {
                        odd("a tempo of more than three bytes; the first three count");
                    }
                    What::Tempo(tempo)
                }
            },
            (0x58, [beats, power, ..]) if *power < 32 => What::Signature(Signature::Time {
                beats: *beats,
                note: 1 << power,
            }),
            (0x59, [sharps, minor, ..]) => What::Signature(Signature::Key {
                sharps: *sharps as i8,
                is_minor: *minor == 1,
            }),
            (0x51 | 0x58 | 0x59, _) => {
                odd("a tempo, time or key signature that is cut short; it was left out");
                return Some(());
            }
            (0x21, [port, ..]) => {
                self.port = *port;
                return Some(());
            }
            _ => match TextKind::of(kind) {
                Some(kind) => What::Text(kind, decode(data)),
                None => return Some(()),
            },
        };
        entries.push(Entry::new(self.tick, self.number - 1, what));
        Some(())
    }

    /// A piece of an exclusive message, with its end if that is there.
    fn exclusive(
        &mut self,
        status: &[u8],
        data: &[u8],
        begin: usize,
        entries: &mut Vec<Entry>,
        remarks: &mut Remarks,
    ) {
        let number = Some(self.number);
        let good = data.iter().take_while(|byte| **byte < 0x80).count();
        let (bytes, rest) = data.split_at(good);
        let ends = match rest {
            [] => false,
            [0xf7] => true,
            _ => {
                let lost = rest.len() - usize::from(rest[0] == 0xf7);
                remarks.add(number, begin, || {
                    format!("system exclusive goes on with what is no data; its last {lost} bytes were left out")
                });
                true
            }
        };
        let end: &[u8] = if ends { &[0xf7] } else { &[] };
        if status.len() + bytes.len() + end.len() > 0 {
            self.add(entries, status, bytes);
            self.pool.extend(end);
            if let Some(What::Message { len, .. }) = entries.last_mut().map(|it| &mut it.what) {
                *len += end.len() as u32;
            }
            self.open = Some(entries.len() - 1);
        }
        if ends {
            self.open = None;
        }
    }

    /// Ends an exclusive message that nobody ended.
    fn close(&mut self, at: usize, entries: &mut Vec<Entry>, remarks: &mut Remarks) {
        let Some(index) = self.open.take() else {
            return;
        };
        remarks.add(Some(self.number), at, || {
            "system exclusive has no end before this; it was ended".into()
        });
        let pool = self.pool.len();
        let now = self.tick;
        let Some(entry) = entries.get_mut(index) else {
            return;
        };
        self.tick = entry.tick;
        if let What::Message { at, len, .. } = &mut entry.what
            && *at as usize + *len as usize == pool
        {
            self.pool.push(0xf7);
            *len += 1;
        } else {
            // Something real-time came behind it.
            self.add(entries, &[0xf7], &[]);
        }
        self.tick = now;
    }

    /// Bytes of any messages.
    fn escape(
        &mut self,
        data: &[u8],
        begin: usize,
        entries: &mut Vec<Entry>,
        remarks: &mut Remarks,
    ) {
        let before = entries.len();
        let mut parser = Parser::new();
        parser.feed(data, |message| self.add(entries, message, &[]));
        // What has begun is ended here.
        parser.feed(&[0xf7], |message| self.add(entries, message, &[]));
        if entries.len() == before && !data.is_empty() {
            let len = data.len();
            remarks.add(Some(self.number), begin, || {
                format!("{len} escaped bytes make no message; they were left out")
            });
        }
    }

    fn add(&mut self, entries: &mut Vec<Entry>, status: &[u8], data: &[u8]) {
        let at = u32::try_from(self.pool.len()).unwrap_or(u32::MAX);
        self.pool.extend(status);
        self.pool.extend(data);
        let len = (status.len() + data.len()) as u32;
        let port = self.port;
        let what = What::Message { at, len, port };
        entries.push(Entry::new(self.tick, self.number - 1, what));
    }

    /// As many bytes as a length in front of them says, fewer if there are not so many; nothing when it says nothing.
    fn block(&mut self, begin: usize, remarks: &mut Remarks) -> Option<&'a [u8]> {
        let left = self.data.len();
        let Some(len) = self.number() else {
            remarks.add(Some(self.number), begin, || {
                format!("a length of more than four bytes; the last {left} bytes of the track were passed over")
            });
            self.data = &[];
            return None;
        };
        let left = self.data.len();
        if len as usize > left {
            remarks.add(Some(self.number), begin, || {
                format!("an event claims {len} bytes and {left} are left; those were read")
            });
        }
        Some(self.take(len as usize))
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
