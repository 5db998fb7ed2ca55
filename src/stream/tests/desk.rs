//! The queues under dice: whatever comes in whatever order, every request is finished exactly once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::board::Tally;
use super::super::desk::{Desk, Due, GRACE};
use super::super::done::Patience;
use super::super::request::{Ask, Lane, Outcome, SrbId, StreamId};
use crate::ks::{State, Status};

struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below.max(1)
    }
}

/// The minidriver's side: what it holds, and what was asked of it.
#[derive(Default)]
struct Hands {
    held: BTreeMap<SrbId, (Lane, Arc<Patience>)>,
    /// Of each lane, the request that must be answered, or followed by a wish, before the next may come.
    open_wish: BTreeMap<Lane, SrbId>,
}

fn any_ask(dice: &mut Dice) -> Ask {
    let stream = StreamId(dice.roll(2));
    match dice.roll(5) {
        0 => Ask::NotifyIdleState { is_idle: true },
        1 => Ask::SetState {
            stream,
            state: State::from_number(dice.roll(4) as u8),
        },
        2 => Ask::GetFormat { stream },
        3 => Ask::Write {
            stream,
            frame: Default::default(),
        },
        _ => Ask::Read {
            stream,
            frame: Default::default(),
        },
    }
}

/// Plays one game; gives how many requests there were, and how each that is over has ended.
fn game(seed: u64, is_synchronised: bool) -> (u64, [usize; 3]) {
    let mut dice = Dice(seed);
    let mut desk: Desk<u64> = Desk::new(is_synchronised);
    let mut hands = Hands::default();
    let mut submitted: BTreeMap<u64, SrbId> = BTreeMap::new();
    let mut finished: BTreeSet<u64> = BTreeSet::new();
    let mut ends = [0; 3];
    let mut last = 0;
    let mut is_over = false;
    for turn in 0..400 {
        match dice.roll(12) {
            0..=3 => {
                last += 1;
                let patience = Duration::from_secs(dice.roll(4) as u64);
                let id = desk.submit(any_ask(&mut dice), last, patience);
                submitted.insert(last, id);
            }
            4..=6 => take(&mut desk, &mut hands, is_synchronised, seed),
            7..=8 => {
                // Answered, perhaps apart from the wish, and perhaps after the desk has given it up.
                let ids: Vec<SrbId> = hands.held.keys().copied().collect();
                if let Some(id) = ids.get(dice.roll(ids.len())) {
                    let (lane, _) = hands.held.remove(id).unwrap();
                    let outcome = match dice.roll(3) {
                        0 => Err(Status::IoDeviceError),
                        1 => Err(Status::Cancelled),
                        _ => Ok(Outcome::Nothing),
                    };
                    let opens = dice.roll(3) > 0;
                    desk.answered(*id, outcome, opens);
                    if opens && hands.open_wish.get(&lane) == Some(id) {
                        hands.open_wish.remove(&lane);
                    }
                }
            }
            9 => {
                let numbers: Vec<u64> = submitted.keys().copied().collect();
                if let Some(number) = numbers.get(dice.roll(numbers.len())) {
                    desk.cancel(submitted[number]);
                }
                if dice.roll(4) == 0 {
                    desk.cancel_lane(Lane::Data(StreamId(dice.roll(2))));
                }
            }
            10 => {
                let lanes: Vec<Lane> = hands.open_wish.keys().copied().collect();
                if let Some(lane) = lanes.get(dice.roll(lanes.len())) {
                    desk.ready(hands.open_wish.remove(lane).unwrap());
                }
            }
            _ => {
                let is_deaf = desk.pass(Duration::from_millis(dice.roll(1500) as u64));
                if is_deaf || dice.roll(60) == 0 {
                    desk.reset(Status::IoDeviceError);
                    is_over = true;
                }
            }
        }
        check(&mut desk, &mut finished, &mut ends, seed, turn);
    }
    // In the end all is answered, by whom it may be.
    if !is_over {
        desk.reset(Status::IoDeviceError);
    }
    check(&mut desk, &mut finished, &mut ends, seed, 400);
    let numbers: BTreeSet<u64> = submitted.keys().copied().collect();
    assert_eq!(finished, numbers, "seed {seed}");
    // What the minidriver still says reaches nobody.
    let late = desk.late;
    let held = hands.held.len() as u64;
    for id in hands.held.keys() {
        desk.answered(*id, Ok(Outcome::Nothing), true);
    }
    assert_eq!(desk.late, late + held, "seed {seed}");
    check(&mut desk, &mut BTreeSet::new(), &mut [0; 3], seed, 401);
    (last, ends)
}

fn take(desk: &mut Desk<u64>, hands: &mut Hands, is_synchronised: bool, seed: u64) {
    match desk.due() {
        Some(Due::Request(hand)) => {
            let lane = hand.ask.lane();
            let before = hands.open_wish.insert(lane, hand.id);
            assert!(
                before.is_none() || !is_synchronised,
                "two at a time in {lane:?}, seed {seed}"
            );
            let twice = hands.held.insert(hand.id, (lane, hand.patience));
            assert!(twice.is_none(), "handed over twice, seed {seed}");
        }
        Some(Due::Cancel(id) | Due::TimedOut(id)) => {
            assert!(
                hands.held.contains_key(&id),
                "asked to give up what it does not hold, seed {seed}"
            );
        }
        None => {}
    }
}

fn check(
    desk: &mut Desk<u64>,
    finished: &mut BTreeSet<u64>,
    ends: &mut [usize; 3],
    seed: u64,
    turn: usize,
) {
    while let Some(it) = desk.take_finished() {
        let is_first = finished.insert(it.client);
        assert!(is_first, "answered twice: seed {seed}, turn {turn}");
        let place = match it.outcome {
            Ok(_) => 0,
            Err(_) if it.was_cancelled => 1,
            Err(_) => 2,
        };
        ends[place] += 1;
    }
}

#[test]
fn every_request_is_answered_once_in_any_order_of_events() {
    let (mut requests, mut ends) = (0, [0; 3]);
    for round in 1..=400_u64 {
        let seed = round.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let (count, some) = game(seed, round % 3 > 0);
        requests += count;
        for (all, some) in ends.iter_mut().zip(some) {
            *all += some;
        }
    }
    assert_eq!(ends.iter().sum::<usize>() as u64, requests);
    // Each way to end was gone often.
    assert!(ends.iter().all(|it| *it > 1000), "{ends:?}");
}

/// A desk with one request in the minidriver's hands.
fn with_one(patience: Duration) -> (Desk<u8>, SrbId, Arc<Patience>) {
    let mut desk = Desk::new(true);
    let stream = StreamId(0);
    let id = desk.submit(Ask::GetFormat { stream }, 1, patience);
    let Some(Due::Request(hand)) = desk.due() else {
        panic!("it was not handed over");
    };
    (desk, id, hand.patience)
}

#[test]
fn time_runs_out_once_and_silence_after_it_is_deafness() {
    let (mut desk, id, _) = with_one(Duration::from_secs(2));
    assert_eq!(desk.patience(), Some(Duration::from_secs(2)));
    assert!(!desk.pass(Duration::from_millis(1999)));
    assert!(desk.due().is_none());
    assert!(!desk.pass(Duration::from_millis(1)));
    assert!(matches!(desk.due(), Some(Due::TimedOut(it)) if it == id));
    assert!(desk.due().is_none());
    assert!(!desk.pass(GRACE - Duration::from_millis(1)));
    assert!(desk.due().is_none());
    assert!(desk.pass(Duration::from_millis(1)));
    desk.reset(Status::IoDeviceError);
    let ended = desk.take_finished().unwrap();
    assert_eq!(ended.outcome.unwrap_err(), Status::IoDeviceError);
    let tally = desk.tally(Lane::Control(StreamId(0)));
    let wanted = Tally {
        issued: 1,
        timed_out: 1,
        most_in_flight: 1,
        ..Tally::default()
    };
    assert_eq!(tally, wanted);
    // What comes now is refused at once, not kept.
    desk.submit(Ask::PagingOutDriver {}, 2, Duration::ZERO);
    let refused = desk.take_finished().unwrap();
    assert_eq!(refused.outcome.unwrap_err(), Status::IoDeviceError);
}

#[test]
fn no_patience_is_without_end() {
    let (mut desk, _, _) = with_one(Duration::ZERO);
    assert_eq!(desk.patience(), None);
    assert!(!desk.pass(Duration::from_secs(1_000_000)));
    assert!(desk.due().is_none());
}
