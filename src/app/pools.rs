//! Allocators in the log: a line when the frames of a pipe are made, when all of them are out because their reader is held
//! back, when they are taken again, and when they are freed (NEG-3, ALC-8). The steps of pins have their lines in
//! `steps.rs`; the raw door traces every call (`raw/trace.rs`).

use std::collections::{BTreeMap, BTreeSet};

use super::playing::Step;
use super::{App, Urgency};
use crate::graph::PinAddress;
use crate::ks::{State, Status};

/// Pipes whose pins are above Stop, by the reader of their first wire.
#[derive(Default)]
pub(super) struct Pools {
    open: BTreeMap<PinAddress, BTreeSet<PinAddress>>,
    /// Wires into pins that were paused, and whether it was told that all their frames are out.
    watched: BTreeMap<(PinAddress, PinAddress), bool>,
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
        let mut of: BTreeMap<&PinAddress, usize> = BTreeMap::new();
        for (index, pipe) in pipes.pipes.iter().enumerate() {
            for &wire in &pipe.wires {
                let wire = &self.wiring.wires[wire];
                of.extend([(&wire.from, index), (&wire.to, index)]);
            }
        }
        let mut lines: Vec<(PinAddress, String)> = vec![];
        let mut watched = vec![];
        let mut open = std::mem::take(&mut self.pools.open);
        for step in done {
            match (step.from, step.to) {
                (State::Stop, State::Acquire) => {
                    let Some(pipe) = of.get(&step.pin).map(|index| &pipes.pipes[*index]) else {
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
                    let mut wires = self.wiring.wires.iter();
                    let into = wires.find(|wire| wire.to == step.pin && wire.outcome.is_ok());
                    watched.extend(into.map(|wire| (wire.from.clone(), wire.to.clone())));
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
