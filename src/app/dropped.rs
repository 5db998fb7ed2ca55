//! Files that are dropped: on a filter that names one, or where a filter comes to stand that plays them.
//!
//! What reads a file, and what comes behind it, is SysAudio's to say. So the file is looked at first, beside the window, and
//! what follows is one step of the history; where nothing renders it, nothing comes.

use std::path::{Path, PathBuf};

use super::App;
use crate::graph::arrange::{Area, make_room};
use crate::graph::{Edit, FilterId, Node, NodeKind, Position};
use crate::ks::{Descriptor, Domain, FileFact, Property, Settings, State, Value, path_text};
use crate::sysaudio::{Attempt, Media, Outcome, Rendered, area, estimated_size};

/// A property that names a file, to say how one is named.
const FILE: Property = Property::path("path", "File");
/// How names of such files end, for those who ask for one.
pub const MEDIA_ENDINGS: &[&str] = &[
    "wav", "wave", "rf64", "bwf", "aif", "aiff", "aifc", "caf", "flac", "ogg", "oga", "mp3", "mp2",
    "mp1", "m4a", "m4b", "mp4", "mov", "aac", "adts", "mka", "mkv", "webm", "opus", "w64", "au",
    "snd", "mid", "midi", "smf", "kar", "rmi", "dls", "sf2", "sf3",
];

/// A file that is looked at before something plays it.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Dropped {
    path: PathBuf,
    /// The same as the filter will name it.
    looked_at: PathBuf,
    at: Position,
    /// Whether it is to be heard at once: with wires to a device.
    is_wired: bool,
    /// The filter that was selected: perhaps it has an input to feed.
    selected: Option<FilterId>,
}

impl App {
    /// A file was dropped: on a filter that names one, it is the one; elsewhere a filter plays it.
    pub(super) fn drop_media(&mut self, path: &Path, at: Position, onto: Option<FilterId>) {
        match onto {
            Some(id) => self.drop_onto(path, id),
            None => self.drop_files(&[(path.to_owned(), at)], true),
        }
    }

    /// Files were dropped, and filters that play them are wanted: with wires to where they are heard, or alone.
    pub(super) fn drop_files(&mut self, files: &[(PathBuf, Position)], is_wired: bool) {
        let selected = self.selection.one_filter();
        for (path, at) in files {
            let values = [(FILE.key.to_owned(), self.media_value(path))].into();
            let base = self.base();
            let settings = Settings {
                values: &values,
                base: base.as_deref(),
            };
            let looked_at = settings.path(&FILE);
            let dropped = Dropped {
                path: path.clone(),
                looked_at: looked_at.unwrap_or_else(|| path.clone()),
                at: *at,
                is_wired,
                selected,
            };
            if let Some(observer) = &mut self.observer {
                // It may be another file by now, of that name.
                observer.probe(dropped.looked_at.clone());
            }
            self.dropped.push(dropped);
        }
        self.place_dropped();
    }

    fn drop_onto(&mut self, path: &Path, id: FilterId) {
        let kind = self.shown().filter(id);
        let kind = kind.and_then(|filter| self.catalogue.get(&filter.key));
        let property = kind.and_then(|kind| {
            let mut all = kind.descriptor().properties.iter();
            all.find(|property| property.domain == Domain::Path)
        });
        match property.map(|property| property.key.to_owned()) {
            Some(key) => {
                let text = Value::Text(path_text(path));
                self.set_property(id, key, Some(text));
            }
            None => {
                let name = name(path);
                self.warn(
                    "File",
                    format!("This filter takes no file; {name} was let go"),
                );
            }
        }
    }

    fn media_value(&self, path: &Path) -> Value {
        let text = Value::Text(path_text(path));
        self.relative_value(&FILE, text)
    }

    /// Puts in what plays the files that have been dropped, once all of them have been looked at: one step. Never within
    /// a gesture, which would take it along.
    pub(super) fn place_dropped(&mut self) {
        if self.history.is_open() || self.dropped.is_empty() {
            return;
        }
        let can_look = self.observer.is_some();
        let facts = &self.facts;
        let waits = |it: &Dropped| can_look && *facts.file(&it.looked_at) == FileFact::Pending;
        if self.dropped.iter().any(waits) {
            return;
        }
        let was_empty = self.graph.filters.is_empty();
        let mut all = std::mem::take(&mut self.dropped);
        // A song finds the synthesizer with the bank that came along with it.
        all.sort_by_key(|it| *self.facts.file(&it.looked_at) != FileFact::Bank);
        match &all[..] {
            [only] => self.place(only),
            _ => {
                self.history.begin(&format!("Add {} files", all.len()));
                for dropped in &all {
                    self.place(dropped);
                }
                self.history.commit();
            }
        }
        // Where nothing was, there is nothing to be startled by but what was asked for.
        let is_well = !self.is_safe && self.recovered().is_empty();
        let is_led = all.iter().any(|it| it.is_wired) && !self.graph.connections.is_empty();
        if was_empty && is_led && is_well {
            self.set_state(State::Run);
        }
    }

    fn place(&mut self, dropped: &Dropped) {
        let what = name(&dropped.path);
        let fact = self.facts.file(&dropped.looked_at).clone();
        let value = self.media_value(&dropped.path);
        let media = Media {
            path: value.text(),
            fact: &fact,
            at: dropped.at,
        };
        match self.way_for(dropped, media) {
            Ok(rendered) => {
                self.tell_attempt(&rendered.attempt);
                if let Outcome::Partly(words) = &rendered.attempt.outcome {
                    self.warn("File", format!("{what} is rendered {words}"));
                }
                if self.apply(&format!("Add {what}"), rendered.edit) {
                    if let Some(reader) = rendered.added.first() {
                        self.select_one(*reader);
                    }
                    self.agree();
                }
            }
            Err(attempt) => {
                self.tell_attempt(&attempt);
                let path = dropped.path.display();
                let text = format!("{path} cannot be played: {}", attempt.outcome.words());
                self.warn("File", text);
            }
        }
    }

    /// What reads a file: alone, or led to a free input of the selected filter, else to where it ends.
    fn way_for(&self, dropped: &Dropped, media: Media<'_>) -> Result<Rendered, Box<Attempt>> {
        let is_there = |id: &FilterId| self.shown().filters.contains_key(id);
        let selected = dropped.selected.filter(is_there);
        self.with_builder(|builder, site| {
            // As far as can be told before anybody is behind it, the reader stands where the file was let go.
            let mut media = media;
            let found = builder.place_file(site, &media);
            let (id, mut edit) = found.map_err(|reason| {
                let what = format!("read {}", name(&dropped.path));
                Box::new(Attempt::new(what, Outcome::Fails(reason)))
            })?;
            if let Edit::Add { node, .. } = &mut edit {
                node.position = self.free_place(node);
                media.at = node.position;
            }
            if !dropped.is_wired {
                return Ok(Rendered {
                    edit,
                    added: vec![id],
                    names: vec![],
                    left: vec![],
                    attempt: Attempt::new("", Outcome::Holds(String::new())),
                });
            }
            let fed = selected.and_then(|selected| builder.feed_file(site, &media, selected));
            fed.map_or_else(|| builder.render_file(site, &media), Ok)
        })
    }

    /// The nearest place to that one where a new filter lies on no other; `body` says how large what a filter shows between
    /// its pins and its footer is, for boxes that were not drawn.
    pub(super) fn free_place_of(
        &self,
        key: &str,
        at: Position,
        body: &dyn Fn(&Descriptor) -> [f32; 2],
    ) -> Position {
        // Title, a row of pins, footer and what lies between them.
        const AROUND: (f32, f32) = (20.0, 92.0);
        let room = |node: &Node| {
            let kind = match &node.kind {
                NodeKind::Filter(filter) => self.catalogue.get(&filter.key),
                NodeKind::Group(_) => None,
            };
            let (wide, high) = estimated_size(node, &self.catalogue);
            let body = kind.map_or([0.0; 2], |kind| body(kind.descriptor()));
            (wide.max(body[0] + AROUND.0), high.max(body[1] + AROUND.1))
        };
        let title = self.catalogue.get(key).map(|it| it.descriptor());
        let title = title.map_or("", |it| it.title.as_ref());
        let Edit::Add { node, .. } = self.add_filter(self.fresh_id(), key, title, at) else {
            return at;
        };
        let others = self.shown().filters.iter().map(|(id, node)| {
            let size = self.sizes.get(id).copied().unwrap_or_else(|| room(node));
            let at = node.position;
            (*id, Area { at, size })
        });
        let others: Vec<_> = others.collect();
        let size = room(&node);
        let placed = make_room(&others, at, size, None);
        match placed.moves.is_empty() {
            true => placed.at,
            false => below(&others, at, size.0),
        }
    }

    /// The nearest place to a new box where it lies on no other.
    pub(super) fn free_place(&self, node: &Node) -> Position {
        let graph = self.shown();
        let ids = graph.filters.keys();
        let others: Vec<_> = ids
            .map(|id| (*id, area(graph, &self.catalogue, &self.sizes, *id)))
            .collect();
        let size = estimated_size(node, &self.catalogue);
        let placed = make_room(&others, node.position, size, None);
        // Nobody moves for a file: where all is taken it lies where it was let go.
        match placed.moves.is_empty() {
            true => placed.at,
            false => node.position,
        }
    }
}

/// Below everything that stands in a column.
fn below(others: &[(FilterId, Area)], at: Position, wide: f32) -> Position {
    const APART: f32 = 32.0;
    let areas = others.iter().map(|(_, area)| area);
    let crossed =
        areas.filter(|it| it.at.x < at.x + wide + APART && at.x < it.at.x + it.size.0 + APART);
    let bottom = crossed.map(|it| it.at.y + it.size.1).fold(at.y, f32::max);
    let y = ((bottom + APART) / 16.0).ceil() * 16.0;
    Position { x: at.x, y }
}

fn name(path: &Path) -> String {
    let file = path.file_name().unwrap_or(path.as_os_str());
    file.to_string_lossy().into_owned()
}
