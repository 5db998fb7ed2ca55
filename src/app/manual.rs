//! The manual's page of each filter, made from what the filter says of itself, as Markdown.

use std::collections::BTreeMap;

use crate::ks::{
    Catalogue, DataFlow, DataRange, Descriptor, Domain, Facts, Filter, PinFactory, Property,
    Settings, Value,
};

/// What stands above the pages of all filters. `docs/filters.md` is this and then a page each.
const HEAD: &str = "# Filters\n\n\
    Made from the filters' own descriptors by `ksgraph filters --markdown`; the same page is shown by F1 on a selected \
    filter, and by `ksgraph filters NAME`.\n";

/// The pages of all filters, by category.
pub fn all(catalogue: &Catalogue) -> String {
    let mut text = String::from(HEAD);
    for (category, descriptors) in catalogue.by_category() {
        text += &format!("\n## {}\n", category.name().unwrap_or("Others"));
        for descriptor in descriptors {
            if let Some(filter) = catalogue.get(&descriptor.key) {
                text += &format!("\n{}", page(&**filter, "###"));
            }
        }
    }
    text
}

/// The page of one filter, its title a heading of that level.
pub fn page(filter: &dyn Filter, heading: &str) -> String {
    let values = BTreeMap::new();
    let settings = Settings {
        values: &values,
        base: None,
    };
    let facts = Facts::nominal();
    let descriptor = filter.describe(&settings, &facts);
    let mut text = format!("{heading} {}\n\n", descriptor.title);
    if !descriptor.help.is_empty() {
        text += &format!("{}\n\n", descriptor.help);
    }
    let categories = descriptor.categories.iter();
    let categories: Vec<String> = categories
        .map(|it| it.name().map_or_else(|| it.to_string(), str::to_owned))
        .collect();
    text += &format!("`{}` · {}\n", descriptor.key, categories.join(", "));
    text += &pins(&descriptor, facts.rate_hz);
    text += &properties(&descriptor);
    if let Some(degrades) = &descriptor.degrades {
        let words = degrades.gives_up.join("; ");
        text += &format!("\nUnder load, by level 1 to 3: {words}.\n");
    }
    text
}

fn pins(descriptor: &Descriptor, rate_hz: u32) -> String {
    if descriptor.pins.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| pin | way | carries | connections |\n|---|---|---|---|\n");
    for pin in descriptor.pins.iter() {
        let mut ranges: Vec<String> = vec![];
        for range in pin.ranges.iter() {
            let words = range_words(&range.at_graph_rate(rate_hz));
            if !ranges.contains(&words) {
                ranges.push(words);
            }
        }
        let way = match pin.data_flow {
            DataFlow::In => "in",
            DataFlow::Out => "out",
        };
        text += &format!(
            "| `{}` | {way} | {}: {} | {} |\n",
            pin.name,
            pin.kind().name(),
            ranges.join("; "),
            connections(pin)
        );
    }
    text
}

fn range_words(range: &DataRange) -> String {
    let Some(limits) = range.audio_limits() else {
        return "any".to_owned();
    };
    let span = |min: u32, max: u32, unit: &str| match (min, max) {
        (0 | 1, crate::ks::UNLIMITED) => format!("any {unit}"),
        (min, max) if min == max => format!("{min} {unit}"),
        (0 | 1, max) => format!("up to {max} {unit}"),
        (min, crate::ks::UNLIMITED) => format!("{min} {unit} and more"),
        (min, max) => format!("{min} to {max} {unit}"),
    };
    let coding = match range.sub.name() {
        Some(name) => name.to_owned(),
        None => "any coding".to_owned(),
    };
    [
        coding,
        span(limits.min_bits, limits.max_bits, "bits"),
        span(limits.min_rate_hz, limits.max_rate_hz, "Hz"),
        span(limits.min_channels, limits.max_channels, "channels"),
    ]
    .join(", ")
}

fn connections(pin: &PinFactory) -> String {
    if pin.is_bridge() {
        return "leaves the graph".to_owned();
    }
    match (pin.instances.necessary, pin.instances.possible) {
        (0, 1) => "may stay free".to_owned(),
        (1, 1) => "necessary".to_owned(),
        (0, u32::MAX) => "any number".to_owned(),
        (necessary, u32::MAX) => format!("{necessary} or more"),
        (necessary, possible) => format!("{necessary} to {possible}"),
    }
}

fn properties(descriptor: &Descriptor) -> String {
    if descriptor.properties.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n| property | takes | default | a change |\n|---|---|---|---|\n");
    for it in descriptor.properties.iter() {
        let change = match (it.structural, it.glide_millis) {
            (true, _) => "opens the filter anew".to_owned(),
            (false, 0.0) => "is heard at once".to_owned(),
            (false, millis) => format!("glides for {millis} ms"),
        };
        let help = match it.help {
            "" => String::new(),
            help => format!("<br>{}", help.replace('|', "\\|")),
        };
        text += &format!(
            "| {} `{}`{help} | {} | {} | {change} |\n",
            it.title,
            it.key,
            it.wanted().replace('|', "\\|"),
            default(it)
        );
    }
    text
}

fn default(property: &Property) -> String {
    let unit = property.unit.symbol();
    match property.default_value() {
        Value::Number(number) if unit.is_empty() => number.to_string(),
        Value::Number(number) => format!("{number} {unit}"),
        Value::Flag(true) => "on".to_owned(),
        Value::Flag(false) => "off".to_owned(),
        Value::Text(text) if text.is_empty() => match property.domain {
            Domain::Device => "the default device".to_owned(),
            _ => "none".to_owned(),
        },
        Value::Text(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::portcls::Offline;

    fn catalogue() -> Catalogue {
        crate::filters::catalogue(Arc::new(Offline), Arc::new(Offline))
    }

    #[test]
    fn a_page_says_all_that_the_filter_says() {
        let page = page(&**catalogue().get("metronome").expect("built in"), "#");
        for wanted in [
            "# Metronome\n\nClicks on every beat",
            "`metronome` · Audio, Synthesizer\n",
            "| `click` | out | audio: ",
            "| `notes` | out | events: any | may stay free |",
            "| Tempo `tempo` | 20 to 400 BPM | 120 BPM | glides for 50 ms |",
            "| Channels `channels` | a whole number, 1 to 8 | 2 | opens the filter anew |",
        ] {
            assert!(page.contains(wanted), "{wanted:?} is not in\n{page}");
        }
    }

    #[test]
    fn the_manual_is_what_the_filters_say_now() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/filters.md");
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written.replace("\r\n", "\n") == all(&catalogue()),
            "docs/filters.md is not up to date: write it anew with\n\
             cargo run --features pipewire,rtkit -- filters --markdown > docs/filters.md"
        );
    }
}
