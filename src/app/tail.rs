//! How far behind what goes in the last of it is heard: what is waited for before something ends.

use std::collections::BTreeMap;

use crate::graph::{FilterPath, Wiring, pipes};
use crate::ks::{Catalogue, Settings};

/// How long filters let a sound go on.
pub(crate) struct Tails<'a> {
    wiring: &'a Wiring,
    catalogue: &'a Catalogue,
    /// The rate of the first sound that comes to each.
    rates: BTreeMap<&'a FilterPath, u32>,
}

impl<'a> Tails<'a> {
    pub(crate) fn of(wiring: &'a Wiring, catalogue: &'a Catalogue) -> Self {
        let mut rates = BTreeMap::new();
        for wire in &wiring.wires {
            if let Some(audio) = wire.outcome.as_ref().ok().and_then(|it| it.format.audio) {
                rates.entry(&wire.to.filter).or_insert(audio.rate_hz);
            }
        }
        Self {
            wiring,
            catalogue,
            rates,
        }
    }

    /// Seconds for which one filter lets a sound go on, as it is set.
    pub(crate) fn seconds(&self, path: &FilterPath) -> f64 {
        let filter = self.wiring.filters.get(path);
        let Some(filter) = filter.filter(|it| !it.is_bypassed && !it.is_disabled) else {
            return 0.0;
        };
        let settings = Settings {
            values: &filter.values,
            base: None,
        };
        let rate_hz = self.rates.get(path).copied();
        let rate_hz = rate_hz.unwrap_or(self.wiring.rate_hz);
        let kind = self.catalogue.get(&filter.key);
        kind.map_or(0.0, |kind| kind.tail_seconds(&settings, rate_hz).max(0.0))
    }
}

/// Seconds by which sound comes later to each filter because it is cut anew on the way in.
pub(crate) fn cuts(wiring: &Wiring) -> BTreeMap<FilterPath, f64> {
    let pipes = pipes(wiring, 1);
    let mut cuts: BTreeMap<FilterPath, f64> = BTreeMap::new();
    for (index, wire) in wiring.wires.iter().enumerate() {
        let audio = wire.outcome.as_ref().ok().and_then(|it| it.format.audio);
        let (samples, Some(audio)) = (pipes.latency_samples(index), audio) else {
            continue;
        };
        if samples > 0 {
            let seconds = f64::from(samples) / f64::from(audio.rate_hz.max(1));
            let most = cuts.entry(wire.to.filter.clone()).or_default();
            *most = most.max(seconds);
        }
    }
    cuts
}

/// For each filter the longest way through the graph to behind it, `own` being how long each is by itself. Where wires go
/// in a circle each of its filters counts once.
pub(crate) fn longest_ways(
    wiring: &Wiring,
    own: &dyn Fn(&FilterPath) -> f64,
) -> BTreeMap<FilterPath, f64> {
    let mut onward: BTreeMap<&FilterPath, Vec<&FilterPath>> = BTreeMap::new();
    let mut awaited: BTreeMap<&FilterPath, usize> = BTreeMap::new();
    for path in wiring.filters.keys() {
        awaited.insert(path, 0);
    }
    let wires = wiring.wires.iter().filter(|wire| wire.outcome.is_ok());
    for wire in wires.filter(|wire| !wiring.is_deferred(&wire.to)) {
        onward
            .entry(&wire.from.filter)
            .or_default()
            .push(&wire.to.filter);
        *awaited.entry(&wire.to.filter).or_default() += 1;
    }
    let mut before: BTreeMap<&FilterPath, f64> = BTreeMap::new();
    let mut behind = BTreeMap::new();
    let mut ready: Vec<&FilterPath> = vec![];
    let begins = awaited.iter().filter(|(_, count)| **count == 0);
    ready.extend(begins.map(|(path, _)| *path));
    loop {
        // When all that are left wait for each other, the first of them goes on.
        let next = ready.pop().or_else(|| awaited.keys().next().copied());
        let Some(path) = next else { break };
        if awaited.remove(path).is_none() {
            continue;
        }
        let way = before.get(path).copied().unwrap_or(0.0) + own(path);
        behind.insert(path.clone(), way);
        for to in onward.get(path).into_iter().flatten() {
            let reached = before.entry(to).or_insert(0.0);
            *reached = reached.max(way);
            if let Some(count) = awaited.get_mut(to) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(to);
                }
            }
        }
    }
    behind
}

/// Seconds for which the longest way of a graph lets a sound go on.
pub(crate) fn of_graph(wiring: &Wiring, catalogue: &Catalogue) -> f64 {
    let (cuts, tails) = (cuts(wiring), Tails::of(wiring, catalogue));
    let own = |path: &FilterPath| cuts.get(path).copied().unwrap_or(0.0) + tails.seconds(path);
    let ways = longest_ways(wiring, &own);
    ways.into_values().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Edit, Graph, PinRef, Position, apply, negotiate};
    use crate::ks::Facts;

    /// `count` times: split, delayed on one way, mixed again.
    fn diamonds(count: usize) -> (Graph, FilterPath) {
        let mut graph = Graph::default();
        let mut add = |key: &str| {
            let edit = Edit::add_filter(&graph, key, key, Position::default());
            apply(&mut graph, edit).unwrap();
            *graph.filters.keys().next_back().unwrap()
        };
        let mut wires = vec![];
        let mut last = add("tone");
        for _ in 0..count {
            let (splitter, delay, mixer) = (add("splitter"), add("delay"), add("mixer"));
            wires.push((last, "out", 0, splitter, "in", 0));
            wires.push((splitter, "out", 0, delay, "in", 0));
            wires.push((splitter, "out", 1, mixer, "in", 0));
            wires.push((delay, "out", 0, mixer, "in", 1));
            last = mixer;
        }
        let pin = |filter, pin: &str, instance| PinRef {
            filter,
            pin: pin.to_owned(),
            instance,
        };
        for (from, out, one, to, into, other) in wires {
            let connection = crate::graph::Connection {
                from: pin(from, out, one),
                to: pin(to, into, other),
                chosen: Default::default(),
            };
            apply(&mut graph, Edit::Connect(connection)).unwrap();
        }
        (graph, FilterPath::from(vec![last]))
    }

    #[test]
    fn the_longest_of_all_ways_is_found_though_there_are_more_than_can_be_walked() {
        let (graph, end) = diamonds(60);
        let offline = std::sync::Arc::new(crate::portcls::Offline);
        let catalogue = crate::filters::catalogue(offline.clone(), offline);
        let wiring = negotiate(&graph, &catalogue, &Facts::nominal(), None);
        let tails = Tails::of(&wiring, &catalogue);
        let own = |path: &FilterPath| tails.seconds(path);
        let ways = longest_ways(&wiring, &own);
        // Echoes of 0.35 s at 35 %: ten more until they are 90 dB down.
        assert!(
            (ways[&end] - 60.0 * 0.35 * 11.0).abs() < 1e-6,
            "{}",
            ways[&end]
        );
        assert_eq!(ways.len(), wiring.filters.len());
    }
}
