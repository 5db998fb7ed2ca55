//! Places in a graph's time as people write them: a time, samples, bars of a tempo.
//!
//! `1:23.456` and `83.5 s` are times, `66150 samples` counts, `17|3|120` is bar, beat and tick, the first of each bar and
//! beat being 1, and ticks 960 to a beat. What a number by itself means is said by who asks.

use crate::graph::{Graph, NodeKind};
use crate::ks::{Catalogue, Property, Unit, Value};

/// Ticks of a beat.
pub const TICKS: u64 = 960;
/// No graph goes further.
const MOST: f64 = (1_u64 << 48) as f64;

/// Beats a minute, and beats of a bar.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Metre {
    /// Beats a minute.
    pub tempo: f64,
    /// Beats of a bar.
    pub beats: u32,
}

/// The tempo of a graph: that of its first filter that has one.
pub fn metre_of(graph: &Graph, catalogue: &Catalogue) -> Option<Metre> {
    graph.filters.values().find_map(|node| {
        let filter = match &node.kind {
            NodeKind::Group(group) => return metre_of(&group.graph, catalogue),
            NodeKind::Filter(filter) => filter,
        };
        let descriptor = catalogue.get(&filter.key)?.descriptor();
        let number = |property: &Property| {
            let value = filter.values.get(property.key).cloned();
            match value.unwrap_or_else(|| property.default_value()) {
                Value::Number(number) => Some(number),
                _ => None,
            }
        };
        let mut properties = descriptor.properties.iter();
        let tempo = properties.find(|it| it.unit == Unit::BeatsPerMinute)?;
        let beats = descriptor.property("beats").and_then(|it| number(it.1));
        Some(Metre {
            tempo: number(tempo)?,
            beats: beats.map_or(4, |it| it as u32).max(1),
        })
    })
}

impl Metre {
    /// Samples of a beat.
    fn beat(self, rate_hz: u32) -> f64 {
        60.0 * f64::from(rate_hz) / self.tempo.max(1.0)
    }
}

/// What a number without a unit counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plain {
    /// Samples of the graph's rate; with a point in it, seconds.
    Samples,
    /// Seconds.
    Seconds,
}

/// The sample of the graph that a text names; the error says what was wanted.
pub fn read(text: &str, rate_hz: u32, metre: Option<Metre>, plain: Plain) -> Result<u64, String> {
    let text = text.trim().replace(['\u{a0}', '\u{202f}', '_'], "");
    if text.starts_with(['-', '\u{2212}']) {
        return Err("nothing lies before the beginning: name a place from 0 on".into());
    }
    if text.contains('|') {
        return bars(&text, rate_hz, metre);
    }
    let lower = text.to_lowercase();
    let of = |unit: &[&str]| {
        unit.iter()
            .find_map(|unit| lower.strip_suffix(unit))
            .map(|it| it.trim().replace(' ', ""))
    };
    if let Some(count) = of(&["samples", "sample", "smp"]) {
        let count = count.parse::<u64>().map_err(|_| wanted(&text));
        return within(count? as f64);
    }
    let millis = of(&["ms"]).map(|it| (it, 0.001));
    let unit = millis.or_else(|| of(&["seconds", "sec", "s"]).map(|it| (it, 1.0)));
    if let Some((number, unit)) = unit {
        return within(
            number_of(&number).ok_or_else(|| wanted(&text))? * unit * f64::from(rate_hz),
        );
    }
    if text.contains(':') {
        return within(clock(&text).ok_or_else(|| wanted(&text))? * f64::from(rate_hz));
    }
    let bare = text.replace(' ', "");
    match (bare.parse::<u64>(), plain) {
        (Ok(count), Plain::Samples) => within(count as f64),
        _ => within(number_of(&bare).ok_or_else(|| wanted(&text))? * f64::from(rate_hz)),
    }
}

fn wanted(found: &str) -> String {
    format!(
        "\u{201c}{found}\u{201d} is no place: wanted a time as 1:23.456, samples as 66150 samples, or bars as 17|3|120"
    )
}

fn within(samples: f64) -> Result<u64, String> {
    match samples <= MOST {
        true => Ok(samples.round() as u64),
        false => Err("no graph goes so far: name an earlier place".into()),
    }
}

/// A number from 0 on, with a point or a comma.
fn number_of(text: &str) -> Option<f64> {
    let is_plain = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    let is_number = !text.is_empty() && text.chars().all(is_plain);
    text.replace(',', ".")
        .parse()
        .ok()
        .filter(|it: &f64| is_number && it.is_finite())
}

/// Seconds of `h:m:s` or `m:s`.
fn clock(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    if parts.len() > 3 {
        return None;
    }
    let (last, whole) = parts.split_last()?;
    let mut seconds = 0.0;
    for part in whole {
        seconds = (seconds + part.parse::<u32>().ok().map(f64::from)?) * 60.0;
    }
    Some(seconds + number_of(last)?)
}

fn bars(text: &str, rate_hz: u32, metre: Option<Metre>) -> Result<u64, String> {
    let metre = metre
        .ok_or("bars need a tempo, and no filter here has one: add a Metronome, or name a time")?;
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let number = |at: usize, missing: u64| match parts.get(at) {
        None | Some(&"") => Ok(missing),
        Some(part) => part.parse::<u64>().map_err(|_| wanted(text)),
    };
    let (bar, beat, tick) = (number(0, 1)?, number(1, 1)?, number(2, 0)?);
    let beats = u64::from(metre.beats.max(1));
    if parts.len() > 3 || bar == 0 || beat == 0 || beat > beats || tick >= TICKS {
        return Err(format!(
            "there is no {text}: bars and beats count from 1, a bar has {beats} beats and a beat {TICKS} ticks, from 0"
        ));
    }
    let count = (bar - 1) as f64 * beats as f64 + (beat - 1) as f64 + tick as f64 / TICKS as f64;
    // Where a tick of a metronome falls.
    within((count * metre.beat(rate_hz) - 0.5).ceil().max(0.0))
}

/// `17|3|120`: the bar, beat and tick that a sample lies in.
pub fn bars_of(sample: u64, rate_hz: u32, metre: Metre) -> String {
    let beats = u64::from(metre.beats.max(1));
    let count = ((sample as f64 + 0.5) / metre.beat(rate_hz) * TICKS as f64).floor() as u64;
    let (beat, tick) = (count / TICKS, count % TICKS);
    format!("{}|{}|{tick:03}", beat / beats + 1, beat % beats + 1)
}

/// `1:23.456`, `1:01:01.000`.
pub fn time_of(sample: u64, rate_hz: u32) -> String {
    let millis = u128::from(sample) * 1000 / u128::from(rate_hz.max(1));
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match minutes / 60 {
        0 => format!("{minutes}:{seconds:02}.{millis:03}"),
        hours => format!("{hours}:{:02}:{seconds:02}.{millis:03}", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRE: Option<Metre> = Some(Metre {
        tempo: 120.0,
        beats: 4,
    });

    #[test]
    fn places_are_read_as_people_write_them() {
        for (text, sample) in [
            ("0", 0),
            ("66150", 66_150),
            ("66 150 samples", 66_150),
            ("66150 Samples", 66_150),
            ("1:23.456", 4_005_888),
            ("01:01:01", 3_661 * 48_000),
            (" 83,5 s", 4_008_000),
            ("83.5", 4_008_000),
            ("250 ms", 12_000),
            ("0:00.5", 24_000),
            ("1|1|0", 0),
            ("1|2", 24_000),
            ("2", 2),
            ("2|", 96_000),
            ("17|3|120", 1_536_000 + 48_000 + 3_000),
        ] {
            assert_eq!(
                read(text, 48_000, METRE, Plain::Samples),
                Ok(sample),
                "{text}"
            );
        }
        assert_eq!(read("83", 48_000, None, Plain::Seconds), Ok(83 * 48_000));
    }

    #[test]
    fn what_is_no_place_is_refused_with_what_was_wanted() {
        for text in [
            "",
            "x",
            "1:x",
            "1:2:3:4",
            "-1",
            "\u{2212}5 s",
            "1e9",
            "1e400",
            "inf",
            "NaN",
            "1..2",
            "5 samples more",
            "1|5",
            "0|1",
            "1|0",
            "1|1|960",
            "1|1|1|1",
            "99999999999999999999",
            "99999999999999999999 s",
            "::",
            "|x",
        ] {
            assert!(read(text, 48_000, METRE, Plain::Samples).is_err(), "{text}");
        }
        let error = read("2|1", 48_000, None, Plain::Samples).unwrap_err();
        assert!(error.contains("add a Metronome"), "{error}");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for metre in [(120.0, 4), (97.3, 3), (61.7, 7)] {
            let metre = Metre {
                tempo: metre.0,
                beats: metre.1,
            };
            for sample in [0, 1, 24_000, 48_001, 1_000_000] {
                let bars = bars_of(sample, 48_000, metre);
                let back = read(&bars, 48_000, Some(metre), Plain::Samples).unwrap();
                assert!(back.abs_diff(sample) <= 60, "{bars}: {back}, not {sample}");
                assert_eq!(bars_of(back, 48_000, metre), bars);
            }
        }
        assert_eq!(time_of(4_005_888, 48_000), "1:23.456");
        assert_eq!(time_of(3_661 * 48_000, 48_000), "1:01:01.000");
    }
}
