//! The status line: what is selected, which gestures apply now, play mode, whether the document is saved, the zoom.

use egui::{Align2, Color32, Rect, Ui, pos2};

use crate::app::View;
use crate::gui::canvas::Scene;
use crate::gui::controls;
use crate::gui::node_graph::{InHand, PinAddr, Target};
use crate::gui::probe;
use crate::gui::theme::{Theme, Type};

/// What the line has to know of the canvas.
pub(in crate::gui) struct Now {
    /// Words for what is selected or in the hand.
    pub(in crate::gui) subject: String,
    /// Gestures that apply.
    pub(in crate::gui) gestures: String,
    /// Zoom of the canvas.
    pub(in crate::gui) zoom: f32,
}

impl Now {
    /// The same with other words in front.
    pub(in crate::gui) fn saying(&self, words: &str) -> Self {
        Self {
            subject: words.to_owned(),
            gestures: self.gestures.clone(),
            zoom: self.zoom,
        }
    }

    /// While the canvas is walked by keys: what they do where they are.
    pub(in crate::gui) fn at_keys(
        &mut self,
        scene: &Scene<'_>,
        at: Option<Target>,
        in_hand: Option<PinAddr>,
    ) {
        let words = match at {
            Some(Target::Pin(_)) if in_hand.is_some() => {
                "Enter connects \u{b7} Shift+Enter inserts a converter \u{b7} Esc lets go"
            }
            _ if in_hand.is_some() => {
                "arrows and Ctrl+arrows walk to a ringed pin \u{b7} Esc lets go"
            }
            Some(Target::Pin(pin)) => {
                self.subject = scene.spoken_pin(pin).to_owned();
                "Enter takes a wire \u{b7} Tab adds what it is wired to \u{b7} Shift+F10 opens its menu"
            }
            Some(Target::Node(_)) => {
                "Enter: properties \u{b7} Ctrl+arrows walk pins \u{b7} Ctrl+Shift+arrows move"
            }
            Some(Target::Wire(_)) => "Ctrl+arrows walk wires and pins \u{b7} Del removes it",
            Some(Target::Note(_)) => "Enter edits the words \u{b7} Del removes it",
            None => return,
        };
        self.gestures = words.into();
    }

    /// Looks at the canvas.
    pub(in crate::gui) fn of(
        scene: &Scene<'_>,
        in_hand: Option<&InHand>,
        hovered: Option<Target>,
        zoom: f32,
    ) -> Self {
        let view = scene.view;
        if let Some(hand) = in_hand {
            return Self {
                subject: format!("Dragging {}", scene.spoken_pin(hand.pin)),
                gestures: "drop on a ringed pin · Shift: insert a converter · Esc: cancel".into(),
                zoom,
            };
        }
        let selection = view.selection;
        let subject = match (selection.one_filter(), selection.one_connection()) {
            (Some(id), _) => view
                .graph
                .filters
                .get(&id)
                .map_or_else(String::new, |node| format!("{} selected", node.name)),
            (_, Some(index)) => format!("{} selected", scene.spoken_wire(index as u64)),
            _ if selection.is_empty() => "Ready".into(),
            _ => {
                let filters = selection.filters.len();
                let wires = selection.connections.len();
                let notes = selection.notes.len();
                let parts = [(filters, "filter"), (wires, "wire"), (notes, "note")];
                let parts = parts.into_iter().filter(|(number, _)| *number > 0);
                let parts: Vec<String> = parts.map(|(number, word)| count(number, word)).collect();
                format!("{} selected", parts.join(" and "))
            }
        };
        let gestures = match hovered {
            Some(Target::Pin(_)) => "drag to another pin to connect",
            Some(Target::Wire(_)) => "click selects the wire · Del removes it",
            Some(Target::Note(_)) => "drag moves · double-click edits the words · Del removes it",
            Some(Target::Node(_)) => "drag moves · Shift+drag wires · Del deletes",
            None if view.graph.filters.is_empty() => "Tab or double-click adds a filter",
            None => "drag from a pin to connect · Tab adds a filter · Space runs and pauses",
        };
        Self {
            subject,
            gestures: gestures.into(),
            zoom,
        }
    }
}

fn count(number: usize, word: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {word}{s}")
}

/// Draws the line.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, now: &Now) {
    let theme = Theme::of(ui.ctx());
    let bar = ui.max_rect();
    let y = bar.center().y;
    // What is at the right never goes; what is at the left has the room that is left.
    let end = standing(ui, view, now) - 10.0;
    let mut x = bar.left() + 12.0;
    let mut put = |words: &str, ink: Color32| -> Rect {
        let room = end - x;
        if room < LEAST {
            return Rect::NOTHING;
        }
        let rect = controls::clipped(ui, pos2(x, y), room, words, Type::Small, ink);
        x = rect.right() + 8.0;
        rect
    };
    if view.play_mode.is_some() {
        let rect = put("Play mode", theme.accent);
        probe::note(ui.ctx(), "status", "Play mode", "on", rect);
        put(
            "letters play · Z X octave · C V velocity · Esc leaves",
            theme.text,
        );
    } else {
        put(&now.subject, theme.text);
        put("·", theme.faint);
        let counts = format!(
            "{}, {}",
            count(view.graph.filters.len(), "filter"),
            count(view.graph.connections.len(), "wire")
        );
        put(&counts, theme.dim);
        put("·", theme.faint);
        put(&now.gestures, theme.dim);
    }
}

/// Less room than this says nothing.
const LEAST: f32 = 24.0;

/// What stands at the right: snap, whether it is saved, the zoom. Where that begins.
fn standing(ui: &Ui, view: &View<'_>, now: &Now) -> f32 {
    let theme = Theme::of(ui.ctx());
    let bar = ui.max_rect();
    let y = bar.center().y;
    let mut right = bar.right() - 12.0;
    let mut back = |words: &str, role: Type, ink: Color32| {
        let at = pos2(right, y);
        right = controls::text(ui, at, Align2::RIGHT_CENTER, words, role, ink).left() - 14.0;
    };
    let zoom = format!("{:.0}\u{a0}%", now.zoom * 100.0);
    back(&zoom, Type::Section, theme.strong);
    let saved = match (view.document.is_dirty, &view.document.path) {
        (true, _) => "Edited",
        (false, Some(_)) => "Saved",
        (false, None) => "Not saved yet",
    };
    back(saved, Type::Small, theme.dim);
    back("Snap 16", Type::Small, theme.dim);
    right
}
