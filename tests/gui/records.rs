//! What is shown of the audio thread's records: blame, timeline, wires of glass.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, App, Mishap, Options};
use ksgraph::graph::{FilterId, FilterPath, PinAddress, Position};
use ksgraph::ks::ids::{Guid, category};
use ksgraph::ks::{
    DataRange, Descriptor, Filter, Flow, Io, OpenError, Opened, Opening, PinFactory, Processor,
    State,
};

use super::app_support::Window;

/// Far longer than any cycle here lasts.
const DAWDLE: Duration = Duration::from_millis(150);

const TEST: &[Guid] = &[category::AUDIO, category::DATATRANSFORM];
const PINS: &[PinFactory] = &[
    PinFactory::input("in", DataRange::FLOAT),
    PinFactory::output("out", DataRange::FLOAT).in_place_of("in"),
];
static SLUGGISH: Descriptor = Descriptor::new("sluggish", "Sluggish", TEST, PINS, &[]);

/// Lets sound through, and dawdles once when it is told to.
struct Sluggish(Arc<AtomicBool>);

impl Filter for Sluggish {
    fn descriptor(&self) -> &Descriptor {
        &SLUGGISH
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        Ok(Opened::processor(Dawdling(Arc::clone(&self.0))))
    }
}

struct Dawdling(Arc<AtomicBool>);

impl Processor for Dawdling {
    fn process(&mut self, _: &mut Io<'_>) -> Flow {
        if self.0.swap(false, Ordering::AcqRel) {
            std::thread::sleep(DAWDLE);
        }
        Flow::Running
    }
}

/// A tone through it to a renderer without a card, and what makes it dawdle.
fn bench() -> (Window, Arc<AtomicBool>) {
    let dawdles = Arc::new(AtomicBool::new(false));
    let mut options = Options::nominal(64);
    let filter = Arc::new(Sluggish(Arc::clone(&dawdles)));
    let registered = options.catalogue.register(filter);
    registered.expect("its descriptor holds together");
    let mut app = App::new(options);
    for (index, key) in ["tone", "sluggish", "null_renderer"].iter().enumerate() {
        let at = Position {
            x: 420.0 * index as f32,
            y: 0.0,
        };
        let key = (*key).to_owned();
        app.perform(Action::AddFilter { key, at });
    }
    for (from, to) in [(1, 2), (2, 3)] {
        let pin = |id: u32, name: &str| PinAddress {
            filter: FilterPath::from(vec![FilterId(id)]),
            pin: name.into(),
            instance: 0,
        };
        let (from, to) = (pin(from, "out"), pin(to, "in"));
        app.perform(Action::Connect { from, to });
    }
    app.perform(Action::Select(Default::default()));
    (Window::of(app), dawdles)
}

/// Looks again until something is so.
fn until(window: &mut Window, what: &str, mut is_so: impl FnMut(&mut Window) -> bool) {
    for _ in 0..1_000 {
        window.screen().app_mut().poll();
        window.harness().run_steps(1);
        if is_so(window) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("never: {what}");
}

fn run(window: &mut Window) {
    let app = window.screen().app_mut();
    app.perform(Action::SetState(State::Run));
    until(window, "cycles", |window| {
        let cells = window.screen().app().view().cells;
        cells.is_some_and(|cells| cells.cycles() > 50)
    });
}

fn is_late(story: &ksgraph::app::Dropout) -> bool {
    story.culprit == "Sluggish" && u128::from(story.late_nanos) > DAWDLE.as_nanos() / 2
}

#[test]
fn a_late_filter_has_its_story_its_log_line_and_its_badge() {
    let (mut window, dawdles) = bench();
    run(&mut window);
    dawdles.store(true, Ordering::Release);
    until(&mut window, "a story", |window| {
        window.screen().app().dropouts().iter().any(is_late)
    });
    let story = window
        .screen()
        .app()
        .dropouts()
        .iter()
        .find(|it| is_late(it))
        .cloned();
    let story = story.unwrap();
    assert_eq!(story.filter, Some(FilterPath::from(vec![FilterId(2)])));
    assert_eq!(story.waited, ["Null Renderer"]);
    assert_ne!(story.mishap, Mishap::Muted);
    let log = window.screen().app().view().log;
    let line = log
        .iter()
        .find(|it| it.source == "Sluggish" && it.text.contains("late"));
    let line = line.expect("the log tells of it");
    assert_eq!(line.filter, story.filter, "and leads there");
    window
        .screen()
        .app_mut()
        .perform(Action::SetState(State::Stop));
    window.key(Modifiers::SHIFT, Key::F7);
    window.harness().run_steps(3);
    assert!(window.sees(&story.sentence));
    assert!(window.sees(&format!("cycle {}", story.cycle)));
    let row = format!("{}: {}", story.title(), story.sentence);
    window
        .harness()
        .query_all_by_label(&row)
        .next()
        .unwrap()
        .click();
    window.harness().run_steps(3);
    window.click("Go to filter");
    window.harness().run_steps(3);
    let selected = &window.screen().app().view().selection.filters;
    assert!(selected.contains(&FilterId(2)), "{selected:?}");
    assert!(window.sees("Late cycles of its own"), "its page says so");
    // A larger cycle is offered, and taken.
    window.click("Quantum 128");
    assert_eq!(window.screen().app().view().quantum, 128);
    window.key(Modifiers::SHIFT, Key::F7);
    assert!(!window.sees(&story.details()), "and away");
}

#[test]
fn the_timeline_has_a_lane_for_each_filter_and_is_recorded_only_while_it_is_seen() {
    let (mut window, _) = bench();
    assert!(!window.screen().app().timeline().is_recording());
    window.key(Modifiers::COMMAND, Key::F7);
    window.harness().run_steps(2);
    assert!(window.screen().app().timeline().is_recording());
    run(&mut window);
    until(&mut window, "columns", |window| {
        window.screen().app().timeline().columns().len() > 20
    });
    for name in ["Tone Generator", "Sluggish", "Null Renderer"] {
        assert!(window.sees(&format!("Lane {name}")), "{name}");
    }
    window
        .screen()
        .app_mut()
        .perform(Action::SetState(State::Stop));
    window.harness().run_steps(3);
    // A click on a column says what is known of its cycle.
    let cycles = window.harness().get_by_label("Cycles").rect();
    let at = cycles.left_center() + egui::vec2(10.0, 0.0);
    window.harness().hover_at(at);
    window.harness().step();
    window.harness().drag_at(at);
    window.harness().step();
    window.harness().drop_at(at);
    window.harness().run_steps(3);
    assert!(window.sees("most by "));
    window.click("Lane Sluggish");
    window.harness().run_steps(3);
    let selected = &window.screen().app().view().selection.filters;
    assert!(selected.contains(&FilterId(2)), "{selected:?}");
    window.key(Modifiers::COMMAND, Key::F7);
    window.harness().run_steps(3);
    assert!(!window.screen().app().timeline().is_recording());
    // What was recorded can be written all the same.
    let path = std::env::temp_dir().join(format!("ksgraph-trace-{}.json", std::process::id()));
    window
        .screen()
        .app_mut()
        .perform(Action::ExportTimeline(path.clone()));
    let text = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let trace: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let own = events
        .iter()
        .filter(|it| it["name"] == "Sluggish" && it["ph"] == "X");
    assert!(own.count() > 20);
}

/// What is said of the first wire after its name.
fn said(window: &mut Window) -> String {
    let node = window
        .harness()
        .get_by_role_and_label(Role::Button, "Wire Tone Generator out to Sluggish in");
    let node = node.accesskit_node();
    node.value().unwrap_or_default()
}

#[test]
fn wires_of_glass_say_what_waits_how_late_and_how_loud_and_rest_with_the_graph() {
    let (mut window, _) = bench();
    run(&mut window);
    let plain = said(&mut window);
    assert!(!plain.contains("dB"), "{plain}");
    window
        .screen()
        .app_mut()
        .change_preferences(|it| it.glass_wires = true);
    until(&mut window, "figures", |window| {
        let words = said(window);
        words.contains("dB") && words.contains(" ms")
    });
    let words = said(&mut window);
    assert!(words.contains("\u{2212}20 dB"), "{words}");
    assert!(
        words.contains("0 of ") || words.contains("0 waiting"),
        "{words}"
    );
    // Nothing sounds any more: nothing moves.
    window
        .screen()
        .app_mut()
        .perform(Action::SetState(State::Stop));
    until(&mut window, "rest", |window| !window.screen().moves());
}
