//! An attack-decay-sustain-release envelope whose stages last exactly as many samples as they say.
//!
//! ```text
//!        1 ╮╲
//!         ╱  ╰─╮___________  sustain
//!        ╱                 ╰╮
//!   0 ──╯                    ╰───── 0 exactly, and over
//!      attack decay         release
//! ```
//!
//! The attack is a line; decay and release fall like a discharge that is bent so as to arrive. Stages count samples, so
//! the envelope is the same however a stream is cut. One that begins again rises from wherever it is.

/// How many time constants a decay or release is long: it is within 0.7 % of its target when it is set onto it.
const CONSTANTS: f64 = 5.0;
/// What is left of a charge behind so many.
const END: f64 = 0.006_737_946_999_085_467;
/// What lies above that, as a part of all that does.
const TO_LEVEL: f64 = 1.0 / (1.0 - END);

/// What an envelope does, in samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stages {
    /// From nothing to 1.
    pub attack: u32,
    /// From 1 to `sustain`.
    pub decay: u32,
    /// The level while it is held, 0 to 1.
    pub sustain: f32,
    /// From wherever it is to nothing.
    pub release: u32,
}

/// One run of an envelope.
#[derive(Clone, Copy, Debug)]
pub struct Envelope {
    stages: Stages,
    part: Part,
    /// Samples of this part that are given.
    done: u32,
    /// How high the attack goes; all of the rest is in parts of it.
    top: f32,
    /// Where a part begins and where it goes.
    from: f64,
    to: f64,
    /// The discharge: 1 at its beginning.
    charge: f64,
    factor: f64,
    level: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Over,
    Attack,
    Decay,
    Sustain,
    Release,
}

impl Envelope {
    /// An envelope that is over.
    #[must_use]
    pub fn over() -> Self {
        Self {
            stages: Stages {
                attack: 0,
                decay: 0,
                sustain: 0.0,
                release: 0,
            },
            part: Part::Over,
            done: 0,
            top: 1.0,
            from: 0.0,
            to: 0.0,
            charge: 0.0,
            factor: 0.0,
            level: 0.0,
        }
    }

    /// Begins from nothing.
    pub fn begin(&mut self, stages: Stages) {
        *self = Self {
            stages,
            part: Part::Attack,
            ..Self::over()
        };
    }

    /// Begins from where it is, and rises to `top` in the time of an attack.
    pub fn begin_again(&mut self, stages: Stages, top: f32) {
        *self = Self {
            stages,
            part: Part::Attack,
            top,
            from: f64::from(self.level),
            level: self.level,
            ..Self::over()
        };
    }

    /// Goes into release, which lasts `samples` from here.
    pub fn release(&mut self, samples: u32) {
        if self.part != Part::Over {
            self.stages.release = samples;
            self.fall(Part::Release, 0.0, samples);
        }
    }

    /// Whether it is over: every further sample is 0.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.part == Part::Over
    }

    /// Whether it is over, or has come to rest at nothing: it stays 0 until it begins anew.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.part == Part::Over || (self.part == Part::Sustain && self.stages.sustain == 0.0)
    }

    /// What every further sample is until it begins or is released, where that is known.
    #[must_use]
    pub fn rests(&self) -> Option<f32> {
        let is_at_end = match self.part {
            Part::Over => true,
            Part::Sustain => self.level == self.held(),
            _ => false,
        };
        is_at_end.then_some(self.level)
    }

    /// The level while it is held.
    fn held(&self) -> f32 {
        self.stages.sustain * self.top
    }

    /// Whether it is in release.
    #[must_use]
    pub fn is_releasing(&self) -> bool {
        self.part == Part::Release
    }

    /// The last value given.
    #[must_use]
    pub fn level(&self) -> f32 {
        self.level
    }

    /// The value for the next sample.
    pub fn step(&mut self) -> f32 {
        if self.part == Part::Attack && self.done >= self.stages.attack {
            self.level = self.top;
            self.fall(Part::Decay, f64::from(self.held()), self.stages.decay);
        }
        if self.part == Part::Decay && self.done >= self.stages.decay {
            self.part = Part::Sustain;
        }
        if self.part == Part::Release && self.done >= self.stages.release {
            self.part = Part::Over;
        }
        self.level = match self.part {
            Part::Over => 0.0,
            Part::Sustain => self.held(),
            Part::Attack => {
                self.done += 1;
                let risen = self.done as f32 / self.stages.attack as f32;
                let from = self.from as f32;
                from + (self.top - from) * risen
            }
            Part::Decay | Part::Release => {
                self.done += 1;
                self.charge *= self.factor;
                let left = (self.charge - END) * TO_LEVEL;
                (self.to + (self.from - self.to) * left.max(0.0)) as f32
            }
        };
        self.level
    }

    /// The values for the next samples: as many a part at a time as it lasts.
    pub fn fill(&mut self, values: &mut [f32]) {
        let mut rest = values;
        while let Some((first, others)) = rest.split_first_mut() {
            // The first of a part finds out which it is.
            *first = self.step();
            let left = match self.part {
                Part::Over | Part::Sustain => u32::MAX,
                Part::Attack => self.stages.attack - self.done,
                Part::Decay => self.stages.decay - self.done,
                Part::Release => self.stages.release - self.done,
            };
            let (now, later) = others.split_at_mut(others.len().min(left as usize));
            self.go_on(now);
            rest = later;
        }
    }

    /// The values for so many samples of this part, which lasts so long.
    fn go_on(&mut self, values: &mut [f32]) {
        let done = self.done;
        match self.part {
            Part::Over | Part::Sustain => return values.fill(self.level),
            Part::Attack => {
                let (from, attack) = (self.from as f32, self.stages.attack as f32);
                for (value, done) in values.iter_mut().zip(done + 1..) {
                    *value = from + (self.top - from) * (done as f32 / attack);
                }
            }
            Part::Decay | Part::Release => {
                let (mut charge, factor) = (self.charge, self.factor);
                let (from, to) = (self.from, self.to);
                for value in values.iter_mut() {
                    charge *= factor;
                    let left = (charge - END) * TO_LEVEL;
                    *value = (to + (from - to) * left.max(0.0)) as f32;
                }
                self.charge = charge;
            }
        }
        self.done += values.len() as u32;
        self.level = values.last().copied().unwrap_or(self.level);
    }

    fn fall(&mut self, part: Part, to: f64, samples: u32) {
        self.part = part;
        self.done = 0;
        self.from = f64::from(self.level);
        self.to = to;
        self.charge = 1.0;
        self.factor = (-CONSTANTS / f64::from(samples.max(1))).exp();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_charge_is_what_it_says() {
        assert_eq!(END, (-CONSTANTS).exp());
    }

    const STAGES: Stages = Stages {
        attack: 10,
        decay: 20,
        sustain: 0.5,
        release: 40,
    };

    #[test]
    fn each_stage_lasts_as_long_as_it_says() {
        let mut envelope = Envelope::over();
        envelope.begin(STAGES);
        let rise: Vec<f32> = (0..10).map(|_| envelope.step()).collect();
        assert_eq!((rise[0], rise[9]), (0.1, 1.0));
        let fall: Vec<f32> = (0..20).map(|_| envelope.step()).collect();
        assert!(fall[0] < 1.0 && fall[18] > 0.5);
        assert!((fall[19] - 0.5).abs() < 1e-6, "{}", fall[19]);
        assert_eq!((0..50).map(|_| envelope.step()).fold(0.0, f32::max), 0.5);
        envelope.release(STAGES.release);
        let out: Vec<f32> = (0..40).map(|_| envelope.step()).collect();
        assert!(out[38] > 0.0 && out[39].abs() < 1e-6);
        assert!(out.windows(2).all(|pair| pair[1] < pair[0]));
        assert_eq!(envelope.step(), 0.0);
        assert!(envelope.is_over());
    }

    #[test]
    fn it_can_be_released_at_any_time_without_a_step() {
        for held in [1, 5, 12, 100] {
            let mut envelope = Envelope::over();
            envelope.begin(STAGES);
            let before = (0..held).map(|_| envelope.step()).last().unwrap();
            envelope.release(480);
            let after = envelope.step();
            assert!(after <= before && before - after < 0.02 * before, "{held}");
        }
    }

    #[test]
    fn begun_again_it_goes_on_from_where_it_is_and_up_to_another_height() {
        for (held, top) in [(0, 1.0), (5, 0.3), (15, 0.8), (100, 0.25), (100, 1.0)] {
            let mut envelope = Envelope::over();
            envelope.begin(STAGES);
            let before = (0..held).map(|_| envelope.step()).last().unwrap_or(0.0);
            envelope.begin_again(STAGES, top);
            let rise: Vec<f32> = (0..10).map(|_| envelope.step()).collect();
            assert!((rise[0] - before).abs() <= 0.11 && (rise[9] - top).abs() < 1e-6);
            assert_eq!(envelope.rests(), None);
            let fall: Vec<f32> = (0..21).map(|_| envelope.step()).collect();
            assert!((fall[19] - 0.5 * top).abs() < 1e-6);
            assert_eq!(envelope.rests(), Some(0.5 * top));
        }
        assert_eq!(Envelope::over().rests(), Some(0.0));
    }

    #[test]
    fn stages_of_no_length_are_passed_over() {
        let mut envelope = Envelope::over();
        envelope.begin(Stages {
            attack: 0,
            decay: 0,
            ..STAGES
        });
        assert_eq!(envelope.step(), 0.5);
        envelope.release(0);
        assert_eq!(envelope.step(), 0.0);
        assert!(envelope.is_over());
    }

    #[test]
    fn many_values_are_those_one_by_one() {
        for (attack, decay, sustain, release) in
            [(5, 70, 0.4, 90), (0, 0, 1.0, 0), (200, 1, 0.0, 33)]
        {
            let stages = Stages {
                attack,
                decay,
                sustain,
                release,
            };
            for len in [1, 2, 7, 64, 100] {
                let [mut one, mut many] = [Envelope::over(); 2];
                one.begin(stages);
                many.begin(stages);
                for turn in 0..12 {
                    if turn == 6 {
                        one.release(release);
                        many.release(release);
                    }
                    let mut values = vec![9.0; len];
                    many.fill(&mut values);
                    let wanted: Vec<f32> = (0..len).map(|_| one.step()).collect();
                    assert_eq!(values, wanted, "{stages:?} {turn} of {len}");
                    assert_eq!(one.is_silent(), many.is_silent());
                    assert_eq!(one.level(), many.level());
                }
            }
        }
    }
}
