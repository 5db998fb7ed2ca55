//! Filters made of other filters: a group that went into the catalogue. It negotiates as what is inside does; a box of
//! this kind is unfolded into a group (`instance.rs`), and so nothing but its parts is ever opened.
//!
//! Not the text of its file: `file/recipe.rs`.

use std::any::Any;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::flatten::Flat;
use super::fold::own;
use super::instance::settle;
use super::model::{Graph, Group, GroupProperty, NodeKind, PinRef};
use super::resolve::resolve;
use super::wiring::{FilterPath, PinAddress};
use crate::ks::ids::Guid;
use crate::ks::{
    Catalogue, Constrained, Descriptor, Domain, Facts, Filter, OpenError, Opened, Opening,
    PinFactory, Preset, Property, Settings, Value, lasting, merit, share_ranges,
};

/// A group on its way into the catalogue: what a file of it holds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Recipe {
    /// The name in files.
    pub key: String,
    /// The name people read.
    pub title: String,
    /// Functional categories.
    pub categories: Vec<Guid>,
    /// What it does.
    pub help: String,
    /// How gladly it is taken; `None`: as the part of it that is taken least gladly.
    pub merit: Option<u32>,
    /// What it is made of, and the pins and properties it shows.
    pub group: Group,
    /// The file it was read from.
    pub file: Option<PathBuf>,
}

/// What a filter made of others has inside.
#[derive(Clone, PartialEq, Debug)]
pub struct Inside {
    /// The group that a box of its kind is unfolded into.
    pub original: Arc<Group>,
    /// Where it comes from.
    pub recipe: Recipe,
}

impl Recipe {
    /// A group as it stands, by its name and under a key made of that.
    pub fn of(title: &str, group: &Group) -> Self {
        Self {
            key: key_of(title),
            title: title.to_owned(),
            group: own(group),
            ..Self::default()
        }
    }

    /// The recipe shows one more property of a box inside, under a title. Its key comes back.
    pub fn show(&mut self, inner: FilterPath, property: &str, title: &str) -> String {
        let shown = &mut self.group.properties;
        shown.retain(|it| it.inner != inner || it.property != property);
        let plain = key_of(title);
        let mut key = plain.clone();
        let mut number = 2_u32;
        while shown.iter().any(|it| it.key == key) {
            key = format!("{plain}_{number}");
            number += 1;
        }
        shown.push(GroupProperty {
            key: key.clone(),
            title: title.to_owned(),
            inner,
            property: property.to_owned(),
        });
        key
    }

    /// Keys of the filters in it, through all groups.
    pub fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        gather(&self.group.graph, &mut keys);
        keys
    }
}

/// A key made of a title: `Warm Echo` is `warm_echo`.
pub fn key_of(title: &str) -> String {
    let lower = title.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    match words.is_empty() {
        true => "filter".to_owned(),
        false => words.join("_"),
    }
}

fn gather(graph: &Graph, keys: &mut BTreeSet<String>) {
    for node in graph.filters.values() {
        match (&node.kind, node.kind.filter()) {
            (_, Some(filter)) => _ = keys.insert(filter.key.clone()),
            (NodeKind::Group(group), None) => gather(&group.graph, keys),
            (NodeKind::Filter(_), None) => {}
        }
    }
}

/// Registers filters made of others, whatever the order: one that others are made of goes first. What cannot be registered
/// comes back by its place in the list, with the reason.
pub fn compose(catalogue: &mut Catalogue, recipes: &[Recipe]) -> Vec<(usize, String)> {
    let mut waiting: Vec<usize> = (0..recipes.len()).collect();
    let mut faults = vec![];
    loop {
        let still: BTreeSet<&str> = waiting.iter().map(|&at| &*recipes[at].key).collect();
        let is_ready = |at: &usize| !recipes[*at].keys().iter().any(|it| still.contains(&**it));
        let ready: Vec<usize> = waiting.iter().copied().filter(is_ready).collect();
        if ready.is_empty() {
            break;
        }
        waiting.retain(|at| !ready.contains(at));
        for at in ready {
            let made = Composite::new(&recipes[at], catalogue);
            if let Err(error) = catalogue.register(Arc::new(made)) {
                faults.push((at, error.to_string()));
            }
        }
    }
    let ring: Vec<&Recipe> = waiting.iter().map(|&at| &recipes[at]).collect();
    faults.extend(waiting.iter().map(|&at| (at, chain(&recipes[at], &ring))));
    faults.sort();
    faults
}

/// Why a filter cannot be: the way on which it leads back to itself, or to one that does.
fn chain(from: &Recipe, ring: &[&Recipe]) -> String {
    let mut way = vec![from];
    while let Some(last) = way.last() {
        let keys = last.keys();
        let Some(next) = ring.iter().find(|it| keys.contains(&it.key)) else {
            break;
        };
        let is_back = way.iter().any(|it| it.key == next.key);
        way.push(next);
        if is_back {
            break;
        }
    }
    let titles: Vec<&str> = way.iter().map(|it| &*it.title).collect();
    let closing = way.last().map_or("", |it| &it.title);
    format!(
        "the filter {closing:?} would hold itself ({}); take it out of its own inside, or give one of them another key",
        titles.join(" holds ")
    )
}

/// Whether a group may become the filter `key`: else why not.
pub fn may_hold(catalogue: &Catalogue, key: &str, recipe: &Recipe) -> Result<(), String> {
    let mut way: Vec<String> = vec![];
    if leads_to(
        catalogue,
        &recipe.keys(),
        key,
        &mut way,
        &mut BTreeSet::new(),
    ) {
        way.push(key.to_owned());
        way.reverse();
        let titled = |key: &String| match catalogue.get(key) {
            Some(it) => it.descriptor().title.to_string(),
            None => key.clone(),
        };
        let titles: Vec<String> = way.iter().map(titled).collect();
        return Err(format!(
            "it would hold itself: {}; take that out of it, or give it another key than {key:?}",
            titles.join(" holds ")
        ));
    }
    Ok(())
}

fn leads_to(
    catalogue: &Catalogue,
    keys: &BTreeSet<String>,
    wanted: &str,
    way: &mut Vec<String>,
    seen: &mut BTreeSet<String>,
) -> bool {
    keys.iter().any(|key| {
        let mut inner = BTreeSet::new();
        if let Some(original) = original_of(catalogue, key) {
            gather(&original.graph, &mut inner);
        }
        let is_new = seen.insert(key.clone());
        let leads = key == wanted || is_new && leads_to(catalogue, &inner, wanted, way, seen);
        if leads {
            way.push(key.clone());
        }
        leads
    })
}

/// What a filter of the catalogue is made of, where it is made of others.
pub fn inside_of<'a>(catalogue: &'a Catalogue, key: &str) -> Option<&'a Inside> {
    catalogue.get(key)?.inside()?.downcast_ref()
}

/// The group that boxes of a kind are unfolded into.
pub(super) fn original_of<'a>(catalogue: &'a Catalogue, key: &str) -> Option<&'a Arc<Group>> {
    Some(&inside_of(catalogue, key)?.original)
}

/// A filter made of others.
pub struct Composite {
    descriptor: Descriptor,
    inside: Inside,
    parts: Vec<Part>,
    /// Wires between parts: part and pin factory of each end.
    wires: Vec<(Seat, Seat)>,
    /// For each pin it shows the pin of a part.
    shown: Vec<Option<Seat>>,
    /// For each property it shows the part and its key there.
    moved: Vec<(String, Option<usize>, String)>,
}

type Seat = (usize, usize);

/// One of the filters inside.
struct Part {
    kind: Arc<dyn Filter>,
    descriptor: Descriptor,
    values: BTreeMap<String, Value>,
}

impl Composite {
    /// The filter that a recipe makes of what the catalogue has.
    pub fn new(recipe: &Recipe, catalogue: &Catalogue) -> Self {
        let mut group = recipe.group.clone();
        settle(&mut group.graph, catalogue);
        let facts = Facts::nominal();
        let flat = Flat::default().follow(&group.graph);
        let mut places: BTreeMap<FilterPath, usize> = BTreeMap::new();
        let mut parts = vec![];
        for (path, (_, node)) in &flat.filters {
            let NodeKind::Filter(filter) = &node.kind else {
                continue;
            };
            let Some(kind) = catalogue.get(&filter.key) else {
                continue;
            };
            let settings = Settings {
                values: &filter.values,
                base: None,
            };
            places.insert(path.clone(), parts.len());
            parts.push(Part {
                kind: Arc::clone(kind),
                descriptor: kind.describe(&settings, &facts).into_owned(),
                values: (*filter.values).clone(),
            });
        }
        let seat = |pin: &PinAddress| {
            let part = *places.get(&pin.filter)?;
            Some((part, parts[part].descriptor.pin(&pin.pin)?.0))
        };
        let wires = flat.new_wires.iter();
        let wires: Vec<(Seat, Seat)> = wires
            .filter_map(|wire| seat(&wire.from).zip(seat(&wire.to)))
            .collect();
        let mut pins = vec![];
        let mut shown = vec![];
        for pin in &group.pins {
            let inner = resolve(&group.graph, &FilterPath::default(), &pin.inner).ok();
            let found = inner.as_ref().and_then(&seat);
            // A pin of a filter that is not installed: nobody knows which way it leads.
            let Some((part, factory)) = found else {
                continue;
            };
            let inner = &parts[part].descriptor.pins[factory];
            pins.push(shown_pin(&pin.name, inner, &pin.inner, &group.graph));
            shown.push(found);
        }
        let mut properties = vec![];
        let mut moved = vec![];
        for it in &group.properties {
            let Some((property, place, key)) = property_of(&group.graph, it, catalogue) else {
                continue;
            };
            properties.push(property);
            moved.push((it.key.clone(), places.get(&place).copied(), key));
        }
        let least = parts.iter().map(|part| part.descriptor.merit).min();
        let mut descriptor = Descriptor::new("", "", &[], &[], &[]);
        descriptor.key = Cow::Owned(recipe.key.clone());
        descriptor.title = Cow::Owned(recipe.title.clone());
        descriptor.categories = Cow::Owned(recipe.categories.clone());
        descriptor.help = Cow::Owned(recipe.help.clone());
        descriptor.merit = recipe.merit.or(least).unwrap_or(merit::DO_NOT_USE);
        descriptor.pins = Cow::Owned(pins);
        descriptor.properties = Cow::Owned(properties);
        Self {
            descriptor,
            inside: Inside {
                original: Arc::new(group),
                recipe: recipe.clone(),
            },
            parts,
            wires,
            shown,
            moved,
        }
    }
}

/// The pin of a part as the whole shows it.
fn shown_pin(name: &str, inner: &PinFactory, at: &PinRef, graph: &Graph) -> PinFactory {
    let mut pin = inner.clone();
    pin.name = Cow::Owned(name.to_owned());
    // Which pins go together inside is told by constraining; these names mean nothing outside.
    pin.in_place_of = None;
    pin.same_format_as = None;
    pin.delayed_by = None;
    pin.shows = None;
    let is_used = |end: &PinRef| end.filter == at.filter && end.pin == at.pin;
    let wires = graph.connections.iter();
    let used = wires.filter(|wire| is_used(&wire.from) || is_used(&wire.to));
    let used = u32::try_from(used.count())
        .unwrap_or(u32::MAX)
        .max(at.instance);
    if pin.instances.possible != u32::MAX {
        pin.instances.possible = pin.instances.possible.saturating_sub(used).max(1);
    }
    pin.instances.necessary = pin.instances.necessary.saturating_sub(used);
    pin
}

/// A property of a part as the whole shows it, the part and the key there.
pub fn property_of(
    graph: &Graph,
    shown: &GroupProperty,
    catalogue: &Catalogue,
) -> Option<(Property, FilterPath, String)> {
    let node = graph.at(&shown.inner)?;
    let (inner, place, key) = match (&node.kind, node.kind.filter()) {
        (NodeKind::Filter(_), Some(filter)) => {
            let kind = catalogue.get(&filter.key)?.descriptor();
            let (_, inner) = kind.property(&shown.property)?;
            (*inner, shown.inner.clone(), shown.property.clone())
        }
        // What a group inside shows in turn.
        (NodeKind::Group(group), _) => {
            let it = group
                .properties
                .iter()
                .find(|it| it.key == shown.property)?;
            let (inner, place, key) = property_of(&group.graph, it, catalogue)?;
            let mut ids = shown.inner.0.clone();
            ids.extend(place.0);
            (inner, FilterPath(ids), key)
        }
        (NodeKind::Filter(_), None) => return None,
    };
    let value = match graph.at(&place).map(|node| &node.kind) {
        Some(NodeKind::Filter(filter)) => filter.values.get(&key),
        _ => None,
    };
    let value = value.and_then(|value| inner.legal(value));
    let default = match value {
        Some(Value::Number(number)) => Preset::Number(number),
        Some(Value::Flag(flag)) => Preset::Flag(flag),
        Some(Value::Text(text)) => Preset::Text(match inner.domain {
            // The word as the choice has it.
            Domain::Choice(words) => words.iter().find(|it| **it == text).copied()?,
            _ => lasting(&text),
        }),
        None => inner.default,
    };
    let property = Property {
        key: lasting(&shown.key),
        title: lasting(&shown.title),
        default,
        group: "",
        ..inner
    };
    Some((property, place, key))
}

impl Filter for Composite {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn inside(&self) -> Option<&(dyn Any + Send + Sync)> {
        Some(&self.inside)
    }

    /// What narrows outside narrows on the pins of the parts, goes on by their wires, and comes out again.
    fn constrain(&self, _: &Descriptor, settings: &Settings<'_>, pins: &mut Constrained) {
        let mut values: Vec<BTreeMap<String, Value>> =
            self.parts.iter().map(|it| it.values.clone()).collect();
        for (key, part, inner) in &self.moved {
            if let (Some(part), Some(value)) = (part, settings.values.get(key)) {
                values[*part].insert(inner.clone(), value.clone());
            }
        }
        let ranges = |part: &Part| {
            part.descriptor
                .pins
                .iter()
                .map(|it| it.ranges.to_vec())
                .collect()
        };
        let mut lists: Vec<Constrained> = self.parts.iter().map(ranges).collect();
        for (pin, seat) in self.shown.iter().enumerate() {
            if let Some((part, factory)) = seat {
                lists[*part][*factory].clone_from(&pins[pin]);
            }
        }
        for _ in 0..=self.parts.len() {
            let before = lists.clone();
            for (from, to) in &self.wires {
                let mut both = vec![lists[from.0][from.1].clone(), lists[to.0][to.1].clone()];
                share_ranges(&mut both, 0, 1);
                lists[from.0][from.1].clone_from(&both[0]);
                lists[to.0][to.1].clone_from(&both[0]);
            }
            for (index, part) in self.parts.iter().enumerate() {
                let settings = Settings {
                    values: &values[index],
                    base: settings.base,
                };
                part.kind
                    .constrain(&part.descriptor, &settings, &mut lists[index]);
            }
            if before == lists {
                break;
            }
        }
        for (pin, seat) in self.shown.iter().enumerate() {
            if let Some((part, factory)) = seat {
                pins[pin].clone_from(&lists[*part][*factory]);
            }
        }
    }

    fn open(&self, _: &Opening<'_>) -> Result<Opened, OpenError> {
        let title = &self.descriptor.title;
        Err(OpenError::Other(format!(
            "{title} is made of other filters, which are opened in its place"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{from_ron, negotiate};
    use crate::ks::DataRange;
    use crate::portcls::Offline;

    const PAIR: &str = r#"(kind: "ksgraph-filter", version: 1, key: "pair", title: "Pair", group: (
        pins: [(name: "left", inner: "1.in"), (name: "right", inner: "2.out")],
        properties: [(key: "loud", title: "Loud", inner: "2", property: "level"), (key: "odd", title: "Odd", inner: "9", property: "level")],
        filters: [(id: 1, key: "gain", name: "a", at: (0, 0)), (id: 2, key: "gain", name: "b", at: (0, 0), values: {"level": -6})],
        connections: [(from: "1.out", to: "2.in")]))"#;

    fn catalogue() -> Catalogue {
        let offline = Arc::new(Offline);
        let mut catalogue = crate::filters::catalogue(Arc::clone(&offline) as _, offline);
        let (recipe, _) = crate::graph::recipe_from_ron(PAIR.as_bytes(), "pair.ron").unwrap();
        assert_eq!(compose(&mut catalogue, &[recipe]), []);
        catalogue
    }

    #[test]
    fn what_narrows_at_one_pin_narrows_at_the_other() {
        let catalogue = catalogue();
        let kind = catalogue.get("pair").unwrap();
        let descriptor = kind.descriptor();
        let names: Vec<&str> = descriptor.pins.iter().map(|pin| &*pin.name).collect();
        assert_eq!(names, ["left", "right"]);
        // A property of a box that is not there is left out, and the value inside is the default of the others.
        let keys: Vec<&str> = descriptor.properties.iter().map(|it| it.key).collect();
        assert_eq!(keys, ["loud"]);
        assert_eq!(descriptor.properties[0].default, Preset::Number(-6.0));
        let mono = DataRange::float(44_100, 44_100).exactly_channels(1);
        let mut pins = vec![vec![mono.clone()], descriptor.pins[1].ranges.to_vec()];
        let values = BTreeMap::new();
        let settings = Settings {
            values: &values,
            base: None,
        };
        kind.constrain(descriptor, &settings, &mut pins);
        assert_eq!(pins, [vec![mono.clone()], vec![mono]]);
    }

    #[test]
    fn a_graph_is_agreed_as_if_all_in_it_were_unfolded() {
        let text = r#"(kind: "ksgraph", version: 1, filters: [(id: 1, key: "tone", name: "t", at: (0, 0)), (id: 2, key: "pair",
            name: "p", at: (0, 0), values: {"loud": -9}, bypassed: true)], connections: [(from: "1.out", to: "2.left")])"#;
        let catalogue = catalogue();
        let mut graph = from_ron(text.as_bytes(), "g.ron").unwrap().graph;
        let facts = Facts::nominal();
        let folded = negotiate(&graph, &catalogue, &facts, None);
        assert!(folded.problems.is_empty(), "{:?}", folded.problems);
        assert_eq!(folded.wires.len(), 2);
        let inner = folded.filters.values().find(|it| it.name == "p/b").unwrap();
        assert_eq!(inner.values["level"], Value::Number(-9.0));
        assert!(inner.is_bypassed);
        assert!(settle(&mut graph, &catalogue) && !settle(&mut graph, &catalogue));
        let settled = negotiate(&graph, &catalogue, &facts, None);
        assert_eq!(settled.filters.len(), folded.filters.len());
        // Written, it is the box that it was.
        assert!(crate::graph::to_ron(&graph).contains("key: \"pair\""));
    }
}
