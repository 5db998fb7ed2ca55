//! Requests that play something through without an object: events through the sequencer or raw MIDI off its buffers, the
//! steps between two states.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::calls::StateWord;
use super::words::Bytes;
use super::{outcome, with};
use crate::ks::{KernelEvent, State, Status};
use crate::midi::records::{self, Record};
use crate::portcls::sequencer::{Arrived, Sequencer};

/// Most buffers, records and changes of one request.
const MOST: usize = 1 << 16;

/// Events for the sequencer, or buffers of raw MIDI.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub(super) struct Sequence {
    events: Option<Vec<EventWords>>,
    /// How long before its time an event is handed on, in 100 ns.
    #[serde(default)]
    prefetch: u64,
    /// Changes of state, in order of time; it runs from the start without any.
    #[serde(default)]
    states: Vec<StateAt>,
    buffers: Option<Vec<BufferWords>>,
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct EventWords {
    /// The stamp.
    time: u64,
    /// When it is put in.
    #[serde(default)]
    at: u64,
    #[serde(default = "first_group")]
    group: u16,
    bytes: Bytes,
}

const fn first_group() -> u16 {
    1
}

#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct StateAt {
    at: u64,
    to: StateWord,
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
    match (&it.events, &it.buffers) {
        (Some(events), None) => events_in_order(events, it),
        (None, Some(buffers)) => buffers_in_order(buffers),
        _ => Err("wanted either `events` or `buffers`".into()),
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

/// Something that happens to the sequencer.
enum Happening {
    Put(usize),
    State(State),
}

/// Plays events through the sequencer that stands in front of every MIDI device (DMU-2, DMU-3, DMU-7): time jumps from one
/// happening to the next.
fn events_in_order(events: &[EventWords], it: &Sequence) -> Result<Json, String> {
    // Units of 100 ns are the samples of this stream, so that nothing is rounded.
    const UNITS_HZ: u32 = 10_000_000;
    /// A cycle without end: what is due is decided here.
    const LONG: usize = usize::MAX >> 1;
    if events.len() + it.states.len() > MOST {
        return Err(format!("more than {MOST} events and states"));
    }
    let mut happenings: Vec<(u64, Happening)> = vec![];
    for change in &it.states {
        happenings.push((change.at, Happening::State(change.to.state())));
    }
    for (index, event) in events.iter().enumerate() {
        happenings.push((event.at, Happening::Put(index)));
    }
    // At the same time a change of state goes first.
    happenings.sort_by_key(|(at, _)| *at);
    let mut sequencer = Sequencer::new(2 * MOST / crate::ks::EVENT_CAPACITY);
    let mut state = if it.states.is_empty() {
        State::Run
    } else {
        State::Stop
    };
    let mut played: Vec<Json> = vec![];
    let mut now = 0_u64;
    let mut next = happenings.into_iter().peekable();
    loop {
        // What is due before the next happening goes out, in order of its stamp.
        let until = next.peek().map(|(at, _)| *at);
        while let Some(stamp) = sequencer.next_time().filter(|_| state == State::Run) {
            let due = (stamp.max(0) as u64).saturating_sub(it.prefetch).max(now);
            if until.is_some_and(|until| due >= until) {
                break;
            }
            now = due;
            if let Some((arrived, _)) = sequencer.release(0, LONG, UNITS_HZ) {
                played.push(json!({
                    "time": now,
                    "stamp": arrived.event.time,
                    "group": arrived.event.channel_group,
                    "bytes": Bytes::text(arrived.event.bytes()),
                }));
            }
        }
        let Some((at, happening)) = next.next() else {
            break;
        };
        now = now.max(at);
        match happening {
            Happening::State(to) => {
                state = to;
                // Never played: they go back to where they came from.
                if to == State::Stop {
                    sequencer.clear();
                }
            }
            Happening::Put(index) => {
                let words = &events[index];
                let time = i64::try_from(words.time).map_err(|_| "a time is too large")?;
                let mut event = KernelEvent::new(time, &words.bytes.0)
                    .ok_or("an event has one to eight bytes")?;
                event.channel_group = words.group;
                sequencer.put(Arrived { event, wire: 0 });
            }
        }
    }
    let mut document = outcome(Status::Success);
    document["played"] = json!(played);
    document["waiting"] = json!(sequencer.len());
    Ok(document)
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
