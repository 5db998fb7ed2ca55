//! Which devices there are, as facts, and how a name finds one.
//!
//! A name is what [`facts`] lists: `pulse`, with its host before it where that is needed (`alsa:pulse`); a host alone
//! (`jack:`) is its default device, and an empty name the default of the first host that has one. Every host is asked on
//! a thread of its own with a time limit, so that a server that hangs hides its own devices and nothing else; JACK's desk is
//! one already (`jack_server.rs`). What
//! cannot be opened is not listed: ALSA names a default device on machines without any. Nor is what ALSA would reach a JACK
//! server by. Its library prints to stderr
//! while it probes, which only `unsafe` code could keep it from.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, ErrorKind, Host, HostId, SampleFormat, SupportedStreamConfigRange};

use super::host::{self, Use};
use super::{audio, null, outlets, ports};
use crate::ks::{AudioDevice, DEFAULT_RATE_HZ, DataRange, Facts};
use crate::portcls::DeviceError;
use crate::portcls::wavert::MOST_CHANNELS;

/// How long a host may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Names ALSA lists that are no devices: sinks that do not keep time, and converters in want of one.
const NOT_DEVICES: [&str; 9] = [
    "null",
    "file",
    "oss",
    "lavrate",
    "samplerate",
    "speexrate",
    "upmix",
    "vdownmix",
    "usbstream",
];

/// What this machine has now. Slow: call it away from screens and audio threads.
pub fn facts() -> Facts {
    gather(
        host::all(),
        &mut BTreeMap::new(),
        Ports::default().all(true),
    )
}

/// What may be asked again and again: what this machine has, if anything about it seems to have changed.
///
/// Sound servers are asked for their lists. Cards are opened to be asked, so they are asked only when the signs of them in the
/// file system change.
pub fn glance() -> impl FnMut() -> Option<Facts> + Send {
    let mut known: BTreeMap<String, Vec<AudioDevice>> = BTreeMap::new();
    let mut last: Option<(Vec<String>, Facts)> = None;
    let mut ports = Ports::default();
    move || {
        let (signs, all) = (signs(), host::all());
        let is_new = last.as_ref().is_none_or(|(before, _)| *before != signs);
        let is_server = |host: &HostId| ["pipewire", "pulseaudio"].contains(&&*host.to_string());
        let asked = all
            .iter()
            .filter(|host| is_new || is_server(host))
            .copied()
            .collect();
        // A server that is gone has no devices.
        known.retain(|host, _| all.iter().any(|it| it.to_string() == *host));
        let facts = gather(asked, &mut known, ports.all(is_new));
        let has_changed = last.as_ref().is_none_or(|(_, before)| *before != facts);
        last = Some((signs, facts.clone()));
        has_changed.then_some(facts)
    }
}

/// Names of inputs and of outputs.
type Names = (Vec<String>, Vec<String>);

/// MIDI ports of the system's sequencer, as they were seen last.
#[derive(Default)]
struct Ports(Names);

impl Ports {
    /// Inputs and outputs. `is_new`: the signs have changed.
    fn all(&mut self, is_new: bool) -> Names {
        // Looking for ports makes a client of the sequencer, which others see come and go.
        if is_new || !cfg!(target_os = "linux") {
            self.0 = (ports::inputs(), outlets::outputs());
        }
        self.0.clone()
    }
}

/// Devices and MIDI ports of a JACK server; where it does not answer they are as good as gone.
#[cfg(feature = "jack")]
fn of_jack() -> (Vec<AudioDevice>, Names) {
    super::jack_server::look(|client, own| {
        let rate_hz = client.sample_rate();
        (
            audio::jack::devices(rate_hz),
            super::jack_midi::ports(client, own),
        )
    })
    .unwrap_or_default()
}

#[cfg(not(feature = "jack"))]
fn of_jack() -> (Vec<AudioDevice>, Names) {
    Default::default()
}

/// Names in the file system that come and go with cards, sequencers and servers.
fn signs() -> Vec<String> {
    let folders = ["/dev/snd", "/dev/shm", "/proc/asound"];
    let mut names: Vec<String> = vec![];
    for folder in folders {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let found = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        // Of shared memory only what belongs to a JACK server.
        names.extend(found.filter(|name| folder != "/dev/shm" || name.starts_with("jack")));
    }
    let clients = std::fs::read_to_string("/proc/asound/seq/clients").unwrap_or_default();
    names.extend(sequencer_ports(&clients));
    names.sort();
    names
}

/// The sequencer's clients and ports but for our own, out of the kernel's list, which also counts what goes by.
fn sequencer_ports(list: &str) -> Vec<String> {
    let mut is_ours = false;
    let mut names = vec![];
    for line in list.lines().map(str::trim) {
        if line.starts_with("Client ") {
            is_ours = line.contains(ports::CLIENT);
        }
        let is_name = line.starts_with("Client ") || line.starts_with("Port ");
        // Until the closing quote: what follows says who may read and write, and who does.
        let name = line.rsplit_once('"').map(|(name, _)| name);
        names.extend(name.filter(|_| is_name && !is_ours).map(str::to_owned));
    }
    names
}

/// Asks some hosts, each on a thread of its own, and takes the others from what was known.
fn gather(
    asked: Vec<HostId>,
    known: &mut BTreeMap<String, Vec<AudioDevice>>,
    (mut midi_inputs, mut midi_outputs): Names,
) -> Facts {
    let asked: Vec<_> = asked
        .into_iter()
        .map(|host| {
            let (answer, answered) = mpsc::channel();
            let name = format!("devices of {host}");
            let spawned = std::thread::Builder::new()
                .name(name.clone())
                .spawn(move || answer.send(host_devices(host)));
            (host, name, spawned.is_ok().then_some(answered))
        })
        .collect();
    for (host, name, answered) in asked {
        match answered.map(|answered| answered.recv_timeout(PATIENCE)) {
            Some(Ok(list)) => {
                known.insert(host.to_string(), list);
            }
            _ => log::warn!("{name}: no answer"),
        }
    }
    let lists = host::all()
        .into_iter()
        .filter_map(|host| known.get(&host.to_string()));
    let mut devices: Vec<AudioDevice> = lists.flatten().cloned().collect();
    let (of_jack, (inputs, outputs)) = of_jack();
    devices.extend(of_jack);
    devices.push(null_device());
    midi_inputs.extend(inputs);
    midi_outputs.extend(outputs);
    Facts {
        devices,
        midi_inputs,
        midi_outputs,
        ..Facts::default()
    }
}

/// The name of a device as it is listed.
pub(super) fn device_name(device: &Device) -> String {
    device
        .id()
        .map(|id| id.id().to_owned())
        .unwrap_or_else(|_| device.to_string())
}

/// Which way a device is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Out,
    In,
}

/// The output that `name` means, and its host.
pub(super) fn find_output(name: &str) -> Result<(HostId, Device), DeviceError> {
    find(name, Way::Out)
}

/// The input that `name` means, and its host.
pub(super) fn find_input(name: &str) -> Result<(HostId, Device), DeviceError> {
    find(name, Way::In)
}

fn find(name: &str, way: Way) -> Result<(HostId, Device), DeviceError> {
    let missing = || DeviceError::NotFound(name.to_owned());
    if leads_to_jack(name) {
        return Err(DeviceError::Unavailable {
            device: name.to_owned(),
            reason: "it is ALSA's way to a JACK server, whose own device is jack:".into(),
        });
    }
    let (before, after) = name.split_once(':').unwrap_or(("", name));
    if let Some(host) = HostId::from_str(before).ok().filter(|_| !before.is_empty()) {
        return find_in(host, after, way)
            .map(|d| (host, d))
            .ok_or_else(missing);
    }
    host::all()
        .into_iter()
        .find_map(|host| find_in(host, name, way).map(|device| (host, device)))
        .ok_or_else(missing)
}

/// Whether ALSA opens a client of JACK for that name, which only JACK's desk may do (`jack_server.rs`). What a user's own settings
/// call otherwise is not known.
fn leads_to_jack(name: &str) -> bool {
    name.split(|c: char| !c.is_alphanumeric())
        .any(|part| part == "jack")
}

fn find_in(host_id: HostId, name: &str, way: Way) -> Option<Device> {
    host::ask(host_id, Use::Streaming, |host| {
        device_of(host_id, host, name, way)
    })?
}

fn device_of(host_id: HostId, host: &Host, name: &str, way: Way) -> Option<Device> {
    if name.is_empty() {
        let device = match way {
            Way::Out => host.default_output_device()?,
            Way::In => host.default_input_device()?,
        };
        return is_openable(&device, way).then_some(device);
    }
    let can = |device: &Device| match way {
        Way::Out => device.supports_output(),
        Way::In => device.supports_input(),
    };
    let listed = host
        .devices()
        .ok()?
        .find(|device| device_name(device) == name && can(device));
    // ALSA opens names that it does not list.
    listed.or_else(|| host.device_by_id(&cpal::DeviceId::new(host_id, name)))
}

fn is_openable(device: &Device, way: Way) -> bool {
    match way {
        Way::Out => {
            let ranges = device.supported_output_configs();
            ranges.is_ok_and(|mut ranges| ranges.next().is_some())
        }
        Way::In => {
            let ranges = device.supported_input_configs();
            ranges.is_ok_and(|mut ranges| ranges.next().is_some())
        }
    }
}

/// A device that somebody held whenever it was asked: most take this, and whoever opens it is told who is in the way.
fn held(host: HostId, name: String, is_default: bool) -> AudioDevice {
    AudioDevice {
        host: host.to_string(),
        name,
        render: vec![DataRange::float(DEFAULT_RATE_HZ, DEFAULT_RATE_HZ).at_most_channels(2)],
        capture: vec![],
        rate_hz: DEFAULT_RATE_HZ,
        is_default,
        is_default_input: false,
    }
}

/// What was known of a device when it could last be asked: a device in use cannot be.
fn remembered(key: &str, now: Option<AudioDevice>) -> Option<AudioDevice> {
    static LAST: Mutex<BTreeMap<String, AudioDevice>> = Mutex::new(BTreeMap::new());
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match now {
        Some(device) => {
            last.insert(key.to_owned(), device.clone());
            Some(device)
        }
        None => last.get(key).cloned(),
    }
}

fn host_devices(host_id: HostId) -> Vec<AudioDevice> {
    host::ask(host_id, Use::Looking, |host| devices_of(host_id, host)).unwrap_or_default()
}

fn devices_of(host_id: HostId, host: &Host) -> Vec<AudioDevice> {
    let Ok(devices) = host.devices() else {
        return vec![];
    };
    let default = host.default_output_device().map(|d| device_name(&d));
    let default_input = host.default_input_device().map(|d| device_name(&d));
    let mut list: Vec<AudioDevice> = vec![];
    for device in devices {
        let name = device_name(&device);
        let kind = name.split(':').next().unwrap_or("");
        let is_known = list.iter().any(|known| known.name == name);
        if NOT_DEVICES.contains(&kind) || leads_to_jack(&name) || is_known {
            continue;
        }
        let is_default = default.as_ref() == Some(&name);
        let is_input = default_input.as_ref() == Some(&name);
        if let Some(mut found) = observe(host_id, &device, name, is_default) {
            found.is_default_input = is_input && !found.capture.is_empty();
            list.push(found);
        }
    }
    list.sort_by_key(|device| !device.is_default);
    list
}

fn observe(host: HostId, device: &Device, name: String, is_default: bool) -> Option<AudioDevice> {
    let key = format!("{host}:{name}");
    let mut is_busy = false;
    let mut ask = |ranges: Result<Vec<SupportedStreamConfigRange>, cpal::Error>| {
        let known =
            |range: &SupportedStreamConfigRange| audio::rank(range.sample_format()).is_some();
        match ranges {
            Ok(ranges) => ranges.into_iter().filter(known).collect(),
            Err(error) => {
                is_busy |= error.kind() == ErrorKind::DeviceBusy;
                vec![]
            }
        }
    };
    let mut render: Vec<SupportedStreamConfigRange> = vec![];
    if device.supports_output() {
        render = ask(device.supported_output_configs().map(Iterator::collect));
    }
    let mut capture: Vec<SupportedStreamConfigRange> = vec![];
    if device.supports_input() {
        capture = ask(device.supported_input_configs().map(Iterator::collect));
    }
    if render.is_empty() && capture.is_empty() {
        return is_busy
            .then(|| remembered(&key, None).unwrap_or_else(|| held(host, name, is_default)));
    }
    let said = device
        .default_output_config()
        .or_else(|_| device.default_input_config())
        .map_or(DEFAULT_RATE_HZ, |config| config.sample_rate());
    let all: Vec<_> = render.iter().chain(&capture).collect();
    let rate_hz = usual_rate(host, said, &all);
    let device = AudioDevice {
        host: host.to_string(),
        name,
        render: data_ranges(&render, rate_hz),
        capture: data_ranges(&capture, rate_hz),
        rate_hz,
        is_default,
        is_default_input: false,
    };
    remembered(&key, Some(device))
}

/// Servers say their rate; ALSA's first guess is less good than ours.
fn usual_rate(host: HostId, said: u32, ranges: &[&SupportedStreamConfigRange]) -> u32 {
    let has = |rate| {
        ranges
            .iter()
            .any(|range| (range.min_sample_rate()..=range.max_sample_rate()).contains(&rate))
    };
    if host.to_string() == "alsa" && has(DEFAULT_RATE_HZ) {
        DEFAULT_RATE_HZ
    } else {
        said
    }
}

/// The ranges of a device, best first: floats at its own rate, floats at every other, then integers as it has them. The
/// card's own samples are of no concern to floats: they are converted at the edge.
fn data_ranges(ranges: &[SupportedStreamConfigRange], rate_hz: u32) -> Vec<DataRange> {
    let mut list = vec![];
    let mut add = |range: DataRange| {
        if !list.contains(&range) {
            list.push(range);
        }
    };
    // The most channels of every span of rates, in the order of the spans.
    let mut spans: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for range in ranges {
        let span = (range.min_sample_rate(), range.max_sample_rate());
        let channels = u32::from(range.channels()).min(MOST_CHANNELS as u32);
        let most = spans.entry(span).or_default();
        *most = (*most).max(channels);
    }
    for ((min, max), channels) in &spans {
        if (min..=max).contains(&&rate_hz) {
            add(DataRange::float(rate_hz, rate_hz).at_most_channels(*channels));
        }
    }
    for ((min, max), channels) in &spans {
        add(DataRange::float(*min, *max).at_most_channels(*channels));
    }
    for range in ranges {
        let bits = match range.sample_format() {
            SampleFormat::I16 => 16,
            SampleFormat::I24 | SampleFormat::I32 => 24,
            _ => continue,
        };
        let (min, max) = (range.min_sample_rate(), range.max_sample_rate());
        let most = spans.get(&(min, max)).copied().unwrap_or(1);
        add(DataRange::pcm(bits, bits, min, max).at_most_channels(most));
    }
    list
}

fn null_device() -> AudioDevice {
    let channels = MOST_CHANNELS as u32;
    AudioDevice {
        host: null::NAME.into(),
        name: null::NAME.into(),
        render: vec![
            DataRange::float(DEFAULT_RATE_HZ, DEFAULT_RATE_HZ).at_most_channels(channels),
            DataRange::float(8_000, 384_000).at_most_channels(channels),
        ],
        capture: vec![],
        rate_hz: DEFAULT_RATE_HZ,
        is_default: false,
        is_default_input: false,
    }
}

#[cfg(test)]
mod tests {
    use cpal::SupportedBufferSize;

    use super::*;

    #[test]
    fn every_machine_has_the_null_card_and_it_is_last() {
        let facts = facts();
        let last = facts.devices.last().unwrap();
        assert_eq!((last.host.as_str(), last.is_default), ("null", false));
        assert!(facts.render_device("null").is_some());
        for device in &facts.devices {
            assert!(
                !device.render.is_empty() || !device.capture.is_empty(),
                "{device:?} can do nothing"
            );
        }
    }

    #[test]
    fn a_port_that_comes_is_a_sign_and_traffic_and_our_own_ports_are_none() {
        let list = |cells: u32, more: &str| {
            format!(
                "Client info\n  cur  clients : 3\n\nClient   0 : \"System\" [Kernel Legacy]\n  \
                 Port   1 : \"Announce\" (R-e-) [In/Out]\n    Connecting To: 128:0\nClient 130 : \
                 \"KSGraph\" [User Legacy]\n  Port   0 : \"in\" (-We-)\n  Input pool :\n    \
                 Cells in use         : {cells}\n{more}"
            )
        };
        let quiet = sequencer_ports(&list(0, ""));
        assert_eq!(quiet.len(), 2, "{quiet:?}");
        assert_eq!(quiet, sequencer_ports(&list(7, "")));
        let keys = "Client 24 : \"Keystation 49\" [Kernel]\n  Port 0 : \"MIDI 1\" (RWeX)\n";
        assert_eq!(sequencer_ports(&list(0, keys)).len(), 4);
    }

    #[test]
    fn alsa_never_opens_a_client_of_jack() {
        for name in ["jack", "alsa:jack", "alsa:plug:jack", "plug:'jack'"] {
            let error = find_output(name).err().unwrap().to_string();
            assert!(error.contains("whose own device is jack:"), "{error}");
        }
        let facts = facts();
        let mut devices = facts.devices.iter();
        assert!(!devices.any(|it| it.host == "alsa" && leads_to_jack(&it.name)));
        assert!(!leads_to_jack("hw:CARD=Jackson,DEV=0"));
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        let error = find_output("no such device").err();
        assert_eq!(error, Some(DeviceError::NotFound("no such device".into())));
        let error = find_output("alsa:no such device").err();
        assert!(error.is_some_and(|error| error.to_string().contains("no such device")));
    }

    #[test]
    fn floats_at_the_devices_rate_come_first_and_integers_last() {
        let range = |channels, min, max, format| {
            SupportedStreamConfigRange::new(
                channels,
                min,
                max,
                SupportedBufferSize::Unknown,
                format,
            )
        };
        let ranges = [
            range(2, 44_100, 44_100, SampleFormat::I16),
            range(2, 48_000, 48_000, SampleFormat::I16),
            range(8, 48_000, 48_000, SampleFormat::I32),
        ];
        let wanted = [
            DataRange::float(48_000, 48_000).at_most_channels(8),
            DataRange::float(44_100, 44_100).at_most_channels(2),
            DataRange::pcm(16, 16, 44_100, 44_100).at_most_channels(2),
            DataRange::pcm(16, 16, 48_000, 48_000).at_most_channels(8),
            DataRange::pcm(24, 24, 48_000, 48_000).at_most_channels(8),
        ];
        assert_eq!(data_ranges(&ranges, 48_000), wanted);
    }
}
