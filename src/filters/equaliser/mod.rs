//! Parametric Equaliser: six bands, each a shelf, a peak, a pass or a notch, and a level behind them.
//!
//! in (float) -> out (float), in place. Frequencies, gains and widths glide for 30 ms, the level for 20; a band that is
//! switched or that changes its type fades out and in. With every gain at 0 dB each sample passes bit for bit. The curve
//! that a screen draws is [`response_db`]; it is exact.

mod band;
#[cfg(test)]
mod tests;

use crate::dsp::gain::{multiply, scale};
use crate::dsp::{Curve, Design};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Kernel, Node, OpenError, Opened,
    Opening, Operation, PinFactory, Processor, Property, Settings, State, TopologyConnection, Unit,
    Values,
};
use band::{Band, Moving};

/// How many bands there are.
pub const BANDS: usize = 6;

const TYPES: &[&str] = &[
    "low shelf",
    "peak",
    "high shelf",
    "low pass",
    "high pass",
    "notch",
];

/// The properties of one band: on, type, frequency, gain, Q.
macro_rules! band {
    ($number:literal, $kind:literal, $hz:literal, $q:literal) => {
        [
            Property::flag(
                concat!("band", $number, "_on"),
                concat!("Band ", $number),
                true,
            )
            .group(concat!("Band ", $number)),
            Property::choice(
                concat!("band", $number, "_type"),
                concat!("Type ", $number),
                TYPES,
                $kind,
            )
            .group(concat!("Band ", $number)),
            Property::number(
                concat!("band", $number, "_frequency"),
                concat!("Frequency ", $number),
                20.0,
                20_000.0,
                $hz,
            )
            .group(concat!("Band ", $number))
            .unit(Unit::Hertz)
            .logarithmic()
            .glide_millis(30.0),
            Property::db(
                concat!("band", $number, "_gain"),
                concat!("Gain ", $number),
                -24.0,
                24.0,
                0.0,
            )
            .group(concat!("Band ", $number))
            .glide_millis(30.0)
            .inline(),
            Property::number(
                concat!("band", $number, "_q"),
                concat!("Q ", $number),
                0.1,
                18.0,
                $q,
            )
            .group(concat!("Band ", $number))
            .logarithmic()
            .glide_millis(30.0),
        ]
    };
}

const LEVEL: Property = Property::db("level", "Level", -24.0, 24.0, 0.0).glide_millis(20.0);
const BAND: [[Property; 5]; BANDS] = [
    band!("1", "low shelf", 100.0, 0.71),
    band!("2", "peak", 250.0, 1.0),
    band!("3", "peak", 800.0, 1.0),
    band!("4", "peak", 2500.0, 1.0),
    band!("5", "peak", 6000.0, 1.0),
    band!("6", "high shelf", 10_000.0, 0.71),
];
const PROPERTIES: &[Property] = &{
    let mut all = [LEVEL; 1 + BANDS * 5];
    let mut at = 0;
    while at < BANDS * 5 {
        all[1 + at] = BAND[at / 5][at % 5];
        at += 1;
    }
    all
};
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(
        node::EQUALIZER,
        "Band 1",
        &[
            "band1_on",
            "band1_type",
            "band1_frequency",
            "band1_gain",
            "band1_q",
        ],
    ),
    Node::new(
        node::EQUALIZER,
        "Band 2",
        &[
            "band2_on",
            "band2_type",
            "band2_frequency",
            "band2_gain",
            "band2_q",
        ],
    ),
    Node::new(
        node::EQUALIZER,
        "Band 3",
        &[
            "band3_on",
            "band3_type",
            "band3_frequency",
            "band3_gain",
            "band3_q",
        ],
    ),
    Node::new(
        node::EQUALIZER,
        "Band 4",
        &[
            "band4_on",
            "band4_type",
            "band4_frequency",
            "band4_gain",
            "band4_q",
        ],
    ),
    Node::new(
        node::EQUALIZER,
        "Band 5",
        &[
            "band5_on",
            "band5_type",
            "band5_frequency",
            "band5_gain",
            "band5_q",
        ],
    ),
    Node::new(
        node::EQUALIZER,
        "Band 6",
        &[
            "band6_on",
            "band6_type",
            "band6_frequency",
            "band6_gain",
            "band6_q",
        ],
    ),
    Node::new(node::VOLUME, "Level", &["level"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::pass(1, 2),
    TopologyConnection::pass(2, 3),
    TopologyConnection::pass(3, 4),
    TopologyConnection::pass(4, 5),
    TopologyConnection::pass(5, 6),
    TopologyConnection::leave(6, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "equaliser",
    "Parametric Equaliser",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE).help(
    "Raises and lowers parts of the sound by frequency. Six bands, each a shelf, a peak, a pass or a notch of its own.",
);

/// The gain in decibels with which a tone of `hz` leaves an equaliser of these settings, on a wire at `rate_hz`.
#[must_use]
pub fn response_db(settings: &Settings<'_>, hz: f64, rate_hz: f64) -> f64 {
    let mut gain_db = settings.number(&LEVEL);
    for [on, kind, frequency, gain, q] in &BAND {
        if settings.is_on(on) {
            let kind = kind.slot_value(&settings.value(kind)) as usize;
            let design = Design {
                curve: Curve::ALL[kind.min(TYPES.len() - 1)],
                hz: settings.number(frequency),
                gain: 10_f64.powf(settings.number(gain) / 20.0),
                q: settings.number(q),
            };
            gain_db += 20.0 * design.magnitude(hz, rate_hz).log10();
        }
    }
    gain_db
}

/// What the catalogue offers and the graph negotiates with.
pub struct Equaliser;

impl Filter for Equaliser {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let band = |properties| Band::open(opening, properties, format);
        Ok(Opened::processor(Playing {
            rate_hz: f64::from(rate_hz),
            bands: BAND.iter().map(band).collect(),
            level: opening.glide_at(&LEVEL, rate_hz),
            moving: Box::default(),
            is_fresh: true,
        })
        .operates(BANDS as u8 + 1))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    bands: Box<[Band]>,
    level: Glide,
    moving: Box<Moving>,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        if std::mem::take(&mut self.is_fresh) {
            self.level.reset(io.values);
            self.bands.iter_mut().for_each(|band| band.begin(io.values));
        }
        let output = &mut io.outputs[0]; // in place: it already holds the input
        if let Some(wave) = output.payload.wave_mut() {
            for channel in wave.channels_mut() {
                crate::dsp::measure::silence_non_finite(channel);
            }
            for band in &mut self.bands {
                band.process(io.values, self.rate_hz, wave, &mut self.moving);
            }
        }
        match self.level.amplitude(io.values, output.len()) {
            Amplitude::Still(amplitude) => output.channels_mut().for_each(|c| scale(c, amplitude)),
            Amplitude::Moving(ramp) => output.channels_mut().for_each(|c| multiply(c, ramp)),
        }
        Flow::Running
    }

    fn kernel(&mut self, values: Values<'_>, kernel: &mut Kernel) -> bool {
        let Some(level) = self.level.rests(values).filter(|_| !self.is_fresh) else {
            return false;
        };
        for band in &mut self.bands {
            let Some(tuning) = band.rests(values, self.rate_hz) else {
                return false;
            };
            kernel.each(|channel| match (tuning, band.sections.get(channel)) {
                (Some(tuning), Some(section)) => Operation::Section(tuning, *section),
                _ => Operation::Nothing,
            });
        }
        kernel.multiply(level);
        true
    }

    fn resume(&mut self, kernel: &Kernel) {
        for (place, band) in self.bands.iter_mut().enumerate() {
            for (channel, section) in band.sections.iter_mut().enumerate() {
                *section = kernel.section(channel, place).unwrap_or(*section);
            }
        }
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}
