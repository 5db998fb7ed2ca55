//! What MIDI monitors say in the log: messages by their names, not more than a few in a second.

use std::collections::BTreeMap;

use super::telemetry::midi_monitor;
use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::Value;
use crate::midi::names;

/// Lines of one monitor in a second.
const MOST_A_SECOND: u32 = 20;

/// How far the log has told what a monitor saw.
#[derive(Clone, Copy, Default)]
pub(super) struct Told {
    count: u32,
    /// The second, and the lines in it.
    second: u64,
    lines: u32,
    /// Messages that were not told.
    left_out: u32,
}

impl App {
    /// Tells what monitors saw since the last time, of those that are to.
    pub(super) fn tell_monitors(&mut self) {
        let second = self.epoch.nanos() / 1_000_000_000;
        let said: Vec<FilterPath> = (self.wiring.filters.iter())
            .filter(|(_, filter)| {
                let descriptor = filter.descriptor.as_deref();
                descriptor.is_some_and(|it| it.key == "midi_monitor")
                    && filter.values.get("log") == Some(&Value::Flag(true))
            })
            .map(|(path, _)| path.clone())
            .collect();
        let mut all = BTreeMap::new();
        for path in said {
            let Some(cells) = self.telemetry(&path) else {
                continue;
            };
            let now = midi_monitor::count(cells);
            // What passed before it was asked to tell is not told.
            let fresh = Told {
                count: now,
                second,
                ..Told::default()
            };
            let mut told = self.monitored.get(&path).copied().unwrap_or(fresh);
            let (lines, left_out) = told.take(now, second, |number| {
                let seen = midi_monitor::seen(cells, number)?;
                Some(format!(
                    "{:.3} s  {}",
                    seen.seconds,
                    names::message(seen.bytes())
                ))
            });
            all.insert(path.clone(), told);
            if left_out > 0 {
                let text = format!("{left_out} messages more than the log has room for");
                self.say_of(Urgency::News, &path, text);
            }
            for line in lines {
                self.say_of(Urgency::News, &path, line);
            }
        }
        self.monitored = all;
    }
}

impl Told {
    /// The lines for what passed up to `now`, and how many messages of the second before went without one.
    fn take(
        &mut self,
        now: u32,
        second: u64,
        line: impl Fn(u32) -> Option<String>,
    ) -> (Vec<String>, u32) {
        let mut left_out = 0;
        if second != self.second {
            left_out = std::mem::take(&mut self.left_out);
            (self.second, self.lines) = (second, 0);
        }
        let mut lines = vec![];
        for ago in (1..=midi_monitor::since(now, self.count)).rev() {
            let told = if self.lines < MOST_A_SECOND && ago <= midi_monitor::KEPT as u32 {
                line(midi_monitor::since(now, ago))
            } else {
                None
            };
            match told {
                Some(line) => {
                    self.lines += 1;
                    lines.push(line);
                }
                None => self.left_out += 1,
            }
        }
        self.count = now;
        (lines, left_out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_lines_a_second_are_told_and_the_rest_is_counted() {
        let mut told = Told::default();
        let line = |number: u32| Some(format!("{number}"));
        assert_eq!(
            told.take(3, 0, line),
            (vec!["0".into(), "1".into(), "2".into()], 0)
        );
        let (lines, left_out) = told.take(50, 0, line);
        assert_eq!((lines.len(), left_out), (17, 0));
        assert_eq!(lines[0], "3");
        assert_eq!(told.take(51, 1, line), (vec!["50".into()], 30));
        assert_eq!(told.take(51, 2, line), (vec![], 0));
    }
}
