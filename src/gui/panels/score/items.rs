//! What lies on the strip of the score: notes in the rows of their channels, and everything else as strokes below them.

use egui::{Color32, Rect, Ui, pos2, vec2};

use super::axis::Scale;
use super::{BAR, MILLISECOND};
use crate::app::{BarLines, ScoreNote, midi_names};
use crate::gui::controls;
use crate::gui::theme::Theme;
use crate::ks::{ScoreEvent, sample_from_time};

/// What lies on the strip and can be taken hold of.
pub(super) struct Item {
    pub(super) event: ScoreEvent,
    pub(super) rect: Rect,
    pub(super) ink: Color32,
    pub(super) words: String,
}

/// How far off something is.
fn due(event: &ScoreEvent, scale: &Scale, bars: &BarLines) -> String {
    let place = match bars.at(event.time) {
        Some((bar, beat)) => format!("bar {bar} beat {beat}, "),
        None => String::new(),
    };
    format!(
        "due in {} ms, {place}at sample {}",
        (event.time - scale.now) / MILLISECOND,
        sample_from_time(event.time, scale.rate_hz)
    )
}

/// The notes of a channel, the higher ones higher.
pub(super) fn notes_in(
    ui: &Ui,
    row: Rect,
    channel: u8,
    notes: &[ScoreNote],
    scale: &Scale,
    bars: &BarLines,
) -> Vec<Item> {
    let theme = Theme::of(ui.ctx());
    let mine = notes
        .iter()
        .filter(|it| it.begins.channel() == Some(channel));
    let keys: Vec<u8> = mine.clone().map(|it| it.begins.bytes[1]).collect();
    let low = keys.iter().copied().min().unwrap_or(60);
    let span = (keys.iter().copied().max().unwrap_or(60) - low).max(1);
    let room = row.height() - BAR - 10.0;
    let is_drums = channel == midi_names::DRUM_CHANNEL;
    mine.map(|note| {
        let event = note.begins;
        let [_, key, velocity] = event.bytes;
        let ends = note.ends.unwrap_or(scale.edge);
        let is_over = ends <= scale.now;
        let ink = match (is_over, event.time <= scale.now) {
            (true, _) => theme.events.gamma_multiply(0.45),
            (false, true) => theme.events.lerp_to_gamma(theme.strong, 0.45),
            (false, false) => theme.events,
        };
        let share = match keys.len() {
            1 => 0.5,
            _ => f32::from(key - low) / f32::from(span),
        };
        let y = row.bottom() - 5.0 - BAR / 2.0 - share * room;
        let (left, right) = (scale.x(event.time), scale.x(ends));
        let rect = Rect::from_min_max(
            pos2(left, y - BAR / 2.0),
            pos2(right.max(left + 3.0), y + BAR / 2.0),
        );
        let name = match midi_names::drum(key) {
            Some(name) if is_drums => name.to_owned(),
            _ => midi_names::note(key),
        };
        let mut words = format!(
            "Note on \u{b7} ch {} \u{b7} {name} \u{b7} velocity {velocity}\n{}",
            channel + 1,
            due(&event, scale, bars)
        );
        if event.is_muted {
            words += ", muted";
        }
        Item {
            event,
            rect,
            ink,
            words,
        }
    })
    .collect()
}

/// Everything that is no note, as strokes.
pub(super) fn marks_in(
    ui: &Ui,
    row: Rect,
    marks: &[ScoreEvent],
    scale: &Scale,
    bars: &BarLines,
) -> Vec<Item> {
    let theme = Theme::of(ui.ctx());
    controls::rule(ui, row, theme.line_soft);
    let marks = marks.iter().map(|event| {
        let x = scale.x(event.time);
        let rect = Rect::from_center_size(pos2(x, row.center().y + 2.0), vec2(2.0, 10.0));
        let ink = match event.time <= scale.now {
            true => theme.events.gamma_multiply(0.45),
            false => theme.events,
        };
        let message = midi_names::message(event.message());
        Item {
            event: *event,
            rect,
            ink,
            words: format!("{message}\n{}", due(event, scale, bars)),
        }
    });
    marks.collect()
}
