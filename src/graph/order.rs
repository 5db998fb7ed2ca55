//! A wiring by numbers: filters in the order of their paths, the wires at each of their pins, and the order in which filters
//! run, every frame being written before it is read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::shared::Shared;
use super::wiring::{FilterPath, Wire, WiredFilter, Wiring};
use crate::ks::DataFlow;

/// The filters of a wiring in the order of their paths: their *rank* is the place here.
pub(crate) struct Roster<'a> {
    pub(crate) filters: Vec<(&'a FilterPath, &'a Shared<WiredFilter>)>,
    /// By slot.
    rank: Vec<u32>,
}

impl<'a> Roster<'a> {
    pub(crate) fn of(wiring: &'a Wiring) -> Self {
        let filters: Vec<_> = wiring.filters.iter().collect();
        let slots = filters.iter().map(|(_, filter)| filter.slot);
        let mut rank = vec![0; slots.clone().max().map_or(0, |last| last + 1)];
        for (at, slot) in slots.enumerate() {
            rank[slot] = at as u32;
        }
        Self { filters, rank }
    }

    /// The ranks of the filters at both ends of a wire.
    pub(crate) fn ends(&self, wire: &Wire) -> [usize; 2] {
        wire.plugs
            .map(|plug| self.rank[plug.slot as usize] as usize)
    }
}

/// The wires at each pin of some filters that have numbers.
#[derive(Default)]
pub(crate) struct Ends {
    /// Where in `all` those of each filter begin, and where the last ones end.
    first: Vec<u32>,
    all: Vec<WireEnd>,
}

/// One of them. Those of a filter stand in the order of these fields.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct WireEnd {
    pub(crate) flow: DataFlow,
    pub(crate) factory: u32,
    pub(crate) instance: u32,
    pub(crate) wire: u32,
}

/// So many wires at a filter are looked through one by one.
const FEW: usize = 8;

impl Ends {
    /// Those of so many filters: for each wire whose its two ends are.
    pub(crate) fn of(
        count: usize,
        wires: impl Iterator<Item = [(usize, WireEnd); 2]> + Clone,
    ) -> Self {
        let mut first = vec![0; count + 1];
        for [(from, _), (to, _)] in wires.clone() {
            first[from + 1] += 1;
            first[to + 1] += 1;
        }
        for filter in 0..count {
            first[filter + 1] += first[filter];
        }
        let mut next = first.clone();
        let nothing = WireEnd {
            flow: DataFlow::In,
            factory: 0,
            instance: 0,
            wire: 0,
        };
        let mut all = vec![nothing; first[count] as usize];
        for wire in wires {
            for (filter, end) in wire {
                all[next[filter] as usize] = end;
                next[filter] += 1;
            }
        }
        for filter in 0..count {
            all[first[filter] as usize..first[filter + 1] as usize].sort_unstable();
        }
        Self { first, all }
    }

    /// The wires at a filter.
    pub(crate) fn at(&self, filter: usize) -> &[WireEnd] {
        &self.all[self.first[filter] as usize..self.first[filter + 1] as usize]
    }

    /// The wires at all instances of one of its pins, in the order of those.
    pub(crate) fn at_pin(&self, filter: usize, flow: DataFlow, factory: usize) -> &[WireEnd] {
        &self.all[self.place_of(filter, flow, factory)]
    }

    /// Where they stand among all.
    pub(crate) fn place_of(
        &self,
        filter: usize,
        flow: DataFlow,
        factory: usize,
    ) -> std::ops::Range<usize> {
        let ends = self.at(filter);
        let is_before = |end: &WireEnd| (end.flow, end.factory as usize) < (flow, factory);
        let is_it = |end: &WireEnd| end.flow == flow && end.factory as usize == factory;
        let (before, count) = if ends.len() <= FEW {
            let before = ends.iter().take_while(|end| is_before(end)).count();
            let its = ends[before..].iter().take_while(|end| is_it(end));
            (before, its.count())
        } else {
            let before = ends.partition_point(is_before);
            (before, ends[before..].partition_point(is_it))
        };
        let first = self.first[filter] as usize + before;
        first..first + count
    }

    /// The wire at a place among all.
    pub(crate) fn wire(&self, place: usize) -> usize {
        self.all[place].wire as usize
    }
}

/// Sources first; among filters that are ready, the one with the smallest number. What stands in a loop is left out.
pub(crate) fn running_order(
    count: usize,
    wires: impl Iterator<Item = (usize, usize)> + Clone,
) -> Vec<usize> {
    let mut waits = vec![0_u32; count];
    let mut first = vec![0_u32; count + 1];
    for (from, to) in wires.clone() {
        waits[to] += 1;
        first[from + 1] += 1;
    }
    for filter in 0..count {
        first[filter + 1] += first[filter];
    }
    let mut feeds = vec![0_u32; first[count] as usize];
    let mut next = first.clone();
    for (from, to) in wires {
        feeds[next[from] as usize] = to as u32;
        next[from] += 1;
    }
    let ready = (0..count).filter(|filter| waits[*filter] == 0);
    let mut ready: BinaryHeap<Reverse<usize>> = ready.map(Reverse).collect();
    let mut order = Vec::with_capacity(count);
    while let Some(Reverse(filter)) = ready.pop() {
        order.push(filter);
        for &to in &feeds[first[filter] as usize..first[filter + 1] as usize] {
            let count = &mut waits[to as usize];
            *count -= 1;
            if *count == 0 {
                ready.push(Reverse(to as usize));
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_ready_runs_by_number_and_what_stands_in_a_loop_is_left_out() {
        let wires = [(5, 0), (0, 3), (5, 3), (1, 4), (6, 7), (7, 6)];
        assert_eq!(running_order(8, wires.into_iter()), [1, 2, 4, 5, 0, 3]);
    }

    #[test]
    fn the_wires_of_a_pin_stand_by_instance() {
        let end = |factory, instance, wire| WireEnd {
            flow: DataFlow::In,
            factory,
            instance,
            wire,
        };
        let all = [
            [(1, end(1, 0, 4)), (1, end(0, 9, 3))],
            [(0, end(0, 0, 1)), (1, end(0, 2, 2))],
        ];
        let ends = Ends::of(3, all.into_iter());
        let wires = |ends: &[WireEnd]| ends.iter().map(|end| end.wire).collect::<Vec<_>>();
        assert_eq!(wires(ends.at_pin(1, DataFlow::In, 0)), [2, 3]);
        assert_eq!(wires(ends.at(1)), [2, 3, 4]);
        assert!(ends.at_pin(1, DataFlow::Out, 0).is_empty() && ends.at(2).is_empty());
        // Many and few are looked through in ways of their own.
        for count in [FEW as u32, 40 * FEW as u32] {
            let all = (0..count / 2).map(|at| [(0, end(at % 4, at, at)), (1, end(0, at, at))]);
            let ends = Ends::of(2, all);
            for factory in 0..5 {
                let wanted = (0..count / 2).filter(|at| at % 4 == factory as u32);
                let wanted: Vec<u32> = wanted.collect();
                assert_eq!(wires(ends.at_pin(0, DataFlow::In, factory)), wanted);
            }
            let place = ends.place_of(1, DataFlow::In, 0);
            assert_eq!(
                (place.start, place.len()),
                (count as usize / 2, count as usize / 2)
            );
        }
    }
}
