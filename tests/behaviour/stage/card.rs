//! A card whose callback is the test's own hand.

use std::sync::Mutex;

use ksgraph::ks::{DataFormat, Granted, Waker};
use ksgraph::portcls::ring::{CardEnd, FrameRing, ring};
use ksgraph::portcls::{Cards, DeviceError, MiniportWaveRt};

/// Opens one card at a time; its end is taken out to be called.
#[derive(Default)]
pub(crate) struct ByHand(pub(crate) Mutex<Option<CardEnd>>);

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
}
