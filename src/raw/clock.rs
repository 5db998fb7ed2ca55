//! Clocks as objects: made on a pin, asked for their time, listened to for their marks (section 10). The time of this
//! door is nominal: it moves when a caller says so ([`Host::advance`]), and the same calls give the same answers. The
//! clock of a running graph is the engine's.

use super::answer::Answer;
use super::dispatch::{Item, Request};
use super::events::{Mark, Subscription};
use super::layout::{REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object};
use super::rate::Pace;
use super::sets;
use crate::ks::{State, Status};

pub(super) struct ClockObject {
    pub(super) pin: Handle,
    /// Ever advancing while its pin is above Stop, in 100 ns (CLK-3).
    physical: u64,
    pub(super) events: Vec<Subscription>,
}

/// Marks that one call tells one by one; what goes beyond is as if nobody had looked.
const MOST_MARKS: u32 = 4096;

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, |host, request| {
        of(host, request, |clock| {
            Writer::default().u64(host.time_of(clock.pin))
        })
    }),
    Item::get(1, REQUEST, |host, request| {
        of(host, request, |clock| Writer::default().u64(clock.physical))
    }),
    Item::get(2, REQUEST, |host, request| {
        of(host, request, |clock| {
            Writer::default()
                .u64(host.time_of(clock.pin))
                .u64(host.now())
        })
    }),
    Item::get(3, REQUEST, |host, request| {
        of(host, request, |clock| {
            Writer::default().u64(clock.physical).u64(host.now())
        })
    }),
    // The finest step, and no error (MCL-4).
    Item::get(4, REQUEST, |host, request| {
        of(host, request, |_| Writer::default().u64(1).u64(0))
    }),
    Item::get(5, REQUEST, |host, request| {
        of(host, request, |clock| {
            Writer::default().u32(host.state(clock.pin).unwrap_or_default() as u32)
        })
    }),
];

fn of(host: &Host, request: &Request<'_>, answer: impl FnOnce(&ClockObject) -> Writer) -> Answer {
    match host.object(request.handle) {
        Some(Object::Clock(clock)) => Answer::sized(answer(clock).0, request.output),
        _ => Answer::status(Status::InvalidParameter),
    }
}

impl Host {
    /// Makes a clock on a pin; the request's flags must be nothing. The handle in four bytes. It outlives its pin.
    pub fn create_clock(&mut self, pin: Handle, request: &[u8]) -> Answer {
        if !matches!(self.object(pin), Some(Object::Pin(_))) || Reader(request).u32() != Some(0) {
            return Answer::status(Status::InvalidParameter);
        }
        let handle = self.insert(Object::Clock(Box::new(ClockObject {
            pin,
            physical: 0,
            events: vec![],
        })));
        self.say(format!("created clock {handle} on pin {pin}"));
        Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX)
    }

    /// Presentation time of a pin in 100 ns: it moves in Run, stands in Pause, and is nothing in Stop (CLK-3).
    pub(super) fn time_of(&self, pin: Handle) -> u64 {
        match self.object(pin) {
            Some(Object::Pin(it)) => it.time,
            _ => 0,
        }
    }

    /// The presentation time of a pin in 100 ns.
    pub fn time(&self, pin: Handle) -> u64 {
        self.time_of(pin)
    }

    /// Lets so many units of 100 ns go by; the time behind them. Marks that are passed are told in the order of their
    /// times. `is_stall` is time in which nobody looked: of an interval's marks the last is told alone (CEV-2).
    pub fn advance(&mut self, by: u64, is_stall: bool) -> u64 {
        let end = self.now().saturating_add(by);
        let mut steps = if is_stall { 0 } else { MOST_MARKS };
        while self.now() < end {
            let left = end - self.now();
            let step = match steps {
                0 => left,
                _ => self.until_next_mark().map_or(left, |it| it.clamp(1, left)),
            };
            steps = steps.saturating_sub(1);
            self.step_time(step);
        }
        end
    }

    fn step_time(&mut self, step: u64) {
        self.set_now(self.now().saturating_add(step));
        for handle in self.objects() {
            let above_stop = match self.object(handle) {
                Some(Object::Clock(clock)) => self.state(clock.pin) > Some(State::Stop),
                _ => false,
            };
            match self.object_mut(handle) {
                Some(Object::Pin(pin)) if pin.state == State::Run => {
                    pin.time = pin.time.saturating_add(pin.pace.pass(step));
                }
                Some(Object::Clock(clock)) if above_stop => {
                    clock.physical = clock.physical.saturating_add(step);
                }
                _ => {}
            }
        }
        self.tell_marks();
        let waits = self.pins().filter(|(_, pin)| pin.requests.any());
        let waits: Vec<Handle> = waits.map(|(handle, _)| handle).collect();
        for pin in waits {
            self.serve(pin);
        }
    }

    /// Clocks of pins in Run, their time and how fast it goes.
    fn clocks_that_run(&self) -> Vec<(Handle, u64, Pace)> {
        let clock = |handle: Handle| match self.object(handle) {
            Some(Object::Clock(it)) => match self.object(it.pin) {
                Some(Object::Pin(pin)) if pin.state == State::Run => {
                    Some((handle, pin.time, pin.pace))
                }
                _ => None,
            },
            _ => None,
        };
        self.objects().into_iter().filter_map(clock).collect()
    }

    /// Tells the marks that running clocks have come to; nothing is told where time stands (CEV-3).
    pub(super) fn tell_marks(&mut self) {
        for (handle, time, _) in self.clocks_that_run() {
            let Some(Object::Clock(clock)) = self.object_mut(handle) else {
                continue;
            };
            let mut due = vec![];
            for (index, it) in clock.events.iter_mut().enumerate() {
                if it.mark.as_mut().is_some_and(|mark| mark.is_due(time)) {
                    due.push((it.mark.as_ref().map_or(0, |mark| mark.id()), index));
                }
            }
            for (id, index) in due {
                self.fire_one(handle, sets::CLOCK_EVENTS, id, index);
            }
            if let Some(Object::Clock(clock)) = self.object_mut(handle) {
                clock.events.retain(|it| !it.is_spent());
            }
        }
    }

    /// How far the nearest mark of a running clock lies ahead.
    fn until_next_mark(&self) -> Option<u64> {
        let clocks = self.clocks_that_run().into_iter();
        let ahead = clocks.flat_map(|(handle, time, pace)| {
            let events = match self.object(handle) {
                Some(Object::Clock(clock)) => &clock.events[..],
                _ => &[],
            };
            let marks = events.iter().filter_map(|it| it.mark.as_ref()?.next());
            let ahead = marks.filter_map(move |next| u64::try_from(next - i128::from(time)).ok());
            ahead.map(move |ahead| pace.until(ahead))
        });
        ahead.min()
    }
}

impl Mark {
    /// The number of its event.
    const fn id(&self) -> u32 {
        match self {
            Self::Every { .. } => 0,
            Self::At { .. } => 1,
        }
    }

    /// When it comes next, in presentation time.
    fn next(&self) -> Option<i128> {
        match *self {
            Self::At { is_told: true, .. } => None,
            Self::At { time, .. } => Some(i128::from(time)),
            Self::Every { base, every, next } => Some(base + every * next),
        }
    }

    /// Whether it has come by `time`. It is then told, and waits for its next one; marks that were missed are not made
    /// up for (CEV-2).
    fn is_due(&mut self, time: u64) -> bool {
        let now = i128::from(time);
        if self.next().is_none_or(|next| next > now) {
            return false;
        }
        match self {
            Self::At { is_told, .. } => *is_told = true,
            Self::Every { base, every, next } => *next = (now - *base).div_euclid(*every) + 1,
        }
        true
    }

    /// Its times have begun anew: the stream was stopped.
    fn begin_anew(&mut self) {
        if let Self::Every { base, every, next } = self {
            *next = first(*base, *every, 0);
        }
    }
}

/// The first time of a row that does not lie before `from`: a row begins at its base.
pub(super) fn first(base: i128, every: i128, from: i128) -> i128 {
    let behind = (from - base).max(0);
    behind / every + i128::from(behind % every != 0)
}

impl Host {
    /// A pin has come to Stop: its time is nothing, and its clocks' intervals begin anew.
    pub(super) fn time_stopped(&mut self, pin: Handle) {
        if let Some(Object::Pin(it)) = self.object_mut(pin) {
            it.time = 0;
        }
        for handle in self.objects() {
            match self.object_mut(handle) {
                Some(Object::Clock(clock)) if clock.pin == pin => {
                    let marks = clock.events.iter_mut().filter_map(|it| it.mark.as_mut());
                    marks.for_each(Mark::begin_anew);
                }
                _ => {}
            }
        }
    }
}
