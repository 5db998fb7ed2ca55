//! Pull Source: a sine that is fetched. Its output only receives requests, so the wire's other end must issue them.
//!
//! -> out (float), request sink. It cannot be joined to a pin that only receives requests too, as that of a device is
//! (COM-5); to all others the wire is a pull wire.

use std::borrow::Cow;

use crate::ks::ids::{Guid, category, node};
use crate::ks::{
    Communication, DataRange, Descriptor, Facts, Filter, Flow, GRAPH_RATE, Glide, Io, Node,
    OpenError, Opened, Opening, PinFactory, Processor, Property, Settings, State,
    TopologyConnection, Unit, ValueSlot,
};

const FREQUENCY: Property = Property::number("frequency", "Frequency", 20.0, 20_000.0, 330.0)
    .unit(Unit::Hertz)
    .logarithmic()
    .inline();
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -20.0)
    .glide_millis(20.0)
    .inline();
const CHANNELS: Property = Property::count("channels", "Channels", 1, 8, 2).structural();
const PROPERTIES: &[Property] = &[FREQUENCY, LEVEL, CHANNELS];
const PINS: &[PinFactory] =
    &[PinFactory::output("out", DataRange::FLOAT).communication(Communication::Sink)];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::GENERATOR, "Oscillator", &["frequency", "channels"]),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 0),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
static DESCRIPTOR: Descriptor =
    Descriptor::new("pull_source", "Pull Source", CATEGORIES, PINS, PROPERTIES)
        .nodes(NODES, INSIDE)
        .help("Plays a sine, but only on request: whoever takes it must ask. A device waits to be asked itself, so put a filter between.");

/// What the catalogue offers and the graph negotiates with.
pub struct PullSource;

impl Filter for PullSource {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let channels = settings.number(&CHANNELS) as u32;
        let ranges = [GRAPH_RATE, GRAPH_RATE, 8_000, 384_000];
        let ranges = ranges.chunks_exact(2).map(|rates| {
            let range = DataRange::float(rates[0], rates[1]);
            range.exactly_channels(channels)
        });
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges.collect()))
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let rate_hz = opening.audio("out").rate_hz;
        let playing = Playing {
            rate_hz: f64::from(rate_hz),
            frequency: opening.slot(&FREQUENCY),
            level: opening.glide_at(&LEVEL, rate_hz),
            phase: 0.0,
            is_fresh: true,
        };
        Ok(Opened::processor(playing).endless())
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    frequency: ValueSlot,
    level: Glide,
    /// In turns.
    phase: f64,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
            self.phase = 0.0;
        }
        let output = &mut io.outputs[0];
        let step = self.frequency.get(io.values) / self.rate_hz;
        let level = self.level.amplitude(io.values, output.len());
        for (at, sample) in output.channel_mut(0).iter_mut().enumerate() {
            *sample = (self.phase * std::f64::consts::TAU).sin() as f32 * level.at(at);
            self.phase = (self.phase + step).fract();
        }
        if let Some(wave) = output.payload.wave_mut() {
            let mut channels = wave.channels_mut();
            if let Some(first) = channels.next() {
                channels.for_each(|channel| channel.copy_from_slice(first));
            }
        }
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    #[test]
    fn it_is_a_sine_of_its_frequency_and_level() {
        let mut rig = Rig::open(&PullSource, &[("frequency", 1_000.0), ("level", -6.0206)]);
        let heard = rig.run(480);
        let sine: Vec<f32> = (0..480)
            .map(|n| (f64::from(n) / 48.0 * std::f64::consts::TAU).sin() as f32 * 0.5)
            .collect();
        heard.assert_close(&sine, 1e-4);
    }

    #[test]
    fn com_5_it_waits_to_be_asked() {
        use Communication::{Both, Bridge, None as Nothing, Sink, Source};
        let asked =
            [Nothing, Sink, Source, Both, Bridge].map(|to| PINS[0].communication.issues_to(to));
        assert_eq!(asked, [None, None, Some(false), Some(false), None]);
    }
}
