//! What moves on wires by itself: sound brightens its strands, each event sends a bead on its way.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::View;
use crate::graph::{PinAddress, Wire};

/// How a wire sounds on the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Signal {
    /// From 0, silent, to 1.
    pub(super) brightness: f32,
    /// How far each event is, from 0 at the output to 1 at the input.
    pub(super) beads: Vec<f32>,
    count: f32,
    born: Vec<f64>,
}

/// What moves on wires by itself: brightness of sound, beads of events.
#[derive(Default)]
pub(super) struct Signals(BTreeMap<(PinAddress, PinAddress), Signal>);

/// How long a bead travels, in seconds.
const TRAVEL: f64 = 0.35;
/// The most beads on a wire at a time.
const BEADS: usize = 8;

impl Signals {
    /// Looks at every wire once a frame. True while something moves.
    pub(super) fn update(&mut self, view: &View<'_>, now: f64) -> bool {
        let mut moves = false;
        let known = |wire: &Wire| (wire.from.clone(), wire.to.clone());
        let alive: BTreeSet<_> = view.wiring.wires.iter().map(known).collect();
        self.0.retain(|key, _| alive.contains(key));
        for wire in &view.wiring.wires {
            let Ok(agreement) = &wire.outcome else {
                continue;
            };
            let level = view.level(&wire.from, &wire.to);
            let fresh = !self.0.contains_key(&known(wire));
            let signal = self.0.entry(known(wire)).or_default();
            if agreement.format.audio.is_some() {
                let decibels = 20.0 * level.max(1e-6).log10();
                signal.brightness = ((decibels + 60.0) / 60.0).clamp(0.0, 1.0);
                moves |= signal.brightness > 0.0;
                continue;
            }
            if level > signal.count && !fresh && signal.born.len() < BEADS {
                signal.born.push(now);
            }
            signal.count = level;
            signal.born.retain(|born| now - born < TRAVEL);
            signal.beads = signal
                .born
                .iter()
                .map(|born| ((now - born) / TRAVEL) as f32)
                .collect();
            signal.brightness = if signal.born.is_empty() { 0.0 } else { 1.0 };
            moves |= !signal.born.is_empty();
        }
        moves
    }

    /// How a wire sounds now.
    pub(super) fn get(&self, wire: &Wire) -> Option<&Signal> {
        self.0.get(&(wire.from.clone(), wire.to.clone()))
    }
}
