//! The refusal card: why two pins are not connected, and what would help. Enter takes the first cure, figures the
//! others, Esc closes. It formats a `Refusal` and writes none of its own.

use std::sync::Arc;

use egui::{
    Align2, Area, CornerRadius, Galley, Id, Order, Pos2, Rect, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::palette::card;
use crate::app::View;
use crate::graph::{PinAddress, Refusal, Step};
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::probe;
use crate::gui::screen::{Command, Taps};
use crate::gui::theme::{Theme, Type, radius, window};

/// The most cures that are offered.
const CURES: usize = 4;

/// A refusal on the screen.
pub(in crate::gui) struct Card {
    from: PinAddress,
    to: PinAddress,
    refusal: Refusal,
    at: Pos2,
}

/// The title in words, by what stopped it.
fn title(refusal: &Refusal) -> &'static str {
    let words = format!("{} {}", refusal.offered, refusal.wanted);
    match refusal.step {
        Step::SameFilter => "A filter cannot feed itself",
        Step::DataFlow => "A wire goes from an output to an input",
        Step::Communication => "Nobody would ask for data on this wire",
        Step::Cycle => "This wire would close a loop",
        Step::Medium => "These two pins share no medium",
        Step::Interface => "These two pins share no interface",
        Step::Instances => "One of these pins is taken",
        Step::Create => "The pin cannot be made",
        Step::Intersection if words.contains(" Hz") => {
            "These two pins cannot agree on a sample rate"
        }
        Step::Intersection if words.contains("channel") || words.contains(" ch") => {
            "These two pins cannot agree on channels"
        }
        Step::Intersection if words.contains("bit") => {
            "These two pins cannot agree on a sample format"
        }
        Step::Intersection => "These two pins carry different data",
    }
}

fn chip_word(step: Step) -> &'static str {
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

impl Card {
    /// The card for what was tried, near `at`.
    pub(in crate::gui) fn new(
        from: PinAddress,
        to: PinAddress,
        refusal: Refusal,
        at: Pos2,
    ) -> Self {
        Self {
            from,
            to,
            refusal,
            at,
        }
    }

    /// The two pins it is about.
    pub(in crate::gui) fn pins(&self) -> (&PinAddress, &PinAddress) {
        (&self.from, &self.to)
    }

    /// Draws it. False when it is done.
    pub(in crate::gui) fn ui(
        &self,
        ui: &mut Ui,
        view: &View<'_>,
        keep_off: &[Rect],
        taps: Taps,
        commands: &mut Vec<Command>,
    ) -> bool {
        let refusal = &self.refusal;
        let cures = &refusal.cures[..refusal.cures.len().min(CURES)];
        let mut taken = taps.figure.or(taps.enter.then_some(0));
        let mut is_open = !taps.escape;
        let lines = Lines::new(ui, refusal);
        let height = 42.0
            + 44.0
            + lines.stopped.size().y
            + 26.0
            + lines.height()
            + 12.0
            + cures.len() as f32 * 31.0
            + 34.0;
        let size = vec2(window::REFUSAL_CARD, height);
        let screen = ui.ctx().content_rect();
        let corner = place(self.at, size, screen, keep_off);
        let area = Area::new(Id::unique("refusal card"))
            .order(Order::Foreground)
            .fixed_pos(corner)
            .fade_in(false);
        let shown = area.show(ui.ctx(), |ui| {
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let words = format!("{}: {}", title(refusal), refusal.sentence());
            response.widget_info(|| WidgetInfo::labeled(Role::AlertDialog, true, &words));
            probe::note(
                ui.ctx(),
                "refusal",
                title(refusal),
                &refusal.sentence(),
                rect,
            );
            card(ui, rect);
            if self.contents(ui, view, rect, &lines, cures, &mut taken) {
                is_open = false;
            }
        });
        let outside = ui.input(|i| {
            i.pointer.any_pressed()
                && i.pointer
                    .interact_pos()
                    .is_some_and(|pos| !shown.response.rect.contains(pos))
        });
        is_open &= !outside;
        if let Some(cure) = taken.filter(|index| *index < cures.len()) {
            commands.push(Command::Cure {
                connection: None,
                from: self.from.clone(),
                to: self.to.clone(),
                cure,
            });
            is_open = false;
        }
        is_open
    }

    /// True when its cross was clicked.
    fn contents(
        &self,
        ui: &mut Ui,
        view: &View<'_>,
        rect: Rect,
        lines: &Lines,
        cures: &[crate::graph::Cure],
        taken: &mut Option<usize>,
    ) -> bool {
        let theme = Theme::of(ui.ctx());
        let refusal = &self.refusal;
        let mut head = rect;
        head.set_height(42.0);
        let round = CornerRadius {
            nw: radius::CARD,
            ne: radius::CARD,
            sw: 0,
            se: 0,
        };
        ui.painter()
            .rect_filled(head.shrink(1.0), round, theme.error_bg);
        let disc = pos2(rect.left() + 24.0, head.center().y);
        ui.painter()
            .circle_stroke(disc, 9.0, Stroke::new(1.5, theme.error));
        let cross = Rect::from_center_size(disc, Vec2::splat(10.0));
        Icon::X.paint(ui.painter(), cross, theme.error);
        let at = pos2(rect.left() + 42.0, head.center().y);
        controls::text(
            ui,
            at,
            Align2::LEFT_CENTER,
            title(refusal),
            Type::Heading,
            theme.strong,
        );
        let close = Rect::from_center_size(
            pos2(rect.right() - 22.0, head.center().y),
            Vec2::splat(24.0),
        );
        let closed = controls::icon_button(ui, close, Icon::X, "Close the refusal").clicked();

        let left = rect.left() + 16.0;
        let value = left + 56.0;
        let mut y = head.bottom() + 20.0;
        let tried = format!(
            "{} \u{2192} {}",
            spoken(view, &self.from),
            spoken(view, &self.to)
        );
        let label = |ui: &Ui, y: f32, words: &str| {
            let at = pos2(left, y);
            controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
        };
        label(ui, y, "Tried");
        let room = rect.right() - 16.0 - value;
        controls::clipped(ui, pos2(value, y), room, &tried, Type::Body, theme.text);
        y += 20.0;
        label(ui, y, "Stopped");
        let at = pos2(value, y - 8.0);
        ui.painter().galley(at, lines.stopped.clone(), theme.strong);
        y += lines.stopped.size().y + 14.0;
        chips_ui(ui, left, y, refusal.step);
        y += 24.0;
        if let Some(operands) = &lines.operands {
            let well = Rect::from_min_size(
                pos2(left, y - 6.0),
                vec2(rect.width() - 32.0, lines.height() - 8.0),
            );
            controls::plate(ui, well, theme.field, theme.line_soft);
            let mut line = well.top() + 8.0;
            for (label, galley) in [&refusal.from, &refusal.to].into_iter().zip(operands) {
                let at = pos2(well.left() + 12.0, line + 8.0);
                controls::clipped(ui, at, 150.0, label, Type::Body, theme.dim);
                let at = pos2(well.left() + 170.0, line);
                ui.painter().galley(at, galley.clone(), theme.strong);
                line += galley.size().y + 6.0;
            }
            y += lines.height();
        }
        for (index, cure) in cures.iter().enumerate() {
            let row =
                Rect::from_min_size(pos2(rect.left() + 12.0, y), vec2(rect.width() - 24.0, 28.0));
            y += 31.0;
            if cure_ui(ui, row, index, cure) {
                *taken = Some(index);
            }
        }
        let y = rect.bottom() - 17.0;
        let code = format!("{} · {}", refusal.status, refusal.rule);
        controls::text(
            ui,
            pos2(left, y),
            Align2::LEFT_CENTER,
            &code,
            Type::Small,
            theme.dim,
        );
        let words = "Copy";
        let copy = Rect::from_center_size(pos2(rect.right() - 36.0, y), vec2(44.0, 20.0));
        if controls::button_at(ui, copy, words, controls::Face::Quiet, true).clicked() {
            ui.ctx().copy_text(format!(
                "{} \u{2192} {}: {} ({code})",
                refusal.from,
                refusal.to,
                refusal.sentence()
            ));
        }
        closed
    }
}

/// The sentences of a card, laid out, so that it is as high as they are.
struct Lines {
    stopped: Arc<Galley>,
    /// What each side has, when both say it.
    operands: Option<[Arc<Galley>; 2]>,
}

impl Lines {
    fn new(ui: &Ui, refusal: &Refusal) -> Self {
        let theme = Theme::of(ui.ctx());
        let wide = window::REFUSAL_CARD;
        let layout = |words: &str, room: f32| {
            let font = Type::Value.font();
            ui.painter()
                .layout(words.to_owned(), font, theme.strong, room)
        };
        let says_both = !refusal.wanted.is_empty() && !refusal.offered.is_empty();
        Self {
            stopped: layout(&refusal.sentence(), wide - 32.0 - 56.0),
            operands: says_both.then(|| {
                [&refusal.offered, &refusal.wanted].map(|it| layout(it, wide - 32.0 - 182.0))
            }),
        }
    }

    /// Height of the operands with their ground.
    fn height(&self) -> f32 {
        self.operands.as_ref().map_or(0.0, |operands| {
            let lines: f32 = operands.iter().map(|it| it.size().y + 6.0).sum();
            lines + 10.0 + 8.0
        })
    }
}

fn spoken(view: &View<'_>, pin: &PinAddress) -> String {
    let name = view
        .wiring
        .filters
        .get(&pin.filter)
        .map_or_else(|| pin.filter.to_string(), |filter| filter.name.clone());
    format!("{name} \u{201c}{}\u{201d}", pin.pin)
}

fn chips_ui(ui: &Ui, left: f32, y: f32, failed: Step) {
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

fn cure_ui(ui: &mut Ui, row: Rect, index: usize, cure: &crate::graph::Cure) -> bool {
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
    let price = match cure.inserts.len() {
        0 => "no filter added".to_owned(),
        1 => "1 filter".to_owned(),
        count => format!("{count} filters"),
    };
    let price_at = covered.left_center() - vec2(16.0, 0.0);
    let price = controls::text(ui, price_at, Align2::RIGHT_CENTER, price, Type::Small, dim);
    let room = price.left() - 12.0 - at.x;
    controls::clipped(ui, at, room, &cure.text, Type::Value, ink);
    response.clicked()
}

/// A corner 24 from the pointer where the card hides neither end.
fn place(at: Pos2, size: Vec2, screen: Rect, keep_off: &[Rect]) -> Pos2 {
    let clamp = |corner: Pos2| {
        corner
            .min(screen.max - size - Vec2::splat(8.0))
            .max(screen.min + Vec2::splat(8.0))
    };
    let corners = [
        at + vec2(24.0, 24.0),
        at + vec2(-24.0 - size.x, 24.0),
        at + vec2(24.0, -24.0 - size.y),
        at + vec2(-24.0 - size.x, -24.0 - size.y),
        at + vec2(-size.x / 2.0, 60.0),
    ];
    let hides = |corner: Pos2| {
        let card = Rect::from_min_size(corner, size);
        keep_off
            .iter()
            .map(|other| {
                let both = card.intersect(*other);
                if both.is_positive() { both.area() } else { 0.0 }
            })
            .sum::<f32>()
    };
    corners
        .into_iter()
        .map(clamp)
        .min_by(|a, b| hides(*a).total_cmp(&hides(*b)))
        .unwrap_or(at)
}
