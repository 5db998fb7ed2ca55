//! What messages mean to the synthesizer: keys, pedals, controllers, resets and system exclusive.
//!
//! Lives here: from the message to channels and voices. Does not live here: what a channel remembers, which is the part's,
//! and which voice a note begins.

use super::super::part::Part;
use super::super::voice::Voice;
use super::Synth;
use crate::midi::message::{Message, System};
use crate::portcls::channel::Change;
use crate::portcls::exclusive::{Exclusive, Hearing};

impl Synth {
    /// Every held note of a key ends, however often it was struck.
    pub(super) fn note_off(&mut self, channel: usize, key: u8) {
        let part = &self.parts[channel];
        for voice in held(&mut self.voices, channel).filter(|it| it.key == key) {
            lift(voice, part);
        }
    }

    fn control(&mut self, channel: usize, number: u8, value: u8) {
        let change = self.parts[channel].control(number, value);
        let part = &self.parts[channel];
        let voices = &mut self.voices;
        match change {
            Change::PedalUp => pedal_up(held(voices, channel), part),
            Change::SostenutoDown => {
                for voice in held(voices, channel).filter(|it| !it.is_sustained) {
                    voice.sostenuto = Some(false);
                }
            }
            Change::SostenutoUp => sostenuto_up(held(voices, channel), part),
            Change::NotesOff => held(voices, channel).for_each(|voice| lift(voice, part)),
            Change::SoundOff => self.cut(channel),
            Change::Reset => {
                pedal_up(held(voices, channel), part);
                sostenuto_up(held(voices, channel), part);
                self.touch(channel);
            }
            Change::Nothing | Change::Pitch | Change::Loudness => self.touch(channel),
        }
    }

    /// Everything of a channel is gone at once.
    fn cut(&mut self, channel: usize) {
        let own = |it: &&mut Voice| usize::from(it.channel) == channel && !it.is_over();
        for voice in self.voices.iter_mut().filter(own) {
            voice.cut(None);
        }
    }

    /// What moves voices of a channel has changed.
    fn touch(&mut self, channel: usize) {
        let part = &self.parts[channel];
        let own = |it: &&mut Voice| usize::from(it.channel) == channel && !it.is_over();
        for voice in self.voices.iter_mut().filter(own) {
            voice.refresh(part);
        }
    }

    /// All as it was in the beginning; what sounds fades.
    fn reset(&mut self) {
        self.begin_parts();
        for voice in self.voices.iter_mut().filter(|it| !it.is_over()) {
            voice.cut(None);
        }
    }

    fn all(&mut self, change: impl Fn(&mut Part)) {
        self.parts.iter_mut().for_each(change);
        for channel in 0..self.parts.len() {
            self.touch(channel);
        }
    }
}

impl Hearing for Synth {
    fn exclusive(&mut self) -> &mut Exclusive {
        &mut self.exclusive
    }

    fn groups(&self) -> usize {
        self.parts.len() / 16
    }

    /// System exclusive: resets of General MIDI, GS and XG, drum parts of GS, loudness and tuning of everything.
    fn system_exclusive(&mut self, bytes: &[u8]) {
        let fourteen = |fine: u8, coarse: u8| u16::from(coarse & 127) << 7 | u16::from(fine & 127);
        match *bytes {
            [0xF0, 0x7E, _, 9, 1..=3, 0xF7]
            | [0xF0, 0x41, _, 0x42, 0x12, 0x40, 0, 0x7F, 0, _, 0xF7]
            | [0xF0, 0x43, _, 0x4C, 0, 0, 0x7E, 0, 0xF7] => self.reset(),
            [0xF0, 0x7F, _, 4, 1, fine, coarse, 0xF7] => {
                let part = f32::from(fourteen(fine, coarse)) / 16_383.0;
                let db = 40.0 * part.max(1e-5).log10();
                self.all(|part| part.master_db = db);
            }
            [0xF0, 0x7F, _, 4, 3, fine, coarse, 0xF7] => {
                let cents = (f32::from(fourteen(fine, coarse)) - 8192.0) / 81.92;
                self.all(|part| part.master_fine = cents);
            }
            [0xF0, 0x7F, _, 4, 4, _, coarse, 0xF7] => {
                let cents = 100.0 * (f32::from(coarse & 127) - 64.0);
                self.all(|part| part.master_coarse = cents);
            }
            [
                0xF0,
                0x41,
                _,
                0x42,
                0x12,
                0x40,
                block @ 0x10..=0x1F,
                0x15,
                map,
                _,
                0xF7,
            ] => {
                let channel = match block & 15 {
                    0 => 9,
                    number @ 1..=9 => usize::from(number) - 1,
                    number => usize::from(number),
                };
                for part in self.parts.iter_mut().skip(channel).step_by(16) {
                    part.set_drum(map != 0);
                }
            }
            _ => {}
        }
    }

    fn message(&mut self, message: Message, group: usize) {
        let at = |channel: u8| group * 16 + usize::from(channel);
        match message {
            Message::NoteOn {
                channel,
                key,
                velocity,
            } => self.note_on(at(channel), key, velocity),
            Message::NoteOff { channel, key, .. } => self.note_off(at(channel), key),
            Message::ControlChange {
                channel,
                controller,
                value,
            } => self.control(at(channel), controller, value),
            Message::ProgramChange { channel, program } => self.parts[at(channel)].choose(program),
            Message::ChannelPressure { channel, pressure } => {
                self.parts[at(channel)].channel.pressure = pressure;
                self.touch(at(channel));
            }
            Message::PolyPressure {
                channel,
                key,
                pressure,
            } => {
                self.parts[at(channel)].pressures[usize::from(key)] = pressure;
                self.touch(at(channel));
            }
            Message::PitchBend { channel, bend } => {
                self.parts[at(channel)].channel.bend = bend;
                self.touch(at(channel));
            }
            Message::System(System::Reset) => self.reset(),
            Message::System(_) => {}
        }
    }
}

/// The voices of a channel that keys or pedals hold.
fn held(voices: &mut [Voice], channel: usize) -> impl Iterator<Item = &mut Voice> {
    voices
        .iter_mut()
        .filter(move |it| usize::from(it.channel) == channel && it.is_held && it.is_playing())
}

/// A key goes up: what no pedal holds is released.
fn lift(voice: &mut Voice, part: &Part) {
    if let Some(is_up) = &mut voice.sostenuto {
        *is_up = true;
    } else if part.channel.is_pedal_down {
        voice.is_sustained = true;
    } else {
        voice.release(part);
    }
}

fn pedal_up<'a>(voices: impl Iterator<Item = &'a mut Voice>, part: &Part) {
    for voice in voices.filter(|it| it.is_sustained) {
        voice.is_sustained = false;
        match &mut voice.sostenuto {
            Some(is_up) => *is_up = true,
            None => voice.release(part),
        }
    }
}

fn sostenuto_up<'a>(voices: impl Iterator<Item = &'a mut Voice>, part: &Part) {
    for voice in voices {
        if voice.sostenuto.take() == Some(true) {
            lift(voice, part);
        }
    }
}
