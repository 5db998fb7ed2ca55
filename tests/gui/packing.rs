//! Save as Filter by keys and pointer: checked while it is typed, and what was ticked is on the box.

use egui::{Key, Modifiers};
use ksgraph::app::Action;
use ksgraph::graph::FilterId;
use ksgraph::ks::Value;

use super::app_support::Window;
use super::commands::benches::kept;

const BOTH: Modifiers = Modifiers {
    alt: true,
    ctrl: true,
    command: true,
    ..Modifiers::NONE
};

/// The gain is a group.
fn grouped() -> (Window, FilterId) {
    let mut window = kept();
    let gain = window.graph().find("Gain and Pan").expect("the gain");
    window.select(gain.0);
    window.screen().app_mut().perform(Action::Group);
    window.harness().run_steps(3);
    let group = window.screen().app().view().selection.one_filter();
    (window, group.expect("the group"))
}

#[test]
fn a_title_and_ticked_properties_make_a_filter_that_shows_them() {
    let (mut window, group) = grouped();
    window.key(BOTH, Key::S);
    window.harness().run_steps(4);
    // A key that is somebody's is told, and nothing can be saved.
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("Gain");
    assert!(window.sees("which is not of this folder"));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.sees("Save as Filter"), "it stays until it is right");
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("Soft");
    window.click("Show Gain of Gain and Pan");
    window.harness().run_steps(2);
    window.click("Title of Gain of Gain and Pan");
    window.key(Modifiers::COMMAND, Key::A);
    window.type_text("Softness");
    window.click("Save");
    window.harness().run_steps(4);
    let graph = window.graph();
    let node = &graph.filters[&group];
    assert_eq!(node.name, "Soft");
    assert_eq!(
        node.kind.filter().expect("it is one of its kind").key,
        "soft"
    );
    assert!(
        window.sees("Softness"),
        "its property is in the inspector and on its box"
    );
    assert!(window.sees("Make a group"));
    // F1 is its page.
    window.key(Modifiers::NONE, Key::F1);
    window.harness().run_steps(4);
    assert!(window.sees("Made of"));
    window.key(Modifiers::NONE, Key::Escape);
    // A second time it takes the place of the first, and says so.
    let app = window.screen().app_mut();
    app.perform(Action::SetProperty {
        filter: group,
        key: "softness".into(),
        value: Some(Value::Number(-3.0)),
    });
    app.perform(Action::Unpack(vec![group]));
    window.harness().run_steps(3);
    window.key(BOTH, Key::S);
    window.harness().run_steps(4);
    assert!(window.sees("It takes the place of Soft"));
    window.click("Replace");
    window.harness().run_steps(4);
    let view = window.screen().app().view();
    let kind = view
        .catalogue
        .get("soft")
        .expect("it is there")
        .descriptor();
    assert_eq!(kind.properties[0].title, "Softness");
    assert_eq!(kind.properties[0].default_value(), Value::Number(-3.0));
}
