//! One filter on a bench: feed samples or events, read samples, without an engine. For tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::event::KernelEvent;
use super::facts::Facts;
use super::filter::{Filter, OpenPin, Opening, Settings, Telemetry, Waker};
use super::format::DataFormat;
use super::frame::{Payload, StreamHeader, Wave};
use super::pin::DataFlow;
use super::processor::{Flow, InputPin, Inputs, Io, Output, Processor};
use super::property::Value;
use super::time::{Clock, RefTime, samples_at};

/// The rate of the bench's graph.
pub const RATE_HZ: u32 = 48_000;
/// The longest cycle.
pub const MAX_LEN: usize = 4096;

struct Standing;

impl Clock for Standing {
    fn now(&self) -> RefTime {
        0
    }
}

/// A filter, opened, with every connected pin on a frame of its own.
pub struct Rig {
    processor: Box<dyn Processor>,
    telemetry: Option<Telemetry>,
    events: Option<rtrb::Producer<KernelEvent>>,
    score: Option<super::Score>,
    synth: Option<super::SynthCells>,
    bank: Option<super::BankDesk>,
    hears: Option<super::Hears>,
    values: Vec<f64>,
    inputs: Vec<InputPin>,
    headers: Vec<StreamHeader>,
    payloads: Vec<Payload>,
    outputs: Vec<Output>,
    in_place: Vec<Option<usize>>,
    rates: Vec<u32>,
    position: u64,
    /// What the last cycle said.
    pub flow: Flow,
}

/// What came out of a rig's first output, and of the first that gives events.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Heard {
    /// One list a channel.
    pub channels: Vec<Vec<f32>>,
    /// Events.
    pub events: Vec<KernelEvent>,
}

impl Heard {
    /// Every channel equals `expected` within `tolerance`.
    #[track_caller]
    pub fn assert_close(&self, expected: &[f32], tolerance: f32) {
        assert!(!self.channels.is_empty(), "nothing came out");
        for (index, channel) in self.channels.iter().enumerate() {
            assert_eq!(channel.len(), expected.len(), "length of channel {index}");
            for (at, (got, want)) in channel.iter().zip(expected).enumerate() {
                assert!(
                    (got - want).abs() <= tolerance,
                    "channel {index}, sample {at}: {got}, wanted {want}"
                );
            }
        }
    }
}

impl Rig {
    /// Opens `filter` with its pins connected: sound in stereo floats at 48 kHz.
    pub fn open(filter: &dyn Filter, values: &[(&str, f64)]) -> Self {
        let values = values
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Value::Number(*value)))
            .collect();
        Self::open_with(filter, values, &BTreeMap::new(), None)
    }

    /// Opens `filter` with values, agreed formats by pin name (others: stereo floats at 48 kHz, or events), and a feed.
    /// A pin of several possible instances is connected as often as it is named `pin`, `pin[1]`...; once if not at all.
    pub fn open_with(
        filter: &dyn Filter,
        values: BTreeMap<String, Value>,
        formats: &BTreeMap<String, DataFormat>,
        feed: Option<Arc<[KernelEvent]>>,
    ) -> Self {
        Self::open_as(filter, values, formats, feed, false)
    }

    /// The same, as for a graph that plays: where one filter takes over from another that is still being closed.
    pub fn open_as(
        filter: &dyn Filter,
        values: BTreeMap<String, Value>,
        formats: &BTreeMap<String, DataFormat>,
        feed: Option<Arc<[KernelEvent]>>,
        live: bool,
    ) -> Self {
        let settings = Settings {
            values: &values,
            base: None,
        };
        let descriptor = filter.describe(&settings, &Facts::nominal()).into_owned();
        let mut pins = vec![];
        for (factory, pin) in descriptor
            .pins
            .iter()
            .enumerate()
            .filter(|(_, pin)| !pin.is_bridge())
        {
            let mut instance = 0;
            loop {
                let name = if instance == 0 {
                    pin.name.to_string()
                } else {
                    format!("{}[{instance}]", pin.name)
                };
                let given = formats.get(&name).cloned();
                if instance > 0 && given.is_none() {
                    break;
                }
                let sound = pin.kind() == super::format::Kind::Audio;
                let usual = if sound {
                    DataFormat::float(2, RATE_HZ)
                } else {
                    DataFormat::events()
                };
                let format = Some(given.unwrap_or(usual));
                pins.push(OpenPin {
                    factory,
                    instance,
                    data_flow: pin.data_flow,
                    format,
                });
                instance += 1;
            }
        }
        let opening = Opening {
            descriptor: &descriptor,
            settings,
            rate_hz: RATE_HZ,
            max_len: MAX_LEN,
            pins: &pins,
            live,
            clock: Arc::new(Standing),
            waker: Waker::default(),
            feed,
            drives: false,
            memory: None,
        };
        let opened = filter
            .open(&opening)
            .expect("the filter opens on the bench");
        let slots = descriptor
            .properties
            .iter()
            .map(|property| settings.slot_value(property));
        let slots = slots.collect();
        let mut rig = Self {
            processor: opened.processor,
            telemetry: opened.telemetry,
            events: opened.events,
            score: opened.score,
            synth: opened.synth,
            bank: opened.bank,
            hears: opened.hears,
            values: slots,
            inputs: vec![],
            headers: vec![],
            payloads: vec![],
            outputs: vec![],
            in_place: vec![],
            rates: vec![],
            position: 0,
            flow: Flow::Running,
        };
        for (index, pin) in pins.iter().enumerate() {
            let format = pin
                .format
                .as_ref()
                .expect("every pin of a bench is connected");
            let payload = payload_for(format);
            if pin.data_flow == DataFlow::In {
                rig.inputs.push(InputPin {
                    factory: pin.factory as u16,
                    instance: pin.instance as u16,
                    slot: Some(rig.payloads.len() as u32),
                    wire: index as u64 + 1,
                });
                rig.rates
                    .push(format.audio.map_or(RATE_HZ, |audio| audio.rate_hz));
                rig.headers.push(StreamHeader::default());
                rig.payloads.push(payload);
            }
        }
        for pin in pins.iter().filter(|pin| pin.data_flow == DataFlow::Out) {
            let format = pin
                .format
                .as_ref()
                .expect("every pin of a bench is connected");
            let of = descriptor.pins[pin.factory]
                .in_place_of
                .and_then(|name| descriptor.pin(name));
            let of = of.and_then(|(factory, _)| {
                rig.inputs
                    .iter()
                    .position(|i| usize::from(i.factory) == factory)
            });
            rig.in_place.push(of);
            rig.rates
                .push(format.audio.map_or(RATE_HZ, |audio| audio.rate_hz));
            rig.outputs.push(Output {
                payload: payload_for(format),
                is_connected: true,
                ..Output::default()
            });
        }
        rig
    }

    /// Sets a value by its place in the descriptor's properties.
    pub fn set(&mut self, property: usize, value: f64) {
        self.values[property] = value;
    }

    /// Takes the wire of an input away.
    pub fn unplug(&mut self, input: usize) {
        self.inputs[input].wire = 0;
        self.inputs[input].slot = None;
    }

    /// Draws a wire to an input again.
    pub fn plug(&mut self, input: usize, wire: u64) {
        self.inputs[input].wire = wire;
        self.inputs[input].slot = Some(input as u32);
    }

    /// Sets what the headers of an input say.
    pub fn say(&mut self, input: usize, flags: u32) {
        self.headers[input].flags = flags;
    }

    /// What its sequencer holds.
    pub fn score(&self) -> Option<&super::Score> {
        self.score.as_ref()
    }

    /// What it counts as a synthesizer.
    pub fn synth(&self) -> Option<&super::SynthCells> {
        self.synth.as_ref()
    }

    /// Where it lays out its bank.
    pub fn bank(&self) -> Option<&super::BankDesk> {
        self.bank.as_ref()
    }

    /// Tells it that a text of it changed.
    pub fn tell(&self, key: &str, text: &str) {
        let values = BTreeMap::from([(key.to_owned(), Value::Text(text.to_owned()))]);
        let settings = Settings {
            values: &values,
            base: None,
        };
        if let Some(hears) = &self.hears {
            hears(&settings);
        }
    }

    /// What the filter publishes.
    pub fn telemetry(&self) -> Option<&Telemetry> {
        self.telemetry.as_ref()
    }

    /// Where live events for it go in, if it takes any.
    pub fn events(&mut self) -> Option<&mut rtrb::Producer<KernelEvent>> {
        self.events.as_mut()
    }

    /// The position of the next cycle.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes on at another position.
    pub fn go_to(&mut self, position: u64) {
        self.position = position;
    }

    /// The processor, to be stepped through states or asked.
    pub fn processor(&mut self) -> &mut dyn Processor {
        &mut *self.processor
    }

    /// One cycle with the same samples on every channel of every input; what comes out of the first output.
    pub fn feed(&mut self, samples: &[f32]) -> Heard {
        let channels = vec![samples.to_vec(); 64];
        self.cycle(samples.len(), &channels, &[])
    }

    /// What the header of the first output said in the last cycle.
    pub fn flags(&self) -> u32 {
        self.outputs.first().map_or(0, |it| it.header.flags)
    }

    /// One cycle of `len` samples of the graph with nothing going in.
    pub fn run(&mut self, len: usize) -> Heard {
        self.cycle(len, &[], &[])
    }

    /// One cycle of `len` samples of the graph with `channels` on every sound input (missing ones silent) and
    /// `events` on every event input.
    pub fn cycle(&mut self, len: usize, channels: &[Vec<f32>], events: &[KernelEvent]) -> Heard {
        let count = |rate| {
            let end = self.position + len as u64;
            (samples_at(end, rate, RATE_HZ) - samples_at(self.position, rate, RATE_HZ)) as usize
        };
        for (payload, rate) in self.payloads.iter_mut().zip(&self.rates) {
            match payload {
                Payload::Wave(wave) => {
                    wave.set_len(count(*rate));
                    for (index, channel) in wave.channels_mut().enumerate() {
                        channel.fill(0.0);
                        if let Some(given) = channels.get(index) {
                            let shared = given.len().min(channel.len());
                            channel[..shared].copy_from_slice(&given[..shared]);
                        }
                    }
                }
                Payload::Events(list) => {
                    list.clear();
                    list.extend_from_slice(events);
                }
                Payload::None => {}
            }
        }
        for (index, output) in self.outputs.iter_mut().enumerate() {
            let rate = self.rates[self.payloads.len() + index];
            match &mut output.payload {
                Payload::Wave(wave) => {
                    wave.set_len(count(rate));
                    if let Some(source) =
                        self.in_place[index].and_then(|input| self.payloads[input].wave())
                    {
                        wave.copy_from(source);
                    }
                }
                other => other.clear(),
            }
        }
        let mut io = Io {
            len,
            position: self.position,
            rate_hz: RATE_HZ,
            values: &self.values,
            inputs: Inputs::new(&self.inputs, &self.headers, &self.payloads),
            outputs: &mut self.outputs,
            gate: (1.0, 1.0),
        };
        while !self.processor.is_ready(len) {
            std::thread::yield_now();
        }
        self.flow = self.processor.process(&mut io);
        self.position += len as u64;
        let first = self.outputs.first();
        let mut outputs = self.outputs.iter();
        let notes = outputs.find(|output| matches!(output.payload, Payload::Events(_)));
        Heard {
            channels: first
                .and_then(|output| output.payload.wave())
                .map(|wave| wave.channels().map(<[f32]>::to_vec).collect())
                .unwrap_or_default(),
            events: notes
                .map(|output| output.payload.events().to_vec())
                .unwrap_or_default(),
        }
    }
}

fn payload_for(format: &DataFormat) -> Payload {
    match format.audio {
        Some(audio) => Payload::Wave(Wave::new(audio.channels as usize, MAX_LEN * 9)),
        None => Payload::Events(Vec::with_capacity(super::frame::EVENT_CAPACITY)),
    }
}
