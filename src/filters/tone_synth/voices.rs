//! The voices of the Tone Synth, and what messages mean to them.
//!
//! Lives here: one waveform with an envelope a voice. Does not live here: what a channel was told (`portcls/channel.rs`),
//! which voice gives way (`portcls/priority.rs`). A voice that gives way goes on fading for a few milliseconds beside the
//! new one, and whatever moves counts samples, so nothing ever jumps and cycles are not heard.

use std::ops::Range;

use super::{ATTACK, BEND, DECAY, GROUPS, LEVEL, RELEASE, SUSTAIN, VELOCITY, VOICES, WAVEFORM};
use crate::dsp::envelope::{Envelope, Stages};
use crate::dsp::gain::amplitude_from_db;
use crate::dsp::{Oscillator, Ramp, Shape};
use crate::ks::quality::LEAST;
use crate::ks::{Opening, ValueSlot, Values, Wave};
use crate::midi::message::{Message, System};
use crate::portcls::channel::{Change, Channel, MOST_GROUPS};
use crate::portcls::dmus::SynthSink;
use crate::portcls::exclusive::{Exclusive, Hearing};
use crate::portcls::priority::{PriorityTable, Sounding, victim};

/// How many notes it plays at once.
pub(super) const MOST_VOICES: usize = 16;
/// As many where less is asked of it, by level.
const FEWER_VOICES: [usize; 4] = [MOST_VOICES, 12, 8, 4];
/// Voices and as many that fade after having been stolen.
const PLACES: usize = 2 * MOST_VOICES;
/// The amplitude of one voice at full velocity, on a channel that nobody touched: sixteen of them, not in step, stay below
/// full scale.
const VOICE_AMPLITUDE: f32 = 0.2;
/// As loud with the soft pedal.
const SOFT: f32 = 0.7;
const LEVEL_GLIDE_SECONDS: f64 = 0.02;
/// In which volume, expression and pan reach the value they were given.
const GLIDE_SECONDS: f64 = 0.01;
const FADE_SECONDS: f64 = 0.005;

struct Slots {
    waveform: ValueSlot,
    level: ValueSlot,
    attack: ValueSlot,
    decay: ValueSlot,
    sustain: ValueSlot,
    release: ValueSlot,
    voices: ValueSlot,
    bend: ValueSlot,
    velocity: ValueSlot,
}

/// What the properties say now.
#[derive(Clone, Copy)]
struct Sound {
    shape: Shape,
    stages: Stages,
    curve: usize,
}

struct Voice {
    oscillator: Oscillator,
    envelope: Envelope,
    /// Place of its channel among those of all groups.
    channel: usize,
    key: u8,
    gain: f32,
    /// Left and right.
    sides: [Ramp; 2],
    /// The order in which voices began.
    begun: u64,
    priority: u32,
    /// The key is up and the pedal holds the note.
    is_sustained: bool,
    /// The sostenuto pedal holds it, and whether its key is up.
    sostenuto: Option<bool>,
    /// Samples left of the fade of a stolen voice.
    fade: Option<u32>,
}

impl Voice {
    fn new(rate_hz: f64) -> Self {
        let side = || Ramp::new(0.0, (GLIDE_SECONDS * rate_hz) as u32 + 1);
        Self {
            oscillator: Oscillator::new(Shape::Sine, rate_hz),
            envelope: Envelope::over(),
            channel: 0,
            key: 0,
            gain: 0.0,
            sides: [side(), side()],
            begun: 0,
            priority: 0,
            is_sustained: false,
            sostenuto: None,
            fade: None,
        }
    }

    fn is_over(&self) -> bool {
        self.envelope.is_over()
    }

    /// It sounds and is not stolen.
    fn is_playing(&self) -> bool {
        !self.is_over() && self.fade.is_none()
    }

    /// The key goes up: what no pedal holds is released.
    fn lift(&mut self, is_pedal_down: bool, release: u32) {
        if let Some(is_up) = &mut self.sostenuto {
            *is_up = true;
        } else if is_pedal_down {
            self.is_sustained = true;
        } else {
            self.envelope.release(release);
        }
    }

    /// Adds what it sounds like.
    fn add(&mut self, left: &mut [f32], right: &mut [f32], fade_len: f32) {
        for (left, right) in left.iter_mut().zip(right) {
            let mut amplitude = self.gain * self.envelope.step();
            if let Some(samples) = &mut self.fade {
                *samples = samples.saturating_sub(1);
                amplitude *= *samples as f32 / fade_len;
                if *samples == 0 {
                    self.envelope = Envelope::over();
                    self.fade = None;
                }
            }
            if self.envelope.is_over() {
                break;
            }
            let sample = amplitude * self.oscillator.step();
            *left += sample * self.sides[0].step();
            *right += sample * self.sides[1].step();
        }
    }
}

/// The software synthesizer behind the DMus port.
pub(super) struct Synth {
    rate_hz: f64,
    slots: Slots,
    sound: Sound,
    voice_limit: usize,
    /// The most that overload leaves.
    spared: usize,
    level: Ramp,
    /// Nothing was heard yet: values are taken as they are.
    is_fresh: bool,
    fade_len: u32,
    channels: Vec<Channel>,
    /// How far a bender goes where no message said so, in cents.
    bend_range: u16,
    /// The loudness of everything, by system exclusive.
    master: f32,
    priorities: PriorityTable,
    voices: Vec<Voice>,
    begun: u64,
    exclusive: Exclusive,
    /// Notes that found no voice.
    lost: u64,
    /// A run of samples for each side.
    sides: [Vec<f32>; 2],
}

impl Synth {
    pub(super) fn new(opening: &Opening<'_>, rate_hz: u32, priorities: PriorityTable) -> Self {
        let rate = f64::from(rate_hz);
        let level_db = opening.settings.number(&LEVEL) as f32;
        let groups = opening.settings.number(&GROUPS) as usize;
        let side = || vec![0.0; opening.max_len_at(rate_hz) + 1];
        Self {
            rate_hz: rate,
            slots: Slots {
                waveform: opening.slot(&WAVEFORM),
                level: opening.slot(&LEVEL),
                attack: opening.slot(&ATTACK),
                decay: opening.slot(&DECAY),
                sustain: opening.slot(&SUSTAIN),
                release: opening.slot(&RELEASE),
                voices: opening.slot(&VOICES),
                bend: opening.slot(&BEND),
                velocity: opening.slot(&VELOCITY),
            },
            sound: Sound {
                shape: Shape::Sine,
                stages: Stages {
                    attack: 0,
                    decay: 0,
                    sustain: 0.0,
                    release: 0,
                },
                curve: 0,
            },
            voice_limit: MOST_VOICES,
            spared: MOST_VOICES,
            level: Ramp::new(
                amplitude_from_db(level_db),
                (LEVEL_GLIDE_SECONDS * rate) as u32,
            ),
            is_fresh: true,
            fade_len: (FADE_SECONDS * rate) as u32 + 1,
            channels: vec![Channel::default(); groups.clamp(1, MOST_GROUPS) * 16],
            bend_range: Channel::default().bend_range,
            master: 1.0,
            priorities,
            voices: (0..PLACES).map(|_| Voice::new(rate)).collect(),
            begun: 0,
            exclusive: Exclusive::default(),
            lost: 0,
            sides: [side(), side()],
        }
    }

    fn note_on(&mut self, channel: usize, key: u8, velocity: u8) {
        let priority = self.priorities.of(channel);
        while self.playing() >= self.voice_limit {
            if !self.steal(priority) {
                self.lost += 1;
                return;
            }
        }
        let Some(place) = self.place() else { return };
        let amplitude = f32::from(velocity) / 127.0;
        let curved = match self.sound.curve {
            0 => amplitude,
            1 => amplitude.sqrt(),
            2 => amplitude * amplitude,
            _ => 1.0,
        };
        self.begun += 1;
        let (hz, sides) = (self.hz(channel, key), self.sides_of(channel));
        let soft = if self.channels[channel].is_soft {
            SOFT
        } else {
            1.0
        };
        let voice = &mut self.voices[place];
        voice.oscillator.set_shape(self.sound.shape);
        voice.oscillator.set_phase(0.0);
        voice.oscillator.set_frequency(hz);
        voice.envelope.begin(self.sound.stages);
        (voice.channel, voice.key, voice.begun) = (channel, key, self.begun);
        (voice.priority, voice.gain) = (priority, curved * VOICE_AMPLITUDE * soft);
        for (ramp, side) in voice.sides.iter_mut().zip(sides) {
            ramp.jump(side);
        }
        (voice.is_sustained, voice.sostenuto, voice.fade) = (false, None, None);
    }

    fn note_off(&mut self, channel: usize, key: u8) {
        let (is_pedal_down, release) = self.lifting(channel);
        for voice in self.held(channel).filter(|voice| voice.key == key) {
            voice.lift(is_pedal_down, release);
        }
    }

    /// Whether the sustain pedal of a channel is down, and in how many samples a key that goes up is silent.
    fn lifting(&self, channel: usize) -> (bool, u32) {
        let is_pedal_down = self.channels[channel].is_pedal_down;
        (is_pedal_down, self.sound.stages.release)
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
            Change::SoundOff => self.sound_off(channel),
            Change::NotesOff => {
                let (is_pedal_down, release) = self.lifting(channel);
                for voice in self.held(channel) {
                    voice.lift(is_pedal_down, release);
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
        let (_, release) = self.lifting(channel);
        for voice in self.held(channel).filter(|voice| voice.is_sustained) {
            voice.is_sustained = false;
            voice.lift(false, release);
        }
    }

    fn sostenuto_up(&mut self, channel: usize) {
        let (is_pedal_down, release) = self.lifting(channel);
        for voice in self.held(channel) {
            if voice.sostenuto.take() == Some(true) {
                voice.lift(is_pedal_down, release);
            }
        }
    }

    fn sound_off(&mut self, channel: usize) {
        let fade = self.fade_len;
        for voice in self.voices.iter_mut().filter(|it| it.channel == channel) {
            voice.fade.get_or_insert(fade);
        }
    }

    fn retune(&mut self, channel: usize) {
        for place in 0..PLACES {
            if self.voices[place].channel == channel && !self.voices[place].is_over() {
                let hz = self.hz(channel, self.voices[place].key);
                self.voices[place].oscillator.set_frequency(hz);
            }
        }
    }

    fn hz(&self, channel: usize, key: u8) -> f64 {
        let semitones = self.channels[channel].semitones();
        440.0 * ((f64::from(key) - 69.0 + semitones) / 12.0).exp2()
    }

    fn place_voices(&mut self, channel: usize) {
        let sides = self.sides_of(channel);
        let own = |voice: &&mut Voice| !voice.is_over() && voice.channel == channel;
        for voice in self.voices.iter_mut().filter(own) {
            for (ramp, side) in voice.sides.iter_mut().zip(sides) {
                ramp.set(side);
            }
        }
    }

    /// Amplitudes left and right on a channel; both 1 where nobody touched it.
    fn sides_of(&self, channel: usize) -> [f32; 2] {
        let (channel, untouched) = (&self.channels[channel], Channel::default());
        let amplitude = channel.amplitude() / untouched.amplitude() * self.master;
        let (left, right) = match channel.pan == untouched.pan {
            true => (1.0, 1.0),
            false => channel.sides(0.0),
        };
        [left * amplitude, right * amplitude]
    }

    /// The voices of a channel whose keys or pedals hold them.
    fn held(&mut self, channel: usize) -> impl Iterator<Item = &mut Voice> {
        let is_held = |voice: &Voice| voice.is_playing() && !voice.envelope.is_releasing();
        let voices = self.voices.iter_mut();
        voices.filter(move |voice| voice.channel == channel && is_held(voice))
    }

    /// Voices that sound and are not stolen.
    fn playing(&self) -> usize {
        self.voices.iter().filter(|it| it.is_playing()).count()
    }

    /// Lets a voice fade for a note of some priority (SYN-10); whether one gave way.
    fn steal(&mut self, priority: u32) -> bool {
        let voices = self.voices.iter().enumerate();
        let playing = voices.filter(|(_, voice)| voice.is_playing());
        let playing = playing.map(|(at, voice)| {
            let sounding = Sounding {
                priority: voice.priority,
                is_releasing: voice.envelope.is_releasing(),
                begun: voice.begun,
            };
            (at, sounding)
        });
        let Some(at) = victim(playing, priority) else {
            return false;
        };
        self.voices[at].fade = Some(self.fade_len);
        true
    }

    /// A place for a new voice: a free one, else that of the fade which is nearest its end.
    fn place(&self) -> Option<usize> {
        let free = self.voices.iter().position(Voice::is_over);
        free.or_else(|| {
            let fading = (0..PLACES).filter(|place| self.voices[*place].fade.is_some());
            fading.min_by_key(|place| self.voices[*place].fade)
        })
    }

    /// A channel that nobody touched.
    fn untouched(&self) -> Channel {
        let mut channel = Channel::default();
        channel.bend_range = self.bend_range;
        channel
    }

    /// All as it was in the beginning; what sounds fades.
    fn reset(&mut self) {
        self.master = 1.0;
        let untouched = self.untouched();
        self.channels.fill(untouched);
        for channel in 0..self.channels.len() {
            self.sound_off(channel);
        }
    }

    /// Another range of benders: all channels have it, also those that a song gave one.
    fn set_bend_range(&mut self, cents: u16) {
        if std::mem::replace(&mut self.bend_range, cents) == cents {
            return;
        }
        for channel in 0..self.channels.len() {
            self.channels[channel].bend_range = cents;
            self.retune(channel);
        }
    }
}

impl Hearing for Synth {
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
            Message::PitchBend { channel, bend } => {
                self.channels[at(channel)].bend = bend;
                self.retune(at(channel));
            }
            Message::System(System::Reset) => self.reset(),
            _ => {}
        }
    }
}

impl SynthSink for Synth {
    fn degrade(&mut self, level: u8) {
        // The next cycle lets those fade that are too many.
        self.spared = FEWER_VOICES[usize::from(level.min(LEAST))];
    }

    fn prepare(&mut self, values: Values<'_>) {
        let samples = |slot: ValueSlot| (slot.get(values) * self.rate_hz / 1000.0).round() as u32;
        let amplitude = |slot: ValueSlot| amplitude_from_db(slot.get(values) as f32);
        let slots = &self.slots;
        self.sound = Sound {
            shape: [Shape::Sine, Shape::Triangle, Shape::Saw, Shape::Pulse]
                [slots.waveform.index(values).min(3)],
            stages: Stages {
                attack: samples(slots.attack),
                decay: samples(slots.decay),
                sustain: amplitude(slots.sustain),
                release: samples(slots.release),
            },
            curve: slots.velocity.index(values),
        };
        let level = amplitude(slots.level);
        let bend_range = (slots.bend.get(values) * 100.0) as u16;
        let voices = slots.voices.index(values).clamp(1, MOST_VOICES);
        self.set_bend_range(bend_range);
        self.voice_limit = voices.min(self.spared);
        if std::mem::take(&mut self.is_fresh) {
            self.level.jump(level);
        }
        self.level.set(level);
        while self.playing() > self.voice_limit && self.steal(u32::MAX) {}
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        let [left, right] = &mut self.sides;
        let len = part.len().min(left.len());
        let (left, right) = (&mut left[..len], &mut right[..len]);
        left.fill(0.0);
        right.fill(0.0);
        let fade_len = self.fade_len as f32;
        for voice in self.voices.iter_mut().filter(|voice| !voice.is_over()) {
            voice.add(left, right, fade_len);
        }
        for (left, right) in left.iter_mut().zip(&mut *right) {
            let level = self.level.step();
            *left *= level;
            *right *= level;
        }
        if out.channel_count() == 1 {
            for (left, right) in left.iter_mut().zip(&*right) {
                *left = 0.5 * (*left + *right);
            }
        }
        for (index, channel) in out.channels_mut().enumerate() {
            let side = if index % 2 == 0 { &*left } else { &*right };
            channel[part.clone()][..len].copy_from_slice(side);
        }
    }

    fn silence(&mut self) {
        for voice in &mut self.voices {
            voice.envelope = Envelope::over();
            voice.fade = None;
        }
        let untouched = self.untouched();
        self.channels.fill(untouched);
        self.master = 1.0;
        self.is_fresh = true;
    }

    fn sounding(&self) -> usize {
        self.playing()
    }

    fn lost(&self) -> u64 {
        self.lost
    }
}
