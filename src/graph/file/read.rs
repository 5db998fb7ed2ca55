//! Text to Graph. Arbitrary bytes give a graph or an error, never a panic, in bounded memory and time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use super::cursor::{Cursor, check_depth, spot};
use super::parts::{PIN, group_pin, group_property, path_of, pin, place, value};
use super::{FileError, KIND, Loaded, MAX_BYTES, MAX_FILTERS, VERSION, Warning};
use crate::graph::model::{
    Chosen, Connection, Control, FilterId, FilterNode, Graph, Group, Master, Node, NodeKind, Note,
    NoteId, NoteKind, Position, Size,
};
use crate::graph::wiring::FilterPath;

/// A controller as it stands in a file.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ControlText {
    channel: u8,
    controller: u8,
}

/// Reads a graph file from disk.
pub fn load(path: &Path) -> Result<Loaded, FileError> {
    let file = path.display().to_string();
    let error = |error: std::io::Error| FileError::Disk {
        tried: "read",
        file: file.clone(),
        reason: error.to_string(),
    };
    let mut bytes = vec![];
    let opened = std::fs::File::open(path).map_err(error)?;
    // One byte more than is allowed, to know that there is more.
    let limit = MAX_BYTES as u64 + 1;
    opened.take(limit).read_to_end(&mut bytes).map_err(error)?;
    from_ron(&bytes, &file)
}

/// Reads a graph from the bytes of a file; `file` is its name for messages.
pub fn from_ron(bytes: &[u8], file: &str) -> Result<Loaded, FileError> {
    let mut cursor = scan(bytes, file)?;
    check_kind(cursor.clone(), (KIND, VERSION))?;
    let mut reader = Reader::default();
    let graph = reader.graph(&mut cursor, &FilterPath::default(), None)?;
    Ok(Loaded {
        graph,
        warnings: reader.warnings,
        filter_lines: reader.filter_lines,
        wire_lines: reader.wire_lines,
    })
}

/// The beginning of a text that is RON, not too long and not too deep.
pub(super) fn scan<'a>(bytes: &'a [u8], file: &'a str) -> Result<Cursor<'a>, FileError> {
    if bytes.len() > MAX_BYTES {
        return Err(FileError::TooLarge {
            file: file.to_owned(),
            found: format!("more than {MAX_BYTES} bytes"),
            most: format!("{} MiB", MAX_BYTES >> 20),
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        FileError::NotUtf8 {
            file: file.to_owned(),
            spot: spot(&good, good.len()),
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_depth(text, file)?;
    // Deep enough for any text that passed: every level of `ron` opens a bracket or two.
    let options = ron::Options::default().with_recursion_limit(4 * super::MAX_BRACKETS);
    if let Err(error) = options.from_str::<serde::de::IgnoredAny>(text) {
        let start = error.span.start;
        return Err(FileError::NotRon {
            file: file.to_owned(),
            spot: super::Spot {
                line: start.line as u32,
                column: start.col as u32,
            },
            reason: error.code.to_string(),
        });
    }
    let mut cursor = Cursor::new(text, file);
    cursor.skip_attributes();
    Ok(cursor)
}

/// Is it ours at all, and of a version we know? Asked before anything else is read.
pub(super) fn check_kind(
    mut cursor: Cursor<'_>,
    (wanted_kind, wanted_version): (&str, u32),
) -> Result<(), FileError> {
    let start = cursor.spot();
    let (mut kind, mut version) = (("nothing".to_owned(), start), ("nothing".to_owned(), start));
    let file = cursor.file.to_owned();
    cursor.fields("the document", |name, cursor| {
        let spot = cursor.spot();
        match name {
            "kind" => kind = (cursor.value().to_owned(), spot),
            "version" => version = (cursor.value().to_owned(), spot),
            _ => _ = cursor.value(),
        }
        Ok(())
    })?;
    let not_ours = |field, (found, spot): (String, _), wanted: String| FileError::NotOurs {
        file: file.clone(),
        spot,
        field,
        found: found.chars().take(40).collect(),
        wanted,
    };
    if ron::from_str::<String>(&kind.0).as_deref() != Ok(wanted_kind) {
        return Err(not_ours("kind", kind, format!("{wanted_kind:?}")));
    }
    if ron::from_str::<u32>(&version.0) != Ok(wanted_version) {
        return Err(not_ours("version", version, wanted_version.to_string()));
    }
    Ok(())
}

#[derive(Default)]
pub(super) struct Reader {
    pub(super) warnings: Vec<Warning>,
    filter_lines: BTreeMap<FilterPath, u32>,
    wire_lines: Vec<u32>,
    filters: usize,
}

const BRACKETS: (u8, u8) = (b'[', b']');

impl Reader {
    fn warn(&mut self, line: u32, text: String, is_blocking: bool) {
        self.warnings.push(Warning {
            line,
            text,
            is_blocking,
        });
    }

    /// A group: the fields of a graph, and what it shows.
    pub(super) fn group(&mut self, cursor: &mut Cursor<'_>) -> Result<Group, FileError> {
        let mut group = Group::default();
        group.graph = self.graph(cursor, &FilterPath::default(), Some(&mut group))?;
        Ok(group)
    }

    /// The fields of a graph; those of a group go to `group`.
    fn graph(
        &mut self,
        cursor: &mut Cursor<'_>,
        path: &FilterPath,
        mut group: Option<&mut Group>,
    ) -> Result<Graph, FileError> {
        let is_outermost = group.is_none();
        let mut graph = Graph::default();
        let mut seats: Vec<(FilterId, Node, u32, BTreeMap<FilterPath, u32>)> = vec![];
        let mut lines = vec![];
        let mut notes = vec![];
        let mut next_id = 0;
        cursor.fields("a graph", |name, cursor| {
            match (name, &mut group) {
                ("kind" | "version", None) => _ = cursor.value(),
                ("rate", _) => {
                    graph.rate_hz = cursor.parse("rate", "a whole number of Hz, or 0")?
                }
                ("clock", _) => {
                    let wanted = "\"system\", or the numbers of a filter like \"4\" or \"2/7\"";
                    let here = cursor.clone();
                    let text: String = cursor.parse("clock", wanted)?;
                    graph.timing.master = match text.as_str() {
                        "system" => Master::System,
                        ids => {
                            Master::Filter(path_of(ids).ok_or_else(|| here.wrong("clock", wanted))?)
                        }
                    };
                }
                ("compensate", _) => {
                    graph.timing.compensates = cursor.parse("compensate", "true or false")?;
                }
                ("full_quality", _) => {
                    let is_full = cursor.parse("full_quality", "true or false")?;
                    graph.timing.full_quality = is_full;
                }
                ("next_id", _) => next_id = cursor.parse("next_id", "a whole number")?,
                ("pins", Some(group)) => cursor.items("pins", BRACKETS, |cursor| {
                    group.pins.push(group_pin(cursor)?);
                    Ok(())
                })?,
                ("properties", Some(group)) => cursor.items("properties", BRACKETS, |cursor| {
                    group.properties.push(group_property(cursor)?);
                    Ok(())
                })?,
                ("filters", _) => cursor.items("filters", BRACKETS, |cursor| {
                    let line = cursor.line();
                    // The id decides the path of what is inside, and may stand behind it.
                    let outer = std::mem::take(&mut self.filter_lines);
                    let (id, node) = self.node(cursor, line)?;
                    let inner = std::mem::replace(&mut self.filter_lines, outer);
                    seats.push((id, node, line, inner));
                    Ok(())
                })?,
                ("connections", _) => cursor.items("connections", BRACKETS, |cursor| {
                    lines.push(cursor.line());
                    graph.connections.push(self.connection(cursor)?.into());
                    Ok(())
                })?,
                ("comments" | "frames", _) => cursor.items(name, BRACKETS, |cursor| {
                    let line = cursor.line();
                    let (id, note) = self.note(cursor, name == "frames")?;
                    notes.push((id, note, line));
                    Ok(())
                })?,
                (other, _) => {
                    let line = cursor.line();
                    let text = cursor.value().to_owned();
                    self.warn(
                        line,
                        format!("the field {other} is not known; it is kept"),
                        false,
                    );
                    graph.unknown_fields.insert(other.to_owned(), text);
                }
            }
            Ok(())
        })?;
        graph.next_id = next_id;
        self.seat(&mut graph, path, seats);
        self.seat_notes(&mut graph, notes);
        self.check_ends(&graph, &lines);
        if is_outermost {
            self.wire_lines = lines;
        }
        Ok(graph)
    }

    /// Gives every box an id and a name of its own.
    fn seat(
        &mut self,
        graph: &mut Graph,
        path: &FilterPath,
        seats: Vec<(FilterId, Node, u32, BTreeMap<FilterPath, u32>)>,
    ) {
        let mut fresh = seats.iter().map(|(id, ..)| id.0).max().unwrap_or(0);
        fresh = fresh.max(graph.next_id.saturating_sub(1));
        let mut names: BTreeSet<String> = BTreeSet::new();
        // The next number to try behind each name: all that are less are taken.
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for (mut id, mut node, line, inner) in seats {
            if id.0 == 0 || graph.filters.contains_key(&id) {
                fresh = fresh.saturating_add(1);
                let text = match id.0 {
                    0 => format!("{} has no id; it gets {fresh}", node.name),
                    _ => format!("the id {} is taken; {} gets {fresh}", id.0, node.name),
                };
                self.warn(line, text, id.0 != 0);
                id = FilterId(fresh);
            }
            if names.contains(&node.name) || node.name.is_empty() {
                let wanted = match node.name.as_str() {
                    "" => "Filter",
                    name => name,
                };
                let mut name = wanted.to_owned();
                let number = numbers.entry(name.clone()).or_insert(2);
                while names.contains(&name) {
                    name = format!("{wanted} {number}");
                    *number += 1;
                }
                let text = match node.name.as_str() {
                    "" => format!("{id} has no name; it is called {name:?}"),
                    old => format!("the name {old:?} is not unique; {id} is called {name:?}"),
                };
                self.warn(line, text, false);
                node.name = name;
            }
            names.insert(node.name.clone());
            let here = path.child(id);
            for (deeper, line) in inner {
                let ids = here.0.iter().chain(&deeper.0).copied().collect();
                self.filter_lines.insert(FilterPath(ids), line);
            }
            self.filter_lines.insert(here, line);
            graph.next_id = graph.next_id.max(id.0.saturating_add(1));
            graph.filters.insert(id, node.into());
        }
    }

    /// Gives every note an id of its own.
    fn seat_notes(&mut self, graph: &mut Graph, notes: Vec<(NoteId, Note, u32)>) {
        let taken = notes.iter().map(|(id, ..)| id.0).max().unwrap_or(0);
        let mut fresh = graph.fresh_id().0.max(taken.saturating_add(1));
        for (mut id, note, line) in notes {
            if id.0 == 0 || graph.notes.contains_key(&id) {
                while fresh == 0 || graph.notes.contains_key(&NoteId(fresh)) {
                    fresh = fresh.wrapping_add(1);
                }
                let text = match id.0 {
                    0 => format!("a note has no id; it gets {fresh}"),
                    _ => format!("the id {} is taken; the note gets {fresh}", id.0),
                };
                self.warn(line, text, false);
                id = NoteId(fresh);
            }
            graph.next_id = graph.next_id.max(id.0.saturating_add(1));
            graph.notes.insert(id, note);
        }
    }

    fn note(
        &mut self,
        cursor: &mut Cursor<'_>,
        is_frame: bool,
    ) -> Result<(NoteId, Note), FileError> {
        self.filters += 1;
        if self.filters > MAX_FILTERS {
            return Err(FileError::TooLarge {
                file: cursor.file.to_owned(),
                found: format!("more than {MAX_FILTERS} filters and notes"),
                most: MAX_FILTERS.to_string(),
            });
        }
        let mut id = NoteId(0);
        let mut colour = String::new();
        let mut note = Note {
            kind: NoteKind::Comment,
            text: String::new(),
            position: Position::default(),
            size: Size::default(),
            unknown_fields: BTreeMap::new(),
        };
        cursor.fields("a note", |field, cursor| {
            match (field, is_frame) {
                ("id", _) => id = NoteId(cursor.parse("id", "a whole number from 1")?),
                ("text", false) | ("title", true) => {
                    note.text = cursor.parse(field, "words in quotes")?;
                }
                ("colour", true) => colour = cursor.parse("colour", "a colour's name in quotes")?,
                ("at", _) => note.position = place(cursor)?,
                ("size", _) => {
                    let Position { x, y } = place(cursor)?;
                    note.size = Size {
                        width: x.max(0.0),
                        height: y.max(0.0),
                    };
                }
                (other, _) => {
                    let line = cursor.line();
                    let text = cursor.value().to_owned();
                    let words = format!("the field {other} is not known; it is kept");
                    self.warn(line, words, false);
                    note.unknown_fields.insert(other.to_owned(), text);
                }
            }
            Ok(())
        })?;
        if is_frame {
            note.kind = NoteKind::Frame { colour };
        }
        Ok((id, note))
    }

    fn check_ends(&mut self, graph: &Graph, lines: &[u32]) {
        let mut seen = BTreeSet::new();
        for (connection, line) in graph.connections.iter().zip(lines) {
            for end in [&connection.from, &connection.to] {
                if !graph.filters.contains_key(&end.filter) {
                    let text =
                        format!("this wire leads nowhere: there is no filter {}", end.filter);
                    self.warn(*line, text, true);
                }
            }
            if !seen.insert((&connection.from, &connection.to)) {
                self.warn(*line, "this wire is there twice".into(), false);
            }
        }
    }

    fn node(&mut self, cursor: &mut Cursor<'_>, line: u32) -> Result<(FilterId, Node), FileError> {
        self.filters += 1;
        if self.filters > MAX_FILTERS {
            return Err(FileError::TooLarge {
                file: cursor.file.to_owned(),
                found: format!("more than {MAX_FILTERS} filters"),
                most: MAX_FILTERS.to_string(),
            });
        }
        let mut id = FilterId(0);
        let mut name = String::new();
        let mut position = Position::default();
        let mut filter = FilterNode::default();
        let mut group: Option<Group> = None;
        let mut fields = BTreeMap::new();
        cursor.fields("a filter", |field, cursor| {
            match field {
                "id" => id = FilterId(cursor.parse("id", "a whole number from 1")?),
                "key" => filter.key = cursor.parse("key", "the key of a filter in quotes")?,
                "name" => name = cursor.parse("name", "a name in quotes")?,
                "at" => position = place(cursor)?,
                "values" => self.values(cursor, &mut filter)?,
                "bypassed" => filter.is_bypassed = cursor.parse("bypassed", "true or false")?,
                "controls" => self.controls(cursor, &mut filter)?,
                "disabled" => filter.is_disabled = cursor.parse("disabled", "true or false")?,
                "group" => {
                    group = Some(self.group(cursor)?);
                }
                other => {
                    let line = cursor.line();
                    let text = cursor.value().to_owned();
                    self.warn(
                        line,
                        format!("the field {other} is not known; it is kept"),
                        false,
                    );
                    fields.insert(other.to_owned(), text);
                }
            }
            Ok(())
        })?;
        let kind = match group {
            Some(mut group) => {
                group.graph.unknown_fields.append(&mut fields);
                NodeKind::Group(Box::new(group))
            }
            None => {
                if filter.key.is_empty() {
                    self.warn(line, format!("{name:?} has no key"), false);
                }
                filter.unknown_fields = fields;
                NodeKind::Filter(filter)
            }
        };
        let node = Node {
            name,
            position,
            kind,
        };
        Ok((id, node))
    }

    fn values(
        &mut self,
        cursor: &mut Cursor<'_>,
        filter: &mut FilterNode,
    ) -> Result<(), FileError> {
        cursor.entries("values", |key, cursor| {
            let key = ron::from_str::<String>(key).unwrap_or_else(|_| key.to_owned());
            let line = cursor.line();
            let text = cursor.value();
            match value(text) {
                Some(value) => _ = filter.values.insert(key, value),
                None => {
                    let words = "is no number, flag or text; it is kept";
                    self.warn(line, format!("the value of {key} {words}"), false);
                    filter.unknown.insert(key, text.to_owned());
                }
            }
            Ok(())
        })
    }

    /// Controllers by property, channels counted from 1.
    fn controls(
        &mut self,
        cursor: &mut Cursor<'_>,
        filter: &mut FilterNode,
    ) -> Result<(), FileError> {
        cursor.entries("controls", |key, cursor| {
            let key = ron::from_str::<String>(key).unwrap_or_else(|_| key.to_owned());
            let line = cursor.line();
            let control: Option<ControlText> = ron::from_str(cursor.value()).ok();
            match control {
                Some(ControlText {
                    channel: channel @ 1..=16,
                    controller: controller @ 0..=127,
                }) => {
                    let channel = channel - 1;
                    let control = Control {
                        channel,
                        controller,
                    };
                    filter.controls.insert(key, control);
                }
                _ => {
                    let words = "is not (channel: 1 to 16, controller: 0 to 127); it is left out";
                    self.warn(line, format!("the controller of {key} {words}"), false);
                }
            }
            Ok(())
        })
    }

    fn connection(&mut self, cursor: &mut Cursor<'_>) -> Result<Connection, FileError> {
        let here = cursor.clone();
        let (mut from, mut to) = (None, None);
        let mut chosen = Chosen::default();
        cursor.fields("a connection", |field, cursor| {
            let line = cursor.line();
            let before = cursor.clone();
            let text = cursor.value();
            let is_known = match field {
                "from" => {
                    from = Some(pin(text).ok_or_else(|| before.wrong("from", PIN))?);
                    true
                }
                "to" => {
                    to = Some(pin(text).ok_or_else(|| before.wrong("to", PIN))?);
                    true
                }
                "format" => {
                    chosen.format = ron::from_str(text).ok();
                    chosen.format.is_some()
                }
                "medium" => {
                    chosen.medium = ron::from_str(text).ok();
                    chosen.medium.is_some()
                }
                "interface" => {
                    chosen.interface = ron::from_str(text).ok();
                    chosen.interface.is_some()
                }

                "framing" => {
                    chosen.framing = ron::from_str(text).ok();
                    chosen.framing.is_some()
                }

                _ => false,
            };
            if !is_known {
                self.warn(
                    line,
                    format!("{field} is not understood; it is kept"),
                    false,
                );
                let text = text.to_owned();
                chosen.unknown_fields.insert(field.to_owned(), text);
            }
            Ok(())
        })?;
        match (from, to) {
            (Some(from), Some(to)) => Ok(Connection { from, to, chosen }),
            _ => Err(here.wrong("a connection", "(from: \"1.out\", to: \"2.in\")")),
        }
    }
}
