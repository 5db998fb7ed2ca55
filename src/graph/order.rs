//! The order in which filters run: every frame is written before it is read.

use std::collections::{BTreeMap, BTreeSet};

use super::wiring::FilterPath;

/// Sources first; among filters that are ready, the one with the smallest path. What stands in a loop is left out.
pub(crate) fn running_order<'a>(
    filters: impl Iterator<Item = &'a FilterPath>,
    wires: impl Iterator<Item = (&'a FilterPath, &'a FilterPath)>,
) -> Vec<&'a FilterPath> {
    let mut waits: BTreeMap<&FilterPath, usize> = filters.map(|path| (path, 0)).collect();
    let mut feeds: BTreeMap<&FilterPath, Vec<&FilterPath>> = BTreeMap::new();
    for (from, to) in wires {
        *waits.entry(to).or_default() += 1;
        feeds.entry(from).or_default().push(to);
    }
    let ready = waits.iter().filter(|(_, count)| **count == 0);
    let mut ready: BTreeSet<&FilterPath> = ready.map(|(path, _)| *path).collect();
    let mut order = vec![];
    while let Some(path) = ready.pop_first() {
        order.push(path);
        for next in feeds.get(path).into_iter().flatten().copied() {
            let count = waits.entry(next).or_default();
            *count -= 1;
            if *count == 0 {
                ready.insert(next);
            }
        }
    }
    order
}
