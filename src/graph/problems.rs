//! Filters described for their values and facts, and what is wrong with a graph that is no refused wire.

use std::collections::BTreeMap;
use std::path::Path;

use super::agree::Setting;
use super::flatten::Flat;
use super::narrow::{Net, Room};
use super::wiring::{FilterPath, PinAddress, Problem, WiredFilter};
use crate::ks::{Domain, Facts, FileFact, Settings, Value};

/// Describes every filter; what its values or files lack goes to `problems`.
pub(super) fn describe(
    flat: &Flat<'_>,
    setting: &Setting<'_>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<FilterPath, WiredFilter> {
    let mut filters = BTreeMap::new();
    for (path, filter) in &flat.filters {
        let node = filter.node;
        let name = flat.names[path].clone();
        let mut problem = |text: String, is_blocking| {
            problems.push(Problem {
                filter: Some(path.clone()),
                text,
                is_blocking,
            });
        };
        let settings = Settings {
            values: &node.values,
            base: setting.base,
        };
        let kind = setting.catalogue.get(&node.key);
        let descriptor = kind.map(|kind| kind.describe(&settings, setting.facts).into_owned());
        let Some(descriptor) = descriptor else {
            problem(
                format!(
                    "{name}: no filter of the kind {:?} is installed; it is kept with its wires",
                    node.key
                ),
                true,
            );
            let wired = WiredFilter {
                name,
                key: node.key.clone(),
                values: node.values.clone(),
                is_bypassed: node.is_bypassed,
                is_disabled: node.is_disabled,
                descriptor: None,
            };
            filters.insert(path.clone(), wired);
            continue;
        };
        for (key, value) in &node.values {
            match descriptor.property(key) {
                None => problem(
                    format!("{name}: there is no property {key}; it is kept"),
                    true,
                ),
                Some((_, property)) if property.legal(value).is_none() => problem(
                    format!(
                        "{name}: {key} is {}; wanted {}. The default is taken",
                        value_words(value),
                        property.wanted()
                    ),
                    false,
                ),
                Some(_) => {}
            }
        }
        for key in node.unknown.keys() {
            problem(
                format!("{name}: the value of {key} is not understood; it is kept"),
                true,
            );
        }
        for property in descriptor.properties.iter() {
            if property.domain == Domain::Path
                && let Some(file) = settings.path(property)
                && let FileFact::Unusable(reason) = known_file(setting.facts, &file)
            {
                problem(format!("{name}: {}: {reason}", file.display()), true);
            }
        }
        let wired = WiredFilter {
            name,
            key: node.key.clone(),
            values: node.values.clone(),
            is_bypassed: node.is_bypassed,
            is_disabled: node.is_disabled,
            descriptor: Some(descriptor),
        };
        filters.insert(path.clone(), wired);
    }
    filters
}

/// What is known of a file, which observers name in full.
fn known_file<'a>(facts: &'a Facts, file: &Path) -> &'a FileFact {
    match (facts.file(file), std::path::absolute(file)) {
        (FileFact::Pending, Ok(full)) => facts.file(&full),
        (fact, _) => fact,
    }
}

fn value_words(value: &Value) -> String {
    match value {
        Value::Flag(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => format!("{text:?}"),
    }
}

/// A wire to a pin that is not there. A filter that is not installed has been named already.
pub(super) fn no_pin(
    filters: &BTreeMap<FilterPath, WiredFilter>,
    end: &PinAddress,
    reason: String,
) -> Option<Problem> {
    filters.get(&end.filter)?.descriptor.as_ref()?;
    Some(Problem {
        filter: Some(end.filter.clone()),
        text: format!("{reason}; its wire is kept"),
        is_blocking: true,
    })
}

/// INS-5: a filter with any wire needs all its necessary pins.
pub(super) fn necessary(room: &Room<'_>, net: &Net, problems: &mut Vec<Problem>) {
    for (place, (path, wired)) in room.filters.iter().enumerate() {
        let Some(descriptor) = &wired.descriptor else {
            continue;
        };
        let count = |factory: usize| {
            let pins = net.of[place][factory].iter();
            pins.filter(|&&pin| net.pins[pin].wire.is_some()).count() as u32
        };
        let counts: Vec<u32> = (0..descriptor.pins.len()).map(count).collect();
        if counts.iter().all(|&count| count == 0) {
            continue;
        }
        for (pin, count) in descriptor.pins.iter().zip(counts) {
            let needed = pin.instances.necessary;
            if count < needed {
                let how = match needed {
                    1 => "must be connected".to_owned(),
                    needed => format!("needs {needed} wires and has {count}"),
                };
                problems.push(Problem {
                    filter: Some((*path).clone()),
                    text: format!("{}.{} {how} before the filter runs", wired.name, pin.name),
                    is_blocking: true,
                });
            }
        }
    }
}
