//! The picture as SVG.

use std::fmt::Write;

use super::{Drawn, Look, Pin, ROW, TITLE, boxes, finite, outcomes, wide};
use crate::graph::{Graph, Note, NoteKind, Wiring};
use crate::ks::{DataFlow, Kind};

/// Space around everything.
const MARGIN: f32 = 32.0;

/// Text of an SVG with all of the outermost graph.
pub fn svg(graph: &Graph, wiring: &Wiring, look: &Look) -> String {
    let boxes = boxes(graph, wiring);
    let notes: Vec<&Note> = graph.notes.values().collect();
    let mut area = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
    let mut take = |x: f32, y: f32, width: f32, height: f32| {
        area[0] = area[0].min(x);
        area[1] = area[1].min(y);
        area[2] = area[2].max(x + width);
        area[3] = area[3].max(y + height);
    };
    for it in boxes.values() {
        take(it.x, it.y, it.width, it.height());
    }
    for note in &notes {
        let (size, at) = (note.size, note.position);
        take(
            finite(at.x),
            finite(at.y),
            finite(size.width),
            finite(size.height),
        );
    }
    if boxes.is_empty() && notes.is_empty() {
        area = [0.0, 0.0, 320.0, 160.0];
    }
    let [left, top] = [area[0] - MARGIN, area[1] - MARGIN];
    let (width, height) = (area[2] - left + MARGIN, area[3] - top + MARGIN);
    let mut brush = Brush {
        text: String::new(),
        look,
    };
    let c = look.palette;
    brush.put(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"{left} {top} {width} {height}\" \
         font-family=\"'IBM Plex Sans', sans-serif\">\n<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n",
        width * look.scale,
        height * look.scale,
        hex(c.canvas),
    ));
    for note in notes.iter().filter(|it| it.kind != NoteKind::Comment) {
        brush.note(note);
    }
    let wires = outcomes(wiring);
    let mut tags = vec![];
    for (index, connection) in graph.connections.iter().enumerate() {
        let (Some(from), Some(to)) = (
            boxes.get(&connection.from.filter),
            boxes.get(&connection.to.filter),
        ) else {
            continue;
        };
        let a = from.end(DataFlow::Out, &connection.from);
        let b = to.end(DataFlow::In, &connection.to);
        let agreed = wires
            .get(&index)
            .and_then(|wire| wire.outcome.as_ref().ok());
        let kind = agreed.map(|it| it.format.kind());
        brush.wire(a, b, kind);
        let words = agreed.map_or_else(|| "refused".to_owned(), |it| tag(&it.format));
        tags.push(((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0, words, kind, b.0 - a.0));
    }
    for it in boxes.values() {
        brush.filter(it);
    }
    // Over the boxes, as on the canvas: a short wire's words would vanish behind them.
    for (x, y, words, kind, room) in tags {
        brush.tag(x, y, &words, kind, room);
    }
    for note in notes.iter().filter(|it| it.kind == NoteKind::Comment) {
        brush.note(note);
    }
    brush.text.push_str("</svg>\n");
    brush.text
}

/// The words on a wire.
fn tag(format: &crate::ks::DataFormat) -> String {
    match (format.audio, format.kind()) {
        (Some(_), _) => format.to_string(),
        (None, Kind::Midi) => "MIDI".to_owned(),
        (None, Kind::Events) => "events".to_owned(),
        (None, _) => format.to_string(),
    }
}

struct Brush<'a> {
    text: String,
    look: &'a Look,
}

impl Brush<'_> {
    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        // Text grows without fail.
        let _ = self.text.write_fmt(text);
    }

    fn hue(&self, kind: Kind) -> String {
        let c = self.look.palette;
        hex(match kind {
            Kind::Audio => c.audio,
            Kind::Midi => c.midi,
            Kind::Events => c.events,
            Kind::Clock => c.clock,
            Kind::Control => c.control,
        })
    }

    fn words(
        &mut self,
        (x, y): (f32, f32),
        size: f32,
        weight: u32,
        anchor: &str,
        ink: u32,
        words: &str,
    ) {
        self.put(format_args!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-weight=\"{weight}\" text-anchor=\"{anchor}\" fill=\"{}\">{}</text>\n",
            hex(ink),
            escaped(words)
        ));
    }

    fn rect(
        &mut self,
        [x, y, width, height]: [f32; 4],
        radius: f32,
        fill: u32,
        line: u32,
        more: &str,
    ) {
        self.put(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" fill=\"{}\" stroke=\"{}\" {more}/>\n",
            hex(fill),
            hex(line)
        ));
    }

    fn wire(&mut self, (ax, ay): (f32, f32), (bx, by): (f32, f32), kind: Option<Kind>) {
        let bend = ((bx - ax).abs() / 2.0).clamp(32.0, 160.0);
        let (ink, dash) = match kind {
            None => (hex(self.look.palette.error), "stroke-dasharray=\"6 5\""),
            Some(Kind::Audio) => (self.hue(Kind::Audio), ""),
            Some(kind @ Kind::Midi) => (
                self.hue(kind),
                "stroke-dasharray=\"1 5\" stroke-linecap=\"round\"",
            ),
            Some(kind @ Kind::Events) => (self.hue(kind), "stroke-dasharray=\"7 4\""),
            Some(kind) => (self.hue(kind), "stroke-dasharray=\"2 4\""),
        };
        let width = if kind == Some(Kind::Midi) { 3.0 } else { 2.25 };
        self.put(format_args!(
            "<path d=\"M{ax} {ay} C{} {ay} {} {by} {bx} {by}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\" {dash}/>\n",
            ax + bend,
            bx - bend
        ));
    }

    fn tag(&mut self, x: f32, y: f32, words: &str, kind: Option<Kind>, room: f32) {
        // Where the long form has no room, the rate and the channels are the news.
        let whole = wide(words, 10.5) + 12.0;
        let parts: Vec<&str> = words.split(" · ").collect();
        let lines: Vec<String> = if whole + 16.0 <= room || parts.len() < 2 {
            vec![words.to_owned()]
        } else {
            vec![parts[0].to_owned(), parts[1..].join(" · ")]
        };
        let width = lines.iter().map(|it| wide(it, 10.5)).fold(0.0, f32::max) + 12.0;
        let height = 5.0 + 12.5 * lines.len() as f32;
        let c = self.look.palette;
        let line = match kind {
            Some(_) => c.line,
            None => c.error,
        };
        self.rect(
            [x - width / 2.0, y - height / 2.0, width, height],
            3.0,
            c.panel,
            line,
            "",
        );
        for (index, words) in lines.iter().enumerate() {
            let y = y - height / 2.0 + 12.0 + 12.5 * index as f32;
            self.words((x, y), 10.5, 500, "middle", c.strong, words);
        }
    }

    fn filter(&mut self, it: &Drawn<'_>) {
        let c = self.look.palette;
        let is_missing = it.foot == "not installed";
        let dash = if is_missing {
            "stroke-dasharray=\"4 3\""
        } else {
            ""
        };
        self.rect(
            [it.x, it.y, it.width, it.height()],
            6.0,
            c.raised,
            c.line,
            dash,
        );
        // The title's lower corners are square.
        let (x, y, right, r) = (it.x, it.y, it.x + it.width, 6.0);
        self.put(format_args!(
            "<path d=\"M{x} {0} V{1} Q{x} {y} {2} {y} H{3} Q{right} {y} {right} {1} V{0} Z\" fill=\"{4}\" stroke=\"{5}\"/>\n",
            y + TITLE,
            y + r,
            x + r,
            right - r,
            hex(c.title),
            hex(c.line)
        ));
        let most = ((it.width - 24.0) / (12.5 * 0.56)) as usize;
        self.words(
            (x + 12.0, y + 18.5),
            12.5,
            600,
            "start",
            c.strong,
            &cut(&it.node.name, most),
        );
        for (side, x, anchor, label) in [
            (&it.inputs, it.x, "start", it.x + 12.0),
            (&it.outputs, right, "end", right - 12.0),
        ] {
            for (index, pin) in side.iter().enumerate() {
                let y = it.pin_y(index);
                self.pin(x, y, pin);
                let ink = if pin.is_connected { c.text } else { c.dim };
                self.words(
                    (label, y + 4.0),
                    11.5,
                    400,
                    anchor,
                    ink,
                    &cut(&pin.label, 24),
                );
            }
        }
        if !it.foot.is_empty() {
            let ink = if is_missing { c.error } else { c.dim };
            self.words(
                (x + 12.0, y + it.height() - 8.0),
                10.5,
                400,
                "start",
                ink,
                &it.foot,
            );
        }
    }

    /// The shape says the kind as the hue does.
    fn pin(&mut self, x: f32, y: f32, pin: &Pin) {
        let c = self.look.palette;
        let ink = self.hue(pin.kind);
        let fill = if pin.is_connected {
            ink.clone()
        } else {
            hex(c.canvas)
        };
        let style = format!("fill=\"{fill}\" stroke=\"{ink}\" stroke-width=\"1.75\"");
        if pin.is_bridge {
            let line = hex(c.line_strong);
            let style = format!(
                "fill=\"{}\" stroke=\"{line}\" stroke-width=\"1.5\"",
                hex(c.canvas)
            );
            self.put(format_args!("<circle cx=\"{x}\" cy=\"{y}\" r=\"5\" {style}/><circle cx=\"{x}\" cy=\"{y}\" r=\"1.75\" fill=\"{line}\"/>\n"));
            return;
        }
        match pin.kind {
            Kind::Audio => self.put(format_args!(
                "<circle cx=\"{x}\" cy=\"{y}\" r=\"4.5\" {style}/>\n"
            )),
            Kind::Midi => self.put(format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"8\" height=\"8\" {style}/>\n",
                x - 4.0,
                y - 4.0
            )),
            Kind::Events => self.put(format_args!(
                "<path d=\"M{x} {} L{} {y} L{x} {} L{} {y} Z\" {style}/>\n",
                y - 5.5,
                x + 5.5,
                y + 5.5,
                x - 5.5
            )),
            Kind::Clock => self.put(format_args!(
                "<path d=\"M{} {} L{} {y} L{} {} Z\" {style}/>\n",
                x - 4.0,
                y - 5.0,
                x + 5.0,
                x - 4.0,
                y + 5.0
            )),
            Kind::Control => self.put(format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"11\" height=\"7\" rx=\"3.5\" {style}/>\n",
                x - 5.5,
                y - 3.5
            )),
        }
    }

    fn note(&mut self, note: &Note) {
        let c = self.look.palette;
        let (x, y) = (finite(note.position.x), finite(note.position.y));
        let (width, height) = (
            finite(note.size.width).max(1.0),
            finite(note.size.height).max(1.0),
        );
        match &note.kind {
            NoteKind::Frame { colour } => {
                let hue = match colour.as_str() {
                    "teal" => c.audio,
                    "violet" => c.midi,
                    "blue" => c.events,
                    "amber" => c.clock,
                    "grey" => c.control,
                    "orange" => c.warn,
                    "red" => c.error,
                    "lime" => c.accent,
                    _ => c.line_strong,
                };
                self.rect(
                    [x, y, width, height],
                    8.0,
                    hue,
                    hue,
                    "fill-opacity=\"0.08\" stroke-opacity=\"0.7\"",
                );
                self.words(
                    (x + 12.0, y + 18.0),
                    12.5,
                    600,
                    "start",
                    c.strong,
                    &note.text,
                );
            }
            NoteKind::Comment => {
                self.rect([x, y, width, height], 4.0, c.panel, c.line_soft, "");
                let most = ((width - 16.0) / (11.5 * 0.56)).max(4.0) as usize;
                let lines = wrapped(&note.text, most);
                let fit = ((height - 6.0) / (ROW - 4.0)).max(1.0) as usize;
                for (index, line) in lines.iter().take(fit).enumerate() {
                    let y = y + 16.0 + index as f32 * (ROW - 4.0);
                    self.words((x + 8.0, y), 11.5, 400, "start", c.text, line);
                }
            }
        }
    }
}

/// Words in lines of about so many characters.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![];
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > most {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most.max(2) {
        return text.to_owned();
    }
    text.chars()
        .take(most.max(2) - 1)
        .chain(['\u{2026}'])
        .collect()
}

/// As XML takes it: marks escaped, and what no XML may hold left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            c if (c.is_control() && c != '\t') || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {
                escaped.push(' ')
            }
            c => escaped.push(c),
        }
    }
    escaped
}

fn hex(colour: u32) -> String {
    format!("#{colour:06X}")
}
