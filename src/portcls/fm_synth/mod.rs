//! The FM synthesizer: a miniport of four operators a voice and 24 voices, with the programs and drums of General MIDI.
//!
//! Lives here: voices, channels and what messages mean to them (FMS-1). Does not live here: timing, which is the DMus
//! port's; the filter, with its properties, is `filters/fm_synth.rs`. Its sounds are built in: it takes no downloads.
//! A voice that is taken fades for a few milliseconds beside the new one, so nothing ever jumps.

mod drums;
mod patch;
mod programs;
#[cfg(test)]
mod tests;
mod voice;
mod volume;

use std::ops::Range;
use std::sync::LazyLock;

use self::patch::Patch;
use self::voice::{Note, Sine, Voice};
pub use self::volume::FmSynthWithVol;
use super::channel::{Change, Channel, MOST_GROUPS};
use super::dmus::SynthSink;
use super::exclusive::{Exclusive, Hearing};
use super::priority::{self, PriorityTable, Sounding};
use crate::dsp::Limiter;
use crate::ks::Wave;
use crate::ks::quality::LEAST;
use crate::midi::message::{Message, System, controller};
use crate::midi::names::DRUM_CHANNEL;

/// How many notes it plays at once.
pub const VOICES: usize = 24;
/// As many where less is asked of it, by level.
const FEWER: [usize; 4] = [VOICES, 18, 12, 6];
/// Voices, and as many that fade after having been taken.
const PLACES: usize = 2 * VOICES;
/// The amplitude of one voice at full velocity and full volume.
const VOICE_AMPLITUDE: f32 = 0.36;
/// Nothing it makes is above that, however many voices sound.
const CEILING_DB: f32 = -0.3;
const FADE_SECONDS: f64 = 0.005;
/// In which volume, expression and pan reach the value they were given.
const GLIDE_SECONDS: f64 = 0.01;

/// All sounds.
struct Bank {
    programs: Vec<Patch>,
    drums: Vec<Patch>,
}

static BANK: LazyLock<Bank> = LazyLock::new(|| Bank {
    programs: (0..128).map(programs::program).collect(),
    drums: (0..drums::COUNT).map(drums::drum).collect(),
});

/// The miniport.
pub struct FmSynth {
    bank: &'static Bank,
    sine: Sine,
    channels: Vec<Channel>,
    priorities: PriorityTable,
    voices: Vec<Voice>,
    /// The program of channels that were told none.
    program: u8,
    master: f32,
    limit: usize,
    /// The most that overload leaves.
    spared: usize,
    begun: u64,
    fade_len: u32,
    limiter: Limiter,
    exclusive: Exclusive,
    /// Notes that found no voice.
    lost: u64,
    /// One run of samples for the side a mono output lacks.
    aside: Vec<f32>,
}

impl FmSynth {
    /// A synthesizer at `rate_hz` with so many groups of sixteen channels, for cycles of at most `longest` samples.
    pub fn new(rate_hz: f64, groups: usize, longest: usize) -> Self {
        let bank = &*BANK;
        let groups = groups.clamp(1, MOST_GROUPS);
        let glide = (GLIDE_SECONDS * rate_hz) as u32 + 1;
        let voice = || Voice::new(&bank.programs[0], rate_hz, glide);
        Self {
            bank,
            sine: Sine::new(),
            channels: vec![Channel::default(); groups * 16],
            priorities: PriorityTable::default(),
            voices: (0..PLACES).map(|_| voice()).collect(),
            program: 0,
            master: 1.0,
            limit: VOICES,
            spared: VOICES,
            begun: 0,
            fade_len: (FADE_SECONDS * rate_hz) as u32 + 1,
            limiter: Limiter::new(rate_hz, CEILING_DB),
            exclusive: Exclusive::default(),
            lost: 0,
            aside: vec![0.0; longest + 1],
        }
    }

    /// The same; which voice gives way stands in that table.
    pub fn priorities(mut self, table: PriorityTable) -> Self {
        self.priorities = table;
        self
    }

    /// The program of channels that no message has given one.
    pub fn set_program(&mut self, program: u8) {
        self.program = program.min(127);
    }

    /// At most so many voices; what is too much fades.
    pub fn set_voices(&mut self, voices: usize) {
        self.limit = voices.clamp(1, VOICES).min(self.spared);
        while self.playing() > self.limit && self.steal(u32::MAX) {}
    }

    /// Notes that found no voice since it was opened.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// The sound of a key on a channel; `None` where there is none.
    fn patch(&self, channel: usize, key: u8) -> Option<&'static Patch> {
        let bank = self.bank;
        if channel % 16 == usize::from(DRUM_CHANNEL) {
            return bank.drums.get(usize::from(key.checked_sub(drums::FIRST)?));
        }
        let program = self.channels[channel].program.unwrap_or(self.program);
        bank.programs.get(usize::from(program))
    }

    fn note_on(&mut self, channel: usize, key: u8, velocity: u8) {
        let Some(patch) = self.patch(channel, key) else {
            return;
        };
        if patch.exclusive != 0 {
            let fade = self.fade_len;
            let of_its_kind = |voice: &&mut Voice| {
                usize::from(voice.channel) == channel
                    && voice.is_playing()
                    && voice.patch.exclusive == patch.exclusive
            };
            for voice in self.voices.iter_mut().filter(of_its_kind) {
                voice.fade = Some(fade);
            }
        }
        let priority = self.priorities.of(channel);
        while self.playing() >= self.limit {
            if !self.steal(priority) {
                self.lost += 1;
                return;
            }
        }
        let Some(place) = self.place() else { return };
        self.begun += 1;
        let state = &self.channels[channel];
        let semitones = state.semitones();
        let note = Note {
            channel: channel as u8,
            key,
            velocity,
            begun: self.begun,
            priority,
            hz: hz(key, semitones),
            semitones,
            sides: sides(state, patch, self.master),
            is_soft: state.is_soft,
        };
        self.voices[place].begin(patch, note, VOICE_AMPLITUDE);
    }

    fn note_off(&mut self, channel: usize, key: u8) {
        let is_pedal_down = self.channels[channel].is_pedal_down;
        for voice in self.held(channel).filter(|voice| voice.key == key) {
            lift(voice, is_pedal_down);
        }
    }

    fn control(&mut self, channel: usize, number: u8, value: u8) {
        match self.channels[channel].control(number, value) {
            Change::Nothing => {}
            Change::Pitch => self.retune(channel),
            Change::Loudness => self.place_voices(channel),
            Change::PedalUp => self.pedal_up(channel),
            Change::SostenutoDown => {
                for voice in self.held(channel).filter(|voice| !voice.is_sustained) {
                    voice.sostenuto = Some(false);
                }
            }
            Change::SostenutoUp => self.sostenuto_up(channel),
            Change::SoundOff => {
                let fade = self.fade_len;
                let own = |voice: &&mut Voice| usize::from(voice.channel) == channel;
                for voice in self.voices.iter_mut().filter(own) {
                    voice.fade.get_or_insert(fade);
                }
            }
            Change::NotesOff => {
                let is_pedal_down = self.channels[channel].is_pedal_down;
                for voice in self.held(channel) {
                    lift(voice, is_pedal_down);
                }
            }
            Change::Reset => {
                self.pedal_up(channel);
                self.sostenuto_up(channel);
                self.retune(channel);
                self.place_voices(channel);
            }
        }
    }

    fn pedal_up(&mut self, channel: usize) {
        for voice in self.held(channel).filter(|voice| voice.is_sustained) {
            voice.is_sustained = false;
            match &mut voice.sostenuto {
                Some(is_up) => *is_up = true,
                None => voice.release(),
            }
        }
    }

    fn sostenuto_up(&mut self, channel: usize) {
        let is_pedal_down = self.channels[channel].is_pedal_down;
        for voice in self.held(channel) {
            if voice.sostenuto.take() == Some(true) {
                lift(voice, is_pedal_down);
            }
        }
    }

    fn retune(&mut self, channel: usize) {
        let semitones = self.channels[channel].semitones();
        let own = |voice: &&mut Voice| !voice.is_over && usize::from(voice.channel) == channel;
        for voice in self.voices.iter_mut().filter(own) {
            voice.retune(hz(voice.key, semitones), semitones);
        }
    }

    fn place_voices(&mut self, channel: usize) {
        let (state, master) = (self.channels[channel], self.master);
        let own = |voice: &&mut Voice| !voice.is_over && usize::from(voice.channel) == channel;
        for voice in self.voices.iter_mut().filter(own) {
            voice.set_sides(sides(&state, voice.patch, master));
        }
    }

    /// The voices of a channel that keys or pedals hold.
    fn held(&mut self, channel: usize) -> impl Iterator<Item = &mut Voice> {
        self.voices.iter_mut().filter(move |voice| {
            usize::from(voice.channel) == channel && voice.is_playing() && voice.is_held
        })
    }

    fn playing(&self) -> usize {
        self.voices.iter().filter(|it| it.is_playing()).count()
    }

    /// Lets a voice fade for a note of some priority; whether one gave way.
    fn steal(&mut self, priority: u32) -> bool {
        let playing = self
            .voices
            .iter()
            .enumerate()
            .filter(|it| it.1.is_playing());
        let playing = playing.map(|(at, voice)| {
            let sounding = Sounding {
                priority: voice.priority,
                is_releasing: !voice.is_held,
                begun: voice.begun,
            };
            (at, sounding)
        });
        let Some(at) = priority::victim(playing, priority) else {
            return false;
        };
        self.voices[at].fade = Some(self.fade_len);
        true
    }

    /// A place for a new voice: a free one, else that of the fade which is nearest its end.
    fn place(&self) -> Option<usize> {
        let free = self.voices.iter().position(|voice| voice.is_over);
        free.or_else(|| {
            let fading = (0..PLACES).filter(|at| self.voices[*at].fade.is_some());
            fading.min_by_key(|at| self.voices[*at].fade)
        })
    }

    /// All as it was in the beginning; what sounds fades.
    fn reset(&mut self) {
        self.master = 1.0;
        self.channels.fill(Channel::default());
        for channel in 0..self.channels.len() {
            self.control(channel, controller::ALL_SOUND_OFF, 0);
        }
    }
}

/// A key goes up: what no pedal holds is released.
fn lift(voice: &mut Voice, is_pedal_down: bool) {
    if let Some(is_up) = &mut voice.sostenuto {
        *is_up = true;
    } else if is_pedal_down {
        voice.is_sustained = true;
    } else {
        voice.release();
    }
}

/// The pitch of a key that is bent.
fn hz(key: u8, semitones: f64) -> f64 {
    440.0 * ((f64::from(key) - 69.0 + semitones) / 12.0).exp2()
}

/// How loud a voice is left and right.
fn sides(channel: &Channel, patch: &Patch, master: f32) -> (f32, f32) {
    let amplitude = channel.amplitude() * master;
    let (left, right) = channel.sides(patch.place);
    (left * amplitude, right * amplitude)
}

impl Hearing for FmSynth {
    fn exclusive(&mut self) -> &mut Exclusive {
        &mut self.exclusive
    }

    fn groups(&self) -> usize {
        self.channels.len() / 16
    }

    /// System exclusive: General MIDI on and off, the resets of GS and XG, and the loudness of everything.
    fn system_exclusive(&mut self, bytes: &[u8]) {
        match *bytes {
            [0xF0, 0x7E, _, 9, 1..=3, 0xF7]
            | [0xF0, 0x41, _, 0x42, 0x12, 0x40, 0, 0x7F, 0, _, 0xF7]
            | [0xF0, 0x43, _, 0x4C, 0, 0, 0x7E, 0, 0xF7] => self.reset(),
            [0xF0, 0x7F, _, 4, 1, fine, coarse, 0xF7] => {
                let value = u16::from(coarse & 127) << 7 | u16::from(fine & 127);
                self.master = (f32::from(value) / 16_383.0).powi(2);
                for channel in 0..self.channels.len() {
                    self.place_voices(channel);
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
            Message::ProgramChange { channel, program } => {
                self.channels[at(channel)].program = Some(program);
            }
            Message::ChannelPressure { channel, pressure } => {
                self.channels[at(channel)].pressure = pressure;
            }
            Message::PitchBend { channel, bend } => {
                self.channels[at(channel)].bend = bend;
                self.retune(at(channel));
            }
            Message::System(System::Reset) => self.reset(),
            Message::PolyPressure { .. } | Message::System(_) => {}
        }
    }
}

impl SynthSink for FmSynth {
    fn degrade(&mut self, level: u8) {
        self.spared = FEWER[usize::from(level.min(LEAST))];
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        let count = out.channel_count();
        for channel in out.channels_mut() {
            channel[part.clone()].fill(0.0);
        }
        let mut channels = out.channels_mut();
        let Some(left) = channels.next() else { return };
        let left = &mut left[part.clone()];
        let right = match channels.next() {
            Some(right) => &mut right[part.clone()],
            None => {
                let len = left.len().min(self.aside.len());
                let aside = &mut self.aside[..len];
                aside.fill(0.0);
                aside
            }
        };
        let fade_len = self.fade_len as f32;
        for voice in self.voices.iter_mut().filter(|voice| !voice.is_over) {
            let channel = &self.channels[usize::from(voice.channel)];
            let wheel = f32::from(channel.modulation) / 127.0 + f32::from(channel.pressure) / 254.0;
            voice.add(&self.sine, left, right, wheel.min(1.0), fade_len);
        }
        if count == 1 {
            for (left, right) in left.iter_mut().zip(&*right) {
                *left = 0.5 * (*left + *right);
            }
            self.limiter.process(&mut [left]);
        } else {
            self.limiter.process(&mut [left, right]);
        }
    }

    fn silence(&mut self) {
        for voice in &mut self.voices {
            (voice.is_over, voice.fade) = (true, None);
        }
        self.channels.fill(Channel::default());
        (self.master, self.begun) = (1.0, 0);
        self.limiter.reset();
    }

    fn sounding(&self) -> usize {
        self.playing()
    }
}
