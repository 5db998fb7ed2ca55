//! A filter graph for programs: filters by name, pins that are connected and let go one side at a time, intelligent connect and
//! render, with the usual codes (19.1 to 19.5). It is for clients that build by calls; the canvas and the command line speak of
//! wires and refusals instead, and their names are others.
//!
//! Nothing plays here: what was built is a [`Graph`], to be played like any other.

use std::collections::BTreeSet;
use std::path::Path;

use super::codes::Code;
use super::connect::{Builder, Site, Stopped, flow_of};
use super::insert::{Sizes, wire};
use super::media::Media;
use super::render::Rendered;
use crate::graph::{
    Edit, FilterId, FilterPath, Graph, Negotiator, PinAddress, PinRef, Position, Step, apply,
};
use crate::ks::{
    Catalogue, DataFlow, DataFormat, DataRange, Descriptor, Facts, FileFact, Status, Value,
    overlaps, path_text,
};

/// Numbers behind names go to this one and begin anew (NAM-1).
const LAST_NUMBER: u32 = 9_999;

/// Which format a wire is to have.
#[derive(Clone, Copy, Default, Debug)]
pub enum Wish<'a> {
    /// Any.
    #[default]
    Any,
    /// One that lies in a range; wildcards in it are anything.
    Within(&'a DataRange),
    /// This one.
    Exactly(&'a DataFormat),
}

/// A filter graph that is built by calls.
pub struct FilterGraph {
    site: Site,
    catalogue: Catalogue,
    facts: Facts,
    /// The number that is tried next for a name (NAM-1).
    number: u32,
    /// Ends of wires that were let go on their side only (PIX-4).
    let_go: BTreeSet<PinRef>,
    running: BTreeSet<FilterId>,
}

impl FilterGraph {
    /// An empty one, with the filters on offer and what is known of the machine.
    pub fn new(catalogue: Catalogue, facts: Facts) -> Self {
        let graph = Graph::default();
        let mut wiring = Negotiator::default();
        wiring.agree(&graph, &catalogue, &facts, None);
        Self {
            site: Site { graph, wiring },
            catalogue,
            facts,
            number: 1,
            let_go: BTreeSet::new(),
            running: BTreeSet::new(),
        }
    }

    /// What was built.
    pub fn graph(&self) -> &Graph {
        &self.site.graph
    }

    /// Filters, the newest first.
    pub fn filters(&self) -> Vec<FilterId> {
        self.site.graph.filters.keys().rev().copied().collect()
    }

    /// Adds a filter of a kind. Without a name it is called by a number of four digits; a name that is taken gets one behind it,
    /// and that is said (NAM-1).
    pub fn add_filter(&mut self, key: &str, name: Option<&str>) -> Result<(FilterId, Code), Code> {
        let kind = self.catalogue.get(key).ok_or(Code::NotFound)?;
        let kind = kind.descriptor().key.to_string();
        let name = name.filter(|name| !name.is_empty());
        let is_taken = name.is_some_and(|name| self.find_filter(name).is_ok());
        let called = match name {
            Some(name) if !is_taken => name.to_owned(),
            name => self.numbered(name)?,
        };
        let id = self.site.graph.fresh_id();
        let column = self.site.graph.filters.len() as f32;
        let at = Position {
            x: 80.0 + 304.0 * column,
            y: 120.0,
        };
        let mut add = Edit::add_filter(&self.site.graph, &kind, &called, at);
        if let Edit::Add { node, .. } = &mut add {
            node.name = called;
        }
        self.perform(add).ok_or(Code::CannotConnect)?;
        let code = if is_taken {
            Code::DuplicateName
        } else {
            Code::Ok
        };
        Ok((id, code))
    }

    /// The next name with a number that is free.
    fn numbered(&mut self, name: Option<&str>) -> Result<String, Code> {
        for _ in 0..LAST_NUMBER {
            let number = self.number;
            self.number = if number == LAST_NUMBER { 1 } else { number + 1 };
            let called = match name {
                Some(name) => format!("{name} {number:04}"),
                None => format!("{number:04}"),
            };
            if self.find_filter(&called).is_err() {
                return Ok(called);
            }
        }
        Err(Code::NoNameLeft)
    }

    /// The filter of that name.
    pub fn find_filter(&self, name: &str) -> Result<FilterId, Code> {
        self.site.graph.find(name).ok_or(Code::NotFound)
    }

    /// The name of a filter.
    pub fn name(&self, filter: FilterId) -> Result<&str, Code> {
        let node = self.site.graph.filters.get(&filter);
        node.map(|node| &*node.name).ok_or(Code::NotInGraph)
    }

    /// Gives a property of a filter a value.
    pub fn set_value(&mut self, filter: FilterId, key: &str, value: Value) -> Result<(), Code> {
        if !self.site.graph.filters.contains_key(&filter) {
            return Err(Code::NotInGraph);
        }
        let key = key.to_owned();
        let value = Some(value);
        self.perform(Edit::SetProperty { filter, key, value })
            .ok_or(Code::NotFound)
    }

    /// Takes a filter away with its wires: the pins at their other ends are free as well (PIX-4).
    pub fn remove_filter(&mut self, filter: FilterId) -> Result<(), Code> {
        if !self.site.graph.filters.contains_key(&filter) {
            return Err(Code::NotInGraph);
        }
        let wires = self.site.graph.connections.iter();
        let mine = wires.filter(|it| it.from.filter == filter || it.to.filter == filter);
        let ends: Vec<PinRef> = mine
            .flat_map(|it| [it.from.clone(), it.to.clone()])
            .collect();
        self.let_go.retain(|it| !ends.contains(it));
        self.running.remove(&filter);
        self.perform(Edit::Remove(vec![filter]))
            .ok_or(Code::NotInGraph)
    }

    /// The pin of a filter of that name, the first of its instances that is free.
    pub fn find_pin(&self, filter: FilterId, name: &str) -> Result<PinRef, Code> {
        let (_, possible) = self.factory(filter, name)?;
        let free = self.site.graph.free_instance(filter, name, possible);
        Ok(PinRef {
            filter,
            pin: name.to_owned(),
            instance: free.unwrap_or(0),
        })
    }

    /// Pins of a filter in their order, by name.
    pub fn pins(&self, filter: FilterId) -> Result<Vec<String>, Code> {
        let wired = self
            .site
            .wiring
            .filters
            .get(&FilterPath::from(vec![filter]));
        let kind = wired.and_then(|it| it.descriptor.as_deref());
        let kind = kind.ok_or(Code::NotInGraph)?;
        Ok(kind.pins.iter().map(|pin| pin.name.to_string()).collect())
    }

    fn factory(&self, filter: FilterId, name: &str) -> Result<(DataFlow, u32), Code> {
        let wired = self
            .site
            .wiring
            .filters
            .get(&FilterPath::from(vec![filter]));
        let kind = wired.and_then(|it| it.descriptor.as_deref());
        let kind = kind.ok_or(Code::NotInGraph)?;
        let (_, pin) = kind.pin(name).ok_or(Code::NotFound)?;
        Ok((pin.data_flow, pin.instances.possible))
    }

    /// Lets a filter run, or stops it: what runs is neither connected nor let go (PIX-1).
    pub fn set_running(&mut self, filter: FilterId, is_on: bool) {
        match is_on {
            true => self.running.insert(filter),
            false => self.running.remove(&filter),
        };
    }

    /// The pin at the other end of a pin's wire.
    pub fn connected_to(&self, pin: &PinRef) -> Result<PinRef, Code> {
        let wire = self.wire_of(pin).ok_or(Code::NotConnected)?;
        let wire = &self.site.graph.connections[wire];
        Ok(match wire.from == *pin {
            true => wire.to.clone(),
            false => wire.from.clone(),
        })
    }

    /// What a connected pin agreed on.
    pub fn format(&self, pin: &PinRef) -> Result<DataFormat, Code> {
        let wire = self.wire_of(pin).ok_or(Code::NotConnected)?;
        let wire = &self.site.graph.connections[wire];
        let made = self
            .site
            .wiring
            .wire(&address(&wire.from), &address(&wire.to));
        let agreed = made.and_then(|it| it.outcome.as_ref().ok());
        agreed.map(|it| it.format.clone()).ok_or(Code::NotConnected)
    }

    /// The wire of a pin that has not let go of it.
    fn wire_of(&self, pin: &PinRef) -> Option<usize> {
        let mut wires = self.site.graph.connections.iter();
        let found = wires.position(|it| it.from == *pin || it.to == *pin)?;
        (!self.let_go.contains(pin)).then_some(found)
    }

    fn flow(&self, pin: &PinRef) -> Option<DataFlow> {
        flow_of(&self.site.wiring, &address(pin))
    }

    /// What the output checks before it offers anything (PIX-1).
    fn source_fault(&self, from: &PinRef, to: &PinRef) -> Option<Code> {
        match () {
            () if self.flow(to) != Some(DataFlow::In) => Some(Code::InvalidDirection),
            () if self.wire_of(from).is_some() => Some(Code::AlreadyConnected),
            () if self.running.contains(&from.filter) => Some(Code::NotStopped),
            () => None,
        }
    }

    /// What the input checks when it is offered a format (PIX-3).
    fn sink_fault(&self, from: &PinRef, to: &PinRef, format: &DataFormat) -> Option<Code> {
        let takes = |range: &DataRange| range.contains(format);
        match () {
            () if self.running.contains(&to.filter) => Some(Code::NotStopped),
            () if self.wire_of(to).is_some() => Some(Code::AlreadyConnected),
            () if !self.ranges(to).iter().any(takes) => Some(Code::TypeNotAccepted),
            () if self.flow(from) != Some(DataFlow::Out) => Some(Code::InvalidDirection),
            () => None,
        }
    }

    /// What a pin has, the best first.
    fn ranges(&self, pin: &PinRef) -> Vec<DataRange> {
        let address = address(pin);
        match self.site.wiring.constrained(&address) {
            [] => self.site.wiring.described(&address).to_vec(),
            left => left.to_vec(),
        }
    }

    /// What an input answers to an output that offers it a format, and the wire, where it takes it (PIX-3).
    pub fn receive_connection(
        &mut self,
        to: &PinRef,
        from: Option<&PinRef>,
        format: &DataFormat,
    ) -> Result<(), Code> {
        let from = from.ok_or(Code::Pointer)?;
        match self.sink_fault(from, to, format) {
            Some(code) => Err(code),
            None => self
                .draw(from, to, format)
                .map_err(|_| Code::TypeNotAccepted),
        }
    }

    /// A wire from an output to an input as they are, nothing in between (PIX-1, PIX-2). Of a wish that leaves something open the
    /// input's formats are tried first, then the output's.
    pub fn connect_direct(
        &mut self,
        from: Option<&PinRef>,
        to: Option<&PinRef>,
        wish: Wish<'_>,
    ) -> Result<Code, Code> {
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Code::Pointer);
        };
        if let Some(code) = self.source_fault(from, to) {
            return Err(code);
        }
        if let Some(code) = self.loop_or_device(from, to) {
            return Err(code);
        }
        if let Wish::Exactly(format) = wish {
            if let Some(code) = self.sink_fault(from, to, format) {
                return Err(code);
            }
            let drawn = self.draw(from, to, format);
            return drawn.map(|()| Code::Ok).map_err(|_| Code::TypeNotAccepted);
        }
        let (ours, theirs) = (self.ranges(from), self.ranges(to));
        let first = overlaps(&theirs, &ours);
        let all: Vec<DataRange> = first.chain(overlaps(&ours, &theirs)).collect();
        let all = all.iter().filter_map(|both| match wish {
            Wish::Within(range) => range.overlap(both).ok(),
            Wish::Any | Wish::Exactly(_) => Some(both.clone()),
        });
        let formats: Vec<DataFormat> = all.filter_map(|it| it.choose()).collect();
        for format in formats {
            match self.sink_fault(from, to, &format) {
                Some(Code::TypeNotAccepted) => {}
                Some(code) => return Err(code),
                None if self.draw(from, to, &format).is_ok() => return Ok(Code::Ok),
                None => {}
            }
        }
        Err(Code::NoAcceptableTypes)
    }

    /// What ends a connection before any format is looked at (CYC-1, INT-2).
    fn loop_or_device(&self, from: &PinRef, to: &PinRef) -> Option<Code> {
        self.with_builder(|builder, site| {
            if builder.not_ready(site, from, to).is_some() {
                return Some(Code::NoAudioHardware);
            }
            let refused = builder.direct(site, from, to).err()?;
            let is_loop = matches!(refused.step, Step::Cycle | Step::SameFilter);
            is_loop.then_some(Code::CircularGraph)
        })
    }

    /// Draws a wire with a format; what does not hold leaves nothing.
    fn draw(&mut self, from: &PinRef, to: &PinRef, format: &DataFormat) -> Result<(), ()> {
        let mut connection = wire(from, to);
        connection.chosen.format = Some(format.clone());
        let mut edits = self.half_wires(&[from, to]);
        edits.push(Edit::Connect(connection));
        let edit = Edit::Batch(edits);
        let trial = self.with_builder(|builder, site| builder.trial(site, &edit));
        let trial = trial.ok_or(())?;
        let made = trial.wiring.wire(&address(from), &address(to));
        if made.is_none_or(|it| it.outcome.is_err()) || refused(&trial) > refused(&self.site) {
            return Err(());
        }
        self.take(trial);
        self.let_go.remove(from);
        self.let_go.remove(to);
        Ok(())
    }

    /// Wires that one of the pins has let go and the other end has not: a new one takes their place.
    fn half_wires(&self, pins: &[&PinRef]) -> Vec<Edit> {
        let wires = self.site.graph.connections.iter().enumerate();
        let gone = wires.filter(|(_, it)| {
            let mine = |end: &PinRef| pins.contains(&end) && self.let_go.contains(end);
            mine(&it.from) || mine(&it.to)
        });
        let gone: Vec<usize> = gone.map(|(index, _)| index).collect();
        gone.into_iter().rev().map(Edit::Disconnect).collect()
    }

    /// A wire from one pin to another with what it takes (19.2). Pins that are given the wrong way round are turned.
    pub fn connect(&mut self, from: Option<&PinRef>, to: Option<&PinRef>) -> Result<Code, Code> {
        let (Some(from), Some(to)) = (from, to) else {
            return Err(Code::Pointer);
        };
        let (from, to) = match (self.flow(from), self.flow(to)) {
            (Some(DataFlow::In), Some(DataFlow::Out)) => (to, from),
            _ => (from, to),
        };
        match self.connect_direct(Some(from), Some(to), Wish::Any) {
            Ok(code) => return Ok(code),
            Err(code @ (Code::NotConnected | Code::NoAudioHardware)) => return Err(code),
            Err(
                Code::AlreadyConnected
                | Code::NotStopped
                | Code::CircularGraph
                | Code::InvalidDirection,
            ) => return Err(Code::CannotConnect),
            Err(_) => {}
        }
        let found = self.with_builder(|builder, site| builder.connect(site, from, to));
        match found {
            Ok(built) => self.perform(built.edit).map(|()| Code::Ok),
            Err(stopped) => return Err(ended(&stopped)),
        }
        .ok_or(Code::CannotConnect)
    }

    /// Leads an output to where it ends; only to filters that are there, where that is asked for (19.3).
    pub fn render(&mut self, from: Option<&PinRef>, is_there: bool) -> Result<Code, Code> {
        let from = from.ok_or(Code::Pointer)?;
        if self.flow(from) != Some(DataFlow::Out) {
            return Err(Code::InvalidDirection);
        }
        if self.wire_of(from).is_some() {
            return Err(Code::AlreadyConnected);
        }
        let found = self.with_builder(|builder, site| builder.render_pin(site, from, is_there));
        match found {
            Ok(rendered) => self.rendered(rendered),
            Err(attempt) => Err(match attempt.outcome {
                super::Outcome::Refused(it) if it.status == Status::DeviceNotReady => {
                    Code::NoAudioHardware
                }
                _ => Code::CannotRender,
            }),
        }
    }

    /// Reads a file of which is known what it is, and renders all that comes out (REN-2).
    pub fn render_file(&mut self, path: &Path, fact: FileFact) -> Result<Code, Code> {
        self.facts.files.insert(path.to_owned(), fact.clone());
        let text = path_text(path);
        let media = Media {
            path: &text,
            fact: &fact,
            at: Position { x: 80.0, y: 120.0 },
        };
        let found = self.with_builder(|builder, site| builder.render_file(site, &media));
        match found {
            Ok(rendered) => self.rendered(rendered),
            Err(_) => Err(Code::CannotRender),
        }
    }

    fn rendered(&mut self, rendered: Rendered) -> Result<Code, Code> {
        let code = match rendered.left.is_empty() {
            true => Code::Ok,
            false => Code::PartialRender,
        };
        self.perform(rendered.edit).ok_or(Code::CannotRender)?;
        Ok(code)
    }

    /// Lets a pin go. The pin at the other end keeps what it has until it is let go as well (PIX-4).
    pub fn disconnect(&mut self, pin: Option<&PinRef>) -> Result<Code, Code> {
        let pin = pin.ok_or(Code::Pointer)?;
        if self.running.contains(&pin.filter) {
            return Err(Code::NotStopped);
        }
        let Some(at) = self.wire_of(pin) else {
            return Ok(Code::False);
        };
        let other = self.connected_to(pin)?;
        self.let_go.insert(pin.clone());
        if self.let_go.contains(&other) {
            self.let_go.remove(pin);
            self.let_go.remove(&other);
            self.perform(Edit::Disconnect(at))
                .ok_or(Code::NotConnected)?;
        }
        Ok(Code::Ok)
    }

    /// Connects a connected pin to the same partner again.
    pub fn reconnect(&mut self, pin: Option<&PinRef>) -> Result<Code, Code> {
        let pin = pin.ok_or(Code::Pointer)?;
        let at = self.wire_of(pin).ok_or(Code::NotConnected)?;
        let wire = self.site.graph.connections[at].clone();
        let format = self.format(pin)?;
        let before = (self.site.clone(), self.let_go.clone());
        self.let_go.remove(&wire.from);
        self.let_go.remove(&wire.to);
        self.perform(Edit::Disconnect(at))
            .ok_or(Code::NotConnected)?;
        let done = self.connect_direct(Some(&wire.from), Some(&wire.to), Wish::Exactly(&format));
        if done.is_err() {
            (self.site, self.let_go) = before;
        }
        done
    }

    fn with_builder<T>(&self, call: impl FnOnce(&Builder<'_>, &Site) -> T) -> T {
        let sizes = Sizes::new();
        let level = FilterPath::default();
        let builder = Builder {
            catalogue: &self.catalogue,
            facts: &self.facts,
            base: None,
            sizes: &sizes,
            merit: &|it: &Descriptor| it.merit,
            level: &level,
            is_told: false,
        };
        call(&builder, &self.site)
    }

    fn perform(&mut self, edit: Edit) -> Option<()> {
        apply(&mut self.site.graph, edit).ok()?;
        let (catalogue, facts) = (&self.catalogue, &self.facts);
        self.site
            .wiring
            .agree(&self.site.graph, catalogue, facts, None);
        self.forget();
        Some(())
    }

    fn take(&mut self, site: Site) {
        self.site = site;
        self.forget();
    }

    /// Only ends of wires can have been let go.
    fn forget(&mut self) {
        let wires = &self.site.graph.connections;
        self.let_go
            .retain(|pin| wires.iter().any(|it| it.from == *pin || it.to == *pin));
    }
}

fn ended(stopped: &Stopped) -> Code {
    match stopped.refusal.status {
        Status::DeviceNotReady => Code::NoAudioHardware,
        _ => Code::CannotConnect,
    }
}

fn refused(site: &Site) -> usize {
    let wires = site.wiring.wires.iter();
    wires.filter(|it| it.outcome.is_err()).count()
}

fn address(pin: &PinRef) -> PinAddress {
    PinAddress {
        filter: FilterPath::from(vec![pin.filter]),
        pin: pin.pin.clone(),
        instance: pin.instance,
    }
}
