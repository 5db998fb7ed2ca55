//! Who shares frames with whom: the pipes of an agreed graph, with size, number, alignment, memory and owner of their
//! frames, and why each is what it is (NEG-1 to NEG-6).
//!
//! ```text
//!   source ─ a ─▶ gain ─ b ─▶ splitter ─┬ c ─▶ meter      a, b, c, d: one pipe, one frame
//!                                       └ d ─▶ mixer ─ e ─▶ device     e: the next pipe
//! ```
//! A pure function of the agreement and the length of a cycle. The engine lays frames out by it and asks nobody else.

mod joint;
mod sizes;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use joint::{Conflict, Joint};
use sizes::Sizes;

use super::flatten::FlatWire;
use super::model::{AskedFraming, Chosen};
use super::order::running_order;
use super::wiring::{Agreement, FilterPath, Joined, PinAddress, Wire, Wiring};
use crate::ks::framing::{Borrowed, frame_of, framing_of, require};
use crate::ks::ids::Guid;
use crate::ks::{DataFlow, Descriptor, Framing, Status};

/// One end of a wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// Index of the wire in [`Wiring::wires`].
    pub wire: usize,
    /// The reader's end; else the writer's.
    pub is_reader: bool,
}

/// A figure of a pipe, and why it is what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figure<T> {
    /// What was agreed.
    pub value: T,
    /// The pin that had its way.
    pub by: Option<End>,
    /// Why, in a few words.
    pub why: &'static str,
}

/// A run of wires that share frames.
#[derive(Clone, Debug)]
pub struct Pipe {
    /// Its wires, the writer's first.
    pub wires: Vec<usize>,
    /// Bytes of a frame in the agreed format; 0 where the format has no size.
    pub size: Figure<u32>,
    /// Samples of a frame; 0 where it carries no sound.
    pub samples: u32,
    /// How many frames there are.
    pub frames: Figure<u32>,
    /// Alignment less one.
    pub alignment: Figure<u32>,
    /// Where they lie.
    pub memory: Figure<Guid>,
    /// Whose they are; by nobody: the default allocator's.
    pub owner: Figure<()>,
    /// Whether frames have a length of their own: the sound is cut anew where the pipe begins, and arrives one such
    /// frame later.
    pub is_cut_anew: bool,
    /// The longest cycle in samples of the wire's rate that the frames have room for.
    pub most_samples: Option<u32>,
    /// What was wished for and could not be.
    pub unheard: Vec<End>,
}

/// How a wire's frame comes about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The writer fills a frame of the pipe's own.
    Own,
    /// The writer edits the frame of the wire that `of` names.
    InPlace,
    /// The frame of another wire, shown to this reader too.
    Reference,
    /// A copy of another wire's frame, which the writer edits or the reader gets. Says why it is one.
    Copy(&'static str),
    /// None: nothing passes here.
    HardWired,
}

/// What is known of one wire's frames.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passage {
    /// Index of its pipe; `None` where no frames pass.
    pub pipe: Option<usize>,
    /// How its frame comes about.
    pub way: Way,
    /// The wire whose frame it is, or a copy of.
    pub of: Option<usize>,
    /// Whether its reader may alter the frame.
    pub is_altered: bool,
    /// Whether several readers see the frame.
    pub is_shared: bool,
}

/// The pipes of a graph.
#[derive(Clone, Debug, Default)]
pub struct Pipes {
    /// All of them, in running order.
    pub pipes: Vec<Pipe>,
    passages: Vec<Option<Passage>>,
}

impl Pipes {
    /// The pipe of a wire, by its index in [`Wiring::wires`].
    pub fn of(&self, wire: usize) -> Option<&Pipe> {
        self.pipes.get(self.passage(wire)?.pipe?)
    }

    /// How a wire's frames come about; `None` for a wire that is refused.
    pub fn passage(&self, wire: usize) -> Option<Passage> {
        *self.passages.get(wire)?
    }

    /// Whether the sound is cut anew where this wire begins.
    pub fn is_cut_anew(&self, wire: usize) -> bool {
        self.of(wire)
            .is_some_and(|pipe| pipe.is_cut_anew && pipe.wires.first() == Some(&wire))
    }

    /// How a wire's frame reaches who reads it, in a word or two.
    pub fn path_words(&self, wiring: &Wiring, wire: usize) -> &'static str {
        let Some(passage) = self.passage(wire) else {
            return "refused";
        };
        let is_delayed = wiring
            .wires
            .get(wire)
            .is_some_and(|it| wiring.is_deferred(&it.to));
        match passage.way {
            Way::HardWired => "no frames",
            _ if is_delayed => "delay line",
            _ if self.is_cut_anew(wire) => "cut anew",
            Way::Copy(_) => "copied",
            _ if passage.is_altered || passage.way == Way::InPlace => "in place",
            _ if passage.is_shared => "by reference",
            _ => "read",
        }
    }

    /// Samples of the wire's rate by which cutting anew delays what passes here.
    pub fn latency_samples(&self, wire: usize) -> u32 {
        match self.of(wire) {
            Some(pipe) if self.is_cut_anew(wire) => pipe.samples,
            _ => 0,
        }
    }

    /// Who decides over the frames of a pipe, in words.
    pub fn owner_words(&self, wiring: &Wiring, pipe: &Pipe) -> String {
        pipe.owner
            .by
            .map_or_else(|| "default allocator".into(), |end| pin_words(wiring, end))
    }
}

impl Wire {
    /// Frames of another length or number, where the user asked for them.
    pub fn asked_framing(&self) -> Option<AskedFraming> {
        self.chosen.framing
    }
}

impl Wiring {
    /// The same with a wire that is not there yet, so that its frames can be told, and that wire's place.
    pub fn with_wire(
        &self,
        (from, to): (&PinAddress, &PinAddress),
        agreed: &Agreement,
    ) -> (Self, usize) {
        let there = |wire: &Wire| wire.from == *from && wire.to == *to;
        let mut wiring = self.clone();
        let at = wiring.wires.iter().position(there).unwrap_or_else(|| {
            let flat = FlatWire {
                from: from.clone(),
                to: to.clone(),
                place: FilterPath::default(),
                chosen: Chosen::default(),
                line: usize::MAX,
            };
            wiring.wires.push(Wire {
                connection: None,
                index: usize::MAX,
                line: usize::MAX,
                part: usize::MAX,
                is_out: false,
                joined: Arc::new(Joined {
                    outcome: Ok(agreed.clone()),
                    flat: Arc::new(flat),
                }),
            });
            wiring.wires.len() - 1
        });
        (wiring, at)
    }
}

/// `Gain.in`, for the end of a wire.
pub fn pin_words(wiring: &Wiring, end: End) -> String {
    let wire = wiring.wires.get(end.wire);
    wire.map_or_else(String::new, |wire| {
        wiring.pin_text(if end.is_reader { &wire.to } else { &wire.from })
    })
}

/// The name of a kind of memory.
pub fn memory_words(memory: Guid) -> String {
    if memory == crate::ks::framing::SYSTEM_MEMORY_TYPE {
        "system memory".into()
    } else {
        format!("{memory:?}")
    }
}

/// Why two pins cannot share an allocator, which a wire between them would have to have (NEG-5): what the one offers and
/// the other wants.
pub(super) fn pair_fault(
    from: (&Descriptor, usize),
    to: (&Descriptor, usize),
) -> Option<(String, String)> {
    let (offered, wanted) = (
        framing_of(&from.0.pins, from.1)?,
        framing_of(&to.0.pins, to.1)?,
    );
    let end = |is_reader| End { wire: 0, is_reader };
    let joint = Joint::default().with(end(false), Some(&offered)).ok()?;
    let words = |framing: &Framing, what: &dyn Fn(&crate::ks::FramingItem) -> String| {
        let items: Vec<String> = framing.items.iter().map(what).collect();
        items.join(" or ")
    };
    let say = |what: &dyn Fn(&crate::ks::FramingItem) -> String| {
        (words(&offered, what), words(&wanted, what))
    };
    match joint.with(end(true), Some(&wanted)).err()? {
        Conflict::Memory => Some(say(&|item| {
            format!("frames in {}", memory_words(item.memory))
        })),
        Conflict::Size => Some(say(&|item| {
            let (min, max, step) = (item.size.min, item.size.max, item.size.stepping.max(1));
            match max {
                u32::MAX => format!("frames of {min} bytes and more in steps of {step}"),
                _ => format!("frames of {min} to {max} bytes in steps of {step}"),
            }
        })),
        Conflict::Allocator(_) => Some((
            "insists on allocating the frames".into(),
            "insists on allocating them too".into(),
        )),
    }
}

pub(super) const PAIR_STATUS: Status = Status::NoMatch;

/// A frame on its way: the wires whose readers have not let go of it.
struct Frame {
    pipe: usize,
    holders: Vec<usize>,
}

/// A pipe as it grows.
struct Growing {
    joint: Joint,
    wires: Vec<usize>,
    asked: Option<(u32, u32)>,
}

struct Work<'a> {
    wiring: &'a Wiring,
    place: BTreeMap<&'a FilterPath, usize>,
    into: BTreeMap<(&'a FilterPath, &'a str), Vec<usize>>,
    out_of: BTreeMap<(&'a FilterPath, &'a str), Vec<usize>>,
    passages: Vec<Option<Passage>>,
    frames: Vec<Frame>,
    frame_of: Vec<Option<usize>>,
    pipes: Vec<Growing>,
    /// When the reader of each wire lets go of the frame.
    until: Vec<usize>,
}

/// The pipes of an agreed graph. `quantum` is the longest cycle in samples of the graph's rate.
pub fn pipes(wiring: &Wiring, quantum: usize) -> Pipes {
    let mut work = Work::new(wiring);
    let mut order: Vec<&FilterPath> = work.place.keys().copied().collect();
    order.sort_by_key(|path| work.place[path]);
    for path in order {
        work.filter(path);
    }
    work.finish(quantum)
}

impl<'a> Work<'a> {
    fn new(wiring: &'a Wiring) -> Self {
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

    fn descriptor(&self, path: &FilterPath) -> Option<&'a Descriptor> {
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

    fn framing(&self, end: End) -> Option<Framing> {
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
    fn filter(&mut self, path: &'a FilterPath) {
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

    fn finish(mut self, quantum: usize) -> Pipes {
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

    fn settle(&self, growing: &Growing, before: &[Pipe], quantum: usize) -> Pipe {
        let settled = growing.joint.settle();
        let first = growing.wires[0];
        let wire = &self.wiring.wires[first];
        let agreed = wire.outcome.as_ref().ok();
        let audio = agreed.and_then(|it| it.format.audio);
        let block = u64::from(agreed.map_or(0, |it| it.format.sample_size()));
        let rate = self.wiring.rate_hz.max(1);
        let cycle = audio.map_or(0, |audio| {
            (quantum as u64 * u64::from(audio.rate_hz)).div_ceil(u64::from(rate))
        });
        let mut sizes = settled.sizes;
        let mut size = Figure {
            value: (cycle * block).min(u64::from(u32::MAX)) as u32,
            by: None,
            why: "nobody asks: a cycle's",
        };
        let mut unheard = settled.unheard;
        let mut is_cut_anew = false;
        let mut most_samples = None;
        let fixed = |bytes: u64, by, why| Figure {
            value: bytes.min(u64::from(u32::MAX)) as u32,
            by,
            why,
        };
        // The ratio of a compression binds what goes out to what came in.
        if let Some(ratio) = self.ratio(first, before) {
            match sizes.meet(Sizes::only(ratio)) {
                Some(met) => {
                    sizes = met;
                    let end = End {
                        wire: first,
                        is_reader: false,
                    };
                    size = fixed(met.first, Some(end), "the ratio of its compression");
                    is_cut_anew = true;
                }
                None => unheard.push(End {
                    wire: first,
                    is_reader: false,
                }),
            }
        }
        if !is_cut_anew && sizes.first > 0 {
            let why = match settled.is_stepped {
                true => "the largest least size, on everybody's steps",
                false => "the largest least size",
            };
            size = fixed(sizes.first, settled.size_by, why);
            is_cut_anew = true;
        } else if !is_cut_anew && !sizes.is_any() && block > 0 {
            let whole = sizes.meet(Sizes::of(crate::ks::SizeRange {
                min: 0,
                max: u32::MAX,
                stepping: block as u32,
            }));
            let on_every_sample = whole.and_then(|it| {
                let next = it.largest_up_to(block)?;
                (next == block).then_some(it)
            });
            match (on_every_sample, whole) {
                // Any number of samples will do, up to a limit: cycles are kept as short.
                (Some(it), _) => {
                    let most = (it.last / block).max(1);
                    most_samples = Some(most.min(u64::from(u32::MAX)) as u32);
                    if u64::from(size.value) > most * block {
                        size = fixed(most * block, None, "the least largest size");
                    }
                }
                (None, Some(it)) => {
                    const USUAL: u64 = 256;
                    if let Some(bytes) =
                        it.largest_up_to((USUAL * block).max(it.first)).or_else(|| {
                            let above = it.meet(Sizes::of(crate::ks::SizeRange {
                                min: 1,
                                max: u32::MAX,
                                stepping: 1,
                            }))?;
                            Some(above.first)
                        })
                    {
                        size = fixed(bytes, None, "the steps of its pins");
                        is_cut_anew = true;
                    }
                }
                (None, None) => {}
            }
        }
        let mut frames = Figure {
            value: settled.frames.0,
            by: settled.frames.1,
            why: "the most that any pin wants",
        };
        let is_push = growing.wires.iter().any(|&wire| {
            let outcome = &self.wiring.wires[wire].outcome;
            outcome.as_ref().is_ok_and(|it| it.is_push)
        });
        let least = if is_push { 2 } else { 1 };
        if frames.value < least {
            frames = Figure {
                value: least,
                by: None,
                why: if is_push {
                    "at least two where the writer issues the requests"
                } else {
                    "at least one"
                },
            };
        }
        if let Some((bytes, count)) = growing.asked {
            let on_grid = u64::from(bytes).next_multiple_of(block.max(1));
            if bytes > 0 && block > 0 {
                match growing.joint.settle().sizes.meet(Sizes::only(on_grid)) {
                    Some(_) => {
                        size = fixed(on_grid, None, "asked for by hand");
                        is_cut_anew = true;
                        most_samples = None;
                    }
                    None => unheard.extend(settled.size_by),
                }
            }
            if count > frames.value {
                frames = Figure {
                    value: count,
                    by: None,
                    why: "asked for by hand",
                };
            }
        }
        let samples = u64::from(size.value).checked_div(block).unwrap_or(0);
        // A frame without room for one sample carries no sound of its own length.
        let is_cut_anew = is_cut_anew && samples > 0;
        let last = growing.wires.iter().copied().next_back().unwrap_or(first);
        let sink = End {
            wire: last,
            is_reader: true,
        };
        let (by, why) = settled.owner.map_or_else(
            || match self.framing(sink) {
                Some(_) => (Some(sink), "nobody insists: the reader at the end"),
                None => (None, "nobody declares a framing"),
            },
            |(end, why)| (Some(end), why),
        );
        Pipe {
            wires: growing.wires.clone(),
            size,
            samples: samples as u32,
            frames,
            alignment: Figure {
                value: settled.alignment.0,
                by: settled.alignment.1,
                why: match settled.alignment.1 {
                    Some(_) => "every pin's mask",
                    None => "nobody asks",
                },
            },
            memory: settled.memory,
            owner: Figure { value: (), by, why },
            is_cut_anew,
            most_samples,
            unheard,
        }
    }

    /// Bytes that leave a filter which insists on the ratio of its compression.
    fn ratio(&self, wire: usize, before: &[Pipe]) -> Option<u64> {
        let framing = self.framing(End {
            wire,
            is_reader: false,
        })?;
        let insists = framing
            .items
            .iter()
            .any(|item| item.flags & require::INSIST_ON_FRAMESIZE_RATIO != 0);
        if !insists {
            return None;
        }
        let filter = &self.wiring.wires[wire].from.filter;
        let descriptor = self.descriptor(filter)?;
        let inputs = descriptor
            .pins
            .iter()
            .filter(|pin| pin.data_flow == DataFlow::In);
        let source = inputs
            .filter_map(|pin| self.into.get(&(filter, &*pin.name))?.first().copied())
            .next()?;
        let pipe = before.get(self.passages[source]?.pipe?)?;
        let compression = framing.compression;
        let scaled = u64::from(pipe.size.value) * u64::from(compression.numerator)
            / u64::from(compression.denominator.max(1));
        pipe.is_cut_anew
            .then_some(scaled + u64::from(compression.margin))
    }
}
