//! The record of a pin: a few cells that outlive plans as long as the filter stays open.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::engine::spec::{Node, Spec};
use crate::ks::Payload;

/// What passes at a pin. Written by the audio thread, one cell at a time; read by anybody.
#[derive(Debug, Default)]
pub struct PinRecord {
    frames: AtomicU64,
    fill: AtomicU32,
    late: AtomicU32,
    peak: AtomicU32,
    non_finite: AtomicU64,
    denormal: AtomicU64,
    cost: AtomicU32,
    /// Samples that lie on its wire, and in its filter.
    on_wire: AtomicU32,
    inside: AtomicU32,
}

/// The same as figures.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct PinFigures {
    /// Frames that passed.
    pub frames: u64,
    /// Samples a channel, or events, in the last frame.
    pub fill: u32,
    /// Frames that passed when the time of their cycle was over.
    pub late: u32,
    /// The largest absolute sample since its filter was opened.
    pub peak: f32,
    /// Samples that were no numbers; of an output, those its filter gave.
    pub non_finite: u64,
    /// The same of numbers so small that they are slow to reckon with.
    pub denormal: u64,
    /// Nanoseconds that its filter took for a frame when it was timed last.
    pub cost_nanos: u32,
    /// Samples a channel that wait here between two cycles: held on its wire, on their way in a delay line or a frame of
    /// another length, or in the ring of a card.
    pub queue: u32,
}

impl PinRecord {
    /// What it says now.
    pub fn figures(&self) -> PinFigures {
        PinFigures {
            frames: self.frames.load(Ordering::Relaxed),
            fill: self.fill.load(Ordering::Relaxed),
            late: self.late.load(Ordering::Relaxed),
            peak: f32::from_bits(self.peak.load(Ordering::Relaxed)),
            non_finite: self.non_finite.load(Ordering::Relaxed),
            denormal: self.denormal.load(Ordering::Relaxed),
            cost_nanos: self.cost.load(Ordering::Relaxed),
            queue: self.on_wire.load(Ordering::Relaxed) + self.inside.load(Ordering::Relaxed),
        }
    }

    /// A frame passes. There is one writer: a load and a store do.
    pub(in crate::engine) fn pass(&self, payload: &Payload) {
        let fill = match payload {
            Payload::Wave(wave) => wave.len(),
            Payload::Events(events) => events.len(),
            Payload::None => 0,
        };
        self.fill.store(fill as u32, Ordering::Relaxed);
        let frames = self.frames.load(Ordering::Relaxed);
        self.frames.store(frames + 1, Ordering::Relaxed);
    }

    /// So many frames have passed, each of that many samples.
    pub(in crate::engine) fn pass_many(&self, count: u32, fill: usize) {
        self.fill.store(fill as u32, Ordering::Relaxed);
        let frames = self.frames.load(Ordering::Relaxed);
        self.frames
            .store(frames + u64::from(count), Ordering::Relaxed);
    }

    /// The frame that passed last was late.
    pub(in crate::engine) fn was_late(&self) {
        let late = self.late.load(Ordering::Relaxed);
        self.late.store(late.saturating_add(1), Ordering::Relaxed);
    }

    /// Its largest sample. Of two that are not negative the one with the larger bits is the larger.
    pub(in crate::engine) fn reached(&self, peak: f32) {
        if peak.to_bits() > self.peak.load(Ordering::Relaxed) {
            self.peak.store(peak.to_bits(), Ordering::Relaxed);
        }
    }

    /// So many of its samples were no numbers.
    pub(in crate::engine) fn had_bad(&self, count: usize) {
        let before = self.non_finite.load(Ordering::Relaxed);
        self.non_finite
            .store(before + count as u64, Ordering::Relaxed);
    }

    /// So many of its samples were denormal.
    pub(in crate::engine) fn had_denormal(&self, count: usize) {
        let before = self.denormal.load(Ordering::Relaxed);
        self.denormal
            .store(before + count as u64, Ordering::Relaxed);
    }

    /// Its filter was timed.
    pub(in crate::engine) fn took(&self, nanos: u32) {
        self.cost.store(nanos, Ordering::Relaxed);
    }

    /// So many samples lie on its wire.
    pub(in crate::engine) fn lie_on_wire(&self, samples: usize) {
        self.on_wire.store(samples as u32, Ordering::Relaxed);
    }

    /// And so many in its filter, which it has been given and has not used up.
    pub(in crate::engine) fn lie_inside(&self, samples: usize) {
        self.inside.store(samples as u32, Ordering::Relaxed);
    }
}

/// Gives every pin of what is open its record: the one it had, if its filter stayed open.
pub(in crate::engine) fn keep(spec: &mut Spec, old: Option<&Spec>) {
    // By entry.
    let mut known: Vec<Option<&Node>> = vec![];
    for node in old.into_iter().flat_map(|old| &old.nodes) {
        let Some(entry) = node.entry else { continue };
        let entry = entry as usize;
        known.resize(known.len().max(entry + 1), None);
        known[entry] = Some(node);
    }
    for node in &mut spec.nodes {
        let Some(entry) = node.entry else { continue };
        let before = known.get(entry as usize).copied().flatten();
        let before = before.filter(|it| it.identity() == node.identity());
        if let Some(before) = before.filter(|it| it.has_pins_of(node)) {
            node.records = Arc::clone(&before.records);
            continue;
        }
        let records = node.pins.iter().map(|pin| {
            let known = before.and_then(|before| {
                let place = before.place_of((pin.factory, pin.instance as u32))?;
                before.records.get(place)
            });
            known.map_or_else(Arc::default, Arc::clone)
        });
        node.records = records.collect();
    }
}
