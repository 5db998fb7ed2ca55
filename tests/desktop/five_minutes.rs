//! The first five minutes of a newcomer, in their order: a key, a slider, a file, a wire that cannot be, a wire looked at,
//! a device pulled and put back, a file saved and opened again.
//!
//! Everything is done by pointer and keys. After each step the window is asked what it shows, and the sound server what
//! it was given; at the end the saved file says it all again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::rig::pause;
use crate::screen::{Item, Screen, Window};
use crate::servers::Server;
use crate::words::*;

/// Nothing below this counts as sound.
const SILENCE_DBFS: f64 = -60.0;
/// The note of the key A.
const A_HZ: f64 = 261.63;
/// What the dropped file holds.
const FILE_HZ: f64 = 660.0;
/// The rate of the device, and one it does not have.
const RATES_HZ: [u32; 2] = [48_000, 44_100];
const FILE_MILLIS: u32 = 1500;

const KEYBOARD_OUT: &str = "Computer Keyboard output notes (MIDI)";
const METER_IN: &str = "Meter input in (audio)";
const READER_OUT: &str = "Wave Reader 2 output out (audio)";
const GAIN_WIRE: &str = "Wire Gain and Pan out to Meter in";
const GAIN: (&str, &str) = ("slider", "Gain");
const DEVICE: (&str, &str) = ("device", "Device");

#[test]
fn a_newcomer_walks_through_the_first_five_minutes() {
    let mut server = Server::sharing("five");
    let screen = Screen::start("five-window");
    let waves = ["melody.wav", "of another rate.wav"].map(|name| screen.path(name));
    for (wave, rate_hz) in waves.iter().zip(RATES_HZ) {
        write_wave(wave, rate_hz);
    }
    let mut window = screen.start_editor(|command| {
        command.current_dir(screen.scratch().path(""));
        server.lead(command);
    });

    // The window opens on a graph that sounds: it runs, says on which device, and is quiet to begin with.
    says(&mut window, ("button", "Run"), |it| it == "on");
    says(&mut window, DEVICE, |it| it.contains("nul"));
    says(&mut window, GAIN, |it| {
        it == "\u{2212}12.0\u{a0}dB" || it == "\u{2212}12.0 dB"
    });
    assert!(
        in_play_mode(&mut window),
        "the first key that is pressed sounds"
    );
    tour(&mut window, "Press A. You should hear a note.");

    // A key is pressed: it is heard at its pitch, quietly.
    let before = note(&mut window, &server);
    assert!(
        (-40.0..-6.0).contains(&before),
        "it begins quietly: {before:.1} dBFS"
    );
    says(&mut window, (FIGURE, "Master"), |it| it == "silent");

    // It is turned up.
    tour(&mut window, "Drop a WAV file on the canvas.");
    window.press("Skip this");
    let slider = window.find(GAIN.0, GAIN.1);
    let at = slider.at((0.55, 0.5));
    window.drag(at, (at.0 + 12.0, at.1));
    says(&mut window, GAIN, |it| !it.contains("12.0"));
    play_mode(&mut window);
    let louder = note(&mut window, &server);
    assert!(louder > before + 1.0, "{before:.1} dBFS became {louder:.1}");

    // A wire that cannot be explains itself, and Esc lets it be.
    tour(
        &mut window,
        "Drag from notes of the Computer Keyboard to in of the Meter.",
    );
    let (from, to) = (window.find(PIN, KEYBOARD_OUT), window.find(PIN, METER_IN));
    window.drag(from.middle(), to.middle());
    let why = window.see("why not", |probe| probe.of_role(REFUSAL).next().cloned());
    assert!(!why.name.is_empty() && why.state.len() > 20, "{why:?}");
    window.key("Escape");
    assert_eq!(wires(&mut window), 5);
    window.press("Skip the tour");

    // A file is dropped: it is put in with what it needs beside what plays, and is heard.
    let capture = server.capture();
    window.settle();
    let canvas = window.find(CANVAS.0, CANVAS.1);
    window.drop_files(canvas.at((0.3, 0.9)), &[&waves[0]]);
    window.see("the reader", |probe| {
        let mut filters = probe.of_role(FILTER);
        filters
            .find(|it| it.name == "Filter Wave Reader")
            .map(|_| ())
    });
    capture.wait_for_sound(Duration::from_secs(20));
    pause(900);
    let sound = capture.stop();
    let heard = sound.stretches(SILENCE_DBFS);
    let heard = heard.first().expect("the file is heard");
    let steady = heard.start + sound.count(0.1)..heard.end - sound.count(0.02);
    let tone = sound.tone(steady, FILE_HZ);
    assert!(
        (tone.hz - FILE_HZ).abs() < 1.0 && tone.purity > 0.8,
        "{tone:?}"
    );
    // One of another rate brings its converter along.
    window.drop_files(canvas.at((0.1, 0.9)), &[&waves[1]]);
    window.key("Home");
    window.find(FILTER, "Filter Wave Reader 2");
    window.find(FILTER, "Filter Sample Rate Converter");
    window.settle();
    let converter = window.find(FILTER, "Filter Sample Rate Converter");
    window.picture("desktop-dropped");

    // Without the converter the wire is refused: one click puts it back.
    window.click(converter.at((0.5, 0.08)));
    says(
        &mut window,
        (FILTER, "Filter Sample Rate Converter"),
        |it| it == "selected",
    );
    window.key("Delete");
    window.see("the converter to go", |probe| {
        probe
            .find(FILTER, "Filter Sample Rate Converter")
            .is_none()
            .then_some(())
    });
    let cut = wires(&mut window);
    let (from, to) = (window.find(PIN, READER_OUT), free_mixer_pin(&mut window));
    window.drag(from.middle(), to);
    let why = window.see("why not", |probe| probe.of_role(REFUSAL).next().cloned());
    assert!(why.name.contains("sample rate"), "{why:?}");
    window.picture("desktop-refused-rate");
    window.press("Insert Sample Rate Converter");
    wait_for_wires(&mut window, cut + 2);
    window.key("Home");
    window.find(FILTER, "Filter Sample Rate Converter");
    window.settle();

    // A wire is clicked: what was agreed, how it travels, what it costs.
    let wire = window.find(WIRE, GAIN_WIRE);
    window.click(wire.middle());
    says(&mut window, (FACT, "Agreed"), |it| {
        it.split_whitespace()
            .collect::<String>()
            .contains("48000Hz")
    });
    for fact in [
        "Medium",
        "Interface",
        "Frames",
        "One every",
        "Queue",
        "Latency",
    ] {
        let words = said(&mut window, FACT, fact);
        assert!(!words.is_empty(), "{fact} is empty");
    }
    window.picture("desktop-wire");

    // The device goes: time goes on, and the window says so. It comes back, and so does the sound.
    server.kill();
    let words = banner(&mut window, "waits for it");
    assert!(words.contains("nul"), "the device is named: {words}");
    let then = graph_time(&mut window);
    window.see("time to go on", |probe| {
        let time = probe.of_role("time").next()?.state.clone();
        (seconds(&time) > then + 0.5).then_some(())
    });
    server.start_again();
    window.see("the banner to go", |probe| {
        let waits = probe
            .of_role(BANNER)
            .any(|it| it.name.contains("waits for it"));
        (!waits).then_some(())
    });
    says(&mut window, DEVICE, |it| it.contains("nul"));
    play_mode(&mut window);
    let back = note(&mut window, &server);
    assert!(
        (back - louder).abs() < 1.0,
        "{louder:.1} dBFS came back as {back:.1}"
    );

    // Saved, closed and opened again: the same file, the same picture, the same sound.
    window.key("Escape");
    window.key("ctrl+s");
    window.find(FIELD, "File path");
    window.type_text("first.ron");
    window.key("Return");
    let file = screen.path("first.ron");
    let text = crate::rig::wait_for("the file", Duration::from_secs(10), || {
        fs::read_to_string(&file).ok()
    });
    assert!(
        text.contains("melody.wav") && !text.contains("Insert"),
        "{text}"
    );
    close_banners(&mut window);
    window.key("Home");
    let picture = places(&mut window);
    // It has looked for devices all the while, by the same client; a server turns everybody away who has too many.
    let clients = server.clients();
    assert!(
        (1..=3).contains(&clients),
        "{clients} clients of one program"
    );
    window.quit();
    let mut window = screen.start_editor(|command| {
        server.lead(command);
        command.arg(&file);
    });
    assert_eq!(places(&mut window), picture, "the same picture");
    window.key("space");
    says(&mut window, ("button", "Run"), |it| it == "on");
    play_mode(&mut window);
    // The files play from their beginning again, and only when the device is open.
    window.see("the files to end", |probe| {
        let time = probe.of_role("time").next()?.state.clone();
        (seconds(&time) > f64::from(FILE_MILLIS) / 1000.0 + 0.5).then_some(())
    });
    let again = note(&mut window, &server);
    assert!(
        (again - louder).abs() < 1.0,
        "{louder:.1} dBFS was saved, {again:.1} opened"
    );
    window.quit();
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        text,
        "nobody has touched it"
    );
}

/// Presses A for a while and judges what the server was given: its level in dBFS.
fn note(window: &mut Window<'_>, server: &Server) -> f64 {
    let capture = server.capture();
    window.hold_key("a");
    window.see("the meter to move", |probe| {
        level(probe).filter(|dbfs| *dbfs > SILENCE_DBFS)
    });
    pause(500);
    window.release_key("a");
    window.see("the meter to fall", |probe| {
        level(probe)
            .is_none_or(|dbfs| dbfs < SILENCE_DBFS)
            .then_some(())
    });
    let sound = capture.stop();
    let heard = sound.stretches(SILENCE_DBFS);
    let heard = heard
        .iter()
        .max_by_key(|it| it.len())
        .expect("the note is heard");
    let steady = heard.start + sound.count(0.1)..heard.start + sound.count(0.45);
    let tone = sound.tone(steady.clone(), A_HZ);
    assert!(
        (tone.hz - A_HZ).abs() < 1.0 && tone.purity > 0.5,
        "{tone:?}"
    );
    sound.peak_dbfs(steady)
}

fn tour(window: &mut Window<'_>, hint: &str) {
    window.find("tour", hint);
}

/// The lowest input of the mixer: that one is free.
fn free_mixer_pin(window: &mut Window<'_>) -> (f64, f64) {
    window.see("a free pin of the mixer", |probe| {
        let pins = probe
            .of_role(PIN)
            .filter(|it| it.name.starts_with("Mixer input"));
        let lowest = pins.max_by(|a, b| a.rect[1].total_cmp(&b.rect[1]))?;
        Some(lowest.middle())
    })
}

/// Names and places of everything on the canvas, to a tenth of a pixel.
fn places(window: &mut Window<'_>) -> Vec<(String, String)> {
    window.settle();
    window.see("the canvas", |probe| {
        let all = probe.items.iter();
        let all = all.filter(|it| [FILTER, PIN, WIRE].contains(&&*it.role));
        // What a wire says stands in one line or in two, as there is room while it is laid out; it has no place of its own.
        let place = |it: &Item| match it.role == WIRE {
            true => String::new(),
            false => format!("{:.0?}", it.rect),
        };
        Some(all.map(|it| (it.name.clone(), place(it))).collect())
    })
}

fn write_wave(path: &Path, rate_hz: u32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate_hz,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).expect("the folder is ours");
    for at in 0..rate_hz * FILE_MILLIS / 1000 {
        let turn = std::f64::consts::TAU * FILE_HZ * f64::from(at) / f64::from(rate_hz);
        for _ in 0..2 {
            let sample = (turn.sin() * 3000.0) as i16;
            writer.write_sample(sample).expect("the disk has room");
        }
    }
    writer.finalize().expect("the disk has room");
}
