//! Steps of pins from state to state, in the log: a few are a line each, many at once are one line that holds them.

use std::collections::BTreeSet;

use super::playing::Step;
use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::{State, Status};

/// So many steps at once are told as one.
const MANY: usize = 4;
/// Steps that follow one another as closely as this are of one change of state.
const TOGETHER_SECONDS: f64 = 0.5;
/// Single steps that a line holds.
const HELD: usize = 1000;

/// What the last line of many steps tells of.
#[derive(Default)]
pub(super) struct Gathered {
    /// When it was said: that is how it is known again.
    said: Option<f64>,
    filters: BTreeSet<FilterPath>,
    /// The states that were gone through, in order.
    states: Vec<State>,
    /// Steps beyond those that are held one by one.
    beyond: usize,
}

impl Gathered {
    fn take(&mut self, step: &Step) {
        self.filters.insert(step.pin.filter.clone());
        for state in [step.from, step.to] {
            if !self.states.contains(&state) {
                self.states.push(state);
            }
        }
    }

    fn words(&self) -> String {
        let states: Vec<&str> = self.states.iter().map(|it| it.name()).collect();
        let count = crate::ks::grouped(self.filters.len() as u32);
        let s = if self.filters.len() == 1 { "" } else { "s" };
        let more = match self.beyond {
            0 => String::new(),
            beyond => format!(
                ", {} steps more than are listed",
                crate::ks::grouped(beyond as u32)
            ),
        };
        format!("{count} filter{s}: {}{more}", states.join(" \u{2192} "))
    }
}

impl App {
    /// Writes steps of pins down.
    pub(super) fn hear_steps(&mut self, mut steps: Vec<Step>) {
        if steps.is_empty() {
            return;
        }
        let is_refused = |step: &mut Step| step.status != Status::Success;
        let refused: Vec<Step> = steps.extract_if(.., is_refused).collect();
        let went = steps;
        if went.len() >= MANY || self.is_gathering() {
            self.gather(&went);
        } else {
            for step in &went {
                let text = self.step_text(step);
                self.say_of(Urgency::News, &step.pin.filter, text);
                self.date_last(step);
            }
        }
        for step in &refused {
            let text = self.step_text(step);
            self.say_of(Urgency::Attention, &step.pin.filter, text);
            self.date_last(step);
        }
    }

    /// Whether the last line of the log is one of many steps, said just now.
    fn is_gathering(&self) -> bool {
        let last = self.log.last();
        last.is_some_and(|last| {
            self.steps.said == Some(last.seconds)
                && self.seconds() - last.seconds < TOGETHER_SECONDS
        })
    }

    fn gather(&mut self, steps: &[Step]) {
        let Some(first) = steps.first() else {
            return;
        };
        if !self.is_gathering() {
            self.steps = Gathered::default();
            self.say(Urgency::News, "State", None, String::new());
            self.steps.said = self.log.last().map(|line| line.seconds);
            self.date_last(first);
        }
        for step in steps {
            self.steps.take(step);
            let held = self.log.last().map_or(HELD, |line| line.parts.len());
            if held >= HELD {
                self.steps.beyond += 1;
                continue;
            }
            let part = (step.pin.filter.clone(), self.step_text(step));
            if let Some(line) = self.log.last_mut() {
                line.parts.push(part);
            }
        }
        let words = self.steps.words();
        if let Some(line) = self.log.last_mut() {
            line.text = words;
        }
    }

    /// Says something of several filters: a line each, or all of it in one.
    pub(super) fn say_many(
        &mut self,
        source: &str,
        what: &str,
        mut lines: Vec<(FilterPath, String)>,
    ) {
        if lines.len() < MANY {
            for (filter, text) in lines {
                self.say_of(Urgency::News, &filter, text);
            }
            return;
        }
        let text = format!("{} {what}", crate::ks::grouped(lines.len() as u32));
        self.say(Urgency::News, source, None, text);
        lines.truncate(HELD);
        if let Some(line) = self.log.last_mut() {
            line.parts = lines;
        }
    }

    /// The last line tells of what was at the time of that step.
    fn date_last(&mut self, step: &Step) {
        let rate_hz = f64::from(self.wiring.rate_hz.max(1));
        if let Some(line) = self.log.last_mut() {
            line.at_seconds = step.position as f64 / rate_hz;
        }
    }

    fn step_text(&self, step: &Step) -> String {
        format!(
            "{} {}\u{2192}{} {} {:.3} s",
            self.wiring.pin_text(&step.pin),
            step.from.name(),
            step.to.name(),
            step.status.name(),
            step.position as f64 / f64::from(self.wiring.rate_hz.max(1)),
        )
    }
}
