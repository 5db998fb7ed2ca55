//! Tone Synth: plays notes with band-limited waveforms. Sixteen voices with an envelope each.
//!
//! notes (events, up to 8 wires) -> out (float). Lives here: voices, channels, and what MIDI means to them. Timing, the
//! order of events and wires that vanish are the DMus port's (`portcls/dmus.rs`). A voice that is stolen goes on fading
//! for a few milliseconds beside the new one, so nothing ever jumps.

use std::ops::Range;

use crate::dsp::envelope::{Envelope, Stages};
use crate::dsp::gain::amplitude_from_db;
use crate::dsp::{Oscillator, Ramp, Shape};
use crate::ks::ids::{Guid, category, node};
use crate::ks::quality::LEAST;
use crate::ks::{
    DataRange, Descriptor, Filter, KernelEvent, Node, OpenError, Opened, Opening, PinFactory,
    Property, PropertyItem, Strategy, SynthCaps, TopologyConnection, Unit, ValueSlot, Values, Wave,
    synth_flag,
};
use crate::midi::message::{Message, System, controller};
use crate::portcls::dmus::{DmusPort, Mxf, SynthSink};
use crate::portcls::synth_properties;

const WAVEFORM: Property = Property::choice(
    "waveform",
    "Waveform",
    &["sine", "triangle", "saw", "pulse"],
    "triangle",
)
.inline()
.group("Sound");
const LEVEL: Property = Property::db("level", "Level", -60.0, 6.0, -6.0).group("Sound");
const ATTACK: Property = Property::number("attack", "Attack", 0.0, 5_000.0, 5.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Sound");
const DECAY: Property = Property::number("decay", "Decay", 0.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .group("Sound");
const SUSTAIN: Property = Property::db("sustain", "Sustain", -60.0, 0.0, -6.0).group("Sound");
const RELEASE: Property = Property::number("release", "Release", 0.0, 10_000.0, 200.0)
    .unit(Unit::Millisecond)
    .inline()
    .group("Sound");
const VOICES: Property =
    Property::count("voices", "Voices", 1, MOST_VOICES as u32, 16).group("Playing");
const BEND: Property = Property::count("bend_range", "Bend range", 0, 24, 2)
    .unit(Unit::Semitone)
    .group("Playing");
const VELOCITY: Property = Property::choice(
    "velocity",
    "Velocity curve",
    &["linear", "square root", "square", "constant"],
    "linear",
)
.group("Playing");
const PROPERTIES: &[Property] = &[
    WAVEFORM, LEVEL, ATTACK, DECAY, SUSTAIN, RELEASE, VOICES, BEND, VELOCITY,
];
const OUTPUT: &str = "out";
const NOTES: &str = "notes";
const PINS: &[PinFactory] = &[
    PinFactory::input(NOTES, DataRange::EVENTS).instances(1, 8),
    PinFactory::output(OUTPUT, DataRange::FLOAT),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::SEQUENCER, "Sequencer", &[]),
    Node::new(
        node::SWSYNTH,
        "Voices",
        &[
            "waveform",
            "attack",
            "decay",
            "sustain",
            "release",
            "voices",
            "bend_range",
            "velocity",
        ],
    ),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::pass(1, 2),
    TopologyConnection::leave(2, 1),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("tone_synth", "Tone Synth", CATEGORIES, PINS, PROPERTIES)
        .nodes(NODES, INSIDE)
        .degrades(
            Strategy::Computation,
            [
                "plays 12 voices at most",
                "plays 8 voices at most",
                "plays 4 voices at most",
            ],
        )
        .help("Plays notes: sixteen voices of one waveform with an envelope.");

const MOST_VOICES: usize = 16;
/// As many where less is asked of it, by level.
const FEWER_VOICES: [usize; 4] = [MOST_VOICES, 12, 8, 4];
/// Voices and as many that fade after having been stolen.
const PLACES: usize = 2 * MOST_VOICES;
/// The amplitude of one voice at full velocity: sixteen of them, not in step, stay below full scale.
const VOICE_AMPLITUDE: f32 = 0.2;
const LEVEL_GLIDE_SECONDS: f64 = 0.02;
const FADE_SECONDS: f64 = 0.005;

/// What the catalogue offers and the graph negotiates with.
pub struct ToneSynth;

impl Filter for ToneSynth {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio(OUTPUT).rate_hz;
        let synth = Synth::new(opening, f64::from(rate_hz));
        let port = DmusPort::new(synth, opening.connected(NOTES), rate_hz);
        let (telemetry, score, cells) = (port.telemetry(), port.score(), port.cells());
        let opened = Opened::processor(port).telemetry(telemetry).score(score);
        Ok(opened.synth(cells))
    }

    fn property_items(&self) -> &'static [PropertyItem] {
        ITEMS
    }
}

impl synth_properties::Synth for ToneSynth {
    const CAPS: SynthCaps = SynthCaps {
        id: node::SWSYNTH,
        flags: synth_flag::SOFTWARESYNTH,
        memory: 0,
        channel_groups: 1,
        voices: MOST_VOICES as u32,
        audio_channels: 2,
        effects: 0,
        title: "Tone Synth",
    };
    const PIN: usize = 0;
    const NODE: u32 = 1;
    const VOICES: Property = VOICES;
    const VOLUME: Property = LEVEL;
    const GROUPS: Option<Property> = None;
    const PRIORITIES: Option<Property> = None;
}

const ITEMS: &[PropertyItem] = &synth_properties::items::<ToneSynth>();

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
    bend_semitones: f64,
    curve: usize,
}

#[derive(Clone, Copy, Default)]
struct Channel {
    /// -1 to 1.
    bend: f64,
    is_pedal_down: bool,
}

struct Voice {
    oscillator: Oscillator,
    envelope: Envelope,
    channel: u8,
    key: u8,
    gain: f32,
    /// The order in which voices began.
    begun: u64,
    /// The key is up and the pedal holds the note.
    is_sustained: bool,
    /// Samples left of the fade of a stolen voice.
    fade: Option<u32>,
}

struct Synth {
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
    channels: [Channel; 16],
    voices: Vec<Voice>,
    begun: u64,
}

impl Synth {
    fn new(opening: &Opening<'_>, rate_hz: f64) -> Self {
        let voice = || Voice {
            oscillator: Oscillator::new(Shape::Sine, rate_hz),
            envelope: Envelope::over(),
            channel: 0,
            key: 0,
            gain: 0.0,
            begun: 0,
            is_sustained: false,
            fade: None,
        };
        let level_db = opening.settings.number(&LEVEL) as f32;
        Self {
            rate_hz,
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
                bend_semitones: 0.0,
                curve: 0,
            },
            voice_limit: MOST_VOICES,
            spared: MOST_VOICES,
            level: Ramp::new(
                amplitude_from_db(level_db),
                (LEVEL_GLIDE_SECONDS * rate_hz) as u32,
            ),
            is_fresh: true,
            fade_len: (FADE_SECONDS * rate_hz) as u32 + 1,
            channels: [Channel::default(); 16],
            voices: (0..PLACES).map(|_| voice()).collect(),
            begun: 0,
        }
    }

    fn note_on(&mut self, channel: u8, key: u8, velocity: u8) {
        while self.playing() >= self.voice_limit && self.steal() {}
        let Some(place) = self.place() else { return };
        let amplitude = f32::from(velocity) / 127.0;
        let curved = match self.sound.curve {
            0 => amplitude,
            1 => amplitude.sqrt(),
            2 => amplitude * amplitude,
            _ => 1.0,
        };
        self.begun += 1;
        let hz = self.hz(channel, key);
        let voice = &mut self.voices[place];
        voice.oscillator.set_shape(self.sound.shape);
        voice.oscillator.set_phase(0.0);
        voice.oscillator.set_frequency(hz);
        voice.envelope.begin(self.sound.stages);
        (voice.channel, voice.key, voice.begun) = (channel, key, self.begun);
        voice.gain = curved * VOICE_AMPLITUDE;
        (voice.is_sustained, voice.fade) = (false, None);
    }

    fn note_off(&mut self, channel: u8, key: u8) {
        let is_pedal_down = self.channels[usize::from(channel)].is_pedal_down;
        let release = self.sound.stages.release;
        for voice in self.held(channel).filter(|voice| voice.key == key) {
            if is_pedal_down {
                voice.is_sustained = true;
            } else {
                voice.envelope.release(release);
            }
        }
    }

    fn control(&mut self, channel: u8, number: u8, value: u8) {
        let release = self.sound.stages.release;
        let state = &mut self.channels[usize::from(channel)];
        match number {
            controller::SUSTAIN => {
                state.is_pedal_down = value >= 64;
                if value < 64 {
                    self.raise_pedal(channel, release);
                }
            }
            controller::ALL_SOUND_OFF => {
                let fade = self.fade_len;
                for voice in self.voices.iter_mut().filter(|v| v.channel == channel) {
                    voice.fade.get_or_insert(fade);
                }
            }
            controller::RESET_CONTROLLERS => {
                *state = Channel::default();
                self.raise_pedal(channel, release);
                self.retune(channel);
            }
            controller::ALL_NOTES_OFF.. => {
                let is_pedal_down = state.is_pedal_down;
                for voice in self.held(channel) {
                    if is_pedal_down {
                        voice.is_sustained = true;
                    } else {
                        voice.envelope.release(release);
                    }
                }
            }
            _ => {}
        }
    }

    fn raise_pedal(&mut self, channel: u8, release: u32) {
        for voice in self.held(channel).filter(|voice| voice.is_sustained) {
            voice.envelope.release(release);
        }
    }

    fn retune(&mut self, channel: u8) {
        for place in 0..PLACES {
            if self.voices[place].channel == channel && !self.voices[place].envelope.is_over() {
                let hz = self.hz(channel, self.voices[place].key);
                self.voices[place].oscillator.set_frequency(hz);
            }
        }
    }

    fn hz(&self, channel: u8, key: u8) -> f64 {
        let bend = self.channels[usize::from(channel)].bend * self.sound.bend_semitones;
        440.0 * ((f64::from(key) - 69.0 + bend) / 12.0).exp2()
    }

    /// The voices of a channel whose keys or pedal hold them.
    fn held(&mut self, channel: u8) -> impl Iterator<Item = &mut Voice> {
        self.voices.iter_mut().filter(move |voice| {
            voice.channel == channel
                && !voice.envelope.is_over()
                && !voice.envelope.is_releasing()
                && voice.fade.is_none()
        })
    }

    /// Voices that sound and are not stolen.
    fn playing(&self) -> usize {
        let playing = |voice: &&Voice| !voice.envelope.is_over() && voice.fade.is_none();
        self.voices.iter().filter(playing).count()
    }

    /// Lets one voice fade: of those in release the oldest, else the oldest of all (SYN-10).
    fn steal(&mut self) -> bool {
        let fade = self.fade_len;
        let victim = self
            .voices
            .iter_mut()
            .filter(|voice| !voice.envelope.is_over() && voice.fade.is_none())
            .min_by_key(|voice| (!voice.envelope.is_releasing(), voice.begun));
        let Some(victim) = victim else { return false };
        victim.fade = Some(fade);
        true
    }

    /// A place for a new voice: a free one, else that of the fade which is nearest its end.
    fn place(&self) -> Option<usize> {
        let free = self
            .voices
            .iter()
            .position(|voice| voice.envelope.is_over());
        free.or_else(|| {
            let fading = (0..PLACES).filter(|place| self.voices[*place].fade.is_some());
            fading.min_by_key(|place| self.voices[*place].fade)
        })
    }
}

impl Mxf for Synth {
    fn put(&mut self, event: &KernelEvent, _: usize) {
        match Message::parse(event.bytes()) {
            Some(Message::NoteOn {
                channel,
                key,
                velocity,
            }) => self.note_on(channel, key, velocity),
            Some(Message::NoteOff { channel, key, .. }) => self.note_off(channel, key),
            Some(Message::ControlChange {
                channel,
                controller,
                value,
            }) => self.control(channel, controller, value),
            Some(Message::PitchBend { channel, bend }) => {
                self.channels[usize::from(channel)].bend = f64::from(bend) / 8192.0;
                self.retune(channel);
            }
            Some(Message::System(System::Reset)) => {
                for channel in 0..16 {
                    self.control(channel, controller::RESET_CONTROLLERS, 0);
                    self.control(channel, controller::ALL_SOUND_OFF, 0);
                }
            }
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
            bend_semitones: slots.bend.get(values),
            curve: slots.velocity.index(values),
        };
        let level = amplitude(slots.level);
        let voices = slots.voices.index(values).clamp(1, MOST_VOICES);
        self.voice_limit = voices.min(self.spared);
        if std::mem::take(&mut self.is_fresh) {
            self.level.jump(level);
        }
        self.level.set(level);
        while self.playing() > self.voice_limit && self.steal() {}
    }

    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        let mix = &mut out.channel_mut(0)[part.clone()];
        mix.fill(0.0);
        let fade_len = self.fade_len as f32;
        for voice in &mut self.voices {
            if voice.envelope.is_over() {
                continue;
            }
            for sample in mix.iter_mut() {
                let mut amplitude = voice.gain * voice.envelope.step();
                if let Some(left) = &mut voice.fade {
                    *left = left.saturating_sub(1);
                    amplitude *= *left as f32 / fade_len;
                    if *left == 0 {
                        voice.envelope = Envelope::over();
                        voice.fade = None;
                    }
                }
                if voice.envelope.is_over() {
                    break;
                }
                *sample += amplitude * voice.oscillator.step();
            }
        }
        for sample in mix.iter_mut() {
            *sample *= self.level.step();
        }
        let mut channels = out.channels_mut();
        if let Some(first) = channels.next() {
            for channel in channels {
                channel[part.clone()].copy_from_slice(&first[part.clone()]);
            }
        }
    }

    fn silence(&mut self) {
        for voice in &mut self.voices {
            voice.envelope = Envelope::over();
            voice.fade = None;
        }
        self.channels = [Channel::default(); 16];
        self.is_fresh = true;
    }

    fn sounding(&self) -> usize {
        self.playing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::{peak, tone};
    use crate::ks::rig::Rig;
    use crate::ks::{Processor, State, time_from_sample};

    const RATE: f64 = 48_000.0;

    fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
        KernelEvent::new(time_from_sample(sample, 48_000), bytes).unwrap()
    }

    /// What `events` sound like on the left, cut at `cuts`.
    fn play(values: &[(&str, f64)], events: &[KernelEvent], cuts: &[usize]) -> Vec<f32> {
        let mut rig = Rig::open(&ToneSynth, values);
        let mut heard = vec![];
        for (index, &len) in cuts.iter().enumerate() {
            let now = if index == 0 { events } else { &[] };
            let cycle = rig.cycle(len, &[], now);
            assert_eq!(cycle.channels[0], cycle.channels[1]);
            heard.extend_from_slice(&cycle.channels[0]);
        }
        heard
    }

    fn largest_step(samples: &[f32]) -> f32 {
        let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        steps.fold(0.0, f32::max)
    }

    #[test]
    fn under_load_it_lets_the_oldest_voices_fade_and_has_them_all_again_later() {
        let mut rig = Rig::open(&ToneSynth, &[("release", 10_000.0)]);
        let notes = |from: u64| -> Vec<KernelEvent> {
            let note = |key: u8| event(from, &[0x90, 40 + key, 100]);
            (0..16).map(note).collect()
        };
        let voices = |rig: &Rig| {
            rig.telemetry()
                .unwrap()
                .get(crate::portcls::dmus::telemetry::VOICES)
        };
        let mut all = rig.cycle(480, &[], &notes(0)).channels.remove(0);
        assert_eq!(voices(&rig), 16.0);
        for (level, wanted) in [(1, 12.0), (2, 8.0), (3, 4.0), (9, 4.0), (0, 4.0)] {
            rig.processor().degrade(level);
            all.extend(rig.run(960).channels.remove(0));
            assert_eq!(voices(&rig), wanted, "level {level}");
        }
        let own = largest_step(&all[..480]);
        assert!(largest_step(&all) < own * 1.5, "no click");
        rig.cycle(480, &[], &notes(5_280));
        assert_eq!(voices(&rig), 16.0);
    }

    const EVEN: &[(&str, f64)] = &[("attack", 0.0), ("sustain", 0.0), ("level", 0.0)];

    #[test]
    fn a_note_has_the_pitch_of_its_key_and_bends_by_the_range() {
        let events = [event(0, &[0x90, 69, 127]), event(48_000, &[0xE0, 127, 127])];
        let heard = play(EVEN, &events, &[4096; 24]);
        // Triangle: the first harmonic is 8/pi^2 of the peak.
        let wanted = 0.2 * 8.0 / std::f64::consts::PI.powi(2);
        let first = tone(&heard[..48_000], 440.0, RATE);
        assert!((first.amplitude - wanted).abs() < 0.002, "{first:?}");
        let bent = 440.0 * (2.0 * 8191.0 / 8192.0 / 12.0_f64).exp2();
        let second = tone(&heard[48_000..96_000], bent, RATE);
        assert!((second.amplitude - wanted).abs() < 0.004, "{second:?}");
    }

    #[test]
    fn a_note_begins_and_ends_on_its_sample() {
        let mut rig = Rig::open(&ToneSynth, &[("attack", 0.0), ("release", 10.0)]);
        rig.set(0, 3.0);
        let events = [event(777, &[0x90, 69, 127]), event(1_500, &[0x80, 69, 0])];
        let heard = &rig.cycle(4096, &[], &events).channels[0];
        let first = heard.iter().position(|sample| *sample != 0.0);
        assert_eq!(first, Some(777), "a pulse begins high");
        let last = heard.iter().rposition(|sample| *sample != 0.0).unwrap();
        assert!(
            (1_970..1_980).contains(&last),
            "10 ms of release end at {last}"
        );
    }

    #[test]
    fn decay_falls_to_the_sustain_level_in_its_time() {
        let values = [
            ("attack", 0.0),
            ("decay", 50.0),
            ("sustain", -20.0),
            ("level", 0.0),
        ];
        let heard = play(&values, &[event(0, &[0x90, 81, 127])], &[4096; 2]);
        assert!(peak(&heard[..60]) > 0.17);
        let late = peak(&heard[2_400..]);
        assert!((late - 0.02).abs() < 0.0005, "{late}");
        assert!(peak(&heard[2_200..2_300]) > late);
    }

    #[test]
    fn the_same_samples_come_out_however_the_stream_is_cut() {
        let events: Vec<KernelEvent> = (0..200_u64)
            .map(|n| {
                let key = 40 + (n * 7 % 40) as u8;
                let status = if n % 3 == 2 { 0x80 } else { 0x90 };
                event(n * 37, &[status, key, 100])
            })
            .collect();
        let whole = play(&[], &events, &[4096, 4096]);
        assert!(peak(&whole) > 0.1);
        assert_eq!(
            whole,
            play(&[], &events, &[1, 63, 1000, 7, 3025, 2048, 2048])
        );
    }

    #[test]
    fn the_pedal_holds_notes_until_it_goes_up() {
        let held = [
            event(0, &[0x90, 69, 127]),
            event(10, &[0xB0, 64, 127]),
            event(4_000, &[0x80, 69, 0]),
            event(12_000, &[0xB0, 64, 0]),
        ];
        let heard = play(&[("release", 5.0)], &held, &[4096; 4]);
        assert!(peak(&heard[11_000..12_000]) > 0.01);
        assert_eq!(peak(&heard[12_300..]), 0.0);
        let without = play(&[("release", 5.0)], &[held[0], held[2]], &[4096; 4]);
        assert_eq!(peak(&without[4_300..]), 0.0);
    }

    #[test]
    fn panic_messages_silence_their_channel() {
        for (message, within) in [([0xB0, 123, 0], 300), ([0xB0, 120, 0], 300)] {
            let events = [
                event(0, &[0x90, 60, 127]),
                event(0, &[0x90, 67, 127]),
                event(2_000, &message),
            ];
            let heard = play(&[("release", 5.0)], &events, &[4096]);
            assert!(peak(&heard[1_900..2_000]) > 0.01);
            assert_eq!(peak(&heard[2_000 + within..]), 0.0);
        }
    }

    #[test]
    fn a_stolen_voice_leaves_without_a_jump() {
        let mut events: Vec<KernelEvent> = (0..2).map(|n| event(0, &[0x90, 40 + n, 127])).collect();
        events.extend((0..8).map(|n| event(3_000 + n * 100, &[0x90, 44 + n as u8, 127])));
        let values = [("voices", 2.0), ("attack", 20.0), ("level", 0.0)];
        let mut rig = Rig::open(&ToneSynth, &values);
        rig.set(0, 0.0);
        let mut heard = rig.cycle(4096, &[], &events).channels[0].clone();
        heard.extend_from_slice(&rig.run(4096).channels[0]);
        // Two sines of 0.2 at 130 Hz and less move by 0.0068 a sample; the fades add their own slope.
        let step = largest_step(&heard);
        assert!(step < 0.012, "{step}");
        assert!(peak(&heard[6_000..]) > 0.1);
    }

    #[test]
    fn sixteen_voices_at_full_velocity_hardly_exceed_full_scale() {
        let events: Vec<KernelEvent> = (0..20)
            .map(|n| event(0, &[0x90, 36 + 3 * n, 127]))
            .collect();
        let mut rig = Rig::open(&ToneSynth, &[("sustain", 0.0)]);
        let mut loudest = 0.0_f32;
        for waveform in 0..4 {
            rig.set(0, f64::from(waveform));
            loudest = loudest.max(peak(&rig.cycle(4096, &[], &events).channels[0]));
        }
        assert!(loudest > 0.3 && loudest < 1.6, "{loudest}");
    }

    #[test]
    fn velocity_follows_the_chosen_curve() {
        let loudness = |curve: f64| {
            let mut rig = Rig::open(&ToneSynth, &[("sustain", 0.0), ("level", 0.0)]);
            rig.set(8, curve);
            peak(&rig.cycle(4096, &[], &[event(0, &[0x90, 69, 32])]).channels[0])
        };
        let part = 32.0_f32 / 127.0;
        for (curve, wanted) in [
            (0.0, part),
            (1.0, part.sqrt()),
            (2.0, part * part),
            (3.0, 1.0),
        ] {
            let heard = loudness(curve) / 0.2;
            assert!((heard - wanted).abs() < 0.02, "{curve}: {heard}");
        }
    }

    #[test]
    fn stop_silences_every_voice() {
        let mut rig = Rig::open(&ToneSynth, &[]);
        assert!(peak(&rig.cycle(4096, &[], &[event(0, &[0x90, 69, 127])]).channels[0]) > 0.0);
        let processor: &mut dyn Processor = rig.processor();
        processor.enter(State::Stop);
        assert_eq!(peak(&rig.run(1000).channels[0]), 0.0);
    }
}
