//! What hard-wired mediums say of a whole graph: a line inside a device is there once for each unit (MED-1), so of two
//! filters that both give into it one is not heard. The second is told.

use super::wiring::{Problem, Wiring};
use crate::ks::{DataFlow, Medium};

/// Filters that give into a line which another one before them has. What is disabled gives nothing.
pub fn taken_units(wiring: &Wiring) -> Vec<Problem> {
    let mut problems = vec![];
    let mut givers: Vec<(&str, Medium, &str)> = vec![];
    for (path, filter) in wiring.filters.iter() {
        let Some(descriptor) = filter.descriptor.as_ref().filter(|_| !filter.is_disabled) else {
            continue;
        };
        let outputs = descriptor.pins.iter();
        for pin in outputs.filter(|pin| pin.data_flow == DataFlow::Out) {
            let lines = pin.all_mediums().iter().copied();
            for line in lines.filter(|line| line.is_hard_wired()) {
                let same = |it: &&(&str, Medium, &str)| (it.0, it.1) == (filter.key.as_str(), line);
                let Some((_, _, first)) = givers.iter().find(same) else {
                    givers.push((&filter.key, line, &filter.name));
                    continue;
                };
                problems.push(Problem {
                    filter: Some(path.clone()),
                    text: format!(
                        "{}.{} gives into {}, which {first} has already: one of them is not heard. Choose another unit",
                        filter.name,
                        pin.name,
                        line.text()
                    ),
                    is_blocking: true,
                });
            }
        }
    }
    problems
}
