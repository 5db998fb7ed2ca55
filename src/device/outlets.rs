//! MIDI outputs over midir: how one is found by its name, and what is sent through it.
//!
//! Lives here: [`Outlets`] and [`Outlet`] over midir. Does not live here: when a message is sent (`portcls/speak`), and how
//! names are compared (`ports.rs`). A name that begins with `virtual:` is a port of our own, which is there as long as
//! it is open and plays to whoever connects to it.

use midir::{MidiOutput, MidiOutputConnection, MidiOutputPort};

use super::ports::{CLIENT, VIRTUAL, has_sequencer, is_meant, plain};
use crate::ks::RefTime;
use crate::portcls::speak::{Outlet, Outlets, Unsent};

/// The names of the outputs there are; none on a machine without a sequencer.
pub(super) fn outputs() -> Vec<String> {
    let Some(output) = client() else {
        return vec![];
    };
    let mut names: Vec<String> = (output.ports().iter())
        .filter_map(|port| output.port_name(port).ok())
        .filter(|name| !name.starts_with(CLIENT))
        .map(|name| plain(&name).to_owned())
        .collect();
    names.dedup();
    names
}

fn client() -> Option<MidiOutput> {
    has_sequencer().then(|| MidiOutput::new(CLIENT).ok())?
}

/// The outputs of the system's sequencer. One client looks again and again, so that others do not see it come and go.
#[derive(Default)]
pub(super) struct SystemOutlets {
    watch: Option<MidiOutput>,
}

impl Outlets for SystemOutlets {
    fn open(&mut self, wanted: &str) -> Option<(Box<dyn Outlet>, String)> {
        if let Some(name) = wanted.strip_prefix(VIRTUAL) {
            let outlet = OwnOutlet(create(client()?, name)?);
            return Some((Box::new(outlet), wanted.to_owned()));
        }
        if self.watch.is_none() {
            self.watch = client();
        }
        let watch = self.watch.as_ref()?;
        let (port, name) = (watch.ports().into_iter())
            .filter_map(|port| watch.port_name(&port).ok().map(|name| (port, name)))
            .find(|(_, name)| is_meant(wanted, name))?;
        // Connecting uses a client up, so each connection has one of its own.
        let connection = match client()?.connect(&port, "out") {
            Ok(connection) => connection,
            Err(error) => {
                log::warn!("{name}: {error}");
                return None;
            }
        };
        let outlet = SystemOutlet {
            connection,
            port,
            watch: client()?,
        };
        Some((Box::new(outlet), plain(&name).to_owned()))
    }
}

#[cfg(unix)]
fn create(client: MidiOutput, name: &str) -> Option<MidiOutputConnection> {
    use midir::os::unix::VirtualOutput;
    match client.create_virtual(name) {
        Ok(connection) => Some(connection),
        Err(error) => {
            log::warn!("the port {name}: {error}");
            None
        }
    }
}

#[cfg(not(unix))]
fn create(_: MidiOutput, name: &str) -> Option<MidiOutputConnection> {
    log::warn!("the port {name}: this system has no ports of one's own");
    None
}

/// A port of another program or of a device.
struct SystemOutlet {
    connection: MidiOutputConnection,
    port: MidiOutputPort,
    watch: MidiOutput,
}

impl Outlet for SystemOutlet {
    fn send(&mut self, message: &[u8], _: RefTime) -> Result<(), Unsent> {
        give(&mut self.connection, message)
    }

    fn is_there(&mut self) -> bool {
        self.watch.port_name(&self.port).is_ok()
    }
}

/// A port of our own.
struct OwnOutlet(MidiOutputConnection);

impl Outlet for OwnOutlet {
    fn send(&mut self, message: &[u8], _: RefTime) -> Result<(), Unsent> {
        give(&mut self.0, message)
    }

    fn is_there(&mut self) -> bool {
        true
    }
}

fn give(connection: &mut MidiOutputConnection, message: &[u8]) -> Result<(), Unsent> {
    let sent = connection.send(message);
    sent.map_err(|error| Unsent(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_for_outputs_is_harmless_on_any_machine() {
        for name in outputs() {
            assert!(!name.is_empty() && !name.starts_with(CLIENT));
        }
        assert!(SystemOutlets::default().open("no such output").is_none());
    }
}
