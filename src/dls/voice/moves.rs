//! What moves of a voice while it sounds: loudness, place, pitch and filter, looked at once a step.
//!
//! Lives here: what connections and controllers come to at the end of each step. Does not live here: how they are summed up,
//! which is the articulation's, and how the wave is read.

use super::super::articulation::Target;
use super::super::part::Part;
use super::{Tone, Voice, amplitude, steep};

/// Steps in which loudness and place reach what controllers say.
const GLIDE: u32 = 4;
/// No voice is louder than it was made by more than that.
const MOST_GAIN_DB: f32 = 6.0;
/// Cents by which the brightness controller moves the filter at its ends, and decibels by which the other moves its peak.
const BRIGHTNESS_CENTS: f32 = 4_800.0;
const RESONANCE_DB: f32 = 15.0;
/// The soft pedal, in decibels.
const SOFT_DB: f32 = -4.0;
/// Cutoffs in Hz; the highest is a part of the rate.
const LOWEST_HZ: f32 = 20.0;
const HIGHEST_PART: f32 = 0.45;
const MOST_RESONANCE_DB: f32 = 40.0;

impl Voice {
    /// Controllers have moved: what they mean is worked out anew.
    pub(in crate::dls) fn refresh(&mut self, part: &Part) {
        let Some(zone) = self.zone.clone() else {
            return;
        };
        let sources = self.sources(part);
        self.standing = self.stand(&zone, &sources);
        self.standing_changed(part);
        self.bend();
        self.glide = GLIDE;
    }

    pub(super) fn standing_changed(&mut self, part: &Part) {
        let Some(zone) = &self.zone else { return };
        let sound = &zone.sound;
        let tuned = self.lead.as_ref().map_or(sound, |it| &it.sound);
        self.standing.pitch += f32::from(tuned.fine) + part.coarse_cents() - self.coarse;
        self.standing.pitch += part.master_cents();
        let soft = if self.is_soft { SOFT_DB } else { 0.0 };
        self.standing.gain += sound.gain + part.master_db + soft;
        let swing = |controller: usize| (f32::from(part.controllers[controller]) - 64.0) / 64.0;
        if let Some(hz) = &mut self.standing.cutoff {
            *hz *= (swing(74) * BRIGHTNESS_CENTS / 1200.0).exp2();
            self.standing.resonance += swing(71) * RESONANCE_DB;
        }
    }

    pub(super) fn wanted_loudness(&self) -> f32 {
        let most = match self.is_soundfont {
            true => 0.0,
            false => MOST_GAIN_DB,
        };
        amplitude(self.standing.gain.min(most))
    }

    pub(super) fn wanted_place(&self) -> f32 {
        let moved = self.sum(Target::Pan, self.movers);
        let place = self.standing.pan + moved;
        self.side.unwrap_or(place).clamp(-0.5, 0.5)
    }

    /// What moves by itself adds up to for a target.
    pub(super) fn sum(&self, target: Target, movers: [f32; 4]) -> f32 {
        let own = self.standing.moving().filter(|it| it.target == target);
        own.map(|it| it.at(movers[it.mover as usize])).sum()
    }

    /// The next step begins: looks where everything will be at its end.
    pub(in crate::dls) fn look(&mut self, len: usize) {
        (self.done, self.step) = (0, len as u32);
        self.age = self.age.saturating_add(len as u32);
        let rate = f64::from(self.rate_hz);
        let turns = |hz: f32| f64::from(hz) / rate;
        self.movers = [
            self.lfo.advance(self.step, turns(self.standing.lfo.0)),
            self.vibrato
                .advance(self.step, turns(self.standing.vibrato.0)),
            self.volume.level(),
            self.modulation.advance(self.step),
        ];
        if self.is_soundfont && self.modulation.is_rising() {
            self.movers[3] = steep(self.movers[3]);
        }
        if self.glide > 0 {
            self.loudness += (self.wanted_loudness() - self.loudness) / self.glide as f32;
            let place = self.wanted_place();
            self.place += (place - self.place) / self.glide as f32;
            self.glide -= 1;
        } else {
            self.place = self.wanted_place();
        }
        let moving = self.sum(Target::Gain, self.movers);
        let gain = match moving {
            0.0 => self.loudness,
            db => self.loudness * amplitude(db),
        };
        self.moved.go(gain);
        self.bend();
    }

    /// Pitch, as everything stands.
    pub(super) fn bend(&mut self) {
        let cents = self.standing.pitch + self.sum(Target::Pitch, self.movers);
        if cents.to_bits() == self.pitch.to_bits() {
            return;
        }
        self.pitch = cents;
        let Some(zone) = &self.zone else { return };
        let own = f64::from(zone.sound.rate_hz) / f64::from(self.rate_hz);
        let stride = own * (f64::from(cents) / 1200.0).exp2();
        // Faster than a thousand samples at a time is no tone any more.
        self.stride = (stride.min(1024.0) * 4_294_967_296.0) as u64;
    }

    /// What its filter is to be like at the end of this step; `None`: it has none.
    pub(in crate::dls) fn tone(&self) -> Option<Tone> {
        let hz = self.standing.cutoff?;
        let cents = self.sum(Target::Cutoff, self.movers);
        let hz = match cents {
            0.0 => hz,
            cents => hz * (cents / 1200.0).exp2(),
        };
        let resonance = self.standing.resonance + self.sum(Target::Resonance, self.movers);
        Some(Tone {
            cutoff: (hz.clamp(LOWEST_HZ, HIGHEST_PART * self.rate_hz)) / self.rate_hz,
            resonance: resonance.clamp(0.0, MOST_RESONANCE_DB),
        })
    }

    /// Parts that go to reverb and chorus.
    pub(in crate::dls) fn sends(&self) -> (f32, f32) {
        (self.standing.reverb, self.standing.chorus)
    }
}
