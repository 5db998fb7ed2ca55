//! The example graphs as they are seen: no box lies on another, and one graph has one picture, whatever is known of it.

use egui::Rect;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App, Options};
use ksgraph::graph::{FilterId, FilterPath, PinAddress, Position};
use ksgraph::ks::FileFact;

use super::app_support::Window;

/// Boxes are further apart than that, in points of the graph.
const NEAR: f32 = 10.0;

/// Names and places of what begins with `word`, from above.
fn places(window: &mut Window, word: &str) -> Vec<(String, Rect)> {
    let nodes = window.harness().query_all_by_label_contains(word);
    let named = nodes.filter_map(|node| {
        let name = node.accesskit_node().label()?;
        let is_meant = name.starts_with(word) && node.accesskit_node().role() != Role::Label;
        is_meant.then(|| (name, node.rect()))
    });
    named.collect()
}

#[test]
fn no_box_of_an_example_lies_on_another() {
    let files = std::fs::read_dir("graphs").expect("the examples are there");
    let paths = files.map(|file| file.expect("an entry").path());
    let mut seen = 0;
    for path in paths.filter(|path| path.extension().is_some_and(|it| it == "ron")) {
        let path = path.to_string_lossy().into_owned();
        let mut window = Window::on(&path);
        let is_read = window.waits(|app| {
            let mut files = app.view().facts.files.values();
            files.all(|fact| *fact != FileFact::Pending)
        });
        assert!(is_read, "{path}: its files are never read");
        window.harness().run_steps(3);
        let filters = window.graph().filters;
        let all = places(&mut window, "Filter ");
        let mut boxes = vec![];
        for node in filters.values() {
            let name = format!("Filter {}", node.name);
            let drawn = all.iter().find(|it| it.0 == name);
            let (_, rect) = drawn.unwrap_or_else(|| panic!("{path}: {name} is not drawn"));
            boxes.push((name, *rect, node.position));
        }
        // How large a point of the graph is on the screen.
        let [first, .., last] = &boxes[..] else {
            panic!("{path}: one box only");
        };
        let zoom = (last.1.left() - first.1.left()) / (last.2.x - first.2.x);
        seen += boxes.len();
        for (index, (name, rect, _)) in boxes.iter().enumerate() {
            for (other, below, _) in &boxes[..index] {
                // Not even nearly.
                let both = rect.expand(NEAR * zoom).intersect(*below);
                assert!(
                    both.width() < 0.5 || both.height() < 0.5,
                    "{path}: {name} lies on {other}: {rect:?}, {below:?}"
                );
            }
        }
    }
    assert!(seen > 50, "{seen} boxes");
}

#[test]
fn what_is_known_of_a_wire_moves_not_its_label() {
    // Wires of many lengths: of one of them the format has just room for one line, and nothing more.
    for far in 0..6_u8 {
        labels_stay(280.0 + 48.0 * f32::from(far));
    }
}

/// Wires behind limiters, of three lengths from `far` on, with and without their latency on them.
fn labels_stay(far: f32) {
    let mut app = App::new(Options::nominal(64));
    let mut wires = vec![];
    for row in 0..3_u8 {
        let y = 150.0 * f32::from(row);
        let far = far + 16.0 * f32::from(row);
        let mut last: Option<FilterId> = None;
        for (key, x) in [("tone", -260.0), ("limiter", 0.0), ("null_renderer", far)] {
            let at = Position { x, y };
            let key = key.to_owned();
            app.perform(Action::AddFilter { key, at });
            let filter = app.view().graph.filters.keys().last().copied();
            let pin = |filter: FilterId, pin: &str| PinAddress {
                filter: FilterPath::from(vec![filter]),
                pin: pin.into(),
                instance: 0,
            };
            if let (Some(from), Some(to)) = (last, filter) {
                let (from, to) = (pin(from, "out"), pin(to, "in"));
                wires.push((from.clone(), to.clone()));
                app.perform(Action::Connect { from, to });
            }
            last = filter;
        }
    }
    app.perform(Action::Select(Default::default()));
    let mut window = Window::of(app);
    let is_known = window.waits(|app| {
        let latency = |(from, to): &(PinAddress, PinAddress)| app.view().latency(from, to);
        let known = wires.iter().filter_map(latency);
        known.filter(|it| it.0 > 0).count() == 3
    });
    assert!(is_known, "no wire behind a limiter has a latency");
    window.harness().run_steps(3);
    let late = places(&mut window, "Wire ");
    assert_eq!(late.len(), wires.len());
    // Glass says other things, and while nothing was played it says nothing.
    let app = window.screen().app_mut();
    app.change_preferences(|it| it.glass_wires = true);
    window.harness().run_steps(3);
    assert_eq!(places(&mut window, "Wire "), late, "{far}");
}
