//! What a sound of the FM synthesizer is made of: four operators, how they are wired, and what moves them.
//!
//! Lives here: the parameters and the words to write them down. Does not live here: any sound (`programs.rs`,
//! `drums.rs`), nor what plays one (`voice.rs`).

/// How many operators a voice has.
pub(super) const OPERATORS: usize = 4;

/// How the operators 1 to 4 are wired. What an arrow leads to is changed in phase by what it comes from; operator 4 hears
/// itself as well, by the feedback of its patch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Algorithm {
    /// 4 → 3 → 2 → 1, and 1 is heard.
    Stack,
    /// 3 and 4 → 2 → 1.
    Branch,
    /// 2 → 1 and 4 → 3; 1 and 3 are heard.
    Pairs,
    /// 2, 3 and 4 → 1.
    Fan,
    /// 4 → 1, 2 and 3, which are heard.
    Comb,
    /// 4 → 3 → 2; 1 and 2 are heard.
    Chain,
    /// 4 → 3; 1, 2 and 3 are heard.
    Trio,
    /// All are heard.
    Sum,
}

impl Algorithm {
    /// For each operator a bit for each one that changes its phase.
    pub(super) const fn inputs(self) -> [u8; OPERATORS] {
        match self {
            Self::Stack => [0b0010, 0b0100, 0b1000, 0],
            Self::Branch => [0b0010, 0b1100, 0, 0],
            Self::Pairs => [0b0010, 0, 0b1000, 0],
            Self::Fan => [0b1110, 0, 0, 0],
            Self::Comb => [0b1000, 0b1000, 0b1000, 0],
            Self::Chain => [0, 0b0100, 0b1000, 0],
            Self::Trio => [0, 0, 0b1000, 0],
            Self::Sum => [0; OPERATORS],
        }
    }

    /// Whether an operator is heard.
    pub(super) const fn is_carrier(self, operator: usize) -> bool {
        let heard: u8 = match self {
            Self::Stack | Self::Branch | Self::Fan => 0b0001,
            Self::Pairs => 0b0101,
            Self::Comb | Self::Trio => 0b0111,
            Self::Chain => 0b0011,
            Self::Sum => 0b1111,
        };
        heard >> operator & 1 == 1
    }
}

/// Where an operator's pitch comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Tune {
    /// So many times that of the key.
    Ratio(f32),
    /// The same for every key, in Hz.
    Fixed(f32),
    /// None: it is noise.
    Noise,
}

/// One operator.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Op {
    pub(super) tune: Tune,
    pub(super) cents: f32,
    /// Amplitude of one that is heard, against the others; of another one how far it changes a phase, in radians.
    pub(super) level: f32,
    pub(super) attack_ms: f32,
    pub(super) decay_ms: f32,
    /// 0 to 1.
    pub(super) sustain: f32,
    pub(super) release_ms: f32,
    /// How much of its level hangs on the velocity, 0 to 1.
    pub(super) velocity: f32,
    /// Decibels by which it is softer an octave above middle C.
    pub(super) scale_db: f32,
    /// Octaves by which its times are shorter an octave above middle C.
    pub(super) scale_rate: f32,
}

/// An operator: its ratio, its level, and attack, decay, sustain, release.
pub(super) const fn op(ratio: f32, level: f32, stages: (f32, f32, f32, f32)) -> Op {
    Op {
        tune: Tune::Ratio(ratio),
        cents: 0.0,
        level,
        attack_ms: stages.0,
        decay_ms: stages.1,
        sustain: stages.2,
        release_ms: stages.3,
        velocity: 0.0,
        scale_db: 0.0,
        scale_rate: 0.0,
    }
}

impl Op {
    /// An operator that does nothing.
    pub(super) const NONE: Self = op(1.0, 0.0, (1.0, 1.0, 0.0, 1.0));

    pub(super) const fn hz(mut self, hz: f32) -> Self {
        self.tune = Tune::Fixed(hz);
        self
    }

    pub(super) const fn noise(mut self) -> Self {
        self.tune = Tune::Noise;
        self
    }

    pub(super) const fn cents(mut self, cents: f32) -> Self {
        self.cents = cents;
        self
    }

    pub(super) const fn velocity(mut self, part: f32) -> Self {
        self.velocity = part;
        self
    }

    /// Softer and shorter with higher keys.
    pub(super) const fn scale(mut self, db: f32, rate: f32) -> Self {
        (self.scale_db, self.scale_rate) = (db, rate);
        self
    }
}

/// A sound.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Patch {
    pub(super) algorithm: Algorithm,
    pub(super) ops: [Op; OPERATORS],
    /// How far operator 4 changes its own phase, in radians.
    pub(super) feedback: f32,
    pub(super) gain_db: f32,
    /// Its own vibrato: Hz, cents, and how long it takes to come.
    pub(super) vibrato: (f32, f32, f32),
    /// Swelling: Hz, and depth from 0 to 1.
    pub(super) tremolo: (f32, f32),
    /// It begins so many cents off and comes to its pitch in about so many milliseconds.
    pub(super) sweep: (f32, f32),
    /// Where it stands beside its channel's place, -1 to 1.
    pub(super) place: f32,
    /// It sounds to its end, whatever the key does.
    pub(super) is_one_shot: bool,
    /// What sounds of the same number, other than 0, ends when it begins.
    pub(super) exclusive: u8,
}

/// A sound of four operators.
pub(super) const fn patch(algorithm: Algorithm, ops: [Op; OPERATORS]) -> Patch {
    Patch {
        algorithm,
        ops,
        feedback: 0.0,
        gain_db: 0.0,
        vibrato: (5.5, 0.0, 0.0),
        tremolo: (5.0, 0.0),
        sweep: (0.0, 1.0),
        place: 0.0,
        is_one_shot: false,
        exclusive: 0,
    }
}

impl Patch {
    pub(super) const fn feedback(mut self, radians: f32) -> Self {
        self.feedback = radians;
        self
    }

    pub(super) const fn gain(mut self, db: f32) -> Self {
        self.gain_db = db;
        self
    }

    pub(super) const fn vibrato(mut self, hz: f32, cents: f32, delay_ms: f32) -> Self {
        self.vibrato = (hz, cents, delay_ms);
        self
    }

    pub(super) const fn tremolo(mut self, hz: f32, depth: f32) -> Self {
        self.tremolo = (hz, depth);
        self
    }

    pub(super) const fn sweep(mut self, cents: f32, millis: f32) -> Self {
        self.sweep = (cents, millis);
        self
    }

    /// A drum: where it stands, and what it ends.
    pub(super) const fn drum(mut self, place: f32, exclusive: u8) -> Self {
        (self.place, self.exclusive, self.is_one_shot) = (place, exclusive, true);
        self
    }

    /// The amplitude that makes all patches about as loud: frequency modulation leaves the power of a carrier alone, so
    /// the powers of those that are heard are all there is.
    pub(super) fn amplitude(&self) -> f32 {
        let heard = (0..OPERATORS).filter(|at| self.algorithm.is_carrier(*at));
        let power: f32 = heard.map(|at| self.ops[at].level.powi(2)).sum();
        10_f32.powf(self.gain_db / 20.0) / power.sqrt().max(1e-3)
    }
}
