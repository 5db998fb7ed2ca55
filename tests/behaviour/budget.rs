//! The latency budget: the longest way piece by piece, a quantum and frames that bring it within a target, and who stands
//! in the way. What is proposed is so when it is done.

use serde_json::Value as Json;

use super::desk::Desk;

/// A keyboard through a synthesizer and a limiter that looks 5 ms ahead, to a device.
fn played(name: &str) -> Desk {
    let desk = Desk::new(&format!("budget-{name}"));
    let lines = "add keyboard --name keys\nadd tone_synth --name synth\nadd limiter --name Limit\nadd audio_device_out --name out\n\
        connect keys.notes synth.notes\nconnect synth.out Limit.in\nconnect Limit.out out.in\n";
    let made = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    desk
}

fn ask(desk: &Desk, more: &[&str]) -> Json {
    desk.json(&[&["budget", "g.ron"], more].concat()).json
}

fn close(found: &Json, wanted: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - wanted).abs() < 0.01, "{found} and {wanted}");
}

/// What a quantum costs at 48 kHz: one to wait and three in the ring.
fn quanta(samples: f64) -> f64 {
    4.0 * samples / 48.0
}

#[test]
fn the_way_is_told_piece_by_piece() {
    let desk = played("1");
    let found = ask(&desk, &["--ms", "40"]);
    let pieces = found["pieces"].as_array().unwrap();
    let kinds: Vec<&str> = pieces
        .iter()
        .map(|it| it["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["arrival", "filter", "render"]);
    close(&pieces[1]["ms"], 5.0);
    close(&found["ms"], quanta(256.0) + 5.0);
    let sum: f64 = pieces.iter().map(|it| it["ms"].as_f64().unwrap()).sum();
    close(&found["ms"], sum);
    assert_eq!(found["fits"], true);
    // What a card takes at a time and behind it counts as well.
    let found = ask(
        &desk,
        &["--ms", "40", "--period", "960", "--device-ms", "3"],
    );
    close(
        &found["ms"],
        (256.0 + 256.0 + 2.0 * 960.0) / 48.0 + 3.0 + 5.0,
    );
}

#[test]
fn the_longest_quantum_that_does_is_chosen_and_does() {
    let desk = played("2");
    for (target, quantum) in [
        ("40", 256),
        ("17", 128),
        ("11", 64),
        ("8", 32),
        ("100", 1024),
    ] {
        let found = ask(&desk, &["--ms", target]);
        assert_eq!(found["proposal"]["quantum"], quantum, "{found}");
        assert_eq!(found["proposal"]["fits"], true);
        // The same graph with that quantum takes as long as was said, and nothing is left to be done.
        let then = ask(&desk, &["--ms", target, "--quantum", &quantum.to_string()]);
        assert_eq!(then["ms"], found["proposal"]["ms"]);
        assert_eq!(then["fits"], true);
        assert_eq!(then["proposal"]["quantum"], quantum);
    }
}

#[test]
fn a_filter_that_is_in_the_way_is_named_with_what_it_costs_and_what_helps() {
    let desk = played("3");
    let did = desk.json(&["budget", "g.ron", "--ms", "6"]);
    assert_eq!(did.code, Some(1));
    let way = &did.json["in_the_way"][0];
    assert_eq!(way["filter"], "Limit");
    close(&way["ms"], 5.0);
    assert_eq!(way["set"]["property"], "look_ahead");
    let value = way["set"]["value"].as_f64().unwrap();
    let set = format!("Limit.look_ahead={value}");
    assert_eq!(desk.run(&["set", "g.ron", &set]).code, Some(0));
    let then = ask(&desk, &["--ms", "6", "--quantum", "32"]);
    assert_eq!(then["fits"], true, "{then}");
    // Bypassed it costs nothing, and a way round it is none.
    desk.run(&["set", "g.ron", "Limit.look_ahead=5"]);
    desk.run(&["bypass", "g.ron", "Limit"]);
    close(&ask(&desk, &["--ms", "40"])["ms"], quanta(256.0));
    let words = desk.run(&["budget", "g.ron", "--ms", "1"]).text;
    assert!(words.contains("is the least that can be"), "{words}");
}

#[test]
fn frames_that_were_asked_for_by_hand_go_before_a_filter_has_to() {
    let desk = played("4");
    let path = desk.path("g.ron");
    let plain = std::fs::read_to_string(&path).unwrap();
    let asked = plain.replace(
        "to: \"4.in\"",
        "to: \"4.in\", framing: (bytes: 8192, frames: 0)",
    );
    assert_ne!(asked, plain);
    std::fs::write(&path, &asked).unwrap();
    let found = ask(&desk, &["--ms", "60"]);
    assert_eq!(
        found["proposal"]["framing"].as_array().unwrap().len(),
        0,
        "they stay where they can"
    );
    let frame = 1024.0 / 48.0;
    close(&found["ms"], quanta(256.0) + 5.0 + frame);
    assert!(
        found["copies"][0]["wire"]
            .as_str()
            .unwrap()
            .contains("Limit.out"),
        "{found}"
    );
    let found = ask(&desk, &["--ms", "20"]);
    assert_eq!(found["proposal"]["framing"][0], "Limit.out -> out.in");
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        asked,
        "asking changes nothing"
    );
    let quantum = found["proposal"]["quantum"].to_string();
    let done = ask(&desk, &["--ms", "20", "--apply"]);
    assert_eq!(done["proposal"], found["proposal"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), plain);
    let then = ask(&desk, &["--ms", "20", "--quantum", &quantum]);
    assert_eq!(then["ms"], found["proposal"]["ms"]);
}

#[test]
fn ways_without_a_key_or_without_an_end_and_loops_have_an_answer() {
    let desk = Desk::new("budget-5");
    let made = |lines: &str| {
        let did = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], lines);
        assert_eq!(did.code, Some(0), "{}", did.said);
    };
    made("add tone --name t\nadd null_renderer --name n\nconnect t.out n.in\n");
    let found = ask(&desk, &["--ms", "1"]);
    assert_eq!(
        (&found["fits"], &found["proposal"]["quantum"]),
        (&true.into(), &256.into()),
        "{found}"
    );
    made("add tone --name t\n");
    assert_eq!(desk.json(&["budget", "g.ron", "--ms", "20"]).code, Some(1));
    made(
        "add keyboard --name keys\nadd tone_synth --name s\nconnect keys.notes s.notes\nadd tone --name t\nadd limiter --name a\n\
        add limiter --name b\nadd mixer --name m\nadd audio_device_out --name out\nconnect t.out a.in\nconnect a.out b.in\n\
        connect b.out m.in\nconnect s.out m.in\nconnect m.out out.in\n",
    );
    // Where somebody plays counts, though another way is longer.
    let found = ask(&desk, &["--ms", "40"]);
    close(&found["ms"], quanta(256.0));
    let feedback = concat!(env!("CARGO_MANIFEST_DIR"), "/graphs/feedback.ron");
    let did = desk.json(&["budget", feedback, "--ms", "20"]);
    assert!(did.json["ms"].as_f64().unwrap() < 1_000.0, "{}", did.text);
    for wrong in ["-1", "x", "nan", "1e9"] {
        assert_eq!(
            desk.run(&["budget", "g.ron", &format!("--ms={wrong}")])
                .code,
            Some(2),
            "{wrong}"
        );
    }
}
