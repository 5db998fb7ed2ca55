//! Blame: what was not heard as it should have been, each as a story. Which filter was late, by how much, in which cycle,
//! what waited for it, and what had been changed shortly before.
//!
//! The audio thread says which filter took longer than it usually does, and which late cycle a device waited for
//! (`engine/records`); here numbers become names and sentences.

#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use words::time as telling_time;

use super::{App, Urgency};
use crate::engine::{Blamed, Story};
use crate::graph::{FilterPath, Wiring};

/// Stories that are kept.
const KEPT: usize = 200;
/// Lines of the log about one filter come at least so many seconds apart.
const LINE_SECONDS: f64 = 1.0;
/// A filter counts as late for so many seconds.
const LATELY_SECONDS: f64 = 60.0;
/// An edit longer ago than that is not told.
const CHANGED_SECONDS: f64 = 10.0;

/// What kind of mishap it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mishap {
    /// A cycle took longer than it lasts, and no device ran out of sound.
    #[default]
    Late,
    /// A device had nothing to play.
    Dropout,
    /// A source had nothing in time: silence instead.
    Starved,
    /// A filter gave what is no sound, or broke: it was muted.
    Muted,
}

/// What it is put down to: that is what can be helped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    /// A filter, or something of ours between two.
    Filter,
    /// The machine, which woke the audio thread late.
    Wake,
    /// The device or its sound system: all of ours was in time.
    Device,
    /// Nothing that was late: a file that had nothing, a filter that was muted.
    Other,
}

/// One filter's part of a cycle.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bar {
    /// The filter; `None` when it is gone.
    pub filter: Option<FilterPath>,
    /// Its name.
    pub name: String,
    /// Nanoseconds from the beginning of the cycle till it was called, and till it came back.
    pub nanos: (u32, u32),
}

/// One story.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Dropout {
    /// What happened.
    pub mishap: Mishap,
    /// Seconds since the program began.
    pub seconds: f64,
    /// Which cycle it was, counted from the beginning, and its first sample.
    pub cycle: u64,
    /// The cycle's first sample at the graph's rate; of what is no sound, that sample.
    pub position: u64,
    /// The same in seconds of graph time.
    pub at_seconds: f64,
    /// The filter it is charged to; `None` when it was none.
    pub filter: Option<FilterPath>,
    /// Its name, or who it was otherwise.
    pub culprit: String,
    /// What that took, and usually takes; 0 where it is not known.
    pub took_nanos: u64,
    /// See `took_nanos`.
    pub usual_nanos: u64,
    /// By how much the cycle was late.
    pub late_nanos: u64,
    /// How long it may take.
    pub lasts_nanos: u64,
    /// How much later than usual the audio thread was woken for it.
    pub woke_late_nanos: u64,
    /// Who took what in it, in order.
    pub bars: Vec<Bar>,
    /// Filters that stand behind the culprit, by name, in the order in which they waited.
    pub waited: Vec<String>,
    /// The device that had nothing to play, and how often.
    pub device: Option<(FilterPath, u32)>,
    /// Its name.
    pub device_name: String,
    /// The last edit before it, and how many seconds before.
    pub changed: Option<(String, f64)>,
    /// The story in one sentence.
    pub sentence: String,
}

/// All stories.
#[derive(Default)]
pub(super) struct Blame {
    pub(super) dropouts: VecDeque<Dropout>,
    /// How many were told since the document was opened.
    pub(super) count: u64,
    /// Who was spoken of last in the log, and when.
    said: Option<(String, f64)>,
    /// The state of the history, and when it was first seen.
    edited: (u64, f64),
    /// When filters were late last, and by how much.
    late: BTreeMap<FilterPath, (f64, u64)>,
}

impl App {
    /// Stories of dropouts and of cycles that were late, the oldest first.
    pub fn dropouts(&self) -> &VecDeque<Dropout> {
        &self.blame.dropouts
    }

    /// By how many nanoseconds a filter made a cycle late in the last minute, the last time.
    pub(super) fn lately(&self, filter: &FilterPath) -> Option<u64> {
        let (then, nanos) = self.blame.late.get(filter)?;
        (self.seconds() - then < LATELY_SECONDS).then_some(*nanos)
    }

    /// Takes note of edits, so that a story can say what was changed before it.
    pub(super) fn watch_edits(&mut self) {
        let state = self.history.state();
        if self.blame.edited.0 != state {
            self.blame.edited = (state, self.seconds());
        }
    }

    /// Makes a story of what the audio thread said; `names` are the filters by their entries.
    pub(super) fn hear_story(&mut self, story: &Story, names: &BTreeMap<u32, FilterPath>) {
        let mut told = self.dropout(story, names);
        if let Some((device, count)) = told.device.clone() {
            // The audio thread says which cycle it waited for; that was told already, if it was late.
            let mut before = self.blame.dropouts.iter_mut().rev();
            let cause = before.find(|it| {
                let is_it = (it.cycle, it.position) == (told.cycle, told.position);
                let is_own = it.device.as_ref().is_none_or(|(own, _)| *own == device);
                is_it && is_own && it.late_nanos > 0
            });
            if let Some(cause) = cause {
                let before = cause.device.as_ref().map_or(0, |(_, count)| *count);
                cause.mishap = Mishap::Dropout;
                cause.device = Some((device, before + count));
                cause.device_name = told.device_name;
                cause.sentence = words::sentence(cause);
                return;
            }
        }
        told.sentence = words::sentence(&told);
        self.keep_story(told);
    }

    /// A source had nothing in time.
    pub(super) fn tell_starved(&mut self, filter: &FilterPath, position: u64) {
        let told = self.plain(Mishap::Starved, filter, position);
        let is_same = |last: &Dropout| {
            let is_near = told.at_seconds - last.at_seconds < LINE_SECONDS;
            last.mishap == Mishap::Starved && last.filter == told.filter && is_near
        };
        if !self.blame.dropouts.back().is_some_and(is_same) {
            self.keep_story(told);
        }
    }

    /// A filter was muted; `why` is what is said of it.
    pub(super) fn tell_muted(&mut self, filter: &FilterPath, position: u64, why: &str) {
        let mut told = self.plain(Mishap::Muted, filter, position);
        told.sentence = format!("{}: {why}", told.culprit);
        // The log has a line of its own for it.
        self.blame.count += 1;
        self.blame.dropouts.push_back(told);
    }

    /// Whoever a device's gap is charged to: the filter that was late, else the device's own.
    pub(super) fn charged(&self, device: &FilterPath) -> String {
        let mut stories = self.blame.dropouts.iter().rev();
        let story = stories.find(|it| it.device.as_ref().is_some_and(|(own, _)| own == device));
        match story.filter(|story| story.late_nanos > 0) {
            Some(story) => story.culprit.clone(),
            None => self.name(device),
        }
    }

    /// The document is another one.
    pub(super) fn forget_stories(&mut self) {
        self.blame = Blame::default();
        self.blame.edited.0 = self.history.state();
    }

    fn plain(&self, mishap: Mishap, filter: &FilterPath, position: u64) -> Dropout {
        let mut told = Dropout {
            mishap,
            seconds: self.seconds(),
            position,
            at_seconds: position as f64 / f64::from(self.wiring.rate_hz.max(1)),
            filter: Some(filter.clone()),
            culprit: self.name(filter),
            waited: self.waiting(filter, &[]),
            changed: self.changed(),
            ..Dropout::default()
        };
        told.sentence = words::sentence(&told);
        told
    }

    fn changed(&self) -> Option<(String, f64)> {
        let ago = self.seconds() - self.blame.edited.1;
        let name = self.history.undo_name()?;
        (ago < CHANGED_SECONDS && self.blame.edited.1 > 0.0).then(|| (name.to_owned(), ago))
    }

    fn dropout(&self, story: &Story, names: &BTreeMap<u32, FilterPath>) -> Dropout {
        let moment = &story.moment;
        let named = |entry: u32| names.get(&entry).cloned();
        let name = |path: &Option<FilterPath>| match path {
            Some(path) => self.name(path),
            None => "a filter that is gone".into(),
        };
        let bars = story.spans.iter().map(|span| {
            let filter = named(span.entry);
            Bar {
                name: name(&filter),
                filter,
                nanos: (span.begin_nanos, span.end_nanos),
            }
        });
        let bars: Vec<Bar> = bars.collect();
        let (filter, culprit, took, usual) = match story.blamed {
            Blamed::Filter {
                entry,
                took_nanos,
                usual_nanos,
            } => {
                let path = named(entry);
                let culprit = name(&path);
                (path, culprit, took_nanos, usual_nanos)
            }
            Blamed::Between {
                before,
                after,
                took_nanos,
            } => {
                let end = |entry: Option<u32>| entry.map(|entry| name(&named(entry)));
                (None, words::between(end(before), end(after)), took_nanos, 0)
            }
            Blamed::Nobody => (None, String::new(), 0, 0),
        };
        let device = story
            .xruns
            .and_then(|(entry, count)| Some((named(entry)?, count)));
        let waited = match &filter {
            Some(filter) => self.waiting(filter, &bars),
            None => vec![],
        };
        let device_name = device.as_ref().map(|(path, _)| self.name(path));
        Dropout {
            mishap: match device {
                Some(_) => Mishap::Dropout,
                None => Mishap::Late,
            },
            seconds: self.seconds(),
            cycle: moment.number,
            position: moment.position,
            at_seconds: moment.position as f64 / f64::from(self.wiring.rate_hz.max(1)),
            filter,
            culprit,
            took_nanos: took.into(),
            usual_nanos: usual.into(),
            late_nanos: moment.late_nanos(),
            lasts_nanos: moment.lasts_nanos,
            woke_late_nanos: moment.woke_late_nanos,
            bars,
            waited,
            device,
            device_name: device_name.unwrap_or_default(),
            changed: self.changed(),
            sentence: String::new(),
        }
    }

    /// Names of the filters that what a filter gives leads to, in the order in which they ran.
    fn waiting(&self, filter: &FilterPath, bars: &[Bar]) -> Vec<String> {
        let behind = behind(&self.wiring, filter);
        let place = |path: &&FilterPath| {
            let at = bars.iter().position(|it| it.filter.as_ref() == Some(path));
            at.unwrap_or(usize::MAX)
        };
        let mut paths: Vec<&FilterPath> = behind.iter().collect();
        paths.sort_by_key(place);
        paths.into_iter().map(|path| self.name(path)).collect()
    }

    fn keep_story(&mut self, told: Dropout) {
        let now = told.seconds;
        let is_new = self
            .blame
            .said
            .as_ref()
            .is_none_or(|(who, then)| *who != told.culprit || now - then >= LINE_SECONDS);
        // Of what no filter made late the log has lines of its own.
        if is_new && told.late_nanos > 0 {
            let text = words::line(&told);
            let subject = told.filter.clone().or_else(|| {
                let (device, _) = told.device.as_ref()?;
                Some(device.clone())
            });
            match &subject {
                Some(filter) => self.say_of(Urgency::Attention, filter, text),
                None => self.say(Urgency::Attention, "Audio thread", None, text),
            }
            self.blame.said = Some((told.culprit.clone(), now));
        }
        if let Some(filter) = told.filter.as_ref().filter(|_| told.late_nanos > 0) {
            let late = (now, told.late_nanos);
            self.blame.late.insert(filter.clone(), late);
        }
        self.blame.count += 1;
        if self.blame.dropouts.len() == KEPT {
            self.blame.dropouts.pop_front();
        }
        self.blame.dropouts.push_back(told);
    }
}

/// Everything that what a filter gives leads to.
fn behind(wiring: &Wiring, filter: &FilterPath) -> BTreeSet<FilterPath> {
    let mut found = BTreeSet::new();
    let mut left = vec![filter];
    while let Some(path) = left.pop() {
        let wires = wiring.wires.iter();
        for wire in wires.filter(|it| it.from.filter == *path && it.outcome.is_ok()) {
            if wire.to.filter != *filter && found.insert(wire.to.filter.clone()) {
                left.push(&wire.to.filter);
            }
        }
    }
    found
}
