//! Frames: the headers of what passes on the selected wire, newest first, and beside them the bytes of one frame in the
//! agreed format. Hold stops the list; a row that is clicked shows its bytes.

use egui::{Align2, Color32, Rect, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::app::{Action, KEPT_FRAMES, TAP_BYTES, TappedFrame, View};
use crate::graph::{PinAddress, Wire};
use crate::gui::controls::{self, Face};
use crate::gui::probe;
use crate::gui::screen::Command;
use crate::gui::theme::{Theme, Type, window};
use crate::ks::{DataFormat, REF_TIMES_PER_SECOND, flag, grouped};

/// The bytes stand beside the list from this width on.
const BYTES_FROM: f32 = 900.0;
/// How wide they are.
const BYTES_WIDE: f32 = 470.0;
/// Bytes of a line.
const LINE: usize = 16;

/// What the page remembers.
#[derive(Default)]
pub(super) struct Frames {
    /// The frame whose bytes are shown; `None`: the newest.
    chosen: Option<u64>,
}

/// The wire that is to be looked at: the selected one.
pub(super) fn wire<'a>(view: &View<'a>) -> Option<&'a Wire> {
    view.wire(view.selection.one_connection()?)
}

/// Has the frames of a wire told, or none.
pub(super) fn look_at(view: &View<'_>, wire: Option<&Wire>, commands: &mut Vec<Command>) {
    let passes = |wire: &&Wire| {
        let agreed = wire.outcome.as_ref();
        agreed.is_ok_and(|it| !it.medium.is_hard_wired())
    };
    let wanted = wire.filter(passes).map(|wire| (&wire.from, &wire.to));
    let now = view.probed().map(|(from, to)| (from, to));
    if wanted != now {
        let wanted: Option<(PinAddress, PinAddress)> =
            wanted.map(|(from, to)| (from.clone(), to.clone()));
        commands.push(Command::Do(Action::Probe(wanted)));
    }
}

impl Frames {
    /// Draws the page: title and Hold in `head`, rows and bytes in `body`.
    pub(super) fn ui(
        &mut self,
        ui: &mut Ui,
        head: Rect,
        body: Rect,
        view: &View<'_>,
        commands: &mut Vec<Command>,
    ) {
        let theme = Theme::of(ui.ctx());
        let Some(wire) = wire(view) else {
            return say(ui, body, "Click a wire to see its frames.");
        };
        let agreed = match &wire.outcome {
            Err(_) => return say(ui, body, "Nothing was agreed here: no frame passes."),
            Ok(agreed) if agreed.medium.is_hard_wired() => {
                return say(
                    ui,
                    body,
                    "This link is hard-wired: nothing is streamed, there are no frames.",
                );
            }
            Ok(agreed) => agreed,
        };
        head_ui(ui, head, view, wire, commands);
        let frames = view.frames();
        if frames.is_empty() {
            return say(
                ui,
                body,
                match view.cells {
                    Some(_) => "No frame has passed yet. Run the graph.",
                    None => "There is no audio thread: no frame passes.",
                },
            );
        }
        let (mut list, mut bytes) = (body, body);
        let has_bytes = body.width() >= BYTES_FROM;
        if has_bytes {
            list.max.x -= BYTES_WIDE;
            bytes.min.x = list.max.x;
        }
        let newest = frames.len() - 1;
        let place = self
            .chosen
            .and_then(|number| frames.binary_search_by_key(&number, |it| it.number).ok());
        let shown = &frames[place.unwrap_or(newest)];
        let same = |it: &Wire| it.from == wire.from && it.to == wire.to;
        let index = view.wiring.wires.iter().position(same).unwrap_or(0);
        let waits = view
            .latency(&wire.from, &wire.to)
            .is_some_and(|it| it.1 > 0);
        let path = view.pipes().path_words(view.wiring, index);
        // What waits for another way has a frame of its own to wait in.
        let path = if waits && path == "by reference" {
            "copied"
        } else {
            path
        };
        let columns = Columns::new(list);
        columns.titles(ui, theme);
        let mut rows = list;
        rows.min.y += ROW;
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rows).id_salt("frames"));
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show_rows(&mut child, ROW, frames.len(), |ui, range| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                for age in range {
                    let frame = &frames[newest - age];
                    let holder = view.holder(index, age);
                    let is_on = frame.number == shown.number;
                    if columns
                        .row(ui, theme, frame, (&holder, path), is_on)
                        .clicked()
                    {
                        self.chosen = Some(frame.number).filter(|_| age > 0 || !is_on);
                    }
                }
            });
        if has_bytes {
            controls::rule(
                ui,
                Rect::from_min_max(bytes.left_top(), bytes.right_top()),
                theme.line_soft,
            );
            let line = egui::Stroke::new(1.0, theme.line_soft);
            ui.painter().vline(bytes.left(), bytes.y_range(), line);
            bytes_ui(ui, theme, bytes, shown, &agreed.format);
        }
    }
}

/// The one fact where there are no rows.
pub(super) fn say(ui: &mut Ui, body: Rect, words: &str) {
    let theme = Theme::of(ui.ctx());
    let at = body.left_top() + vec2(14.0, 18.0);
    let room = body.width() - 28.0;
    controls::clipped(ui, at, room, words, Type::Body, theme.dim);
    let line = Rect::from_min_size(body.min, vec2(body.width(), ROW));
    let response = ui.interact(line, ui.scope_id().with("no frames"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    probe::note(ui.ctx(), "fact", words, "", line);
}

/// Rows are so high.
const ROW: f32 = window::ROW;

fn head_ui(ui: &mut Ui, head: Rect, view: &View<'_>, wire: &Wire, commands: &mut Vec<Command>) {
    let theme = Theme::of(ui.ctx());
    let words = format!("ring of {} headers", grouped(KEPT_FRAMES as u32));
    let at = pos2(head.right() - 14.0, head.center().y);
    controls::text(ui, at, Align2::RIGHT_CENTER, &words, Type::Small, theme.dim);
    let right = head.right() - 28.0 - controls::width(ui, &words, Type::Small);
    let held = view.frames_are_held();
    let hold = Rect::from_min_size(pos2(right - 64.0, head.center().y - 11.0), vec2(64.0, 22.0));
    let (face, name) = match held {
        true => (Face::Primary, "Go on"),
        false => (Face::Plain, "Hold"),
    };
    if hold.left() < head.left() {
        return;
    }
    if controls::button_at(ui, hold, name, face, true).clicked() {
        commands.push(Command::Do(Action::HoldFrames(!held)));
    }
    let name = |pin: &PinAddress| {
        let filter = view.wiring.filters.get(&pin.filter);
        filter.map_or("?", |it| it.name.as_str())
    };
    let title = format!("{} \u{2192} {}", name(&wire.from), name(&wire.to));
    let room = (hold.left() - 14.0 - head.left()).max(0.0);
    let wide = controls::width(ui, &title, Type::Value).min(room);
    let at = pos2(hold.left() - 14.0 - wide, head.center().y);
    controls::clipped(ui, at, wide, &title, Type::Value, theme.strong);
}

/// Columns behind the peak: how far behind it, and how wide.
const HOLDER: (f32, f32) = (18.0, 112.0);
const PATH: (f32, f32) = (138.0, 84.0);
const SUM: (f32, f32) = (228.0, 76.0);

/// Where columns stand.
struct Columns {
    list: Rect,
    flags: f32,
    peak: f32,
}

impl Columns {
    fn new(list: Rect) -> Self {
        // What is right of the flags needs so much; the rest is theirs.
        let right = list.right() - 326.0;
        Self {
            list,
            flags: list.left() + 374.0,
            peak: right.max(list.left() + 560.0),
        }
    }

    /// Where a column behind the peak begins; `None` where it would be cut off.
    fn place(&self, (from, wide): (f32, f32)) -> Option<f32> {
        let x = self.peak + from;
        (x + wide <= self.list.right()).then_some(x)
    }

    fn titles(&self, ui: &Ui, theme: &Theme) {
        let y = self.list.top() + ROW / 2.0;
        let put = |x: f32, align: Align2, words: &str| {
            if x <= self.list.right() {
                controls::text(ui, pos2(x, y), align, words, Type::Small, theme.dim);
            }
        };
        let left = self.list.left();
        put(left + 18.0, Align2::LEFT_CENTER, "Frame");
        put(left + 186.0, Align2::RIGHT_CENTER, "Presentation time");
        put(left + 254.0, Align2::RIGHT_CENTER, "Duration");
        put(left + 354.0, Align2::RIGHT_CENTER, "Used / extent");
        put(self.flags, Align2::LEFT_CENTER, "Flags");
        put(self.peak, Align2::RIGHT_CENTER, "Peak");
        for (column, title) in [(HOLDER, "Held by"), (PATH, "Path"), (SUM, "Checksum")] {
            if let Some(x) = self.place(column) {
                put(x, Align2::LEFT_CENTER, title);
            }
        }
    }

    fn row(
        &self,
        ui: &mut Ui,
        theme: &Theme,
        frame: &TappedFrame,
        (holder, path): (&str, &str),
        is_on: bool,
    ) -> egui::Response {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
        let header = frame.header;
        let is_broken = header.flags & flag::DATADISCONTINUITY != 0;
        let number = grouped(u32::try_from(frame.number).unwrap_or(u32::MAX));
        let flags = flag::words(header.flags);
        let used = format!("{} / {}", grouped(header.data_used), grouped(frame.extent));
        let time = time_words(header.time);
        let sum = format!(
            "{:04X} {:04X}",
            frame.checksum >> 16,
            frame.checksum & 0xFFFF
        );
        let name = format!("Frame {number}");
        let said = format!("{name}: {time}, {used} bytes, {flags}, {holder}, {path}, {sum}");
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, is_on, &said));
        probe::note(ui.ctx(), "frame", &name, &said, rect);
        if is_broken {
            ui.painter().rect_filled(rect, 0.0, theme.warn_bg);
        } else if is_on || response.hovered() {
            ui.painter().rect_filled(rect, 0.0, theme.raised);
        }
        if is_on {
            let bar = Rect::from_min_size(rect.min + vec2(6.0, 2.0), vec2(2.0, ROW - 4.0));
            ui.painter().rect_filled(bar, 1.0, theme.accent);
        }
        let y = rect.center().y;
        let ink = if is_broken { theme.warn } else { theme.text };
        let put = |x: f32, align: Align2, words: &str, ink: Color32| {
            if x <= rect.right() {
                controls::text(ui, pos2(x, y), align, words, Type::Body, ink);
            }
        };
        let left = rect.left();
        put(left + 18.0, Align2::LEFT_CENTER, &number, theme.strong);
        put(left + 186.0, Align2::RIGHT_CENTER, &time, ink);
        let millis = header.duration as f64 * 1000.0 / REF_TIMES_PER_SECOND as f64;
        put(
            left + 254.0,
            Align2::RIGHT_CENTER,
            &format!("{millis:.3}\u{a0}ms"),
            ink,
        );
        put(left + 354.0, Align2::RIGHT_CENTER, &used, ink);
        let peak = 20.0 * frame.peak.max(1e-9).log10();
        let words = match peak > -150.0 {
            true => format!("{peak:.1}\u{a0}dBFS").replace('-', "\u{2212}"),
            false => "silent".into(),
        };
        put(self.peak, Align2::RIGHT_CENTER, &words, ink);
        if let Some(x) = self.place(PATH) {
            put(x, Align2::LEFT_CENTER, path, ink);
        }
        let at = pos2(self.flags, y);
        let room = self.peak - 70.0 - self.flags;
        controls::clipped(ui, at, room, &flags, Type::Body, ink);
        if let Some(x) = self.place(HOLDER) {
            controls::clipped(ui, pos2(x, y), HOLDER.1, holder, Type::Body, ink);
        }
        if let Some(x) = self.place(SUM) {
            let at = pos2(x, y);
            controls::text(ui, at, Align2::LEFT_CENTER, &sum, Type::Hex, theme.dim);
        }
        controls::focus_ring(ui, &response);
        response.on_hover_text(said)
    }
}

/// `01:23.456000`.
fn time_words(time: i64) -> String {
    let micros = time.max(0) / 10;
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    format!("{:02}:{:02}.{rest:06}", seconds / 60, seconds % 60)
}

/// The bytes of one frame, sixteen a line, with the first value of each.
fn bytes_ui(ui: &mut Ui, theme: &Theme, place: Rect, frame: &TappedFrame, format: &DataFormat) {
    let left = place.left() + 14.0;
    let y = place.top() + ROW / 2.0;
    let number = grouped(u32::try_from(frame.number).unwrap_or(u32::MAX));
    let title = format!("Frame {number}, bytes");
    controls::text(
        ui,
        pos2(left, y),
        Align2::LEFT_CENTER,
        &title,
        Type::Small,
        theme.dim,
    );
    let at = pos2(place.right() - 14.0, y);
    let words = layout_words(format);
    controls::text(ui, at, Align2::RIGHT_CENTER, &words, Type::Small, theme.dim);
    let bytes = &frame.bytes[..usize::from(frame.shown).min(TAP_BYTES)];
    let mut rows = place;
    rows.min.y += ROW;
    rows.min.x = left;
    let lines = bytes.len().div_ceil(LINE);
    let is_cut = (frame.header.data_used as usize) > bytes.len();
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(rows).id_salt("bytes"));
    ScrollArea::vertical()
        .auto_shrink([false, false])
        .show_rows(
            &mut child,
            ROW - 2.0,
            lines + usize::from(is_cut),
            |ui, range| {
                ui.spacing_mut().item_spacing = Vec2::ZERO;
                for line in range {
                    let size = vec2(ui.available_width(), ROW - 2.0);
                    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
                    let y = rect.center().y;
                    let Some(bytes) = bytes.chunks(LINE).nth(line) else {
                        let words = format!(
                            "and {} bytes more",
                            frame.header.data_used as usize - bytes.len()
                        );
                        controls::text(
                            ui,
                            pos2(left, y),
                            Align2::LEFT_CENTER,
                            words,
                            Type::Small,
                            theme.dim,
                        );
                        continue;
                    };
                    let hex = |bytes: &[u8]| -> String {
                        let words: Vec<String> =
                            bytes.iter().map(|it| format!("{it:02X}")).collect();
                        words.join(" ")
                    };
                    let (first, second) = bytes.split_at(bytes.len().min(LINE / 2));
                    let at = line * LINE;
                    let words = format!("{at:03X}  {}  {}", hex(first), hex(second));
                    let value = value_words(bytes, format);
                    response.widget_info(|| {
                        WidgetInfo::labeled(Role::Label, true, format!("{words} {value}"))
                    });
                    probe::note(ui.ctx(), "bytes", &format!("{at:03X}"), &words, rect);
                    controls::text(
                        ui,
                        pos2(left, y),
                        Align2::LEFT_CENTER,
                        &words,
                        Type::Hex,
                        theme.text,
                    );
                    let at = pos2(place.right() - 14.0, y);
                    controls::text(ui, at, Align2::RIGHT_CENTER, value, Type::Hex, theme.text);
                }
            },
        );
}

/// `f32, left then right`.
fn layout_words(format: &DataFormat) -> String {
    let Some(audio) = format.audio else {
        return "kernel events of 40 bytes".into();
    };
    let kind = if format.is_float() { 'f' } else { 'i' };
    let order = match audio.channels {
        1 => "one channel".to_owned(),
        2 => "left then right".to_owned(),
        count => format!("{count} channels in turn"),
    };
    format!("{kind}{}, {order}", audio.bits)
}

/// The first sample of a line.
fn value_words(bytes: &[u8], format: &DataFormat) -> String {
    let Some(audio) = format.audio else {
        return String::new();
    };
    let full = |value: i32, bits: u32| f64::from(value) / f64::from(1_u32 << (bits - 1));
    let value = match (format.is_float(), bytes) {
        (true, [a, b, c, d, ..]) if audio.bits <= 32 => f32::from_le_bytes([*a, *b, *c, *d]).into(),
        (true, [a, b, c, d, e, f, g, h, ..]) => {
            f64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *h])
        }
        (false, [a, ..]) if audio.bits <= 8 => full(i32::from(*a) - 128, 8),
        (false, [a, b, ..]) if audio.bits <= 16 => {
            full(i16::from_le_bytes([*a, *b]).into(), audio.bits)
        }
        (false, [a, b, c, ..]) if audio.bits <= 24 => {
            full(i32::from_le_bytes([0, *a, *b, *c]) >> 8, audio.bits)
        }
        _ => return String::new(),
    };
    format!("{value:+.4}").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_values_are_read_as_they_were_written() {
        assert_eq!(time_words(834_560_000), "01:23.456000");
        assert_eq!(
            value_words(&0.5_f32.to_le_bytes(), &DataFormat::float(2, 48_000)),
            "+0.5000"
        );
        assert_eq!(
            value_words(&[0, 0x80], &DataFormat::pcm(16, 1, 48_000)),
            "\u{2212}1.0000"
        );
        assert_eq!(
            value_words(&[0, 0, 0x40], &DataFormat::pcm(24, 1, 48_000)),
            "+0.5000"
        );
        assert_eq!(
            value_words(&[192], &DataFormat::pcm(8, 1, 48_000)),
            "+0.5000"
        );
        assert_eq!(
            layout_words(&DataFormat::float(2, 48_000)),
            "f32, left then right"
        );
    }
}
