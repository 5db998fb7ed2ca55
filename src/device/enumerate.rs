//! Which devices there are, as facts. Never hangs, never panics, on a machine without sound as well.

use crate::ks::{AudioDevice, DEFAULT_RATE_HZ, DataRange, Facts};
use crate::portcls::wavert::MOST_CHANNELS;

/// What this machine has now. Slow: call it away from screens and audio threads.
pub fn facts() -> Facts {
    Facts {
        devices: vec![null_device()],
        ..Facts::default()
    }
}

fn null_device() -> AudioDevice {
    let channels = MOST_CHANNELS as u32;
    AudioDevice {
        host: super::null::NAME.into(),
        name: super::null::NAME.into(),
        render: vec![
            DataRange::float(DEFAULT_RATE_HZ, DEFAULT_RATE_HZ).at_most_channels(channels),
            DataRange::float(8_000, 384_000).at_most_channels(channels),
        ],
        capture: vec![],
        rate_hz: DEFAULT_RATE_HZ,
        is_default: false,
    }
}
