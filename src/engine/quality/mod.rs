//! Who watches over quality: hears what sinks say of the frames they get, and asks filters upstream for less, or for as
//! much as before (QUA-1 to QUA-6).
//!
//! ```text
//!   a cycle is late, the card runs dry ──▶ all ────┐
//!   a filter that reports, another card ──▶ sink ──┴▶ level 0 to 3 each ──▶ filters upstream: the highest that is asked
//! ```
//!
//! Lives on the audio thread and never allocates. Live only: what is rendered is never asked for less, whatever the load.
//! What each filter gives up is its own (`Processor::degrade`). Time is counted in samples of the graph.

mod ladder;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

use self::ladder::{Ladder, is_recent};
use super::cycle::report;
use super::link::{Cells, Report};
use super::plan::Plan;
use super::runner::Runner;
use super::slab::Slab;
use super::spec::Spec;
use crate::ks::quality::ALL_OF_USE;
use crate::ks::{DataFlow, Quality, RefTime};

/// Sinks that report are asked so many times a second, on a grid of the graph's time.
const ASKS: u64 = 100;
/// From one report of a sink to its next, in such steps: a tenth of a second (QUA-6).
const REPORT: u64 = 10;
/// Parts in a thousand of the time that work may take for a level to be taken back.
const ROOM: u64 = 750;
/// Parts in a thousand that work must take at least if doing less is to help a card that runs dry.
const WORK: u64 = 500;
/// A report's time in nanoseconds.
const REPORT_NANOS: u64 = 1_000_000_000 / ASKS * REPORT;

/// A filter that can do with less.
#[derive(Debug)]
struct Lever {
    entry: u32,
    wanted: u8,
}

/// Somebody who says something of the frames it gets.
#[derive(Debug, Default)]
struct Watch {
    /// `None`: everything that a cycle fills.
    entry: Option<u32>,
    /// Whether its processor is asked.
    is_asked: bool,
    /// Places of levers on the ways to it.
    upstream: Box<[u32]>,
    ladder: Ladder,
    /// When it was asked last, when a report of it was passed on, and whether that was bad.
    asked: Option<u64>,
    told: Option<u64>,
    is_poor: bool,
}

/// What cycles took, since it was last told of.
#[derive(Clone, Copy, Debug, Default)]
struct Strain {
    lasted: u64,
    spent: u64,
    /// By how much they were late together, and the worst of them.
    excess: u64,
    worst: u64,
    /// Gaps at the card, by what they lasted.
    missing: u64,
    /// The length of the last cycle.
    cycle: u64,
}

impl Strain {
    /// As a sink would say it: the part of what it needed that it got in time.
    fn quality(&self) -> Quality {
        let late = self.excess + self.missing;
        let all = (self.lasted + late).max(1);
        let of_use = match late {
            0 => u64::from(ALL_OF_USE),
            _ => self.lasted * u64::from(ALL_OF_USE) / all,
        };
        let at_least = if self.missing > 0 { self.cycle } else { 0 };
        Quality {
            proportion: of_use as u16,
            delta: (self.worst.max(at_least) / 100) as RefTime,
        }
    }

    /// Parts in a thousand of the time that work took.
    fn busy(&self) -> u64 {
        self.spent * 1000 / self.lasted.max(1)
    }
}

/// All who say something of the frames they get in a plan, and all who can do with less.
#[derive(Debug, Default)]
pub(super) struct Watches {
    rate_hz: u32,
    /// Nobody is asked for less: what sinks say is passed on, and nothing comes of it.
    is_off: bool,
    levers: Box<[Lever]>,
    all: Watch,
    sinks: Box<[Watch]>,
    is_asking: bool,
    strain: Strain,
    /// What cycles lasted or took, whichever was more: the time in which `all` and cards are heard. Those who are asked
    /// are heard in the graph's.
    nanos: u64,
    /// Levels are to be told to filters.
    is_due: bool,
}

impl Watches {
    /// Those of a layout. `reports` and `drives` say of a place in the slab whether its filter says something by itself,
    /// and whether it has a card.
    pub(super) fn of(spec: &Spec, is_off: bool) -> Self {
        let nodes = spec.nodes.iter().enumerate();
        let levers = nodes.filter(|(_, node)| node.descriptor().degrades.is_some());
        let levers: Vec<(usize, u32)> = levers
            .filter_map(|(index, node)| Some((index, node.entry?)))
            .collect();
        let places: BTreeMap<usize, u32> = levers
            .iter()
            .enumerate()
            .map(|(place, (index, _))| (*index, place as u32))
            .collect();
        let mut writers = vec![None; spec.wires.len()];
        for (index, node) in spec.nodes.iter().enumerate() {
            for wire in node.wires(DataFlow::Out) {
                writers[wire] = Some(index);
            }
        }
        let mut sinks = vec![];
        for (index, node) in spec.nodes.iter().enumerate() {
            let Some(open) = &node.open else { continue };
            let is_asked = open.reports_quality;
            if !is_asked && !open.has_pacer {
                continue;
            }
            sinks.push(Watch {
                entry: Some(open.entry),
                is_asked,
                upstream: upstream(spec, &writers, &places, index),
                ..Watch::default()
            });
        }
        Self {
            rate_hz: spec.rate_hz,
            is_off,
            all: Watch {
                upstream: (0..levers.len() as u32).collect(),
                ..Watch::default()
            },
            levers: levers
                .into_iter()
                .map(|(_, entry)| Lever { entry, wanted: 0 })
                .collect(),
            is_asking: sinks.iter().any(|it| it.is_asked),
            sinks: sinks.into(),
            strain: Strain::default(),
            nanos: 0,
            is_due: true,
        }
    }

    /// What was heard so far goes on; filters that came are asked like the rest.
    pub(super) fn take_over(&mut self, old: &mut Self) {
        let is_off = self.is_off;
        let keep = |new: &mut Watch, old: &Watch| {
            if !is_off {
                new.ladder = old.ladder;
            }
            (new.asked, new.told, new.is_poor) = (old.asked, old.told, old.is_poor);
        };
        keep(&mut self.all, &old.all);
        for new in &mut self.sinks {
            if let Some(old) = old.sinks.iter().find(|it| it.entry == new.entry) {
                keep(new, old);
            }
        }
        (self.strain, self.nanos) = (old.strain, old.nanos);
        self.is_due = true;
    }

    /// Samples from one asking to the next.
    fn grid(&self) -> u64 {
        (u64::from(self.rate_hz) / ASKS).max(1)
    }

    /// The time in which all and cards are heard, in steps of [`ASKS`].
    fn passed(&self) -> u64 {
        self.nanos / (REPORT_NANOS / REPORT)
    }

    /// Reckons what is asked of each filter. Whether that is news to one of them.
    fn weigh(&mut self, slab: &mut Slab) -> bool {
        self.levers.iter_mut().for_each(|lever| lever.wanted = 0);
        for watch in std::iter::once(&self.all).chain(&self.sinks) {
            let level = watch.ladder.level;
            for &place in watch.upstream.iter().filter(|_| level > 0) {
                let lever = &mut self.levers[place as usize];
                lever.wanted = lever.wanted.max(level);
            }
        }
        self.levers.iter().any(|lever| {
            let open = slab.get(lever.entry).filter(|open| !open.is_faulty);
            open.is_some_and(|it| (it.degraded, it.degraded_told) != (lever.wanted, lever.wanted))
        })
    }

    /// Tells filters what is asked of them, where that has changed. How many broke over it: what they said is with them.
    fn apply(
        &mut self,
        slab: &mut Slab,
        reports: &mut rtrb::Producer<Report>,
        cells: &Cells,
        position: u64,
    ) -> usize {
        let mut broken = 0;
        let mut is_untold = false;
        for lever in &self.levers {
            let level = lever.wanted;
            let Some(open) = slab.get(lever.entry) else {
                continue;
            };
            if open.is_faulty || (open.degraded == level && open.degraded_told == level) {
                continue;
            }
            let was = std::mem::replace(&mut open.degraded, level);
            let ask = AssertUnwindSafe(|| open.processor.degrade(level));
            if was != level
                && let Err(message) = catch_unwind(ask)
            {
                open.is_faulty = true;
                std::mem::forget(open.unsaid.replace(message));
                broken += 1;
                continue;
            }
            if let Some(figures) = cells.ledger.get(lever.entry) {
                let cell = &figures.degraded;
                cell.store(level, Ordering::Relaxed);
            }
            // Told later where there is no room now.
            if reports.is_full() {
                is_untold = true;
                continue;
            }
            open.degraded_told = level;
            let entry = lever.entry;
            let told = Report::Degraded {
                entry,
                level,
                position,
            };
            report(reports, cells, told);
        }
        self.is_due = is_untold;
        broken
    }
}

/// Places of the levers on the ways to a node.
fn upstream(
    spec: &Spec,
    writers: &[Option<usize>],
    places: &BTreeMap<usize, u32>,
    of: usize,
) -> Box<[u32]> {
    let mut is_seen = vec![false; spec.nodes.len()];
    let mut open = vec![of];
    let mut found = vec![];
    while let Some(index) = open.pop() {
        let node = &spec.nodes[index];
        for wire in node.wires(DataFlow::In) {
            let Some(writer) = writers[wire] else {
                continue;
            };
            if !std::mem::replace(&mut is_seen[writer], true) {
                open.push(writer);
                found.extend(places.get(&writer).copied());
            }
        }
    }
    found.sort_unstable();
    found.into()
}

/// What somebody said, and who it was: a sink of the plan, or all.
struct Said {
    sink: Option<usize>,
    quality: Quality,
    /// Whether doing less would help.
    may_climb: bool,
}

impl Runner {
    /// The longest piece of `len` samples that does not pass the next time at which sinks are asked.
    pub(super) fn until_quality(&self, plan: &Plan, len: usize) -> usize {
        if !self.is_live || !plan.quality.is_asking {
            return len;
        }
        let grid = plan.quality.grid();
        len.min((grid - self.elapsed % grid) as usize)
    }

    /// A cycle took so many nanoseconds, and was to take no more than `lasts`.
    pub(super) fn timed(&mut self, spent: u64, lasts: u64) {
        let Some(plan) = &mut self.plan else { return };
        plan.quality.nanos += spent.max(lasts);
        let strain = &mut plan.quality.strain;
        let late = spent.saturating_sub(lasts);
        strain.lasted += lasts;
        strain.spent += spent;
        strain.excess += late;
        strain.worst = strain.worst.max(late);
        strain.cycle = lasts;
        if strain.lasted + strain.excess >= REPORT_NANOS {
            self.judge();
        }
    }

    /// A card found nothing to play, so many times: told at once, if nothing was told just now.
    pub(super) fn ran_dry(&mut self, entry: u32, count: u32) {
        let Some(plan) = &mut self.plan else { return };
        let watches = &mut plan.quality;
        let now = watches.passed();
        if plan.master == Some(entry) {
            let strain = &mut watches.strain;
            strain.missing += strain.cycle.max(1) * u64::from(count);
            if !is_recent(watches.all.told, now, REPORT - 1) {
                self.judge();
            }
            return;
        }
        let is_it = |it: &Watch| it.entry == Some(entry);
        let Some(sink) = watches.sinks.iter().position(is_it) else {
            return;
        };
        if is_recent(watches.sinks[sink].told, now, REPORT - 1) {
            return;
        }
        let strain = Strain {
            missing: watches.strain.cycle.max(1) * u64::from(count),
            ..watches.strain
        };
        self.hear(&Said {
            sink: Some(sink),
            quality: strain.quality(),
            may_climb: strain.busy() >= WORK,
        });
    }

    /// Says of the last cycles what a sink would, and begins anew.
    fn judge(&mut self) {
        let Some(plan) = &mut self.plan else { return };
        let watches = &mut plan.quality;
        let strain = std::mem::take(&mut watches.strain);
        watches.strain.cycle = strain.cycle;
        let now = watches.passed();
        let quality = strain.quality();
        if !quality.is_poor() {
            let cards = watches.sinks.iter_mut().filter(|it| !it.is_asked);
            for watch in std::iter::once(&mut watches.all).chain(cards) {
                let level = watch.ladder.level;
                match strain.busy() < ROOM {
                    true => watch.ladder.rest(now),
                    false => watch.ladder.fill(now),
                }
                watches.is_due |= watch.ladder.level != level;
            }
        }
        self.hear(&Said {
            sink: None,
            quality,
            may_climb: strain.excess > 0 || strain.busy() >= WORK,
        });
        self.tell_levels();
    }

    fn hear(&mut self, said: &Said) {
        let position = self.elapsed;
        let Some(plan) = &mut self.plan else { return };
        let watches = &mut plan.quality;
        let (graph, passed) = (position / watches.grid(), watches.passed());
        let may_climb = said.may_climb && !watches.is_off;
        let watch = match said.sink {
            Some(sink) => &mut watches.sinks[sink],
            None => &mut watches.all,
        };
        let now = if watch.is_asked { graph } else { passed };
        let quality = said.quality;
        let is_poor = quality.is_poor();
        if is_poor && may_climb {
            let level = watch.ladder.level;
            watch.ladder.complain(now);
            watches.is_due |= watch.ladder.level != level;
        }
        // Once more when all is well again. What finds no room is said again next time, or is no longer true.
        if (watch.is_poor || is_poor) && !self.reports.is_full() {
            watch.is_poor = is_poor;
            watch.told = Some(now);
            let entry = watch.entry.or(plan.master);
            let told = Report::Quality {
                entry,
                quality,
                position,
            };
            report(&mut self.reports, &self.cells, told);
        }
    }

    /// Asks those who report, when it is time.
    pub(super) fn ask_quality(&mut self) {
        if !self.is_live {
            return;
        }
        let position = self.elapsed;
        let sinks = match &self.plan {
            Some(plan)
                if plan.quality.is_asking && position.is_multiple_of(plan.quality.grid()) =>
            {
                plan.quality.sinks.len()
            }
            _ => 0,
        };
        for sink in 0..sinks {
            let Some(plan) = &mut self.plan else { return };
            let now = position / plan.quality.grid();
            let watch = &mut plan.quality.sinks[sink];
            if !watch.is_asked {
                continue;
            }
            let level = watch.ladder.level;
            watch.ladder.rest(now);
            let is_lower = watch.ladder.level != level;
            let is_asked = !is_recent(watch.asked, now, REPORT - 1);
            let entry = watch.entry.filter(|_| is_asked);
            if is_asked {
                watch.asked = Some(now);
            }
            plan.quality.is_due |= is_lower;
            let open = entry.and_then(|entry| self.slab.get(entry));
            let open = open.filter(|it| !it.is_faulty);
            if let Some(quality) = open.and_then(|it| it.processor.quality()) {
                self.hear(&Said {
                    sink: Some(sink),
                    quality,
                    may_climb: true,
                });
            }
        }
        self.tell_levels();
    }

    fn tell_levels(&mut self) {
        let position = self.elapsed;
        if let Some(plan) = self.plan.as_deref_mut().filter(|it| it.quality.is_due) {
            if !plan.quality.weigh(&mut self.slab) {
                plan.quality.is_due = false;
                return;
            }
            plan.stir(&mut self.slab);
            let quality = &mut plan.quality;
            self.unsaid += quality.apply(&mut self.slab, &mut self.reports, &self.cells, position);
        }
    }

    /// Stop: all begin anew, at full quality.
    pub(super) fn forget_quality(&mut self) {
        if let Some(plan) = &mut self.plan {
            let watches = &mut plan.quality;
            for watch in std::iter::once(&mut watches.all).chain(&mut watches.sinks) {
                watch.ladder = Ladder::default();
                (watch.asked, watch.told, watch.is_poor) = (None, None, false);
            }
            watches.strain = Strain::default();
            watches.is_due = true;
        }
        self.tell_levels();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_times_the_work_that_fits_leaves_a_third_of_use() {
        let strain = Strain {
            lasted: 100_000,
            spent: 300_000,
            excess: 200_000,
            worst: 10_000,
            ..Strain::default()
        };
        let quality = strain.quality();
        assert_eq!((quality.proportion, quality.delta), (333, 100));
        assert_eq!(strain.busy(), 3_000);
        assert!(
            !Strain {
                lasted: 5,
                ..Strain::default()
            }
            .quality()
            .is_poor()
        );
        let dry = Strain {
            lasted: 300,
            missing: 100,
            cycle: 100,
            ..Strain::default()
        };
        assert_eq!((dry.quality().proportion, dry.quality().delta), (750, 1));
    }
}
