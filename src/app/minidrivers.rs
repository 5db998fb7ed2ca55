//! Minidrivers that hang or have panicked: told once, by the names of their filters.

use std::collections::BTreeMap;

use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::Health;

impl App {
    /// Tells of minidrivers that are gone since the last time.
    pub(super) fn tell_minidrivers(&mut self) {
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
