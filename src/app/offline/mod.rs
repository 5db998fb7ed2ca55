//! A graph rendered into a file, as fast as the machine allows: what `ksgraph render` does, and the window beside what
//! plays. How long it goes on, who writes, who may cancel it. The run itself is a [`Take`]; nothing here knows a screen
//! or a terminal.

mod beside;
mod take;

use std::path::PathBuf;

use smallvec::SmallVec;

pub(crate) use beside::Beside;
pub(crate) use take::{Feeds, Pace, Take};

use crate::dsp::gain::amplitude_from_db;
use crate::graph::{FilterPath, PinAddress, Wiring};
use crate::ks::{AudioFormat, DataFlow, Descriptor, TAIL_DB};
use crate::media::{Container, SampleKind, Written};

/// How long at most, when nothing else says.
pub(crate) const MOST_SECONDS: u64 = 60;
/// A tail below this for half a second has ended.
const SILENCE_DBFS: f32 = -TAIL_DB as f32;
/// Every so many parts of a second it is asked whether all is over: the same places for any quantum.
const LOOKS_PER_SECOND: u64 = 10;

/// Why a render came to nothing. The file that was there before is as it was.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A worker does not deliver.
    #[error("{0}")]
    Stuck(String),
    /// The file cannot be written.
    #[error("{reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// No sample came to the renderer.
    #[error("nothing arrived at the renderer")]
    Nothing,
    /// Nobody wants it any more.
    #[error("it was cancelled; nothing was written")]
    Cancelled,
}

impl From<crate::engine::Stuck> for Trouble {
    fn from(stuck: crate::engine::Stuck) -> Self {
        Self::Stuck(stuck.to_string())
    }
}

/// How far a render is.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Progress {
    /// Seconds of sound that are there.
    pub(crate) seconds: f64,
    /// Seconds it has at most.
    pub(crate) of: f64,
}

/// What came of a render.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) written: Written,
    /// The loudest sample.
    pub(crate) peak: f32,
    /// Samples of the graph's rate that were run.
    pub(crate) graph_samples: u64,
}

/// What is to be rendered, and into what.
pub(crate) struct Order {
    pub(crate) sink: FilterPath,
    /// The format of the wire into it.
    pub(crate) audio: AudioFormat,
    /// Exactly so long; else until everything has ended and the last echo was heard.
    pub(crate) seconds: Option<f64>,
    pub(crate) container: Container,
    pub(crate) kind: SampleKind,
    pub(crate) output: PathBuf,
}

/// Sinks that render what comes to them, with what that is.
pub(crate) fn renderers(wiring: &Wiring) -> Vec<(FilterPath, AudioFormat)> {
    let renders = |path: &FilterPath| {
        let filter = wiring.filters.get(path).filter(|it| !it.is_disabled);
        let descriptor = filter.and_then(|it| it.descriptor.as_deref());
        descriptor.is_some_and(Descriptor::renders_sound)
    };
    let sinks = wiring.filters.keys().filter(|path| renders(path));
    sinks
        .filter_map(|path| Some((path.clone(), arriving(wiring, path)?)))
        .collect()
}

/// The sound that comes to a filter.
pub(crate) fn arriving(wiring: &Wiring, path: &FilterPath) -> Option<AudioFormat> {
    let descriptor = wiring.filters.get(path)?.descriptor.as_deref()?;
    let mut pins = descriptor.pins.iter();
    pins.find_map(|pin| {
        let address = PinAddress {
            filter: path.clone(),
            pin: pin.name.to_string(),
            instance: 0,
        };
        let wire = wiring
            .wire_into(&address)
            .filter(|_| pin.data_flow == DataFlow::In)?;
        wire.outcome.as_ref().ok()?.format.audio
    })
}

/// How long a render is.
struct Length {
    /// Samples a channel of the renderer's wire, when they are given.
    frames: Option<u64>,
    /// Samples of the graph's rate at which it is over at the latest.
    end: u64,
    /// Samples of the graph's rate between two looks.
    stride: u64,
    /// Samples of the wire that must be silent.
    quiet: u64,
    /// Samples of the wire to one of the graph.
    ratio: f64,
}

impl Length {
    fn new(seconds: Option<f64>, rate_hz: u32, wire_hz: u32) -> Self {
        let rate = u64::from(rate_hz.max(1));
        let frames = seconds.map(|seconds| (seconds * f64::from(wire_hz)).round().max(1.0) as u64);
        // The first place at which the wire has carried so many.
        let end = match frames {
            Some(frames) => {
                let end =
                    (u128::from(frames) * u128::from(rate)).div_ceil(u128::from(wire_hz.max(1)));
                // From another place than the beginning the last one may come a sample of the wire later.
                end as u64 + (rate - 1) / u64::from(wire_hz.max(1))
            }
            None => rate * MOST_SECONDS,
        };
        Self {
            frames,
            end,
            stride: (rate / LOOKS_PER_SECOND).max(1),
            quiet: u64::from(wire_hz) / 2,
            ratio: f64::from(wire_hz) / rate as f64,
        }
    }

    /// So many samples of the graph, in samples of the wire.
    fn wired(&self, samples: f64) -> u64 {
        (samples * self.ratio).ceil() as u64
    }
}

/// Runs the graph and writes what the sink takes. `goes_on` is told how far it is and says whether it shall go on.
pub(crate) fn render(
    take: &mut Take<'_>,
    order: &Order,
    goes_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<Rendered, Trouble> {
    let rate_hz = take.rate_hz();
    let length = Length::new(order.seconds, rate_hz, order.audio.rate_hz);
    let mut beside = Beside::create(order)?;
    let peak = record(take, &order.sink, &length, &mut beside, goes_on)?;
    Ok(Rendered {
        written: beside.finish()?,
        peak,
        graph_samples: take.position(),
    })
}

fn record(
    take: &mut Take<'_>,
    sink: &FilterPath,
    length: &Length,
    beside: &mut Beside,
    goes_on: &mut dyn FnMut(Progress) -> bool,
) -> Result<f32, Trouble> {
    let threshold = amplitude_from_db(SILENCE_DBFS);
    let (mut peak, mut quiet, mut frames) = (0.0_f32, 0_u64, 0_u64);
    let rate = f64::from(take.rate_hz().max(1));
    // Between two echoes it may be quiet for long, and once round a loop all of them may come again.
    let (tail, mut ended) = (take.tail_samples(sink), None);
    let again = if take.is_looped() {
        length.wired(tail)
    } else {
        0
    };
    while take.position() < length.end {
        let end = (take.position() + length.stride).min(length.end);
        take.run_to(end, sink, &mut |wave| {
            let left = length.frames.map_or(u64::MAX, |all| all - frames);
            let len = left.min(wave.len() as u64) as usize;
            let channels: SmallVec<[&[f32]; 8]> =
                wave.channels().map(|channel| &channel[..len]).collect();
            let loudest = channels.iter().map(|it| crate::dsp::measure::peak(it));
            let loudest = loudest.fold(0.0_f32, f32::max);
            peak = peak.max(loudest);
            if loudest < threshold {
                quiet += len as u64;
            } else {
                let loud =
                    |channel: &&[f32]| channel.iter().rposition(|sample| sample.abs() >= threshold);
                let last = channels.iter().filter_map(loud).max();
                quiet = (len - 1 - last.unwrap_or(0).min(len - 1)) as u64;
            }
            frames += len as u64;
            beside.write(&channels)
        })?;
        let progress = Progress {
            seconds: take.position() as f64 / rate,
            of: length.end as f64 / rate,
        };
        if !goes_on(progress) {
            return Err(Trouble::Cancelled);
        }
        if take.has_ended() && ended.is_none() {
            ended = Some(take.position());
        }
        let is_over = ended.is_some_and(|ended| (take.position() - ended) as f64 >= tail);
        if length.frames.is_none() && is_over && quiet >= length.quiet.max(again) {
            break;
        }
    }
    if frames == 0 {
        return Err(Trouble::Nothing);
    }
    Ok(peak)
}

/// Writes silence: as long as was asked for, else half a second.
pub(crate) fn silence(order: &Order, rate_hz: u32) -> Result<Rendered, Trouble> {
    const PIECE: [f32; 4096] = [0.0; 4096];
    let length = Length::new(order.seconds, rate_hz, order.audio.rate_hz);
    let mut beside = Beside::create(order)?;
    let mut left = length.frames.unwrap_or(length.quiet);
    while left > 0 {
        let len = left.min(PIECE.len() as u64);
        let channels = vec![&PIECE[..len as usize]; order.audio.channels as usize];
        beside.write(&channels)?;
        left -= len;
    }
    Ok(Rendered {
        written: beside.finish()?,
        ..Rendered::default()
    })
}
