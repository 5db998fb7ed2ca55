//! Where the ticks of a metronome fall on a stream of one rate, however it is cut.

/// How long a change of tempo takes.
pub(super) const GLIDE_MILLIS: u32 = 50;

/// Which tick it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The first beat of a bar.
    Accent,
    /// Another beat.
    Beat,
    /// Between beats.
    Part,
}

/// A place on the line of beats: `part` of `parts` behind a beat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    beat: u64,
    part: u32,
    parts: u32,
}

impl Place {
    fn beats(self) -> f64 {
        self.beat as f64 + f64::from(self.part) / f64::from(self.parts)
    }

    fn next(self) -> Self {
        if self.part + 1 < self.parts {
            return Self {
                part: self.part + 1,
                ..self
            };
        }
        Self {
            beat: self.beat + 1,
            part: 0,
            ..self
        }
    }

    fn is_behind(self, other: Self) -> bool {
        let crossed = (self.part * other.parts, other.part * self.parts);
        (self.beat, crossed.0) > (other.beat, crossed.1)
    }
}

/// Where ticks fall on a stream of one rate.
pub(super) struct Ticks {
    /// Samples in a minute.
    minute: f64,
    /// Samples a change of tempo takes.
    glide_len: u32,
    /// Beats a minute: where a glide began and where it ends.
    from: f64,
    tempo: f64,
    /// Samples of the glide that are still to come.
    left: u32,
    /// Beats at the last change of tempo, and samples since.
    anchor: f64,
    since: u64,
    /// The tick that comes next, and the one before it.
    next: Place,
    last: Option<Place>,
    /// The beat in the bar, from 0, of `next` if that is a beat.
    in_bar: u32,
    is_fresh: bool,
}

impl Ticks {
    pub(super) fn new(rate_hz: u32) -> Self {
        Self {
            minute: 60.0 * f64::from(rate_hz),
            glide_len: rate_hz * GLIDE_MILLIS / 1000,
            from: 120.0,
            tempo: 120.0,
            left: 0,
            anchor: 0.0,
            since: 0,
            next: Place {
                beat: 0,
                part: 0,
                parts: 1,
            },
            last: None,
            in_bar: 0,
            is_fresh: true,
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Self {
            minute: self.minute,
            glide_len: self.glide_len,
            ..Self::new(0)
        };
    }

    /// Goes to a sample, as if the tempo had been this one from the beginning.
    pub(super) fn seek(&mut self, sample: u64, tempo: f64, parts: u32, beats: u32) {
        self.reset();
        (self.from, self.tempo, self.is_fresh) = (tempo, tempo, false);
        self.since = sample;
        let parts = parts.max(1);
        let beat = (self.now().floor() as u64).saturating_sub(1);
        let mut next = Place {
            beat,
            part: 0,
            parts,
        };
        // The first whose sample is not past.
        while (next.beats() * self.minute / self.tempo - 0.5).ceil() < sample as f64 {
            next = next.next();
        }
        self.next = next;
        // Of the beats that have begun: those before the next one, and its own where a part of it comes.
        let begun = next.beat + u64::from(next.part > 0);
        self.in_bar = match begun {
            0 => 0,
            begun => ((begun - 1) % u64::from(beats.max(1))) as u32 + 1,
        };
    }

    /// How many ticks come before the next one, of so many in a beat.
    pub(super) fn count(&self, parts: u32) -> u64 {
        self.next.beat * u64::from(parts) + u64::from(self.next.part)
    }

    /// The beats at the next sample. While it glides, the anchor is moved along.
    pub(super) fn now(&self) -> f64 {
        self.anchor + self.since as f64 * self.tempo / self.minute
    }

    /// The beat of the bar that sounded last, from 1; 0 before the first.
    pub(super) fn beat_in_bar(&self) -> u32 {
        self.in_bar
    }

    /// The tempo at the next sample.
    fn tempo_now(&self) -> f64 {
        if self.left == 0 {
            return self.tempo;
        }
        let done = f64::from(self.glide_len - self.left + 1) / f64::from(self.glide_len);
        self.from + (self.tempo - self.from) * done
    }

    pub(super) fn set(&mut self, tempo: f64, parts: u32) {
        if std::mem::take(&mut self.is_fresh) {
            (self.from, self.tempo) = (tempo, tempo);
            self.next.parts = parts;
            return;
        }
        if tempo != self.tempo {
            self.from = self.tempo_now();
            (self.anchor, self.since) = (self.now(), 0);
            (self.tempo, self.left) = (tempo, self.glide_len);
        }
        if parts != self.next.parts {
            self.part_anew(parts);
        }
    }

    /// Other ticks in a beat, from the first one on that is still to come.
    fn part_anew(&mut self, parts: u32) {
        let reached = self.now() - 0.5 * self.tempo_now() / self.minute;
        let mut place = Place {
            beat: reached.max(0.0) as u64,
            part: 0,
            parts,
        };
        while place.beats() <= reached || self.last.is_some_and(|last| !place.is_behind(last)) {
            place = place.next();
        }
        self.next = place;
    }

    /// Goes on by `len` samples. `tick` gets the samples at which ticks fall, in order.
    pub(super) fn advance(&mut self, len: usize, beats: u32, mut tick: impl FnMut(usize, Kind)) {
        let mut at = 0;
        while at < len && self.left > 0 {
            let step = self.tempo_now() / self.minute;
            if self.anchor + 0.5 * step >= self.next.beats() {
                tick(at, self.take(beats));
            }
            self.anchor += step;
            self.left -= 1;
            at += 1;
        }
        if at == len {
            return;
        }
        let end = self.since + (len - at) as u64;
        loop {
            let place = (self.next.beats() - self.anchor) * self.minute / self.tempo;
            // The nearest sample; what a glide has reached already comes at once.
            let sample = ((place - 0.5).ceil().max(0.0) as u64).max(self.since);
            if sample >= end {
                break;
            }
            tick(at + (sample - self.since) as usize, self.take(beats));
        }
        self.since = end;
    }

    /// The next tick is there.
    fn take(&mut self, beats: u32) -> Kind {
        let place = self.next;
        self.last = Some(place);
        self.next = place.next();
        if place.part > 0 {
            return Kind::Part;
        }
        // A bar that was made shorter begins anew.
        let in_bar = if self.in_bar < beats { self.in_bar } else { 0 };
        self.in_bar = in_bar + 1;
        if in_bar == 0 {
            Kind::Accent
        } else {
            Kind::Beat
        }
    }
}
