//! The inspector's pages that are not about one filter: a wire, several things, the whole graph.

use egui::{Align2, Rect, Sense, Ui, Vec2, pos2, vec2};

use super::inspector::{fact, heading, row, section_rule, sentence};
use crate::app::{Action, Selection, View};
use crate::graph::FilterId;
use crate::gui::canvas::wire_of;
use crate::gui::controls::{self, Face};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, space};
use crate::ks::grouped;

fn head(ui: &mut Ui, title: &str, second: &str, ink: egui::Color32) {
    let theme = Theme::of(ui.ctx());
    let rect = row(ui, 48.0);
    let at = pos2(rect.left(), rect.top() + 17.0);
    controls::clipped(ui, at, rect.width(), title, Type::PanelTitle, theme.strong);
    let at = pos2(rect.left(), rect.top() + 34.0);
    controls::clipped(ui, at, rect.width(), second, Type::Small, ink);
    section_rule(ui);
}

/// What a wire agreed, or why it did not.
pub(in crate::gui) fn wire_ui(
    ui: &mut Ui,
    view: &View<'_>,
    index: usize,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let Some(connection) = view.graph.connections.get(index) else {
        return;
    };
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let name = |id: FilterId| {
        view.graph
            .filters
            .get(&id)
            .map_or("?", |node| node.name.as_str())
    };
    let title = format!(
        "{} \u{2192} {}",
        name(connection.from.filter),
        name(connection.to.filter)
    );
    let second = format!("Wire · {} to {}", connection.from.pin, connection.to.pin);
    head(ui, &title, &second, theme.dim);
    let outcome = wire_of(view, index).map(|wire| &wire.outcome);
    match outcome {
        Some(Ok(agreement)) => {
            heading(ui, "Agreed", "");
            fact(ui, "Format", &agreement.format.to_string());
            if let Some(audio) = agreement.format.audio {
                fact(ui, "Rate", &format!("{} Hz", grouped(audio.rate_hz)));
                fact(ui, "Channels", &audio.channels.to_string());
                let coding = format!("{:?}, {} bit", agreement.format.sub, audio.bits);
                fact(ui, "Sample", &coding);
            }
            fact(ui, "Medium", &agreement.medium.text());
            fact(ui, "Interface", &agreement.interface.text());
            let way = if agreement.is_push {
                "push: the source issues"
            } else {
                "pull: the sink issues"
            };
            fact(ui, "Requests", way);
            let chosen = &connection.chosen;
            if chosen.format.is_some() || chosen.medium.is_some() || chosen.interface.is_some() {
                sentence(ui, "Some of this was chosen by hand.", theme.dim);
            }
        }
        Some(Err(refusal)) => {
            heading(ui, "Not agreed", refusal.rule);
            sentence(ui, &refusal.sentence(), theme.error);
            for (place, cure) in refusal.cures.iter().take(4).enumerate() {
                ui.add_space(4.0);
                let rect = row(ui, 28.0);
                let face = if place == 0 {
                    Face::Primary
                } else {
                    Face::Plain
                };
                if controls::button_at(ui, rect, &cure.text, face, true).clicked()
                    && let Some(wire) = wire_of(view, index)
                {
                    commands.push(Command::Cure {
                        connection: Some(index),
                        from: wire.from.clone(),
                        to: wire.to.clone(),
                        cure: place,
                    });
                }
            }
        }
        None => sentence(ui, "One end is missing; the wire is kept.", theme.dim),
    }
    ui.add_space(10.0);
    let rect = row(ui, 28.0);
    let rect = Rect::from_min_size(rect.min, vec2(130.0, 28.0));
    if controls::button_at(ui, rect, "Remove the wire", Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::Disconnect(vec![index])));
    }
}

/// Several things at once.
pub(in crate::gui) fn many_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    let filters = view.selection.filters.len();
    let wires = view.selection.connections.len();
    let title = format!("{} selected", filters + wires);
    head(
        ui,
        &title,
        &format!("{filters} filters, {wires} wires"),
        theme.dim,
    );
    ui.add_space(8.0);
    let rect = row(ui, 28.0);
    let rect = Rect::from_min_size(rect.min, vec2(130.0, 28.0));
    if controls::button_at(ui, rect, "Delete them", Face::Plain, true).clicked() {
        commands.push(Command::Do(Action::DeleteSelection));
    }
}

/// Nothing: the facts of the graph.
pub(in crate::gui) fn graph_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    ui.spacing_mut().item_spacing = Vec2::ZERO;
    ui.add_space(8.0);
    let rect = row(ui, 26.0);
    let at = rect.left_center();
    controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        "Nothing selected",
        Type::PanelTitle,
        theme.strong,
    );
    sentence(ui, "Click a filter for its properties.", theme.dim);
    sentence(ui, "Click a wire for what the two pins agreed.", theme.dim);
    sentence(ui, "Drag on the empty canvas to select many.", theme.dim);
    ui.add_space(10.0);
    section_rule(ui);
    heading(ui, "This graph", "");
    let counts = format!(
        "{}, {}",
        view.graph.filters.len(),
        view.graph.connections.len()
    );
    fact(ui, "Filters, wires", &counts);
    let device = if view.device.is_empty() {
        "a timer, no sound card"
    } else {
        view.device
    };
    fact(ui, "Kept in time by", device);
    let rate = view.wiring.rate_hz;
    fact(ui, "Rate", &format!("{} Hz", grouped(rate)));
    let millis = view.quantum as f64 * 1000.0 / f64::from(rate.max(1));
    let quantum = format!("{} samples, {millis:.3} ms", grouped(view.quantum as u32));
    fact(ui, "Quantum", &quantum);
    if let Some(samples) = view
        .cells
        .map(|cells| cells.latency_samples())
        .filter(|it| *it > 0)
    {
        let millis = f64::from(samples) * 1000.0 / f64::from(rate.max(1));
        let words = format!("{} samples, {millis:.1} ms", grouped(samples));
        fact(ui, "Key to ear", &words);
    }
    let priority = view.cells.map(|cells| cells.is_real_time());
    if let Some(is_real_time) = priority {
        let words = if is_real_time {
            "real time"
        } else {
            "ordinary"
        };
        fact(ui, "Audio thread", words);
    }
    fact(ui, "State", view.requested.name());
    let refused = view
        .wiring
        .wires
        .iter()
        .filter(|wire| wire.outcome.is_err())
        .count();
    if refused == 0 && view.wiring.problems.is_empty() {
        return;
    }
    ui.add_space(8.0);
    section_rule(ui);
    heading(
        ui,
        "To look at",
        &(refused + view.wiring.problems.len()).to_string(),
    );
    for wire in &view.wiring.wires {
        let Err(refusal) = &wire.outcome else {
            continue;
        };
        let words = format!(
            "{} \u{2192} {}: {}",
            view.wiring.pin_text(&wire.from),
            view.wiring.pin_text(&wire.to),
            refusal.sentence()
        );
        problem_ui(
            ui,
            &words,
            theme.error,
            || {
                let index = view.connection_of(wire)?;
                let mut selection = Selection::default();
                selection.connections.insert(index);
                Some(selection)
            },
            commands,
        );
    }
    for problem in &view.wiring.problems {
        let ink = if problem.is_blocking {
            theme.error
        } else {
            theme.warn
        };
        problem_ui(
            ui,
            &problem.text,
            ink,
            || {
                let id = view.local(problem.filter.as_ref()?)?;
                let mut selection = Selection::default();
                selection.filters.insert(id);
                Some(selection)
            },
            commands,
        );
    }
}

fn problem_ui(
    ui: &mut Ui,
    words: &str,
    ink: egui::Color32,
    about: impl Fn() -> Option<Selection>,
    commands: &mut Vec<Command>,
) {
    let response = egui::Frame::NONE
        .inner_margin(egui::Margin::symmetric(space::PANEL as i8, 2))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let text = egui::RichText::new(words)
                .text_style(Type::Body.style())
                .color(ink);
            ui.add(egui::Label::new(text).sense(Sense::click()))
        })
        .inner;
    if response.clicked()
        && let Some(selection) = about()
    {
        commands.push(Command::Do(Action::Select(selection)));
    }
}
