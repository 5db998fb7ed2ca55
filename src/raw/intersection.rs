//! Data intersection as a client meets it: the double loop over its ranges and the pin's (DIX-1), the pre-match before
//! any handler (DIX-2, DIX-3), the handler of the filter and behind it the default one (DIX-8), and the three ways in
//! which the format meets the caller's buffer (DIX-7). The arithmetic of two ranges lives in `ks`.

use super::answer::{Answer, Call};
use super::layout;
use crate::ks::{AudioFormat, DataFormat, DataRange, Intersection as Verdict, Limits, Status, ids};

/// A filter's own handler: the client's range, the pin's, and the room for the answer.
pub type Handler<'a> = dyn FnMut(&DataRange, &DataRange, usize) -> Verdict + 'a;

/// The first format that a client's list of ranges and a pin's own have in common. The list stands in `call.input`,
/// behind its `{Size, Count}`.
pub fn intersection(own: &[DataRange], call: Call<'_>) -> Answer {
    intersection_by(own, call, &mut |_, _, _| {
        Verdict::Status(Status::NotImplemented)
    })
}

/// The same where the filter has a handler of its own.
pub fn intersection_by(own: &[DataRange], call: Call<'_>, handler: &mut Handler<'_>) -> Answer {
    let Some(client) = layout::read_ranges(call.input) else {
        return Answer::status(Status::BufferTooSmall);
    };
    for theirs in client.iter().flatten() {
        for ours in own {
            if theirs.pre_match(ours).is_err() {
                continue;
            }
            let verdict = match handler(theirs, ours, call.output) {
                Verdict::Status(Status::NotImplemented) => default_handler(theirs, ours),
                verdict => verdict,
            };
            match verdict {
                Verdict::Format(format) => {
                    return Answer::sized(layout::format(&format), call.output);
                }
                Verdict::Needs(size) if call.output == 0 => {
                    return Answer::needs(Status::BufferOverflow, size);
                }
                Verdict::Needs(size) => return Answer::needs(Status::BufferTooSmall, size),
                Verdict::Status(Status::NoMatch) => {}
                Verdict::Status(status) => return Answer::status(status),
            }
        }
    }
    Answer::status(Status::NoMatch)
}

/// The first format that two lists have in common where one pin's filter has a handler: what a wire is made with, and
/// the same as its bytes would say.
pub(super) fn chosen(
    client: &[DataRange],
    own: &[DataRange],
    handler: &mut Handler<'_>,
) -> Result<DataFormat, Status> {
    for theirs in client {
        for ours in own {
            if theirs.pre_match(ours).is_err() {
                continue;
            }
            let verdict = match handler(theirs, ours, usize::MAX) {
                Verdict::Status(Status::NotImplemented) => default_handler(theirs, ours),
                verdict => verdict,
            };
            match verdict {
                Verdict::Format(format) => return Ok(format),
                Verdict::Needs(_) => return Err(Status::BufferTooSmall),
                Verdict::Status(Status::NoMatch) => {}
                Verdict::Status(status) => return Err(status),
            }
        }
    }
    Err(Status::NoMatch)
}

/// Highest rate, deepest samples, stereo where both allow it (DIX-12, DIX-13).
fn default_handler(theirs: &DataRange, ours: &DataRange) -> Verdict {
    let format = theirs.overlap(ours).ok().and_then(|both| both.choose());
    format.map_or(Verdict::Status(Status::NoMatch), Verdict::Format)
}

/// A handler that remembers nothing, and its name.
pub type NamedHandler = (&'static str, fn(&DataRange, &DataRange, usize) -> Verdict);

/// Handlers as known drivers have them (4.3), by the names the command line takes.
pub const HANDLERS: &[NamedHandler] = &[
    ("default", |_, _, _| Verdict::Status(Status::NotImplemented)),
    ("avstream", bare),
    ("avstream_audio", avstream_audio),
    ("wave_port", wave_port),
    ("topology_port", |_, _, _| {
        Verdict::Status(Status::NotImplemented)
    }),
    ("stereo_only", stereo_only),
];

/// No handler: the class serves bare formats only (DIX-9).
fn bare(theirs: &DataRange, ours: &DataRange, _: usize) -> Verdict {
    let is_bare = [theirs, ours]
        .iter()
        .all(|range| range.specifier == ids::specifier::NONE);
    match is_bare {
        true => Verdict::Status(Status::NotImplemented),
        false => Verdict::Status(Status::NoMatch),
    }
}

/// Its own best values wherever its least ones lie in the caller's intervals; the caller's greatest are not looked at,
/// so that the clamp of DIX-15 follows.
fn avstream_audio(theirs: &DataRange, ours: &DataRange, _: usize) -> Verdict {
    let no = Verdict::Status(Status::NoMatch);
    let (Limits::Audio(client), Limits::Audio(own)) = (&theirs.limits, &ours.limits) else {
        return no;
    };
    let lies = |value: u32, low: u32, high: u32| (low..=high).contains(&value);
    let fits = own.max_channels <= client.max_channels
        && lies(own.min_bits, client.min_bits, client.max_bits)
        && lies(own.min_rate_hz, client.min_rate_hz, client.max_rate_hz);
    if !fits {
        return no;
    }
    let audio = AudioFormat {
        channels: own.max_channels,
        bits: own.max_bits.min(client.max_bits),
        rate_hz: own.max_rate_hz.min(client.max_rate_hz),
    };
    match default_handler(theirs, ours) {
        Verdict::Format(format) => Verdict::Format(DataFormat {
            audio: Some(audio),
            ..format
        }),
        other => other,
    }
}

/// Sizes come before ranges, other specifiers are left to the default, and the numbers of channels must be equal
/// (DIX-14).
fn wave_port(theirs: &DataRange, ours: &DataRange, room: usize) -> Verdict {
    const SIZE: usize = 88;
    if theirs.specifier != ids::specifier::WAVEFORMATEX {
        return Verdict::Status(Status::NotImplemented);
    }
    if room < SIZE {
        return Verdict::Needs(SIZE);
    }
    let channels = |range: &DataRange| range.audio_limits().map(|limits| limits.max_channels);
    match channels(theirs) == channels(ours) {
        true => Verdict::Status(Status::NotImplemented),
        false => Verdict::Status(Status::NoMatch),
    }
}

/// A device of two channels and no fewer refuses a caller of one.
fn stereo_only(theirs: &DataRange, _: &DataRange, _: usize) -> Verdict {
    match theirs.audio_limits() {
        Some(limits) if limits.max_channels < 2 => Verdict::Status(Status::NoMatch),
        _ => Verdict::Status(Status::NotImplemented),
    }
}
