//! The score of the future: what a sequencer holds, as a strip from a little before now up to where nothing has come in
//! yet, a row for each channel. A note that is not due yet can be dragged later or earlier, muted (M) and taken away
//! (Del); a channel can be silenced. Time flows through the line of now, but while the pointer is on the strip the notes
//! stand still and the line wanders, so that they can be taken hold of. Bars and beats are those of the song that plays, or
//! of a metronome.

mod axis;
mod items;

use egui::{
    Align2, CornerRadius, Key, Modifiers, Rect, Response, Role, ScrollArea, Sense, Shape, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::frames::say;
use crate::app::{Action, BarLines, Roll, SCORE_PAST, View, midi_names};
use crate::graph::{FilterId, FilterPath, NodeKind};
use crate::gui::controls::{self, Face};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, radius, stroke};
use crate::ks::{RefTime, ScoreChange, ScoreEvent, Value, grouped};
use axis::{Scale, axis_ui, now_ui};
use items::{Item, marks_in, notes_in};

/// Where the strip begins, from the left.
const NAMES: f32 = 190.0;
/// Height of the line with `now` above the rows, and of that with times below.
const HEAD: f32 = 18.0;
const FOOT: f32 = 20.0;
/// Height of a channel's row where there is room and where there is little, and of that of other messages.
const ROW: f32 = 34.0;
const LOW_ROW: f32 = 21.0;
const MARKS: f32 = 22.0;
/// Height of a note.
const BAR: f32 = 5.0;
/// What is shown of the future at least, and what steps it grows by.
const STEPS: [RefTime; 5] = [2_500_000, 5_000_000, 10_000_000, 15_000_000, 22_000_000];
/// One press of an arrow key: 10 ms, and 1 ms with Shift.
const NUDGE: RefTime = 100_000;
const FINE: RefTime = 10_000;
/// What one click has fed ahead, in milliseconds.
const FED_AHEAD: f64 = 1_000.0;
const READER: &str = "midi_file_reader";
const AHEAD: &str = "ahead";
const MILLISECOND: RefTime = 10_000;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Score {
    roll: Roll,
    bars: BarLines,
    /// Whose score it is.
    filter: Option<FilterPath>,
    /// Where the strip begins while it stands still.
    held: Option<RefTime>,
    /// An event that is dragged, and by how many points.
    dragged: Option<(u64, f32)>,
}

impl Score {
    /// Draws the page: how much waits in `head`, the strip in `body`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        body: Rect,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let Some((path, score)) = shown(view) else {
            let words = match view.wiring.filters.is_empty() || view.state().is_ok_and(is_stopped) {
                true => "Nothing runs. Press Space to see what is to come.",
                false => "No filter here holds events until they are due: a synthesizer does.",
            };
            *self = Self::default();
            return say(ui, body, words);
        };
        if self.filter.as_ref() != Some(&path) {
            *self = Self {
                filter: Some(path.clone()),
                ..Self::default()
            };
        }
        self.roll.look(score);
        self.head_ui(ui, head, view, &path, commands);
        let channels = self.roll.channels();
        if channels.is_empty() {
            let words = "Nothing waits and nothing was played: notes that come in are shown here.";
            return say(ui, body, words);
        }
        let strip = Rect::from_min_max(
            pos2(body.left() + NAMES, body.top() + HEAD),
            pos2(body.right() - 14.0, body.bottom() - FOOT),
        );
        let now = self.roll.sheet().now;
        let ahead = self.roll.ahead();
        let reach = STEPS.iter().find(|step| **step >= ahead + ahead / 16);
        let wide = SCORE_PAST + reach.copied().unwrap_or(STEPS[STEPS.len() - 1]);
        let begin = self.begin(ui, strip, now, wide);
        let scale = Scale {
            strip,
            now,
            begin,
            end: begin + wide,
            edge: now + ahead,
            rate_hz: view.wiring.rate_hz.max(1),
        };
        self.bars.look(view, now, scale.begin, scale.end);
        axis_ui(ui, body, &scale, &self.bars);
        let mut rows = body;
        (rows.min.y, rows.max.y) = (strip.top(), strip.bottom());
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rows).id_salt("score rows"));
        child.set_clip_rect(rows.intersect(ui.clip_rect()));
        ScrollArea::vertical()
            .id_salt("score")
            .auto_shrink([false, false])
            .show(&mut child, |ui| {
                ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                let notes = self.roll.notes();
                let room = (ui.available_height() - MARKS) / channels.len() as f32;
                let high = room.clamp(LOW_ROW, ROW).floor();
                for &channel in &channels {
                    let size = vec2(ui.available_width(), high);
                    let (row, _) = ui.allocate_exact_size(size, Sense::hover());
                    self.channel_ui(ui, row, channel, &path, commands);
                    let items = notes_in(ui, row, channel, &notes, &scale, &self.bars);
                    self.items_ui(ui, items, &scale, &path, commands);
                }
                let size = vec2(ui.available_width(), MARKS);
                let (row, _) = ui.allocate_exact_size(size, Sense::hover());
                let theme = Theme::of(ui.ctx());
                let at = pos2(row.left() + 14.0, row.center().y);
                controls::text(
                    ui,
                    at,
                    Align2::LEFT_CENTER,
                    "Others",
                    Type::Small,
                    theme.dim,
                );
                let items = marks_in(ui, row, &self.roll.marks(), &scale, &self.bars);
                self.items_ui(ui, items, &scale, &path, commands);
            });
        now_ui(ui, &scale);
    }

    /// Where the strip begins: it stands still under the pointer, until hardly anything of the future is left on it.
    fn begin(&mut self, ui: &Ui, strip: Rect, now: RefTime, wide: RefTime) -> RefTime {
        let flowing = now - SCORE_PAST;
        let is_pointed = ui.ctx().input(|i| i.pointer.latest_pos());
        let is_pointed = is_pointed.is_some_and(|at| strip.contains(at));
        let is_spent = |begin: RefTime| now > begin + wide / 10 * 9 || now < begin;
        self.held = match self.held {
            _ if !is_pointed => None,
            Some(begin) if !is_spent(begin) || self.dragged.is_some() => Some(begin),
            _ => Some(flowing),
        };
        self.held.unwrap_or(flowing)
    }

    fn head_ui(
        &self,
        ui: &mut Ui,
        head: Rect,
        view: &View<'_>,
        path: &FilterPath,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let sheet = self.roll.sheet();
        let mut right = head.right() - 14.0;
        let hurried = readers_unfed(view);
        if !hurried.is_empty() {
            let words = "Feed 1 s ahead";
            let wide = controls::width(ui, words, Type::Value) + 18.0;
            let rect =
                Rect::from_min_size(pos2(right - wide, head.center().y - 11.0), vec2(wide, 22.0));
            let response = controls::button_at(ui, rect, words, Face::Plain, true).on_hover_text(
                "Events come in as they are due. The MIDI File Reader can hand them on before, so that they are seen here; \
                 its own switches are then heard a second later.",
            );
            right -= wide + 10.0;
            if response.clicked() {
                commands.push(Command::Do(Action::BeginGesture("Feed ahead".into())));
                for filter in hurried {
                    commands.push(Command::Do(Action::SetProperty {
                        filter,
                        key: AHEAD.into(),
                        value: Some(Value::Number(FED_AHEAD)),
                    }));
                }
                commands.push(Command::Do(Action::EndGesture));
            }
        }
        let name = view.wiring.filters.get(path);
        let name = name.map_or("", |it| it.name.as_str());
        let mut words = format!(
            "{name} \u{b7} {} pending \u{b7} fetched {} ms ahead \u{b7} {} late",
            grouped(sheet.waiting as u32),
            self.roll.ahead() / MILLISECOND,
            grouped(sheet.late)
        );
        if sheet.refused > 0 {
            words += &format!(" \u{b7} {} not changed", grouped(sheet.refused));
        }
        let room = (right - head.left() - 12.0).max(0.0);
        let wide = controls::width(ui, &words, Type::Small).min(room);
        let at = pos2(right - wide, head.center().y);
        let covered = controls::clipped(ui, at, wide + 1.0, &words, Type::Small, theme.dim);
        let spoken = ui.interact(covered, ui.scope_id().with("score words"), Sense::hover());
        spoken.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        probe::note(ui.ctx(), "fact", "Score", &words, covered);
    }

    /// The name of a channel's sound, and the switch that silences it.
    fn channel_ui(
        &self,
        ui: &mut Ui,
        row: Rect,
        channel: u8,
        path: &FilterPath,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        controls::rule(ui, row, theme.line_soft);
        let sheet = self.roll.sheet();
        let is_muted = sheet.muted_channels >> channel & 1 == 1;
        let sound = sheet.programs[usize::from(channel)];
        let is_drums = channel == midi_names::DRUM_CHANNEL;
        let name = match (is_drums, sound.is_chosen) {
            (true, _) => "Drums",
            (false, true) => midi_names::program(sound.program),
            (false, false) => "No program chosen",
        };
        let number = (channel + 1).to_string();
        let left = row.left() + 14.0;
        let room = NAMES - 66.0;
        let ink = if is_muted { theme.faint } else { theme.strong };
        let is_low = row.height() < 30.0;
        let high = if is_low {
            row.center().y
        } else {
            row.top() + 11.0
        };
        let at = pos2(left, high);
        controls::text(ui, at, Align2::LEFT_CENTER, &number, Type::Small, theme.dim);
        controls::clipped(ui, pos2(left + 20.0, high), room, name, Type::Body, ink);
        if sound.is_chosen && !is_low {
            let [coarse, fine] = sound.bank;
            let words = format!(
                "bank {}, program {}",
                u16::from(coarse) << 7 | u16::from(fine),
                sound.program + 1
            );
            let at = pos2(left + 20.0, row.top() + 24.0);
            controls::clipped(ui, at, room, &words, Type::Small, theme.dim);
        }
        let rect = Rect::from_center_size(
            pos2(row.left() + NAMES - 20.0, row.center().y),
            vec2(18.0, 18.0),
        );
        let name = format!("Mute channel {number}");
        let response = controls::clickable(ui, ui.scope_id().with(&name), rect, true, &name);
        let (fill, ink) = match (is_muted, response.hovered()) {
            (true, _) => (theme.warn, theme.accent_ink),
            (false, true) => (theme.hover, theme.strong),
            (false, false) => (theme.title, theme.dim),
        };
        controls::plate(ui, rect, fill, theme.line);
        let at = rect.center();
        controls::text(ui, at, Align2::CENTER_CENTER, "M", Type::Small, ink);
        if response.on_hover_text(name).clicked() {
            let change = ScoreChange::MuteChannel(channel, !is_muted);
            commands.push(changed(path, change));
        }
    }

    fn items_ui(
        &mut self,
        ui: &mut Ui,
        items: Vec<Item>,
        scale: &Scale,
        path: &FilterPath,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let painter = ui
            .painter()
            .with_clip_rect(ui.clip_rect().intersect(Rect::from_x_y_ranges(
                scale.strip.x_range(),
                ui.clip_rect().y_range(),
            )));
        for Item {
            event,
            mut rect,
            ink,
            words,
        } in items
        {
            let is_due = event.is_played || event.time <= scale.now;
            let id = ui.scope_id().with(("score event", event.number));
            let shift = match self.dragged {
                Some((number, by)) if number == event.number && !is_due => by,
                _ => 0.0,
            };
            rect = rect.translate(vec2(shift, 0.0));
            let fill = if event.is_muted { theme.panel } else { ink };
            painter.rect_filled(rect, CornerRadius::same(radius::BAR), fill);
            if event.is_muted {
                let edge = Stroke::new(stroke::HAIR, ink);
                let round = CornerRadius::same(radius::BAR);
                painter.rect_stroke(rect, round, edge, StrokeKind::Inside);
            }
            if event.is_note_on() {
                let at = rect.left_center();
                let tip = 4.0;
                let diamond = [
                    at - vec2(tip, 0.0),
                    at - vec2(0.0, tip),
                    at + vec2(tip, 0.0),
                    at + vec2(0.0, tip),
                ];
                let fill = if event.is_muted { theme.panel } else { ink };
                let edge = Stroke::new(stroke::HAIR, ink);
                painter.add(Shape::convex_polygon(diamond.to_vec(), fill, edge));
            }
            if is_due {
                continue;
            }
            let grip = rect.expand2(vec2(4.0, 3.0)).intersect(scale.strip);
            if !grip.is_positive() {
                continue;
            }
            let response = ui.interact(grip, id, Sense::click_and_drag());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
            probe::note(ui.ctx(), "event", &words, "", grip);
            if response.has_focus() || response.dragged() {
                let edge = Stroke::new(1.5, theme.strong);
                let round = CornerRadius::same(radius::TAG);
                painter.rect_stroke(rect.expand(3.0), round, edge, StrokeKind::Outside);
            }
            self.touch(ui, &response, &event, scale, path, commands);
            let hint = match event.is_part {
                true => "Part of a longer message: it stays as it is",
                false => "Drag delays \u{b7} M mutes \u{b7} Del removes",
            };
            response.on_hover_text(format!("{words}\n{hint}"));
        }
    }

    /// Does what a hand wants of an event.
    fn touch(
        &mut self,
        ui: &Ui,
        response: &Response,
        event: &ScoreEvent,
        scale: &Scale,
        path: &FilterPath,
        commands: &mut Vec<Command>,
    ) {
        let number = event.number;
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        if response.drag_started() {
            self.dragged = Some((number, 0.0));
        }
        if let Some((held, by)) = &mut self.dragged
            && *held == number
        {
            *by += response.drag_delta().x;
            if response.drag_stopped() {
                let later = scale.time_of(*by);
                self.dragged = None;
                commands.push(changed(path, ScoreChange::Delay(number, later)));
            }
        }
        if !response.has_focus() {
            return;
        }
        ui.memory_mut(|memory| {
            let filter = egui::EventFilter {
                horizontal_arrows: true,
                ..Default::default()
            };
            memory.set_focus_lock_filter(response.id, filter);
        });
        let pressed = |modifiers: Modifiers, key| ui.input_mut(|i| i.consume_key(modifiers, key));
        let by = [
            (Modifiers::SHIFT, Key::ArrowLeft, -FINE),
            (Modifiers::SHIFT, Key::ArrowRight, FINE),
            (Modifiers::NONE, Key::ArrowLeft, -NUDGE),
            (Modifiers::NONE, Key::ArrowRight, NUDGE),
        ];
        for (modifiers, key, by) in by {
            if pressed(modifiers, key) {
                commands.push(changed(path, ScoreChange::Delay(number, by)));
            }
        }
        if pressed(Modifiers::NONE, Key::M) {
            let change = ScoreChange::Mute(number, !event.is_muted);
            commands.push(changed(path, change));
        }
        if pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace) {
            commands.push(changed(path, ScoreChange::Remove(number)));
        }
    }
}

fn changed(path: &FilterPath, change: ScoreChange) -> Command {
    Command::Do(Action::ChangeScore {
        filter: path.clone(),
        change,
    })
}

fn is_stopped(state: crate::ks::State) -> bool {
    state == crate::ks::State::Stop
}

/// The score that is shown: that of the selected filter, else the first there is.
fn shown<'a>(view: &View<'a>) -> Option<(FilterPath, &'a crate::ks::Score)> {
    let selected = view.selection.one_filter().map(|id| view.path_of(id));
    let all = view.wiring.filters.keys().cloned();
    let mut all = selected.into_iter().chain(all);
    all.find_map(|path| {
        let score = view.score(&path)?;
        Some((path, score))
    })
}

/// Readers of songs in the shown graph that hand events on only when they are due.
fn readers_unfed(view: &View<'_>) -> Vec<FilterId> {
    let filters = view.graph.filters.iter();
    let unfed = filters.filter(|(id, node)| {
        let is_reader = matches!(&node.kind, NodeKind::Filter(it) if it.key == READER);
        let wired = view.wiring.filters.get(&view.path_of(**id));
        let ahead = wired.and_then(|it| it.values.get(AHEAD));
        is_reader && !matches!(ahead, Some(Value::Number(ahead)) if *ahead > 0.0)
    });
    unfed.map(|(id, _)| *id).collect()
}
