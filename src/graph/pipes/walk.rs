//! The walk along the filters of a graph by which pipes grow: at each of them every wire that leaves it goes on with a
//! frame that came in, or begins a pipe (NEG-2, NEG-4 and the steps 1 and 6 of NEG-5). What becomes of a pipe's figures is
//! not decided here.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use smallvec::SmallVec;

use super::joint::{Conflict, Joint};
use super::{End, Passage, Pipe, Way};
use crate::graph::memo::Quick;
use crate::graph::order::{Ends, Roster, WireEnd, running_order};
use crate::graph::wiring::{Wire, Wiring};
use crate::ks::framing::{Borrowed, frame_of, framing_of, require};
use crate::ks::{DataFlow, DataFormat, Descriptor, Framing};

/// A frame on its way: of the wires whose readers hold it the two that do so longest, each with when its reader lets go.
struct Frame {
    pipe: usize,
    longest: [Option<(usize, usize)>; 2],
}

impl Frame {
    /// A wire's reader holds it as well.
    fn hold(&mut self, until: usize, wire: usize) {
        let new = Some((until, wire));
        let [first, second] = self.longest;
        self.longest = match (new > first, new > second) {
            (true, _) => [new, first],
            (false, true) => [first, new],
            (false, false) => self.longest,
        };
    }

    /// Until when others than one wire hold it.
    fn until(&self, but: usize) -> Option<usize> {
        let mut others = self.longest.iter().flatten();
        others.find(|it| it.1 != but).map(|it| it.0)
    }
}

/// A pipe as it grows.
pub(super) struct Growing {
    pub(super) joint: Joint,
    pub(super) wires: Vec<usize>,
    pub(super) asked: Option<(u32, u32)>,
}

/// What pins say of their frames, by where their descriptors lie and by factory.
type Framings = HashMap<(usize, usize), Option<Rc<Framing>>, Quick>;

pub(super) struct Work<'a> {
    pub(super) wiring: &'a Wiring,
    /// Filters go by rank here.
    pub(super) roster: Roster<'a>,
    ends: Ends,
    /// When each filter runs, from 1; `None` in a loop.
    place: Vec<Option<usize>>,
    pub(super) passages: Vec<Option<Passage>>,
    frames: Vec<Frame>,
    frame_of: Vec<Option<usize>>,
    pipes: Vec<Growing>,
    /// When the reader of each wire lets go of the frame.
    until: Vec<usize>,
    is_late: Vec<bool>,
    framings: RefCell<Framings>,
}

/// Wires that were agreed, with their index.
fn agreed(wiring: &Wiring) -> impl Iterator<Item = (usize, &Wire)> + Clone {
    let wires = wiring.wires.iter().enumerate();
    wires.filter(|(_, wire)| wire.outcome.is_ok())
}

/// The order in which the filters of a wiring run, by rank. No filter waits for what comes late.
pub(super) fn order(wiring: &Wiring) -> Vec<usize> {
    let roster = Roster::of(wiring);
    let direct = agreed(wiring).filter(|(_, wire)| wiring.delay_on(wire).is_none());
    let edges = direct.map(|(_, wire)| roster.ends(wire));
    let edges: Vec<(usize, usize)> = edges.map(|[from, to]| (from, to)).collect();
    running_order(roster.filters.len(), edges.into_iter())
}

impl<'a> Work<'a> {
    pub(super) fn new(wiring: &'a Wiring, order: &[usize]) -> Self {
        let roster = Roster::of(wiring);
        let mut place = vec![None; roster.filters.len()];
        for (at, &filter) in order.iter().enumerate() {
            place[filter] = Some(at + 1);
        }
        let ends = agreed(wiring).map(|(index, wire)| {
            let end = |at: usize, flow, instance| {
                let end = WireEnd {
                    flow,
                    factory: wire.plugs[at].factory,
                    instance,
                    wire: index as u32,
                };
                (roster.ends(wire)[at], end)
            };
            [
                end(0, DataFlow::Out, wire.from.instance),
                end(1, DataFlow::In, wire.to.instance),
            ]
        });
        let ends = Ends::of(roster.filters.len(), ends);
        let count = wiring.wires.len();
        let mut work = Self {
            wiring,
            roster,
            ends,
            place,
            passages: vec![None; count],
            frames: vec![],
            frame_of: vec![None; count],
            pipes: vec![],
            until: vec![0; count],
            is_late: vec![false; count],
            framings: RefCell::default(),
        };
        for (index, wire) in agreed(wiring) {
            work.is_late[index] = wiring.delay_on(wire).is_some();
            work.until[index] = work.lets_go(index);
        }
        work
    }

    pub(super) fn descriptor(&self, filter: usize) -> Option<&'a Descriptor> {
        self.roster.filters[filter].1.descriptor.as_deref()
    }

    /// The wire into the first instance of an input.
    pub(super) fn first_into(&self, filter: usize, factory: usize) -> Option<usize> {
        let ends = self.ends.at_pin(filter, DataFlow::In, factory);
        Some(ends.first()?.wire as usize)
    }

    /// Whether a filter is there, on, and has the wires it needs.
    fn runs(&self, filter: usize, descriptor: &Descriptor) -> bool {
        let known = self.roster.filters[filter].1;
        let is_on = !known.is_bypassed && !known.is_disabled;
        is_on
            && descriptor.pins.iter().enumerate().all(|(factory, pin)| {
                let count = self.ends.at_pin(filter, pin.data_flow, factory).len();
                pin.is_bridge() || count as u32 >= pin.instances.necessary
            })
    }

    /// When the reader of a wire needs its frame no longer: at its step, or, where the sound ends, after the cycle.
    fn lets_go(&self, wire: usize) -> usize {
        let [_, reader] = self.roster.ends(&self.wiring.wires[wire]);
        let at = self.place[reader].unwrap_or(usize::MAX);
        let Some(descriptor) = self.descriptor(reader) else {
            return usize::MAX;
        };
        // Nothing leads on from here: no output is connected, or works in the frame all the same.
        let ends = descriptor.pins.iter().enumerate().all(|(index, pin)| {
            let leads_on = || {
                let is_wired = !self.ends.at_pin(reader, DataFlow::Out, index).is_empty();
                let edits = || {
                    frame_of(&descriptor.pins, index)
                        .is_some_and(|(_, how)| how == Borrowed::Edited)
                };
                is_wired || pin.instances.possible == 1 && edits()
            };
            pin.data_flow == DataFlow::In || pin.is_bridge() || !leads_on()
        });
        match self.is_late[wire] || ends {
            true => usize::MAX,
            false => at,
        }
    }

    pub(super) fn framing(&self, end: End) -> Option<Rc<Framing>> {
        let wire = &self.wiring.wires[end.wire];
        let side = usize::from(end.is_reader);
        let descriptor = self.descriptor(self.roster.ends(wire)[side])?;
        let factory = wire.plugs[side].factory as usize;
        // Filters of a kind share their descriptor.
        let question = (std::ptr::from_ref(descriptor).addr(), factory);
        let mut framings = self.framings.borrow_mut();
        let known = framings.entry(question);
        let framing = known.or_insert_with(|| framing_of(&descriptor.pins, factory).map(Rc::new));
        framing.clone()
    }

    fn flags(&self, end: End) -> u32 {
        self.framing(end).map_or(0, |it| {
            it.items.iter().fold(0, |all, item| all | item.flags)
        })
    }

    /// What happens to frames at one filter: each of its wires out gets a frame.
    pub(super) fn filter(&mut self, filter: usize) {
        let Some(descriptor) = self.descriptor(filter) else {
            return;
        };
        let runs = self.runs(filter, descriptor);
        let known = self.roster.filters[filter].1;
        let bypass = (known.is_bypassed && !known.is_disabled)
            .then(|| {
                known
                    .bypass(|flow, factory| self.first(filter, flow, factory))
                    .ok()
            })
            .flatten()
            .and_then(|((input, _), (output, _))| {
                let output = self.ends.at_pin(filter, DataFlow::Out, output).first()?;
                Some((self.first_into(filter, input)?, output.wire as usize))
            });
        let mut edited: SmallVec<[usize; 4]> = SmallVec::new();
        let mut alone: SmallVec<[usize; 4]> = SmallVec::new();
        for (index, pin) in descriptor.pins.iter().enumerate() {
            if pin.data_flow == DataFlow::In || pin.is_bridge() {
                continue;
            }
            let borrowed = frame_of(&descriptor.pins, index).filter(|_| runs);
            let source = borrowed.and_then(|(input, _)| self.first_into(filter, input));
            let ends = self.ends.place_of(filter, DataFlow::Out, index);
            let is_edited = borrowed.is_some_and(|(_, how)| how == Borrowed::Edited);
            if ends.is_empty() && pin.instances.possible == 1 && is_edited {
                alone.extend(source);
            }
            let readers = ends.len();
            for end in ends {
                let wire = self.ends.wire(end);
                let let_through = bypass.filter(|(_, to)| *to == wire).map(|(from, _)| from);
                match (let_through, source) {
                    (Some(from), _) => self.show(from, wire, 1),
                    (None, Some(from)) if is_edited => {
                        let is_first = !edited.contains(&from);
                        if is_first {
                            edited.push(from);
                        }
                        self.edit(from, wire, is_first);
                    }
                    (None, Some(from)) => self.show(from, wire, readers),
                    (None, None) => self.begin(wire, Way::Own, None),
                }
            }
        }
        // Nobody reads what is made of the frame, but it is altered all the same.
        for from in alone {
            if !edited.contains(&from) {
                edited.push(from);
                let may = self.frees(from) && self.no_integrity(from);
                if let Some(passage) = &mut self.passages[from] {
                    passage.is_altered = may;
                }
            }
        }
    }

    /// The lowest instance of a factory that has a wire, and what it carries.
    fn first(&self, filter: usize, flow: DataFlow, factory: usize) -> Option<(u32, &DataFormat)> {
        let end = self.ends.at_pin(filter, flow, factory).first()?;
        let outcome = self.wiring.wires[end.wire as usize].outcome.as_ref();
        Some((end.instance, &outcome.ok()?.format))
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
        let [_, reader] = self.roster.ends(&self.wiring.wires[wire]);
        let Some((reader, frame)) = self.place[reader].zip(self.frame_of[wire]) else {
            return false;
        };
        let until = self.frames[frame].until(wire);
        until.is_none_or(|until| until < reader)
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
        } else if is_first && self.is_late[from] {
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
                self.frames[frame].longest = [Some((self.until[wire], wire)), None];
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
        } else if self.is_late[from] {
            "a delay line is between"
        } else if !self.same_format(from, wire) {
            "the formats differ"
        } else if readers > 1 && self.flags(reader) & require::MUST_ALLOCATE != 0 {
            "its reader keeps frames of its own"
        } else if let Err(why) = self.join(from, wire, Way::Reference) {
            why
        } else {
            if let Some(frame) = self.frame_of[wire] {
                self.frames[frame].hold(self.until[wire], wire);
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
        let ends = [false, true].map(|is_reader| End { wire, is_reader });
        let framings = ends.map(|end| Some((end, self.framing(end)?)));
        let framings = framings
            .each_ref()
            .map(|it| it.as_ref().map(|(end, framing)| (*end, &**framing)));
        let taken = self.pipes[pipe].joint.take(framings);
        taken.map_err(|conflict| match conflict {
            Conflict::Memory => "the pins want other memory",
            Conflict::Size => "no frame size suits all pins",
            Conflict::Allocator(_) => "two pins insist on allocating",
        })?;
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
            if let Some(framing) = self.framing(end) {
                joint = joint.with(end, &framing).unwrap_or(joint);
            }
        }
        passage.pipe = Some(self.pipes.len());
        self.frame_of[wire] = Some(self.frames.len());
        self.frames.push(Frame {
            pipe: self.pipes.len(),
            longest: [Some((self.until[wire], wire)), None],
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

    pub(super) fn finish(mut self, quantum: usize) -> (Vec<Pipe>, Vec<Option<Passage>>) {
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
            let it = &self.wiring.wires[wire];
            let ([from, _], factory) = (self.roster.ends(it), it.plugs[0].factory);
            let ends = self.ends.at_pin(from, DataFlow::Out, factory as usize);
            let sees = |end: &&WireEnd| {
                self.passages[end.wire as usize]
                    .as_ref()
                    .is_some_and(beside)
            };
            let count = ends.iter().filter(sees).take(2).count();
            if let Some(passage) = &mut self.passages[wire] {
                passage.is_shared = count > 1;
            }
        }
        (pipes, self.passages)
    }
}
