//! The Connection set: what an open pin is and can be told.

use super::answer::Answer;
use super::dispatch::{Item, Request, short};
use super::layout::{self, HEADER, REQUEST, Reader, Writer};
use super::object::{Host, Object, PinObject};
use super::trace::Table;
use super::{pin, sets};
use crate::ks::ids::Guid;
use crate::ks::{DataRange, Framing, State, Status, framing_of};

/// The property that is asked to learn of a new format.
pub(super) const FORMAT: (Guid, u32) = (sets::CONNECTION, 2);

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, |host, request| {
        of(host, request, |pin| match host.is_lost(request.handle) {
            Some(true) => Answer::status(Status::DeviceNotReady),
            _ => Answer::sized((pin.state as u32).to_le_bytes().to_vec(), request.output),
        })
    })
    .and_set(4, set_state),
    Item::get(1, REQUEST, |host, request| {
        of(host, request, |pin| {
            let bytes = Writer::default().u32(pin.priority.0).u32(pin.priority.1).0;
            Answer::sized(bytes, request.output)
        })
    })
    .and_set(8, set_priority),
    Item::get(2, REQUEST, |host, request| {
        of(host, request, |pin| {
            Answer::sized(layout::format(&pin.format), request.output)
        })
    })
    .and_set(HEADER, set_format_told),
    Item::get(3, REQUEST, |host, request| {
        framing(host, request, layout::framing)
    }),
    Item::set(4, REQUEST, HEADER, |host, request| {
        match proposed(host, request) {
            Ok(_) => Answer::status(Status::Success),
            Err(status) => Answer::status(status),
        }
    }),
    // Whether it is acquired behind what gives to it (ORD-1).
    Item::get(5, REQUEST, |host, request| {
        of(host, request, |pin| {
            let asks = host.pin_factory(pin).is_some_and(|it| it.acquires_in_order);
            Answer::sized(u32::from(asks).to_le_bytes().to_vec(), request.output)
        })
    }),
    Item::get(6, REQUEST, |host, request| {
        framing(host, request, layout::framing_ex)
    }),
];

/// What the pin's factory declares; a pin that declares nothing, or that no frame passes, has none (AFX-5, MED-5).
fn framing(host: &Host, request: &Request<'_>, bytes: fn(&Framing) -> Vec<u8>) -> Answer {
    of(host, request, |pin| {
        let pins = &host.filter_of(pin.filter).descriptor.pins;
        let declared = framing_of(pins, pin.factory).filter(|_| !pin.medium.is_hard_wired());
        match declared {
            Some(framing) => Answer::sized(bytes(&framing), request.output),
            None => Answer::status(Status::NotFound),
        }
    })
}

fn of(host: &Host, request: &Request<'_>, answer: impl FnOnce(&PinObject) -> Answer) -> Answer {
    match host.object(request.handle) {
        Some(Object::Pin(pin)) => answer(pin),
        _ => Answer::status(Status::InvalidParameter),
    }
}

fn pin_mut<'a>(host: &'a mut Host, request: &Request<'_>) -> Option<&'a mut PinObject> {
    match host.object_mut(request.handle) {
        Some(Object::Pin(pin)) => Some(pin),
        _ => None,
    }
}

/// Goes there by single steps (STA-1, STA-3); there already is no news (STA-5).
fn set_state(host: &mut Host, request: &Request<'_>) -> Answer {
    let wanted = match Reader(request.data).u32() {
        Some(number) if number <= 3 => State::from_number(number as u8),
        _ => return Answer::status(Status::InvalidParameter),
    };
    Answer::status(host.step_pin(request.handle, wanted))
}

fn set_priority(host: &mut Host, request: &Request<'_>) -> Answer {
    let mut reader = Reader(request.data);
    let read = reader.u32().zip(reader.u32());
    match (read, pin_mut(host, request)) {
        (Some(priority), Some(pin)) => {
            pin.priority = priority;
            Answer::status(Status::Success)
        }
        _ => Answer::status(Status::InvalidParameter),
    }
}

/// The format the data name, if the pin would take it; its own present format does not narrow it (CHG-4).
fn proposed(host: &Host, request: &Request<'_>) -> Result<crate::ks::DataFormat, Status> {
    if let Some(answer) = short(request.data.len(), HEADER) {
        return Err(answer.status);
    }
    let format = layout::read_format(request.data).ok_or(Status::InvalidParameter)?;
    if !layout::is_concrete(&format) {
        return Err(Status::InvalidParameter);
    }
    let Some(Object::Pin(pin)) = host.object(request.handle) else {
        return Err(Status::InvalidParameter);
    };
    let ranges: Vec<DataRange> = host.ranges(pin.filter, pin.factory);
    match pin::takes(&ranges, &format) {
        true => Ok(format),
        false => Err(Status::NoMatch),
    }
}

/// CHG-1, CHG-2: a refusal leaves the old format in force; above Stop nothing is changed (ORD-4).
fn set_format(host: &mut Host, request: &Request<'_>) -> Answer {
    let format = match proposed(host, request) {
        Ok(format) => format,
        Err(status) => return Answer::status(status),
    };
    match pin_mut(host, request) {
        Some(pin) if pin.state == State::Stop => {
            pin.format = format;
            Answer::status(Status::Success)
        }
        Some(_) => Answer::status(Status::InvalidDeviceState),
        None => Answer::status(Status::InvalidParameter),
    }
}

/// The same, seen in the trace.
fn set_format_told(host: &mut Host, request: &Request<'_>) -> Answer {
    let answer = set_format(host, request);
    let words = match host.object(request.handle) {
        Some(Object::Pin(pin)) => pin.format.to_string(),
        _ => String::new(),
    };
    let pin = (request.handle, Table::Pin);
    host.note_call(pin, "set format", answer.status, words);
    answer
}
