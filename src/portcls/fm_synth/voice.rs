//! One voice of the FM synthesizer: four operators with their envelopes, vibrato, tremolo and the sweep of its pitch.
//!
//! Phases are whole numbers that wrap, so a pitch is exact for hours; whatever moves counts samples, never cycles.

use super::patch::{OPERATORS, Patch, Tune};
use crate::dsp::gain::{mix_into, multiply, scale};
use crate::dsp::wavetable::sines;
use crate::dsp::whole::low_bits;
use crate::dsp::wide::wide;
use crate::dsp::{Envelope, PIECE, Ramp, Random, Stages};

/// Entries of a period of the sine.
const TABLE: usize = 2048;
/// Bits of a phase that are behind an entry.
const FRACTION: u32 = u32::BITS - TABLE.trailing_zeros();
/// A whole turn of a phase.
const TURN: f64 = 4_294_967_296.0;
/// The modulation wheel's vibrato at its end, in cents.
const WHEEL_CENTS: f32 = 50.0;
/// Nothing above this part of the rate is to be made.
const TOP: f32 = 0.47;
/// The key at which scaling begins.
const MIDDLE: f32 = 60.0;
/// What is left of a sweep when it is over.
const SWEPT: f32 = 1e-5;

/// A period of a sine, read with a line between its entries: it is off by 1.2 millionths at most. For what hears itself: a
/// polynomial, which others are quicker by, would let every sample wait longer for the one before it.
pub(super) struct Sine(Box<[f32]>);

impl Sine {
    pub(super) fn new() -> Self {
        let at = |index: usize| (index as f64 / TABLE as f64 * std::f64::consts::TAU).sin() as f32;
        Self((0..=TABLE).map(at).collect())
    }

    fn at(&self, phase: u32) -> f32 {
        let index = (phase >> FRACTION) as usize;
        let part = (phase & ((1 << FRACTION) - 1)) as f32 / (1_u32 << FRACTION) as f32;
        let (one, other) = (self.0[index], self.0[index + 1]);
        one + (other - one) * part
    }
}

/// Turns of a phase for so many radians.
#[inline(always)]
fn turned(radians: f32) -> u32 {
    low_bits(f64::from(radians) * (TURN / std::f64::consts::TAU))
}

struct Operator {
    phase: u32,
    /// What it goes on by each sample.
    step: u32,
    level: f32,
    envelope: Envelope,
    release: u32,
    is_noise: bool,
    /// Its own: operators are reckoned one behind the other, for as many samples as are asked for.
    random: Random,
}

/// What a note is begun with.
#[derive(Clone, Copy)]
pub(super) struct Note {
    /// Place of its channel among all.
    pub(super) channel: u8,
    pub(super) key: u8,
    pub(super) velocity: u8,
    /// The order in which voices begin.
    pub(super) begun: u64,
    pub(super) priority: u32,
    /// Of the key, with everything that bends it, in Hz.
    pub(super) hz: f64,
    /// Semitones by which it is bent.
    pub(super) semitones: f64,
    /// Amplitude left and right.
    pub(super) sides: (f32, f32),
    /// The soft pedal is down.
    pub(super) is_soft: bool,
}

/// What makes a voice what it is while it sounds.
pub(super) struct Voice {
    pub(super) patch: &'static Patch,
    inputs: [u8; OPERATORS],
    operators: [Operator; OPERATORS],
    /// What operator 4 gave in the last two samples.
    before: [f32; 2],
    rate_hz: f32,
    gain: f32,
    sides: (Ramp, Ramp),
    pub(super) channel: u8,
    pub(super) key: u8,
    pub(super) begun: u64,
    pub(super) priority: u32,
    /// Its key is down, or a pedal holds it.
    pub(super) is_held: bool,
    /// Its key is up, and the sustain pedal holds it.
    pub(super) is_sustained: bool,
    /// The sostenuto pedal holds it, and whether its key is up.
    pub(super) sostenuto: Option<bool>,
    /// Samples left of the fade of a voice that was taken.
    pub(super) fade: Option<u32>,
    pub(super) is_over: bool,
    vibrato: u32,
    vibrato_step: u32,
    /// How far its own vibrato has come, and by how much more each sample.
    vibrato_depth: f32,
    vibrato_rise: f32,
    tremolo: u32,
    tremolo_step: u32,
    sweep: f32,
    sweep_factor: f32,
}

impl Voice {
    /// A voice that is over.
    pub(super) fn new(patch: &'static Patch, rate_hz: f64, glide: u32) -> Self {
        let operator = || Operator {
            phase: 0,
            step: 0,
            level: 0.0,
            envelope: Envelope::over(),
            release: 0,
            is_noise: false,
            random: Random::new(0),
        };
        Self {
            patch,
            inputs: [0; OPERATORS],
            operators: std::array::from_fn(|_| operator()),
            before: [0.0; 2],
            rate_hz: rate_hz as f32,
            gain: 0.0,
            sides: (Ramp::new(0.0, glide), Ramp::new(0.0, glide)),
            channel: 0,
            key: 0,
            begun: 0,
            priority: 0,
            is_held: false,
            is_sustained: false,
            sostenuto: None,
            fade: None,
            is_over: true,
            vibrato: 0,
            vibrato_step: 0,
            vibrato_depth: 0.0,
            vibrato_rise: 0.0,
            tremolo: 0,
            tremolo_step: 0,
            sweep: 0.0,
            sweep_factor: 0.0,
        }
    }

    /// Begins a note. `amplitude` is that of a full-scale one.
    pub(super) fn begin(&mut self, patch: &'static Patch, note: Note, amplitude: f32) {
        let rate = self.rate_hz;
        let samples = |millis: f32| (millis / 1000.0 * rate).round().max(1.0) as u32;
        let octaves = (f32::from(note.key) - MIDDLE) / 12.0;
        let hard = f32::from(note.velocity) / 127.0;
        (self.patch, self.inputs) = (patch, patch.algorithm.inputs());
        (self.channel, self.key) = (note.channel, note.key);
        (self.begun, self.priority) = (note.begun, note.priority);
        (self.is_held, self.is_sustained, self.is_over) = (true, false, false);
        (self.fade, self.sostenuto) = (None, None);
        self.before = [0.0; 2];
        for (at, operator) in self.operators.iter_mut().enumerate() {
            let own = &patch.ops[at];
            // A drum has no key to be scaled by.
            let octaves = if patch.is_one_shot { 0.0 } else { octaves };
            let shorter = (-own.scale_rate * octaves).exp2().clamp(0.1, 4.0);
            operator.envelope.begin(Stages {
                attack: samples(own.attack_ms),
                decay: samples(own.decay_ms * shorter),
                sustain: own.sustain,
                release: samples(own.release_ms),
            });
            operator.release = samples(own.release_ms);
            operator.phase = 0;
            operator.is_noise = own.tune == Tune::Noise;
            // The same note of the same song has the same noise.
            operator.random = Random::new(note.begun * OPERATORS as u64 + at as u64);
            let softer = 10_f32.powf(-own.scale_db * octaves / 20.0).min(1.5);
            operator.level = own.level * softer * (1.0 - own.velocity * (1.0 - hard));
        }
        self.retune(note.hz, note.semitones);
        self.limit_brightness();
        let soft = if note.is_soft { 0.7 } else { 1.0 };
        self.gain = amplitude * patch.amplitude() * hard * hard * soft;
        self.sides.0.jump(note.sides.0);
        self.sides.1.jump(note.sides.1);
        let step = |hz: f32| (f64::from(hz / rate) * TURN) as u32;
        let (hz, _, delay) = patch.vibrato;
        self.vibrato_step = step(hz);
        self.vibrato = self.vibrato_step;
        self.vibrato_rise = 1.0 / samples(delay.max(1.0)) as f32;
        self.vibrato_depth = 0.0;
        self.tremolo_step = step(patch.tremolo.0);
        self.tremolo = self.tremolo_step;
        let (cents, millis) = patch.sweep;
        self.sweep = (cents / 1200.0).exp2() - 1.0;
        self.sweep_factor = (-1.0 / samples(millis) as f32).exp();
    }

    /// Another pitch: `hz` of its key, `semitones` for what has a pitch of its own.
    pub(super) fn retune(&mut self, hz: f64, semitones: f64) {
        let bent = (semitones / 12.0).exp2();
        for (own, operator) in self.patch.ops.iter().zip(&mut self.operators) {
            let pitch = match own.tune {
                Tune::Ratio(ratio) => hz * f64::from(ratio),
                Tune::Fixed(fixed) => f64::from(fixed) * bent,
                Tune::Noise => 0.0,
            };
            let pitch = pitch * (f64::from(own.cents) / 1200.0).exp2();
            let part = (pitch / f64::from(self.rate_hz)).min(f64::from(TOP));
            operator.step = (part * TURN) as u32;
        }
    }

    /// Keeps what modulation makes below half the rate: by Carson's rule a tone changed by `depth` radians reaches
    /// `depth + 1` times the frequency of what changes it.
    fn limit_brightness(&mut self) {
        let part = |step: u32| (f64::from(step) / TURN) as f32;
        // From those that are heard towards those that change them; what a chain adds is counted at its last link.
        for at in 0..OPERATORS {
            let room = TOP - part(self.operators[at].step);
            for from in at + 1..OPERATORS {
                let by = &mut self.operators[from];
                if self.inputs[at] >> from & 1 == 1 && !by.is_noise && by.step > 0 {
                    let most = (room / part(by.step) - 1.0).max(0.0);
                    by.level = by.level.min(most);
                }
            }
        }
    }

    /// Where it stands from here on; it glides there.
    pub(super) fn set_sides(&mut self, sides: (f32, f32)) {
        self.sides.0.set(sides.0);
        self.sides.1.set(sides.1);
    }

    /// Nothing holds it any more.
    pub(super) fn release(&mut self) {
        if self.patch.is_one_shot {
            self.is_held = false;
            return;
        }
        (self.is_held, self.is_sustained, self.sostenuto) = (false, false, None);
        for operator in &mut self.operators {
            operator.envelope.release(operator.release);
        }
    }

    /// Whether it counts as one that plays.
    pub(super) fn is_playing(&self) -> bool {
        !self.is_over && self.fade.is_none()
    }

    /// Adds its next samples to both sides. `wheel` is what modulation and pressure add, 0 to 1.
    pub(super) fn add(
        &mut self,
        sine: &Sine,
        left: &mut [f32],
        right: &mut [f32],
        wheel: f32,
        fade_len: f32,
    ) {
        let pieces = left.chunks_mut(PIECE).zip(right.chunks_mut(PIECE));
        for (left, right) in pieces {
            let len = left.len().min(right.len());
            let heard = self.hear(sine, wheel, len);
            let [mut amplitudes, mut lefts, mut rights] = [[self.gain; PIECE]; 3];
            if let Some(samples) = &mut self.fade {
                for amplitude in &mut amplitudes[..len] {
                    *samples = samples.saturating_sub(1);
                    *amplitude *= *samples as f32 / fade_len;
                }
                self.is_over |= *samples == 0;
            }
            self.sides.0.fill(&mut lefts[..len]);
            self.sides.1.fill(&mut rights[..len]);
            place(left, &heard, &amplitudes, &lefts);
            place(right, &heard, &amplitudes, &rights);
            if self.is_over {
                return;
            }
        }
    }

    /// Its next samples, at most [`PIECE`]: operator by operator, from those that change phases to those that are changed.
    fn hear(&mut self, sine: &Sine, wheel: f32, len: usize) -> [f32; PIECE] {
        let patch = self.patch;
        let mut pitches = [1.0; PIECE];
        let is_moving = self.bend(&mut pitches, wheel, len);
        let mut given = [[0.0_f32; PIECE]; OPERATORS];
        let mut heard = [0.0; PIECE];
        let mut is_over = true;
        for at in (0..OPERATORS).rev() {
            let is_carrier = patch.algorithm.is_carrier(at);
            let operator = &mut self.operators[at];
            let mut amplitudes = [0.0; PIECE];
            operator.envelope.fill(&mut amplitudes[..len]);
            scale(&mut amplitudes[..len], operator.level);
            is_over &= !is_carrier || operator.envelope.is_silent();
            let mut phases = operator.pass(is_moving.then_some(&pitches), len);
            if amplitudes[..len].iter().all(|it| *it == 0.0) {
                continue;
            }
            let mut radians = [0.0; PIECE];
            for (from, given) in given.iter().enumerate().skip(at + 1) {
                if self.inputs[at] >> from & 1 == 1 {
                    mix_into(&mut radians[..len], given);
                }
            }
            let is_last = at == OPERATORS - 1;
            if operator.is_noise {
                for (wave, amplitude) in given[at][..len].iter_mut().zip(&amplitudes) {
                    if *amplitude != 0.0 {
                        *wave = operator.random.next_signed();
                    }
                }
            } else if is_last && patch.feedback != 0.0 {
                let waves = given[at][..len].iter_mut().zip(phases);
                for ((wave, phase), amplitude) in waves.zip(&amplitudes) {
                    if *amplitude != 0.0 {
                        // Of the last two: one alone would make it hunt between two values.
                        let radians = patch.feedback * 0.5 * (self.before[0] + self.before[1]);
                        *wave = sine.at(phase.wrapping_add(turned(radians)));
                        self.before = [*wave, self.before[0]];
                    }
                }
            } else {
                if self.inputs[at] != 0 {
                    turn(&mut phases[..len], &radians);
                }
                sines(&phases[..len], &mut given[at]);
            }
            multiply(&mut given[at][..len], amplitudes);
            if is_carrier {
                mix_into(&mut heard[..len], &given[at]);
            }
        }
        self.is_over |= is_over;
        self.tremble(&mut heard, len);
        heard
    }

    /// How the sweep, the vibrato and the wheel bend each sample; whether they do.
    fn bend(&mut self, pitches: &mut [f32; PIECE], wheel: f32, len: usize) -> bool {
        let (_, vibrato, _) = self.patch.vibrato;
        if self.sweep != 0.0 {
            for pitch in &mut pitches[..len] {
                *pitch += self.sweep;
                self.sweep *= self.sweep_factor;
                if self.sweep.abs() < SWEPT {
                    self.sweep = 0.0;
                }
            }
        } else if vibrato == 0.0 && wheel == 0.0 {
            return false;
        }
        if vibrato != 0.0 || wheel != 0.0 {
            let (mut cents, mut swings) = ([0.0; PIECE], [0.0; PIECE]);
            for cents in &mut cents[..len] {
                self.vibrato_depth = (self.vibrato_depth + self.vibrato_rise).min(1.0);
                *cents = vibrato * self.vibrato_depth + wheel * WHEEL_CENTS;
            }
            let phases = steady(&mut self.vibrato, self.vibrato_step, len);
            sines(&phases[..len], &mut swings);
            for ((pitch, swing), cents) in pitches[..len].iter_mut().zip(swings).zip(cents) {
                *pitch *= 1.0 + swing * cents * (std::f32::consts::LN_2 / 1200.0);
            }
        }
        true
    }

    /// Makes it louder and softer by its tremolo.
    fn tremble(&mut self, heard: &mut [f32; PIECE], len: usize) {
        let (_, depth) = self.patch.tremolo;
        if depth > 0.0 {
            let phases = steady(&mut self.tremolo, self.tremolo_step, len);
            let mut swings = [0.0; PIECE];
            sines(&phases[..len], &mut swings);
            for (heard, swing) in heard[..len].iter_mut().zip(swings) {
                *heard *= 1.0 - depth * (0.5 - 0.5 * swing);
            }
        }
    }
}

impl Operator {
    /// The phases of its next samples, faster and slower by the pitches if there are any.
    fn pass(&mut self, pitches: Option<&[f32; PIECE]>, len: usize) -> [u32; PIECE] {
        let Some(pitches) = pitches else {
            return steady(&mut self.phase, self.step, len);
        };
        let mut phases = bent(self.step, &pitches[..len]);
        for phase in &mut phases[..len] {
            let step = std::mem::replace(phase, self.phase);
            self.phase = self.phase.wrapping_add(step);
        }
        phases
    }
}

/// Phases of so many samples that are one step apart.
fn steady(phase: &mut u32, step: u32, len: usize) -> [u32; PIECE] {
    let mut phases = [0; PIECE];
    for place in &mut phases[..len] {
        *place = *phase;
        *phase = phase.wrapping_add(step);
    }
    phases
}

/// A step at each pitch.
fn bent(step: u32, pitches: &[f32]) -> [u32; PIECE] {
    wide(
        #[inline(always)]
        || {
            let mut steps = [0; PIECE];
            for (bent, pitch) in steps.iter_mut().zip(pitches) {
                *bent = low_bits(f64::from(step) * f64::from(*pitch));
            }
            steps
        },
    )
}

/// Changes each phase by so many radians.
fn turn(phases: &mut [u32], radians: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            for (phase, radians) in phases.iter_mut().zip(radians) {
                *phase = phase.wrapping_add(turned(*radians));
            }
        },
    );
}

/// Adds what is heard to a side.
fn place(side: &mut [f32], heard: &[f32; PIECE], gains: &[f32; PIECE], places: &[f32; PIECE]) {
    wide(
        #[inline(always)]
        || {
            for (((side, heard), gain), place) in side.iter_mut().zip(heard).zip(gains).zip(places)
            {
                *side += heard * gain * place;
            }
        },
    );
}
