//! From one rate to another, by the FFT of `rubato` or by a table of phases.
//!
//! ```text
//!   calls of any length      chunks of one fixed length        calls of any length
//!   push ──▶ [pending FIFO] ──▶ rubato ──▶ [ready FIFO, primed with silence] ──▶ pull
//!                     └──────▶ [polyphase] ──▶ [ready FIFO] ──▶ pull
//! ```
//!
//! `rubato` only ever sees whole chunks, so what it makes does not depend on how the stream is cut into calls; the table
//! of phases sums around each place by itself. Samples
//! are counted by time: a call that covers samples [p, p+n) of a clock at rate R brings
//! floor((p+n)·in/R) - floor(p·in/R) samples and takes floor((p+n)·out/R) - floor(p·out/R). The ready FIFO is primed
//! with so much silence that it never runs short under that rule, whatever p and n; the priming and the delay of the
//! conversion itself are the constant latency. Both ways keep a sweep up to 20 kHz at 44 100 Hz, and as far up at any
//! other rate, more than 100 dB above all that they add or take.
//!
//! No allocation after construction: the FIFOs have their final size, and `rubato` is only called by its
//! `process_into_buffer` with whole chunks and without a channel mask. The allocation guard over all example graphs
//! holds this in place.

use rubato::audioadapter_buffers::direct::SequentialSliceOfVecs;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};
use thiserror::Error;

use super::polyphase::Polyphase;

/// How to convert.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Quality {
    /// By FFT, in chunks of 256 samples or a little more at the lower rate: little work, best quality, more latency.
    /// Between rates with no small ratio (44 100 to 44 101) it falls back to [`LowLatency`](Self::LowLatency).
    #[default]
    Fast,
    /// By a table of phases, sample by sample: a fifth of the latency, more work.
    LowLatency,
}

/// Why there is no such converter.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ResampleError {
    /// A rate is zero, above 1 536 000 Hz, or they are more than 1:256 apart.
    #[error(
        "cannot convert {rate_in} Hz to {rate_out} Hz: rates go from 1 to 1536000 Hz and at most 1:256 apart"
    )]
    Rates {
        /// The rate of what comes in.
        rate_in: u32,
        /// The rate of what goes out.
        rate_out: u32,
    },
    /// There must be a channel.
    #[error("cannot convert a sound without channels")]
    NoChannels,
    /// `rubato` refused its parameters.
    #[error("cannot convert {rate_in} Hz to {rate_out} Hz: {reason}")]
    Refused {
        /// The rate of what comes in.
        rate_in: u32,
        /// The rate of what goes out.
        rate_out: u32,
        /// In the words of `rubato`.
        reason: String,
    },
}

const RATE_MAX: u32 = 1_536_000;
const APART_MAX: u32 = 256;
/// The FFT works on chunks of at least so many samples at the lower rate; fewer blunt the band edge.
const FFT_CHUNK: usize = 256;
/// Chunks beyond this length at the higher rate would cost too much latency.
const FFT_CHUNK_MAX: usize = 1 << 16;

/// Converts the rate of a planar sound of any number of channels, by a fixed ratio.
pub struct Resampler {
    kind: Kind,
    /// What waits to make a whole chunk: a buffer and the number of samples in it, for each channel.
    pending: Vec<Vec<f32>>,
    pending_len: Vec<usize>,
    /// One chunk as it leaves `rubato`.
    made: Vec<Vec<f32>>,
    ready: Vec<Ready>,
    primed: usize,
    chunk: usize,
    latency: usize,
}

enum Kind {
    /// Equal rates: samples pass untouched and without latency.
    Through,
    Fft(Box<Fft<f32>>),
    Phases(Box<Polyphase>),
}

/// The samples of one channel that wait to be taken: `samples[start..end]`.
struct Ready {
    samples: Vec<f32>,
    start: usize,
    end: usize,
}

impl Resampler {
    /// A converter for calls that bring at most `max_in_per_call` samples a channel.
    pub fn new(
        rate_in: u32,
        rate_out: u32,
        channels: usize,
        quality: Quality,
        max_in_per_call: usize,
    ) -> Result<Self, ResampleError> {
        let (low, high) = (rate_in.min(rate_out), rate_in.max(rate_out));
        if low == 0 || high > RATE_MAX || high / low > APART_MAX {
            return Err(ResampleError::Rates { rate_in, rate_out });
        }
        if channels == 0 {
            return Err(ResampleError::NoChannels);
        }
        let refused = |error: rubato::ResamplerConstructionError| ResampleError::Refused {
            rate_in,
            rate_out,
            reason: error.to_string(),
        };
        let common = greatest_common_divisor(rate_in, rate_out);
        let (block_in, block_out) = ((rate_in / common) as usize, (rate_out / common) as usize);
        let ratio = f64::from(rate_out) / f64::from(rate_in);

        // An even number of blocks, so that the FFT's delay of half a chunk is a whole number of samples.
        let blocks = FFT_CHUNK
            .div_ceil(block_in.min(block_out))
            .next_multiple_of(2);
        let fft_chunk = blocks * block_in;
        let fft_fits = blocks * block_in.max(block_out) <= FFT_CHUNK_MAX;

        let (kind, chunk, primed, made, delay);
        if rate_in == rate_out {
            (kind, chunk, primed, made, delay) = (Kind::Through, 1, 0, 0, 0);
        } else if quality == Quality::Fast && fft_fits {
            let fft = Fft::new_custom(
                rate_in as usize,
                rate_out as usize,
                fft_chunk,
                1,
                channels,
                WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .map_err(refused)?;
            chunk = fft.input_frames_next();
            made = fft.output_frames_next();
            // Just short of a chunk, k chunks have given k·made; less than (k+1)·made + 1 are owed.
            primed = made;
            delay = fft.output_delay();
            kind = Kind::Fft(Box::new(fft));
        } else {
            let (step, phases) = (block_in as u64, block_out as u64);
            let phases = Polyphase::new(step, phases, channels, max_in_per_call);
            // Its delay leaves room for the rule of counting already.
            (chunk, primed, delay) = (1, 0, phases.latency());
            made = phases.made_max(max_in_per_call);
            kind = Kind::Phases(Box::new(phases));
        }

        // The most that can be ready: the priming, and everything that a call's samples and a chunk can turn into.
        let most =
            primed + ((max_in_per_call + 2 * chunk) as f64 * ratio).ceil() as usize + made + 4;
        let made = if let Kind::Fft(_) = kind { made } else { 0 };
        let mut resampler = Self {
            kind,
            pending: vec![vec![0.0; chunk + max_in_per_call]; channels],
            pending_len: vec![0; channels],
            made: vec![vec![0.0; made]; channels],
            ready: (0..channels)
                .map(|_| Ready {
                    samples: vec![0.0; 2 * most],
                    start: 0,
                    end: 0,
                })
                .collect(),
            primed,
            chunk,
            latency: primed + delay,
        };
        resampler.reset();
        Ok(resampler)
    }

    /// Samples of output that pass before an event of the input is heard, to the nearest one. Equal rates have none.
    ///
    /// The conversion is symmetric in time: an impulse is loudest here and rings a little before and after.
    #[must_use]
    pub fn latency_out_samples(&self) -> usize {
        self.latency
    }

    /// The number of channels it was built for.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.pending.len()
    }

    /// Converts one call's samples. All inputs have one length and all outputs have one length; see the head of this
    /// file for how long they are.
    ///
    /// # Panics
    ///
    /// When there are not as many slices as channels, or more input than `max_in_per_call`.
    pub fn process<I: AsRef<[f32]>, O: AsMut<[f32]>>(&mut self, input: &[I], output: &mut [O]) {
        assert_eq!(
            input.len(),
            self.channels(),
            "one input slice for each channel"
        );
        assert_eq!(
            output.len(),
            self.channels(),
            "one output slice for each channel"
        );
        for (channel, samples) in input.iter().enumerate() {
            self.push(channel, samples.as_ref());
        }
        self.convert();
        for (channel, samples) in output.iter_mut().enumerate() {
            self.pull(channel, samples.as_mut());
        }
    }

    /// The first third of [`process`](Self::process), channel by channel: takes one channel's samples of a call.
    ///
    /// # Panics
    ///
    /// When there are more than `max_in_per_call`, or samples of the last call are not converted yet.
    pub fn push(&mut self, channel: usize, samples: &[f32]) {
        let filled = self.pending_len[channel];
        let end = filled + samples.len();
        assert!(
            end <= self.pending[channel].len(),
            "a call brings at most the number of samples told at construction"
        );
        self.pending[channel][filled..end].copy_from_slice(samples);
        self.pending_len[channel] = end;
    }

    /// The middle third of [`process`](Self::process): converts whole chunks, once every channel is pushed.
    pub fn convert(&mut self) {
        let whole = self.pending_len.iter().copied().min().unwrap_or(0);
        let mut used = 0;
        if let Kind::Through = self.kind {
            for (ready, pending) in self.ready.iter_mut().zip(&self.pending) {
                ready.push(&pending[..whole]);
            }
            used = whole;
        } else if let Kind::Phases(phases) = &mut self.kind {
            let input = self.pending.iter().map(|pending| &pending[..whole]);
            phases.convert(input, |channel, made| self.ready[channel].push(made));
            used = whole;
        } else {
            while whole - used >= self.chunk {
                let made = self.convert_chunk(used);
                for (ready, channel) in self.ready.iter_mut().zip(&self.made) {
                    ready.push(&channel[..made]);
                }
                used += self.chunk;
            }
        }
        if used > 0 {
            for (pending, filled) in self.pending.iter_mut().zip(&mut self.pending_len) {
                pending.copy_within(used..*filled, 0);
                *filled -= used;
            }
        }
    }

    /// The last third of [`process`](Self::process): hands out one channel's samples of a call.
    ///
    /// Should more be asked for than the rule of counting allows, the rest is silence.
    pub fn pull(&mut self, channel: usize, samples: &mut [f32]) {
        self.ready[channel].pull(samples);
    }

    /// Forgets everything, as if newly built.
    pub fn reset(&mut self) {
        match &mut self.kind {
            Kind::Through => {}
            Kind::Fft(fft) => fft.reset(),
            Kind::Phases(phases) => phases.reset(),
        }
        self.pending_len.fill(0);
        for ready in &mut self.ready {
            ready.start = 0;
            ready.end = self.primed;
            ready.samples[..self.primed].fill(0.0);
        }
    }

    /// Converts the chunk that begins at `from` into `made`; returns the number of samples made.
    fn convert_chunk(&mut self, from: usize) -> usize {
        const HOLDS: &str = "buffers have the sizes that rubato asked for at construction";
        let channels = self.pending.len();
        let frames_in = self.pending[0].len();
        let frames_out = self.made[0].len();
        let input = SequentialSliceOfVecs::new(&self.pending, channels, frames_in).expect(HOLDS);
        let mut output =
            SequentialSliceOfVecs::new_mut(&mut self.made, channels, frames_out).expect(HOLDS);
        let indexing = Indexing::new().input_offset(from);
        let done = match &mut self.kind {
            Kind::Through | Kind::Phases(_) => Ok((0, 0)),
            Kind::Fft(fft) => fft.process_into_buffer(&input, &mut output, Some(&indexing)),
        };
        done.expect(HOLDS).1
    }
}

impl Ready {
    /// Takes samples one by one, as many as there are.
    fn push(&mut self, samples: &[f32]) {
        if self.end + samples.len() > self.samples.len() {
            // The buffer holds twice what can be ready, so this happens once in many calls.
            self.samples.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let fits = samples.len().min(self.samples.len() - self.end);
        debug_assert_eq!(
            fits,
            samples.len(),
            "less was taken than the rule of counting says"
        );
        self.samples[self.end..self.end + fits].copy_from_slice(&samples[..fits]);
        self.end += fits;
    }

    fn pull(&mut self, samples: &mut [f32]) {
        let there = samples.len().min(self.end - self.start);
        debug_assert_eq!(
            there,
            samples.len(),
            "more was asked for than the rule of counting says"
        );
        samples[..there].copy_from_slice(&self.samples[self.start..self.start + there]);
        samples[there..].fill(0.0);
        self.start += there;
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::dsp::Random;
    use crate::dsp::measure::{tone, tone_windowed};

    const PAIRS: [(u32, u32); 8] = [
        (44_100, 48_000),
        (48_000, 44_100),
        (48_000, 96_000),
        (96_000, 48_000),
        (8_000, 48_000),
        (48_000, 11_025),
        (44_100, 192_000),
        (48_000, 47_999),
    ];

    /// Samples at `rate` that lie in [from, to) of a clock at `clock`.
    fn due(from: u64, to: u64, rate: u32, clock: u32) -> usize {
        let until = |p: u64| p * u64::from(rate) / u64::from(clock);
        (until(to) - until(from)) as usize
    }

    /// Runs a mono sound through, in calls of the given numbers of clock samples, starting at clock sample `start`.
    fn run(
        (rate_in, rate_out): (u32, u32),
        quality: Quality,
        clock: u32,
        start: u64,
        mut length: impl FnMut() -> u64,
        sound: impl Fn(usize) -> f32,
        until: usize,
    ) -> (Vec<f32>, usize) {
        let most = (2048 * u64::from(rate_in) / u64::from(clock)) as usize + 1;
        let mut resampler = Resampler::new(rate_in, rate_out, 1, quality, most).unwrap();
        let (mut heard, mut given, mut at) = (Vec::new(), 0, start);
        while heard.len() < until {
            let next = at + length();
            let input: Vec<f32> = (0..due(at, next, rate_in, clock))
                .map(|n| sound(given + n))
                .collect();
            given += input.len();
            let mut output = vec![9.0; due(at, next, rate_out, clock)];
            // The FIFOs assert in here that they never run short.
            resampler.process(&[input], &mut [&mut output[..]]);
            heard.extend(output);
            at = next;
        }
        heard.truncate(until);
        (heard, resampler.latency_out_samples())
    }

    fn sine(hz: f64, rate: u32) -> impl Fn(usize) -> f32 {
        move |n| (0.5 * (TAU * hz * n as f64 / f64::from(rate)).sin()) as f32
    }

    #[test]
    fn any_cutting_gives_the_same_bits_and_never_runs_short() {
        for pair in PAIRS {
            for quality in [Quality::Fast, Quality::LowLatency] {
                let sound = sine(997.0, pair.0);
                let (fixed, _) = run(pair, quality, 48_000, 0, || 256, &sound, 8_000);
                let mut random = Random::new(5);
                let lengths = || 1 + random.next_bits() % 2048;
                let (cut, _) = run(pair, quality, 48_000, 0, lengths, &sound, 8_000);
                assert!(fixed == cut, "{pair:?} {quality:?}");
                let (single, _) = run(pair, quality, 48_000, 0, || 1, &sound, 8_000);
                assert!(fixed == single, "{pair:?} {quality:?}");
                // Beginning anywhere on any clock, the counts still suffice.
                for start in [1, 12_345_677] {
                    run(pair, quality, 44_100, start, || 1, &sound, 5_000);
                    run(pair, quality, 47_999, start, || 63, &sound, 5_000);
                }
            }
        }
    }

    #[test]
    fn a_sine_keeps_frequency_level_and_purity() {
        for pair in PAIRS {
            for quality in [Quality::Fast, Quality::LowLatency] {
                let rate_out = f64::from(pair.1);
                let settle = 8_000;
                let (heard, latency) = run(
                    pair,
                    quality,
                    48_000,
                    0,
                    || 480,
                    sine(1000.0, pair.0),
                    settle + pair.1 as usize,
                );
                assert!(latency < settle);
                // One second: whole periods.
                let second = &heard[settle..];
                let found = tone(second, 1000.0, rate_out);
                let level_db = 20.0 * (found.amplitude / 0.5).log10();
                assert!(level_db.abs() < 0.02, "{pair:?} {quality:?} {level_db} dB");
                // What is left without the sine is the noise floor.
                let rest: f64 = second
                    .iter()
                    .enumerate()
                    .map(|(n, s)| {
                        let pure = found.amplitude
                            * (found.phase + TAU * 1000.0 * n as f64 / rate_out).sin();
                        (f64::from(*s) - pure).powi(2)
                    })
                    .sum::<f64>();
                let floor_db = 10.0 * (rest / second.len() as f64 / 0.125).log10();
                assert!(floor_db < -100.0, "{pair:?} {quality:?} {floor_db} dB");
                println!(
                    "{pair:?} {quality:?}: level {level_db:.4} dB, floor {floor_db:.1} dB, latency {latency}"
                );
            }
        }
    }

    #[test]
    fn the_stated_latency_is_the_measured_one() {
        for pair in PAIRS {
            for quality in [Quality::Fast, Quality::LowLatency] {
                let hz = 100.0;
                let (heard, latency) = run(
                    pair,
                    quality,
                    48_000,
                    0,
                    || 480,
                    sine(hz, pair.0),
                    12_000 + pair.1 as usize,
                );
                let second = &heard[12_000..];
                let found = tone(&second[..pair.1 as usize], hz, f64::from(pair.1));
                let phase = (12_000.0 - latency as f64) * hz / f64::from(pair.1) * TAU;
                let off = (phase - found.phase).rem_euclid(TAU);
                let off = if off > TAU / 2.0 { off - TAU } else { off };
                let off_samples = off / TAU * f64::from(pair.1) / hz;
                println!("{pair:?} {quality:?}: {off_samples:.3} samples off");
                assert!(
                    off_samples.abs() < 0.6,
                    "{pair:?} {quality:?}: {off_samples}"
                );
            }
        }
    }

    #[test]
    fn an_impulse_stands_alone_at_the_stated_latency() {
        for quality in [Quality::Fast, Quality::LowLatency] {
            let (heard, latency) = run(
                (48_000, 96_000),
                quality,
                48_000,
                0,
                || 100,
                |n| f32::from(n == 0),
                4_000,
            );
            let loudest = (0..heard.len())
                .max_by(|a, b| heard[*a].abs().total_cmp(&heard[*b].abs()))
                .unwrap();
            assert!(
                loudest.abs_diff(latency) <= 1,
                "{quality:?} {loudest} {latency}"
            );
            // Silence before the first sample that the conversion can have touched.
            let resampler = Resampler::new(48_000, 96_000, 1, quality, 1).unwrap();
            assert!(heard[..resampler.primed].iter().all(|s| *s == 0.0));
            // And again after the last one.
            assert!(heard[latency + 600..].iter().all(|s| s.abs() < 1e-6));
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_carry_is_gone() {
        for quality in [Quality::Fast, Quality::LowLatency] {
            let (heard, _) = run(
                (96_000, 48_000),
                quality,
                48_000,
                0,
                || 480,
                sine(30_000.0, 96_000),
                30_000,
            );
            let alias = tone_windowed(&heard[6_000..], 18_000.0, 48_000.0).amplitude;
            assert!(alias < 0.5e-5, "{quality:?} {alias}");
        }
    }

    #[test]
    fn equal_rates_pass_untouched_without_latency() {
        let (heard, latency) = run(
            (48_000, 48_000),
            Quality::Fast,
            48_000,
            0,
            || 77,
            |n| n as f32,
            1_000,
        );
        assert_eq!(latency, 0);
        assert!(heard.iter().enumerate().all(|(n, s)| *s == n as f32));
    }

    #[test]
    fn channels_stay_apart_and_reset_forgets() {
        let mut resampler = Resampler::new(44_100, 48_000, 2, Quality::Fast, 441).unwrap();
        let loud: Vec<f32> = (0..441).map(|n| (n as f32 * 0.1).sin()).collect();
        let silence = vec![0.0; 441];
        let mut output = [vec![0.0; 480], vec![0.0; 480]];
        let mut heard = 0.0_f32;
        for _ in 0..10 {
            resampler.process(&[&loud, &silence], &mut output);
            heard = heard.max(crate::dsp::measure::peak(&output[0]));
            assert_eq!(crate::dsp::measure::peak(&output[1]), 0.0);
        }
        assert!(heard > 0.9);
        resampler.reset();
        for _ in 0..10 {
            resampler.process(&[&silence, &silence], &mut output);
            assert_eq!(crate::dsp::measure::peak(&output[0]), 0.0);
        }
    }

    #[test]
    fn impossible_rates_are_refused() {
        for (rate_in, rate_out) in [(0, 48_000), (48_000, 0), (1, 48_000), (2_000_000, 48_000)] {
            let refused = Resampler::new(rate_in, rate_out, 1, Quality::Fast, 64).err();
            assert_eq!(refused, Some(ResampleError::Rates { rate_in, rate_out }));
        }
        assert_eq!(
            Resampler::new(1, 2, 0, Quality::Fast, 64).err(),
            Some(ResampleError::NoChannels)
        );
    }
}
