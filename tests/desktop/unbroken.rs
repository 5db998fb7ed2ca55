//! What plays is not disturbed by what the hand does in the window: no hole, no lost and no repeated sample.
//!
//! `first_sound` plays a held note on a real sound server at the program's own quantum, while the pointer pans, zooms,
//! opens menus, resizes the window, drags a slider and brings filters. Asserted: the program has counted no xrun of the
//! device since the note began and no cycle that came too late for it; and in the captured signal the note is one
//! stretch without a run of zeros and without a turn of its phase. Only a stall of the machine itself is forgiven, and
//! no more faults than it accounts for (`rig/witness.rs`).

use std::time::Duration;

use crate::rig::pause;
use crate::screen::{Screen, Window};
use crate::servers::Server;
use crate::witness::Witness;
use crate::words::*;

const SILENCE_DBFS: f64 = -60.0;
/// The note of the key A.
const A_HZ: f64 = 261.63;
/// What the sound server plays at once: 1024 samples.
const PERIOD: Duration = Duration::from_micros(21_333);

#[test]
fn first_sound_plays_without_a_hole_whatever_is_done_in_the_window() {
    let server = Server::start("hole");
    let screen = Screen::start("hole-window");
    // A piano's note dies away and is no tone: the same graph with a synthesizer that holds it.
    let steady = std::fs::read_to_string(FIRST_SOUND).unwrap().replace(
        "key: \"dls_synth\", name: \"DLS Synth\"",
        "key: \"tone_synth\", name: \"Tone Synth\"",
    );
    assert!(steady.contains("tone_synth"));
    std::fs::create_dir_all(screen.scratch().path("graphs")).unwrap();
    std::fs::write(screen.scratch().path(FIRST_SOUND), steady).unwrap();
    let mut window = screen.start_editor(|command| {
        server.lead(command);
        command.current_dir(screen.scratch().path(""));
    });
    window.press("Skip the tour");
    // It pushes the canvas aside when it comes.
    banner(&mut window, "Playing on");
    window.settle();
    // What is dragged later stands in the inspector, where a press leaves the keys with the keyboard.
    let gain = window.find(FILTER, "Filter Gain and Pan");
    window.click(gain.at((0.5, 0.08)));
    window.find("tab", "Properties");
    play_mode(&mut window);

    let witness = Witness::start();
    let capture = server.capture();
    window.hold_key("a");
    capture.wait_for_sound(Duration::from_secs(20));
    pause(300);
    let before = counts(&mut window);
    work(&mut window);
    assert!(in_play_mode(&mut window), "nothing has taken the keys");
    let after = counts(&mut window);
    pause(300);
    window.release_key("a");
    window.see("the meter to fall", |probe| {
        level(probe)
            .is_none_or(|dbfs| dbfs < SILENCE_DBFS)
            .then_some(())
    });
    let sound = capture.stop();
    let forgiven = witness.stop().pay_for(PERIOD);
    let counted = [0, 1].map(|n| after[n] - before[n]);
    assert!(
        counted.iter().all(|count| *count <= forgiven),
        "{counted:?} xruns and late cycles while the window was worked in, {forgiven} forgiven"
    );

    let stretches = sound.stretches(SILENCE_DBFS);
    assert!(
        (1..=1 + forgiven).contains(&stretches.len()),
        "one note is one stretch: {stretches:?}"
    );
    let end = stretches[stretches.len() - 1].end;
    let steady = stretches[0].start + sound.count(0.1)..end - sound.count(0.6);
    let seconds = sound.seconds(&steady);
    assert!(seconds > 4.0, "only {seconds:.1} s were judged");
    let holes = sound.holes(steady.clone());
    assert!(holes.len() <= forgiven, "{holes:?}, {forgiven} forgiven");
    let tone = sound.tone(steady.clone(), A_HZ);
    assert!(
        (tone.hz - A_HZ).abs() < 0.5 && tone.purity > 0.5,
        "{tone:?}"
    );
    let jumps = sound.jumps(steady, tone.hz);
    // A jump is seen by the windows on either side of it.
    assert!(
        jumps.len() <= 3 * forgiven,
        "samples were lost or repeated: {jumps:?}, {forgiven} forgiven"
    );
    println!(
        "{seconds:.1} s, {} holes, {counted:?} xruns and late cycles, {forgiven} forgiven",
        holes.len()
    );
}

/// What a hand does in some seconds.
fn work(window: &mut Window<'_>) {
    let canvas = window.find(CANVAS.0, CANVAS.1);
    let (middle, corner) = (canvas.middle(), canvas.at((0.4, 0.2)));
    for round in 0..2 {
        window.drag_with(2, middle, corner);
        window.drag_with(2, corner, middle);
        window.zoom(4, 3, middle);
        window.zoom(5, 3, middle);
        let (width, height) = [(1200, 800), (1600, 1000)][round];
        window.resize(width, height);
    }
    for menu in ["Edit", "View"] {
        let title = window.find("menu", menu);
        // Open and shut; Esc would take the keys from the keyboard as well.
        window.click(title.middle());
        window.click(title.middle());
    }
    // Edits: a value, and filters that come and go.
    let slider = window.see("the inspector's slider", |probe| {
        let sliders = probe.of_role("slider").filter(|it| it.name == "Gain");
        sliders
            .max_by(|a, b| a.rect[0].total_cmp(&b.rect[0]))
            .cloned()
    });
    let at = slider.at((0.4, 0.5));
    window.drag(at, (at.0 + 12.0, at.1));
    let row = window.find(ROW, "Noise");
    let canvas = window.find(CANVAS.0, CANVAS.1);
    window.drag(row.middle(), canvas.at((0.5, 0.12)));
    window.see("a new filter", |probe| {
        let mut filters = probe.of_role(FILTER);
        filters.find(|it| it.name == "Filter Noise").map(|_| ())
    });
    window.key("ctrl+z");
    window.key("ctrl+z");
}

/// Xruns and late cycles, as the transport shows them.
fn counts(window: &mut Window<'_>) -> [usize; 2] {
    ["Xruns", "Late"].map(|name| {
        let shown = said(window, FIGURE, name);
        let digits: String = shown.chars().filter(char::is_ascii_digit).collect();
        digits.parse().expect("the transport counts in figures")
    })
}
