//! Notes by letters, pointer and name: each begins once and ends once.

use super::*;
use crate::graph::FilterId;

const TOUCH: Touch = Touch {
    octave: 4,
    velocity: 96,
    channel: 0,
};

fn bytes(commands: &[Command]) -> Vec<Vec<u8>> {
    commands
        .iter()
        .filter_map(|command| match command {
            Command::Do(Action::Play { bytes, .. }) => Some(bytes.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn every_note_that_began_ends_once() {
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    let filter = &FilterPath::from(vec![FilterId(3)]);
    keys.key(Key::A, true, filter, TOUCH, &mut out);
    keys.key(Key::X, true, filter, TOUCH, &mut out);
    keys.key(Key::K, true, filter, TOUCH, &mut out);
    keys.key(Key::A, false, filter, TOUCH, &mut out);
    keys.release_all(&mut out);
    keys.key(Key::K, false, filter, TOUCH, &mut out);
    let notes = bytes(&out);
    assert_eq!(
        notes,
        [
            vec![0x90, 60, 96],
            vec![0x90, 84, 96],
            vec![0x80, 60, 64],
            vec![0x80, 84, 64]
        ],
        "the release goes to the note that was struck, though the octave changed"
    );
}

#[test]
fn a_note_held_twice_ends_with_the_last_finger() {
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    let filter = &FilterPath::from(vec![FilterId(1)]);
    keys.key(Key::A, true, filter, TOUCH, &mut out);
    keys.point(filter, 0, Some((60, 50)), &mut out);
    keys.point(filter, 0, None, &mut out);
    assert!(bytes(&out).iter().all(|message| message[0] == 0x90));
    keys.key(Key::A, false, filter, TOUCH, &mut out);
    assert_eq!(bytes(&out).last().unwrap()[0], 0x80);
}

#[test]
fn velocity_and_octave_stay_in_range() {
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    for key in [Key::V, Key::X, Key::C, Key::Z] {
        for _ in 0..20 {
            keys.key(
                key,
                true,
                &FilterPath::from(vec![FilterId(0)]),
                TOUCH,
                &mut out,
            );
            assert!((1..=127).contains(&keys.velocity(TOUCH)) && keys.octave(TOUCH) <= 8);
        }
    }
    keys.octave = 4;
    keys.key(
        Key::P,
        true,
        &FilterPath::from(vec![FilterId(0)]),
        TOUCH,
        &mut out,
    );
    assert_eq!(bytes(&out)[0][1], 123);
}

#[test]
fn a_filters_values_say_where_and_how_hard_letters_play() {
    use crate::app::{App, Options};
    use crate::ks::Value;
    let app = App::new(Options::nominal(64));
    let view = app.view();
    let values = [("octave", 2.0), ("velocity", 33.0), ("channel", 5.0)];
    let values = values.map(|(key, value)| (key.to_owned(), Value::Number(value)));
    let node = FilterNode {
        values: values.into(),
        ..FilterNode::default()
    };
    let filter = &FilterPath::from(vec![FilterId(1)]);
    for (key, note) in [("keyboard", 36), ("on_screen_keyboard", 48)] {
        let descriptor = view
            .catalogue
            .get(key)
            .expect("it is built in")
            .descriptor();
        let (mut keys, mut out) = (PlayKeys::default(), vec![]);
        keys.key(Key::A, true, filter, Touch::of(&node, descriptor), &mut out);
        keys.release_all(&mut out);
        assert_eq!(bytes(&out), [vec![0x94, note, 33], vec![0x84, note, 64]]);
    }
}

#[test]
fn a_pointer_that_was_let_go_of_plays_no_more_until_it_comes_down_again() {
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    let filter = &FilterPath::from(vec![FilterId(1)]);
    assert!(keys.plays(filter, true) && keys.plays(filter, true));
    keys.let_go(&mut out);
    assert!(!keys.plays(filter, true) && !keys.plays(filter, false));
    assert!(keys.plays(filter, true));
}

#[test]
fn wheels_and_pedal_are_let_go_with_the_notes() {
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    let filter = &FilterPath::from(vec![FilterId(1)]);
    let turned = Wheels {
        sustain: true,
        bend: 1.0,
        modulation: 0.5,
        channel: 0,
    };
    keys.set_wheels(filter, 2, turned, &mut out);
    keys.set_wheels(filter, 2, turned, &mut out);
    let wanted = [vec![0xB2, 64, 127], vec![0xE2, 127, 127], vec![0xB2, 1, 64]];
    assert_eq!(bytes(&out), wanted);
    out.clear();
    keys.point(filter, 2, Some((40, 1)), &mut out);
    // The filter's channel was changed meanwhile: what was turned is turned back where it was.
    keys.let_go(&mut out);
    let wanted = [
        vec![0x92, 40, 1],
        vec![0x82, 40, 64],
        vec![0xB2, 64, 0],
        vec![0xE2, 0, 64],
        vec![0xB2, 1, 0],
    ];
    assert_eq!(bytes(&out), wanted);
    out.clear();
    keys.let_go(&mut out);
    assert_eq!(bytes(&out), [] as [Vec<u8>; 0]);
}

#[test]
fn a_key_that_is_tapped_within_a_frame_is_heard_for_a_moment() {
    use crate::app::{App, Options};
    let mut app = App::new(Options::nominal(64));
    let at = crate::graph::Position::default();
    let key = "keyboard".to_owned();
    app.perform(Action::AddFilter { key, at });
    app.perform(Action::SetPlayMode(true));
    let (mut keys, mut out) = (PlayKeys::default(), vec![]);
    let ctx = Context::default();
    let mut frame = |time: f64, taps: &[bool], out: &mut Vec<Command>| {
        let events = taps.iter().map(|pressed| egui::Event::Key {
            key: Key::A,
            physical_key: None,
            pressed: *pressed,
            repeat: false,
            modifiers: egui::Modifiers::NONE,
        });
        let input = egui::RawInput {
            time: Some(time),
            focused: true,
            events: events.collect(),
            ..Default::default()
        };
        let mut output = ctx.run_ui(input, |ui| keys.hear(ui.ctx(), &app.view(), out));
        output.textures_delta.clear();
    };
    frame(1.0, &[true, false], &mut out);
    assert_eq!(bytes(&out), [vec![0x90, 60, 96]], "not lifted at once");
    frame(1.05, &[], &mut out);
    assert_eq!(bytes(&out).len(), 1);
    frame(1.2, &[], &mut out);
    assert_eq!(bytes(&out)[1..], [vec![0x80, 60, 64]], "and once");
    // Held over a frame it ends when it is lifted.
    frame(2.0, &[true], &mut out);
    frame(2.01, &[false], &mut out);
    assert_eq!(bytes(&out).len(), 4);
}
