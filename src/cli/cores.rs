//! `--cores`: on how many processors a graph runs.

use clap::{Args, ValueEnum};

use crate::engine::Cores;

/// What is chosen.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Choice {
    /// On how many processors branches of the graph are done; the sound does not depend on it
    #[arg(long, value_name = "N", value_enum, default_value_t = Count::Auto)]
    pub(super) cores: Count,
}

/// How many.
#[derive(ValueEnum, Clone, Copy, Debug)]
pub(super) enum Count {
    /// Two, where a cycle has enough to do; live, only with real-time priority
    Auto,
    /// One
    #[value(name = "1")]
    One,
    /// Two, however little there is to do
    #[value(name = "2")]
    Two,
}

impl From<Count> for Cores {
    fn from(count: Count) -> Self {
        match count {
            Count::Auto => Self::Auto,
            Count::One => Self::One,
            Count::Two => Self::Two,
        }
    }
}
