//! A filter that does not come back from its cycle, and what is saved of the rest.
//!
//! The audio thread is inside that filter and stays there; nothing can be taken out of its hands. So the whole engine is
//! let go of, devices included, and another one begins with the same graph, that filter left out: the position is at zero
//! again and nothing remembers what it played. Sound stands still until then, and comes up softly.

use super::playing::Playing;
use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::State;

impl App {
    /// What is said of a filter that did not come back.
    pub(super) fn barred_words(&self, filter: &FilterPath) -> Option<&'static str> {
        let words = "never came back from a cycle; it is left out until Stop";
        self.barred.contains(filter).then_some(words)
    }

    /// Begins anew without a filter that is stuck.
    pub(super) fn cut_off_stuck(&mut self) {
        let Some(old) = &mut self.playing else { return };
        let Some(filter) = old.stuck() else { return };
        let (quantum, cores) = (old.quantum(), old.cores);
        let mut new = match Playing::start(self.catalogue.clone(), quantum, cores) {
            Ok(new) => new,
            Err(error) => {
                let text = format!("The audio thread did not start again: {error}");
                self.playing = None;
                self.say(Urgency::Error, "Engine", None, text);
                return;
            }
        };
        old.hand_over(&mut new);
        self.playing = Some(new);
        self.tell_loop();
        let text = "It never came back from a cycle. It is left out until Stop, and the rest of the graph has \
                    begun anew; the next Run after that tries it again";
        self.say_of(Urgency::Error, &filter, text.into());
        self.barred.insert(filter);
        self.agree();
        let wanted = self.requested;
        if wanted != State::Stop {
            self.set_state(wanted);
        }
    }

    /// Filters that did not come back get another chance.
    pub(super) fn try_barred_again(&mut self) {
        if !self.barred.is_empty() {
            self.barred.clear();
            self.agree();
        }
    }
}
