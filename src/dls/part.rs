//! A channel as the DLS synthesizer hears it: what every synthesizer knows of one, and the numbers that connections read.

use super::articulation::Readings;
use super::collection::Patch;
use super::connection::Source;
use super::transform::Reading;
use crate::midi::names::DRUM_CHANNEL;
use crate::portcls::channel::{Change, Channel};

/// The drum bank of General MIDI 2.
const DRUM_BANK: u8 = 120;

/// A channel.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) channel: Channel,
    /// As they were sent; those that have a place of rest begin there.
    pub(super) controllers: [u8; 128],
    /// Pressure by key.
    pub(super) pressures: [u8; 128],
    /// What the next program change takes.
    bank: (u8, u8),
    pub(super) patch: Patch,
    pub(super) is_drum: bool,
    /// Of all channels, in decibels.
    pub(super) master_db: f32,
    /// Cents of everything but drums: fine and coarse.
    pub(super) master_fine: f32,
    pub(super) master_coarse: f32,
}

impl Part {
    /// As after a reset; `number` counts from 0 within its group.
    pub(super) fn new(number: usize) -> Self {
        let is_drum = number == usize::from(DRUM_CHANNEL);
        let mut controllers = [0; 128];
        for (number, rest) in [(7, 100), (8, 64), (10, 64), (11, 127), (91, 40)] {
            controllers[number] = rest;
        }
        controllers[70..=79].fill(64);
        Self {
            channel: Channel::default(),
            controllers,
            pressures: [0; 128],
            bank: (0, 0),
            patch: Patch {
                is_drum,
                ..Patch::default()
            },
            is_drum,
            master_db: 0.0,
            master_fine: 0.0,
            master_coarse: 0.0,
        }
    }

    /// Follows a controller.
    pub(super) fn control(&mut self, number: u8, value: u8) -> Change {
        let change = self.channel.control(number, value);
        match number {
            0 => self.bank.0 = value,
            32 => self.bank.1 = value,
            _ => {}
        }
        if change == Change::Reset {
            (self.controllers[1], self.controllers[11]) = (0, 127);
            for pedal in [64, 66, 67] {
                self.controllers[pedal] = 0;
            }
            self.pressures = [0; 128];
        } else {
            self.controllers[usize::from(number & 127)] = value;
        }
        change
    }

    /// Takes a program of the bank that was chosen before.
    pub(super) fn choose(&mut self, program: u8) {
        self.channel.program = Some(program);
        self.patch = Patch {
            is_drum: self.is_drum || self.bank.0 == DRUM_BANK,
            msb: self.bank.0,
            lsb: self.bank.1,
            program,
        };
    }

    /// Is one for drums from now on, or is not.
    pub(super) fn set_drum(&mut self, is_drum: bool) {
        (self.is_drum, self.patch.is_drum) = (is_drum, is_drum);
    }

    /// Cents of coarse tuning; drums have none.
    pub(super) fn coarse_cents(&self) -> f32 {
        match self.patch.is_drum {
            true => 0.0,
            false => 100.0 * f32::from(self.channel.coarse()),
        }
    }

    /// Cents by which everything is tuned; drums only finely.
    pub(super) fn master_cents(&self) -> f32 {
        match self.patch.is_drum {
            true => self.master_fine,
            false => self.master_fine + self.master_coarse,
        }
    }

    /// Where a source of the channel stands; `None` of one that moves by itself.
    pub(super) fn reading(&self, source: Source) -> Option<Reading> {
        let channel = &self.channel;
        Some(match source {
            Source::PitchWheel => Reading::of_14_bits((channel.bend + 8192) as u16),
            Source::ChannelPressure => Reading::of_7_bits(channel.pressure),
            Source::Controller(number) => {
                Reading::of_7_bits(self.controllers[usize::from(number & 127)])
            }
            Source::Parameter(0) => Reading::of_part(f32::from(channel.bend_range) / 12_800.0),
            Source::Parameter(1) => Reading::of_14_bits(channel.fine()),
            Source::Parameter(2) => match self.patch.is_drum {
                true => Reading::of_7_bits(64),
                false => Reading::of_7_bits((i16::from(channel.coarse()) + 64) as u8),
            },
            _ => return None,
        })
    }
}

/// The sources of a note: the key that was struck, and the one that is played.
pub(super) struct Sources<'a> {
    pub(super) part: &'a Part,
    pub(super) key: u8,
    pub(super) played: u8,
    pub(super) velocity: u8,
}

impl Readings for Sources<'_> {
    fn reading(&self, source: Source) -> Option<Reading> {
        Some(match source {
            Source::None => Reading::of_part(1.0),
            Source::Velocity => Reading::of_7_bits(self.velocity),
            Source::Key => Reading::of_7_bits(self.played),
            Source::PolyPressure => Reading::of_7_bits(self.part.pressures[usize::from(self.key)]),
            source => return self.part.reading(source),
        })
    }
}
