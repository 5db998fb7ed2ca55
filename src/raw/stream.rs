//! The Stream set of an open pin: the allocator and the master clock it was given (ALC-13, MCL-1), its quality manager
//! and what it does with less (`quality.rs`), its rate (`rate.rs`).

use super::answer::Answer;
use super::dispatch::{Item, Request};
use super::layout::{REQUEST, Reader};
use super::object::{Handle, Host, Object, PinObject};
use super::trace::Table;
use super::{quality, rate};
use crate::ks::{Communication, State, Status};

/// A handle in memory.
const HANDLE: usize = 8;

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, null).and_set(HANDLE, |host, request| {
        give(
            host,
            request,
            |object| matches!(object, Object::Allocator(_)),
            |pin| &mut pin.allocator,
            "set allocator",
        )
    }),
    Item::set(1, REQUEST, 2 * HANDLE, quality::set_manager),
    Item::get(2, REQUEST, quality::degradation).and_set(HANDLE, quality::set_degradation),
    Item::get(3, REQUEST, |host, request| {
        let factory = match host.object(request.handle) {
            Some(Object::Pin(pin)) => host.pin_factory(pin),
            _ => None,
        };
        match factory {
            Some(pin) if pin.communication != Communication::None => null(host, request),
            _ => Answer::status(Status::Unsuccessful),
        }
    })
    .and_set(HANDLE, |host, request| {
        give(
            host,
            request,
            |object| matches!(object, Object::Clock(_)),
            |pin| &mut pin.clock,
            "set clock",
        )
    }),
    Item::get(5, REQUEST, rate::presentation_time),
    Item::get(8, rate::CAPABILITY, rate::capability),
    Item::get(9, REQUEST, rate::get).and_set(rate::RATE, rate::set),
];

/// Headers have no extension here: nothing stands behind the least size (HDR-1).
pub(super) const INTERFACE: &[Item] = &[Item::get(0, REQUEST, |_, request| {
    Answer::sized(vec![0; 4], request.output)
})];

/// GET says no more than that it can be set: the handle is null.
fn null(_: &Host, request: &Request<'_>) -> Answer {
    Answer::sized(vec![0; HANDLE], request.output)
}

/// Gives a pin an object of the right kind, or none; only in Stop (ALC-14, MCL-1).
fn give(
    host: &mut Host,
    request: &Request<'_>,
    is_kind: impl Fn(&Object) -> bool,
    slot: impl Fn(&mut PinObject) -> &mut Option<Handle>,
    call: &'static str,
) -> Answer {
    let status = given(host, request, is_kind, slot);
    let words = Reader(request.data)
        .u64()
        .map_or(String::new(), |it| it.to_string());
    host.note_call((request.handle, Table::Pin), call, status, words);
    Answer::status(status)
}

fn given(
    host: &mut Host,
    request: &Request<'_>,
    is_kind: impl Fn(&Object) -> bool,
    slot: impl Fn(&mut PinObject) -> &mut Option<Handle>,
) -> Status {
    let named = Reader(request.data).u64().unwrap_or(0);
    let object = match Handle::try_from(named) {
        Ok(0) => None,
        Ok(handle) if host.object(handle).is_some_and(is_kind) => Some(handle),
        _ => return Status::InvalidParameter,
    };
    match host.object_mut(request.handle) {
        Some(Object::Pin(pin)) if pin.state == State::Stop => {
            *slot(pin) = object;
            Status::Success
        }
        Some(Object::Pin(_)) => Status::InvalidDeviceState,
        _ => Status::InvalidParameter,
    }
}
