//! The running half of the MIDI File Reader, on the audio thread: an anchor between the song's time and the graph's, and
//! what goes out in a cycle. Does not live here: files.

use super::about::{time, words};
use super::{AHEAD, CHANNELS, CHASE, LOOP, PIECE, SPEED, TRACKS, telemetry};
use crate::ks::{
    Flow, Io, KernelEvent, LoopRange, Opening, Output, Payload, Processor, RATE_UNITY, RefTime,
    Seek, State, Telemetry, ValueSlot, Values, run_length, sample_from_time, time_from_sample,
};
use crate::midi::chase::{Places, Told};
use crate::midi::smf::Song;

/// The song's own tempo, in the unit of speeds: tenths of a per cent.
pub(super) const SPEED_UNITY: i64 = 1000;
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
pub(super) struct Playing {
    /// All events in the song's time.
    events: Vec<KernelEvent>,
    tracks: Vec<u16>,
    pub(super) duration: RefTime,
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
    pub(super) fn new(
        song: &Song,
        opening: &Opening<'_>,
        is_raw: bool,
        telemetry: Telemetry,
    ) -> Self {
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
    pub(super) fn can_loop(&self, speed: i64) -> bool {
        self.duration * SPEED_UNITY / speed.max(1) >= 10_000
    }

    /// When a moment of the song is due in the graph.
    pub(super) fn due(&self, song: RefTime) -> RefTime {
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
#[path = "tests.rs"]
mod tests;
