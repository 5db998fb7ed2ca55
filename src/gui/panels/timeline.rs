//! The timeline: a lane per filter, a column per cycle. While it runs the newest cycles come in at the right; a click on
//! a cycle says what is known of it, a click on a name leads to its filter.

use egui::{
    Align2, Color32, CornerRadius, Mesh, Rect, Role, ScrollArea, Sense, Shape, Stroke, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::frames::say;
use crate::app::{Column, Timeline as Recorded, View, telling_time};
use crate::gui::controls::{self, Face};
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, stroke};

/// Where columns begin.
const NAMES: f32 = 164.0;
/// Width of a column.
const WIDE: f32 = 7.0;
/// Height of a lane.
const LANE: f32 = 15.0;
/// Height of the line of whole cycles above them.
const HEAD: f32 = 26.0;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Timeline {
    /// The cycle that is looked at; `None`: the newest ones.
    chosen: Option<u64>,
}

impl Timeline {
    /// Draws the page: Export in `head`, lanes in `body`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        body: Rect,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let recorded = view.timeline();
        let columns = recorded.columns();
        if columns.is_empty() {
            let words = "Nothing runs. Press Space to see which filter runs when.";
            return say(ui, body, words);
        }
        let room = ((body.width() - NAMES - 14.0) / WIDE).floor().max(1.0) as usize;
        let newest = columns.len();
        let place = self.chosen.and_then(|number| {
            columns
                .binary_search_by_key(&number, |it| it.moment.number)
                .ok()
        });
        // What is looked at stays in the middle.
        let end = place.map_or(newest, |at| (at + room / 2).clamp(room.min(newest), newest));
        let begin = end.saturating_sub(room);
        let seen: Vec<&Column> = columns.range(begin..end).collect();
        self.head_ui(ui, head, recorded, place.map(|at| &columns[at]), commands);
        let grid = Rect::from_min_max(
            pos2(body.left() + NAMES, body.top() + 4.0),
            pos2(body.left() + NAMES + room as f32 * WIDE, body.bottom()),
        );
        self.cycles_ui(ui, grid, &seen, place.map(|at| columns[at].moment.number));
        lanes_ui(ui, body, grid, view, recorded, &seen, commands);
    }

    fn head_ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        recorded: &Recorded,
        chosen: Option<&Column>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let mut right = head.right() - 14.0;
        let mut button = |ui: &mut Ui, words: &str| {
            let wide = controls::width(ui, words, Type::Value) + 18.0;
            let rect =
                Rect::from_min_size(pos2(right - wide, head.center().y - 11.0), vec2(wide, 22.0));
            right -= wide + 8.0;
            rect.left() > head.left()
                && controls::button_at(ui, rect, words, Face::Plain, true).clicked()
        };
        if button(ui, "Export\u{2026}") {
            commands.push(Command::Run("tools.export_timeline"));
        }
        if chosen.is_some() && button(ui, "Newest") {
            self.chosen = None;
        }
        let words = match chosen {
            Some(column) => words(column, recorded),
            None => format!(
                "{} cycles kept",
                crate::ks::grouped(recorded.columns().len() as u32)
            ),
        };
        let room = (right - head.left() - 12.0).max(0.0);
        let wide = controls::width(ui, &words, Type::Small).min(room);
        let at = pos2(right - wide, head.center().y);
        let covered = controls::clipped(ui, at, wide + 1.0, &words, Type::Small, theme.dim);
        let spoken = ui.interact(covered, ui.scope_id().with("cycle words"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    }

    /// The line of whole cycles: how much of its time each took.
    fn cycles_ui(&mut self, ui: &mut Ui, grid: Rect, seen: &[&Column], chosen: Option<u64>) {
        let theme = Theme::of(ui.ctx());
        let line = Rect::from_min_size(grid.min, vec2(grid.width(), HEAD - 6.0));
        let response = ui.interact(line, ui.scope_id().with("cycles"), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Cycles"));
        let at = pos2(grid.left() - NAMES + 14.0, line.center().y);
        controls::text(ui, at, Align2::LEFT_CENTER, "Cycles", Type::Body, theme.dim);
        ui.painter().rect_filled(line, 0.0, theme.field);
        for (index, column) in seen.iter().enumerate() {
            let moment = &column.moment;
            let share = moment.took_nanos as f32 / moment.lasts_nanos.max(1) as f32;
            let left = line.left() + index as f32 * WIDE;
            let high = (share.min(1.0) * line.height()).max(1.0);
            let hue = match moment.late_nanos() {
                0 if share > 0.7 => theme.warn,
                0 => theme.audio,
                _ => theme.error,
            };
            let bar = Rect::from_min_max(
                pos2(left + 1.0, line.bottom() - high),
                pos2(left + WIDE - 1.0, line.bottom()),
            );
            ui.painter().rect_filled(bar, 0.0, hue);
            if chosen == Some(moment.number) {
                let frame =
                    Rect::from_min_max(pos2(left, grid.top()), pos2(left + WIDE, grid.bottom()));
                ui.painter().rect_stroke(
                    frame,
                    CornerRadius::ZERO,
                    Stroke::new(stroke::HAIR, theme.strong),
                    egui::StrokeKind::Outside,
                );
            }
        }
        controls::focus_ring(ui, &response);
        if let Some(pos) = response
            .interact_pointer_pos()
            .filter(|_| response.clicked())
        {
            let index = ((pos.x - line.left()) / WIDE).max(0.0) as usize;
            self.chosen = seen.get(index).map(|column| column.moment.number);
        }
    }
}

/// What is known of a cycle.
fn words(column: &Column, recorded: &Recorded) -> String {
    let moment = &column.moment;
    let mut words = format!(
        "Cycle {}, sample {}: {} of {}",
        moment.number,
        moment.position,
        telling_time(moment.took_nanos),
        telling_time(moment.lasts_nanos)
    );
    if moment.late_nanos() > 0 {
        words += &format!(", {} late", telling_time(moment.late_nanos()));
    }
    let longest = column
        .parts
        .iter()
        .max_by_key(|part| part.nanos.1 - part.nanos.0);
    if let Some(part) = longest {
        let took = u64::from(part.nanos.1 - part.nanos.0);
        let name = &recorded.lanes()[part.lane as usize].name;
        words += &format!(" · most by {name}, {}", telling_time(took));
    }
    words
}

/// How dark a part is: from 10 ns to the whole cycle.
fn shade(nanos: u32, lasts: u64) -> f32 {
    let most = (lasts as f32).max(100.0) / 10.0;
    ((nanos.max(10) as f32 / 10.0).ln() / most.ln()).clamp(0.0, 1.0)
}

fn lanes_ui(
    ui: &mut Ui,
    body: Rect,
    grid: Rect,
    view: &View<'_>,
    recorded: &Recorded,
    seen: &[&Column],
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let lanes = recorded.lanes();
    // What each lane has in each column, found once for all of them.
    let mut cells: Vec<Vec<(usize, u32)>> = vec![vec![]; lanes.len()];
    for (index, column) in seen.iter().enumerate() {
        for part in &column.parts {
            if let Some(lane) = cells.get_mut(part.lane as usize) {
                lane.push((index, part.nanos.1 - part.nanos.0));
            }
        }
    }
    // Lanes of filters that are gone show only while something of them is seen.
    let shown: Vec<usize> = (0..lanes.len())
        .filter(|lane| {
            !cells[*lane].is_empty() || view.wiring.filters.contains_key(&lanes[*lane].filter)
        })
        .collect();
    let mut list = body;
    list.min.y = grid.top() + HEAD;
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(list).id_salt("lanes"));
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(&mut child, LANE, shown.len(), |ui, rows| {
            ui.spacing_mut().item_spacing = Vec2::ZERO;
            for at in rows {
                let lane = &lanes[shown[at]];
                let (rect, _) =
                    ui.allocate_exact_size(vec2(ui.available_width(), LANE), Sense::hover());
                let mut name = rect;
                name.max.x = grid.left() - 8.0;
                let id = ui.scope_id().with(("lane", shown[at]));
                let response = ui.interact(name, id, Sense::click());
                let spoken = format!("Lane {}", lane.name);
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
                let ink = match response.hovered() {
                    true => theme.accent,
                    false => theme.text,
                };
                let text_at = pos2(rect.left() + 14.0, rect.center().y);
                controls::clipped(ui, text_at, NAMES - 28.0, &lane.name, Type::Small, ink);
                controls::focus_ring(ui, &response);
                if response.clicked() {
                    commands.push(Command::Reveal(lane.filter.clone()));
                }
                let mut mesh = Mesh::default();
                for &(index, nanos) in &cells[shown[at]] {
                    let moment = &seen[index].moment;
                    let left = grid.left() + index as f32 * WIDE;
                    let cell = Rect::from_min_max(
                        pos2(left + 0.5, rect.top() + 1.5),
                        pos2(left + WIDE - 0.5, rect.bottom() - 1.5),
                    );
                    let hue = match u64::from(nanos) > moment.lasts_nanos {
                        true => theme.error,
                        false => mix(theme.field, theme.audio, shade(nanos, moment.lasts_nanos)),
                    };
                    mesh.add_colored_rect(cell, hue);
                }
                ui.painter().add(Shape::mesh(mesh));
            }
        });
}

fn mix(from: Color32, to: Color32, share: f32) -> Color32 {
    from.lerp_to_gamma(to, share)
}
