//! The latency budget: how long a sound or a note is on its way from a source to the ear, piece by piece, and what would
//! bring that within a target: a shorter quantum, frames that nobody insists on. Where that is not enough it is said which
//! filter stands in the way, by how much, and what of it can be set.
//!
//! A pure function of a graph's agreement and of what is known of filters and devices; nothing is opened or changed here.
//! Work in place and copies take none of this time, only load: they are told and never chosen for it.

use std::collections::BTreeMap;

use crate::graph::{Chosen, Edit, FilterPath, Graph, Way, Wire, Wiring, pipes};
use crate::ks::ids::category;
use crate::ks::{Descriptor, Domain, Property, Settings, Unit, Value};

/// Quanta to choose from, in samples.
pub const QUANTA: [usize; 8] = [32, 64, 128, 256, 512, 1024, 2048, 4096];

/// What devices add to a way that is known of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeviceTime {
    /// Samples a card takes or gives at a time, where it has its own; otherwise a quantum.
    pub period: Option<usize>,
    /// Samples from there to the ear.
    pub card: usize,
}

impl DeviceTime {
    /// Between a cycle and the ear: the ring is kept filled to three quanta, or one and two periods.
    fn render(self, quantum: usize) -> usize {
        let period = self.period.unwrap_or(quantum);
        (3 * quantum).max(quantum + 2 * period) + self.card
    }

    /// Between a microphone and a cycle.
    fn capture(self, quantum: usize) -> usize {
        quantum + self.period.unwrap_or(quantum)
    }

    /// What a device adds besides, given how much it adds in all at a quantum.
    pub fn observed(all: usize, quantum: usize, period: usize) -> Self {
        let period = Some(period).filter(|it| *it != 0 && *it != quantum);
        let bare = Self { period, card: 0 };
        let card = all.saturating_sub(bare.render(quantum));
        Self { period, card }
    }
}

/// What is asked.
pub struct Question<'a> {
    /// The document.
    pub graph: &'a Graph,
    /// Its agreement.
    pub wiring: &'a Wiring,
    /// So long it may take, in milliseconds.
    pub target_millis: f64,
    /// Samples of a cycle now.
    pub quantum: usize,
    /// Each filter's own latency, in samples of the graph's rate.
    pub latency: &'a dyn Fn(&FilterPath) -> usize,
    /// What the devices take.
    pub devices: DeviceTime,
}

/// What a piece of a way is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PieceKind {
    /// What comes from outside waits for the next cycle.
    Arrival,
    /// A microphone's card and its ring.
    Capture,
    /// A filter's own latency.
    Filter,
    /// Frames of another length than a cycle: sound is gathered until one is whole.
    Framing,
    /// The ring of the card that plays, and the card.
    Render,
}

impl PieceKind {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Capture => "capture",
            Self::Filter => "filter",
            Self::Framing => "framing",
            Self::Render => "render",
        }
    }
}

/// A piece of the longest way.
#[derive(Clone, PartialEq, Debug)]
pub struct Piece {
    /// What it is.
    pub kind: PieceKind,
    /// The filter it belongs to; of frames the one that reads them.
    pub filter: FilterPath,
    /// That filter's name.
    pub name: String,
    /// Samples of the graph's rate.
    pub samples: usize,
    /// Why it takes so long.
    pub why: String,
}

/// A filter that stands in the way.
#[derive(Clone, PartialEq, Debug)]
pub struct Obstacle {
    /// Which.
    pub filter: FilterPath,
    /// Its name.
    pub name: String,
    /// What it costs, in samples of the graph's rate.
    pub samples: usize,
    /// What would help.
    pub help: String,
    /// A property that brings the whole within the target, or as near as it can, and its value.
    pub set: Option<(String, Value)>,
}

/// A wire whose frames the user insists on, though that costs time.
#[derive(Clone, PartialEq, Debug)]
pub struct Insisted {
    /// Index of the connection in the graph it was drawn in.
    pub connection: usize,
    /// The group it was drawn in.
    pub place: FilterPath,
    /// Its ends, in words.
    pub wire: String,
}

/// What would be done for the target.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// Samples of a cycle.
    pub quantum: usize,
    /// Wires whose frames are left to the pins again.
    pub framing: Vec<Insisted>,
    /// Samples of the longest way then.
    pub samples: usize,
}

/// The answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Budget {
    /// Hz of the samples here.
    pub rate_hz: u32,
    /// So many may there be.
    pub target: usize,
    /// Samples of a cycle now.
    pub quantum: usize,
    /// Whether there is a way from a source to an output at all.
    pub is_way: bool,
    /// The longest way as things are, from its source on; what takes no time is left out.
    pub pieces: Vec<Piece>,
    /// What would be done; the same as now where nothing has to be.
    pub proposal: Proposal,
    /// Filters that keep it from being within the target even then, the dearest first.
    pub in_the_way: Vec<Obstacle>,
    /// Wires whose samples are copied, and why. A copy costs load, no time.
    pub copies: Vec<(String, &'static str)>,
}

impl Budget {
    /// Samples of the longest way as things are.
    pub fn samples(&self) -> usize {
        self.pieces.iter().map(|piece| piece.samples).sum()
    }

    /// Samples as milliseconds.
    pub fn millis(&self, samples: usize) -> f64 {
        samples as f64 * 1_000.0 / f64::from(self.rate_hz.max(1))
    }

    /// Whether the longest way is within the target as things are.
    pub fn fits(&self) -> bool {
        self.samples() <= self.target
    }

    /// Whether it would be.
    pub fn can_fit(&self) -> bool {
        self.proposal.samples <= self.target
    }

    /// Whether there is anything to be done.
    pub fn is_settled(&self) -> bool {
        self.proposal.quantum == self.quantum && self.proposal.framing.is_empty()
    }

    /// The part of what would be done that is the document's.
    pub fn edit(&self, graph: &Graph) -> Option<Edit> {
        let edits = self.proposal.framing.iter().filter_map(|it| {
            let around = graph.graph_at(&it.place)?;
            let chosen = around.connections.get(it.connection)?.chosen.clone();
            let edit = Edit::Choose {
                connection: it.connection,
                chosen: Chosen {
                    framing: None,
                    ..chosen
                },
            };
            Some(edit.within(&it.place.0))
        });
        let edits: Vec<Edit> = edits.collect();
        (!edits.is_empty()).then_some(Edit::Batch(edits))
    }

    /// What came of it, in a sentence.
    pub fn words(&self) -> String {
        let millis = |samples| format!("{:.1} ms", self.millis(samples));
        let (now, target) = (millis(self.samples()), millis(self.target));
        if !self.is_way {
            return "Nothing leads from a source to an output".into();
        }
        let then = millis(self.proposal.samples);
        match (self.fits(), self.can_fit(), self.is_settled()) {
            (true, _, true) => format!("{now} from key to ear: within {target}"),
            (true, _, false) => format!(
                "{now} from key to ear: within {target}, and with {} it still is: {then}, at less load",
                self.steps().join(" and ")
            ),
            (false, true, _) => format!(
                "{now} from key to ear, {target} are wanted: with {} it is {then}",
                self.steps().join(" and ")
            ),
            (false, false, _) => {
                let first = self.in_the_way.first();
                let first = first.map_or_else(String::new, |it| {
                    format!(
                        ": {} stands in the way with {}",
                        it.name,
                        millis(it.samples)
                    )
                });
                format!(
                    "{now} from key to ear, {target} are wanted, {then} is the least that can be{first}"
                )
            }
        }
    }

    /// What would be done, in words.
    pub fn steps(&self) -> Vec<String> {
        let mut steps = vec![];
        if self.proposal.quantum != self.quantum {
            steps.push(format!("a quantum of {} samples", self.proposal.quantum));
        }
        for it in &self.proposal.framing {
            steps.push(format!("frames of {} left to its pins", it.wire));
        }
        steps
    }
}

/// The longest way through a graph and what would bring it within a target.
pub fn budget(question: &Question<'_>) -> Budget {
    let rate_hz = question.wiring.rate_hz.max(1);
    let target = (question.target_millis.max(0.0) * f64::from(rate_hz) / 1_000.0).floor() as usize;
    let found = longest(question, question.quantum, false);
    let is_way = found.is_some();
    let pieces = found.unwrap_or_default();
    let at = |quantum, is_free| -> usize {
        let pieces = longest(question, quantum, is_free);
        pieces.iter().flatten().map(|piece| piece.samples).sum()
    };
    // The longest quantum that does costs the least load; frames somebody insists on are let go only where none does.
    let best = |is_free| {
        let quanta = QUANTA.iter().rev().copied();
        let mut found = quanta.map(|quantum| (quantum, at(quantum, is_free)));
        found.find(|(_, samples)| *samples <= target)
    };
    let kept = best(false).map(|found| (found, false));
    let ((quantum, samples), is_free) = kept
        .or_else(|| best(true).map(|found| (found, true)))
        .unwrap_or(((QUANTA[0], at(QUANTA[0], true)), true));
    let now: usize = pieces.iter().map(|piece| piece.samples).sum();
    // What is as it should be stays, unless a longer quantum does as well; where a quantum makes no difference, it stays too.
    let is_no_better = quantum <= question.quantum || samples == now;
    let quantum = match now <= target && is_no_better && !is_free {
        true => question.quantum,
        false => quantum,
    };
    let samples = match quantum == question.quantum && !is_free {
        true => now,
        false => samples,
    };
    let framing = match is_free {
        true => insisted(question.wiring),
        false => vec![],
    };
    let in_the_way = match samples > target {
        true => {
            let pieces = longest(question, quantum, is_free).unwrap_or_default();
            obstacles(question, &pieces, samples - target)
        }
        false => vec![],
    };
    let now = pipes(question.wiring, question.quantum);
    let wires = question.wiring.wires.iter().enumerate();
    let copies = wires.filter_map(|(index, wire)| match now.passage(index)?.way {
        Way::Copy(why) => Some((wire_words(question.wiring, wire), why)),
        _ => None,
    });
    Budget {
        rate_hz,
        target,
        quantum: question.quantum,
        is_way,
        pieces,
        proposal: Proposal {
            quantum,
            framing,
            samples,
        },
        in_the_way,
        copies: copies.collect(),
    }
}

fn wire_words(wiring: &Wiring, wire: &Wire) -> String {
    format!(
        "{} -> {}",
        wiring.pin_text(&wire.from),
        wiring.pin_text(&wire.to)
    )
}

/// Whether a wire has frames of a length somebody insists on.
fn is_insisted(wire: &Wire) -> bool {
    wire.asked_framing().is_some_and(|asked| asked.bytes > 0)
}

fn insisted(wiring: &Wiring) -> Vec<Insisted> {
    let wires = wiring.wires.iter().filter(|wire| is_insisted(wire));
    wires
        .map(|wire| Insisted {
            connection: wire.index,
            place: wire.place.clone(),
            wire: wire_words(wiring, wire),
        })
        .collect()
}

/// A way up to behind a filter.
#[derive(Clone, Default)]
struct Trail {
    samples: usize,
    /// Whether it begins where somebody plays.
    is_live: bool,
    pieces: Vec<Piece>,
}

impl Trail {
    fn add(&mut self, piece: Piece) {
        self.samples += piece.samples;
        self.pieces.push(piece);
    }
}

/// The longest way from a source to an output at a quantum; those on which somebody plays come before all others.
/// `is_free`: as if nobody insisted on frames.
fn longest(question: &Question<'_>, quantum: usize, is_free: bool) -> Option<Vec<Piece>> {
    let wiring = question.wiring;
    let pipes = pipes(wiring, quantum);
    let mut onward: BTreeMap<&FilterPath, Vec<usize>> = BTreeMap::new();
    let mut awaited: BTreeMap<&FilterPath, usize> =
        wiring.filters.keys().map(|path| (path, 0)).collect();
    for (index, wire) in wiring.wires.iter().enumerate() {
        // What a loop gives back is no way from a key to an ear.
        let holds = wire.outcome.is_ok() && wiring.takes_part(wire);
        if holds && !wiring.is_deferred(&wire.to) {
            onward.entry(&wire.from.filter).or_default().push(index);
            *awaited.entry(&wire.to.filter).or_default() += 1;
        }
    }
    let mut best: BTreeMap<&FilterPath, Trail> = BTreeMap::new();
    let mut ready: Vec<&FilterPath> = awaited
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(path, _)| *path)
        .collect();
    let mut ends: Vec<Trail> = vec![];
    loop {
        // When all that are left wait for each other, the first of them goes on.
        let next = ready.pop().or_else(|| awaited.keys().next().copied());
        let Some(path) = next else { break };
        if awaited.remove(path).is_none() {
            continue;
        }
        let begins = !best.contains_key(path);
        let mut way = best.remove(path).unwrap_or_default();
        let Some(filter) = wiring.filters.get(path) else {
            continue;
        };
        let descriptor = filter.descriptor.as_deref();
        let piece = |kind, samples, why: &str| Piece {
            kind,
            filter: path.clone(),
            name: filter.name.clone(),
            samples,
            why: why.to_owned(),
        };
        let captures = descriptor.is_some_and(|it| it.categories.contains(&category::CAPTURE));
        if begins && captures {
            if descriptor.is_some_and(gives_sound) {
                let why = "its card's period and the ring behind it";
                way.add(piece(
                    PieceKind::Capture,
                    question.devices.capture(quantum),
                    why,
                ));
            } else {
                way.add(piece(
                    PieceKind::Arrival,
                    quantum,
                    "waits for the next cycle",
                ));
            }
            way.is_live = true;
        }
        let own = (question.latency)(path);
        if own > 0 {
            way.add(piece(PieceKind::Filter, own, "its own latency"));
        }
        let is_device = descriptor.is_some_and(|it| it.renders_sound() && names_device(it));
        if is_device {
            let why = "the ring before the card, three quanta, and the card";
            way.add(piece(
                PieceKind::Render,
                question.devices.render(quantum),
                why,
            ));
        }
        let is_end =
            descriptor.is_some_and(Descriptor::renders_sound) || !onward.contains_key(path);
        if is_end && !begins {
            ends.push(way.clone());
        }
        for &index in onward.get(path).into_iter().flatten() {
            let wire = &wiring.wires[index];
            let mut on = way.clone();
            let cut = match is_free && is_insisted(wire) {
                true => 0,
                false => pipes.latency_samples(index),
            };
            if cut > 0 {
                let audio = wire.outcome.as_ref().ok().and_then(|it| it.format.audio);
                let rate = audio.map_or(wiring.rate_hz, |it| it.rate_hz).max(1);
                let samples = u64::from(cut) * u64::from(wiring.rate_hz) / u64::from(rate);
                let why = match is_insisted(wire) {
                    true => format!("frames of {cut} samples, which were asked for by hand"),
                    false => format!("frames of {cut} samples, which a pin asks for"),
                };
                let to = wiring.filters.get(&wire.to.filter);
                on.add(Piece {
                    kind: PieceKind::Framing,
                    filter: wire.to.filter.clone(),
                    name: to.map_or_else(String::new, |it| it.name.clone()),
                    samples: samples as usize,
                    why,
                });
            }
            let rank = |way: &Trail| (way.is_live, way.samples);
            let to = &wire.to.filter;
            if best.get(to).is_none_or(|it| rank(it) < rank(&on)) {
                best.insert(to, on);
            }
            if let Some(count) = awaited.get_mut(to) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.push(to);
                }
            }
        }
    }
    let is_heard = |way: &Trail| {
        let last = way.pieces.last();
        last.is_some_and(|piece| piece.kind == PieceKind::Render)
    };
    let best = ends
        .into_iter()
        .max_by_key(|way| (way.is_live, is_heard(way), way.samples));
    best.map(|way| way.pieces)
}

fn gives_sound(descriptor: &Descriptor) -> bool {
    let mut pins = descriptor.pins.iter();
    pins.any(|pin| pin.kind() == crate::ks::Kind::Audio && !pin.is_bridge())
}

fn names_device(descriptor: &Descriptor) -> bool {
    let mut properties = descriptor.properties.iter();
    properties.any(|it| it.domain == Domain::Device)
}

/// Filters and frames of a way that is too long by so many samples, the dearest first, each with what would help.
fn obstacles(question: &Question<'_>, pieces: &[Piece], too_many: usize) -> Vec<Obstacle> {
    let mut found: Vec<Obstacle> = vec![];
    for piece in pieces {
        let obstacle = match piece.kind {
            PieceKind::Filter => {
                let set = lever(question, piece, too_many);
                let help = match &set {
                    Some((property, value)) => format!(
                        "its {} makes it: {} {} instead",
                        property.title.to_lowercase(),
                        value.number().unwrap_or_default(),
                        property.unit.symbol()
                    ),
                    None => match question.wiring.bypass(&piece.filter) {
                        Ok(_) => "bypass it, or take it out of this way".to_owned(),
                        Err(_) => "take it out of this way".to_owned(),
                    },
                };
                let set = set.map(|(property, value)| (property.key.to_owned(), value));
                Some((help, set))
            }
            PieceKind::Framing => Some((
                "another filter in its place: its pin asks for these frames".into(),
                None,
            )),
            PieceKind::Render | PieceKind::Capture if question.devices != DeviceTime::default() => {
                Some((
                    "another device or host, one that takes less at a time".into(),
                    None,
                ))
            }
            _ => None,
        };
        if let Some((help, set)) = obstacle {
            found.push(Obstacle {
                filter: piece.filter.clone(),
                name: piece.name.clone(),
                samples: piece.samples,
                help,
                set,
            });
        }
    }
    found.sort_by_key(|it| std::cmp::Reverse(it.samples));
    found
}

/// The property that a filter's latency comes from: a time or a number of samples that is as long. And the value that saves
/// so many samples, or all it can.
fn lever(question: &Question<'_>, piece: &Piece, too_many: usize) -> Option<(Property, Value)> {
    let filter = question.wiring.filters.get(&piece.filter)?;
    let settings = Settings {
        values: &filter.values,
        base: None,
    };
    let rate = f64::from(question.wiring.rate_hz.max(1));
    let per_sample = |unit| match unit {
        Unit::Millisecond => Some(1_000.0 / rate),
        Unit::Second => Some(1.0 / rate),
        Unit::Sample => Some(1.0),
        _ => None,
    };
    let mut properties = filter.descriptor.as_deref()?.properties.iter();
    properties.find_map(|property| {
        let Domain::Number { min, step, .. } = property.domain else {
            return None;
        };
        let per_sample = per_sample(property.unit)?;
        let samples = settings.number(property) / per_sample;
        if (samples - piece.samples as f64).abs() > 1.5 || settings.number(property) <= min {
            return None;
        }
        let wanted = piece.samples.saturating_sub(too_many) as f64 * per_sample;
        // Down to what a hand would set: never above what is wanted.
        let grain = if step > 0.0 { step } else { 0.1 };
        let value = ((wanted / grain).floor() * grain).max(min);
        let value = property.legal(&Value::Number((value * 1e6).round() / 1e6))?;
        Some((*property, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_takes_is_told_from_all_that_was_observed() {
        for (quantum, period, card) in [
            (256, 256, 100),
            (256, 960, 0),
            (64, 1_024, 480),
            (256, 0, 7),
        ] {
            let own = if period == 0 { quantum } else { period };
            // As the ring before a card is filled (`portcls/ring.rs`).
            let all = (3 * quantum).max(quantum + 2 * own) + card;
            let found = DeviceTime::observed(all, quantum, period);
            assert_eq!(found.card, card);
            assert_eq!(found.render(quantum), all);
            // A period that follows the quantum does so at another one as well.
            let expected = if own == quantum { None } else { Some(period) };
            assert_eq!(found.period, expected);
        }
    }
}
