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
