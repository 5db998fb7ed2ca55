//! One sounding note of one region: reads its wave, bends its pitch and shapes its loudness.
//!
//! What moves is looked at once a step ([`STEP`] samples on a grid that is the same for all voices, so it does not matter how
//! the stream is cut); envelopes of loudness end their parts to the sample in between. Filter and place belong to the lanes.

mod moves;

use std::sync::Arc;

use super::articulation::{Standing, Target};
use super::bank::{Round, Zone};
use super::connection::{Curve, Destination, Transform};
use super::envelope::{Envelope, Lfo, Shape};
use super::part::{Part, Sources};
use super::reading::{Way, reach, read};
use super::transform::Reading;

/// Samples between two looks at what moves: 1.3 ms at 48 kHz.
pub(super) const STEP: usize = 64;
/// Voices that are worked on side by side.
pub(super) const LANES: usize = 8;
/// Octaves by which the release and attack controllers move times at their ends.
const TIME_OCTAVES: f32 = 6.0;

/// Samples of eight voices side by side.
pub(super) type Block = [[f32; LANES]; STEP];
/// The same, one voice behind the other.
pub(super) type Rows = [[f32; STEP]; LANES];

/// A value that goes in a straight line over a step.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Line {
    pub(super) from: f32,
    pub(super) to: f32,
}

impl Line {
    pub(super) const fn still(at: f32) -> Self {
        Self { from: at, to: at }
    }

    fn go(&mut self, to: f32) {
        (self.from, self.to) = (self.to, to);
    }
}

/// What a filter is to be like: its cutoff as a part of the rate, its peak in decibels.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Tone {
    pub(super) cutoff: f32,
    pub(super) resonance: f32,
}

/// What a note is begun with.
pub(super) struct Note {
    /// Place of its channel among all.
    pub(super) channel: u8,
    /// The key that was struck, and the one that is played.
    pub(super) key: u8,
    pub(super) played: u8,
    pub(super) velocity: u8,
    /// The order in which notes begin; voices of one note have the same.
    pub(super) begun: u64,
    pub(super) priority: u32,
    /// Of the bank it is of.
    pub(super) serial: u8,
}

/// A straight piece of the envelope of loudness.
#[derive(Clone, Copy, Default)]
struct Piece {
    from: f32,
    slope: f32,
    done: u32,
    len: u32,
}

/// A voice.
pub(super) struct Voice {
    pub(super) zone: Option<Arc<Zone>>,
    pub(super) channel: u8,
    pub(super) key: u8,
    pub(super) played: u8,
    pub(super) velocity: u8,
    pub(super) begun: u64,
    pub(super) priority: u32,
    /// Of the bank whose region it plays.
    pub(super) serial: u8,
    /// Samples since it began, as of the last look.
    pub(super) age: u32,
    /// How often it was taken for another note.
    pub(super) stolen: u32,
    /// Its key is up, and the sustain pedal holds it.
    pub(super) is_sustained: bool,
    /// The sostenuto pedal holds it, and whether its key is up.
    pub(super) sostenuto: Option<bool>,
    /// Nothing has been released.
    pub(super) is_held: bool,
    /// Cents by which coarse tuning stood when it began.
    coarse: f32,
    is_soft: bool,
    standing: Standing,
    volume: Envelope,
    modulation: Envelope,
    /// How the second one rises, and how loud it may be: see [`super::Collection`].
    is_soundfont: bool,
    lfo: Lfo,
    vibrato: Lfo,
    /// Where they stood at the last look.
    movers: [f32; 4],
    /// Cents at the last look.
    pitch: f32,
    /// What is added to where it reads, each sample, in 2^-32 samples.
    stride: u64,
    /// Where it reads, in 2^-32 samples.
    position: u64,
    is_round: bool,
    is_read_out: bool,
    /// Loudness without the envelope: decided, and where it glides from.
    loudness: f32,
    glide: u32,
    moved: Line,
    /// Samples of the present step that are over, and all of it.
    done: u32,
    step: u32,
    piece: Piece,
    /// Where it is, -0.5 to 0.5.
    pub(super) place: f32,
    /// Where it is whatever controllers say: of a pair.
    side: Option<f32>,
    /// The one whose pitch it has: of a group that is played in step.
    lead: Option<Arc<Zone>>,
    /// Tells its lane that it has begun.
    pub(super) is_fresh: bool,
    rate_hz: f32,
    shutdown: f32,
}

impl Voice {
    /// One that is over.
    pub(super) fn silent(rate_hz: f64) -> Self {
        Self {
            zone: None,
            channel: 0,
            key: 0,
            played: 0,
            velocity: 0,
            begun: 0,
            priority: 0,
            serial: 0,
            age: 0,
            stolen: 0,
            is_sustained: false,
            sostenuto: None,
            is_held: false,
            coarse: 0.0,
            is_soft: false,
            standing: Standing::nothing(),
            volume: Envelope::over(Shape::Decibels),
            modulation: Envelope::over(Shape::Straight),
            is_soundfont: false,
            lfo: Lfo::default(),
            vibrato: Lfo::default(),
            movers: [0.0; 4],
            pitch: 0.0,
            stride: 0,
            position: 0,
            is_round: false,
            is_read_out: true,
            loudness: 0.0,
            glide: 0,
            moved: Line::still(0.0),
            done: 0,
            step: 0,
            piece: Piece::default(),
            place: 0.0,
            side: None,
            lead: None,
            is_fresh: false,
            rate_hz: rate_hz as f32,
            shutdown: 0.015,
        }
    }

    /// Whether anything can still be heard of it.
    pub(super) fn is_over(&self) -> bool {
        self.is_read_out || self.volume.is_over() && self.piece.done >= self.piece.len
    }

    /// Whether it sounds and was not cut.
    pub(super) fn is_playing(&self) -> bool {
        !self.is_over() && !self.volume.is_shutting_down()
    }

    /// Whether its key is up and nothing holds it.
    pub(super) fn is_releasing(&self) -> bool {
        self.volume.is_leaving()
    }

    /// Where its envelope of loudness stands.
    pub(super) fn level(&self) -> f32 {
        self.volume.level()
    }

    /// How loud it is now.
    pub(super) fn amplitude(&self) -> f32 {
        self.volume.level() * self.moved.to
    }

    fn sources<'a>(&self, part: &'a Part) -> Sources<'a> {
        Sources {
            part,
            key: self.key,
            played: self.played,
            velocity: self.velocity,
        }
    }

    /// What its connections come to. In step with another it has that one's pitch, worked out anew from the same sources
    /// and so the same to the bit: neither looks at the other.
    fn stand(&self, zone: &Zone, sources: &Sources<'_>) -> Standing {
        let of = |zone: &Zone| zone.articulation.standing(zone.sound.unity, sources);
        match &self.lead {
            Some(lead) => of(zone).led_by(&of(lead)),
            None => of(zone),
        }
    }

    /// Nothing sounds any more: its wave is let go.
    pub(super) fn leave(&mut self) -> bool {
        self.lead = None;
        self.zone.take().is_some()
    }

    /// Begins a note, with so many samples left until the next look.
    pub(super) fn begin(
        &mut self,
        (zone, lead): (Arc<Zone>, Option<Arc<Zone>>),
        note: &Note,
        part: &Part,
        left: usize,
        side: Option<f32>,
    ) {
        self.channel = note.channel;
        (self.key, self.played, self.velocity) = (note.key, note.played, note.velocity);
        (self.begun, self.priority) = (note.begun, note.priority);
        (self.serial, self.age) = (note.serial, 0);
        (self.is_sustained, self.sostenuto) = (false, None);
        (self.is_held, self.is_fresh) = (true, true);
        self.coarse = part.coarse_cents();
        self.is_soft = part.channel.is_soft;
        (self.side, self.lead) = (side, lead);
        let sources = self.sources(part);
        let rate = self.rate_hz;
        let mut times = zone.articulation.times(Destination::Volume, &sources);
        times.attack *= octaves(part.controllers[73]);
        let moving = self.lead.as_ref().unwrap_or(&zone);
        let second = moving.articulation.times(Destination::Modulation, &sources);
        self.volume = Envelope::new(Shape::Decibels, times, rate);
        self.modulation = Envelope::new(Shape::Straight, second, rate);
        self.is_soundfont = moving.is_soundfont;
        self.shutdown = zone.articulation.shutdown(&sources).clamp(0.003, 1.0);
        self.standing = self.stand(&zone, &sources);
        let wait = |seconds: f32| (f64::from(seconds.min(1e5)) * f64::from(rate)).round() as u64;
        self.lfo = Lfo::new(wait(self.standing.lfo.1));
        self.vibrato = Lfo::new(wait(self.standing.vibrato.1));
        self.movers = [0.0; 4];
        (self.position, self.is_read_out) = (0, zone.sound.len == 0);
        self.is_round = zone.sound.round.is_some();
        self.piece = Piece::default();
        self.zone = Some(zone);
        self.standing_changed(part);
        self.loudness = self.wanted_loudness();
        self.glide = 0;
        self.moved = Line::still(self.loudness);
        self.pitch = f32::NAN;
        let at_start = self.sum(Target::Gain, self.movers);
        self.look(left);
        // Nothing glides towards where it begins.
        self.moved.from = self.loudness * amplitude(at_start);
        self.place = self.wanted_place();
    }

    /// The key is up, and nothing holds it.
    pub(super) fn release(&mut self, part: &Part) {
        if !self.is_held {
            return;
        }
        self.is_held = false;
        let Some(zone) = self.zone.clone() else {
            return;
        };
        let sources = self.sources(part);
        let first = zone.articulation.times(Destination::Volume, &sources);
        let moving = self.lead.as_ref().unwrap_or(&zone);
        let second = moving.articulation.times(Destination::Modulation, &sources);
        self.stand_here();
        self.volume
            .release(first.release * octaves(part.controllers[72]));
        if self.is_soundfont && self.modulation.is_rising() {
            self.modulation.stand_at(steep(self.modulation.level()));
        }
        self.modulation.release(second.release);
        let Some(round) = &zone.sound.round else {
            return;
        };
        if self.is_round && round.is_left_on_release {
            self.is_round = false;
            // Behind the end of a loop lies its beginning: there it goes on where that is.
            let (end, len) = ((round.end as u64) << 32, (round.len as u64) << 32);
            if self.position >= end {
                self.position -= (1 + (self.position - end) / len) * len;
            }
        }
    }

    /// Is gone within milliseconds, without a click.
    pub(super) fn cut(&mut self, seconds: Option<f32>) {
        self.is_held = false;
        self.stand_here();
        self.volume.shut_down(seconds.unwrap_or(self.shutdown));
    }

    /// The envelope was asked for a piece that is not over: it stands where the piece is.
    fn stand_here(&mut self) {
        let Piece {
            from,
            slope,
            done,
            len,
        } = self.piece;
        if done < len {
            let now = from + slope * done as f32;
            let moved = self.moved_at(self.done);
            let level = if moved > 0.0 { now / moved } else { 0.0 };
            self.volume.stand_at(level);
        }
        self.piece = Piece::default();
    }

    /// Loudness without the envelope, so many samples into the step.
    fn moved_at(&self, done: u32) -> f32 {
        let Line { from, to } = self.moved;
        from + (to - from) * (done as f32 / self.step.max(1) as f32)
    }

    /// The next straight piece of loudness.
    fn next_piece(&mut self) {
        let left = self.step.saturating_sub(self.done).max(1);
        let stretch = self.volume.stretch(left);
        let (from, to) = (
            stretch.from * self.moved_at(self.done),
            stretch.to * self.moved_at(self.done + stretch.len),
        );
        self.piece = Piece {
            from,
            slope: (to - from) / stretch.len.max(1) as f32,
            done: 0,
            len: stretch.len,
        };
    }

    /// Fills its row with the next samples.
    pub(super) fn fill(&mut self, row: &mut [f32], is_plain: bool) {
        // Taken out and put back: to count its owners up and down would cost more.
        let Some(zone) = self.zone.take() else { return };
        let sound = &zone.sound;
        let mut at = 0;
        while at < row.len() && !self.is_over() {
            if self.piece.done >= self.piece.len {
                self.next_piece();
            }
            let round = sound.round.as_ref().filter(|_| self.is_round);
            let samples = match round {
                Some(round) => {
                    self.go_round(round);
                    &round.samples
                }
                None => &sound.whole,
            };
            let left = (self.piece.len - self.piece.done) as usize;
            let most = left.min(row.len() - at);
            let count = reach(samples.len(), self.position, self.stride, most);
            let way = Way {
                samples,
                position: self.position,
                stride: self.stride,
                gain: (self.piece.from, self.piece.slope, self.piece.done),
            };
            let out = &mut row[at..at + count];
            self.position = match is_plain {
                true => read::<false>(way, out),
                false => read::<true>(way, out),
            };
            self.piece.done += count as u32;
            self.done += count as u32;
            at += count;
            // Behind the last sample there is silence, of which some may have been read.
            self.is_read_out = round.is_none() && self.position >= (sound.len as u64 + 1) << 32;
        }
        self.done += (row.len() - at) as u32;
        row[at..].fill(0.0);
        self.zone = Some(zone);
    }

    /// Behind the end of a loop lies its beginning, for a while: back there, one sample late, since the one before is read
    /// as well.
    fn go_round(&mut self, round: &Round) {
        let until = (round.end as u64 + 1) << 32;
        if self.position >= until {
            let len = (round.len as u64) << 32;
            self.position -= (1 + (self.position - until) / len) * len;
        }
    }
}

/// Convex: so far up where a straight line would be at `part`.
fn steep(part: f32) -> f32 {
    let convex = Transform {
        curve: Curve::Convex,
        ..Transform::default()
    };
    convex.of(Reading::of_part(part))
}

fn amplitude(db: f32) -> f32 {
    (db * (std::f32::consts::LOG2_10 / 20.0)).exp2()
}

/// By what a controller of times multiplies them; 64 is the middle.
fn octaves(controller: u8) -> f32 {
    ((f32::from(controller) - 64.0) / 64.0 * TIME_OCTAVES).exp2()
}
