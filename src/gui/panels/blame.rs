//! Blame: what was not heard as it should have been, each as a story. The list stands left, newest first; the story
//! right: one sentence, what is known, who ran when against the line at which the cycle was due, who waited, and what
//! can be done.

use egui::{
    Align2, Color32, CornerRadius, Pos2, Rect, Role, ScrollArea, Sense, Stroke, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use super::frames::say;
use crate::app::{Action, Bar, Cause, Dropout, Mishap, View, telling_time};
use crate::graph::FilterPath;
use crate::gui::controls::{self, Face};
use crate::gui::icons::Icon;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius, stroke, window};

/// The story stands beside the list from this width on.
const STORY_FROM: f32 = 760.0;
/// The list's share of the width.
const LIST_SHARE: f32 = 0.39;
/// Rows of bars, at the most.
const BARS: usize = 5;
/// Where bars begin.
const NAMES: f32 = 148.0;
/// The longest cycle that a larger one is offered for.
const LARGEST: usize = 4096;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Blame {
    /// The story in front, counted from the oldest of all; `None`: the newest.
    chosen: Option<u64>,
}

impl Blame {
    /// Draws the page: a count in `head`, list and story in `body`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        body: Rect,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let (stories, count) = view.dropouts();
        if stories.is_empty() {
            return say(ui, body, "No dropouts since 00:00:00.");
        }
        let s = if count == 1 { "y" } else { "ies" };
        let words = format!(
            "{} stor{s}",
            crate::ks::grouped(count.min(u32::MAX.into()) as u32)
        );
        let at = pos2(head.right() - 14.0, head.center().y);
        controls::text(ui, at, Align2::RIGHT_CENTER, words, Type::Small, theme.dim);

        let first = count - stories.len() as u64;
        let newest = stories.len() - 1;
        let shown = self.chosen.and_then(|it| it.checked_sub(first));
        let shown = shown.map_or(newest, |it| (it as usize).min(newest));
        let (mut list, mut story) = (body, body);
        let has_story = body.width() >= STORY_FROM;
        if has_story {
            list.max.x = (body.left() + body.width() * LIST_SHARE).round();
            story.min.x = list.max.x;
            ui.painter().vline(
                story.left() + 0.5,
                story.y_range(),
                Stroke::new(stroke::HAIR, theme.line_soft),
            );
        }
        let builder = egui::UiBuilder::new()
            .max_rect(list.shrink2(vec2(0.0, 2.0)))
            .id_salt("stories");
        let mut child = ui.new_child(builder);
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show_rows(&mut child, window::ROW, stories.len(), |ui, rows| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                for age in rows {
                    let at = newest - age;
                    if row_ui(ui, &stories[at], at == shown && has_story) {
                        self.chosen = (age > 0).then_some(first + at as u64);
                        if !has_story {
                            go_to(&stories[at], commands);
                        }
                    }
                }
            });
        if has_story {
            let mut child = ui.new_child(egui::UiBuilder::new().max_rect(story).id_salt("story"));
            child.set_clip_rect(story.intersect(ui.clip_rect()));
            story_ui(
                &mut child,
                story.shrink2(vec2(18.0, 10.0)),
                view,
                &stories[shown],
                commands,
            );
        }
    }
}

fn go_to(story: &Dropout, commands: &mut Vec<Command>) {
    let device = story.device.as_ref().map(|(path, _)| path);
    if let Some(path) = story.filter.as_ref().or(device) {
        commands.push(Command::Reveal(path.clone()));
    }
}

fn mark(theme: &Theme, mishap: Mishap) -> (Icon, Color32) {
    match mishap {
        Mishap::Dropout | Mishap::Starved => (Icon::Hour, theme.warn),
        Mishap::Late => (Icon::Hour, theme.dim),
        Mishap::Muted => (Icon::X, theme.error),
    }
}

/// Whether it was clicked.
fn row_ui(ui: &mut Ui, story: &Dropout, is_on: bool) -> bool {
    let theme = Theme::of(ui.ctx());
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), window::ROW), Sense::click());
    let spoken = format!("{}: {}", story.title(), story.sentence);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, &spoken));
    if is_on {
        ui.painter().rect_filled(rect, 0.0, theme.hover);
        let edge = Rect::from_min_size(rect.min, vec2(3.0, rect.height()));
        ui.painter().rect_filled(edge, 0.0, theme.accent);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, 0.0, theme.title);
    }
    let y = rect.center().y;
    let time = super::time_words((story.at_seconds.max(0.0) * 1000.0) as u64);
    let at = pos2(rect.left() + 14.0, y);
    controls::text(ui, at, Align2::LEFT_CENTER, time, Type::Body, theme.dim);
    let (icon, ink) = mark(theme, story.mishap);
    let square = Rect::from_center_size(pos2(rect.left() + 107.0, y), Vec2::splat(13.0));
    icon.paint(ui.painter(), square, ink);
    let at = pos2(rect.left() + 124.0, y);
    let title = controls::text(
        ui,
        at,
        Align2::LEFT_CENTER,
        story.title(),
        Type::Value,
        theme.strong,
    );
    let charge = story.charge();
    let room = (rect.right() - 14.0 - title.right() - 16.0).max(0.0);
    let wide = controls::width(ui, &charge, Type::Body).min(room);
    let at = pos2(rect.right() - 14.0 - wide, y);
    controls::clipped(ui, at, wide + 1.0, &charge, Type::Body, theme.text);
    controls::focus_ring(ui, &response);
    response.clicked()
}

/// One line of the picture: one filter, or several as one.
struct Row {
    name: String,
    nanos: (u32, u32),
    is_culprit: bool,
}

/// The culprit by itself, those before and behind it by themselves where there is room, else together.
fn rows(story: &Dropout) -> Vec<Row> {
    let bars = &story.bars;
    let is_own = |bar: &&Bar| bar.filter.is_some() && bar.filter == story.filter;
    let Some(own) = bars.iter().position(|bar| is_own(&bar)) else {
        return together(bars, BARS);
    };
    let culprit = Row {
        name: bars[own].name.clone(),
        nanos: bars[own].nanos,
        is_culprit: true,
    };
    let behind = together(&bars[own + 1..], 2);
    let before = together(&bars[..own], BARS - 1 - behind.len());
    let rows = before.into_iter().chain([culprit]);
    rows.chain(behind).collect()
}

/// So many rows at the most: each filter, or runs of them.
fn together(bars: &[Bar], rows: usize) -> Vec<Row> {
    if bars.is_empty() || rows == 0 {
        return vec![];
    }
    let each = bars.len().div_ceil(rows);
    let run = |run: &[Bar]| Row {
        name: match run {
            [one] => one.name.clone(),
            [one, other] => format!("{}, {}", one.name, other.name),
            [first, ..] => format!("{} and {} more", first.name, run.len() - 1),
            [] => String::new(),
        },
        nanos: (
            run.first().map_or(0, |bar| bar.nanos.0),
            run.last().map_or(0, |bar| bar.nanos.1),
        ),
        is_culprit: false,
    };
    bars.chunks(each).map(run).collect()
}

fn story_ui(
    ui: &mut Ui,
    area: Rect,
    view: &View<'_>,
    story: &Dropout,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let at = pos2(area.left(), area.top() + 8.0);
    let covered = controls::clipped(
        ui,
        at,
        area.width(),
        &story.sentence,
        Type::Value,
        theme.strong,
    );
    let name = ui.interact(covered, ui.scope_id().with("sentence"), Sense::hover());
    name.widget_info(|| WidgetInfo::labeled(Role::Label, true, &story.sentence));
    name.on_hover_text(&story.sentence);
    let at = pos2(area.left(), area.top() + 26.0);
    let details = story.details();
    let covered = controls::clipped(ui, at, area.width(), &details, Type::Small, theme.dim);
    let spoken = ui.interact(covered, ui.scope_id().with("details"), Sense::hover());
    spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &details));
    let buttons = Rect::from_min_max(pos2(area.left(), area.bottom() - 26.0), area.max);
    let picture = Rect::from_min_max(
        pos2(area.left(), area.top() + 38.0),
        pos2(area.right(), buttons.top() - 6.0),
    );
    if !story.bars.is_empty() && picture.height() > 40.0 {
        picture_ui(ui, picture, story);
    }
    buttons_ui(ui, buttons, view, story, commands);
}

fn picture_ui(ui: &Ui, area: Rect, story: &Dropout) {
    let theme = Theme::of(ui.ctx());
    let rows = rows(story);
    let axis = 14.0;
    let high = ((area.height() - axis) / rows.len().max(1) as f32).clamp(9.0, 18.0);
    let last = rows.iter().map(|row| row.nanos.1).max().unwrap_or(0);
    let most = (story.lasts_nanos as f64).max(f64::from(last)) * 1.12;
    let (left, right) = (area.left() + NAMES, area.right() - 96.0);
    let at = |nanos: f64| left + (right - left).max(1.0) * (nanos / most.max(1.0)) as f32;
    let due = at(story.lasts_nanos as f64);
    let painter = ui.painter();
    let bottom = area.top() + high * rows.len() as f32;
    let round = CornerRadius::same(radius::BAR);
    for (index, row) in rows.iter().enumerate() {
        let y = area.top() + high * (index as f32 + 0.5);
        let (role, ink) = match row.is_culprit {
            true => (Type::Value, theme.strong),
            false => (Type::Body, theme.text),
        };
        let name_at = pos2(area.left(), y);
        controls::clipped(ui, name_at, NAMES - 12.0, &row.name, role, ink);
        let (from, to) = (at(row.nanos.0.into()), at(row.nanos.1.into()));
        let bar = Rect::from_min_max(
            pos2(from, y - high * 0.34),
            pos2(to.max(from + 1.0), y + high * 0.34),
        );
        let hue = if row.is_culprit {
            theme.warn
        } else {
            theme.dim
        };
        painter.rect_filled(bar, round, hue);
        if row.is_culprit && bar.right() > due {
            let mut over = bar;
            over.min.x = over.min.x.max(due);
            hatched(ui, over, theme.panel);
        }
        let waits = !row.is_culprit && f64::from(row.nanos.1) > story.lasts_nanos as f64;
        if waits {
            let words = format!("waited {}", telling_time(story.late_nanos));
            let words_at = pos2(bar.right() + 6.0, y);
            let room = area.right() - words_at.x;
            controls::clipped(ui, words_at, room, &words, Type::Footer, theme.dim);
        }
    }
    painter.vline(
        due.round() + 0.5,
        area.top()..=bottom + 2.0,
        Stroke::new(1.5, theme.error),
    );
    let words = format!("due {}", telling_time(story.lasts_nanos));
    let wide = controls::width(ui, &words, Type::Footer);
    let place = pos2((due - wide / 2.0).max(left), bottom + axis / 2.0 + 1.0);
    controls::text(
        ui,
        place,
        Align2::LEFT_CENTER,
        words,
        Type::Footer,
        theme.error,
    );
    let zero = pos2(left, bottom + axis / 2.0 + 1.0);
    if due - wide / 2.0 > left + 14.0 {
        controls::text(
            ui,
            zero,
            Align2::CENTER_CENTER,
            "0",
            Type::Footer,
            theme.dim,
        );
    }
}

/// Strokes across what is over the line.
fn hatched(ui: &Ui, area: Rect, ink: Color32) {
    let painter = ui.painter().with_clip_rect(area.intersect(ui.clip_rect()));
    let mut x = area.left() - area.height();
    while x < area.right() {
        let line: [Pos2; 2] = [pos2(x, area.bottom()), pos2(x + area.height(), area.top())];
        painter.line_segment(line, Stroke::new(1.5, ink));
        x += 5.0;
    }
}

/// What helps first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cure {
    /// Longer cycles.
    Quantum,
    /// Another device, or another way to it.
    Device,
}

/// What helps against it: where all of ours was in time, longer cycles would not.
fn cure(story: &Dropout, quantum: usize) -> Option<Cure> {
    match story.cause() {
        Cause::Filter | Cause::Wake => {
            (quantum > 0 && quantum * 2 <= LARGEST).then_some(Cure::Quantum)
        }
        Cause::Device => Some(Cure::Device),
        Cause::Other => None,
    }
}

fn buttons_ui(
    ui: &mut Ui,
    area: Rect,
    view: &View<'_>,
    story: &Dropout,
    commands: &mut Vec<Command>,
) {
    let theme = Theme::of(ui.ctx());
    let mut x = area.left();
    let mut button = |ui: &mut Ui, words: &str, face: Face| {
        let wide = controls::width(ui, words, Type::Value) + 20.0;
        let rect = Rect::from_min_size(pos2(x, area.top()), vec2(wide, area.height()));
        if rect.right() > area.right() {
            return false;
        }
        x += wide + 8.0;
        controls::button_at(ui, rect, words, face, true).clicked()
    };
    let is_there = |path: &&FilterPath| view.wiring.filters.contains_key(*path);
    let device = story.device.as_ref().map(|(path, _)| path);
    let subject = story.filter.as_ref().filter(is_there);
    let larger = view.quantum * 2;
    let cure = cure(story, view.quantum);
    let mut face = Face::Primary;
    match cure {
        Some(Cure::Quantum) => {
            if button(ui, &format!("Quantum {larger}"), face) {
                commands.push(Command::Do(Action::SetQuantum(larger)));
            }
            face = Face::Plain;
        }
        Some(Cure::Device) => {
            if button(ui, "Choose device\u{2026}", face) {
                commands.push(Command::Do(Action::ChooseDevice));
            }
            face = Face::Plain;
        }
        None => {}
    }
    let local = subject.and_then(|path| view.local(path));
    if let (Some(id), true) = (
        local,
        subject.is_some_and(|path| path.0.len() == view.here.0.len() + 1),
    ) {
        let is_bypassed = matches!(
            view.graph.filters.get(&id).map(|node| &node.kind),
            Some(crate::graph::NodeKind::Filter(filter)) if filter.is_bypassed || filter.is_disabled
        );
        if !is_bypassed && button(ui, "Bypass it", face) {
            let filters = [id].into();
            commands.push(Command::Do(Action::Select(crate::app::Selection {
                filters,
                ..Default::default()
            })));
            commands.push(Command::Run("graph.bypass"));
        }
        face = Face::Plain;
    }
    if subject.or(device.filter(is_there)).is_some() && button(ui, "Go to filter", face) {
        go_to(story, commands);
    }
    let words = cure.map(|cure| match cure {
        // What a larger one costs is latency.
        Cure::Quantum => {
            let rate = f64::from(view.wiring.rate_hz.max(1));
            let millis = (larger - view.quantum) as f64 * 1000.0 / rate;
            format!("Quantum {larger}: due in twice the time, +{millis:.1}\u{a0}ms to the ear")
        }
        Cure::Device => {
            "The graph was in time: what helps is another device or sound system, or a less busy machine".into()
        }
    });
    if let Some(words) = words {
        let room = area.right() - x - 8.0;
        let wide = controls::width(ui, &words, Type::Small);
        if wide <= room {
            let at = pos2(area.right() - wide, area.center().y);
            controls::clipped(ui, at, wide + 1.0, &words, Type::Small, theme.dim);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterId;

    #[test]
    fn longer_cycles_are_offered_where_ours_was_late_and_another_device_where_it_was_not() {
        let device = || Some((FilterPath::from(vec![FilterId(3)]), 1));
        let of = |late_nanos, woke_late_nanos| Dropout {
            mishap: Mishap::Dropout,
            lasts_nanos: 5_333_000,
            device: device(),
            late_nanos,
            woke_late_nanos,
            ..Dropout::default()
        };
        assert_eq!(cure(&of(90_000, 0), 256), Some(Cure::Quantum));
        assert_eq!(cure(&of(0, 4_000_000), 256), Some(Cure::Quantum));
        assert_eq!(cure(&of(0, 0), 256), Some(Cure::Device));
        assert_eq!(cure(&of(90_000, 0), LARGEST), None);
        let mut late = of(90_000, 0);
        (late.mishap, late.device) = (Mishap::Late, None);
        assert_eq!(cure(&late, 256), Some(Cure::Quantum));
        for mishap in [Mishap::Starved, Mishap::Muted] {
            let story = Dropout {
                mishap,
                ..Dropout::default()
            };
            assert_eq!(cure(&story, 256), None, "{mishap:?}");
        }
    }

    #[test]
    fn the_culprit_has_a_line_of_its_own_however_many_filters_there_are() {
        let path = |id: u32| FilterPath::from(vec![FilterId(id)]);
        let bar = |id: u32| Bar {
            filter: Some(path(id)),
            name: format!("f{id}"),
            nanos: (id * 10, id * 10 + 9),
        };
        let app = crate::app::App::new(crate::app::Options::nominal(64));
        assert!(app.view().dropouts().0.is_empty());
        for (count, own) in [(1, 0), (3, 2), (40, 0), (40, 20), (40, 39)] {
            let bars: Vec<Bar> = (0..count).map(bar).collect();
            let mut story = Dropout::default();
            (story.bars, story.filter) = (bars, Some(path(own)));
            let rows = rows(&story);
            assert!(rows.len() <= BARS, "{}", rows.len());
            let culprits: Vec<&Row> = rows.iter().filter(|row| row.is_culprit).collect();
            assert_eq!(culprits.len(), 1);
            assert_eq!(culprits[0].name, format!("f{own}"));
            assert_eq!(rows[0].nanos.0, 0, "from the first");
            assert_eq!(rows.last().unwrap().nanos.1, count * 10 - 1, "to the last");
        }
    }
}
