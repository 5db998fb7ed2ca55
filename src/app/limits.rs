//! How far single filters and pins go: what the user holds back while the rest runs, and where every pin stands.
//!
//! A limit is asked for like a state of the graph: it is not part of the document. It belongs to a filter wherever that
//! is moved to, and outlives an undone deletion.

use std::collections::BTreeMap;

use super::playing::Playing;
use super::{App, Urgency};
use crate::engine::{Held, Limits};
use crate::graph::{FilterId, FilterPath, PinAddress};
use crate::ks::{Cued, State, Status};

impl App {
    /// Filters go no further than a state; [`State::Run`] lets them go with the graph, and their pins too.
    pub(super) fn limit_filters(&mut self, filters: &[FilterId], state: State) {
        let tops: Vec<FilterPath> = filters.iter().map(|id| self.path_of(*id)).collect();
        let all = self.wiring.filters.keys();
        let is_in = |path: &&FilterPath| tops.iter().any(|top| path.0.starts_with(&top.0));
        let paths: Vec<FilterPath> = all.filter(is_in).cloned().collect();
        if paths.is_empty() {
            self.tell("Select the filters whose state is meant".into());
        }
        for path in paths {
            let limits = self.limits.entry(self.origins.of(&path)).or_default();
            if limits.filter == state && (state != State::Run || limits.pins.is_empty()) {
                continue;
            }
            limits.filter = state;
            if state == State::Run {
                limits.pins.clear();
            }
            self.say_of(Urgency::News, &path, words(state));
        }
        self.tell_limits();
    }

    /// The same for one pin.
    pub(super) fn limit_pin(&mut self, pin: &PinAddress, state: State) {
        let pin = self.resolved(pin);
        let limits = self.limits.entry(self.origins.of(&pin.filter)).or_default();
        let name = (pin.pin.clone(), pin.instance);
        let before = match state {
            State::Run => limits.pins.remove(&name),
            _ => limits.pins.insert(name, state),
        };
        if before.unwrap_or(State::Run) != state {
            let text = format!("{}: {}", self.wiring.pin_text(&pin), words(state));
            self.say_of(Urgency::News, &pin.filter, text);
        }
        self.tell_limits();
    }

    /// Takes one live pin to a state, as its owner would by a property call: `PENDING` where the graph, or its filter, has
    /// still to go there first.
    pub fn set_pin_state(&mut self, pin: &PinAddress, state: State) -> Status {
        let pin = self.resolved(pin);
        let Some(playing) = &self.playing else {
            return Status::DeviceNotReady;
        };
        if !self.wiring.filters.contains_key(&pin.filter) {
            return Status::NotFound;
        }
        if playing.state_of(&pin).is_none() {
            return Status::InvalidParameter;
        }
        self.limit_pin(&pin, state);
        match self.limit_of(&pin.filter).min(self.requested) < state {
            true => Status::Pending,
            false => Status::Success,
        }
    }

    /// How far a filter goes.
    pub(super) fn limit_of(&self, filter: &FilterPath) -> State {
        let limits = self.limits.get(&self.origins.of(filter));
        limits.map_or(State::Run, |limits| limits.filter)
    }

    /// How far a pin goes by its own limit.
    pub(super) fn limit_of_pin(&self, pin: &PinAddress) -> State {
        let limits = self.limits.get(&self.origins.of(&pin.filter));
        let name = (pin.pin.clone(), pin.instance);
        let own = limits.and_then(|limits| limits.pins.get(&name));
        own.copied().unwrap_or(State::Run)
    }

    /// The state of an open pin.
    pub(super) fn state_of_pin(&self, pin: &PinAddress) -> Option<State> {
        self.playing.as_ref()?.state_of(pin)
    }

    /// The state of an open filter: the highest of its pins.
    pub(super) fn state_of_filter(&self, filter: &FilterPath) -> Option<State> {
        self.playing.as_ref()?.state_of_filter(filter)
    }

    /// What lies on a wire.
    pub(super) fn held(&self, from: &PinAddress, to: &PinAddress) -> Option<Held> {
        self.playing.as_ref()?.held(from, to)
    }

    /// Whether what is paused could run at once.
    pub(super) fn cued(&self) -> Cued {
        let playing = self.playing.as_ref();
        playing.map_or(Cued::Yes, Playing::cued)
    }

    /// The state of the graph: refused where filters are not in it (DSG-3), `PENDING` on the way.
    pub(super) fn whole_state(&self) -> Result<State, Status> {
        let now = self.cells().map_or(State::Stop, |cells| cells.state());
        if now != self.requested {
            return Err(Status::Pending);
        }
        let states = self.playing.as_ref().map(Playing::states);
        match states.is_none_or(|mut states| states.all(|state| state == now)) {
            true => Ok(now),
            false => Err(Status::Unsuccessful),
        }
    }

    /// Has the engine hold back what is to be held back.
    pub(super) fn tell_limits(&mut self) {
        self.limits.retain(|_, it| *it != Limits::default());
        let mut wanted = BTreeMap::new();
        for (path, filter) in &self.wiring.filters {
            let origin = self.origins.of(path);
            let Some(limits) = self.limits.get(&origin) else {
                continue;
            };
            for ((pin, instance), state) in &limits.pins {
                let descriptor = filter.descriptor.as_deref();
                if let Some((factory, _)) = descriptor.and_then(|it| it.pin(pin)) {
                    let place = Some((factory as u16, *instance as u16));
                    wanted.insert((origin.clone(), place), *state);
                }
            }
            if limits.filter != State::Run {
                wanted.insert((origin, None), limits.filter);
            }
        }
        if let Some(playing) = &mut self.playing {
            playing.set_limits(self.limits.clone(), wanted);
        }
    }
}

fn words(state: State) -> String {
    match state {
        State::Run => "Goes with the graph".to_owned(),
        state => format!("Goes no further than {}", state.name()),
    }
}
