//! What hard-wired mediums say of filters of one kind: a line inside a device is there once for each unit (MED-1), so of
//! two filters that both give into it one is not heard. The second is told, and which unit is free.

use super::agree::Setting;
use super::memo::Make;
use super::net::Member;
use super::wiring::Problem;
use crate::ks::{DataFlow, Descriptor, Domain, Medium, Settings, Value};

/// The hard-wired lines that a filter gives into, with the number of the pin.
fn lines(descriptor: &Descriptor) -> impl Iterator<Item = (usize, Medium)> {
    let outputs = descriptor.pins.iter().enumerate();
    outputs
        .filter(|(_, pin)| pin.data_flow == DataFlow::Out && !pin.is_bridge())
        .flat_map(|(index, pin)| {
            let lines = pin.all_mediums().iter().copied();
            lines
                .filter(|line| line.is_hard_wired())
                .map(move |line| (index, line))
        })
}

/// Whether a filter gives into such a line.
pub(super) fn gives_into_a_line(descriptor: &Descriptor) -> bool {
    lines(descriptor).next().is_some()
}

/// Filters that give into a line which another one before them has, by their place. What is disabled gives nothing.
pub(super) fn taken(setting: &Setting<'_>, members: &[Member]) -> Vec<(usize, Problem)> {
    let mut problems = vec![];
    let mut givers: Vec<(&str, Medium, &str)> = vec![];
    for (place, member) in members.iter().enumerate() {
        let (make, wired) = (&member.make, &member.wired);
        if !make.is_tied || wired.is_disabled {
            continue;
        }
        for (pin, line) in make.known.iter().flat_map(|it| lines(&it.1)) {
            let same = |it: &&(&str, Medium, &str)| (it.0, it.1) == (make.key.as_str(), line);
            let Some((_, _, first)) = givers.iter().find(same) else {
                givers.push((&make.key, line, &wired.name));
                continue;
            };
            let has_it = members.iter().filter(|other| other.make.key == make.key);
            let taken: Vec<Medium> = has_it
                .flat_map(|other| other.make.known.iter().flat_map(|it| lines(&it.1)))
                .map(|(_, line)| line)
                .collect();
            let cure = free_unit(setting, make, pin, &taken);
            let cure = cure.unwrap_or_else(|| "take one of them away".into());
            let name = make.known.as_ref().map_or("", |it| &it.1.pins[pin].name);
            problems.push((
                place,
                Problem {
                    filter: Some(member.path.clone()),
                    text: format!(
                        "{}.{name} gives into {}, which {first} has already: one of them is not heard; {cure}",
                        wired.name,
                        line.text()
                    ),
                    is_blocking: true,
                },
            ));
        }
    }
    problems
}

/// A value of a property that leads the pin's line elsewhere, in words.
fn free_unit(setting: &Setting<'_>, make: &Make, pin: usize, taken: &[Medium]) -> Option<String> {
    /// More units are not looked through.
    const MOST: u32 = 64;
    let (kind, descriptor) = make.known.as_ref()?;
    for property in descriptor.properties.iter().filter(|it| it.structural) {
        let Domain::Number { min, max, step, .. } = property.domain else {
            continue;
        };
        let step = if step > 0.0 { step } else { 1.0 };
        let values = (0..MOST).map(|at| min + step * f64::from(at));
        for value in values.take_while(|value| *value <= max) {
            let mut values = make.values.clone();
            values.insert(property.key.to_owned(), Value::Number(value));
            let settings = Settings {
                values: &values,
                base: setting.base,
            };
            let other = kind.describe(&settings, setting.facts);
            let line = lines(&other).find(|(at, _)| *at == pin);
            if line.is_some_and(|(_, line)| !taken.contains(&line)) {
                return Some(format!("set its {} to {value}", property.title));
            }
        }
    }
    None
}
