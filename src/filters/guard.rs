//! DC and Non-finite Guard: what is no number becomes silence, and what stands still goes away.
//!
//! in (float, sees samples that are not numbers as they are) -> out (float), in place. A sample that is no number becomes
//! 0, and so does one so small (denormal) that it would only cost time; both are counted. DC is removed by a high-pass of
//! the first order, which comes and goes within 20 ms; it knows the DC all the while, so it takes away the right amount
//! from its first sample. Without it every other sample passes bit for bit.
//!
//! ```text
//!   cell   0 NON_FINITE             1 DENORMAL               2 DC
//!          samples replaced since   samples replaced since   what stands still and is taken away,
//!          the run began            the run began            of the channel that has most of it
//!          both stay at MOST
//! ```

use crate::dsp::dynamics::share;
use crate::dsp::wide::{extent, wide};
use crate::dsp::{PIECE, Ramp};
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    DataRange, Descriptor, Filter, Flow, Io, Node, OpenError, Opened, Opening, PinFactory,
    Processor, Property, State, Telemetry, TopologyConnection, Unit, ValueSlot,
};

/// Cell of the number of samples that were no numbers.
pub const NON_FINITE: usize = 0;
/// Cell of the number of samples that were denormal.
pub const DENORMAL: usize = 1;
/// Cell of the DC that is taken away; full scale is 1.
pub const DC: usize = 2;
/// Counts stay there: a larger one would not be whole.
pub const MOST: u32 = 1 << 24;
const CELLS: usize = 3;

const FADES_PER_SECOND: u32 = 50;
/// What is louder than that is not meant, and would be believed for long.
const LOUDEST: f64 = 100.0;
/// What stands still below it is nothing; long before it turns denormal.
const NOTHING: f64 = 1e-30;

const REMOVE: Property = Property::flag("dc", "Remove DC", true)
    .inline()
    .help("Takes away what stands still, by a high-pass that comes and goes within 20 ms.");
const CORNER: Property = Property::number("corner", "Corner", 1.0, 40.0, 5.0)
    .unit(Unit::Hertz)
    .logarithmic()
    .help("Where the high-pass is 3 dB down. Lower spares the bass, higher is rid of DC sooner.");
const PROPERTIES: &[Property] = &[REMOVE, CORNER];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT).takes_non_finite(),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
const NODES: &[Node] = &[
    Node::new(node::MUTE, "What is no number", &[]),
    Node::new(node::EQUALIZER, "High-pass", &["dc", "corner"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(0, 0),
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 1),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "guard",
    "DC and Non-finite Guard",
    CATEGORIES,
    PINS,
    PROPERTIES,
).merit(merit::DO_NOT_USE)
.nodes(NODES, INSIDE)
.help(
    "Keeps a sound clean: samples that are no numbers become silence and are counted, and what stands still (DC) is removed.",
);

/// What the catalogue offers and the graph negotiates with.
pub struct Guard;

impl Filter for Guard {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let format = opening.audio("in");
        let rate_hz = format.rate_hz;
        let telemetry = Telemetry::new(CELLS);
        let playing = Playing {
            rate_hz: f64::from(rate_hz),
            remove: opening.slot(&REMOVE),
            corner: opening.slot(&CORNER),
            removal: Ramp::new(0.0, (rate_hz / FADES_PER_SECOND).max(1)),
            removals: vec![0.0; opening.max_len_at(rate_hz)],
            means: vec![0.0; format.channels as usize].into(),
            done: 0,
            non_finite: 0,
            denormal: 0,
            telemetry: telemetry.clone(),
            is_fresh: true,
        };
        Ok(Opened::processor(playing).telemetry(telemetry))
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    rate_hz: f64,
    remove: ValueSlot,
    corner: ValueSlot,
    /// How much of the DC is removed, 0 to 1, and that for each sample of a cycle.
    removal: Ramp,
    removals: Vec<f32>,
    /// What stands still, by channel.
    means: Box<[f64]>,
    /// Samples of the piece that is not yet whole.
    done: usize,
    non_finite: u32,
    denormal: u32,
    telemetry: Telemetry,
    /// Nothing was heard yet, so values are taken as they stand.
    is_fresh: bool,
}

/// The sample, or 0 and one more in the count of its kind.
fn cleaned(sample: f32, non_finite: &mut u32, denormal: &mut u32) -> f32 {
    if !sample.is_finite() {
        *non_finite = (*non_finite + 1).min(MOST);
        0.0
    } else if sample.is_subnormal() {
        *denormal = (*denormal + 1).min(MOST);
        0.0
    } else {
        sample
    }
}

/// Takes away as much of what stands still as is said, and nothing at all where that is nothing.
fn remove(samples: &mut [f32], means: &[f64; PIECE], removals: &[f32]) {
    wide(
        #[inline(always)]
        || {
            for ((sample, mean), removal) in samples.iter_mut().zip(means).zip(removals) {
                let rest = (f64::from(*sample) - mean * f64::from(*removal)) as f32;
                *sample = if *removal > 0.0 { rest } else { *sample };
            }
        },
    );
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let wanted = f32::from(u8::from(self.remove.is_on(io.values)));
        if std::mem::take(&mut self.is_fresh) {
            self.removal.jump(wanted);
            self.means.fill(0.0);
            self.done = 0;
            (self.non_finite, self.denormal) = (0, 0);
        }
        self.removal.set(wanted);
        let hz = self.corner.get(io.values).max(0.1);
        let share = share(1.0 / (std::f64::consts::TAU * hz), self.rate_hz);
        let output = &mut io.outputs[0]; // in place: it already holds the input
        let len = output.len().min(self.removals.len());
        self.removal.fill(&mut self.removals[..len]);
        let mut most = 0.0_f64;
        for (mean, channel) in self.means.iter_mut().zip(output.channels_mut()) {
            let seen = extent(channel);
            if !seen.is_finite() || seen.has_denormal() {
                for sample in channel.iter_mut() {
                    *sample = cleaned(*sample, &mut self.non_finite, &mut self.denormal);
                }
            }
            let mut done = self.done;
            let (mut rest, mut removals) = (channel, &self.removals[..len]);
            while !rest.is_empty() {
                let (now, later) = rest.split_at_mut(rest.len().min(PIECE - done));
                let (removals_now, removals_later) = removals.split_at(now.len());
                let (mut means, mut last) = ([0.0; PIECE], *mean);
                for (sample, kept) in now.iter().zip(&mut means) {
                    let near = f64::from(*sample).clamp(-LOUDEST, LOUDEST);
                    last = last * (1.0 - share) + near * share;
                    *kept = last;
                }
                *mean = last;
                remove(now, &means, removals_now);
                done = (done + now.len()) % PIECE;
                if done == 0 && mean.abs() < NOTHING {
                    *mean = 0.0;
                }
                (rest, removals) = (later, removals_later);
            }
            if mean.abs() > most.abs() {
                most = *mean;
            }
        }
        self.done = (self.done + len) % PIECE;
        let removed = most * f64::from(self.removal.value());
        self.telemetry.set(NON_FINITE, self.non_finite as f32);
        self.telemetry.set(DENORMAL, self.denormal as f32);
        self.telemetry.set(DC, removed as f32);
        Flow::Running
    }

    fn enter(&mut self, state: State) {
        self.is_fresh |= state == State::Stop;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::measure::tone;
    use crate::filters::tests::same_bits;
    use crate::ks::rig::Rig;

    fn guard(removes_dc: bool) -> Rig {
        let mut rig = Rig::open(&Guard, &[]);
        rig.set(0, f64::from(u8::from(removes_dc)));
        rig
    }

    #[test]
    fn clean_sound_passes_bit_for_bit_without_the_high_pass() {
        let sound: Vec<f32> = (0..4000).map(|n| (n as f32 * 0.37).sin() * 3.0).collect();
        let heard = guard(false).feed(&sound);
        assert!(same_bits(&heard.channels, &[sound.clone(), sound]));
    }

    #[test]
    fn what_is_no_number_becomes_silence_sample_by_sample_and_is_counted() {
        let mut rig = guard(false);
        let sound = [
            0.5,
            f32::NAN,
            -0.25,
            f32::INFINITY,
            1e-40,
            f32::NEG_INFINITY,
            f32::MIN_POSITIVE,
            -1e-39,
            f32::MAX,
        ];
        let clean = [
            0.5,
            0.0,
            -0.25,
            0.0,
            0.0,
            0.0,
            f32::MIN_POSITIVE,
            0.0,
            f32::MAX,
        ];
        let heard = rig.feed(&sound);
        assert!(same_bits(
            &heard.channels,
            &[clean.to_vec(), clean.to_vec()]
        ));
        // Two channels of the same.
        let cells = rig.telemetry().unwrap();
        assert_eq!((cells.get(NON_FINITE), cells.get(DENORMAL)), (6.0, 4.0));
        rig.feed(&[f32::NAN; 3]);
        assert_eq!(rig.telemetry().unwrap().get(NON_FINITE), 12.0);
    }

    #[test]
    fn counts_begin_anew_with_a_run_and_stay_to_be_read_after_it() {
        let mut rig = guard(false);
        rig.feed(&[f32::NAN; 5]);
        rig.processor().enter(State::Stop);
        assert_eq!(rig.telemetry().unwrap().get(NON_FINITE), 10.0);
        rig.feed(&[0.0]);
        assert_eq!(rig.telemetry().unwrap().get(NON_FINITE), 0.0);
    }

    fn settled(rig: &mut Rig, hz: f64, dc: f32) -> Vec<f32> {
        let mut last = vec![];
        for piece in 0..24 {
            let sound: Vec<f32> = (piece * 4000..(piece + 1) * 4000)
                .map(|n| {
                    dc + (std::f64::consts::TAU * hz * n as f64 / 48_000.0).sin() as f32 * 0.25
                })
                .collect();
            last = rig.feed(&sound).channels.remove(0);
        }
        last
    }

    #[test]
    fn the_high_pass_has_the_response_on_paper() {
        for (corner, hz) in [(5.0, 100.0), (5.0, 24.0), (40.0, 60.0), (1.0, 24.0)] {
            let mut rig = Rig::open(&Guard, &[("corner", corner)]);
            let last = settled(&mut rig, hz, 0.5);
            // 4000 samples hold whole periods of multiples of 12 Hz; 100 Hz has them in 3840.
            let whole = if hz == 100.0 { 3840 } else { 4000 };
            let mean = last[..whole].iter().sum::<f32>() / whole as f32;
            // The slowest corner is still on its way after two seconds.
            assert!(mean.abs() < 1e-4, "{corner}: {mean}");
            let found = tone(&last[..whole], hz, 48_000.0).amplitude / 0.25;
            let wanted = 1.0 / (1.0 + (corner / hz) * (corner / hz)).sqrt();
            assert!((found / wanted - 1.0).abs() < 0.005, "{found} {wanted}");
            let told = rig.telemetry().unwrap().get(DC);
            assert!((told - 0.5).abs() < 0.2, "{told}");
        }
    }

    #[test]
    fn the_high_pass_comes_and_goes_without_a_step() {
        let mut rig = guard(false);
        let mut all = settled(&mut rig, 100.0, 0.5);
        assert!((all.iter().sum::<f32>() / 4000.0 - 0.5).abs() < 0.01);
        rig.set(0, 1.0);
        all = settled(&mut rig, 100.0, 0.5);
        assert!(all[..3840].iter().sum::<f32>().abs() < 4.0);
        for is_on in [0.0, 1.0] {
            rig.set(0, is_on);
            let sound: Vec<f32> = (0..4000)
                .map(|n| 0.5 + (std::f32::consts::TAU * n as f32 / 480.0).sin() * 0.25)
                .collect();
            all.extend(rig.feed(&sound[..3840]).channels.remove(0));
        }
        // The sine rises by 0.0033 a sample; half of full scale within 960 adds 0.0005.
        let step = all[3840 - 480..]
            .windows(2)
            .skip(480 + 160)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(step < 0.0042, "{step}");
    }
}
