//! The log: time, mark, source, sentence. A source that is a filter leads to it. Times are the transport's. What many
//! things were told by is one line, which opens to the single ones.

use std::collections::BTreeSet;

use egui::{Align2, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::banner::mark;
use crate::app::{Action, LogLine, Urgency, View};
use crate::graph::FilterPath;
use crate::gui::controls;
use crate::gui::icons::Icon;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};

/// What the log remembers.
#[derive(Default)]
pub(super) struct Log {
    filter: String,
    /// Lines that are open, by when they were said.
    open: BTreeSet<u64>,
}

/// What stands in a row.
#[derive(Clone, Copy)]
enum Row<'a> {
    Line(&'a LogLine),
    /// One that holds others, and whether it is open.
    Many(&'a LogLine, bool),
    /// One of those.
    Part(&'a FilterPath, &'a str),
}

impl Log {
    /// The rows there are: of lines that hold others all that are open, or that answer to what is wanted.
    fn rows<'a>(&self, log: &'a [LogLine], wanted: &str) -> Vec<Row<'a>> {
        let answers = |text: &str| wanted.is_empty() || text.to_lowercase().contains(wanted);
        let mut rows = vec![];
        for line in log {
            let own = answers(&line.text) || answers(&line.source);
            if line.parts.is_empty() {
                rows.extend(own.then_some(Row::Line(line)));
                continue;
            }
            let is_open = self.open.contains(&line.seconds.to_bits());
            let found = |part: &&(FilterPath, String)| match wanted.is_empty() {
                true => is_open,
                false => answers(&part.1) || is_open && own,
            };
            let parts: Vec<_> = line.parts.iter().filter(found).collect();
            if own || !parts.is_empty() {
                rows.push(Row::Many(line, !parts.is_empty()));
                rows.extend(parts.iter().map(|(path, text)| Row::Part(path, text)));
            }
        }
        rows
    }

    /// Draws the page: search and count in `head`, lines in `body`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        body: Rect,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let wanted = self.filter.trim().to_lowercase();
        let rows = self.rows(view.log, &wanted);
        let at = pos2(head.right() - 14.0, head.center().y);
        let s = if rows.len() == 1 { "" } else { "s" };
        let words = format!("{} line{s}", crate::ks::grouped(rows.len() as u32));
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
        let field = Rect::from_min_size(
            pos2(head.right() - 80.0 - 150.0, head.center().y - 10.5),
            vec2(150.0, 21.0),
        );
        if field.left() > head.left() {
            let id = ui.scope_id().with("log filter");
            let name = "Filter the log";
            controls::search(ui, id, field, &mut self.filter, name, "", name);
        }
        if rows.is_empty() {
            let words = match wanted.is_empty() {
                true => "Nothing has happened yet.".to_owned(),
                false => format!("No line says \u{201c}{}\u{201d}.", self.filter.trim()),
            };
            let at = body.left_top() + vec2(14.0, 18.0);
            let room = body.width() - 28.0;
            controls::clipped(ui, at, room, &words, Type::Body, theme.dim);
            return;
        }
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(body.shrink2(vec2(0.0, 2.0))));
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .stick_to_bottom(true)
            .show_rows(&mut child, window::ROW, rows.len(), |ui, seen| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                for row in &rows[seen] {
                    match row {
                        Row::Line(line) => line_ui(ui, line, None, commands),
                        Row::Part(path, text) => part_ui(ui, path, text, commands),
                        Row::Many(line, is_open) => {
                            if line_ui(ui, line, Some(*is_open), commands) {
                                let key = line.seconds.to_bits();
                                if !self.open.remove(&key) {
                                    self.open.insert(key);
                                }
                            }
                            continue;
                        }
                    };
                }
            });
    }
}

/// Draws a line, open, closed or single. Whether it was clicked.
fn line_ui(
    ui: &mut Ui,
    line: &LogLine,
    is_open: Option<bool>,
    commands: &mut Vec<Command>,
) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
    let words = format!("{}: {}", line.source, line.text);
    response.widget_info(|| match is_open {
        Some(is_open) => WidgetInfo::selected(Role::DisclosureTriangle, true, is_open, &words),
        None => WidgetInfo::labeled(Role::Button, true, &words),
    });
    match line.urgency {
        Urgency::News => {}
        Urgency::Attention => drop(ui.painter().rect_filled(rect, 0.0, theme.warn_bg)),
        Urgency::Error => drop(ui.painter().rect_filled(rect, 0.0, theme.error_bg)),
    }
    let (icon, ink) = match is_open {
        Some(true) => (Icon::Down, theme.dim),
        Some(false) => (Icon::Right, theme.dim),
        None => mark(theme, line.urgency),
    };
    let y = rect.center().y;
    let time = super::time_words((line.at_seconds.max(0.0) * 1000.0) as u64);
    let at = pos2(rect.left() + 14.0, y);
    controls::text(ui, at, Align2::LEFT_CENTER, time, Type::Body, theme.dim);
    let square = Rect::from_center_size(pos2(rect.left() + 107.0, y), Vec2::splat(13.0));
    icon.paint(ui.painter(), square, ink);
    let at = pos2(rect.left() + 124.0, y);
    let source = if line.filter.is_some() && response.hovered() {
        theme.accent
    } else {
        theme.strong
    };
    controls::clipped(ui, at, 176.0, &line.source, Type::Value, source);
    let at = pos2(rect.left() + 310.0, y);
    let room = rect.right() - 14.0 - at.x;
    let covered = controls::clipped(ui, at, room, &line.text, Type::Body, theme.text);
    controls::focus_ring(ui, &response);
    let clicked = response.clicked();
    if clicked && let Some(path) = &line.filter {
        go_to(path, commands);
    }
    let said = format!("{:.3} s after the program began", line.seconds);
    if covered.width() > room - 4.0 {
        response.on_hover_text(format!("{}\n{said}", line.text));
    } else if ui.rect_contains_pointer(Rect::from_min_max(
        rect.min,
        pos2(rect.left() + 96.0, rect.max.y),
    )) {
        response.on_hover_text(said);
    }
    clicked
}

/// Draws one of the lines that another holds. Whether it was clicked.
fn part_ui(ui: &mut Ui, path: &FilterPath, text: &str, commands: &mut Vec<Command>) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let ink = if response.hovered() {
        theme.accent
    } else {
        theme.text
    };
    let at = pos2(rect.left() + 310.0, rect.center().y);
    let room = rect.right() - 14.0 - at.x;
    controls::clipped(ui, at, room, text, Type::Body, ink);
    controls::focus_ring(ui, &response);
    let clicked = response.clicked();
    if clicked {
        go_to(path, commands);
    }
    clicked
}

fn go_to(path: &FilterPath, commands: &mut Vec<Command>) {
    if let Some(&id) = path.0.last() {
        commands.push(Command::Do(Action::Reveal(path.clone())));
        commands.push(Command::Centre(id));
    }
}
