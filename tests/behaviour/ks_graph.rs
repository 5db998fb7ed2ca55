//! A graph file at the raw door: its filters and the pins of its wires as objects, live as far as a script goes.

use serde_json::{Value as Json, json};

use crate::desk::Desk;
use crate::support::examples;

fn answers(desk: &Desk, requests: &[Json]) -> Vec<Json> {
    let lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
    let done = desk.fed(&["ks"], &(lines.join("\n") + "\n"));
    assert_eq!(done.code, Some(0), "{}", done.text);
    let answers = done.text.lines().filter(|line| line.starts_with('{'));
    answers
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn graph(name: &str) -> Json {
    json!({"op": "graph", "file": examples().join(name)})
}

fn own(object: u32, id: u32, data: &str) -> Json {
    json!({"op": "property", "object": object, "set": "own", "id": id, "verb": "set", "data": data})
}

#[test]
fn what_a_call_sets_on_a_graphs_object_is_in_the_graph() {
    let desk = Desk::new("ks-graph-set");
    let got = answers(
        &desk,
        &[
            graph("tone.ron"),
            json!({"op": "open", "name": "ks://data_transform/gain"}),
            json!({"op": "enable", "object": 2, "set": "control_change", "tag": 3}),
            own(2, 0, "00000000000018c0"),
            json!({"op": "fired"}),
            json!({"op": "property", "object": 2, "set": "pin", "id": 0, "pin": "in"}),
            json!({"op": "close", "object": 2}),
            json!({"op": "open", "name": "meter"}),
            json!({"op": "save", "file": "out.ron"}),
        ],
    );
    assert_eq!(got[0]["filters"][1]["name"], "Gain and Pan");
    let wire = &got[0]["wires"][0];
    assert_eq!(
        wire["from"],
        json!({"pin": "Tone Generator.out", "object": 5})
    );
    assert_eq!(wire["to"], json!({"pin": "Gain and Pan.in", "object": 4}));
    assert_eq!(got[1]["object"], 2, "the name leads to the graph's own");
    assert_eq!(got[4]["fired"][0]["tag"], 3);
    assert_eq!(got[5]["data"], "0100000001000000", "its wire holds a pin");
    assert_eq!(got[6]["status"], "INVALID_DEVICE_REQUEST");
    assert_eq!(got[7]["object"], 8, "what the graph has not is opened anew");
    assert_eq!(got[8]["status"], "SUCCESS");
    let level = desk.json(&["get", "out.ron", "Gain and Pan.level"]);
    let property = &level.json["filters"][0]["properties"][0];
    assert_eq!(
        (&property["key"], &property["value"]),
        (&json!("level"), &json!(-6))
    );
}

#[test]
fn a_format_is_chosen_for_the_wire_and_taken_back_where_the_graph_cannot_have_it() {
    let desk = Desk::new("ks-graph-format");
    let f32_at = |channels: u32, rate_hz: u32| json!({"major": "audio", "sub": "float", "bits": 32, "channels": channels, "rate_hz": rate_hz});
    let set = |object: u32, format: Json| json!({"op": "property", "object": object, "set": "connection", "id": 2, "verb": "set", "format": format});
    let pin = |object: u32| json!({"op": "pin", "object": object});
    let got = answers(
        &desk,
        &[
            graph("tone.ron"),
            json!({"op": "state", "to": "pause"}),
            set(4, f32_at(2, 44_100)),
            json!({"op": "state", "to": "stop"}),
            set(4, f32_at(2, 44_100)),
            pin(5),
            pin(7),
            json!({"op": "save", "file": "slow.ron"}),
            set(4, f32_at(9, 48_000)),
            pin(4),
        ],
    );
    assert_eq!(
        got[2]["status"], "INVALID_DEVICE_STATE",
        "above Stop: ORD-4"
    );
    assert_eq!(got[4]["status"], "SUCCESS", "{}", got[4]);
    assert_eq!(
        got[5]["format"]["rate_hz"], 44_100,
        "the other end goes along"
    );
    assert_eq!(
        got[6]["format"]["rate_hz"], 44_100,
        "and what works in place"
    );
    assert_eq!(got[8]["status"], "NO_MATCH", "{}", got[8]);
    assert_eq!(
        got[9]["format"]["rate_hz"], 44_100,
        "the old one stays in force"
    );
    let checked = desk.json(&["check", "slow.ron"]);
    for wire in checked.json["wires"].as_array().unwrap() {
        assert_eq!(wire["agreed"]["format"]["rate_hz"], 44_100);
    }
}

#[test]
fn time_that_goes_by_plays_the_graph_and_the_end_of_its_stream_is_told() {
    let desk = Desk::new("ks-graph-end");
    let advance = |seconds: f64| json!({"op": "advance", "by": (seconds * 1e7) as u64});
    let got = answers(
        &desk,
        &[
            graph("wave_player.ron"),
            json!({"op": "enable", "object": 6, "set": "connection_events", "id": 4, "tag": 1}),
            json!({"op": "clock", "object": 6}),
            advance(5.0),
            json!({"op": "fired"}),
            json!({"op": "state", "to": "run"}),
            advance(0.1),
            json!({"op": "fired"}),
            json!({"op": "property", "object": 8, "set": "clock", "id": 0}),
            advance(60.0),
            json!({"op": "fired"}),
            advance(5.0),
            json!({"op": "fired"}),
            json!({"op": "state", "to": "stop"}),
            advance(0.0),
            json!({"op": "state", "to": "run"}),
            advance(60.0),
            json!({"op": "fired"}),
            advance(601.0),
        ],
    );
    let told = |index: usize| got[index]["fired"].as_array().unwrap().len();
    assert_eq!(told(4), 0, "it stood in Stop");
    assert_eq!(told(7), 0, "a tenth of a second in");
    assert_eq!(got[8]["data"], "40420f0000000000");
    assert_eq!(told(10), 1, "the file is over");
    assert_eq!(told(12), 0, "once");
    assert_eq!(told(17), 1, "and again when it was played again");
    assert_eq!(got[18]["status"], "INVALID_PARAMETER");
}

#[test]
fn a_graph_that_cannot_be_opened_or_written_is_a_status() {
    let desk = Desk::new("ks-graph-bad");
    std::fs::write(desk.path("bad.ron"), "(kind: \"ksgraph\", version: 99)").unwrap();
    let got = answers(
        &desk,
        &[
            json!({"op": "save", "file": "out.ron"}),
            json!({"op": "graph", "file": "nowhere.ron"}),
            json!({"op": "graph", "file": "bad.ron"}),
            json!({"op": "open", "name": "gain"}),
            graph("format_clinic.ron"),
            json!({"op": "save", "file": "no/such/folder/out.ron"}),
            json!({"op": "reset"}),
            json!({"op": "save", "file": "out.ron"}),
            json!({"op": "objects"}),
        ],
    );
    let status = |index: usize| got[index]["status"].as_str().unwrap();
    assert_eq!(status(0), "INVALID_PARAMETER");
    assert_eq!((status(1), status(2)), ("NOT_FOUND", "NOT_FOUND"));
    assert_eq!(got[3]["object"], 1, "what was open stays");
    let refused = &got[4]["wires"][1];
    assert_eq!(refused["refusal"]["rule"], "DIX-6");
    assert!(
        refused["to"]["object"].is_null(),
        "it has no pins: {refused}"
    );
    assert_ne!(status(5), "SUCCESS");
    assert_eq!(status(7), "INVALID_PARAMETER");
    assert_eq!(got[8]["objects"], json!([]));
    assert!(!desk.path("out.ron").exists());
}

#[test]
fn a_synthesizer_of_a_graph_counts_and_is_told_priorities_while_it_plays() {
    let desk = Desk::new("ks-graph-synth");
    let opened = &answers(&desk, &[graph("fm_song.ron")])[0];
    let wires = opened["wires"].as_array().unwrap();
    let into = |wire: &&Json| wire["to"]["pin"] == "FM Synth.notes";
    let notes = wires.iter().find(into).unwrap()["to"]["object"].clone();
    let synth =
        |id: u32| json!({"op": "property", "object": notes, "set": "synth", "id": id, "node": 1});
    let priority = |verb: &str| {
        let mut call = synth(5);
        call["verb"] = json!(verb);
        call["instance"] = json!("0000000002000000");
        call["data"] = json!("000000c0");
        call
    };
    let mut read = priority("get");
    read.as_object_mut().unwrap().remove("data");
    let got = answers(
        &desk,
        &[
            graph("fm_song.ron"),
            json!({"op": "state", "to": "run"}),
            synth(7),
            json!({"op": "advance", "by": 20_000_000}),
            synth(7),
            synth(6),
            priority("set"),
            read,
            json!({"op": "advance", "by": 10_000_000}),
            synth(7),
            json!({"op": "save", "file": "out.ron"}),
        ],
    );
    let words = |answer: &Json| -> Vec<i32> {
        let digits = answer["data"].as_str().unwrap();
        let word = |at: usize| u32::from_str_radix(&digits[at..at + 8], 16).unwrap();
        let starts = (0..digits.len()).step_by(8);
        starts.map(|at| word(at).swap_bytes() as i32).collect()
    };
    assert_eq!(words(&got[2])[0], 0, "nothing has run yet");
    let (before, after) = (words(&got[4]), words(&got[9]));
    assert_eq!(before[0], 0x19, "voices, lost notes, peak");
    assert!((1..=24).contains(&before[1]), "{before:?}");
    assert!((-6_000..0).contains(&before[6]), "1/100 dB: {before:?}");
    assert!(after[6] >= before[6], "it went on counting: {after:?}");
    // 2 s, and a quantum of 256 samples.
    assert_eq!(got[5]["data"], "55fd310100000000");
    assert_eq!(got[7]["data"], "000000c0");
    let saved = desk.json(&["get", "out.ron", "FM Synth.priorities"]);
    let property = &saved.json["filters"][0]["properties"][0];
    assert_eq!(property["value"], "1/3=C0000000");
}
