//! How a number that is set is followed sample by sample: along a line, so that nothing jumps.
//!
//! What can be set, and how it reaches the audio thread, is `property.rs`.

use super::property::{Property, Unit, ValueSlot, Values};

/// A number that follows its property without steps: each change is reached along a straight line that lasts a fixed
/// number of samples, so that the same samples come out however the stream is cut.
#[derive(Clone, Debug)]
pub struct Glide {
    slot: ValueSlot,
    decibels: bool,
    value: f64,
    from: f32,
    to: f32,
    done: usize,
    length: usize,
}

/// What a [`Glide`] gives for one cycle.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Amplitude {
    /// The same for every sample.
    Still(f32),
    /// One for each sample.
    Moving(Slope),
}

/// A piece of a straight line, a number for each sample: reckoned where it is asked for, so that it takes no memory.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Slope {
    from: f32,
    to: f32,
    /// Samples of the whole line, and how many of them lie before this piece.
    length: usize,
    done: usize,
    /// Samples of the piece.
    len: usize,
}

impl Slope {
    /// The number for the sample at `index`; behind the end of the piece the last one.
    pub fn at(&self, index: usize) -> f32 {
        let step = self.done + index.min(self.len.saturating_sub(1)) + 1;
        point(self.from, self.to, step, self.length)
    }
}

impl Slope {
    /// The number for the sample at `index`, even behind the end of the piece, where the line goes on.
    fn ahead(&self, index: usize) -> f32 {
        point(self.from, self.to, self.done + index + 1, self.length)
    }

    /// Samples from `index` on until it has arrived, the last of them the first that stands on the target.
    fn left(&self, index: usize) -> usize {
        self.length.saturating_sub(self.done + index)
    }
}

impl Iterator for Slope {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        self.len = self.len.checked_sub(1)?;
        self.done += 1;
        Some(point(self.from, self.to, self.done, self.length))
    }
}

/// The number at a step of a line of so many steps.
fn point(from: f32, to: f32, step: usize, length: usize) -> f32 {
    if step >= length {
        return to;
    }
    from + (to - from) * (step as f32 / length as f32)
}

impl Amplitude {
    /// The one for the sample at `index` of the cycle.
    pub fn at(&self, index: usize) -> f32 {
        match self {
            Self::Still(value) => *value,
            Self::Moving(slope) => slope.at(index),
        }
    }

    /// The one for a sample that may lie behind this cycle, if nothing is set before it comes.
    pub fn ahead(&self, index: usize) -> f32 {
        match self {
            Self::Still(value) => *value,
            Self::Moving(slope) => slope.ahead(index),
        }
    }

    /// The one for the sample before that at `index`.
    pub fn before(&self, index: usize) -> f32 {
        match self {
            Self::Still(value) => *value,
            Self::Moving(Slope {
                from,
                to,
                length,
                done,
                ..
            }) => point(*from, *to, done + index, *length),
        }
    }

    /// Samples from `index` on that are not the same as those behind them.
    pub fn left(&self, index: usize) -> usize {
        match self {
            Self::Still(_) => 0,
            Self::Moving(slope) => slope.left(index),
        }
    }

    /// Writes those of the samples from `first` on.
    pub fn fill(&self, first: usize, amplitudes: &mut [f32]) {
        match self {
            Self::Still(value) => amplitudes.fill(*value),
            Self::Moving(slope) => {
                for (at, amplitude) in amplitudes.iter_mut().enumerate() {
                    *amplitude = slope.at(first + at);
                }
            }
        }
    }

    /// Whether it is the same for every sample.
    pub fn is_still(&self) -> bool {
        matches!(self, Self::Still(_))
    }
}

impl Glide {
    pub(super) fn new(slot: ValueSlot, property: &Property, initial: f64, rate_hz: u32) -> Self {
        let decibels = property.unit == Unit::Decibel;
        let start = plain(initial, decibels);
        Self {
            slot,
            decibels,
            value: initial,
            from: start,
            to: start,
            done: 0,
            length: (f64::from(property.glide_millis) * f64::from(rate_hz) / 1000.0).round()
                as usize,
        }
    }

    /// The amplitudes of the next `len` samples: decibels turned into factors, other numbers as they are.
    #[inline]
    pub fn amplitude(&mut self, values: Values<'_>, len: usize) -> Amplitude {
        match self.rests(values) {
            Some(value) => Amplitude::Still(value),
            None => self.next(values, len),
        }
    }

    fn next(&mut self, values: Values<'_>, len: usize) -> Amplitude {
        let wanted = self.slot.get(values);
        if wanted != self.value {
            self.from = self.at(self.done);
            self.to = plain(wanted, self.decibels);
            self.value = wanted;
            self.done = 0;
            if self.length == 0 {
                self.from = self.to;
            }
        }
        if self.from == self.to || self.done >= self.length {
            self.from = self.to;
            return Amplitude::Still(self.to);
        }
        let slope = Slope {
            from: self.from,
            to: self.to,
            length: self.length,
            done: self.done,
            len,
        };
        self.done += len;
        Amplitude::Moving(slope)
    }

    /// The amplitude of all samples from here on, unless it is on its way.
    #[inline]
    pub fn rests(&self, values: Values<'_>) -> Option<f32> {
        let is_there = self.from == self.to || self.done >= self.length;
        (is_there && self.slot.get(values) == self.value).then_some(self.to)
    }

    /// Forgets a glide in progress and stands at the present value.
    pub fn reset(&mut self, values: Values<'_>) {
        self.value = self.slot.get(values);
        self.to = plain(self.value, self.decibels);
        self.from = self.to;
        self.done = 0;
    }

    fn at(&self, step: usize) -> f32 {
        point(self.from, self.to, step, self.length)
    }
}

fn plain(value: f64, decibels: bool) -> f32 {
    if decibels {
        10.0_f64.powf(value / 20.0) as f32
    } else {
        value as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Property = Property::db("level", "Level", -60.0, 24.0, 0.0).glide_millis(10.0);

    #[test]
    fn a_glide_gives_the_same_samples_however_it_is_cut() {
        let run = |cuts: &[usize]| {
            let mut glide = Glide::new(ValueSlot(0), &LEVEL, 0.0, 48_000);
            let mut heard = vec![];
            for &len in cuts {
                match glide.amplitude(&[-6.0206], len) {
                    Amplitude::Still(value) => heard.extend(std::iter::repeat_n(value, len)),
                    Amplitude::Moving(slope) => heard.extend(slope),
                }
            }
            heard
        };
        let whole = run(&[1000]);
        assert_eq!(whole, run(&[1, 63, 400, 16, 520]));
        assert!((whole[999] - 0.5).abs() < 1e-4);
        let step = whole
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).abs())
            .fold(0.0, f32::max);
        assert!(step < 0.0011, "largest step {step}");
    }
}
