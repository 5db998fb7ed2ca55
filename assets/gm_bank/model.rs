//! A bank in plain numbers: waves, and what programs do with them. Seconds, Hz, decibels and cents; what the file wants
//! is made of them at the end.

/// A sound.
pub(crate) struct Wave {
    pub(crate) name: String,
    pub(crate) rate: u32,
    /// From -1 to 1.
    pub(crate) samples: Vec<f32>,
    /// Where the cycle begins, and how long it is.
    pub(crate) repeat: Option<(usize, usize)>,
    /// The key at which it has its own pitch.
    pub(crate) unity: u8,
}

/// How a voice behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Art {
    /// Seconds up.
    pub(crate) attack: f64,
    /// Seconds at the top.
    pub(crate) hold: f64,
    /// dB a second down, at key 60; 0: it stays.
    pub(crate) fall: f64,
    /// How often that doubles an octave of keys: 0 everywhere alike, 1 twice as fast an octave higher.
    pub(crate) fall_by_key: f64,
    /// How far down the decay goes, in dB.
    pub(crate) sustain: f64,
    /// Seconds for the whole 96 dB once the key is up.
    pub(crate) release: f64,
    /// Where the filter begins to cut at velocity 100, key 60 and with the second envelope at 0; 0: it is open.
    pub(crate) cutoff: f64,
    /// dB.
    pub(crate) resonance: f64,
    /// Cents more from velocity 0 to 127.
    pub(crate) cutoff_by_velocity: f64,
    /// 1: cutoff follows the key.
    pub(crate) cutoff_by_key: f64,
    /// The second envelope: attack, decay, sustain from 0 to 1, release.
    pub(crate) second: (f64, f64, f64, f64),
    /// Cents of cutoff at its top.
    pub(crate) cutoff_by_second: f64,
    /// Cents of pitch at its top.
    pub(crate) pitch_by_second: f64,
    /// Vibrato: Hz, seconds before it, cents.
    pub(crate) vibrato: (f64, f64, f64),
    /// Cents more that the wheel and pressure bring.
    pub(crate) wheel: f64,
    /// Tremolo: Hz, seconds before it, dB.
    pub(crate) tremolo: (f64, f64, f64),
    /// Cents by which the tremolo's LFO moves the cutoff.
    pub(crate) tremolo_cutoff: f64,
    /// From -1 to 1.
    pub(crate) pan: f64,
    /// How much pan follows the key: 1 from the far left to the far right over all 128.
    pub(crate) pan_by_key: f64,
    /// 0 to 1, besides what the controllers bring.
    pub(crate) reverb: f64,
    pub(crate) chorus: f64,
    /// dB by which velocity 1 is softer; 96 is what is usual.
    pub(crate) velocity: f64,
    /// Cents of pitch a key: 100, and less for what has none.
    pub(crate) per_key: f64,
}

/// What sustains, and stops soon.
pub(crate) const HELD: Art = Art {
    attack: 0.01,
    hold: 0.0,
    fall: 0.0,
    fall_by_key: 0.0,
    sustain: 0.0,
    release: 0.3,
    cutoff: 0.0,
    resonance: 0.0,
    cutoff_by_velocity: 0.0,
    cutoff_by_key: 0.0,
    second: (0.0, 0.0, 1.0, 0.3),
    cutoff_by_second: 0.0,
    pitch_by_second: 0.0,
    vibrato: (5.3, 0.25, 0.0),
    wheel: 50.0,
    tremolo: (5.0, 0.01, 0.0),
    tremolo_cutoff: 0.0,
    pan: 0.0,
    pan_by_key: 0.0,
    reverb: 0.0,
    chorus: 0.0,
    velocity: 96.0,
    per_key: 100.0,
};

/// What is struck or plucked, and dies away.
pub(crate) const STRUCK: Art = Art {
    attack: 0.0,
    fall: 10.0,
    fall_by_key: 0.6,
    sustain: 96.0,
    release: 0.6,
    ..HELD
};

impl Art {
    /// dB a second down at a key.
    pub(crate) fn fall_at(&self, key: f64) -> f64 {
        self.fall * ((key - 60.0) / 12.0 * self.fall_by_key).exp2()
    }
}

/// What a program plays for some keys and velocities.
#[derive(Clone)]
pub(crate) struct Zone {
    pub(crate) keys: (u8, u8),
    pub(crate) velocities: (u8, u8),
    pub(crate) wave: usize,
    /// The key at which the wave is heard as it is.
    pub(crate) unity: u8,
    /// dB.
    pub(crate) gain: f64,
    /// dB by which it is to be louder than others.
    pub(crate) louder: f64,
    /// Cents.
    pub(crate) tune: i16,
    /// Of those that cut each other; 0: none.
    pub(crate) group: u16,
    /// The same key again does not cut it.
    pub(crate) overlaps: bool,
    pub(crate) art: Art,
}

/// A program, or a kit.
pub(crate) struct Program {
    pub(crate) is_drum: bool,
    pub(crate) number: u8,
    pub(crate) zones: Vec<Zone>,
    /// dB by which it is to be louder than others.
    pub(crate) louder: f64,
}

/// Waves of one kind, by the key each was made for.
pub(crate) type Set = Vec<(u8, usize)>;

/// One of the sounds that a program is laid of.
#[derive(Clone)]
pub(crate) struct Layer<'a> {
    set: &'a Set,
    art: Art,
    velocities: (u8, u8),
    gain: f64,
    tune: i16,
    octaves: i8,
    keys: (u8, u8),
}

impl<'a> Layer<'a> {
    pub(crate) fn new(set: &'a Set, art: Art) -> Self {
        Self {
            set,
            art,
            velocities: (0, 127),
            gain: 0.0,
            tune: 0,
            octaves: 0,
            keys: (0, 127),
        }
    }

    pub(crate) fn velocities(self, low: u8, high: u8) -> Self {
        Self {
            velocities: (low, high),
            ..self
        }
    }

    pub(crate) fn keys(self, low: u8, high: u8) -> Self {
        Self {
            keys: (low, high),
            ..self
        }
    }

    pub(crate) fn gain(self, gain: f64) -> Self {
        Self { gain, ..self }
    }

    pub(crate) fn tune(self, tune: i16) -> Self {
        Self { tune, ..self }
    }

    /// So many octaves higher than the key.
    pub(crate) fn octaves(self, octaves: i8) -> Self {
        Self { octaves, ..self }
    }

    fn zones(&self) -> Vec<Zone> {
        let unity = |place: usize| i16::from(self.set[place].0) - 12 * i16::from(self.octaves);
        let last = self.set.len() - 1;
        let mut zones = vec![];
        for (place, (_, wave)) in self.set.iter().enumerate() {
            let low = match place {
                0 => 0,
                _ => (unity(place - 1) + unity(place)) / 2 + 1,
            };
            let high = match place == last {
                true => 127,
                false => (unity(place) + unity(place + 1)) / 2,
            };
            let low = low.max(self.keys.0.into());
            let high = high.min(self.keys.1.into());
            if low > high {
                continue;
            }
            zones.push(Zone {
                keys: (low as u8, high as u8),
                velocities: self.velocities,
                wave: *wave,
                unity: unity(place).clamp(0, 127) as u8,
                gain: self.gain,
                louder: 0.0,
                tune: self.tune,
                group: 0,
                overlaps: self.art.sustain > 90.0,
                art: self.art,
            });
        }
        zones
    }
}

/// All of it.
#[derive(Default)]
pub(crate) struct Bank {
    pub(crate) waves: Vec<Wave>,
    pub(crate) programs: Vec<Program>,
}

impl Bank {
    pub(crate) fn wave(&mut self, wave: Wave) -> usize {
        self.waves.push(wave);
        self.waves.len() - 1
    }

    /// Makes a wave for each of some keys.
    pub(crate) fn set(&mut self, keys: &[u8], mut make: impl FnMut(u8) -> Wave) -> Set {
        keys.iter()
            .map(|key| (*key, self.wave(make(*key))))
            .collect()
    }

    /// Lays a program of its sounds.
    pub(crate) fn program(&mut self, number: u8, layers: &[Layer<'_>]) {
        let zones = layers.iter().flat_map(Layer::zones).collect();
        self.programs.push(Program {
            is_drum: false,
            number,
            zones,
            louder: 0.0,
        });
    }
}
