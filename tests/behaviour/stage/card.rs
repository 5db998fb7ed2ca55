//! A card whose callback is the test's own hand.

use std::sync::Mutex;

use ksgraph::ks::{DataFormat, Granted, Waker};
use ksgraph::portcls::intake::{IntakeEnd, IntakeRing, intake};
use ksgraph::portcls::ring::{CardEnd, FrameRing, ring};
use ksgraph::portcls::{Cards, DeviceError, MiniportWaveIn, MiniportWaveRt};

/// Opens one card at a time to play on and one to hear through; their ends are taken out to be called.
#[derive(Default)]
pub(crate) struct ByHand(
    pub(crate) Mutex<Option<CardEnd>>,
    pub(crate) Mutex<Option<IntakeEnd>>,
);

struct Heard(Option<IntakeRing>);

impl MiniportWaveIn for Heard {
    fn allocate(&mut self) -> Option<IntakeRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        Granted::default()
    }
}

struct Handed(Option<FrameRing>);

impl MiniportWaveRt for Handed {
    fn allocate(&mut self) -> Option<FrameRing> {
        self.0.take()
    }

    fn granted(&self) -> Granted {
        Granted::default()
    }
}

impl Cards for ByHand {
    fn open(
        &self,
        _: &str,
        format: &DataFormat,
        quantum: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveRt>, DeviceError> {
        let channels = format.audio.unwrap().channels as usize;
        let (port, card) = ring(channels, quantum);
        *self.0.lock().unwrap() = Some(card);
        Ok(Box::new(Handed(Some(port))))
    }

    fn open_capture(
        &self,
        _: &str,
        format: &DataFormat,
        quantum: usize,
        _: Waker,
    ) -> Result<Box<dyn MiniportWaveIn>, DeviceError> {
        let audio = format.audio.unwrap();
        let (port, card) = intake(audio.channels as usize, quantum, audio.rate_hz);
        *self.1.lock().unwrap() = Some(card);
        Ok(Box::new(Heard(Some(port))))
    }
}
