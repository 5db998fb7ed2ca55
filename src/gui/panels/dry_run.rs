//! The card beside a wire in the hand: what the pin under the pointer would agree to, or in full why it would not.

use egui::{Align2, Area, Id, Order, Pos2, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::card::{Card, place};
use super::palette::card;
use crate::app::View;
use crate::graph::{Agreement, CureKind, PinAddress};
use crate::gui::canvas::Scene;
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::node_graph::{InHand, Side, Verdict};
use crate::gui::probe;
use crate::gui::screen::{Command, Taps};
use crate::gui::theme::{Theme, Type, motion};
use crate::ks::grouped;

const WIDE: f32 = 410.0;

/// What a wire in the hand is told about the pin under it.
pub(in crate::gui) struct DryRun {
    pins: (PinAddress, PinAddress),
    shift: bool,
    told: Told,
}

enum Told {
    /// What they would agree on.
    Fits(Box<Agreement>),
    /// With Shift a drop puts in what is missing.
    Converts(String),
    Refused(Box<Card>),
}

impl DryRun {
    /// Follows the hand: `shown` is what was told in the last frame.
    pub(in crate::gui) fn follow(
        shown: Option<Self>,
        ui: &Ui,
        scene: &Scene<'_>,
        hand: Option<&InHand>,
    ) -> Option<Self> {
        let hand = hand?;
        let (over, verdict, seconds) = hand.over.as_ref()?;
        let fits = matches!(verdict, Verdict::Fits { .. });
        let wait = f64::from(if fits {
            motion::DRY_RUN_WAIT
        } else {
            motion::REFUSAL_WAIT
        });
        if *seconds < wait {
            let left = (wait - seconds) as f32;
            ui.ctx().request_repaint_after_secs(left + 0.01);
            return None;
        }
        let (held, under) = (scene.address(hand.pin)?, scene.address(*over)?);
        let pins = match hand.pin.side {
            Side::Output => (held, under),
            Side::Input => (under, held),
        };
        let (shift, pointer) = ui.input(|i| (i.modifiers.shift, i.pointer.latest_pos()));
        if let Some(shown) = shown
            && shown.pins == pins
            && shown.shift == shift
        {
            return Some(shown);
        }
        let told = match scene.view.would_connect(&pins.0, &pins.1) {
            Ok(agreement) => Told::Fits(Box::new(agreement)),
            Err(refusal) => match refusal.cures.first() {
                Some(cure) if shift && cure.kind == CureKind::Insert => {
                    Told::Converts(cure.text.clone())
                }
                _ => {
                    let at = pointer.unwrap_or_default();
                    let shown = Card::new(pins.0.clone(), pins.1.clone(), *refusal, at);
                    Told::Refused(Box::new(shown.preview()))
                }
            },
        };
        Some(Self { pins, shift, told })
    }

    /// Draws the card beside the pointer.
    pub(in crate::gui) fn ui(&self, ui: &mut Ui, view: &View<'_>, keep_off: &[Rect]) {
        let mut none: Vec<Command> = vec![];
        match &self.told {
            Told::Refused(card) => {
                card.ui(ui, view, keep_off, Taps::default(), &mut none);
            }
            Told::Converts(words) => {
                self.card_ui(
                    ui,
                    keep_off,
                    "Would agree with something between",
                    &[("Converted", words.as_str(), true)],
                );
            }
            Told::Fits(agreement) => {
                let latency = latency(view, &self.pins.0);
                let (medium, interface) = (agreement.medium.text(), agreement.interface.text());
                let format = agreement.format.to_string();
                let requests = if agreement.is_push { "push" } else { "pull" };
                self.card_ui(
                    ui,
                    keep_off,
                    "Would agree, nothing added",
                    &[
                        ("Format", format.as_str(), false),
                        ("Latency", latency.as_str(), false),
                        ("Medium", medium.as_str(), false),
                        ("Requests", requests, false),
                        ("Interface", interface.as_str(), false),
                    ],
                );
            }
        }
    }

    fn card_ui(&self, ui: &mut Ui, keep_off: &[Rect], title: &str, facts: &[(&str, &str, bool)]) {
        let theme = Theme::of(ui.ctx());
        let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else {
            return;
        };
        let rows = facts.len().div_ceil(2) as f32;
        let size = vec2(WIDE, 40.0 + 12.0 + rows * 20.0 + 8.0);
        let screen = ui.ctx().content_rect();
        let area = Area::new(Id::unique("dry run"))
            .order(Order::Foreground)
            .fixed_pos(place(pointer, size, screen, keep_off))
            .interactable(false)
            .fade_in(false);
        area.show(ui.ctx(), |ui| {
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let words: Vec<String> = facts
                .iter()
                .map(|(label, value, _)| format!("{label} {value}"))
                .collect();
            let words = format!("{title}: {}", words.join(", "));
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &words));
            probe::note(ui.ctx(), "dry run", title, &words, rect);
            card(ui, rect);
            let converts = facts.iter().any(|fact| fact.2);
            let ink = if converts { theme.warn } else { theme.accent };
            let disc = pos2(rect.left() + 22.0, rect.top() + 20.0);
            ui.painter()
                .circle_stroke(disc, 8.0, egui::Stroke::new(1.5, ink));
            let square = Rect::from_center_size(disc, Vec2::splat(9.0));
            let icon = if converts { Icon::Iface } else { Icon::Check };
            icon.paint(ui.painter(), square, ink);
            let at = pos2(rect.left() + 38.0, disc.y);
            controls::text(
                ui,
                at,
                Align2::LEFT_CENTER,
                title,
                Type::Heading,
                theme.strong,
            );
            let at = pos2(rect.right() - 14.0, disc.y);
            let words = if converts {
                "drop to insert"
            } else {
                "drop to connect"
            };
            controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
            let line = Rect::from_min_max(
                pos2(rect.left(), rect.top() + 40.0),
                pos2(rect.right(), rect.top() + 41.0),
            );
            controls::rule(ui, line, theme.line_soft);
            for (index, fact) in facts.iter().enumerate() {
                let column = if index % 2 == 0 { 14.0 } else { 246.0 };
                let room = match facts.len() {
                    1 => WIDE - 110.0,
                    _ if index % 2 == 0 => 150.0,
                    _ => 84.0,
                };
                let y = line.top() + 16.0 + (index / 2) as f32 * 20.0;
                fact_ui(ui, pos2(rect.left() + column, y), room, *fact);
            }
        });
    }
}

fn fact_ui(ui: &Ui, at: Pos2, room: f32, (label, value, warns): (&str, &str, bool)) {
    let theme = Theme::of(ui.ctx());
    controls::text(ui, at, Align2::LEFT_CENTER, label, Type::Body, theme.dim);
    let ink = if warns { theme.warn } else { theme.strong };
    let at = at + vec2(66.0, 0.0);
    controls::clipped(ui, at, room, value, Type::Value, ink);
}

/// A wire adds none; what the filter before it adds is there already.
fn latency(view: &View<'_>, from: &PinAddress) -> String {
    match view.cost(&from.filter) {
        Some((_, samples)) if samples > 0 => {
            format!("+0 after {} samples", grouped(samples as u32))
        }
        _ => "+0 samples".into(),
    }
}
