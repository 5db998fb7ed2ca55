//! Sound cut anew: where the frames of a pipe have a length of their own, what comes in cycles is gathered in whole frames,
//! and is read while the next one fills: later by one such frame, whatever the length of a cycle.

use super::table::Tables;
use crate::ks::{Payload, StreamHeader, Wave, flag};

/// Two frames of a wire, the one that fills and the one that is read.
#[derive(Debug)]
pub(super) struct Cut {
    /// Identity of the wire.
    id: u64,
    /// The wire.
    pub(super) wire: u32,
    /// Whether a frame became full in this cycle, and stands ready to be read.
    pub(super) is_full: bool,
    /// Where the readers find it.
    pub(super) to: u32,
    filling: Wave,
    reading: Wave,
    /// Samples that are in the one, and out of the other.
    at: usize,
    /// Samples since the writer's stream ended.
    ended: usize,
    /// What was said of the frame that fills.
    flags: u32,
    /// What is said of the frame that is read, to be told with its first samples.
    said: u32,
    /// What was said of the last frame that became full.
    last: u32,
}

impl Cut {
    /// Silent frames of `len` samples.
    pub(super) fn new(
        (id, wire): (u64, u32),
        to: u32,
        channels: usize,
        len: usize,
        mask: u32,
    ) -> Self {
        let frame = || {
            let mut wave = Wave::aligned(channels, len.max(1), mask);
            wave.set_len(len.max(1));
            wave
        };
        Self {
            id,
            wire,
            is_full: false,
            to,
            filling: frame(),
            reading: frame(),
            at: 0,
            ended: 0,
            flags: 0,
            said: 0,
            last: 0,
        }
    }

    /// The last frame that became full, and what was said of it.
    pub(super) fn full(&self) -> (&Wave, u32) {
        (&self.reading, self.last)
    }

    /// Samples of a frame.
    fn len(&self) -> usize {
        self.reading.len()
    }

    /// Takes what the writer left and leaves what is due. Says what is to stand in the header, and whether the stream
    /// ends for its readers.
    pub(super) fn run(&mut self, from: u32, tables: &mut Tables) -> (u32, bool) {
        let header: StreamHeader = tables.headers[from as usize];
        let mut target = std::mem::take(&mut tables.payloads[self.to as usize]);
        let mut told = 0;
        self.is_full = false;
        if let (Payload::Wave(source), Payload::Wave(target)) =
            (&tables.payloads[from as usize], &mut target)
        {
            self.flags |= header.flags & flag::PASSED;
            let whole = source.len().min(target.len());
            let mut done = 0;
            while done < whole {
                if self.at == 0 {
                    told |= std::mem::take(&mut self.said);
                }
                let piece = (self.len() - self.at).min(whole - done);
                let (begin, end) = (self.at, self.at + piece);
                for (channel, samples) in target.channels_mut().enumerate() {
                    samples[done..done + piece]
                        .copy_from_slice(&self.reading.channel(channel)[begin..end]);
                }
                for (channel, samples) in source.channels().enumerate() {
                    self.filling.channel_mut(channel)[begin..end]
                        .copy_from_slice(&samples[done..done + piece]);
                }
                done += piece;
                self.at = end;
                if self.at == self.len() {
                    self.at = 0;
                    std::mem::swap(&mut self.filling, &mut self.reading);
                    self.said = std::mem::take(&mut self.flags);
                    self.last = self.said;
                    self.is_full = true;
                }
            }
            self.ended = match header.is_end_of_stream() {
                true => self.ended.saturating_add(whole),
                false => 0,
            };
        }
        tables.payloads[self.to as usize] = target;
        (told, self.ended > self.len())
    }

    /// Forgets what was on its way.
    pub(super) fn clear(&mut self) {
        self.filling.silence();
        self.reading.silence();
        (self.at, self.ended, self.flags, self.said) = (0, 0, 0, 0);
    }
}

/// Lets wires that stay keep what is on its way. Both lists are in the order of the wires' identities.
pub(super) fn carry_over(old: &mut [Cut], new: &mut [Cut]) {
    let mut old = old.iter_mut().peekable();
    for cut in new {
        while old.next_if(|it| it.id < cut.id).is_some() {}
        let Some(before) = old.next_if(|it| it.id == cut.id) else {
            continue;
        };
        let shape = |cut: &Cut| (cut.len(), cut.reading.channel_count());
        if shape(before) == shape(cut) {
            std::mem::swap(&mut before.filling, &mut cut.filling);
            std::mem::swap(&mut before.reading, &mut cut.reading);
            (cut.at, cut.ended) = (before.at, before.ended);
            (cut.flags, cut.said) = (before.flags, before.said);
        }
    }
}
