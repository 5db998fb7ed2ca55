//! Islands: parts of a cycle that know nothing of each other and are done on two processors at once.
//!
//! An island is a box with all that its steps need: the steps, frames of its own, what is counted of it, and in the end
//! the filters themselves, which move in when the graph goes over to islands and home by value before anything else is done
//! to them. So a box can travel: the engine puts those that may be done into a queue, from which the second worker takes
//! them and the engine as well, so that it takes back what nobody has begun. What crosses is copied. Islands come home in a
//! fixed order, and their samples are those of the steps one by one, bit for bit.
//!
//! Which steps are an island's is `found.rs`, the second worker `crew.rs`. What is out of the ordinary (a pin that is
//! held, a wire that is looked at, silence) is done without islands.

mod crew;
mod found;

#[cfg(test)]
mod tests;

use super::cycle::Cycle;
use super::hold::Holds;
use super::link::{Cells, Report};
use super::plan::{Plan, Step};
use super::runs::Runs;
use super::slab::{Page, Slab};
use super::table::Tables;

pub use crew::Cores;
pub(super) use crew::{Crew, Desk};
pub(super) use found::{Ground, split};

/// The most islands of a list of steps.
pub(super) const MOST: usize = 256;
/// Reports of an island that wait for it to come home.
const REPORTS: usize = 64;

/// A list of steps with islands in it.
#[derive(Default)]
pub(super) struct Split {
    /// What the engine does itself; a fork is a step.
    pub(super) steps: Vec<Step>,
    pub(super) runs: Runs,
    /// The islands of each fork.
    pub(super) forks: Vec<std::ops::Range<usize>>,
    /// What each island gives, by where it stands outside.
    pub(super) given: Vec<Box<[u32]>>,
    /// All of them, while no filter is in them.
    ashore: Vec<Option<Box<Island>>>,
}

/// What is to be done with an island.
#[derive(Clone, Copy, Default)]
pub(super) struct Order {
    pub(super) position: u64,
    pub(super) len: usize,
    pub(super) gate: (f32, f32),
    pub(super) fall: f32,
    pub(super) says: u32,
    pub(super) fade_done: usize,
}

/// What became of it.
#[derive(Clone, Copy, Default)]
pub(super) struct Outcome {
    pub(super) sources: usize,
    pub(super) ended: usize,
    pub(super) unsaid: usize,
    pub(super) at_once: usize,
    /// What the second worker took for it; 0 where the engine did it.
    pub(super) nanos: u64,
}

/// See the module's header.
pub(super) struct Island {
    /// Its place among all.
    pub(super) number: usize,
    /// Its steps, with frames by numbers of its own.
    plan: Plan,
    /// Its filters, by their places in the slab.
    slab: Slab,
    members: Box<[u32]>,
    /// Frames that come from outside and that others want: there, and here.
    taken: Box<[(u32, u32)]>,
    given: Box<[(u32, u32)]>,
    /// Wires that carry notes to its filters, and where their frames stand in it.
    notes: Box<[(u32, Option<u32>)]>,
    order: Order,
    pub(super) outcome: Outcome,
    reports: rtrb::Producer<Report>,
    said: rtrb::Consumer<Report>,
}

/// What an island is made of.
struct Parts {
    number: usize,
    plan: Plan,
    pages: Vec<(usize, Page)>,
    members: Vec<u32>,
    taken: Vec<(u32, u32)>,
    given: Vec<(u32, u32)>,
    notes: Vec<(u32, Option<u32>)>,
}

impl Island {
    fn new(parts: Parts) -> Self {
        let (reports, said) = rtrb::RingBuffer::new(REPORTS);
        let mut slab = Slab::new();
        for (number, page) in parts.pages {
            slab.lay(number, page);
        }
        Self {
            number: parts.number,
            plan: parts.plan,
            slab,
            members: parts.members.into(),
            taken: parts.taken.into(),
            given: parts.given.into(),
            notes: parts.notes.into(),
            order: Order::default(),
            outcome: Outcome::default(),
            reports,
            said,
        }
    }

    /// Its filter at a place in the slab.
    pub(super) fn slab(&mut self) -> &mut Slab {
        &mut self.slab
    }

    /// A value of one of its filters has changed.
    fn rouse(&mut self, entry: u32) {
        self.plan.rouse(entry);
    }

    /// Takes what it needs for a piece.
    pub(super) fn board(&mut self, order: Order, tables: &Tables) {
        self.order = order;
        let own = &mut self.plan.tables;
        own.set_lengths(order.position, order.len, self.plan.rate_hz);
        for (from, to) in &self.taken {
            own.copy_from(tables, *from as usize, *to as usize);
        }
        self.plan.fade_done = order.fade_done;
    }

    /// Does its steps. `lane` says on which thread.
    pub(super) fn work(&mut self, cells: &Cells, lane: usize) {
        let Order {
            position,
            len,
            gate,
            fall,
            says,
            ..
        } = self.order;
        let mut cycle = Cycle::new(len, position, gate, fall);
        cycle.says = says;
        cycle.lane = lane;
        let unsaid = cycle.run(&mut self.plan, &mut self.slab, &mut self.reports, cells);
        self.outcome = Outcome {
            sources: cycle.sources,
            ended: cycle.ended,
            unsaid,
            at_once: self.plan.at_once,
            nanos: 0,
        };
        self.plan.changed.clear();
    }

    /// Gives what it has made.
    pub(super) fn land(&mut self, tables: &mut Tables, holds: &mut Holds) {
        if holds.hears_notes {
            for (link, slot) in &self.notes {
                match slot {
                    Some(slot) => {
                        holds.follow(*link, &self.plan.tables.payloads[*slot as usize]);
                    }
                    None => holds.listen_to(*link, tables),
                }
            }
        }
        for (to, from) in &self.given {
            tables.copy_from(&self.plan.tables, *from as usize, *to as usize);
        }
    }

    /// Hands on what was reported, as long as there is room.
    pub(super) fn tell(&mut self, reports: &mut rtrb::Producer<Report>, cells: &Cells) {
        while !reports.is_full() {
            let Ok(message) = self.said.pop() else { return };
            super::cycle::report(reports, cells, message);
        }
    }
}

impl Split {
    /// The filters move into their islands, and these to the slab.
    pub(super) fn enter(&mut self, slab: &mut Slab) {
        for number in 0..self.ashore.len() {
            let Some(mut island) = self.ashore[number].take() else {
                continue;
            };
            for index in &island.members {
                if let Some(entry) = slab.send(*index, number as u32) {
                    island.slab.put(*index, entry);
                }
            }
            slab.islands[number] = Some(island);
        }
    }

    /// The filters come home.
    pub(super) fn leave(&mut self, slab: &mut Slab) {
        for number in 0..self.ashore.len() {
            let Some(mut island) = slab.islands[number].take() else {
                continue;
            };
            island.plan.stir(&mut island.slab);
            for index in &island.members {
                if let Some(entry) = island.slab.take(*index) {
                    slab.put(*index, entry);
                }
            }
            self.ashore[number] = Some(island);
        }
    }

    /// How many rows of equal filters stand in each group.
    pub(super) fn side_by_side(&self, slab: &Slab) -> Vec<usize> {
        let islands = self.ashore.iter().chain(&slab.islands).flatten();
        let own = self.runs.side_by_side().into_iter();
        own.chain(islands.flat_map(|it| it.plan.side_by_side(&it.slab)))
            .collect()
    }

    /// Wires that carry another format than in the plan before, told by their first frames.
    pub(super) fn change(&mut self, changed: &[u32]) {
        for island in self.ashore.iter_mut().flatten() {
            island.plan.changed.extend_from_slice(changed);
        }
    }
}

/// A value of a filter has changed.
pub(super) fn rouse(slab: &mut Slab, entry: u32) {
    if let Some(island) = slab.island_of(entry) {
        island.rouse(entry);
    }
}
