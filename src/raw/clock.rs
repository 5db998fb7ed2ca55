//! Clocks as objects: made on a pin, asked for their time (10.1, MCL-4, MCL-5). Nothing drives a pin of this door, so its
//! clock stands at zero and says so; the clock of a running graph is the engine's.

use super::answer::Answer;
use super::dispatch::{Item, Request};
use super::layout::{REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object};
use crate::ks::{State, Status};

pub(super) struct ClockObject {
    pub(super) pin: Handle,
}

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, time),
    Item::get(1, REQUEST, time),
    Item::get(2, REQUEST, correlated),
    Item::get(3, REQUEST, correlated),
    // The finest step, and no error (MCL-4).
    Item::get(4, REQUEST, |_, request| {
        Answer::sized(Writer::default().u64(1).u64(0).0, request.output)
    }),
    Item::get(5, REQUEST, |host, request| {
        let state = match host.object(request.handle) {
            Some(Object::Clock(clock)) => match host.object(clock.pin) {
                Some(Object::Pin(pin)) => pin.state,
                _ => State::Stop,
            },
            _ => return Answer::status(Status::InvalidParameter),
        };
        Answer::sized((state as u32).to_le_bytes().to_vec(), request.output)
    }),
];

fn time(_: &Host, request: &Request<'_>) -> Answer {
    Answer::sized(vec![0; 8], request.output)
}

fn correlated(_: &Host, request: &Request<'_>) -> Answer {
    Answer::sized(vec![0; 16], request.output)
}

impl Host {
    /// Makes a clock on a pin; the request's flags must be nothing. The handle in four bytes. It outlives its pin.
    pub fn create_clock(&mut self, pin: Handle, request: &[u8]) -> Answer {
        if !matches!(self.object(pin), Some(Object::Pin(_))) || Reader(request).u32() != Some(0) {
            return Answer::status(Status::InvalidParameter);
        }
        let handle = self.insert(Object::Clock(Box::new(ClockObject { pin })));
        self.say(format!("created clock {handle} on pin {pin}"));
        Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX)
    }
}
