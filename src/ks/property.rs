//! Properties: what of a filter can be set, in which unit and range, and how a set value reaches the audio thread.
//!
//! A filter declares [`Property`] constants; files, sliders, the command line and undo read them. Numbers, flags and
//! choices cross to the audio thread as one `f64` each ([`Values`]); *structural* properties, paths and devices among them,
//! take effect by opening the filter anew, and a filter that runs is told of texts.

use serde::{Deserialize, Serialize};

/// What a number counts, and how it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A bare number.
    None,
    /// Decibels.
    Decibel,
    /// Hertz.
    Hertz,
    /// Milliseconds.
    Millisecond,
    /// Semitones.
    Semitone,
    /// Per cent.
    Percent,

    /// Seconds.
    Second,

    /// Samples.
    Sample,
    /// Beats in a minute.
    BeatsPerMinute,
    /// From -1 left to 1 right.
    Pan,

    /// Loudness below full scale.
    Lufs,
}

impl Unit {
    /// The symbol behind the figure, possibly empty.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::None | Self::Pan => "",
            Self::Decibel => "dB",
            Self::Hertz => "Hz",
            Self::Millisecond => "ms",
            Self::Semitone => "st",
            Self::Percent => "%",

            Self::Second => "s",

            Self::Sample => "smp",

            Self::Lufs => "LUFS",

            Self::BeatsPerMinute => "BPM",
        }
    }
}

/// What values a property takes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Domain {
    /// A number in a closed interval; `step` 0 is continuous. `logarithmic` sliders move by ratios.
    Number {
        /// Lowest.
        min: f64,
        /// Highest.
        max: f64,
        /// Distance between legal values.
        step: f64,
        /// Whether sliders move by ratios.
        logarithmic: bool,
    },
    /// On or off.
    Flag,
    /// One of several words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// The path of a file, relative to the graph's file where possible.
    Path,
    /// The name of a device as `devices` prints it; empty is the default.
    Device,
}

/// A default that can stand in a constant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Preset {
    /// For numbers.
    Number(f64),
    /// For flags.
    Flag(bool),
    /// For choices, texts, paths and devices.
    Text(&'static str),
}

/// One property of a filter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Property {
    /// Unique in its filter; what files say.
    pub key: &'static str,
    /// What people read.
    pub title: &'static str,
    /// Legal values.
    pub domain: Domain,
    /// Unit of numbers.
    pub unit: Unit,
    /// Value of a new filter.
    pub default: Preset,
    /// Whether a change opens the filter anew.
    pub structural: bool,
    /// Whether it is shown in the filter's box.
    pub inline: bool,
    /// How long a change takes to arrive, in milliseconds.
    pub glide_millis: f32,

    /// A sentence on what it does; empty where the title says it all.
    pub help: &'static str,

    /// The heading it stands under; empty for none.
    pub group: &'static str,

    /// What people read where a path, a device or a text is empty.
    pub empty: &'static str,
}

impl Property {
    /// Where on its scale a number stands, from 0 to 1; 0 of what is no number.
    pub fn share(&self, number: f64) -> f64 {
        let Domain::Number {
            min,
            max,
            logarithmic,
            ..
        } = self.domain
        else {
            return 0.0;
        };
        let share = if logarithmic && min > 0.0 {
            (number.max(min) / min).ln() / (max / min).ln()
        } else {
            (number - min) / (max - min)
        };
        share.clamp(0.0, 1.0)
    }

    /// The number at a place of its scale, from 0 to 1; 0 of what is no number.
    pub fn at_share(&self, share: f64) -> f64 {
        let Domain::Number {
            min,
            max,
            logarithmic,
            ..
        } = self.domain
        else {
            return 0.0;
        };
        let number = if logarithmic && min > 0.0 {
            min * (max / min).powf(share)
        } else {
            min + (max - min) * share
        };
        number.clamp(min, max)
    }

    const fn new(key: &'static str, title: &'static str, domain: Domain, default: Preset) -> Self {
        Self {
            key,
            title,
            domain,
            unit: Unit::None,
            default,
            structural: false,
            inline: false,
            glide_millis: 0.0,
            help: "",
            group: "",
            empty: match domain {
                Domain::Path => "no file",
                Domain::Device => "Default",
                _ => "",
            },
        }
    }

    /// The same property; what people read where it is empty.
    pub const fn when_empty(mut self, words: &'static str) -> Self {
        self.empty = words;
        self
    }

    /// A number between `min` and `max`.
    pub const fn number(
        key: &'static str,
        title: &'static str,
        min: f64,
        max: f64,
        default: f64,
    ) -> Self {
        let domain = Domain::Number {
            min,
            max,
            step: 0.0,
            logarithmic: false,
        };
        Self::new(key, title, domain, Preset::Number(default))
    }

    /// A whole number between `min` and `max`.
    pub const fn count(
        key: &'static str,
        title: &'static str,
        min: u32,
        max: u32,
        default: u32,
    ) -> Self {
        let domain = Domain::Number {
            min: min as f64,
            max: max as f64,
            step: 1.0,
            logarithmic: false,
        };
        Self::new(key, title, domain, Preset::Number(default as f64))
    }

    /// A whole number that may lie below zero.
    pub const fn whole(
        key: &'static str,
        title: &'static str,
        min: i32,
        max: i32,
        default: i32,
    ) -> Self {
        Self::new(
            key,
            title,
            Domain::Number {
                min: min as f64,
                max: max as f64,
                step: 1.0,
                logarithmic: false,
            },
            Preset::Number(default as f64),
        )
    }

    /// A level in decibels.
    pub const fn db(
        key: &'static str,
        title: &'static str,
        min: f64,
        max: f64,
        default: f64,
    ) -> Self {
        Self::number(key, title, min, max, default).unit(Unit::Decibel)
    }

    /// A flag.
    pub const fn flag(key: &'static str, title: &'static str, default: bool) -> Self {
        Self::new(key, title, Domain::Flag, Preset::Flag(default))
    }

    /// One of several words; the default is one of them.
    pub const fn choice(
        key: &'static str,
        title: &'static str,
        words: &'static [&'static str],
        default: &'static str,
    ) -> Self {
        Self::new(key, title, Domain::Choice(words), Preset::Text(default))
    }

    /// A text. Not structural: who runs is told of a change ([`super::Opened::hears`]).
    pub const fn text(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Domain::Text, Preset::Text(""))
    }

    /// The path of a file. Structural.
    pub const fn path(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Domain::Path, Preset::Text("")).structural()
    }

    /// The same property; it is not structural: who runs is told of a change and goes on ([`super::Opened::hears`]).
    pub const fn heard(mut self) -> Self {
        self.structural = false;
        self
    }

    /// The name of a device. Structural.
    pub const fn device(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, Domain::Device, Preset::Text("")).structural()
    }

    /// The same property under a heading.
    pub const fn group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    /// The same property in a unit.
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// The same property, its slider moving by ratios.
    pub const fn logarithmic(mut self) -> Self {
        if let Domain::Number { min, max, step, .. } = self.domain {
            self.domain = Domain::Number {
                min,
                max,
                step,
                logarithmic: true,
            };
        }
        self
    }

    /// The same property; a change opens the filter anew.
    pub const fn structural(mut self) -> Self {
        self.structural = true;
        self
    }

    /// The same property, shown in the filter's box.
    pub const fn inline(mut self) -> Self {
        self.inline = true;
        self
    }

    /// The same property; a change takes so long to arrive.
    pub const fn glide_millis(mut self, millis: f32) -> Self {
        self.glide_millis = millis;
        self
    }

    /// The same property with a sentence on what it does.
    pub const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// The default as a value.
    pub fn default_value(&self) -> Value {
        match self.default {
            Preset::Number(number) => Value::Number(number),
            Preset::Flag(flag) => Value::Flag(flag),
            Preset::Text(text) => Value::Text(text.to_owned()),
        }
    }

    /// Whether a value of it, or its default, has a slot on the audio thread: it may change while its filter plays, and nothing is
    /// agreed by it.
    pub fn has_slot(&self, value: Option<&Value>) -> bool {
        let is_text = matches!(self.domain, Domain::Text | Domain::Path | Domain::Device);
        let is_legal = value.is_none_or(|value| self.legal(value).is_some());
        !is_text && !self.structural && is_legal
    }

    /// `value` clamped and snapped into the domain (PRP-9), or `None` when it is of the wrong type.
    pub fn legal(&self, value: &Value) -> Option<Value> {
        match (&self.domain, value) {
            (Domain::Number { .. }, Value::Number(number)) => {
                self.legal_number(*number).map(Value::Number)
            }
            (Domain::Flag, Value::Flag(flag)) => Some(Value::Flag(*flag)),
            (Domain::Choice(words), Value::Text(word)) => words
                .iter()
                .any(|known| known == word)
                .then(|| Value::Text(word.clone())),
            (Domain::Text | Domain::Path | Domain::Device, Value::Text(text)) => {
                Some(Value::Text(text.clone()))
            }
            _ => None,
        }
    }

    /// The same of a number.
    pub fn legal_number(&self, number: f64) -> Option<f64> {
        let Domain::Number { min, max, step, .. } = self.domain else {
            return None;
        };
        if number.is_nan() {
            return None;
        }
        let clamped = number.clamp(min, max);
        let snapped = if step > 0.0 {
            min + ((clamped - min) / step).round() * step
        } else {
            clamped
        };
        Some(snapped.min(max))
    }

    /// What a value is on the audio thread: the number, 0 or 1, the index of the word, 0 for texts.
    pub fn slot_value(&self, value: &Value) -> f64 {
        match (&self.domain, value) {
            (_, Value::Number(number)) => *number,
            (_, Value::Flag(flag)) => f64::from(u8::from(*flag)),
            (Domain::Choice(words), Value::Text(word)) => {
                words.iter().position(|known| known == word).unwrap_or(0) as f64
            }
            _ => 0.0,
        }
    }

    /// What is wanted, in words, for messages: `-60 to 24 dB`, `sine, triangle or saw`.
    pub fn wanted(&self) -> String {
        match self.domain {
            Domain::Number { min, max, step, .. } => {
                let what = if step == 1.0 { "a whole number, " } else { "" };
                let unit = self.unit.symbol();
                let gap = if unit.is_empty() { "" } else { " " };
                format!("{what}{min} to {max}{gap}{unit}")
            }
            Domain::Flag => "true or false".into(),
            Domain::Choice(words) => format!("one of {}", words.join(", ")),
            Domain::Text => "text in quotes".into(),
            Domain::Path => "the path of a file in quotes".into(),
            Domain::Device => "the name of a device in quotes, or \"\" for the default".into(),
        }
    }
}

/// A value as files and the command line hold it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// For flags.
    Flag(bool),
    /// For numbers.
    Number(f64),
    /// For choices, texts, paths and devices.
    Text(String),
}

impl Value {
    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self {
            Some(*number)
        } else {
            None
        }
    }

    /// The text, or nothing.
    pub fn text(&self) -> &str {
        if let Self::Text(text) = self {
            text
        } else {
            ""
        }
    }
}

/// The values of one filter on the audio thread, in the order of its descriptor's properties.
pub type Values<'a> = &'a [f64];

/// Where a property's value stands in [`Values`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ValueSlot(pub(super) usize);

impl ValueSlot {
    /// The value now.
    pub fn get(self, values: Values<'_>) -> f64 {
        values[self.0]
    }

    /// The value now, as an index into a choice's words.
    pub fn index(self, values: Values<'_>) -> usize {
        self.get(values) as usize
    }

    /// The value now, as a flag.
    pub fn is_on(self, values: Values<'_>) -> bool {
        self.get(values) != 0.0
    }
}

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

    #[test]
    fn values_are_clamped_snapped_and_typed() {
        let voices = Property::count("voices", "Voices", 1, 16, 8);
        assert_eq!(voices.legal(&Value::Number(3.4)), Some(Value::Number(3.0)));
        assert_eq!(
            voices.legal(&Value::Number(99.0)),
            Some(Value::Number(16.0))
        );
        assert_eq!(voices.legal(&Value::Number(f64::NAN)), None);
        assert_eq!(voices.legal(&Value::Text("three".into())), None);
        let wave = Property::choice("wave", "Waveform", &["sine", "saw"], "saw");
        assert_eq!(wave.legal(&Value::Text("square".into())), None);
        assert_eq!(wave.slot_value(&wave.default_value()), 1.0);
    }
}
