//! MIDI ports that more came to than anybody could take: how many messages were left out is told.

use super::{App, Urgency};
use crate::filters::{midi_device_in, midi_device_out};
use crate::graph::FilterPath;

impl App {
    /// Tells of messages that found no room since the last time.
    pub(super) fn tell_floods(&mut self) {
        let cell_of = |key: &str| match key {
            "midi_device_in" => Some((
                midi_device_in::LOST,
                "came faster than they could be taken and were left out",
            )),
            "midi_device_out" => Some((
                midi_device_out::telemetry::LOST,
                "could not be sent and were left out",
            )),
            _ => None,
        };
        let filters = self.wiring.filters.iter();
        let ports = filters.filter_map(|(path, it)| Some((path, cell_of(&it.key)?)));
        let lost: Vec<(FilterPath, f32, &str)> = ports
            .filter_map(|(path, (cell, words))| {
                let open = self.playing.as_ref()?.open(path)?;
                let lost = open.telemetry.as_ref()?.get(cell);
                Some((path.clone(), lost, words))
            })
            .collect();
        for (path, lost, words) in lost {
            let before = self.floods.insert(path.clone(), lost).unwrap_or(0.0);
            // Opened anew it counts from zero.
            let new = if lost < before { lost } else { lost - before };
            if new > 0.0 {
                let text = format!("{new} messages {words}; notes that sounded were released");
                self.say_of(Urgency::Attention, &path, text);
            }
        }
    }
}
