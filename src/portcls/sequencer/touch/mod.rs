//! What a hand does to events before they are due: delay, mute, take away; and what it sees of them.
//!
//! A note is one thing: what happens to its beginning happens to its end, which may not have come in yet. So nothing that
//! is done here leaves a note hanging, and what ends something cannot be changed by itself.

use super::{Arrived, Sequencer, Waiting};
use crate::ks::{
    KernelEvent, RefTime, Score, ScoreChange, ScoreEnd, ScoreEvent, ScoreHead, ScoreProgram,
};

/// So many events that were let go are remembered until somebody looks.
const PLAYED: usize = 256;
/// Notes whose beginning was changed and whose end is still to come in.
const FATES: usize = 64;

/// Which note.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Note {
    wire: u64,
    channel_group: u16,
    channel: u8,
    key: u8,
}

impl Note {
    /// The note that a message begins or ends.
    fn of(Arrived { event, wire }: &Arrived) -> Option<Self> {
        match *event.bytes() {
            [status @ 0x80..=0x9F, key, _] => Some(Self {
                wire: *wire,
                channel_group: event.channel_group,
                channel: status & 0x0F,
                key,
            }),
            _ => None,
        }
    }
}

/// What becomes of the end of a note, as of its beginning.
#[derive(Clone, Copy)]
pub(super) struct Fate {
    note: Note,
    /// The beginning.
    pub(super) number: u64,
    pub(super) later: RefTime,
    pub(super) is_muted: bool,
    pub(super) is_removed: bool,
}

/// The hand's part of a sequencer.
pub(super) struct Touch {
    score: Score,
    end: ScoreEnd,
    fates: [Option<Fate>; FATES],
    muted_channels: u16,
    programs: [ScoreProgram; 16],
    refused: u32,
    /// What was let go, round and round.
    played: [ScoreEvent; PLAYED],
    /// How much since somebody looked, and ever.
    played_since: usize,
    played_ever: usize,
}

impl Touch {
    pub(super) fn new() -> Self {
        let (score, end) = Score::new();
        Self {
            score,
            end,
            fates: [None; FATES],
            muted_channels: 0,
            programs: Default::default(),
            refused: 0,
            played: [ScoreEvent::default(); PLAYED],
            played_since: 0,
            played_ever: 0,
        }
    }

    pub(super) fn score(&self) -> Score {
        self.score.clone()
    }

    /// What was decided of the note that this event ends.
    pub(super) fn fate_of(&mut self, arrived: &Arrived) -> Option<Fate> {
        if !is_note_off(&arrived.event) {
            return None;
        }
        let note = Note::of(arrived)?;
        let fates = self.fates.iter_mut();
        let mine = fates.filter(|it| it.is_some_and(|fate| fate.note == note));
        mine.min_by_key(|it| it.map(|fate| fate.number))?.take()
    }

    /// Whether it is a note of a channel that is muted.
    pub(super) fn silences(&self, event: &KernelEvent) -> bool {
        self.muted_channels != 0
            && is_note_on(event)
            && self.muted_channels >> (event.bytes()[0] & 0x0F) & 1 == 1
    }

    /// Follows what is released.
    pub(super) fn follow(&mut self, waiting: &Waiting) {
        self.played[self.played_ever % PLAYED] = ScoreEvent {
            is_played: true,
            ..waiting.seen()
        };
        self.played_ever = self.played_ever.wrapping_add(1);
        self.played_since = (self.played_since + 1).min(PLAYED);
        let event = &waiting.arrived.event;
        match *event.bytes() {
            [status @ 0xC0..=0xCF, program] => {
                let it = &mut self.programs[usize::from(status & 0x0F)];
                (it.program, it.is_chosen) = (program & 0x7F, true);
            }
            [status @ 0xB0..=0xBF, select @ (0 | 32), bank] => {
                let it = &mut self.programs[usize::from(status & 0x0F)];
                it.bank[usize::from(select == 32)] = bank & 0x7F;
            }
            _ => {}
        }
    }

    /// Whether the end of that note is still to come in.
    fn is_decided(&self, number: u64) -> bool {
        let mut fates = self.fates.iter().flatten();
        fates.any(|fate| fate.number == number)
    }

    pub(super) fn forget(&mut self, wire: u64) {
        for it in &mut self.fates {
            *it = it.filter(|fate| fate.note.wire != wire);
        }
    }

    pub(super) fn clear(&mut self) {
        self.fates = [None; FATES];
        self.programs = Default::default();
        self.played_since = 0;
    }
}

impl Sequencer {
    pub(super) fn make_changes(&mut self, now: RefTime) -> u16 {
        let before = self.touch.muted_channels;
        while let Some(change) = self.touch.end.take() {
            let is_made = match change {
                ScoreChange::Delay(number, by) => {
                    let earliest = self.find(number).map(|it| now.min(it.time) - it.time);
                    let by = earliest.map_or(by, |earliest| by.max(earliest));
                    self.change(number, |fate| fate.later = fate.later.saturating_add(by))
                }
                ScoreChange::Mute(number, is_muted) => {
                    self.change(number, |fate| fate.is_muted = is_muted)
                }
                ScoreChange::Remove(number) => self.change(number, |fate| fate.is_removed = true),
                ScoreChange::Restore(number) => self.change(number, |fate| fate.is_removed = false),
                ScoreChange::MuteChannel(channel, is_muted) => {
                    let bit = 1 << (channel & 15);
                    match is_muted {
                        true => self.touch.muted_channels |= bit,
                        false => self.touch.muted_channels &= !bit,
                    }
                    true
                }
            };
            if !is_made {
                self.touch.refused = self.touch.refused.saturating_add(1);
            }
        }
        self.touch.muted_channels & !before
    }

    fn find(&self, number: u64) -> Option<&Waiting> {
        self.waiting.iter().find(|it| it.number == number)
    }

    /// Changes an event, and of a note its end likewise. False when it is gone, or cannot be changed.
    fn change(&mut self, number: u64, how: impl Fn(&mut Fate)) -> bool {
        let Some(&it) = self.find(number) else {
            return false;
        };
        let event = &it.arrived.event;
        if it.is_part || ends_something(event) {
            return false;
        }
        let note = Note::of(&it.arrived).filter(|_| is_note_on(event));
        let mut last = None;
        if let Some(note) = note {
            let offs = self.waiting.iter().filter(|other| {
                is_note_off(&other.arrived.event) && Note::of(&other.arrived) == Some(note)
            });
            let ends = offs.filter(|other| match other.ends {
                Some(begun) => begun == number,
                None => other.number > number,
            });
            // Once it is known which end it is, it stays that one.
            last = ends
                .min_by_key(|other| (other.ends.is_none(), other.number))
                .map(|other| other.number);
            last = match self.touch.is_decided(number) {
                true => None,
                false => last,
            };
            if last.is_none() && !self.decide(note, number, &how) {
                return false;
            }
        }
        let mut all = std::mem::take(&mut self.waiting).into_vec();
        for waiting in &mut all {
            if waiting.number != number && Some(waiting.number) != last {
                continue;
            }
            let mut fate = Fate {
                // Of no other event than a note is it asked.
                note: note.unwrap_or(NOBODY),
                number,
                later: 0,
                is_muted: waiting.is_muted,
                is_removed: waiting.is_removed,
            };
            how(&mut fate);
            let event = waiting.arrived.event;
            waiting.time = waiting.time.saturating_add(fate.later);
            waiting.arrived.event = event.at(event.time.saturating_add(fate.later));
            (waiting.is_muted, waiting.is_removed) = (fate.is_muted, fate.is_removed);
            if waiting.number != number {
                waiting.ends = Some(number);
            }
        }
        self.waiting = all.into();
        true
    }

    /// Notes what is to become of an end that has not come in yet. False when there is no room for it.
    fn decide(&mut self, note: Note, number: u64, how: &impl Fn(&mut Fate)) -> bool {
        let fates = &mut self.touch.fates;
        let mine = |it: &Option<Fate>| it.is_some_and(|fate| fate.number == number);
        let place = fates.iter().position(mine);
        let place = place.or_else(|| fates.iter().position(Option::is_none));
        let Some(place) = place.map(|place| &mut fates[place]) else {
            return false;
        };
        how(place.get_or_insert(Fate {
            note,
            number,
            later: 0,
            is_muted: false,
            is_removed: false,
        }));
        true
    }

    pub(super) fn show(&mut self, now: RefTime) {
        let touch = &mut self.touch;
        if !touch.end.is_wanted() {
            return;
        }
        let head = ScoreHead {
            now,
            edge: self.edge,
            waiting: self.waiting.iter().filter(|it| !it.is_removed).count(),
            late: self.late,
            refused: touch.refused,
            muted_channels: touch.muted_channels,
            programs: &touch.programs,
        };
        let ever = touch.played_ever;
        let played =
            (1..=touch.played_since).map(|ago| touch.played[ever.wrapping_sub(ago) % PLAYED]);
        // A heap has the first ones in front, if not in order.
        let waiting = self.waiting.iter().map(Waiting::seen);
        touch.end.show(&head, played.chain(waiting));
        touch.played_since = 0;
    }
}

const NOBODY: Note = Note {
    wire: 0,
    channel_group: 0,
    channel: 0,
    key: 0,
};

fn is_note_on(event: &KernelEvent) -> bool {
    ScoreEvent::new(0, event, 0).is_note_on()
}

fn is_note_off(event: &KernelEvent) -> bool {
    ScoreEvent::new(0, event, 0).is_note_off()
}

fn ends_something(event: &KernelEvent) -> bool {
    ScoreEvent::new(0, event, 0).ends_something()
}

#[cfg(test)]
mod tests;
