//! MIDI ports that more came to than anybody could take, or that played behind their time: how many messages it were is
//! told.

use super::{App, Urgency};
use crate::filters::{midi_device_in, midi_device_out};
use crate::graph::FilterPath;

/// A count that a port publishes, and what is said when it grows.
struct Count {
    cell: usize,
    words: &'static str,
    /// Said at the first, and then each time that there are twice as many: one that lags lags all the time.
    is_seldom: bool,
}

const IN: &[Count] = &[Count {
    cell: midi_device_in::LOST,
    words: "came faster than they could be taken and were left out; notes that sounded were released",
    is_seldom: false,
}];
const OUT: &[Count] = &[
    Count {
        cell: midi_device_out::telemetry::LOST,
        words: "could not be sent and were left out; notes that sounded were released",
        is_seldom: false,
    },
    Count {
        cell: midi_device_out::telemetry::LATE,
        words: "were played late, the last of them at least 5 ms. A longer quantum gives the port more time",
        is_seldom: true,
    },
];

impl Count {
    /// How many more there are than when it was told last, if that is to be told.
    fn news(&self, told: f32, now: f32) -> Option<f32> {
        // Opened anew it counts from zero.
        let told = if now < told { 0.0 } else { told };
        let new = now - told;
        let is_enough = !self.is_seldom || now >= 2.0 * told;
        (new > 0.0 && is_enough).then_some(new)
    }
}

impl App {
    /// Tells of messages that found no room, or came late, since the last time.
    pub(super) fn tell_floods(&mut self) {
        let counts_of = |key: &str| match key {
            "midi_device_in" => IN,
            "midi_device_out" => OUT,
            _ => &[],
        };
        let filters = self.wiring.filters.iter();
        let counts = filters.flat_map(|(path, it)| {
            let counts = counts_of(&it.key).iter();
            counts.map(move |count| (path, count))
        });
        let counts: Vec<(FilterPath, f32, &Count)> = counts
            .filter_map(|(path, count)| {
                let open = self.playing.as_ref()?.open(path)?;
                let now = open.telemetry.as_ref()?.get(count.cell);
                Some((path.clone(), now, count))
            })
            .collect();
        for (path, now, count) in counts {
            let told = self.floods.entry((path.clone(), count.cell)).or_default();
            let news = count.news(*told, now);
            if news.is_some() || now < *told {
                *told = now;
            }
            if let Some(new) = news {
                let text = format!("{new} messages {}", count.words);
                self.say_of(Urgency::Attention, &path, text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_is_told_each_time_and_what_is_late_when_it_doubles() {
        let [lost, late] = OUT else { unreachable!() };
        assert_eq!(lost.news(0.0, 0.0), None);
        assert_eq!(lost.news(7.0, 8.0), Some(1.0));
        assert_eq!(lost.news(7.0, 2.0), Some(2.0), "opened anew");
        assert_eq!(late.news(0.0, 1.0), Some(1.0));
        assert_eq!(late.news(4.0, 7.0), None);
        assert_eq!(late.news(4.0, 8.0), Some(4.0));
        assert_eq!(late.news(4.0, 1.0), Some(1.0), "opened anew");
    }
}
