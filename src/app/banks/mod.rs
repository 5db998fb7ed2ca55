//! Banks of synthesizers: what became of those on their way, and their sounds struck by hand.

mod shelf;
mod words;

use std::path::Path;

pub(super) use shelf::Shelf;
pub use words::connection_words;

use super::{Action, App, FilterStatus, Offer, Urgency};
use crate::graph::FilterPath;
use crate::ks::{BankDesk, BankWord, Bell, State, Strike};

/// A sound of a bank that is to be heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Audition {
    /// Place of the instrument in the bank.
    pub instrument: usize,
    /// One region alone, by its place in the instrument; all that fit without.
    pub region: Option<usize>,
    /// The key, 0 to 127.
    pub key: u8,
    /// 1 to 127.
    pub velocity: u8,
}

/// Why nothing would be heard, and what helps, if anything does.
pub type Silence = (String, Option<Offer>);

impl App {
    /// Where a filter lays out its bank.
    pub(super) fn bank(&self, filter: &FilterPath) -> Option<&BankDesk> {
        self.playing.as_ref()?.open(filter)?.bank.as_ref()
    }

    /// Rung when something becomes of a bank.
    pub(super) fn bank_bells(&self) -> impl Iterator<Item = &Bell> {
        let banks = self.playing.iter().flat_map(|it| it.banks());
        let shelf = self.shelf.iter().map(Shelf::desk);
        banks.map(|(_, desk)| desk).chain(shelf).map(BankDesk::bell)
    }

    /// Takes in what became of banks, and has what came hand them over.
    pub(super) fn hear_banks(&mut self) {
        self.tend_shelf();
        let Some(playing) = &self.playing else { return };
        let mut heard = vec![];
        for (path, desk) in playing.banks() {
            desk.tend();
            let words = desk.take_words().into_iter();
            heard.extend(words.map(|word| (path.clone(), word)));
        }
        for (path, word) in heard {
            match word {
                BankWord::Loaded(lines) => {
                    for line in lines {
                        self.say_of(Urgency::News, &path, line);
                    }
                }
                BankWord::Failed(why) => {
                    let text = format!("{why}. What it had before is played on");
                    self.say_of(Urgency::Error, &path, text);
                }
            }
        }
    }

    /// How much of the banks that are on their way is there, in any unit; `None` when none is.
    pub fn banks_coming(&self) -> Option<u64> {
        let banks = self.playing.iter().flat_map(|it| it.banks());
        let shelf = self.shelf.iter().map(Shelf::desk);
        let loading = banks.map(|(_, desk)| desk).chain(shelf);
        let loading = loading.filter_map(BankDesk::loading);
        loading
            .map(|it| {
                let (stage, done, _) = it.progress();
                ((stage as u64) << 40) + done
            })
            .reduce(|sum, it| sum.wrapping_add(it))
    }

    /// A file is another than it was: synthesizers that could not load it try again.
    pub(super) fn try_banks_again(&mut self, file: &Path) {
        let readers = self.media().into_iter().filter(|(_, path)| path == file);
        let readers: Vec<FilterPath> = readers.map(|(filter, _)| filter).collect();
        for filter in readers {
            let is_without = self.bank(&filter).is_some_and(|it| it.trouble().is_some());
            if let Some(playing) = self.playing.as_mut().filter(|_| is_without) {
                playing.renew(&filter);
            }
        }
    }

    /// Why a synthesizer has nothing to play, where it has no bank at all.
    pub(super) fn bank_trouble(&self, filter: &FilterPath) -> Option<String> {
        let desk = self.bank(filter)?;
        desk.trouble().filter(|_| desk.sheet().0 == 0)
    }

    /// Why a sound of its bank would not be heard now; `None`: it would.
    pub(super) fn why_silent(&self, filter: &FilterPath) -> Option<Silence> {
        let run = || Offer {
            words: "Run now".to_owned(),
            action: Action::SetState(State::Run),
        };
        let only = |words: String| Some((words, None));
        match self.status(filter) {
            FilterStatus::Ready(_) => {}
            FilterStatus::Missing => return only("No such filter is installed".into()),
            FilterStatus::Disabled => return only("It is disabled".into()),
            FilterStatus::Idle(why) => return Some((why, self.wire_offer(filter))),
            FilterStatus::Faulty(why) | FilterStatus::Bypassed(why) => return only(why),
        }
        let desk = self.bank(filter)?;
        if desk.sheet().0 == 0 {
            return only("Its bank is still being loaded".into());
        }
        if self.whole_state() == Ok(State::Run) || self.requested == State::Run {
            return None;
        }
        let words = match self.requested {
            State::Pause => "The graph is paused: nothing sounds until it runs",
            _ => "The graph is stopped: nothing sounds until it runs",
        };
        Some((words.into(), Some(run())))
    }

    /// Has a sound of a bank heard, until another one is or `None` comes.
    pub(super) fn audition(&mut self, filter: &FilterPath, sound: Option<Audition>) {
        if let Some((path, before)) = self.struck.take()
            && let Some(desk) = self.bank(&path)
        {
            desk.strike(Strike {
                velocity: 0,
                ..before
            });
        }
        let Some(sound) = sound else { return };
        if let Some((why, _)) = self.why_silent(filter) {
            let text = format!("It cannot be heard by hand: {why}");
            return self.say_of(Urgency::News, filter, text);
        }
        let Some(desk) = self.bank(filter) else {
            return;
        };
        let count = |place: usize| u16::try_from(place).unwrap_or(u16::MAX);
        let strike = Strike {
            serial: desk.sheet().0,
            instrument: count(sound.instrument),
            region: sound.region.map(count),
            key: sound.key.min(127),
            velocity: sound.velocity.clamp(1, 127),
        };
        if desk.strike(strike) {
            self.struck = Some((filter.clone(), strike));
        }
    }
}
