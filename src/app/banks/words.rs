//! Connections of a bank in words.

use crate::dls::{Destination, Segment, Source};
use crate::ks::ConnectionSheet;

/// What a connection does, and how far: `vibrato LFO by CC 1 to pitch`, `50 cents`.
pub fn connection_words(it: &ConnectionSheet) -> (String, String) {
    let from = |number| Source::from_number(number).unwrap_or(Source::None);
    let (source, control) = (from(it.source), from(it.control));
    let Some(destination) = Destination::from_number(it.destination) else {
        let what = format!("{:#x} to {:#x}", it.source, it.destination);
        return (what, it.scale.to_string());
    };
    let to = destination_name(destination);
    let what = match (source, control) {
        (Source::None, Source::None) => capital(to),
        (source, Source::None) => capital(&format!("{} to {to}", source_name(source))),
        (source, control) => capital(&format!(
            "{} by {} to {to}",
            source_name(source),
            source_name(control)
        )),
    };
    let is_constant = (source, control) == (Source::None, Source::None);
    (what, amount(destination, it.scale, is_constant))
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn source_name(source: Source) -> String {
    match source {
        Source::None => "constant".into(),
        Source::ModulationLfo => "LFO".into(),
        Source::Velocity => "velocity".into(),
        Source::Key => "key".into(),
        Source::VolumeEnvelope => "EG1".into(),
        Source::ModulationEnvelope => "EG2".into(),
        Source::PitchWheel => "bender".into(),
        Source::PolyPressure => "key pressure".into(),
        Source::ChannelPressure => "pressure".into(),
        Source::VibratoLfo => "vibrato LFO".into(),
        Source::Controller(number) => format!("CC {number}"),
        Source::Parameter(0) => "bend range".into(),
        Source::Parameter(1) => "fine tuning".into(),
        Source::Parameter(number) => match number {
            2 => "coarse tuning".into(),
            _ => format!("RPN {number}"),
        },
    }
}

const fn destination_name(destination: Destination) -> &'static str {
    use Segment::{Attack, Decay, Delay, Hold, Release, Shutdown, Sustain};
    match destination {
        Destination::Gain => "loudness",
        Destination::Pitch => "pitch",
        Destination::Pan => "pan",
        Destination::Key => "key",
        Destination::Left => "left",
        Destination::Right => "right",
        Destination::Centre => "centre",
        Destination::OtherSpeaker(_) => "another speaker",
        Destination::Chorus => "chorus",
        Destination::Reverb => "reverb",
        Destination::LfoRate => "LFO rate",
        Destination::LfoDelay => "LFO delay",
        Destination::VibratoRate => "vibrato rate",
        Destination::VibratoDelay => "vibrato delay",
        Destination::Volume(Delay) => "EG1 delay",
        Destination::Volume(Attack) => "EG1 attack",
        Destination::Volume(Hold) => "EG1 hold",
        Destination::Volume(Decay) => "EG1 decay",
        Destination::Volume(Sustain) => "EG1 sustain",
        Destination::Volume(Release) => "EG1 release",
        Destination::Volume(Shutdown) => "EG1 shutdown",
        Destination::Modulation(Delay) => "EG2 delay",
        Destination::Modulation(Attack) => "EG2 attack",
        Destination::Modulation(Hold) => "EG2 hold",
        Destination::Modulation(Decay) => "EG2 decay",
        Destination::Modulation(Sustain) => "EG2 sustain",
        Destination::Modulation(Release) => "EG2 release",
        Destination::Modulation(Shutdown) => "EG2 shutdown",
        Destination::Cutoff => "filter",
        Destination::Resonance => "resonance",
    }
}

/// How far, in the unit that people think in.
fn amount(destination: Destination, scale: i32, is_constant: bool) -> String {
    let units = f64::from(scale) / 65_536.0;
    let is_time = matches!(
        destination,
        Destination::LfoDelay | Destination::VibratoDelay
    ) || matches!(
        destination,
        Destination::Volume(segment) | Destination::Modulation(segment) if segment != Segment::Sustain
    );
    let words = match destination {
        _ if is_time && is_constant && scale == i32::MIN => "none".into(),
        _ if is_time && is_constant => seconds((units / 1200.0).exp2()),
        Destination::Cutoff if is_constant && scale == i32::MAX => "open".into(),
        Destination::Cutoff | Destination::LfoRate | Destination::VibratoRate if is_constant => {
            hertz(440.0 * ((units - 6_900.0) / 1200.0).exp2())
        }
        Destination::Volume(_) | Destination::Modulation(_) if !is_time => {
            format!("{:.1} %", units / 10.0)
        }
        Destination::Pan | Destination::Chorus | Destination::Reverb => {
            format!("{:.1} %", units / 10.0)
        }
        Destination::Gain
        | Destination::Resonance
        | Destination::Left
        | Destination::Right
        | Destination::Centre
        | Destination::OtherSpeaker(_) => format!("{:.1} dB", units / 10.0),
        _ => format!("{units:.0} cents"),
    };
    words.replace('-', "\u{2212}")
}

/// A time in three digits or so: `12 ms`, `1.8 s`.
fn seconds(time: f64) -> String {
    match time {
        time if time < 0.01 => format!("{:.1} ms", time * 1e3),
        time if time < 1.0 => format!("{:.0} ms", time * 1e3),
        time if time < 10.0 => format!("{time:.2} s"),
        time => format!("{time:.0} s"),
    }
}

fn hertz(hz: f64) -> String {
    match hz {
        hz if hz < 100.0 => format!("{hz:.1} Hz"),
        hz if hz < 1000.0 => format!("{hz:.0} Hz"),
        hz => format!("{:.1} kHz", hz / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_told_in_units_of_people() {
        let words = |source, control, destination, scale: f64| {
            connection_words(&ConnectionSheet {
                source,
                control,
                destination,
                scale: (scale * 65_536.0) as i32,
            })
        };
        let is = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        assert_eq!(
            words(9, 0x81, 3, 50.0),
            is("Vibrato LFO by CC 1 to pitch", "50 cents")
        );
        assert_eq!(words(0, 0, 0x206, -1200.0), is("EG1 attack", "500 ms"));
        assert_eq!(words(2, 0, 0x206, -1200.0).1, "\u{2212}1200 cents");
        assert_eq!(words(0, 0, 0x500, 6_900.0), is("Filter", "440 Hz"));
        assert_eq!(
            words(2, 0, 1, -960.0),
            is("Velocity to loudness", "\u{2212}96.0 dB")
        );
        assert_eq!(words(0, 0, 0x20A, 500.0), is("EG1 sustain", "50.0 %"));
        assert_eq!(words(0, 0, 0x7777, 1.0).0, "0x0 to 0x7777");
    }
}
