//! The first five minutes: six steps, each with a hint card and a lime ring round what it speaks of. A step is over when
//! the user has done it; every one can be skipped.

use egui::{
    Align2, Area, CornerRadius, Id, Key, Order, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, pos2, vec2,
};

use super::palette::card;
use crate::app::{FilterStatus, View};
use crate::graph::{FilterId, Graph, Node, NodeKind};
use crate::gui::controls::{self, Face};
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, radius, window};
use crate::ks::ids::category;
use crate::ks::{DataFlow, State};

/// One of the six.
struct Step {
    title: &'static str,
    second: &'static str,
    hint: &'static str,
    words: &'static str,
}

const STEPS: [Step; 6] = [
    Step {
        title: "Press a key",
        second: "hear it, see the wires light up",
        hint: "Press A. You should hear a note.",
        words: "It leaves Computer Keyboard, becomes sound in DLS Synth, and goes to the device, quietly at first.",
    },
    Step {
        title: "Drop a WAV file on the canvas",
        second: "it is wired and plays",
        hint: "Drop a WAV file on the canvas.",
        words: "It comes with what it needs to be heard beside what plays. Without a file at hand: Ctrl+R asks for one. Ctrl+Z takes it back.",
    },
    Step {
        title: "Drag a wire that cannot work",
        second: "it says why and offers the fix",
        hint: "Drag from notes of the Computer Keyboard to in of the Meter.",
        words: "Pins that fit wear a ring, the others a slash. Let go on one that does not fit, and read why.",
    },
    Step {
        title: "Click a wire",
        second: "format, medium, who asks for data",
        hint: "Click the wire between two boxes.",
        words: "The inspector says what its two pins agreed, and what each of them offered.",
    },
    Step {
        title: "Pull the headphones",
        second: "the graph keeps time until they are back",
        hint: "Pull the headphones out, and plug them in again.",
        words: "The graph keeps time on a silent clock and waits for them; sound returns by itself. Where nothing can be pulled, skip this.",
    },
    Step {
        title: "Save, close, reopen",
        second: "same picture, same sound",
        hint: "Save it with Ctrl+S.",
        words: "The file is text: one line a filter and one a wire. Ctrl+O opens it again.",
    },
];

/// Height of the cards.
const CARD: f32 = 196.0;
/// How far they stand above the lower edge, themselves included.
const HIGH: f32 = CARD + 54.0;

/// How much of a canvas so high the tour lies over, where enough is left to see the graph in.
pub(in crate::gui) fn covered(high: f32) -> f32 {
    let covered = HIGH + 8.0;
    if high > covered + 200.0 { covered } else { 0.0 }
}

/// What the tour wants when it was drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::gui) enum Ask {
    /// Go on.
    Stay,
    /// It is over, or was skipped.
    End,
}

/// What a step is measured against: how things were when it began.
struct Before {
    graph: Graph,
    saved: bool,
    was_dirty: bool,
    /// Whether the device that played is gone, or was.
    was_lost: bool,
}

/// The tour while it is on.
pub(in crate::gui) struct Tour {
    at: usize,
    done: [bool; STEPS.len()],
    before: Option<Before>,
    /// Why nothing is heard, once it was asked.
    silence: Option<String>,
}

impl Tour {
    /// From the first step.
    pub(in crate::gui) fn new() -> Self {
        Self {
            at: 0,
            done: [false; STEPS.len()],
            before: None,
            silence: None,
        }
    }

    /// Whether the step in front was done since it began.
    fn is_done(&mut self, ui: &Ui, view: &View<'_>, refused: bool) -> bool {
        let is_dirty = view.document.is_dirty;
        let before = self.before.get_or_insert_with(|| Before {
            graph: view.graph.clone(),
            saved: view.document.path.is_some() && !is_dirty,
            was_dirty: is_dirty,
            was_lost: false,
        });
        before.was_lost |= view.device.is_empty() && view.device_missing().is_some();
        before.was_dirty |= is_dirty;
        match self.at {
            0 => {
                let keys = [
                    Key::A,
                    Key::S,
                    Key::D,
                    Key::F,
                    Key::G,
                    Key::H,
                    Key::J,
                    Key::K,
                ];
                let plays = view.play_mode.is_some();
                plays && ui.input(|i| keys.iter().any(|key| i.key_down(*key)))
            }
            1 => readers(view, view.graph) > readers(view, &before.graph),
            2 => refused,
            3 => view.selection.one_connection().is_some(),
            4 => before.was_lost && !view.device.is_empty(),
            _ => view.document.path.is_some() && !is_dirty && (before.was_dirty || !before.saved),
        }
    }

    fn go_to(&mut self, step: usize) {
        self.at = step;
        self.before = None;
        self.silence = None;
    }

    /// Draws ring, hint and steps over the canvas. `boxes` is where the filters are; `refused` whether a refusal is
    /// shown.
    pub(in crate::gui) fn ui(
        &mut self,
        ui: &mut Ui,
        view: &View<'_>,
        canvas: Rect,
        boxes: &[(FilterId, Rect)],
        refused: bool,
    ) -> Ask {
        if self.is_done(ui, view, refused) {
            self.done[self.at] = true;
            // What was skipped does not come back.
            match (self.at + 1..STEPS.len()).find(|step| !self.done[*step]) {
                Some(next) => self.go_to(next),
                None => return Ask::End,
            }
        }
        if let Some((id, target)) = self.target(view, boxes) {
            // One that plays wears a ring already.
            let path = view.path_of(id);
            let is_ringed = view.play_mode == Some(&path);
            ring_ui(ui, canvas, target, self.at + 1, is_ringed);
        }
        let card_size = vec2(window::HINT_CARD, CARD);
        let corner = pos2(canvas.left() + 14.0, canvas.bottom() - HIGH);
        let steps_wide = canvas.right() - 14.0 - corner.x - card_size.x - 24.0;
        let mut ask = Ask::Stay;
        let area = |name: &str, at: Pos2| {
            Area::new(Id::unique(name))
                .order(Order::Middle)
                .fixed_pos(at)
                .fade_in(false)
        };
        area("tour hint", corner).show(ui.ctx(), |ui| {
            let (rect, response) = ui.allocate_exact_size(card_size, Sense::click());
            let step = &STEPS[self.at];
            response.widget_info(|| WidgetInfo::labeled(Role::Dialog, true, step.hint));
            probe::note(ui.ctx(), "tour", step.hint, step.words, rect);
            card(ui, rect);
            ask = self.hint_ui(ui, view, rect);
        });
        if steps_wide >= 380.0 {
            let at = corner + vec2(card_size.x + 24.0, 0.0);
            area("tour steps", at).show(ui.ctx(), |ui| {
                let size = vec2(steps_wide.min(636.0), card_size.y);
                let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
                self.steps_ui(ui, rect);
            });
        }
        ask
    }

    fn hint_ui(&mut self, ui: &mut Ui, view: &View<'_>, rect: Rect) -> Ask {
        let theme = Theme::of(ui.ctx());
        let step = &STEPS[self.at];
        let inner = rect.shrink2(vec2(20.0, 0.0));
        let layout = |words: &str, role: Type, ink| {
            let font = role.font();
            ui.painter()
                .layout(words.to_owned(), font, ink, inner.width())
        };
        let title = layout(step.hint, Type::CardTitle, theme.strong);
        let words = match &self.silence {
            Some(why) => layout(why, Type::Body, theme.warn),
            None => layout(step.words, Type::Body, theme.text),
        };
        let mut y = rect.top() + 16.0;
        for galley in [title, words] {
            let high = galley.size().y;
            ui.painter()
                .galley(pos2(inner.left(), y), galley, theme.text);
            y += high + 6.0;
        }
        if self.at == 0 && self.silence.is_none() {
            keys_ui(ui, pos2(inner.left(), rect.top() + 92.0));
        }
        let foot = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 54.0), rect.max);
        controls::rule(ui, foot, theme.line_soft);
        let mut x = inner.left();
        let mut ask = Ask::Stay;
        let mut button = |ui: &mut Ui, words: &str, wide: f32| {
            let place = Rect::from_min_size(pos2(x, foot.center().y - 14.0), vec2(wide, 28.0));
            x += wide + 10.0;
            controls::button_at(ui, place, words, Face::Plain, true).clicked()
        };
        if self.at == 0 && button(ui, "I hear nothing", 116.0) {
            self.silence = Some(why_silent(view));
        }
        if self.at + 1 < STEPS.len() && button(ui, "Skip this", 84.0) {
            self.go_to(self.at + 1);
        }
        if button(ui, "Skip the tour", 104.0) {
            ask = Ask::End;
        }
        let at = pos2(inner.right(), foot.center().y);
        let words = format!("{} of {}", self.at + 1, STEPS.len());
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
        ask
    }

    fn steps_ui(&mut self, ui: &mut Ui, rect: Rect) {
        let theme = Theme::of(ui.ctx());
        let at = rect.left_top() + vec2(4.0, 14.0);
        controls::text(
            ui,
            at,
            Align2::LEFT_CENTER,
            "The first five minutes",
            Type::Heading,
            theme.strong,
        );
        let wide = (rect.width() - 8.0) / 2.0;
        for (index, step) in STEPS.iter().enumerate() {
            let corner = pos2(
                rect.left() + (index % 2) as f32 * (wide + 8.0),
                rect.top() + 32.0 + (index / 2) as f32 * 55.0,
            );
            let place = Rect::from_min_size(corner, vec2(wide, 48.0));
            let id = ui.scope_id().with(("step", index));
            let name = format!("Step {}: {}", index + 1, step.title);
            let response = controls::clickable(ui, id, place, true, &name);
            let is_on = index == self.at;
            let (fill, edge) = match (is_on, response.hovered()) {
                (true, _) => (theme.sel, theme.accent),
                (false, true) => (theme.hover, theme.line_strong),
                (false, false) => (theme.panel, theme.line),
            };
            controls::plate(ui, place, fill, edge);
            let disc = pos2(place.left() + 24.0, place.center().y);
            let number = if self.done[index] {
                String::new()
            } else {
                (index + 1).to_string()
            };
            number_ui(ui, disc, &number, is_on);
            if self.done[index] {
                let square = Rect::from_center_size(disc, egui::Vec2::splat(12.0));
                let ink = if is_on {
                    theme.accent_ink
                } else {
                    theme.accent
                };
                crate::gui::icons::Icon::Check.paint(ui.painter(), square, ink);
            }
            let room = wide - 60.0;
            let at = pos2(place.left() + 46.0, place.top() + 16.0);
            controls::clipped(ui, at, room, step.title, Type::Value, theme.strong);
            let at = pos2(place.left() + 46.0, place.top() + 33.0);
            controls::clipped(ui, at, room, step.second, Type::Small, theme.dim);
            if response.clicked() {
                self.go_to(index);
            }
        }
    }

    /// The box the step speaks of.
    fn target(&self, view: &View<'_>, boxes: &[(FilterId, Rect)]) -> Option<(FilterId, Rect)> {
        let wanted = match self.at {
            0 | 2 => "keyboard",
            _ => return None,
        };
        let nodes = view.graph.filters.iter();
        let (id, _) = nodes.into_iter().find(
            |(_, node)| matches!(&node.kind, NodeKind::Filter(filter) if filter.key == wanted),
        )?;
        let (_, rect) = boxes.iter().find(|(known, _)| known == id)?;
        Some((*id, *rect))
    }
}

/// Filters of a graph that play files.
fn readers(view: &View<'_>, graph: &Graph) -> usize {
    let reads = |node: &Node| match &node.kind {
        NodeKind::Filter(filter) => view.catalogue.get(&filter.key).is_some_and(|kind| {
            let kind = kind.descriptor();
            let mut pins = kind.pins.iter();
            kind.categories.contains(&category::FILESYSTEM)
                && pins.any(|pin| pin.data_flow == DataFlow::Out)
        }),
        NodeKind::Group(_) => false,
    };
    graph.filters.values().filter(|node| reads(node)).count()
}

/// A disc with a number.
fn number_ui(ui: &Ui, at: Pos2, words: &str, is_on: bool) {
    let theme = Theme::of(ui.ctx());
    let (ink, radius) = (if is_on { theme.accent_ink } else { theme.dim }, 10.5);
    if is_on {
        ui.painter().circle_filled(at, radius, theme.accent);
    } else {
        ui.painter()
            .circle_stroke(at, radius, Stroke::new(1.0, theme.line_strong));
    }
    controls::text(ui, at, Align2::CENTER_CENTER, words, Type::Section, ink);
}

/// The lime ring round a box, with the step's number at its corner.
fn ring_ui(ui: &Ui, canvas: Rect, target: Rect, number: usize, is_ringed: bool) {
    let theme = Theme::of(ui.ctx());
    let layer = egui::LayerId::new(Order::Middle, Id::unique("tour ring"));
    let painter = ui.ctx().layer_painter(layer).with_clip_rect(canvas);
    let ring = target.expand(8.0);
    if !is_ringed {
        painter.rect_stroke(
            ring,
            CornerRadius::same(radius::CARD),
            Stroke::new(2.0, theme.accent),
            StrokeKind::Inside,
        );
    }
    // The right corner is where the box says that it plays.
    let at = ring.left_top() + vec2(4.0, 3.0);
    painter.circle_filled(at, 11.0, theme.accent);
    painter.text(
        at,
        Align2::CENTER_CENTER,
        number,
        Type::Section.font(),
        theme.accent_ink,
    );
}

fn keys_ui(ui: &Ui, corner: Pos2) {
    let theme = Theme::of(ui.ctx());
    for (index, letter) in ["A", "S", "D", "F", "G", "H", "J", "K", "L"]
        .into_iter()
        .enumerate()
    {
        let cap = Rect::from_min_size(corner + vec2(36.0 * index as f32, 0.0), vec2(30.0, 30.0));
        let (fill, ink) = if index == 0 {
            (theme.accent, theme.accent_ink)
        } else {
            (theme.title, theme.strong)
        };
        ui.painter()
            .rect_filled(cap, CornerRadius::same(radius::CONTROL), fill);
        controls::text(
            ui,
            cap.center(),
            Align2::CENTER_CENTER,
            letter,
            Type::FilterName,
            ink,
        );
    }
}

/// Walks from the keys to the ear and says where it stops.
fn why_silent(view: &View<'_>) -> String {
    if view.graph.filters.is_empty() {
        return "The canvas is empty. Open a starter graph from the inspector.".into();
    }
    if view.requested != State::Run {
        return "The graph does not run. Press Space, or Run above.".into();
    }
    if view.play_mode.is_none() {
        return "The letter keys do not play now. Press F8, or click the piano in the box.".into();
    }
    for wire in &view.wiring.wires {
        if let Err(refusal) = &wire.outcome {
            let (from, to) = (
                view.wiring.pin_text(&wire.from),
                view.wiring.pin_text(&wire.to),
            );
            return format!("{from} and {to} did not agree: {}.", refusal.sentence());
        }
    }
    for &id in view.graph.filters.keys() {
        let path = view.path_of(id);
        let name = view
            .wiring
            .filters
            .get(&path)
            .map_or("", |filter| filter.name.as_str());
        match view.status(&path) {
            FilterStatus::Faulty(why) => return format!("{name} is silenced: {why}"),
            FilterStatus::Missing => return format!("{name} is not installed."),
            FilterStatus::Disabled => return format!("{name} is disabled."),
            FilterStatus::Bypassed(_) | FilterStatus::Idle(_) | FilterStatus::Ready(_) => {}
        }
    }
    if view.device.is_empty() {
        return "No sound card is used: the graph keeps time on a silent clock. Choose a device in \
                the box of Audio Device Out."
            .into();
    }
    format!(
        "Everything plays into {}. Look at its volume, and at Gain in the box of Gain and Pan.",
        view.device
    )
}
