//! Graph to text: a filter a line, a wire a line, in an order that a small change disturbs little.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{KIND, VERSION};
use crate::graph::model::{
    Connection, Control, FilterId, Graph, Group, GroupProperty, Master, Node, NodeKind, Note,
    NoteId, NoteKind, PinRef,
};
use crate::graph::wiring::FilterPath;
use crate::ks::Value;

/// The text of a graph file. The same graph always gives the same text.
pub fn to_ron(graph: &Graph) -> String {
    let mut text = String::from("(\n");
    line(&mut text, 1, &format!("kind: {},", quoted(KIND)));
    line(&mut text, 1, &format!("version: {VERSION},"));
    body(&mut text, 1, graph);
    text.push_str(")\n");
    text
}

pub(super) fn line(text: &mut String, depth: usize, content: &str) {
    for _ in 0..depth {
        text.push_str("    ");
    }
    text.push_str(content);
    text.push('\n');
}

fn body(text: &mut String, depth: usize, graph: &Graph) {
    if graph.rate_hz != 0 {
        line(text, depth, &format!("rate: {},", graph.rate_hz));
    }
    match &graph.timing.master {
        Master::Automatic => {}
        Master::System => line(text, depth, "clock: \"system\","),
        Master::Filter(path) => line(text, depth, &format!("clock: \"{path}\",")),
    }
    if graph.timing.compensates {
        line(text, depth, "compensate: true,");
    }
    if graph.timing.full_quality {
        line(text, depth, "full_quality: true,");
    }
    line(text, depth, &format!("next_id: {},", graph.next_id));
    for (name, value) in &graph.unknown_fields {
        line(text, depth, &format!("{}: {value},", field(name)));
    }
    line(text, depth, "filters: [");
    for (id, node) in &graph.filters {
        write_node(text, depth + 1, *id, node);
    }
    line(text, depth, "],");
    line(text, depth, "connections: [");
    for connection in &graph.connections {
        line(text, depth + 1, &wire(connection));
    }
    line(text, depth, "],");
    let is_frame = |note: &Note| matches!(note.kind, NoteKind::Frame { .. });
    for (name, frames) in [("comments", false), ("frames", true)] {
        let mut notes = graph.notes.iter().filter(|(_, it)| is_frame(it) == frames);
        let Some(first) = notes.next() else {
            continue;
        };
        line(text, depth, &format!("{name}: ["));
        for (id, note) in std::iter::once(first).chain(notes) {
            line(text, depth + 1, &write_note(*id, note));
        }
        line(text, depth, "],");
    }
}

fn write_note(id: NoteId, note: &Note) -> String {
    let word = match note.kind {
        NoteKind::Comment => "text",
        NoteKind::Frame { .. } => "title",
    };
    let mut text = format!("id: {}, {word}: {}", id.0, quoted(&note.text));
    let (at, size) = (note.position, note.size);
    put(&mut text, &format!("at: {}", pair(at.x, at.y)));
    put(
        &mut text,
        &format!("size: {}", pair(size.width, size.height)),
    );
    match &note.kind {
        NoteKind::Frame { colour } if !colour.is_empty() => {
            put(&mut text, &format!("colour: {}", quoted(colour)));
        }
        _ => {}
    }
    for (name, value) in &note.unknown_fields {
        put(&mut text, &format!("{}: {value}", field(name)));
    }
    format!("({text}),")
}

fn pair(x: f32, y: f32) -> String {
    format!("({}, {})", number_f32(x), number_f32(y))
}

fn write_node(text: &mut String, depth: usize, id: FilterId, node: &Node) {
    let mut head = format!("id: {}", id.0);
    if let Some(filter) = node.kind.filter() {
        put(&mut head, &format!("key: {}", quoted(&filter.key)));
    }
    put(&mut head, &format!("name: {}", quoted(&node.name)));
    let (x, y) = (node.position.x, node.position.y);
    put(&mut head, &format!("at: {}", pair(x, y)));
    if let Some(filter) = node.kind.filter() {
        let mut values: BTreeMap<&str, String> = BTreeMap::new();
        for (key, value) in &filter.unknown {
            values.insert(key, value.clone());
        }
        for (key, value) in &filter.values {
            values.insert(key, value_text(value));
        }
        if !values.is_empty() {
            let entries = values
                .iter()
                .map(|(key, value)| format!("{}: {value}", quoted(key)));
            let entries: Vec<String> = entries.collect();
            put(&mut head, &format!("values: {{{}}}", entries.join(", ")));
        }
        for (name, is_on) in [
            ("bypassed", filter.is_bypassed),
            ("disabled", filter.is_disabled),
        ] {
            if is_on {
                put(&mut head, &format!("{name}: true"));
            }
        }
        if !filter.controls.is_empty() {
            let entries = filter.controls.iter().map(|(key, it)| {
                let Control {
                    channel,
                    controller,
                } = it;
                let channel = channel + 1;
                let key = quoted(key);
                format!("{key}: (channel: {channel}, controller: {controller})")
            });
            let entries: Vec<String> = entries.collect();
            put(&mut head, &format!("controls: {{{}}}", entries.join(", ")));
        }
        for (name, value) in &filter.unknown_fields {
            put(&mut head, &format!("{}: {value}", field(name)));
        }
        line(text, depth, &format!("({head}),"));
        return;
    }
    if let NodeKind::Group(group) = &node.kind {
        line(text, depth, &format!("({head}, group: ("));
        write_group(text, depth + 1, group);
        line(text, depth, ")),");
    }
}

/// The fields of a group.
pub(super) fn write_group(text: &mut String, depth: usize, group: &Group) {
    if !group.pins.is_empty() {
        line(text, depth, "pins: [");
        for pin in &group.pins {
            let (name, inner) = (quoted(&pin.name), pin_text(&pin.inner));
            line(text, depth + 1, &format!("(name: {name}, inner: {inner}),"));
        }
        line(text, depth, "],");
    }
    if !group.properties.is_empty() {
        line(text, depth, "properties: [");
        for it in &group.properties {
            let GroupProperty {
                key,
                title,
                inner,
                property,
            } = it;
            let [key, title, property] = [key, title, property].map(|text| quoted(text));
            let shown = format!("key: {key}, title: {title}");
            let stands_for = format!("inner: \"{}\", property: {property}", ids(inner));
            line(text, depth + 1, &format!("({shown}, {stands_for}),"));
        }
        line(text, depth, "],");
    }
    body(text, depth, &group.graph);
}

/// `3/7`.
fn ids(path: &FilterPath) -> String {
    let ids: Vec<String> = path.0.iter().map(|id| id.0.to_string()).collect();
    ids.join("/")
}

fn put(text: &mut String, part: &str) {
    text.push_str(", ");
    text.push_str(part);
}

fn wire(connection: &Connection) -> String {
    let (from, to) = (pin_text(&connection.from), pin_text(&connection.to));
    let mut text = format!("from: {from}, to: {to}");
    let chosen = &connection.chosen;
    if let Some(format) = &chosen.format {
        put(&mut text, &format!("format: {}", compact(format)));
    }
    if let Some(medium) = &chosen.medium {
        put(&mut text, &format!("medium: {}", compact(medium)));
    }
    if let Some(interface) = &chosen.interface {
        put(&mut text, &format!("interface: {}", compact(interface)));
    }
    if let Some(framing) = &chosen.framing {
        put(&mut text, &format!("framing: {}", compact(framing)));
    }
    for (name, value) in &chosen.unknown_fields {
        put(&mut text, &format!("{}: {value}", field(name)));
    }
    format!("({text}),")
}

fn compact(value: &impl serde::Serialize) -> String {
    ron::to_string(value).expect("plain data has a text")
}

/// `"3.in[1]"`. A name that looks as if it had an instance gets one.
fn pin_text(pin: &PinRef) -> String {
    let mut text = format!("{}.{}", pin.filter.0, pin.pin);
    if pin.instance != 0 || pin.pin.ends_with(']') {
        let _ = write!(text, "[{}]", pin.instance);
    }
    quoted(&text)
}

fn value_text(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number_f64(*number),
        Value::Text(text) => quoted(text),
    }
}

/// The shortest figures that read back as the same number.
fn number_f64(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        size if (1e-5..1e15).contains(&size) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

fn number_f32(number: f32) -> String {
    match number.abs() {
        0.0 => "0".into(),
        size if (1e-5..1e7).contains(&size) => number.to_string(),
        _ => format!("{number:e}"),
    }
}

/// Text in quotes; control characters as escapes, so that a line stays a line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(quoted, "\\u{{{:x}}}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The name of a field; a raw one where it is no plain word.
fn field(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    match is_plain {
        true => name.to_owned(),
        false => format!("r#{name}"),
    }
}
