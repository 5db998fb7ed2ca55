//! The seam of a loop over a stream: what is put where its end goes over into its beginning, so that it does not click.
//!
//! The last 5 ms before the end go over into the 5 ms before the beginning, so the beginning itself, an attack perhaps,
//! is untouched and the loop keeps its length. Where the stream has nothing before the beginning, the end fades out. A
//! seam that is no rougher than the sound around it stays as it is, bit for bit. All of it is found out once for a range,
//! by reading around both ends, so every round is the same however the run is cut. Who asks for frames lives elsewhere.

use super::frame::Frame;
use crate::ks::DataFormat;

/// Parts of a second that the ends go over into each other, and that are looked at for how rough the sound is.
const LEADS_PER_SECOND: u32 = 200;
const MARGINS_PER_SECOND: u32 = 1_000;
/// A stream may end so many samples before the end of the range and still count as looped whole: rates round.
const SLACK: u64 = 8;

/// Samples that take the place of a stream's own.
#[derive(Debug, Default)]
struct Patch {
    at: u64,
    channels: Vec<Vec<f32>>,
}

impl Patch {
    /// Puts them into a frame that begins at `position`, as far as it covers their place.
    fn apply(&self, frame: &mut Frame, position: u64) {
        let Some(wave) = frame.payload.wave_mut() else {
            return;
        };
        let until = position + wave.len() as u64;
        for (to, from) in wave.channels_mut().zip(&self.channels) {
            let first = position.max(self.at);
            let last = until.min(self.at + from.len() as u64);
            if first < last {
                let (to_at, from_at) = ((first - position) as usize, (first - self.at) as usize);
                let len = (last - first) as usize;
                to[to_at..to_at + len].copy_from_slice(&from[from_at..from_at + len]);
            }
        }
    }
}

/// What is known of the seam of a range.
#[derive(Debug)]
pub(super) struct Seam {
    pub(super) range: (u64, u64),
    tail: Patch,
    head: Patch,
}

impl Seam {
    /// One that is left as it is: the stream cannot be read around it.
    pub(super) fn bare(range: (u64, u64)) -> Self {
        Self {
            range,
            tail: Patch::default(),
            head: Patch::default(),
        }
    }

    /// Mends a frame that begins at `position`. Only what comes round has a mended beginning.
    pub(super) fn mend(&self, frame: &mut Frame, position: u64, comes_round: bool) {
        self.tail.apply(frame, position);
        if comes_round {
            self.head.apply(frame, position);
        }
    }
}

/// A stretch of a stream that is being read.
#[derive(Debug)]
struct Stretch {
    from: u64,
    wanted: usize,
    channels: Vec<Vec<f32>>,
    has_ended: bool,
}

impl Stretch {
    fn new(from: u64, wanted: usize, channels: usize) -> Self {
        Self {
            from,
            wanted,
            channels: vec![vec![]; channels],
            has_ended: false,
        }
    }

    fn len(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }

    fn is_full(&self) -> bool {
        self.has_ended || self.len() >= self.wanted
    }

    fn take(&mut self, frame: &Frame) {
        let left = self.wanted - self.len().min(self.wanted);
        if let Some(wave) = frame.payload.wave() {
            for (to, from) in self.channels.iter_mut().zip(wave.channels()) {
                to.extend_from_slice(&from[..from.len().min(left)]);
            }
        }
        // What gives nothing would be asked for ever.
        self.has_ended |= frame.header.is_end_of_stream() || frame.is_empty();
    }
}

/// What is to be done next to know a seam.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Errand {
    /// Go to that sample.
    Go(u64),
    Read,
    /// All is known, and the stream is where it was.
    Done,
}

/// The reading around both ends of a range.
#[derive(Debug)]
pub(super) struct Survey {
    range: (u64, u64),
    /// The least step between two samples; 0 where there is none.
    step: f32,
    /// Where the stream goes on afterwards.
    back: u64,
    lead: usize,
    margin: usize,
    /// Samples of `head` that lie before the beginning.
    before: usize,
    head: Stretch,
    tail: Stretch,
    /// Places it has been sent to.
    sent: u8,
}

impl Survey {
    pub(super) fn new(range: (u64, u64), format: &DataFormat, back: u64) -> Self {
        let (begin, end) = range;
        let is_coarse = !format.is_float();
        let step = |bits: u32| 2.0_f32.powi(1 - bits as i32);
        let (channels, rate_hz, step) = format.audio.map_or((0, 0, 0.0), |it| {
            let is_coarse = is_coarse && (1..=24).contains(&it.bits);
            let step = if is_coarse { step(it.bits) } else { 0.0 };
            (it.channels as usize, it.rate_hz, step)
        });
        let most = u64::from(rate_hz / LEADS_PER_SECOND).min((end - begin) / 4);
        let (lead, before) = (most.max(1), begin.min(most));
        let margin = u64::from(rate_hz / MARGINS_PER_SECOND).max(4);
        let from = end.saturating_sub(lead + margin + SLACK);
        let beginning = before + lead.max(margin);
        Self {
            range,
            step,
            back,
            lead: lead as usize,
            margin: margin as usize,
            before: before as usize,
            head: Stretch::new(begin - before, beginning as usize, channels),
            tail: Stretch::new(from, (end - from) as usize, channels),
            sent: 0,
        }
    }

    pub(super) fn range(&self) -> (u64, u64) {
        self.range
    }

    /// What comes next. Once told to go, it is to be told of the arrival.
    pub(super) fn next(&mut self) -> Errand {
        let go = match self.sent {
            0 => self.head.from,
            1 if !self.head.is_full() => return Errand::Read,
            1 => self.tail.from,
            2 if !self.tail.is_full() => return Errand::Read,
            2 => self.back,
            _ => return Errand::Done,
        };
        self.sent += 1;
        Errand::Go(go)
    }

    /// Whether it is on its way back to where it was.
    pub(super) fn is_back(&self) -> bool {
        self.sent > 2
    }

    pub(super) fn take(&mut self, frame: &Frame) {
        match self.sent {
            1 => self.head.take(frame),
            _ => self.tail.take(frame),
        }
    }

    /// What is to be put at the seam.
    pub(super) fn seam(self) -> Seam {
        let mut seam = Seam::bare(self.range);
        let end = self.range.1;
        let reaches = self.tail.len() > 0 && self.tail.from + self.tail.len() as u64 + SLACK >= end;
        let silence = vec![0.0; self.margin];
        let afters = self.head.channels.iter();
        let afters: Vec<&[f32]> = afters
            .map(|it| it.get(self.before..).unwrap_or_default())
            .collect();
        let tails = self.tail.channels.iter();
        let tails: Vec<&[f32]> = tails
            .map(|it| if reaches { &it[..] } else { &silence[..] })
            .collect();
        let pairs = || tails.iter().zip(&afters);
        if pairs().all(|(before, after)| self.meets(before, after)) {
            return seam;
        }
        let lead = self.lead.min(self.tail.len());
        let is_led_into = reaches && self.before >= lead;
        if reaches {
            let first = self.tail.len() - lead;
            let leading: Vec<&[f32]> = match is_led_into {
                true => {
                    let heads = self.head.channels.iter();
                    let span = self.before - lead..self.before;
                    heads
                        .map(|it| it.get(span.clone()).unwrap_or_default())
                        .collect()
                }
                false => vec![&[]; tails.len()],
            };
            let leaving: Vec<&[f32]> = tails.iter().map(|it| &it[first..]).collect();
            seam.tail.at = self.tail.from + first as u64;
            seam.tail.channels = self.goes_over(&leaving, &leading);
        }
        let starts = afters.iter().all(|after| self.meets(&silence, after));
        if !is_led_into && !starts {
            seam.head.at = self.range.0;
            let rises = |after: &&[f32]| {
                let samples = after.iter().take(self.lead).enumerate();
                let risen = samples.map(|(at, it)| {
                    let (_, rise) = weights(at, self.lead);
                    self.on_grid(it * rise * rise)
                });
                risen.collect()
            };
            seam.head.channels = afters.iter().map(rises).collect();
        }
        seam
    }

    /// Whether the sound bends no more over the seam than it does by itself beside it.
    fn meets(&self, before: &[f32], after: &[f32]) -> bool {
        let before = &before[before.len().saturating_sub(self.margin)..];
        let after = &after[..after.len().min(self.margin)];
        let own = roughest(before).max(roughest(after));
        let over: Vec<f32> = before[before.len().saturating_sub(2)..]
            .iter()
            .chain(&after[..after.len().min(2)])
            .copied()
            .collect();
        roughest(&over) <= 2.0 * own + 4.0 * self.step.max(f32::EPSILON)
    }

    /// The end goes over into what leads to the beginning, at even power whether they are alike or not.
    fn goes_over(&self, leaving: &[&[f32]], leading: &[&[f32]]) -> Vec<Vec<f32>> {
        let pairs = || {
            leaving
                .iter()
                .zip(leading)
                .flat_map(|(a, b)| a.iter().zip(*b))
        };
        let sum = |of: fn(f64, f64) -> f64| -> f64 {
            pairs().map(|(a, b)| of(f64::from(*a), f64::from(*b))).sum()
        };
        let power = (sum(|a, _| a * a) * sum(|_, b| b * b)).sqrt();
        let alike = match power > 0.0 {
            true => (sum(|a, b| a * b) / power).clamp(0.0, 1.0) as f32,
            false => 0.0,
        };
        let over = |(leaving, leading): (&&[f32], &&[f32])| {
            if leaving == leading {
                return leaving.to_vec();
            }
            let len = leaving.len();
            let samples = leaving.iter().enumerate().map(|(at, leaves)| {
                let (fall, rise) = weights(at, len);
                let sample = match leading.get(at) {
                    Some(leads) => {
                        let even = (1.0 + 2.0 * alike * fall * rise).sqrt();
                        (leaves * fall + leads * rise) / even
                    }
                    None => leaves * fall * fall,
                };
                self.on_grid(sample)
            });
            samples.collect()
        };
        leaving.iter().zip(leading).map(over).collect()
    }

    fn on_grid(&self, sample: f32) -> f32 {
        match self.step {
            0.0 => sample,
            step => ((sample / step).round() * step).min(1.0 - step),
        }
    }
}

/// How much there is at `at` of what leaves and of what comes: a quarter turn, begun and ended without a bend; at the last
/// all is what comes.
fn weights(at: usize, len: usize) -> (f32, f32) {
    use std::f32::consts::{FRAC_PI_2, PI};
    let eased = (1.0 - (PI * (at + 1) as f32 / len as f32).cos()) / 2.0;
    let (rise, fall) = (FRAC_PI_2 * eased).sin_cos();
    (fall, rise)
}

/// The largest second difference.
fn roughest(samples: &[f32]) -> f32 {
    let bends = samples.windows(3);
    bends
        .map(|it| (it[2] - 2.0 * it[1] + it[0]).abs())
        .fold(0.0, f32::max)
}
