//! Filters described for their values and facts, and what is wrong with a graph that is no refused wire.

use std::path::Path;
use std::sync::Arc;

use super::agree::Setting;
use super::memo::Memo;
use super::model::FilterNode;
use super::net::{Member, Net};
use super::wiring::{FilterPath, Problem, WiredFilter};
use crate::ks::{Domain, Facts, FileFact, Settings, Value};

/// Describes a filter; what its values or files lack is noted with it. `slot` is its place in the tables of the wiring.
pub(super) fn describe(
    setting: &Setting<'_>,
    memo: &mut Memo,
    (path, name, node): (FilterPath, String, &FilterNode),
    slot: usize,
) -> Member {
    let make = memo.make(setting, &node.key, &node.values);
    let mut problems = vec![];
    let mut problem = |text: String, is_blocking: bool| {
        problems.push(Problem {
            filter: Some(path.clone()),
            text,
            // What does not play can be as it likes.
            is_blocking: is_blocking && !node.is_disabled,
        });
    };
    let descriptor = make.known.as_ref().map(|(_, descriptor)| descriptor);
    match descriptor {
        None => problem(
            format!(
                "{name}: no filter of the kind {:?} is installed; it is kept with its wires",
                node.key
            ),
            true,
        ),
        Some(descriptor) => {
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
            let settings = Settings {
                values: &node.values,
                base: setting.base,
            };
            for property in descriptor.properties.iter() {
                // What an outsider reads only it can judge.
                if property.domain == Domain::Path
                    && descriptor.reads.is_empty()
                    && let Some(file) = settings.path(property)
                    && let FileFact::Unusable(reason) = known_file(setting.facts, &file)
                {
                    problem(format!("{name}: {}: {reason}", file.display()), true);
                }
            }
        }
    }
    let wired = WiredFilter {
        name,
        key: node.key.clone(),
        values: node.values.clone(),
        is_bypassed: node.is_bypassed,
        is_disabled: node.is_disabled,
        descriptor: make.known.as_ref().map(|it| Arc::clone(&it.1)),
        slot,
    };
    Member {
        path,
        wired: wired.into(),
        make,
        problems,
    }
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
pub(super) fn no_pin(member: &Member, reason: &str) -> Option<Problem> {
    member.make.known.as_ref()?;
    Some(Problem {
        filter: Some(member.path.clone()),
        text: format!("{reason}; its wire is kept"),
        is_blocking: !member.wired.is_disabled,
    })
}

/// INS-5: a filter with any wire needs all its necessary pins. What lacks, with the place of its filter.
pub(super) fn necessary(members: &[Member], net: &Net) -> Vec<(usize, Problem)> {
    let mut problems = vec![];
    for (place, member) in members.iter().enumerate() {
        let Some((_, descriptor)) = &member.make.known else {
            continue;
        };
        let factories = net.factories(place);
        if factories.iter().all(|(_, count)| *count == 0) {
            continue;
        }
        for (pin, (_, count)) in descriptor.pins.iter().zip(factories) {
            let needed = pin.instances.necessary;
            if *count < needed {
                let how = match needed {
                    1 => "must be connected".to_owned(),
                    needed => format!("needs {needed} wires and has {count}"),
                };
                let name = &member.wired.name;
                let problem = Problem {
                    filter: Some(member.path.clone()),
                    text: format!("{name}.{} {how} before the filter runs", pin.name),
                    is_blocking: !member.wired.is_disabled,
                };
                problems.push((place, problem));
            }
        }
    }
    problems
}
