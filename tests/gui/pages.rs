//! Pages over the window and beside the canvas, and groups, worked with from end to end.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, Selection};
use ksgraph::graph::{FilterId, NodeKind};
use ksgraph::ks::Value;

use super::app_support::Window;

#[test]
fn a_page_of_the_preferences_is_clicked_as_soon_as_it_is_seen() {
    for frames in 2..7 {
        let mut window = Window::with(&["tone"]);
        window
            .harness()
            .key_press_modifiers(Modifiers::COMMAND, Key::Comma);
        let mut seen = 0;
        // In the first frame it is measured and not drawn yet.
        for _ in 0..20 {
            window.harness().step();
            seen += usize::from(window.sees("Page Keys"));
            if seen == frames {
                break;
            }
        }
        assert_eq!(seen, frames);
        let at = window.middle("Page Keys");
        let harness = window.harness();
        harness.hover_at(at);
        harness.drag_at(at);
        harness.step();
        harness.drop_at(at);
        harness.step();
        let root = harness.output().viewport_output.values().next();
        let delay = root.map(|root| root.repaint_delay);
        assert_eq!(
            delay,
            Some(std::time::Duration::ZERO),
            "what came of it is drawn at once"
        );
        harness.run_steps(2);
        assert!(window.sees("Search commands"), "clicked in frame {frames}");
    }
}

#[test]
fn the_preferences_are_operated_by_keys_alone() {
    let mut window = Window::with(&["tone"]);
    let focused = |window: &mut Window| {
        let all = [
            Role::Button,
            Role::RadioButton,
            Role::MenuItemCheckBox,
            Role::TextInput,
        ];
        all.iter().find_map(|role| {
            let mut nodes = window.harness().query_all_by_role(*role);
            nodes
                .find(|node| node.is_focused())?
                .accesskit_node()
                .label()
        })
    };
    window.key(Modifiers::COMMAND, Key::Comma);
    let mut walked = vec![];
    for _ in 0..40 {
        window.key(Modifiers::NONE, Key::Tab);
        walked.extend(focused(&mut window));
        if walked.last().is_some_and(|it| it == "Light") {
            break;
        }
    }
    assert_eq!(
        walked.last().map(String::as_str),
        Some("Light"),
        "{walked:?}"
    );
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(
        window.screen().app().preferences().theme,
        ksgraph::app::ThemeChoice::Light
    );
    for _ in 0..60 {
        window.key(Modifiers::NONE, Key::Tab);
        if focused(&mut window).is_some_and(|it| it == "Page Keys") {
            break;
        }
    }
    window.key(Modifiers::NONE, Key::Space);
    assert!(window.sees("Search commands"));
    window.key(Modifiers::NONE, Key::Escape);
    assert!(!window.sees("Search commands"), "Esc closes it");
}

#[test]
fn a_group_is_made_entered_edited_left_and_taken_apart() {
    let mut window = Window::with(&["tone", "gain", "meter"]);
    let end = |filter, pin: &str| ksgraph::graph::PinAddress {
        filter: ksgraph::graph::FilterPath::of(FilterId(filter)),
        pin: pin.into(),
        instance: 0,
    };
    for (from, to) in [(1, 2), (2, 3)] {
        window.screen().app_mut().perform(Action::Connect {
            from: end(from, "out"),
            to: end(to, "in"),
        });
    }
    let mut selection = Selection::default();
    selection.filters.extend([FilterId(1), FilterId(2)]);
    window.screen().app_mut().perform(Action::Select(selection));
    window.harness().run_steps(3);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::E);
    let graph = window.graph();
    assert_eq!(graph.filters.len(), 2);
    let is_group = |(_, node): &(&FilterId, &ksgraph::graph::Shared<ksgraph::graph::Node>)| {
        matches!(node.kind, NodeKind::Group(_))
    };
    let id = {
        let mut all = graph.filters.iter();
        all.find(is_group).expect("a group was made").0.0
    };
    // Its page: what is inside, which pins it shows, and the way in.
    window.select(id);
    assert!(window.sees("Open the group"));
    window.harness().run_steps(30);
    window.click("Open the group");
    window.harness().run_steps(30);
    assert_eq!(window.screen().app().view().place().len(), 1);
    let selection = window.screen().app().view().selection.clone();
    assert!(selection.is_empty(), "what was selected is outside");
    let inside = window.graph();
    assert_eq!(inside.filters.len(), 2);
    // A value is changed inside, by its field.
    let gain = inside
        .filters
        .iter()
        .find(|(_, node)| node.name.starts_with("Gain"));
    let gain = gain.expect("it is inside").0.0;
    window.select(gain);
    window.click("Gain value");
    window.type_text("-9");
    window.key(Modifiers::NONE, Key::Enter);
    window.click("untitled.ron");
    assert!(
        window.screen().app().view().place().is_empty(),
        "out by the breadcrumb"
    );
    window.select(id);
    window.key(Modifiers::COMMAND | Modifiers::SHIFT, Key::U);
    let graph = window.graph();
    assert_eq!((graph.filters.len(), graph.connections.len()), (3, 2));
    let values = graph.filters.values().filter_map(|node| match &node.kind {
        NodeKind::Filter(filter) => filter.values.get("level").cloned(),
        NodeKind::Group(_) => None,
    });
    assert_eq!(values.collect::<Vec<_>>(), [Value::Number(-9.0)]);
    assert!(window.screen().app().view().wiring.is_agreed());
}

#[test]
fn a_filter_that_only_gives_dropped_on_a_wire_shows_the_card_and_joins_by_its_cure() {
    let mut window = Window::with(&["tone", "null_renderer"]);
    let end = |filter, pin: &str| ksgraph::graph::PinAddress {
        filter: ksgraph::graph::FilterPath::of(FilterId(filter)),
        pin: pin.into(),
        instance: 0,
    };
    window.screen().app_mut().perform(Action::Connect {
        from: end(1, "out"),
        to: end(2, "in"),
    });
    window.harness().run_steps(10);
    let wires = window.harness().query_all_by_label_contains("Wire ");
    let wire = wires
        .map(|node| node.rect().center())
        .next()
        .expect("a wire");
    let row = window
        .harness()
        .get_by_role_and_label(Role::ListBoxOption, "Noise");
    let from = row.rect().center();
    window.drag(from, wire);
    assert!(
        window.sees("One of these pins is taken"),
        "the card is there"
    );
    assert_eq!(window.graph().filters.len(), 2, "and nothing was done yet");
    window.key(Modifiers::NONE, Key::Enter);
    let graph = window.graph();
    assert_eq!((graph.filters.len(), graph.connections.len()), (4, 3));
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.graph().filters.len(), 2, "one step");
}

#[test]
fn how_much_of_what_was_played_is_kept_is_chosen_on_the_first_page() {
    let mut window = Window::with(&["tone"]);
    window.key(Modifiers::COMMAND, Key::Comma);
    window.reveal("Keep 15 min");
    window.click("Keep 15 min");
    let kept = window.screen().app().preferences().last_minutes_seconds;
    assert_eq!(kept, 900);
    assert!(window.sees("345 MB for stereo"));
    window.click("Keep None");
    let kept = window.screen().app().preferences().last_minutes_seconds;
    assert_eq!(kept, 0);
}
