//! The audio thread's stopwatch: reads the clock it was handed before and behind each filter, or every so many of them
//! in large graphs, and says at the end of a late cycle who took longer than it usually does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::cycles::{Moment, Span};
use crate::engine::link::Cells;
use crate::engine::slab::CAPACITY;

/// Filters that are timed in a cycle, at the most.
const TIMED: usize = 128;
/// Stories that wait to be heard. More of them are counted, not told.
const STORIES: usize = 64;
/// What is usual follows what is by this part a cycle.
const INERTIA: u32 = 16;

/// Who took longer than usual in a late cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blamed {
    /// A filter.
    Filter {
        /// Its place in the slab.
        entry: u32,
        /// What it took.
        took_nanos: u32,
        /// What it usually takes; 0 when that is not known yet.
        usual_nanos: u32,
    },
    /// What lies between two filters that were timed: others, or the way from one to the other.
    Between {
        /// The one before; `None`: the beginning of the cycle.
        before: Option<u32>,
        /// The one behind; `None`: the end.
        after: Option<u32>,
        /// How long it was.
        took_nanos: u32,
    },
    /// The cycle was in time.
    Nobody,
}

/// A cycle that was late, or in which a device was noticed to have had nothing to play.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The cycle.
    pub moment: Moment,
    /// Who took what, in order.
    pub spans: Vec<Span>,
    /// Who was late.
    pub blamed: Blamed,
    /// A device's place in the slab, and how often it had nothing to play since it was asked last. The cycle is the one
    /// that kept it waiting, where there was one.
    pub xruns: Option<(u32, u32)>,
}

/// A story on its way: as long as the longest.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Telling {
    moment: Moment,
    spans: [Span; TIMED],
    count: usize,
    blamed: Blamed,
    xruns: Option<(u32, u32)>,
}

impl Telling {
    pub(in crate::engine) fn story(&self) -> Story {
        Story {
            moment: self.moment,
            spans: self.spans[..self.count].to_vec(),
            blamed: self.blamed,
            xruns: self.xruns,
        }
    }
}

/// How much later than usual the audio thread is woken, told by what is due then: a device asks for the same each
/// time, and for more when it was kept waiting.
#[derive(Default)]
pub(in crate::engine) struct Wakes {
    /// Usually due, in sixteenths of a sample; `None` before the first wake-up.
    usual: Option<u64>,
}

impl Wakes {
    /// The thread wakes and finds so many samples due: by how many it is late.
    pub(in crate::engine) fn look(&mut self, due: usize) -> usize {
        let now = due as u64 * 16;
        let usual = *self.usual.get_or_insert(now);
        self.usual = Some(usual - usual / 32 + now / 32);
        (now.saturating_sub(usual) / 16) as usize
    }

    /// What is usual is found anew.
    pub(in crate::engine) fn restart(&mut self) {
        self.usual = None;
    }
}

/// See the module's header.
pub(in crate::engine) struct Stopwatch {
    moment: Moment,
    /// When the time of this cycle is over.
    due: u64,
    spans: [Span; TIMED],
    count: usize,
    /// Counts filters in this cycle; those of the last one.
    step: usize,
    steps: usize,
    /// Every so many filters one is timed, beginning with this one; and a run of which each is.
    stride: usize,
    phase: usize,
    /// The next whose turn it is.
    next: usize,
    focus: std::ops::Range<usize>,
    /// Place of each span's filter in the order of steps.
    places: [usize; TIMED],
    /// How many filters each span is of: those of a run are timed as one, told by the first of them.
    many: [u32; TIMED],
    is_late: bool,
    blamed: Blamed,
    /// By entry: what filters usually take, and their sums within a cycle that was cut in pieces.
    usual: Box<[u32]>,
    sums: Box<[u32]>,
    /// What usually lies between two.
    usual_gap: u32,
    /// The cycle that devices may still be waiting for, and which one it is of those there were.
    cause: Option<Telling>,
    serial: u64,
    /// Somebody was told that it is why; the next one that is late takes its place.
    is_charged: bool,
    stories: rtrb::Producer<Telling>,
    cells: Arc<Cells>,
}

impl Stopwatch {
    /// A stopwatch, and the end where stories come out.
    pub(in crate::engine) fn new(cells: Arc<Cells>) -> (Box<Self>, rtrb::Consumer<Telling>) {
        let (stories, end) = rtrb::RingBuffer::new(STORIES);
        let watch = Self {
            moment: Moment::default(),
            due: u64::MAX,
            spans: [Span::default(); TIMED],
            count: 0,
            step: 0,
            steps: 0,
            stride: 1,
            phase: 0,
            next: 0,
            focus: 0..0,
            places: [0; TIMED],
            many: [1; TIMED],
            is_late: false,
            blamed: Blamed::Nobody,
            usual: vec![0; CAPACITY].into(),
            sums: vec![0; CAPACITY].into(),
            usual_gap: 0,
            cause: None,
            serial: 0,
            is_charged: false,
            stories,
            cells,
        };
        (Box::new(watch), end)
    }

    /// A cycle begins; its number is given here.
    pub(in crate::engine) fn begin(&mut self, moment: Moment) {
        let number = self.moment.number;
        self.moment = Moment { number, ..moment };
        self.due = moment.began_nanos.saturating_add(moment.lasts_nanos);
        self.stride = self.steps.div_ceil(TIMED / 2).max(1);
        if self.steps <= TIMED {
            self.stride = 1;
        }
        self.phase = (self.phase + 1) % self.stride;
        self.next = self.phase;
        (self.count, self.step, self.is_late) = (0, 0, false);
    }

    /// A filter is about to be called: when, if it is timed.
    pub(in crate::engine) fn before(&mut self, timer: Option<&dyn Fn() -> u64>) -> Option<u64> {
        let at = self.step;
        self.step += 1;
        let is_its_turn = at == self.next;
        if is_its_turn {
            self.next += self.stride;
        }
        let is_timed = is_its_turn || self.focus.contains(&at);
        timer
            .filter(|_| is_timed && self.count < TIMED)
            .map(|timer| timer())
    }

    /// How many from here on are not timed in this cycle.
    pub(in crate::engine) fn untimed(&self) -> usize {
        let mut until = self.next;
        if self.focus.end > self.step {
            until = until.min(self.focus.start);
        }
        until.saturating_sub(self.step)
    }

    /// So many were done and not timed by themselves.
    pub(in crate::engine) fn pass_by(&mut self, count: usize) {
        self.step += count;
        while self.next < self.step {
            self.next += self.stride;
        }
    }

    /// It was not called after all.
    pub(in crate::engine) fn not_yet(&mut self) {
        self.step -= 1;
        if self.next == self.step + self.stride {
            self.next = self.step;
        }
    }

    /// It has come back. Whether the cycle's time is over, and what it took.
    pub(in crate::engine) fn after(
        &mut self,
        began: Option<u64>,
        timer: Option<&dyn Fn() -> u64>,
        (entry, many): (u32, u32),
    ) -> (bool, Option<u32>) {
        let mut took = None;
        if let (Some(began), Some(timer)) = (began, timer) {
            let now = timer();
            let since = |then: u64| {
                let nanos = then.saturating_sub(self.moment.began_nanos);
                nanos.min(u32::MAX.into()) as u32
            };
            self.spans[self.count] = Span {
                entry,
                begin_nanos: since(began),
                end_nanos: since(now),
            };
            took = Some(self.spans[self.count].nanos());
            self.places[self.count] = self.step - 1;
            self.many[self.count] = many;
            self.count += 1;
            self.is_late |= now > self.due;
        }
        (self.is_late, took)
    }

    /// The cycle is over.
    pub(in crate::engine) fn end(&mut self, now: u64) {
        self.moment.took_nanos = now.saturating_sub(self.moment.began_nanos);
        self.moment.filters = self.step as u32;
        self.steps = self.step;
        let spans = &self.spans[..self.count];
        for span in spans {
            self.sums[span.entry as usize] = 0;
        }
        for span in spans {
            let sum = &mut self.sums[span.entry as usize];
            *sum = sum.saturating_add(span.nanos());
        }
        let is_late = self.moment.late_nanos() > 0;
        self.blamed = Blamed::Nobody;
        if is_late {
            self.blamed = self.blame();
            self.account();
        }
        for (span, many) in self.spans[..self.count].iter().zip(&self.many) {
            let entry = span.entry as usize;
            let took = self.sums[entry];
            let share = took / many.max(&1);
            if let Some(figures) = self.cells.ledger.get(span.entry) {
                figures.cost.store(share, Ordering::Relaxed);
                figures.highest.fetch_max(share, Ordering::Relaxed);
            }
            // What is usual is learnt from cycles that were in time.
            let usual = &mut self.usual[entry];
            if *usual == 0 && !is_late {
                *usual = took;
            } else if !is_late {
                *usual = follow(*usual, took);
            }
        }
        if !is_late {
            self.focus = 0..0;
            let timed: u64 = self.spans[..self.count]
                .iter()
                .map(|span| u64::from(span.nanos()))
                .sum();
            let rest = self.moment.took_nanos.saturating_sub(timed);
            let gap = (rest / (self.count as u64 + 1)).min(u32::MAX.into()) as u32;
            self.usual_gap = follow(self.usual_gap, gap);
        }
        if let Some(log) = self.cells.log.get() {
            log.write(&self.moment, &self.spans[..self.count]);
        }
        self.keep_as_cause();
        if is_late {
            self.tell(self.telling(None));
        }
        self.moment.number += 1;
    }

    /// A device may have to wait because of this cycle: one that was late, or for which the thread was woken late. Of
    /// several that nobody was kept waiting by yet, the latest is kept.
    fn keep_as_cause(&mut self) {
        let delay = |it: &Moment| match it.woke_late_nanos > it.lasts_nanos / 4 {
            true => it.late_nanos() + it.woke_late_nanos,
            false => it.late_nanos(),
        };
        let now = delay(&self.moment);
        let before = self.cause.as_ref().filter(|_| !self.is_charged);
        if now > 0 && before.is_none_or(|it| delay(&it.moment) <= now) {
            self.cause = Some(self.telling(None));
            self.serial += 1;
            self.is_charged = false;
        }
    }

    /// Nobody waits for it any more.
    pub(in crate::engine) fn forget_cause(&mut self) {
        self.cause = None;
    }

    /// Which cycle devices may be waiting for, counted.
    pub(in crate::engine) fn serial(&self) -> u64 {
        self.serial
    }

    /// A device had nothing to play: told with the cycle that it waited for, if it `waits` for one; otherwise with the
    /// last one, which is not why.
    pub(in crate::engine) fn missed(&mut self, entry: u32, count: u32, waits: bool) {
        let xruns = Some((entry, count));
        let cause = self.cause.filter(|_| waits);
        self.is_charged |= cause.is_some();
        let told = cause.map(|it| Telling { xruns, ..it });
        let told = told.unwrap_or_else(|| {
            let mut told = self.telling(xruns);
            told.moment.number = told.moment.number.saturating_sub(1);
            told.moment.took_nanos = told.moment.took_nanos.min(told.moment.lasts_nanos);
            told.moment.woke_late_nanos = 0;
            told.blamed = Blamed::Nobody;
            told
        });
        self.tell(told);
    }

    /// A filter is new: nothing is known of it.
    pub(in crate::engine) fn forget(&mut self, entry: u32) {
        let at = entry as usize;
        if let Some(usual) = self.usual.get_mut(at) {
            *usual = 0;
        }
        if let Some(figures) = self.cells.ledger.get(entry) {
            figures.cost.store(0, Ordering::Relaxed);
            figures.highest.store(0, Ordering::Relaxed);
            figures.blamed.store(0, Ordering::Relaxed);
        }
    }

    /// Whatever took the most beyond what it usually takes.
    fn blame(&mut self) -> Blamed {
        let mut worst = 0;
        let mut blamed = Blamed::Nobody;
        let mut run = 0..0;
        let (mut end, mut before, mut place) = (0_u32, None, 0);
        let took = self.moment.took_nanos.min(u32::MAX.into()) as u32;
        let spans = self.spans[..self.count].iter().zip(&self.places);
        for (span, &at) in spans {
            let gap = span.begin_nanos.saturating_sub(end);
            if gap.saturating_sub(self.usual_gap) > worst {
                worst = gap.saturating_sub(self.usual_gap);
                let after = Some(span.entry);
                let took_nanos = gap;
                blamed = Blamed::Between {
                    before,
                    after,
                    took_nanos,
                };
                run = place..at;
            }
            let took_nanos = self.sums[span.entry as usize];
            let usual_nanos = self.usual[span.entry as usize];
            if took_nanos.saturating_sub(usual_nanos) > worst {
                worst = took_nanos - usual_nanos;
                let entry = span.entry;
                blamed = Blamed::Filter {
                    entry,
                    took_nanos,
                    usual_nanos,
                };
            }
            (end, before, place) = (span.end_nanos, Some(span.entry), at + 1);
        }
        let gap = took.saturating_sub(end);
        if gap.saturating_sub(self.usual_gap) > worst {
            let (after, took_nanos) = (None, gap);
            blamed = Blamed::Between {
                before,
                after,
                took_nanos,
            };
            run = place..self.step;
        }
        // Should it happen again, it will be known who of them it is.
        if matches!(blamed, Blamed::Between { .. }) && run.len() <= TIMED / 2 {
            self.focus = run;
        }
        blamed
    }

    /// Counts it for the filter.
    fn account(&self) {
        if let Blamed::Filter { entry, .. } = self.blamed
            && let Some(figures) = self.cells.ledger.get(entry)
        {
            figures.blamed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The last cycle as a story.
    fn telling(&self, xruns: Option<(u32, u32)>) -> Telling {
        Telling {
            moment: self.moment,
            spans: self.spans,
            count: self.count,
            blamed: self.blamed,
            xruns,
        }
    }

    fn tell(&mut self, told: Telling) {
        // A full ring: it is counted everywhere else.
        let _ = self.stories.push(told);
        self.cells.bell.ring();
    }
}

/// The mean of a number that wanders, as it wanders.
fn follow(usual: u32, now: u32) -> u32 {
    let sum = u64::from(usual) * u64::from(INERTIA - 1) + u64::from(now);
    (sum / u64::from(INERTIA)) as u32
}
