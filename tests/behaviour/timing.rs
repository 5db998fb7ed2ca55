//! What holds for a whole graph, from the command line: the clock that drives it, compensation, full quality, marks.

use crate::desk::Desk;

/// A graph with a tone, a clock of its own and a sink.
fn clocked(desk: &Desk) -> String {
    let batch = "add tone --name t\nadd clock_source --name Own\nadd null_renderer --name r\n\
                 add audio_device_out --name Card\nconnect t.out r.in\n";
    std::fs::write(desk.path("make.txt"), batch).unwrap();
    let did = desk.run(&["new", "-o", "g.ron", "--batch", "make.txt"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    "g.ron".into()
}

#[test]
fn the_graphs_own_values_are_set_read_and_kept() {
    let desk = Desk::new("timing");
    let graph = clocked(&desk);
    let text = |graph: &str| std::fs::read_to_string(desk.path(graph)).unwrap();
    let get = |what: &str| desk.json(&["get", &graph, what]).json["graph"][what].clone();
    assert_eq!(get("clock"), "automatic");
    assert_eq!(get("compensate"), false);
    let all = [
        "clock=Own",
        "compensate=on",
        "full_quality=true",
        "rate=44100 Hz",
    ];
    let did = desk.json(&[&["set", &graph][..], &all].concat());
    assert_eq!(did.code, Some(0), "{}", did.text);
    for line in [
        "clock: \"2\"",
        "compensate: true",
        "full_quality: true",
        "rate: 44100",
    ] {
        assert!(text(&graph).contains(line), "{line}: {}", text(&graph));
    }
    assert_eq!((get("clock"), get("rate")), ("Own".into(), 44_100.into()));
    assert_eq!(desk.run(&["get", &graph, "full_quality"]).text, "true\n");
    let whole = desk.json(&["get", &graph]).json["graph"].clone();
    assert_eq!(whole["clock"], "Own");
    assert_eq!(whole["compensate"], true);
    let before = text(&graph);
    desk.run(&["set", &graph]);
    assert_eq!(text(&graph), before, "written as it was read");
    for wrong in [
        "clock=t",
        "clock=nobody",
        "clock=",
        "compensate=maybe",
        "full_quality=2",
        "rate=fast",
        "rate=10",
        "Clock=system",
    ] {
        assert_eq!(desk.json(&["set", &graph, wrong]).code, Some(2), "{wrong}");
    }
    assert_eq!(text(&graph), before, "and nothing came of what was wrong");
    for (clock, line) in [("system", "clock: \"system\""), ("Card", "clock: \"4\"")] {
        let did = desk.run(&["set", &graph, &format!("clock={clock}")]);
        assert_eq!(did.code, Some(0), "{}", did.said);
        assert!(text(&graph).contains(line));
    }
    let plain = [
        "clock=automatic",
        "compensate=off",
        "full_quality=false",
        "rate=0",
    ];
    desk.run(&[&["set", &graph][..], &plain].concat());
    for line in ["clock:", "compensate", "full_quality", "rate:"] {
        assert!(!text(&graph).contains(line), "{line}");
    }
}

#[test]
fn play_takes_a_clock_marks_and_a_speed() {
    let desk = Desk::new("timing-play");
    let graph = clocked(&desk);
    let play = |more: &[&str]| {
        let words = ["play", &graph, "--device", "null", "--seconds", "0.6"];
        desk.json(&[&words[..], more].concat())
    };
    let did = play(&[
        "--clock",
        "Own",
        "--mark",
        "0.25",
        "--mark-every",
        "0.1,0.2",
    ]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    assert_eq!(did.json["clock"]["driver"], "Own");
    assert_eq!(did.json["clock"]["speed"], 1.0);
    let marks: Vec<(u64, u64)> = did.json["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["mark"].as_u64().unwrap(), it["sample"].as_u64().unwrap()))
        .collect();
    assert!(marks.contains(&(1, 12_000)), "{marks:?}");
    let row: Vec<u64> = marks.iter().filter(|it| it.0 == 2).map(|it| it.1).collect();
    assert!(row.len() >= 2, "{marks:?}");
    assert!(
        row.iter().all(|sample| sample % 9_600 == 4_800),
        "{marks:?}"
    );
    let did = play(&[
        "--clock",
        "system",
        "--speed",
        "2",
        "--compensate",
        "--full-quality=false",
    ]);
    assert_eq!(did.code, Some(0), "{}", did.text);
    assert_eq!(did.json["clock"]["driver"], "timer");
    assert_eq!(did.json["clock"]["speed"], 2.0);
    assert!(did.json["frames"].as_u64().unwrap() >= 28_800);
    for wrong in [
        &["--clock", "t"][..],
        &["--mark", "-1"],
        &["--mark-every", "0"],
        &["--mark-every", "1,2,3"],
        &["--mark-every", "1,x"],
        &["--speed", "9"],
        &["--compensate=perhaps"],
    ] {
        assert_eq!(play(wrong).code, Some(2), "{wrong:?}");
    }
}

#[test]
fn render_compensates_when_it_is_told_to() {
    let desk = Desk::new("timing-render");
    let batch = "add noise --name n\nadd splitter --name s\nadd limiter --name l\nadd mixer --name m\n\
                 add null_renderer --name r\nconnect n.out s.in\nconnect s.out[0] l.in\nconnect s.out[1] m.in[0]\n\
                 connect l.out m.in[1]\nconnect m.out r.in\n";
    std::fs::write(desk.path("make.txt"), batch).unwrap();
    let did = desk.run(&["new", "-o", "g.ron", "--batch", "make.txt"]);
    assert_eq!(did.code, Some(0), "{}", did.said);
    let render = |out: &str, more: &[&str]| {
        let words = ["render", "g.ron", "-o", out, "--seconds", "0.2"];
        let did = desk.run(&[&words[..], more].concat());
        assert_eq!(did.code, Some(0), "{}", did.said);
        std::fs::read(desk.path(out)).unwrap()
    };
    let plain = render("a.wav", &[]);
    let waits = render("b.wav", &["--compensate"]);
    assert!(plain != waits, "ways wait for each other");
    desk.run(&["set", "g.ron", "compensate=true"]);
    assert!(
        render("c.wav", &["--quantum", "7"]) == waits,
        "as the file says, at any quantum"
    );
    assert!(render("d.wav", &["--compensate=false"]) == plain);
}
