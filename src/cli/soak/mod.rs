//! The long runs: hours of graph time, two simulated cards whose clocks differ, thousands of random edits. Each says how
//! the memory went, how far clocks drifted, and where sound broke.
//!
//! Lives here: their lengths, their verdict, the dice. Nothing waits for real time: cards are simulated.

mod cards;
mod edits;
mod hours;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

use serde_json::{Value as Json, json};

use super::failure::{Exit, Failure};
use super::load::{Bench, Document};
use super::{Answer, say};
use crate::engine::Epoch;

/// How long each run is.
#[derive(Clone, Copy)]
pub(super) struct Lengths {
    graph_seconds: u64,
    drift_seconds: u64,
    edits: usize,
}

impl Lengths {
    /// A day, an hour, ten thousand.
    pub(super) const FULL: Self = Self {
        graph_seconds: 24 * 3600,
        drift_seconds: 3600,
        edits: 10_000,
    };
    /// What every change is tried with.
    pub(super) const SHORT: Self = Self {
        graph_seconds: 20 * 60,
        drift_seconds: 120,
        edits: 500,
    };
}

/// The memory may grow by so much, in KiB: allocators keep some.
const GROWTH_KIB: i64 = 16 * 1024;

/// A seed nobody chose.
pub(super) fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish() >> 32
}

/// Numbers by chance, the same for a seed.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        // Seeds are small and alike; these are not. Never 0.
        Self((seed ^ 0x2545_F491_4F6C_DD1D).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % below.max(1)
    }

    /// From 0 to 1.
    fn share(&mut self) -> f64 {
        self.roll(1 << 24) as f64 / f64::from(1 << 24)
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.roll(of.len());
        of.get(at)
    }
}

/// The memory of this program in KiB, where the system tells.
fn memory_kib() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// How the memory went in one run.
#[derive(Clone, Copy, Default)]
struct Memory {
    begin: Option<i64>,
    end: Option<i64>,
}

impl Memory {
    fn begin() -> Self {
        Self {
            begin: memory_kib(),
            end: None,
        }
    }

    fn end(mut self) -> Self {
        self.end = memory_kib();
        self
    }

    fn grown_kib(self) -> Option<i64> {
        Some(self.end? - self.begin?)
    }

    fn words(self) -> String {
        match (self.begin, self.end) {
            (Some(begin), Some(end)) => format!("memory {begin} to {end} KiB"),
            _ => "memory not told by this system".into(),
        }
    }
}

/// What came of one run.
struct Outcome {
    text: String,
    json: Json,
    /// What is wrong with it.
    faults: Vec<String>,
}

/// All of them, one after the other.
pub(super) fn run(
    bench: &Bench,
    (document, is_own): (&Document, bool),
    lengths: Lengths,
    quantum: usize,
    seed: u64,
) -> Result<Answer, Failure> {
    let epoch = Epoch::new();
    say(&format!("seed {seed}"));
    let mut text = format!("seed {seed}\n");
    let (mut faults, mut runs) = (vec![], serde_json::Map::new());
    type Run<'a> = (&'a str, Box<dyn FnOnce() -> Result<Outcome, Failure> + 'a>);
    let all: [Run<'_>; 3] = [
        (
            "graph",
            Box::new(|| hours::run(bench, (document, is_own), lengths.graph_seconds, quantum)),
        ),
        (
            "drift",
            Box::new(|| cards::run(lengths.drift_seconds, seed)),
        ),
        ("edits", Box::new(|| edits::run(lengths.edits, seed))),
    ];
    for (name, run) in all {
        let memory = memory_kib();
        let began = epoch.nanos();
        let outcome = run()?;
        let took = (epoch.nanos() - began) as f64 / 1e9;
        text += &format!("{name}: {}, in {took:.1} s\n", outcome.text);
        say(&format!("{name} is done"));
        let mut json = outcome.json;
        json["took_seconds"] = json!(took);
        json["memory_before_kib"] = json!(memory);
        runs.insert(name.to_owned(), json);
        faults.extend(
            outcome
                .faults
                .iter()
                .map(|fault| format!("{name}: {fault}")),
        );
    }
    for fault in &faults {
        text += &format!("fault: {fault}\n");
    }
    let answer = json!({ "seed": seed, "runs": runs, "faults": faults });
    let exit = if faults.is_empty() {
        Exit::Done
    } else {
        Exit::No
    };
    Ok(Answer::new(text, answer).exit(exit))
}

/// What is wrong with numbers that should all be zero, and with a memory that should stay.
fn judge(zeros: &[(&str, u64)], memory: Memory) -> Vec<String> {
    let mut faults: Vec<String> = zeros
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(what, count)| format!("{count} {what}"))
        .collect();
    if let Some(grown) = memory.grown_kib().filter(|grown| *grown > GROWTH_KIB) {
        faults.push(format!("the memory grew by {grown} KiB"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_should_be_zero_and_a_memory_that_grows_are_faults() {
        let memory = |end| Memory {
            begin: Some(50_000),
            end: Some(end),
        };
        assert!(judge(&[("breaks", 0)], memory(51_000)).is_empty());
        let faults = judge(&[("breaks", 2), ("starved", 0)], memory(70_000));
        assert_eq!(faults, ["2 breaks", "the memory grew by 20000 KiB"]);
    }

    #[test]
    fn dice_are_the_same_for_a_seed_and_others_for_another() {
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..20).map(|_| dice.roll(100)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(7), rolls(7));
        assert_ne!(rolls(7), rolls(8));
        assert_ne!(rolls(0), [0; 20]);
    }
}
