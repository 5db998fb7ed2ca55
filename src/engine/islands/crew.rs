//! The second worker: its thread, the queue of what may be done and the ring of what is done, and the engine's wait.
//!
//! What both do with an island is `mod.rs`.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{JoinHandle, Thread};

use crossbeam_queue::ArrayQueue;

use super::{Island, MOST, Order, Outcome};
use crate::engine::clock::Epoch;
use crate::engine::hold::Holds;
use crate::engine::link::{Cells, Report};
use crate::engine::slab::Slab;
use crate::engine::table::Tables;
use crate::ks::{Priority, raise_priority};

/// The worker's place among the threads that call filters; the engine's is 0.
const LANE: usize = 1;
/// How often the worker looks before it sleeps: about as long as a short cycle.
const LOOKS: u32 = 4_000;
/// How often the engine looks for an island that is under way before it leaves the processor to others, offline.
const SPINS: u32 = 10_000;
/// Less work than this a cycle is not worth a second processor, in nanoseconds: live, and where nobody waits.
const WORTH_LIVE: u64 = 200_000;
const WORTH_OFFLINE: u64 = 20_000;

/// So many cycles are done on one processor, and then on two, before it is asked whether those were shorter, by a third at
/// least. If not, so many are done on one before it is tried again: what crosses may cost more than is shared.
const TRIAL: u32 = 64;
const REST: u32 = 16_384;

/// How many processors a graph may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cores {
    /// One.
    One,
    /// Two, where a cycle has enough to do; live, only with real-time priority.
    #[default]
    Auto,
    /// Two, however little there is to do.
    Two,
}

/// What both threads know.
struct Shared {
    wanted: ArrayQueue<Box<Island>>,
    cells: Arc<Cells>,
    is_over: AtomicBool,
    priority: AtomicU8,
}

/// The engine's end.
pub(in crate::engine) struct Crew {
    shared: Arc<Shared>,
    done: rtrb::Consumer<Box<Island>>,
    worker: Thread,
    thread: Option<JoinHandle<()>>,
    cores: Cores,
    is_live: bool,
    /// What a cycle takes, all threads together, smoothed; in nanoseconds.
    work: u64,
    is_worth: bool,
    /// How long cycles take on one processor and on two, smoothed; on two since it was asked last, and how many are to be
    /// done on one.
    alone: u64,
    together: u64,
    tried: u32,
    rest: u32,
    /// Cycles since one on one processor.
    since: u32,
    has_forked: bool,
    /// What the worker did in this cycle, and how long it was waited for.
    helped: u64,
    waited: u64,
    /// Islands that are not back.
    away: usize,
}

impl Crew {
    /// Starts the worker, where there is a second processor. `quantum`: live, with cycles of so many samples.
    pub(in crate::engine) fn start(
        cores: Cores,
        quantum: Option<usize>,
        cells: &Arc<Cells>,
        epoch: Epoch,
    ) -> Option<Self> {
        let count = std::thread::available_parallelism().map_or(1, usize::from);
        if cores == Cores::One || (cores == Cores::Auto && count < 2) {
            return None;
        }
        let shared = Arc::new(Shared {
            wanted: ArrayQueue::new(MOST),
            cells: Arc::clone(cells),
            is_over: AtomicBool::new(false),
            priority: AtomicU8::new(0),
        });
        let (done_end, done) = rtrb::RingBuffer::new(MOST);
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("audio 2".into());
        let thread = thread
            .spawn(move || {
                if let Some(quantum) = quantum
                    && raise_priority(quantum) == Priority::RealTime
                {
                    own.priority.store(1, Ordering::Release);
                }
                work(&own, done_end, epoch);
            })
            .ok()?;
        Some(Self {
            shared,
            done,
            worker: thread.thread().clone(),
            thread: Some(thread),
            cores,
            is_live: quantum.is_some(),
            work: 0,
            is_worth: false,
            alone: 0,
            together: 0,
            tried: 0,
            rest: TRIAL,
            since: 0,
            has_forked: false,
            helped: 0,
            waited: 0,
            away: 0,
        })
    }

    /// Whether the next cycle is to be split.
    pub(in crate::engine) fn wants_split(&self) -> bool {
        let may = !self.is_live || self.shared.priority.load(Ordering::Acquire) == 1;
        self.cores == Cores::Two || (may && self.is_worth)
    }

    /// Whether it wants to know how long the next cycle takes, or can wait: it is far from being worth two processors.
    pub(in crate::engine) fn is_curious(&self) -> bool {
        self.cores == Cores::Two || self.work == 0 || self.work > self.worth() / 4
    }

    fn worth(&self) -> u64 {
        match self.is_live {
            true => WORTH_LIVE,
            false => WORTH_OFFLINE,
        }
    }

    /// A cycle took so long.
    pub(in crate::engine) fn weigh(&mut self, nanos: u64) {
        let work = nanos.saturating_sub(std::mem::take(&mut self.waited))
            + std::mem::take(&mut self.helped);
        self.work = follow(self.work, work);
        self.compare(nanos);
        let worth = self.worth();
        self.is_worth = match self.is_worth {
            true => self.work > worth / 2,
            false => self.work > worth,
        } && self.rest == 0;
    }

    /// Whether two processors are quicker.
    fn compare(&mut self, nanos: u64) {
        self.rest = self.rest.saturating_sub(1);
        if !std::mem::take(&mut self.has_forked) {
            self.alone = follow(self.alone, nanos);
            self.since = 0;
            return;
        }
        self.since = self.since.saturating_add(1);
        self.together = follow(self.together, nanos);
        self.tried += 1;
        if self.tried >= TRIAL {
            if self.together * 3 > self.alone * 2 {
                // What is known of one processor may be of another graph.
                let is_known = self.since < 2 * TRIAL;
                self.rest = if is_known { REST } else { TRIAL };
            }
            (self.tried, self.together) = (0, 0);
        }
    }

    /// Whether all islands are at home. Those that come are put there.
    pub(in crate::engine) fn is_home(&mut self, slab: &mut Slab) -> bool {
        while self.away > 0
            && let Ok(island) = self.done.pop()
        {
            self.away -= 1;
            let number = island.number;
            slab.islands[number] = Some(island);
        }
        self.away == 0
    }

    /// Has all islands of a fork done, and waits for them; offline as long as it takes, live `limit` nanoseconds of
    /// `timer`. The place of the filter that was waited for in vain.
    pub(in crate::engine) fn fork(
        &mut self,
        (fork, given): (Range<usize>, &[Box<[u32]>]),
        order: Order,
        desk: &mut Desk<'_>,
        (timer, limit): (Option<&dyn Fn() -> u64>, u64),
    ) -> (Outcome, Option<u32>) {
        self.has_forked = true;
        for number in fork.clone() {
            let Some(mut island) = desk.slab.islands[number].take() else {
                continue;
            };
            island.board(order, desk.tables);
            // There is room for all there are.
            if let Err(island) = self.shared.wanted.push(island) {
                desk.slab.islands[number] = Some(island);
                continue;
            }
            self.away += 1;
        }
        self.worker.unpark();
        while let Some(mut island) = self.shared.wanted.pop() {
            island.work(desk.cells, 0);
            let number = island.number;
            desk.slab.islands[number] = Some(island);
            self.away -= 1;
        }
        let late = self.wait(desk, timer, limit);
        let mut all = Outcome::default();
        for number in fork {
            let Some(island) = &mut desk.slab.islands[number] else {
                // It is not back in time.
                for slot in &given[number] {
                    desk.tables.payloads[*slot as usize].clear();
                }
                continue;
            };
            island.land(desk.tables, desk.holds);
            island.tell(desk.reports, desk.cells);
            let outcome = std::mem::take(&mut island.outcome);
            all.sources += outcome.sources;
            all.ended += outcome.ended;
            all.unsaid += outcome.unsaid;
            all.at_once += outcome.at_once;
            self.helped += outcome.nanos;
        }
        (all, late)
    }

    fn wait(
        &mut self,
        desk: &mut Desk<'_>,
        timer: Option<&dyn Fn() -> u64>,
        limit: u64,
    ) -> Option<u32> {
        if self.is_home(desk.slab) {
            return None;
        }
        let began = timer.map(|timer| timer());
        let mut spins = 0_u32;
        loop {
            std::hint::spin_loop();
            if self.is_home(desk.slab) {
                break;
            }
            spins += 1;
            if !self.is_live && spins > SPINS {
                std::thread::yield_now();
            }
            if let (true, Some(timer), Some(began)) = (self.is_live, timer, began)
                && timer().saturating_sub(began) > limit
            {
                let inside = desk.cells.inside[LANE].load(Ordering::Acquire);
                return inside.checked_sub(1);
            }
        }
        if let (Some(timer), Some(began)) = (timer, began) {
            self.waited += timer().saturating_sub(began);
        }
        None
    }
}

/// What is usual follows what is.
fn follow(usual: u64, now: u64) -> u64 {
    match usual {
        0 => now,
        usual => usual - usual / 16 + now / 16,
    }
}

/// What the engine has on its desk when it comes to a fork.
pub(in crate::engine) struct Desk<'a> {
    pub(in crate::engine) tables: &'a mut Tables,
    pub(in crate::engine) slab: &'a mut Slab,
    pub(in crate::engine) holds: &'a mut Holds,
    pub(in crate::engine) reports: &'a mut rtrb::Producer<Report>,
    pub(in crate::engine) cells: &'a Cells,
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.worker.unpark();
        // One that is inside a filter that does not come back is left behind, like the engine itself.
        let is_free = self.shared.cells.inside[LANE].load(Ordering::Acquire) == 0;
        if let Some(thread) = self.thread.take().filter(|_| is_free) {
            let _ = thread.join();
        }
    }
}

/// The worker's life.
fn work(shared: &Shared, mut done: rtrb::Producer<Box<Island>>, epoch: Epoch) {
    let mut looks = 0;
    while !shared.is_over.load(Ordering::Acquire) {
        let Some(mut island) = shared.wanted.pop() else {
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
            } else {
                std::thread::park();
                looks = 0;
            }
            continue;
        };
        looks = 0;
        let began = epoch.nanos();
        island.work(&shared.cells, LANE);
        island.outcome.nanos = epoch.nanos().saturating_sub(began).max(1);
        // There is room for all there are.
        if let Err(rtrb::PushError::Full(island)) = done.push(island) {
            std::mem::forget(island);
        }
    }
}
