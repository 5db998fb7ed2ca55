//! The program without a window, as a script meets it: graphs rendered and played.

use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::desk::Desk;

fn samples(path: &Path) -> (hound::WavSpec, Vec<f32>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    let spec = reader.spec();
    let samples = match spec.sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().map(Result::unwrap).collect(),
        hound::SampleFormat::Int => reader
            .samples::<i32>()
            .map(|it| it.unwrap() as f32 / (1_u64 << (spec.bits_per_sample - 1)) as f32)
            .collect(),
    };
    (spec, samples)
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, it| peak.max(it.abs()))
}

#[test]
fn a_render_is_as_long_as_was_said_and_the_same_for_any_quantum() {
    let desk = Desk::new("render");
    let graph = desk.tone("a.ron");
    let mut bytes = vec![];
    for quantum in ["1", "256", "1000", "4096"] {
        let out = format!("{quantum}.wav");
        let did = desk.json(&[
            "render",
            &graph,
            "-o",
            &out,
            "--seconds",
            "0.3",
            "--quantum",
            quantum,
        ]);
        assert_eq!(did.code, Some(0), "{}", did.text);
        assert_eq!(did.json["frames"], 14_400);
        for key in [
            "seconds",
            "xruns",
            "load_mean",
            "load_max",
            "latency_seconds",
            "problems",
        ] {
            assert!(!did.json[key].is_null(), "{key}");
        }
        assert!((did.json["peak_dbfs"].as_f64().unwrap() + 12.0).abs() < 0.1);
        bytes.push(fs::read(desk.path(&out)).unwrap());
    }
    assert!(bytes.iter().all(|one| *one == bytes[0]));
    let (spec, heard) = samples(&desk.path("256.wav"));
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample),
        (2, 48_000, 32)
    );
    assert_eq!(heard.len(), 2 * 14_400);
    assert!(peak(&heard) > 0.2);

    for (bits, depth) in [("16", 16), ("24", 24)] {
        let did = desk.json(&[
            "render",
            &graph,
            "-o",
            "pcm.wav",
            "--seconds",
            "0.3",
            "--bits",
            bits,
            "--rate",
            "44100",
            "--no-fuse",
        ]);
        assert_eq!((did.code, &did.json["frames"]), (Some(0), &13_230.into()));
        let (spec, heard) = samples(&desk.path("pcm.wav"));
        assert_eq!((spec.bits_per_sample, spec.sample_rate), (depth, 44_100));
        assert!((peak(&heard) - 0.251).abs() < 0.001);
    }
}

#[test]
fn a_render_that_cannot_be_says_why_and_leaves_nothing() {
    let desk = Desk::new("norender");
    let graph = desk.tone("a.ron");
    let endless = desk.json(&["render", &graph, "-o", "x.wav"]);
    assert_eq!(endless.code, Some(2));
    assert!(
        endless.json["error"]["stopped"]
            .as_str()
            .unwrap()
            .contains('t')
    );
    for wrong in [
        ["--seconds", "0"],
        ["--quantum", "0"],
        ["--bits", "8"],
        ["--rate", "1"],
    ] {
        let words = [&["render", &graph, "-o", "x.wav"][..], &wrong[..]].concat();
        assert_eq!(desk.json(&words).code, Some(2), "{wrong:?}");
    }
    let itself = desk.json(&["render", &graph, "-o", "a.ron", "--seconds", "1"]);
    assert_eq!(itself.code, Some(2));
    let nowhere = desk.json(&["render", &graph, "-o", "no/where.wav", "--seconds", "1"]);
    assert_eq!(nowhere.code, Some(3));
    assert_eq!(desk.run(&["new", "-o", "empty.ron"]).code, Some(0));
    assert_eq!(
        desk.json(&["render", "empty.ron", "-o", "x.wav", "--seconds", "1"])
            .code,
        Some(1)
    );
    assert_eq!(desk.files(), ["a.ron", "empty.ron"]);
}

#[test]
fn of_several_renderers_one_is_chosen_by_name() {
    let desk = Desk::new("several");
    let lines = "add tone --name a\nadd tone --name b\nset b.level=-40\nadd null_renderer --name n\n\
        add audio_device_out --name d\nconnect a.out n.in\nconnect b.out d.in\n";
    assert_eq!(
        desk.fed(&["new", "-o", "g.ron", "--batch", "-"], lines)
            .code,
        Some(0)
    );
    let which = desk.json(&["render", "g.ron", "-o", "x.wav", "--seconds", "0.2"]);
    assert_eq!(which.code, Some(2));
    let stopped = which.json["error"]["stopped"].as_str().unwrap();
    assert!(stopped.contains('n') && stopped.contains('d'), "{stopped}");
    for (name, dbfs) in [("n", -20.0), ("d", -40.0)] {
        let did = desk.json(&[
            "render",
            "g.ron",
            "-o",
            "x.wav",
            "--seconds",
            "0.2",
            "--renderer",
            name,
        ]);
        assert!(
            (did.json["peak_dbfs"].as_f64().unwrap() - dbfs).abs() < 0.2,
            "{}",
            did.text
        );
    }
}

#[test]
fn a_fed_keyboard_sounds_and_the_render_ends_by_itself() {
    let desk = Desk::new("feed");
    let graph = desk.example("first_sound");
    let notes: [(u64, &[u8]); 3] = [
        (0, &[0x90, 69, 100]),
        (300, &[0x80, 69, 64]),
        (310, &[0xf0, 1, 0xf7]),
    ];
    fs::write(
        desk.path("n.mid"),
        ksgraph::midi::write_smf0(500, 500_000, &notes),
    )
    .unwrap();
    let feed = ["--feed", "Computer Keyboard=n.mid"];
    let words = ["render", &graph, "-o", "x.wav"];
    let did = desk.json(&[&words[..], &feed[..]].concat());
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    assert!(
        did.json["peak_dbfs"].as_f64().unwrap() > -60.0,
        "{}",
        did.text
    );
    let seconds = did.json["seconds"].as_f64().unwrap();
    assert!(
        (0.8..10.0).contains(&seconds),
        "0.3 s of note, its tail and half a second of silence: {seconds}"
    );
    assert!(did.said.contains("1 system messages"), "{}", did.said);
    let mute = desk.json(&["render", &graph, "-o", "x.wav", "--seconds", "0.5"]);
    assert_eq!((mute.code, &mute.json["peak_dbfs"]), (Some(0), &Json::Null));
    assert!(mute.text.contains("silent"), "a silent result is said");
    for (wrong, code) in [
        ("Computer Keyboard", 2),
        ("Nobody=n.mid", 2),
        ("Meter=n.mid", 2),
        ("Computer Keyboard=none.mid", 3),
        ("Computer Keyboard=first_sound.ron", 3),
    ] {
        let did = desk.json(&[&words[..], &["--feed", wrong]].concat());
        assert_eq!(did.code, Some(code), "{wrong}: {}", did.text);
    }
}

#[test]
fn media_that_is_not_there_is_a_file_that_cannot_be_read() {
    let desk = Desk::new("media");
    let graph = desk.altered("wave_player", "media/", "elsewhere/");
    let render = desk.json(&["render", &graph, "-o", "x.wav"]);
    assert_eq!(render.code, Some(3), "{}", render.text);
    assert!(!desk.path("x.wav").exists());
    assert_eq!(desk.json(&["check", &graph]).code, Some(3));
    let graph = desk.example("wave_player");
    let render = desk.json(&["render", &graph, "-o", "x.wav"]);
    assert_eq!(render.code, Some(0), "{}", render.text);
    assert_eq!(samples(&desk.path("x.wav")).0.sample_rate, 44_100);
}

#[test]
fn check_writes_nothing_and_a_render_what_the_graph_names() {
    let desk = Desk::new("writer");
    let lines = "add tone --name t\nadd splitter --name s\nadd wave_writer --name w\nadd null_renderer --name n\n\
        set w.path=\"take.wav\"\nconnect t.out s.in\nconnect s.out w.in\nconnect s.out n.in\n";
    let made = desk.fed(&["new", "-o", "g.ron", "--batch", "-"], lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let check = desk.json(&["check", "g.ron", "--run"]);
    assert_eq!(check.code, Some(0), "{}", check.text);
    assert_eq!(desk.files(), ["g.ron"]);
    let render = desk.json(&[
        "render",
        "g.ron",
        "-o",
        "x.wav",
        "--seconds",
        "0.5",
        "--renderer",
        "n",
    ]);
    assert_eq!(render.code, Some(0), "{}", render.text);
    assert_eq!(desk.files(), ["g.ron", "take.wav", "x.wav"]);
    let (_, taken) = samples(&desk.path("take.wav"));
    let (_, heard) = samples(&desk.path("x.wav"));
    assert_eq!(taken, heard);
}

#[test]
fn the_null_device_plays_without_a_card() {
    let desk = Desk::new("play");
    let graph = desk.tone("a.ron");
    let did = desk.json(&["play", &graph, "--device", "null", "--seconds", "0.5"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    assert!(
        (0.5..1.0).contains(&did.json["seconds"].as_f64().unwrap()),
        "{}",
        did.text
    );
    assert!(
        (did.json["peak_dbfs"].as_f64().unwrap() + 12.0).abs() < 0.5,
        "{}",
        did.text
    );
    for key in [
        "frames",
        "xruns",
        "load_mean",
        "load_max",
        "latency_seconds",
        "problems",
    ] {
        assert!(!did.json[key].is_null(), "{key}");
    }
    assert_eq!(
        desk.json(&["play", &graph, "--device", "no such card"])
            .code,
        Some(4)
    );
    assert_eq!(
        desk.json(&[
            "play",
            &graph,
            "--device",
            "null",
            "--midi-in",
            "no such port"
        ])
        .code,
        Some(4)
    );
    let ends = desk.example("wave_player");
    let did = desk.json(&["play", &ends, "--device", "null"]);
    assert_eq!(did.code, Some(0), "it ends with its file: {}", did.text);
}

#[test]
fn a_graph_that_only_records_tells_the_peak_of_what_it_recorded() {
    let desk = Desk::new("recorder");
    for words in [
        &["new", "-o", "r.ron"] as &[_],
        &["add", "r.ron", "tone"],
        &["add", "r.ron", "wave_writer"],
        &["set", "r.ron", "Wave Writer.path=r.wav"],
        &["connect", "r.ron", "Tone Generator.out", "Wave Writer.in"],
    ] {
        let did = desk.run(words);
        assert_eq!(did.code, Some(0), "{words:?}: {}", did.said);
    }
    let did = desk.json(&["play", "r.ron", "--device", "null", "--seconds", "0.5"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    let peak = did.json["peak_dbfs"].as_f64().expect("it is not silent");
    assert!((-60.0..0.0).contains(&peak), "{peak}");
}

#[test]
fn play_writes_a_trace_of_which_filter_ran_when() {
    let desk = Desk::new("trace");
    let graph = desk.tone("a.ron");
    let args = ["play", &graph, "--device", "null", "--seconds", "0.3"];
    let did = desk.json(&[&args[..], &["--trace", "t.json"]].concat());
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    assert!(did.json["late_cycles"].is_u64() && did.json["stories"].is_array());
    let text = std::fs::read(desk.path("t.json")).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |kind: &'static str| {
        events
            .iter()
            .filter(move |it| it["cat"] == kind && it["ph"] == "X")
    };
    // 0.3 s of cycles of 256 samples, and each filter in each of them.
    let cycles = of("cycle").count();
    assert!((56..200).contains(&cycles), "{cycles}");
    let samples: Vec<u64> = of("cycle")
        .map(|it| it["args"]["sample"].as_u64().unwrap())
        .collect();
    assert!(
        samples.windows(2).all(|two| two[1] == two[0] + 256),
        "{samples:?}"
    );
    let names: std::collections::BTreeSet<&str> = of("filter")
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert!(names.len() >= 2, "{names:?}");
    assert_eq!(of("filter").count(), cycles * names.len());
    let did = desk.json(&[&args[..], &["--trace", "no such folder/t.json"]].concat());
    assert_eq!(did.code, Some(3), "{}", did.text);
}

#[test]
fn devices_name_the_one_that_is_always_there() {
    let desk = Desk::new("devices");
    let did = desk.json(&["devices"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    let outputs = did.json["outputs"].as_array().unwrap();
    assert!(
        outputs.iter().any(|it| it["name"] == "null"),
        "{}",
        did.text
    );
    assert!(did.json["midi_inputs"].is_array());
}

/// Renders a click that goes through `filters` (lines of a graph file, from filter 2 on) into the device, filter 9.
fn click(desk: &Desk, filters: &str, wires: &str, more: &[&str]) -> (f64, Vec<f32>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(desk.path("click.wav"), spec).unwrap();
    file.write_sample(0.8_f32).unwrap();
    (0..99).for_each(|_| file.write_sample(0.0_f32).unwrap());
    file.finalize().unwrap();
    let text = format!(
        "(kind: \"ksgraph\", version: 1, next_id: 10, filters: [\n\
         (id: 1, key: \"wave_reader\", name: \"Click\", at: (0, 0), values: {{\"path\": \"click.wav\"}}),\n\
         {filters}\n\
         (id: 9, key: \"audio_device_out\", name: \"Out\", at: (0, 0)),\n\
         ], connections: [{wires}])\n"
    );
    fs::write(desk.path("click.ron"), text).unwrap();
    let words = ["render", "click.ron", "-o", "x.wav"];
    let did = desk.json(&[&words[..], more].concat());
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    assert_eq!(did.json["problems"], serde_json::json!([]));
    let seconds = did.json["seconds"].as_f64().unwrap();
    (seconds, samples(&desk.path("x.wav")).1)
}

const CHAIN: &str = "(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"9.in\")";

#[test]
fn playing_waits_for_the_last_echo_too() {
    let desk = Desk::new("play-echo");
    let delay = "(id: 2, key: \"delay\", name: \"Delay\", at: (0, 0), values: \
        {\"time\": 700, \"feedback\": 0, \"mix\": 100}),";
    click(&desk, delay, CHAIN, &[]);
    let did = desk.json(&["play", "click.ron", "--device", "null"]);
    assert_eq!(did.code, Some(0), "{} {}", did.text, did.said);
    let seconds = did.json["seconds"].as_f64().unwrap();
    assert!(seconds >= 0.7, "{seconds}");
    assert!(
        did.json["peak_dbfs"].as_f64().is_some_and(|db| db > -6.0),
        "{}",
        did.text
    );
}

#[test]
fn a_render_waits_for_echoes_that_are_seconds_apart() {
    let desk = Desk::new("echoes");
    let delay = "(id: 2, key: \"delay\", name: \"Delay\", at: (0, 0), values: \
        {\"time\": 2000, \"feedback\": 50, \"damping\": 0, \"mix\": 100}),";
    let (seconds, heard) = click(&desk, delay, CHAIN, &[]);
    let echoes: Vec<(usize, f32)> = heard
        .iter()
        .enumerate()
        .filter(|(_, sample)| **sample != 0.0)
        .map(|(at, sample)| (at, *sample))
        .collect();
    // The sixteenth is the first that is 90 dB softer.
    assert!(echoes.len() >= 16, "{} in {seconds} s", echoes.len());
    for (number, (at, level)) in (1..).zip(echoes) {
        assert_eq!(
            (at, level),
            (number * 96_000, 0.8 * 0.5_f32.powi(number as i32 - 1))
        );
    }
    assert!((32.0..33.0).contains(&seconds), "{seconds}");
}

#[test]
fn a_render_waits_no_longer_than_for_what_is_heard() {
    let desk = Desk::new("no_echoes");
    let bypassed = "(id: 2, key: \"delay\", name: \"Delay\", at: (0, 0), values: {\"time\": 2000}, bypassed: true),";
    let (seconds, heard) = click(&desk, bypassed, CHAIN, &[]);
    assert_eq!(heard[0], 0.8);
    assert!(seconds < 0.8, "bypassed it has no echo: {seconds}");
    let aside = "(id: 2, key: \"splitter\", name: \"Splitter\", at: (0, 0)),\n\
        (id: 3, key: \"delay\", name: \"Delay\", at: (0, 0), values: {\"time\": 2000}),\n\
        (id: 4, key: \"null_renderer\", name: \"Aside\", at: (0, 0)),";
    let wires = "(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"9.in\"), \
        (from: \"2.out[1]\", to: \"3.in\"), (from: \"3.out\", to: \"4.in\")";
    let (seconds, _) = click(&desk, aside, wires, &["--renderer", "Out"]);
    assert!(seconds < 0.8, "no echo comes to this renderer: {seconds}");
}

#[test]
fn a_render_ends_at_the_same_sample_for_any_quantum_with_echoes_too() {
    let desk = Desk::new("same_end");
    let both = "(id: 2, key: \"delay\", name: \"Delay\", at: (0, 0), values: {\"time\": 333, \"feedback\": 20}),\n\
        (id: 3, key: \"reverb\", name: \"Reverb\", at: (0, 0), values: {\"decay\": 0.3}),\n\
        (id: 4, key: \"limiter\", name: \"Limiter\", at: (0, 0)),";
    let wires = "(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"3.in\"), \
        (from: \"3.out\", to: \"4.in\"), (from: \"4.out\", to: \"9.in\")";
    let heard =
        ["1", "256", "4096"].map(|quantum| click(&desk, both, wires, &["--quantum", quantum]));
    assert!(heard[0].0 > 3.0, "{}", heard[0].0);
    assert!(heard.iter().all(|one| *one == heard[0]));
}

#[test]
fn a_render_waits_for_what_comes_round_a_loop() {
    let desk = Desk::new("round");
    let filters = "(id: 2, key: \"mixer\", name: \"Mixer\", at: (0, 0)),\n\
        (id: 3, key: \"feedback_send\", name: \"Send\", at: (0, 0)),\n\
        (id: 4, key: \"feedback_return\", name: \"Return\", at: (0, 0), values: {\"delay\": 33600, \"level\": -6}),";
    let wires = "(from: \"1.out\", to: \"2.in\"), (from: \"2.out\", to: \"3.in\"), \
        (from: \"3.out\", to: \"9.in\"), (from: \"3.send\", to: \"4.return\"), \
        (from: \"4.out\", to: \"2.in[1]\")";
    let (seconds, heard) = click(&desk, filters, wires, &[]);
    let echoes = heard.iter().filter(|sample| sample.abs() > 3.2e-5).count();
    // 6 dB softer each: fifteen from -2 dB down to -90.
    assert!((14..=16).contains(&echoes), "{echoes} in {seconds} s");
    assert!((10.0..14.0).contains(&seconds), "{seconds}");
}

#[test]
fn what_is_no_sound_in_a_file_is_silenced_and_named_with_pin_and_sample_and_effects_recover() {
    let desk = Desk::new("no-sound");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut file = hound::WavWriter::create(desk.path("bad.wav"), spec).unwrap();
    for n in 0..20_000 {
        file.write_sample(match n {
            1_000 => f32::NAN,
            2_000 => f32::INFINITY,
            3_000 => f32::NEG_INFINITY,
            4_000 => 1e-41,
            _ => 0.25 * (n as f32 * 0.05).sin(),
        })
        .unwrap();
    }
    file.finalize().unwrap();
    let text = r#"(kind: "ksgraph", version: 1, next_id: 9, filters: [
        (id: 1, key: "wave_reader", name: "File", at: (0, 0), values: {"path": "bad.wav"}),
        (id: 2, key: "equaliser", name: "Equaliser", at: (0, 0)),
        (id: 3, key: "compressor", name: "Compressor", at: (0, 0)),
        (id: 4, key: "delay", name: "Delay", at: (0, 0)),
        (id: 5, key: "reverb", name: "Reverb", at: (0, 0)),
        (id: 6, key: "limiter", name: "Limiter", at: (0, 0)),
        (id: 7, key: "null_renderer", name: "End", at: (0, 0)),
        ], connections: [(from: "1.out", to: "2.in"), (from: "2.out", to: "3.in"), (from: "3.out", to: "4.in"),
        (from: "4.out", to: "5.in"), (from: "5.out", to: "6.in"), (from: "6.out", to: "7.in")])"#;
    fs::write(desk.path("bad.ron"), text).unwrap();
    for quantum in ["100", "4096"] {
        let length = ["--seconds", "0.4", "--quantum", quantum];
        let words = ["render", "bad.ron", "-o", "out.wav"];
        let did = desk.json(&[&words[..], &length].concat());
        let problems: Vec<&str> = did.json["problems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["text"].as_str().unwrap())
            .collect();
        let says = |what: &str| problems.iter().any(|it| it.contains(what));
        assert!(
            says("not numbers, at File.out, sample 1000;"),
            "{problems:?}"
        );
        assert!(
            says("slow to reckon with, at File.out, sample 4000;"),
            "{problems:?}"
        );
        let heard = samples(&desk.path("out.wav")).1;
        assert!(heard.iter().all(|it| it.is_finite() && !it.is_subnormal()));
        let end = peak(&heard[5_000..19_000]);
        assert!(end > 0.01 && end < 2.0, "the sound goes on: {end}");
    }
}
