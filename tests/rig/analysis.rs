//! What was captured, judged: where it sounds, how loud, at what pitch, and whether a sample was lost on the way.
//!
//! A tone is compared with a steady sine: a lost or repeated stretch turns its phase, a hole is a run of exact zeros.
//! The windows are long enough for a few periods, so a tone must lie above 150 Hz. A stretch of exactly a whole number of
//! periods does not turn the phase; the length gives that one away.

use std::f64::consts::TAU;
use std::ops::Range;

/// One channel of a capture.
pub(crate) struct Sound {
    pub(crate) rate_hz: f64,
    pub(crate) samples: Vec<f32>,
}

/// A steady tone as it was found in a stretch of sound.
#[derive(Debug)]
pub(crate) struct Tone {
    pub(crate) hz: f64,
    /// The share of the power that the tone has, 0 to 1: low means something else sounds, or another pitch.
    pub(crate) purity: f64,
}

/// A place where the tone's phase turned.
#[derive(Debug)]
pub(crate) struct Jump {
    pub(crate) at_seconds: f64,
    /// How far the tone slipped: positive when samples were lost, modulo one period.
    pub(crate) samples: f64,
}

/// Amplitude of a level in dBFS.
pub(crate) fn amplitude(dbfs: f64) -> f64 {
    10f64.powf(dbfs / 20.0)
}

impl Sound {
    pub(crate) fn seconds(&self, range: &Range<usize>) -> f64 {
        range.len() as f64 / self.rate_hz
    }

    pub(crate) fn count(&self, seconds: f64) -> usize {
        (seconds * self.rate_hz).round() as usize
    }

    /// The stretches louder than `dbfs`; a quiet of less than 50 ms does not divide one.
    pub(crate) fn stretches(&self, dbfs: f64) -> Vec<Range<usize>> {
        let (least, gap) = (amplitude(dbfs) as f32, self.count(0.05));
        let mut found: Vec<Range<usize>> = Vec::new();
        for (at, _) in self
            .samples
            .iter()
            .enumerate()
            .filter(|(_, sample)| sample.abs() > least)
        {
            match found.last_mut() {
                Some(last) if at - last.end < gap => last.end = at + 1,
                _ => found.push(at..at + 1),
            }
        }
        found
    }

    /// Greatest sample of a stretch, in dBFS.
    pub(crate) fn peak_dbfs(&self, range: Range<usize>) -> f64 {
        20.0 * f64::from(
            self.samples[range]
                .iter()
                .fold(0f32, |most, sample| most.max(sample.abs())),
        )
        .log10()
    }

    /// Where eight or more samples in a row are exactly zero: no tone does that, an empty buffer does.
    pub(crate) fn holes(&self, range: Range<usize>) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut start = range.start;
        for at in range.clone().chain([range.end]) {
            if at == range.end || self.samples[at] != 0.0 {
                if at - start >= 8 {
                    found.push(start..at);
                }
                start = at + 1;
            }
        }
        found
    }

    /// The tone near `near_hz` (within 50 Hz).
    pub(crate) fn tone(&self, range: Range<usize>, near_hz: f64) -> Tone {
        // Windows of 20 ms see 100 Hz to either side; a step of 2.5 ms tells up to 200 Hz apart, so nothing folds back.
        let (length, step) = (self.count(0.02), self.count(0.0025));
        let turns = self.turns(range.clone(), near_hz, length, step);
        let slope = median(
            turns
                .windows(2)
                .map(|pair| wrap(pair[1].phase - pair[0].phase))
                .collect(),
        );
        let hz = near_hz + slope / TAU * self.rate_hz / step as f64;
        let purity = median(
            self.turns(range, hz, length, step)
                .iter()
                .map(|turn| turn.purity)
                .collect(),
        );
        Tone { hz, purity }
    }

    /// Places where a tone of `hz` slipped by more than half a sample.
    pub(crate) fn jumps(&self, range: Range<usize>, hz: f64) -> Vec<Jump> {
        let step = self.count(0.01);
        let turns = self.turns(range.clone(), hz, step, step);
        // Across a window, since a jump inside one shows half in it and half after it.
        let slips: Vec<f64> = turns
            .windows(3)
            .map(|three| wrap(three[2].phase - three[0].phase))
            .collect();
        let usual = median(slips.clone());
        let mut found: Vec<Jump> = Vec::new();
        for (index, slip) in slips.iter().enumerate() {
            let samples = wrap(slip - usual) * self.rate_hz / (TAU * hz);
            let at_seconds = (range.start + (index + 1) * step) as f64 / self.rate_hz;
            match found.last_mut() {
                _ if samples.abs() < 0.5 => {}
                // One jump is seen by up to three neighbours: it is told once, at its greatest.
                Some(last) if at_seconds - last.at_seconds < 0.035 => {
                    if samples.abs() > last.samples.abs() {
                        last.samples = samples;
                    }
                }
                _ => found.push(Jump {
                    at_seconds,
                    samples,
                }),
            }
        }
        found
    }

    /// The phase of the tone against a steady sine of `hz`, window by window.
    fn turns(&self, range: Range<usize>, hz: f64, length: usize, step: usize) -> Vec<Turn> {
        let turn = TAU * hz / self.rate_hz;
        let mut found = Vec::new();
        let mut at = range.start;
        while at + length <= range.end {
            let (mut real, mut imaginary, mut power) = (0.0, 0.0, 0.0);
            for (offset, sample) in self.samples[at..at + length].iter().enumerate() {
                let hann = 0.5 - 0.5 * (TAU * (offset as f64 + 0.5) / length as f64).cos();
                let weighed = f64::from(*sample) * hann;
                let angle = turn * (at + offset) as f64;
                real += weighed * angle.cos();
                imaginary -= weighed * angle.sin();
                power += f64::from(*sample).powi(2) * hann;
            }
            // The window adds up to half its length, and a sine of amplitude a has the power a*a/2.
            let tone = (2.0 * real.hypot(imaginary) / (length as f64 / 2.0)).powi(2) / 2.0;
            let purity = tone / (power / (length as f64 / 2.0)).max(f64::MIN_POSITIVE);
            found.push(Turn {
                phase: imaginary.atan2(real),
                purity,
            });
            at += step;
        }
        assert!(
            found.len() >= 3,
            "{} samples are too few to judge a tone by",
            range.len()
        );
        found
    }
}

struct Turn {
    phase: f64,
    purity: f64,
}

fn wrap(angle: f64) -> f64 {
    (angle + TAU / 2.0).rem_euclid(TAU) - TAU / 2.0
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The judge is judged: what is planted must be found, and nothing else.
mod tests {
    use super::*;

    fn sine(hz: f64, seconds: f64) -> Sound {
        let rate_hz = 48_000.0;
        let sample = |at: usize| (0.1 * (TAU * hz * at as f64 / rate_hz).sin()) as f32;
        Sound {
            rate_hz,
            samples: (0..(seconds * rate_hz) as usize).map(sample).collect(),
        }
    }

    #[test]
    fn a_whole_tone_has_its_pitch_and_no_fault() {
        for hz in [220.0, 440.0, 441.3, 1000.0] {
            let sound = sine(hz, 2.0);
            let all = 0..sound.samples.len();
            let tone = sound.tone(all.clone(), hz - 20.0);
            assert!(
                (tone.hz - hz).abs() < 0.05 && tone.purity > 0.98,
                "{tone:?} for {hz} Hz"
            );
            assert!(
                sound.jumps(all.clone(), tone.hz).is_empty(),
                "{:?}",
                sound.jumps(all.clone(), tone.hz)
            );
            assert!(sound.holes(all.clone()).is_empty());
            assert!((sound.peak_dbfs(all) + 20.0).abs() < 0.01);
        }
    }

    #[test]
    fn another_pitch_is_not_taken_for_the_one_expected() {
        for hz in [340.0, 380.0, 500.0, 540.0, 840.0, 880.0] {
            let sound = sine(hz, 1.0);
            let tone = sound.tone(0..48_000, 440.0);
            assert!(
                tone.purity < 0.1 || (tone.hz - 440.0).abs() > 50.0,
                "{hz} Hz passed for 440: {tone:?}"
            );
        }
    }

    #[test]
    fn lost_and_repeated_samples_are_found_wherever_they_lie() {
        for at in [10_000, 10_079, 10_100, 10_240, 10_399] {
            for lost in [1, 2, 20, 1024] {
                let mut sound = sine(440.0, 1.0);
                sound.samples.drain(at..at + lost);
                let jumps = sound.jumps(0..sound.samples.len(), 440.0);
                assert_eq!(jumps.len(), 1, "{lost} lost at {at}: {jumps:?}");
                assert!((jumps[0].at_seconds * 48_000.0 - at as f64).abs() < 1_500.0);
            }
            let mut sound = sine(440.0, 1.0);
            let again = sound.samples[at - 1024..at].to_vec();
            sound.samples.splice(at..at, again);
            assert_eq!(sound.jumps(0..sound.samples.len(), 440.0).len(), 1);
        }
    }

    #[test]
    fn holes_are_found_and_a_zero_crossing_is_none() {
        let mut sound = sine(440.0, 1.0);
        sound.samples[7_000..7_008].fill(0.0);
        sound.samples[9_000..9_007].fill(0.0);
        sound.samples[47_900..].fill(0.0);
        let holes = sound.holes(0..48_000);
        assert_eq!(holes.len(), 2, "{holes:?}");
        assert!(holes[0].contains(&7_004) && holes[1].contains(&47_950));
    }

    #[test]
    fn stretches_tell_sound_from_silence() {
        let mut sound = sine(440.0, 2.0);
        sound.samples[..12_000].fill(0.0);
        sound.samples[48_000..72_000].fill(0.000_5);
        let found = sound.stretches(-60.0);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].start.abs_diff(12_000) < 4 && found[0].end.abs_diff(48_000) < 4);
        assert!((sound.seconds(&found[1]) - 0.5).abs() < 0.001);
    }
}
