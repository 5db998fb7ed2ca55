//! Who shares frames with whom: the pipes of an agreed graph, with size, number, alignment, memory and owner of their
//! frames, and why each is what it is (NEG-1 to NEG-6).
//!
//! ```text
//!   source ─ a ─▶ gain ─ b ─▶ splitter ─┬ c ─▶ meter      a, b, c, d: one pipe, one frame
//!                                       └ d ─▶ mixer ─ e ─▶ device     e: the next pipe
//! ```
//! A pure function of the agreement and the length of a cycle. The engine lays frames out by it and asks nobody else.

mod joint;
mod settle;
mod sizes;
mod walk;
mod words;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::flatten::FlatWire;
use super::model::AskedFraming;
use super::wiring::{Agreement, FilterPath, Joined, PinAddress, Plug, Wire, Wiring};
use crate::ks::ids::Guid;

pub(in crate::graph) use words::{PAIR_STATUS, pair_fault};
pub use words::{memory_words, pin_words};

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
    /// All filters that stand in no loop, by rank, in running order.
    pub(crate) order: Vec<usize>,
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

    /// Samples of the wire's rate by which cutting anew delays what passes here.
    pub fn latency_samples(&self, wire: usize) -> u32 {
        match self.of(wire) {
            Some(pipe) if self.is_cut_anew(wire) => pipe.samples,
            _ => 0,
        }
    }
}

impl Wire {
    /// Frames of another length or number, where the user asked for them.
    pub fn asked_framing(&self) -> Option<AskedFraming> {
        self.chosen().framing
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
                asked: None,
                line: usize::MAX,
            };
            let plug = |pin: &PinAddress| {
                let filter = self.filters.get(&pin.filter);
                let descriptor = filter.and_then(|it| it.descriptor.as_deref());
                let factory = descriptor.and_then(|it| it.pin(&pin.pin));
                Plug {
                    slot: filter.map_or(0, |it| it.slot as u32),
                    factory: factory.map_or(0, |it| it.0 as u32),
                }
            };
            wiring.wires.push(Wire {
                plugs: [plug(from), plug(to)],
                connection: None,
                index: usize::MAX,
                line: usize::MAX,
                part: usize::MAX,
                is_out: false,
                is_line: self.delay(to).is_some(),
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

/// The pipes of an agreed graph. `quantum` is the longest cycle in samples of the graph's rate.
pub fn pipes(wiring: &Wiring, quantum: usize) -> Pipes {
    let order = walk::order(wiring);
    let mut work = walk::Work::new(wiring, &order);
    for &filter in &order {
        work.filter(filter);
    }
    let (pipes, passages) = work.finish(quantum);
    Pipes {
        pipes,
        passages,
        order,
    }
}
