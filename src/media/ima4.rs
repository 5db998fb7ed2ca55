//! The ADPCM of QuickTime: blocks of 34 bytes for each channel in turn, of which each gives 64 samples.
//!
//! A block begins with the nine upper bits of the sample before it. Whoever wrote it went on reckoning with all sixteen; so
//! a decoder that has come from the block before goes on with its own sample where the two agree, and only one that does
//! not believes the head. What a block decodes to thus hangs on those before it: on the way the state is noted every so
//! many blocks, and a jump begins at the last note.

use std::io::{Read, Seek, SeekFrom};

use super::riff::read_up_to;
use super::source::{Info, MediaError, Source};

/// Bytes and samples of a block of one channel.
const BLOCK: u64 = 34;
const SAMPLES: usize = 64;
/// Blocks between two notes, and blocks that are read at once.
const NOTE_EVERY: u64 = 512;
const AT_ONCE: u64 = 64;
/// How far the head of a block may be off what was reckoned: the bits it has no room for.
const AGREES: i32 = 0x7f;

/// The sizes of a step (IMA Digital Audio Doc-Pac, 1992).
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
];
/// By how much a code of three bits moves the step.
const MOVES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// What one channel remembers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    sample: i32,
    step: i32,
}

impl State {
    /// Takes the head of a block.
    fn enter(&mut self, head: [u8; 2]) {
        let head = i16::from_be_bytes(head);
        let sample = i32::from(head) & !AGREES;
        let step = (i32::from(head) & AGREES).min(STEPS.len() as i32 - 1);
        if self.step != step || (self.sample - sample).abs() > AGREES {
            *self = Self { sample, step };
        }
    }

    /// The next sample, by a code of four bits.
    fn next(&mut self, code: u8) -> f32 {
        let size = STEPS[self.step as usize];
        let mut by = size >> 3;
        for (bit, part) in [(4, size), (2, size >> 1), (1, size >> 2)] {
            if code & bit != 0 {
                by += part;
            }
        }
        let by = if code & 8 == 0 { by } else { -by };
        let limits = (i32::from(i16::MIN), i32::from(i16::MAX));
        self.sample = (self.sample + by).clamp(limits.0, limits.1);
        let moved = self.step + MOVES[usize::from(code & 7)];
        self.step = moved.clamp(0, STEPS.len() as i32 - 1);
        self.sample as f32 / 32_768.0
    }
}

/// Sound that is coded so.
pub(super) struct Ima4<R> {
    source: R,
    pub(super) info: Info,
    data_at: u64,
    /// Blocks of all channels that are there.
    blocks: u64,
    /// Samples in front of the sound.
    skip: u64,
    frames: u64,
    position: u64,
    states: Vec<State>,
    /// The states before every `NOTE_EVERY`th block, as far as it was decoded.
    notes: Vec<Vec<State>>,
    /// The block that is decoded next.
    next: u64,
    /// The samples of the one before it.
    made: Vec<[f32; SAMPLES]>,
    /// Bytes of blocks, and the first of them.
    bytes: Vec<u8>,
    bytes_at: u64,
    remarks: Vec<String>,
}

impl<R: Read + Seek> Ima4<R> {
    /// Blocks in a part of a file, given by its beginning and length. `packets` are the samples before the sound, and those
    /// of it; `missing` the bytes that should be there and are not.
    pub(super) fn new(
        source: R,
        (data_at, len): (u64, u64),
        channels: u16,
        packets: Option<(u64, u64)>,
        missing: u64,
    ) -> Self {
        let channels = usize::from(channels.max(1));
        let blocks = len / (BLOCK * channels as u64);
        let there = blocks * SAMPLES as u64;
        let (skip, stated) = packets.unwrap_or((0, there));
        let skip = skip.min(there);
        let frames = stated.min(there - skip);
        let mut remarks = vec![];
        if missing > 0 {
            remarks.push(format!(
                "the file is cut off: {missing} bytes of sound that it speaks of are not there, so it ends after {frames} samples"
            ));
        }
        Self {
            source,
            info: Info::default(),
            data_at,
            blocks,
            skip,
            frames,
            position: 0,
            states: vec![State::default(); channels],
            notes: vec![],
            next: 0,
            made: vec![[0.0; SAMPLES]; channels],
            bytes: vec![],
            bytes_at: 0,
            remarks,
        }
    }

    /// Samples a channel.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Decodes the next block. False: there are none any more, though they were there when it was opened.
    fn advance(&mut self) -> Result<bool, MediaError> {
        let one = BLOCK as usize * self.states.len();
        let held = (self.bytes.len() / one) as u64;
        if !(self.bytes_at..self.bytes_at + held).contains(&self.next) {
            let some = AT_ONCE.min(self.blocks - self.next);
            self.bytes.resize(some as usize * one, 0);
            let place = self.data_at + self.next * one as u64;
            self.source.seek(SeekFrom::Start(place))?;
            let there = read_up_to(&mut self.source, &mut self.bytes)?;
            self.bytes.truncate(there / one * one);
            self.bytes_at = self.next;
            if self.bytes.is_empty() {
                return Ok(false);
            }
        }
        if self.next == NOTE_EVERY * self.notes.len() as u64 {
            self.notes.push(self.states.clone());
        }
        let from = (self.next - self.bytes_at) as usize * one;
        let blocks = self.bytes[from..from + one].chunks_exact(BLOCK as usize);
        let channels = self.states.iter_mut().zip(&mut self.made);
        for (block, (state, made)) in blocks.zip(channels) {
            state.enter([block[0], block[1]]);
            for (byte, two) in block[2..].iter().zip(made.chunks_exact_mut(2)) {
                two[0] = state.next(byte & 15);
                two[1] = state.next(byte >> 4);
            }
        }
        self.next += 1;
        Ok(true)
    }

    /// Goes on until the block is decoded in which a sample lies. False: it is gone.
    fn reach(&mut self, place: u64) -> Result<bool, MediaError> {
        let block = place / SAMPLES as u64;
        if block + 1 < self.next || self.next == 0 {
            let note = (block / NOTE_EVERY).min((self.notes.len() as u64).saturating_sub(1));
            self.states = match self.notes.get(note as usize) {
                Some(states) => states.clone(),
                None => vec![State::default(); self.states.len()],
            };
            self.next = note * NOTE_EVERY;
        } else {
            // A note further on saves the way there.
            let note = (block / NOTE_EVERY).min((self.notes.len() as u64).saturating_sub(1));
            if note * NOTE_EVERY > self.next
                && let Some(states) = self.notes.get(note as usize)
            {
                self.states.clone_from(states);
                self.next = note * NOTE_EVERY;
            }
        }
        while self.next <= block {
            if !self.advance()? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<R: Read + Seek + Send> Source for Ima4<R> {
    fn info(&self) -> &Info {
        &self.info
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn seek(&mut self, frame: u64) -> Result<(), MediaError> {
        self.position = frame.min(self.frames);
        Ok(())
    }

    fn read(&mut self, planar: &mut [&mut [f32]]) -> Result<usize, MediaError> {
        let wanted = planar.iter().map(|it| it.len()).min().unwrap_or(0) as u64;
        let wanted = wanted.min(self.frames - self.position) as usize;
        let mut done = 0;
        while done < wanted {
            let place = self.skip + self.position;
            if !self.reach(place)? {
                let was = std::mem::replace(&mut self.frames, self.position);
                self.info.frames = Some(self.frames);
                let now = self.frames;
                self.remarks.push(format!(
                    "the file has become shorter: it ends after {now} samples of {was}"
                ));
                break;
            }
            let from = place as usize % SAMPLES;
            let some = (SAMPLES - from).min(wanted - done);
            for (channel, samples) in planar.iter_mut().enumerate() {
                let samples = &mut samples[done..done + some];
                match self.made.get(channel) {
                    Some(made) => samples.copy_from_slice(&made[from..from + some]),
                    None => samples.fill(0.0),
                }
            }
            done += some;
            self.position += some as u64;
        }
        Ok(done)
    }

    fn remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }
}
