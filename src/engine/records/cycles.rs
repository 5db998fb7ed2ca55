//! The last cycles: a ring that the audio thread writes over and over, and that anybody may read meanwhile. Who reads
//! while a place is written gets nothing of that place.

use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Cycles that are kept, at the most.
const CYCLES: usize = 4096;
/// Spans that are kept, of all of them.
const SPANS: usize = 1 << 16;

/// What a filter took: when it was called and when it came back, counted from its cycle's beginning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Span {
    /// Its place in the slab.
    pub entry: u32,
    /// Nanoseconds from the beginning of the cycle till it was called.
    pub begin_nanos: u32,
    /// And till it came back.
    pub end_nanos: u32,
}

impl Span {
    /// How long it took.
    pub fn nanos(&self) -> u32 {
        self.end_nanos.saturating_sub(self.begin_nanos)
    }
}

/// One cycle as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// Counts cycles since the engine began.
    pub number: u64,
    /// Its first sample, at the graph's rate.
    pub position: u64,
    /// Its samples.
    pub len: u32,
    /// How many filters were called.
    pub filters: u32,
    /// When it began.
    pub began_nanos: u64,
    /// How long it took.
    pub took_nanos: u64,
    /// How long what it made lasts: the time it had.
    pub lasts_nanos: u64,
    /// How much later than usual the audio thread was woken for it.
    pub woke_late_nanos: u64,
}

impl Moment {
    /// By how much it was late; 0 when it was in time.
    pub fn late_nanos(&self) -> u64 {
        self.took_nanos.saturating_sub(self.lasts_nanos)
    }
}

/// A cycle and what its filters took, as far as they were timed: of more than some hundred, every so many, others each
/// time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CycleRecord {
    /// The cycle.
    pub moment: Moment,
    /// Who took what, in order.
    pub spans: Vec<Span>,
}

/// A place of the ring.
#[derive(Default)]
struct Place {
    /// The cycle's number and one; 0 while it is written.
    stamp: AtomicU64,
    position: AtomicU64,
    /// Samples in the upper half, filters in the lower one.
    counts: AtomicU64,
    began: AtomicU64,
    took: AtomicU64,
    lasts: AtomicU64,
    woke_late: AtomicU64,
    /// Where its spans begin, counted on and on, and how many there are.
    first: AtomicU64,
    spans: AtomicU64,
}

/// See the module's header.
pub(in crate::engine) struct CycleLog {
    places: Box<[Place]>,
    /// The entry; both ends in the other.
    spans: Box<[(AtomicU64, AtomicU64)]>,
    /// Spans up to which places may have been written.
    claimed: AtomicU64,
    /// Cycles written.
    written: AtomicU64,
}

impl CycleLog {
    pub(in crate::engine) fn new() -> Self {
        Self {
            places: (0..CYCLES).map(|_| Place::default()).collect(),
            spans: (0..SPANS).map(|_| <_>::default()).collect(),
            claimed: AtomicU64::new(0),
            written: AtomicU64::new(0),
        }
    }

    /// Writes a cycle over the oldest one. The audio thread's.
    pub(super) fn write(&self, moment: &Moment, spans: &[Span]) {
        let place = &self.places[moment.number as usize % CYCLES];
        let first = self.claimed.load(Ordering::Relaxed);
        place.stamp.store(0, Ordering::Relaxed);
        self.claimed
            .store(first + spans.len() as u64, Ordering::Relaxed);
        fence(Ordering::Release);
        for (at, span) in spans.iter().enumerate() {
            let (entry, ends) = &self.spans[(first as usize + at) % SPANS];
            entry.store(span.entry.into(), Ordering::Relaxed);
            let both = (u64::from(span.begin_nanos) << 32) | u64::from(span.end_nanos);
            ends.store(both, Ordering::Relaxed);
        }
        let counts = (u64::from(moment.len) << 32) | u64::from(moment.filters);
        place.position.store(moment.position, Ordering::Relaxed);
        place.counts.store(counts, Ordering::Relaxed);
        place.began.store(moment.began_nanos, Ordering::Relaxed);
        place.took.store(moment.took_nanos, Ordering::Relaxed);
        place.lasts.store(moment.lasts_nanos, Ordering::Relaxed);
        place
            .woke_late
            .store(moment.woke_late_nanos, Ordering::Relaxed);
        place.first.store(first, Ordering::Relaxed);
        place.spans.store(spans.len() as u64, Ordering::Relaxed);
        place.stamp.store(moment.number + 1, Ordering::Release);
        self.written.store(moment.number + 1, Ordering::Release);
    }

    /// Cycles written since the beginning.
    pub(in crate::engine) fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// The cycle of that number, if it is still there.
    pub(in crate::engine) fn read(&self, number: u64) -> Option<CycleRecord> {
        let place = &self.places[number as usize % CYCLES];
        if place.stamp.load(Ordering::Acquire) != number + 1 {
            return None;
        }
        let get = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        let counts = get(&place.counts);
        let moment = Moment {
            number,
            position: get(&place.position),
            len: (counts >> 32) as u32,
            filters: counts as u32,
            began_nanos: get(&place.began),
            took_nanos: get(&place.took),
            lasts_nanos: get(&place.lasts),
            woke_late_nanos: get(&place.woke_late),
        };
        let (first, count) = (get(&place.first), get(&place.spans));
        let spans = (first..first + count.min(SPANS as u64)).map(|at| {
            let (entry, ends) = &self.spans[at as usize % SPANS];
            let both = get(ends);
            Span {
                entry: get(entry) as u32,
                begin_nanos: (both >> 32) as u32,
                end_nanos: both as u32,
            }
        });
        let spans = spans.collect();
        fence(Ordering::Acquire);
        let is_whole =
            get(&place.stamp) == number + 1 && get(&self.claimed) <= first + SPANS as u64;
        is_whole.then_some(CycleRecord { moment, spans })
    }

    /// The oldest that may still be there.
    pub(in crate::engine) fn oldest(&self) -> u64 {
        self.written().saturating_sub(CYCLES as u64)
    }
}
