//! What is written on the canvas: comments, and frames behind the boxes that belong together.
//!
//! A comment is taken anywhere, a frame by its title and its rim, so that what is inside stays within reach. The lower
//! right corner resizes; a double-click, or Enter, edits the words in place.

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{
    CornerRadius, FontId, Key, Margin, Pos2, Rect, Response, Sense, Stroke, StrokeKind, TextEdit,
    Ui, Vec2, pos2, vec2,
};

use super::access;
use super::event::Event;
use super::gesture::{Gesture, Grabbed};
use super::look::Look;
use super::model::{Model, NoteId, NoteView, Target};
use super::paint::{focus_ring, mix};
use super::scene::Scene;
use super::show::NodeGraph;
use super::view::Detail;

/// Height of a frame's title, in graph points.
const TITLE: f32 = 24.0;
/// How wide the rim of a frame is to the pointer, on screen.
const RIM: f32 = 6.0;
/// Edge of the corner that resizes, on screen.
const CORNER: f32 = 14.0;
/// The least a note may be, in graph points.
pub(super) const LEAST: Vec2 = vec2(48.0, 32.0);

/// Words being edited in place.
pub(super) struct Editing {
    id: NoteId,
    text: String,
    is_new: bool,
}

impl NodeGraph {
    /// Opens the words of a note for editing in place.
    pub fn edit_note(&mut self, note: NoteId) {
        self.wants_edit = Some(note);
    }

    /// Frames and comments, below everything else.
    pub(super) fn notes_ui(
        &mut self,
        ui: &mut Ui,
        look: &Look,
        notes: &[NoteView<'_>],
        scene: &Scene,
        hovered: &mut Option<Target>,
        events: &mut Vec<Event>,
    ) {
        // Large frames lie below small ones, so that one inside another can be reached.
        let mut order: Vec<&NoteView<'_>> = notes.iter().collect();
        order.sort_by(|a, b| {
            let area = |note: &NoteView<'_>| note.rect.area();
            (b.frame.cmp(&a.frame)).then(area(b).total_cmp(&area(a)))
        });
        let sight = ui.clip_rect();
        for note in order {
            let rect = self.view.rect_to_screen(note.rect);
            let target = Target::Note(note.id);
            if !rect.expand(RIM).intersects(sight) && self.focus != Some(target) {
                continue;
            }
            let is_edited = self.editing.as_ref().is_some_and(|it| it.id == note.id);
            // Only while it is pointed at does a frame take a place in the way of what is inside.
            let grip = self.grip(note, rect);
            let id = access::id(self.id, target);
            let response = ui.interact(grip, id, Sense::click_and_drag());
            access::name_note(&response, &note.text, note.frame, note.selected);
            self.keep_keys(&response, Some(target));
            if response.hovered() {
                *hovered = Some(target);
            }
            self.note_pointer(&response, note, rect, events);
            self.key_click(&response, scene, target, events);
            if note.frame {
                self.paint_frame(ui, look, note, rect, response.hovered(), is_edited);
            } else if !is_edited {
                self.paint_comment(ui, look, note, rect, response.hovered());
            }
            if note.selected || response.hovered() {
                let corner = rect.right_bottom();
                let stroke = Stroke::new(1.25, look.line_strong);
                for step in [4.0, 8.0] {
                    let ends = [corner - vec2(step, 2.0), corner - vec2(2.0, step)];
                    ui.painter().line_segment(ends, stroke);
                }
            }
            if self.by_key && self.focus == Some(target) && response.has_focus() {
                focus_ring(ui.painter(), look, rect.expand(5.0), 8.0);
            }
        }
        self.editing_ui(ui, look, notes, events);
    }

    /// Where a note is taken: a comment anywhere; a frame by its title, or where its rim is under the pointer.
    fn grip(&self, note: &NoteView<'_>, rect: Rect) -> Rect {
        if !note.frame {
            return rect;
        }
        let title = Rect::from_min_size(
            rect.min,
            vec2(rect.width(), (TITLE * self.view.zoom).clamp(12.0, 40.0)),
        );
        let on_rim = rect.expand(RIM).contains(self.last_pointer)
            && !rect.shrink(RIM).contains(self.last_pointer);
        let in_corner = corner(rect).contains(self.last_pointer);
        if !(on_rim || in_corner) || title.contains(self.last_pointer) {
            return title;
        }
        Rect::from_center_size(self.last_pointer, Vec2::splat(2.0 * RIM))
    }

    fn note_pointer(
        &mut self,
        response: &Response,
        note: &NoteView<'_>,
        rect: Rect,
        events: &mut Vec<Event>,
    ) {
        let target = Target::Note(note.id);
        let ctx = &response.ctx;
        if response.double_clicked() {
            self.wants_edit = Some(note.id);
            return;
        }
        self.menu_pointer(response, target, events);
        if self.may_pan(response) {
            return;
        }
        let press = ctx
            .input(|i| i.pointer.press_origin())
            .unwrap_or(self.last_pointer);
        let in_corner = corner(rect).contains(self.last_pointer);
        if response.hovered() && in_corner {
            ctx.set_cursor_icon(egui::CursorIcon::ResizeNwSe);
        }
        if response.drag_started_by(egui::PointerButton::Primary) {
            let grip = self.view.to_graph(press);
            if corner(rect).contains(press) {
                self.gesture = Gesture::Resize {
                    note: note.id,
                    rect: note.rect,
                    grip,
                };
                return;
            }
            if !note.selected {
                events.push(Event::Select {
                    nodes: Vec::new(),
                    wires: Vec::new(),
                    notes: vec![note.id],
                    how: super::gesture::how(ctx),
                });
            }
            self.gesture = Gesture::Move {
                grabbed: Grabbed::Note(note.id),
                grip,
                start: note.rect.min,
                done: Vec2::ZERO,
                begun: false,
            };
        } else if response.clicked() && super::gesture::by_pointer(ctx) {
            response.request_focus();
            events.push(Event::Select {
                nodes: Vec::new(),
                wires: Vec::new(),
                notes: vec![note.id],
                how: super::gesture::how(ctx),
            });
        }
    }

    fn paint_frame(
        &self,
        ui: &Ui,
        look: &Look,
        note: &NoteView<'_>,
        rect: Rect,
        hot: bool,
        is_edited: bool,
    ) {
        let painter = ui.painter();
        let hue = note.hue.unwrap_or(look.line);
        let fill = mix(look.canvas, note.hue.unwrap_or(look.panel), 0.0)
            .lerp_to_gamma(hue, if note.hue.is_some() { 0.07 } else { 0.16 });
        let edge = match () {
            () if note.selected => Stroke::new(look.selected_width, look.strong),
            () if hot => Stroke::new(1.0, look.line_strong),
            () => Stroke::new(1.0, hue),
        };
        painter.rect(rect, CornerRadius::same(6), fill, edge, StrokeKind::Inside);
        if is_edited || note.text.is_empty() {
            return;
        }
        // A title keeps its size on screen; far out it is there while it fits.
        let size = match self.view.detail() {
            Detail::Near => self.view.font_size(11.5).max(11.0),
            _ => 11.0,
        };
        let font = FontId::new(size, look.ui_strong.clone());
        let title = painter.layout_no_wrap(note.text.to_string(), font, look.text);
        let fits = title.size().x + 12.0 <= rect.width() && title.size().y + 2.0 <= rect.height();
        if self.view.detail() == Detail::Far && !fits {
            return;
        }
        let at = rect.min + vec2(8.0, 5.0 * self.view.zoom.clamp(0.4, 1.5));
        painter
            .with_clip_rect(rect.intersect(painter.clip_rect()))
            .galley(at, title, look.text);
    }

    fn paint_comment(&self, ui: &Ui, look: &Look, note: &NoteView<'_>, rect: Rect, hot: bool) {
        let painter = ui.painter();
        let zoom = self.view.zoom;
        if note.selected || hot {
            let edge = if note.selected {
                Stroke::new(look.selected_width, look.strong)
            } else {
                Stroke::new(1.0, look.line)
            };
            painter.rect_stroke(rect, CornerRadius::same(4), edge, StrokeKind::Inside);
        }
        let bar = Rect::from_min_size(
            rect.min + vec2(0.0, 2.0 * zoom),
            vec2(2.5 * zoom.clamp(0.5, 2.0), rect.height() - 4.0 * zoom),
        );
        painter.rect_filled(bar, 1.0, note.hue.unwrap_or(look.line_strong));
        if self.view.detail() == Detail::Far {
            return;
        }
        let galley = painter.layout_job(words(
            look,
            &note.text,
            self.view.font_size(12.0),
            rect.width() - 16.0 * zoom,
        ));
        painter
            .with_clip_rect(rect.intersect(painter.clip_rect()))
            .galley(rect.min + vec2(10.0 * zoom, 4.0 * zoom), galley, look.text);
    }

    /// The words in hand: Enter and a click elsewhere keep them, Esc does not, Shift+Enter is a new line.
    fn editing_ui(
        &mut self,
        ui: &mut Ui,
        look: &Look,
        notes: &[NoteView<'_>],
        events: &mut Vec<Event>,
    ) {
        if let Some(id) = self.wants_edit.take()
            && let Some(note) = notes.iter().find(|note| note.id == id)
        {
            self.editing = Some(Editing {
                id,
                text: note.text.to_string(),
                is_new: true,
            });
        }
        let Some(mut editing) = self.editing.take() else {
            return;
        };
        let Some(note) = notes.iter().find(|note| note.id == editing.id) else {
            return;
        };
        let rect = self.view.rect_to_screen(note.rect);
        let place = if note.frame {
            Rect::from_min_size(
                rect.min + vec2(4.0, 2.0),
                vec2((rect.width() - 8.0).clamp(80.0, 360.0), 22.0),
            )
        } else {
            Rect::from_min_size(rect.min, rect.size().max(vec2(120.0, 40.0)))
        };
        let (escape, enter) = ui.input_mut(|i| {
            let enter = i.modifiers.is_none() && i.key_pressed(Key::Enter);
            (
                i.consume_key(egui::Modifiers::NONE, Key::Escape),
                enter && i.consume_key(egui::Modifiers::NONE, Key::Enter),
            )
        });
        let font = FontId::new(self.view.font_size(12.0).clamp(11.0, 24.0), look.ui.clone());
        let edit = if note.frame {
            TextEdit::singleline(&mut editing.text)
        } else {
            TextEdit::multiline(&mut editing.text)
        };
        ui.painter()
            .rect_filled(place, CornerRadius::same(4), look.panel);
        let edit = edit
            .id(self.id.with("note text"))
            .font(font)
            .text_color(look.strong)
            .margin(Margin::symmetric(6, 3))
            .desired_width(place.width());
        let response = ui.place(place, edit);
        response.widget_info(|| egui::WidgetInfo {
            label: Some("Words of the note".to_owned()),
            ..egui::WidgetInfo::text_edit(true, "", &editing.text, "")
        });
        if editing.is_new {
            editing.is_new = false;
            response.request_focus();
            // What is typed takes the place of what stands there.
            let mut state = TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
            let all = egui::text::CCursorRange::two(
                egui::text::CCursor::new(0),
                egui::text::CCursor::new(editing.text.chars().count()),
            );
            state.cursor.set_char_range(Some(all));
            state.store(ui.ctx(), response.id);
        } else if escape {
            ui.memory_mut(|memory| memory.request_focus(self.id));
            return;
        } else if enter || response.lost_focus() || !response.has_focus() {
            if editing.text != note.text {
                events.push(Event::EditNote {
                    note: editing.id,
                    text: editing.text,
                });
            }
            if enter {
                ui.memory_mut(|memory| memory.request_focus(self.id));
            }
            return;
        }
        self.editing = Some(editing);
    }

    /// The area a note has while its corner is in hand.
    pub(super) fn resized(&self, rect: Rect, grip: Pos2, is_free: bool) -> Rect {
        let by = self.view.to_graph(self.last_pointer) - grip;
        let mut max = rect.max + by;
        let snap = self.settings.snap;
        if snap > 0.0 && !is_free {
            max = pos2((max.x / snap).round() * snap, (max.y / snap).round() * snap);
        }
        Rect::from_min_max(rect.min, max.max(rect.min + LEAST))
    }
}

fn corner(rect: Rect) -> Rect {
    Rect::from_min_max(rect.max - Vec2::splat(CORNER), rect.max + Vec2::splat(RIM))
}

/// The first line stands out, the rest is dim.
fn words(look: &Look, text: &str, size: f32, width: f32) -> LayoutJob {
    let (first, rest) = match text.split_once('\n') {
        Some((first, rest)) => (first, Some(rest)),
        None => (text, None),
    };
    let mut job = LayoutJob::default();
    let strong = FontId::new(size, look.ui_medium.clone());
    job.append(first, 0.0, TextFormat::simple(strong, look.strong));
    if let Some(rest) = rest {
        let plain = FontId::new(size, look.ui.clone());
        job.append(
            &format!("\n{rest}"),
            0.0,
            TextFormat::simple(plain, look.dim),
        );
    }
    job.wrap = TextWrapping {
        max_width: width.max(16.0),
        ..Default::default()
    };
    job
}

/// The notes of a model, around which a view fits.
pub(super) fn around(model: &impl Model) -> Option<Rect> {
    let rects = model.notes().into_iter().map(|note| note.rect);
    rects.reduce(|a, b| a.union(b))
}
