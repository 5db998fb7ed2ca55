//! Minidrivers that hang or have panicked, told once by the names of their filters; and what the others have to say.

use std::collections::BTreeMap;

use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::Health;

/// So many faults are kept.
const MOST_FAULTS: usize = 64;

impl App {
    /// What failed in minidrivers, a file on a full disk say, in the order it was told.
    pub fn class_faults(&self) -> &[(FilterPath, String)] {
        &self.class_faults
    }

    /// Tells of minidrivers that are gone since the last time.
    pub(super) fn tell_minidrivers(&mut self) {
        let Some(playing) = &self.playing else { return };
        for (path, word) in playing.take_words() {
            let urgency = match word.is_fault {
                true => Urgency::Error,
                false => Urgency::Attention,
            };
            self.say_of(urgency, &path, word.text.clone());
            if word.is_fault && self.class_faults.len() < MOST_FAULTS {
                self.class_faults.push((path, word.text));
            }
        }
        let Some(playing) = &self.playing else { return };
        let unwell = playing.unwell();
        let unwell: BTreeMap<FilterPath, Health> = unwell
            .map(|(path, health)| (path.clone(), health))
            .collect();
        // One that was opened anew is forgotten, and told of again.
        let before = std::mem::replace(&mut self.unwell, unwell.clone());
        for (path, health) in unwell {
            if before.get(&path) != Some(&health) {
                self.say_of(Urgency::Error, &path, words(health).into());
            }
        }
    }
}

fn words(health: Health) -> &'static str {
    match health {
        Health::Well => "Its minidriver is well again",
        Health::NotResponding => {
            "Its minidriver is not responding. It is silent, and the rest plays on; disable and enable it to try again"
        }
        Health::Panicked => {
            "Its minidriver panicked. It is silent, and the rest plays on; disable and enable it to try again"
        }
    }
}
