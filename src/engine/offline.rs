//! The same runner in a plain loop: as fast as the machine allows, the same samples for any cutting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::built::Built;
use super::clock::{Epoch, GraphClock};
use super::compile::{Builder, Job};
use super::islands::{Cores, Crew};
use super::link::{Cells, MESSAGES, Message, REPORTS, Report, STEPS, Stepped};
use super::plan::{Plan, Transition};
use super::records::{Moment, Stopwatch};
use super::runner::Runner;
use super::spec::Node;
use super::tap::TappedFrame;
use crate::graph::FilterPath;
use crate::ks::{Catalogue, DataFlow, Payload, State, StreamHeader, Waker, Wave};

/// How long a worker is waited for before the graph is called stuck.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one wait for a worker lasts.
const NAP: Duration = Duration::from_micros(50);
/// How often the processor is left to a worker before it is waited for: most have something by then, and a nap is long.
const YIELDS: u32 = 200;

/// A worker did not deliver.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a file or device worker gave nothing for {} s at sample {position}", PATIENCE.as_secs())]
pub struct Stuck {
    /// Where the graph stood.
    pub position: u64,
}

/// What a sink took in a cycle that had to be cut. As long as a whole one from the beginning: cycles allocate nothing.
struct Pieces {
    wave: Wave,
    header: StreamHeader,
    is_begun: bool,
}

/// A graph rendered by hand.
pub struct Offline {
    runner: Runner,
    builder: Builder,
    messages: rtrb::Producer<Message>,
    swaps: rtrb::Producer<Box<Transition>>,
    reports: rtrb::Consumer<Report>,
    steps: rtrb::Consumer<Stepped>,
    /// A graph to go over to once the fades of the last change are over.
    latest: Option<Job>,
    /// What sinks took in the last cycle, where loops cut it.
    pieces: BTreeMap<FilterPath, Pieces>,
    is_pieced: bool,
    /// What was opened, and what could not be.
    pub built: Built,
    tapped: Option<rtrb::Consumer<TappedFrame>>,
    /// The clock by which filters are timed.
    timer: Option<Epoch>,
    /// That by which whole cycles are, for whether a second processor is worth it.
    scales: Epoch,
    /// Nanoseconds of the last cycle, if it was timed.
    took: Option<u64>,
    timed: Timed,
    looks_away: bool,
    /// Cycles until one of several is timed, and whether it is this one.
    untimed: u32,
    is_turn: bool,
}

/// Which cycles are timed: two looks at a clock take a tenth of a short one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Timed {
    /// None, but for what the engine itself wants to know.
    #[default]
    None,
    /// One of several.
    Some,
    /// Each of them.
    Each,
}

/// One of so many.
const SOME: u32 = 8;

/// A sink that is listened to, found once for many cycles.
#[derive(Clone, Debug)]
pub struct Ear {
    path: FilterPath,
    /// The plan it was found in, and where.
    serial: Option<u64>,
    node: Option<usize>,
}

impl Offline {
    /// Opens a graph. `max_len` is the longest cycle that will be asked for.
    pub fn new(catalogue: &Catalogue, job: &Job, max_len: usize) -> Self {
        Self::start(catalogue, job, max_len, false, Cores::One)
    }

    /// The same on as many processors.
    pub fn on(catalogue: &Catalogue, job: &Job, max_len: usize, cores: Cores) -> Self {
        Self::start(catalogue, job, max_len, false, cores)
    }

    /// Opens a graph to be run by hand as if it were live, without devices: with the gate that opens softly and the
    /// fades of edits. For tests and for hearing an edit without a card.
    pub fn rehearse(catalogue: &Catalogue, job: &Job, max_len: usize) -> Self {
        Self::start(catalogue, job, max_len, true, Cores::One)
    }

    /// The same on as many processors.
    pub fn rehearse_on(catalogue: &Catalogue, job: &Job, max_len: usize, cores: Cores) -> Self {
        Self::start(catalogue, job, max_len, true, cores)
    }

    fn start(
        catalogue: &Catalogue,
        job: &Job,
        max_len: usize,
        is_live: bool,
        cores: Cores,
    ) -> Self {
        let (messages, message_end) = rtrb::RingBuffer::new(MESSAGES);
        let (swaps, swap_end) = rtrb::RingBuffer::new(1);
        let (report_end, reports) = rtrb::RingBuffer::new(REPORTS);
        let (step_end, steps) = rtrb::RingBuffer::new(STEPS);
        let cells = Cells::new();
        let clock = Arc::new(GraphClock::new(Epoch::new()));
        let mut builder = Builder::new(catalogue.clone(), clock, Waker::default(), max_len, false);
        let scales = Epoch::new();
        let crew = Crew::start(cores, None, &cells, scales);
        builder.has_crew = crew.is_some();
        let mut runner = Runner::new(
            message_end,
            swap_end,
            (report_end, step_end),
            cells,
            is_live,
        );
        if let Some(crew) = crew {
            runner.take_on(crew);
        }
        let tapped = runner.tap.take_end();
        let mut offline = Self {
            runner,
            builder,
            messages,
            swaps,
            reports,
            steps,
            latest: None,
            pieces: BTreeMap::new(),
            is_pieced: false,
            took: None,
            timed: Timed::None,
            looks_away: false,
            untimed: 0,
            is_turn: false,
            built: Built::default(),
            tapped,
            timer: None,
            scales,
        };
        offline.change(job);
        offline.send(Message::State(State::Run));
        offline.runner.receive();
        offline
    }

    /// The next frame of the wire that is looked at ([`Message::Tap`]).
    pub fn tapped(&mut self) -> Option<TappedFrame> {
        self.tapped.as_mut()?.pop().ok()
    }

    /// Times filters by that clock, in large graphs some of them a cycle, in turn.
    pub fn time_by(&mut self, epoch: Epoch) {
        self.timer = Some(epoch);
        // Its stories are not heard: nothing is late here.
        let (stopwatch, _) = Stopwatch::new(Arc::clone(&self.runner.cells));
        self.runner.stopwatch = Some(stopwatch);
    }

    /// Sends a message; it is heard before the next cycle.
    pub fn send(&mut self, message: Message) {
        // The ring is drained before every cycle; it is full only when thousands are sent between two.
        let _ = self.messages.push(message);
    }

    /// Goes over to another graph, as a live edit would: now, or once the fades of the last change are over. A later
    /// graph replaces one that was not begun.
    pub fn change(&mut self, job: &Job) {
        self.latest = Some(job.clone());
        self.advance();
    }

    /// Builds what is wanted as soon as it can be taken.
    fn advance(&mut self) {
        self.runner.receive();
        let Some(job) = self.latest.take_if(|_| self.runner.can_change()) else {
            return;
        };
        self.builder.swapped();
        let (built, mut transition) = self.builder.build(&job);
        self.runner.cells.ledger.make_room(self.builder.places());
        self.built = built;
        self.built.tell_texts(&job);
        if let Some(plan) = &mut transition.into {
            if self.looks_away {
                plan.look_away();
            }
            self.lay_out_pieces(plan);
        }
        // Nothing is in flight, so there is room.
        let _ = self.swaps.push(Box::new(transition));
        self.runner.receive();
    }

    /// The state all pins are in.
    pub fn state(&self) -> State {
        self.runner.state()
    }

    /// Renders the next `len` samples of the graph's rate. A graph that does not run renders nothing.
    pub fn cycle(&mut self, len: usize) -> Result<(), Stuck> {
        let Some(epoch) = self.timer else {
            return self.whole(len);
        };
        let moment = Moment {
            position: self.runner.position(),
            len: len as u32,
            began_nanos: epoch.nanos(),
            lasts_nanos: u64::MAX / 2,
            ..Moment::default()
        };
        if let Some(watch) = &mut self.runner.stopwatch {
            watch.begin(moment);
        }
        let done = self.whole(len);
        if let Some(watch) = &mut self.runner.stopwatch {
            watch.end(epoch.nanos());
        }
        done
    }

    fn whole(&mut self, len: usize) -> Result<(), Stuck> {
        self.took = None;
        self.is_turn = self.untimed == 0;
        self.untimed = if self.is_turn { SOME } else { self.untimed } - 1;
        self.advance();
        if !self.runner.is_running() {
            return Ok(());
        }
        if std::mem::take(&mut self.is_pieced) {
            self.pieces.values_mut().for_each(|it| it.is_begun = false);
        }
        let mut left = len;
        // A loop that is shorter than the cycle cuts it, and whatever changes within it.
        loop {
            let piece = self.runner.longest(left);
            if piece >= left {
                break;
            }
            self.piece(piece)?;
            left -= piece;
            self.keep_heard();
            if !self.runner.is_running() {
                return Ok(());
            }
        }
        self.piece(left)?;
        if left < len {
            self.keep_heard();
        }
        Ok(())
    }

    fn piece(&mut self, len: usize) -> Result<(), Stuck> {
        let (mut waited, mut yields) = (Duration::ZERO, 0);
        while !self.runner.is_ready(len) {
            if yields < YIELDS {
                yields += 1;
                std::thread::yield_now();
                continue;
            }
            if waited > PATIENCE {
                return Err(Stuck {
                    position: self.runner.position(),
                });
            }
            std::thread::sleep(NAP);
            waited += NAP;
        }
        let is_weighed = self.runner.is_weighed(self.is_turn);
        let is_asked = match self.timed {
            Timed::None => false,
            Timed::Some => self.is_turn,
            Timed::Each => true,
        };
        let is_timed = is_asked || is_weighed;
        let began = if is_timed { self.scales.nanos() } else { 0 };
        match self.timer {
            Some(epoch) => self.runner.cycle(len, Some(&|| epoch.nanos())),
            None => self.runner.cycle(len, None),
        }
        if is_timed {
            let took = self.scales.nanos().saturating_sub(began);
            self.took = Some(self.took.unwrap_or(0) + took);
            if let Some(crew) = self.runner.crew.as_mut().filter(|_| is_weighed) {
                crew.weigh(took);
            }
        }
        Ok(())
    }

    /// Makes room for what the sinks of a plan take in cycles that are cut.
    fn lay_out_pieces(&mut self, plan: &Plan) {
        for (node, (slot, _)) in sinks(plan) {
            let Payload::Wave(wave) = &plan.tables.payloads[slot as usize] else {
                continue;
            };
            let pieces = Pieces {
                wave: Wave::new(wave.channel_count(), wave.capacity()),
                header: StreamHeader::default(),
                is_begun: false,
            };
            self.pieces.insert(node.path.clone(), pieces);
        }
    }

    /// Adds what every sink took in a piece of a cycle to what it took before.
    fn keep_heard(&mut self) {
        let Some(plan) = self.runner.plan() else {
            return;
        };
        self.is_pieced = true;
        for (node, (own, shared)) in sinks(plan) {
            let slot = if plan.is_shared { shared } else { own } as usize;
            let Payload::Wave(wave) = &plan.tables.payloads[slot] else {
                continue;
            };
            let Some(kept) = self.pieces.get_mut(&node.path) else {
                continue;
            };
            let header = plan.tables.headers[slot];
            if !std::mem::replace(&mut kept.is_begun, true) {
                kept.wave.set_len(0);
                kept.header = header;
                kept.header.data_used = 0;
            }
            kept.wave.append(wave);
            kept.header.duration = header.time + header.duration - kept.header.time;
            kept.header.flags |= header.flags;
            kept.header.data_used += header.data_used;
        }
    }

    /// The sound that the sink at `path` took in the last cycle, with its header.
    pub fn heard(&self, path: &FilterPath) -> Option<(&Wave, StreamHeader)> {
        self.hear(&mut self.ear(path))
    }

    /// Where to hear a sink in every cycle.
    pub fn ear(&self, path: &FilterPath) -> Ear {
        let plan = self.runner.plan();
        Ear {
            path: path.clone(),
            serial: plan.map(|plan| plan.serial),
            node: plan.and_then(|plan| plan.spec.node_at(path)),
        }
    }

    /// The sound that a sink took in the last cycle, with its header. In another plan it is found anew.
    pub fn hear(&self, ear: &mut Ear) -> Option<(&Wave, StreamHeader)> {
        if self.is_pieced
            && let Some(pieces) = self.pieces.get(&ear.path).filter(|it| it.is_begun)
        {
            return Some((&pieces.wave, pieces.header));
        }
        let plan = self.runner.plan()?;
        if ear.serial != Some(plan.serial) {
            *ear = self.ear(&ear.path);
        }
        let slot = plan.heard(ear.node?)? as usize;
        let Payload::Wave(wave) = &plan.tables.payloads[slot] else {
            return None;
        };
        Some((wave, plan.tables.headers[slot]))
    }

    /// Nobody looks at pins and wires while cycles are run: what passes there is told every several cycles also where there
    /// are few filters, and when the graph pauses or stops.
    pub fn look_away(&mut self) {
        self.looks_away = true;
        if let Some(plan) = &mut self.runner.plan {
            plan.look_away();
        }
    }

    /// Times cycles from here on.
    pub fn time(&mut self, timed: Timed) {
        self.timed = timed;
    }

    /// Nanoseconds that the last cycle took, what was waited for not among them, if it was timed.
    pub fn took_nanos(&self) -> Option<u64> {
        self.took
    }

    /// The graph's position: samples rendered so far, unless it was sought elsewhere.
    pub fn position(&self) -> u64 {
        self.runner.position()
    }

    /// Goes to another position: at once where nothing fades, else with the next cycle.
    pub fn seek(&mut self, position: u64) {
        self.send(Message::Seek(position));
        self.runner.receive();
    }

    /// Whether every source has given its last sample.
    pub fn has_ended(&self) -> bool {
        self.runner.has_ended()
    }

    /// The steps of pins since it was asked last.
    pub fn steps(&mut self) -> impl Iterator<Item = Stepped> + '_ {
        std::iter::from_fn(|| self.steps.pop().ok())
    }

    /// How many filters were done at once with others in the last cycle, and not called.
    pub fn done_at_once(&self) -> usize {
        self.runner.plan().map_or(0, |plan| plan.at_once)
    }

    /// How many rows of equal filters stand in each group of those that are done side by side, where they can be.
    pub fn side_by_side(&self) -> Vec<usize> {
        let plan = self.runner.plan();
        plan.map_or_else(Vec::new, |plan| plan.side_by_side(&self.runner.slab))
    }

    /// How many islands the last cycle was parted into.
    pub fn islands(&self) -> usize {
        self.runner.plan().map_or(0, Plan::islands)
    }

    /// The figures of the runner.
    pub fn cells(&self) -> &Cells {
        &self.runner.cells
    }

    /// What the runner has said since it was asked last.
    pub fn reports(&mut self) -> impl Iterator<Item = Report> + '_ {
        std::iter::from_fn(|| self.reports.pop().ok())
    }
}

/// The filters of a plan that take sound and hand none on, and where it stands.
fn sinks(plan: &Plan) -> impl Iterator<Item = (&Node, (u32, u32))> {
    let nodes = plan.spec.nodes.iter().zip(&plan.heard);
    let sinks = nodes.filter(|(node, _)| node.wires(DataFlow::Out).next().is_none());
    sinks.filter_map(|(node, heard)| Some((node, (*heard)?)))
}

impl Drop for Offline {
    fn drop(&mut self) {
        self.send(Message::State(State::Stop));
        self.runner.receive();
    }
}
