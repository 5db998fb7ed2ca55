//! Parametric Equaliser: six bands, each a shelf, a peak, a pass or a notch, and a level behind them.
//!
//! in (float) -> out (float), in place. Frequencies, gains and widths glide for 30 ms, the level for 20; a band that is
//! switched or that changes its type fades out and in. With every gain at 0 dB each sample passes bit for bit. The curve
//! that a screen draws is [`response_db`]; it is exact.

use crate::dsp::gain::{multiply, scale};
use crate::dsp::{Curve, Design, Ramp, Section, Tuning};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Kernel, Node, OpenError, Opened,
    Opening, Operation, PinFactory, Processor, Property, Settings, State, TopologyConnection, Unit,
    ValueSlot, Values, Wave,
};

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
const FADE_MILLIS: u32 = 20;

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
        let band = |[on, kind, frequency, gain, q]: &[Property; 5]| Band {
            on: opening.slot(on),
            kind: opening.slot(kind),
            frequency: opening.glide_at(frequency, rate_hz),
            gain: opening.glide_at(gain, rate_hz),
            q: opening.glide_at(q, rate_hz),
            curve: Curve::Peak,
            presence: Ramp::new(0.0, (rate_hz * FADE_MILLIS / 1000).max(1)),
            sections: vec![Section::default(); format.channels as usize].into(),
            is_heard: true,
            tuned: None,
        };
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

struct Band {
    on: ValueSlot,
    kind: ValueSlot,
    frequency: Glide,
    gain: Glide,
    q: Glide,
    curve: Curve,
    /// How much of the band is heard, 0 to 1.
    presence: Ramp,
    /// One a channel.
    sections: Box<[Section]>,
    /// It has worked since it forgot.
    is_heard: bool,
    /// What was reckoned last, and for what.
    tuned: Option<(Design, Tuning)>,
}

/// Samples for which what moves is reckoned together.
const PIECE: usize = 32;

/// What a band is for each sample of a piece, while something of it moves.
#[derive(Default)]
struct Moving {
    tunings: [Tuning; PIECE],
    presences: [f32; PIECE],
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

impl Band {
    fn wanted(&self, values: Values<'_>) -> (Curve, bool) {
        let kind = self.kind.index(values).min(TYPES.len() - 1);
        (Curve::ALL[kind], self.on.is_on(values))
    }

    /// What it does to every sample from here on: `None` when something moves, and nothing within when it does nothing.
    fn rests(&mut self, values: Values<'_>, rate_hz: f64) -> Option<Option<Tuning>> {
        let (wanted, is_on) = self.wanted(values);
        let hz = self.frequency.rests(values)?;
        let gain = self.gain.rests(values)?;
        let q = self.q.rests(values)?;
        if !self.presence.is_still() {
            return None;
        }
        if self.presence.value() == 0.0 {
            self.curve = wanted;
            return (!is_on && !self.is_heard).then_some(None);
        }
        if !is_on || self.curve != wanted {
            return None;
        }
        let design = Design {
            curve: self.curve,
            hz: f64::from(hz),
            gain: f64::from(gain),
            q: f64::from(q),
        };
        if design.is_neutral() {
            self.sections.iter_mut().for_each(Section::reset);
            return Some(None);
        }
        Some(Some(self.tuned(design, rate_hz)))
    }

    /// The numbers for a design: those reckoned last, where it is the same.
    fn tuned(&mut self, design: Design, rate_hz: f64) -> Tuning {
        match self.tuned {
            Some((known, tuning)) if known == design => tuning,
            _ => self.tuned.insert((design, design.tuning(rate_hz))).1,
        }
    }

    fn begin(&mut self, values: Values<'_>) {
        for glide in [&mut self.frequency, &mut self.gain, &mut self.q] {
            glide.reset(values);
        }
        let (curve, is_on) = self.wanted(values);
        self.curve = curve;
        self.presence.jump(f32::from(u8::from(is_on)));
        self.sections.iter_mut().for_each(Section::reset);
    }

    fn process(
        &mut self,
        values: Values<'_>,
        rate_hz: f64,
        wave: &mut Wave,
        Moving { tunings, presences }: &mut Moving,
    ) {
        let (wanted, is_on) = self.wanted(values);
        let glides = [&self.frequency, &self.gain, &self.q];
        let rests = glides.iter().all(|glide| glide.rests(values).is_some());
        if !is_on && rests && self.presence.is_still() && self.presence.value() == 0.0 {
            // Unheard, it forgets and may become something else.
            if std::mem::take(&mut self.is_heard) {
                self.sections.iter_mut().for_each(Section::reset);
            }
            self.curve = wanted;
            return;
        }
        self.is_heard = true;
        let len = wave.len();
        let frequency = self.frequency.amplitude(values, len);
        let gain = self.gain.amplitude(values, len);
        let q = self.q.amplitude(values, len);
        let is_still = frequency.is_still() && gain.is_still() && q.is_still();
        let mut at = 0;
        while at < len {
            if self.presence.is_still() && self.presence.value() == 0.0 {
                // Unheard, it forgets and may become something else.
                self.sections.iter_mut().for_each(Section::reset);
                self.curve = wanted;
            }
            let is_heard = is_on && self.curve == wanted;
            self.presence.set(f32::from(u8::from(is_heard)));
            let is_moving = !self.presence.is_still();
            let run = if is_moving {
                (len - at).min(self.presence.remaining() as usize)
            } else {
                len - at
            };
            let run = match is_moving || !is_still {
                true => run.min(PIECE),
                false => run,
            };
            let part = at..at + run;
            at += run;
            if is_moving || !is_still {
                self.presence.fill(&mut presences[..run]);
            }
            if !is_moving && !is_heard {
                continue;
            }
            let design = |index: usize| Design {
                curve: self.curve,
                hz: f64::from(frequency.at(index)),
                gain: f64::from(gain.at(index)),
                q: f64::from(q.at(index)),
            };
            if is_still && design(part.start).is_neutral() {
                self.sections.iter_mut().for_each(Section::reset);
                continue;
            }
            let first = design(part.start);
            let still = match self.tuned {
                Some((known, tuning)) if known == first => tuning,
                _ => self.tuned.insert((first, first.tuning(rate_hz))).1,
            };
            if !is_still || is_moving {
                for (tuning, index) in tunings.iter_mut().zip(part.clone()) {
                    *tuning = if is_still {
                        still
                    } else {
                        design(index).tuning(rate_hz)
                    };
                }
            }
            // Two at a time: each sample of a channel waits for the last one, and one channel works while the other waits.
            let mut channels = self.sections.iter_mut().zip(wave.channels_mut());
            while let Some((section, channel)) = channels.next() {
                let mut one = (section, &mut channel[part.clone()]);
                let mut two = channels
                    .next()
                    .map(|(section, channel)| (section, &mut channel[part.clone()]));
                if is_still && !is_moving {
                    match &mut two {
                        Some(two) => pass_both(&mut one, two, &still),
                        None => pass(&mut one, &still),
                    }
                    continue;
                }
                for (section, channel) in std::iter::once(&mut one).chain(&mut two) {
                    for (at, index) in part.clone().enumerate() {
                        if design(index).is_neutral() {
                            section.reset();
                            continue;
                        }
                        let sample = channel[at];
                        let heard = section.hear(sample, &tunings[at]);
                        let presence = f64::from(presences[at]);
                        let sample = f64::from(sample);
                        channel[at] = (sample + (heard - sample) * presence) as f32;
                    }
                    section.settle();
                }
            }
        }
    }
}

/// A channel's section and samples.
type Lane<'a> = (&'a mut Section, &'a mut [f32]);

fn pass((section, samples): &mut Lane<'_>, tuning: &Tuning) {
    let mut it = **section;
    for sample in samples.iter_mut() {
        *sample = it.hear(*sample, tuning) as f32;
    }
    it.settle();
    **section = it;
}

fn pass_both((section, samples): &mut Lane<'_>, two: &mut Lane<'_>, tuning: &Tuning) {
    let (mut first, mut second) = (**section, *two.0);
    for (one, two) in samples.iter_mut().zip(two.1.iter_mut()) {
        *one = first.hear(*one, tuning) as f32;
        *two = second.hear(*two, tuning) as f32;
    }
    first.settle();
    second.settle();
    (**section, *two.0) = (first, second);
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::f64::consts::TAU;

    use super::*;
    use crate::dsp::measure::tone;
    use crate::filters::tests::same_bits;
    use crate::ks::Value;
    use crate::ks::rig::Rig;

    fn sine(hz: f64, from: usize, len: usize) -> Vec<f32> {
        (from..from + len)
            .map(|n| (TAU * hz * n as f64 / 48_000.0).sin() as f32 * 0.1)
            .collect()
    }

    fn heard(rig: &mut Rig, hz: f64, len: usize) -> Vec<f32> {
        (0..len / 4000)
            .flat_map(|piece| rig.feed(&sine(hz, piece * 4000, 4000)).channels.remove(1))
            .collect()
    }

    #[test]
    fn every_band_has_the_response_on_paper() {
        let kinds = [
            "low shelf",
            "peak",
            "high shelf",
            "low pass",
            "high pass",
            "notch",
        ];
        for (turn, kind) in kinds.into_iter().enumerate() {
            let band = turn + 1;
            let values: BTreeMap<String, Value> = [
                (format!("band{band}_type"), Value::Text(kind.into())),
                (format!("band{band}_frequency"), Value::Number(900.0)),
                (format!("band{band}_gain"), Value::Number(-9.5)),
                (format!("band{band}_q"), Value::Number(2.0)),
                ("band3_gain".to_owned(), Value::Number(4.0)),
                ("level".to_owned(), Value::Number(1.5)),
            ]
            .into();
            let settings = Settings {
                values: &values,
                base: None,
            };
            for hz in [50.0, 400.0, 850.0, 2000.0, 15_000.0] {
                let mut rig = Rig::open_with(&Equaliser, values.clone(), &BTreeMap::new(), None);
                let sound = heard(&mut rig, hz, 32_000);
                let found = tone(&sound[8_000..], hz, 48_000.0).amplitude / 0.1;
                let wanted = response_db(&settings, hz, 48_000.0);
                let found = 20.0 * found.log10();
                assert!(
                    (found - wanted).abs() < 0.1,
                    "{kind} {hz}: {found} {wanted}"
                );
            }
        }
    }

    #[test]
    fn flat_it_passes_every_bit() {
        let sound = sine(997.0, 0, 4000);
        let out = Rig::open(&Equaliser, &[]).feed(&sound);
        assert!(same_bits(&out.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn a_band_falls_asleep_and_wakes_the_same_for_any_cutting() {
        let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
        let run = |cut: usize| {
            let mut rig = Rig::open(&Equaliser, &[]);
            let mut heard = vec![];
            for at in (0..16_000).step_by(cut) {
                // The glides end within a call or with one, whatever its length.
                let turns = [(4000, 6.0), (8000, 0.0), (12_000, -6.0)];
                for (_, gain_db) in turns.iter().filter(|turn| turn.0 == at) {
                    rig.set(index("band3_gain"), *gain_db);
                }
                heard.extend(rig.feed(&sine(700.0, at, cut)).channels.remove(0));
            }
            heard
        };
        let whole = run(4000);
        assert!(same_bits(&[run(500)], std::slice::from_ref(&whole)));
        assert!(same_bits(&[run(16)], std::slice::from_ref(&whole)));
        assert!(whole[..4000] == sine(700.0, 0, 4000)[..]);
        assert!(whole[15_000..] != sine(700.0, 15_000, 1000)[..]);
    }

    #[test]
    fn a_band_that_is_off_glides_on_the_same_for_any_cutting() {
        let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
        let run = |cut: usize| {
            let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0)]);
            let mut heard = vec![];
            for at in (0..8000).step_by(cut) {
                // Off and on its way, on again behind its fade and before the end of the way.
                match at {
                    4000 => {
                        rig.set(index("band3_on"), 0.0);
                        rig.set(index("band3_frequency"), 3000.0);
                    }
                    5200 => rig.set(index("band3_on"), 1.0),
                    _ => {}
                }
                heard.extend(rig.feed(&sine(700.0, at, cut)).channels.remove(0));
            }
            heard
        };
        let whole = run(400);
        assert!(same_bits(&[run(16)], std::slice::from_ref(&whole)));
        assert!(same_bits(&[run(80)], std::slice::from_ref(&whole)));
        assert!(whole[2000..4000].iter().any(|sample| sample.abs() > 0.2));
    }

    #[test]
    fn changes_of_any_value_make_no_step() {
        let mut rig = Rig::open(&Equaliser, &[("band3_gain", 12.0)]);
        let mut all = heard(&mut rig, 300.0, 8000);
        let index = |key: &str| DESCRIPTOR.property(key).unwrap().0;
        for (key, value) in [
            ("band3_gain", -24.0),
            ("band3_frequency", 300.0),
            ("band3_q", 18.0),
            ("band3_type", 2.0),
            ("band3_on", 0.0),
            ("band3_on", 1.0),
            ("level", -12.0),
        ] {
            rig.set(index(key), value);
            all.extend(heard(&mut rig, 300.0, 8000));
        }
        let step = all
            .windows(2)
            .map(|w| (w[1] - w[0]).abs())
            .fold(0.0, f32::max);
        // A sine of 300 Hz at 0.1 rises by 0.004 a sample, four times that at 12 dB.
        assert!(step < 0.017, "{step}");
    }

    #[test]
    fn what_is_no_number_does_not_come_out() {
        let mut rig = Rig::open(&Equaliser, &[("band2_gain", 12.0)]);
        let out = rig.feed(&[0.5, f32::NAN, f32::INFINITY, f32::MAX, 0.5]);
        assert!(out.channels.iter().flatten().all(|s| !s.is_nan()));
        rig.feed(&[0.0; 4096]);
        assert!(
            rig.feed(&[0.1; 64]).channels[0]
                .iter()
                .all(|s| s.is_finite())
        );
    }
}
