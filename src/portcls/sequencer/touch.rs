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
        all.retain_mut(|waiting| {
            if waiting.number != number && Some(waiting.number) != last {
                return true;
            }
            let mut fate = Fate {
                // Of no other event than a note is it asked.
                note: note.unwrap_or(NOBODY),
                number,
                later: 0,
                is_muted: waiting.is_muted,
                is_removed: false,
            };
            how(&mut fate);
            let event = waiting.arrived.event;
            waiting.time = waiting.time.saturating_add(fate.later);
            waiting.arrived.event = event.at(event.time.saturating_add(fate.later));
            waiting.is_muted = fate.is_muted;
            if waiting.number != number {
                waiting.ends = Some(number);
            }
            !fate.is_removed
        });
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
            waiting: self.waiting.len(),
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

/// Without it something would go on: a note, a pedal, all notes.
fn ends_something(event: &KernelEvent) -> bool {
    match *event.bytes() {
        [0xB0..=0xBF, 64..=69, value] => value < 64,
        [0xB0..=0xBF, 120..=127, _] | [0xFF] => true,
        _ => is_note_off(event),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::{ScoreSheet, time_from_sample};

    const MILLISECOND: RefTime = 10_000;

    struct Desk {
        sequencer: Sequencer,
        score: Score,
        position: u64,
    }

    impl Desk {
        fn new() -> Self {
            let sequencer = Sequencer::new(2);
            let score = sequencer.score();
            Self {
                sequencer,
                score,
                position: 0,
            }
        }

        fn put(&mut self, millis: RefTime, bytes: &[u8]) {
            let event = KernelEvent::new(millis * MILLISECOND, bytes).unwrap();
            self.sequencer.put(Arrived { event, wire: 1 });
        }

        /// What is seen to wait: number, milliseconds, message.
        fn seen(&mut self) -> Vec<(u64, RefTime, Vec<u8>, bool)> {
            let mut sheet = ScoreSheet::default();
            self.score.look(&mut sheet);
            self.sequencer.attend(self.position, 48_000);
            assert!(self.score.look(&mut sheet));
            let waiting = sheet.events.iter().filter(|it| !it.is_played);
            let seen = waiting.map(|it| {
                let bytes = it.message().to_vec();
                (it.number, it.time / MILLISECOND, bytes, it.is_muted)
            });
            seen.collect()
        }

        fn change(&mut self, change: ScoreChange) {
            assert!(self.score.change(change));
            self.sequencer.attend(self.position, 48_000);
        }

        /// What goes out in the next so many milliseconds.
        fn play(&mut self, millis: u64) -> Vec<(u64, Vec<u8>)> {
            let len = millis as usize * 48;
            let mut out = vec![];
            while let Some((arrived, offset)) = self.sequencer.release(self.position, len, 48_000) {
                let at = (self.position + offset as u64) / 48;
                out.push((at, arrived.event.bytes().to_vec()));
            }
            self.position += len as u64;
            out
        }

        fn refused(&mut self) -> u32 {
            let mut sheet = ScoreSheet::default();
            self.seen();
            self.score.look(&mut sheet);
            sheet.refused
        }
    }

    const ON: [u8; 3] = [0x90, 60, 100];
    const OFF: [u8; 3] = [0x80, 60, 0];

    #[test]
    fn what_waits_is_seen_with_its_time() {
        let mut desk = Desk::new();
        desk.put(200, &OFF);
        desk.put(100, &ON);
        assert_eq!(
            desk.seen(),
            [(1, 100, ON.to_vec(), false), (0, 200, OFF.to_vec(), false)]
        );
        let mut sheet = ScoreSheet::default();
        desk.score.look(&mut sheet);
        assert_eq!((sheet.edge, sheet.waiting), (200 * MILLISECOND, 2));
    }

    #[test]
    fn what_was_let_go_is_seen_once() {
        let mut desk = Desk::new();
        desk.put(100, &ON);
        desk.put(900, &OFF);
        desk.play(500);
        desk.seen();
        let mut sheet = ScoreSheet::default();
        desk.score.look(&mut sheet);
        let played: Vec<bool> = sheet.events.iter().map(|it| it.is_played).collect();
        assert_eq!(played, [true, false]);
        desk.seen();
        desk.score.look(&mut sheet);
        assert_eq!((sheet.events.len(), sheet.events[0].is_played), (1, false));
    }

    #[test]
    fn a_note_is_delayed_with_its_end() {
        let mut desk = Desk::new();
        desk.put(100, &ON);
        desk.put(150, &OFF);
        desk.put(120, &[0xB0, 7, 90]);
        desk.change(ScoreChange::Delay(0, 40 * MILLISECOND));
        assert_eq!(
            desk.play(1000),
            [
                (120, vec![0xB0, 7, 90]),
                (140, ON.to_vec()),
                (190, OFF.to_vec())
            ]
        );
    }

    #[test]
    fn an_end_that_comes_in_later_shares_the_fate_of_its_beginning() {
        let mut desk = Desk::new();
        desk.put(100, &ON);
        desk.change(ScoreChange::Delay(0, 500 * MILLISECOND));
        desk.put(150, &OFF);
        assert_eq!(desk.play(1000), [(600, ON.to_vec()), (650, OFF.to_vec())]);
        // Only that end: the next note is its own.
        desk.put(1100, &ON);
        desk.put(1150, &OFF);
        assert_eq!(desk.play(1000), [(1100, ON.to_vec()), (1150, OFF.to_vec())]);
        desk.put(2100, &ON);
        desk.change(ScoreChange::Remove(4));
        desk.put(2150, &OFF);
        assert_eq!(desk.play(1000), []);
    }

    #[test]
    fn a_muted_note_passes_unheard_and_can_be_heard_again() {
        let mut desk = Desk::new();
        for at in [100, 300] {
            desk.put(at, &ON);
            desk.put(at + 50, &OFF);
        }
        desk.change(ScoreChange::Mute(0, true));
        desk.change(ScoreChange::Mute(2, true));
        let muted: Vec<bool> = desk.seen().iter().map(|it| it.3).collect();
        assert_eq!(muted, [true; 4]);
        desk.change(ScoreChange::Mute(2, false));
        assert_eq!(desk.play(1000), [(300, ON.to_vec()), (350, OFF.to_vec())]);
    }

    #[test]
    fn of_two_notes_of_one_key_the_other_keeps_its_end() {
        let mut desk = Desk::new();
        for (at, bytes) in [(100, ON), (110, ON), (150, OFF), (160, OFF)] {
            desk.put(at, &bytes);
        }
        desk.change(ScoreChange::Remove(0));
        assert_eq!(desk.play(1000), [(110, ON.to_vec()), (160, OFF.to_vec())]);
    }

    #[test]
    fn nothing_is_played_before_now() {
        let mut desk = Desk::new();
        desk.play(200);
        desk.put(300, &ON);
        desk.put(350, &OFF);
        desk.change(ScoreChange::Delay(0, -5_000 * MILLISECOND));
        assert_eq!(desk.play(1000), [(200, ON.to_vec()), (250, OFF.to_vec())]);
    }

    #[test]
    fn what_ends_something_and_what_is_part_of_more_stays() {
        let mut desk = Desk::new();
        desk.put(100, &OFF);
        desk.put(100, &[0xB0, 64, 0]);
        desk.put(100, &[0xB0, 123, 0]);
        for event in KernelEvent::whole(
            100 * MILLISECOND,
            &[&[0xF0; 1][..], &[1; 20], &[0xF7]].concat(),
        ) {
            desk.sequencer.put(Arrived { event, wire: 1 });
        }
        let all = desk.seen().len();
        for number in 0..all as u64 {
            desk.change(ScoreChange::Remove(number));
        }
        desk.change(ScoreChange::Remove(1_000));
        assert_eq!((desk.seen().len(), desk.refused()), (all, all as u32 + 1));
    }

    #[test]
    fn notes_of_a_muted_channel_pass_unheard_and_all_else_goes_on() {
        let mut desk = Desk::new();
        for (at, bytes) in [
            (10, ON),
            (20, [0xC0, 5, 0]),
            (30, OFF),
            (40, [0x91, 60, 100]),
        ] {
            let len = if bytes[0] == 0xC0 { 2 } else { 3 };
            desk.put(at, &bytes[..len]);
        }
        assert!(desk.score.change(ScoreChange::MuteChannel(0, true)));
        assert_eq!(desk.sequencer.attend(0, 48_000), 1, "it was silenced now");
        assert_eq!(desk.sequencer.attend(0, 48_000), 0);
        assert_eq!(
            desk.play(1000),
            [
                (20, vec![0xC0, 5]),
                (30, OFF.to_vec()),
                (40, vec![0x91, 60, 100])
            ]
        );
        desk.seen();
        let mut sheet = ScoreSheet::default();
        desk.score.look(&mut sheet);
        assert_eq!(sheet.programs[0].program, 5);
        assert_eq!(
            (sheet.muted_channels, sheet.programs[0].is_chosen),
            (1, true)
        );
        desk.change(ScoreChange::MuteChannel(0, false));
        desk.put(1100, &ON);
        assert_eq!(desk.play(1000), [(1100, ON.to_vec())]);
    }

    #[test]
    fn a_change_costs_no_note_its_end_whatever_is_done_in_which_order() {
        let mut dice = 1_u64;
        let mut roll = |most: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (dice >> 33) % most
        };
        for _ in 0..200 {
            let mut desk = Desk::new();
            let mut down = [0_i32; 4];
            let mut open: Vec<(u64, u8)> = vec![];
            let mut numbers = 0;
            let mut follow = |out: Vec<(u64, Vec<u8>)>| {
                for (_, bytes) in out {
                    let key = usize::from(bytes[1]);
                    match bytes[0] {
                        0x90 => down[key] += 1,
                        _ => down[key] = (down[key] - 1).max(0),
                    }
                }
            };
            for _ in 0..60 {
                let now = desk.position / 48;
                match roll(6) {
                    0 | 1 => {
                        let key = roll(4) as u8;
                        // A note lasts; one of a key at a time, as an instrument gives them.
                        if !open.iter().any(|it| it.1 == key) {
                            let at = now + roll(100);
                            desk.put(at as RefTime, &[0x90, key, 1]);
                            open.push((at, key));
                            numbers += 1;
                        }
                    }
                    2 if !open.is_empty() => {
                        let (at, key) = open.remove(0);
                        let at = at.max(now) + 1 + roll(150);
                        desk.put(at as RefTime, &[0x80, key, 0]);
                        numbers += 1;
                    }
                    3 => desk.change(ScoreChange::Remove(roll(numbers + 1))),
                    4 => {
                        let number = roll(numbers + 1);
                        let by = roll(200) as RefTime - 100;
                        desk.change(ScoreChange::Delay(number, by * MILLISECOND));
                        desk.change(ScoreChange::Mute(number, roll(2) == 0));
                    }
                    _ => follow(desk.play(1 + roll(40))),
                }
            }
            for (at, key) in open {
                desk.put(at as RefTime + 1_000, &[0x80, key, 0]);
            }
            follow(desk.play(10_000));
            assert_eq!(down, [0; 4]);
        }
    }

    #[test]
    fn time_of_the_sheet_is_that_of_the_cycle() {
        let mut desk = Desk::new();
        desk.position = 480;
        desk.seen();
        let mut sheet = ScoreSheet::default();
        desk.score.look(&mut sheet);
        assert_eq!(sheet.now, time_from_sample(480, 48_000));
    }
}
