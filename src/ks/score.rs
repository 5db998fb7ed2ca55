//! The score of the future: what a sequencer holds until it is due, shown to a screen, and what a hand may still do about it.
//!
//! Lives here: the two ends of that window. [`Score`] is the screen's, [`ScoreEnd`] the sequencer's. Neither end waits for
//! the other, and nothing is copied that nobody looks at. What changes do is the sequencer's business, which does nothing while the
//! graph stands; until it has, the screen's end shows what they will do.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, PoisonError};

use super::event::KernelEvent;
use super::time::RefTime;

/// The most events that are shown at a time.
pub const SCORE_SEEN: usize = 2_048;
/// Changes on their way to the sequencer.
const CHANGES: usize = 256;
/// Looks that meet a sequencer at work before one gives up.
const TRIES: usize = 8;

/// An event that waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScoreEvent {
    /// What the sequencer knows it by: counts arrivals.
    pub number: u64,
    /// When it is due.
    pub time: RefTime,
    /// Identity of the connection it came by.
    pub wire: u64,
    /// 1-based group of sixteen channels; 0 means all (EVN-3).
    pub channel_group: u16,
    /// The message, as far as three bytes reach.
    pub bytes: [u8; 3],
    /// Bytes of the message in this event.
    pub length: u8,
    /// It will pass unheard.
    pub is_muted: bool,
    /// It is part of a longer message or of a package, and cannot be changed.
    pub is_part: bool,
    /// It was let go already.
    pub is_played: bool,
    /// It was taken away, and is there only to be given back: nobody sees it.
    pub is_removed: bool,
}

impl ScoreEvent {
    /// The message, as far as three bytes reach.
    pub fn message(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length.min(3))]
    }

    /// Whether a note begins.
    pub fn is_note_on(&self) -> bool {
        matches!(*self.message(), [0x90..=0x9F, _, velocity] if velocity > 0)
    }

    /// Whether a note ends.
    pub fn is_note_off(&self) -> bool {
        matches!(*self.message(), [0x80..=0x8F, _, _] | [0x90..=0x9F, _, 0])
    }

    /// Without it something would go on: a note, a pedal, all notes. Nothing changes it.
    pub fn ends_something(&self) -> bool {
        match *self.message() {
            [0xB0..=0xBF, 64..=69, value] => value < 64,
            [0xB0..=0xBF, 120..=127, _] | [0xFF] => true,
            _ => self.is_note_off(),
        }
    }

    /// Whether it begins or ends the same note as another.
    fn is_note_of(&self, other: &Self) -> bool {
        let note = |it: &Self| (it.wire, it.channel_group, it.channel(), it.bytes[1]);
        note(self) == note(other)
    }

    /// The channel, from 0, of a message that has one.
    pub fn channel(&self) -> Option<u8> {
        match self.bytes[0] {
            status @ 0x80..=0xEF => Some(status & 0x0F),
            _ => None,
        }
    }

    fn pack(&self) -> [u64; 4] {
        let flags = u64::from(self.is_muted)
            | u64::from(self.is_part) << 1
            | u64::from(self.is_played) << 2
            | u64::from(self.is_removed) << 3;
        let [a, b, c] = self.bytes.map(u64::from);
        let rest = u64::from(self.channel_group) << 48
            | flags << 40
            | u64::from(self.length) << 32
            | a << 16
            | b << 8
            | c;
        [self.number, self.time as u64, self.wire, rest]
    }

    fn unpack([number, time, wire, rest]: [u64; 4]) -> Self {
        let byte = |shift: u32| (rest >> shift) as u8;
        Self {
            number,
            time: time as RefTime,
            wire,
            channel_group: (rest >> 48) as u16,
            bytes: [byte(16), byte(8), byte(0)],
            length: byte(32),
            is_muted: byte(40) & 1 == 1,
            is_part: byte(40) & 2 == 2,
            is_played: byte(40) & 4 == 4,
            is_removed: byte(40) & 8 == 8,
        }
    }

    /// One that waits under that number.
    pub fn new(number: u64, event: &KernelEvent, wire: u64) -> Self {
        let mut bytes = [0; 3];
        let message = event.bytes();
        let seen = message.len().min(3);
        bytes[..seen].copy_from_slice(&message[..seen]);
        Self {
            number,
            time: event.time,
            wire,
            channel_group: event.channel_group,
            bytes,
            length: message.len() as u8,
            ..Self::default()
        }
    }
}

/// What a hand does to what waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScoreChange {
    /// Due so much later, or earlier, but never before now.
    Delay(u64, RefTime),
    /// Passes unheard, or is heard after all.
    Mute(u64, bool),
    /// Is taken away.
    Remove(u64),
    /// Is not taken away after all.
    Restore(u64),
    /// Notes of a channel, from 0, pass unheard, or are heard again.
    MuteChannel(u8, bool),
}

/// The sound a channel has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ScoreProgram {
    /// Bank, coarse and fine.
    pub bank: [u8; 2],
    /// Program, from 0.
    pub program: u8,
    /// Whether one was ever chosen.
    pub is_chosen: bool,
}

/// What a sequencer holds at a moment.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ScoreSheet {
    /// The moment.
    pub now: RefTime,
    /// The last time of which anything has come in yet.
    pub edge: RefTime,
    /// What waits, and what was let go since it was looked last, in order of time.
    pub events: Vec<ScoreEvent>,
    /// How many wait; more than are seen, perhaps.
    pub waiting: usize,
    /// Events so far that came after their time.
    pub late: u32,
    /// Changes so far that could not be made.
    pub refused: u32,
    /// Channels whose notes pass unheard, a bit each.
    pub muted_channels: u16,
    /// What each channel sounds like.
    pub programs: [ScoreProgram; 16],
}

impl ScoreSheet {
    /// What a change will do, as the sequencer does it: a note is one thing with both ends, if both are seen.
    fn follow(&mut self, change: ScoreChange) {
        let now = self.now;
        let number = match change {
            ScoreChange::MuteChannel(channel, is_muted) => {
                let bit = 1 << (channel & 15);
                match is_muted {
                    true => self.muted_channels |= bit,
                    false => self.muted_channels &= !bit,
                }
                return;
            }
            ScoreChange::Delay(number, _)
            | ScoreChange::Mute(number, _)
            | ScoreChange::Remove(number)
            | ScoreChange::Restore(number) => number,
        };
        let waits = |it: &&ScoreEvent| it.number == number && !it.is_played;
        let Some(&event) = self.events.iter().find(waits) else {
            return;
        };
        if event.is_part || event.ends_something() {
            return;
        }
        let last = self.end_of(&event);
        for it in &mut self.events {
            if it.is_played || it.number != number && Some(it.number) != last {
                continue;
            }
            let was_removed = it.is_removed;
            match change {
                ScoreChange::Delay(_, by) => it.time += by.max(now.min(event.time) - event.time),
                ScoreChange::Mute(_, is_muted) => it.is_muted = is_muted,
                ScoreChange::Remove(_) => it.is_removed = true,
                _ => it.is_removed = false,
            }
            self.waiting += usize::from(was_removed);
            self.waiting = self.waiting.saturating_sub(usize::from(it.is_removed));
        }
    }

    /// The number of what ends a note, if that has come in.
    fn end_of(&self, begins: &ScoreEvent) -> Option<u64> {
        if !begins.is_note_on() {
            return None;
        }
        let of_note = self.events.iter().filter(|it| it.is_note_of(begins));
        let later = of_note.filter(|it| !it.is_played && it.number > begins.number);
        let ends = later.filter(|it| it.is_note_off());
        ends.map(|it| it.number).min()
    }

    /// Leaves out what nobody is to see.
    fn finish(&mut self) {
        self.events.retain(|it| !it.is_removed);
        self.events.sort_by_key(|event| (event.time, event.number));
    }
}

/// Changes that were made, and not yet seen to be done.
struct Asked {
    sender: rtrb::Producer<ScoreChange>,
    made: VecDeque<ScoreChange>,
    /// How many were seen to be done.
    done: u64,
}

struct Board {
    is_wanted: AtomicBool,
    /// Odd while it is written.
    version: AtomicU64,
    now: AtomicI64,
    edge: AtomicI64,
    seen: AtomicU32,
    waiting: AtomicU32,
    late: AtomicU32,
    refused: AtomicU32,
    muted: AtomicU32,
    programs: [AtomicU32; 16],
    events: Box<[[AtomicU64; 4]]>,
    /// Changes that what is shown has in it.
    done: AtomicU64,
    asked: Mutex<Asked>,
}

/// The screen's end.
#[derive(Clone)]
pub struct Score(Arc<Board>);

/// The sequencer's end.
pub struct ScoreEnd {
    board: Arc<Board>,
    changes: rtrb::Consumer<ScoreChange>,
    /// Changes taken so far.
    taken: u64,
}

impl Score {
    /// Both ends.
    pub fn new() -> (Self, ScoreEnd) {
        let (sender, changes) = rtrb::RingBuffer::new(CHANGES);
        let number = || AtomicU32::new(0);
        let board = Arc::new(Board {
            is_wanted: AtomicBool::new(false),
            version: AtomicU64::new(0),
            now: AtomicI64::new(0),
            edge: AtomicI64::new(0),
            seen: number(),
            waiting: number(),
            late: number(),
            refused: number(),
            muted: number(),
            programs: std::array::from_fn(|_| number()),
            events: (0..SCORE_SEEN)
                .map(|_| std::array::from_fn(|_| AtomicU64::new(0)))
                .collect(),
            done: AtomicU64::new(0),
            asked: Mutex::new(Asked {
                sender,
                made: VecDeque::new(),
                done: 0,
            }),
        });
        let end = ScoreEnd {
            board: board.clone(),
            changes,
            taken: 0,
        };
        (Self(board), end)
    }

    /// Fills in what was held when it was looked last, with all that was changed since, and asks for more. False when nothing was
    /// shown yet, or it was just being written: `sheet` is then as it was.
    pub fn look(&self, sheet: &mut ScoreSheet) -> bool {
        let board = &*self.0;
        // Held to the end, so that no change comes in between.
        let mut asked = board.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let done = (0..TRIES).find_map(|_| self.read(sheet));
        board.is_wanted.store(true, Ordering::Release);
        let Some(done) = done else { return false };
        while asked.done < done && asked.made.pop_front().is_some() {
            asked.done += 1;
        }
        for change in &asked.made {
            sheet.follow(*change);
        }
        sheet.finish();
        true
    }

    /// How many changes what was read has in it.
    fn read(&self, sheet: &mut ScoreSheet) -> Option<u64> {
        let board = &*self.0;
        let before = board.version.load(Ordering::SeqCst);
        if before == 0 || before % 2 == 1 {
            return None;
        }
        fence(Ordering::SeqCst);
        let of = |cell: &AtomicU32| cell.load(Ordering::Relaxed);
        let seen = (of(&board.seen) as usize).min(SCORE_SEEN);
        let mut next = ScoreSheet {
            now: board.now.load(Ordering::Relaxed),
            edge: board.edge.load(Ordering::Relaxed),
            events: std::mem::take(&mut sheet.events),
            waiting: of(&board.waiting) as usize,
            late: of(&board.late),
            refused: of(&board.refused),
            muted_channels: of(&board.muted) as u16,
            programs: std::array::from_fn(|at| {
                let [chosen, coarse, fine, program] = of(&board.programs[at]).to_be_bytes();
                ScoreProgram {
                    bank: [coarse, fine],
                    program,
                    is_chosen: chosen == 1,
                }
            }),
        };
        let mut events = vec![];
        events.extend(board.events[..seen].iter().map(|cells| {
            let mut packed = [0; 4];
            for (part, cell) in packed.iter_mut().zip(cells) {
                *part = cell.load(Ordering::Relaxed);
            }
            ScoreEvent::unpack(packed)
        }));
        let done = board.done.load(Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if board.version.load(Ordering::SeqCst) != before {
            sheet.events = next.events;
            return None;
        }
        next.events = events;
        *sheet = next;
        Some(done)
    }

    /// Hands a change over. False when there are too many at once.
    pub fn change(&self, change: ScoreChange) -> bool {
        let asked = self.0.asked.lock();
        let mut asked = asked.unwrap_or_else(PoisonError::into_inner);
        let is_taken = asked.sender.push(change).is_ok();
        if is_taken {
            asked.made.push_back(change);
        }
        is_taken
    }
}

impl std::fmt::Debug for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Score")
    }
}

/// What a sequencer shows besides its events.
#[derive(Clone, Copy, Debug)]
pub struct ScoreHead<'a> {
    /// The moment.
    pub now: RefTime,
    /// The last time of which anything has come in yet.
    pub edge: RefTime,
    /// How many wait.
    pub waiting: usize,
    /// Events that came after their time.
    pub late: u32,
    /// Changes that could not be made.
    pub refused: u32,
    /// Channels whose notes pass unheard.
    pub muted_channels: u16,
    /// What each channel sounds like.
    pub programs: &'a [ScoreProgram; 16],
}

impl ScoreEnd {
    /// The next change somebody made. Never blocks, never allocates.
    pub fn take(&mut self) -> Option<ScoreChange> {
        let change = self.changes.pop().ok();
        self.taken += u64::from(change.is_some());
        change
    }

    /// Whether somebody waits for [`Self::show`].
    pub fn is_wanted(&self) -> bool {
        self.board.is_wanted.load(Ordering::Acquire)
    }

    /// Shows what is held; of more than [`SCORE_SEEN`] events the first ones. Never blocks, never allocates.
    pub fn show(&mut self, head: &ScoreHead<'_>, events: impl Iterator<Item = ScoreEvent>) {
        let board = &*self.board;
        board.is_wanted.store(false, Ordering::Relaxed);
        let version = board.version.load(Ordering::Relaxed);
        board.version.store(version + 1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let set = |cell: &AtomicU32, value: u32| cell.store(value, Ordering::Relaxed);
        board.now.store(head.now, Ordering::Relaxed);
        board.edge.store(head.edge, Ordering::Relaxed);
        let mut seen = 0;
        for (cells, event) in board.events.iter().zip(events) {
            for (cell, part) in cells.iter().zip(event.pack()) {
                cell.store(part, Ordering::Relaxed);
            }
            seen += 1;
        }
        set(&board.seen, seen);
        set(&board.waiting, head.waiting as u32);
        set(&board.late, head.late);
        set(&board.refused, head.refused);
        set(&board.muted, u32::from(head.muted_channels));
        board.done.store(self.taken, Ordering::Relaxed);
        for (cell, it) in board.programs.iter().zip(head.programs) {
            let [coarse, fine] = it.bank;
            let packed = [u8::from(it.is_chosen), coarse, fine, it.program];
            set(cell, u32::from_be_bytes(packed));
        }
        fence(Ordering::SeqCst);
        board.version.store(version + 2, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_seen_in_order_and_only_when_somebody_looks() {
        let (score, mut end) = Score::new();
        let mut sheet = ScoreSheet::default();
        assert!(!end.is_wanted() && !score.look(&mut sheet));
        assert!(end.is_wanted());
        let event = |number, time| {
            let event = KernelEvent::new(time, &[0x93, 60, 100]).unwrap();
            ScoreEvent {
                is_muted: number == 2,
                is_part: number == 3,
                is_played: number == 1,
                ..ScoreEvent::new(number, &event, u64::MAX - number)
            }
        };
        let given = [event(3, 70), event(1, -5), event(2, 70)];
        let mut programs = [ScoreProgram::default(); 16];
        programs[15] = ScoreProgram {
            bank: [121, 3],
            program: 127,
            is_chosen: true,
        };
        let head = ScoreHead {
            now: -7,
            edge: 1 << 40,
            waiting: 9,
            late: 1,
            refused: 2,
            muted_channels: 0x8001,
            programs: &programs,
        };
        end.show(&head, given.into_iter());
        assert!(!end.is_wanted() && score.look(&mut sheet));
        assert_eq!(sheet.events, [event(1, -5), event(2, 70), event(3, 70)]);
        assert_eq!((sheet.now, sheet.edge, sheet.waiting), (-7, 1 << 40, 9));
        assert_eq!((sheet.late, sheet.refused), (1, 2));
        assert_eq!((sheet.muted_channels, sheet.programs), (0x8001, programs));
    }

    #[test]
    fn a_sheet_that_is_being_written_is_not_torn() {
        let (score, mut end) = Score::new();
        let is_over = Arc::new(AtomicBool::new(false));
        let writer = {
            let is_over = is_over.clone();
            std::thread::spawn(move || {
                for number in 1..20_000_u64 {
                    let event = KernelEvent::new(number as i64, &[0x90, 60, 1]).unwrap();
                    let head = ScoreHead {
                        now: number as i64,
                        edge: 0,
                        waiting: 0,
                        late: 0,
                        refused: 0,
                        muted_channels: 0,
                        programs: &[ScoreProgram::default(); 16],
                    };
                    let event = ScoreEvent::new(number, &event, number);
                    end.show(&head, std::iter::repeat_n(event, 64));
                }
                is_over.store(true, Ordering::Release);
            })
        };
        let mut sheet = ScoreSheet::default();
        let mut seen = 0;
        while !is_over.load(Ordering::Acquire) || seen == 0 {
            if score.look(&mut sheet) {
                seen += 1;
                let now = sheet.now as u64;
                let is_whole = |it: &ScoreEvent| it.number == now && it.time == sheet.now;
                assert!(sheet.events.iter().all(is_whole));
            }
        }
        writer.join().unwrap();
    }

    #[test]
    fn what_was_changed_is_seen_before_it_is_done_and_not_twice() {
        let (score, mut end) = Score::new();
        let mut sheet = ScoreSheet::default();
        let event = |number, time, bytes: [u8; 3]| {
            ScoreEvent::new(number, &KernelEvent::new(time, &bytes).unwrap(), 1)
        };
        let held = [
            event(0, 100, [0x90, 60, 100]),
            event(1, 200, [0x80, 60, 0]),
            event(2, 300, [0x90, 60, 100]),
            event(3, 400, [0x80, 60, 0]),
            event(4, 500, [0xB0, 64, 0]),
        ];
        let head = ScoreHead {
            now: 50,
            edge: 900,
            waiting: 5,
            late: 0,
            refused: 0,
            muted_channels: 0,
            programs: &[ScoreProgram::default(); 16],
        };
        let mut seen = |score: &Score| -> Vec<(u64, RefTime, bool)> {
            assert!(score.look(&mut sheet));
            let events = sheet.events.iter();
            events.map(|it| (it.number, it.time, it.is_muted)).collect()
        };
        end.show(&head, held.into_iter());
        let whole = seen(&score);
        assert_eq!(whole.len(), 5);
        // Nobody takes a change: the graph stands.
        assert!(score.change(ScoreChange::Delay(0, -70)));
        assert_eq!(seen(&score)[..2], [(0, 50, false), (1, 150, false)]);
        assert!(score.change(ScoreChange::Delay(0, 70)));
        assert!(score.change(ScoreChange::Mute(2, true)));
        assert_eq!(seen(&score)[..2], [(0, 120, false), (1, 220, false)]);
        assert_eq!(seen(&score)[2..4], [(2, 300, true), (3, 400, true)]);
        assert!(score.change(ScoreChange::Remove(0)));
        // What ends something stays.
        assert!(score.change(ScoreChange::Remove(4)));
        let numbers: Vec<u64> = seen(&score).iter().map(|it| it.0).collect();
        assert_eq!(numbers, [2, 3, 4]);
        assert!(score.change(ScoreChange::Restore(0)));
        assert!(score.change(ScoreChange::MuteChannel(0, true)));
        assert_eq!(seen(&score).len(), 5);
        assert!(score.look(&mut ScoreSheet::default()));
        // They are taken, and shown as they then are: nothing is done twice.
        while end.take().is_some() {}
        assert_eq!(seen(&score)[0], (0, 120, false), "not shown yet");
        end.show(&head, held.into_iter());
        assert_eq!(seen(&score), whole);
    }

    #[test]
    fn changes_come_in_order_and_too_many_are_refused() {
        let (score, mut end) = Score::new();
        for number in 0..CHANGES as u64 {
            assert!(score.change(ScoreChange::Remove(number)));
        }
        assert!(!score.change(ScoreChange::Remove(0)));
        assert_eq!(end.take(), Some(ScoreChange::Remove(0)));
        assert_eq!(end.take(), Some(ScoreChange::Remove(1)));
    }
}
