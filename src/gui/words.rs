//! Words and marks for what the program speaks of: kinds of data, categories, ranges, formats.

use std::borrow::Cow;

use super::icons::Icon;
use super::node_graph::{Kind as Hue, Tag};
use super::theme::kind;
use crate::ks::{DataFormat, Descriptor, Kind, PinFactory};

/// The one table from a kind of data to its look.
pub(super) fn hue(kind: Kind) -> Hue {
    match kind {
        Kind::Audio => kind::AUDIO,
        Kind::Midi => kind::MIDI,
        Kind::Events => kind::EVENTS,
        Kind::Clock => kind::CLOCK,
        Kind::Control => kind::CONTROL,
    }
}

/// The kind of data as screen readers say it.
pub(super) fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Audio => "audio",
        Kind::Midi => "MIDI records",
        Kind::Events => "MIDI",
        Kind::Clock => "clock",
        Kind::Control => "control",
    }
}

/// The mark of a category.
pub(super) fn mark(descriptor: &Descriptor) -> Icon {
    use crate::ks::ids::category as id;
    match descriptor.category() {
        _ if matches!(&*descriptor.key, "keyboard" | "on_screen_keyboard") => Icon::Keys,
        id::CAPTURE => Icon::Capture,
        id::RENDER => Icon::Render,
        id::FILESYSTEM => Icon::File,
        id::SYNTHESIZER => Icon::Synth,
        id::INTERFACETRANSFORM => Icon::Iface,
        id::MIXER => Icon::Mixer,
        id::SPLITTER => Icon::Split,
        id::CLOCK => Icon::Clock,
        id::ANALYSIS if matches!(&*descriptor.key, "scope" | "spectrum") => Icon::Scope,
        id::ANALYSIS => Icon::Meter,
        _ => Icon::Transform,
    }
}

/// How many pins of a factory there may be.
pub(super) fn instances_text(factory: &PinFactory) -> String {
    let possible = match factory.instances.possible {
        u32::MAX => "any number".to_owned(),
        possible => possible.to_string(),
    };
    format!("instances: {} to {possible}", factory.instances.necessary)
}

/// A range in words.
pub(super) fn range_text(range: &crate::ks::DataRange) -> String {
    use crate::ks::{GRAPH_RATE, UNLIMITED, grouped};
    let Some(limits) = range.audio_limits() else {
        return format!("{:?}", range.sub);
    };
    let rate = match (limits.min_rate_hz, limits.max_rate_hz) {
        (_, GRAPH_RATE) => "the graph's rate".to_owned(),
        (low, UNLIMITED) if low <= 1 => "any rate".to_owned(),
        (low, UNLIMITED) => format!("{} Hz and up", grouped(low)),
        (low, high) if low == high => format!("{} Hz", grouped(low)),
        (low, high) => format!("{} to {} Hz", grouped(low), grouped(high)),
    };
    let span = |low: u32, high: u32| match (low, high) {
        (low, high) if low == high => low.to_string(),
        (low, UNLIMITED) => format!("{low} and more"),
        (low, high) => format!("{low} to {high}"),
    };
    format!(
        "{rate} · {} ch · {:?} {} bit",
        span(limits.min_channels, limits.max_channels),
        range.sub,
        span(limits.min_bits, limits.max_bits)
    )
}

/// The words on a wire.
pub(super) fn tag(format: &DataFormat) -> Tag<'static> {
    let long = match format.audio {
        Some(_) => format.to_string(),
        None => match format.kind() {
            Kind::Midi => "MIDI".to_owned(),
            Kind::Events => "events".to_owned(),
            _ => format.to_string(),
        },
    };
    let short = match format.audio {
        Some(audio) => {
            let letter = if format.is_float() { 'f' } else { 'i' };
            [
                kilohertz(audio.rate_hz),
                format!("{} ch {letter}{}", audio.channels, audio.bits),
            ]
        }
        None => [long.clone(), String::new()],
    };
    Tag {
        long: long.into(),
        aside: Cow::Borrowed(""),
        short: short.map(Cow::Owned),
        ticks: None,
        figures: vec![],
        chief: 0,
    }
}

/// `44.1 kHz`.
fn kilohertz(rate_hz: u32) -> String {
    let kilo = f64::from(rate_hz) / 1000.0;
    format!("{} kHz", (kilo * 1000.0).round() / 1000.0)
}
