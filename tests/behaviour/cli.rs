//! The program without a window, as a script meets it: graphs made, changed, checked and explained.

use std::fs;
use std::process::Stdio;

use crate::desk::Desk;
use crate::support::examples;
use serde_json::Value as Json;

#[test]
fn a_batch_makes_a_graph_that_checks() {
    let desk = Desk::new("batch");
    let graph = desk.tone("a.ron");
    let check = desk.json(&["check", &graph, "--run"]);
    assert_eq!(check.code, Some(0), "{}", check.text);
    assert_eq!(check.json["filters"].as_array().unwrap().len(), 3);
    let wire = &check.json["wires"][0];
    assert_eq!(
        (&wire["from"], &wire["to"]),
        (&"t.out".into(), &"My Gain.in".into())
    );
    let agreed = &wire["agreed"];
    assert_eq!(agreed["format"]["kind"], "audio");
    assert_eq!(agreed["format"]["rate_hz"], 48_000);
    assert_eq!(agreed["format"]["channels"], 2);
    assert_eq!(agreed["format"]["bits"], 32);
    assert_eq!(agreed["format"]["float"], true);
    for key in ["medium", "interface", "framing"] {
        assert!(!agreed[key].is_null(), "{key}");
    }
    assert_eq!(check.json["problems"].as_array().unwrap().len(), 0);
    assert!(desk.run(&["check", &graph]).text.contains("all agreed"));
}

#[test]
fn a_batch_is_done_whole_or_not_at_all() {
    let desk = Desk::new("whole");
    let graph = desk.tone("a.ron");
    let before = fs::read_to_string(desk.path(&graph)).unwrap();
    let did = desk.fed(
        &["add", &graph, "--batch", "-", "--json"],
        "add noise\nremove t\n\nset out.ceiling=loud\n",
    );
    assert_eq!(did.code, Some(2), "{}", did.said);
    assert_eq!(did.json["error"]["line"], 4);
    assert_eq!(fs::read_to_string(desk.path(&graph)).unwrap(), before);
    let missing = desk.json(&["new", "-o", "b.ron", "--batch", "nowhere.txt"]);
    assert_eq!(missing.code, Some(3));
    assert_eq!(desk.files(), ["a.ron"]);
}

#[test]
fn filters_are_added_named_and_removed_with_their_wires() {
    let desk = Desk::new("add");
    let graph = desk.tone("a.ron");
    assert_eq!(desk.run(&["add", &graph, "noise"]).text, "Noise\n");
    let second = desk.json(&["add", &graph, "noise", "--at", "5,-6"]);
    assert_eq!(second.json["name"], "Noise 2");
    assert_eq!(
        desk.json(&["add", &graph, "noise", "--name", "t"]).code,
        Some(2)
    );
    assert_eq!(
        desk.json(&["add", &graph, "nokey"]).json["error"]["code"],
        "NOT_FOUND"
    );
    assert_eq!(
        desk.json(&["add", &graph, "gain", "--at", "5"]).code,
        Some(2)
    );
    let removed = desk.json(&["remove", &graph, "My Gain", "-o", "b.ron"]);
    assert_eq!(removed.json["wires"], 2);
    assert_eq!(desk.json(&["remove", &graph, "nobody"]).code, Some(2));
    let wires = |graph: &str| {
        desk.json(&["check", graph]).json["wires"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(
        (wires(&graph), wires("b.ron")),
        (2, 0),
        "OUT was named, not GRAPH"
    );
}

#[test]
fn wires_are_drawn_directly_or_not_at_all() {
    let desk = Desk::new("direct");
    let graph = desk.tone("a.ron");
    let full = desk.json(&["connect", &graph, "t.out", "out.in", "--direct"]);
    assert_eq!(full.code, Some(1));
    assert_eq!(full.json["refusal"]["rule"], "INS-2");
    assert_eq!(full.json["refusal"]["step"], "instances");
    let gone = desk.json(&["disconnect", &graph, "t.out", "My Gain.in"]);
    assert_eq!(gone.code, Some(0));
    assert_eq!(
        desk.json(&["disconnect", &graph, "t.out", "My Gain.in"])
            .code,
        Some(2)
    );
    assert_eq!(
        desk.json(&["connect", &graph, "t.out", "#2.in", "--direct"])
            .code,
        Some(0)
    );
    for (from, to) in [
        ("t.side", "out.in"),
        ("x.out", "out.in"),
        ("t", "out.in"),
        ("t.out[", "out.in"),
    ] {
        let wrong = desk.json(&["connect", &graph, from, to]);
        assert_eq!(wrong.code, Some(2), "{from}: {}", wrong.text);
    }
    let back = desk.json(&["connect", &graph, "out.in", "t.out", "--direct"]);
    assert_eq!(back.json["refusal"]["step"], "data_flow", "{}", back.text);
}

#[test]
fn a_refusal_is_cured_by_the_filter_it_names() {
    let desk = Desk::new("cure");
    let graph = desk.altered("format_clinic", "44 kHz", "44.1 kHz");
    let check = desk.json(&["check", &graph]);
    assert_eq!(check.code, Some(1));
    let wires = check.json["wires"].as_array().unwrap();
    let refusal = &wires
        .iter()
        .find(|wire| wire["refusal"].is_object())
        .unwrap()["refusal"];
    assert_eq!(refusal["step"], "intersection");
    assert_eq!(refusal["status"], "NO_MATCH");
    assert_eq!(refusal["cures"][0]["kind"], "insert");
    assert_eq!(refusal["cures"][0]["inserts"][0], "rate_converter");

    // Names as the program prints them are taken back, dots and all; quotes do as well.
    let (from, to) = ("Chime at 44.1 kHz.out", "Mixer.in[1]");
    let explained = desk.json(&["explain", &graph, "\"Chime at 44.1 kHz\".out", to]);
    assert_eq!(explained.code, Some(1));
    assert_eq!(
        explained.json["refusal"], *refusal,
        "check and explain say the same"
    );
    let steps = explained.json["steps"].as_array().unwrap();
    assert_eq!(steps.last().unwrap()["ok"], false);
    assert_eq!(desk.json(&["disconnect", &graph, from, to]).code, Some(0));
    assert_eq!(
        desk.json(&["connect", &graph, from, to, "--direct"]).code,
        Some(1)
    );
    let cured = desk.json(&["connect", &graph, from, to, "--log", "-o", "cured.ron"]);
    assert_eq!(cured.code, Some(0), "{}", cured.text);
    assert_eq!(cured.json["inserted"][0], "Sample Rate Converter");
    assert_eq!(cured.json["attempts"][0]["ok"], false);
    assert_eq!(cured.json["attempts"][1]["ok"], true);
    let check = desk.json(&["check", "cured.ron"]);
    assert_eq!(
        (check.code, check.json["wires"].as_array().unwrap().len()),
        (Some(0), 4)
    );
}

#[test]
fn a_refused_wire_of_a_file_gives_way_to_what_cures_it() {
    let desk = Desk::new("red");
    let graph = desk.tone("a.ron");
    assert_eq!(desk.run(&["add", &graph, "meter"]).code, Some(0));
    let text = fs::read_to_string(desk.path(&graph)).unwrap();
    let red = text.replace(
        "connections: [",
        "connections: [\n        (from: \"1.out\", to: \"4.in\"),",
    );
    fs::write(desk.path(&graph), red).unwrap();
    assert_eq!(desk.json(&["check", &graph]).code, Some(1));
    let did = desk.json(&["connect", &graph, "t.out", "Meter.in"]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let check = desk.json(&["check", &graph]);
    assert_eq!(check.code, Some(0), "{}", check.text);
}

#[test]
fn a_graph_written_elsewhere_still_finds_its_media() {
    let desk = Desk::new("elsewhere");
    let graph = desk.example("wave_player");
    fs::create_dir_all(desk.path("deep/er")).unwrap();
    for out in ["deep/er/copy.ron", "./deep/../deep/er/again.ron"] {
        assert_eq!(desk.run(&["set", &graph, "-o", out]).code, Some(0));
        let text = fs::read_to_string(desk.path(out)).unwrap();
        assert!(text.contains("\"../../media/"), "{out}: {text}");
        let render = desk.json(&["render", out, "-o", "x.wav", "--seconds", "0.2"]);
        assert_eq!(render.code, Some(0), "{}", render.text);
    }
    // Back where it came from it is the same text.
    assert_eq!(
        desk.run(&["set", "deep/er/copy.ron", "-o", "back.ron"])
            .code,
        Some(0)
    );
    let read = |name: &str| fs::read_to_string(desk.path(name)).unwrap();
    assert_eq!(read("back.ron"), read(&graph));
}

#[test]
fn what_fits_is_explained_step_by_step() {
    let desk = Desk::new("explain");
    let graph = desk.example("tone");
    let did = desk.json(&["explain", &graph, "Tone Generator.out", "Gain and Pan.in"]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let names: Vec<&str> = did.json["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    let all = [
        "same_filter",
        "data_flow",
        "communication",
        "cycle",
        "medium",
        "interface",
        "instances",
        "intersection",
        "create",
    ];
    assert_eq!(names, all);
    assert_eq!(did.json["agreed"]["format"]["rate_hz"], 48_000);
}

#[test]
fn values_are_read_by_their_domain_and_clamped_with_a_word() {
    let desk = Desk::new("values");
    let graph = desk.tone("a.ron");
    let get =
        |what: &str| desk.json(&["get", &graph, what]).json["filters"][0]["properties"][0].clone();
    assert_eq!(
        desk.run(&["set", &graph, "t.frequency=880 Hz", "t.waveform=saw"])
            .code,
        Some(0)
    );
    let frequency = get("t.frequency");
    assert_eq!(
        (&frequency["value"], &frequency["unit"]),
        (&880.into(), &"Hz".into())
    );
    assert_eq!(
        (&frequency["min"], &frequency["max"]),
        (&20.into(), &20_000.into())
    );
    assert_eq!(get("t.waveform")["value"], "saw");
    let clamped = desk.run(&["set", &graph, "t.level=99"]);
    assert_eq!(clamped.code, Some(0));
    assert!(clamped.said.contains("t.level"), "{}", clamped.said);
    assert_eq!(get("t.level")["value"], 0);
    for wrong in [
        "t.level=loud",
        "t.waveform=square",
        "t.nope=1",
        "t=1",
        "x.level=1",
        "t.level",
        "t.level=NaN",
    ] {
        assert_eq!(desk.json(&["set", &graph, wrong]).code, Some(2), "{wrong}");
    }
    let all = desk.json(&["get", &graph]);
    let gain = &all.json["filters"][1];
    assert_eq!(
        (&gain["id"], &gain["name"], &gain["key"]),
        (&2.into(), &"My Gain".into(), &"gain".into())
    );
    assert_eq!(gain["pins"][0]["direction"], "in");
    assert_eq!(gain["pins"][0]["kind"], "audio");
    assert_eq!(desk.json(&["get", &graph, "t.nope"]).code, Some(2));
}

#[test]
fn filters_are_bypassed_disabled_and_take_part_again() {
    let desk = Desk::new("switch");
    let graph = desk.tone("a.ron");
    let plain = fs::read_to_string(desk.path(&graph)).unwrap();
    let stands = |graph: &str, name: &str| {
        let filter = &desk.json(&["get", graph, name]).json["filters"][0];
        (filter["bypassed"] == true, filter["disabled"] == true)
    };
    assert_eq!(stands(&graph, "My Gain"), (false, false));
    let did = desk.json(&["bypass", &graph, "My Gain"]);
    assert_eq!((did.code, &did.json["name"]), (Some(0), &"My Gain".into()));
    assert_eq!(stands(&graph, "My Gain"), (true, false));
    assert!(desk.run(&["get", &graph]).text.contains("gain, bypassed)"));
    let again = desk.run(&["bypass", &graph, "My Gain"]);
    assert_eq!(again.text, "My Gain bypassed\n", "what stands so stays so");
    assert_eq!(desk.run(&["bypass", &graph, "#2", "--off"]).code, Some(0));
    assert_eq!(fs::read_to_string(desk.path(&graph)).unwrap(), plain);

    let other = desk.json(&["disable", &graph, "t", "My Gain", "-o", "b.ron"]);
    assert_eq!(other.json["done"].as_array().unwrap().len(), 2);
    assert_eq!(stands("b.ron", "t"), (false, true));
    assert_eq!(
        stands(&graph, "t"),
        (false, false),
        "OUT was named, not GRAPH"
    );
    let quiet = desk.run(&["render", "b.ron", "-o", "b.wav", "--seconds", "0.1"]);
    assert!(quiet.said.contains("silen") || quiet.text.contains("silen"));
    assert_eq!(desk.run(&["enable", "b.ron", "t", "My Gain"]).code, Some(0));
    assert_eq!(fs::read_to_string(desk.path("b.ron")).unwrap(), plain);

    let batch = "bypass \"My Gain\"\ndisable t\nenable t\nbypass \"My Gain\" --off\ndisable out\n";
    assert_eq!(
        desk.fed(&["bypass", &graph, "--batch", "-"], batch).code,
        Some(0)
    );
    assert_eq!(stands(&graph, "out"), (false, true));
    assert_eq!(desk.json(&["disable", &graph, "nobody"]).code, Some(2));
    assert_eq!(desk.json(&["bypass", &graph, "t.out"]).code, Some(2));
    assert_eq!(desk.json(&["enable", &graph]).code, Some(2));
}

#[test]
fn a_report_holds_graph_picture_and_machine_without_the_home_folder() {
    let desk = Desk::new("report");
    let graph = desk.tone("a.ron");
    let home = desk.path("home");
    let at_home = |words: &[&str]| {
        let mut command = desk.command(words);
        command.env("HOME", &home);
        command.env("KSGRAPH_USER_DIR", home.join("settings"));
        command.output().unwrap()
    };
    fs::create_dir_all(home.join("settings")).unwrap();
    let recent = format!("(theme: Light, recent: [{:?}])", home.join("secret.ron"));
    fs::write(home.join("settings/preferences.ron"), recent).unwrap();
    let printed = String::from_utf8(at_home(&["report", &graph]).stdout).unwrap();
    for wanted in [
        "# KSGraph report",
        std::env::consts::ARCH,
        "My Gain (gain): installed",
        "t.out -> My Gain.in: 48\u{a0}000",
        "~/secret.ron",
        "(id: 2, key: \"gain\", name: \"My Gain\"",
        "theme: Light",
    ] {
        assert!(printed.contains(wanted), "{wanted:?} is not in\n{printed}");
    }
    assert!(!printed.contains(home.to_str().unwrap()), "{printed}");
    assert!(
        at_home(&["report", &graph, "-o", "r.html"])
            .status
            .success()
    );
    let page = fs::read_to_string(desk.path("r.html")).unwrap();
    assert!(page.contains("<svg ") && page.contains("My Gain") && page.contains("~/secret.ron"));
    let did = desk.json(&["report", &graph, "-o", "r.md"]);
    assert_eq!(did.json["files"].as_array().unwrap().len(), 2);
    assert!(desk.path("r.svg").exists() && desk.path("r.md").exists());
    assert_eq!(desk.json(&["report", "nowhere.ron"]).code, Some(3));
    assert_eq!(
        desk.json(&["report", &graph, "-o", "no/such/r.html"]).code,
        Some(3)
    );
}

#[test]
fn set_without_assignments_writes_the_same_text() {
    let desk = Desk::new("same");
    for name in [
        "effects",
        "first_sound",
        "format_clinic",
        "metronome",
        "mixer",
        "splitter",
        "tone",
        "wave_player",
    ] {
        let graph = desk.example(name);
        let before = fs::read_to_string(desk.path(&graph)).unwrap();
        assert_eq!(desk.run(&["set", &graph]).code, Some(0));
        assert_eq!(
            fs::read_to_string(desk.path(&graph)).unwrap(),
            before,
            "{name}"
        );
    }
}

#[test]
fn bad_files_are_refused_in_words() {
    let desk = Desk::new("bad");
    let good = fs::read_to_string(examples().join("tone.ron")).unwrap();
    let cases: [(&str, Vec<u8>); 8] = [
        ("truncated", good.as_bytes()[..good.len() / 2].to_vec()),
        ("empty", vec![]),
        (
            "version",
            good.replace("version: 1", "version: 99").into_bytes(),
        ),
        ("other", good.replace("ksgraph", "kitchen").into_bytes()),
        ("words", b"this is no graph {".to_vec()),
        ("bytes", vec![0xff, 0xfe, 0x00, 0x41]),
        ("deep", vec![b'('; 200_000]),
        ("lists", [vec![b'['; 5_000], vec![b']'; 5_000]].concat()),
    ];
    for (name, bytes) in cases {
        fs::write(desk.path("bad.ron"), &bytes).unwrap();
        for command in ["check", "get", "set"] {
            let did = desk.json(&[command, "bad.ron"]);
            assert_eq!(did.code, Some(3), "{name}: {}", did.text);
            assert_eq!(did.json["error"]["file"], "bad.ron", "{name}");
            assert!(did.json["error"]["line"].is_u64(), "{name}: {}", did.text);
        }
        assert_eq!(
            fs::read(desk.path("bad.ron")).unwrap(),
            bytes,
            "{name} was touched"
        );
    }
    assert_eq!(desk.json(&["check", "nowhere.ron"]).code, Some(3));
    assert_eq!(desk.json(&["check", "."]).code, Some(3));
    // The editor says so before any window opens.
    assert_eq!(desk.json(&["nowhere.ron"]).code, Some(3));
}

#[test]
fn a_huge_file_is_refused_without_being_read_whole() {
    let desk = Desk::new("huge");
    let file = fs::File::create(desk.path("huge.ron")).unwrap();
    file.set_len(1 << 30).unwrap();
    let did = desk.json(&["check", "huge.ron"]);
    assert_eq!(did.code, Some(3), "{}", did.text);
    assert!(
        did.json["error"]["stopped"]
            .as_str()
            .unwrap()
            .contains("64 MiB"),
        "{}",
        did.text
    );
}

#[test]
fn what_is_not_known_is_kept_and_named_with_its_line() {
    let desk = Desk::new("unknown");
    let cases = [
        ("key: \"gain\"", "key: \"flanger\"", "flanger"),
        ("values: {", "values: {\"colour\": \"red\", ", "colour"),
        ("2.out", "2.side", "side"),
        ("to: \"3.in\"", "to: \"9.in\"", "#9"),
        ("id: 2", "id: 1", "id 1"),
    ];
    for (from, to, word) in cases {
        let graph = desk.altered("tone", from, to);
        let check = desk.json(&["check", &graph]);
        assert_eq!(check.code, Some(1), "{to}: {}", check.text);
        let problems = check.json["problems"].as_array().unwrap();
        let about = |it: &&Json| it["text"].as_str().unwrap().contains(word) && it["line"].is_u64();
        assert!(problems.iter().any(|it| about(&it)), "{to}: {}", check.text);
        assert!(check.said.contains(&format!("{graph}:")), "{}", check.said);
        let render = desk.json(&["render", &graph, "-o", "x.wav", "--seconds", "0.2"]);
        if word == "flanger" || word == "colour" {
            assert_eq!(render.code, Some(0), "{to}: {}", render.text);
            assert!(!render.json["problems"].as_array().unwrap().is_empty());
        }
    }
    let graph = desk.altered("tone", "key: \"gain\"", "key: \"flanger\"");
    let before = fs::read_to_string(desk.path(&graph)).unwrap();
    assert_eq!(desk.run(&["set", &graph]).code, Some(0));
    assert_eq!(fs::read_to_string(desk.path(&graph)).unwrap(), before);
}

#[test]
fn a_thousand_mistakes_are_counted_and_a_hundred_said() {
    let desk = Desk::new("thousand");
    let filter = |id: u32| format!("(id: {id}, key: \"nobody\", name: \"n{id}\", at: (0, 0)),\n");
    let filters: String = (1..=1000).map(filter).collect();
    let text = format!("(kind: \"ksgraph\", version: 1, next_id: 1001, filters: [\n{filters}])\n");
    fs::write(desk.path("a.ron"), text).unwrap();
    let check = desk.json(&["check", "a.ron"]);
    assert_eq!(check.code, Some(1));
    assert_eq!(check.json["problems"].as_array().unwrap().len(), 1000);
    let lines: Vec<&str> = check.said.lines().collect();
    assert_eq!(lines.iter().filter(|it| it.contains("nobody")).count(), 100);
    assert!(lines[100].contains("a.ron: and 900 more"), "{}", lines[100]);
}

#[test]
fn pins_inside_groups_are_named_by_their_way() {
    let desk = Desk::new("group");
    let text = "(kind: \"ksgraph\", version: 1, next_id: 4, filters: [\
        (id: 1, key: \"tone\", name: \"t\", at: (0, 0)),\
        (id: 2, name: \"rack\", at: (0, 0), group: (next_id: 3, filters: [\
            (id: 1, key: \"gain\", name: \"a.b\", at: (0, 0)), (id: 2, key: \"gain\", name: \"c\", at: (0, 0))],\
            connections: [], pins: [(name: \"sound\", inner: \"1.in\"), (name: \"result\", inner: \"2.out\")])),\
        (id: 3, key: \"null_renderer\", name: \"n\", at: (0, 0))], connections: [])";
    fs::write(desk.path("g.ron"), text).unwrap();
    for (from, to) in [
        ("t.out", "rack.sound"),
        ("rack/\"a.b\".out", "rack/c.in"),
        ("rack.result", "n.in"),
    ] {
        let did = desk.json(&["connect", "g.ron", from, to, "--direct"]);
        assert_eq!(did.code, Some(0), "{from} {to}: {}", did.text);
    }
    let did = desk.json(&["set", "g.ron", "rack/c.level=-6", "rack/#1.level=-6"]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    let check = desk.json(&["check", "g.ron"]);
    assert_eq!(
        (check.code, check.json["wires"].as_array().unwrap().len()),
        (Some(0), 3),
        "{}",
        check.text
    );
    let render = desk.json(&["render", "g.ron", "-o", "x.wav", "--seconds", "0.3"]);
    assert!(
        (render.json["peak_dbfs"].as_f64().unwrap() + 32.0).abs() < 0.2,
        "{}",
        render.text
    );
    let across = desk.json(&["connect", "g.ron", "t.out", "rack/c.in"]);
    assert_eq!(across.code, Some(2));
    let get = desk.json(&["get", "g.ron", "rack/c.level"]);
    assert_eq!(get.json["filters"][0]["name"], "rack/c");
}

#[test]
fn the_catalogue_is_told_whole() {
    let desk = Desk::new("filters");
    let all = desk.json(&["filters"]);
    let known = crate::support::catalogue().iter().count();
    assert_eq!(all.json["filters"].as_array().unwrap().len(), known);
    for name in ["tone", "Tone Generator", "ks://Synthesizer/tone"] {
        let one = desk.json(&["filters", name]);
        let filter = &one.json["filters"][0];
        assert_eq!(filter["key"], "tone", "{name}");
        let pin = &filter["pins"][0];
        assert_eq!(
            (&pin["name"], &pin["direction"], &pin["kind"]),
            (&"out".into(), &"out".into(), &"audio".into())
        );
        for key in ["ranges", "mediums", "interfaces"] {
            assert!(!pin[key].as_array().unwrap().is_empty(), "{key}");
        }
        let properties = filter["properties"].as_array().unwrap();
        let find = |key: &str| properties.iter().find(|it| it["key"] == key).unwrap();
        let frequency = find("frequency");
        assert_eq!(
            (&frequency["type"], &frequency["unit"]),
            (&"number".into(), &"Hz".into())
        );
        assert_eq!(
            (&frequency["min"], &frequency["default"]),
            (&20.into(), &440.into())
        );
        assert_eq!(find("waveform")["values"][0], "sine");
    }
    let list = desk.run(&["filters"]).text;
    assert!(
        list.contains("Synthesizer") && list.contains("tone_synth"),
        "{list}"
    );
    assert_eq!(desk.json(&["filters", "nope"]).code, Some(2));
}

#[test]
fn wrong_usage_is_two_and_help_is_not_wrong() {
    let desk = Desk::new("usage");
    for words in [
        &["check"][..],
        &["check", "a", "b"],
        &["render", "a"],
        &["new"],
        &["--nope"],
        &["a.ron", "b.ron"],
    ] {
        assert_eq!(desk.run(words).code, Some(2), "{words:?}");
        assert_eq!(desk.json(words).code, Some(2), "{words:?}");
    }
    let help = desk.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    assert!(help.text.contains("KSGRAPH_PROBE") && help.text.contains("render"));
    assert!(desk.run(&["render", "--help"]).text.contains("Example"));
    assert!(desk.run(&["completions", "bash"]).text.contains("_ksgraph"));
    let alone = desk.run(&[]);
    assert_eq!(alone.code, Some(4), "{}", alone.said);
    assert!(alone.said.contains("ksgraph play") && alone.said.contains("ksgraph render"));
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_the_output_quietly() {
    let desk = Desk::new("pipe");
    let mut child = desk
        .command(&["filters", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
