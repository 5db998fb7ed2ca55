//! Wires the program draws when it is asked to: from an output to where it is heard, and from one filter to the next.
//!
//! An output is rendered as a dropped file is: on a device of the graph that is free, else through the mixer before it,
//! else with what the cheapest cures put in between; where there is no device one comes. What gives notes gets something
//! that plays them first. All of it is one step of the history.

use super::App;
use super::wires::Trial;
use crate::graph::{Edit, FilterId, PinAddress, PinRef, Position};
use crate::ks::ids::category;
use crate::ks::{DataFlow, Descriptor, Domain};

/// From a filter to one that is put behind it.
const APART: f32 = 256.0;

/// What is rendered: an output of the document, or of a filter that an edit adds.
pub(super) struct Output {
    filter: FilterId,
    pin: String,
    at: Position,
}

impl Output {
    /// The pin of a filter that stands there.
    pub(super) fn new(filter: FilterId, pin: String, at: Position) -> Self {
        Self { filter, pin, at }
    }
}

impl App {
    /// Has what an output gives heard.
    pub(super) fn render_pin(&mut self, pin: &PinAddress) {
        let Some(end) = self.pin_ref(pin) else {
            return;
        };
        let node = self.shown().filters.get(&end.filter);
        let (Some(DataFlow::Out), Some(node)) = (self.flow_of(pin), node) else {
            let text = "Only an output can be rendered: an input is fed by a wire to it";
            self.warn("Render Pin", text.into());
            return;
        };
        let (name, at) = (node.name.clone(), node.position);
        let output = Output {
            filter: end.filter,
            pin: end.pin,
            at,
        };
        let known: Vec<FilterId> = self.shown().filters.keys().copied().collect();
        let nothing = Edit::Batch(vec![]);
        let Some(edit) = self.heard(&nothing, &output) else {
            let what = format!("{} of {name}", output.pin);
            if let Err(why) = self.render_by_ways(pin, &what) {
                let text = format!("{name} {} cannot be rendered: {why}", output.pin);
                self.warn("Render Pin", text);
            }
            return;
        };
        if self.apply(&format!("Render {} of {name}", output.pin), edit) {
            let new = self.shown().filters.keys().rev();
            let new = new.copied().find(|id| !known.contains(id));
            if let Some(id) = new {
                self.select_one(id);
            }
            self.agree();
        }
    }

    /// The edit with a wire from an output to a device, the nearest at hand: one of the graph, else a new one.
    pub(super) fn heard(&self, add: &Edit, output: &Output) -> Option<Edit> {
        let outputs = |trial: &Trial| {
            let free = self.free_pins(trial, output.filter, DataFlow::Out);
            let mut free = free.into_iter().filter(|end| end.pin == output.pin);
            vec![free.next().unwrap_or(PinRef {
                filter: output.filter,
                pin: output.pin.clone(),
                instance: 0,
            })]
        };
        let here = self.devices_shown();
        let found = self.way_to(add, &outputs, &here);
        found.or_else(|| {
            let place = Position {
                x: output.at.x + APART,
                ..output.at
            };
            let all = self
                .kinds(|it| it.renders_sound() && names_a_device(it))
                .into_iter();
            all.into_iter().find_map(|(key, title)| {
                let (add, id) = self.with_new(add, &key, &title, place)?;
                self.way_to(&add, &outputs, &[id])
            })
        })
    }

    /// The edit with an instrument behind an output of notes, and what it plays heard.
    pub(super) fn played(&self, add: &Edit, output: &Output) -> Option<Edit> {
        let place = Position {
            x: output.at.x + APART,
            ..output.at
        };
        let instruments = self.kinds(|it| it.categories.contains(&category::SYNTHESIZER));
        instruments.into_iter().find_map(|(key, title)| {
            let (add, id) = self.with_new(add, &key, &title, place)?;
            let trial = self.trial(&add)?;
            let free = self.free_pins(&trial, output.filter, DataFlow::Out);
            let mine: Vec<PinRef> = free.into_iter().filter(|it| it.pin == output.pin).collect();
            let wire = self.first_wire(&trial, &mine, &[id])?;
            let outs = self.free_pins(&trial, id, DataFlow::Out);
            let add = Edit::Batch(vec![add, wire]);
            outs.into_iter().find_map(|out| {
                let next = Output {
                    filter: id,
                    pin: out.pin,
                    at: place,
                };
                self.heard(&add, &next)
            })
        })
    }

    /// Keys and titles of kinds of filters that the user has not ruled out.
    fn kinds(&self, is_wanted: impl Fn(&Descriptor) -> bool) -> Vec<(String, String)> {
        let blocked = &self.preferences().blocked;
        let kinds = self.catalogue.iter().map(|kind| kind.descriptor());
        let wanted = kinds.filter(|it| is_wanted(it) && !blocked.contains(&*it.key));
        wanted
            .map(|it| (it.key.to_string(), it.title.to_string()))
            .collect()
    }

    /// An edit and a new filter of a kind at the nearest free place.
    fn with_new(
        &self,
        edit: &Edit,
        key: &str,
        title: &str,
        at: Position,
    ) -> Option<(Edit, FilterId)> {
        let trial = self.trial(edit)?;
        let id = self.fresh_id_in(trial.both().0);
        let mut add = self.add_filter(id, key, title, at);
        if let Edit::Add { node, .. } = &mut add {
            node.position = self.free_place(node);
        }
        Some((Edit::Batch(vec![edit.clone(), add]), id))
    }

    /// Wires filters one to the next from left to right, as they stand: one step. The first wire that cannot be is
    /// refused with its reason.
    pub(super) fn connect_filters(&mut self, mut filters: Vec<FilterId>) {
        let graph = self.shown();
        filters.retain(|id| graph.filters.contains_key(id));
        filters.sort_by(|a, b| {
            let at = |id: &FilterId| graph.filters.get(id).map(|node| node.position);
            let (a, b) = (at(a).unwrap_or_default(), at(b).unwrap_or_default());
            a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y))
        });
        let is_outer = !self.history.is_open();
        if is_outer {
            self.history.begin("Connect");
        }
        for pair in filters.windows(2) {
            let [left, right] = *pair else { continue };
            if self.are_wired(left, right) {
                continue;
            }
            if !self.connect_to_next(left, right) {
                break;
            }
        }
        if is_outer {
            self.history.commit();
        }
    }

    fn are_wired(&self, left: FilterId, right: FilterId) -> bool {
        let mut wires = self.shown().connections.iter();
        wires.any(|wire| wire.from.filter == left && wire.to.filter == right)
    }

    /// A wire from the first output of one filter that another takes. False when it is refused.
    fn connect_to_next(&mut self, left: FilterId, right: FilterId) -> bool {
        let Some(trial) = self.trial(&Edit::Batch(vec![])) else {
            return false;
        };
        let outputs = self.free_pins(&trial, left, DataFlow::Out);
        let direct = self.first_wire(&trial, &outputs, &[right]);
        if let Some(Edit::Connect(wire)) = direct {
            let (from, to) = (self.address(&wire.from), self.address(&wire.to));
            self.connect(&from, &to, None);
            return true;
        }
        let mut ends = outputs
            .into_iter()
            .chain(self.all_pins(left, DataFlow::Out));
        let Some(from) = ends.next() else {
            self.warn("Connect", "What stands left of it gives nothing".into());
            return false;
        };
        let from = self.address(&from);
        self.connect_to_body(&from, right);
        self.refusal.is_none() && self.are_wired(left, right)
    }
}

fn names_a_device(descriptor: &Descriptor) -> bool {
    let mut properties = descriptor.properties.iter();
    properties.any(|property| property.domain == Domain::Device)
}
