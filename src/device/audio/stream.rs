//! A card's stream: the format it is opened in, what the host calls for samples, and what it complains of.
//!
//! Who opens, watches and closes it is `mod.rs`.

use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, HostId, I24, OutputCallbackInfo, SampleFormat,
    SizedSample, Stream, StreamConfig, StreamInstant, SupportedBufferSize,
    SupportedStreamConfigRange,
};
use rtrb::{Consumer, RingBuffer};

use super::{Begun, Held, Order, PATIENCE, Refused, now};
use crate::device::{enumerate, host};
use crate::ks::{AudioFormat, DataFormat, Granted, Waker, raise_priority};
use crate::portcls::DeviceError;
use crate::portcls::ring::{CardEnd, Cursor};

/// So many errors within [`STORM_TIME`] are a dead stream.
const STORM: u32 = 100;
const STORM_TIME: Duration = Duration::from_millis(100);
/// PulseAudio passes samples on over a socket from threads without real-time priority, and holds twice its period. With
/// twice 5 ms every busy moment of the machine is a hole; with twice this hardly any is.
const SHARED_PERIOD_SECONDS: f64 = 0.020;
/// What lies between a request and the samples that answer it, where a store is reckoned by requests.
const UNDER_WAY: Duration = Duration::from_millis(1);
/// Nothing sounds later than this; servers that say so are wrong.
pub(super) const MOST_LATENCY_SECONDS: f64 = 2.0;

/// Builds the stream and hands it the card's end of the ring, which stays where it is when there is none.
pub(super) fn build(
    order: &Order,
    cursor: &Arc<Cursor>,
    card: &mut Option<CardEnd>,
) -> Result<Begun, Refused> {
    let (host, device) = enumerate::find_output(&order.name)?;
    let device_name = format!("{host}:{}", enumerate::device_name(&device));
    let refused = |error: cpal::Error| refusal(&device_name, &error);
    let ranges: Vec<_> = device
        .supported_output_configs()
        .map_err(&refused)?
        .collect();
    let Some(range) = best(&ranges, order.audio) else {
        return Err(cannot_carry(&device_name, order.audio));
    };
    let config = StreamConfig {
        channels: range.channels(),
        sample_rate: order.audio.rate_hz,
        buffer_size: buffer_size(host, range, order),
    };
    let (mut hand, handed) = RingBuffer::new(1);
    let callback = Callback {
        card: None,
        handed,
        cursor: cursor.clone(),
        channels: usize::from(config.channels),
        rate_hz: f64::from(config.sample_rate),
        waker: order.waker.clone(),
        is_raised: !host::is_pulseaudio(host),
        store: match config.buffer_size {
            BufferSize::Fixed(period) if host::is_pulseaudio(host) => {
                Some(Store::new(period, config.sample_rate))
            }
            _ => None,
        },
    };
    let format = range.sample_format();
    let (last_words, heard) = mpsc::channel();
    let complaints = Complaints {
        cursor: cursor.clone(),
        waker: order.waker.clone(),
        last_words,
        may_move: order.name.is_empty(),
        since: now(),
        count: 0,
    };
    let stream = build_as(&device, config, format, callback, complaints).map_err(&refused)?;
    let period = stream.buffer_size().unwrap_or(0) as usize;
    if period > 0 {
        cursor.set_period(period);
    }
    stream.play().map_err(&refused)?;
    if let Some(card) = card.take() {
        // There is one place, and nothing in it.
        let _ = hand.push(card);
    }
    Ok(Begun {
        stream: Held::new(Box::new(stream), &host.to_string()),
        cursor: cursor.clone(),
        granted: Granted {
            host: host.to_string(),
            name: enumerate::device_name(&device),
            rate_hz: config.sample_rate,
            channels: u32::from(config.channels),
            samples: format.to_string(),
            period,
        },
        heard,
    })
}

/// What a host's error means for whoever wanted the device.
pub(super) fn refusal(device_name: &str, error: &cpal::Error) -> Refused {
    let device = device_name.to_owned();
    let is_busy = error.kind() == ErrorKind::DeviceBusy;
    let error = match error.kind() {
        ErrorKind::UnsupportedConfig => DeviceError::Format {
            device,
            reason: error.to_string(),
        },
        ErrorKind::DeviceBusy => DeviceError::Unavailable {
            device,
            reason: "another program holds it; a sound server would share it".into(),
        },
        _ => DeviceError::Unavailable {
            device,
            reason: error.to_string(),
        },
    };
    Refused { error, is_busy }
}

/// No format of the device fits the wire.
pub(super) fn cannot_carry(device_name: &str, audio: AudioFormat) -> Refused {
    let wanted = DataFormat::float(audio.channels, audio.rate_hz);
    Refused::from(DeviceError::Format {
        device: device_name.to_owned(),
        reason: format!("none of its formats can carry {wanted}"),
    })
}

/// The range that carries a wire: enough channels but no more than needed, then the best samples.
pub(super) fn best(
    ranges: &[SupportedStreamConfigRange],
    audio: AudioFormat,
) -> Option<&SupportedStreamConfigRange> {
    ranges
        .iter()
        .filter(|range| {
            u32::from(range.channels()) >= audio.channels
                && (range.min_sample_rate()..=range.max_sample_rate()).contains(&audio.rate_hz)
                && rank(range.sample_format()).is_some()
        })
        .min_by_key(|range| (range.channels(), rank(range.sample_format())))
}

/// The order in which sample formats are liked; `None` for those that are not spoken here.
pub(in crate::device) fn rank(format: SampleFormat) -> Option<u8> {
    let liked = [
        SampleFormat::F32,
        SampleFormat::I32,
        SampleFormat::I24,
        SampleFormat::F64,
        SampleFormat::I16,
        SampleFormat::U32,
        SampleFormat::U16,
        SampleFormat::I8,
        SampleFormat::U8,
    ];
    liked
        .iter()
        .position(|known| *known == format)
        .map(|place| place as u8)
}

/// The quantum, as far as the device goes along. PulseAudio's period is at least [`SHARED_PERIOD_SECONDS`].
pub(super) fn buffer_size(
    host: HostId,
    range: &SupportedStreamConfigRange,
    order: &Order,
) -> BufferSize {
    let mut quantum = u32::try_from(order.quantum).unwrap_or(u32::MAX);
    if host::is_pulseaudio(host) {
        let least = (f64::from(order.audio.rate_hz) * SHARED_PERIOD_SECONDS).ceil();
        quantum = quantum.max(least as u32);
    }
    BufferSize::Fixed(match range.buffer_size() {
        SupportedBufferSize::Range { min, max } => quantum.clamp(*min, (*max).max(*min)),
        SupportedBufferSize::Unknown => quantum,
    })
}

fn build_as(
    device: &Device,
    config: StreamConfig,
    format: SampleFormat,
    callback: Callback,
    complaints: Complaints,
) -> Result<Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => start::<f32>(device, config, callback, complaints, |s| s),
        SampleFormat::I32 => start::<i32>(device, config, callback, complaints, i32_from_f32),
        SampleFormat::I24 => start::<I24>(device, config, callback, complaints, i24_from_f32),
        SampleFormat::I16 => start::<i16>(device, config, callback, complaints, i16_from_f32),
        SampleFormat::U16 => start::<u16>(device, config, callback, complaints, u16_from_f32),
        SampleFormat::F64 => plain::<f64>(device, config, callback, complaints),
        SampleFormat::U32 => plain::<u32>(device, config, callback, complaints),
        SampleFormat::I8 => plain::<i8>(device, config, callback, complaints),
        SampleFormat::U8 => plain::<u8>(device, config, callback, complaints),
        _ => Err(cpal::Error::new(ErrorKind::UnsupportedConfig)),
    }
}

fn plain<T: SizedSample + FromSample<f32> + 'static>(
    device: &Device,
    config: StreamConfig,
    callback: Callback,
    complaints: Complaints,
) -> Result<Stream, cpal::Error> {
    start(device, config, callback, complaints, |sample| {
        T::from_sample_(sample)
    })
}

fn start<T: SizedSample + 'static>(
    device: &Device,
    config: StreamConfig,
    mut callback: Callback,
    mut complaints: Complaints,
    convert: fn(f32) -> T,
) -> Result<Stream, cpal::Error> {
    device.build_output_stream(
        config,
        move |out: &mut [T], info: &OutputCallbackInfo| callback.play(out, info, convert),
        move |error| complaints.hear(&error),
        Some(PATIENCE),
    )
}

/// Rounded to the nearest step: what lies on the grid of 16 bits already arrives bit for bit.
pub(super) fn i16_from_f32(sample: f32) -> i16 {
    // The cast saturates.
    (sample * 32_768.0).round() as i16
}

pub(super) fn u16_from_f32(sample: f32) -> u16 {
    (sample * 32_768.0 + 32_768.0).round() as u16
}

pub(super) fn i24_from_f32(sample: f32) -> I24 {
    let steps = (f64::from(sample) * 8_388_608.0).round();
    I24::new(steps.clamp(-8_388_608.0, 8_388_607.0) as i32).unwrap_or_default()
}

pub(super) fn i32_from_f32(sample: f32) -> i32 {
    (f64::from(sample) * 2_147_483_648.0) as i32
}

/// What the host calls.
struct Callback {
    /// Comes after the stream stands, so that one that fails does not take it along.
    card: Option<CardEnd>,
    handed: Consumer<CardEnd>,
    cursor: Arc<Cursor>,
    channels: usize,
    rate_hz: f64,
    waker: Waker,
    /// The thread has the priority that it can get; some hosts see to that themselves.
    is_raised: bool,
    /// What the server holds, where it does not tell of gaps itself.
    store: Option<Store>,
}

impl Callback {
    fn play<T: Copy>(&mut self, out: &mut [T], info: &OutputCallbackInfo, convert: fn(f32) -> T) {
        if !self.is_raised {
            self.is_raised = true;
            // Once, and before there is anything to play.
            raise_priority(out.len() / self.channels.max(1));
        }
        if self.card.is_none() {
            self.card = self.handed.pop().ok();
        }
        match &mut self.card {
            Some(card) => {
                card.interleave(out, self.channels, convert);
            }
            None => out.fill(convert(0.0)),
        }
        let stamp = info.timestamp();
        if let Some(store) = &mut self.store
            && store.ran_dry(stamp.callback)
        {
            self.cursor.count_xrun();
        }
        // Saturating: stamps have been seen to go backwards.
        let ahead = stamp.playback.saturating_duration_since(stamp.callback);
        let seconds = ahead.as_secs_f64().min(MOST_LATENCY_SECONDS);
        self.cursor.set_latency((seconds * self.rate_hz) as usize);
        self.waker.wake();
    }
}

/// What a server holds that asks for samples when there is room for a period of two and is silent about gaps: a request
/// that comes later than the store lasts has let it run dry. When it begins to play what the first request brought is its
/// own affair, so that time is counted from the second on.
pub(super) struct Store {
    lasts: Duration,
    is_begun: bool,
    filled: Option<StreamInstant>,
}

impl Store {
    pub(super) fn new(period: u32, rate_hz: u32) -> Self {
        let seconds = 2.0 * f64::from(period) / f64::from(rate_hz.max(1));
        Self {
            lasts: Duration::from_secs_f64(seconds) + UNDER_WAY,
            is_begun: false,
            filled: None,
        }
    }

    /// The server asks, and is given all it asks for: was there nothing left?
    pub(super) fn ran_dry(&mut self, at: StreamInstant) -> bool {
        if !std::mem::replace(&mut self.is_begun, true) {
            return false;
        }
        let before = self.filled.replace(at);
        before.is_some_and(|before| at.saturating_duration_since(before) > self.lasts)
    }
}

/// What the host complains of.
pub(super) struct Complaints {
    pub(super) cursor: Arc<Cursor>,
    pub(super) waker: Waker,
    pub(super) last_words: mpsc::Sender<cpal::Error>,
    /// Another device may take the stream over, since none was named.
    pub(super) may_move: bool,
    pub(super) since: Instant,
    pub(super) count: u32,
}

impl Complaints {
    pub(super) fn hear(&mut self, error: &cpal::Error) {
        match error.kind() {
            ErrorKind::Xrun => self.cursor.count_xrun(),
            ErrorKind::RealtimeDenied => {}
            ErrorKind::DeviceChanged if self.may_move => {}
            ErrorKind::DeviceNotAvailable
            | ErrorKind::DeviceChanged
            | ErrorKind::HostUnavailable
            | ErrorKind::StreamInvalidated => self.lose(error),
            _ => self.count_error(error),
        }
    }

    fn count_error(&mut self, error: &cpal::Error) {
        let at = now();
        if at.saturating_duration_since(self.since) > STORM_TIME {
            (self.since, self.count) = (at, 0);
        }
        self.count += 1;
        if self.count >= STORM {
            self.lose(error);
        }
    }

    /// The one place that allocates in a device's thread, and never before the stream is dead.
    fn lose(&self, error: &cpal::Error) {
        if self.cursor.is_lost() {
            return;
        }
        // Nobody may be left to read it.
        let _ = self.last_words.send(error.clone());
        self.cursor.lose();
        self.waker.wake();
    }
}
