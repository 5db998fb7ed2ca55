//! Quality of a stream: what a sink says of the frames it gets, and what a filter can do with less.
//!
//! A sink reports to whoever watches over quality, never to another pin (QUA-1); that one asks filters upstream for less,
//! by level. Which filters and when is decided in the engine. No clocks and no state live here.

use super::time::RefTime;

/// The proportion when every frame is of use.
pub const ALL_OF_USE: u16 = 1000;

/// The level at which a filter gives up as much as it can; 0 is full quality.
pub const LEAST: u8 = 3;

/// What a sink says of the frames it received since it said something last (QUA-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quality {
    /// Parts in a thousand that were really used: 1000 is best, 500 is half of them thrown away. More stands for "could
    /// take more".
    pub proportion: u16,
    /// In 100 ns: more than 0 is late, less is early.
    pub delta: RefTime,
}

impl Quality {
    /// Whether something is to be done about it.
    pub fn is_poor(&self) -> bool {
        self.proportion < ALL_OF_USE || self.delta > 0
    }
}

/// By what a filter spends less (QUA-5). Skipping is for pictures: no sound filter is asked to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Strategy {
    /// Fewer samples.
    Sample = 0,
    /// Samples of poorer quality.
    Quality = 1,
    /// Less work for each.
    Computation = 2,
    /// A stretch left out.
    Skip = 3,
}

impl Strategy {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Quality => "quality",
            Self::Computation => "computation",
            Self::Skip => "skip",
        }
    }
}

/// How a filter does with less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Degradation {
    /// By what.
    pub strategy: Strategy,
    /// What it gives up at levels 1, 2 and 3.
    pub gives_up: [&'static str; LEAST as usize],
}

impl Degradation {
    /// What it gives up at a level; nothing at 0.
    pub fn at(&self, level: u8) -> Option<&'static str> {
        let index = usize::from(level.min(LEAST)).checked_sub(1)?;
        Some(self.gives_up[index])
    }
}

/// A level as the Stream set writes it: 1000 stands for no degradation.
pub fn permille_of(level: u8) -> u16 {
    ALL_OF_USE - u16::from(level.min(LEAST)) * 250
}

/// The level for what the Stream set asks.
pub fn level_of(permille: u32) -> u8 {
    let missing = u32::from(ALL_OF_USE).saturating_sub(permille);
    missing.div_ceil(250).min(u32::from(LEAST)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_the_nearest_that_asks_for_no_more() {
        for level in 0..=LEAST {
            assert_eq!(level_of(permille_of(level).into()), level);
        }
        let asked = [0, 200, 250, 251, 500, 999, 1000, 4_000_000_000];
        assert_eq!(asked.map(level_of), [3, 3, 3, 3, 2, 1, 0, 0]);
    }

    #[test]
    fn late_or_thrown_away_is_poor_and_early_or_more_than_enough_is_not() {
        let poor = |proportion, delta| Quality { proportion, delta }.is_poor();
        assert!(poor(999, 0) && poor(1000, 1) && poor(500, -5));
        assert!(!poor(1000, 0) && !poor(1000, -1) && !poor(1500, 0));
    }
}
