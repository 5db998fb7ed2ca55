//! Boxes that another hand has moved (undo, arranging, aligning) go to their new places instead of being there at once.
//!
//! What is in the hand does not: it is where the pointer is.

use std::collections::HashMap;
use std::rc::Rc;

use egui::{Ui, Vec2};

use super::gesture::Gesture;
use super::look::Look;
use super::model::NodeId;
use super::scene::Map;
use super::show::NodeGraph;

/// More boxes on the move than this are there at once: nobody follows them, and it would cost frames.
const MANY: usize = 400;

/// Boxes under way.
#[derive(Default)]
pub(super) struct Glide {
    /// How far each was from its place when it began.
    from: HashMap<NodeId, Vec2>,
    begun: f64,
    seconds: f32,
    /// What the next move takes, if it is not the usual.
    next: Option<f32>,
    /// Whether something was in the hand in the last frame.
    was_held: bool,
}

impl Glide {
    /// The part of the way that is left.
    fn left(&self, now: f64) -> f32 {
        if self.from.is_empty() || self.seconds <= 0.0 {
            return 0.0;
        }
        let t = ((now - self.begun) as f32 / self.seconds).clamp(0.0, 1.0);
        (1.0 - t).powi(3)
    }
}

impl NodeGraph {
    /// The next move that is not the hand's takes so many seconds.
    pub fn next_move_takes(&mut self, seconds: f32) {
        self.glide.next = Some(seconds);
    }

    /// What is shown next is another graph: nothing of it was anywhere before.
    pub fn forget_places(&mut self) {
        self.map = None;
        self.glide = Glide::default();
    }

    /// The map as it is seen in this frame; `before` is the one of the last frame.
    pub(super) fn on_the_way(
        &mut self,
        ui: &Ui,
        look: &Look,
        before: Option<&Rc<Map>>,
        map: Rc<Map>,
    ) -> Rc<Map> {
        let now = ui.input(|i| i.time);
        let holds = matches!(self.gesture, Gesture::Move { .. } | Gesture::Resize { .. });
        let is_held = std::mem::replace(&mut self.glide.was_held, holds) || holds;
        if is_held {
            self.glide.from.clear();
        } else if let Some(before) = before.filter(|before| !Rc::ptr_eq(before, &map)) {
            let left = self.glide.left(now);
            let mut from = HashMap::new();
            for place in &map.places {
                let Some(was) = before.place(place.id) else {
                    continue;
                };
                let under_way = self
                    .glide
                    .from
                    .get(&place.id)
                    .map_or(Vec2::ZERO, |by| *by * left);
                let by = was.pos + under_way - place.pos;
                if by.length() > 0.5 {
                    from.insert(place.id, by);
                }
            }
            let moved = map.places.iter().any(|place| {
                before
                    .place(place.id)
                    .is_some_and(|was| was.pos != place.pos)
            });
            if moved {
                let seconds = self.glide.next.take().unwrap_or(look.move_seconds);
                let is_still = look.move_seconds <= 0.0 || from.len() > MANY;
                self.glide.from = if is_still { HashMap::new() } else { from };
                (self.glide.begun, self.glide.seconds) = (now, seconds);
            }
        }
        let left = self.glide.left(now);
        if left <= 0.0 {
            self.glide.from.clear();
            return map;
        }
        ui.ctx().request_repaint();
        let from = &self.glide.from;
        Rc::new(map.shifted(|id| from.get(&id).map_or(Vec2::ZERO, |by| *by * left)))
    }
}
