//! The capture side of WaveRT: a card that hears, as a source of the graph that can pace it.
//!
//! Lives here: what such a card must do ([`MiniportWaveIn`]), the port's processor and its pacer. What brings two clocks
//! into step is `intake.rs`. A card that cannot be had is not an error of the graph: the port opens without it, is silent,
//! says so, and its pacer reports the loss.

use std::sync::Arc;

use super::intake::{Given, Intake, IntakeRing};
use super::pin_clock::DeviceClock;
use super::ring::Cursor;
use super::wavert::{Cards, DeviceError, gate};
use crate::ks::{
    Flow, Granted, Io, OpenError, Opened, Opening, Pacer, Processor, State, Telemetry, flag,
    samples_at,
};

/// How fast published peaks fall, in decibels a second.
const FALL_DB: f32 = 24.0;

/// A card that hears: a ring of samples that it fills by itself. Dropping it closes the device, without waiting for it.
pub trait MiniportWaveIn: Send {
    /// Hands out the port's end of the ring; `None` from the second time on.
    fn allocate(&mut self) -> Option<IntakeRing>;

    /// The device that was granted.
    fn granted(&self) -> Granted;
}

/// What a capture port publishes, by place in its telemetry. What it shares with [`super::wavert::telemetry`] stands at
/// the same place.
pub mod telemetry {
    /// Times something was missing: what the card gave found no room, or there was nothing to give to the graph.
    pub const XRUNS: usize = 0;
    /// Samples that were missing in the graph.
    pub const MISSING: usize = 1;
    /// Samples between the card and the graph.
    pub const LATENCY: usize = 2;
    /// Samples that were not numbers and became silence.
    pub const NON_FINITE: usize = 3;
    /// 1 while the card is gone.
    pub const LOST: usize = 4;
    /// Peak of what is heard, on its first two channels, as an amplitude that falls by 24 dB a second.
    pub const PEAKS: [usize; 2] = [5, 6];
    /// How much faster the card's clock goes than what paces the graph, in parts of a million; 0 where it paces it.
    pub const DRIFT_PPM: usize = 7;
    /// 0 where the card paces the graph, 1 while clocks are being learnt, 2 while it is kept in step.
    pub const STEP: usize = 8;
    /// By how many samples its store is fuller than wanted.
    pub const FILL_ERROR: usize = 9;
    /// How many there are.
    pub const COUNT: usize = 10;
}

/// Opens a capture pin: `device` is the card's name. In a render nobody speaks: the stream is silent and has ended.
pub fn open_capture(
    cards: &dyn Cards,
    opening: &Opening<'_>,
    pin: &str,
    device: &str,
) -> Result<Opened, OpenError> {
    if !opening.live {
        return Ok(Opened::processor(Nobody { is_live: false }));
    }
    let Some(format) = opening.format(pin) else {
        return Ok(Opened::processor(Nobody { is_live: true }).endless());
    };
    let rate_hz = opening.audio(pin).rate_hz;
    let quantum = samples_at(opening.max_len as u64, rate_hz, opening.rate_hz).max(1) as usize;
    let absent = |why: String| {
        let note = format!("{why}. It is silent until it is there");
        let opened = Opened::processor(Nobody { is_live: true }).endless();
        Ok(opened.absence(why).note(note))
    };
    let mut card = match cards.open_capture(device, format, quantum, opening.waker.clone()) {
        Ok(card) => card,
        Err(DeviceError::Format { reason, .. }) => {
            return Err(OpenError::Format {
                pin: pin.to_owned(),
                format: Box::new(format.clone()),
                reason,
            });
        }
        Err(DeviceError::NotFound(name)) if name.is_empty() => {
            return absent("No sound input was found".into());
        }
        Err(DeviceError::NotFound(name)) => return absent(format!("{name} is not there")),
        Err(error) => return absent(error.to_string()),
    };
    let Some(ring) = card.allocate() else {
        return absent(format!("{device:?} has no ring of samples to give"));
    };
    let granted = card.granted();
    let cursor = ring.cursor().clone();
    cursor.stamp_by(opening.clock.clone());
    let clock = DeviceClock::new(cursor.clone(), rate_hz, opening.clock.clone());
    let clock = Arc::new(clock);
    let pacer = IntakePacer {
        cursor: cursor.clone(),
        rate_hz,
        graph_rate_hz: opening.rate_hz,
    };
    let intake = Intake::new(ring, rate_hz, opening.clock.clone());
    let intake = intake.map_err(|error| OpenError::Other(error.to_string()))?;
    let published = Telemetry::new(telemetry::COUNT);
    let port = CapturePort {
        intake,
        _card: card,
        rate_hz,
        telemetry: published.clone(),
        missing: 0,
        gaps: 0,
        non_finite: 0,
        peaks: [0.0; 2],
        has_gap: false,
        clock: clock.clone(),
    };
    Ok(Opened::processor(port)
        .pacer(Box::new(pacer))
        .clock(clock)
        .telemetry(published)
        .device(granted)
        .endless())
}

/// The running half: gives each cycle what the card has heard.
struct CapturePort {
    intake: Intake,
    /// Closed with the port.
    _card: Box<dyn MiniportWaveIn>,
    rate_hz: u32,
    telemetry: Telemetry,
    missing: u64,
    gaps: u32,
    non_finite: u64,
    peaks: [f32; 2],
    has_gap: bool,
    clock: Arc<DeviceClock>,
}

impl Processor for CapturePort {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let gate_edges = io.gate;
        let Some(output) = io.outputs.first_mut() else {
            return Flow::Running;
        };
        let Some(wave) = output.payload.wave_mut() else {
            return Flow::Running;
        };
        let before = self.missing;
        let is_foreign = self.intake.cursor().is_foreign();
        let given = self.intake.give(wave, is_foreign);
        if given == Given::Gap {
            self.gaps += 1;
            self.missing += wave.len() as u64;
        }
        for channel in wave.channels_mut() {
            for sample in channel.iter_mut().filter(|sample| !sample.is_finite()) {
                *sample = 0.0;
                self.non_finite += 1;
            }
        }
        let fall = 10.0_f32.powf(-FALL_DB / 20.0 * wave.len() as f32 / self.rate_hz as f32);
        let last = wave.channel_count().saturating_sub(1);
        for (side, peak) in self.peaks.iter_mut().enumerate() {
            let samples = wave.channel(side.min(last));
            let loudest = samples.iter().fold(0.0_f32, |most, it| most.max(it.abs()));
            *peak = loudest.max(*peak * fall);
        }
        gate(wave, gate_edges);
        if std::mem::take(&mut self.has_gap) {
            output.header.flags |= flag::DATADISCONTINUITY;
        }
        self.has_gap = self.missing > before;
        self.publish();
        match given {
            Given::Gap => Flow::Starved,
            Given::Whole | Given::Silent => Flow::Running,
        }
    }

    fn enter(&mut self, state: State) {
        if state == State::Run {
            // What was heard before is not of this run.
            self.intake.reset();
        }
        self.intake.cursor().set_running(state == State::Run);
        self.clock.enter(state);
        if state == State::Stop {
            self.peaks = [0.0; 2];
            self.publish();
        }
    }
}

impl CapturePort {
    fn publish(&self) {
        for (cell, peak) in telemetry::PEAKS.into_iter().zip(self.peaks) {
            self.telemetry.set(cell, peak);
        }
        let xruns = self.intake.cursor().xruns() + self.gaps;
        self.telemetry.set(telemetry::XRUNS, xruns as f32);
        self.telemetry.set(telemetry::MISSING, self.missing as f32);
        let latency = self.intake.latency_samples();
        self.telemetry.set(telemetry::LATENCY, latency as f32);
        self.telemetry
            .set(telemetry::NON_FINITE, self.non_finite as f32);
        let (step, drift_ppm, error) = self.intake.figures();
        self.telemetry.set(telemetry::STEP, step);
        self.telemetry.set(telemetry::DRIFT_PPM, drift_ppm);
        self.telemetry.set(telemetry::FILL_ERROR, error);
        let lost = f32::from(u8::from(self.intake.cursor().is_lost()));
        self.telemetry.set(telemetry::LOST, lost);
    }
}

impl Drop for CapturePort {
    fn drop(&mut self) {
        // The card may go on for a moment; nobody hears it.
        self.intake.cursor().set_running(false);
    }
}

/// A source without a card.
struct Nobody {
    is_live: bool,
}

impl Processor for Nobody {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        for output in io.outputs.iter_mut() {
            if let Some(wave) = output.payload.wave_mut() {
                wave.silence();
            }
        }
        match self.is_live {
            true => Flow::Running,
            false => Flow::Ended,
        }
    }
}

/// What the card has heard and nobody has asked for yet, in samples of the graph's rate.
struct IntakePacer {
    cursor: Arc<Cursor>,
    rate_hz: u32,
    graph_rate_hz: u32,
}

impl Pacer for IntakePacer {
    fn due(&mut self) -> usize {
        samples_at(
            self.cursor.queued() as u64,
            self.graph_rate_hz,
            self.rate_hz,
        ) as usize
    }

    fn played(&self) -> u64 {
        samples_at(self.cursor.call().asked, self.graph_rate_hz, self.rate_hz)
    }

    fn drive(&mut self, is_driver: bool) {
        self.cursor.set_foreign(!is_driver);
    }

    fn latency_samples(&self) -> usize {
        0
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
