//! No note begins without an end, whatever happens to the filters that notes pass through.

use std::collections::BTreeSet;

use super::{Domain, KernelEvent, Random, Rig, State, Value, all, step};
use crate::ks::{Filter, time_from_sample};

/// Filters that notes pass through.
const PASSING: &[&str] = &[
    "arpeggiator",
    "midi_converter",
    "midi_merge",
    "midi_monitor",
    "midi_router",
    "midi_sequencer",
    "midi_transform",
    "on_screen_keyboard",
];

const LEN: u64 = 480;

/// Keys that are down, by channel, as a listener would see them.
#[derive(Default)]
struct Down(BTreeSet<(u8, u8)>, BTreeSet<u8>);

impl Down {
    fn hear(&mut self, events: &[KernelEvent]) {
        for event in events {
            match *event.bytes() {
                [status @ 0x90..=0x9F, key, 1..=127] => {
                    self.0.insert((status & 15, key));
                }
                [status @ 0x80..=0x9F, key, _] => {
                    self.0.remove(&(status & 15, key));
                }
                [status @ 0xB0..=0xBF, 64, value] => {
                    if value >= 64 {
                        self.1.insert(status & 15);
                    } else {
                        self.1.remove(&(status & 15));
                    }
                }
                [status @ 0xB0..=0xBF, 120 | 123..=127, _] => {
                    self.0.retain(|(channel, _)| *channel != status & 15);
                }
                _ => {}
            }
        }
    }
}

/// A few messages of a cycle that begins at `position`, in order of time.
fn messages(dice: &mut Random, position: u64) -> Vec<KernelEvent> {
    let mut roll = |most: u64| dice.next_bits() % most;
    let mut times: Vec<u64> = (0..roll(6)).map(|_| position + roll(LEN)).collect();
    times.sort_unstable();
    let message = |time: u64| {
        let (channel, key) = (roll(2) as u8 * 9, 58 + roll(6) as u8);
        let bytes = match roll(12) {
            0..=4 => [0x90 | channel, key, 1 + roll(127) as u8],
            5..=8 => [0x80 | channel, key, 0],
            9 => [0xB0 | channel, 64, roll(2) as u8 * 127],
            10 => [0xA0 | channel, key, 9],
            _ => [0xB0 | channel, if roll(4) == 0 { 123 } else { 7 }, 0],
        };
        KernelEvent::new(time_from_sample(time, super::RATE_HZ), &bytes)
    };
    times.into_iter().filter_map(message).collect()
}

/// Gives some property another value.
fn turn(filter: &dyn Filter, rig: &mut Rig, dice: &mut Random) {
    let properties = &filter.descriptor().properties;
    if properties.is_empty() {
        return;
    }
    let index = (dice.next_bits() % properties.len() as u64) as usize;
    let property = &properties[index];
    let share = f64::from(dice.next_signed()) * 0.5 + 0.5;
    let value = match property.domain {
        Domain::Number { min, max, .. } => {
            let legal = property.legal(&Value::Number(min + (max - min) * share));
            property.slot_value(&legal.expect("a number in its range"))
        }
        Domain::Flag => share.round(),
        Domain::Choice(words) => (share * words.len() as f64)
            .floor()
            .min(words.len() as f64 - 1.0),
        Domain::Text | Domain::Path | Domain::Device => return,
    };
    if !property.structural {
        rig.set(index, value);
    }
}

#[test]
fn every_note_that_begins_ends() {
    for key in PASSING {
        let catalogue = all();
        let filter = catalogue.get(key).expect("a built-in filter");
        let mut heard = 0;
        for seed in 0..60 {
            let mut dice = Random::new(seed);
            let mut rig = Rig::open(&**filter, &[]);
            let mut down = Down::default();
            for turn_number in 0..60_u64 {
                let events = messages(&mut dice, rig.position());
                match dice.next_bits() % 10 {
                    0 | 1 => turn(&**filter, &mut rig, &mut dice),
                    2 => {
                        rig.unplug(0);
                        down.hear(&rig.run(LEN as usize).events);
                        rig.plug(0, 100 + turn_number);
                    }
                    3 => {
                        rig.say(0, crate::ks::flag::DATADISCONTINUITY);
                        down.hear(&rig.cycle(LEN as usize, &[], &events).events);
                        rig.say(0, 0);
                    }
                    4 => {
                        // Whoever sounds these notes is stopped as well.
                        step(&mut rig, &[State::Pause, State::Acquire, State::Stop]);
                        down = Down::default();
                        step(&mut rig, &[State::Acquire, State::Pause, State::Run]);
                    }
                    _ => {
                        let out = rig.cycle(LEN as usize, &[], &events).events;
                        heard += out.len();
                        down.hear(&out);
                    }
                }
            }
            rig.unplug(0);
            for _ in 0..3 {
                down.hear(&rig.run(LEN as usize).events);
            }
            assert!(down.0.is_empty(), "{key}, seed {seed}: {:?} hang", down.0);
            assert!(down.1.is_empty(), "{key}, seed {seed}: pedals hang");
        }
        assert!(heard > 1_000, "{key} passed {heard} events");
    }
}
