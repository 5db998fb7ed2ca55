//! Allocators in the log: a line when the frames of a pipe are made, when all of them are out because their reader is held
//! back, when they are taken again, and when they are freed (NEG-3, ALC-8). The steps of pins have their lines in
//! `steps.rs`; the raw door traces every call (`raw/trace.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::playing::Step;
use super::{App, Urgency};
use crate::graph::{PinAddress, Wire, Wiring};
use crate::ks::{State, Status};

/// Pipes whose pins are above Stop, by the reader of their first wire.
#[derive(Default)]
pub(super) struct Pools {
    open: BTreeMap<PinAddress, BTreeSet<PinAddress>>,
    /// Wires into pins that were paused, and whether it was told that all their frames are out.
    watched: BTreeMap<(PinAddress, PinAddress), bool>,
    ends: Option<Ends>,
}

/// The wires of an agreement in the order of the pins where they begin and where they end: steps of pins come by the thousand.
struct Ends {
    agreement: u64,
    from: Vec<u32>,
    to: Vec<u32>,
}

impl Ends {
    fn of(wiring: &Wiring, agreement: u64) -> Self {
        let wires = &wiring.wires;
        let agreed = (0..wires.len()).filter(|&at| wires[at].outcome.is_ok());
        let mut from: Vec<u32> = agreed.map(|at| at as u32).collect();
        let mut to = from.clone();
        from.sort_by(|a, b| wires[*a as usize].from.cmp(&wires[*b as usize].from));
        to.sort_by(|a, b| wires[*a as usize].to.cmp(&wires[*b as usize].to));
        Self {
            agreement,
            from,
            to,
        }
    }

    /// The wire that leads into a pin.
    fn into(&self, wires: &[Wire], pin: &PinAddress) -> Option<usize> {
        let found = self
            .to
            .binary_search_by(|at| wires[*at as usize].to.cmp(pin));
        found.ok().map(|at| self.to[at] as usize)
    }

    /// The wire at a pin.
    fn at(&self, wires: &[Wire], pin: &PinAddress) -> Option<usize> {
        let found = self
            .from
            .binary_search_by(|at| wires[*at as usize].from.cmp(pin));
        let found = found.ok().map(|at| self.from[at] as usize);
        found.or_else(|| self.into(wires, pin))
    }
}

impl App {
    /// Tells of allocators whose pins have come up from Stop or gone there.
    pub(super) fn hear_pools(&mut self, steps: &[Step]) {
        let done = steps.iter().filter(|step| step.status == Status::Success);
        let mut done = done.peekable();
        if done.peek().is_none() {
            return;
        }
        let pipes = self.view().pipes();
        if self
            .pools
            .ends
            .as_ref()
            .is_none_or(|it| it.agreement != self.agreements)
        {
            self.pools.ends = Some(Ends::of(&self.wiring, self.agreements));
        }
        let Some(ends) = &self.pools.ends else { return };
        let wires = &self.wiring.wires;
        let mut lines: Vec<(PinAddress, String)> = vec![];
        let mut watched = vec![];
        let mut open = std::mem::take(&mut self.pools.open);
        for step in done {
            match (step.from, step.to) {
                (State::Stop, State::Acquire) => {
                    let wire = ends.at(wires, &step.pin);
                    let Some(pipe) = wire.and_then(|wire| pipes.of(wire)) else {
                        continue;
                    };
                    let first = &self.wiring.wires[pipe.wires[0]].to;
                    if !open.contains_key(first) {
                        let owner = pipes.owner_words(&self.wiring, pipe);
                        let size = match pipe.samples {
                            0 => "events".to_owned(),
                            samples => format!("{samples} samples, {} bytes", pipe.size.value),
                        };
                        let words = format!("{} frames of {size} made, {owner}", pipe.frames.value);
                        lines.push((first.clone(), words));
                    }
                    open.entry(first.clone())
                        .or_default()
                        .insert(step.pin.clone());
                }
                (_, State::Stop) => open.retain(|first, pins| {
                    let is_last = pins.remove(&step.pin) && pins.is_empty();
                    if is_last {
                        lines.push((first.clone(), "its frames are freed".to_owned()));
                    }
                    !is_last
                }),
                (State::Run, State::Pause) => {
                    let wire = ends.into(wires, &step.pin).map(|at| &wires[at]);
                    watched.extend(wire.map(|wire| (wire.from.clone(), wire.to.clone())));
                }
                _ => {}
            }
        }
        self.pools.open = open;
        for ends in watched {
            self.pools.watched.entry(ends).or_default();
        }
        let lines = lines.into_iter().map(|(pin, words)| {
            let text = format!("Allocator of {}: {words}", self.wiring.pin_text(&pin));
            (pin.filter, text)
        });
        let lines = lines.collect();
        self.say_many("Allocators", "allocators made or freed their frames", lines);
    }

    /// Tells where the frames of a wire into a paused pin are out, and when they are taken again.
    pub(super) fn tell_frames_out(&mut self) {
        let watched = std::mem::take(&mut self.pools.watched);
        for ((from, to), was_told) in watched {
            let Some(now) = self.held(&from, &to) else {
                continue;
            };
            let name = self.wiring.pin_text(&to);
            let is_out = now.is_waiting && now.held > 0 && now.held == now.frames;
            let text = match (was_told, is_out) {
                (false, true) => format!("Allocator of {name}: all {} frames are out", now.held),
                (true, false) => format!("Allocator of {name}: its frames are taken again"),
                _ => String::new(),
            };
            if !text.is_empty() {
                self.say_of(Urgency::News, &to.filter, text);
            }
            let is_paused = self.state_of_pin(&to) == Some(State::Pause);
            if is_out || is_paused {
                self.pools.watched.insert((from, to), is_out);
            }
        }
    }
}
