//! Gaps in what was heard, each charged to its filter: a list that a storm does not fill up.

use super::Xrun;

/// Gaps that are kept one by one.
const KEPT: usize = 10_000;
/// Seconds of graph time in which a filter is spoken of once.
const SPOKEN: f64 = 1.0;

/// All gaps since the document was opened.
#[derive(Default)]
pub(super) struct Dropouts {
    list: Vec<Xrun>,
    /// Those beyond the ones that are kept.
    beyond: u64,
    /// Filters that had some and were spoken of, when that was, and how many came since.
    spoken: Vec<(String, f64, u64)>,
}

impl Dropouts {
    /// So many more of one filter. How many are to be told of now: those since the last time, once a second.
    pub(super) fn add(&mut self, at_seconds: f64, filter: &str, count: u32) -> Option<u64> {
        let room = KEPT.saturating_sub(self.list.len()).min(count as usize);
        let xrun = Xrun {
            at_seconds,
            filter: filter.to_owned(),
        };
        self.list.extend(std::iter::repeat_n(xrun, room));
        self.beyond += u64::from(count) - room as u64;
        let new = (filter.to_owned(), f64::NEG_INFINITY, 0);
        let at = self.spoken.iter().position(|it| it.0 == filter);
        let at = at.unwrap_or_else(|| {
            self.spoken.push(new);
            self.spoken.len() - 1
        });
        let (_, last, untold) = &mut self.spoken[at];
        *untold += u64::from(count);
        // Behind a Stop time begins anew.
        let is_due = at_seconds < *last || at_seconds - *last >= SPOKEN;
        is_due.then(|| {
            *last = at_seconds;
            std::mem::take(untold)
        })
    }

    /// The first ones, in order.
    pub(super) fn list(&self) -> &[Xrun] {
        &self.list
    }

    /// All of them.
    pub(super) fn count(&self) -> u64 {
        self.list.len() as u64 + self.beyond
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_counted_to_the_last_and_neither_fills_the_memory_nor_the_log() {
        let mut dropouts = Dropouts::default();
        let mut told = vec![];
        for at in 0..1_000 {
            told.extend(dropouts.add(f64::from(at) * 0.01, "one", 1_000));
        }
        assert_eq!(dropouts.count(), 1_000_000);
        assert_eq!(dropouts.list().len(), KEPT);
        // One line a second, and each says what came since the last.
        assert_eq!(told.len(), 10);
        assert_eq!(told[..3], [1_000, 100_000, 100_000]);
        assert_eq!(dropouts.add(9.99, "two", 3), Some(3), "each for itself");
        assert_eq!(dropouts.add(0.5, "one", 1), Some(99_001), "behind a Stop");
    }
}
