//! Second-order sections: shelves, peaks, passes. Their designs, their exact response, and one that runs.
//!
//! The section is a state variable filter by trapezoidal integration. At rest it has the same response as the usual
//! direct forms; unlike them it stays calm while its frequency moves from sample to sample, which is how it is glided.
//!
//! ```text
//!   H(s) = m0 + (m1 s + m2) / (s² + k s + 1)      s = j tan(pi f / rate) / g
//! ```

use std::f64::consts::PI;

/// The shape of a section's response.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Curve {
    /// The gain below the frequency, 1 above it.
    LowShelf,
    /// The gain around the frequency, 1 elsewhere.
    Peak,
    /// The gain above the frequency, 1 below it.
    HighShelf,
    /// Nothing above the frequency.
    LowPass,
    /// Nothing below the frequency.
    HighPass,
    /// Nothing at the frequency.
    Notch,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::LowShelf,
        Self::Peak,
        Self::HighShelf,
        Self::LowPass,
        Self::HighPass,
        Self::Notch,
    ];
}

/// What a section should do.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Design {
    /// The shape.
    pub curve: Curve,
    /// Where: the middle of a peak or a shelf's slope, the corner of a pass.
    pub hz: f64,
    /// The amplitude of shelves and peaks; 1 does nothing.
    pub gain: f64,
    /// How narrow: 0.7071 is a pass without a bump.
    pub q: f64,
}

impl Design {
    /// Whether it lets every sample pass as it is: a shelf or peak of no gain.
    #[must_use]
    pub fn is_neutral(&self) -> bool {
        let has_gain = matches!(self.curve, Curve::LowShelf | Curve::Peak | Curve::HighShelf);
        has_gain && self.gain == 1.0
    }

    /// The numbers a section runs on. Any input gives a stable section.
    #[must_use]
    pub fn tuning(&self, rate_hz: f64) -> Tuning {
        self.prototype(rate_hz).tuning()
    }

    /// The numbers of the response that it is made of.
    #[must_use]
    pub fn prototype(&self, rate_hz: f64) -> Prototype {
        let hz = self.hz.clamp(1.0, rate_hz * 0.499);
        let q = self.q.clamp(0.01, 1000.0);
        let gain = self.gain.clamp(1e-6, 1e6);
        let root = gain.sqrt();
        let angle = (PI * hz / rate_hz).tan();
        let (g, k, m0, m1, m2) = match self.curve {
            Curve::LowShelf => {
                let k = 1.0 / q;
                (angle / root.sqrt(), k, 1.0, k * (root - 1.0), gain - 1.0)
            }
            Curve::Peak => {
                let k = 1.0 / (q * root);
                (angle, k, 1.0, k * (gain - 1.0), 0.0)
            }
            Curve::HighShelf => {
                let k = 1.0 / q;
                let (m1, m2) = (k * (1.0 - root) * root, 1.0 - gain);
                (angle * root.sqrt(), k, gain, m1, m2)
            }
            Curve::LowPass => (angle, 1.0 / q, 0.0, 0.0, 1.0),
            Curve::HighPass => (angle, 1.0 / q, 1.0, -1.0 / q, -1.0),
            Curve::Notch => (angle, 1.0 / q, 1.0, -1.0 / q, 0.0),
        };
        Prototype {
            g,
            k,
            mix: [m0, m1, m2],
        }
    }

    /// The amplitude with which a tone of `hz` passes. Exact: what [`Section`] does, on paper.
    #[must_use]
    pub fn magnitude(&self, hz: f64, rate_hz: f64) -> f64 {
        let tuning = self.tuning(rate_hz);
        let s = (PI * hz.clamp(0.0, rate_hz * 0.4999) / rate_hz).tan() / tuning.g;
        // (m1 s + m2) / (s² + k s + 1) on the imaginary axis.
        let (below_real, below_imaginary) = (1.0 - s * s, tuning.k * s);
        let below = below_real.hypot(below_imaginary);
        let [m0, m1, m2] = tuning.mix;
        let real = m0 * below_real + m2;
        let imaginary = m0 * below_imaginary + m1 * s;
        real.hypot(imaginary) / below
    }
}

/// What a [`Design`] comes to: the numbers of the response above. Any with positive `g` and `k` are stable.
#[derive(Clone, Copy, Debug)]
pub struct Prototype {
    g: f64,
    k: f64,
    mix: [f64; 3],
}

impl Prototype {
    /// The numbers a section runs on.
    #[must_use]
    #[inline]
    pub fn tuning(&self) -> Tuning {
        let (g, k, [m0, m1, m2]) = (self.g, self.k, self.mix);
        let a1 = 1.0 / (1.0 + g * (g + k));
        let (a2, a3) = (g * a1, g * g * a1);
        Tuning {
            // The trapezoidal integrators, solved for what comes next: no memory waits for the same sample's other one.
            band: [2.0 * a1 - 1.0, -2.0 * a2, 2.0 * a2],
            low: [2.0 * a2, 1.0 - 2.0 * a3, 2.0 * a3],
            heard: [
                m1 * a1 + m2 * a2,
                m2 * (1.0 - a3) - m1 * a2,
                m0 + m1 * a2 + m2 * a3,
            ],
            mix: self.mix,
            g,
            k,
        }
    }

    /// So much of the way to another: 0 is this one, 1 the other.
    #[must_use]
    #[inline]
    pub fn toward(&self, other: &Self, part: f64) -> Self {
        let between = |one: f64, other: f64| one + (other - one) * part;
        let ([m0, m1, m2], [n0, n1, n2]) = (self.mix, other.mix);
        Self {
            g: between(self.g, other.g),
            k: between(self.k, other.k),
            mix: [between(m0, n0), between(m1, n1), between(m2, n2)],
        }
    }
}

/// The numbers a [`Section`] runs on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tuning {
    /// What the next band, the next low and what is heard take of the band, the low and the sample.
    pub(super) band: [f64; 3],
    pub(super) low: [f64; 3],
    pub(super) heard: [f64; 3],
    /// What is heard of the sample, the band and the low that belong to it.
    mix: [f64; 3],
    g: f64,
    k: f64,
}

/// The memory of one section of one channel.
#[derive(Clone, Copy, Debug, Default)]
pub struct Section {
    pub(super) band: f64,
    pub(super) low: f64,
}

/// A memory below it is as good as none: 2000 dB down, where no sample that could be heard is changed by it.
const NOTHING: f64 = 1e-100;

/// Far above anything that is meant, and far below where the next section would lose count.
const HUGE: f64 = 1e12;

/// Brings what is heard into what may be handed on.
#[inline(always)]
pub(super) fn bounded(heard: f64) -> f64 {
    heard.clamp(-HUGE, HUGE)
}

impl Section {
    /// The next sample. [`Self::settle`] is to follow every now and then.
    #[inline(always)]
    pub fn step(&mut self, sample: f64, tuning: &Tuning) -> f64 {
        let (band, low) = (self.band, self.low);
        let sum = |[of_band, of_low, of_sample]: [f64; 3]| {
            (of_sample * sample + of_low * low) + of_band * band
        };
        (self.band, self.low) = (sum(tuning.band), sum(tuning.low));
        sum(tuning.heard)
    }

    /// The same, bounded: what follows never gets more than 240 dB above full scale.
    #[inline(always)]
    pub fn hear(&mut self, sample: f32, tuning: &Tuning) -> f64 {
        bounded(self.step(f64::from(sample), tuning))
    }

    /// Sets a memory that has died away to nothing before it could be slow to reckon with, and what is no number. What is
    /// heard is the same whenever it is done.
    pub fn settle(&mut self) {
        for memory in [&mut self.band, &mut self.low] {
            if !memory.is_finite() || memory.abs() < NOTHING {
                *memory = 0.0;
            }
        }
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::tone;
    use biquad::{Coefficients, Type};

    const RATE: f64 = 48_000.0;

    fn designs() -> impl Iterator<Item = Design> {
        Curve::ALL.into_iter().flat_map(|curve| {
            [(100.0, 2.0, 0.7), (1000.0, 0.25, 3.0), (9000.0, 4.0, 0.7)]
                .into_iter()
                .map(move |(hz, gain, q)| Design { curve, hz, gain, q })
        })
    }

    /// The magnitude by the coefficients of another library.
    fn reference(design: &Design, hz: f64) -> f64 {
        let gain_db = 20.0 * design.gain.log10();
        let kind = match design.curve {
            Curve::LowShelf => Type::LowShelf(gain_db),
            Curve::Peak => Type::PeakingEQ(gain_db),
            Curve::HighShelf => Type::HighShelf(gain_db),
            Curve::LowPass => Type::LowPass,
            Curve::HighPass => Type::HighPass,
            Curve::Notch => Type::Notch,
        };
        let normalised = design.hz / (RATE / 2.0);
        let it = Coefficients::<f64>::from_normalized_params(kind, normalised, design.q).unwrap();
        let turn = 2.0 * PI * hz / RATE;
        let size = |c0: f64, c1: f64, c2: f64| {
            let real = c0 + c1 * turn.cos() + c2 * (2.0 * turn).cos();
            real.hypot(c1 * turn.sin() + c2 * (2.0 * turn).sin())
        };
        size(it.b0, it.b1, it.b2) / size(1.0, it.a1, it.a2)
    }

    #[test]
    fn the_curve_on_paper_is_the_one_of_the_cookbook() {
        for design in designs() {
            for hz in [20.0, 99.0, 500.0, 1010.0, 4000.0, 12_000.0, 20_000.0] {
                let (ours, theirs) = (design.magnitude(hz, RATE), reference(&design, hz));
                assert!(
                    (ours - theirs).abs() < 1e-9,
                    "{design:?} at {hz}: {ours} {theirs}"
                );
            }
        }
    }

    #[test]
    fn what_is_heard_is_the_curve_on_paper() {
        for design in designs() {
            let tuning = design.tuning(RATE);
            for hz in [100.0, 500.0, 1000.0, 4000.0, 12_000.0] {
                let mut section = Section::default();
                let sound: Vec<f32> = (0..48_000)
                    .map(|n| {
                        section.step((2.0 * PI * hz * f64::from(n) / RATE).sin(), &tuning) as f32
                    })
                    .collect();
                let heard = tone(&sound[24_000..], hz, RATE).amplitude;
                let wanted = design.magnitude(hz, RATE);
                assert!(
                    (heard - wanted).abs() < 1e-4,
                    "{design:?} at {hz}: {heard} {wanted}"
                );
            }
        }
    }

    #[test]
    fn whatever_is_asked_for_stays_finite() {
        for hz in [0.0, 1.0, 1e9, f64::MIN_POSITIVE] {
            for q in [0.0, 1e9] {
                for gain in [0.0, 1e30] {
                    for curve in Curve::ALL {
                        let design = Design { curve, hz, gain, q };
                        assert!(design.magnitude(440.0, 8000.0).is_finite());
                        let (mut section, tuning) = (Section::default(), design.tuning(8000.0));
                        assert!((0..100).all(|_| section.step(1.0, &tuning).is_finite()));
                    }
                }
            }
        }
    }

    #[test]
    fn silence_ends_in_nothing_at_all() {
        let design = Design {
            curve: Curve::Peak,
            hz: 1000.0,
            gain: 4.0,
            q: 10.0,
        };
        let (mut section, tuning) = (Section::default(), design.tuning(RATE));
        section.step(1.0, &tuning);
        (0..960_000).for_each(|_| {
            section.step(0.0, &tuning);
            section.settle();
        });
        assert_eq!((section.band, section.low), (0.0, 0.0));
    }
}
