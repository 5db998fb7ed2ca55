//! Render: from an output, or from all outputs of a filter, to where it ends (19.3). What comes out of filters that were added
//! on the way is rendered as well; where only some of it can be, that is said and the rest is left as it is.

use super::attempt::{Attempt, Outcome};
use super::connect::{Builder, Built, Site, fresh};
use super::insert::{Bench, wire};
use crate::graph::route::{Goal, Stop};
use crate::graph::{
    Chosen, Connection, Cure, CureKind, Edit, FilterId, FilterPath, PinRef, Wiring,
};
use crate::ks::ids::category;
use crate::ks::{DataFlow, Descriptor, Kind, merit};

/// Outputs behind outputs that are rendered; deeper than that they are left.
const DEEPEST: usize = 16;

/// What rendering came to.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// All of it, in the graph of the level.
    pub edit: Edit,
    /// Filters that were added, in order.
    pub added: Vec<FilterId>,
    /// Their names.
    pub names: Vec<String>,
    /// Outputs that nothing renders, `Parser.out`; not empty: rendered in part (REN-2).
    pub left: Vec<String>,
    /// What was tried.
    pub attempt: Attempt,
}

impl Builder<'_> {
    /// Renders one output. `is_there`: only to filters that are there (REN-3). `Err` is what was tried.
    pub fn render_pin(
        &self,
        site: &Site,
        from: &PinRef,
        is_there: bool,
    ) -> Result<Rendered, Box<Attempt>> {
        let mut work = Work::new(self, site, is_there);
        let attempt = work.output(from, 0);
        match attempt.outcome {
            Outcome::Fails(_) | Outcome::Refused(_) => Err(Box::new(attempt)),
            _ => Ok(work.done(attempt)),
        }
    }

    /// Renders all outputs of a filter that nothing is connected to (REN-2). `Err` is what was tried.
    pub fn render_filter(
        &self,
        site: &Site,
        filter: FilterId,
        is_there: bool,
    ) -> Result<Rendered, Box<Attempt>> {
        let mut work = Work::new(self, site, is_there);
        let outputs = self.free_pins(site, filter, DataFlow::Out);
        let node = self.shown(site).filters.get(&filter);
        let name = node.map_or_else(String::new, |node| node.name.clone());
        let mut all = Attempt::new(format!("render {name}"), Outcome::Holds(String::new()));
        for output in &outputs {
            let attempt = work.output(output, 0);
            all.inner.push(attempt);
        }
        let fails = |it: &&Attempt| matches!(it.outcome, Outcome::Fails(_) | Outcome::Refused(_));
        let failed = all.inner.iter().filter(fails).count();
        if outputs.is_empty() {
            all.outcome = Outcome::Fails(format!("{name} has no output that is free"));
            return Err(Box::new(all));
        }
        if failed == outputs.len() {
            all.outcome = Outcome::Fails("nothing renders any of its outputs".into());
            return Err(Box::new(all));
        }
        if !work.left.is_empty() {
            all.outcome = Outcome::Partly(partly(&work.left));
        }
        Ok(work.done(all))
    }
}

/// What is left, in words.
fn partly(left: &[String]) -> String {
    format!("in part: nothing renders {}", left.join(", "))
}

/// Rendering under way.
struct Work<'b, 'a> {
    builder: &'b Builder<'a>,
    site: Site,
    edits: Vec<Edit>,
    added: Vec<FilterId>,
    names: Vec<String>,
    left: Vec<String>,
    is_there: bool,
}

impl<'b, 'a> Work<'b, 'a> {
    fn new(builder: &'b Builder<'a>, site: &Site, is_there: bool) -> Self {
        Self {
            builder,
            site: site.clone(),
            edits: vec![],
            added: vec![],
            names: vec![],
            left: vec![],
            is_there,
        }
    }

    fn done(self, attempt: Attempt) -> Rendered {
        Rendered {
            edit: Edit::Batch(self.edits),
            added: self.added,
            names: self.names,
            left: self.left,
            attempt,
        }
    }

    /// Renders an output and what lies behind it.
    fn output(&mut self, from: &PinRef, depth: usize) -> Attempt {
        let name = self.builder.pin(&self.site, from);
        let mut attempt = Attempt::new(
            format!("render {name}"),
            Outcome::Fails("nothing renders it".into()),
        );
        if depth > DEEPEST {
            self.left.push(name);
            return attempt;
        }
        let Some(built) = self.way(from, &mut attempt) else {
            self.left.push(name);
            return attempt;
        };
        let Some(next) = self.builder.trial(&self.site, &built.edit) else {
            self.left.push(name);
            return attempt;
        };
        // What is not ready ends it at once: nobody else is asked (INT-2).
        if let Some((at, to)) = &built.last
            && let Some(refusal) = self.builder.not_ready(&next, at, to)
        {
            self.left.push(name);
            attempt.outcome = Outcome::Refused(refusal);
            return attempt;
        }
        self.site = next;
        self.edits.push(built.edit);
        self.added.extend(&built.added);
        self.names.extend(built.names);
        let before = self.left.len();
        // Only outputs of filters that came along: those of filters that were there are their owner's.
        let open = built.open.iter();
        let open: Vec<&PinRef> = open.filter(|it| built.added.contains(&it.filter)).collect();
        for output in open {
            let inner = self.output(output, depth + 1);
            attempt.inner.push(inner);
        }
        attempt.outcome = match self.left.len() > before {
            true => Outcome::Partly(partly(&self.left[before..])),
            false => Outcome::Holds(format!("through {}", built.through.join(", "))),
        };
        attempt
    }

    /// To where it is heard among the filters that are there, by a mixer where the device is taken; else to whatever ends it.
    fn way(&self, from: &PinRef, attempt: &mut Attempt) -> Option<Built> {
        let goal = Goal::End {
            is_there: self.is_there,
        };
        let mut quiet = Attempt::new("", Outcome::Fails(String::new()));
        let first = self.heard(&self.site, from, &mut quiet);
        if let Some(first) = first {
            attempt.inner.append(&mut quiet.inner);
            return Some(self.undisturbed(&self.site, from, first, attempt));
        }
        for device in self.taken_devices() {
            let Some((mixed, name)) = self.mixer_before(&device) else {
                continue;
            };
            let Some(site) = self.builder.trial(&self.site, &mixed) else {
                continue;
            };
            let mut tried = Attempt::new(
                format!("a mixer before {name}"),
                Outcome::Fails("it does not lead there".into()),
            );
            let found = self.heard(&site, from, &mut tried);
            if let Some(built) = found {
                let mut built = self.undisturbed(&site, from, built, &mut tried);
                let graph = self.builder.shown(&self.site);
                let after = self.builder.shown(&site).filters.iter();
                let new = after.filter(|(id, _)| !graph.filters.contains_key(id));
                let new: Vec<_> = new.map(|(id, node)| (*id, node.name.clone())).collect();
                tried.outcome = Outcome::Holds(String::new());
                attempt.inner.push(tried);
                built.edit = Edit::Batch(vec![mixed, built.edit]);
                built.added.extend(new.iter().map(|it| it.0));
                built.names.extend(new.into_iter().map(|it| it.1));
                return Some(built);
            }
        }
        // A meter or a scope that stands there is no end of anything.
        let any = |stop: &Stop, descriptor: &Descriptor| match stop {
            Stop::There(path) => {
                !descriptor.categories.contains(&category::ANALYSIS)
                    && !takes_notes(&self.site.wiring, path)
            }
            Stop::New { .. } => true,
        };
        self.builder
            .by_way(&self.site, from, (goal, &any), None, attempt)
    }

    /// A way to a filter of the graph from which it is heard.
    fn heard(&self, site: &Site, from: &PinRef, attempt: &mut Attempt) -> Option<Built> {
        let end = |stop: &Stop, _: &Descriptor| match stop {
            Stop::There(path) => is_heard(&site.wiring, path) && !takes_notes(&site.wiring, path),
            Stop::New { .. } => false,
        };
        let goal = Goal::End {
            is_there: self.is_there,
        };
        self.builder.by_way(site, from, (goal, &end), None, attempt)
    }

    /// The same way, or another one behind which what is heard now keeps its formats: a wire that changes its own stops for a
    /// moment.
    fn undisturbed(
        &self,
        site: &Site,
        from: &PinRef,
        built: Built,
        attempt: &mut Attempt,
    ) -> Built {
        let keep = self.formats_of_now(site, &built);
        let kept = (!keep.is_empty()).then(|| {
            let keep = Edit::Batch(keep);
            let site = self.builder.trial(site, &keep)?;
            let mut tried = Attempt::new(
                "with the formats that are heard now",
                Outcome::Holds(String::new()),
            );
            let mut other = self.heard(&site, from, &mut tried)?;
            if !self.formats_of_now(&site, &other).is_empty() {
                return None;
            }
            attempt.inner.push(tried);
            other.edit = Edit::Batch(vec![keep, other.edit]);
            Some(other)
        });
        kept.flatten().unwrap_or(built)
    }

    /// Edits by which wires of the level that would change their formats are told to keep those they have in the graph as it
    /// was.
    fn formats_of_now(&self, site: &Site, built: &Built) -> Vec<Edit> {
        let builder = self.builder;
        let Some(after) = builder.trial(site, &built.edit) else {
            return vec![];
        };
        let before = &self.site.wiring;
        let mut edits = vec![];
        for (connection, wire) in builder.shown(site).connections.iter().enumerate() {
            let ends = (
                builder.address(site, &wire.from),
                builder.address(site, &wire.to),
            );
            let format = |wiring: &Wiring| {
                let made = wiring.wire(&ends.0, &ends.1)?;
                Some(made.outcome.as_ref().ok()?.format.clone())
            };
            // Where a mixer came in before a device, its wire goes on for the one that was there.
            let was = format(before).or_else(|| {
                let mut wires = before.wires.iter();
                let old = wires.find(|it| it.to == ends.1)?;
                Some(old.outcome.as_ref().ok()?.format.clone())
            });
            let (Some(was), Some(is)) = (was, format(&after.wiring)) else {
                continue;
            };
            if was != is {
                let chosen = Chosen {
                    format: Some(was),
                    ..wire.chosen.clone()
                };
                edits.push(Edit::Choose { connection, chosen });
            }
        }
        edits
    }

    /// Inputs of devices of the graph that sound comes to already.
    fn taken_devices(&self) -> Vec<PinRef> {
        let graph = self.builder.shown(&self.site);
        let mut found: Vec<PinRef> = vec![];
        for wire in &graph.connections {
            let path = self.builder.level.child(wire.to.filter);
            let wired = self.site.wiring.filters.get(&path);
            let kind = wired.and_then(|it| it.descriptor.as_deref());
            if kind.is_some_and(Descriptor::renders_sound) && !found.contains(&wire.to) {
                found.push(wire.to.clone());
            }
        }
        found
    }

    /// A mixer put into the wire to a device, and the device's name.
    fn mixer_before(&self, device: &PinRef) -> Option<(Edit, String)> {
        let builder = self.builder;
        let graph = builder.shown(&self.site);
        let index = graph.connections.iter().position(|it| it.to == *device)?;
        let old = graph.connections.get(index)?.clone().into_inner();
        let kinds = builder.catalogue.iter().map(|kind| kind.descriptor());
        let mixers = kinds.filter(|it| {
            it.categories.contains(&category::MIXER) && (builder.merit)(it) >= merit::UNLIKELY
        });
        let mixer = mixers.max_by_key(|it| (builder.merit)(it))?;
        let pin = |flow| {
            let mut pins = mixer.pins.iter();
            let found = pins.find(|pin| pin.data_flow == flow && !pin.is_bridge())?;
            Some(found.name.to_string())
        };
        let (input, output) = (pin(DataFlow::In)?, pin(DataFlow::Out)?);
        let cure = Cure {
            kind: CureKind::Insert,
            cost: 1,
            inserts: vec![mixer.key.to_string()],
            values: vec![],
            pins: None,
            set: None,
            text: String::new(),
        };
        let bench = Bench {
            graph,
            catalogue: builder.catalogue,
            fresh: FilterId(fresh(&self.site.graph)),
            sizes: builder.sizes,
        };
        let (id, node, moves) = bench.between(old.from.filter, device.filter, &cure)?;
        let end = |pin: String| PinRef {
            filter: id,
            pin,
            instance: 0,
        };
        let first = Connection {
            to: end(input),
            ..old
        };
        let mut edits = vec![Edit::Disconnect(index)];
        if !moves.is_empty() {
            edits.push(Edit::Move(moves));
        }
        edits.extend([
            Edit::Add { id, node },
            Edit::Connect(first),
            Edit::Connect(wire(&end(output), device)),
        ]);
        let name = graph.filters.get(&device.filter)?.name.clone();
        Some((Edit::Batch(edits), name))
    }
}

/// Whether notes come to a filter already: others on the same channels would change what is heard of them.
fn takes_notes(wiring: &Wiring, filter: &FilterPath) -> bool {
    let wired = wiring.filters.get(filter);
    let kind = wired.and_then(|it| it.descriptor.as_deref());
    let mut wires = wiring.wires.iter().filter(|it| it.to.filter == *filter);
    kind.is_some_and(|kind| {
        wires.any(|wire| {
            kind.pin(&wire.to.pin)
                .is_some_and(|(_, pin)| pin.kind() == Kind::Events)
        })
    })
}

/// Whether a filter renders sound, or leads on to one that does.
fn is_heard(wiring: &Wiring, filter: &FilterPath) -> bool {
    let mut seen = vec![filter];
    let mut next = 0;
    while let Some(&at) = seen.get(next) {
        next += 1;
        let wired = wiring.filters.get(at);
        let kind = wired.and_then(|it| it.descriptor.as_deref());
        if kind.is_some_and(Descriptor::renders_sound) {
            return true;
        }
        let wires = wiring.wires.iter();
        let behind = wires.filter(|wire| wire.from.filter == *at && wire.outcome.is_ok());
        for wire in behind {
            if !seen.contains(&&wire.to.filter) {
                seen.push(&wire.to.filter);
            }
        }
    }
    false
}
