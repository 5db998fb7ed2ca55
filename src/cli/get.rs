//! `ksgraph get GRAPH [FILTER[.PROPERTY]]`: what is set, and what it may be.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::names::{self, Name};
use super::{Answer, load, shapes, timing, values};
use crate::graph::{FilterPath, Graph, WiredFilter};
use crate::ks::{Domain, Facts, FileFact, Settings};

/// What `get` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph get graphs/first_sound.ron \"Gain.level\"")]
pub(super) struct Get {
    /// The graph
    graph: PathBuf,
    /// Only this filter, or one property of it; or clock, compensate, full_quality, rate of the whole graph
    name: Option<String>,
}

pub(super) fn run(it: &Get) -> Result<Answer, Failure> {
    let document = load::read(&it.graph)?;
    let name = it.name.as_deref();
    if let Some(key) = name.filter(|name| timing::KEYS.contains(name)) {
        let (words, value) = timing::value(document.graph(), key);
        return Ok(Answer::new(
            format!("{words}\n"),
            json!({ "filters": [], "graph": { key: value } }),
        ));
    }
    let bench = load::nominal(&document, None);
    let name = name
        .map(|name| Name::read_in(document.graph(), name))
        .transpose()?;
    let chosen = match &name {
        Some(name) => Some(names::find(document.graph(), name)?.1),
        None => None,
    };
    let key = name.as_ref().and_then(Name::member);
    let mut text = String::new();
    let mut list = vec![];
    let mut told = BTreeSet::new();
    for (path, filter) in &bench.wiring.filters {
        // A group stands for all that is in it.
        if chosen
            .as_ref()
            .is_some_and(|chosen| !path.0.starts_with(&chosen.0))
        {
            continue;
        }
        // A filter made of others is one filter; what is inside is shown where it is asked for by name.
        if let Some(owner) = instance_above(document.graph(), path)
            && chosen
                .as_ref()
                .is_none_or(|chosen| owner.0.starts_with(&chosen.0))
        {
            let node = document.graph().at(&owner);
            if told.insert(owner.clone())
                && let Some(filter) = node.and_then(|node| node.kind.filter())
            {
                let names = names_on(document.graph(), &owner);
                let shown = WiredFilter::of(&names, filter, &bench.catalogue);
                let found = Shown::of(document.graph(), &owner, &shown, key);
                if key.is_none() || !found.properties.is_empty() {
                    text += &found.text;
                    list.push(found.document);
                }
            }
            continue;
        }
        let mut found = Shown::of(document.graph(), path, filter, key);
        if key.is_none() {
            found.add_file(filter, &bench.facts, document.base.as_deref());
        }
        if key.is_some() && found.properties.is_empty() {
            continue;
        }
        text += &found.text;
        list.push(found.document);
    }
    if let Some(key) = key
        && list.is_empty()
    {
        let name = it.name.as_deref().unwrap_or_default();
        return Err(Failure::not_found(
            format!("get {name}"),
            format!("the filter has no property {key:?}"),
        )
        .cure("`ksgraph get GRAPH FILTER` lists its properties"));
    }
    let graph = timing::document(document.graph());
    Ok(Answer::new(
        text,
        json!({ "filters": list, "graph": graph }),
    ))
}

/// The outermost box around a filter that is an instance of a filter made of others.
fn instance_above(graph: &Graph, path: &FilterPath) -> Option<FilterPath> {
    let depths = 1..path.0.len();
    let mut boxes = depths.map(|depth| FilterPath::from(&path.0[..depth]));
    boxes.find_map(|owner| {
        let is_one = graph
            .at(&owner)
            .is_some_and(|it| it.kind.filter().is_some());
        is_one.then_some(owner)
    })
}

/// `group/filter`.
fn names_on(graph: &Graph, path: &FilterPath) -> String {
    let depths = 1..=path.0.len();
    let names = depths.filter_map(|depth| {
        let path = FilterPath::from(&path.0[..depth]);
        Some(graph.at(&path)?.name.clone())
    });
    let names: Vec<String> = names.collect();
    names.join("/")
}

struct Shown {
    text: String,
    properties: Vec<Json>,
    document: Json,
}

impl Shown {
    /// Adds what is known of the file of sound that the filter plays.
    fn add_file(&mut self, filter: &WiredFilter, facts: &Facts, base: Option<&Path>) {
        let settings = Settings {
            values: &filter.values,
            base,
        };
        let known = filter.descriptor.iter().flat_map(|it| it.properties.iter());
        let mut paths = known.filter(|property| property.domain == Domain::Path);
        let Some(FileFact::Wave { frames, about, .. }) =
            paths.find_map(|it| facts.file_of(&settings, it))
        else {
            return;
        };
        for (label, words) in about.rows() {
            self.text += &format!("  ({}: {words})\n", label.to_lowercase());
        }
        let tags = about.tags.iter();
        let tags: serde_json::Map<_, _> = tags
            .map(|(name, word)| (name.clone(), Json::from(word.as_str())))
            .collect();
        self.document["file"] = json!({
            "container": about.container,
            "codec": about.codec,
            "seconds": about.millis as f64 / 1000.0,
            "exact": about.is_exact,
            "frames": about.is_exact.then_some(frames),
            "loops": about.loops,
            "tags": tags,
        });
    }

    fn of(graph: &Graph, path: &FilterPath, filter: &WiredFilter, only: Option<&str>) -> Self {
        let mut text = String::new();
        let mut properties = vec![];
        let is_wanted = |key: &str| only.is_none_or(|only| only == key);
        let mut add = |key: &str, words: String, property: Json| {
            text += &match only {
                Some(_) => format!("{words}\n"),
                None => format!("  {key} = {words}\n"),
            };
            properties.push(property);
        };
        let settings = Settings {
            values: &filter.values,
            base: None,
        };
        let known = filter.descriptor.iter().flat_map(|it| it.properties.iter());
        for property in known.clone().filter(|property| is_wanted(property.key)) {
            let value = settings.value(property);
            let (min, max, _) = shapes::bounds(&property.domain);
            let document = json!({
                "key": property.key,
                "value": shapes::value(&value),
                "min": min,
                "max": max,
                "unit": property.unit.symbol(),
            });
            add(property.key, values::words(property, &value), document);
        }
        // What no descriptor knows is kept, and shown as it stands.
        for (key, value) in &filter.values {
            if is_wanted(key) && !known.clone().any(|property| property.key == key) {
                let document = json!({
                    "key": key, "value": shapes::value(value), "min": null, "max": null, "unit": "",
                });
                add(key, values::write(value), document);
            }
        }
        let node = graph.at(path).and_then(|node| node.kind.filter());
        let unknown = node.map(|node| &node.unknown);
        for (key, value) in unknown
            .into_iter()
            .flatten()
            .filter(|(key, _)| is_wanted(key))
        {
            let document = json!({
                "key": key, "value": value, "min": null, "max": null, "unit": "",
            });
            add(key, value.clone(), document);
        }
        let id = path.0.last().map_or(0, |id| id.0);
        if only.is_none() {
            let switched = match (filter.is_bypassed, filter.is_disabled) {
                (_, true) => ", disabled",
                (true, false) => ", bypassed",
                (false, false) => "",
            };
            text = format!("{} (#{id}, {}{switched})\n{text}", filter.name, filter.key);
        }
        let pins = filter.descriptor.iter().flat_map(|it| it.pins.iter());
        let pins: Vec<Json> = pins.map(shapes::pin).collect();
        let document = json!({
            "id": id,
            "name": filter.name,
            "key": filter.key,
            "bypassed": filter.is_bypassed,
            "disabled": filter.is_disabled,
            "pins": pins,
            "properties": properties,
        });
        Self {
            text,
            properties,
            document,
        }
    }
}
