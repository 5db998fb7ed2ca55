//! What the engine's threads have said, turned from numbers into filters of the document.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Playing;
use super::states::Seats;
use crate::engine::{Blamed, Built, Fired, OpenFilter, Report};
use crate::graph::{FilterPath, PinAddress};
use crate::ks::Tape;
use crate::ks::{Granted, OpenError, Quality, State, Status};

/// Something the engine told, in terms of the document.
pub(in crate::app) enum News {
    /// A filter was opened; words about how.
    Opened(FilterPath, String),
    /// A filter that drives a device was opened: what was granted, or why it is without one.
    Device(FilterPath, Option<Granted>, Option<String>),
    /// A filter could not be opened.
    NotOpened(FilterPath, OpenError),
    /// Another device drives the graph; `None`: a timer.
    Master(Option<FilterPath>),
    /// A filter refused to go to a state.
    Refused(FilterPath, State, Status),
    /// A filter panicked.
    Panicked(FilterPath, String),
    /// A filter gave samples that are not numbers, at that pin.
    NonFinite(FilterPath, String, u64),
    /// The same of samples that are denormal.
    Denormal(FilterPath, String, u64),
    /// A source had nothing in time.
    Starved(FilterPath, u64),
    /// The device had nothing to play, so many times.
    Xruns(FilterPath, u32, u64),
    /// The device that drives the graph is gone.
    DeviceLost(FilterPath),
    /// A mark of the clock was reached.
    Marked(Fired),

    /// A sink, or a graph without a device, said something of the frames it gets.
    Quality(Option<FilterPath>, Quality, u64),
    /// A filter was asked for less, or may do as much as before.
    Degraded(FilterPath, u8, u64),

    /// Somebody moved a controller: channel, number, value.
    Control(u8, u8, u8),

    /// All pins are in that state.
    Reached(State),
    /// Every source has ended.
    Ended,
}

impl Playing {
    /// Takes in what the threads have said. `true` beside the news: a new plan runs, values are to be synced.
    pub(in crate::app) fn poll(&mut self) -> (Vec<News>, bool) {
        let mut news = vec![];
        let mut has_swapped = false;
        while let Some(built) = self.engine.built() {
            self.take_in(built, &mut news);
        }
        self.hear_stories();
        while let Some(report) = self.engine.report() {
            // A report may speak of filters that were built since.
            while let Some(built) = self.engine.built() {
                self.take_in(built, &mut news);
            }
            let named = |open: &BTreeMap<FilterPath, Arc<OpenFilter>>, entry: u32| {
                open.iter()
                    .find(|(_, open)| open.entry == entry)
                    .map(|(path, _)| path.clone())
            };
            match report {
                Report::Swapped(serial, spent) => {
                    drop(spent);
                    has_swapped = true;
                    let seats = self.coming.remove(&serial).unwrap_or_default();
                    self.past = std::mem::replace(&mut self.seats, seats);
                    if let Some(ticket) = self.under_way.remove(&serial) {
                        self.arrived = ticket;
                    }
                }
                Report::Reached(state) => news.push(News::Reached(state)),
                Report::Refused {
                    entry,
                    state,
                    status,
                } => {
                    let path = named(&self.open, entry);
                    news.extend(path.map(|path| News::Refused(path, state, status)));
                }

                Report::Panicked { entry, message } => {
                    let text = message
                        .downcast_ref::<&str>()
                        .map(|text| (*text).to_owned())
                        .or_else(|| message.downcast_ref::<String>().cloned())
                        .unwrap_or_else(|| "it did not say why".into());
                    if let Some(path) = named(&self.open, entry) {
                        self.faults.insert(path.clone(), format!("broke: {text}"));
                        news.push(News::Panicked(path, text));
                    }
                }
                Report::NonFinite {
                    entry,
                    output,
                    position,
                } => {
                    if let Some(path) = named(&self.open, entry) {
                        let pin = pin_words(self.maps().find_map(|map| map.output(entry, output)));
                        let fault = format!("not a number at {pin}, sample {position}");
                        self.faults.insert(path.clone(), fault);
                        news.push(News::NonFinite(path, pin, position));
                    }
                }
                Report::Denormal {
                    entry,
                    output,
                    position,
                } => {
                    let pin = pin_words(self.maps().find_map(|map| map.output(entry, output)));
                    let path = named(&self.open, entry);
                    news.extend(path.map(|path| News::Denormal(path, pin, position)));
                }
                Report::Control {
                    channel,
                    controller,
                    value,
                } => news.push(News::Control(channel, controller, value)),
                Report::Starved { entry, position } => {
                    news.extend(named(&self.open, entry).map(|path| News::Starved(path, position)));
                }
                Report::Xruns {
                    entry,
                    count,
                    position,
                } => {
                    // Its story came before it.
                    self.hear_stories();
                    news.extend(
                        named(&self.open, entry).map(|path| News::Xruns(path, count, position)),
                    );
                }
                Report::DeviceLost { entry } => {
                    self.lost.insert(entry);
                    news.extend(named(&self.open, entry).map(News::DeviceLost));
                }
                Report::Marked(fired) => news.push(News::Marked(fired)),

                Report::Quality {
                    entry,
                    quality,
                    position,
                } => {
                    let path = entry.and_then(|entry| named(&self.open, entry));
                    if path.is_some() || entry.is_none() {
                        news.push(News::Quality(path, quality, position));
                    }
                }
                Report::Degraded {
                    entry,
                    level,
                    position,
                } => {
                    let path = named(&self.open, entry);
                    news.extend(path.map(|path| News::Degraded(path, level, position)));
                }

                Report::Ended => news.push(News::Ended),
            }
        }
        if self.is_cued && self.is_whole() {
            self.set_state(State::Run);
        }
        (news, has_swapped)
    }

    fn hear_stories(&mut self) {
        while let Some(story) = self.engine.story() {
            let ends = match story.blamed {
                Blamed::Filter { entry, .. } => [Some(entry), None],
                Blamed::Between { before, after, .. } => [before, after],
                Blamed::Nobody => [None, None],
            };
            let device = story.xruns.map(|(entry, _)| entry);
            let spans = story.spans.iter().map(|span| span.entry);
            let entries: BTreeSet<u32> = spans
                .chain(ends.into_iter().flatten())
                .chain(device)
                .collect();
            let open = self
                .open
                .iter()
                .filter(|(_, open)| entries.contains(&open.entry));
            let names = open
                .map(|(path, open)| (open.entry, path.clone()))
                .collect();
            self.stories.push((story, names));
        }
    }

    /// What is known of filters that stand elsewhere now goes with them.
    fn follow_moves(
        &mut self,
        before: &BTreeMap<(u32, u64), &FilterPath>,
        open: &BTreeMap<FilterPath, Arc<OpenFilter>>,
    ) {
        let mut moved = vec![];
        for (path, open) in open {
            let old = before.get(&(open.entry, open.since));
            if let Some(&old) = old.filter(|old| **old != path) {
                moved.push((path, self.faults.remove(old), self.events.remove(old)));
            }
        }
        for (path, fault, events) in moved {
            self.faults.extend(fault.map(|fault| (path.clone(), fault)));
            self.events.extend(events.map(|lane| (path.clone(), lane)));
        }
    }

    fn take_in(&mut self, built: Built, news: &mut Vec<News>) {
        self.under_way.insert(built.serial, built.ticket);
        self.map = built.map.clone();
        if self.probed.is_some() {
            self.tell_probe();
        }
        let was_open = std::mem::take(&mut self.open);
        let before = was_open.iter();
        let before = before.map(|(path, open)| ((open.entry, open.since), path));
        let before: BTreeMap<(u32, u64), &FilterPath> = before.collect();
        self.follow_moves(&before, &built.open);
        let mut new = BTreeSet::new();
        for (path, open) in &built.open {
            if !before.contains_key(&(open.entry, open.since)) {
                self.faults.remove(path);
                new.insert(open.entry);
                self.texts.remove(&open.entry);
                self.lost.remove(&open.entry);
                self.tapes.extend(open.tape.as_ref().and_then(Tape::take));
                news.extend(
                    open.notes
                        .iter()
                        .map(|note| News::Opened(path.clone(), note.clone())),
                );
                // What hears without its device has nothing that could drive.
                if open.has_pacer || open.absence.is_some() {
                    let (device, absence) = (open.device.clone(), open.absence.clone());
                    news.push(News::Device(path.clone(), device, absence));
                }
            }
        }
        if !new.is_empty() {
            self.told.retain(|(entry, _), _| !new.contains(entry));
        }
        self.open = built.open;
        self.faults.retain(|path, _| self.open.contains_key(path));
        self.events.retain(|path, _| self.open.contains_key(path));
        self.events.extend(built.events);
        let seats = Seats {
            map: built.map,
            states: built.states,
        };
        self.coming.insert(built.serial, seats);
        self.levels = built.levels;
        for (path, error) in built.failures {
            self.faults.insert(path.clone(), error.to_string());
            news.push(News::NotOpened(path, error));
        }
        let entry = |path: &Option<FilterPath>| {
            let open = path.as_ref().and_then(|path| self.open.get(path));
            open.map(|open| open.entry)
        };
        // Opened anew counts as another one: what was said of the old one no longer holds.
        let master = (built.master.clone(), entry(&built.master));
        if self.driven_by != master {
            self.master.clone_from(&built.master);
            self.driven_by = master;
            news.push(News::Master(built.master));
        }
    }
}

/// An output among its filter's, by name.
fn pin_words(pin: Option<PinAddress>) -> String {
    match pin {
        None => "out".to_owned(),
        Some(it) if it.instance == 0 => it.pin,
        Some(it) => format!("{}[{}]", it.pin, it.instance),
    }
}
