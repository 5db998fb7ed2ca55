//! Every command of the window, done from its menu by its name, and by its key.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use ksgraph::app::{Action, AtEnd, ConnectMode, ThemeChoice};
use ksgraph::graph::NodeKind;
use ksgraph::gui::commands::{Entry, entries};
use ksgraph::gui::theme::ThemeName;
use ksgraph::ks::State;

pub(crate) mod benches;

use super::app_support::Window;
use benches::*;

/// What must be so before a command, and what must be so after.
struct Case {
    name: &'static str,
    window: fn() -> Window,
    done: fn(&mut Window) -> bool,
}

macro_rules! cases {
    ($($name:literal, $window:expr, $done:expr;)*) => {
        const CASES: &[Case] = &[$(Case { name: $name, window: $window, done: $done }),*];
    };
}

cases! {
    "file.new", three, |w| w.sees("Save the changes to untitled.ron?");
    "file.open", || Window::on("graphs/tone.ron"), |w| w.sees("Open a graph");
    "file.close", three, |w| w.sees("Save the changes to untitled.ron?");
    "file.save", three, |w| w.sees("Save the graph as");
    "file.save_as", three, |w| w.sees("Save the graph as");
    "file.template", three, |w| {
        let log = w.screen().app().view().log;
        log.iter().any(|line| line.text.to_lowercase().contains("template"))
    };
    "file.merge", three, |w| w.sees("Merge a graph into this one");
    "file.render", three, |w| w.sees("Play a sound");
    "file.find_missing", missing, |w| w.sees("Where is nowhere.wav?");
    "file.quit", || Window::on("graphs/tone.ron"), |w| w.screen().may_leave();

    "edit.undo", three, |w| count(w) == 2;
    "edit.redo", undone, |w| count(w) == 3;
    "edit.history", three, |w| w.sees("Step 0: The beginning");
    "edit.cut", one, |w| count(w) == 2 && w.sees("Undo: Cut Tone Generator");
    "edit.copy", one, |w| {
        w.screen().app_mut().perform(Action::Select(Default::default()));
        w.harness().run_steps(2);
        perform(w, "edit.paste");
        w.harness().run_steps(8);
        count(w) == 4
    };
    "edit.paste", copied, |w| {
        w.harness().run_steps(8);
        count(w) == 4
    };
    "edit.duplicate", one, |w| count(w) == 4;
    "edit.delete", one, |w| count(w) == 2 && w.sees("Undo: Deleted Tone Generator");
    "edit.disconnect", chosen, |w| wires(w) == 0;
    "edit.disconnect_all", chosen, |w| wires(w) == 0;
    "edit.rename", one, |w| w.sees("Name of the filter");
    "edit.properties", one, |w| w.sees("Tone Generator");
    "edit.move.left", one, |w| (xs(w)[0], ys(w)[0]) == (-16.0, 0.0);
    "edit.move.right", one, |w| (xs(w)[0], ys(w)[0]) == (16.0, 0.0);
    "edit.move.up", one, |w| (xs(w)[0], ys(w)[0]) == (0.0, -16.0);
    "edit.move.down", one, |w| (xs(w)[0], ys(w)[0]) == (0.0, 16.0);
    "edit.select_all", three, |w| selected(w) == 3;
    "edit.select_none", one, |w| selected(w) == 0;
    "edit.find", three, |w| w.sees("Find anything");

    "view.fit", zoomed, |w| zoom(w) > 0.9;
    "view.actual_size", zoomed, |w| (zoom(w) - 1.0).abs() < 0.01;
    "view.zoom_in", zoomed, |w| (zoom(w) - 1.0).abs() < 0.01;
    "view.zoom_out", zoomed, |w| (zoom(w) - 0.64).abs() < 0.01;
    "view.centre", one, |w| {
        w.harness().run_steps(30);
        let canvas = w.harness().get_by_role_and_label(Role::Canvas, "Graph").rect();
        let node = w.harness().get_by_label("Filter Tone Generator").rect();
        (node.center() - canvas.center()).length() < 40.0
    };
    "view.catalogue", three, |w| !w.sees("Search filters");
    "view.inspector", three, |w| !w.sees("Open Mixer");
    "view.log", folded, |w| is_front(w, "Log") && w.sees("Filter the log");
    "view.performance", folded, |w| is_front(w, "Performance");
    "view.events", one, |w| is_front(w, "Events");
    "view.frames", three, |w| w.sees("Click a wire to see its frames.");
    "view.blame", three, |w| w.sees("No dropouts since 00:00:00.");
    "view.timeline", three, |w| w.sees("Nothing runs. Press Space to see which filter runs when.");
    "view.score", three, |w| w.sees("Nothing runs. Press Space to see what is to come.");
    "view.glass_wires", three, |w| w.screen().app().preferences().glass_wires;
    "view.hold_frames", probed, |w| w.screen().app().view().frames_are_held();
    "view.next_panel", three, |w| focus_is_on(w, Role::Pane, "Inspector");
    "view.previous_panel", three, |w| focus_is_on(w, Role::Pane, "Catalogue");
    "view.menu_bar", three, |w| focus_is_on(w, Role::Button, "File");
    "view.context_menu", one, |w| menu_item(w, "Delete").is_some();
    "view.theme.dark", light, |w| theme(w) == ThemeChoice::Dark && worn(w) == ThemeName::Dark;
    "view.theme.light", three, |w| theme(w) == ThemeChoice::Light && worn(w) == ThemeName::Light;
    "view.theme.high_contrast", three, |w| theme(w) == ThemeChoice::HighContrast && worn(w) == ThemeName::HighContrast;
    "view.theme.system", three, |w| theme(w) == ThemeChoice::System;
    "view.scale.100", scaled, |w| percent(w) == 100 && drawn_at(w) == 100;
    "view.scale.125", three, |w| percent(w) == 125 && drawn_at(w) == 125;
    "view.scale.150", three, |w| percent(w) == 150 && drawn_at(w) == 150;
    "view.scale.175", three, |w| percent(w) == 175 && drawn_at(w) == 175;
    "view.scale.200", three, |w| percent(w) == 200 && drawn_at(w) == 200;
    "view.reduced_motion", three, |w| w.screen().app().preferences().reduced_motion;
    "view.full_screen", three, |w| w.screen().is_full_screen();

    "graph.insert", three, |w| w.sees("Insert filter");
    "graph.connect", whole, |w| wires(w) == 2;
    "graph.render_pin", one, |w| wires(w) == 1 && w.sees("Undo: Rendered");
    "graph.arrange", scattered, |w| xs(w) != [0.0, 500.0, 700.0] && w.sees("Undo: Arranged");
    "graph.align.left", scattered, |w| xs(w) == [0.0; 3];
    "graph.align.right", scattered, |w| xs(w)[0] > 0.0;
    "graph.align.top", scattered, |w| ys(w) == [10.0; 3] || ys(w) == [ys(w)[0]; 3];
    "graph.align.bottom", scattered, |w| ys(w)[2] > 10.0;
    "graph.align.centre", scattered, |w| xs(w)[0] > 0.0;
    "graph.align.middle", scattered, |w| ys(w)[2] > 10.0;
    "graph.distribute.horizontally", scattered, |w| xs(w)[1] != 500.0;
    "graph.distribute.vertically", scattered, |w| ys(w) != [40.0, 400.0, 10.0];
    "graph.group", one, |w| w.sees("Undo: Grouped");
    "graph.ungroup", grouped, |w| count(w) == 3 && w.sees("Undo: Ungrouped");
    "graph.pack", grouped, |w| w.sees("Save as Filter") && w.sees("Properties it shows");
    "graph.unpack", packed, |w| {
        let graph = w.graph();
        let mut groups = graph.filters.values().filter(|it| matches!(it.kind, NodeKind::Group(_)));
        groups.all(|it| it.kind.filter().is_none())
    };
    "graph.enter", grouped, |w| w.screen().app().view().place().len() == 1 && count(w) == 1;
    "graph.leave", inside, |w| w.screen().app().view().place().is_empty();
    "graph.bypass", one, |w| filter(w).is_bypassed;
    "graph.disable", one, |w| filter(w).is_disabled;
    "graph.enable", disabled, |w| !filter(w).is_disabled;
    "graph.state.run", held, |w| limit(w) == State::Run;
    "graph.state.pause", chosen, |w| limit(w) == State::Pause;
    "graph.state.acquire", chosen, |w| limit(w) == State::Acquire;
    "graph.state.stop", chosen, |w| limit(w) == State::Stop;

    "graph.comment", three, |w| {
        w.type_text("Loud here");
        w.key(Modifiers::NONE, Key::Enter);
        let notes = w.graph().notes;
        notes.len() == 1 && notes.values().next().expect("it is there").text == "Loud here"
    };
    "graph.frame", one, |w| {
        w.type_text("Source");
        w.key(Modifiers::NONE, Key::Enter);
        let notes = w.graph().notes;
        notes.len() == 1 && notes.values().next().expect("it is there").text == "Source"
    };
    "graph.note.edit", framed, |w| w.sees("Words of the note");
    "graph.frame.usual", || tinted("red"), |w| tint(w).is_empty();
    "graph.frame.teal", framed, |w| tint(w) == "teal";
    "graph.frame.violet", framed, |w| tint(w) == "violet";
    "graph.frame.blue", framed, |w| tint(w) == "blue";
    "graph.frame.amber", framed, |w| tint(w) == "amber";
    "graph.frame.orange", framed, |w| tint(w) == "orange";
    "graph.frame.red", framed, |w| tint(w) == "red";
    "graph.why", refused, |w| w.sees("These two pins cannot agree on a sample rate");
    "graph.read_filters", kept, |w| {
        let log = w.screen().app().view().log;
        log.iter().any(|line| line.text.contains("files of filters"))
    };
    "graph.refresh", three, |w| count(w) == 3;

    "play.toggle", three, |w| state(w) == State::Run;
    "play.stop", acquired, |w| state(w) == State::Stop;
    "play.acquire", three, |w| state(w) == State::Acquire;
    "play.pause", three, |w| state(w) == State::Pause;
    "play.run", three, |w| state(w) == State::Run;
    "play.play_mode", keyboard, |w| w.screen().app().view().play_mode.is_some();
    "play.tap_tempo", || Window::with(&["tone", "metronome"]), |w| {
        press(w, "T");
        let NodeKind::Filter(metronome) = w.graph().filters.values().nth(1).expect("it is there").kind.clone() else {
            return false;
        };
        metronome.values.contains_key("tempo")
    };

    "play.device", three, |w| w.sees("Rate, in the graph") || w.sees("Default device");
    "play.use_clock", driving, |w| {
        let timing = w.screen().app().view().timing().clone();
        timing.master == ksgraph::graph::Master::Filter(ksgraph::graph::FilterPath::of(ksgraph::graph::FilterId(3)))
    };

    "play.full_quality", three, |w| w.graph().timing.full_quality;

    "play.step", three, |w| state(w) == State::Pause;
    "play.seek", sought, |w| w.sees("Place to go to");
    "play.to_start", sought, |w| goes_to(w, 0);
    "play.to_end", sought, |w| goes_to(w, 96_000);
    "play.previous_mark", sought, |w| goes_to(w, 24_000);
    "play.next_mark", sought, |w| goes_to(w, 72_000);
    "play.loop", sought, |w| is_looping(w) && range(w) == Some((0, 96_000));
    "play.loop_begin", sought, |w| !is_looping(w) && range(w) == Some((48_000, 96_000));
    "play.loop_end", sought, |w| is_looping(w) && range(w) == Some((0, 48_000));
    "play.forget_loop", looped, |w| !is_looping(w) && range(w).is_none();
    "play.speed.half", paced, |w| speeds(w, 500);
    "play.speed.three_quarters", paced, |w| speeds(w, 750);
    "play.speed.normal", paced, |w| speeds(w, 1000);
    "play.speed.five_quarters", paced, |w| speeds(w, 1250);
    "play.speed.three_halves", paced, |w| speeds(w, 1500);
    "play.speed.double", paced, |w| speeds(w, 2000);
    "play.end.go_on", ending, |w| at_end(w) == AtEnd::GoOn;
    "play.end.stop", three, |w| at_end(w) == AtEnd::Stop;
    "play.end.anew", three, |w| at_end(w) == AtEnd::BeginAnew;

    "play.panic", three, |w| {
        let log = w.screen().app().view().log;
        log.iter().any(|line| line.text == "Every note was silenced")
    };

    "tools.connect.direct", intelligent, |w| connects(w) == ConnectMode::Direct;
    "tools.connect.intelligent", three, |w| connects(w) == ConnectMode::Intelligent;
    "tools.connect.format", three, |w| connects(w) == ConnectMode::WithFormat;
    "file.to_file", three, |w| w.sees("Samples 24 bits") && w.sees("Choose File\u{2026}");
    "file.picture", three, |w| w.sees("Export a picture of the graph");
    "tools.built", three, |w| w.sees("Construction Report") && w.sees("Close");
    "tools.budget", three, |w| w.sees("Latency Budget") && w.sees("Close");
    "tools.report", three, |w| w.sees("Save a report");
    "tools.export_minutes", three, |w| w.sees("Export the last minutes");
    "tools.export_timeline", three, |w| w.sees("Export the timeline");
    "tools.preferences", three, |w| w.sees("Preferences");

    "help.filter", one, |w| w.sees("Outputs") && w.sees("Frequency");
    "help.no_sound", three, |w| w.sees("No Sound?") && w.sees("Close");
    "help.keys", three, |w| w.sees("On the canvas");
    "help.tour", three, |w| w.screen().is_touring();
    "help.about", three, |w| w.sees("Version");
}

fn entry(name: &str) -> Entry {
    let mut all = entries().into_iter();
    all.find(|entry| entry.name == name)
        .unwrap_or_else(|| panic!("there is no command {name}"))
}

/// The entry of an open menu with these words, or that begins with them.
fn menu_item(window: &mut Window, words: &str) -> Option<egui::Rect> {
    let roles = [Role::MenuItem, Role::MenuItemCheckBox];
    let mut found = vec![];
    for role in roles {
        for node in window.harness().query_all_by_role(role) {
            let label = node.accesskit_node().label().unwrap_or_default();
            if label.starts_with(words) {
                found.push((label.len(), node.rect()));
            }
        }
    }
    found.sort_by_key(|it| it.0);
    found.first().map(|it| it.1)
}

fn click_at(window: &mut Window, rect: egui::Rect) {
    window.harness().hover_at(rect.center());
    window.harness().step();
    window.harness().drag_at(rect.center());
    window.harness().step();
    window.harness().drop_at(rect.center());
    window.harness().run_steps(4);
}

/// Goes through the menus as a hand does.
fn perform(window: &mut Window, name: &str) {
    let entry = entry(name);
    let menu = entry.menu.expect("it is in a menu");
    let button = window
        .harness()
        .query_all_by_role_and_label(Role::Button, menu.title())
        .min_by(|a, b| a.rect().top().total_cmp(&b.rect().top()))
        .expect("the menu is in the bar")
        .rect();
    click_at(window, button);
    if let Some(under) = entry.under {
        let sub = window
            .harness()
            .query_all_by_role_and_label(Role::Button, under)
            .next()
            .unwrap_or_else(|| panic!("{name}: no submenu {under}"))
            .rect();
        click_at(window, sub);
    }
    let item =
        menu_item(window, entry.words).unwrap_or_else(|| panic!("{name} is not in its menu"));
    click_at(window, item);
}

fn press(window: &mut Window, text: &str) {
    let mut modifiers = Modifiers::NONE;
    let mut rest = text;
    for (word, modifier) in [
        ("Ctrl+", Modifiers::COMMAND),
        ("Shift+", Modifiers::SHIFT),
        ("Alt+", Modifiers::ALT),
    ] {
        if let Some(after) = rest.strip_prefix(word).filter(|after| !after.is_empty()) {
            modifiers |= modifier;
            rest = after;
        }
    }
    let event = match text {
        "Ctrl+C" => Some(egui::Event::Copy),
        "Ctrl+X" => Some(egui::Event::Cut),
        _ => None,
    };
    if let Some(event) = event {
        window.harness().event(event);
        window.harness().run_steps(4);
        return;
    }
    let key = match rest {
        "Del" => Key::Delete,
        other => Key::from_name(other).unwrap_or_else(|| panic!("no key {other}")),
    };
    window.key(modifiers, key);
}

#[test]
fn every_command_is_tried_here() {
    let tried: Vec<&str> = CASES.iter().map(|case| case.name).collect();
    for entry in entries() {
        assert!(
            tried.contains(&entry.name),
            "{} is tried by no test",
            entry.name
        );
    }
    for name in tried {
        entry(name);
    }
}

#[test]
fn every_command_is_done_from_its_menu_by_its_name() {
    let mut idle = vec![];
    for case in CASES {
        if entry(case.name).menu.is_none() {
            continue;
        }
        let mut window = (case.window)();
        perform(&mut window, case.name);
        if !(case.done)(&mut window) {
            idle.push(case.name);
        }
    }
    assert!(idle.is_empty(), "these did nothing: {idle:?}");
}

#[test]
fn every_command_is_done_by_each_of_its_keys() {
    let mut idle = vec![];
    for case in CASES {
        for keys in entry(case.name).keys {
            // Its text comes with the desktop's clipboard.
            if *keys == "Ctrl+V" {
                continue;
            }
            let mut window = (case.window)();
            press(&mut window, keys);
            if !(case.done)(&mut window) {
                idle.push(format!("{} by {keys}", case.name));
            }
        }
    }
    assert!(idle.is_empty(), "these did nothing: {idle:?}");
}

#[test]
fn the_finder_has_every_command() {
    let mut window = three();
    for entry in entries() {
        let words = entry.words.trim_end_matches('\u{2026}');
        let title = match entry.under {
            Some(under) => format!("Command {under}: {words}"),
            None => format!("Command {words}"),
        };
        window.key(Modifiers::COMMAND, Key::F);
        window.type_text(words);
        let sees = window.sees(&title);
        assert!(sees, "{}: the finder does not offer {title:?}", entry.name);
        window.key(Modifiers::NONE, Key::Escape);
    }
}

#[test]
fn the_finder_goes_from_one_filter_to_the_next() {
    let mut window = Window::with(&["tone", "gain", "gain"]);
    window.key(Modifiers::COMMAND, Key::F);
    window.type_text("gain");
    let at = |window: &mut Window| window.screen().app().view().selection.one_filter();
    window.key(Modifiers::NONE, Key::Enter);
    let one = at(&mut window).expect("one is selected");
    window.key(Modifiers::NONE, Key::Enter);
    let other = at(&mut window).expect("one is selected");
    assert_ne!(one, other, "Enter goes on");
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(at(&mut window), Some(one), "and round");
    window.key(Modifiers::NONE, Key::Escape);
    assert_eq!(count(&mut window), 3, "nothing was added");
}

#[test]
fn alt_with_enter_shows_the_properties_and_is_no_tap_of_alt() {
    let mut window = one();
    window.harness().set_size(egui::vec2(900.0, 600.0));
    window.harness().run_steps(10);
    assert!(!window.sees("Name of Tone Generator") && !is_front(&mut window, "Properties"));
    let hit = |window: &mut Window, key, pressed| {
        window.harness().event(egui::Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers: Modifiers::ALT,
        });
        window.harness().step();
    };
    hit(&mut window, Key::AltLeft, true);
    hit(&mut window, Key::Enter, true);
    hit(&mut window, Key::Enter, false);
    hit(&mut window, Key::AltLeft, false);
    window.harness().run_steps(4);
    assert!(is_front(&mut window, "Properties"), "though it had no room");
    assert!(!focus_is_on(&mut window, Role::Button, "File"));
    // By itself it is one.
    hit(&mut window, Key::AltLeft, true);
    hit(&mut window, Key::AltLeft, false);
    window.harness().run_steps(4);
    assert!(focus_is_on(&mut window, Role::Button, "File"));
}

#[test]
fn what_cannot_be_done_says_why() {
    let mut window = three();
    let before = window.graph();
    window.key(Modifiers::COMMAND, Key::D);
    assert_eq!(window.graph(), before);
    let hint = window.screen().hint().expect("a hint").to_owned();
    assert!(hint.starts_with("Duplicate: Nothing is selected"), "{hint}");
}

#[test]
fn keys_are_rebound_kept_and_reset() {
    let mut window = one();
    perform(&mut window, "tools.preferences");
    window.click("Page Keys");
    window.harness().get_by_label("Search commands").focus();
    window.harness().run_steps(2);
    window.type_text("duplic");
    window.click("Keys of Duplicate");
    // Somebody else's: it is said whose, and how to have it nevertheless.
    window.key(Modifiers::COMMAND, Key::G);
    assert!(window.sees("Ctrl+G belongs to Arrange."));
    window.click("Take it from Arrange");
    let keys = window.screen().app().preferences().keys.clone();
    assert_eq!(keys["edit.duplicate"], ["Ctrl+G"]);
    assert!(keys["graph.arrange"].is_empty());
    // What always means the same cannot be had.
    window.click("Keys of Duplicate");
    window.key(Modifiers::NONE, Key::Enter);
    assert!(window.sees("Enter always means"));
    window.click("Leave it");
    window.click("Close");
    window.key(Modifiers::COMMAND, Key::D);
    assert_eq!(count(&mut window), 3, "the old keys are nobody's");
    window.key(Modifiers::COMMAND, Key::G);
    assert_eq!(count(&mut window), 4, "the new ones count");
    perform(&mut window, "tools.preferences");
    // Until the page stands still.
    window.harness().run_steps(10);
    window.click("Page Keys");
    window.harness().run_steps(4);
    window.click("Reset all keys");
    assert!(window.screen().app().preferences().keys.is_empty());
}

#[test]
fn a_page_that_opens_is_clicked_where_it_is_seen() {
    for frames in 2..=6 {
        let mut window = three();
        let harness = window.harness();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
        harness.run_steps(frames);
        window.click("Page Keys");
        assert!(window.sees("Search commands"), "after {frames} frames");
    }
}

#[test]
fn the_finder_knows_what_other_programs_call_it() {
    let mut window = three();
    for (typed, found) in [
        ("insert filters", "Command Add Filter"),
        ("spy", "Command Events"),
        ("reference clock", "Command Use Clock"),
        ("statistics", "Command Performance"),
        ("reconnect", "Command Connect"),
    ] {
        window.key(Modifiers::COMMAND, Key::F);
        window.type_text(typed);
        assert!(window.sees(found), "{typed}");
        window.key(Modifiers::NONE, Key::Escape);
    }
}

#[test]
fn a_plain_key_belongs_to_what_has_the_keyboard() {
    let mut window = one();
    window.click("Search filters");
    window.type_text("x");
    window.key(Modifiers::NONE, Key::Backspace);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(count(&mut window), 3, "Del is the field's");
    // Not a field, but not the canvas either.
    window.key(Modifiers::NONE, Key::F6);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(count(&mut window), 3, "the catalogue has the keyboard");
    let canvas = window
        .harness()
        .get_by_role_and_label(Role::Canvas, "Graph")
        .rect();
    click_at(
        &mut window,
        egui::Rect::from_min_size(
            canvas.right_top() + egui::vec2(-60.0, 60.0),
            egui::vec2(2.0, 2.0),
        ),
    );
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(count(&mut window), 0, "now the canvas has it");
}

#[test]
fn a_group_is_entered_and_left_by_the_breadcrumb() {
    let mut window = inside();
    assert!(window.sees("untitled.ron"));
    window.click("untitled.ron");
    assert!(window.screen().app().view().place().is_empty());
    assert_eq!(count(&mut window), 3);
}

#[test]
fn a_name_is_checked_while_it_is_typed() {
    let mut window = one();
    window.key(Modifiers::NONE, Key::F2);
    window.type_text("Gain and Pan");
    assert!(window.sees("Gain and Pan 2 is free."));
    window.key(Modifiers::NONE, Key::Enter);
    assert!(
        window.sees("Name of the filter"),
        "it stays until it is right"
    );
    window.type_text(" left");
    window.key(Modifiers::NONE, Key::Enter);
    let names: Vec<String> = window
        .graph()
        .filters
        .values()
        .map(|it| it.name.clone())
        .collect();
    assert!(names.contains(&"Gain and Pan left".to_owned()), "{names:?}");
}

#[test]
fn a_toast_takes_back_what_it_tells() {
    let mut window = three();
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(count(&mut window), 0);
    window.click("Undo: Deleted 3 filters");
    assert_eq!(count(&mut window), 3);
    assert!(!window.sees("Undo: Deleted"), "and goes");
}

#[test]
fn the_history_goes_back_and_forth() {
    let mut window = three();
    perform(&mut window, "edit.history");
    window.click("Step 1: Add Tone Generator");
    assert_eq!(count(&mut window), 1);
    window.click("Step 3: Add Null Renderer");
    assert_eq!(count(&mut window), 3);
}

#[test]
fn menus_are_reached_and_walked_by_keys_alone() {
    let mut window = three();
    window.key(Modifiers::NONE, Key::F10);
    window.key(Modifiers::NONE, Key::Enter);
    // From an open menu to its neighbour.
    window.key(Modifiers::NONE, Key::ArrowRight);
    for _ in 0..40 {
        window.key(Modifiers::NONE, Key::ArrowDown);
        if focus_is_on(&mut window, Role::MenuItem, "Select All") {
            break;
        }
    }
    window.key(Modifiers::NONE, Key::Enter);
    assert_eq!(selected(&mut window), 3);
}

#[test]
fn the_menu_of_a_note_is_about_the_note() {
    let mut window = framed();
    press(&mut window, "Shift+F10");
    for words in ["Edit Words", "Teal Frame", "Delete"] {
        assert!(menu_item(&mut window, words).is_some(), "{words}");
    }
    for words in ["Add Filter\u{2026}", "Bypass"] {
        assert!(menu_item(&mut window, words).is_none(), "{words}");
    }
    window.key(Modifiers::NONE, Key::Escape);
    assert!(menu_item(&mut window, "Teal Frame").is_none());
}
