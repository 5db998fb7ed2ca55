//! Properties that a minidriver declares in its answer to GET_STREAM_INFO: which there are, their sizes and BASICSUPPORT are
//! answered by that table (PRP-2, PRP-4); GET and SET become requests to the minidriver, of the device or of a stream.
//!
//! A filter that a graph runs is asked there. One that nothing runs gets a class driver of its own with the first such
//! request, whose streams are the pins that are asked: what their pins do with their states, they do; it ends with the
//! filter, or when a value changes that it was made from.

use std::sync::Arc;

use super::answer::Answer;
use super::dispatch::{Request, short, support, verb};
use super::layout::{self, REQUEST};
use super::object::{Handle, Host, Object};
use super::own;
use crate::ks::ids::Guid;
use crate::ks::{ClassAsk, ClassItem, ClassView, DataFormat, Settings, State, Status};

/// How a filter's minidriver is reached.
#[derive(Default)]
pub(super) struct ClassDoor {
    /// The class driver that a graph runs.
    running: Option<Arc<dyn ClassView>>,
    /// That of nobody but the one who asks.
    own: Option<Arc<dyn ClassView>>,
    /// The graph is somebody else's: nothing is started, and nobody waits for long.
    is_shared: bool,
}

/// How long whoever shows a graph that plays waits for an answer.
const SHORT_MS: u64 = 300;

/// The items that are declared for such an object.
pub(super) fn items(host: &Host, handle: Handle) -> &[ClassItem] {
    match host.object(handle) {
        Some(Object::Filter(it)) => it.filter.class_items(None),
        Some(Object::Pin(pin)) => host.filter_of(handle).filter.class_items(Some(pin.factory)),
        _ => &[],
    }
}

/// Answers a request for one of them; `None` where none is meant.
pub(super) fn answer(host: &mut Host, request: &Request<'_>) -> Option<Answer> {
    let all = items(host, request.handle).iter();
    let mut all = all.filter(|item| item.set == request.set);
    let item = all.find(|item| item.id == request.id)?.clone();
    let instance = request.input.get(REQUEST..).unwrap_or_default();
    if instance.len() < item.instance {
        return Some(Answer::status(Status::InvalidParameter));
    }
    if request.has(verb::BASICSUPPORT) {
        return Some(basic_support(&item, request));
    }
    if request.has(verb::RELATIONS) {
        return Some(Answer::list(
            layout::list([] as [Vec<u8>; 0]),
            request.output,
        ));
    }
    // SET is looked at before GET (PRP-2).
    let is_set = request.has(verb::SET);
    if !(is_set && item.sets || !is_set && request.has(verb::GET) && item.gets) {
        return Some(Answer::status(Status::NotFound));
    }
    let found = if is_set {
        request.data.len()
    } else {
        request.output
    };
    if let Some(answer) = short(found, item.value) {
        return Some(answer);
    }
    Some(asked(host, request, is_set, instance))
}

fn basic_support(item: &ClassItem, request: &Request<'_>) -> Answer {
    let mut access =
        u32::from(item.gets) * verb::GET + u32::from(item.sets) * verb::SET + verb::BASICSUPPORT;
    let Some(property) = &item.values else {
        return support(access, None, &[], request.output);
    };
    access += verb::DEFAULTVALUES;
    let members: Vec<Vec<u8>> = own::legal(property)
        .into_iter()
        .chain([own::default(property)])
        .collect();
    support(access, Some(own::kind(property)), &members, request.output)
}

fn asked(host: &mut Host, request: &Request<'_>, is_set: bool, instance: &[u8]) -> Answer {
    let reached = match host.object(request.handle) {
        Some(Object::Pin(_)) => host
            .stream(request.handle)
            .map(|(class, it)| (class, Some(it))),
        _ => host.class(request.handle).map(|class| (class, None)),
    };
    let (class, stream) = match reached {
        Ok(reached) => reached,
        Err(answer) => return answer,
    };
    let is_shared = host.filter_of(request.handle).class.is_shared;
    let ask = ClassAsk {
        stream,
        set: request.set,
        id: request.id,
        is_set,
        instance,
        value: if is_set { request.data } else { &[] },
        room: request.output,
    };
    match class.ask(&ask, is_shared.then_some(SHORT_MS)) {
        // What is set says nothing in return.
        Ok(_) if is_set => Answer::status(Status::Success),
        Ok(bytes) => Answer::sized(bytes, request.output),
        Err(status) => Answer::status(status),
    }
}

fn refused(status: Status, words: impl Into<String>) -> Answer {
    Answer {
        words: Some(words.into()),
        ..Answer::status(status)
    }
}

impl Host {
    /// A filter that a graph runs is asked there, in its own class driver; one that it does not run is not started for this.
    pub fn share_class(&mut self, filter: Handle, running: Option<Arc<dyn ClassView>>) {
        if let Some(object) = self.filter_mut(filter) {
            object.class = ClassDoor {
                running,
                own: None,
                is_shared: true,
            };
        }
    }

    /// A filter is asked where it runs from now on, or, where nothing runs it, in a class driver of its own.
    pub fn run_class(&mut self, filter: Handle, running: Option<Arc<dyn ClassView>>) {
        if running.is_some() {
            self.end_class(filter);
        }
        if let Some(object) = self.filter_mut(filter) {
            object.class.running = running;
        }
    }

    /// The class driver behind a filter, or behind that of a pin.
    fn class(&mut self, handle: Handle) -> Result<Arc<dyn ClassView>, Answer> {
        let base = self.folder();
        let handle = self.filter_handle(handle);
        let object = self.filter_of(handle);
        let door = &object.class;
        if let Some(class) = door.running.as_ref().or(door.own.as_ref()) {
            return Ok(class.clone());
        }
        if door.is_shared {
            let words = "its minidriver is asked while the graph runs; start it";
            return Err(refused(Status::DeviceNotReady, words));
        }
        let settings = Settings {
            values: &object.values,
            base: base.as_deref(),
        };
        match object.filter.start(&settings) {
            Some(Ok(class)) => {
                if let Some(object) = self.filter_mut(handle) {
                    object.class.own = Some(class.clone());
                }
                self.say(format!("filter {handle}: its minidriver has started"));
                Ok(class)
            }
            Some(Err(error)) => Err(refused(Status::DeviceNotReady, error.to_string())),
            None => Err(Answer::status(Status::NotImplemented)),
        }
    }

    /// The same, and the stream of a pin there: opened with the first request for it.
    fn stream(&mut self, pin: Handle) -> Result<(Arc<dyn ClassView>, usize), Answer> {
        let class = self.class(pin)?;
        let filter = self.filter_handle(pin);
        let is_running = self.filter_of(filter).class.running.is_some();
        let Some(Object::Pin(it)) = self.object(pin) else {
            return Err(Answer::status(Status::InvalidParameter));
        };
        let (factory, format, state) = (it.factory, it.format.clone(), it.state);
        if is_running {
            let mut seats = self.pins_of(filter).into_iter().filter(
                |it| matches!(self.object(*it), Some(Object::Pin(it)) if it.factory == factory),
            );
            let instance = seats.position(|it| it == pin).unwrap_or_default();
            let stream = class.stream_of(factory, instance);
            let missing = || refused(Status::DeviceNotReady, "no stream is open behind this pin");
            return Ok((class, stream.ok_or_else(missing)?));
        }
        if let Some(stream) = it.stream {
            return Ok((class, stream));
        }
        let stream = self.opened_stream(&*class, factory, &format)?;
        let status = self.follow_pin(&*class, stream, state);
        if status != Status::Success {
            class.close_stream(stream);
            let words = format!("its minidriver does not go to {}", state.name());
            return Err(refused(status, words));
        }
        if let Some(Object::Pin(it)) = self.object_mut(pin) {
            it.stream = Some(stream);
        }
        Ok((class, stream))
    }

    fn opened_stream(
        &self,
        class: &dyn ClassView,
        factory: usize,
        format: &DataFormat,
    ) -> Result<usize, Answer> {
        class.open_stream(factory, format).map_err(|status| {
            let words = format!("its minidriver does not open a stream of {format}");
            refused(status, words)
        })
    }

    /// The minidriver's answer to a step of a pin whose stream it has open; `None` where there is none.
    pub(super) fn step_stream(&self, pin: Handle, state: State) -> Option<Status> {
        let Some(Object::Pin(it)) = self.object(pin) else {
            return None;
        };
        let class = self.filter_of(pin).class.own.as_ref()?;
        match class.step_stream(it.stream?, state) {
            // Not to know states is to take any.
            Ok(()) | Err(Status::NotImplemented) => None,
            Err(status) => Some(status),
        }
    }

    /// Its stream takes the steps that its pin has taken before it was opened.
    fn follow_pin(&self, class: &dyn ClassView, stream: usize, wanted: State) -> Status {
        let mut state = State::Stop;
        while let Some(next) = state.step_towards(wanted) {
            match class.step_stream(stream, next) {
                Ok(()) | Err(Status::NotImplemented) => state = next,
                Err(status) => return status,
            }
        }
        Status::Success
    }

    /// A pin closes its stream, where it has one.
    pub(super) fn close_stream(&mut self, pin: Handle) {
        let Some(Object::Pin(it)) = self.object_mut(pin) else {
            return;
        };
        let Some(stream) = it.stream.take() else {
            return;
        };
        if let Some(class) = &self.filter_of(pin).class.own {
            class.close_stream(stream);
        }
    }

    /// The class driver that was started for a filter ends, and its streams with it.
    pub(super) fn end_class(&mut self, filter: Handle) {
        let own = self.filter_mut(filter).and_then(|it| it.class.own.take());
        if own.is_none() {
            return;
        }
        for pin in self.pins_of(filter) {
            if let Some(Object::Pin(it)) = self.object_mut(pin) {
                it.stream = None;
            }
        }
        self.say(format!("filter {filter}: its minidriver has ended"));
    }
}

/// The sets among them, each once.
pub(super) fn sets(host: &Host, handle: Handle) -> impl Iterator<Item = Guid> {
    items(host, handle).iter().map(|item| item.set)
}
