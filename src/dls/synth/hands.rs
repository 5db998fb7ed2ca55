//! What hands and eyes have to do with the synthesizer: sounds that are struck in the window, banks that are changed while
//! it plays, and voices that are shown.

use std::sync::Arc;

use super::super::bank::{Bank, Playable};
use super::super::part::Part;
use super::super::voice::Note;
use super::{Synth, lead, side};
use crate::ks::{Strike, VoiceCells, VoiceSeen, VoiceStage};

/// Banks that may wait for their last voices.
pub(super) const RETIRED: usize = 4;
/// Controller 7 of the part that is struck by hand: softer than a song, since nobody knows what a region holds.
const BY_HAND: u8 = 70;
/// Whatever plays matters more than what is struck by hand.
const LEAST_PRIORITY: u32 = 0;

/// A bank, and what tells it from others that the same synthesizer played.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The bank.
    pub bank: Arc<Bank>,
    /// Not 0.
    pub serial: u8,
}

/// The parts of so many groups, and behind them the one that is struck by hand: no message reaches it alone.
pub(super) fn parts(groups: usize) -> Vec<Part> {
    let count = groups * 16;
    (0..=count).map(|at| part(at, count)).collect()
}

fn part(at: usize, count: usize) -> Part {
    let mut part = Part::new(if at < count { at % 16 } else { 0 });
    if at == count {
        part.control(7, BY_HAND);
    }
    part
}

impl Synth {
    /// All parts as in the beginning.
    pub(super) fn begin_parts(&mut self) {
        let count = self.by_hand();
        for (at, it) in self.parts.iter_mut().enumerate() {
            *it = part(at, count);
        }
    }

    /// The place of the part that is struck by hand.
    fn by_hand(&self) -> usize {
        self.parts.len() - 1
    }

    /// The same with those instruments.
    #[must_use]
    pub fn loaded(mut self, bank: Loaded) -> Self {
        self.bank = bank;
        self
    }

    /// Whether it can take another bank: voices of many may still sound.
    pub fn takes_banks(&self) -> bool {
        self.retired.iter().any(Option::is_none)
    }

    /// Notes play that bank from here on; what sounds goes on. Given back when it cannot be taken.
    ///
    /// # Errors
    /// The bank, when those before are all still played; see [`Self::takes_banks`].
    pub fn change_bank(&mut self, next: Loaded) -> Result<(), Loaded> {
        let Some(place) = self.retired.iter_mut().find(|it| it.is_none()) else {
            return Err(next);
        };
        *place = Some(std::mem::replace(&mut self.bank, next));
        Ok(())
    }

    /// A bank that was played before and that no voice reads any more. It is to be let go of somewhere else, since that
    /// takes a while.
    pub fn spent(&mut self) -> Option<Loaded> {
        let voices = &self.voices;
        let is_spent = |old: &Loaded| {
            let reads = |serial: u8| old.serial == serial;
            !voices
                .iter()
                .any(|it| it.zone.is_some() && reads(it.serial))
        };
        let mut retired = self.retired.iter_mut();
        retired.find_map(|it| it.take_if(|old| is_spent(old)))
    }

    /// A sound of the bank is struck by hand, or let go of: on a part of its own, and never at the cost of what plays.
    pub fn strike(&mut self, strike: Strike) {
        let channel = self.by_hand();
        if strike.velocity == 0 {
            self.note_off(channel, strike.key);
            return;
        }
        let place = usize::from(strike.instrument);
        let instrument = self.bank.bank.at(place).cloned();
        let Some(instrument) = instrument.filter(|_| strike.serial == self.bank.serial) else {
            return;
        };
        let part = &mut self.parts[channel];
        part.set_drum(instrument.patch.is_drum);
        let key = strike.key & 127;
        self.begun += 1;
        let note = Note {
            channel: channel as u8,
            key,
            played: instrument.key(part, key, strike.velocity),
            velocity: strike.velocity.min(127),
            begun: self.begun,
            priority: LEAST_PRIORITY,
            serial: strike.serial,
        };
        self.begin_struck(&instrument, &note, strike.region);
    }

    fn begin_struck(&mut self, instrument: &Arc<Playable>, note: &Note, region: Option<u16>) {
        let zones = instrument.regions.iter();
        let zones = zones.filter(|zone| match region {
            // One alone sounds wherever it is struck.
            Some(region) => zone.place.1 == region,
            None => zone.keys.contains(&note.played) && zone.velocities.contains(&note.velocity),
        });
        for zone in zones.take(super::MOST_LAYERS) {
            if self.playing() >= self.limit() {
                return;
            }
            let (lead, side) = match region {
                Some(_) => (None, None),
                None => (lead(zone, instrument, note), side(zone, instrument, note)),
            };
            self.begin((zone, lead), note, side);
        }
    }

    /// Shows what sounds now.
    pub fn show(&self, cells: &VoiceCells) {
        for (place, voice) in self.voices.iter().enumerate() {
            let zone = voice.zone.as_ref().filter(|_| !voice.is_over());
            let Some(zone) = zone else {
                cells.clear(place, voice.stolen);
                continue;
            };
            let stage = match (voice.is_playing(), voice.is_releasing()) {
                (false, _) => VoiceStage::Cut,
                (true, true) => VoiceStage::Released,
                (true, false) => VoiceStage::Held,
            };
            let seen = VoiceSeen {
                place,
                serial: voice.serial,
                instrument: zone.place.0,
                region: zone.place.1,
                channel: voice.channel,
                key: voice.played,
                velocity: voice.velocity,
                stage,
                level: voice.level(),
                age_millis: (f64::from(voice.age) * 1e3 / self.rate_hz) as u32,
            };
            cells.show(&seen, voice.stolen);
        }
        cells.count(self.playing() as u32, self.stolen);
    }
}
