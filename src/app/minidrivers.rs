//! Minidrivers that hang or have panicked, told once by the names of their filters and loaded again; and what the others
//! have to say.
//!
//! One that was reset since it never answered is loaded again by itself, once and after a while: a disk may have woken up
//! meanwhile. One that panicked would panic again: it is loaded when somebody asks.

use std::collections::BTreeMap;

use super::{App, Urgency};
use crate::graph::FilterPath;
use crate::ks::Health;

/// After how many nanoseconds one is loaded again.
const BACK_OFF_NANOS: u64 = 5_000_000_000;
/// So many faults are kept.
const MOST_FAULTS: usize = 64;

impl App {
    /// What failed in minidrivers, a file on a full disk say, in the order it was told.
    pub fn class_faults(&self) -> &[(FilterPath, String)] {
        &self.class_faults
    }

    /// Opens a filter anew, with a new minidriver: by hand, so that it may be tried by itself once more.
    pub(super) fn load_again(&mut self, filter: &FilterPath) {
        self.reloads.remove(filter);
        self.look_again_at_bank(filter);
        self.reload(filter);
    }

    fn reload(&mut self, filter: &FilterPath) {
        if let Some(playing) = &mut self.playing {
            playing.renew(filter);
            self.say_of(Urgency::News, filter, "It is loaded again".into());
            self.agree();
        }
    }

    /// Loads again what has waited long enough.
    fn reload_due(&mut self) {
        let now = self.epoch.nanos();
        let mut waiting = self.reloads.iter_mut();
        let due = waiting.find(|(_, due)| due.is_some_and(|due| due <= now));
        let Some((path, due)) = due else { return };
        *due = None;
        let path = path.clone();
        // It may have been opened anew by now, or be gone.
        if self.unwell.get(&path) == Some(&Health::NotResponding) {
            self.reload(&path);
        }
    }

    /// Tells of minidrivers that are gone since the last time.
    pub(super) fn tell_minidrivers(&mut self) {
        self.reload_due();
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
                let is_first = !self.reloads.contains_key(&path);
                if health == Health::NotResponding && is_first {
                    let due = self.epoch.nanos() + BACK_OFF_NANOS;
                    self.reloads.insert(path.clone(), Some(due));
                }
                self.say_of(Urgency::Error, &path, words(health, is_first).into());
            }
        }
    }
}

fn words(health: Health, is_first: bool) -> &'static str {
    match health {
        Health::Well => "Its minidriver is well again",
        Health::NotResponding if is_first => {
            "Its minidriver is not responding. It is silent, and the rest plays on; it is loaded again in a moment"
        }
        Health::NotResponding => {
            "Its minidriver is not responding again. It is silent, and the rest plays on; Load Again on its page Class tries once more"
        }
        Health::Panicked => {
            "Its minidriver panicked. It is silent, and the rest plays on; Load Again on its page Class tries once more"
        }
    }
}
