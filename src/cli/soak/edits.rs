//! Thousands of random edits under sounding sines: no sample steps farther than the sines and the fades could, and all of
//! it can be undone.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Dice, Memory, Outcome, judge};
use crate::cli::bench::drawn;
use crate::cli::failure::Failure;
use crate::cli::load::offline_catalogue;
use crate::engine::{Job, Message, Offline, Report};
use crate::graph::{
    Connection, Edit, FilterId, FilterPath, Graph, History, NodeKind, PinRef, Position, Wiring,
    negotiate, to_ron,
};
use crate::ks::{Catalogue, DataFlow, Facts, Settings, Value};

const GRAPH: &str = include_str!("edits.ron");
/// The renderer of that graph.
const SINK: FilterId = FilterId(4);
const QUANTUM: usize = 256;
/// What comes into a graph.
const KINDS: [&str; 5] = ["gain", "mixer", "splitter", "meter", "tone"];
/// A graph that grew large is left to shrink.
const MOST_FILTERS: usize = 14;
/// More than all tones together: beyond it an edit is taken back.
const MOST_AMPLITUDE: f32 = 4.0;
/// The highest tone is 440 Hz; a fade takes 10 ms, and three may fall together.
const STEEPEST: f32 = std::f32::consts::TAU * 441.0 / 48_000.0 + 3.0 / 480.0;
/// Samples in which what an edit left is gone: edits wait for the fades of others.
const OVER: usize = 4_000;

/// What changes, and what is heard of it.
struct Rehearsal {
    catalogue: Catalogue,
    facts: Facts,
    graph: Graph,
    history: History,
    wiring: Wiring,
    offline: Offline,
    dice: Dice,
    told: BTreeMap<(u32, usize), f64>,
    /// The largest amplitudes there may still be, and for how long they have been over.
    amplitudes: Vec<(f32, usize)>,
    last: f32,
    is_silent: bool,
    jumps: u64,
    faults: u64,
    audible: u64,
    heard: u64,
}

pub(super) fn run(edits: usize, seed: u64) -> Result<Outcome, Failure> {
    let mut it = Rehearsal::start(seed);
    let start = to_ron(&it.graph);
    it.listen(OVER)?;
    let (mut memory, mut made, mut silent) = (Memory::default(), 0, 0);
    while made < edits {
        // Silence proves little: back to where it sounded, at last to the beginning.
        silent = if it.is_silent { silent + 1 } else { 0 };
        let is_done = match silent {
            0..2 => it.edit(),
            2..8 => it.undo(),
            _ => it.undo_all(),
        };
        if !is_done {
            continue;
        }
        made += 1;
        let samples = 60 + it.dice.roll(900);
        it.listen(samples)?;
        if made == edits / 10 {
            memory = Memory::begin();
        }
    }
    let memory = memory.end();
    while it.history.undo(&mut it.graph).is_some() {}
    let is_back = to_ron(&it.graph) == start;
    let share = it.audible as f64 / it.heard.max(1) as f64;
    let zeros = [
        ("jumps", it.jumps),
        ("filters that broke or gave what is no number", it.faults),
        (
            "documents that undoing did not bring back",
            u64::from(!is_back),
        ),
        (
            "runs that were silent most of the time",
            u64::from(share < 0.2),
        ),
    ];
    let text = format!(
        "{made} edits, {} discontinuities, heard in {:.0} % of the time, {}",
        it.jumps,
        share * 100.0,
        memory.words()
    );
    let json = json!({
        "edits": made,
        "discontinuities": it.jumps,
        "heard_share": share,
        "memory_begin_kib": memory.begin,
        "memory_end_kib": memory.end,
    });
    Ok(Outcome {
        text,
        json,
        faults: judge(&zeros, memory),
    })
}

impl Rehearsal {
    fn start(seed: u64) -> Self {
        let (catalogue, facts, graph) = (offline_catalogue(), Facts::nominal(), drawn(GRAPH));
        let wiring = negotiate(&graph, &catalogue, &facts, None);
        let job = Job {
            wiring: wiring.clone(),
            ..Job::default()
        };
        let offline = Offline::rehearse(&catalogue, &job, QUANTUM);
        let amplitude = amplitude(&wiring, &FilterPath::of(SINK));
        Self {
            catalogue,
            facts,
            graph,
            history: History::new(),
            wiring,
            offline,
            dice: Dice::new(seed),
            told: BTreeMap::new(),
            amplitudes: vec![(amplitude, 0)],
            last: 0.0,
            is_silent: false,
            jumps: 0,
            faults: 0,
            audible: 0,
            heard: 0,
        }
    }

    /// Does something; whether anything came of it.
    fn edit(&mut self) -> bool {
        let Some(edit) = self.any_edit() else {
            return self.dice.roll(8) == 0 && self.undo();
        };
        if self.history.perform(&mut self.graph, "Edit", edit).is_err() {
            return false;
        }
        if self.agree() > MOST_AMPLITUDE {
            return self.undo();
        }
        self.change();
        true
    }

    fn undo(&mut self) -> bool {
        let is_done = match self.dice.roll(4) {
            0 => self.history.redo(&mut self.graph).is_some(),
            _ => self.history.undo(&mut self.graph).is_some(),
        };
        // Redoing may bring back what was too loud.
        if is_done && self.agree() > MOST_AMPLITUDE {
            let _ = self.history.undo(&mut self.graph);
            self.agree();
        }
        self.change();
        is_done
    }

    fn undo_all(&mut self) -> bool {
        while self.history.undo(&mut self.graph).is_some() {}
        self.agree();
        self.change();
        self.is_silent = false;
        true
    }

    /// Agrees the graph; how loud it may become.
    fn agree(&mut self) -> f32 {
        self.wiring = negotiate(&self.graph, &self.catalogue, &self.facts, None);
        amplitude(&self.wiring, &FilterPath::of(SINK))
    }

    fn change(&mut self) {
        let now = amplitude(&self.wiring, &FilterPath::of(SINK));
        self.amplitudes.push((now, 0));
        self.offline.change(&Job {
            wiring: self.wiring.clone(),
            ..Job::default()
        });
    }

    fn any_edit(&mut self) -> Option<Edit> {
        let ids: Vec<FilterId> = self.graph.filters.keys().copied().collect();
        let wires = self.graph.connections.len();
        Some(match self.dice.roll(16) {
            0..=2 if ids.len() < MOST_FILTERS => {
                let key = *self.dice.one(&KINDS)?;
                let name = self.graph.unique_name(key);
                Edit::add_filter(&self.graph, key, &name, Position::default())
            }
            3..=8 => Edit::Connect(Connection {
                from: self.any_pin(&ids, DataFlow::Out)?,
                to: self.any_pin(&ids, DataFlow::In)?,
                chosen: Default::default(),
            }),
            9..=10 if wires > 0 => Edit::Disconnect(self.dice.roll(wires)),
            11 => {
                let id = *self.dice.one(&ids)?;
                (id != SINK).then(|| Edit::Remove(vec![id]))?
            }
            _ => {
                let filter = *self.dice.one(&ids)?;
                let NodeKind::Filter(node) = &self.graph.filters[&filter].kind else {
                    return None;
                };
                let (key, value) = match node.key.as_str() {
                    "tone" => ("frequency", 60.0 + self.dice.roll(380) as f64),
                    "gain" => ("level", -(self.dice.roll(24) as f64)),
                    _ => return None,
                };
                Edit::SetProperty {
                    filter,
                    key: key.into(),
                    value: Some(Value::Number(value)),
                }
            }
        })
    }

    fn any_pin(&mut self, ids: &[FilterId], flow: DataFlow) -> Option<PinRef> {
        let filter = *self.dice.one(ids)?;
        let NodeKind::Filter(node) = &self.graph.filters[&filter].kind else {
            return None;
        };
        let kind = self.catalogue.get(&node.key)?;
        let pins: Vec<_> = kind
            .descriptor()
            .pins
            .iter()
            .filter(|pin| pin.data_flow == flow && !pin.is_bridge())
            .collect();
        let pin = self.dice.one(&pins)?;
        let possible = pin.instances.possible.min(4);
        let instance = self.graph.free_instance(filter, &pin.name, possible)?;
        Some(PinRef {
            filter,
            pin: pin.name.to_string(),
            instance,
        })
    }

    /// Hears the next samples.
    fn listen(&mut self, samples: usize) -> Result<(), Failure> {
        let most = self
            .amplitudes
            .iter()
            .fold(0.0_f32, |most, it| most.max(it.0));
        let allowed = most * STEEPEST * 1.001 + 1e-6;
        let sink = FilterPath::of(SINK);
        let mut left = samples;
        let audible = self.audible;
        while left > 0 {
            let len = left.min(QUANTUM);
            left -= len;
            self.tell();
            let done = self.offline.cycle(len);
            done.map_err(|stuck| Failure::no("run the graph", stuck.to_string()))?;
            let silence = [0.0; QUANTUM];
            let heard = self.offline.heard(&sink);
            let heard = heard.map_or(&silence[..len], |(wave, _)| wave.channel(0));
            let mut peak = 0.0_f32;
            for sample in heard {
                self.jumps += u64::from((sample - self.last).abs() > allowed);
                self.last = *sample;
                peak = peak.max(sample.abs());
            }
            self.heard += 1;
            self.audible += u64::from(peak > 0.001);
            for report in self.offline.reports() {
                let is_fault = matches!(report, Report::Panicked { .. } | Report::NonFinite { .. });
                self.faults += u64::from(is_fault);
            }
            self.offline.steps().for_each(drop);
        }
        self.is_silent = self.audible == audible;
        let last = self.amplitudes.len().saturating_sub(1);
        for (_, over) in &mut self.amplitudes[..last] {
            *over += samples;
        }
        self.amplitudes.retain(|(_, over)| *over < OVER);
        Ok(())
    }

    /// Tells values that a plan does not carry, as the program does.
    fn tell(&mut self) {
        let mut messages = vec![];
        for (path, open) in &self.offline.built.open {
            let Some(filter) = self.wiring.filters.get(path) else {
                continue;
            };
            let Some(descriptor) = &filter.descriptor else {
                continue;
            };
            let settings = Settings {
                values: &filter.values,
                base: None,
            };
            for (index, property) in descriptor.properties.iter().enumerate() {
                let value = property.slot_value(&settings.value(property));
                // A place in the slab is another filter's later on.
                let place = (open.entry * 4096 + (open.since % 4096) as u32, index);
                if !property.structural && self.told.insert(place, value) != Some(value) {
                    messages.push(Message::Set {
                        entry: open.entry,
                        property: index as u16,
                        value,
                    });
                }
            }
        }
        if self.told.len() > 10_000 {
            self.told.clear();
        }
        messages.into_iter().for_each(|it| self.offline.send(it));
    }
}

/// The amplitude of all tones that arrive at a filter together, at most.
fn amplitude(wiring: &Wiring, path: &FilterPath) -> f32 {
    let Some(filter) = wiring.filters.get(path) else {
        return 0.0;
    };
    let level = |default: f64| match filter.values.get("level") {
        Some(Value::Number(level)) => 10.0_f32.powf(*level as f32 / 20.0),
        _ => 10.0_f32.powf(default as f32 / 20.0),
    };
    if filter.key == "tone" {
        return level(-20.0);
    }
    let wires = wiring.wires.iter();
    let wires = wires.filter(|wire| wire.to.filter == *path && wire.outcome.is_ok());
    let arriving: f32 = wires.map(|wire| amplitude(wiring, &wire.from.filter)).sum();
    // Glides come from above as well.
    arriving * level(0.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_edited_is_heard_however_many_edits_there_are() {
        let done = run(1_500, 1).unwrap();
        // The memory is that of the whole process, and other tests run in this one.
        let mut faults = done.faults.iter();
        let fault = faults.find(|it| !it.starts_with("the memory grew"));
        assert_eq!(fault, None);
        let share = done.json["heard_share"].as_f64().unwrap();
        assert!(share > 0.3, "{}", done.text);
    }
}
