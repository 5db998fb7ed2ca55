//! The log: time, mark, source, sentence. A source that is a filter leads to it.

use egui::{Align2, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::banner::mark;
use crate::app::{Action, LogLine, Urgency, View};
use crate::gui::controls;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};

/// What the log remembers.
#[derive(Default)]
pub(super) struct Log {
    filter: String,
}

impl Log {
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
        let lines: Vec<&LogLine> = view
            .log
            .iter()
            .filter(|line| {
                wanted.is_empty()
                    || line.text.to_lowercase().contains(&wanted)
                    || line.source.to_lowercase().contains(&wanted)
            })
            .collect();
        let at = pos2(head.right() - 14.0, head.center().y);
        let s = if lines.len() == 1 { "" } else { "s" };
        let words = format!("{} line{s}", crate::ks::grouped(lines.len() as u32));
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
        if lines.is_empty() {
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
            .show_rows(&mut child, window::ROW, lines.len(), |ui, rows| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                for line in &lines[rows] {
                    line_ui(ui, line, commands);
                }
            });
    }
}

fn line_ui(ui: &mut Ui, line: &LogLine, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
    let words = format!("{}: {}", line.source, line.text);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    match line.urgency {
        Urgency::News => {}
        Urgency::Attention => drop(ui.painter().rect_filled(rect, 0.0, theme.warn_bg)),
        Urgency::Error => drop(ui.painter().rect_filled(rect, 0.0, theme.error_bg)),
    }
    let (icon, ink) = mark(theme, line.urgency);
    let y = rect.center().y;
    let time = super::time_words((line.seconds.max(0.0) * 1000.0) as u64);
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
    if response.clicked()
        && let Some(path) = &line.filter
        && let Some(&id) = path.0.last()
    {
        commands.push(Command::Do(Action::Reveal(path.clone())));
        commands.push(Command::Centre(id));
    }
    if covered.width() > room - 4.0 {
        response.on_hover_text(&line.text);
    }
}
