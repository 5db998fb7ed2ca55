//! One refusal, four tellers: the card on the canvas, `ksgraph explain`, its JSON, and `ksgraph check` where the wire stands
//! in the file, say the same for each rule by which a wire is refused.

use std::sync::Arc;

use egui::Pos2;
use ksgraph::app::{Action, App, Options};
use ksgraph::graph::{Connection, FilterId, PinAddress, PinRef, Position, Refusal, Step};
use serde_json::Value as Json;

use super::app_support::Window;

/// Filters for the refusals that no built-in pair meets.
const DECLARED: &str = r#"(version: 1, filters: [
    (key: "looper", title: "Looper", pins: [(name: "out", data_flow: out,
        interfaces: [(set: "1A8766A0-62CE-11CF-A5D6-28DB04C10000", id: 1)],
        ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: None)])]),
    (key: "packer", title: "Packer", pins: [(name: "out", data_flow: out,
        ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000002-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A", limits: None)])]),
    (key: "anything_out", title: "Anything Out", pins: [(name: "out", data_flow: out,
        ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000000-0000-0000-0000-000000000000",
            specifier: "00000000-0000-0000-0000-000000000000", limits: None)])]),
    (key: "anything_in", title: "Anything In", pins: [(name: "in", data_flow: in,
        ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000000-0000-0000-0000-000000000000",
            specifier: "00000000-0000-0000-0000-000000000000", limits: None)])]),
    (key: "giver", title: "Giver", pins: [(name: "out", data_flow: out, framing: Some((items: [(flags: 10)])), ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))])]),
    (key: "taker", title: "Taker", pins: [(name: "in", data_flow: in, framing: Some((items: [(flags: 10)])), ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))])]),
    (key: "single", title: "Single", pins: [(name: "in", data_flow: in, global: Some(1), ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))])]),
    (key: "unit_one", title: "Unit One", pins: [(name: "out", data_flow: out,
        mediums: [(set: "11111111-2222-3333-4444-555555555555", id: 1)], ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))])]),
    (key: "unit_two", title: "Unit Two", pins: [(name: "in", data_flow: in,
        mediums: [(set: "11111111-2222-3333-4444-555555555555", id: 2)], ranges: [(major: "73647561-0000-0010-8000-00AA00389B71", sub: "00000003-0000-0010-8000-00AA00389B71",
            specifier: "05589F81-C356-11CE-BF01-00AA0055595A",
            limits: Audio((min_channels: 1, max_channels: 2, min_bits: 32, max_bits: 32, min_rate_hz: 8000, max_rate_hz: 48000)))])]),
])"#;

/// A folder with the declared filters and room for a graph.
struct Place(std::path::PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("ksgraph-refusals-{}", std::process::id()));
        std::fs::create_dir_all(path.join("filters")).expect("a folder for the test");
        std::fs::write(path.join("filters/desk.ron"), DECLARED).expect("a file");
        Self(path)
    }

    /// What the program says to these words.
    fn said(&self, words: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ksgraph"));
        command.arg("--filters").arg(self.0.join("filters"));
        let output = command.args(words).output().expect("the program runs");
        String::from_utf8(output.stdout).expect("it writes text")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// A wire that is refused: by which rule at which step, the filters, the wires there are, and its ends: filter by its
/// place among them, pin, and how the canvas calls it.
struct Case {
    rule: &'static str,
    step: Step,
    keys: &'static [&'static str],
    wires: &'static [(u32, &'static str, u32, &'static str)],
    from: (u32, &'static str, &'static str),
    to: (u32, &'static str, &'static str),
}

const CASES: &[Case] = &[
    Case {
        rule: "CYC-1",
        step: Step::SameFilter,
        keys: &["gain"],
        wires: &[],
        from: (1, "out", "Gain and Pan output out (audio)"),
        to: (1, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "COM-9",
        step: Step::DataFlow,
        keys: &["tone", "noise"],
        wires: &[],
        from: (1, "out", "Tone Generator output out (audio)"),
        to: (2, "out", "Noise output out (audio)"),
    },
    Case {
        rule: "COM-5",
        step: Step::Communication,
        keys: &["pull_source", "lab_card_wave"],
        wires: &[],
        from: (1, "out", "Pull Source output out (audio)"),
        to: (2, "in", "Lab Card, Wave input in (audio)"),
    },
    Case {
        rule: "CYC-1",
        step: Step::Cycle,
        keys: &["gain", "guard"],
        wires: &[(1, "out", 2, "in")],
        from: (2, "out", "DC and Non-finite Guard output out (audio)"),
        to: (1, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "MED-3",
        step: Step::Medium,
        keys: &["lab_card_wave", "gain"],
        wires: &[],
        from: (1, "line", "Lab Card, Wave output line (audio)"),
        to: (2, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "IFC-2",
        step: Step::Interface,
        keys: &["looper", "gain"],
        wires: &[],
        from: (1, "out", "Looper output out (audio)"),
        to: (2, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "INS-2",
        step: Step::Instances,
        keys: &["tone", "gain", "noise"],
        wires: &[(1, "out", 2, "in")],
        from: (3, "out", "Noise output out (audio)"),
        to: (2, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "DIX-6",
        step: Step::Intersection,
        keys: &["tone", "tone_synth"],
        wires: &[],
        from: (1, "out", "Tone Generator output out (audio)"),
        to: (2, "notes", "Tone Synth input notes (MIDI)"),
    },
    Case {
        rule: "DIX-6",
        step: Step::Intersection,
        keys: &["packer", "gain"],
        wires: &[],
        from: (1, "out", "Packer output out (audio)"),
        to: (2, "in", "Gain and Pan input in (audio)"),
    },
    Case {
        rule: "DIX-20",
        step: Step::Intersection,
        keys: &["anything_out", "anything_in"],
        wires: &[],
        from: (1, "out", "Anything Out output out (audio)"),
        to: (2, "in", "Anything In input in (audio)"),
    },
    // Two that both insist on making the frames.
    Case {
        rule: "NEG-5",
        step: Step::Create,
        keys: &["giver", "taker"],
        wires: &[],
        from: (1, "out", "Giver output out (audio)"),
        to: (2, "in", "Taker input in (audio)"),
    },
    // One for all filters of the kind.
    Case {
        rule: "INS-2",
        step: Step::Instances,
        keys: &["tone", "single", "noise", "single"],
        wires: &[(1, "out", 2, "in")],
        from: (3, "out", "Noise output out (audio)"),
        to: (4, "in", "Single 2 input in (audio)"),
    },
    // The same link of another unit.
    Case {
        rule: "MED-3",
        step: Step::Medium,
        keys: &["unit_one", "unit_two"],
        wires: &[],
        from: (1, "out", "Unit One output out (audio)"),
        to: (2, "in", "Unit Two input in (audio)"),
    },
];

/// The document of a case in a window.
fn window(case: &Case) -> Window {
    let mut options = Options::nominal(64);
    for filter in ksgraph::ks::filters_of(DECLARED).expect("they are declared rightly") {
        options
            .catalogue
            .register(Arc::new(filter))
            .expect("new ones");
    }
    let mut app = App::new(options);
    for (index, key) in case.keys.iter().enumerate() {
        app.perform(Action::AddFilter {
            key: (*key).to_owned(),
            at: Position {
                x: 320.0 * index as f32,
                y: 0.0,
            },
        });
    }
    for (from, output, to, input) in case.wires {
        app.perform(Action::Connect {
            from: address(*from, output),
            to: address(*to, input),
        });
    }
    app.perform(Action::Select(Default::default()));
    Window::of(app)
}

fn address(filter: u32, pin: &str) -> PinAddress {
    PinAddress {
        filter: ksgraph::graph::FilterPath::from(vec![FilterId(filter)]),
        pin: pin.into(),
        instance: 0,
    }
}

/// Whether a document tells the refusal, field by field.
fn tells(told: &Json, shown: &Refusal) {
    let rule = shown.rule;
    assert_eq!(told["rule"], rule, "{told}");
    assert_eq!(told["status"], shown.status.name(), "{rule}");
    assert_eq!(told["step"], shown.step.name(), "{rule}");
    assert_eq!(told["text"], shown.sentence(), "{rule}");
    assert_eq!(told["from"], shown.from, "{rule}");
    assert_eq!(told["to"], shown.to, "{rule}");
    assert_eq!(told["offered"], shown.offered, "{rule}");
    assert_eq!(told["wanted"], shown.wanted, "{rule}");
    let cures: Vec<&str> = shown.cures.iter().map(|cure| cure.text.as_str()).collect();
    let listed: Vec<&Json> = told["cures"].as_array().expect("a list").iter().collect();
    let listed: Vec<&str> = listed.iter().filter_map(|it| it["text"].as_str()).collect();
    assert_eq!(listed, cures, "{rule}");
    let advice = told["advice"].as_str().unwrap_or_default();
    assert_eq!(advice, shown.advice, "{rule}");
}

#[test]
fn card_explain_check_and_json_tell_the_same_refusal() {
    let place = Place::new();
    for case in CASES {
        let rule = case.rule;
        let mut window = window(case);
        let ends: (Pos2, Pos2) = (window.middle(case.from.2), window.middle(case.to.2));
        window.drag(ends.0, ends.1);
        let shown = {
            let view = window.screen().app().view();
            let refused = view.refusal.map(|(_, _, refusal)| refusal.clone());
            refused.unwrap_or_else(|| panic!("{rule}: the program took it"))
        };
        assert_eq!((shown.rule, shown.step), (rule, case.step));
        let sentence = shown.sentence();
        assert!(window.sees(&sentence), "{rule}: the card says {sentence}");
        // It shows the first few cures as buttons, or else the advice.
        for cure in shown.cures.iter().take(1) {
            assert!(window.sees(&cure.text), "{rule}: {}", cure.text);
        }
        assert!(window.sees(&shown.advice), "{rule}: {}", shown.advice);

        let path = place.0.join("graph.ron");
        window
            .screen()
            .app_mut()
            .perform(Action::SaveAs(path.clone()));
        let file = path.to_str().expect("a name");
        let graph = window.graph();
        let name = |(filter, pin, _): (u32, &str, &str)| {
            let node = &graph.filters[&FilterId(filter)];
            format!("\"{}\".{pin}", node.name)
        };
        let (from, to) = (name(case.from), name(case.to));
        let text = place.said(&["explain", file, &from, &to]);
        assert!(text.contains(&sentence), "{rule}: {text}");
        let code = format!("({}, {})", shown.rule, shown.status);
        assert!(text.contains(&code), "{rule}: {text}");
        for cure in &shown.cures {
            assert!(text.contains(&cure.text), "{rule}: {text}");
        }
        assert!(text.contains(&shown.advice), "{rule}: {text}");
        let json = place.said(&["explain", file, &from, &to, "--json"]);
        let json: Json = serde_json::from_str(&json).expect("a document");
        tells(&json["refusal"], &shown);

        // The same wire in the file, behind the others.
        let mut graph = graph;
        let end = |(filter, pin, _): (u32, &str, &str)| PinRef {
            filter: FilterId(filter),
            pin: pin.into(),
            instance: 0,
        };
        graph.connections.push(
            Connection {
                from: end(case.from),
                to: end(case.to),
                chosen: Default::default(),
            }
            .into(),
        );
        std::fs::write(&path, ksgraph::graph::to_ron(&graph)).expect("a file");
        let json = place.said(&["check", file, "--json"]);
        let json: Json = serde_json::from_str(&json).expect("a document");
        let wires = json["wires"].as_array().expect("a list");
        match wires
            .get(case.wires.len())
            .filter(|it| !it["refusal"].is_null())
        {
            Some(wire) => tells(&wire["refusal"], &shown),
            None => panic!("{rule}: check took it: {json}"),
        }
    }
}

/// Cures on the card: one click makes the wire, one Undo takes all of it back.
#[test]
fn a_cure_on_the_card_is_one_click_and_one_undo_step() {
    let cases = [("property", "Set "), ("insert", "Insert ")];
    for (kind, begins) in cases {
        let mut app = App::new(Options::nominal(64));
        for (column, key) in ["format_converter", "gain"].into_iter().enumerate() {
            app.perform(Action::AddFilter {
                key: key.to_owned(),
                at: Position {
                    x: 320.0 * column as f32,
                    y: 0.0,
                },
            });
        }
        app.perform(Action::SetProperty {
            filter: FilterId(1),
            key: "format".into(),
            value: Some(ksgraph::ks::Value::Text("16 bit".into())),
        });
        app.perform(Action::Select(Default::default()));
        let mut window = Window::of(app);
        let before = window.graph();
        let from = window.middle("Sample Format Converter output out (audio)");
        let to = window.middle("Gain and Pan input in (audio)");
        window.drag(from, to);
        let text = {
            let view = window.screen().app().view();
            let (_, _, refusal) = view.refusal.expect("integers are refused");
            let mut cures = refusal.cures.iter();
            let cure = cures.find(|it| it.kind.name() == kind);
            cure.expect(kind).text.clone()
        };
        assert!(text.starts_with(begins), "{text}");
        window.click(&text);
        let cured = window.graph();
        assert!(!cured.connections.is_empty(), "{kind}");
        let view = window.screen().app().view();
        assert!(
            view.wiring.wires.iter().all(|it| it.outcome.is_ok()),
            "{kind}"
        );
        window.key(egui::Modifiers::COMMAND, egui::Key::Z);
        let after = window.graph();
        assert_eq!(after.filters, before.filters, "{kind}");
        assert_eq!(after.connections, before.connections, "{kind}");
    }
}
