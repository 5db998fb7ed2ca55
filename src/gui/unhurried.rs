//! A press is made where the pointer was, however slow the frame: what the pointer did after it waits for the next one.
//!
//! Of all that happened since the last frame egui looks at where the pointer came to stand. A quick hand on a slow machine
//! presses on a pin and is far away by then: the press would go to whatever lies there.

use egui::{Event, Pos2};

/// Nearer than this, in points, nothing else is meant.
const NEAR: f32 = 2.0;

/// Events that wait.
#[derive(Default)]
pub(super) struct Unhurried {
    held: Vec<Event>,
}

impl Unhurried {
    /// Leaves in `events` what belongs to this frame. True if another one is wanted soon.
    pub(super) fn part(&mut self, events: &mut Vec<Event>) -> bool {
        if !self.held.is_empty() {
            let newer = std::mem::replace(events, std::mem::take(&mut self.held));
            events.extend(newer);
        }
        let mut pressed: Option<(usize, Pos2)> = None;
        for (index, event) in events.iter().enumerate() {
            match (event, pressed) {
                (Event::PointerButton { pos, .. }, None) => pressed = Some((index, *pos)),
                (
                    Event::PointerMoved(pos) | Event::PointerButton { pos, .. },
                    Some((at, before)),
                ) if pos.distance(before) > NEAR => {
                    self.held = events.split_off(at + 1);
                    break;
                }
                // A key is for what the click before it has selected.
                (Event::Key { pressed: true, .. }, Some(_)) => {
                    self.held = events.split_off(index);
                    break;
                }
                _ => {}
            }
        }
        !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Modifiers, PointerButton, pos2};

    fn button(x: f32, pressed: bool) -> Event {
        Event::PointerButton {
            pos: pos2(x, 0.0),
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        }
    }

    fn moved(x: f32) -> Event {
        Event::PointerMoved(pos2(x, 0.0))
    }

    #[test]
    fn a_drag_within_one_slow_frame_is_taken_one_place_a_frame() {
        let mut unhurried = Unhurried::default();
        let mut events = vec![
            moved(10.0),
            button(10.0, true),
            moved(50.0),
            moved(90.0),
            button(90.0, false),
            moved(300.0),
        ];
        assert!(unhurried.part(&mut events));
        assert_eq!(events, [moved(10.0), button(10.0, true)]);
        // What came meanwhile comes last.
        let mut events = vec![moved(400.0)];
        assert!(unhurried.part(&mut events));
        assert_eq!(events, [moved(50.0), moved(90.0), button(90.0, false)]);
        let mut events = vec![];
        assert!(!unhurried.part(&mut events));
        assert_eq!(events, [moved(300.0), moved(400.0)]);
    }

    #[test]
    fn a_key_after_a_click_waits_for_what_it_selects() {
        let key = Event::Key {
            key: egui::Key::Delete,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::NONE,
        };
        let click = [button(10.0, true), button(10.0, false)];
        let mut unhurried = Unhurried::default();
        let mut events = click.to_vec();
        events.push(key.clone());
        assert!(unhurried.part(&mut events));
        assert_eq!(events, click);
        let mut events = vec![];
        assert!(!unhurried.part(&mut events));
        assert_eq!(events, [key]);
    }

    #[test]
    fn clicks_in_one_place_stay_together() {
        let mut unhurried = Unhurried::default();
        let all = vec![
            moved(9.0),
            button(10.0, true),
            button(10.0, false),
            moved(11.0),
            button(11.0, true),
            button(11.0, false),
        ];
        let mut events = all.clone();
        assert!(!unhurried.part(&mut events));
        assert_eq!(events, all);
    }
}
