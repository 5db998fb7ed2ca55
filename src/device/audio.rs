//! Sound cards over cpal: the miniport behind the WaveRT port.
//!
//! ```text
//!   open() ──▶ thread "card": builds the stream, watches it, drops it      (may be slow, may block)
//!                 └─ the host's callback: copies out of the ring, counts, wakes      (nothing else)
//! ```
//!
//! Lives here: one card. Does not live here: which cards there are (`enumerate.rs`). The stream is owned by a thread of
//! its own, so that no other thread ever waits for a device: neither the audio thread when it lets a card go, nor a
//! builder longer than [`PATIENCE`]. Buffers are of a fixed size but on JACK, where the server says; what was granted is
//! read back. Hosts differ in what they tell of a loss: an error that means it, a storm of errors, or callbacks that
//! stand still are all taken as one.
//!
//! A card that takes one stream only may still be held by our own old one when an edit opens it anew, since the old plan
//! plays until the new one is there. Then the ring is handed out at once, and the stream follows when the old one is
//! closed.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, HostId, I24, OutputCallbackInfo, SampleFormat,
    SizedSample, Stream, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange,
};

use rtrb::{Consumer, RingBuffer};

use super::enumerate;
use crate::ks::{AudioFormat, DataFormat, Granted, Waker};
use crate::portcls::ring::{CardEnd, Cursor, FrameRing, ring};
use crate::portcls::{DeviceError, MiniportWaveRt};

/// How long a device may take to open.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a stream may take to ask for its first samples, before it is taken on trust.
const START: Duration = Duration::from_millis(400);
/// How often a stream is begun that breaks off at once.
const TRIES: u32 = 3;
/// How long a card that we hold ourselves is waited for, and how often it is tried.
const HANDOVER: Duration = Duration::from_secs(5);
const HANDOVER_STEP: Duration = Duration::from_millis(10);
/// How often a stream is looked at.
const WATCH: Duration = Duration::from_millis(250);
/// Callbacks that stand still for so long are lost.
const STUCK: Duration = Duration::from_secs(3);
/// So many errors within [`STORM_TIME`] are a dead stream.
const STORM: u32 = 100;
const STORM_TIME: Duration = Duration::from_millis(100);
/// Nothing sounds later than this; servers that say so are wrong.
const MOST_LATENCY_SECONDS: f64 = 2.0;

#[expect(
    clippy::disallowed_methods,
    reason = "a watchdog over a device, which keeps the system's time"
)]
fn now() -> Instant {
    Instant::now()
}

/// An open card.
pub(super) struct AudioCard {
    ring: Option<FrameRing>,
    granted: Granted,
    is_open: Arc<AtomicBool>,
    keeper: std::thread::Thread,
}

impl MiniportWaveRt for AudioCard {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.ring.take()
    }

    fn granted(&self) -> Granted {
        self.granted.clone()
    }
}

impl Drop for AudioCard {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Release);
        self.keeper.unpark();
    }
}

/// Opens the card called `name`.
pub(super) fn open(
    name: &str,
    format: &DataFormat,
    quantum: usize,
    waker: Waker,
) -> Result<AudioCard, DeviceError> {
    let unavailable = |reason: String| DeviceError::Unavailable {
        device: shown(name),
        reason,
    };
    let Some(audio) = format.audio else {
        return Err(unavailable("only sound can be played".into()));
    };
    let is_open = Arc::new(AtomicBool::new(true));
    let (answer, answered) = mpsc::channel();
    let order = Order {
        name: name.to_owned(),
        audio,
        quantum,
        waker,
        is_open: is_open.clone(),
    };
    let keeper = std::thread::Builder::new()
        .name("card".into())
        .spawn(move || keep(&order, &answer))
        .map_err(|error| unavailable(error.to_string()))?;
    let keeper = keeper.thread().clone();
    match answered.recv_timeout(PATIENCE) {
        Ok(Ok((ring, granted))) => Ok(AudioCard {
            ring: Some(ring),
            granted,
            is_open,
            keeper,
        }),
        Ok(Err(error)) => Err(error),
        Err(_) => {
            is_open.store(false, Ordering::Release);
            Err(unavailable("it does not answer".into()))
        }
    }
}

fn shown(name: &str) -> String {
    if name.is_empty() {
        "the default device".into()
    } else {
        name.into()
    }
}

/// What the keeper of a stream is told.
struct Order {
    name: String,
    audio: AudioFormat,
    quantum: usize,
    waker: Waker,
    is_open: Arc<AtomicBool>,
}

type Answer = Result<(FrameRing, Granted), DeviceError>;

/// Why a stream could not be built.
struct Refused {
    error: DeviceError,
    /// It is there, and somebody holds it.
    is_busy: bool,
}

impl From<DeviceError> for Refused {
    fn from(error: DeviceError) -> Self {
        Self {
            error,
            is_busy: false,
        }
    }
}

/// The streams this program holds, by host: only cards of the same one can stand in each other's way.
static HELD: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// A stream, counted as long as it is there.
struct Held {
    stream: Option<Stream>,
    host: String,
}

impl Held {
    fn new(stream: Stream, host: &str) -> Self {
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        *held.entry(host.to_owned()).or_default() += 1;
        Self {
            stream: Some(stream),
            host: host.to_owned(),
        }
    }

    fn is_any(host: &str) -> bool {
        let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(host).is_some_and(|count| *count > 0)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.stream = None;
        let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.host) {
            *count = count.saturating_sub(1);
        }
    }
}

/// The life of a stream's thread: open, answer, watch, close.
fn keep(order: &Order, answer: &mpsc::Sender<Answer>) {
    let begun = match begin(order) {
        Err(refused) if refused.is_busy && Held::is_any(&host_of(&order.name)) => {
            take_over(order, answer)
        }
        Err(refused) => {
            // Nobody may be waiting any more.
            let _ = answer.send(Err(refused.error));
            None
        }
        Ok((begun, ring)) => {
            let granted = begun.granted.clone();
            answer.send(Ok((ring, granted))).is_ok().then_some(begun)
        }
    };
    let Some(begun) = begun else { return };
    let cursor = begun.cursor;
    let mut watchdog = Watchdog::new(cursor.calls(), now());
    while order.is_open.load(Ordering::Acquire) && !cursor.is_lost() {
        std::thread::park_timeout(WATCH);
        if watchdog.is_stuck(cursor.calls(), now()) {
            log::warn!(
                "{}: the card stands still and is given up",
                shown(&order.name)
            );
            cursor.lose();
        }
    }
    order.waker.wake();
    if let Ok(error) = begun.heard.try_recv() {
        log::warn!("{}: {error}", shown(&order.name));
    }
    drop(begun.stream);
}

/// Notices callbacks that stand still.
struct Watchdog {
    calls: u64,
    moved: Instant,
}

impl Watchdog {
    fn new(calls: u64, at: Instant) -> Self {
        Self { calls, moved: at }
    }

    fn is_stuck(&mut self, calls: u64, at: Instant) -> bool {
        if calls != self.calls {
            (self.calls, self.moved) = (calls, at);
        }
        at.saturating_duration_since(self.moved) > STUCK
    }
}

/// A stream that plays.
struct Begun {
    stream: Held,
    cursor: Arc<Cursor>,
    granted: Granted,
    heard: mpsc::Receiver<cpal::Error>,
}

/// Opens a stream and sees it start: a server that has just come up may break the first one off.
fn begin(order: &Order) -> Result<(Begun, FrameRing), Refused> {
    let mut tries = 1;
    loop {
        let (ring, card) = ring(order.audio.channels as usize, order.quantum);
        let cursor = ring.cursor().clone();
        cursor.set_period(order.quantum);
        let begun = build(order, &cursor, &mut Some(card))?;
        let start = now();
        while cursor.calls() == 0
            && !cursor.is_lost()
            && now().saturating_duration_since(start) < START
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        if !cursor.is_lost() || tries == TRIES {
            return Ok((begun, ring));
        }
        tries += 1;
        drop(begun);
        std::thread::sleep(START / 4);
    }
}

/// Hands the ring out at once, and builds the stream when the old one is closed.
fn take_over(order: &Order, answer: &mpsc::Sender<Answer>) -> Option<Begun> {
    let (ring, card) = ring(order.audio.channels as usize, order.quantum);
    let cursor = ring.cursor().clone();
    cursor.set_period(order.quantum);
    let (host, name) = order.name.split_once(':').unwrap_or(("", &order.name));
    let granted = Granted {
        host: host.into(),
        name: name.into(),
        rate_hz: order.audio.rate_hz,
        channels: order.audio.channels,
        samples: "as before".into(),
        period: order.quantum,
    };
    answer.send(Ok((ring, granted))).ok()?;
    let mut card = Some(card);
    let begun = retry(&order.is_open, HANDOVER, || {
        build(order, &cursor, &mut card)
    });
    match begun {
        Ok(begun) => Some(begun),
        Err(error) => {
            log::warn!("{error}");
            cursor.lose();
            order.waker.wake();
            None
        }
    }
}

/// Tries as long as the card is busy and still wanted.
fn retry<T>(
    is_wanted: &AtomicBool,
    patience: Duration,
    mut build: impl FnMut() -> Result<T, Refused>,
) -> Result<T, DeviceError> {
    let start = now();
    loop {
        match build() {
            Ok(begun) => return Ok(begun),
            Err(refused) => {
                let is_late = now().saturating_duration_since(start) > patience;
                if !refused.is_busy || is_late || !is_wanted.load(Ordering::Acquire) {
                    return Err(refused.error);
                }
            }
        }
        std::thread::sleep(HANDOVER_STEP);
    }
}

/// The host of a whole name; ALSA is the one whose names are used without it.
fn host_of(name: &str) -> String {
    let host = name.split_once(':').map(|(host, _)| host);
    let known = host.filter(|host| HostId::from_str(host).is_ok());
    known.unwrap_or("alsa").to_owned()
}

/// Builds the stream and hands it the card's end of the ring, which stays where it is when there is none.
fn build(
    order: &Order,
    cursor: &Arc<Cursor>,
    card: &mut Option<CardEnd>,
) -> Result<Begun, Refused> {
    let (host, device) = enumerate::find_output(&order.name)?;
    let device_name = format!("{host}:{}", enumerate::device_name(&device));
    let refused = |error: cpal::Error| {
        let device = device_name.clone();
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
    };
    let ranges: Vec<_> = device
        .supported_output_configs()
        .map_err(&refused)?
        .collect();
    let Some(range) = best(&ranges, order.audio) else {
        let wanted = DataFormat::float(order.audio.channels, order.audio.rate_hz);
        return Err(Refused::from(DeviceError::Format {
            device: device_name,
            reason: format!("none of its formats can carry {wanted}"),
        }));
    };
    let config = StreamConfig {
        channels: range.channels(),
        sample_rate: order.audio.rate_hz,
        buffer_size: buffer_size(host, range, order.quantum),
    };
    let (mut hand, handed) = RingBuffer::new(1);
    let callback = Callback {
        card: None,
        handed,
        cursor: cursor.clone(),
        channels: usize::from(config.channels),
        rate_hz: f64::from(config.sample_rate),
        waker: order.waker.clone(),
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
        stream: Held::new(stream, &host.to_string()),
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

/// The range that carries a wire: enough channels but no more than needed, then the best samples.
fn best(
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
pub(super) fn rank(format: SampleFormat) -> Option<u8> {
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

/// The quantum, as far as the device goes along. JACK's period is its server's.
fn buffer_size(host: HostId, range: &SupportedStreamConfigRange, quantum: usize) -> BufferSize {
    if enumerate::is_jack(host) {
        return BufferSize::Default;
    }
    let quantum = u32::try_from(quantum).unwrap_or(u32::MAX);
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
fn i16_from_f32(sample: f32) -> i16 {
    // The cast saturates.
    (sample * 32_768.0).round() as i16
}

fn u16_from_f32(sample: f32) -> u16 {
    (sample * 32_768.0 + 32_768.0).round() as u16
}

fn i24_from_f32(sample: f32) -> I24 {
    let steps = (f64::from(sample) * 8_388_608.0).round();
    I24::new(steps.clamp(-8_388_608.0, 8_388_607.0) as i32).unwrap_or_default()
}

fn i32_from_f32(sample: f32) -> i32 {
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
}

impl Callback {
    fn play<T: Copy>(&mut self, out: &mut [T], info: &OutputCallbackInfo, convert: fn(f32) -> T) {
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
        // Saturating: JACK's stamps have been seen to go backwards.
        let ahead = stamp.playback.saturating_duration_since(stamp.callback);
        let seconds = ahead.as_secs_f64().min(MOST_LATENCY_SECONDS);
        self.cursor.set_latency((seconds * self.rate_hz) as usize);
        self.waker.wake();
    }
}

/// What the host complains of.
struct Complaints {
    cursor: Arc<Cursor>,
    waker: Waker,
    last_words: mpsc::Sender<cpal::Error>,
    /// Another device may take the stream over, since none was named.
    may_move: bool,
    since: Instant,
    count: u32,
}

impl Complaints {
    fn hear(&mut self, error: &cpal::Error) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn range(
        channels: u16,
        min: u32,
        max: u32,
        format: SampleFormat,
    ) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, min, max, SupportedBufferSize::Unknown, format)
    }

    #[test]
    fn a_wire_gets_enough_channels_and_the_best_samples() {
        let ranges = [
            range(8, 8_000, 48_000, SampleFormat::F32),
            range(2, 44_100, 48_000, SampleFormat::I16),
            range(2, 44_100, 48_000, SampleFormat::I32),
            range(2, 44_100, 48_000, SampleFormat::DsdU8),
            range(1, 44_100, 48_000, SampleFormat::F32),
        ];
        let chosen = |channels, rate_hz| {
            let bits = 32;
            let audio = AudioFormat {
                channels,
                bits,
                rate_hz,
            };
            best(&ranges, audio).map(|range| (range.channels(), range.sample_format()))
        };
        assert_eq!(chosen(2, 48_000), Some((2, SampleFormat::I32)));
        assert_eq!(chosen(1, 44_100), Some((1, SampleFormat::F32)));
        assert_eq!(chosen(2, 8_000), Some((8, SampleFormat::F32)));
        assert_eq!(chosen(2, 96_000), None);
        assert_eq!(chosen(9, 48_000), None);
    }

    #[test]
    fn samples_reach_the_cards_own_grid_and_never_wrap() {
        for code in [-32_768_i16, -1, 0, 1, 12_345, 32_767] {
            let sample = f32::from(code) / 32_768.0;
            assert_eq!(i16_from_f32(sample), code);
            assert_eq!(i32::from(u16_from_f32(sample)), i32::from(code) + 32_768);
            assert_eq!(i32_from_f32(sample), i32::from(code) << 16);
            assert_eq!(i24_from_f32(sample).inner(), i32::from(code) << 8);
        }
        assert_eq!((i16_from_f32(1.5), i16_from_f32(-1.5)), (32_767, -32_768));
        assert_eq!((i32_from_f32(1.0), u16_from_f32(2.0)), (i32::MAX, u16::MAX));
        assert_eq!(i24_from_f32(1.0).inner(), 8_388_607);
    }

    #[test]
    fn a_card_that_we_hold_ourselves_is_tried_until_the_old_stream_is_closed() {
        let busy = |is_busy| Refused {
            error: DeviceError::NotFound("hw:0".into()),
            is_busy,
        };
        let is_wanted = AtomicBool::new(true);
        let mut tries = 0;
        let opened = retry(&is_wanted, Duration::from_secs(60), || {
            tries += 1;
            if tries < 4 {
                Err(busy(true))
            } else {
                Ok(tries)
            }
        });
        assert_eq!(opened, Ok(4));
        let mut tries = 0;
        let mut count = |is_busy| {
            tries += 1;
            Err::<(), _>(busy(is_busy))
        };
        assert!(retry(&is_wanted, Duration::from_secs(60), || count(false)).is_err());
        assert!(retry(&is_wanted, Duration::ZERO, || count(true)).is_err());
        is_wanted.store(false, Ordering::Release);
        assert!(retry(&is_wanted, Duration::from_secs(60), || count(true)).is_err());
        assert!(tries <= 4, "what is not wanted is not waited for");
        assert_eq!(host_of("alsa:hw:0"), "alsa");
        assert_eq!(
            (host_of("hw:0"), host_of("jack:x")),
            ("alsa".into(), "jack".into())
        );
    }

    #[test]
    fn callbacks_that_stand_still_are_noticed_and_slow_ones_are_not() {
        let start = now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut watchdog = Watchdog::new(0, start);
        assert!(!watchdog.is_stuck(0, at(2_900)), "not yet");
        assert!(!watchdog.is_stuck(1, at(2_950)));
        assert!(!watchdog.is_stuck(1, at(5_900)), "one every three seconds");
        assert!(watchdog.is_stuck(1, at(6_000)));
        assert!(!watchdog.is_stuck(2, at(6_100)));
    }

    #[test]
    fn a_loss_is_an_error_that_means_it_or_a_storm_of_others() {
        let heard = |kind: ErrorKind, times: u32, may_move: bool| {
            let cursor = Arc::new(Cursor::default());
            let (last_words, read) = mpsc::channel();
            let mut complaints = Complaints {
                cursor: cursor.clone(),
                waker: Waker::default(),
                last_words,
                may_move,
                // A minute ahead, so that a slow machine cannot end the window.
                since: now() + Duration::from_secs(60),
                count: 0,
            };
            for _ in 0..times {
                complaints.hear(&cpal::Error::new(kind));
            }
            assert_eq!(cursor.is_lost(), read.try_recv().is_ok());
            cursor.is_lost()
        };
        assert!(heard(ErrorKind::DeviceNotAvailable, 1, true));
        assert!(heard(ErrorKind::StreamInvalidated, 1, true));
        assert!(heard(ErrorKind::DeviceChanged, 1, false));
        assert!(!heard(ErrorKind::DeviceChanged, 1, true));
        assert!(!heard(ErrorKind::Xrun, 1_000, false));
        assert!(!heard(ErrorKind::RealtimeDenied, 1_000, false));
        assert!(!heard(ErrorKind::BackendError, 99, false));
        assert!(heard(ErrorKind::BackendError, 100, false));
    }
}
