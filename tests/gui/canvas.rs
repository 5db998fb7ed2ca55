//! The node canvas, by pointer and by keys, on a toy graph.

use egui::{Key, Modifiers, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use ksgraph::gui::node_graph::{Detail, Event, PinAddr, View};
use ksgraph::gui::theme::kind;

use crate::toy::{Bench, REFUSAL, Toy, bench, drag, middle, pull, rect, three};

#[test]
fn dragging_from_pin_to_pin_connects() {
    let mut h = bench(three());
    let (from, to) = (middle(&h, "Source output out"), middle(&h, "Sink input in"));
    drag(&mut h, from, to);
    let wanted = (PinAddr::output(1, 0), PinAddr::input(2, 0));
    let state = h.state();
    assert_eq!((state.toy.wires[0].from, state.toy.wires[0].to), wanted);
    h.get_by_label("Wire Source to Sink");
}

#[test]
fn dragging_from_the_input_connects_too() {
    let mut h = bench(three());
    let (from, to) = (middle(&h, "Sink input in"), middle(&h, "Source output out"));
    drag(&mut h, from, to);
    assert_eq!(h.state().toy.wires[0].from, PinAddr::output(1, 0));
}

#[test]
fn a_refused_pin_says_why_at_once_and_takes_no_wire() {
    let mut h = bench(three());
    let (from, to) = (
        middle(&h, "Source output out"),
        middle(&h, "Alien input in"),
    );
    assert!(h.query_by_label(REFUSAL).is_none());
    pull(&mut h, from, to);
    h.step();
    h.get_by_label(REFUSAL);
    let hand = h.state().in_hand.clone().unwrap();
    assert_eq!(hand.over.unwrap().0, PinAddr::input(3, 0));
    h.drop_at(to);
    h.run();
    assert!(h.state().toy.wires.is_empty());
    let refused =
        |e: &Event| matches!(e, Event::Refused { from, to, .. } if from.node == 1 && to.node == 3);
    assert_eq!(h.state().events.iter().filter(|e| refused(e)).count(), 1);
    assert!(
        h.query_by_label(REFUSAL).is_none(),
        "the words go with the wire"
    );
}

#[test]
fn each_pin_is_asked_about_once_per_drag() {
    let mut h = bench(three());
    let (from, to) = (
        middle(&h, "Source output out"),
        middle(&h, "Alien input in"),
    );
    pull(&mut h, from, to);
    for _ in 0..10 {
        h.step();
    }
    let asked = h.state().toy.asked.borrow().clone();
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert!(asked.values().all(|&times| times == 1), "{asked:?}");
    h.drop_at(to);
    h.run();
    drag(&mut h, from, to);
    assert!(
        h.state()
            .toy
            .asked
            .borrow()
            .values()
            .all(|&times| times == 2),
        "a new drag asks anew"
    );
}

#[test]
fn dropping_on_a_body_takes_the_first_pin_that_fits() {
    let mut h = bench(three());
    let (from, to) = (
        middle(&h, "Source output out"),
        rect(&h, "Filter Sink").center() + vec2(0.0, 20.0),
    );
    drag(&mut h, from, to);
    assert_eq!(h.state().toy.wires[0].to, PinAddr::input(2, 0));
}

#[test]
fn dropping_on_nothing_asks_for_what_fits() {
    let mut h = bench(three());
    let from = middle(&h, "Source output out");
    drag(&mut h, from, pos2(240.0, 420.0));
    let dropped = |e: &Event| matches!(e, Event::DropOnCanvas { pin, .. } if pin.node == 1);
    assert!(
        h.state().events.iter().any(dropped),
        "{:?}",
        h.state().events
    );
}

#[test]
fn escape_lets_the_wire_go() {
    let mut h = bench(three());
    let (from, to) = (middle(&h, "Source output out"), middle(&h, "Sink input in"));
    pull(&mut h, from, to);
    assert!(h.state().in_hand.is_some());
    h.key_press(Key::Escape);
    h.step();
    h.drop_at(to);
    h.run();
    assert!(h.state().in_hand.is_none());
    assert!(h.state().toy.wires.is_empty());
}

#[test]
fn pulling_a_connected_input_into_the_void_removes_the_wire() {
    let mut h = bench(three().wired(1, 2));
    let from = middle(&h, "Sink input in");
    drag(&mut h, from, pos2(240.0, 420.0));
    assert!(h.state().toy.wires.is_empty());
}

#[test]
fn pulling_a_connected_input_to_another_moves_the_end() {
    let toy = three()
        .with("Other", [600.0, 96.0], [1, 0], kind::AUDIO)
        .wired(1, 2);
    let mut h = bench(toy);
    let (from, to) = (middle(&h, "Sink input in"), middle(&h, "Other input in"));
    drag(&mut h, from, to);
    let wires = &h.state().toy.wires;
    assert_eq!(wires.len(), 1);
    assert_eq!((wires[0].from.node, wires[0].to.node), (1, 4));
}

#[test]
fn clicking_selects_shift_adds_control_toggles() {
    let mut h = bench(three());
    h.get_by_label("Filter Source").click();
    h.run();
    assert_eq!(h.state().toy.selected(), [1]);
    h.get_by_label("Filter Sink")
        .click_modifiers(Modifiers::SHIFT);
    h.run();
    assert_eq!(h.state().toy.selected(), [1, 2]);
    h.get_by_label("Filter Source")
        .click_modifiers(Modifiers::COMMAND);
    h.run();
    assert_eq!(h.state().toy.selected(), [2]);
    h.get_by_label("Filter Alien").click();
    h.run();
    assert_eq!(h.state().toy.selected(), [3]);
}

#[test]
fn a_band_selects_what_it_touches() {
    let mut h = bench(three());
    drag(&mut h, pos2(300.0, 60.0), pos2(560.0, 560.0));
    assert_eq!(h.state().toy.selected(), [2, 3]);
}

#[test]
fn boxes_move_in_steps_of_the_grid_and_all_selected_ones_together() {
    let mut h = bench(three());
    h.get_by_label("Filter Source").click();
    h.run();
    h.get_by_label("Filter Sink")
        .click_modifiers(Modifiers::SHIFT);
    h.run();
    let grip = rect(&h, "Filter Source").left_top() + vec2(40.0, 12.0);
    drag(&mut h, grip, grip + vec2(53.0, 28.0));
    let state = h.state();
    assert_eq!(state.toy.pos(1), pos2(80.0, 128.0));
    assert_eq!(state.toy.pos(2), pos2(368.0, 128.0));
    assert_eq!(state.toy.pos(3), pos2(320.0, 304.0));
    for event in &state.events {
        if let Event::Move { delta, .. } = event {
            assert_eq!(*delta / 16.0, (*delta / 16.0).round());
        }
    }
    let finished =
        |e: &&Event| matches!(e, Event::MoveFinished { delta, .. } if *delta == vec2(48.0, 32.0));
    assert_eq!(state.events.iter().filter(finished).count(), 1);
}

#[test]
fn control_or_alt_lets_a_box_lie_anywhere() {
    let mut h = bench(three());
    let grip = rect(&h, "Filter Source").left_top() + vec2(40.0, 12.0);
    pull(&mut h, grip, grip + vec2(53.0, 29.0));
    h.event(egui::Event::ModifiersChanged(Modifiers::COMMAND));
    h.step();
    assert_eq!(h.state().toy.pos(1), pos2(85.0, 125.0));
}

#[test]
fn edges_line_up_with_those_of_other_boxes() {
    let mut h = bench(three().with("Tall", [600.0, 101.0], [1, 0], kind::AUDIO));
    let grip = rect(&h, "Filter Source").left_top() + vec2(40.0, 12.0);
    drag(&mut h, grip, grip + vec2(100.0, 3.0));
    assert_eq!(
        h.state().toy.pos(1).y,
        101.0,
        "by the top of the nearest box, not by the grid"
    );
}

#[test]
fn the_end_of_a_selected_wire_is_moved_at_its_output_too() {
    let toy = three()
        .with("Other", [32.0, 304.0], [0, 1], kind::AUDIO)
        .wired(1, 2);
    let mut h = bench(toy);
    let (from, to) = (
        middle(&h, "Source output out"),
        middle(&h, "Other output out"),
    );
    drag(&mut h, from, to);
    assert_eq!(
        h.state().toy.wires[0].from.node,
        1,
        "not selected: another wire"
    );
    h.state_mut().toy.wires[0].selected = true;
    h.run();
    drag(&mut h, from, to);
    let wires = &h.state().toy.wires;
    assert_eq!(wires.len(), 1);
    assert_eq!((wires[0].from.node, wires[0].to.node), (4, 2));
}

#[test]
fn a_cut_takes_every_wire_it_crosses_in_one_event() {
    let toy = three()
        .with("Low", [320.0, 200.0], [1, 0], kind::AUDIO)
        .wired(1, 2)
        .wired(1, 4);
    let mut h = bench(toy);
    let (from, to) = (pos2(250.0, 70.0), pos2(250.0, 260.0));
    let press = |h: &mut egui_kittest::Harness<'static, crate::toy::Bench>, pos, pressed| {
        h.event(egui::Event::PointerButton {
            pos,
            button: egui::PointerButton::Secondary,
            pressed,
            modifiers: Modifiers::COMMAND,
        });
        h.step();
    };
    h.hover_at(from);
    h.step();
    h.event(egui::Event::ModifiersChanged(Modifiers::COMMAND));
    h.step();
    press(&mut h, from, true);
    for i in 1..=4 {
        h.hover_at(from.lerp(to, i as f32 / 4.0));
        h.step();
    }
    press(&mut h, to, false);
    h.run();
    let cuts: Vec<usize> = h
        .state()
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Disconnect { wires } => Some(wires.len()),
            _ => None,
        })
        .collect();
    assert_eq!(cuts, [2]);
}

#[test]
fn a_graph_too_large_to_see_has_a_minimap_that_moves_the_view() {
    let small = bench(three());
    assert!(small.query_by_label("Minimap").is_none(), "all is seen");
    let mut h = bench(three().with("Remote", [4000.0, 2000.0], [1, 1], kind::CLOCK));
    let map = rect(&h, "Minimap");
    assert!(h.query_by_label("Filter Remote").is_none());
    let corner = map.right_bottom() - vec2(10.0, 20.0);
    drag(&mut h, map.center(), corner);
    h.get_by_label("Filter Remote");
    assert!(
        h.state()
            .events
            .iter()
            .all(|e| !matches!(e, Event::Select { .. }))
    );
}

#[test]
fn escape_takes_a_move_back() {
    let mut h = bench(three());
    let grip = rect(&h, "Filter Source").left_top() + vec2(40.0, 12.0);
    pull(&mut h, grip, grip + vec2(64.0, 64.0));
    assert_ne!(h.state().toy.pos(1), pos2(32.0, 96.0));
    h.key_press(Key::Escape);
    h.step();
    h.drop_at(grip);
    h.run();
    assert_eq!(h.state().toy.pos(1), pos2(32.0, 96.0));
}

#[test]
fn a_box_let_go_on_a_wire_says_so() {
    let toy = three().wired(1, 2);
    let mut h = bench(toy);
    let grip = rect(&h, "Filter Alien").left_top() + vec2(40.0, 12.0);
    drag(&mut h, grip, pos2(200.0, 118.0));
    let onto = |e: &Event| {
        matches!(
            e,
            Event::MoveFinished {
                onto: Some(101),
                ..
            }
        )
    };
    assert!(
        h.state().events.iter().any(onto),
        "{:?}",
        h.state().events.last()
    );
}

#[test]
fn delete_removes_the_selected_box_with_its_wires() {
    let mut h = bench(three().wired(1, 2));
    h.get_by_label("Filter Sink").click();
    h.run();
    h.key_press(Key::Delete);
    h.run();
    assert!(h.query_by_label("Filter Sink").is_none());
    assert!(h.query_by_label("Wire Source to Sink").is_none());
    h.get_by_label("Filter Source");
}

#[test]
fn a_wire_is_selected_by_a_click_on_its_line_and_deleted() {
    let mut h = bench(three().wired(1, 2));
    let (from, to) = (middle(&h, "Source output out"), middle(&h, "Sink input in"));
    // Away from the handle in the middle.
    let on_line = from.lerp(to, 0.25);
    h.hover_at(on_line);
    h.step();
    h.drag_at(on_line);
    h.step();
    h.drop_at(on_line);
    h.run();
    assert!(h.state().toy.wires[0].selected);
    h.key_press(Key::Backspace);
    h.run();
    assert!(h.state().toy.wires.is_empty());
    assert_eq!(h.state().toy.boxes.len(), 3);
}

#[test]
fn control_a_selects_everything() {
    let mut h = bench(three());
    h.key_press_modifiers(Modifiers::COMMAND, Key::A);
    h.run();
    assert_eq!(h.state().toy.selected(), [1, 2, 3]);
}

#[test]
fn enter_on_one_pin_and_enter_on_another_connects() {
    let mut h = bench(three());
    h.get_by_label("Source output out").focus();
    h.run();
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(
        h.state().in_hand.clone().unwrap().pin,
        PinAddr::output(1, 0)
    );
    h.get_by_label("Sink input in").focus();
    h.run();
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(h.state().toy.wires.len(), 1);
    assert!(h.state().in_hand.is_none());
}

#[test]
fn arrows_walk_boxes_and_control_arrows_walk_pins() {
    let mut h = bench(three().wired(1, 2));
    h.get_by_label("Filter Source").focus();
    h.run();
    h.key_press(Key::ArrowRight);
    h.run();
    assert!(h.get_by_label("Filter Sink").is_focused());
    assert_eq!(h.state().toy.selected(), [2]);
    h.key_press(Key::ArrowDown);
    h.run();
    assert!(h.get_by_label("Filter Alien").is_focused());
    h.get_by_label("Filter Source").focus();
    h.run();
    h.key_press_modifiers(Modifiers::COMMAND, Key::ArrowRight);
    h.run();
    assert!(h.get_by_label("Source output out").is_focused());
    h.key_press_modifiers(Modifiers::COMMAND, Key::ArrowRight);
    h.run();
    assert!(h.get_by_label("Wire Source to Sink").is_focused());
    let is_chosen =
        |event: &Event| matches!(event, Event::Select { wires, .. } if wires.len() == 1);
    assert!(
        h.state().events.iter().any(is_chosen),
        "what is walked to is looked at"
    );
    h.key_press_modifiers(Modifiers::COMMAND, Key::ArrowRight);
    h.run();
    assert!(
        h.get_by_label("Sink input in").is_focused(),
        "along the wire"
    );
    h.key_press_modifiers(Modifiers::COMMAND, Key::ArrowLeft);
    h.run();
    assert!(h.get_by_label("Wire Source to Sink").is_focused());
    h.key_press(Key::Delete);
    h.run();
    assert!(h.query_by_label("Wire Source to Sink").is_none());
}

#[test]
fn the_wheel_with_control_zooms_at_the_pointer() {
    let mut h = bench(three());
    let pointer = pos2(400.0, 200.0);
    h.hover_at(pointer);
    h.run();
    let before = h.state().canvas.view();
    h.event(egui::Event::Zoom(1.5));
    h.run();
    let after = h.state().canvas.view();
    assert!((after.zoom - 1.5).abs() < 1e-3);
    assert!(before.to_graph(pointer).distance(after.to_graph(pointer)) < 0.1);
}

#[test]
fn bodies_are_drawn_near_only() {
    let mut h = bench(three());
    for (zoom, detail) in [
        (1.0, Detail::Near),
        (0.5, Detail::Middle),
        (0.2, Detail::Far),
    ] {
        let view = h.state().canvas.view();
        h.state_mut().canvas.set_view(View { zoom, ..view });
        *h.state().toy.bodies.borrow_mut() = 0;
        h.run();
        assert_eq!(h.state().canvas.view().detail(), detail);
        assert_eq!(
            *h.state().toy.bodies.borrow() > 0,
            detail == Detail::Near,
            "at {zoom}"
        );
        h.get_by_label("Filter Source");
        h.get_by_label("Source output out");
    }
}

#[test]
fn fitting_brings_a_far_box_into_sight() {
    let mut h = bench(three().with("Remote", [4000.0, 2000.0], [1, 1], kind::CLOCK));
    assert!(
        h.query_by_label("Filter Remote").is_none(),
        "what is out of sight is not drawn"
    );
    h.get_by_label("Fit all").click();
    h.run();
    h.get_by_label("Filter Remote");
    h.get_by_label("Zoom to 100 %").click();
    h.run();
    assert_eq!(h.state().canvas.view().zoom, 1.0);
}

#[test]
fn double_clicks_open_the_palette_or_the_properties() {
    let mut h = bench(three());
    let twice = |h: &mut egui_kittest::Harness<'static, crate::toy::Bench>, at| {
        for _ in 0..2 {
            for pressed in [true, false] {
                h.event(egui::Event::PointerButton {
                    pos: at,
                    button: egui::PointerButton::Primary,
                    pressed,
                    modifiers: Modifiers::NONE,
                });
            }
            h.step();
        }
        h.run();
    };
    twice(&mut h, pos2(200.0, 500.0));
    let at =
        |e: &Event| matches!(e, Event::Insert { at, .. } if at.distance(pos2(200.0, 500.0)) < 1.0);
    assert!(h.state().events.iter().any(at), "{:?}", h.state().events);
    // Long enough not to be counted with the clicks before.
    h.run_steps(30);
    let title = rect(&h, "Filter Source").center_top() + vec2(0.0, 10.0);
    twice(&mut h, title);
    assert!(
        h.state()
            .events
            .iter()
            .any(|e| matches!(e, Event::OpenProperties { .. }))
    );
}

#[test]
fn of_a_thousand_boxes_only_those_in_sight_are_drawn() {
    let mut toy = Toy::default();
    for i in 0..1000 {
        let at = [(i % 32) as f32 * 240.0, (i / 32) as f32 * 160.0];
        toy = toy.with("Many", at, [2, 2], kind::AUDIO);
    }
    for i in 1..1000 {
        toy = toy.wired(i, i + 1);
    }
    let mut h = bench(toy);
    h.run_steps(3);
    let seen = h.state().geometry.as_ref().unwrap().nodes.len();
    assert!((12..60).contains(&seen), "{seen} boxes are drawn");
}

#[test]
fn a_box_grabbed_while_another_is_selected_moves_alone() {
    let mut h = bench(three());
    h.get_by_label("Filter Sink").click();
    h.run();
    let grip = rect(&h, "Filter Source").left_top() + vec2(40.0, 12.0);
    drag(&mut h, grip, grip + vec2(160.0, 320.0));
    assert_eq!(h.state().toy.pos(2), pos2(320.0, 96.0), "the other stays");
    assert_eq!(h.state().toy.pos(1), pos2(192.0, 416.0));
}

#[test]
fn boxes_go_where_another_hand_puts_them_but_follow_the_own_hand_at_once() {
    let mut h = bench(three());
    h.state_mut().look.move_seconds = 0.2;
    let left = |h: &Harness<'static, Bench>| rect(h, "Filter Sink").left();
    let before = left(&h);
    h.state_mut().toy.put(2, pos2(520.0, 96.0));
    h.step();
    h.step();
    let between = left(&h);
    assert!(
        between > before + 1.0 && between < before + 199.0,
        "{between}"
    );
    h.run_steps(8);
    assert!((left(&h) - before - 200.0).abs() < 1.0, "arrived");
    let grip = rect(&h, "Filter Sink").min + egui::vec2(40.0, 14.0);
    pull(&mut h, grip, grip + egui::vec2(64.0, 0.0));
    h.step();
    assert!((left(&h) - before - 264.0).abs() < 9.0, "{}", left(&h));
    h.drop_at(grip + egui::vec2(64.0, 0.0));
    h.run_steps(2);
    h.state_mut().look.move_seconds = 0.0;
    h.state_mut().toy.put(2, pos2(320.0, 96.0));
    h.run_steps(2);
    assert!(
        (left(&h) - before).abs() < 1.0,
        "at once with reduced motion"
    );
}
