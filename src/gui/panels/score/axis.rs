//! What lies under and over the notes of the score: times, bars and beats, what has not come in yet, and now.

use egui::{Align2, CornerRadius, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{FOOT, HEAD, MILLISECOND};
use crate::app::{BarLine, BarLines, SCORE_PAST};
use crate::gui::controls;
use crate::gui::probe;
use crate::gui::theme::{Theme, Type, radius, stroke};
use crate::ks::RefTime;

/// Lines that are closer are not told apart.
const CLOSE: f32 = 6.0;
/// Room for the word at the line of now, on either side.
const NOW: f32 = 20.0;

/// From times to places.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    pub(super) strip: Rect,
    pub(super) now: RefTime,
    pub(super) begin: RefTime,
    pub(super) end: RefTime,
    /// Nothing has come in yet from here on.
    pub(super) edge: RefTime,
    pub(super) rate_hz: u32,
}

impl Scale {
    pub(super) fn x(&self, time: RefTime) -> f32 {
        let share = (time - self.begin) as f64 / (self.end - self.begin).max(1) as f64;
        self.strip.left() + (f64::from(self.strip.width()) * share) as f32
    }

    pub(super) fn time_of(&self, points: f32) -> RefTime {
        let whole = (self.end - self.begin) as f64;
        (f64::from(points) * whole / f64::from(self.strip.width().max(1.0))) as RefTime
    }
}

/// Times under the strip, lines through it, and what has not come in yet.
pub(super) fn axis_ui(ui: &Ui, body: Rect, scale: &Scale, bars: &BarLines) {
    let theme = Theme::of(ui.ctx());
    let painter = ui.painter().with_clip_rect(body.intersect(ui.clip_rect()));
    let strip = scale.strip;
    painter.rect_filled(strip, 0.0, theme.field);
    let step = match scale.end - scale.begin - SCORE_PAST {
        0..=2_500_000 => 50 * MILLISECOND,
        2_500_001..=5_000_000 => 100 * MILLISECOND,
        5_000_001..=10_000_000 => 200 * MILLISECOND,
        _ => 500 * MILLISECOND,
    };
    let first = (scale.begin - scale.now) / step;
    let last = (scale.end - scale.now) / step;
    for index in first..=last {
        let x = scale.x(scale.now + index * step);
        if bars.lines().is_empty() {
            let line = Stroke::new(stroke::HAIR, theme.line_soft);
            painter.vline(x, strip.y_range(), line);
        }
        let words = match index {
            0 => "0".to_owned(),
            _ => format!("{:+} ms", index * step / MILLISECOND),
        };
        let at = pos2(x, strip.bottom() + FOOT / 2.0);
        let ink = if index == 0 { theme.accent } else { theme.dim };
        let anchor = match index {
            _ if index == last => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        controls::text(ui, at, anchor, &words, Type::Small, ink);
    }
    bars_ui(ui, body, scale, bars);
    let mut beyond = strip;
    beyond.min.x = scale.x(scale.edge);
    if beyond.width() < 1.0 {
        return;
    }
    let hatch = painter.with_clip_rect(beyond.intersect(body));
    let high = strip.height();
    let mut x = beyond.left() - high;
    while x < beyond.right() {
        let ends = [pos2(x, strip.bottom()), pos2(x + high, strip.top())];
        hatch.line_segment(ends, Stroke::new(stroke::HAIR, theme.line_soft));
        x += 8.0;
    }
    let dashes = Shape::dashed_line(
        &[beyond.left_top(), beyond.left_bottom()],
        Stroke::new(stroke::HAIR, theme.line_strong),
        3.0,
        3.0,
    );
    painter.extend(dashes);
    let words = "not fetched yet";
    // Beside the word of now, where that stands there.
    let left = (beyond.left() + 5.0).max(scale.x(scale.now) + NOW);
    if left + controls::width(ui, words, Type::Small) + 3.0 < beyond.right() {
        let at = pos2(left, strip.top() - HEAD / 2.0);
        controls::text(ui, at, Align2::LEFT_CENTER, words, Type::Small, theme.dim);
    }
}

/// Lines of bars with their numbers, and finer ones of beats where they can be told apart.
fn bars_ui(ui: &Ui, body: Rect, scale: &Scale, bars: &BarLines) {
    let theme = Theme::of(ui.ctx());
    let strip = scale.strip;
    let painter = ui.painter().with_clip_rect(strip.intersect(ui.clip_rect()));
    let near = |one: &BarLine, other: &BarLine| scale.x(other.time) - scale.x(one.time) < CLOSE;
    let mut pairs = bars.lines().windows(2);
    let are_beats_seen = !pairs.any(|pair| near(&pair[0], &pair[1]));
    let mut free = strip.left();
    for line in bars.lines() {
        let x = scale.x(line.time);
        let is_bar = line.beat == 1;
        let colour = match is_bar {
            true => theme.line_strong,
            false => theme.line_soft,
        };
        if is_bar || are_beats_seen {
            painter.vline(x, strip.y_range(), Stroke::new(stroke::HAIR, colour));
        }
        let words = line.bar.to_string();
        let wide = controls::width(ui, &words, Type::Small);
        let is_inside = strip.x_range().contains(x) && x + wide < strip.right();
        // Over the strip, where now and what has not come in yet say their own words.
        let is_free = x >= free && x + wide < scale.x(scale.edge);
        let is_now = (x - scale.x(scale.now)).abs() < NOW + wide;
        if !is_bar || !is_inside || !is_free || is_now {
            continue;
        }
        free = x + wide + CLOSE;
        let at = pos2(x, strip.top() - HEAD / 2.0);
        controls::text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, theme.dim);
        let rect = Rect::from_min_size(pos2(x, body.top()), vec2(wide, HEAD));
        let told = format!("Bar {words}");
        let response = ui.interact(rect, ui.scope_id().with(("bar", line.time)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
        probe::note(ui.ctx(), "bar", &told, "", rect);
    }
}

/// The line of now, over everything.
pub(super) fn now_ui(ui: &Ui, scale: &Scale) {
    let theme = Theme::of(ui.ctx());
    let x = scale.x(scale.now);
    let line = Stroke::new(2.0, theme.accent);
    ui.painter().vline(x, scale.strip.y_range(), line);
    let words = "now";
    let wide = controls::width(ui, words, Type::Small) + 10.0;
    let chip = Rect::from_center_size(
        pos2(x, scale.strip.top() - HEAD / 2.0),
        vec2(wide, HEAD - 3.0),
    );
    let round = CornerRadius::same(radius::TAG);
    ui.painter().rect_filled(chip, round, theme.accent);
    let at = chip.center();
    controls::text(
        ui,
        at,
        Align2::CENTER_CENTER,
        words,
        Type::Small,
        theme.accent_ink,
    );
}
