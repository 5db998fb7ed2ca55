//! The model of a string that is struck or plucked, mode by mode: where it is excited decides which modes sound, stiffness
//! how far they are from harmonics, losses how long they last, and the body how loud each is heard. What a waveguide does
//! in time, but exactly in tune.

use crate::clay::{Clay, Dice, Partial, Span, bright, dark, hz, peaks};
use crate::model::{Art, STRUCK};

/// A peak of a body: Hz, width, dB.
pub(crate) type Peak = (f64, f64, f64);

/// A string on an instrument.
#[derive(Clone, Copy)]
pub(crate) struct Pluck {
    /// Of middle C: mode n is n * sqrt(1 + stiff * n^2) times the first.
    pub(crate) stiff: f64,
    /// By how many octaves that doubles an octave.
    pub(crate) stiff_by_key: f64,
    /// Where it is excited, from 0 to 0.5 of its length.
    pub(crate) at: f64,
    /// How deep the nulls of that are: 1 all the way.
    pub(crate) nulls: f64,
    /// How modes get weaker: n to this power.
    pub(crate) slope: f64,
    /// Above this, at middle C, they get weaker still.
    pub(crate) soft: f64,
    /// Octaves of that an octave of keys.
    pub(crate) soft_by_key: f64,
    /// How steep.
    pub(crate) steep: f64,
    /// dB a second more for each kHz.
    pub(crate) loss: f64,
    /// How much dies away three times faster, as where the whole bridge moves.
    pub(crate) prompt: f64,
    /// Hz between the two ways a string swings.
    pub(crate) beat: f64,
    /// Where a pickup sits, from 0 to 0.5 of the length; 0: none.
    pub(crate) pickup: f64,
    /// The body.
    pub(crate) body: &'static [Peak],
    /// How much of the sound does without it.
    pub(crate) direct: f64,
    /// Below this the body gives nothing.
    pub(crate) floor: f64,
    /// The knock of the body, dB beside the peak, about so many Hz.
    pub(crate) knock: (f64, f64),
    /// The noise of pick or nail: dB and Hz.
    pub(crate) pick: (f64, f64),
    pub(crate) art: Art,
}

/// A guitar of no kind.
pub(crate) const PLUCK: Pluck = Pluck {
    stiff: 0.000_05,
    stiff_by_key: 0.8,
    at: 0.2,
    nulls: 0.95,
    slope: -0.9,
    soft: 2_500.0,
    soft_by_key: 0.4,
    steep: 2.0,
    loss: 8.0,
    prompt: 0.5,
    beat: 0.5,
    pickup: 0.0,
    body: &[],
    direct: 1.0,
    floor: 70.0,
    knock: (-30.0, 180.0),
    pick: (-30.0, 3_500.0),
    art: STRUCK,
};

impl Pluck {
    /// The wave for a key.
    pub(crate) fn clay(&self, key: u8, span: Span, seed: u64) -> Clay {
        let seed = seed * 1_000 + u64::from(key);
        let mut dice = Dice::new(seed);
        let octaves = (f64::from(key) - 60.0) / 12.0;
        let f0 = hz(key.into());
        let stiff = self.stiff * (octaves * self.stiff_by_key).exp2();
        let soft = self.soft * (octaves * self.soft_by_key).exp2();
        let fall = self.art.fall_at(key.into());
        let mut all = vec![];
        for n in 1..=90 {
            let n = f64::from(n);
            let stretch = ((1.0 + stiff * n * n) / (1.0 + stiff)).sqrt();
            let f = f0 * n * stretch;
            if f > span.rate * 0.46 {
                break;
            }
            let comb = |at: f64| (n * std::f64::consts::PI * at).sin().abs();
            let mut amp = 1.0 - self.nulls + self.nulls * comb(self.at);
            if self.pickup > 0.0 {
                amp *= 0.08 + 0.92 * comb(self.pickup);
            }
            amp *= n.powf(self.slope) * dark(f, soft, self.steep) * bright(f, self.floor, 2.0);
            amp *= self.direct + peaks(f, self.body);
            // No two strings are alike.
            amp *= crate::clay::db(dice.within(-1.5, 1.5));
            let falls = fall + self.loss * f / 1_000.0;
            let it = Partial::new(f, amp * (1.0 - self.prompt), falls);
            all.push(it);
            if self.prompt > 0.0 {
                let beat = self.beat * dice.within(0.5, 1.5);
                let quick = Partial::new(
                    f + beat,
                    amp * self.prompt,
                    fall * 3.0 + self.loss * f / 700.0,
                );
                all.push(quick.passing());
            }
        }
        let mut clay = Clay::new(key, span);
        clay.partials(seed, fall, &all);
        let peak = clay
            .samples
            .iter()
            .fold(0.0_f64, |most, it| most.max(it.abs()));
        let (knock, at) = self.knock;
        if knock > -60.0 {
            let rms = peak * crate::clay::db(knock);
            clay.burst(seed + 1, rms, 0.002, 400.0, |f| {
                crate::clay::band(f, at, 1.2)
            });
        }
        let (pick, at) = self.pick;
        if pick > -60.0 {
            let rms = peak * crate::clay::db(pick);
            clay.burst(seed + 2, rms, 0.0008, 2_200.0, |f| {
                crate::clay::band(f, at, 1.6)
            });
        }
        clay
    }
}
