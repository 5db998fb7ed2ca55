//! Reading and writing through an open pin: requests with stream headers, one behind the other (section 13, STA-10).
//!
//! A client may do so on a pin that answers requests and has no partner. Time is the door's ([`Host::advance`]): what is
//! written is consumed as fast as its format plays, what is read is filled as fast. A pin that was given a clock heeds
//! time stamps; one that was not goes on without a gap (MCL-4). Bytes of sound are counted and nowhere kept.

use std::collections::VecDeque;

use super::allocator::Completed;
use super::answer::Answer;
use super::header::{self, Header};
use super::object::{Handle, Host, Object, PinObject, Role};
use super::trace::Table;
use super::{layout, pin, sets};
use crate::ks::{DataFlow, DataFormat, Interface, REF_TIMES_PER_SECOND, State, Status, flag};

const DATA_DISCONTINUITY: u32 = 1;
const TIME_DISCONTINUITY: u32 = 2;
const END_OF_STREAM: u32 = 4;

/// A request that has not been answered.
#[derive(Debug)]
struct Waiting {
    number: u64,
    is_read: bool,
    headers: Vec<Header>,
    /// The header that is worked on.
    at: usize,
    /// Bytes that were consumed.
    consumed: u64,
}

/// What waits at a pin, oldest first (HDR-13).
#[derive(Debug, Default)]
pub(super) struct Requests {
    waiting: VecDeque<Waiting>,
    made: u64,
    /// When the header in work began; until then, the earliest time at which it may.
    cursor: i64,
    has_begun: bool,
    /// Bytes that were written and heard.
    pub(super) rendered: u64,
    /// A change of format that a reader is to be told, and that it was told: then it has to ask for it first (HDR-12).
    is_changed: bool,
    is_told: bool,
}

impl Requests {
    /// Whether any waits.
    pub(super) fn any(&self) -> bool {
        !self.waiting.is_empty()
    }
}

/// What a request was answered at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// `PENDING` where it waits.
    pub status: Status,
    /// Its number, if it waits.
    pub request: Option<u64>,
    /// Headers that were filled at once.
    pub headers: Vec<Header>,
    /// Why it was refused.
    pub reason: Option<&'static str>,
}

impl Accepted {
    const fn refused(status: Status, reason: &'static str) -> Self {
        Self {
            status,
            request: None,
            headers: vec![],
            reason: Some(reason),
        }
    }
}

impl Host {
    /// Hands headers to a pin that takes data.
    pub fn write(&mut self, pin: Handle, headers: Vec<Header>) -> Accepted {
        let accepted = self.submit(pin, headers, false);
        self.note_call(
            (pin, Table::Pin),
            "write",
            accepted.status,
            words(&accepted),
        );
        accepted
    }

    /// Has a pin that gives data fill headers.
    pub fn read_stream(&mut self, pin: Handle, headers: Vec<Header>) -> Accepted {
        let accepted = self.submit(pin, headers, true);
        self.note_call((pin, Table::Pin), "read", accepted.status, words(&accepted));
        accepted
    }

    fn submit(&mut self, handle: Handle, mut headers: Vec<Header>, is_read: bool) -> Accepted {
        let Some(Object::Pin(it)) = self.object(handle) else {
            return Accepted::refused(Status::InvalidParameter, "there is no such pin");
        };
        let flow = self.pin_factory(it).map(|it| it.data_flow);
        let wanted = if is_read { DataFlow::Out } else { DataFlow::In };
        if flow != Some(wanted) {
            let words = "an input is written to, an output is read";
            return Accepted::refused(Status::InvalidDeviceRequest, words);
        }
        if it.role != Role::Sink || it.peer.is_some() {
            let words = "its partner issues the requests here, or it issues them itself";
            return Accepted::refused(Status::InvalidDeviceRequest, words);
        }
        if self.is_lost(handle) == Some(true) {
            return Accepted::refused(Status::DeviceNotReady, "its device is gone");
        }
        if let Some((status, words)) = header::fault(&headers, is_read) {
            return Accepted::refused(status, words);
        }
        if let Some((status, words)) = it.loop_fault(&headers, is_read) {
            return Accepted::refused(status, words);
        }
        let changed = headers
            .iter()
            .find(|it| !is_read && it.has(flag::TYPECHANGED));
        if let Some(status) = changed.and_then(|header| self.format_in(handle, header).err()) {
            let words = "the data are no format that the pin takes (HDR-12)";
            return Accepted::refused(status, words);
        }
        if self.state(handle) == Some(State::Stop) {
            // STA-10: nothing is read in Stop, and nothing can be written.
            if !is_read {
                let words = "the pin is in Stop";
                return Accepted::refused(Status::InvalidDeviceState, words);
            }
            headers.iter_mut().for_each(emptied);
            return Accepted {
                status: Status::Success,
                request: None,
                headers,
                reason: None,
            };
        }
        let now = self.stream_time(handle);
        let Some(Object::Pin(it)) = self.object_mut(handle) else {
            return Accepted::refused(Status::InvalidParameter, "there is no such pin");
        };
        let requests = &mut it.requests;
        if requests.waiting.is_empty() {
            requests.cursor = requests.cursor.max(now);
            requests.has_begun = false;
        }
        requests.made += 1;
        let number = requests.made;
        requests.waiting.push_back(Waiting {
            number,
            is_read,
            headers,
            at: 0,
            consumed: 0,
        });
        self.serve(handle);
        Accepted {
            status: Status::Pending,
            request: Some(number),
            headers: vec![],
            reason: None,
        }
    }

    /// The format in the data of a header, if the pin takes it.
    fn format_in(&self, handle: Handle, header: &Header) -> Result<DataFormat, Status> {
        let Some(Object::Pin(it)) = self.object(handle) else {
            return Err(Status::InvalidParameter);
        };
        let format = layout::read_format(&header.data).ok_or(Status::InvalidParameter)?;
        if !layout::is_concrete(&format) {
            return Err(Status::InvalidParameter);
        }
        let ranges = self.ranges(it.filter, it.factory);
        match pin::takes(&ranges, &format) {
            true => Ok(format),
            false => Err(Status::NoMatch),
        }
    }

    /// The time that stamps are held against, in 100 ns: of the clock the pin was given, else its own.
    fn stream_time(&self, handle: Handle) -> i64 {
        let Some(Object::Pin(it)) = self.object(handle) else {
            return 0;
        };
        let time = match it.clock.map(|clock| self.object(clock)) {
            Some(Some(Object::Clock(clock))) => self.time_of(clock.pin),
            _ => it.time,
        };
        i64::try_from(time).unwrap_or(i64::MAX)
    }

    /// Time has come to where it is: headers that are through are done with, those of one request after another.
    pub(super) fn serve(&mut self, handle: Handle) {
        while self.state(handle) == Some(State::Run) {
            let now = self.stream_time(handle);
            let Some(step) = self.next_header(handle, now) else {
                return;
            };
            if step.late > 0 {
                self.report_late(handle, step.late);
            }
            if step.is_begun_now && step.flags & flag::DATADISCONTINUITY != 0 {
                self.fire(handle, sets::CONNECTION_EVENTS, DATA_DISCONTINUITY);
            }
            if !step.is_done {
                return;
            }
            if step.flags & flag::TYPECHANGED != 0
                && let Some(format) = self.changed_format(handle)
                && let Some(Object::Pin(it)) = self.object_mut(handle)
            {
                it.format = format;
            }
            if step.flags & flag::TIMEDISCONTINUITY != 0 {
                self.fire(handle, sets::CONNECTION_EVENTS, TIME_DISCONTINUITY);
            }
            // It was the last, and has been rendered (HDR-9).
            if step.flags & flag::ENDOFSTREAM != 0 {
                self.fire(handle, sets::CONNECTION_EVENTS, END_OF_STREAM);
            }
            self.finish_header(handle);
        }
    }

    fn changed_format(&self, handle: Handle) -> Option<DataFormat> {
        let Some(Object::Pin(it)) = self.object(handle) else {
            return None;
        };
        let first = it.requests.waiting.front().filter(|it| !it.is_read)?;
        self.format_in(handle, first.headers.get(first.at)?).ok()
    }

    /// Looks at the header in work: begins it where it is due, and says whether it is through.
    fn next_header(&mut self, handle: Handle, now: i64) -> Option<Look> {
        let Some(Object::Pin(it)) = self.object_mut(handle) else {
            return None;
        };
        let heeds_stamps = it.clock.is_some();
        let is_looped = it.interface == Interface::LOOPED_STREAMING;
        let format = it.format.clone();
        let requests = &mut it.requests;
        if requests.is_told {
            return None;
        }
        let first = requests.waiting.front_mut()?;
        let header = first.headers.get_mut(first.at)?;
        if first.is_read && requests.is_changed {
            // Nothing but the format, at once (HDR-12).
            let bytes = layout::format(&format);
            header.flags = flag::TYPECHANGED;
            header.used = match bytes.len() as u32 {
                size if size <= header.extent => size,
                _ => 0,
            };
            header.data = bytes;
            (requests.is_changed, requests.is_told) = (false, true);
            return Some(Look::done(0));
        }
        let mut begins = requests.cursor;
        let mut late = 0;
        if heeds_stamps
            && !first.is_read
            && let Ok(Some(start)) = header.start()
        {
            late = begins.saturating_sub(start);
            begins = begins.max(start);
        }
        if begins > now {
            return None;
        }
        let is_begun_now = !std::mem::replace(&mut requests.has_begun, true);
        requests.cursor = begins;
        let is_preroll = !first.is_read && header.has(flag::PREROLL);
        let capacity = if first.is_read {
            header.extent
        } else {
            header.used
        };
        let is_format = !first.is_read && header.has(flag::TYPECHANGED);
        let length = match header.lasts() {
            _ if is_preroll || is_format => 0,
            Ok(Some(length)) if !first.is_read => length.max(0),
            _ => duration(&format, capacity),
        };
        let ends = begins.saturating_add(length);
        let is_done = ends <= now && (first.is_read || !is_looped);
        let flags = header.flags;
        if is_done {
            requests.cursor = ends;
            requests.has_begun = false;
            if first.is_read {
                let block = format.sample_size().max(1);
                header.used = capacity / block * block;
                (header.time, header.numerator, header.denominator) = (begins, 1, 1);
                header.duration = length;
                header.flags = flag::TIMEVALID | flag::DURATIONVALID;
                return Some(Look::done(0));
            }
            first.consumed += u64::from(header.used);
            if !is_preroll && !is_format {
                requests.rendered += u64::from(header.used);
            }
        }
        Some(Look {
            is_begun_now,
            is_done,
            flags,
            late: if is_begun_now { late } else { 0 },
        })
    }

    /// The header in work is done with; with the last one the request is answered.
    fn finish_header(&mut self, handle: Handle) {
        let Some(Object::Pin(it)) = self.object_mut(handle) else {
            return;
        };
        let requests = &mut it.requests;
        let Some(first) = requests.waiting.front_mut() else {
            return;
        };
        first.at += 1;
        // A change of format is told alone: what is behind it stays as it was.
        let is_whole = first.at >= first.headers.len() || first.is_read && requests.is_told;
        if is_whole && let Some(done) = requests.waiting.pop_front() {
            self.answer(handle, done, Status::Success);
        }
    }

    fn answer(&mut self, handle: Handle, done: Waiting, status: Status) {
        let mut answer = Answer::status(status);
        let mut headers = vec![];
        if done.is_read {
            answer.data = done.headers.iter().flat_map(Header::bytes).collect();
            answer.length = answer.data.len();
            headers = done.headers;
        } else {
            answer.length = usize::try_from(done.consumed).unwrap_or(usize::MAX);
        }
        let call = if done.is_read {
            "read done"
        } else {
            "write done"
        };
        let words = format!("request {}", done.number);
        self.note_call((handle, Table::Pin), call, status, words);
        self.completed.push(Completed {
            object: handle,
            request: done.number,
            answer,
            headers,
        });
    }

    /// A pin has come down to Pause: what says so is dropped (HDR-11).
    pub(super) fn requests_paused(&mut self, handle: Handle) {
        let now = self.stream_time(handle);
        let Some(Object::Pin(it)) = self.object_mut(handle) else {
            return;
        };
        let requests = &mut it.requests;
        let mut done = vec![];
        for index in (0..requests.waiting.len()).rev() {
            let waiting = &mut requests.waiting[index];
            if waiting.is_read {
                continue;
            }
            let at = waiting.at;
            let in_work = index == 0 && waiting.headers.get(at).is_some_and(flushes);
            if in_work {
                requests.has_begun = false;
                requests.cursor = now;
            }
            let mut place = 0;
            waiting.headers.retain(|header| {
                place += 1;
                place <= at || !flushes(header)
            });
            if waiting.at >= waiting.headers.len() {
                done.extend(requests.waiting.remove(index));
            }
        }
        for waiting in done.into_iter().rev() {
            self.answer(handle, waiting, Status::Success);
        }
    }

    /// Ends everything that waits at a pin: in Stop it is completed (STA-10), else it was cancelled or the pin is gone.
    pub(super) fn end_requests(&mut self, handle: Handle, status: Status) -> bool {
        let Some(Object::Pin(it)) = self.object_mut(handle) else {
            return false;
        };
        let requests = &mut it.requests;
        let waiting = std::mem::take(&mut requests.waiting);
        (requests.cursor, requests.has_begun) = (0, false);
        let any = !waiting.is_empty();
        for mut it in waiting {
            if it.is_read {
                it.headers.iter_mut().skip(it.at).for_each(emptied);
            }
            self.answer(handle, it, status);
        }
        any
    }

    /// The stream behind an output goes on in another format: the next that is read is that (HDR-12). Whether it is one
    /// that the pin gives.
    pub fn change_stream(&mut self, handle: Handle, format: &DataFormat) -> Status {
        let Some(Object::Pin(it)) = self.object(handle) else {
            return Status::InvalidParameter;
        };
        let is_output = self.pin_factory(it).map(|it| it.data_flow) == Some(DataFlow::Out);
        let ranges = self.ranges(it.filter, it.factory);
        if !is_output || it.role != Role::Sink {
            return Status::InvalidDeviceRequest;
        }
        if !pin::takes(&ranges, format) {
            return Status::NoMatch;
        }
        if let Some(Object::Pin(it)) = self.object_mut(handle) {
            it.format = format.clone();
            it.requests.is_changed = true;
        }
        self.serve(handle);
        Status::Success
    }

    /// A client has asked for the format: what it was told of is known to it now.
    pub(super) fn format_was_asked(&mut self, handle: Handle) {
        let now = self.stream_time(handle);
        if let Some(Object::Pin(it)) = self.object_mut(handle)
            && std::mem::take(&mut it.requests.is_told)
        {
            it.requests.cursor = it.requests.cursor.max(now);
            self.serve(handle);
        }
    }

    /// The allocator and the clock that a pin was given.
    pub fn given(&self, handle: Handle) -> (Option<Handle>, Option<Handle>) {
        match self.object(handle) {
            Some(Object::Pin(it)) => (it.allocator, it.clock),
            _ => (None, None),
        }
    }

    /// Bytes that were written to a pin and heard, and how many requests wait there.
    pub fn rendered(&self, handle: Handle) -> Option<(u64, usize)> {
        match self.object(handle)? {
            Object::Pin(it) => Some((it.requests.rendered, it.requests.waiting.len())),
            _ => None,
        }
    }
}

/// What was found of the header in work.
struct Look {
    is_begun_now: bool,
    is_done: bool,
    flags: u32,
    /// By how much it began behind its time stamp.
    late: i64,
}

impl Look {
    const fn done(flags: u32) -> Self {
        Self {
            is_begun_now: false,
            is_done: true,
            flags,
            late: 0,
        }
    }
}

impl PinObject {
    /// What is wrong with headers on this pin's interface: looped data lie on the looped one, and there is one at a time
    /// (IFC-3).
    fn loop_fault(&self, headers: &[Header], is_read: bool) -> Option<(Status, &'static str)> {
        let is_looped = self.interface == Interface::LOOPED_STREAMING;
        let says_so = |header: &Header| header.has(flag::LOOPEDDATA);
        if is_read {
            return None;
        }
        if !is_looped {
            let words = "looped data belong on the looped interface";
            return headers
                .iter()
                .any(says_so)
                .then_some((Status::InvalidParameter, words));
        }
        if !headers.iter().all(says_so) {
            let words = "the looped interface takes looped data";
            return Some((Status::InvalidParameter, words));
        }
        let words = "one header loops at a time (IFC-3)";
        (headers.len() > 1 || !self.requests.waiting.is_empty())
            .then_some((Status::InvalidDeviceRequest, words))
    }
}

fn flushes(header: &Header) -> bool {
    header.has(flag::FLUSHONPAUSE)
}

/// Nothing was filled in.
fn emptied(header: &mut Header) {
    (header.used, header.flags, header.duration) = (0, 0, 0);
}

/// How long so many bytes of a format last, in 100 ns; what has no rate takes no time.
fn duration(format: &DataFormat, bytes: u32) -> i64 {
    let rate_hz = format.audio.map_or(0, |audio| audio.rate_hz);
    let block = format.sample_size();
    if rate_hz == 0 || block == 0 {
        return 0;
    }
    let samples = i64::from(bytes / block);
    samples * REF_TIMES_PER_SECOND / i64::from(rate_hz)
}

fn words(accepted: &Accepted) -> String {
    match (accepted.request, accepted.reason) {
        (Some(number), _) => format!("request {number}"),
        (None, Some(reason)) => reason.to_owned(),
        (None, None) => "nothing is read in Stop".into(),
    }
}
