//! Tone Generator: a steady tone in one of four shapes, the same on every channel.
//!
//! -> out (float), never ends. Frequency, level and pulse width glide for 20 ms with the phase unbroken; a change of
//! waveform is a fade of 20 ms at the same phase. `rate` and `channels` say what the output offers, so a tone can be
//! made that fits nowhere without a converter.

use std::borrow::Cow;

use crate::dsp::gain::{multiply, scale};
use crate::dsp::{Oscillator, Ramp, Shape};
use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    Amplitude, DataRange, Descriptor, Facts, Filter, Flow, Glide, Io, Kernel, Node, OpenError,
    Opened, Opening, Operation, PinFactory, Processor, Property, Seek, Settings, State,
    TopologyConnection, Unit, ValueSlot, Values, samples_at,
};

const WAVEFORM: Property = Property::choice(
    "waveform",
    "Waveform",
    &["sine", "triangle", "saw", "pulse"],
    "sine",
)
.group("Sound")
.inline();
const SHAPES: [Shape; 4] = [Shape::Sine, Shape::Triangle, Shape::Saw, Shape::Pulse];
const FREQUENCY: Property = Property::number("frequency", "Frequency", 20.0, 20_000.0, 440.0)
    .group("Sound")
    .unit(Unit::Hertz)
    .logarithmic()
    .glide_millis(20.0)
    .inline();
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -20.0)
    .group("Sound")
    .glide_millis(20.0)
    .inline();
const WIDTH: Property = Property::number("width", "Pulse width", 1.0, 99.0, 50.0)
    .group("Sound")
    .unit(Unit::Percent)
    .glide_millis(20.0);
const RATE: Property = Property::choice(
    "rate",
    "Sample rate",
    &["graph", "44100", "48000", "88200", "96000", "192000"],
    "graph",
)
.group("Format")
.structural();
const CHANNELS: Property = Property::count("channels", "Channels", 1, 8, 2)
    .group("Format")
    .structural();
const PROPERTIES: &[Property] = &[WAVEFORM, FREQUENCY, LEVEL, WIDTH, RATE, CHANNELS];
const PINS: &[PinFactory] = &[PinFactory::output("out", DataRange::FLOAT)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::GENERATOR,
        "Oscillator",
        &["waveform", "frequency", "width", "rate", "channels"],
    ),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 0),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("tone", "Tone Generator", CATEGORIES, PINS, PROPERTIES).nodes(NODES, INSIDE).help(
        "Plays one steady tone. Its rate is the graph's unless you choose another, to try how wires refuse.",
    );

/// How long a change of waveform takes.
const FADE_MILLIS: u32 = 20;

/// What the catalogue offers and the graph negotiates with.
pub struct Tone;

impl Filter for Tone {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let channels = settings.number(&CHANNELS) as u32;
        let ranges = match settings.text(&RATE).parse() {
            Ok(rate_hz) => vec![DataRange::float(rate_hz, rate_hz)],
            Err(_) => DataRange::FLOAT.to_vec(),
        };
        let ranges = ranges
            .into_iter()
            .map(|range| range.exactly_channels(channels));
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges.collect()))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("out").rate_hz;
        let playing = Playing {
            waveform: opening.slot(&WAVEFORM),
            hz: opening.slot(&FREQUENCY),
            frequency: opening.glide_at(&FREQUENCY, rate_hz),
            level: opening.glide_at(&LEVEL, rate_hz),
            width: opening.glide_at(&WIDTH, rate_hz),
            oscillator: Oscillator::new(Shape::Sine, f64::from(rate_hz)),
            pitch: None,
            shape: Shape::Sine,
            leaving: Shape::Sine,
            arrived: Ramp::new(1.0, rate_hz * FADE_MILLIS / 1000),
            is_fresh: true,
            begins: 0,
            sought: None,
            rate_hz,
        };
        Ok(Opened::processor(playing).endless().makes())
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    waveform: ValueSlot,
    hz: ValueSlot,
    frequency: Glide,
    level: Glide,
    width: Glide,
    oscillator: Oscillator,
    /// Where the oscillator stands, unless it glides.
    pitch: Option<f64>,
    shape: Shape,
    /// The shape before the last change, while it fades.
    leaving: Shape,
    /// How much of `shape` there is; the rest is `leaving`.
    arrived: Ramp,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
    /// The sample it begins at, where it is fresh, of its own rate and of the graph's.
    begins: u64,
    sought: Option<u64>,
    rate_hz: u32,
}

impl Playing {
    fn begin(&mut self, values: Values<'_>, wanted: Shape) {
        self.frequency.reset(values);
        self.level.reset(values);
        self.width.reset(values);
        // As if it had been this tone from the beginning.
        let turns = self.hz.get(values) * self.begins as f64 / f64::from(self.rate_hz);
        self.oscillator.set_phase(turns.fract());
        self.shape = wanted;
        self.arrived.jump(1.0);
    }

    /// The next samples of the tone at full scale.
    fn fill(&mut self, values: Values<'_>, samples: &mut [f32]) {
        let slot = self.hz;
        let hz = |glided: f32| pitch(slot, values, glided);
        let frequency = self.frequency.amplitude(values, samples.len());
        let width = self.width.amplitude(values, samples.len());
        if let Amplitude::Still(still) = frequency {
            let hz = hz(still);
            if self.pitch != Some(hz) {
                self.oscillator.set_frequency(hz);
                self.pitch = Some(hz);
            }
        } else {
            self.pitch = None;
        }
        if let Amplitude::Still(still) = width {
            self.oscillator.set_width(f64::from(still) / 100.0);
        }
        if frequency.is_still() && width.is_still() && self.arrived.is_still() {
            self.oscillator.set_shape(self.shape);
            self.oscillator.fill(samples);
            return;
        }
        if let (Amplitude::Moving(ramp), true, true) =
            (frequency, width.is_still(), self.arrived.is_still())
        {
            self.oscillator.set_shape(self.shape);
            self.oscillator
                .fill_swept(samples, |index| hz(ramp.at(index)));
            return;
        }
        for (index, sample) in samples.iter_mut().enumerate() {
            if let Amplitude::Moving(ramp) = frequency {
                self.oscillator.set_frequency(hz(ramp.at(index)));
            }
            if let Amplitude::Moving(ramp) = width {
                self.oscillator.set_width(f64::from(ramp.at(index)) / 100.0);
            }
            if self.arrived.is_still() {
                self.oscillator.set_shape(self.shape);
                *sample = self.oscillator.step();
            } else {
                let arrived = self.arrived.step();
                // Both shapes are read at one phase: a copy takes the step that the oscillator will take.
                let mut old = self.oscillator;
                old.set_shape(self.leaving);
                self.oscillator.set_shape(self.shape);
                *sample = old.step() * (1.0 - arrived) + self.oscillator.step() * arrived;
            }
        }
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let wanted = wanted(self.waveform, io.values);
        if std::mem::take(&mut self.is_fresh) {
            let sought = self.sought.take().unwrap_or(0);
            self.begins = samples_at(sought, self.rate_hz, io.rate_hz);
            self.begin(io.values, wanted);
        }
        // A change during a fade waits for its end.
        if wanted != self.shape && self.arrived.is_still() {
            self.leaving = std::mem::replace(&mut self.shape, wanted);
            self.arrived.jump(0.0);
            self.arrived.set(1.0);
        }
        let output = &mut io.outputs[0];
        let Some(wave) = output.payload.wave_mut() else {
            return Flow::Running;
        };
        let first = wave.channel_mut(0);
        self.fill(io.values, first);
        match self.level.amplitude(io.values, first.len()) {
            Amplitude::Still(amplitude) => scale(first, amplitude),
            Amplitude::Moving(ramp) => multiply(first, ramp),
        }
        wave.copy_first();
        Flow::Running
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        if self.is_fresh || !self.arrived.is_still() || wanted(self.waveform, values) != self.shape
        {
            return false;
        }
        let rests = (
            self.frequency.rests(values),
            self.level.rests(values),
            self.width.rests(values),
        );
        let (Some(hz), Some(level), Some(width)) = rests else {
            return false;
        };
        if self.pitch != Some(pitch(self.hz, values, hz)) {
            return false;
        }
        // As the next call would.
        self.oscillator.set_width(f64::from(width) / 100.0);
        self.oscillator.set_shape(self.shape);
        kernel.each(|_| Operation::Tone(self.oscillator));
        kernel.multiply(level);
        true
    }

    fn resume(&mut self, kernel: &Kernel) {
        if let Some(phase) = kernel.phase(0, 0) {
            self.oscillator.resume(phase);
        }
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            (self.is_fresh, self.sought) = (true, None);
        }
    }

    /// Over the seam of a loop the tone goes on.
    fn seek(&mut self, seek: Seek) -> bool {
        if seek.flushes {
            (self.is_fresh, self.sought) = (true, Some(seek.to));
        }
        true
    }
}

/// The shape that is chosen.
fn wanted(waveform: ValueSlot, values: Values<'_>) -> Shape {
    SHAPES[waveform.index(values).min(SHAPES.len() - 1)]
}

/// The pitch that a glided frequency stands for: a glide counts in f32, and where it is on its target, the f64 it stands for
/// is meant.
fn pitch(slot: ValueSlot, values: Values<'_>, glided: f32) -> f64 {
    let exact = slot.get(values);
    match glided == exact as f32 {
        true => exact,
        false => f64::from(glided),
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::{PI, TAU};

    use super::*;
    use crate::dsp::measure::{dbfs, peak, tone};
    use crate::filters::tests::formats;
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    fn run(rig: &mut Rig, len: usize) -> Vec<f32> {
        let mut heard = vec![];
        while heard.len() < len {
            heard.extend(rig.run((len - heard.len()).min(1000)).channels.remove(0));
        }
        heard
    }

    #[test]
    fn a_sine_is_the_formula() {
        let mut rig = Rig::open(&Tone, &[("frequency", 997.3), ("level", -6.0)]);
        let heard = run(&mut rig, 48_000);
        assert!(dbfs(peak(&heard)) > -6.1);
        let amplitude = 10_f64.powf(-6.0 / 20.0);
        for (n, sample) in heard.iter().enumerate() {
            let formula = amplitude * (TAU * 997.3 * n as f64 / 48_000.0).sin();
            assert!((f64::from(*sample) - formula).abs() < 1e-5, "sample {n}");
        }
    }

    #[test]
    fn every_shape_has_its_harmonics_and_both_channels_are_alike() {
        let wanted = [
            ("sine", 1.0, 0.0, 0.0),
            ("triangle", 0.8106, 0.0, 0.0901),
            ("saw", 2.0 / PI, 1.0 / PI, 2.0 / (3.0 * PI)),
            ("pulse", 1.2732, 0.0, 0.4244),
        ];
        for (index, (name, first, second, third)) in wanted.into_iter().enumerate() {
            let mut rig = Rig::open(&Tone, &[("frequency", 100.0), ("level", 0.0)]);
            rig.set(0, index as f64);
            let heard = rig.run(4096);
            assert_eq!(heard.channels[0], heard.channels[1]);
            let whole = run(&mut rig, 48_000);
            for (hz, amplitude) in [(100.0, first), (200.0, second), (300.0, third)] {
                let found = tone(&whole, hz, 48_000.0).amplitude;
                assert!((found - amplitude).abs() < 2e-3, "{name} {hz} Hz: {found}");
            }
        }
    }

    #[test]
    fn changes_of_value_make_no_jump() {
        let mut rig = Rig::open(&Tone, &[("frequency", 100.0), ("level", -6.0)]);
        let mut heard = run(&mut rig, 1111);
        assert!(dbfs(peak(&heard)) > -7.0);
        for (property, value) in [(1, 300.0), (2, 0.0), (0, 1.0), (0, 0.0), (2, -20.0)] {
            rig.set(property, value);
            heard.extend(run(&mut rig, 333));
        }
        let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let largest = step.fold(0.0, f32::max);
        // A full-scale sine of 300 Hz rises by 0.039 a sample; the fades add a little.
        assert!(largest < 0.045, "{largest}");
    }

    #[test]
    fn a_tone_at_another_rate_has_the_same_pitch() {
        let values = [("rate".to_owned(), Value::Text("44100".into()))];
        let pins = formats(&[("out", DataFormat::float(1, 44_100))]);
        let mut rig = Rig::open_with(&Tone, values.clone().into(), &pins, None);
        let heard: Vec<f32> = (0..100)
            .flat_map(|_| rig.run(480).channels.remove(0))
            .collect();
        assert_eq!(heard.len(), 44_100);
        assert!((tone(&heard, 440.0, 44_100.0).amplitude - 0.1).abs() < 1e-4);

        let values = values.into();
        let settings = Settings {
            values: &values,
            base: None,
        };
        let described = Tone.describe(&settings, &Facts::nominal());
        let wanted = DataRange::float(44_100, 44_100).exactly_channels(2);
        assert_eq!(*described.pins[0].ranges, [wanted]);
    }
}
