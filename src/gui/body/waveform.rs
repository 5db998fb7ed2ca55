//! The Wave Reader's body: the picture of its file, its loops, the place that is heard, and what the file is.

use egui::{Align2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::well::Well;
use super::{LINE, Page};
use crate::app::Action;
use crate::app::telemetry::file;
use crate::app::waveform::Waveform;
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Type, stroke};
use crate::ks::{Domain, Settings};

const HEIGHT: f32 = 56.0;
/// Width and height at 100 %: as wide as the rows, so that boxes stand as they stood.
pub(super) const SIZE: [f32; 2] = [144.0, HEIGHT + LINE + 4.0];
/// The width of a letter of the line below it, about.
const LETTER: f32 = 6.0;

/// A length as a clock: `3:25.1`, `1:02:03`.
fn clock(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round() as u64;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}.{tenth}")
    }
}

/// What stands below the picture on the right.
fn about(waveform: &Waveform) -> String {
    let channels = match waveform.channels {
        1 => "mono".to_owned(),
        2 => "stereo".to_owned(),
        more => format!("{more} ch"),
    };
    format!("{} {channels}", clock(waveform.seconds))
}

/// The picture and a line of words.
pub(super) fn waveform_ui(ui: &mut Ui, page: &mut Page<'_>, commands: &mut Vec<Command>) {
    let theme = page.theme;
    let well = Well::new(ui, page, page.peek(HEIGHT));
    page.row(HEIGHT);
    let property = page.descriptor.properties.iter();
    let mut property = property.filter(|it| it.domain == Domain::Path);
    let base = page.view.document.path.as_deref();
    let base = base.and_then(|path| path.parent());
    let settings = Settings {
        values: &page.node.values,
        base,
    };
    let path = property.next().and_then(|it| settings.path(it));
    let waveform = path.as_deref().and_then(|path| page.view.waveform(path));
    let mut state = "no file".to_owned();
    let (mut left, mut right) = (String::new(), String::new());
    if path.is_some() {
        state = "reading".into();
    }
    if let Some(waveform) = waveform {
        let rows = waveform.row_count().max(1);
        for row in 0..rows {
            row_ui(ui, &well, page, waveform, (row, rows));
        }
        if let Some(trouble) = &waveform.trouble {
            state = trouble.clone();
        } else {
            state = format!("{:.0} % read", waveform.read() * 100.0);
            right = about(waveform);
        }
        left = waveform.title.clone().unwrap_or_default();
        loops_ui(
            ui,
            &well,
            page,
            waveform,
            own_loop(&settings, page, waveform),
        );
        place_ui(ui, &well, page, waveform);
    }
    if left.is_empty() {
        let name = path.as_deref().and_then(|path| path.file_name());
        left = name.map_or_else(|| state.clone(), |it| it.to_string_lossy().into_owned());
    }
    if waveform.is_none_or(|it| it.row_count() == 0) {
        let middle = well.rect.center();
        well.words(
            ui,
            page,
            middle,
            Align2::CENTER_CENTER,
            &shortened(&state, 24),
        );
    }
    well.frame(ui);
    let line = page.row(LINE);
    page.row(4.0);
    let letters = (line.width() / page.zoom.max(0.01) / LETTER) as usize;
    let room = letters.saturating_sub(right.chars().count() + 1);
    let words = shortened(&left, room);
    let (at, ink) = (line.left_center(), theme.dim);
    page.text(ui, at, Align2::LEFT_CENTER, &words, Type::Small, ink);
    let at = pos2(line.right(), line.center().y);
    page.text(ui, at, Align2::RIGHT_CENTER, &right, Type::Small, ink);
    let name = &page.drawn.node.name;
    let says = format!("{state}; {left}; {right}");
    probe::note(ui.ctx(), "waveform", name, &says, well.rect);
    let length = waveform.map_or(0.0, |it| it.seconds);
    let is_sought = page.view.transport().is_seekable && length > 0.0;
    let sense = match is_sought {
        true => Sense::click(),
        false => Sense::hover(),
    };
    let seen = ui.interact(well.rect, page.id.with("waveform"), sense);
    let label = format!("Sound of {name}: {says}");
    seen.widget_info(|| WidgetInfo::labeled(Role::Image, true, &label));
    let pointed = seen.interact_pointer_pos().or_else(|| seen.hover_pos());
    if let Some(at) = pointed.filter(|_| is_sought) {
        let share = ((at.x - well.rect.left()) / well.rect.width().max(1.0)).clamp(0.0, 1.0);
        let second = f64::from(share) * length;
        if seen.clicked() {
            let rate_hz = f64::from(page.view.wiring.rate_hz.max(1));
            let sample = (second * rate_hz).round() as u64;
            commands.push(Command::Do(Action::Seek(sample)));
        }
        seen.on_hover_text(format!("{}: a click goes there", clock(second)));
    }
}

/// Words that fit, with a mark where some were left out.
fn shortened(words: &str, most: usize) -> String {
    if words.chars().count() <= most {
        return words.to_owned();
    }
    let kept: String = words.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}\u{2026}")
}

/// One channel: from the least to the greatest in the hue, its power more firmly inside.
fn row_ui(ui: &Ui, well: &Well, page: &Page<'_>, waveform: &Waveform, (row, rows): (usize, usize)) {
    let theme = page.theme;
    let high = well.rect.height() / rows as f32;
    let middle = well.rect.top() + high * (row as f32 + 0.5);
    let axis = Stroke::new(stroke::HAIR, theme.line_soft);
    ui.painter().hline(well.rect.x_range(), middle, axis);
    let wide = well.rect.width();
    let count = (wide.round() as usize).clamp(1, 2048);
    let columns = waveform.columns(row, count);
    let painter = ui
        .painter()
        .with_clip_rect(well.rect.intersect(ui.clip_rect()));
    let (soft, firm) = (theme.field.lerp_to_gamma(theme.audio, 0.45), theme.audio);
    let y = |sample: f32| middle - sample.clamp(-1.0, 1.0) * high * 0.47;
    for (index, column) in columns.iter().enumerate() {
        let x = well.rect.left() + wide * index as f32 / count as f32;
        let next = well.rect.left() + wide * (index + 1) as f32 / count as f32;
        let bar = |top: f32, bottom: f32| {
            // A line is seen even where nothing moves.
            Rect::from_min_max(
                pos2(x, top.min(middle - 0.5)),
                pos2(next, bottom.max(middle + 0.5)),
            )
        };
        painter.rect_filled(bar(y(column.high), y(column.low)), 0, soft);
        let power = column.rms.min(column.high.abs().max(column.low.abs()));
        painter.rect_filled(bar(y(power), y(-power)), 0, firm);
    }
}

/// The ends of loops, as brackets from top to bottom.
fn loops_ui(ui: &Ui, well: &Well, page: &Page<'_>, waveform: &Waveform, own: Option<(f64, f64)>) {
    let ink = Stroke::new(stroke::HAIR.max(page.zoom), page.theme.clock);
    // Where the reader repeats another part, those of the file are not played.
    let loops = match &own {
        Some(own) => std::slice::from_ref(own),
        None => &waveform.loops,
    };
    for (from, to) in loops.iter().take(16) {
        for (second, side) in [(from, 1.0), (to, -1.0)] {
            let share = (second / waveform.seconds.max(1e-9)).clamp(0.0, 1.0) as f32;
            let x = well.at(share, 0.0).x;
            ui.painter().vline(x, well.rect.y_range(), ink);
            let foot = vec2(4.0 * side * page.zoom, 0.0);
            for y in [well.rect.top() + 1.0, well.rect.bottom() - 1.0] {
                ui.painter()
                    .line_segment([pos2(x, y), pos2(x, y) + foot], ink);
            }
        }
    }
}

/// The part that the reader's own properties repeat, in seconds.
fn own_loop(settings: &Settings<'_>, page: &Page<'_>, waveform: &Waveform) -> Option<(f64, f64)> {
    let property = |key: &str| page.descriptor.properties.iter().find(|it| it.key == key);
    let is_on = settings.is_on(property("loop")?);
    if !is_on {
        return None;
    }
    match settings.text(property("loop_region")?).as_str() {
        "start to end" => {
            let rate_hz = f64::from(waveform.rate_hz.max(1));
            let second = |key: &str| Some(settings.number(property(key)?) / rate_hz);
            let (from, to) = (second("loop_start")?, second("loop_end")?);
            let to = if to > 0.0 { to } else { waveform.seconds };
            (from < to).then_some((from, to.min(waveform.seconds)))
        }
        "whole file" => Some((0.0, waveform.seconds)),
        _ => None,
    }
}

/// The place that is heard.
fn place_ui(ui: &Ui, well: &Well, page: &Page<'_>, waveform: &Waveform) {
    let cells = page.view.telemetry(&page.drawn.path);
    let Some(second) = cells.map(|cells| cells.get(file::POSITION)) else {
        return;
    };
    let share = f64::from(second) / waveform.seconds.max(1e-9);
    if !(0.0..=1.0).contains(&share) {
        return;
    }
    let ink = Stroke::new((1.5 * page.zoom).max(1.0), page.theme.text);
    let x = well.at(share as f32, 0.0).x;
    ui.painter().vline(x, well.rect.y_range(), ink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_reads_as_a_clock() {
        assert_eq!(clock(0.04), "0:00.0");
        assert_eq!(clock(205.12), "3:25.1");
        assert_eq!(clock(59.96), "1:00.0");
        assert_eq!(clock(3723.4), "1:02:03");
    }

    #[test]
    fn long_words_are_cut_off_with_a_mark() {
        assert_eq!(shortened("abc", 3), "abc");
        assert_eq!(shortened("\u{e4}bcd", 3), "\u{e4}b\u{2026}");
    }
}
