//! Lab Device: a device with three streams that is as slow, as faulty or as deaf as it is told to be. For seeing what the
//! stream class driver makes of such a one.
//!
//! -> low, high (float): two quiet tones, made by one callback that both streams share; in (float) ->: is taken and looked
//! at. A minidriver: the class driver knows nothing of it. What it counts is read by its own property set, [`item`].

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::time::Duration;

use crate::dsp::gain::amplitude_from_db;
use crate::ks::ids::{Guid, category, node};
use crate::ks::merit;
use crate::ks::{
    ClassItem, DataFlow, DataFormat, DataRange, Descriptor, Node, OpenError, Opening, PinFactory,
    Property, State, Status, TopologyConnection, Unit,
};
use crate::stream::{
    ClassDriver, DeviceInfo, Done, EventKey, EventRequest, Frame, Item, Loaded, Minidriver,
    MinidriverEntry, Notify, Services, Srb, SrbId, StreamId, StreamInfo,
};

const FREQUENCY: Property =
    Property::number("frequency", "Frequency of low", 20.0, 10_000.0, 220.0)
        .unit(Unit::Hertz)
        .logarithmic()
        .structural();
const LEVEL: Property = Property::db("level", "Level", -60.0, 0.0, -30.0).structural();
const DELAY: Property = Property::number("delay", "Delay", 0.0, 2_000.0, 0.0)
    .unit(Unit::Millisecond)
    .structural()
    .inline();
const FAILURE: Property = Property::choice(
    "failure",
    "Failure",
    &["none", "refuse data", "panic"],
    "none",
)
.structural()
.inline();
const HANG: Property = Property::flag("hang", "Hang", false).structural().inline();
const PROPERTIES: &[Property] = &[FREQUENCY, LEVEL, DELAY, FAILURE, HANG];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT).instances(0, 1),
    PinFactory::output("low", DataRange::FLOAT),
    PinFactory::output("high", DataRange::FLOAT),
];
const IN: usize = 0;
const LOW: usize = 1;
const HIGH: usize = 2;
/// The tone of `high` is a fifth above that of `low`.
const FIFTH: f64 = 1.5;
const CATEGORIES: &[Guid] = &[category::AUDIO, category::SYNTHESIZER];
/// What is inside: two tones and an ear, with no way from the one to the other.
const NODES: &[Node] = &[
    Node::new(node::GENERATOR, "Tones", &["frequency", "level"]),
    Node::new(node::NULL, "Ear", &["delay", "failure", "hang"]),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::enter(IN as u32, 1),
    TopologyConnection::leave(0, LOW as u32),
    TopologyConnection::leave(0, HIGH as u32),
];
static DESCRIPTOR: Descriptor =
    Descriptor::new("lab_device", "Lab Device", CATEGORIES, &[], PROPERTIES).merit(merit::DO_NOT_USE)
        .nodes(NODES, INSIDE)
        .help(
            "A device for trying out how drivers go wrong: two quiet tones a fifth apart, and an input that swallows what \
             it gets. Its answers can be made late, be refused, or never come; while it plays the inspector shows what \
             the class driver does about it. One that hangs or panics is silent until it is opened again: to change any \
             of its properties does that.",
        );

/// Its own properties and events, as requests to the minidriver ask for them.
pub mod item {
    use crate::ks::ids::Guid;

    /// The set of both.
    pub const SET: Guid = Guid(0x4B534752_4150_4831_8000_4C4142444556);
    /// Property of the device: how often the callback that both outputs share was called, a 64 bit number.
    pub const PLAYED: u32 = 0;
    /// Likewise the callback of the input.
    pub const RECORDED: u32 = 1;
    /// Property of the device, to be read and set: the highest sample that came in, a 32 bit float.
    pub const PEAK: u32 = 2;
    /// Property of an output: how many samples were made since Stop, a 64 bit number.
    pub const POSITION: u32 = 3;
    /// Event of an output: another second of its tone was made.
    pub const SECOND: u32 = 0;
}

/// What the catalogue offers.
pub fn lab_device() -> ClassDriver<LabDevice> {
    ClassDriver::new(LabDevice)
}

/// The entry of the device's minidriver.
pub struct LabDevice;

impl MinidriverEntry for LabDevice {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn load(&self, opening: &Opening<'_>, services: &Services) -> Result<Loaded, OpenError> {
        let level_db = opening.settings.number(&LEVEL);
        let device = Device {
            lines: BTreeMap::new(),
            frequency: opening.settings.number(&FREQUENCY),
            amplitude: amplitude_from_db(level_db as f32),
            delay: Duration::from_secs_f64(opening.settings.number(&DELAY).max(0.0) / 1000.0),
            failure: match opening.settings.text(&FAILURE).as_str() {
                "refuse data" => Failure::Refuse,
                "panic" => Failure::Panic,
                _ => Failure::None,
            },
            hangs: opening.settings.is_on(&HANG),
            notify: services.notify.clone(),
            late: BTreeMap::new(),
            kept: Vec::new(),
            played: 0,
            recorded: 0,
            peak: 0.0,
        };
        Ok(Loaded::new(device).endless(true))
    }
}

/// What it does with requests for data.
#[derive(Clone, Copy)]
enum Failure {
    None,
    Refuse,
    Panic,
}

/// One stream.
struct Line {
    factory: usize,
    /// Turns of the tone a sample.
    step: f64,
    rate_hz: u64,
    position: u64,
    is_watched: bool,
}

/// The device.
struct Device {
    /// Streams that are open.
    lines: BTreeMap<StreamId, Line>,
    /// That of `low`, in Hz.
    frequency: f64,
    amplitude: f32,
    delay: Duration,
    failure: Failure,
    hangs: bool,
    notify: Notify,
    /// Requests whose answer is put off until a timer runs out.
    late: BTreeMap<StreamId, Srb>,
    /// Requests it has forgotten.
    kept: Vec<Srb>,
    played: u64,
    recorded: u64,
    peak: f32,
}

impl Device {
    fn open(
        &mut self,
        stream: StreamId,
        factory: usize,
        format: &DataFormat,
    ) -> Result<(), Status> {
        let audio = format.audio.ok_or(Status::NoMatch)?;
        let tone = self.frequency * if factory == HIGH { FIFTH } else { 1.0 };
        let line = Line {
            factory,
            step: tone / f64::from(audio.rate_hz),
            rate_hz: u64::from(audio.rate_hz),
            position: 0,
            is_watched: false,
        };
        self.lines.insert(stream, line);
        Ok(())
    }

    fn work(&mut self, srb: Srb) {
        match srb {
            Srb::Read {
                stream,
                frame,
                done,
            } => self.play(stream, frame, done),
            Srb::Write { frame, done, .. } => self.record(frame, done),
            other => other.refuse(Status::NotImplemented),
        }
    }

    /// The data callback of both outputs.
    fn play(&mut self, stream: StreamId, mut frame: Frame, done: Done<Frame>) {
        self.played += 1;
        let room = frame.capacity();
        let (Some(line), Some(wave)) = (self.lines.get_mut(&stream), frame.payload.wave_mut())
        else {
            return done.fail(Status::InvalidParameter);
        };
        wave.set_len(room);
        for channel in wave.channels_mut() {
            for (at, sample) in channel.iter_mut().enumerate() {
                let turns = (line.position + at as u64) as f64 * line.step;
                *sample = (turns.fract() * TAU).sin() as f32 * self.amplitude;
            }
        }
        let before = line.position / line.rate_hz;
        line.position += room as u64;
        if line.is_watched && line.position / line.rate_hz > before {
            self.notify.event(EventKey {
                stream: Some(stream),
                set: item::SET,
                id: item::SECOND,
            });
        }
        done.complete(frame);
    }

    /// That of the input.
    fn record(&mut self, frame: Frame, done: Done<Frame>) {
        self.recorded += 1;
        if let Some(wave) = frame.payload.wave() {
            let samples = wave.channels().flatten();
            self.peak = samples.fold(self.peak, |most, sample| most.max(sample.abs()));
        }
        done.complete(frame);
    }

    fn value(&self, asked: &Item) -> Result<Vec<u8>, Status> {
        if asked.set != item::SET {
            return Err(Status::PropsetNotFound);
        }
        let bytes = match asked.id {
            item::PLAYED => self.played.to_le_bytes().to_vec(),
            item::RECORDED => self.recorded.to_le_bytes().to_vec(),
            item::PEAK => self.peak.to_le_bytes().to_vec(),
            _ => return Err(Status::NotFound),
        };
        if asked.room > 0 && asked.room < bytes.len() {
            return Err(Status::BufferTooSmall);
        }
        Ok(bytes)
    }

    fn set(&mut self, asked: &Item) -> Result<(), Status> {
        match (asked.set, asked.id, <[u8; 4]>::try_from(&*asked.data)) {
            (item::SET, item::PEAK, Ok(bytes)) => {
                self.peak = f32::from_le_bytes(bytes);
                Ok(())
            }
            (item::SET, item::PEAK, Err(_)) => Err(Status::InvalidBufferSize),
            (item::SET, item::PLAYED | item::RECORDED, _) => Err(Status::InvalidDeviceRequest),
            (item::SET, _, _) => Err(Status::NotFound),
            _ => Err(Status::PropsetNotFound),
        }
    }
}

impl Minidriver for Device {
    fn receive_data(&mut self, srb: Srb) {
        if self.hangs {
            self.kept.push(srb);
            return;
        }
        match self.failure {
            Failure::None => {}
            Failure::Refuse => return srb.refuse(Status::IoDeviceError),
            Failure::Panic => panic!("the Lab Device was told to"),
        }
        match srb.stream() {
            Some(stream) if !self.delay.is_zero() => {
                self.late.insert(stream, srb);
                self.notify.schedule_timer(Some(stream), self.delay);
            }
            _ => self.work(srb),
        }
    }

    fn receive_control(&mut self, srb: Srb) {
        if let Srb::SetState {
            stream,
            state: State::Stop,
            ..
        } = &srb
            && let Some(line) = self.lines.get_mut(stream)
        {
            line.position = 0;
        }
        match srb {
            Srb::GetStreamProperty { stream, item, done } => {
                let is_position = (item.set, item.id) == (item::SET, item::POSITION);
                match self
                    .lines
                    .get(&stream)
                    .filter(|it| is_position && it.factory != IN)
                {
                    Some(line) => done.complete(line.position.to_le_bytes().to_vec()),
                    None => done.fail(Status::NotFound),
                }
            }
            other => other.accept(),
        }
    }

    fn receive_device(&mut self, srb: Srb) {
        match srb {
            Srb::GetStreamInfo { done } => {
                let streams = PINS.iter().map(|pin| StreamInfo {
                    pin: pin.clone(),
                    properties: match pin.data_flow {
                        DataFlow::In => vec![],
                        DataFlow::Out => {
                            vec![ClassItem::get(item::SET, item::POSITION, "position", 8)]
                        }
                    },
                });
                done.complete(DeviceInfo {
                    streams: streams.collect(),
                    properties: vec![
                        ClassItem::get(item::SET, item::PLAYED, "played", 8),
                        ClassItem::get(item::SET, item::RECORDED, "recorded", 8),
                        ClassItem::get(item::SET, item::PEAK, "peak", 4).and_set(),
                    ],
                });
            }
            Srb::OpenStream {
                stream,
                pin,
                format,
                done,
            } => match self.open(stream, pin, &format) {
                Ok(()) => done.complete(()),
                Err(status) => done.fail(status),
            },
            Srb::CloseStream { stream, done } => {
                self.lines.remove(&stream);
                done.complete(());
            }
            Srb::GetDeviceProperty { item, done } => match self.value(&item) {
                Ok(bytes) => done.complete(bytes),
                Err(status) => done.fail(status),
            },
            Srb::SetDeviceProperty { item, done } => match self.set(&item) {
                Ok(()) => done.complete(()),
                Err(status) => done.fail(status),
            },
            other => other.accept(),
        }
    }

    fn cancel(&mut self, id: SrbId) {
        // Dropped, it is answered. What it has forgotten it does not find.
        self.late.retain(|_, srb| srb.id() != id);
    }

    fn timed_out(&mut self, id: SrbId) {
        self.cancel(id);
    }

    fn timer(&mut self, stream: Option<StreamId>) {
        if let Some(srb) = stream.and_then(|stream| self.late.remove(&stream)) {
            self.work(srb);
        }
    }

    fn event(&mut self, event: EventRequest) -> Status {
        let key = event.key;
        let line = key.stream.and_then(|stream| self.lines.get_mut(&stream));
        match line {
            Some(line) if key.set == item::SET && key.id == item::SECOND && line.factory != IN => {
                line.is_watched = event.enable;
                Status::Success
            }
            _ => Status::NotSupported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::rig::Rig;

    #[test]
    fn two_tones_a_fifth_apart_that_do_not_hang_on_how_cycles_are_cut() {
        let whole = Rig::open(&lab_device(), &[]).run(4000).channels;
        let mut pieces = vec![];
        let mut rig = Rig::open(&lab_device(), &[]);
        for len in [1, 63, 936, 3000] {
            pieces.extend(rig.run(len).channels[0].iter().copied());
        }
        assert_eq!(whole[0], pieces);
        let amplitude = 10.0_f64.powf(-30.0 / 20.0);
        for (at, sample) in whole[1].iter().enumerate() {
            let wanted = (TAU * 220.0 * at as f64 / 48_000.0).sin() * amplitude;
            assert!((f64::from(*sample) - wanted).abs() < 1e-6, "sample {at}");
        }
    }
}
