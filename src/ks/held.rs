//! Which notes sound on one stream of MIDI messages, so that they can be released when the stream breaks off.

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

#[cfg(test)]
mod tests {
    use super::*;

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
