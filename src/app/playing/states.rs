//! States of pins and filters as the audio thread keeps them: what it was asked for, and what it published.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Playing;
use crate::engine::{Held, Limits, Message, PlanCells, PlanMap};
use crate::graph::{FilterPath, PinAddress};
use crate::ks::{Cued, State, Status};

/// One step of one pin.
pub(in crate::app) struct Step {
    pub(in crate::app) pin: PinAddress,
    pub(in crate::app) from: State,
    pub(in crate::app) to: State,
    pub(in crate::app) status: Status,
    pub(in crate::app) position: u64,
}

/// Where states stand in what a plan publishes.
#[derive(Default)]
pub(super) struct Seats {
    pub(super) map: PlanMap,
    pub(super) states: Option<Arc<PlanCells>>,
}

impl Playing {
    /// How far filters go: for plans to come, and by factory and instance of pins for this one; all by where filters
    /// stood at first.
    pub(in crate::app) fn set_limits(
        &mut self,
        limits: BTreeMap<FilterPath, Limits>,
        wanted: BTreeMap<(FilterPath, Option<(u16, u16)>), State>,
    ) {
        self.limits = limits;
        let gone = self.limited.keys().filter(|it| !wanted.contains_key(it));
        let gone: Vec<_> = gone.map(|it| (it.clone(), State::Run)).collect();
        for (whose, state) in wanted.into_iter().chain(gone) {
            // What was let go stays in the list: a plan under way may still hold it.
            if self.limited.insert(whose.clone(), state) != Some(state) {
                self.send_limit(&whose, state);
            }
        }
    }

    /// A new plan runs: what it was not made with is told again.
    pub(in crate::app) fn repeat_limits(&mut self) {
        for (whose, state) in self.limited.clone() {
            self.send_limit(&whose, state);
        }
    }

    fn send_limit(&mut self, whose: &(FilterPath, Option<(u16, u16)>), state: State) {
        let origins = &self.origins;
        let mut open = self.open.iter();
        let open = open.find(|(path, _)| origins.get(*path).unwrap_or(path) == &whose.0);
        if let Some((_, open)) = open {
            let (entry, pin) = (open.entry, whose.1);
            self.engine.send(Message::Limit { entry, pin, state });
        }
    }

    /// The state of a pin of the plan.
    pub(in crate::app) fn state_of(&self, pin: &PinAddress) -> Option<State> {
        let at = self.seats.map.pin(pin)?;
        Some(self.seats.states.as_ref()?.state(at))
    }

    /// The highest state of a filter's pins.
    pub(in crate::app) fn state_of_filter(&self, filter: &FilterPath) -> Option<State> {
        let states = self.seats.states.as_ref()?;
        let pins = self.seats.map.pins_of(filter);
        pins.map(|at| states.state(at)).max()
    }

    /// Whether the device of a filter is gone.
    pub(in crate::app) fn is_lost(&self, filter: &FilterPath) -> bool {
        let open = self.open.get(filter);
        open.is_some_and(|open| self.lost.contains(&open.entry))
    }

    /// The states of all pins.
    pub(in crate::app) fn states(&self) -> impl Iterator<Item = State> {
        let states = self.seats.states.as_ref();
        let pins = 0..self.seats.map.pins();
        pins.filter_map(move |at| Some(states?.state(at)))
    }

    /// What lies on a wire.
    pub(in crate::app) fn held(&self, from: &PinAddress, to: &PinAddress) -> Option<Held> {
        let wire = self.seats.map.wire(from, to)?;
        let states = self.seats.states.as_ref()?;
        Some(states.held(wire, self.cells().cycles()))
    }

    /// The names of all plans that something may still be told of, the last first.
    pub(super) fn maps(&self) -> impl Iterator<Item = &PlanMap> {
        let coming = self.coming.values().rev();
        coming.chain([&self.seats, &self.past]).map(|it| &it.map)
    }

    /// Whether all that is open could run at once.
    pub(in crate::app) fn cued(&self) -> Cued {
        let Some(states) = &self.seats.states else {
            return Cued::Yes;
        };
        let open = self.seats.map.filters().enumerate();
        let open = open.filter(|(_, path)| self.open.contains_key(*path));
        open.fold(Cued::Yes, |cued, (at, _)| cued.with(states.cued(at)))
    }

    /// Steps of pins since it was asked last.
    pub(in crate::app) fn steps(&mut self) -> Vec<Step> {
        let mut steps = vec![];
        while let Some(it) = self.engine.step() {
            let name = |map: &PlanMap| map.name(it.entry, it.factory, it.instance);
            if let Some(pin) = self.maps().find_map(name) {
                steps.push(Step {
                    pin,
                    from: it.from,
                    to: it.to,
                    status: it.status,
                    position: it.position,
                });
            }
        }
        steps
    }
}
