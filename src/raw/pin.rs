//! The Pin set (section 2): what each factory is, answered from the descriptor and the pins that are open.

use super::answer::{Answer, Call};
use super::dispatch::{Item, PER_PIN, Request};
use super::intersection::intersection_by;
use super::layout::{self, INSTANCE, Writer};
use super::object::Host;
use crate::ks::ids::{Guid, category};
use crate::ks::{DataFlow, DataFormat, DataRange, Kind, Limits, PinFactory, Status};

pub(super) const ITEMS: &[Item] = &[
    Item::get(0, PER_PIN, instances),
    Item::get(1, layout::REQUEST, |host, request| {
        number(
            host.filter_of(request.handle).descriptor.pins.len() as u32,
            request,
        )
    }),
    Item::get(2, PER_PIN, |host, request| {
        with(host, request, |_, pin| number(flow(pin), request))
    }),
    Item::get(3, PER_PIN, |host, request| {
        with(host, request, |index, _| {
            ranges(&host.ranges(request.handle, index), request)
        })
    }),
    Item::get(4, PER_PIN, data_intersection),
    Item::get(5, PER_PIN, |host, request| {
        with(host, request, |_, pin| {
            let items = pin.all_interfaces().iter().copied().map(layout::interface);
            Answer::list(layout::list(items), request.output)
        })
    }),
    Item::get(6, PER_PIN, |host, request| {
        with(host, request, |_, pin| {
            let items = pin.all_mediums().iter().copied().map(layout::medium);
            Answer::list(layout::list(items), request.output)
        })
    }),
    Item::get(7, PER_PIN, |host, request| {
        with(host, request, |_, pin| {
            number(pin.communication as u32, request)
        })
    }),
    Item::get(8, PER_PIN, instances_anywhere),
    Item::get(9, PER_PIN, |host, request| {
        with(host, request, |_, pin| {
            number(pin.instances.necessary, request)
        })
    }),
    Item::get(10, PER_PIN, physical_connection),
    Item::get(11, PER_PIN, |host, request| {
        with(host, request, |_, pin| match pin_category(pin) {
            None => Answer::status(Status::NotFound),
            Some(id) => Answer::sized(layout::guid_bytes(id).to_vec(), request.output),
        })
    }),
    Item::get(12, PER_PIN, |host, request| {
        with(host, request, |_, pin| {
            Answer::text(layout::wide(pin.title()), request.output)
        })
    }),
    Item::get(13, PER_PIN, |host, request| {
        with(host, request, |index, _| {
            ranges(&host.constrained(request.handle, index), request)
        })
    }),
    Item::set(14, PER_PIN, layout::HEADER, |host, request| {
        propose(host, request)
    }),
];

/// The factory a request is about; PIN-1 where there is none.
fn with(
    host: &Host,
    request: &Request<'_>,
    answer: impl FnOnce(usize, &PinFactory) -> Answer,
) -> Answer {
    let pins = &host.filter_of(request.handle).descriptor.pins;
    let index = request.instance().map(|id| id as usize);
    match index.and_then(|index| Some((index, pins.get(index)?))) {
        Some((index, pin)) => answer(index, pin),
        None => Answer::status(Status::InvalidParameter),
    }
}

fn number(value: u32, request: &Request<'_>) -> Answer {
    Answer::sized(value.to_le_bytes().to_vec(), request.output)
}

fn ranges(ranges: &[DataRange], request: &Request<'_>) -> Answer {
    Answer::list(
        layout::list(ranges.iter().map(layout::range)),
        request.output,
    )
}

const fn flow(pin: &PinFactory) -> u32 {
    match pin.data_flow {
        DataFlow::In => 1,
        DataFlow::Out => 2,
    }
}

/// What was declared; else every pin that can be wired is one of sound.
fn pin_category(pin: &PinFactory) -> Option<Guid> {
    let usual = (!pin.is_bridge()).then_some(category::AUDIO);
    pin.category.or(usual)
}

fn counts(possible: u32, current: u32, request: &Request<'_>) -> Answer {
    let bytes = Writer::default().u32(possible).u32(current).0;
    Answer::sized(bytes, request.output)
}

fn instances(host: &Host, request: &Request<'_>) -> Answer {
    with(host, request, |index, pin| {
        let current = host.current(request.handle, index);
        counts(pin.instances.possible, current, request)
    })
}

/// Every filter may be opened any number of times, so only a pin that says so, or that can never be, has a limit over
/// all (INS-1).
fn instances_anywhere(host: &Host, request: &Request<'_>) -> Answer {
    with(host, request, |index, pin| {
        let key = &host.filter_of(request.handle).descriptor.key;
        let possible = if pin.instances.possible == 0 {
            0
        } else {
            pin.global
        };
        counts(possible, host.current_anywhere(key, index), request)
    })
}

/// The double loop over the client's ranges and the pin's own (DIX-1 to DIX-7, DIX-10).
fn data_intersection(host: &Host, request: &Request<'_>) -> Answer {
    with(host, request, |index, _| {
        let own = host.constrained(request.handle, index);
        let filter = &host.filter_of(request.handle).filter;
        let call = Call {
            input: &request.input[INSTANCE..],
            data: request.data,
            output: request.output,
        };
        intersection_by(&own, call, &mut |client, own, room| {
            filter.intersect(index, client, own, room)
        })
    })
}

/// The pin that this one is soldered to: one of another filter with the same hard-wired medium and the other data flow
/// (MED-1, PCL-7). A size, the pin's number and the name that opens its filter.
fn physical_connection(host: &Host, request: &Request<'_>) -> Answer {
    with(host, request, |_, pin| match host.soldered_to(pin) {
        Some((name, other)) => {
            let name = layout::wide(&name);
            let size = 8 + name.len();
            let bytes = Writer::default().u32(size as u32).u32(other).0;
            Answer::sized([bytes, name].concat(), request.output)
        }
        None => Answer::status(Status::NotFound),
    })
}

/// Would the pin take that format? Changes nothing (PIN-8).
fn propose(host: &Host, request: &Request<'_>) -> Answer {
    with(host, request, |index, _| {
        let own = host.constrained(request.handle, index);
        match layout::read_format(request.data) {
            Some(format) if !layout::is_concrete(&format) => {
                Answer::status(Status::InvalidParameter)
            }
            Some(format) if takes(&own, &format) => Answer::status(Status::Success),
            Some(_) => Answer::status(Status::NoMatch),
            None => Answer::status(Status::InvalidParameter),
        }
    })
}

/// The basic test of ids (VAL-F): a wildcard of the sub format hides the specifier, a wildcard of the specifier alone
/// matches nothing but itself.
pub(super) fn basic(range: &DataRange, format: &DataFormat) -> bool {
    range.major.is_wildcard()
        || range.major == format.major && range.sub.is_wildcard()
        || (range.major, range.sub, range.specifier) == (format.major, format.sub, format.specifier)
}

/// Whether one of the ranges holds the format, numbers included (VAL-2).
pub(super) fn takes(ranges: &[DataRange], format: &DataFormat) -> bool {
    ranges.iter().any(|range| holds(range, format))
}

fn holds(range: &DataRange, format: &DataFormat) -> bool {
    // A wave range wants a wave format: a bare header says no rate at all.
    if range.audio_limits().is_some() && format.audio.is_none() && range.kind() == Kind::Audio {
        return false;
    }
    if range.contains(format) {
        return true;
    }
    // What a wildcard hides is not looked at (VAL-F); its numbers and attributes are.
    let hides = range.major.is_wildcard() || range.sub.is_wildcard();
    let specifier = match range.limits {
        Limits::Audio(_) => format.specifier,
        Limits::None | Limits::Music(_) => Guid::WILDCARD,
    };
    let seen = || DataRange {
        major: format.major,
        sub: format.sub,
        specifier,
        ..range.clone()
    };
    hides && basic(range, format) && seen().contains(format)
}
