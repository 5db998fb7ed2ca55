//! The synthesizer: channels, voices, and what messages mean to them.
//!
//! ```text
//!   messages ─▶ parts ─▶ voices ─▶ lanes of eight ─▶ sums ─▶ effects ─▶ limiter ─▶ samples
//!                          ▲
//!                        bank
//! ```
//!
//! Lives here: who plays what, and who gives way when voices are short (SYN-9, SYN-10). Does not live here: timing, which is
//! the DMus port's; how a voice sounds; the filter with its properties. Nothing here allocates once it is made, and what it
//! plays does not depend on how the stream is cut.

mod hands;
mod messages;

pub use hands::Loaded;

use std::ops::Range;
use std::sync::Arc;

use super::bank::{Bank, Playable, Zone, nearest};
use super::collection::Patch;
use super::effects::Effects;
use super::lanes::{Lanes, Mixing, Sums};
use super::memory::{Downloads, Listener};
use super::part::Part;
use super::voice::{LANES, Note, Rows, STEP, Voice};
use crate::dsp::Limiter;
use crate::ks::Wave;
use crate::ks::quality::LEAST;
use crate::portcls::channel::MOST_GROUPS;
use crate::portcls::dmus::SynthSink;
use crate::portcls::exclusive::Exclusive;
use crate::portcls::priority::{self, PriorityTable};

/// How many voices there can be.
pub const MOST_VOICES: usize = 1024;
/// Places for voices that fade after having been taken.
const SPARE: usize = 16;
/// Places for voices there can be, those that fade included.
pub const MOST_PLACES: usize = MOST_VOICES + SPARE;
/// In which a voice that is taken is gone.
const TAKEN_SECONDS: f32 = 0.004;
/// One voice at full velocity and full volume, before it is placed.
const AMPLITUDE: f32 = 0.8;
/// Nothing it makes is above that, however many voices sound.
const CEILING_DB: f32 = -0.3;
/// Regions that one note may begin.
const MOST_LAYERS: usize = 32;

/// What a person may set while it plays.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// At most so many voices.
    pub voices: usize,
    /// Whether there is a room.
    pub reverb: bool,
    /// Whether there is a chorus.
    pub chorus: bool,
}

/// The synthesizer.
pub struct Synth {
    rate_hz: f64,
    bank: Loaded,
    /// Banks that were played before, until no voice reads them any more.
    retired: [Option<Loaded>; hands::RETIRED],
    downloads: Option<Listener>,
    parts: Vec<Part>,
    voices: Vec<Voice>,
    lanes: Vec<Lanes>,
    priorities: PriorityTable,
    settings: Settings,
    /// How much less is asked of it.
    level: u8,
    /// Samples of the present step that are over.
    done: usize,
    begun: u64,
    lost: u64,
    /// Voices that were taken for other notes.
    stolen: u32,
    sums: Box<Sums>,
    /// What voices of two groups of lanes read.
    rows: Box<[Rows; 2]>,
    effects: Effects,
    limiter: Limiter,
    exclusive: Exclusive,
    /// One run of samples for the side a mono output lacks.
    aside: Vec<f32>,
}

impl Synth {
    /// A synthesizer at `rate_hz` with so many groups of sixteen channels and places for so many voices, for cycles of at
    /// most `longest` samples.
    pub fn new(rate_hz: f64, groups: usize, voices: usize, longest: usize) -> Self {
        let groups = groups.clamp(1, MOST_GROUPS);
        let voices = voices.clamp(1, MOST_VOICES);
        let places = (voices + SPARE).next_multiple_of(LANES);
        Self {
            rate_hz,
            bank: Loaded::default(),
            retired: [const { None }; hands::RETIRED],
            downloads: None,
            parts: hands::parts(groups),
            voices: (0..places).map(|_| Voice::silent(rate_hz)).collect(),
            lanes: vec![Lanes::default(); places / LANES],
            priorities: PriorityTable::default(),
            settings: Settings {
                voices,
                reverb: true,
                chorus: true,
            },
            level: 0,
            done: 0,
            begun: 0,
            lost: 0,
            stolen: 0,
            sums: Box::new(Sums::new()),
            rows: Box::new([[[0.0; STEP]; LANES]; 2]),
            effects: Effects::new(rate_hz),
            limiter: Limiter::new(rate_hz, CEILING_DB),
            exclusive: Exclusive::default(),
            aside: vec![0.0; longest + 1],
        }
    }

    /// The same; which voice gives way stands in that table.
    #[must_use]
    pub fn priorities(mut self, table: PriorityTable) -> Self {
        self.priorities = table;
        self
    }

    /// The same with those instruments.
    #[must_use]
    pub fn bank(mut self, bank: Arc<Bank>) -> Self {
        self.bank = Loaded { bank, serial: 1 };
        self
    }

    /// The same with what is downloaded there, now and later, laid over its bank.
    #[must_use]
    pub fn downloads(mut self, memory: &Arc<Downloads>) -> Self {
        self.downloads = Some(Listener::new(memory));
        self
    }

    /// A cycle begins: takes what was downloaded or unloaded since. What sounds goes on as it is.
    pub fn listen(&mut self) {
        if let Some(it) = &mut self.downloads {
            it.follow();
        }
    }

    /// The cycle is over: what is unloaded from here on begins no voice any more.
    pub fn rest(&mut self) {
        if let Some(it) = &mut self.downloads {
            it.rest();
        }
    }

    /// What a channel plays that asks for a patch: that, or what comes nearest to it, or nothing.
    fn find(&self, patch: Patch) -> Option<&Arc<Playable>> {
        nearest(patch).find_map(|it| {
            let own = self.downloads.as_ref().and_then(|all| all.get(it));
            own.or_else(|| self.bank.bank.get(it))
        })
    }

    /// Takes what a person has set; voices that are too many fade.
    pub fn set(&mut self, settings: Settings) {
        self.settings = settings;
        let is_rich = self.level < 2;
        let (room, chorus) = (settings.reverb && is_rich, settings.chorus && is_rich);
        self.effects.set(room, chorus);
        while self.playing() > self.limit() && self.steal(u32::MAX) {}
    }

    fn limit(&self) -> usize {
        let voices = self.settings.voices.min(self.voices.len() - SPARE);
        match self.level {
            LEAST => voices.div_ceil(2),
            _ => voices,
        }
        .max(1)
    }

    /// Notes that found no voice since it was made.
    pub fn lost_notes(&self) -> u64 {
        self.lost
    }

    /// Voices that sound and were not cut.
    pub fn playing(&self) -> usize {
        self.voices.iter().filter(|it| it.is_playing()).count()
    }

    fn note_on(&mut self, channel: usize, key: u8, velocity: u8) {
        let part = &self.parts[channel];
        let Some(instrument) = self.find(part.patch).cloned() else {
            return;
        };
        let played = instrument.key(part, key, velocity);
        self.begun += 1;
        let note = Note {
            channel: channel as u8,
            key,
            played,
            velocity,
            begun: self.begun,
            priority: self.priorities.of(channel),
            serial: self.bank.serial,
        };
        let fits =
            |zone: &&Arc<Zone>| zone.keys.contains(&played) && zone.velocities.contains(&velocity);
        let zones = instrument.regions.iter().filter(fits).take(MOST_LAYERS);
        for zone in zones.clone() {
            self.make_way(zone, &instrument, &note);
        }
        let mut is_lost = false;
        for zone in zones {
            let lead = lead(zone, &instrument, &note);
            is_lost |= !self.begin((zone, lead), &note, side(zone, &instrument, &note));
        }
        self.lost += u64::from(is_lost);
    }

    /// Cuts what a region's note does not sound beside.
    fn make_way(&mut self, zone: &Arc<Zone>, instrument: &Playable, note: &Note) {
        let own = |it: &&mut Voice| it.channel == note.channel && it.begun != note.begun;
        for voice in self
            .voices
            .iter_mut()
            .filter(own)
            .filter(|it| it.is_playing())
        {
            let Some(old) = &voice.zone else { continue };
            let is_same = !zone.overlaps && voice.key == note.key && Arc::ptr_eq(old, zone);
            let is_of_group = zone.group != 0
                && old.group == zone.group
                && instrument.regions.iter().any(|it| Arc::ptr_eq(it, old));
            if is_same || is_of_group {
                voice.cut(None);
            }
        }
    }

    /// Begins a voice; whether there was one.
    fn begin(
        &mut self,
        (zone, lead): (&Arc<Zone>, Option<&Arc<Zone>>),
        note: &Note,
        side: Option<f32>,
    ) -> bool {
        while self.playing() >= self.limit() {
            if !self.steal(note.priority) {
                return false;
            }
        }
        let Some(place) = self.place() else {
            return false;
        };
        let left = STEP - self.done;
        let voice = &mut self.voices[place];
        let part = &self.parts[usize::from(note.channel)];
        voice.begin((zone.clone(), lead.cloned()), note, part, left, side);
        self.lanes[place / LANES].follow(place % LANES, voice, (self.done, left));
        true
    }

    /// A place for a new voice: a free one, else that of the softest of those that fade.
    fn place(&self) -> Option<usize> {
        let free = self.voices.iter().position(Voice::is_over);
        free.or_else(|| {
            let fading = (0..self.voices.len()).filter(|at| !self.voices[*at].is_playing());
            fading.min_by(|a, b| {
                let loud = |at: &usize| self.voices[*at].amplitude();
                loud(a).total_cmp(&loud(b))
            })
        })
    }

    /// Lets a voice fade for a note of some priority: the one of lowest priority, among those one in release, held by the
    /// pedal alone, softest, oldest. Whether one gave way.
    fn steal(&mut self, priority: u32) -> bool {
        let rank = |it: &Voice| {
            let holds = match (it.is_releasing(), it.is_sustained) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            };
            // Bits of positive numbers are in their order.
            (
                it.priority,
                holds,
                it.amplitude().max(0.0).to_bits(),
                it.begun,
            )
        };
        let playing = self.voices.iter_mut().filter(|it| it.is_playing());
        match playing.min_by_key(|it| rank(it)) {
            Some(it) if priority::gives_way(it.priority, priority) => {
                it.cut(Some(TAKEN_SECONDS));
                it.stolen += 1;
                self.stolen += 1;
                true
            }
            _ => false,
        }
    }

    /// The next samples of both sides, over what is there.
    pub fn play(&mut self, left: &mut [f32], right: &mut [f32]) {
        let mut at = 0;
        while at < left.len() {
            let len = (left.len() - at).min(STEP - self.done);
            self.piece(&mut left[at..at + len], &mut right[at..at + len]);
            at += len;
            self.done += len;
            if self.done == STEP {
                self.done = 0;
                self.look();
            }
        }
        self.limiter.process(&mut [left, right]);
    }

    /// The next step begins.
    fn look(&mut self) {
        for (place, voice) in self.voices.iter_mut().enumerate() {
            let lanes = &mut self.lanes[place / LANES];
            if !voice.is_over() {
                voice.look(STEP);
                lanes.follow(place % LANES, voice, (0, STEP));
            } else if voice.leave() {
                lanes.leave(place % LANES);
            }
        }
    }

    /// A piece of a step.
    fn piece(&mut self, left: &mut [f32], right: &mut [f32]) {
        let len = left.len();
        let is_plain = self.level > 0;
        let has_effects = self.effects.listens();
        self.sums.clear(len);
        let groups = self
            .lanes
            .iter_mut()
            .zip(self.voices.chunks_exact_mut(LANES));
        let groups = groups.filter(|(_, voices)| voices.iter().any(|it| it.zone.is_some()));
        let mut waiting = None;
        for (lanes, voices) in groups {
            let rows = &mut self.rows[usize::from(waiting.is_some())];
            for (row, voice) in rows.iter_mut().zip(voices) {
                match voice.is_over() {
                    true => row[..len].fill(0.0),
                    false => voice.fill(&mut row[..len], is_plain),
                }
            }
            let Some(first) = waiting.take() else {
                waiting = Some(lanes);
                continue;
            };
            // Two at a time: while one waits for its sample before, the other goes on.
            Mixing {
                lanes: [first, lanes],
                rows: &*self.rows,
                done: self.done,
                len,
                sums: &mut self.sums,
                has_effects,
            }
            .run();
        }
        if let Some(last) = waiting {
            Mixing {
                lanes: [last],
                rows: &*self.rows,
                done: self.done,
                len,
                sums: &mut self.sums,
                has_effects,
            }
            .run();
        }
        let sums = &self.sums;
        for (index, (left, right)) in left.iter_mut().zip(right.iter_mut()).enumerate() {
            *left = AMPLITUDE * Sums::of(&sums.left[index]);
            *right = AMPLITUDE * Sums::of(&sums.right[index]);
        }
        if sums.has_sends {
            self.effects.wake();
        }
        for (index, (left, right)) in left.iter_mut().zip(right.iter_mut()).enumerate() {
            if !self.effects.is_awake() {
                break;
            }
            let room = AMPLITUDE * Sums::of(&sums.reverb[index]);
            let chorus = AMPLITUDE * Sums::of(&sums.chorus[index]);
            let heard = self.effects.step(room, chorus);
            *left += heard.0;
            *right += heard.1;
        }
    }
}

/// Where a region of a pair is; `None`: where its channel is.
fn side(zone: &Zone, instrument: &Playable, note: &Note) -> Option<f32> {
    let link = zone.link;
    let is_pair = |it: &&Arc<Zone>| {
        it.link.phase_group == link.phase_group
            && it.link.channel != link.channel
            && it.keys.contains(&note.played)
            && it.velocities.contains(&note.velocity)
    };
    if link.phase_group == 0 || !instrument.regions.iter().any(|it| is_pair(&it)) {
        return None;
    }
    match link.channel {
        1 => Some(-0.5),
        2 => Some(0.5),
        _ => None,
    }
}

/// The region of the same note whose pitch a region follows: the master of its phase group.
fn lead<'a>(zone: &Arc<Zone>, instrument: &'a Playable, note: &Note) -> Option<&'a Arc<Zone>> {
    let link = zone.link;
    let is_lead = |it: &&Arc<Zone>| {
        it.link.is_master
            && it.link.phase_group == link.phase_group
            && it.keys.contains(&note.played)
            && it.velocities.contains(&note.velocity)
    };
    let is_led = link.phase_group != 0 && !link.is_master;
    let lead = instrument.regions.iter().find(is_lead);
    lead.filter(|_| is_led)
}

impl SynthSink for Synth {
    fn render(&mut self, out: &mut Wave, part: Range<usize>) {
        let count = out.channel_count();
        let mut channels = out.channels_mut();
        let Some(left) = channels.next() else { return };
        let left = &mut left[part.clone()];
        if let Some(right) = channels.next() {
            self.play(left, &mut right[part.clone()]);
        } else {
            let mut aside = std::mem::take(&mut self.aside);
            let len = left.len().min(aside.len());
            self.play(&mut left[..len], &mut aside[..len]);
            for (left, right) in left.iter_mut().zip(&aside) {
                *left = 0.5 * (*left + *right);
            }
            self.aside = aside;
        }
        if count > 2 {
            channels.for_each(|it| it[part.clone()].fill(0.0));
        }
    }

    fn silence(&mut self) {
        self.begin_parts();
        for (place, voice) in self.voices.iter_mut().enumerate() {
            *voice = Voice::silent(self.rate_hz);
            self.lanes[place / LANES].leave(place % LANES);
        }
        (self.done, self.begun, self.stolen) = (0, 0, 0);
        self.exclusive = Exclusive::default();
        self.effects.reset();
        self.limiter.reset();
    }

    fn sounding(&self) -> usize {
        self.playing()
    }

    fn lost(&self) -> u64 {
        self.lost
    }

    fn degrade(&mut self, level: u8) {
        self.level = level.min(LEAST);
        self.set(self.settings);
    }
}
