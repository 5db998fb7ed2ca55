use super::*;
use crate::dsp::measure::{peak, tone};
use crate::ks::rig::Rig;
use crate::ks::{KernelEvent, Processor, State, time_from_sample};

const RATE: f64 = 48_000.0;

fn event(sample: u64, bytes: &[u8]) -> KernelEvent {
    KernelEvent::new(time_from_sample(sample, 48_000), bytes).unwrap()
}

/// What `events` sound like on the left, cut at `cuts`.
fn play(values: &[(&str, f64)], events: &[KernelEvent], cuts: &[usize]) -> Vec<f32> {
    let mut rig = Rig::open(&ToneSynth, values);
    let mut heard = vec![];
    for (index, &len) in cuts.iter().enumerate() {
        let now = if index == 0 { events } else { &[] };
        let cycle = rig.cycle(len, &[], now);
        assert_eq!(cycle.channels[0], cycle.channels[1]);
        heard.extend_from_slice(&cycle.channels[0]);
    }
    heard
}

fn largest_step(samples: &[f32]) -> f32 {
    let steps = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f32::max)
}

#[test]
fn under_load_it_lets_the_oldest_voices_fade_and_has_them_all_again_later() {
    let mut rig = Rig::open(&ToneSynth, &[("release", 10_000.0)]);
    let notes = |from: u64| -> Vec<KernelEvent> {
        let note = |key: u8| event(from, &[0x90, 40 + key, 100]);
        (0..16).map(note).collect()
    };
    let voices = |rig: &Rig| {
        rig.telemetry()
            .unwrap()
            .get(crate::portcls::dmus::telemetry::VOICES)
    };
    let mut all = rig.cycle(480, &[], &notes(0)).channels.remove(0);
    assert_eq!(voices(&rig), 16.0);
    for (level, wanted) in [(1, 12.0), (2, 8.0), (3, 4.0), (9, 4.0), (0, 4.0)] {
        rig.processor().degrade(level);
        all.extend(rig.run(960).channels.remove(0));
        assert_eq!(voices(&rig), wanted, "level {level}");
    }
    let own = largest_step(&all[..480]);
    assert!(largest_step(&all) < own * 1.5, "no click");
    rig.cycle(480, &[], &notes(5_280));
    assert_eq!(voices(&rig), 16.0);
}

const EVEN: &[(&str, f64)] = &[("attack", 0.0), ("sustain", 0.0), ("level", 0.0)];

#[test]
fn a_note_has_the_pitch_of_its_key_and_bends_by_the_range() {
    let events = [event(0, &[0x90, 69, 127]), event(48_000, &[0xE0, 127, 127])];
    let heard = play(EVEN, &events, &[4096; 24]);
    // Triangle: the first harmonic is 8/pi^2 of the peak.
    let wanted = 0.2 * 8.0 / std::f64::consts::PI.powi(2);
    let first = tone(&heard[..48_000], 440.0, RATE);
    assert!((first.amplitude - wanted).abs() < 0.002, "{first:?}");
    let bent = 440.0 * (2.0 * 8191.0 / 8192.0 / 12.0_f64).exp2();
    let second = tone(&heard[48_000..96_000], bent, RATE);
    assert!((second.amplitude - wanted).abs() < 0.004, "{second:?}");
}

#[test]
fn a_note_begins_and_ends_on_its_sample() {
    let mut rig = Rig::open(&ToneSynth, &[("attack", 0.0), ("release", 10.0)]);
    rig.set(0, 3.0);
    let events = [event(777, &[0x90, 69, 127]), event(1_500, &[0x80, 69, 0])];
    let heard = &rig.cycle(4096, &[], &events).channels[0];
    let first = heard.iter().position(|sample| *sample != 0.0);
    assert_eq!(first, Some(777), "a pulse begins high");
    let last = heard.iter().rposition(|sample| *sample != 0.0).unwrap();
    assert!(
        (1_970..1_980).contains(&last),
        "10 ms of release end at {last}"
    );
}

#[test]
fn decay_falls_to_the_sustain_level_in_its_time() {
    let values = [
        ("attack", 0.0),
        ("decay", 50.0),
        ("sustain", -20.0),
        ("level", 0.0),
    ];
    let heard = play(&values, &[event(0, &[0x90, 81, 127])], &[4096; 2]);
    assert!(peak(&heard[..60]) > 0.17);
    let late = peak(&heard[2_400..]);
    assert!((late - 0.02).abs() < 0.0005, "{late}");
    assert!(peak(&heard[2_200..2_300]) > late);
}

#[test]
fn the_same_samples_come_out_however_the_stream_is_cut() {
    let events: Vec<KernelEvent> = (0..200_u64)
        .map(|n| {
            let key = 40 + (n * 7 % 40) as u8;
            let status = if n % 3 == 2 { 0x80 } else { 0x90 };
            event(n * 37, &[status, key, 100])
        })
        .collect();
    let whole = play(&[], &events, &[4096, 4096]);
    assert!(peak(&whole) > 0.1);
    assert_eq!(
        whole,
        play(&[], &events, &[1, 63, 1000, 7, 3025, 2048, 2048])
    );
}

#[test]
fn the_pedal_holds_notes_until_it_goes_up() {
    let held = [
        event(0, &[0x90, 69, 127]),
        event(10, &[0xB0, 64, 127]),
        event(4_000, &[0x80, 69, 0]),
        event(12_000, &[0xB0, 64, 0]),
    ];
    let heard = play(&[("release", 5.0)], &held, &[4096; 4]);
    assert!(peak(&heard[11_000..12_000]) > 0.01);
    assert_eq!(peak(&heard[12_300..]), 0.0);
    let without = play(&[("release", 5.0)], &[held[0], held[2]], &[4096; 4]);
    assert_eq!(peak(&without[4_300..]), 0.0);
}

#[test]
fn panic_messages_silence_their_channel() {
    for (message, within) in [([0xB0, 123, 0], 300), ([0xB0, 120, 0], 300)] {
        let events = [
            event(0, &[0x90, 60, 127]),
            event(0, &[0x90, 67, 127]),
            event(2_000, &message),
        ];
        let heard = play(&[("release", 5.0)], &events, &[4096]);
        assert!(peak(&heard[1_900..2_000]) > 0.01);
        assert_eq!(peak(&heard[2_000 + within..]), 0.0);
    }
}

#[test]
fn a_stolen_voice_leaves_without_a_jump() {
    let mut events: Vec<KernelEvent> = (0..2).map(|n| event(0, &[0x90, 40 + n, 127])).collect();
    events.extend((0..8).map(|n| event(3_000 + n * 100, &[0x90, 44 + n as u8, 127])));
    let values = [("voices", 2.0), ("attack", 20.0), ("level", 0.0)];
    let mut rig = Rig::open(&ToneSynth, &values);
    rig.set(0, 0.0);
    let mut heard = rig.cycle(4096, &[], &events).channels[0].clone();
    heard.extend_from_slice(&rig.run(4096).channels[0]);
    // Two sines of 0.2 at 130 Hz and less move by 0.0068 a sample; the fades add their own slope.
    let step = largest_step(&heard);
    assert!(step < 0.012, "{step}");
    assert!(peak(&heard[6_000..]) > 0.1);
}

#[test]
fn sixteen_voices_at_full_velocity_hardly_exceed_full_scale() {
    let events: Vec<KernelEvent> = (0..20)
        .map(|n| event(0, &[0x90, 36 + 3 * n, 127]))
        .collect();
    let mut rig = Rig::open(&ToneSynth, &[("sustain", 0.0)]);
    let mut loudest = 0.0_f32;
    for waveform in 0..4 {
        rig.set(0, f64::from(waveform));
        loudest = loudest.max(peak(&rig.cycle(4096, &[], &events).channels[0]));
    }
    assert!(loudest > 0.3 && loudest < 1.6, "{loudest}");
}

#[test]
fn velocity_follows_the_chosen_curve() {
    let loudness = |curve: f64| {
        let mut rig = Rig::open(&ToneSynth, &[("sustain", 0.0), ("level", 0.0)]);
        rig.set(8, curve);
        peak(&rig.cycle(4096, &[], &[event(0, &[0x90, 69, 32])]).channels[0])
    };
    let part = 32.0_f32 / 127.0;
    for (curve, wanted) in [
        (0.0, part),
        (1.0, part.sqrt()),
        (2.0, part * part),
        (3.0, 1.0),
    ] {
        let heard = loudness(curve) / 0.2;
        assert!((heard - wanted).abs() < 0.02, "{curve}: {heard}");
    }
}

#[test]
fn stop_silences_every_voice() {
    let mut rig = Rig::open(&ToneSynth, &[]);
    assert!(peak(&rig.cycle(4096, &[], &[event(0, &[0x90, 69, 127])]).channels[0]) > 0.0);
    let processor: &mut dyn Processor = rig.processor();
    processor.enter(State::Stop);
    assert_eq!(peak(&rig.run(1000).channels[0]), 0.0);
}

/// Left and right of a note on channel 1 after some controllers of it.
fn told(controllers: &[(u8, u8)]) -> [Vec<f32>; 2] {
    let mut events: Vec<KernelEvent> = (controllers.iter())
        .map(|(number, value)| event(0, &[0xB0, *number, *value]))
        .collect();
    events.push(event(0, &[0x90, 69, 127]));
    let mut rig = Rig::open(&ToneSynth, EVEN);
    let mut heard = rig.cycle(4096, &[], &events).channels;
    let right = heard.remove(1);
    [heard.remove(0), right]
}

#[test]
fn volume_and_expression_are_loudness_and_the_usual_ones_change_nothing() {
    let plain = told(&[]);
    assert!((peak(&plain[0]) - 0.2).abs() < 0.01);
    assert_eq!(told(&[(7, 100), (11, 127), (10, 64)]), plain);
    let ratio = |controllers: &[(u8, u8)]| peak(&told(controllers)[0]) / peak(&plain[0]);
    assert!((ratio(&[(7, 50)]) - 0.25).abs() < 0.001);
    assert!((ratio(&[(11, 64)]) - (64.0_f32 / 127.0).powi(2)).abs() < 0.001);
    assert!((ratio(&[(7, 127)]) - 1.27_f32.powi(2)).abs() < 0.001);
    assert_eq!(ratio(&[(7, 0)]), 0.0);
}

#[test]
fn pan_goes_from_one_side_to_the_other() {
    let [left, right] = told(&[(10, 0)]);
    assert!(peak(&left) > 0.25 && peak(&right) == 0.0);
    let [left, right] = told(&[(10, 127)]);
    assert!(peak(&right) > 0.25 && peak(&left) == 0.0);
}

#[test]
fn what_a_controller_moves_while_a_note_sounds_is_no_jump() {
    let moved = [(7_u8, 0_u8), (7, 127), (10, 0), (10, 127), (11, 0)];
    let mut events = vec![event(0, &[0x90, 45, 127])];
    for (index, (number, value)) in moved.into_iter().enumerate() {
        events.push(event(1_000 + 700 * index as u64, &[0xB0, number, value]));
    }
    let mut rig = Rig::open(&ToneSynth, EVEN);
    rig.set(0, 0.0);
    let heard = rig.cycle(8_192, &[], &events).channels;
    // A sine of 0.32 at 110 Hz moves by 0.0046 a sample, and a glide of 10 ms adds 0.001.
    for channel in &heard {
        assert!(peak(&channel[..1_000]) > 0.19);
        assert!(largest_step(channel) < 0.008, "{}", largest_step(channel));
        assert!(peak(&channel[6_000..]) < 1e-6, "expression is at nothing");
    }
}

#[test]
fn a_song_sets_the_range_of_its_bender_and_its_tuning() {
    let parameter = |fine: u8, value: u8| {
        [(101, 0), (100, fine), (6, value)].map(|(number, value)| event(0, &[0xB0, number, value]))
    };
    let mut events: Vec<KernelEvent> = parameter(0, 12).to_vec();
    events.extend(parameter(2, 64 - 12));
    events.push(event(0, &[0x90, 69, 127]));
    events.push(event(48_000, &[0xE0, 127, 127]));
    let heard = play(EVEN, &events, &[4096; 24]);
    assert!(tone(&heard[..48_000], 220.0, RATE).amplitude > 0.15);
    let bent = 220.0 * (8191.0_f64 / 8192.0).exp2();
    assert!(tone(&heard[48_000..96_000], bent, RATE).amplitude > 0.15);
}

#[test]
fn the_sostenuto_pedal_holds_what_was_down_and_nothing_else() {
    let events = [
        event(0, &[0x90, 69, 127]),
        event(10, &[0xB0, 66, 127]),
        event(20, &[0x90, 81, 127]),
        event(4_000, &[0x80, 69, 0]),
        event(4_000, &[0x80, 81, 0]),
        event(60_000, &[0xB0, 66, 0]),
    ];
    let values = [("release", 5.0), ("attack", 0.0), ("sustain", 0.0)];
    let heard = play(&values, &events, &[4096; 16]);
    let of = |hz: f64| tone(&heard[6_000..54_000], hz, RATE).amplitude;
    assert!(of(440.0) > 0.05, "it is held");
    // The third harmonic of the held one is at 1320 Hz.
    assert!(of(880.0) < 1e-4, "it came later: {}", of(880.0));
    assert_eq!(peak(&heard[60_400..]), 0.0);
}

#[test]
fn evn_3_groups_have_channels_of_their_own_and_group_0_is_all_of_them() {
    let at = |group: u16, sample: u64, bytes: &[u8]| {
        let mut event = event(sample, bytes);
        event.channel_group = group;
        event
    };
    let mut rig = Rig::open(&ToneSynth, &[("channel_groups", 2.0), ("release", 5.0)]);
    let events = [
        at(2, 0, &[0xB0, 7, 0]),
        at(1, 0, &[0x90, 69, 127]),
        at(2, 0, &[0x90, 76, 127]),
        at(3, 0, &[0x90, 80, 127]),
    ];
    let voices = |rig: &Rig| {
        let telemetry = rig.telemetry().unwrap();
        telemetry.get(crate::portcls::dmus::telemetry::VOICES)
    };
    let heard = rig.cycle(4096, &[], &events).channels.remove(0);
    assert!(peak(&heard) > 0.05);
    assert_eq!(voices(&rig), 2.0, "the third group is not there");
    let heard = rig.cycle(4096, &[], &[at(0, 4_096, &[0xB0, 123, 0])]);
    assert_eq!(peak(&heard.channels[0][300..]), 0.0);
    // The second group is not heard: it is counted.
    assert_eq!(voices(&rig), 0.0, "both let go");
}

#[test]
fn syn_10_a_channel_that_matters_more_keeps_its_voice() {
    let values = [("voices", 1.0), ("attack", 0.0), ("sustain", 0.0)];
    let loud = |first: u8, second: u8, hz: f64| {
        let events = [
            event(0, &[0x90 | first, 69, 127]),
            event(4_000, &[0x90 | second, 76, 127]),
        ];
        let heard = play(&values, &events, &[4096; 16]);
        tone(&heard[12_000..60_000], hz, RATE).amplitude > 0.05
    };
    // Within a class the new one finds a voice.
    assert!(!loud(0, 1, 440.0) && loud(0, 1, 659.255));
    let mut values = std::collections::BTreeMap::new();
    let text = crate::ks::Value::Text("1/1=F000000E".into());
    values.insert("priorities".to_owned(), text);
    values.insert("voices".to_owned(), crate::ks::Value::Number(1.0));
    let mut rig = Rig::open_with(&ToneSynth, values, &Default::default(), None);
    let events = [
        event(0, &[0x90, 69, 127]),
        event(4_000, &[0x91, 76, 127]),
        event(4_000, &[0x91, 79, 127]),
    ];
    rig.cycle(4096, &[], &events);
    let heard: Vec<f32> = (0..3)
        .flat_map(|_| rig.run(4096).channels.remove(0))
        .collect();
    let of = |hz: f64| tone(&heard, hz, RATE).amplitude;
    assert!(of(440.0) > 0.03, "{} of {}", of(440.0), of(659.255));
}

#[test]
fn general_midi_on_and_the_loudness_of_everything_are_heard() {
    let exclusive = |sample: u64, bytes: &[u8]| {
        let mut events = KernelEvent::whole(time_from_sample(sample, 48_000), bytes);
        events.next().unwrap()
    };
    let quiet = exclusive(0, &[0xF0, 0x7F, 0x7F, 4, 1, 0, 64, 0xF7]);
    let heard = play(EVEN, &[quiet, event(0, &[0x90, 69, 127])], &[4096]);
    assert!((peak(&heard) / 0.2 - 0.25).abs() < 0.02, "{}", peak(&heard));
    let events = [
        event(0, &[0xB0, 7, 0]),
        exclusive(10, &[0xF0, 0x7E, 0x7F, 9, 1, 0xF7]),
        event(20, &[0x90, 69, 127]),
    ];
    assert!((peak(&play(EVEN, &events, &[4096])) - 0.2).abs() < 0.01);
}
