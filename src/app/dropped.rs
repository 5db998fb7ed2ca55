//! Files that are dropped: on a filter that names one, or where a filter comes to stand that plays them.
//!
//! What plays a file is wired to a device that plays sound, with whatever has to go in between: a mixer where the device
//! is taken, converters where formats differ. So the file is looked at first, beside the window, and what follows is one
//! step of the history.

use std::path::{Path, PathBuf};

use super::App;
use super::render::Output;
use super::wires::Trial;
use crate::graph::arrange::{Area, make_room};
use crate::graph::{
    Chosen, Cure, CureKind, Edit, FilterId, Node, NodeKind, PinAddress, PinRef, Position, Step,
};
use crate::ks::ids::category;
use crate::ks::{DataFlow, Descriptor, Domain, FileFact, Property, Settings, Value, path_text};
use crate::sysaudio::{Bench, area, estimated_size};

/// The kinds of filters that play a file: of sound, of notes. What it is is seen in the file, not in its name.
const READER: &str = "wave_reader";
const SONG_READER: &str = "midi_file_reader";
/// And what plays the instruments of a bank.
const SYNTH: &str = "dls_synth";
/// How names of such files end, for those who ask for one.
pub const MEDIA_ENDINGS: &[&str] = &[
    "wav", "wave", "rf64", "bwf", "aif", "aiff", "aifc", "caf", "flac", "ogg", "oga", "mp3", "mp2",
    "mp1", "m4a", "m4b", "mp4", "aac", "adts", "mka", "webm", "mid", "midi", "smf", "kar", "rmi",
    "dls", "sf2", "sf3",
];
/// Wires that are cured one after the other: the device is taken, the rate is another one, the channels are.
const CURES: usize = 4;

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
            // All of them name their file by the same property: which one it is, is seen once the file was looked at.
            let Some(property) = self.path_of_kind(READER) else {
                self.warn("File", format!("No filter plays {}", name(path)));
                return;
            };
            let value = self.media_value(&property, path);
            let values = [(property.key.to_owned(), value)].into();
            let base = self.base();
            let settings = Settings {
                values: &values,
                base: base.as_deref(),
            };
            let looked_at = settings.path(&property);
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

    /// The property of a kind of filter by which it names its file.
    fn path_of_kind(&self, key: &str) -> Option<Property> {
        let descriptor = self.catalogue.get(key)?.descriptor();
        let mut all = descriptor.properties.iter();
        all.find(|it| it.domain == Domain::Path).copied()
    }

    fn media_value(&self, property: &Property, path: &Path) -> Value {
        let text = Value::Text(path_text(path));
        self.relative_value(property, text)
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
        let all = std::mem::take(&mut self.dropped);
        if let [only] = &all[..] {
            self.place(only);
            return;
        }
        self.history.begin(&format!("Add {} files", all.len()));
        for dropped in &all {
            self.place(dropped);
        }
        self.history.commit();
    }

    fn place(&mut self, dropped: &Dropped) {
        let key = match self.facts.file(&dropped.looked_at) {
            FileFact::Unusable(reason) => {
                let text = format!("{} cannot be played: {reason}", dropped.path.display());
                self.warn("File", text);
                return;
            }
            FileFact::Song(_) => SONG_READER,
            FileFact::Bank => SYNTH,
            FileFact::Wave { .. } | FileFact::Pending => READER,
        };
        let Some(property) = self.path_of_kind(key) else {
            return;
        };
        let title = self.catalogue.get(key).map(|it| it.descriptor());
        let title = title.map_or_else(String::new, |it| it.title.to_string());
        let id = self.fresh_id();
        let mut add = self.add_filter(id, key, &title, dropped.at);
        let mut at = dropped.at;
        if let Edit::Add { node, .. } = &mut add {
            node.position = self.free_place(node);
            at = node.position;
        }
        let set = Edit::SetProperty {
            filter: id,
            key: property.key.to_owned(),
            value: Some(self.media_value(&property, &dropped.path)),
        };
        let alone = Edit::Batch(vec![add, set]);
        let way = match dropped.is_wired {
            true => self.way_for(&alone, id, at, dropped.selected),
            false => None,
        };
        let edit = way.unwrap_or(alone);
        if self.apply(&format!("Add {}", name(&dropped.path)), edit) {
            self.select_one(id);
            self.agree();
        }
    }

    /// The edit with wires from a new filter to a free input of the selected one, else to where it is heard; notes by way
    /// of something that plays them.
    fn way_for(
        &self,
        add: &Edit,
        id: FilterId,
        at: Position,
        selected: Option<FilterId>,
    ) -> Option<Edit> {
        let trial = self.trial(add)?;
        let outputs = self.free_pins(&trial, id, DataFlow::Out);
        let selected = selected.filter(|it| self.shown().filters.contains_key(it));
        if let Some(selected) = selected {
            if let Some(wire) = self.first_wire(&trial, &outputs, &[selected]) {
                return Some(Edit::Batch(vec![add.clone(), wire]));
            }
            let inputs = self.free_pins(&trial, selected, DataFlow::In);
            let ends = outputs
                .iter()
                .flat_map(|from| inputs.iter().map(move |to| (from, to)));
            for (from, to) in ends {
                let ends = (self.address(from), self.address(to));
                if let Some(edit) = self.cured(add.clone(), ends) {
                    return Some(edit);
                }
            }
        }
        outputs.into_iter().find_map(|output| {
            let output = Output::new(id, output.pin, at);
            self.heard(add, &output)
                .or_else(|| self.played(add, &output))
        })
    }

    /// The filters of the shown graph that play sound on a device.
    pub(super) fn devices_shown(&self) -> Vec<FilterId> {
        let devices = self.shown().filters.keys().copied();
        let is_device = |id: &FilterId| {
            let wired = self.wiring.filters.get(&self.path_of(*id));
            let kind = wired.and_then(|wired| wired.descriptor.as_ref());
            kind.is_some_and(Descriptor::renders_sound)
        };
        devices.filter(is_device).collect()
    }

    /// An edit and a wire from one of the outputs to where others are heard: to a device that takes it as it is, else
    /// with what the cheapest cures put in between, to a mixer before a device, else to a device.
    pub(super) fn way_to(
        &self,
        add: &Edit,
        outputs: &dyn Fn(&Trial) -> Vec<PinRef>,
        devices: &[FilterId],
    ) -> Option<Edit> {
        let trial = self.trial(add)?;
        let outputs = outputs(&trial);
        if let Some(wire) = self.first_wire(&trial, &outputs, devices) {
            return Some(Edit::Batch(vec![add.clone(), wire]));
        }
        let feeds = self.shown().connections.iter();
        let feeds = feeds.filter(|wire| devices.contains(&wire.to.filter));
        let mixers: Vec<FilterId> = feeds
            .map(|wire| wire.from.filter)
            .filter(|id| self.is_mixer(*id))
            .collect();
        if let Some(wire) = self.first_wire(&trial, &outputs, &mixers) {
            return Some(Edit::Batch(vec![add.clone(), wire]));
        }
        let mut inputs: Vec<_> = mixers
            .iter()
            .flat_map(|id| self.free_pins(&trial, *id, DataFlow::In))
            .collect();
        inputs.extend(devices.iter().flat_map(|id| {
            // All pins of one that stands there, taken or not; of one that is new they are free.
            match self.shown().filters.contains_key(id) {
                true => self.all_pins(*id, DataFlow::In),
                false => self.free_pins(&trial, *id, DataFlow::In),
            }
        }));
        outputs.iter().find_map(|output| {
            let from = self.address(output);
            let mut ends = inputs.iter().map(|input| self.address(input));
            ends.find_map(|to| self.cured(add.clone(), (from.clone(), to)))
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

    fn is_mixer(&self, id: FilterId) -> bool {
        let node = self.shown().filter(id);
        let kind = node.and_then(|node| self.catalogue.get(&node.key));
        kind.is_some_and(|kind| kind.descriptor().categories.contains(&category::MIXER))
    }

    /// The edit with a wire that its refusals' first cures make hold; what they put in may be refused and cured in turn.
    /// What plays keeps its format if that can be: it would stop for a moment else.
    fn cured(&self, mut edit: Edit, mut ends: (PinAddress, PinAddress)) -> Option<Edit> {
        let mut held: Option<Edit> = None;
        let mut holds = None;
        for _ in 0..CURES {
            let around = and(edit.clone(), held.take());
            let trial = self.trial(&around)?;
            let (from, to) = (&ends.0, &ends.1);
            let Err(refusal) = self.would_hold(trial.both(), from, to) else {
                break;
            };
            let liked = self.liked_cure(&refusal);
            let cure = match liked.and_then(|index| refusal.cures.get(index)) {
                Some(cure) => cure.clone(),
                // No mixer takes what comes as it is; perhaps one does with what a cure puts before it.
                None if refusal.step == Step::Instances => self.mixer_cure()?,
                None => break,
            };
            let bench = Bench {
                graph: self.shown_in(trial.both().0),
                catalogue: &self.catalogue,
                fresh: self.fresh_id_in(trial.both().0),
                sizes: &self.sizes,
            };
            let pins = (&self.pin_ref(from)?, &self.pin_ref(to)?);
            let end = |pin: &PinAddress| self.pin_ref(pin);
            let cured = bench.carry_out(pins, refusal.step, &cure, &end)?;
            edit = and(edit, Some(cured.edit));
            let trial = self.trial(&edit)?;
            if let Some(next) = self.newly_refused(&trial) {
                ends = next;
                continue;
            }
            let Some(choice) = self.choice_of_now(&trial) else {
                return Some(edit);
            };
            holds = Some(edit.clone());
            let next = self.trial(&and(edit.clone(), Some(choice.clone())));
            match next.and_then(|trial| self.newly_refused(&trial)) {
                Some(next) => (ends, held) = (next, Some(choice)),
                None => break,
            }
        }
        holds
    }

    /// A wire that would change its format is told to keep it. `None` when all wires keep theirs.
    fn choice_of_now(&self, trial: &Trial) -> Option<Edit> {
        let (document, wiring) = trial.both();
        let mut changed = self.wiring.wires.iter().filter_map(|old| {
            let format = &old.outcome.as_ref().ok()?.format;
            let new = wiring
                .wires
                .iter()
                .find(|new| (&new.from, &new.to) == (&old.from, &old.to))?;
            let agreed = &new.outcome.as_ref().ok()?.format;
            (agreed != format && new.place == self.place).then_some((new.index, format.clone()))
        });
        let (connection, format) = changed.next()?;
        let wire = self.shown_in(document).connections.get(connection)?;
        let chosen = Chosen {
            format: Some(format),
            ..wire.chosen.clone()
        };
        Some(Edit::Choose { connection, chosen })
    }

    /// Put a mixer in.
    fn mixer_cure(&self) -> Option<Cure> {
        let mut kinds = self.catalogue.iter().map(|kind| kind.descriptor());
        let mixer = kinds.find(|kind| kind.categories.contains(&category::MIXER))?;
        Some(Cure {
            kind: CureKind::Insert,
            set: None,
            cost: 1,
            inserts: vec![mixer.key.to_string()],
            values: vec![],
            pins: None,
            text: format!("Insert {}", mixer.title),
        })
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

fn and(edit: Edit, more: Option<Edit>) -> Edit {
    let all = std::iter::once(edit).chain(more);
    Edit::Batch(all.collect())
}
