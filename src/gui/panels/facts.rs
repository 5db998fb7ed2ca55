//! The inspector's page when nothing is selected: what to do, the facts of the graph, graphs to start from.

use egui::{Align2, Rect, Sense, Ui, Vec2, vec2};

use super::page::{fact, heading, row, scrolled, section_rule, sentence};
use crate::app::{Action, Selection, View};
use crate::gui::controls;
use crate::gui::screen::Command;
use crate::gui::starters::Starters;
use crate::gui::theme::{Theme, Type, space};
use crate::ks::{State, grouped};

/// Nothing: the facts of the graph.
pub(super) fn graph_ui(
    ui: &mut Ui,
    view: &View<'_>,
    starters: &mut Starters,
    commands: &mut Vec<Command>,
) {
    let panel = ui.max_rect();
    scrolled(ui, panel, "graph", |ui| {
        what_to_do_ui(ui);
        facts_ui(ui, view);
        problems_ui(ui, view, commands);
        starters_ui(ui, view, starters, commands);
    });
}

fn what_to_do_ui(ui: &mut Ui) {
    let theme = Theme::of(ui.ctx());
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
}

fn facts_ui(ui: &mut Ui, view: &View<'_>) {
    section_rule(ui);
    heading(ui, "This graph", "");
    let counts = format!(
        "{}, {}",
        view.graph.filters.len(),
        view.graph.connections.len()
    );
    fact(ui, "Filters, wires", &counts);
    let own = view.driver().filter(|_| view.device.is_empty());
    let own = own.and_then(|path| view.wiring.filters.get(path));
    let device = match own {
        Some(filter) => filter.name.as_str(),
        None if view.device.is_empty() => "a timer, no sound card",
        None => view.device,
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
    let state = match view.requested {
        State::Pause => format!("Pause, {}", view.cued().words()),
        state => state.name().to_owned(),
    };
    fact(ui, "State", &state);
}

/// So many of what is wrong are told in full.
const SHOWN: usize = 40;

/// Wires that were refused, and what else is wrong, a row each.
fn problems_ui(ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let refused = view
        .wiring
        .wires
        .iter()
        .filter(|wire| wire.outcome.is_err())
        .count();
    let problems = view.wiring.problems.len();
    if refused == 0 && problems == 0 {
        return;
    }
    ui.add_space(8.0);
    section_rule(ui);
    heading(ui, "To look at", &(refused + problems).to_string());
    let mut left = SHOWN;
    for wire in &view.wiring.wires {
        let Err(refusal) = &wire.outcome else {
            continue;
        };
        if left == 0 {
            break;
        }
        left -= 1;
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
    for problem in view.wiring.problems.iter().take(left) {
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
    let more = (refused + problems).saturating_sub(SHOWN);
    if more > 0 {
        sentence(ui, &format!("and {more} more"), theme.dim);
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

/// Graphs that show one thing each.
fn starters_ui(ui: &mut Ui, view: &View<'_>, starters: &mut Starters, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let all = starters.all();
    if all.is_empty() {
        return;
    }
    ui.add_space(8.0);
    section_rule(ui);
    let words = match all.len() {
        1 => "1 graph".to_owned(),
        count => format!("{count} graphs"),
    };
    heading(ui, "Start from", &words);
    for starter in all {
        let place = row(ui, 46.0).shrink2(vec2(0.0, 2.0));
        let is_open = view.document.path.as_deref() == Some(starter.path.as_path())
            || view
                .document
                .path
                .as_ref()
                .and_then(|path| path.canonicalize().ok())
                .is_some_and(|path| path == starter.path);
        let id = ui.scope_id().with(("starter", &starter.title));
        let name = format!("Open {}", starter.title);
        let response = controls::clickable(ui, id, place, true, &name);
        let (fill, edge) = match (is_open, response.hovered()) {
            (true, _) => (theme.sel, theme.sel),
            (false, true) => (theme.hover, theme.line_strong),
            (false, false) => (theme.panel, theme.line_soft),
        };
        controls::plate(ui, place, fill, edge);
        let square =
            Rect::from_center_size(place.left_center() + vec2(17.0, 0.0), Vec2::splat(15.0));
        starter.icon.paint(ui.painter(), square, theme.dim);
        let room = place.width() - 46.0;
        let at = place.left_center() + vec2(36.0, -8.0);
        controls::clipped(ui, at, room, &starter.title, Type::Value, theme.strong);
        let at = place.left_center() + vec2(36.0, 9.0);
        let second = if is_open { "open now" } else { &starter.second };
        controls::clipped(ui, at, room, second, Type::Small, theme.dim);
        if response.clicked() && !is_open {
            commands.push(Command::OpenRecent(starter.path.clone()));
        }
    }
}
