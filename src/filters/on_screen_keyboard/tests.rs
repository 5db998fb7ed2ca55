//! The on-screen keyboard on a bench: what passes, in which order, and what is shown and released.

use std::collections::BTreeMap;

use super::*;
use crate::ks::rig::{RATE_HZ, Rig};
use crate::ks::time_from_sample;

fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
    KernelEvent::new(time_from_sample(sample, RATE_HZ), bytes).unwrap()
}

fn rig(feed: &[KernelEvent]) -> Rig {
    let feed = Some(feed.to_vec().into());
    Rig::open_with(&OnScreenKeyboard, BTreeMap::new(), &BTreeMap::new(), feed)
}

fn shown(rig: &Rig) -> Vec<(usize, f32)> {
    let cells = rig.telemetry().unwrap();
    let all = (0..telemetry::LEN).map(|note| (note, cells.get(note)));
    all.filter(|(_, velocity)| *velocity != 0.0).collect()
}

#[test]
fn what_is_played_and_what_comes_in_leave_in_order_of_time() {
    let own = [event(10, &[0x90, 60, 1]), event(50, &[0x90, 61, 2])];
    let mut rig = rig(&[own[0], own[1], event(5_000, &[0x80, 60, 0])]);
    let come = [
        event(0, &[0x90, 70, 3]),
        event(10, &[0x90, 71, 4]),
        event(40, &[0xB0, 1, 5]),
        event(60, &[0x90, 72, 6]),
    ];
    let heard = rig.cycle(64, &[], &come).events;
    assert_eq!(heard, [come[0], own[0], come[1], come[2], own[1], come[3]]);
    let wanted = [(60, 1.0), (61, 2.0), (70, 3.0), (71, 4.0), (72, 6.0)];
    assert_eq!(shown(&rig), wanted);
    let off = [event(70, &[0x80, 70, 64]), event(71, &[0x90, 71, 0])];
    rig.cycle(64, &[], &off);
    assert_eq!(shown(&rig), [(60, 1.0), (61, 2.0), (72, 6.0)]);
    rig.cycle(64, &[], &[event(130, &[0xB0, 123, 0])]);
    assert_eq!(shown(&rig), []);
}

#[test]
fn stop_shows_nothing_and_forgets_what_was_held() {
    let mut rig = rig(&[]);
    rig.cycle(64, &[], &[event(0, &[0x95, 40, 9])]);
    assert_eq!(shown(&rig), [(40, 9.0)]);
    rig.processor().enter(State::Stop);
    assert_eq!(shown(&rig), []);
    assert_eq!(rig.run(64).events, [], "nothing is left to be released");
}

#[test]
fn what_a_wire_held_is_released_when_it_goes() {
    let mut rig = rig(&[event(9_000, &[0x90, 1, 1])]);
    let come = [event(0, &[0x91, 40, 9]), event(1, &[0xB1, 64, 127])];
    rig.cycle(64, &[], &come);
    rig.unplug(0);
    let heard = rig.run(64).events;
    let wanted = [event(64, &[0xB1, 64, 0]), event(64, &[0x81, 40, 64])];
    assert_eq!(heard, wanted);
    assert_eq!(shown(&rig), []);
    assert_eq!(rig.run(64).events, []);
}
