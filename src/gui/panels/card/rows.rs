//! The parts of a refusal card: its sentences, the chips of the steps, the fields in one line, a cure and its price.

use std::sync::Arc;

use egui::{
    Align2, CornerRadius, Galley, Pos2, Rect, Response, Shape, Stroke, StrokeKind, Ui, Vec2, pos2,
    vec2,
};

use super::lanes;
use crate::app::View;
use crate::graph::{Cure, Field, PinAddress, Refusal, Step};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::theme::{Theme, Type, window};

pub(super) fn chip_word(step: Step) -> &'static str {
    match step {
        Step::SameFilter => "filter",
        Step::DataFlow => "direction",
        Step::Communication => "role",
        Step::Cycle => "loop",
        Step::Medium => "medium",
        Step::Interface => "interface",
        Step::Instances => "instances",
        Step::Intersection => "format",
        Step::Create => "create",
    }
}

/// The sentences of a card, laid out, so that it is as high as they are.
pub(super) struct Lines {
    pub(super) stopped: Arc<Galley>,
    /// Height of what compares both sides.
    pub(super) picture: f32,
    /// What to do where no cure helps.
    pub(super) advice: Option<Arc<Galley>>,
}

/// Height of the line of the other fields.
pub(super) const FIELDS: f32 = 26.0;

impl Lines {
    pub(super) fn new(ui: &Ui, refusal: &Refusal) -> Self {
        let theme = Theme::of(ui.ctx());
        let room = window::REFUSAL_CARD - 32.0 - 56.0;
        let font = Type::Value.font();
        let words = refusal.sentence();
        let operands = refusal.operands.as_ref();
        let fields = if refusal.fields.is_empty() {
            0.0
        } else {
            FIELDS
        };
        // Said where there is no button for it.
        let advice = Some(refusal.advice.clone());
        let advice = advice.filter(|words| !words.is_empty() && refusal.cures.is_empty());
        let room_below = window::REFUSAL_CARD - 32.0;
        let lay = |words| {
            ui.painter()
                .layout(words, Type::Body.font(), theme.text, room_below)
        };
        Self {
            advice: advice.map(lay),
            stopped: ui.painter().layout(words, font, theme.strong, room),
            picture: operands.map_or(0.0, |it| lanes::height(it) + 2.0) + fields,
        }
    }

    pub(super) fn card_height(&self, cures: usize) -> f32 {
        let advice = self.advice.as_ref();
        let cures = match cures {
            0 => advice.map_or(0.0, |it| it.size().y + 12.0),
            cures => 9.0 + cures as f32 * 31.0,
        };
        42.0 + 40.0 + self.stopped.size().y + 38.0 + self.picture + cures + 34.0
    }
}

/// The pin with a short name of its filter, for the side of a lane.
pub(super) fn short(view: &View<'_>, pin: &PinAddress) -> String {
    let words = view.wiring.pin_text(pin).replace('.', " ");
    if words.chars().count() <= 17 {
        return words;
    }
    // The end says more than the beginning: the pin, and the last words of the filter.
    let mut parts: Vec<&str> = vec![];
    for part in words.split(' ').rev() {
        let taken: usize = parts.iter().map(|part| part.chars().count() + 1).sum();
        if !parts.is_empty() && taken + part.chars().count() > 17 {
            break;
        }
        parts.insert(0, part);
    }
    parts.join(" ")
}

/// What a cure costs, as far as it is known: the time and latency of a filter of the same kind that is open.
pub(super) fn price(view: &View<'_>, cure: &Cure) -> String {
    let mut parts = vec![match cure.inserts.len() {
        0 => "no filter added".to_owned(),
        1 => "1 filter".to_owned(),
        count => format!("{count} filters"),
    }];
    let known: Vec<(u32, usize)> = cure
        .inserts
        .iter()
        .filter_map(|key| {
            let mut like = view.wiring.filters.iter();
            let (path, _) = like.find(|(path, filter)| {
                filter.key == *key && view.cost(path).is_some_and(|cost| cost.0 > 0)
            })?;
            view.cost(path)
        })
        .collect();
    if !known.is_empty() && known.len() == cure.inserts.len() {
        let nanos: u32 = known.iter().map(|cost| cost.0).sum();
        let samples: usize = known.iter().map(|cost| cost.1).sum();
        let millis = samples as f64 * 1000.0 / f64::from(view.wiring.rate_hz.max(1));
        parts.push(format!("+{millis:.1}\u{a0}ms"));
        parts.push(format!(
            "about {:.0}\u{a0}µs a quantum",
            f64::from(nanos) / 1000.0
        ));
    }
    parts.join(", ")
}

/// The other fields of the comparison in one line, each with its mark.
pub(super) fn fields_ui(ui: &Ui, at: Pos2, right: f32, fields: &[Field]) {
    let theme = Theme::of(ui.ctx());
    let mut x = at.x;
    for field in fields {
        let name = controls::width(ui, field.name, Type::Small);
        let words = controls::width(ui, &field.text, Type::Section);
        if x + 17.0 + name + 5.0 + words > right {
            continue;
        }
        let square = Rect::from_center_size(pos2(x + 5.0, at.y), Vec2::splat(10.0));
        let (icon, ink) = if field.fits {
            (Icon::Check, theme.text)
        } else {
            (Icon::X, theme.error)
        };
        icon.paint(ui.painter(), square, ink);
        x += 16.0;
        let place = pos2(x, at.y);
        controls::text(
            ui,
            place,
            Align2::LEFT_CENTER,
            field.name,
            Type::Small,
            theme.dim,
        );
        x += name + 5.0;
        let place = pos2(x, at.y);
        controls::text(
            ui,
            place,
            Align2::LEFT_CENTER,
            &field.text,
            Type::Section,
            theme.strong,
        );
        x += words + 14.0;
    }
}

pub(super) fn spoken(view: &View<'_>, pin: &PinAddress) -> String {
    let name = view
        .wiring
        .filters
        .get(&pin.filter)
        .map_or_else(|| pin.filter.to_string(), |filter| filter.name.clone());
    format!("{name} \u{201c}{}\u{201d}", pin.pin)
}

pub(super) fn chips_ui(ui: &Ui, left: f32, y: f32, failed: Step) {
    let theme = Theme::of(ui.ctx());
    let mut x = left;
    // Direction and loops are worth a chip only when they are what stopped it.
    let steps = Step::ALL.into_iter().skip(1);
    let shown =
        steps.filter(|step| *step == failed || !matches!(step, Step::DataFlow | Step::Cycle));
    for step in shown {
        let word = chip_word(step);
        let marked = step <= failed;
        let wide = controls::width(ui, word, Type::Tag) + if marked { 27.0 } else { 14.0 };
        let chip = Rect::from_min_size(pos2(x, y - 9.0), vec2(wide, 18.0));
        x += wide + 4.0;
        let round = CornerRadius::same(9);
        let (edge, ink) = match step.cmp(&failed) {
            std::cmp::Ordering::Less => (theme.line_strong, theme.text),
            std::cmp::Ordering::Equal => (theme.error, theme.error),
            std::cmp::Ordering::Greater => (theme.line, theme.faint),
        };
        let mut text_at = chip.left_center() + vec2(7.0, 0.0);
        if marked {
            let ground = if step == failed {
                theme.error_bg
            } else {
                theme.panel
            };
            ui.painter().rect(
                chip,
                round,
                ground,
                Stroke::new(1.0, edge),
                StrokeKind::Inside,
            );
            let square =
                Rect::from_center_size(chip.left_center() + vec2(11.0, 0.0), Vec2::splat(9.0));
            let icon = if step == failed { Icon::X } else { Icon::Check };
            icon.paint(ui.painter(), square, ink);
            text_at.x += 12.0;
        } else {
            let path = [
                chip.left_top() + vec2(8.0, 0.0),
                chip.right_top() - vec2(8.0, 0.0),
            ];
            let low = [
                chip.left_bottom() + vec2(8.0, 0.0),
                chip.right_bottom() - vec2(8.0, 0.0),
            ];
            let stroke = Stroke::new(1.0, edge);
            ui.painter()
                .extend(Shape::dashed_line(&path, stroke, 3.0, 2.5));
            ui.painter()
                .extend(Shape::dashed_line(&low, stroke, 3.0, 2.5));
        }
        controls::text(ui, text_at, Align2::LEFT_CENTER, word, Type::Tag, ink);
    }
}

pub(super) fn cure_ui(ui: &mut Ui, row: Rect, index: usize, cure: &Cure, price: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let id = ui.scope_id().with(("cure", index));
    let response = controls::clickable(ui, id, row, true, &cure.text);
    let first = index == 0;
    let (fill, edge, ink, dim) = match (first, response.hovered()) {
        (true, _) => (
            theme.accent,
            theme.accent,
            theme.accent_ink,
            theme.accent_ink,
        ),
        (false, true) => (theme.hover, theme.line_strong, theme.strong, theme.text),
        (false, false) => (theme.title, theme.line, theme.strong, theme.dim),
    };
    controls::plate(ui, row, fill, edge);
    let at = row.left_center() + vec2(10.0, 0.0);
    let right = row.right_center() - vec2(10.0, 0.0);
    let key = if first {
        "Enter".to_owned()
    } else {
        (index + 1).to_string()
    };
    let covered = controls::text(ui, right, Align2::RIGHT_CENTER, key, Type::Section, ink);
    let price_at = covered.left_center() - vec2(16.0, 0.0);
    let price = controls::text(ui, price_at, Align2::RIGHT_CENTER, price, Type::Small, dim);
    let room = price.left() - 12.0 - at.x;
    controls::clipped(ui, at, room, &cure.text, Type::Value, ink);
    response
}
