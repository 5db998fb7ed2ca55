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
fn a_note_that_was_taken_away_can_be_brought_back_until_it_is_due() {
    let mut desk = Desk::new();
    desk.put(100, &ON);
    desk.put(150, &OFF);
    desk.put(300, &ON);
    for number in [0, 2] {
        desk.change(ScoreChange::Remove(number));
    }
    assert_eq!(desk.seen().len(), 0, "nobody sees it");
    // The end of the second comes in while it is away.
    desk.put(350, &OFF);
    desk.change(ScoreChange::Restore(2));
    assert_eq!(desk.seen().len(), 2);
    assert_eq!(desk.play(1000), [(300, ON.to_vec()), (350, OFF.to_vec())]);
    assert_eq!(desk.refused(), 0);
    desk.change(ScoreChange::Restore(0));
    assert_eq!((desk.play(1000), desk.refused()), (vec![], 1), "too late");
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
