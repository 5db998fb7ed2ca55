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
use crate::ks::grouped;

/// How a wire sounds on the screen.
#[derive(Clone, Debug, Default)]
pub(super) struct Signal {
    /// From 0, silent, to 1.
    pub(super) brightness: f32,
    /// How far each event is, from 0 at the output to 1 at the input.
    pub(super) beads: Vec<f32>,
}

/// What a wire shows of itself when it is of glass.
#[derive(Clone, Debug, Default)]
pub(super) struct Glass {
    /// What waits, how late it is, how loud.
    pub(super) words: Vec<String>,
    /// The one of them that stays where there is room for one.
    pub(super) chief: usize,
    /// It is about to drop what it carries, or was late a moment ago.
    pub(super) is_worried: bool,
}

/// What is remembered of a wire's figures, so that they can be read while they change.
struct Pane {
    glass: Glass,
    made: f64,
    /// Late frames so far, and when the last of them came.
    late: u32,
    worried: f64,
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
    panes: RefCell<HashMap<usize, Pane>>,
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
/// Figures stay for so long, and under reduced motion.
const STAY: f64 = 0.15;
const STAY_LONG: f64 = 0.5;
/// A wire that was late is seen to have been for so long.
const WORRY: f64 = 3.0;

impl Signals {
    /// A frame begins. True while something moved in the last one.
    pub(super) fn update(&mut self, view: &View<'_>, now: f64) -> bool {
        self.now.set(now);
        let [agreement, _] = view.revision();
        if self.agreement.replace(agreement) != agreement {
            self.traces.get_mut().clear();
            self.panes.get_mut().clear();
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
            // What is left of the last cycle when none runs any more is no sound.
            let level = if runs(view) { level } else { 0.0 };
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

    /// What a wire of glass shows; `at` is its place in the agreement.
    pub(super) fn glass(&self, view: &View<'_>, at: usize, wire: &Wire) -> Glass {
        let now = self.now.get();
        let mut panes = self.panes.borrow_mut();
        let stays = match view.preferences.reduced_motion {
            true => STAY_LONG,
            false => STAY,
        };
        if let Some(pane) = panes.get(&at)
            && now - pane.made < stays
            && now >= pane.made
        {
            self.moves(pane.glass.is_worried);
            return pane.glass.clone();
        }
        let figures = view.figures(&wire.from);
        let late = figures.map_or(0, |it| it.late);
        let before = panes.get(&at);
        let worried = match before {
            Some(before) if late > before.late => now,
            Some(before) => before.worried,
            None => f64::NEG_INFINITY,
        };
        let held = view.held(&wire.from, &wire.to).unwrap_or_default();
        let is_full = held.frames > 0 && held.held >= held.frames;
        let was_late = now - worried < WORRY;
        let mut words = vec![];
        if figures.is_some() {
            let queue = view.figures(&wire.to).map_or(0, |it| it.queue);
            words.push(queue_words(held.held, held.frames, queue));
            let (latency, waits) = view.latency(&wire.from, &wire.to).unwrap_or_default();
            let rate = f64::from(view.wiring.rate_hz.max(1));
            let millis = (latency + waits) as f64 * 1000.0 / rate;
            words.push(format!("{millis:.1} ms"));
            let is_sound = (wire.outcome.as_ref()).is_ok_and(|it| it.format.audio.is_some());
            let level = view.level(&wire.from, &wire.to);
            let loud = if runs(view) { level } else { 0.0 };
            words.push(match is_sound {
                true => level_words(loud),
                false => format!("{level:.0} events"),
            });
            if late > 0 {
                words.push(format!("{late} late"));
            }
        }
        // Late is said last, and how loud before it.
        let last = words.len().saturating_sub(1);
        let chief = if was_late { last } else { last.min(2) };
        let glass = Glass {
            words,
            chief,
            is_worried: is_full || was_late,
        };
        // What was late is to be seen to have calmed down.
        self.moves(was_late);
        let pane = Pane {
            glass: glass.clone(),
            made: now,
            late,
            worried,
        };
        panes.insert(at, pane);
        glass
    }

    fn moves(&self, moves: bool) {
        self.moved.set(self.moved.get() || moves);
    }
}

/// Whether cycles run.
fn runs(view: &View<'_>) -> bool {
    let cells = view.cells;
    cells.is_some_and(|cells| cells.state() == crate::ks::State::Run)
}

/// What waits: of how many frames, where a reader is held back; otherwise the samples that are under way on the wire or
/// stand in a card's ring.
fn queue_words(held: u32, frames: u32, samples: u32) -> String {
    match (held, frames, samples) {
        (0, _, 1..) => format!("{} smp", grouped(samples)),
        (_, 0, _) => "0 waiting".into(),
        _ => format!("{held} of {frames}"),
    }
}

/// A peak in whole decibels: what is read while it moves.
fn level_words(level: f32) -> String {
    let decibels = 20.0 * level.max(1e-9).log10();
    match decibels {
        ..-90.0 => "silent".into(),
        _ => format!("{:.0} dB", decibels).replace('-', "\u{2212}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_glass_are_short() {
        assert_eq!(level_words(0.0), "silent");
        assert_eq!(level_words(0.251), "\u{2212}12 dB");
        assert_eq!(level_words(1.0), "0 dB");
        assert_eq!(queue_words(1, 2, 480), "1 of 2");
        assert_eq!(queue_words(0, 2, 0), "0 of 2");
        assert_eq!(queue_words(0, 0, 0), "0 waiting");
        assert_eq!(queue_words(0, 2, 6_144), "6\u{a0}144 smp");
    }
}
