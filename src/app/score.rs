//! The score of the future as it is drawn: notes and other messages a little before now and up to where nothing has come
//! in yet, put together from what the sequencer shows each time it is looked at.

use std::collections::{BTreeMap, VecDeque};

use crate::ks::{RefTime, Score, ScoreEvent, ScoreSheet};

/// How long what was played stays in sight.
pub const SCORE_PAST: RefTime = 5_000_000;
/// Time that goes on by more than this between two looks has jumped: a seek.
const JUMP: RefTime = 10_000_000;

/// A note: one thing with two ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScoreNote {
    /// Its beginning. A note that sounded before the score was looked at has none in sight.
    pub begins: ScoreEvent,
    /// When it ends, if that is known yet.
    pub ends: Option<RefTime>,
}

/// What the score has seen.
#[derive(Default)]
pub struct Roll {
    sheet: ScoreSheet,
    past: VecDeque<ScoreEvent>,
}

impl Roll {
    /// Looks again. False when there is nothing new to be seen.
    pub fn look(&mut self, score: &Score) -> bool {
        let before = self.sheet.now;
        if !score.look(&mut self.sheet) {
            return false;
        }
        let now = self.sheet.now;
        if now < before || now - before > JUMP {
            self.past.clear();
        }
        let known = |number| self.past.iter().any(|it| it.number == number);
        let events = self.sheet.events.iter();
        let played: Vec<_> = events
            .filter(|it| it.is_played && !known(it.number))
            .copied()
            .collect();
        self.past.extend(played);
        self.sheet.events.retain(|it| !it.is_played);
        self.forget();
        true
    }

    /// Forgets what is out of sight; the beginning of a note that sounds is not.
    fn forget(&mut self) {
        let oldest = self.sheet.now - SCORE_PAST;
        let lasts: BTreeMap<u64, RefTime> = self
            .notes()
            .iter()
            .map(|note| (note.begins.number, note.ends.unwrap_or(RefTime::MAX)))
            .collect();
        self.past.retain(|it| {
            let until = lasts.get(&it.number).copied().unwrap_or(it.time);
            until >= oldest && it.time >= oldest - 120 * SCORE_PAST
        });
    }

    /// What the sequencer showed last.
    pub fn sheet(&self) -> &ScoreSheet {
        &self.sheet
    }

    /// Whatever is in sight, in order of time.
    fn all(&self) -> Vec<ScoreEvent> {
        let mut all: Vec<_> = self
            .past
            .iter()
            .chain(&self.sheet.events)
            .copied()
            .collect();
        all.sort_by_key(|it| (it.time, it.number));
        all
    }

    /// Notes in sight, in the order in which they begin.
    pub fn notes(&self) -> Vec<ScoreNote> {
        let mut notes: Vec<ScoreNote> = vec![];
        let mut open: BTreeMap<(u64, u16, u8, u8), VecDeque<usize>> = BTreeMap::new();
        for event in self.all() {
            let key = |event: &ScoreEvent| {
                let channel = event.channel().unwrap_or(0);
                (event.wire, event.channel_group, channel, event.bytes[1])
            };
            if event.is_note_on() {
                open.entry(key(&event)).or_default().push_back(notes.len());
                notes.push(ScoreNote {
                    begins: event,
                    ends: None,
                });
            } else if event.is_note_off()
                && let Some(first) = open.get_mut(&key(&event)).and_then(VecDeque::pop_front)
            {
                notes[first].ends = Some(event.time);
            }
        }
        notes
    }

    /// Everything in sight that is no note.
    pub fn marks(&self) -> Vec<ScoreEvent> {
        let mut all = self.all();
        all.retain(|it| !it.is_note_on() && !it.is_note_off());
        all
    }

    /// How far ahead of now anything has come in.
    pub fn ahead(&self) -> RefTime {
        (self.sheet.edge - self.sheet.now).max(0)
    }

    /// Channels, from 0, of which anything is in sight or that were given a program or silenced.
    pub fn channels(&self) -> Vec<u8> {
        let seen = self.all().into_iter().filter_map(|it| it.channel());
        let mut used: u16 = seen.fold(0, |used, channel| used | 1 << channel);
        used |= self.sheet.muted_channels;
        for (channel, program) in self.sheet.programs.iter().enumerate() {
            used |= u16::from(program.is_chosen) << channel;
        }
        (0..16).filter(|channel| used >> channel & 1 == 1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{KernelEvent, ScoreEnd, ScoreHead, ScoreProgram};

    const MILLISECOND: RefTime = 10_000;

    fn event(number: u64, millis: RefTime, bytes: &[u8], is_played: bool) -> ScoreEvent {
        let event = KernelEvent::new(millis * MILLISECOND, bytes).unwrap();
        ScoreEvent {
            is_played,
            ..ScoreEvent::new(number, &event, 1)
        }
    }

    fn show(end: &mut ScoreEnd, now: RefTime, events: &[ScoreEvent]) {
        let head = ScoreHead {
            now: now * MILLISECOND,
            edge: (now + 400) * MILLISECOND,
            waiting: events.len(),
            late: 0,
            refused: 0,
            muted_channels: 1 << 9,
            programs: &[ScoreProgram::default(); 16],
        };
        end.show(&head, events.iter().copied());
    }

    fn seen(roll: &Roll) -> Vec<(u64, Option<RefTime>, bool)> {
        let notes = roll.notes().into_iter();
        notes
            .map(|it| {
                let ends = it.ends.map(|time| time / MILLISECOND);
                (it.begins.number, ends, it.begins.is_played)
            })
            .collect()
    }

    #[test]
    fn notes_are_followed_from_the_future_into_the_past() {
        let (score, mut end) = Score::new();
        let mut roll = Roll::default();
        let (on, off) = ([0x92, 60, 100], [0x82, 60, 0]);
        show(&mut end, 0, &[event(0, 100, &on, false)]);
        assert!(roll.look(&score));
        assert_eq!(seen(&roll), [(0, None, false)]);
        assert_eq!(roll.ahead(), 400 * MILLISECOND);
        assert_eq!(roll.channels(), [2, 9]);
        let events = [
            event(0, 100, &on, true),
            event(1, 300, &off, false),
            event(2, 500, &[0xB2, 1, 5], false),
            event(3, 500, &on, false),
        ];
        show(&mut end, 200, &events);
        roll.look(&score);
        assert_eq!(seen(&roll), [(0, Some(300), true), (3, None, false)]);
        assert_eq!(roll.marks().len(), 1);
        show(&mut end, 600, &[event(1, 300, &off, true)]);
        roll.look(&score);
        assert_eq!(
            seen(&roll),
            [(0, Some(300), true)],
            "3 was taken away: it does not wait and was not played"
        );
        show(&mut end, 1_500, &[]);
        roll.look(&score);
        assert_eq!(seen(&roll), [], "it is out of sight");
    }

    #[test]
    fn a_note_that_sounds_on_stays_in_sight_and_a_seek_clears_the_past() {
        let (score, mut end) = Score::new();
        let mut roll = Roll::default();
        show(&mut end, 0, &[event(0, 0, &[0x90, 60, 1], true)]);
        roll.look(&score);
        for now in [900, 1_800, 2_700] {
            show(&mut end, now, &[]);
            roll.look(&score);
        }
        assert_eq!(seen(&roll), [(0, None, true)]);
        show(&mut end, 100, &[]);
        roll.look(&score);
        assert_eq!(seen(&roll), []);
    }
}
