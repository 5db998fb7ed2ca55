//! Messages as bytes and as types, and the parser of a byte stream.
//!
//! ```text
//!   90 3c 64 │ 40 64 │ f8 │ 3e 64 ...     a note; one by running status; a clock tick in between
//! ```
//!
//! System exclusive messages stay bytes. The parser keeps a fixed buffer: a long one is handed on in pieces.

/// Numbers of the controllers that sound generators know.
pub mod controller {
    /// Bank select, coarse.
    pub const BANK: u8 = 0;
    /// Modulation wheel.
    pub const MODULATION: u8 = 1;
    /// Portamento time.
    pub const PORTAMENTO_TIME: u8 = 5;
    /// Data entry, coarse.
    pub const DATA_ENTRY: u8 = 6;
    /// Channel volume.
    pub const VOLUME: u8 = 7;
    /// Pan.
    pub const PAN: u8 = 10;
    /// Expression.
    pub const EXPRESSION: u8 = 11;
    /// Bank select, fine.
    pub const BANK_FINE: u8 = 32;
    /// Data entry, fine.
    pub const DATA_ENTRY_FINE: u8 = 38;
    /// Sustain pedal: down from 64 on.
    pub const SUSTAIN: u8 = 64;
    /// Portamento switch.
    pub const PORTAMENTO: u8 = 65;
    /// Sostenuto pedal.
    pub const SOSTENUTO: u8 = 66;
    /// Soft pedal.
    pub const SOFT: u8 = 67;
    /// Reverb depth.
    pub const REVERB: u8 = 91;
    /// Chorus depth.
    pub const CHORUS: u8 = 93;
    /// Registered parameter number, fine.
    pub const RPN_FINE: u8 = 100;
    /// Registered parameter number, coarse.
    pub const RPN: u8 = 101;
    /// All sound off, at once.
    pub const ALL_SOUND_OFF: u8 = 120;
    /// Controllers back to rest.
    pub const RESET_CONTROLLERS: u8 = 121;
    /// All keys up; the sustain pedal still holds.
    pub const ALL_NOTES_OFF: u8 = 123;
}

/// One short message. Channels go from 0 to 15 and data bytes from 0 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "the fields are named as in the MIDI specification"
)]
pub enum Message {
    /// A key goes up. Also read from a note-on with velocity 0, then with velocity 64.
    NoteOff { channel: u8, key: u8, velocity: u8 },
    /// A key goes down; the velocity is at least 1 when read from bytes.
    NoteOn { channel: u8, key: u8, velocity: u8 },
    /// Pressure on one key.
    PolyPressure { channel: u8, key: u8, pressure: u8 },
    /// A controller moves; see [`controller`].
    ControlChange {
        channel: u8,
        controller: u8,
        value: u8,
    },
    /// Another sound.
    ProgramChange { channel: u8, program: u8 },
    /// Pressure on all keys.
    ChannelPressure { channel: u8, pressure: u8 },
    /// The bender, from -8192 to 8191.
    PitchBend { channel: u8, bend: i16 },
    /// A message to no channel.
    System(System),
}

/// A system message other than exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum System {
    /// MIDI time code, a quarter of a frame.
    QuarterFrame(u8),
    /// Song position in sixteenths, up to 16383.
    SongPosition(u16),
    /// Song select.
    SongSelect(u8),
    /// Tune request.
    TuneRequest,
    /// Timing clock.
    Clock,
    /// Start.
    Start,
    /// Continue.
    Continue,
    /// Stop.
    Stop,
    /// Active sensing.
    ActiveSensing,
    /// System reset.
    Reset,
}

impl Message {
    /// Reads one whole message that begins with its status. `None` for system exclusive, undefined or broken ones, and
    /// when bytes are missing; bytes too many are not looked at.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&status, data) = bytes.split_first()?;
        let data = data.get(..data_len(status)?)?;
        if data.iter().any(|byte| *byte > 127) {
            return None;
        }
        let first = data.first().copied().unwrap_or(0);
        let second = data.get(1).copied().unwrap_or(0);
        let fourteen = u16::from(first) | u16::from(second) << 7;
        let channel = status & 15;
        Some(match status {
            0x80..0x90 => Self::NoteOff {
                channel,
                key: first,
                velocity: second,
            },
            0x90..0xa0 if second == 0 => Self::NoteOff {
                channel,
                key: first,
                velocity: 64,
            },
            0x90..0xa0 => Self::NoteOn {
                channel,
                key: first,
                velocity: second,
            },
            0xa0..0xb0 => Self::PolyPressure {
                channel,
                key: first,
                pressure: second,
            },
            0xb0..0xc0 => Self::ControlChange {
                channel,
                controller: first,
                value: second,
            },
            0xc0..0xd0 => Self::ProgramChange {
                channel,
                program: first,
            },
            0xd0..0xe0 => Self::ChannelPressure {
                channel,
                pressure: first,
            },
            0xe0..=0xef => Self::PitchBend {
                channel,
                bend: fourteen as i16 - 8192,
            },
            0xf1 => Self::System(System::QuarterFrame(first)),
            0xf2 => Self::System(System::SongPosition(fourteen)),
            0xf3 => Self::System(System::SongSelect(first)),
            0xf6 => Self::System(System::TuneRequest),
            0xf8 => Self::System(System::Clock),
            0xfa => Self::System(System::Start),
            0xfb => Self::System(System::Continue),
            0xfc => Self::System(System::Stop),
            0xfe => Self::System(System::ActiveSensing),
            0xff => Self::System(System::Reset),
            _ => return None,
        })
    }

    /// Writes the message into `buffer` and returns the part it takes, 1 to 3 bytes. Numbers out of range lose their
    /// upper bits.
    #[must_use]
    pub fn encode(self, buffer: &mut [u8; 3]) -> &[u8] {
        let fourteen = |value: u16| ((value & 127) as u8, (value >> 7) as u8);
        let on = |status: u8, channel: u8| status | (channel & 15);
        let (status, (first, second)) = match self {
            Self::NoteOff {
                channel,
                key,
                velocity,
            } => (on(0x80, channel), (key, velocity)),
            Self::NoteOn {
                channel,
                key,
                velocity,
            } => (on(0x90, channel), (key, velocity)),
            Self::PolyPressure {
                channel,
                key,
                pressure,
            } => (on(0xa0, channel), (key, pressure)),
            Self::ControlChange {
                channel,
                controller,
                value,
            } => (on(0xb0, channel), (controller, value)),
            Self::ProgramChange { channel, program } => (on(0xc0, channel), (program, 0)),
            Self::ChannelPressure { channel, pressure } => (on(0xd0, channel), (pressure, 0)),
            Self::PitchBend { channel, bend } => {
                let value = (i32::from(bend) + 8192).clamp(0, 16_383);
                (on(0xe0, channel), fourteen(value as u16))
            }
            Self::System(system) => match system {
                System::QuarterFrame(value) => (0xf1, (value, 0)),
                System::SongPosition(position) => (0xf2, fourteen(position)),
                System::SongSelect(song) => (0xf3, (song, 0)),
                System::TuneRequest => (0xf6, (0, 0)),
                System::Clock => (0xf8, (0, 0)),
                System::Start => (0xfa, (0, 0)),
                System::Continue => (0xfb, (0, 0)),
                System::Stop => (0xfc, (0, 0)),
                System::ActiveSensing => (0xfe, (0, 0)),
                System::Reset => (0xff, (0, 0)),
            },
        };
        *buffer = [status, first & 127, second & 127];
        &buffer[..1 + data_len(status).unwrap_or(0)]
    }
}

/// How many data bytes follow a status; `None` for system exclusive, undefined ones, and what is no status.
#[must_use]
pub fn data_len(status: u8) -> Option<usize> {
    match status {
        0x80..=0xbf | 0xe0..=0xef | 0xf2 => Some(2),
        0xc0..0xe0 | 0xf1 | 0xf3 => Some(1),
        0xf6 | 0xf8 | 0xfa..=0xfc | 0xfe | 0xff => Some(0),
        _ => None,
    }
}

/// The most bytes of a system exclusive message that are handed on at once.
pub const PIECE: usize = 256;

/// Cuts a stream of bytes into messages.
///
/// ```
/// use ksgraph::midi::Parser;
///
/// let mut parser = Parser::new();
/// let mut heard = Vec::new();
/// parser.feed(&[0x90, 60, 100, 64, 0xf8, 100], |bytes| heard.push(bytes.to_vec()));
/// assert_eq!(heard, [vec![0x90, 60, 100], vec![0xf8], vec![0x90, 64, 100]]);
/// ```
#[derive(Clone, Debug)]
pub struct Parser {
    /// The status that data bytes belong to: running, system common or 0xf0; 0 for none.
    status: u8,
    buffer: [u8; PIECE],
    filled: usize,
}

impl Default for Parser {
    fn default() -> Self {
        Self::new()
    }
}

impl Parser {
    /// A parser that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            status: 0,
            buffer: [0; PIECE],
            filled: 0,
        }
    }

    /// Takes the next bytes and hands on every message they complete, with its status byte first.
    ///
    /// System exclusive comes in pieces of up to [`PIECE`] bytes: only the first begins with 0xf0, only the last ends
    /// with 0xf7 (which is added where another message broke it off). Data bytes that belong to nothing are dropped.
    pub fn feed(&mut self, bytes: &[u8], mut message: impl FnMut(&[u8])) {
        for &byte in bytes {
            match byte {
                // Real-time messages may stand anywhere, and change nothing around them.
                0xf8.. => {
                    if data_len(byte).is_some() {
                        message(&[byte]);
                    }
                }
                0x80.. => self.begin(byte, &mut message),
                _ => self.data(byte, &mut message),
            }
        }
    }

    fn begin(&mut self, status: u8, message: &mut impl FnMut(&[u8])) {
        if self.status == 0xf0 {
            self.keep(0xf7, message);
            message(&self.buffer[..self.filled]);
        }
        self.filled = 0;
        self.status = 0;
        match status {
            0xf0 => {
                self.status = status;
                self.keep(status, message);
            }
            _ => match data_len(status) {
                Some(0) => message(&[status]),
                Some(_) => self.status = status,
                None => {}
            },
        }
    }

    fn data(&mut self, byte: u8, message: &mut impl FnMut(&[u8])) {
        if self.status == 0xf0 {
            self.keep(byte, message);
            return;
        }
        let Some(len) = data_len(self.status) else {
            return;
        };
        self.buffer[0] = self.status;
        self.filled = self.filled.max(1);
        self.buffer[self.filled] = byte;
        self.filled += 1;
        if self.filled > len {
            message(&self.buffer[..self.filled]);
            self.filled = 0;
            if self.status >= 0xf0 {
                // Only channel messages run on.
                self.status = 0;
            }
        }
    }

    fn keep(&mut self, byte: u8, message: &mut impl FnMut(&[u8])) {
        if self.filled == PIECE {
            message(&self.buffer);
            self.filled = 0;
        }
        self.buffer[self.filled] = byte;
        self.filled += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heard(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        Parser::new().feed(bytes, |message| all.push(message.to_vec()));
        all
    }

    #[test]
    fn messages_are_read_and_written() {
        let note = Message::NoteOn {
            channel: 3,
            key: 60,
            velocity: 100,
        };
        assert_eq!(Message::parse(&[0x93, 60, 100]), Some(note));
        let up = Message::NoteOff {
            channel: 3,
            key: 60,
            velocity: 64,
        };
        assert_eq!(Message::parse(&[0x93, 60, 0]), Some(up));
        let middle = Message::PitchBend {
            channel: 0,
            bend: 0,
        };
        assert_eq!(Message::parse(&[0xe0, 0, 64]), Some(middle));
        let pedal = Message::ControlChange {
            channel: 0,
            controller: controller::SUSTAIN,
            value: 127,
        };
        assert_eq!(pedal.encode(&mut [0; 3]), [0xb0, 64, 127]);
        for broken in [
            &[][..],
            &[0x90],
            &[0x90, 60],
            &[0x90, 60, 200],
            &[60, 60, 60],
            &[0xf0, 1, 0xf7],
            &[0xf4],
        ] {
            assert_eq!(Message::parse(broken), None);
        }
    }

    #[test]
    fn every_short_message_survives_the_round_trip() {
        for status in 0x80..=0xff_u8 {
            for (first, second) in [(0, 1), (127, 127), (5, 64)] {
                if let Some(message) = Message::parse(&[status, first, second]) {
                    let mut buffer = [0; 3];
                    let bytes = message.encode(&mut buffer);
                    assert_eq!(bytes, &[status, first, second][..bytes.len()]);
                }
            }
        }
    }

    #[test]
    fn running_status_goes_on_and_ends_with_a_system_message() {
        assert_eq!(heard(&[0x80, 1, 2, 3, 4]), [[0x80, 1, 2], [0x80, 3, 4]]);
        assert_eq!(heard(&[0xc1, 1, 2]), [[0xc1, 1], [0xc1, 2]]);
        assert_eq!(
            heard(&[0x80, 1, 2, 0xf6, 3, 4]),
            [vec![0x80, 1, 2], vec![0xf6]]
        );
        assert_eq!(heard(&[0xf2, 1, 2, 3, 4]), [[0xf2, 1, 2]]);
        assert_eq!(heard(&[7, 8, 0x90, 1]), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn real_time_bytes_pass_through_a_message() {
        assert_eq!(
            heard(&[0x90, 0xfe, 1, 0xf8, 0xf9, 2]),
            [vec![0xfe], vec![0xf8], vec![0x90, 1, 2]]
        );
        assert_eq!(
            heard(&[0xf0, 1, 0xfa, 2, 0xf7]),
            [vec![0xfa], vec![0xf0, 1, 2, 0xf7]]
        );
    }

    #[test]
    fn long_system_exclusive_comes_in_pieces() {
        let mut bytes = vec![0xf0];
        bytes.extend((0..600).map(|n| (n % 128) as u8));
        bytes.push(0xf7);
        let pieces = heard(&bytes);
        assert_eq!(
            pieces.iter().map(Vec::len).collect::<Vec<_>>(),
            [256, 256, 90]
        );
        assert_eq!(pieces.concat(), bytes);
        // Broken off by a note, it is closed.
        assert_eq!(
            heard(&[0xf0, 1, 0x90, 1, 2]),
            [vec![0xf0, 1, 0xf7], vec![0x90, 1, 2]]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_for_any_cutting_give_the_same_messages(
            bytes in proptest::collection::vec(any::<u8>(), 0..2000),
            cut in 1_usize..40,
        ) {
            let mut pieces = Vec::new();
            let mut parser = Parser::new();
            for piece in bytes.chunks(cut) {
                parser.feed(piece, |message| pieces.push(message.to_vec()));
            }
            prop_assert!(pieces.iter().all(|m| !m.is_empty() && m.len() <= PIECE));
            prop_assert_eq!(pieces, heard(&bytes));
        }
    }
}
