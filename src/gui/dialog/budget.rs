//! The latency budget: so many milliseconds from key to ear, one bar to that target with a piece for each filter, and what
//! would be done for it.

use egui::{Align2, CornerRadius, Id, Key, Rect, Sense, Ui, pos2, vec2};

use super::page;
use crate::app::Action;
use crate::graph::FilterPath;
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type};
use crate::sysaudio::{Budget, PieceKind};

const WIDTH: f32 = 560.0;

/// The page while it is open.
pub(in crate::gui) struct Latency {
    /// The milliseconds as they are typed.
    typed: String,
    is_new: bool,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            typed: "20".into(),
            is_new: true,
        }
    }
}

impl Latency {
    /// Draws it. False when it is done.
    pub(super) fn ui(&mut self, ui: &Ui, sight: &Sight<'_>, commands: &mut Vec<Command>) -> bool {
        let mut stays = true;
        modal(ui, "latency budget", |ui| {
            let theme = Theme::of(ui.ctx());
            ui.set_width(WIDTH);
            page::title(ui, "Latency Budget");
            let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, 30.0), Sense::hover());
            let slot = Rect::from_min_size(rect.min, vec2(72.0, 26.0));
            let name = "Milliseconds from key to ear";
            let mut inner = ui.new_child(egui::UiBuilder::new().max_rect(rect));
            let id = Id::unique("budget");
            let line = controls::line(&mut inner, id, slot, &mut self.typed, "20", name);
            if std::mem::take(&mut self.is_new) {
                line.request_focus();
                controls::select_all(&inner, id, self.typed.chars().count());
            }
            let at = pos2(slot.right() + 10.0, slot.center().y);
            controls::clipped(ui, at, 300.0, "ms from key to ear", Type::Body, theme.text);
            let read = self.typed.trim().replace(',', ".").parse::<f64>().ok();
            let read = read.filter(|it| (0.0..=60_000.0).contains(it));
            let Some(millis) = read else {
                let words = "Wanted: milliseconds, from 0 to 60000.";
                page::text(ui, words, Type::Small, theme.warn);
                stays = !controls::button(ui, "Close", Face::Plain).clicked();
                return;
            };
            let found = sight.view.budget(millis);
            bar_ui(ui, &found);
            let ink = match (found.fits(), found.can_fit()) {
                (true, _) => theme.strong,
                (false, true) => theme.warn,
                (false, false) => theme.error,
            };
            page::text(ui, &format!("{}.", found.words()), Type::Body, ink);
            page::steady(ui, "budget", |ui| rows_ui(ui, &found, millis, commands));
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                // Enter takes the keyboard from a line before it is heard of here.
                let is_typing = line.has_focus() || line.lost_focus();
                let enter = ui.input(|i| i.key_pressed(Key::Enter)) && is_typing;
                if enter {
                    line.request_focus();
                }
                if !found.is_settled() {
                    let pressed = controls::button(ui, "Apply", Face::Primary).clicked();
                    if pressed || enter {
                        commands.push(meet(millis, None));
                    }
                }
                if controls::button(ui, "Close", Face::Plain).clicked() {
                    stays = false;
                }
            });
        });
        stays
    }
}

fn meet(millis: f64, obstacle: Option<FilterPath>) -> Command {
    Command::Do(Action::MeetBudget { millis, obstacle })
}

/// One bar to the target, or beyond it, a piece for each filter.
fn bar_ui(ui: &mut Ui, found: &Budget) {
    let theme = Theme::of(ui.ctx());
    let (rect, _) = ui.allocate_exact_size(vec2(WIDTH, 46.0), Sense::hover());
    let bar = Rect::from_min_size(pos2(rect.left(), rect.top() + 6.0), vec2(WIDTH, 18.0));
    controls::plate(ui, bar, theme.field, theme.line);
    let all = found.samples().max(found.target).max(1) as f32;
    let x = |samples: usize| bar.left() + bar.width() * samples as f32 / all;
    let mut at = 0;
    for piece in found.pieces.iter().filter(|piece| piece.samples > 0) {
        let place = Rect::from_min_max(
            pos2(x(at) + 1.0, bar.top() + 1.0),
            pos2(x(at + piece.samples) - 1.0, bar.bottom() - 1.0),
        );
        at += piece.samples;
        let ink = match piece.kind {
            _ if at > found.target => theme.error,
            PieceKind::Arrival => theme.events,
            PieceKind::Capture | PieceKind::Render => theme.clock,
            PieceKind::Filter => theme.audio,
            PieceKind::Framing => theme.midi,
        };
        let fill = ink.gamma_multiply(0.55);
        ui.painter().rect_filled(place, CornerRadius::same(2), fill);
        let painter = ui.painter().with_clip_rect(place.intersect(ui.clip_rect()));
        let text = place.left_center() + vec2(4.0, 0.0);
        let font = Type::Small.font();
        painter.text(text, Align2::LEFT_CENTER, &piece.name, font, theme.strong);
    }
    let target = x(found.target);
    let line = Rect::from_min_max(
        pos2(target - 1.0, bar.top() - 4.0),
        pos2(target + 1.0, bar.bottom() + 4.0),
    );
    ui.painter().rect_filled(line, 0.0, theme.strong);
    let words = format!("{:.1} ms", found.millis(found.target));
    let at = pos2(target, bar.bottom() + 14.0);
    let align = match target > rect.center().x {
        true => Align2::RIGHT_CENTER,
        false => Align2::LEFT_CENTER,
    };
    controls::text(ui, at, align, &words, Type::Small, theme.dim);
}

fn rows_ui(ui: &mut Ui, found: &Budget, millis: f64, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let words = |samples: usize| format!("{:.2} ms", found.millis(samples));
    if !found.pieces.is_empty() {
        page::heading(ui, &format!("At a quantum of {}", found.quantum));
    }
    for piece in &found.pieces {
        page::pair(ui, &piece.name, &words(piece.samples));
        let line = format!("    {}: {}", piece.kind.name(), piece.why);
        page::text(ui, &line, Type::Small, theme.dim);
    }
    if !found.is_settled() {
        page::heading(ui, "Apply makes it");
        for step in found.steps() {
            page::text(ui, &step, Type::Body, theme.text);
        }
        page::pair(ui, "in all then", &words(found.proposal.samples));
    }
    if !found.in_the_way.is_empty() {
        page::heading(ui, "In the way");
    }
    for it in &found.in_the_way {
        page::pair(ui, &it.name, &words(it.samples));
        page::text(ui, &format!("    {}", it.help), Type::Small, theme.dim);
        if let Some((key, value)) = &it.set {
            let figure = value.number().unwrap_or_default();
            let words = format!("Set {} of {} to {figure}", key.replace('_', " "), it.name);
            if controls::button(ui, &words, Face::Plain).clicked() {
                commands.push(meet(millis, Some(it.filter.clone())));
            }
        }
    }
    if !found.copies.is_empty() {
        page::heading(ui, "Copied, which costs load and no time");
    }
    for (wire, why) in &found.copies {
        page::text(ui, &format!("{wire}: {why}"), Type::Small, theme.dim);
    }
}
