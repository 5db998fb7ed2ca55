//! Banks that are loaded while the synthesizer plays, and sounds of one that are struck by hand.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::tests::{event, square};
use super::*;
use crate::dsp::measure::{peak, rms};
use crate::filters::wave_reader::tests::Folder;
use crate::ks::rig::Rig;
use crate::ks::{BankWord, State, Strike, Value, VoiceSeen, VoiceStage};

fn opened(path: Option<&Path>, live: bool, voices: f64) -> Rig {
    let bank = path.map(|it| ("bank".to_owned(), Value::Text(it.display().to_string())));
    let dry = ["reverb", "chorus"].map(|it| (it.to_owned(), Value::Flag(false)));
    let voices = ("polyphony".to_owned(), Value::Number(voices));
    let values = bank.into_iter().chain([voices]).chain(dry);
    let values: BTreeMap<_, _> = values.collect();
    Rig::open_as(&DlsSynth, values, &BTreeMap::new(), None, live)
}

fn desk(rig: &Rig) -> BankDesk {
    rig.bank().unwrap().clone()
}

/// Waits until nothing is on its way any more.
fn is_there(rig: &Rig) {
    let desk = desk(rig);
    for _ in 0..60_000 {
        if desk.loading().is_none() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    panic!("it is never there");
}

fn file(folder: &Folder, name: &str) -> std::path::PathBuf {
    let path = folder.file(name);
    std::fs::write(&path, square()).unwrap();
    path
}

fn loud(rig: &mut Rig, events: &[KernelEvent]) -> f64 {
    f64::from(rms(&rig.cycle(960, &[], events).channels[0]))
}

fn seen(rig: &Rig) -> Vec<VoiceSeen> {
    let mut seen = vec![];
    desk(rig).voices().look(&mut seen);
    seen
}

#[test]
fn a_bank_that_takes_its_time_keeps_nobody_waiting_and_comes_while_it_plays() {
    let folder = Folder::new();
    let path = file(&folder, "slow.dls");
    let turn = banks::turn(&path);
    let held = turn.lock().unwrap();
    let mut rig = opened(Some(&path), true, 32.0);
    assert!(desk(&rig).loading().is_some() && desk(&rig).sheet().0 == 0);
    assert_eq!(loud(&mut rig, &[event(0, &[0x90, 69, 100])]), 0.0);
    drop(held);
    is_there(&rig);
    let (serial, sheet) = desk(&rig).sheet();
    assert_eq!((serial, sheet.instruments.len(), sheet.regions), (1, 1, 1));
    let words = desk(&rig).take_words();
    assert!(
        matches!(&words[..], [BankWord::Loaded(lines)] if lines[0].starts_with("slow.dls is loaded: 1 ")),
        "{words:?}"
    );
    assert!(loud(&mut rig, &[event(960, &[0x90, 69, 100])]) > 0.01);
}

#[test]
fn another_bank_takes_the_place_of_the_one_on_its_way() {
    let folder = Folder::new();
    let (slow, quick) = (file(&folder, "slow.dls"), file(&folder, "quick.dls"));
    let turn = banks::turn(&slow);
    let held = turn.lock().unwrap();
    let rig = opened(Some(&slow), true, 32.0);
    let first = desk(&rig).loading().unwrap();
    rig.tell("bank", quick.to_str().unwrap());
    assert!(first.is_cancelled());
    is_there(&rig);
    assert_eq!(desk(&rig).sheet().0, 1);
    drop(held);
    // Who comes too late is not heard of: the thread has it no more once nobody but we hold its turn.
    let is_let_go = || {
        std::thread::sleep(std::time::Duration::from_millis(1));
        Arc::strong_count(&first) == 1
    };
    assert!((0..60_000).any(|_| is_let_go()), "it is held for ever");
    let words = desk(&rig).take_words();
    assert!(
        matches!(&words[..], [BankWord::Loaded(lines)] if lines[0].starts_with("quick.dls")),
        "{words:?}"
    );
    assert_eq!((desk(&rig).sheet().0, desk(&rig).trouble()), (1, None));
}

#[test]
fn what_cannot_be_loaded_is_told_with_its_name_and_what_was_there_plays_on() {
    let folder = Folder::new();
    let (good, bad) = (file(&folder, "good.dls"), folder.file("bad.dls"));
    std::fs::write(&bad, b"RIFF\x10\0\0\0WAVEfmt ").unwrap();
    let mut rig = opened(Some(&good), true, 32.0);
    is_there(&rig);
    desk(&rig).take_words();
    for (name, why) in [("bad.dls", "at byte 8"), ("gone.dls", "No such file")] {
        rig.tell("bank", folder.file(name).to_str().unwrap());
        is_there(&rig);
        let trouble = desk(&rig).trouble().unwrap();
        assert!(trouble.contains(name) && trouble.contains(why), "{trouble}");
        assert_eq!(desk(&rig).take_words(), [BankWord::Failed(trouble)]);
        assert_eq!(desk(&rig).sheet().0, 1);
    }
    assert!(loud(&mut rig, &[event(0, &[0x90, 69, 100])]) > 0.01);
}

#[test]
fn where_nobody_listens_a_bank_is_waited_for_and_any_run_is_the_same() {
    let folder = Folder::new();
    let (one, other) = (file(&folder, "one.dls"), file(&folder, "other.dls"));
    let play = || {
        let mut rig = opened(Some(&one), false, 32.0);
        let mut heard = rig.cycle(960, &[], &[event(0, &[0x90, 69, 100])]).channels;
        rig.tell("bank", other.to_str().unwrap());
        assert!(desk(&rig).loading().is_none());
        let then = rig
            .cycle(960, &[], &[event(960, &[0x90, 81, 100])])
            .channels;
        heard.extend(then);
        heard
    };
    let heard = play();
    assert!(peak(&heard[0]) > 0.1 && peak(&heard[2]) > 0.1);
    assert_eq!(heard, play());
}

#[test]
fn what_sounds_goes_on_while_the_bank_changes_and_the_old_one_goes_with_its_last_voice() {
    let folder = Folder::new();
    let (one, other) = (file(&folder, "one.dls"), file(&folder, "other.dls"));
    let mut rig = opened(Some(&one), false, 32.0);
    let old = Arc::downgrade(&banks::open(Some(&one), 48_000).unwrap().bank);
    let before = loud(&mut rig, &[event(0, &[0x90, 69, 100])]);
    rig.tell("bank", other.to_str().unwrap());
    let during = loud(&mut rig, &[]);
    assert!(
        before > 0.01 && (during / before - 1.0).abs() < 0.2,
        "{before} {during}"
    );
    loud(&mut rig, &[event(2 * 960, &[0x90, 81, 100])]);
    desk(&rig).tend();
    assert!(old.upgrade().is_some(), "a voice reads it");
    let serials: Vec<u8> = seen(&rig).iter().map(|it| it.serial).collect();
    assert_eq!(serials, [1, 2]);
    loud(&mut rig, &[event(3 * 960, &[0x80, 69, 0])]);
    for _ in 0..50 {
        loud(&mut rig, &[]);
    }
    desk(&rig).tend();
    assert!(old.upgrade().is_none(), "nobody reads it any more");
    assert_eq!(seen(&rig).len(), 1);
}

#[test]
fn banks_that_are_chosen_while_nothing_runs_do_not_pile_up() {
    let folder = Folder::new();
    let files: Vec<_> = (0..6).map(|n| file(&folder, &format!("{n}.dls"))).collect();
    let mut rig = opened(None, false, 32.0);
    for file in &files {
        rig.tell("bank", file.to_str().unwrap());
    }
    loud(&mut rig, &[]);
    desk(&rig).tend();
    loud(&mut rig, &[event(960, &[0x90, 69, 100])]);
    loud(&mut rig, &[]);
    let (serial, _) = desk(&rig).sheet();
    assert_eq!(serial, 7);
    loud(&mut rig, &[event(3 * 960, &[0x90, 70, 100])]);
    loud(&mut rig, &[]);
    let last = seen(&rig).iter().map(|it| it.serial).max();
    assert_eq!(last, Some(7), "the last one is played");
}

fn strike(velocity: u8) -> Strike {
    Strike {
        serial: 1,
        instrument: 0,
        region: None,
        key: 69,
        velocity,
    }
}

#[test]
fn a_sound_that_is_struck_by_hand_is_heard_until_it_is_let_go_of() {
    let folder = Folder::new();
    let mut rig = opened(Some(&file(&folder, "square.dls")), false, 32.0);
    assert!(desk(&rig).strike(strike(100)));
    let by_hand = loud(&mut rig, &[]);
    let [voice] = seen(&rig)[..] else {
        panic!("one voice");
    };
    assert_eq!((voice.instrument, voice.region, voice.key), (0, 0, 69));
    assert_eq!((voice.velocity, voice.channel), (100, 16));
    assert!(voice.stage == VoiceStage::Held && voice.level > 0.9 && voice.age_millis >= 10);
    // No message ends it, whatever it is about.
    for channel in 0..16 {
        let events = [
            event(0, &[0x80 | channel, 69, 0]),
            event(0, &[0xB0 | channel, 123, 0]),
        ];
        loud(&mut rig, &events);
    }
    assert!(loud(&mut rig, &[]) > 0.01);
    assert!(desk(&rig).strike(strike(0)));
    for _ in 0..20 {
        loud(&mut rig, &[]);
    }
    assert_eq!((loud(&mut rig, &[]), seen(&rig).len()), (0.0, 0));
    // Softer than the same note of a song: nobody knows how loud it will be.
    let song = loud(&mut rig, &[event(0, &[0x90, 69, 100])]);
    assert!(by_hand > 0.01 && by_hand < 0.7 * song, "{by_hand} {song}");
}

#[test]
fn a_strike_takes_no_voice_from_what_plays_and_one_of_another_bank_is_not_heard() {
    let folder = Folder::new();
    let mut rig = opened(Some(&file(&folder, "square.dls")), false, 1.0);
    loud(&mut rig, &[event(0, &[0x9F, 60, 100])]);
    desk(&rig).strike(strike(100));
    loud(&mut rig, &[]);
    assert!(seen(&rig).iter().all(|it| it.channel == 15));
    assert_eq!(desk(&rig).voices().stolen(), 0);
    let mut rig = opened(Some(&file(&folder, "square.dls")), false, 1.0);
    desk(&rig).strike(Strike {
        serial: 2,
        ..strike(100)
    });
    assert_eq!(loud(&mut rig, &[]), 0.0);
    // What was struck while it stood still is not heard later.
    desk(&rig).strike(strike(100));
    rig.processor().enter(State::Stop);
    rig.processor().enter(State::Run);
    assert_eq!(loud(&mut rig, &[]), 0.0);
    // And a song takes the voice of what was struck.
    desk(&rig).strike(strike(100));
    loud(&mut rig, &[]);
    loud(&mut rig, &[event(2 * 960, &[0x9F, 60, 100])]);
    loud(&mut rig, &[]);
    let channels: Vec<u8> = seen(&rig).iter().map(|it| it.channel).collect();
    assert_eq!(channels, [15]);
    assert_eq!(
        (desk(&rig).voices().stolen(), desk(&rig).voices().most()),
        (1, 1)
    );
}
