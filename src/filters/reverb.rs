//! Reverb: the room that a sound stands in.
//!
//! in (float) -> out (float), in place, without latency. The echoes are those of a [`Room`], which comes `pre_delay` after
//! the sound. Every channel is a source and a listener in the same room, so any number of them will do. A steady sound
//! has echoes as loud as itself whatever the decay. All values glide; a change of the size or the pre-delay fades from the
//! old places to the new, without a change of pitch.

use crate::dsp::DelayLine;
use crate::dsp::delay::Mover;
use crate::dsp::gain::mix_into;
use crate::dsp::reverb::{Room, RoomShape};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    Amplitude, DataRange, Descriptor, Filter, Flow, Glide, Io, Node, NodePin, OpenError, Opened,
    Opening, PinFactory, Processor, Property, Settings, State, TAIL_DB, TopologyConnection, Unit,
    ValueSlot, Values, Wave,
};

const MOST_PRE_DELAY: f64 = 250.0;
const FADES_PER_SECOND: u32 = 33;
/// How long what smears the sound goes on by itself.
const DIFFUSION_SECONDS: f64 = 0.1;

const SIZE: Property = Property::number("size", "Size", 10.0, 100.0, 60.0).group("Room")
    .unit(Unit::Percent)
    .inline()
    .help("How large the room is: the first echoes come after 3 to 10 ms at 10 %, after 31 to 97 ms at 100 %.");
const DECAY: Property = Property::number("decay", "Decay", 0.2, 20.0, 1.8)
    .group("Room")
    .unit(Unit::Second)
    .logarithmic()
    .inline()
    .help("How long it takes until low tones are 60 dB softer (RT60).");
const DAMPING: Property = Property::number("damping", "Damping", 0.0, 100.0, 40.0).group("Room")
    .unit(Unit::Percent)
    .inline()
    .help("How much sooner high tones are gone: at 0 % none, at 100 % the highest in a tenth of the decay.");
const PRE_DELAY: Property = Property::number("pre_delay", "Pre-delay", 0.0, MOST_PRE_DELAY, 15.0)
    .group("Room")
    .unit(Unit::Millisecond)
    .help("How long the room waits before it answers.");
const WIDTH: Property = Property::number("width", "Width", 0.0, 100.0, 100.0)
    .group("Output")
    .unit(Unit::Percent)
    .glide_millis(20.0)
    .help("How different the channels' echoes are: at 0 % all hear the same.");
const MIX: Property = Property::number("mix", "Mix", 0.0, 100.0, 25.0)
    .group("Output")
    .unit(Unit::Percent)
    .glide_millis(20.0)
    .inline()
    .help("How much of the room is heard: 0 % is the sound alone, 100 % the room alone.");
const PROPERTIES: &[Property] = &[SIZE, DECAY, DAMPING, PRE_DELAY, WIDTH, MIX];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::DELAY, "Pre-delay", &["pre_delay"]),
    Node::new(node::REVERB, "Room", &["size", "decay", "damping", "width"]),
    Node::new(node::SUPERMIX, "Mix", &["mix"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::new(NodePin::out_of(1), NodePin::Node(2, 1)),
    TopologyConnection::new(NodePin::Filter(0), NodePin::Node(2, 2)),
    TopologyConnection::leave(2, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new("reverb", "Reverb", CATEGORIES, PINS, PROPERTIES)
    .merit(merit::DO_NOT_USE)
    .nodes(NODES, INSIDE)
    .help("Puts a sound into a room, from a small chamber to a cathedral.");

/// What the catalogue offers and the graph negotiates with.
pub struct Reverb;

impl Filter for Reverb {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let channels = format.channels as usize;
        let longest = (MOST_PRE_DELAY * f64::from(rate_hz) / 1000.0) as usize + 2;
        let most = opening.max_len_at(rate_hz);
        Ok(Opened::processor(Playing {
            rate_hz: f64::from(rate_hz),
            shape: [&SIZE, &DECAY, &DAMPING].map(|property| opening.slot(property)),
            pre_delay: opening.slot(&PRE_DELAY),
            width: opening.glide_at(&WIDTH, rate_hz),
            mix: opening.glide_at(&MIX, rate_hz),
            place: Mover::new(1, (rate_hz / FADES_PER_SECOND).max(1)),
            waiting: vec![DelayLine::new(longest + most); channels].into(),
            room: Room::new(f64::from(rate_hz), channels),
            echoes: vec![vec![0.0; most]; channels].into(),
            means: vec![0.0; most],
            is_fresh: true,
        }))
    }

    fn tail_seconds(&self, settings: &Settings<'_>, _: u32) -> f64 {
        let falls = settings.number(&DECAY) * TAIL_DB / 60.0;
        settings.number(&PRE_DELAY) / 1000.0 + DIFFUSION_SECONDS + falls
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    /// Size, decay and damping.
    shape: [ValueSlot; 3],
    pre_delay: ValueSlot,
    width: Glide,
    mix: Glide,
    place: Mover,
    /// The sound before the room, by channel.
    waiting: Box<[DelayLine]>,
    room: Room,
    /// The echoes of this piece, by channel, and what all of them have in common.
    echoes: Box<[Vec<f32>]>,
    means: Vec<f32>,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

impl Playing {
    fn shape(&self, values: Values<'_>) -> RoomShape {
        let [size, decay, damping] = self.shape.map(|slot| slot.get(values));
        RoomShape {
            size: size / 100.0,
            decay_seconds: decay,
            damping: damping / 100.0,
        }
    }

    /// Lays what comes to the room now where its echoes will stand.
    fn wait(&mut self, wave: &Wave, wanted: usize, len: usize) {
        let sounds = self.waiting.iter_mut().zip(&mut self.echoes);
        if self.place.rests_at(wanted) {
            for ((past, echoes), channel) in sounds.zip(wave.channels()) {
                past.push_all(channel);
                past.read(wanted + len - 1, &mut echoes[..len]);
            }
            return;
        }
        for at in 0..len {
            let place = self.place.step(wanted);
            let sounds = self.waiting.iter_mut().zip(&mut self.echoes);
            for ((past, echoes), channel) in sounds.zip(wave.channels()) {
                past.push(channel[at]);
                echoes[at] = past.at(place);
            }
        }
    }
}

/// A sample beside its echo, which is as wide as it is to be.
#[inline(always)]
fn blend(sample: f32, echo: f32, mean: f32, wide: f32, wet: f32) -> f32 {
    let echo = mean + (echo - mean) * wide;
    sample * (1.0 - wet) + echo * wet
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let shape = self.shape(io.values);
        let millis = self.pre_delay.get(io.values).clamp(0.0, MOST_PRE_DELAY);
        // What was pushed last is one sample back.
        let wanted = (millis * self.rate_hz / 1000.0).round() as usize + 1;
        if std::mem::take(&mut self.is_fresh) {
            self.width.reset(io.values);
            self.mix.reset(io.values);
            self.place.jump(wanted);
            self.waiting.iter_mut().for_each(DelayLine::reset);
            self.room.reset(shape);
        }
        self.room.set(shape);
        let Some(wave) = io.outputs[0].payload.wave_mut() else {
            return Flow::Running;
        };
        let len = wave.len().min(self.means.len());
        for channel in wave.channels_mut() {
            crate::dsp::measure::silence_non_finite(channel);
        }
        self.wait(wave, wanted, len);
        self.room.pass(&mut self.echoes, len);
        let width = self.width.amplitude(io.values, len);
        let mix = self.mix.amplitude(io.values, len);
        // One alone has all in common with itself.
        if let [first, others @ ..] = &*self.echoes
            && !others.is_empty()
        {
            let means = &mut self.means[..len];
            means.copy_from_slice(&first[..len]);
            for other in others {
                mix_into(means, &other[..len]);
            }
            let count = self.echoes.len() as f32;
            means.iter_mut().for_each(|mean| *mean /= count);
        }
        let share = |percent: f32| (percent / 100.0).clamp(0.0, 1.0);
        for (channel, echoes) in wave.channels_mut().zip(&self.echoes) {
            let means = match self.echoes.len() {
                1 => echoes,
                _ => &self.means,
            };
            let heard = channel.iter_mut().zip(echoes).zip(means);
            match (&width, &mix) {
                (Amplitude::Still(width), Amplitude::Still(mix)) => {
                    let (wide, wet) = (share(*width), share(*mix));
                    crate::dsp::wide::wide(
                        #[inline(always)]
                        || {
                            for ((it, echo), mean) in heard {
                                *it = blend(*it, *echo, *mean, wide, wet);
                            }
                        },
                    );
                }
                _ => {
                    for (at, ((it, echo), mean)) in heard.enumerate() {
                        let (wide, wet) = (share(width.at(at)), share(mix.at(at)));
                        *it = blend(*it, *echo, *mean, wide, wet);
                    }
                }
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
    use crate::dsp::Random;
    use crate::dsp::measure::rms;
    use crate::filters::tests::{formats, same_bits};
    use crate::ks::rig::Rig;
    use crate::ks::{DataFormat, Value};

    const RATE: f64 = 48_000.0;

    fn place_of(key: &str) -> usize {
        DESCRIPTOR.property(key).unwrap().0
    }

    /// What a click on the left becomes, mix at 100 %.
    fn answer(numbers: &[(&str, f64)], seconds: f64) -> Vec<Vec<f32>> {
        let mut values = vec![("mix", 100.0)];
        values.extend(numbers);
        let mut rig = Rig::open(&Reverb, &values);
        let mut heard = vec![vec![]; 2];
        for piece in 0..(seconds * RATE / 4000.0) as usize {
            let mut click = vec![vec![0.0; 4000]; 2];
            click[0][0] = if piece == 0 { 1.0 } else { 0.0 };
            let new = rig.cycle(4000, &click, &[]).channels;
            for (heard, new) in heard.iter_mut().zip(new) {
                heard.extend(new);
            }
        }
        heard
    }

    /// The seconds for 60 dB: the power that is still to come, from 5 to 35 dB down, along the straightest line.
    fn decay_of(answer: &[f32]) -> f64 {
        let mut left: Vec<f64> = answer.iter().map(|s| f64::from(s * s)).collect();
        for at in (1..left.len()).rev() {
            left[at - 1] += left[at];
        }
        let whole = left[0];
        let points: Vec<(f64, f64)> = left
            .iter()
            .enumerate()
            .map(|(at, power)| (at as f64 / RATE, 10.0 * (power / whole).log10()))
            .filter(|(_, level)| (-35.0..=-5.0).contains(level))
            .collect();
        let count = points.len() as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (x, y) = (mean(|it| it.0), mean(|it| it.1));
        let slope = points.iter().map(|it| (it.0 - x) * (it.1 - y)).sum::<f64>()
            / points.iter().map(|it| (it.0 - x) * (it.0 - x)).sum::<f64>();
        -60.0 / slope
    }

    /// The sound below or above a corner, by two one-poles in a row.
    fn part(sound: &[f32], hz: f64, is_high: bool) -> Vec<f32> {
        let share = crate::dsp::dynamics::share(1.0 / (std::f64::consts::TAU * hz), RATE);
        (0..2).fold(sound.to_vec(), |sound, _| {
            let mut low = 0.0;
            let one = |sample: &f32| {
                low += (f64::from(*sample) - low) * share;
                if is_high {
                    sample - low as f32
                } else {
                    low as f32
                }
            };
            sound.iter().map(one).collect()
        })
    }

    #[test]
    fn it_dies_away_in_the_time_the_knob_says() {
        for (decay, size) in [(0.3, 30.0), (1.0, 60.0), (2.5, 100.0), (2.5, 10.0)] {
            let numbers = [("decay", decay), ("size", size), ("damping", 0.0)];
            let heard = answer(&numbers, decay * 1.5);
            for channel in heard {
                let found = decay_of(&channel);
                assert!(
                    (found / decay - 1.0).abs() < 0.06,
                    "{decay} {size}: {found}"
                );
            }
        }
    }

    #[test]
    fn damping_takes_the_high_tones_sooner_and_leaves_the_low() {
        let heard = answer(&[("decay", 2.0), ("damping", 60.0)], 3.0).remove(1);
        let low = decay_of(&part(&heard, 150.0, false));
        let high = decay_of(&part(&heard, 12_000.0, true));
        assert!((low / 2.0 - 1.0).abs() < 0.08, "{low}");
        assert!(high < 1.3 && high > 0.8, "{high}");
    }

    #[test]
    fn the_room_answers_after_the_pre_delay_and_the_first_delay() {
        for (pre_delay, size) in [(0.0, 10.0), (100.0, 10.0), (20.0, 100.0)] {
            let numbers = [("pre_delay", pre_delay), ("size", size)];
            let heard = answer(&numbers, 0.5);
            let first = heard[1].iter().position(|s| s.abs() > 1e-6).unwrap() as f64;
            let wanted = (pre_delay + 31.3 * size / 100.0) * 48.0;
            assert!((first - wanted).abs() <= 1.0, "{first} {wanted}");
        }
    }

    #[test]
    fn its_echoes_are_dense_and_of_no_colour() {
        let heard = answer(&[("decay", 3.0), ("damping", 0.0)], 1.0).remove(0);
        // As in noise a third of the samples is above the deviation, in each stretch of 20 ms from a fifth of a second on.
        for stretch in heard[9_600..43_200].chunks(960) {
            let deviation = rms(stretch);
            let above = stretch.iter().filter(|s| s.abs() > deviation).count() as f32;
            assert!((above / 960.0 - 0.317).abs() < 0.07, "{above}");
        }
        // No band of a third of an octave stands out.
        let mut levels = vec![];
        let mut hz = 200.0;
        while hz < 12_000.0 {
            let tones = (0..24).map(|n| {
                let hz = hz * 2.0_f64.powf(f64::from(n) / 72.0);
                crate::dsp::measure::tone_windowed(&heard[4_800..], hz, RATE).amplitude
            });
            let power: f64 = tones.map(|it| it * it).sum();
            levels.push(10.0 * power.log10());
            hz *= 2.0_f64.powf(1.0 / 3.0);
        }
        let mean = levels.iter().sum::<f64>() / levels.len() as f64;
        for level in levels {
            assert!((level - mean).abs() < 4.5, "{level} {mean}");
        }
    }

    fn noise(piece: u64) -> Vec<Vec<f32>> {
        let channel = |channel: u64| {
            let mut random = Random::new(piece * 2 + channel);
            (0..4000).map(|_| random.next_signed() * 0.5).collect()
        };
        (0..2).map(channel).collect()
    }

    #[test]
    fn a_steady_sound_has_echoes_as_loud_as_itself_whatever_the_decay() {
        for decay in [0.3, 2.0] {
            let values = [("mix", 100.0), ("decay", decay), ("damping", 0.0)];
            let mut rig = Rig::open(&Reverb, &values);
            let mut last = vec![];
            for piece in 0..(24.0 * decay) as u64 + 24 {
                let heard = rig.cycle(4000, &noise(piece), &[]).channels.remove(0);
                last.extend(heard);
            }
            let level = rms(&last[last.len() - 72_000..]) / (0.5 / 3.0_f32.sqrt());
            assert!((20.0 * level.log10()).abs() < 1.5, "{decay}: {level}");
        }
    }

    #[test]
    fn width_goes_from_one_for_all_to_each_its_own() {
        let narrow = answer(&[("width", 0.0)], 0.5);
        assert!(same_bits(&narrow[..1], &narrow[1..]));
        let wide = answer(&[("width", 100.0)], 0.5);
        let product: f32 = wide[0].iter().zip(&wide[1]).map(|(a, b)| a * b).sum();
        let power: f32 = wide[0].iter().map(|a| a * a).sum();
        assert!((product / power).abs() < 0.15, "{}", product / power);
    }

    #[test]
    fn without_mix_every_bit_passes() {
        let sound = noise(3);
        let heard = Rig::open(&Reverb, &[("mix", 0.0)]).cycle(4000, &sound, &[]);
        assert!(same_bits(&heard.channels, &sound));
    }

    #[test]
    fn any_number_of_channels_stands_in_the_room() {
        for channels in [1, 3, 6, 20] {
            let format = DataFormat::float(channels, 48_000);
            let pins = formats(&[("in", format.clone()), ("out", format)]);
            let values = [("mix".to_owned(), Value::Number(100.0))].into();
            let mut rig = Rig::open_with(&Reverb, values, &pins, None);
            let mut sound = vec![vec![0.0; 4000]; channels as usize];
            sound[0][0] = 1.0;
            let heard = rig.cycle(4000, &sound, &[]).channels;
            for (index, one) in heard.iter().enumerate() {
                assert!(rms(one) > 1e-4, "{index} of {channels} is silent");
                for other in &heard[..index] {
                    assert_ne!(one, other, "{index} of {channels}");
                }
            }
        }
    }

    #[test]
    fn changes_of_any_value_make_no_step() {
        let mut rig = Rig::open(&Reverb, &[("mix", 100.0), ("decay", 3.0)]);
        let mut all = vec![];
        let settle = 12;
        for turn in 0..settle + 36 {
            let change = [
                ("size", 100.0),
                ("size", 10.0),
                ("decay", 0.2),
                ("decay", 6.0),
                ("damping", 100.0),
                ("damping", 0.0),
                ("pre_delay", 250.0),
                ("pre_delay", 0.0),
                ("width", 0.0),
                ("width", 100.0),
                ("mix", 0.0),
                ("mix", 100.0),
            ];
            if turn >= settle && turn % 3 == 0 {
                let (key, value) = change[(turn - settle) / 3];
                rig.set(place_of(key), value);
            }
            let from = all.len();
            let sine: Vec<f32> = (from..from + 4000)
                .map(|n| (n as f32 * std::f32::consts::TAU / 480.0).sin() * 0.25)
                .collect();
            all.extend(rig.feed(&sine).channels.remove(0));
        }
        let step = |part: &[f32]| {
            part.windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max)
        };
        // Other rooms are louder or softer at 100 Hz: none makes steps that its own sine would not make.
        let largest = crate::dsp::measure::peak(&all[settle * 4000..]);
        let rise = largest * std::f32::consts::TAU / 480.0;
        let found = step(&all[settle * 4000..]);
        assert!(found < rise * 1.5 + 0.002, "{found} {rise}");
    }

    #[test]
    fn its_tail_ends_in_nothing_holds_no_wrong_number_and_is_as_long_as_it_says() {
        let numbers = [("decay", 0.3), ("mix", 100.0), ("pre_delay", 50.0)];
        let values = numbers
            .iter()
            .map(|(key, number)| ((*key).to_owned(), Value::Number(*number)))
            .collect();
        let settings = Settings {
            values: &values,
            base: None,
        };
        let tail = Reverb.tail_seconds(&settings, 48_000);
        assert!((tail - 0.6).abs() < 1e-9);
        let mut rig = Rig::open(&Reverb, &numbers);
        let mut sound = noise(1);
        sound[0][100] = f32::NAN;
        sound[1][101] = f32::INFINITY;
        rig.cycle(4000, &sound, &[]);
        let mut all = vec![];
        for _ in 0..48 {
            all.extend(rig.run(4000).channels.remove(0));
            assert!(all.iter().all(|s| s.is_finite() && !s.is_subnormal()));
        }
        let end = (tail * RATE) as usize;
        assert!(rms(&all[end / 2..end]) > 1e-5);
        assert!(crate::dsp::measure::peak(&all[end..]) < 10.0_f32.powf(-90.0 / 20.0));
        assert!(all[all.len() - 4000..].iter().all(|s| *s == 0.0));
    }
}
