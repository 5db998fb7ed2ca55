//! The seek bar along the lower edge of the transport: where the graph is in what is known of its length, and the range
//! that is played round. A drag goes there, a drag with Shift sets the range.

use egui::{
    CornerRadius, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::marks;
use crate::app::places::{bars_of, time_of};
use crate::app::{Action, Landmark, Place, View};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, stroke};
use crate::ks::LoopRange;

/// What is shown at least where nobody knows the length, in seconds.
const LEAST_SECONDS: u64 = 60;
/// The pointer has it within so much of the edge, and how high it is drawn.
const REACH: f32 = 10.0;
const HEIGHT: f32 = 4.0;
/// What the rest of the transport leaves free.
pub(in crate::gui) const ROOM: f32 = 6.0;
/// Narrower loops are drawn so wide.
const LEAST_WIDTH: f32 = 2.0;
/// What Page Up and Page Down go on by, and the arrows, in seconds.
const PAGE: u64 = 10;

/// Why nothing can be sought.
pub(in crate::gui) const WHY_NOT: &str = "Nothing here goes by a position: what is played by hand or comes from a device is now. Add a Wave Reader.";

/// The pointer has an end of the loop within so much of it.
const HANDLE: f32 = 5.0;

/// What a drag began with: for a range that is the end that stays.
#[derive(Clone, Copy)]
struct Held {
    from: u64,
    /// An end of the loop is dragged, so that whether it is played stays as it is.
    is_handle: bool,
    is_range: bool,
    sent: u64,
}

/// The whole of what is shown, in samples.
fn whole(place: &Place, rate_hz: u32) -> u64 {
    let range = place.range.map_or(0, |it| it.end);
    let least = u64::from(rate_hz) * LEAST_SECONDS;
    match place.length {
        Some(length) if length > 0 => length.max(range).max(1),
        // More than is played yet, in steps, so that it does not creep.
        _ => {
            let mut whole = least.max(range);
            while whole <= place.position {
                whole *= 2;
            }
            whole
        }
    }
}

/// What is said of it.
pub(in crate::gui) fn words(place: &Place, rate_hz: u32) -> String {
    let at = time_of(place.position, rate_hz);
    match place.length {
        _ if !place.is_seekable => "nothing to seek in".to_owned(),
        Some(length) => format!("{at} of {}", time_of(length, rate_hz)),
        None => format!("{at}, no known end"),
    }
}

/// Draws it.
pub(in crate::gui) fn ui(ui: &mut Ui, view: &View<'_>, bar: Rect, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let rate_hz = view.wiring.rate_hz.max(1);
    let place = view.transport();
    let whole = whole(&place, rate_hz);
    let (left, right) = (bar.left() + 12.0, bar.right() - 14.0);
    let reach = Rect::from_min_max(pos2(left, bar.bottom() - REACH), pos2(right, bar.bottom()));
    let id = ui.scope_id().with("seek bar");
    let sense = match place.is_seekable {
        true => Sense::click_and_drag(),
        false => Sense::hover(),
    };
    let response = ui.interact(reach, id, sense);
    let said = words(&place, rate_hz);
    response.widget_info(|| {
        // Who cannot see the grey is told why.
        let why = if place.is_seekable { "" } else { WHY_NOT };
        let label = format!("Position: {said}. {why}");
        WidgetInfo::labeled(
            Role::Slider,
            place.is_seekable,
            label.trim_end_matches(['.', ' ']),
        )
    });
    probe::note(ui.ctx(), "slider", "Position", &said, reach);

    let is_near = response.hovered() || response.dragged();
    let high = if is_near { HEIGHT + 2.0 } else { HEIGHT };
    let rail = Rect::from_min_max(
        pos2(left, bar.bottom() - 2.0 - high),
        pos2(right, bar.bottom() - 2.0),
    );
    let at = |sample: u64| left + (right - left) * (sample as f64 / whole as f64).min(1.0) as f32;
    let round = CornerRadius::same(1);
    ui.painter().rect_filled(rail, round, theme.field);
    let edge = Stroke::new(stroke::HAIR, theme.line);
    ui.painter()
        .rect_stroke(rail, round, edge, StrokeKind::Inside);
    if let Some(range) = place.range {
        let (begin, end) = (at(range.begin), at(range.end));
        let mut piece = rail;
        (piece.min.x, piece.max.x) = (begin, end.max(begin + LEAST_WIDTH));
        let ink = if place.is_looping {
            theme.clock
        } else {
            theme.line_strong
        };
        ui.painter()
            .rect_filled(piece, round, ink.gamma_multiply(0.5));
        for x in [piece.min.x, piece.max.x] {
            let line = Stroke::new(2.0, ink);
            ui.painter().vline(x, rail.y_range().expand(3.0), line);
        }
    }
    if place.is_seekable {
        let mut done = rail.shrink(1.0);
        done.max.x = at(place.position).max(done.min.x);
        ui.painter().rect_filled(done, round, theme.accent);
        let line = Stroke::new(2.0, theme.strong);
        ui.painter()
            .vline(at(place.position), rail.y_range().expand(2.0), line);
    }
    if place.is_seekable {
        marks::draw(ui, &view.landmarks(), rail, whole, response.hover_pos());
    }
    controls::focus_ring(ui, &response);
    let response = told(response, view, &place, whole, (left, right));
    let landmarks = view.landmarks();
    drags(
        ui,
        &response,
        &place,
        whole,
        (left, right),
        &landmarks,
        commands,
    );
    keys(ui, &response, &place, rate_hz, commands);
}

/// The sample under the pointer.
fn pointed(response: &Response, whole: u64, (left, right): (f32, f32)) -> Option<u64> {
    let at = response
        .interact_pointer_pos()
        .or_else(|| response.hover_pos())?;
    let share = ((at.x - left) / (right - left).max(1.0)).clamp(0.0, 1.0);
    Some((f64::from(share) * whole as f64) as u64)
}

/// Says what lies under the pointer.
fn told(
    response: Response,
    view: &View<'_>,
    place: &Place,
    whole: u64,
    ends: (f32, f32),
) -> Response {
    if !place.is_seekable {
        return response.on_hover_text(WHY_NOT);
    }
    let rate_hz = view.wiring.rate_hz.max(1);
    let Some(sample) = pointed(&response, whole, ends) else {
        return response;
    };
    let landmarks = view.landmarks();
    let mark = response.hover_pos();
    let mark = mark.and_then(|at| marks::near(&landmarks, at.x, whole, ends));
    let sample = mark.map_or(sample, |it| it.position);
    let mut words = format!("{} \u{b7} sample {sample}", time_of(sample, rate_hz));
    if let Some(mark) = mark {
        words = format!("{}\n{words}", marks::words(&landmarks, mark, view));
    }
    if let Some(metre) = view.metre() {
        words += &format!(" \u{b7} bar {}", bars_of(sample, rate_hz, metre));
    }
    let at = response.hover_pos().map_or(f32::NEG_INFINITY, |at| at.x);
    if handle(place, at, whole, ends).is_some() {
        words += "\nDrag to move this end of the loop";
        return response
            .on_hover_cursor(egui::CursorIcon::ResizeHorizontal)
            .on_hover_text_at_pointer(words);
    }
    if mark.is_some() {
        words += "\nClick to go to this mark";
        return response.on_hover_text_at_pointer(words);
    }
    words += "\nDrag to go there, with Shift to set what is played round";
    response.on_hover_text_at_pointer(words)
}

/// Goes where it is dragged. While a seek is under way none follows, so that the last one wins.
fn drags(
    ui: &Ui,
    response: &Response,
    place: &Place,
    whole: u64,
    ends: (f32, f32),
    landmarks: &[Landmark],
    commands: &mut Vec<Command>,
) {
    let id: Id = response.id.with("held");
    let Some(sample) = pointed(response, whole, ends) else {
        return;
    };
    if response.clicked() {
        let at = response.interact_pointer_pos();
        let mark = at.and_then(|at| marks::near(landmarks, at.x, whole, ends));
        let to = mark.map_or(sample, |it| it.position);
        commands.push(Command::Do(Action::Seek(to)));
        return;
    }
    if response.drag_started() {
        let press = ui.input(|i| i.pointer.press_origin());
        let share = press.map_or(0.0, |at| (at.x - ends.0) / (ends.1 - ends.0).max(1.0));
        let from = (f64::from(share.clamp(0.0, 1.0)) * whole as f64) as u64;
        let stays = press.and_then(|at| handle(place, at.x, whole, ends));
        let held = Held {
            from: stays.unwrap_or(from),
            is_handle: stays.is_some(),
            is_range: stays.is_some() || ui.input(|i| i.modifiers.shift),
            sent: u64::MAX,
        };
        ui.data_mut(|data| data.insert_temp(id, held));
    }
    let Some(mut held) = ui.data(|data| data.get_temp::<Held>(id)) else {
        return;
    };
    let is_over = response.drag_stopped();
    if held.is_range {
        let range = LoopRange::between(held.from, sample);
        // An engine that reads ahead reads anew for each: it is told when the range stands.
        if is_over && range.is_some() {
            let is_on = !held.is_handle || place.is_looping;
            commands.push(Command::Do(Action::SetLoop { range, is_on }));
        } else if let (Some(range), false) = (range, is_over) {
            shade(ui, response, range, whole, ends);
        }
    } else if held.sent != sample && (is_over || !place.is_seeking) {
        held.sent = sample;
        commands.push(Command::Do(Action::Seek(sample)));
    }
    ui.data_mut(|data| match is_over {
        true => data.remove::<Held>(id),
        false => {
            data.insert_temp(id, held);
        }
    });
}

/// The end of the loop that stays where the other one is taken at `x`.
fn handle(place: &Place, x: f32, whole: u64, (left, right): (f32, f32)) -> Option<u64> {
    let range = place.range?;
    let at = |sample: u64| left + (right - left) * (sample as f64 / whole as f64).min(1.0) as f32;
    let (begin, end) = ((at(range.begin) - x).abs(), (at(range.end) - x).abs());
    match begin.min(end) <= HANDLE {
        true if begin < end => Some(range.end),
        true => Some(range.begin),
        false => None,
    }
}

/// The range that is being drawn.
fn shade(ui: &Ui, response: &Response, range: LoopRange, whole: u64, (left, right): (f32, f32)) {
    let theme = Theme::of(ui.ctx());
    let at = |sample: u64| left + (right - left) * (sample as f64 / whole as f64).min(1.0) as f32;
    let bottom = response.rect.bottom() - 2.0;
    let size = vec2(at(range.end) - at(range.begin), HEIGHT + 2.0);
    let piece = Rect::from_min_size(pos2(at(range.begin), bottom - size.y), size);
    let ink = theme.clock.gamma_multiply(0.7);
    ui.painter().rect_filled(piece, CornerRadius::ZERO, ink);
}

/// Page Up and Page Down go on and back while it has the focus.
fn keys(ui: &Ui, response: &Response, place: &Place, rate_hz: u32, commands: &mut Vec<Command>) {
    if !response.has_focus() || !place.is_seekable {
        return;
    }
    let step = u64::from(rate_hz) * PAGE;
    let (on, back) = ui.input(|i| {
        let pressed = |key| i.key_pressed(key);
        (pressed(egui::Key::PageUp), pressed(egui::Key::PageDown))
    });
    if on {
        commands.push(Command::Do(Action::Seek(place.position + step)));
    }
    if back {
        let to = place.position.saturating_sub(step);
        commands.push(Command::Do(Action::Seek(to)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(position: u64, length: Option<u64>) -> Place {
        Place {
            position,
            length,
            is_seekable: true,
            range: None,
            is_looping: false,
            is_seeking: false,
            speed: 1000,
            takes_speeds: true,
        }
    }

    #[test]
    fn all_of_a_known_length_is_shown_and_more_than_is_played_of_an_unknown_one() {
        assert_eq!(whole(&place(5, Some(1_000)), 48_000), 1_000);
        assert_eq!(whole(&place(5, None), 48_000), 2_880_000);
        assert_eq!(whole(&place(2_880_000, None), 48_000), 5_760_000);
        let mut behind = place(0, Some(1_000));
        behind.range = LoopRange::between(100, 5_000);
        assert_eq!(whole(&behind, 48_000), 5_000);
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(
            words(&place(48_000, Some(96_000)), 48_000),
            "0:01.000 of 0:02.000"
        );
        assert_eq!(
            words(&place(48_000, None), 48_000),
            "0:01.000, no known end"
        );
        let mut fixed = place(48_000, None);
        fixed.is_seekable = false;
        assert_eq!(words(&fixed, 48_000), "nothing to seek in");
    }
}
