//! Quality in the raw door: managers as objects, what sinks report to them, and what they ask of pins upstream
//! (section 11).
//!
//! ```text
//!   sink ── stream 1: {manager, context} ──▶ it reports {context, proportion, lateness} ──▶ manager
//!   pin upstream ◀── stream 2: a list of {strategy, parts in a thousand} ── one level less, or one more ──┘
//! ```
//!
//! Pins do not talk to each other (QUA-1). The same set lets a program report in a pin's place (QUA-4). What is asked
//! for here is kept by the pin and can be read; sound is only made with less in a graph that plays live.

use std::collections::BTreeMap;

use super::answer::Answer;
use super::dispatch::{Item, Request};
use super::layout::{REQUEST, Reader, Writer, list};
use super::object::{Handle, Host, Object};
use super::sets;
use super::trace::Table;
use crate::ks::ids::Guid;
use crate::ks::quality::{ALL_OF_USE, LEAST, level_of, permille_of};
use crate::ks::{DataFlow, Degradation, Quality, Status};

/// Of one sink no more is acted on in that time, in 100 ns (QUA-6).
const APART: u64 = 1_000_000;
/// A strategy with its amount.
const DEGRADE: usize = 24;
/// The head of a list.
const LIST: usize = 8;

/// Hears what sinks say of the frames they get.
#[derive(Default)]
pub(super) struct QualityObject {
    /// The last report and whose it was, and the last error.
    report: Option<(u64, Quality)>,
    error: Option<(u64, u32)>,
    /// When a sink was heard last, by its context.
    heard: BTreeMap<u64, u64>,
}

/// The set of a manager (QUA-4).
pub(super) const ITEMS: &[Item] = &[
    Item::get(0, REQUEST, |host, request| {
        of(host, request, |manager| {
            let well = Quality {
                proportion: ALL_OF_USE,
                delta: 0,
            };
            let (context, quality) = manager.report.unwrap_or((0, well));
            Writer::default()
                .u64(context)
                .u32(quality.proportion.into())
                .u32(0)
                .u64(quality.delta as u64)
        })
    })
    .and_set(24, |host, request| {
        let mut reader = Reader(request.data);
        let read = (reader.u64(), reader.u32(), reader.u32(), reader.u64());
        let (Some(context), Some(proportion), _, Some(delta)) = read else {
            return Answer::status(Status::InvalidParameter);
        };
        let quality = Quality {
            proportion: u16::try_from(proportion).unwrap_or(u16::MAX),
            delta: delta as i64,
        };
        host.hear_quality(request.handle, context, quality);
        Answer::status(Status::Success)
    }),
    Item::get(1, REQUEST, |host, request| {
        of(host, request, |manager| {
            let (context, status) = manager.error.unwrap_or_default();
            Writer::default().u64(context).u32(status).u32(0)
        })
    })
    .and_set(12, |host, request| {
        let mut reader = Reader(request.data);
        let (Some(context), Some(status)) = (reader.u64(), reader.u32()) else {
            return Answer::status(Status::InvalidParameter);
        };
        let handle = request.handle;
        if let Some(Object::Quality(manager)) = host.object_mut(handle) {
            manager.error = Some((context, status));
        }
        host.say(format!(
            "quality manager {handle}: error {status:#010x} of context {context}"
        ));
        Answer::status(Status::Success)
    }),
];

fn of(host: &Host, request: &Request<'_>, bytes: impl Fn(&QualityObject) -> Writer) -> Answer {
    match host.object(request.handle) {
        Some(Object::Quality(manager)) => Answer::sized(bytes(manager).0, request.output),
        _ => Answer::status(Status::InvalidParameter),
    }
}

/// The manager of a pin (QUA-2): only what takes data reports. It can be set and not be read.
pub(super) fn set_manager(host: &mut Host, request: &Request<'_>) -> Answer {
    if flow(host, request.handle) != Some(DataFlow::In) {
        return Answer::status(Status::NotFound);
    }
    let mut reader = Reader(request.data);
    let (Some(manager), Some(context)) = (reader.u64(), reader.u64()) else {
        return Answer::status(Status::InvalidParameter);
    };
    let given = match Handle::try_from(manager) {
        Ok(0) => None,
        Ok(manager) if matches!(host.object(manager), Some(Object::Quality(_))) => {
            Some((manager, context))
        }
        _ => return Answer::status(Status::InvalidParameter),
    };
    if let Some(Object::Pin(pin)) = host.object_mut(request.handle) {
        pin.quality = given;
    }
    let words = format!("{manager}, context {context}");
    let pin = (request.handle, Table::Pin);
    host.note_call(pin, "set quality manager", Status::Success, words);
    Answer::status(Status::Success)
}

/// What a pin can do with less, and how much of it is asked for (QUA-5).
pub(super) fn degradation(host: &Host, request: &Request<'_>) -> Answer {
    let Some(can) = lever(host, request.handle) else {
        return Answer::status(Status::NotFound);
    };
    let level = match host.object(request.handle) {
        Some(Object::Pin(pin)) => pin.degraded,
        _ => 0,
    };
    let item = Writer::default()
        .guid(sets::DEGRADE_STANDARD)
        .u32(can.strategy as u32)
        .u32(permille_of(level).into());
    Answer::list(list([item.0]), request.output)
}

/// Asks for less, or for all again. All of the list is looked at before any of it holds.
pub(super) fn set_degradation(host: &mut Host, request: &Request<'_>) -> Answer {
    let Some(can) = lever(host, request.handle) else {
        return Answer::status(Status::NotFound);
    };
    let mut reader = Reader(request.data);
    let (Some(size), Some(count)) = (reader.u32(), reader.u32()) else {
        return Answer::status(Status::InvalidParameter);
    };
    let all = &request.data[LIST..];
    let is_whole = count as usize == all.len() / DEGRADE && size as usize == LIST + all.len();
    if !is_whole || !all.len().is_multiple_of(DEGRADE) || count == 0 {
        return Answer::status(Status::InvalidParameter);
    }
    let mut level = 0;
    for item in all.chunks_exact(DEGRADE) {
        let mut reader = Reader(item);
        let read: (Option<Guid>, _, _) = (reader.guid(), reader.u32(), reader.u32());
        match read {
            (Some(set), Some(id), Some(amount))
                if set == sets::DEGRADE_STANDARD && id == can.strategy as u32 =>
            {
                level = level_of(amount);
            }
            _ => return Answer::status(Status::NotSupported),
        }
    }
    host.degrade(request.handle, level);
    Answer::status(Status::Success)
}

/// What the filter of a pin that gives data does with less.
fn lever(host: &Host, pin: Handle) -> Option<Degradation> {
    if flow(host, pin) != Some(DataFlow::Out) {
        return None;
    }
    host.descriptor(pin)?.degrades
}

fn flow(host: &Host, pin: Handle) -> Option<DataFlow> {
    match host.object(pin) {
        Some(Object::Pin(it)) => host.pin_factory(it).map(|it| it.data_flow),
        _ => None,
    }
}

impl Host {
    /// Makes a quality manager. The handle in four bytes.
    pub fn create_quality(&mut self) -> Answer {
        let handle = self.insert(Object::Quality(Box::default()));
        self.say(format!("created quality manager {handle}"));
        Answer::sized(handle.to_le_bytes().to_vec(), usize::MAX)
    }

    /// The manager and context that a pin reports to, and the level that is asked of it.
    pub fn quality_of(&self, pin: Handle) -> Option<(Option<(Handle, u64)>, u8)> {
        match self.object(pin)? {
            Object::Pin(it) => Some((it.quality, it.degraded)),
            _ => None,
        }
    }

    /// A pin tells its manager, if it has one, that a header began so late.
    pub(super) fn report_late(&mut self, pin: Handle, late: i64) {
        let Some((Some((manager, context)), _)) = self.quality_of(pin) else {
            return;
        };
        let quality = Quality {
            proportion: ALL_OF_USE,
            delta: late,
        };
        self.hear_quality(manager, context, quality);
    }

    /// A report: poor, the levers upstream of who it is of go down by one; else up by one.
    fn hear_quality(&mut self, handle: Handle, context: u64, quality: Quality) {
        let now = self.now();
        let Some(Object::Quality(manager)) = self.object_mut(handle) else {
            return;
        };
        manager.report = Some((context, quality));
        let last = manager.heard.get(&context);
        let is_soon = last.is_some_and(|last| now - last < APART);
        if !is_soon {
            manager.heard.insert(context, now);
        }
        let words = format!(
            "context {context}: {} of 1000, {} late",
            quality.proportion, quality.delta
        );
        self.say(format!("quality manager {handle}: {words}"));
        if is_soon {
            return;
        }
        let sinks: Vec<Handle> = self
            .pins()
            .filter(|(_, pin)| pin.quality == Some((handle, context)))
            .map(|(pin, _)| pin)
            .collect();
        for pin in self.levers_before(&sinks) {
            let level = self.quality_of(pin).map_or(0, |(_, level)| level);
            self.degrade(
                pin,
                match quality.is_poor() {
                    true => (level + 1).min(LEAST),
                    false => level.saturating_sub(1),
                },
            );
        }
    }

    /// Pins that give data on the ways to some others and can do with less.
    fn levers_before(&self, sinks: &[Handle]) -> Vec<Handle> {
        let mut open = sinks.to_vec();
        let (mut seen, mut found) = (vec![], vec![]);
        while let Some(sink) = open.pop() {
            let Some(Object::Pin(pin)) = self.object(sink) else {
                continue;
            };
            let Some(giver) = pin.peer.filter(|it| !seen.contains(it)) else {
                continue;
            };
            seen.push(giver);
            if lever(self, giver).is_some() {
                found.push(giver);
            }
            let filter = self.filter_handle(giver);
            let inputs = self.pins_of(filter).into_iter();
            open.extend(inputs.filter(|it| flow(self, *it) == Some(DataFlow::In)));
        }
        found.sort_unstable();
        found
    }

    /// A level is asked of a pin.
    fn degrade(&mut self, handle: Handle, level: u8) {
        let Some(Object::Pin(pin)) = self.object_mut(handle) else {
            return;
        };
        if std::mem::replace(&mut pin.degraded, level) != level {
            let words = format!("{} of 1000", permille_of(level));
            self.note_call((handle, Table::Pin), "degrade", Status::Success, &*words);
            self.say(format!("pin {handle}: degradation {words}"));
        }
    }

    /// A manager is gone: nobody reports to it.
    pub(super) fn close_quality(&mut self, gone: Handle) {
        self.take_out(gone);
        for handle in self.objects() {
            if let Some(Object::Pin(pin)) = self.object_mut(handle) {
                pin.quality = pin.quality.filter(|(manager, _)| *manager != gone);
            }
        }
        self.say(format!("closed quality manager {gone}"));
    }
}
