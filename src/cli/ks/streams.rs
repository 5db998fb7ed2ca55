//! Stream headers in words: what is written to a pin or read from it, what a header says of its time, and the trace of
//! pins and allocators.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::words::{Bytes, FormatWords};
use super::{Refused, outcome, with, words_refused};
use crate::ks::{Status, flag};
use crate::raw::{Accepted, Header, Host, STREAM_HEADER, layout};

/// A header in words.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderWords {
    #[serde(default = "least")]
    size: u32,
    #[serde(default)]
    type_flags: u32,
    time: Option<i64>,
    #[serde(default = "one")]
    numerator: u32,
    #[serde(default = "one")]
    denominator: u32,
    duration: Option<i64>,
    /// Room; as much as is valid when it is not said.
    extent: Option<u32>,
    used: Option<u32>,
    /// As a number, or the names of flags.
    #[serde(default)]
    flags: Flags,
    data: Option<Bytes>,
    /// A format as data.
    format: Option<FormatWords>,
}

const fn least() -> u32 {
    STREAM_HEADER as u32
}

const fn one() -> u32 {
    1
}

#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Flags {
    Number(u32),
    Names(Vec<String>),
}

impl Default for Flags {
    fn default() -> Self {
        Self::Number(0)
    }
}

impl Flags {
    fn bits(&self) -> Result<u32, String> {
        let names = match self {
            Self::Number(bits) => return Ok(*bits),
            Self::Names(names) => names,
        };
        names.iter().try_fold(0, |all, name| {
            let big = name.to_uppercase();
            let plain = big.trim_start_matches("KSSTREAM_HEADER_OPTIONSF_");
            let known = flag::NAMES.iter().find(|(_, it)| *it == plain);
            let (bit, _) = known.ok_or_else(|| format!("{name:?} is no flag of a header"))?;
            Ok(all | bit)
        })
    }
}

impl HeaderWords {
    /// A time that is given is a valid one, and so is a duration.
    fn header(&self) -> Result<Header, String> {
        let data = match (&self.data, &self.format) {
            (Some(bytes), _) => bytes.0.clone(),
            (None, Some(format)) => layout::format(&format.format()?),
            (None, None) => vec![],
        };
        let used = self.used.unwrap_or(data.len() as u32);
        let mut flags = self.flags.bits()?;
        for (is_given, bit) in [
            (self.time.is_some(), flag::TIMEVALID),
            (self.duration.is_some(), flag::DURATIONVALID),
        ] {
            if is_given {
                flags |= bit;
            }
        }
        Ok(Header {
            size: self.size,
            type_flags: self.type_flags,
            time: self.time.unwrap_or(0),
            numerator: self.numerator,
            denominator: self.denominator,
            duration: self.duration.unwrap_or(0),
            extent: self.extent.unwrap_or(used),
            used,
            flags,
            data,
        })
    }
}

/// Headers for a pin.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Transfer {
    object: u32,
    headers: Headers,
}

/// In words, or as bytes.
#[derive(Deserialize, Debug)]
#[serde(untagged)]
enum Headers {
    Bytes(Bytes),
    Words(Vec<HeaderWords>),
}

impl Transfer {
    /// The headers; nothing where the bytes are none.
    fn headers(&self) -> Result<Option<Vec<Header>>, Refused> {
        match &self.headers {
            Headers::Bytes(bytes) => Ok(Header::read_all(&bytes.0)),
            Headers::Words(words) => {
                let all: Result<Vec<Header>, String> =
                    words.iter().map(HeaderWords::header).collect();
                all.map(Some).map_err(words_refused)
            }
        }
    }
}

/// A header as it is told.
pub(super) fn header(it: &Header) -> Json {
    json!({
        "size": it.size,
        "type_flags": it.type_flags,
        "time": it.time,
        "numerator": it.numerator,
        "denominator": it.denominator,
        "duration": it.duration,
        "extent": it.extent,
        "used": it.used,
        "flags": it.flags,
        "flag_words": flag::words(it.flags),
        "data": Bytes::text(&it.data),
    })
}

fn accepted(it: &Accepted) -> Json {
    let mut document = outcome(it.status);
    if let Some(number) = it.request {
        document["request"] = json!(number);
    }
    if !it.headers.is_empty() {
        let headers: Vec<Json> = it.headers.iter().map(header).collect();
        document["headers"] = json!(headers);
    }
    if let Some(reason) = it.reason {
        document["reason"] = json!(reason);
    }
    document
}

fn short() -> Refused {
    let words = "a header is smaller than the least, or ends too soon (HDR-1)";
    Refused::new(Status::InvalidBufferSize, words)
}

pub(super) fn write(host: &mut Host, it: &Transfer) -> Result<Json, Refused> {
    let headers = it.headers()?.ok_or_else(short)?;
    Ok(accepted(&host.write(it.object, headers)))
}

pub(super) fn read(host: &mut Host, it: &Transfer) -> Result<Json, Refused> {
    let headers = it.headers()?.ok_or_else(short)?;
    Ok(accepted(&host.read_stream(it.object, headers)))
}

/// When a header begins and ends, in 100 ns.
pub(super) fn span(words: &HeaderWords) -> Result<Json, Refused> {
    let it = words.header().map_err(words_refused)?;
    let span = match it.span() {
        Ok(span) => span,
        Err(status) => return Ok(outcome(status)),
    };
    let mut document = outcome(Status::Success);
    document["start"] = json!(span.start);
    document["stop"] = json!(span.stop);
    document["has_stop"] = json!(span.has_stop);
    document["data"] = json!(Bytes::text(&it.bytes()));
    Ok(document)
}

/// Calls of pins and allocators, in order; of one object where one is named.
pub(super) fn trace(host: &Host, object: Option<u32>) -> Json {
    let calls: Vec<Json> = host
        .trace()
        .filter(|it| object.is_none_or(|object| it.object == object))
        .map(|it| {
            json!({
                "object": it.object,
                "table": it.table.name(),
                "call": it.call,
                "status": it.status.name(),
                "detail": it.detail,
            })
        })
        .collect();
    with(outcome(Status::Success), "calls", json!(calls))
}

/// The document with what streams through an open pin.
pub(super) fn with_stream(mut document: Json, host: &Host, pin: u32) -> Json {
    if let Some((rendered, waiting)) = host.rendered(pin) {
        document["rendered"] = json!(rendered);
        document["waiting"] = json!(waiting);
        document["state"] = json!(host.state(pin).map(|it| it.name().to_lowercase()));
        document["time"] = json!(host.time(pin));
    }
    let (allocator, clock) = host.given(pin);
    document["allocator"] = json!(allocator);
    document["clock"] = json!(clock);
    if let Some((manager, level)) = host.quality_of(pin) {
        document["quality"] = json!(manager.map(|(manager, _)| manager));
        document["degraded"] = json!(level);
    }
    document
}
