//! MIDI inputs over midir.
//!
//! ```text
//!   listen() ──▶ thread "midi in": looks for the port by its name, connects, notices that it went
//!                  └─ midir's callback: Ear::hear, nothing else
//! ```
//!
//! Lives here: one input that is waited for, taken, lost and taken again. Does not live here: what becomes of messages
//! (`portcls/listen.rs`). The sequencer tells nobody when a device is pulled, so the names are looked at; that costs a
//! few microseconds. A port's name carries numbers that change when it is plugged in again; they are left out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use midir::{Ignore, MidiInput, MidiInputConnection, MidiInputPort};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use crate::portcls::{DeviceError, Ear, Listening};

/// How often the ports are looked at.
const WATCH: Duration = Duration::from_millis(400);
/// The name of our side.
pub(super) const CLIENT: &str = "KSGraph";
/// What stands before the name of a port of our own.
pub(super) const VIRTUAL: &str = "virtual:";

/// The names of the inputs there are; none on a machine without a sequencer.
pub(super) fn inputs() -> Vec<String> {
    let Some(input) = client() else { return vec![] };
    let names = input.ports();
    let mut names: Vec<String> = names
        .iter()
        .filter_map(|port| input.port_name(port).ok())
        .map(|name| plain(&name).to_owned())
        .collect();
    names.dedup();
    names
}

/// `Keystation 49:Keystation 49 MIDI 1 24:0` without the address behind the last space.
pub(super) fn plain(name: &str) -> &str {
    let Some((before, address)) = name.rsplit_once(' ') else {
        return name;
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match address.split_once(':') {
        Some((client, port)) if is_number(client) && is_number(port) => before,
        _ => name,
    }
}

/// Whether a port that is there is the one that is meant. No name means any, but for our own ports.
pub(super) fn is_meant(wanted: &str, there: &str) -> bool {
    if wanted.is_empty() {
        return !there.starts_with(CLIENT) && !there.starts_with("Midi Through");
    }
    there == wanted || plain(there) == plain(wanted)
}

/// Whether the system has a sequencer. Without one alsa-lib would only say so on stderr, again and again.
pub(super) fn has_sequencer() -> bool {
    !cfg!(target_os = "linux") || std::path::Path::new("/dev/snd/seq").exists()
}

fn client() -> Option<MidiInput> {
    if !has_sequencer() {
        return None;
    }
    let mut input = MidiInput::new(CLIENT).ok()?;
    input.ignore(Ignore::TimeAndActiveSense);
    Some(input)
}

/// An input that is listened to.
pub(super) struct MidiPort {
    granted: String,
    is_open: Arc<AtomicBool>,
    keeper: std::thread::Thread,
}

impl Listening for MidiPort {
    fn granted(&self) -> String {
        self.granted.clone()
    }
}

impl Drop for MidiPort {
    fn drop(&mut self) {
        self.is_open.store(false, Ordering::Release);
        self.keeper.unpark();
    }
}

/// Listens to the input called `name`, now or when it comes; so it is where there is no sequencer yet.
pub(super) fn listen(name: &str, ear: Ear) -> Result<MidiPort, DeviceError> {
    let input = client();
    let there = input
        .as_ref()
        .and_then(|input| match name.starts_with(VIRTUAL) {
            true => Some(name.to_owned()),
            false => find(input, name).map(|(_, name)| name),
        });
    let granted = granted_words(name, there, input.is_some());
    let is_open = Arc::new(AtomicBool::new(true));
    let (flag, wanted) = (is_open.clone(), name.to_owned());
    let keeper = std::thread::Builder::new()
        .name("midi in".into())
        .spawn(move || keep(input, &wanted, ear, &flag))
        .map_err(|error| DeviceError::Unavailable {
            device: shown(name),
            reason: error.to_string(),
        })?;
    Ok(MidiPort {
        granted,
        is_open,
        keeper: keeper.thread().clone(),
    })
}

/// What was wanted, as people say it.
fn shown(name: &str) -> String {
    if name.is_empty() {
        "the first MIDI input that comes".into()
    } else {
        format!("the MIDI input {name:?}")
    }
}

fn granted_words(wanted: &str, there: Option<String>, has_sequencer: bool) -> String {
    match there {
        Some(there) => format!("listens to {there}"),
        None if has_sequencer => format!("waits for {}", shown(wanted)),
        None => format!(
            "waits for {}: this machine has no MIDI sequencer now",
            shown(wanted)
        ),
    }
}

fn find(input: &MidiInput, wanted: &str) -> Option<(MidiInputPort, String)> {
    let ports = input.ports().into_iter();
    ports
        .filter_map(|port| input.port_name(&port).ok().map(|name| (port, name)))
        .find(|(_, name)| is_meant(wanted, name))
}

/// What midir keeps for its callback: the ear, which comes after the connection stands, so that one that fails does not
/// take it along.
struct Behind {
    ear: Option<Ear>,
    handed: Consumer<Ear>,
}

impl Behind {
    fn hear(&mut self, message: &[u8]) {
        if self.ear.is_none() {
            self.ear = self.handed.pop().ok();
        }
        if let Some(ear) = &mut self.ear {
            ear.hear(message);
        }
    }
}

/// The life of an input's thread. What was taken once is the only one taken again.
fn keep(mut watch: Option<MidiInput>, wanted: &str, ear: Ear, is_open: &AtomicBool) {
    let link = ear.link().clone();
    let mut wanted = wanted.to_owned();
    let mut idle = Some(ear);
    let mut taken: Option<(MidiInputConnection<Behind>, Option<MidiInputPort>)> = None;
    while is_open.load(Ordering::Acquire) {
        if watch.is_none() {
            watch = client();
        }
        let Some(watch) = &watch else {
            std::thread::park_timeout(WATCH);
            continue;
        };
        if let Some((connection, port)) = taken.take() {
            // One of our own is there as long as it is open.
            if port
                .as_ref()
                .is_none_or(|port| watch.port_name(port).is_ok())
            {
                taken = Some((connection, port));
            } else {
                link.set_there(false);
                let (_, mut behind) = connection.close();
                idle = behind.ear.or_else(|| behind.handed.pop().ok());
            }
        }
        if idle.is_some()
            && let Some((connection, mut hand, port, name)) = take(watch, &wanted)
        {
            if let Some(Err(PushError::Full(ear))) = idle.take().map(|ear| hand.push(ear)) {
                idle = Some(ear);
            }
            link.set_there(true);
            wanted = plain(&name).to_owned();
            taken = Some((connection, port));
        }
        std::thread::park_timeout(WATCH);
    }
    link.set_there(false);
}

type Taken = (
    MidiInputConnection<Behind>,
    Producer<Ear>,
    Option<MidiInputPort>,
    String,
);

/// Connects to the port that is meant, if it is there.
fn take(watch: &MidiInput, wanted: &str) -> Option<Taken> {
    let (hand, handed) = RingBuffer::new(1);
    if let Some(name) = wanted.strip_prefix(VIRTUAL) {
        let connection = create(client()?, name, Behind { ear: None, handed })?;
        return Some((connection, hand, None, wanted.to_owned()));
    }
    let (port, name) = find(watch, wanted)?;
    let behind = Behind { ear: None, handed };
    let hear = |_: u64, message: &[u8], behind: &mut Behind| behind.hear(message);
    // Connecting uses a client up, so each connection has one of its own.
    match client()?.connect(&port, "in", hear, behind) {
        Ok(connection) => Some((connection, hand, Some(port), name)),
        Err(error) => {
            log::warn!("{name}: {error}");
            None
        }
    }
}

/// A port of our own, which others connect to.
#[cfg(unix)]
fn create(input: MidiInput, name: &str, behind: Behind) -> Option<MidiInputConnection<Behind>> {
    use midir::os::unix::VirtualInput;
    let hear = |_: u64, message: &[u8], behind: &mut Behind| behind.hear(message);
    match input.create_virtual(name, hear, behind) {
        Ok(connection) => Some(connection),
        Err(error) => {
            log::warn!("the port {name}: {error}");
            None
        }
    }
}

#[cfg(not(unix))]
fn create(_: MidiInput, name: &str, _: Behind) -> Option<MidiInputConnection<Behind>> {
    log::warn!("the port {name}: this system has no ports of one's own");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_the_same_when_it_comes_back_under_another_number() {
        let before = "Keystation 49:Keystation 49 MIDI 1 24:0";
        let after = "Keystation 49:Keystation 49 MIDI 1 28:0";
        assert_eq!(plain(before), "Keystation 49:Keystation 49 MIDI 1");
        assert!(is_meant(plain(before), after) && is_meant(before, after));
        assert!(!is_meant(before, "Keystation 49:Keystation 49 MIDI 2 28:1"));
        assert_eq!(plain("IAC Bus 1"), "IAC Bus 1");
    }

    #[test]
    fn no_name_means_the_first_that_is_played_on() {
        assert!(is_meant("", "Keystation 49:Keystation 49 MIDI 1 24:0"));
        assert!(!is_meant("", "Midi Through:Midi Through Port-0 14:0"));
        assert!(!is_meant("", "KSGraph:in 128:0"));
    }

    #[test]
    fn words_name_what_is_wanted() {
        assert_eq!(
            granted_words("", None, true),
            "waits for the first MIDI input that comes"
        );
        let words = granted_words("Keystation", None, false);
        assert!(words.contains("\"Keystation\"") && words.contains("sequencer"));
        let there = Some("Keystation 49 24:0".to_owned());
        assert_eq!(
            granted_words("", there, true),
            "listens to Keystation 49 24:0"
        );
    }

    #[test]
    fn looking_for_ports_is_harmless_on_any_machine() {
        for name in inputs() {
            assert!(!name.is_empty());
        }
    }
}
