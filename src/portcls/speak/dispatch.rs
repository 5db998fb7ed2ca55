//! The port thread's end of a MIDI output: waits until each event is heard, makes messages of the pieces, sends them, and
//! knows what sounds outside, so that it ends, and what was set there, so that a device that comes back is told again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rtrb::Consumer;

use super::{Line, Outlet, Parcel, WATCH};
use crate::ks::{Clock, Held, KernelEvent, RATE_UNITY, RefTime, State};
use crate::midi::chase::Told;
use crate::portcls::mpu401::Assembler;
use crate::portcls::pace::Pace;

/// The longest system exclusive message that is sent.
const MOST_EXCLUSIVE: usize = 1 << 20;
/// A message that is sent so long after its time is counted as late. Less is not heard.
const LATE: RefTime = 50_000;
/// The shortest and the longest sleep while the graph runs: the sequencer's timer has 1 ms (PCL-3).
const NAP: (RefTime, RefTime) = (10_000, 100_000);

/// What sets a sequencer going and has it stand.
const START: u8 = 0xFA;
const CONTINUE: u8 = 0xFB;
const STOP: u8 = 0xFC;

/// Sends what comes off the ring when it is due.
pub struct Dispatch {
    ring: Consumer<Parcel>,
    clock: Arc<dyn Clock>,
    line: Arc<Line>,
    pace: Pace,
    assembler: Assembler,
    /// What sounds outside.
    held: Held,
    /// What its channels were told, whether it was there to hear it or not.
    told: Told,
    /// A sequencer outside was told to go.
    is_going: bool,
    /// What was done already, of what the line counts.
    run: u32,
    rests: u32,
    lost: u32,
}

impl Dispatch {
    pub(super) fn new(ring: Consumer<Parcel>, clock: Arc<dyn Clock>, line: Arc<Line>) -> Self {
        Self {
            ring,
            clock,
            line,
            pace: Pace::default(),
            assembler: Assembler::growing(MOST_EXCLUSIVE),
            held: Held::default(),
            told: Told::nothing(1),
            is_going: false,
            run: 0,
            rests: 0,
            lost: 0,
        }
    }

    /// What both sides know.
    pub fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// Sends everything that is due now. How long nothing more is to be done, if nobody wakes it.
    pub fn turn(&mut self, outlet: &mut Option<Box<dyn Outlet>>) -> Duration {
        let rests = self.line.rests.load(Ordering::Acquire);
        if std::mem::replace(&mut self.rests, rests) != rests {
            self.stand(outlet);
        }
        self.go_over(self.line.run.load(Ordering::Acquire), outlet);
        let lead = outlet.as_ref().map_or(0, |outlet| outlet.lead());
        let delay = self.line.delay.load(Ordering::Relaxed);
        let heard = self.pace.heard(&*self.clock);
        while let Ok(parcel) = self.ring.peek().copied() {
            // Another run may have begun since it was looked at.
            if self.go_over(parcel.run, outlet) {
                let now = self.clock.reading();
                let ahead = parcel.event.time + delay - heard;
                if ahead > lead {
                    return match now.state {
                        State::Run => nap((ahead - lead).min(NAP.1), now.rate_permille),
                        _ => self.rest(),
                    };
                }
                if ahead < -LATE && outlet.is_some() {
                    self.line.late.fetch_add(1, Ordering::Relaxed);
                }
                self.send(&parcel.event, ahead.max(0), outlet);
            }
            // It is there: it was looked at.
            let _ = self.ring.pop();
        }
        let lost = self.line.lost();
        if std::mem::replace(&mut self.lost, lost) != lost {
            // Among them may have been the ends of notes.
            self.hush(outlet);
        }
        let now = self.clock.reading();
        match now.state {
            State::Run => {
                let early = (now.latency - now.time - lead + delay) / 4;
                nap(early.clamp(NAP.0, NAP.1), now.rate_permille)
            }
            _ => self.rest(),
        }
    }

    fn rest(&self) -> Duration {
        match self.line.is_running.load(Ordering::Acquire) {
            // It is about to go on, or the graph waits for a device.
            true => nap(NAP.1, RATE_UNITY),
            false => WATCH,
        }
    }

    /// Goes over to a run that is later than its own; whether what belongs to it is to be sent.
    fn go_over(&mut self, run: u32, outlet: &mut Option<Box<dyn Outlet>>) -> bool {
        let ahead = run.wrapping_sub(self.run);
        if ahead == 0 {
            return true;
        }
        if ahead > u32::MAX / 2 {
            return false;
        }
        self.run = run;
        self.stand(outlet);
        true
    }

    fn send(&mut self, event: &KernelEvent, ahead: RefTime, outlet: &mut Option<Box<dyn Outlet>>) {
        let Self {
            assembler,
            held,
            told,
            is_going,
            line,
            ..
        } = self;
        assembler.put(event.bytes(), |message| {
            follow(told, message);
            // Nobody hears it: what it began would never end.
            let Some(outlet) = outlet else { return };
            held.follow(message);
            match message {
                [START | CONTINUE] => *is_going = true,
                [STOP] => *is_going = false,
                _ => {}
            }
            if let Err(error) = outlet.send(message, ahead) {
                line.unsent.fetch_add(1, Ordering::Relaxed);
                log::debug!("a MIDI output: {error}");
            }
        });
    }

    /// The graph stands: ends what sounds outside, and a sequencer that goes by the graph's clock stands too.
    pub(super) fn stand(&mut self, outlet: &mut Option<Box<dyn Outlet>>) {
        self.hush(outlet);
        if std::mem::take(&mut self.is_going)
            && let Some(outlet) = outlet
            && let Err(error) = outlet.send(&[STOP], 0)
        {
            log::debug!("a MIDI output: {error}");
        }
    }

    /// Ends what sounds outside.
    pub fn hush(&mut self, outlet: &mut Option<Box<dyn Outlet>>) {
        self.assembler.clear();
        let Some(outlet) = outlet else {
            self.held = Held::default();
            return;
        };
        self.held
            .release(|message| outlet.send(&message, 0).is_ok());
        // What a device did not take it is not asked again.
        self.held = Held::default();
    }

    /// The device is there again, or for the first time: it is told what the channels were told so far. Pedals are not:
    /// they belong to notes that it does not play.
    pub fn greet(&mut self, outlet: &mut dyn Outlet) {
        let line = &self.line;
        self.told.tell(&self.told, 0, false, |event, _| {
            let is_pedal = matches!(event.bytes(), [0xB0..=0xBF, 64 | 66, _]);
            if !is_pedal && let Err(error) = outlet.send(event.bytes(), 0) {
                line.unsent.fetch_add(1, Ordering::Relaxed);
                log::debug!("a MIDI output: {error}");
            }
        });
    }

    /// The device is gone, and with it what sounded there.
    pub fn forget(&mut self) {
        self.hush(&mut None);
    }
}

/// Keeps what a message sets. With *General MIDI on* and *off* a device forgets it.
fn follow(told: &mut Told, message: &[u8]) {
    match *message {
        [0xF0, 0x7E, _, 9, 1..=3, 0xF7] => told.forget(),
        _ => {
            // A system exclusive message sets no channel.
            if let Some(event) = KernelEvent::new(0, message) {
                told.follow(&event, 0);
            }
        }
    }
}

/// A sleep of so much of the graph's time.
fn nap(time: RefTime, rate_permille: u32) -> Duration {
    let time = time * i64::from(RATE_UNITY) / i64::from(rate_permille.max(1));
    Duration::from_nanos(time.clamp(NAP.0 / 10, NAP.1) as u64 * 100)
}
