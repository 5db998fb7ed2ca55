//! The bottom panel: the log, and what each filter costs. A tab that is clicked again folds it.

use egui::{Align2, CornerRadius, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::banner::mark;
use crate::app::{Action, LogLine, Urgency, View};
use crate::graph::FilterPath;
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};
use crate::ks::grouped;

/// Which page is in front.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Tab {
    #[default]
    Log,
    Performance,
}

/// What the bottom panel remembers.
#[derive(Default)]
pub(in crate::gui) struct Bottom {
    tab: Tab,
    folded: bool,
    filter: String,
}

impl Bottom {
    /// Its height.
    pub(in crate::gui) fn height(&self) -> f32 {
        if self.folded {
            window::BOTTOM_MIN
        } else {
            window::BOTTOM
        }
    }

    /// Draws the panel.
    pub(in crate::gui) fn ui(&mut self, ui: &mut Ui, view: &View<'_>, commands: &mut Vec<Command>) {
        let theme = Theme::of(ui.ctx());
        let panel = ui.max_rect();
        let mut x = panel.left() + 12.0;
        for (tab, name) in [(Tab::Log, "Log"), (Tab::Performance, "Performance")] {
            let is_on = self.tab == tab && !self.folded;
            let role = if is_on { Type::TabActive } else { Type::Tab };
            let wide = controls::width(ui, name, Type::TabActive);
            let rect = Rect::from_min_size(
                pos2(x - 6.0, panel.top()),
                vec2(wide + 12.0, window::TAB_BAR),
            );
            let response = ui.interact(rect, ui.scope_id().with(("tab", name)), Sense::click());
            response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_on, name));
            probe::note(ui.ctx(), "tab", name, "", rect);
            let ink = if is_on || response.hovered() {
                theme.strong
            } else {
                theme.dim
            };
            let at = pos2(x, rect.center().y);
            controls::text(ui, at, Align2::LEFT_CENTER, name, role, ink);
            if is_on {
                let line =
                    Rect::from_min_max(pos2(x, rect.bottom() - 2.0), pos2(x + wide, rect.bottom()));
                ui.painter()
                    .rect_filled(line, CornerRadius::same(1), theme.accent);
            }
            controls::focus_ring(ui, &response);
            if response.clicked() {
                self.folded = !self.folded && self.tab == tab;
                self.tab = tab;
            }
            x += wide + 26.0;
        }
        if self.folded {
            if let Some(line) = view.log.last() {
                let at = pos2(panel.right() - 12.0, panel.top() + window::TAB_BAR / 2.0);
                let room = (panel.right() - 12.0 - x).max(0.0);
                let words = shortened(ui, &line.text, room);
                controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Body, theme.dim);
            }
            return;
        }
        let body = Rect::from_min_max(pos2(panel.left(), panel.top() + window::TAB_BAR), panel.max);
        controls::rule(ui, body, theme.line_soft);
        match self.tab {
            Tab::Log => {
                let field = Rect::from_min_size(
                    pos2(panel.right() - 70.0 - 160.0, panel.top() + 5.0),
                    vec2(150.0, 21.0),
                );
                if field.left() > x {
                    let id = ui.scope_id().with("log filter");
                    controls::search(
                        ui,
                        id,
                        field,
                        &mut self.filter,
                        "Filter the log",
                        "",
                        "Filter the log",
                    );
                }
                self.log_ui(ui, body, view, commands);
            }
            Tab::Performance => performance_ui(ui, body, view, commands),
        }
    }

    fn log_ui(&self, ui: &mut Ui, body: Rect, view: &View<'_>, commands: &mut Vec<Command>) {
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
        let at = pos2(body.right() - 14.0, body.top() - window::TAB_BAR / 2.0);
        let s = if lines.len() == 1 { "" } else { "s" };
        let words = format!("{} line{s}", lines.len());
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
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
    let millis = (line.seconds.max(0.0) * 1000.0) as u64;
    let time = format!(
        "{:02}:{:02}:{:02}.{:03}",
        millis / 3_600_000,
        millis / 60_000 % 60,
        millis / 1000 % 60,
        millis % 1000
    );
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

fn performance_ui(ui: &mut Ui, body: Rect, view: &View<'_>, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let mut costs: Vec<(u32, usize, &FilterPath, &str)> = view
        .wiring
        .filters
        .iter()
        .filter_map(|(path, filter)| {
            let (nanos, latency) = view.cost(path)?;
            Some((nanos, latency, path, filter.name.as_str()))
        })
        .collect();
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.0));
    if costs.is_empty() {
        let at = body.left_top() + vec2(14.0, 18.0);
        let words = "Nothing runs. Press Space to see what each filter costs.";
        controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Body, theme.dim);
        return;
    }
    let cycle = view.quantum as f64 * 1e6 / f64::from(view.wiring.rate_hz.max(1));
    let sum: u64 = costs.iter().map(|cost| u64::from(cost.0)).sum();
    let words = format!(
        "{:.1} µs of {} µs per quantum",
        sum as f64 / 1000.0,
        grouped(cycle as u32)
    );
    let at = pos2(body.right() - 14.0, body.top() - window::TAB_BAR / 2.0);
    controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
    let most = (cycle * 1000.0).max(1_000.0);
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(body.shrink2(vec2(0.0, 4.0))));
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(&mut child, window::ROW, costs.len(), |ui, rows| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            for &(nanos, latency, path, name) in &costs[rows] {
                let (rect, response) =
                    ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
                let y = rect.center().y;
                let at = pos2(rect.left() + 14.0, y);
                controls::clipped(ui, at, 180.0, name, Type::Body, theme.text);
                let rail = Rect::from_min_max(
                    pos2(rect.left() + 204.0, y - 4.0),
                    pos2(rect.right() - 170.0, y + 4.0),
                );
                ui.painter()
                    .rect_filled(rail, CornerRadius::same(1), theme.field);
                let share = (f64::from(nanos.max(10)) / 10.0).ln() / (most / 10.0).ln();
                let mut bar = rail;
                bar.set_width(rail.width() * share.clamp(0.0, 1.0) as f32);
                let chosen = view
                    .local(path)
                    .is_some_and(|id| view.selection.filters.contains(&id));
                let hue = if chosen { theme.audio } else { theme.dim };
                ui.painter().rect_filled(bar, CornerRadius::same(1), hue);
                let at = pos2(rect.right() - 90.0, y);
                let words = format!("{} ns", grouped(nanos));
                controls::text(
                    ui,
                    at,
                    Align2::RIGHT_CENTER,
                    words,
                    Type::Value,
                    theme.strong,
                );
                let at = pos2(rect.right() - 14.0, y);
                let words = format!("{} smp", grouped(latency as u32));
                controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);
                if response.clicked()
                    && let Some(&id) = path.0.last()
                {
                    commands.push(Command::Do(Action::Reveal(path.clone())));
                    commands.push(Command::Centre(id));
                }
            }
        });
}

/// `words` cut to `room` with an ellipsis.
fn shortened(ui: &Ui, words: &str, room: f32) -> String {
    if controls::width(ui, words, Type::Body) <= room {
        return words.to_owned();
    }
    let keep = (room / 6.5) as usize;
    let cut: String = words.chars().take(keep).collect();
    format!("{cut}…")
}
