//! Small controls that every panel uses: painted text, buttons, sliders, segments, fields.
//!
//! Each names itself to screen readers and to the probe. None knows what it controls; values go in, wishes come out.

use egui::{
    Align2, Color32, CornerRadius, Id, Key, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind,
    TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use super::icons::Icon;
use super::probe;
use super::theme::{Theme, Type, radius, space, stroke};

/// Text at a place; returns what it covers.
pub(super) fn text(
    ui: &Ui,
    at: Pos2,
    align: Align2,
    words: impl ToString,
    role: Type,
    colour: Color32,
) -> Rect {
    ui.painter().text(at, align, words, role.font(), colour)
}

/// Text that ends in an ellipsis where `width` does.
pub(super) fn clipped(
    ui: &Ui,
    at: Pos2,
    width: f32,
    words: &str,
    role: Type,
    colour: Color32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), role.font(), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(0.0));
    let galley = ui.painter().layout_job(job);
    let rect = Align2::LEFT_CENTER.anchor_size(at, galley.size());
    ui.painter().galley(rect.min, galley, colour);
    rect
}

/// How wide a line of text is.
pub(super) fn width(ui: &Ui, words: &str, role: Type) -> f32 {
    ui.painter()
        .layout_no_wrap(words.to_owned(), role.font(), Color32::WHITE)
        .size()
        .x
}

/// A ground with a border.
pub(super) fn plate(ui: &Ui, rect: Rect, fill: Color32, edge: Color32) {
    ui.painter().rect(
        rect,
        CornerRadius::same(radius::CONTROL),
        fill,
        Stroke::new(stroke::HAIR, edge),
        StrokeKind::Inside,
    );
}

/// A one point rule along the top of `rect`.
pub(super) fn rule(ui: &Ui, rect: Rect, colour: Color32) {
    ui.painter().hline(
        rect.x_range(),
        rect.top() + 0.5,
        Stroke::new(stroke::HAIR, colour),
    );
}

/// Whether the hand was last on the keys: only then a ring shows what has them.
pub(super) fn keys_used(ctx: &egui::Context) -> bool {
    ctx.data(|data| data.get_temp(keys_used_id()).unwrap_or(false))
}

fn keys_used_id() -> Id {
    Id::unique("keys were used")
}

/// Notes which of keys and pointer was used last.
pub(super) fn note_hand(ctx: &egui::Context) {
    let (pressed, walked) = ctx.input(|i| {
        let walked = i.events.iter().any(|event| {
            let egui::Event::Key { key, pressed, .. } = event else {
                return false;
            };
            let walks = [Key::Tab, Key::F6, Key::F10, Key::AltLeft];
            *pressed && (walks.contains(key) || is_arrow(*key))
        });
        (i.pointer.any_pressed(), walked)
    });
    if pressed || walked {
        ctx.data_mut(|data| data.insert_temp(keys_used_id(), walked));
    }
}

fn is_arrow(key: Key) -> bool {
    matches!(
        key,
        Key::ArrowLeft | Key::ArrowRight | Key::ArrowUp | Key::ArrowDown
    )
}

/// The dotted ring round what the keyboard has.
pub(super) fn focus_ring(ui: &Ui, response: &Response) {
    if !response.has_focus() || !keys_used(ui.ctx()) {
        return;
    }
    let theme = Theme::of(ui.ctx());
    let rect = response.rect.expand(2.0);
    let corners = [
        rect.left_top(),
        rect.right_top(),
        rect.right_bottom(),
        rect.left_bottom(),
        rect.left_top(),
    ];
    let dots = egui::Shape::dotted_line(&corners, theme.focus, 4.0, 1.0);
    ui.painter().extend(dots);
}

/// How a button looks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// On a ground.
    Plain,
    /// The one thing to do.
    Primary,
    /// No ground until the pointer is there.
    Quiet,
}

/// Registers a clickable place with a name.
pub(super) fn clickable(ui: &mut Ui, id: Id, rect: Rect, enabled: bool, name: &str) -> Response {
    let sense = if enabled {
        Sense::click()
    } else {
        Sense::hover()
    };
    let response = ui.interact(rect, id, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, name));
    if ui.clip_rect().intersects(rect) {
        probe::note(ui.ctx(), "button", name, "", rect);
    }
    focus_ring(ui, &response);
    response
}

/// A button as wide as its words, in the flow of `ui`.
pub(super) fn button(ui: &mut Ui, words: &str, face: Face) -> Response {
    let wide = width(ui, words, Type::Value) + 24.0;
    let (rect, _) = ui.allocate_exact_size(vec2(wide, 28.0), Sense::hover());
    button_at(ui, rect, words, face, true)
}

/// A button in a place.
pub(super) fn button_at(
    ui: &mut Ui,
    rect: Rect,
    words: &str,
    face: Face,
    enabled: bool,
) -> Response {
    let theme = Theme::of(ui.ctx());
    let id = ui.scope_id().with(("button", words));
    let response = clickable(ui, id, rect, enabled, words);
    let clear = Color32::TRANSPARENT;
    let (rest, hot) = match face {
        Face::Primary => {
            let lit = (theme.accent, theme.accent, theme.accent_ink);
            (lit, lit)
        }
        Face::Plain => (
            (theme.title, theme.line, theme.text),
            (theme.hover, theme.line_strong, theme.strong),
        ),
        Face::Quiet => (
            (clear, clear, theme.text),
            (theme.hover, theme.hover, theme.strong),
        ),
    };
    let heat = heat(ui, &response, enabled);
    let fill = rest.0.lerp_to_gamma(hot.0, heat);
    let edge = rest.1.lerp_to_gamma(hot.1, heat);
    let ink = rest.2.lerp_to_gamma(hot.2, heat);
    let ink = if enabled { ink } else { theme.faint };
    plate(ui, rect, fill, edge);
    text(
        ui,
        rect.center(),
        Align2::CENTER_CENTER,
        words,
        Type::Value,
        ink,
    );
    response
}

/// How much the pointer is on it, from 0 to 1: it comes and goes in a moment, or at once where little motion is wanted.
fn heat(ui: &Ui, response: &Response, enabled: bool) -> f32 {
    let is_hot = response.hovered() && enabled;
    ui.ctx().animate_bool(response.id.with("heat"), is_hot)
}

/// An icon that can be clicked, without a ground.
pub(super) fn icon_button(ui: &mut Ui, rect: Rect, icon: Icon, name: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let id = ui.scope_id().with(("icon", name));
    let response = clickable(ui, id, rect, true, name);
    let ink = theme
        .dim
        .lerp_to_gamma(theme.strong, heat(ui, &response, true));
    let side = Vec2::splat(rect.height().min(14.0));
    icon.paint(
        ui.painter(),
        Rect::from_center_size(rect.center(), side),
        ink,
    );
    response.on_hover_text(name)
}

/// What a hand did with a slider.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Slid {
    /// Nothing.
    Not,
    /// It took hold, and the slider stands here now.
    Begun(f64),
    /// It moved to here.
    Moved(f64),
    /// It let go.
    Ended,
    /// One step by a key.
    Stepped(f64),
}

/// A slider from 0 to 1. `notch` marks the default.
pub(super) fn slider(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    share: f64,
    notch: Option<f64>,
    name: &str,
    shown: &str,
) -> (Slid, Response) {
    let theme = Theme::of(ui.ctx());
    let zoom = (rect.height() / 16.0).clamp(0.3, 4.0);
    let response = ui.interact(rect, id, Sense::drag() | Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::slider(true, share, name));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_value(shown));
    probe::note(ui.ctx(), "slider", name, shown, rect);
    let inset = 2.0 * zoom;
    let (left, right) = (rect.left() + inset, rect.right() - inset);
    let at = |share: f64| left + (right - left) * share as f32;
    let mut shown_share = share;
    let under = |pos: Pos2| f64::from(((pos.x - left) / (right - left).max(1.0)).clamp(0.0, 1.0));
    let mut slid = Slid::Not;
    if let Some(pos) = response.interact_pointer_pos() {
        if response.drag_started() {
            slid = Slid::Begun(under(pos));
        } else if response.dragged() && ui.input(|i| i.pointer.delta() != Vec2::ZERO) {
            slid = Slid::Moved(under(pos));
        }
    }
    if response.drag_stopped() {
        slid = Slid::Ended;
    }
    if response.has_focus() {
        let fine = if ui.input(|i| i.modifiers.shift) {
            0.002
        } else {
            0.02
        };
        let filter = egui::EventFilter {
            horizontal_arrows: true,
            ..Default::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let step = ui.input(|i| {
            f64::from(u8::from(i.key_pressed(Key::ArrowRight)))
                - f64::from(u8::from(i.key_pressed(Key::ArrowLeft)))
        });
        if step != 0.0 {
            slid = Slid::Stepped((share + step * fine).clamp(0.0, 1.0));
        }
    }
    if let Slid::Begun(new) | Slid::Moved(new) | Slid::Stepped(new) = slid {
        shown_share = new;
    }

    let y = rect.center().y;
    let painter = ui.painter();
    let rail = 3.0 * zoom;
    let bar = |from: f32, to: f32, colour| {
        let piece = Rect::from_min_max(pos2(from, y - rail / 2.0), pos2(to, y + rail / 2.0));
        painter.rect_filled(piece, CornerRadius::same(radius::BAR), colour);
    };
    bar(left, right, theme.line);
    bar(left, at(shown_share), theme.dim);
    if let Some(notch) = notch {
        let x = at(notch);
        let line = [pos2(x, y - 7.0 * zoom), pos2(x, y - 3.5 * zoom)];
        painter.line_segment(line, Stroke::new(stroke::HAIR, theme.line_strong));
    }
    let thumb = Rect::from_center_size(pos2(at(shown_share), y), vec2(4.0, 14.0) * zoom);
    painter.rect_filled(thumb, CornerRadius::same(radius::BAR), theme.strong);
    focus_ring(ui, &response);
    (slid, response)
}

/// Words of which one is chosen; returns the one clicked.
pub(super) fn segments(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    words: &[&str],
    chosen: usize,
    name: &str,
    zoom: f32,
) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let corner = CornerRadius::same(radius::CONTROL);
    ui.painter().rect(
        rect,
        corner,
        theme.field,
        Stroke::new(stroke::HAIR, theme.line),
        StrokeKind::Inside,
    );
    let mut clicked = None;
    // As wide as their words, so that short ones leave room to long ones.
    let mut font = Type::Canvas.font();
    font.size *= zoom;
    let labels: Vec<String> = words.iter().map(|word| title_case(word)).collect();
    let wide = |label: &String| {
        let galley = ui
            .painter()
            .layout_no_wrap(label.clone(), font.clone(), theme.text);
        galley.size().x
    };
    let needs: Vec<f32> = labels.iter().map(wide).collect();
    let spare = (rect.width() - needs.iter().sum::<f32>()) / words.len().max(1) as f32;
    let mut x = rect.left();
    for (index, (label, need)) in labels.into_iter().zip(needs).enumerate() {
        let place = Rect::from_min_size(pos2(x, rect.top()), vec2(need + spare, rect.height()));
        x += need + spare;
        let response = ui.interact(place, id.with(index), Sense::click());
        response.widget_info(|| {
            WidgetInfo::selected(
                Role::RadioButton,
                true,
                index == chosen,
                format!("{name} {label}"),
            )
        });
        probe::note(ui.ctx(), "choice", &format!("{name} {label}"), "", place);
        if index == chosen {
            ui.painter().rect_filled(
                place.shrink(1.5),
                CornerRadius::same(radius::TAG),
                theme.hover,
            );
        }
        let ink = if index == chosen || response.hovered() {
            theme.strong
        } else {
            theme.text
        };
        ui.painter().text(
            place.center(),
            Align2::CENTER_CENTER,
            label,
            font.clone(),
            ink,
        );
        focus_ring(ui, &response);
        if response.clicked() {
            clicked = Some(index);
        }
    }
    clicked
}

/// `sine` as people read it.
pub(super) fn title_case(word: &str) -> String {
    let spaced = word.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A field that shows `shown` with a `unit` behind it, and hands back what was typed when Enter or a click elsewhere
/// ends it. Esc gives it up.
pub(super) fn field(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    shown: &str,
    unit: &str,
    name: &str,
) -> Option<String> {
    let theme = Theme::of(ui.ctx());
    let has = ui.memory(|memory| memory.has_focus(id));
    let key = id.with("typed");
    let mut typed: String = if has {
        ui.data(|data| data.get_temp(key))
            .unwrap_or_else(|| shown.to_owned())
    } else {
        shown.to_owned()
    };
    plate(
        ui,
        rect,
        theme.field,
        if has { theme.line_strong } else { theme.line },
    );
    let gap = if unit.is_empty() {
        0.0
    } else {
        width(ui, unit, Type::Body) + 4.0
    };
    let inner = Rect::from_min_max(rect.min + vec2(8.0, 0.0), rect.max - vec2(8.0 + gap, 0.0));
    if !unit.is_empty() {
        text(
            ui,
            rect.right_center() - vec2(8.0, 0.0),
            Align2::RIGHT_CENTER,
            unit,
            Type::Body,
            theme.dim,
        );
    }
    let align = if unit.is_empty() && shown.parse::<f64>().is_err() {
        egui::Align::LEFT
    } else {
        egui::Align::RIGHT
    };
    let edit = TextEdit::singleline(&mut typed)
        .id(id)
        .font(Type::Value.font())
        .text_color(theme.strong)
        .frame(egui::Frame::NONE)
        .margin(egui::Margin::ZERO)
        .align(Align2([align, egui::Align::Center]))
        .desired_width(inner.width());
    let response = ui.name_inputs(name, |ui| ui.put(inner, edit));
    probe::note(ui.ctx(), "field", name, shown, rect);
    if response.gained_focus() {
        select_all(ui, id, typed.chars().count());
    }
    let ended = response.lost_focus();
    let given_up = ui.input(|i| i.key_pressed(Key::Escape));
    if ended {
        ui.data_mut(|data| data.remove_temp::<String>(key));
        return (!given_up && typed != shown).then_some(typed);
    }
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(key, typed));
    }
    None
}

/// Selects all of a text field, so that typing replaces it.
pub(super) fn select_all(ui: &Ui, id: Id, length: usize) {
    let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
    let range = egui::text::CCursorRange::two(
        egui::text::CCursor::new(0),
        egui::text::CCursor::new(length),
    );
    state.cursor.set_char_range(Some(range));
    state.store(ui.ctx(), id);
}

/// A field of one line: the text itself, or a hint.
pub(super) fn line(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    text_now: &mut String,
    hint: &str,
    name: &str,
) -> Response {
    entry(ui, id, rect, 10.0, text_now, [hint, ""], name)
}

/// A field for searching: a glass, a hint, and the text itself.
pub(super) fn search(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    text_now: &mut String,
    hint: &str,
    badge: &str,
    name: &str,
) -> Response {
    let response = entry(ui, id, rect, 28.0, text_now, [hint, badge], name);
    let theme = Theme::of(ui.ctx());
    let glass =
        Rect::from_center_size(pos2(rect.left() + 15.0, rect.center().y), Vec2::splat(14.0));
    Icon::Search.paint(ui.painter(), glass, theme.dim);
    response
}

/// The text of a field that begins so far from its left edge.
fn entry(
    ui: &mut Ui,
    id: Id,
    rect: Rect,
    left: f32,
    text_now: &mut String,
    [hint, badge]: [&str; 2],
    name: &str,
) -> Response {
    let theme = Theme::of(ui.ctx());
    let has = ui.memory(|memory| memory.has_focus(id));
    plate(
        ui,
        rect,
        theme.field,
        if has { theme.line_strong } else { theme.line },
    );
    let inner = Rect::from_min_max(rect.min + vec2(left, 0.0), rect.max - vec2(space::S2, 0.0));
    let edit = TextEdit::singleline(text_now)
        .id(id)
        .font(Type::Body.font())
        .text_color(theme.strong)
        .frame(egui::Frame::NONE)
        .margin(egui::Margin::ZERO)
        .align(Align2::LEFT_CENTER)
        .desired_width(inner.width());
    let response = ui.name_inputs(name, |ui| ui.put(inner, edit));
    // What was typed just now is in the text already: the hint goes in the same frame.
    if text_now.is_empty() {
        let at = pos2(rect.left() + left, rect.center().y);
        text(ui, at, Align2::LEFT_CENTER, hint, Type::Body, theme.dim);
        if !has {
            let at = rect.right_center() - vec2(8.0, 0.0);
            text(ui, at, Align2::RIGHT_CENTER, badge, Type::Small, theme.dim);
        }
    }
    probe::note(ui.ctx(), "field", name, text_now, rect);
    response
}
