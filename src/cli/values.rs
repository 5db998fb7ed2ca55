//! Values on the command line: text into what a property takes, and back.

use super::failure::Failure;
use super::names::unquoted;
use crate::ks::{Domain, Property, Value};

/// A value that was understood.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Taken {
    pub(super) value: Value,
    /// A word to the user when it is not quite what was written (PRP-9).
    pub(super) note: Option<String>,
}

/// Reads what was written for a property of the filter called `filter`.
pub(super) fn read(property: &Property, text: &str, filter: &str) -> Result<Taken, Failure> {
    let written = match property.domain {
        Domain::Number { .. } => number(property, text).map(Value::Number),
        Domain::Flag => flag(text).map(Value::Flag),
        Domain::Choice(words) => {
            let word = unquoted(text).unwrap_or_else(|| text.to_owned());
            let known = words.iter().find(|known| **known == word);
            let known =
                known.or_else(|| words.iter().find(|known| known.eq_ignore_ascii_case(&word)));
            known.map(|word| Value::Text((*word).to_owned()))
        }
        Domain::Text | Domain::Path | Domain::Device => Some(Value::Text(
            unquoted(text).unwrap_or_else(|| text.to_owned()),
        )),
    };
    let written = written.ok_or_else(|| {
        Failure::usage(
            format!("set {filter}.{} to {text}", property.key),
            format!(
                "{}: found {text:?}, wanted {}",
                property.key,
                property.wanted()
            ),
        )
    })?;
    // What `legal` refuses is of the wrong type, and types have been looked at.
    let value = property
        .legal(&written)
        .unwrap_or_else(|| property.default_value());
    let note = (value != written).then(|| {
        format!(
            "{filter}.{}: {} is outside {}; set to {}",
            property.key,
            text,
            property.wanted(),
            write(&value)
        )
    });
    Ok(Taken { value, note })
}

/// A number, with the property's unit behind it or without.
fn number(property: &Property, text: &str) -> Option<f64> {
    let text = unquoted(text).unwrap_or_else(|| text.to_owned());
    let text = text.trim().replace('\u{2212}', "-");
    let end = text
        .rfind(|c: char| c.is_ascii_digit() || c == '.')
        .map_or(0, |last| last + 1);
    let (figure, unit) = text.split_at(end);
    let unit = unit.trim();
    let symbol = property.unit.symbol();
    if !unit.is_empty() && !unit.eq_ignore_ascii_case(symbol) {
        return None;
    }
    figure
        .trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
}

fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "1" => Some(true),
        "false" | "off" | "no" | "0" => Some(false),
        _ => None,
    }
}

/// A value as the command line takes it back.
pub(super) fn write(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// A value with its unit, for people.
pub(super) fn words(property: &Property, value: &Value) -> String {
    let symbol = property.unit.symbol();
    let gap = if symbol.is_empty() { "" } else { " " };
    match value {
        Value::Number(number) => format!("{number}{gap}{symbol}"),
        Value::Text(text) if matches!(property.domain, Domain::Choice(_)) => text.clone(),
        other => write(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ks::Unit;

    const FREQUENCY: Property =
        Property::number("frequency", "Frequency", 20.0, 20_000.0, 440.0).unit(Unit::Hertz);
    const WAVEFORM: Property = Property::choice("waveform", "Waveform", &["sine", "saw"], "sine");

    fn value(property: &Property, text: &str) -> Option<Value> {
        read(property, text, "t").ok().map(|taken| taken.value)
    }

    #[test]
    fn numbers_carry_their_unit_or_none() {
        for text in ["440", "440 Hz", "440hz", " 4.4e2 ", "\"440 Hz\""] {
            assert_eq!(
                value(&FREQUENCY, text),
                Some(Value::Number(440.0)),
                "{text}"
            );
        }
        for text in ["440 dB", "four", "", "NaN", "inf", "440 Hz Hz"] {
            assert_eq!(value(&FREQUENCY, text), None, "{text}");
        }
        let level = Property::db("level", "Level", -60.0, 24.0, 0.0);
        assert_eq!(value(&level, "-12 dB"), Some(Value::Number(-12.0)));
        assert_eq!(value(&level, "\u{2212}12"), Some(Value::Number(-12.0)));
    }

    #[test]
    fn numbers_out_of_range_are_clamped_with_a_word() {
        let taken = read(&FREQUENCY, "99999", "t").unwrap();
        assert_eq!(taken.value, Value::Number(20_000.0));
        let note = taken.note.unwrap();
        assert!(
            note.contains("t.frequency") && note.contains("20000"),
            "{note}"
        );
        assert_eq!(read(&FREQUENCY, "440", "t").unwrap().note, None);
    }

    #[test]
    fn words_flags_and_texts_are_typed() {
        assert_eq!(value(&WAVEFORM, "Saw"), Some(Value::Text("saw".into())));
        assert_eq!(value(&WAVEFORM, "square"), None);
        let flag = Property::flag("loop", "Loop", false);
        assert_eq!(value(&flag, "true"), Some(Value::Flag(true)));
        assert_eq!(value(&flag, "perhaps"), None);
        let path = Property::path("path", "File");
        for text in ["a b.wav", "\"a b.wav\""] {
            assert_eq!(
                value(&path, text),
                Some(Value::Text("a b.wav".into())),
                "{text}"
            );
        }
    }
}
