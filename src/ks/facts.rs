//! What was observed and cannot be computed: devices, probed files, formats that an open refused. Workers observe and
//! post; negotiation reads, and never does I/O itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::filter::Settings;
use super::format::{DataFormat, DataRange};
use super::property::Property;
use super::time::RefTime;

/// An audio device as it was enumerated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AudioDevice {
    /// The host that offers it: `alsa`, `jack`, `pipewire`, `pulseaudio`, `null`.
    pub host: String,
    /// The name users pick it by, unique with its host.
    pub name: String,
    /// What it renders, best first; empty when it cannot.
    pub render: Vec<DataRange>,
    /// What it captures, best first; empty when it cannot.
    pub capture: Vec<DataRange>,
    /// The rate it runs at by default.
    pub rate_hz: u32,
    /// Whether it is the one its host plays on by default.
    pub is_default: bool,
    /// Whether it is the one its host hears through by default.
    pub is_default_input: bool,
}

impl AudioDevice {
    /// The name that finds it again: its host and its name there.
    pub fn whole_name(&self) -> String {
        whole_name(&self.host, &self.name)
    }

    /// Whether `name`, as a property holds it, means this device. The empty name means none.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.whole_name() == name
    }
}

/// The name of a device with its host's before it; a host that is itself the device has one name only.
pub(super) fn whole_name(host: &str, name: &str) -> String {
    if host == name {
        name.to_owned()
    } else {
        format!("{host}:{name}")
    }
}

/// What a file of sound tells of itself.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SoundFact {
    /// What holds the sound: `WAV`, `Ogg`.
    pub container: String,
    /// How it is coded: `PCM`, `Vorbis`.
    pub codec: String,
    /// How long it is.
    pub millis: u64,
    /// Whether that is exact, not guessed from its bytes.
    pub is_exact: bool,
    /// Parts that a sampler repeats.
    pub loops: usize,
    /// Title, artist and the like, by name.
    pub tags: Vec<(String, String)>,
    /// Named places and the ends of its loops: samples of its own rate, and what they are called.
    pub marks: Vec<(u64, String)>,
}

impl SoundFact {
    /// What is shown of it, a label and words each: kind, length, loops, and what the file says of itself.
    pub fn rows(&self) -> Vec<(String, String)> {
        let about = if self.is_exact { "" } else { "about " };
        let (minutes, millis) = (self.millis / 60_000, self.millis % 60_000);
        let seconds = millis as f64 / 1000.0;
        let length = match (self.millis, self.is_exact) {
            (0, false) => "not known before it is played".into(),
            _ => format!("{about}{minutes}:{seconds:06.3}"),
        };
        let kind = if self.container == self.codec {
            self.container.clone()
        } else {
            format!("{}, {}", self.container, self.codec)
        };
        let mut rows = vec![("Kind".into(), kind), ("Length".into(), length)];
        if self.loops > 0 {
            rows.push(("Loops".into(), self.loops.to_string()));
        }
        for (name, word) in &self.tags {
            let mut letters = name.chars();
            let first = letters.next().map(|it| it.to_ascii_uppercase());
            let label = first.into_iter().chain(letters).collect();
            rows.push((label, word.clone()));
        }
        rows
    }
}

/// What a file was found to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FileFact {
    /// Not probed yet: not an error.
    Pending,
    /// Sound.
    Wave {
        /// Its own format.
        format: DataFormat,
        /// Length in samples a channel; 0 also where only playing it could tell.
        frames: u64,
        /// What people want to know of it.
        about: Box<SoundFact>,
    },
    /// Notes.
    Song(Arc<SongFact>),
    /// Instruments: what they are, the synthesizer says that plays them ([`super::BankDesk`]).
    Bank,
    /// It cannot be used, and why.
    Unusable(String),
}

/// A beat of a song.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SongBeat {
    /// From the beginning of the song, at its own tempo.
    pub time: RefTime,
    /// Its bar, from 1.
    pub bar: u32,
    /// Which beat of it, from 1.
    pub beat: u8,
}

/// What a MIDI file was found to hold.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SongFact {
    /// The type of the file: 0, 1 or 2.
    pub kind: u16,
    /// How long it is at its own tempo.
    pub duration: RefTime,
    /// Messages in it.
    pub events: usize,
    /// The names of its tracks, empty where there is none.
    pub tracks: Vec<String>,
    /// Markers and cue points, and when.
    pub markers: Vec<(RefTime, String)>,
    /// What is sung, and when.
    pub lyrics: Vec<(RefTime, String)>,
    /// Its beats, as far as they are known, at its own tempo; none where it has no tempo.
    pub beats: Vec<SongBeat>,
    /// What was odd about it.
    pub remarks: Vec<String>,
}

/// Everything observed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Audio devices.
    pub devices: Vec<AudioDevice>,
    /// Devices in use that are no longer there, as they were last seen: what was agreed with them holds.
    pub gone: Vec<AudioDevice>,
    /// Whole name of the device that stands for the default one since it was taken; empty before.
    pub kept: String,
    /// The same for the input.
    pub kept_input: String,
    /// MIDI inputs.
    pub midi_inputs: Vec<String>,
    /// MIDI outputs.
    pub midi_outputs: Vec<String>,
    /// Probed files by absolute path.
    pub files: BTreeMap<PathBuf, FileFact>,
    /// Formats an open refused, as (filter path, pin name, format text) (DIX-19).
    pub refused: BTreeSet<(String, String, String)>,
    /// The rate the graph runs at when its document does not say, 0 for the render device's.
    pub rate_hz: u32,
    /// Whether this is the nominal machine.
    pub is_nominal: bool,
}

/// The rate of a graph when nobody says anything.
pub const DEFAULT_RATE_HZ: u32 = 48_000;

impl Facts {
    /// The nominal machine, which renders, checks and tests see: one render device of floating point, 1 to 8 channels,
    /// 8 to 384 kHz, one silent capture device, no MIDI ports. The same everywhere.
    pub fn nominal() -> Self {
        Self::nominal_at(DEFAULT_RATE_HZ)
    }

    /// The nominal machine at another graph rate.
    pub fn nominal_at(rate_hz: u32) -> Self {
        let ranges = vec![
            DataRange::float(rate_hz, rate_hz).at_most_channels(8),
            DataRange::float(8_000, 384_000).at_most_channels(8),
        ];
        Self {
            devices: vec![AudioDevice {
                host: "nominal".into(),
                name: "nominal".into(),
                render: ranges.clone(),
                capture: ranges,
                rate_hz,
                is_default: true,
                is_default_input: true,
            }],
            rate_hz,
            is_nominal: true,
            ..Self::default()
        }
    }

    /// The device called `name`, or the default when `name` is empty. The nominal machine answers to every name.
    pub fn render_device(&self, name: &str) -> Option<&AudioDevice> {
        let can_render = |device: &&AudioDevice| !device.render.is_empty();
        let mut render = self.devices.iter().filter(can_render);
        if self.is_nominal {
            return render.next();
        }
        if name.is_empty() && !self.kept.is_empty() {
            let kept = self.render_device(&self.kept);
            if kept.is_some() {
                return kept;
            }
        }
        if name.is_empty() {
            let mut all = render.clone();
            return all
                .find(|device| device.is_default)
                .or_else(|| render.next());
        }
        let mut gone = self.gone.iter().filter(can_render);
        render
            .find(|device| device.is_called(name))
            .or_else(|| gone.find(|device| device.is_called(name)))
    }

    /// The device called `name` to hear through, or the default one when `name` is empty. The nominal machine answers to
    /// every name.
    pub fn capture_device(&self, name: &str) -> Option<&AudioDevice> {
        let can_capture = |device: &&AudioDevice| !device.capture.is_empty();
        let mut capture = self.devices.iter().filter(can_capture);
        if self.is_nominal {
            return capture.next();
        }
        if name.is_empty() && !self.kept_input.is_empty() {
            let kept = self.capture_device(&self.kept_input);
            if kept.is_some() {
                return kept;
            }
        }
        if name.is_empty() {
            let mut all = capture.clone();
            return all
                .find(|device| device.is_default_input)
                .or_else(|| capture.next());
        }
        let mut gone = self.gone.iter().filter(can_capture);
        capture
            .find(|device| device.is_called(name))
            .or_else(|| gone.find(|device| device.is_called(name)))
    }

    /// What is known of a file.
    pub fn file(&self, path: &Path) -> &FileFact {
        self.files.get(path).unwrap_or(&FileFact::Pending)
    }

    /// What is known of the file that a property names, under its name in the graph or its full one; `None` when it
    /// names none.
    pub fn file_of(&self, settings: &Settings<'_>, property: &Property) -> Option<&FileFact> {
        let path = settings.path(property)?;
        Some(match (self.file(&path), std::path::absolute(&path)) {
            (FileFact::Pending, Ok(full)) => self.file(&full),
            (fact, _) => fact,
        })
    }

    /// The rate of a graph whose document says `document_hz` (0: nothing).
    pub fn graph_rate_hz(&self, document_hz: u32) -> u32 {
        let device = || self.render_device("").map_or(0, |device| device.rate_hz);
        [document_hz, self.rate_hz]
            .into_iter()
            .find(|&rate| rate != 0)
            .unwrap_or_else(|| match device() {
                0 => DEFAULT_RATE_HZ,
                rate => rate,
            })
    }
}
