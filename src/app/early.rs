//! What was played while nothing ran: keys that are still held when the graph runs sound then; what was let go of before
//! anybody asked for Run is forgotten.

use crate::graph::FilterPath;

/// More than this many messages nobody plays while a graph is being opened.
const MOST: usize = 256;

/// A filter that takes live events, and a message for it.
type Played = (FilterPath, Vec<u8>);

/// Messages that wait for Run, in order.
#[derive(Debug, Default)]
pub(super) struct Early {
    waiting: Vec<Played>,
    /// Run was asked for: a short note is meant to be heard.
    pub(super) will_run: bool,
}

impl Early {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn keep(&mut self, filter: &FilterPath, bytes: &[u8]) {
        if !self.will_run && self.takes_back(filter, bytes) {
            return;
        }
        if self.waiting.len() < MOST {
            self.waiting.push((filter.clone(), bytes.to_vec()));
        }
    }

    /// Whether a message only ends what waits, or says anew what a wheel or pedal is: then what it follows is gone.
    fn takes_back(&mut self, filter: &FilterPath, bytes: &[u8]) -> bool {
        let (is_end, what) = match *bytes {
            [off @ 0x80..=0x8F, note, ..] => (true, vec![off | 0x10, note]),
            [change @ 0xB0..=0xBF, controller, ..] => (false, vec![change, controller]),
            [bend @ 0xE0..=0xEF, ..] => (false, vec![bend]),
            _ => return false,
        };
        let before = self.waiting.len();
        self.waiting
            .retain(|(it, message)| it != filter || !message.starts_with(&what));
        // The end of a note that sounded before a pause is still owed.
        is_end && self.waiting.len() < before
    }

    /// All of it; nothing waits any more.
    pub(super) fn take(&mut self) -> Vec<Played> {
        std::mem::take(&mut self.waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::FilterId;

    fn bytes(early: &mut Early) -> Vec<Vec<u8>> {
        early.take().into_iter().map(|(_, bytes)| bytes).collect()
    }

    #[test]
    fn what_is_let_go_of_in_time_is_forgotten_and_what_is_held_waits() {
        let (mut early, filter) = (Early::default(), FilterPath::of(FilterId(1)));
        for message in [
            [0x80, 72, 64],
            [0x90, 60, 100],
            [0x90, 64, 100],
            [0xB0, 64, 127],
            [0x80, 60, 64],
            [0xB0, 64, 0],
        ] {
            early.keep(&filter, &message);
        }
        let wanted = [[0x80, 72, 64], [0x90, 64, 100], [0xB0, 64, 0]];
        assert_eq!(bytes(&mut early), wanted, "72 sounded before the pause");
        assert!(early.is_empty());
    }

    #[test]
    fn after_run_was_asked_for_a_short_note_is_kept_whole() {
        let (mut early, filter) = (Early::default(), FilterPath::of(FilterId(1)));
        early.will_run = true;
        for message in [[0x90, 60, 100], [0x80, 60, 64]] {
            early.keep(&filter, &message);
        }
        assert_eq!(bytes(&mut early).len(), 2);
        (0..2 * MOST).for_each(|_| early.keep(&filter, &[0xF8]));
        assert_eq!(bytes(&mut early).len(), MOST, "and there is an end to it");
    }
}
