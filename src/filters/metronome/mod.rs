//! Metronome: a click on every beat, as sound and as notes.
//!
//! -> click (float), -> notes (events), -> clock (events, MIDI clock); each may be left unconnected. Ticks are counted by time: while the tempo
//! stands still, tick k of a run is the sample nearest to its ideal place, an hour into the run as at the beginning. A
//! new tempo is reached along a straight line of 50 ms, on which the beats go on from where they are: none is left out
//! and none comes twice. Each pin counts for itself, so that a click at another rate is exact there too.

mod pulses;
mod ticks;

use std::borrow::Cow;
use std::f64::consts::TAU;

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    DataRange, Descriptor, Facts, Filter, Flow, Io, KernelEvent, Node, OpenError, Opened, Opening,
    Output, PinFactory, Processor, Property, RATE_UNITY, Seek, Settings, State, Telemetry,
    TopologyConnection, Unit, ValueSlot, Values, samples_at, time_from_sample,
};
use pulses::Pulses;
use ticks::{GLIDE_MILLIS, Kind, Ticks};

const TEMPO: Property = Property::number("tempo", "Tempo", 20.0, 400.0, 120.0)
    .group("Beat")
    .unit(Unit::BeatsPerMinute)
    .glide_millis(GLIDE_MILLIS as f32)
    .inline();
const BEATS: Property = Property::count("beats", "Beats", 1, 16, 4)
    .group("Beat")
    .help("Beats in a bar.")
    .inline();
const SUBDIVISION: Property = Property::count("subdivision", "Division", 1, 8, 1)
    .group("Beat")
    .help("Ticks in a beat.")
    .inline();
const ACCENT: Property = Property::db("accent", "Accent", 0.0, 12.0, 6.0)
    .group("Tick")
    .help("How much louder the first beat of a bar is; at 0 dB all beats are alike.");
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -18.0)
    .group("Tick")
    .inline();
const CHANNEL: Property = Property::count("channel", "MIDI channel", 1, 16, 10).group("Notes");
const ACCENT_NOTE: Property = Property::count("accent_note", "Accent note", 0, 127, 76)
    .group("Notes")
    .help("76 is the high wood block of a General MIDI drum kit.");
const BEAT_NOTE: Property = Property::count("beat_note", "Beat note", 0, 127, 77).group("Notes");
const CHANNELS: Property = Property::count("channels", "Channels", 1, 8, 2)
    .group("Output")
    .structural();
const PROPERTIES: &[Property] = &[
    TEMPO,
    BEATS,
    SUBDIVISION,
    ACCENT,
    LEVEL,
    CHANNEL,
    ACCENT_NOTE,
    BEAT_NOTE,
    CHANNELS,
];
const PINS: &[PinFactory] = &[
    PinFactory::output("click", DataRange::FLOAT),
    PinFactory::output("notes", DataRange::EVENTS),
    PinFactory::output("clock", DataRange::EVENTS),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::SEQUENCER,
        "Beat",
        &["tempo", "beats", "subdivision", "accent"],
    ),
    Node::new(node::GENERATOR, "Click", &["channels"]),
    Node::new(node::VOLUME, "Level", &["level"]),
    Node::new(
        node::NOTES,
        "Notes",
        &["channel", "accent_note", "beat_note"],
    ),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::pass(0, 1),
    TopologyConnection::pass(1, 2),
    TopologyConnection::leave(2, 0),
    TopologyConnection::pass(0, 3),
    TopologyConnection::leave(3, 1),
    TopologyConnection::leave(0, 2),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("metronome", "Metronome", CATEGORIES, PINS, PROPERTIES).nodes(NODES, INSIDE).help(
        "Clicks on every beat, exact to the sample: as sound, and as notes for a synth. The first beat of a bar is \
         higher and louder; an accent of 0 dB makes all beats alike. The clock keeps other devices in time: wire it to a \
         MIDI Device Out.",
    );

/// How long a note lasts: less than the shortest distance of two ticks.
const NOTE_MILLIS: u32 = 10;
/// How long a click lasts.
const CLICK_MILLIS: u32 = 40;
/// The time in which a click falls to 37 %.
const DECAY_SECONDS: f64 = 0.006;
/// How much softer a tick between beats is.
const PART: f64 = 0.5;
/// Clicks that sound at a time: the densest ticks leave room for three.
const CLICKS: usize = 4;

/// What a screen reads of a metronome.
pub mod telemetry {
    /// The beat that sounded last, from 1; 0 before the first.
    pub const BEAT: usize = 0;
    /// How far the beat has gone, from 0 to 1.
    pub const PHASE: usize = 1;
    /// Beats so far, as far as a number of this size counts by one.
    pub const COUNT: usize = 2;
    /// How many numbers there are.
    pub const LEN: usize = 3;
}

/// What the catalogue offers and the graph negotiates with.
pub struct Metronome;

impl Filter for Metronome {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let channels = settings.number(&CHANNELS) as u32;
        let ranges = DataRange::FLOAT.iter().cloned();
        let ranges = ranges.map(|range| range.exactly_channels(channels));
        Cow::Owned(DESCRIPTOR.with_ranges("click", ranges.collect()))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("click").rate_hz;
        let telemetry = Telemetry::new(telemetry::LEN);
        let playing = Playing {
            slots: Slots {
                tempo: opening.slot(&TEMPO),
                beats: opening.slot(&BEATS),
                subdivision: opening.slot(&SUBDIVISION),
                accent: opening.slot(&ACCENT),
                level: opening.slot(&LEVEL),
                channel: opening.slot(&CHANNEL),
                accent_note: opening.slot(&ACCENT_NOTE),
                beat_note: opening.slot(&BEAT_NOTE),
            },
            heard: Ticks::new(rate_hz),
            clicks: [Click::default(); CLICKS],
            click_len: rate_hz * CLICK_MILLIS / 1000,
            rate_hz,
            noted: Ticks::new(opening.rate_hz),
            pulses: Pulses::new(opening.rate_hz),
            release: None,
            telemetry: telemetry.clone(),
            sought: None,
            rate: RATE_UNITY,
        };
        Ok(Opened::processor(playing)
            .telemetry(telemetry)
            .positioned(None)
            .takes_rates()
            .endless())
    }
}

/// One click that sounds: a sine that dies away.
#[derive(Clone, Copy, Default)]
struct Click {
    /// Samples since it began.
    age: u32,
    /// Radians a sample.
    angle: f64,
    /// 0 when it does not sound.
    amplitude: f64,
}

impl Click {
    /// Adds it to `samples`, from its beginning or from where it was.
    fn add(&mut self, samples: &mut [f32], rate_hz: u32, click_len: u32) {
        for sample in samples {
            if self.age >= click_len {
                self.amplitude = 0.0;
                return;
            }
            let (age, len) = (f64::from(self.age), f64::from(click_len));
            let envelope = (-age / (DECAY_SECONDS * f64::from(rate_hz))).exp() * (1.0 - age / len);
            // It is on its way at its first sample, so that this is the one that is heard.
            *sample += (self.amplitude * envelope * (self.angle * (age + 1.0)).sin()) as f32;
            self.age += 1;
        }
    }
}

struct Slots {
    tempo: ValueSlot,
    beats: ValueSlot,
    subdivision: ValueSlot,
    accent: ValueSlot,
    level: ValueSlot,
    channel: ValueSlot,
    accent_note: ValueSlot,
    beat_note: ValueSlot,
}

/// The running half; lives on the audio thread.
struct Playing {
    slots: Slots,
    heard: Ticks,
    clicks: [Click; CLICKS],
    click_len: u32,
    rate_hz: u32,
    noted: Ticks,
    pulses: Pulses,
    /// The message that ends the note that sounds, and the sample of the graph at which it is due.
    release: Option<([u8; 3], u64)>,
    telemetry: Telemetry,
    /// The graph's position was sought, and the ticks are to follow.
    sought: Option<u64>,
    /// How fast the graph goes by, 1000 being as written.
    rate: u32,
}

impl Playing {
    fn click(&mut self, values: Values<'_>, output: &mut Output, len: usize) {
        let slots = &self.slots;
        let accent = slots.accent.get(values);
        let level = 10_f64.powf(slots.level.get(values) / 20.0);
        let rate_hz = f64::from(self.rate_hz);
        let samples = output.channel_mut(0);
        samples.fill(0.0);
        for click in self.clicks.iter_mut().filter(|click| click.amplitude > 0.0) {
            click.add(samples, self.rate_hz, self.click_len);
        }
        let beats = slots.beats.get(values) as u32;
        let (clicks, click_len) = (&mut self.clicks, self.click_len);
        self.heard.advance(len, beats, |at, kind| {
            let (hz, amplitude) = match kind {
                Kind::Accent if accent > 0.0 => (1_600.0, level * 10_f64.powf(accent / 20.0)),
                Kind::Accent | Kind::Beat => (1_000.0, level),
                Kind::Part => (800.0, level * PART),
            };
            // A free one, or the one that has sounded longest.
            let Some(click) = clicks
                .iter_mut()
                .max_by_key(|click| (click.amplitude == 0.0, click.age))
            else {
                return;
            };
            *click = Click {
                age: 0,
                // What the rate cannot carry would come down as another pitch.
                angle: TAU * (hz / rate_hz).min(0.25),
                amplitude: amplitude.min(1.0),
            };
            if let Some(rest) = samples.get_mut(at..) {
                click.add(rest, rate_hz as u32, click_len);
            }
        });
        if let Some(wave) = output.payload.wave_mut() {
            let mut channels = wave.channels_mut();
            if let Some(first) = channels.next() {
                channels.for_each(|channel| channel.copy_from_slice(first));
            }
        }
    }

    fn note(&mut self, values: Values<'_>, output: &mut Output, span: Span) {
        let slots = &self.slots;
        let accent = slots.accent.get(values);
        let channel = (slots.channel.get(values) as u8).saturating_sub(1);
        let (high, low) = (slots.accent_note.get(values), slots.beat_note.get(values));
        let lasts = u64::from(span.rate_hz * NOTE_MILLIS / 1000).max(1);
        let release = &mut self.release;
        // Whether it is out: a full frame keeps it for the next cycle.
        let mut give = |bytes: [u8; 3], sample: u64| {
            let time = time_from_sample(sample, span.rate_hz);
            let event = KernelEvent::new(time, &bytes);
            !output.is_connected || event.is_none_or(|event| output.payload.push_event(event))
        };
        let beats = slots.beats.get(values) as u32;
        self.noted.advance(span.len, beats, |at, kind| {
            let sample = span.position + at as u64;
            if let Some((bytes, due)) = *release
                && give(bytes, due.max(span.position).min(sample))
            {
                *release = None;
            }
            let (key, velocity) = match kind {
                Kind::Accent if accent > 0.0 => (high, 96.0 + 31.0 * accent / 12.0),
                Kind::Accent | Kind::Beat => (low, 96.0),
                Kind::Part => (low, 48.0),
            };
            let (key, velocity) = (key as u8 & 0x7F, (velocity as u8).min(127));
            if release.is_none() && give([0x90 | channel, key, velocity], sample) {
                *release = Some(([0x80 | channel, key, 64], sample + lasts));
            }
        });
        if let Some((bytes, due)) = *release
            && due < span.position + span.len as u64
            && give(bytes, due.max(span.position))
        {
            *release = None;
        }
    }
}

/// The samples of the graph that a cycle covers.
#[derive(Clone, Copy)]
struct Span {
    position: u64,
    len: usize,
    rate_hz: u32,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let span = Span {
            position: io.position,
            len: io.len,
            rate_hz: io.rate_hz,
        };
        let values = io.values;
        let times = f64::from(self.rate) / f64::from(RATE_UNITY);
        let tempo = self.slots.tempo.get(values).max(1.0) * times;
        let parts = (self.slots.subdivision.get(values) as u32).max(1);
        if let Some(sought) = self.sought.take() {
            let beats = (self.slots.beats.get(values) as u32).max(1);
            // The beat that stands there, reached at this tempo.
            let sought = (sought as f64 / times).round() as u64;
            let own = samples_at(sought, self.rate_hz, span.rate_hz);
            self.heard.seek(own, tempo, parts, beats);
            self.noted.seek(sought, tempo, parts, beats);
            self.pulses.seek(sought, tempo);
        }
        self.heard.set(tempo, parts);
        self.noted.set(tempo, parts);
        self.pulses.set(tempo);
        if let [click, notes, clock, ..] = &mut *io.outputs {
            // An unconnected pin carries nothing, and counts on as if it had the graph's rate.
            let len = match click.payload.wave() {
                Some(wave) => wave.len(),
                None => span.len,
            };
            self.click(values, click, len);
            self.note(values, notes, span);
            self.pulses.advance(span, |sample, bytes| {
                let time = time_from_sample(sample, span.rate_hz);
                // 80 in a second at most: there is room.
                if let Some(event) = KernelEvent::new(time, bytes) {
                    clock.payload.push_event(event);
                }
            });
        }
        let now = self.noted.now();
        self.telemetry
            .set(telemetry::BEAT, self.noted.beat_in_bar() as f32);
        self.telemetry.set(telemetry::PHASE, now.fract() as f32);
        self.telemetry.set(telemetry::COUNT, now as f32);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        if state == State::Pause {
            self.pulses.pause();
        }
        if state == State::Stop {
            self.pulses.reset();
            // Whoever sounds these notes is stopped as well.
            self.release = None;
            self.clicks = [Click::default(); CLICKS];
            self.heard.reset();
            self.noted.reset();
            self.sought = None;
            for cell in 0..telemetry::LEN {
                self.telemetry.set(cell, 0.0);
            }
        }
    }

    fn set_rate(&mut self, rate_permille: u32) {
        self.rate = rate_permille.max(1);
    }

    /// Its bars follow the position; what sounds dies away.
    fn seek(&mut self, seek: Seek) -> bool {
        self.release = None;
        if seek.flushes {
            self.clicks = [Click::default(); CLICKS];
        }
        self.sought = Some(seek.to);
        true
    }
}

#[cfg(test)]
mod tests;
