//! The safety limiter at the edge of a device: nothing above the ceiling leaves, nothing that is not a number leaves,
//! and everything else passes untouched.
//!
//! ```text
//!   gain  1 ━━━━━┓              ╭━━━━  exactly 1 again: samples pass bit for bit
//!                ┃         ╭────╯
//!                ┗━━━━━━━━━╯           down at once, held, then back
//! ```
//!
//! There is no look-ahead, hence no latency, hence a fast peak is flattened rather than foreseen. It guards ears and
//! equipment; it is not there to make things loud.

use super::gain::amplitude_from_db;

/// How long the gain stays down after the last peak.
const HOLD_SECONDS: f64 = 0.01;
/// The time constant of the way back.
const RELEASE_SECONDS: f64 = 0.1;
/// So near to 1 that the last step to it (0.001 dB) is not heard.
const NEARLY_ONE: f64 = 0.9999;

/// What a call of [`Limiter::process`] had to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// Samples that were infinite or not a number and are now 0.
    pub non_finite: usize,
    /// The smallest gain in use; 1.0 when nothing was limited.
    pub least_gain: f32,
}

/// Limits all channels of a sound by one common gain, so that its picture does not wander.
#[derive(Clone, Debug)]
pub struct Limiter {
    ceiling: f32,
    gain: f64,
    held: u32,
    hold: u32,
    release: f64,
}

impl Limiter {
    /// A limiter at rest. The ceiling is in dBFS: -0.1 is usual at a device.
    #[must_use]
    pub fn new(rate_hz: f64, ceiling_db: f32) -> Self {
        Self {
            ceiling: amplitude_from_db(ceiling_db),
            gain: 1.0,
            held: 0,
            hold: (rate_hz * HOLD_SECONDS) as u32,
            release: 1.0 - (-1.0 / (rate_hz * RELEASE_SECONDS)).exp(),
        }
    }

    /// Limits the next samples of all channels in place. The shortest channel ends it.
    pub fn process<C: AsMut<[f32]>>(&mut self, channels: &mut [C]) -> Limited {
        let mut non_finite = 0;
        let mut loudest = 0_f32;
        let mut length = usize::MAX;
        for channel in channels.iter_mut() {
            let channel = channel.as_mut();
            non_finite += super::measure::silence_non_finite(channel);
            loudest = loudest.max(super::measure::peak(channel));
            length = length.min(channel.len());
        }
        let mut least_gain = self.gain;
        // At rest and nothing too loud: the loop below would change nothing.
        if self.gain < 1.0 || loudest > self.ceiling {
            for at in 0..length {
                least_gain = least_gain.min(self.limit(channels, at));
            }
        }
        Limited {
            non_finite,
            least_gain: least_gain as f32,
        }
    }

    /// Back to rest.
    pub fn reset(&mut self) {
        self.gain = 1.0;
        self.held = 0;
    }

    fn limit<C: AsMut<[f32]>>(&mut self, channels: &mut [C], at: usize) -> f64 {
        let peak = channels
            .iter_mut()
            .fold(0_f32, |peak, c| peak.max(c.as_mut()[at].abs()));
        if self.held > 0 {
            self.held -= 1;
        } else if self.gain < 1.0 {
            self.gain += (1.0 - self.gain) * self.release;
            if self.gain > NEARLY_ONE {
                self.gain = 1.0;
            }
        }
        let ceiling = self.ceiling;
        if f64::from(peak) * self.gain > f64::from(ceiling) {
            self.gain = f64::from(ceiling) / f64::from(peak);
            self.held = self.hold;
        }
        if self.gain < 1.0 {
            for channel in channels.iter_mut() {
                let sample = &mut channel.as_mut()[at];
                // The product may round to just above the ceiling.
                *sample = ((f64::from(*sample) * self.gain) as f32).clamp(-ceiling, ceiling);
            }
        }
        self.gain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::Random;

    const RATE: f64 = 48_000.0;

    fn noise(amplitude: f32, length: usize) -> Vec<f32> {
        let mut random = Random::new(3);
        (0..length)
            .map(|_| random.next_signed() * amplitude)
            .collect()
    }

    #[test]
    fn below_the_ceiling_every_bit_passes() {
        let before = noise(0.98, 10_000);
        let mut after = [before.clone(), before.clone()];
        let done = Limiter::new(RATE, -0.1).process(&mut after);
        assert_eq!(
            done,
            Limited {
                non_finite: 0,
                least_gain: 1.0
            }
        );
        assert!(
            after
                .iter()
                .flatten()
                .zip(before.iter().cycle())
                .all(|(a, b)| a.to_bits() == b.to_bits())
        );
    }

    #[test]
    fn nothing_passes_the_ceiling() {
        for ceiling_db in [-0.1, -1.0, -3.3, 0.0] {
            let mut loud = [noise(17.3, 50_000)];
            let done = Limiter::new(RATE, ceiling_db).process(&mut loud);
            let peak = crate::dsp::measure::peak(&loud[0]);
            assert!(peak <= amplitude_from_db(ceiling_db));
            assert!(peak > 0.9 * amplitude_from_db(ceiling_db));
            assert!(done.least_gain < 0.1);
        }
    }

    #[test]
    fn channels_are_linked_and_come_back_to_exactly_untouched() {
        let mut left = vec![0.5; 96_000];
        left[10] = 4.0;
        let mut channels = [left, vec![0.25; 96_000]];
        Limiter::new(RATE, 0.0).process(&mut channels);
        assert_eq!(channels[0][9], 0.5);
        assert_eq!(channels[0][10], 1.0);
        assert_eq!(channels[1][10], 0.0625);
        assert_eq!(channels[0][11], 0.125);
        assert_eq!(channels[1][95_999], 0.25);
        // No step on the way back is larger than the release allows.
        let largest = channels[0][11..]
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        assert!(largest < 1e-3, "{largest}");
    }

    #[test]
    fn what_is_no_number_becomes_silence_and_is_reported() {
        let mut channels = [vec![f32::NAN, f32::INFINITY, 0.5], vec![0.1, 0.2, 0.3]];
        let done = Limiter::new(RATE, -0.1).process(&mut channels);
        assert_eq!(
            done,
            Limited {
                non_finite: 2,
                least_gain: 1.0
            }
        );
        assert_eq!(channels, [vec![0.0, 0.0, 0.5], vec![0.1, 0.2, 0.3]]);
    }

    #[test]
    fn any_cutting_gives_the_same_bits() {
        let mut sound = noise(1.5, 20_000);
        sound[8_000..].iter_mut().for_each(|s| *s *= 0.3);
        let mut whole = [sound.clone()];
        Limiter::new(RATE, -0.1).process(&mut whole);
        let mut cut = Limiter::new(RATE, -0.1);
        for piece in sound.chunks_mut(61) {
            cut.process(&mut [piece]);
        }
        assert_eq!(whole[0], sound);
    }
}
