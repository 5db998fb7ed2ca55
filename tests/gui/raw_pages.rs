//! The inspector's pages that look into a filter as a driver's client would: Topology, Events, Raw.

use egui::Key;
use egui_kittest::kittest::Queryable as _;
use ksgraph::app::Action;
use ksgraph::graph::FilterId;
use ksgraph::ks::Value;

use super::app_support::Window;

fn level(window: &mut Window, value: f64) {
    window.screen().app_mut().perform(Action::SetProperty {
        filter: FilterId(1),
        key: "level".into(),
        value: Some(Value::Number(value)),
    });
    window.harness().run_steps(4);
}

fn stored(window: &mut Window) -> Option<Value> {
    let graph = window.graph();
    let ksgraph::graph::NodeKind::Filter(node) = &graph.filters[&FilterId(1)].kind else {
        return None;
    };
    node.values.get("level").cloned()
}

#[test]
fn ks_filter_and_node_the_topology_page_shows_what_is_inside() {
    let mut window = Window::with(&["gain"]);
    window.select(1);
    let tab = egui::accesskit::Role::Tab;
    window
        .harness()
        .get_by_role_and_label(tab, "Topology")
        .click();
    window.harness().run_steps(4);
    let filter = window.screen().app().view().catalogue.get("gain").cloned();
    let descriptor = filter.expect("built in").descriptor().clone();
    assert!(!descriptor.nodes.is_empty());
    for node in descriptor.nodes.iter() {
        assert!(window.sees(&format!("Node {}", node.name)), "{}", node.name);
    }
    for connection in descriptor.connections() {
        if let ksgraph::ks::NodePin::Filter(pin) = connection.from {
            let name = &descriptor.pins[pin as usize].name;
            assert!(window.sees(&format!("pin {name}: to ")), "{name}");
        }
    }
    // A node that is chosen shows its controls; the keyboard chooses too.
    let first = format!("Node {}", descriptor.nodes[0].name);
    window.click(&first);
    assert!(window.sees("Kind: "));
    window.key(egui::Modifiers::NONE, Key::Enter);
}

#[test]
fn top_6_a_node_that_hangs_on_nothing_is_shown_on_the_topology_page() {
    const DECLARED: &str = r#"(key: "loner", title: "Loner",
        pins: [(name: "in", data_flow: in, ranges: []), (name: "out", data_flow: out, ranges: [])],
        nodes: [(kind: "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1", name: "Level"),
                (kind: "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1", name: "Hermit")],
        connections: [(from: Pin("in"), to: Node(0, 1)), (from: Node(0, 0), to: Pin("out"))])"#;
    let mut options = ksgraph::app::Options::nominal(64);
    for filter in ksgraph::ks::filters_of(DECLARED).expect("declared rightly") {
        let filter = std::sync::Arc::new(filter);
        options.catalogue.register(filter).expect("a new one");
    }
    let mut app = ksgraph::app::App::new(options);
    app.perform(Action::AddFilter {
        key: "loner".into(),
        at: Default::default(),
    });
    let mut window = Window::of(app);
    window.select(1);
    let tab = egui::accesskit::Role::Tab;
    window
        .harness()
        .get_by_role_and_label(tab, "Topology")
        .click();
    window.harness().run_steps(4);
    // Drawn among the others, and marked as what it is; upper left of what hangs together.
    let (hermit, level) = (
        window.middle("Node Hermit, connected to nothing"),
        window.middle("Node Level"),
    );
    assert!(hermit.y < level.y, "{hermit:?} {level:?}");
    assert!(!window.sees("Node Level, connected to nothing"));
}

#[test]
fn events_that_are_ticked_are_counted_when_they_fire() {
    let mut window = Window::with(&["gain"]);
    window.select(1);
    window.click("Events");
    level(&mut window, -3.0);
    assert!(window.sees("A control changed: off"), "nobody listens");
    window.click("A control changed: off");
    assert!(window.sees("A control changed: 0"));
    level(&mut window, -4.0);
    assert!(window.sees("A control changed: 1, "));
    level(&mut window, -5.0);
    assert!(window.sees("A control changed: 2, "));
    // Heard although no inspector is drawn: each change, not only that there was one.
    window.key(egui::Modifiers::SHIFT, Key::F4);
    level(&mut window, -6.0);
    level(&mut window, -5.0);
    window.key(egui::Modifiers::SHIFT, Key::F4);
    assert!(window.sees("A control changed: 4, "));
    let harness = window.harness();
    harness
        .get_by_label_contains("A control changed: 4, ")
        .click();
    harness.run_steps(4);
    assert!(window.sees("A control changed: off"));
}

#[test]
fn a_raw_call_is_answered_in_bytes_and_words_and_a_set_can_be_undone() {
    let mut window = Window::with(&["gain"]);
    level(&mut window, -6.0);
    window.select(1);
    window.click("Raw");
    assert!(window.sees("Nothing was asked yet."));
    window.click("Send");
    assert!(window.sees("Status: SUCCESS 0x00000000"));
    assert!(window.sees("Length: 8"));
    assert!(window.sees("Says: -6 dB"));
    assert!(window.sees("0000: 00 00 00 00 00 00 18 c0"));
    window.click("Verb Set");
    window.click("Send");
    assert!(
        window.sees("Status: BUFFER_OVERFLOW"),
        "no value was brought"
    );
    window.click("Bytes");
    window.type_text("00 00 00 00 00 00 28 c0");
    window.key(egui::Modifiers::NONE, Key::Enter);
    window.click("Send");
    assert!(window.sees("Status: SUCCESS"));
    assert_eq!(stored(&mut window), Some(Value::Number(-12.0)));
    window.screen().app_mut().perform(Action::Undo);
    assert_eq!(stored(&mut window), Some(Value::Number(-6.0)), "one step");
    window.click("Bytes");
    window.type_text("0");
    window.key(egui::Modifiers::NONE, Key::Enter);
    window.click("Send");
    assert!(window.sees("Bytes are pairs of hex digits"));
}

#[test]
fn the_class_page_shows_what_became_of_requests_and_the_last_callbacks() {
    let mut window = Window::on("graphs/lab_device.ron");
    let device = ksgraph::graph::FilterPath::of(FilterId(2));
    window.select(2);
    let app = window.screen().app_mut();
    app.perform(Action::SetState(ksgraph::ks::State::Run));
    let has_read = |window: &mut Window| {
        let sheet = window.screen().app().view().class_sheet(&device);
        let busy = |lane: &ksgraph::ks::ClassLane| lane.name.ends_with("data") && lane.done > 2;
        sheet.is_some_and(|it| it.lanes.iter().filter(|lane| busy(lane)).count() == 3)
    };
    for _ in 0..1000 {
        window.screen().app_mut().poll();
        window.harness().run_steps(1);
        if has_read(&mut window) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(has_read(&mut window));
    let tab = egui::accesskit::Role::Tab;
    window.harness().get_by_role_and_label(tab, "Class").click();
    window.harness().run_steps(4);
    for wanted in [
        "Calls at the same time: 1",
        "Interrupts: 0, 0 not mine",
        "Queued, in flight, most: ",
        "Done, refused: ",
    ] {
        assert!(window.sees(wanted), "{wanted}");
    }
    assert!(window.sees("answer ") && window.sees(" SUCCESS"));
    // A filter of another kind has no such page, and shows its properties.
    window.select(3);
    window.harness().run_steps(4);
    let tabs = |window: &mut Window, name: &str| {
        window
            .harness()
            .query_all_by_role_and_label(tab, name)
            .count()
    };
    assert_eq!(
        (tabs(&mut window, "Class"), tabs(&mut window, "Raw")),
        (0, 1)
    );
}
