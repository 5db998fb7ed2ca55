//! Filters that users declare in files: listed, agreed and played like any other; what is wrong with a file is said with
//! its name and place.

use std::path::Path;

use super::desk::Desk;

const DESK: &str = r#"(
    version: 1,
    filters: [
        (
            key: "front_desk",
            title: "Front Desk",
            help: "Takes and gives.",
            categories: ["6994AD04-93EF-11D0-A3CC-00A0C9223196"],
            pins: [
                (name: "in", data_flow: in, ranges: [RANGE]),
                (name: "out", data_flow: out, ranges: [RANGE]),
            ],
            nodes: [(kind: "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1", name: "Level")],
            connections: [(from: Pin("in"), to: Node(0, 1)), (from: Node(0, 0), to: Pin("out"))],
        ),
    ],
)"#;
const RANGE: &str = r#"(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
    specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
    limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))"#;
const GRAPH: &str = r#"(
    kind: "ksgraph", version: 1, next_id: 4,
    filters: [
        (id: 1, key: "tone", name: "t", at: (0, 0)),
        (id: 2, key: "front_desk", name: "d", at: (0, 0)),
        (id: 3, key: "audio_device_out", name: "o", at: (0, 0)),
    ],
    connections: [(from: "1.out", to: "2.in"), (from: "2.out", to: "3.in")],
)"#;

fn write(desk: &Desk, name: &str, text: &str) {
    let path = desk.path(name);
    std::fs::create_dir_all(Path::new(&path).parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn laid(name: &str) -> Desk {
    let desk = Desk::new(&format!("declared-{name}"));
    write(&desk, "more/desk.ron", &DESK.replace("RANGE", RANGE));
    write(&desk, "g.ron", GRAPH);
    desk
}

#[test]
fn reg_7_a_declared_filter_is_listed_agreed_and_passes_sound_on() {
    let desk = laid("1");
    let all = desk.json(&["--filters", "more", "filters"]);
    let keys: Vec<&str> = all.json["filters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["key"].as_str().unwrap())
        .collect();
    assert!(keys.contains(&"front_desk"), "{keys:?}");
    let one = desk.json(&["--filters", "more", "filters", "front_desk"]);
    assert_eq!(one.json["filters"][0]["nodes"][0]["type"], "Volume");
    let check = desk.json(&["--filters", "more", "check", "g.ron"]);
    assert_eq!(check.json["ok"], true, "{}", check.json);
    assert_eq!(
        check.json["wires"][0]["agreed"]["format"]["rate_hz"],
        48_000
    );
    let render = desk.json(&[
        "--filters",
        "more",
        "render",
        "g.ron",
        "-o",
        "o.wav",
        "--seconds",
        "0.1",
    ]);
    assert!(
        render.json["peak_dbfs"].as_f64().unwrap() > -30.0,
        "{}",
        render.json
    );
}

#[test]
fn without_its_file_the_filter_is_kept_with_its_wires() {
    let desk = laid("2");
    let check = desk.json(&["check", "g.ron"]);
    assert_eq!(check.json["ok"], false);
    assert!(
        check.json["problems"].to_string().contains("front_desk"),
        "{}",
        check.json
    );
}

#[test]
fn the_users_own_folder_is_read_and_a_broken_file_there_is_told() {
    let desk = laid("3");
    write(
        &desk,
        "user/filters/desk.ron",
        &DESK.replace("RANGE", RANGE),
    );
    write(
        &desk,
        "user/filters/odd.ron",
        "(version: 1, filters: [(key: 7)])",
    );
    let check = desk.run(&["--user-dir", "user", "check", "g.ron"]);
    assert_eq!(check.code, Some(0), "{}", check.said);
    assert!(check.said.contains("odd.ron:1"), "{}", check.said);
}

#[test]
fn a_broken_file_where_one_asked_for_ends_the_command_with_its_place() {
    let desk = laid("4");
    write(
        &desk,
        "more/odd.ron",
        "(version: 1,\n filters: [(key: \"a\", title: \"A\", pins: [(name: \"p\", data_flow: up, ranges: [])])])",
    );
    let failed = desk.run(&["--filters", "more", "filters"]);
    assert_eq!(failed.code, Some(3));
    for word in ["odd.ron", ":2", "up", "in"] {
        assert!(failed.said.contains(word), "{word}: {}", failed.said);
    }
    let missing = desk.run(&["--filters", "nowhere", "filters"]);
    assert_eq!(missing.code, Some(3), "{}", missing.said);
    // A key that is taken is told, and the built-in filter stays what it is.
    write(
        &desk,
        "twice/gain.ron",
        "(key: \"gain\", title: \"Mine\", pins: [])",
    );
    let twice = desk.run(&["--filters", "twice", "filters", "gain"]);
    assert!(twice.said.contains("gain"), "{}", twice.said);
    assert!(twice.text.contains("Gain and Pan"), "{}", twice.text);
}

#[test]
fn fmp_1_of_filters_that_would_help_the_one_of_more_merit_goes_first() {
    let desk = Desk::new("declared-merit");
    let coded = r#"(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000002-0000-0010-8000-00AA00389B71",
        specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: None)"#;
    let codec = |key: &str, merit: u32| {
        format!(
            r#"(key: "{key}", title: "{key}", merit: {merit}, categories: ["CF1DDA2D-9743-11D0-A3EE-00A0C9223196"],
            pins: [(name: "in", data_flow: in, ranges: [{coded}]), (name: "out", data_flow: out, ranges: [{RANGE}])]),"#
        )
    };
    let all = [
        codec("plain", 0x60_0000),
        codec("better", 0x80_0000),
        codec("unlikely", 0x40_0000),
        codec("unwanted", 0x20_0000),
    ];
    let packer = format!(
        r#"(key: "packer", title: "Packer", pins: [(name: "out", data_flow: out, ranges: [{coded}])])"#
    );
    let package = format!("(version: 1, filters: [{}{packer}])", all.concat());
    write(&desk, "more/codecs.ron", &package);
    let graph = r#"(kind: "ksgraph", version: 1, next_id: 3, filters: [(id: 1, key: "packer", name: "p", at: (0, 0)),
        (id: 2, key: "gain", name: "g", at: (0, 0))], connections: [])"#;
    write(&desk, "g.ron", graph);
    let told = desk.json(&["--filters", "more", "explain", "g.ron", "p.out", "g.in"]);
    let cures = told.json["refusal"]["cures"].as_array().unwrap();
    let inserts: Vec<&str> = cures
        .iter()
        .map(|it| it["inserts"][0].as_str().unwrap())
        .collect();
    assert_eq!(inserts, ["better", "plain", "unlikely"]);
}
