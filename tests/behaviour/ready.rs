//! Devices that are not there, in the window: whoever has ways built is told and offered another device; a wire drawn by hand waits.

use ksgraph::app::{Action, App, ConnectMode, Eyes, Options};
use ksgraph::graph::Edit;
use ksgraph::ks::{AudioDevice, Facts, Status, Value};

use crate::editor::{at, id, value, wires};
use crate::support::{catalogue, graph};

fn machine() -> Facts {
    let device = |name: &str, is_default| AudioDevice {
        host: "desk".into(),
        name: name.into(),
        is_default,
        is_default_input: false,
        capture: vec![],
        ..Facts::nominal().devices.swap_remove(0)
    };
    Facts {
        devices: vec![device("speakers", true), device("phones", false)],
        ..Facts::default()
    }
}

fn app(mode: ConnectMode) -> App {
    let mut options = Options::nominal(256);
    options.facts = machine();
    options.eyes = Eyes::new(ksgraph::filters::probe, machine);
    let mut app = App::new(options);
    let mut document = graph(&catalogue(), "tone:t; audio_device_out:out");
    let filter = document.find("out").unwrap();
    let set = Edit::SetProperty {
        filter,
        key: "device".into(),
        value: Some(Value::Text("desk:lost".into())),
    };
    ksgraph::graph::apply(&mut document, set).unwrap();
    app.open_document(document, None);
    let mut preferences = app.preferences().clone();
    preferences.connect = mode;
    app.perform(Action::SetPreferences(Box::new(preferences)));
    app
}

fn connect(app: &mut App, cure: Option<usize>) {
    let (from, to) = (at(app, "t.out"), at(app, "out.in"));
    app.perform(Action::Connect { from, to });
    if let Some(cure) = cure {
        let (from, to) = (at(app, "t.out"), at(app, "out.in"));
        app.perform(Action::ConnectVia { from, to, cure });
    }
}

#[test]
fn int_2_who_has_ways_built_is_told_of_a_device_that_is_not_there_and_offered_another() {
    let mut app = app(ConnectMode::Intelligent);
    connect(&mut app, None);
    assert!(wires(&app).is_empty(), "{:?}", wires(&app));
    let (_, _, refusal) = app.view().refusal.expect("it is refused").clone();
    assert_eq!(refusal.status, Status::DeviceNotReady);
    assert!(
        refusal.sentence().contains("desk:lost"),
        "{}",
        refusal.sentence()
    );
    let cures: Vec<&str> = refusal.cures.iter().map(|it| &*it.text).collect();
    assert_eq!(
        cures,
        [
            "Take the default device",
            "Take desk:speakers",
            "Take desk:phones"
        ]
    );
    connect(&mut app, Some(2));
    assert_eq!(wires(&app), ["t.out -> out.in"]);
    assert_eq!(
        value(&app, "out", "device"),
        Some(Value::Text("desk:phones".into()))
    );
    app.perform(Action::Undo);
    assert!(wires(&app).is_empty(), "one step");
    assert_eq!(
        value(&app, "out", "device"),
        Some(Value::Text("desk:lost".into()))
    );
    // An output is not rendered on it either, nor on anything else meanwhile.
    let count = app.view().graph.filters.len();
    let pin = at(&app, "t.out");
    app.perform(Action::RenderPin(pin));
    assert_eq!(app.view().graph.filters.len(), count);
    assert!(wires(&app).is_empty());
    assert!(
        app.view().banners[0].text.contains("desk:lost"),
        "{:?}",
        app.view().banners[0]
    );
}

#[test]
fn a_wire_drawn_by_hand_waits_for_its_device() {
    let mut app = app(ConnectMode::Direct);
    connect(&mut app, None);
    assert_eq!(wires(&app), ["t.out -> out.in"]);
    let _ = id(&app, "t");
}

/// The program with declared filters, and two of them in its graph.
fn declared(boxes: &str) -> App {
    let pin = |name: &str, flow: &str, kind: char| {
        let letter = kind as u32;
        format!(
            r#"(name: "{name}", data_flow: {flow}, ranges: [(major: "0000{letter:04x}-0000-0010-8000-00AA00389B71",
                sub: "AAAAAAAA-0000-0010-8000-00AA00389B71", specifier: "0F6417D6-C318-11D0-A43F-00A0C9223196", limits: None)])"#
        )
    };
    let filter = |key: &str, pins: &[String]| {
        let pins = pins.join(", ");
        format!(r#"(key: "{key}", title: "{key}", pins: [{pins}])"#)
    };
    let link = |key: &str, from: char, to: char| {
        filter(key, &[pin("in", "in", from), pin("out", "out", to)])
    };
    let filters = [
        filter("s", &[pin("out", "out", 'A')]),
        filter("z", &[pin("in", "in", 'Z')]),
        link("one", 'A', 'B'),
        link("two", 'B', 'C'),
        link("three", 'C', 'Z'),
    ];
    let text = format!("(version: 1, filters: [{}])", filters.join(", "));
    let mut options = Options::nominal(256);
    for filter in ksgraph::ks::filters_of(&text).unwrap() {
        options
            .catalogue
            .register(std::sync::Arc::new(filter))
            .unwrap();
    }
    let document = graph(&options.catalogue, boxes);
    let mut app = App::new(options);
    app.open_document(document, None);
    app
}

#[test]
fn the_card_offers_a_way_of_any_length_where_no_cure_is_near() {
    let mut app = declared("s:s; z:z");
    let (from, to) = (at(&app, "s.out"), at(&app, "z.in"));
    app.perform(Action::Connect {
        from: from.clone(),
        to: to.clone(),
    });
    assert!(wires(&app).is_empty());
    let (_, _, refusal) = app.view().refusal.expect("it is refused").clone();
    assert!(refusal.cures.is_empty(), "{:?}", refusal.cures);
    let offered = app.view().with_way(Box::new(refusal), &from, &to);
    let texts: Vec<&str> = offered.cures.iter().map(|it| &*it.text).collect();
    assert_eq!(texts, ["Insert one, two and three"]);
    let (from, to) = (at(&app, "s.out"), at(&app, "z.in"));
    app.perform(Action::ConnectVia { from, to, cure: 0 });
    assert_eq!(
        wires(&app),
        [
            "s.out -> one.in",
            "one.out -> two.in",
            "two.out -> three.in",
            "three.out -> z.in"
        ]
    );
    app.perform(Action::Undo);
    assert!(wires(&app).is_empty(), "one step");
}

#[test]
fn what_is_offered_for_a_wire_says_what_has_to_go_in_between() {
    let app = declared("tone:t; midi_file_reader:m");
    let chains = |pin: &str, key: &str| {
        let fits = app.view().fits(&at(&app, pin));
        let found = fits.into_iter().find(|it| it.key == key);
        found.map(|it| (it.cost, it.chain))
    };
    assert_eq!(chains("t.out", "gain"), Some((0, vec![])));
    assert_eq!(chains("m.notes", "dls_synth"), Some((0, vec![])));
    let (cost, chain) = chains("m.notes", "gain").unwrap();
    assert_eq!((cost, chain.len()), (1, 1), "{chain:?}");
    assert!(chain[0].ends_with("Synth"), "{chain:?}");
    assert_eq!(chains("m.notes", "z"), None);
}

#[test]
fn sys_11_virtual_devices_come_and_go_with_the_machines() {
    use std::sync::{Arc, Mutex};

    let facts = Arc::new(Mutex::new(machine()));
    let seen = Arc::clone(&facts);
    let mut options = Options::nominal(256);
    options.facts = machine();
    options.eyes = Eyes::new(ksgraph::filters::probe, move || {
        seen.lock().unwrap().clone()
    });
    let mut app = App::new(options);
    app.open_document(ksgraph::graph::Graph::default(), None);
    let names = |app: &App| {
        let all = app.view().virtual_devices();
        let all = all.into_iter();
        let words = |it: ksgraph::sysaudio::VirtualDevice| {
            format!("{} {} {}", it.kind.name(), it.number, it.name)
        };
        all.map(words).collect::<Vec<_>>()
    };
    let both = [
        "wave_out 0 desk:speakers",
        "wave_out 1 desk:phones",
        "midi_out 0 DLS Synth",
    ];
    assert_eq!(names(&app), both);
    facts.lock().unwrap().devices.remove(0);
    app.perform(Action::Refresh);
    crate::program::wait(&mut app, |app| {
        names(app) == ["wave_out 0 desk:phones", "midi_out 0 DLS Synth"]
    });
    *facts.lock().unwrap() = Facts {
        midi_outputs: vec!["Port".into()],
        ..machine()
    };
    app.perform(Action::Refresh);
    crate::program::wait(&mut app, |app| names(app).len() == 4);
    assert_eq!(names(&app)[3], "midi_out 1 Port");
}
