//! One band while it plays: how it follows its values, and when it comes to rest.
//!
//! ```text
//!   values   ──glide──▶   what the section is made of: exact every 16 samples and where the glide ends,
//!                         a straight line between, so that a tangent is not reckoned for every sample
//! ```
//!
//! What is exact is counted from where the glide began, so it is the same however the stream is cut.

use super::TYPES;
use crate::dsp::{Curve, Design, Prototype, Ramp, Section, Tuning};
use crate::ks::{Amplitude, AudioFormat, Glide, Opening, Property, ValueSlot, Values, Wave};

/// How long a band takes to fade in or out.
const FADE_MILLIS: u32 = 20;
/// Samples for which what moves is reckoned together.
const PIECE: usize = 32;
/// A section on its way is exact every so many samples.
const APART: usize = 16;

/// A band of the equaliser.
pub(super) struct Band {
    on: ValueSlot,
    kind: ValueSlot,
    frequency: Glide,
    gain: Glide,
    q: Glide,
    curve: Curve,
    /// How much of the band is heard, 0 to 1.
    presence: Ramp,
    /// One a channel.
    pub(super) sections: Box<[Section]>,
    /// It has worked since it forgot.
    is_heard: bool,
    /// What was reckoned last, and for what.
    tuned: Option<(Design, Tuning)>,
    /// Where it is while something glides.
    way: Option<Way>,
}

/// From one exact section to the next.
#[derive(Clone, Copy)]
struct Way {
    from: Prototype,
    to: Prototype,
    done: usize,
    length: usize,
}

/// What a band is for each sample of a piece, while something of it moves.
#[derive(Default)]
pub(super) struct Moving {
    tunings: [Tuning; PIECE],
    presences: [f32; PIECE],
}

/// What the values of a band are from sample to sample.
struct Course {
    curve: Curve,
    frequency: Amplitude,
    gain: Amplitude,
    q: Amplitude,
}

impl Course {
    /// What it is to be at a sample, even one behind this call.
    fn design(&self, index: usize) -> Design {
        self.of(|it| it.ahead(index))
    }

    /// What it is to be at the sample before.
    fn design_before(&self, index: usize) -> Design {
        self.of(|it| it.before(index))
    }

    fn of(&self, value: impl Fn(&Amplitude) -> f32) -> Design {
        Design {
            curve: self.curve,
            hz: f64::from(value(&self.frequency)),
            gain: f64::from(value(&self.gain)),
            q: f64::from(value(&self.q)),
        }
    }

    /// Samples from there on until all of them have arrived.
    fn left(&self, index: usize) -> usize {
        let glides = [&self.frequency, &self.gain, &self.q];
        glides
            .map(|it| it.left(index))
            .into_iter()
            .fold(0, usize::max)
    }
}

impl Band {
    /// A silent band of these properties: on, type, frequency, gain, Q.
    pub(super) fn open(
        opening: &Opening<'_>,
        [on, kind, frequency, gain, q]: &[Property; 5],
        format: AudioFormat,
    ) -> Self {
        let glide = |property| opening.glide_at(property, format.rate_hz);
        let fade = (format.rate_hz * FADE_MILLIS / 1000).max(1);
        Self {
            on: opening.slot(on),
            kind: opening.slot(kind),
            frequency: glide(frequency),
            gain: glide(gain),
            q: glide(q),
            curve: Curve::Peak,
            presence: Ramp::new(0.0, fade),
            sections: vec![Section::default(); format.channels as usize].into(),
            is_heard: true,
            tuned: None,
            way: None,
        }
    }

    fn wanted(&self, values: Values<'_>) -> (Curve, bool) {
        let kind = self.kind.index(values).min(TYPES.len() - 1);
        (Curve::ALL[kind], self.on.is_on(values))
    }

    /// What it does to every sample from here on: `None` when something moves, and nothing within when it does nothing.
    pub(super) fn rests(&mut self, values: Values<'_>, rate_hz: f64) -> Option<Option<Tuning>> {
        let (wanted, is_on) = self.wanted(values);
        let hz = self.frequency.rests(values)?;
        let gain = self.gain.rests(values)?;
        let q = self.q.rests(values)?;
        self.way = None;
        if !self.presence.is_still() {
            return None;
        }
        if self.presence.value() == 0.0 {
            self.curve = wanted;
            return (!is_on && !self.is_heard).then_some(None);
        }
        if !is_on || self.curve != wanted {
            return None;
        }
        let design = Design {
            curve: self.curve,
            hz: f64::from(hz),
            gain: f64::from(gain),
            q: f64::from(q),
        };
        if design.is_neutral() {
            self.sections.iter_mut().for_each(Section::reset);
            return Some(None);
        }
        Some(Some(self.tuned(design, rate_hz)))
    }

    /// The numbers for a design: those reckoned last, where it is the same.
    fn tuned(&mut self, design: Design, rate_hz: f64) -> Tuning {
        match self.tuned {
            Some((known, tuning)) if known == design => tuning,
            _ => self.tuned.insert((design, design.tuning(rate_hz))).1,
        }
    }

    pub(super) fn begin(&mut self, values: Values<'_>) {
        for glide in [&mut self.frequency, &mut self.gain, &mut self.q] {
            glide.reset(values);
        }
        let (curve, is_on) = self.wanted(values);
        self.curve = curve;
        self.way = None;
        self.presence.jump(f32::from(u8::from(is_on)));
        self.sections.iter_mut().for_each(Section::reset);
    }

    pub(super) fn process(
        &mut self,
        values: Values<'_>,
        rate_hz: f64,
        wave: &mut Wave,
        Moving { tunings, presences }: &mut Moving,
    ) {
        let (wanted, is_on) = self.wanted(values);
        let glides = [&self.frequency, &self.gain, &self.q];
        let rests = glides.iter().all(|glide| glide.rests(values).is_some());
        if !is_on && rests && self.presence.is_still() && self.presence.value() == 0.0 {
            // Unheard, it forgets and may become something else.
            if std::mem::take(&mut self.is_heard) {
                self.forget();
            }
            self.curve = wanted;
            return;
        }
        self.is_heard = true;
        let len = wave.len();
        let mut course = Course {
            curve: self.curve,
            frequency: self.frequency.amplitude(values, len),
            gain: self.gain.amplitude(values, len),
            q: self.q.amplitude(values, len),
        };
        let mut at = 0;
        while at < len {
            if self.presence.is_still() && self.presence.value() == 0.0 {
                // Unheard, it forgets and may become something else.
                self.forget();
                self.curve = wanted;
            }
            course.curve = self.curve;
            let is_heard = is_on && self.curve == wanted;
            self.presence.set(f32::from(u8::from(is_heard)));
            let (fading, left) = (self.presence.remaining() as usize, course.left(at));
            // What is on its way is so to the very sample at which it arrives, wherever a call ends.
            let ends = [fading, left].into_iter().filter(|it| *it > 0);
            let run = ends.chain([len - at]).fold(len, usize::min);
            let run = match fading + left > 0 {
                true => run.min(PIECE),
                false => run,
            };
            let part = at..at + run;
            at += run;
            if left == 0 {
                self.way = None;
            }
            let presences = match fading > 0 {
                true => {
                    self.presence.fill(&mut presences[..run]);
                    Some(&presences[..run])
                }
                false if !is_heard => {
                    self.way = None;
                    continue;
                }
                false => None,
            };
            let design = course.design(part.start);
            if left == 0 && design.is_neutral() {
                self.sections.iter_mut().for_each(Section::reset);
                continue;
            }
            // Of those that rest there are as many as the call has, and one tuning.
            let tunings = &mut tunings[..run.min(PIECE)];
            let still = match left {
                0 => Some(self.tuned(design, rate_hz)),
                _ => {
                    self.go(&course, part.start, rate_hz, tunings);
                    None
                }
            };
            if let (Some(still), Some(_)) = (still, presences) {
                tunings.fill(still);
            }
            // Two at a time: each sample of a channel waits for the last one, and one channel works while the other waits.
            let mut channels = self.sections.iter_mut().zip(wave.channels_mut());
            while let Some((section, channel)) = channels.next() {
                let mut one = (section, &mut channel[part.clone()]);
                let mut two = channels
                    .next()
                    .map(|(section, channel)| (section, &mut channel[part.clone()]));
                match (still, presences) {
                    (Some(still), None) => match &mut two {
                        Some(two) => pass_both(&mut one, two, &still),
                        None => pass(&mut one, &still),
                    },
                    (_, presences) => match (&mut two, presences) {
                        (Some(two), None) => follow_both(&mut one, two, tunings),
                        _ => {
                            for lane in std::iter::once(&mut one).chain(&mut two) {
                                follow(lane, tunings, presences);
                            }
                        }
                    },
                }
            }
        }
    }

    fn forget(&mut self) {
        self.sections.iter_mut().for_each(Section::reset);
        self.way = None;
    }

    /// What it is for each sample from `first` on, while something of it glides.
    fn go(&mut self, course: &Course, first: usize, rate_hz: f64, tunings: &mut [Tuning]) {
        let (mut rest, mut index) = (tunings, first);
        while !rest.is_empty() {
            let way = match &mut self.way {
                Some(way) if way.done < way.length => way,
                way => {
                    let from = way.map(|it| it.to);
                    let before = || course.design_before(index).prototype(rate_hz);
                    let length = course.left(index).clamp(1, APART);
                    way.insert(Way {
                        from: from.unwrap_or_else(before),
                        to: course.design(index + length - 1).prototype(rate_hz),
                        done: 0,
                        length,
                    })
                }
            };
            let count = (way.length - way.done).min(rest.len());
            let (now, later) = rest.split_at_mut(count);
            way.fill(now);
            (rest, index) = (later, index + count);
        }
    }
}

impl Way {
    /// The next ones, no more than are left.
    fn fill(&mut self, tunings: &mut [Tuning]) {
        let (length, done) = (self.length as f64, self.done);
        for (tuning, at) in tunings.iter_mut().zip(done + 1..) {
            *tuning = self.from.toward(&self.to, at as f64 / length).tuning();
        }
        self.done += tunings.len();
        // To the last bit what it is at rest.
        if let (Some(last), true) = (tunings.last_mut(), self.done == self.length) {
            *last = self.to.tuning();
        }
    }
}

/// A channel's section and samples.
type Lane<'a> = (&'a mut Section, &'a mut [f32]);

fn pass((section, samples): &mut Lane<'_>, tuning: &Tuning) {
    let mut it = **section;
    for sample in samples.iter_mut() {
        *sample = it.hear(*sample, tuning) as f32;
    }
    it.settle();
    **section = it;
}

fn pass_both((section, samples): &mut Lane<'_>, two: &mut Lane<'_>, tuning: &Tuning) {
    let (mut first, mut second) = (**section, *two.0);
    for (one, two) in samples.iter_mut().zip(two.1.iter_mut()) {
        *one = first.hear(*one, tuning) as f32;
        *two = second.hear(*two, tuning) as f32;
    }
    first.settle();
    second.settle();
    (**section, *two.0) = (first, second);
}

/// With a tuning for each sample, and how much of the band is heard.
fn follow((section, samples): &mut Lane<'_>, tunings: &[Tuning], presences: Option<&[f32]>) {
    let mut it = **section;
    match presences {
        None => {
            for (sample, tuning) in samples.iter_mut().zip(tunings) {
                *sample = it.hear(*sample, tuning) as f32;
            }
        }
        Some(presences) => {
            let both = tunings.iter().zip(presences);
            for (sample, (tuning, presence)) in samples.iter_mut().zip(both) {
                let (heard, plain) = (it.hear(*sample, tuning), f64::from(*sample));
                *sample = (plain + (heard - plain) * f64::from(*presence)) as f32;
            }
        }
    }
    it.settle();
    **section = it;
}

fn follow_both((section, samples): &mut Lane<'_>, two: &mut Lane<'_>, tunings: &[Tuning]) {
    let (mut first, mut second) = (**section, *two.0);
    let both = samples.iter_mut().zip(two.1.iter_mut());
    for ((one, two), tuning) in both.zip(tunings) {
        *one = first.hear(*one, tuning) as f32;
        *two = second.hear(*two, tuning) as f32;
    }
    first.settle();
    second.settle();
    (**section, *two.0) = (first, second);
}
