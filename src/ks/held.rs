//! Which notes sound on one stream of MIDI messages, so that they can be released when the stream breaks off.

use super::event::KernelEvent;
use super::time::RefTime;

/// Groups of sixteen channels that a synthesizer can have.
pub const MOST_GROUPS: usize = 4;

/// The place of an event's channel among all channels of a synthesizer of so many groups, and how many channels it
/// names. Events count groups from 1, properties and this program's tables from 0, and an event of group 0 means all of
/// them; this is the one place where one becomes the other (EVN-3). `None` for a group that is not there.
pub fn group_range(event_group: u16, groups: usize) -> Option<std::ops::Range<usize>> {
    match usize::from(event_group) {
        0 => Some(0..groups),
        group if group <= groups => Some(group - 1..group),
        _ => None,
    }
}

/// Notes and pedals that are down, on sixteen channels.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// One bit a key, for each channel.
    keys: [u128; 16],
    /// One bit a channel.
    pedals: u16,
}

/// The controller of the sustain pedal.
const SUSTAIN: u8 = 64;

impl Held {
    /// Follows one message.
    pub fn follow(&mut self, message: &[u8]) {
        let &[status, first, ref rest @ ..] = message else {
            if message == [0xFF] {
                *self = Self::default();
            }
            return;
        };
        let channel = usize::from(status & 0x0F);
        let key = 1_u128 << (first & 0x7F);
        let second = rest.first().copied().unwrap_or(0);
        match (status & 0xF0, first) {
            (0x90, _) if second > 0 => self.keys[channel] |= key,
            (0x80 | 0x90, _) => self.keys[channel] &= !key,
            (0xB0, SUSTAIN) if second >= 64 => self.pedals |= 1 << channel,
            (0xB0, SUSTAIN | 121) => self.pedals &= !(1 << channel),
            // All sound off, all notes off, and the modes that imply it.
            (0xB0, 120 | 123..=127) => self.keys[channel] = 0,
            _ => {}
        }
    }

    /// What is down here and not there.
    pub fn without(mut self, other: &Self) -> Self {
        for (keys, others) in self.keys.iter_mut().zip(&other.keys) {
            *keys &= !others;
        }
        self.pedals &= !other.pedals;
        self
    }

    /// Whether nothing is down.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether that key of that channel is down.
    pub fn is_down(&self, channel: u8, key: u8) -> bool {
        self.keys[usize::from(channel & 15)] >> (key & 0x7F) & 1 == 1
    }

    /// Takes out what is down on some channels, a bit each.
    pub fn split_off(&mut self, channels: u16) -> Self {
        let mut off = Self::default();
        for channel in (0..16).filter(|channel| channels >> channel & 1 == 1) {
            off.keys[channel] = std::mem::take(&mut self.keys[channel]);
        }
        off.pedals = self.pedals & channels;
        self.pedals &= !channels;
        off
    }

    /// Gives the messages that release everything: pedals first, then keys. What `take` does not take stays down.
    pub fn release(&mut self, mut take: impl FnMut([u8; 3]) -> bool) {
        for channel in 0..16_u8 {
            let bit = 1 << channel;
            if self.pedals & bit != 0 {
                if !take([0xB0 | channel, SUSTAIN, 0]) {
                    return;
                }
                self.pedals &= !bit;
            }
            let keys = &mut self.keys[usize::from(channel)];
            while *keys != 0 {
                let key = keys.trailing_zeros() as u8;
                if !take([0x80 | channel, key, 64]) {
                    return;
                }
                *keys &= *keys - 1;
            }
        }
    }
}

/// Notes and pedals that are down, by channel group (EVN-3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeldGroups([Held; MOST_GROUPS]);

impl HeldGroups {
    /// Follows one event.
    pub fn follow(&mut self, event: &KernelEvent) {
        for group in group_range(event.channel_group, MOST_GROUPS)
            .into_iter()
            .flatten()
        {
            self.0[group].follow(event.bytes());
        }
    }

    /// What is down here and not there.
    #[must_use]
    pub fn without(self, other: &Self) -> Self {
        Self(std::array::from_fn(|group| {
            self.0[group].without(&other.0[group])
        }))
    }

    /// Whether nothing is down.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Held::is_empty)
    }

    /// Takes out what is down on some channels of every group, a bit each.
    pub fn split_off(&mut self, channels: u16) -> Self {
        Self(self.0.each_mut().map(|held| held.split_off(channels)))
    }

    /// Gives the events that release everything, each in its group. What `take` does not take stays down.
    pub fn release(&mut self, time: RefTime, mut take: impl FnMut(KernelEvent) -> bool) {
        for (held, group) in self.0.iter_mut().zip(1..) {
            held.release(|message| {
                let event = KernelEvent::new(time, &message);
                event.is_some_and(|mut event| {
                    event.channel_group = group;
                    take(event)
                })
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evn_3_events_count_groups_from_one_and_none_means_all() {
        assert_eq!(group_range(0, 2), Some(0..2));
        assert_eq!(group_range(1, 2), Some(0..1));
        assert_eq!(group_range(2, 2), Some(1..2));
        assert_eq!(group_range(3, 2), None);
    }

    #[test]
    fn what_is_down_is_released_once() {
        let mut held = Held::default();
        for message in [
            [0x90, 60, 100],
            [0x90, 64, 100],
            [0x93, 60, 1],
            [0x90, 64, 0],
            [0xB3, 64, 127],
        ] {
            held.follow(&message);
        }
        assert!(held.is_down(0, 60) && !held.is_down(0, 64));
        let mut given = vec![];
        held.release(|message| {
            given.push(message);
            true
        });
        assert_eq!(given, [[0x80, 60, 64], [0xB3, 64, 0], [0x83, 60, 64]]);
        assert!(held.is_empty());
    }

    #[test]
    fn what_is_down_in_a_group_is_released_in_it() {
        let mut held = HeldGroups::default();
        for (group, message) in [(1, [0x90, 60, 9]), (3, [0x90, 60, 9]), (1, [0x80, 60, 0])] {
            let mut event = KernelEvent::new(0, &message).unwrap();
            event.channel_group = group;
            held.follow(&event);
        }
        assert!(!held.is_empty());
        let mut given = vec![];
        held.release(77, |event| {
            given.push((event.time, event.channel_group, event.bytes().to_vec()));
            true
        });
        assert_eq!(given, [(77, 3, vec![0x80, 60, 64])]);
        assert!(held.is_empty());
    }

    #[test]
    fn what_is_not_taken_stays_down() {
        let mut held = Held::default();
        held.follow(&[0x90, 1, 1]);
        held.follow(&[0x90, 2, 1]);
        let mut room = 1;
        held.release(|_| {
            room -= 1;
            room >= 0
        });
        assert!(!held.is_down(0, 1) && held.is_down(0, 2));
    }

    #[test]
    fn messages_of_any_length_are_harmless() {
        let mut held = Held::default();
        for message in [&[][..], &[0x90], &[0x90, 60], &[0xFF], &[0xF8], &[0xC0, 5]] {
            held.follow(message);
        }
        assert!(held.is_empty());
    }
}
