//! `ksgraph filters [NAME]`: the catalogue by category, or all of one kind of filter.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value as Json, json};

use super::failure::Failure;
use super::{Answer, shapes, values};
use crate::app::manual;
use crate::graph::inside_of;
use crate::ks::ids::category;
use crate::ks::{Catalogue, Descriptor, Domain, Facts, Filter, PinFactory, Property, Settings};

/// What `filters` takes.
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  ksgraph filters tone")]
pub(super) struct Filters {
    /// Key, title or ks:// name of one filter: show all of it
    name: Option<String>,
    /// As pages of a manual, in Markdown
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(it: &Filters) -> Result<Answer, Failure> {
    let catalogue = super::load::offline_catalogue();
    let facts = Facts::nominal();
    let rate_hz = facts.rate_hz;
    let described = |filter: &dyn Filter| -> Descriptor {
        let settings = Settings {
            values: &BTreeMap::new(),
            base: None,
        };
        filter.describe(&settings, &facts).into_owned()
    };
    if it.markdown {
        let text = match &it.name {
            Some(name) => manual::page(find(&catalogue, name)?, "#"),
            None => manual::all(&catalogue),
        };
        return Ok(Answer::new(text.clone(), json!({ "text": text })));
    }
    let Some(name) = &it.name else {
        let all: Vec<Json> = catalogue
            .iter()
            .map(|filter| shapes::descriptor(&described(&**filter), rate_hz))
            .collect();
        return Ok(Answer::new(list(&catalogue), json!({ "filters": all })));
    };
    let filter = find(&catalogue, name)?;
    let descriptor = described(filter);
    let mut document = shapes::descriptor(&descriptor, rate_hz);
    let mut text = whole(&descriptor, rate_hz);
    if let Some(inside) = inside_of(&catalogue, &descriptor.key) {
        let parts: Vec<String> = inside.recipe.keys().into_iter().collect();
        let file = inside.recipe.file.as_ref().map(|it| it.to_string_lossy());
        text += &format!("\nMade of {}\n", parts.join(", "));
        text += &file
            .iter()
            .map(|it| format!("  in {it}\n"))
            .collect::<String>();
        document["made_of"] = json!(parts);
        document["file"] = json!(file);
    }
    Ok(Answer::new(text, json!({ "filters": [document] })))
}

/// A filter by key, title or `ks://category/name`.
pub(super) fn find<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a dyn Filter, Failure> {
    let plain = name
        .strip_prefix("ks://")
        .map_or(name, |rest| rest.rsplit('/').next().unwrap_or(rest));
    if let Some(filter) = catalogue.find(plain) {
        return Ok(&**filter);
    }
    let keys: Vec<&str> = catalogue
        .iter()
        .map(|filter| &*filter.descriptor().key)
        .collect();
    let near: Vec<&str> = keys
        .iter()
        .filter(|key| !plain.is_empty() && (key.contains(plain) || plain.contains(*key)))
        .copied()
        .collect();
    let offer = if near.is_empty() { keys } else { near };
    Err(Failure::not_found(
        format!("find a kind of filter called {name}"),
        "none has that key or title",
    )
    .cure(format!("one of {}", offer.join(", "))))
}

fn list(catalogue: &Catalogue) -> String {
    let mut text = String::new();
    let width = catalogue
        .iter()
        .map(|filter| filter.descriptor().key.len())
        .max()
        .unwrap_or(0);
    for (category, filters) in catalogue.by_category() {
        text += &format!("{category:?}\n");
        for filter in filters {
            text += &format!("  {:width$}  {}\n", filter.key, filter.title);
        }
    }
    text + "\n`ksgraph filters NAME` shows pins and properties of one.\n"
}

fn whole(descriptor: &Descriptor, rate_hz: u32) -> String {
    let categories: Vec<String> = descriptor
        .categories
        .iter()
        .map(|id| match category::ks_name(*id) {
            Some(name) => format!("{id:?} ({name})"),
            None => format!("{id:?}"),
        })
        .collect();
    let mut text = format!(
        "{} ({})\n{}\nCategories: {}\nMerit: {}\n\nPins\n",
        descriptor.title,
        descriptor.key,
        descriptor.help,
        categories.join(", "),
        crate::ks::merit::words(descriptor.merit)
    );
    for pin in descriptor.pins.iter() {
        text += &pin_text(pin, rate_hz);
    }
    if !descriptor.nodes.is_empty() {
        text += "\nInside\n";
        text += &inside(descriptor);
    }
    if let Some(degrades) = &descriptor.degrades {
        let strategy = degrades.strategy.name();
        text += &format!("\nUnder load ({strategy})\n");
        for (index, words) in degrades.gives_up.iter().enumerate() {
            text += &format!("  level {}: {words}\n", index + 1);
        }
    }
    text += "\nProperties\n";
    for property in descriptor.properties.iter() {
        text += &property_text(property);
    }
    if descriptor.properties.is_empty() {
        text += "  none\n";
    }
    text
}

/// Nodes with their properties, how they hang together, and the lines a mixer sees.
fn inside(descriptor: &Descriptor) -> String {
    let mut text = String::new();
    for (id, node) in descriptor.nodes.iter().enumerate() {
        let keys = match &node.properties[..] {
            [] => String::new(),
            keys => format!(": {}", keys.join(", ")),
        };
        text += &format!("  {id} {} ({:?}){keys}\n", node.name, node.kind);
    }
    for connection in descriptor.connections() {
        let [from, to] = [connection.from, connection.to].map(|end| descriptor.end_text(end));
        text += &format!("    {from} -> {to}\n");
    }
    for line in descriptor.mixer_lines() {
        let names: Vec<&str> = line
            .controls
            .iter()
            .filter_map(|id| Some(&*descriptor.nodes.get(*id as usize)?.name))
            .collect();
        if let Some(pin) = descriptor
            .pins
            .get(line.pin as usize)
            .filter(|_| !names.is_empty())
        {
            let kind = if line.is_source {
                "source"
            } else {
                "destination"
            };
            text += &format!("    {kind} line {}: {}\n", pin.name, names.join(", "));
        }
    }
    text
}

fn pin_text(pin: &PinFactory, rate_hz: u32) -> String {
    let possible = match pin.instances.possible {
        u32::MAX => "any number".to_owned(),
        count => count.to_string(),
    };
    let mut text = format!(
        "  {} ({}, {}), {}, instances: {} necessary, {possible} possible\n",
        pin.name,
        pin.data_flow.name(),
        pin.kind().name(),
        pin.communication.name(),
        pin.instances.necessary,
    );
    for range in pin.ranges.iter() {
        text += &format!(
            "    range      {}\n",
            shapes::range_words(&range.at_graph_rate(rate_hz))
        );
    }
    for medium in pin.mediums.iter() {
        text += &format!("    medium     {}\n", medium.text());
    }
    for interface in pin.interfaces.iter() {
        text += &format!("    interface  {}\n", interface.text());
    }
    if let Some(input) = pin.in_place_of {
        text += &format!("    works in the frame of {input}\n");
    }
    if let Some(input) = pin.shows {
        text += &format!("    shows the frame of {input}\n");
    }
    for item in pin.framing.iter().flat_map(|it| it.items.iter()) {
        text += &format!("    framing    {}\n", shapes::item_words(item));
    }
    text
}

fn property_text(property: &Property) -> String {
    let default = values::words(property, &property.default_value());
    let step = match property.domain {
        Domain::Number { step, .. } if step > 0.0 => format!(", step {step}"),
        _ => String::new(),
    };
    let help = match property.help {
        "" => String::new(),
        help => format!("               {help}\n"),
    };
    format!(
        "  {:<12} {}: {}{step}; default {default}\n{help}",
        property.key,
        property.title,
        property.wanted(),
    )
}
