//! A card whose callback is the test's own hand.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::*;
use crate::filters::audio_device_out::AudioDeviceOut;
use crate::ks::{
    Clock, DataFlow, Filter, InputPin, Inputs, OpenPin, Payload, RefTime, Settings, StreamHeader,
};
use crate::portcls::ring::{CardEnd, ring};

/// A card whose callback is the test's own hand.
#[derive(Default)]
struct ByHand(Mutex<Option<CardEnd>>);

struct Handed(Option<FrameRing>);

impl MiniportWaveRt for Handed {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        Granted {
            host: "test".into(),
            name: "by hand".into(),
            ..Granted::default()
        }
    }
}

impl Cards for ByHand {
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        match device {
            "absent" => return Err(DeviceError::NotFound(device.into())),
            "picky" => {
                return Err(DeviceError::Format {
                    device: device.into(),
                    reason: "too many channels".into(),
                });
            }
            _ => {}
        }
        let (port, card) = ring(format.audio.unwrap().channels as usize, quantum);
        *self.0.lock().unwrap() = Some(card);
        Ok(Box::new(Handed(Some(port))))
    }
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> RefTime {
        0
    }
}

const QUANTUM: usize = 64;

struct Bench {
    opened: Opened,
    card: Option<CardEnd>,
    position: u64,
    values: Vec<f64>,
}

fn open(device: &str, rate_hz: u32, live: bool) -> Result<Bench, OpenError> {
    let cards = Arc::new(ByHand::default());
    let filter = AudioDeviceOut::new(cards.clone());
    let values = BTreeMap::from([(
        "device".to_owned(),
        crate::ks::Value::Text(device.to_owned()),
    )]);
    let pins = [OpenPin {
        factory: 0,
        instance: 0,
        data_flow: DataFlow::In,
        format: Some(DataFormat::float(2, rate_hz)),
    }];
    let opened = filter.open(&Opening {
        descriptor: filter.descriptor(),
        settings: Settings {
            values: &values,
            base: None,
        },
        rate_hz: 48_000,
        max_len: QUANTUM,
        pins: &pins,
        live,
        clock: Arc::new(Standing),
        waker: Waker::default(),
        feed: None,
        drives: false,
        memory: None,
    })?;
    let card = cards.0.lock().unwrap().take();
    Ok(Bench {
        opened,
        card,
        position: 0,
        values: vec![0.0, -0.1],
    })
}

impl Bench {
    fn cycle(&mut self, samples: &[f32], len: usize, gate: (f32, f32)) {
        let mut wave = Wave::new(2, samples.len());
        wave.set_len(samples.len());
        wave.channels_mut().for_each(|c| c.copy_from_slice(samples));
        let pins = [InputPin {
            factory: 0,
            instance: 0,
            slot: Some(0),
            wire: 1,
        }];
        let (headers, payloads) = ([StreamHeader::default()], [Payload::Wave(wave)]);
        self.opened.processor.process(&mut Io {
            len,
            position: self.position,
            rate_hz: 48_000,
            values: &self.values,
            inputs: Inputs::new(&pins, &headers, &payloads),
            outputs: &mut [],
            gate,
        });
        self.position += len as u64;
    }

    fn pacer(&mut self) -> &mut dyn Pacer {
        &mut **self.opened.pacer.as_mut().unwrap()
    }

    fn hear(&mut self, len: usize) -> Vec<f32> {
        let mut out = vec![7.0; len * 2];
        let card = self.card.as_mut().unwrap();
        card.interleave(&mut out, 2, |sample| sample);
        out.chunks(2).map(|pair| pair[0]).collect()
    }
}

#[test]
fn what_goes_in_comes_out_at_the_card_and_the_card_sets_the_pace() {
    let mut bench = open("", 48_000, true).unwrap();
    bench.opened.processor.enter(State::Run);
    let mut given = vec![];
    let mut heard = vec![];
    for _ in 0..20 {
        while bench.pacer().due() >= QUANTUM {
            let samples: Vec<f32> = (0..QUANTUM)
                .map(|n| ((given.len() + n) % 100) as f32 / 200.0)
                .collect();
            given.extend_from_slice(&samples);
            bench.cycle(&samples, QUANTUM, (1.0, 1.0));
        }
        heard.extend(bench.hear(50));
    }
    assert_eq!(heard[..], given[..1000], "bit for bit and without a gap");
    assert_eq!(bench.pacer().played(), 1000);
    let published = bench.opened.telemetry.clone().unwrap();
    let peaks = telemetry::PEAKS.map(|cell| published.get(cell));
    assert!(
        peaks.iter().all(|peak| (0.48..0.5).contains(peak)),
        "{peaks:?}"
    );
    assert_eq!(bench.pacer().xruns(), 0);
    assert!(
        given.len() - heard.len() <= 3 * QUANTUM,
        "no more than three quanta ahead"
    );
    bench.hear(400);
    assert_eq!(bench.pacer().xruns(), 1, "the card ran dry");
    bench.opened.processor.enter(State::Pause);
    bench.hear(400);
    assert_eq!(bench.pacer().xruns(), 1, "silence in Pause is no fault");
}

#[test]
fn a_run_begins_and_ends_along_the_gate() {
    let mut bench = open("", 48_000, true).unwrap();
    bench.cycle(&[0.5; 64], 64, (0.0, 1.0));
    bench.cycle(&[0.5; 32], 32, (1.0, 0.5));
    let heard = bench.hear(96);
    assert_eq!((heard[0], heard[32], heard[64]), (0.0, 0.25, 0.5));
    assert!((heard[95] - 0.5 * (1.0 - 31.0 / 64.0)).abs() < 1e-6);
}

#[test]
fn nothing_above_the_ceiling_and_nothing_that_is_no_number_leaves() {
    let mut bench = open("", 48_000, true).unwrap();
    let mut samples = [3.0; 64];
    samples[3] = f32::NAN;
    samples[4] = f32::NEG_INFINITY;
    bench.values[1] = -6.0;
    bench.cycle(&samples, 64, (1.0, 1.0));
    let heard = bench.hear(64);
    let ceiling = 10_f32.powf(-6.0 / 20.0);
    assert!(heard.iter().all(|sample| sample.abs() <= ceiling));
    assert!(heard[10] > 0.9 * ceiling);
    assert_eq!((heard[3], heard[4]), (0.0, 0.0));
    let telemetry = bench.opened.telemetry.as_ref().unwrap();
    assert_eq!(telemetry.get(telemetry::NON_FINITE), 4.0);
}

#[test]
fn a_card_that_does_not_take_loses_whole_cycles_and_says_so() {
    let mut bench = open("", 48_000, true).unwrap();
    for _ in 0..100 {
        bench.cycle(&[0.25; 64], 64, (1.0, 1.0));
    }
    let telemetry = bench.opened.telemetry.as_ref().unwrap();
    assert!(telemetry.get(telemetry::DROPPED) >= 64.0 * 90.0);
    assert!(bench.hear(64).iter().all(|sample| *sample == 0.25));
}

#[test]
fn a_card_at_another_rate_is_paced_in_samples_of_the_graph() {
    let mut bench = open("", 44_100, true).unwrap();
    bench.opened.processor.enter(State::Run);
    let mut cycles = 0_u64;
    for _ in 0..441 {
        while bench.pacer().due() >= QUANTUM {
            let carried = |at| samples_at(at, 44_100, 48_000);
            let len = carried(bench.position + 64) - carried(bench.position);
            bench.cycle(&vec![0.1; len as usize], QUANTUM, (1.0, 1.0));
            cycles += 1;
        }
        bench.hear(100);
    }
    assert_eq!(bench.pacer().xruns(), 0);
    assert_eq!(bench.pacer().played(), 48_000);
    assert!(
        (48_000..48_000 + 4 * 64).contains(&(cycles * 64)),
        "{cycles}"
    );
}

#[test]
fn a_card_that_is_not_there_leaves_the_graph_a_lost_pacer_and_a_word() {
    let mut bench = open("absent", 48_000, true).unwrap();
    assert!(bench.pacer().is_lost());
    assert!(bench.opened.notes[0].contains("absent"));
    bench.cycle(&[0.1; 64], 64, (1.0, 1.0));
    let refused = open("picky", 48_000, true).err();
    assert!(matches!(refused, Some(OpenError::Format { .. })));
}

#[test]
fn a_render_opens_no_card() {
    let bench = open("absent", 48_000, false).unwrap();
    assert!(bench.opened.pacer.is_none() && bench.card.is_none());
}
