//! Devices as the engine sees them: what paces a live graph, and what was granted.

use crate::ks::facts::whole_name;

/// What paces a live graph: a device whose ring runs empty. The engine asks it on the audio thread.
pub trait Pacer: Send {
    /// How many samples of the graph's rate the device can take now.
    fn due(&mut self) -> usize;

    /// Samples of the graph's rate that have passed on its clock since it was opened, heard or not.
    fn played(&self) -> u64;

    /// Whether it drives the graph from here on; otherwise it is to keep in step with whatever does.
    fn drive(&mut self, is_driver: bool) {
        let _ = is_driver;
    }

    /// Whether it wakes the audio thread when it can take more; what does not is asked again by time.
    fn wakes(&self) -> bool {
        true
    }

    /// The graph begins to run: what was missed until now is not to be made up for.
    fn restart(&mut self) {}

    /// It drives, and so many samples were made.
    fn made(&mut self, len: usize) {
        let _ = len;
    }

    /// Samples between a cycle and the ear.
    fn latency_samples(&self) -> usize;

    /// The same as things are at this moment, right after the device called: what it has not taken yet, what it took last,
    /// and the way from there.
    fn ahead_samples(&self) -> usize {
        self.latency_samples()
    }

    /// Whether the device is gone, so that another pacer must take over.
    fn is_lost(&self) -> bool;

    /// Times the device found nothing to play while the graph ran.
    fn xruns(&self) -> u32;

    /// How often the device has called, in every state of the graph; `None` where nothing calls. A device whose number
    /// stands still is given up.
    fn calls(&self) -> Option<u64> {
        None
    }

    /// The device is stuck: it is lost from here on.
    fn give_up(&mut self) {}
}

/// A device as it was really granted, whatever was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Granted {
    /// The host that offers it: `alsa`, `jack`, `pipewire`, `pulseaudio`, `null`.
    pub host: String,
    /// Its name there.
    pub name: String,
    /// Its rate in Hz.
    pub rate_hz: u32,
    /// Its channels, which may be more than the wire's.
    pub channels: u32,
    /// Its own samples, as the host calls them.
    pub samples: String,
    /// Samples a channel that it takes at a time; 0 when it does not say.
    pub period: usize,
}

impl Granted {
    /// The name that finds it again: its host and its name there.
    pub fn whole_name(&self) -> String {
        whole_name(&self.host, &self.name)
    }
}

impl std::fmt::Display for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rate_hz,
            channels,
            samples,
            ..
        } = self;
        let name = self.whole_name();
        write!(f, "{name}: {rate_hz} Hz, {channels} ch, {samples}, ")?;
        match self.period {
            0 => write!(f, "a period of its own"),
            period => write!(f, "{period} samples at a time"),
        }
    }
}
