//! The WaveRT port: a wire into a card's cyclic buffer, and the card's appetite as the pace of the graph.
//!
//! A card that does not pace the graph has a clock of its own: it is kept in step
//! (`follow.rs`).
//!
//! Lives here: what a card must do ([`MiniportWaveRt`], [`Cards`]), the port's processor and its pacer. Does not live
//! here: any device API; `device` implements the traits and is handed in. A card that cannot be had is not an error of
//! the graph: the port opens without it, says so, and its pacer reports the loss, so that another one paces the graph
//! until the card is there.

use std::sync::Arc;

use super::follow::{Follow, Turn};
use super::pin_clock::DeviceClock;
use super::record::MiniportWaveIn;
use super::ring::{Cursor, FrameRing};
use crate::dsp::Limiter;
use crate::ks::Tape;
use crate::ks::{
    DataFormat, Flow, Granted, Io, OpenError, Opened, Opening, Pacer, Processor, Property, Seek,
    State, Telemetry, ValueSlot, Waker, Wave, flag, samples_at,
};

/// How fast published peaks fall, in decibels a second.
const FALL_DB: f32 = 24.0;

/// What is dropped upon Pause fades for so long.
const FLUSH_MILLIS: usize = 5;

/// Seconds that a tape has room for: so long may whoever keeps it be held up.
const TAPE_SECONDS: usize = 4;

/// The most channels of a card.
pub const MOST_CHANNELS: usize = 32;

/// A card could not be opened. Each says what was asked, what stopped it and what helps.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DeviceError {
    /// It is not there.
    #[error("{}", not_there(.0))]
    NotFound(String),
    /// It is there and cannot be had.
    #[error("{device} cannot be opened: {reason}")]
    Unavailable {
        /// The device.
        device: String,
        /// What stopped it.
        reason: String,
    },
    /// It refuses the format.
    #[error("{device} refuses the format: {reason}")]
    Format {
        /// The device.
        device: String,
        /// What stopped it.
        reason: String,
    },
}

fn not_there(name: &str) -> String {
    if name.is_empty() {
        return "no device is there now; `ksgraph devices` lists what is".into();
    }
    format!("no device called {name:?} is there now; `ksgraph devices` lists those that are")
}

/// A card: a ring of frames, and a position in it that moves by itself. Dropping it closes the device, without waiting
/// for it.
///
/// The ring's length is the port's word and the card's period together ([`FrameRing::target`]), so a card is opened
/// with the quantum and hands out its ring once; position, gaps and loss are in the ring's [`Cursor`], where the port,
/// the pacer and the card's own thread see them without a lock.
pub trait MiniportWaveRt: Send {
    /// Hands out the port's end of the ring; `None` from the second time on.
    fn allocate(&mut self) -> Option<FrameRing>;

    /// Told of every state step, on the audio thread: never waits.
    fn set_state(&mut self, state: State) {
        let _ = state;
    }

    /// The device that was granted.
    fn granted(&self) -> Granted;
}

/// The cards of a machine.
pub trait Cards: Send + Sync {
    /// Opens the card called `device` (empty: the default one) for `format` and cycles of at most `quantum` samples of
    /// its rate. The card wakes `waker` whenever it has taken something.
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        waker: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError>;

    /// Opens the card called `device` (empty: the default one) to hear through it, for `format` and cycles of at most
    /// `quantum` samples of its rate. The card wakes `waker` whenever it has heard something.
    fn open_capture(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        waker: Waker,
    ) -> Result<Box<dyn MiniportWaveIn>, DeviceError> {
        let _ = (format, quantum, waker);
        Err(DeviceError::NotFound(device.to_owned()))
    }
}

/// What a port publishes, by place in its telemetry.
pub mod telemetry {
    /// Times the card found nothing to play.
    pub const XRUNS: usize = 0;
    /// Samples that the card had no room for.
    pub const DROPPED: usize = 1;
    /// Decibels by which the last cycle was held down, 0 or less.
    pub const LIMITED_DB: usize = 2;
    /// Samples that were not numbers and became silence.
    pub const NON_FINITE: usize = 3;
    /// 1 while the card is gone.
    pub const LOST: usize = 4;
    /// Peak of what leaves for the card, on its first two channels, as an amplitude that falls by 24 dB a second.
    pub const PEAKS: [usize; 2] = [5, 6];
    /// How much faster the card's clock goes than what paces the graph, in parts of a million; 0 where it paces it.
    pub const DRIFT_PPM: usize = 7;
    /// 0 where the card paces the graph, 1 while its clock is being learnt, 2 while it is kept in step.
    pub const STEP: usize = 8;
    /// By how many samples its ring is fuller than wanted.
    pub const FILL_ERROR: usize = 9;

    /// Frames of the ring that are handed out and not back: full, being played, or being worked in (ALC-8).
    pub const ALLOCATED_FRAMES: usize = 10;
    /// Frames of the ring.
    pub const FRAMES: usize = 11;
    /// How many there are.
    pub const COUNT: usize = 12;
}

/// Opens a render pin: `device` is the card's name, `ceiling` the property that limits the level, in dBFS.
pub fn open_render(
    cards: &dyn Cards,
    opening: &Opening<'_>,
    pin: &str,
    device: &str,
    ceiling: &Property,
) -> Result<Opened, OpenError> {
    if !opening.live {
        return Ok(Opened::processor(Discarding));
    }
    let Some(format) = opening.format(pin) else {
        return Ok(Opened::processor(Discarding));
    };
    let rate_hz = opening.audio(pin).rate_hz;
    let quantum = samples_at(opening.max_len as u64, rate_hz, opening.rate_hz).max(1) as usize;
    let opened = cards.open(device, format, quantum, opening.waker.clone());
    let absent = |why: String| {
        let note = format!("{why}. The graph keeps time without it until it is there");
        let opened = Opened::processor(Discarding).pacer(Box::new(Absent));
        Ok(opened.absence(why).note(note))
    };
    let mut card = match opened {
        Ok(card) => card,
        Err(DeviceError::Format { reason, .. }) => {
            return Err(OpenError::Format {
                pin: pin.to_owned(),
                format: Box::new(format.clone()),
                reason,
            });
        }
        Err(DeviceError::NotFound(name)) if name.is_empty() => {
            return absent("No sound card was found".into());
        }
        Err(DeviceError::NotFound(name)) => return absent(format!("{name} is not there")),
        Err(error) => return absent(error.to_string()),
    };
    let Some(ring) = card.allocate() else {
        return absent(format!("{device:?} has no ring of frames to give"));
    };
    let granted = card.granted();
    ring.cursor().stamp_by(opening.clock.clone());
    let channels = format.audio.map_or(2, |audio| audio.channels as usize);
    let follow = Follow::new(channels, quantum + 1, rate_hz, opening.clock.clone());
    let follow = follow.map_err(|error| OpenError::Other(error.to_string()))?;
    let clock = DeviceClock::new(ring.cursor().clone(), rate_hz, opening.clock.clone());
    let clock = Arc::new(clock);
    let pacer = WaveRtPacer {
        cursor: ring.cursor().clone(),
        quantum: ring.quantum(),
        rate_hz,
        graph_rate_hz: opening.rate_hz,
    };
    let (write, tape) = Tape::new(channels, rate_hz, TAPE_SECONDS * rate_hz as usize);
    let published = Telemetry::new(telemetry::COUNT);
    let ceiling_db = opening.settings.number(ceiling);
    let port = WaveRtPort {
        ring,
        home: None,
        is_home: false,
        card,
        rate_hz,
        ceiling: opening.slot(ceiling),
        ceiling_db,
        limiter: Limiter::new(f64::from(rate_hz), ceiling_db as f32),
        telemetry: published.clone(),
        dropped: 0,
        non_finite: 0,
        peaks: [0.0; 2],
        follow,
        clock: clock.clone(),
        flushes: false,
        tape: write,
    };
    Ok(Opened::processor(port)
        .tape(tape)
        .pacer(Box::new(pacer))
        .clock(clock)
        .telemetry(published)
        .device(granted)
        .lends())
}

/// The running half: copies each cycle into an empty frame, gates and limits it, and gives it to the card.
struct WaveRtPort {
    ring: FrameRing,
    /// The frame in which the pipe before it worked.
    home: Option<Wave>,
    /// Whether it came home in this cycle; it is an empty one otherwise.
    is_home: bool,
    card: Box<dyn MiniportWaveRt>,
    rate_hz: u32,
    ceiling: ValueSlot,
    ceiling_db: f64,
    limiter: Limiter,
    telemetry: Telemetry,
    dropped: u64,
    non_finite: u64,
    peaks: [f32; 2],
    follow: Follow,
    clock: Arc<DeviceClock>,
    /// What it was given last is to be dropped upon Pause (HDR-11).
    flushes: bool,
    /// Takes a copy of what is played.
    tape: rtrb::Producer<f32>,
}

impl Processor for WaveRtPort {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let end = samples_at(io.position + io.len as u64, self.rate_hz, io.rate_hz);
        let len = (end - samples_at(io.position, self.rate_hz, io.rate_hz)) as usize;
        let input = io.inputs.iter().next().and_then(|input| input.wave());
        // To be decoded, not to be heard.
        let header = io.inputs.iter().next().map(|input| input.header);
        self.flushes = header.is_some_and(|it| it.flags & flag::FLUSHONPAUSE != 0);
        let is_heard = header.is_none_or(|it| it.flags & flag::PREROLL == 0);
        let edge = if is_heard { io.gate } else { (0.0, 0.0) };
        let ceiling = self.ceiling.get(io.values);
        let gate_here = match self.follow.turn(self.ring.cursor().is_foreign()) {
            Turn::Direct => Some(edge),
            Turn::Enter => Some((0.0, edge.1)),
            Turn::Leave => Some((edge.0, 0.0)),
            Turn::Follow => None,
        };
        // What the last pipe made stands in a frame of the card's already.
        let is_home = std::mem::take(&mut self.is_home);
        if let Some(edges) = gate_here {
            match self.home.take().or_else(|| self.ring.take()) {
                Some(mut frame) => {
                    match input {
                        _ if is_home => {}
                        Some(wave) => frame.copy_from(wave),
                        None => {
                            frame.set_len(len.min(frame.capacity()));
                            frame.silence();
                        }
                    }
                    gate(&mut frame, edges);
                    self.finish(&mut frame, ceiling);
                    self.ring.give(frame);
                }
                // Between two cards that pace the graph, or one that has stopped.
                None => self.dropped += len as u64,
            }
        } else {
            let brought = self.home.as_ref().filter(|_| is_home).or(input);
            self.follow.bring(brought, len, edge, &self.ring);
            // Nothing is missed where nothing is given yet.
            let cursor = self.ring.cursor();
            cursor.set_running(!self.follow.is_silent());
            while let Some(mut frame) = self.follow.take(&mut self.ring) {
                self.finish(&mut frame, ceiling);
                self.ring.give(frame);
            }
        }
        self.publish();
        Flow::Running
    }

    fn lend(&mut self, channels: usize, len: usize) -> Option<Wave> {
        // What another clock drives goes through a converter, and not into the ring as it is.
        if self.ring.cursor().is_foreign() {
            return None;
        }
        let fits = |it: &mut Wave| it.channel_count() == channels && it.capacity() >= len;
        let kept = self.home.take_if(fits);
        kept.or_else(|| self.ring.take_for(channels, len))
    }

    fn come_home(&mut self, frame: Wave) {
        self.home = Some(frame);
        self.is_home = true;
    }

    fn waiting(&self) -> usize {
        self.ring.cursor().queued()
    }

    /// What it was given has faded already.
    fn seek(&mut self, _: Seek) -> bool {
        true
    }

    fn enter(&mut self, state: State) {
        self.ring.cursor().set_running(state == State::Run);
        if state == State::Pause && self.flushes {
            let fade = self.rate_hz as usize * FLUSH_MILLIS / 1000;
            self.ring.cursor().flush(fade);
        }
        self.clock.enter(state);
        self.card.set_state(state);
        if state == State::Stop {
            self.limiter.reset();
            self.follow.reset();
            self.peaks = [0.0; 2];
            self.publish();
        }
    }
}

impl WaveRtPort {
    /// What every frame goes through on its way to the card.
    fn finish(&mut self, frame: &mut Wave, ceiling_db: f64) {
        self.limit(frame, ceiling_db);
        self.measure(frame);
        self.keep(frame);
    }

    /// Copies what is played onto the tape, if this card drives the graph and somebody listens.
    fn keep(&mut self, frame: &Wave) {
        let channels = frame.channel_count();
        if self.ring.cursor().is_foreign() || self.tape.is_abandoned() {
            return;
        }
        let Ok(mut chunk) = self.tape.write_chunk(frame.len() * channels) else {
            return;
        };
        let (one, two) = chunk.as_mut_slices();
        for (channel, samples) in frame.channels().enumerate() {
            let places = one.iter_mut().chain(two.iter_mut());
            for (place, sample) in places.skip(channel).step_by(channels).zip(samples) {
                *place = *sample;
            }
        }
        chunk.commit_all();
    }

    fn limit(&mut self, frame: &mut Wave, ceiling_db: f64) {
        if ceiling_db != self.ceiling_db {
            self.ceiling_db = ceiling_db;
            self.limiter = Limiter::new(f64::from(self.rate_hz), ceiling_db as f32);
        }
        let count = frame.channel_count().min(MOST_CHANNELS);
        let mut channels = frame.channels_mut();
        let mut all: [&mut [f32]; MOST_CHANNELS] =
            std::array::from_fn(|_| channels.next().unwrap_or(&mut []));
        let limited = self.limiter.process(&mut all[..count]);
        self.non_finite += limited.non_finite as u64;
        self.telemetry
            .set(telemetry::LIMITED_DB, 20.0 * limited.least_gain.log10());
    }

    /// Follows the peaks; a single channel is heard on both sides.
    fn measure(&mut self, frame: &Wave) {
        let fall = 10.0_f32.powf(-FALL_DB / 20.0 * frame.len() as f32 / self.rate_hz as f32);
        let last = frame.channel_count().saturating_sub(1);
        for (side, peak) in self.peaks.iter_mut().enumerate() {
            let samples = frame.channel(side.min(last));
            let loudest = samples.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            *peak = loudest.max(*peak * fall);
        }
    }

    fn publish(&self) {
        for (cell, peak) in telemetry::PEAKS.into_iter().zip(self.peaks) {
            self.telemetry.set(cell, peak);
        }
        let cursor = self.ring.cursor();
        self.telemetry.set(telemetry::XRUNS, cursor.xruns() as f32);
        self.telemetry.set(telemetry::DROPPED, self.dropped as f32);
        self.telemetry
            .set(telemetry::NON_FINITE, self.non_finite as f32);
        let (step, drift_ppm, error) = self.follow.figures();
        self.telemetry.set(telemetry::STEP, step);
        self.telemetry.set(telemetry::DRIFT_PPM, drift_ppm);
        self.telemetry.set(telemetry::FILL_ERROR, error);
        self.telemetry
            .set(telemetry::ALLOCATED_FRAMES, self.ring.allocated() as f32);
        self.telemetry
            .set(telemetry::FRAMES, self.ring.frames() as f32);
        let lost = f32::from(u8::from(cursor.is_lost()));
        self.telemetry.set(telemetry::LOST, lost);
    }
}

/// Multiplies by a line from the first amplitude at the first sample to the second one behind the last.
pub(super) fn gate(frame: &mut Wave, (from, to): (f32, f32)) {
    if from == 1.0 && to == 1.0 {
        return;
    }
    let step = (to - from) / frame.len().max(1) as f32;
    for channel in frame.channels_mut() {
        for (index, sample) in channel.iter_mut().enumerate() {
            *sample *= from + step * index as f32;
        }
    }
}

/// A sink without a card.
struct Discarding;

impl Processor for Discarding {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        Flow::Running
    }
}

/// The card's appetite, in samples of the graph's rate.
struct WaveRtPacer {
    cursor: Arc<Cursor>,
    quantum: usize,
    rate_hz: u32,
    graph_rate_hz: u32,
}

impl Pacer for WaveRtPacer {
    fn due(&mut self) -> usize {
        let target = FrameRing::target(&self.cursor, self.quantum);
        let room = target.saturating_sub(self.cursor.queued());
        samples_at(room as u64, self.graph_rate_hz, self.rate_hz) as usize
    }

    fn played(&self) -> u64 {
        samples_at(self.cursor.call().asked, self.graph_rate_hz, self.rate_hz)
    }

    fn drive(&mut self, is_driver: bool) {
        self.cursor.set_foreign(!is_driver);
    }

    fn latency_samples(&self) -> usize {
        let samples = FrameRing::target(&self.cursor, self.quantum) + self.cursor.latency();
        samples_at(samples as u64, self.graph_rate_hz, self.rate_hz) as usize
    }

    fn ahead_samples(&self) -> usize {
        let samples = self.cursor.queued() + self.cursor.period() + self.cursor.latency();
        samples_at(samples as u64, self.graph_rate_hz, self.rate_hz) as usize
    }

    fn is_lost(&self) -> bool {
        self.cursor.is_lost()
    }

    fn xruns(&self) -> u32 {
        self.cursor.xruns()
    }

    fn calls(&self) -> Option<u64> {
        Some(self.cursor.calls())
    }

    fn give_up(&mut self) {
        self.cursor.lose();
    }
}

/// The pacer of a card that was not there when it was asked for.
struct Absent;

impl Pacer for Absent {
    fn due(&mut self) -> usize {
        0
    }

    fn played(&self) -> u64 {
        0
    }

    fn latency_samples(&self) -> usize {
        0
    }

    fn is_lost(&self) -> bool {
        true
    }

    fn xruns(&self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;
    use crate::filters::audio_device_out::AudioDeviceOut;
    use crate::ks::{
        Clock, DataFlow, Filter, InputPin, Inputs, OpenPin, Payload, RefTime, Settings,
        StreamHeader,
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
}
