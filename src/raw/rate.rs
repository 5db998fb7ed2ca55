//! How fast an open pin's presentation time goes (CLK-5): 1000 is as fast as physical time.
//!
//! A rate holds in Pause and Run and lapses below; it moves presentation time only. What is asked for and cannot be had
//! is refused, and never approximated; RATECAPABILITY says what could be had instead.

use super::answer::Answer;
use super::dispatch::Request;
use super::layout::{REQUEST, Reader, Writer};
use super::object::{Handle, Host, Object, PinObject};
use crate::ks::{RATE_UNITY, State, Status};

/// A rate with the stretch it is for: a start of sixteen bytes, a duration, an interface, the rate and flags.
pub(super) const RATE: usize = 56;
/// A request for the capability: its head, and the rate in question.
pub(super) const CAPABILITY: usize = REQUEST + RATE;
/// Where the rate stands.
const PLACE: usize = 48;
/// The start is not meant, so its unit need not be one.
const NO_START: u32 = 1;

/// Rates that can be had.
const POSSIBLE: std::ops::RangeInclusive<u32> = 100..=4_000;

/// Presentation time of a pin, and how fast it goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// In 1000.
    permille: u32,
    /// Thousandths of a unit that have gone by beyond the time.
    rest: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            permille: RATE_UNITY,
            rest: 0,
        }
    }
}

impl Pace {
    /// How much presentation time passes in so many units.
    pub(super) fn pass(&mut self, units: u64) -> u64 {
        let all = u128::from(units) * u128::from(self.permille) + u128::from(self.rest);
        self.rest = (all % 1000) as u64;
        u64::try_from(all / 1000).unwrap_or(u64::MAX)
    }

    /// Units until so much of it has passed.
    pub(super) fn until(&self, time: u64) -> u64 {
        let all = (u128::from(time) * 1000).saturating_sub(u128::from(self.rest));
        u64::try_from(all.div_ceil(u128::from(self.permille.max(1)))).unwrap_or(u64::MAX)
    }
}

fn pin<'a>(host: &'a Host, request: &Request<'_>) -> Option<&'a PinObject> {
    match host.object(request.handle) {
        Some(Object::Pin(pin)) => Some(pin),
        _ => None,
    }
}

fn bytes(pin: &PinObject, permille: u32) -> Vec<u8> {
    Writer::default()
        .u64(pin.time)
        .u32(1)
        .u32(1)
        .u64(0)
        .guid(pin.interface.set)
        .u32(pin.interface.id)
        .u32(0)
        .u32(permille)
        .u32(0)
        .0
}

/// The rate now, from the presentation time now on.
pub(super) fn get(host: &Host, request: &Request<'_>) -> Answer {
    match pin(host, request) {
        Some(pin) => Answer::sized(bytes(pin, pin.pace.permille), request.output),
        None => Answer::status(Status::InvalidParameter),
    }
}

/// The nearest to a rate that can be had.
pub(super) fn capability(host: &Host, request: &Request<'_>) -> Answer {
    let wanted = request.input.get(REQUEST + PLACE..);
    let wanted = wanted.and_then(|it| Reader(it).u32()).map(|it| it as i32);
    match (pin(host, request), wanted) {
        (Some(pin), Some(wanted)) => {
            let wanted = u32::try_from(wanted).unwrap_or(0);
            let nearest = wanted.clamp(*POSSIBLE.start(), *POSSIBLE.end());
            Answer::sized(bytes(pin, nearest), request.output)
        }
        _ => Answer::status(Status::InvalidParameter),
    }
}

/// Another rate, in Pause and Run only.
pub(super) fn set(host: &mut Host, request: &Request<'_>) -> Answer {
    let mut start = Reader(request.data);
    let unit = (start.u64(), start.u32(), start.u32());
    let mut tail = Reader(&request.data[PLACE..]);
    let (Some(rate), Some(flags)) = (tail.u32(), tail.u32()) else {
        return Answer::status(Status::InvalidParameter);
    };
    if flags & NO_START == 0 && (unit.1 == Some(0) || unit.2 == Some(0)) {
        return Answer::status(Status::InvalidParameter);
    }
    let Some(Object::Pin(pin)) = host.object_mut(request.handle) else {
        return Answer::status(Status::InvalidParameter);
    };
    if pin.state < State::Pause {
        return Answer::status(Status::InvalidDeviceState);
    }
    if !POSSIBLE.contains(&rate) {
        return Answer::status(Status::NotSupported);
    }
    pin.pace = Pace {
        permille: rate,
        rest: 0,
    };
    Answer::status(Status::Success)
}

/// The presentation time, in its unit.
pub(super) fn presentation_time(host: &Host, request: &Request<'_>) -> Answer {
    match pin(host, request) {
        Some(pin) => {
            let bytes = Writer::default().u64(pin.time).u32(1).u32(1).0;
            Answer::sized(bytes, request.output)
        }
        None => Answer::status(Status::InvalidParameter),
    }
}

impl Host {
    /// A pin has come below Pause: its rate has lapsed.
    pub(super) fn rate_lapses(&mut self, handle: Handle) {
        if let Some(Object::Pin(pin)) = self.object_mut(handle) {
            pin.pace = Pace::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_at_a_rate_adds_up_however_it_is_cut() {
        for permille in [100, 333, 1_000, 1_500, 3_999] {
            let fresh = Pace { permille, rest: 0 };
            let whole = fresh.clone().pass(1_000_000);
            assert_eq!(whole, 1_000 * u64::from(permille));
            let mut cut = fresh;
            let pieces: u64 = (0..1_000_000 / 8).map(|_| cut.pass(8)).sum();
            assert_eq!(pieces, whole);
            let mut upto = fresh;
            upto.pass(7);
            let units = upto.until(1_000);
            assert!(upto.clone().pass(units) >= 1_000);
            assert!(upto.clone().pass(units - 1) < 1_000, "{permille}");
        }
    }
}
