//! States of open pins: one pin by single steps (STA-1 to STA-6), or all that are open, in the order of the graph
//! (ORD-3).

use super::inject::At;
use super::object::{Handle, Host, Object, PinObject};
use super::trace::Table;
use crate::ks::{DataFlow, State, Status};

impl Host {
    /// The state of an open pin.
    pub fn state(&self, pin: Handle) -> Option<State> {
        match self.object(pin)? {
            Object::Pin(it) => Some(it.state),
            _ => None,
        }
    }

    /// Takes a pin there by single steps; there already is no news (STA-5). Where a step fails the pin stays as it is
    /// (STA-6).
    pub(super) fn step_pin(&mut self, pin: Handle, wanted: State) -> Status {
        while let Some(state) = self.state(pin) {
            let Some(next) = state.step_towards(wanted) else {
                return Status::Success;
            };
            let status = self.enter(pin, next);
            if status != Status::Success {
                return status;
            }
        }
        Status::InvalidParameter
    }

    /// One step of one pin.
    fn enter(&mut self, pin: Handle, next: State) -> Status {
        let failed = self.not_ready(pin, next);
        let failed = failed.or_else(|| self.fails(pin, At::State(next)));
        let failed = failed.or_else(|| self.step_stream(pin, next));
        let Some(Object::Pin(it)) = self.object_mut(pin) else {
            return Status::InvalidParameter;
        };
        let old_state = it.state;
        let (old, new) = (old_state.name(), next.name());
        let status = failed.unwrap_or(Status::Success);
        if status == Status::Success {
            it.state = next;
            self.arrived(pin, (old_state, next));
        }
        let words = match failed {
            None => format!("pin {pin}: {old} to {new}"),
            Some(status) => format!("pin {pin}: {old}, and not {new}: {}", status.name()),
        };
        let detail = format!("{} to {}", old.to_lowercase(), new.to_lowercase());
        self.note_call((pin, Table::Pin), "set state", status, detail);
        self.say(words);
        status
    }

    /// A pin has come to a state: in Stop its time is nothing, in Run what its clock has passed is told.
    fn arrived(&mut self, pin: Handle, (old, new): (State, State)) {
        match new {
            State::Stop => {
                self.end_requests(pin, Status::Success);
                self.time_stopped(pin);
                self.rate_lapses(pin);
            }
            State::Run => {
                self.tell_marks();
                self.serve(pin);
            }
            State::Pause if old == State::Run => self.requests_paused(pin),
            State::Acquire => self.rate_lapses(pin),
            State::Pause => {}
        }
    }

    /// Takes all open pins to a state, step by step: up from the data sinks towards the sources, down from the sources
    /// towards the sinks (ORD-3). Where going up fails, what has moved is taken back in reverse order; going down never
    /// stops at a failure, but the first one is the answer (STA-6). With the handles in the order they moved.
    pub fn step_all(&mut self, wanted: State) -> (Status, Vec<(Handle, State)>) {
        let all = self.sinks_first();
        self.step_these(all, wanted)
    }

    /// The same for one pin, or for the pins of one filter; `None` where there is neither.
    pub fn step_some(
        &mut self,
        of: Handle,
        wanted: State,
    ) -> Option<(Status, Vec<(Handle, State)>)> {
        if !matches!(self.object(of)?, Object::Filter(_) | Object::Pin(_)) {
            return None;
        }
        let mut these = self.sinks_first();
        these.retain(|pin| *pin == of || self.filter_handle(*pin) == of);
        Some(self.step_these(these, wanted))
    }

    /// Takes some pins there in the order of the graph, whatever they answer.
    pub(super) fn step_pins(&mut self, pins: &[Handle], wanted: State) {
        let mut these = self.sinks_first();
        these.retain(|pin| pins.contains(pin));
        self.step_these(these, wanted);
    }

    /// The state that all open pins are in; none where they disagree (DSG-3).
    pub fn common_state(&self) -> Option<State> {
        let mut states = self.pins().map(|(_, pin)| pin.state);
        let first = states.next().unwrap_or_default();
        states.all(|state| state == first).then_some(first)
    }

    /// Pins that filters with a pin in Run still need before they process data: the filter, the pin's number, how many
    /// there must be in Pause at least, and how many are (INS-4).
    pub fn idle(&self) -> Vec<(Handle, u32, u32, u32)> {
        let mut running: Vec<Handle> = self
            .pins()
            .filter(|(_, pin)| pin.state == State::Run)
            .map(|(_, pin)| pin.filter)
            .collect();
        running.sort_unstable();
        running.dedup();
        let mut lacking = vec![];
        for filter in running {
            for (number, factory) in (0_u32..).zip(self.filter_of(filter).descriptor.pins.iter()) {
                let is_one = |pin: &PinObject| {
                    (pin.filter, pin.factory as u32) == (filter, number)
                        && pin.state >= State::Pause
                };
                let ready = self.pins().filter(|(_, pin)| is_one(pin)).count() as u32;
                let necessary = factory.instances.necessary;
                if ready < necessary {
                    lacking.push((filter, number, necessary, ready));
                }
            }
        }
        lacking
    }

    fn step_these(
        &mut self,
        sinks_first: Vec<Handle>,
        wanted: State,
    ) -> (Status, Vec<(Handle, State)>) {
        let mut moved: Vec<(Handle, State)> = vec![];
        let mut first_failure = Status::Success;
        loop {
            let states = sinks_first.iter().filter_map(|pin| self.state(*pin));
            let lowest = states.clone().min().filter(|state| *state < wanted);
            let highest = states.max().filter(|state| *state > wanted);
            let (from, order): (State, Vec<Handle>) = match (lowest, highest) {
                (Some(State::Stop), _) => (State::Stop, self.acquiring(&sinks_first)),
                (Some(from), _) => (from, sinks_first.clone()),
                (None, Some(from)) => (from, sinks_first.iter().rev().copied().collect()),
                (None, None) => return (first_failure, moved),
            };
            let Some(next) = from.step_towards(wanted) else {
                return (first_failure, moved);
            };
            for pin in order {
                if self.state(pin) != Some(from) {
                    continue;
                }
                let status = self.enter(pin, next);
                match status {
                    Status::Success => moved.push((pin, next)),
                    _ if next > from => {
                        for (pin, state) in std::mem::take(&mut moved).into_iter().rev() {
                            let below = state.step_towards(State::Stop).unwrap_or(State::Stop);
                            self.enter(pin, below);
                        }
                        return (status, moved);
                    }
                    _ => {
                        // Down it goes whatever it says.
                        if first_failure == Status::Success {
                            first_failure = status;
                        }
                        if let Some(Object::Pin(it)) = self.object_mut(pin) {
                            it.state = next;
                        }
                        self.arrived(pin, (from, next));
                        moved.push((pin, next));
                    }
                }
            }
        }
    }

    /// The order of the step to Acquire: a pin that asks for it comes behind the one that gives to it (ORD-1).
    fn acquiring(&self, sinks_first: &[Handle]) -> Vec<Handle> {
        let mut order: Vec<Handle> = vec![];
        for &pin in sinks_first {
            let Some(Object::Pin(it)) = self.object(pin) else {
                continue;
            };
            let asks = self.pin_factory(it).is_some_and(|it| it.acquires_in_order);
            let first = it.peer.filter(|peer| asks && sinks_first.contains(peer));
            for pin in first.into_iter().chain([pin]) {
                if !order.contains(&pin) {
                    order.push(pin);
                }
            }
        }
        order
    }

    /// All open pins, those nearest to where data end first; among equals the older one.
    fn sinks_first(&self) -> Vec<Handle> {
        let pins: Vec<(Handle, Handle, Option<Handle>, bool)> = self
            .pins()
            .map(|(handle, pin)| {
                let factories = &self.filter_of(handle).descriptor.pins;
                let flow = factories.get(pin.factory).map(|it| it.data_flow);
                (handle, pin.filter, pin.peer, flow == Some(DataFlow::Out))
            })
            .collect();
        // How many wires lie between a filter and the end of its longest branch; loops end after all have been seen.
        let mut depth: Vec<(Handle, usize)> = vec![];
        let of = |depth: &[(Handle, usize)], filter: Handle| {
            let found = depth.iter().find(|(handle, _)| *handle == filter);
            found.map_or(0, |(_, depth)| *depth)
        };
        for _ in 0..pins.len() {
            for (_, filter, peer, is_output) in &pins {
                let Some(next) = peer.filter(|_| *is_output) else {
                    continue;
                };
                let Some(below) = pins.iter().find(|(handle, ..)| *handle == next) else {
                    continue;
                };
                let wanted = of(&depth, below.1) + 1;
                if wanted > of(&depth, *filter) && wanted <= pins.len() {
                    depth.retain(|(handle, _)| handle != filter);
                    depth.push((*filter, wanted));
                }
            }
        }
        // Within a filter its outputs lie nearer to the end than its inputs.
        let mut order: Vec<(usize, Handle)> = pins
            .iter()
            .map(|(handle, filter, _, is_output)| {
                (2 * of(&depth, *filter) + usize::from(!is_output), *handle)
            })
            .collect();
        order.sort_unstable();
        order.into_iter().map(|(_, handle)| handle).collect()
    }
}
