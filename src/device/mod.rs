//! The machine: sound cards, MIDI ports, and the card that is always there. The only room that names cpal, midir
//! or jack.

mod audio;

pub mod enumerate;

mod host;

pub mod null;

#[cfg(feature = "jack")]
mod jack_midi;
#[cfg(feature = "jack")]
mod jack_server;
mod outlets;
mod ports;

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::ks::{DataFormat, Pacer, Waker};
use crate::portcls::speak::{self, Dispatch, Speaking};
use crate::portcls::{
    Cards, DeviceError, Ear, Listening, MidiPorts, MiniportWaveIn, MiniportWaveRt,
};

pub use enumerate::{facts, glance};

/// Lets go of what servers hold for this program, which is about to end: half a second at most, where one is busy.
pub fn farewell() {
    #[cfg(feature = "jack")]
    jack_server::farewell();
}

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

    fn open_capture(
        &self,
        device: &str,
        format: &DataFormat,
        quantum: usize,
        waker: Waker,
    ) -> Result<Box<dyn MiniportWaveIn>, DeviceError> {
        Ok(Box::new(audio::open_capture(
            device, format, quantum, waker,
        )?))
    }
}

impl MidiPorts for Machine {
    fn listen(&self, port: &str, ear: Ear) -> Result<Box<dyn Listening>, DeviceError> {
        #[cfg(feature = "jack")]
        if let Some(name) = of_jack(port) {
            return jack_midi::listen(&name, ear);
        }
        Ok(Box::new(ports::listen(port, ear)?))
    }

    fn speak(&self, port: &str, dispatch: Dispatch) -> Result<Box<dyn Speaking>, DeviceError> {
        #[cfg(feature = "jack")]
        if let Some(name) = of_jack(port) {
            return speak::speak(&name, jack_midi::JackOutlets, dispatch);
        }
        speak::speak(port, outlets::SystemOutlets::default(), dispatch)
    }
}

/// The name of a port that JACK is asked for: one of its own, or one of ours where the system has no sequencer.
#[cfg(feature = "jack")]
fn of_jack(name: &str) -> Option<String> {
    let is_own = name.starts_with(ports::VIRTUAL) && !ports::has_sequencer();
    match name.starts_with(jack_midi::JACK) {
        true => Some(name.to_owned()),
        false => is_own.then(|| format!("{}{name}", jack_midi::JACK)),
    }
}

/// What keeps a graph's time when no card does: see [`null::NullPacer`].
pub fn null_pacer(rate_hz: u32, quantum: usize, waker: Waker) -> Box<dyn Pacer> {
    Box::new(null::NullPacer::new(rate_hz, quantum, waker))
}

/// Time on two clocks: one that stands while the machine sleeps, and one that goes on.
pub fn clocks() -> (Duration, Duration) {
    static START: OnceLock<Instant> = OnceLock::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "a watch over the machine's own clocks"
    )]
    let (now, wall) = (Instant::now(), SystemTime::now());
    let awake = now.saturating_duration_since(*START.get_or_init(|| now));
    // Seconds since the machine was started, sleep included; elsewhere than on Linux the time of day stands in for it.
    let uptime = std::fs::read_to_string("/proc/uptime").ok();
    let uptime = uptime.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    let uptime = uptime.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let since = || wall.duration_since(UNIX_EPOCH).unwrap_or_default();
    (awake, uptime.unwrap_or_else(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_go_on_together_while_the_machine_is_awake() {
        let before = clocks();
        std::thread::sleep(Duration::from_millis(120));
        let after = clocks();
        let (awake, all) = (after.0 - before.0, after.1 - before.1);
        assert!(awake >= Duration::from_millis(100));
        assert!(all.abs_diff(awake) < Duration::from_millis(1_000));
    }
}
