//! The class driver: turns a minidriver's entry into a [`Filter`] like any other.
//!
//! Opening makes everything there will ever be: the minidriver, its frames and rings, its worker thread.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc;

use super::minidriver::{Framing, InterruptLine, LiveValues, MinidriverEntry, Services};
use super::processor::{End, ReadEnd, Streaming, WriteEnd};
use super::rings::{Parcel, Shared, cell, send};
use super::srb::StreamId;
use super::worker::{Direction, Lane, Worker};
use crate::ks::{
    AudioFormat, DataFlow, Descriptor, Facts, Filter, OpenError, Opened, Opening, Settings, State,
    Status, Telemetry,
};

/// A filter whose work is done by a minidriver on a thread of its own.
///
/// What it publishes is listed in [`cell`].
pub struct ClassDriver<E>(pub E);

impl<E: MinidriverEntry> Filter for ClassDriver<E> {
    fn descriptor(&self) -> &Descriptor {
        self.0.descriptor()
    }

    fn describe(&self, settings: &Settings<'_>, facts: &Facts) -> Cow<'_, Descriptor> {
        self.0.describe(settings, facts)
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let connected = opening.pins.iter().filter(|pin| pin.format.is_some());
        let shared = Arc::new(Shared::new(connected.count()));
        let telemetry = Telemetry::new(cell::COUNT);
        let values = LiveValues::new(opening);
        let services = Services {
            values: values.clone(),
            telemetry: telemetry.clone(),
            interrupt: InterruptLine(shared.clone()),
        };
        let loaded = self.0.load(opening, &services)?;

        let (ends, lanes) = streams(opening, |audio| self.0.framing(audio))?;
        let (started, start) = mpsc::channel();
        let (farewell, finished) = mpsc::channel::<()>();
        let thread = {
            let (shared, telemetry) = (shared.clone(), telemetry.clone());
            let title = opening.descriptor.title.to_string();
            let minidriver = loaded.minidriver;
            let run = move || {
                // Dropped when the thread ends, however it ends: whoever waits then knows.
                let _farewell = farewell;
                shared.set_worker(std::thread::current());
                let mut worker = Worker::new(title, minidriver, shared, telemetry, lanes);
                let outcome = worker.start();
                let is_up = outcome.is_ok();
                // Who asked still waits for the word, or has given up: both are fine.
                let _ = started.send(outcome);
                if is_up {
                    worker.serve();
                }
                worker.close();
            };
            let name = format!("minidriver {}", opening.descriptor.key);
            std::thread::Builder::new()
                .name(name)
                .spawn(run)
                .map_err(|error| OpenError::Other(format!("no thread for it: {error}")))?
        };
        start
            .recv()
            .unwrap_or(Err((Status::Unsuccessful, None)))
            .map_err(|(status, stream)| refusal(opening, status, stream))?;

        let is_source = opening.pins.iter().any(|p| p.data_flow == DataFlow::Out);
        let mut opened = Opened::processor(Streaming {
            shared,
            ends,
            values,
            telemetry: telemetry.clone(),
            is_source,
            run: 0,
            state: State::Stop,
            worker: Some(thread),
            finished,
        })
        .telemetry(telemetry);
        opened.endless = loaded.endless;
        opened.notes = loaded.notes;
        Ok(opened)
    }
}

/// Both sides of every connected stream.
fn streams(
    opening: &Opening<'_>,
    framing: impl Fn(AudioFormat) -> Framing,
) -> Result<(Vec<End>, Vec<Lane>), OpenError> {
    let (mut ends, mut lanes) = (Vec::new(), Vec::new());
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
        let blank = super::srb::Frame::wave(audio.channels as usize, len);
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
                    send(&mut to_audio, Parcel { run: 0, frame });
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
        let stream = StreamId(index);
        let mut lane = Lane::new(stream, direction, format.clone(), len, from_audio, to_audio);
        lane.spare = spare;
        lanes.push(lane);
    }
    Ok((ends, lanes))
}

fn refusal(opening: &Opening<'_>, status: Status, stream: Option<StreamId>) -> OpenError {
    let pin = stream.map(|stream| &opening.pins[stream.0]);
    match pin.and_then(|pin| pin.format.as_ref().map(|format| (pin, format))) {
        Some((pin, format)) if status == Status::NoMatch => OpenError::Format {
            pin: opening.descriptor.pins[pin.factory].name.to_string(),
            format: Box::new(format.clone()),
            reason: "the minidriver does not take it".into(),
        },
        _ => OpenError::Other(format!(
            "{}: the minidriver answered {status}",
            opening.descriptor.title
        )),
    }
}
