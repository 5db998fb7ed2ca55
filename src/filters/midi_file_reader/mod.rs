//! MIDI File Reader: plays a song, every event at its exact sample.
//!
//! -> notes (events, or raw MIDI records on a grid of 1 ms). The song is read whole when the filter is opened, so that a
//! file that goes away or is replaced changes nothing of what plays. Event times are those of the tempo map, in units of
//! 100 ns from where the song begins; speed and jumps move an anchor between the song's time and the graph's, so nothing
//! adds up. What a jump skips is chased: programs, controllers, bends, and sounding notes where that is wanted.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::ks::ids::{Guid, category, node, sub};
use crate::ks::{
    DataRange, Descriptor, FileFact, Filter, Flow, Io, KernelEvent, LoopRange, Node, OpenError,
    Opened, Opening, Output, Payload, PinFactory, Processor, Property, RATE_UNITY, RefTime, Seek,
    SongBeat, SongFact, State, Telemetry, TopologyConnection, Unit, ValueSlot, Values, run_length,
    sample_from_time, time_from_sample,
};
use crate::midi::chase::{Places, Told};
use crate::midi::smf::{MOST_BYTES, Song, TextKind, read_smf_song};
use crate::portcls::capture::Capture;
use crate::stream::errand::{in_time, patience};

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

/// Whether a file is a MIDI file, going by how it begins.
pub fn is_song(head: &[u8]) -> bool {
    let is_wrapped = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"RMID");
    head.starts_with(b"MThd") || is_wrapped
}

/// Looks what a MIDI file is. For observers: it may take as long as the disk does.
pub fn probe(path: &Path) -> FileFact {
    match read(path, None) {
        Ok(song) => FileFact::Song(Arc::new(about(&song))),
        Err(reason) => FileFact::Unusable(reason),
    }
}

fn read(path: &Path, number: Option<usize>) -> Result<Song, String> {
    let about = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !about.is_file() {
        // To open a pipe would wait for its writer.
        let what = crate::media::what_it_is(&about);
        return Err(format!("it is {what} and not a file; wanted a MIDI file"));
    }
    let file = File::open(path).map_err(|error| error.to_string())?;
    let mut bytes = vec![];
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!(
            "it is larger than {} MiB, the most a MIDI file may have here",
            MOST_BYTES >> 20
        ));
    }
    read_smf_song(&bytes, number).map_err(|error| error.to_string())
}

/// The same, but not longer than a disk may take.
fn read_in_time(path: &Path, number: Option<usize>, live: bool) -> Result<Song, String> {
    let own = path.to_owned();
    let song = in_time(path, patience(live), move || read(&own, number));
    song.map_err(|late| late.to_string())?
}

fn time(time_100ns: u64) -> RefTime {
    RefTime::try_from(time_100ns).unwrap_or(RefTime::MAX)
}

/// Words that are shown: markers and cue points, and what is sung.
fn words(song: &Song) -> [Vec<(RefTime, String)>; 2] {
    let of = |is_meant: &dyn Fn(TextKind) -> bool| -> Vec<(RefTime, String)> {
        let texts = song.texts.iter().filter(|it| is_meant(it.kind));
        texts
            .map(|it| (time(it.time_100ns), it.words.clone()))
            .collect()
    };
    let markers = of(&|kind| matches!(kind, TextKind::Marker | TextKind::Cue));
    let mut lyrics = of(&|kind| kind == TextKind::Lyric);
    if lyrics.is_empty() {
        // Karaoke files sing in plain texts, and say so in some that begin with @.
        let texts = of(&|kind| kind == TextKind::Text);
        if texts.iter().any(|(_, words)| words.starts_with('@')) {
            lyrics = texts;
            lyrics.retain(|(_, words)| !words.starts_with('@'));
        }
    }
    [markers, lyrics]
}

fn about(song: &Song) -> SongFact {
    let [markers, lyrics] = words(song);
    let tracks = (0..song.tracks.min(usize::from(u16::MAX)) as u16)
        .map(|track| song.track_name(track).unwrap_or_default().to_owned());
    SongFact {
        kind: song.format,
        duration: time(song.duration_100ns),
        events: song.events.len(),
        tracks: tracks.collect(),
        markers,
        lyrics,
        beats: beats(song),
        remarks: remarks(song),
    }
}

/// Where its bars and beats fall.
fn beats(song: &Song) -> Vec<SongBeat> {
    /// More than a song of two hours has; what is longer has no bars behind them.
    const MOST: usize = 1 << 15;
    let all = song.beats(MOST).into_iter();
    all.map(|it| SongBeat {
        time: time(it.time_100ns),
        bar: it.bar,
        beat: it.beat,
    })
    .collect()
}

/// What was odd, in words.
fn remarks(song: &Song) -> Vec<String> {
    /// Lines that are told.
    const MOST: usize = 8;
    let mut told: Vec<String> = (song.remarks.iter().take(MOST))
        .map(ToString::to_string)
        .collect();
    let more = song.odd.saturating_sub(told.len() as u64);
    if more > 0 {
        told.push(format!("and {more} more of this kind"));
    }
    told
}

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

/// The song's own tempo, in the unit of speeds: tenths of a per cent.
const SPEED_UNITY: i64 = 1000;
/// Speed times the graph's rate where both are as written.
const PACE_UNITY: i128 = SPEED_UNITY as i128 * RATE_UNITY as i128;

fn speed(percent: f64) -> i64 {
    ((percent * 10.0).round() as i64).clamp(100, 4_000)
}

struct Slots {
    repeats: ValueSlot,
    speed: ValueSlot,
    chase: ValueSlot,
    /// How long before its time an event is handed on; `None` where nobody could look at it.
    ahead: Option<ValueSlot>,
    channels: Vec<ValueSlot>,
    tracks: Vec<ValueSlot>,
}

/// Which channels and tracks are played, a bit each.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Switches {
    channels: u16,
    tracks: u32,
}

impl Switches {
    /// Tracks beyond those that have a switch are played.
    fn plays(self, channel: usize, track: u16) -> bool {
        let has_track = (self.tracks >> u32::from(track.min(31))) & 1 == 1;
        let is_beyond = usize::from(track) >= TRACKS.len();
        self.channels >> (channel % 16) & 1 == 1 && (has_track || is_beyond)
    }
}

/// The running half; lives on the audio thread.
struct Playing {
    /// All events in the song's time.
    events: Vec<KernelEvent>,
    tracks: Vec<u16>,
    duration: RefTime,
    places: Places,
    markers: Vec<RefTime>,
    lyrics: Vec<RefTime>,
    slots: Slots,
    is_raw: bool,
    telemetry: Telemetry,

    /// The event that comes next.
    next: usize,
    /// A time of the graph, and that of the song which falls on it.
    anchor: (RefTime, RefTime),
    speed: i64,
    /// How fast the graph goes by, 1000 being as recorded, and what of it is played round and round.
    rate: u32,
    range: Option<LoopRange>,
    switches: Switches,
    is_looping: bool,
    /// What jumps make up for: an index of [`CHASE`].
    chases: usize,
    /// What was handed on.
    told: Told,
    /// For jumps.
    target: Told,
    /// What found no room, and what jumps have to tell.
    waiting: Vec<KernelEvent>,
    /// How many of them have been handed on.
    handed: usize,
    /// Up to where the graph has been served.
    fed: u64,
    is_fresh: bool,
    is_over: bool,
    /// Where the graph goes back: nothing behind it is handed on.
    turns_at: Option<u64>,
    count: u64,
}

impl Playing {
    fn new(song: &Song, opening: &Opening<'_>, is_raw: bool, telemetry: Telemetry) -> Self {
        let (mut events, mut tracks) = (vec![], vec![]);
        for event in &song.events {
            // A group has sixteen channels, and four of them are followed.
            let group = u16::from(event.port.min(3)) + 1;
            for mut piece in KernelEvent::whole(time(event.time_100ns), song.bytes(event)) {
                piece.channel_group = group;
                events.push(piece);
                tracks.push(event.track);
            }
        }
        let groups = events.iter().map(|it| usize::from(it.channel_group)).max();
        let groups = groups.unwrap_or(1);
        let places = Places::of(&events, &tracks, groups);
        let [markers, lyrics] = words(song).map(|all| all.into_iter().map(|it| it.0).collect());
        let told = Told::nothing(groups);
        let duration = time(song.duration_100ns);
        telemetry.set(telemetry::LENGTH, duration as f32 / 1e7);
        Self {
            waiting: Vec::with_capacity(told.most_events()),
            target: told.clone(),
            events,
            tracks,
            duration,
            places,
            markers,
            lyrics,
            slots: Slots {
                repeats: opening.slot(&LOOP),
                speed: opening.slot(&SPEED),
                chase: opening.slot(&CHASE),
                ahead: opening.live.then(|| opening.slot(&AHEAD)),
                channels: CHANNELS.iter().map(|it| opening.slot(it)).collect(),
                tracks: TRACKS.iter().map(|it| opening.slot(it)).collect(),
            },
            is_raw,
            telemetry,
            next: 0,
            anchor: (0, 0),
            speed: speed(opening.settings.number(&SPEED)),
            rate: RATE_UNITY,
            range: None,
            switches: Switches {
                channels: !0,
                tracks: !0,
            },
            is_looping: opening.settings.is_on(&LOOP),
            chases: CHASE.slot_value(&opening.settings.value(&CHASE)) as usize,
            told,
            handed: 0,
            fed: 0,
            is_fresh: true,
            is_over: false,
            turns_at: None,
            count: 0,
        }
    }

    /// Whether a turn of the song takes long enough for turns to be counted.
    fn can_loop(&self, speed: i64) -> bool {
        self.duration * SPEED_UNITY / speed.max(1) >= 10_000
    }

    /// When a moment of the song is due in the graph.
    fn due(&self, song: RefTime) -> RefTime {
        let since = i128::from(song - self.anchor.1) * PACE_UNITY;
        let due = self.anchor.0 + since.div_euclid(self.pace()) as RefTime;
        if self.is_raw {
            (due + 5_000).div_euclid(10_000) * 10_000
        } else {
            due
        }
    }

    /// The moment of the song that falls on a time of the graph.
    fn song_time(&self, graph: RefTime) -> RefTime {
        let since = i128::from(graph - self.anchor.0) * self.pace();
        self.anchor.1 + since.div_euclid(PACE_UNITY) as RefTime
    }

    /// How fast the song goes in all.
    fn pace(&self) -> i128 {
        i128::from(self.speed) * i128::from(self.rate)
    }

    /// Goes on at another moment of the song, at a time of the graph.
    fn jump(&mut self, song: RefTime, at: RefTime, chase: usize) {
        let song = song.clamp(0, self.duration);
        self.anchor = (at, song);
        self.next = self.events.partition_point(|event| event.time < song);
        // A run of joined events is not entered in its midst: all of it has one time.
        let Self {
            events,
            tracks,
            places,
            told,
            target,
            waiting,
            switches,
            handed,
            ..
        } = self;
        waiting.drain(..*handed);
        *handed = 0;
        let mut add = |event: KernelEvent| {
            if waiting.len() < waiting.capacity() {
                waiting.push(event);
            }
        };
        told.release(at, |_, _| true, true, &mut add);
        if chase > 0 {
            places.before(self.next, events, tracks, target);
            let mut given = |event: KernelEvent, track: u16| {
                let channel = usize::from(event.bytes()[0] & 15);
                let is_note = event.bytes()[0] & 0xF0 == 0x90;
                if !is_note || switches.plays(channel, track) {
                    told.follow(&event, track);
                    add(event);
                }
            };
            target.tell(&places.used, at, chase > 1, &mut given);
        }
        self.is_over = false;
    }

    /// Takes over what was set since the last cycle.
    fn follow_values(&mut self, values: Values<'_>, now: RefTime) {
        self.is_looping = self.slots.repeats.get(values) >= 0.5;
        self.chases = self.slots.chase.index(values);
        let speed = speed(self.slots.speed.get(values));
        if speed != self.speed {
            self.anchor = (now, self.song_time(now));
            self.speed = speed;
        }
        let bits = |slots: &[ValueSlot]| {
            let on = slots.iter().enumerate();
            on.fold(0_u32, |all, (at, slot)| {
                all | u32::from(slot.get(values) >= 0.5) << at
            })
        };
        let switches = Switches {
            channels: bits(&self.slots.channels) as u16,
            tracks: bits(&self.slots.tracks),
        };
        if switches != self.switches {
            self.switches = switches;
            let waiting = &mut self.waiting;
            let is_off = |channel, track| !switches.plays(channel, track);
            self.told.release(now, is_off, false, |event| {
                if waiting.len() < waiting.capacity() {
                    waiting.push(event);
                }
            });
        }
    }

    /// Hands on what waits; whether all of it found room.
    fn hand_on(&mut self, output: &mut Output) -> bool {
        while let Some(event) = self.waiting.get(self.handed) {
            let is_heard = matches!(output.payload, Payload::Events(_));
            if is_heard && !output.payload.push_event(*event) {
                return false;
            }
            self.handed += 1;
        }
        self.waiting.clear();
        self.handed = 0;
        true
    }

    /// Hands on the run of events that comes next, at a time; whether there was room.
    fn play(&mut self, output: &mut Output, due: RefTime) -> bool {
        let run = run_length(&self.events[self.next..]);
        let room = match &output.payload {
            Payload::Events(events) => events.capacity() - events.len(),
            // Nobody listens.
            _ => usize::MAX,
        };
        if room == 0 || (run > room && run <= PIECE) {
            return false;
        }
        // A run that is longer than any frame goes in parts.
        for _ in 0..run.min(room) {
            let (event, track) = (self.events[self.next], self.tracks[self.next]);
            self.next += 1;
            let status = event.bytes()[0];
            let plays = self.switches.plays(usize::from(status & 15), track);
            let is_on = matches!(event.bytes(), [0x90..=0x9F, _, velocity] if *velocity > 0);
            let is_off = matches!(event.bytes(), [0x80..=0x8F, ..] | [0x90..=0x9F, _, 0]);
            if (is_on && !plays) || (is_off && !plays && !self.told.is_down(&event)) {
                continue;
            }
            self.told.follow(&event, track);
            output.payload.push_event(event.at(due));
            self.count += 1;
        }
        true
    }

    /// Hands on everything that is due before `horizon`.
    fn feed(&mut self, output: &mut Output, horizon: u64, rate_hz: u32) {
        loop {
            if !self.hand_on(output) || self.is_over {
                return;
            }
            if let Some(event) = self.events.get(self.next) {
                let due = self.due(event.time);
                if sample_from_time(due, rate_hz) >= horizon || !self.play(output, due) {
                    return;
                }
                continue;
            }
            let end = self.due(self.duration);
            if sample_from_time(end, rate_hz) > horizon {
                return;
            }
            if self.is_looping && self.can_loop(self.speed) {
                if sample_from_time(end, rate_hz) == horizon {
                    return;
                }
                self.jump(0, end, self.chases);
            } else {
                let waiting = &mut self.waiting;
                self.told.release(
                    end,
                    |_, _| true,
                    true,
                    |event| {
                        if waiting.len() < waiting.capacity() {
                            waiting.push(event);
                        }
                    },
                );
                self.hand_on(output);
                self.is_over = true;
            }
        }
    }

    fn publish(&self, now: RefTime) {
        let song = self.song_time(now).clamp(0, self.duration);
        let behind = |times: &[RefTime]| times.partition_point(|time| *time <= song) as f32;
        let cells = &self.telemetry;
        cells.set(telemetry::POSITION, song as f32 / 1e7);
        cells.set(telemetry::MARKERS, behind(&self.markers));
        cells.set(telemetry::LYRICS, behind(&self.lyrics));
        cells.set(telemetry::NOTES, self.told.sounding() as f32);
        cells.set(telemetry::EVENTS, self.count as f32);
    }
}

impl Processor for Playing {
    fn process(&mut self, io: &mut Io<'_>) -> Flow {
        let now = io.time();
        let end = io.position + io.len as u64;
        if std::mem::take(&mut self.is_fresh) {
            self.anchor = (now, 0);
            self.fed = io.position;
        }
        let ahead = self.slots.ahead.map_or(0.0, |it| it.get(io.values));
        let ahead = sample_from_time((ahead * 10_000.0) as RefTime, io.rate_hz);
        let served = time_from_sample(self.fed.max(io.position), io.rate_hz);
        self.follow_values(io.values, served);
        let output = &mut io.outputs[0];
        // What is far ahead is not needed yet: a piece of it is enough at a time.
        let is_dense = ahead > 0 && self.next_beyond(end, io.rate_hz) >= PIECE;
        let horizon = if is_dense { end } else { end + ahead };
        let horizon = match self.turns_at.filter(|turn| *turn >= end) {
            Some(turn) => horizon.min(turn),
            None => horizon,
        };
        self.feed(output, horizon, io.rate_hz);
        self.fed = self.fed.max(horizon);
        self.publish(now);
        let is_behind = sample_from_time(self.due(self.duration), io.rate_hz) <= end;
        match self.is_over && self.waiting.is_empty() && is_behind {
            true => Flow::Ended,
            false => Flow::Running,
        }
    }

    fn longest(&mut self, position: u64, len: usize, rate_hz: u32) -> usize {
        let start = if self.is_fresh {
            time_from_sample(position, rate_hz)
        } else {
            self.anchor.0
        };
        let Some(event) = self.events.get(self.next + PIECE) else {
            return len;
        };
        let due = self.due(event.time) - self.anchor.0 + start;
        let sample = sample_from_time(due, rate_hz);
        (sample.saturating_sub(position)).clamp(1, len as u64) as usize
    }

    fn enter(&mut self, state: State) {
        if state == State::Stop {
            // Whoever sounds these notes is stopped as well.
            self.told.forget();
            self.waiting.clear();
            (self.next, self.handed, self.fed, self.count) = (0, 0, 0, 0);
            self.anchor = (0, 0);
            (self.is_fresh, self.is_over) = (true, false);
            self.telemetry.set(telemetry::POSITION, 0.0);
        }
    }

    /// The song is where it would be had it been played from the beginning of the graph at this speed.
    fn seek(&mut self, seek: Seek) -> bool {
        let at = time_from_sample(seek.to, seek.rate_hz);
        // Before it the graph went by as recorded, whatever it does from here on.
        let mut song = (i128::from(at) * i128::from(self.speed)).div_euclid(i128::from(SPEED_UNITY))
            as RefTime;
        if self.is_looping && self.can_loop(self.speed) {
            song %= self.duration;
        }
        if seek.flushes {
            // The wires behind have let go of what was held.
            self.told.release(at, |_, _| true, true, |_| {});
            self.waiting.clear();
            self.handed = 0;
        }
        self.jump(song, at, self.chases);
        (self.fed, self.is_fresh) = (seek.to, false);
        self.turns_at = self.range.and_then(|it| it.turns_at(seek.to, self.rate));
        true
    }

    fn set_loop(&mut self, range: Option<LoopRange>) {
        self.range = range;
        self.turns_at = range.and_then(|it| it.turns_at(0, self.rate));
    }

    fn set_rate(&mut self, rate_permille: u32) {
        self.rate = rate_permille;
    }
}

impl Playing {
    /// How many events that were handed on are due behind `end`, as far as that matters.
    fn next_beyond(&self, end: u64, rate_hz: u32) -> usize {
        let before = self.events[..self.next].iter().rev().take(PIECE);
        let is_beyond =
            |event: &&KernelEvent| sample_from_time(self.due(event.time), rate_hz) >= end;
        before.take_while(is_beyond).count()
    }
}

#[cfg(test)]
mod tests;
