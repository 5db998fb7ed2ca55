//! MIDI inputs that were played faster than anybody could take it: how many messages were left out is told.

use super::{App, Urgency};
use crate::filters::midi_device_in;
use crate::graph::FilterPath;

impl App {
    /// Tells of messages that found no room since the last time.
    pub(super) fn tell_floods(&mut self) {
        let filters = self.wiring.filters.iter();
        let inputs = filters.filter(|(_, it)| it.key == "midi_device_in");
        let lost: Vec<(FilterPath, f32)> = inputs
            .filter_map(|(path, _)| {
                let open = self.playing.as_ref()?.open(path)?;
                let lost = open.telemetry.as_ref()?.get(midi_device_in::LOST);
                Some((path.clone(), lost))
            })
            .collect();
        for (path, lost) in lost {
            let before = self.floods.insert(path.clone(), lost).unwrap_or(0.0);
            // Opened anew it counts from zero.
            let new = if lost < before { lost } else { lost - before };
            if new > 0.0 {
                let text = format!(
                    "{new} messages came faster than they could be taken and were left out; notes that sounded were released"
                );
                self.say_of(Urgency::Attention, &path, text);
            }
        }
    }
}
