//! What howls is turned down: where sound comes back through the air, its level is watched, and when it runs away the
//! output's ceiling goes down, as an edit like any other, and it is said.
//!
//! Levels are looked at every tenth of a second of the graph's own time. Two things are a howl: what an input hears grows
//! for a second, in steps and never back, to where it is loud; or what goes to the output is beyond full scale for half a
//! second without a break, which the limiter there hides from ears that are still used to it. A word and a clap are
//! neither: they come at once, and fall.

use std::collections::{BTreeMap, VecDeque};

use super::{Action, App, Banner, Offer, Urgency};
use crate::dsp::measure::dbfs;
use crate::graph::{Edit, FilterPath};
use crate::ks::{State, Value};

/// How many levels are taken in a second of the graph, and how many are kept.
const A_SECOND: u64 = 10;
const KEPT: usize = A_SECOND as usize + 1;
/// A howl that grows: by how much in a second, in how many of its tenths, the most of it that may come in one of them,
/// and how loud it is by then.
const GROWS_DB: f32 = 15.0;
const STEPS: usize = 5;
const MOST_AT_ONCE: f32 = 0.6;
const LOUD_DBFS: f32 = -24.0;
/// What is no step, up or down.
const STILL_DB: f32 = 1.0;
/// Beyond full scale for so many tenths.
const BEYOND: usize = 5;
/// How loud an output may be from then on.
const CEILING: &str = "ceiling";
const TURNED_DOWN_DB: f64 = -36.0;
/// The last words of the banner.
const SAID: &str = "It was turned down.";

/// Levels of a way out and in again, oldest first, in dBFS: of what is heard, and of what goes to the output.
#[derive(Debug, Default)]
struct Ear {
    levels: VecDeque<(f32, f32)>,
}

impl Ear {
    fn take(&mut self, heard: f32, played: f32) {
        self.levels.push_back((heard, played));
        if self.levels.len() > KEPT {
            self.levels.pop_front();
        }
    }

    /// Whether it runs away.
    fn howls(&self) -> bool {
        let last = self.levels.iter().rev().take(BEYOND);
        let is_beyond =
            self.levels.len() >= BEYOND && last.clone().all(|(_, played)| *played > 0.0);
        is_beyond || self.grows()
    }

    fn grows(&self) -> bool {
        let (Some(first), Some(last)) = (self.levels.front(), self.levels.back()) else {
            return false;
        };
        let rises = self.levels.iter().zip(self.levels.iter().skip(1));
        let rises: Vec<f32> = rises.map(|(before, after)| after.0 - before.0).collect();
        let total = last.0 - first.0;
        let steps = rises.iter().filter(|rise| **rise >= STILL_DB).count();
        let most = rises.iter().copied().fold(0.0, f32::max);
        self.levels.len() == KEPT
            && last.0 >= LOUD_DBFS
            && total >= GROWS_DB
            && steps >= STEPS
            && most <= total * MOST_AT_ONCE
            && rises.iter().all(|rise| *rise > -STILL_DB)
    }
}

/// What is known of every such way.
#[derive(Debug, Default)]
pub(super) struct Howls {
    ears: BTreeMap<(FilterPath, FilterPath), Ear>,
    /// Samples of the graph when levels were taken last.
    taken: u64,
}

impl App {
    /// Takes levels, and turns down what howls.
    pub(super) fn watch_howls(&mut self) {
        let elapsed = self.cells().map_or(0, |cells| cells.elapsed());
        if self.air_loops.is_empty() || self.requested != State::Run {
            self.howls.ears.clear();
            return;
        }
        let tenth = u64::from(self.wiring.rate_hz.max(1)) / A_SECOND;
        let passed = elapsed.abs_diff(self.howls.taken);
        if passed < tenth {
            return;
        }
        self.howls.taken = elapsed;
        if passed > 3 * tenth {
            // Nobody knows what was in between.
            self.howls.ears.clear();
        }
        let mut loud = vec![];
        for it in &self.air_loops {
            let wires = self.wiring.wires.iter();
            let level = |is_it: &dyn Fn(&crate::graph::Wire) -> bool| {
                let levels = wires.clone().filter(|wire| is_it(wire));
                let levels = levels.map(|wire| self.level(&wire.from, &wire.to));
                dbfs(levels.fold(0.0, f32::max)).max(-120.0)
            };
            let heard = level(&|wire| wire.from.filter == it.input);
            let played = level(&|wire| wire.to.filter == it.output);
            loud.push(((it.input.clone(), it.output.clone()), heard, played));
        }
        for (way, heard, played) in loud {
            let ear = self.howls.ears.entry(way.clone()).or_default();
            ear.take(heard, played);
            if ear.howls() {
                self.howls.ears.remove(&way);
                self.turn_down(&way.0, &way.1);
            }
        }
    }

    /// Sets the ceiling of an output down, unless it is as low already.
    fn turn_down(&mut self, input: &FilterPath, output: &FilterPath) {
        let Some((&filter, group)) = output.0.split_last() else {
            return;
        };
        let Some(wired) = self.wiring.filters.get(output) else {
            return;
        };
        let has_it = |it: &crate::ks::Descriptor| it.properties.iter().any(|it| it.key == CEILING);
        let is_low =
            matches!(wired.values.get(CEILING), Some(Value::Number(it)) if *it <= TURNED_DOWN_DB);
        if is_low || !wired.descriptor.as_deref().is_some_and(has_it) {
            return;
        }
        let edit = Edit::SetProperty {
            filter,
            key: CEILING.to_owned(),
            value: Some(Value::Number(TURNED_DOWN_DB)),
        };
        let (from, to) = (self.name(input), self.name(output));
        self.edit_from_above(&format!("Turn {to} down"), edit.within(group));
        let text = format!(
            "{to} howls: what {from} hears of it ran away. Nothing there is louder than {TURNED_DOWN_DB} dBFS now. {SAID}"
        );
        self.say_of(Urgency::Attention, output, text.clone());
        self.banners.retain(|it| !it.text.ends_with(SAID));
        // Undo turns it up again, and is no offer: by then it may mean another step.
        let offers = vec![Offer {
            words: "Mute the input".into(),
            action: Action::MuteInput(input.clone()),
        }];
        self.banners.insert(
            0,
            Banner {
                urgency: Urgency::Attention,
                text,
                is_dismissible: true,
                offers,
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many tenths levels are a howl, if they are.
    fn found(levels: impl Iterator<Item = (f32, f32)>) -> Option<usize> {
        let mut ear = Ear::default();
        levels.into_iter().position(|(heard, played)| {
            ear.take(heard, played);
            ear.howls()
        })
    }

    #[test]
    fn what_grows_round_by_round_is_found_before_it_is_at_its_loudest() {
        // 2 dB a tenth from nothing: after two seconds it would be at full scale.
        let slow = found((0..30).map(|n| (-60.0 + 2.0 * n as f32, -90.0)));
        assert_eq!(slow, Some(18));
        // 12 dB every third tenth, as through a delay; the limiter ends it.
        let steps = found((0..30).map(|n| {
            let level = -70.0 + 12.0 * (n / 3) as f32;
            (level.min(-0.1), level.min(-0.1) + 12.0)
        }));
        assert!(steps.is_some_and(|at| at <= 22), "{steps:?}");
    }

    #[test]
    fn beyond_full_scale_without_a_break_is_a_howl_and_with_breaks_it_is_music() {
        assert_eq!(found((0..9).map(|_| (-6.0, 3.0))), Some(4));
        let beats = (0..60).map(|n| (-6.0, if n % 4 == 0 { -3.0 } else { 3.0 }));
        assert_eq!(found(beats), None);
    }

    #[test]
    fn words_claps_and_an_even_hum_are_none() {
        // A word: there at once, and falling as meters fall.
        let word = |n: usize| [-60.0, -14.0, -12.0, -14.4, -16.8, -10.0, -12.4, -14.8][n % 8];
        assert_eq!(found((0..80).map(|n| (word(n), -20.0))), None);
        assert_eq!(found((0..80).map(|_| (-10.0, -3.0))), None);
        let clap = |n: usize| if n < 20 { -70.0 } else { -1.0 };
        assert_eq!(found((0..60).map(|n| (clap(n), -20.0))), None);
        // A player who grows louder for a second, but not by as much.
        let swell = |n: usize| (-40.0 + n as f32).min(-20.0);
        assert_eq!(found((0..60).map(|n| (swell(n), -20.0))), None);
    }
}
