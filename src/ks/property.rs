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

#[cfg(test)]
mod tests {
    use super::*;

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
