//! Which voice gives way when there are too few: priorities of channels and groups, and who is taken (SYN-9, SYN-10).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::channel::MOST_GROUPS;

/// A class of priority. Any number is legal; these are the ones that have names.
pub mod class {
    /// Never to be missed.
    pub const CRITICAL: u32 = 0xF000_0000;
    /// Important.
    pub const HIGH: u32 = 0xC000_0000;
    /// Where every channel begins.
    pub const STANDARD: u32 = 0x8000_0000;
    /// Rather missed than others.
    pub const LOW: u32 = 0x4000_0000;
    /// The first to be missed.
    pub const PERSIST: u32 = 0x1000_0000;
}

/// The part of a priority that is its class.
const CLASS: u32 = 0xF000_0000;

/// What a channel, counted from 0, has above its class: drums first, then 1 to 9, then 11 to 16.
pub fn offset(channel: u8) -> u32 {
    match channel & 15 {
        9 => 15,
        channel @ 0..9 => 14 - u32::from(channel),
        channel => 15 - u32::from(channel),
    }
}

/// The priority a channel begins with.
pub fn usual(channel: u8) -> u32 {
    class::STANDARD + offset(channel)
}

/// A channel: its group and its place in it, both from 0.
type Place = (usize, u8);

/// Priorities that differ from the usual ones, by group and channel. In words each is `GROUP/CHANNEL=PRIORITY`, the first
/// two counted from 1 and the last in hexadecimal digits, with spaces between: `1/10=F000000F 2/1=4000000E`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Priorities(BTreeMap<Place, u32>);

impl Priorities {
    /// Reads the words; those that make no sense come back.
    pub fn read(text: &str) -> (Self, Vec<&str>) {
        let (mut all, mut wrong) = (Self::default(), vec![]);
        for word in text.split_whitespace() {
            match one(word) {
                Some((place, priority)) => all.set(place, priority),
                None => wrong.push(word),
            }
        }
        (all, wrong)
    }

    /// The same, with what a person is told about the words that make no sense.
    pub fn told(text: &str) -> (Self, Option<String>) {
        let (all, wrong) = Self::read(text);
        let words = (!wrong.is_empty()).then(|| {
            format!(
                "Voice priorities: {} says nothing; wanted GROUP/CHANNEL=PRIORITY, as in 1/3=F000000C",
                wrong.join(" ")
            )
        });
        (all, words)
    }

    /// The priority of a channel.
    pub fn of(&self, place: Place) -> u32 {
        let own = self.0.get(&place).copied();
        own.unwrap_or_else(|| usual(place.1))
    }

    /// Gives a channel a priority.
    pub fn set(&mut self, place: Place, priority: u32) {
        match priority == usual(place.1) {
            true => self.0.remove(&place),
            false => self.0.insert(place, priority),
        };
    }
}

fn one(word: &str) -> Option<(Place, u32)> {
    let (place, priority) = word.split_once('=')?;
    let (group, channel) = place.split_once('/')?;
    let (group, channel): (usize, u8) = (group.parse().ok()?, channel.parse().ok()?);
    let is_there = (1..=MOST_GROUPS).contains(&group) && (1..=16).contains(&channel);
    let priority = u32::from_str_radix(priority, 16).ok()?;
    is_there.then_some(((group - 1, channel - 1), priority))
}

impl fmt::Display for Priorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, ((group, channel), priority)) in self.0.iter().enumerate() {
            let space = if index > 0 { " " } else { "" };
            write!(f, "{space}{}/{}={priority:08X}", group + 1, channel + 1)?;
        }
        Ok(())
    }
}

/// The same for a synthesizer that runs: read by it at each note, written by the program. Neither waits for the other.
#[derive(Clone, Debug)]
pub struct PriorityTable(Arc<[AtomicU32]>);

impl Default for PriorityTable {
    fn default() -> Self {
        let usual = |at: usize| AtomicU32::new(usual((at % 16) as u8));
        Self((0..MOST_GROUPS * 16).map(usual).collect())
    }
}

impl PriorityTable {
    /// Takes all of them.
    pub fn set(&self, all: &Priorities) {
        for (at, cell) in self.0.iter().enumerate() {
            cell.store(all.of((at / 16, (at % 16) as u8)), Ordering::Relaxed);
        }
    }

    /// The priority of a channel by its place among those of all groups.
    pub fn of(&self, channel: usize) -> u32 {
        self.0[channel].load(Ordering::Relaxed)
    }
}

/// A voice that sounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sounding {
    /// Of its channel.
    pub priority: u32,
    /// Nothing holds it any more.
    pub is_releasing: bool,
    /// The order in which voices began.
    pub begun: u64,
}

/// Which of the voices that sound gives way to a note of priority `of`: the one of lowest priority; among equals one in
/// release before others, and the oldest. `None` when all are of a higher class: then the note is not played.
///
/// Within a class every note finds a voice, whatever its channel: a melody on channel 2 is not silenced by a chord that is
/// held on channel 1.
pub fn victim(voices: impl Iterator<Item = (usize, Sounding)>, of: u32) -> Option<usize> {
    let lowest =
        voices.min_by_key(|(_, voice)| (voice.priority, !voice.is_releasing, voice.begun))?;
    gives_way(lowest.1.priority, of).then_some(lowest.0)
}

/// Whether a voice of some priority may be taken for a note of priority `of`: one of a higher class may not.
pub fn gives_way(priority: u32, of: u32) -> bool {
    priority & CLASS <= of & CLASS || priority <= of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(voices: &[(u32, bool, u64)], of: u32) -> Option<usize> {
        let voices = voices.iter().enumerate();
        let voices = voices.map(|(at, (priority, is_releasing, begun))| {
            let (priority, is_releasing, begun) = (*priority, *is_releasing, *begun);
            let sounding = Sounding {
                priority,
                is_releasing,
                begun,
            };
            (at, sounding)
        });
        victim(voices, of)
    }

    #[test]
    fn syn_9_drums_come_first_then_one_to_nine_then_the_others() {
        let mut order: Vec<u8> = (0..16).collect();
        order.sort_by_key(|channel| std::cmp::Reverse(usual(*channel)));
        assert_eq!(
            order,
            [9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15]
        );
        let classes = [
            class::PERSIST,
            class::LOW,
            class::STANDARD,
            class::HIGH,
            class::CRITICAL,
        ];
        for pair in classes.windows(2) {
            assert!(
                pair[0] + offset(9) < pair[1] + offset(15),
                "a class outweighs"
            );
        }
    }

    #[test]
    fn priorities_in_words_say_only_what_is_unusual() {
        let (mut all, wrong) =
            Priorities::read("1/10=F000000F 9/1=3 2/17=4 x 2/1=40000000 1/1=xyz");
        assert_eq!(wrong, ["9/1=3", "2/17=4", "x", "1/1=xyz"]);
        assert_eq!(all.of((0, 9)), 0xF000_000F);
        assert_eq!(all.of((1, 0)), 0x4000_0000);
        assert_eq!(all.of((0, 0)), usual(0));
        assert_eq!(all.to_string(), "1/10=F000000F 2/1=40000000");
        all.set((0, 9), usual(9));
        assert_eq!(all.to_string(), "2/1=40000000");
        let table = PriorityTable::default();
        assert_eq!(table.of(16), usual(0));
        table.set(&all);
        assert_eq!((table.of(16), table.of(9)), (0x4000_0000, usual(9)));
    }

    #[test]
    fn syn_10_the_lowest_gives_way_then_what_is_in_release_then_the_oldest() {
        let (low, high) = (usual(15), usual(0));
        assert_eq!(taken(&[(high, true, 1), (low, false, 2)], high), Some(1));
        assert_eq!(taken(&[(low, false, 1), (low, true, 2)], low), Some(1));
        assert_eq!(taken(&[(low, true, 4), (low, true, 3)], low), Some(1));
        assert_eq!(taken(&[(low, false, 4), (low, false, 3)], low), Some(1));
        assert_eq!(taken(&[(high, false, 4)], low), Some(0), "of one class");
        assert_eq!(taken(&[(class::HIGH, true, 1)], usual(9)), None);
        assert_eq!(taken(&[], high), None);
    }
}
