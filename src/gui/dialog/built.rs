//! The construction report: every attempt of what SysAudio built last, as a tree with its refusals.

use egui::Ui;

use super::page;
use crate::gui::commands::Sight;
use crate::gui::controls::{self, Face};
use crate::gui::panels::dialogs::modal;
use crate::gui::theme::{Theme, Type};
use crate::sysaudio::{Attempt, Outcome};

/// Draws the page. False when it is done.
pub(super) fn ui(ui: &Ui, sight: &Sight<'_>) -> bool {
    let mut stays = true;
    modal(ui, "built", |ui| {
        ui.set_width(620.0);
        page::title(ui, "Construction Report");
        match sight.view.built() {
            Some(attempt) => page::scroll(ui, "attempts", |ui| rows(ui, attempt, 0)),
            None => {
                let ink = Theme::of(ui.ctx()).text;
                let words = "Nothing was built yet. Drop a wire with Shift held, or render a pin: what was tried for it is listed here.";
                page::text(ui, words, Type::Body, ink);
            }
        }
        ui.add_space(10.0);
        stays = !controls::button(ui, "Close", Face::Plain).clicked();
    });
    stays
}

/// An attempt and what was tried for it, each level farther in; what has more below can be folded.
fn rows(ui: &mut Ui, attempt: &Attempt, depth: usize) {
    let theme = Theme::of(ui.ctx());
    let (mark, ink) = match &attempt.outcome {
        Outcome::Holds(_) => ("yes", theme.strong),
        Outcome::Partly(_) => ("in part", theme.warn),
        Outcome::Refused(_) => ("no", theme.error),
        Outcome::Fails(_) => ("no", theme.dim),
    };
    let words = format!("{mark}: {}", attempt.what);
    let about = |ui: &mut Ui| {
        let words = attempt.outcome.words();
        if words != "holds" {
            page::text(ui, &words, Type::Small, theme.dim);
        }
        if let Outcome::Refused(refusal) = &attempt.outcome {
            for cure in &refusal.cures {
                let words = format!("would help: {}", cure.text);
                page::text(ui, &words, Type::Small, theme.dim);
            }
        }
    };
    if attempt.inner.is_empty() {
        page::text(ui, &words, Type::Body, ink);
        ui.indent(ui.next_auto_id(), about);
        return;
    }
    // What was looked at around the way is much, and seldom asked for.
    let is_open = depth < 2 && attempt.what != "look around";
    egui::CollapsingHeader::new(egui::RichText::new(words).color(ink))
        .id_salt((depth, &attempt.what, ui.next_auto_id()))
        .default_open(is_open)
        .show(ui, |ui| {
            about(ui);
            for inner in &attempt.inner {
                rows(ui, inner, depth + 1);
            }
        });
}
