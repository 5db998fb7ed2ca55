//! Comments and frames on the node canvas, by pointer and by keys.

use egui::{Key, Modifiers, PointerButton, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use ksgraph::gui::node_graph::Event;

use crate::toy::{Bench, Toy, bench, drag, rect, three};

fn written() -> Toy {
    let frame = Rect::from_min_max(pos2(300.0, 60.0), pos2(480.0, 450.0));
    let comment = Rect::from_min_size(pos2(560.0, 100.0), vec2(200.0, 60.0));
    three()
        .noted("Voices", frame, true)
        .noted("Mind the level", comment, false)
}

fn click(h: &mut Harness<'static, Bench>, pos: egui::Pos2, times: usize) {
    h.hover_at(pos);
    h.step();
    for pressed in std::iter::repeat_n([true, false], times).flatten() {
        h.event(egui::Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        h.step();
    }
    h.run();
}

#[test]
fn a_comment_is_dragged_and_a_frame_by_its_title_only() {
    let mut h = bench(written());
    let before = rect(&h, "Comment Mind the level");
    let grip = before.center();
    drag(&mut h, grip, grip + vec2(32.0, 48.0));
    assert_eq!(h.state().toy.notes[1].rect.min, pos2(592.0, 144.0));
    assert!(h.state().toy.notes[1].selected);
    // By its title.
    let title = pos2(440.0, 70.0);
    drag(&mut h, title, title + vec2(-16.0, 0.0));
    assert_eq!(h.state().toy.notes[0].rect.min.x, 288.0);
    // Inside a frame there is canvas: a drag there selects.
    drag(&mut h, pos2(300.0, 200.0), pos2(420.0, 400.0));
    assert_eq!(h.state().toy.notes[0].rect.min.x, 288.0, "it did not move");
    assert_eq!(h.state().toy.selected(), [3]);
}

#[test]
fn a_corner_resizes_on_the_grid() {
    let mut h = bench(written());
    let corner = rect(&h, "Comment Mind the level").right_bottom() - vec2(4.0, 4.0);
    drag(&mut h, corner, corner + vec2(50.0, 30.0));
    let note = &h.state().toy.notes[1];
    assert_eq!(note.rect.min, pos2(560.0, 100.0));
    assert_eq!(note.rect.max, pos2(816.0, 192.0));
    let finished = |event: &&Event| matches!(event, Event::ResizeFinished { .. });
    assert_eq!(h.state().events.iter().filter(finished).count(), 1);
}

#[test]
fn words_are_edited_in_place_and_esc_takes_them_back() {
    let mut h = bench(written());
    let at = rect(&h, "Comment Mind the level").center();
    click(&mut h, at, 2);
    let field = h.get_by_label("Words of the note");
    assert!(field.is_focused());
    field.type_text("Now ");
    h.run();
    h.key_press(Key::Enter);
    h.run();
    assert!(h.state().toy.notes[1].text.contains("Now "));
    assert!(h.query_by_label("Words of the note").is_none());
    let said = h.state().toy.notes[1].text.clone();
    h.run_steps(30);
    click(&mut h, at, 2);
    h.get_by_label("Words of the note").type_text("never");
    h.run();
    h.key_press(Key::Escape);
    h.run();
    assert_eq!(h.state().toy.notes[1].text, said);
    assert!(h.query_by_label("Words of the note").is_none());
}

#[test]
fn delete_takes_selected_notes_too() {
    let mut h = bench(written());
    let at = rect(&h, "Comment Mind the level").center();
    click(&mut h, at, 1);
    h.key_press(Key::Delete);
    h.run();
    assert_eq!(h.state().toy.notes.len(), 1);
    assert_eq!(h.state().toy.boxes.len(), 3);
}

#[test]
fn a_band_takes_a_frame_only_whole() {
    let mut h = bench(written());
    drag(&mut h, pos2(270.0, 200.0), pos2(540.0, 560.0));
    assert!(!h.state().toy.notes[0].selected);
    drag(&mut h, pos2(270.0, 40.0), pos2(540.0, 560.0));
    assert!(h.state().toy.notes[0].selected);
}
