//! The refusal card: why two pins are not connected, and what would help. Enter takes the first cure, figures the
//! others, Esc closes. It formats a `Refusal` and writes none of its own.

use std::cell::Cell;

use egui::{
    Align2, Area, CornerRadius, Id, Order, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

mod rows;

use super::lanes;
use super::palette::card;
use rows::{FIELDS, Lines, chips_ui, cure_ui, fields_ui, price, short, spoken};

use crate::app::View;
use crate::graph::{Cure, PinAddress, Refusal, Step};
use crate::gui::appear::appear;
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
    /// While the wire is still in the hand: nothing can be chosen yet.
    is_preview: bool,
    /// The cure under the pointer or with the focus.
    looked_at: Cell<Option<usize>>,
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
            is_preview: false,
            looked_at: Cell::new(None),
        }
    }

    /// The same card while the wire is still in the hand.
    pub(in crate::gui) fn preview(mut self) -> Self {
        self.is_preview = true;
        // The canvas says it in one line at the pointer: the card stands below that.
        self.at.y += 36.0;
        self
    }

    /// The two pins it is about.
    pub(in crate::gui) fn pins(&self) -> (&PinAddress, &PinAddress) {
        (&self.from, &self.to)
    }

    /// The cure that is looked at, to be shown on the canvas before it is taken.
    pub(in crate::gui) fn looked_at(&self) -> Option<&Cure> {
        self.refusal.cures.get(self.looked_at.get()?)
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
        let size = vec2(window::REFUSAL_CARD, lines.card_height(cures.len()));
        let screen = ui.ctx().content_rect();
        let corner = place(self.at, size, screen, keep_off);
        let area = Area::new(Id::unique("refusal card"))
            .order(Order::Foreground)
            .fixed_pos(corner)
            .interactable(!self.is_preview)
            .fade_in(false);
        let shown = area.show(ui.ctx(), |ui| {
            appear(ui, "refusal card");
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let mut words = format!("{}: {}", title(refusal), refusal.sentence());
            if !refusal.advice.is_empty() {
                words += &format!(". {}", refusal.advice);
            }
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
        if self.is_preview {
            return true;
        }
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
        cures: &[Cure],
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
        let closed = !self.is_preview
            && controls::icon_button(ui, close, Icon::X, "Close the refusal").clicked();

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
        if let Some(operands) = &refusal.operands {
            let well = Rect::from_min_size(
                pos2(left, y - 6.0),
                vec2(rect.width() - 32.0, lanes::height(operands)),
            );
            let names = [&self.from, &self.to].map(|pin| short(view, pin));
            lanes::ui(ui, well, [&names[0], &names[1]], operands);
            y = well.bottom() + 8.0;
        }
        if !refusal.fields.is_empty() {
            fields_ui(
                ui,
                pos2(left, y + 9.0),
                rect.right() - 16.0,
                &refusal.fields,
            );
            y += FIELDS;
        }
        if !cures.is_empty() {
            let line = Rect::from_min_max(pos2(rect.left(), y), pos2(rect.right(), y + 1.0));
            controls::rule(ui, line, theme.line_soft);
            y += 9.0;
        }
        if let Some(advice) = &lines.advice {
            let at = pos2(left, y + 4.0);
            ui.painter().galley(at, advice.clone(), theme.text);
        }
        let mut looked_at = None;
        for (index, cure) in cures.iter().enumerate() {
            let row =
                Rect::from_min_size(pos2(rect.left() + 12.0, y), vec2(rect.width() - 24.0, 28.0));
            y += 31.0;
            let response = cure_ui(ui, row, index, cure, &price(view, cure));
            if response.hovered() || response.has_focus() {
                looked_at = Some(index);
            }
            if response.clicked() {
                *taken = Some(index);
            }
        }
        if self.looked_at.replace(looked_at) != looked_at {
            ui.ctx().request_repaint();
        }
        let y = rect.bottom() - 17.0;
        let code = format!("{} · {}", refusal.status, refusal.rule);
        let hint = match (self.is_preview, cures.is_empty()) {
            (true, false) => "drop to choose, Shift for the first",
            (_, true) | (false, _) => "",
        };
        let at = pos2(rect.right() - 16.0, y);
        controls::text(ui, at, Align2::RIGHT_CENTER, hint, Type::Small, theme.dim);
        if self.is_preview {
            return false;
        }
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

/// A corner 24 from the pointer where the card hides neither end.
pub(super) fn place(at: Pos2, size: Vec2, screen: Rect, keep_off: &[Rect]) -> Pos2 {
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
