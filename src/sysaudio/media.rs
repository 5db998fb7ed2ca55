//! A file to where it ends (19.3): which kind of filter reads it, and what comes behind.
//!
//! ```text
//!   what is in the file   >   kinds that read such, by merit, the newest first   >   rendered whole, else in part
//! ```
//! What a file holds was observed before; no file is opened here.

use std::path::Path;

use super::attempt::{Attempt, Outcome};
use super::connect::{Builder, Site, fresh};
use super::render::Rendered;
use crate::graph::{Edit, FilterId, FilterNode, Node, NodeKind, PinRef, Position};
use crate::ks::ids::category;
use crate::ks::merit::UNLIKELY;
use crate::ks::{
    Catalogue, DataFlow, Descriptor, Domain, FileFact, Kind, PinFactory, Property, Value,
};

/// A file that is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Media<'a> {
    /// Its path as the graph names it.
    pub path: &'a str,
    /// What it was found to be.
    pub fact: &'a FileFact,
    /// Where what reads it is to stand.
    pub at: Position,
}

/// Kinds of filter that read a file, best first, each with the property that names the file. What is in the file decides; only
/// where the program does not know it, the ending of its name ([`Descriptor::reads`]).
pub fn readers<'c>(
    catalogue: &'c Catalogue,
    merit: &dyn Fn(&Descriptor) -> u32,
    path: &Path,
    fact: &FileFact,
) -> Vec<(&'c Descriptor, Property)> {
    let kinds = catalogue.iter().map(|it| it.descriptor()).enumerate();
    let mut found: Vec<_> = kinds
        .filter(|(_, it)| merit(it) >= UNLIKELY && reads(it, path, fact))
        .filter_map(|(age, it)| {
            let mut properties = it.properties.iter();
            let property = properties.find(|it| it.domain == Domain::Path)?;
            Some((merit(it), age, it, *property))
        })
        .collect();
    found.sort_by_key(|(merit, age, ..)| std::cmp::Reverse((*merit, *age)));
    let found = found.into_iter();
    found
        .map(|(_, _, kind, property)| (kind, property))
        .collect()
}

/// Whether a kind of filter is one for what is in a file.
fn reads(kind: &Descriptor, path: &Path, fact: &FileFact) -> bool {
    let has = |flow, wanted: Kind| {
        let mut pins = kind.pins.iter();
        pins.any(|pin| is_open(pin, flow) && pin.kind() == wanted)
    };
    if !kind.reads.is_empty() {
        let ending = path.extension().map(|it| it.to_string_lossy());
        let mut endings = kind.reads.iter();
        return ending.is_some_and(|it| endings.any(|own| own.eq_ignore_ascii_case(&it)));
    }
    let of = |id| kind.categories.contains(&id);
    match fact {
        FileFact::Wave { .. } | FileFact::Pending => {
            of(category::FILESYSTEM) && has(DataFlow::Out, Kind::Audio)
        }
        FileFact::Song(_) => of(category::FILESYSTEM) && has(DataFlow::Out, Kind::Events),
        FileFact::Bank => of(category::SYNTHESIZER) && has(DataFlow::In, Kind::Events),
        FileFact::Unusable(_) => false,
    }
}

fn is_open(pin: &PinFactory, flow: DataFlow) -> bool {
    pin.data_flow == flow && !pin.is_bridge()
}

/// Why nothing reads a file.
fn unread(media: &Media<'_>) -> String {
    match media.fact {
        FileFact::Unusable(reason) => reason.clone(),
        FileFact::Bank => "no synthesizer plays banks of instruments".into(),
        FileFact::Song(_) => "no filter reads files of notes".into(),
        FileFact::Wave { .. } | FileFact::Pending => "no filter reads files of sound".into(),
    }
}

impl Builder<'_> {
    /// Kinds that read a file, as this builder's user likes them.
    fn readers(&self, media: &Media<'_>) -> Vec<(&Descriptor, Property)> {
        let path = Path::new(media.path);
        readers(self.catalogue, self.merit, path, media.fact)
    }

    /// The edit with a filter of a kind that reads the file.
    fn source(
        &self,
        site: &Site,
        media: &Media<'_>,
        (kind, property): (&Descriptor, Property),
    ) -> (FilterId, Edit) {
        let id = FilterId(fresh(&site.graph));
        let value = Value::Text(media.path.to_owned());
        let node = Node {
            name: self.shown(site).unique_name(&kind.title),
            position: media.at,
            kind: NodeKind::Filter(FilterNode {
                key: kind.key.to_string(),
                values: [(property.key.to_owned(), value)].into(),
                ..FilterNode::default()
            }),
        };
        (id, Edit::Add { id, node })
    }

    /// The best reader of a file, and no wire. `Err` says why there is none.
    pub fn place_file(&self, site: &Site, media: &Media<'_>) -> Result<(FilterId, Edit), String> {
        let best = self.readers(media).into_iter().next();
        let best = best.ok_or_else(|| unread(media))?;
        Ok(self.source(site, media, best))
    }

    /// Each reader of a file as it would stand, the best first, until `call` takes one.
    fn first_reader<T>(
        &self,
        site: &Site,
        media: &Media<'_>,
        mut call: impl FnMut(&Descriptor, &Site, FilterId, Edit) -> Option<T>,
    ) -> Option<T> {
        self.readers(media).into_iter().find_map(|reader| {
            let (id, edit) = self.source(site, media, reader);
            let trial = self.trial(site, &edit)?;
            call(reader.0, &trial, id, edit)
        })
    }

    /// A file read and led to a free input of a filter that is there, with what it takes; the first that holds. The reader is the
    /// first of what is added.
    pub fn feed_file(&self, site: &Site, media: &Media<'_>, to: FilterId) -> Option<Rendered> {
        self.first_reader(site, media, |kind, trial, id, edit| {
            let outputs = self.free_pins(trial, id, DataFlow::Out);
            let inputs = self.free_pins(trial, to, DataFlow::In);
            let mut ends = outputs
                .iter()
                .flat_map(|from| inputs.iter().map(move |to| (from, to)));
            let built = ends.find_map(|(from, to)| self.connect(trial, from, to).ok())?;
            Some(Rendered {
                edit: Edit::Batch(vec![edit, built.edit]),
                added: [vec![id], built.added].concat(),
                names: [vec![kind.title.to_string()], built.names].concat(),
                left: vec![],
                attempt: built.attempt,
            })
        })
    }

    /// A file rendered: read, and all that comes out led to where it ends (REN-2). Of several readers the best that is rendered
    /// whole is taken, else the best that is in part; the reader is the first of what is added. `Err` is what was tried.
    pub fn render_file(&self, site: &Site, media: &Media<'_>) -> Result<Rendered, Box<Attempt>> {
        let name = Path::new(media.path).file_name();
        let name = name.map_or(media.path.into(), |it| it.to_string_lossy());
        let mut root = Attempt::new(format!("render {name}"), Outcome::Fails(unread(media)));
        let mut partly: Option<Rendered> = None;
        let whole = self.first_reader(site, media, |kind, trial, id, edit| {
            let title = self.shown(trial).filters.get(&id);
            let title = title.map_or(kind.title.to_string(), |node| node.name.clone());
            let found = self.render_filter(trial, id, false);
            let mut tried = Attempt::new(
                format!("read by {title}"),
                Outcome::Fails("nothing renders what it gives".into()),
            );
            match found {
                Ok(mut rendered) => {
                    tried.outcome = rendered.attempt.outcome.clone();
                    tried.inner = std::mem::take(&mut rendered.attempt.inner);
                    root.inner.push(tried);
                    rendered.edit = Edit::Batch(vec![edit, rendered.edit]);
                    rendered.added.insert(0, id);
                    rendered.names.insert(0, title);
                    if rendered.left.is_empty() {
                        return Some(rendered);
                    }
                    partly.get_or_insert(rendered);
                }
                Err(attempt) => {
                    tried.inner = attempt.inner;
                    root.outcome = Outcome::Fails(format!("{title}: {}", attempt.outcome.words()));
                    root.inner.push(tried);
                }
            }
            None
        });
        match whole.or(partly) {
            Some(mut rendered) => {
                root.outcome = rendered.attempt.outcome.clone();
                rendered.attempt = root;
                Ok(rendered)
            }
            None => Err(Box::new(root)),
        }
    }

    /// Pins of a filter that nothing is connected to, where a wire may lead by itself (INT-3).
    pub(super) fn free_pins(&self, site: &Site, filter: FilterId, flow: DataFlow) -> Vec<PinRef> {
        let path = self.level.child(filter);
        let wired = site.wiring.filters.get(&path);
        let pins = wired.and_then(|it| it.descriptor.as_deref());
        let pins = pins.map_or(&[][..], |it| &it.pins).iter();
        let graph = self.shown(site);
        let free = pins.filter(|pin| is_open(pin, flow)).filter_map(|pin| {
            if flow == DataFlow::Out && pin.name.starts_with(crate::graph::route::UNTAKEN) {
                return None;
            }
            let mut wires = graph.connections.iter();
            let is_led = wires.any(|it| it.from.filter == filter && it.from.pin == pin.name);
            let possible = pin.instances.possible;
            let instance = match flow {
                // An output that grows is connected as soon as one of its pins is.
                DataFlow::Out => (!is_led).then_some(0),
                DataFlow::In => graph.free_instance(filter, &pin.name, possible),
            };
            Some(PinRef {
                filter,
                pin: pin.name.to_string(),
                instance: instance?,
            })
        });
        free.collect()
    }
}
