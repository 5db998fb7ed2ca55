//! What moves on wires by itself: sound brightens its strands, each event sends a bead on its way.
//!
//! Looked at only where a wire is in sight. Keeps the [`Layout`] too, which is what else lasts from frame to frame.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use egui::Ui;

use super::layout::Layout;
use crate::app::View;
use crate::graph::Wire;

/// How a wire sounds on the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Signal {
    /// From 0, silent, to 1.
    pub(super) brightness: f32,
    /// How far each event is, from 0 at the output to 1 at the input.
    pub(super) beads: Vec<f32>,
}

/// What is remembered of a wire.
#[derive(Default)]
struct Trace {
    /// Events so far, when last looked at.
    count: f32,
    born: Vec<f64>,
    seen: f64,
}

/// What moves on wires by itself: brightness of sound, beads of events.
#[derive(Default)]
pub(super) struct Signals {
    /// By place in the agreement.
    traces: RefCell<HashMap<usize, Trace>>,
    agreement: Cell<u64>,
    now: Cell<f64>,
    moved: Cell<bool>,
    layout: RefCell<Rc<Layout>>,
}

/// How long a bead travels, in seconds.
const TRAVEL: f64 = 0.35;
/// The most beads on a wire at a time.
const BEADS: usize = 8;
/// A wire not looked at for longer was out of sight.
const AWAY: f64 = 1.5;

impl Signals {
    /// A frame begins. True while something moved in the last one.
    pub(super) fn update(&mut self, view: &View<'_>, now: f64) -> bool {
        self.now.set(now);
        let [agreement, _] = view.revision();
        if self.agreement.replace(agreement) != agreement {
            self.traces.get_mut().clear();
        }
        self.moved.replace(false)
    }

    /// What of the picture lasts, brought up to date.
    pub(super) fn layout(&self, ui: &Ui, view: &View<'_>) -> Rc<Layout> {
        let mut kept = self.layout.borrow_mut();
        // Nobody holds it between two frames.
        if let Some(layout) = Rc::get_mut(&mut kept) {
            layout.update(ui, view);
        } else {
            let mut layout = Layout::default();
            layout.update(ui, view);
            *kept = Rc::new(layout);
        }
        Rc::clone(&kept)
    }

    /// How a wire sounds now; `at` is its place in the agreement.
    pub(super) fn of(&self, view: &View<'_>, at: usize, wire: &Wire) -> Signal {
        let Ok(agreement) = &wire.outcome else {
            return Signal::default();
        };
        let level = view.level(&wire.from, &wire.to);
        if agreement.format.audio.is_some() {
            let decibels = 20.0 * level.max(1e-6).log10();
            let brightness = ((decibels + 60.0) / 60.0).clamp(0.0, 1.0);
            self.moves(brightness > 0.0);
            return Signal {
                brightness,
                beads: vec![],
            };
        }
        let now = self.now.get();
        let mut traces = self.traces.borrow_mut();
        let is_fresh = !traces.contains_key(&at);
        let trace = traces.entry(at).or_default();
        let was_away = is_fresh || now - trace.seen > AWAY;
        if level > trace.count && !was_away && trace.born.len() < BEADS {
            trace.born.push(now);
        }
        (trace.count, trace.seen) = (level, now);
        trace.born.retain(|born| now - born < TRAVEL);
        let beads: Vec<f32> = trace
            .born
            .iter()
            .map(|born| ((now - born) / TRAVEL) as f32)
            .collect();
        self.moves(!beads.is_empty());
        Signal {
            brightness: if beads.is_empty() { 0.0 } else { 1.0 },
            beads,
        }
    }

    fn moves(&self, moves: bool) {
        self.moved.set(self.moved.get() || moves);
    }
}
