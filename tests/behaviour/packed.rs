//! Groups that became filters of the catalogue: packed into a file, listed, placed, set, looked into, made groups again;
//! they sound as the group did, and where their file is missing or damaged nothing is lost and the reason is said.

use super::desk::Desk;

/// A tone through a gain and an echo; the two in the middle are packed.
fn packed(name: &str) -> Desk {
    let desk = Desk::new(&format!("packed-{name}"));
    let lines = "add tone --name t\nadd gain --name Drive\nadd delay --name Echo\nadd audio_device_out --name out\n\
        connect t.out Drive.in\nconnect Drive.out Echo.in\nconnect Echo.out out.in\nset t.level=-12 Drive.level=-3\n";
    let made = desk.fed(&["new", "-o", "plain.ron", "--batch", "-"], lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    std::fs::create_dir_all(desk.path("more")).unwrap();
    let done = pack(
        &desk,
        "plain.ron",
        &["Drive", "Echo"],
        "Warm Echo",
        &["-o", "g.ron"],
    );
    assert_eq!(done.json["key"], "warm_echo", "{}", done.text);
    desk
}

fn pack(
    desk: &Desk,
    graph: &str,
    filters: &[&str],
    title: &str,
    more: &[&str],
) -> super::desk::Did {
    let shown = ["--show", "Drive.level=Drive", "--show", "Echo.feedback"];
    let shown: &[&str] = if filters.contains(&"Echo") {
        &shown
    } else {
        &[]
    };
    let words = [
        &["--filters", "more", "pack", graph],
        filters,
        &["--title", title],
        shown,
        more,
    ];
    desk.json(&words.concat())
}

fn with(desk: &Desk, words: &[&str]) -> super::desk::Did {
    desk.json(&[&["--filters", "more"], words].concat())
}

fn rendered(desk: &Desk, graph: &str) -> Vec<u8> {
    let did = with(desk, &["render", graph, "-o", "o.wav", "--seconds", "0.8"]);
    assert!(
        did.json["peak_dbfs"].as_f64().unwrap() > -40.0,
        "{}",
        did.text
    );
    std::fs::read(desk.path("o.wav")).unwrap()
}

fn text(desk: &Desk, name: &str) -> String {
    std::fs::read_to_string(desk.path(name)).unwrap()
}

#[test]
fn reg_7_a_packed_group_is_a_filter_with_pins_properties_and_a_page() {
    let desk = packed("1");
    assert!(text(&desk, "g.ron").contains("key: \"warm_echo\""));
    assert!(!text(&desk, "g.ron").contains("group:"));
    let one = &with(&desk, &["filters", "Warm Echo"]).json["filters"][0];
    assert_eq!(one["made_of"], serde_json::json!(["delay", "gain"]));
    assert!(one["file"].as_str().unwrap().ends_with("warm_echo.ron"));
    let names = |list: &str, word: &str| -> Vec<String> {
        let all = one[list].as_array().unwrap().iter();
        all.map(|it| it[word].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("pins", "name"), ["in", "out"]);
    assert_eq!(names("properties", "title"), ["Drive", "Feedback"]);
    // What the group had is what it has by itself.
    assert_eq!(one["properties"][0]["default"], -3.0);
    let page = desk.run(&["--filters", "more", "filters", "warm_echo", "--markdown"]);
    assert!(page.text.contains("| Drive `drive`"), "{}", page.text);
}

#[test]
fn it_sounds_as_its_filters_do_bit_for_bit_and_follows_its_properties() {
    let desk = packed("2");
    assert!(rendered(&desk, "g.ron") == rendered(&desk, "plain.ron"));
    let quiet = rendered(&desk, "g.ron");
    with(
        &desk,
        &["set", "g.ron", "Warm Echo.drive=3", "Warm Echo.feedback=80"],
    );
    with(
        &desk,
        &["set", "plain.ron", "Drive.level=3", "Echo.feedback=80"],
    );
    let loud = rendered(&desk, "g.ron");
    assert!(loud != quiet && loud == rendered(&desk, "plain.ron"));
    let got = with(&desk, &["get", "g.ron", "Warm Echo"]);
    assert_eq!(
        got.json["filters"][0]["properties"][0]["value"], 3.0,
        "{}",
        got.text
    );
    assert!(text(&desk, "g.ron").contains("\"drive\": 3"));
    for (word, off) in [("bypass", "--off"), ("disable", "")] {
        with(&desk, &[word, "g.ron", "Warm Echo"]);
        with(&desk, &[word, "plain.ron", "Drive", "Echo"]);
        if word == "bypass" {
            assert!(rendered(&desk, "g.ron") == rendered(&desk, "plain.ron"));
            with(&desk, &[word, "g.ron", "Warm Echo", off]);
            assert!(rendered(&desk, "g.ron") == loud);
        } else {
            let check = with(&desk, &["get", "g.ron", "Warm Echo/Drive"]);
            assert_eq!(check.json["filters"][0]["disabled"], true, "{}", check.text);
        }
    }
}

#[test]
fn it_stands_in_a_graph_many_times_and_inside_others() {
    let desk = packed("3");
    with(&desk, &["add", "g.ron", "warm_echo", "--name", "Second"]);
    with(&desk, &["disconnect", "g.ron", "Warm Echo.out", "out.in"]);
    with(&desk, &["connect", "g.ron", "Warm Echo.out", "Second.in"]);
    with(&desk, &["connect", "g.ron", "Second.out", "out.in"]);
    with(&desk, &["set", "g.ron", "Second.drive=-9"]);
    let before = rendered(&desk, "g.ron");
    let twice = pack(&desk, "g.ron", &["Warm Echo", "Second"], "Twice", &[]);
    assert_eq!(twice.code, Some(0), "{}", twice.text);
    assert_eq!(rendered(&desk, "g.ron"), before);
    let made = with(&desk, &["unpack", "g.ron", "Twice"]);
    assert_eq!(made.code, Some(0), "{}", made.text);
    assert!(text(&desk, "g.ron").contains("group:"));
    assert_eq!(rendered(&desk, "g.ron"), before);
}

#[test]
fn what_is_inside_belongs_to_the_filter_until_it_is_a_group_again() {
    let desk = packed("4");
    let before = text(&desk, "g.ron");
    let refused = with(&desk, &["set", "g.ron", "Warm Echo/Drive.level=3"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.text.contains("unpack"), "{}", refused.text);
    assert_eq!(text(&desk, "g.ron"), before);
    with(&desk, &["unpack", "g.ron", "Warm Echo"]);
    let set = with(&desk, &["set", "g.ron", "Warm Echo/Drive.level=3"]);
    assert_eq!(set.code, Some(0), "{}", set.text);
    // And what it shows stays shown.
    let set = with(&desk, &["set", "plain.ron", "Drive.level=3"]);
    assert_eq!(set.code, Some(0), "{}", set.text);
    assert!(rendered(&desk, "g.ron") == rendered(&desk, "plain.ron"));
}

#[test]
fn a_filter_that_would_hold_itself_is_refused_with_the_way_it_would() {
    let desk = packed("5");
    let made = pack(&desk, "g.ron", &["Warm Echo"], "Warm Echo", &["--replace"]);
    // The group it was made of is packed again as it is: nothing holds itself.
    assert_eq!(made.code, Some(0), "{}", made.text);
    pack(&desk, "g.ron", &["Warm Echo", "t"], "Outer", &[]);
    let kept = text(&desk, "more/warm_echo.ron");
    let key = ["--key", "warm_echo", "--replace"];
    let refused = pack(&desk, "g.ron", &["Outer", "out"], "Ring", &key);
    assert_ne!(refused.code, Some(0));
    assert!(
        refused
            .text
            .contains("Warm Echo holds Outer holds Warm Echo")
            || refused.text.contains("hold itself")
    );
    assert_eq!(text(&desk, "more/warm_echo.ron"), kept);
    // By hand in files: none of the ring is in the catalogue, the rest is, and the way is told.
    let ring = |key: &str, holds: &str| {
        let text = format!(
            "(kind: \"ksgraph-filter\", version: 1, key: \"{key}\", title: \"{key}\", group: (filters: [(id: 1, key: \
            \"{holds}\", name: \"n\", at: (0, 0))], connections: []))"
        );
        std::fs::write(desk.path(&format!("more/{key}.ron")), text).unwrap();
    };
    ring("a", "b");
    ring("b", "a");
    let all = desk.run(&["--filters", "more", "filters"]);
    assert_eq!(all.code, Some(0), "{}", all.said);
    assert!(
        all.said.contains("b.ron") && all.said.contains("a holds b holds a"),
        "{}",
        all.said
    );
    assert!(
        all.text.contains("warm_echo") && !all.text.contains("  a "),
        "{}",
        all.text
    );
}

#[test]
fn without_its_file_it_is_kept_whole_and_a_damaged_one_is_told_with_its_place() {
    let desk = packed("6");
    with(&desk, &["set", "g.ron", "Warm Echo.drive=-7"]);
    let graph = text(&desk, "g.ron");
    let file = text(&desk, "more/warm_echo.ron");
    std::fs::remove_file(desk.path("more/warm_echo.ron")).unwrap();
    let check = with(&desk, &["check", "g.ron"]);
    assert!(
        check.json["problems"].to_string().contains("warm_echo"),
        "{}",
        check.text
    );
    with(&desk, &["set", "g.ron", "t.level=-12"]);
    assert_eq!(text(&desk, "g.ron"), graph);
    for (old, new, line) in [
        ("key: \"gain\"", "key: 7", ":18"),
        ("inner: \"2\"", "inner: \"two\"", ":13"),
        ("version: 1", "version: 9", ":3"),
        ("group: (", "group: [", ":8"),
    ] {
        std::fs::write(desk.path("more/warm_echo.ron"), file.replacen(old, new, 1)).unwrap();
        let failed = desk.run(&["--filters", "more", "filters"]);
        assert_eq!(failed.code, Some(3), "{new}: {}", failed.said);
        let place = format!("warm_echo.ron{line}");
        assert!(failed.said.contains(&place), "{new}: {}", failed.said);
    }
    std::fs::write(desk.path("more/warm_echo.ron"), file).unwrap();
    assert_eq!(with(&desk, &["check", "g.ron"]).code, Some(0));
}

#[test]
fn keys_of_others_and_files_that_are_there_are_not_taken() {
    let desk = packed("7");
    let there = pack(&desk, "plain.ron", &["Drive", "Echo"], "Warm Echo", &[]);
    assert!(there.text.contains("is there already"), "{}", there.text);
    let taken = pack(
        &desk,
        "plain.ron",
        &["Drive", "Echo"],
        "Mine",
        &["--key", "gain", "--replace"],
    );
    assert!(taken.text.contains("Gain and Pan"), "{}", taken.text);
    let odd = pack(
        &desk,
        "plain.ron",
        &["Drive", "Echo"],
        "Mine",
        &["--key", "a/b"],
    );
    assert!(odd.text.contains("letters"), "{}", odd.text);
}

#[test]
fn another_file_for_the_same_filter_reaches_every_graph_that_names_it() {
    let desk = packed("8");
    let before = rendered(&desk, "g.ron");
    let file = text(&desk, "more/warm_echo.ron").replace("\"level\": -3", "\"level\": -20");
    std::fs::write(desk.path("more/warm_echo.ron"), file).unwrap();
    assert!(rendered(&desk, "g.ron") != before);
    with(&desk, &["set", "g.ron", "Warm Echo.drive=-3"]);
    assert_eq!(rendered(&desk, "g.ron"), before);
}

#[test]
fn fmp_1_intelligent_connect_takes_a_packed_filter_by_its_merit() {
    let desk = Desk::new("packed-9");
    std::fs::create_dir_all(desk.path("more")).unwrap();
    let sink = r#"(key: "stereo_sink", title: "Stereo Sink", pins: [(name: "in", data_flow: in, ranges: [(
        major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
        specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: Audio((min_channels: 2, max_channels: 2, min_bits: 32,
        max_bits: 32, min_rate_hz: 8000, max_rate_hz: 96000)))])])"#;
    std::fs::write(desk.path("more/sink.ron"), sink).unwrap();
    let lines = "add tone --name t\nset t.channels=1\nadd channel_mapper --name Map\nadd stereo_sink --name s\n";
    let words = ["--filters", "more", "new", "-o", "p.ron", "--batch", "-"];
    let made = desk.fed(&words, lines);
    assert_eq!(made.code, Some(0), "{}", made.said);
    let kept = text(&desk, "p.ron");
    // The same again, with a name and a merit of its own: gladly taken, or never by itself.
    for (merit, wanted) in [("preferred", "my_mapper"), ("by-hand", "channel_mapper")] {
        std::fs::write(desk.path("p.ron"), &kept).unwrap();
        let more = [
            "--merit",
            merit,
            "--category",
            "INTERFACETRANSFORM",
            "--replace",
        ];
        let wires = ["connect", "p.ron", "t.out", "Map.in"];
        with(&desk, &wires);
        with(&desk, &["connect", "p.ron", "Map.out", "s.in"]);
        let did = pack(&desk, "p.ron", &["Map"], "My Mapper", &more);
        assert_eq!(did.code, Some(0), "{}", did.text);
        std::fs::write(desk.path("p.ron"), &kept).unwrap();
        with(&desk, &["remove", "p.ron", "Map"]);
        let did = with(&desk, &["connect", "p.ron", "t.out", "s.in"]);
        assert_eq!(did.code, Some(0), "{}", did.text);
        let graph = text(&desk, "p.ron");
        assert!(
            graph.contains(&format!("key: \"{wanted}\"")),
            "{merit}: {graph}"
        );
        assert_eq!(with(&desk, &["check", "p.ron"]).code, Some(0));
    }
}
