//! Channel Mapper: a sound of so many channels in, one of another number out.
//!
//! in (any sound) -> out of the same rate and coding. Channels have the places that WAVEFORMATEX gives them:
//!
//! ```text
//!   1: C      3: L R C        5: L R C BL BR         7: L R C LFE BC SL SR
//!   2: L R    4: L R BL BR    6: L R C LFE BL BR     8: L R C LFE BL BR SL SR
//! ```
//!
//! - A place that both sides have is copied. A place that only the output has is silent.
//! - One channel is copied to all. All to one is the mean of left and right, after the fold to stereo.
//! - A place that the output lacks goes to its neighbours at -3 dB: C to L and R; BL and SL to each other, else to L,
//!   likewise on the right; BC to BL and BR, else to L and R, at -6 dB. LFE is dropped.
//! - Where an output would get more than 1 in sum, all outputs are lowered alike, so nothing can clip.
//! - Beyond eight channels nothing has a place: channels are taken in order.
//!
//! Only copied samples pass bit for bit; mixed ones are put back on the grid of an integer wire.

use std::borrow::Cow;
use std::f32::consts::FRAC_1_SQRT_2;

use crate::dsp::gain::mix_into_scaled;
use crate::dsp::{Dither, Quantiser};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Constrained, DataRange, Descriptor, Facts, Field, Filter, Flow, Io, Kernel, Node, OpenError,
    Opened, Opening, PinFactory, Processor, Property, Settings, TopologyConnection, Values,
    constrain_fields,
};

const CHANNELS: Property = Property::count("channels", "Output channels", 1, 8, 2)
    .structural()
    .inline();
const PROPERTIES: &[Property] = &[CHANNELS];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::WAVE),
    PinFactory::output("out", DataRange::WAVE),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::INTERFACETRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[Node::new(node::SUPERMIX, "Mapper", &["channels"])];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::leave(0, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "channel_mapper",
    "Channel Mapper",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::NORMAL + 1)
.nodes(NODES, INSIDE).help("Gives a sound another number of channels: mono goes to all, more channels fold down to fewer without clipping.");

/// What the catalogue offers and the graph negotiates with.
pub struct ChannelMapper;

impl Filter for ChannelMapper {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn describe(&self, settings: &Settings<'_>, _: &Facts) -> Cow<'_, Descriptor> {
        let channels = settings.number(&CHANNELS) as u32;
        let ranges = DataRange::WAVE.iter().cloned();
        let ranges = ranges.map(|range| range.exactly_channels(channels));
        Cow::Owned(DESCRIPTOR.with_ranges("out", ranges.collect()))
    }

    fn constrain(&self, _: &Descriptor, _: &Settings<'_>, pins: &mut Constrained) {
        constrain_fields(pins, 0, 1, &[Field::Rate, Field::Coding]);
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let from = opening.audio("in").channels as usize;
        let to = opening.settings.number(&CHANNELS) as usize;
        let grid = opening.format("in").filter(|format| !format.is_float());
        let bits = grid.and_then(|format| format.audio).map(|audio| audio.bits);
        Ok(Opened::processor(Playing {
            rows: rows(from, to),
            grid: bits.map(|bits| Quantiser::new(bits, Dither::None)),
            passes: from == to,
        })
        .multiplies())
    }
}

/// A place around the listener.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Left,
    Right,
    Centre,
    Low,
    BackLeft,
    BackRight,
    BackCentre,
    SideLeft,
    SideRight,
}

/// The places of a sound of so many channels; none where they are not known.
fn places(channels: usize) -> &'static [Place] {
    use Place::{BackCentre, BackLeft, BackRight, Centre, Left, Low, Right, SideLeft, SideRight};
    match channels {
        1 => &[Centre],
        2 => &[Left, Right],
        3 => &[Left, Right, Centre],
        4 => &[Left, Right, BackLeft, BackRight],
        5 => &[Left, Right, Centre, BackLeft, BackRight],
        6 => &[Left, Right, Centre, Low, BackLeft, BackRight],
        7 => &[Left, Right, Centre, Low, BackCentre, SideLeft, SideRight],
        8 => &[
            Left, Right, Centre, Low, BackLeft, BackRight, SideLeft, SideRight,
        ],
        _ => &[],
    }
}

/// Where a place goes that the output lacks: the first alternative of which the output has all places.
fn neighbours(place: Place) -> &'static [(&'static [Place], f32)] {
    use Place::{BackCentre, BackLeft, BackRight, Centre, Left, Low, Right, SideLeft, SideRight};
    const DOWN: f32 = FRAC_1_SQRT_2;
    match place {
        Centre => &[(&[Left, Right], DOWN)],
        BackLeft => &[(&[SideLeft], DOWN), (&[Left], DOWN)],
        BackRight => &[(&[SideRight], DOWN), (&[Right], DOWN)],
        SideLeft => &[(&[BackLeft], DOWN), (&[Left], DOWN)],
        SideRight => &[(&[BackRight], DOWN), (&[Right], DOWN)],
        BackCentre => &[
            (&[BackLeft, BackRight], 0.5),
            (&[SideLeft, SideRight], 0.5),
            (&[Left, Right], 0.5),
        ],
        Left | Right | Low => &[],
    }
}

/// For each output channel what it takes: inputs with their factors.
type Rows = Vec<Vec<(usize, f32)>>;

fn rows(from: usize, to: usize) -> Rows {
    if from == 1 {
        return vec![vec![(0, 1.0)]; to];
    }
    if to == 1 && places(from).is_empty() {
        return vec![vec![(0, 1.0)]];
    }
    if to == 1 {
        let stereo = rows(from, 2);
        let gain = |row: &[(usize, f32)], input| {
            let found = row.iter().find(|(at, _)| *at == input);
            found.map_or(0.0, |(_, factor)| *factor)
        };
        let mean = |input| (gain(&stereo[0], input) + gain(&stereo[1], input)) * 0.5;
        let row = (0..from).map(|input| (input, mean(input)));
        return vec![row.filter(|(_, factor)| *factor != 0.0).collect()];
    }
    let (have, want) = (places(from), places(to));
    if have.is_empty() || from == to {
        return (0..to).map(|channel| vec![(channel, 1.0)]).collect();
    }
    let mut rows: Rows = vec![vec![]; to];
    for (input, place) in have.iter().enumerate() {
        let at = |place: &Place| want.iter().position(|known| known == place);
        if let Some(output) = at(place) {
            rows[output].push((input, 1.0));
            continue;
        }
        let ways = neighbours(*place).iter();
        let way = ways.map(|(to, factor)| (to.iter().map(at).collect::<Option<Vec<_>>>(), *factor));
        if let Some((outputs, factor)) = way
            .filter_map(|(outputs, factor)| Some((outputs?, factor)))
            .next()
        {
            outputs
                .iter()
                .for_each(|output| rows[*output].push((input, factor)));
        }
    }
    let sum = |row: &Vec<(usize, f32)>| row.iter().map(|(_, factor)| factor).sum::<f32>();
    let most = rows.iter().map(sum).fold(1.0, f32::max);
    for (_, factor) in rows.iter_mut().flatten() {
        *factor /= most;
    }
    rows
}

/// The running half; lives on the audio thread.
struct Playing {
    rows: Rows,
    /// Where mixed samples of an integer wire belong.
    grid: Option<Quantiser>,
    /// Every channel stays what it is.
    passes: bool,
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let output = &mut io.outputs[0];
        // An output that nobody reads may be of another length.
        let (Some(wave), true) = (io.inputs.get(0).wave(), output.is_connected) else {
            output.silence();
            return Flow::Running;
        };
        for (row, channel) in self.rows.iter().zip(output.channels_mut()) {
            match row.as_slice() {
                [] => channel.fill(0.0),
                [(input, 1.0)] => channel.copy_from_slice(wave.channel(*input)),
                _ => {
                    channel.fill(0.0);
                    for (input, factor) in row {
                        mix_into_scaled(channel, wave.channel(*input), *factor);
                    }
                    if let Some(grid) = &mut self.grid {
                        grid.quantise(channel);
                    }
                }
            }
        }
        Flow::Running
    }

    fn kernel(&mut self, _: Values<'_>, _: &mut Kernel) -> bool {
        self.passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::tests::{constrained, formats};
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    /// One sample of each output channel for the given ones of the input.
    fn map(inputs: &[f32], to: u32, bits: Option<u32>) -> Vec<f32> {
        let format = |channels| match bits {
            Some(bits) => DataFormat::pcm(bits, channels, 48_000),
            None => DataFormat::float(channels, 48_000),
        };
        let pins = formats(&[("in", format(inputs.len() as u32)), ("out", format(to))]);
        let values = [("channels".to_owned(), Value::Number(f64::from(to)))].into();
        let channels: Vec<Vec<f32>> = inputs.iter().map(|sample| vec![*sample; 3]).collect();
        let heard = Rig::open_with(&ChannelMapper, values, &pins, None).cycle(3, &channels, &[]);
        heard.channels.iter().map(|channel| channel[2]).collect()
    }

    fn assert_close(got: &[f32], wanted: &[f32]) {
        assert_eq!(got.len(), wanted.len());
        let near = got.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-6);
        assert!(near, "{got:?}, wanted {wanted:?}");
    }

    #[test]
    fn mono_goes_to_all_and_stereo_keeps_its_sides() {
        assert_eq!(map(&[0.3], 4, None), [0.3; 4]);
        assert_eq!(map(&[0.3, -0.2], 6, None), [0.3, -0.2, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(map(&[0.3, -0.2], 2, None), [0.3, -0.2]);
        assert_close(&map(&[0.3, -0.2], 1, None), &[0.05]);
    }

    #[test]
    fn more_channels_fold_down_by_the_written_coefficients_and_never_clip() {
        let most = 1.0 + 2.0 * FRAC_1_SQRT_2;
        let side = FRAC_1_SQRT_2 / most;
        assert_close(
            &map(&[1.0, 0.0, 0.0, 0.0, 0.0, 0.0], 2, None),
            &[1.0 / most, 0.0],
        );
        assert_close(
            &map(&[0.0, 0.0, 1.0, 0.0, 0.0, 0.0], 2, None),
            &[side, side],
        );
        assert_close(&map(&[0.0, 0.0, 0.0, 1.0, 0.0, 1.0], 2, None), &[0.0, side]);
        assert_close(&map(&[1.0; 6], 2, None), &[1.0, 1.0]);
        for from in 1..=8 {
            for to in 1..=8 {
                let loud = map(&vec![1.0; from], to, None);
                assert!(
                    loud.iter().all(|s| *s <= 1.000_001),
                    "{from} to {to}: {loud:?}"
                );
                assert!(loud[0] > 0.5, "{from} to {to}: {loud:?}");
            }
        }
    }

    #[test]
    fn places_both_sides_have_are_kept() {
        let heard = map(&[0.1, 0.2, 0.3, 0.4], 6, None);
        assert_eq!(heard, [0.1, 0.2, 0.0, 0.0, 0.3, 0.4]);
        let mut twelve = [0.0; 12];
        twelve[1] = 0.5;
        assert_eq!(map(&twelve, 2, None), [0.0, 0.5]);
        assert_eq!(map(&twelve, 1, None), [0.0]);
    }

    #[test]
    fn mixed_integers_stay_integers() {
        let step = 1.0 / 32_768.0;
        let heard = map(&[3.0 * step, 2.0 * step], 1, Some(16));
        assert_eq!(heard, [2.0 * step]);
    }

    #[test]
    fn rate_and_coding_are_shared_and_the_channels_are_not() {
        let pins = constrained(&ChannelMapper, &[], "in", &DataFormat::pcm(16, 6, 44_100));
        let wanted = DataFormat::pcm(16, 2, 44_100);
        assert!(
            pins[1]
                .iter()
                .all(|range| range.is_single() && range.contains(&wanted))
        );
        assert!(!pins[1].is_empty());
    }
}
