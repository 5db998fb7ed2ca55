//! The machine that has no devices, for renders and tests: whoever asks it for one is refused with a word.

use super::listen::{Ear, Listening, MidiPorts};
use super::wavert::{Cards, DeviceError, MiniportWaveRt};
use crate::ks::{DataFormat, Waker};

/// No cards, no MIDI ports.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

impl Cards for Offline {
    fn open(
        &self,
        device: &str,
        _: &DataFormat,
        _: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        Err(DeviceError::NotFound(device.to_owned()))
    }
}

impl MidiPorts for Offline {
    fn listen(&self, port: &str, _: Ear) -> Result<Box<dyn Listening>, DeviceError> {
        Err(DeviceError::NotFound(port.to_owned()))
    }
}
