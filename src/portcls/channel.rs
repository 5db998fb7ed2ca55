//! What a MIDI channel has been told: program, controllers, registered parameters, pedals, bend. Every synthesizer that
//! stands behind the DMus port reads its channels through this.
//!
//! Lives here: the state and what a message makes of it. Does not live here: any voice; who owns them does what
//! [`Change`] says.

use crate::dsp::gain::pan_constant_power;
use crate::midi::message::controller;

pub use crate::ks::{MOST_GROUPS, group_range};

/// What a message asks of the voices of its channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Nothing.
    Nothing,
    /// They have another pitch.
    Pitch,
    /// They have another loudness or place.
    Loudness,
    /// The sustain pedal went up.
    PedalUp,
    /// The sostenuto pedal went down: it holds the keys that are down now.
    SostenutoDown,
    /// The sostenuto pedal went up.
    SostenutoUp,
    /// Silent at once.
    SoundOff,
    /// All keys up; pedals hold.
    NotesOff,
    /// Controllers at rest: pedals are up, pitch and loudness are others.
    Reset,
}

/// The registered parameter that data entry goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Parameter {
    BendRange,
    FineTuning,
    CoarseTuning,
    /// None that is known, or a parameter of one maker.
    Other,
}

/// The state of one channel.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    /// The program, once one was chosen by a message.
    pub program: Option<u8>,
    /// Channel volume, 0 to 127.
    pub volume: u8,
    /// Expression, 0 to 127.
    pub expression: u8,
    /// Pan, 0 to 127; 64 is the middle.
    pub pan: u8,
    /// Modulation wheel, 0 to 127.
    pub modulation: u8,
    /// Channel pressure, 0 to 127.
    pub pressure: u8,
    /// The bender, -8192 to 8191.
    pub bend: i16,
    /// How far the bender goes, in cents.
    pub bend_range: u16,
    /// The sustain pedal is down.
    pub is_pedal_down: bool,
    /// The sostenuto pedal is down.
    pub is_sostenuto_down: bool,
    /// The soft pedal is down.
    pub is_soft: bool,
    /// In 8192nds of a semitone.
    fine: i16,
    /// In semitones.
    coarse: i8,
    parameter: (u8, u8),
    is_registered: bool,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            program: None,
            volume: 100,
            expression: 127,
            pan: 64,
            modulation: 0,
            pressure: 0,
            bend: 0,
            bend_range: 200,
            is_pedal_down: false,
            is_sostenuto_down: false,
            is_soft: false,
            fine: 0,
            coarse: 0,
            parameter: (127, 127),
            is_registered: true,
        }
    }
}

impl Channel {
    /// Follows a controller.
    pub fn control(&mut self, number: u8, value: u8) -> Change {
        match number {
            controller::VOLUME => self.volume = value,
            controller::EXPRESSION => self.expression = value,
            controller::PAN => self.pan = value,
            controller::MODULATION => {
                self.modulation = value;
                return Change::Nothing;
            }
            controller::SUSTAIN => {
                self.is_pedal_down = value >= 64;
                return match self.is_pedal_down {
                    true => Change::Nothing,
                    false => Change::PedalUp,
                };
            }
            controller::SOSTENUTO => {
                let was_down = std::mem::replace(&mut self.is_sostenuto_down, value >= 64);
                return match (was_down, self.is_sostenuto_down) {
                    (false, true) => Change::SostenutoDown,
                    (true, false) => Change::SostenutoUp,
                    _ => Change::Nothing,
                };
            }
            controller::SOFT => {
                self.is_soft = value >= 64;
                return Change::Nothing;
            }
            98 | 99 => {
                self.is_registered = false;
                return Change::Nothing;
            }
            controller::RPN_FINE | controller::RPN => {
                self.is_registered = true;
                match number {
                    controller::RPN => self.parameter.0 = value,
                    _ => self.parameter.1 = value,
                }
                return Change::Nothing;
            }
            controller::DATA_ENTRY | controller::DATA_ENTRY_FINE => {
                return self.enter(number == controller::DATA_ENTRY, value);
            }
            96 | 97 => return self.nudge(if number == 96 { 1 } else { -1 }),
            controller::ALL_SOUND_OFF => return Change::SoundOff,
            controller::RESET_CONTROLLERS => {
                // What belongs to the mix stays: program, volume, pan, and the parameters that were registered.
                (self.modulation, self.pressure, self.bend) = (0, 0, 0);
                self.expression = 127;
                (self.is_pedal_down, self.is_sostenuto_down, self.is_soft) = (false, false, false);
                (self.parameter, self.is_registered) = ((127, 127), true);
                return Change::Reset;
            }
            controller::ALL_NOTES_OFF..=127 => return Change::NotesOff,
            _ => return Change::Nothing,
        }
        Change::Loudness
    }

    /// Data increment and decrement: by a semitone, and of fine tuning by its least step.
    fn nudge(&mut self, by: i16) -> Change {
        match (self.is_registered, self.parameter) {
            (true, (0, 0)) => {
                let range = self.bend_range as i16 + 100 * by;
                self.bend_range = range.clamp(0, 127 * 100 + 99) as u16;
            }
            (true, (0, 1)) => self.fine = (self.fine + by).clamp(-8192, 8191),
            (true, (0, 2)) => self.coarse = (i16::from(self.coarse) + by).clamp(-64, 63) as i8,
            _ => return Change::Nothing,
        }
        Change::Pitch
    }

    /// Data entry for the parameter that was chosen.
    fn enter(&mut self, is_coarse: bool, value: u8) -> Change {
        let parameter = match (self.is_registered, self.parameter) {
            (true, (0, 0)) => Parameter::BendRange,
            (true, (0, 1)) => Parameter::FineTuning,
            (true, (0, 2)) => Parameter::CoarseTuning,
            _ => Parameter::Other,
        };
        let value = u16::from(value);
        match (parameter, is_coarse) {
            (Parameter::BendRange, true) => self.bend_range = value * 100 + self.bend_range % 100,
            (Parameter::BendRange, false) => {
                self.bend_range = self.bend_range / 100 * 100 + value.min(99);
            }
            (Parameter::FineTuning, _) => {
                let old = (self.fine + 8192) as u16;
                let new = match is_coarse {
                    true => value << 7 | old & 127,
                    false => old & !127 | value,
                };
                self.fine = new as i16 - 8192;
            }
            (Parameter::CoarseTuning, true) => self.coarse = (value as i16 - 64) as i8,
            _ => return Change::Nothing,
        }
        Change::Pitch
    }

    /// Fine tuning, 14 bits; 8192 is the middle, its ends are a semitone away.
    pub fn fine(&self) -> u16 {
        (self.fine + 8192) as u16
    }

    /// Coarse tuning in semitones.
    pub fn coarse(&self) -> i8 {
        self.coarse
    }

    /// By how many semitones everything on it is higher than its keys.
    pub fn semitones(&self) -> f64 {
        let bend = f64::from(self.bend) / 8192.0 * f64::from(self.bend_range) / 100.0;
        bend + f64::from(self.fine) / 8192.0 + f64::from(self.coarse)
    }

    /// Amplitude by volume and expression: the square of each, as General MIDI has it.
    pub fn amplitude(&self) -> f32 {
        let of = |value: u8| (f32::from(value) / 127.0).powi(2);
        of(self.volume) * of(self.expression)
    }

    /// Amplitudes left and right: of constant power, and both 1 in the middle. `by` moves the place, 1 being all the way.
    pub fn sides(&self, by: f32) -> (f32, f32) {
        // 0 and 1 are both the left end, so that 64 is the middle.
        let own = (f32::from(self.pan.max(1)) - 64.0) / 63.0;
        let (left, right) = pan_constant_power((own + by).clamp(-1.0, 1.0));
        let even = std::f32::consts::SQRT_2;
        (left * even, right * even)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(messages: &[(u8, u8)]) -> Channel {
        let mut channel = Channel::default();
        for (number, value) in messages {
            channel.control(*number, *value);
        }
        channel
    }

    #[test]
    fn registered_parameters_set_range_and_tuning() {
        let mut channel = told(&[(101, 0), (100, 0), (6, 12), (38, 50)]);
        channel.bend = 4096;
        assert_eq!(channel.semitones(), 6.25);
        let tuned = told(&[(101, 0), (100, 2), (6, 52), (100, 1), (6, 96), (38, 0)]);
        assert_eq!(tuned.semitones(), -12.0 + 0.5);
        // A maker's own parameter, and none at all, change nothing.
        for other in [[(99, 0), (98, 0)], [(101, 127), (100, 127)]] {
            let channel = told(&[other[0], other[1], (6, 12)]);
            assert_eq!(channel.bend_range, 200);
        }
    }

    #[test]
    fn reset_leaves_the_mix_alone() {
        let mut channel = told(&[(7, 30), (10, 10), (11, 50), (1, 99), (64, 127), (101, 0)]);
        (channel.program, channel.bend) = (Some(5), 77);
        assert_eq!(channel.control(121, 0), Change::Reset);
        assert_eq!((channel.volume, channel.pan), (30, 10));
        assert_eq!((channel.program, channel.expression), (Some(5), 127));
        assert_eq!((channel.bend, channel.modulation), (0, 0));
        assert!(!channel.is_pedal_down);
    }

    #[test]
    fn the_middle_is_as_loud_as_it_is_and_ends_are_ends() {
        assert_eq!(told(&[(10, 0)]).sides(0.0).1, 0.0);
        assert_eq!(told(&[(10, 127)]).sides(0.0).0, 0.0);
        let (left, right) = Channel::default().sides(0.0);
        assert!((left - 1.0).abs() < 1e-6 && (right - 1.0).abs() < 1e-6);
        assert_eq!(told(&[(7, 127)]).amplitude(), 1.0);
        assert_eq!(told(&[(7, 0)]).amplitude(), 0.0);
    }
}
