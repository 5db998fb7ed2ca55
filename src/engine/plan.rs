//! What the audio thread does in one cycle: steps in order over frame tables, and who enters and leaves the slab.
//!
//! A plan is built off the audio thread, handed over whole and handed back whole. Nothing in it grows.

use std::sync::Arc;

use smallvec::SmallVec;

use super::align::Align;
use super::cut::Cut;
use super::hold::Holds;
use super::islands::Split;
use super::line::Line;
use super::quality::Watches;
use super::records::PinRecord;
use super::runs::Runs;
use super::slab::{Entry, Page, Slab};
use super::spec::Spec;
use super::table::Tables;
use super::tap::Sight;
use crate::ks::{InputPin, Output, Pacer, Telemetry};

/// An output of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputSlot {
    /// Where its frame stands.
    pub(super) slot: u32,
    /// The slot to copy from before the step, when it works in place but not in its input's own frame.
    pub(super) copy_from: Option<u32>,
    /// Whether the frame holds the input's samples when the step begins.
    pub(super) is_in_place: bool,
    /// Whether it would work in place but nothing is connected there: the frame begins as silence.
    pub(super) begins_silent: bool,
    /// Whether the frame is not its own: an input's, shown to its reader.
    pub(super) is_shown: bool,
    /// Cell of the wire's level in the plan's telemetry; `None` when unconnected.
    pub(super) wire: Option<u32>,
    /// Whether its reader wants to see what is not a number.
    pub(super) is_let_through: bool,
    /// Whether what is not a number is this filter's fault: it may be in the frame it was let work in.
    pub(super) is_to_blame: bool,
}

/// The pins of a step. Most have one of each, which stand in it.
pub(super) type Inputs = SmallVec<[InputPin; 1]>;
pub(super) type Outputs = SmallVec<[OutputSlot; 1]>;

/// One thing to do.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Runs a processor.
    Process {
        /// Its place in the slab.
        entry: u32,
        /// Its inputs.
        inputs: Inputs,
        /// Its outputs.
        outputs: Outputs,
        /// Whether no wire ends at it.
        is_source: bool,
        /// Its place in the state table.
        node: u32,
        /// Where a frame that it lent comes home.
        lent: Option<u32>,
        /// Where the records of its pins begin in the plan: those of inputs, then those of outputs.
        records: u32,
    },
    /// Has a sink lend an empty frame of its own, for what the steps from here on write.
    Lend {
        /// Whose it is.
        entry: u32,
        /// Where it stands till it comes home.
        slot: u32,
    },
    /// Cuts what a writer left into frames of another length.
    Cut {
        /// Index of the cut.
        cut: usize,
        /// What the writer left.
        from: u32,
    },
    /// A frame that a bypassed filter lets through as it is.
    Pass {
        /// The frame.
        slot: u32,
        /// Cell of the outgoing wire's level.
        wire: u32,
        /// Its place in the state table.
        node: u32,
    },
    /// Writes what a delay line gives into its reader's frame. All of them stand first.
    Recall {
        /// Index of the line.
        line: usize,
    },
    /// Takes what its writer left into a delay line. All of them stand last.
    Store {
        /// Index of the line.
        line: usize,
        /// What its writer left; `None` when it writes nothing.
        from: Option<u32>,
    },
    /// Lets the sound of a wire wait, in its frame.
    Align {
        /// Index of the delay.
        align: usize,
        /// The frame.
        slot: u32,
    },

    /// Fades the sound of a wire, in its frame.
    Fade {
        /// The frame.
        slot: u32,
        /// From silence up, or down to it.
        is_arriving: bool,
    },
    /// Has islands done.
    Fork {
        /// Which.
        fork: usize,
    },
}

impl Step {
    /// Whether it is the fade of a wire.
    pub(super) fn is_fade(&self) -> bool {
        matches!(self, Self::Fade { .. })
    }
}

/// Who enters the slab with a plan.
pub(super) struct Arrival {
    pub(super) index: u32,
    pub(super) entry: Option<Entry>,
    pub(super) pacer: Option<Box<dyn Pacer>>,
}

/// One cycle's work.
pub struct Plan {
    /// Counts submissions; a later one is newer.
    pub(super) serial: u64,
    pub(super) rate_hz: u32,
    /// The longest cycle: the quantum, or less where a loop is shorter.
    pub(super) max_len: usize,
    /// What lies on wires into deferred pins, by identity of the wire.
    pub(super) lines: Vec<Line>,
    /// What waits on wires that meet longer ones.
    pub(super) aligns: Vec<Align>,
    /// Where sound is cut into frames of another length, by identity of the wire.
    pub(super) cuts: Vec<Cut>,
    /// The steps with a frame for every wire: while something fades, waits or is held.
    pub(super) steps: Vec<Step>,
    /// The same with one frame for all who only read it; empty where nobody does.
    pub(super) shared: Vec<Step>,
    pub(super) tables: Tables,
    /// Outputs in the hands of the step that runs; as long as the widest step.
    pub(super) hands: Vec<Output>,
    /// Places for filters, where there were too few.
    pub(super) pages: Vec<(usize, Option<Page>)>,
    pub(super) arrivals: Vec<Arrival>,
    pub(super) departures: Vec<u32>,
    /// The entry whose pacer drives the graph.
    pub(super) master: Option<u32>,
    /// How long fades last, in samples of the graph's rate, and how far they are.
    pub(super) fade_len: usize,
    pub(super) fade_done: usize,
    pub(super) has_fades: bool,
    /// What it was made from.
    pub(super) spec: Arc<Spec>,
    /// Where the first sound that each node takes stands, with a frame for every wire and with shared ones.
    pub(super) heard: Vec<Option<(u32, u32)>>,
    /// Which steps ran last.
    pub(super) is_shared: bool,
    /// The same lists with islands in them, and whether that ran last.
    pub(super) splits: [Option<Split>; 2],
    pub(super) is_split: bool,
    /// The states of pins, and what waits on wires.
    pub(super) holds: Holds,

    /// Who says something of the frames it gets, and who is asked for less then.
    pub(super) quality: Watches,

    /// Entries that may have more events for a cycle than a frame holds.
    pub(super) dense: Vec<u32>,

    /// Wires that carry another format than in the plan before: their first frames say so.
    pub(super) changed: Vec<u32>,
    /// How the samples of each wire are bytes.
    pub(super) sights: Vec<Sight>,
    /// Records of pins.
    pub(super) records: Vec<Arc<PinRecord>>,
    /// Filters that may have to be waited for, with their places in the state table.
    pub(super) waited: Vec<(u32, u32)>,
    /// Filters that are done at once while they rest: those of `steps`, and of `shared`.
    pub(super) runs: [Runs; 2],
    /// Nothing was done by its steps since its filters had what they remember.
    pub(super) is_still: bool,
    /// Filters of runs that were done at once in the last piece.
    pub(super) at_once: usize,
    /// Level of each wire, latest.
    pub(super) levels: Telemetry,
}

impl Plan {
    /// A plan that does nothing.
    pub(super) fn empty(spec: Arc<Spec>) -> Self {
        Self {
            serial: 0,
            rate_hz: spec.rate_hz,
            max_len: 0,
            lines: vec![],
            aligns: vec![],
            cuts: vec![],
            steps: vec![],
            shared: vec![],
            tables: Tables::default(),
            hands: vec![],
            pages: vec![],
            arrivals: vec![],
            departures: vec![],
            master: None,
            fade_len: 0,
            fade_done: 0,
            has_fades: false,
            spec,
            heard: vec![],
            is_shared: false,
            splits: [None, None],
            is_split: false,
            holds: Holds::default(),
            quality: Watches::default(),
            dense: vec![],
            changed: vec![],
            sights: vec![],
            records: vec![],
            waited: vec![],
            runs: Default::default(),
            is_still: false,
            at_once: 0,
            levels: Telemetry::new(0),
        }
    }

    /// Says by which steps the next cycle runs: frames are shared while every wire carries the same to all, and islands
    /// are made if they `may` and nothing waits.
    pub(super) fn choose(&mut self, slab: &mut Slab, may_split: bool) {
        let is_shared = !self.shared.is_empty() && !self.holds.is_busy && self.is_faded();
        let has_split = self.splits[usize::from(is_shared)].is_some();
        let is_split = may_split && has_split && !self.holds.is_busy;
        if (is_shared, is_split) == (self.is_shared, self.is_split) {
            return;
        }
        self.stir(slab);
        (self.is_shared, self.is_split) = (is_shared, is_split);
        if is_split && let Some(split) = &mut self.splits[usize::from(is_shared)] {
            split.enter(slab);
        }
    }

    /// Nobody looks at pins while cycles are run.
    pub(super) fn look_away(&mut self) {
        let splits = self.splits.iter_mut().flatten().map(|it| &mut it.runs);
        self.runs.iter_mut().chain(splits).for_each(Runs::look_away);
    }

    /// A value of a filter has changed.
    pub(super) fn rouse(&mut self, entry: u32) {
        let splits = self.splits.iter_mut().flatten().map(|it| &mut it.runs);
        for runs in self.runs.iter_mut().chain(splits) {
            runs.rouse(entry);
        }
    }

    /// Something is to happen to its filters beside their calls and their values: they have what they remember.
    pub(super) fn stir(&mut self, slab: &mut Slab) {
        if std::mem::replace(&mut self.is_still, true) {
            return;
        }
        let told = (&self.levels, &self.records[..]);
        for runs in &mut self.runs {
            runs.stir(slab, told);
        }
        if std::mem::take(&mut self.is_split)
            && let Some(split) = &mut self.splits[usize::from(self.is_shared)]
        {
            split.runs.stir(slab, told);
            split.leave(slab);
        }
    }

    /// Another plan is to come, and what leaves fades down. What it had for its steps goes with those that come.
    pub(super) fn leave(&mut self, leaving: &mut Leaving, slab: &mut Slab) {
        self.stir(slab);
        (self.is_shared, self.is_still) = (false, false);
        std::mem::swap(&mut self.steps, &mut leaving.steps);
        std::mem::swap(&mut self.runs[0], &mut leaving.runs);
        std::mem::swap(&mut self.splits[0], &mut leaving.split);
        self.master = leaving.master;
        (self.has_fades, self.fade_done) = (true, 0);
    }

    /// The wire of an identity.
    pub(super) fn wire_of(&self, id: u64) -> Option<u32> {
        let at = self.spec.by_id.binary_search_by_key(&id, |it| it.0).ok()?;
        Some(self.spec.by_id[at].1)
    }

    /// How many islands the last cycle was parted into.
    pub(super) fn islands(&self) -> usize {
        let split = self.splits[usize::from(self.is_shared)].as_ref();
        split
            .filter(|_| self.is_split)
            .map_or(0, |it| it.given.len())
    }

    /// How many rows of equal filters stand in each group of the steps that ran last.
    pub(super) fn side_by_side(&self, slab: &Slab) -> Vec<usize> {
        let at = usize::from(self.is_shared);
        let split = self.splits[at].as_ref().filter(|_| self.is_split);
        match split {
            Some(split) => split.side_by_side(slab),
            None => self.runs[at].side_by_side(),
        }
    }

    /// Where the first sound that a filter takes stands.
    pub(super) fn heard(&self, node: usize) -> Option<u32> {
        let (own, shared) = (*self.heard.get(node)?)?;
        Some(if self.is_shared { shared } else { own })
    }

    /// Whether every fade has ended.
    pub(super) fn is_faded(&self) -> bool {
        !self.has_fades || self.fade_done >= self.fade_len
    }
}

/// What the old plan does until what leaves is silent: the steps it has, with fades among them. Nothing else of it changes.
pub(super) struct Leaving {
    pub(super) steps: Vec<Step>,
    pub(super) master: Option<u32>,
    /// What of them is done at once; then what the plan had for its own, and its islands.
    runs: Runs,
    split: Option<Split>,
}

impl Leaving {
    pub(super) fn new(steps: Vec<Step>, runs: Runs, master: Option<u32>) -> Self {
        Self {
            steps,
            master,
            runs,
            split: None,
        }
    }
}

/// A change of plans: handed over whole, and handed back whole with everything that is no longer used.
pub struct Transition {
    /// How what leaves fades down before the new plan.
    pub(super) out: Option<Leaving>,
    /// The new plan.
    pub(super) into: Option<Box<Plan>>,
    /// The plan that is no longer used.
    pub(super) retired: Option<Box<Plan>>,
    /// Filters no longer used; room for all of them.
    pub(super) departed: Vec<Entry>,
    /// Their pacers; room for all of them.
    pub(super) departed_pacers: Vec<Box<dyn Pacer>>,
}

impl Transition {
    pub(super) fn new(out: Option<Leaving>, into: Plan) -> Self {
        let leaving = into.departures.len() + into.arrivals.len();
        Self {
            out,
            into: Some(Box::new(into)),
            retired: None,
            departed: Vec::with_capacity(leaving),
            departed_pacers: Vec::with_capacity(leaving),
        }
    }
}
