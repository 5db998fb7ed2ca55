//! The class page of a filter in the stream class driver: what became of its requests lane by lane, and the last calls.

use egui::Ui;

use super::page::{fact, heading, section_rule, sentence};
use crate::app::Action;
use crate::graph::FilterPath;
use crate::gui::controls::{self, Face};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, space};
use crate::ks::{ClassSheet, Health, grouped};

/// How many calls are listed, the newest first.
const LISTED: usize = 40;

/// Draws the page.
pub(super) fn page_ui(
    ui: &mut Ui,
    sheet: &ClassSheet,
    path: &FilterPath,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    heading(ui, "Stream class driver", sheet.health.words());
    if sheet.health != Health::Well {
        sentence(ui, "It is not called any more.", theme.strong);
        let again = ui.horizontal(|ui| {
            ui.add_space(space::PANEL);
            controls::button(ui, "Load Again", Face::Primary)
        });
        if again.inner.clicked() {
            commands.push(Command::Do(Action::LoadAgain(path.clone())));
        }
    }
    fact(ui, "Calls at the same time", &sheet.most_inside.to_string());
    fact(ui, "Interrupts", &interrupts(sheet));
    fact(ui, "Answers that came too late", &sheet.late.to_string());
    for lane in &sheet.lanes {
        section_rule(ui);
        heading(ui, &lane.name, &format!("{} issued", count(lane.issued)));
        fact(
            ui,
            "Queued, in flight, most",
            &list(&[lane.queued, lane.in_flight, lane.most_in_flight]),
        );
        fact(ui, "Done, refused", &list(&[lane.done, lane.failed]));
        if lane.cancelled + lane.timed_out > 0 {
            fact(
                ui,
                "Cancelled, timed out",
                &list(&[lane.cancelled, lane.timed_out]),
            );
        }
    }
    section_rule(ui);
    heading(ui, "Callbacks", &count(sheet.calls));
    for line in sheet.trace.iter().rev().take(LISTED) {
        sentence(ui, line, theme.dim);
    }
}

fn interrupts(sheet: &ClassSheet) -> String {
    format!("{}, {} not mine", sheet.interrupts, sheet.not_mine)
}

fn list(numbers: &[u64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(|it| count(*it)).collect();
    numbers.join(", ")
}

fn count(number: u64) -> String {
    u32::try_from(number).map_or_else(|_| number.to_string(), grouped)
}
