//! The envelopes of a voice: delay, attack, hold, decay, sustain, release, to the sample.
//!
//! The first drives loudness: up in amplitude, down in decibels, 96 of them in the time that is stated. The second goes
//! in straight lines between 0 and 1. Both are asked for the next stretch, which ends where a part of theirs ends.

use super::articulation::Times;

/// Below this there is nothing.
pub(super) const FLOOR_DB: f32 = -96.0;
/// A voice that is let go of fades at least this long, so that nothing clicks.
const SHORTEST_RELEASE: f32 = 0.008;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Delay,
    Attack,
    Hold,
    Decay,
    Sustain,
    Release,
    /// Cut: down in a straight line.
    Shutdown,
    Over,
}

/// How an envelope comes down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    /// So many decibels a second.
    Decibels,
    /// So much a second.
    Straight,
}

/// From where to where, in how many samples.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Stretch {
    pub(super) from: f32,
    pub(super) to: f32,
    pub(super) len: u32,
}

/// An envelope. Levels are amplitudes of the first kind, 0 to 1 of the second.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    shape: Shape,
    part: Part,
    /// Samples of this part that are over, and all of it.
    done: u64,
    len: u64,
    /// Where the part begins: decibels when it comes down by them, else the level.
    begin: f32,
    /// What it goes on by each sample.
    slope: f32,
    level: f32,
    rate_hz: f32,
    times: Times,
}

fn amplitude(db: f32) -> f32 {
    (db * (std::f32::consts::LOG2_10 / 20.0)).exp2()
}

impl Envelope {
    pub(super) fn over(shape: Shape) -> Self {
        let times = Times {
            delay: 0.0,
            attack: 0.0,
            hold: 0.0,
            decay: 0.0,
            sustain: 0.0,
            release: 0.0,
        };
        Self {
            part: Part::Over,
            ..Self::new(shape, times, 1.0)
        }
    }

    pub(super) fn new(shape: Shape, times: Times, rate_hz: f32) -> Self {
        let mut it = Self {
            shape,
            part: Part::Delay,
            done: 0,
            len: 0,
            begin: 0.0,
            slope: 0.0,
            level: 0.0,
            rate_hz,
            times,
        };
        it.enter(Part::Delay);
        it
    }

    fn samples(&self, seconds: f32) -> u64 {
        // Longer than a day is as good as for ever.
        (f64::from(seconds.clamp(0.0, 100_000.0)) * f64::from(self.rate_hz)).round() as u64
    }

    /// All of the way down for this shape: decibels or 1.
    const fn height(&self) -> f32 {
        match self.shape {
            Shape::Decibels => -FLOOR_DB,
            Shape::Straight => 1.0,
        }
    }

    /// The level as the part comes down from it.
    fn place(&self) -> f32 {
        match self.shape {
            Shape::Decibels => (20.0 * self.level.max(1e-9).log10()).max(FLOOR_DB),
            Shape::Straight => self.level,
        }
    }

    fn enter(&mut self, part: Part) {
        (self.part, self.done) = (part, 0);
        let sustained = match self.shape {
            Shape::Decibels => FLOOR_DB * (1.0 - self.times.sustain),
            Shape::Straight => self.times.sustain,
        };
        match part {
            Part::Delay => {
                (self.len, self.begin, self.slope) = (self.samples(self.times.delay), 0.0, 0.0)
            }
            Part::Attack => {
                self.len = self.samples(self.times.attack);
                (self.begin, self.slope) = (0.0, 1.0 / self.len.max(1) as f32);
            }
            Part::Hold => {
                self.level = 1.0;
                (self.len, self.begin, self.slope) = (self.samples(self.times.hold), 1.0, 0.0);
            }
            Part::Decay => {
                self.begin = self.place();
                let whole = self.samples(self.times.decay).max(1) as f32;
                self.slope = -self.height() / whole;
                self.len = ((self.begin - sustained) / -self.slope).round().max(0.0) as u64;
                if self.times.decay == 0.0 {
                    self.len = 0;
                }
            }
            Part::Sustain => {
                self.level = match self.shape {
                    Shape::Decibels if self.times.sustain <= 0.0 => 0.0,
                    Shape::Decibels => amplitude(sustained),
                    Shape::Straight => sustained,
                };
                (self.len, self.begin, self.slope) = (u64::MAX, self.level, 0.0);
                if self.level == 0.0 && self.shape == Shape::Decibels {
                    self.enter(Part::Over);
                }
            }
            Part::Release => {
                self.begin = self.place();
                let whole = self.samples(self.times.release).max(1) as f32;
                self.slope = -self.height() / whole;
                let floor = match self.shape {
                    Shape::Decibels => FLOOR_DB,
                    Shape::Straight => 0.0,
                };
                self.len = ((self.begin - floor) / -self.slope).round().max(0.0) as u64;
            }
            Part::Shutdown => {
                self.begin = self.level;
                self.slope = -self.level / self.len.max(1) as f32;
            }
            Part::Over => {
                self.level = 0.0;
                (self.len, self.begin, self.slope) = (u64::MAX, 0.0, 0.0);
            }
        }
    }

    const fn next(part: Part) -> Part {
        match part {
            Part::Delay => Part::Attack,
            Part::Attack => Part::Hold,
            Part::Hold => Part::Decay,
            Part::Decay => Part::Sustain,
            Part::Sustain | Part::Release | Part::Shutdown | Part::Over => Part::Over,
        }
    }

    /// The next stretch, of at most so many samples.
    pub(super) fn stretch(&mut self, most: u32) -> Stretch {
        while self.done >= self.len {
            self.enter(Self::next(self.part));
        }
        let from = self.level;
        let len = u64::from(most).min(self.len - self.done) as u32;
        if self.part != Part::Over {
            self.done += u64::from(len);
        }
        let way = self.begin + self.slope * self.done as f32;
        self.level = match (self.part, self.shape) {
            (Part::Decay | Part::Release, Shape::Decibels) => amplitude(way),
            (Part::Sustain | Part::Over | Part::Hold, _) => self.level,
            _ => way.clamp(0.0, 1.0),
        };
        // An attack that takes no time begins at the top.
        Stretch {
            from,
            to: self.level,
            len,
        }
    }

    /// Goes on by so many samples, for those who look at where it is only now and then.
    pub(super) fn advance(&mut self, samples: u32) -> f32 {
        let mut left = samples;
        while left > 0 {
            left -= self.stretch(left).len;
        }
        self.level
    }

    /// It stands somewhere else: what it was asked for was not used up.
    pub(super) fn stand_at(&mut self, level: f32) {
        if self.part != Part::Over {
            self.level = level.clamp(0.0, 1.0);
        }
    }

    /// Whether it is on its way up.
    pub(super) fn is_rising(&self) -> bool {
        self.part == Part::Attack
    }

    /// Where it stands.
    pub(super) fn level(&self) -> f32 {
        self.level
    }

    /// The key is let go of. `seconds` is the time that the release takes now.
    pub(super) fn release(&mut self, seconds: f32) {
        if matches!(self.part, Part::Release | Part::Shutdown | Part::Over) {
            return;
        }
        self.times.release = match self.shape {
            Shape::Decibels => seconds.max(SHORTEST_RELEASE),
            Shape::Straight => seconds,
        };
        self.enter(Part::Release);
    }

    /// Is gone in so many seconds.
    pub(super) fn shut_down(&mut self, seconds: f32) {
        if matches!(self.part, Part::Shutdown | Part::Over) {
            return;
        }
        self.len = self.samples(seconds).max(1);
        self.enter(Part::Shutdown);
    }

    /// Whether it is on its way out because its key is up, or it was cut.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.part, Part::Release | Part::Shutdown | Part::Over)
    }

    /// Whether it was cut.
    pub(super) fn is_shutting_down(&self) -> bool {
        matches!(self.part, Part::Shutdown | Part::Over)
    }

    /// Whether there is nothing any more.
    pub(super) fn is_over(&self) -> bool {
        self.part == Part::Over
    }
}

/// A triangle between -1 and 1 that begins at nothing and goes up, after a while.
#[derive(Clone, Debug, Default)]
pub(super) struct Lfo {
    /// Samples before it begins.
    wait: u64,
    /// Turns.
    phase: f64,
}

impl Lfo {
    /// One that waits so many samples.
    pub(super) fn new(wait: u64) -> Self {
        Self { wait, phase: 0.0 }
    }

    /// Goes on by so many samples of so many turns each, and says where it is.
    pub(super) fn advance(&mut self, samples: u32, turns: f64) -> f32 {
        let waited = self.wait.min(u64::from(samples));
        self.wait -= waited;
        self.phase += (u64::from(samples) - waited) as f64 * turns;
        self.phase -= self.phase.floor();
        let quarter = 4.0 * self.phase;
        let level = match self.phase {
            p if p < 0.25 => quarter,
            p if p < 0.75 => 2.0 - quarter,
            _ => quarter - 4.0,
        };
        level as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: Times = Times {
        delay: 0.01,
        attack: 0.1,
        hold: 0.05,
        decay: 2.0,
        sustain: 0.5,
        release: 1.0,
    };

    fn levels(it: &mut Envelope, samples: usize) -> Vec<f32> {
        (0..samples).map(|_| it.advance(1)).collect()
    }

    #[test]
    fn loudness_goes_up_in_amplitude_and_down_in_decibels() {
        let mut it = Envelope::new(Shape::Decibels, TIMES, 1000.0);
        let heard = levels(&mut it, 1500);
        assert_eq!(heard[9], 0.0);
        assert!((heard[59] - 0.5).abs() < 1e-3 && (heard[109] - 1.0).abs() < 1e-6);
        assert_eq!(heard[158], 1.0);
        // 96 dB take two seconds, so it is at half of them after one.
        let db = |at: usize| 20.0 * heard[at].log10();
        assert!((db(659) + 24.0).abs() < 0.05, "{}", db(659));
        assert!((db(1159) + 48.0).abs() < 0.05 && (db(1400) + 48.0).abs() < 0.05);
        it.release(1.0);
        let left = levels(&mut it, 600);
        assert!((20.0 * left[99].log10() + 57.6).abs() < 0.05);
        assert!(left[498] > 0.0 && left[500] == 0.0 && it.is_over());
    }

    #[test]
    fn the_second_one_goes_in_straight_lines() {
        let mut it = Envelope::new(Shape::Straight, TIMES, 1000.0);
        let heard = levels(&mut it, 1500);
        assert!((heard[59] - 0.5).abs() < 1e-3 && heard[158] == 1.0);
        assert!((heard[659] - 0.75).abs() < 1e-3 && heard[1300] == 0.5);
        it.release(1.0);
        let left = levels(&mut it, 600);
        assert!((left[249] - 0.25).abs() < 1e-3 && left[510] == 0.0);
    }

    #[test]
    fn it_is_the_same_however_it_is_asked() {
        let whole = |cuts: &[u32]| {
            let mut it = Envelope::new(Shape::Decibels, TIMES, 1000.0);
            for cut in cuts {
                it.advance(*cut);
            }
            it.level()
        };
        assert_eq!(whole(&[700]), whole(&[1, 9, 300, 390]));
    }

    #[test]
    fn what_takes_no_time_is_there_at_once_and_what_is_cut_goes_in_a_line() {
        let times = Times {
            delay: 0.0,
            attack: 0.0,
            hold: 0.0,
            decay: 0.0,
            sustain: 1.0,
            release: 0.0,
        };
        let mut it = Envelope::new(Shape::Decibels, times, 1000.0);
        let first = it.stretch(10);
        assert_eq!((first.from, first.to, first.len), (1.0, 1.0, 10));
        it.shut_down(0.015);
        let heard = levels(&mut it, 16);
        assert!((heard[7] - 7.0 / 15.0).abs() < 1e-5 && heard[14] == 0.0 && it.is_over());
        let silent = Times {
            sustain: 0.0,
            ..times
        };
        let mut it = Envelope::new(Shape::Decibels, silent, 1000.0);
        it.advance(1);
        assert!(it.is_over(), "nothing is sustained");
    }

    #[test]
    fn the_oscillator_waits_and_begins_upwards() {
        let mut it = Lfo::new(100);
        assert_eq!(it.advance(100, 0.01), 0.0);
        assert!((it.advance(25, 0.01) - 1.0).abs() < 1e-6);
        assert!((it.advance(50, 0.01) + 1.0).abs() < 1e-6);
        assert!((it.advance(20, 0.01) + 0.2).abs() < 1e-6);
    }
}
