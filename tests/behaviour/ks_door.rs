//! `ksgraph ks`, as a script meets it: one request a line, one answer a line, whatever the line says.

use serde_json::{Value as Json, json};

use crate::desk::Desk;

/// What becomes of the requests, in order.
fn answers(desk: &Desk, requests: &[Json]) -> Vec<Json> {
    let lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
    said(desk, &(lines.join("\n") + "\n"))
}

fn said(desk: &Desk, input: &str) -> Vec<Json> {
    let done = desk.fed(&["ks"], input);
    assert_eq!(done.code, Some(0), "{}", done.text);
    done.text
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn the_graphs_own_filters_answer_raw_calls() {
    let desk = Desk::new("ks-own");
    let got = answers(
        &desk,
        &[
            json!({"op": "open", "name": "ks://render/default renderer"}),
            json!({"op": "open", "name": "gain"}),
            json!({"op": "property", "object": 2, "set": "pin", "id": 1}),
            json!({"op": "enable", "object": 2, "set": "control_change", "tag": 9}),
            // -6 dB, then far below the least there is.
            json!({"op": "property", "object": 2, "set": "own", "id": 0, "verb": "set", "data": "00000000000018c0"}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0, "verb": "set", "data": "00000000006af8c0"}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0, "verb": "basicsupport", "length": 4}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0, "verb": "set", "data": "0000"}),
            json!({"op": "property", "object": 2, "set": "own", "id": 0, "verb": "set", "data": "000000000000f87f"}),
            json!({"op": "fired"}),
            json!({"op": "connect", "from": [2, "out"], "to": [1, "in"]}),
            json!({"op": "open", "name": "ks://render/nobody"}),
        ],
    );
    let status = |index: usize| got[index]["status"].as_str().unwrap();
    assert_eq!(
        (&got[0]["object"], &got[1]["object"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(got[2]["data"], "02000000");
    assert_eq!(got[5]["data"], "00000000000018c0");
    assert_eq!(status(6), "SUCCESS", "PRP-9: clamped");
    assert_ne!(got[7]["data"], "00000000006af8c0");
    assert_ne!(got[7]["data"], got[5]["data"]);
    assert_eq!(
        (status(8), &got[8]["data"]),
        ("SUCCESS", &json!("03020100")),
        "PRP-4: access"
    );
    assert_eq!(status(9), "BUFFER_TOO_SMALL");
    assert_eq!(status(10), "INVALID_PARAMETER", "not a number");
    let fired = got[11]["fired"].as_array().unwrap();
    assert_eq!(
        fired.len(),
        2,
        "told of each change, and of nothing refused: {fired:?}"
    );
    assert_eq!(fired[0]["tag"], 9);
    assert_eq!(got[12]["format"]["rate_hz"], 48_000);
    assert_eq!(status(13), "NOT_FOUND");
}

#[test]
fn pure_questions_are_answered_by_the_rules_the_canvas_uses() {
    let desk = Desk::new("ks-pure");
    let pcm = |rates: Json| json!({"major": "audio", "sub": "pcm", "bits": 16, "rate_hz": rates});
    let pin = |flow: &str, rates: Json| json!({"data_flow": flow, "ranges": [pcm(rates)]});
    let mut medium = pin("in", json!(48_000));
    medium["mediums"] = json!([{"set": "11111111-2222-3333-4444-555555555555", "id": 1}]);
    let format =
        json!({"major": "audio", "sub": "pcm", "channels": 2, "bits": 16, "rate_hz": 44_100});
    let connect = json!({"pin": 0, "format": format});
    let got = answers(
        &desk,
        &[
            json!({"op": "match", "from": pin("out", json!([44_100, 48_000])), "to": pin("in", json!(48_000))}),
            json!({"op": "match", "from": pin("out", json!(44_100)), "to": pin("in", json!(48_000))}),
            json!({"op": "match", "from": pin("out", json!(48_000)), "to": medium}),
            json!({"op": "intersect", "client": [pcm(json!([8_000, 44_100]))], "own": [pcm(json!([11_025, 96_000]))]}),
            json!({"op": "intersect", "client": "", "own": [pcm(json!([11_025, 96_000]))]}),
            json!({"op": "validate", "pin": pin("in", json!(48_000)), "connect": connect}),
            json!({"op": "validate", "pin": pin("in", json!(44_100)), "connect": connect}),
            json!({"op": "validate", "pin": pin("in", json!(44_100)), "current": 1, "connect": connect}),
        ],
    );
    assert_eq!(got[0]["agreed"]["format"]["rate_hz"], 48_000);
    assert_eq!(got[1]["refusal"]["rule"], "DIX-6");
    assert_eq!(got[1]["status"], "NO_MATCH");
    assert_eq!(got[2]["refusal"]["rule"], "MED-3");
    assert_eq!(got[3]["format"]["rate_hz"], 44_100);
    assert_eq!(got[4]["status"], "BUFFER_TOO_SMALL");
    assert_eq!(
        (&got[5]["line"], &got[5]["status"]),
        (&json!(10), &json!("NO_MATCH"))
    );
    assert_eq!(got[6]["role"], "sink");
    assert_eq!(
        (&got[7]["line"], &got[7]["status"]),
        (&json!(8), &json!("UNSUCCESSFUL"))
    );
}

#[test]
fn a_line_that_is_no_request_is_answered_and_the_next_is_read() {
    let desk = Desk::new("ks-lines");
    let got = said(
        &desk,
        "nonsense\n{\"op\":\"dance\"}\n\n[1]\n{\"op\":\"property\",\"object\":7}\n{\"op\":\"open\",\"name\":\"gain\"}\n",
    );
    let statuses: Vec<&str> = got
        .iter()
        .map(|it| it["status"].as_str().unwrap())
        .collect();
    let wrong = "INVALID_PARAMETER";
    assert_eq!(statuses, [wrong, wrong, wrong, wrong, "SUCCESS"]);
    assert!(
        got[1]["reason"]
            .as_str()
            .unwrap()
            .contains("docs/ks-json.md")
    );
}

#[test]
fn lines_that_cannot_be_read_or_written_end_the_door_as_files_do() {
    let desk = Desk::new("ks-exit");
    let folder = std::fs::File::open("/").unwrap();
    let mut unreadable = desk.command(&["ks"]);
    assert_eq!(
        unreadable.stdin(folder).output().unwrap().status.code(),
        Some(3)
    );
    let mut full = desk.command(&["ks"]);
    std::fs::write(desk.path("in"), "{\"op\":\"log\"}\n").unwrap();
    let lines = std::fs::File::open(desk.path("in")).unwrap();
    let device = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let status = full.stdin(lines).stdout(device).status().unwrap();
    assert_eq!(status.code(), Some(3));
    // What it answers is no concern of the exit code; words behind the command are.
    assert_eq!(desk.fed(&["ks"], "nonsense\n").code, Some(0));
    assert_eq!(desk.fed(&["ks"], "").code, Some(0));
    assert_eq!(desk.run(&["ks", "more"]).code, Some(2));
}

#[test]
fn no_line_stops_the_door() {
    let desk = Desk::new("ks-malformed");
    let deep = "[".repeat(200_000);
    let deep_value = format!(
        r#"{{"op":"intersect","own":[],"client":{}}}"#,
        "[".repeat(5000)
    );
    let long = format!(r#"{{"op":"open","name":"{}"}}"#, "x".repeat(10 << 20));
    let hex = format!(
        r#"{{"op":"create","object":1,"request":"{}"}}"#,
        "ab".repeat(1 << 20)
    );
    let lines = [
        "{",
        "\u{0}",
        "{\"op\":1}",
        "{\"op\":\"open\"}",
        "{\"op\":\"open\",\"name\":7}",
        "{\"op\":\"open\",\"name\":\"gain\",\"more\":1}",
        "{\"op\":\"objects\",\"more\":1}",
        "{\"op\":\"log\",\"object\":1}",
        "{\"op\":\"close\",\"object\":-1}",
        "{\"op\":\"close\",\"object\":4294967296}",
        "{\"op\":\"close\",\"object\":1e400}",
        "{\"op\":\"property\",\"object\":1,\"input\":\"0\"}",
        "{\"op\":\"property\",\"object\":1,\"input\":\"zz\"}",
        "{\"op\":\"property\",\"object\":1,\"verb\":\"dance\"}",
        "{\"op\":\"property\",\"object\":1,\"set\":\"nonsense\"}",
        "{\"op\":\"property\",\"object\":1,\"set\":\"pin\",\"pin\":\"nobody\"}",
        "{\"op\":\"connect\",\"from\":[1],\"to\":[2,\"in\"]}",
        "{\"op\":\"connect\",\"from\":[9,0],\"to\":[8,0]}",
        "{\"op\":\"match\",\"from\":{},\"to\":{}}",
        "{\"op\":\"inject\",\"object\":1,\"line\":3,\"status\":\"NO_MATCH\"}",
        "{\"op\":\"state\",\"to\":\"sleep\"}",
        "{\"op\":\"register\",\"key\":\"gain\"}",
        &deep,
        &deep_value,
        &long,
        &hex,
        // Figures at their ends overflow nothing.
        r#"{"op":"validate","pin":{"data_flow":"in"},"connect":{"pin":0,"format":{"major":"audio","sub":"pcm","channels":4294967295,"bits":4294967295,"rate_hz":4294967295}}}"#,
    ];
    let mut input = String::new();
    for line in lines {
        input += line;
        input += "\n{\"op\":\"log\"}\n";
    }
    let got = said(&desk, &input);
    assert_eq!(got.len(), 2 * lines.len());
    for (line, pair) in lines.iter().zip(got.chunks(2)) {
        let short: String = line.chars().take(80).collect();
        assert_ne!(pair[0]["status"], "SUCCESS", "{short}");
        assert!(pair[0]["reason"].is_string(), "{short}: {}", pair[0]);
        assert_eq!(pair[1]["status"], "SUCCESS", "after {short}");
    }
}
