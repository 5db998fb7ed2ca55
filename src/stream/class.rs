//! The class driver: turns a minidriver's entry into a [`Filter`] like any other.
//!
//! Opening makes everything there will ever be: the minidriver, its frames and rings, its worker thread.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::mpsc;
use std::sync::{Arc, OnceLock};

use super::board::Board;
use super::executor::Executor;
use super::handle::Handle;
use super::lane::{Direction, Stream};
use super::minidriver::{Framing, InterruptLine, LiveValues, MinidriverEntry, Notify, Services};
use super::port::Port;
use super::processor::{End, ReadEnd, Streaming, WriteEnd};
use super::request::{DeviceInfo, StreamId};
use super::rings::{Parcel, Shared, cell, send};
use super::telling::{self, Told};
use super::time::{SystemTime, TimeSource};
use super::words::Words;
use super::worker::{Parts, Started, Worker};
use crate::ks::{
    AudioFormat, ClassItem, ClassView, DataFlow, Descriptor, Facts, Filter, OpenError, Opened,
    Opening, RATE_UNITY, Settings, State, Status, Telemetry,
};

/// A filter whose work is done by a minidriver on a thread of its own.
///
/// What it publishes is listed in [`cell`].
pub struct ClassDriver<E> {
    entry: E,
    time: Arc<dyn TimeSource>,
    /// What the minidriver said when it was asked first.
    told: OnceLock<Told>,
}

impl<E: MinidriverEntry> ClassDriver<E> {
    /// A filter of what this entry makes.
    pub fn new(entry: E) -> Self {
        Self {
            entry,
            time: Arc::new(SystemTime),
            told: OnceLock::new(),
        }
    }

    /// What the minidriver says of itself: asked once, when the filter is registered.
    fn told(&self) -> &Told {
        self.told.get_or_init(|| Told::ask(self, &self.entry))
    }

    /// The same; requests and timers run on this time.
    pub fn timed_by(mut self, time: Arc<dyn TimeSource>) -> Self {
        self.time = time;
        self
    }

    /// Opens it as [`Filter::open`] does, and gives the outside of its class driver as well.
    pub fn open_class(&self, opening: &Opening<'_>) -> Result<(Opened, Handle), OpenError> {
        self.open_told(opening)
            .map(|(opened, handle, _)| (opened, handle))
    }

    /// The same, and what the minidriver says of its streams.
    pub(super) fn open_told(
        &self,
        opening: &Opening<'_>,
    ) -> Result<(Opened, Handle, Option<DeviceInfo>), OpenError> {
        let connected = opening.pins.iter().filter(|pin| pin.format.is_some());
        let shared = Arc::new(Shared::new(connected.count()));
        let telemetry = Telemetry::new(cell::COUNT);
        let values = LiveValues::new(opening);
        let (port, posts) = Port::new(shared.clone());
        let words = Words::default();
        let services = Services {
            words: words.clone(),

            values: values.clone(),
            telemetry: telemetry.clone(),
            interrupt: InterruptLine(shared.clone()),
            notify: Notify(port.clone()),
        };
        let loaded = self.entry.load(opening, &services)?;

        let (ends, streams) = streams(opening, |audio| match opening.live {
            true => self.entry.framing(audio),
            false => self.entry.framing_offline(audio),
        })?;
        let names: Vec<_> = streams.iter().map(|it| (it.id, it.name.clone())).collect();
        let title = opening.descriptor.title.to_string();
        let board = Board::new(&title, &names, words);
        let ids = streams.iter().map(|it| {
            let pin = &opening.pins[it.id.0];
            (pin.factory, pin.instance, it.id)
        });
        let handle = Handle::new(port.clone(), board.clone(), ids.collect());
        let (started, start) = mpsc::channel();
        let (farewell, finished) = mpsc::channel::<()>();
        let (executor_farewell, executor_finished) = mpsc::channel();
        let parts = Parts {
            title,
            is_synchronised: loaded.hands.len() == 1,
            farewell: executor_finished,
            shared: shared.clone(),
            telemetry: telemetry.clone(),
            board: board.clone(),
            time: self.time.clone(),
            streams,
            port: port.clone(),
            posts,
            clock: opening.clock.clone(),
            rate_hz: opening.rate_hz,
        };
        let no_thread = |error| OpenError::Other(format!("no thread for it: {error}"));
        let name = format!("minidriver {}", opening.descriptor.key);
        let thread = {
            let executor = Executor::start(
                &name,
                loaded.hands,
                &port,
                &board,
                &self.time,
                executor_farewell,
            );
            let executor = executor.map_err(no_thread)?;
            let run = move || {
                // Dropped when the thread ends, however it ends: whoever waits then knows.
                let _farewell = farewell;
                parts.shared.set_worker(std::thread::current());
                let mut worker = Worker::new(parts, executor);
                let outcome = worker.start();
                let is_up = outcome.is_ok();
                // Who asked still waits for the word, or has given up: both are fine.
                let _ = started.send(outcome);
                if is_up {
                    worker.serve();
                }
                worker.close();
            };
            std::thread::Builder::new()
                .name(format!("class {}", opening.descriptor.key))
                .spawn(run)
                .map_err(no_thread)?
        };
        let Started { clock, told } = start
            .recv()
            .unwrap_or(Err((Status::Unsuccessful, None)))
            .map_err(|(status, stream)| refusal(opening, status, stream))?;

        let is_source = opening.pins.iter().any(|p| p.data_flow == DataFlow::Out);
        let telemetry_length = telemetry.get(super::rings::cell::LENGTH);
        let mut opened = Opened::processor(Streaming {
            shared,
            ends,
            range: None,
            rate_permille: RATE_UNITY,
            values,
            telemetry: telemetry.clone(),
            is_source,
            run: 0,
            state: State::Stop,
            worker: Some(thread),
            finished,
        })
        .telemetry(telemetry)
        .waits();
        let length = f64::from(telemetry_length);
        if is_source && length > 0.0 {
            opened = opened.positioned(Some(length));
        }
        opened.takes_rates = loaded.takes_rates;
        opened.endless = loaded.endless;
        opened.notes = loaded.notes;
        opened.clock = clock;
        opened.class = Some(Arc::new(handle.clone()) as Arc<dyn ClassView>);
        Ok((opened, handle, told))
    }
}

impl<E: MinidriverEntry> Filter for ClassDriver<E> {
    fn descriptor(&self) -> &Descriptor {
        self.told()
            .descriptor
            .as_ref()
            .unwrap_or(self.entry.descriptor())
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        self.told().add_pins(self.entry.describe(settings, facts))
    }

    fn class_items(&self, pin: Option<usize>) -> &[ClassItem] {
        self.told().items(pin)
    }

    fn start(&self, settings: &Settings<'_>) -> Option<Result<Arc<dyn ClassView>, OpenError>> {
        Some(telling::start(self, settings))
    }

    fn fault(&self) -> Option<String> {
        self.told().fault.clone()
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(self.open_class(opening)?.0)
    }
}

/// Both sides of every connected stream.
fn streams(
    opening: &Opening<'_>,
    framing: impl Fn(AudioFormat) -> Framing,
) -> Result<(Vec<End>, Vec<Stream>), OpenError> {
    let (mut ends, mut streams) = (Vec::new(), Vec::new());
    let (mut inputs, mut outputs) = (0, 0);
    for (index, pin) in opening.pins.iter().enumerate() {
        let next = match pin.data_flow {
            DataFlow::In => &mut inputs,
            DataFlow::Out => &mut outputs,
        };
        let place = *next;
        *next += 1;
        let Some(format) = &pin.format else {
            continue;
        };
        let Some(audio) = format.audio else {
            return Err(OpenError::Format {
                pin: opening.descriptor.pins[pin.factory].name.to_string(),
                format: Box::new(format.clone()),
                reason: "streams with a worker of their own carry sound only".into(),
            });
        };
        let framing = framing(audio);
        let len = framing.len.max(1);
        // Enough for the longest cycle, and for what is begun at both ends.
        let needed = opening.max_len_at(audio.rate_hz).div_ceil(len) + 2;
        let count = framing.count.max(needed);
        let (to_worker, from_audio) = rtrb::RingBuffer::<Parcel>::new(count);
        let (mut to_audio, from_worker) = rtrb::RingBuffer::<Parcel>::new(count);
        let rates = (audio.rate_hz, opening.rate_hz);
        let direction = match pin.data_flow {
            DataFlow::Out => Direction::Read,
            DataFlow::In => Direction::Write,
        };
        let blank = super::frame::Frame::wave(audio.channels as usize, len);
        let frames = std::iter::repeat_n(blank, count);
        let mut spare = Vec::new();
        match direction {
            Direction::Read => {
                spare.extend(frames);
                let end = ReadEnd::new(place, rates, count, from_worker, to_worker);
                ends.push(End::Read(end));
            }
            Direction::Write => {
                for frame in frames {
                    send(&mut to_audio, Parcel::new(0, frame));
                }
                ends.push(End::Write(WriteEnd {
                    pin: place,
                    rate_hz: rates.0,
                    graph_rate_hz: rates.1,
                    sample_size: format.sample_size(),
                    empty: from_worker,
                    full: to_worker,
                    current: None,
                    frame_len: len,
                    position: 0,
                    lost: 0,
                    has_gap: false,
                    has_complained: false,
                }));
            }
        }
        let factory = &opening.descriptor.pins[pin.factory];
        let pin_name = factory.name.to_string();
        streams.push(Stream {
            id: StreamId(index),
            name: match pin.instance {
                0 => pin_name.clone(),
                instance => format!("{pin_name}[{instance}]"),
            },
            pin: pin_name,
            factory: pin.factory,
            direction,
            format: format.clone(),
            frame_len: len,
            inbox: from_audio,
            outbox: to_audio,
            spare,
            run: 0,
            state: State::Stop,
            is_changing: false,
            in_flight: VecDeque::new(),
            position: 0,
            round: 0,
            turns_to: None,
            rate_permille: RATE_UNITY,
            origin: 0,
            seam: None,
            survey: None,
            is_open: false,
            has_ended: false,
            has_failed: false,
            is_cancelling: false,
        });
    }
    Ok((ends, streams))
}

fn refusal(opening: &Opening<'_>, status: Status, stream: Option<StreamId>) -> OpenError {
    let pin = stream.map(|stream| &opening.pins[stream.0]);
    match pin.and_then(|pin| pin.format.as_ref().map(|format| (pin, format))) {
        Some((pin, format)) if status == Status::NoMatch => OpenError::Format {
            pin: opening.descriptor.pins[pin.factory].name.to_string(),
            format: Box::new(format.clone()),
            reason: "the minidriver does not take it".into(),
        },
        Some((pin, _)) if status == Status::TooManyNodes => OpenError::Other(format!(
            "{}: the minidriver has no more streams for the pin {}; connect fewer wires to it",
            opening.descriptor.title, opening.descriptor.pins[pin.factory].name
        )),
        _ => OpenError::Other(format!(
            "{}: the minidriver answered {status}",
            opening.descriptor.title
        )),
    }
}
