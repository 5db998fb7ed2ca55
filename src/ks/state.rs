//! The four states of a pin, one step at a time (STA-1, STA-3). Who is stepped when is the engine's business (ORD-3).

use serde::{Deserialize, Serialize};

/// KSSTATE.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub enum State {
    /// Minimum resources; position at zero.
    #[default]
    Stop = 0,
    /// Resources reserved, no data.
    Acquire = 1,
    /// Ready to run at once; position frozen.
    Pause = 2,
    /// Data move, the clock advances.
    Run = 3,
}

impl State {
    /// The one next state on the way to `wanted`, or `None` when there.
    pub fn step_towards(self, wanted: Self) -> Option<Self> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let next = match self.cmp(&wanted) {
            Equal => return None,
            Less => self as u8 + 1,
            Greater => self as u8 - 1,
        };
        Some(Self::from_number(next))
    }

    /// 0 Stop to 3 Run; larger numbers are Run.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Stop,
            1 => Self::Acquire,
            2 => Self::Pause,
            _ => Self::Run,
        }
    }

    /// The word users see.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "Stop",
            Self::Acquire => "Acquire",
            Self::Pause => "Pause",
            Self::Run => "Run",
        }
    }
}

/// Whether a paused pin could run at once (STA-8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Cued {
    /// It could.
    #[default]
    Yes = 0,
    /// Its first frame has not come yet.
    Pending = 1,
    /// It is live: nothing can be made ready.
    CannotCue = 2,
}

impl Cued {
    /// 0 Yes to 2 CannotCue; larger numbers are that too.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Yes,
            1 => Self::Pending,
            _ => Self::CannotCue,
        }
    }

    /// What of a whole graph is to be said: what is waited for first, then what cannot be had.
    pub fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Pending, _) | (_, Self::Pending) => Self::Pending,
            (Self::CannotCue, _) | (_, Self::CannotCue) => Self::CannotCue,
            _ => Self::Yes,
        }
    }

    /// The words users see.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Yes => "cued",
            Self::Pending => "not cued yet",
            Self::CannotCue => "cannot be cued",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, Acquire, Pause, Run, Stop};

    #[test]
    fn every_way_goes_by_single_steps() {
        let walk = |from: State, to: State| {
            let mut seen = vec![];
            let mut at = from;
            while let Some(next) = at.step_towards(to) {
                seen.push(next);
                at = next;
            }
            seen
        };
        assert_eq!(walk(Stop, Run), [Acquire, Pause, Run]);
        assert_eq!(walk(Run, Stop), [Pause, Acquire, Stop]);
        assert_eq!(walk(Pause, Pause), []);
    }
}
