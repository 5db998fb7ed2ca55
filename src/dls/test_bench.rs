//! A synthesizer on a bench, and collections that are computed, for the tests of several files.

use std::sync::Arc;

use super::connection::Segment;
use super::*;
use crate::dsp::measure::{dbfs, peak};
use crate::ks::KernelEvent;
use crate::portcls::dmus::Mxf;

pub(super) const RATE: f64 = 48_000.0;
/// Samples of a period of the wave, and its loudness.
pub(super) const PERIOD: usize = 100;
pub(super) const LOUD: f32 = 0.5;

/// A sine of 480 Hz at 48 kHz, which is key 70.9; its unity is key 69, so key 69 sounds at 480 Hz.
pub(super) fn sine(len: usize, repeat: Option<(u32, u32, LoopKind)>) -> Arc<Wave> {
    let at = |n: usize| (std::f64::consts::TAU * n as f64 / PERIOD as f64).sin();
    wave(
        (0..len).map(|n| (f64::from(LOUD) * 32_768.0 * at(n)).round() as i16),
        repeat,
    )
}

pub(super) fn wave(
    samples: impl Iterator<Item = i16>,
    repeat: Option<(u32, u32, LoopKind)>,
) -> Arc<Wave> {
    Arc::new(Wave {
        id: None,
        info: Info::default(),
        rate_hz: 48_000,
        samples: samples.collect(),
        sample: Some(Sample {
            unity: 69,
            fine: 0,
            gain: 0,
            repeat: repeat.map(|(start, length, kind)| Loop {
                kind,
                start,
                length,
            }),
        }),
    })
}

pub(super) fn looped_sine() -> Arc<Wave> {
    sine(400, Some((100, 200, LoopKind::Forward)))
}

pub(super) fn region(cue: u32, connections: &[Connection]) -> Region {
    Region {
        keys: 0..=127,
        velocities: 0..=127,
        overlaps: true,
        group: 0,
        layer: 0,
        link: Link {
            cue,
            channel: 1,
            phase_group: 0,
            is_master: false,
        },
        sample: None,
        connections: connections.to_vec(),
    }
}

pub(super) fn bank(waves: &[Arc<Wave>], instruments: &[(Patch, Vec<Region>)]) -> Arc<Bank> {
    let instruments = instruments.iter().map(|(patch, regions)| Instrument {
        patch: *patch,
        regions: regions.clone(),
        ..Instrument::default()
    });
    Arc::new(Bank::new(&Collection {
        instruments: instruments.collect(),
        waves: waves.to_vec(),
        pool: (0..waves.len()).map(Some).collect(),
        ..Collection::default()
    }))
}

pub(super) fn connection(
    source: Source,
    control: Control,
    destination: Destination,
    scale: f64,
) -> Connection {
    Connection {
        source,
        control,
        destination,
        of_source: Transform::default(),
        of_control: Transform::default(),
        scale: (scale * 65_536.0).round() as i32,
    }
}

pub(super) fn constant(destination: Destination, scale: f64) -> Connection {
    connection(Source::None, Source::None, destination, scale)
}

pub(super) fn time_cents(seconds: f64) -> f64 {
    1200.0 * seconds.log2()
}

pub(super) fn pitch_cents(hz: f64) -> f64 {
    1200.0 * (hz / 440.0).log2() + 6900.0
}

/// A synthesizer, without its effects.
pub(super) struct Bench(pub(super) Synth);

impl Bench {
    pub(super) fn new(bank: Arc<Bank>) -> Self {
        Self::of(bank, 64)
    }

    pub(super) fn of(bank: Arc<Bank>, voices: usize) -> Self {
        let mut synth = Synth::new(RATE, 1, voices, 1 << 17).bank(bank);
        synth.set(Settings {
            voices,
            reverb: false,
            chorus: false,
        });
        Self(synth)
    }

    /// One instrument of one looped sine, moved by those connections.
    pub(super) fn with(connections: &[Connection]) -> Self {
        let regions = vec![region(0, connections)];
        Self::new(bank(&[looped_sine()], &[(Patch::default(), regions)]))
    }

    pub(super) fn send(&mut self, messages: &[&[u8]]) {
        for bytes in messages {
            KernelEvent::whole(0, bytes).for_each(|event| self.0.put(&event, 0));
        }
    }

    pub(super) fn play(&mut self, samples: usize) -> [Vec<f32>; 2] {
        let (mut left, mut right) = (vec![0.0; samples], vec![0.0; samples]);
        self.0.play(&mut left, &mut right);
        [left, right]
    }

    pub(super) fn left(&mut self, samples: usize) -> Vec<f32> {
        let [left, _] = self.play(samples);
        left
    }

    /// The pitch that sounds.
    pub(super) fn hz(&mut self) -> f64 {
        let heard = self.left(48_000);
        assert!(peak(&heard) > 0.01, "it is heard");
        pitch(&heard)
    }

    /// How loud the next tenth of a second is, in dB.
    pub(super) fn db(&mut self) -> f64 {
        f64::from(dbfs(peak(&self.left(4_800))))
    }
}

/// From the first to the last time that it goes up through nothing.
pub(super) fn pitch(heard: &[f32]) -> f64 {
    let up = |n: &usize| heard[n - 1] < 0.0 && heard[*n] >= 0.0;
    let place = |n: usize| n as f64 - f64::from(heard[n]) / f64::from(heard[n] - heard[n - 1]);
    let ups: Vec<f64> = (1..heard.len()).filter(up).map(place).collect();
    (ups.len() - 1) as f64 * RATE / (ups[ups.len() - 1] - ups[0])
}

pub(super) fn cents(hz: f64, wanted: f64) -> f64 {
    1200.0 * (hz / wanted).log2()
}

pub(super) fn note(key: u8) -> [u8; 3] {
    [0x90, key, 127]
}

pub(super) const VOLUME: fn(Segment) -> Destination = Destination::Volume;
