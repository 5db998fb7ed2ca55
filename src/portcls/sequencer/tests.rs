//! The sequencer: order, times, joined events, room.

use super::*;
use crate::ks::{event_flag, time_from_sample};

fn event(sample: u64, key: u8) -> Arrived {
    let time = time_from_sample(sample, 48_000);
    Arrived {
        event: KernelEvent::new(time, &[0x90, key, 1]).unwrap(),
        wire: u64::from(key),
    }
}

fn released(sequencer: &mut Sequencer, position: u64, len: usize) -> Vec<(u8, usize)> {
    std::iter::from_fn(|| sequencer.release(position, len, 48_000))
        .map(|(arrived, offset)| (arrived.event.bytes()[1], offset))
        .collect()
}

fn put_all(sequencer: &mut Sequencer, wire: u64, events: &[KernelEvent]) {
    for event in events {
        sequencer.put(Arrived {
            event: *event,
            wire,
        });
    }
}

#[test]
fn dmu_2_order_is_by_time_and_equal_times_keep_their_order() {
    let mut sequencer = Sequencer::new(1);
    for (sample, key) in [(100, 1), (50, 2), (100, 3), (50, 4), (0, 5), (64, 6)] {
        sequencer.put(event(sample, key));
    }
    assert_eq!(released(&mut sequencer, 0, 64), [(5, 0), (2, 50), (4, 50)]);
    assert_eq!(released(&mut sequencer, 64, 64), [(6, 0), (1, 36), (3, 36)]);
    assert_eq!(sequencer.late(), 0);
}

#[test]
fn dmu_2_a_crowd_of_one_time_keeps_its_order() {
    let mut sequencer = Sequencer::new(1);
    for key in 0..100 {
        sequencer.put(event(500, 99 - key));
        sequencer.put(event(7, key));
    }
    let first: Vec<u8> = released(&mut sequencer, 0, 64)
        .iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(first, (0..100).collect::<Vec<u8>>());
    let second: Vec<u8> = released(&mut sequencer, 0, 600)
        .iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(second, (0..100).rev().collect::<Vec<u8>>());
}

#[test]
fn dmu_3_what_is_late_comes_at_once_and_is_counted() {
    let mut sequencer = Sequencer::new(1);
    sequencer.put(event(10, 1));
    assert_eq!(released(&mut sequencer, 1000, 64), [(1, 0)]);
    assert_eq!(sequencer.late(), 1);
}

#[test]
fn dmu_3_events_are_held_until_they_are_due_less_the_prefetch() {
    // When, in cycles of 64 samples, an event of sample 1 000 comes out.
    let comes = |prefetch: RefTime| {
        let mut sequencer = Sequencer::new(1).prefetch(prefetch);
        sequencer.put(event(1_000, 1));
        (0..20_u64).map(|cycle| cycle * 64).find_map(|position| {
            Some((position, released(&mut sequencer, position, 64).first()?.1))
        })
    };
    assert_eq!(comes(0), Some((960, 40)), "exactly when it is due");
    // 5 ms are 240 samples.
    assert_eq!(comes(50_000), Some((704, 296)));
    assert_eq!(comes(RefTime::MAX), Some((0, 1_000)), "at once");
}

#[test]
fn evn_2_a_package_goes_out_whole_at_the_time_of_its_first_element() {
    let at = |sample: u64, key: u8| event(sample, key).event;
    let package = [
        at(100, 1).packaged(false),
        at(5, 2).packaged(false),
        at(900, 3).packaged(true),
    ];
    let mut sequencer = Sequencer::new(2);
    put_all(&mut sequencer, 1, &[at(100, 10)]);
    put_all(&mut sequencer, 2, &package);
    put_all(&mut sequencer, 1, &[at(100, 11), at(101, 12), at(99, 13)]);
    assert_eq!(released(&mut sequencer, 0, 64), []);
    let out: Vec<u8> = released(&mut sequencer, 64, 64)
        .iter()
        .map(|it| it.0)
        .collect();
    assert_eq!(out, [13, 10, 1, 2, 3, 11, 12]);
    assert_eq!(sequencer.late(), 0);
    assert_eq!(package[0].flags(), event_flag::PACKAGE);
}

#[test]
fn evn_1_system_exclusive_of_two_sources_is_not_mixed_up() {
    let long = |id: u8| -> Vec<u8> {
        let inside = std::iter::repeat_n(id, 50);
        std::iter::once(0xF0).chain(inside).chain([0xF7]).collect()
    };
    let mut sequencer = Sequencer::new(2);
    for id in [1, 2] {
        let pieces: Vec<KernelEvent> = KernelEvent::whole(0, &long(id)).collect();
        put_all(&mut sequencer, u64::from(id), &pieces);
    }
    let mut out = vec![];
    while let Some((arrived, _)) = sequencer.release(0, 64, 48_000) {
        out.extend(arrived.event.bytes().to_vec());
    }
    assert_eq!(out, [long(1), long(2)].concat());
}

#[test]
fn evn_3_channel_groups_and_stamps_go_out_as_they_came() {
    let mut sequencer = Sequencer::new(1);
    for group in [0, 1, 7] {
        let mut arrived = event(10, group as u8);
        arrived.event.channel_group = group;
        sequencer.put(arrived);
    }
    let out = std::iter::from_fn(|| sequencer.release(0, 64, 48_000));
    let out: Vec<(u16, RefTime)> = out
        .map(|it| (it.0.event.channel_group, it.0.event.time))
        .collect();
    let time = time_from_sample(10, 48_000);
    assert_eq!(
        out,
        [(0, time), (1, time), (7, time)],
        "DMU-3a: the stamp stays"
    );
}

#[test]
fn dmu_7_stop_takes_everything_back_and_a_wire_its_own() {
    let mut sequencer = Sequencer::new(1);
    for key in 1..5 {
        sequencer.put(event(100, key % 2));
    }
    sequencer.forget(1);
    assert!(sequencer.holds(0) && !sequencer.holds(1));
    assert_eq!(sequencer.len(), 2);
    sequencer.clear();
    assert!(sequencer.is_empty());
    assert_eq!(released(&mut sequencer, 0, 1_000), []);
}

#[test]
fn time_that_jumps_takes_what_waits_with_it() {
    let mut sequencer = Sequencer::new(1);
    for (sample, key) in [(1_100, 1), (1_050, 2)] {
        sequencer.put(event(sample, key));
    }
    sequencer.shift(-time_from_sample(1_000, 48_000));
    assert_eq!(released(&mut sequencer, 0, 128), [(2, 50), (1, 100)]);
}

#[test]
fn a_full_sequencer_drops_note_ons_before_anything_else() {
    let mut sequencer = Sequencer::new(1);
    for _ in 0..10_000 {
        sequencer.put(event(10, 1));
    }
    let held = sequencer.len();
    assert!(sequencer.dropped() > 0 && held < 8192);
    let off = KernelEvent::new(0, &[0x80, 1, 0]).unwrap();
    sequencer.put(Arrived {
        event: off,
        wire: 1,
    });
    assert_eq!(sequencer.len(), held + 1);
}

#[test]
fn a_run_that_finds_no_room_is_dropped_whole() {
    let mut sequencer = Sequencer::with_room(16);
    let long = [&[0xF0][..], &[1; 200], &[0xF7]].concat();
    for _ in 0..15 {
        sequencer.put(event(10, 1));
    }
    let pieces: Vec<KernelEvent> = KernelEvent::whole(0, &long).collect();
    put_all(&mut sequencer, 3, &pieces);
    assert_eq!((sequencer.len(), sequencer.holds(3)), (14, false));
    assert_eq!(sequencer.dropped(), 1 + pieces.len() as u32);
    put_all(&mut sequencer, 3, &pieces[..1]);
    assert!(sequencer.holds(3), "there is room for a short one");
}
