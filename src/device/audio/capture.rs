//! A card that hears: its stream, and what the host calls with what was heard.
//!
//! Who opens, watches and closes it is `mod.rs`.

use std::sync::{Arc, mpsc};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    Device, ErrorKind, FromSample, I24, InputCallbackInfo, SampleFormat, SizedSample, Stream,
    StreamConfig,
};
use rtrb::{Consumer, RingBuffer};

#[cfg(feature = "jack")]
use super::jack;
use super::stream::{Complaints, best, buffer_size, cannot_carry, refusal};
use super::{Begun, Direction, Held, Order, PATIENCE, Refused, now};
use crate::device::{enumerate, host};
use crate::ks::{Granted, Waker, raise_priority};
use crate::portcls::intake::{IntakeEnd, IntakeRing, intake};
use crate::portcls::ring::Cursor;

/// Nothing was heard earlier than this; servers that say so are wrong.
const MOST_LATENCY_SECONDS: f64 = 2.0;

/// From a card.
pub(super) struct Capturing;

impl Direction for Capturing {
    type Port = IntakeRing;
    type End = IntakeEnd;

    fn ring(order: &Order) -> (IntakeRing, IntakeEnd, Arc<Cursor>) {
        let (ring, end) = intake(
            order.audio.channels as usize,
            order.quantum,
            order.audio.rate_hz,
        );
        let cursor = ring.cursor().clone();
        (ring, end, cursor)
    }

    fn build(
        order: &Order,
        cursor: &Arc<Cursor>,
        end: &mut Option<IntakeEnd>,
    ) -> Result<Begun, Refused> {
        #[cfg(feature = "jack")]
        return jack::or_system(
            order,
            jack::INPUT,
            end,
            |end| build(order, cursor, end),
            |end| jack::hear(order, cursor, end),
        );
        #[cfg(not(feature = "jack"))]
        build(order, cursor, end)
    }
}

fn build(
    order: &Order,
    cursor: &Arc<Cursor>,
    end: &mut Option<IntakeEnd>,
) -> Result<Begun, Refused> {
    let (host, device) = enumerate::find_input(&order.name)?;
    let device_name = format!("{host}:{}", enumerate::device_name(&device));
    let refused = |error: cpal::Error| refusal(&device_name, &error);
    let ranges: Vec<_> = device
        .supported_input_configs()
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
        end: None,
        handed,
        cursor: cursor.clone(),
        channels: usize::from(config.channels),
        rate_hz: f64::from(config.sample_rate),
        waker: order.waker.clone(),
        is_raised: !host::is_pulseaudio(host),
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
    if let Some(end) = end.take() {
        // There is one place, and nothing in it.
        let _ = hand.push(end);
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

fn build_as(
    device: &Device,
    config: StreamConfig,
    format: SampleFormat,
    callback: Callback,
    complaints: Complaints,
) -> Result<Stream, cpal::Error> {
    match format {
        SampleFormat::F32 => start::<f32>(device, config, callback, complaints),
        SampleFormat::I32 => start::<i32>(device, config, callback, complaints),
        SampleFormat::I24 => start::<I24>(device, config, callback, complaints),
        SampleFormat::I16 => start::<i16>(device, config, callback, complaints),
        SampleFormat::U16 => start::<u16>(device, config, callback, complaints),
        SampleFormat::F64 => start::<f64>(device, config, callback, complaints),
        SampleFormat::U32 => start::<u32>(device, config, callback, complaints),
        SampleFormat::I8 => start::<i8>(device, config, callback, complaints),
        SampleFormat::U8 => start::<u8>(device, config, callback, complaints),
        _ => Err(cpal::Error::new(ErrorKind::UnsupportedConfig)),
    }
}

fn start<T: SizedSample + 'static>(
    device: &Device,
    config: StreamConfig,
    mut callback: Callback,
    mut complaints: Complaints,
) -> Result<Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    device.build_input_stream(
        config,
        move |heard: &[T], info: &InputCallbackInfo| callback.hear(heard, info),
        move |error| complaints.hear(&error),
        Some(PATIENCE),
    )
}

/// What the host calls.
struct Callback {
    /// Comes after the stream stands, so that one that fails does not take it along.
    end: Option<IntakeEnd>,
    handed: Consumer<IntakeEnd>,
    cursor: Arc<Cursor>,
    channels: usize,
    rate_hz: f64,
    waker: Waker,
    /// The thread has the priority that it can get; some hosts see to that themselves.
    is_raised: bool,
}

impl Callback {
    fn hear<T: Copy>(&mut self, heard: &[T], info: &InputCallbackInfo)
    where
        f32: FromSample<T>,
    {
        if !self.is_raised {
            self.is_raised = true;
            raise_priority(heard.len() / self.channels.max(1));
        }
        if self.end.is_none() {
            self.end = self.handed.pop().ok();
        }
        if let Some(end) = &mut self.end {
            // To a float from whole numbers is exact up to 24 bits.
            end.take_in(heard, self.channels, |sample| f32::from_sample_(sample));
        }
        let stamp = info.timestamp();
        // Saturating: stamps have been seen to go backwards.
        let behind = stamp.callback.saturating_duration_since(stamp.capture);
        let seconds = behind.as_secs_f64().min(MOST_LATENCY_SECONDS);
        self.cursor.set_latency((seconds * self.rate_hz) as usize);
        self.waker.wake();
    }
}
