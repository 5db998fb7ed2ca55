//! The machine: sound cards, MIDI ports, and the card that is always there. The only room that names cpal or midir.

mod audio;

pub mod enumerate;

pub mod null;

mod ports;

use crate::ks::{DataFormat, Pacer, Waker};
use crate::portcls::{Cards, DeviceError, Ear, Listening, MidiPorts, MiniportWaveRt};

pub use enumerate::facts;

/// This machine's devices.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Cards for Machine {
    fn open(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        waker: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        match device {
            null::NAME => Ok(Box::new(null::NullCard::open(format, quantum, waker)?)),
            _ => Ok(Box::new(audio::open(device, format, quantum, waker)?)),
        }
    }
}

impl MidiPorts for Machine {
    fn listen(&self, port: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError> {
        Ok(Box::new(ports::listen(port, ear)?))
    }
}

/// What keeps a graph's time when no card does: see [`null::NullPacer`].
pub fn null_pacer(rate_hz: u32, quantum: usize, waker: Waker) -> Box<dyn Pacer> {
    Box::new(null::NullPacer::new(rate_hz, quantum, waker))
}
