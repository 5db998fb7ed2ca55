//! The walk along the filters of a graph by which pipes grow: at each of them every wire that leaves it goes on with a
//! frame that came in, or begins a pipe (NEG-2, NEG-4 and the steps 1 and 6 of NEG-5). What becomes of a pipe's figures is
//! not decided here.

use std::collections::{BTreeMap, BTreeSet};

use super::joint::{Conflict, Joint};
use super::{End, Passage, Pipe, Pipes, Way};
use crate::graph::order::running_order;
use crate::graph::wiring::{FilterPath, PinAddress, Wire, Wiring};
use crate::ks::framing::{Borrowed, frame_of, framing_of, require};
use crate::ks::{DataFlow, Descriptor, Framing};

/// A frame on its way: the wires whose readers have not let go of it.
struct Frame {
    pipe: usize,
    holders: Vec<usize>,
}

/// A pipe as it grows.
pub(super) struct Growing {
    pub(super) joint: Joint,
    pub(super) wires: Vec<usize>,
    pub(super) asked: Option<(u32, u32)>,
}

pub(super) struct Work<'a> {
    pub(super) wiring: &'a Wiring,
    pub(super) place: BTreeMap<&'a FilterPath, usize>,
    pub(super) into: BTreeMap<(&'a FilterPath, &'a str), Vec<usize>>,
    out_of: BTreeMap<(&'a FilterPath, &'a str), Vec<usize>>,
    pub(super) passages: Vec<Option<Passage>>,
    frames: Vec<Frame>,
    frame_of: Vec<Option<usize>>,
    pipes: Vec<Growing>,
    /// When the reader of each wire lets go of the frame.
    until: Vec<usize>,
}

impl<'a> Work<'a> {
    pub(super) fn new(wiring: &'a Wiring) -> Self {
        let is_there = |wire: &&Wire| wire.outcome.is_ok();
        let agreed = || wiring.wires.iter().filter(is_there);
        let ends: BTreeSet<&FilterPath> = agreed()
            .flat_map(|wire| [&wire.from.filter, &wire.to.filter])
            .collect();
        let is_late: Vec<bool> = wiring
            .wires
            .iter()
            .map(|wire| wire.outcome.is_ok() && wiring.is_deferred(&wire.to))
            .collect();
        let direct = wiring.wires.iter().zip(&is_late);
        let direct = direct.filter(|(wire, late)| wire.outcome.is_ok() && !**late);
        let edges = direct.map(|(wire, _)| (&wire.from.filter, &wire.to.filter));
        let order = running_order(ends.into_iter(), edges);
        let place: BTreeMap<&FilterPath, usize> = order
            .into_iter()
            .enumerate()
            .map(|(at, path)| (path, at + 1))
            .collect();
        let mut into: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut out_of: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, wire) in wiring.wires.iter().enumerate() {
            if wire.outcome.is_ok() {
                into.entry((&wire.to.filter, &*wire.to.pin))
                    .or_default()
                    .push(index);
                out_of
                    .entry((&wire.from.filter, &*wire.from.pin))
                    .or_default()
                    .push(index);
            }
        }
        for wires in into.values_mut() {
            wires.sort_by_key(|&wire| wiring.wires[wire].to.instance);
        }
        for wires in out_of.values_mut() {
            wires.sort_by_key(|&wire| wiring.wires[wire].from.instance);
        }
        let count = wiring.wires.len();
        let mut work = Self {
            wiring,
            place,
            into,
            out_of,
            passages: vec![None; count],
            frames: vec![],
            frame_of: vec![None; count],
            pipes: vec![],
            until: vec![0; count],
        };
        for (index, is_late) in is_late.into_iter().enumerate() {
            if wiring.wires[index].outcome.is_ok() {
                work.until[index] = work.lets_go(index, is_late);
            }
        }
        work
    }

    pub(super) fn descriptor(&self, path: &FilterPath) -> Option<&'a Descriptor> {
        self.wiring.filters.get(path)?.descriptor.as_ref()
    }

    /// Whether a filter is there, on, and has the wires it needs.
    fn runs(&self, path: &FilterPath, descriptor: &Descriptor) -> bool {
        let is_on = self
            .wiring
            .filters
            .get(path)
            .is_some_and(|it| !it.is_bypassed && !it.is_disabled);
        is_on
            && descriptor.pins.iter().all(|pin| {
                let wires = match pin.data_flow {
                    DataFlow::In => &self.into,
                    DataFlow::Out => &self.out_of,
                };
                let count = wires.get(&(path, &*pin.name)).map_or(0, Vec::len);
                pin.is_bridge() || count as u32 >= pin.instances.necessary
            })
    }

    /// When the reader of a wire needs its frame no longer: at its step, or, where the sound ends, after the cycle.
    fn lets_go(&self, wire: usize, is_late: bool) -> usize {
        let reader = &self.wiring.wires[wire].to.filter;
        let at = self.place.get(reader).copied().unwrap_or(usize::MAX);
        let Some(descriptor) = self.descriptor(reader) else {
            return usize::MAX;
        };
        // Nothing leads on from here: no output is connected, or works in the frame all the same.
        let ends = descriptor.pins.iter().enumerate().all(|(index, pin)| {
            let leads_on = || {
                let edits = frame_of(&descriptor.pins, index)
                    .is_some_and(|(_, how)| how == Borrowed::Edited);
                self.out_of.contains_key(&(reader, &*pin.name))
                    || edits && pin.instances.possible == 1
            };
            pin.data_flow == DataFlow::In || pin.is_bridge() || !leads_on()
        });
        if is_late || ends { usize::MAX } else { at }
    }

    pub(super) fn framing(&self, end: End) -> Option<Framing> {
        let wire = &self.wiring.wires[end.wire];
        let pin = if end.is_reader { &wire.to } else { &wire.from };
        let descriptor = self.descriptor(&pin.filter)?;
        framing_of(&descriptor.pins, descriptor.pin(&pin.pin)?.0)
    }

    fn flags(&self, end: End) -> u32 {
        self.framing(end).map_or(0, |it| {
            it.items.iter().fold(0, |all, item| all | item.flags)
        })
    }

    /// What happens to frames at one filter: each of its wires out gets a frame.
    pub(super) fn filter(&mut self, path: &'a FilterPath) {
        let Some(descriptor) = self.descriptor(path) else {
            return;
        };
        let runs = self.runs(path, descriptor);
        let known = &self.wiring.filters[path];
        let bypass = (known.is_bypassed && !known.is_disabled)
            .then(|| self.wiring.bypass(path).ok())
            .flatten()
            .and_then(|(from, to)| Some((self.at(&from, true)?, self.at(&to, false)?)));
        let mut edited: BTreeSet<usize> = BTreeSet::new();
        let mut alone: Vec<usize> = vec![];
        for (index, pin) in descriptor.pins.iter().enumerate() {
            if pin.data_flow == DataFlow::In || pin.is_bridge() {
                continue;
            }
            let borrowed = frame_of(&descriptor.pins, index).filter(|_| runs);
            let source = borrowed.and_then(|(input, _)| {
                let name = &*descriptor.pins[input].name;
                self.into.get(&(path, name))?.first().copied()
            });
            let wires = self
                .out_of
                .get(&(path, &*pin.name))
                .cloned()
                .unwrap_or_default();
            let is_edited = borrowed.is_some_and(|(_, how)| how == Borrowed::Edited);
            if wires.is_empty() && pin.instances.possible == 1 && is_edited {
                alone.extend(source);
            }
            for wire in wires.iter().copied() {
                let let_through = bypass.filter(|(_, to)| *to == wire).map(|(from, _)| from);
                match (let_through, source) {
                    (Some(from), _) => self.show(from, wire, 1),
                    (None, Some(from)) if is_edited => {
                        let is_first = edited.insert(from);
                        self.edit(from, wire, is_first);
                    }
                    (None, Some(from)) => self.show(from, wire, wires.len()),
                    (None, None) => self.begin(wire, Way::Own, None),
                }
            }
        }
        // Nobody reads what is made of the frame, but it is altered all the same.
        for from in alone {
            if edited.insert(from) {
                let may = self.frees(from) && self.no_integrity(from);
                if let Some(passage) = &mut self.passages[from] {
                    passage.is_altered = may;
                }
            }
        }
    }

    fn at(&self, pin: &PinAddress, is_input: bool) -> Option<usize> {
        let wires = if is_input { &self.into } else { &self.out_of };
        let here = wires.get(&(&pin.filter, &*pin.pin))?.iter();
        here.copied().find(|&wire| {
            let it = &self.wiring.wires[wire];
            let end = if is_input { &it.to } else { &it.from };
            end.instance == pin.instance
        })
    }

    fn is_deferred(&self, wire: usize) -> bool {
        self.wiring.is_deferred(&self.wiring.wires[wire].to)
    }

    fn is_hard_wired(&self, wire: usize) -> bool {
        let outcome = &self.wiring.wires[wire].outcome;
        outcome.as_ref().is_ok_and(|it| it.medium.is_hard_wired())
    }

    fn same_format(&self, a: usize, b: usize) -> bool {
        let format = |wire: usize| {
            self.wiring.wires[wire]
                .outcome
                .as_ref()
                .ok()
                .map(|it| &it.format)
        };
        format(a) == format(b)
    }

    /// Whether everybody else has let go of a wire's frame when its reader runs.
    fn frees(&self, wire: usize) -> bool {
        let reader = self.place.get(&self.wiring.wires[wire].to.filter).copied();
        let Some((reader, frame)) = reader.zip(self.frame_of[wire]) else {
            return false;
        };
        let mut others = self.frames[frame].holders.iter();
        others.all(|&other| other == wire || self.until[other] < reader)
    }

    /// Whether nobody upstream needs the frame back as it was, or its reader promises to leave it (NEG-5, step 6).
    fn no_integrity(&self, wire: usize) -> bool {
        let pipe = self.passages[wire].and_then(|it| it.pipe);
        let needs = pipe.and_then(|pipe| self.pipes[pipe].joint.integrity);
        let reader = End {
            wire,
            is_reader: true,
        };
        needs.is_none_or(|end| end == reader)
            || self.flags(reader) & require::NO_FRAME_INTEGRITY != 0
    }

    /// A wire whose writer edits the frame of another.
    fn edit(&mut self, from: usize, wire: usize, is_first: bool) {
        let why = if self.is_hard_wired(from) {
            return self.begin(wire, Way::Own, None);
        } else if is_first && self.is_deferred(from) {
            // What comes out of a delay line stands in a frame that nobody else reads.
            return self.begin(wire, Way::InPlace, Some(from));
        } else if !is_first {
            "another output works in the frame"
        } else if !self.same_format(from, wire) {
            "the formats differ"
        } else if !self.frees(from) {
            "another reader still needs the frame"
        } else if !self.no_integrity(from) {
            "the frame must stay as it is (FRAME_INTEGRITY)"
        } else if let Err(why) = self.join(from, wire, Way::InPlace) {
            why
        } else {
            if let Some(passage) = &mut self.passages[from] {
                passage.is_altered = true;
            }
            if let Some(frame) = self.frame_of[wire] {
                self.frames[frame].holders = vec![wire];
            }
            return;
        };
        self.begin(wire, Way::Copy(why), Some(from));
    }

    /// A wire that shows the frame of another to one of `readers` readers.
    fn show(&mut self, from: usize, wire: usize, readers: usize) {
        let reader = End {
            wire,
            is_reader: true,
        };
        let why = if self.is_hard_wired(from) {
            return self.begin(wire, Way::Own, None);
        } else if self.is_deferred(from) {
            "a delay line is between"
        } else if !self.same_format(from, wire) {
            "the formats differ"
        } else if readers > 1 && self.flags(reader) & require::MUST_ALLOCATE != 0 {
            "its reader keeps frames of its own"
        } else if let Err(why) = self.join(from, wire, Way::Reference) {
            why
        } else {
            if let Some(frame) = self.frame_of[wire] {
                self.frames[frame].holders.push(wire);
            }
            return;
        };
        self.begin(wire, Way::Copy(why), Some(from));
    }

    /// Lets a wire share the frame of another, unless the pins of their pipe cannot agree with its own.
    fn join(&mut self, from: usize, wire: usize, way: Way) -> Result<(), &'static str> {
        if self.is_hard_wired(wire) {
            self.begin(wire, Way::HardWired, None);
            return Ok(());
        }
        if self.wiring.wires[wire].asked_framing().is_some() {
            return Err("other framing was asked for here");
        }
        let passage = self.passages[from];
        let (Some(pipe), Some(frame)) = (passage.and_then(|it| it.pipe), self.frame_of[from])
        else {
            return Err("nothing comes in");
        };
        let mut joint = self.pipes[pipe].joint.clone();
        for is_reader in [false, true] {
            let end = End { wire, is_reader };
            let framing = self.framing(end);
            joint = joint
                .with(end, framing.as_ref())
                .map_err(|conflict| match conflict {
                    Conflict::Memory => "the pins want other memory",
                    Conflict::Size => "no frame size suits all pins",
                    Conflict::Allocator(_) => "two pins insist on allocating",
                })?;
        }
        self.pipes[pipe].joint = joint;
        self.pipes[pipe].wires.push(wire);
        self.frame_of[wire] = Some(frame);
        self.passages[wire] = Some(Passage {
            pipe: Some(pipe),
            way,
            of: Some(from),
            is_altered: false,
            is_shared: false,
        });
        Ok(())
    }

    /// A wire with which a pipe begins.
    fn begin(&mut self, wire: usize, way: Way, of: Option<usize>) {
        let mut passage = Passage {
            pipe: None,
            way,
            of,
            is_altered: false,
            is_shared: false,
        };
        if self.is_hard_wired(wire) {
            passage.way = Way::HardWired;
            passage.of = None;
            self.passages[wire] = Some(passage);
            return;
        }
        let mut joint = Joint::default();
        for is_reader in [false, true] {
            let end = End { wire, is_reader };
            // Two pins that cannot agree have been refused.
            let framing = self.framing(end);
            joint = joint.with(end, framing.as_ref()).unwrap_or(joint);
        }
        passage.pipe = Some(self.pipes.len());
        self.frame_of[wire] = Some(self.frames.len());
        self.frames.push(Frame {
            pipe: self.pipes.len(),
            holders: vec![wire],
        });
        self.pipes.push(Growing {
            joint,
            wires: vec![wire],
            asked: self.wiring.wires[wire]
                .asked_framing()
                .map(|it| (it.bytes, it.frames)),
        });
        self.passages[wire] = Some(passage);
    }

    pub(super) fn finish(mut self, quantum: usize) -> Pipes {
        for frame in &self.frames {
            debug_assert!(frame.pipe < self.pipes.len());
        }
        let mut pipes: Vec<Pipe> = vec![];
        for growing in &self.pipes {
            pipes.push(self.settle(growing, &pipes, quantum));
        }
        for wire in 0..self.passages.len() {
            let Some(passage) = self.passages[wire] else {
                continue;
            };
            if passage.way != Way::Reference {
                continue;
            }
            // Who sees the same frame beside it.
            let of = passage.of;
            let beside = |it: &Passage| it.of == of && it.way == Way::Reference;
            let count = self
                .out_of
                .get(&(
                    &self.wiring.wires[wire].from.filter,
                    &*self.wiring.wires[wire].from.pin,
                ))
                .map_or(0, |wires| {
                    wires
                        .iter()
                        .filter(|&&it| self.passages[it].as_ref().is_some_and(beside))
                        .take(2)
                        .count()
                });
            if let Some(passage) = &mut self.passages[wire] {
                passage.is_shared = count > 1;
            }
        }
        Pipes {
            pipes,
            passages: self.passages,
        }
    }
}
