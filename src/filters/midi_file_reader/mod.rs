//! MIDI File Reader: plays a song, every event at its exact sample.
//!
//! -> notes (events, or raw MIDI records on a grid of 1 ms). The song is read whole when the filter is opened, so that a
//! file that goes away or is replaced changes nothing of what plays. Event times are those of the tempo map, in units of
//! 100 ns from where the song begins; speed and jumps move an anchor between the song's time and the graph's, so nothing
//! adds up. What a jump skips is chased: programs, controllers, bends, and sounding notes where that is wanted.

mod about;
mod playing;

pub use about::{is_song, probe};
use about::{read_in_time, remarks};
use playing::{Playing, SPEED_UNITY};

use crate::ks::ids::{Guid, category, node, sub};
use crate::ks::{
    DataRange, Descriptor, Filter, Node, OpenError, Opened, Opening, PinFactory, Property,
    Telemetry, TopologyConnection, Unit,
};
use crate::portcls::capture::Capture;

const PATH: Property = Property::path("path", "File").inline();
const LOOP: Property = Property::flag("loop", "Loop", false).inline();
const SPEED: Property = Property::number("speed", "Speed", 10.0, 400.0, 100.0)
    .unit(Unit::Percent)
    .logarithmic()
    .inline()
    .help("How fast the song goes; its own tempo is 100 %.");
const SONG: Property = Property::count("song", "Song", 0, 999, 0)
    .structural()
    .help("Which song of a file of type 2 is played; 0 plays all, one after the other.");
const CHASE: Property = Property::choice(
    "chase",
    "Chase",
    &["nothing", "controllers", "controllers and notes"],
    "controllers and notes",
)
.help(
    "What is made up for where playing begins in mid-song: programs, controllers and bends that were set before, and \
     notes that sound there.",
);
const AHEAD: Property = Property::number("ahead", "Feed ahead", 0.0, 2_000.0, 0.0)
    .unit(Unit::Millisecond)
    .help(
        "How long before its time an event is handed on in a live graph; who gets it holds it until it is due.",
    );

macro_rules! switches {
    ($name:ident, $group:literal, $help:literal, [$($key:literal $title:literal)*]) => {
        const $name: &[Property] =
            &[$(Property::flag($key, $title, true).group($group).help($help)),*];
    };
}
switches!(CHANNELS, "Channels", "Whether notes of this channel are played.", [
    "channel_1" "Channel 1" "channel_2" "Channel 2" "channel_3" "Channel 3" "channel_4" "Channel 4"
    "channel_5" "Channel 5" "channel_6" "Channel 6" "channel_7" "Channel 7" "channel_8" "Channel 8"
    "channel_9" "Channel 9" "channel_10" "Channel 10" "channel_11" "Channel 11" "channel_12" "Channel 12"
    "channel_13" "Channel 13" "channel_14" "Channel 14" "channel_15" "Channel 15" "channel_16" "Channel 16"
]);
switches!(TRACKS, "Tracks", "Whether notes of this track are played.", [
    "track_1" "Track 1" "track_2" "Track 2" "track_3" "Track 3" "track_4" "Track 4"
    "track_5" "Track 5" "track_6" "Track 6" "track_7" "Track 7" "track_8" "Track 8"
    "track_9" "Track 9" "track_10" "Track 10" "track_11" "Track 11" "track_12" "Track 12"
    "track_13" "Track 13" "track_14" "Track 14" "track_15" "Track 15" "track_16" "Track 16"
    "track_17" "Track 17" "track_18" "Track 18" "track_19" "Track 19" "track_20" "Track 20"
    "track_21" "Track 21" "track_22" "Track 22" "track_23" "Track 23" "track_24" "Track 24"
]);

/// Properties before the switches.
const PLAIN: usize = 6;
const COUNT: usize = PLAIN + CHANNELS.len() + TRACKS.len();
const ALL: [Property; COUNT] = {
    let mut all = [PATH; COUNT];
    all[1] = LOOP;
    all[2] = SPEED;
    all[3] = SONG;
    all[4] = CHASE;
    all[5] = AHEAD;
    let mut at = 0;
    while at < CHANNELS.len() {
        all[PLAIN + at] = CHANNELS[at];
        at += 1;
    }
    at = 0;
    while at < TRACKS.len() {
        all[PLAIN + CHANNELS.len() + at] = TRACKS[at];
        at += 1;
    }
    all
};
const KEYS: [&str; COUNT] = {
    let mut keys = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        keys[at] = ALL[at].key;
        at += 1;
    }
    keys
};
static PROPERTIES: [Property; COUNT] = ALL;
static OF_FILE: [&str; PLAIN] = {
    let mut keys = [""; PLAIN];
    let mut at = 0;
    while at < PLAIN {
        keys[at] = KEYS[at];
        at += 1;
    }
    keys
};
static OF_SWITCHES: [&str; COUNT - PLAIN] = {
    let mut keys = [""; COUNT - PLAIN];
    let mut at = 0;
    while at < COUNT - PLAIN {
        keys[at] = KEYS[PLAIN + at];
        at += 1;
    }
    keys
};
const PINS: &[PinFactory] = &[PinFactory::output("notes", DataRange::NOTES)];
const CATEGORIES: &[Guid] = &[category::AUDIO, category::FILESYSTEM];
/// What is inside: the filter's own properties, seen from the nodes that act on them.
static NODES: [Node; 2] = [
    Node::new(node::FILE, "Song", &OF_FILE),
    Node::new(node::MUTE, "Mute", &OF_SWITCHES),
];
const INSIDE: &[TopologyConnection] = &[
    TopologyConnection::pass(0, 1),
    TopologyConnection::leave(1, 0),
];
static DESCRIPTOR: Descriptor = Descriptor::new(
    "midi_file_reader",
    "MIDI File Reader",
    CATEGORIES,
    PINS,
    &PROPERTIES,
)
.nodes(&NODES, INSIDE)
.help(
    "Plays a MIDI file (.mid, .rmi, .kar), every event at its exact sample. Speed, loop, channels and tracks can be \
     changed while it plays. Stop goes back to the beginning.",
);

/// What it publishes, by place in its telemetry.
pub mod telemetry {
    /// Where in the song it is, in seconds.
    pub const POSITION: usize = 0;
    /// How long the song is, in seconds.
    pub const LENGTH: usize = 1;
    /// How many markers and cue points lie behind.
    pub const MARKERS: usize = 2;
    /// How many lyrics lie behind.
    pub const LYRICS: usize = 3;
    /// Notes that are down.
    pub const NOTES: usize = 4;
    /// Events that were handed on in this run.
    pub const EVENTS: usize = 5;
    /// How many numbers there are.
    pub const LEN: usize = 6;
}

/// The most events handed on in one piece of a cycle: several such wires may meet in one. More than that at one sample
/// goes up to what a frame holds.
const PIECE: usize = 1024;

/// What the catalogue offers.
pub struct MidiFileReader;

impl Filter for MidiFileReader {
    fn descriptor(&self) -> &Descriptor {
        &DESCRIPTOR
    }

    fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        if let Some(feed) = &opening.feed {
            return Ok(Opened::processor(Capture::feed(feed.clone())));
        }
        let Some(path) = opening.settings.path(&PATH) else {
            return Err(OpenError::Property {
                property: PATH.key.into(),
                found: "no file is named".into(),
                wanted: "a MIDI file to play".into(),
            });
        };
        let number = opening.settings.number(&SONG) as usize;
        let song = read_in_time(&path, (number > 0).then_some(number), opening.live);
        let song = song.map_err(|reason| OpenError::File {
            path: path.display().to_string(),
            reason,
        })?;
        let telemetry = Telemetry::new(telemetry::LEN);
        let is_raw = (opening.format("notes")).is_some_and(|format| format.sub == sub::MIDI);
        let playing = Playing::new(&song, opening, is_raw, telemetry.clone());
        let is_endless = opening.settings.is_on(&LOOP) && playing.can_loop(SPEED_UNITY);
        let seconds = playing.due(playing.duration) as f64 / 1e7;
        let length = (!is_endless).then_some(seconds);
        let opened = Opened::processor(playing).telemetry(telemetry);
        let mut opened = opened.positioned(length).takes_rates().cuts();
        opened.endless = is_endless;
        if is_raw {
            opened = opened.note("raw MIDI: events lie on a grid of 1 ms");
        }
        for remark in remarks(&song) {
            opened = opened.note(format!("{}: {remark}", path.display()));
        }
        Ok(opened)
    }
}
