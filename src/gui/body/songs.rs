//! MIDI files and messages in their boxes: where a song is, with its marker and its words, and what passes a monitor.

use egui::{Align2, Color32, CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{LINE, Page};
use crate::app::midi_names as names;
use crate::app::telemetry::{midi_file_reader as reader, midi_file_writer as writer, midi_monitor};
use crate::gui::probe;
use crate::gui::theme::{Type, radius};

/// Width and height at 100 % of a reader's picture, a writer's, and a monitor's.
pub(super) const READER: [f32; 2] = [232.0, 3.0 * LINE];
pub(super) const WRITER: [f32; 2] = [200.0, LINE];
pub(super) const MONITOR: [f32; 2] = [264.0, LINES as f32 * ROW + 4.0];

/// Messages that a monitor shows, and the height of one.
const LINES: u32 = 7;
const ROW: f32 = 15.0;
/// The height of a bar.
const BAR: f32 = 4.0;

/// Minutes and seconds.
fn clock(seconds: f32) -> String {
    let whole = seconds.max(0.0) as u32;
    format!("{}:{:02}", whole / 60, whole % 60)
}

/// One line of words in ink, told to screen readers as well.
fn words(ui: &Ui, page: &mut Page<'_>, height: f32, name: &str, text: &str, ink: Color32) {
    let rect = page.row(height);
    let response = ui.interact(rect, page.id.with(name), Sense::hover());
    let told = format!("{name}: {text}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &told));
    probe::note(ui.ctx(), "body", &page.drawn.node.name, &told, rect);
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    let at = rect.left_center();
    painter.text(at, Align2::LEFT_CENTER, text, page.font(Type::Canvas), ink);
}

/// Where a song is, the marker it has passed, and the words around.
pub(super) fn song_ui(ui: &Ui, page: &mut Page<'_>) {
    let cells = page.view.telemetry(&page.drawn.path);
    let cell = |which| cells.map_or(0.0, |cells| cells.get(which));
    let song = page.view.song(&page.drawn.path);
    let (dim, strong, text) = (page.theme.dim, page.theme.strong, page.theme.text);
    let length = match song {
        Some(song) => song.duration as f32 / 1e7,
        None => cell(reader::LENGTH),
    };
    let now = cell(reader::POSITION);
    let rect = page.row(LINE);
    let rail = Rect::from_min_size(
        pos2(rect.left(), rect.center().y - BAR * page.zoom / 2.0),
        vec2(rect.width() * 0.56, BAR * page.zoom),
    );
    let corner = CornerRadius::same(radius::BAR);
    ui.painter().rect_filled(rail, corner, page.theme.line);
    let mut gone = rail;
    gone.set_width(rail.width() * (now / length.max(0.001)).clamp(0.0, 1.0));
    ui.painter().rect_filled(gone, corner, page.theme.events);
    let figures = match song.is_some() || cells.is_some() {
        true => format!("{} / {}", clock(now), clock(length)),
        false => "\u{2013}".to_owned(),
    };
    probe::note(ui.ctx(), "song", &page.drawn.node.name, &figures, rect);
    page.text(
        ui,
        rect.right_center(),
        Align2::RIGHT_CENTER,
        &figures,
        Type::Canvas,
        strong,
    );
    let behind = |all: &[(i64, String)], which| (cell(which) as usize).min(all.len());
    let marker = song.and_then(|song| {
        let passed = behind(&song.markers, reader::MARKERS).checked_sub(1)?;
        Some(song.markers.get(passed)?.1.clone())
    });
    let marker = marker.or_else(|| {
        let song = song?;
        let names = song.tracks.iter().filter(|name| !name.is_empty());
        let tracks = match song.tracks.len() {
            1 => "1 track".to_owned(),
            count => format!("{count} tracks"),
        };
        Some(match names.into_iter().next() {
            Some(name) => format!("{name} \u{b7} {tracks}"),
            None => tracks,
        })
    });
    words(
        ui,
        page,
        LINE,
        "Marker",
        marker.as_deref().unwrap_or("\u{2013}"),
        text,
    );
    let lyric = song.map(|song| around(&song.lyrics, behind(&song.lyrics, reader::LYRICS)));
    words(ui, page, LINE, "Words", lyric.as_deref().unwrap_or(""), dim);
}

/// The line of words that is sung now: up to the ends of lines, or a few syllables.
fn around(lyrics: &[(i64, String)], behind: usize) -> String {
    /// Syllables of a line without an end.
    const MOST: usize = 8;
    let ends = |words: &str| words.ends_with(['\n', '\r']);
    let begins = |words: &str| words.starts_with(['\\', '/', '\n', '\r']);
    let now = behind.saturating_sub(1);
    let mut from = now;
    while from > 0 && now - from < MOST && !begins(&lyrics[from].1) && !ends(&lyrics[from - 1].1) {
        from -= 1;
    }
    let mut line = String::new();
    for (index, (_, words)) in lyrics.iter().enumerate().skip(from).take(2 * MOST) {
        if index > from && (begins(words) || ends(&lyrics[index - 1].1)) {
            break;
        }
        line += words.trim_start_matches(['\\', '/']);
    }
    line.replace(['\n', '\r'], " ").trim_end().to_owned()
}

/// What was recorded.
pub(super) fn recording_ui(ui: &Ui, page: &mut Page<'_>) {
    let cells = page.view.telemetry(&page.drawn.path);
    let cell = |which| cells.map_or(0.0, |cells| cells.get(which));
    let lost = cell(writer::LOST);
    let (mut text, mut ink) = (
        format!(
            "{} \u{b7} {} events",
            clock(cell(writer::LENGTH)),
            cell(writer::EVENTS)
        ),
        page.theme.strong,
    );
    if lost > 0.0 {
        text += &format!(" \u{b7} {lost} lost");
        ink = page.theme.warn;
    }
    words(ui, page, LINE, "Recorded", &text, ink);
}

/// The last messages, newest below.
pub(super) fn monitor_ui(ui: &Ui, page: &mut Page<'_>) {
    let rect = page.peek(MONITOR[1] - 4.0);
    let corner = CornerRadius::same(radius::TAG);
    ui.painter().rect_filled(rect, corner, page.theme.field);
    let cells = page.view.telemetry(&page.drawn.path);
    let count = cells.map_or(0, midi_monitor::count);
    let (dim, text) = (page.theme.dim, page.theme.text);
    for line in 0..LINES {
        let ago = LINES - line;
        let number = midi_monitor::since(count, ago);
        let seen = cells.and_then(|cells| midi_monitor::seen(cells, number));
        let name = format!("Message {ago}");
        match seen {
            Some(seen) => {
                let told = names::message(seen.bytes());
                words(
                    ui,
                    page,
                    ROW,
                    &name,
                    &format!(" {:8.3}  {told}", seen.seconds),
                    text,
                );
            }
            None if line + 1 == LINES && count == 0 => {
                words(ui, page, ROW, &name, " No message has come", dim);
            }
            None => {
                page.row(ROW);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_around_are_those_of_the_line() {
        let lyrics = |all: &[&str]| -> Vec<(i64, String)> {
            all.iter().map(|words| (0, (*words).to_owned())).collect()
        };
        let song = lyrics(&["\\Sun ", "comes ", "up\r", "o- ", "ver ", "/the ", "hill"]);
        for (behind, wanted) in [
            (0, "Sun comes up"),
            (3, "Sun comes up"),
            (4, "o- ver"),
            (7, "the hill"),
        ] {
            assert_eq!(around(&song, behind), wanted, "{behind}");
        }
        let endless = lyrics(&["la "; 50]);
        assert_eq!(around(&endless, 30).matches("la").count(), 16);
        assert_eq!(around(&[], 0), "");
        assert_eq!(
            (clock(0.9), clock(61.0), clock(3600.0)),
            ("0:00".into(), "1:01".into(), "60:00".into())
        );
    }
}
