//! Tones that are held: harmonics that come in one after the other, breath that never repeats within a cycle, and the
//! noise with which they begin.

use crate::clay::{Clay, Partial, Span, hz};
use crate::model::Wave;

/// A held tone.
pub(crate) struct Steady<'a> {
    pub(crate) name: &'a str,
    pub(crate) span: Span,
    /// Seconds until the first harmonic is there, and more for each kHz.
    pub(crate) rise: (f64, f64),
    /// How loud harmonic n at so many Hz is.
    pub(crate) harmonic: &'a dyn Fn(usize, f64) -> f64,
    /// Noise beside a tone of 1: how loud, and its color.
    pub(crate) breath: f64,
    pub(crate) color: &'a dyn Fn(f64, f64) -> f64,
    /// Noise at the beginning: how loud, seconds up, dB a second down.
    pub(crate) chiff: (f64, f64, f64),
    pub(crate) seed: u64,
}

/// Nothing but silence.
pub(crate) const STEADY: Steady<'static> = Steady {
    name: "",
    span: Span {
        rate: 28_000.0,
        pre: 0.12,
        cycle: 0.08,
    },
    rise: (0.03, 0.01),
    harmonic: &|_, _| 0.0,
    breath: 0.0,
    color: &|_, _| 1.0,
    chiff: (0.0, 0.01, 300.0),
    seed: 1,
};

impl Steady<'_> {
    pub(crate) fn clay(&self, key: u8) -> Clay {
        let f0 = hz(key.into());
        let mut clay = Clay::new(key, self.span);
        let all: Vec<Partial> = (1..=100)
            .map(|n| {
                let f = f0 * n as f64;
                let rise = (self.rise.0 + self.rise.1 * f / 1_000.0).min(0.9 * self.span.pre);
                Partial::new(f, (self.harmonic)(n, f), 0.0).rising(rise.max(0.0005))
            })
            .take_while(|it| it.hz < self.span.rate * 0.46)
            .collect();
        let power: f64 = all.iter().map(|it| it.amp * it.amp / 2.0).sum();
        let unit = power.sqrt();
        let seed = self.seed * 131 + u64::from(key);
        clay.partials(seed, 0.0, &all);
        let color = |f: f64| (self.color)(f, f0);
        if self.breath > 0.0 {
            let rise = self.rise.0.min(0.9 * self.span.pre).max(0.0005);
            clay.noise(seed, self.breath * unit, color, |t| (t / rise).min(1.0));
        }
        let (rms, rise, fall) = self.chiff;
        if rms > 0.0 {
            clay.burst(seed + 5, rms * unit, rise, fall, color);
        }
        clay
    }

    pub(crate) fn wave(&self, key: u8) -> Wave {
        self.clay(key).done(self.name)
    }
}
