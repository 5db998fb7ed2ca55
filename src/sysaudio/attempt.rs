//! What was tried while a graph was built: a tree. A branch is a wire or a way; below it stands what it took.

use crate::graph::Refusal;

/// One thing that was tried, and what became of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Attempt {
    /// `Tone.out -> Gain.in`, `through Rate Converter`.
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What was tried for it, in order.
    pub inner: Vec<Attempt>,
}

/// What became of an attempt.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// It holds; the format, where it is a wire.
    Holds(String),
    /// The wire is refused, with the card.
    Refused(Box<Refusal>),
    /// It does not go, in words.
    Fails(String),
    /// Some of it holds.
    Partly(String),
}

impl Outcome {
    /// Whether all of it holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Holds(_))
    }

    /// One line.
    pub fn words(&self) -> String {
        match self {
            Self::Holds(format) if format.is_empty() => "holds".into(),
            Self::Holds(format) => format.clone(),
            Self::Refused(refusal) => format!("{} ({})", refusal.sentence(), refusal.rule),
            Self::Fails(words) | Self::Partly(words) => words.clone(),
        }
    }
}

impl Attempt {
    /// An attempt with nothing below it.
    pub fn new(what: impl Into<String>, outcome: Outcome) -> Self {
        Self {
            what: what.into(),
            outcome,
            inner: vec![],
        }
    }

    /// All of it as lines, each level farther in by two blanks.
    pub fn lines(&self) -> Vec<String> {
        let mark = match &self.outcome {
            Outcome::Holds(_) => "ok",
            Outcome::Partly(_) => "in part",
            Outcome::Refused(_) | Outcome::Fails(_) => "no",
        };
        let mut lines = vec![format!("{mark}: {}: {}", self.what, self.outcome.words())];
        let inner = self.inner.iter().flat_map(Self::lines);
        lines.extend(inner.map(|line| format!("  {line}")));
        lines
    }
}
