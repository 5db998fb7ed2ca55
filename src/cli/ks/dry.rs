//! Requests that play something through without an object: `sequence` in all its forms, raw MIDI off its buffers, the steps
//! between two states.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::calls::StateWord;
use super::words::Bytes;
use super::{events, outcome, with};
use crate::ks::Status;
use crate::midi::records::{self, Record};

/// Events for the sequencer, bytes that a port hears, or buffers of raw MIDI.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Sequence {
    events: Option<Vec<events::EventWords>>,
    /// Bytes for the capture side.
    heard: Option<Vec<events::HeardWords>>,
    /// How long before its time an event is handed on, in 100 ns.
    #[serde(default)]
    prefetch: u64,
    /// Changes of state, in order of time; it runs from the start without any.
    #[serde(default)]
    states: Vec<events::StateAt>,
    buffers: Option<Vec<BufferWords>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct BufferWords {
    /// The presentation time in its header.
    time: i64,
    #[serde(default)]
    records: Vec<RecordWords>,
    /// The records as bytes.
    data: Option<Bytes>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RecordWords {
    delay_ms: u32,
    bytes: Bytes,
}

pub(super) fn sequence(it: &Sequence) -> Result<Json, String> {
    match (&it.events, &it.heard, &it.buffers) {
        (Some(events), None, None) => events::sequenced(events, it.prefetch, &it.states),
        (None, Some(heard), None) => events::heard(heard, &it.states),
        (None, None, Some(buffers)) => buffers_in_order(buffers),
        _ => Err("wanted one of `events`, `heard` and `buffers`".into()),
    }
}

fn buffers_in_order(buffers: &[BufferWords]) -> Result<Json, String> {
    let mut read: Vec<(i64, Vec<Record>)> = vec![];
    for buffer in buffers {
        let records = match &buffer.data {
            Some(bytes) => {
                records::read_records(&bytes.0).ok_or("a record ends behind its buffer")?
            }
            None => {
                let words = buffer.records.iter();
                words
                    .map(|record| Record {
                        delay_ms: record.delay_ms,
                        bytes: record.bytes.0.clone(),
                    })
                    .collect()
            }
        };
        read.push((buffer.time, records));
    }
    let mut played = records::schedule(read.iter().map(|(time, records)| (*time, &records[..])));
    records::with_status(&mut played);
    let played: Vec<Json> = played
        .iter()
        .map(|it| json!({ "time": it.time, "due": it.due, "bytes": Bytes::text(&it.bytes) }))
        .collect();
    Ok(with(outcome(Status::Success), "played", json!(played)))
}

/// The single steps from one state to another (STA-3).
pub(super) fn steps(from: StateWord, to: StateWord) -> Json {
    let (mut at, to) = (from.state(), to.state());
    let mut steps = vec![];
    while let Some(next) = at.step_towards(to) {
        steps.push(next.name().to_lowercase());
        at = next;
    }
    with(outcome(Status::Success), "steps", json!(steps))
}
